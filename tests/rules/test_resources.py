"""The catalogue of professional help: what is shown on which day, what maintainers are told, what the file holds."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api import catalogue
from api.resources_cli import warned
from domain import resources
from domain.kinds import KINDS
from domain.prompt_kinds import PROMPTS
from domain.refusals import SENTENCES
from domain.resources import (
    FALLBACK,
    Entry,
    HelpEntry,
    NotVerified,
    Source,
    State,
    faults,
    in_order,
    lapsing,
    served,
    spoken,
    standing,
    state_of,
    verified,
    why_candidate,
)

HOUSE = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 27)
FILE = catalogue.read()
UNCHECKED = [msgspec.structs.replace(each, last_verified_on=None) for each in FILE]
"""The same without what somebody may have noted since: what documents alone say."""


def source(dated: str | None = None, url: str = "https://help.example/page") -> Source:
    return Source(source_url=url, dated=dated)


def entry(made: str = "gb-line", *sources: Source, **other: Any) -> Entry:
    said = {"country": "GB", "group": "crisis", "kinds": ("crisis",), "name": "A line", "phone": "0800 1"}
    return Entry(id=made, sources=sources, **(said | other))


def shown(entries: list[Entry], today: date = TODAY) -> dict[str, HelpEntry]:
    made = served(entries, today)
    groups = [*made.everywhere, *(group for country in made.countries for group in country.groups)]
    return {each.id: each for group in groups for each in group.entries}


# Two states


@pytest.mark.parametrize(
    ("dated", "state", "until"),
    [
        ("2026-11-27", "published", date(2031, 11, 27)),
        ("2022-01-20", "published", date(2027, 1, 20)),
        ("2021-11-27", "published", TODAY),
        ("2021-11-26", "candidate", None),
        ("2024-02-29", "published", date(2029, 2, 28)),
        ("2021-12", "published", date(2026, 12, 1)),
        ("2021-11", "candidate", None),
        ("2022", "published", date(2027, 1, 1)),
        ("2021", "candidate", None),
        ("2026-11", "published", date(2031, 11, 1)),
        ("2026-11-28", "candidate", None),
        ("2026-12", "candidate", None),
        (None, "candidate", None),
    ],
)
def test_i28_a_document_counts_for_sixty_months_from_the_first_day_that_its_date_can_mean(
    dated: str | None, state: str, until: date | None
) -> None:
    line = entry("gb-line", source(dated))
    stands = standing(line, TODAY)
    assert (state_of(line, TODAY), None if stands is None else stands.until) == (state, until)


@pytest.mark.parametrize(
    ("days_ago", "state"), [(0, "verified"), (180, "verified"), (181, "candidate"), (-1, "candidate")]
)
def test_i28_a_look_at_the_operators_page_counts_for_a_hundred_and_eighty_days(days_ago: int, state: str) -> None:
    checked = entry("gb-line", source(), last_verified_on=TODAY - timedelta(days=days_ago))
    assert state_of(checked, TODAY) == state


def test_a_look_counts_more_than_a_document_and_a_document_remains_when_the_look_is_too_old() -> None:
    both = entry("gb-line", source("2025"), last_verified_on=date(2026, 6, 1))
    last = date(2026, 11, 28)
    assert [state_of(both, last + timedelta(days=days)) for days in (0, 1)] == ["verified", "published"]
    assert shown([both], last)["gb-line"].until == last
    after = shown([both], last + timedelta(days=1))["gb-line"]
    assert (after.dated, after.last_verified_on) == ("2025", None)


def test_the_newest_document_counts_wherever_it_stands() -> None:
    old, new, undated = source("2016-09-05", "https://old.example/a"), source("2024", "https://new.example/a"), source()
    for sources in ((old, new, undated), (undated, new, old), (new, old)):
        assert shown([entry("gb-line", *sources)])["gb-line"].source_url == new.source_url
        checked = shown([entry("gb-line", *sources, last_verified_on=TODAY)])["gb-line"]
        assert (checked.state, checked.source_url) == ("verified", new.source_url)
    to_come = source("2027-01-01", "https://to-come.example/a")
    assert shown([entry("gb-line", to_come, new)])["gb-line"].source_url == new.source_url
    same_day = source("2024-01", "https://same.example/a")
    assert shown([entry("gb-line", new, same_day)])["gb-line"].dated == "2024"
    only = entry("gb-line", undated, source(), last_verified_on=TODAY)
    assert shown([only])["gb-line"].source_url == undated.source_url


def test_without_a_source_or_a_way_to_get_there_nothing_is_shown() -> None:
    assert state_of(entry("gb-line", last_verified_on=TODAY), TODAY) is State.CANDIDATE
    assert state_of(entry("gb-line", source("2026"), phone=None), TODAY) is State.CANDIDATE
    for way in ("tty", "text", "whatsapp"):
        assert state_of(entry("gb-line", source("2026"), phone=None, **{way: "1"}), TODAY) is State.PUBLISHED
    for way, value in {"chat": "help.example", "site": "help.example/a", "mail": "a@help.example"}.items():
        assert state_of(entry("gb-line", source("2026"), phone=None, **{way: value}), TODAY) is State.PUBLISHED


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (entry(), "It names no source."),
        (entry("gb-line", source("2026"), phone=None), "It names no way to get there."),
        (entry("gb-line", source()), "No document that supports it bears a date."),
        (
            entry("gb-line", source("2012-09-14"), source("2016-09")),
            "The newest document that supports it is of September 2016, and one counts for 60 months.",
        ),
    ],
)
def test_a_candidate_says_what_it_lacks(given: Entry, why: str) -> None:
    assert state_of(given, TODAY) is State.CANDIDATE
    assert why_candidate(given, TODAY) == why


# What is shown


def test_what_is_shown_says_since_when_it_is_known_and_until_when_it_may_be_shown() -> None:
    published = shown([entry("gb-line", source("2022-01-20"))])["gb-line"]
    assert (published.state, published.dated, published.last_verified_on) == ("published", "2022-01-20", None)
    assert published.said == "Published on 20 January 2022, not checked since."
    assert published.until == date(2027, 1, 20)
    in_month = shown([entry("gb-line", source("2023-06"))])["gb-line"]
    assert in_month.said == "Published in June 2023, not checked since."
    checked = shown([entry("gb-line", source("2023-06"), last_verified_on=date(2026, 11, 2))])["gb-line"]
    assert (checked.state, checked.dated, checked.last_verified_on) == ("verified", None, date(2026, 11, 2))
    assert checked.said == "Checked at the operator's own page on 2 November 2026."
    assert checked.source_url == "https://help.example/page"


def test_everything_by_which_somebody_gets_there_is_shown_as_it_stands_in_the_file() -> None:
    whole = entry(
        "gb-whole",
        source("2026"),
        kinds=("crisis", "men"),
        name="Everything",
        regions=("Wales",),
        phone="0800 1",
        tty="0800 2",
        text="88788",
        text_word="START",
        whatsapp="600 1",
        chat="chat.example",
        mail="a@help.example",
        site="help.example",
        languages=("cy", "en"),
        hours="At night",
        free=False,
        who="Anyone",
    )
    for each in (whole, *FILE):
        vouched = msgspec.structs.replace(each, sources=(source("2026"),), phone=each.phone or "1")
        told, kept = (msgspec.structs.asdict(one) for one in (shown([vouched])[each.id], vouched))
        assert {name: told[name] for name in told.keys() & kept.keys() - {"last_verified_on"}} == {
            name: kept[name] for name in told.keys() & kept.keys() - {"last_verified_on"}
        }
        assert told.keys() - kept.keys() == {"state", "said", "source_url", "dated", "until"}


def test_every_country_has_the_fallback_whether_or_not_an_entry_is_shown() -> None:
    entries = [entry("gb-line", source("2016")), entry("us-line", source("2026"), country="US")]
    made = served(entries, TODAY)
    assert [(each.country, len(each.groups), each.fallback) for each in made.countries] == [
        ("GB", 0, FALLBACK),
        ("US", 1, FALLBACK),
    ]
    assert made.fallback == FALLBACK
    assert FALLBACK.startswith("We have no checked entry for this country. A doctor, the local emergency number or ")
    assert served([], TODAY) == resources.Resources((), (), FALLBACK)


def test_entries_of_a_group_are_shown_together_and_everything_has_its_order() -> None:
    def made(name: str, country: str, group: str) -> Entry:
        return entry(name, source("2026"), country=country, group=group)

    mixed = [
        made("all-list", "all", "directory"),
        made("gb-z", "GB", "abuse"),
        made("us-a", "US", "abuse"),
        made("gb-b", "GB", "crisis"),
        made("gb-a", "GB", "abuse"),
    ]
    whole = served(mixed, TODAY)
    assert [
        (country.country, [(group.group, [each.id for each in group.entries]) for group in country.groups])
        for country in whole.countries
    ] == [("GB", [("abuse", ["gb-a", "gb-z"]), ("crisis", ["gb-b"])]), ("US", [("abuse", ["us-a"])])]
    assert [(group.group, [each.id for each in group.entries]) for group in whole.everywhere] == [
        ("directory", ["all-list"])
    ]
    assert whole == served(reversed(mixed), TODAY)
    assert [each.id for each in in_order(mixed)] == ["gb-a", "gb-z", "gb-b", "us-a", "all-list"]


def test_what_is_for_maintainers_is_not_shown() -> None:
    told = msgspec.to_builtins(shown([entry("gb-line", source("2026"), note="quittenmarmelade")])["gb-line"])
    assert "quittenmarmelade" not in str(told)
    assert told.keys() == (msgspec.to_builtins(entry()).keys() | told.keys()) - {"sources", "note", "country", "group"}


@pytest.mark.parametrize(
    ("dated", "words"), [("2022-01-05", "5 January 2022"), ("2022-12", "December 2022"), ("2022", "2022")]
)
def test_a_date_is_spoken_as_exactly_as_it_is_given(dated: str, words: str) -> None:
    assert spoken(dated) == words


# For maintainers


def test_what_lapses_is_told_thirty_days_before() -> None:
    line = entry("gb-line", source("2022-01-20"))
    (lapse,) = lapsing([line], date(2026, 12, 21))
    assert (lapse.entry, lapse.state, lapse.until, lapse.then) == (line, "published", date(2027, 1, 20), "candidate")
    assert lapsing([line], date(2026, 12, 20)) == []
    assert lapsing([line], date(2027, 1, 21)) == []
    checked = entry("gb-a", source("2025"), last_verified_on=date(2026, 7, 1))
    assert [(each.entry.id, each.then) for each in lapsing([line, checked], date(2026, 12, 21))] == [
        ("gb-a", "published"),
        ("gb-line", "candidate"),
    ]
    day_by_day = entry("gb-line", source("2021-11-28"), last_verified_on=TODAY - timedelta(days=180))
    assert [(each.until, each.then) for each in lapsing([day_by_day], TODAY)] == [(TODAY, "published")]
    assert warned(lapse).startswith("gb-line is published until 20 January 2027; after that it is not served any more.")
    assert "; after that it is only published." in warned(lapsing([checked], date(2026, 12, 21))[0])


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([entry()], [("gb-line", "It names no source.")]),
        ([entry("gb-line", source(), last_verified_on=date(2026, 11, 28))], [("gb-line", "It was verified on a day")]),
        ([entry("gb-line", source("2026-11-28"))], [("gb-line", "One of its documents is of a day")]),
        ([entry("gb-line", source("2026"), text_word="START")], [("gb-line", "It says what to write")]),
        ([entry("gb-line", source("2026")), entry("gb-line", source("2026"))], [("gb-line", "Two entries have")]),
        ([entry("gb-b", source("2026")), entry("gb-a", source("2026"))], [("gb-b", "The file is not in order")]),
        ([entry("gb-a", source("2026-11")), entry("gb-b", source(), last_verified_on=TODAY)], []),
        ([entry("gb-line", source("2012"))], []),
        ([entry("gb-line", source(TODAY.isoformat()))], []),
    ],
)
def test_a_fault_of_the_file_is_told_in_a_sentence(entries: list[Entry], told: list[tuple[str, str]]) -> None:
    found = faults(entries, TODAY)
    assert len(found) == len(told)
    for fault, (name, begins) in zip(found, told, strict=True):
        assert fault.id == name
        assert fault.sentence.startswith(begins)


def test_a_check_is_noted_in_order_and_changes_nothing_else() -> None:
    one, two = entry("gb-a", source()), entry("gb-b", source())
    assert verified([two, one], "gb-b", TODAY, TODAY) == [one, msgspec.structs.replace(two, last_verified_on=TODAY)]
    again = verified([one, two], "gb-b", TODAY, TODAY)
    assert verified(again, "gb-b", TODAY, TODAY) == again
    oldest = TODAY - timedelta(days=180)
    assert verified([one], "gb-a", oldest, TODAY)[0].last_verified_on == oldest


NOW_PLEASE = (
    " Please give the day on which the page was read.",
    " Please look at the operator's page once more.",
)


@pytest.mark.parametrize(
    ("chosen", "on", "begins"),
    [
        ("gb-lin", TODAY, "There is no entry gb-lin. Perhaps you mean gb-line or "),
        ("zzzz", TODAY, "There is no entry zzzz. `haven resources list` shows"),
        (
            "gb-line",
            TODAY + timedelta(days=1),
            f"28 November 2026 has not come yet in UTC, by which days are counted here.{NOW_PLEASE[0]}",
        ),
        (
            "gb-line",
            TODAY - timedelta(days=181),
            f"30 May 2026 is more than 180 days ago, so it would change nothing that is shown.{NOW_PLEASE[1]}",
        ),
        ("gb-seen", TODAY - timedelta(days=9), "gb-seen was already checked later, on 19 November 2026."),
        ("gb-nowhere", TODAY, "gb-nowhere names no way to get there yet."),
        ("gb-unsourced", TODAY, "gb-unsourced names no source yet."),
    ],
)
def test_a_check_that_cannot_be_is_refused_in_a_kind_sentence(chosen: str, on: date, begins: str) -> None:
    entries = [
        entry("gb-line", source()),
        entry("gb-nowhere", source(), phone=None),
        entry("gb-seen", source(), last_verified_on=TODAY - timedelta(days=8)),
        entry("gb-unsourced"),
    ]
    with pytest.raises(NotVerified) as refused:
        verified(entries, chosen, on, TODAY)
    assert str(refused.value).startswith(begins)
    assert str(refused.value).endswith(".")


# The file of this release


def test_every_entry_of_the_file_names_its_source_and_what_lapses_soon_is_told(record_property: Any) -> None:
    """The one test of the suite that asks what day it is: it fails by what stands in the file, and warns by the day."""
    today = datetime.now(UTC).date()
    assert FILE
    assert [f"{fault.id}: {fault.sentence}" for fault in faults(FILE, today)] == []
    for lapse in lapsing(FILE, today):
        record_property("lapses", warned(lapse))


def test_the_file_is_written_as_the_command_writes_it() -> None:
    assert catalogue.FILE.read_bytes() == catalogue.written(FILE)


def test_i28_of_the_file_this_is_shown_on_the_day_on_which_it_was_made() -> None:
    assert {name: (each.phone, each.dated) for name, each in shown(UNCHECKED).items()} == {
        "au-lifeline": ("13 11 14", "2022-02"),
        "ca-988-helpline": ("9-8-8", "2024-11-29"),
        "de-hilfetelefon": ("116 016", "2023-06"),
        "de-telefonseelsorge": ("0800 1110111", "2022-09"),
        "es-016": ("016", "2025-08-24"),
        "fr-3114": ("3114", "2022-02"),
        "fr-3919": ("3919", "2023-11"),
        "gb-samaritans": ("116 123", "2025"),
        "it-1522": ("1522", "2025-08"),
        "us-988-lifeline": ("988", "2023-09-26"),
        "us-national-domestic-violence-hotline": ("800-799-7233", "2022-01-20"),
    }


def test_a_number_that_only_an_older_document_has_is_an_entry_of_its_own() -> None:
    """The second number of TelefonSeelsorge: of the two documents, only that of 2016 has it."""
    (second,) = (each for each in FILE if each.phone == "0800 1110222")
    assert [each.dated for each in second.sources] == ["2016-07-19"]
    assert second.id not in shown(UNCHECKED)


# What must not know of it


def test_i27_nothing_that_prompts_shows_or_recommends_knows_of_the_catalogue() -> None:
    """Where a prompt, a window or a record is made, the word does not occur, nor anything that looks for a crisis."""
    knowing = set()
    for file in sorted(
        path for room in ("domain", "sync", "notifications", "api") for path in HOUSE.glob(f"{room}/**/*.py")
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported = {f"{node.module}.{each.name}" for each in node.names} | {str(node.module)}
            elif isinstance(node, ast.Import):
                imported = {each.name for each in node.names}
            else:
                continue
            if imported & {"domain.resources", "api.catalogue", "api.routes.resources"}:
                knowing.add(str(file.relative_to(HOUSE)))
        if file != HOUSE / "domain" / "resources.py" and file.is_relative_to(HOUSE / "domain"):
            assert not re.search(r"resource|hotline|helpline|crisis|therap", file.read_text(encoding="utf-8")), file
    # It is read and answered, described, kept by its command, and wired: nothing else.
    assert knowing == {
        "api/app.py",
        "api/catalogue.py",
        "api/commands.py",
        "api/openapi.py",
        "api/protocol_page.py",
        "api/resources_cli.py",
        "api/routes/resources.py",
        "api/wiring.py",
    }
    named = {*PROMPTS, *KINDS, *(name for kind in KINDS.values() for name in kind.fields), *SENTENCES.values()}
    assert not [each for each in named if re.search("resource|helpline|crisis|counselling|therap", each)]


def test_i27_what_is_shown_depends_on_the_file_and_the_day_alone() -> None:
    assert list(signature(served).parameters) == ["entries", "today"]
    own = ast.parse((HOUSE / "domain" / "resources.py").read_text(encoding="utf-8"))
    rooms = {
        node.module.partition(".")[0] for node in ast.walk(own) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert not rooms & {"domain", "sync", "notifications", "api"}
