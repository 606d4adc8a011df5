"""The table of kinds: every no by plain example through the front door, the question itself, and sane rows."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.goal_kinds import GOAL, GOAL_ACT, GOAL_TERMS, OPEN_TERMS_A_GOAL_MAX, STEP, STEPS_A_GOAL_MAX, goal_view
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Attempt, Kind, Ownership, Situation, Who
from domain.kinds import ENVELOPE, KINDS, crowded, joined, judged, may_look_behind, objection, steps_back, takes_back
from domain.notes import NOTE_DRAFT, given_at, words
from domain.policies import Policy
from domain.prompt_kinds import PROMPTS
from domain.records import Record
from domain.refusals import KEEPS_NO_WORDS, SENTENCES, Refusal
from domain.responses import FORMS, RESPONSE, fits_its_parent
from domain.settings import SETTINGS
from domain.shapes import UNFIT, OneOf
from sync.board import settings_id
from sync.wire import Outcome
from sync.withheld import stands_open
from tests.pair import Pair, change, in_memory

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


# Every no, through the front door ------------------------------------------------------------------------------


async def a_goal(pair: Pair) -> str:
    goal = uuid4()
    await pair.one(pair.ana.phone, change("goal", goal, couple=pair.couple))
    return str(goal)


async def some_terms(pair: Pair, goal: str) -> UUID:
    terms = uuid4()
    values = {"goal": goal, "title": "Walk on Sundays."}
    await pair.one(pair.ana.phone, change("goal_terms", terms, values, couple=pair.couple))
    return terms


async def a_step(pair: Pair, **values: Any) -> UUID:
    step = uuid4()
    values = {"goal": await a_goal(pair), "title": "Ferry.", **values}
    await pair.one(pair.ana.phone, change("step", step, values, couple=pair.couple))
    return step


async def shown(pair: Pair, **values: Any) -> Record:
    entry = {"local_date": "2026-11-23", "audience": str(pair.couple), "shared_parts": ["text"], "text": "Tired."}
    await pair.one(pair.ana.phone, change("check_in", uuid4(), entry | values))
    [copy] = await pair.of_kind(pair.ben, "shown_check_in")
    return copy


def response(pair: Pair, to: UUID, **values: Any) -> Any:
    return change(
        "response", uuid4(), {"to": str(to), "form": "heard_you", "text": "I hear you."} | values, couple=pair.couple
    )


async def changing_what_was_given(pair: Pair) -> Outcome:
    terms = await some_terms(pair, await a_goal(pair))
    return await pair.one(pair.ana.phone, change("goal_terms", terms, {"title": "Other."}, base=9, couple=pair.couple))


async def removing_a_goal(pair: Pair) -> Outcome:
    return await pair.one(
        pair.ben.phone, change("goal", UUID(await a_goal(pair)), remove=True, base=9, couple=pair.couple)
    )


async def a_goal_born_removed(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, change("goal", uuid4(), remove=True, couple=pair.couple))


async def changing_the_form_of_a_goal(pair: Pair) -> Outcome:
    goal = UUID(await a_goal(pair))
    return await pair.one(pair.ben.phone, change("goal", goal, {"form": "agreement"}, base=9, couple=pair.couple))


async def writing_a_state(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, change("goal", uuid4(), {"state": "achieved"}, couple=pair.couple))


async def writing_an_author(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, change("goal", uuid4(), {"author": str(ANA)}, couple=pair.couple))


async def writing_a_shown_copy(pair: Pair) -> Outcome:
    copy = await shown(pair)
    return await pair.one(pair.ben.phone, change("shown_check_in", copy.id, {"text": "x"}, base=9, couple=pair.couple))


async def removing_a_shown_copy(pair: Pair) -> Outcome:
    copy = await shown(pair)
    return await pair.one(pair.ben.phone, change("shown_check_in", copy.id, remove=True, base=9, couple=pair.couple))


async def bringing_a_shown_copy_back(pair: Pair) -> Outcome:
    copy = await shown(pair)
    return await pair.one(pair.ben.phone, change("shown_check_in", copy.id, remove=False, base=9, couple=pair.couple))


async def making_a_note(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, change("note", uuid4(), {"for_what": "x"}, couple=pair.couple))


async def answering_for_the_other(pair: Pair) -> Outcome:
    step = await a_step(pair)
    both = sorted([str(pair.ana.person), str(pair.ben.person)])
    return await pair.one(
        pair.ben.phone, change("step", step, {"taken_by": both}, was={"taken_by": []}, base=9, couple=pair.couple)
    )


async def taking_the_other_out(pair: Pair) -> Outcome:
    ana = [str(pair.ana.person)]
    step = await a_step(pair, taken_by=ana)
    return await pair.one(
        pair.ben.phone, change("step", step, {"taken_by": []}, was={"taken_by": ana}, base=9, couple=pair.couple)
    )


async def a_step_born_with_the_other_in_it(pair: Pair) -> Outcome:
    values = {"goal": await a_goal(pair), "title": "Ferry.", "taken_by": [str(pair.ben.person)]}
    return await pair.one(pair.ana.phone, change("step", uuid4(), values, couple=pair.couple))


async def answering_nothing(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, response(pair, uuid4()))


async def answering_oneself(pair: Pair) -> Outcome:
    copy = await shown(pair)
    return await pair.one(pair.ana.phone, response(pair, copy.id))


async def answering_a_step(pair: Pair) -> Outcome:
    return await pair.one(pair.ben.phone, response(pair, await a_step(pair)))


async def answering_what_was_taken_back(pair: Pair) -> Outcome:
    copy = await shown(pair)
    [master] = await pair.of_kind(pair.ana, "check_in")
    await pair.one(pair.ana.phone, change("check_in", master.id, {"audience": "only_me"}, base=master.version))
    return await pair.one(pair.ben.phone, response(pair, copy.id))


async def writing_for_another_couple(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("goal", uuid4(), {"notes": "Sunday."}, couple=uuid4()))


async def writing_for_no_couple(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("goal", uuid4(), {"notes": "Sunday."}))


async def taking_a_given_note_back(pair: Pair) -> Outcome:
    draft = uuid4()
    values = {"for_what": "The soup.", "send": True, "for_couple": str(pair.couple)}
    await pair.one(pair.ana.phone, change("note_draft", draft, values))
    return await pair.one(pair.ana.tablet, change("note_draft", draft, {"send": False}, base=2))


async def proposing_for_an_ended_goal(pair: Pair) -> Outcome:
    goal = await a_goal(pair)
    terms = await some_terms(pair, goal)
    act = {"goal": goal, "terms": str(terms), "act": "let_go"}
    await pair.one(pair.ben.phone, change("goal_act", uuid4(), act, couple=pair.couple))
    values = {"goal": goal, "title": "Once more."}
    return await pair.one(pair.ana.phone, change("goal_terms", uuid4(), values, couple=pair.couple))


async def a_sixth_open_proposal(pair: Pair) -> Outcome:
    goal = await a_goal(pair)
    for _ in range(OPEN_TERMS_A_GOAL_MAX):
        await some_terms(pair, goal)
    values = {"goal": goal, "title": "A sixth."}
    return await pair.one(pair.ben.phone, change("goal_terms", uuid4(), values, couple=pair.couple))


async def a_seventh_check_in_of_a_day(pair: Pair) -> Outcome:
    made = [change("check_in", uuid4(), {"local_date": "2026-11-23", "text": f"{nth}."}) for nth in range(7)]
    *fitting, last = await pair.push(pair.ana.phone, *made)
    assert [each.status for each in fitting] == ["applied"] * 6
    return last


async def a_thirty_first_step(pair: Pair) -> Outcome:
    goal = await a_goal(pair)
    made = [
        change("step", uuid4(), {"goal": goal, "title": f"{nth}."}, couple=pair.couple)
        for nth in range(STEPS_A_GOAL_MAX + 1)
    ]
    *_, last = await pair.push(pair.ana.phone, *made)
    return last


async def a_hundred_and_first_goal(pair: Pair) -> Outcome:
    made = [change("goal", uuid4(), couple=pair.couple) for _ in range(101)]
    *fitting, last = await pair.push(pair.ana.phone, *made)
    assert {each.status for each in fitting} == {"applied"}
    return last


async def a_fourth_response(pair: Pair) -> Outcome:
    copy = await shown(pair)
    *_, last = await pair.push(pair.ben.phone, *(response(pair, copy.id, text=f"{nth}.") for nth in range(4)))
    return last


async def a_value_that_does_not_fit(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("check_in", uuid4(), {"local_date": "2026-11-23", "valence": 9}))


async def a_field_that_nobody_knows(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("check_in", uuid4(), {"local_date": "2026-11-23", "mood": 1}))


async def a_kind_that_nobody_knows(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("dream", uuid4(), {"text": "A boat."}))


async def an_entry_without_its_day(pair: Pair) -> Outcome:
    return await pair.one(pair.ana.phone, change("check_in", uuid4(), {"text": "Tired."}))


async def an_id_of_another_kind(pair: Pair) -> Outcome:
    step = await a_step(pair)
    return await pair.one(pair.ana.phone, change("goal", step, {"notes": "x"}, base=9, couple=pair.couple))


async def picks_that_are_no_picks(pair: Pair) -> Outcome:
    step = await a_step(pair)
    return await pair.one(pair.ana.phone, change("step", step, {"alternatives": 7}, base=9, couple=pair.couple))


Doing = Callable[[Pair], Awaitable[Outcome]]

NOES: list[tuple[Doing, Refusal]] = [
    (changing_what_was_given, Refusal.IMMUTABLE),
    (removing_a_goal, Refusal.IMMUTABLE),
    (a_goal_born_removed, Refusal.IMMUTABLE),
    (changing_the_form_of_a_goal, Refusal.IMMUTABLE),
    (writing_a_state, Refusal.SERVER_OWNED),
    (writing_an_author, Refusal.SERVER_OWNED),
    (writing_a_shown_copy, Refusal.SERVER_OWNED),
    (removing_a_shown_copy, Refusal.SERVER_OWNED),
    (bringing_a_shown_copy_back, Refusal.SERVER_OWNED),
    (making_a_note, Refusal.SERVER_OWNED),
    (answering_for_the_other, Refusal.NEEDS_THEIR_YES),
    (taking_the_other_out, Refusal.NEEDS_THEIR_YES),
    (a_step_born_with_the_other_in_it, Refusal.NEEDS_THEIR_YES),
    (answering_nothing, Refusal.UNKNOWN_PARENT),
    (answering_oneself, Refusal.UNKNOWN_PARENT),
    (answering_a_step, Refusal.UNKNOWN_PARENT),
    (answering_what_was_taken_back, Refusal.PARENT_GONE),
    (writing_for_another_couple, Refusal.CLOSED),
    (writing_for_no_couple, Refusal.CLOSED),
    (taking_a_given_note_back, Refusal.ALREADY_GIVEN),
    (proposing_for_an_ended_goal, Refusal.GOAL_ENDED),
    (a_sixth_open_proposal, Refusal.TOO_MANY),
    (a_seventh_check_in_of_a_day, Refusal.TOO_MANY),
    (a_thirty_first_step, Refusal.TOO_MANY),
    (a_hundred_and_first_goal, Refusal.TOO_MANY),
    (a_fourth_response, Refusal.TOO_MANY),
    (a_value_that_does_not_fit, Refusal.INVALID),
    (a_field_that_nobody_knows, Refusal.INVALID),
    (a_kind_that_nobody_knows, Refusal.INVALID),
    (an_entry_without_its_day, Refusal.INVALID),
    (an_id_of_another_kind, Refusal.INVALID),
    (picks_that_are_no_picks, Refusal.INVALID),
]

ASKED_ELSEWHERE = {Refusal.NOT_AUTHOR, Refusal.ASKED_RECENTLY}
"""No kind in the table yet has an author whom the other can meet in a shared space, or can be asked for twice."""


@pytest.mark.parametrize(("doing", "code"), NOES, ids=[doing.__name__ for doing, _ in NOES])
async def test_a_refusal_says_why(doing: Doing, code: Refusal) -> None:
    pair = await in_memory()
    outcome = await doing(pair)
    assert (outcome.status, outcome.code) == ("refused", code.value)


def test_every_refusal_has_an_example_and_a_sentence() -> None:
    assert {code for _, code in NOES} | ASKED_ELSEWHERE == set(Refusal)
    assert SENTENCES.keys() == set(Refusal)
    assert set(Refusal) > KEEPS_NO_WORDS
    for sentence in SENTENCES.values():
        assert sentence.endswith(".")
        assert not re.search(r"\b(error|invalid|failed|forbidden|must)\b", sentence.lower())


# The question itself -------------------------------------------------------------------------------------------


def situation(actor: PersonId = ANA, **rest: Any) -> Situation:
    return Situation(actor=actor, couple=CoupleId(UUID(int=9)), now=NOW, today=NOW.date(), **rest)


def stored(kind: Kind, **rest: Any) -> Record:
    fields = {name: field.shape.empty for name, field in kind.fields.items()}
    record = {"author": ANA, "fields": fields | rest.pop("fields", {}), **rest}
    return Record(space=SpaceId(UUID(int=5)), kind=kind.name, id=RecordId(UUID(int=6)), version=3, created=3, **record)


def asked(kind: Kind, record: Record | None, values: dict[str, Any], actor: PersonId = ANA, **rest: Any) -> Any:
    attempt = Attempt(set=values, was=rest.pop("was", {}), remove=rest.pop("remove", None))
    return objection(kind, attempt, record, situation(actor, **rest))


def test_only_its_author_edits_and_removes_what_is_an_author_s() -> None:
    draft = stored(NOTE_DRAFT, fields={"for_what": "The soup."})
    assert asked(NOTE_DRAFT, draft, {"for_what": "x"}, BEN) is Refusal.NOT_AUTHOR
    assert asked(NOTE_DRAFT, draft, {}, BEN, remove=True) is Refusal.NOT_AUTHOR
    assert asked(NOTE_DRAFT, draft, {}, BEN, remove=False) is Refusal.NOT_AUTHOR
    assert asked(NOTE_DRAFT, draft, {"for_what": "x"}) is None
    assert asked(NOTE_DRAFT, draft, {}, remove=True) is None


def test_saying_what_is_stored_is_no_change_whoever_says_it() -> None:
    draft = stored(NOTE_DRAFT, fields={"for_what": "The soup."})
    assert asked(NOTE_DRAFT, draft, {"for_what": "The soup."}, BEN) is None
    terms = stored(GOAL_TERMS, fields={"title": "Walk."})
    assert asked(GOAL_TERMS, terms, {"title": "Walk."}, BEN) is None
    assert asked(GOAL_TERMS, terms, {}, BEN, remove=False) is None


def test_how_a_request_reads_that_was_taken_back_is_not_found_out_by_guessing() -> None:
    request = KINDS["support_request"]
    there = stored(request, fields={"form": "listen", "text": "Rain."})
    for taken_back in (replace(there, removed=True), replace(there, gone=True, fields={})):
        for guess in ("Rain.", "Sun.", None):
            assert asked(request, taken_back, {"text": guess}, BEN) is Refusal.NOT_AUTHOR
    assert asked(request, there, {"text": "Rain."}, BEN) is None, "what they see they may repeat"


TAKING_BACK: list[tuple[str, dict[str, Any], bool | None, bool]] = [
    ("check_in", {}, True, True),
    ("check_in", {}, None, False),
    ("check_in", {}, False, False),
    ("check_in", {"audience": "only_me"}, None, True),
    ("check_in", {"audience": "only_me", "shared_parts": [], "let_them_know": False}, None, True),
    ("check_in", {"audience": "only_me"}, True, True),
    ("check_in", {"audience": "only_me"}, False, False),
    ("check_in", {"audience": str(UUID(int=9))}, None, False),
    ("check_in", {"shared_parts": ["text"]}, None, False),
    ("check_in", {"audience": "only_me", "text": "Tired."}, None, False),
    ("check_in", {"text": None}, None, False),
    ("check_in", {"audience": "only_me", "no_such_field": None}, None, False),
    ("boundary", {"visibility": "silent"}, None, True),
    ("boundary", {"visibility": "effect"}, None, False),
    ("settings", {"push_privacy": "hidden"}, None, True),
    ("settings", {"push_privacy": "discreet"}, None, False),
    ("note_draft", {"send": False}, None, True),
    ("goal_act", {"goal": str(UUID(int=5)), "terms": str(UUID(int=6)), "act": "let_go"}, None, True),
    ("goal_act", {"goal": str(UUID(int=5)), "terms": str(UUID(int=6)), "act": "accept"}, None, False),
]


BEFORE = {"taken_by": ["a", "b"], "approvals": ["a:1"], "resumed_by": ["a"], "shared_parts": ["text", "needs"]}


@pytest.mark.parametrize(
    ("kind", "values", "remove", "takes"),
    [
        ("step", {"taken_by": ["b"]}, None, True),
        ("step", {"taken_by": []}, None, True),
        ("step", {"taken_by": []}, True, True),
        ("step", {"taken_by": []}, False, False),
        ("step", {"taken_by": ["a", "b"]}, None, True),
        ("step", {"taken_by": ["b", "c"]}, None, False),
        ("step", {"taken_by": ["b"], "title": "Ask."}, None, False),
        ("step", {"taken_by": "b"}, None, False),
        ("counsel_part", {"approvals": []}, None, True),
        ("counsel_part", {"approvals": ["a:2"]}, None, False),
        ("pause", {"resumed_by": []}, None, True),
        ("check_in", {"shared_parts": ["text"]}, None, False),
    ],
)
def test_i14_taking_ones_own_out_of_what_stood_there_takes_back(
    kind: str, values: dict[str, Any], remove: bool | None, takes: bool
) -> None:
    assert takes_back(KINDS[kind], values, remove, BEFORE) is takes
    assert not takes_back(KINDS[kind], values, remove), "who does not say what stood there may put something in"


@pytest.mark.parametrize(("kind", "values", "remove", "takes"), TAKING_BACK)
def test_i14_what_only_closes_unsends_or_leaves_takes_back_and_nothing_else_does(
    kind: str, values: dict[str, Any], remove: bool | None, takes: bool
) -> None:
    assert takes_back(KINDS[kind], values, remove) is takes


def test_a_record_of_the_server_s_is_removed_by_its_person_alone() -> None:
    notice = stored(KINDS["notice"])
    assert asked(KINDS["notice"], notice, {}, remove=True) is None
    assert asked(KINDS["notice"], notice, {}, BEN, remove=True) is Refusal.NOT_AUTHOR
    assert asked(KINDS["notice"], notice, {"code": "x"}) is Refusal.SERVER_OWNED
    assert asked(KINDS["notice"], None, {}) is Refusal.SERVER_OWNED


def test_settings_are_edited_and_never_removed_or_made() -> None:
    settings = stored(SETTINGS)
    assert asked(SETTINGS, settings, {"zone": "Europe/Madrid"}) is None
    assert asked(SETTINGS, settings, {}, remove=True) is Refusal.IMMUTABLE
    assert asked(SETTINGS, None, {"zone": "Europe/Madrid"}) is Refusal.SERVER_OWNED


async def test_settings_are_edited_through_the_front_door() -> None:
    pair = await in_memory()
    identity = settings_id(pair.keys.one(pair.ana.personal).id_key)
    assert (await pair.one(pair.ana.phone, change("settings", identity, {"day_cap": 0}, base=1))).status == "applied"


def test_own_id_only_asks_about_what_changed_and_not_about_what_is_there() -> None:
    ana, ben = str(ANA), str(BEN)
    step = stored(STEP, fields={"taken_by": [ana]})
    assert asked(STEP, step, {"taken_by": [ana, ben]}, BEN) is None
    assert asked(STEP, step, {"taken_by": []}, BEN) is Refusal.NEEDS_THEIR_YES
    assert asked(STEP, step, {"taken_by": []}, ANA) is None
    assert asked(STEP, step, {"taken_by": [ben]}, BEN, was={"taken_by": []}) is None, "Ana took it meanwhile"
    assert asked(STEP, step, {"taken_by": [str(UUID(int=7))]}, ANA) is Refusal.NEEDS_THEIR_YES
    assert asked(STEP, step, {"title": "x"}, BEN) is None


async def test_a_change_that_lies_about_its_start_still_leaves_the_other_in() -> None:
    pair = await in_memory()
    ana = [str(pair.ana.person)]
    step = await a_step(pair, taken_by=ana)
    for was in ([], [str(pair.ben.person)]):
        made = change("step", step, {"taken_by": []}, was={"taken_by": was}, base=9, couple=pair.couple)
        assert (await pair.one(pair.ben.phone, made)).code is None
    assert (await pair.look(pair.ben, step)).fields["taken_by"] == ana


def test_a_step_from_before_steps_were_taken_can_be_taken() -> None:
    step = stored(STEP).with_fields({"goal": str(UUID(int=5)), "title": "Ferry."})
    assert asked(STEP, step, {"taken_by": [str(ANA)]}) is None
    assert asked(STEP, step, {"taken_by": [str(BEN)]}) is Refusal.NEEDS_THEIR_YES


def test_a_response_fits_its_parent() -> None:
    copy = stored(KINDS["shown_check_in"])
    values = {"to": str(copy.id), "form": "heard_you"}
    assert asked(RESPONSE, None, values, BEN, parent=copy) is None
    assert asked(RESPONSE, None, values | {"form": "from_a_newer_app"}, BEN, parent=copy) is None
    assert asked(RESPONSE, stored(RESPONSE, fields=values), {"form": "celebrating_with_you"}, ANA) is Refusal.IMMUTABLE


def test_a_form_that_is_known_for_another_kind_of_parent_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today one kind of parent takes answers; here there is a second one for as long as the test lasts."""
    monkeypatch.setitem(FORMS, "shown_dream", ("dream_on",))
    copy = stored(KINDS["shown_check_in"])
    values = {"to": str(copy.id), "form": "dream_on"}
    assert asked(RESPONSE, None, values, BEN, parent=copy) is Refusal.INVALID
    assert asked(RESPONSE, None, values | {"form": "heard_you"}, BEN, parent=copy) is None
    asks = Attempt(set=values, was={})
    assert fits_its_parent(asks, stored(RESPONSE, fields=values), situation(BEN, parent=copy)) is None
    assert fits_its_parent(asks, None, situation(BEN)) is None


