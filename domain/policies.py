"""The vocabulary of merging: what may happen to a field that two devices changed without seeing each other."""

from enum import StrEnum


class Policy(StrEnum):
    """How one field merges. The functions that do it are in `sync/merge.py`, one a policy."""

    ONCE = "once"
    """Given and never changed: a later change is refused."""
    LATER = "later"
    """The edit made later wins; its loser is kept behind."""
    WORDS = "words"
    """One author's text on several devices: joined by sentences, else the later one, the other beside it."""
    SHARED_WORDS = "shared_words"
    """A text of both: joined by sentences, else the stored one, the incoming one beside it."""
    MONOTONE = "monotone"
    """The further state wins, unless the step back had seen it."""
    MEMBERS = "members"
    """A set: each element is added and taken out by itself; a concurrent addition beats a removal."""
    MOST_PRIVATE = "most_private"
    """The more private value wins, whatever the order."""
    MOST_PROTECTIVE = "most_protective"
    """What protects more wins, whatever the order."""
    SERVER = "server"
    """Written by the server alone."""


TEXTS = frozenset({Policy.WORDS, Policy.SHARED_WORDS})
"""What people write in sentences."""
