"""Laws of prompts: what protects only takes prompts away, and clocks are kept in every zone (P3 to P6, P13, P15)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.pace import DOUBLES_AT, Pace, judged, sent
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import ARRIVAL_HOLDS, AT_ITS_MINUTE, Drop, Person, Prompt, Send, Step, Wait, decide
from domain.quiet import Boundary, Clock
from domain.times import comes
from notifications.rhythms import invite, next_invite_at, scheduled
from tests.prompting import NOON, THE_TWO, arrived, couple, daily, pause, person, record, space
from tests.prompting import sent as sent_before

HOUR, DAY, QUARTER = timedelta(hours=1), timedelta(days=1), timedelta(minutes=15)
KINDS = [kind.name for kind in PROMPT_KINDS.values()]
LATELY = Pace(days=(NOON.date() - 5 * DAY,))
MINUTES = st.integers(-3 * 24 * 60, 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def people(draw: st.DrawFn) -> Person:
    past = [
        sent_before(draw(st.sampled_from(KINDS)), at, day=at.date() + draw(st.sampled_from([-DAY, 0 * DAY, DAY])))
        for at in sorted(draw(st.lists(MINUTES.filter(lambda at: at < NOON), max_size=5)))
    ]
    return person(
        clock=Clock(
            zone=draw(st.sampled_from(["UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"])),
            quiet=draw(st.sampled_from([frozenset[int](), daily("21:30", "08:00"), daily("12:00", "12:15")])),
        ),
        wanted={kind: draw(st.integers(0, 2)) for kind in KINDS},
        day_cap=draw(st.integers(0, 3)),
        week_cap=draw(st.integers(0, 14)),
        sent=tuple(past),
        paces=draw(
            st.dictionaries(st.sampled_from(KINDS[:5]), st.just(Pace(days=(NOON.date() - 5 * DAY,))), max_size=2)
        ),
        couple=draw(st.sampled_from([couple(), couple(pauses=(pause(NOON - HOUR, 60),)), None])),
        steps=(Step(record=record(80), on=NOON.date(), at=time(12), open=True),),
    )


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    kind = PROMPT_KINDS[draw(st.sampled_from(KINDS))]
    couple_of = THE_TWO if kind.of_couple else None
    if not kind.is_arrival:
        about = record(80) if kind.cause == "step" else None
        return Prompt(kind=kind.name, due=NOON, expires=NOON + AT_ITS_MINUTE, couple=couple_of, about=about)
    arrivals = [name for name in KINDS if PROMPT_KINDS[name].is_arrival]
    those = draw(st.lists(st.sampled_from(arrivals), min_size=1, max_size=4))
    told = tuple(arrived(nth, each) for nth, each in enumerate(those))
    return Prompt(kind=those[0], due=NOON, expires=NOON + ARRIVAL_HOLDS, couple=couple_of, arrived=told)


def with_clock(**differs: Any) -> Callable[[Person], Person]:
    return lambda someone: replace(someone, clock=replace(someone.clock, **differs))


PROTECTING: dict[str, Callable[[Person], Person]] = {
    "a low mood (P15)": lambda someone: replace(someone, low_at=NOON - HOUR),
    "the app was used": lambda someone: replace(someone, used_at=NOON - HOUR),
    "a kind is off (P13)": lambda someone: replace(someone, wanted=dict(someone.wanted) | {"letter_arrived": 0}),
    "all is off (P13)": lambda someone: replace(someone, wanted=dict.fromkeys(KINDS, 0)),
    "less a day": lambda someone: replace(someone, day_cap=max(0, someone.day_cap - 1)),
    "less a week": lambda someone: replace(someone, week_cap=max(0, someone.week_cap - 1)),
    "more was sent": lambda someone: replace(someone, sent=(*someone.sent, sent_before("own_step", NOON - HOUR))),
    "quiet": with_clock(quiet=daily("00:00", "00:00")),
    "own space": with_clock(boundaries=(space(),)),
    "a boundary": with_clock(
        boundaries=(Boundary(record=record(1), is_space=False, begins=None, until=None, most_a_day=1),)
    ),
    "less of it": lambda someone: replace(someone, seldom=dict.fromkeys(KINDS, 1)),
    "it rests (P6)": lambda someone: replace(someone, paces=dict.fromkeys(KINDS, Pace(rests_since=NOON))),
    "no consent": lambda someone: replace(someone, consents=False),
    "no device": lambda someone: replace(someone, reachable=False),
    "parting": lambda someone: replace(someone, couple=None, parted_at=NOON),
    "a check-in": lambda someone: replace(someone, checked_in_on=frozenset({NOON.date(), NOON.date() + DAY})),
    "a note was given": lambda someone: replace(someone, gave_at=NOON),
}


@pytest.mark.parametrize("what", PROTECTING)
@given(someone=people(), prompt=prompts(), minutes=st.integers(0, 600))
def test_whatever_protects_brings_no_prompt_that_would_not_have_come(
    what: str, someone: Person, prompt: Prompt, minutes: int
) -> None:
    now = NOON + timedelta(minutes=minutes)
    protected = decide(PROTECTING[what](someone), prompt, now)
    if isinstance(protected, Send):
        free = decide(someone, prompt, now)
        assert isinstance(free, Send)
        assert set(protected.kinds) <= set(free.kinds)
        assert set(protected.records) <= set(free.records)


@given(someone=people(), prompt=prompts(), minutes=st.integers(0, 1500))
def test_p3_p4_what_comes_or_waits_keeps_out_of_quiet_hours(someone: Person, prompt: Prompt, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    verdict = decide(someone, prompt, now)
    match verdict:
        case Send(kinds=kinds):
            assert kinds[0] == "new_device" or not someone.clock.is_quiet(now)
        case Wait(until=until):
            assert now <= until <= now + 25 * HOUR
            assert until < prompt.expires
            assert someone.clock.is_free(until)
        case Drop():
            pass


@given(st.lists(st.tuples(st.integers(1, 96), st.booleans()), min_size=1, max_size=40))
def test_p6_more_silence_makes_nothing_more_frequent(story: list[tuple[int, bool]]) -> None:
    """The same prompts are sent to two people, of whom one follows some and the other follows none."""
    now, acted = NOON, None
    following, silent = Pace(), Pace()
    for hours, follows in story:
        following = sent(following, now.date(), now)
        silent = sent(silent, now.date(), now)
        now += hours * HOUR
        acted = now if follows else acted
        following = judged(following, acted, acted, now)
        silent = judged(silent, None, None, now)
        assert following.stretch <= silent.stretch
        assert following.rests_since is None or silent.rests_since is not None
        assert silent.stretch >= (2 if silent.ignored >= DOUBLES_AT else 1)


# Every zone, and every day on which a clock changes


def changes(zone: str) -> list[datetime]:
    """The instants of 2026 to 2028 at which this zone's clocks change, to the quarter of an hour."""
    there, at, found = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC), []
    while at < datetime(2029, 1, 1, tzinfo=UTC):
        if at.astimezone(there).utcoffset() != (at + DAY).astimezone(there).utcoffset():
            inside = at
            while inside.astimezone(there).utcoffset() == at.astimezone(there).utcoffset():
                inside += QUARTER
            found.append(inside)
        at += DAY
    return found


