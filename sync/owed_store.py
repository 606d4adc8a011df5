"""What devices of client libraries are to be told once more, in PostgreSQL: by the id that the client knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from sync.life_store import IN_THIS_LIFE
from sync.ports import Caller, Owed

OWE: Final = f"""
WITH raised AS (
    UPDATE space SET head = head + 1, {IN_THIS_LIFE}
    WHERE space_id = $1 AND home = 'personal' AND EXISTS (
        SELECT 1 FROM member m WHERE m.space_id = $1 AND m.person_id = $2 AND m.left_on IS NULL
    )
    RETURNING head
),
told AS (
    DELETE FROM owed WHERE space_id = $1 AND device_id = $3 AND version <= $7
        AND (kind, named) NOT IN (SELECT * FROM unnest($4::text[], $5::text[]))
)
INSERT INTO owed (space_id, device_id, kind, named, version, owed_at)
SELECT $1, $3, u.kind, u.named, raised.head, $6 FROM raised, unnest($4::text[], $5::text[]) AS u (kind, named)
ON CONFLICT (space_id, device_id, kind, named) DO UPDATE SET version = excluded.version, owed_at = excluded.owed_at
RETURNING version"""

OWED: Final = """
SELECT o.kind, o.named, o.version
FROM owed o
JOIN member m ON m.space_id = o.space_id AND m.person_id = $2 AND m.left_on IS NULL
WHERE o.space_id = $1 AND o.device_id = $3 AND o.version > $4 AND o.version <= $5
ORDER BY o.version, o.kind, o.named
LIMIT $6"""

FORGET_OLD_OWED: Final = """
DELETE FROM owed WHERE (space_id, device_id, kind, named) IN (
    SELECT space_id, device_id, kind, named FROM owed WHERE owed_at < $1 LIMIT $2
)"""


async def owe(connection: Any, caller: Caller, owed: Sequence[Owed], told: int, now: datetime) -> int | None:
    """Note what the caller's device is to be told, and forget what it has been told; return the raised head."""
    version: int | None = await connection.fetchval(
        OWE,
        caller.personal,
        caller.person,
        caller.device,
        [each.kind for each in owed],
        [each.named for each in owed],
        now,
        told,
    )
    return version


async def owed(connection: Any, caller: Caller, after: int, upto: int, limit: int) -> list[Owed]:
    """Return at most `limit` of what the caller's device is to be told, the oldest first.

    That is what stands at the versions of the person's own space beyond `after`, up to `upto`.
    """
    rows = await connection.fetch(OWED, caller.personal, caller.person, caller.device, after, upto, limit)
    return [Owed(kind=row["kind"], named=row["named"], version=row["version"]) for row in rows]


async def forget_old_owed(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete what was owed before, and return how much."""
    tag: str = await pool.execute(FORGET_OLD_OWED, before, rows_max)
    return int(tag.rpartition(" ")[2])
