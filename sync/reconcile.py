"""Decide what a batch of changes does to the spaces it touches: a function from values to values.

Changes are judged one after the other, each on what the earlier ones left. What follows from a change (a shown
copy, a goal's state, a letter given, a notice) is decided with it, so that everything is stored together or not
at all.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct
from msgspec.structs import replace

from domain.ids import RecordId, SpaceId
from domain.kind import Attempt, Kind, Situation, Who, own_of
from domain.kinds import KINDS, UNPLACED, crowded, joined, leaves, objection, steps_back, unfit
from domain.records import Record, stamp_of
from domain.refusals import KEEPS_NO_WORDS, Refusal
from domain.shapes import ONLY_ME, UNFIT, Text, as_uuid
from sync.board import Board, given_on, since
from sync.follows import Ended, give, move, show
from sync.merge import Edit, Merged, Word, concurrent, create, merge
from sync.origin import brought_back, of_another, says_no_more
from sync.picks import UnfitPickError, picks
from sync.ports import Caller, History, Loaded, RecordKey, Revision, Space, Writes
from sync.purge import kept_out
from sync.secrecy import guarded, unsent
from sync.unplaced import own_words
from sync.wanted import family_of
from sync.wire import NO_FIELD, VERSION_MAX, Change, Outcome, Verdict
from sync.withheld import withheld_from

AGE_MAX = timedelta(days=400)
"""A stated age beyond this is taken as this; ages only break ties."""

VERSIONS_A_CHANGE_MAX = 16
"""More than one change and what follows from it can use in one space."""


class Decisions(Struct, frozen=True, kw_only=True):
    """What a batch comes to."""

    outcomes: tuple[Outcome, ...]
    """One a change, in their order."""
    writes: Writes
    again: frozenset[RecordId] = frozenset()
    """Records whose pushed edit was refused: the device is shown what is stored."""
    asks: frozenset[RecordKey] = frozenset()
    """Records whose earlier values must be known before a refused change's words are kept: decide again with
    them."""
    boxes: frozenset[RecordId] = frozenset()
    """Where these words would be kept: whether something is there must be known as well."""
    families: frozenset[tuple[UUID, str]] = frozenset()
    """Families, by kind, that must be loaded before it is known whether there is room: load and decide again."""
    settings: frozenset[RecordKey] = frozenset()
    """Settings of partners that must be loaded before it is known when a letter is given: likewise."""


def reconcile(
    loaded: Loaded,
    caller: Caller,
    changes: Sequence[Change],
    now: datetime,
    id_keys: Mapping[SpaceId, bytes],
    history: History | None = None,
    base_max: Mapping[SpaceId, int] | None = None,
) -> Decisions:
    """Judge and merge a batch.

    `id_keys` holds the id key of every space of `loaded` and of its members' personal spaces. `history` holds,
    for the records and boxes that an earlier call asked about, what became of them. `base_max` bounds the bases
    of a device that comes from another life of a space: beyond it the two histories are not one.
    """
    batch = _Batch(Board(loaded, caller, now, id_keys), history, base_max or {})
    outcomes = tuple(batch.settle(change) for change in changes)
    if batch.has_orphans():
        # They came before what they belong to, and that was refused after them: now this is known.
        batch = _Batch(Board(loaded, caller, now, id_keys), history, base_max or {}, batch.nowhere)
        outcomes = tuple(batch.settle(change) for change in changes)
    batch.follow()
    return Decisions(
        outcomes=outcomes,
        writes=batch.board.writes(),
        again=frozenset(batch.again),
        asks=frozenset(batch.asks),
        boxes=frozenset(batch.boxes),
        families=frozenset(batch.families),
        settings=frozenset(batch.board.missing),
    )


class _Refused(Exception):  # noqa: N818 - it is an answer on its way up, not an error
    def __init__(self, code: Refusal) -> None:
        self.code = code


class _Batch:
    """Settles one change after the other on a board."""

    def __init__(
        self,
        board: Board,
        history: History | None,
        base_max: Mapping[SpaceId, int],
        nowhere: Collection[tuple[str, UUID]] = (),
    ) -> None:
        self.board, self.history, self.base_max = board, history, base_max
        self.caller = board.caller
        self.again: set[RecordId] = set()
        self.asks: set[RecordKey] = set()
        self.boxes: set[RecordId] = set()
        self.families: set[tuple[UUID, str]] = set()
        self.nowhere: set[tuple[str, UUID]] = set(nowhere)
        """Kinds and ids of what was refused."""
        self.ended = Ended(board)
        self.beside: dict[tuple[SpaceId, UUID], Any] = {}
        """What the families of this batch have come to so far, for the rules of kinds."""

    def follow(self) -> None:
        """Write what follows from everything that this batch has changed, once for all of it."""
        changed = self.board.changed()
        for record in changed:
            kind = KINDS[record.kind]
            if kind.window is not None:
                show(self.board, kind, record)
        self.families |= move(self.board, changed)

    def settle(self, change: Change) -> Outcome:
        earlier = self.board.decided.get(change.key)
        if earlier is not None:
            self.nowhere |= {(change.kind, change.id)} if earlier.code is not None else set()
            return replace(earlier, status="duplicate")
        kind = KINDS.get(change.kind)
        try:
            if kind is None:
                raise _Refused(Refusal.INVALID)
            space = self._home(kind, change)
            change = replace(change, base=min(change.base, self.base_max.get(space.id, VERSION_MAX), space.head))
            outcome = self._apply(kind, space, change)
        except _Refused as refused:
            space = self.board.spaces[self.caller.personal]
            self.nowhere.add((change.kind, change.id))
            outcome = self._refuse(kind, change, refused.code)
        self.board.decide(space.id, outcome)
        return outcome

    def _home(self, kind: Kind, change: Change) -> Space:
        if kind.home == "personal":
            return self.board.spaces[self.caller.personal]
        couple = self.board.couple
        if couple is None or change.couple != couple.couple:
            raise _Refused(Refusal.CLOSED)
        return couple

    def _apply(self, kind: Kind, space: Space, change: Change) -> Outcome:
        stored = self._there(kind, (space.id, RecordId(change.id)))
        edit = self._edit(kind, space, change, stored)
        taken = stored if edit.author is not None else None
        if taken is not None:
            # It came later under an id that was taken: whoever names the id meant the one that was lost.
            stored = None
        if stored is not None and stored.kind != kind.name:
            raise _Refused(Refusal.INVALID)
        if stored is not None and stored.gone and stored.shown_id is None:
            # A tombstone holds no words any more: only a whole new record can stand in its place.
            stored = None
        attempt = _attempt(kind, edit, stored)
        situation = self._situation(kind, space, change, attempt)
        # What was stored once was permitted then.
        no = None if edit.author is not None else self._objection(kind, space, attempt, stored, situation)
        if no is not None:
            raise _Refused(no)
        if stored is not None and kind.entails is not None:
            edit = replace(edit, besides=kind.entails(attempt, stored, edit.person))
        merged = self._merged(kind, space, change, stored, _own_only(kind, stored, edit))
        if not merged.changed:
            return Outcome(key=change.key, status=merged.status, version=merged.record.version)
        if kind.a_day is not None and stored is None and edit.author is None and situation.given_today >= kind.a_day:
            raise _Refused(Refusal.TOO_MANY)
        self._find_room(kind, stored, merged.record, had_room=edit.author is not None)
        if taken is not None:
            self._move_away(kind, taken, edit)
            merged = self._merged(kind, space, change, None, edit)
        return self._keep(kind, change, stored, merged, edit, situation)

    def _objection(
        self, kind: Kind, space: Space, attempt: Attempt, stored: Record | None, situation: Situation
    ) -> Refusal | None:
        no = objection(kind, attempt, stored, situation)
        if no is not None or stored is not None:
            return no
        if not self.caller.may_keep and not steps_back(kind, attempt.set):
            # What was never here nobody can take back, and for somebody who has not agreed nothing is made (I34).
            return Refusal.CLOSED
        named = None if kind.parent is None else as_uuid(attempt.set.get(kind.parent.field))
        # What belongs to something that was refused just now would be stored, and shown by no device.
        return Refusal.PARENT_GONE if self._is_nowhere(kind, space.id, named) else None

    def _is_nowhere(self, kind: Kind, space: SpaceId, parent: UUID | None) -> bool:
        if kind.parent is None or parent is None:
            return False
        key = (space, RecordId(parent))
        there = key in self.board.records or key in self.board.unreadable
        return not there and any((each, parent) in self.nowhere for each in kind.parent.kinds)

    def has_orphans(self) -> bool:
        """Return whether something was stored that belongs to what was refused after it."""
        for record in self.board.changed():
            kind, key = KINDS[record.kind], (record.space, record.id)
            named = None if kind.parent is None else as_uuid(record.fields.get(kind.parent.field))
            came_now = self.board.is_new(key) and key not in self.board.came_back
            if came_now and self._is_nowhere(kind, record.space, named):
                return True
        return False

    def _there(self, kind: Kind, key: RecordKey) -> Record | None:
        """Return what is stored under an id. Refuse where that does not open, or is withheld from this person."""
        if key in self.board.unreadable:
            # Its words are kept with their author, and what cannot be opened is not written over.
            raise _Refused(Refusal.CLOSED)
        stored = self.board.records.get(key)
        if stored is not None and stored.kind == kind.name and withheld_from(stored, self.caller.person, closed=False):
            # Whatever the change says: else an answer would tell what has become of the record.
            raise _Refused(Refusal.NOT_AUTHOR)
        return stored

    def _move_away(self, kind: Kind, stored: Record, edit: Edit) -> None:
        """Give another id to what stands under that of a record that comes back, unless nothing of it would be lost."""
        if stored.family is not None and any(
            each.author != stored.author and str(stored.id) in each.fields.values()
            for each in self.board.family(stored.space, stored.family)
        ):
            # The other has answered what stands there: nobody's yes is put under words that they have not seen.
            raise _Refused(Refusal.IMMUTABLE)
        if (stored.kind, stored.author) == (kind.name, edit.author) and says_no_more(kind, stored.fields, edit.set):
            return
        identity = self.board.made_id(stored.space, "moved", stored.id, str(stored.version))
        moved = replace(stored, id=identity, created=0)
        self._find_room(KINDS[stored.kind], None, moved)
        self.board.put(moved)

    def _edit(self, kind: Kind, space: Space, change: Change, stored: Record | None) -> Edit:
        try:
            values, picked, confirmed = picks(change, stored)
        except UnfitPickError:
            raise _Refused(Refusal.INVALID) from None
        was = dict(change.was)
        purged = None if stored is None else stored.purged
        if purged is not None:
            id_key, record = self.board.id_keys[space.id], RecordId(change.id)
            values = kept_out(values, purged, base=change.base, id_key=id_key, record=record)
            was = kept_out(was, purged, base=change.base, id_key=id_key, record=record)
            # What is left of a text that must not be empty is nothing: the field stays as it is.
            values = {
                name: value
                for name, value in values.items()
                if value != "" or change.set[name] == "" or name not in kind.needed
            }
        fit = brought_back(self.board, kind, space, change, values, stored, earlier_life=space.id in self.base_max)
        if isinstance(fit, Refusal):
            raise _Refused(fit)
        canonical = fit.set
        couple = self.board.couple
        audience = canonical.get("audience", ONLY_ME)
        if audience != ONLY_ME and (couple is None or audience != str(couple.couple)):
            canonical["audience"] = ONLY_ME
            self.again.add(RecordId(change.id))
        return Edit(
            person=self.caller.person,
            device=fit.device,
            author=fit.author,
            writer=fit.writer,
            again=change.origin is not None,
            base=change.base,
            set=canonical,
            was=_started_from(kind, was),
            remove=self._removes(change, stored),
            picked=picked,
            confirmed=confirmed,
            made_ms=_made_ms(self.board.now, _age_ms(kind, change)),
        )

    def _removes(self, change: Change, stored: Record | None) -> bool | None:
        """Return what an edit says of the removal; of somebody who has not agreed none brings anything back (I34)."""
        if not self.caller.may_keep and stored is not None and stored.removed:
            return True
        return None if change.remove is UNSET else change.remove

    def _situation(self, kind: Kind, space: Space, change: Change, attempt: Attempt) -> Situation:
        # What a record belongs to, and what is beside it, is asked when it is made, and then the change says it.
        named = None if kind.parent is None else as_uuid(attempt.set.get(kind.parent.field))
        parent = None if named is None else self.board.records.get((space.id, RecordId(named)))
        # Only rules look at what is beside; a goal with a thousand acts is not gone through for each of them.
        family = family_of(kind, attempt.set, self.board.id_keys[self.caller.personal]) if kind.rules else None
        members = frozenset(member.person for member in space.members)
        beside = None
        if kind.beside is not None and family is not None:
            known, key = self.beside.get((space.id, family)), (space.id, family)
            beside = kind.beside(known, parent, self.board.family(*key), members, self.board.today)
            self.beside[key] = beside
        return Situation(
            actor=self.caller.person,
            couple=None if self.board.couple is None else self.board.couple.couple,
            now=self.board.now,
            today=self.board.today,
            parent=parent,
            family=() if family is None else self.board.family(space.id, family, change.id),
            alike=self.board.repeated,
            beside=beside,
            members=members,
            given_today=self.board.given_today() if kind.letter is not None or kind.a_day is not None else 0,
            their_zone=self.board.their_zone() if kind.letter is not None else None,
        )

    def _find_room(self, kind: Kind, stored: Record | None, record: Record, *, had_room: bool = False) -> None:
        """Refuse what the space or the record's family has no room for, or any version beyond the last.

        What stood here once `had_room` then: a store that has lost it owes it that.
        """
        if self.board.heads[record.space] >= VERSION_MAX - VERSIONS_A_CHANGE_MAX:
            raise _Refused(Refusal.TOO_MANY)
        if had_room:
            return
        where = joined(stored, record)
        live = {"space": self.board.live(record.space, kind.name), "family": self.board.standing(record)}
        no = crowded(kind, where, live)
        if no is not None and not self._leaves_now(kind, record) and not self._made_room(kind, where, live, record):
            raise _Refused(no)
        counted = any(most.within in where for most in kind.most if most.within == "family")
        if counted and record.family is not None and (record.family, kind.name) not in self.board.families:
            # It looked empty because nobody has looked.
            self.families.add((record.family, kind.name))

    def _leaves_now(self, kind: Kind, record: Record) -> bool:
        """Return whether somebody leaves with this, who has not yet: for that there is always room (I14)."""
        if not leaves(kind, record.fields) or record.family is None:
            return False
        beside = self.board.family(record.space, record.family, record.id)
        return not any(each.author == record.author and leaves(kind, each.fields) for each in beside)

    def _made_room(self, kind: Kind, where: frozenset[str], live: Mapping[str, int], record: Record) -> bool:
        """Return whether there is room once what this batch has ended is counted as ended: that follows at its end."""
        if kind.derive is None or not kind.ends:
            return False
        ended = self.ended.count(kind, record.space)
        return crowded(kind, where, {**live, "space": live["space"] - ended}) is None

    def _merged(self, kind: Kind, space: Space, change: Change, stored: Record | None, edit: Edit) -> Merged:
        version = self.board.heads[space.id] + 1
        identity = RecordId(change.id)
        if stored is None:
            tombstone = self.board.records.get((space.id, identity))
            merged = create(kind, edit, space=space.id, identity=identity, version=version)
            if kind.begin is not None and edit.author is None:
                begun = kind.begin(self.board.now, _made_at(edit.made_ms))
                merged = replace(merged, record=merged.record.with_fields(merged.record.fields | begun))
            if tombstone is not None:
                merged = replace(merged, record=replace(merged.record, purged=tombstone.purged))
        else:
            merged = merge(stored, edit, kind, version=version, budget=self.board.budget)
        if kind.counts_on is not None and edit.author is not None:
            # A letter that came back counts for the day on which it was given.
            day = date.fromisoformat(merged.record.fields[kind.counts_on])
            family = given_on(self.board.id_keys[space.id], edit.author, day)
            return replace(merged, record=replace(merged.record, family=family))
        if kind.a_day is not None and stored is None and edit.author is None:
            family = given_on(self.board.id_keys[space.id], edit.person, self.board.today)
            return replace(merged, record=replace(merged.record, family=family))
        if kind.family is None:
            return merged
        record = merged.record
        record = replace(record, family=family_of(kind, record.fields, self.board.id_keys[self.caller.personal]))
        if kind.ordered and stored is None and edit.author is None:
            record = record.with_fields(record.fields | {"order": self.board.next_order(record)})
        return replace(merged, record=record)

    def _keep(
        self, kind: Kind, change: Change, stored: Record | None, merged: Merged, edit: Edit, situation: Situation
    ) -> Outcome:
        """Put the merged record and everything that follows; what follows has versions of its own, later ones."""
        record, owed, verdicts = merged.record, list(merged.owed), dict(merged.verdicts)
        if kind.window is not None:
            record, private = guarded(stored, record, edit, kind.window, situation.couple)
            if private:
                owed.append(Word(self.caller.person, "kept_private"))
                chose = {"audience", kind.window.chosen_by} & edit.set.keys()
                verdicts |= dict.fromkeys(sorted(chose), "kept_private")
        if kind.letter is not None:
            record, held = unsent(stored, record, edit, kind)
            if held:
                owed.append(Word(self.caller.person, "kept_private"))
                verdicts[kind.letter.sends] = "kept_private"
        if edit.set.get("audience") == ONLY_ME and change.set["audience"] != ONLY_ME:
            verdicts["audience"] = "kept_private"
        record = self.board.put(record)
        if edit.again:
            self.board.came_back.add((record.space, record.id))
        if merged.behind:
            assert stored is not None, "a new record has nothing behind it"
            self.board.behind(
                Revision(
                    space=record.space,
                    record=record.id,
                    version=record.version,
                    values=tuple(since(stored, value) for value in merged.behind),
                )
            )
        if kind.letter is not None:
            give(self.board, kind, record, situation)
        for word in owed:
            self.board.tell(word, record, record.version)
        status = "merged" if verdicts and merged.status == "applied" else merged.status
        return Outcome(key=change.key, status=status, version=record.version, fields=verdicts)

    def _refuse(self, kind: Kind | None, change: Change, code: Refusal) -> Outcome:
        """Settle a no, and keep the pusher's own words."""
        self.again.add(RecordId(change.id))
        words: dict[str, str] = {}
        of_both = kind is not None and kind.edits is Who.EITHER
        if code not in KEEPS_NO_WORDS and (of_both or not of_another(change, self.caller.person)):
            words, asks = own_words(self.board, kind, change, self.history)
            self.asks |= asks
        return Outcome(
            key=change.key,
            status="refused",
            fields=self._unfit(kind, change, code),
            code=code.value,
            unplaced=self._box(change, code, words) if words else None,
        )

    def _box(self, change: Change, code: Refusal, words: dict[str, str]) -> RecordId | None:
        """Keep words with their author, once, and return where: what was put away or wiped comes back by no retry."""
        identity = self.board.made_id(self.caller.personal, UNPLACED.name, change.key)
        self.boxes.add(identity)
        there = None if self.history is None else self.history.box(identity)
        if there is not None:
            return None if there.gone else identity
        fields = {
            "meant": change.kind,
            "about": str(change.id),
            "code": _said_before(change) or code.value,
            "words": words,
            "on": self.board.utc_date(),
        }
        about = RecordId(change.id)
        self.board.put(self.board.own(self.caller.personal, UNPLACED.name, identity, self.caller.person, fields, about))
        return identity

    def _unfit(self, kind: Kind | None, change: Change, code: Refusal) -> dict[str, Verdict]:
        """Name the field for which a change was refused, where it is one."""
        if kind is None or code is not Refusal.INVALID:
            return {}
        new = not any((space, RecordId(change.id)) in self.board.records for space in self.board.spaces)
        name = unfit(kind, change.set, new=new)
        return {} if name is None else {name: "unfit"}


