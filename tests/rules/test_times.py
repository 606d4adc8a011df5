"""Instants, months, and when a wall clock somewhere shows a time: gaps, folds, lost days, borders of years."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from time import tzset
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shapes import UNFIT, ZONES
from domain.times import Instant, Month, comes, comes_first, read, written


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


# Instants ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-10-25T18:00:00Z", "2026-10-25T18:00:00Z"),
        ("2026-10-25T18:00:00.1Z", "2026-10-25T18:00:00Z"),
        ("2026-10-25T18:00:00.999999999Z", "2026-10-25T18:00:00Z"),
        ("2026-10-25T18:00:00+02:00", "2026-10-25T16:00:00Z"),
        ("2026-10-25T18:00:00-03:30", "2026-10-25T21:30:00Z"),
        ("2026-01-01T00:30:00+14:00", "2025-12-31T10:30:00Z"),
        ("2026-12-31T23:30:00-12:00", "2027-01-01T11:30:00Z"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2099-12-31T23:59:59.9Z", "2099-12-31T23:59:59Z"),
    ],
)
def test_an_instant_is_kept_in_utc_to_the_second(said: str, kept: str) -> None:
    assert Instant().judged(said) == kept
    assert Instant().judged(kept) == kept
    assert written(read(kept)) == kept
    assert jsonschema_rs.is_valid(Instant().json_schema(), kept)


@pytest.mark.parametrize(
    "said",
    [
        "2026-10-25T18:00:00",
        "2026-10-25 18:00:00Z",
        "2026-10-25T18:00Z",
        "2026-10-25T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-02-30T12:00:00Z",
        "2026-10-25T18:00:00+24:00",
        "2026-10-25T18:00:00z",
        "2026-10-25T18:00:00.Z",
        "2026-10-25T18:00:00.1234567890Z",
        "2026-10-25T18:00:00Z\n",
        "20261025T180000Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "2000-01-01T00:00:00+00:01",
        "2099-12-31T23:59:59-00:01",
        1_771_344_000,
        True,
        None,
        "",
    ],
)
def test_what_is_no_instant_of_this_century_is_not_taken(said: Any) -> None:
    assert Instant().judged(said) is UNFIT


def test_a_bound_may_be_left_open_where_it_is_said_so() -> None:
    assert Instant(optional=True).judged(None) is None
    assert Instant(optional=True).empty is None
    assert Instant().empty is UNFIT
    assert jsonschema_rs.is_valid(Instant(optional=True).json_schema(), None)
    assert not jsonschema_rs.is_valid(Instant().json_schema(), None)


def test_the_later_end_and_the_earlier_start_protect_more_and_an_open_one_most() -> None:
    early, late = "2026-11-23T12:00:00Z", "2026-11-23T12:00:01Z"
    until, since = Instant(optional=True), Instant(optional=True, protects="earliest")
    assert until.protection(early) < until.protection(late) < until.protection(None)
    assert since.protection(late) < since.protection(early) < since.protection(None)


@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 12, 30)), st.integers(-23 * 60, 23 * 60))  # noqa: DTZ001 - the offset is drawn beside
def test_whatever_the_offset_an_instant_stays_the_same_one(at: datetime, offset_min: int) -> None:
    sign, minutes = "-" if offset_min < 0 else "+", abs(offset_min)
    said = f"{at.replace(microsecond=0).isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert read(Instant().judged(said)) == datetime.fromisoformat(said)


def test_an_instant_says_its_schema() -> None:
    form = {
        "type": "string",
        "format": "date-time",
        "maxLength": 35,
        "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    }
    assert Instant().json_schema() == form
    assert Instant(optional=True).json_schema() == {"anyOf": [form, {"type": "null"}]}


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's own clock shows the time of another place."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_where_the_server_stands_changes_no_instant() -> None:
    assert Instant().judged("2026-10-25T18:00:00+02:00") == "2026-10-25T16:00:00Z"
    assert Instant().judged("2100-01-01T00:30:00+09:00") is UNFIT
    assert Instant().judged("2099-12-31T16:00:00Z") == "2099-12-31T16:00:00Z"
    assert written(datetime(2026, 10, 25, 18, tzinfo=ZoneInfo(BERLIN))) == "2026-10-25T17:00:00Z"
    assert comes(date(2026, 7, 1), time(8), BERLIN).tzinfo is UTC


# Months --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["2000-01", "2026-11", "2099-12"])
def test_a_month_is_taken_as_it_is(said: str) -> None:
    assert Month().judged(said) == said
    assert jsonschema_rs.is_valid(Month().json_schema(), said)


@pytest.mark.parametrize(
    "said", ["2026-00", "2026-13", "2026-1", "1999-12", "2100-01", "2026-11-01", "202611", 11, None]
)
def test_what_is_no_month_is_not_taken(said: Any) -> None:
    assert Month().judged(said) is UNFIT
    assert Month().empty is UNFIT


def test_a_month_says_its_schema() -> None:
    assert Month().json_schema() == {"type": "string", "maxLength": 7, "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}


# Wall clocks ---------------------------------------------------------------------------------------------------

BERLIN, NEW_YORK, APIA = "Europe/Berlin", "America/New_York", "Pacific/Apia"


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        ("UTC", date(2026, 11, 23), time(8), utc(2026, 11, 23, 8)),
        (BERLIN, date(2026, 7, 1), time(8), utc(2026, 7, 1, 6)),
        (BERLIN, date(2026, 3, 29), time(1, 59), utc(2026, 3, 29, 0, 59)),
        (BERLIN, date(2026, 3, 29), time(2, 30), utc(2026, 3, 29, 1, 30)),
        (BERLIN, date(2026, 3, 29), time(3), utc(2026, 3, 29, 1)),
        (BERLIN, date(2026, 10, 25), time(2, 30), utc(2026, 10, 25, 0, 30)),
        (BERLIN, date(2026, 10, 25), time(2, 30, fold=1), utc(2026, 10, 25, 0, 30)),
        (BERLIN, date(2026, 10, 25), time(3), utc(2026, 10, 25, 2)),
        (NEW_YORK, date(2026, 3, 8), time(2, 30), utc(2026, 3, 8, 7, 30)),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), utc(2026, 11, 1, 5, 30)),
        (APIA, date(2026, 11, 23), time(0), utc(2026, 11, 22, 11)),
        (APIA, date(2011, 12, 30), time(12), utc(2011, 12, 30, 22)),
        ("Pacific/Kiritimati", date(2026, 1, 1), time(0), utc(2025, 12, 31, 10)),
        ("Etc/GMT+12", date(2026, 12, 31), time(23, 59), utc(2027, 1, 1, 11, 59)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), utc(2026, 10, 3, 15, 45)),
    ],
)
def test_a_wall_clock_shows_a_time_at_one_instant(zone: str, day: date, at: time, instant: datetime) -> None:
    assert comes(day, at, zone) == instant


def test_a_time_that_clocks_leave_out_comes_later_by_the_gap() -> None:
    there = comes(date(2026, 3, 29), time(2, 30), BERLIN).astimezone(ZoneInfo(BERLIN))
    assert (there.hour, there.minute) == (3, 30)
    there = comes(date(2011, 12, 30), time(12), APIA).astimezone(ZoneInfo(APIA))
    assert (there.date(), there.hour) == (date(2011, 12, 31), 12), "Samoa left a whole day out"


@given(
    st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)),
    st.times(),
    st.sampled_from(sorted(ZONES)),
)
def test_nowhere_on_earth_a_time_comes_before_it_can(day: date, at: time, zone: str) -> None:
    first = comes_first(day, at)
    assert first <= comes(day, at, zone) <= first + timedelta(hours=14 + 12 + 24)


def test_the_first_clocks_are_fourteen_hours_ahead() -> None:
    assert comes_first(date(2026, 1, 1), time(8)) == utc(2025, 12, 31, 18)
    assert comes_first(date(2026, 1, 1), time(8)) == comes(date(2026, 1, 1), time(8), "Pacific/Kiritimati")
