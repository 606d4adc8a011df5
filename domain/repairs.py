"""Repairs: a first step towards each other after a quarrel, softly begun: what I feel, about what, and what I need."""

from domain.kind import PROOF, Field, Kind, Ownership, Who
from domain.notes import LETTERS_A_DAY_MAX
from domain.policies import Policy
from domain.shapes import OneOf, Text

FORMS = ("sorry_for_my_part", "start_again", "i_see_your_side", "thank_you_for_staying", "lightness")

REPAIR = Kind(
    name="repair",
    ownership=Ownership.LETTER,
    home="couple",
    creates=Who.EITHER,
    edits=Who.NOBODY,
    removes=Who.NOBODY,
    fields={
        "form": Field(OneOf(FORMS), Policy.ONCE),
        **{name: Field(Text(200, optional=True), Policy.ONCE) for name in ("i_feel", "about", "i_need")},
        "text": Field(Text(600, optional=True), Policy.ONCE),
        "proof": PROOF,
    },
    a_day=LETTERS_A_DAY_MAX,
)
