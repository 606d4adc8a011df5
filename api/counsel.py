"""A link by which a counsellor reads what is approved: made by either, revoked by either, and no reader is noted."""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from msgspec import Struct

from api import accounts as doors
from api import counsel_store, store
from api.counsel_page import Part, Shown
from api.errors import not_found, problem
from api.giving import NO_DEVICE
from api.names import opened_name
from api.wiring import Parts
from domain.counsel import LINK_DAYS_MAX, OF_BOTH
from domain.couples import KEEPING, consents_now
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.times import written
from sync import service
from sync.ports import Caller

LINK_BYTES: Final = 32
PASSCODE_DIGITS: Final = 8
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

    It asks for a fresh sign-in and the consent `summary_share`. It shows what counts when it is opened: parts that are
    approved later, too, and none whose approval has ended since.
    """
    await doors.require_fresh(parts.accounts, caller, identity_token, address, now)
    space = await store.couple_space_of(parts.pool, caller.person, couple)
    if space is None:
        raise not_found()
    if not await _may_share(parts, caller.person):
        raise problem(
            "consent_needed",
            "A link shows your words to somebody outside of Haven. Please agree to that first; everything can be read"
            " in the app without it.",
        )
    link, passcode = _secret(), _passcode()
    until = now.replace(microsecond=0) + timedelta(days=min(days, LINK_DAYS_MAX))
    link_hash = _hash(link)
    key_no, passcode_hash = parts.accounts.hashes.now(_PURPOSE, link_hash, passcode)
    moved = await _told(parts, caller, summary, until, now)
    await counsel_store.add(
        parts.pool,
        counsel_store.Link(
            link_hash=link_hash,
            passcode_hash=passcode_hash,
            key_no=key_no,
            space=space,
            summary=summary,
            made_by=caller.person,
            expires_at=until,
        ),
    )
    spoken = f"{passcode[:4]} {passcode[4:]}"
    return CounselLink(path=f"/c/{link}", passcode=spoken, until=until), moved


async def revoke_link(
    parts: Parts, caller: Caller, couple: CoupleId, summary: RecordId, now: datetime
) -> Mapping[SpaceId, int]:
    """Let the link to a summary be dead at once, as either of the two and whoever made it; twice is once."""
    space = await store.couple_space_of(parts.pool, caller.person, couple)
    if space is None:
        raise not_found()
    await counsel_store.revoke(parts.pool, summary, (space,))
    return await _told(parts, caller, summary, None, now)


async def is_open(parts: Parts, link: str, now: datetime) -> bool:
    """Return whether a link may ask for its passcode."""
    return _LINK.fullmatch(link) is not None and await counsel_store.is_alive(parts.pool, _hash(link), now)


async def read(parts: Parts, link: str, passcode: str, now: datetime) -> Shown | None:
    """Return what a link shows, or None for a wrong passcode; raise the 404 that every dead link shares.

    Whoever reads is not noted, and nothing that either of the two can read changes by it.
    """
    found = await counsel_store.tried(parts.pool, _hash(link), now) if _LINK.fullmatch(link) else None
    if found is None:
        raise not_found()
    typed = _NOT_A_DIGIT.sub("", passcode)
    hashes = parts.accounts.hashes.candidates(_PURPOSE, found.link_hash, typed)
    if not any(hmac.compare_digest(each, found.passcode_hash) for each in hashes):
        return None
    await counsel_store.was_right(parts.pool, found.link_hash)
    maker = Caller(found.made_by, NO_DEVICE, await store.spaces_of(parts.pool, found.made_by), may_keep=True)
    try:
        summary = await service.summary_of(parts.store, maker, found.summary)
    except service.UnknownRecordError:
        # It was removed, or the two have parted: the link is as dead as any.
        raise not_found() from None
    fields = summary.record.fields
    if fields["link_until"] != written(found.expires_at):
        # It was revoked or replaced while it was made: what the two are told of it is what holds.
        raise not_found()
    names = await _names(parts, found.made_by, found.space)
    sharing = {person for person in names if await _may_share(parts, person)}
    shown = [
        each
        for each in summary.parts
        if sharing >= (names.keys() if each.fields["section"] in OF_BOTH else {each.author})
    ]
    # Nothing stands there that nobody has approved: not for whom it is, nor the name of somebody who shows nothing.
    return Shown(
        names=tuple(names[person] for person in sorted({each.author for each in shown})),
        first=fields["from"],
        last=fields["to"],
        parts=tuple(
            Part(section=each.fields["section"], by=names.get(each.author, ""), text=each.fields["text"])
            for each in shown
        ),
        until=found.expires_at,
    )


async def _told(
    parts: Parts, caller: Caller, summary: RecordId, until: datetime | None, now: datetime
) -> Mapping[SpaceId, int]:
    try:
        return await service.open_link(parts.store, parts.keys, caller, summary, until, now)
    except service.UnknownRecordError:
        raise not_found() from None


async def _may_share(parts: Parts, person: PersonId) -> bool:
    consents = consents_now(await store.said_by(parts.pool, person))
    return consents["summary_share"].given and consents[KEEPING].given


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
