"""Worker processes that are killed at a chosen point, whose clocks differ, whose couples part (P9, P12)."""

import asyncio
from datetime import timedelta

import pytest

from domain.prompt_kinds import PROMPT_KINDS
from notifications.fcm import PATIENCE_S
from tests.workers.fcm import Treats
from tests.workers.oracle import Seen, check
from tests.workers.said import Point
from tests.workers.street import DUE, Home, Street

LEASE_HOLDS, LEASE_IS_OVER = timedelta(seconds=30), timedelta(seconds=90)
HASTE_S = 0.3
"""Of a worker that is to give up waiting for FCM, which holds all that it sends."""
HOLDS: tuple[Treats, ...] = ("holds, taken", "holds, not taken")


def taken(found: Seen, home: Home) -> tuple[int, int]:
    """How many messages a device has brought today about a person's own step, and about a letter, as FCM has it."""
    today = max(each["day"] for each in found.ledger)
    lines = [each for each in found.ledger if each["day"] == today and each["person_id"] in (home.ana.id, home.ben.id)]
    counts = {True: 0, False: 0}
    for each in lines:
        by_target = found.taken().get(each["prompt_id"], {})
        counts[PROMPT_KINDS[each["kinds"][0]].is_own] += max(map(len, by_target.values()), default=0)
    return counts[True], counts[False]


async def the_others_do_the_rest(street: Street) -> None:
    """Two more look at once, while the lease of the one that was killed holds, and when it is over."""
    others = [each for each in street.crew.workers if not each.is_killed]
    for after in (LEASE_HOLDS, LEASE_IS_OVER):
        await asyncio.gather(*[each.round(street.clock() + after) for each in others])
    await street.comes_to_rest()


@pytest.mark.parametrize(
    ("point", "own", "letter"),
    [("claimed", 1, 1), ("deciding", 1, 1), ("calling", 0, 1), ("called", 1, 2), ("settled", 1, 1)],
)
async def test_p12_a_worker_is_killed(street: Street, point: Point, own: int, letter: int) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    worker = street.crew.workers[0]
    await worker.begin(now, stop=point)
    assert await worker.stops()
    await worker.die()
    await the_others_do_the_rest(street)
    assert taken(await check(street), home) == (own, letter)


@pytest.mark.parametrize(
    ("treats", "own", "letter"),
    [("holds, not taken", 0, 1), ("holds, taken", 1, 2)],
)
async def test_p12_a_worker_is_killed_while_fcm_has_its_message(
    street: Street, treats: Treats, own: int, letter: int
) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    before = len(street.gate.requests)
    street.gate.treats = lambda _: treats
    worker = street.crew.workers[0]
    await worker.begin(now)
    await street.gate.got(before + 3)
    await worker.die()
    street.gate.treats = lambda _: "well"
    await the_others_do_the_rest(street)
    assert taken(await check(street), home) == (own, letter)


@pytest.mark.parametrize(
    ("treats", "own", "letter"),
    [("holds, taken", 1, 2), ("holds, not taken", 0, 1), ("cut, taken", 1, 2), ("slow down", 1, 1)],
)
async def test_p12_fcm_says_nothing_or_turns_away(street: Street, treats: Treats, own: int, letter: int) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    street.gate.treats = lambda _: treats
    await street.crew.workers[0].round(now, patience_s=HASTE_S if treats in HOLDS else PATIENCE_S)
    street.gate.treats = lambda _: "well"
    await the_others_do_the_rest(street)
    assert taken(await check(street), home) == (own, letter)


async def test_a_worker_is_killed_while_it_plans(street: Street) -> None:
    home = street.homes[0]
    nine = await street.another_day()
    await street.leave_letter(home)
    await street.set_step(home, nine + timedelta(minutes=9))
    worker = (await street.crew.three())[0]
    await worker.begin(nine + timedelta(minutes=1), stop="planning")
    assert await worker.stops()
    await worker.die()
    await street.comes_to_rest()
    assert taken(await check(street), home) == (1, 1)


async def test_whoever_has_taken_a_claim_over_is_the_only_one_to_begin(street: Street) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    one, other, _ = street.crew.workers
    await one.begin(now, stop="deciding")
    assert await one.stops()
    await other.begin(now + LEASE_IS_OVER, stop="claimed")
    assert await other.stops()
    await one.goes_on()
    await other.goes_on()
    street.clock.to(now + LEASE_IS_OVER)
    await street.comes_to_rest()
    assert taken(await check(street), home) == (1, 1)


async def test_three_at_once_send_everything_once(street: Street) -> None:
    now = await street.something_is_due(*street.homes)
    # Each holds two of the twelve before any goes on.
    for worker in street.crew.workers:
        await worker.begin(now, stop="claimed")
    for worker in street.crew.workers:
        assert await worker.stops()
    await asyncio.gather(*[each.goes_on() for each in street.crew.workers])
    calls = street.crew.calls[-6:]
    assert len({each.token.partition(".")[0] for each in calls}) == 3, "all three have sent something"
    await street.comes_to_rest()
    found = await check(street)
    assert [taken(found, home) for home in street.homes] == [(1, 1)] * len(street.homes)


