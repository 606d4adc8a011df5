"""What is read of people for their prompts, from PostgreSQL: what is theirs and what both see, and nothing else."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

import pytest

from api.people import StoredPeople
from domain.ids import PersonId, RecordId
from notifications.ports import Facts, Told
from tests import people
from tests.journeys.phones import Phone
from tests.journeys.two import Two


def identity(phone: Phone) -> PersonId:
    return PersonId(UUID(str(phone.person)))


async def known(two: Two, phone: Phone, *told: Told) -> Facts:
    asked: dict[PersonId, Collection[Told]] = {identity(phone): told}
    return (await StoredPeople(two.parts.pool, two.parts.keys).facts(asked, two.clock()))[identity(phone)]


async def settings(two: Two, phone: Phone, **chosen: object) -> None:
    await phone.sync()
    [own] = phone.all("settings")
    phone.edit("settings", own.id, **chosen)
    await two.meet()


async def test_settings_boundaries_and_days_are_known(two: Two) -> None:
    await settings(two, two.ana, zone="Europe/Berlin", invite_at="07:15", prompt_check_in_invite=3, locale="de")
    two.ana.edit("boundary", form="space", zone="UTC", max_prompts_a_day=1)
    low = two.ana.edit("check_in", local_date="2026-11-23", valence=-4)
    two.ana.edit("balance_note", month="2026-11", line="a")
    await two.meet()
    told = await known(two, two.ana)
    person = told.person
    assert (person.clock.zone, told.locale, person.wanted["check_in_invite"]) == ("Europe/Berlin", "de", 3)
    assert [(each.is_space, each.most_a_day) for each in person.clock.boundaries] == [(True, 1)]
    assert (person.checked_in_on, person.balanced_in) == ({date(2026, 11, 23)}, {"2026-11"})
    assert person.low_at == person.used_at == two.clock()
    assert told.acted["check_in_invite"] == two.clock()
    two.ana.edit("check_in", low, valence=2)
    await two.meet()
    assert (await known(two, two.ana)).person.low_at is None


async def test_the_couple_is_known_as_both_see_it(two: Two) -> None:
    person = (await known(two, two.ana)).person
    assert person.couple is not None
    assert person.couple.members == {identity(two.ana), identity(two.ben)}
    assert person.couple.paired_at <= two.clock()
    assert (person.couple.pauses, person.couple.partners_space, person.couple.has_active_goal) == ((), (), False)

    await settings(two, two.ana, prompt_goal_lookback=1)
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="Walk")
    two.ben.edit("boundary", form="space", zone="UTC", audience=two.couple, visibility="effect")
    two.ben.edit("pause", minutes=60)
    await two.meet()
    two.ben.edit("goal_act", goal=goal, terms=terms, act="accept")
    await two.meet()
    couple = (await known(two, two.ana)).person.couple
    assert couple is not None
    assert couple.partners_space == ((None, None),)
    assert [each.author for each in couple.pauses] == [identity(two.ben)]
    assert couple.has_active_goal
    theirs = (await known(two, two.ben)).person.couple
    assert theirs is not None
    assert theirs.partners_space == ()
    assert not theirs.has_active_goal, "who wants no such prompt needs no goals to be read"


async def test_own_steps_are_known_with_how_they_stand(two: Two) -> None:
    goal = two.ana.edit("goal")
    step = two.ben.edit("step", goal=goal, title="Ask", taken_by=[str(two.ben.person)])
    two.ben.edit("step_date", step=step, on="2026-11-24", at="09:30")
    await two.meet()
    [found] = (await known(two, two.ben)).person.steps
    assert (found.on, found.open) == (date(2026, 11, 24), True)
    two.ana.edit("step", step, done=True)
    await two.meet()
    [found] = (await known(two, two.ben)).person.steps
    assert not found.open
    assert (await known(two, two.ana)).person.steps == ()


async def test_what_the_other_does_about_ones_own_is_no_act_of_ones_own(two: Two) -> None:
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="Walk")
    request = two.ana.edit("support_request", form="listen")
    step = two.ana.edit("step", goal=goal, title="Ask", taken_by=[str(two.ana.person)])
    two.ana.edit("step_date", step=step, on="2026-11-24", at="09:30")
    await two.meet()
    acted = two.clock()
    assert (await known(two, two.ana)).person.used_at == acted
    two.clock.move(minutes=90)
    two.ben.edit("goal_act", goal=goal, terms=terms, act="accept")
    two.ben.edit("response", to=request, form="heard_you")
    two.ben.edit("step", step, title="Ask at the pool", done=True)
    await two.meet()
    told = await known(two, two.ana)
    assert (told.person.used_at, set(told.acted.values())) == (acted, {acted})
    assert (await known(two, two.ben)).person.used_at == two.clock()


async def test_to_say_that_an_own_step_is_done_is_an_act(two: Two) -> None:
    goal = two.ana.edit("goal")
    step = two.ana.edit("step", goal=goal, title="Ask")
    await two.meet()
    two.ben.edit("step", step, taken_by=[str(two.ben.person)])
    two.ben.edit("step_date", step=step, on="2026-11-24", at="09:30")
    await two.meet()
    two.clock.move(minutes=90)
    two.ben.edit("step", step, done=True)
    await two.meet()
    assert (await known(two, two.ben)).acted["own_step"] == two.clock()


async def test_what_has_arrived_is_known_with_its_goal_and_the_answers_to_it(two: Two) -> None:
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="Walk")
    request = two.ana.edit("support_request", form="listen")
    repair = two.ana.edit("repair", form="apology")
    await two.meet()
    no = two.ben.edit("response", to=repair, form="not_ready_yet")
    await two.meet()
    told: list[Told] = [
        ("proposal_arrived", RecordId(UUID(str(terms)))),
        ("request_arrived", RecordId(UUID(str(request)))),
        ("letter_arrived", RecordId(UUID(str(repair)))),
        ("letter_arrived", RecordId(UUID(int=77))),
    ]
    arrived = (await known(two, two.ben, *told)).arrived
    assert [each in arrived for each in told] == [True, True, True, False]
    assert all(arrived[each].stands for each in told[:3])
    assert arrived[told[2]].hushed_until == two.clock() + timedelta(hours=72)
    answer: Told = ("letter_arrived", RecordId(UUID(str(no))))
    assert (await known(two, two.ana, answer)).arrived[answer].hushed_until == two.clock() + timedelta(hours=72)
    two.ana.remove(request)
    two.ana.edit("goal_act", goal=goal, terms=terms, act="let_go")
    await two.meet()
    arrived = (await known(two, two.ben, *told)).arrived
    assert not any(arrived[each].stands for each in told[:2] if each in arrived)


async def test_consent_and_a_device_are_known(two: Two) -> None:
    target = {"kind": "token", "value": "ben:phone", "platform": "android"}
    assert not (await known(two, two.ben)).person.reachable
    await two.client.put("/v1/devices/current/push-target", headers=two.ben.someone.headers, json=target)
    person = (await known(two, two.ben)).person
    assert (person.consents, person.reachable) == (True, True)
    two.clock.move(minutes=61 * 24 * 60)
    assert not (await known(two, two.ben)).person.reachable
    no = {"purpose": "push", "text_version": 1, "given": False}
    await two.client.post("/v1/me/consents", headers=two.ben.someone.headers, json=no)
    assert not (await known(two, two.ben)).person.consents


async def test_after_parting_it_is_known_when_and_nothing_of_the_couple(two: Two) -> None:
    letter = two.ana.edit("repair", form="apology")
    await two.meet()
    await two.ana.part()
    told: Told = ("letter_arrived", RecordId(UUID(str(letter))))
    facts = await known(two, two.ben, told)
    assert (facts.person.couple, facts.person.parted_at) == (None, two.clock())
    assert facts.arrived == {}


async def test_of_somebody_who_is_leaving_nothing_is_known(two: Two) -> None:
    token = await people.identity_token(two.client, two.ana.someone.subject)
    asking = two.client.post("/v1/me/deletion", headers=two.ana.someone.headers, json={"identity_token": token})
    await people.ok(asking)
    asked: dict[PersonId, Collection[Told]] = {identity(two.ana): (), identity(two.ben): ()}
    found = await StoredPeople(two.parts.pool, two.parts.keys).facts(asked, two.clock())
    assert set(found) == {identity(two.ben)}


@pytest.mark.parametrize(
    "kind", ["check_in", "reflection", "own_goal", "note_draft", "balance_note", "boundary", "shelf"]
)
async def test_p1_what_the_partner_keeps_to_themselves_changes_nothing_that_is_known(two: Two, kind: str) -> None:
    await settings(two, two.ana, prompt_goal_lookback=1)
    before = await known(two, two.ana)
    values: dict[str, dict[str, object]] = {
        "check_in": {"local_date": "2026-11-23", "valence": -4},
        "reflection": {"trigger": "a"},
        "own_goal": {"title": "a"},
        "note_draft": {"for_couple": two.couple, "for_what": "a"},
        "balance_note": {"month": "2026-11"},
        "boundary": {"form": "space", "zone": "UTC", "max_prompts_a_day": 0},
        "shelf": {"about": str(UUID(int=5)), "kept": True},
    }
    two.ben.edit(kind, **values[kind])
    await settings(two, two.ben, day_cap=0, zone="Asia/Tokyo", prompt_letter_arrived=0)
    assert await known(two, two.ana) == before
