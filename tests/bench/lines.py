"""A raw HTTP/1.1 connection: one request at a time, and as little of the client's own work as can be."""

import asyncio
from typing import Self, cast

ANSWER_S = 30.0
_END_OF_HEAD = b"\r\n\r\n"


class LineBroken(Exception):  # noqa: N818 - a past-tense fact
    """The server has closed the connection in the middle."""


class Line(asyncio.Protocol):
    """One connection that is kept open."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._got = bytearray()
        self._needed = 0
        self._body_at = 0

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connect to this port of the loopback."""
        _, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return line

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a request; the answer is its status and body."""
        assert self._transport is not None, "`to` connects"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LineBroken())

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._needed:
            end = self._got.find(_END_OF_HEAD)
            if end < 0:
                return
            self._body_at = end + len(_END_OF_HEAD)
            self._needed = self._body_at + _content_length(bytes(self._got[:end]).lower())
        if len(self._got) < self._needed:
            return
        status, body = int(self._got[9:12]), bytes(self._got[self._body_at : self._needed])
        self._got.clear()
        self._needed = 0
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((status, body))


def request(path: str, token: str, body: bytes) -> bytes:
    """Write a POST of JSON."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: haven\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def _content_length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r", 1)[0])
