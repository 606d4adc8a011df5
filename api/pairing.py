"""How two persons become a couple: a code, three words to read out, and a yes of each. A use-case a function."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import asdict

from api import end_store, limits, store
from api.accounts import ROUNDS_MAX, Accounts, person_of
from api.errors import Problem, changed_meanwhile, problem
from api.names import opened_name, sealed_name
from api.store import Transaction
from domain import couples
from domain.ids import CoupleId, PersonId, SpaceId
from sync import space_store as spaces
from sync.ports import Caller
from sync.sealing import SpaceKeys

_NOBODY: Final = PersonId(UUID(int=0))
_WAITING: Final = (couples.InvitationState.REDEEMED, couples.InvitationState.CONFIRMED_BY_ONE)


# A code


class Invited(Struct, frozen=True, kw_only=True):
    """A code to pass on, in one of its two spellings. It is shown this once."""

    code: str
    words: Sequence[str]
    expires_at: datetime


class LiveInvitation(Struct, frozen=True):
    """That a code is out there; the code itself was shown once."""

    expires_at: datetime


class PairingView(Struct, frozen=True, kw_only=True):
    """A pairing that waits for both to confirm.

    Both see the same three words, to read out to each other. Only the inviter sees a name: whoever has
    guessed a code must not learn one.
    """

    id: UUID
    role: Literal["inviter", "redeemer"]
    partner_name: str | None
    check_words: Sequence[str]
    confirmed: bool
    confirm_until: datetime


async def invite(accounts: Accounts, caller: Caller, now: datetime) -> Invited:
    """Make a code that lives for 24 hours; it replaces the one before, and a pairing that one began (V6)."""
    may_pair(await person_of(accounts, caller))
    await limits.count(accounts.pool, limits.INVITE, str(caller.person), now)
    careful = await limits.guessing(accounts.pool, now)
    code = couples.drawn(secrets.token_bytes(8), couples.LONG_CODE_BITS if careful else couples.CODE_BITS)
    number, code_hash = accounts.hashes.now("invitation", code)
    expires_at = now + couples.REDEEM_WITHIN
    async with accounts.pool.acquire() as connection, connection.transaction():
        person = await store.locked_person(connection, caller.person)
        if person is None or person.active_couple is not None:
            raise already_paired()
        if person.invited is not None:
            await store.drop_invitation(connection, caller.person, person.invited)
        await store.add_invitation(connection, code_hash, number, caller.person, expires_at)
    return Invited(code=couples.code_letters(code), words=couples.code_words(code).split(), expires_at=expires_at)


async def cancel_invitation(accounts: Accounts, caller: Caller) -> None:
    """Let one's own code die, and the pairing that it may have begun. Twice is once."""
    async with accounts.pool.acquire() as connection, connection.transaction():
        person = await store.locked_person(connection, caller.person)
        if person is not None and person.invited is not None and person.active_couple is None:
            await store.drop_invitation(connection, caller.person, person.invited)


async def redeem(accounts: Accounts, caller: Caller, written: str, address: str, now: datetime) -> PairingView:
    """Begin a pairing by a code; that alone pairs nobody.

    A code that is wrong, used, expired, own, blocked, or of somebody who is paired by now gets the same
    answer after the same statements (I15). Trying costs: see `limits.count_redeeming`.
    """
    may_pair(await person_of(accounts, caller))
    taken = await limits.count_redeeming(accounts.pool, caller.person, address, now)
    code_hashes = accounts.hashes.candidates("invitation", couples.parsed(written) or b"")
    found = next(iter(await store.invitations(accounts.pool, code_hashes)), None)
    inviter_id = _NOBODY if found is None else found.inviter
    inviter = (await store.persons(accounts.pool, [inviter_id])).get(inviter_id)
    blocked = await store.are_blocked(accounts.pool, caller.person, inviter_id)
    counts = found is not None and inviter is not None and inviter.invited == found.code_hash and inviter.may_pair
    decision = couples.redeem(
        _in_domain(found) if found is not None and counts else None,
        caller.person,
        now,
        together=[] if inviter is None or inviter.active_couple is None else [inviter_id],
        blocked=blocked,
    )
    live = isinstance(decision, couples.Invitation)
    async with accounts.pool.acquire() as connection, connection.transaction():
        person = await store.locked_person(connection, caller.person)
        if person is None or person.active_couple is not None:
            raise already_paired()
        begun = await store.redeem(
            connection,
            code_hashes if live else [],
            person.id,
            pairing=uuid4(),
            now=now,
            confirm_until=now + couples.CONFIRM_WITHIN,
        )
        if begun is None and found is not None and counts and _is_mine(found, person, now) and not blocked:
            # The answer to an earlier try was lost.
            begun = found
        await store.point_redeemed(connection, person.id, person.redeemed if begun is None else begun.code_hash)
    if begun is None:
        raise invitation_unknown()
    for key in taken:
        await store.unhit(accounts.pool, key)
    return _pairing_view(begun, person.id, {})


