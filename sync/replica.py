"""A device as values: what the server said, and the edits that it has not answered yet, kept apart.

What a device shows is *base* + *outbox*, so a refusal needs no undo. Nothing here reads a clock, draws chance or
touches a disk: whoever uses a `Replica` stores the pieces it names after each call, whole or not at all, and can
build it again from them at any moment.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Attempt, Kind, Situation, Who, own_of
from domain.kinds import KINDS, holds_words, judged, objection
from domain.refusals import SENTENCES, Refusal
from sync.resend import DRAFTED_AS, STARTED_FROM, Beside, Life, Row, brings_words, resent, same
from sync.shelves import Kept, Piece, Rebuild, Shelves
from sync.showing import Shown, as_record, show, show_all
from sync.wire import (
    CHANGES_MAX,
    LIMIT_DEFAULT,
    NO_FIELD,
    SCHEMA,
    VERSION_MAX,
    Change,
    Gone,
    Origin,
    Outcome,
    RecordView,
    Reset,
    SpaceView,
    SyncRequest,
    SyncResponse,
)

PUSH_BYTES_MAX = 512 * 1024
"""Changes in one request come to this at most, unless a single one is larger."""


class EditRefusedError(Exception):
    """This edit breaks a rule that the device knows; nothing was kept. `code` says which, the text says it kindly."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


