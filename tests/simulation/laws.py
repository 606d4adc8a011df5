"""What must hold after every step, and what at the end: no word lost, nothing private shown, all devices equal."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Ownership, Who, Window
from domain.kinds import KINDS
from domain.policies import Policy
from domain.records import Record
from domain.refusals import KEEPS_NO_WORDS
from domain.shapes import ONLY_ME, Text
from sync.ports import RecordKey, Writes
from sync.replica import Replica
from sync.resend import DRAFTED_AS, Row
from sync.shelves import Kept
from sync.showing import Shown, laid
from sync.wire import NO_FIELD, Change, Outcome, SyncResponse
from sync.withheld import stands_open, told_beside
from tests.simulation.ledger import Ledger, is_text, words_in
from tests.simulation.servers import Stock
from tests.world import Couple, Person

if TYPE_CHECKING:
    from tests.simulation.town import Phone


class BrokenLawError(AssertionError):
    """Something has happened that must never happen."""


class Known(Struct, frozen=True):
    """What is known of the words at the moment of a backup."""

    kept: frozenset[str]
    purged: frozenset[str]
    destroyed: frozenset[str]


class Before(Struct, frozen=True):
    """A phone before it takes an answer in."""

    cursor: str | None
    outbox: Mapping[UUID, Kept]
    rows: Mapping[RecordKey, Row]
    """What it has of the records that the answer names, where no new copy of the space is being taken."""
    named: Mapping[RecordKey, tuple[Row | None, Row | None]]
    """What it has of all records that the answer names, in its copy and in a new one that is being taken."""
    copies: Mapping[RecordKey, Row]
    """All that it has, when a new copy of a space is being taken or begins with this answer."""


class Laws:
    """Knows every word and whose it is, follows every save and every answer, and raises `BrokenLawError`."""

    def __init__(self, phones: Sequence["Phone"], called: Callable[[UUID], str]) -> None:
        """`called` gives the story's name of a record."""
        self.phones, self._called = phones, called
        self.ledger = Ledger()
        self.authors: dict[str, PersonId] = {}
        self.kept: set[str] = set()
        """Words that the server has accepted and must not lose."""
        self.owed: set[str] = set()
        """Words that a restore has taken from the server while phones hold them: they come back."""
        self.purged: set[str] = set()
        """Words that their author has destroyed: they never come back."""
        self.destroyed: set[str] = set()
        """These, and words of the other that history took for theirs because the store had gone back."""
        self.restored = False
        self.purging: PersonId | None = None
        self._first_said: dict[str, UUID] = {}
        """By word, the key of the change that brought it."""
        self._may_see: dict[str, set[PersonId]] = {}
        """By word, who else was meant to see it."""
        self._told: set[tuple[str, PersonId]] = set()
        """Which words of the other each has been given."""
        self._arrived: dict[UUID, tuple[PersonId, Change]] = {}
        self._members: dict[SpaceId, frozenset[PersonId]] = {}
        self._closed: set[SpaceId] = set()
        self._stored: dict[RecordKey, tuple[str, PersonId]] = {}
        """By record, its kind and its author."""
        self._couples: dict[SpaceId, CoupleId] = {}
        self._windows: dict[RecordKey, Record] = {}
        """What can be shown, and what is."""

    # People ----------------------------------------------------------------------------------------------------

    def founded(self, space: SpaceId, *members: PersonId, couple: CoupleId | None = None) -> None:
        """Note who belongs to a space."""
        self._members[space] = frozenset(members)
        if couple is not None:
            self._couples[space] = couple

    def parted(self, stock: Stock, couple: Couple) -> None:
        """After parting nothing new reaches the other: what each has had until now is all they may ever see.

        And nobody answers for the other any more: of what a restore has taken, each sends again only their own.
        """
        self._closed.add(couple.space)
        self.let_go()
        self.ledger.begin_anew(stock)
        self._lost_nothing(word for word in self.kept if word not in self.ledger)
        both = self._members[couple.space]
        for other in both:
            had = self.ledger.inside(space for space, members in self._members.items() if other in members)
            for word, persons in self._may_see.items():
                if self.authors[word] in both and word not in had and (word, other) not in self._told:
                    persons.discard(other)

    def change(self, key: UUID) -> Change:
        """Return a change that has come in."""
        return self._arrived[key][1]

    # Phones ----------------------------------------------------------------------------------------------------

    def edited(self, phone: "Phone", change: Change, partner: tuple[PersonId, str] | None) -> None:
        """A person has made this edit: what it shows to whom is what that person saw when they made it.

        `partner` is the other of the present couple and that couple's id. A word is meant for them when the person,
        with this very edit before their eyes, has it in a window that stands open, or in a note that is sent.
        """
        for word in words_in(change.set):
            self._first_said.setdefault(word, change.key)
        shown = laid(phone.replica.shelves, RecordId(change.id))
        if partner is None or shown is None or shown.kind != change.kind or shown.kind not in KINDS:
            return
        self.may_see(partner[0], _meant_for(shown, partner[1]))

    def let_go(self) -> None:
        """Somebody has edited, or destroyed, or parted: what they so took from a phone need not come back."""
        if self.owed:
            self.owed &= self._held()

    def still_held(self) -> None:
        """Nobody has done anything, and something has been brought: what was to come back still is."""
        if self.owed:
            lost = sorted(self.owed - self._held())
            if lost:
                raise BrokenLawError(f"{lost} was to come back after the restore, and no phone holds it any more")

    def acted(self, phone: "Phone") -> None:
        """Whatever has just happened: an own edit that waits is what its phone shows."""
        last: dict[UUID, dict[str, Any]] = {}
        if not phone.waiting:
            return
        outbox = phone.replica.shelves.outbox.values()
        shown = [kept for kept in outbox if kept.unplaced is None and NO_FIELD not in kept.change.set]
        for kept in sorted(shown, key=lambda each: each.nth):
            kind = KINDS.get(kept.change.kind)
            for name, value in kept.change.set.items():
                if kind is not None and name in kind.fields and kind.fields[name].policy is not Policy.MEMBERS:
                    last.setdefault(kept.change.id, {})[name] = value
        for identity, values in last.items():
            record = laid(phone.replica.shelves, RecordId(identity))
            for name, value in values.items():
                if record is not None and record.fields.get(name) != value:
                    raise BrokenLawError(f"{phone.name} does not show its own edit of {name}, which waits")

    def before(self, replica: Replica, response: SyncResponse) -> Before:
        """Look at a phone before it takes this answer in."""
        anew = {*replica.rebuilds, *(reset.space for reset in response.reset)}
        named = [each for each in (*response.records, *response.gone) if each.space not in anew]
        keys = [(SpaceId(each.space), RecordId(each.id)) for each in named]
        rows = {key: row for key in keys if (row := replica.shelves.rows.get(key)) is not None}
        every = [(SpaceId(each.space), RecordId(each.id)) for each in (*response.records, *response.gone)]
        named = {key: (replica.shelves.rows.get(key), replica.shelves.rebuilt.get(key)) for key in every}
        copies = dict(replica.shelves.rows) if anew else {}
        return Before(replica.cursor, dict(replica.shelves.outbox), rows, named, copies)

    def received(self, phone: "Phone", before: Before, response: SyncResponse, *, taken: bool) -> None:
        """What a device shows is only ever replaced by something that follows it.

        That means, of one answer: within one life of a space no record goes back to an earlier version; an own edit
        leaves the outbox only with an outcome; one that was settled stays laid over the record until that record
        has come in the version under which it was stored, or a later one; one that was refused is kept until the
        record with its words has come. An answer that was overtaken changes nothing at all.
        """
        replica = phone.replica
        if not taken:
            now = {key: (replica.shelves.rows.get(key), replica.shelves.rebuilt.get(key)) for key in before.named}
            if (replica.cursor, replica.shelves.outbox, now) != (before.cursor, before.outbox, before.named):
                raise BrokenLawError(f"{phone.name} took something from an answer that was overtaken")
            return
        for key, old in before.copies.items():
            if key[0] in replica.rebuilds and (
                replica.shelves.rows.get(key) is not old or (replica.shown(key[1]) is None and not old.gone)
            ):
                raise BrokenLawError(f"{phone.name} does not show its copy any more, and has no whole new one yet")
        for key, old in before.rows.items():
            new = replica.shelves.rows.get(key)
            if new is not None and new.epoch == old.epoch and new.version < old.version:
                raise BrokenLawError(f"{phone.name} went from version {old.version} back to {new.version}")
        told = {outcome.key: outcome for outcome in response.outcomes}
        for key, kept in before.outbox.items():
            if key not in replica.shelves.outbox:
                self._may_leave(phone, kept, told.get(key))

    def _may_leave(self, phone: "Phone", kept: Kept, outcome: Outcome | None) -> None:
        if outcome is None and kept.waits:
            raise BrokenLawError(f"{phone.name} dropped an edit that nobody has decided")
        box = kept.unplaced if outcome is None else outcome.unplaced
        if box is not None and (phone.owner.personal, box) not in phone.replica.shelves.rows:
            raise BrokenLawError(f"{phone.name} dropped an edit that was refused before its words had come back")
        if box is not None or (outcome is not None and outcome.code is not None):
            return
        version = kept.settled if outcome is None else outcome.version
        space = phone.replica.shelves.space_of(kept.change)
        row = None if space is None else phone.replica.shelves.rows.get((space, RecordId(kept.change.id)))
        if row is None or row.version < (version or 0):
            raise BrokenLawError(
                f"{phone.name} dropped an edit of {self._called(kept.change.id)} before what it came to had arrived"
            )

    # The server ------------------------------------------------------------------------------------------------

    def arrived(self, person: PersonId, changes: Collection[Change], partner: tuple[PersonId, str] | None) -> None:
        """A request has come in: what is written for the present couple is for both of them."""
        for change in changes:
            self._arrived[change.key] = (person, change)
            kind = KINDS.get(change.kind)
            if kind is None or kind.home != "couple" or partner is None or str(change.couple) != partner[1]:
                continue
            self.may_see(partner[0], words_in(change.set))

    def may_see(self, person: PersonId, words: Collection[str]) -> None:
        """Note that words are meant for somebody."""
        for word in words:
            self._may_see.setdefault(word, set()).add(person)

    def saved(self, writes: Writes) -> None:
        """Something was stored."""
        gone = self.ledger.follow(writes)
        if self.purging is not None:
            self._purged(gone)
        else:
            self._lost_nothing(word for word in gone if word in self.kept)
        self._dense(writes)
        for each in writes.records:
            self._stored[each.record.space, each.record.id] = (each.record.kind, each.record.author)
            self._private(each.record, words_in(each.body or b""))
        self._shown(each.record for each in writes.records)
        for deposit in writes.deposits:
            if words_in(deposit.body or b""):
                raise BrokenLawError("a notice for the partner holds words")
        for _, outcome in writes.outcomes:
            self._decided(outcome)
        back = {word for word in self.owed if word in self.ledger}
        self.kept |= back
        self.owed -= back

    def answered(self, person: PersonId, response: SyncResponse) -> None:
        """Something goes out to a person's phone."""
        self.told(person, words_in(msgspec.json.encode((response.records, response.gone, response.outcomes))))

    def told(self, person: PersonId, words: Collection[str]) -> None:
        """A person is given these words."""
        for word in words:
            if self.authors[word] == person:
                continue
            if person not in self._may_see.get(word, ()):
                raise BrokenLawError(f"{word} went to somebody to whom its author had never opened it")
            self._told.add((word, person))

    def purged_in(self, person: Person, kind: str, identity: RecordId) -> None:
        """After a purge nothing of one's own is left in or behind the record; a letter is its receiver's."""
        if KINDS[kind].ownership is Ownership.LETTER:
            return
        for space in person.spaces:
            left = sorted(
                word
                for word in self.ledger.of_record((space, identity))
                if self.authors[word] == person.id and is_text(word)
            )
            if left and self._stored.get((space, identity), ("", None))[0] == kind:
                raise BrokenLawError(f"{left} was purged and is still there")

    def backed_up(self) -> Known:
        """Return what is known of the words now."""
        return Known(frozenset(self.kept), frozenset(self.purged), frozenset(self.destroyed))

    def went_back(self, stock: Stock, known: Known) -> None:
        """The store has gone back in time; what only phones hold comes back, and nothing else can be asked for.

        Held by a phone is a text in an edit that waits there, and in a record that it shows and would send again: one
        of its person's own, or a joint one that both edit; of letters the writer's, of words without a place those
        that were not put away; and a text of its person's own that stands beside another.
        """
        self.restored = True
        said = self.kept | self.owed | self.destroyed
        self.ledger.begin_anew(stock)
        self._stored = {key: (record.kind, record.author) for key, record in stock.records.items()}
        self._windows = {}
        self._shown(stock.records.values())
        self.purged, self.destroyed = set(known.purged), set(known.destroyed)
        held = self._held()
        self.kept = {word for word in said if word in self.ledger}
        self.owed = {word for word in said & held if word not in self.ledger and word not in self.destroyed}

    def _held(self) -> frozenset[str]:
        return frozenset[str]().union(*(_held(phone, self._closed) for phone in self.phones))

    def _lost_nothing(self, gone: Iterable[str]) -> None:
        lost = sorted(gone)
        if lost:
            raise BrokenLawError(f"{', '.join(lost)} had been accepted and is nowhere any more")

    def _purged(self, gone: frozenset[str]) -> None:
        """Only words of the purger's own go; where the store went back, history may name the other as their author."""
        others = [word for word in gone if self.authors[word] != self.purging]
        if others and not self.restored:
            raise BrokenLawError(f"the purge of one took {sorted(others)} of the other")
        self.kept -= gone
        self.destroyed |= gone
        # A letter that was given is its receiver's, also where the store has forgotten it and gets it back.
        letters = [kind.name for kind in KINDS.values() if kind.ownership is Ownership.LETTER]
        given = [row.fields for phone in self.phones for row in phone.replica.rows() if row.kind in letters]
        own = {word for word in gone if self.authors[word] == self.purging}
        self.purged |= own - words_in(given)

    def _dense(self, writes: Writes) -> None:
        """Versions count without a gap: each is a record's, or was one's whose change was followed by another."""
        for identity, space in writes.spaces.items():
            old, new = space.head, writes.heads[identity]
            versions = sorted(each.record.version for each in writes.records if each.record.space == identity)
            told = {outcome.version for where, outcome in writes.outcomes if where == identity and outcome.version}
            # What followed from one change, and was changed by a later one of the same push, is named by no outcome.
            made = {each.record.created for each in writes.records if each.record.space == identity}
            passed = {version for version in told | made if version > old}
            fits = passed.union(versions) == set(range(old + 1, new + 1)) and len(set(versions)) == len(versions)
            if not fits or (versions[-1] if versions else old) != new:
                raise BrokenLawError(
                    f"a space went from {old} to {new} with the versions {versions} and {sorted(passed)}"
                )

    def _shown(self, records: Iterable[Record]) -> None:
        """What is shown of a record is what its window has chosen, and nothing is while it stands closed."""
        touched: set[tuple[PersonId, RecordId]] = set()
        for record in records:
            table = KINDS[record.kind]
            if table.window is not None or table.ownership is Ownership.PROJECTION:
                self._windows[record.space, record.id] = record
                copy = record.id if table.window is None else record.shown_id
                if copy is not None:
                    touched.add((record.author, copy))
                elif table.window is not None and any(
                    _chosen(record, table.window, couple) for _, couple in self._together(record.author)
                ):
                    raise BrokenLawError(f"{self._called(record.id)} is open and nothing of it is shown")
        for author, copy in touched:
            for space, couple in self._together(author):
                self._as_chosen(copy, space, couple)

    def _together(self, person: PersonId) -> list[tuple[SpaceId, CoupleId]]:
        """Return the couple that a person belongs to now, if any."""
        return [
            (space, couple)
            for space, couple in self._couples.items()
            if person in self._members[space] and space not in self._closed
        ]

    def _as_chosen(self, copy: RecordId, space: SpaceId, couple: CoupleId) -> None:
        source = next((each for each in self._windows.values() if each.shown_id == copy), None)
        if source is None:
            return
        window = KINDS[source.kind].window
        assert window is not None
        chosen = _chosen(source, window, couple)
        found = self._windows.get((space, copy))
        shown = {} if found is None or found.gone else found.fields
        telling = {name: value for name, value in shown.items() if name not in ("shown_on", "edited")}
        if telling != {name: source.fields[name] for name in chosen}:
            raise BrokenLawError(
                f"of {self._called(source.id)} {sorted(telling)} are shown, {sorted(chosen)} are chosen"
            )

    def _private(self, record: Record, words: Collection[str]) -> None:
        """What is stored where somebody reads it was meant for them."""
        for word in words:
            if word in self.purged:
                raise BrokenLawError(f"{word} was purged and has come back in {self._called(record.id)}")
            for reader in self._members[record.space]:
                if self.authors[word] != reader and reader not in self._may_see.get(word, ()):
                    raise BrokenLawError(
                        f"{word} is in {self._called(record.id)}, for somebody to whom it was never opened"
                    )

    def _decided(self, outcome: Outcome) -> None:
        """Every word of an accepted change is somewhere, and every text of one's own of a refused one."""
        person, change = self._arrived[outcome.key]
        own = {space for space, members in self._members.items() if person in members}
        words = words_in(change.set) - self.destroyed
        if outcome.status == "refused":
            texts = words_in([value for name, value in change.set.items() if _is_text_field(change.kind, name)])
            new = {word for word in words & texts if self._first_said.get(word) == change.key}
            if (
                new
                and self._keeps_words(person, change, outcome)
                and not all(self.ledger.reaches(word, own) for word in new)
            ):
                raise BrokenLawError(f"{sorted(new)} was refused as {outcome.code} and kept nowhere")
            words = frozenset(word for word in new if word in self.ledger)
        missing = [word for word in words if not self.ledger.reaches(word, own)]
        if missing and change.kind in KINDS:
            raise BrokenLawError(f"{sorted(missing)} was accepted ({outcome.status}) and is nowhere")
        self.kept |= words

    def _keeps_words(self, person: PersonId, change: Change, outcome: Outcome) -> bool:
        """Whether the words of a refused change are its pusher's own, as far as the store can know (SYNC.md, 4)."""
        kind = KINDS.get(change.kind)
        if outcome.code in KEEPS_NO_WORDS:
            return False
        if kind is None:
            return True
        stored = [
            author
            for (space, identity), (name, author) in self._stored.items()
            if identity == change.id and name == change.kind and person in self._members[space]
        ]
        own = not stored or person in stored or kind.ownership is Ownership.JOINT
        return own and not (kind.creates is Who.SERVER and kind.edits is not Who.AUTHOR)

    # All of it -------------------------------------------------------------------------------------------------

    def same(self, phone: "Phone", stock: Stock) -> None:
        """A phone that has nothing left to ask holds what is stored in its person's spaces, and shows that."""
        replica = phone.replica
        there = {key: record for key, record in stock.records.items() if key[0] in phone.owner.spaces}
        shut = {key: record for key, record in there.items() if self._is_withheld(phone, record)}
        for key in shut.keys() & replica.shelves.rows.keys():
            row = replica.shelves.rows[key]
            if not row.gone or row.version != (there[key].shut_at or there[key].created):
                raise BrokenLawError(f"{phone.name} holds {row} of what is withheld: {there[key]}")
        there = {key: record for key, record in there.items() if key not in shut}
        mine = {key: row.version for key, row in replica.shelves.rows.items() if key not in shut}
        theirs = {key: record.version for key, record in there.items()}
        if mine != theirs:
            apart = ", ".join(sorted({self._called(key[1]) for key, _ in mine.items() ^ theirs.items()}))
            raise BrokenLawError(f"{phone.name} and the server do not hold the same of {apart}")
        for key, record in there.items():
            row = replica.shelves.rows[key]
            if phone.compared.get(key) is not row:
                _assert_same(phone, row, record)
                phone.compared[key] = row

    def _is_withheld(self, phone: "Phone", record: Record) -> bool:
        """Whether this phone's person is told nothing of a record: its author withdrew it, or the couple has parted."""
        shut = record.removed or record.gone or record.space in self._closed
        return shut and record.author != phone.owner.id and stands_open(KINDS[record.kind])

    def as_followed(self, stock: Stock) -> None:
        """What is stored is what was given to be stored."""
        differs = self.ledger.differs_from(stock)
        if differs is not None:
            raise BrokenLawError(differs)

    def at_the_end(self, stock: Stock) -> None:
        """Everything is looked at once more, from nothing."""
        self.as_followed(stock)
        self._lost_nothing(word for word in self.kept | self.owed if word not in self.ledger)
        for word in self.purged:
            if word in self.ledger:
                raise BrokenLawError(f"{word} was purged and is there")
        for phone in self.phones:
            phone.compared.clear()
            self.same(phone, stock)
            self._rests(phone)
            on_disk = [value for (shelf, _), value in phone.disk.items() if shelf != "place"]
            self.told(phone.owner.id, words_in(b"\n".join(on_disk)))

    def _rests(self, phone: "Phone") -> None:
        if any(shelf in ("outbox", "rebuild", "rebuilt") for shelf, _ in phone.disk):
            raise BrokenLawError(f"{phone.name} still has something to do")
        for key, row in phone.replica.shelves.rows.items():
            shown = phone.replica.shown(key[1])
            if shown is not None and shown.space == row.space and shown.fields != row.fields:
                raise BrokenLawError(f"{phone.name} shows something else than it holds")


