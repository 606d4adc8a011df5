"""How prompts end in PostgreSQL: by a parting, with a person, and when they have had their time.

Desks come before prompts, and both in the order of their people, as in `notifications/store.py`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from domain.ids import CoupleId, PersonId
from domain.prompt_kinds import Reason

# Within the transactions of others


async def cancel_couple(connection: Any, couple: CoupleId, two: Collection[PersonId]) -> None:
    """Take away whatever a couple has caused for the two of it: they part.

    Their space is closed already, so that nothing more of it becomes news. What was planned while they were together,
    and is not stored yet, is planned anew: also the first plan of somebody, who has a desk from now on.
    """
    await connection.execute(COUNT_UP, two)
    await connection.execute(DROP_PLANNED, two, couple, Reason.PARTED)
    await connection.execute(DROP_NEWS, two, couple)


async def forget_person(connection: Any, person: PersonId) -> None:
    """Delete all that was planned for a person and was sent to them.

    The desk goes first and by a statement of its own: what somebody who held it has just stored is then seen.
    """
    for statement in FORGET_PERSON:
        await connection.execute(statement, person)


COUNT_UP: Final = """
INSERT INTO desk (person_id, version, paces)
SELECT person_id, 1, '{}' FROM person WHERE person_id = ANY($1::uuid[]) ORDER BY person_id FOR KEY SHARE
ON CONFLICT (person_id) DO UPDATE SET version = desk.version + 1"""
"""A plan for a desk that is not there yet is made on version 0."""

DROP_PLANNED: Final = """
WITH held AS (
    SELECT person_id, prompt_id FROM prompt
    WHERE person_id = ANY($1::uuid[]) AND couple_id = $2 AND (state = 'planned' OR owner IS NOT NULL)
    ORDER BY person_id, prompt_id FOR UPDATE
)
UPDATE prompt p
SET state = CASE WHEN p.state = 'sent' THEN 'sent' ELSE 'dropped' END,
    reason = CASE WHEN p.state = 'sent' THEN p.reason ELSE $3 END, owner = NULL, held_until = NULL
FROM held WHERE p.person_id = held.person_id AND p.prompt_id = held.prompt_id"""
"""What is out already is held by nobody any more, so that it does not come back to be sent once more."""

DROP_NEWS: Final = "DELETE FROM outbox WHERE person_id = ANY($1::uuid[]) AND couple_id = $2"

FORGET_PERSON: Final = [
    f"DELETE FROM {table} WHERE person_id = $1" for table in ("desk", "prompt", "prompt_ledger", "outbox", "waking")
]


# What has had its time


async def forget_news(pool: Any, before: datetime, rows_max: int) -> int:
    """Delete news of the time before, which nobody has planned by; return how many."""
    return _rows(await pool.execute(FORGET_NEWS, before, rows_max))


async def forget_over(pool: Any, before: datetime, rows_max: int) -> int:
    """Delete prompts that never will be sent and were due before; return how many."""
    return _rows(await pool.execute(FORGET_OVER, before, rows_max))


async def forget_sent(pool: Any, before: datetime, rows_max: int) -> int:
    """Delete prompts that were sent and due before; return how many. What they told of stays in the ledger."""
    return _rows(await pool.execute(FORGET_SENT, before, rows_max))


async def forget_entries(pool: Any, before: datetime, rows_max: int) -> int:
    """Delete what the ledger has of the time before; return how much."""
    return _rows(await pool.execute(FORGET_ENTRIES, before, rows_max))


FORGET_NEWS: Final = """
DELETE FROM outbox WHERE (space_id, id) IN (
    SELECT space_id, id FROM outbox WHERE put_at < $1 ORDER BY put_at LIMIT $2
)"""

_FORGET: Final = """
DELETE FROM prompt WHERE (person_id, prompt_id) IN (
    SELECT person_id, prompt_id FROM prompt WHERE {which} AND due_at < $1 LIMIT $2
) AND {which}"""
"""Asked twice, because what was dropped may be planned once more meanwhile."""

FORGET_OVER: Final = _FORGET.format(which="state IN ('dropped', 'cancelled', 'dead')")

FORGET_SENT: Final = _FORGET.format(which="state = 'sent'")

FORGET_ENTRIES: Final = """
DELETE FROM prompt_ledger WHERE (person_id, prompt_id) IN (
    SELECT person_id, prompt_id FROM prompt_ledger WHERE sent_at < $1 LIMIT $2
)"""


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
