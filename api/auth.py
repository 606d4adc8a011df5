"""Tell who is calling: by an identity token once, at sign-in, and by our own device token ever after."""

import re
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Protocol
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from api import store
from api.errors import Problem, problem
from api.postgres import Pool
from domain.ids import PersonId
from sync.ports import Caller

IDENTITY_TOKEN_CHARS_MAX: Final = 8192
FRESH_S: Final = 300
"""How long after proving who one is a person may do what a borrowed phone must not."""
SKEW_S: Final = 10
TOKEN_DAYS: Final = 90
CACHED_S: Final = 30
"""For how long a process may trust a token that was revoked, or spaces that changed, in another process."""
CALLERS_CACHED_MAX: Final = 50_000
SECRET_BYTES: Final = 32
ASK_FOR_TOKEN: Final = {"WWW-Authenticate": "Bearer"}
"""What every 401 asks for (RFC 9110, 11.6.1)."""


# Device tokens


_BEARER = re.compile(r"Bearer (h1\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.[A-Za-z0-9_-]{43})")
"""One spelling only. The person in the token says on which machine its row lies."""

_HEADER_CHARS_MAX = 128


def new_token(person: PersonId, secret: bytes) -> str:
    """Write a device token; `secret` is 32 random bytes."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("a token's secret has 32 bytes")
    return f"h1.{person}.{jwt.utils.base64url_encode(secret).decode()}"


def token_hash(token: str) -> bytes:
    """Return what is stored of a token: 256 random bits need no slow hash."""
    return sha256(token.encode()).digest()


def last_day(now: datetime) -> date:
    """Return the day on which a token used now would open something for the last time."""
    return now.date() + timedelta(days=TOKEN_DAYS)


def unauthenticated() -> Problem:
    """Make the one 401 that says nothing about what was wrong."""
    return problem(
        "unauthenticated", "This needs a device that is signed in. Please sign in again.", headers=ASK_FOR_TOKEN
    )


class _Known(Struct, frozen=True):
    caller: Caller
    since: datetime


class Callers:
    """Finds who holds a device token: from memory for `CACHED_S` seconds, else by one statement.

    Only tokens that were right are remembered, the 50,000 used last. A use moves the token's last day, once a
    day.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._hashes: dict[PersonId, set[bytes]] = {}
        self._forgettings = 0

    async def caller(self, authorization: str | None, now: datetime) -> Caller:
        """Return who sends this header, or raise `unauthenticated`."""
        if authorization is None or len(authorization) > _HEADER_CHARS_MAX:
            raise unauthenticated()
        match = _BEARER.fullmatch(authorization)
        if match is None:
            raise unauthenticated()
        digest = token_hash(match[1])
        known = self._known.get(digest)
        if known is not None and known.since <= now < known.since + timedelta(seconds=CACHED_S):
            self._known.move_to_end(digest)
            return known.caller
        return await self._looked_up(PersonId(UUID(match[2])), digest, now)

    def forget(self, person: PersonId) -> None:
        """Look this person's tokens up anew, after a revocation or a change of spaces or consents.

        Other processes do so within `CACHED_S` seconds by themselves.
        """
        self._forgettings += 1
        for digest in self._hashes.pop(person, ()):
            self._known.pop(digest, None)

    async def _looked_up(self, person: PersonId, digest: bytes, now: datetime) -> Caller:
        forgettings = self._forgettings
        holder = await store.holder_of(self._pool, person, digest, now.date())
        if holder is None:
            raise unauthenticated()
        if holder.follows or holder.expires_on < last_day(now):
            if not await store.take_up(self._pool, person, holder.caller.device, digest, last_day(now)):
                raise unauthenticated()
            if holder.follows:
                # The token before this one has just died.
                self.forget(person)
                forgettings = self._forgettings
        if forgettings == self._forgettings:
            # Else what was read may be older than what was forgotten meanwhile.
            self._remember(digest, _Known(holder.caller, now))
        return holder.caller

    def _remember(self, digest: bytes, known: _Known) -> None:
        self._known[digest] = known
        self._known.move_to_end(digest)
        self._hashes.setdefault(known.caller.person, set()).add(digest)
        while len(self._known) > CALLERS_CACHED_MAX:
            oldest, dropped = self._known.popitem(last=False)
            of_person = self._hashes[dropped.caller.person]
            of_person.discard(oldest)
            if not of_person:
                del self._hashes[dropped.caller.person]


# Identity


class Identity(Struct, frozen=True):
    """Whom an issuer vouches for, and when that person last proved it."""

    issuer: str
    subject: str
    auth_time: datetime


class IdentityRefused(Exception):  # noqa: N818 - says what is the matter
    """The identity token does not hold; it is never said why."""


class ProviderRefused(Exception):  # noqa: N818 - likewise
    """The token holds, and whoever signed this person in may not vouch for them here."""


class IdentityUnavailable(Exception):  # noqa: N818 - likewise
    """Nobody can tell now whether the token holds: who would know it does not answer."""


class IdentityIssuer(Protocol):
    """Who vouches for a person at sign-in."""

    async def verify(self, identity_token: str, now: datetime, *, closely: bool = False) -> Identity:
        """Return whom the token names; raise `IdentityRefused`, `ProviderRefused` or `IdentityUnavailable`.

        `closely` asks besides whether it was revoked since, where the issuer can tell.
        """
        ...


def is_fresh(identity: Identity, now: datetime) -> bool:
    """Tell whether the person proved who they are within the last `FRESH_S` seconds."""
    return now - identity.auth_time <= timedelta(seconds=FRESH_S)


_UnixSeconds = Annotated[int, Meta(ge=0, le=4_102_444_800)]


class Claims(Struct, frozen=True):
    """What every issuer says of a person, and until when."""

    sub: Annotated[str, Meta(min_length=1, max_length=128)]
    iat: _UnixSeconds
    exp: _UnixSeconds
    auth_time: _UnixSeconds


class LocalIssuer:
    """Development's own issuer: vouches for any name, with an Ed25519 key that dies with the process."""

    NAME: Final = "haven-development"
    AUDIENCE: Final = "haven"
    VALID_S: Final = 3600

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def vouch(self, subject: str, now: datetime, auth_time: datetime | None = None) -> str:
        """Write an identity token for `subject`, proven at `auth_time` (default: now)."""
        issued = int(now.timestamp())
        claims = {
            "iss": self.NAME,
            "aud": self.AUDIENCE,
            "sub": subject,
            "iat": issued,
            "exp": issued + self.VALID_S,
            "auth_time": int((auth_time or now).timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    async def verify(self, identity_token: str, now: datetime, *, closely: bool = False) -> Identity:  # noqa: ARG002
        """Return whom the token names, or raise `IdentityRefused`. `now` decides, not the machine's clock."""
        if len(identity_token) > IDENTITY_TOKEN_CHARS_MAX:
            raise IdentityRefused
        try:
            payload = jwt.decode(
                identity_token,
                self._key.public_key(),
                algorithms=["EdDSA"],
                audience=self.AUDIENCE,
                issuer=self.NAME,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            raise IdentityRefused from None
        at = int(now.timestamp())
        if max(claims.iat, claims.auth_time) > at + SKEW_S or claims.exp <= at - SKEW_S:
            raise IdentityRefused
        return Identity(self.NAME, claims.sub, datetime.fromtimestamp(claims.auth_time, UTC))
