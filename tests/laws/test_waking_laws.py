"""Laws of silent wake-ups: seldom, never in quiet hours, and for a hundred edits of the partner's as for one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.ids import PersonId
from domain.prompts import Person
from notifications.looks import EVERY
from notifications.memory import MemoryStore
from notifications.ports import Delivery, Errand, Facts, Looked, Plan, Told
from notifications.service import Desks
from notifications.waking import wake_round
from notifications.wording import load
from tests.prompting import BEN, NOON, couple, daily, pause, person, space

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
EDITS = st.lists(st.integers(0, 24 * 60 - 1), max_size=60).map(
    lambda minutes: [NOON + each * MINUTE for each in minutes]
)
"""When the partner writes something that both see."""


class Phones:
    """Ben's phones, his couple's space, and the partner who writes into it."""

    def __init__(self, ben: Person, edits: Sequence[datetime], *, wakes: bool = True) -> None:
        self.ben, self.edits, self.wakes = ben, edits, wakes
        self.now = NOON
        self.woken: list[datetime] = []

    async def heads(self, people: Collection[PersonId]) -> Mapping[PersonId, int]:
        return {each: 7 + sum(edit <= self.now for edit in self.edits) for each in people}

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        assert now == self.now
        return {each: Facts(person=self.ben, wakes=self.wakes) for each in asked}

    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        assert all(each.hidden for each in errands), "nothing is shown by it"
        self.woken += [now for _ in errands]
        return [Delivery(outcome="accepted") for _ in errands]


async def a_day(phones: Phones, *, workers: int = 1) -> list[datetime]:
    store = MemoryStore()
    await store.save(Plan(person=BEN, version=0, look_at=NOON))
    desks = Desks(store=store, people=phones, courier=phones, words=load().choose, new_id=uuid4)
    while phones.now < NOON + DAY:
        for _ in range(workers):
            await wake_round(desks, phones.now)
        phones.now += MINUTE
    return phones.woken


def windows(edits: Sequence[datetime], looks: Sequence[datetime]) -> list[datetime]:
    """The first edit after each look."""
    firsts = []
    for began, ended in zip([NOON, *looks], [*looks, NOON + 2 * DAY], strict=True):
        firsts += sorted(each for each in edits if began < each <= ended)[:1]
    return firsts


@given(EDITS)
async def test_many_edits_wake_as_one_does(edits: list[datetime]) -> None:
    many = await a_day(Phones(person(), edits))
    one = await a_day(Phones(person(), windows(edits, many)))
    assert many == one


@given(EDITS, st.integers(1, 3))
async def test_no_phone_is_woken_twice_in_half_an_hour(edits: list[datetime], workers: int) -> None:
    woken = await a_day(Phones(person(), edits), workers=workers)
    assert all(later - earlier >= EVERY for earlier, later in pairwise(woken))
    assert len(woken) <= len(set(edits))


@given(EDITS, st.integers(0, 59))
async def test_when_a_phone_is_woken_says_nothing_of_when_the_partner_wrote(edits: list[datetime], after: int) -> None:
    """Everything is written so many minutes later: the phone is woken at none but the same moments."""
    looks = await a_day(Phones(person(), [NOON + each * MINUTE for each in range(24 * 60)]))
    late = [each + after * MINUTE for each in edits]
    assert set(await a_day(Phones(person(), late))) <= set(looks)


@given(EDITS)
async def test_nobody_is_woken_in_quiet_hours_and_what_came_then_wakes_afterwards(edits: list[datetime]) -> None:
    ben = person()
    ben = replace(ben, clock=replace(ben.clock, quiet=daily("21:00", "07:00")))
    woken = await a_day(Phones(ben, edits))
    assert not any(ben.clock.is_quiet(each) for each in woken)
    at_night = [each for each in edits if ben.clock.is_quiet(each)]
    if at_night:
        morning = NOON.replace(hour=7) + DAY
        assert [each for each in woken if morning <= each <= morning + EVERY + 6 * MINUTE]


STANDS_AGAINST: list[dict[str, Any]] = [
    {"consents": False},
    {"reachable": False},
    {"couple": couple(pauses=(pause(NOON, minutes=24 * 60),))},
]


@given(EDITS, st.sampled_from(STANDS_AGAINST))
async def test_without_consent_or_device_and_in_a_pause_nobody_is_woken(
    edits: list[datetime], differs: dict[str, Any]
) -> None:
    assert await a_day(Phones(replace(person(), **differs), edits)) == []


@given(EDITS)
async def test_in_their_own_space_and_unless_they_chose_it_nobody_is_woken(edits: list[datetime]) -> None:
    ben = person()
    alone = replace(ben, clock=replace(ben.clock, boundaries=(space(),)))
    assert await a_day(Phones(alone, edits)) == []
    assert await a_day(Phones(ben, edits, wakes=False)) == []


async def test_of_two_workers_that_look_at_once_one_wakes() -> None:
    phones = Together(person(), [NOON + MINUTE])
    store = MemoryStore()
    await store.save(Plan(person=BEN, version=0, look_at=NOON))
    await store.looked({BEN: Looked(was_at=NOON, next_at=NOON, upto=7)})
    desks = Desks(store=store, people=phones, courier=phones, words=load().choose, new_id=uuid4)
    phones.now = NOON + 2 * MINUTE
    assert await asyncio.gather(*(wake_round(desks, phones.now) for _ in range(2))) == [1, 1]
    assert len(phones.woken) == 1


class Together(Phones):
    """Nobody is told how far a space has come before two have asked."""

    def __init__(self, ben: Person, edits: Sequence[datetime]) -> None:
        super().__init__(ben, edits)
        self.both = asyncio.Barrier(2)

    async def heads(self, people: Collection[PersonId]) -> Mapping[PersonId, int]:
        await self.both.wait()
        return await super().heads(people)


async def test_somebody_is_woken_at_all() -> None:
    assert len(await a_day(Phones(person(), [NOON + 200 * MINUTE, NOON + 201 * MINUTE]))) == 1
