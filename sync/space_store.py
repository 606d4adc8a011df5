"""Whole spaces in PostgreSQL: founding them, closing them, giving them a new life, and what waits in them for its time.

What the accounts part and the worker do to spaces stands here; what a device's push and pull do stands in
`sync/store.py`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Ownership
from domain.kinds import KINDS
from domain.news import OF_ONES_ACCOUNT, News
from domain.records import Record
from sync.bodies import encoded
from sync.life_store import BUMP_SPACE, IN_THIS_LIFE
from sync.ports import Stored, Writes
from sync.sealing import SpaceKeys, keyed_id
from sync.store import DEPOSIT, arrays
from sync.withheld import stands_open

STORE_LIVES_MAX: Final = 64
"""Earlier lives of the whole store that are remembered; the oldest make room."""

FOUND_STORE: Final = "INSERT INTO store_epoch (one, epoch) VALUES (true, $1) ON CONFLICT DO NOTHING"

FOUND_SPACE: Final = """
INSERT INTO space (space_id, home, couple_id, state, head, epoch, store_epoch, horizon, paired_at)
VALUES ($1, $2, $3, 'active', 0, $4, (SELECT epoch FROM store_epoch), 0, $5)"""

HOLD_SPACE: Final = "SELECT space_id FROM space WHERE space_id = $1 FOR UPDATE"

CLOSE_SPACE: Final = f"""
WITH windows AS (
    SELECT r.id, r.kind = ANY($2::text[]) AS shown, row_number() OVER (ORDER BY r.version) AS nth
    FROM record r
    WHERE r.space_id = $1 AND r.kind = ANY($2::text[] || $5::text[]) AND NOT r.gone
),
closed AS (
    UPDATE space SET state = 'closed', closed_at = $3, head = head + 1 + (SELECT count(*) FROM windows), {IN_THIS_LIFE}
    WHERE space_id = $1 AND state = 'active'
    RETURNING head
),
wiped AS (
    UPDATE record r
    SET gone = windows.shown, body = CASE WHEN windows.shown THEN NULL ELSE r.body END,
        stamps = CASE WHEN windows.shown THEN $4 ELSE r.stamps END, changed_at = $3, due_at = NULL,
        version = (SELECT head FROM closed) - (SELECT count(*) FROM windows) + windows.nth,
        shut_at = CASE WHEN windows.shown THEN r.shut_at
            ELSE coalesce(r.shut_at, (SELECT head FROM closed) - (SELECT count(*) FROM windows) + windows.nth) END
    FROM windows
    WHERE r.space_id = $1 AND r.id = windows.id AND EXISTS (SELECT 1 FROM closed)
),
unwatched AS (
    UPDATE record r SET due_at = NULL
    WHERE r.space_id = $1 AND r.due_at IS NOT NULL AND r.id NOT IN (SELECT id FROM windows)
        AND EXISTS (SELECT 1 FROM closed)
),
unheard AS (
    DELETE FROM revision v USING windows
    WHERE v.space_id = $1 AND v.record_id = windows.id AND windows.shown AND EXISTS (SELECT 1 FROM closed)
)
SELECT coalesce((SELECT head FROM closed), (SELECT head FROM space WHERE space_id = $1))"""
"""Runs inside the transaction that has found the caller's own active couple."""

ADD_MEMBER: Final = "INSERT INTO member (space_id, person_id, personal_space_id, name) VALUES ($1, $2, $3, $4)"

RAISE_OWN: Final = f"UPDATE space SET head = head + 1, {IN_THIS_LIFE} WHERE space_id = $1 RETURNING head"

BUMP_STORE: Final = f"""
UPDATE store_epoch SET epoch = $1, past = (past || epoch)[greatest(1, cardinality(past) + 2 - {STORE_LIVES_MAX}):]"""

DUE: Final = "SELECT space_id, id, author FROM record WHERE due_at <= $1 AND NOT gone ORDER BY due_at LIMIT $2"
"""The worker's look over all spaces: ids alone; what is then done is done as the author, with their membership."""

POSTPONE: Final = "UPDATE record SET due_at = $4 WHERE space_id = $1 AND id = $2 AND due_at <= $3"
"""Moves nothing that a device sees, so it needs no version."""


class Due(msgspec.Struct, frozen=True):
    """A record that the worker has to look at again."""

    space: SpaceId
    id: RecordId
    author: PersonId


