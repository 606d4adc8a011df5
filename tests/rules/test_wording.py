"""Choosing words: never twice within 30 days, the same in every replay, in the person's language or in English."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import PersonId
from domain.prompt_kinds import PROMPT_KINDS, PROMPTS
from domain.settings import DAY_CAP_MAX, SETTINGS, WEEK_CAP_MAX
from notifications import catalogue
from notifications.catalogue import FIXED, Copy
from notifications.copy_lint import lint
from notifications.memory import LEDGER_READ
from notifications.ports import Words
from notifications.wording import Wording, load
from tests.prompting import ANA, BEN

HOUSE = Path(__file__).resolve().parents[2]
WORDING = load()
DAY = date(2027, 5, 12)
LANGUAGES = ("de", "en", "es")

ORIGINALS = {
    "check_in_invite": "A quiet minute is here if you would like one.",
    "appreciation_spark": "Thanks can be one line long, whenever it is true.",
    "reflection_invite": "Your private page is open, if something is on your mind.",
    "balance_invite": "You could note what carried you lately, and what you carried.",
    "goal_lookback": "If there is time, the plan would enjoy a fresh pair of eyes.",
    "own_step": "Your own step is here, if the day has room.",
    "letter_arrived": "Some words have been left for you. They will keep.",
    "request_arrived": "You have been asked for a little support. Yes, later and no are all fine.",
    "window_opened": "Something was shared with you, for a quiet moment.",
    "proposal_arrived": "An idea is on the table. Look whenever you like.",
    "goal_achieved": "You said you would, and you both did.",
    "own_goal_cheer": "A step was shared with you. A warm word is welcome, never required.",
    "pause_return": "This is the time you set to come back. Longer is possible too.",
    "space_ended": "Back whenever you are. You can extend in one tap.",
}


# What there is ---------------------------------------------------------------------------------------------------


def test_there_are_enough_texts_of_each_kind_in_each_language() -> None:
    assert tuple(WORDING.copies) == LANGUAGES
    for copy in WORDING.copies.values():
        assert copy.kinds.keys() == PROMPTS.keys()
        for kind, ids in copy.kinds.items():
            assert len(ids) >= catalogue.least(kind) >= 30
        assert copy.texts.keys() >= set(FIXED)


def test_what_the_linter_finds_is_nothing() -> None:
    assert [str(each) for copy in WORDING.copies.values() for each in lint(copy)] == []


@pytest.mark.parametrize("kind", PROMPTS)
def test_the_first_texts_are_among_the_english_ones(kind: str) -> None:
    english = WORDING.copies["en"]
    assert ORIGINALS[kind] in {english.texts[each] for each in english.kinds[kind]}


def test_an_id_is_a_kind_and_a_number_and_numbers_begin_with_one() -> None:
    for copy in WORDING.copies.values():
        for kind, ids in copy.kinds.items():
            assert ids[0] == f"{kind}.01"
            assert all(each.partition(".")[0] == kind for each in ids)


# Choosing --------------------------------------------------------------------------------------------------------

HIGHEST = (DAY_CAP_MAX, WEEK_CAP_MAX)
USUAL = (SETTINGS.fields["day_cap"].shape.default, SETTINGS.fields["week_cap"].shape.default)
A_DAY = timedelta(days=1)


def as_often_as_allowed(kind: str, days: int, caps: tuple[int, int]) -> Iterator[datetime]:
    """Give instants at which a kind comes, where nothing but its own limits and the caps holds it back."""
    row = PROMPT_KINDS[kind]
    day_cap, week_cap = caps
    period = timedelta(days=row.days if row.is_invite else row.apart_days)
    most = row.most if row.is_invite else 1
    once_a_day = not row.is_arrival and row.cause not in ("pause", "space")
    came: list[datetime] = []
    at = datetime(2027, 1, 1, 8, tzinfo=UTC)
    end = at + timedelta(days=days)
    while at < end:
        of_today = [each for each in came if at - each < A_DAY]
        of_week = [each for each in came if at - each < timedelta(days=7)]
        held = period and len([each for each in came if at - each < period]) >= most
        if len(of_today) < (1 if once_a_day else day_cap) and len(of_week) < week_cap and not held:
            came.append(at)
            yield at
        at += timedelta(hours=3)


def texts_of(kind: str, language: str, caps: tuple[int, int], days: int = 60) -> list[tuple[datetime, str]]:
    """What a person is told who gets this kind as often as it may come, as the ledger remembers it."""
    told: list[tuple[datetime, str]] = []
    for at in as_often_as_allowed(kind, days, caps):
        lately = {text for when, text in told if at - when <= LEDGER_READ}
        told.append((at, WORDING.choose(kind, language, ANA, at.date(), lately)))
    return told


def repeats(told: list[tuple[datetime, str]]) -> list[str]:
    return [
        text
        for place, (at, text) in enumerate(told)
        if any(text == earlier and at - when <= timedelta(days=30) for when, earlier in told[:place])
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PROMPTS)
def test_nothing_is_said_twice_in_a_month_to_whoever_gets_the_most_that_the_usual_caps_allow(
    kind: str, language: str
) -> None:
    told = texts_of(kind, language, USUAL)
    assert len(told) >= 2
    assert repeats(told) == []


UNLIKELY = ("proposal_arrived", "goal_achieved", "pause_return", "space_ended")
"""Nobody has two a day of these for weeks, though caps that were raised would allow it."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [each for each in PROMPTS if each not in UNLIKELY])
def test_nor_to_whoever_has_raised_the_caps_to_their_limits(kind: str, language: str) -> None:
    assert repeats(texts_of(kind, language, HIGHEST)) == []


