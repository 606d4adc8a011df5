"""Stories of four WatermelonDB devices, by seed: edits, removals, answers that are lost or late, pushes that fail.

In every other one the server goes back to a backup. In the end all hold what is stored, and no word that anybody wrote
is missing on the server.
"""

import random
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.clients.devices import DeviceError, agree
from tests.clients.watermelon import WatermelonDevice, WatermelonHouse
from tests.contracts.grounds import Rows

OPERATIONS = 40
SEEDS = range(4)
SEEDS_LONG = range(100, 140)
TEXTS = {"goal": "notes", "check_in": "text", "note_draft": "for_what"}
"""What is only ever added to, so that every word has to be somewhere for ever."""


class Story:
    """What happens with one seed."""

    def __init__(self, house: WatermelonHouse, seed: int, folder: Path) -> None:
        self.house = house
        self.chance = random.Random(seed)
        self.folder = folder
        self.devices: list[WatermelonDevice] = []
        self.words: list[str] = []
        self._numbers = count()
        self._files: dict[WatermelonDevice, Path] = {}

    async def begin(self) -> None:
        for nth, whose in enumerate(("ana", "ana", "ben", "ben")):
            file = self.folder / f"device-{nth}.db"
            [device] = await self.house.in_sync(whose, file=file)
            self.devices.append(device)
            self._files[device] = file

    async def go_on(self) -> None:
        device = self.chance.choice(self.devices)
        [act] = self.chance.choices(list(ACTS), weights=list(ACTS.values()))
        await act(self, device)

    async def end(self) -> None:
        await agree(*self.devices, *self.devices)
        await self.house.equal_everywhere(lives=True)
        for device in self.devices:
            assert not await device.waits()
        stored = await self.house.home.everything_said()
        missing = [word for word in self.words if word not in stored]
        assert not missing, missing

    async def go_back_to(self, dump: Rows) -> None:
        """Let the server be restored. What stays from before is not told again, and still names the life of then."""
        await self.house.home.restore(dump)
        self.house.may_differ = ["epoch"]

    # What can happen

    async def add_words(self, device: WatermelonDevice) -> None:
        kind = self.chance.choice(list(TEXTS))
        field, word = TEXTS[kind], self._word()
        found = [each for each in await device.documents(kind) if each["author"] in (None, device.person)]
        if kind == "goal":
            found = await device.documents(kind)
        if not found:
            day = f"2026-11-{1 + next(self._numbers) % 28:02}"
            own = {"local_date": day} if kind == "check_in" else {}
            await device.make(kind, **{field: word}, **own)
            return
        one = self.chance.choice(found)
        before = one[field] or ""
        text = f"{before} {word}" if self.chance.random() < 0.7 else f"{word} {before}"
        await device.patch(kind, one["id"], **{field: text.strip()})

    async def make_step(self, device: WatermelonDevice) -> None:
        await self.house.step_by(device, f"Step {next(self._numbers)}.")

    async def edit_step(self, device: WatermelonDevice) -> None:
        for one in await self._any(device, "step"):
            title, done = f"Step {next(self._numbers)}.", not one["done"]
            await device.patch("step", one["id"], **self.chance.choice([{"title": title}, {"done": done}]))

    async def remove(self, device: WatermelonDevice) -> None:
        kind = self.chance.choice(["step", "check_in"])
        for one in await self._any(device, kind):
            if self.chance.random() < 0.5:
                await device.remove(kind, one["id"])
            else:
                await device.patch(kind, one["id"], removed_at=1)

    async def show_or_hide(self, device: WatermelonDevice) -> None:
        for one in await self._any(device, "check_in"):
            audience = self.chance.choice(["only_me", self.house.couple])
            await device.patch("check_in", one["id"], audience=audience, shared_parts=["text"])

    async def pick(self, device: WatermelonDevice) -> None:
        for kind, field in TEXTS.items():
            for one in await device.documents(kind):
                for beside in (one["alternatives"] or {}).get(field, ()):
                    await device.pick(kind, one["id"], field, f"{one[field]} {beside['text']}")
                    return

    async def sync(self, device: WatermelonDevice) -> None:
        await device.sync()

    async def send_unheard(self, device: WatermelonDevice) -> None:
        if await device.waits():
            await device.send_unheard()

    async def pull_only(self, device: WatermelonDevice) -> None:
        if await device.waits():
            await device.pull_only()

    async def be_overtaken(self, device: WatermelonDevice) -> None:
        """Somebody else writes between its pull and its push, whose answer is maybe lost."""
        other = self.chance.choice([each for each in self.devices if each is not device])
        lost = await device.waits() and self.chance.random() < 0.5
        await device.lose_answers(1 if lost else 0)
        async with device.syncing_while_held("pulls") as syncing:
            await self.add_words(other)
            await other.sync()
        try:
            await syncing
        except DeviceError:
            assert lost
        device.process.failed = False

    async def write_meanwhile(self, device: WatermelonDevice) -> None:
        if await device.waits():
            async with device.syncing_while_held("pushes") as syncing:
                await self.add_words(device)
            await syncing

    async def be_killed(self, device: WatermelonDevice) -> None:
        file = self._files.pop(device)
        again = await self.house.killed_and_begun_again(device, file)
        self._files[again] = file
        self.devices[self.devices.index(device)] = again

    async def _any(self, device: WatermelonDevice, kind: str) -> list[dict[str, object]]:
        found = await device.documents(kind)
        return [self.chance.choice(found)] if found else []

    def _word(self) -> str:
        self.words.append(f"Word{next(self._numbers)}.")
        return self.words[-1]


ACTS: dict[Callable[[Story, WatermelonDevice], Awaitable[None]], int] = {
    Story.add_words: 16,
    Story.make_step: 2,
    Story.edit_step: 6,
    Story.remove: 4,
    Story.show_or_hide: 2,
    Story.pick: 3,
    Story.sync: 12,
    Story.send_unheard: 6,
    Story.pull_only: 4,
    Story.be_overtaken: 4,
    Story.write_meanwhile: 3,
    Story.be_killed: 1,
}


def stories(seeds: range, *marks: pytest.MarkDecorator) -> list[Any]:
    return [pytest.param(seed, "SQLite" if seed % 2 else "LokiJS", marks=marks) for seed in seeds]


@pytest.mark.parametrize(
    ("seed", "library"), stories(SEEDS) + stories(SEEDS_LONG, pytest.mark.long), indirect=["library"]
)
async def test_whatever_happens_no_word_is_lost(house: WatermelonHouse, seed: int, tmp_path: Path) -> None:
    story = Story(house, seed, tmp_path)
    await story.begin()
    for _ in range(OPERATIONS // 2):
        await story.go_on()
    dump = await house.home.dump()
    for nth in range(OPERATIONS):
        if nth == OPERATIONS // 2 and seed % 4 < 2:
            await story.go_back_to(dump)
        await story.go_on()
    await story.end()
