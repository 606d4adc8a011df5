"""What a review of prompts found, as far as it is a matter of values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId, SpaceId
from domain.news import News
from domain.prompt_kinds import Reason
from domain.prompts import Drop, Prompt, Send, Wait, decide
from domain.quiet import Clock
from domain.records import Record
from notifications.answers import Accepted, Answer, Hold, TryLater
from notifications.courier import Courier
from notifications.facts import facts_of
from notifications.fcm import BATCH_MAX, PATIENCE_S, SEND_S_MAX, Sender
from notifications.memory import MemoryStore as NotedStore
from notifications.messages import Target
from notifications.planning import plan
from notifications.ports import (
    EARLIEST_READ,
    NEWEST_READ,
    NEWS_READ,
    Delivery,
    Desk,
    Entry,
    Planned,
    Standing,
)
from notifications.service import LEASE
from sync.fetched_store import note_fetched
from sync.memory import MemoryStore
from sync.ports import Caller, Life, Page, Place
from tests.desks import MemoryGround
from tests.prompting import BEN, NOON, arrival, arrived, daily, person, record, sent, space
from tests.rules.boards import OWN, OWN_SPACE, TOGETHER
from tests.rules.test_courier import ANA, NOW, Town, errand, reached
from tests.rules.test_facts import known, of
from tests.rules.test_paging import BEFORE, PHONE, PRESENT, filled, page, step
from tests.rules.test_prompting import OFF, STEP, Scene

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# What cannot be noted


async def test_where_it_cannot_be_noted_what_was_fetched_nothing_fails(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def execute(self, *_: object) -> None:
            raise RuntimeError("of the row")

    await note_fetched(Broken(), PHONE, {OWN: 3}, None)
    assert [each.__dict__["event"] for each in caplog.records] == ["fetched_not_noted"]
    assert "of the row" not in caplog.text


# Floods


class Walked(Sequence[Record]):
    """Records that count how often somebody walks over all of them."""

    def __init__(self, *records: Record) -> None:
        self.records, self.walks = records, 0

    def __iter__(self) -> Iterator[Record]:
        self.walks += 1
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, nth: Any) -> Any:
        return self.records[nth]


def test_however_much_is_asked_about_the_couples_records_are_walked_over_as_often() -> None:
    def walks(many: int) -> int:
        goals = [of("goal", 10_000 + nth, state="proposed") for nth in range(many)]
        terms = [of("goal_terms", nth, goal=str(goal.id)) for nth, goal in enumerate(goals)]
        shared = Walked(*goals, *terms, of("repair", 20_000), of("response", 20_001, to=str(record(20_000))))
        facts_of(replace(known(), shared=shared), {("proposal_arrived", each.id) for each in terms})
        return shared.walks

    assert walks(100) == walks(1)


async def test_of_a_flood_of_news_a_desk_shows_the_earliest_and_the_newest_and_the_rest_goes_unseen() -> None:
    scene = Scene(MemoryGround())
    for number in range(1_000):
        scene.now = NOON + number * SECOND
        scene.arrives(number)
    notice = News(id=uuid4(), person=BEN, couple=None, kind="new_device", record=record(5_000), at=NOON + 500 * SECOND)
    scene.unread.append(notice)
    await scene.tell()
    shown = (await scene.desk()).news
    assert len(shown) == NEWS_READ == EARLIEST_READ + NEWEST_READ
    assert (shown[0].record, shown[-1].record) == (record(0), record(999))
    await scene.at(scene.now)
    assert [each.id for each in (await scene.desk()).news] == [notice.id]
    await scene.at(scene.now + MINUTE)
    assert (await scene.desk()).news == ()
    [letters] = [each for each in (await scene.desk()).ledger if "letter_arrived" in each.sent.kinds]
    assert record(0) in letters.records


async def test_of_news_that_are_no_flood_nothing_is_taken_away_unseen() -> None:
    scene = Scene(MemoryGround())
    for number in range(NEWS_READ - 1):
        scene.arrives(number)
    await scene.tell()
    desk = await scene.desk()
    facts = (await scene.facts({BEN: desk.asked}, NOON))[BEN]
    made = plan(desk, facts, NOON, lambda: UUID(int=9))
    assert (len(made.seen), made.unseen_upto) == (NEWS_READ - 1, None)


# A slow vendor


async def test_however_many_are_to_be_told_sending_is_over_before_the_lease_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sender: Any = Sender(None, cast("Any", None))
    passed_s, batches = [0.0], []

    async def slow(sends: Sequence[Any]) -> list[Answer]:
        batches.append(len(sends))
        passed_s[0] += PATIENCE_S
        return [Accepted() for _ in sends]

    monkeypatch.setattr(sender, "moment_s", lambda: passed_s[0])
    monkeypatch.setattr(sender, "_within_patience", slow)
    target = Target(device=DeviceId(UUID(int=1)), kind="token", value="a", platform="android")
    answers = await sender.send([target] * (BATCH_MAX * 5), NOON)
    assert batches == [BATCH_MAX, BATCH_MAX]
    assert answers == [*([Accepted()] * BATCH_MAX * 2), *([TryLater()] * BATCH_MAX * 3)]
    assert passed_s[0] <= SEND_S_MAX < LEASE.total_seconds() - 10


# Where nobody is told anything


def test_whoever_wants_nothing_shown_is_not_reached_by_a_browser_alone() -> None:
    def reachable(privacy: str, *, unseen: bool) -> bool:
        return facts_of(
            replace(known(of("settings", push_privacy=privacy)), reachable_unseen=unseen), ()
        ).person.reachable

    assert [reachable(privacy, unseen=False) for privacy in ("discreet", "hidden")] == [True, False]
    assert reachable("hidden", unseen=True)


def test_a_notice_that_falls_into_quiet_hours_may_come_after_them_in_ones_own_space() -> None:
    quiet = daily("11:00", "13:00")
    clock = Clock(zone="UTC", quiet=quiet, boundaries=(space(until=NOON + 30 * HOUR),))
    notice = Prompt(kind="account_notice", due=NOON, expires=NOON + 24 * HOUR, about=record(5))
    verdict = decide(person(clock=clock), notice, NOON)
    assert isinstance(verdict, Wait)
    assert verdict.reason is Reason.QUIET
    assert NOON + HOUR <= verdict.until <= NOON + 2 * HOUR
    assert isinstance(decide(person(clock=clock), notice, verdict.until), Send)
    letter = decide(person(clock=clock), arrival(), NOON)
    assert isinstance(letter, Drop), "of all else nothing comes in it"


# What no test had noticed


class Awaiting(MemoryStore):
    """Somebody is about to be told of what has arrived in every space."""

    def __init__(self, *records: Record) -> None:
        super().__init__(OWN_SPACE.store_epoch)
        filled(self, *records, lives=(Life(BEFORE, 2),))
        self.noted: list[Mapping[SpaceId, int]] = []

    async def changed_since(self, *given: Any, **named: Any) -> Page:
        return replace(await super().changed_since(*given, **named), awaited=frozenset(self.spaces))

    async def note_fetched(self, caller: Caller, has: Mapping[SpaceId, int], kind: str | None) -> None:
        assert (caller, kind) == (PHONE, None)
        self.noted.append(has)


async def test_a_place_in_a_life_that_was_lost_says_of_nothing_that_it_was_fetched() -> None:
    store = Awaiting(step(1), step(4))
    told = await page(store, {OWN: Place(PRESENT, 3), TOGETHER: Place(BEFORE, 3)})
    assert [reset.space for reset in told.resets] == [TOGETHER]
    assert store.noted == [{OWN: 3}]


async def test_a_hold_that_is_over_is_forgotten_so_that_the_next_one_is_short_again() -> None:
    town = Town(reached(ANA, "iphone", "ios"))
    courier = Courier(town, town)

    async def sends_at(seconds: int, answer: Answer) -> bool:
        before = len(town.sent)
        town.answers = {"iphone": answer}
        await courier.send([errand(ANA)], NOW + timedelta(seconds=seconds))
        return len(town.sent) > before and bool(town.sent[-1])

    assert await sends_at(0, Hold("ios"))
    assert not await sends_at(59, Accepted())
    assert await sends_at(91, Accepted())
    assert await sends_at(100, Hold("ios"))
    assert not await sends_at(159, Accepted())
    assert await sends_at(191, Accepted()), "twice as long only where it goes on"


def a_scene(**desk: Any) -> Scene:
    scene = Scene(MemoryGround())
    cast("NotedStore", scene.store).put_desk(Desk(person=BEN, version=1, **desk), ())
    return scene


async def test_no_text_of_the_last_month_is_told_again_however_many_there_were() -> None:
    ledger = tuple(
        Entry(prompt=uuid4(), sent=sent("letter_arrived", NOON - nth * DAY), records=(), text=f"letter_arrived.{nth}")
        for nth in range(29, 9, -1)
    )
    scene = a_scene(ledger=ledger)
    scene.arrives()
    await scene.at(NOON)
    [planned] = (await scene.desk()).planned
    assert await scene.at(planned.prompt.due) == 1
    assert (await scene.desk()).ledger[-1].text == "letter_arrived.20", "all of them were named to whoever chooses"


@pytest.mark.parametrize(("minutes", "again"), [(14, 1), (15, 0), (40, 0)])
async def test_one_of_ones_own_is_tried_again_within_a_quarter_of_an_hour_or_never(minutes: int, again: int) -> None:
    scene = Scene(MemoryGround())
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    [planned] = (await scene.desk()).planned
    due = planned.prompt.due
    scene.answers = [Delivery(outcome="later", at=due + minutes * MINUTE)]
    assert await scene.at(due) == 1
    assert len((await scene.desk()).planned) == again
    assert sum([await scene.at(due + later * MINUTE) for later in range(1, 120)]) == again


async def test_what_was_told_meanwhile_by_another_prompt_is_not_told_once_more() -> None:
    planned = Planned(id=uuid4(), person=BEN, slot="arrival:1", prompt=arrival(arrived(1)))
    scene = a_scene(planned=(planned,), told=frozenset({("letter_arrived", record(1))}))
    scene.arrived[("letter_arrived", record(1))] = Standing()
    assert await scene.at(NOON) == 0
    assert await scene.ends() == [("dropped", Reason.NOTHING_LEFT)]
