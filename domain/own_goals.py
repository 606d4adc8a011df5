"""Own goals: what a person wants for themselves. The partner may be shown parts of one, to cheer and not to edit."""

from domain.check_ins import TOPICS
from domain.kind import Field, Kind, Most, Ownership, Who, Window
from domain.policies import Policy
from domain.shapes import Anything, Audience, Day, Flag, OneOf, SetOf, Text

OWN_GOALS_MAX = 50
ENDINGS = ("none", "achieved", "let_go")
"""Both endings are plain; neither is better."""
SUPPORT = ("encouragement", "practical", "ask_me_about_it", "space", "none")
PARTS = ("why", "done_when", "hoped_for", "latest", "ending")

OWN_GOAL = Kind(
    name="own_goal",
    ownership=Ownership.WINDOW,
    home="personal",
    creates=Who.AUTHOR,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "title": Field(Text(120), Policy.WORDS),
        "why": Field(Text(600, optional=True), Policy.WORDS),
        "done_when": Field(Text(300, optional=True), Policy.WORDS),
        "hoped_for": Field(Day(optional=True), Policy.LATER),
        "topic": Field(OneOf(TOPICS, optional=True), Policy.LATER),
        "latest": Field(Text(500, optional=True), Policy.WORDS),
        "resting": Field(Flag(), Policy.LATER),
        "ending": Field(OneOf(ENDINGS, default="none", open_ended=False), Policy.MONOTONE),
        "support_wanted": Field(OneOf(SUPPORT, default="none"), Policy.LATER),
        "audience": Field(Audience(), Policy.MOST_PRIVATE),
        "shared_parts": Field(SetOf(OneOf(PARTS), len(PARTS)), Policy.MOST_PRIVATE),
        "let_them_know": Field(Flag(), Policy.MOST_PRIVATE),
    },
    window=Window(
        shows="shown_goal",
        parts={part: (part,) for part in PARTS},
        always=("title", "support_wanted", "let_them_know"),
        texts=("title", "why", "done_when", "latest"),
    ),
    most=(Most(OWN_GOALS_MAX, "space"),),
)

SHOWN_GOAL = Kind(
    name="shown_goal",
    ownership=Ownership.PROJECTION,
    home="couple",
    creates=Who.SERVER,
    edits=Who.SERVER,
    removes=Who.SERVER,
    fields={
        **{
            name: Field(OWN_GOAL.fields[name].shape, Policy.SERVER)
            for name in ("title", "support_wanted", *PARTS, "let_them_know")
        },
        "shown_on": Field(Day(), Policy.SERVER),
        "edited": Field(Anything({"type": "boolean"}, default=False), Policy.SERVER),
    },
)
