"""Write the tables of kinds and of problems into docs/protocol.md: `python -m api.kinds_page`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from api.problems import PROBLEM_TYPES
from domain.kind import Field, Kind, Most, Who
from domain.kinds import KINDS
from domain.policies import Policy
from domain.shapes import (
    UNFIT,
    Amount,
    Anything,
    Approval,
    Audience,
    Day,
    Flag,
    Identity,
    Named,
    OneOf,
    Sealed,
    SetOf,
    Text,
    WallTime,
    Whole,
    Windows,
)
from domain.times import Instant, Month

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
BEGIN: Final = "<!-- kinds: written by python -m api.kinds_page -->"
END: Final = "<!-- end of kinds -->"
PROBLEMS_BEGIN: Final = "<!-- problems: written by python -m api.kinds_page -->"
PROBLEMS_END: Final = "<!-- end of problems -->"


def main() -> None:
    """Write the file anew."""
    FILE.write_text(rewritten(FILE.read_text(encoding="utf-8")), encoding="utf-8")


def rewritten(page: str) -> str:
    """Return the page with what stands between the marks made anew from the two tables."""
    kinds = "\n\n".join(_kind(kind) for kind in KINDS.values())
    return _between(PROBLEMS_BEGIN, PROBLEMS_END, _problems(), _between(BEGIN, END, kinds, page))


def _between(begin: str, end: str, written: str, page: str) -> str:
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{written}\n\n{end}{after}"


def _problems() -> str:
    rows = [f"| {row.status} | `{slug}` | {row.means} |" for slug, row in PROBLEM_TYPES.items()]
    return "\n".join(["| status | `type` | means; what to do |", "|---|---|---|", *rows])


def _kind(kind: Kind) -> str:
    rows = [
        f"| `{name}` | {in_words(field.shape)} | {_merges(field)} | {_at_first(kind, name)} |"
        for name, field in kind.fields.items()
    ]
    head = ["| field | holds | merges | begins as |", "|---|---|---|---|"]
    return "\n".join([f"#### `{kind.name}`", "", " ".join(_rules(kind)), "", *head, *rows])


def _merges(field: Field) -> str:
    shape = field.shape
    larger = field.policy is Policy.MOST_PROTECTIVE and isinstance(shape, Whole) and shape.more_protects
    return f"`{field.policy}`, the larger" if larger else f"`{field.policy}`"


def _rules(kind: Kind) -> list[str]:
    said = [
        f"Class {kind.ownership}, home `{kind.home}`.",
        f"Created by {_WHO[kind.creates]}, edited by {_WHO[kind.edits]}, removed by {_WHO[kind.removes]}.",
    ]
    if kind.window is not None:
        parts = "; ".join(f"`{part}`: {_named(names)}" for part, names in kind.window.parts.items())
        always = f"; with any of them {_named(kind.window.always)}" if kind.window.always else ""
        said.append(f"Shows `{kind.window.shows}` by parts, chosen by `{kind.window.chosen_by}` ({parts}{always}).")
    if kind.letter is not None:
        said.append(f"Given as `{kind.letter.gives}`.")
    if kind.parent is not None:
        when = "must be stored and by the partner" if kind.parent.known else "may arrive later"
        said.append(f"Belongs by `{kind.parent.field}` to {_named(kind.parent.kinds)}, which {when}.")
    said += [f"At most {most.count} live {_within(kind, most)}." for most in kind.most]
    said += [f"With `{name}` {_named(values)} one has ended and takes no room." for name, values in kind.ends.items()]
    if kind.a_day is not None:
        together = _named(tuple(each.name for each in KINDS.values() if each.a_day is not None))
        said.append(f"At most {kind.a_day} of {together} together on one local day of the writer.")
    if kind.passing is not None:
        passes = kind.passing
        said.append(
            f"From `{passes.at}` on{' and once the couple has parted' if passes.with_couple else ''} a `{passes.field}`"
            f" of `{passes.value}` has become `{passes.into}`: that is never stored, and whoever shows it derives it."
        )
    if kind.own_id_only:
        said.append(f"In {_named(kind.own_id_only)} a person adds or takes out only their own.")
    return said


_WHO: Final = {Who.AUTHOR: "its author", Who.EITHER: "either", Who.NOBODY: "nobody", Who.SERVER: "the server"}


def _within(kind: Kind, most: Most) -> str:
    return "in the space" if most.within == "space" else f"for one `{kind.family}`"


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _at_first(kind: Kind, name: str) -> str:
    """Say what a new record holds that does not bring this field."""
    field = kind.fields[name]
    if field.policy is Policy.SERVER:
        return "the server's"
    if isinstance(field.shape, Windows):
        return ", ".join(sorted({f"daily {start} to {end}" for _, start, end in field.shape.default})) or "`[]`"
    if field.shape.empty is not UNFIT:
        return f"`{msgspec.json.encode(field.shape.empty).decode()}`"
    return "the draft's" if kind.creates is Who.SERVER else "must be given"


def in_words(shape: Any) -> str:
    """Say in a few words what a shape holds, in Markdown."""
    said = _SAID[type(shape)](shape)
    return f"{said}, or null" if shape.empty is None and type(shape) in _MAY_BE_NULL else said


def _of_choice(shape: OneOf) -> str:
    return _named(shape.values) + (", or a newer app's word" if shape.open_ended else "")


def _of_schema(shape: Anything) -> str:
    either = shape.schema.get("anyOf", [shape.schema])
    said = _SERVER_MADE[either[0]["type"]] if "enum" not in either[0] else _named(tuple(either[0]["enum"]))
    return f"{said}, or null" if {"type": "null"} in either else said


_SERVER_MADE: Final = {
    "array": "list of ids",
    "boolean": "true or false",
    "integer": "whole number",
    "object": "texts by field",
    "string": "a word",
}

_SAID: Final[Mapping[type, Callable[[Any], str]]] = {
    Text: lambda shape: f"text, 1 to {shape.most} characters",
    Whole: lambda shape: f"whole number {shape.least} to {shape.most}",
    Flag: lambda _: "true or false",
    OneOf: _of_choice,
    Identity: lambda _: "an id",
    SetOf: lambda shape: f"set of at most {shape.most}: {in_words(shape.element)}",
    Audience: lambda _: "`only_me` or the id of the couple",
    Day: lambda _: "a day such as `2026-11-24`",
    WallTime: lambda _: "a time of day such as `18:40`",
    Named: lambda shape: f"the registered name of a {shape.register}",
    Windows: lambda _: "weekly windows on a grid of 15 minutes",
    Instant: lambda _: "an instant such as `2026-11-24T18:40:00Z`",
    Month: lambda _: "a month such as `2026-11`",
    Amount: lambda _: "a decimal number as text, such as `12.5`",
    Sealed: lambda shape: f"at most {shape.most} bytes that the device has sealed, as Base64",
    Approval: lambda _: "`person:sha256`, the hash being that of the text's UTF-8 bytes",
    Anything: _of_schema,
}
"""A new shape needs its words here: without them the page is not written."""

_MAY_BE_NULL: Final = frozenset(_SAID) - {Anything, Windows}


if __name__ == "__main__":
    main()