async def test_a_refusal_names_the_field_that_does_not_fit_and_repeats_no_name_that_nobody_knows() -> None:
    pair = await in_memory()
    for values, named in (
        ({"local_date": "2026-11-23", "valence": "five"}, {"valence": "unfit"}),
        ({"text": "Tired."}, {"local_date": "unfit"}),
        ({"local_date": "2026-11-23", "sore_feet": "x"}, {}),
    ):
        outcome = await pair.one(pair.ana.phone, change("check_in", uuid4(), values))
        assert (outcome.code, outcome.fields) == ("invalid", named)
    entry = uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, {"local_date": "2026-11-23"}))
    outcome = await pair.one(pair.ana.phone, change("check_in", entry, {"sore_feet": "x"}, base=9))
    assert (outcome.code, outcome.fields) == ("invalid", {}), "an edit lacks nothing"
    outcome = await pair.one(pair.ana.phone, change("dream", uuid4(), {"text": 5}))
    assert (outcome.code, outcome.fields) == ("invalid", {})


def test_who_may_look_behind_a_field() -> None:
    """A text that one person writes has a past for that person alone, wherever it lives."""
    assert may_look_behind(KINDS["goal"], "notes", own=False)
    assert may_look_behind(KINDS["step"], "done", own=False)
    assert may_look_behind(NOTE_DRAFT, "text", own=True)
    assert not may_look_behind(NOTE_DRAFT, "text", own=False)
    for own in (True, False):
        assert not any(
            may_look_behind(KINDS["shown_check_in"], field, own=own) for field in KINDS["shown_check_in"].fields
        )
        assert not may_look_behind(NOTE_DRAFT, "no_such_field", own=own)


