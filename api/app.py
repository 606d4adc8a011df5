"""Put the routes together and stand at the door: bounds, headers, one kind of fault, one line a request."""

import logging
import time
from typing import Any, Final

from litestar import Litestar
from litestar.datastructures import State

from api.answers import send_problem, with_headers
from api.coding import WORTH_BYTES, accepted, coded
from api.errors import answer, busy, not_found
from api.routes import (
    account,
    counsel,
    couples,
    deletion,
    deletion_page,
    devices,
    exports,
    live,
    pages,
    prompts,
    resources,
    rxdb,
    sync,
    watermelon,
)
from api.unnoted import is_unnoted
from api.wiring import Parts

ROUTES: Final = (
    *(account, deletion, deletion_page, devices, couples, counsel),
    *(sync, rxdb, watermelon, live, resources, exports, prompts),
)
"""Modules with `ROUTES`."""
DEVELOPMENT_ROUTES: Final = (account, pages)
"""Modules with `DEVELOPMENT_ROUTES`, which production does not have."""
STREAMS: Final = frozenset({"/v1/live"})
"""Paths whose answer lasts: not in flight, but bounded in number and said goodbye to."""

ONLY_OVER_TLS: Final = (b"strict-transport-security", b"max-age=31536000")
"""For a year a browser that was here comes over TLS alone (RFC 6797)."""

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
    """Litestar behind a door that counts, bounds, marks and notes every request, whatever becomes of it.

    Of the paths in `api/unnoted.py` nothing is noted.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        parts: Parts = self.state.parts
        drain, settings = parts.drain, parts.settings
        visit = _Visit(scope, send, over_tls=settings.over_tls)
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
                # The way to help is open also when everything else has to wait: its answer is there already.
                if drain.in_flight >= settings.in_flight_max and not is_unnoted(scope):
                    await send_problem(visit.send, busy())
                    return
                drain.in_flight += 1
                try:
                    await super().__call__(scope, receive, visit.send)
                finally:
                    drain.in_flight -= 1
        finally:
            if not is_unnoted(scope):
                visit.note()


def _is_alias(raw_path: bytes) -> bool:
    """Tell whether an address is another spelling; Litestar would find the route that it does not name."""
    return b"%" in raw_path or b"//" in raw_path or raw_path.endswith(b"/")


class _Visit:
    """One request on its way out."""

    __slots__ = ("_began", "_bytes_out", "_held", "_over_tls", "_scope", "_send", "_status")

    def __init__(self, scope: Any, send: Any, *, over_tls: bool) -> None:
        self._scope, self._send, self._over_tls = scope, send, over_tls
        self._began = time.perf_counter()
        self._status: int | None = None
        self._bytes_out = 0
        self._held: Any = None

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = with_headers(list(message.get("headers", ())))
            if self._over_tls:
                message["headers"].append(ONLY_OVER_TLS)
            # Only the body tells whether it is worth a coding.
            self._held = message
            return
        if message["type"] == "http.response.body":
            if self._held is not None:
                # What comes in parts is a stream, and stays as it is.
                if not message.get("more_body", False):
                    self._put_into_coding(self._held, message)
                await self._send(self._held)
                self._held = None
            self._bytes_out += len(message.get("body", b""))
        await self._send(message)

    def _put_into_coding(self, start: Any, whole: Any) -> None:
        """Let an answer travel smaller, unless it is small already or could tell a secret by how small it gets.

        One that may be kept has chosen its coding itself, with a name for each.
        """
        body, handler = whole.get("body", b""), self._scope.get("route_handler")
        if len(body) < WORTH_BYTES or handler is None or handler.opt.get("secret") or handler.opt.get("kept"):
            return
        start["headers"].append((b"vary", b"accept-encoding"))
        wishes = (value.decode("latin-1") for name, value in self._scope["headers"] if name == b"accept-encoding")
        coding = accepted(wishes)
        if coding is not None:
            whole["body"] = coded(body, coding)
            length = str(len(whole["body"])).encode()
            start["headers"] = [header for header in start["headers"] if header[0] != b"content-length"]
            start["headers"] += [(b"content-encoding", coding.encode()), (b"content-length", length)]

    def note(self) -> None:
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "request",
                extra={
                    "event": "request",
                    "method": self._scope["method"],
                    # The template, never the path: that may hold ids, and the query a ticket.
                    "route": self._scope.get("path_template"),
                    "status": self._status,
                    "duration_ms": round((time.perf_counter() - self._began) * 1000, 2),
                    "bytes_out": self._bytes_out,
                },
            )
