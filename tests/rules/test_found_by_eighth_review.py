"""What an eighth review found, as the stories that showed it: limits of goals used against the other (G9, G11, G12)."""

import pytest

from tests.world import Couple, Device, World


def ground() -> tuple[World, Couple, Device, Device]:
    world = World()
    ana, ben = world.person("Ana"), world.person("Ben")
    return world, world.pair(ana, ben), world.device(ana), world.device(ben)


async def test_g9_i14_who_wants_to_let_go_is_not_kept_by_a_thousand_acts_of_the_other() -> None:
    world, couple, a, b = ground()
    goal = a.make("goal", couple=couple)
    terms = a.make("goal_terms", couple=couple, goal=goal, title="To walk")
    await world.settle()
    b.make("goal_act", couple=couple, goal=goal, terms=terms, act="accept")
    for nth in range(1000):
        b.make("goal_act", couple=couple, goal=goal, terms=terms, act="rest" if nth % 2 else "resume")
    await b.sync()
    await a.sync()
    a.make("goal_act", couple=couple, goal=goal, terms=terms, act="let_go")
    (told,) = await a.sync()
    assert told.code is None
    assert world.stored(goal).fields["state"] == "let_go"


async def test_five_amendments_that_both_declined_do_not_end_all_amending() -> None:
    world, couple, a, b = ground()
    goal = a.make("goal", couple=couple, form="agreement")
    first = a.make("goal_terms", couple=couple, goal=goal, title="No phones at table")
    await world.settle()
    b.make("goal_act", couple=couple, goal=goal, terms=first, act="accept")
    await world.settle()
    for nth in range(5):
        terms = b.make("goal_terms", couple=couple, goal=goal, title=f"Amended {nth}", based_on=first)
        b.make("goal_act", couple=couple, goal=goal, terms=terms, act="decline")
        await world.settle()
        a.make("goal_act", couple=couple, goal=goal, terms=terms, act="decline")
        await world.settle()
    a.make("goal_terms", couple=couple, goal=goal, title="Mine", based_on=first)
    (told,) = await a.sync()
    assert told.code is None


async def test_g11_the_same_text_is_not_asked_again_with_another_day() -> None:
    world, couple, a, b = ground()
    goal = a.make("goal", couple=couple)
    terms = a.make("goal_terms", couple=couple, goal=goal, title="Have a child")
    await world.settle()
    b.make("goal_act", couple=couple, goal=goal, terms=terms, act="decline")
    await world.settle()
    a.make("goal_terms", couple=couple, goal=goal, title="Have a child", hoped_for="2027-01-01")
    assert "asked_recently" in [each.code for each in await a.sync()]


@pytest.mark.parametrize(("form", "field"), [("goal", "look_again_on"), ("agreement", "hoped_for")])
async def test_goals_and_agreements_have_each_their_own_date(form: str, field: str) -> None:
    _, couple, a, _ = ground()
    goal = a.make("goal", couple=couple, form=form)
    a.make("goal_terms", couple=couple, goal=goal, title="x", **{field: "2027-01-01"})
    assert "invalid" in [each.code for each in await a.sync()]
