"""A device alone, told by hand: edits that are laid over their records page by page, spaces taken anew, picks."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from domain.ids import CoupleId, RecordId
from domain.refusals import Refusal
from sync.replica import PUSH_BYTES_MAX, EditRefusedError, Replica
from sync.shelves import Kept, Rebuild
from sync.wire import Alternative, Change, Gone, Outcome, Reset
from tests.rules.boards import BEN, COUPLE, OWN, TOGETHER
from tests.rules.phones import (
    BOX,
    DRAFT,
    ENTRY,
    FORMER_COUPLE,
    FORMERLY,
    GOAL,
    LOST,
    NOTE,
    STEP,
    a_life,
    a_phone,
    anew,
    kept,
    record,
    space,
    told,
)


def text_in(phone: Replica) -> Any:
    shown = phone.shown(ENTRY)
    return None if shown is None else shown.fields["text"]


# Page by page --------------------------------------------------------------------------------------------------------


def test_a_settled_edit_is_laid_over_its_record_until_that_has_come_and_no_page_longer() -> None:
    phone = a_phone()
    key = kept(phone, ENTRY, set={"text": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="merged", version=7)])
    assert text_in(phone) == "Mine."
    told(phone, more=True, records=[record(ENTRY, 6, text="Before.")])
    assert text_in(phone) == "Mine."
    told(phone, more=True, records=[record(ENTRY, 7, text="Both.")])
    assert text_in(phone) == "Both."
    assert not phone.shelves.outbox


def test_a_settled_edit_is_laid_over_the_old_copy_until_the_new_one_is_whole() -> None:
    phone = a_phone()
    told(phone, records=[record(ENTRY, 9, text="Old.")])
    key = kept(phone, ENTRY, set={"text": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="merged", version=7)], **anew(OWN, head=5))
    told(phone, more=True, records=[record(ENTRY, 7, text="Both.")], spaces=[space(OWN, 2)])
    assert text_in(phone) == "Mine."
    told(phone, spaces=[space(OWN, 2)])
    assert key not in phone.shelves.outbox


def test_a_refused_edit_is_kept_until_its_words_have_come_and_no_page_longer() -> None:
    phone = a_phone()
    key = kept(phone, ENTRY, set={"text": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="refused", code="invalid", unplaced=BOX)])
    assert phone.shelves.outbox
    told(phone, more=True, records=[record(BOX, 7, "unplaced", words={"text": "Mine."})])
    assert not phone.shelves.outbox


def test_what_is_refused_without_a_code_is_refused_too() -> None:
    phone = a_phone()
    key = kept(phone, ENTRY, set={"text": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="refused", unplaced=BOX)])
    assert text_in(phone) is None


def test_a_refused_edit_is_kept_while_only_the_old_copy_has_its_words() -> None:
    phone = a_phone()
    told(phone, records=[record(BOX, 7, "unplaced", words={"text": "Mine."})])
    key = kept(phone, ENTRY, set={"text": "Mine."})
    refused = Outcome(key=key, status="refused", code="invalid", unplaced=BOX)
    told(phone, more=True, outcomes=[refused], **anew(OWN, head=5))
    assert key in phone.shelves.outbox
    told(phone, spaces=[space(OWN, 2)])
    assert key not in phone.shelves.outbox


def test_a_refused_edit_waits_again_when_the_life_of_the_space_for_its_words_is_no_more() -> None:
    phone = a_phone()
    key = kept(phone, GOAL, "goal", set={"notes": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="refused", code="invalid", unplaced=BOX)])
    told(phone, more=True, spaces=[space(OWN), space(TOGETHER, 2)])
    assert phone.waiting() == []
    told(phone, more=True, spaces=[space(OWN, 2), space(TOGETHER, 2)])
    assert [each.change.key for each in phone.waiting()] == [key]


def test_a_settled_edit_waits_again_when_the_life_of_its_own_space_is_no_more() -> None:
    phone = a_phone()
    key = kept(phone, GOAL, "goal", set={"notes": "Mine."})
    told(phone, more=True, outcomes=[Outcome(key=key, status="applied", version=7)])
    told(phone, more=True, spaces=[space(OWN, 2), space(TOGETHER)])
    assert phone.waiting() == []
    told(phone, more=True, spaces=[space(OWN, 2), space(TOGETHER, 2)])
    assert [each.change.key for each in phone.waiting()] == [key]


# Editing -------------------------------------------------------------------------------------------------------------


def edited(phone: Replica, kind: str, identity: RecordId | None, values: dict[str, Any], **other: Any) -> Change:
    change = phone.edit(kind, identity, values, **{"key": UUID(int=1), "new_id": UUID(int=2), "made_ms": None} | other)
    assert change is not None
    return change


@pytest.mark.parametrize(("remove", "said"), [(None, UNSET), (True, True), (False, False)])
def test_an_edit_of_what_was_wiped_says_all_that_was_asked_for_and_what_it_had_seen(
    remove: bool | None, said: bool | UnsetType
) -> None:
    phone = a_phone()
    told(phone, gone=[Gone(space=TOGETHER, kind="step", id=STEP, version=8)], spaces=[space(OWN)])
    change = edited(phone, "step", STEP, {"title": "Fold"}, remove=remove, couple=COUPLE)
    assert (change.id, change.couple, change.base, change.set) == (STEP, COUPLE, 8, {"title": "Fold"})
    assert change.remove is said


@pytest.mark.parametrize(("remove", "said"), [(None, UNSET), (True, True), (False, False)])
def test_what_is_removed_before_it_was_ever_sent_is_made_so(remove: bool | None, said: bool | UnsetType) -> None:
    change = edited(a_phone(), "check_in", None, {"local_date": "2026-03-02"}, remove=remove)
    assert (change.id, change.base, change.remove) == (UUID(int=2), 0, said)


@pytest.mark.parametrize("identity", [STEP, LOST])
def test_what_is_known_here_as_another_kind_is_made_whole(identity: RecordId) -> None:
    """Whether that still stands or was wiped: only the server can say no to such an id."""
    phone = a_phone()
    wiped = Gone(space=TOGETHER, kind="step", id=LOST, version=8)
    told(phone, records=[record(STEP, 7, "step", title="Pack")], gone=[wiped])
    change = edited(phone, "check_in", identity, {"local_date": "2026-03-02"})
    assert (change.id, change.base, change.set["text"]) == (identity, 0, None)


def test_an_edit_of_what_the_server_has_not_told_of_has_seen_nothing_of_it() -> None:
    phone = a_phone()
    kept(phone, ENTRY, base=5, set={"text": "Once."})
    assert edited(phone, "check_in", ENTRY, {"text": "Twice."}).base == 0


def test_what_a_former_couple_has_takes_no_edit_though_there_is_a_new_one() -> None:
    phone = a_phone()
    goal = replace(record(GOAL, 7, "goal", notes="One."), space=FORMERLY)
    told(phone, spaces=[space(OWN), space(FORMERLY), space(TOGETHER)], records=[goal])
    with pytest.raises(EditRefusedError) as caught:
        edited(phone, "goal", GOAL, {"notes": "Two."})
    assert caught.value.code is Refusal.CLOSED


def test_an_edit_names_the_couple_that_has_the_record_whatever_was_asked() -> None:
    phone = a_phone()
    told(phone, records=[record(GOAL, 7, "goal", notes="One.")])
    assert edited(phone, "goal", GOAL, {"notes": "Two."}, couple=FORMER_COUPLE).couple == COUPLE


@pytest.mark.parametrize(("asked", "named"), [(None, FORMER_COUPLE), (CoupleId(UUID(int=42)), UUID(int=42))])
def test_an_edit_of_what_was_not_sent_names_the_couple_that_was_asked_or_that_it_was_made_for(
    asked: CoupleId | None, named: UUID
) -> None:
    phone = a_phone()
    told(phone)
    edited(phone, "goal", None, {"notes": "One."}, couple=FORMER_COUPLE)
    goal = RecordId(phone.waiting()[0].change.id)
    assert edited(phone, "goal", goal, {"notes": "Two."}, couple=asked, key=UUID(int=3)).couple == named


def test_what_belongs_to_nobody_who_is_known_takes_no_edit() -> None:
    phone = a_phone()
    told(phone, records=[record(GOAL, 7, "goal", notes="One.")], spaces=[space(OWN)])
    with pytest.raises(EditRefusedError) as caught:
        edited(phone, "goal", GOAL, {"notes": "Two."})
    assert caught.value.code is Refusal.CLOSED


@pytest.mark.parametrize("identity", [ENTRY, LOST, BOX])
def test_every_edit_tells_its_age(identity: RecordId) -> None:
    """Of a record that is known, of one that was wiped, and of a new one."""
    phone = a_phone()
    wiped = Gone(space=OWN, kind="check_in", id=LOST, version=8)
    told(phone, records=[record(ENTRY, 7)], gone=[wiped])
    edited(phone, "check_in", identity, {"local_date": "2026-03-02"}, made_ms=40)
    assert [each.age_ms for each in phone.request(100).changes] == [60]


@pytest.mark.parametrize(("more", "sent"), [(0, 2), (1, 1)])
def test_edits_that_come_to_just_what_a_request_may_hold_go_together(more: int, sent: int) -> None:
    """Each with the comma behind it."""
    phone = a_phone()
    bare = Change(key=UUID(int=1), kind="check_in", id=ENTRY, set={"text": ""})
    half = PUSH_BYTES_MAX // 2 - len(msgspec.json.encode(bare)) - 1
    phone.keep(replace(bare, set={"text": "x" * half}), None)
    phone.keep(replace(bare, key=UUID(int=2), set={"text": "x" * (half + more)}), None)
    assert len(phone.request(0).changes) == sent


# A space taken anew --------------------------------------------------------------------------------------------------


def test_of_two_restores_the_one_that_went_back_further_counts() -> None:
    phone = a_phone()
    for head, lowest in ((6, 6), (4, 4), (7, 4)):
        told(phone, more=True, **anew(OWN, head=head))
        assert phone.rebuilds == {OWN: Rebuild(OWN, a_life(2), lowest)}


def test_in_a_copy_that_comes_anew_too_an_older_record_never_replaces_a_newer_one() -> None:
    phone = a_phone()
    told(phone, more=True, records=[record(ENTRY, 8, text="Newer.")], **anew(OWN, head=5))
    told(phone, records=[record(ENTRY, 7, text="Older.")], spaces=[space(OWN, 2)])
    assert text_in(phone) == "Newer."


def test_a_space_that_was_never_named_can_be_taken_anew() -> None:
    phone = a_phone()
    told(phone, reset=[Reset(space=TOGETHER, epoch=a_life(2), head=5)], spaces=[space(OWN)])
    assert phone.rebuilds == {}


def test_a_space_that_its_person_has_let_go_is_not_on_the_phone_any_more() -> None:
    phone = a_phone()
    theirs = replace(record(GOAL, 3, "goal", notes="Old."), space=FORMERLY)
    told(phone, spaces=[space(OWN), space(FORMERLY)], records=[theirs, record(ENTRY, 4, text="Mine.")])
    assert phone.shown(GOAL) is not None
    told(phone, spaces=[space(OWN)], let_go=[FORMERLY])
    assert (phone.shown(GOAL), text_in(phone)) == (None, "Mine.")
    assert FORMERLY not in phone.spaces


def test_what_is_sent_again_comes_before_what_waits_and_names_the_couple_only_where_that_matters() -> None:
    """The letter is the couple's; the draft that came back with the store is the writer's own, and is taken away."""
    words = {"for_what": "The tea.", "about_you": None, "text": None}
    phone = a_phone()
    told(phone, records=[record(NOTE, 8, "note", **words, proof="p"), record(DRAFT, 3, "note_draft", **words)])
    kept(phone, ENTRY, set={"text": "Mine."})
    kept(phone, ENTRY, set={"text": "Mine, twice."})
    told(phone, **anew(TOGETHER, head=5))
    assert [(each.kind, each.couple) for each in phone.request(0).changes] == [
        ("note", COUPLE),
        ("note_draft", None),
        ("check_in", None),
        ("check_in", None),
    ]


def test_a_letter_is_given_again_as_the_draft_that_comes_back_with_one_s_own_space() -> None:
    """Whichever of the two spaces is told of first, one's own is taken over first."""
    words = {"for_what": "The tea.", "about_you": None, "text": None}
    phone = a_phone()
    wiped = Gone(space=OWN, kind="note_draft", id=DRAFT, version=9)
    told(phone, records=[record(NOTE, 8, "note", **words, proof="p")], gone=[wiped])
    resets = [Reset(space=each, epoch=a_life(2), head=5) for each in (TOGETHER, OWN)]
    draft = record(DRAFT, 3, "note_draft", **words)
    told(phone, reset=resets, spaces=[space(TOGETHER, 2), space(OWN, 2)], records=[draft])
    assert [(each.kind, each.remove) for each in phone.request(0).changes] == [("note", UNSET), ("note_draft", True)]