def test_the_most_that_is_allowed_is_as_much_as_the_numbers_of_texts_are_made_for() -> None:
    def within(kind: str, caps: tuple[int, int]) -> int:
        ats = list(as_often_as_allowed(kind, 60, caps))
        return max(sum(timedelta(0) < at - each <= LEDGER_READ for each in ats) for at in ats)

    assert within("letter_arrived", USUAL) < catalogue.OFTEN_MIN
    assert within("letter_arrived", HIGHEST) < catalogue.MOST_MIN
    assert within("check_in_invite", HIGHEST) < catalogue.OFTEN_MIN
    assert within("own_step", HIGHEST) < catalogue.OFTEN_MIN
    assert within("appreciation_spark", HIGHEST) < catalogue.TEXTS_MIN


def test_when_all_were_told_lately_one_of_them_is_told() -> None:
    every = WORDING.copies["es"].kinds["own_step"]
    assert WORDING.choose("own_step", "es", ANA, DAY, every) in every
    assert WORDING.choose("own_step", "es", ANA, DAY, every[1:]) == every[0]


def test_people_days_and_kinds_have_their_own_chance() -> None:
    days = [DAY + timedelta(days=each) for each in range(40)]
    of_ana = [WORDING.choose("own_step", "en", ANA, day, ()) for day in days]
    assert len(set(of_ana)) > 15
    assert of_ana != [WORDING.choose("own_step", "en", BEN, day, ()) for day in days]
    others = [WORDING.choose("check_in_invite", "en", ANA, day, ()) for day in days]
    assert [each[-2:] for each in of_ana] != [each[-2:] for each in others]


REPLAY = """
from datetime import date, timedelta
from uuid import UUID
from domain.prompt_kinds import PROMPT_KINDS
from notifications.wording import load
for language in ("en", "de-AT", "es-MX", "fr"):
    for kind in PROMPT_KINDS:
        told = set()
        for day in range(20):
            told.add(load().choose(kind, language, UUID(int=1), date(2027, 5, 12) + timedelta(days=day), told))
            print(language, kind, sorted(told))
"""


