"""How a couple that has parted comes back: both ask for it within 30 days, each unseen by the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from api import counsel_store, end_store, store
from api.accounts import Accounts, person_of
from api.errors import not_found
from api.names import opened_name, sealed_name
from api.pairing import CoupleView, couple_of, may_pair
from api.store import Transaction
from domain.counsel import COUNSEL_SUMMARY
from domain.fates import RESTORE_WITHIN
from domain.ids import CoupleId, PersonId, SpaceId
from sync import end_store as ends
from sync import service, space_store
from sync.ports import Caller
from sync.sealing import Fetched, SpaceKeys
from sync.store import PostgresStore


class Restoring(Struct, frozen=True):
    """The couple, once both have asked within 30 days; until then nothing."""

    couple: CoupleView | None


class Restored(Struct, frozen=True):
    """What came of asking, and the new heads of spaces that were told of it."""

    restoring: Restoring
    moved: Mapping[SpaceId, int]


async def ask(accounts: Accounts, caller: Caller, couple: CoupleId, now: datetime) -> Restored:
    """Ask for a couple that has parted. When the other has, too, it begins anew: a new couple on the same space.

    Both must be single at that moment, agree to be in a couple at all, and not have blocked each other. Whatever is
    lacking on the other's side is answered like an asking that waits, after the same statements: nothing tells whether
    the other asked, has somebody else, let the keepsake go or is gone. Twice is once.
    """
    found = await end_store.space_to_restore(accounts.pool, caller.person, couple)
    person = await person_of(accounts, caller)
    if found is not None and person.active_couple is not None and found[1] != person.active_couple:
        # They may have come back between the two looks.
        found = await end_store.space_to_restore(accounts.pool, caller.person, couple)
    if found is None:
        raise not_found()
    space, whose = found
    if whose == person.active_couple:
        # The answer to an earlier asking was lost, or the couple never parted.
        return Restored(Restoring(await couple_of(accounts, caller.person, whose)), {})
    if whose != couple:
        raise not_found()
    may_pair(person)
    others = [partner.person for partner in await store.partners_of(accounts.pool, caller.person, [space])]
    two = await store.persons(accounts.pool, [caller.person, *others])
    keys = await accounts.keys.of([space, *(each.space for each in two.values())])
    beginning = _Beginning(space, CoupleId(uuid4()), sorted([caller.person, *others]), keys)
    async with accounts.pool.acquire() as connection, connection.transaction():
        head = await _ask(connection, beginning, caller.person, now)
        if head is not None:
            head = await _unlink(connection, beginning, caller, head, now)
    if head is None:
        return Restored(Restoring(None), {})
    for each in beginning.two:
        accounts.callers.forget(each)
    return Restored(Restoring(await couple_of(accounts, caller.person, beginning.couple)), {space: head})


async def take_back(accounts: Accounts, caller: Caller, couple: CoupleId) -> None:
    """Take asking back. Twice is once, and without having asked it is nothing."""
    found = await end_store.space_to_restore(accounts.pool, caller.person, couple)
    if found is None:
        raise not_found()
    async with accounts.pool.acquire() as connection, connection.transaction():
        await ends.take_back(connection, [found[0]], caller.person)


class _Beginning(Struct, frozen=True):
    """What is ready before the transaction of an asking; the two in the order of their ids."""

    space: SpaceId
    couple: CoupleId
    two: Sequence[PersonId]
    keys: Mapping[SpaceId, SpaceKeys]


async def _ask(connection: Transaction, beginning: _Beginning, person: PersonId, now: datetime) -> int | None:
    """Note that a person asks; return the head of the space that begins anew, or None while it does not."""
    space, (one, other) = beginning.space, beginning.two
    two = [await store.locked_person(connection, each) for each in (one, other)]
    await ends.ask_back(connection, space, person, now)
    both = await ends.both_ask(connection, space, now - RESTORE_WITHIN)
    blocked = await store.are_blocked(connection, one, other)
    there = [each for each in two if each is not None]
    free = len(there) == 2 and all(each.active_couple is None and each.may_pair for each in there)
    keys = beginning.keys.get(space)
    if not both or blocked or not free or keys is None:
        return None
    await space_store.hold(connection, space)
    # A link from before they parted is dead for good, as every window is (I9): `_unlink` lets the summaries say so.
    await counsel_store.drop_all(connection, space)
    rejoined = await end_store.rejoin(connection, beginning.couple, space, beginning.two)
    assert rejoined, "both are held still, are single and hold the space"
    for each in there:
        # The partner of today sees the name of today.
        name = opened_name(beginning.keys.get(each.space), each.id, each.name)
        if name is not None:
            await store.rename_member(connection, each.id, space, sealed_name(keys, each.id, name))
    return await ends.reopen(connection, space, beginning.couple, uuid4(), now)


async def _unlink(connection: Transaction, beginning: _Beginning, caller: Caller, head: int, now: datetime) -> int:
    """Let no summary of a couple that begins anew say that a link shows it; return the head of the space."""
    summaries = await ends.named(connection, beginning.space, COUNSEL_SUMMARY.name)
    there, keys = replace(caller, spaces=(caller.personal, beginning.space)), Fetched(beginning.keys)
    moved = await service.close_links(PostgresStore.within(connection, keys), keys, there, summaries, now)
    return moved.get(beginning.space, head)