def test_where_a_record_comes_to_stand() -> None:
    one, other = uuid4(), uuid4()
    live, away = stored(STEP, family=one), stored(STEP, family=one, removed=True)
    assert joined(None, live) == joined(away, live) == {"space", "family"}
    assert joined(None, away) == joined(live, away) == joined(live, live) == set()
    assert joined(live, stored(STEP, family=other)) == {"family"}


def test_there_is_room_for_so_many_and_no_more() -> None:
    where = frozenset({"space", "family"})
    assert crowded(STEP, where, {"space": 5000, "family": 29}) is None
    assert crowded(STEP, where, {"space": 30, "family": 30}) is Refusal.TOO_MANY
    assert crowded(STEP, frozenset({"space"}), {"space": 30, "family": 30}) is None
    assert crowded(GOAL, where, {"space": 100, "family": 0}) is Refusal.TOO_MANY
    assert crowded(GOAL, frozenset(), {"space": 100, "family": 0}) is None


def test_terms_and_acts_wait_for_no_goal() -> None:
    values = {"goal": str(UUID(int=8)), "title": "Walk."}
    assert asked(GOAL_TERMS, None, values) is None
    assert asked(GOAL_ACT, None, {"goal": str(UUID(int=8)), "terms": str(UUID(int=7)), "act": "accept"}) is None
    assert asked(GOAL_TERMS, None, values, parent=stored(GOAL, fields={"state": "achieved"})) is Refusal.GOAL_ENDED
    assert asked(GOAL_TERMS, None, values, parent=stored(GOAL, fields={"state": "active"})) is None


