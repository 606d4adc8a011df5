"""What a stored change may cause a prompt for: an example of each row, and who is told of it."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.news import ARRIVES, REPLANS, news_of
from domain.prompt_kinds import PROMPT_KINDS
from domain.records import Record
from tests.prompting import ANA, BEN

BOTH = frozenset({ANA, BEN})


def a_record(kind: str, **fields: Any) -> Record:
    return Record(
        space=SpaceId(UUID(int=5)),
        kind=kind,
        id=RecordId(UUID(int=6)),
        version=4,
        created=4,
        author=ANA,
        fields=fields,
    )


def told(before: Record | None, now: Record, actor: PersonId = ANA) -> list[tuple[PersonId, str | None]]:
    return list(news_of(before, now, actor=actor, members=BOTH))


def test_the_tables_name_kinds_that_there_are() -> None:
    assert ARRIVES.keys() | REPLANS.keys() <= KINDS.keys()
    assert all(KINDS[kind].home == "couple" for kind in ARRIVES)


def test_every_arrival_has_a_cause() -> None:
    opened = {"let_them_know": True, "latest": "a", "support_wanted": "practical", "state": "achieved"}
    caused = {kind for arrives in ARRIVES.values() for kind in arrives(None, opened)}
    assert caused == {kind.name for kind in PROMPT_KINDS.values() if kind.is_arrival}


@pytest.mark.parametrize("kind", ["note", "response", "repair", "support_offer"])
def test_a_letter_is_told_to_whom_it_was_given_once(kind: str) -> None:
    letter = a_record(kind, text="a")
    assert told(None, letter) == [(BEN, "letter_arrived")]
    assert told(letter, replace(letter, version=5)) == []
    assert told(replace(letter, removed=True), letter) == [(BEN, "letter_arrived")]


def test_what_is_to_be_found_is_told_to_nobody() -> None:
    assert told(None, a_record("note", found=True)) == []


def test_i31_not_ready_yet_is_told_by_no_prompt() -> None:
    assert told(None, a_record("response", form="not_ready_yet")) == []


def test_a_request_and_a_proposal_are_told_when_they_are_made() -> None:
    assert told(None, a_record("support_request")) == [(BEN, "request_arrived")]
    assert told(None, a_record("goal_terms"), actor=BEN) == [(ANA, "proposal_arrived")]


def test_what_is_taken_back_at_once_is_told_to_nobody() -> None:
    assert told(None, replace(a_record("support_request"), removed=True)) == []
    assert told(None, replace(a_record("shown_goal", let_them_know=True), gone=True)) == []


def test_a_window_is_told_when_its_owner_lets_them_know() -> None:
    silent, loud = a_record("shown_check_in", let_them_know=False), a_record("shown_check_in", let_them_know=True)
    assert told(None, silent) == []
    assert told(None, loud) == [(BEN, "window_opened")]
    assert told(silent, loud) == [(BEN, "window_opened")]
    assert told(loud, replace(loud, version=9)) == []
    assert told(a_record("shown_check_in"), a_record("shown_check_in", let_them_know=None)) == []
    assert told(None, a_record("shown_boundary", form="space")) == []


def test_news_of_an_own_goal_are_told_where_a_word_is_welcome() -> None:
    shown = a_record("shown_goal", let_them_know=True, support_wanted="encouragement", latest=None)
    first = replace(shown, fields=shown.fields | {"latest": "Ten laps."})
    assert told(None, shown) == [(BEN, "window_opened")]
    assert told(None, first) == [(BEN, "window_opened"), (BEN, "own_goal_cheer")]
    assert told(shown, first) == [(BEN, "own_goal_cheer")]
    assert told(first, replace(first, version=9)) == []
    assert told(first, replace(first, fields=first.fields | {"latest": "Twenty."})) == [(BEN, "own_goal_cheer")]
    assert told(first, shown) == []
    for differs in (
        {"support_wanted": "space"},
        {"support_wanted": "none"},
        {"support_wanted": None},
        {"let_them_know": False},
    ):
        assert told(shown, replace(first, fields=first.fields | differs)) == []


def test_a_goal_that_both_have_reached_is_told_to_the_one_who_was_not_the_last() -> None:
    active, achieved = a_record("goal", state="active"), a_record("goal", state="achieved")
    assert told(active, achieved, actor=BEN) == [(ANA, "goal_achieved")]
    assert told(None, achieved) == [(BEN, "goal_achieved")]
    assert told(achieved, replace(achieved, version=9)) == []
    assert told(None, active) == []
    assert told(active, a_record("goal", state="let_go")) == []


def test_plans_are_looked_at_again_of_whom_it_concerns() -> None:
    assert told(None, a_record("boundary")) == [(ANA, None)]
    assert told(a_record("settings"), a_record("settings"), actor=BEN) == [(BEN, None)]
    pause = a_record("pause")
    assert told(pause, pause) == [(ANA, None), (BEN, None)]
    assert told(None, replace(a_record("boundary"), removed=True)) == [(ANA, None)]


def test_what_stays_with_its_author_tells_nobody_anything() -> None:
    for kind in ("check_in", "reflection", "balance_note", "own_goal", "note_draft", "shelf", "unplaced"):
        assert told(None, a_record(kind, text="a", let_them_know=True)) == []
