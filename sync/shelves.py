"""What a device holds, shelf by shelf: what the server said, and the edits in the outbox.

Everything may be looked at. What is changed is changed here, and is named as a piece to be stored, so that a device can
be built again from its pieces at any moment.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from sync.resend import Row
from sync.wire import NO_FIELD, Change, SpaceView

Shelf = Literal["place", "space", "row", "rebuild", "rebuilt", "outbox"]


class Piece(NamedTuple):
    """One thing to store under (shelf, key), or to delete where `value` is None."""

    shelf: Shelf
    key: str
    value: bytes | None


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


class _Place(Struct, frozen=True):
    """Whose device this is, and how far it has read."""

    person: PersonId
    device: DeviceId
    cursor: str | None = None


class Shelves:
    """What one device of one person holds.

    `rows` is what the server said; `rebuilt` is what it has said so far of the spaces in `rebuilds`, which are taken
    anew; `outbox` holds the edits of which the last has not been heard, by their keys.
    """

    def __init__(self, person: PersonId, device: DeviceId) -> None:
        self.person = person
        self.device = device
        self.cursor: str | None
        self.spaces: dict[SpaceId, SpaceView] = {}
        self.rebuilds: dict[SpaceId, Rebuild] = {}
        self.rows: dict[tuple[SpaceId, RecordId], Row] = {}
        self.rebuilt: dict[tuple[SpaceId, RecordId], Row] = {}
        self.outbox: dict[UUID, Kept] = {}
        self._homes: dict[RecordId, list[SpaceId]] = {}
        self._pending: dict[RecordId, list[UUID]] = {}
        self._pieces: dict[tuple[Shelf, str], bytes | None] = {}
        self.move_to(None)

    # On disk ---------------------------------------------------------------------------------------------------

    @classmethod
    def restored(cls, pieces: Iterable[tuple[str, bytes]]) -> "Shelves":
        """Fill the shelves with every (shelf, value) that was stored, in any order."""
        stored: dict[str, list[bytes]] = {}
        for shelf, value in pieces:
            stored.setdefault(shelf, []).append(value)
        place = _PLACES.decode(stored["place"][0])
        shelves = cls(place.person, place.device)
        shelves.move_to(place.cursor)
        for value in stored.get("space", ()):
            shelves.note(_SPACES.decode(value))
        for value in stored.get("row", ()):
            shelves.put(_ROWS.decode(value))
        for value in stored.get("rebuild", ()):
            shelves.begin_anew(_REBUILDS.decode(value))
        for value in stored.get("rebuilt", ()):
            shelves.put_rebuilt(_ROWS.decode(value))
        for kept in sorted((_KEPT.decode(value) for value in stored.get("outbox", ())), key=lambda each: each.nth):
            shelves.hold(kept)
        shelves._pieces.clear()
        return shelves

    def saves(self) -> list[Piece]:
        """Return what has changed since the last call, to be stored in one transaction before anything is answered."""
        pieces = [Piece(shelf, key, value) for (shelf, key), value in self._pieces.items()]
        self._pieces.clear()
        return pieces

    # Records ---------------------------------------------------------------------------------------------------

    def row_of(self, identity: RecordId) -> Row | None:
        """Return the record with this id; should two spaces hold one, the one that still stands."""
        rows = [self.rows[home, identity] for home in self.homes_of(identity)]
        return min(rows, key=lambda row: (row.gone, str(row.space)), default=None)

    def homes_of(self, identity: RecordId) -> list[SpaceId]:
        """Return the spaces that hold a record with this id."""
        return list(self._homes.get(identity, ()))

    def put(self, row: Row) -> None:
        """Let this be what the server said of a record."""
        key = (row.space, row.id)
        if key not in self.rows:
            self._homes.setdefault(row.id, []).append(row.space)
        self.rows[key] = row
        self._pieces["row", _row_key(key)] = msgspec.json.encode(row)

    def drop(self, space: SpaceId, identity: RecordId) -> None:
        """Forget what the server said of a record."""
        key = (space, identity)
        del self.rows[key]
        self._homes[identity].remove(space)
        self._pieces["row", _row_key(key)] = None

    # Spaces ----------------------------------------------------------------------------------------------------

    @property
    def couple(self) -> CoupleId | None:
        """The active couple, as far as this device knows."""
        active = (space.couple for space in self.spaces.values() if space.home == "couple" and space.state == "active")
        found = next(active, None)
        return None if found is None else CoupleId(found)

    @property
    def personal(self) -> SpaceId | None:
        """The person's own space, once this device has heard of it."""
        return next((each for each, space in self.spaces.items() if space.home == "personal"), None)

    def is_couple_s(self, space: SpaceId) -> bool:
        """Return whether this is known to be a couple's space."""
        return space in self.spaces and self.spaces[space].home == "couple"

    def space_of(self, change: Change) -> SpaceId | None:
        """Return the space that a change is for: its kind's home, of the couple that it names."""
        table = KINDS.get(change.kind)
        if table is None:
            return None
        couple = change.couple if table.home == "couple" else None
        spaces = (each for each in self.spaces.values() if each.home == table.home and each.couple == couple)
        found = next(spaces, None)
        return None if found is None else SpaceId(found.id)

    def note(self, view: SpaceView) -> None:
        """Note how a space stands."""
        space = SpaceId(view.id)
        if self.spaces.get(space) != view:
            self.spaces[space] = view
            self._pieces["space", str(space)] = msgspec.json.encode(view)

    def let_go(self, space: SpaceId) -> None:
        """Forget a space that its person has let go, and all that the server said of it."""
        if space not in self.spaces:
            return
        if space in self.rebuilds:
            self.begin_anew(self.rebuilds[space])
            del self.rebuilds[space]
            self._pieces["rebuild", str(space)] = None
        for key in [key for key in self.rows if key[0] == space]:
            self.drop(*key)
        del self.spaces[space]
        self._pieces["space", str(space)] = None

    def move_to(self, cursor: str | None) -> None:
        """Note how far this device has read."""
        self.cursor = cursor
        self._pieces["place", ""] = msgspec.json.encode(_Place(self.person, self.device, cursor))

    # Spaces taken anew -----------------------------------------------------------------------------------------

    def begin_anew(self, rebuild: Rebuild) -> None:
        """Collect the new copy of a space beside the old one, from nothing."""
        for key in [key for key in self.rebuilt if key[0] == rebuild.space]:
            self._drop_rebuilt(key)
        self.rebuilds[rebuild.space] = rebuild
        self._pieces["rebuild", str(rebuild.space)] = msgspec.json.encode(rebuild)

    def put_rebuilt(self, row: Row) -> None:
        """Put a record into the new copy."""
        key = (row.space, row.id)
        self.rebuilt[key] = row
        self._pieces["rebuilt", _row_key(key)] = msgspec.json.encode(row)

    def swap(self, space: SpaceId) -> None:
        """Put the new copy in the old one's place."""
        pulled = [row for row in self.rebuilt.values() if row.space == space]
        for key in self.rows.keys() - self.rebuilt.keys():
            if key[0] == space:
                self.drop(*key)
        for row in pulled:
            self.put(row)
            self._drop_rebuilt((space, row.id))
        del self.rebuilds[space]
        self._pieces["rebuild", str(space)] = None

    def _drop_rebuilt(self, key: tuple[SpaceId, RecordId]) -> None:
        del self.rebuilt[key]
        self._pieces["rebuilt", _row_key(key)] = None

    # The outbox ------------------------------------------------------------------------------------------------

    def waiting(self) -> list[Kept]:
        """Return the edits that the server has not answered, in the order made."""
        return [kept for kept in sorted(self.outbox.values(), key=lambda each: each.nth) if kept.waits]

    def answered(self) -> list[Kept]:
        """Return the edits that are decided, and of which something is still to arrive here."""
        return [kept for kept in self.outbox.values() if not kept.waits]

    def edits_of(self, identity: RecordId) -> list[Kept]:
        """Return the edits of a record, in the order made."""
        return sorted((self.outbox[key] for key in self._pending.get(identity, ())), key=lambda each: each.nth)

    def edits_shown_in(self, identity: RecordId) -> list[Kept]:
        """Return the edits that are shown in a record, in the order made: none that was or will be refused."""
        edits = self.edits_of(identity)
        return [kept for kept in edits if kept.unplaced is None and NO_FIELD not in kept.change.set]

    def hold(self, kept: Kept) -> None:
        """Put an edit into the outbox, or in the place of the one with its key."""
        key = kept.change.key
        if key not in self.outbox:
            self._pending.setdefault(RecordId(kept.change.id), []).append(key)
        self.outbox[key] = kept
        self._pieces["outbox", str(key)] = msgspec.json.encode(kept)

    def release(self, kept: Kept) -> None:
        """Take an edit out of the outbox."""
        identity, key = RecordId(kept.change.id), kept.change.key
        del self.outbox[key]
        self._pending[identity].remove(key)
        if not self._pending[identity]:
            del self._pending[identity]
        self._pieces["outbox", str(key)] = None


_PLACES = msgspec.json.Decoder(_Place)
_SPACES = msgspec.json.Decoder(SpaceView)
_ROWS = msgspec.json.Decoder(Row)
_REBUILDS = msgspec.json.Decoder(Rebuild)
_KEPT = msgspec.json.Decoder(Kept)


def _row_key(key: tuple[SpaceId, RecordId]) -> str:
    return f"{key[0]}/{key[1]}"
