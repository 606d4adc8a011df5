"""What follows from a stored change: copies shown and wiped, and letters given. On a board alone, without a store."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.counsel import approval
from domain.ids import PersonId, RecordId
from domain.kind import Situation
from domain.kinds import KINDS
from domain.notes import LETTERS_A_DAY_MAX
from domain.records import Alternative, Record, Stamp
from sync.board import Board, given_on
from sync.follows import close_link, derive_parent_of, give, give_due, move, open_link, show
from sync.ports import Value
from sync.sealing import keyed_id
from tests.rules.boards import ANA, BEN, COUPLE, ID_KEYS, NOON, OWN, TOGETHER, a_board

DRAFT, ENTRY = RecordId(UUID(int=30)), RecordId(UUID(int=31))
LETTER = RecordId(keyed_id(ID_KEYS[TOGETHER], "note", ANA, DRAFT))
"""The id of the first letter that is given of the draft: found again in years to come."""


def a_draft(**values: Any) -> Record:
    fields = {name: field.shape.empty for name, field in KINDS["note_draft"].fields.items()}
    sent = {"for_what": "The soup.", "for_couple": str(COUPLE), "send": True, "delivery": "now", "state": "queued"}
    return Record(
        space=OWN, kind="note_draft", id=DRAFT, version=7, created=5, author=ANA, fields=fields | sent | values
    )


def a_letter(identity: RecordId = LETTER, **rest: Any) -> Record:
    fields = {"for_what": "The soup.", "about_you": None, "text": None, "found": False, "given_on": "2026-11-22"}
    return Record(space=TOGETHER, kind="note", id=identity, version=9, created=9, author=ANA, fields=fields, **rest)


def given(board: Board, draft: Record) -> Record:
    """The draft as it stands after it was looked at."""
    today = Situation(actor=ANA, couple=COUPLE, now=NOON, today=NOON.date())
    give(board, KINDS["note_draft"], board.put(draft), today)
    return board.records[OWN, DRAFT]


def letters(board: Board) -> list[Record]:
    """The letters that this batch has given."""
    return [each for each in board.changed() if each.kind == "note"]


# Letters -------------------------------------------------------------------------------------------------------


def test_a_letter_is_its_writer_s_and_new_and_counts_for_the_day() -> None:
    board = a_board()
    draft = given(board, a_draft())
    [letter] = letters(board)
    assert (letter.id, letter.author, letter.space) == (LETTER, ANA, TOGETHER)
    assert (letter.version, letter.created, letter.removed, letter.gone) == (21, 21, False, False)
    assert letter.family == given_on(ID_KEYS[TOGETHER], ANA, NOON.date())
    assert (draft.gone, draft.shown_id, draft.due_at, draft.fields) == (True, LETTER, None, {})


@pytest.mark.parametrize(
    "there", [a_letter(), replace(a_letter(), fields=a_letter().fields | {"given_on": "2026-11-20", "found": True})]
)
def test_the_same_words_are_not_given_twice(there: Record) -> None:
    board = a_board(there)
    draft = given(board, a_draft())
    assert letters(board) == []
    assert (draft.gone, draft.shown_id) == (True, LETTER)


@pytest.mark.parametrize(
    "there",
    [
        replace(a_letter(), fields=a_letter().fields | {"for_what": "The bread."}),
        replace(a_letter(), fields=a_letter().fields | {"text": "And more."}),
        replace(a_letter(), gone=True, fields={}),
        replace(a_letter(), gone=True),
    ],
    ids=["other words", "fewer words", "wiped", "gone"],
)
def test_where_another_letter_has_the_id_the_words_are_a_letter_of_their_own(there: Record) -> None:
    board = a_board(there)
    draft = given(board, a_draft())
    another = RecordId(keyed_id(ID_KEYS[TOGETHER], "note", ANA, DRAFT, str(draft.version)))
    assert [each.id for each in letters(board)] == [another]
    assert (draft.shown_id, draft.version) == (another, 21)


def test_words_that_were_destroyed_and_had_to_be_there_are_not_given_as_nothing() -> None:
    board = a_board()
    draft = given(board, a_draft(for_what=""))
    assert letters(board) == []
    assert (draft.fields["state"], draft.due_at) == ("draft", None)


def test_texts_beside_a_given_draft_stay_behind_it_under_its_version() -> None:
    board = a_board()
    beside = {"for_what": (Alternative(ANA, "The bread."), Alternative(ANA, "The wine."))}
    draft = given(board, replace(a_draft(), alternatives=beside, merged=("text",), stamps={"text": Stamp(7)}))
    [revision] = board.writes().revisions
    assert (revision.space, revision.record, revision.version) == (OWN, DRAFT, 21)
    assert revision.values == (Value("for_what", "The bread.", ANA), Value("for_what", "The wine.", ANA))
    assert (draft.alternatives, draft.merged, draft.stamps) == ({}, (), {})


@pytest.mark.parametrize(("late", "is_given"), [(timedelta(0), True), (timedelta(seconds=-1), False)])
def test_a_letter_that_waited_is_given_from_the_instant_it_is_due(late: timedelta, is_given: bool) -> None:
    board = a_board(replace(a_draft(), due_at=NOON - late))
    give_due(board, DRAFT)
    assert bool(letters(board)) == is_given


@pytest.mark.parametrize(("given_today", "is_given"), [(LETTERS_A_DAY_MAX - 1, True), (LETTERS_A_DAY_MAX, False)])
def test_a_letter_that_waited_waits_on_when_the_day_is_full_already(given_today: int, is_given: bool) -> None:
    today = given_on(ID_KEYS[TOGETHER], ANA, NOON.date())
    others = [a_letter(RecordId(UUID(int=60 + nth)), family=today) for nth in range(given_today)]
    board = a_board(replace(a_draft(), due_at=NOON), *others)
    give_due(board, DRAFT)
    assert bool(letters(board)) == is_given
    assert board.records[OWN, DRAFT].due_at == (None if is_given else datetime(2026, 11, 24, tzinfo=UTC))


# Copies --------------------------------------------------------------------------------------------------------


def an_entry(*, shown_id: RecordId | None = None, **values: Any) -> Record:
    fields = {name: field.shape.empty for name, field in KINDS["check_in"].fields.items()}
    fields |= {"local_date": "2026-11-23", "text": "Tired.", "audience": str(COUPLE), "shared_parts": ["text"]}
    return Record(
        space=OWN,
        kind="check_in",
        id=ENTRY,
        version=7,
        created=5,
        author=ANA,
        fields=fields | values,
        shown_id=shown_id,
    )


def test_a_copy_stays_its_author_s_and_keeps_its_place_while_it_changes_and_when_it_is_wiped() -> None:
    board = a_board()
    show(board, KINDS["check_in"], board.put(an_entry()))
    master = board.records[OWN, ENTRY]
    [first] = [each for each in board.changed() if each.kind == "shown_check_in"]
    assert (first.id, first.author, first.created) == (master.shown_id, ANA, 21)
    assert first.id == keyed_id(ID_KEYS[TOGETHER], "shown_check_in", ANA, ENTRY)

    show(board, KINDS["check_in"], board.put(master.with_fields(master.fields | {"text": "Well."})))
    changed = board.records[TOGETHER, first.id]
    assert (changed.author, changed.created, changed.version) == (ANA, 21, 22)
    assert (changed.fields["text"], changed.fields["edited"]) == ("Well.", True)

    show(board, KINDS["check_in"], board.put(replace(master, removed=True)))
    wiped = board.records[TOGETHER, first.id]
    assert (wiped.author, wiped.created, wiped.version) == (ANA, 21, 23)
    assert (wiped.gone, wiped.fields) == (True, {})


def test_a_copy_keeps_an_id_that_would_be_made_otherwise_now() -> None:
    shown = RecordId(UUID(int=32))
    entry = an_entry(shown_id=shown)
    copy = replace(entry, space=TOGETHER, kind="shown_check_in", id=shown, fields={"text": "Well."}, shown_id=None)
    board = a_board(copy)
    show(board, KINDS["check_in"], board.put(entry))
    assert [each.id for each in board.changed()] == [ENTRY, shown]
    assert board.records[OWN, ENTRY].shown_id == shown


def test_after_parting_a_copy_is_left_as_it_is() -> None:
    board = a_board(parted=True)
    show(board, KINDS["check_in"], board.put(an_entry(shown_id=RecordId(UUID(int=32)))))
    assert [each.kind for each in board.changed()] == ["check_in"]


# Goals ---------------------------------------------------------------------------------------------------------

GOAL, TERMS, LATE = (RecordId(UUID(int=number)) for number in (70, 71, 72))
MOVED_BY = frozenset({(UUID(int=70), "goal_terms"), (UUID(int=70), "goal_act")})


def of_the_goal(kind: str, identity: RecordId, version: int, author: PersonId = ANA, **values: Any) -> Record:
    fields = {name: field.shape.empty for name, field in KINDS[kind].fields.items()} | {
        "order": version,
        "on": "2026-11-20",
    }
    return Record(
        space=TOGETHER,
        kind=kind,
        id=identity,
        version=version,
        created=version,
        author=author,
        fields=fields | values,
        family=None if kind == "goal" else GOAL,
    )


A_GOAL = of_the_goal("goal", GOAL, 5)
PROPOSED = of_the_goal("goal_terms", TERMS, 6, goal=str(GOAL), title="Walk.", based_on=None)
STALE = of_the_goal("goal_terms", LATE, 7, goal=str(GOAL), title="Run.", based_on=str(UUID(int=79)))


def an_act(version: int, author: PersonId, act: str) -> Record:
    identity = RecordId(UUID(int=100 + version))
    return of_the_goal("goal_act", identity, version, author, goal=str(GOAL), terms=str(TERMS), act=act)


ACCEPTED = an_act(8, BEN, "accept")


def unversioned(record: Record) -> Record:
    return replace(record, version=0, created=0)


def test_a_goal_is_moved_by_what_is_new_about_it_and_one_that_was_removed_is_not() -> None:
    for goal, state in ((A_GOAL, "active"), (replace(A_GOAL, removed=True), A_GOAL.fields["state"])):
        board = a_board(goal, PROPOSED, families=MOVED_BY)
        assert move(board, [board.put(unversioned(ACCEPTED))]) == frozenset()
        assert board.records[TOGETHER, GOAL].fields["state"] == state


def test_a_goal_that_is_new_itself_is_moved_under_the_version_it_has() -> None:
    board = a_board(families=MOVED_BY)
    new = [board.put(unversioned(each)) for each in (A_GOAL, PROPOSED)]
    move(board, new)
    assert board.records[TOGETHER, GOAL].version == 21
    assert board.records[TOGETHER, GOAL].fields["open_terms"] == [str(TERMS)]


def test_who_is_asked_to_look_again_is_told_under_one_id_for_ever_and_once() -> None:
    board = a_board(A_GOAL, families=MOVED_BY)
    move(board, [board.put(unversioned(STALE))])
    [notice] = [each for each in board.changed() if each.kind == "notice"]
    assert notice.id == keyed_id(ID_KEYS[OWN], "notice", ANA, LATE, "", "21", "look_again")

    board = a_board(A_GOAL, STALE, PROPOSED, families=MOVED_BY)
    move(board, [board.put(unversioned(ACCEPTED))])
    assert [each.kind for each in board.changed()] == ["goal_act", "goal"], "what was known before is not said again"


def test_of_a_goal_that_was_achieved_it_is_not_said_again_what_came_too_late() -> None:
    done = [an_act(9, ANA, "mark_done"), an_act(10, BEN, "mark_done")]
    board = a_board(A_GOAL, PROPOSED, ACCEPTED, *done, an_act(11, ANA, "rest"), families=MOVED_BY)
    move(board, [board.put(unversioned(an_act(12, BEN, "rest")))])
    assert [each.kind for each in board.changed()] == ["goal_act", "goal"]
    [told] = board.writes().deposits
    assert (told.record.author, told.record.fields["code"]) == (BEN, "look_again")


def test_what_moves_a_goal_is_asked_for_where_the_goal_is_new_and_for_each_of_them() -> None:
    board = a_board(A_GOAL)
    assert move(board, [board.put(A_GOAL)]) == frozenset()
    another = RecordId(UUID(int=75))
    board = a_board()
    new = [board.put(unversioned(replace(A_GOAL, id=identity))) for identity in (GOAL, another)]
    assert move(board, new) == MOVED_BY | {(another, "goal_terms"), (another, "goal_act")}


def test_whoever_edits_a_child_need_not_name_its_parent_which_is_asked_for_with_its_children() -> None:
    asked = {(GOAL, "goal_terms"), (GOAL, "goal_act")}
    board = a_board()
    assert move(board, [board.put(unversioned(ACCEPTED))]) == asked
    board = a_board(A_GOAL)
    assert move(board, [board.put(unversioned(ACCEPTED))]) == asked, "the goal is there, what else moves it is not"
    board = a_board(families=MOVED_BY)
    assert move(board, [board.put(unversioned(ACCEPTED))]) == frozenset(), "there is no such goal, or not yet"


def test_what_a_child_asks_for_is_asked_for_though_its_parent_was_edited_after_it() -> None:
    board = a_board(A_GOAL)
    changed = [board.put(unversioned(ACCEPTED)), board.put(A_GOAL)]
    assert move(board, changed) == MOVED_BY


def test_an_answer_to_what_nothing_moves_asks_for_nothing() -> None:
    copy = replace(of_the_goal("shown_check_in", RecordId(UUID(int=90)), 5, BEN), family=None)
    board = a_board(copy)
    answer = of_the_goal("response", RecordId(UUID(int=91)), 0, to=str(copy.id), form="heard_you")
    assert move(board, [board.put(unversioned(answer))]) == frozenset()


def test_a_child_that_names_no_parent_any_more_asks_for_nothing() -> None:
    board = a_board(A_GOAL)
    assert move(board, [board.put(unversioned(replace(ACCEPTED, gone=True, fields={})))]) == frozenset()


# Links to a summary, and a child that lost words ---------------------------------------------------------------


SUMMARY = replace(
    of_the_goal("counsel_summary", RecordId(UUID(int=80)), 9),
    fields={"from": "2026-09-01", "to": "2026-11-23", "for_whom": None, "state": "draft", "link_until": None},
    family=None,
)
PART = replace(
    of_the_goal("counsel_part", RecordId(UUID(int=81)), 10),
    fields={
        "summary": str(SUMMARY.id),
        "section": "hopes",
        "text": "More walks.",
        "approvals": [approval(ANA, "More walks.")],
    },
    family=SUMMARY.id,
)
UNTIL, SAID_UNTIL = NOON + timedelta(days=3), "2026-11-26T12:00:00Z"


def linked(**rest: Any) -> Record:
    return replace(SUMMARY, fields=SUMMARY.fields | {"state": "shared", "link_until": SAID_UNTIL}, **rest)


def how_it_stands(board: Board) -> tuple[int, Any, Any]:
    """The version of the summary, how it stands and until when a link shows it."""
    now = board.records[TOGETHER, SUMMARY.id]
    return now.version, now.fields["state"], now.fields["link_until"]


def test_a_summary_says_until_when_a_link_shows_it() -> None:
    board = a_board(SUMMARY, PART)
    assert open_link(board, SUMMARY.id, UNTIL)
    assert how_it_stands(board) == (21, "shared", SAID_UNTIL)


def test_a_summary_whose_link_is_revoked_stands_as_its_parts_say() -> None:
    for parts, state in (((PART,), "ready"), ((), "draft")):
        board = a_board(linked(), *parts)
        assert open_link(board, SUMMARY.id, None)
        assert how_it_stands(board) == (21, state, None)


def test_to_revoke_a_link_where_there_is_none_changes_nothing() -> None:
    board = a_board(SUMMARY, PART)
    assert open_link(board, SUMMARY.id, None)
    assert board.changed() == []


@pytest.mark.parametrize(
    "there",
    [
        (),
        (replace(SUMMARY, removed=True),),
        (replace(SUMMARY, gone=True, fields={}),),
        (replace(A_GOAL, id=SUMMARY.id),),
    ],
)
def test_a_link_is_to_a_summary_that_stands_and_to_nothing_else(there: tuple[Record, ...]) -> None:
    board = a_board(*there)
    assert not open_link(board, SUMMARY.id, UNTIL)
    assert board.changed() == []


def test_whoever_has_parted_opens_no_link() -> None:
    assert not open_link(a_board(SUMMARY, parted=True), SUMMARY.id, UNTIL)


def test_a_link_is_closed_also_to_a_summary_that_was_removed() -> None:
    for summary, state in ((linked(), "ready"), (linked(removed=True), "shared")):
        board = a_board(summary, PART)
        close_link(board, summary)
        assert how_it_stands(board) == (21, state, None)


def test_a_part_that_lost_its_words_counts_no_more() -> None:
    emptied = PART.with_fields(PART.fields | {"text": ""})
    board = a_board(SUMMARY.with_fields(SUMMARY.fields | {"state": "ready"}), emptied)
    derive_parent_of(board, PART.id)
    assert how_it_stands(board) == (21, "draft", None)


@pytest.mark.parametrize(
    ("there", "parted"),
    [
        (
            (PART.with_fields(PART.fields | {"text": ""}), SUMMARY.with_fields(SUMMARY.fields | {"state": "ready"})),
            True,
        ),
        ((PART,), False),
        ((PART, replace(A_GOAL, id=SUMMARY.id)), False),
        ((SUMMARY,), False),
        ((), False),
    ],
    ids=["they have parted", "its parent is not there", "its parent is none", "it has no parent", "it is not there"],
)
def test_nothing_follows_where_there_is_nothing_to_follow(there: tuple[Record, ...], *, parted: bool) -> None:
    board = a_board(*there, parted=parted)
    derive_parent_of(board, PART.id)
    derive_parent_of(board, SUMMARY.id)
    assert board.changed() == []
