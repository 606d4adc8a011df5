"""Own goals: a person's own; the partner is shown what was chosen, may cheer, and changes nothing."""

from datetime import timedelta
from itertools import chain, combinations
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.ids import CoupleId
from domain.kinds import judged
from domain.own_goals import OWN_GOAL, OWN_GOALS_MAX, PARTS
from domain.refusals import Refusal
from domain.windows import project
from sync.wire import Outcome
from tests.pair import Pair, change, in_memory

COUPLE = CoupleId(UUID(int=40))
SWIM = {
    "title": "Swim a mile",
    "why": "For my back.",
    "done_when": "Once, without a rest.",
    "hoped_for": "2027-06-01",
    "topic": "health",
    "latest": "400 metres.",
    "support_wanted": "encouragement",
}
ALWAYS = {"title", "support_wanted", "let_them_know"}


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def make(pair: Pair, **values: Any) -> UUID:
    goal = uuid4()
    assert (await pair.one(pair.ana.phone, change("own_goal", goal, SWIM | values))).status == "applied"
    return goal


async def edit(pair: Pair, goal: UUID, *, tablet: bool = False, base: int | None = None, **values: Any) -> Outcome:
    stored = await pair.look(pair.ana, goal)
    who = pair.ana.tablet if tablet else pair.ana.phone
    was = {name: SWIM.get(name) for name in values} if base else {name: stored.fields[name] for name in values}
    return await pair.one(who, change("own_goal", goal, values, was=was, base=base or stored.version))


def opening(pair: Pair, *parts: str) -> dict[str, Any]:
    return {"audience": str(pair.couple), "shared_parts": list(parts)}


async def copies(pair: Pair) -> list[dict[str, Any]]:
    return [each.fields for each in await pair.of_kind(pair.ben, "shown_goal") if each.live]


@pytest.mark.parametrize(
    "parts", list(chain.from_iterable(combinations(PARTS, size) for size in range(len(PARTS) + 1)))
)
def test_pj1_the_partner_sees_the_title_what_is_wished_for_and_the_chosen_parts(parts: tuple[str, ...]) -> None:
    assert OWN_GOAL.window is not None
    shown = project(OWN_GOAL.window, SWIM | {"audience": str(COUPLE), "shared_parts": list(parts)}, COUPLE)
    assert (set() if shown is None else set(shown)) == ({*parts, *ALWAYS} if parts else set()), "PJ2"


def test_choosing_parts_is_naming_them_in_one_order() -> None:
    assert OWN_GOAL.window is not None
    assert OWN_GOAL.window.choosing({"why", "latest", "ending"}) == {"shared_parts": ["ending", "latest", "why"]}


@pytest.mark.parametrize(("name", "most"), [("title", 120), ("why", 600), ("done_when", 300), ("latest", 500)])
def test_a_text_of_an_own_goal_has_so_many_characters_and_no_more(name: str, most: int) -> None:
    assert judged(OWN_GOAL, {name: "é" * most}) == {name: "é" * most}
    assert judged(OWN_GOAL, {name: "e\u0301" * most}) == {name: "é" * most}
    assert judged(OWN_GOAL, {name: "x" * (most + 1)}) is Refusal.INVALID


def test_there_are_two_plain_endings_and_no_other() -> None:
    assert judged(OWN_GOAL, {"ending": "failed"}) is Refusal.INVALID
    assert OWN_GOAL.needed == ("title",)
    assert OWN_GOAL.fields["ending"].shape.empty == "none"


async def test_i2_an_own_goal_of_one_s_own_alone_moves_nothing_that_the_partner_can_see(pair: Pair) -> None:
    """F3: Ana's private money plan leaves Ben's cursor where it was."""
    before = await pair.page(pair.ben)
    goal = await make(pair, topic="money")
    await edit(pair, goal, latest="Half of it.")
    await edit(pair, goal, ending="achieved")
    assert await pair.page(pair.ben) == before


async def test_the_partner_cheers_and_does_not_edit(pair: Pair) -> None:
    """F23: Ana's goal asks for encouragement; Ben can cheer, not edit."""
    await make(pair, **opening(pair, "latest"))
    [copy] = await pair.of_kind(pair.ben, "shown_goal")
    edits = change("shown_goal", copy.id, {"title": "Run"}, couple=pair.couple, base=9)
    assert (await pair.one(pair.ben.phone, edits)).code == Refusal.SERVER_OWNED
    cheer = change("response", uuid4(), {"to": str(copy.id), "form": "cheering_you_on"}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, cheer)).status == "applied"
    own = change("response", uuid4(), {"to": str(copy.id), "form": "cheering_you_on"}, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, own)).code == Refusal.UNKNOWN_PARENT
    advice = change("response", uuid4(), {"to": str(copy.id), "form": "not_able_now"}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, advice)).code == Refusal.INVALID


