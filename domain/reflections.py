"""Reflections and notes on balance: a person's own thoughts about patterns, for nobody else, ever."""

from typing import Any

from domain.ids import PersonId
from domain.kind import Attempt, Field, Kind, Ownership, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Sealed, SetOf, Text, Whole
from domain.times import Month

OWN_WORDS_MAX = 5
SEALED_BYTES_MAX = 16 * 1024
THOUGHTS = ("trigger", "reaction", "need", "other_view")


def sealed_alone(attempt: Attempt, record: Record | None, _: Situation) -> Refusal | None:
    """Refuse plain content beside a sealed one: whoever seals a reflection takes it out of the server's sight.

    Nothing here looks into what is sealed (I33). Whoever opens a seal again has to know of the last one.
    """
    stored = None if record is None or record.gone else record.fields.get("sealed")
    sealed = attempt.set.get("sealed", stored)
    if "sealed" in attempt.unseen:
        sealed = sealed or stored
    plain = any(attempt.set.get(name) not in (None, []) for name in _plain())
    return Refusal.INVALID if sealed is not None and plain else None


def the_rest_is_empty(attempt: Attempt, _: Record, __: PersonId) -> dict[str, Any]:
    """With a seal nothing plain stays, also of what another phone has written meanwhile: that goes behind."""
    if attempt.set.get("sealed") is None:
        return {}
    return {name: REFLECTION.fields[name].shape.empty for name in _plain()}


def _plain() -> list[str]:
    return [name for name in REFLECTION.written if name != "sealed"]


REFLECTION = Kind(
    name="reflection",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        **{name: Field(Text(500, optional=True), Policy.WORDS) for name in THOUGHTS},
        "feelings": Field(SetOf(Text(24, one_line=True), OWN_WORDS_MAX), Policy.MEMBERS),
        "intensity": Field(Whole(1, 5, optional=True), Policy.LATER),
        "own_tags": Field(SetOf(Text(24, one_line=True), OWN_WORDS_MAX), Policy.MEMBERS),
        "sealed": Field(Sealed(SEALED_BYTES_MAX), Policy.LATER),
    },
    rules=(sealed_alone,),
    entails=the_rest_is_empty,
)

BALANCE_NOTE = Kind(
    name="balance_note",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "month": Field(Month(), Policy.ONCE),
        "lean_on": Field(Whole(1, 5, optional=True), Policy.LATER),
        "own_ground": Field(Whole(1, 5, optional=True), Policy.LATER),
        "line": Field(Text(280, optional=True), Policy.WORDS),
    },
)
"""Two private lines of one month, about leaning on the other and about one's own ground; never combined."""
