"""What a document says that a client pushes once more, without what it knew before: what is an edit, what was lost."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.check_ins import PARTS
from domain.ids import DeviceId, PersonId, RecordId
from domain.kinds import KINDS
from domain.records import Alternative, Record, Stamp
from sync.bodies import canonical
from sync.documents import Document
from sync.ports import History, Life, Shadow, Snapshot, Space
from sync.sealing import keyed_id
from sync.sent_again import asks, changes_sent_again
from sync.submitted import understood
from sync.wire import Change, Origin
from tests.rules.boards import ANA, BEN, COUPLE, COUPLE_SPACE, ID_KEYS, OWN, OWN_SPACE, TOGETHER

PHONE, TABLET, BENS = (DeviceId(UUID(int=number)) for number in (9, 10, 11))
STEP_ID, GOAL_ID, ENTRY_ID, NOTE_ID, BOX_ID = (f"5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa00{number}" for number in range(5))
LOST = UUID(int=52)
"""A life of both spaces that ended at version 10, and in which this phone saw more than the store has now."""


def in_next_life(space: Space) -> Space:
    return replace(space, lives=(Life(LOST, 10),))


def step(**values: Any) -> Document:
    """The step as a client was given it with version 6 of the present life."""
    known = {"id": STEP_ID, "rev": 6, "epoch": str(COUPLE_SPACE.epoch), "author": str(ANA), "couple": str(COUPLE)}
    return {**known, "goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False, "_deleted": False, **values}


def entry(**values: Any) -> Document:
    known = {"id": ENTRY_ID, "rev": 6, "epoch": str(OWN_SPACE.epoch), "author": str(ANA), "local_date": "2026-11-20"}
    return {**known, "text": "Tea.", "_deleted": False, **values}


def lost_step(**values: Any) -> Document:
    return step(rev=15, epoch=str(LOST), **values)


def a_record(kind: str, identity: str, fields: dict[str, Any], **rest: Any) -> Record:
    """A record that the server has stored with version 6 and nobody has changed since."""
    table = KINDS[kind]
    space = COUPLE_SPACE if table.home == "couple" else OWN_SPACE
    said = {
        "version": 6,
        "created": 6,
        "author": ANA,
        "stamps": dict.fromkeys(table.written, Stamp(6, TABLET, 0, None, ANA)),
        **rest,
    }
    return Record(space=space.id, kind=kind, id=RecordId(UUID(identity)), fields=fields, **said)


def stored_step(**rest: Any) -> Record:
    fields = {"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False, "proof": "proof"}
    return a_record("step", STEP_ID, fields | rest.pop("fields", {}), **rest)


def stored_entry(**fields: Any) -> Record:
    return a_record("check_in", ENTRY_ID, {"local_date": "2026-11-20", "text": "Tea.", **fields})


def changed_since(record: Record, *names: str) -> Record:
    """The same, with these fields as Ben's phone has written them with version 8."""
    return replace(record, version=8, stamps=record.stamps | dict.fromkeys(names, Stamp(8, BENS, 6, None, BEN)))


def once(record: Record, **values: Any) -> History:
    """What is kept behind a record."""
    return History(
        texts={}, values={(record.space, record.id): frozenset((name, canonical(v)) for name, v in values.items())}
    )


def said(
    document: Document,
    stored: Record | None,
    past: History | None = None,
    *,
    kind: str = "step",
    space: Space | None = None,
    person: PersonId = ANA,
    since: Shadow | None = None,
) -> list[Change]:
    """The edits that this document is, without their keys, which are told apart below."""
    home = space or in_next_life(COUPLE_SPACE if KINDS[kind].home == "couple" else OWN_SPACE)
    made = changes_sent_again(
        understood(kind, document, None),
        home,
        stored,
        past or History(texts={}),
        person=person,
        device=PHONE,
        own_key=ID_KEYS[OWN],
        since=since,
    )
    assert len({each.key for each in made}) == len(made)
    return [replace(each, key=UUID(int=0)) for each in made]


def an_edit(kind: str = "step", identity: str = STEP_ID, base: int = 6, **rest: Any) -> Change:
    couple = COUPLE if KINDS[kind].home == "couple" else None
    return Change(key=UUID(int=0), kind=kind, id=UUID(identity), base=base, couple=couple, **rest)


# Of a state that the store has, too -------------------------------------------------------------------------------


def test_a_document_as_it_was_given_says_nothing() -> None:
    assert said(step(), stored_step()) == []


def test_a_field_that_nobody_has_changed_since_was_edited() -> None:
    assert said(step(done=True), stored_step()) == [an_edit(set={"done": True})]


def test_a_field_that_somebody_has_changed_since_was_not() -> None:
    assert said(step(done=True), changed_since(stored_step(), "done")) == []


