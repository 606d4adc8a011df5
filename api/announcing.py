"""Whether CHANGELOG.md announces what breaks an app: each difference has to be told there by its own words."""

import re
from collections.abc import Iterable
from typing import Final

from api.openapi_diff import Difference

_HOW: Final = """\
Apps of today would feel what is marked as breaking. If that is meant, say so in CHANGELOG.md under "Unreleased", each
by a line like these with what apps have to do behind it; then run `make openapi` again."""

_HEADING: Final = re.compile(r"^(## .*)$", re.MULTILINE)
_ENTRY: Final = re.compile(r"^(?:- )?Breaking:(.*(?:\n(?![-#]|Breaking:|\s*$).*)*)", re.MULTILINE)
"""An entry, up to the next one, a heading or an empty line."""


def objection(found: Iterable[Difference], changelog: str, earlier: str = "") -> str:
    """Return why these differences must not go out like this; nothing where they may.

    `earlier` is the changelog of what is compared with: what is released in it announces nothing new.
    """
    told = announced(changelog, earlier)
    missing = [each for each in found if each.breaking and not _is_told(each, told)]
    return "\n".join((_HOW, *(f"- Breaking: {_words_of(each)}." for each in missing))) if missing else ""


def announced(changelog: str, earlier: str = "") -> list[str]:
    """Return what the changelog says to break apps, one text an entry: in what is not released, or was not earlier."""
    known = set(_HEADING.findall(earlier))
    _, *parts = _HEADING.split(changelog)
    # A release renames "Unreleased" before it gets its tag.
    new = [
        section
        for heading, section in zip(parts[::2], parts[1::2], strict=True)
        if heading.startswith("## [Unreleased]") or (earlier and heading not in known)
    ]
    return [_plain(entry) for section in new for entry in _ENTRY.findall(section)]


def _is_told(difference: Difference, told: Iterable[str]) -> bool:
    words = re.escape(_plain(_words_of(difference)))
    # Its end, too: what is told of 50 says nothing of 5.
    return any(re.search(rf"(?<![\w/]){words}(?![\w]|\.\w)", entry) for entry in told)


def _words_of(difference: Difference) -> str:
    return f"{difference.where}: {difference.what}"


def _plain(text: str) -> str:
    """Return a text in one line and without the marks of code."""
    return " ".join(text.replace("`", "").split())
