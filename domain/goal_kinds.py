"""The records of a goal: the goal itself, terms and acts that move it, steps with their private dates, and progress."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.check_ins import TOPICS
from domain.goals import Act, GoalView, Terms, Walk, walk_of
from domain.ids import PersonId, RecordId
from domain.kind import PROOF, Around, Attempt, Derived, Field, Kind, Most, Ownership, Parent, Repeats, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Amount, Anything, Day, Flag, Identity, OneOf, SetOf, Text, WallTime

GOALS_MAX = 100
OPEN_TERMS_A_GOAL_MAX = 5
TERMS_A_GOAL_MAX = 200
ACTS_A_GOAL_MAX = 1000
STEPS_A_GOAL_MAX = 30
STEP_DATES_MAX = 20
PROGRESS_A_GOAL_MAX = 1000

ACTS = ("accept", "decline", "not_now", "mark_done", "rest", "resume", "let_go")
ENDED = ("achieved", "let_go")
NOES = ("decline", "not_now")
ANSWERS = ("accept", *NOES)
NOT_AGAIN_FOR = timedelta(days=14)
SAID = ("title", "why", "done_when")
"""What terms say in words; terms that say the same are asked again, whatever days they name."""

_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}


def goal_view(goal: Record | None, children: Sequence[Record], members: frozenset[PersonId], today: date) -> GoalView:
    """Return the goal's state from the stored terms and acts (G1 to G10).

    An act carries no date of its own: the day on which a goal was achieved is the day on which the completing
    act was first seen to complete it, and stays. Of a goal that has not arrived nobody knows whether it is an
    agreement: nothing is marked done there.
    """
    return _walk(goal, children, members, today).view()


def _walk(goal: Record | None, children: Sequence[Record], members: frozenset[PersonId], today: date) -> Walk:
    day = _day(goal, today)
    terms = [_terms(child) for child in children if child.kind == GOAL_TERMS.name and child.live]
    acts = [_act(child, day) for child in children if _is_act(child)]
    return walk_of(members, terms, acts, agreement=goal is None or goal.fields.get("form") == "agreement")


def _day(goal: Record | None, today: date) -> date:
    achieved_on = None if goal is None else goal.fields.get("achieved_on")
    return date.fromisoformat(achieved_on) if achieved_on else today


def _is_act(child: Record) -> bool:
    return child.kind == GOAL_ACT.name and child.live and child.fields["act"] in ACTS


def _act(child: Record, day: date) -> Act:
    return Act(
        id=child.id,
        author=child.author,
        order=child.fields["order"],
        terms=RecordId(UUID(child.fields["terms"])),
        act=child.fields["act"],
        on=day,
    )


def _terms(child: Record) -> Terms:
    return Terms(
        id=child.id,
        author=child.author,
        order=child.fields["order"],
        based_on=_record_id(child.fields["based_on"]),
    )


def _record_id(value: str | None) -> RecordId | None:
    return None if value is None else RecordId(UUID(value))


def derived(goal: Record, children: Sequence[Record], around: Around) -> Derived:
    """Return the goal's server fields, and the acts and terms that changed nothing (G4, G5)."""
    view = goal_view(goal, children, around.members, around.today)
    fields: dict[str, Any] = {
        "state": view.state,
        "terms_in_force": None if view.terms_in_force is None else str(view.terms_in_force),
        "open_terms": [str(terms) for terms in view.open_terms],
        "done_by": sorted(str(person) for person in view.done_by),
        "resting_by": sorted(str(person) for person in view.resting_by),
        "achieved_on": None if view.achieved_on is None else view.achieved_on.isoformat(),
    }
    return Derived(fields, frozenset((each.person, each.about) for each in view.look_again))


class Walked(Struct, frozen=True):
    """How a goal stands by what is stored so far, and how much that was."""

    size: int
    has_goal: bool
    walk: Walk


def walked(
    known: Walked | None, goal: Record | None, family: Sequence[Record], members: frozenset[PersonId], today: date
) -> Walked:
    """Return how a goal stands; `known` is what was said before of the first of the same records.

    A batch may bring five hundred proposals and acts to a goal with a thousand acts: it is not walked for each of them.
    """
    walk = None
    if known is not None and known.has_goal == (goal is not None):
        if known.size == len(family):
            return known
        walk = _followed(known, family, _day(goal, today))
    return Walked(len(family), goal is not None, walk or _walk(goal, family, members, today))