async def due(pool: asyncpg.Pool, now: datetime, most: int) -> list[Due]:
    """Return at most so many records that are due, longest due first."""
    rows = await pool.fetch(DUE, now, most)
    return [Due(SpaceId(row["space_id"]), RecordId(row["id"]), PersonId(row["author"])) for row in rows]


async def postpone(pool: asyncpg.Pool, each: Due, now: datetime, until: datetime) -> None:
    """Look at a record later: it could not be dealt with now, and must not keep others waiting."""
    await pool.execute(POSTPONE, each.space, each.id, now, until)


async def found_store(connection: Any, epoch: UUID) -> None:
    """Give a new database its life; one that has one keeps it."""
    await connection.execute(FOUND_STORE, epoch)


async def found_space(
    connection: Any, space: SpaceId, home: str, couple: CoupleId | None, epoch: UUID, paired_at: datetime | None = None
) -> None:
    """Store an empty space. Its keys were stored before; its members follow in the same transaction."""
    await connection.execute(FOUND_SPACE, space, home, couple, epoch, paired_at)


async def add_member(connection: Any, space: SpaceId, person: PersonId, personal: SpaceId, name: bytes | None) -> None:
    """Add a person to a space. `name` is sealed under the space's key; `personal` is where notices for them go."""
    await connection.execute(ADD_MEMBER, space, person, personal, name)


async def deposit(
    connection: Any,
    keys: SpaceKeys,
    space: SpaceId,
    person: PersonId,
    kind: str,
    fields: Mapping[str, Any],
    now: datetime,
    *,
    identity: RecordId | None = None,
) -> int:
    """Put a record that the server makes into a person's own space, within the caller's transaction.

    Without an `identity` the same record put twice at the same instant is one. Return the space's new head.
    """
    head: int = await connection.fetchval(RAISE_OWN, space)
    made = keyed_id(keys.id_key, kind, person, msgspec.json.encode(fields), now.isoformat())
    record = Record(
        space=space,
        kind=kind,
        id=identity or RecordId(made),
        version=head,
        created=head,
        author=person,
        fields=dict(fields),
    )
    told = OF_ONES_ACCOUNT.get((kind, fields.get("code")))
    news = News(id=record.id, person=person, couple=None, kind=told, record=record.id, at=now)
    only = Writes(
        spaces={},
        heads={},
        records=(Stored(record, encoded(record)),),
        news=() if told is None else ((space, news),),
    )
    await connection.fetchval(DEPOSIT, *arrays({space: keys}, only, now, None))
    return head


async def raise_head(connection: Any, space: SpaceId) -> int:
    """Raise the head of a person's own space, so that their devices ask what is new; return it."""
    head: int = await connection.fetchval(RAISE_OWN, space)
    return head


async def hold(connection: Any, space: SpaceId) -> None:
    """Let whoever else writes into a space wait until the transaction ends: what is decided in it loses no race."""
    await connection.execute(HOLD_SPACE, space)


async def close_space(connection: Any, space: SpaceId, now: datetime) -> int:
    """Close a couple's space: wipe the shown copies, take no more changes; closing twice is closing once.

    Windows that stand in the space itself get a new version, by which the partner hears that they are closed.
    Return the head. It is raised in any case, so that a push that was decided before loses its race.
    """
    shown = [kind.name for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION]
    themselves = [kind.name for kind in KINDS.values() if stands_open(kind)]
    # A statement sees what was stored before it began: a push that is stored while this waits must be seen too.
    await connection.execute(HOLD_SPACE, space)
    head: int = await connection.fetchval(CLOSE_SPACE, space, shown, now, b"", themselves)
    return head


async def hold_spaces(connection: Any, spaces: Collection[SpaceId]) -> None:
    """Keep everybody else from storing anything in these spaces until the caller's transaction ends."""
    for each in sorted(spaces):
        await hold(connection, each)


async def bump_epoch(connection: Any, epoch: UUID, space: SpaceId | None = None) -> bool:
    """Begin a new life: of one space, or of the whole store by one row. Return whether there was one to change."""
    if space is None:
        return bool((await connection.execute(BUMP_STORE, epoch)) == "UPDATE 1")
    done = await connection.execute(BUMP_SPACE, space, epoch, None, None)
    return bool(done == "UPDATE 1")


# Forgetting. Each round is bounded; what it leaves waits for the next one.

FORGET_OUTCOMES: Final = """
DELETE FROM outcome WHERE (space_id, device_id, key) IN (
    SELECT space_id, device_id, key FROM outcome WHERE settled_at < $1 LIMIT $2)"""

