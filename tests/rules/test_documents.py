"""What RxDB's client keeps: the schema of each collection, and a record as one flat document."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from domain.kind import Field, Kind
from domain.kinds import KINDS
from domain.policies import Policy
from domain.records import Alternative
from domain.shapes import Anything, Text
from sync.bodies import encoded_body
from sync.documents import MARKS, collection_schemas, deleted, document, held, names_in, records_schema, type_of
from sync.ports import Row
from tests.rules.boards import ANA, BEN, COUPLE, COUPLE_SPACE, OWN_SPACE

STEP, CHECK_IN = KINDS["step"], KINDS["check_in"]
NEWER = replace(STEP, fields=STEP.fields | {"where": Field(Text(80, optional=True), Policy.SHARED_WORDS, schema=2)})
"""A kind of which apps of the second schema know a field more."""
GOAL_ID, STEP_ID, ENTRY_ID = (str(UUID(int=number)) for number in (30, 31, 32))


def a_row(kind: Kind, identity: str, body: bytes | None, **rest: Any) -> Row:
    space = COUPLE_SPACE if kind.home == "couple" else OWN_SPACE
    values = {"version": 7, "author": ANA, "removed": False, "gone": False} | rest
    return Row(space=space.id, kind=kind.name, id=RecordId(UUID(identity)), body=body, **values)


def a_step(**rest: Any) -> Row:
    return a_row(STEP, STEP_ID, encoded_body({"goal": GOAL_ID, "title": "Pack.", "done": True}, {}, ()), **rest)


# Schemas ---------------------------------------------------------------------------------------------------------


def test_the_schema_of_a_collection_names_every_property_and_its_type() -> None:
    described = {name: {"type": [type_, "null"], "description": means} for name, (type_, means) in MARKS.items()}
    assert collection_schemas(1)["step"] == {
        "title": "step",
        "version": 0,
        "primaryKey": "id",
        "type": "object",
        "properties": {
            "id": {"type": "string", "maxLength": 36},
            **described,
            "couple": {"type": ["string", "null"], "description": "For which couple this was written."},
            "goal": {"type": ["string", "null"]},
            "title": {"type": ["string", "null"]},
            "taken_by": {"type": ["array", "null"]},
            "done": {"type": ["boolean", "null"]},
            "proof": {"type": ["string", "null"]},
            "alternatives": {"type": ["object", "null"], "description": "Texts that stand beside, by field."},
            "merged": {"type": ["array", "null"], "description": "Names of texts that were joined."},
        },
        "required": ["id"],
    }


def test_the_marks_of_a_document_are_its_version_its_life_and_its_author() -> None:
    assert {name: type_of(STEP, name) for name in MARKS} == {"rev": "integer", "epoch": "string", "author": "string"}


@pytest.mark.parametrize(
    ("kind", "field", "type_"),
    [
        ("check_in", "local_date", "string"),
        ("check_in", "valence", "integer"),
        ("check_in", "text", "string"),
        ("check_in", "audience", "string"),
        ("check_in", "needs", "array"),
        ("check_in", "let_them_know", "boolean"),
        ("goal", "state", "string"),
        ("unplaced", "words", "object"),
    ],
)
def test_a_property_has_the_type_of_its_field_whatever_else_the_field_asks(kind: str, field: str, type_: str) -> None:
    assert type_of(KINDS[kind], field) == type_


def test_a_field_that_may_be_null_has_the_other_type_wherever_null_is_named() -> None:
    shape = Anything({"anyOf": [{"type": "null"}, {"type": "number"}]})
    assert type_of(replace(STEP, fields={"weight": Field(shape, Policy.LATER)}), "weight") == "number"


def test_an_app_knows_the_kinds_of_its_schema_and_of_earlier_ones() -> None:
    assert collection_schemas(1).keys() == KINDS.keys()
    assert collection_schemas(0) == {}


def test_a_collection_has_the_version_before_that_of_the_app_since_rxdb_begins_with_none() -> None:
    assert [collection_schemas(schema)["step"]["version"] for schema in (1, 2, 3)] == [0, 1, 2]


def test_one_collection_of_everything_has_the_properties_of_all_kinds_and_asks_for_the_kind() -> None:
    schema = records_schema(1)
    properties = schema.pop("properties")
    assert schema == {
        "title": "records",
        "version": 0,
        "primaryKey": "id",
        "type": "object",
        "required": ["id", "kind"],
    }
    assert properties.keys() == {"kind"}.union(*(names_in(kind, 1) for kind in KINDS.values()))
    assert list(properties)[:5] == ["id", "kind", "rev", "epoch", "author"]
    assert (properties["id"], properties["kind"]) == ({"type": "string", "maxLength": 36}, {"type": ["string"]})
    assert (properties["title"], properties["valence"]) == ({"type": ["null", "string"]}, {"type": ["integer", "null"]})
    assert properties["rev"] == {"type": ["integer", "null"], "description": MARKS["rev"][1]}


def test_a_name_that_two_kinds_have_for_two_sorts_of_values_may_hold_both(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(STEP, name="shopping", fields={"title": Field(Anything({"type": "array"}), Policy.LATER)})
    monkeypatch.setitem(KINDS, "shopping", other)  # type: ignore[arg-type]
    assert records_schema(1)["properties"]["title"] == {"type": ["array", "null", "string"]}


def test_a_collection_of_everything_knows_the_kinds_of_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    dream = replace(STEP, name="dream", fields={"vivid": Field(Anything({"type": "boolean"}), Policy.LATER)}, schema=2)
    monkeypatch.setitem(KINDS, "dream", dream)  # type: ignore[arg-type]
    monkeypatch.setitem(KINDS, "step", NEWER)  # type: ignore[arg-type]
    old, new = (records_schema(schema) for schema in (1, 2))
    assert new["properties"].keys() - old["properties"].keys() == {"vivid", "where"}
    assert (old["version"], new["version"]) == (0, 1)


def test_a_document_of_one_person_names_no_couple() -> None:
    assert names_in(CHECK_IN, 1)[:5] == ["id", "rev", "epoch", "author", "local_date"]
    assert names_in(STEP, 1)[:5] == ["id", "rev", "epoch", "author", "couple"]


def test_only_where_people_write_texts_of_their_own_can_something_stand_beside() -> None:
    beside = {name for name, kind in KINDS.items() if "alternatives" in names_in(kind, 1)}
    assert beside >= {"check_in", "note_draft", "goal", "step"}
    assert beside.isdisjoint({"goal_act", "goal_terms", "shown_check_in", "note", "notice", "unplaced"})
    assert {name for name, kind in KINDS.items() if "merged" in names_in(kind, 1)} == beside


def test_an_app_of_an_older_schema_does_not_know_a_newer_field() -> None:
    assert set(names_in(NEWER, 2)) - set(names_in(NEWER, 1)) == {"where"}


# Documents -------------------------------------------------------------------------------------------------------


def test_a_record_is_one_flat_document() -> None:
    beside = {"title": (Alternative(BEN, "Pack the tent."),)}
    body = encoded_body({"goal": GOAL_ID, "title": "Pack.", "done": True}, beside, ("title",))
    assert document(STEP, a_row(STEP, STEP_ID, body), COUPLE_SPACE, 1) == {
        "id": STEP_ID,
        "rev": 7,
        "epoch": str(COUPLE_SPACE.epoch),
        "author": str(ANA),
        "couple": str(COUPLE),
        "goal": GOAL_ID,
        "title": "Pack.",
        "taken_by": None,
        "done": True,
        "proof": None,
        "alternatives": {"title": [{"by": str(BEN), "text": "Pack the tent."}]},
        "merged": ["title"],
        "_deleted": False,
    }


def test_a_record_of_one_person_is_of_no_couple() -> None:
    made = document(CHECK_IN, a_row(CHECK_IN, ENTRY_ID, encoded_body({"text": "Tea."}, {}, ())), OWN_SPACE, 1)
    assert (made["text"], made["author"], "couple" in made) == ("Tea.", str(ANA), False)


def test_where_no_text_can_stand_beside_a_document_has_no_word_of_it() -> None:
    act = KINDS["goal_act"]
    made = document(act, a_row(act, STEP_ID, encoded_body({"act": "accept"}, {}, ())), COUPLE_SPACE, 1)
    assert (made["act"], made.keys() & {"alternatives", "merged"}) == ("accept", set())


def test_of_what_is_wiped_a_document_says_nothing_but_that() -> None:
    made = document(STEP, a_step(gone=True), COUPLE_SPACE, 1)
    assert made == deleted(STEP, STEP_ID, 1) == dict.fromkeys(names_in(STEP, 1)) | {"id": STEP_ID, "_deleted": True}


def test_of_what_is_removed_a_document_says_as_of_when_and_nothing_of_what_it_held() -> None:
    made = document(STEP, a_step(removed=True), COUPLE_SPACE, 1)
    marks = {name: held(STEP, a_step(), COUPLE_SPACE, 1)[name] for name in ("rev", "epoch", "author", "couple")}
    assert made == deleted(STEP, STEP_ID, 1) | marks
    assert made["rev"] == 7


def test_what_a_removed_record_holds_can_still_be_told_to_whom_it_belongs() -> None:
    made = held(STEP, a_step(removed=True), COUPLE_SPACE, 1)
    assert (made["title"], made["done"], made["rev"]) == ("Pack.", True, 7)


def test_an_app_of_an_older_schema_is_told_nothing_of_a_newer_field() -> None:
    beside = {name: (Alternative(BEN, "In the hall."),) for name in ("title", "where")}
    row = a_row(NEWER, STEP_ID, encoded_body({"title": "Pack.", "where": "At home."}, beside, ("title", "where")))
    old, new = (document(NEWER, row, COUPLE_SPACE, schema) for schema in (1, 2))
    assert ("where" in old, list(old["alternatives"]), old["merged"]) == (False, ["title"], ["title"])
    assert (new["where"], list(new["alternatives"]), new["merged"]) == (
        "At home.",
        ["title", "where"],
        ["title", "where"],
    )
