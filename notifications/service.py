"""Plan prompts, and send what is due: the two chores of a worker. Any number of workers may do them at once.

What is planned is decided once more at the moment of sending, on what is so then. One of a person's own stands in the
ledger before anything goes out: a crash loses it and repeats nothing. What has arrived is settled after it went out: a
crash may repeat it, and the phone makes one of the two.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.pace import Pace
from domain.pace import sent as paced
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import AT_ITS_MINUTE, Arrived, Drop, Person, Prompt, Send, Sent, Wait, decide
from notifications import unread
from notifications.planning import as_of, plan
from notifications.ports import (
    NEWS_READ,
    Beginning,
    Courier,
    Delivery,
    Desk,
    End,
    Entry,
    Errand,
    Facts,
    People,
    Plan,
    Planned,
    Store,
    Words,
)

A_ROUND_MAX: Final = 500
"""As many as one call to the vendor takes."""
LEASE: Final = timedelta(seconds=60)
"""Longer than the longest that a round may take: 40 s of sending, and a few statements."""


class Desks(Struct, frozen=True, kw_only=True):
    """What the chores need of the world."""

    store: Store
    people: People
    courier: Courier
    words: Words
    new_id: Callable[[], UUID]


async def plan_round(desks: Desks, now: datetime, most: int = A_ROUND_MAX) -> int:
    """Plan for people who have news or whose next time has come; return for how many.

    A desk that somebody else has changed meanwhile is planned in the next round.
    """
    waiting = await desks.store.waiting(now, most)
    if not waiting:
        return 0
    kept = await desks.store.desks(waiting, now)
    facts = await desks.people.facts({person: desk.asked for person, desk in kept.items()}, now)
    await desks.store.save_all([_plan(desk, facts.get(person), now, desks.new_id) for person, desk in kept.items()])
    return len(kept)


def _plan(desk: Desk, facts: Facts | None, now: datetime, new_id: Callable[[], UUID]) -> Plan:
    made = plan(desk, facts, now, new_id)
    if len(desk.news) >= NEWS_READ:
        made = replace(made, unseen_upto=max(each.at for each in desk.news))
    return made if facts is None or facts.readable else unread.held(made, desk, now)


async def send_round(desks: Desks, now: datetime, owner: UUID, most: int = A_ROUND_MAX) -> int:
    """Decide and send what is due, at most one prompt of a person; return how many were looked at."""
    claimed = await desks.store.claim(now, owner, now + LEASE, most)
    if not claimed:
        return 0
    kept = await desks.store.desks({each.person for each in claimed}, now)
    claimed = [each for each in claimed if each.person in kept]
    facts = await desks.people.facts({person: desk.asked for person, desk in kept.items()}, now)
    decided = [
        _decided(desks.words, current, kept[each.person], facts.get(each.person), now)
        for each in claimed
        if (current := _current(kept[each.person], each)) is not None
    ]
    beginnings = [each for each in decided if isinstance(each, Beginning)]
    await desks.store.settle_all([each for each in decided if not isinstance(each, Beginning)], owner)
    begun = await desks.store.begin_all(beginnings, owner)
    going = [each.planned for each in beginnings if each.planned.id in begun]
    if going:
        errands = [_errand(each, hidden=facts[each.person].privacy == "hidden") for each in going]
        answers = await desks.courier.send(errands, now)
        ends = [(each, _end(each, answer, now)) for each, answer in zip(going, answers, strict=True)]
        await desks.store.settle_all([(each, end) for each, end in ends if end is not None], owner)
    return len(claimed)


def _current(desk: Desk, claimed: Planned) -> Planned | None:
    """Return a claimed prompt as it is planned now; None where it is not any more."""
    return next((planned for planned in desk.planned if planned.id == claimed.id), None)


def _decided(
    words: Words, planned: Planned, desk: Desk, facts: Facts | None, now: datetime
) -> Beginning | tuple[Planned, End]:
    """Decide whether a prompt goes out, or what becomes of it instead."""
    if facts is None:
        return planned, End(state="dropped", reason=Reason.NO_DEVICE)
    if not facts.readable:
        return planned, unread.waits(planned, now)
    person = as_of(desk, facts, now, apart_from=planned.id)
    verdict = decide(person, _as_it_stands(planned, desk, facts), now)
    match verdict:
        case Wait(until=until, reason=reason):
            return planned, End(state="planned", due=until, reason=reason)
        case Drop(reason=reason):
            return planned, End(state="dropped", reason=reason)
        case Send():
            return _beginning(words, planned, desk, person, facts, verdict, now)


def _beginning(
    words: Words, planned: Planned, desk: Desk, person: Person, facts: Facts, verdict: Send, now: datetime
) -> Beginning:
    """Say what is written down of a prompt that goes out; of one that goes out once more, only when that is."""
    if planned.begun:
        return Beginning(planned, desk, _once_more(planned, desk, now), None)
    day = person.clock.day(now)
    lead = verdict.kinds[0]
    lately = frozenset(each.text for each in desk.ledger)
    entry = Entry(
        prompt=planned.id,
        sent=Sent(kinds=verdict.kinds, day=day, at=now),
        records=verdict.records,
        record_kinds=verdict.record_kinds,
        text=words(lead, facts.locale, person.id, day, lately),
    )
    pace = paced(person.paces.get(lead, Pace()), day, now) if PROMPT_KINDS[lead].acts else None
    return Beginning(planned, desk, entry, pace)


def _once_more(planned: Planned, desk: Desk, now: datetime) -> Entry | None:
    """Return its line as of now, from when on the gap to the next one counts; one's own comes back within minutes."""
    line = next((each for each in desk.ledger if each.prompt == planned.id), None)
    return None if line is None or not planned.prompt.arrived else replace(line, sent=replace(line.sent, at=now))


def _as_it_stands(planned: Planned, desk: Desk, facts: Facts) -> Prompt:
    """Return the prompt with what has become of that which has arrived."""
    arrived = tuple(_of_now(each, planned, desk, facts) for each in planned.prompt.arrived)
    return replace(planned.prompt, arrived=arrived)


def _of_now(each: Arrived, planned: Planned, desk: Desk, facts: Facts) -> Arrived:
    known = facts.arrived.get((each.kind, each.record))
    is_told = PROMPT_KINDS[each.kind].once and (each.kind, each.record) in desk.told
    if known is None or (not planned.begun and is_told):
        return replace(each, stands=False)
    return replace(each, stands=known.stands, fetched=each.record in planned.fetched, hushed_until=known.hushed_until)


def _errand(planned: Planned, *, hidden: bool) -> Errand:
    return Errand(
        person=planned.person,
        prompt=planned.id,
        expires=planned.prompt.expires,
        tries=planned.tries,
        hidden=hidden,
    )


def _end(planned: Planned, answer: Delivery, now: datetime) -> End | None:
    """Return what becomes of a prompt that went out, or tried to; None where it was settled before."""
    prompt = planned.prompt
    is_own = PROMPT_KINDS[prompt.kind].is_own
    may_again = {"accepted": False, "dead": False, "later": True, "unknown": not is_own}[answer.outcome]
    last = prompt.due + AT_ITS_MINUTE if is_own else prompt.expires
    if may_again and answer.at is not None and max(answer.at, now) < last:
        return End(state="planned", due=max(answer.at, now))
    if is_own:
        return None
    return End(state="dead" if answer.outcome == "dead" else "sent")
