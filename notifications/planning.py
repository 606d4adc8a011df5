"""Plan what may come to one person: from what is so and what has arrived to a plan, as a function.

Nothing here sends: what is planned is decided once more at its own time, on what is so then.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from domain.news import News
from domain.pace import Pace, judged, unsent
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import AT_ITS_MINUTE, Arrived, Person, Prompt
from notifications.arrivals import gather
from notifications.looks import next_look_at
from notifications.ports import Desk, Facts, Plan, Planned
from notifications.rhythms import invite, next_invite_at, notice, scheduled
from notifications.unread import is_look_again


def plan(desk: Desk, facts: Facts | None, now: datetime, new_id: Callable[[], UUID]) -> Plan:
    """Return what is planned for this person from now on.

    `facts` is None where their account is gone: then nothing is.
    """
    seen = tuple(each.id for each in desk.news)
    if facts is None:
        cancel = tuple(each.id for each in desk.planned)
        return Plan(person=desk.person, version=desk.version, cancel=cancel, seen=seen)
    person = as_of(desk, facts, now)
    wanted = {_slot(person, prompt): prompt for prompt in scheduled(person, now)}
    # An invitation whose minute is over is none any more, whatever has kept the worker.
    if (
        desk.next_at is not None
        and desk.next_at <= now < desk.next_at + AT_ITS_MINUTE
        and not is_look_again(desk.next_at)
    ):
        invitation = invite(person, now)
        if invitation is not None:
            wanted[_slot(person, invitation)] = invitation
    planned = {each.slot: each for each in desk.planned}
    wanted |= _gathered(desk, person)
    wanted |= {f"account:{each.record}": notice(person, each) for each in desk.news if _is_notice(each)}
    put = tuple(
        replace(planned[slot], prompt=prompt)
        if slot in planned
        else Planned(id=new_id(), person=desk.person, slot=slot, prompt=prompt)
        for slot, prompt in wanted.items()
        if slot not in planned or planned[slot].prompt != prompt
    )
    return Plan(
        person=desk.person,
        version=desk.version,
        put=tuple(each for each in put if not each.begun),
        cancel=tuple(each.id for each in desk.planned if _is_off(each, wanted, now)),
        paces=person.paces,
        next_at=next_invite_at(person, now),
        seen=seen,
        look_at=next_look_at(desk.person, now) if facts.wakes else None,
    )


def as_of(desk: Desk, facts: Facts, now: datetime, *, apart_from: UUID | None = None) -> Person:
    """Return the person with what was sent to them, `apart_from` one prompt, and with their paces as they are now."""
    paces = _paces(desk.paces, facts, now)
    for entry in desk.ledger:
        pace = paces.get(entry.sent.kinds[0])
        if entry.prompt == apart_from and pace is not None:
            paces[entry.sent.kinds[0]] = unsent(pace, entry.sent.day, entry.sent.at)
    return replace(
        facts.person,
        sent=tuple(each.sent for each in desk.ledger if each.prompt != apart_from),
        paces=paces,
    )


def _paces(paces: Mapping[str, Pace], facts: Facts, now: datetime) -> dict[str, Pace]:
    return {
        kind: judged(paces.get(kind, Pace()), facts.acted.get(kind), facts.person.used_at, now)
        for kind, row in PROMPT_KINDS.items()
        if row.acts and (kind in paces or kind in facts.acted)
    }


def _slot(person: Person, prompt: Prompt) -> str:
    """Name what there is only one of: by day what follows a calendar, by its record what comes once."""
    cause = PROMPT_KINDS[prompt.kind].cause
    day = person.clock.day(prompt.due)
    match cause:
        case "rhythm":
            return f"invite:{day}"
        case "step":
            return f"step:{day}"
        case _:
            return f"{cause}:{prompt.about}"


def _gathered(desk: Desk, person: Person) -> dict[str, Prompt]:
    """Return the prompt for what has arrived, under its slot: that which waits already, if one of this couple does."""
    if person.couple is None:
        return {}
    couple = person.couple.id
    waiting = (each for each in desk.planned if each.prompt.arrived and not each.begun and each.prompt.couple == couple)
    joined = next(waiting, None)
    prompt = None if joined is None else joined.prompt
    for each in sorted(desk.news, key=lambda news: (news.at, news.id)):
        if each.kind is None or each.couple != couple:
            continue
        if not PROMPT_KINDS[each.kind].once or (each.kind, each.record) not in desk.told:
            arrived = Arrived(kind=each.kind, record=each.record, at=each.at)
            prompt = gather(prompt, person.luck, couple, arrived)
    if prompt is None:
        return {}
    first = prompt.arrived[0]
    return {f"arrival:{first.record}:{first.at.isoformat()}" if joined is None else joined.slot: prompt}


def _is_notice(news: News) -> bool:
    return news.kind is not None and PROMPT_KINDS[news.kind].cause == "account"


def _is_off(each: Planned, wanted: Mapping[str, Prompt], now: datetime) -> bool:
    """Return whether a plan is cancelled: its time lies ahead, and nothing asks for it any more.

    What has arrived, and what a notice tells, stays until it is looked at when it is due.
    """
    stays = each.prompt.arrived or PROMPT_KINDS[each.prompt.kind].cause == "account"
    return each.prompt.due > now and not each.begun and not stays and each.slot not in wanted
