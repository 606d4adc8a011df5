"""A person's own prompts: what was sent to them, and what would be sent within a week. For nobody else's eyes.

A prompt leaves the server without words; a device that was told comes here for them.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from api.accounts import Accounts
from api.people import StoredPeople
from api.postgres import Pool
from domain.ids import PersonId
from domain.prompt_kinds import INVITES, PROMPTS, SELDOM_MAX, Reason
from domain.prompts import Person
from notifications.over_store import over
from notifications.ports import LEDGER_READ, Desk, Entry, Facts
from notifications.preview import AHEAD, Ahead, Held, preview
from notifications.store import PostgresStore
from notifications.wording import Wording, load
from sync.ports import Caller

SHOWN_FOR: Final = timedelta(hours=24)
"""So long after it was sent a device may show it; then it has had its day."""
SENT_MAX: Final = 100
"""More than the caps let come in 31 days."""


class SentPrompt(Struct, frozen=True, kw_only=True):
    """A prompt that was sent to the caller."""

    id: UUID
    kind: str
    """Of arrivals that came as one, that whose words it has."""
    text: str | None
    """What a device may show, in the person's language, by `push_privacy`; null: nothing, or nobody knows what."""
    sent_at: datetime
    expires_at: datetime
    """From then on no device shows it any more."""
    less_of_this: dict[str, int] | None
    """What to set in `settings` for half as many of this kind; null where there is no less of it, but only none."""
    not_this: dict[str, int] | None
    """What to set in `settings` for none of this kind; null for what is about the person's own account."""


class SentPrompts(Struct, frozen=True):
    """The caller's prompts of the last 31 days, the newest first."""

    prompts: list[SentPrompt]


class Coming(Struct, frozen=True, kw_only=True):
    """A prompt that would be sent."""

    kind: str
    at: datetime


class HeldBack(Struct, frozen=True, kw_only=True):
    """A prompt that did not come, or would not come, at its time."""

    kind: str
    at: datetime
    until: datetime | None
    """Until when it waits; null: it does not come at all."""
    reason: str
    """A code; the protocol's page lists them, and there may be new ones."""
    why: str
    """The reason as a sentence, in the person's language."""


class OfKind(Struct, frozen=True, kw_only=True):
    """One kind of prompt, and why it does not come, or no more often."""

    kind: str
    setting: int
    """What `settings` say: times a week, or 1 and 0."""
    next_at: datetime | None
    reason: str | None
    """Null: it comes when there is something to tell."""
    why: str | None


class Preview(Struct, frozen=True, kw_only=True):
    """What would come to the caller within a week if nothing more happened, and what is held back."""

    until: datetime
    day_cap: int
    week_cap: int
    """What holds now: a boundary lowers what the settings say."""
    coming: list[Coming]
    held_back: list[HeldBack]
    """Of the last seven days and of the next, the earliest first. Of the past without what had arrived: that is in the
    app."""
    kinds: list[OfKind]


async def sent_prompts(accounts: Accounts, caller: Caller, now: datetime) -> SentPrompts:
    """Return what was sent to the caller in the last 31 days."""
    # How what was told stands now changes nothing of what was sent: none of it is asked about.
    desk, facts = await _known(
        accounts.pool, StoredPeople(accounts.pool, accounts.keys), caller.person, now, asks=False
    )
    if facts is None:
        return SentPrompts([])
    newest = reversed(desk.ledger[-SENT_MAX:])
    # What has no text is of a kind that this release does not know.
    return SentPrompts([_sent(each, facts, load()) for each in newest if each.text])


