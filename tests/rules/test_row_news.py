"""What a pull of WatermelonDB tells of stored records, and of what its device is owed."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId, RecordId
from domain.kinds import KINDS
from sync import row_news
from sync.bodies import encoded_body
from sync.cursor import Cursor
from sync.paging import Asked
from sync.ports import Caller, Owed, Page, Row
from sync.row_news import News, as_id
from tests.rules.boards import ANA, BEN, COUPLE_SPACE, ID_KEYS, NOON, OWN, OWN_SPACE, TOGETHER

BEN_S_PHONE = Caller(BEN, DeviceId(UUID(int=11)), (OWN, TOGETHER), may_keep=True)
FIRST, SECOND = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"
WIPED: dict[str, Any] = {"gone": True, "body": None}


def news(schema: int = 1) -> News:
    """Ben's phone asks; for once the space of his own is the one that is Ana's elsewhere."""
    asked = Asked(
        caller=BEN_S_PHONE, cursor=Cursor(schema, {}, 0), schema=schema, limit=9, now=NOON, own_key=ID_KEYS[OWN]
    )
    return News(asked, {OWN: OWN_SPACE, TOGETHER: COUPLE_SPACE})


def a_step(identity: str = FIRST, title: str = "Pack.", **rest: Any) -> Row:
    return a_row("step", identity, **{"body": encoded_body({"title": title}, {}, ()), **rest})


def a_row(kind: str, identity: str = FIRST, **rest: Any) -> Row:
    space = TOGETHER if KINDS[kind].home == "couple" else OWN
    values = {"version": 7, "author": ANA, "removed": False, "gone": False} | rest
    return Row(space=space, kind=kind, id=RecordId(UUID(identity)), **values)


def as_stored(*rows: Row) -> Page:
    return Page(spaces={OWN: OWN_SPACE, TOGETHER: COUPLE_SPACE}, rows=[], besides=list(rows))


def told(of: News) -> dict[str, tuple[list[Any], list[str]]]:
    """The titles of what stands in each table, and the ids of what has to go."""
    tables = of.tables()
    assert all(each.created == [] for each in tables.values())
    return {name: ([row.get("title") for row in each.updated], each.deleted) for name, each in tables.items()}


# What is stored --------------------------------------------------------------------------------------------------


def test_each_table_tells_its_own_rows_with_the_marks_of_their_space() -> None:
    made = news()
    for row in (a_step(), a_row("check_in", SECOND, author=BEN, body=encoded_body({"text": "Kiwi."}, {}, ()))):
        made.tell(row)
    tables = made.tables()
    (step,), (entry,) = tables["step"].updated, tables["check_in"].updated
    assert (step["id"], step["title"], step["epoch"]) == (FIRST, "Pack.", str(COUPLE_SPACE.epoch))
    assert (entry["id"], entry["text"], entry["epoch"]) == (SECOND, "Kiwi.", str(OWN_SPACE.epoch))
    assert told(made) == {"step": (["Pack."], []), "check_in": ([None], [])}


def test_what_does_not_open_is_passed_over() -> None:
    made = news()
    for row in (a_step(body=None), a_step(SECOND)):
        made.tell(row)
    assert told(made) == {"step": (["Pack."], [])}


def test_what_an_app_does_not_know_it_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = KINDS | {"step": replace(KINDS["step"], schema=2)}
    monkeypatch.setattr(row_news, "KINDS", newer)
    for schema, tables in ((1, {}), (2, {"step": (["Pack."], [])})):
        made = news(schema)
        for row in (a_step(), replace(a_step(), kind="mood_of_tomorrow")):
            made.tell(row)
        made.tell_owed(Owed(kind="mood_of_tomorrow", named=SECOND), as_stored())
        assert told(made) == tables


@pytest.mark.parametrize(
    ("row", "emptied"),
    [
        (a_step(**WIPED), True),
        (a_row("check_in", author=BEN, **WIPED), True),
        (a_row("check_in", author=ANA, **WIPED), False),
        (a_row("shown_check_in", author=BEN, **WIPED), False),
        (a_step(purged=True, **WIPED), False),
    ],
)
def test_what_is_wiped_is_emptied_where_edits_may_wait_and_goes_where_none_can_or_words_were_destroyed(
    row: Row, emptied: bool
) -> None:
    made = news()
    made.tell(row)
    assert told(made) == {row.kind: ([None], []) if emptied else ([], [FIRST])}


def test_what_stands_stays_though_words_in_it_were_destroyed() -> None:
    made = news()
    made.tell(a_step(title="", purged=True))
    assert told(made) == {"step": ([""], [])}


def test_of_what_is_removed_only_its_author_is_told_the_words() -> None:
    made = news()
    for row in (a_step(author=BEN, removed=True), a_step(SECOND, author=ANA, removed=True)):
        made.tell(row)
    assert told(made) == {"step": (["Pack.", None], [])}


# What is owed ----------------------------------------------------------------------------------------------------


def test_what_is_owed_is_told_as_it_is_stored() -> None:
    made = news()
    made.tell_owed(Owed(kind="step", named=SECOND), as_stored(a_step(), a_step(SECOND, "Go.")))
    assert told(made) == {"step": (["Go."], [])}


def test_what_is_owed_and_new_besides_is_told_once() -> None:
    made = news()
    made.tell(a_step(title="Pack."))
    made.tell_owed(Owed(kind="step", named=FIRST), as_stored(a_step(title="Pack it.")))
    assert told(made) == {"step": (["Pack it."], [])}


@pytest.mark.parametrize("named", [SECOND, FIRST.upper(), "Kq3aB9xZ2mN8pR5t"])
def test_what_is_owed_and_stored_nowhere_goes_under_the_name_that_its_device_knows(named: str) -> None:
    made = news()
    made.tell_owed(Owed(kind="step", named=named), as_stored(a_step()))
    assert told(made) == {"step": ([], [named])}


def test_what_stands_under_the_same_id_in_another_table_is_not_what_is_owed() -> None:
    made = news()
    made.tell_owed(Owed(kind="goal", named=FIRST), as_stored(a_step()))
    assert told(made) == {"goal": ([], [FIRST])}


def test_what_was_told_from_the_page_and_has_gone_since_is_left_to_the_next_pull() -> None:
    made = news()
    made.tell(a_step())
    made.tell_owed(Owed(kind="step", named=FIRST), as_stored())
    assert told(made) == {"step": (["Pack."], [])}


def test_what_is_owed_and_stands_in_a_space_that_the_page_does_not_name_is_left_to_the_next_pull() -> None:
    made = News(news().asked, {OWN: OWN_SPACE})
    made.tell_owed(Owed(kind="step", named=FIRST), as_stored(a_step()))
    assert told(made) == {}


@pytest.mark.parametrize(
    ("named", "known"),
    [(FIRST, True), (FIRST.upper(), False), (FIRST.replace("-", ""), False), ("kiwi", False), ("", False)],
)
def test_an_id_is_one_of_haven_s_in_one_spelling_alone(named: str, known: bool) -> None:
    assert as_id(named) == (UUID(FIRST) if known else None)
