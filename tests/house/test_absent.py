"""What is absent on purpose stays absent (I4, I7): presence, receipts, scores, streaks, counts, assigning, nudging.

Nothing of it has a name in the API, in the table of kinds or in what clients are built with. What reads like one of
these and is none stands here with its reason; a new name of that sort fails until somebody has given one.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.openapi_file import document
from domain.goal_kinds import GOAL
from domain.kind import Field, Kind, Ownership
from domain.kinds import KINDS
from domain.policies import Policy
from domain.shapes import Anything
from tests.absent import (
    ABSENT,
    Name,
    absent,
    names_of_kind,
    names_of_openapi,
    names_of_schema,
    names_of_tables,
    names_of_types,
)

CLIENTS = Path(__file__).resolve().parents[2] / "docs" / "clients"

REASONS = {
    "prompt_window_opened": "one's own wish to hear of it, named after what the other chose to do; nobody is told",
    "when_opened": "how a note is left to be found: whether it was is known to its receiver's phone alone",
    "read_me": "the operation that answers to a person about themselves",
    "debt_advice": "a sort of professional help in the catalogue, which is the same for everybody",
}
"""Names that read like something absent, wherever they stand."""
HERE_ALONE = {
    (
        "Origin",
        "seen",
    ): "whether a phone had itself seen a record before it edited it: of its own edits, told to nobody",
    ("Deletion", "receipt"): "the number by which a person can ask about their own deletion",
}
"""The same, in one place."""


def told(names: Any) -> list[str]:
    """Where which name tells of what."""
    return sorted(
        f"{each.where}: {each.name} ({', '.join(ideas)})"
        for each in set(names)
        if (ideas := absent(each.name)) and each.name not in REASONS and (each.where, each.name) not in HERE_ALONE
    )


def test_i4_i7_the_api_has_no_name_for_what_is_absent() -> None:
    names = list(names_of_openapi(document()))
    assert len(names) > 1000
    assert told(names) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_i4_i7_no_kind_has_a_name_for_what_is_absent(kind: Kind) -> None:
    assert told(names_of_kind(kind)) == []


def test_i4_i7_what_clients_are_built_with_has_no_name_for_what_is_absent() -> None:
    rxdb = json.loads((CLIENTS / "rxdb-schemas.json").read_text(encoding="utf-8"))
    watermelon = json.loads((CLIENTS / "watermelondb-schema.json").read_text(encoding="utf-8"))
    types = (CLIENTS / "haven.d.ts").read_text(encoding="utf-8")
    names = {
        "rxdb": [*(Name("collections", name) for name in rxdb["collections"]), *names_of_schema("rxdb", rxdb)],
        "watermelon": list(names_of_tables(watermelon["tables"])),
        "types": list(names_of_types(types)),
    }
    for each in names.values():
        assert len(each) > 200
    assert (
        {each.name for each in names["watermelon"]} >= {"check_in", "valence"} <= {each.name for each in names["rxdb"]}
    )
    # Types have no places, so that what may stand in one alone is left out here.
    found = [each for each in names["types"] if each.name not in {name for _, name in HERE_ALONE}]
    assert told([*names["rxdb"], *names["watermelon"], *found]) == []


OF_ONE_S_OWN_DEVICES = {"SignIn", "SignedIn", "DeviceView", "Devices", "PushTarget"}
"""Schemas that name a device: those by which a person signs in or is reached by push, and their own list."""


def test_i4_no_answer_names_a_device_but_to_its_own_person() -> None:
    """Nor is there in a person's own list when a device was used last."""
    found = {(each.where, each.name) for each in names_of_openapi(document())}
    schemas = document()["components"]["schemas"]
    assert {
        where for where, name in found if where in schemas and name in ("device", "platform")
    } <= OF_ONE_S_OWN_DEVICES
    assert schemas["DeviceView"]["properties"].keys() == {
        *("id", "label", "platform", "made_on", "expires_on", "revoked_on", "this"),
    }
    assert not any(name in ("device", "platform") for kind in KINDS.values() for name in kind.fields)


def test_i7_the_only_number_that_haven_writes_into_a_record_is_its_place_among_others() -> None:
    """All other numbers are what a person said of themselves, or how seldom they want to be reached."""
    written = {
        name
        for kind in KINDS.values()
        if kind.ownership is not Ownership.PROJECTION
        for name in kind.of_policy(Policy.SERVER)
        if _holds_a_number(kind.fields[name].shape.json_schema())
    }
    assert written == {"order"}


def test_i7_what_is_shown_of_somebody_holds_no_number_but_those_of_the_entry_itself() -> None:
    for kind in KINDS.values():
        if kind.window is not None:
            shown = KINDS[kind.window.shows]
            numbers = {name for name in shown.fields if _holds_a_number(shown.fields[name].shape.json_schema())}
            chosen = {name for names in kind.window.parts.values() for name in names}
            assert numbers <= chosen & kind.written.keys()


