"""Whoever withdraws the consent on which everything rests shows nothing any more: what stands open is closed.

It is closed at once, and by the worker where that was interrupted: that it is to be done is stored with the consent.
So it is with links to summaries, which end with the consent to them as well.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from api import counsel, persons, store, withdrawal_store
from api.giving import NO_DEVICE
from api.postgres import TRANSIENT
from api.wiring import Parts
from domain import couples
from domain.ids import PersonId
from sync import service, space_store
from sync.ports import Caller
from sync.sealing import Fetched
from sync.store import PostgresStore

A_ROUND_MAX: Final = 20
ROUNDS_MAX: Final = 5
STILL_UNDER_WAY: Final = timedelta(minutes=2)
"""So long a change may be stored that was let in before: one under way, or in a process that remembers the consent."""
LATER: Final = timedelta(minutes=1)
"""When a person's windows are looked at again that could not be closed now."""
_NOT_NOW: Final[tuple[type[Exception], ...]] = (service.BusyError, service.SpaceLockedError, *TRANSIENT)


async def say(parts: Parts, person: Caller, said: couples.ConsentEvent) -> None:
    """Give or withdraw a consent, with what follows from it. Withdrawing disables nothing unrelated (I11).

    Raises `BusyError` where somebody who agrees anew has windows left to be closed that could not be: agreeing opens
    nothing (I9), so it waits for that.
    """
    for _ in range(ROUNDS_MAX):
        before = None
        if couples.begins_keeping(said):
            before = await withdrawal_store.noted(parts.pool, person.person)
            if before is not None:
                await _close(parts, person.person, said.at)
        if await persons.say(parts.accounts, person, said, closed=before):
            break
    else:
        raise service.BusyError
    if couples.ends_keeping(said):
        # It is withdrawn, whatever comes; what cannot be closed at this moment the worker closes.
        with suppress(*_NOT_NOW):
            await _close(parts, person.person, said.at)
    if couples.ends_sharing(said):
        with suppress(*_NOT_NOW):
            await counsel.tell_of_ended(parts, said.at, maker=person.person)


async def close(parts: Parts, now: datetime) -> int:
    """Close what has been left open, at most of 20 people a round; return how many were looked at.

    Several workers may do so at once. Each is looked at once more when nothing can come any more that was let in
    before.
    """
    found = await withdrawal_store.due(parts.pool, now, A_ROUND_MAX)
    for each in found:
        until = each.said_at + STILL_UNDER_WAY
        try:
            await _close(parts, each.person, now)
        except _NOT_NOW:
            until = now + LATER
        if until > now:
            await withdrawal_store.look_again(parts.pool, each, until)
        else:
            await withdrawal_store.settle(parts.pool, each)
    return len(found)


async def _close(parts: Parts, person: PersonId, now: datetime) -> None:
    """Close what stands open, unless the person has agreed anew meanwhile: what they open then is open.

    Nobody else stores anything in their spaces while a round of it lasts, so that nobody can hold it up by writing.
    """
    spaces = await store.spaces_of(parts.pool, person)
    author = Caller(person, NO_DEVICE, spaces, may_keep=True)
    keys = Fetched(await parts.keys.of(spaces))
    upto: int | None = 0 if spaces else None
    while upto is not None:
        async with parts.pool.acquire() as connection, connection.transaction():
            await space_store.hold_spaces(connection, spaces)
            if await withdrawal_store.noted(connection, person) is None:
                return
            within = PostgresStore.within(connection, keys)
            closed = await service.close_some(within, keys, author, upto, now)
        parts.hints.publish(closed.moved)
        upto = closed.upto
