"""What a pushed document says by itself: which record it is about, what its client knew, and what was edited."""

from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET

from domain.ids import DeviceId, RecordId
from domain.kinds import KINDS
from sync.documents import Document
from sync.ports import Shadow, Snapshot
from sync.sealing import keyed_id
from sync.submitted import alike, change_from, change_of, filled, life_of, same, understood, with_no_place
from sync.wire import VERSION_MAX, Change
from tests.rules.boards import ANA, BEN, COUPLE, ID_KEYS, OWN, TOGETHER

STEP = KINDS["step"]
PHONE, TABLET = DeviceId(UUID(int=9)), DeviceId(UUID(int=10))
EPOCH = UUID(int=51)
STEP_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001"
GOAL_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"
KNOWN = {"id": STEP_ID, "couple": str(COUPLE), "goal": GOAL_ID, "title": "Pack.", "_deleted": False}
GONE = {"id": STEP_ID, "_deleted": True}


def step(**values: Any) -> Document:
    return KNOWN | values


def change(
    new: Document,
    assumed: Document | None = KNOWN,
    *,
    shadow: Shadow | None = None,
    base: int = 5,
    kind: str = "step",
    device: DeviceId = PHONE,
) -> Change | None:
    """The edit that pushing this is to a client that knew the step so."""
    return change_of(understood(kind, new, assumed), shadow, base, device=device, own_key=ID_KEYS[OWN])


def changed(new: Document, assumed: Document | None = KNOWN, **rest: Any) -> Change:
    made = change(new, assumed, **rest)
    assert made is not None
    return made


def a_shadow(version: int, **values: Any) -> Shadow:
    fields = {"goal": GOAL_ID, "title": "Pack."} | values
    return Shadow(
        space=TOGETHER, record=RecordId(UUID(STEP_ID)), kind="step", version=version, snapshot=Snapshot(fields)
    )


# Which record ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [4, 7, 8])
def test_an_id_is_one_that_a_phone_has_drawn_or_a_server_has_made(version: int) -> None:
    named = f"5f0c7c1a-90b3-{version}e1d-8a61-2c4d6e8fa001"
    assert understood("step", {"id": named}, None).id == UUID(named)


@pytest.mark.parametrize("version", [1, 3, 5, 6])
def test_an_id_of_any_other_make_is_none(version: int) -> None:
    assert understood("step", {"id": f"5f0c7c1a-90b3-{version}e1d-8a61-2c4d6e8fa001"}, None).id is None


def test_a_kind_is_cut_to_the_length_that_a_name_can_have() -> None:
    assert understood("k" * 41, {}, None).kind == "k" * 40


def test_the_couple_is_the_one_of_the_document_else_the_one_that_its_client_knew() -> None:
    other = UUID(int=41)
    assert understood("step", {"couple": str(other)}, KNOWN).couple == other
    assert understood("step", {}, KNOWN).couple == COUPLE
    assert understood("step", {}, None).couple is None


def test_a_document_of_one_person_says_who_made_it_and_no_couple() -> None:
    row = understood("check_in", {"author": str(ANA), "text": "Tea."}, None)
    assert (row.author, row.couple) == (ANA, None)


# What its client knew --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rev", [0, 1, VERSION_MAX])
def test_a_document_says_of_which_life_and_version_it_is(rev: int) -> None:
    assert life_of({"epoch": str(EPOCH), "rev": rev}) == (EPOCH, rev)


@pytest.mark.parametrize("rev", [-1, VERSION_MAX + 1, True, "3", 3.0, None])
def test_what_is_no_version_says_nothing(rev: Any) -> None:
    assert life_of({"epoch": str(EPOCH), "rev": rev}) == (None, 0)


@pytest.mark.parametrize("document", [None, {}, {"rev": 3}, {"rev": 3, "epoch": "today"}])
def test_a_version_without_a_life_says_nothing(document: Document | None) -> None:
    assert life_of(document) == (None, 0)


# What was edited -------------------------------------------------------------------------------------------------


