"""Write tests/vectors/*.json anew: `python -m tests.vectors`."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.vectors import (
    corner_cases,
    derived_cases,
    device_cases,
    goal_cases,
    laid_cases,
    lookback_cases,
    merge_cases,
    restore_cases,
    text_cases,
)
from tests.vectors.merging import BENS, COUPLE, PHONE, SPACES, TABLET, CouplesServer
from tests.vectors.recorded import RecordedWorld, kinds

FOLDER: Final = Path(__file__).resolve().parent


async def made() -> dict[str, bytes]:
    """What has to stand in each file: one step or one case a line, so that a difference can be read."""
    return {
        "device.json": await _device(),
        "merge.json": await _merge(),
        "goals.json": _goals(),
        "derivations.json": _derivations(),
        "lookback.json": _lookback(),
    }


async def _device() -> bytes:
    cases: list[str] = []
    for seed, case in enumerate((*device_cases.CASES, *restore_cases.CASES, *corner_cases.CASES)):
        phone = await case(RecordedWorld(seed))
        head = {
            "name": case.__name__.replace("_", " "),
            "person": str(phone.replica.person),
            "device": str(phone.replica.device),
        }
        cases.append(_with_lines(head, "steps", phone.steps))
    return _file({"kinds": kinds()}, _lists({"cases": cases}))


async def _merge() -> bytes:
    """First what a device does itself, then what only a server does."""
    couple = CouplesServer()
    head = {
        "couple": {"id": COUPLE, "space": SPACES[COUPLE], "members": [str(each.id) for each in couple.people]},
        "devices": {each: str(couple.owner_of(each)) for each in (PHONE, TABLET, BENS)},
    }
    merged = []
    for case in merge_cases.CASES:
        told = await merge_cases.told(case)
        merged.append(_with_lines(told, "edits", told.pop("edits")))
    device = {
        "laid": map(_line, map(laid_cases.told, laid_cases.CASES)),
        "sentences": [_line({"text": text, "sentences": found}) for text, found in text_cases.SENTENCES],
        "in_common": [
            _line({"pulled": pulled, "own": own, "in_common": common}) for pulled, own, common in text_cases.IN_COMMON
        ],
    }
    server = {
        "merged": merged,
        "joined": [_line({"chars_max": text_cases.CHARS_MAX, **each._asdict()}) for each in text_cases.JOINED],
    }
    return _file(head, f'"for_a_device":{{\n{_lists(device)}\n}}', f'"for_a_server":{{\n{_lists(server)}\n}}')


def _goals() -> bytes:
    return _file({}, _lists({"goals": map(_line, map(goal_cases.told, goal_cases.CASES))}))


def _derivations() -> bytes:
    device = {"pauses": map(_line, derived_cases.PAUSES), "counting": map(_line, derived_cases.COUNTING)}
    server = {"wall_times": map(_line, derived_cases.WALL_TIMES)}
    return _file({}, f'"for_a_device":{{\n{_lists(device)}\n}}', f'"for_a_server":{{\n{_lists(server)}\n}}')


def _lookback() -> bytes:
    lists = {
        "moods": lookback_cases.MOODS,
        "words": lookback_cases.WORDS,
        "tagged": lookback_cases.TAGGED,
        "shelf": lookback_cases.SHELF,
    }
    return _file({}, _lists({name: map(_line, map(lookback_cases.told, cases)) for name, cases in lists.items()}))


def _file(head: dict[str, Any], *parts: str) -> bytes:
    return ("{" + ",\n".join((*filter(None, [_line(head)[1:-1]]), *parts)) + "}\n").encode()


def _lists(lists: dict[str, Iterable[str]]) -> str:
    return ",\n".join(f"{_line(name)}:[\n{_lines(cases)}\n]" for name, cases in lists.items())


def _with_lines(head: dict[str, Any], name: str, steps: Iterable[Any]) -> str:
    return f"{_line(head)[:-1]},{_line(name)}:[\n{_lines(map(_line, steps))}\n]}}"


def _lines(values: Iterable[str]) -> str:
    return ",\n".join(values)


def _line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    for name, content in asyncio.run(made()).items():
        (FOLDER / name).write_bytes(content)
