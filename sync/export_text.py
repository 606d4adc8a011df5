"""Write a readable export as plain text: the same words as the page, for whatever can open a file."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sync.passages import (
    ISOLATED,
    Begin,
    Contents,
    Cover,
    End,
    Fact,
    Heading,
    Lead,
    Line,
    Listed,
    Passage,
    Said,
    turns,
)

_UNDER: Final = {1: "=", 2: "=", 3: "-"}


def written(passage: Passage) -> str:
    """Return the text of one passage."""
    return _WRITTEN[type(passage)](passage)


def _cover(cover: Cover) -> str:
    return _underlined(1, _plain(cover.title)) + "".join(f"{_plain(line)}\n" for line in cover.lines)


def _contents(contents: Contents) -> str:
    leads = "".join(f"\n{_plain(lead)}\n" for lead in contents.leads)
    listed = "".join(f"{'    ' if inner else '  '}{_plain(phrase)}\n" for _, phrase, inner in contents.entries)
    return leads + f"\n\n{_plain(contents.title)}\n\n{listed}"


def _heading(heading: Heading) -> str:
    return ("\n\n" if heading.level <= _PART else "\n") + _underlined(heading.level, _plain(heading.phrase))


def _begin(begin: Begin) -> str:
    over = "".join(f"{each}\n" for each in (begin.words, _plain(begin.phrase)) if each)
    return ("\n" if begin.within else "\n\n") + over


def _said(said: Said) -> str:
    return (f"{_plain(said.label)}:\n" if said.label else "") + _set_in(said.text)


def _listed(listed: Listed) -> str:
    return f"{listed.label}:\n" + "".join(_set_in(each) for each in listed.texts)


_WRITTEN: Final[Mapping[type[Passage], Callable[[Any], str]]] = {
    Cover: _cover,
    Contents: _contents,
    Heading: _heading,
    Lead: lambda lead: f"\n{_plain(lead.phrase)}\n",
    Begin: _begin,
    End: lambda _: "",
    Line: lambda line: f"{_plain(line.phrase)}\n",
    Fact: lambda fact: f"{fact.label}: {_plain(fact.phrase)}\n",
    Said: _said,
    Listed: _listed,
}
_PART: Final = 2


def _set_in(said: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in said.split("\n"))


def _underlined(level: int, line: str) -> str:
    mark = _UNDER.get(level)
    return f"{line}\n" if mark is None else f"{line}\n{mark * max(3, min(len(line), 60))}\n"


def _plain(phrase: str) -> str:
    """Return a phrase in which isolates stand only where they are needed: around what is written the other way."""
    return ISOLATED.sub(lambda found: found[0] if turns(found[1]) else found[1], phrase)
