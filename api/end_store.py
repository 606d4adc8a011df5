"""The SQL of how accounts and couples end: what a person let go, a couple that begins once more, an account deleted."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from api.postgres import Pool
from api.store import Asker, Transaction
from domain.ids import CoupleId, DeviceId, PersonId, SpaceId

# Letting go


async def let_go(connection: Transaction, person: PersonId, space: SpaceId, today: date) -> None:
    """Note that a person does not hold this space any more, so that their devices drop it."""
    await connection.execute(LET_GO, person, space, today)


async def forget_let_go(pool: Pool, before: date, rows_max: int) -> int:
    """Forget spaces that were let go before, and that nobody holds any more; return how many."""
    return _rows(await pool.execute(FORGET_LET_GO, before, rows_max))


LET_GO = """
UPDATE person_space SET let_go_on = $3 WHERE person_id = $1 AND space_id = $2 AND let_go_on IS NULL"""

FORGET_LET_GO = """
DELETE FROM person_space WHERE (person_id, space_id) IN (
    SELECT person_id, space_id FROM person_space p WHERE p.let_go_on < $1 AND NOT EXISTS (
        SELECT FROM space s WHERE s.space_id = p.space_id) LIMIT $2)"""
"""While the other still holds it, what this person wrote there is found by the row when their account is deleted."""


# Restoring


async def space_to_restore(asker: Asker, person: PersonId, couple: CoupleId) -> tuple[SpaceId, CoupleId] | None:
    """Return the space that this person holds of a couple, and whose it is by now: perhaps it was restored already."""
    row = await asker.fetchrow(SPACE_TO_RESTORE, person, couple)
    return None if row is None else (row["space_id"], row["couple_id"])


async def rejoin(connection: Transaction, couple: CoupleId, space: SpaceId, two: Sequence[PersonId]) -> bool:
    """Make the two of a space a couple again; False when one of them is in a couple already."""
    for person in sorted(two):
        if await connection.fetchval(REJOIN, person, couple, space) is None:
            return False
    return True


async def ask_nobody_back(connection: Transaction, persons: Sequence[PersonId]) -> None:
    """Forget whom these persons would like back."""
    await connection.execute(ASK_NOBODY_BACK, persons)


SPACE_TO_RESTORE = """
SELECT space_id, couple_id FROM person_space
WHERE person_id = $1 AND (couple_id = $2 OR restored_from = $2) AND let_go_on IS NULL"""

REJOIN = """
WITH person AS (
    UPDATE person SET active_couple = $2 WHERE person_id = $1 AND active_couple IS NULL RETURNING person_id
)
UPDATE person_space SET couple_id = $2, restored_from = couple_id,
    place = (SELECT max(s.place) + 1 FROM person_space s WHERE s.person_id = $1)
WHERE person_id = $1 AND space_id = $3 AND let_go_on IS NULL AND EXISTS (SELECT FROM person)
RETURNING person_id"""


ASK_NOBODY_BACK = """
DELETE FROM restoring r USING person_space s
WHERE s.person_id = ANY($1::uuid[]) AND r.space_id = s.space_id AND r.person_id = s.person_id"""


# Deleting an account


class Closing(Struct, frozen=True):
    """An account that is to be deleted: since when, the number given for it, and whether its person is in a couple."""

    deletion_at: datetime
    receipt: str
    active_couple: CoupleId | None


async def close_account(connection: Transaction, person: PersonId, receipt: str, now: datetime) -> Closing | None:
    """Note that an account is to be deleted, unless that is noted already; None where there is no such account."""
    row = await connection.fetchrow(CLOSE_ACCOUNT, person, receipt, now)
    return None if row is None else Closing(row["deletion_at"], row["receipt"], row["active_couple"])


async def drop_codes(connection: Transaction, person: PersonId) -> None:
    """Let the person's codes die, made or redeemed."""
    await connection.execute(DROP_CODES, person)
    await connection.execute(POINT_NOWHERE, person)


async def end_tokens(connection: Transaction, person: PersonId) -> list[DeviceId]:
    """Let every token of this person die, and return their devices: each can sign in again."""
    return [DeviceId(row["device_id"]) for row in await connection.fetch(END_TOKENS, person)]


async def keep_account(asker: Asker, person: PersonId) -> None:
    """Forget that an account is to be deleted."""
    await asker.execute(KEEP_ACCOUNT, person)


async def to_delete(pool: Pool, asked_before: datetime, most: int) -> list[PersonId]:
    """Return at most so many accounts whose deletion was asked for before, the longest first."""
    return [PersonId(row["person_id"]) for row in await pool.fetch(TO_DELETE, asked_before, most)]


class Going(Struct, frozen=True):
    """What has to be known of an account before it is deleted."""

    space: SpaceId
    receipt: str
    asked_at: datetime
    couples: Sequence[SpaceId]
    devices: Sequence[DeviceId]


