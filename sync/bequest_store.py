"""What somebody who is deleted has written in spaces that their partners still hold, in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import Record
from sync.bodies import encoded
from sync.life_store import IN_THIS_LIFE
from sync.ports import Stored, Writes
from sync.sealing import SealBroken, SpaceKeys
from sync.space_store import HOLD_SPACE
from sync.store import SAVE_RAISED, arrays, record_of


class Bequest(Struct, frozen=True, kw_only=True):
    """What is to be erased in a space, of whom and when; `upto` is the version up to which it was looked at."""

    space: SpaceId
    person: PersonId
    deletion: UUID
    ghost: PersonId
    due_at: datetime
    devices: Sequence[DeviceId]
    upto: int = 0


async def bequeath(connection: Any, left: Bequest) -> None:
    """Note what is to be erased of somebody's when it is due; their name goes at once."""
    await connection.execute(
        BEQUEATH, left.space, left.person, left.deletion, left.ghost, left.due_at, left.devices, left.upto
    )
    await connection.execute(UNNAME, left.space, left.person)


async def due(pool: asyncpg.Pool, now: datetime, most: int) -> list[Bequest]:
    """Return at most so many that are due, the longest due first."""
    return [
        Bequest(
            space=row["space_id"],
            person=row["person_id"],
            deletion=row["deletion_id"],
            ghost=row["ghost_id"],
            due_at=row["due_at"],
            devices=row["devices"],
            upto=row["upto"],
        )
        for row in await pool.fetch(DUE, now, most)
    ]


async def postpone(pool: asyncpg.Pool, each: Bequest, until: datetime) -> None:
    """Look at a space later."""
    await pool.execute(POSTPONE, each.space, each.person, until)


async def forget_behind(pool: asyncpg.Pool, each: Bequest, rows_max: int) -> bool:
    """Delete at most so many rows of what stands behind the space's records; return whether nothing is left.

    The space is closed for as long as earlier values are kept, so that they go by their age in any case.
    """
    tags = [
        await pool.execute(FORGET_REVISIONS_OF, each.space, rows_max),
        await pool.execute(FORGET_SHADOWS_OF, each.space, rows_max),
        await pool.execute(FORGET_OUTCOMES_OF, each.space, rows_max, each.devices),
    ]
    return all(int(tag.rpartition(" ")[2]) < rows_max for tag in tags)


class Batch(Struct, frozen=True):
    """Records of a space that is held still. Those that do not open have no fields."""

    head: int
    records: Sequence[Record]
    more: bool


async def held_batch(connection: Any, keys: SpaceKeys, each: Bequest, rows_max: int) -> Batch:
    """Hold a space until the transaction ends, and return its next records by version."""
    await connection.execute(HOLD_SPACE, each.space)
    head = await connection.fetchval(HEAD_OF, each.space)
    rows = await connection.fetch(NEXT, each.space, each.upto, rows_max)
    return Batch(head or 0, [_opened(keys, row) for row in rows], len(rows) == rows_max)


async def families(connection: Any, keys: SpaceKeys, space: SpaceId, goals: Collection[RecordId]) -> list[Record]:
    """Return these goals, and all that belongs to them."""
    if not goals:
        return []
    return [_opened(keys, row) for row in await connection.fetch(FAMILIES, space, list(goals))]


async def put(connection: Any, keys: SpaceKeys, batch: Batch, changed: Sequence[Record], now: datetime) -> int:
    """Store records of a space that is held under its next versions, and return its new head."""
    numbered = [replace(record, version=batch.head + nth) for nth, record in enumerate(changed, 1)]
    head = batch.head + len(numbered)
    space = numbered[0].space
    await connection.execute(RAISE_TO, space, head)
    writes = Writes(spaces={}, heads={}, records=tuple(Stored(record, encoded(record)) for record in numbered))
    await connection.fetchval(SAVE_RAISED, *arrays({space: keys}, writes, now, None))
    return head


async def looked_at(connection: Any, each: Bequest, upto: int) -> None:
    """Note how far a space was looked at."""
    await connection.execute(LOOKED_AT, each.space, each.person, upto)


async def settle(connection: Any, each: Bequest) -> None:
    """Let nobody stand where the person stood: nothing is left of them in this space."""
    await connection.execute(STAND_IN, each.space, each.person, each.ghost)
    await connection.execute(SETTLE, each.space, each.person)


def _opened(keys: SpaceKeys, row: asyncpg.Record) -> Record:
    try:
        return record_of(row, lambda kind, sealed: keys.open(kind, row["id"], sealed))
    except SealBroken:
        return Record(
            space=SpaceId(row["space_id"]),
            kind=row["kind"],
            id=RecordId(row["id"]),
            version=row["version"],
            created=row["created"],
            author=PersonId(row["author"]),
        )


BEQUEATH: Final = """
INSERT INTO bequest (space_id, person_id, deletion_id, ghost_id, due_at, devices, upto)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"""

UNNAME: Final = "UPDATE member SET name = NULL WHERE space_id = $1 AND person_id = $2"

DUE: Final = "SELECT * FROM bequest WHERE due_at <= $1 ORDER BY due_at LIMIT $2"

POSTPONE: Final = "UPDATE bequest SET due_at = $3 WHERE space_id = $1 AND person_id = $2"

FORGET_REVISIONS_OF: Final = """
DELETE FROM revision WHERE space_id = $1 AND (record_id, version) IN (
    SELECT record_id, version FROM revision WHERE space_id = $1 LIMIT $2)"""

FORGET_SHADOWS_OF: Final = """
DELETE FROM shadow WHERE space_id = $1 AND (device_id, record_id) IN (
    SELECT device_id, record_id FROM shadow WHERE space_id = $1 LIMIT $2)"""

FORGET_OUTCOMES_OF: Final = """
DELETE FROM outcome WHERE space_id = $1 AND (device_id, key) IN (
    SELECT device_id, key FROM outcome WHERE space_id = $1 AND device_id = ANY($3::uuid[]) LIMIT $2)"""

HEAD_OF: Final = "SELECT head FROM space WHERE space_id = $1"

NEXT: Final = "SELECT * FROM record WHERE space_id = $1 AND version > $2 ORDER BY version LIMIT $3"

FAMILIES: Final = """
SELECT * FROM record WHERE space_id = $1 AND (id = ANY($2::uuid[]) OR family = ANY($2::uuid[]))"""

RAISE_TO: Final = f"UPDATE space SET head = $2, {IN_THIS_LIFE} WHERE space_id = $1"

LOOKED_AT: Final = "UPDATE bequest SET upto = $3 WHERE space_id = $1 AND person_id = $2"

STAND_IN: Final = """
UPDATE member SET person_id = $3, personal_space_id = $3 WHERE space_id = $1 AND person_id = $2"""

SETTLE: Final = "DELETE FROM bequest WHERE space_id = $1 AND person_id = $2"
