"""What probes ask on the admin port: is this process alive, and may it be given requests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.answers import HEADERS
from api.migrate import migrations
from api.postgres import TRANSIENT

if TYPE_CHECKING:
    from api.wiring import Parts

FRESH_S: Final = 10.0
"""One slow answer of the database must not empty the rotation; ten silent seconds may."""
ASK_S: Final = 2.0

NEWEST: Final = "SELECT max(name) FROM schema_migration"

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Health:
    """The answers to probes, as a small ASGI application of its own."""

    def __init__(self, parts: "Parts") -> None:
        self._parts = parts
        self._known = max((migration.number for migration in migrations()), default=0)
        self._reached: float | None = None
        self._schema_fits = False

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer GET /livez, /readyz and /startupz; 404 for everything else."""
        if scope["type"] != "http":
            return
        path = scope["path"] if scope["method"] in ("GET", "HEAD") else ""
        if path == "/livez":
            # The database is not asked: its fault must not restart every process. Answering is proof enough.
            status, words = 200, ""
        elif path in ("/readyz", "/startupz"):
            words = await self.unready()
            status = 503 if words else 200
        else:
            status, words = 404, "not_found"
        body = msgspec.json.encode({"ok": status == 200, "why": words})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *HEADERS]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def unready(self) -> str:
        """Return why requests should go elsewhere, or nothing."""
        if self._parts.drain.begun.is_set():
            return "draining"
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(ASK_S):
                newest = await self._parts.pool.fetchval(NEWEST)
        except TRANSIENT:
            if self._reached is None or now - self._reached > FRESH_S:
                return "database_unreachable"
        else:
            self._reached = now
            applied = int(newest[:4]) if newest else 0
            self._schema_fits = abs(applied - self._known) <= 1
        return "" if self._schema_fits else "schema_does_not_fit"
