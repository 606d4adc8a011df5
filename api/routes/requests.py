"""What routes read of a request: what answers it, who sends it, from where, and the id in its path."""

from typing import Any
from uuid import UUID

from litestar import Request

from api import limits
from api.errors import not_found
from api.wiring import Parts
from sync.ports import Caller

Requested = Request[Any, Any, Any]


def parts_of(request: Requested) -> Parts:
    """Return what wiring built for this application."""
    parts: Parts = request.app.state.parts
    return parts


async def authenticate(request: Requested) -> Caller:
    """Return who sends this request, or raise the one 401 that every failure shares."""
    headers = request.headers.getall("authorization", [])
    parts = parts_of(request)
    return await parts.accounts.callers.caller(headers[0] if len(headers) == 1 else None, parts.clock())


def address_of(request: Requested) -> str:
    """Name where a request comes from, for counting tries, without keeping the address."""
    host = None if request.client is None else request.client.host
    return limits.address_key(parts_of(request).accounts.hashes, host)


def id_in_path(written: str) -> UUID:
    """Return the id in an address; anything but a canonical UUID is an address where nothing is."""
    try:
        parsed = UUID(written)
    except ValueError:
        raise not_found() from None
    if str(parsed) != written:
        raise not_found()
    return parsed
