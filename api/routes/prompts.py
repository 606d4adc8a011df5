"""Routes of a person's own prompts: the words of what was sent, and what would come."""

from typing import Final

from litestar import get

from api import prompts
from api.prompts import Preview, SentPrompts
from api.routes.requests import Requested, authenticate, parts_of

TAGS: Final = ["prompts"]


@get("/v1/prompts", summary="What was sent to the caller", tags=TAGS)
async def list_prompts(request: Requested) -> SentPrompts:
    """Return the caller's prompts of the last 31 days with their words, the newest first; nobody else sees them."""
    parts = parts_of(request)
    return await prompts.sent_prompts(parts.accounts, await authenticate(request), parts.clock())


@get("/v1/prompts/preview", summary="What would be sent to the caller this week, and why not more", tags=TAGS)
async def preview_prompts(request: Requested) -> Preview:
    """Play the coming week as if nobody did anything more. What really comes is decided when it would be sent."""
    parts = parts_of(request)
    return await prompts.week_ahead(parts.accounts, await authenticate(request), parts.clock())


ROUTES: Final = [list_prompts, preview_prompts]
