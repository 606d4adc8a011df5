"""What a device shows: records with its own edits over them, lists of a kind, and what follows from its own acts."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from sync.replica import Replica
from sync.showing import Shown
from sync.wire import Alternative, Change, Gone, Origin, Outcome, RecordView
from tests.rules.boards import ANA, BEN, OWN, TOGETHER
from tests.rules.phones import DRAFT, ENTRY, FORMERLY, GOAL, LOST, NOTE, STEP, a_phone, kept, record, space, told

TERMS, ACT = NOTE, DRAFT


def phone_with(*records: RecordView) -> Replica:
    phone = a_phone()
    told(phone, records=list(records))
    return phone


def seen(phone: Replica, identity: RecordId) -> Shown:
    shown = phone.shown(identity)
    assert shown is not None
    return shown


# One record ----------------------------------------------------------------------------------------------------------


def test_a_record_is_shown_as_the_server_said_it() -> None:
    stored = record(GOAL, 7, "goal", BEN, notes="At dusk.", state="proposed")
    stored = replace(stored, removed=True, alternatives={"notes": [Alternative(ANA, "At noon.")]}, merged=["notes"])
    shown = seen(phone_with(stored), GOAL)
    assert (shown.kind, shown.id, shown.space, shown.version, shown.author) == ("goal", GOAL, TOGETHER, 7, BEN)
    assert (shown.removed, shown.gone, shown.pending, shown.merged) == (True, False, False, ("notes",))
    assert [(each.by, each.text) for each in shown.alternatives["notes"]] == [(ANA, "At noon.")]
    assert shown.fields == {"notes": "At dusk.", "state": "proposed"}


def test_what_the_server_has_not_told_of_is_shown_with_empty_fields_below_what_was_written() -> None:
    phone = phone_with()
    kept(phone, STEP, "step", set={"title": "Pack"})
    shown = seen(phone, STEP)
    assert (shown.kind, shown.id, shown.space, shown.version, shown.author) == ("step", STEP, TOGETHER, 0, ANA)
    assert (shown.removed, shown.gone, shown.pending) == (False, False, True)
    assert shown.fields == {"title": "Pack", "taken_by": [], "done": False, "proof": ""}


def test_a_settled_edit_is_shown_and_is_not_pending() -> None:
    phone = phone_with(record(ENTRY, 7, text="One."))
    key = kept(phone, ENTRY, set={"text": "Two."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="applied", version=8)])
    assert (seen(phone, ENTRY).fields["text"], seen(phone, ENTRY).pending) == ("Two.", False)


def test_edits_are_laid_over_a_record_in_turn_and_those_of_another_kind_are_left_out() -> None:
    phone = phone_with(record(ENTRY, 7, text="One.", topic="us"))
    kept(phone, ENTRY, "note_draft", set={"text": "A draft."})
    kept(phone, ENTRY, set={"text": "Two."})
    kept(phone, ENTRY, set={"text": "Three."})
    assert seen(phone, ENTRY).fields == {"text": "Three.", "topic": "us"}
    told(phone, records=[record(ENTRY, 8, text="Other.")])
    assert seen(phone, ENTRY).fields["text"] == "Three."


def test_a_set_is_shown_with_what_was_added_here_and_what_has_come_meanwhile() -> None:
    phone = phone_with(record(ENTRY, 7, needs=["rest"]))
    kept(phone, ENTRY, set={"needs": ["clarity"]}, was={"needs": ["rest"]})
    told(phone, records=[record(ENTRY, 8, needs=["affection", "rest"])])
    assert seen(phone, ENTRY).fields["needs"] == ["affection", "clarity"]


def test_of_an_unknown_kind_an_edit_is_shown_alone() -> None:
    phone = phone_with()
    phone.keep(Change(key=UUID(int=1), kind="star_sign", id=ENTRY, set={"sign": "Leo"}), None)
    shown = seen(phone, ENTRY)
    assert (shown.kind, shown.space, shown.fields) == ("star_sign", None, {"sign": "Leo"})


def test_what_is_wiped_is_shown_only_while_an_edit_of_it_waits() -> None:
    phone = phone_with(record(ENTRY, 7, text="One."))
    told(phone, gone=[Gone(space=OWN, kind="check_in", id=ENTRY, version=8)])
    assert phone.shown(ENTRY) is None
    key = kept(phone, ENTRY, set={"text": "Two."})
    shown = seen(phone, ENTRY)
    assert (shown.gone, shown.pending, shown.fields, shown.version, shown.author) == (
        True,
        True,
        {"text": "Two."},
        8,
        ANA,
    )
    told(phone, more=True, outcomes=[Outcome(key=key, status="applied", version=9)])
    assert phone.shown(ENTRY) is None


def test_a_wiped_goal_is_not_moved_by_acts() -> None:
    phone = phone_with()
    told(phone, gone=[Gone(space=TOGETHER, kind="goal", id=GOAL, version=8)])
    kept(phone, GOAL, "goal", set={"notes": "Mine."})
    kept(phone, TERMS, "goal_terms", set=terms())
    assert seen(phone, GOAL).fields == {"notes": "Mine."}


@pytest.mark.parametrize(
    ("origins", "author"),
    [
        pytest.param([], ANA, id="made here"),
        pytest.param([Origin(author=BEN)], BEN, id="sent again for the partner"),
        pytest.param([Origin()], ANA, id="sent again, and nobody has said whose"),
        pytest.param([None, Origin(), Origin(author=BEN)], BEN, id="the first that says it"),
    ],
)
def test_a_record_that_is_on_its_way_is_of_whom_its_edits_name(origins: list[Origin | None], author: UUID) -> None:
    phone = phone_with()
    for origin in origins or [None]:
        kept(phone, STEP, "step", set={"title": "Pack"}, origin=origin)
    assert seen(phone, STEP).author == author


# All of a kind -------------------------------------------------------------------------------------------------------


def test_a_list_has_what_changed_last_behind_and_what_was_not_sent_in_the_order_of_writing() -> None:
    first, second, third, fourth = (RecordId(UUID(int=number)) for number in (44, 43, 42, 41))
    phone = phone_with(record(second, 9), record(first, 5), record(LOST, 3, "notice"))
    kept(phone, third, set={"text": "Three."})
    kept(phone, fourth, set={"text": "Four."})
    kept(phone, LOST, set={"text": "Of another kind."})
    assert [each.id for each in phone.view("check_in")] == [first, second, third, fourth]


def test_of_two_spaces_with_the_same_version_what_was_edited_here_is_listed_behind() -> None:
    phone = a_phone()
    former = replace(record(LOST, 5, "goal", BEN, state="active"), space=FORMERLY)
    here = record(GOAL, 5, "goal", BEN, state="active")
    told(phone, spaces=[space(OWN), space(TOGETHER), space(FORMERLY)], records=[here, former])
    assert [each.id for each in phone.view("goal")] == [GOAL, LOST]
    kept(phone, GOAL, "goal", set={"notes": "Slow walks."})
    assert [each.id for each in phone.view("goal")] == [LOST, GOAL]


def test_a_list_shows_what_stands_or_what_was_removed() -> None:
    phone = phone_with(record(ENTRY, 5), replace(record(LOST, 6), removed=True))
    assert [each.id for each in phone.view("check_in")] == [ENTRY]
    assert [each.id for each in phone.view("check_in", removed=True)] == [LOST]


@pytest.mark.parametrize(
    ("parent", "shown"),
    [
        pytest.param(record(GOAL, 5, "goal"), True, id="it is here"),
        pytest.param(record(LOST, 5, "goal"), False, id="another one is here"),
        pytest.param(record(GOAL, 5, "check_in"), False, id="what is here is no goal"),
    ],
)
def test_a_step_is_listed_when_its_goal_is_here(parent: RecordView, shown: bool) -> None:
    phone = phone_with(parent, record(STEP, 6, "step", goal=str(GOAL).upper(), title="Pack"))
    assert [each.id for each in phone.view("step")] == ([STEP] if shown else [])


def test_a_step_of_a_wiped_goal_or_of_none_is_not_listed() -> None:
    phone = phone_with(record(STEP, 6, "step", goal=str(GOAL)), record(LOST, 7, "step", goal="none"))
    told(phone, gone=[Gone(space=TOGETHER, kind="goal", id=GOAL, version=8)])
    kept(phone, GOAL, "goal", set={"notes": "Mine."})
    assert seen(phone, GOAL).gone
    assert phone.view("step") == []


def test_a_response_is_listed_though_what_it_answers_was_closed() -> None:
    phone = phone_with(record(NOTE, 6, "response", to=str(ENTRY), form="heard_you"))
    assert [each.id for each in phone.view("response")] == [NOTE]


def test_a_goal_is_listed_once_terms_of_it_count() -> None:
    phone = phone_with(record(GOAL, 5, "goal", state=None), record(LOST, 6, "goal", state="active"))
    assert [each.id for each in phone.view("goal")] == [LOST]
    kept(phone, TERMS, "goal_terms", set=terms())
    assert [each.id for each in phone.view("goal")] == [GOAL, LOST]


# What own acts do to a goal ------------------------------------------------------------------------------------------


def terms(goal: RecordId = GOAL, **other: Any) -> dict[str, Any]:
    """The fields of terms as a phone sends them."""
    rest = {"why": None, "done_when": None, "hoped_for": None, "look_again_on": None, "based_on": None}
    return {"goal": str(goal), "title": "Walk"} | rest | other


def act(name: str, goal: RecordId = GOAL) -> dict[str, Any]:
    return {"goal": str(goal), "terms": str(TERMS), "act": name}


def proposed(by: UUID = BEN, **goal: Any) -> Replica:
    """A phone with a goal and terms for it, as the server stores them."""
    return phone_with(
        record(GOAL, 5, "goal", BEN, state="proposed", **goal),
        record(TERMS, 6, "goal_terms", by, order=6, **terms()),
    )


def test_an_own_act_moves_its_goal_at_once_and_until_the_answer_has_come() -> None:
    phone = proposed()
    key = kept(phone, ACT, "goal_act", set=act("accept"))
    assert seen(phone, GOAL).fields["state"] == "active"
    told(phone, more=True, outcomes=[Outcome(key=key, status="applied", version=7)])
    assert seen(phone, GOAL).fields["state"] == "active"


def test_a_goal_that_was_lost_and_is_sent_again_stands_as_the_terms_say_that_were_not() -> None:
    phone = phone_with(record(TERMS, 6, "goal_terms", BEN, order=6, **terms()))
    kept(phone, GOAL, "goal", set={"form": "goal"})
    assert seen(phone, GOAL).fields["state"] == "proposed"


def test_an_act_that_was_refused_moves_nothing() -> None:
    phone = proposed(notes="As stored.")
    key = kept(phone, ACT, "goal_act", set=act("accept"))
    told(phone, more=True, outcomes=[Outcome(key=key, status="refused", code="too_many", unplaced=LOST)])
    assert seen(phone, GOAL).fields == {"notes": "As stored.", "state": "proposed"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param("goal_act", act("accept", LOST), id="an act about another goal"),
        pytest.param("step", {"goal": str(GOAL), "title": "Pack"}, id="a step, which moves no goal"),
    ],
)
def test_what_does_not_move_a_goal_leaves_it_as_the_server_said(kind: str, values: dict[str, Any]) -> None:
    phone = phone_with(record(GOAL, 5, "goal", BEN, state="resting"))
    kept(phone, ACT, kind, set=values)
    assert seen(phone, GOAL).fields == {"state": "resting"}


def test_acts_count_in_the_order_of_the_server_and_own_ones_after_it_as_they_were_made() -> None:
    phone = phone_with(
        record(GOAL, 5, "goal", BEN, state="active"),
        record(TERMS, 6, "goal_terms", BEN, order=6, **terms()),
        record(LOST, 9, "goal_act", ANA, order=9, **act("rest")),
        record(STEP, 8, "goal_act", ANA, order=8, **act("accept")),
    )
    resumed, rested = RecordId(UUID(int=72)), RecordId(UUID(int=71))
    kept(phone, resumed, "goal_act", set=act("resume"))
    assert seen(phone, GOAL).fields["state"] == "active"
    kept(phone, rested, "goal_act", set=act("rest"))
    assert (seen(phone, GOAL).fields["state"], seen(phone, GOAL).fields["resting_by"]) == ("resting", [str(ANA)])


def test_what_a_phone_cannot_make_sense_of_moves_nothing_and_what_comes_after_it_does() -> None:
    phone = phone_with(record(GOAL, 5, "goal", BEN, state="proposed"))
    for identity, values in (
        (RecordId(UUID(int=1)), act("accept", LOST)),
        (RecordId(UUID(int=2)), terms(title=7)),
        (RecordId(UUID(int=3)), {"goal": 9}),
    ):
        kept(phone, identity, "goal_act" if "act" in values else "goal_terms", set=values)
    kept(phone, RecordId(UUID(int=7)), "goal_terms", set=terms())
    assert seen(phone, GOAL).fields["open_terms"] == [str(UUID(int=7))]


def test_what_was_removed_moves_nothing() -> None:
    phone = phone_with(
        record(GOAL, 5, "goal", BEN, state="active"),
        record(TERMS, 6, "goal_terms", BEN, order=6, **terms()),
        replace(record(LOST, 7, "goal_act", BEN, order=7, **act("rest")), removed=True),
    )
    kept(phone, ACT, "goal_act", set=act("accept"))
    assert seen(phone, GOAL).fields["state"] == "active"


@pytest.mark.parametrize("kind", ["star_sign", "check_in", "step"])
def test_an_act_under_the_id_of_something_else_moves_nothing(kind: str) -> None:
    phone = phone_with(
        record(GOAL, 5, "goal", BEN, state="proposed"),
        record(TERMS, 6, "goal_terms", BEN, order=6, **terms()),
        replace(record(ACT, 7, "step", goal=str(GOAL), title="Pack"), kind=kind),
    )
    kept(phone, ACT, "goal_act", set=act("accept"))
    assert seen(phone, GOAL).fields["state"] == "proposed"


def test_a_goal_that_an_own_act_completes_is_achieved_on_a_day_that_the_server_says() -> None:
    phone = phone_with(
        record(GOAL, 5, "goal", BEN, form="goal", state="active", achieved_on=None),
        record(TERMS, 6, "goal_terms", BEN, order=6, **terms()),
        record(LOST, 7, "goal_act", ANA, order=7, **act("accept")),
        record(STEP, 8, "goal_act", BEN, order=8, **act("mark_done")),
    )
    kept(phone, ACT, "goal_act", set=act("mark_done"))
    assert (seen(phone, GOAL).fields["state"], seen(phone, GOAL).fields["achieved_on"]) == ("achieved", None)


def test_own_terms_are_in_force_once_an_act_of_somebody_else_accepts_them() -> None:
    phone = phone_with()
    kept(phone, GOAL, "goal", set={"form": "goal"})
    kept(phone, TERMS, "goal_terms", set=terms())
    assert seen(phone, GOAL).fields["state"] == "proposed"
    kept(phone, ACT, "goal_act", set=act("accept"), origin=Origin(author=BEN))
    assert seen(phone, GOAL).fields["state"] == "active"
