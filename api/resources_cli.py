"""What `haven resources` does: for whoever keeps the catalogue of professional help."""

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from api import catalogue
from api.console import complain, say
from domain.resources import (
    WARNED_DAYS,
    Entry,
    Lapse,
    NotVerified,
    State,
    faults,
    lapsing,
    spoken,
    standing,
    state_of,
    verified,
    why_candidate,
)

EXIT_WRONG: Final = 1


def run(chosen: argparse.Namespace, file: Path = catalogue.FILE) -> int:
    """Do what the command line has chosen and return the exit code."""
    today = datetime.now(UTC).date()
    try:
        entries = catalogue.read(file)
        if chosen.act == "verify":
            catalogue.write(verified(entries, chosen.id, chosen.on, today), file)
            return _tell_verified(catalogue.read(file), chosen, today)
    except (catalogue.FileUnusable, NotVerified) as fault:
        complain(str(fault))
        return EXIT_WRONG
    on = chosen.as_of or today
    return _list(entries, on, as_json=chosen.json) if chosen.act == "list" else _check(entries, on, as_json=chosen.json)


def _list(entries: list[Entry], on: date, *, as_json: bool) -> int:
    stands = [(entry, standing(entry, on)) for entry in entries]
    if as_json:
        told = [
            {
                "id": entry.id,
                "country": entry.country,
                "group": entry.group,
                "state": state_of(entry, on),
                "until": None if stand is None else stand.until.isoformat(),
                "why": why_candidate(entry, on) if stand is None else None,
                "note": entry.note,
            }
            for entry, stand in stands
        ]
        say(json.dumps({"as_of": on.isoformat(), "entries": told}, ensure_ascii=False))
        return 0
    width = max((len(entry.id) for entry in entries), default=0)
    for entry, stand in stands:
        words = why_candidate(entry, on) if stand is None else f"until {stand.until}"
        say(f"{entry.country:4}{entry.id:{width}}  {state_of(entry, on):10}{words}")
    count = sum(stand is not None for _, stand in stands)
    say("", f"On {spoken(on.isoformat())} {count} of {len(entries)} entries are served.")
    return 0


def _check(entries: list[Entry], on: date, *, as_json: bool) -> int:
    wrong, soon = faults(entries, on), lapsing(entries, on)
    if as_json:
        say(
            json.dumps(
                {
                    "as_of": on.isoformat(),
                    "faults": [{"id": fault.id, "sentence": fault.sentence} for fault in wrong],
                    "lapsing": [
                        {"id": each.entry.id, "state": each.state, "until": each.until.isoformat(), "then": each.then}
                        for each in soon
                    ],
                }
            )
        )
        return EXIT_WRONG if wrong else 0
    complain(*(f"{fault.id}: {fault.sentence}" for fault in wrong))
    say(*(f"warning: {warned(lapse)}" for lapse in soon))
    if not wrong and not soon:
        say(f"Nothing is wrong, and nothing lapses within {WARNED_DAYS} days of {spoken(on.isoformat())}.")
    return EXIT_WRONG if wrong else 0


def warned(lapse: Lapse) -> str:
    """Say what will become of an entry unless somebody looks."""
    then = "it is not served any more" if lapse.then is State.CANDIDATE else f"it is only {lapse.then}"
    return (
        f"{lapse.entry.id} is {lapse.state} until {spoken(lapse.until.isoformat())}; after that {then}."
        " Please read the operator's own page, or find a newer document."
    )


def _tell_verified(entries: list[Entry], chosen: argparse.Namespace, today: date) -> int:
    entry = next(each for each in entries if each.id == chosen.id)
    stands = standing(entry, today)
    assert stands is not None, "it has just been verified"
    until = stands.until.isoformat()
    if chosen.json:
        say(json.dumps({"id": entry.id, "last_verified_on": chosen.on.isoformat(), "until": until}))
    else:
        say(
            f"Noted: {entry.name} was read at the operator's own page on {spoken(chosen.on.isoformat())}.",
            f"It is served as verified until {spoken(until)}. Please commit domain/resources.json.",
        )
    return 0
