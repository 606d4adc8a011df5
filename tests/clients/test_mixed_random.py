"""The case `mixed_random`: devices of all kinds edit by seed, in bad weather, and in the end all are one."""

import random
import re
from collections.abc import Awaitable, Callable, Collection
from itertools import count
from pathlib import Path

import pytest

from domain.kinds import KINDS
from domain.records import Record
from tests.clients.devices import Document
from tests.clients.hands import Hand, MixedHouse
from tests.clients.proxy import Fault, Storm, calm

DEVICES = {"ana": ("RxDB", "WatermelonDB", "native"), "ben": ("RxDB", "WatermelonDB", "native adapter")}
OPERATIONS = 100
SEEDS = range(5)
SEEDS_LONG = range(100, 150)
TEXTS = {"goal": "notes", "check_in": "text", "note_draft": "for_what"}
"""What is only ever added to, so that every word has to be somewhere for ever."""
ROUNDS = 3


class Story:
    """What happens with one seed."""

    def __init__(self, house: MixedHouse, seed: int, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.chance = random.Random(seed)
        self.storm = Storm(seed)
        self.hands: list[Hand] = []
        self.words: list[str] = []
        self.written_by: dict[str, str] = {}
        """The words that are one person's alone: in entries, in drafts, and in what is refused."""
        self.shown: set[str] = set()
        """Those of them that their writer has shown to the other, or given, with the word before their eyes."""
        self._numbers = count()

    async def begin(self) -> None:
        for whose, libraries in DEVICES.items():
            for library in libraries:
                self.hands.append(await self.house.hand(whose, library, self.folder))
        self.house.proxy.weather = self.storm

    async def go_on(self) -> None:
        hand = self.chance.choice(self.hands)
        [act] = self.chance.choices(list(ACTS), weights=list(ACTS.values()))
        await act(self, hand)

    async def end(self) -> None:
        self.house.proxy.weather = calm
        await self.house.proxy.settled()
        for _ in range(ROUNDS):
            for hand in self.hands:
                assert await hand.sync()
        await self.house.equal_everywhere(*self.hands)
        stored = await self.house.rxdb.home.everything_said()
        assert [word for word in self.words if word not in stored] == []
        self._no_part_is_shown_that_was_not_chosen((await self.house.rxdb.home.stock()).records.values())
        assert self.written_by.keys() - self.shown, "somebody has kept something"
        for word in self.written_by.keys() - self.shown:
            for hand in self.hands:
                assert hand.person == self.written_by[word] or not await hand.heard(word), word

    @staticmethod
    def _no_part_is_shown_that_was_not_chosen(records: Collection[Record]) -> None:
        """What of an entry stands in its window now is what its author chose, and nothing where it is closed."""
        entries = {record.shown_id: record.fields for record in records if record.kind == "check_in" and record.live}
        window = KINDS["check_in"].window
        assert window is not None
        for record in records:
            if record.kind == "shown_check_in" and record.live:
                entry = entries[record.id]
                assert entry["audience"] != "only_me"
                hidden = [names for part, names in window.parts.items() if part not in entry["shared_parts"]]
                assert not any(record.fields.get(name) for names in hidden for name in names)

    # What can happen

    async def add_words(self, hand: Hand) -> None:
        kind = self.chance.choice(list(TEXTS))
        field, word = TEXTS[kind], self._word()
        found = await hand.documents(kind)
        if kind != "goal":
            found = [each for each in found if each.get("author") in (None, hand.person)]
            self.written_by[word] = hand.person
        if not found:
            day = f"2026-11-{1 + next(self._numbers) % 28:02}"
            await hand.make(kind, **{field: word}, **({"local_date": day} if kind == "check_in" else {}))
            return
        one = self.chance.choice(found)
        before = one.get(field) or ""
        text = f"{before} {word}" if self.chance.random() < 0.7 else f"{word} {before}"
        await hand.patch(kind, one["id"], **{field: text.strip()})
        await self._looks_at(hand, kind, one["id"])

    async def be_refused(self, hand: Hand) -> None:
        """Write what no step has room for: it comes back as words without a place, to its writer alone."""
        word = self._word()
        self.written_by[word] = hand.person
        await hand.force("step", goal=self.house.rxdb.goal, title=f"{word} {'and more ' * 20}")

    async def give(self, hand: Hand) -> None:
        """Send a letter with the words that stand in its draft here."""
        for one in await self._any(hand, "note_draft"):
            await hand.patch("note_draft", one["id"], send=True, for_couple=self.house.rxdb.couple)
            self.shown |= words_in(one["for_what"])

    async def make_step(self, hand: Hand) -> None:
        await hand.make("step", goal=self.house.rxdb.goal, title=f"Step {next(self._numbers)}.")

    async def edit_step(self, hand: Hand) -> None:
        for one in await self._any(hand, "step"):
            title, done = f"Step {next(self._numbers)}.", not one.get("done")
            await hand.patch("step", one["id"], **self.chance.choice([{"title": title}, {"done": done}]))

    async def remove(self, hand: Hand) -> None:
        kind = self.chance.choice(["step", "check_in"])
        for one in await self._any(hand, kind):
            await hand.remove(kind, one["id"])

    async def show_or_hide(self, hand: Hand) -> None:
        for one in await self._any(hand, "check_in"):
            audience = self.chance.choice(["only_me", self.house.rxdb.couple])
            parts = self.chance.choice([["text"], ["text"], ["mood"], ["mood", "text"], []])
            valence = self.chance.randint(-4, 4)
            await hand.patch("check_in", one["id"], audience=audience, shared_parts=parts, valence=valence)
            await self._looks_at(hand, "check_in", one["id"])

    async def pick(self, hand: Hand) -> None:
        for kind, field in TEXTS.items():
            for one in await hand.documents(kind):
                for beside in (one.get("alternatives") or {}).get(field, ()):
                    await hand.pick(kind, one["id"], field, f"{one[field]} {beside['text']}")
                    await self._looks_at(hand, kind, one["id"])
                    return

    async def sync(self, hand: Hand) -> None:
        await hand.sync()

    async def begin_again(self, hand: Hand) -> None:
        await hand.begin_again()

    async def _looks_at(self, hand: Hand, kind: str, identity: str) -> None:
        """Whoever has just edited what is open, or a letter on its way, has seen its words, and shows them."""
        for one in await hand.documents(kind) if kind != "goal" else ():
            if kind == "check_in":
                is_shown = one.get("audience") == self.house.rxdb.couple and "text" in one["shared_parts"]
            else:
                is_shown = one.get("send") is True
            if one["id"] == identity and is_shown:
                self.shown |= words_in(one[TEXTS[kind]])

    async def _any(self, hand: Hand, kind: str) -> list[Document]:
        # What waits to be refused has to come there as it was written.
        found = [each for each in await hand.documents(kind) if not words_in(each.get("title"))]
        return [self.chance.choice(found)] if found else []

    def _word(self) -> str:
        self.words.append(f"Word{next(self._numbers)}.")
        return self.words[-1]


def words_in(text: str | None) -> set[str]:
    return set(re.findall(r"Word\d+\.", text or ""))


ACTS: dict[Callable[[Story, Hand], Awaitable[None]], int] = {
    Story.add_words: 16,
    Story.make_step: 2,
    Story.edit_step: 6,
    Story.remove: 4,
    Story.show_or_hide: 4,
    Story.be_refused: 1,
    Story.give: 1,
    Story.pick: 3,
    Story.sync: 22,
    Story.begin_again: 2,
}


@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS_LONG)])
async def test_mixed_random(mixed_house: MixedHouse, seed: int, tmp_path: Path) -> None:
    story = Story(mixed_house, seed, tmp_path)
    await story.begin()
    for _ in range(OPERATIONS):
        await story.go_on()
    await story.end()
    assert set(story.storm.hits) == {each for each in Fault if each is not Fault.NONE}