NUMBERS_ASIDE = {
    "status": "of a problem, as HTTP has it",
    **dict.fromkeys(("version", "base", "head", "rev"), "a place in the order of changes, of one space"),
    **dict.fromkeys(("schema", "schema_min", "schema_max", "text_version"), "which edition of a text or of the tables"),
    **dict.fromkeys(("limit", "limit_max", "body_bytes_max", "changes_max"), "how much fits into a request"),
    **dict.fromkeys(("age_ms", "expires_in_s"), "how old an edit is, how long a ticket lives"),
    **dict.fromkeys(("setting", "less_of_this", "not_this"), "what a person's own settings say, or could say"),
    "days": "for how long a person opens a link to a summary",
}
"""Numbers of the API that stand in no record, with what they are."""


def test_i7_no_answer_holds_a_number_about_a_person_or_a_couple() -> None:
    """Whatever number is in the API is of a record, as its author wrote it, or of the wire."""
    of_records = {name for kind in KINDS.values() for name in kind.fields} | {"weekday"}
    found = {name for _, name in _numbers(document())}
    assert {"version", "valence"} <= found
    assert found - of_records - NUMBERS_ASIDE.keys() == set()


def _numbers(schema: Any, where: str = "") -> list[tuple[str, str]]:
    """Every property that is a number, or a choice with one in it."""
    if isinstance(schema, list):
        return [found for each in schema for found in _numbers(each, where)]
    if not isinstance(schema, dict):
        return []
    properties = schema.get("properties")
    found = []
    if isinstance(properties, dict):
        found = [(where, name) for name, each in properties.items() if _is_number(each)]
    return [*found, *(each for name, part in schema.items() if name != "examples" for each in _numbers(part, name))]


def _is_number(schema: Any) -> bool:
    types = schema.get("type")
    given = set(types if isinstance(types, list) else [types])
    choices = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    return bool(given & {"integer", "number"}) or any(_is_number(each) for each in choices)


def _holds_a_number(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_holds_a_number(each) for each in schema)
    if not isinstance(schema, dict):
        return False
    return _is_number(schema) or any(_holds_a_number(each) for name, each in schema.items() if name != "description")


# The search itself -----------------------------------------------------------------------------------------------

PLANTED = {
    "presence": "lastSeen",
    "receipts": "note_read_at",
    "scores": "couple-score",
    "streaks": "check_in_streak",
    "counts": "steps_total",
    "assigning": "assigned_to",
    "nudging": "nudge",
    "labels": "attachment_style",
    "advice": "daily_insight",
}
"""For each idea a name of it in one of the usual spellings."""


def _property(described: dict[str, Any], name: str) -> None:
    described["components"]["schemas"]["Me"]["properties"][name] = {"type": "string"}


def _deep(described: dict[str, Any], name: str) -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "object", "properties": {name: {"type": "string"}}}]}
    properties = described["components"]["schemas"]["Me"]["properties"]
    properties[f"nested{len(properties)}"] = {"type": "array", "items": schema}


def _choice(described: dict[str, Any], name: str) -> None:
    properties = described["components"]["schemas"]["Me"]["properties"]
    properties[f"choice{len(properties)}"] = {"type": "string", "enum": [name]}


def _address(described: dict[str, Any], name: str) -> None:
    described["paths"][f"/v1/couples/{{couple}}/{name}"] = {"post": {"responses": {}}}


def _query(described: dict[str, Any], name: str) -> None:
    described["paths"]["/v1/me"]["get"].setdefault("parameters", []).append({"name": name, "in": "query"})


def _schema(described: dict[str, Any], name: str) -> None:
    described["components"]["schemas"][name] = {"type": "object"}


@pytest.mark.parametrize("plant", [_property, _deep, _choice, _address, _query, _schema])
def test_a_name_that_should_be_absent_is_found_wherever_it_stands(plant: Callable[[dict[str, Any], str], None]) -> None:
    assert PLANTED.keys() == ABSENT.keys()
    described = copy.deepcopy(document())
    for name in PLANTED.values():
        plant(described, name)
    found = told(names_of_openapi(described))
    for idea, name in PLANTED.items():
        assert any(each.endswith(f"{name} ({idea})") for each in found), name


@pytest.mark.parametrize("idea", PLANTED)
def test_a_name_that_should_be_absent_is_found_in_a_kind_and_in_types(idea: str) -> None:
    named = Field(Anything({"type": "string"}), Policy.SERVER)
    kind = Kind(**{**{name: getattr(GOAL, name) for name in GOAL.__struct_fields__}, "fields": {PLANTED[idea]: named}})
    assert told(names_of_kind(kind))
    assert told(names_of_types(f"interface Me {{ {PLANTED[idea].replace('-', '_')}?: string }}"))
    assert told(names_of_types(f"type Mood = 'calm' | '{PLANTED[idea]}'"))
    assert told(names_of_tables({"me": {"columns": [{"name": PLANTED[idea]}]}}))


def test_words_that_only_begin_alike_are_no_names_of_it() -> None:
    for name in ("connections", "reading", "account", "latest", "meant", "summary", "counsel_part", "let_them_know"):
        assert absent(name) == []