class Replica:
    """One device of one person. Not for several threads.

    What it holds lies on its `shelves`, to be looked at.
    """

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves

    @classmethod
    def restored(cls, pieces: Iterable[tuple[str, bytes]]) -> "Replica":
        """Build a device from every (shelf, value) that it has stored, in any order."""
        return cls(Shelves.restored(pieces))

    def saves(self) -> list[Piece]:
        """Return what has changed since the last call, to be stored in one transaction before anything is answered."""
        return self.shelves.saves()

    # Editing ---------------------------------------------------------------------------------------------------

    def edit(
        self,
        kind: str,
        identity: RecordId | None,
        values: dict[str, Any],
        *,
        remove: bool | None = None,
        couple: CoupleId | None = None,
        key: UUID,
        new_id: UUID,
        made_ms: int | None,
    ) -> Change | None:
        """Keep an edit and return it; None when it says what is shown already.

        Without `identity`, or with one that is not known here, a new record is made; it is sent with all of its
        fields. `remove` True removes, False brings back. `couple` is needed only where the active couple is not
        known here yet. Raise `EditRefusedError` for what can be seen here not to be allowed.
        """
        table = KINDS.get(kind)
        if table is None:
            raise EditRefusedError(Refusal.INVALID)
        canonical = judged(table, values)
        if isinstance(canonical, Refusal):
            raise EditRefusedError(canonical)
        identity = identity or RecordId(new_id)
        shown, row = self.shown(identity), self.shelves.row_of(identity)
        if shown is None or shown.kind != kind:
            # Of what was wiped only the server can say what became of it, and it gives the words back.
            wiped = row if row is not None and row.gone and row.kind == kind else None
            change = Change(
                key=key,
                kind=kind,
                id=identity,
                base=0 if wiped is None else wiped.version,
                set=self._made(table, canonical) if wiped is None else canonical,
                couple=self._couple_for(table, None, couple),
                remove=UNSET if remove is None else remove,
            )
            return self.keep(change, made_ms)
        changed = {name: value for name, value in canonical.items() if value != shown.fields.get(name)}
        if remove == shown.removed:
            remove = None
        if not changed and remove is None:
            return None
        was = {
            name: shown.fields[name]
            for name in changed
            if table.fields[name].policy in STARTED_FROM and name in shown.fields
        }
        self._object(table, shown, Attempt(set=changed, was=was, remove=remove))
        change = Change(
            key=key,
            kind=kind,
            id=shown.id,
            couple=self._couple_for(table, shown, couple),
            base=self._seen(shown.id),
            set=changed,
            was=was,
            remove=UNSET if remove is None else remove,
        )
        return self.keep(change, made_ms)

    def pick(self, identity: RecordId, field: str, keep: str, *, key: UUID, made_ms: int | None) -> Change:
        """Keep this text, which may be either or a new one, and put away the texts that stood beside it here.

        A text that arrives beside it meanwhile stays. Raise `EditRefusedError` when nothing stands beside the field.
        """
        shown, table = self._known(identity)
        beside = shown.alternatives.get(field)
        canonical = judged(table, {field: keep})
        if not beside or isinstance(canonical, Refusal):
            raise EditRefusedError(Refusal.INVALID)
        values: dict[str, Any] = {"alternatives": {field: []}}
        was: dict[str, Any] = {
            "alternatives": {field: [{"by": str(each.by), "text": each.text} for each in beside]},
        }
        if canonical[field] != shown.fields.get(field):
            values[field] = canonical[field]
            was[field] = shown.fields.get(field)
        return self._keep_on(shown, table, values, was, key, made_ms)

    def confirm(self, identity: RecordId, field: str, *, key: UUID, made_ms: int | None) -> Change:
        """Say that the text which was joined from two is right as it stands.

        Raise `EditRefusedError` when the field was not joined.
        """
        shown, table = self._known(identity)
        if field not in shown.merged:
            raise EditRefusedError(Refusal.INVALID)
        left = [name for name in shown.merged if name != field]
        return self._keep_on(shown, table, {"merged": left}, {"merged": list(shown.merged)}, key, made_ms)

    def keep(self, change: Change, made_ms: int | None) -> Change:
        """Put a change into the outbox as it is, unjudged: for clients that judge elsewhere, and for tests."""
        nth = max((each.nth for each in self.shelves.outbox.values()), default=0) + 1
        self.shelves.hold(Kept(nth=nth, change=change, made_ms=made_ms))
        return change

    def forget(self, identity: RecordId) -> None:
        """Drop the words of every unsettled edit of a record whose words its author has purged.

        What else an edit says stays: the server may have it already, and a window that it opened must be shown open
        here, or what is written next would be written as if in private. Of a record that the server never told of
        nothing stays.
        """
        known = self.shelves.row_of(identity) is not None
        for kept in self.shelves.edits_of(identity):
            change, table = kept.change, KINDS.get(kept.change.kind)
            names = () if table is None else [name for name in change.set if not holds_words(table, name)]
            if known and (names or change.remove is not UNSET):
                plain = {name: change.set[name] for name in names}
                was = {name: change.was[name] for name in names if name in change.was}
                self.shelves.hold(replace(kept, change=replace(change, set=plain, was=was)))
            else:
                self.shelves.release(kept)

    # Syncing ---------------------------------------------------------------------------------------------------

    def request(self, now_ms: int, *, limit: int = LIMIT_DEFAULT) -> SyncRequest:
        """Return what to send: the oldest edits that wait, at most 500 and 512 KiB of them, and the cursor.

        `now_ms` is by the clock that `made_ms` was by, so that a wrong clock cancels out; of an edit that seems to
        be made in the future nothing is said. While a space is taken anew edits wait: they follow on it.
        """
        changes: list[Change] = []
        size = 0
        for kept in () if self.rebuilds else self.waiting():
            change = replace(kept.change, age_ms=_age_ms(kept.made_ms, now_ms))
            size += len(msgspec.json.encode(change)) + 1
            if changes and (len(changes) == CHANGES_MAX or size > PUSH_BYTES_MAX):
                break
            changes.append(change)
        return SyncRequest(schema=SCHEMA, cursor=self.cursor, limit=limit, changes=changes)

    def begin_anew(self) -> None:
        """Take everything once more beside what is here: the server does not know this device's cursor any more.

        Nothing of it is sent again, for it is the same life. Edits wait until the new copy is complete.
        """
        for space, view in self.spaces.items():
            begun = self.rebuilds.get(space)
            self.shelves.begin_anew(Rebuild(space, view.epoch, VERSION_MAX if begun is None else begun.head))
        self.shelves.move_to(None)

    def receive(self, request: SyncRequest, response: SyncResponse, new_key: Callable[[], UUID]) -> bool:
        """Take in an answer; return False, with nothing changed, for one that another answer has overtaken.

        `new_key` makes the keys of edits that are sent again after a reset. What an overtaken answer settled will
        be sent once more under its key, and be told the same.
        """
        if request.cursor != self.cursor:
            return False
        for reset in response.reset:
            self._begin_anew(reset)
        self._note_spaces(response.spaces, response.let_go)
        for outcome in response.outcomes:
            self._settle(outcome)
        for view in response.records:
            self._take(_row(view))
        for gone in response.gone:
            self._take(_wiped(gone))
        self.shelves.move_to(response.cursor)
        if not response.more:
            # One's own space first: a letter is given again as the draft that is there.
            for rebuild in sorted(self.rebuilds.values(), key=lambda each: self.shelves.is_couple_s(each.space)):
                self._swap(rebuild, new_key)
        for kept in self.shelves.answered():
            if not response.more or self._has_arrived(kept):
                self.shelves.release(kept)
        return True

    def waiting(self) -> list[Kept]:
        """Return the edits that the server has not answered, in the order made."""
        return self.shelves.waiting()

    # Looking ---------------------------------------------------------------------------------------------------

    def shown(self, identity: RecordId) -> Shown | None:
        """Return a record with this device's unsettled edits laid over it; None when there is nothing to show."""
        return show(self.shelves, identity)

    def view(self, kind: str, *, removed: bool = False) -> list[Shown]:
        """Return what this device shows of a kind, or with `removed` what was removed of it, as `show_all` says."""
        return show_all(self.shelves, kind, removed=removed)

    def rows(self) -> list[Row]:
        """Return what the server said, wiped records included: for comparing two devices."""
        return list(self.shelves.rows.values())

    @property
    def person(self) -> PersonId:
        """Whose device this is."""
        return self.shelves.person

    @property
    def device(self) -> DeviceId:
        """Which of theirs it is."""
        return self.shelves.device

    @property
    def cursor(self) -> str | None:
        """How far it has read."""
        return self.shelves.cursor

    @property
    def spaces(self) -> Mapping[SpaceId, SpaceView]:
        """The spaces that it knows."""
        return self.shelves.spaces

    @property
    def rebuilds(self) -> Mapping[SpaceId, Rebuild]:
        """The spaces that it is taking anew."""
        return self.shelves.rebuilds

    @property
    def couple(self) -> CoupleId | None:
        """The active couple, as far as it knows."""
        return self.shelves.couple

    # Below: editing --------------------------------------------------------------------------------------------

    def _made(self, table: Kind, canonical: dict[str, Any]) -> dict[str, Any]:
        if table.creates is Who.SERVER:
            raise EditRefusedError(Refusal.SERVER_OWNED)
        if any(name not in canonical for name in table.needed):
            raise EditRefusedError(Refusal.INVALID)
        for name in table.own_id_only:
            said = set(canonical.get(name, ()))
            if said - own_of(self.person, said):
                raise EditRefusedError(Refusal.NEEDS_THEIR_YES)
        return {name: canonical.get(name, field.shape.empty) for name, field in table.written.items()}

    def _object(self, table: Kind, shown: Shown, attempt: Attempt) -> None:
        """Ask the rules that need nothing but the record itself; what is gone is the server's to refuse."""
        space = self._space_of(shown)
        if space is not None and space.state == "closed":
            raise EditRefusedError(Refusal.CLOSED)
        if shown.gone:
            return
        no = objection(table, attempt, as_record(shown), replace(_ANY_SITUATION, actor=self.person))
        if no is not None:
            raise EditRefusedError(no)

    def _couple_for(self, table: Kind, shown: Shown | None, couple: CoupleId | None) -> CoupleId | None:
        if table.home != "couple":
            return None
        if shown is not None:
            space = self._space_of(shown)
            if space is not None and space.couple is not None:
                return CoupleId(space.couple)
            written_for = (kept.change.couple for kept in self.shelves.edits_shown_in(shown.id))
            couple = couple or next((CoupleId(each) for each in written_for if each is not None), None)
        couple = couple or self.couple
        if couple is None:
            raise EditRefusedError(Refusal.CLOSED)
        return couple

    def _space_of(self, shown: Shown) -> SpaceView | None:
        return None if shown.space is None else self.spaces.get(shown.space)

    def _seen(self, identity: RecordId) -> int:
        """Return the version that an edit made now has seen.

        An edit on top of one that waits has seen no more than that one, whatever was pulled since: what is shown
        is that one's value.
        """
        row = self.shelves.row_of(identity)
        bases = [kept.change.base for kept in self.shelves.edits_shown_in(identity)]
        return min([0 if row is None else row.version, *bases])

    def _known(self, identity: RecordId) -> tuple[Shown, Kind]:
        shown = self.shown(identity)
        if shown is None or shown.kind not in KINDS:
            raise EditRefusedError(Refusal.INVALID)
        return shown, KINDS[shown.kind]

    def _keep_on(
        self,
        shown: Shown,
        table: Kind,
        values: dict[str, Any],
        was: dict[str, Any],
        key: UUID,
        made_ms: int | None,
    ) -> Change:
        self._object(table, shown, Attempt(set=values, was=was))
        change = Change(
            key=key,
            kind=shown.kind,
            id=shown.id,
            couple=self._couple_for(table, shown, None),
            base=self._seen(shown.id),
            set=values,
            was=was,
        )
        return self.keep(change, made_ms)

    # Below: receiving ------------------------------------------------------------------------------------------

    def _begin_anew(self, reset: Reset) -> None:
        """Keep the old copy and collect the new one beside it until it is complete."""
        space = SpaceId(reset.space)
        begun = self.rebuilds.get(space)
        head = reset.head if begun is None else min(begun.head, reset.head)
        self.shelves.begin_anew(Rebuild(space, reset.epoch, head))

    def _note_spaces(self, views: list[SpaceView], let_go: list[UUID]) -> None:
        """Note how the spaces stand, and forget those that their person has let go.

        One that is not named any more takes nothing, and what it holds stays here.
        """
        named = {SpaceId(view.id): view for view in views}
        for identity, space in self.spaces.items():
            if identity not in named and space.state == "active":
                named[identity] = replace(space, state="closed")
        for identity, view in named.items():
            before = self.spaces.get(identity)
            if before is not None and before.epoch != view.epoch:
                self._unsettle(identity)
                begun = self.rebuilds.get(identity)
                if begun is not None and begun.head == VERSION_MAX:
                    # Nobody has said up to where the two lives are one: so nothing of them is.
                    self.shelves.begin_anew(replace(begun, epoch=view.epoch, head=0))
        for view in named.values():
            self.shelves.note(view)
        for each in let_go:
            self.shelves.let_go(SpaceId(each))

    def _unsettle(self, space: SpaceId) -> None:
        """Let edits wait again that were decided in a life that is no more, and of which nothing has arrived here."""
        for kept in self.shelves.answered():
            decided_in = self.shelves.space_of(kept.change) if kept.unplaced is None else self.shelves.personal
            if decided_in == space:
                self.shelves.hold(replace(kept, settled=None, unplaced=None))

    def _settle(self, outcome: Outcome) -> None:
        kept = self.shelves.outbox.get(outcome.key)
        if kept is None:
            return
        if outcome.status != "refused" and outcome.code is None:
            self.shelves.hold(replace(kept, settled=outcome.version or 0))
        elif outcome.unplaced is not None:
            self.shelves.hold(replace(kept, unplaced=RecordId(outcome.unplaced)))
        else:
            self.shelves.release(kept)

    def _take(self, row: Row) -> None:
        """Let what is newer replace what is here; versions of two lives cannot be compared."""
        anew = row.space in self.rebuilds
        present = (self.shelves.rebuilt if anew else self.shelves.rows).get((row.space, row.id))
        space = self.spaces.get(row.space)
        row = replace(row, epoch=None if space is None else space.epoch)
        if present is None or row.version >= present.version or row.epoch != present.epoch:
            (self.shelves.put_rebuilt if anew else self.shelves.put)(row)

    def _has_arrived(self, kept: Kept) -> bool:
        if kept.unplaced is not None:
            return any(home not in self.rebuilds for home in self.shelves.homes_of(kept.unplaced))
        space = self.shelves.space_of(kept.change)
        row = None if space is None else self.shelves.rows.get((space, RecordId(kept.change.id)))
        return space not in self.rebuilds and row is not None and row.version >= (kept.settled or 0)

    def _swap(self, rebuild: Rebuild, new_key: Callable[[], UUID]) -> None:
        """Put the new copy in the old one's place, and send again what only this device still holds."""
        space = rebuild.space
        earlier = {identity: row for (home, identity), row in self.shelves.rows.items() if home == space}
        pulled = {identity: row for (home, identity), row in self.shelves.rebuilt.items() if home == space}
        view = self.spaces.get(space)
        life = Life(
            pulled=pulled,
            head=rebuild.head,
            couple=None if view is None or view.couple is None else CoupleId(view.couple),
            closed=view is not None and view.state == "closed",
            drafts=[row for row in self.shelves.rows.values() if row.kind in _DRAFTS],
        )
        again = resent(self.person, earlier.values(), life)
        unseen = {
            RecordId(kept.change.id)
            for kept in self.waiting()
            # Words without a place name the record that they were about, and are no edit of it.
            if NO_FIELD not in kept.change.set
            and (old := earlier.get(RecordId(kept.change.id))) is not None
            and kept.change.base < old.version
        }
        self._lower_bases(rebuild, earlier, pulled)
        self._hold_back(earlier, pulled)
        self.shelves.swap(space)
        first = min((each.nth for each in self.shelves.outbox.values()), default=1) - len(again)
        for nth, each in enumerate(again, first):
            table = KINDS.get(each.kind)
            change = Change(
                key=each.key or new_key(),
                kind=each.kind,
                id=each.id,
                couple=life.couple if table is not None and table.home == "couple" else None,
                base=each.base,
                set=each.set,
                was=each.was,
                remove=each.remove,
                origin=Origin(author=each.author, proof=each.proof, seen=each.id not in unseen),
            )
            self.shelves.hold(Kept(nth=nth, change=change))

    def _lower_bases(self, rebuild: Rebuild, earlier: dict[RecordId, Row], pulled: dict[RecordId, Row]) -> None:
        """Let waiting edits name versions of the new life: of the old one it knows what is not above its head."""
        for kept in self.waiting():
            change = kept.change
            if change.base <= rebuild.head or self.shelves.space_of(change) != rebuild.space:
                continue
            old, new = earlier.get(RecordId(change.id)), pulled.get(RecordId(change.id))
            # What it had not seen of the old copy it has not seen of the new one either: a purge must not be passed by.
            seen = old is not None and change.base >= old.version
            follows = seen and old is not None and new is not None and same(old, new)
            # Nor may one between the two copies, which can be the same again because of it.
            base = new.version if follows and new is not None and not brings_words(change, new) else rebuild.head
            self.shelves.hold(replace(kept, change=replace(change, base=base)))

    def _hold_back(self, earlier: dict[RecordId, Row], pulled: dict[RecordId, Row]) -> None:
        """Let no letter go with words that were written after it had gone: a draft came back that was given before."""
        for kept in self.waiting():
            change, kind = kept.change, KINDS.get(kept.change.kind)
            letter = None if kind is None else kind.letter
            old, new = earlier.get(RecordId(change.id)), pulled.get(RecordId(change.id))
            came_back = old is not None and old.gone and new is not None and not new.gone
            if came_back and letter is not None and change.set and letter.sends not in change.set:
                self.shelves.hold(replace(kept, change=replace(change, set=change.set | {letter.sends: False})))


_ANY_SITUATION = Situation(
    actor=PersonId(UUID(int=0)), couple=None, now=datetime(2000, 1, 1, tzinfo=UTC), today=date(2099, 12, 31)
)
"""A device asks rules that need nothing of a situation but who acts: no day is too far, nothing was just asked."""

_DRAFTS = frozenset(kind.name for kind in DRAFTED_AS.values())


def _age_ms(made_ms: int | None, now_ms: int) -> int | None:
    if made_ms is None or made_ms > now_ms:
        return None
    return min(now_ms - made_ms, VERSION_MAX)


def _row(view: RecordView) -> Row:
    return Row(
        space=SpaceId(view.space),
        kind=view.kind,
        id=RecordId(view.id),
        version=view.version,
        author=PersonId(view.author),
        removed=view.removed,
        fields=view.fields,
        alternatives={
            field: tuple(Beside(PersonId(each.by), each.text) for each in texts)
            for field, texts in view.alternatives.items()
        },
        merged=tuple(view.merged),
    )


def _wiped(gone: Gone) -> Row:
    return Row(space=SpaceId(gone.space), kind=gone.kind, id=RecordId(gone.id), version=gone.version, gone=True)