async def going(connection: Transaction, person: PersonId, asked_before: datetime) -> Going | None:
    """Hold an account that is still to be deleted, and return what it has; else None."""
    row = await connection.fetchrow(HOLD_GOING, person, asked_before)
    if row is None:
        return None
    spaces = [SpaceId(each["space_id"]) for each in await connection.fetch(COUPLES_OF, person)]
    devices = [DeviceId(each["device_id"]) for each in await connection.fetch(DEVICE_IDS, person)]
    return Going(row["space_id"], row["receipt"], row["deletion_at"], spaces, devices)


async def delete_account(connection: Transaction, person: PersonId, deletion: UUID, going: Going) -> None:
    """Delete all that is kept of a person but their spaces, and leave the number."""
    await connection.execute(ADD_DELETION, deletion, going.receipt, going.asked_at.date(), going.space)
    for statement in DELETE_ACCOUNT:
        await connection.execute(statement, person)


async def finish_deletions(pool: Pool, today: date) -> int:
    """Note which deletions are complete: nothing is left of them but the number; return how many."""
    return _rows(await pool.execute(FINISH_DELETIONS, today))


async def forget_codes(pool: Pool, before: datetime, rows_max: int) -> int:
    """Delete codes that ran out before and began no couple; return how many."""
    return _rows(await pool.execute(FORGET_CODES, before, rows_max))


class Waiting(Struct, frozen=True):
    """How many deletions are under way, and how far."""

    can_be_undone: int
    under_way: int
    letters_stay: int
    """Spaces in which words of somebody who is deleted stay with their partner for a while."""
    spaces_to_empty: int
    finished: int


async def deletions(pool: Pool) -> Waiting:
    """Count what waits."""
    row = await pool.fetchrow(DELETIONS)
    assert row is not None
    return Waiting(*row)


CLOSE_ACCOUNT = """
UPDATE person SET deletion_at = coalesce(deletion_at, $3), receipt = coalesce(receipt, $2) WHERE person_id = $1
RETURNING deletion_at, receipt, active_couple"""

DROP_CODES = """
DELETE FROM invitation i USING person p
WHERE p.person_id = $1 AND i.code_hash = ANY(ARRAY[p.invited, p.redeemed])"""

POINT_NOWHERE = "UPDATE person SET invited = NULL, redeemed = NULL WHERE person_id = $1"

END_TOKENS = """
UPDATE device SET token_sha256 = NULL, next_token_sha256 = NULL WHERE person_id = $1 RETURNING device_id"""

KEEP_ACCOUNT = "UPDATE person SET deletion_at = NULL, receipt = NULL WHERE person_id = $1"

TO_DELETE = "SELECT person_id FROM person WHERE deletion_at <= $1 ORDER BY deletion_at LIMIT $2"

HOLD_GOING = """
SELECT space_id, receipt, deletion_at FROM person WHERE person_id = $1 AND deletion_at <= $2 FOR UPDATE"""

COUPLES_OF = """
SELECT p.space_id FROM person_space p JOIN space s ON s.space_id = p.space_id
WHERE p.person_id = $1 AND p.couple_id IS NOT NULL ORDER BY p.space_id"""
"""Those that were let go, too: of what nobody holds any more nothing may be left."""

DEVICE_IDS = "SELECT device_id FROM device WHERE person_id = $1"

ADD_DELETION = "INSERT INTO deletion (deletion_id, receipt, asked_on, space_id) VALUES ($1, $2, $3, $4)"

DELETE_ACCOUNT = [
    f"DELETE FROM {table} WHERE {column} = $1"
    for table, column in (
        ("identity", "person_id"),
        ("block", "person_id"),
        ("block", "blocked_id"),
        ("consent", "person_id"),
        ("withdrawal", "person_id"),
        ("device", "person_id"),
        ("export", "person_id"),
        ("person_space", "person_id"),
        ("person", "person_id"),
    )
]

FINISH_DELETIONS = """
UPDATE deletion d SET finished_on = $1, space_id = NULL
WHERE d.finished_on IS NULL
    AND NOT EXISTS (SELECT FROM bequest b WHERE b.deletion_id = d.deletion_id)
    AND NOT EXISTS (SELECT FROM emptying e WHERE e.space_id = d.space_id)"""

FORGET_CODES = """
DELETE FROM invitation WHERE code_hash IN (
    SELECT code_hash FROM invitation
    WHERE couple_id IS NULL AND expires_at < $1 AND (confirm_until IS NULL OR confirm_until < $1) LIMIT $2)"""

DELETIONS = """
SELECT
    (SELECT count(*) FROM person WHERE deletion_at IS NOT NULL),
    (SELECT count(*) FROM deletion WHERE finished_on IS NULL),
    (SELECT count(*) FROM bequest),
    (SELECT count(*) FROM emptying),
    (SELECT count(*) FROM deletion WHERE finished_on IS NOT NULL)"""


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
