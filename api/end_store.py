"""The SQL of how accounts and couples end: what a person let go, and a couple that begins once more."""

from collections.abc import Sequence
from datetime import date

from api.postgres import Pool
from api.store import Asker, Transaction
from domain.ids import CoupleId, PersonId, SpaceId

# Letting go


async def let_go(connection: Transaction, person: PersonId, space: SpaceId, today: date) -> None:
    """Note that a person does not hold this space any more, so that their devices drop it."""
    await connection.execute(LET_GO, person, space, today)


async def forget_let_go(pool: Pool, before: date, rows_max: int) -> int:
    """Forget spaces that were let go before; return how many."""
    return _rows(await pool.execute(FORGET_LET_GO, before, rows_max))


LET_GO = """
UPDATE person_space SET let_go_on = $3 WHERE person_id = $1 AND space_id = $2 AND let_go_on IS NULL"""

FORGET_LET_GO = """
DELETE FROM person_space WHERE (person_id, space_id) IN (
    SELECT person_id, space_id FROM person_space WHERE let_go_on < $1 LIMIT $2)"""


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


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
