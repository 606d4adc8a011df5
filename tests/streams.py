"""Live streams as an app hears them, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import msgspec

from api.app import create_app
from api.edge import Application, Bounds
from api.server import _server
from api.wiring import Parts
from tests.answers import HOOKS

DEADLINE_S = 20
"""When a test gives up; nothing is measured by it."""


@asynccontextmanager
async def served(
    parts: Parts, *, send_bytes: int | None = None, bounds: Bounds | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The real server on a free port of this loop; `send_bytes` bounds what the system keeps for a slow reader."""
    async with serving(create_app(parts), send_bytes=send_bytes, bounds=bounds) as client:
        yield client


@asynccontextmanager
async def serving(
    app: Application, *, send_bytes: int | None = None, bounds: Bounds | None = None, finish_s: int = 1
) -> AsyncIterator[httpx.AsyncClient]:
    """The same for any application."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # As uvloop does it for the server: else the end of an answer waits for the other side's word on its beginning.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if send_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_bytes)
        server = _server(app, finish_s, bounds or Bounds())
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started)
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            async with httpx.AsyncClient(base_url=base, timeout=DEADLINE_S, limits=limits, event_hooks=HOOKS) as client:
                yield client
        finally:
            server.should_exit = True
            await serving


async def until(holds: Callable[[], bool]) -> None:
    """Return once this holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for belongs to others, who set no event
            await asyncio.sleep(0.002)


class Heard:
    """What came over one stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.retry_ms: int | None = None
        self.beats = 0
        self._lines = answer.aiter_lines()

    async def event(self) -> tuple[str, dict[str, Any]] | None:
        """The next event with its data; None at the end of the stream."""
        name, data = "message", None
        async with asyncio.timeout(DEADLINE_S):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    data = msgspec.json.decode(value)
                elif field == "retry":
                    self.retry_ms = int(value)
                elif line.startswith(":"):
                    self.beats += 1
                elif not line and data is not None:
                    return name, data
        return None

    async def hint(self) -> tuple[UUID, int]:
        """The next hint; anything else is a failure."""
        event = await self.event()
        assert event is not None
        assert event[0] == "hint", event
        assert set(event[1]) == {"space", "head"}
        return UUID(event[1]["space"]), event[1]["head"]

    async def hints(self, count: int) -> dict[UUID, int]:
        """So many hints, each for another space."""
        heard = dict([await self.hint() for _ in range(count)])
        assert len(heard) == count
        return heard

    async def bye(self) -> str:
        """Why the stream ends; nothing may follow."""
        event = await self.event()
        assert event is not None
        assert event[0] == "bye", event
        assert await self.event() is None
        assert self.retry_ms is not None
        assert 1_000 <= self.retry_ms <= 15_000
        why: str = event[1]["why"]
        return why


@asynccontextmanager
async def listening(client: httpx.AsyncClient, **asked: Any) -> AsyncIterator[Heard]:
    """Open a stream that must open."""
    async with client.stream("GET", "/v1/live", **asked) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Heard(answer)
