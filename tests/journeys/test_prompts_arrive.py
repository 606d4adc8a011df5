"""Prompts from a phone's edit to another phone, on PostgreSQL: what is told, when, and what is not."""

from uuid import UUID

from api.prompting import Prompting
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.two import Two


async def test_a_letter_reaches_the_phone_of_whom_it_was_written_to_once(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
    await two.ana.sync()
    given = two.clock()
    await rounds(two, prompting, 15)
    [(at, value)] = vendor.told
    assert value == "ben:phone"
    assert 2 <= (at - given).total_seconds() / 60 <= 11
    row = await two.parts.pool.fetchrow(
        "SELECT kinds, text_id FROM prompt_ledger WHERE person_id = $1", UUID(str(two.ben.person))
    )
    assert row["kinds"] == ["letter_arrived"]
    assert row["text_id"].startswith("letter_arrived.")
    await rounds(two, prompting, 30)
    assert len(vendor.told) == 1


async def test_whoever_wants_nothing_shown_is_reached_so(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    [own] = two.ben.all("settings")
    for privacy in ("discreet", "hidden"):
        two.ben.edit("settings", own.id, push_privacy=privacy)
        two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
        await two.meet()
        await rounds(two, prompting, 15)
        two.clock.move(minutes=240)
    assert vendor.hidden == [False, True]


async def test_i2_what_is_private_reaches_nobody(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    two.ana.edit("check_in", local_date=two.today(), valence=-4, text="low")
    two.ana.edit("reflection", trigger="a")
    two.ana.edit("own_goal", title="b")
    await two.meet()
    await rounds(two, prompting, 15)
    assert vendor.told == []


async def test_f5_five_requests_in_a_day_prompt_once(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    for _ in range(5):
        two.ana.edit("support_request", form="listen")
        await two.ana.sync()
        await rounds(two, prompting, 240)
    assert [value for _, value in vendor.told] == ["ben:phone"]
    await two.ben.sync()
    assert len(two.ben.all("support_request")) == 5


async def test_a_request_that_is_withdrawn_before_it_was_told_prompts_nobody(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    request = two.ana.edit("support_request", form="listen")
    await two.ana.sync()
    await prompting.tick(two.clock())
    two.ana.remove(request)
    await two.ana.sync()
    await rounds(two, prompting, 15)
    assert vendor.told == []


async def test_i17_after_parting_nothing_reaches_either(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    two.ana.edit("support_request", form="listen")
    two.ben.edit("goal_terms", goal=two.ben.edit("goal"), title="Walk")
    await two.meet()
    await prompting.tick(two.clock())
    await two.ana.part()
    await rounds(two, prompting, 15)
    assert vendor.told == []


async def test_a_proposal_and_its_answer(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="Walk")
    await two.meet()
    await rounds(two, prompting, 15)
    assert [value for _, value in vendor.told] == ["ben:phone"]
    two.ben.edit("goal_act", goal=goal, terms=terms, act="accept")
    await two.meet()
    await rounds(two, prompting, 240)
    assert len(vendor.told) == 1, "a yes prompts nobody"


async def test_an_own_step_reaches_its_own_person_at_their_time(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    goal = two.ana.edit("goal")
    step = two.ana.edit("step", goal=goal, title="Ask")
    await two.meet()
    two.ben.edit("step", step, taken_by=[str(two.ben.person)])
    now = two.clock()
    at = f"{(now.hour + 1) % 24:02}:30"
    on = two.today() if now.hour < 23 else two.today(in_days=1)
    two.ben.edit("step_date", step=step, on=on, at=at)
    await two.meet()
    await rounds(two, prompting, 15)
    before = len([value for _, value in vendor.told if value == "ben:phone"])
    await rounds(two, prompting, 120)
    told = [(when, value) for when, value in vendor.told if value == "ben:phone"]
    assert len(told) == before + 1
    assert f"{told[-1][0]:%H:%M}" in {at, f"{at[:3]}31", f"{at[:3]}32", f"{at[:3]}33"}


async def test_f4_a_request_that_lapses_prompts_nobody(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    request = two.ana.edit("support_request", form="listen")
    await two.meet()
    await rounds(two, prompting, 60)
    asked = list(vendor.told)
    for _ in range(5 * 24 * 4):
        two.clock.move(minutes=15)
        await prompting.tick(two.clock())
    await two.ben.sync()
    assert two.ben.fields(request)["state"] == "open", "it lapses by time alone, and is written by nobody"
    assert vendor.told == asked, "nobody is told, of the lapse or of the silence"


async def test_f7_after_a_low_mood_the_next_days_plan_is_the_same_or_smaller(two: Two, prompting: Prompting) -> None:
    [own] = two.ana.all("settings")
    two.ana.edit("settings", own.id, prompt_check_in_invite=7, prompt_reflection_invite=1, invite_at="11:00")
    await two.meet()
    await prompting.tick(two.clock())

    async def planned() -> set[tuple[str, str]]:
        answer = await two.client.get("/v1/prompts/preview", headers=two.ana.someone.headers)
        tomorrow = two.today(in_days=1)
        return {(each["kind"], each["at"]) for each in answer.json()["coming"] if each["at"].startswith(tomorrow)}

    before = await planned()
    assert before, "something would come"
    two.ana.edit("check_in", local_date=two.today(), valence=-4)
    await two.meet()
    await prompting.tick(two.clock())
    assert await planned() == set(), "and after a hard day no invitation does"
    assert await planned() < before


async def test_f17_fifty_letters_within_minutes_are_one_prompt(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    for nth in range(50):
        two.ana.edit("note_draft", for_couple=two.couple, for_what=f"Reason {nth}", send=True, delivery="now")
        if nth % 10 == 9:
            await two.ana.sync()
            await rounds(two, prompting, 1)
    await rounds(two, prompting, 12 * 60)
    assert [value for _, value in vendor.told] == ["ben:phone"]
