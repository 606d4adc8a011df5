"""Settings: how a person wants to be reached, in their own zone, and how seldom."""

from domain.kind import Field, Kind, Ownership, Who
from domain.policies import Policy
from domain.shapes import Flag, Named, OneOf, WallTime, Whole, Windows

DAY_CAP_MAX = 3
WEEK_CAP_MAX = 14
A_WEEK_MAX = 7

PROMPTS: dict[str, int] = {
    "check_in_invite": 0,
    "appreciation_spark": 0,
    "reflection_invite": 0,
    "balance_invite": 0,
    "goal_lookback": 0,
    "own_step": 1,
    "letter_arrived": 1,
    "request_arrived": 1,
    "window_opened": 1,
    "proposal_arrived": 1,
    "goal_achieved": 1,
    "own_goal_cheer": 0,
    "pause_return": 1,
    "space_ended": 1,
}
"""Kinds of prompts with their defaults: times a week for invitations, 1 or 0 for the rest."""

SETTINGS = Kind(
    name="settings",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.SERVER,
    edits=Who.AUTHOR,
    removes=Who.NOBODY,
    fields={
        "zone": Field(Named("zone", default="UTC"), Policy.LATER),
        "locale": Field(Named("locale", default="en"), Policy.LATER),
        "country": Field(Named("country"), Policy.LATER),
        "quiet": Field(
            Windows(default=tuple((day, "21:30", "08:00") for day in range(7))),
            Policy.MOST_PROTECTIVE,
        ),
        "quiet_off": Field(Flag(), Policy.MOST_PROTECTIVE),
        "push_privacy": Field(
            OneOf(("hidden", "discreet", "descriptive"), default="discreet", open_ended=False),
            Policy.MOST_PRIVATE,
        ),
        "invite_at": Field(WallTime(default="18:40"), Policy.LATER),
        "day_cap": Field(Whole(0, DAY_CAP_MAX, default=2), Policy.MOST_PROTECTIVE),
        "week_cap": Field(Whole(0, WEEK_CAP_MAX, default=7), Policy.MOST_PROTECTIVE),
        **{
            f"prompt_{name}": Field(Whole(0, A_WEEK_MAX, default=default), Policy.MOST_PROTECTIVE)
            for name, default in PROMPTS.items()
        },
    },
)
