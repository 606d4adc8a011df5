"""Play the lives of couples on the real planning and sending, with a worker that crashes and a vendor that fails."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId, RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import AT_ITS_MINUTE, Drop, Person, Prompt, decide
from notifications.memory import MemoryStore
from notifications.planning import as_of
from notifications.ports import Delivery, Desk, End, Entry, Errand, Facts, Planned, Told
from notifications.service import Desks, plan_round, send_round
from notifications.wording import load
from tests.lives.checks import Checks
from tests.lives.lives import PRIVATE_DEEDS, Deed, Home, Resident

A_LIFE = timedelta(days=365)
ROUNDS_MAX = 50
"""One instant never needs more."""


class Went(Struct, frozen=True):
    """What one of the two got."""

    who: int
    at: datetime
    kinds: tuple[str, ...]
    text: str


class CrashError(Exception):
    """The worker is killed."""


class Watched(MemoryStore):
    """The store in memory, with somebody looking at what is put off and why something does not come."""

    def __init__(self, home: Home, checks: Checks, hits: Counter[str]) -> None:
        super().__init__()
        self.home, self.checks, self.hits = home, checks, hits
        self.now = checks.now

    async def settle(self, planned: Planned, owner: UUID, end: End) -> bool:
        if end.reason is not None:
            self.hits[f"{end.state}: {end.reason}"] += 1
        if end.state == "planned" and end.reason is not None:
            assert end.due is not None
            self.checks.put_off(planned, self.now, end.due)
        return await super().settle(planned, owner, end)

    async def begin(self, planned: Planned, desk: Desk, entry: Entry | None, pace: Pace | None, owner: UUID) -> bool:
        begun = await super().begin(planned, desk, entry, pace, owner)
        if begun and entry is not None:
            self.checks.begun(planned, entry)
            for kind in entry.sent.kinds:
                self.hits[f"sent: {kind}"] += 1
        return begun

    def next_at(self, now: datetime) -> datetime | None:
        times = [
            at
            for desk in self._desks.values()
            for at in (
                desk.next_at,
                *(row.planned.prompt.due if row.state == "planned" else row.held_until for row in desk.rows.values()),
                *(now for _ in desk.news),
            )
            if at is not None
        ]
        return min(times, default=None)


Leak = Callable[[Person, Resident], Person]
"""A mistake that could be made: it lets something that is the partner's alone into what a prompt depends on."""


class Knowing:
    """What is so about the two, straight from their lives."""

    def __init__(self, home: Home, leak: Leak | None) -> None:
        self.home, self.leak = home, leak

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        assert now is not None
        known = {}
        for person, told in asked.items():
            who = self.home.who(person)
            arrived = self.home.arrived(who)
            told_of = self.home.person(who)
            known[person] = Facts(
                person=told_of if self.leak is None else self.leak(told_of, self.home.two[1 - who]),
                acted=dict(self.home.two[who].acted),
                arrived={key: arrived[key] for key in told if key in arrived},
            )
        return known


class Faulty:
    """A vendor and a worker with all their faults."""

    def __init__(self, home: Home, store: Watched, chance: Random, *, faults: bool) -> None:
        self.home, self.store, self.chance, self.faults = home, store, chance, faults
        self.got: list[Went] = []

    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        if self.faults and self.chance.random() < 0.03:
            self._crash()
        answers = [self._answer(errand, now) for errand in errands]
        if self.faults and self.chance.random() < 0.03:
            self._crash()
        return answers

    def _crash(self) -> None:
        self.store.hits["fault: crash"] += 1
        raise CrashError

    def _answer(self, errand: Errand, now: datetime) -> Delivery:
        fate = self.chance.random() if self.faults else 1.0
        later = now + timedelta(seconds=self.chance.randint(10, 3600))
        self.store.checks.goes_out(errand, now)
        if fate < 0.05:
            self.store.hits["fault: not accepted"] += 1
            return Delivery(outcome="later", at=later)
        self._accept(errand, now)
        if fate < 0.08:
            self.store.hits["fault: no answer"] += 1
            self.store.checks.unknown[errand.prompt] += 1
            return Delivery(outcome="unknown", at=later)
        return Delivery(outcome="accepted")

    def _accept(self, errand: Errand, now: datetime) -> None:
        entry = self.store.checks.entries[errand.prompt]
        self.store.checks.accepted[errand.prompt] += 1
        who = self.home.who(errand.person)
        self.got.append(Went(who=who, at=now, kinds=entry.sent.kinds, text=entry.text))


