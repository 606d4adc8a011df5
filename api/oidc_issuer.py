"""Any issuer of OpenID Connect vouches for a person: found by its discovery document, verified by its published keys.

For operators who do not use Firebase. Only what the operator named is ever fetched; what a token says of where its key
might be found is passed over.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Annotated, Final

import httpx
import jwt
import msgspec
from msgspec import Meta, Struct

from api.auth import IDENTITY_TOKEN_CHARS_MAX, SKEW_S, Claims, Identity, IdentityRefused, IdentityUnavailable

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""Signatures by a private key alone: with a shared secret whoever verifies could sign."""
DISCOVERY: Final = "/.well-known/openid-configuration"
PATIENCE_S: Final = 10.0
KEYS_KEPT_S: Final = 300
DOCUMENT_BYTES_MAX: Final = 256 * 1024


class _Configuration(Struct, frozen=True):
    """What of OpenID Connect Discovery 1.0, section 3, is needed."""

    issuer: Annotated[str, Meta(max_length=2048)]
    jwks_uri: Annotated[str, Meta(max_length=2048)]


class OidcIssuer:
    """Implements `api.auth.IdentityIssuer` by PyJWT.

    Without the claim `auth_time` nobody knows how fresh a proof is: such a token is refused, and an app asks for it by
    `max_age`. There is nowhere to ask whether a token was revoked.
    """

    def __init__(self, issuer: str, audience: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._issuer, self._audience, self._tls = issuer, audience, tls
        self._keys: jwt.PyJWKClient | None = None
        self._finding = asyncio.Lock()

    async def verify(self, identity_token: str, now: datetime, *, closely: bool = False) -> Identity:  # noqa: ARG002
        """Return whom the token names, or raise `IdentityRefused` or `IdentityUnavailable`. `now` decides."""
        if len(identity_token) > IDENTITY_TOKEN_CHARS_MAX:
            raise IdentityRefused
        keys = await self._published()
        try:
            key = await asyncio.to_thread(keys.get_signing_key_from_jwt, identity_token)
            payload = jwt.decode(
                identity_token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            claims = msgspec.convert(payload, Claims)
        except jwt.PyJWKClientConnectionError:
            raise IdentityUnavailable from None
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            raise IdentityRefused from None
        at = int(now.timestamp())
        if max(claims.iat, claims.auth_time) > at + SKEW_S or claims.exp <= at - SKEW_S:
            raise IdentityRefused
        return Identity(self._issuer, claims.sub, datetime.fromtimestamp(claims.auth_time, UTC))

    async def _published(self) -> jwt.PyJWKClient:
        """Return the keys of the issuer, found once a process: an issuer that moves them has another name."""
        async with self._finding:
            if self._keys is None:
                found = await self._found()
                self._keys = jwt.PyJWKClient(
                    found.jwks_uri, cache_keys=True, lifespan=KEYS_KEPT_S, timeout=PATIENCE_S, ssl_context=self._tls
                )
            return self._keys

    async def _found(self) -> _Configuration:
        address = self._issuer.rstrip("/") + DISCOVERY
        try:
            async with httpx.AsyncClient(
                verify=self._tls or True, timeout=PATIENCE_S, follow_redirects=False
            ) as asking:
                answer = await asking.get(address)
            if answer.status_code != httpx.codes.OK or len(answer.content) > DOCUMENT_BYTES_MAX:
                raise IdentityUnavailable
            found = msgspec.json.decode(answer.content, type=_Configuration)
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError):
            raise IdentityUnavailable from None
        if found.issuer != self._issuer or not found.jwks_uri.startswith("https://"):
            # Discovery 1.0, 4.3: it must speak of itself.
            raise IdentityUnavailable
        return found
