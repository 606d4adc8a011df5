"""A whole round of the worker on PostgreSQL, among people made as the bench makes them: what it costs in statements."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.prompting import Prompting
from api.wiring import Parts
from notifications.sending import LogOnly
from tests.alone import alone
from tests.bench.crowd import Crowd
from tests.prompting import NOON

PEOPLE, FEW, MANY = 60, 5, 50


@pytest.fixture
async def parts_alone(server_dsn: str, worker_id: str, tmp_path: Path, heard: list[str]) -> AsyncIterator[Parts]:
    async with alone(server_dsn, f"{worker_id}_rounds", tmp_path, heard.append) as parts:
        yield parts


@pytest.fixture
def heard() -> list[str]:
    return []


async def test_a_round_of_many_costs_no_more_statements_than_one_of_few(parts_alone: Parts, heard: list[str]) -> None:
    crowd = Crowd(parts_alone.pool, parts_alone.keys, NOON)
    await crowd.grow(PEOPLE)
    worker = Prompting(parts_alone, LogOnly())

    async def statements(what: str, count: int) -> int:
        await getattr(crowd, what)(count)
        heard.clear()
        looked_at = await worker.tick(NOON)
        # A connection asks once which type it is that it has not met before.
        asked = [each for each in heard if "pg_catalog" not in each and "'jit'" not in each]
        assert looked_at == await crowd.told() == count
        return len(asked)

    # The first of each looks for the keys of spaces, too.
    for what, most in (("letters", 17), ("invitations", 26)):
        await statements(what, MANY)
        costs = [await statements(what, count) for count in (FEW, MANY)]
        assert max(costs) <= most, f"{what}: {costs}"
        assert max(costs) - min(costs) <= 1, "but for keys that are not at hand"
    assert await statements("letters", 0) == 3, "whose turn it is to be planned, told, and woken"
