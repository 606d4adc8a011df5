"""Support: asking for it by name, and offering it. An unanswered request lapses in silence; nobody counts."""

from collections.abc import Sequence
from datetime import timedelta

from domain.kind import PROOF, Around, Derived, Field, Kind, Ownership, Who
from domain.notes import LETTERS_A_DAY_MAX
from domain.policies import Policy
from domain.records import Record
from domain.shapes import Anything, Flag, Identity, OneOf, Text

LAPSES_AFTER = timedelta(hours=72)
"""From first storing on; then a request has lapsed, which is told to nobody. A later answer still answers it."""

FORMS = ("listen", "encourage", "practical", "company", "reassurance", "space_from_topic")
WHEN = ("no_hurry", "this_week", "today", "now")
STATES = ("open", "answered", "lapsed")


def request_state(request: Record, responses: Sequence[Record], around: Around) -> Derived:
    """Return whether a request is open, answered by any response, or lapsed, and when the worker looks again.

    `due_at` of a stored request is the instant at which it lapses. A device, whose clock decides nothing, shows the
    state that it was told until it knows of an answer.
    """
    if responses:
        return Derived({"state": "answered"})
    state, due_at = request.fields.get("state") or "open", request.due_at
    if around.now is None or state == "lapsed":
        return Derived({"state": state})
    if due_at is None:
        return Derived({"state": "open"}, due_at=around.now + LAPSES_AFTER)
    return Derived({"state": "lapsed"}) if due_at <= around.now else Derived({"state": "open"}, due_at=due_at)


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
    },
    derive=request_state,
    moved_by=("response",),
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
