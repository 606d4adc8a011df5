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
