"""Check-ins: how a day is, for oneself first; the partner sees only the parts chosen for that one entry."""

from domain.kind import Field, Kind, Most, Ownership, Who, Window
from domain.policies import Policy
from domain.shapes import Anything, Audience, Day, Flag, OneOf, SetOf, Text, Whole

CHECK_INS_A_DAY_MAX = 6

TOPICS = ("us", "me", "work", "family", "health", "money", "other")
NEEDS = (
    "listening",
    "reassurance",
    "practical_help",
    "time_together",
    "time_alone",
    "affection",
    "celebration",
    "clarity",
    "rest",
    "kindness_to_self",
    "nothing_now",
)
RESPONSES_WANTED = (
    "just_listen",
    "comfort",
    "celebrate_with_me",
    "help_me_think",
    "practical_help",
    "space",
    "no_response_needed",
)
PARTS = ("mood", "needs", "text", "felt")

CHECK_IN = Kind(
    name="check_in",
    ownership=Ownership.WINDOW,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "local_date": Field(Day(), Policy.LATER),
        "valence": Field(Whole(-4, 4, optional=True), Policy.LATER),
        "arousal": Field(Whole(-4, 4, optional=True), Policy.LATER),
        "felt_respected": Field(Whole(1, 5, optional=True), Policy.LATER),
        "felt_understood": Field(Whole(1, 5, optional=True), Policy.LATER),
        "felt_valued": Field(Whole(1, 5, optional=True), Policy.LATER),
        "needs": Field(SetOf(OneOf(NEEDS), 3), Policy.MEMBERS),
        "text": Field(Text(2000, optional=True), Policy.WORDS),
        "topic": Field(OneOf(TOPICS, optional=True), Policy.LATER),
        "response_wanted": Field(OneOf(RESPONSES_WANTED, optional=True), Policy.LATER),
        "audience": Field(Audience(), Policy.MOST_PRIVATE),
        "shared_parts": Field(SetOf(OneOf(PARTS), len(PARTS)), Policy.MOST_PRIVATE),
        "let_them_know": Field(Flag(), Policy.MOST_PRIVATE),
    },
    window=Window(
        shows="shown_check_in",
        parts={
            "mood": ("valence", "arousal"),
            "needs": ("needs",),
            "text": ("text",),
            "felt": ("felt_respected", "felt_understood", "felt_valued"),
        },
        always=("topic", "response_wanted", "let_them_know"),
        texts=("text",),
    ),
    family="local_date",
    most=(Most(CHECK_INS_A_DAY_MAX, "family"),),
)

SHOWN_CHECK_IN = Kind(
    name="shown_check_in",
    ownership=Ownership.PROJECTION,
    home="couple",
    creates=Who.SERVER,
    edits=Who.SERVER,
    removes=Who.SERVER,
    fields={
        **{
            name: Field(CHECK_IN.fields[name].shape, Policy.SERVER)
            for name in CHECK_IN.fields
            if name not in ("local_date", "audience", "shared_parts")
        },
        "shown_on": Field(Day(), Policy.SERVER),
        "edited": Field(Anything({"type": "boolean"}, default=False), Policy.SERVER),
    },
)
