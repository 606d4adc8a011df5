"""One page of what is new for a device, and where the device stands after it: the same for every protocol."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId, RecordId, SpaceId
from sync import cursor
from sync.cursor import Cursor
from sync.lives import common
from sync.ports import Caller, Page, Place, Row, Space, Store
from sync.wire import SCHEMA, Reset
from sync.withheld import as_told

PAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""A page ends early when its bodies come to this, so that an answer's size is bounded too."""


class EpochChangedError(Exception):
    """A space of a client library's cursor has begun a new life, so that the client has to begin anew, too."""

    def __init__(self, reset: Reset) -> None:
        super().__init__(str(reset.epoch))
        self.reset = reset


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks for news, from where on, and in which schema."""

    caller: Caller
    cursor: Cursor
    schema: int
    limit: int
    now: datetime
    own_key: bytes
    """The id key of the caller's own space, which marks their cursors."""

    @property
    def places(self) -> Mapping[SpaceId, Place]:
        """Where the device is."""
        return self.cursor.places

    @property
    def after(self) -> dict[SpaceId, int]:
        """The versions that the device has; none of them counts for an app that was updated since."""
        updated = self.schema > self.cursor.schema
        return {space: 0 if updated else place.version for space, place in self.places.items()}


class NewsPage(Struct, frozen=True, kw_only=True):
    """A page, and the places of its reader after it. `resets` names the spaces that were read from the beginning."""

    spaces: Mapping[SpaceId, Space]
    rows: list[Row]
    besides: list[Row]
    """Records that were asked for again, and are not among the rows."""
    reached: dict[SpaceId, Place]
    more: bool
    resets: list[Reset]


def asked_by(caller: Caller, given: str | None, *, schema: int, limit: int, now: datetime, own_key: bytes) -> Asked:
    """Return what a device asks for by the cursor that it has; raise `CursorUnreadableError` for one of nobody's."""
    return Asked(
        caller=caller,
        cursor=cursor.read(given, own_key),
        schema=min(schema, SCHEMA),
        limit=limit,
        now=now,
        own_key=own_key,
    )


def cursor_at(asked: Asked, reached: Mapping[SpaceId, Place], *, given_s: int = 0) -> str:
    """Return the cursor of a device that has come so far."""
    return cursor.written(Cursor(asked.schema, reached, given_s), asked.own_key)


async def read_page(
    store: Store,
    asked: Asked,
    new_epoch: Callable[[], UUID],
    *,
    again: Collection[RecordId] = (),
    kind: str | None = None,
) -> NewsPage:
    """Read one page. Once more where a place belongs to another life of its space: then from the beginning.

    `again` names records that come besides; `kind` leaves out all others.
    """
    caller, places, limit, after = asked.caller, asked.places, asked.limit, asked.after
    page = await store.changed_since(caller, after, limit=limit, again=again, kind=kind)
    if await begun_anew(store, caller, page.spaces, places, new_epoch):
        page = await store.changed_since(caller, after, limit=limit, again=again, kind=kind)
    resets = [
        reset for space in page.spaces.values() if (reset := reset_of(space, places.get(space.id), caller.person))
    ]
    if resets:
        after |= {SpaceId(reset.space): 0 for reset in resets}
        page = await store.changed_since(caller, after, limit=limit, again=again, kind=kind)
    if page.awaited:
        at = {space: after[space] for space in page.awaited if after.get(space)}
        if at:
            await store.note_fetched(caller, at, kind)
    held, more = _cut(page, limit)
    rows = [as_told(row, caller.person, page.spaces) for row in held]
    begun = {SpaceId(reset.space) for reset in resets}
    kept = {space: place for space, place in places.items() if space not in begun}
    return NewsPage(
        spaces=page.spaces,
        rows=rows,
        besides=[row for each in page.besides if (row := as_told(each, caller.person, page.spaces)) not in rows],
        reached=_reached(caller, page, kept, after, rows, more=more),
        more=more,
        resets=resets,
    )


async def begun_anew(
    store: Store,
    caller: Caller,
    spaces: Mapping[SpaceId, Space],
    places: Mapping[SpaceId, Place],
    new_epoch: Callable[[], UUID],
) -> bool:
    """Begin a new life of every space of which this device knows more than the store; return whether there was one.

    The store has gone back then, whatever the reason, and up to its head the two histories are taken for one.
    """
    ahead = [space for space in spaces.values() if (place := places.get(space.id)) and _knows_more(space, place)]
    for space in ahead:
        await store.begin_anew(caller, space, new_epoch())
    return bool(ahead)


def _knows_more(space: Space, place: Place) -> bool:
    """Return whether a device was shown versions that the store lacks, or a life of a space that remembers no other.

    The latter store has gone back to before an earlier return, for nobody but a server can have made the cursor. With a
    new life it knows that a history was lost, and believes what phones bring back.
    """
    if place.epoch == space.epoch:
        return place.newest > space.head
    return place.newest > 0 and not space.lives


def reset_of(space: Space, place: Place | None, reader: PersonId) -> Reset | None:
    """Return how this reader's device must begin this space anew, or None when its place is still good."""
    if place is None or place.newest == 0:
        return None
    # What was forgotten beyond the head that they are told they never had.
    forgotten = max(place.version, place.horizon) < min(space.horizon, space.told_to(reader))
    if place.epoch == space.epoch:
        return Reset(space=space.id, epoch=space.epoch, head=space.told_to(reader)) if forgotten else None
    head = min(common(space, place), space.told_to(reader))
    if not forgotten and place.newest <= head:
        return None
    return Reset(space=space.id, epoch=space.epoch, head=head)


def _cut(page: Page, limit: int) -> tuple[list[Row], bool]:
    """Return the rows of one page, and whether there are more."""
    rows: list[Row] = []
    size = 0
    for row in page.rows[:limit]:
        size += len(row.body or b"")
        if rows and size > PAGE_BYTES_MAX:
            break
        rows.append(row)
    return rows, len(rows) < len(page.rows)


def _reached(
    caller: Caller,
    page: Page,
    places: Mapping[SpaceId, Place],
    after: Mapping[SpaceId, int],
    rows: Sequence[Row],
    *,
    more: bool,
) -> dict[SpaceId, Place]:
    """Return the places after this page: heads, but the last row's version where the page ended early.

    A page that ends early shows its space at the head, without what has moved since; and of spaces that it has not come
    to, outcomes and records shown again may tell already: the cursor says how far each space had come then.
    """
    reached: dict[SpaceId, Place] = {}
    full_at = caller.spaces.index(rows[-1].space) if more and rows else None
    for nth, identity in enumerate(caller.spaces):
        space = page.spaces.get(identity)
        if space is None:
            continue
        if full_at is None or nth < full_at:
            version = space.told_to(caller.person)
        elif nth == full_at:
            version = rows[-1].version
        else:
            version = after.get(identity, 0)
        # A copy that began at nothing has taken everything that was there then.
        began = after.get(identity, 0) == 0
        horizon = space.horizon if began else places[identity].horizon
        # An app that takes everything again since it was updated still has its old copy.
        reach = max(space.told_to(caller.person), places[identity].newest if identity in places else 0)
        reached[identity] = Place(space.epoch, version, horizon, space.lives, reach if reach > version else 0)
    return reached
