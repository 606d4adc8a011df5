"""Shadows in PostgreSQL: what a device of a client library submitted last of each record, sealed like the record."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from domain.ids import RecordId, SpaceId
from sync.ports import Caller, Shadow, Snapshot
from sync.sealing import SealBroken, SpaceKeys

SHADOWS: Final = """
SELECT d.space_id, d.record_id, d.kind, d.version, d.body
FROM shadow d
JOIN member m ON m.space_id = d.space_id AND m.person_id = $2 AND m.left_on IS NULL
WHERE d.space_id = ANY($1::uuid[]) AND d.device_id = $3 AND d.record_id = ANY($4::uuid[])"""

SUBMITTED: Final = """
SELECT d.record_id
FROM shadow d
JOIN member m ON m.space_id = d.space_id AND m.person_id = $2 AND m.left_on IS NULL
WHERE d.space_id = ANY($1::uuid[]) AND d.device_id = $3 AND ($4::text IS NULL OR d.kind = $4) AND d.pushed_at > $5
ORDER BY d.pushed_at DESC, d.record_id
LIMIT $6"""

KEEP_SHADOWS: Final = """
INSERT INTO shadow (space_id, device_id, record_id, kind, version, pushed_at, body)
SELECT u.space_id, $1, u.record_id, u.kind, u.version, $2, u.body
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bytea[])
    AS u (space_id, record_id, kind, version, body)
ON CONFLICT (space_id, device_id, record_id) DO UPDATE SET
    kind = excluded.kind, version = excluded.version, pushed_at = excluded.pushed_at, body = excluded.body"""
"""Runs inside the transaction that has raised the heads of these spaces for the caller."""

FORGET_SHADOWS: Final = """
DELETE FROM shadow d USING unnest($1::uuid[], $2::uuid[]) AS f (space_id, record_id)
WHERE d.space_id = f.space_id AND d.record_id = f.record_id"""
"""Likewise: of every device, the partner's too, for a text of both stands in each."""

FORGET_OLD_SHADOWS: Final = """
DELETE FROM shadow WHERE (space_id, device_id, record_id) IN (
    SELECT space_id, device_id, record_id FROM shadow WHERE pushed_at < $1 LIMIT $2
)"""

_SNAPSHOTS: Final = msgspec.json.Decoder(Snapshot)


async def shadows(
    connection: Any, opener: Mapping[SpaceId, SpaceKeys], caller: Caller, records: Collection[RecordId]
) -> list[Shadow]:
    """Return what the caller's device submitted last of these records. One that does not open was never there."""
    found: list[Shadow] = []
    for row in await connection.fetch(SHADOWS, caller.spaces, caller.person, caller.device, list(records)):
        space, record = SpaceId(row["space_id"]), RecordId(row["record_id"])
        try:
            plain = opener[space].open(_sealed_as(row["kind"]), record, row["body"])
        except (KeyError, SealBroken):
            continue
        found.append(
            Shadow(
                space=space,
                record=record,
                kind=row["kind"],
                version=row["version"],
                snapshot=_SNAPSHOTS.decode(plain),
            )
        )
    return found


async def submitted(connection: Any, caller: Caller, kind: str | None, since: datetime, limit: int) -> list[RecordId]:
    """Return at most `limit` records, of a kind or of all, that this device has submitted since, the newest first."""
    rows = await connection.fetch(SUBMITTED, caller.spaces, caller.person, caller.device, kind, since, limit)
    return [RecordId(row["record_id"]) for row in rows]


async def keep_shadows(
    connection: Any, sealer: Mapping[SpaceId, SpaceKeys], caller: Caller, kept: Sequence[Shadow], now: datetime
) -> None:
    """Keep what the caller's device has submitted instead of what it had submitted before."""
    await connection.execute(
        KEEP_SHADOWS,
        caller.device,
        now,
        [each.space for each in kept],
        [each.record for each in kept],
        [each.kind for each in kept],
        [each.version for each in kept],
        [
            sealer[each.space].seal(_sealed_as(each.kind), each.record, msgspec.json.encode(each.snapshot))
            for each in kept
        ],
    )


def _sealed_as(kind: str) -> str:
    return f"shadow/{kind}"


async def forget_old_shadows(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete what was submitted before, and return how many."""
    tag: str = await pool.execute(FORGET_OLD_SHADOWS, before, rows_max)
    return int(tag.rpartition(" ")[2])
