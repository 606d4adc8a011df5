"""A link by which a counsellor reads what is approved: made by either, revoked by either, and no reader is noted."""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from api import accounts as doors
from api import counsel_store, store
from api.counsel_page import Part, Shown
from api.errors import not_found, problem
from api.giving import NO_DEVICE
from api.names import opened_name
from api.store import Transaction
from api.wiring import Parts
from domain.counsel import LINK_DAYS_MAX, OF_BOTH
from domain.couples import KEEPING, SHARING, consents_now
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.times import written
from sync import service
from sync import space_store as spaces
from sync.ports import Caller
from sync.sealing import Fetched
from sync.store import PostgresStore

LINK_BYTES: Final = 32
PASSCODE_DIGITS: Final = 8
A_ROUND_MAX: Final = 20
_LINK: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_NOT_A_DIGIT: Final = re.compile(r"\D+", re.ASCII)
_PURPOSE: Final = "counsel_passcode"


class CounselLink(Struct, frozen=True, kw_only=True):
    """A link and its passcode, told once: neither is stored."""

    path: str
    """To be put behind the address of this Haven."""
    passcode: str
    until: datetime


async def make_link(
    parts: Parts,
    caller: Caller,
    couple: CoupleId,
    summary: RecordId,
    *,
    identity_token: str,
    days: int,
    address: str,
    now: datetime,
) -> tuple[CounselLink, Mapping[SpaceId, int]]:
    """Make a link to a summary of the caller's couple, instead of the one before; return it and the moved heads.

    It asks for a fresh sign-in and the consent `summary_share`. It shows what counts when it is opened, of those of the
    two who agree to that now and go on agreeing: parts that are approved later, too, and none whose approval has ended.

    The link, and that the summary says so, are stored together or not at all. Neither of the two can part or withdraw
    a consent meanwhile.
    """
    await doors.require_fresh(parts.accounts, caller, identity_token, address, now)
    there = await _together(parts, caller, couple)
    link, passcode = _secret(), _passcode()
    until = now.replace(microsecond=0) + timedelta(days=min(days, LINK_DAYS_MAX))
    link_hash = _hash(link)
    key_no, passcode_hash = parts.accounts.hashes.now(_PURPOSE, link_hash, passcode)
    async with parts.pool.acquire() as connection, connection.transaction():
        agreeing = await _agreeing(connection, there, couple)
        if caller.person not in agreeing:
            raise problem(
                "consent_needed",
                "A link shows your words to somebody outside of Haven. Please agree to that first; everything can be"
                " read in the app without it.",
            )
        try:
            moved = await _told(connection, there, summary, until, now)
        except service.UnknownRecordError:
            raise not_found() from None
        await counsel_store.add(
            connection,
            counsel_store.Link(
                link_hash=link_hash,
                passcode_hash=passcode_hash,
                key_no=key_no,
                space=there.space,
                summary=summary,
                made_by=caller.person,
                expires_at=until,
                shows=agreeing,
            ),
        )
    spoken = f"{passcode[:4]} {passcode[4:]}"
    return CounselLink(path=f"/c/{link}", passcode=spoken, until=until), moved


async def revoke_link(
    parts: Parts, caller: Caller, couple: CoupleId, summary: RecordId, now: datetime
) -> Mapping[SpaceId, int]:
    """Let the link to a summary be dead at once, as either of the two and whoever made it; twice is once.

    Also while somebody has removed the summary: it comes back without a link.
    """
    there = await _together(parts, caller, couple)
    await counsel_store.end(parts.pool, there.space, summary)
    moved = await _told_of_end(parts, there, summary, now)
    if moved is None:
        raise not_found()
    return moved


async def tell_of_ended(parts: Parts, now: datetime, *, maker: PersonId | None = None) -> None:
    """Let the summaries say so whose links have ended, of one maker or of all; at most of 20 a round.

    Several workers may do so at once. What cannot be told now waits: the link is dead whatever its summary says.
    """
    for each in await counsel_store.ended(parts.pool, maker, A_ROUND_MAX):
        held = await store.spaces_of(parts.pool, each.made_by)
        if each.space not in held:
            await counsel_store.forget_ended(parts.pool, each.space, each.summary)
            continue
        there = await _there(parts, Caller(each.made_by, NO_DEVICE, held, may_keep=True), each.space)
        with suppress(service.BusyError, service.SpaceLockedError):
            parts.hints.publish(await _told_of_end(parts, there, each.summary, now) or {})


async def is_open(parts: Parts, link: str, now: datetime) -> bool:
    """Return whether a link may ask for its passcode."""
    return await _summary_behind(parts, link, now) is not None