def _assert_same(phone: "Phone", row: Row, record: Record) -> None:
    if row.gone and record.gone:
        return
    beside = {name: [(each.by, each.text) for each in texts] for name, texts in row.alternatives.items()}
    kept, merged = record.alternatives, dict.fromkeys(record.merged)
    if record.author != phone.owner.id:
        kept, merged = told_beside(KINDS[record.kind], kept), told_beside(KINDS[record.kind], merged)
    there = {name: [(each.by, each.text) for each in texts] for name, texts in kept.items()}
    mine = (row.kind, row.gone, row.removed, row.fields, beside, row.merged)
    if mine != (record.kind, record.gone, record.removed, record.fields, there, tuple(merged)):
        raise BrokenLawError(f"{phone.name} holds {mine}, the server {record}")


def _chosen(record: Record, window: Window, couple: CoupleId) -> set[str]:
    """Return the fields that a record's window shows to this couple; empty while it stands closed."""
    if record.removed or record.gone or record.fields["audience"] != str(couple):
        return set()
    parts = window.chosen(record.fields[window.chosen_by])
    if not parts:
        return set()
    return {name for part in parts for name in window.parts[part]} | set(window.always)


def _is_text_field(kind: str, name: str) -> bool:
    """Whether a field takes sentences; of a field that nobody knows it is to be taken for one."""
    field = KINDS[kind].fields.get(name) if kind in KINDS else None
    return field is None or isinstance(field.shape, Text)


