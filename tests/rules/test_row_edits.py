"""What a row of WatermelonDB says: which edit, made on what, and what its client was shown then."""

import json
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from domain.ids import DeviceId, RecordId
from domain.records import Alternative, Record, Stamp
from sync.bodies import canonical
from sync.merge import BESIDE as ALTERNATIVES
from sync.ports import History, Life, Place, Row, Shadow, Snapshot, Space, Stood
from sync.row_edits import (
    edit_of,
    edited_row,
    is_sent_again,
    needs_history,
    removal_of,
    removed_row,
)
from sync.rows import WatermelonRow
from sync.sealing import keyed_id
from sync.wire import Change
from tests.rules.boards import ANA, BEN, COUPLE, COUPLE_SPACE, ID_KEYS, OWN, OWN_SPACE, TOGETHER

PHONE, TABLET, BENS = (DeviceId(UUID(int=number)) for number in (9, 10, 11))
STEP_ID, GOAL_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"
LOST = UUID(int=52)
"""A life of the couple's space that ended at version 10."""
HOME = replace(COUPLE_SPACE, lives=(Life(LOST, 10),))
SPACES: dict[Any, Space] = {OWN: OWN_SPACE, TOGETHER: HOME}


def row(changed: str = "", **values: Any) -> WatermelonRow:
    """The step as a client was given it with version 6, with these edits in these columns."""
    given = {"id": STEP_ID, "rev": 6, "epoch": str(HOME.epoch), "author": str(ANA), "couple": str(COUPLE)}
    held = {"removed_at": None, "goal": GOAL_ID, "title": "Pack.", "taken_by": "[]", "done": False, "proof": "proof"}
    return {**given, **held, "alternatives": "{}", "merged": "[]", "_changed": changed, **values}


def new_row(changed: str = "", **values: Any) -> WatermelonRow:
    return {"id": STEP_ID, "couple": str(COUPLE), "goal": GOAL_ID, "title": "Pack.", "_changed": changed} | values


