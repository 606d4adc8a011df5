"""Much, and many at once: a first sync of 5,000 records, and 50 devices of 25 couples."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.app import create_app
from api.wiring import Parts
from sync.wire import CHANGES_MAX, Change
from tests.clients.devices import House, Processes
from tests.clients.hands import LIBRARIES, Hand, MixedHouse, mixed
from tests.clients.readers import Node
from tests.journeys.phones import home_of
from tests.streams import serving

pytestmark = pytest.mark.long

RECORDS = 5_000
COUPLES = 25
ROUNDS = 4


@pytest.mark.parametrize("device", ["RxDB", "WatermelonDB"])
async def test_a_first_sync_of_five_thousand_records_completes(
    mixed_house: MixedHouse, device: str, tmp_path: Path
) -> None:
    home = mixed_house.rxdb.home
    for first in range(0, RECORDS, CHANGES_MAX):
        days = [f"{2000 + nth // 365}-{1 + nth % 12:02}-{1 + nth % 28:02}" for nth in range(first, first + CHANGES_MAX)]
        changes = [
            Change(key=uuid4(), kind="check_in", id=uuid4(), set={"local_date": day, "text": f"Day {first + nth}."})
            for nth, day in enumerate(days)
        ]
        answer = await home.a1.push_raw(changes)
        assert {outcome["status"] for outcome in answer["outcomes"]} == {"applied"}
    hand = await mixed_house.hand("ana", device, tmp_path)
    assert len(await hand.documents("check_in")) == RECORDS
    await mixed_house.equal_everywhere(hand)


@pytest.fixture
async def couples(
    client: httpx.AsyncClient, parts: Parts, processes: Processes, watermelon_processes: Processes, node: Node
) -> AsyncIterator[list[MixedHouse]]:
    """Many couples on one server."""
    app = create_app(parts)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(app))
        houses = []
        for _ in range(COUPLES):
            home = await stack.enter_async_context(home_of(client, parts))
            house = House(home, app, str(server.base_url).rstrip("/"), processes)
            stack.push_async_callback(house.end)
            houses.append(await stack.enter_async_context(mixed(house, watermelon_processes, node)))
        yield houses


async def test_fifty_devices_of_twenty_five_couples_stay_correct(couples: list[MixedHouse], tmp_path: Path) -> None:
    hands: dict[int, list[Hand]] = {}
    for nth, house in enumerate(couples):
        folder = tmp_path / str(nth)
        folder.mkdir()
        hands[nth] = [
            await house.hand(whose, LIBRARIES[(nth + later) % len(LIBRARIES)], folder)
            for later, whose in enumerate(("ana", "ben"))
        ]
    every = [hand for of_one in hands.values() for hand in of_one]
    assert len(every) == 2 * COUPLES

    for number in range(ROUNDS):
        for nth, house in enumerate(couples):
            for whose, hand in zip(("Ana", "Ben"), hands[nth], strict=True):
                (goal,) = await hand.documents("goal")
                words = f"{whose} {number} of couple {nth}."
                before = goal["notes"] or ""
                text = f"{words} {before}" if whose == "Ana" else f"{before} {words}"
                await hand.patch("goal", house.rxdb.goal, notes=text.strip())
                await hand.make("check_in", local_date=f"2026-11-{1 + number:02}", text=f"Private {words}")
        await asyncio.gather(*(hand.sync() for hand in every))
    for _ in range(3):
        assert all(await asyncio.gather(*(hand.sync() for hand in every)))

    for nth, house in enumerate(couples):
        await house.equal_everywhere(*hands[nth])
        said = await house.rxdb.home.everything_said()
        for number in range(ROUNDS):
            for whose, other in (("Ana", hands[nth][1]), ("Ben", hands[nth][0])):
                assert f"{whose} {number} of couple {nth}." in said
                assert not await other.heard(f"Private {whose} {number} of couple {nth}.")