def _meant_for(shown: Shown, couple: str) -> frozenset[str]:
    """Return the words that whoever made an edit meant for the other of this couple, by what they then saw."""
    fields, kind = shown.fields, KINDS[shown.kind]
    if shown.removed:
        return frozenset()
    if kind.window is not None and fields.get("audience", ONLY_ME) == couple:
        parts = kind.window.chosen(fields.get(kind.window.chosen_by))
        names = [name for part in parts for name in kind.window.parts[part]]
        return words_in([fields.get(name) for name in (*names, *(kind.window.always if parts else ()))])
    if kind.letter is not None and fields.get(kind.letter.sends) and fields.get("for_couple") == couple:
        return words_in([fields.get(name) for name in kind.of_policy(Policy.WORDS)])
    return frozenset()


def _held(phone: "Phone", closed: Collection[SpaceId]) -> frozenset[str]:
    """Return the texts that a phone sends, or sends again, by itself."""
    replica, words = phone.replica, set[str]()
    for kept in replica.shelves.outbox.values():
        words |= words_in(kept.change.set)
    for row in replica.rows():
        kind = KINDS[row.kind]
        own = row.author == replica.person
        both = kind.ownership is Ownership.JOINT and kind.edits is Who.EITHER
        theirs_to_say = kind.creates is not Who.SERVER or kind.name in DRAFTED_AS or kind.name == "unplaced"
        if row.gone or not (own or (both and row.space not in closed)) or not theirs_to_say:
            continue
        if kind.name == "unplaced" and row.removed:
            continue
        words |= phone.words_of(row)
    return frozenset(word for word in words if is_text(word))
