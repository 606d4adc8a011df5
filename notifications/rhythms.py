"""When something of a person's own may come next: an invitation, a step, the end of a space or of a pause.

Wall times are kept as local time and zone, and turned into instants anew whenever they are asked for: who travels
takes them along. Nothing comes on the minute.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from domain.news import News
from domain.pace import Pace
from domain.pauses import current
from domain.prompt_kinds import PROMPT_KINDS, PromptKind
from domain.prompts import ARRIVAL_HOLDS, AT_ITS_MINUTE, Person, Prompt, Send, decide, due_from
from domain.quiet import chance
from domain.times import comes

JITTER_MAX_S: Final = 120


def next_invite_at(person: Person, after: datetime) -> datetime | None:
    """Return the next instant at which an invitation is looked for; None where none is wanted.

    What rests, or has become rarer, is looked at every day: its person may have come back to it.
    """
    wanted = _wanted(person)
    if not wanted:
        return None
    today = person.clock.day(after)
    first = max(today, min(_first(person, kind) or today for kind in wanted))
    at = invite_minute(person, first)
    return at if at > after else invite_minute(person, first + timedelta(days=1))


def _first(person: Person, kind: PromptKind) -> date | None:
    pace = person.paces.get(kind.name, Pace())
    may_change = pace.rests_since is not None or pace.stretch > 1
    return None if may_change else due_from(person, kind)


def invite(person: Person, now: datetime) -> Prompt | None:
    """Return the one invitation that may come now, if any may: that which has been due for longest.

    Of those that are due for equally long, chance decides, by person and day.
    """
    today = person.clock.day(now)
    ranked = sorted(_wanted(person), key=lambda kind: _rank(person, kind, today))
    for kind in ranked:
        prompt = invitation(kind, person, now)
        if isinstance(decide(person, prompt, now), Send):
            return prompt
    return None


def invitation(kind: PromptKind, person: Person, now: datetime) -> Prompt:
    """Return a prompt of this kind for this instant, whether or not it may come."""
    return Prompt(
        kind=kind.name,
        due=now,
        expires=now + AT_ITS_MINUTE,
        couple=None if person.couple is None or not kind.of_couple else person.couple.id,
    )


def invite_minute(person: Person, day: date) -> datetime:
    """Return the instant of a local date at which an invitation may come, if any does."""
    return _at(person, day, person.invite_at, "invite")


def notice(person: Person, news: News) -> Prompt:
    """Return the prompt for a notice about the person's own account."""
    assert news.kind is not None
    due = news.at + _jitter(person, "notice", news.at)
    return Prompt(kind=news.kind, due=due, expires=due + ARRIVAL_HOLDS, about=news.record)


def scheduled(person: Person, after: datetime) -> Iterator[Prompt]:
    """Give what comes at a time that the person has set, as far as it lies ahead: steps, ends of spaces and of pauses.

    Of a day's steps the earliest that is still to come: another of the same day would come to nothing.
    """
    yield from _steps(person, after)
    yield from _spaces(person, after)
    yield from _pause(person, after)


def _wanted(person: Person) -> list[PromptKind]:
    return [kind for kind in PROMPT_KINDS.values() if kind.is_invite and person.wanted[kind.name] > 0]


def _rank(person: Person, kind: PromptKind, today: date) -> tuple[date, int]:
    first = due_from(person, kind)
    return first or date.min, chance(1_000_000, person.luck, "rank", kind.name, today)


def _steps(person: Person, after: datetime) -> Iterator[Prompt]:
    taken: set[date] = set()
    for step in sorted(person.steps, key=lambda each: (each.on, each.at, each.record)):
        due = _at(person, step.on, step.at, "step")
        if step.open and due > after and step.on not in taken and person.couple is not None:
            taken.add(step.on)
            yield Prompt(
                kind="own_step",
                due=due,
                expires=due + AT_ITS_MINUTE,
                couple=person.couple.id,
                about=step.record,
            )


def _spaces(person: Person, after: datetime) -> Iterator[Prompt]:
    for each in person.clock.boundaries:
        if each.is_space and each.until is not None:
            due = each.until + _jitter(person, "space", each.until)
            if due > after:
                yield Prompt(kind="space_ended", due=due, expires=due + AT_ITS_MINUTE, about=each.record)


def _pause(person: Person, after: datetime) -> Iterator[Prompt]:
    couple = person.couple
    pause = None if couple is None else current(couple.pauses, couple.members, after)
    if couple is None or pause is None or pause.state not in ("active", "due"):
        return
    due = pause.return_at + _jitter(person, "pause", pause.return_at)
    if due > after:
        yield Prompt(kind="pause_return", due=due, expires=due + AT_ITS_MINUTE, couple=couple.id, about=pause.pauses[0])


def _at(person: Person, day: date, at: time, what: str) -> datetime:
    minute, jitter = comes(day, at, person.clock.zone), _jitter(person, what, day)
    later = minute + jitter
    # What belongs to a day does not slip into the next one.
    return later if person.clock.day(later) == person.clock.day(minute) else minute - jitter


def _jitter(person: Person, what: str, of: date | datetime) -> timedelta:
    return timedelta(seconds=chance(JITTER_MAX_S + 1, person.luck, "jitter", what, of))
