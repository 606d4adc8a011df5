"""What routes read of a request, and what several refuse: what answers it, who sends it, its body, its address."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.types import Scope

from api import limits
from api.coding import inflated
from api.decoding import decode, refuse_other_types
from api.edge import CUT
from api.errors import Problem, malformed, not_found, problem
from api.wiring import Parts
from sync.ports import Caller

PROVING: Final = ("identity_refused", "provider_refused", "fresh_sign_in_needed", "too_many_tries")
"""What an operation can answer that wants a proof of identity of the last minutes."""

T = TypeVar("T")

Requested = Request[Any, Any, Any]


def parts_of(request: Requested) -> Parts:
    """Return what wiring built for this application."""
    parts: Parts = request.app.state.parts
    return parts


async def authenticate(request: Requested, *, closing: bool = False) -> Caller:
    """Return who sends this request, or raise the one 401 that every failure shares.

    Only routes that are for `closing` accounts, too, answer somebody whose account is about to be deleted.
    """
    headers = request.headers.getall("authorization", [])
    parts = parts_of(request)
    caller = await parts.accounts.callers.caller(headers[0] if len(headers) == 1 else None, parts.clock())
    if caller.closing is not None and not closing:
        raise account_closing(caller.closing)
    return caller


def account_closing(deleted_at: datetime) -> Problem:
    """Say that an account is about to be deleted, and that this can still be undone."""
    return problem(
        "account_closing",
        "You asked for your account to be deleted. Until then you can still keep it: please say so in the app.",
        also={"deleted_at": deleted_at},
    )


def address_of(request: Requested) -> str:
    """Name where a request comes from, for counting tries, without keeping the address."""
    host = None if request.client is None else request.client.host
    return limits.address_key(parts_of(request).accounts.hashes, host)


async def decoded(request: Requested, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the request's body as `decoder` understands it.

    Raise Problem: 415 unless it is UTF-8 JSON, plain or in one known coding, 413 beyond the application's bounds of
    bytes, 400 for everything about its form, with the path and the rule but none of the words in it.
    """
    refuse_other_types(request)
    try:
        body = await request.body()
    except InternalServerException:
        raise malformed("The connection ended before the whole body had come.") from None
    codings = request.headers.getall("content-encoding", [])
    return decode(inflated(body, codings, parts_of(request).settings.inflated_bytes_max), decoder)


def id_in_path(written: str) -> UUID:
    """Return the id in an address; anything but a canonical UUID is an address where nothing is."""
    try:
        parsed = UUID(written)
    except ValueError:
        raise not_found() from None
    if str(parsed) != written:
        raise not_found()
    return parsed


def number_in_query(request: Requested, name: str, most: int, otherwise: int | None = None) -> int:
    """Return a whole number of the query, from 1 to `most`; without one `otherwise`, or else `most`."""
    given = request.query_params.getall(name, [])
    if not given:
        return most if otherwise is None else otherwise
    if len(given) > 1 or not re.fullmatch(r"[1-9][0-9]{0,15}", given[0]) or int(given[0]) > most:
        raise malformed(f"This must be one whole number from 1 to {most}.", f"?{name}")
    return int(given[0])


def refuse_old_app(request: Requested, schema: int) -> None:
    """Refuse an app whose schema this server does not serve any more."""
    if schema < parts_of(request).settings.schema_min:
        raise problem(
            "schema_too_old",
            "Please update the app. Nothing on this phone is lost meanwhile; it is sent after the update.",
        )


def cutting(scope: Scope) -> Callable[[], object]:
    """Return what ends the connection though its reader takes nothing: closing it would wait for the reader."""
    task = asyncio.current_task()
    assert task is not None, "a server answers in a task"
    extensions = cast("Mapping[str, Any]", scope.get("extensions") or {})
    cut: Callable[[], object] = extensions.get(CUT, task.cancel)
    return cut