def _is_mine(found: store.Invitation, person: store.Person, now: datetime) -> bool:
    waits = _in_domain(found).state(now) in _WAITING
    return waits and found.redeemer == person.id and person.redeemed == found.code_hash


# Two who say yes


class CoupleView(Struct, frozen=True, kw_only=True):
    """A couple that the person is or was in, and the chosen name of the other person there."""

    id: CoupleId
    state: Literal["together", "parted"]
    space: SpaceId
    partner: PersonId
    partner_name: str | None


class Keepsake(CoupleView, frozen=True, kw_only=True):
    """A couple that has parted, of which the person still holds what was given and what was of both.

    `asked_back` is whether they have asked to restore it; of the other's asking nothing tells.
    """

    asked_back: bool


class Confirmed(Struct, frozen=True):
    """The couple, once both have confirmed; until then nothing."""

    couple: CoupleView | None


async def confirm(accounts: Accounts, caller: Caller, pairing: UUID, now: datetime) -> Confirmed:
    """Say yes to a pairing. When both have, they are a couple with a space of its own; nothing old is shared.

    One active couple a person (I16). Twice is once: the answer names the same couple. Raises `pairing_void`
    when 24 hours have passed, the code was cancelled, or one of the two is in a couple by now.
    """
    for _ in range(ROUNDS_MAX):
        found, two = await _open_pairing(accounts, caller.person, pairing, now)
        if found.couple is not None:
            return Confirmed(await couple_of(accounts, caller.person, found.couple))
        other_confirmed = found.redeemer_confirmed if caller.person == found.inviter else found.inviter_confirmed
        personal = await accounts.keys.of([person.space for person in two])
        couple, space = CoupleId(uuid4()), SpaceId(uuid4())
        # The key is there before the space that needs it, and perhaps in another database.
        couple_keys = await accounts.keys.make(space, now) if other_confirmed else None
        founding = _Founding(found, two, personal, couple, space, couple_keys)
        try:
            async with accounts.pool.acquire() as connection, connection.transaction():
                if not await _add_yes(connection, founding, caller.person, now):
                    return Confirmed(None)
        except _LookAgain:
            continue
        for person in two:
            accounts.callers.forget(person.id)
    raise changed_meanwhile()


class _Founding(Struct, frozen=True):
    """What is ready before the transaction of a yes; `couple_keys` only when the other has said theirs."""

    pairing: store.Invitation
    two: Sequence[store.Person]
    personal: Mapping[SpaceId, SpaceKeys]
    couple: CoupleId
    space: SpaceId
    couple_keys: SpaceKeys | None


