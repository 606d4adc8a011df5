"""How either of two leaves their couple, alone and at once, what of it they keep, and whom they want no code from."""

from collections.abc import Mapping
from datetime import datetime

from api import end_store, store
from api.accounts import Accounts
from api.errors import not_found
from domain.ids import CoupleId, SpaceId
from notifications import end_store as prompts
from sync import end_store as ends
from sync import space_store as spaces
from sync.ports import Caller


async def part(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> Mapping[SpaceId, int]:
    """Leave a couple: either, alone, at once, without a reason or a fresh sign-in (I14). Twice is once (R5).

    In one transaction the space closes, both are single, their open invitations are void, and nothing that the couple
    has caused prompts either. Returns the head of the closed space, by which both devices are to hear of it.
    """
    space = await _space_of(accounts, caller, couple)
    partners = await store.partners_of(accounts.pool, caller.person, [space])
    two = [caller.person, *(partner.person for partner in partners)]
    async with accounts.pool.acquire() as connection, connection.transaction():
        parts = await store.leave_couple(connection, couple, two)
        head = await spaces.close_space(connection, space, now)
        if parts:
            # Once more it would do nothing but have the other's plans made anew, as often as somebody likes.
            await prompts.cancel_couple(connection, couple, two)
    for person in two:
        accounts.callers.forget(person)
    return {space: head}


async def let_go(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> Mapping[SpaceId, int]:
    """Let the keepsake of a couple go, for good and for oneself alone: the other keeps theirs, and is not told.

    When neither holds it any more, its keys are destroyed at once, and with them every word in it. Twice is once.
    Returns the head of the caller's own space, by which their devices are to hear of it. Raises `not_found` where
    there is no keepsake: a couple that is together parts first.
    """
    space = await _space_of(accounts, caller, couple)
    async with accounts.pool.acquire() as connection, connection.transaction():
        await spaces.hold_spaces(connection, (space, caller.personal))
        nobody_holds_it = await ends.leave_space(connection, space, caller.person, now)
        if nobody_holds_it is None:
            raise not_found()
        await end_store.let_go(connection, caller.person, space, now.date())
        head = await spaces.raise_head(connection, caller.personal)
    accounts.callers.forget(caller.person)
    if nobody_holds_it:
        await accounts.keys.destroy([space])
    return {caller.personal: head}


async def block(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> None:
    """Let invitations between the two of this couple fail like a wrong code. Nobody is told (I19).

    Who wants no invitation wants no restoring either.
    """
    space = await _space_of(accounts, caller, couple)
    async with accounts.pool.acquire() as connection, connection.transaction():
        await store.block(connection, caller.person, space, now.date())
        await ends.take_back(connection, [space], caller.person)


async def _space_of(accounts: Accounts, caller: Caller, couple: CoupleId) -> SpaceId:
    space = await store.couple_space_of(accounts.pool, caller.person, couple)
    if space is None:
        raise not_found()
    return space


async def empty_given_up(accounts: Accounts, rows_max: int, spaces_max: int) -> int:
    """Destroy what is left of spaces that nobody holds, in rounds; return how many were looked at.

    Their keys were destroyed when they were given up, unless a fault came between: so it is done once more.
    """
    given_up = await ends.given_up(accounts.pool, spaces_max)
    if given_up:
        await accounts.keys.destroy(given_up)
    for space in given_up:
        await ends.empty(accounts.pool, space, rows_max)
    return len(given_up)
