"""Three phones of a couple live through random days: whatever is lost or late, all end on what the server has."""

import random
import re
from collections.abc import Callable

import pytest

from domain.ids import RecordId
from sync.replica import EditRefusedError
from sync.resend import Row
from tests.world import Device, Dump, World

SEEDS = range(40)
SEEDS_LONG = range(1000, 3000)
MOVES = 100
WORD = re.compile(r"W\d+x\.")


class Story:
    """What a seed makes of two people's phones. A made word is a sentence, so that merging keeps it whole."""

    def __init__(self, seed: int) -> None:
        self.world, self.chance = World(seed=seed), random.Random(seed)
        self.ana, self.ben = self.world.person("Ana"), self.world.person("Ben")
        self.couple = self.world.pair(self.ana, self.ben)
        self.phones = [self.world.device(self.ana), self.world.device(self.ana), self.world.device(self.ben)]
        self.made = 0
        self.kept: set[str] = set()
        """Words of edits that a phone has kept."""
        self.dump: Dump | None = None
        self.late: list[Callable[[], object]] = []
        """Answers that are still on their way."""

    async def run(self, *, restores: bool) -> None:
        await self.world.settle()
        for _ in range(MOVES):
            phone = self.chance.choice(self.phones)
            self.world.pass_time(minutes=self.chance.randrange(600))
            try:
                if restores and self.chance.random() < 0.03:
                    self.go_back()
                elif self.chance.random() < 0.35:
                    await self.chance.choice(TALKING)(self, phone)
                else:
                    self.chance.choice(EDITING)(self, phone)
            except EditRefusedError:
                pass  # this phone could see that it is not allowed
            self.kept |= {word for kept in phone.waiting for word in WORD.findall(repr(kept.change.set))}
        await self.world.settle()

    # Editing

    def propose(self, phone: Device) -> None:
        goal = phone.make("goal")
        phone.make("goal_terms", goal=goal, title=self.word())

    def amend(self, phone: Device) -> None:
        for goal in self.some(phone, "goal"):
            in_force = phone.fields(goal)["terms_in_force"]
            phone.make("goal_terms", goal=goal, title=self.word(), based_on=in_force)

    def say(self, phone: Device) -> None:
        for terms in self.some(phone, "goal_terms"):
            act = self.chance.choice(["accept", "accept", "decline", "not_now", "rest", "resume", "mark_done"])
            phone.make("goal_act", goal=phone.fields(terms)["goal"], terms=terms, act=act)

    def note(self, phone: Device) -> None:
        for goal in self.some(phone, "goal"):
            written = (phone.fields(goal)["notes"] or "").split()
            written.insert(self.chance.randrange(len(written) + 1), self.word())
            if self.chance.random() < 0.2:
                del written[self.chance.randrange(len(written))]
            phone.write(goal, notes=" ".join(written[:200]))

    def step(self, phone: Device) -> None:
        for goal in self.some(phone, "goal"):
            phone.make("step", goal=goal, title=self.word())

    def work_on_step(self, phone: Device) -> None:
        for step in self.some(phone, "step"):
            mine, taken = str(phone.replica.person), set(phone.fields(step)["taken_by"])
            match self.chance.randrange(4):
                case 0:
                    phone.write(step, done=self.chance.random() < 0.7)
                case 1:
                    phone.write(step, taken_by=sorted(taken ^ {mine}))
                case 2:
                    phone.write(step, title=f"{phone.fields(step)['title']} {self.word()}")
                case _:
                    phone.remove(step)

    def bring_back(self, phone: Device) -> None:
        for shown in phone.replica.view("step", removed=True)[:1]:
            phone.bring_back(shown.id)

    def check_in(self, phone: Device) -> None:
        phone.make("check_in", local_date=f"2026-03-{self.chance.randrange(1, 28):02}", text=self.word())

    def work_on_check_in(self, phone: Device) -> None:
        for entry in self.some(phone, "check_in"):
            match self.chance.randrange(3):
                case 0:
                    phone.write(entry, text=f"{phone.fields(entry)['text'] or ''} {self.word()}".strip())
                case 1:
                    phone.write(entry, audience=self.chance.choice(["only_me", self.couple.id]))
                case _:
                    phone.write(entry, shared_parts=self.chance.sample(["mood", "needs", "text"], 2))

    def choose(self, phone: Device) -> None:
        for goal in self.some(phone, "goal"):
            shown = phone.shown(goal)
            assert shown is not None
            if shown.alternatives:
                phone.pick(goal, "notes", shown.fields["notes"] or self.word())
            elif shown.merged:
                phone.confirm(goal, shown.merged[0])

    # Talking

    async def sync(self, phone: Device) -> None:
        await phone.sync(limit=self.chance.choice([3, 500]))

    async def lose_the_answer(self, phone: Device) -> None:
        await phone.sync_without_answer()

    async def get_the_answer_later(self, phone: Device) -> None:
        request = phone.request(limit=self.chance.choice([2, 50]))
        answer = await phone.send(request)
        self.late.append(lambda: phone.receive(request, answer))

    async def get_a_late_answer(self, _: Device) -> None:
        if self.late:
            self.chance.choice(self.late)()  # it stays: some answers come twice

    async def restart(self, phone: Device) -> None:
        phone.restart()

    def go_back(self) -> None:
        if self.dump is None or self.chance.random() < 0.5:
            self.dump = self.world.dump()
        else:
            self.world.restore(self.dump)

    # What it made

    def word(self) -> str:
        self.made += 1
        return f"W{self.made}x."

    def some(self, phone: Device, kind: str) -> list[RecordId]:
        """One record of a kind that this phone shows, or none."""
        ids = [each.id for each in phone.view(kind)]
        return [self.chance.choice(ids)] if ids else []

    def everything_stored(self) -> str:
        return repr(self.world.store.records) + repr(self.world.store.revisions)