async def test_i5_a_goal_that_is_shown_later_tells_the_day_of_showing_and_not_of_writing(pair: Pair) -> None:
    goal = await make(pair)
    pair.now += timedelta(days=3)
    await edit(pair, goal, **opening(pair, "why"))
    [shown] = await copies(pair)
    assert (shown["shown_on"], shown["edited"]) == ("2026-11-26", False)
    assert "2026-11-23" not in repr(await pair.of_kind(pair.ben, "shown_goal"))
    await edit(pair, goal, latest="450 metres.")
    assert (await copies(pair))[0]["edited"] is False, "what is not shown is nobody's to know"
    await edit(pair, goal, title="Swim two miles")
    [shown] = await copies(pair)
    assert (shown["edited"], shown["title"], shown["shown_on"]) == (True, "Swim two miles", "2026-11-26")


async def test_i22_a_goal_that_is_taken_back_is_gone_and_its_answers_stay(pair: Pair) -> None:
    goal = await make(pair, **opening(pair, "why"))
    [copy] = await pair.of_kind(pair.ben, "shown_goal")
    cheer = change(
        "response", uuid4(), {"to": str(copy.id), "form": "here_with_you", "text": "Go."}, couple=pair.couple
    )
    await pair.one(pair.ben.phone, cheer)
    await edit(pair, goal, audience="only_me")
    [copy] = await pair.of_kind(pair.ben, "shown_goal")
    assert (copy.gone, copy.fields) == (True, {})
    assert "Swim" not in await pair.held_about(pair.ben, copy.id)
    for each in (pair.ana, pair.ben):
        assert [response.fields["text"] for response in await pair.of_kind(each, "response")] == ["Go."]
    late = change("response", uuid4(), {"to": str(copy.id), "form": "here_with_you", "text": "On."}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, late)).code == Refusal.PARENT_GONE
    assert [each["words"] for each in await pair.words_for(pair.ben)] == [{"text": "On."}]
    assert await pair.words_for(pair.ana) == [], "I35"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("writing", "audience", "parts"),
    [
        ({"title": "CANARY"}, "only_me", ["latest", "why"]),
        ({"support_wanted": "space"}, "only_me", ["latest", "why"]),
        ({"latest": "CANARY."}, "couple", ["why"]),
        ({"done_when": "CANARY."}, "couple", ["latest", "why"]),
        ({"resting": True}, "couple", ["latest", "why"]),
    ],
)
async def test_pj8_a_goal_shows_nothing_that_its_opener_had_not_seen(
    pair: Pair, writing: dict[str, Any], audience: str, parts: list[str], *, turned: bool
) -> None:
    goal = await make(pair)
    base = (await pair.look(pair.ana, goal)).version
    opens = opening(pair, "latest", "why")
    one, two = (writing, opens) if turned else (opens, writing)
    await edit(pair, goal, base=base, **one)
    await edit(pair, goal, base=base, tablet=True, **two)
    fields = (await pair.look(pair.ana, goal)).fields
    assert fields["audience"] == (str(pair.couple) if audience == "couple" else "only_me")
    assert fields["shared_parts"] == parts
    assert "CANARY" not in repr((await pair.page(pair.ben)).rows)


async def test_an_ending_stands_against_an_edit_that_did_not_know_it_and_is_undone_by_one_that_did(pair: Pair) -> None:
    goal = await make(pair)
    base = (await pair.look(pair.ana, goal)).version
    await edit(pair, goal, base=base, ending="let_go")
    await edit(pair, goal, base=base, tablet=True, ending="achieved")
    assert (await pair.look(pair.ana, goal)).fields["ending"] == "let_go"
    await edit(pair, goal, ending="none")
    assert (await pair.look(pair.ana, goal)).fields["ending"] == "none"


async def test_a_fifty_first_own_goal_is_too_many(pair: Pair) -> None:
    made = [change("own_goal", uuid4(), {"title": f"{nth}"}) for nth in range(OWN_GOALS_MAX + 1)]
    *fitting, last = await pair.push(pair.ana.phone, *made)
    assert {each.status for each in fitting} == {"applied"}
    assert (last.code, len(fitting)) == (Refusal.TOO_MANY, 50)
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"title": "50"}]