async def test_p2_two_that_hold_two_prompts_of_one_person_send_one_of_them(street: Street) -> None:
    home = street.homes[0]
    nine = await street.another_day()
    await street.answer_letter(home)
    await street.set_step(home, nine + timedelta(minutes=9))
    one, other, _ = await street.crew.three()
    await one.round(nine + timedelta(minutes=1))
    for worker in (one, other):
        # A claim takes at most one prompt of a person, and another claim may take the other one.
        await worker.begin(nine + DUE, stop="deciding")
        assert await worker.stops()
    await asyncio.gather(one.goes_on(), other.goes_on())
    street.clock.to(nine + DUE)
    await street.comes_to_rest()
    found = await check(street)
    # The letter waits for three hours where the step came first; the step's minute is over where the letter did.
    assert sum(taken(found, home)) in (1, 2)


# They part


async def test_p9_what_was_being_planned_when_they_parted_is_not_planned(street: Street) -> None:
    [home] = await street.found(1)
    nine = await street.another_day()
    await street.leave_letter(home)
    await street.set_step(home, nine + timedelta(minutes=9))
    worker = (await street.crew.three())[0]
    await worker.begin(nine + timedelta(minutes=1), stop="planning")
    assert await worker.stops()
    await street.part(home)
    await worker.goes_on()
    await street.comes_to_rest()
    found = await check(street)
    assert [each["kind"] for each in found.plans if str(each["couple_id"]) == home.couple] == []


@pytest.mark.parametrize("point", ["claimed", "deciding"])
async def test_p9_nothing_comes_of_what_was_claimed_before_they_parted(street: Street, point: Point) -> None:
    [home] = await street.found(1)
    now = await street.something_is_due(home)
    worker = street.crew.workers[0]
    await worker.begin(now, stop=point)
    assert await worker.stops()
    await street.part(home)
    await worker.goes_on()
    await street.comes_to_rest()
    await check(street)


@pytest.mark.parametrize("treats", HOLDS)
async def test_p9_what_was_under_way_when_they_parted_does_not_come_again(street: Street, treats: Treats) -> None:
    [home] = await street.found(1)
    now = await street.something_is_due(home)
    before = len(street.gate.requests)
    street.gate.treats = lambda _: treats
    worker = street.crew.workers[0]
    await worker.begin(now)
    await street.gate.got(before + 3)
    await street.part(home)
    await worker.die()
    await the_others_do_the_rest(street)
    await check(street)


async def test_p9_what_fcm_turns_away_after_they_parted_is_not_tried_again(street: Street) -> None:
    [home] = await street.found(1)
    now = await street.something_is_due(home)
    worker = street.crew.workers[0]
    await worker.begin(now, stop="calling")
    assert await worker.stops()
    await street.part(home)
    street.gate.treats = lambda _: "slow down"
    await worker.goes_on()
    # These were in the ledger and on the way: FCM has taken none, and that was all.
    home.parted_after = len(street.gate.requests)
    await the_others_do_the_rest(street)
    assert taken(await check(street), home) == (0, 0)


# Their clocks differ


async def test_a_worker_whose_clock_is_hours_ahead_dies_with_a_claim(street: Street) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    worker = street.crew.workers[0]
    await worker.begin(now + timedelta(hours=5), stop="claimed")
    assert await worker.stops()
    await worker.die()
    await the_others_do_the_rest(street)
    assert taken(await check(street), home) == (0, 1), "the step's minute is over by then"


@pytest.mark.parametrize("point", ["calling", "called"])
async def test_a_worker_whose_clock_is_hours_ahead_takes_over_what_is_on_its_way(street: Street, point: Point) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    one, other, _ = street.crew.workers
    await one.begin(now, stop=point)
    assert await one.stops()
    await other.round(now + timedelta(hours=5))
    await one.goes_on()
    await street.comes_to_rest()
    assert taken(await check(street), home) == (1, 2)


async def test_what_a_clock_that_is_hours_behind_has_claimed_is_taken_over_and_not_sent_twice(street: Street) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    one, other, _ = street.crew.workers
    await one.begin(now, stop="claimed")
    assert await one.stops()
    await other.round(now + timedelta(hours=3))
    await one.goes_on()
    street.clock.to(now + timedelta(hours=3))
    await street.comes_to_rest()
    assert taken(await check(street), home) == (0, 1), "by the clock of the other one the step's minute was over"


async def test_a_clock_that_jumps_back_brings_nothing_again(street: Street) -> None:
    home = street.homes[0]
    now = await street.something_is_due(home)
    worker = street.crew.workers[0]
    for hours in (0, -3, 0, -1, 1):
        await worker.round(now + timedelta(hours=hours))
    await street.comes_to_rest()
    assert taken(await check(street), home) == (1, 1)
