"""Both stores of prompts live through the same seeded story, and after each step the same stands on their desks."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from api.postgres import Pool
from domain.ids import CoupleId, PersonId
from domain.pace import Pace
from domain.prompt_kinds import Reason
from domain.prompts import Arrived, Prompt
from notifications.ports import Desk, End, Entry, News, Plan, Planned
from tests.desks import Ground, MemoryGround, PostgresGround
from tests.prompting import ANA, BEN, NOON, THE_TWO, arrival, own, record, sent

SEEDS, STEPS = 8, 120
TWO = (ANA, BEN)
OWNERS = [UUID(int=number) for number in range(1, 4)]
KINDS = ("letter_arrived", "request_arrived")
MINUTE = timedelta(minutes=1)
EVERYTHING = {
    *("a plan was stored", "a plan came late", "claimed", "begun", "begun again", "not begun", "not settled", "parted"),
    *("planned", "sent", "dead", "dropped"),
}


class Story:
    """Does one thing after the other to both; what they answer has to be the same."""

    def __init__(self, grounds: tuple[Ground, Ground], seed: int) -> None:
        self.grounds, self.chance, self.now = grounds, Random(seed), NOON
        self.met = Counter[str]()
        self.held: list[tuple[Planned, UUID]] = []
        self.entered: set[UUID] = set()
        self.before: dict[PersonId, list[Desk]] = {person: [] for person in TWO}

    async def both(self, ask: Callable[[Ground], Awaitable[Any]]) -> Any:
        one, other = [await ask(ground) for ground in self.grounds]
        assert one == other
        return one

    async def live(self) -> None:
        deeds = (self.news, self.save, self.save, self.claim, self.claim, self.begin, self.begin, self.settle)
        for _ in range(STEPS):
            self.now += timedelta(seconds=self.chance.randint(1, 90))
            deed = self.part if self.chance.random() < 0.03 else self.chance.choice(deeds)
            if self.chance.random() < 0.01:
                self.now += timedelta(days=self.chance.choice((20, 200, 401)))
                await self.both(lambda ground: ground.forget_ledger(self.now))
            await deed()
            for person in TWO:
                self.before[person].append(await self.desk(person))
            assert await self.waiting(0) == await self.waiting(1)

    async def desk(self, person: PersonId) -> Desk:
        async def seen(ground: Ground) -> Desk:
            desk = (await ground.store.desks([person], self.now))[person]
            return replace(desk, news=tuple(sorted(desk.news, key=lambda each: (each.at, each.id))))

        desk: Desk = await self.both(seen)
        return desk

    async def waiting(self, which: int) -> set[PersonId]:
        return set(await self.grounds[which].store.waiting(self.now, 500))

    def id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128))

    async def news(self) -> None:
        kind = self.chance.choice((*KINDS, None))
        put = News(
            id=self.id(),
            person=self.chance.choice(TWO),
            couple=None if kind is None else self.chance.choice((THE_TWO, CoupleId(UUID(int=99)))),
            kind=kind,
            record=record(self.chance.randint(1, 6)),
            at=self.now,
        )
        await self.both(lambda ground: ground.put_news(put))

    def prompt(self) -> Prompt:
        due = self.now + self.chance.randint(-3, 5) * MINUTE
        if self.chance.random() < 0.4:
            kind = self.chance.choice(("own_step", "space_ended"))
            return own(kind, due=due, about=record(self.chance.randint(1, 6)))
        told = [
            Arrived(kind=self.chance.choice(KINDS), record=record(number), at=self.now)
            for number in self.chance.sample(range(1, 7), self.chance.randint(1, 3))
        ]
        return arrival(*told, due=due)

    def some_of(self, those: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(each for each in those if self.chance.random() < 0.3)

    async def some_desk(self, person: PersonId) -> Desk:
        """That of now, mostly; else one of before."""
        if self.before[person] and self.chance.random() < 0.15:
            return self.chance.choice(self.before[person][-8:])
        return await self.desk(person)

    async def save(self) -> None:
        person = self.chance.choice(TWO)
        desk = await self.some_desk(person)
        anew = [replace(each, prompt=self.prompt()) for each in self.some_of(desk.planned) if not each.begun]
        slots = self.chance.sample("abcd", self.chance.randint(0, 2))
        new = [Planned(id=self.id(), person=person, slot=slot, prompt=self.prompt()) for slot in slots]
        plan = Plan(
            person=person,
            version=desk.version,
            put=(*anew, *new),
            cancel=self.some_of([each.id for each in desk.planned if each.id not in {one.id for one in anew}]),
            paces=desk.paces,
            next_at=self.chance.choice((None, self.now + MINUTE)),
            seen=self.some_of([each.id for each in desk.news]),
        )
        if await self.both(lambda ground: ground.store.save(plan)):
            self.met["a plan was stored"] += 1
        else:
            self.met["a plan came late"] += 1

    async def claim(self) -> None:
        owner, until = self.chance.choice(OWNERS), self.now + MINUTE
        got = await self.both(lambda ground: _claimed(ground, self.now, owner, until))
        self.held += [(each, owner) for each in got]
        self.met["claimed"] += len(got)

    def one_held(self) -> tuple[Planned, UUID] | None:
        if not self.held:
            return None
        each, owner = self.chance.choice(self.held[-4:])
        return each, owner if self.chance.random() < 0.85 else self.chance.choice(OWNERS)

    async def begin(self) -> None:
        chosen = self.one_held()
        if chosen is None:
            return
        each, owner = chosen
        desk = await self.some_desk(each.person)
        told = tuple(one.record for one in each.prompt.arrived)
        kinds = tuple({one.kind: None for one in each.prompt.arrived}) or (each.prompt.kind,)
        entry = Entry(prompt=each.id, sent=replace(sent("x", self.now), kinds=kinds), records=told, text="x.01")
        line = None if each.id in self.entered else entry
        pace = self.chance.choice((None, Pace(days=(self.now.date(),))))
        if await self.both(lambda ground: ground.store.begin(each, desk, line, pace, owner)):
            self.entered.add(each.id)
            self.met["begun" if line else "begun again"] += 1
        else:
            self.met["not begun"] += 1

    async def settle(self) -> None:
        chosen = self.one_held()
        if chosen is None:
            return
        each, owner = chosen
        later = End(state="planned", due=self.now + self.chance.randint(0, 2) * MINUTE, reason=Reason.QUIET)
        end = self.chance.choice((later, later, End(state="sent"), End(state="dead"), End(state="dropped")))
        if each.id in self.entered and end.state == "dropped":
            end = later
        settled = await self.both(lambda ground: ground.store.settle(each, owner, end))
        self.met[f"{end.state}" if settled else "not settled"] += 1

    async def part(self) -> None:
        await self.both(lambda ground: ground.cancel_couple(THE_TWO, *TWO))
        self.met["parted"] += 1


async def _claimed(ground: Ground, now: datetime, owner: UUID, until: datetime) -> list[Planned]:
    return sorted(await ground.store.claim(now, owner, until, 500), key=lambda each: each.person)


async def test_both_stores_live_through_the_same_stories(pool: Pool) -> None:
    met = Counter[str]()
    for seed in range(SEEDS):
        async with PostgresGround(pool).of(*TWO) as ground:
            story = Story((MemoryGround(), ground), seed)
            await story.live()
            for person in TWO:
                one, other = [Counter(await each.ends(person)) for each in story.grounds]
                assert one == other, f"seed {seed}"
            met += story.met
    assert set(met) == EVERYTHING
