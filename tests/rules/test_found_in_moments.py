"""When prompts come and what they count as told: what a review of prompts found, each by its scene."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import SPREAD_MAX_S, Arrived, Drop, Prompt, Sent, Step, Wait, decide
from domain.quiet import Clock
from notifications.arrivals import ARRIVED_MAX, gather
from notifications.ports import Delivery, Facts, Standing
from notifications.preview import preview
from notifications.rhythms import scheduled
from notifications.wording import load
from tests.desks import MemoryGround
from tests.prompting import BEN, NOON, THE_TWO, arrival, couple, daily, own, pause, person, record, space
from tests.rules.test_prompting import ARRIVALS, OFF, Scene

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def scene() -> Scene:
    found = Scene(MemoryGround())
    assert found.ben is not None
    found.ben = replace(found.ben, day_cap=3, week_cap=14)
    return found


async def went_out(scene: Scene, begins: datetime, minutes: int, *, step: int = 1) -> list[datetime]:
    """Let rounds pass; return when something went out."""
    out: list[datetime] = []
    for nth in range(0, minutes, step):
        sent = await scene.at(begins + nth * MINUTE)
        out += [scene.now] * sent
    return out


# What counts as told


async def test_a_cheer_is_told_though_its_goal_was_told_of_as_shown(scene: Scene) -> None:
    scene.arrives(7, "window_opened")
    assert len(await went_out(scene, NOON, 20)) == 1
    scene.now = NOON + 2 * DAY
    scene.arrives(7, "own_goal_cheer")
    assert len(await went_out(scene, scene.now, 60)) == 1


async def test_a_cheer_comes_again_when_its_week_is_over(scene: Scene) -> None:
    scene.arrives(7, "own_goal_cheer")
    assert len(await went_out(scene, NOON, 20)) == 1
    scene.now = NOON + 40 * DAY
    scene.arrives(7, "own_goal_cheer")
    assert len(await went_out(scene, scene.now, 60)) == 1


async def test_what_one_prompt_told_of_it_told_of_as_what_each_was(scene: Scene) -> None:
    scene.arrives(7, "window_opened")
    scene.arrives(8, "own_goal_cheer")
    assert len(await went_out(scene, NOON, 20)) == 1
    [line] = (await scene.desk()).ledger
    assert line.told == {("window_opened", record(7)), ("own_goal_cheer", record(8))}
    scene.now = NOON + 10 * DAY
    scene.arrives(8, "window_opened")
    assert len(await went_out(scene, scene.now, 60)) == 1


# Many at once


@pytest.mark.parametrize("muted", [False, True], ids=["taken back", "muted"])
async def test_fifty_that_are_not_told_do_not_hide_what_comes_after_them(scene: Scene, muted: bool) -> None:
    assert scene.ben is not None
    scene.ben = replace(scene.ben, wanted=ARRIVALS | {"proposal_arrived": 0 if muted else 1})
    for nth in range(ARRIVED_MAX):
        scene.arrives(nth, "proposal_arrived")
    await scene.at(NOON)
    for nth in range(0 if muted else ARRIVED_MAX):
        scene.arrived["proposal_arrived", record(nth)] = Standing(stands=False)
    scene.now = NOON + MINUTE
    scene.arrives(99)
    assert len(await went_out(scene, scene.now, 24 * 60, step=5)) == 1
    assert ("letter_arrived", record(99)) in (await scene.desk()).ledger[-1].told


async def test_what_came_late_in_a_long_space_is_told_when_the_fifty_before_it_are_old(scene: Scene) -> None:
    assert scene.ben is not None
    scene.ben = replace(scene.ben, clock=Clock(zone="UTC", boundaries=(space(until=NOON + 30 * HOUR),)))
    for nth in range(ARRIVED_MAX):
        scene.arrives(nth)
    await scene.at(NOON)
    scene.now = NOON + 20 * HOUR
    scene.arrives(99)
    assert len(await went_out(scene, scene.now, 24 * 60, step=5)) == 1


def test_of_many_the_first_half_and_the_newest_are_kept() -> None:
    prompt: Prompt | None = None
    for nth in range(ARRIVED_MAX + 3):
        each = Arrived(kind="letter_arrived", record=record(nth), at=NOON + nth * MINUTE)
        prompt = gather(prompt, str(BEN), THE_TWO, each)
    assert prompt is not None
    half = ARRIVED_MAX // 2
    expected = [record(nth) for nth in (*range(half), *range(half + 3, ARRIVED_MAX + 3))]
    assert [each.record for each in prompt.arrived] == expected
    assert prompt.expires == NOON + (ARRIVED_MAX + 2) * MINUTE + DAY


# Going out once more


async def test_what_goes_out_once_more_counts_from_then_on_for_the_gap(scene: Scene) -> None:
    assert scene.ben is not None
    step = Step(record=record(80), on=NOON.date(), at=time(15, 30), open=True)
    scene.ben = replace(scene.ben, wanted=ARRIVALS | {"own_step": 1}, steps=(step,))
    scene.arrives()
    await scene.at(NOON)
    [waits] = [each for each in (await scene.desk()).planned if each.prompt.arrived]
    scene.answers = [Delivery(outcome="later", at=waits.prompt.due + timedelta(hours=3, minutes=15))]
    out = await went_out(scene, NOON, 6 * 60)
    assert len(out) == 2, "not accepted, accepted; and no step within three hours of that"
    [line] = (await scene.desk()).ledger
    assert line.sent.at == out[1]


# Rhythms


async def test_what_was_foretold_comes_though_its_person_followed_it_meanwhile(scene: Scene) -> None:
    kind = "reflection_invite"
    pace = Pace(days=(NOON.date(),), stretch=4, ignored=2)
    assert scene.ben is not None
    scene.ben = replace(scene.ben, wanted=OFF | {kind: 1}, invite_at=time(12, 0))
    ground = scene.ground
    assert isinstance(ground, MemoryGround)
    ground.store.put_desk(replace(await scene.desk(), paces={kind: pace}, version=1), ())
    scene.changes()
    await scene.at(NOON + HOUR)
    scene.acted, scene.ben = {kind: NOON + 2 * DAY}, replace(scene.ben, used_at=NOON + 2 * DAY)
    begins = NOON + 9 * DAY
    foretold = await preview(await scene.desk(), Facts(person=scene.ben, acted=scene.acted), load().choose, begins)
    out = await went_out(scene, begins, 7 * 24 * 60, step=5)
    assert len(out) == len(foretold.coming) == 1


def test_one_invitation_comes_a_day_wherever_that_day_is_reckoned() -> None:
    first = datetime(2027, 5, 11, 23, 30, tzinfo=UTC)
    on_kiritimati = Sent(kinds=("reflection_invite",), day=date(2027, 5, 12), at=first)
    now = datetime(2027, 5, 12, 8, 0, tzinfo=UTC)
    someone = person(clock=Clock(zone="Pacific/Honolulu"), day_cap=3, week_cap=14, sent=(on_kiritimati,))
    assert someone.clock.day(now) == someone.clock.day(first) == date(2027, 5, 11)
    assert decide(someone, own("check_in_invite", due=now), now) == Drop(reason=Reason.ONE_INVITE_A_DAY)


def test_a_step_of_the_last_minute_of_a_day_comes_on_that_day() -> None:
    step = Step(record=record(80), on=NOON.date(), at=time(23, 59), open=True)
    due = [
        each.due
        for nth in range(200)
        for each in scheduled(person(seed=str(nth), steps=(step,)), NOON)
        if each.kind == "own_step"
    ]
    assert len(due) == 200
    assert {each.date() for each in due} == {NOON.date()}


# Waiting


def test_what_waits_for_an_end_that_the_partner_chose_does_not_come_at_that_second() -> None:
    ends = NOON + HOUR
    someone = person(couple=couple(pauses=(pause(NOON - HOUR, 120),)))
    untils = set()
    for nth in range(40):
        verdict = decide(replace(someone, seed=str(nth)), arrival(), NOON)
        assert isinstance(verdict, Wait)
        untils.add(verdict.until - ends)
    assert min(untils) >= timedelta(0)
    assert max(untils) <= timedelta(seconds=SPREAD_MAX_S)
    assert len(untils) > 30


def test_a_moment_follows_from_a_seed_and_without_one_from_the_person() -> None:
    assert person(seed="own").luck == "own"
    assert person().luck == str(BEN)


def test_when_something_settles_follows_from_the_seed() -> None:
    """Whoever knows all ids still cannot choose the id of a letter by the second at which its prompt comes."""
    arrived = Arrived(kind="letter_arrived", record=record(1), at=NOON)
    dues = {gather(None, str(seed), THE_TWO, arrived).due for seed in range(40)}
    assert len(dues) > 30


def test_a_notice_waits_for_the_end_of_quiet_hours_and_not_for_that_of_a_space() -> None:
    clock = Clock(zone="UTC", quiet=daily("11:00", "13:00"), boundaries=(space(until=NOON + 30 * HOUR),))
    notice = Prompt(kind="account_notice", due=NOON, expires=NOON + DAY, about=record(5))
    verdict = decide(person(clock=clock), notice, NOON)
    assert isinstance(verdict, Wait)
    assert NOON + HOUR <= verdict.until <= NOON + 2 * HOUR


# Pauses


def test_pauses_bring_one_return_a_day_however_many_there_are() -> None:
    back = Sent(kinds=("pause_return",), day=NOON.date(), at=NOON - HOUR)
    someone = person(couple=couple(pauses=(pause(NOON - HOUR, 60),)), sent=(back,))
    assert decide(someone, own("pause_return"), NOON) == Drop(reason=Reason.DAY_CAP)
    yesterday = replace(back, at=NOON - DAY)
    assert not isinstance(decide(replace(someone, sent=(yesterday,)), own("pause_return"), NOON), Drop)


def test_while_there_are_more_pauses_than_are_read_one_goes_on() -> None:
    someone = person(couple=couple(many_pauses=True))
    for prompt in (arrival(), own("reflection_invite")):
        assert decide(someone, prompt, NOON) == Drop(reason=Reason.PAUSE)
    assert PROMPT_KINDS["account_notice"].cause == "account"
    assert not isinstance(decide(someone, own("account_notice"), NOON), Drop)
