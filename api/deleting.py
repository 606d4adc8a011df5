"""How an account ends: asked for with a fresh sign-in, undone within a week, then destroyed by its keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from api import accounts as doors
from api import end_store, limits, store
from api.accounts import ROUNDS_MAX, Accounts
from api.auth import Identity
from api.errors import changed_meanwhile
from domain.couples import LONG_CODE_BITS, code_letters, drawn
from domain.fates import LETTERS_STAY, UNDO_WITHIN
from domain.ids import CoupleId, DeviceId, PersonId, SpaceId
from notifications import end_store as prompts
from notifications import target_store
from sync import bequest_store as bequests
from sync import end_store as ends
from sync import space_store as spaces
from sync.ports import Caller

_NOBODY: Final = PersonId(UUID(int=0))
_NOWHERE: Final = SpaceId(UUID(int=0))
_NO_COUPLE: Final = CoupleId(UUID(int=0))


class Deletion(Struct, frozen=True):
    """A deletion that was asked for: the number that proves it, and until when it can be undone."""

    receipt: str
    undo_until: datetime


class Closed(Struct, frozen=True, kw_only=True):
    """What came of asking: who is signed out on which devices, and the new heads of spaces that were told of it."""

    deletion: Deletion
    person: PersonId | None
    devices: Sequence[DeviceId]
    moved: Mapping[SpaceId, int]


async def ask(accounts: Accounts, caller: Caller, *, identity_token: str | None, address: str, now: datetime) -> Closed:
    """Have the caller's account deleted. It asks for nothing but a fresh sign-in; twice is once."""
    identity = await doors.require_fresh(accounts, caller, identity_token, address, now)
    return await _close(accounts, identity, caller.person, now)


async def ask_by_identity(accounts: Accounts, identity_token: str, address: str, now: datetime) -> Closed:
    """Have the account of a fresh sign-in deleted, without any of its devices.

    Where there is none, the answer and the statements are the same: nobody learns by it who has an account.
    """
    identity, person = await doors.proven(accounts, identity_token, address, now)
    return await _close(accounts, identity, _NOBODY if person is None else person, now)


async def undo(accounts: Accounts, person: PersonId) -> None:
    """Keep an account after all; a couple that parted by it stays parted. Twice is once."""
    await end_store.keep_account(accounts.pool, person)
    accounts.callers.forget(person)


async def undo_by_identity(accounts: Accounts, identity_token: str, address: str, now: datetime) -> None:
    """Keep the account of a fresh sign-in after all, if there is one."""
    _, person = await doors.proven(accounts, identity_token, address, now)
    await undo(accounts, _NOBODY if person is None else person)


async def _close(accounts: Accounts, identity: Identity, person: PersonId, now: datetime) -> Closed:
    """Part the couple, end all tokens and codes, and note the rest for later, in one transaction.

    The partner sees what they see at any parting. Of somebody who is in no couple, or is nobody, the same statements
    find nothing.
    """
    _, whose = accounts.hashes.now("receipt", identity.issuer, identity.subject)
    receipt = code_letters(drawn(whose[:8], LONG_CODE_BITS))
    await limits.count(accounts.pool, limits.DELETE, whose.hex(), now)
    for _ in range(ROUNDS_MAX):
        found = (await store.persons(accounts.pool, [person])).get(person)
        couple = _NO_COUPLE if found is None or found.active_couple is None else found.active_couple
        space = await store.couple_space_of(accounts.pool, person, couple) or _NOWHERE
        partners = await store.partners_of(accounts.pool, person, [space])
        two = (person, partners[0].person if partners else _NOBODY)
        try:
            async with accounts.pool.acquire() as connection, connection.transaction():
                await store.leave_couple(connection, couple, two)
                head: int | None = await spaces.close_space(connection, space, now)
                await prompts.cancel_couple(connection, couple, two)
                await end_store.drop_codes(connection, person)
                await end_store.ask_nobody_back(connection, [person])
                devices = await end_store.end_tokens(connection, person)
                closing = await end_store.close_account(connection, person, receipt, now)
                # After the person's row is held: nothing is registered from here on.
                await target_store.drop_of_person(connection, person)
                if closing is not None and closing.active_couple is not None:
                    raise _LookAgain
        except _LookAgain:
            continue
        for each in two:
            accounts.callers.forget(each)
        return Closed(
            deletion=Deletion(receipt, now + UNDO_WITHIN)
            if closing is None
            else Deletion(closing.receipt, closing.deletion_at + UNDO_WITHIN),
            person=None if found is None else person,
            devices=devices,
            moved={} if head is None else {space: head},
        )
    raise changed_meanwhile()


class _LookAgain(Exception):  # noqa: N818 - undoes the transaction; never leaves this file
    """The person was paired between the look and the deed."""


async def destroy_due(accounts: Accounts, now: datetime, most: int) -> int:
    """Destroy accounts whose week is over; return how many were looked at."""
    due = await end_store.to_delete(accounts.pool, now - UNDO_WITHIN, most)
    for person in due:
        await _destroy(accounts, person, now)
    return len(due)


async def _destroy(accounts: Accounts, person: PersonId, now: datetime) -> None:
    """Delete what is kept of a person, then the keys of their own space and of all that nobody holds any more.

    In spaces that a partner still holds, their name goes at once, and what they wrote there when it is due.
    """
    async with accounts.pool.acquire() as connection, connection.transaction():
        going = await end_store.going(connection, person, now - UNDO_WITHIN)
        if going is None:
            return
        deletion = uuid4()
        unheld = [going.space]
        for space in going.couples:
            nobody_holds_it = await ends.leave_space(connection, space, person, now)
            assert nobody_holds_it is not None, "asking has parted the couple, and nobody pairs a closing account"
            if nobody_holds_it:
                unheld.append(space)
                continue
            left = bequests.Bequest(
                space=space,
                person=person,
                deletion=deletion,
                ghost=PersonId(uuid4()),
                due_at=going.asked_at + LETTERS_STAY,
                devices=going.devices,
            )
            await bequests.bequeath(connection, left)
        await ends.give_up(connection, [going.space], now)
        await target_store.drop_of_person(connection, person)
        await prompts.forget_person(connection, person)
        await end_store.delete_account(connection, person, deletion, going)
    accounts.callers.forget(person)
    await accounts.keys.destroy(unheld)