def test_an_edit_is_what_differs_and_says_what_a_text_was_before() -> None:
    assert changed(step(title="Pack the tent.", done=True)) == Change(
        key=changed(step(title="Pack the tent.", done=True)).key,
        kind="step",
        id=UUID(STEP_ID),
        base=5,
        couple=COUPLE,
        set={"title": "Pack the tent.", "done": True},
        was={"title": "Pack."},
    )


def test_the_same_document_is_no_edit() -> None:
    assert change(step()) is None


def test_what_is_the_client_library_s_own_and_what_kind_a_document_is_are_no_edits() -> None:
    assert change(step(_attachments={}, _meta={"lwt": 1}, kind="step")) is None
    assert change(step(), step(_attachments={}, kind="goal")) is None


def test_what_is_left_out_is_emptied() -> None:
    made = changed(step(), step(taken_by=[str(ANA)]))
    assert (made.set, made.was) == ({"taken_by": []}, {"taken_by": [str(ANA)]})


@pytest.mark.parametrize("empty", [{}, {"taken_by": None}, {"taken_by": []}])
def test_nothing_and_what_a_field_holds_that_has_none_are_the_same(empty: dict[str, Any]) -> None:
    assert [change(step(**empty), step(**known)) for known in ({}, {"taken_by": None}, {"taken_by": []})] == [None] * 3


def test_what_must_not_be_empty_is_nothing_where_it_is_left_out() -> None:
    assert filled(STEP, "title", None) is None
    assert filled(STEP, "taken_by", None) == []
    assert filled(STEP, "no_field_of_a_step", None) is None
    assert filled(None, "title", None) is None


def test_a_field_that_nobody_knows_is_said_so_that_it_is_refused() -> None:
    made = changed(step(colour="red"))
    assert (made.set, made.was) == ({"colour": "red"}, {})


def test_of_a_kind_that_nobody_knows_every_field_is_said() -> None:
    made = changed({"id": STEP_ID, "text": "Kiwi."}, None, kind="horoscope")
    assert (made.kind, made.set, made.was) == ("horoscope", {"text": "Kiwi."}, {})


def test_deleting_is_a_removal_and_its_opposite_brings_back() -> None:
    assert changed(step(_deleted=True)).remove is True
    assert changed(step(), step(_deleted=True)).remove is False
    assert changed(step(done=True)).remove is UNSET


def test_of_what_is_deleted_and_was_so_before_nothing_is_said_whatever_it_holds() -> None:
    assert change(step(title="Pack the tent.", _deleted=True), GONE) is None
    assert change(GONE, None) is None


def test_what_was_made_and_deleted_before_it_was_pushed_is_both() -> None:
    made = changed(step(_deleted=True), None, base=0)
    assert (made.set, made.remove) == ({"goal": GOAL_ID, "title": "Pack."}, True)


def test_who_knew_only_that_something_was_deleted_did_not_know_what_it_held() -> None:
    made = changed(step(), GONE)
    assert (made.set, made.was, made.remove) == ({"goal": GOAL_ID, "title": "Pack."}, {}, False)


def test_of_what_nobody_knows_whether_it_was_edited_it_is_not_said_what_it_was() -> None:
    row = understood("step", step(done=True), KNOWN)
    start = Snapshot({"goal": GOAL_ID, "title": "Pack.", "taken_by": []})
    made = change_from(
        row,
        RecordId(UUID(STEP_ID)),
        start,
        5,
        device=PHONE,
        own_key=ID_KEYS[OWN],
        since=0,
        unseen=("title", "taken_by"),
    )
    assert made is not None
    assert (made.set, made.was) == ({"done": True, "title": "Pack.", "taken_by": []}, {})


def test_what_stands_beside_is_taken_out_and_never_put_there() -> None:
    beside = {"title": [{"by": str(BEN), "text": "Pack the tent."}]}
    made = changed(step(alternatives={}, merged=[]), step(alternatives=beside, merged=["title"]))
    assert (made.set, made.was) == (
        {"alternatives": {}, "merged": []},
        {"alternatives": beside, "merged": ["title"]},
    )
    assert change(step(), step(alternatives=beside, merged=["title"])) is None, "it was not sent"
    assert change(step(alternatives=beside, merged=["title"])) is None, "it never stood there"


# What the same device has pushed before --------------------------------------------------------------------------


