"""Read docs/protocol.md: its examples, which the suite sends and the description of the API shows, and its meanings."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.resources import FALLBACK

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
MARK: Final = "<!-- run -->"
IN_FULL: Final = ", in full"
"""What an example says whose answer shows every member."""

NAMED: Final = re.compile(r"<[^<>]+>")
"""Stands for something that the server gave, the same on the whole page."""
VARIES: Final = "…"
"""Stands for a value that differs from day to day."""


class Example(Struct, frozen=True, kw_only=True):
    """One request as somebody on the page sends it, and what it answers; bodies are texts with names in them."""

    who: str
    method: str
    path: str
    body: str | None
    status: int
    answer: str | None
    in_full: bool
    section: str
    line: int


def page() -> str:
    """Return the page; nothing where Haven is installed without its documents."""
    return FILE.read_text(encoding="utf-8") if FILE.is_file() else ""


_EXAMPLE = re.compile(
    MARK + r"\n\*\*(?P<who>\w+)\*\* `(?P<method>[A-Z]+) (?P<path>[^`]+)`\n\n"
    r"(?:```json\n(?P<body>[^`]*)\n```\n\n)?"
    rf"answers (?P<status>\d+)(?P<in_full>{IN_FULL})?\n"
    r"(?:\n```(?:json|text)\n(?P<answer>[^`]*)\n```)?"
)
_HEADING = re.compile(r"^#{2,3} ([\d.]+) (.+)$", re.MULTILINE)


def examples(text: str) -> Iterator[Example]:
    """Give the examples of a page, top to bottom."""
    headings = [(found.start(), f"{found[1].rstrip('.')}. {found[2]}") for found in _HEADING.finditer(text)]
    for found in _EXAMPLE.finditer(text):
        yield Example(
            who=found["who"],
            method=found["method"],
            path=found["path"],
            body=found["body"],
            status=int(found["status"]),
            answer=found["answer"],
            in_full=found["in_full"] is not None,
            section=[title for start, title in headings if start < found.start()][-1],
            line=text.count("\n", 0, found.start()) + 1,
        )


def meanings(text: str, header: str) -> dict[str, str]:
    """Return what the tables below this header say of each member, in the last column of its row."""
    _, *tables = text.split(f"{header}\n")
    return dict(row for table in tables for row in _ROW.findall(table.partition("\n\n")[0]))


MEMBERS: Final = "| member | bounds | meaning |"
"""The header of the tables that say what a sync may have."""
_ROW = re.compile(r"^\| `(\w+)` \|.* \| (.+) \|$", re.MULTILINE)


def filled(text: str) -> Any:
    """Return the JSON of an example with something in place of each name, alike wherever the same name stands."""
    return _varied(msgspec.json.decode(named(text)), "")


def filled_events(text: str) -> str:
    """Return server-sent events of an example in the same way."""
    return _DATA.sub(lambda found: "data: " + msgspec.json.encode(filled(found[1])).decode(), text) + "\n\n"


_DATA = re.compile(r"^data: (.+)$", re.MULTILINE)


def named(text: str) -> str:
    """Return a text with something in place of each name."""
    return NAMED.sub(lambda found: _in_place_of(found[0].strip("<>")), text)


def _in_place_of(name: str) -> str:
    made = hashlib.sha256(name.encode())
    for ending, form in _FORMS.items():
        if name.endswith(ending):
            return form.format(made.hexdigest()[:43], UUID(bytes=made.digest()[:16], version=4))
    return str(UUID(bytes=made.digest()[:16], version=4))


_FORMS: Final = {
    "identity token": "eyJhbGciOiJFZERTQSJ9.{0}",
    "token": "h1.{1}.{0}",
    "code": "7K2M-9QXD",
    "receipt": "4TQ8-W0KD-71NZ",
    "word 1": "harbour",
    "word 2": "lantern",
    "word 3": "meadow",
}
"""By the end of a name; what is not here is an id, or nobody can tell it from one."""


def _varied(value: Any, member: str) -> Any:
    match value:
        case dict():
            return {name: _varied(each, name) for name, each in value.items()}
        case list():
            return [_varied(each, member) for each in value]
        case str() if value == VARIES:
            return _SOME_DAY[member]
    return value


_AN_ENTRY: Final = {
    "id": "au-lifeline",
    "kinds": ["crisis"],
    "name": "Lifeline",
    "regions": [],
    "phone": "13 11 14",
    "tty": None,
    "text": "0477 13 11 14",
    "text_word": None,
    "whatsapp": None,
    "chat": None,
    "mail": None,
    "site": None,
    "languages": [],
    "hours": "24 hours, every day",
    "free": None,
    "who": None,
    "state": "published",
    "said": "Published in February 2022, not checked since.",
    "source_url": "https://lifeinmind.org.au/news/lifelines-crisis-text-service-now-available-24-7",
    "dated": "2022-02",
    "last_verified_on": None,
    "until": "2027-02-01",
}

_SOME_DAY: Final = {
    "c": "ZpU0a1bN6m7Xq2wLktMBktgkj8ZOX07AAQ",
    "confirm_until": "2026-11-25T20:10:03Z",
    "countries": [{"country": "AU", "groups": [{"group": "crisis", "entries": [_AN_ENTRY]}], "fallback": FALLBACK}],
    "couples": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "cursor": "ZpU0a1bN6m7Xq2wLktMBktgkj8ZOX07AAQ",
    "epoch": "8f14e45f-ceea-467e-9a0b-3c6c2f9d1a77",
    "everywhere": [],
    "expires_at": "2026-11-25T20:10:03Z",
    "expires_on": "2027-02-22",
    "head": 431,
    "made_on": "2026-11-24",
    "passcode": "4821 9035",
    "path": "/c/pMJd0Yw6s1yq3c5mF2kTn8bVx7Zr4aLhQe9uGiWoDtA",
    "now": "2026-11-24T20:10:03Z",
    "on": "2026-11-24",
    "proof": "8f14e45fceea467e9a0b3c6c2f9d1a7700000000000001" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "shown_on": "2026-11-24",
    "undo_until": "2026-12-01T20:10:03Z",
    "until": "2026-11-27T20:10:03Z",
    "ticket": "pMJd0Yw6s1yq3c5mF2kTn8bVx7Zr4aLhQe9uGiWoDtA",
    "words": "harbour",
}
"""By the member; a new one that varies needs its value here."""