@pytest.mark.parametrize("changed", [[], ["title"]])
def test_a_text_that_was_never_there_was_edited_whoever_has_written_since(changed: list[str]) -> None:
    record = changed_since(stored_step(), *changed)
    assert said(step(title="Pack the tent."), record) == [an_edit(set={"title": "Pack the tent."})]


def test_a_text_that_stood_there_once_or_stands_beside_was_not_edited() -> None:
    record = changed_since(stored_step(), "title")
    assert said(step(title="Pack the tent."), record, once(record, title="Pack the tent.")) == []
    beside = replace(record, alternatives={"title": (Alternative(BEN, "Pack the tent."),)})
    assert said(step(title="Pack the tent."), beside) == []


def test_a_text_that_once_stood_in_another_field_was_edited() -> None:
    record = stored_step()
    assert said(step(title="Go."), record, once(record, proof="Go.")) == [an_edit(set={"title": "Go."})]


def test_a_set_without_elements_is_no_edit_of_a_record_from_before_the_field() -> None:
    record = stored_step()
    del record.fields["taken_by"]
    assert said(step(), record) == []


def test_a_set_without_elements_is_no_edit_though_the_device_had_pushed_before_there_was_the_field() -> None:
    pushed = Shadow(
        space=TOGETHER,
        record=RecordId(UUID(STEP_ID)),
        kind="step",
        version=6,
        snapshot=Snapshot({"goal": GOAL_ID, "title": "Pack.", "done": False}),
    )
    assert said(step(), stored_step(fields={"taken_by": [str(BEN)]}), since=pushed) == []


def test_what_only_the_server_writes_was_edited_by_nobody() -> None:
    assert said(step(proof="another"), stored_step()) == []


def test_what_is_deleted_here_is_removed_and_what_is_removed_there_stays_so() -> None:
    assert said(step(_deleted=True), stored_step()) == [an_edit(set={}, remove=True)]
    assert said(step(_deleted=True), stored_step(removed=True)) == []
    assert said(step(), stored_step(removed=True)) == []


def test_what_says_only_that_it_is_deleted_says_nothing() -> None:
    known = {"id": STEP_ID, "rev": 6, "epoch": str(COUPLE_SPACE.epoch), "title": None, "_deleted": True}
    assert said(known, stored_step()) == []


def test_what_closes_a_window_is_done_whoever_has_opened_it_since() -> None:
    open_ = {"audience": str(COUPLE), "shared_parts": sorted(PARTS), "let_them_know": True}
    record = changed_since(stored_entry(**open_), *open_)
    closing = entry(audience="only_me", shared_parts=["text"], let_them_know=False)
    assert said(closing, record, kind="check_in") == [
        an_edit("check_in", ENTRY_ID, set={"audience": "only_me", "shared_parts": ["text"], "let_them_know": False})
    ]


def test_what_opens_a_window_is_not_done_where_somebody_has_closed_it_since() -> None:
    record = changed_since(
        stored_entry(audience="only_me", shared_parts=[], let_them_know=False), "audience", "shared_parts"
    )
    assert said(entry(audience=str(COUPLE), shared_parts=["text"]), record, kind="check_in") == []


def test_of_parts_that_are_shown_those_are_left_that_both_show() -> None:
    record = changed_since(stored_entry(audience=str(COUPLE), shared_parts=["needs", "text"]), "shared_parts")
    assert said(entry(shared_parts=["mood", "text"]), record, kind="check_in") == [
        an_edit("check_in", ENTRY_ID, set={"shared_parts": ["text"]})
    ]


@pytest.mark.parametrize("stored", [None, stored_step(gone=True, fields={})])
def test_the_texts_of_what_is_wiped_by_now_are_said_so_that_they_are_kept(stored: Record | None) -> None:
    [change] = said(step(title="Pack the tent.", done=True), stored)
    assert (change.id, change.base, change.couple) == (UUID(STEP_ID), 6, None)
    assert (change.set, change.origin) == (
        {"again": True, "goal": GOAL_ID, "title": "Pack the tent."},
        Origin(author=ANA),
    )


def test_what_holds_nothing_says_nothing_of_what_is_wiped_by_now() -> None:
    assert said({"id": STEP_ID, "rev": 6, "epoch": str(COUPLE_SPACE.epoch), "_deleted": True}, None) == []


@pytest.mark.parametrize(
    "poor",
    [
        {"title": ["Go."]},
        {"title": {"en": "Go."}},
        {"title": 7},
        {"title": "Go." * 200},
        {"done": "yes"},
        {"done": ""},
        {"taken_by": 5},
        {"taken_by": [[]]},
        {"goal": "a boat"},
    ],
)
@pytest.mark.parametrize("stored", [None, stored_step(), changed_since(stored_step(), "title", "done", "taken_by")])
def test_of_what_does_not_fit_the_texts_are_said_so_that_they_are_kept(
    stored: Record | None, poor: dict[str, Any]
) -> None:
    texts = {
        name: value for name, value in {"goal": GOAL_ID, "title": "Pack.", **poor}.items() if isinstance(value, str)
    }
    for document in (step(**poor), lost_step(**poor)):
        assert said(document, stored) == [
            an_edit(base=min(document["rev"], 10), set={"again": True} | texts, origin=Origin(author=ANA))
        ]


