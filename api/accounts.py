"""Accounts and their devices: sign in, list the devices, sign one out, shut one out. A use-case a function."""

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from msgspec import Meta, Struct

from api import limits, store
from api.auth import (
    ASK_FOR_TOKEN,
    FRESH_S,
    IDENTITY_TOKEN_CHARS_MAX,
    SECRET_BYTES,
    Callers,
    Identity,
    IdentityIssuer,
    IdentityRefused,
    IdentityUnavailable,
    ProviderRefused,
    is_fresh,
    last_day,
    new_token,
    token_hash,
)
from api.errors import Problem, malformed, not_found, problem
from api.keys import HashKeys, StoredKeys
from api.names import opened_label, sealed_label
from api.postgres import Pool
from domain.ids import DeviceId, PersonId, SpaceId
from notifications import target_store
from sync import service
from sync import space_store as spaces
from sync.ports import Caller
from sync.sealing import SpaceKeys

DEVICES_MAX: Final = 50
"""Devices in a person's list, revoked ones included: a list that cannot be flooded can be read."""
LABEL_CHARS_MAX: Final = 80
ASK_AGAIN_S: Final = 10
"""After so long whoever signs in may ask once more, where their issuer did not answer."""
ROUNDS_MAX: Final = 5
"""How often a use-case looks again when what it had read no longer holds."""

_TURNING: Final = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""What turns the direction of writing; joiners, which emoji need, are no harm."""


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
    looked_closely = False
    for _ in range(ROUNDS_MAX):
        person = await store.person_of(accounts.pool, _subject_hashes(accounts, identity))
        if not looked_closely and not await _is_known(accounts, person, wanted):
            # A device that is new is where a stolen sign-in would be used.
            identity = await _verified(accounts, wanted.identity_token, address, now, closely=True)
            looked_closely = True
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
        if not await store.lock_person(connection, person):
            # Its week was over between the look and the deed.
            return None
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
        label=sealed_label(keys, DeviceId(wanted.device), label),
        platform=wanted.platform,
        made_on=now.date(),
        expires_on=last_day(now),
        revoked_on=None,
    )
    return device, new_token(person, secrets.token_bytes(SECRET_BYTES))


async def _is_known(accounts: Accounts, person: PersonId | None, wanted: SignIn) -> bool:
    if person is None:
        return False
    return any(each.id == wanted.device for each in await store.devices_of(accounts.pool, person))


async def _verified(
    accounts: Accounts, identity_token: str, address: str, now: datetime, *, closely: bool = False
) -> Identity:
    """Return whom the token names; `closely` where it matters whether it was revoked since."""
    try:
        return await accounts.issuer.verify(identity_token, now, closely=closely)
    except IdentityRefused:
        await limits.count(accounts.pool, limits.SIGN_IN_REFUSED, address, now)
        raise identity_refused() from None
    except ProviderRefused:
        await limits.count(accounts.pool, limits.SIGN_IN_REFUSED, address, now)
        raise problem(
            "provider_refused", "Please sign in by another of the ways that the app offers; this one is not taken here."
        ) from None
    except IdentityUnavailable:
        raise problem(
            "unavailable",
            "Whoever could confirm who you are does not answer at the moment. Please try again in a little while.",
            headers={"Retry-After": str(ASK_AGAIN_S)},
        ) from None


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
            label=opened_label(keys, device.id, device.label) or "",
            platform=device.platform,
            made_on=device.made_on,
            expires_on=device.expires_on,
            revoked_on=device.revoked_on,
            this=device.id == caller.device,
        )
        for device in await store.devices_of(accounts.pool, caller.person)
    ]


async def sign_out(accounts: Accounts, caller: Caller) -> None:
    """Forget this device, its tokens, and how it is reached. Leaving is easy: it asks for nothing."""
    async with accounts.pool.acquire() as connection, connection.transaction():
        await store.lock_person(connection, caller.person)
        await store.drop_device(connection, caller.person, caller.device)
        await target_store.drop_of_device(connection, caller.person, caller.device)
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
    """Shut one of the caller's devices out for good; its id never comes back, and it is not reached any more.

    Another device than the caller's own needs a fresh identity token: a borrowed phone must not lock its
    owner out. Takes effect at once here, within 30 seconds in other processes. Twice is once.
    """
    if device != caller.device:
        await require_fresh(accounts, caller, identity_token, address, now)
    async with accounts.pool.acquire() as connection, connection.transaction():
        await store.lock_person(connection, caller.person)
        if not await store.revoke_device(connection, caller.person, device, now.date()):
            raise not_found()
        await target_store.drop_of_device(connection, caller.person, device)
    accounts.callers.forget(caller.person)


async def require_fresh(
    accounts: Accounts, caller: Caller, identity_token: str | None, address: str, now: datetime
) -> Identity:
    """Return whom the token names: the caller, who has proven it just now; else raise `fresh_sign_in_needed`."""
    if identity_token is None:
        raise fresh_sign_in_needed()
    identity, whose = await proven(accounts, identity_token, address, now)
    if whose != caller.person:
        raise fresh_sign_in_needed()
    return identity


async def proven(
    accounts: Accounts, identity_token: str, address: str, now: datetime
) -> tuple[Identity, PersonId | None]:
    """Return whom the token names, proven just now, and whose account that opens, if any."""
    identity = await vouched(accounts, identity_token, address, now)
    return identity, await store.person_of(accounts.pool, _subject_hashes(accounts, identity))


async def vouched(accounts: Accounts, identity_token: str, address: str, now: datetime) -> Identity:
    """Return whom the token names, proven just now; else raise `identity_refused` or `fresh_sign_in_needed`."""
    identity = await _verified(accounts, identity_token, address, now, closely=True)
    if not is_fresh(identity, now):
        raise fresh_sign_in_needed()
    return identity


# Who acts


async def person_of(accounts: Accounts, caller: Caller) -> store.Person:
    """Return what is kept of the caller, or raise `not_found` when the account ceased to exist."""
    person = (await store.persons(accounts.pool, [caller.person])).get(caller.person)
    if person is None:
        raise not_found()
    return person


def _label(written: str) -> str:
    label = written.strip()
    if not label or any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in _TURNING
        for character in label
    ):
        raise malformed("The label of a device is one line without hidden characters.", "$.label")
    return label


# What can stand in the way


def identity_refused() -> Problem:
    """Say that nobody vouches for this identity token; never why."""
    return problem("identity_refused", "Please sign in with your provider again.", headers=ASK_FOR_TOKEN)


def fresh_sign_in_needed() -> Problem:
    """Say that this needs a proof of identity of the last minutes."""
    return problem(
        "fresh_sign_in_needed",
        f"This needs a sign-in with your provider within the last {FRESH_S // 60} minutes.",
        headers=ASK_FOR_TOKEN,
    )


def device_revoked() -> Problem:
    """Say that a device was shut out for good."""
    return problem(
        "device_revoked",
        "It was removed from your account. A new installation of the app can sign in as a new device.",
    )


def too_many_devices() -> Problem:
    """Say that the list of devices is full."""
    return problem(
        "too_many_devices",
        f"An account holds up to {DEVICES_MAX} devices. Please sign out on one that you no longer use.",
    )
