"""The traps that were measured before Haven's facade for RxDB was built: with the remedies none, without them again.

A trap is a wiring of the test (`storms.py`), never a setting of the product. What the runs have met is printed after
them; `docs/testing.md` says what the columns mean, and why some traps are seldom seen alone.
"""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from api.wiring import Parts
from tests.clients.devices import Processes
from tests.clients.storms import (
    AS_SHIPPED,
    DOCUMENTS,
    NO_REDELIVERY,
    NO_SHADOW,
    PLAIN,
    SILENT,
    SILENT_AND_NO_REDELIVERY,
    Ground,
    Trap,
)

SEEDS = 20
SEEDS_SHORT = 3
SEEDS_MAX = 120
"""So many are tried where none of the first has shown a trap that has to show."""


@pytest.fixture
def ground(
    client: httpx.AsyncClient,
    parts: Parts,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> Ground:
    return Ground(client=client, parts=parts, processes=processes, monkeypatch=monkeypatch, record=record_property)


@pytest.mark.parametrize(
    "seeds", [range(SEEDS_SHORT), pytest.param(range(SEEDS), marks=pytest.mark.long)], ids=["few", "many"]
)
async def test_with_every_remedy_and_its_adapter_nothing_goes_wrong(ground: Ground, seeds: range) -> None:
    assert await ground.played(AS_SHIPPED, seeds) == Counter()


@pytest.mark.long
@pytest.mark.parametrize(
    ("trap", "sign"),
    [
        (NO_REDELIVERY, "stale"),
        (SILENT_AND_NO_REDELIVERY, "stale"),
        (DOCUMENTS, "stale"),
        (NO_SHADOW, "undone"),
    ],
    ids=lambda each: each.name.replace(",", "") if isinstance(each, Trap) else "",
)
async def test_without_a_remedy_a_plain_adapter_is_trapped(ground: Ground, trap: Trap, sign: str) -> None:
    met: Counter[str] = Counter()
    for first in range(0, SEEDS_MAX, SEEDS):
        met += await ground.played(trap, range(first, first + SEEDS))
        if met[sign]:
            break
    assert met[sign]


@pytest.mark.long
@pytest.mark.parametrize("trap", [PLAIN, SILENT], ids=lambda trap: trap.name)
async def test_what_a_plain_adapter_meets_seldom_is_counted(ground: Ground, trap: Trap) -> None:
    """Nothing is asked of the counts: see `docs/testing.md`. But every seed has to come to its end."""
    await ground.played(trap, range(SEEDS))
