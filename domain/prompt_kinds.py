"""The table of prompts: what causes each kind, how often it may come at most, and what stands against it."""

from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

Cause = Literal["rhythm", "step", "arrival", "pause", "space", "account"]
"""What a kind of prompt comes from: a rhythm, a step or a boundary of the person's own, something that the partner
left for them, the pause of the two, or the person's own account."""

A_WEEK_MAX: Final = 7
"""Nobody can ask to be invited to one thing more often than once a day."""


class Reason(StrEnum):
    """Why a prompt is not sent, now or at all: a code, kept for its person's own eyes."""

    EXPIRED = "expired"
    NO_CONSENT = "no_consent"
    NO_DEVICE = "no_device"
    OFF = "off"
    PARTED = "parted"
    OTHER_COUPLE = "other_couple"
    JUST_PAIRED = "just_paired"
    PAUSE = "pause"
    OWN_SPACE = "own_space"
    QUIET = "quiet"
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"
    GAP = "gap"
    ONE_INVITE_A_DAY = "one_invite_a_day"
    ALREADY_TODAY = "already_today"
    RHYTHM = "rhythm"
    RESTING = "resting"
    USED_THE_APP = "used_the_app"
    LOW = "low"
    CHECKED_IN = "checked_in"
    GAVE_LATELY = "gave_lately"
    BALANCED = "balanced"
    NO_GOAL = "no_goal"
    PARTNERS_SPACE = "partners_space"
    STEP_DONE = "step_done"
    NOT_DUE = "not_due"
    NOTHING_LEFT = "nothing_left"
    UNREADABLE = "unreadable"
    """What the person has set cannot be read: until it can, nothing is said to them."""


class PromptKind(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    cause: Cause
    default: int
    """What its setting says until its person says otherwise: times a week for a rhythm, 1 or 0 for the rest."""
    most: int = 1
    """More than this its setting does not do: times in `days` for a rhythm, else 1."""
    days: int = 7
    """A rhythm's period."""
    monthly: bool = False
    """Not more than one in a month of the calendar."""
    of_couple: bool = False
    """Whether there is nothing to say without the couple that it is about."""
    apart_days: int = 0
    """An arrival: at least so many days lie between two."""
    once: bool = True
    """An arrival: whether a record tells of it once and for all."""
    acts: tuple[str, ...] = ()
    """Kinds of records by writing which its person follows it; without any, it can never count as ignored."""
    unless: tuple[Reason, ...] = ()
    """What stands against this kind beside what stands against all."""

    @property
    def is_invite(self) -> bool:
        """Return whether it comes from a rhythm: at its minute or not at all, and together at most one a day."""
        return self.cause == "rhythm"

    @property
    def is_arrival(self) -> bool:
        """Return whether it gathers with others of its sort into one prompt, and may wait."""
        return self.cause == "arrival"

    @property
    def waits(self) -> bool:
        """Return whether it may come later than it was due."""
        return self.cause in ("arrival", "account")

    @property
    def is_own(self) -> bool:
        """Return whether it is sent at most once whatever happens, rather than at least once."""
        return not self.is_arrival


_COUPLE_AT_REST = (Reason.PAUSE, Reason.PARTNERS_SPACE)

PROMPT_KINDS: Final = {
    kind.name: kind
    for kind in (
        PromptKind(
            name="check_in_invite",
            cause="rhythm",
            default=0,
            most=7,
            acts=("check_in",),
            unless=(Reason.CHECKED_IN,),
        ),
        PromptKind(
            name="appreciation_spark",
            cause="rhythm",
            default=0,
            most=2,
            of_couple=True,
            acts=("note_draft",),
            unless=(Reason.GAVE_LATELY, *_COUPLE_AT_REST),
        ),
        PromptKind(name="reflection_invite", cause="rhythm", default=0, acts=("reflection",)),
        PromptKind(
            name="balance_invite",
            cause="rhythm",
            default=0,
            days=28,
            monthly=True,
            acts=("balance_note",),
            unless=(Reason.BALANCED,),
        ),
        PromptKind(
            name="goal_lookback",
            cause="rhythm",
            default=0,
            days=14,
            of_couple=True,
            acts=("goal", "goal_terms", "goal_act", "step", "progress"),
            unless=(Reason.NO_GOAL, *_COUPLE_AT_REST),
        ),
        PromptKind(
            name="own_step",
            cause="step",
            default=1,
            of_couple=True,
            acts=("step", "step_date"),
            unless=(Reason.STEP_DONE,),
        ),
        PromptKind(name="letter_arrived", cause="arrival", default=1, of_couple=True),
        PromptKind(name="request_arrived", cause="arrival", default=1, of_couple=True, apart_days=3),
        PromptKind(name="window_opened", cause="arrival", default=1, of_couple=True),
        PromptKind(name="proposal_arrived", cause="arrival", default=1, of_couple=True),
        PromptKind(name="goal_achieved", cause="arrival", default=1, of_couple=True),
        PromptKind(
            name="own_goal_cheer",
            cause="arrival",
            default=0,
            of_couple=True,
            apart_days=7,
            once=False,
            unless=_COUPLE_AT_REST,
        ),
        PromptKind(name="pause_return", cause="pause", default=1, of_couple=True, unless=(Reason.NOT_DUE,)),
        PromptKind(name="space_ended", cause="space", default=1, unless=(Reason.NOT_DUE,)),
        PromptKind(name="account_notice", cause="account", default=1, unless=(Reason.QUIET,)),
        PromptKind(name="new_device", cause="account", default=1),
    )
}

PROMPTS: Final = {kind.name: kind.default for kind in PROMPT_KINDS.values() if kind.cause != "account"}
"""The kinds that have a setting, with its default. Notices about one's own account have none: they are always told."""

INVITES: Final = tuple(kind.name for kind in PROMPT_KINDS.values() if kind.is_invite)
"""The kinds of which somebody can ask for less, since they come again and again."""

NOTICES: Final = tuple(kind.name for kind in PROMPT_KINDS.values() if kind.cause == "account")
"""What is told of one's own account: nothing that the partner does takes its place."""

SELDOM_MAX: Final = 3
"""How often "less of this" doubles an interval at most: after that there is "not this"."""