def test_a_text_that_its_author_has_destroyed_fits_though_it_must_not_be_empty() -> None:
    assert said(step(title="", done=True), stored_step(fields={"title": ""})) == [an_edit(set={"done": True})]


def test_what_the_server_has_made_of_somebody_s_words_and_wiped_is_said_to_be_nobody_s() -> None:
    """Ana's own words are where she wrote them: her box is not to fill with a copy that Ben was shown."""
    shown = {"id": STEP_ID, "rev": 6, "epoch": str(COUPLE_SPACE.epoch), "author": str(ANA), "text": "Tea."}
    [change] = said(shown, None, kind="shown_check_in")
    assert (change.set, change.origin) == ({"again": True, "text": "Tea."}, None)


# Of a life that was lost ------------------------------------------------------------------------------------------


def test_what_the_store_has_lost_is_made_again_as_whose_it_was() -> None:
    assert said(lost_step(done=None, taken_by=None, proof="proof"), None, person=BEN) == [
        an_edit(
            base=0,
            set={"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False},
            origin=Origin(author=ANA, proof="proof"),
        )
    ]


def test_a_proof_that_is_none_proves_nothing() -> None:
    [change] = said(lost_step(proof=7), None)
    assert change.origin == Origin(author=ANA)


def test_what_a_life_has_in_common_with_this_one_was_not_lost() -> None:
    assert said(step(rev=10, epoch=str(LOST), done=True), stored_step()) == [an_edit(base=10, set={"done": True})]


def test_what_the_store_has_not_come_to_yet_in_this_very_life_it_has_lost_without_noticing() -> None:
    [change] = said(step(rev=COUPLE_SPACE.head + 1), None)
    assert (change.base, change.set["title"], change.origin) == (0, "Pack.", Origin(author=ANA))


def test_an_edit_that_was_lost_is_made_anew_of_what_both_lives_have() -> None:
    beside = {"title": [{"by": str(ANA), "text": "Go."}, {"by": str(BEN), "text": "Stay."}]}
    document = lost_step(title="Pack the tent.", done=True, alternatives=beside)
    origin = Origin(author=None)
    assert [replace(each, origin=origin) for each in said(document, stored_step())] == [
        an_edit(set={"title": "Go."}, origin=origin),
        an_edit(set={"title": "Pack the tent.", "done": True}, was={"title": "Pack."}, origin=origin),
    ]


def test_a_text_that_stands_beside_there_too_is_not_said_again() -> None:
    record = stored_step(alternatives={"title": (Alternative(ANA, "Go."),)})
    assert said(lost_step(alternatives={"title": [{"by": str(ANA), "text": "Go."}]}), record) == []


@pytest.mark.parametrize("beside", [None, {}, "Go.", {"title": "Go."}, {"title": [{"text": "Go."}]}, ["title"]])
def test_what_stands_beside_is_passed_over_where_it_is_not_as_it_was_told(beside: Any) -> None:
    assert said(lost_step(alternatives=beside), stored_step()) == []


def test_a_removal_that_was_lost_is_made_anew() -> None:
    [change] = said(lost_step(_deleted=True), stored_step())
    assert (change.base, change.set, change.remove) == (6, {}, True)
    assert said(lost_step(_deleted=True), stored_step(removed=True)) == []
    [made] = said(lost_step(_deleted=True), None)
    assert (made.set["title"], made.remove) == ("Pack.", True)


def test_what_says_no_more_than_that_it_was_deleted_in_a_lost_life_removes_what_still_stands() -> None:
    bare = {"id": STEP_ID, "rev": 15, "epoch": str(LOST), "_deleted": True}
    assert said(bare, stored_step()) == [an_edit(remove=True)]
    for there in (stored_step(removed=True), replace(stored_step(), gone=True, fields={}), None):
        assert said(bare, there) == []


def test_what_is_wiped_by_now_does_not_come_back_from_a_lost_life() -> None:
    assert said(lost_step(title="Pack the tent."), replace(stored_step(), gone=True, fields={})) == []


def test_nobody_brings_back_what_the_other_alone_may_write() -> None:
    lost_entry = entry(rev=15, epoch=str(LOST))
    [mine] = said(lost_entry, None, kind="check_in")
    assert (mine.kind, mine.couple, mine.set) == ("check_in", None, {"local_date": "2026-11-20", "text": "Tea."})
    assert said(lost_entry, None, kind="check_in", person=BEN) == []
    assert said(lost_entry | {"author": None}, None, kind="check_in") == []


def a_note(**values: Any) -> Document:
    known = {"id": NOTE_ID, "rev": 15, "epoch": str(LOST), "author": str(ANA), "couple": str(COUPLE)}
    return {**known, "for_what": "Thank you.", "text": "It was warm.", "proof": "proof", "_deleted": False, **values}


def test_a_letter_that_was_lost_is_given_again() -> None:
    [change] = said(a_note(), None, kind="note")
    assert (change.kind, change.id, change.couple) == ("note", UUID(NOTE_ID), COUPLE)
    assert change.origin == Origin(author=ANA, proof="proof")


def test_where_the_two_have_parted_a_letter_of_ones_own_is_a_draft_again_and_the_other_s_is_not() -> None:
    parted = replace(in_next_life(COUPLE_SPACE), state="closed")
    [draft] = said(a_note(), None, kind="note", space=parted)
    assert (draft.kind, draft.couple, draft.set["for_what"]) == ("note_draft", None, "Thank you.")
    assert said(a_note(), None, kind="note", space=parted, person=BEN) == []


def test_words_without_a_place_come_back_whatever_kind_they_were_meant_for() -> None:
    box = {"id": BOX_ID, "rev": 15, "epoch": str(LOST), "author": str(ANA), "about": STEP_ID, "code": "unknown_kind"}
    [change] = said(box | {"meant": "horoscope", "words": {"text": "Kiwi."}}, None, kind="unplaced")
    assert (change.kind, change.id, change.couple, change.set) == (
        "horoscope",
        UUID(STEP_ID),
        None,
        {"text": "Kiwi."},
    )


# Which documents, and under which key ------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"id": "kiwi"}, {"epoch": None}, {"rev": None}])
def test_what_is_of_no_record_or_of_no_life_is_nothing_that_was_sent_again(values: dict[str, Any]) -> None:
    assert said(step(done=True, **values), stored_step()) == []


def test_a_kind_that_nobody_knows_says_nothing() -> None:
    assert said(step(done=True), None, kind="horoscope", space=COUPLE_SPACE) == []


def test_a_key_is_made_of_device_record_and_document_so_that_a_retry_is_one_though_a_newer_server_receives_it() -> None:
    beside = {"title": [{"by": str(ANA), "text": "Go."}]}
    document = lost_step(title="Pack the tent.", alternatives=beside)
    made = changes_sent_again(
        understood("step", document, None),
        in_next_life(COUPLE_SPACE),
        stored_step(),
        History(texts={}),
        person=ANA,
        device=PHONE,
        own_key=ID_KEYS[OWN],
    )
    parts = ("sent again", PHONE, "step", UUID(STEP_ID), canonical(document))
    assert [each.key for each in made] == [keyed_id(ID_KEYS[OWN], *parts, nth) for nth in ("0", "1")]


def test_a_key_is_made_of_what_the_device_had_pushed_too_so_that_doing_once_more_what_was_undone_is_another() -> None:
    pushed = Shadow(
        space=TOGETHER,
        record=RecordId(UUID(STEP_ID)),
        kind="step",
        version=6,
        snapshot=Snapshot({"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False}),
    )
    document = step(done=True)
    [change] = changes_sent_again(
        understood("step", document, None),
        in_next_life(COUPLE_SPACE),
        stored_step(),
        History(texts={}),
        person=ANA,
        device=PHONE,
        own_key=ID_KEYS[OWN],
        since=pushed,
    )
    parts = ("sent again", PHONE, "step", UUID(STEP_ID), canonical(document), b"6", "0")
    assert change.key == keyed_id(ID_KEYS[OWN], *parts)


def test_i18_what_was_written_for_an_earlier_couple_is_said_to_be_for_it() -> None:
    earlier = UUID(int=41)
    [change] = said(step(couple=str(earlier), done=True), stored_step())
    assert change.couple == earlier
    [own] = said(entry(couple=str(earlier), topic="us"), stored_entry(topic=None), kind="check_in")
    assert own.couple is None, "what is one's own is for no couple"


# Of what earlier values have to be known ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        (step(), True),
        (step(rev=10, epoch=str(LOST)), True),
        (step(rev=11, epoch=str(LOST)), False),
        (step(epoch=None), False),
        (step(id="kiwi"), False),
        (step(id=GOAL_ID), False),
    ],
)
def test_earlier_values_are_asked_for_where_a_document_may_be_an_older_state(document: Document, asked: bool) -> None:
    record = stored_step()
    found = asks([understood("step", document, None)], {TOGETHER: in_next_life(COUPLE_SPACE)}, {record.id: record})
    assert found == [record] * asked
