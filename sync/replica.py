"""A device as values: what the server said, and the edits that it has not answered yet, kept apart.

What a device shows is *base* + *outbox*, so a refusal needs no undo. Nothing here reads a clock, draws chance or
touches a disk: whoever uses a `Replica` stores the pieces it names after each call, whole or not at all, and can
build it again from them at any moment.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Attempt, Kind, Situation, Who
from domain.kinds import KINDS, holds_words, judged, objection
from domain.records import Record
from domain.refusals import SENTENCES, Refusal
from domain.shapes import UNFIT, as_uuid
from sync.laying import Laying
from sync.resend import DRAFTED_AS, STARTED_FROM, Beside, Life, Row, resent, same
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

_UNORDERED = 1 << 60
"""Orders of what the server has not numbered yet begin here, behind everything that it has."""

_NOBODY = PersonId(UUID("ffffffff-ffff-4fff-bfff-ffffffffffff"))
"""Stands for a partner of whom nothing has been seen yet."""

Shelf = Literal["place", "space", "row", "rebuild", "rebuilt", "outbox"]


class Piece(NamedTuple):
    """One thing to store under (shelf, key), or to delete where `value` is None."""

    shelf: Shelf
    key: str
    value: bytes | None


class EditRefusedError(Exception):
    """This edit breaks a rule that the device knows; nothing was kept. `code` says which, the text says it kindly."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


class Kept(Struct, frozen=True, kw_only=True):
    """An edit in the outbox.

    `made_ms` is by this phone's own clock, in milliseconds; None where nobody knows. `settled` is the version
    that the server stored it under while that record has not arrived here: it is shown, and not sent again.
    `unplaced` is the record that keeps the words of a refused one while that has not arrived: neither shown nor sent.
    """

    nth: int
    change: Change
    made_ms: int | None = None
    settled: int | None = None
    unplaced: RecordId | None = None

    @property
    def waits(self) -> bool:
        """Whether the server has not answered it."""
        return self.settled is None and self.unplaced is None


class Rebuild(Struct, frozen=True):
    """A space that is being taken anew: the device's old copy and the new life are one up to `head`."""

    space: SpaceId
    epoch: UUID
    head: int


class Shown(Struct, frozen=True, kw_only=True):
    """A record as this device shows it.

    `version` is 0 while the server has not stored it. `pending`: an edit of it waits for the server. `gone`: the
    server has wiped it, and only words that were not sent yet are left.
    """

    kind: str
    id: RecordId
    space: SpaceId | None
    version: int
    author: PersonId
    fields: dict[str, Any]
    removed: bool = False
    gone: bool = False
    pending: bool = False
    alternatives: dict[str, tuple[Beside, ...]] = {}
    merged: tuple[str, ...] = ()


class _Place(Struct, frozen=True):
    """Whose device this is, and how far it has read."""

    person: PersonId
    device: DeviceId
    cursor: str | None = None


