"""Boundaries: what a person needs for themselves, without a yes or a reason, and with effect in silence if wished."""

from domain.check_ins import TOPICS
from domain.kind import Field, Kind, Most, Ownership, Who, Window
from domain.policies import Policy
from domain.settings import DAY_CAP_MAX
from domain.shapes import Audience, Named, OneOf, Text, Whole, Windows
from domain.times import Instant

BOUNDARIES_MAX = 20
FORMS = ("space", "quiet_hours", "channel_limit", "topic_limit", "contact_rhythm")
EFFECT = ("form", "from", "until", "windows", "zone", "topic")

BOUNDARY = Kind(
    name="boundary",
    ownership=Ownership.WINDOW,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "form": Field(OneOf(FORMS), Policy.ONCE),
        "from": Field(Instant(optional=True, protects="earliest"), Policy.MOST_PROTECTIVE),
        "until": Field(Instant(optional=True), Policy.MOST_PROTECTIVE),
        "windows": Field(Windows(), Policy.MOST_PROTECTIVE),
        "zone": Field(Named("zone", needed=True), Policy.LATER),
        "topic": Field(OneOf(TOPICS, optional=True), Policy.LATER),
        "max_prompts_a_day": Field(Whole(0, DAY_CAP_MAX, optional=True), Policy.MOST_PROTECTIVE),
        "note_private": Field(Text(500, optional=True), Policy.WORDS),
        "message": Field(Text(200, optional=True), Policy.WORDS),
        "audience": Field(Audience(), Policy.MOST_PRIVATE),
        "visibility": Field(
            OneOf(("silent", "effect", "effect_and_message"), default="silent", open_ended=False),
            Policy.MOST_PRIVATE,
        ),
    },
    window=Window(
        shows="shown_boundary",
        parts={"effect": EFFECT, "message": ("message",)},
        chosen_by="visibility",
        levels={"silent": (), "effect": ("effect",), "effect_and_message": ("effect", "message")},
    ),
    most=(Most(BOUNDARIES_MAX, "space"),),
)
"""A boundary holds from `from` (null: already) until `until` (null: open). Ending it sets `until` to now."""

SHOWN_BOUNDARY = Kind(
    name="shown_boundary",
    ownership=Ownership.PROJECTION,
    home="couple",
    creates=Who.SERVER,
    edits=Who.SERVER,
    removes=Who.SERVER,
    fields={name: Field(BOUNDARY.fields[name].shape, Policy.SERVER) for name in (*EFFECT, "message")},
)
