"""Routes of a person's own devices: list them, sign this one out, shut another one out, reach this one by push."""

from typing import Annotated, Final

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from api import accounts, push_targets
from api.accounts import DeviceView
from api.auth import IDENTITY_TOKEN_CHARS_MAX
from api.push_targets import PushTarget
from api.routes.requests import PROVING, Requested, address_of, authenticate, decoded, id_in_path, parts_of
from domain.ids import DeviceId

TAGS: Final = ["devices"]


class Devices(Struct, frozen=True):
    """The caller's own devices, oldest first."""

    devices: list[DeviceView]


class Revoking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh identity token; only one's own device is revoked without."""

    identity_token: Annotated[str, Meta(min_length=1, max_length=IDENTITY_TOKEN_CHARS_MAX)] | None = None


REVOKING: Final = msgspec.json.Decoder(Revoking)
PUSH_TARGET: Final = msgspec.json.Decoder(PushTarget)


@get("/v1/devices", summary="The caller's own devices", tags=TAGS)
async def list_devices(request: Requested) -> Devices:
    """Return the devices that are or were signed in; nothing says when one was last used."""
    parts = parts_of(request)
    return Devices(await accounts.devices(parts.accounts, await authenticate(request)))


@post("/v1/sign-out", status_code=204, summary="Sign this device out", tags=TAGS, opt={"closing": True})
async def sign_out(request: Requested) -> None:
    """Forget this device and its tokens."""
    parts = parts_of(request)
    caller = await authenticate(request, closing=True)
    await accounts.sign_out(parts.accounts, caller)
    parts.hints.revoked(caller.person, caller.device)


@post(
    "/v1/devices/{device:str}/revoke",
    status_code=204,
    summary="Shut a device out for good",
    tags=TAGS,
    opt={"body": Revoking, "problems": PROVING},
)
async def revoke(request: Requested, device: FromPath[str]) -> None:
    """End a device's access; it can never come back under its id."""
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, REVOKING)
    revoked = DeviceId(id_in_path(device))
    await accounts.revoke(
        parts.accounts,
        caller,
        revoked,
        identity_token=wanted.identity_token,
        address=address_of(request),
        now=parts.clock(),
    )
    parts.hints.revoked(caller.person, revoked)


@put(
    "/v1/devices/current/push-target",
    status_code=204,
    summary="Say how this device is reached by push",
    tags=TAGS,
    opt={"body": PushTarget, "problems": ("consent_needed", "not_found")},
)
async def register_push_target(request: Requested) -> None:
    """Reach this device by what FCM calls it, in place of what it was called before; no other device has that name."""
    parts = parts_of(request)
    caller = await authenticate(request)
    await push_targets.register(parts.accounts, caller, await decoded(request, PUSH_TARGET), parts.clock())


@delete("/v1/devices/current/push-target", status_code=204, summary="Do not reach this device by push", tags=TAGS)
async def forget_push_target(request: Requested) -> None:
    """Forget how this device is reached. Signing out, being revoked, and withdrawing the consent do it, too."""
    caller = await authenticate(request)
    await push_targets.forget(parts_of(request).accounts, caller)


ROUTES: Final = [list_devices, sign_out, revoke, register_push_target, forget_push_target]