async def read(parts: Parts, link: str, passcode: str, now: datetime) -> Shown | None:
    """Return what a link shows, or None for a wrong passcode; raise the 404 that every dead link shares.

    Whoever reads is not noted, and nothing that either of the two can read changes by it. Of a dead link no passcode
    is looked at.
    """
    summary = await _summary_behind(parts, link, now)
    found = None if summary is None else await counsel_store.tried(parts.pool, _hash(link), now)
    if summary is None or found is None:
        raise not_found()
    typed = _NOT_A_DIGIT.sub("", passcode)
    hashes = parts.accounts.hashes.candidates(_PURPOSE, found.link_hash, typed)
    if not any(hmac.compare_digest(each, found.passcode_hash) for each in hashes):
        return None
    await counsel_store.was_right(parts.pool, found.link_hash)
    names = await _names(parts, found.made_by, found.space)
    agreeing, fields = frozenset(found.shows), summary.record.fields
    shown = [
        each
        for each in summary.parts
        if agreeing >= (names.keys() if each.fields["section"] in OF_BOTH else {each.author})
    ]
    # Nothing stands there that nobody has approved: not for whom it is, nor the name of somebody who shows nothing.
    return Shown(
        names=tuple(names[person] for person in sorted({each.author for each in shown})),
        first=fields["from"],
        last=fields["to"],
        parts=tuple(
            Part(section=each.fields["section"], by=names[each.author], text=each.fields["text"]) for each in shown
        ),
        until=found.expires_at,
    )


async def _summary_behind(parts: Parts, link: str, now: datetime) -> service.Summary | None:
    """Return the summary that a link leads to; None for a link that is dead, whatever the reason."""
    found = await counsel_store.found(parts.pool, _hash(link), now) if _LINK.fullmatch(link) else None
    if found is None:
        return None
    maker = Caller(found.made_by, NO_DEVICE, await store.spaces_of(parts.pool, found.made_by), may_keep=True)
    try:
        summary = await service.summary_of(parts.store, maker, found.summary)
    except service.UnknownRecordError:
        # It was removed, or the two have parted.
        return None
    told = (found.space, written(found.expires_at))
    # What the two are told of it is what holds.
    return summary if (summary.record.space, summary.record.fields["link_until"]) == told else None


class _There(Struct, frozen=True):
    """A couple's space, with all that is needed to write there and that is fetched before a transaction."""

    caller: Caller
    space: SpaceId
    two: Sequence[PersonId]
    """In the order of their ids."""
    keys: Fetched


async def _together(parts: Parts, caller: Caller, couple: CoupleId) -> _There:
    """Return where the caller is together with somebody; the couple of today alone has links."""
    person = await doors.person_of(parts.accounts, caller)
    space = await store.couple_space_of(parts.pool, caller.person, couple)
    if space is None or person.active_couple != couple:
        raise not_found()
    return await _there(parts, caller, space)


async def _there(parts: Parts, caller: Caller, space: SpaceId) -> _There:
    others = [each.person for each in await store.partners_of(parts.pool, caller.person, [space])]
    keys = await parts.keys.of([caller.personal, space])
    here = replace(caller, spaces=(caller.personal, space))
    return _There(here, space, sorted([caller.person, *others]), Fetched(keys))


async def _agreeing(connection: Transaction, there: _There, couple: CoupleId) -> list[PersonId]:
    """Return who of a couple agrees to links; they stay together and say nothing else until the transaction ends."""
    two = [await store.locked_person(connection, each) for each in there.two]
    if any(each is None or each.active_couple != couple for each in two):
        raise not_found()
    return [each for each in there.two if await _may_share(connection, each)]


async def _told(
    connection: Transaction, there: _There, summary: RecordId, until: datetime | None, now: datetime
) -> Mapping[SpaceId, int]:
    await spaces.hold(connection, there.space)
    within = PostgresStore.within(connection, there.keys)
    return await service.open_link(within, there.keys, there.caller, summary, until, now)


async def _told_of_end(parts: Parts, there: _There, summary: RecordId, now: datetime) -> Mapping[SpaceId, int] | None:
    """Let a summary say that no link shows it any more, unless a new one does, and forget the one that has ended.

    None where there is no such summary, or where the two have parted: a closed space is told of nothing.
    """
    async with parts.pool.acquire() as connection, connection.transaction():
        await spaces.hold(connection, there.space)
        await counsel_store.forget_ended(connection, there.space, summary)
        if await counsel_store.is_linked(connection, there.space, summary):
            return {}
        with suppress(service.UnknownRecordError):
            return await _told(connection, there, summary, None, now)
        return None


async def _may_share(connection: Transaction, person: PersonId) -> bool:
    consents = consents_now(await store.said_by(connection, person))
    return consents[SHARING].given and consents[KEEPING].given


async def _names(parts: Parts, person: PersonId, space: SpaceId) -> dict[PersonId, str]:
    """Return the names that both have chosen, by person."""
    own = (await store.persons(parts.pool, [person]))[person]
    keys = await parts.keys.of([space, own.space])
    others = await store.partners_of(parts.pool, person, [space])
    named = {each.person: opened_name(keys.get(space), each.person, each.name) for each in others}
    named[person] = opened_name(keys.get(own.space), person, own.name)
    return {each: name or "Somebody" for each, name in named.items()}


def _secret() -> str:
    return urlsafe_b64encode(secrets.token_bytes(LINK_BYTES)).decode().rstrip("=")


def _passcode() -> str:
    return f"{secrets.randbelow(10**PASSCODE_DIGITS):0{PASSCODE_DIGITS}}"


def _hash(link: str) -> bytes:
    return sha256(link.encode()).digest()
