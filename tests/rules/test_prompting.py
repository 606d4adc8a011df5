"""Planning and sending: what changes in between wins, and what a crash may do.

Here with the store in memory; `tests/contracts/test_prompting_on_postgres.py` plays the same scenes on PostgreSQL.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId
from domain.news import News
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import Person, Step
from domain.quiet import Boundary, Clock
from notifications.ports import Delivery, Desk, End, Errand, Facts, Standing, Told
from notifications.service import LEASE, Desks, plan_round, send_round
from tests.desks import Ended, Ground, MemoryGround
from tests.prompting import ANA, BEN, NOON, THE_TWO, couple, daily, pause, person, record, space

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
OFF = dict.fromkeys(PROMPT_KINDS, 0)
ARRIVALS = OFF | {name: 1 for name, kind in PROMPT_KINDS.items() if kind.is_arrival}
STEP = Step(record=record(80), on=NOON.date(), at=time(13, 0), open=True)


class KilledError(Exception):
    """The worker is gone."""


class Scene:
    """Ben, a store, and a vendor that does what it is told."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.store = ground, ground.store
        self.unread: list[News] = []
        self.ben: Person | None = person(wanted=ARRIVALS, invite_at=time(12, 30))
        self.acted: dict[str, datetime] = {}
        self.arrived: dict[Told, Standing] = {}
        self.answers: list[Delivery] = []
        self.out: list[tuple[datetime, UUID]] = []
        self.kill_after_sending = False
        self.now = NOON
        self.desks = Desks(store=self.store, people=self, courier=self, words=_words, new_id=uuid4)

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        assert now == self.now
        if self.ben is None:
            return {}
        told = {each for those in asked.values() for each in those}
        arrived = {key: each for key, each in self.arrived.items() if key in told}
        return {BEN: Facts(person=self.ben, acted=self.acted, arrived=arrived)}

    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        self.out += [(now, each.prompt) for each in errands]
        if self.kill_after_sending:
            raise KilledError
        return [self.answers.pop(0) if self.answers else Delivery(outcome="accepted") for _ in errands]

    def arrives(self, number: int = 1, kind: str = "letter_arrived", *, of: CoupleId = THE_TWO) -> None:
        key = (kind, record(number))
        self.arrived[key] = Standing()
        self.unread.append(News(id=uuid4(), person=BEN, couple=of, kind=kind, record=record(number), at=self.now))

    def changes(self, **differs: Any) -> None:
        """Something of Ben's own changes, and plans are looked at again."""
        assert self.ben is not None
        self.ben = replace(self.ben, **differs)
        self.unread.append(News(id=uuid4(), person=BEN, couple=None, kind=None, record=record(0), at=self.now))

    async def tell(self) -> None:
        """Let what has arrived become news."""
        news, self.unread = self.unread, []
        await self.ground.put_news(*news)

    async def fetches(self, of: RecordId) -> None:
        await self.tell()
        await self.ground.fetch(BEN, of)

    async def parts(self) -> None:
        await self.tell()
        await self.ground.cancel_couple(THE_TWO, ANA, BEN)

    async def at(self, now: datetime, *, worker: int = 1) -> int:
        """Let a worker do a round; return how many prompts have gone out by it."""
        self.now = now
        before = len(self.out)
        await self.tell()
        await plan_round(self.desks, now)
        await send_round(self.desks, now, UUID(int=worker))
        return len(self.out) - before

    async def desk(self) -> Desk:
        return (await self.store.desks([BEN], self.now))[BEN]

    async def ends(self) -> Sequence[Ended]:
        """What has become of everything that was planned and is over."""
        return await self.ground.ends(BEN)


def _words(kind: str, locale: str, of: PersonId, day: date, lately: Collection[str]) -> str:
    return f"{kind}.{len(lately):02}"


@pytest.fixture
def scene() -> Scene:
    return Scene(MemoryGround())


async def settled(scene: Scene) -> datetime:
    """Let a letter arrive and be planned; return when it is due."""
    scene.arrives()
    assert await scene.at(NOON) == 0
    [planned] = (await scene.desk()).planned
    return planned.prompt.due


