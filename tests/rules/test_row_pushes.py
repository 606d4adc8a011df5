"""What a pushed row of WatermelonDB is judged by, and whether its device holds something else than is stored after."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from domain.kinds import KINDS
from domain.records import Alternative
from sync import row_pushes
from sync.bodies import encoded_body
from sync.ports import Page, Row
from sync.row_edits import Edited, edited_row, removed_row
from sync.row_pushes import ids_of, is_owed
from sync.rows import WatermelonRow
from tests.rules.boards import ANA, BEN, COUPLE, COUPLE_SPACE, OWN, OWN_SPACE, TOGETHER

STEP_ID, GOAL_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"


def a_row(changed: str = "title", **values: Any) -> WatermelonRow:
    """The step as Ben's phone holds it after its push."""
    marks = {"id": STEP_ID, "rev": 6, "epoch": str(COUPLE_SPACE.epoch), "author": str(ANA), "couple": str(COUPLE)}
    held = {"removed_at": None, "goal": GOAL_ID, "title": "Pack.", "taken_by": "[]", "done": False}
    return {**marks, **held, "alternatives": "{}", "merged": "[]", "_changed": changed, **values}


def a_step(beside: str | None = None, **rest: Any) -> Row:
    """The same as it is stored then, or with these marks; a text of Ben's may stand beside."""
    texts = {"title": (Alternative(BEN, beside),)} if beside else {}
    body = encoded_body({"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False}, texts, ())
    marks: dict[str, Any] = {"version": 7, "author": ANA, "removed": False, "gone": False, "body": body}
    return Row(space=TOGETHER, kind="step", id=RecordId(UUID(STEP_ID)), **marks | rest)


def owed(each: Edited, *stored: Row, schema: int = 1) -> bool:
    after = Page(spaces={OWN: OWN_SPACE, TOGETHER: COUPLE_SPACE}, rows=[], besides=list(stored))
    return is_owed(each, after, schema, BEN)


def pushed(changed: str = "title", **values: Any) -> Edited:
    return edited_row("step", a_row(changed, **values))


# What a device is owed -------------------------------------------------------------------------------------------


def test_a_device_that_holds_what_is_stored_is_owed_nothing() -> None:
    assert not owed(pushed(), a_step())


@pytest.mark.parametrize(
    ("edited", "stored"),
    [
        (pushed(title="Go."), a_step()),
        (pushed(done=True), a_step()),
        (pushed(), a_step(beside="Go.")),
        (pushed(alternatives='{"title":[]}'), a_step(beside="Go.")),
        (pushed("removed_at", removed_at=1), a_step()),
        (pushed(), a_step(removed=True, author=BEN)),
        (pushed(), a_step(gone=True, body=None)),
    ],
)
def test_a_device_that_holds_something_else_than_is_stored_is_owed_that(edited: Edited, stored: Row) -> None:
    assert owed(edited, stored)


def test_a_device_that_holds_a_row_of_which_nothing_is_stored_is_owed_that() -> None:
    assert owed(pushed())
    assert owed(pushed(), replace(a_step(), kind="goal"))
    assert owed(pushed(), replace(a_step(), id=RecordId(UUID(GOAL_ID))))


def test_what_stands_is_found_among_others() -> None:
    others = [replace(a_step(), kind="goal"), replace(a_step(), id=RecordId(UUID(GOAL_ID)))]
    assert not owed(pushed(), *others, a_step())


def test_what_its_author_removed_is_held_with_its_words_and_by_the_other_without() -> None:
    edited = pushed("removed_at", removed_at=1)
    assert not owed(edited, a_step(removed=True, author=BEN))
    assert owed(edited, a_step(removed=True, author=ANA))
    bare = dict.fromkeys(("goal", "title", "taken_by", "done", "alternatives", "merged"))
    assert not owed(pushed("removed_at", removed_at=1, **bare), a_step(removed=True, author=ANA))


def test_a_row_that_its_device_has_deleted_is_owed_where_it_still_stands() -> None:
    only_id = removed_row("step", STEP_ID)
    assert owed(only_id, a_step())
    assert not owed(only_id)
    for mark in ("removed", "gone"):
        assert not owed(only_id, a_step(**{mark: True}))


def test_of_what_does_not_open_nobody_can_say_whether_it_is_owed() -> None:
    assert not owed(pushed(title="Go."), a_step(body=None))
    assert owed(removed_row("step", STEP_ID), a_step(body=None))


@pytest.mark.parametrize(
    ("changed", "values", "is_"),
    [
        ("title,author", {"author": str(BEN)}, True),
        ("title,author", {"author": None}, True),
        ("title,author", {}, False),
        ("title", {"author": str(BEN)}, False),
        ("title,colour", {"colour": "blue"}, False),
        ("title,alternatives,merged", {"alternatives": None, "merged": None}, False),
    ],
)
def test_a_column_of_the_server_s_is_owed_where_it_was_edited_to_something_else(
    changed: str, values: dict[str, Any], is_: bool
) -> None:
    assert owed(pushed(changed, **values), a_step()) is is_


def test_an_edited_column_that_its_row_leaves_out_is_owed() -> None:
    without = {name: value for name, value in a_row("author").items() if name != "author"}
    assert owed(edited_row("step", without), a_step())


def test_an_app_is_owed_nothing_of_a_kind_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not owed(edited_row("mood_of_tomorrow", a_row()))
    monkeypatch.setattr(row_pushes, "KINDS", KINDS | {"step": replace(KINDS["step"], schema=2)})
    assert not owed(pushed(), schema=1)
    assert owed(pushed(), schema=2)


@pytest.mark.parametrize(
    ("named", "is_"),
    [
        ("A1A1A1A1-0000-4000-8000-00000000000F", True),
        ("Kq3aB9xZ2mN8pR5t", True),
        ("x", True),
        ("", False),
        ("I cried.", False),
        ("x" * 37, False),
    ],
)
def test_what_can_be_no_name_of_a_row_is_not_told_back(named: str, is_: bool) -> None:
    assert owed(pushed(id=named)) is is_


# Ids -------------------------------------------------------------------------------------------------------------


def test_what_is_named_by_no_id_of_haven_s_is_looked_for_nowhere() -> None:
    assert ids_of([pushed(), pushed(), pushed(id="Kq3aB9xZ2mN8pR5t"), removed_row("step", GOAL_ID)]) == {
        UUID(STEP_ID),
        UUID(GOAL_ID),
    }
