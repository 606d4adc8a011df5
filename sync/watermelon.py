"""WatermelonDB's sync protocol: changes of tables out, changes of tables in, and nothing decided here.

Its client takes every row that it has pushed for clean, whatever came of it. So a row that is not stored as it was
pushed is *owed* to that device: its next pull holds it, and no other device hears of that.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypedDict
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.records import Record
from domain.shapes import as_uuid
from sync import service
from sync.documents import BESIDE, DELETED
from sync.facades import as_it_is, base_of, home_of, shadows_of, stored_of
from sync.paging import Asked, EpochChangedError, asked_by, cursor_at, read_page
from sync.ports import Caller, History, Keys, Loaded, Owed, Page, Row, Shadow, Space, Store
from sync.reconcile import Decisions
from sync.row_edits import Edited, edit_of, edited_row, is_sent_again, needs_history, removal_of, removed_row
from sync.rows import WatermelonRow, document_of, may_hold_edits, row_of
from sync.sent_again import asks, changes_sent_again
from sync.service import id_keys_of
from sync.submitted import Submitted, alike
from sync.wire import CHANGES_MAX, Change

ROWS_MAX: Final = CHANGES_MAX
OWED_A_PULL_MAX: Final = 2 * ROWS_MAX
"""What one push can owe, twice: so a pull that tells not all of it still comes further."""
_NAMED: Final = re.compile(r"[A-Za-z0-9-]{1,36}")
"""What a client may have named a row: an id of Haven's kind, in whatever spelling, or one of WatermelonDB's own."""


class TableChanges(Struct, frozen=True):
    """What is new in one table: rows that stand in `updated` whether the client has them or not, and what has to go."""

    created: list[WatermelonRow]
    updated: list[WatermelonRow]
    deleted: list[str]


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
    again = await as_it_is(store, caller, {id_ for each in owed if (id_ := _as_id(each.named))}) if owed else None
    news = _News(asked, page.spaces)
    for row in page.rows:
        news.tell(row)
    for each in owed:
        news.tell_owed(each, again)
    return PulledChanges(
        changes=news.tables(),
        cursor=cursor_at(asked, reached),
        more=more,
        couples=[space.couple for space in page.spaces.values() if space.couple is not None],
    )


class _News:
    """The rows of one pull, each once, as an app of the asked schema knows them."""

    def __init__(self, asked: Asked, spaces: Mapping[SpaceId, Space]) -> None:
        self.asked, self.spaces = asked, spaces
        self._rows: dict[tuple[str, str], WatermelonRow | None] = {}
        """By table and id; None for what the client has to destroy."""

    def tell(self, row: Row) -> None:
        kind = self._known(row.kind)
        if kind is None or (row.body is None and not row.gone):
            return
        person = self.asked.caller.person
        # A row that is destroyed takes edits with it that wait on the device: only where there can be none.
        told = not row.gone or (may_hold_edits(kind, row, person) and not row.purged)
        made = row_of(kind, row, self.spaces[row.space], self.asked.schema, person) if told else None
        self._rows[row.kind, str(row.id)] = made

    def tell_owed(self, owed: Owed, again: Page | None) -> None:
        identity = _as_id(owed.named)
        rows = [] if again is None else [row for row in again.besides if (row.id, row.kind) == (identity, owed.kind)]
        for row in rows:
            if row.space in self.spaces:
                self.tell(row)
        if not rows and self._known(owed.kind) is not None:
            self._rows.setdefault((owed.kind, owed.named), None)

    def _known(self, name: str) -> Kind | None:
        kind = KINDS.get(name)
        return None if kind is None or kind.schema > self.asked.schema else kind

    def tables(self) -> dict[str, TableChanges]:
        made: dict[str, TableChanges] = {}
        for (kind, identity), row in self._rows.items():
            changes = made.setdefault(kind, TableChanges([], [], []))
            if row is None:
                changes.deleted.append(identity)
            else:
                changes.updated.append(row)
        return made


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
    own_key = (await id_keys_of(keys, caller))[caller.personal]
    asked = asked_by(caller, pushed.cursor, schema=schema, limit=1, now=now, own_key=own_key)
    edited = list(_edited(pushed))
    known = await _known_of(store, caller, edited)
    changes = {change.key: (row, change) for each in edited for row, change in _changes_of(each, known, asked)}
    moved: dict[SpaceId, int] = {}
    if changes:

        def submitted(loaded: Loaded, decisions: Decisions) -> tuple[Shadow, ...]:
            return tuple(shadows_of({key: row for key, (row, _) in changes.items()}, loaded, decisions))

        every = [change for _, change in changes.values()]
        moved = (await service.push(store, keys, caller, every, now, {}, new_epoch, submitted)).moved
    after = await as_it_is(store, caller, _ids_of(edited))
    owed = {(each.row.kind, each.row.named) for each in edited if _is_owed(each, after, asked.schema, caller.person)}
    if owed:
        place, own = asked.places.get(caller.personal), after.spaces[caller.personal]
        told = place.version if place is not None and place.epoch == own.epoch else 0
        owing = [Owed(kind=kind, named=named) for kind, named in sorted(owed)]
        head = await store.owe(caller, owing, told=told, now=now)
        moved |= {} if head is None else {caller.personal: head}
    return Settled(PushDone(again=bool(owed)), moved)


class _Known(Struct, frozen=True, kw_only=True):
    """What is stored before a push, as far as its rows are to be judged by it."""

    spaces: Mapping[SpaceId, Space]
    there: Mapping[tuple[str, RecordId | None], Row]
    """What is stored under the ids of the rows, wherever, by kind and id."""
    stored: Mapping[RecordId | None, Record]
    """The same, with all that is known of it, where it stands in the home of its kind."""
    shadows: Mapping[RecordId | None, Shadow]
    history: History


async def _known_of(store: Store, caller: Caller, edited: Collection[Edited]) -> _Known:
    ids = _ids_of(edited)
    rows = [each.row for each in edited]
    shadows: dict[RecordId | None, Shadow] = {each.record: each for each in await store.shadows(caller, ids)}
    page = await as_it_is(store, caller, ids)
    spaces = page.spaces
    found = await stored_of(store, caller, rows, spaces)
    stored: dict[RecordId | None, Record] = {each.id: each for each in found.values()}
    again = [each.row for each in edited if _sent_again(each, spaces, shadows)]
    behind = {(each.space, each.id) for each in asks(again, spaces, found)}
    behind |= {
        (record.space, record.id)
        for each in edited
        if (record := stored.get(each.row.id)) is not None and needs_history(each, record, base_of(each.row, spaces))
    }
    return _Known(
        spaces=spaces,
        there={(row.kind, row.id): row for row in page.besides},
        stored=stored,
        shadows=shadows,
        history=await store.history(caller, behind, ()) if behind else History(texts={}),
    )


def _sent_again(each: Edited, spaces: Mapping[SpaceId, Space], shadows: Mapping[RecordId | None, Shadow]) -> bool:
    return is_sent_again(each, shadows.get(each.row.id), home_of(each.row, spaces), base_of(each.row, spaces))


def _changes_of(each: Edited, known: _Known, asked: Asked) -> Iterator[tuple[Submitted, Change]]:
    """Return the edits of a row, each beside what is to be kept as submitted with it."""
    row, caller = each.row, asked.caller
    space, stored = home_of(row, known.spaces), known.stored.get(row.id)
    own: _Own = {"device": caller.device, "own_key": asked.own_key}
    if each.only_id:
        there = known.there.get((row.kind, row.id))
        home = None if there is None else known.spaces.get(there.space)
        if there is not None and home is not None:
            change = removal_of(row, there, home, asked.places.get(there.space), **own)
            if change is not None:
                yield row, change
    elif space is not None and _sent_again(each, known.spaces, known.shadows):
        for change in changes_sent_again(row, space, stored, known.history, person=caller.person, **own):
            yield row, change
    elif each.changed or each.is_new:
        # What is neither was given to this device, is not edited, and its space is the caller's no more.
        shadow = known.shadows.get(row.id)
        edit = edit_of(each, shadow, stored, known.history, known.spaces, **own)
        if edit is not None:
            yield each.as_edit, edit


class _Own(TypedDict):
    """What the key of every change is made of."""

    device: DeviceId
    own_key: bytes


def _is_owed(each: Edited, after: Page, schema: int, person: PersonId) -> bool:
    """Return whether a client that takes its row for clean holds something else than is stored."""
    row, kind = each.row, KINDS.get(each.row.kind)
    if kind is None or kind.schema > schema or _NAMED.fullmatch(row.named) is None:
        return False
    there = next((found for found in after.besides if (found.kind, found.id) == (row.kind, row.id)), None)
    if there is None:
        return not each.only_id
    if each.only_id:
        return not (there.removed or there.gone)
    if there.body is None and not there.gone:
        # It does not open: nobody can say what it holds.
        return False
    made = document_of(kind, row_of(kind, there, after.spaces[there.space], schema, person))
    if made[DELETED] != row.new[DELETED] or not alike(kind, made, row.new):
        return True
    servers = [name for name in each.changed if name in made and name not in kind.written and name not in BESIDE]
    return any(made[name] != row.new.get(name) for name in servers)


def _edited(pushed: PushedChanges) -> Iterator[Edited]:
    for kind, changes in pushed.changes.items():
        for row in (*changes.created, *changes.updated):
            yield edited_row(kind, row)
        for named in changes.deleted:
            yield removed_row(kind, named)


def _ids_of(edited: Collection[Edited]) -> set[RecordId]:
    return {each.row.id for each in edited if each.row.id is not None}


def _as_id(named: str) -> RecordId | None:
    identity = as_uuid(named)
    return None if identity is None or str(identity) != named else RecordId(identity)