def _said_before(change: Change) -> str | None:
    """Return with which code words were kept before that come back to where they were."""
    told = change.was.get(NO_FIELD)
    known = isinstance(told, str) and told in set(Refusal)
    return told if known and change.origin is not None else None


def _attempt(kind: Kind, edit: Edit, stored: Record | None) -> Attempt:
    """Return what an edit is judged as: what it says, and what of the stored record it had not seen."""
    unseen: list[str] = []
    own: list[str] = []
    if stored is not None:
        unseen = [name for name in stored.fields if concurrent(stored.stamp(name), edit)]
        own = [name for name in kind.of_each if concurrent(stored.stamp(stamp_of(name, edit.person)), edit)]
    return Attempt(set=edit.set, was=edit.was, remove=edit.remove, unseen=frozenset(unseen), own_unseen=frozenset(own))


def _own_only(kind: Kind, stored: Record | None, edit: Edit) -> Edit:
    """Let an edit say of a set of persons whether its own maker is in it, and nothing about anybody else (I12)."""
    names = [name for name in kind.own_id_only if name in edit.set]
    if stored is None or not names:
        return edit
    there = {name: set(stored.fields.get(name, ())) for name in names}
    others = {name: there[name] - own_of(edit.person, there[name]) for name in names}
    now = {name: sorted(others[name] | own_of(edit.person, edit.set[name])) for name in names}
    seen = {name: () if concurrent(stored.stamp(name), edit) else there[name] for name in names}
    was = {name: sorted(others[name] | own_of(edit.person, edit.was.get(name, seen[name]))) for name in names}
    return replace(edit, set=edit.set | now, was=edit.was | was)


def _age_ms(kind: Kind, change: Change) -> int | None:
    """Return how old an edit is; what nobody ever edits was made when it comes, unless its phone says otherwise."""
    return 0 if change.age_ms is None and kind.edits is Who.NOBODY else change.age_ms


def _made_at(made_ms: int | None) -> datetime | None:
    return None if made_ms is None else datetime.fromtimestamp(made_ms / 1000, UTC)


def _made_ms(now: datetime, age_ms: int | None) -> int | None:
    """Return when an edit was made by the server's clock, in milliseconds since 1970, as far as its age tells."""
    if age_ms is None:
        return None
    return int(now.timestamp() * 1000) - min(age_ms, AGE_MAX // timedelta(milliseconds=1))


def _started_from(kind: Kind, was: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values an edit started from; one that does not fit is not known."""
    known: dict[str, Any] = {}
    for name, value in was.items():
        field = kind.fields.get(name)
        if field is None:
            continue
        fitted = field.shape.judged(value)
        if fitted is not UNFIT:
            known[name] = fitted
        elif value in (None, "") and isinstance(field.shape, Text):
            known[name] = ""
    return known