async def _add_yes(connection: Transaction, founding: _Founding, person: PersonId, now: datetime) -> bool:
    """Add one yes; True when it was the second and the two are a couple by it."""
    two = await _locked(connection, founding.pairing, [each.id for each in founding.two])
    settled = await store.confirm(connection, founding.pairing.code_hash, person, now)
    if settled is None:
        raise _LookAgain
    if not (settled.inviter_confirmed and settled.redeemer_confirmed):
        return False
    if founding.couple_keys is None:
        raise _LookAgain
    await spaces.found_space(connection, founding.space, "couple", founding.couple, uuid4(), now)
    for each in two:
        name = opened_name(founding.personal.get(each.space), each.id, each.name)
        sealed = None if name is None else sealed_name(founding.couple_keys, each.id, name)
        await spaces.add_member(connection, founding.space, each.id, each.space, sealed)
    ids = [each.id for each in two]
    if not await store.pair(connection, settled.code_hash, founding.couple, founding.space, ids):
        raise _LookAgain
    # Who begins with somebody else asks for nobody back.
    await end_store.ask_nobody_back(connection, ids)
    return True


class _LookAgain(Exception):  # noqa: N818 - undoes the transaction; never leaves this file
    """What was read before the transaction no longer holds."""


async def _open_pairing(
    accounts: Accounts, caller: PersonId, pairing: UUID, now: datetime
) -> tuple[store.Invitation, Sequence[store.Person]]:
    """Return a pairing that the caller can confirm or has confirmed, and its two; else `pairing_void`."""
    person = (await store.persons(accounts.pool, [caller])).get(caller)
    codes = [] if person is None else [code for code in (person.invited, person.redeemed) if code is not None]
    first = await _held(accounts, codes, pairing)
    ids = [each for each in (first.inviter, first.redeemer) if each is not None]
    two = list((await store.persons(accounts.pool, ids)).values())
    # Read once more, after the persons: if they are a couple by this very pairing, it says so by now.
    found = await _held(accounts, codes, pairing)
    together = [each.id for each in two if each.active_couple not in (None, found.couple)]
    decision = couples.confirm(_in_domain(found), caller, now, couple=CoupleId(uuid4()), together=together)
    if isinstance(decision, couples.PairingRefusal):
        raise pairing_void()
    if found.couple is None and (
        len(two) != 2
        or not all(_waits(each, found) for each in two)
        or await store.are_blocked(accounts.pool, two[0].id, two[1].id)
    ):
        raise pairing_void()
    return found, two


async def _held(accounts: Accounts, codes: Sequence[bytes], pairing: UUID) -> store.Invitation:
    held = await store.invitations(accounts.pool, codes)
    found = next((each for each in held if each.pairing == pairing), None)
    if found is None:
        raise pairing_void()
    return found


async def _locked(connection: Transaction, found: store.Invitation, two: Sequence[PersonId]) -> list[store.Person]:
    """Hold both persons still, in the order of their ids, so that two pairings cannot wait for each other."""
    persons = [await store.locked_person(connection, each) for each in sorted(two)]
    still = [person for person in persons if person is not None and _waits(person, found)]
    if len(still) != len(two):
        raise _LookAgain
    return still


def _waits(person: store.Person, found: store.Invitation) -> bool:
    """Tell whether this pairing is the one that counts for this person, and they are free to enter it."""
    held = person.invited if person.id == found.inviter else person.redeemed
    return held == found.code_hash and person.active_couple is None and person.may_pair


async def couple_of(accounts: Accounts, person: PersonId, couple: CoupleId) -> CoupleView | None:
    """Return a couple as one of its two sees it."""
    space = await store.couple_space_of(accounts.pool, person, couple)
    partners = [] if space is None else await store.partners_of(accounts.pool, person, [space])
    keys = await accounts.keys.of([partner.space for partner in partners])
    return next((couple_view(partner, keys) for partner in partners), None)


# How it stands


