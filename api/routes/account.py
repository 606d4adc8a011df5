"""Routes of a person's own account: sign in, say who one is and what one agrees to, read it all back."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, patch, post
from msgspec import Meta, Struct

from api import accounts, persons, withdrawing
from api.accounts import SignedIn, SignIn
from api.auth import LocalIssuer
from api.errors import not_found
from api.persons import Me
from api.routes.requests import Requested, address_of, authenticate, decoded, parts_of
from domain import couples
from sync import wire

TAGS: Final = ["account"]


class Limits(Struct, frozen=True, kw_only=True):
    """How much fits into one request."""

    body_bytes_max: int
    changes_max: int
    limit_max: int
    schema_min: int
    schema_max: int


class Start(Struct, frozen=True, kw_only=True):
    """All that an app needs at its start."""

    me: Me
    limits: Limits
    now: datetime


class Renaming(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name that a partner sees."""

    chosen_name: Annotated[str, Meta(min_length=1, max_length=4 * couples.NAME_CHARS_MAX)]


class Attesting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the person is an adult: by their own word, or by the store's age signal."""

    method: Literal["own_word", "store_signal"]


class Saying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent given or withdrawn, and which version of the text the person had before them."""

    purpose: couples.Purpose
    text_version: Annotated[int, Meta(ge=1, le=10_000)]
    given: bool


class Vouching(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the local issuer is to vouch for."""

    subject: Annotated[str, Meta(min_length=1, max_length=128)]


class Vouched(Struct, frozen=True):
    """An identity token, as a provider would give it."""

    identity_token: str


SIGN_IN: Final = msgspec.json.Decoder(SignIn)
RENAMING: Final = msgspec.json.Decoder(Renaming)
ATTESTING: Final = msgspec.json.Decoder(Attesting)
SAYING: Final = msgspec.json.Decoder(Saying)
VOUCHING: Final = msgspec.json.Decoder(Vouching)


@post(
    "/v1/sign-in",
    status_code=200,
    summary="Sign in on a device; the first time, make the account",
    tags=TAGS,
    opt={
        "body": SignIn,
        "public": True,
        "secret": True,
        "problems": (
            "identity_refused",
            "provider_refused",
            "fresh_sign_in_needed",
            "device_revoked",
            "too_many_devices",
            "too_many_tries",
        ),
    },
)
async def sign_in(request: Requested) -> SignedIn:
    """Exchange an identity token for this device's own token."""
    parts = parts_of(request)
    wanted = await decoded(request, SIGN_IN)
    entry = await accounts.sign_in(parts.accounts, wanted, address_of(request), parts.clock())
    parts.hints.publish(entry.moved)
    return entry.signed_in


@get("/v1/me", summary="All that an app needs at its start", tags=TAGS, opt={"problems": ("not_found",)})
async def read_me(request: Requested) -> Start:
    """Return the person, their couple, what they agreed to, and the bounds of requests."""
    caller = await authenticate(request)
    return await _start(request, await persons.me(parts_of(request).accounts, caller, parts_of(request).clock()))


@patch(
    "/v1/me",
    summary="Take another chosen name",
    tags=TAGS,
    opt={"body": Renaming, "problems": ("not_found",)},
)
async def rename(request: Requested) -> Start:
    """Change the name that the partner sees."""
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, RENAMING)
    await persons.rename(parts.accounts, caller, wanted.chosen_name)
    return await _start(request, await persons.me(parts.accounts, caller, parts.clock()))


@post(
    "/v1/me/adult",
    status_code=200,
    summary="Attest to be an adult",
    tags=TAGS,
    opt={"body": Attesting, "problems": ("not_found",)},
)
async def attest_adult(request: Requested) -> Start:
    """Keep when and how the person attested; the first time counts."""
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, ATTESTING)
    await persons.attest_adult(parts.accounts, caller, wanted.method, parts.clock())
    return await _start(request, await persons.me(parts.accounts, caller, parts.clock()))


@post(
    "/v1/me/consents",
    status_code=200,
    summary="Give or withdraw a consent",
    tags=TAGS,
    opt={"body": Saying, "problems": ("not_found",)},
)
async def say(request: Requested) -> Start:
    """Keep what the person said about one purpose; it holds at once."""
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, SAYING)
    said = couples.ConsentEvent(
        purpose=wanted.purpose, text_version=wanted.text_version, given=wanted.given, at=parts.clock()
    )
    await withdrawing.say(parts, caller, said)
    return await _start(request, await persons.me(parts.accounts, caller, parts.clock()))


@post(
    "/v1/dev/identity",
    status_code=200,
    summary="Vouch for any name (development only)",
    tags=["development"],
    opt={"body": Vouching, "public": True, "secret": True, "problems": ("not_found",)},
)
async def vouch(request: Requested) -> Vouched:
    """Make an identity token as a provider would."""
    parts = parts_of(request)
    if not isinstance(parts.accounts.issuer, LocalIssuer):
        raise not_found()
    wanted = await decoded(request, VOUCHING)
    return Vouched(parts.accounts.issuer.vouch(wanted.subject, parts.clock()))


ROUTES: Final = [sign_in, read_me, rename, attest_adult, say]

DEVELOPMENT_ROUTES: Final = [vouch]
"""Routes that do not exist in production."""


async def _start(request: Requested, me: Me) -> Start:
    parts = parts_of(request)
    return Start(
        me=me,
        limits=Limits(
            body_bytes_max=parts.settings.body_bytes_max,
            changes_max=wire.CHANGES_MAX,
            limit_max=wire.LIMIT_MAX,
            schema_min=parts.settings.schema_min,
            schema_max=wire.SCHEMA,
        ),
        now=parts.clock(),
    )
