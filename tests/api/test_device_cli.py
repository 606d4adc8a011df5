"""`haven-device` as a person types it, against the real server over a real socket."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.device_cli import COMMANDS, EXIT_FAILED, EXIT_OFFLINE, EXIT_REFUSED, EXIT_USAGE, run
from api.device_words import HEADINGS, NOTICES
from api.wiring import Parts
from domain.kinds import KINDS
from tests.streams import served
from tests.terminals import Terminal, meet, pair, sign_in


async def agree(ana: Terminal, ben: Terminal) -> str:
    """A goal that both said yes to."""
    await ana("propose", "A walk every Sunday", "--why", "We talk best while walking.")
    await ana("sync")
    await ben("sync")
    goal = await ben.one("goal")
    await ben("accept", goal)
    await ben("sync")
    await ana("sync")
    return goal


async def test_two_people_meet_by_a_code_and_three_words(address: str, ana: Terminal, ben: Terminal) -> None:
    assert "You are not with anyone here." in await sign_in(ana, address, "Ana")
    await sign_in(ben, address, "Ben")
    said = await ana("invite")
    assert "It works once, until" in said
    code = said.split("Your code: ")[1].split("\n")[0]
    words = (await ben("join", code)).split("to each other: ")[1].split("\n")[0]
    shown = await ana("me")
    assert "Ben" in shown
    assert words in shown
    assert "Once the other has too" in await ana("confirm")
    assert "You have said yes" in await ana("me")
    assert "together here" in await ben("confirm")
    await ana("sync")
    assert "together with Ben" in await ana("show")
    assert "together with Ana" in await ben("me")
    assert (await ben.asked("me"))["couple"]["partner_name"].startswith("Ana")


async def test_whoever_confirmed_first_is_told_when_the_other_has_too(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await sign_in(ana, address, "Ana")
    await sign_in(ben, address, "Ben")
    await ben("join", (await ana.asked("invite"))["code"])
    await ana("confirm")
    await ben("confirm")
    assert "sync first" in await ana("propose", "A walk", code=EXIT_USAGE)
    assert "You are together with Ben" in await ana("sync")
    assert "You are together" not in await ana("sync")
    said = await ana("confirm", code=EXIT_USAGE)
    assert said.startswith("No pairing waits for you. You are together with Ben")
    assert "invite" not in said


async def test_after_me_has_told_of_the_other_there_is_somebody_to_propose_to(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await sign_in(ana, address, "Ana")
    await sign_in(ben, address, "Ben")
    await ben("join", (await ana.asked("invite"))["code"])
    await ana("confirm")
    await ben("confirm")
    assert "You are together with Ben" in await ana("me")
    await ana("propose", "A walk")


async def test_what_was_said_about_a_goal_is_told_with_the_goal_and_how_it_stands(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await ana("propose", "A walk every Sunday", "--why", "We talk best while walking.", "--done-when", "By spring.")
    await ana("sync")
    await ben("sync")
    shown = await ben("show")
    assert "why: We talk best while walking." in shown
    assert "done when: By spring." in shown
    goal = await ben.one("goal")
    waits = "It waits here for the next `sync`.\n"
    told = {
        "decline": "You have said no.\n  [{}] A walk every Sunday: not this one\n",
        "accept": "You have said yes.\n  [{}] A walk every Sunday: agreed by both\n",
        "rest": "You let it rest.\n  [{}] A walk every Sunday: resting\n",
        "resume": "You take it up again.\n  [{}] A walk every Sunday: agreed by both\n",
        "let-go": "You let it go.\n  [{}] A walk every Sunday: let go\n",
    }
    for act, said in told.items():
        assert await ben(act, goal) == said.format(goal) + waits


async def test_a_goal_from_proposal_to_its_end(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    assert "not sent yet" in await _proposed(ana)
    assert "3 edits" not in await ana("show")
    assert "2 edits sent" in await ana("sync")
    await ben("sync")
    goal = await ben.one("goal")
    assert "proposed by Ana" in await ben("show")
    await ben("decline", goal)
    assert "not this one" in await ben("show", "goal")
    await ben("accept", goal)
    assert "agreed by both" in await ben("show", "goal")
    await ben("add", "step", f"goal={goal}", "title=Find the boots", "taken_by=me")
    assert "[ ] Find the boots (you)" in await ben("show")
    await ben("done", await ben.one("step"))
    assert "[x] Find the boots (you)" in await ben("show")
    await ben("sync")
    await ana("sync")
    assert "[x] Find the boots (Ben" in await ana("show")
    await ana("rest", goal)
    assert "resting" in await ana("show", "goal")
    await ana("resume", goal)
    await ana("propose", "A walk every month", "--goal", goal)
    assert "you would change it to: A walk every month" in await ana("show")
    await ana("done", goal)
    assert "you feel this is done" in await ana("show")
    await ana("sync")
    await ben("sync")
    assert "Ana" in await ben("show", "goal_terms")
    await ben("not-now", (await ben.of_kind("goal"))[0]["fields"]["open_terms"][0])
    await ben("let-go", goal)
    assert "let go" in await ben("show", "goal")
    assert "let go" in await ben("show", "goal_act")
    told = await ben.asked("sync")
    assert {each["status"] for each in told["outcomes"]} == {"applied"}


async def _proposed(ana: Terminal) -> str:
    await ana("propose", "A walk every Sunday", "--why", "We talk best while walking.")
    return await ana("show", "goal")


async def test_two_texts_stand_beside_each_other_until_one_is_picked(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    goal = await agree(ana, ben)
    await ana("set", goal, "notes=At dusk.")
    await ana("sync")
    await ben("sync")
    await ana("set", goal, "notes=At dawn.")
    await ben("set", goal, "notes=At noon.")
    await ana("sync")
    assert "kept beside another text" in await ben("sync")
    said = await ben("show")
    assert "notes: At dawn." in said
    assert "beside notes, by you: At noon." in said
    assert NOTICES["kept_both"] in said
    await ben("pick", goal, "notes", "9", code=EXIT_USAGE)
    await ben("pick", goal, "notes", "1")
    await ben("sync")
    await ana("sync")
    assert "notes: At noon." in await ana("show", "goal")
    assert "beside" not in await ana("show", "goal")
    await ana("set", goal, "notes=First. At noon.")
    await ben("set", goal, "notes=At noon. Last.")
    await ana("sync")
    await ben("sync")
    assert "joined from two" in await ben("show", "goal")
    await ben("right", goal, "notes")
    assert "joined from two" not in await ben("show", "goal")
    assert "not joined" in await ben("right", goal, "notes", code=EXIT_USAGE)


async def test_a_check_in_is_shown_answered_and_taken_back(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("add", "check_in", "text=A long day.", "needs=rest, listening", "valence=-2", "topic=work")
    said = await ana("show")
    assert "only you see it" in said
    assert "needs: listening, rest" in said
    entry = await ana.one("check_in")
    assert "Parts are:" in await ana("share", entry, "everything", code=EXIT_USAGE)
    await ana("share", entry, "mood", "text")
    assert "sees mood, text" in await ana("show", "check_in")
    await ana("sync")
    await ben("sync")
    shown = await ben("show")
    assert "shows you" in shown
    assert "text: A long day." in shown
    assert "listening" not in shown
    window = await ben.one("shown_check_in")
    await ben("respond", window, "heard-you", "--text", "I am here.")
    await ben("sync")
    await ana("sync")
    assert "text: I am here." in await ana("show", "response")
    await ana("unshare", entry)
    await ana("sync")
    await ben("sync")
    assert "A long day." not in await ben("show")
    assert "from you to Ana" in await ben("show", "response")
    await ana("remove", entry)
    assert await ana.of_kind("check_in") == []
    assert "A long day." in await ana("show", "check_in", "--removed")
    await ana("bring-back", entry)
    assert "It is so already" in await ana("bring-back", entry)


async def test_a_note_waits_until_it_is_sent_and_then_stays_given(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("add", "note_draft", "for_what=The tea this morning")
    draft = await ana.one("note_draft")
    assert "a note for Ben" in await ana("show")
    await ana("send", draft)
    assert "on its way" in await ana("show", "note_draft")
    await ana("sync")
    await ben("sync")
    assert "for what: The tea this morning" in await ben("show", "note")
    assert "from you to Ben" in await ana("show", "note")
    assert "is a note" in await ben("send", await ben.one("note"), code=EXIT_USAGE)
    assert "stays as it was given" in await ben("set", await ben.one("note"), "text=Mine", code=EXIT_REFUSED)


async def test_words_that_come_too_late_come_back(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    goal = await agree(ana, ben)
    await ana("set", goal, "notes=Written on the train.")
    assert "--yes" in await ben("part", code=EXIT_USAGE)
    assert "You have parted." in await ben("part", "--yes")
    assert "not with anyone" in await ben("part", "--yes")
    assert "Your words are kept." in await ana("sync")
    said = await ana("show")
    assert "found no place" in said
    assert "notes: Written on the train." in said
    assert "no longer takes changes" in await ana("set", goal, "notes=Too late.", code=EXIT_REFUSED)
    await ana("add", "check_in", "text=Alone.")
    assert "nobody to show it to" in await ana("share", await ana.one("check_in"), "text", code=EXIT_USAGE)
    await ana("add", "note_draft", "for_what=Nobody")
    assert "nobody to give it to" in await ana("send", await ana.one("note_draft"), code=EXIT_USAGE)


async def test_whoever_was_left_is_told_and_nobody_is_said_to_see_what_was_shown(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await ana("add", "check_in", "text=A long day.")
    await ana("share", await ana.one("check_in"), "text")
    await ana("sync")
    assert "Ben" in (await ana("show", "check_in")).split(" sees text")[0]
    await ben("part", "--yes")
    assert "You are not with anyone here." in await ana("sync")
    assert "You are not with anyone here." not in await ana("sync")
    shown = await ana("show", "check_in")
    assert "together" not in shown
    assert "only you see it now; you had shown it to Ben" in shown


async def test_after_a_new_pairing_everything_names_the_partner_of_its_own_couple(
    address: str, ana: Terminal, ben: Terminal, cleo: Terminal
) -> None:
    await pair(ana, ben, address)
    goal = await agree(ben, ana)
    await ben("add", "step", f"goal={goal}", "title=Find the boots", "taken_by=me")
    await ben("add", "note_draft", "for_what=The tea this morning")
    await ben("send", await ben.one("note_draft"))
    await ana("add", "check_in", "text=A long day.")
    await ana("share", await ana.one("check_in"), "text")
    for phone in (ana, ben, ana):
        await phone("sync")
    await ben("part", "--yes")

    await sign_in(cleo, address, "Cleo")
    await cleo("join", (await ana.asked("invite"))["code"])
    # Ana says yes first, and so learns of both by a sync alone.
    await ana("confirm")
    await cleo("confirm")
    assert "You are together with Cleo" in await ana("sync")
    shown = await ana("show")
    assert "together with Cleo" in shown.split("\n")[0]
    assert "from Ben" in await ana("show", "note")
    assert "(a keepsake of your time with Ben" in await ana("show", "note")
    assert "agreed by both (a keepsake of your time with Ben" in shown
    assert "[ ] Find the boots (Ben" in shown
    assert "proposed by Ben" in await ana("show", "goal_terms")
    assert "only you see it now; you had shown it to Ben" in shown
    assert shown.count("Cleo") == 1
    assert [each["keepsake"] for each in await ana.of_kind("goal")] == [True]

    assert "Kept on this phone" in await ana("share", await ana.one("check_in"), "text")
    assert "Cleo" in (await ana("show", "check_in")).split(" sees text")[0].split("\n")[-1]
    await ana("propose", "A swim every Monday")
    new = (await ana.of_kind("goal"))[-1]
    assert not new["keepsake"]
    await ana("sync")
    # Nor does asking change whose words the old ones are.
    await ana("me")
    assert "from Ben" in await ana("show", "note")
    await cleo("sync")
    assert "Ana" in (await cleo("show", "check_in") + await cleo("show")).split(" shows you")[0]


async def test_a_note_for_an_earlier_partner_is_given_to_another_only_by_a_word_of_its_own(
    address: str, ana: Terminal, ben: Terminal, cleo: Terminal
) -> None:
    await pair(ana, ben, address)
    await ana("add", "note_draft", "for_what=The tea this morning")
    draft = await ana.one("note_draft")
    await ana("send", draft)
    await ben("part", "--yes")
    await ana("sync")
    said = await ana("show", "note_draft")
    assert "a note for Ben" in said
    assert "from when you were together; it was not given" in said
    assert "on its way" not in said
    assert "nobody to give it to" in await ana("send", draft, code=EXIT_USAGE)
    await ana("add", "note_draft", "for_what=The rain")
    assert "a note, for nobody yet" in await ana("show", "note_draft")

    await sign_in(cleo, address, "Cleo")
    await meet(ana, cleo)
    said = await ana("send", draft, code=EXIT_USAGE)
    assert said.startswith("You wrote this for Ben")
    assert "Add --yes to give it to Cleo" in said
    await ana("sync")
    await cleo("sync")
    assert await cleo.of_kind("note") == []
    await ana("send", draft, "--yes")
    said = await ana("show", "note_draft")
    assert "a note for Cleo" in said
    assert "on its way" in said
    await ana("sync")
    await cleo("sync")
    assert [each["fields"]["for_what"] for each in await cleo.of_kind("note")] == ["The tea this morning"]
    assert "from you to Cleo" in await ana("show", "note")
    # What was for nobody yet is for whoever is there when it is sent.
    await ana("send", await ana.one("note_draft"))
    await ana("sync")
    await cleo("sync")
    assert len(await cleo.of_kind("note")) == 2


async def test_everything_but_talking_to_the_server_works_without_it(ana: Terminal, parts: Parts) -> None:
    async with served(parts) as server:
        await sign_in(ana, str(server.base_url), "Ana")
    await ana("add", "check_in", "text=On the train.")
    entry = await ana.one("check_in")
    await ana("set", entry, "text=On the night train.", "felt-understood=4")
    assert "2 edits wait to be sent." in await ana("show")
    assert "On the night train." in await ana("show")


async def test_a_server_out_of_reach_is_said_and_nothing_is_lost(
    ana: Terminal, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(parts) as server:
        await sign_in(ana, str(server.base_url), "Ana")
    await ana("add", "check_in", "text=On the train.")
    monkeypatch.setattr("api.client.WAIT_FIRST_S", 0)
    assert "kept here" in await ana("sync", code=EXIT_OFFLINE)
    assert await ana.of_kind("check_in")


async def test_purged_words_are_gone(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    await ana("add", "check_in", "text=Not for ever.")
    await ana("sync")
    entry = await ana.one("check_in")
    assert "--yes" in await ana("purge", entry, code=EXIT_USAGE)
    await ana("purge", entry, "--yes")
    assert "Not for ever." not in await ana("show")


async def test_a_purge_of_a_letter_says_that_its_words_stay_with_whoever_received_them(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await ana("add", "note_draft", "for_what=The tea this morning")
    await ana("send", await ana.one("note_draft"))
    await ana("sync")
    note = await ana.one("note")
    asked = await ana("purge", note, code=EXIT_USAGE)
    assert asked.startswith("This destroys what is kept behind the words that you gave.")
    said = await ana("purge", note, "--yes")
    assert "stay with Ben" in said
    assert "gone, here and" not in said
    await ben("sync")
    for phone in (ana, ben):
        assert "The tea this morning" in await phone("show", "note")
    assert "Only whoever wrote something can destroy it." in await ben("purge", note, "--yes", code=EXIT_USAGE)


async def test_a_purge_of_a_goal_names_what_still_has_ones_words_and_what_lost_its_title_is_readable(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    goal = await agree(ana, ben)
    await ana("set", goal, "notes=At dusk.")
    await ana("add", "step", f"goal={goal}", "title=Find the boots")
    await ana("sync")
    said = await ana("purge", goal, "--yes")
    assert "Your sentences in it are gone" in said
    terms, step = await ana.one("goal_terms"), await ana.one("step")
    assert f"  [{terms}] A walk every Sunday\n  [{step}] Find the boots\n" in said
    assert "A walk every Sunday: agreed by both" in await ana("show")
    assert "At dusk." not in await ana("show")

    assert "gone, here and on the server" in await ana("purge", terms, "--yes")
    await ana("purge", step, "--yes")
    await ben("sync")
    for phone in (ana, ben):
        shown = await phone("show")
        assert "] A goal whose title is gone: agreed by both\n" in shown
        assert "] [ ] A step whose title is gone\n" in shown
        assert "A walk" not in shown
        assert "A goal whose title is gone, proposed by" in await phone("show", "goal_terms")
    assert "until you purge" not in await ana("purge", goal, "--yes")


async def test_a_purge_of_what_was_not_sent_says_so(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    await ana("add", "check_in", "text=A long day.")
    await ana("share", await ana.one("check_in"), "text")
    await ana("sync")
    await ben("sync")
    await ben("respond", await ben.one("shown_check_in"), "heard_you", "--text", "I am here.")
    assert "had not been sent" in await ben("purge", await ben.one("response"), "--yes")
    assert await ben.of_kind("response") == []
    copy = await ana.one("shown_check_in")
    assert "This is a copy" in await ana("purge", copy, "--yes", code=EXIT_USAGE)


async def test_what_a_record_held_before_is_shown_with_who_wrote_it(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    goal = await agree(ana, ben)
    assert "Nothing earlier is kept" in await ana("earlier", goal)
    for phone, text in ((ana, "At dusk."), (ben, "At dawn."), (ana, "At noon.")):
        await phone("sync")
        await phone("set", goal, f"notes={text}")
        await phone("sync")
    said = (await ana("earlier", goal)).splitlines()
    assert [line.split("  ", 2)[2].partition(" ")[0] for line in said] == ["notes,", "notes,"]
    assert "by Ben" in said[0]
    assert said[0].endswith(": At dawn.")
    assert said[1].endswith("by you: At dusk.")
    told = await ana.asked("earlier", goal)
    assert not told["more"]
    before = str(told["revisions"][0]["version"])
    assert (await ana("earlier", goal, "--before", before)).splitlines() == said[1:]


async def test_a_phone_that_one_did_not_sign_in_is_seen_and_shut_out(
    address: str, ana: Terminal, tmp_path: Path
) -> None:
    name = f"Ana {uuid4().hex[:8]}"
    await ana("sign-in", "--server", address, "--name", name)
    other = Terminal(tmp_path / "other.db", ana._capsys)
    await other("sign-in", "--server", address, "--name", name)
    await ana("sync")
    shown = await ana("show", "notice")
    wanted = shown.split("revoke ")[1].split(" ")[0]
    # The new phone itself is not asked to shut itself out.
    assert "revoke" not in await other("show", "notice")
    said = (await ana("devices")).splitlines()
    assert ["this phone" in line for line in said] == [True, False]
    assert f"[{wanted}]" in said[1]
    assert "None of your phones is called 'zzzzzz'" in await ana("revoke", "zzzzzz", "--yes", code=EXIT_USAGE)
    assert "--yes" in await ana("revoke", wanted, code=EXIT_USAGE)
    assert "Nothing to send" in await other("sync")
    assert "It is shut out" in await ana("revoke", wanted, "--yes")
    await other("sync", code=EXIT_FAILED)
    assert "shut out on" in (await ana("devices")).splitlines()[1]
    assert [each["this"] for each in await ana.asked("devices")] == [True, False]
    own = (await ana.asked("devices"))[0]["id"][-6:]
    await ana("revoke", own, "--yes")
    await ana("sync", code=EXIT_FAILED)


async def test_listening_tells_of_news(address: str, ana: Terminal, ben: Terminal, tmp_path: Path) -> None:
    await pair(ana, ben, address)
    await ana("propose", "A walk every Sunday")
    await ana("sync")
    said = await ben("listen", "--news", "1")
    assert "There is news between the two of you." in said
    assert "A walk every Sunday" in await ben("show")
    await ana("set", await ana.one("goal"), "notes=Soon.")
    await ana("sync")
    told = [json.loads(line) for line in (await ben("--json", "listen", "--news", "1")).splitlines()]
    assert set(told[0]) == {"space", "head"}
    assert told[-1] == {"news": 1}


async def test_listening_tells_whom_one_is_with_now(address: str, ana: Terminal, ben: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    await sign_in(ben, address, "Ben")
    await ben("join", (await ana.asked("invite"))["code"])
    await ana("confirm")
    await ben("confirm")
    said = await ana("listen", "--news", "1")
    assert "There is news between the two of you." in said
    assert "You are together with Ben" in said
    assert "together with Ben" in await ana("show")


def test_news_are_counted_from_one(ana: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--file", str(ana.file), "listen", "--news", "0"])
    assert "must be a number from 1" in capsys.readouterr().err


async def test_what_does_not_fit_is_named_and_nothing_is_kept(address: str, ana: Terminal, ben: Terminal) -> None:
    await pair(ana, ben, address)
    said = await ana("add", "check_in", "text=A long day.", "valence=9", code=EXIT_REFUSED)
    assert said == "valence does not take that; it holds whole number -4 to 4, or null.\n"
    said = await ana("add", "step", "title=Boots", code=EXIT_REFUSED)
    assert said == "A step needs goal too. Nothing was kept.\n"
    assert "title does not take that" in await ana("propose", "x" * 10_000, code=EXIT_REFUSED)
    assert "topic does not take that" in await ana("propose", "A walk", "--topic", "x" * 10_000, code=EXIT_REFUSED)
    assert "Nothing to send" in await ana("sync")


async def test_settings_are_changed_like_anything_else(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    settings = await ana.one("settings")
    await ana("set", settings, "zone=Europe/Lisbon", 'quiet=[{"weekday":0,"from":"22:00","to":"07:00"}]', "day_cap=1")
    assert "zone: Europe/Lisbon" in await ana("show", "settings")
    said = await ana("set", settings, "quiet=whenever", code=EXIT_REFUSED)
    assert said == "quiet does not take that; it holds weekly windows on a grid of 15 minutes.\n"
    said = await ana("set", settings, "day_cap=1", "quiet_off=maybe", code=EXIT_REFUSED)
    assert said == "quiet_off does not take that; it holds true or false.\n"
    await ana("sync")
    assert (await ana.of_kind("settings"))[0]["fields"]["zone"] == "Europe/Lisbon"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["set", "zzzzzz", "text=x"], "Nothing on this phone is called 'zzzzzz'"),
        (["set", "", "text=x"], "More than one record is called"),
        (["add", "star_sign"], "There is no kind 'star_sign'. Kinds are: settings"),
        (["add", "check_in", "colour=red"], "Write field=value. A check in has: local_date"),
        (["add", "check_in", "text"], "Write field=value."),
        (["add", "step", "goal=nothing", "title=x"], "Nothing on this phone is called 'nothing'"),
        (["share", "settings", "text"], "Nothing on this phone"),
        (["confirm"], "No pairing waits for you. You are not with anyone here. One of you types `invite`"),
        (["propose", "A walk"], "There is nobody to propose it to: you are not with anyone here."),
    ],
)
async def test_what_is_not_understood_is_said_with_what_would_be(
    address: str, ana: Terminal, typed: list[str], said: str
) -> None:
    await sign_in(ana, address, "Ana")
    await ana("add", "check_in", "text=x")
    assert said in await ana(*typed, code=EXIT_USAGE)


async def test_commands_for_other_kinds_say_so(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    settings = await ana.one("settings")
    assert "cannot be shown in parts" in await ana("share", settings, "mood", code=EXIT_USAGE)
    assert "Name a goal" in await ana("accept", settings, code=EXIT_USAGE)
    assert "cannot be used" not in await ana("remove", settings, code=EXIT_REFUSED)


async def test_another_person_and_another_file_are_told_kindly(address: str, ana: Terminal, tmp_path: Path) -> None:
    await sign_in(ana, address, "Ana")
    said = await ana("sign-in", "--server", address, "--name", f"Eve {uuid4().hex[:8]}", code=EXIT_FAILED)
    assert "another person" in said
    ana.file.with_name("letter.txt").write_text("Dear Ben, this is no database. " * 200)
    letter = Terminal(ana.file.with_name("letter.txt"), ana._capsys)
    assert "letter.txt cannot be used" in await letter("show", code=EXIT_FAILED)
    new = Terminal(tmp_path / "new.db", ana._capsys)
    assert "Nobody has signed in" in await new("show", code=EXIT_USAGE)
    new_error = await new("sign-in", "--server", "nowhere", "--name", "Ana", code=EXIT_OFFLINE)
    assert "http://" in new_error


async def test_whose_name_is_typed_on_another_persons_phone_hears_of_no_new_phone(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    name = f"Ben {uuid4().hex[:8]}"
    await ben("sign-in", "--server", address, "--name", name)
    await sign_in(ana, address, "Ana")
    assert "another person" in await ana("sign-in", "--server", address, "--name", name, code=EXIT_FAILED)
    await ben("sync")
    assert await ben.of_kind("notice") == []
    assert len(await ben.asked("devices")) == 1
    assert "Nothing to send" in await ana("sync")


async def test_a_mistyped_address_does_not_replace_the_one_that_is_kept(address: str, ana: Terminal) -> None:
    name = f"Ana {uuid4().hex[:8]}"
    await ana("sign-in", "--server", address, "--name", name)
    await ana("sign-in", "--server", "nowhere", "--name", name, code=EXIT_OFFLINE)
    assert "Nothing to send" in await ana("sync")


async def test_a_wrong_code_is_answered_in_the_servers_words(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    said = await ana("join", "ABCD-EFGH", code=EXIT_FAILED)
    assert said.count(".") >= 1
    answer = await _json_error(ana, "join", "ABCD-EFGH")
    assert answer["error"] in said


async def _json_error(terminal: Terminal, *typed: str) -> Any:
    terminal._capsys.readouterr()
    code = await asyncio.to_thread(run, ["--file", str(terminal.file), "--json", *typed])
    assert code == EXIT_FAILED
    return json.loads(terminal._capsys.readouterr().out)


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            run([name, "--help"])
        assert ended.value.code == 0
        assert f"haven-device {name}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(["--help"])
    shown = capsys.readouterr().out
    assert "exit codes:" in shown
    assert "two phones in two terminals" in shown


def test_every_kind_has_a_heading_and_every_notice_a_sentence() -> None:
    assert set(HEADINGS) == set(KINDS)
    assert all(sentence.endswith(".") for sentence in NOTICES.values())
