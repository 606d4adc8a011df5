"""Choose who vouches for people, as the settings say, and open it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from api.auth import IdentityIssuer, LocalIssuer
from api.firebase_issuer import FirebaseIssuer, IssuerUnusable
from api.oidc_issuer import OidcIssuer
from api.settings import EMULATOR, Settings, SettingsUnfit


@asynccontextmanager
async def open_issuer(settings: Settings, environ: Mapping[str, str] = os.environ) -> AsyncIterator[IdentityIssuer]:
    """Open who vouches for people, and close it; raise SettingsUnfit where it cannot be trusted."""
    match settings.vouches:
        case "firebase":
            assert settings.firebase_project is not None, "the settings have been judged"
            if environ.get(EMULATOR):
                raise SettingsUnfit([f"{EMULATOR} is set: with it anybody's unsigned word would be taken."])
            key_file = None if settings.google_credentials is None else Path(settings.google_credentials)
            try:
                firebase = await asyncio.to_thread(
                    FirebaseIssuer, settings.firebase_project, settings.identity_providers, key_file=key_file
                )
            except IssuerUnusable as fault:
                raise SettingsUnfit([str(fault)]) from None
            try:
                yield firebase
            finally:
                firebase.close()
        case "oidc":
            assert settings.oidc_issuer is not None, "the settings have been judged"
            assert settings.oidc_audience is not None, "likewise"
            yield OidcIssuer(settings.oidc_issuer, settings.oidc_audience)
        case _:
            yield LocalIssuer()