async def play(
    number: int,
    seed: str,
    begins: datetime,
    days: int,
    *,
    private: tuple[str, str] | None = None,
    faults: bool = True,
    hits: Counter[str] | None = None,
    leak: Leak | None = None,
    swapped: bool = False,
) -> list[Went]:
    """Play one couple's life; every invariant is looked at whenever something is planned, put off or sent.

    `private` are the seeds of what each of the two does for themselves; `swapped` lists the couple's members the other
    way about.
    """
    home = Home(number, seed, begins, private=private, swapped=swapped)
    checks = Checks(home)
    store = Watched(home, checks, Counter() if hits is None else hits)
    chance = Random(f"{seed}/{number}/vendor")
    courier = Faulty(home, store, chance, faults=faults)
    ids = iter(range(1, 10**7))
    desks = Desks(
        store=store,
        people=Knowing(home, leak),
        courier=courier,
        words=load().choose,
        new_id=lambda: UUID(int=(number + 1) * 10**12 + next(ids)),
    )
    home.pair(begins)
    for who in (0, 1):
        _look_again(home, store, who, begins, next(ids))
    story = home.story(begins, days)
    ends, owner = begins + timedelta(days=days), 0
    now, nth = begins, 0
    while True:
        upcoming = [story[nth].at] if nth < len(story) else []
        wakes = store.next_at(now)
        now = max(now, min([*upcoming, *([wakes] if wakes is not None else []), ends]))
        if now >= ends:
            break
        while nth < len(story) and story[nth].at <= now:
            _live(home, store, story[nth], next(ids))
            nth += 1
        store.now = now
        for _ in range(ROUNDS_MAX):
            owner += 1
            await _count_invitations(desks, home, now, store.hits)
            planned = await plan_round(desks, now)
            checks.now = now
            try:
                looked_at = await send_round(desks, now, UUID(int=owner))
            except CrashError:
                checks.crashes += 1
                break
            if not planned and not looked_at:
                break
        else:
            raise AssertionError(f"one instant took {ROUNDS_MAX} rounds: {now}")
    checks.at_the_end()
    return courier.got


async def _count_invitations(desks: Desks, home: Home, now: datetime, hits: Counter[str]) -> None:
    """Note what stands against each invitation at its minute: planning asks it, and says nothing of it."""
    ids = [each.id for each in home.two]
    kept, facts = await desks.store.desks(ids, now), await desks.people.facts({each: [] for each in ids}, now)
    for each in ids:
        next_at = kept[each].next_at
        if next_at is None or not next_at <= now < next_at + AT_ITS_MINUTE:
            continue
        person = as_of(kept[each], facts[each], now)
        for kind in PROMPT_KINDS.values():
            if kind.is_invite and person.wanted[kind.name]:
                couple = None if person.couple is None or not kind.of_couple else person.couple.id
                prompt = Prompt(kind=kind.name, due=now, expires=now + AT_ITS_MINUTE, couple=couple)
                verdict = decide(person, prompt, now)
                if isinstance(verdict, Drop):
                    hits[f"not invited: {verdict.reason}"] += 1


def _live(home: Home, store: Watched, deed: Deed, number: int) -> None:
    couple = home.couple
    left = home.do(deed)
    if couple is not None and home.couple is None:
        store.cancel_couple(couple, [each.id for each in home.two])
    if left is not None:
        store.put_news(
            News(
                id=UUID(int=number),
                person=home.two[left.to].id,
                couple=left.couple,
                kind=left.kind,
                record=left.record,
                at=left.at,
            )
        )
    if deed.what == "fetch":
        store.note_fetched(home.two[deed.who].id, [each.record for each in home.left.values() if each.to == deed.who])
    private = any(deed.what == name for name, _ in PRIVATE_DEEDS)
    for who in (deed.who,) if private else (0, 1):
        _look_again(home, store, who, deed.at, number + 10**8 * (who + 1))


def _look_again(home: Home, store: Watched, who: int, at: datetime, number: int) -> None:
    person = home.two[who].id
    store.put_news(
        News(id=UUID(int=number), person=person, couple=None, kind=None, record=RecordId(UUID(int=number)), at=at)
    )
