"""What an app does with the native adapter by its own calls: edits, what is shown of them, and stopping."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.ids import RecordId
from tests import people
from tests.clients.places import SYNC, Place, answered, met, problem, step
from tests.clients.readers import ReaderPhone
from tests.streams import until

DAY = {"local_date": "2026-11-20", "text": "A day."}
NOBODY = "00000000-0000-4000-8000-000000000009"


def call(phone: ReaderPhone, method: str, *args: Any) -> Any:
    return phone.tell("call", method=method, args=args)


def made(phone: ReaderPhone, kind: str, *args: Any) -> RecordId:
    return RecordId(UUID(call(phone, "make", kind, *args)))


def refused(phone: ReaderPhone, sentence: str, method: str, *args: Any) -> None:
    before = phone.pending()
    with pytest.raises(AssertionError, match=sentence):
        call(phone, method, *args)
    assert phone.pending() == before, "nothing was edited"


# Ids and times


async def test_an_id_tells_the_partner_no_time_and_oneself_the_time(place: Place) -> None:
    phone = await place.phone()
    shared = [made(phone, "goal", {}), made(phone, "step", {"goal": str(place.home.goal), "title": "Book the ferry"})]
    own = [made(phone, "check_in", DAY), made(phone, "note_draft", {"for_what": "The soup."})]
    assert [each.version for each in shared] == [4, 4]
    assert [each.version for each in own] == [7, 7]


async def test_an_edit_says_how_long_ago_it_was_made(place: Place) -> None:
    phone = await place.phone()
    entry = made(phone, "check_in", DAY)
    goal = str(place.home.goal)
    call(phone, "write", goal, {"notes": "A boat."})
    call(phone, "remove", str(entry))
    [change, *_] = asked = phone.tell("ask", now_ms=0, limit=500)["changes"]
    assert [each.get("age_ms") for each in asked] == [None] * 3, "made in the future"
    later = 2**41 + 10**9
    phone.tell("ask", now_ms=later, limit=500)
    ages = [each["age_ms"] for each in phone.tell("ask", now_ms=later, limit=500)["changes"]]
    made_ms = int(change["id"].replace("-", "")[:12], 16)
    assert all(0 <= later - age - made_ms < 60_000 for age in ages)


async def test_a_couple_that_the_device_does_not_know_yet_can_be_named(place: Place) -> None:
    home = place.home
    someone = await people.another_device(home.client, home.ana)
    phone = ReaderPhone(place.node, place.address, home.client, someone, limit=500, hurried=True)
    titled = {"goal": str(home.goal).upper(), "title": "Before the first sync"}
    made(phone, "step", titled, home.couple.upper())
    [change] = phone.tell("waiting")
    assert change["couple"] == home.couple
    assert change["set"]["goal"] == str(home.goal)
    await phone.sync()
    assert await place.titles() == ["Before the first sync"]


async def test_an_id_in_capitals_is_the_same_id(place: Place) -> None:
    phone = await place.phone()
    titled = made(phone, "step", {"goal": str(place.home.goal).upper(), "title": "Book the ferry"})
    loud = str(titled).upper()
    assert [each.fields["goal"] for each in phone.all("step")] == [str(place.home.goal)]
    call(phone, "write", loud, {"done": True})
    assert phone.tell("look", id=loud)["fields"]["done"]
    await phone.sync()
    assert phone.pending() == 0


async def test_what_is_written_for_an_earlier_couple_stays_with_it(place: Place) -> None:
    phone, home = await place.phone(), place.home
    old = made(phone, "step", {"goal": str(home.goal), "title": "Book the ferry"})
    await phone.sync()
    await people.ok(people.part(home.client, home.ana, home.couple))
    await people.pair(home.client, home.ben, home.ana)
    await phone.sync()
    call(phone, "write", str(old), {"title": "Book the ferry. Ask Cleo."})
    [change] = phone.tell("waiting")
    assert change["couple"] == home.couple
    await phone.sync()
    assert phone.outcome().code == "closed"


# What can be done with a record


async def test_a_record_is_removed_and_brought_back(place: Place) -> None:
    phone = await place.phone()
    entry = made(phone, "check_in", DAY)
    await phone.sync()
    for method, removed in (("remove", True), ("bringBack", False)):
        call(phone, method, str(entry))
        assert phone.tell("look", id=str(entry))["removed"] == removed
        await phone.sync()
        assert phone.tell("look", id=str(entry))["removed"] == removed


async def test_of_two_texts_one_is_picked_and_a_joined_one_is_confirmed(place: Place) -> None:
    phone, tablet = await place.phone(), await place.phone()
    beside = made(phone, "check_in", DAY | {"text": "We take the train."})
    joined = made(phone, "check_in", DAY | {"text": "Two nights. We take the train."})
    await phone.sync()
    await tablet.sync()
    call(tablet, "write", str(beside), {"text": "We take the night train."})
    call(tablet, "write", str(joined), {"text": "Two nights. We take the train. Ask Cleo."})
    await tablet.sync()
    call(phone, "write", str(beside), {"text": "We take the slow train."})
    call(phone, "write", str(joined), {"text": "Three nights. We take the train."})
    await phone.sync()
    assert phone.record(beside).alternatives
    assert phone.record(joined).merged == ("text",)

    call(phone, "pick", str(beside).upper(), "text", "We take the night train.")
    call(phone, "confirm", str(joined).upper(), "text")
    for _ in range(2):
        assert phone.fields(beside)["text"] == "We take the night train."
        assert not phone.record(beside).alternatives
        assert not phone.record(joined).merged
        await phone.sync()
    refused(phone, "Nothing stands beside this", "pick", str(beside), "text", "We take the night train.")
    refused(phone, "This was not joined from two texts", "confirm", str(joined), "text")


async def test_what_could_not_be_sent_is_refused_with_a_word(place: Place) -> None:
    phone = await place.phone()
    entry = made(phone, "check_in", DAY)
    await phone.sync()
    refused(phone, 'This kind of record has no field "nosuch"', "write", str(entry), {"nosuch": 1})
    refused(phone, 'This kind of record has no field "texd"', "make", "check_in", {"texd": "Typo."})
    refused(phone, "This app knows no such kind of record", "make", "nosuch", {})
    refused(phone, "There is no such record here", "write", NOBODY, {"text": "Kiwi."})
    refused(phone, "There is no such record here", "pick", NOBODY, "text", "Kiwi.")
    refused(phone, "There is no such record here", "confirm", NOBODY, "text")
    refused(phone, "Nothing stands beside this", "pick", str(entry), "nosuch", "Kiwi.")


async def test_what_is_nested_too_deeply_is_refused_and_what_just_fits_arrives(place: Place) -> None:
    phone = await place.phone()
    entry = made(phone, "check_in", DAY)
    deep: Any = "x"
    for _ in range(12):
        deep = {"in": deep}
    refused(phone, 'What is to stand in "text" is nested too deeply', "write", str(entry), {"text": {"in": deep}})
    refused(phone, 'What is to stand in "text" is nested too deeply', "make", "check_in", {"text": [deep]})
    call(phone, "write", str(entry), {"text": deep})
    await phone.sync()
    assert [each.code for each in phone.device.outcomes] == [None, "invalid"], "it was read"
    assert phone.tell("aside") == []


async def test_what_is_written_to_a_record_that_was_wiped_comes_back(place: Place) -> None:
    """The editor is open while another own phone gives the letter."""
    phone, home = await place.phone(), place.home
    draft = phone.edit("note_draft", for_what="The walk.", text="Dear Ben.", for_couple=home.couple)
    await phone.sync()
    await home.a1.sync()
    home.a1.edit("note_draft", draft, send=True)
    await home.a1.sync()
    await phone.sync()
    call(phone, "write", str(draft), {"text": "Dear Ben. And one more line."})
    assert phone.pending() == 1
    await phone.sync()
    [unplaced] = phone.all("unplaced")
    assert (unplaced.fields["code"], unplaced.fields["about"]) == ("already_given", str(draft))
    assert unplaced.fields["words"] == {"text": "Dear Ben. And one more line."}


async def test_what_is_not_of_its_shape_harms_nothing_else_that_is_shown(place: Place) -> None:
    phone, goal = await place.phone(), str(place.home.goal)
    entry = made(phone, "check_in", DAY)
    pause = made(phone, "pause", {"minutes": 20, "started_at": "soon"})
    for minutes in ("long", None, {}):
        made(phone, "pause", {"minutes": minutes, "started_at": "2026-11-20T12:00:00Z"})
    summary = made(phone, "counsel_summary", {"from": "2026-11-01", "to": "2026-11-20"})
    for approvals in (None, 3, {"a": 1}, [None, {}]):
        part = {"summary": str(summary), "section": "agreements", "text": "We agree.", "approvals": approvals}
        made(phone, "counsel_part", part)
    made(phone, "counsel_part", {"summary": str(summary), "section": "agreements", "text": 7, "approvals": []})
    made(phone, "step", {"goal": None, "title": 4, "taken_by": "Ana"})
    for wrong in ({"terms": None}, {"act": 7}, {"terms": {}}):
        made(phone, "goal_act", {"goal": goal, "terms": NOBODY, "act": "accept"} | wrong)
    made(phone, "goal_terms", {"goal": goal, "title": [], "based_on": {}})
    made(phone, "check_in", DAY | {"needs": "rest", "text": 3})
    made(phone, "reflection", {"own_tags": None, "feelings": 3})

    shown = {each["id"]: each for each in phone.tell("all")}
    assert shown[str(entry)]["fields"]["text"] == "A day."
    assert shown[str(pause)]["fields"]["started_at"] == "soon"
    assert shown[str(summary)]["fields"]["state"] == "draft"
    assert {len(phone.tell("shows", kind=kind)) for kind in ("pause", "counsel_part")} == {4, 5}
    await phone.sync()
    assert phone.pending() == 0
    assert phone.fields(RecordId(UUID(goal)))["state"] == "active"


async def test_a_set_is_laid_over_what_is_none_as_far_as_it_goes(place: Place) -> None:
    phone = await place.phone()
    entry = made(phone, "check_in", DAY | {"needs": ["rest"]})
    call(phone, "write", str(entry), {"needs": "rest"})
    edit = {"set": {"needs": ["\U0001f600", "\uff41"]}, "was": {"needs": ["rest"]}}
    key = "9c1e0000-0000-4000-8000-000000000001"
    phone.tell("keep", change={"key": key, "kind": "check_in", "id": str(entry), **edit}, made_ms=0)
    assert phone.fields(entry)["needs"] == ["\uff41", "\U0001f600"]
    assert [each.id for each in phone.all("goal")] == [place.home.goal]


async def test_the_app_is_told_when_something_may_be_shown_otherwise(place: Place) -> None:
    phone, home = await place.phone(), place.home
    before = met(phone)["changed"]
    assert before
    made(phone, "check_in", DAY)
    assert met(phone)["changed"] == before + 1
    await phone.sync()
    home.b1.edit("goal", home.goal, notes="Ben's words.")
    await home.b1.sync()
    after = met(phone)["changed"]
    await phone.sync()
    assert met(phone)["changed"] > after


# What was put aside


async def test_what_was_put_aside_is_sent_once_more_when_its_person_says_so(place: Place) -> None:
    phone = await place.phone()
    titled = step(phone, place, "Book the ferry")
    place.gate.does(SYNC, problem(400, "malformed", "$.changes[0]"))
    await phone.sync()
    [aside] = phone.tell("aside")
    assert phone.pending() == 0
    phone.begin_again()
    call(phone, "tryAgain", aside["change"]["key"])
    call(phone, "tryAgain", NOBODY)
    assert phone.tell("aside") == []
    [again] = phone.tell("ask", now_ms=2**42, limit=500)["changes"]
    assert again.pop("age_ms") > 0, "it was made when it was made"
    assert again == aside["change"], "under its own key"
    await phone.sync()
    assert phone.record(titled).version > 0
    assert await place.titles() == ["Book the ferry"]


# Stopping


async def test_once_it_has_stopped_nothing_runs_any_more(place: Place) -> None:
    phone, other = await place.phone(), await place.phone()
    made(phone, "check_in", DAY | {"text": "Secret words."})
    phone.tell("hold")
    phone.tell("listen")
    await until(lambda: len(answered(phone)) > 1)
    queued = phone.node.told("sync", device=phone.someone.device)
    asked = place.gate.asked[SYNC]
    await phone.does("stop")
    problems = [(await phone.node.waited_for(each))["problem"]["message"] for each in (queued,)]
    assert problems == ["This was stopped. Everything is kept here."]
    phone.tell("erase")
    phone.tell("release")
    await other.sync()
    await asyncio.gather(*(other.sync() for _ in range(3)))
    assert not phone.tell("is_kept")
    assert phone.pending() == 1, "the answer was not taken"
    assert place.gate.asked[SYNC] > asked
    assert len(met(phone)["sent"]) == 2
    assert met(phone)["problems"] == []


async def test_a_pause_ends_when_it_is_stopped_and_it_can_begin_again(place: Place) -> None:
    phone = await place.phone()
    titled = step(phone, place, "Book the ferry")
    place.gate.answers(SYNC, 503, "busy", retry_after="3600")
    phone.tell("listen")
    await until(lambda: any(each > 3_600_000 for each in met(phone)["paused"]))
    await phone.does("stop")
    assert phone.pending() == 1
    phone.tell("listen")
    await until(lambda: phone.pending() == 0)
    assert phone.record(titled).version > 0
    await phone.does("stop")
