"""The records of a goal: the goal itself, terms and acts that move it, and steps."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from domain.check_ins import TOPICS
from domain.goals import Act, GoalView, Terms, derive
from domain.ids import PersonId, RecordId
from domain.kind import PROOF, Attempt, Derived, Field, Kind, Most, Ownership, Parent, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Anything, Day, Flag, Identity, OneOf, SetOf, Text

GOALS_MAX = 100
OPEN_TERMS_A_GOAL_MAX = 5
TERMS_A_GOAL_MAX = 200
ACTS_A_GOAL_MAX = 1000
STEPS_A_GOAL_MAX = 30

ACTS = ("accept", "decline", "not_now", "mark_done", "rest", "resume", "let_go")
ENDED = ("achieved", "let_go")

_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}


def goal_view(goal: Record | None, children: Sequence[Record], members: frozenset[PersonId], today: date) -> GoalView:
    """Return the goal's state from the stored terms and acts (G1 to G10).

    An act carries no date of its own: the day on which a goal was achieved is the day on which the completing
    act was first seen to complete it, and stays. Of a goal that has not arrived nobody knows whether it is an
    agreement: nothing is marked done there.
    """
    achieved_on = None if goal is None else goal.fields.get("achieved_on")
    day = date.fromisoformat(achieved_on) if achieved_on else today
    terms = [
        Terms(
            id=child.id,
            author=child.author,
            order=child.fields["order"],
            based_on=_record_id(child.fields["based_on"]),
        )
        for child in children
        if child.kind == GOAL_TERMS.name and child.live
    ]
    acts = [
        Act(
            id=child.id,
            author=child.author,
            order=child.fields["order"],
            terms=RecordId(UUID(child.fields["terms"])),
            act=child.fields["act"],
            on=day,
        )
        for child in children
        if child.kind == GOAL_ACT.name and child.live and child.fields["act"] in ACTS
    ]
    return derive(members, terms, acts, agreement=goal is None or goal.fields.get("form") == "agreement")


def _record_id(value: str | None) -> RecordId | None:
    return None if value is None else RecordId(UUID(value))


def derived(goal: Record, children: Sequence[Record], members: frozenset[PersonId], today: date) -> Derived:
    """Return the goal's server fields, and the acts and terms that changed nothing (G4, G5)."""
    view = goal_view(goal, children, members, today)
    fields: dict[str, Any] = {
        "state": view.state,
        "terms_in_force": None if view.terms_in_force is None else str(view.terms_in_force),
        "open_terms": [str(terms) for terms in view.open_terms],
        "done_by": sorted(str(person) for person in view.done_by),
        "resting_by": sorted(str(person) for person in view.resting_by),
        "achieved_on": None if view.achieved_on is None else view.achieved_on.isoformat(),
    }
    return Derived(fields, frozenset((each.person, each.about) for each in view.look_again))


def goal_goes_on(_: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse new terms for a goal that has ended, and a sixth open proposal (G5, G12).

    What was stored so far is walked here: the goal may not have arrived, or not have been moved by this batch yet.
    """
    if record is not None:
        return None
    goal = situation.parent
    view = goal_view(goal, situation.family, situation.members, situation.today)
    if view.state in ENDED or (goal is not None and goal.fields.get("state") in ENDED):
        return Refusal.GOAL_ENDED
    return Refusal.TOO_MANY if len(view.open_terms) >= OPEN_TERMS_A_GOAL_MAX else None


GOAL = Kind(
    name="goal",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.EITHER,
    removes=Who.NOBODY,
    fields={
        "form": Field(OneOf(("goal", "agreement"), default="goal"), Policy.ONCE),
        "topic": Field(OneOf(TOPICS, optional=True), Policy.LATER),
        "notes": Field(Text(2000, optional=True), Policy.SHARED_WORDS),
        "state": Field(
            Anything(
                {
                    "anyOf": [
                        {
                            "type": "string",
                            "enum": [
                                "proposed",
                                "not_now",
                                "declined",
                                "active",
                                "resting",
                                "achieved",
                                "let_go",
                            ],
                        },
                        {"type": "null"},
                    ],
                },
            ),
            Policy.SERVER,
        ),
        "terms_in_force": Field(Identity(optional=True), Policy.SERVER),
        "open_terms": Field(Anything(_IDS, default=[]), Policy.SERVER),
        "done_by": Field(Anything(_IDS, default=[]), Policy.SERVER),
        "resting_by": Field(Anything(_IDS, default=[]), Policy.SERVER),
        "achieved_on": Field(Day(optional=True), Policy.SERVER),
        "proof": PROOF,
    },
    most=(Most(GOALS_MAX, "space"),),
    derive=derived,
    moved_by=("goal_terms", "goal_act"),
)

GOAL_TERMS = Kind(
    name="goal_terms",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        "goal": Field(Identity(), Policy.ONCE),
        "title": Field(Text(120), Policy.ONCE),
        "why": Field(Text(600, optional=True), Policy.ONCE),
        "done_when": Field(Text(300, optional=True), Policy.ONCE),
        "hoped_for": Field(Day(optional=True), Policy.ONCE),
        "look_again_on": Field(Day(optional=True), Policy.ONCE),
        "based_on": Field(Identity(optional=True), Policy.ONCE),
        "order": Field(Anything({"type": "integer"}), Policy.SERVER),
        "proof": PROOF,
    },
    parent=Parent(field="goal", kinds=("goal",), moves=True),
    family="goal",
    most=(Most(TERMS_A_GOAL_MAX, "family"),),
    rules=(goal_goes_on,),
    ordered=True,
    lasting=("order",),
)

GOAL_ACT = Kind(
    name="goal_act",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        "goal": Field(Identity(), Policy.ONCE),
        "terms": Field(Identity(), Policy.ONCE),
        "act": Field(OneOf(ACTS), Policy.ONCE),
        "order": Field(Anything({"type": "integer"}), Policy.SERVER),
        "proof": PROOF,
    },
    parent=Parent(field="goal", kinds=("goal",), moves=True),
    family="goal",
    most=(Most(ACTS_A_GOAL_MAX, "family"),),
    ordered=True,
    lasting=("order",),
)

STEP = Kind(
    name="step",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.EITHER,
    removes=Who.EITHER,
    fields={
        "goal": Field(Identity(), Policy.ONCE),
        "title": Field(Text(120), Policy.SHARED_WORDS),
        "taken_by": Field(SetOf(Identity(), 2), Policy.MEMBERS),
        "done": Field(Flag(), Policy.MONOTONE),
        "proof": PROOF,
    },
    parent=Parent(field="goal", kinds=("goal",)),
    family="goal",
    most=(Most(STEPS_A_GOAL_MAX, "family"),),
    own_id_only=("taken_by",),
)