def test_a_replay_in_a_new_process_chooses_the_same_whatever_its_hashes_are() -> None:
    told = [
        subprocess.run(  # noqa: S603 - our own argument list
            [sys.executable, "-c", REPLAY],
            cwd=HOUSE,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(HOUSE)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4242")
    ]
    assert told[0] == told[1]
    assert told[0].count("\n") == 4 * len(PROMPT_KINDS) * 20


IDS = [text_id for copy in WORDING.copies.values() for text_id in copy.texts]


@given(
    kind=st.sampled_from([*PROMPT_KINDS, "", "no_such_kind"]) | st.text(max_size=12),
    locale=st.sampled_from(["en", "de", "de-AT", "es-419", "pt-BR", "", "-", "de_CH.UTF-8"]) | st.text(max_size=12),
    number=st.integers(0, 2**128 - 1),
    day=st.dates(),
    lately=st.lists(st.sampled_from(IDS) | st.text(max_size=8), max_size=120),
)
def test_choosing_never_fails_and_never_repeats_while_another_text_is_left(
    kind: str, locale: str, number: int, day: date, lately: list[str]
) -> None:
    person = PersonId(UUID(int=number))
    chosen = WORDING.choose(kind, locale, person, day, lately)
    assert WORDING.text_of(chosen, locale)
    assert chosen == WORDING.choose(kind, locale, person, day, frozenset(lately))
    language = locale.lower().replace("_", "-").split("-")[0]
    ids = WORDING.copies.get(language, WORDING.copies["en"]).kinds.get(kind, ())
    if ids:
        assert chosen in ids
        assert chosen not in lately or set(ids) <= set(lately)
    else:
        assert chosen in FIXED


def test_it_is_what_planning_asks_for_words() -> None:
    words: Words = WORDING.choose
    assert words("own_step", "de", ANA, DAY, frozenset()).startswith("own_step.")


def test_the_catalogue_is_read_once() -> None:
    assert load() is load()


# Languages -------------------------------------------------------------------------------------------------------

SMALL = Wording(
    {
        "en": Copy(
            "en",
            {
                "arrived": "Something.",
                "own_step.01": "A step.",
                "own_step.02": "Another step.",
                "pause_return.01": "Back.",
            },
            {"own_step": ("own_step.01", "own_step.02"), "pause_return": ("pause_return.01",)},
        ),
        "de": Copy("de", {"own_step.07": "Ein Schritt."}, {"own_step": ("own_step.07",)}),
        "de-ch": Copy("de-ch", {"own_step.09": "Ein Schrittli."}, {"own_step": ("own_step.09",)}),
    }
)


def test_a_choice_from_the_same_texts_stays_what_it_was() -> None:
    """By this a change of the chance is noticed: what was sent could not be worked out again."""
    chosen = [SMALL.choose("own_step", "en", ANA, DAY + timedelta(days=each), ())[-1] for each in range(12)]
    assert "".join(chosen) == "211111211222"


@pytest.mark.parametrize(
    ("locale", "chosen"),
    [
        ("de", "own_step.07"),
        ("de-AT", "own_step.07"),
        ("DE_at", "own_step.07"),
        ("de-Latn-DE", "own_step.07"),
        ("de-CH", "own_step.09"),
        ("de-CH-1996", "own_step.09"),
        ("gsw", None),
        ("d", None),
        ("", None),
    ],
)
def test_a_locale_has_its_own_language_or_that_of_its_first_part_or_english(locale: str, chosen: str | None) -> None:
    of_english = SMALL.copies["en"].kinds["own_step"]
    assert SMALL.choose("own_step", locale, ANA, DAY, ()) in ((chosen,) if chosen else of_english)


def test_what_a_language_lacks_is_said_in_english() -> None:
    assert SMALL.choose("pause_return", "de", ANA, DAY, ()) == "pause_return.01"
    assert SMALL.text_of("pause_return.01", "de") == "Back."
    assert SMALL.text_of("own_step.07", "de-CH") == "Ein Schritt."
    assert SMALL.text_of("own_step.02", "de") == "Another step."


def test_a_text_that_no_language_knows_any_more_is_told_as_news() -> None:
    assert SMALL.text_of("own_step.99", "de") == "Something."
    assert WORDING.text_of("own_step.999", "es-CO") == WORDING.copies["es"].texts["arrived"]


# What a device may show ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_device_shows_nothing_a_fixed_sentence_or_the_text(language: str) -> None:
    copy = WORDING.copies[language]
    for kind in PROMPTS:
        text_id = copy.kinds[kind][-1]
        assert WORDING.shown(text_id, language, "hidden") is None
        fixed = "arrived" if PROMPT_KINDS[kind].is_arrival else "discreet"
        assert WORDING.shown(text_id, language, "discreet") == copy.texts[fixed]
        assert WORDING.shown(text_id, language, "descriptive") == copy.texts[text_id]


def test_what_is_discreet_does_not_tell_one_arrival_from_another_nor_one_wish_from_another() -> None:
    told = {WORDING.shown(f"{kind}.01", "en", "discreet") for kind in PROMPTS}
    assert told == {"Something new, whenever suits you.", "A small thing you asked for."}


@pytest.mark.parametrize(
    "text_id", ["new_device", "copy_ready", "account_closing", "arrived", "discreet", "no_such_id"]
)
def test_what_is_about_an_account_is_never_told_on_a_lock_screen(text_id: str) -> None:
    assert WORDING.shown(text_id, "en", "hidden") is None
    for privacy in ("discreet", "descriptive"):
        assert WORDING.shown(text_id, "en", privacy) == "Something new, whenever suits you."  # type: ignore[arg-type]


def test_a_privacy_that_is_not_known_is_as_good_as_hidden() -> None:
    assert WORDING.shown("own_step.01", "en", "loud") is None  # type: ignore[arg-type]


def test_the_notices_about_an_account_have_their_fixed_texts() -> None:
    assert WORDING.choose("new_device", "de", ANA, DAY, ("new_device",)) == "new_device"
    assert WORDING.choose("account_notice", "de", ANA, DAY, ()) == "arrived"
    assert WORDING.text_of("new_device", "en") == "A new device signed in to your account."
    assert WORDING.text_of("copy_ready", "en") == "Your copy is ready."
    assert WORDING.text_of("account_closing", "en") == "Your account is set to close; you can change your mind."
