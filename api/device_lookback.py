"""`haven-device lookback`: how one's days felt, one's own tags and feelings, the letters one kept; all from the file.

Nothing here asks the server, so that nobody can tell that somebody looked.
"""

import argparse
import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from api.client import Client
from api.device_listing import as_json
from api.device_meaning import MisunderstoodError, listing_of, replica_of, zone_of
from api.device_said import Said
from api.device_words import between, day, period, value
from api.lookback_chart import chart
from domain.ids import RecordId
from domain.lookback import LETTERS, Moods, Words, moods, own_words, shelf, tagged
from domain.records import Record
from domain.shapes import UNFIT, Day
from sync.replica import Replica
from sync.showing import Shown, as_record

TEXT_CHARS: Final = 76
WITHOUT_A_DAY: Final = "without a day"


class ChartError(Exception):
    """The picture cannot be written; the text says where."""


async def lookback(client: Client, chosen: argparse.Namespace) -> Said:
    """Look back over what this phone holds of its own person."""
    if chosen.tag is not None:
        return _tagged(client, chosen.tag)
    if chosen.shelf:
        return _shelf(client)
    records, mine, zone = records_of(replica_of(client)), replica_of(client).person, zone_of(client)
    last = _last(chosen.until)
    found = moods(records, mine, last - timedelta(days=chosen.days - 1), last)
    tags, feelings = (own_words(records, mine, field, zone) for field in ("own_tags", "feelings"))
    lines = [
        f"Your look back, {period(found.first, found.last)}. It is made here, and nobody can tell that you looked.",
        "",
        *_table(found, {each.id: each for each in records}),
        *_words(tags, "Your tags, the last used first", "you felt", found.last.year),
        *_words(feelings, "What you felt, the last first", "with", found.last.year),
        *_sealed(tags.sealed),
    ]
    told: dict[str, Any] = {"moods": found, "own_tags": tags, "feelings": feelings, "chart": None}
    if chosen.chart is not None:
        _draw(chosen.chart, chart(found), replace=chosen.yes)
        lines += ["", f"The chart is in {chosen.chart}, for you alone: open it in a browser, or print it."]
        told["chart"] = str(chosen.chart)
    return Said(lines, msgspec.to_builtins(told))


def records_of(replica: Replica) -> list[Record]:
    """Return what a phone shows of the kinds over which its person looks back."""
    kinds = ("check_in", "reflection", "shelf", *sorted(LETTERS))
    return [as_record(shown) for kind in kinds for shown in replica.view(kind)]


def _last(until: str | None) -> date:
    if until is None:
        return datetime.now().astimezone().date()
    if Day().judged(until) is UNFIT:
        raise MisunderstoodError("Write the day like this: --until 2026-03-29")
    return date.fromisoformat(until)


# How days felt -------------------------------------------------------------------------------------------------------


def _table(found: Moods, records: Mapping[RecordId, Record]) -> Iterator[str]:
    if not found.entries:
        yield "  Nothing was noted in these days. Nothing is owed, either."
        return
    year = found.last.year
    yield f"  {'':<17}{'felt':<13}energy       (left: unpleasant, little; right: pleasant, much)"
    before = found.first - timedelta(days=1)
    for entry in found.entries:
        yield from _gap(before, entry.on, year)
        on = f"{entry.on:%a} {day(entry.on, entry.on.year)}" if entry.nth == 0 else ""
        fields = records[entry.id].fields
        needs = f"   needs {value(fields['needs'])}" if fields.get("needs") else ""
        yield f"  {on:<17}{_scale(entry.valence):<13}{_scale(entry.arousal)}{needs}".rstrip()
        if fields.get("text"):
            yield f"  {'':<17}{textwrap.shorten(fields['text'], TEXT_CHARS, placeholder=' …')}"
        before = entry.on
    yield from _gap(before, found.last + timedelta(days=1), year)
    if found.more:
        yield "  A day had more entries than are shown here; `show check_in` has them all."


def _gap(before: date, following: date, year: int) -> Iterator[str]:
    days = between(before, following, year)
    if days:
        yield f"  {days}: nothing noted"


def _scale(mood: int | None) -> str:
    """Return a mark on a scale from -4 to 4, with its middle."""
    if mood is None:
        return ""
    places = list("····|····")
    places[mood + 4] = "●"
    return "".join(places)


# Words ---------------------------------------------------------------------------------------------------------------


def _words(found: Words, heading: str, beside: str, year: int) -> Iterator[str]:
    if not found.words:
        return
    yield from ("", heading)
    for word in found.words:
        days = ", ".join(day(on, year) for on in word.on)
        yield f"  {word.word}: {days or WITHOUT_A_DAY}"
        if word.beside:
            yield f"      {beside}: {', '.join(word.beside)}"
    if found.more:
        yield "  There are others, used longer ago: find one with --tag."


def _sealed(count: int) -> Sequence[str]:
    if not count:
        return ()
    are, them = ("s are", "them") if count > 1 else (" is", "it")
    return "", f"{count} reflection{are} sealed and left out: this phone does not look into {them}."


def _tagged(client: Client, tag: str) -> Said:
    replica, listing = replica_of(client), listing_of(client)
    found = tagged(records_of(replica), replica.person, tag)
    reflections = _shown(replica, found.found)
    lines = [f"Your reflections with the tag {tag!r}, the newest first"]
    lines += [line for each in reflections for line in listing.lines(each)] or ["  There is none on this phone."]
    lines += ["There are others, older ones."] if found.more else []
    told = {"found": [as_json(each, keepsake=False) for each in reflections]}
    return Said([*lines, *_sealed(found.sealed)], told | {"sealed": found.sealed, "more": found.more})


# The shelf -----------------------------------------------------------------------------------------------------------


def _shelf(client: Client) -> Said:
    replica, listing = replica_of(client), listing_of(client)
    found = shelf(records_of(replica), replica.person)
    letters = _shown(replica, found.letters)
    lines = ["On your shelf, the last kept first"]
    lines += [line for each in letters for line in listing.lines(each)]
    if not letters:
        lines.append("  Nothing yet. When a letter does you good, keep it here: haven-device keep ID")
    lines += ["There are others, kept longer ago."] if found.more else []
    if found.missing:
        lines.append("Something that you kept is not on this phone, or no longer.")
    told = {"letters": [as_json(each, keepsake=listing.is_keepsake(each)) for each in letters]}
    return Said(lines, told | {"missing": found.missing, "more": found.more})


def _shown(replica: Replica, ids: Iterable[RecordId]) -> list[Shown]:
    return [shown for each in ids if (shown := replica.shown(each)) is not None]


# The picture ---------------------------------------------------------------------------------------------------------


def _draw(file: Path, picture: str, *, replace: bool) -> None:
    """Write the picture whole or not at all, readable for nobody else."""
    if file.suffix.lower() != ".svg":
        raise MisunderstoodError("The chart is an SVG file: give it a name that ends in .svg")
    if file.exists() and not replace:
        raise MisunderstoodError(f"{file} is there already. Add --yes to replace it, or choose another name.")
    making = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as written:
            written.write(picture)
        making.replace(file)
    except OSError as fault:
        with suppress(OSError):
            making.unlink(missing_ok=True)
        raise ChartError(f"{file} cannot be written ({fault.strerror}).") from None
