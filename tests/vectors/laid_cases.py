"""What a device shows while its edit waits and somebody else's has come: it joins nothing, and lays its own over."""

from typing import Any, Final

from msgspec import Struct

from domain.kinds import KINDS
from tests.vectors.merge_cases import GOAL, RECORDS, beside
from tests.vectors.merging import ANA, BEN, COUPLE, LIFE, SPACES

Values = dict[str, Any]
VERSION: Final = 4
"""Of the record as it was pulled; the edits that wait had seen version 2."""
SEEN: Final = 2


class Laid(Struct, frozen=True, kw_only=True):
    """A record as it was pulled, edits that wait, and what is shown then: in `fields`, unless it says otherwise."""

    policy: str
    name: str
    says: str
    kind: str
    pulled: Values
    edits: tuple[Values, ...]
    shows: Values
    alternatives: Values = {}
    merged: list[str] = []
    removed: bool = False
    still_beside: Values = {}
    still_merged: list[str] = []
    shows_removed: bool = False


NIGHT: Final = beside(BEN, "We take the night train.")
BUS: Final = beside(ANA, "We take the bus.")

CASES: Final = (
    Laid(
        policy="later",
        name="what was chosen here is shown until the server has decided",
        says="any other field | takes the value",
        kind="goal",
        pulled={"topic": "family", "notes": None},
        edits=({"set": {"topic": "work"}},),
        shows={"topic": "work", "notes": None},
    ),
    Laid(
        policy="words",
        name="a device joins no texts",
        says="any other field | takes the value",
        kind="check_in",
        pulled={"text": "Slept well. Tea helped.", "valence": 1},
        edits=({"set": {"text": "Rain. Slept well."}, "was": {"text": "Slept well."}},),
        shows={"text": "Rain. Slept well.", "valence": 1},
    ),
    Laid(
        policy="shared_words",
        name="a device joins no texts of both",
        says="any other field | takes the value",
        kind="goal",
        pulled={"notes": "Rain. Two nights."},
        edits=({"set": {"notes": "Two nights. Ask Cleo."}, "was": {"notes": "Two nights."}},),
        shows={"notes": "Two nights. Ask Cleo."},
    ),
    Laid(
        policy="monotone",
        name="a step back is shown though it may not count",
        says="any other field | takes the value",
        kind="step",
        pulled={"goal": GOAL, "title": "Find a room", "done": True},
        edits=({"set": {"done": True}}, {"set": {"done": False}}),
        shows={"goal": GOAL, "title": "Find a room", "done": False},
    ),
    Laid(
        policy="members",
        name="of a set each element is laid over by itself",
        says="taken out: what `was` has and `set` has not; put in: what `set` has and `was` has not",
        kind="check_in",
        pulled={"needs": ["affection", "rest", "time_together"]},
        edits=({"set": {"needs": ["clarity", "time_together"]}, "was": {"needs": ["rest", "time_together"]}},),
        shows={"needs": ["affection", "clarity", "time_together"]},
    ),
    Laid(
        policy="members",
        name="what is put in twice stands once",
        says="taken out: what `was` has and `set` has not; put in: what `set` has and `was` has not",
        kind="check_in",
        pulled={"needs": ["clarity", "rest"]},
        edits=({"set": {"needs": ["rest"]}, "was": {"needs": []}},),
        shows={"needs": ["clarity", "rest"]},
    ),
    Laid(
        policy="members",
        name="a set that tells nothing of what it was takes the value",
        says="any other field | takes the value",
        kind="check_in",
        pulled={"needs": ["clarity", "rest"]},
        edits=({"set": {"needs": ["affection"]}},),
        shows={"needs": ["affection"]},
    ),
    Laid(
        policy="most_private",
        name="what was opened here is shown open until the server has decided",
        says="any other field | takes the value",
        kind="check_in",
        pulled={"audience": "only_me", "shared_parts": ["mood"]},
        edits=({"set": {"audience": COUPLE, "shared_parts": ["mood", "text"]}},),
        shows={"audience": COUPLE, "shared_parts": ["mood", "text"]},
    ),
    Laid(
        policy="most_protective",
        name="what protects less is shown until the server has decided",
        says="any other field | takes the value",
        kind="settings",
        pulled={"day_cap": 1, "week_cap": 7},
        edits=({"set": {"day_cap": 3}},),
        shows={"day_cap": 3, "week_cap": 7},
    ),
    Laid(
        policy="removal",
        name="what was removed here is shown as removed with what was pulled",
        says="`remove` sets whether it is removed.",
        kind="step",
        pulled={"goal": GOAL, "title": "Find a big room", "done": True},
        edits=({"remove": True},),
        shows={"goal": GOAL, "title": "Find a big room", "done": True},
        shows_removed=True,
    ),
    Laid(
        policy="removal",
        name="what was brought back here stands again",
        says="`remove` sets whether it is removed.",
        kind="step",
        pulled={"goal": GOAL, "title": "Find a room", "done": False},
        removed=True,
        edits=({"remove": False}, {"set": {"done": True}}),
        shows={"goal": GOAL, "title": "Find a room", "done": True},
    ),
    Laid(
        policy="pick",
        name="a text that came beside meanwhile stays",
        says="of each field, texts (by author and text) that `was` has and `set` has not are taken away",
        kind="goal",
        pulled={"notes": "We take the slow train."},
        alternatives={"notes": [BUS, NIGHT]},
        edits=(
            {
                "set": {"notes": "We take the night train.", "alternatives": {"notes": []}},
                "was": {"notes": "We take the slow train.", "alternatives": {"notes": [NIGHT]}},
            },
        ),
        shows={"notes": "We take the night train."},
        still_beside={"notes": [BUS]},
    ),
    Laid(
        policy="pick",
        name="a text of somebody else is another one",
        says="of each field, texts (by author and text) that `was` has and `set` has not are taken away",
        kind="goal",
        pulled={"notes": "We take the slow train."},
        alternatives={"notes": [NIGHT]},
        edits=({"set": {"alternatives": {}}, "was": {"alternatives": {"notes": [NIGHT | {"by": ANA}]}}},),
        shows={"notes": "We take the slow train."},
        still_beside={"notes": [NIGHT]},
    ),
    Laid(
        policy="confirm",
        name="a joined text that was confirmed is no longer marked",
        says="names that `was` has and `set` has not are taken away",
        kind="check_in",
        pulled={"text": "Rain. Slept well."},
        merged=["text"],
        edits=({"set": {"merged": []}, "was": {"merged": ["text"]}},),
        shows={"text": "Rain. Slept well."},
    ),
)


