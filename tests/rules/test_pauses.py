"""Pauses: begun by either, always with a return, ended early by both together; longer wins over back."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Around, Derived
from domain.kinds import judged
from domain.pauses import PAUSE, Pause, Together, back_at, begin, current
from domain.records import Record
from domain.refusals import Refusal
from sync.wire import Outcome
from tests.pair import NOON, Pair, Somebody, change, in_memory
from tests.world import World

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
BOTH = frozenset({ANA, BEN})
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


# How the two stand ---------------------------------------------------------------------------------------------


def a_pause(number: int, at: timedelta, length: timedelta, author: PersonId = ANA, **rest: Any) -> Pause:
    started = NOON + at
    return Pause(id=RecordId(UUID(int=number)), author=author, started_at=started, return_at=started + length, **rest)


FIRST = a_pause(1, 0 * HOUR, HOUR)
OVERLAPPING = a_pause(2, HOUR / 2, HOUR, BEN)


def state(now: timedelta, *pauses: Pause) -> Any:
    found = current(pauses, BOTH, NOON + now)
    return None if found is None else found.state


def test_where_there_never_was_a_pause_there_is_none() -> None:
    assert current([], BOTH, NOON) is None


@pytest.mark.parametrize(
    ("now", "pause", "came"),
    [
        (0 * HOUR, FIRST, "active"),
        (HOUR - timedelta(seconds=1), FIRST, "active"),
        (HOUR, FIRST, "due"),
        (25 * HOUR - timedelta(seconds=1), FIRST, "due"),
        (25 * HOUR, FIRST, "set_aside"),
        (HOUR / 2, replace(FIRST, resumed_by=frozenset({ANA})), "active"),
        (HOUR / 2, replace(FIRST, resumed_by=BOTH), "resumed"),
        (99 * HOUR, replace(FIRST, resumed_by=BOTH), "resumed"),
        (HOUR / 2, replace(FIRST, set_aside=True), "set_aside"),
        (HOUR / 2, replace(FIRST, set_aside=True, resumed_by=BOTH), "set_aside"),
        (2 * HOUR, replace(FIRST, resumed_by=frozenset({BEN})), "due"),
    ],
)
def test_a_pause_is_active_then_due_then_set_aside_unless_both_came_back(
    now: timedelta, pause: Pause, came: str
) -> None:
    assert state(now, pause) == came


def test_pauses_that_overlap_are_one_with_the_latest_return_and_all_who_began_it() -> None:
    """F14: Both start a pause offline: one pause, latest return, at most 24 h."""
    for order in permutations((FIRST, OVERLAPPING)):
        assert current(order, BOTH, NOON) == Together(
            state="active",
            pauses=(FIRST.id, OVERLAPPING.id),
            started_by=BOTH,
            started_at=NOON,
            return_at=NOON + HOUR * 3 / 2,
        )


def test_a_pause_within_another_does_not_shorten_it() -> None:
    within = a_pause(2, 10 * MINUTE, 20 * MINUTE, BEN)
    found = current([within, FIRST], BOTH, NOON + 45 * MINUTE)
    assert found is not None
    assert (found.state, found.return_at) == ("active", NOON + HOUR)


def test_pauses_together_end_24_hours_after_the_first_began() -> None:
    long, late = a_pause(1, 0 * HOUR, 24 * HOUR), a_pause(2, 23 * HOUR, 24 * HOUR, BEN)
    found = current([late, long], BOTH, NOON + 23 * HOUR)
    assert found is not None
    assert (found.return_at, found.started_at) == (NOON + 24 * HOUR, NOON)
    assert state(24 * HOUR, late, long) == "due"


def test_a_chain_of_pauses_is_one_as_long_as_each_begins_before_the_return() -> None:
    chain = [a_pause(nth, nth * 50 * MINUTE, HOUR, BEN if nth % 2 else ANA) for nth in range(4)]
    found = current(chain[::-1], BOTH, NOON)
    assert found is not None
    assert found.pauses == tuple(each.id for each in chain)
    assert found.return_at == NOON + 150 * MINUTE + HOUR


def test_a_pause_that_begins_at_the_return_is_another_one() -> None:
    next_ = a_pause(2, HOUR, HOUR, BEN)
    found = current([FIRST, next_], BOTH, NOON + HOUR)
    assert found is not None
    assert (found.pauses, found.started_by, found.state) == ((next_.id,), {BEN}, "active")


def test_what_one_set_aside_or_both_came_back_from_holds_nobody() -> None:
    for ended in (replace(OVERLAPPING, set_aside=True), replace(OVERLAPPING, resumed_by=BOTH)):
        found = current([FIRST, ended], BOTH, NOON + HOUR * 5 / 4)
        assert found is not None
        assert (found.pauses, found.state, found.return_at) == ((FIRST.id,), "due", NOON + HOUR)


def test_of_pauses_that_are_all_over_the_newest_says_how_it_ended() -> None:
    over = [replace(FIRST, set_aside=True), replace(a_pause(2, 2 * HOUR, HOUR), resumed_by=BOTH)]
    assert state(9 * HOUR, *over) == "resumed"
    assert state(9 * HOUR, replace(over[1], resumed_by=frozenset(), set_aside=True), over[0]) == "set_aside"


def test_two_that_begin_at_the_same_instant_are_one_in_the_order_of_their_ids() -> None:
    found = current([a_pause(2, 0 * HOUR, HOUR, BEN), FIRST], BOTH, NOON)
    assert found is not None
    assert found.pauses == (UUID(int=1), UUID(int=2))


# When it begins ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made_at", "started_at"),
    [
        (None, "2026-11-23T12:00:00Z"),
        (NOON, "2026-11-23T12:00:00Z"),
        (NOON - 5 * MINUTE, "2026-11-23T11:55:00Z"),
        (NOON + 5 * MINUTE, "2026-11-23T12:00:00Z"),
        (NOON - 24 * HOUR, "2026-11-22T12:00:00Z"),
        (NOON - 25 * HOUR, "2026-11-22T12:00:00Z"),
        (datetime(2026, 11, 23, 11, 59, 59, 999_999, tzinfo=UTC), "2026-11-23T11:59:59Z"),
    ],
)
def test_a_pause_began_when_its_phone_says_but_neither_later_than_now_nor_over_a_day_ago(
    made_at: datetime | None, started_at: str
) -> None:
    assert begin(NOON, made_at) == {"started_at": started_at}


def test_when_a_pause_returns_is_not_known_before_it_is_known_when_it_began() -> None:
    around = Around(members=BOTH, today=NOON.date())
    fields = {name: field.shape.empty for name, field in PAUSE.fields.items()} | {"minutes": 30}
    space, identity = SpaceId(UUID(int=5)), RecordId(UUID(int=6))
    pause = Record(space=space, kind="pause", id=identity, version=3, created=3, author=ANA, fields=fields)
    assert back_at(pause, (), around) == Derived({"return_at": None})
    begun = pause.with_fields(fields | {"started_at": "2026-12-31T23:45:00Z"})
    assert back_at(begun, (), around) == Derived({"return_at": "2027-01-01T00:15:00Z"})


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def start(pair: Pair, minutes: int = 30, who: Somebody | None = None, **rest: Any) -> UUID:
    pause = uuid4()
    made = change("pause", pause, {"minutes": minutes}, couple=pair.couple, **rest)
    assert (await pair.one((who or pair.ana).phone, made)).status == "applied"
    return pause


async def edit(pair: Pair, who: Any, pause: UUID, base: int | None = None, **rest: Any) -> Outcome:
    at = (await pair.look(pair.ana, pause)).version if base is None else base
    return await pair.one(who, change("pause", pause, rest.pop("values", None), base=at, couple=pair.couple, **rest))


async def longer(pair: Pair, who: Any, pause: UUID, minutes: int, base: int | None = None, was: int = 30) -> Outcome:
    return await edit(pair, who, pause, base, values={"minutes": minutes}, was={"minutes": was})


async def back(pair: Pair, who: Any, pause: UUID, base: int | None = None, was: Any = ()) -> Outcome:
    there = (await pair.look(pair.ana, pause)).fields["resumed_by"] if base is None else list(was)
    values = {"resumed_by": sorted({*there, str(who.person)})}
    return await edit(pair, who, pause, base, values=values, was={"resumed_by": there})


async def fields(pair: Pair, pause: UUID) -> dict[str, Any]:
    return (await pair.look(pair.ana, pause)).fields


@pytest.mark.parametrize(
    ("age", "started_at", "return_at"),
    [
        (None, "2026-11-23T12:00:00Z", "2026-11-23T12:30:00Z"),
        (10 * MINUTE, "2026-11-23T11:50:00Z", "2026-11-23T12:20:00Z"),
        (3 * 24 * HOUR, "2026-11-22T12:00:00Z", "2026-11-22T12:30:00Z"),
    ],
)
async def test_a_pause_that_was_begun_offline_returns_as_it_was_meant(
    pair: Pair, age: timedelta | None, started_at: str, return_at: str
) -> None:
    age_ms = None if age is None else age // timedelta(milliseconds=1)
    pause = await start(pair, age_ms=age_ms)
    stored = await fields(pair, pause)
    assert (stored["started_at"], stored["return_at"]) == (started_at, return_at)


async def test_both_begin_one_offline_and_neither_needs_a_yes(pair: Pair) -> None:
    one, two = await start(pair), await start(pair, 60, who=pair.ben)
    for each in (pair.ana, pair.ben):
        assert {record.id for record in await pair.of_kind(each, "pause")} == {one, two}
        assert await pair.told(each) == []


# Longer, and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [20, 1440])
def test_a_pause_has_twenty_minutes_to_a_day(minutes: int) -> None:
    assert judged(PAUSE, {"minutes": minutes}) == {"minutes": minutes}


@pytest.mark.parametrize("minutes", [19, 1441, 30.0, None, "30"])
def test_a_pause_is_neither_shorter_nor_longer(minutes: Any) -> None:
    assert judged(PAUSE, {"minutes": minutes}) is Refusal.INVALID


async def test_either_makes_a_pause_longer_and_its_beginning_stays(pair: Pair) -> None:
    pause = await start(pair)
    pair.now += 10 * MINUTE
    assert (await longer(pair, pair.ben.phone, pause, 90)).status == "applied"
    stored = await fields(pair, pause)
    assert (stored["started_at"], stored["return_at"]) == ("2026-11-23T12:00:00Z", "2026-11-23T13:30:00Z")
    assert (await longer(pair, pair.ana.phone, pause, 1440, was=90)).status == "applied"
    assert (await fields(pair, pause))["return_at"] == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize("who", ["ana", "ben"])
async def test_nobody_alone_makes_a_pause_shorter(pair: Pair, who: str) -> None:
    pause = await start(pair, 60)
    phone = getattr(pair, who).phone
    assert (await longer(pair, phone, pause, 30, was=60)).code == Refusal.NEEDS_THEIR_YES
    untold = await edit(pair, phone, pause, values={"minutes": 30})
    assert untold.code == Refusal.NEEDS_THEIR_YES
    assert (await fields(pair, pause))["minutes"] == 60


async def test_a_stale_phone_that_made_it_longer_than_it_knew_shortens_nothing(pair: Pair) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    await longer(pair, pair.ben.phone, pause, 120)
    outcome = await longer(pair, pair.ana.phone, pause, 60, base)
    assert (outcome.status, outcome.fields) == ("merged", {"minutes": "merged"})
    assert (await fields(pair, pause))["minutes"] == 120
    assert (await fields(pair, pause))["return_at"] == "2026-11-23T14:00:00Z"


async def test_a_phone_that_lies_about_its_start_shortens_nothing_either(pair: Pair) -> None:
    pause = await start(pair, 120)
    outcome = await longer(pair, pair.ben.phone, pause, 20, was=20)
    assert outcome.fields == {"minutes": "merged"}
    assert (await fields(pair, pause))["minutes"] == 120


async def test_both_come_back_early_each_for_themselves(pair: Pair) -> None:
    pause = await start(pair)
    for who in (pair.ana, pair.ben):
        assert (await back(pair, who.phone, pause)).status == "applied"
    assert (await fields(pair, pause))["resumed_by"] == sorted([str(pair.ana.person), str(pair.ben.person)])


async def test_i12_nobody_comes_back_for_the_other(pair: Pair) -> None:
    ana, ben = str(pair.ana.person), str(pair.ben.person)
    pause = await start(pair)
    both = await edit(pair, pair.ana.phone, pause, values={"resumed_by": sorted([ana, ben])}, was={"resumed_by": []})
    assert both.code == Refusal.NEEDS_THEIR_YES
    await back(pair, pair.ben.phone, pause)
    out = await edit(pair, pair.ana.phone, pause, values={"resumed_by": []}, was={"resumed_by": [ben]})
    assert out.code == Refusal.NEEDS_THEIR_YES
    born = change("pause", uuid4(), {"minutes": 30, "resumed_by": [ben]}, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, born)).code == Refusal.NEEDS_THEIR_YES
    assert (await fields(pair, pause))["resumed_by"] == [ben]


async def test_whoever_makes_it_longer_has_not_come_back_and_leaves_the_other_as_they_are(pair: Pair) -> None:
    pause = await start(pair)
    for who in (pair.ana, pair.ben):
        await back(pair, who.phone, pause)
    assert (await longer(pair, pair.ana.phone, pause, 60)).status == "applied"
    assert (await fields(pair, pause))["resumed_by"] == [str(pair.ben.person)]
    await back(pair, pair.ana.phone, pause)
    assert len((await fields(pair, pause))["resumed_by"]) == 2


@pytest.mark.parametrize("longer_first", [False, True])
async def test_longer_wins_over_back_in_either_order_of_arrival(pair: Pair, *, longer_first: bool) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    for is_longer in (longer_first, not longer_first):
        if is_longer:
            await longer(pair, pair.ana.tablet, pause, 60, base)
        else:
            await back(pair, pair.ana.phone, pause, base)
    stored = await fields(pair, pause)
    assert (stored["minutes"], stored["resumed_by"]) == (60, [])


@pytest.mark.parametrize("longer_first", [False, True])
async def test_the_other_s_coming_back_stands_beside_a_longer_pause(pair: Pair, *, longer_first: bool) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    for is_longer in (longer_first, not longer_first):
        if is_longer:
            await longer(pair, pair.ben.phone, pause, 60, base)
        else:
            await back(pair, pair.ana.phone, pause, base)
    stored = await fields(pair, pause)
    assert (stored["minutes"], stored["resumed_by"]) == (60, [str(pair.ana.person)])


async def test_saying_again_how_long_it_is_takes_nobody_s_coming_back_away(pair: Pair) -> None:
    pause = await start(pair)
    await back(pair, pair.ana.phone, pause)
    await longer(pair, pair.ana.phone, pause, 30)
    assert (await fields(pair, pause))["resumed_by"] == [str(pair.ana.person)]


async def test_saying_how_long_it_is_without_saying_how_long_it_was_asks_for_no_more(pair: Pair) -> None:
    pause = await start(pair)
    await back(pair, pair.ana.phone, pause)
    assert (await edit(pair, pair.ana.phone, pause, values={"minutes": 30})).code is None
    assert (await fields(pair, pause))["resumed_by"] == [str(pair.ana.person)]


async def test_a_phone_that_leaves_it_as_long_as_it_knew_it_asks_for_no_more_though_the_other_did(pair: Pair) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    await back(pair, pair.ana.phone, pause)
    await longer(pair, pair.ben.phone, pause, 120)
    await longer(pair, pair.ana.phone, pause, 30, base)
    stored = await fields(pair, pause)
    assert (stored["minutes"], stored["resumed_by"]) == (120, [str(pair.ana.person)])


@pytest.mark.parametrize("unaware_first", [False, True])
async def test_that_somebody_came_back_before_they_asked_for_longer_undoes_nothing_that_they_said_after(
    pair: Pair, *, unaware_first: bool
) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    await longer(pair, pair.ana.phone, pause, 60, base)
    for is_unaware in (unaware_first, not unaware_first):
        if is_unaware:
            await back(pair, pair.ana.tablet, pause, base)
        else:
            await back(pair, pair.ana.phone, pause)
    assert (await fields(pair, pause))["resumed_by"] == [str(pair.ana.person)]


@pytest.mark.parametrize("longer_first", [False, True])
async def test_a_phone_that_does_not_say_how_long_it_knew_the_pause_to_be_asks_for_longer_all_the_same(
    pair: Pair, *, longer_first: bool
) -> None:
    pause = await start(pair)
    base = (await pair.look(pair.ana, pause)).version
    await back(pair, pair.ben.phone, pause, base)
    for minutes in (40, 45) if longer_first else (45, 40):
        who = pair.ben.phone if minutes == 40 else pair.ana.phone
        assert (await edit(pair, who, pause, base, values={"minutes": minutes})).code is None
    stored = await fields(pair, pause)
    assert (stored["minutes"], stored["resumed_by"]) == (45, [])


async def test_either_sets_a_pause_aside_and_nobody_removes_it(pair: Pair) -> None:
    pause = await start(pair)
    assert (await edit(pair, pair.ben.phone, pause, remove=True)).code == Refusal.IMMUTABLE
    assert (await edit(pair, pair.ben.phone, pause, values={"set_aside": True})).status == "applied"
    base = (await pair.look(pair.ana, pause)).version - 1
    await longer(pair, pair.ana.phone, pause, 60, base)
    assert (await fields(pair, pause))["set_aside"] is True


async def test_when_it_began_and_returns_is_the_server_s_to_say(pair: Pair) -> None:
    pause = await start(pair)
    for name in ("started_at", "return_at"):
        outcome = await edit(pair, pair.ana.phone, pause, values={name: "2026-11-23T12:20:00Z"})
        assert outcome.code == Refusal.SERVER_OWNED


# Phones --------------------------------------------------------------------------------------------------------


async def test_two_phones_show_the_same_pause_after_they_have_synced() -> None:
    world = World(seed=3)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, other = world.device(ana), world.device(ben)
    await world.settle()
    pause = phone.make("pause", minutes=30)
    world.pass_time(minutes=5)
    await world.settle()
    assert phone.fields(pause)["started_at"] == "2026-03-02T12:00:00Z"
    for each in (phone, other):
        assert [shown.id for shown in each.view("pause")] == [pause]
    phone.write(pause, resumed_by=[str(ana.id)])
    other.write(pause, minutes=60)
    await world.settle()
    other.write(pause, resumed_by=[str(ana.id), str(ben.id)])
    await world.settle()
    assert phone.fields(pause) == other.fields(pause) == world.stored(pause).fields
    assert phone.fields(pause)["minutes"] == 60
    assert len(phone.fields(pause)["resumed_by"]) == 2
