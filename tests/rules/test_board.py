"""A batch under way: what stands where, what was put behind, whom a word is left, and which day it is."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId, SpaceId
from domain.records import Record
from sync.board import given_on, settings_id
from sync.merge import Word
from sync.ports import Revision, Value
from sync.sealing import keyed_id
from tests.rules.boards import ANA, BEN, BENS, ID_KEYS, OWN, TOGETHER, a_board


def a_step(number: int = 30, **rest: Any) -> Record:
    known: dict[str, Any] = {"version": 0, "created": 0, "fields": {"title": "Ferry."}}
    return Record(space=TOGETHER, kind="step", id=RecordId(UUID(int=number)), author=ANA, **known | rest)


def settings(zone: str, space: SpaceId = OWN) -> Record:
    identity = settings_id(ID_KEYS[space])
    who = {OWN: ANA, BENS: BEN}[space]
    return Record(space=space, kind="settings", id=identity, version=1, created=1, author=who, fields={"zone": zone})


def test_the_family_of_a_day_s_letters_is_found_again_in_years_to_come() -> None:
    family = given_on(ID_KEYS[TOGETHER], ANA, date(2026, 11, 23))
    assert family == keyed_id(ID_KEYS[TOGETHER], "given_on", ANA, "2026-11-23")


def test_what_one_version_puts_behind_a_record_is_one_revision() -> None:
    board = a_board()
    values = [Value("title", text, ANA) for text in ("Ferry.", "Boat.", "Raft.")]
    first = Revision(space=TOGETHER, record=RecordId(UUID(int=30)), version=21, values=(values[0],))
    others = [replace(first, values=(values[1],)), replace(first, version=22, values=(values[2],))]
    for revision in (first, *others):
        board.behind(revision)
    assert board.writes().revisions == (replace(first, values=(values[0], values[1])), others[1])


def test_a_word_says_what_about_which_record_and_field_and_on_which_day() -> None:
    board = a_board()
    step = board.put(a_step())
    for person in (ANA, BEN):
        board.tell(Word(person, "kept_both", "title"), step, step.version)
    [mine] = [each for each in board.changed() if each.kind == "notice"]
    [theirs] = [each.record for each in board.writes().deposits]
    fields = {"code": "kept_both", "about": str(step.id), "field": "title", "on": "2026-11-23"}
    assert mine.fields == theirs.fields == fields
    assert (mine.space, mine.author, mine.family) == (OWN, ANA, step.id)
    assert (theirs.space, theirs.author, theirs.family) == (BENS, BEN, step.id)
    assert mine.version == mine.created == 21


def test_the_next_day_begins_at_midnight_where_the_caller_is() -> None:
    assert a_board().next_day() == datetime(2026, 11, 24, tzinfo=UTC)
    auckland = a_board(settings("Pacific/Auckland"))
    assert auckland.today == date(2026, 11, 24)
    assert auckland.next_day() == datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine where it is tomorrow already."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "XXX-14")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_which_day_it_is_does_not_depend_on_where_the_server_stands() -> None:
    assert a_board().utc_date() == "2026-11-23"


FAMILY = UUID(int=60)


@pytest.mark.parametrize(
    ("version", "family", "order"),
    [(1, None, 1), (21, None, 21), (1, UUID(int=61), 1), (1, UUID(int=62), 1), (21, FAMILY, 41), (50, FAMILY, 50)],
)
def test_a_new_record_comes_behind_all_of_its_family(version: int, family: UUID | None, order: int) -> None:
    board = a_board(
        a_step(31, version=5, created=5, family=FAMILY, fields={"order": 40}),
        a_step(32, version=6, created=6, family=FAMILY, fields={"order": 3}),
        a_step(33, version=7, created=7, family=UUID(int=62)),
    )
    assert board.next_order(a_step(version=version, family=family)) == order


def test_how_many_live_records_there_are_follows_what_is_put() -> None:
    board = a_board()
    for record, count in ((a_step(), 1), (a_step(31), 2), (a_step(), 2), (a_step(removed=True), 1), (a_step(), 2)):
        board.put(record)
        assert board.live(TOGETHER, "step") == count


def test_what_is_amended_counts_once_as_long_as_it_lives() -> None:
    board = a_board()
    step = board.put(a_step())
    board.amend(step, fields={"title": "Boat."})
    assert board.live(TOGETHER, "step") == 1
    board.amend(step, gone=True)
    assert board.live(TOGETHER, "step") == 0


BENS_SETTINGS = (BENS, settings_id(ID_KEYS[BENS]))


def test_the_partner_s_zone_is_asked_for_once_and_known_when_their_settings_are_there() -> None:
    board = a_board()
    assert board.their_zone() is None
    board.ask_for_their_zone()
    assert board.missing == {BENS_SETTINGS}
    board = a_board(settings("Asia/Tokyo", BENS), settings=frozenset({BENS_SETTINGS}))
    assert board.their_zone() == "Asia/Tokyo"
    board.ask_for_their_zone()
    assert board.missing == set()


def test_a_partner_s_settings_that_are_loaded_already_are_not_asked_for() -> None:
    board = a_board(settings("Asia/Tokyo", BENS))
    board.ask_for_their_zone()
    assert board.missing == set()


def test_a_partner_whose_settings_do_not_open_lives_where_clocks_are_counted_from() -> None:
    board = a_board(settings=frozenset({BENS_SETTINGS}))
    assert board.their_zone() == "UTC"
    board.ask_for_their_zone()
    assert board.missing == set(), "they were asked for"


def test_who_has_parted_asks_for_nobody_s_zone() -> None:
    board = a_board(parted=True)
    board.ask_for_their_zone()
    assert (board.missing, board.their_zone()) == (set(), None)


def test_how_many_others_stand_in_a_family_leaves_out_the_record_itself_and_what_was_removed() -> None:
    board = a_board(a_step(31, family=FAMILY), a_step(32, family=FAMILY, removed=True))
    assert board.standing(a_step(family=FAMILY)) == 1
    assert board.standing(a_step(31, family=FAMILY)) == 0
    assert board.standing(a_step(32, family=FAMILY)) == 1
    assert board.standing(a_step(31, family=None)) == 0
    board.put(a_step(31, family=UUID(int=61)))
    assert board.standing(a_step(family=FAMILY)) == 0
