"""What the linter of copy knows of a language: its letters, its permissions and the words that it does without.

Lists are written for reading: entries are parted by blanks, `_` stands for a blank inside of an entry, and `*` for any
letters, so that `forg*` is a stem, `yet` a whole word and `last_chance*` a phrase. They are matched on text in lower
case with straight apostrophes.
"""

import re
import unicodedata

from msgspec import Struct


class Banned(Struct, frozen=True):
    """Words of one rule, and what of them is innocent in company."""

    rule: str
    words: re.Pattern[str]
    innocent: re.Pattern[str] | None = None
    """Phrases in which such a word means something else; they are left out before words are looked for."""

    def found(self, plain: str) -> list[str]:
        """Return each forbidden word once, in the order of a text that went through `plainly`."""
        rest = self.innocent.sub(" · ", plain) if self.innocent else plain
        return list(dict.fromkeys(match[0].strip() for match in self.words.finditer(rest)))


class Language(Struct, frozen=True, kw_only=True):
    """One language, as far as its copy is judged by rule."""

    name: str
    letters: frozenset[str]
    """Those that words are written with, in lower case."""
    marks: frozenset[str]
    """Whatever else a text may hold."""
    banned: tuple[Banned, ...]
    permits: re.Pattern[str]
    """Words that leave somebody free."""
    asked: re.Pattern[str]
    """What reads like a permission and is none where it is asked."""
    presumes: re.Pattern[str]
    """Words that make a question presume that something went wrong or was left undone."""
    proper: re.Pattern[str]
    """A capital letter where this language has none within a sentence; matched on the text as it stands."""


def listed(*lists: str) -> re.Pattern[str]:
    """Return a pattern of the entries of lists, each a whole word, a stem or a phrase."""
    entries = [entry for each in lists for entry in each.split()]
    # Longer ones first: a finding names the whole phrase.
    parts = sorted((_pattern(entry) for entry in entries), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


def _pattern(entry: str) -> str:
    return re.escape(entry).replace(r"\*", r"\w*").replace("_", r"\s+")


def either(*patterns: re.Pattern[str] | str) -> re.Pattern[str]:
    """Return a pattern that finds what any of these does."""
    return re.compile("|".join(each if isinstance(each, str) else each.pattern for each in patterns))


def plainly(text: str) -> str:
    """Return a text in lower case, composed, and with one sort of apostrophe and of blank."""
    composed = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"\s+", " ", re.sub("[\u2019\u02bc\u2018\u0060\u00b4\u2032\uff07]", "'", composed))
