"""Who a person is: what they say about themselves, what they agreed to, and whom they are with."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from api import counsel_store, store, withdrawal_store
from api.accounts import ROUNDS_MAX, Accounts, person_of
from api.errors import changed_meanwhile, malformed
from api.names import opened_name, sealed_name
from api.pairing import CoupleView, Keepsake, LiveInvitation, PairingView, couple_view, keepsake, pending
from api.withdrawal_store import Withdrawal
from domain import couples
from domain.ids import PersonId, SpaceId
from notifications import target_store
from sync import end_store as ends
from sync.ports import Caller


class Adult(Struct, frozen=True):
    """That a person attested to be an adult, when and how; neither birth date nor document is kept."""

    attested_at: datetime
    method: str


class Consent(Struct, frozen=True, kw_only=True):
    """What holds for one purpose, and whether its newest text, `text_version`, is still to be asked."""

    purpose: couples.Purpose
    given: bool
    ask: bool
    text_version: int


class Me(Struct, frozen=True, kw_only=True):
    """All about the caller that an app needs at its start."""

    person: PersonId
    chosen_name: str | None
    personal_space: SpaceId
    adult: Adult | None
    consents: Sequence[Consent]
    couple: CoupleView | None
    keepsakes: Sequence[Keepsake]
    invitation: LiveInvitation | None
    pairings: Sequence[PairingView]


async def me(accounts: Accounts, caller: Caller, now: datetime) -> Me:
    """Return who the caller is, what they agreed to, and whom they are with or about to be."""
    person = await person_of(accounts, caller)
    consents = couples.consents_now(await store.said_by(accounts.pool, caller.person))
    partners = await store.partners_of(accounts.pool, caller.person, caller.spaces[1:])
    keys = await accounts.keys.of([person.space, *(partner.space for partner in partners)])
    views = [couple_view(partner, keys) for partner in partners]
    asked_back = await ends.asked_back(accounts.pool, [view.space for view in views], person.id)
    invitation, pairings = await pending(accounts, person, now)
    return Me(
        person=person.id,
        chosen_name=opened_name(keys.get(person.space), person.id, person.name),
        personal_space=person.space,
        adult=None
        if person.adult_attested_at is None or person.adult_method is None
        else Adult(person.adult_attested_at, person.adult_method),
        consents=[
            Consent(
                purpose=purpose,
                given=holds.given,
                ask=holds.ask,
                text_version=couples.TEXT_VERSIONS[purpose],
            )
            for purpose, holds in consents.items()
        ],
        couple=next((view for view in views if view.id == person.active_couple), None),
        keepsakes=[keepsake(view, asked_back=view.space in asked_back) for view in views if view.state == "parted"],
        invitation=invitation,
        pairings=pairings,
    )


async def rename(accounts: Accounts, caller: Caller, chosen_name: str) -> None:
    """Take another chosen name; the partner of today sees it, earlier ones keep the name they knew."""
    name = couples.chosen_name(chosen_name)
    if name is None:
        raise malformed(
            f"A chosen name has 1 to {couples.NAME_CHARS_MAX} characters on one line, without hidden ones.",
            "$.chosen_name",
        )
    for _ in range(ROUNDS_MAX):
        before = await person_of(accounts, caller)
        couple_space = (
            None
            if before.active_couple is None
            else await store.couple_space_of(accounts.pool, caller.person, before.active_couple)
        )
        keys = await accounts.keys.of([space for space in (before.space, couple_space) if space is not None])
        async with accounts.pool.acquire() as connection, connection.transaction():
            person = await store.locked_person(connection, caller.person)
            if person is None or person.active_couple != before.active_couple:
                continue
            await store.rename(connection, person.id, sealed_name(keys[person.space], person.id, name))
            if couple_space is not None:
                sealed = sealed_name(keys[couple_space], person.id, name)
                await store.rename_member(connection, person.id, couple_space, sealed)
        return
    raise changed_meanwhile()


async def attest_adult(accounts: Accounts, caller: Caller, method: str, now: datetime) -> None:
    """Keep that the person attested to be an adult, once."""
    await store.attest_adult(accounts.pool, caller.person, method, now)
    accounts.callers.forget(caller.person)


async def say(accounts: Accounts, caller: Caller, said: couples.ConsentEvent, closed: Withdrawal | None = None) -> bool:
    """Keep a consent that is given or withdrawn; `api/withdrawing.py` does what follows from it.

    Who agrees anew to what they had withdrawn has `closed` what stood open then. Return False, with nothing kept, where
    it was withdrawn once more since: that is to be closed first.
    """
    if said.text_version > couples.TEXT_VERSIONS[said.purpose]:
        raise malformed("There is no such version of this text yet.", "$.text_version")
    async with accounts.pool.acquire() as connection, connection.transaction():
        # One after the other, so that of a yes and a no at the same moment both are kept.
        await store.lock_person(connection, caller.person)
        if couples.begins_keeping(said):
            if await withdrawal_store.noted(connection, caller.person) != closed:
                return False
            if closed is not None:
                await withdrawal_store.settle(connection, closed)
        await store.say(connection, caller.person, said)
        if couples.ends_keeping(said):
            # Stored with the consent: whatever comes between, what stands open is closed.
            await withdrawal_store.note(connection, Withdrawal(caller.person, said.at))
        if couples.ends_reaching(said):
            await target_store.drop_of_person(connection, caller.person)
        if couples.ends_sharing(said):
            # Likewise: agreeing again opens no link, and none that the other has made shows this person's parts again.
            await counsel_store.withdraw(connection, caller.person)
    accounts.callers.forget(caller.person)
    return True