EDITING = (
    Story.propose,
    Story.amend,
    Story.say,
    Story.say,
    Story.note,
    Story.note,
    Story.step,
    Story.work_on_step,
    Story.work_on_step,
    Story.bring_back,
    Story.check_in,
    Story.work_on_check_in,
    Story.work_on_check_in,
    Story.choose,
)
TALKING = (
    Story.sync,
    Story.sync,
    Story.sync,
    Story.lose_the_answer,
    Story.get_the_answer_later,
    Story.get_a_late_answer,
    Story.restart,
)


def assert_all_end_on_what_is_stored(story: Story) -> None:
    store = story.world.store
    for phone in story.phones:
        person = story.ana if phone.replica.person == story.ana.id else story.ben
        stored = {key: record for key, record in store.records.items() if key[0] in person.spaces}
        rows = {(row.space, row.id): row for row in phone.replica.rows()}
        assert phone.waiting == []
        assert rows.keys() == stored.keys()
        for key, record in stored.items():
            row = rows[key]
            assert (row.version, row.gone, row.removed) == (record.version, record.gone, record.removed)
            assert row.fields == record.fields
            assert _texts(row) == {
                name: [(each.by, each.text) for each in texts] for name, texts in record.alternatives.items()
            }
            assert row.merged == tuple(record.merged)
        for kind in ("goal", "step", "check_in", "shown_check_in"):
            for shown in phone.view(kind):
                assert shown.space is not None
                assert shown.fields == rows[shown.space, shown.id].fields
        assert not any(shelf in ("outbox", "rebuild", "rebuilt") for shelf, _ in phone.disk)


def _texts(row: Row) -> dict[str, list[tuple[object, str]]]:
    return {name: [(each.by, each.text) for each in texts] for name, texts in row.alternatives.items()}


async def tell(seed: int, *, restores: bool) -> None:
    story = Story(seed)
    await story.run(restores=restores)
    assert_all_end_on_what_is_stored(story)
    assert story.kept, "nothing was written: this story proves nothing"
    if not restores:
        # After a restore only what some phone still shows can come back; what had gone behind a record cannot.
        stored = story.everything_stored()
        assert [word for word in sorted(story.kept) if word not in stored] == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_phones_end_on_what_is_stored_and_no_word_is_lost(seed: int) -> None:
    await tell(seed, restores=False)


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_phones_end_on_what_is_stored_though_the_store_went_back_in_time(seed: int) -> None:
    await tell(seed, restores=True)


@pytest.mark.long
@pytest.mark.parametrize("restores", [False, True])
async def test_many_more_days(restores: bool) -> None:
    for seed in SEEDS_LONG:
        await tell(seed, restores=restores)
