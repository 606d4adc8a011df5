"""Firebase Authentication vouches for a person: its ID tokens, verified by Google's own library, off the event loop.

A token is verified against the certificates that Google publishes. Whether it was revoked, or its account switched off,
is asked over the network, and only where somebody must prove anew who they are.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from api.auth import (
    IDENTITY_TOKEN_CHARS_MAX,
    SKEW_S,
    Claims,
    Identity,
    IdentityRefused,
    IdentityUnavailable,
    ProviderRefused,
)

ANONYMOUS: Final = "anonymous"
"""Firebase's name for somebody who has proven nothing: never enough, whatever an operator allows."""
PATIENCE_S: Final = 10
"""For Google's certificates, or its word about an account."""
APP: Final = "haven-identity"


class _OfFirebase(Struct, frozen=True):
    sign_in_provider: Annotated[str, Meta(max_length=128)]


class _Claims(Claims, frozen=True):
    firebase: _OfFirebase


class IssuerUnusable(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """Firebase cannot vouch for anybody here; the text says why."""


class FirebaseIssuer:
    """Implements `api.auth.IdentityIssuer` by firebase-admin.

    `providers` are those that may vouch, as Firebase names them (`apple.com`, `google.com`, `password`). The
    credential is for looking accounts up: `credential`, or that of `key_file`, or what the machine has by itself. The
    library goes by the machine's clock, with 10 s of skew; how fresh a proof is goes by the caller's.
    """

    def __init__(
        self,
        project: str,
        providers: Collection[str],
        *,
        key_file: Path | None = None,
        credential: Any = None,
        certificates_url: str | None = None,
        accounts_url: str | None = None,
    ) -> None:
        # Here and not above: a process that only migrates has no use for a second and 50 MB of it.
        import firebase_admin  # noqa: PLC0415
        from firebase_admin import auth, credentials  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

        self._auth = auth
        self._issuer = f"https://securetoken.google.com/{project}"
        self._providers = frozenset(providers) - {ANONYMOUS}
        options = {"projectId": project, "httpTimeout": PATIENCE_S}
        name = f"{APP}-{id(self)}"
        try:
            if credential is None:
                named = key_file is not None
                credential = credentials.Certificate(str(key_file)) if named else credentials.ApplicationDefault()
            self._app = firebase_admin.initialize_app(credential, options, name=name)
            self._client = auth.Client(self._app)
        except (GoogleAuthError, ValueError, OSError):
            raise IssuerUnusable(
                "Firebase cannot be asked about accounts: GOOGLE_APPLICATION_CREDENTIALS names no key file of a service"
                " account that can be read, or this machine has none by itself."
            ) from None
        if self._client.emulated:
            self.close()
            raise IssuerUnusable("The emulator of Firebase Authentication takes tokens that nobody has signed.")
        if certificates_url is not None:
            self._client._token_verifier.id_token_verifier.cert_url = certificates_url  # noqa: SLF001 - pinned by a test
        if accounts_url is not None:
            self._client._user_manager.base_url = accounts_url  # noqa: SLF001 - likewise

    def close(self) -> None:
        """Give up what the library holds."""
        import firebase_admin  # noqa: PLC0415

        firebase_admin.delete_app(self._app)

    async def verify(self, identity_token: str, now: datetime, *, closely: bool = False) -> Identity:
        """Return whom the token names.

        Raise `IdentityRefused`, `ProviderRefused`, or `IdentityUnavailable` where Google cannot be asked.
        """
        if len(identity_token) > IDENTITY_TOKEN_CHARS_MAX:
            raise IdentityRefused
        told = await asyncio.to_thread(self._verified, identity_token, closely=closely)
        try:
            claims = msgspec.convert(told, _Claims)
        except msgspec.ValidationError:
            raise IdentityRefused from None
        if claims.auth_time > int(now.timestamp()) + SKEW_S:
            raise IdentityRefused
        if claims.firebase.sign_in_provider not in self._providers:
            raise ProviderRefused
        return Identity(self._issuer, claims.sub, datetime.fromtimestamp(claims.auth_time, UTC))

    def _verified(self, identity_token: str, *, closely: bool) -> dict[str, Any]:
        from firebase_admin import exceptions  # noqa: PLC0415

        auth = self._auth
        try:
            told: dict[str, Any] = self._client.verify_id_token(
                identity_token, check_revoked=closely, clock_skew_seconds=SKEW_S
            )
        except (auth.InvalidIdTokenError, auth.UserDisabledError, auth.UserNotFoundError, ValueError):
            # Expired and revoked ones are invalid ones, too.
            raise IdentityRefused from None
        except (exceptions.FirebaseError, OSError):
            raise IdentityUnavailable from None
        return told
