"""Support: asking for it by name, and offering it. An unanswered request lapses in silence; nobody counts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.kind import PROOF, Around, Derived, Field, Kind, Ownership, Passing, Who
from domain.notes import LETTERS_A_DAY_MAX
from domain.policies import Policy
from domain.records import Record
from domain.shapes import Anything, Flag, Identity, OneOf, Text
from domain.times import Instant, written

LAPSES_AFTER = timedelta(hours=72)
"""From first storing on; then a request has lapsed, which nobody is told. A later answer still answers it."""

FORMS = ("listen", "encourage", "practical", "company", "reassurance", "space_from_topic")
WHEN = ("no_hurry", "this_week", "today", "now")
STATES = ("open", "answered")


def asked(now: datetime, _: datetime | None) -> dict[str, Any]:
    """Return until when a request waits for an answer: by the instant of its first storing."""
    return {"lapses_at": written(now + LAPSES_AFTER)}


def request_state(_: Record, responses: Sequence[Record], __: Around) -> Derived:
    """Return whether any response has answered a request. That it has lapsed is never stored."""
    return Derived({"state": "answered" if responses else "open"})


SUPPORT_REQUEST = Kind(
    name="support_request",
    ownership=Ownership.WINDOW,
    home="couple",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "form": Field(OneOf(FORMS), Policy.LATER),
        "text": Field(Text(1000, optional=True), Policy.WORDS),
        "when": Field(OneOf(WHEN, default="no_hurry"), Policy.LATER),
        "state": Field(Anything({"type": "string", "enum": list(STATES)}, default="open"), Policy.SERVER),
        "lapses_at": Field(Instant(optional=True), Policy.SERVER),
    },
    begin=asked,
    derive=request_state,
    moved_by=("response",),
    passing=Passing("state", "open", "lapsed", at="lapses_at"),
)
"""Nothing of it is private, so it stands in the couple's space at once; withdrawn, it is gone for the partner."""

SUPPORT_OFFER = Kind(
    name="support_offer",
    ownership=Ownership.LETTER,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        "to": Field(Identity(optional=True), Policy.ONCE),
        "text": Field(Text(500), Policy.ONCE),
        "no_answer_needed": Field(Flag(default=True), Policy.ONCE),
        "proof": PROOF,
    },
    a_day=LETTERS_A_DAY_MAX,
)
"""`to` names what it is about, if anything; that may have gone or not have arrived, and the offer stands by itself."""
