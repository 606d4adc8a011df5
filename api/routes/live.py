"""Routes of the live stream: a ticket for clients that cannot set headers, and the stream of hints itself."""

import secrets
from typing import Final

from litestar import get, post
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from api import tickets
from api.auth import SECRET_BYTES
from api.hints import Hub
from api.pace import LIVE
from api.routes.requests import Requested, authenticate, cutting, parts_of
from api.streams import Bye, Hint
from domain.ids import DeviceId, PersonId

TAGS: Final = ["live"]

HEADERS: Final = (
    (b"content-type", b"text/event-stream"),
    # Asks a proxy not to gather the stream before passing it on.
    (b"x-accel-buffering", b"no"),
)


class Ticket(Struct, frozen=True):
    """What opens one live stream, once."""

    ticket: str
    expires_in_s: int


@post(
    "/v1/live/tickets",
    status_code=200,
    summary="Get a ticket for the live stream",
    tags=TAGS,
    opt={"secret": True, "problems": ("too_many_tries",)},
)
async def issue_ticket(request: Requested) -> Ticket:
    """Make a ticket that opens `GET /v1/live?ticket=…` once, within 30 seconds, for this device.

    For clients that cannot set the Authorization header on a stream.
    """
    parts = parts_of(request)
    caller, now = await authenticate(request), parts.clock()
    parts.pace.count(LIVE, str(caller.device), now)
    secret = secrets.token_bytes(SECRET_BYTES)
    ticket = await tickets.issue(parts.pool, caller.person, caller.device, secret, now)
    return Ticket(ticket, tickets.LIFE_S)


@get(
    "/v1/live",
    summary="Hear when there is something to pull",
    tags=TAGS,
    opt={"events": {"hint": Hint, "bye": Bye}, "problems": ("too_many_tries",)},
)
async def listen(request: Requested) -> ASGIApp:
    """Stream server-sent events: `hint` names a space and its newest version, never what is in it.

    The present heads come first. Of several hints for a space a slow reader gets the newest. `bye` ends the
    stream and says when to come back; its `why` is restart, replaced (the device has opened a fourth stream) or
    signed_out. A comment comes every 20 seconds. `Last-Event-ID` means nothing here.
    """
    parts = parts_of(request)
    now = parts.clock()
    given = request.query_params.getall("ticket", [])
    if given:
        person, device = await tickets.redeem(parts.pool, given[0] if len(given) == 1 else "", now)
    else:
        caller = await authenticate(request)
        person, device = caller.person, caller.device
    parts.pace.count(LIVE, str(device), now)
    return _stream(parts.hints, person, device)


def _stream(hints: Hub, person: PersonId, device: DeviceId) -> ASGIApp:
    """Make the answer. Its only task is the server's own, which waits here for the reader to go."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        with hints.listening(person, device, send, cutting(scope)):
            while (await receive())["type"] != "http.disconnect":
                pass

    return answer


ROUTES: Final = [issue_ticket, listen]
