"""Open what sends prompts, as the settings choose it: FCM, or nothing but a count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api.settings import Settings
from notifications.fcm import Sender, open_sender
from notifications.sending import LogOnly, Sends


@asynccontextmanager
async def open_push(settings: Settings) -> AsyncIterator[Sends]:
    """Give whoever sends for this process, on the running loop. Raises SenderUnusable."""
    if not settings.sends:
        yield LogOnly()
        return
    async with open_fcm(settings) as sender:
        yield sender


@asynccontextmanager
async def open_fcm(settings: Settings) -> AsyncIterator[Sender]:
    """Open FCM whether or not prompts are sent; `firebase_project` must be set. Raises SenderUnusable."""
    assert settings.firebase_project is not None, "whoever sends has a project"
    key_file = None if settings.google_credentials is None else Path(settings.google_credentials)
    async with open_sender(
        project=settings.firebase_project, key_file=key_file, base_url=settings.fcm_base_url
    ) as sender:
        yield sender
