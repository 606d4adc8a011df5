"""Put the routes together and stand at the door: bounds, headers, one kind of fault, one line a request."""

import logging
import time
from typing import Any, Final, cast

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import HTTPScope, Message, Send

from api.answers import send_problem, with_headers
from api.errors import answer, busy, not_found
from api.routes import account, couples, devices, live, pages, sync
from api.wiring import Parts

ROUTES: Final = (account, devices, couples, sync, live)
"""Modules with `ROUTES`."""
DEVELOPMENT_ROUTES: Final = (account, pages)
"""Modules with `DEVELOPMENT_ROUTES`, which production does not have."""
STREAMS: Final = frozenset({"/v1/live"})
"""Paths whose answer lasts: not in flight, but bounded in number and said goodbye to."""

_log = logging.getLogger("haven")


def create_app(parts: Parts) -> "Haven":
    """Return the application that answers with these parts."""
    handlers = [handler for module in ROUTES for handler in module.ROUTES]
    if parts.settings.development:
        handlers += [handler for module in DEVELOPMENT_ROUTES for handler in module.DEVELOPMENT_ROUTES]
    return Haven(
        route_handlers=handlers,
        state=State({"parts": parts}),
        exception_handlers={Exception: answer},
        request_max_body_size=parts.settings.body_bytes_max,
        # The document is our own (api/openapi.py): routes decode by hand, which Litestar cannot see.
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


class Haven(Litestar):
    """Litestar behind a door that counts, bounds, marks and notes every request, whatever becomes of it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        parts: Parts = self.state.parts
        visit = _Visit(cast("Send", send))
        drain, settings = parts.drain, parts.settings
        try:
            if _is_alias(scope["raw_path"]):
                await send_problem(visit.send, not_found())
            elif scope["path"] in STREAMS:
                if drain.streams >= settings.streams_max or drain.begun.is_set():
                    # A queue inside would only make everyone wait.
                    await send_problem(visit.send, busy())
                    return
                drain.stream_opened()
                try:
                    await super().__call__(scope, receive, visit.send)
                finally:
                    drain.stream_closed()
            else:
                if drain.in_flight >= settings.in_flight_max:
                    await send_problem(visit.send, busy())
                    return
                drain.in_flight += 1
                try:
                    await super().__call__(scope, receive, visit.send)
                finally:
                    drain.in_flight -= 1
        finally:
            visit.note(cast("HTTPScope", scope))


def _is_alias(raw_path: bytes) -> bool:
    """Tell whether an address is another spelling; Litestar would find the route that it does not name."""
    return b"%" in raw_path or b"//" in raw_path or raw_path.endswith(b"/")


class _Visit:
    """One request on its way out."""

    __slots__ = ("_began", "_bytes_out", "_send", "_status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._began = time.perf_counter()
        self._status: int | None = None
        self._bytes_out = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = with_headers(list(message.get("headers", ())))
        elif message["type"] == "http.response.body":
            self._bytes_out += len(message.get("body", b""))
        await self._send(message)

    def note(self, scope: HTTPScope) -> None:
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "request",
                extra={
                    "event": "request",
                    "method": scope["method"],
                    # The template, never the path: that may hold ids, and the query a ticket.
                    "route": scope.get("path_template"),
                    "status": self._status,
                    "duration_ms": round((time.perf_counter() - self._began) * 1000, 2),
                    "bytes_out": self._bytes_out,
                },
            )
