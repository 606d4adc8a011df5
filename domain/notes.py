"""Notes of appreciation: a private draft, and the letter that the partner keeps once it is given."""

from collections.abc import Mapping
from typing import Any

from domain.kind import PROOF, Attempt, Field, Kind, Letter, Ownership, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Anything, Day, Flag, Identity, OneOf, Text, WallTime

LETTERS_A_DAY_MAX = 10
"""One constant for everybody, so that nothing about the receiver can be read from it."""

WORDS = ("for_what", "about_you", "text")


def due(draft: Mapping[str, Any], situation: Situation) -> bool:
    """Return whether the server gives this draft now: sent, for the couple of today, and to be given at once."""
    return (
        draft["send"] is True
        and draft["delivery"] in ("now", "when_opened")
        and situation.couple is not None
        and draft["for_couple"] == str(situation.couple)
    )


def words(draft: Mapping[str, Any], situation: Situation) -> dict[str, Any]:
    """Return the letter's fields: the words as they stand, and the day on which they were given."""
    return {
        **{name: draft[name] for name in WORDS},
        "found": draft["delivery"] == "when_opened",
        "given_on": situation.today.isoformat(),
    }


def not_yet_given(_: Attempt, record: Record | None, __: Situation) -> Refusal | None:
    """Refuse any change of a draft whose words have been given: they belong to their receiver now (I20)."""
    given = record is not None and record.gone and record.shown_id is not None
    return Refusal.ALREADY_GIVEN if given else None


NOTE_DRAFT = Kind(
    name="note_draft",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "for_couple": Field(Identity(optional=True), Policy.LATER),
        "for_what": Field(Text(280), Policy.WORDS),
        "about_you": Field(Text(280, optional=True), Policy.WORDS),
        "text": Field(Text(1000, optional=True), Policy.WORDS),
        "delivery": Field(
            OneOf(("now", "at", "when_opened"), default="now", open_ended=False),
            Policy.LATER,
        ),
        "on": Field(Day(optional=True), Policy.LATER),
        "at": Field(WallTime(optional=True), Policy.LATER),
        "send": Field(Flag(), Policy.MOST_PRIVATE),
        "state": Field(
            Anything({"type": "string", "enum": ["draft", "queued", "given"]}, default="draft"),
            Policy.SERVER,
        ),
    },
    rules=(not_yet_given,),
    letter=Letter(gives="note", sends="send", a_day=LETTERS_A_DAY_MAX, due=due, words=words),
)

NOTE = Kind(
    name="note",
    ownership=Ownership.LETTER,
    home="couple",
    creates=Who.SERVER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        **{name: Field(NOTE_DRAFT.fields[name].shape, Policy.ONCE) for name in WORDS},
        "found": Field(Anything({"type": "boolean"}, default=False), Policy.SERVER),
        "given_on": Field(Day(), Policy.SERVER),
        "proof": PROOF,
    },
    lasting=("found", "given_on"),
    counts_on="given_on",
)
