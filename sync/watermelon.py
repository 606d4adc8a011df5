"""WatermelonDB's sync protocol: changes of tables out, changes of tables in, and nothing decided here.

Its client takes every row that it has pushed for clean, whatever came of it. So a row that is not stored as it was
pushed is *owed* to that device: its next pull holds it, and no other device hears of that.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import SpaceId
from domain.shapes import as_uuid
from sync import service
from sync.facades import as_it_is, shadows_of
from sync.paging import EpochChangedError, asked_by, cursor_at, read_page
from sync.ports import Caller, Keys, Loaded, Owed, Shadow, Store
from sync.reconcile import Decisions
from sync.row_edits import Edited, edited_row, removed_row
from sync.row_news import News, TableChanges, as_id
from sync.row_pushes import changes_of, ids_of, is_owed, known_of
from sync.rows import WatermelonRow
from sync.service import id_keys_of
from sync.wire import CHANGES_MAX

ROWS_MAX: Final = CHANGES_MAX
OWED_A_PULL_MAX: Final = 2 * ROWS_MAX
"""What one push can owe, twice: so a pull that tells not all of it still comes further."""


class TableEdits(Struct, frozen=True):
    """What a client has edited in one table. It tells new rows from others; Haven does not need to."""

    created: list[WatermelonRow] = []
    updated: list[WatermelonRow] = []
    deleted: list[str] = []


class PulledChanges(Struct, frozen=True, kw_only=True):
    """One page of a pull. `couples` names those of whom the caller may hold rows; with `more` there is another page."""

    changes: dict[str, TableChanges]
    cursor: str
    more: bool
    couples: list[UUID]


class PushedChanges(Struct, frozen=True):
    """What a client pushes: the edited rows of its tables, and the cursor of its last pull."""

    changes: dict[str, TableEdits]
    cursor: str | None = None

    @property
    def count(self) -> int:
        """All rows of all tables."""
        return sum(len(each.created) + len(each.updated) + len(each.deleted) for each in self.changes.values())


class PushDone(Struct, frozen=True):
    """Whether the next pull holds something that this device has to be told, so that it should come at once."""

    again: bool


class Tables(Struct, frozen=True):
    """The table of each kind, as an app of this schema knows it: what WatermelonDB's `tableSchema` takes."""

    schema: int
    tables: dict[str, Any]


class Settled(Struct, frozen=True):
    """What came of a push, and the heads that have moved."""

    done: PushDone
    moved: dict[SpaceId, int]


async def pull(
    store: Store,
    keys: Keys,
    caller: Caller,
    *,
    cursor: str | None,
    schema: int,
    limit: int,
    now: datetime,
    new_epoch: Callable[[], UUID],
) -> PulledChanges:
    """Return one page of what is new in all tables, and what this device is owed.

    Raise `CursorUnreadableError` for a cursor that is not this person's, `EpochChangedError` for one of a life that is
    over.
    """
    own_key = (await id_keys_of(keys, caller))[caller.personal]
    asked = asked_by(caller, cursor, schema=schema, limit=limit, now=now, own_key=own_key)
    page = await read_page(store, asked, new_epoch)
    if page.resets:
        raise EpochChangedError(page.resets[0])
    reached, more = dict(page.reached), page.more
    here = reached[caller.personal]
    owed = await store.owed(
        caller, after=asked.after.get(caller.personal, 0), upto=here.version, limit=OWED_A_PULL_MAX + 1
    )
    if len(owed) > OWED_A_PULL_MAX:
        # All that one push owes has one version: the next page begins with it.
        first_left = owed[-1].version
        owed = [each for each in owed if each.version < first_left]
        reached[caller.personal] = replace(here, version=first_left - 1, reach=here.newest)
        more = True
    news = News(asked, page.spaces)
    for row in page.rows:
        news.tell(row)
    if owed:
        again = await as_it_is(store, caller, {id_ for each in owed if (id_ := as_id(each.named))})
        for each in owed:
            news.tell_owed(each, again)
    return PulledChanges(
        changes=news.tables(),
        cursor=cursor_at(asked, reached),
        more=more,
        couples=[space.couple for space in page.spaces.values() if space.couple is not None],
    )


async def push(
    store: Store,
    keys: Keys,
    caller: Caller,
    pushed: PushedChanges,
    *,
    schema: int,
    now: datetime,
    new_epoch: Callable[[], UUID],
) -> Settled:
    """Settle edited rows, and note which of them this device has to be told as they are stored.

    Nothing is a fault of content: what cannot be stored is owed to the device as deleted, and its words are kept as
    `unplaced`. Raise `CursorUnreadableError` as `pull` does.
    """
    id_keys = await id_keys_of(keys, caller)
    own_key = id_keys[caller.personal]
    asked = asked_by(caller, pushed.cursor, schema=schema, limit=1, now=now, own_key=own_key)
    edited = list(_edited(pushed))
    known = await known_of(store, caller, edited)
    changes = {change.key: (row, change) for each in edited for row, change in changes_of(each, known, asked)}
    moved: dict[SpaceId, int] = {}
    if changes:

        def submitted(loaded: Loaded, decisions: Decisions) -> tuple[Shadow, ...]:
            return tuple(shadows_of(changes, loaded, decisions, id_keys))

        every = [change for _, change in changes.values()]
        moved = (await service.push(store, keys, caller, every, now, {}, new_epoch, submitted)).moved
    after = await as_it_is(store, caller, ids_of(edited))
    owed = {(each.row.kind, each.row.named) for each in edited if is_owed(each, after, asked.schema, caller.person)}
    if not caller.may_keep:
        # A name could be a word; who has not agreed is told of what Haven has named (I34).
        owed = {(kind, named) for kind, named in owed if as_uuid(named) is not None}
    if owed:
        place, own = asked.places.get(caller.personal), after.spaces[caller.personal]
        told = place.version if place is not None and place.epoch == own.epoch else 0
        owing = [Owed(kind=kind, named=named) for kind, named in sorted(owed)]
        head = await store.owe(caller, owing, told=told, now=now)
        moved |= {} if head is None else {caller.personal: head}
    return Settled(PushDone(again=bool(owed)), moved)


def _edited(pushed: PushedChanges) -> Iterator[Edited]:
    for kind, changes in pushed.changes.items():
        for row in (*changes.created, *changes.updated):
            yield edited_row(kind, row)
        for named in changes.deleted:
            yield removed_row(kind, named)
