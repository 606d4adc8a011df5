"""What has had its time is forgotten in bounded rounds; what has not stays."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api import pruning
from api.postgres import Pool
from api.pruning import OUTCOMES_KEPT, REVISIONS_KEPT, prune

NOW = datetime(2041, 5, 1, 12, tzinfo=UTC)
"""Far from what other tests write, so that only rows of this file are old enough."""


async def outcomes(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO outcome VALUES ($1, $2, $3, $4, $5)", uuid4(), uuid4(), uuid4(), NOW - age, b"{}"
        )


async def revisions(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute("INSERT INTO revision VALUES ($1, $2, $3, $4, $5)", uuid4(), uuid4(), 1, NOW - age, b"{}")


async def what_others_left_is_gone(pool: Pool) -> None:
    while (await prune(pool, NOW)).more:
        pass


async def left(pool: Pool, table: str, column: str) -> int:
    count: int = await pool.fetchval(f"SELECT count(*) FROM {table} WHERE {column} > $1", NOW - timedelta(days=3650))
    return count


async def test_outcomes_go_after_ninety_days_and_revisions_after_thirty(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    second = timedelta(seconds=1)
    await outcomes(pool, OUTCOMES_KEPT + second, OUTCOMES_KEPT, timedelta())
    await revisions(pool, REVISIONS_KEPT + second, REVISIONS_KEPT, timedelta())

    await prune(pool, NOW)

    assert (await left(pool, "outcome", "settled_at"), await left(pool, "revision", "changed_at")) == (2, 2)
    await pool.execute("DELETE FROM outcome WHERE settled_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM revision WHERE changed_at > $1", NOW - timedelta(days=3650))


async def test_one_round_takes_no_more_than_its_bound_and_says_that_there_is_more(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await what_others_left_is_gone(pool)
    monkeypatch.setattr(pruning, "ROWS_A_ROUND_MAX", 2)
    await outcomes(pool, *[OUTCOMES_KEPT + timedelta(days=1)] * 3)

    rounds = [await prune(pool, NOW), await prune(pool, NOW)]

    assert [each.outcomes for each in rounds] == [2, 1]
    assert [each.more for each in rounds] == [True, False]
