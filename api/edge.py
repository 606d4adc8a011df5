"""Stand at the edge of HTTP: bound what a connection sends and how slowly, and refuse in the words of the house."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from logging import getLogger
from typing import Any, Final

import httptools
from msgspec import Struct
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.answers import send_problem, written
from api.errors import Problem, malformed, not_found, problem, problem_of, too_large

_log = getLogger("haven")

CUT: Final = "haven.cut"
"""Our extension of the ASGI scope: a function that drops the connection at once."""

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Bounds(Struct, frozen=True, kw_only=True):
    """How much a connection may send, and how slowly."""

    line_bytes_max: int = 4 * 1024
    """The first line of a request."""
    fields_max: int = 64
    """Headers of a request, trailers included."""
    fields_bytes_max: int = 16 * 1024
    body_bytes_max: int = 1024 * 1024
    """A body as it is sent."""
    head_s: float = 10.0
    """From the opening, or the first byte of a later request, to the end of the headers."""
    body_s: float = 30.0
    body_start_s: float = 5.0
    """A body may take so long, and another second for each `body_bytes_a_s_min` that came, but never above `body_s`."""
    body_bytes_a_s_min: int = 1024
    leave_s: float = 2.0
    """How long somebody who was refused may go on sending, unread, before the connection is cut."""


class _Part(Enum):
    """What of a request is still to come."""

    HEAD = 1
    BODY = 2


class Edge(HttpToolsProtocol):
    """uvicorn's protocol with bounds of bytes and time.

    One request at a time: a connection that sends the next one before it has its answer gets that answer and is
    closed. A route is asked once the body has come, or `HIGH_WATER_LIMIT` bytes of it: somebody slow keeps no
    route waiting and takes nobody's place among the requests in flight.
    """

    def __init__(self, *given: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bounds = bounds
        self._part: _Part | None = None
        """Where in a request the parser stands; None between two."""
        self._awaited: _Part | None = None
        """What the alarm is for."""
        self._alarm: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._deaf = False
        """Nothing that still comes is read; an answer or a goodbye may be under way."""
        self._left = False
        """Our half is closed: nothing is said any more."""
        self._ended = False
        """Whether a request came to its end within the bytes at hand."""
        self._unread_head_bytes = 0
        """What the parser holds back of a head: it tells a field only when that is whole."""
        self._fields = 0
        self._fields_bytes = 0
        self._body_bytes = 0
        self._framed_bytes = 0
        """What came of a body with all that is written around its chunks."""
        self._unbegun: tuple[RequestResponseCycle, Any] | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first request its time."""
        super().connection_made(transport)
        self._await(_Part.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._disarm()
        self._unbegun = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on within the bounds."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._ended = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Another protocol is a wish that may be passed over. What was already sent in it is not HTTP.
            if upgrade.args[0] < len(data):
                self._end_after_this_answer()
        except httptools.HttpParserError as fault:
            self._refuse(_objection(fault, data, self._part))
            return
        self._expect_the_rest(len(data))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Let somebody who has said all hear the answer; from whoever stops in the middle nothing more will come."""
        if self._deaf:
            return not self._left
        if self.cycle is not None and not self.cycle.response_complete and self._part is None:
            # Whoever reads a stream has left: it would else go on for nobody until something is written.
            waits = not self.cycle.response_started and self.scope["method"] != "GET"
            if waits:
                self._end_after_this_answer()
            return waits
        if self._part is not None or self._unread_head_bytes:
            self._refuse(malformed("The connection ended before the whole request had come."))
            return True
        return False

    def _expect_the_rest(self, came_bytes: int) -> None:
        """Set the alarm for what is still to come."""
        if self._part is _Part.BODY:
            self._framed_bytes += came_bytes
            if self._framed_bytes > _FRAMED_TIMES * self._bounds.body_bytes_max:
                self._refuse(too_large())
            else:
                self._await(_Part.BODY)
        elif self._part is None and self._ended:
            self._await(None)
        else:
            # Within a head, or in the empty lines that may stand before one.
            if not self._ended:
                self._unread_head_bytes += came_bytes
            if self._unread_head_bytes > self._bounds.line_bytes_max + self._bounds.fields_bytes_max + _ENDS_BYTES:
                self._refuse(_headers_too_large())
            else:
                self._await(_Part.HEAD)

    # What the parser calls. An exception in here stops it, and `data_received` finds it again as a context.

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self.cycle is not None and not self.cycle.response_complete:
            raise _Refused(None)
        super().on_message_begin()
        self.scope["extensions"] = {CUT: self.transport.abort}  # type: ignore[dict-item]
        self._part = _Part.HEAD
        self._fields = self._fields_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        super().on_url(url)
        if len(self.parser.get_method()) + len(self.url) + _LINE_REST_BYTES > self._bounds.line_bytes_max:
            raise _Refused(_address_too_long())

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is counted, but must not become a header of what it comes behind."""
        self._fields += 1
        self._fields_bytes += len(name) + len(value) + _FIELD_REST_BYTES
        if self._fields > self._bounds.fields_max or self._fields_bytes > self._bounds.fields_bytes_max:
            raise _Refused(_headers_too_large())
        if self._part is _Part.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Judge a head as a whole."""
        self._refuse_unfit_head()
        super().on_headers_complete()
        self._part = _Part.BODY
        self._body_bytes = self._framed_bytes = self._unread_head_bytes = 0
        if self.cycle.waiting_for_100_continue:
            # The route that would say so is asked only once the body is here.
            self.cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._bounds.body_bytes_max:
            raise _Refused(too_large())
        super().on_body(body)
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self._ask_route()

    def on_message_complete(self) -> None:
        """End a request."""
        self._part, self._ended = None, True
        super().on_message_complete()
        self._ask_route()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._unbegun = cycle, app

    def _ask_route(self) -> None:
        if self._unbegun is not None:
            super()._start_asgi_task(*self._unbegun)
            self._unbegun = None

    def _refuse_unfit_head(self) -> None:
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise _Refused(malformed("Haven understands HTTP/1.1. Please send the request in that version."))
        if self.parser.get_method() == b"CONNECT":
            raise _Refused(not_found())
        if not self.url.startswith(b"/") or b"#" in self.url:
            found = _ABSOLUTE.fullmatch(self.url)
            if found is None:
                raise _Refused(not_found())
            self.url = found[1] if found[1].startswith(b"/") else b"/" + found[1]
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length" and int(value) > self._bounds.body_bytes_max:
                raise _Refused(too_large())
            elif name == b"transfer-encoding" and (value.lower() != b"chunked" or version == "1.0"):
                raise _Refused(malformed("A body may come in chunks of HTTP/1.1, and in no other transfer encoding."))
        if hosts > 1 or (not hosts and version == "1.1"):
            raise _Refused(malformed("A request names its host once, in the header Host."))

    # Time

    def _await(self, part: _Part | None) -> None:
        """Have the alarm ring when this part takes too long; what is awaited already keeps its time."""
        if part is self._awaited:
            return
        self._disarm()
        self._awaited = part
        if part is not None:
            self._since = self.loop.time()
            wait_s = self._bounds.head_s if part is _Part.HEAD else self._bounds.body_start_s
            self._alarm = self.loop.call_at(self._since + wait_s, self._ring)

    def _ring(self) -> None:
        if self._awaited is _Part.BODY:
            now = self.loop.time()
            if self.flow.read_paused:
                # It is we who take nothing.
                self._since = now
            earned_s = self._bounds.body_start_s + self._body_bytes / self._bounds.body_bytes_a_s_min
            due = self._since + min(self._bounds.body_s, earned_s)
            if now < due:
                self._alarm = self.loop.call_at(due, self._ring)
                return
        self._refuse(_too_slow())

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    # Saying no

    def _refuse(self, made: Problem | None) -> None:
        """Answer what no route will see, unless an answer is under way, and end the connection."""
        cycle, in_body = self.cycle, self._part is _Part.BODY
        self._await(None)
        if cycle is not None and not cycle.response_complete and (cycle.response_started or not in_body):
            self._end_after_this_answer()
            return
        if in_body:
            # Whoever waits for the rest of this body hears that it will not come.
            self._unbegun = None
            cycle.disconnected = True
            cycle.message_event.set()
        if made is not None and not (in_body and cycle.response_complete):
            _log.info("refused", extra={"event": "refused", "status": made.status, "code": made.type})
            fields, body = written(made)
            fields = [*self.server_state.default_headers, *fields, (b"connection", b"close")]
            lines = [b"%b: %b\r\n" % field for field in fields]
            self.transport.write(b"".join([STATUS_LINE[made.status], *lines, b"\r\n", body]))
        self._leave()

    def _end_after_this_answer(self) -> None:
        self._deaf = True
        self.cycle.keep_alive = False

    def _leave(self) -> None:
        """Close our half, and the whole when the other has read: to close at once could destroy the answer."""
        self._deaf = self._left = True
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.transport.write_eof()
        self._alarm = self.loop.call_later(self._bounds.leave_s, self.transport.abort)


def guarded(app: Application) -> Application:
    """Return `app` with an answer of the house also for what falls out of it, and for what is cut off at the end."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except BaseException as fault:
            made = _restarting() if isinstance(fault, asyncio.CancelledError) else problem_of(RuntimeError())
            # It refuses a second answer; then uvicorn drops the connection. It also logs the fault.
            with suppress(RuntimeError):
                await send_problem(send, made)
            raise

    return answer


class _Refused(Exception):  # noqa: N818 - a past-tense fact
    """The request cannot go on. Without a problem nothing is said: an earlier answer is under way."""

    def __init__(self, made: Problem | None) -> None:
        super().__init__()
        self.problem = made


_LINE_REST_BYTES: Final = len(b"  HTTP/1.1")
_FIELD_REST_BYTES: Final = len(b": \r\n")
_ENDS_BYTES: Final = len(b"\r\n\r\n")
_FRAMED_TIMES: Final = 2
"""How much more than its own bytes a body may be with what is written around its chunks."""

_ABSOLUTE: Final = re.compile(rb"(?i:https?)://[^/?#]+([^#]*)")
"""An address as proxies write it; RFC 9112, 3.2.2 asks every server to take it."""
_WORD: Final = re.compile(rb"[\r\n]*[!#$%&'*+.^_`|~\w-]{1,64} [/*\w]")
"""A line that begins like a request, with a method that may be known somewhere else."""


def _objection(fault: httptools.HttpParserError, data: bytes, part: _Part | None) -> Problem | None:
    """Say what the parser, or we within it, found wrong; nothing of what was sent."""
    if isinstance(fault.__context__, _Refused):
        return fault.__context__.problem
    if isinstance(fault, httptools.HttpParserInvalidMethodError) and _WORD.match(data):
        return not_found()
    if part is _Part.BODY:
        return malformed("The body does not come in the way that the headers of the request announce.")
    if re.search("Content-Length|Transfer-Encoding", str(fault)):
        return malformed("The length of the body must be told once, by Content-Length or by coming in chunks.")
    return malformed("This is not a request as HTTP/1.1 writes it. Perhaps something changed it on its way.")


def _address_too_long() -> Problem:
    return problem("address_too_long", "No address of Haven is nearly as long as this one.")


def _headers_too_large() -> Problem:
    return problem(
        "headers_too_large",
        "The headers of a request have an upper bound in size and in number. Please send fewer of them.",
    )


def _too_slow() -> Problem:
    return problem(
        "too_slow",
        "Perhaps the network is weak here. Nothing of the request was done; please send it again.",
    )


def _restarting() -> Problem:
    return problem(
        "unavailable",
        "This part of Haven is being restarted. Please send the same request again.",
        headers={"Retry-After": "2"},
    )
