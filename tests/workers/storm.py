"""A day on the street by seed: letters and steps, three workers of which some are killed, an FCM that has bad moments,
clocks that are off by hours, and one couple that parts."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random

from tests.workers.crew import Worker
from tests.workers.fcm import Treats
from tests.workers.said import POINTS
from tests.workers.street import INSTANTS_MAX, Home, Street

HOUR = timedelta(hours=1)
OPEN_FOR = 10 * HOUR
HASTE_S = 0.3
"""How long a worker waits for FCM here. Where a slow machine makes one give up early, it says so, as of any other."""
MOMENT_S = 0.03
"""About as long as a round takes: within it somebody is killed at any moment."""
BAD: tuple[Treats, ...] = ("holds, not taken", "holds, taken", "slow down", "cut, taken")

Deed = tuple[datetime, int, Callable[[], Awaitable[None]]]


async def storm(street: Street, seed: str, homes: int, *, clocks_differ: bool) -> Counter[str]:
    """Play one day, and return how often what happened."""
    chance, hits = Random(seed), Counter[str]()
    [leaving] = await street.found(1)
    nine = await street.another_day()
    deeds = _deeds(street, [*street.homes[:homes], leaving], leaving, nine, chance)
    weather = Weather(street, chance, hits, clocks_differ=clocks_differ)
    for _ in range(INSTANTS_MAX):
        coming = [at for at in (await street.wakes(), deeds[0][0] if deeds else None) if at is not None]
        if not coming or min(coming) > nine + OPEN_FOR:
            break
        street.clock.to(max(street.clock() + timedelta(seconds=15), min(coming) + timedelta(seconds=1)))
        while deeds and deeds[0][0] <= street.clock():
            await deeds.pop(0)[2]()
        await weather.round()
    await street.comes_to_rest()
    return hits


def _deeds(street: Street, homes: list[Home], leaving: Home, nine: datetime, chance: Random) -> list[Deed]:
    def within(first: float, last: float) -> datetime:
        return nine + timedelta(seconds=chance.randint(int(first * 3600), int(last * 3600)))

    async def unless_parted(home: Home, deed: Callable[[Home], Awaitable[None]]) -> None:
        if home.parted_after is None:
            await deed(home)

    what: list[tuple[datetime, Home, Callable[[Home], Awaitable[None]]]] = [(within(1, 9), leaving, street.part)]
    for home in homes:
        # So far apart that the gap between two prompts, and a lease by a clock that is ahead, leave time for both.
        what += [(within(0, 2), home, street.leave_letter), (within(6, 8), home, street.leave_letter)]
        what += [(within(0, 9), home, street.answer_letter)]
        what += [(nine, home, partial(street.set_step, at=within(1, 9)))]
    return sorted((at, nth, partial(unless_parted, home, deed)) for nth, (at, home, deed) in enumerate(what))


class Weather:
    """What befalls the workers, round by round."""

    def __init__(self, street: Street, chance: Random, hits: Counter[str], *, clocks_differ: bool) -> None:
        self.street, self.chance, self.hits = street, chance, hits
        self.clocks_differ = clocks_differ
        self.off = timedelta()
        """By how much the clock of the last of the three is wrong."""

    async def round(self) -> None:
        """Let all three do a round at once; afterwards each is at rest, or dead."""
        workers = await self.street.crew.three()
        if self.clocks_differ and self.chance.random() < 0.3:
            self.off = self.chance.choice([0, 0, 1, 4, 5, -1, -3]) * HOUR
            self.hits["a clock jumps"] += 1
        befalls = self.chance.choices(
            [self._nothing, self._killed_at_a_point, self._killed_at_fcm, self._killed_at_a_moment],
            weights=[5, 2, 1, 2],
        )
        self.street.gate.treats = self._treats
        await befalls[0](workers)

    def _treats(self, _: str) -> Treats:
        treated = "well" if self.chance.random() < 0.75 else self.chance.choice(BAD)
        self.hits[treated] += 1
        return treated

    async def _begin(self, worker: Worker) -> None:
        await worker.begin(self._time_of(worker), patience_s=HASTE_S)

    def _time_of(self, worker: Worker) -> datetime:
        return self.street.clock() + (self.off if worker is self.street.crew.workers[-1] else timedelta())

    async def _nothing(self, workers: list[Worker]) -> None:
        await asyncio.gather(*[self._begin(each) for each in workers])
        await asyncio.gather(*[each.ends() for each in workers])

    async def _killed_at_a_point(self, workers: list[Worker]) -> None:
        victim = self.chance.choice(workers)
        others = [each for each in workers if each is not victim]
        await victim.begin(self._time_of(victim), stop=self.chance.choice(POINTS), patience_s=HASTE_S)
        if await victim.stops():
            self.hits["killed at a point"] += 1
            await asyncio.gather(*[self._begin(each) for each in others])
            await victim.die()
            await asyncio.gather(*[each.ends() for each in others])

    async def _killed_at_fcm(self, workers: list[Worker]) -> None:
        before = len(self.street.gate.requests)
        treated = self.chance.choice(BAD[:2])
        self.street.gate.treats = lambda _: treated
        await asyncio.gather(*[self._begin(each) for each in workers])
        ends = [asyncio.ensure_future(each.ends()) for each in workers]
        asks = asyncio.ensure_future(self.street.gate.got(before + 1))
        await asyncio.wait([asks, asyncio.gather(*ends)], return_when=asyncio.FIRST_COMPLETED)
        asks.cancel()
        for request in self.street.gate.requests[before : before + 1]:
            victim = next(each for each in workers if request.token.startswith(f"{each.name}."))
            self.hits["killed at FCM"] += 1
            await victim.die()
        await asyncio.gather(*ends)

    async def _killed_at_a_moment(self, workers: list[Worker]) -> None:
        victim = self.chance.choice(workers)
        await asyncio.gather(*[self._begin(each) for each in workers])
        ends = [asyncio.ensure_future(each.ends()) for each in workers]
        # Nothing is waited for: whatever it is doing then, it is killed.
        await asyncio.sleep(self.chance.random() * MOMENT_S)
        self.hits["killed at a moment"] += 1
        await victim.die()
        await asyncio.gather(*ends)
