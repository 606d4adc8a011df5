"""Exports on demand: asking for one with a fresh sign-in, and fetching each of its forms once, on the same device."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from api import accounts as entry
from api import export_store, limits, store
from api.accounts import Accounts
from api.errors import busy, not_found
from api.names import opened_name
from domain.ids import PersonId, SpaceId
from sync import exporting
from sync import space_store as spaces
from sync.export import FORMS, Form, Owner, Together
from sync.ports import Archive, Caller
from sync.service import SpaceLockedError, id_keys_of

KEPT_H: Final = 24
"""Until when what was asked for can be fetched."""
AT_ONCE_MAX: Final = 2
"""Exports that one process gives at the same moment: each remembers where all of a person's records stand."""
FETCH_S_MAX: Final = 600
"""After so long an answer is cut off: whoever reads so slowly would keep others waiting."""


class Export(Struct, frozen=True, kw_only=True):
    """What this device may fetch, each of the forms once, and until when."""

    export: UUID
    expires_at: datetime
    forms: list[Form]


class Exports:
    """How many exports this process is giving, and how long one may take."""

    def __init__(self, fetch_s: float = FETCH_S_MAX) -> None:
        self.fetch_s = fetch_s
        self.given = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Take a place, or raise the 503 that says when to come back."""
        if self.given >= AT_ONCE_MAX:
            raise busy()
        self.given += 1
        try:
            yield
        finally:
            self.given -= 1


async def ask(
    accounts: Accounts, caller: Caller, *, identity_token: str, address: str, now: datetime
) -> tuple[Export, Mapping[SpaceId, int]]:
    """Let the caller's device fetch an export; the person's other devices are told. Return the heads that moved.

    A borrowed phone must not carry everything off: it takes an identity proven within the last minutes.
    """
    await entry.require_fresh(accounts, caller, identity_token, address, now)
    await limits.count(accounts.pool, limits.EXPORT, str(caller.person), now)
    keys = (await accounts.keys.of([caller.personal])).get(caller.personal)
    if keys is None:
        raise SpaceLockedError
    asked = Export(export=uuid4(), expires_at=now + timedelta(hours=KEPT_H), forms=list(FORMS))
    notice = {"code": "exported", "about": str(caller.device), "field": None, "on": now.date().isoformat()}
    async with accounts.pool.acquire() as connection, connection.transaction():
        await export_store.add(connection, caller.person, asked.export, caller.device, asked.expires_at)
        head = await spaces.deposit(connection, keys, caller.personal, caller.person, "notice", notice, now)
    return asked, {caller.personal: head}


class Fetched:
    """One form of an export on its way; `whole` is set by whoever has sent all of it."""

    def __init__(self, pieces: AsyncIterator[bytes], name: str) -> None:
        self.pieces, self.name = pieces, name
        self.whole = False


@asynccontextmanager
async def fetching(
    accounts: Accounts, archive: Archive, caller: Caller, export: UUID, form: Form, now: datetime
) -> AsyncIterator[Fetched]:
    """Give one form of an export, once; what did not come whole can be fetched again.

    Raise the one 404 alike for an export that never was, that is another's or another device's, that was fetched, and
    that ran out.
    """
    if not await export_store.claim(accounts.pool, caller.person, export, caller.device, form, now):
        raise not_found()
    fetched = None
    try:
        owner, id_keys = await _owner(accounts, archive, caller, now)
        pieces = exporting.export(archive, caller, owner, id_keys, form)
        fetched = Fetched(pieces, f"haven-{owner.made_on}.{form}")
        yield fetched
    finally:
        if fetched is None or not fetched.whole:
            await export_store.give_back(accounts.pool, caller.person, export, form)


async def _owner(
    accounts: Accounts, archive: Archive, caller: Caller, now: datetime
) -> tuple[Owner, dict[SpaceId, bytes]]:
    """Return whose export this is, and the id keys of their spaces."""
    person = await entry.person_of(accounts, caller)
    partners = {each.space: each for each in await store.partners_of(accounts.pool, caller.person, caller.spaces[1:])}
    id_keys = await id_keys_of(accounts.keys, caller)
    keys = await accounts.keys.of(caller.spaces)
    zone = await exporting.zone_of(archive, caller, id_keys[caller.personal])
    couples = [
        Together(
            space=space,
            couple=partner.couple,
            partner=PersonId(partner.person),
            name=opened_name(keys.get(space), partner.person, partner.name),
            ended=partner.state == "closed",
        )
        for space in caller.spaces
        if (partner := partners.get(space)) is not None
    ]
    owner = Owner(
        person=caller.person,
        name=opened_name(keys.get(person.space), person.id, person.name),
        personal=caller.personal,
        couples=tuple(couples),
        zone=zone,
        made_at=now,
    )
    return owner, id_keys
