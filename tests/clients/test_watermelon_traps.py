"""The traps of WatermelonDB: with the remedies none, without them again. Of the same shape as `test_rxdb_traps.py`.

Two of the remedies are the server's: what a device has pushed last (its shadow) and what it has to be told although it
takes it for clean (its debts). The others are the adapter's, and a plain one has none of them.
"""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from api.wiring import Parts
from tests.clients.devices import Processes, agree, house_of
from tests.clients.storms import (
    WATERMELON_AS_SHIPPED,
    WATERMELON_NO_SHADOW,
    WATERMELON_PLAIN,
    Ground,
    Trap,
    without_debts,
)
from tests.clients.watermelon import WatermelonHouse

SEEDS = 20
SEEDS_MAX = 60
"""So many are tried where none of the first has shown a trap that has to show."""


@pytest.fixture
def ground(
    client: httpx.AsyncClient,
    parts: Parts,
    watermelon_processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> Ground:
    return Ground(
        client=client,
        parts=parts,
        processes=watermelon_processes,
        monkeypatch=monkeypatch,
        record=record_property,
        house_class=WatermelonHouse,
    )


@pytest.mark.long
async def test_with_every_remedy_and_its_adapter_nothing_goes_wrong(ground: Ground) -> None:
    assert await ground.played(WATERMELON_AS_SHIPPED, range(SEEDS)) == Counter()


@pytest.mark.long
@pytest.mark.parametrize(
    ("trap", "sign"),
    [(WATERMELON_PLAIN, "lost"), (WATERMELON_NO_SHADOW, "undone")],
    ids=lambda each: each.name if isinstance(each, Trap) else "",
)
async def test_without_a_remedy_phones_are_trapped(ground: Ground, trap: Trap, sign: str) -> None:
    met: Counter[str] = Counter()
    for first in range(0, SEEDS_MAX, SEEDS):
        met += await ground.played(trap, range(first, first + SEEDS))
        if met[sign]:
            break
    assert met[sign]


@pytest.mark.parametrize("owed", [True, False], ids=["told", "not told"])
async def test_a_device_that_is_not_told_what_it_is_owed_shows_for_good_what_was_refused(
    client: httpx.AsyncClient, parts: Parts, watermelon_processes: Processes, owed: bool
) -> None:
    """WatermelonDB takes what it has pushed for clean. In storms this is never met: what is merged is news to both."""
    its_parts = parts if owed else without_debts(parts)
    async with house_of(client, its_parts, watermelon_processes, WatermelonHouse) as house:
        a1, b1 = await house.in_sync("ana", "ben")
        step = await house.shared_step(a1, "Book ferry")
        await a1.patch("step", step, title="too long " * 40)

        await agree(a1, b1)

        assert ((await a1.document("step", step))["title"] == "Book ferry") is owed
        assert (await b1.document("step", step))["title"] == "Book ferry"
