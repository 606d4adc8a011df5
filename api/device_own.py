"""Commands of `haven-device` for what is one's own: boundaries, reflections, the shelf of letters."""

import argparse
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from api.client import Client
from api.device_lookback import records_of
from api.device_meaning import (
    MisunderstoodError,
    couple_to,
    fitting,
    found,
    listing_of,
    named_among,
    replica_of,
    zone_of,
)
from api.device_said import Said, kept
from api.device_words import clock, plain
from domain import boundaries
from domain.check_ins import TOPICS
from domain.kinds import KINDS
from domain.lookback import LETTERS, on_shelf
from domain.reflections import THOUGHTS
from domain.shapes import UNFIT, as_uuid
from domain.times import Instant, comes, written
from sync.replica import Replica

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Boundaries ----------------------------------------------------------------------------------------------------------


async def boundary(client: Client, chosen: argparse.Namespace) -> Said:
    """Set a boundary: alone, without a reason, and in silence unless the person wishes otherwise."""
    zone, now = zone_of(client), datetime.now(UTC)
    values: dict[str, Any] = {
        "form": named_among(chosen.form, boundaries.FORMS, "Boundaries"),
        "from": None if chosen.begins is None else moment(chosen.begins, zone, now),
        "until": None if chosen.until is None else moment(chosen.until, zone, now),
        "windows": [window for each in chosen.each or () for window in weekly(each)],
        "zone": zone.key,
        "topic": None if chosen.topic is None else named_among(chosen.topic, TOPICS, "Topics"),
        "max_prompts_a_day": chosen.prompts,
        "note_private": chosen.note,
        "message": chosen.message,
    }
    begins = values["from"] or written(now)
    if values["until"] is not None and values["until"] <= begins:
        raise MisunderstoodError("It would be over before it begins. Look at --from and --until once more.")
    until = "until you end it" if values["until"] is None else f"until {clock(values['until'], zone)}"
    says = f"It holds {until} as soon as it is sent, and nobody is told."
    if chosen.show:
        couple = couple_to(replica_of(client), "show it to")
        window, parts = KINDS["boundary"].window, {"effect"} | ({"message"} if chosen.message else set())
        assert window is not None, "a boundary can be shown"
        values |= {"audience": str(couple)} | window.choosing(parts)
        partner = listing_of(client).people.partner(couple)
        shown = " and your message" if chosen.message else ""
        says = f"It holds {until}. {partner} sees that it holds{shown}, and never a note."
    return kept(client.edit("boundary", None, fitting(KINDS["boundary"], values)), says)


async def end(client: Client, chosen: argparse.Namespace) -> Said:
    """End a boundary now."""
    shown = found(client, chosen.id, "boundary")
    now = written(datetime.now(UTC))
    until = shown.fields.get("until")
    if until is not None and until <= now:
        return kept(None)
    return kept(client.edit("boundary", shown.id, {"until": now}), "It holds no longer.")


def moment(said: str, zone: ZoneInfo, now: datetime) -> str:
    """Return the instant that a person means: a time, the next time that it comes; a day, its beginning; or both."""
    if TIME.fullmatch(said):
        at, today = time.fromisoformat(said), now.astimezone(zone).date()
        coming = (comes(today + timedelta(days=nth), at, zone.key) for nth in (0, 1))
        return written(next(each for each in coming if each > now))
    if DAY.fullmatch(said):
        on, _, at_text = said.replace("T", " ").partition(" ")
        try:
            return written(comes(date.fromisoformat(on), time.fromisoformat(at_text or "00:00"), zone.key))
        except (ValueError, OverflowError):
            raise MisunderstoodError(_MOMENTS) from None
    instant = Instant().judged(said)
    if instant is UNFIT:
        raise MisunderstoodError(_MOMENTS)
    return str(instant)


TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
DAY: Final = re.compile(rf"20\d\d-\d\d-\d\d([T ]{TIME.pattern})?")
_MOMENTS: Final = 'Write a moment like this: 18:00, 2026-12-01, "2026-12-01 18:00" or 2026-12-01T18:00:00Z'


def weekly(said: str) -> list[dict[str, Any]]:
    """Return the windows that a person means by `daily 21:30-08:00`, `mon-fri 09:00-17:00` or `sat,sun 00:00-00:00`."""
    match = WEEKLY.fullmatch(said.lower())
    if match is None:
        raise MisunderstoodError(_WEEKLY)
    days, begins, ends = match.groups()
    return [{"weekday": day, "from": begins, "to": ends} for day in _weekdays(days)]


def _weekdays(said: str) -> list[int]:
    if said == "daily":
        return list(range(7))
    found: list[int] = []
    for part in said.split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise MisunderstoodError(_WEEKLY)
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return sorted(set(found))


_CLOCK: Final = r"\d\d:(?:00|15|30|45)"
WEEKLY: Final = re.compile(rf"([a-z,-]+) ({_CLOCK})-({_CLOCK})")
_WEEKLY: Final = (
    'Write hours on quarter-hours, like this: --each "daily 21:30-08:00" or --each "mon-fri,sun 09:00-17:00"'
)

# Reflections ---------------------------------------------------------------------------------------------------------


async def reflect(client: Client, chosen: argparse.Namespace) -> Said:
    """Keep a reflection, for oneself alone."""
    said: dict[str, Any] = {name: getattr(chosen, name) for name in (*THOUGHTS, "intensity")}
    said |= {"feelings": _listed(chosen.feeling), "own_tags": _listed(chosen.tag)}
    values = {name: value for name, value in said.items() if value not in (None, "", [])}
    if not values:
        raise MisunderstoodError("Say at least one thing about it: haven-device reflect --help")
    return kept(client.edit("reflection", None, fitting(KINDS["reflection"], values)), "It is yours alone, for ever.")


def _listed(said: list[str] | None) -> list[str]:
    return [word for each in said or () for part in each.split(",") if (word := part.strip())]


# The shelf -----------------------------------------------------------------------------------------------------------


async def keep(client: Client, chosen: argparse.Namespace) -> Said:
    """Keep a letter on one's shelf, take it down, or put it out of sight."""
    letter, replica = found(client, chosen.id), replica_of(client)
    if letter.kind not in LETTERS:
        raise MisunderstoodError(f"Only letters are kept: {', '.join(map(plain, sorted(LETTERS)))}.")
    values, says = {"kept": True, "hidden": False}, "It is on your shelf: haven-device lookback --shelf"
    if chosen.no_longer:
        values, says = {"kept": False}, "It is off your shelf. The letter itself stays where it is."
    elif chosen.hide:
        values, says = (
            {"hidden": True},
            "It is out of sight: not on your shelf, and not in `show` unless you name its kind.",
        )
    known = on_shelf(records_of(replica), replica.person).get(str(letter.id))
    if known is not None:
        return kept(client.edit("shelf", known.id, values), says)
    if chosen.no_longer:
        return kept(None)
    return kept(client.edit("shelf", None, {"about": str(letter.id)} | values), says)


def out_of_sight(replica: Replica) -> frozenset[UUID]:
    """Return the letters that the person has put out of their sight."""
    said = on_shelf(records_of(replica), replica.person)
    return frozenset(UUID(about) for about, record in said.items() if record.fields.get("hidden") and as_uuid(about))