def test_an_act_of_a_newer_app_moves_no_goal() -> None:
    goal = stored(GOAL)
    terms = stored(GOAL_TERMS, fields={"title": "Walk.", "based_on": None, "order": 4})
    act = stored(GOAL_ACT, fields={"terms": str(terms.id), "act": "celebrate", "order": 5})
    based = replace(terms, id=RecordId(UUID(int=8)), fields=terms.fields | {"based_on": str(terms.id), "order": 6})
    people = frozenset({ANA, BEN})
    assert goal_view(goal, [terms, act], people, NOW.date()) == goal_view(goal, [terms], people, NOW.date())
    assert set(goal_view(goal, [terms, based], people, date(2026, 1, 1)).open_terms) == {terms.id}


# Notes ---------------------------------------------------------------------------------------------------------

READY = {"send": True, "delivery": "now", "for_couple": str(UUID(int=9))}


@pytest.mark.parametrize(
    ("draft", "couple", "given"),
    [
        ({}, UUID(int=9), True),
        ({"delivery": "when_opened"}, UUID(int=9), True),
        ({"delivery": "at", "on": None, "at": None}, UUID(int=9), False),
        ({"send": False}, UUID(int=9), False),
        ({}, UUID(int=10), False),
        ({"for_couple": None}, UUID(int=9), False),
        ({}, None, False),
    ],
)
def test_a_note_is_given_when_it_is_sent_for_the_couple_of_today(
    draft: dict[str, Any], couple: UUID | None, *, given: bool
) -> None:
    now = Situation(actor=ANA, couple=None if couple is None else CoupleId(couple), now=NOW, today=NOW.date())
    assert (given_at(READY | draft, now) == NOW) is given


