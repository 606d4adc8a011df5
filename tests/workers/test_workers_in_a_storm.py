"""Days of three workers by seed: nothing is sent twice that may be sent once, nothing lost, nothing left over."""

import pytest

from tests.workers.oracle import check
from tests.workers.storm import storm
from tests.workers.street import Street


async def weathered(street: Street, seed: str, homes: int, *, clocks_differ: bool) -> None:
    before = len(street.gate.requests)
    hits = await storm(street, seed, homes, clocks_differ=clocks_differ)
    await check(street)
    killed = sum(count for what, count in hits.items() if what.startswith("killed"))
    assert killed >= 3, "it would be easy in fine weather"
    assert len(street.gate.requests) - before > 2 * homes


@pytest.mark.parametrize(("seed", "clocks_differ"), [("gale", False), ("squall", True)])
async def test_p12_whatever_befalls_the_workers(street: Street, seed: str, clocks_differ: bool) -> None:
    await weathered(street, seed, 3, clocks_differ=clocks_differ)


@pytest.mark.long
@pytest.mark.parametrize("number", range(30))
async def test_p12_whatever_befalls_the_workers_in_more_storms(street: Street, number: int) -> None:
    await weathered(street, f"storm {number}", 6, clocks_differ=number % 2 == 1)
