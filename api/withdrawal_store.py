"""The SQL of withdrawn consents: whose windows are still to be closed."""

from datetime import datetime

from msgspec import Struct

from api.postgres import Pool
from api.store import Asker, Transaction
from domain.ids import PersonId


class Withdrawal(Struct, frozen=True):
    """Somebody who has withdrawn their consent, and when."""

    person: PersonId
    said_at: datetime


async def note(connection: Transaction, each: Withdrawal) -> None:
    """Note that a person's windows are to be closed at once."""
    await connection.execute(NOTE, each.person, each.said_at)


async def noted(asker: Asker, person: PersonId) -> Withdrawal | None:
    """Return the withdrawal of this person whose windows may still stand open."""
    said_at = await asker.fetchval(NOTED, person)
    return None if said_at is None else Withdrawal(person, said_at)


async def due(pool: Pool, now: datetime, most: int) -> list[Withdrawal]:
    """Return at most so many whose windows are to be closed by now, the longest due first."""
    return [Withdrawal(PersonId(row["person_id"]), row["said_at"]) for row in await pool.fetch(DUE, now, most)]


async def look_again(asker: Asker, each: Withdrawal, at: datetime) -> None:
    """Look at a person's windows later."""
    await asker.execute(LOOK_AGAIN, each.person, each.said_at, at)


async def settle(asker: Asker, each: Withdrawal) -> None:
    """Forget a withdrawal: nothing stands open any more. One that was said since is another."""
    await asker.execute(SETTLE, each.person, each.said_at)


NOTE = """
INSERT INTO withdrawal (person_id, said_at, due_at) VALUES ($1, $2, $2)
ON CONFLICT (person_id) DO UPDATE SET said_at = excluded.said_at, due_at = excluded.due_at"""

NOTED = "SELECT said_at FROM withdrawal WHERE person_id = $1"

DUE = "SELECT person_id, said_at FROM withdrawal WHERE due_at <= $1 ORDER BY due_at LIMIT $2"

LOOK_AGAIN = "UPDATE withdrawal SET due_at = $3 WHERE person_id = $1 AND said_at = $2"

SETTLE = "DELETE FROM withdrawal WHERE person_id = $1 AND said_at = $2"
