"""A person as prompts see them, for tests: everything is allowed, and nothing has happened yet."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId
from domain.pauses import Pause
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import ARRIVAL_HOLDS, AT_ITS_MINUTE, Arrived, Couple, Person, Prompt, Sent
from domain.quiet import Boundary, Clock
from domain.shapes import covered_quarters

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
THE_TWO = CoupleId(UUID(int=3))
NOON = datetime(2027, 5, 12, 12, 0, tzinfo=UTC)
"""A Wednesday."""


def record(number: int) -> RecordId:
    return RecordId(UUID(int=1000 + number))


def hours(*spans: tuple[int, str, str]) -> frozenset[int]:
    """Quarter-hours of windows that are given as weekday, from and to."""
    return frozenset(covered_quarters([{"weekday": day, "from": start, "to": end} for day, start, end in spans]))


def daily(start: str, end: str) -> frozenset[int]:
    return hours(*((day, start, end) for day in range(7)))


def couple(**differs: Any) -> Couple:
    known = Couple(id=THE_TWO, members=frozenset({ANA, BEN}), paired_at=NOON - timedelta(days=60), has_active_goal=True)
    return replace(known, **differs)


def person(**differs: Any) -> Person:
    """Ben, who wants everything, in Greenwich and with no quiet hours."""
    known = Person(
        id=BEN,
        clock=Clock(zone="UTC"),
        consents=True,
        reachable=True,
        wanted=dict.fromkeys(PROMPT_KINDS, 1),
        invite_at=time(12, 0),
        day_cap=2,
        week_cap=7,
        couple=couple(),
    )
    return replace(known, **differs)


def arrived(number: int = 1, kind: str = "letter_arrived", *, at: datetime = NOON, **differs: Any) -> Arrived:
    return Arrived(kind=kind, record=record(number), at=at, **differs)


def arrival(*those: Arrived, due: datetime = NOON) -> Prompt:
    told = those or (arrived(),)
    return Prompt(
        kind=told[0].kind,
        due=due,
        expires=max(each.at for each in told) + ARRIVAL_HOLDS,
        couple=THE_TWO,
        arrived=told,
    )


def own(kind: str, *, due: datetime = NOON, about: RecordId | None = None) -> Prompt:
    of_couple = PROMPT_KINDS[kind].of_couple
    return Prompt(kind=kind, due=due, expires=due + AT_ITS_MINUTE, couple=THE_TWO if of_couple else None, about=about)


def sent(kind: str, at: datetime, *, day: date | None = None) -> Sent:
    return Sent(kinds=(kind,), day=day or at.date(), at=at)


def space(number: int = 50, **differs: Any) -> Boundary:
    return replace(Boundary(record=record(number), is_space=True, begins=None, until=None), **differs)


def pause(started_at: datetime, minutes: int = 60, **differs: Any) -> Pause:
    begun = Pause(id=record(70), author=ANA, started_at=started_at, return_at=started_at + timedelta(minutes=minutes))
    return replace(begun, **differs)