def test_what_a_device_has_pushed_since_is_what_it_edits() -> None:
    made = changed(step(title="Pack the tent.", done=True), shadow=a_shadow(6, title="Pack the tent."))
    assert (made.base, made.set) == (5, {"done": True})


@pytest.mark.parametrize("version", [4, 5])
def test_what_its_client_was_given_since_counts_more_than_what_it_has_pushed(version: int) -> None:
    made = changed(step(title="Pack the tent."), shadow=a_shadow(version, title="Pack the tent."))
    assert (made.base, made.set) == (5, {"title": "Pack the tent."})


# Keys ------------------------------------------------------------------------------------------------------------


def test_a_retry_has_the_same_key_though_a_newer_server_receives_it() -> None:
    known = b'{"_deleted":false,"couple":"' + str(COUPLE).encode() + b'","goal":"' + GOAL_ID.encode()
    known += b'","id":"' + STEP_ID.encode() + b'","title":"Pack."}'
    start = b'{"fields":{"goal":"' + GOAL_ID.encode() + b'","title":"Pack."},"deleted":false}'
    new = known.replace(b'Pack."}', b'Go."}')
    assert changed(step(title="Go.")).key == keyed_id(
        ID_KEYS[OWN], "submitted", PHONE, "step", STEP_ID, known, start, new
    )


def test_every_other_push_has_another_key() -> None:
    done = step(done=True)
    keys = {
        changed(done).key,
        changed(done, device=TABLET).key,
        changed(done, kind="goal").key,
        changed(done | {"id": GOAL_ID}).key,
        changed(done, step(title="Go.")).key,
        changed(done, shadow=a_shadow(6, title="Go.")).key,
        changed(done | {"title": "Go."}).key,
    }
    assert len(keys) == 7


# Without a place -------------------------------------------------------------------------------------------------


def test_what_has_no_id_becomes_a_change_that_is_refused_with_its_words() -> None:
    new = {"id": "kiwi", "title": "Pack.", "done": True, "rev": 3, "goal": None}
    made = changed(new, None)
    said = [b"null", b'{"fields":{},"deleted":false}', b'{"done":true,"goal":null,"id":"kiwi","rev":3,"title":"Pack."}']
    assert made == Change(
        key=keyed_id(ID_KEYS[OWN], "submitted", PHONE, "step", "kiwi", *said),
        kind="step",
        id=keyed_id(ID_KEYS[OWN], "no id", "kiwi"),
        set={"again": True, "title": "Pack."},
    )


def test_only_the_words_of_what_has_no_place_are_kept() -> None:
    assert with_no_place(step(done=True, rev=3, author=str(ANA))) == {
        "again": True,
        "goal": GOAL_ID,
        "title": "Pack.",
    }


# Whether a client knows what is stored ---------------------------------------------------------------------------


def stored(**values: Any) -> Document:
    """The step as it is told to clients."""
    return {**KNOWN, "rev": 7, "taken_by": None, "done": True, "alternatives": {}, "merged": []} | values


@pytest.mark.parametrize("pushed", [{}, {"taken_by": []}, {"alternatives": None}, {"rev": 6, "author": str(BEN)}])
def test_a_client_knows_what_is_stored_that_has_pushed_the_same_for_what_clients_write(pushed: dict[str, Any]) -> None:
    assert same(STEP, stored(), step(done=True) | pushed)


@pytest.mark.parametrize(
    "pushed", [{"title": "Go."}, {"taken_by": [str(ANA)]}, {"merged": ["title"]}, {"alternatives": {"title": []}}]
)
def test_a_client_has_something_to_learn_that_has_pushed_anything_else(pushed: dict[str, Any]) -> None:
    assert not same(STEP, stored(), step(done=True) | pushed)


def test_what_stands_beside_only_there_is_news() -> None:
    beside = {"title": [{"by": str(BEN), "text": "Go."}]}
    assert not alike(STEP, stored(alternatives=beside), step(done=True))


def test_of_what_is_deleted_only_that_counts() -> None:
    assert same(STEP, GONE, step(_deleted=True))
    assert not same(STEP, GONE, step())
    assert not same(STEP, stored(), step(done=True, _deleted=True))
