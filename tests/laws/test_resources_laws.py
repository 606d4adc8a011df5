"""Laws of the catalogue: whatever the file holds and whatever day it is, nothing is shown that nobody vouches for."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api import catalogue
from domain.resources import Entry, HelpEntry, Source, lapsing, served, standing

FIRST, LAST = date(2015, 1, 1), date(2045, 12, 31)
DAYS = st.dates(FIRST, LAST)
REAL = catalogue.read()


@st.composite
def documents(draw: st.DrawFn) -> Source:
    day = draw(DAYS).isoformat()
    dated = draw(st.sampled_from([None, day, day[:7], day[:4]]))
    return Source(source_url=f"https://help.example/{draw(st.integers(0, 9))}", dated=dated)


@st.composite
def files(draw: st.DrawFn) -> list[Entry]:
    def entry(number: int) -> Entry:
        way: dict[str, Any] = draw(st.sampled_from([{}, {"phone": "0800 1"}, {"site": "help.example"}]))
        return Entry(
            id=f"line-{number}",
            country=draw(st.sampled_from(["GB", "US", "all"])),
            group=draw(st.sampled_from(["abuse", "crisis"])),
            kinds=("crisis",),
            name="A line",
            sources=tuple(draw(st.lists(documents(), max_size=3))),
            last_verified_on=draw(st.none() | DAYS),
            **way,
        )

    return [entry(number) for number in range(draw(st.integers(0, 6)))]


def shown(entries: list[Entry], today: date) -> dict[str, HelpEntry]:
    made = served(entries, today)
    groups = [*made.everywhere, *(group for country in made.countries for group in country.groups)]
    return {each.id: each for group in groups for each in group.entries}


def first_day(source: Source) -> date | None:
    parts = [int(part) for part in (source.dated or "").split("-") if part]
    return date(*(*parts, 1, 1)[:3]) if parts else None


def days_of(entry: Entry) -> list[date]:
    return [day for day in (entry.last_verified_on, *map(first_day, entry.sources)) if day is not None]


def is_vouched_for(entry: Entry, today: date) -> bool:
    """The rule in other words than the product's: months are counted, not added."""
    if entry.last_verified_on is not None and 0 <= (today - entry.last_verified_on).days <= 180:
        return True
    for day in filter(None, map(first_day, entry.sources)):
        months = (today.year - day.year) * 12 + today.month - day.month
        # 29 February is 28 in a year that has none.
        if day <= today and (months < 60 or (months == 60 and today.day <= day.day)):
            return True
    return False


@given(entries=files(), today=DAYS)
def test_i28_an_entry_is_shown_when_and_only_when_somebody_vouches_for_it(entries: list[Entry], today: date) -> None:
    expected = {
        each.id for each in entries if each.sources and (each.phone or each.site) and is_vouched_for(each, today)
    }
    assert shown(entries, today).keys() == expected


@given(today=DAYS)
def test_i28_the_file_of_this_release_shows_nothing_that_nobody_vouches_for(today: date) -> None:
    assert shown(REAL, today).keys() == {
        each.id for each in REAL if each.sources and each.reachable and is_vouched_for(each, today)
    }


@given(entries=files(), today=DAYS)
def test_what_is_shown_stands_until_the_day_that_it_names_and_not_a_day_longer(
    entries: list[Entry], today: date
) -> None:
    days = {each.id: days_of(each) for each in entries}
    for name, each in shown(entries, today).items():
        assert each.until >= today
        last, after = (shown(entries, each.until + timedelta(days=more)).get(name) for more in (0, 1))
        assert last is not None
        if max(days[name]) <= today:
            # Nothing that is still to come, such as a newer document, takes part.
            assert last.state == each.state
            assert after is None or (each.state, after.state) == ("verified", "published")


@given(entries=files(), today=DAYS)
def test_the_same_file_and_day_give_the_same_bytes_in_any_order(entries: list[Entry], today: date) -> None:
    assert catalogue.editions(served(entries, today)) == catalogue.editions(served(entries[::-1], today))


@given(today=DAYS, later=st.integers(0, 4000))
def test_as_days_go_by_a_file_that_nobody_touches_only_shows_less(today: date, later: int) -> None:
    first = max(today, *(day for each in REAL for day in days_of(each)))
    assert shown(REAL, first + timedelta(days=later)).keys() <= shown(REAL, first).keys()


@given(entries=files(), today=DAYS)
def test_nothing_lapses_that_was_not_told_of_thirty_days_before(entries: list[Entry], today: date) -> None:
    told = {each.entry.id for each in lapsing(entries, today)}
    for entry in entries:
        stands = standing(entry, today)
        if stands is not None and stands.until <= today + timedelta(days=30):
            assert entry.id in told