async def test_a_letter_is_told_of_once_it_has_settled_and_stands_in_the_ledger(scene: Scene) -> None:
    due = await settled(scene)
    assert await scene.at(due - MINUTE) == 0
    assert await scene.at(due) == 1
    [entry] = (await scene.desk()).ledger
    assert (entry.sent.kinds, entry.sent.at, entry.records) == (("letter_arrived",), due, (record(1),))
    assert entry.text == "letter_arrived.00"
    assert await scene.ends() == [("sent", None)]
    assert await scene.at(due + DAY) == 0


async def test_f17_fifty_letters_within_minutes_are_one_prompt(scene: Scene) -> None:
    for number in range(50):
        scene.arrives(number)
    await scene.at(NOON)
    went = [await scene.at(NOON + nth * 5 * MINUTE) for nth in range(1, 300)]
    assert sum(went) == 1
    [entry] = (await scene.desk()).ledger
    assert len(entry.records) == 50


async def test_a_record_prompts_once_however_often_it_is_news(scene: Scene) -> None:
    due = await settled(scene)
    await scene.at(due)
    scene.now = due + 4 * HOUR
    scene.arrives()
    for nth in range(5):
        assert await scene.at(due + 4 * HOUR + nth * 5 * MINUTE) == 0
    scene.arrives(2)
    assert sum([await scene.at(due + 5 * HOUR + nth * 5 * MINUTE) for nth in range(5)]) == 1


async def test_an_invitation_comes_at_its_minute_and_is_made_up_for_by_nothing(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"reflection_invite": 1})
    await scene.at(NOON)
    first = (await scene.desk()).next_at
    assert first is not None
    assert timedelta(0) <= first - (NOON + 30 * MINUTE) <= 2 * MINUTE
    assert await scene.at(first + 16 * MINUTE) == 0, "nobody was there at its minute"
    second = (await scene.desk()).next_at
    assert second is not None
    assert second.date() == NOON.date() + DAY
    assert await scene.at(second) == 1
    third = (await scene.desk()).next_at
    assert third is not None
    assert await scene.at(third) == 0
    assert (await scene.desk()).paces["reflection_invite"].days == (second.date(),)