def test_a_letter_holds_the_words_the_day_and_nothing_of_the_draft_besides() -> None:
    draft = READY | {"for_what": "The soup.", "about_you": None, "text": "So warm.", "state": "draft"}
    assert words(draft, situation()) == {
        "for_what": "The soup.",
        "about_you": None,
        "text": "So warm.",
        "found": False,
        "given_on": "2026-11-23",
    }
    assert words(draft | {"delivery": "when_opened"}, situation())["found"] is True


# The rows ------------------------------------------------------------------------------------------------------

CLASSES = {
    Ownership.PRIVATE: {
        *("reflection", "balance_note", "shelf", "step_date", "note_draft"),
        *("settings", "notice", "unplaced"),
    },
    Ownership.WINDOW: {"check_in", "boundary", "own_goal", "support_request"},
    Ownership.PROJECTION: {"shown_check_in", "shown_boundary", "shown_goal"},
    Ownership.LETTER: {"note", "response", "support_offer", "repair"},
    Ownership.JOINT: {
        *("goal", "goal_terms", "goal_act", "step", "progress"),
        *("pause", "counsel_summary", "counsel_part"),
    },
}

PRESENCE = {
    *("last_seen", "seen_at", "seen", "read_at", "read", "opened_at", "opened", "delivered_at", "delivered"),
    *("typing", "online", "device", "platform", "location", "streak", "score", "total", "average", "rank", "points"),
}
"""Names, or parts of them, by which somebody could be watched (I4) or measured against another (I7)."""