FORGET_REVISIONS: Final = """
DELETE FROM revision WHERE (space_id, record_id, version) IN (
    SELECT space_id, record_id, version FROM revision WHERE changed_at < $1 LIMIT $2)"""

REMOVED_LONG_AGO: Final = """
SELECT DISTINCT space_id FROM (
    SELECT space_id FROM record WHERE removed AND NOT gone AND changed_at < $1 ORDER BY changed_at LIMIT $2) old"""

WIPED_LONG_AGO: Final = """
SELECT DISTINCT space_id FROM (
    SELECT space_id FROM record WHERE gone AND changed_at < $1 ORDER BY changed_at LIMIT $2) old"""

BURY: Final = f"""
WITH first AS (
    SELECT r.shut_at IS NOT NULL AS shut, r.author
    FROM record r
    WHERE r.space_id = $1 AND r.removed AND NOT r.gone AND r.changed_at < $2
    ORDER BY r.version
    LIMIT 1
),
old AS (
    SELECT r.id, row_number() OVER (ORDER BY r.version) AS nth
    FROM record r
    JOIN first ON first.shut = (r.shut_at IS NOT NULL) AND (NOT first.shut OR first.author = r.author)
    WHERE r.space_id = $1 AND r.removed AND NOT r.gone AND r.changed_at < $2
    ORDER BY r.version
    LIMIT $4
),
raised AS (
    UPDATE space SET head = head + (SELECT count(*) FROM old), {IN_THIS_LIFE},
        hushed_from = CASE WHEN NOT first.shut THEN NULL
            WHEN hushed_upto = head AND hushed_by = first.author THEN hushed_from ELSE head END,
        hushed_upto = CASE WHEN first.shut THEN head + (SELECT count(*) FROM old) END,
        hushed_by = CASE WHEN first.shut THEN first.author END
    FROM first
    WHERE space_id = $1
    RETURNING head
),
buried AS (
    UPDATE record r
    SET gone = true, body = NULL, stamps = $5, shown_id = NULL, due_at = NULL, changed_at = $3,
        version = (SELECT head FROM raised) - (SELECT count(*) FROM old) + old.nth
    FROM old
    WHERE r.space_id = $1 AND r.id = old.id
),
unheard AS (
    DELETE FROM revision v USING old WHERE v.space_id = $1 AND v.record_id = old.id
),
unsubmitted AS (
    DELETE FROM shadow d USING old WHERE d.space_id = $1 AND d.record_id = old.id
)
SELECT count(*) FROM old"""
"""Runs with the space held, so that nothing is brought back between the look and the deed.

What is shut for the other is buried apart, of one author at a time: they are told nothing of it.
"""

SORTS_MAX: Final = 3
"""What is open to both, and what is shut of either."""

FORGET_WIPED: Final = """
WITH forgotten AS (
    DELETE FROM record WHERE space_id = $1 AND gone AND changed_at < $2 AND id IN (
        SELECT id FROM record WHERE space_id = $1 AND gone AND changed_at < $2 LIMIT $3)
    RETURNING version
),
raised AS (
    UPDATE space SET horizon = greatest(horizon, (SELECT max(version) FROM forgotten))
    WHERE space_id = $1 AND EXISTS (SELECT 1 FROM forgotten)
)
SELECT count(*) FROM forgotten"""
"""A device whose copy is older than the horizon may hold what was forgotten, and takes everything anew.

What is asked twice is asked of the row as it is when it is deleted: another may have been made in its place.
"""


async def forget_outcomes(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete outcomes that were settled before; return how many."""
    return _rows(await pool.execute(FORGET_OUTCOMES, before, rows_max))


async def forget_revisions(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete what was put behind records before; return how many."""
    return _rows(await pool.execute(FORGET_REVISIONS, before, rows_max))


async def bury(pool: asyncpg.Pool, before: datetime, now: datetime, rows_max: int) -> int:
    """Make tombstones of records that were removed before, and return how many.

    A tombstone has a new version, so that every device wipes its copy, and no words; hashes of purged sentences stay.
    """
    buried = 0
    for row in await pool.fetch(REMOVED_LONG_AGO, before, rows_max):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(HOLD_SPACE, row["space_id"])
            for _ in range(SORTS_MAX):
                buried += await connection.fetchval(BURY, row["space_id"], before, now, rows_max, b"")
    return buried


async def forget_wiped(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete tombstones that were made before, and return how many."""
    rows = await pool.fetch(WIPED_LONG_AGO, before, rows_max)
    return sum([await pool.fetchval(FORGET_WIPED, row["space_id"], before, rows_max) for row in rows])


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
