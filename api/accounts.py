"""What people do with their accounts: sign in, say who they are, invite, pair, part. A use-case a function."""

import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from msgspec import Meta, Struct

from api import limits, store
from api.auth import (
    FRESH_S,
    IDENTITY_TOKEN_CHARS_MAX,
    SECRET_BYTES,
    Callers,
    Identity,
    IdentityIssuer,
    IdentityRefused,
    is_fresh,
    last_day,
    new_token,
    token_hash,
)
from api.errors import Problem, malformed, not_found
from api.keys import HashKeys, StoredKeys
from api.postgres import Pool
from api.store import Transaction
from domain import couples
from domain.ids import CoupleId, DeviceId, PersonId, SpaceId
from sync import service
from sync import store as spaces
from sync.ports import Caller
from sync.sealing import SealBroken, SpaceKeys

DEVICES_MAX: Final = 50
"""Devices in a person's list, revoked ones included: a list that cannot be flooded can be read."""
LABEL_CHARS_MAX: Final = 80
_ROUNDS_MAX: Final = 5
_NOBODY: Final = PersonId(UUID(int=0))

_TURNING: Final = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""What turns the direction of writing; joiners, which emoji need, are no harm."""

_PERSON = "person"
_DEVICE = "device"


class Accounts(Struct, frozen=True, kw_only=True):
    """What the use-cases need: where accounts are kept, the keys, who vouches, and who is calling."""

    pool: Pool
    keys: StoredKeys
    hashes: HashKeys
    issuer: IdentityIssuer
    callers: Callers


# Signing in

Platform = Literal["ios", "android", "web", "other"]


class SignIn(Struct, frozen=True, kw_only=True):
    """Who signs in, proven by an identity token that is used once and forgotten, and on which device."""

    identity_token: Annotated[str, Meta(min_length=1, max_length=IDENTITY_TOKEN_CHARS_MAX)]
    device: UUID
    platform: Platform
    label: Annotated[str, Meta(min_length=1, max_length=LABEL_CHARS_MAX)]


class SignedIn(Struct, frozen=True, kw_only=True):
    """The device's own token for the `Authorization` header of all else, and its last day if never used."""

    token: str
    person: PersonId
    device: DeviceId
    expires_on: date


class Entry(Struct, frozen=True):
    """A device that is signed in, and the new heads of spaces that were told of it."""

    signed_in: SignedIn
    moved: Mapping[SpaceId, int]


async def sign_in(accounts: Accounts, wanted: SignIn, address: str, now: datetime) -> Entry:
    """Open the account of an identity on a device; the first time, make it.

    A lost answer is harmless: signing in again makes a second token, and the first dies at the second's first
    use (A11). A device that is new to an existing account needs an identity proven within `FRESH_S` seconds,
    and the person's other devices are told (A16).
    """
    label = _label(wanted.label)
    if wanted.device.int == 0:
        raise malformed("The id of a device must not be empty.", "$.device")
    identity = await _verified(accounts, wanted.identity_token, address, now)
    for _ in range(_ROUNDS_MAX):
        person = await store.person_of(accounts.pool, _subject_hashes(accounts, identity))
        if person is None:
            entry = await _begin(accounts, identity, wanted, label, now)
        else:
            entry = await _return(accounts, person, identity, wanted, label, now=now)
        if entry is not None:
            return entry
    raise identity_refused()


async def _begin(accounts: Accounts, identity: Identity, wanted: SignIn, label: str, now: datetime) -> Entry | None:
    """Make an account; None when the same identity made one at the same moment."""
    person, space = PersonId(uuid4()), SpaceId(uuid4())
    keys = await accounts.keys.make(space, now)
    device, token = _device(person, wanted, label, keys, now)
    number, subject = accounts.hashes.now("identity", identity.issuer, identity.subject)
    async with accounts.pool.acquire() as connection, connection.transaction():
        if not await store.add_identity(connection, subject, number, person):
            return None
        await store.add_person(connection, person, space, now.date())
        await store.add_device(connection, person, device, token_hash(token))
        await service.found_personal_space(connection, keys, space, person, now)
    return Entry(SignedIn(token=token, person=person, device=device.id, expires_on=device.expires_on), {})


