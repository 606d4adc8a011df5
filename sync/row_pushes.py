"""What WatermelonDB's rows are judged by: what was known before a push, and what its device does not know after."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypedDict

from msgspec import Struct

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Record
from sync.documents import BESIDE, DELETED
from sync.facades import base_of, home_of, in_their_homes
from sync.paging import Asked
from sync.ports import Caller, History, Page, Shadow, Space, Store, Wanted
from sync.row_edits import Edited, edit_of, is_sent_again, needs_history, newer, removal_of
from sync.rows import document_of, row_of
from sync.sent_again import asks, changes_sent_again
from sync.submitted import Submitted, alike
from sync.wire import Change

_NAMED: Final = re.compile(r"[A-Za-z0-9-]{1,36}")
"""What a client may have named a row: an id of Haven's kind, in whatever spelling, or one of WatermelonDB's own."""


class Known(Struct, frozen=True, kw_only=True):
    """What is stored before a push, as far as its rows are to be judged by it."""

    spaces: Mapping[SpaceId, Space]
    there: Mapping[tuple[str, RecordId | None], Record]
    """What is stored under the ids of the rows, wherever, by kind and id."""
    stored: Mapping[RecordId | None, Record]
    """The same, where it stands in the home of its kind."""
    shadows: Mapping[RecordId | None, Shadow]
    history: History


async def known_of(store: Store, caller: Caller, edited: Collection[Edited]) -> Known:
    """Return what is stored before a push."""
    ids = ids_of(edited)
    rows = [each.row for each in edited]
    shadows: dict[RecordId | None, Shadow] = {each.record: each for each in await store.shadows(caller, ids)}
    loaded = await store.load(caller, Wanted(ids=ids))
    spaces = loaded.spaces
    found = in_their_homes(loaded.records.values(), rows, spaces)
    stored: dict[RecordId | None, Record] = {each.id: each for each in found.values()}
    again = [each for each in edited if _sent_again(each, spaces, shadows)]
    behind = {(each.space, each.id) for each in asks([each.row for each in again], spaces, found)}
    since = {each.row.id for each in again if _since(each, spaces, shadows) is not None}
    behind |= {
        (record.space, record.id)
        for each in edited
        if (record := stored.get(each.row.id)) is not None
        if each.row.id in since or needs_history(each, record, base_of(each.row, spaces))
    }
    return Known(
        spaces=spaces,
        there={(each.kind, each.id): each for each in loaded.records.values()},
        stored=stored,
        shadows=shadows,
        history=await store.history(caller, behind, ()) if behind else History(texts={}),
    )


def _sent_again(each: Edited, spaces: Mapping[SpaceId, Space], shadows: Mapping[RecordId | None, Shadow]) -> bool:
    return is_sent_again(each, shadows.get(each.row.id), home_of(each.row, spaces), base_of(each.row, spaces))


def _since(each: Edited, spaces: Mapping[SpaceId, Space], shadows: Mapping[RecordId | None, Shadow]) -> Shadow | None:
    """Return what a device has pushed of a row since its client was given it, as far as the store knows."""
    return newer(shadows.get(each.row.id), base_of(each.row, spaces))


def changes_of(each: Edited, known: Known, asked: Asked) -> Iterator[tuple[Submitted, Change]]:
    """Return the edits of a row, each beside what is to be kept as submitted with it."""
    row, caller = each.row, asked.caller
    space, stored = home_of(row, known.spaces), known.stored.get(row.id)
    own: _Own = {"device": caller.device, "own_key": asked.own_key}
    if each.only_id:
        there = known.there.get((row.kind, row.id))
        if there is not None:
            change = removal_of(row, there, known.spaces[there.space], asked.places.get(there.space), **own)
            if change is not None:
                yield row, change
    elif space is not None and _sent_again(each, known.spaces, known.shadows):
        since = _since(each, known.spaces, known.shadows)
        for change in changes_sent_again(row, space, stored, known.history, person=caller.person, since=since, **own):
            yield row, change
    elif each.changed or each.is_new:
        # What is neither was given to this device, is not edited, and its space is the caller's no more.
        shadow = known.shadows.get(row.id)
        edit = edit_of(each, shadow, stored, known.history, known.spaces, person=caller.person, **own)
        if edit is not None:
            yield each.as_edit, edit


class _Own(TypedDict):
    """What the key of every change is made of."""

    device: DeviceId
    own_key: bytes


def is_owed(each: Edited, after: Page, schema: int, person: PersonId) -> bool:
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


def ids_of(edited: Collection[Edited]) -> set[RecordId]:
    """Return the ids of all rows that have one."""
    return {each.row.id for each in edited if each.row.id is not None}