async def week_ahead(accounts: Accounts, caller: Caller, now: datetime) -> Preview:
    """Return what would be sent to the caller within a week, and why not more."""
    pool, wording = accounts.pool, load()
    desk, facts = await _known(pool, StoredPeople(pool, accounts.keys), caller.person, now)
    if facts is None:
        return Preview(until=now + AHEAD, day_cap=0, week_cap=0, coming=[], held_back=[], kinds=[])
    if not facts.readable:
        return _unread(desk, facts, now)
    past = await over(pool, caller.person, now - LEDGER_READ)
    taken = frozenset(each.slot for each in past if each.keeps_slot)
    waits = {each.slot: each.reason for each in past if each.waits and each.reason is not None}
    ahead = await preview(desk, facts, wording.choose, now, taken=taken, waits=waits)
    was_held = [
        Held(kind=each.kind, at=each.due, reason=each.reason)
        for each in past
        if each.is_own and not each.waits and each.reason is not None and each.due > now - AHEAD
    ]
    return Preview(
        until=ahead.until,
        day_cap=facts.person.cap_a_day(now),
        week_cap=facts.person.week_cap,
        coming=[Coming(kind=each.kind, at=each.at) for each in ahead.coming],
        held_back=[_held_back(each, facts, wording) for each in (*was_held, *ahead.held)],
        kinds=[_of_kind(kind, facts.person, ahead, facts.locale, wording) for kind in PROMPTS],
    )


async def _known(
    pool: Pool, people: StoredPeople, person: PersonId, now: datetime, *, asks: bool = True
) -> tuple[Desk, Facts | None]:
    """Return what is planned and what is so; of a desk that cannot be read nothing, and nothing can be said of it."""
    desk = (await PostgresStore(pool).desks([person], now)).get(person)
    facts = (await people.facts({person: desk.asked if asks and desk is not None else ()}, now)).get(person)
    if desk is None:
        return Desk(person=person, version=0), None if facts is None else replace(facts, readable=False)
    return desk, facts


def _unread(desk: Desk, facts: Facts, now: datetime) -> Preview:
    """Say calmly that nothing comes as long as it cannot be read what the person has set, and what waits for that."""
    reason, wording = Reason.UNREADABLE, load()
    # Of what has arrived nobody can say whether it is there still, and so nobody says that it was.
    waiting = [each.prompt for each in desk.planned if not each.prompt.arrived and each.prompt.kind in PROMPTS]
    held = [Held(kind=each.kind, at=each.due, reason=reason, until=each.due) for each in waiting]
    why = wording.why(reason, facts.locale)
    return Preview(
        until=now + AHEAD,
        day_cap=0,
        week_cap=0,
        coming=[],
        held_back=[_held_back(each, facts, wording) for each in held],
        kinds=[OfKind(kind=kind, setting=0, next_at=None, reason=reason, why=why) for kind in PROMPTS],
    )


def _sent(entry: Entry, facts: Facts, wording: Wording) -> SentPrompt:
    kind = entry.sent.kinds[0]
    return SentPrompt(
        id=entry.prompt,
        kind=kind,
        text=wording.shown(entry.text, facts.locale, facts.privacy),
        sent_at=entry.sent.at,
        expires_at=entry.sent.at + SHOWN_FOR,
        less_of_this=_less(kind, facts.person) if facts.readable else None,
        not_this={f"prompt_{kind}": 0} if kind in PROMPTS else None,
    )


def _less(kind: str, person: Person) -> dict[str, int] | None:
    if kind not in INVITES:
        return None
    return {f"seldom_{kind}": min(SELDOM_MAX, person.seldom.get(kind, 0) + 1)}


def _held_back(held: Held, facts: Facts, wording: Wording) -> HeldBack:
    return HeldBack(
        kind=held.kind,
        at=held.at,
        until=held.until,
        reason=held.reason,
        why=wording.why(held.reason, facts.locale),
    )


def _of_kind(kind: str, person: Person, ahead: Ahead, locale: str, wording: Wording) -> OfKind:
    reason = ahead.against.get(kind)
    return OfKind(
        kind=kind,
        setting=person.wanted[kind],
        next_at=next((each.at for each in ahead.coming if each.kind == kind), None),
        reason=reason,
        why=None if reason is None else wording.why(reason, locale),
    )