def stored_step(**rest: Any) -> Record:
    """The same as it is stored, and nobody has changed it since."""
    stamp = Stamp(6, TABLET, 0, None, ANA)
    said: dict[str, Any] = {
        "version": 6,
        "fields": {"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False, "proof": "proof"},
        "stamps": dict.fromkeys(("goal", "title", "taken_by", "done"), stamp),
        **rest,
    }
    return Record(space=TOGETHER, kind="step", id=RecordId(UUID(STEP_ID)), created=6, author=ANA, **said)


def rewritten(**values: Any) -> Record:
    """The step as Ben's phone has changed it with version 8."""
    record = stored_step()
    stamps = record.stamps | dict.fromkeys(values, Stamp(8, BENS, 6, None, BEN))
    return replace(record, version=8, fields=record.fields | values, stamps=stamps)


def behind(record: Record, *stood: Stood) -> History:
    return History(texts={}, stood={(record.space, record.id): stood})


NOTHING_BEHIND = History(texts={})


def a_shadow(version: int, *, deleted: bool = False, **values: Any) -> Shadow:
    fields = {"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False} | values
    return Shadow(
        space=TOGETHER,
        record=RecordId(UUID(STEP_ID)),
        kind="step",
        version=version,
        snapshot=Snapshot(fields, deleted),
    )


def edit(
    given: WatermelonRow,
    stored: Record | None = None,
    past: History = NOTHING_BEHIND,
    *,
    shadow: Shadow | None = None,
) -> Change | None:
    return edit_of(
        edited_row("step", given), shadow, stored, past, SPACES, person=ANA, device=PHONE, own_key=ID_KEYS[OWN]
    )


def edited(given: WatermelonRow, stored: Record | None = None, past: History = NOTHING_BEHIND, **rest: Any) -> Change:
    made = edit(given, stored, past, **rest)
    assert made is not None
    return made


# What a row says by itself ---------------------------------------------------------------------------------------


def test_a_row_says_which_record_it_is_about_what_it_holds_and_what_was_edited() -> None:
    made = edited_row("step", row("title,done", title="Go.", taken_by=f'["{ANA}"]'))
    assert (made.row.kind, made.row.id, made.row.named, made.row.assumed) == ("step", UUID(STEP_ID), STEP_ID, None)
    assert (made.row.new["title"], made.row.new["taken_by"], made.row.couple) == ("Go.", [str(ANA)], COUPLE)
    assert (made.changed, made.only_id, made.is_new) == ({"title", "done"}, False, False)


def test_a_row_that_its_client_was_never_given_is_new() -> None:
    assert edited_row("step", new_row()).is_new


def test_an_id_alone_says_that_it_was_removed() -> None:
    made = removed_row("step", STEP_ID)
    assert (made.row.kind, made.row.id, made.row.named, made.row.assumed) == ("step", UUID(STEP_ID), STEP_ID, None)
    assert (made.row.new, made.changed, made.only_id) == ({"id": STEP_ID, "_deleted": True}, frozenset(), True)


def test_the_other_s_removal_is_no_edit_of_the_client_that_was_told_of_it() -> None:
    assert edited_row("step", row("title", removed_at=8)).as_edit.new["_deleted"] is False
    assert edited_row("step", row("title,removed_at", removed_at=1)).as_edit.new["_deleted"] is True
    assert edited_row("step", new_row(removed_at=1)).as_edit.new["_deleted"] is True


# Whether it was sent again ---------------------------------------------------------------------------------------


def sent_again(
    given: WatermelonRow, *, shadow: Shadow | None = None, space: Space | None = HOME, base: int = 6
) -> bool:
    return is_sent_again(edited_row("step", given), shadow, space, base)


def test_a_row_without_edits_was_sent_again() -> None:
    assert sent_again(row())
    assert not sent_again(row("title"))
    assert not sent_again(new_row())


@pytest.mark.parametrize(("rev", "again"), [(10, False), (11, True)])
def test_a_row_of_a_life_that_was_lost_was_sent_again_edited_or_not(rev: int, again: bool) -> None:
    assert sent_again(row("title", epoch=str(LOST), rev=rev)) is again
    assert sent_again(row(epoch=str(LOST), rev=rev))


def test_a_row_of_a_version_that_the_store_has_not_come_to_is_of_a_life_that_it_has_lost_without_noticing() -> None:
    assert sent_again(row("title", rev=HOME.head + 1))
    assert not sent_again(row("title", rev=HOME.head))


@pytest.mark.parametrize(("version", "again"), [(9, True), (10, True), (11, False)])
def test_what_the_device_has_pushed_since_it_was_given_a_row_is_what_it_edits(version: int, again: bool) -> None:
    given = row("title", epoch=str(LOST), rev=11)
    assert sent_again(given, shadow=a_shadow(version), base=10) is again


@pytest.mark.parametrize("version", [5, 6, 7])
def test_a_row_without_edits_was_sent_again_whatever_its_device_has_pushed_since(version: int) -> None:
    assert sent_again(row(), shadow=a_shadow(version))


def test_what_stands_nowhere_was_not_sent_again() -> None:
    assert not sent_again(row(), space=None)


# What its client was shown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "stored", "needed"),
    [
        ("title", rewritten(title="Go."), True),
        ("done", rewritten(title="Go."), False),
        ("title,done", rewritten(title="Go."), True),
        ("title", stored_step(), False),
        ("title", None, False),
        ("", rewritten(title="Go."), False),
    ],
)
def test_earlier_values_are_asked_for_where_somebody_has_changed_an_edited_column_since(
    changed: str, stored: Record | None, needed: bool
) -> None:
    assert needs_history(edited_row("step", row(changed)), stored, 6) is needed


def test_what_is_no_column_asks_for_nothing() -> None:
    record = replace(stored_step(), stamps=stored_step().stamps | {"removed": Stamp(8, BENS, 6, None, BEN)})
    assert not needs_history(edited_row("step", row("removed")), record, 6)


def test_an_edit_is_what_was_edited_and_says_what_a_text_was() -> None:
    made = edited(row("title,done", title="Pack the tent.", done=True), stored_step())
    assert made == Change(
        key=made.key,
        kind="step",
        id=UUID(STEP_ID),
        base=6,
        couple=COUPLE,
        set={"title": "Pack the tent.", "done": True},
        was={"title": "Pack."},
    )


def test_what_was_not_edited_is_no_edit_however_the_row_differs() -> None:
    made = edited(row("done", title="Pack.", done=True), rewritten(title="Go.", taken_by=[str(BEN)]))
    assert (made.set, made.was) == ({"done": True}, {})


def test_a_column_that_was_edited_back_is_no_edit() -> None:
    assert edit(row("title"), stored_step()) is None


def test_a_text_that_was_rewritten_since_was_made_of_what_stood_at_the_version_of_the_row() -> None:
    record = rewritten(title="Go.")
    stood = [Stood("title", "Stay.", 2, 6), Stood("done", True, 6, 8), Stood("title", "Pack.", 6, 8)]
    made = edited(row("title", title="Pack the tent."), record, behind(record, *stood))
    assert (made.set, made.was) == ({"title": "Pack the tent."}, {"title": "Pack."})


@pytest.mark.parametrize(("since", "until", "known"), [(6, 8, True), (5, 7, True), (7, 8, False), (4, 6, False)])
def test_what_stood_at_a_version_came_with_it_or_before_and_left_after_it(since: int, until: int, known: bool) -> None:
    record = rewritten(title="Go.")
    made = edited(row("title", title="Pack the tent."), record, behind(record, Stood("title", "Pack.", since, until)))
    assert made.was == ({"title": "Pack."} if known else {})


def test_of_what_nobody_knows_any_more_it_is_not_said_what_it_was_and_it_counts_as_edited() -> None:
    made = edited(row("title,done"), rewritten(title="Go.", done=True))
    assert (made.set, made.was) == ({"title": "Pack.", "done": False}, {})
    gone = edited(row("title", title="Go."))
    assert (gone.set, gone.was, gone.base) == ({"title": "Go."}, {}, 6)


@pytest.mark.parametrize(
    ("there", "brought", "was"),
    [
        ([BEN], [ANA], []),
        ([BEN], [ANA, BEN], [BEN]),
        ([ANA, BEN], [], [ANA]),
        ([ANA, BEN], [BEN], [ANA, BEN]),
        ([ANA, BEN], [ANA], []),
    ],
)
def test_where_each_says_their_own_nobody_is_taken_to_have_said_anything_of_the_other(
    there: list[Any], brought: list[Any], was: list[Any]
) -> None:
    """What the set held at the version of the row nobody knows: an empty one, for instance, is not kept behind."""
    ids = json.dumps([str(each) for each in brought])
    made = edited(row("taken_by", taken_by=ids), rewritten(taken_by=sorted(str(each) for each in there)))
    assert made.set == {"taken_by": [str(each) for each in brought]}
    assert made.was == {"taken_by": sorted(str(each) for each in was)}


def test_i12_whoever_takes_the_other_out_of_a_set_that_they_have_seen_is_taken_at_their_word_and_refused() -> None:
    there = stored_step()
    there.fields["taken_by"] = [str(ANA), str(BEN)]
    made = edited(row("taken_by", taken_by=json.dumps([str(ANA)])), there)
    assert (made.set, made.was) == ({"taken_by": [str(ANA)]}, {"taken_by": [str(ANA), str(BEN)]})


def test_an_emptied_column_takes_oneself_out_of_a_set_and_nobody_else() -> None:
    made = edited(row("taken_by", taken_by=None), rewritten(taken_by=[str(ANA), str(BEN)]))
    assert (made.set, made.was) == ({"taken_by": []}, {"taken_by": [str(ANA)]})


def test_of_what_nobody_has_stored_nothing_is_known_that_stood_there() -> None:
    made = edited(row("taken_by", taken_by=json.dumps([str(ANA)])), None)
    assert (made.set, made.was) == ({"taken_by": [str(ANA)]}, {})


def test_of_a_kind_that_nobody_knows_an_edited_column_is_an_edit() -> None:
    given = edited_row("star_sign", row("title", title="Leo."))
    made = edit_of(given, None, None, NOTHING_BEHIND, SPACES, person=ANA, device=PHONE, own_key=ID_KEYS[OWN])
    assert made is not None
    assert (made.kind, made.set["title"], made.was) == ("star_sign", "Leo.", {})


def test_who_brings_of_the_other_what_is_not_there_says_nothing_by_it() -> None:
    for brought in (json.dumps([str(BEN)]), "[]", None):
        assert edit(row("taken_by", taken_by=brought), rewritten(taken_by=["another"])) is None


@pytest.mark.parametrize("brought", ["no list", "[1]", "[null]", "{}"])
def test_what_is_no_set_of_ids_is_left_to_be_refused(brought: str) -> None:
    made = edited(row("taken_by", taken_by=brought), rewritten(taken_by=[str(BEN)]))
    assert ("taken_by" in made.set, made.was) == (True, {})


def test_a_row_of_another_life_is_of_what_both_lives_have() -> None:
    made = edited(row("done", done=True, epoch=str(LOST), rev=9), stored_step())
    assert (made.base, made.set) == (9, {"done": True})


# What stands beside ----------------------------------------------------------------------------------------------


def beside(version: int) -> Record:
    """Ben's text stands beside since this version."""
    record = stored_step(alternatives={"title": (Alternative(BEN, "Go."),)}, version=version)
    return replace(record, stamps=record.stamps | {ALTERNATIVES: Stamp(version, BENS, 0, None, BEN)})


def test_a_pick_takes_out_what_its_client_was_shown() -> None:
    made = edited(row("alternatives"), beside(6))
    assert made.set == {"alternatives": {}}
    assert made.was == {"alternatives": {"title": [{"by": str(BEN), "text": "Go."}]}}


def test_a_pick_takes_nothing_out_that_came_after() -> None:
    assert edit(row("alternatives"), beside(7)) is None


def test_a_pick_takes_out_what_stands_in_the_text_now_whenever_that_came() -> None:
    made = edited(row("alternatives,title", title="Go."), beside(7))
    assert (made.set, made.base) == ({"alternatives": {}, "title": "Go."}, 6)
    assert made.was == {"alternatives": {"title": [{"by": str(BEN), "text": "Go."}]}, "title": "Pack."}


def test_a_joined_text_is_confirmed_where_its_client_was_shown_it() -> None:
    record = stored_step(merged=("goal", "title"))
    newer = replace(record, stamps=record.stamps | {"goal": Stamp(7, BENS, 6, None, BEN)})
    assert edited(row("merged"), record).was == {"merged": ["goal", "title"]}
    made = edited(row("merged"), newer)
    assert (made.set, made.was) == ({"merged": []}, {"merged": ["title"]})


# Removing --------------------------------------------------------------------------------------------------------


def test_a_number_in_its_column_removes_and_null_brings_back() -> None:
    assert edited(row("removed_at", removed_at=1), stored_step()).remove is True
    assert edited(row("removed_at"), stored_step(removed=True)).remove is False
    assert edited(row("done", done=True, removed_at=8), stored_step(removed=True)).remove is UNSET


def test_a_row_that_says_nothing_but_that_it_was_removed_is_removed() -> None:
    bare = {"id": STEP_ID, "rev": 6, "epoch": str(HOME.epoch), "removed_at": 1, "_changed": "removed_at"}
    made = edited(bare, stored_step())
    assert (made.base, made.set, made.remove) == (6, {}, True)


def test_an_edit_and_a_removal_are_one_change() -> None:
    made = edited(row("removed_at,title", removed_at=1, title="Go."), stored_step())
    assert (made.set, made.was, made.remove) == ({"title": "Go."}, {"title": "Pack."}, True)


def removal(place: Place | None, space: Space = HOME, **values: Any) -> Change | None:
    stored = Row(
        space=space.id,
        kind="step",
        id=RecordId(UUID(STEP_ID)),
        version=9,
        author=ANA,
        **{"removed": False, "gone": False, "body": b"{}", **values},
    )
    return removal_of(removed_row("step", STEP_ID).row, stored, space, place, device=PHONE, own_key=ID_KEYS[OWN])


def test_an_id_alone_removes_what_its_device_was_given_by_its_last_pull() -> None:
    assert removal(Place(HOME.epoch, 7)) == Change(
        key=keyed_id(ID_KEYS[OWN], "removed", PHONE, "step", STEP_ID, "7"),
        kind="step",
        id=UUID(STEP_ID),
        base=7,
        couple=COUPLE,
        remove=True,
    )


@pytest.mark.parametrize(
    ("place", "base"),
    [
        (None, 0),
        (Place(LOST, 7), 7),
        (Place(LOST, 15), 10),
        (Place(UUID(int=59), 7), 0),
        (Place(HOME.epoch, 7, reach=12), 7),
        (Place(UUID(int=59), 7, lives=(Life(LOST, 9),)), 7),
    ],
)
def test_of_another_life_a_device_was_given_no_more_than_both_have(place: Place | None, base: int) -> None:
    made = removal(place)
    assert made is not None
    assert made.base == base


def test_a_removal_of_one_s_own_names_no_couple() -> None:
    made = removal(None, OWN_SPACE)
    assert made is not None
    assert made.couple is None


@pytest.mark.parametrize("is_", ["removed", "gone"])
def test_what_is_removed_or_wiped_already_is_not_removed_again(is_: str) -> None:
    assert removal(None, **{is_: True}) is None


# What the same device has pushed before --------------------------------------------------------------------------


def test_a_new_row_is_made() -> None:
    made = edited(new_row(done=True))
    assert (made.base, made.set, made.was) == (0, {"goal": GOAL_ID, "title": "Pack.", "done": True}, {})


def test_a_new_row_that_was_pushed_before_holds_what_differs_from_that() -> None:
    made = edited(new_row(title="Go."), stored_step(), shadow=a_shadow(6))
    assert (made.base, made.set, made.was) == (0, {"title": "Go."}, {"title": "Pack."})
    emptied = edited(new_row(title="Go."), stored_step(), shadow=a_shadow(6, done=True))
    assert emptied.set == {"title": "Go.", "done": False}


def test_of_a_new_row_that_was_pushed_before_and_names_its_edits_those_alone_count() -> None:
    made = edited(new_row("title", title="Go."), stored_step(), shadow=a_shadow(6, done=True))
    assert made.set == {"title": "Go."}


def test_an_edit_is_made_of_what_the_same_device_has_pushed_since() -> None:
    made = edited(
        row("title,done", title="Go.", done=True), rewritten(title="Stay."), shadow=a_shadow(7, title="Pack it.")
    )
    assert (made.base, made.set, made.was) == (6, {"title": "Go.", "done": True}, {"title": "Pack it."})


@pytest.mark.parametrize("version", [5, 6])
def test_what_was_pushed_before_the_row_was_given_does_not_count(version: int) -> None:
    made = edited(row("title", title="Go."), stored_step(), shadow=a_shadow(version, title="Pack it."))
    assert (made.base, made.was) == (6, {"title": "Pack."})


def test_what_was_pushed_as_removed_is_not_removed_again_and_can_be_brought_back() -> None:
    removed = a_shadow(7, deleted=True)
    assert edit(row("removed_at", removed_at=1), stored_step(removed=True), shadow=removed) is None
    assert edited(row("removed_at"), stored_step(removed=True), shadow=removed).remove is False
    assert edited(row("done", done=True), stored_step(removed=True), shadow=removed).remove is UNSET


def test_what_has_no_id_is_refused_with_its_words() -> None:
    made = edited(row("title", id="kiwi", title="Go."), None, shadow=None)
    assert made.set == {"again": True, "goal": GOAL_ID, "title": "Go.", "proof": "proof"}


def test_a_retry_has_the_same_key_though_a_newer_server_receives_it() -> None:
    held = {"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False, "proof": "proof"}
    held |= {"alternatives": {}, "merged": []}
    marks = {"id": STEP_ID, "rev": 6, "epoch": str(HOME.epoch), "author": str(ANA), "couple": str(COUPLE)}
    # The order in which the two names of what its client knew are written is part of it.
    start = b'{"fields":' + canonical(held) + b',"deleted":true}'
    said = (canonical(held | {"_deleted": True}), start, canonical(marks | held | {"_deleted": False}))
    key = keyed_id(ID_KEYS[OWN], "submitted", PHONE, "step", STEP_ID, *said)
    assert edited(row("removed_at"), stored_step(removed=True)).key == key


def test_a_retry_has_the_same_key_and_another_edit_another() -> None:
    first, again = (edited(row("title", title="Go."), stored_step()) for _ in range(2))
    assert first.key == again.key
    others = [
        edited(row("title", title="Stay."), stored_step()),
        edited(row("title", title="Go."), stored_step(fields=stored_step().fields | {"title": "Pack it."})),
        edited(row("title,removed_at", title="Go.", removed_at=1), stored_step()),
    ]
    assert first.key not in {each.key for each in others}
    assert len({each.key for each in others}) == 3
