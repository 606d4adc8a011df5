"""The words of a prompt, fetched by the phone that was told, and the week ahead: for one person's eyes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.prompting import Prompting
from tests.journeys.phones import Phone
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.two import Two
from tests.people import ok


async def prompts(two: Two, phone: Phone) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ok(two.client.get("/v1/prompts", headers=phone.someone.headers)))["prompts"]
    return found


async def ahead(two: Two, phone: Phone) -> dict[str, Any]:
    found: dict[str, Any] = await ok(two.client.get("/v1/prompts/preview", headers=phone.someone.headers))
    return found


async def choose(two: Two, phone: Phone, **settings: object) -> None:
    await phone.sync()
    [own] = phone.all("settings")
    phone.edit("settings", own.id, **settings)
    await two.meet()


def of_kind(week: dict[str, Any], kind: str) -> dict[str, Any]:
    [found] = [each for each in week["kinds"] if each["kind"] == kind]
    return dict(found)


async def a_letter(two: Two, prompting: Prompting) -> None:
    two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
    await two.meet()
    await rounds(two, prompting, 15)


async def test_a_phone_that_was_told_fetches_the_words_by_what_it_may_show(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, push_privacy="descriptive", locale="de")
    await a_letter(two, prompting)
    [shown] = await prompts(two, two.ben)
    [(at, _)] = vendor.told
    assert (shown["kind"], shown["sent_at"]) == ("letter_arrived", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    assert shown["expires_at"] == f"{at + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert (shown["less_of_this"], shown["not_this"]) == (None, {"prompt_letter_arrived": 0})
    descriptive = shown["text"]
    await choose(two, two.ben, push_privacy="discreet")
    [shown] = await prompts(two, two.ben)
    assert shown["text"] == "Etwas Neues, wann immer es dir passt." != descriptive
    await choose(two, two.ben, push_privacy="hidden")
    [shown] = await prompts(two, two.ben)
    assert shown["text"] is None


async def test_a_language_that_is_not_there_is_told_in_english(two: Two, prompting: Prompting) -> None:
    await choose(two, two.ben, push_privacy="discreet", locale="cy")
    await a_letter(two, prompting)
    [shown] = await prompts(two, two.ben)
    assert shown["text"] == "Something new, whenever suits you."
    assert of_kind(await ahead(two, two.ben), "reflection_invite")["why"] == "This is switched off in your settings."


async def test_nobody_else_sees_what_was_sent(two: Two, prompting: Prompting) -> None:
    await a_letter(two, prompting)
    assert await prompts(two, two.ana) == []
    assert len(await prompts(two, two.ben)) == 1
    nobody = await two.client.get("/v1/prompts")
    assert nobody.status_code == 401


async def test_not_this_is_a_change_of_settings_that_holds_at_once(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await a_letter(two, prompting)
    [shown] = await prompts(two, two.ben)
    await choose(two, two.ben, **shown["not_this"])
    two.clock.move(minutes=300)
    await a_letter(two, prompting)
    assert len(vendor.told) == 1
    assert of_kind(await ahead(two, two.ben), "letter_arrived")["reason"] == "off"


async def test_less_of_this_doubles_the_interval_and_ends_at_eight_times(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, prompt_reflection_invite=1, invite_at="16:00")
    await rounds(two, prompting, 250)
    [shown] = await prompts(two, two.ben)
    assert shown["kind"] == "reflection_invite"
    assert shown["less_of_this"] == {"seldom_reflection_invite": 1}
    week = await ahead(two, two.ben)
    assert of_kind(week, "reflection_invite")["next_at"] is not None, "in a week it would come anew"
    for times in (1, 2, 3, 3):
        [shown] = await prompts(two, two.ben)
        assert shown["less_of_this"] == {"seldom_reflection_invite": times}
        await choose(two, two.ben, **shown["less_of_this"])
    week = await ahead(two, two.ben)
    assert week["coming"] == []
    assert of_kind(week, "reflection_invite")["reason"] == "rhythm"


async def test_the_preview_is_what_the_worker_does(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    """Nobody does anything for a week: what was foretold at its beginning has come, to the second."""
    await choose(two, two.ben, prompt_check_in_invite=3, prompt_reflection_invite=1, prompt_balance_invite=1)
    await prompting.tick(two.clock())
    week = await ahead(two, two.ben)
    assert len({each["kind"] for each in week["coming"]}) == 3
    foretold = [(each["kind"], each["at"]) for each in week["coming"]]
    began = two.clock()
    # Every ten minutes, in which whatever is not foretold would come as well, and at each foretold instant.
    times = {began + timedelta(minutes=10 * nth) for nth in range(1, 7 * 24 * 6)}
    for at in sorted(times | {datetime.fromisoformat(at) for _, at in foretold}):
        two.clock.move(seconds=(at - two.clock()).total_seconds())
        await prompting.tick(two.clock())
    assert [(each["kind"], each["sent_at"]) for each in reversed(await prompts(two, two.ben))] == foretold
    assert len(vendor.told) == len(foretold)


async def test_what_waits_for_the_end_of_quiet_hours_is_told_with_its_reason(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    every_day = [{"weekday": day, "from": "11:00", "to": "15:00"} for day in range(7)]
    await choose(two, two.ben, quiet=every_day, quiet_off=False, locale="es")
    await a_letter(two, prompting)
    assert vendor.told == []
    week = await ahead(two, two.ben)
    [comes] = week["coming"]
    assert comes["kind"] == "letter_arrived"
    assert comes["at"][11:13] == "15"
    assert {each["reason"] for each in week["held_back"]} <= {"quiet"}
    assert (week["day_cap"], week["week_cap"]) == (2, 7)
    [held] = week["held_back"]
    assert (held["reason"], held["until"]) == ("quiet", comes["at"]), "the worker has put it off before"
    two.ben.edit("boundary", form="space", zone="UTC", max_prompts_a_day=1)
    await two.meet()
    assert (await ahead(two, two.ben))["day_cap"] == 1


async def test_what_was_dropped_is_told_with_a_sentence(two: Two, prompting: Prompting) -> None:
    await choose(two, two.ben, prompt_reflection_invite=1, invite_at="12:05", locale="de")
    two.ana.edit("pause", minutes=60)
    await two.meet()
    await rounds(two, prompting, 90)
    week = await ahead(two, two.ben)
    assert of_kind(week, "reflection_invite")["setting"] == 1
    returned = [each for each in week["held_back"] if each["kind"] == "pause_return"]
    assert all(each["why"] for each in returned)


async def test_a_new_device_is_told_at_night_and_a_copy_in_the_morning(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    every_day = [{"weekday": day, "from": "11:00", "to": "15:00"} for day in range(7)]
    await choose(two, two.ben, quiet=every_day, quiet_off=False, push_privacy="descriptive")
    await two.another_phone(two.ben)
    await two.export_for(two.ben)
    await rounds(two, prompting, 120)
    assert [value for _, value in vendor.told] == ["ben:phone"]
    await rounds(two, prompting, 120)
    assert [value for _, value in vendor.told] == ["ben:phone", "ben:phone"]
    newest, first = await prompts(two, two.ben)
    assert (first["kind"], newest["kind"]) == ("new_device", "account_notice")
    for each in (first, newest):
        assert each["text"] == "Something new, whenever suits you.", "what is about the account is on no lock screen"
        assert (each["less_of_this"], each["not_this"]) == (None, None)
    assert await prompts(two, two.ana) == []


@pytest.mark.parametrize("path", ["/v1/prompts", "/v1/prompts/preview"])
async def test_somebody_without_a_couple_has_prompts_of_their_own(two: Two, prompting: Prompting, path: str) -> None:
    await two.ana.part()
    answer = await two.client.get(path, headers=two.ana.someone.headers)
    assert answer.status_code == 200
    week = await ahead(two, two.ana)
    assert of_kind(week, "letter_arrived")["reason"] == "parted"
