"""What a review of prompts found, as far as it is a matter of values."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId
from domain.news import News
from domain.records import Record
from notifications.answers import Accepted, Answer, TryLater
from notifications.facts import facts_of
from notifications.fcm import BATCH_MAX, PATIENCE_S, SEND_S_MAX, Sender
from notifications.messages import Target
from notifications.planning import plan
from notifications.ports import EARLIEST_READ, NEWEST_READ, NEWS_READ
from notifications.service import LEASE
from tests.desks import MemoryGround
from tests.prompting import BEN, NOON, record
from tests.rules.test_facts import known, of
from tests.rules.test_prompting import Scene

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


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