def told(case: Laid) -> dict[str, Any]:
    """A case as it stands in the file: an answer to take, changes to keep, and what is shown then."""
    home = KINDS[case.kind].home
    identity = RECORDS.get(case.kind, "0199b2c0-5d3e-7a10-9c42-3b1f6e8d7a03")
    space = SPACES[COUPLE] if home == "couple" else SPACES[ANA]
    couple = COUPLE if home == "couple" else None
    record = {
        "space": space,
        "kind": case.kind,
        "id": identity,
        "version": VERSION,
        "author": ANA,
        "removed": case.removed,
        "fields": case.pulled,
        "alternatives": case.alternatives,
        "merged": case.merged,
    }
    spaces = [{"id": space, "home": home, "couple": couple, "state": "active", "epoch": LIFE, "head": VERSION}]
    change = {"kind": case.kind, "id": identity, "base": SEEN} | ({} if couple is None else {"couple": couple})
    return {
        "policy": case.policy,
        "name": case.name,
        "says": case.says,
        "person": ANA,
        "answer": {
            "cursor": "somewhere",
            "more": False,
            "now": "2026-03-02T12:00:00Z",
            "reset": [],
            "outcomes": [],
            "spaces": spaces,
            "records": [record],
            "gone": [],
        },
        "waits": [
            {"key": f"00000000-0000-4000-8000-{nth:012}", **change, **edit} for nth, edit in enumerate(case.edits, 1)
        ],
        "shows": {
            "kind": case.kind,
            "id": identity,
            "version": VERSION,
            "author": ANA,
            "removed": case.shows_removed,
            "waits": True,
            "fields": case.shows,
            "alternatives": case.still_beside,
            "merged": case.still_merged,
        },
    }