def test_words_written_to_a_letter_that_had_gone_are_not_sent_with_its_draft_when_that_comes_back() -> None:
    phone = a_phone()
    wiped = [Gone(space=OWN, kind="note_draft", id=each, version=9) for each in (DRAFT, LOST)]
    told(phone, records=[record(ENTRY, 8, text="Tea."), record(BOX, 8, "note_draft", for_what="Other.")], gone=wiped)
    unknown = Change(key=UUID(int=3), kind="a_newer_kind", id=ENTRY, set={"text": "Mine."})
    phone.shelves.hold(Kept(nth=0, change=unknown))
    entry = kept(phone, ENTRY, set={"text": "Mine."})
    words = kept(phone, DRAFT, "note_draft", set={"text": "And more."})
    sent = kept(phone, DRAFT, "note_draft", set={"text": "All of it.", "send": True})
    removed = kept(phone, DRAFT, "note_draft", remove=True)
    still_gone = kept(phone, LOST, "note_draft", set={"text": "And more."})
    not_gone = kept(phone, BOX, "note_draft", set={"text": "And more."})
    draft, other = (record(each, 3, "note_draft", for_what="The tea.") for each in (DRAFT, BOX))
    told(phone, **anew(OWN, head=5), records=[record(ENTRY, 3, text="Tea."), draft, other], gone=wiped[1:])
    said = {key: each.change.set for key, each in phone.shelves.outbox.items()}
    assert said[words] == {"text": "And more.", "send": False}
    assert said[sent] == {"text": "All of it.", "send": True}, "who sends it has meant these words to go"
    assert said[removed] == {}
    assert said[still_gone] == said[not_gone] == {"text": "And more."}
    assert said[entry] == said[unknown.key] == {"text": "Mine."}


