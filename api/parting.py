"""How either of two leaves their couple, alone and at once, and may want no invitation from the other any more."""

from collections.abc import Mapping
from datetime import datetime

from api import store
from api.accounts import Accounts
from api.errors import not_found
from domain.ids import CoupleId, SpaceId
from sync import space_store as spaces
from sync.ports import Caller


async def part(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> Mapping[SpaceId, int]:
    """Leave a couple: either, alone, at once, without a reason or a fresh sign-in (I14). Twice is once (R5).

    In one transaction the space closes, both are single and their open invitations are void. Returns the head of
    the closed space, by which both devices are to hear of it.
    """
    space = await store.couple_space_of(accounts.pool, caller.person, couple)
    if space is None:
        raise not_found()
    partners = await store.partners_of(accounts.pool, caller.person, [space])
    two = [caller.person, *(partner.person for partner in partners)]
    async with accounts.pool.acquire() as connection, connection.transaction():
        await store.leave_couple(connection, couple, two)
        head = await spaces.close_space(connection, space, now)
    for person in two:
        accounts.callers.forget(person)
    return {space: head}


async def block(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> None:
    """Let invitations between the two of this couple fail like a wrong code. Nobody is told (I19)."""
    space = await store.couple_space_of(accounts.pool, caller.person, couple)
    if space is None:
        raise not_found()
    for partner in await store.partners_of(accounts.pool, caller.person, [space]):
        await store.block(accounts.pool, caller.person, partner.person, now.date())
