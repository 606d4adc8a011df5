"""Why a change may not happen: the codes that a device receives, each with the sentence a person may read."""

from enum import StrEnum


class Refusal(StrEnum):
    """A settled no. It travels with HTTP 200, and the words of the change are kept for their author."""

    IMMUTABLE = "immutable"
    SERVER_OWNED = "server_owned"
    NOT_AUTHOR = "not_author"
    NEEDS_THEIR_YES = "needs_their_yes"
    UNKNOWN_PARENT = "unknown_parent"
    PARENT_GONE = "parent_gone"
    CLOSED = "closed"
    ALREADY_GIVEN = "already_given"
    GOAL_ENDED = "goal_ended"
    ASKED_RECENTLY = "asked_recently"
    TOO_MANY = "too_many"
    INVALID = "invalid"


KEEPS_NO_WORDS = frozenset({Refusal.SERVER_OWNED, Refusal.NOT_AUTHOR})
"""Refusals after which nothing is kept beside: a client that re-sends what it was shown would else copy the
partner's withdrawn words into one's own box."""

SENTENCES: dict[Refusal, str] = {
    Refusal.IMMUTABLE: "What was given stays as it was given.",
    Refusal.SERVER_OWNED: "Haven writes this part itself.",
    Refusal.NOT_AUTHOR: "Only the person who wrote this can change it.",
    Refusal.NEEDS_THEIR_YES: "This needs the other person's own yes.",
    Refusal.UNKNOWN_PARENT: "What this answers is not known here.",
    Refusal.PARENT_GONE: "What this belongs to has been taken back.",
    Refusal.CLOSED: "This space no longer takes changes.",
    Refusal.ALREADY_GIVEN: "This note has already been given.",
    Refusal.GOAL_ENDED: "This goal has ended.",
    Refusal.ASKED_RECENTLY: "The same was asked a short while ago.",
    Refusal.TOO_MANY: "There is no more room for one of these here.",
    Refusal.INVALID: "Something in this entry does not fit.",
}