async def _return(
    accounts: Accounts, person: PersonId, identity: Identity, wanted: SignIn, label: str, *, now: datetime
) -> Entry | None:
    """Sign in to an account that exists; None when it ceased to exist meanwhile."""
    await limits.count(accounts.pool, limits.SIGN_IN, str(person), now)
    space = await store.personal_space_of(accounts.pool, person)
    keys = None if space is None else (await accounts.keys.of([space])).get(space)
    if space is None or keys is None:
        return None
    device, token = _device(person, wanted, label, keys, now)
    moved: dict[SpaceId, int] = {}
    async with accounts.pool.acquire() as connection, connection.transaction():
        await store.lock_person(connection, person)
        devices = await store.devices_of(connection, person)
        known = next((listed for listed in devices if listed.id == device.id), None)
        if known is None:
            if not is_fresh(identity, now):
                raise fresh_sign_in_needed()
            if len(devices) >= DEVICES_MAX:
                raise too_many_devices()
            await store.add_device(connection, person, device, token_hash(token))
            moved[space] = await spaces.deposit(
                connection,
                keys,
                space,
                person,
                "notice",
                {"code": "new_device", "about": str(device.id), "field": None, "on": now.date().isoformat()},
                now,
            )
        elif known.revoked_on is not None:
            raise device_revoked()
        else:
            await store.renew_device(connection, person, device, token_hash(token), now.date())
    return Entry(SignedIn(token=token, person=person, device=device.id, expires_on=device.expires_on), moved)


def _device(person: PersonId, wanted: SignIn, label: str, keys: SpaceKeys, now: datetime) -> tuple[store.Device, str]:
    device = store.Device(
        id=DeviceId(wanted.device),
        label=keys.seal(_DEVICE, wanted.device, label.encode()),
        platform=wanted.platform,
        made_on=now.date(),
        expires_on=last_day(now),
        revoked_on=None,
    )
    return device, new_token(person, secrets.token_bytes(SECRET_BYTES))


async def _verified(accounts: Accounts, identity_token: str, address: str, now: datetime) -> Identity:
    try:
        return await accounts.issuer.verify(identity_token, now)
    except IdentityRefused:
        await limits.count(accounts.pool, limits.SIGN_IN_REFUSED, address, now)
        raise identity_refused() from None


def _subject_hashes(accounts: Accounts, identity: Identity) -> list[bytes]:
    return accounts.hashes.candidates("identity", identity.issuer, identity.subject)


# Devices


class DeviceView(Struct, frozen=True, kw_only=True):
    """One installation in its person's own list. There is no last use: that would be presence (I4)."""

    id: DeviceId
    label: str
    platform: str
    made_on: date
    expires_on: date
    revoked_on: date | None
    this: bool


async def devices(accounts: Accounts, caller: Caller) -> list[DeviceView]:
    """Return the caller's devices, revoked ones too, oldest first."""
    keys = (await accounts.keys.of([caller.personal])).get(caller.personal)
    return [
        DeviceView(
            id=device.id,
            label=_opened(keys, _DEVICE, device.id, device.label) or "",
            platform=device.platform,
            made_on=device.made_on,
            expires_on=device.expires_on,
            revoked_on=device.revoked_on,
            this=device.id == caller.device,
        )
        for device in await store.devices_of(accounts.pool, caller.person)
    ]


async def sign_out(accounts: Accounts, caller: Caller) -> None:
    """Forget this device and its tokens. Leaving is easy: it asks for nothing."""
    await store.drop_device(accounts.pool, caller.person, caller.device)
    accounts.callers.forget(caller.person)


async def revoke(
    accounts: Accounts,
    caller: Caller,
    device: DeviceId,
    *,
    identity_token: str | None,
    address: str,
    now: datetime,
) -> None:
    """Shut one of the caller's devices out for good; its id never comes back.

    Another device than the caller's own needs a fresh identity token: a borrowed phone must not lock its
    owner out. Takes effect at once here, within 30 seconds in other processes. Twice is once.
    """
    if device != caller.device:
        await _require_fresh(accounts, caller, identity_token, address, now)
    if not await store.revoke_device(accounts.pool, caller.person, device, now.date()):
        raise not_found()
    accounts.callers.forget(caller.person)


async def _require_fresh(
    accounts: Accounts, caller: Caller, identity_token: str | None, address: str, now: datetime
) -> None:
    if identity_token is None:
        raise fresh_sign_in_needed()
    identity = await _verified(accounts, identity_token, address, now)
    whose = await store.person_of(accounts.pool, _subject_hashes(accounts, identity))
    if whose != caller.person or not is_fresh(identity, now):
        raise fresh_sign_in_needed()


# Who a person is, and what they agreed to


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


class CoupleView(Struct, frozen=True, kw_only=True):
    """A couple that the person is or was in, and the chosen name of the other person there."""

    id: CoupleId
    state: Literal["together", "parted"]
    space: SpaceId
    partner: PersonId
    partner_name: str | None


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


