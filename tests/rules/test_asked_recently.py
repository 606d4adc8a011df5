"""Terms that the other has just declined or put off are not proposed again in the same words for a while (G11)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.goal_kinds import NOT_AGAIN_FOR
from domain.refusals import Refusal
from sync.wire import Outcome
from tests.pair import Pair, Somebody, change, in_memory

WALK = {"title": "Walk on Sundays", "why": "To talk.", "done_when": None, "hoped_for": "2027-03-01"}
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def a_goal(pair: Pair) -> UUID:
    goal = uuid4()
    await pair.one(pair.ana.phone, change("goal", goal, couple=pair.couple))
    return goal


async def propose(pair: Pair, who: Somebody, goal: UUID, **values: Any) -> tuple[UUID, Outcome]:
    terms = uuid4()
    fields = WALK | {"goal": str(goal)} | values
    return terms, await pair.one(who.phone, change("goal_terms", terms, fields, couple=pair.couple))


async def say(pair: Pair, who: Somebody, goal: UUID, terms: UUID, act: str, **rest: Any) -> None:
    fields = {"goal": str(goal), "terms": str(terms), "act": act}
    assert (await pair.one(who.phone, change("goal_act", uuid4(), fields, couple=pair.couple, **rest))).code is None


async def declined(pair: Pair, *acts: str, **rest: Any) -> UUID:
    """A goal whose terms Ana has proposed and Ben has answered so."""
    goal = await a_goal(pair)
    terms, _ = await propose(pair, pair.ana, goal)
    for act in acts:
        await say(pair, pair.ben, goal, terms, act, **rest)
    return goal


@pytest.mark.parametrize("no", ["decline", "not_now"])
@pytest.mark.parametrize(("later", "may"), [(0 * DAY, False), (14 * DAY - SECOND, False), (14 * DAY, True)])
async def test_g11_the_same_terms_wait_for_fourteen_days_after_a_no(
    pair: Pair, no: str, later: timedelta, *, may: bool
) -> None:
    goal = await declined(pair, no)
    pair.now += later
    before = await pair.page(pair.ben)
    _, outcome = await propose(pair, pair.ana, goal)
    assert outcome.code == (None if may else Refusal.ASKED_RECENTLY)
    if not may:
        words = {name: WALK[name] for name in ("title", "why")}
        assert [each["words"] for each in await pair.words_for(pair.ana)] == [words]
        assert await pair.page(pair.ben) == before, "I35"
    assert NOT_AGAIN_FOR == 14 * DAY


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Walk on Saturdays"},
        {"title": "walk on Sundays"},
        {"why": None},
        {"done_when": "In spring."},
    ],
)
async def test_g11_other_terms_may_be_proposed_at_once(pair: Pair, other: dict[str, Any]) -> None:
    goal = await declined(pair, "decline")
    _, outcome = await propose(pair, pair.ana, goal, **other)
    assert outcome.status == "applied"


async def test_g11_terms_are_the_same_in_whichever_way_their_letters_are_typed_and_on_whatever_they_are_based(
    pair: Pair,
) -> None:
    goal = await a_goal(pair)
    terms, _ = await propose(pair, pair.ana, goal, title="Caf\u00e9")
    await say(pair, pair.ben, goal, terms, "decline")
    _, outcome = await propose(pair, pair.ana, goal, title="Cafe\u0301", done_when="", based_on=str(terms))
    assert outcome.code == Refusal.ASKED_RECENTLY


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ((), None),
        (("rest",), None),
        (("not_now", "decline"), Refusal.ASKED_RECENTLY),
        (("accept", "decline"), None),
        (("decline", "rest"), Refusal.ASKED_RECENTLY),
    ],
)
async def test_g11_the_other_s_last_word_about_terms_counts(
    pair: Pair, acts: tuple[str, ...], code: Refusal | None
) -> None:
    goal = await declined(pair, *acts)
    _, outcome = await propose(pair, pair.ana, goal)
    if acts == ("accept", "decline"):
        assert outcome.code == Refusal.ASKED_RECENTLY, "a no after a yes is a no"
    else:
        assert outcome.code == code


async def test_g11_who_thinks_better_of_a_no_is_no_hindrance(pair: Pair) -> None:
    goal = await declined(pair, "decline", "accept")
    _, outcome = await propose(pair, pair.ana, goal)
    assert outcome.status == "applied"


async def test_g11_taking_one_s_own_proposal_back_hinders_nobody(pair: Pair) -> None:
    goal = await a_goal(pair)
    terms, _ = await propose(pair, pair.ana, goal)
    await say(pair, pair.ana, goal, terms, "decline")
    for who in (pair.ana, pair.ben):
        assert (await propose(pair, who, goal))[1].status == "applied"


async def test_g11_whoever_said_no_may_propose_the_same_themselves(pair: Pair) -> None:
    goal = await declined(pair, "decline")
    assert (await propose(pair, pair.ben, goal))[1].status == "applied"


async def test_g11_the_no_of_one_s_own_to_the_other_s_terms_hinders_the_other_alone(pair: Pair) -> None:
    goal = await a_goal(pair)
    terms, _ = await propose(pair, pair.ben, goal)
    await say(pair, pair.ana, goal, terms, "decline")
    assert (await propose(pair, pair.ben, goal))[1].code == Refusal.ASKED_RECENTLY
    assert (await propose(pair, pair.ana, goal))[1].status == "applied"


@pytest.mark.parametrize(("later", "may"), [(0 * DAY, False), (14 * DAY - SECOND, False), (14 * DAY, True)])
async def test_g11_a_new_goal_is_no_new_question(pair: Pair, later: timedelta, *, may: bool) -> None:
    await declined(pair, "decline")
    pair.now += later
    goal = await a_goal(pair)
    before = await pair.page(pair.ben)
    _, outcome = await propose(pair, pair.ana, goal)
    assert outcome.code == (None if may else Refusal.ASKED_RECENTLY)
    if not may:
        assert await pair.page(pair.ben) == before, "I35"
    assert (await propose(pair, pair.ana, goal, why="To laugh."))[1].code is None, "other words are another question"


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ((), None),
        (("rest",), None),
        (("decline", "not_now"), Refusal.ASKED_RECENTLY),
        (("accept", "decline"), Refusal.ASKED_RECENTLY),
        (("decline", "accept"), None),
        (("decline", "let_go"), Refusal.ASKED_RECENTLY),
    ],
)
async def test_g11_in_a_new_goal_too_the_other_s_last_word_counts(pair: Pair, acts: tuple[str, ...], code: Any) -> None:
    await declined(pair, *acts)
    assert (await propose(pair, pair.ana, await a_goal(pair)))[1].code == code


async def test_g11_a_no_in_one_of_several_goals_is_a_no_in_all(pair: Pair) -> None:
    goals = [await a_goal(pair) for _ in range(3)]
    terms = [(await propose(pair, pair.ana, goal))[0] for goal in goals]
    await say(pair, pair.ben, goals[1], terms[1], "not_now")
    assert (await propose(pair, pair.ana, goals[2]))[1].code == Refusal.ASKED_RECENTLY
    assert (await propose(pair, pair.ben, goals[2]))[1].code is None, "he may ask the same himself"


async def test_g11_what_was_said_of_terms_alike_in_one_goal_is_said_of_no_others(pair: Pair) -> None:
    """A no to something else in the same goal is a no to that alone."""
    goal = await a_goal(pair)
    await propose(pair, pair.ana, goal)
    other, _ = await propose(pair, pair.ana, goal, title="Swim")
    await say(pair, pair.ben, goal, other, "decline")
    assert (await propose(pair, pair.ana, await a_goal(pair)))[1].code is None
    assert (await propose(pair, pair.ana, await a_goal(pair), title="Swim"))[1].code == Refusal.ASKED_RECENTLY


async def test_g11_a_no_that_came_before_its_terms_counts(pair: Pair) -> None:
    goal, terms = await a_goal(pair), uuid4()
    await say(pair, pair.ben, goal, terms, "decline")
    await pair.one(pair.ana.phone, change("goal_terms", terms, WALK | {"goal": str(goal)}, couple=pair.couple))
    assert (await propose(pair, pair.ana, await a_goal(pair)))[1].code == Refusal.ASKED_RECENTLY


async def test_g11_in_one_batch_every_goal_is_looked_at(pair: Pair) -> None:
    await declined(pair, "decline")
    goals = [uuid4(), uuid4()]
    made = [change("goal", goal, couple=pair.couple) for goal in goals]
    said = [WALK | {"goal": str(goals[0])}, WALK | {"goal": str(goals[1]), "title": "Swim"}]
    made += [change("goal_terms", uuid4(), each, couple=pair.couple) for each in said]
    codes = [each.code for each in await pair.push(pair.ana.phone, *made)]
    assert codes == [None, None, Refusal.ASKED_RECENTLY, None]


async def test_g11_a_no_counts_from_when_it_was_said_and_not_from_when_it_arrived(pair: Pair) -> None:
    goal = await declined(pair, "decline", age_ms=13 * DAY // timedelta(milliseconds=1))
    pair.now += DAY - SECOND
    assert (await propose(pair, pair.ana, goal))[1].code == Refusal.ASKED_RECENTLY
    pair.now += SECOND
    assert (await propose(pair, pair.ana, goal))[1].status == "applied"


async def test_a_no_of_which_no_age_is_said_was_said_when_it_came(pair: Pair) -> None:
    await declined(pair, "decline")
    [act] = await pair.of_kind(pair.ana, "goal_act")
    assert act.stamp("act").made_ms == pair.now.timestamp() * 1000


async def test_g11_the_same_terms_in_one_batch_are_asked_once_each(pair: Pair) -> None:
    """Nothing was declined yet: both are open, as G12 allows."""
    goal = await a_goal(pair)
    fields = WALK | {"goal": str(goal)}
    made = [change("goal_terms", uuid4(), fields, couple=pair.couple) for _ in range(2)]
    assert [each.code for each in await pair.push(pair.ana.phone, *made)] == [None, None]


async def test_g11_a_no_to_one_of_two_proposals_alike_is_a_no_to_both(pair: Pair) -> None:
    goal = await a_goal(pair)
    first, _ = await propose(pair, pair.ana, goal)
    await propose(pair, pair.ana, goal)
    await say(pair, pair.ben, goal, first, "decline")
    assert (await propose(pair, pair.ana, goal))[1].code == Refusal.ASKED_RECENTLY


async def test_g11_a_retry_of_what_was_proposed_before_the_no_is_no_new_proposal(pair: Pair) -> None:
    goal = await a_goal(pair)
    made = change("goal_terms", uuid4(), WALK | {"goal": str(goal)}, couple=pair.couple)
    await pair.one(pair.ana.phone, made)
    await say(pair, pair.ben, goal, UUID(str(made.id)), "decline")
    assert (await pair.one(pair.ana.phone, made)).status == "duplicate"
    again = change("goal_terms", UUID(str(made.id)), made.set, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, again)).status == "applied"