@pytest.mark.parametrize(
    ("identity", "kind", "base", "lowered"),
    [
        pytest.param(GOAL, "goal", 9, 8, id="its record came through unchanged, and the edit had seen it"),
        pytest.param(GOAL, "goal", 7, 8, id="it had seen just that"),
        pytest.param(GOAL, "goal", 6, 5, id="it had not seen the record as it stood"),
        pytest.param(STEP, "step", 9, 5, id="its record was changed in the new life"),
        pytest.param(LOST, "step", 9, 5, id="its record is not there any more"),
        pytest.param(NOTE, "step", 9, 5, id="there never was a record"),
        pytest.param(BOX, "goal", 5, 5, id="it names a version that both lives have"),
        pytest.param(ENTRY, "check_in", 9, 9, id="it is of another space"),
    ],
)
def test_an_edit_that_waits_names_a_version_of_the_new_life(
    identity: RecordId, kind: str, base: int, lowered: int
) -> None:
    phone = a_phone()
    told(
        phone,
        records=[
            record(BOX, 5, "goal", BEN, notes="Before."),
            record(GOAL, 7, "goal", BEN, notes="One."),
            record(STEP, 6, "step", BEN, title="Pack"),
            record(LOST, 6, "step", BEN, title="Book"),
            record(ENTRY, 9),
        ],
    )
    kept(phone, ENTRY, set={"text": "New."})
    key = kept(phone, identity, kind, base=base, set={"topic": "us"} if kind == "goal" else {"taken_by": []})
    told(
        phone,
        records=[
            record(BOX, 8, "goal", BEN, notes="Before."),
            record(GOAL, 8, "goal", BEN, notes="One."),
            record(STEP, 7, "step", BEN, title="Fold"),
        ],
        **anew(TOGETHER, head=5),
    )
    assert phone.shelves.outbox[key].change.base == lowered


