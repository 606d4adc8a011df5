"""What people type for pauses, support, first steps, boundaries and thoughts of their own, from two phones."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.device_cli import EXIT_REFUSED, EXIT_USAGE
from api.device_meaning import MisunderstoodError
from api.device_own import moment, weekly
from domain import boundaries, repairs, responses, support
from domain.reflections import THOUGHTS
from domain.shapes import covered_quarters
from domain.times import read
from tests.terminals import Terminal, pair, sign_in

LISBON = ZoneInfo("Europe/Lisbon")


async def both(ana: Terminal, ben: Terminal) -> None:
    """What either has written reaches the other."""
    await ana("sync")
    await ben("sync")
    await ana("sync")


# Pauses --------------------------------------------------------------------------------------------------------------


async def test_f14_both_begin_a_pause_offline_and_it_is_one_that_ends_when_both_are_back(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    said = await ana("pause", "40")
    assert "You come back to each other after 40 minutes" in said
    assert "you and Ben" in said
    await ben("pause")
    await both(ana, ben)
    for phone in (ana, ben):
        assert sorted(each["fields"]["minutes"] for each in await phone.of_kind("pause")) == [40, 60]
        # A pause always shows its return, to both.
        shown = await phone("show", "pause")
        assert "begun by you, " in shown
        assert shown.count(", until ") == shown.count(" (UTC)") == 2
    assert "The pause ends once Ben" in await ana("resume")
    assert "you are back" in await ana("show", "pause")
    await both(ana, ben)
    assert "is back" in await ben("show", "pause")
    assert "Both of you are back." in await ben("resume")
    await both(ana, ben)
    assert "There is no pause between you now." in await ana("resume", code=EXIT_USAGE)
    assert [len(each["fields"]["resumed_by"]) for each in await ana.of_kind("pause")] == [2, 2]


async def test_i14_a_pause_is_set_aside_by_one_alone(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("pause", "20")
    await both(ana, ben)
    assert "Nobody asks why." in await ben("pause", "--set-aside")
    await both(ben, ana)
    assert "set aside" in await ana("show", "pause")
    assert "There is no pause" in await ana("pause", "--set-aside", code=EXIT_USAGE)


async def test_a_pause_that_was_not_sent_is_come_back_from_too(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("pause")
    assert "The pause ends once Ben" in await ana("resume")
    await both(ana, ben)
    assert "Ana" in (await ben("show", "pause")).split(" is back")[0]


async def test_a_pause_has_its_bounds(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    for minutes in ("19", "1441"):
        said = await ana("pause", minutes, code=EXIT_REFUSED)
        assert said == "minutes does not take that; it holds whole number 20 to 1440.\n"
    assert await ana.of_kind("pause") == []


async def test_resume_still_takes_up_a_goal_by_its_id(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("propose", "A walk every Sunday")
    goal = await ana.one("goal")
    assert "You take it up again." in await ana("resume", goal)
    await ana("pause")
    assert "The pause ends once Ben" in await ana("resume", await ana.one("pause"))


# Support, first steps, and what is answered --------------------------------------------------------------------------


async def test_f2_support_is_asked_for_by_name_and_answered(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    said = await ana("ask", "company", "--when", "today", "--text", "It was a long day.")
    assert "After three days it lapses in silence; nobody counts." in said
    await both(ana, ben)
    request = await ben.one("support_request")
    assert "text: It was a long day." in await ben("show", "support_request")
    await ben("respond", request, "yes-at", "--on", "2026-12-01", "--at", "18:30", "--text", "After work.")
    await both(ben, ana)
    (answer,) = await ana.of_kind("response")
    assert {name: answer["fields"][name] for name in ("form", "on", "at", "text")} == {
        "form": "yes_at",
        "on": "2026-12-01",
        "at": "18:30",
        "text": "After work.",
    }
    assert [each["fields"]["state"] for each in await ana.of_kind("support_request")] == ["answered"]


async def test_what_is_offered_stands_by_itself_and_can_be_answered(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("ask", "practical")
    await both(ana, ben)
    request = await ben.one("support_request")
    assert "it stays as it was given" in await ben("offer", "I could cook tonight.", "--about", request)
    await ben("offer", "Or tomorrow?", "--answer")
    await both(ben, ana)
    offers = await ana.of_kind("support_offer")
    assert [(each["fields"]["text"], each["fields"]["no_answer_needed"]) for each in offers] == [
        ("I could cook tonight.", True),
        ("Or tomorrow?", False),
    ]
    assert [each["fields"]["to"] is None for each in offers] == [False, True]
    await ana("respond", offers[1]["id"], "not_this_time")
    await both(ana, ben)
    assert "not this time" in await ben("show", "response")


async def test_f11_a_first_step_arrives_word_for_word_once_and_not_yet_is_an_answer(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await ana(
        *("repair", "start-again", "--i-feel", "sad", "--about", "how loud I was"),
        *("--i-need", "an hour with you", "--text", "Shall we?"),
    )
    await both(ana, ben)
    (step,) = await ben.of_kind("repair")
    assert {name: step["fields"][name] for name in ("form", "i_feel", "about", "i_need", "text")} == {
        "form": "start_again",
        "i_feel": "sad",
        "about": "how loud I was",
        "i_need": "an hour with you",
        "text": "Shall we?",
    }
    await ben("respond", step["id"], "not-ready-yet")
    await both(ben, ana)
    assert "not ready yet" in await ana("show", "response")
    assert "your own" in await ana("respond", step["id"], "thank_you", code=EXIT_USAGE)


async def test_a_goal_that_is_shown_is_cheered_on(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("add", "own_goal", "title=Swim a mile", "support_wanted=encouragement")
    await ana("share", await ana.one("own_goal"), "why")
    await both(ana, ben)
    goal = await ben.one("shown_goal")
    said = await ben("respond", goal, "thank_you", code=EXIT_USAGE)
    assert said.startswith("Answers to it: cheering_you_on, here_with_you, can_we_talk_at.")
    await ben("respond", goal, "cheering_you_on", "--text", "You can.")
    await both(ben, ana)
    assert "text: You can." in await ana("show", "response")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["ask", "everything"], support.FORMS),
        (["ask", "listen", "--when", "yesterday"], support.WHEN),
        (["repair", "blame"], repairs.FORMS),
        (["boundary", "wall"], boundaries.FORMS),
        (["boundary", "topic_limit", "--topic", "stars"], ("us", "me", "money")),
    ],
)
async def test_what_is_none_of_the_names_is_answered_with_all_of_them(
    address: str, ana: Terminal, ben: Terminal, typed: list[str], names: tuple[str, ...]
) -> None:
    await pair(ana, ben, address)
    said = await ana(*typed, code=EXIT_USAGE)
    assert all(name in said for name in names)


async def test_alone_there_is_nobody_to_say_it_to(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    for typed in (
        ["pause"],
        ["resume"],
        ["ask", "listen"],
        ["offer", "x"],
        ["repair", "lightness"],
        ["boundary", "space", "--show"],
    ):
        assert "you are not with anyone here" in await ana(*typed, code=EXIT_USAGE)
    await ana("reflect", "--need", "Rest.")
    said = await ana("respond", await ana.one("reflection"), "thank_you", code=EXIT_USAGE)
    assert said.startswith("A reflection is not answered. What is answered: shown check in, support request")
    assert set(responses.FORMS) == {"shown_check_in", "support_request", "support_offer", "repair", "shown_goal"}


# Boundaries ----------------------------------------------------------------------------------------------------------


async def test_f12_the_partner_sees_until_when_and_the_message_and_never_the_note(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    settings = await ana.one("settings")
    await ana("set", settings, "zone=Europe/Lisbon")
    said = await ana(
        *("boundary", "space", "--until", "2030-06-01 18:00", "--note", "I need quiet after the call."),
        *("--show", "--message", "By the river."),
    )
    assert "It holds until 18:00 on 1 June 2030 (Europe/Lisbon). Ben" in said
    assert "sees that it holds and your message, and never a note." in said
    await both(ana, ben)
    (shown,) = await ben.of_kind("shown_boundary")
    assert shown["fields"]["until"] == "2030-06-01T17:00:00Z"
    assert shown["fields"]["message"] == "By the river."
    assert "quiet after the call" not in str(await ben.asked("show"))
    assert "It holds no longer." in await ana("end", await ana.one("boundary"))
    assert "It is so already" in await ana("end", await ana.one("boundary"))
    await both(ana, ben)
    (shown,) = await ben.of_kind("shown_boundary")
    assert read(shown["fields"]["until"]) <= datetime.now(UTC)


async def test_i19_silent_space_changes_nothing_that_the_partner_can_read(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await both(ana, ben)
    before = await ben.asked("show")
    said = await ana("boundary", "space", "--until", "18:00", "--note", "Alone.", "--message", "Later.")
    assert "nobody is told" in said
    await ana("boundary", "quiet-hours", "--each", "mon-fri 21:30-08:00", "--each", "sat,sun 23:00-10:00")
    assert "It holds until you end it" in await ana("boundary", "contact_rhythm", "--prompts", "1")
    await both(ana, ben)
    assert await ben.asked("show") == before
    assert "0 records came in" in await ben("sync")
    assert (await ana("show", "boundary")).count("only you see it") == 3
    assert "message: Later." in await ana("show", "boundary")


async def test_a_boundary_that_would_be_over_is_asked_for_again(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    for typed in (
        ["--until", "2020-01-01"],
        ["--from", "2030-01-02", "--until", "2030-01-01"],
        ["--from", "2030-01-01", "--until", "2030-01-01"],
    ):
        assert "over before it begins" in await ana("boundary", "space", *typed, code=EXIT_USAGE)
    assert "Write a moment like this" in await ana("boundary", "space", "--until", "soon", code=EXIT_USAGE)
    assert "Write hours" in await ana("boundary", "quiet_hours", "--each", "at night", code=EXIT_USAGE)
    said = await ana("boundary", "quiet_hours", "--each", "daily 25:00-08:00", code=EXIT_REFUSED)
    assert said.startswith("windows does not take that")
    assert "prompts" in await ana("boundary", "channel_limit", "--prompts", "4", code=EXIT_REFUSED)
    assert await ana.of_kind("boundary") == []
    await ana("boundary", "space", "--from", "2030-01-01", "--until", "2030-01-02")
    assert "is a boundary, not a" in await ana("send", await ana.one("boundary"), code=EXIT_USAGE)


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("18:00", "2026-03-02T18:00:00Z"),
        ("12:00", "2026-03-03T12:00:00Z"),
        ("11:59", "2026-03-03T11:59:00Z"),
        ("2026-07-01", "2026-06-30T23:00:00Z"),
        ("2026-07-01 18:00", "2026-07-01T17:00:00Z"),
        ("2026-07-01T18:00", "2026-07-01T17:00:00Z"),
        ("2026-07-01T18:00:00Z", "2026-07-01T18:00:00Z"),
        ("2026-07-01T18:00:00+02:00", "2026-07-01T16:00:00Z"),
        # Left out when clocks go forward: it comes later by the gap.
        ("2026-03-29 01:30", "2026-03-29T01:30:00Z"),
    ],
)
def test_a_moment_is_what_a_clock_in_the_persons_zone_says(said: str, instant: str) -> None:
    assert moment(said, LISBON, datetime(2026, 3, 2, 12, tzinfo=UTC)) == instant


@pytest.mark.parametrize("said", ["24:00", "6pm", "2026-02-30", "2026-02-30 18:00", "1999-01-01", "tomorrow", ""])
def test_what_is_no_moment_is_said(said: str) -> None:
    with pytest.raises(MisunderstoodError, match="Write a moment like this"):
        moment(said, LISBON, datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("daily 21:30-08:00", [0, 1, 2, 3, 4, 5, 6]),
        ("mon-fri 09:00-17:00", [0, 1, 2, 3, 4]),
        ("Sat,Sun 10:00-12:00", [5, 6]),
        ("fri-mon 10:00-12:00", [0, 4, 5, 6]),
        ("sun-mon 10:00-12:00", [0, 6]),
        ("wed 10:00-12:00", [2]),
        ("mon,mon-tue 10:00-12:00", [0, 1]),
    ],
)
def test_hours_of_a_week_are_said_by_their_days(said: str, days: list[int]) -> None:
    windows = weekly(said)
    assert [each["weekday"] for each in windows] == days
    assert all(covered_quarters([each]) for each in windows)


@pytest.mark.parametrize(
    "said", ["", "daily", "daily 21:30", "mon-xyz 09:00-17:00", "- 09:00-17:00", "mon 09:10-17:00"]
)
def test_what_are_no_hours_is_said(said: str) -> None:
    with pytest.raises(MisunderstoodError, match="Write hours on quarter-hours"):
        weekly(said)


# Thoughts of one's own -----------------------------------------------------------------------------------------------


async def test_a_reflection_keeps_ones_own_words_and_needs_at_least_one(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    assert "at least one thing" in await ana("reflect", "--tag", " , ", code=EXIT_USAGE)
    said = await ana(
        *("reflect", "--trigger", "The door slammed.", "--reaction", "I left.", "--need", "Quiet."),
        *("--other-view", "Ben was late."),
        *("--feeling", "tired, short", "--feeling", "sad", "--tag", "late nights", "--intensity", "3"),
    )
    assert "It is yours alone, for ever." in said
    (kept,) = await ana.of_kind("reflection")
    fields: dict[str, Any] = kept["fields"]
    assert [fields[name] for name in THOUGHTS] == ["The door slammed.", "I left.", "Quiet.", "Ben was late."]
    assert (fields["feelings"], fields["own_tags"]) == (["sad", "short", "tired"], ["late nights"])
    assert fields["intensity"] == 3
    too_many = [f"--feeling=f{nth}" for nth in range(6)]
    assert "feelings does not take that" in await ana("reflect", *too_many, code=EXIT_REFUSED)


async def test_a_mood_in_the_middle_is_shown(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    await ana("add", "check_in", "valence=0")
    said = await ana("show", "check_in")
    assert "valence: 0" in said
    assert "let them know" not in said
