"""Plays one seed: people edit, phones talk, things go wrong, and after every step the laws are asked."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import accumulate
from typing import TypeVar

from domain.ids import RecordId
from sync.replica import EditRefusedError
from tests.simulation.coverage import counted
from tests.simulation.edits import EDITS
from tests.simulation.faults import HAPPENINGS
from tests.simulation.servers import Server
from tests.simulation.town import Edit, Phone, Town
from tests.world import settle

STEPS = 240
TALKS = 0.42
"""How many of the steps are talk; the others are edits."""

AT_ONCE = 0.4
"""How many of the edits somebody else makes, too, who has not seen them."""

TRIES_MAX = 6
"""Edits that are thought of until one has an occasion."""

LOOKED_AT_EVERY = 50
"""Steps after which all that is stored is looked at where that costs something."""

T = TypeVar("T")
Weighted = tuple[tuple[T, ...], tuple[float, ...]]
"""Options, and by each the sum of the weights up to it."""


class StoryBrokeError(AssertionError):
    """A law was broken, or something failed, on the way through a seed; the text tells how to see it again."""

    def __init__(self, town: Town, broken: Exception) -> None:
        self.said = f"{type(broken).__name__}: {broken}"
        super().__init__(f"{self.said}\n\nSee it with:  {town.seen_with}\n\n{town.story.last()}")


class Run:
    """One seed under way."""

    def __init__(self, town: Town, *, steps: int = STEPS) -> None:
        self.town, self.steps = town, steps
        # Every seed is fond of other things: a few done often find what all done seldom do not.
        self.edits = _bounded(
            (edit, weight * mood) for group in EDITS for mood in [self._mood()] for edit, weight in group.items()
        )
        self.happenings = _bounded((each, weight * self._mood()) for each, weight in HAPPENINGS)

    async def play(self) -> None:
        """Go through all steps, come to rest, and ask everything once more."""
        town = self.town
        with counted(town.hits):
            await settle(town.phones)
            for nth in range(1, self.steps + 1):
                town.now += self._while()
                phone = town.chance.choice(town.phones)
                line = await (self._happen(phone) if town.chance.random() < TALKS else self._edit(phone))
                town.story.tell(f"{nth:>4}  {line}")
                if town.story.aloud:
                    town.story.show(town.shown_now(phone))
                if not town.server.quick and nth % LOOKED_AT_EVERY == 0:
                    town.laws.as_followed(await town.server.stock())
            town.under_way.clear()
            await settle(town.phones)
            town.laws.at_the_end(await town.server.stock())
        town.story.tell("      all phones and the server hold the same")

    async def _edit(self, phone: Phone) -> str:
        for _ in range(TRIES_MAX):
            edit = self._choice(self.edits)
            line, record = self._do(edit, phone)
            if line is None:
                continue
            others = [each for each in self.town.phones if record and each is not phone and each.knows(record)]
            if others and self.town.chance.random() < AT_ONCE:
                self.town.focus = record
                meanwhile, _ = self._do(edit, self.town.chance.choice(others))
                self.town.focus = None
                line = line if meanwhile is None else f"{line} | at once {meanwhile}"
            return line
        return f"{phone.name}: nothing to do"

    def _do(self, edit: Edit, phone: Phone) -> tuple[str | None, RecordId | None]:
        """Let somebody do something; return how to tell of it, and the record that it was about."""
        try:
            edit(self.town, phone)
        except EditRefusedError as no:
            return f"{phone.name}: {edit.__name__.replace('_', ' ')}: {no}", None
        changes = self.town.noticed(phone)
        if not changes:
            return None, None
        self.town.laws.let_go()
        self.town.laws.acted(phone)
        return f"{phone.name}: {self.town.story.edits(changes)}", RecordId(changes[-1].id)

    async def _happen(self, phone: Phone) -> str:
        for _ in range(TRIES_MAX):
            line = await self._choice(self.happenings)(self.town, phone)
            if line is not None:
                self.town.laws.acted(phone)
                self.town.laws.still_held()
                return line
        return f"{phone.name}: nothing happens"

    def _mood(self) -> float:
        return self.town.chance.choice([0.3, 1, 1, 3])

    def _while(self) -> timedelta:
        return timedelta(minutes=self.town.chance.randrange(240))

    def _choice(self, weighted: Weighted[T]) -> T:
        options, bounds = weighted
        return self.town.chance.choices(options, cum_weights=bounds)[0]


def _bounded(weighted: Iterable[tuple[T, float]]) -> Weighted[T]:
    options, weights = zip(*weighted, strict=True)
    return options, tuple(accumulate(weights))


async def play(
    seed: int, server: Server, *, steps: int = STEPS, clocks: int = 0, clocks_jump: bool = True, aloud: bool = False
) -> Town:
    """Play a seed to its end and return the town, as `play_in` does.

    `clocks` chooses other errors of the phones' clocks, which stay as they are unless `clocks_jump`. `aloud` prints
    each line, and what its phone then shows.
    """
    town = await Town.founded(seed, server, clocks)
    town.clocks_jump, town.story.aloud = clocks_jump, aloud
    return await play_in(town, steps=steps)


async def play_in(town: Town, *, steps: int = STEPS) -> Town:
    """Play the seed of this town to its end; raise `StoryBrokeError` with the end of the story where it breaks."""
    try:
        await Run(town, steps=steps).play()
    except Exception as broken:
        raise StoryBrokeError(town, broken) from broken
    return town