@pytest.mark.parametrize(("text", "lowered"), [("One.", 8), (None, 8), ("Two.", 5), ("Two. One.", 5)])
def test_an_edit_that_waits_and_brings_words_passes_by_no_purge_of_the_new_life(text: Any, lowered: int) -> None:
    """Between the two copies somebody may have destroyed these very words, and both be the same again by it."""
    phone = a_phone()
    told(phone, records=[record(GOAL, 7, "goal", BEN, notes="One.")])
    key = kept(phone, GOAL, "goal", base=7, set={"notes": text})
    told(phone, records=[record(GOAL, 8, "goal", BEN, notes="One.")], **anew(TOGETHER, head=5))
    assert phone.shelves.outbox[key].change.base == lowered


@pytest.mark.parametrize(
    ("values", "lowered"),
    [
        ({"feelings": ["calm"]}, 8),
        ({"feelings": ["calm", "tired"]}, 5),
        ({"feelings": []}, 8),
        ({"intensity": 3}, 8),
        ({"intensity": 3, "trigger": "Rain."}, 5),
        ({"sealed": "c2VhbGVk"}, 5),
    ],
)
def test_words_of_one_s_own_and_sealed_ones_are_words_too(values: dict[str, Any], lowered: int) -> None:
    phone = a_phone()
    told(phone, records=[record(ENTRY, 7, "reflection", space=OWN, feelings=["calm"])])
    key = kept(phone, ENTRY, "reflection", base=7, set=values)
    told(phone, records=[record(ENTRY, 8, "reflection", space=OWN, feelings=["calm"])], **anew(OWN, head=5))
    assert phone.shelves.outbox[key].change.base == lowered