def test_every_kind_is_in_its_class() -> None:
    assert {
        ownership: {kind.name for kind in KINDS.values() if kind.ownership is ownership} for ownership in CLASSES
    } == CLASSES


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_row_keeps_the_rules_of_its_class(kind: Kind) -> None:
    match kind.ownership:
        case Ownership.PRIVATE | Ownership.WINDOW:
            assert Who.EITHER not in (kind.creates, kind.edits, kind.removes)
        case Ownership.PROJECTION:
            assert (kind.creates, kind.edits, kind.removes) == (Who.SERVER,) * 3
            assert set(kind.of_policy(Policy.SERVER)) == set(kind.fields), "PJ7"
        case Ownership.LETTER:
            assert (kind.edits, kind.removes) == (Who.NOBODY, Who.NOBODY), "I20"
            assert {field.policy for field in kind.fields.values()} <= {Policy.ONCE, Policy.SERVER}
        case _:
            assert kind.creates is Who.EITHER
    if kind.ownership is Ownership.WINDOW:
        assert (kind.window is not None) == (kind.home == "personal") != stands_open(kind)
    else:
        assert (kind.home == "personal") == (kind.ownership is Ownership.PRIVATE)
        assert kind.window is None


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_row_names_what_is_there(kind: Kind) -> None:
    assert KINDS[kind.name] is kind
    names = {kind.family} if kind.family else set()
    names |= {kind.parent.field} if kind.parent else set()
    names |= set(kind.own_id_only)
    assert names <= kind.written.keys()
    assert not ENVELOPE & kind.fields.keys()
    assert set(kind.moved_by) <= KINDS.keys()
    assert all(KINDS[name].parent is not None for name in kind.moved_by)
    assert ("order" in kind.fields) == kind.ordered
    if kind.parent:
        assert set(kind.parent.kinds) <= KINDS.keys()
    if kind.window:
        shows = KINDS[kind.window.shows]
        assert shows.ownership is Ownership.PROJECTION
        chosen = {name for names in kind.window.parts.values() for name in names}
        assert chosen | set(kind.window.always) == shows.fields.keys() - {"shown_on", "edited"}
        assert not chosen & set(kind.window.always)
        assert set(kind.window.texts) <= chosen | set(kind.window.always)
        if kind.window.levels is not None:
            shape = kind.fields[kind.window.chosen_by].shape
            assert isinstance(shape, OneOf)
            assert tuple(kind.window.levels) == shape.values, "each level says which parts it shows"
            levels = [set(parts) for parts in kind.window.levels.values()]
            assert levels[0] == set()
            assert levels[-1] == kind.window.parts.keys()
            assert all(less <= more for less, more in pairwise(levels)), "each level shows what the one before does"
    if kind.letter:
        assert KINDS[kind.letter.gives].ownership is Ownership.LETTER


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_field_tells_of_presence_or_keeps_a_score(kind: Kind) -> None:
    for name in kind.fields:
        # A prompt that an event calls for is named after the event; its setting is one's own wish.
        assert name not in PRESENCE
        assert name.startswith("prompt_") or not set(name.split("_")) & PRESENCE


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_can_be_empty_or_must_be_brought(kind: Kind) -> None:
    for name, field in kind.written.items():
        assert (name in kind.needed) == (field.shape.empty is UNFIT)
        if name not in kind.needed:
            assert field.shape.judged(field.shape.empty) == field.shape.empty
    assert set(kind.written) | set(kind.of_policy(Policy.SERVER)) == set(kind.fields)


