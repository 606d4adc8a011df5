"""The proxy does to a request what it is told to, and nothing else."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, Request, get, post

from tests.clients.proxy import Fault, Once, Proxy, proxied
from tests.streams import serving

SAID: list[str] = []


@post("/said")
async def said(request: Request[object, object, object]) -> str:
    SAID.append((await request.body()).decode())
    return "heard" * 100


@get("/count")
async def count() -> int:
    return len(SAID)


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    SAID.clear()
    app = Litestar([said, count], openapi_config=None, logging_config=None)
    async with serving(app) as server, proxied(str(server.base_url)) as proxy:
        yield proxy


async def told(proxy: Proxy, words: str) -> str | None:
    async with httpx.AsyncClient(base_url=proxy.address) as client:
        try:
            return (await client.post("/said", content=words)).text
        except httpx.TransportError:
            return None


@pytest.mark.parametrize(
    ("fault", "heard", "times"),
    [
        (Fault.NONE, True, 1),
        (Fault.LOST, False, 0),
        (Fault.UNANSWERED, False, 1),
        (Fault.CUT, False, 1),
        (Fault.TWICE, True, 2),
        (Fault.LATE, True, 1),
        (Fault.LATE_ANSWER, True, 1),
    ],
)
async def test_each_fault_is_what_it_says(proxy: Proxy, fault: Fault, heard: bool, times: int) -> None:
    proxy.weather = Once(fault, "POST", "/said")
    assert (await told(proxy, "Kiwi.")) == ("heard" * 100 if heard else None)
    assert ["Kiwi."] * times == SAID
    assert await told(proxy, "Plum.") == "heard" * 100
    assert [*["Kiwi."] * times, "Plum."] == SAID
