"""Routes of exports: ask for a copy of all that is one's own, and fetch it, form by form, as it is being made."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Meta, Struct

from api import exports
from api.auth import IDENTITY_TOKEN_CHARS_MAX
from api.errors import not_found
from api.exports import Export, Fetched
from api.routes.requests import PROVING, Requested, address_of, authenticate, cutting, decoded, id_in_path, parts_of
from sync.export import FORMS, ExportFile, Form
from sync.export_html import POLICY

TAGS: Final = ["exports"]

MEDIA_TYPES: Final[dict[Form, str]] = {"json": "application/json", "html": "text/html", "txt": "text/plain"}

_BEGINNINGS: Final[dict[Form, str]] = {"html": '<!doctype html>\n<html lang="en">', "txt": "Dora & Emil\n==========="}


def _begins_with(words: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "examples": {"beginning": {"summary": "How it begins", "value": words}}}


_log = logging.getLogger("haven")


class Asking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh identity token: a borrowed phone must not carry everything off."""

    identity_token: Annotated[str, Meta(min_length=1, max_length=IDENTITY_TOKEN_CHARS_MAX)]


ASKING: Final = msgspec.json.Decoder(Asking)


@post(
    "/v1/exports",
    status_code=200,
    summary="Ask for a copy of all that is one's own",
    tags=TAGS,
    opt={
        "body": Asking,
        "closing": True,
        "problems": (*PROVING, "not_found"),
    },
)
async def ask_for_export(request: Requested) -> Export:
    """Let this device fetch an export within a day, each of its forms once.

    The person's other devices find a notice `exported`; the partner learns nothing.
    """
    parts = parts_of(request)
    caller = await authenticate(request, closing=True)
    wanted = await decoded(request, ASKING)
    asked, moved = await exports.ask(
        parts.accounts,
        caller,
        identity_token=wanted.identity_token,
        address=address_of(request),
        now=parts.clock(),
    )
    parts.hints.publish(moved)
    return asked


@get(
    "/v1/exports/{export:str}/{form:str}",
    summary="Fetch one form of an export",
    tags=TAGS,
    opt={
        "gives": ExportFile,
        "closing": True,
        "media": {MEDIA_TYPES[form]: _begins_with(words) for form, words in _BEGINNINGS.items()},
        "path": {"form": (Form, "The records as JSON, a page to keep and print, or the same words as plain text.")},
        "part_fits": True,
    },
)
async def fetch_export(request: Requested, export: FromPath[str], form: FromPath[str]) -> ASGIApp:
    """Give the person's own words, letters written and received, and what two made together, as it is being read.

    Works once, for the device that asked. An answer that was cut off can be fetched again. There is nothing in it of
    what the partner keeps for themselves or shows, and nothing is counted.
    """
    parts = parts_of(request)
    caller = await authenticate(request, closing=True)
    identity = id_in_path(export)
    chosen = next((each for each in FORMS if each == form), None)
    if chosen is None:
        raise not_found()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async with (
            parts.exports.one(),
            exports.fetching(parts.accounts, parts.store, caller, identity, chosen, parts.clock()) as fetched,
        ):
            # The first piece comes when all has been looked through: until then a fault is answered as one.
            first = await anext(fetched.pieces)
            await send({"type": "http.response.start", "status": 200, "headers": _headers(chosen, fetched.name)})
            await _send_all(first, fetched, receive, send, within_s=parts.exports.fetch_s, cut=cutting(scope))

    return answer


def _headers(form: Form, name: str) -> list[tuple[bytes, bytes]]:
    media_type = MEDIA_TYPES[form] + ("" if form == "json" else "; charset=utf-8")
    headers = [
        (b"content-type", media_type.encode()),
        # It is to be kept, not to be looked at under this address.
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
    ]
    if form == "html":
        headers.append((b"content-security-policy", f"{POLICY}; frame-ancestors 'none'".encode()))
    return headers


async def _send_all(
    first: bytes, fetched: Fetched, receive: Receive, send: Send, *, within_s: float, cut: Callable[[], object]
) -> None:
    """Send pieces as fast as they are taken. What cannot be sent whole is cut off, so that it does not look whole."""
    left = asyncio.create_task(_left(receive))
    try:
        async with asyncio.timeout(within_s):
            async for piece in _with(first, fetched.pieces):
                if left.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            fetched.whole = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except Exception as fault:  # noqa: BLE001 - the answer has begun; nothing else can be said in it
        fetched.whole = False
        _log.warning("export", extra={"event": "export_cut", "code": type(fault).__name__})
        cut()
    finally:
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _left(receive: Receive) -> None:
    """Return when whoever fetches is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


ROUTES: Final = [ask_for_export, fetch_export]
