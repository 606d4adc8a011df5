"""Responses: an answer to something the partner opened. Given words, never edited; "not now" is a full answer."""

from domain.kind import PROOF, Attempt, Field, Kind, Most, Ownership, Parent, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Day, Identity, OneOf, Text, WallTime

RESPONSES_A_PARENT_MAX = 3

FORMS: dict[str, tuple[str, ...]] = {
    "shown_check_in": (
        "heard_you",
        "thank_you_for_telling_me",
        "here_with_you",
        "celebrating_with_you",
        "tell_me_more",
        "can_we_talk_at",
        "need_a_little_time",
    ),
    "support_request": (
        "heard_you",
        "here_with_you",
        "yes_at",
        "can_we_talk_at",
        "need_a_little_time",
        "not_able_now",
    ),
    "support_offer": ("thank_you", "yes_please", "not_this_time"),
    "repair": ("thank_you", "accepted", "not_ready_yet"),
    "shown_goal": ("cheering_you_on", "here_with_you", "can_we_talk_at"),
}
"""Per kind of parent, the forms an answer can take."""


def fits_its_parent(attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse a form that is known, but for another kind of parent."""
    if record is not None or situation.parent is None:
        return None
    form = attempt.set["form"]
    known_somewhere = any(form in forms for forms in FORMS.values())
    return Refusal.INVALID if known_somewhere and form not in FORMS[situation.parent.kind] else None


RESPONSE = Kind(
    name="response",
    ownership=Ownership.LETTER,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        "to": Field(Identity(), Policy.ONCE),
        "form": Field(OneOf(tuple(sorted({form for forms in FORMS.values() for form in forms}))), Policy.ONCE),
        "on": Field(Day(optional=True), Policy.ONCE),
        "at": Field(WallTime(optional=True), Policy.ONCE),
        "text": Field(Text(1000, optional=True), Policy.ONCE),
        "proof": PROOF,
    },
    parent=Parent(field="to", kinds=tuple(FORMS), known=True, moves=True),
    family="to",
    most=(Most(RESPONSES_A_PARENT_MAX, "family"),),
    rules=(fits_its_parent,),
)
