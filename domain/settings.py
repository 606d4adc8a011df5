"""Settings: how a person wants to be reached, in their own zone, and how seldom."""

from domain.kind import Field, Kind, Ownership, Who
from domain.policies import Policy
from domain.prompt_kinds import A_WEEK_MAX, INVITES, PROMPTS, SELDOM_MAX
from domain.shapes import Flag, Named, OneOf, WallTime, Whole, Windows

DAY_CAP_MAX = 3
WEEK_CAP_MAX = 14

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
        "wake_ups": Field(Flag(), Policy.MOST_PROTECTIVE),
        "invite_at": Field(WallTime(default="18:40"), Policy.LATER),
        "day_cap": Field(Whole(0, DAY_CAP_MAX, default=2), Policy.MOST_PROTECTIVE),
        "week_cap": Field(Whole(0, WEEK_CAP_MAX, default=7), Policy.MOST_PROTECTIVE),
        **{
            f"prompt_{name}": Field(Whole(0, A_WEEK_MAX, default=default), Policy.MOST_PROTECTIVE)
            for name, default in PROMPTS.items()
        },
        **{
            f"seldom_{name}": Field(Whole(0, SELDOM_MAX, default=0, more_protects=True), Policy.MOST_PROTECTIVE)
            for name in INVITES
        },
    },
)
