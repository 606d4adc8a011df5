"""A proxy between devices and the server that does what networks do: cut, be late, send twice, at chosen points.

It knows HTTP/1.1 as far as the devices of these tests speak it, and carries one request a connection.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

HEAD_BYTES_MAX: Final = 64 * 1024
PIECE_BYTES: Final = 64 * 1024
LATE_S: Final = 0.2
STREAM: Final = "/v1/live"


class Fault(StrEnum):
    """What becomes of one request."""

    NONE = "none"
    LOST = "lost before the server has it"
    UNANSWERED = "carried out, and the answer lost"
    CUT = "carried out, and the answer cut in the middle"
    TWICE = "carried out twice, and answered once"
    LATE = "late on its way there"
    LATE_ANSWER = "late on its way back"


Weather = Callable[[str, str], Fault]
"""From method and path to what becomes of the request."""


def calm(method: str, path: str) -> Fault:
    """Let everything pass."""
    del method, path
    return Fault.NONE


class Storm:
    """Something happens to some requests, by seed."""

    def __init__(self, seed: int, share: float = 0.3) -> None:
        self._chance = random.Random(seed)
        self._share = share
        self._left: list[Fault] = []
        self.hits: Counter[Fault] = Counter()

    def __call__(self, method: str, path: str) -> Fault:
        del method
        # What tables and collections there are an app brings along.
        if "/schemas/" in path or self._chance.random() >= self._share:
            return Fault.NONE
        if not self._left:
            # Each comes before any comes again.
            self._left = [each for each in Fault if each is not Fault.NONE]
            self._chance.shuffle(self._left)
        fault = self._left.pop()
        self.hits[fault] += 1
        return fault


class Once:
    """One thing happens to the first request of this method and path, and nothing after it."""

    def __init__(self, fault: Fault, method: str, path: str) -> None:
        self._fault, self._method, self._path = fault, method, path
        self.happened = False

    def __call__(self, method: str, path: str) -> Fault:
        if self.happened or method != self._method or not path.startswith(self._path):
            return Fault.NONE
        self.happened = True
        return self._fault


class Proxy:
    """Carries requests to a server in whatever weather there is."""

    def __init__(self, server: str) -> None:
        self.weather: Weather = calm
        self.address = ""
        parts = urlsplit(server)
        self._server = (parts.hostname or "", parts.port or 80)
        self._under_way: set[asyncio.Task[None]] = set()
        self._streams: set[asyncio.StreamWriter] = set()

    def cut_streams(self) -> None:
        """Cut every live stream, as a network does: without a word."""
        for writer in list(self._streams):
            writer.transport.abort()

    async def settled(self) -> None:
        """Return once nothing is under way but streams."""
        while any(not each.done() for each in self._under_way):
            await asyncio.wait(self._under_way, timeout=0.02)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one request, whose device is connected by these."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            if path.startswith(STREAM):
                await self._stream(head, writer)
                return
            body = await reader.readexactly(_length(head))
            task = asyncio.ensure_future(self._meet(self.weather(method, path), _closing(head) + body, writer))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await asyncio.shield(task)
        writer.close()

    async def _meet(self, fault: Fault, request: bytes, writer: asyncio.StreamWriter) -> None:
        if fault is Fault.LOST:
            writer.transport.abort()
            return
        if fault is Fault.LATE:
            await asyncio.sleep(LATE_S)
        if fault is Fault.TWICE:
            await self._answer(request)
        answer = await self._answer(request)
        if fault is Fault.LATE_ANSWER:
            await asyncio.sleep(LATE_S)
        if fault in (Fault.UNANSWERED, Fault.CUT):
            writer.write(answer[: len(answer) // 2] if fault is Fault.CUT else b"")
            with suppress(ConnectionError):
                await writer.drain()
            writer.transport.abort()
            return
        writer.write(answer)
        with suppress(ConnectionError):
            await writer.drain()

    async def _answer(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._server)
        writer.write(request)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def _stream(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        reader, upstream = await asyncio.open_connection(*self._server)
        upstream.write(head)
        self._streams.add(writer)
        try:
            while piece := await reader.read(PIECE_BYTES):
                writer.write(piece)
                await writer.drain()
        finally:
            self._streams.discard(writer)
            upstream.close()
            writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _closing(head: bytes) -> bytes:
    """Ask the server to close after its answer, so that its end is known."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


@asynccontextmanager
async def proxied(server: str) -> AsyncIterator[Proxy]:
    """A proxy before this server, in calm weather."""
    proxy = Proxy(server)
    listening = await asyncio.start_server(proxy.carry, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
    host, port = listening.sockets[0].getsockname()
    proxy.address = f"http://{host}:{port}"
    try:
        yield proxy
    finally:
        proxy.cut_streams()
        listening.close()
        await listening.wait_closed()
