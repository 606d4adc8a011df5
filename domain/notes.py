"""Notes of appreciation: a private draft, the letter that the partner keeps once it is given, and one's own shelf."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.kind import PROOF, Attempt, Field, Kind, Letter, Ownership, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Anything, Day, Flag, Identity, OneOf, Text, WallTime, Whole
from domain.times import comes, comes_first

LETTERS_A_DAY_MAX = 10
"""Notes, offers and repairs of a writer's local day together: then a note waits for the next day, others are refused.

One constant for everybody, so that nothing about the receiver can be read from it."""

AHEAD_MAX = timedelta(days=366)

WORDS = ("for_what", "about_you", "text")


def given_at(draft: Mapping[str, Any], situation: Situation) -> datetime | None:
    """Return when the server gives a draft as it stands; None for one that is not sent, or to nobody of today.

    A dated one is given when the receiver's clock shows its time on its day, wherever the receiver is then. Until the
    receiver's zone is known, that is when it can be so anywhere on earth at the earliest.
    """
    if draft["send"] is not True or situation.couple is None or draft["for_couple"] != str(situation.couple):
        return None
    if draft["delivery"] != "at":
        return situation.now
    if draft["on"] is None or draft["at"] is None:
        return None
    day, at = date.fromisoformat(draft["on"]), time.fromisoformat(draft["at"])
    if situation.their_zone is None:
        return comes_first(day, at)
    return comes(day, at, situation.their_zone)


def is_dated(draft: Mapping[str, Any]) -> bool:
    """Return whether a draft waits for a time of its receiver's."""
    return draft["send"] is True and draft["delivery"] == "at"


def words(draft: Mapping[str, Any], situation: Situation) -> dict[str, Any]:
    """Return the letter's fields: the words as they stand, and the day on which they were given."""
    return {
        **{name: draft[name] for name in WORDS},
        "found": draft["delivery"] == "when_opened",
        "given_on": situation.today.isoformat(),
    }


def has_its_day(attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse to send a dated note without its day and time, or for a day over 366 days ahead."""
    known = {} if record is None or record.gone else record.fields
    draft = {name: field.shape.empty for name, field in NOTE_DRAFT.written.items()} | known | attempt.set
    if not is_dated(draft):
        return None
    if draft["on"] is None or draft["at"] is None:
        return Refusal.INVALID
    far = date.fromisoformat(draft["on"]) - situation.today > AHEAD_MAX
    anew = any(known.get(name) != draft[name] for name in ("send", "delivery", "on"))
    return Refusal.INVALID if far and anew else None


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
    rules=(not_yet_given, has_its_day),
    letter=Letter(gives="note", sends="send", to="for_couple", when=given_at, asks_zone=is_dated, words=words),
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
    a_day=LETTERS_A_DAY_MAX,
    counts_on="given_on",
)

SHELF = Kind(
    name="shelf",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "about": Field(Identity(), Policy.ONCE),
        "kept": Field(Flag(), Policy.LATER),
        "hidden": Field(Flag(), Policy.LATER),
        "felt_heard": Field(Whole(1, 5, optional=True), Policy.LATER),
        "helped": Field(Whole(1, 5, optional=True), Policy.LATER),
    },
    family="about",
)
"""What a person keeps of a letter, or puts out of sight, and what it was to them: for their own eyes alone."""