# Picks and purges ----------------------------------------------------------------------------------------------------


def looked_at() -> Replica:
    """A phone with a goal whose notes were joined, and stand beside others."""
    phone, goal = a_phone(), record(GOAL, 7, "goal", BEN, notes="At dusk.")
    told(phone, records=[replace(goal, alternatives={"notes": [Alternative(BEN, "At noon.")]}, merged=["notes"])])
    return phone


def test_a_pick_and_a_confirmation_say_what_they_had_seen_and_when_they_were_made() -> None:
    phone = looked_at()
    phone.pick(GOAL, "notes", "At noon.", key=UUID(int=1), made_ms=40)
    phone.confirm(GOAL, "notes", key=UUID(int=2), made_ms=50)
    picked, confirmed = phone.request(100).changes
    assert (picked.key, picked.base, picked.couple, picked.age_ms) == (UUID(int=1), 7, COUPLE, 60)
    assert (confirmed.key, confirmed.base, confirmed.couple, confirmed.age_ms) == (UUID(int=2), 7, COUPLE, 50)


def test_in_a_closed_space_nothing_is_picked() -> None:
    phone = looked_at()
    told(phone, spaces=[space(OWN), space(TOGETHER, state="closed")])
    with pytest.raises(EditRefusedError) as caught:
        phone.pick(GOAL, "notes", "At noon.", key=UUID(int=1), made_ms=40)
    assert caught.value.code is Refusal.CLOSED


def test_a_purge_forgets_what_words_an_edit_started_from() -> None:
    phone = a_phone()
    told(phone, records=[record(ENTRY, 3, needs=["rest"], text="Tired.")])
    kept(phone, ENTRY, set={"needs": [], "text": "Well."}, was={"needs": ["rest"], "text": "Tired."})
    phone.forget(ENTRY)
    (change,) = phone.request(0).changes
    assert (change.set, change.was) == ({"needs": []}, {"needs": ["rest"]})


def test_a_purge_forgets_all_that_an_edit_of_an_unknown_kind_says() -> None:
    phone = a_phone()
    told(phone, records=[replace(record(ENTRY, 3), kind="star_sign")])
    phone.keep(Change(key=UUID(int=1), kind="star_sign", id=ENTRY, set={"sign": "Leo"}), None)
    phone.forget(ENTRY)
    assert phone.waiting() == []
