"""Give the letters that have waited for their day: the worker's part of a note's life."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api import store
from api.wiring import Parts
from domain.couples import KEEPING, consents_now
from domain.ids import DeviceId, SpaceId
from sync import service
from sync import space_store as spaces
from sync.ports import Caller

A_ROUND_MAX: Final = 100
LATER: Final = timedelta(hours=1)
"""When a letter is looked at again that could not be given now."""
NO_DEVICE: Final = DeviceId(UUID(int=0))
"""The worker acts for a person on none of their devices."""


async def give(parts: Parts, now: datetime) -> int:
    """Give what is due, at most 100 letters a round; return how many were looked at.

    Several workers may do so at once: the head of the writer's space lets one of them through.
    """
    waiting = await spaces.due(parts.pool, now, A_ROUND_MAX)
    for each in waiting:
        held = await store.spaces_of(parts.pool, each.author)
        moved: dict[SpaceId, int] = {}
        # Of somebody whose account is deleted nothing is given any more, the rows are on their way out; and nothing of
        # somebody who has withdrawn their consent to it.
        if held and consents_now(await store.said_by(parts.pool, each.author))[KEEPING].given:
            author = Caller(each.author, NO_DEVICE, held, may_keep=True)
            with suppress(service.BusyError, service.SpaceLockedError):
                moved = await service.give_due(parts.store, parts.keys, author, each.id, now)
        parts.hints.publish(moved)
        if not moved:
            await spaces.postpone(parts.pool, each, now, now + LATER)
    return len(waiting)