def different_clocks() -> list[tuple[str, datetime | None]]:
    """One zone for each way in which clocks change, and one for each offset that never does."""
    found: dict[tuple[Any, ...], tuple[str, datetime | None]] = {}
    for zone in sorted(available_timezones() - {"localtime", "Factory"}):
        there, turns = ZoneInfo(zone), changes(zone)
        for at in turns or [None]:
            moment = NOON if at is None else at
            offsets = tuple((moment + step).astimezone(there).utcoffset() for step in (-QUARTER, timedelta(0)))
            found.setdefault((at, *offsets), (zone, at))
    return list(found.values())


CLOCKS = different_clocks()


def test_there_are_as_many_clocks_as_one_would_think() -> None:
    assert len({at for _, at in CLOCKS if at is not None}) > 30
    assert len(CLOCKS) > 100


def _minutes(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def test_p3_p4_quiet_hours_are_kept_on_every_day_on_which_a_clock_changes() -> None:
    """Held against the wall clock itself, quarter by quarter, a day before and after."""
    quiet = daily("22:15", "02:45") | daily("03:15", "06:30")
    for zone, at in CLOCKS:
        clock, there = Clock(zone=zone, quiet=quiet), ZoneInfo(zone)
        begins = (at or NOON) - DAY
        for nth in range(2 * 96):
            instant = begins + nth * QUARTER
            now = _minutes(instant.astimezone(there))
            expected = now >= 22 * 60 + 15 or now < 2 * 60 + 45 or 3 * 60 + 15 <= now < 6 * 60 + 30
            assert clock.is_quiet(instant) == expected, (zone, instant)
            if nth % 7 == 0:
                free = clock.free_from(instant, instant + 30 * HOUR, afterwards=timedelta(minutes=45))
                assert free is not None
                assert instant <= free <= instant + 25 * HOUR
                assert not clock.is_quiet(free), (zone, instant)


def test_p5_a_wall_time_comes_once_on_each_date_through_gaps_and_folds() -> None:
    for zone, at in CLOCKS:
        there = ZoneInfo(zone)
        day = (at or NOON).astimezone(there).date()
        for hour in range(24):
            for on in (day - DAY, day, day + DAY):
                wanted = time(hour, 30)
                instant = comes(on, wanted, zone)
                wall = instant.astimezone(there)
                ahead = datetime.combine(wall.date(), wall.time()) - datetime.combine(on, wanted)
                assert timedelta(0) <= ahead <= DAY, "as it was set, or later by the gap"
                if ahead:
                    assert comes(on, wanted, zone) == instant
                    before = (instant - QUARTER).astimezone(there).utcoffset()
                    after = wall.utcoffset()
                    earlier = (instant - DAY).astimezone(there).utcoffset()
                    assert after != before or after != earlier, "only where a clock goes forward"
                else:
                    assert wall.fold == 0, "of two the first"


def test_p5_invitations_come_at_most_once_a_date_in_every_zone() -> None:
    for zone, at in CLOCKS:
        someone = person(
            clock=Clock(zone=zone),
            wanted=dict.fromkeys(KINDS, 0) | {"check_in_invite": 7},
            invite_at=time(2, 30),
            couple=None,
        )
        now, days = (at or NOON) - 2 * DAY, []
        for _ in range(4):
            following = next_invite_at(someone, now)
            assert following is not None
            assert now < following <= now + 50 * HOUR
            now = following
            assert invite(someone, now) is not None
            days.append(someone.clock.day(now))
        assert len(set(days)) == 4, zone


def test_a_step_keeps_its_day_through_every_change_of_a_clock() -> None:
    for zone, at in CLOCKS:
        day: date = (at or NOON).astimezone(ZoneInfo(zone)).date()
        steps = tuple(
            Step(record=record(nth), on=day + timedelta(days=nth - 1), at=time(0, 30), open=True) for nth in range(3)
        )
        someone = person(clock=Clock(zone=zone), steps=steps)
        due = list(scheduled(someone, (at or NOON) - 4 * DAY))
        assert [each.about for each in due] == [record(0), record(1), record(2)]
