"""The ends of spaces in PostgreSQL: who lets one go, what nobody holds any more, a closed one that begins anew.

All of it is done by accounts and the worker, for no device: what a push and a pull do stands in `sync/store.py`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.fates import Class, class_of
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from sync.life_store import BUMP_SPACE, IN_THIS_LIFE
from sync.space_store import HOLD_SPACE

# Letting go


async def leave_space(connection: Any, space: SpaceId, person: PersonId, now: datetime) -> bool | None:
    """Let a person's hold of a closed space go, within the caller's transaction; twice is once.

    Return whether nobody holds it any more; None, with nothing changed, where it is not closed.
    """
    await connection.execute(HOLD_SPACE, space)
    if await connection.fetchval(STATE_OF, space) != "closed":
        return None
    await connection.execute(LEAVE, space, person, now.date())
    await connection.execute(TAKE_BACK, [space], person)
    if await connection.fetchval(IS_HELD, space):
        return False
    await give_up(connection, [space], now)
    return True


async def give_up(connection: Any, spaces: Collection[SpaceId], now: datetime) -> None:
    """Note that nobody holds these spaces any more: their keys are to be destroyed, their rows to go."""
    await connection.execute(GIVE_UP, spaces, now)


STATE_OF: Final = "SELECT state FROM space WHERE space_id = $1"

LEAVE: Final = """
UPDATE member SET left_on = $3 WHERE space_id = $1 AND person_id = $2 AND left_on IS NULL"""

IS_HELD: Final = "SELECT EXISTS (SELECT FROM member WHERE space_id = $1 AND left_on IS NULL)"

GIVE_UP: Final = """
INSERT INTO emptying (space_id, since) SELECT given, $2 FROM unnest($1::uuid[]) given ON CONFLICT DO NOTHING"""


# What nobody holds


async def given_up(pool: asyncpg.Pool, most: int) -> list[SpaceId]:
    """Return at most so many spaces that nobody holds, the longest given up first."""
    return [SpaceId(row["space_id"]) for row in await pool.fetch(GIVEN_UP, most)]


async def empty(pool: asyncpg.Pool, space: SpaceId, rows_max: int) -> None:
    """Delete at most so many rows of each table of a space that nobody holds, and the space with the last of them."""
    gone = [_rows(await pool.execute(statement, space, rows_max)) for statement in EMPTY]
    if max(gone) >= rows_max:
        return
    async with pool.acquire() as connection, connection.transaction():
        for statement in FORGET_SPACE:
            await connection.execute(statement, space)


GIVEN_UP: Final = "SELECT space_id FROM emptying ORDER BY since LIMIT $1"

_OF_SPACE: Final = {
    "record": "id",
    "revision": "record_id, version",
    "outcome": "device_id, key",
    "shadow": "device_id, record_id",
    "owed": "device_id, kind, named",
    "outbox": "id",
}
"""Tables of a space that hold many rows, with what names one of them."""

EMPTY: Final = [
    f"""
DELETE FROM {table} WHERE space_id = $1 AND ({key}) IN (
    SELECT {key} FROM {table} WHERE space_id = $1 LIMIT $2)"""
    for table, key in _OF_SPACE.items()
]

FORGET_SPACE: Final = [
    f"DELETE FROM {table} WHERE space_id = $1"
    for table in ("restoring", "bequest", "counsel_link", "member", "space", "emptying")
]
"""What is left then is a handful; the note that it is to be done goes last, and with it."""


# Restoring


async def ask_back(connection: Any, space: SpaceId, person: PersonId, now: datetime) -> None:
    """Note that a person would like this couple back; asking twice is asking once."""
    await connection.execute(ASK_BACK, space, person, now)


async def take_back(connection: Any, spaces: Collection[SpaceId], person: PersonId) -> None:
    """Forget that a person would like these couples back."""
    await connection.execute(TAKE_BACK, spaces, person)


async def asked_back(asker: Any, spaces: Collection[SpaceId], person: PersonId) -> frozenset[SpaceId]:
    """Return of which spaces this person has asked to have their couple back; of nobody else's asking."""
    return frozenset(row["space_id"] for row in await asker.fetch(ASKED_BACK, spaces, person))


async def both_ask(connection: Any, space: SpaceId, closed_after: datetime) -> bool:
    """Return whether both hold a space that was closed after this instant, and both have asked for it."""
    both: bool = await connection.fetchval(BOTH_ASK, space, closed_after)
    return both


async def reopen(connection: Any, space: SpaceId, couple: CoupleId, epoch: UUID, now: datetime) -> int:
    """Let a closed space begin a new life as another couple's, and return its head.

    No window opens: what was shown is wiped since parting, and what stands in the space itself is taken back, with
    its words kept by its author. Every device takes the space anew, because records tell which couple's they are.
    """
    await connection.execute(REOPEN, space, couple, kinds_of(Class.OPEN), now)
    await connection.execute(BUMP_SPACE, space, epoch, None, None)
    head: int = await connection.fetchval(BEGIN_ANEW, space)
    return head


async def named(connection: Any, space: SpaceId, kind: str) -> list[RecordId]:
    """Return the records of a kind that a space holds, those that were removed among them."""
    return [RecordId(row["id"]) for row in await connection.fetch(NAMED, space, kind)]


ASK_BACK: Final = """
INSERT INTO restoring (space_id, person_id, asked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

TAKE_BACK: Final = "DELETE FROM restoring WHERE space_id = ANY($1::uuid[]) AND person_id = $2"

ASKED_BACK: Final = "SELECT space_id FROM restoring WHERE space_id = ANY($1::uuid[]) AND person_id = $2"

BOTH_ASK: Final = """
SELECT count(*) = 2 FROM space s
JOIN member m ON m.space_id = s.space_id AND m.left_on IS NULL
JOIN restoring r ON r.space_id = s.space_id AND r.person_id = m.person_id
WHERE s.space_id = $1 AND s.state = 'closed' AND s.closed_at > $2"""

NAMED: Final = "SELECT id FROM record WHERE space_id = $1 AND kind = $2 AND NOT gone"

REOPEN: Final = f"""
WITH open AS (
    SELECT r.id, row_number() OVER (ORDER BY r.version) AS nth
    FROM record r
    WHERE r.space_id = $1 AND r.kind = ANY($3::text[]) AND NOT r.gone AND NOT r.removed
),
raised AS (
    UPDATE space SET state = 'active', closed_at = NULL, couple_id = $2, paired_at = $4,
        head = head + 1 + (SELECT count(*) FROM open),
        {IN_THIS_LIFE}
    WHERE space_id = $1
    RETURNING head
),
shut AS (
    UPDATE record r
    SET removed = true, changed_at = $4,
        version = (SELECT head FROM raised) - (SELECT count(*) FROM open) + open.nth
    FROM open
    WHERE r.space_id = $1 AND r.id = open.id
),
answered AS (
    DELETE FROM restoring WHERE space_id = $1
)
SELECT head FROM raised"""

BEGIN_ANEW: Final = "UPDATE space SET horizon = head WHERE space_id = $1 RETURNING head"
"""No copy that was begun before is good any more."""


def kinds_of(wanted: Class) -> list[str]:
    """Return the names of the kinds of a class."""
    return [kind.name for kind in KINDS.values() if class_of(kind) is wanted]


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
