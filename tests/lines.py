"""Connections as bytes: what no client library would send, and exactly what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from api.answers import HEADERS
from tests.streams import DEADLINE_S


class Said(Struct, frozen=True):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self, status: int, slug: str) -> str:
        """Its sentence, once it is clear that this is that problem in the form of the house."""
        assert self.status == status, self
        assert self.headers["content-type"] == "application/problem+json"
        for name, value in HEADERS:
            assert self.headers[name.decode()] == value.decode()
        assert "server" not in self.headers
        problem: dict[str, Any] = msgspec.json.decode(self.body)
        assert problem["type"] == f"urn:haven:problem:{slug}"
        assert problem["status"] == status
        detail: str = problem["detail"]
        assert detail.endswith(".")
        return detail


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        """Send what the other end still takes."""
        with suppress(ConnectionError):
            for piece in pieces:
                self._writer.write(piece)
                await self._writer.drain()

    async def say_no_more(self) -> None:
        """Close our half of the connection and go on listening."""
        self._writer.write_eof()

    async def answer(self, method: str = "GET") -> Said:
        """The next answer."""
        async with asyncio.timeout(DEADLINE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *fields = head[:-4].decode().split("\r\n")
            headers = dict(field.split(": ", 1) for field in fields)
            assert len(headers) == len(fields), "a header came twice"
            expected = 0 if method == "HEAD" else int(headers.get("content-length", 0))
            return Said(int(first.split(" ")[1]), headers, await self._reader.readexactly(expected))

    async def until(self, word: bytes) -> bytes:
        """What comes up to this word."""
        async with asyncio.timeout(DEADLINE_S):
            return await self._reader.readuntil(word)

    async def last_answer(self) -> Said:
        """The next answer, after which the other end closes."""
        said = await self.answer()
        assert said.headers["connection"] == "close"
        await self.end()
        return said

    async def end(self) -> None:
        """Wait until the other end has closed; nothing may come any more."""
        async with asyncio.timeout(DEADLINE_S):
            with suppress(ConnectionError):
                assert await self._reader.read() == b""


@asynccontextmanager
async def line(server: httpx.AsyncClient) -> AsyncIterator[Line]:
    """A connection to this server."""
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection(server.base_url.host, server.base_url.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def asked(server: httpx.AsyncClient, *pieces: bytes) -> Said:
    """Send this on a connection of its own and return its one answer."""
    async with line(server) as sent:
        await sent.send(*pieces)
        return await sent.last_answer()