def test_a_proof_is_about_what_is_fixed_once_a_record_is_made() -> None:
    assert GOAL_ACT.proven == ("goal", "terms", "act", "order")
    assert NOTE_DRAFT.proven == ()
    unproven = {name: field for name, field in GOAL_ACT.fields.items() if name != "proof"}
    assert replace(GOAL_ACT, fields=unproven).proven == ()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_what_no_client_sets_is_refused_whatever_the_value(kind: Kind) -> None:
    for name in kind.of_policy(Policy.SERVER):
        assert judged(kind, {name: None}) is Refusal.SERVER_OWNED
    for name in ENVELOPE:
        assert judged(kind, {name: None}) is Refusal.SERVER_OWNED
    assert judged(kind, {"no_such_field": None}) is Refusal.INVALID
    assert judged(kind, {}) == {}


def test_windows_open_by_choice_alone() -> None:
    """Nothing is shown by a default (I9)."""
    for kind in KINDS.values():
        if kind.window:
            assert kind.fields["audience"].shape.empty == "only_me"
            chooses = kind.fields[kind.window.chosen_by]
            assert chooses.policy is Policy.MOST_PRIVATE
            assert kind.window.chosen(chooses.shape.empty) == frozenset()
            assert "let_them_know" not in kind.fields or kind.fields["let_them_know"].shape.empty is False