class Me(Struct, frozen=True, kw_only=True):
    """All about the caller that an app needs at its start."""

    person: PersonId
    chosen_name: str | None
    personal_space: SpaceId
    adult: Adult | None
    consents: Sequence[Consent]
    couple: CoupleView | None
    keepsakes: Sequence[CoupleView]
    invitation: LiveInvitation | None
    pairings: Sequence[PairingView]


async def me(accounts: Accounts, caller: Caller, now: datetime) -> Me:
    """Return who the caller is, what they agreed to, and whom they are with or about to be."""
    person = await _self(accounts, caller)
    consents = couples.consents_now(await store.said_by(accounts.pool, caller.person))
    partners = await store.partners_of(accounts.pool, caller.person, caller.spaces[1:])
    keys = await accounts.keys.of([person.space, *(partner.space for partner in partners)])
    views = [_couple_view(partner, keys) for partner in partners]
    invitation, pairings = await _pending(accounts, person, now)
    return Me(
        person=person.id,
        chosen_name=_opened(keys.get(person.space), _PERSON, person.id, person.name),
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
        keepsakes=[view for view in views if view.state == "parted"],
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
    for _ in range(_ROUNDS_MAX):
        before = await _self(accounts, caller)
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
            await store.rename(connection, person.id, _sealed_name(keys[person.space], person.id, name))
            if couple_space is not None:
                sealed = _sealed_name(keys[couple_space], person.id, name)
                await store.rename_member(connection, person.id, couple_space, sealed)
        return
    raise changed_meanwhile()


async def attest_adult(accounts: Accounts, caller: Caller, method: str, now: datetime) -> None:
    """Keep that the person attested to be an adult, once."""
    await store.attest_adult(accounts.pool, caller.person, method, now)
    accounts.callers.forget(caller.person)


async def say(accounts: Accounts, caller: Caller, said: couples.ConsentEvent) -> None:
    """Give or withdraw a consent. Withdrawing works at once and disables nothing unrelated (I11)."""
    if said.text_version > couples.TEXT_VERSIONS[said.purpose]:
        raise malformed("There is no such version of this text yet.", "$.text_version")
    async with accounts.pool.acquire() as connection, connection.transaction():
        # One after the other, so that of a yes and a no at the same moment both are kept.
        await store.lock_person(connection, caller.person)
        await store.say(connection, caller.person, said)
    accounts.callers.forget(caller.person)


async def _self(accounts: Accounts, caller: Caller) -> store.Person:
    person = (await store.persons(accounts.pool, [caller.person])).get(caller.person)
    if person is None:
        raise not_found()
    return person


def _couple_view(partner: store.Partner, keys: Mapping[SpaceId, SpaceKeys]) -> CoupleView:
    return CoupleView(
        id=partner.couple,
        state="together" if partner.state == "active" else "parted",
        space=partner.space,
        partner=partner.person,
        partner_name=_opened(keys.get(partner.space), _PERSON, partner.person, partner.name),
    )


# Inviting and pairing


class Invited(Struct, frozen=True, kw_only=True):
    """A code to pass on, in one of its two spellings. It is shown this once."""

    code: str
    words: Sequence[str]
    expires_at: datetime


class Confirmed(Struct, frozen=True):
    """The couple, once both have confirmed; until then nothing."""

    couple: CoupleView | None


async def invite(accounts: Accounts, caller: Caller, now: datetime) -> Invited:
    """Make a code that lives for 24 hours; it replaces the one before, and a pairing that one began (V6)."""
    _may_pair(await _self(accounts, caller))
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
    _may_pair(await _self(accounts, caller))
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


_WAITING: Final = (couples.InvitationState.REDEEMED, couples.InvitationState.CONFIRMED_BY_ONE)


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


def _is_mine(found: store.Invitation, person: store.Person, now: datetime) -> bool:
    waits = _in_domain(found).state(now) in _WAITING
    return waits and found.redeemer == person.id and person.redeemed == found.code_hash


async def confirm(accounts: Accounts, caller: Caller, pairing: UUID, now: datetime) -> Confirmed:
    """Say yes to a pairing. When both have, they are a couple with a space of its own; nothing old is shared.

    One active couple a person (I16). Twice is once: the answer names the same couple. Raises `pairing_void`
    when 24 hours have passed, the code was cancelled, or one of the two is in a couple by now.
    """
    for _ in range(_ROUNDS_MAX):
        found, two = await _open_pairing(accounts, caller.person, pairing, now)
        if found.couple is not None:
            return Confirmed(await _couple_of(accounts, caller.person, found.couple))
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
    await spaces.found_space(connection, founding.space, "couple", founding.couple, uuid4())
    for each in two:
        name = _opened(founding.personal.get(each.space), _PERSON, each.id, each.name)
        sealed = None if name is None else _sealed_name(founding.couple_keys, each.id, name)
        await spaces.add_member(connection, founding.space, each.id, each.space, sealed)
    ids = [each.id for each in two]
    if not await store.pair(connection, settled.code_hash, founding.couple, founding.space, ids):
        raise _LookAgain
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


async def _couple_of(accounts: Accounts, person: PersonId, couple: CoupleId) -> CoupleView | None:
    space = await store.couple_space_of(accounts.pool, person, couple)
    partners = [] if space is None else await store.partners_of(accounts.pool, person, [space])
    keys = await accounts.keys.of([partner.space for partner in partners])
    return next((_couple_view(partner, keys) for partner in partners), None)


async def _pending(
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
    names = {other.id: _opened(keys.get(other.space), _PERSON, other.id, other.name) for other in others.values()}
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


def _may_pair(person: store.Person) -> None:
    """Raise what keeps this person from pairing; all of it concerns them alone."""
    if person.active_couple is not None:
        raise already_paired()
    if not person.may_pair:
        raise consent_needed("pairing")
    if person.name is None:
        raise name_needed()


# Parting


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


# Words under seal


def _sealed_name(keys: SpaceKeys, person: PersonId, name: str) -> bytes:
    return keys.seal(_PERSON, person, name.encode())


def _opened(keys: SpaceKeys | None, kind: str, about: UUID, sealed: bytes | None) -> str | None:
    """Return the words, or nothing when they are absent or do not open: one bad row must stop nobody."""
    if keys is None or sealed is None:
        return None
    try:
        return keys.open(kind, about, sealed).decode()
    except SealBroken:
        return None


def _label(written: str) -> str:
    label = written.strip()
    if not label or any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in _TURNING
        for character in label
    ):
        raise malformed("The label of a device is one line without hidden characters.", "$.label")
    return label


# What can stand in the way


def _sign_in_problem(slug: str, title: str, detail: str) -> Problem:
    return Problem(401, slug, title, detail, headers={"WWW-Authenticate": "Bearer"})


def identity_refused() -> Problem:
    """Say that nobody vouches for this identity token; never why."""
    return _sign_in_problem(
        "identity_refused", "We could not confirm who you are", "Please sign in with your provider again."
    )


def fresh_sign_in_needed() -> Problem:
    """Say that this needs a proof of identity of the last minutes."""
    return _sign_in_problem(
        "fresh_sign_in_needed",
        "Please confirm that it is you",
        f"This needs a sign-in with your provider within the last {FRESH_S // 60} minutes.",
    )


def device_revoked() -> Problem:
    """Say that a device was shut out for good."""
    return Problem(
        403,
        "device_revoked",
        "This device was signed out for good",
        "It was removed from your account. A new installation of the app can sign in as a new device.",
    )


def too_many_devices() -> Problem:
    """Say that the list of devices is full."""
    return Problem(
        409,
        "too_many_devices",
        "Your list of devices is full",
        f"An account holds up to {DEVICES_MAX} devices. Please sign out on one that you no longer use.",
    )


def consent_needed(purpose: str) -> Problem:
    """Say which consent is missing; the app asks for it."""
    return Problem(
        403,
        "consent_needed",
        "Your consent is needed first",
        f"This needs your consent for {purpose}. You can give it in the app, and take it back at any time.",
    )


def name_needed() -> Problem:
    """Say that pairing shows a chosen name and there is none yet."""
    return Problem(
        409,
        "name_needed",
        "Please choose a name first",
        "Your partner sees your chosen name before saying yes. Please choose one, then try again.",
    )


def already_paired() -> Problem:
    """Say that a person is in one couple at a time."""
    return Problem(
        409,
        "already_paired",
        "You are already paired",
        "An account belongs to one couple at a time.",
    )


def invitation_unknown() -> Problem:
    """Say that a code begins nothing; the same for every reason (I15)."""
    return Problem(
        404,
        "invitation_unknown",
        "This code does not work",
        "Please check it with the person who gave it to you, or ask for a new one. It works once, for a day.",
    )


def pairing_void() -> Problem:
    """Say that a pairing is no longer open, or never was."""
    return Problem(
        409,
        "pairing_void",
        "This pairing is no longer open",
        "Both need to confirm within 24 hours. Please begin again with a new code.",
    )


def changed_meanwhile() -> Problem:
    """Say that others were faster several times in a row."""
    return Problem(
        503,
        "busy",
        "Please try again",
        "Something else changed at the same moment. Nothing was lost: please send the same request again.",
        headers={"Retry-After": "1"},
    )