class Replica:
    """One device of one person. Not for several threads."""

    def __init__(self, person: PersonId, device: DeviceId) -> None:
        self.person = person
        self.device = device
        self.cursor: str | None = None
        self.spaces: dict[SpaceId, SpaceView] = {}
        self.rebuilds: dict[SpaceId, Rebuild] = {}
        self._rows: dict[tuple[SpaceId, RecordId], Row] = {}
        self._rebuilt: dict[tuple[SpaceId, RecordId], Row] = {}
        self._homes: dict[RecordId, list[SpaceId]] = {}
        self._outbox: dict[UUID, Kept] = {}
        self._pending: dict[RecordId, list[UUID]] = {}
        self._pieces: dict[tuple[Shelf, str], bytes | None] = {}
        self._save_place()

    # On disk ---------------------------------------------------------------------------------------------------

    @classmethod
    def restored(cls, pieces: Iterable[tuple[str, bytes]]) -> "Replica":
        """Build a device from every (shelf, value) that it has stored, in any order."""
        shelves: dict[str, list[bytes]] = {}
        for shelf, value in pieces:
            shelves.setdefault(shelf, []).append(value)
        place = msgspec.json.decode(shelves["place"][0], type=_Place)
        device = cls(place.person, place.device)
        device.cursor = place.cursor
        for value in shelves.get("space", ()):
            space = _SPACES.decode(value)
            device.spaces[SpaceId(space.id)] = space
        for value in shelves.get("row", ()):
            device._put(_ROWS.decode(value))
        for value in shelves.get("rebuild", ()):
            rebuild = msgspec.json.decode(value, type=Rebuild)
            device.rebuilds[rebuild.space] = rebuild
        for value in shelves.get("rebuilt", ()):
            device._put_rebuilt(_ROWS.decode(value))
        for kept in sorted((_KEPT.decode(value) for value in shelves.get("outbox", ())), key=lambda each: each.nth):
            device._hold(kept)
        device._pieces.clear()
        return device

    def saves(self) -> list[Piece]:
        """Return what has changed since the last call, to be stored in one transaction before anything is answered."""
        pieces = [Piece(shelf, key, value) for (shelf, key), value in self._pieces.items()]
        self._pieces.clear()
        return pieces

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
        canonical = Refusal.INVALID if table is None else judged(table, values)
        if table is None or isinstance(canonical, Refusal):
            raise EditRefusedError(canonical if isinstance(canonical, Refusal) else Refusal.INVALID)
        shown = None if identity is None else self.shown(identity)
        row = None if identity is None else self._row_of(identity)
        if shown is None and row is not None and row.gone and row.kind == kind:
            # Only the server can say what became of it, and it gives the words back.
            couple = self._couple_for(table, None, couple)
            wiped = Change(key=key, kind=kind, id=row.id, couple=couple, base=row.version, set=canonical)
            return self.keep(replace(wiped, remove=UNSET if remove is None else remove), made_ms)
        if shown is None or shown.kind != kind:
            made = self._made(table, canonical)
            change = Change(
                key=key,
                kind=kind,
                id=identity or RecordId(new_id),
                couple=self._couple_for(table, None, couple),
                set=made,
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
        nth = max((each.nth for each in self._outbox.values()), default=0) + 1
        self._hold(Kept(nth=nth, change=replace(change, age_ms=None), made_ms=made_ms))
        return change

    def forget(self, identity: RecordId) -> None:
        """Drop the words of every unsettled edit of a record whose words its author has purged.

        What else an edit says stays: the server may have it already, and a window that it opened must be shown open
        here, or what is written next would be written as if in private. Of a record that the server never told of
        nothing stays.
        """
        known = self._row_of(identity) is not None
        for kept in self._all_of(identity):
            change, table = kept.change, KINDS.get(kept.change.kind)
            names = () if table is None else [name for name in change.set if not holds_words(table, name)]
            if known and (names or change.remove is not UNSET):
                plain = {name: change.set[name] for name in names}
                was = {name: change.was[name] for name in names if name in change.was}
                self._hold(replace(kept, change=replace(change, set=plain, was=was)))
            else:
                self._release(kept)

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

    def receive(self, request: SyncRequest, response: SyncResponse, new_key: Callable[[], UUID]) -> bool:
        """Take in an answer; return False, with nothing changed, for one that another answer has overtaken.

        `new_key` makes the keys of edits that are sent again after a reset. What an overtaken answer settled will
        be sent once more under its key, and be told the same.
        """
        if request.cursor != self.cursor:
            return False
        for reset in response.reset:
            self._begin_anew(reset)
        self._note_spaces(response.spaces)
        for outcome in response.outcomes:
            self._settle(outcome)
        for view in response.records:
            self._take(_row(view))
        for gone in response.gone:
            self._take(_wiped(gone))
        self.cursor = response.cursor
        self._save_place()
        if not response.more:
            # One's own space first: a letter is given again as the draft that is there.
            for rebuild in sorted(self.rebuilds.values(), key=lambda each: self._is_couple_s(each.space)):
                self._swap(rebuild, new_key)
        for kept in [each for each in self._outbox.values() if not each.waits]:
            if not response.more or self._has_arrived(kept):
                self._release(kept)
        return True

    def waiting(self) -> list[Kept]:
        """Return the edits that the server has not answered, in the order made."""
        return [kept for kept in sorted(self._outbox.values(), key=lambda each: each.nth) if kept.waits]

    @property
    def couple(self) -> CoupleId | None:
        """The active couple, as far as this device knows."""
        active = (space.couple for space in self.spaces.values() if space.home == "couple" and space.state == "active")
        found = next(active, None)
        return None if found is None else CoupleId(found)

    # Showing ---------------------------------------------------------------------------------------------------

    def shown(self, identity: RecordId) -> Shown | None:
        """Return a record with this device's unsettled edits laid over it; None when there is nothing to show."""
        shown = self._laid(identity)
        table = None if shown is None else KINDS.get(shown.kind)
        if shown is not None and table is not None and table.derive is not None and not shown.gone:
            return self._derived(shown, table)
        return shown

    def view(self, kind: str, *, removed: bool = False) -> list[Shown]:
        """Return what this device shows of a kind, oldest change first and what was not sent last.

        Children whose parent has not arrived, and a goal without terms that count, are not shown. `removed` asks
        for what was removed instead.
        """
        table = KINDS[kind]
        ids = {row.id for row in self._rows.values() if row.kind == kind}
        ids |= {RecordId(kept.change.id) for kept in self._outbox.values() if kept.change.kind == kind}
        found = [each for identity in ids if (each := self.shown(identity)) is not None and each.kind == kind]
        return sorted(
            (each for each in found if each.removed == removed and self._has_its_parent(each, table)),
            key=lambda each: (each.version or VERSION_MAX, self._first_nth(each.id), each.id),
        )

    def rows(self) -> list[Row]:
        """Return what the server said, wiped records included: for comparing two devices."""
        return list(self._rows.values())

    # Below: editing --------------------------------------------------------------------------------------------

    def _made(self, table: Kind, canonical: dict[str, Any]) -> dict[str, Any]:
        if table.creates is Who.SERVER:
            raise EditRefusedError(Refusal.SERVER_OWNED)
        if any(name not in canonical for name in table.needed):
            raise EditRefusedError(Refusal.INVALID)
        for name in table.own_id_only:
            if set(canonical.get(name, ())) - {str(self.person)}:
                raise EditRefusedError(Refusal.NEEDS_THEIR_YES)
        return {name: canonical.get(name, field.shape.empty) for name, field in table.written.items()}

    def _object(self, table: Kind, shown: Shown, attempt: Attempt) -> None:
        """Ask the rules that need nothing but the record itself; what is gone is the server's to refuse."""
        space = None if shown.space is None else self.spaces.get(shown.space)
        if space is not None and space.state == "closed":
            raise EditRefusedError(Refusal.CLOSED)
        if shown.gone:
            return
        no = objection(table, attempt, _record(shown), _situation(self.person, self.couple))
        if no is not None:
            raise EditRefusedError(no)

    def _couple_for(self, table: Kind, shown: Shown | None, couple: CoupleId | None) -> CoupleId | None:
        if table.home != "couple":
            return None
        if shown is not None:
            space = None if shown.space is None else self.spaces.get(shown.space)
            if space is not None and space.couple is not None:
                return CoupleId(space.couple)
            written_for = (kept.change.couple for kept in self._of(shown.id))
            couple = couple or next((CoupleId(each) for each in written_for if each is not None), None)
        couple = couple or self.couple
        if couple is None:
            raise EditRefusedError(Refusal.CLOSED)
        return couple

    def _seen(self, identity: RecordId) -> int:
        """Return the version that an edit made now has seen.

        An edit on top of one that waits has seen no more than that one, whatever was pulled since: what is shown
        is that one's value.
        """
        row = self._row_of(identity)
        bases = [kept.change.base for kept in self._of(identity)]
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
        fields = {name: value for name, value in values.items() if name in table.fields}
        self._object(table, shown, Attempt(set=fields, was={name: was[name] for name in fields if name in was}))
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
        for key in [key for key in self._rebuilt if key[0] == space]:
            del self._rebuilt[key]
            self._pieces["rebuilt", _row_key(key)] = None
        self.rebuilds[space] = rebuild = Rebuild(space, reset.epoch, head)
        self._pieces["rebuild", str(space)] = msgspec.json.encode(rebuild)

    def _note_spaces(self, views: list[SpaceView]) -> None:
        """Note how the spaces stand; one that is not named any more takes nothing, and what it holds stays here."""
        named = {SpaceId(view.id): view for view in views}
        for identity, space in self.spaces.items():
            if identity not in named and space.state == "active":
                named[identity] = replace(space, state="closed")
        for identity, view in named.items():
            before = self.spaces.get(identity)
            if before != view:
                self._pieces["space", str(identity)] = msgspec.json.encode(view)
            if before is not None and before.epoch != view.epoch:
                self._unsettle(identity)
        self.spaces = self.spaces | named

    def _unsettle(self, space: SpaceId) -> None:
        """Let edits wait again that were decided in a life that is no more, and of which nothing has arrived here."""
        for kept in [each for each in self._outbox.values() if not each.waits]:
            decided_in = self._space_of(kept.change) if kept.unplaced is None else self._personal
            if decided_in == space:
                self._hold(replace(kept, settled=None, unplaced=None))

    def _settle(self, outcome: Outcome) -> None:
        kept = self._outbox.get(outcome.key)
        if kept is None:
            return
        if outcome.status != "refused" and outcome.code is None:
            self._hold(replace(kept, settled=outcome.version or 0))
        elif outcome.unplaced is not None:
            self._hold(replace(kept, unplaced=RecordId(outcome.unplaced)))
        else:
            self._release(kept)

    def _take(self, row: Row) -> None:
        """Let what is newer replace what is here; versions of two lives cannot be compared."""
        anew = row.space in self.rebuilds
        present = (self._rebuilt if anew else self._rows).get((row.space, row.id))
        space = self.spaces.get(row.space)
        row = replace(row, epoch=None if space is None else space.epoch)
        if present is None or row.version >= present.version or row.epoch != present.epoch:
            (self._put_rebuilt if anew else self._put)(row)

    def _has_arrived(self, kept: Kept) -> bool:
        if kept.unplaced is not None:
            return any(home not in self.rebuilds for home in self._homes.get(kept.unplaced, ()))
        space = self._space_of(kept.change)
        row = None if space is None else self._rows.get((space, RecordId(kept.change.id)))
        return space not in self.rebuilds and row is not None and row.version >= (kept.settled or 0)

    def _swap(self, rebuild: Rebuild, new_key: Callable[[], UUID]) -> None:
        """Put the new copy in the old one's place, and send again what only this device still holds."""
        space = rebuild.space
        earlier = {identity: row for (home, identity), row in self._rows.items() if home == space}
        pulled = {identity: row for (home, identity), row in self._rebuilt.items() if home == space}
        view = self.spaces.get(space)
        life = Life(
            pulled=pulled,
            head=rebuild.head,
            couple=None if view is None or view.couple is None else CoupleId(view.couple),
            closed=view is not None and view.state == "closed",
            drafts=[row for row in self._rows.values() if row.kind in _DRAFTS],
        )
        again = resent(self.person, earlier.values(), life)
        unseen = {
            RecordId(kept.change.id)
            for kept in self.waiting()
            if (old := earlier.get(RecordId(kept.change.id))) is not None and kept.change.base < old.version
        }
        self._lower_bases(rebuild, earlier, pulled)
        for identity in earlier.keys() - pulled.keys():
            self._drop(space, identity)
        for row in pulled.values():
            self._put(row)
            del self._rebuilt[space, row.id]
            self._pieces["rebuilt", _row_key((space, row.id))] = None
        del self.rebuilds[space]
        self._pieces["rebuild", str(space)] = None
        first = min((each.nth for each in self._outbox.values()), default=1) - len(again)
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
            self._hold(Kept(nth=nth, change=change))

    def _is_couple_s(self, space: SpaceId) -> bool:
        return space in self.spaces and self.spaces[space].home == "couple"

    def _lower_bases(self, rebuild: Rebuild, earlier: dict[RecordId, Row], pulled: dict[RecordId, Row]) -> None:
        """Let waiting edits name versions of the new life: of the old one it knows what is not above its head."""
        for kept in self.waiting():
            change = kept.change
            if change.base <= rebuild.head or self._space_of(change) != rebuild.space:
                continue
            old, new = earlier.get(RecordId(change.id)), pulled.get(RecordId(change.id))
            # What it had not seen of the old copy it has not seen of the new one either: a purge must not be passed by.
            seen = old is not None and change.base >= old.version
            base = new.version if seen and old is not None and new is not None and same(old, new) else rebuild.head
            self._hold(replace(kept, change=replace(change, base=base)))

    # Below: showing --------------------------------------------------------------------------------------------

    def _laid(self, identity: RecordId) -> Shown | None:
        row, edits = self._row_of(identity), self._of(identity)
        if row is None and not edits:
            return None
        kind = edits[0].change.kind if row is None else row.kind
        table = KINDS.get(kind)
        if row is not None and row.gone and not any(kept.waits for kept in edits):
            return None
        fields: dict[str, Any] = {}
        if row is None and table is not None:
            fields = {name: field.shape.empty for name, field in table.fields.items() if field.shape.empty is not UNFIT}
        elif row is not None:
            fields = dict(row.fields)
        over = Laying(table, fields, row)
        for kept in edits:
            if kept.change.kind == kind:
                over.lay(kept.change)
        return Shown(
            kind=kind,
            id=identity,
            space=self._space_of(edits[0].change) if row is None else row.space,
            version=0 if row is None else row.version,
            author=_author_of(row, edits) or self.person,
            fields=fields,
            removed=over.removed,
            gone=row is not None and row.gone,
            pending=any(kept.waits for kept in edits),
            alternatives=over.alternatives,
            merged=over.merged,
        )

    def _derived(self, shown: Shown, table: Kind) -> Shown:
        """Let own acts that the server has not seen move their parent here too, by the same walk."""
        assert table.derive is not None
        unseen = shown.version == 0 or any(
            kept.change.kind in table.moved_by and _parent_id(kept.change.kind, kept.change.set) == str(shown.id)
            for kept in self._outbox.values()
            if kept.unplaced is None
        )
        if not unseen:
            return shown
        children = list(self._children(shown, table))
        others = {each.author for each in children if each.author != self.person} | {
            row.author for row in self._rows.values() if row.space == shown.space and row.author is not None
        }
        partner = next(iter(sorted(others - {self.person})), _NOBODY)
        derived = table.derive(_record(shown), children, frozenset({self.person, partner}), _A_DAY)
        # The day on which something was reached is the server's to say.
        moved = {name: value for name, value in derived.fields.items() if not name.endswith("_on")}
        return replace(shown, fields=shown.fields | moved)

    def _children(self, parent: Shown, table: Kind) -> Iterator[Record]:
        ids = {row.id for row in self._rows.values() if row.kind in table.moved_by}
        ids |= {RecordId(kept.change.id) for kept in self._outbox.values() if kept.change.kind in table.moved_by}
        for identity in ids:
            child = self._laid(identity)
            if child is None or _parent_id(child.kind, child.fields) != str(parent.id):
                continue
            kind = KINDS[child.kind]
            content = {name: child.fields.get(name) for name in kind.written}
            if isinstance(judged(kind, content), Refusal):
                continue
            order = child.fields.get("order")
            if not isinstance(order, int):
                order = _UNORDERED + self._first_nth(identity)
            yield _record(replace(child, fields=content | {"order": order}))

    def _has_its_parent(self, shown: Shown, table: Kind) -> bool:
        if table.derive is not None and shown.fields.get("state") is None:
            return False
        if table.parent is None or table.parent.known:
            return True
        named = _parent_id(shown.kind, shown.fields)
        parent = None if named is None else self._laid(RecordId(UUID(named)))
        return parent is not None and not parent.gone and parent.kind in table.parent.kinds

    # Below: the shelves ----------------------------------------------------------------------------------------

    def _row_of(self, identity: RecordId) -> Row | None:
        """Return the record with this id; should two spaces hold one, the one that still stands."""
        rows = [self._rows[home, identity] for home in self._homes.get(identity, ())]
        return min(rows, key=lambda row: (row.gone, str(row.space)), default=None)

    def _of(self, identity: RecordId) -> list[Kept]:
        """Return the edits that are shown in a record, in the order made: none that was or will be refused."""
        edits = self._all_of(identity)
        return [kept for kept in edits if kept.unplaced is None and NO_FIELD not in kept.change.set]

    def _all_of(self, identity: RecordId) -> list[Kept]:
        return sorted((self._outbox[key] for key in self._pending.get(identity, ())), key=lambda each: each.nth)

    def _first_nth(self, identity: RecordId) -> int:
        return min((kept.nth for kept in self._of(identity)), default=0)

    @property
    def _personal(self) -> SpaceId | None:
        return next((each for each, space in self.spaces.items() if space.home == "personal"), None)

    def _space_of(self, change: Change) -> SpaceId | None:
        """Return the space that a change is for: its kind's home, of the couple that it names."""
        table = KINDS.get(change.kind)
        if table is None:
            return None
        couple = change.couple if table.home == "couple" else None
        spaces = (each for each in self.spaces.values() if each.home == table.home and each.couple == couple)
        found = next(spaces, None)
        return None if found is None else SpaceId(found.id)

    def _put(self, row: Row) -> None:
        key = (row.space, row.id)
        if key not in self._rows:
            self._homes.setdefault(row.id, []).append(row.space)
        self._rows[key] = row
        self._pieces["row", _row_key(key)] = msgspec.json.encode(row)

    def _drop(self, space: SpaceId, identity: RecordId) -> None:
        del self._rows[space, identity]
        self._homes[identity].remove(space)
        self._pieces["row", _row_key((space, identity))] = None

    def _put_rebuilt(self, row: Row) -> None:
        self._rebuilt[row.space, row.id] = row
        self._pieces["rebuilt", _row_key((row.space, row.id))] = msgspec.json.encode(row)

    def _hold(self, kept: Kept) -> None:
        key = kept.change.key
        if key not in self._outbox:
            self._pending.setdefault(RecordId(kept.change.id), []).append(key)
        self._outbox[key] = kept
        self._pieces["outbox", str(key)] = msgspec.json.encode(kept)

    def _release(self, kept: Kept) -> None:
        identity = RecordId(kept.change.id)
        del self._outbox[kept.change.key]
        self._pending[identity].remove(kept.change.key)
        if not self._pending[identity]:
            del self._pending[identity]
        self._pieces["outbox", str(kept.change.key)] = None

    def _save_place(self) -> None:
        self._pieces["place", ""] = msgspec.json.encode(_Place(self.person, self.device, self.cursor))


_A_DAY = date(2000, 1, 1)
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a rule wants a time whose answer is not used."""

_DRAFTS = frozenset(kind.name for kind in DRAFTED_AS.values())

_SPACES = msgspec.json.Decoder(SpaceView)
_ROWS = msgspec.json.Decoder(Row)
_KEPT = msgspec.json.Decoder(Kept)


def _age_ms(made_ms: int | None, now_ms: int) -> int | None:
    if made_ms is None or made_ms > now_ms:
        return None
    return min(now_ms - made_ms, VERSION_MAX)


def _row_key(key: tuple[SpaceId, RecordId]) -> str:
    return f"{key[0]}/{key[1]}"


def _author_of(row: Row | None, edits: list[Kept]) -> PersonId | None:
    """Return who made a record, where somebody has said so: what comes back may be the partner's."""
    if row is not None:
        return row.author
    said = (kept.change.origin.author for kept in edits if kept.change.origin is not None)
    return next((PersonId(author) for author in said if author is not None), None)


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


def _record(shown: Shown) -> Record:
    """Return what the rules ask about: where it is stored plays no part in them here."""
    return Record(
        space=shown.space or SpaceId(UUID(int=0)),
        kind=shown.kind,
        id=shown.id,
        version=shown.version,
        created=0,
        author=shown.author,
        fields=shown.fields,
        removed=shown.removed,
    )


def _situation(person: PersonId, couple: CoupleId | None) -> Situation:
    return Situation(actor=person, couple=couple, now=_MIDNIGHT, today=_A_DAY)


def _parent_id(kind: str, values: dict[str, Any]) -> str | None:
    """Return the canonical id of the parent that these fields name."""
    parent = KINDS[kind].parent
    named = None if parent is None else as_uuid(values.get(parent.field))
    return None if named is None else str(named)
