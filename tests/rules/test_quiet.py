"""Wall clocks, quiet hours and own space."""

from datetime import UTC, date, datetime, timedelta

from domain.ids import PersonId
from domain.quiet import Boundary, Clock, chance, quarter_of, quarters_after
from tests.prompting import ANA, BEN, NOON, daily, hours, record, space

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
LATER = timedelta(minutes=10)


def clock(*spans: tuple[int, str, str], zone: str = "UTC", boundaries: tuple[Boundary, ...] = ()) -> Clock:
    return Clock(zone=zone, quiet=hours(*spans), boundaries=boundaries)


def test_the_quarters_of_a_week_begin_on_monday() -> None:
    assert quarter_of(datetime(2027, 5, 10, 0, 0, tzinfo=UTC)) == 0
    assert quarter_of(datetime(2027, 5, 16, 23, 59, tzinfo=UTC)) == 671


def test_a_window_holds_from_its_first_minute_and_no_longer_than_its_last() -> None:
    nights = Clock(zone="UTC", quiet=daily("21:30", "08:00"))
    at = datetime(2027, 5, 12, 21, 30, tzinfo=UTC)
    assert not nights.is_quiet(at - timedelta(microseconds=1))
    assert nights.is_quiet(at)
    morning = datetime(2027, 5, 13, 8, 0, tzinfo=UTC)
    assert nights.is_quiet(morning - timedelta(microseconds=1))
    assert not nights.is_quiet(morning)


def test_quiet_hours_in_the_hour_that_comes_twice_are_quiet_both_times() -> None:
    berlin = clock((6, "02:00", "03:00"), zone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert [berlin.is_quiet(first + n * HOUR) for n in range(-1, 3)] == [False, True, True, False]


def test_quiet_hours_in_the_hour_that_is_left_out_do_not_come() -> None:
    berlin = clock((6, "02:00", "03:00"), zone="Europe/Berlin")
    before = datetime(2026, 3, 29, 0, 45, tzinfo=UTC)
    assert berlin.wall(before + LATER * 3).hour == 3
    assert not any(berlin.is_quiet(before + n * timedelta(minutes=15)) for n in range(8))


def test_the_date_is_that_of_the_person() -> None:
    assert Clock(zone="Pacific/Kiritimati").day(NOON) == date(2027, 5, 13)
    assert Clock(zone="Pacific/Pago_Pago").day(datetime(2027, 5, 12, 10, 0, tzinfo=UTC)) == date(2027, 5, 11)


def test_a_free_instant_is_taken_as_it_is() -> None:
    assert clock().free_from(NOON, NOON + DAY, afterwards=LATER) == NOON
    assert clock().free_from(NOON, NOON - MINUTE, afterwards=LATER) is None


def test_after_quiet_hours_some_minutes_pass() -> None:
    at = NOON + timedelta(minutes=7, seconds=3)
    quiet = clock((2, "11:00", "13:00"))
    assert quiet.free_from(at, NOON + DAY, afterwards=LATER) == NOON + HOUR + LATER
    assert quiet.free_from(at, NOON + HOUR + LATER, afterwards=LATER) == NOON + HOUR + LATER
    assert quiet.free_from(at, NOON + HOUR + LATER - MINUTE, afterwards=LATER) is None
    assert quiet.free_from(at, NOON + HOUR - MINUTE, afterwards=LATER) is None


def test_where_those_minutes_end_in_quiet_hours_again_the_next_free_stretch_is_taken() -> None:
    pieces = clock((2, "11:00", "13:00"), (2, "13:15", "14:00"))
    half_an_hour = timedelta(minutes=30)
    assert pieces.free_from(NOON, NOON + DAY, afterwards=half_an_hour) == NOON + 2 * HOUR + half_an_hour


def test_where_every_other_quarter_is_quiet_it_is_looked_for_through_the_whole_day() -> None:
    every_other = Clock(zone="UTC", quiet=frozenset(range(0, 672, 2)))
    assert every_other.free_from(NOON, NOON + 2 * DAY, afterwards=timedelta(minutes=20)) is None
    assert every_other.free_from(NOON, NOON + 2 * DAY, afterwards=LATER) == NOON + timedelta(minutes=25)


def test_where_nothing_is_free_for_25_hours_there_is_no_such_instant() -> None:
    always = Clock(zone="UTC", quiet=daily("00:00", "00:00"))
    assert always.free_from(NOON, NOON + 9 * DAY, afterwards=LATER) is None
    nearly = space(until=NOON + timedelta(hours=25))
    assert clock(boundaries=(nearly,)).free_from(NOON, NOON + 9 * DAY, afterwards=timedelta(0)) is not None
    longer = space(until=NOON + timedelta(hours=25, minutes=1))
    assert clock(boundaries=(longer,)).free_from(NOON, NOON + 9 * DAY, afterwards=timedelta(0)) is None


def test_the_last_instant_is_free_as_well() -> None:
    assert clock().free_from(NOON, NOON, afterwards=LATER) == NOON
    assert clock().free_from(NOON, NOON - MINUTE, afterwards=LATER) is None


def test_a_space_has_a_beginning_and_an_end_and_perhaps_hours() -> None:
    evening = space(begins=NOON, until=NOON + DAY, covered=daily("20:00", "21:00"))
    taking = clock(boundaries=(evening,))
    assert [taking.in_space(NOON + n * HOUR) for n in (7, 8, 9, 32)] == [False, True, False, False]
    assert not taking.is_free(NOON + 8 * HOUR)
    assert not taking.is_quiet(NOON + 8 * HOUR)
    other = Boundary(record=record(1), is_space=False, begins=None, until=None, covered=daily("00:00", "00:00"))
    assert not clock(boundaries=(other,)).in_space(NOON)


def test_quarters_begin_on_the_quarter() -> None:
    at = NOON + timedelta(minutes=14, seconds=59, microseconds=9)
    assert list(quarters_after(at, NOON + timedelta(minutes=45))) == [
        NOON + timedelta(minutes=minutes) for minutes in (15, 30, 45)
    ]
    assert next(quarters_after(NOON, NOON + DAY)) == NOON + timedelta(minutes=15)


def test_chance_is_the_same_wherever_it_is_asked() -> None:
    assert [chance(1000, BEN, "jitter", nth) for nth in range(5)] == [735, 889, 545, 868, 890]
    assert chance(1000, ANA, "jitter", 0) != chance(1000, BEN, "jitter", 0)
    assert {chance(3, PersonId(BEN), nth) for nth in range(50)} == {0, 1, 2}
