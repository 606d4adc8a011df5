"""What a readable export is made of: passages, one after the other, before they become a page or a plain text.

Both forms are written from the same passages, so that they hold the same words. A phrase is Haven's own; in it, names
and short words of people stand between isolates (U+2068 and U+2069), whichever way they are written.
"""

import re
import unicodedata
from typing import Final

from msgspec import Struct

ISOLATE: Final = "\u2068"
END_ISOLATE: Final = "\u2069"
ISOLATED: Final = re.compile(f"{ISOLATE}([^{ISOLATE}{END_ISOLATE}]*){END_ISOLATE}")
"""What stands isolated in a phrase; an isolate that is not closed is one that somebody wrote."""


class Cover(Struct, frozen=True):
    """What stands in front: a title, and a few phrases below it."""

    title: str
    lines: tuple[str, ...]


class Contents(Struct, frozen=True):
    """What this is, and what comes: pairs of an anchor and a phrase, chapters told apart from parts."""

    title: str
    leads: tuple[str, ...]
    entries: tuple[tuple[str, str, bool], ...]


class Heading(Struct, frozen=True):
    """A heading of level 2 (a part) to 6; `anchor` is where the contents lead."""

    level: int
    phrase: str
    anchor: str = ""


class Lead(Struct, frozen=True):
    """A sentence of Haven's own about what follows."""

    phrase: str


class Begin(Struct, frozen=True):
    """A record begins: over it a phrase, words of a person, or both. One within another has no heading of its own."""

    level: int
    phrase: str
    words: str = ""
    within: bool = False


class End(Struct, frozen=True):
    """The record that began last ends."""

    within: bool = False


class Line(Struct, frozen=True):
    """One phrase about a record."""

    phrase: str


class Fact(Struct, frozen=True):
    """A label and what is so, as a phrase."""

    label: str
    phrase: str


class Said(Struct, frozen=True):
    """A text exactly as a person wrote it."""

    label: str
    text: str


class Listed(Struct, frozen=True):
    """Short words of a person's own."""

    label: str
    texts: tuple[str, ...]


Passage = Cover | Contents | Heading | Lead | Begin | End | Line | Fact | Said | Listed


def isolated(words: str) -> str:
    """Return words of a person to stand in a phrase of Haven's."""
    bare = words.replace(ISOLATE, "").replace(END_ISOLATE, "")
    return f"{ISOLATE}{bare}{END_ISOLATE}"


def turns(text: str) -> bool:
    """Return whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
