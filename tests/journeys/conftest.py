"""The ground of the stories: one server for all of a file's, with a clock that stands, and a new couple for each."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.prompting import Prompting
from api.wiring import Parts
from tests.clocks import StillClock, app_at
from tests.journeys.prompted import Vendor, reachable
from tests.journeys.two import Two, two_on


@pytest.fixture(scope="module")
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="module")
async def server(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


@pytest.fixture
async def two(server: httpx.AsyncClient, parts: Parts, clock: StillClock) -> AsyncIterator[Two]:
    """Ana and Ben, paired at noon, each with a phone that has seen everything."""
    clock.to_noon()
    async with two_on(server, parts, clock) as two:
        yield two


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def prompting(two: Two, vendor: Vendor) -> Prompting:
    """Their worker. What other files have left in the database is taken out: it plans and sends for these two."""
    for table in ("push_target", "outbox", "prompt"):
        await two.parts.pool.execute(f"DELETE FROM {table}")
    await reachable(two, two.ana, "ana:phone")
    await reachable(two, two.ben, "ben:phone")
    await two.parts.pool.execute("UPDATE space SET paired_at = NULL")
    for phone in (two.ana, two.ben):
        settings = phone.all("settings")
        if not settings:
            await phone.sync()
            settings = phone.all("settings")
        phone.edit("settings", settings[0].id, quiet_off=True)
    await two.meet()
    return Prompting(two.parts, vendor)
