"""Routes by which a person has their account deleted, and changes their mind."""

from typing import Annotated, Final

import msgspec
from litestar import delete, post
from msgspec import Meta, Struct

from api import deleting
from api.auth import IDENTITY_TOKEN_CHARS_MAX
from api.deleting import Closed, Deletion
from api.routes.requests import PROVING, Requested, address_of, authenticate, decoded, parts_of

TAGS: Final = ["account"]


class Deleting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh identity token: nobody deletes an account from a phone that they only hold."""

    identity_token: Annotated[str, Meta(min_length=1, max_length=IDENTITY_TOKEN_CHARS_MAX)]


DELETING: Final = msgspec.json.Decoder(Deleting)


@post(
    "/v1/me/deletion",
    status_code=200,
    summary="Have the account deleted",
    tags=TAGS,
    opt={
        "body": Deleting,
        "closing": True,
        "problems": PROVING,
    },
)
async def delete_account(request: Requested) -> Deletion:
    """Part at once, sign out everywhere, and destroy everything after a week in which it can be undone."""
    parts = parts_of(request)
    caller = await authenticate(request, closing=True)
    wanted = await decoded(request, DELETING)
    closed = await deleting.ask(
        parts.accounts,
        caller,
        identity_token=wanted.identity_token,
        address=address_of(request),
        now=parts.clock(),
    )
    tell(request, closed)
    return closed.deletion


@delete("/v1/me/deletion", status_code=204, summary="Keep the account after all", tags=TAGS, opt={"closing": True})
async def keep_account(request: Requested) -> None:
    """Undo a deletion within its week, after signing in again; a couple that parted by it stays parted."""
    parts = parts_of(request)
    caller = await authenticate(request, closing=True)
    await deleting.undo(parts.accounts, caller.person)


def tell(request: Requested, closed: Closed) -> None:
    """Let streams hear that a couple has parted, and end those of whoever is signed out."""
    hints = parts_of(request).hints
    hints.publish(closed.moved)
    if closed.person is not None:
        for device in closed.devices:
            hints.revoked(closed.person, device)


ROUTES: Final = [delete_account, keep_account]
