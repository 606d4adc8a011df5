"""What WatermelonDB keeps: the table of each kind, and a record as one flat row."""

import json
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId
from domain.kind import Field, Kind
from domain.kinds import KINDS
from domain.policies import Policy
from domain.records import Alternative
from domain.shapes import Anything, Text
from sync.bodies import encoded_body
from sync.ports import Row
from sync.rows import columns_changed, document_of, may_hold_edits, row_of, tables
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
    fields = {"goal": GOAL_ID, "title": "Pack.", "taken_by": [str(ANA)], "done": True}
    return a_row(STEP, STEP_ID, encoded_body(fields, {"title": (Alternative(BEN, "Go."),)}, ("title",)), **rest)


# Tables ----------------------------------------------------------------------------------------------------------


def test_a_table_has_a_column_for_everything_but_the_id_that_every_table_has() -> None:
    types = {
        "rev": "number",
        "epoch": "string",
        "author": "string",
        "couple": "string",
        "removed_at": "number",
        "goal": "string",
        "title": "string",
        "taken_by": "string",
        "done": "boolean",
        "proof": "string",
        "alternatives": "string",
        "merged": "string",
    }
    assert tables(1)["step"] == {
        "name": "step",
        "columns": [{"name": name, "type": type_, "isOptional": True} for name, type_ in types.items()],
    }


def test_a_table_of_one_person_s_records_names_no_couple() -> None:
    names = [each["name"] for each in tables(1)["check_in"]["columns"]]
    assert names[:5] == ["rev", "epoch", "author", "removed_at", "local_date"]
    assert {each["name"]: each["type"] for each in tables(1)["check_in"]["columns"]}["valence"] == "number"


def test_an_app_knows_the_tables_of_its_schema_and_of_earlier_ones() -> None:
    assert tables(1).keys() == KINDS.keys()
    assert tables(0) == {}


# Rows ------------------------------------------------------------------------------------------------------------


def test_a_record_is_one_flat_row_with_lists_and_objects_as_text() -> None:
    assert row_of(STEP, a_step(), COUPLE_SPACE, 1, BEN) == {
        "id": STEP_ID,
        "rev": 7,
        "epoch": str(COUPLE_SPACE.epoch),
        "author": str(ANA),
        "couple": str(COUPLE),
        "goal": GOAL_ID,
        "title": "Pack.",
        "taken_by": f'["{ANA}"]',
        "done": True,
        "proof": None,
        "alternatives": f'{{"title":[{{"by":"{BEN}","text":"Go."}}]}}',
        "merged": '["title"]',
        "removed_at": None,
    }


def test_what_is_empty_stays_null_and_is_no_text() -> None:
    row = row_of(STEP, a_row(STEP, STEP_ID, encoded_body({"title": "Pack."}, {}, ())), COUPLE_SPACE, 1, ANA)
    assert (row["taken_by"], row["alternatives"]) == (None, "{}")


def test_of_what_is_removed_its_author_keeps_the_fields_and_the_other_the_marks() -> None:
    mine, theirs = (row_of(STEP, a_step(removed=True), COUPLE_SPACE, 1, person) for person in (ANA, BEN))
    assert (mine["title"], mine["taken_by"], mine["removed_at"]) == ("Pack.", f'["{ANA}"]', 7)
    assert {name: value for name, value in theirs.items() if value is not None} == {
        "id": STEP_ID,
        "rev": 7,
        "epoch": str(COUPLE_SPACE.epoch),
        "author": str(ANA),
        "couple": str(COUPLE),
        "removed_at": 7,
    }
    assert theirs.keys() == mine.keys()


@pytest.mark.parametrize("person", [ANA, BEN])
def test_of_what_is_wiped_nobody_keeps_more_than_the_marks(person: PersonId) -> None:
    made = row_of(CHECK_IN, a_row(CHECK_IN, ENTRY_ID, None, gone=True), OWN_SPACE, 1, person)
    assert {name: value for name, value in made.items() if value is not None} == {
        "id": ENTRY_ID,
        "rev": 7,
        "epoch": str(OWN_SPACE.epoch),
        "author": str(ANA),
        "removed_at": 7,
    }


def test_an_app_of_an_older_schema_is_told_nothing_of_a_newer_column() -> None:
    row = a_row(NEWER, STEP_ID, encoded_body({"title": "Pack.", "where": "At home."}, {}, ()))
    for removed in (False, True):
        old, new = (
            row_of(NEWER, replace(row, removed=removed, author=BEN), COUPLE_SPACE, schema, ANA) for schema in (1, 2)
        )
        assert new.keys() - old.keys() == {"where"}


@pytest.mark.parametrize(
    ("kind", "author", "person", "may"),
    [
        ("step", ANA, ANA, True),
        ("step", ANA, BEN, True),
        ("check_in", ANA, ANA, True),
        ("check_in", ANA, BEN, False),
        ("note", ANA, ANA, False),
        ("shown_check_in", ANA, ANA, False),
    ],
)
def test_edits_can_wait_where_a_person_may_edit(kind: str, author: PersonId, person: PersonId, may: bool) -> None:
    assert may_hold_edits(KINDS[kind], a_row(KINDS[kind], STEP_ID, None, author=author), person) is may


# What a client sends ---------------------------------------------------------------------------------------------


def test_a_row_that_comes_back_is_the_document_that_it_was_made_of() -> None:
    made = row_of(STEP, a_step(), COUPLE_SPACE, 1, BEN)
    assert document_of(STEP, made | {"_status": "updated", "_changed": "title"}) == {
        "id": STEP_ID,
        "rev": 7,
        "epoch": str(COUPLE_SPACE.epoch),
        "author": str(ANA),
        "couple": str(COUPLE),
        "goal": GOAL_ID,
        "title": "Pack.",
        "taken_by": [str(ANA)],
        "done": True,
        "proof": None,
        "alternatives": {"title": [{"by": str(BEN), "text": "Go."}]},
        "merged": ["title"],
        "_deleted": False,
    }


@pytest.mark.parametrize(("row", "deleted"), [({}, False), ({"removed_at": None}, False), ({"removed_at": 0}, True)])
def test_any_number_removes_a_row(row: dict[str, Any], deleted: bool) -> None:
    assert document_of(STEP, row) == {"_deleted": deleted}


def test_what_is_no_json_stays_the_text_that_it_is() -> None:
    assert document_of(STEP, {"taken_by": "Ana", "title": "[1]"}) == {
        "taken_by": "Ana",
        "title": "[1]",
        "_deleted": False,
    }


def test_what_is_json_already_and_what_nobody_knows_stays_as_it_is() -> None:
    assert document_of(STEP, {"taken_by": [], "colour": "[1]"}) == {"taken_by": [], "colour": "[1]", "_deleted": False}
    assert document_of(None, {"taken_by": "[]", "merged": "[]"}) == {
        "taken_by": "[]",
        "merged": "[]",
        "_deleted": False,
    }


def test_a_field_of_objects_is_read_as_such() -> None:
    kind = replace(STEP, fields={"words": Field(Anything({"type": "object"}), Policy.LATER)})
    assert document_of(kind, {"words": json.dumps({"text": "Kiwi."})})["words"] == {"text": "Kiwi."}


@pytest.mark.parametrize(
    ("changed", "columns"),
    [("title", {"title"}), ("title,done", {"title", "done"}), ("", set()), (None, set()), (["title"], set())],
)
def test_the_edited_columns_are_named_in_one_text(changed: Any, columns: set[str]) -> None:
    assert columns_changed({"_changed": changed}) == columns
    assert columns_changed({}) == set()
