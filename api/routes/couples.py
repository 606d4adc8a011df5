"""Routes by which two persons find each other and either leaves."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import delete, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from api import pairing as pairings
from api import parting, restoring
from api.pairing import Confirmed, Invited, PairingView
from api.restoring import Restoring
from api.routes.requests import Requested, address_of, authenticate, decoded, id_in_path, parts_of
from domain.ids import CoupleId

TAGS: Final = ["couples"]
MAY_NOT_PAIR: Final = ("consent_needed", "not_found", "already_paired", "name_needed")
"""Types of problems of whoever is not ready to pair."""


class Redeeming(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code as it was read out: characters or words, in any case, with dashes or blanks."""

    code: Annotated[str, Meta(min_length=1, max_length=120)]


class Left(Struct, frozen=True, kw_only=True):
    """A couple that is no more."""

    couple: CoupleId
    state: Literal["parted"] = "parted"


REDEEMING: Final = msgspec.json.Decoder(Redeeming)


@post(
    "/v1/invitations",
    status_code=200,
    summary="Make a code to pair with somebody",
    tags=TAGS,
    opt={"secret": True, "problems": (*MAY_NOT_PAIR, "too_many_tries")},
)
async def invite(request: Requested) -> Invited:
    """Make a code that works once, for 24 hours; it replaces the one before."""
    parts = parts_of(request)
    return await pairings.invite(parts.accounts, await authenticate(request), parts.clock())


@delete("/v1/invitations", status_code=204, summary="Cancel the code", tags=TAGS)
async def cancel(request: Requested) -> None:
    """Let the caller's code die, and a pairing that it began and that is not complete."""
    await pairings.cancel_invitation(parts_of(request).accounts, await authenticate(request))


@post(
    "/v1/invitations/redeem",
    status_code=200,
    summary="Use a code",
    tags=TAGS,
    opt={"body": Redeeming, "problems": (*MAY_NOT_PAIR, "invitation_unknown", "too_many_tries")},
)
async def redeem(request: Requested) -> PairingView:
    """Begin a pairing; it pairs nobody until both have confirmed."""
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, REDEEMING)
    return await pairings.redeem(parts.accounts, caller, wanted.code, address_of(request), parts.clock())


@post(
    "/v1/pairings/{pairing:str}/confirm",
    status_code=200,
    summary="Say yes to a pairing",
    tags=TAGS,
    opt={"problems": ("pairing_void",)},
)
async def confirm(request: Requested, pairing: FromPath[str]) -> Confirmed:
    """Add the caller's yes; the answer names the couple once both have said it."""
    parts = parts_of(request)
    caller = await authenticate(request)
    confirmed = await pairings.confirm(parts.accounts, caller, id_in_path(pairing), parts.clock())
    if confirmed.couple is not None:
        parts.hints.membership_changed(caller.person, confirmed.couple.partner)
    return confirmed


@post("/v1/couples/{couple:str}/part", status_code=200, summary="Leave a couple", tags=TAGS)
async def part(request: Requested, couple: FromPath[str]) -> Left:
    """Leave at once, alone, without a reason."""
    parts = parts_of(request)
    caller = await authenticate(request)
    left = CoupleId(id_in_path(couple))
    parts.hints.publish(await parting.part(parts.accounts, caller, left, parts.clock()))
    return Left(couple=left)


@post(
    "/v1/couples/{couple:str}/restore",
    status_code=200,
    summary="Ask for a couple that has parted",
    tags=TAGS,
    opt={"problems": MAY_NOT_PAIR},
)
async def ask_back(request: Requested, couple: FromPath[str]) -> Restoring:
    """Ask unseen; the answer names the new couple once both have asked within 30 days of parting."""
    parts = parts_of(request)
    caller = await authenticate(request)
    restored = await restoring.ask(parts.accounts, caller, CoupleId(id_in_path(couple)), parts.clock())
    parts.hints.publish(restored.moved)
    if restored.restoring.couple is not None:
        parts.hints.membership_changed(caller.person, restored.restoring.couple.partner)
    return restored.restoring


@delete(
    "/v1/couples/{couple:str}/restore",
    status_code=204,
    summary="Take asking for a couple back",
    tags=TAGS,
)
async def take_back(request: Requested, couple: FromPath[str]) -> None:
    """Ask no longer; nobody is told."""
    parts = parts_of(request)
    caller = await authenticate(request)
    await restoring.take_back(parts.accounts, caller, CoupleId(id_in_path(couple)))


@delete(
    "/v1/couples/{couple:str}/keepsake",
    status_code=204,
    summary="Let a keepsake go",
    tags=TAGS,
)
async def let_go(request: Requested, couple: FromPath[str]) -> None:
    """Give up what is kept of a couple that has parted, for good; the other keeps theirs and is not told."""
    parts = parts_of(request)
    caller = await authenticate(request)
    gone = CoupleId(id_in_path(couple))
    parts.hints.publish(await parting.let_go(parts.accounts, caller, gone, parts.clock()))
    parts.hints.membership_changed(caller.person)


@post(
    "/v1/couples/{couple:str}/block",
    status_code=204,
    summary="Want no invitation between the two any more",
    tags=TAGS,
)
async def block(request: Requested, couple: FromPath[str]) -> None:
    """Let future invitations between the two fail like a wrong code; the other is not told."""
    parts = parts_of(request)
    caller = await authenticate(request)
    await parting.block(parts.accounts, caller, CoupleId(id_in_path(couple)), parts.clock())


ROUTES: Final = [invite, cancel, redeem, confirm, part, ask_back, take_back, let_go, block]
