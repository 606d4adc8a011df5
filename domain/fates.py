"""What becomes of each class of records when a couple parts or comes back, and when one of the two goes.

The table is read by whoever closes, reopens, empties or erases; a kind that is added later has its fate by its class.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from domain.kind import Kind, Ownership

RESTORE_WITHIN: Final = timedelta(days=30)
"""For so long after parting both may ask to have their couple back."""
UNDO_WITHIN: Final = timedelta(days=7)
"""For so long a deletion of an account can be undone."""
LETTERS_STAY: Final = timedelta(days=30)
"""For so long after somebody asked for their account to be deleted, what they gave stays with whom they gave it to."""


class End(StrEnum):
    """What happens to a couple, or to one of the two."""

    PARTED = "parted"
    RESTORED = "restored"
    LET_GO = "let_go"
    """One of the two lets the closed space go."""
    DELETED = "deleted"
    """The account of one of the two is destroyed."""
    ERASED = "erased"
    """And the time is over for which their words stayed with the other."""


class Left(StrEnum):
    """What a reader still has of a record."""

    WHOLE = "whole"
    FRAME = "frame"
    """All but the free text of whoever went; terms that were ever in force stay whole."""
    NOTHING = "nothing"


class Class(StrEnum):
    """The ownership classes, as far as their ends differ."""

    PRIVATE = "private"
    """Also the masters of windows."""
    SHOWN = "shown"
    """What the server shows of a master."""
    OPEN = "open"
    """A window that is written straight into the couple's space."""
    LETTER = "letter"
    JOINT = "joint"


Side = Literal["goes", "stays"]
"""Of the two: who parts, lets go or deletes their account, and the other one."""


def class_of(kind: Kind) -> Class:
    """Return the class by which a kind ends."""
    match kind.ownership:
        case Ownership.PRIVATE:
            return Class.PRIVATE
        case Ownership.WINDOW:
            return Class.OPEN if kind.home == "couple" else Class.PRIVATE
        case Ownership.PROJECTION:
            return Class.SHOWN
        case Ownership.LETTER:
            return Class.LETTER
        case Ownership.JOINT:
            return Class.JOINT


def left(kind: Kind, end: End, *, author: Side, reader: Side) -> Left:
    """Return what one of the two has of a record of this kind once it has come to this end."""
    if reader == "goes" and (end in _AWAY or (end is End.LET_GO and kind.home == "couple")):
        return Left.NOTHING
    by_class = OWN if author == reader else THEIRS
    if author == "goes" and reader == "stays" and end is End.ERASED:
        by_class = ERASED
    return by_class[class_of(kind)]


_AWAY: Final = (End.DELETED, End.ERASED)

OWN: Final[Mapping[Class, Left]] = {
    Class.PRIVATE: Left.WHOLE,
    Class.SHOWN: Left.NOTHING,
    Class.OPEN: Left.WHOLE,
    Class.LETTER: Left.WHOLE,
    Class.JOINT: Left.WHOLE,
}
"""Of one's own records, from parting on."""

THEIRS: Final[Mapping[Class, Left]] = {
    Class.PRIVATE: Left.NOTHING,
    Class.SHOWN: Left.NOTHING,
    Class.OPEN: Left.NOTHING,
    Class.LETTER: Left.WHOLE,
    Class.JOINT: Left.WHOLE,
}
"""Of the other's."""

ERASED: Final[Mapping[Class, Left]] = {**THEIRS, Class.LETTER: Left.NOTHING, Class.JOINT: Left.FRAME}
"""Of the records of whoever is gone for good."""
