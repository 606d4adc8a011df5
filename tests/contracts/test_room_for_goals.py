"""Room for goals: what has ended takes none, whoever leaves has some, and what is said again is found."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.postgres import Pool
from domain.goal_kinds import ACTS_A_GOAL_MAX
from domain.refusals import Refusal
from sync import follows
from sync.wire import Change
from tests.contracts.grounds import PostgresGround, pair_on
from tests.pair import HeldKeys, Pair, change

WALK = {"title": "Walk on Sundays", "why": "To talk."}


def terms_of(pair: Pair, goal: UUID, identity: UUID | None = None, **values: Any) -> Change:
    return change("goal_terms", identity or uuid4(), WALK | {"goal": str(goal)} | values, couple=pair.couple)


def act_of(pair: Pair, goal: UUID, terms: UUID, act: str) -> Change:
    return change("goal_act", uuid4(), {"goal": str(goal), "terms": str(terms), "act": act}, couple=pair.couple)


def a_goal(pair: Pair, identity: UUID | None = None) -> Change:
    return change("goal", identity or uuid4(), {}, couple=pair.couple)


async def a_hundred(pair: Pair) -> list[UUID]:
    goals = [uuid4() for _ in range(100)]
    outcomes = await pair.push(pair.ana.phone, *[a_goal(pair, goal) for goal in goals])
    assert {each.code for each in outcomes} == {None}
    return goals


async def test_a_goal_that_is_let_go_makes_room_for_the_next_in_the_same_push(pair: Pair) -> None:
    goals = await a_hundred(pair)
    [full] = await pair.push(pair.ana.phone, a_goal(pair))
    assert full.code == Refusal.TOO_MANY
    outcomes = await pair.push(pair.ana.phone, act_of(pair, goals[0], uuid4(), "let_go"), a_goal(pair), a_goal(pair))
    assert [each.code for each in outcomes] == [None, None, Refusal.TOO_MANY]


async def test_a_goal_that_is_achieved_makes_room_in_the_same_push(pair: Pair) -> None:
    goals = await a_hundred(pair)
    terms = uuid4()
    await pair.push(pair.ana.phone, terms_of(pair, goals[0], terms))
    await pair.push(pair.ben.phone, act_of(pair, goals[0], terms, "accept"), act_of(pair, goals[0], terms, "mark_done"))
    outcomes = await pair.push(pair.ana.phone, act_of(pair, goals[0], terms, "mark_done"), a_goal(pair))
    assert [each.code for each in outcomes] == [None, None]


async def test_an_act_that_ends_nothing_makes_no_room(pair: Pair) -> None:
    goals = await a_hundred(pair)
    outcomes = await pair.push(pair.ana.phone, act_of(pair, goals[0], uuid4(), "rest"), a_goal(pair))
    assert [each.code for each in outcomes] == [None, Refusal.TOO_MANY]


async def test_what_belongs_to_a_goal_that_found_no_room_comes_back_to_its_writer(pair: Pair) -> None:
    await a_hundred(pair)
    goal = uuid4()
    step = change("step", uuid4(), {"goal": str(goal), "title": "Ask about the boat"}, couple=pair.couple)
    batch = [a_goal(pair, goal), terms_of(pair, goal, title="Sail to Gotland"), step]
    outcomes = await pair.push(pair.ana.phone, *batch)
    assert [each.code for each in outcomes] == [Refusal.TOO_MANY, Refusal.PARENT_GONE, Refusal.PARENT_GONE]
    boxes = {each.fields["words"]["title"] for each in await pair.of_kind(pair.ana, "unplaced")}
    assert boxes == {"Sail to Gotland", "Ask about the boat"}
    later = terms_of(pair, goal, title="Sail on")
    again = await pair.push(pair.ana.phone, batch[0], later)
    assert [each.code for each in again] == [Refusal.TOO_MANY, Refusal.PARENT_GONE], "also when it is sent again"


async def test_terms_may_still_come_before_their_goal(pair: Pair) -> None:
    goal = uuid4()
    outcomes = await pair.push(pair.ana.phone, terms_of(pair, goal), a_goal(pair, goal))
    assert [each.code for each in outcomes] == [None, None]


async def test_g12_whoever_lets_go_has_room_once(pair: Pair) -> None:
    goal, terms = uuid4(), uuid4()
    await pair.push(pair.ana.phone, a_goal(pair, goal), terms_of(pair, goal, terms))
    for _ in range(0, ACTS_A_GOAL_MAX, 500):
        await pair.push(pair.ana.phone, *[act_of(pair, goal, terms, "rest") for _ in range(500)])
    [rest] = await pair.push(pair.ben.phone, act_of(pair, goal, terms, "rest"))
    assert rest.code == Refusal.TOO_MANY
    first, second = await pair.push(pair.ben.phone, *[act_of(pair, goal, terms, "let_go") for _ in range(2)])
    assert (first.code, second.code) == (None, Refusal.TOO_MANY)
    [theirs] = await pair.push(pair.ana.phone, act_of(pair, goal, terms, "let_go"))
    assert theirs.code is None, "each of the two may"


async def test_g11_a_no_is_found_behind_any_number_of_equal_terms(pair: Pair) -> None:
    goal, terms = uuid4(), uuid4()
    await pair.push(pair.ana.phone, a_goal(pair, goal), terms_of(pair, goal, terms))
    families = [uuid4() for _ in range(100)]
    await pair.push(pair.ana.phone, *[terms_of(pair, family) for family in families for _ in range(5)])
    await pair.push(pair.ben.phone, act_of(pair, goal, terms, "decline"))
    [again] = await pair.push(pair.ana.phone, terms_of(pair, uuid4()))
    assert again.code == Refusal.ASKED_RECENTLY


async def test_what_came_before_a_goal_that_then_found_no_room_comes_back_as_well(pair: Pair) -> None:
    await a_hundred(pair)
    goal, other = uuid4(), uuid4()
    step = change("step", uuid4(), {"goal": str(goal), "title": "Ask about the boat"}, couple=pair.couple)
    early = terms_of(pair, other, title="Of a goal that comes later")
    batch = [terms_of(pair, goal, title="Sail"), early, step, a_goal(pair, goal)]
    outcomes = await pair.push(pair.ana.phone, *batch)
    assert [each.code for each in outcomes] == [
        Refusal.PARENT_GONE,
        None,
        Refusal.PARENT_GONE,
        Refusal.TOO_MANY,
    ]
    assert {each.id for each in await pair.of_kind(pair.ana, "goal_terms")} == {early.id}
    again = await pair.push(pair.ana.phone, *batch)
    assert [each.code for each in again] == [each.code for each in outcomes]


async def test_a_refused_record_of_another_kind_is_no_goal_that_was_refused(pair: Pair) -> None:
    goal = uuid4()
    unfit = change("own_goal", goal, {"title": "x" * 500})
    outcomes = await pair.push(pair.ana.phone, unfit, terms_of(pair, goal))
    assert [each.code for each in outcomes] == [Refusal.INVALID, None]


async def test_a_goal_that_does_not_open_is_there_all_the_same(pool: Pool) -> None:
    pair = await pair_on(PostgresGround(pool, HeldKeys()))
    goal = uuid4()
    await pair.push(pair.ana.phone, a_goal(pair, goal))
    await pool.execute("UPDATE record SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE id = $1", goal)
    edit = change("goal", goal, {"notes": "n"}, couple=pair.couple, base=1)
    step = change("step", uuid4(), {"goal": str(goal), "title": "Ask about the boat"}, couple=pair.couple)
    outcomes = await pair.push(pair.ana.phone, edit, step)
    assert [each.code for each in outcomes] == [Refusal.CLOSED, None]


async def test_x17_a_goal_is_walked_through_no_more_often_than_acts_come_to_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals, walks = await a_hundred(pair), []
    ended = follows.has_ended
    monkeypatch.setattr(follows, "has_ended", lambda record: walks.append(record.id) or ended(record))
    acts = [act_of(pair, goal, uuid4(), "rest") for goal in goals[:50]]
    more = [a_goal(pair) for _ in range(100)]
    mixed = [each for both in zip(acts, more, strict=False) for each in both] + more[50:]
    outcomes = await pair.push(pair.ana.phone, *mixed)
    assert sum(each.code == Refusal.TOO_MANY for each in outcomes) == 100
    assert len(walks) <= 50