CHANGES: dict[str, tuple[dict[str, Any], Reason]] = {
    "the kind is off": ({"wanted": OFF}, Reason.NOTHING_LEFT),
    "consent is withdrawn": ({"consents": False}, Reason.NO_CONSENT),
    "no device is left": ({"reachable": False}, Reason.NO_DEVICE),
    "no prompts are wanted": ({"day_cap": 0}, Reason.DAY_CAP),
    "none a week": ({"week_cap": 0}, Reason.WEEK_CAP),
    "all day is quiet": ({"clock": Clock(zone="UTC", quiet=daily("00:00", "00:00"))}, Reason.QUIET),
    "space is taken": ({"clock": Clock(zone="UTC", boundaries=(space(),))}, Reason.OWN_SPACE),
    "a boundary": (
        {
            "clock": Clock(
                zone="UTC",
                boundaries=(Boundary(record=record(9), is_space=False, begins=None, until=None, most_a_day=0),),
            )
        },
        Reason.DAY_CAP,
    ),
    "a pause of a day": ({"couple": couple(pauses=(pause(NOON, 24 * 60),))}, Reason.PAUSE),
    "they have parted": ({"couple": None, "parted_at": NOON}, Reason.PARTED),
    "they are another couple": ({"couple": couple(id=CoupleId(UUID(int=99)))}, Reason.OTHER_COUPLE),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_p18_what_changes_between_planning_and_sending_wins(scene: Scene, what: str) -> None:
    differs, reason = CHANGES[what]
    due = await settled(scene)
    assert scene.ben is not None
    scene.ben = replace(scene.ben, **differs)
    assert sum([await scene.at(due + nth * 30 * MINUTE) for nth in range(60)]) == 0
    assert await scene.ends() == [("dropped", reason)]
    assert not (await scene.desk()).ledger


@pytest.mark.parametrize(
    "differs",
    [{"stands": False}, {"hushed_until": NOON + 72 * HOUR}],
    ids=lambda each: next(iter(each)),
)
async def test_p18_what_has_become_of_the_letter_wins(scene: Scene, differs: dict[str, Any]) -> None:
    due = await settled(scene)
    key = ("letter_arrived", record(1))
    scene.arrived[key] = replace(scene.arrived[key], **differs)
    assert await scene.at(due) == 0
    assert await scene.ends() == [("dropped", Reason.NOTHING_LEFT)]


async def test_p18_a_letter_that_one_of_their_phones_has_is_not_told_of(scene: Scene) -> None:
    due = await settled(scene)
    await scene.fetches(record(2))
    assert (await scene.desk()).planned[0].fetched == (), "it is of no letter that waits"
    await scene.fetches(record(1))
    await scene.fetches(record(1))
    assert (await scene.desk()).planned[0].fetched == (record(1),)
    assert await scene.at(due) == 0
    assert await scene.ends() == [("dropped", Reason.NOTHING_LEFT)]


async def test_a_second_letter_is_told_of_though_the_first_was_fetched(scene: Scene) -> None:
    due = await settled(scene)
    await scene.fetches(record(1))
    scene.arrives(2)
    assert await scene.at(due) == 1
    [entry] = (await scene.desk()).ledger
    assert entry.records == (record(2),)


@pytest.mark.parametrize("kind", ["new_device", "account_notice"])
async def test_a_notice_about_the_account_comes_within_two_minutes_and_once(scene: Scene, kind: str) -> None:
    assert scene.ben is not None
    scene.ben = replace(scene.ben, couple=None, parted_at=NOON, wanted=OFF)
    scene.unread.append(News(id=uuid4(), person=BEN, couple=None, kind=kind, record=record(9), at=NOON))
    assert sum([await scene.at(NOON + nth * 10 * timedelta(seconds=1)) for nth in range(13)]) == 1
    [entry] = (await scene.desk()).ledger
    assert entry.sent.kinds == (kind,)
    scene.unread.append(News(id=uuid4(), person=BEN, couple=None, kind=kind, record=record(9), at=scene.now))
    assert sum([await scene.at(NOON + nth * MINUTE) for nth in range(3, 20)]) == 0, "of one notice it is told once"


async def test_a_notice_waits_for_the_end_of_quiet_hours_but_that_of_a_new_device(scene: Scene) -> None:
    assert scene.ben is not None
    scene.ben = replace(scene.ben, clock=replace(scene.ben.clock, quiet=daily("11:00", "14:00")))
    for number, kind in enumerate(("new_device", "account_notice"), 9):
        scene.unread.append(News(id=uuid4(), person=BEN, couple=None, kind=kind, record=record(number), at=NOON))
    assert sum([await scene.at(NOON + nth * MINUTE) for nth in range(120)]) == 1
    assert sum([await scene.at(NOON + nth * MINUTE) for nth in range(120, 180)]) == 1
    assert [entry.sent.kinds for entry in (await scene.desk()).ledger] == [("new_device",), ("account_notice",)]


async def test_a_notice_that_is_planned_stays_when_plans_are_looked_at_again(scene: Scene) -> None:
    scene.unread.append(News(id=uuid4(), person=BEN, couple=None, kind="new_device", record=record(9), at=NOON))
    await scene.at(NOON)
    scene.changes(day_cap=1)
    assert sum([await scene.at(NOON + nth * 10 * timedelta(seconds=1)) for nth in range(13)]) == 1


async def test_p18_a_letter_that_is_gone_is_not_told_of(scene: Scene) -> None:
    due = await settled(scene)
    scene.arrived.clear()
    assert await scene.at(due) == 0
    assert await scene.ends() == [("dropped", Reason.NOTHING_LEFT)]


async def test_p18_a_step_that_was_done_is_not_told_of_though_nobody_planned_anew(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    [planned] = (await scene.desk()).planned
    assert scene.ben is not None
    scene.ben = replace(scene.ben, steps=(replace(STEP, open=False),))
    assert await scene.at(planned.prompt.due) == 0
    assert await scene.ends() == [("dropped", Reason.STEP_DONE)]


async def test_a_step_whose_day_is_changed_is_planned_anew_and_comes_then(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    [first] = (await scene.desk()).planned
    scene.changes(steps=(replace(STEP, on=STEP.on + DAY),))
    assert await scene.at(NOON + MINUTE) == 0
    assert await scene.at(first.prompt.due) == 0
    assert await scene.ends() == [("cancelled", None)]
    assert await scene.at(first.prompt.due + DAY + 3 * MINUTE) == 1


async def test_a_zone_change_moves_what_lies_ahead(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    scene.changes(clock=Clock(zone="America/New_York"))
    assert await scene.at(NOON + HOUR + 3 * MINUTE) == 0
    assert await scene.at(NOON + 5 * HOUR + 3 * MINUTE) == 1


async def test_whoever_has_no_account_any_more_is_told_nothing(scene: Scene) -> None:
    due = await settled(scene)
    scene.ben = None
    assert await scene.at(due) == 0
    assert [state for state, _ in await scene.ends()] == ["dropped"]
    scene.arrives(2)
    await scene.at(due + HOUR)
    assert not (await scene.desk()).news


async def test_parting_cancels_what_the_couple_caused(scene: Scene) -> None:
    due = await settled(scene)
    scene.arrives(2)
    await scene.parts()
    assert await scene.at(due) == 0
    assert (await scene.desk()).planned == ()
    assert await scene.ends() == [("dropped", Reason.PARTED)]


async def test_what_waits_is_decided_again_then(scene: Scene) -> None:
    assert scene.ben is not None
    scene.ben = replace(scene.ben, clock=Clock(zone="UTC", quiet=daily("11:00", "13:00")))
    due = await settled(scene)
    assert await scene.at(due) == 0
    [planned] = (await scene.desk()).planned
    later = planned.prompt.due
    assert NOON + 65 * MINUTE <= later <= NOON + 105 * MINUTE
    assert await scene.at(later - MINUTE) == 0
    assert await scene.at(later) == 1


# Crashes, leases, and a vendor that fails


async def test_p12_an_arrival_that_was_sent_in_a_crash_may_come_twice_and_no_more(scene: Scene) -> None:
    due = await settled(scene)
    scene.kill_after_sending = True
    with pytest.raises(KilledError):
        await scene.at(due)
    scene.kill_after_sending = False
    assert await scene.at(due + LEASE - MINUTE / 60, worker=2) == 0, "somebody holds it"
    assert await scene.at(due + LEASE, worker=2) == 1
    assert await scene.at(due + 2 * LEASE, worker=3) == 0
    assert len((await scene.desk()).ledger) == 1, "and counts once"


async def test_p12_one_of_their_own_is_lost_in_a_crash_rather_than_repeated(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    scene.kill_after_sending = True
    with pytest.raises(KilledError):
        await scene.at(NOON + HOUR + 3 * MINUTE)
    scene.kill_after_sending = False
    assert await scene.at(NOON + HOUR + 3 * MINUTE + LEASE, worker=2) == 0
    assert await scene.at(NOON + 2 * HOUR, worker=2) == 0
    assert len(scene.out) == 1


async def test_f32_a_worker_that_was_frozen_settles_nothing_that_another_holds(scene: Scene) -> None:
    due = await settled(scene)
    [mine] = await scene.store.claim(due, UUID(int=1), due + LEASE, 9)
    [theirs] = await scene.store.claim(due + LEASE, UUID(int=2), due + 2 * LEASE, 9)
    assert mine == theirs
    assert not await scene.store.settle(mine, UUID(int=1), End(state="sent"))
    assert await scene.store.settle(mine, UUID(int=2), End(state="sent"))


async def test_what_was_not_accepted_is_tried_again_and_counts_once(scene: Scene) -> None:
    due = await settled(scene)
    again = due + 10 * MINUTE
    scene.answers = [Delivery(outcome="later", at=again), Delivery(outcome="unknown", at=again + HOUR)]
    assert await scene.at(due) == 1
    assert await scene.at(again - MINUTE) == 0
    assert await scene.at(again) == 1
    assert await scene.at(again + HOUR) == 1, "an arrival may be repeated where nobody knows"
    assert await scene.at(again + 2 * HOUR) == 0
    assert len((await scene.desk()).ledger) == 1
    assert len({prompt for _, prompt in scene.out}) == 1


async def test_quiet_hours_that_begin_before_the_next_try_are_kept(scene: Scene) -> None:
    due = await settled(scene)
    again = due + 10 * MINUTE
    scene.answers = [Delivery(outcome="later", at=again)]
    await scene.at(due)
    assert scene.ben is not None
    scene.ben = replace(scene.ben, clock=Clock(zone="UTC", quiet=daily("12:00", "14:00")))
    assert await scene.at(again) == 0
    assert sum([await scene.at(again + nth * 15 * MINUTE) for nth in range(20)]) == 1


async def test_one_of_their_own_is_tried_again_only_where_it_was_not_accepted_and_within_its_quarter(
    scene: Scene,
) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    [planned] = (await scene.desk()).planned
    due = planned.prompt.due
    scene.answers = [Delivery(outcome="later", at=due + 5 * MINUTE), Delivery(outcome="later", at=due + 16 * MINUTE)]
    assert await scene.at(due) == 1
    assert await scene.at(due + 5 * MINUTE) == 1
    assert sum([await scene.at(due + nth * MINUTE) for nth in range(6, 60)]) == 0


async def test_an_invitation_that_was_not_accepted_may_be_tried_again_within_its_own_rhythm(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"reflection_invite": 1})
    await scene.at(NOON)
    minute = (await scene.desk()).next_at
    assert minute is not None
    scene.answers = [Delivery(outcome="later", at=minute + MINUTE)]
    assert await scene.at(minute) == 1
    assert await scene.at(minute + MINUTE) == 1
    assert await scene.at(minute + 2 * MINUTE) == 0
    pace = (await scene.desk()).paces["reflection_invite"]
    assert (pace.days, pace.open) == ((minute.date(),), (minute,))


async def test_one_of_their_own_that_may_have_been_accepted_is_left_as_sent(scene: Scene) -> None:
    scene.changes(wanted=OFF | {"own_step": 1}, steps=(STEP,))
    await scene.at(NOON)
    [planned] = (await scene.desk()).planned
    scene.answers = [Delivery(outcome="unknown", at=planned.prompt.due + MINUTE)]
    assert await scene.at(planned.prompt.due) == 1
    assert await scene.at(planned.prompt.due + MINUTE) == 0


async def test_what_is_dead_is_not_tried_again(scene: Scene) -> None:
    due = await settled(scene)
    scene.answers = [Delivery(outcome="dead")]
    await scene.at(due)
    assert await scene.at(due + HOUR) == 0
    assert await scene.ends() == [("dead", None)]


async def test_nothing_is_tried_after_it_has_expired(scene: Scene) -> None:
    due = await settled(scene)
    scene.answers = [Delivery(outcome="later", at=NOON + 24 * HOUR)]
    await scene.at(due)
    assert await scene.ends() == [("sent", None)], "there is nothing left to try"


async def test_what_was_decided_on_a_desk_that_has_changed_is_decided_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = await settled(scene)
    kept = scene.store.desks

    async def and_then_it_changes(people: Collection[PersonId], now: datetime) -> Mapping[PersonId, Desk]:
        desks = await kept(people, now)
        await scene.ground.changes(BEN)
        return desks

    monkeypatch.setattr(scene.store, "desks", and_then_it_changes)
    assert await scene.at(due) == 0
    monkeypatch.setattr(scene.store, "desks", kept)
    assert await scene.at(due + LEASE) == 1


async def test_what_arrives_while_another_prompt_is_being_tried_again_gets_one_of_its_own(scene: Scene) -> None:
    due = await settled(scene)
    scene.answers = [Delivery(outcome="later", at=due + HOUR)]
    await scene.at(due)
    scene.arrives(2)
    await scene.at(due + MINUTE)
    went = [await scene.at(due + HOUR + nth * 10 * MINUTE) for nth in range(40)]
    assert sum(went) == 2
    assert [entry.records for entry in (await scene.desk()).ledger] == [(record(1),), (record(2),)]


async def test_of_two_that_are_due_at_once_one_waits_for_its_gap(scene: Scene) -> None:
    scene.changes(wanted=ARRIVALS | {"own_step": 1}, steps=(replace(STEP, at=time(12, 2)),))
    scene.arrives()
    await scene.at(NOON)
    went = {minutes: await scene.at(NOON + minutes * MINUTE) for minutes in range(1, 300)}
    assert sum(went.values()) == 2
    first, second = (minutes for minutes, count in went.items() if count)
    assert second - first >= 180
