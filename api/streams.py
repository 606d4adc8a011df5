"""One reader of the live stream: a slot for each of its spaces, in which the newest head wins."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Final, Literal

import msgspec
from litestar.types import Send

from domain.ids import DeviceId, PersonId, SpaceId

Why = Literal["restart", "replaced", "signed_out"]
"""Why a stream ends: this process is about to; a newer one took its place; its device may no longer listen."""

BEAT: Final = b": \n\n"
"""A comment of the event stream: keeps proxies from closing a silent connection, and says nothing."""


class Hint(msgspec.Struct, frozen=True):
    """There is news in this space: its newest version."""

    space: SpaceId
    head: int


class Bye(msgspec.Struct, frozen=True):
    """The stream ends here."""

    why: Why


class Stream:
    """What one stream has been told, and what it is yet to be told: one number a space, however slow its reader.

    `send` is the server's, called from one task at a time; that task lives only while there is something to
    send, so that an idle stream costs no task of ours. `abort` cuts the connection. Once a stream was told to
    end it is told nothing else.
    """

    __slots__ = ("_abort", "_beat", "_bye", "_last", "_news", "_sending", "_since", "_told", "device", "person", "send")

    def __init__(self, person: PersonId, device: DeviceId, send: Send, abort: Callable[[], object]) -> None:
        self.person = person
        self.device = device
        self.send = send
        self._abort = abort
        self._told: dict[SpaceId, int] = {}
        self._news: dict[SpaceId, None] = {}
        self._beat = False
        self._bye: bytes | None = None
        self._last = False
        self._sending: asyncio.Task[None] | None = None
        self._since: float | None = None

    @property
    def spaces(self) -> Collection[SpaceId]:
        """The spaces of which this stream hears."""
        return self._told.keys()

    @property
    def ending(self) -> bool:
        """Whether this stream was told to end."""
        return self._bye is not None

    def offer(self, space: SpaceId, head: int) -> None:
        """Tell of a head of a space that this stream hears of, unless it knows that head or a newer one."""
        if not self.ending and head > self._told.get(space, head):
            self._told[space] = head
            self._news[space] = None
            self._flow()

    def settle(self, heads: Mapping[SpaceId, int], *, anew: bool) -> None:
        """Hear of these spaces and no others from now on; `anew` tells their heads again, known or not."""
        if self.ending:
            return
        for space in self._told.keys() - heads.keys():
            del self._told[space]
            self._news.pop(space, None)
        for space, head in heads.items():
            if anew or head > self._told.get(space, -1):
                self._told[space] = head
                self._news[space] = None
        self._flow()

    def tend(self, now_s: float, stall_s: float) -> None:
        """Send a heartbeat, or cut the connection if its reader has taken nothing for `stall_s` seconds."""
        if self._since is None:
            self._beat = True
            self._flow()
        elif now_s - self._since >= stall_s:
            self._abort()

    def end(self, why: Why, retry_ms: int) -> None:
        """Say goodbye, and when to come back; nothing follows. Twice is once."""
        if not self.ending:
            self._news.clear()
            self._bye = b"event: bye\nretry: %d\ndata: %b\n\n" % (retry_ms, msgspec.json.encode(Bye(why)))
            self._flow()

    def close(self) -> None:
        """Forget what was still to be sent: the connection is gone."""
        if self._sending is not None:
            self._sending.cancel()

    def _flow(self) -> None:
        if self._sending is None and not self._last:
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            # A server may say by OSError that the reader is gone; `receive` says it too, and there it is heard.
            with suppress(OSError):
                while chunk := self._taken():
                    self._since = loop.time()
                    await self.send({"type": "http.response.body", "body": chunk, "more_body": not self._last})
        finally:
            self._since = None
            self._sending = None

    def _taken(self) -> bytes:
        """Take everything that is to be said by now."""
        if self._last:
            return b""
        if self._bye is not None:
            self._last = True
            return self._bye
        news = b"".join(b"event: hint\ndata: %b\n\n" % _encoded(space, self._told[space]) for space in self._news)
        self._news.clear()
        beat, self._beat = self._beat, False
        return news or (BEAT if beat else b"")


def _encoded(space: SpaceId, head: int) -> bytes:
    return msgspec.json.encode(Hint(space, head))