def _followed(known: Walked, family: Sequence[Record], day: date) -> Walk | None:
    """Return the walk with what has come since; None where that is no last word, by its order or since it was named."""
    walk = known.walk
    for nth, child in enumerate(family[known.size :], known.size):
        said = _said(child, day)
        if said is None:
            continue
        if said.order <= walk.last or (isinstance(said, Terms) and _is_named(said, family[:nth])):
            return None
        walk = walk.followed_by(said)
    return walk


def _said(child: Record, day: date) -> Terms | Act | None:
    if child.kind == GOAL_TERMS.name:
        return _terms(child) if child.live else None
    return _act(child, day) if _is_act(child) else None


def _is_named(terms: Terms, family: Sequence[Record]) -> bool:
    """Return whether an act about these terms has come before them."""
    named = str(terms.id)
    return any(each.kind == GOAL_ACT.name and each.fields["terms"] == named for each in family)


def goal_goes_on(_: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse new terms for a goal that has ended, and a sixth open proposal (G5, G12).

    What was stored so far is walked for it: the goal may not have arrived, or not have been moved by this batch yet.
    """
    if record is not None:
        return None
    goal = situation.parent
    known: Walked | None = situation.beside
    if known is None:
        known = walked(None, goal, situation.family, situation.members, situation.today)
    view = known.walk.view()
    if view.state in ENDED or (goal is not None and goal.fields.get("state") in ENDED):
        return Refusal.GOAL_ENDED
    return Refusal.TOO_MANY if len(view.waiting) >= OPEN_TERMS_A_GOAL_MAX else None


def has_its_own_day(attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse a hoped-for day in an agreement, and a day to look again in a goal."""
    goal = situation.parent
    if record is not None or goal is None or goal.gone:
        return None
    other = "hoped_for" if goal.fields.get("form") == "agreement" else "look_again_on"
    return Refusal.INVALID if attempt.set.get(other) is not None else None


def not_just_asked(attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse terms that say the same as own ones which the other declined or put off in the last 14 days (G11).

    In whichever goal that was: a new one is no new question.
    When somebody said no is known from the age that their phone stated; of an act without one, from its arrival.
    """
    if record is not None:
        return None
    said = {name: attempt.set.get(name) for name in SAID}
    there = {each.id: each for each in (*situation.alike, *situation.family)}.values()
    alike = {
        str(each.id)
        for each in there
        if (each.kind, each.author) == (GOAL_TERMS.name, situation.actor)
        and {name: each.fields[name] for name in SAID} == said
    }
    if not alike:
        return None
    words: dict[tuple[PersonId, str], Record] = {}
    for act in sorted((each for each in there if each.kind == GOAL_ACT.name), key=_order):
        if act.fields["terms"] in alike and act.fields["act"] in ANSWERS and act.author != situation.actor:
            words[act.author, act.fields["terms"]] = act
    since_ms = (situation.now - NOT_AGAIN_FOR).timestamp() * 1000
    noes = (act for act in words.values() if act.fields["act"] in NOES)
    lately = any((act.stamp("act").made_ms or 0) > since_ms for act in noes)
    return Refusal.ASKED_RECENTLY if lately else None


def _order(act: Record) -> int:
    order: int = act.fields["order"]
    return order


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
    ends={"state": ENDED},
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
    repeats=Repeats(SAID, answers="goal_act", within=NOT_AGAIN_FOR),
    beside=walked,
    rules=(goal_goes_on, has_its_own_day, not_just_asked),
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
    leaves={"act": "let_go"},
    steps_back={"act": ("decline", "not_now", "rest", "let_go")},
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

PROGRESS = Kind(
    name="progress",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.AUTHOR,
    fields={
        "goal": Field(Identity(), Policy.ONCE),
        "note": Field(Text(500, optional=True), Policy.ONCE),
        "on": Field(Day(), Policy.ONCE),
        "amount": Field(Amount(optional=True), Policy.ONCE),
        "unit": Field(Text(16, optional=True, one_line=True), Policy.ONCE),
        "proof": PROOF,
    },
    parent=Parent(field="goal", kinds=("goal",)),
    family="goal",
    most=(Most(PROGRESS_A_GOAL_MAX, "family"),),
)
"""How far the two have come; amounts are never added up, least of all by who noted them."""

STEP_DATE = Kind(
    name="step_date",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "step": Field(Identity(), Policy.ONCE),
        "on": Field(Day(), Policy.LATER),
        "at": Field(WallTime(), Policy.LATER),
    },
    most=(Most(STEP_DATES_MAX, "space"),),
)
"""When a person wants to be reminded of a step, by their own phone alone: nobody sets a time for the other."""