def test_every_prompt_has_a_setting_that_only_the_person_raises() -> None:
    for name, default in PROMPTS.items():
        field = SETTINGS.fields[f"prompt_{name}"]
        assert field.policy is Policy.MOST_PROTECTIVE
        assert field.shape.empty == default
        assert field.shape.judged(0) == 0, "every prompt can be turned off"


ONE_ID, ANOTHER_ID = str(UUID(int=77, version=4)), str(UUID(int=78, version=4))


@pytest.mark.parametrize(
    ("kind", "values", "steps"),
    [
        ("goal_act", {"goal": ONE_ID, "terms": ANOTHER_ID, "act": "decline"}, True),
        ("goal_act", {"goal": ONE_ID, "terms": ANOTHER_ID, "act": "accept"}, False),
        ("goal_act", {"goal": ONE_ID, "terms": ANOTHER_ID}, False),
        ("goal_act", {"goal": "Ana wrote this.", "terms": ANOTHER_ID, "act": "decline"}, False),
        ("goal_act", {"goal": ONE_ID, "terms": ANOTHER_ID, "act": "decline", "kiwi": "a"}, False),
        ("pause", {"set_aside": True}, True),
        ("pause", {"set_aside": True, "resumed_by": []}, True),
        ("pause", {"set_aside": True, "minutes": 30}, False),
        ("pause", {"set_aside": False}, False),
        ("check_in", {}, False),
    ],
)
def test_a_new_record_that_only_steps_back_says_nothing_else(kind: str, values: dict[str, Any], *, steps: bool) -> None:
    assert steps_back(KINDS[kind], values) is steps