async def pending(
    accounts: Accounts, person: store.Person, now: datetime
) -> tuple[LiveInvitation | None, list[PairingView]]:
    """Return the person's live code, and the pairings that wait for them."""
    if person.active_couple is not None:
        return None, []
    codes = [code for code in (person.invited, person.redeemed) if code is not None]
    held = await store.invitations(accounts.pool, codes)
    stands = {each.code_hash: _in_domain(each).state(now) for each in held}
    live = next((each for each in held if stands[each.code_hash] is couples.InvitationState.OPEN), None)
    waiting = [each for each in held if stands[each.code_hash] in _WAITING]
    redeemers = [each.redeemer for each in waiting if each.redeemer not in (None, person.id)]
    others = await store.persons(accounts.pool, [each for each in redeemers if each is not None])
    keys = await accounts.keys.of([other.space for other in others.values()])
    names = {other.id: opened_name(keys.get(other.space), other.id, other.name) for other in others.values()}
    return (
        None if live is None else LiveInvitation(live.expires_at),
        [_pairing_view(each, person.id, names) for each in waiting],
    )


def _pairing_view(found: store.Invitation, person: PersonId, names: Mapping[PersonId, str | None]) -> PairingView:
    assert found.pairing is not None
    assert found.redeemer is not None
    assert found.confirm_until is not None
    inviting = person == found.inviter
    return PairingView(
        id=found.pairing,
        role="inviter" if inviting else "redeemer",
        partner_name=names.get(found.redeemer) if inviting else None,
        # The id is random and known to the two alone; hashed, the words do not give a part of it away.
        check_words=couples.check_words(sha256(found.pairing.bytes).digest()),
        confirmed=found.inviter_confirmed if inviting else found.redeemer_confirmed,
        confirm_until=found.confirm_until,
    )


def keepsake(view: CoupleView, *, asked_back: bool) -> Keepsake:
    """Show a couple that has parted to one of its two."""
    return Keepsake(**asdict(view), asked_back=asked_back)


def couple_view(partner: store.Partner, keys: Mapping[SpaceId, SpaceKeys]) -> CoupleView:
    """Show a couple to one of its two; `keys` opens the name of the other."""
    return CoupleView(
        id=partner.couple,
        state="together" if partner.state == "active" else "parted",
        space=partner.space,
        partner=partner.person,
        partner_name=opened_name(keys.get(partner.space), partner.person, partner.name),
    )


def _in_domain(found: store.Invitation) -> couples.Invitation:
    """Say in the domain's words what was stored."""
    redemption = None
    if found.redeemer is not None and found.confirm_until is not None:
        redemption = couples.Redemption(found.redeemer, found.confirm_until - couples.CONFIRM_WITHIN)
    first_yes = found.inviter if found.inviter_confirmed else found.redeemer
    return couples.Invitation(
        inviter=found.inviter,
        invited_at=found.expires_at - couples.REDEEM_WITHIN,
        redemption=redemption,
        confirmed_by=first_yes if found.inviter_confirmed or found.redeemer_confirmed else None,
        couple=found.couple,
    )


# What can stand in the way


def may_pair(person: store.Person) -> None:
    """Raise what keeps this person from pairing; all of it concerns them alone."""
    if person.active_couple is not None:
        raise already_paired()
    if not person.may_pair:
        raise consent_needed("pairing")
    if person.name is None:
        raise name_needed()


def consent_needed(purpose: str) -> Problem:
    """Say which consent is missing; the app asks for it."""
    return problem(
        "consent_needed",
        f"This needs your consent for {purpose}. You can give it in the app, and take it back at any time.",
    )


def name_needed() -> Problem:
    """Say that pairing shows a chosen name and there is none yet."""
    return problem(
        "name_needed",
        "Your partner sees your chosen name before saying yes. Please choose one, then try again.",
    )


def already_paired() -> Problem:
    """Say that a person is in one couple at a time."""
    return problem(
        "already_paired",
        "An account belongs to one couple at a time.",
    )


def invitation_unknown() -> Problem:
    """Say that a code begins nothing; the same for every reason (I15)."""
    return problem(
        "invitation_unknown",
        "Please check it with the person who gave it to you, or ask for a new one. It works once, for a day.",
    )


def pairing_void() -> Problem:
    """Say that a pairing is no longer open, or never was."""
    return problem(
        "pairing_void",
        "Both need to confirm within 24 hours. Please begin again with a new code.",
    )
