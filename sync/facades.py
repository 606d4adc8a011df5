"""What every client library's facade has to know before and after a push: the caller's spaces, what is stored, bases.

A client library pushes whole documents. What is an edit in them, and what its client still has to be told, each facade
finds from here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from domain.ids import RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Record
from sync.lives import common
from sync.ports import Caller, Loaded, Page, Place, Shadow, Snapshot, Space, Store, Wanted
from sync.purge import holds_purged
from sync.reconcile import Decisions
from sync.submitted import Submitted, is_bare, life_of, snapshot
from sync.wire import VERSION_MAX, Change
from sync.withheld import as_told


async def as_it_is(store: Store, caller: Caller, again: Collection[RecordId] = ()) -> Page:
    """Return the caller's spaces as they are now, and these records."""
    page = await store.changed_since(caller, dict.fromkeys(caller.spaces, VERSION_MAX), limit=0, again=again)
    return replace(page, besides=[as_told(row, caller.person, page.spaces) for row in page.besides])


def home_of(row: Submitted, spaces: Mapping[SpaceId, Space]) -> Space | None:
    """Return the space in which a document of its kind stands, if the caller has it."""
    kind = KINDS.get(row.kind)
    if kind is None:
        return None
    named = None if kind.home == "personal" else row.couple
    return next((each for each in spaces.values() if (each.home, each.couple) == (kind.home, named)), None)


async def stored_of(
    store: Store, caller: Caller, rows: Sequence[Submitted], spaces: Mapping[SpaceId, Space]
) -> dict[RecordId, Record]:
    """Return what is stored of these rows' records, each in the home of its kind."""
    loaded = await store.load(caller, Wanted(ids={row.id for row in rows if row.id is not None}))
    strays = _of_earlier_couples(loaded.records.values(), rows, spaces)
    return strays | in_their_homes(loaded.records.values(), rows, spaces)


def _of_earlier_couples(
    records: Iterable[Record], rows: Sequence[Submitted], spaces: Mapping[SpaceId, Space]
) -> dict[RecordId, Record]:
    """Return what is stored of rows that name a couple which the caller is in no more, nor holds a keepsake of.

    A couple that has come back has another id on the same space.
    """
    strays = {(row.id, row.kind) for row in rows if row.couple is not None and home_of(row, spaces) is None}
    return {each.id: each for each in records if (each.id, each.kind) in strays}


def in_their_homes(
    records: Iterable[Record], rows: Sequence[Submitted], spaces: Mapping[SpaceId, Space]
) -> dict[RecordId, Record]:
    """Return those of the records that stand where these rows belong."""
    homes = {row.id: space.id for row in rows if (space := home_of(row, spaces)) is not None}
    return {each.id: each for each in records if each.space == homes.get(each.id)}


def base_of(row: Submitted, spaces: Mapping[SpaceId, Space]) -> int:
    """Return the version that a client knew of a record, in the life that the record's space has now.

    Who knew only that it was removed has seen nothing of what it holds.
    """
    if row.assumed is not None and is_bare(row.assumed):
        return 0
    epoch, rev = life_of(row.new if row.assumed is None else row.assumed)
    if epoch is None:
        return 0
    return max((common(space, Place(epoch, rev)) for space in spaces.values()), default=0)


def shadows_of(
    edits: Mapping[UUID, tuple[Submitted, Change]],
    loaded: Loaded,
    decisions: Decisions,
    id_keys: Mapping[SpaceId, bytes],
) -> list[Shadow]:
    """Return what is to be kept of edits, by their keys: what was submitted, and what version came of it.

    It is one a record, the last: a row can be several changes, and a client can push it twice. Of one that still holds
    words which were destroyed since only that there was one: it is nobody's base.
    """
    records = {record.id: record for record in loaded.records.values()}
    records |= {each.record.id: each.record for each in decisions.writes.records}
    kept: dict[RecordId, Shadow] = {}
    for outcome in decisions.outcomes:
        row, change = edits[outcome.key]
        if outcome.status in ("refused", "duplicate") or outcome.version is None or row.id not in records:
            continue
        record, said = records[row.id], snapshot(row.new)
        destroyed = holds_purged(
            said.fields, record.purged, base=change.base, id_key=id_keys[record.space], record=record.id
        )
        kept[row.id] = Shadow(
            space=record.space,
            record=row.id,
            kind=row.kind,
            version=0 if destroyed else outcome.version,
            snapshot=Snapshot({}) if destroyed else said,
        )
    return list(kept.values())
