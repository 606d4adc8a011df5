"""Play weeks of couples on the real server and the real worker, with PostgreSQL for everything that is kept."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from uuid import uuid4

import pytest

from api.people import StoredPeople
from api.prompting import Prompting
from api.wiring import Parts
from notifications.courier import Courier
from notifications.sending import Sends
from notifications.service import Desks
from notifications.store import PostgresStore
from notifications.wording import load
from tests import people
from tests.clocks import StillClock, app_at
from tests.fake_fcm import FakeFcm
from tests.lives.household import Household
from tests.lives.lives import Deed, Home
from tests.lives.onlooker import Onlooker, as_lived
from tests.lives.play import ROUNDS_MAX, CrashError, _count_invitations
from tests.lives.vendor import Vendor

HOUR = timedelta(hours=1)
OFTEN = {
    "part": 0.015,
    "pair": 0.5,
    "begin_pause": 0.06,
    "resume": 0.06,
    "show_space": 0.04,
    "goal": 0.1,
    "take_back": 0.06,
    "not_ready": 0.04,
    "balance": 0.06,
    "settings": 0.1,
    "boundary": 0.06,
    "step_date": 0.25,
    "travel": 0.05,
    "consent": 0.03,
    "device": 0.03,
}
"""What hardly happens within a fortnight happens more often here."""


async def play_weeks(
    parts: Parts, fake: FakeFcm, sender: Sends, *, couples: int, days: int, begins: datetime, seed: str
) -> Counter[str]:
    """Play these couples in one world; every invariant is looked at whenever something is planned, put off or sent.

    Returns what was met, and how often. The server's own ids have to come from a seed, too, for a replay to be one.
    """
    clock, hits = StillClock(), Counter[str]()
    async with app_at(parts, clock) as client:
        households = []
        for number in range(couples):
            # So many sign-ins at once come from nobody's address.
            clock.to(begins - HOUR * (couples - number))
            persons = (await people.person(client, "Ana"), await people.person(client, "Ben"))
            households.append(Household(Home(number, f"{seed}/{number}", begins), client, clock, persons))
        clock.to(begins)
        for each in households:
            await each.move_in()
        weeks = Weeks(parts, Onlooker(parts.pool, households, hits), clock)
        weeks.vendor = Vendor(sender, fake, weeks.onlooker, seed)
        await weeks.go_on(households, begins, begins + timedelta(days=days))
    return hits


class Weeks:
    """Time, and who acts in it: people, and a worker that comes whenever something is due."""

    vendor: Vendor

    def __init__(self, parts: Parts, onlooker: Onlooker, clock: StillClock) -> None:
        self.parts, self.onlooker, self.clock = parts, onlooker, clock
        self.people = StoredPeople(parts.pool, parts.keys)

    async def go_on(self, households: list[Household], begins: datetime, ends: datetime) -> None:
        story = sorted(
            (
                (deed, household)
                for household in households
                for deed in household.home.story(begins, (ends - begins).days, OFTEN)
            ),
            key=lambda told: told[0].at,
        )
        worker, nth = Prompting(self.parts, self.vendor), 0
        self.onlooker.now = begins
        while True:
            upcoming = [story[nth][0].at] if nth < len(story) else []
            wakes = await self.onlooker.wakes_at()
            now = max(self.onlooker.now, min([*upcoming, *([wakes] if wakes is not None else []), ends]))
            if now >= ends:
                break
            self.onlooker.now = now
            self.clock.to(now)
            while nth < len(story) and story[nth][0].at <= now:
                await self._live(*story[nth])
                nth += 1
            if await self._comes_to_rest(worker):
                # It remembers nothing, and its successor knows nothing of it.
                worker = Prompting(self.parts, self.vendor)
        await self.onlooker.at_the_end()

    async def _live(self, deed: Deed, household: Household) -> None:
        await household.live(deed)
        self.onlooker.hits[f"deed: {deed.what}"] += 1
        two = {own.id: () for own in household.home.two}
        known = await self.people.facts(two, self.onlooker.now)
        for who, person in enumerate(two):
            as_lived(known[person], household, who)

    async def _comes_to_rest(self, worker: Prompting) -> bool:
        """Let the worker do what is due now; return whether it was killed meanwhile."""
        for _ in range(ROUNDS_MAX):
            await self._count_invitations()
            try:
                looked_at = await worker.tick(self.onlooker.now)
            except CrashError:
                await self._look()
                return True
            await self._look()
            if not looked_at:
                return False
        raise AssertionError(f"one instant took {ROUNDS_MAX} rounds: {self.onlooker.now}")

    async def _look(self) -> None:
        await self.onlooker.read_ledger()
        await self.onlooker.read_ends()

    async def _count_invitations(self) -> None:
        asked = await self.onlooker.looked_at_now()
        if asked:
            desks = Desks(
                store=PostgresStore(self.parts.pool),
                people=self.people,
                courier=Courier(self.people, self.vendor),
                words=load().choose,
                new_id=uuid4,
            )
            for home in {id(each): each for each in (self.onlooker.of(person)[0].home for person in asked)}.values():
                await _count_invitations(desks, home, self.onlooker.now, self.onlooker.hits)


@contextmanager
def ids_by_seed(seed: str) -> Iterator[None]:
    """Let every random id of this process come from a seed: prompts are spread by their person's id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uuid.os", SimpleNamespace(urandom=Random(seed).randbytes))
        yield
