"""Where a person's devices are reached by push: an app registers its own, and whoever sends asks for them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final
from uuid import uuid4

from msgspec import Meta, Struct

from api import store
from api.accounts import Accounts
from api.auth import unauthenticated
from api.errors import malformed, not_found
from api.keys import StoredKeys
from api.pairing import consent_needed
from api.store import Asker
from domain import couples
from domain.ids import PersonId, SpaceId
from notifications import target_store
from notifications.messages import Kind, Platform, Target, form_of
from notifications.targets import VALUE_CHARS_MAX, Kept, Reached, in_order, objection
from sync.ports import Caller
from sync.sealing import SealBroken, SpaceKeys

SEALED_AS: Final = "push_target"
"""The kind under which a value is sealed, and the purpose of its keyed hash."""


class PushTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What FCM calls this installation: its Firebase installation id (`fid`), or a registration token."""

    kind: Kind
    value: Annotated[str, Meta(min_length=1, max_length=VALUE_CHARS_MAX)]
    platform: Platform

    def __repr__(self) -> str:
        return f"PushTarget({self.platform}, {self.kind}, ***)"


async def register(accounts: Accounts, caller: Caller, wanted: PushTarget, now: datetime) -> None:
    """Reach the caller's device by this from now on, and nobody else's: it is taken from whoever had it, untold.

    Asks for the consent `push`. A device that was signed out meanwhile is not registered any more.
    """
    fault = objection(wanted.kind, wanted.value)
    if fault is not None:
        raise malformed(fault, "$.value")
    keys = (await accounts.keys.of([caller.personal])).get(caller.personal)
    if keys is None:
        raise not_found()
    number, hashed = accounts.hashes.now(SEALED_AS, wanted.value)
    kept = Kept(
        person=caller.person,
        device=caller.device,
        kind=wanted.kind,
        platform=wanted.platform,
        sealed=keys.seal(SEALED_AS, caller.device, wanted.value.encode()),
        value_hash=hashed,
        registered_on=now.date(),
        registration=uuid4(),
    )
    async with accounts.pool.acquire() as connection, connection.transaction():
        # Whoever signs out, withdraws or deletes holds the person's row, too: nothing is registered after that.
        await store.lock_person(connection, caller.person)
        if not await store.is_signed_in(connection, caller.person, caller.device):
            raise unauthenticated()
        if not couples.consents_now(await store.said_by(connection, caller.person))[couples.REACHING].given:
            raise consent_needed(couples.REACHING)
        await target_store.put(connection, kept, number, accounts.hashes.candidates(SEALED_AS, wanted.value))


async def forget(accounts: Accounts, caller: Caller) -> None:
    """Reach the caller's device no more. It asks for nothing; twice is once."""
    await target_store.drop_of_device(accounts.pool, caller.person, caller.device)


class Wish(Struct, frozen=True):
    """A person's own space, and whether they want nothing to be shown on their phones (`push_privacy`)."""

    personal: SpaceId
    hidden: bool


async def reaching(
    asker: Asker, keys: StoredKeys, asked: Mapping[PersonId, Wish], today: date
) -> dict[PersonId, list[Reached]]:
    """Return where to reach these people, in order: one a device, and none that may not or need not be sent to.

    By one statement, and one for keys that are not at hand. A value that does not open is left out: one bad row must
    stop nobody.
    """
    rows: dict[PersonId, list[Kept]] = {person: [] for person in asked}
    for each in await target_store.of_persons(asker, list(asked)):
        rows[each.person].append(each)
    opened = await keys.of({asked[person].personal for person, kept in rows.items() if kept})
    return {
        person: _opened(opened.get(asked[person].personal), in_order(kept, today), hidden=asked[person].hidden)
        for person, kept in rows.items()
    }


def _opened(keys: SpaceKeys | None, kept: Sequence[Kept], *, hidden: bool) -> list[Reached]:
    reached: list[Reached] = []
    if keys is None:
        return reached
    for each in kept:
        try:
            value = keys.open(SEALED_AS, each.device, each.sealed).decode()
        except SealBroken:
            continue
        target = Target(device=each.device, kind=each.kind, value=value, platform=each.platform, hidden=hidden)
        if form_of(target) is not None:
            reached.append(Reached(target, each))
    return reached


async def give_up(asker: Asker, dead: Sequence[Reached]) -> int:
    """Forget targets that FCM says lead nowhere, unless they were registered anew since; return how many went."""
    return await target_store.drop_unchanged(asker, [each.kept for each in dead])
