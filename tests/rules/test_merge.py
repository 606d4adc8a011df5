"""Merging by plain example: what follows, what meets unseen, what stands beside and behind, and who is told."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.check_ins import CHECK_IN
from domain.goal_kinds import GOAL, STEP
from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Field, Kind
from domain.kinds import KINDS
from domain.policies import Policy
from domain.records import REMOVAL, Alternative, Record
from domain.settings import SETTINGS
from domain.shapes import SetOf, Text, Windows
from sync.merge import FOLDS, MERGES, WAITING_MAX, Edit, Merged, Word, concurrent, create, earliest, merge
from sync.ports import Value
from sync.standing import Said, standing
from sync.words import Budget
from sync.writers import SENTENCES_MAX, credited, writer

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
PHONE, TABLET, BENS = DeviceId(UUID(int=11)), DeviceId(UUID(int=12)), DeviceId(UUID(int=13))
OWNERS = {PHONE: ANA, TABLET: ANA, BENS: BEN}
GOAL_ID, COUPLE = str(UUID(int=30)), str(UUID(int=40))


def edit(
    device: DeviceId,
    values: dict[str, Any] | None = None,
    *,
    base: int,
    was: dict[str, Any] | None = None,
    **rest: Any,
) -> Edit:
    return Edit(person=OWNERS[device], device=device, base=base, set=values or {}, was=was or {}, **rest)


def new(kind: Kind, values: dict[str, Any], device: DeviceId = PHONE, **rest: Any) -> Record:
    """A record first stored as version 10."""
    made = create(
        kind,
        edit(device, values, base=0, **rest),
        space=SpaceId(UUID(int=20)),
        identity=RecordId(UUID(int=21)),
        version=10,
    )
    assert made.changed
    return made.record


def then(record: Record, change: Edit) -> Merged:
    return merge(record, change, KINDS[record.kind], version=record.version + 1, budget=Budget())


def step(title: str = "Book the ferry.", **values: Any) -> Record:
    return new(STEP, {"goal": GOAL_ID, "title": title, **values})


def check_in(**values: Any) -> Record:
    return new(CHECK_IN, {"local_date": "2026-11-20", **values})


def settings(**values: Any) -> Record:
    return new(SETTINGS, values)


def test_every_policy_that_can_meet_has_one_way_of_merging() -> None:
    assert MERGES.keys() | FOLDS.keys() | {Policy.MEMBERS, Policy.ONCE, Policy.SERVER} == set(Policy)


# Following -----------------------------------------------------------------------------------------------------


def test_a_new_record_holds_what_was_set_and_is_empty_elsewhere() -> None:
    record = check_in(text="Tired.")
    assert record.fields["text"] == "Tired."
    assert record.fields["needs"] == []
    assert record.fields["audience"] == "only_me"
    assert (record.version, record.created, record.author) == (10, 10, ANA)


def test_a_record_that_is_ordered_keeps_the_version_of_its_first_storing() -> None:
    terms = new(KINDS["goal_terms"], {"goal": GOAL_ID, "title": "Walk on Sundays."})
    assert terms.fields["order"] == 10


def test_a_record_that_is_ordered_keeps_its_order_when_it_comes_back() -> None:
    """The version under which it is stored again is a later one, and would let it lose against what it came before."""
    terms = new(KINDS["goal_terms"], {"goal": GOAL_ID, "title": "Walk on Sundays.", "order": 3}, author=ANA)
    assert (terms.fields["order"], terms.version) == (3, 10)


def test_the_writer_of_a_new_text_is_remembered_however_many_sentences_it_has() -> None:
    lines = [f"Line {nth}." for nth in range(SENTENCES_MAX + 1)]
    stamps = step("\n".join(lines)).stamps
    assert {writer(stamps, "title", line) for line in lines} == {ANA}


def test_a_change_that_has_seen_everything_follows() -> None:
    came = then(step(), edit(BENS, {"title": "Book a cabin."}, base=10, was={"title": "Book the ferry."}))
    assert came.record.fields["title"] == "Book a cabin."
    assert (came.status, came.verdicts, came.owed) == ("applied", {}, ())
    assert came.behind == (Value("title", "Book the ferry.", ANA),)
    assert came.record.version == 11


@pytest.mark.parametrize("other", [TABLET, BENS])
def test_a_text_that_was_written_over_another_one_than_is_stored_meets_it_whatever_its_base(other: DeviceId) -> None:
    # The phone has pulled version 11 while an own edit waited, and shows that edit instead.
    record = replace(check_in(text="Slow walks. Green tea."), version=11)
    came = then(
        record, edit(other, {"text": "Fast walks. Good tea. Cake."}, base=11, was={"text": "Slow walks. Good tea."})
    )
    assert came.record.fields["text"] == "Fast walks. Green tea. Cake."
    assert came.verdicts == {"text": "merged"}


@pytest.mark.parametrize(
    ("was", "stored", "incoming", "text"),
    [
        (None, "Green tea.", "Cake.", "Green tea. Cake."),
        ("Slow walks. Good tea.", None, "Slow walks. Good tea. Cake.", "Cake."),
    ],
    ids=["written meanwhile", "emptied meanwhile"],
)
def test_a_text_that_stands_where_nothing_stood_or_was_emptied_is_met_too_whatever_the_base(
    was: str | None, stored: str | None, incoming: str, text: str
) -> None:
    record = replace(check_in(text=stored), version=11)
    came = then(record, edit(TABLET, {"text": incoming}, base=11, was={"text": was}))
    assert came.record.fields["text"] == text
    assert came.verdicts == {"text": "merged"}


@pytest.mark.parametrize("was", [None, ""])
def test_a_text_that_was_written_where_nothing_stood_follows_nothing(was: str | None) -> None:
    came = then(check_in(), edit(PHONE, {"text": "Tired."}, base=10, was={"text": was}))
    assert (came.record.fields["text"], came.status) == ("Tired.", "applied")


def test_a_text_that_is_sent_again_after_a_restore_follows_what_it_has_in_common_with_the_stored_one() -> None:
    # What it does not hold any more was taken out by hand in the life that is lost.
    again = edit(PHONE, {"text": "Two. Three."}, base=10, was={"text": "Two."}, again=True)
    came = then(check_in(text="One. Two."), again)
    assert (came.record.fields["text"], came.status) == ("Two. Three.", "applied")


def test_changes_of_different_fields_do_not_meet() -> None:
    first = then(step(), edit(BENS, {"done": True}, base=10))
    second = then(first.record, edit(PHONE, {"title": "Book a cabin."}, base=10, was={"title": "Book the ferry."}))
    assert (second.record.fields["done"], second.record.fields["title"]) == (True, "Book a cabin.")
    assert (second.status, second.verdicts) == ("applied", {})


def test_an_offline_creation_and_its_edits_do_not_meet_each_other() -> None:
    record = new(CHECK_IN, {"local_date": "2026-11-20", "text": "Tired."})
    for text, was in (("Tired but well.", "Tired."), ("Well.", "Tired but well.")):
        came = then(record, edit(PHONE, {"text": text}, base=0, was={"text": was}))
        assert (came.status, came.record.alternatives, came.owed) == ("applied", {}, ())
        record = came.record
    assert record.fields["text"] == "Well."


@pytest.mark.parametrize("base", [9, 10])
def test_an_edit_that_says_what_is_stored_changes_nothing(base: int) -> None:
    record = step()
    came = then(record, edit(BENS, {"title": "Book the ferry."}, base=base))
    assert (came.changed, came.record, came.status) == (False, record, "applied")
    entry = check_in(valence=1, audience=COUPLE)
    assert not then(entry, edit(TABLET, {"valence": 1}, base=base)).changed
    assert not then(entry, edit(TABLET, {"audience": COUPLE}, base=10)).changed


def test_a_value_behind_is_kept_only_when_there_is_something_in_it() -> None:
    came = then(check_in(), edit(PHONE, {"text": "Tired.", "valence": 2, "let_them_know": True}, base=10))
    assert came.behind == ()


def test_another_device_s_change_was_seen_when_the_base_says_so() -> None:
    changed = then(step(), edit(BENS, {"done": True}, base=10)).record
    stamp = changed.stamp("done")
    assert concurrent(stamp, edit(PHONE, base=10))
    assert not concurrent(stamp, edit(PHONE, base=11))
    assert not concurrent(stamp, edit(BENS, base=10))


def test_a_device_that_wrote_last_has_still_not_seen_who_wrote_between() -> None:
    record = then(step(), edit(PHONE, {"title": "A."}, base=10)).record
    record = then(record, edit(BENS, {"title": "B."}, base=10, was={"title": "Book the ferry."})).record
    record = then(record, edit(BENS, {"done": True}, base=12)).record
    assert concurrent(record.stamp("done"), edit(PHONE, base=10))


def test_one_field_that_stands_is_enough_for_an_edit_not_to_be_superseded() -> None:
    """Whether it says what is stored already or brings something; the other field loses every time."""
    told = then(check_in(needs=["rest"]), edit(PHONE, {"valence": 1}, base=10, made_ms=2000)).record
    for stands in ({"needs": ["rest"]}, {"needs": ["clarity", "rest"]}, {"local_date": "2026-11-20"}, {"arousal": 1}):
        lost = {"valence": 2, **stands}
        came = then(told, edit(TABLET, lost, base=10, made_ms=1000, was={"needs": ["rest"]}))
        assert (came.status, came.record.fields["valence"]) == ("merged", 1)
    assert then(told, edit(TABLET, {"valence": 2}, base=10, made_ms=1000)).status == "superseded"


# Later ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_to_arrive", ["earlier", "later"])
def test_of_two_unseen_dates_the_one_chosen_later_stands(first_to_arrive: str) -> None:
    earlier = edit(PHONE, {"valence": 1}, base=10, made_ms=1000)
    later = edit(TABLET, {"valence": 2}, base=10, made_ms=2000)
    order = (earlier, later) if first_to_arrive == "earlier" else (later, earlier)
    one = then(check_in(), order[0]).record
    came = then(one, order[1])
    assert came.record.fields["valence"] == 2
    if first_to_arrive == "earlier":
        assert (came.verdicts, came.status, came.behind) == ({"valence": "yours_kept"}, "merged", (_v(1),))
    else:
        assert (came.verdicts, came.status, came.behind) == ({"valence": "theirs_kept"}, "superseded", (_v(1),))
    assert came.owed == (), "one's own other device is nobody to be told of"


def _v(value: int) -> Value:
    return Value("valence", value, ANA)


@pytest.mark.parametrize("order", [(PHONE, TABLET), (TABLET, PHONE)])
@pytest.mark.parametrize("made_ms", [None, 1000])
def test_a_tie_falls_to_the_higher_device(order: tuple[DeviceId, DeviceId], made_ms: int | None) -> None:
    record = check_in()
    for device in order:
        value = 1 if device == PHONE else 2
        record = then(record, edit(device, {"valence": value}, base=10, made_ms=made_ms)).record
    assert record.fields["valence"] == 2


@pytest.mark.parametrize("order", [(PHONE, TABLET), (TABLET, PHONE)])
def test_an_edit_that_does_not_say_its_age_loses_the_tie(order: tuple[DeviceId, DeviceId]) -> None:
    record = check_in()
    for device in order:
        change = (
            edit(PHONE, {"valence": 1}, base=10, made_ms=1)
            if device == PHONE
            else edit(TABLET, {"valence": 2}, base=10)
        )
        record = then(record, change).record
    assert record.fields["valence"] == 1


def test_whose_value_lost_is_told_when_it_was_another_person_s() -> None:
    goal = new(GOAL, {})
    one = then(goal, edit(PHONE, {"topic": "health"}, base=10, made_ms=1)).record
    won = then(one, edit(BENS, {"topic": "money"}, base=10, made_ms=2))
    assert won.owed == (Word(ANA, "other_kept", "topic"),)
    lost = then(one, edit(BENS, {"topic": "money"}, base=10, made_ms=0))
    assert lost.owed == (Word(BEN, "other_kept", "topic"),)
    assert lost.record.fields["topic"] == "health"


def test_a_value_that_lost_leaves_the_one_that_stands_as_new_as_it_was() -> None:
    told = then(check_in(), edit(PHONE, {"valence": 1}, base=10, made_ms=2000)).record
    lost = then(told, edit(TABLET, {"valence": 2}, base=10, made_ms=1000))
    assert lost.changed, "its device has to be told what stands"
    assert lost.record.stamp("valence") == told.stamp("valence")


def test_a_device_s_own_earlier_edit_never_beats_its_later_one() -> None:
    """Even where its clock went back between them, and the other's edit came first."""
    record = then(check_in(), edit(TABLET, {"valence": 1}, base=10, made_ms=50)).record
    record = then(record, edit(PHONE, {"valence": 2}, base=10, made_ms=100)).record
    came = then(record, edit(PHONE, {"valence": 3}, base=10, made_ms=10))
    assert (came.record.fields["valence"], came.verdicts) == (3, {"valence": "yours_kept"})


# Words ---------------------------------------------------------------------------------------------------------


def test_two_own_devices_that_wrote_other_sentences_are_joined() -> None:
    record = check_in(text="We met. It rained.")
    one = then(record, edit(PHONE, {"text": "We met at noon. It rained."}, base=10, was={"text": "We met. It rained."}))
    came = then(
        one.record, edit(TABLET, {"text": "We met. It rained a lot."}, base=10, was={"text": "We met. It rained."})
    )
    assert came.record.fields["text"] == "We met at noon. It rained a lot."
    assert (came.verdicts, came.status, came.record.merged) == ({"text": "merged"}, "merged", ("text",))
    assert {value.value for value in came.behind} == {"We met at noon. It rained.", "We met. It rained a lot."}


@pytest.mark.parametrize(("made_ms", "stands", "beside"), [(2000, "Ill.", "Well."), (500, "Well.", "Ill.")])
def test_two_own_devices_that_rewrote_one_sentence_keep_both(made_ms: int, stands: str, beside: str) -> None:
    one = then(check_in(text="Tired."), edit(PHONE, {"text": "Well."}, base=10, was={"text": "Tired."}, made_ms=1000))
    came = then(one.record, edit(TABLET, {"text": "Ill."}, base=10, was={"text": "Tired."}, made_ms=made_ms))
    assert came.record.fields["text"] == stands
    assert came.record.alternatives == {"text": (Alternative(ANA, beside),)}
    assert came.verdicts == {"text": "kept_both"}
    assert came.owed == ()


def test_text_from_nowhere_known_is_kept_beside() -> None:
    one = then(check_in(text="Tired."), edit(PHONE, {"text": "Tired. Cold."}, base=10, was={"text": "Tired."})).record
    came = then(one, edit(TABLET, {"text": "Tired. Warm."}, base=10, made_ms=9))
    assert came.record.fields["text"] == "Tired. Warm."
    assert came.record.alternatives == {"text": (Alternative(ANA, "Tired. Cold."),)}


def test_emptying_a_text_that_was_rewritten_elsewhere_keeps_the_words_in_either_order() -> None:
    written = edit(PHONE, {"text": "Well."}, base=10, was={"text": "Tired."}, made_ms=1000)
    emptied = edit(TABLET, {"text": None}, base=10, was={"text": "Tired."}, made_ms=2000)
    one = then(then(check_in(text="Tired."), written).record, emptied)
    assert (one.record.fields["text"], one.record.alternatives) == (None, {"text": (Alternative(ANA, "Well."),)})
    assert one.verdicts == {"text": "kept_both"}
    other = then(then(check_in(text="Tired."), emptied).record, written)
    assert (other.record.fields["text"], other.record.alternatives) == (None, {"text": (Alternative(ANA, "Well."),)})


def test_emptying_that_loses_leaves_nothing_beside_and_does_not_say_so() -> None:
    one = then(check_in(text="Tired."), edit(PHONE, {"text": "Well."}, base=10, was={"text": "Tired."}, made_ms=9))
    came = then(one.record, edit(TABLET, {"text": None}, base=10, was={"text": "Tired."}, made_ms=1))
    assert (came.record.fields["text"], came.record.alternatives) == ("Well.", {})
    assert came.verdicts == {"text": "theirs_kept"}


def test_a_text_that_lost_does_not_count_as_a_change_of_the_one_that_stands() -> None:
    """Whoever has read what stands may follow it, without having seen what came too late."""
    one = then(check_in(text="Tired."), edit(PHONE, {"text": "Well."}, base=10, was={"text": "Tired."}, made_ms=9))
    lost = then(one.record, edit(TABLET, {"text": "Ill."}, base=10, was={"text": "Tired."}, made_ms=1)).record
    assert lost.stamp("text") == one.record.stamp("text")
    shared = then(step(), edit(PHONE, {"title": "Ana's."}, base=10, was={"title": "Book the ferry."})).record
    beside = then(shared, edit(BENS, {"title": "Ben's."}, base=10, was={"title": "Book the ferry."})).record
    assert beside.stamp("title") == shared.stamp("title")
    emptied = then(shared, edit(BENS, {"title": "Book the ferry."}, base=10, was={"title": "Book the ferry."})).record
    assert emptied.stamp("title") == shared.stamp("title")


def test_an_edit_that_brings_nothing_new_leaves_the_text_and_comes_back() -> None:
    one = then(step("A. B."), edit(PHONE, {"title": "A. B. C."}, base=10, was={"title": "A. B."})).record
    came = then(one, edit(BENS, {"title": "A. B."}, base=10, was={"title": "A. B."}))
    assert came.record.fields["title"] == "A. B. C."
    assert came.record.version == one.version + 1, "the device that pushed it has to be told"


def test_an_edit_that_keeps_nothing_where_the_other_wrote_leaves_the_text_and_comes_back() -> None:
    one = then(check_in(), edit(PHONE, {"text": "Well."}, base=10, was={"text": None})).record
    came = then(one, edit(TABLET, {"text": None}, base=10, was={"text": None}))
    assert (came.record.fields["text"], came.changed) == ("Well.", True), "the device that pushed it has to be told"


def test_a_text_that_was_written_and_emptied_meanwhile_is_joined_with_nothing() -> None:
    record = then(check_in(), edit(PHONE, {"text": "Tired."}, base=10, was={"text": None})).record
    record = then(record, edit(PHONE, {"text": None}, base=10, was={"text": "Tired."})).record
    came = then(record, edit(TABLET, {"text": "Well."}, base=10, was={"text": None}))
    assert (came.record.fields["text"], came.verdicts) == ("Well.", {})


def test_emptying_a_text_that_is_again_as_it_was_empties_it() -> None:
    record = then(check_in(text="Tired."), edit(PHONE, {"text": "Well."}, base=10, was={"text": "Tired."})).record
    record = then(record, edit(PHONE, {"text": "Tired."}, base=10, was={"text": "Well."})).record
    came = then(record, edit(TABLET, {"text": None}, base=10, was={"text": "Tired."}))
    assert (came.record.fields["text"], came.verdicts) == (None, {})
    assert came.behind == (Value("text", "Tired.", ANA),)


def test_what_only_repeats_the_other_s_edit_and_adds_to_it_follows() -> None:
    one = then(step("A."), edit(PHONE, {"title": "A. B."}, base=10, was={"title": "A."})).record
    came = then(one, edit(BENS, {"title": "A. B. C."}, base=10, was={"title": "A."}))
    assert (came.record.fields["title"], came.verdicts, came.record.merged) == ("A. B. C.", {}, ())
    assert came.behind == (Value("title", "A. B.", ANA),)


# Shared words --------------------------------------------------------------------------------------------------


def overlapping(record: Record | None = None) -> Merged:
    """Ana and Ben rewrote the same sentence; Ana's was first."""
    first = then(record or step(), edit(PHONE, {"title": "Ana's."}, base=10, was={"title": "Book the ferry."}))
    return then(first.record, edit(BENS, {"title": "Ben's."}, base=10, was={"title": "Book the ferry."}))


def test_the_same_sentence_rewritten_by_both_keeps_the_stored_one_first() -> None:
    came = overlapping()
    assert came.record.fields["title"] == "Ana's."
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's."),)}
    assert (came.status, came.verdicts) == ("merged", {"title": "kept_both"})
    assert set(came.owed) == {Word(ANA, "kept_both", "title"), Word(BEN, "kept_both", "title")}


def test_a_second_alternative_of_one_author_replaces_the_first_which_goes_behind() -> None:
    record = overlapping().record
    came = then(record, edit(BENS, {"title": "Ben's other."}, base=10, was={"title": "Ben's."}))
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's other."),)}
    assert Value("title", "Ben's.", BEN) in came.behind
    assert came.owed == (), "one notice each is enough"


def test_alternatives_of_two_authors_stand_side_by_side() -> None:
    record = overlapping().record
    record = then(record, edit(BENS, {"title": "Ben's third."}, base=12, was={"title": "Ana's."})).record
    came = then(record, edit(TABLET, {"title": "Ana's tablet."}, base=12, was={"title": "Ana's."}))
    assert came.record.fields["title"] == "Ben's third."
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's."), Alternative(ANA, "Ana's tablet."))}


def test_the_same_overlapping_edit_twice_keeps_one_alternative() -> None:
    record = overlapping().record
    came = then(record, edit(BENS, {"title": "Ben's."}, base=10, was={"title": "Book the ferry."}))
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's."),)}
    assert came.behind == ()


def of_before_writers_were_remembered(record: Record) -> Record:
    return replace(record, stamps={name: stamp for name, stamp in record.stamps.items() if "#" not in name})


def writers(record: Record, *said: str) -> list[PersonId | None]:
    """Who brought these sentences into the title of a step; all that are remembered are named."""
    assert sum("#" in name for name in record.stamps) == len(said)
    return [writer(record.stamps, "title", each) for each in said]


def test_a_sentence_is_its_first_writer_s_also_where_that_was_not_remembered_yet() -> None:
    by_ben = then(step("Ana's."), edit(BENS, {"title": "Ana's. Ben's."}, base=10, was={"title": "Ana's."})).record
    old = of_before_writers_were_remembered(by_ben)
    told = then(old, edit(PHONE, {"title": "Ben's. New."}, base=11, was={"title": "Ana's. Ben's."})).record
    assert writers(told, "Ana's.", "Ben's.", "New.") == [BEN, BEN, ANA], "who wrote the text that stood has them all"
    told = then(by_ben, edit(PHONE, {"title": "Ben's. New."}, base=11, was={"title": "Ana's. Ben's."})).record
    assert writers(told, "Ana's.", "Ben's.", "New.") == [ANA, BEN, ANA]


def test_a_sentence_that_stands_beside_is_its_writer_s_also_when_the_other_takes_it_over() -> None:
    base = {"was": {"title": "Base."}, "base": 10}
    one = then(step("Base."), edit(PHONE, {"title": "Ana's."}, **base)).record
    two = of_before_writers_were_remembered(then(one, edit(BENS, {"title": "Ben's."}, **base)).record)
    told = then(two, edit(PHONE, {"title": "Ben's."}, base=12, was={"title": "Ana's."})).record
    assert writers(told, "Ana's.", "Ben's.") == [ANA, BEN]


def test_nobody_is_the_writer_of_an_empty_text() -> None:
    goal = new(GOAL, {"notes": ""})
    told = then(goal, edit(BENS, {"notes": "Ben's."}, base=10, was={"notes": ""})).record
    emptied = then(told, edit(PHONE, {"notes": None}, base=11, was={"notes": "Ben's."})).record
    for record in (told, emptied):
        assert [stamp.person for name, stamp in record.stamps.items() if "#" in name] == [BEN]


def test_of_very_many_sentences_the_writers_are_remembered_of_what_stands_in_the_text_and_beside_it() -> None:
    old = [(" ".join(f"Old {nth}." for nth in range(SENTENCES_MAX - 1)), ANA)]
    full = replace(step("Base."), stamps=credited(step("Base.").stamps, "title", old, []))
    one = then(full, edit(PHONE, {"title": "Ana's."}, base=10, was={"title": "Base."})).record
    assert writers(one, "Ana's.") == [ANA]
    full = replace(one, stamps=credited(one.stamps, "title", [(old[0][0], BEN)], []))
    two = then(full, edit(BENS, {"title": "Ben's."}, base=10, was={"title": "Base."})).record
    assert writers(two, "Ana's.", "Ben's.") == [ANA, BEN]


@pytest.mark.parametrize("emptied_first", [True, False])
def test_a_text_that_one_emptied_and_the_other_went_on_with_is_kept(*, emptied_first: bool) -> None:
    goal = new(GOAL, {"notes": "Sunday."})
    emptied = edit(PHONE, {"notes": None}, base=10, was={"notes": "Sunday."})
    written = edit(BENS, {"notes": "Saturday."}, base=10, was={"notes": "Sunday."})
    order = (emptied, written) if emptied_first else (written, emptied)
    came = then(then(goal, order[0]).record, order[1])
    assert came.record.fields["notes"] == "Saturday."
    assert came.record.alternatives == {}
    assert came.verdicts == {"notes": "yours_kept" if emptied_first else "theirs_kept"}


def test_a_text_that_was_kept_against_emptying_it_is_as_old_as_it_was() -> None:
    goal = new(GOAL, {"notes": "Sunday."})
    written = then(goal, edit(BENS, {"notes": "Saturday."}, base=10, was={"notes": "Sunday."})).record
    came = then(written, edit(PHONE, {"notes": None}, base=10, was={"notes": "Sunday."})).record
    assert came.stamp("notes") == written.stamp("notes")


def test_a_title_never_becomes_nothing() -> None:
    """One took out all but the blank before it, the other that blank: both are seemly, together they are nothing."""
    one = then(step(" A."), edit(PHONE, {"title": " "}, base=10, was={"title": " A."})).record
    came = then(one, edit(BENS, {"title": "A."}, base=10, was={"title": " A."}))
    assert came.record.fields["title"] == " "
    assert came.record.alternatives == {"title": (Alternative(BEN, "A."),)}


def test_a_joined_text_stays_within_its_length() -> None:
    goal = new(GOAL, {"notes": "A."})
    long, other = "A. " + "x" * 1500 + ".", "A. " + "y" * 1500 + "."
    one = then(goal, edit(PHONE, {"notes": long}, base=10, was={"notes": "A."})).record
    came = then(one, edit(BENS, {"notes": other}, base=10, was={"notes": "A."}))
    assert came.record.fields["notes"] == long
    assert came.record.alternatives == {"notes": (Alternative(BEN, other),)}


# Picking and confirming ----------------------------------------------------------------------------------------


def test_a_pick_takes_the_alternative_out_and_keeps_it_behind() -> None:
    record = overlapping().record
    pick = edit(
        PHONE,
        {"title": "Ben's."},
        base=12,
        was={"title": "Ana's."},
        picked={"title": frozenset({(str(BEN), "Ben's.")})},
    )
    came = then(record, pick)
    assert (came.record.fields["title"], came.record.alternatives) == ("Ben's.", {})
    assert Value("title", "Ben's.", BEN) in came.behind


def test_an_alternative_that_came_meanwhile_stays() -> None:
    record = overlapping().record
    record = then(record, edit(BENS, {"title": "Ben's newer."}, base=10, was={"title": "Ben's."})).record
    came = then(record, edit(PHONE, base=12, picked={"title": frozenset({(str(BEN), "Ben's.")})}))
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's newer."),)}
    assert not came.changed


def test_of_two_alternatives_the_one_that_was_not_picked_stays() -> None:
    record = overlapping().record
    record = then(record, edit(BENS, {"title": "Ben's third."}, base=12, was={"title": "Ana's."})).record
    record = then(record, edit(TABLET, {"title": "Ana's tablet."}, base=12, was={"title": "Ana's."})).record
    came = then(record, edit(BENS, base=14, picked={"title": frozenset({(str(BEN), "Ben's.")})}))
    assert came.record.alternatives == {"title": (Alternative(ANA, "Ana's tablet."),)}
    assert came.behind == (Value("title", "Ben's.", BEN),)


def test_picking_in_a_field_without_alternatives_changes_nothing() -> None:
    came = then(step(), edit(PHONE, base=10, picked={"title": frozenset({(str(BEN), "x")})}))
    assert (came.changed, came.record.alternatives) == (False, {})


def test_an_edit_of_the_text_alone_clears_nothing() -> None:
    record = overlapping().record
    came = then(record, edit(PHONE, {"title": "Ana's!"}, base=12, was={"title": "Ana's."}))
    assert came.record.alternatives == {"title": (Alternative(BEN, "Ben's."),)}


def test_a_joined_text_is_marked_until_somebody_confirms_it() -> None:
    one = then(step("A. B."), edit(PHONE, {"title": "A1. B."}, base=10, was={"title": "A. B."})).record
    record = then(one, edit(BENS, {"title": "A. B1."}, base=10, was={"title": "A. B."})).record
    assert (record.fields["title"], record.merged) == ("A1. B1.", ("title",))
    came = then(record, edit(PHONE, base=12, confirmed=frozenset({"title"})))
    assert (came.record.merged, came.changed, came.status) == ((), True, "applied")
    again = then(came.record, edit(BENS, base=12, confirmed=frozenset({"title"})))
    assert not again.changed


def test_a_confirmation_stands_though_a_value_beside_it_lost() -> None:
    goal = then(new(GOAL, {"notes": "A. B."}), edit(PHONE, {"topic": "health"}, base=10, made_ms=9)).record
    goal = then(goal, edit(PHONE, {"notes": "A1. B."}, base=11, was={"notes": "A. B."})).record
    goal = then(goal, edit(BENS, {"notes": "A. B1."}, base=11, was={"notes": "A. B."})).record
    assert goal.merged == ("notes",)
    lost = edit(BENS, {"topic": "money"}, base=10, made_ms=1, confirmed=frozenset({"notes"}))
    assert (then(goal, lost).status, then(goal, lost).verdicts) == ("merged", {"topic": "theirs_kept"})
    alone = edit(BENS, {"topic": "money"}, base=10, made_ms=1)
    assert then(goal, alone).status == "superseded"


# Members, monotone, private, protective ------------------------------------------------------------------------


def test_needs_added_and_taken_out_on_two_devices_are_both_heard() -> None:
    record = check_in(needs=["rest", "time_alone"])
    was = {"needs": ["rest", "time_alone"]}
    one = then(record, edit(PHONE, {"needs": ["rest", "time_alone", "clarity"]}, base=10, was=was)).record
    came = then(one, edit(TABLET, {"needs": ["rest"]}, base=10, was=was))
    assert came.record.fields["needs"] == ["clarity", "rest"]
    assert came.verdicts == {"needs": "merged"}
    assert came.behind == (Value("needs", ["clarity", "rest", "time_alone"], ANA),)


def test_a_set_that_is_said_as_it_is_stored_changes_nothing() -> None:
    record = check_in(needs=["rest"])
    for base in (9, 10):
        assert not then(record, edit(TABLET, {"needs": ["rest"]}, base=base, was={"needs": ["rest"]})).changed


def test_without_a_start_a_set_that_was_seen_is_replaced() -> None:
    came = then(check_in(needs=["clarity", "rest"]), edit(TABLET, {"needs": ["rest"]}, base=10))
    assert (came.record.fields["needs"], came.verdicts) == (["rest"], {})


def test_what_the_other_device_took_out_is_said_to_one_that_kept_it() -> None:
    """Its set is what is stored now, but only because nothing of it is new: there is nothing to tell."""
    one = then(
        check_in(needs=["clarity", "rest"]),
        edit(PHONE, {"needs": ["rest"]}, base=10, was={"needs": ["clarity", "rest"]}),
    )
    came = then(one.record, edit(TABLET, {"needs": ["rest"]}, base=10, was={"needs": ["clarity", "rest"]}))
    assert not came.changed


def test_a_set_that_another_person_left_is_kept_behind_as_theirs() -> None:
    taken = then(step(), edit(BENS, {"taken_by": [str(BEN)]}, base=10, was={"taken_by": []})).record
    came = then(taken, edit(PHONE, {"taken_by": []}, base=11, was={"taken_by": [str(BEN)]}))
    assert came.behind == (Value("taken_by", [str(BEN)], BEN),)


def test_an_addition_beats_a_removal_that_had_not_seen_it() -> None:
    record = check_in(needs=["rest"])
    record = then(record, edit(PHONE, {"needs": []}, base=10, was={"needs": ["rest"]})).record
    record = then(record, edit(PHONE, {"needs": ["rest"]}, base=10, was={"needs": []})).record
    came = then(record, edit(TABLET, {"needs": []}, base=10, was={"needs": ["rest"]}))
    assert came.record.fields["needs"] == ["rest"]


def test_without_a_start_an_unseen_set_only_adds() -> None:
    one = then(check_in(needs=["rest"]), edit(PHONE, {"needs": ["clarity"]}, base=10, was={"needs": ["rest"]})).record
    came = then(one, edit(TABLET, {"needs": ["time_alone"]}, base=10))
    assert came.record.fields["needs"] == ["clarity", "time_alone"]
    came = then(check_in(needs=["rest"]), edit(TABLET, {"needs": ["time_alone"]}, base=9))
    assert came.record.fields["needs"] == ["rest", "time_alone"], "what it may never have seen it does not take out"


def test_a_full_set_keeps_the_earliest() -> None:
    """First what was there, then what was added by whoever had seen least: never what happened to arrive first."""
    record = check_in(needs=["rest"])
    seeing = edit(PHONE, {"needs": ["affection", "celebration", "rest"]}, base=12, was={"needs": ["rest"]})
    unseeing = edit(TABLET, {"needs": ["rest", "time_alone"]}, base=10, was={"needs": ["rest"]})
    for first, second in ((seeing, unseeing), (unseeing, seeing)):
        came = then(then(record, first).record, second)
        assert came.record.fields["needs"] == ["affection", "rest", "time_alone"]


def test_what_found_no_room_is_kept_behind() -> None:
    one = then(
        check_in(needs=["rest"]),
        edit(PHONE, {"needs": ["rest", "time_alone", "clarity"]}, base=10, was={"needs": ["rest"]}),
    )
    came = then(one.record, edit(TABLET, {"needs": ["rest", "time_together"]}, base=10, was={"needs": ["rest"]}))
    assert came.record.fields["needs"] == ["clarity", "rest", "time_alone"]
    assert came.behind == (Value("needs", ["rest", "time_together"], ANA),)


def test_what_found_no_room_comes_in_when_room_is_made_unseeing_and_is_forgotten_once_it_was_seen_out() -> None:
    record = check_in(needs=["rest", "clarity"])
    full = then(
        record, edit(PHONE, {"needs": ["rest", "clarity", "affection"]}, base=10, was={"needs": ["rest", "clarity"]})
    ).record
    waiting = then(
        full, edit(TABLET, {"needs": ["rest", "clarity", "time_alone"]}, base=10, was={"needs": ["rest", "clarity"]})
    ).record
    assert waiting.fields["needs"] == ["affection", "clarity", "rest"]
    unseeing = edit(PHONE, {"needs": ["rest", "affection"]}, base=10, was={"needs": ["rest", "clarity", "affection"]})
    assert then(waiting, unseeing).record.fields["needs"] == ["affection", "rest", "time_alone"]
    seeing = edit(PHONE, {"needs": ["rest", "affection"]}, base=waiting.version, was={"needs": waiting.fields["needs"]})
    assert then(waiting, seeing).record.fields["needs"] == ["affection", "rest"]


@pytest.mark.parametrize(("device", "base"), [(TABLET, 10), (BENS, 20)])
def test_what_is_added_again_counts_from_then_on(device: DeviceId, base: int) -> None:
    """By who added it first, or by who had seen that: what others added meanwhile goes before it into a full set."""
    record = check_in(needs=["rest"])
    record = then(record, edit(TABLET, {"needs": ["clarity", "rest"]}, base=5, was={"needs": ["rest"]})).record
    record = then(record, edit(PHONE, {"needs": ["rest", "time_alone"]}, base=7, was={"needs": ["rest"]})).record
    assert record.fields["needs"] == ["clarity", "rest", "time_alone"]
    again = edit(device, {"needs": ["affection", "clarity", "rest"]}, base=base, was={"needs": ["rest"]})
    came = then(replace(record, version=20), again).record
    assert came.fields["needs"] == ["affection", "rest", "time_alone"]


def test_what_was_added_lately_stays_so_when_its_own_device_goes_on() -> None:
    """A device that has seen its addition, and adds something else, does not make it older than it is."""
    record = check_in(needs=["rest"])
    record = then(record, edit(TABLET, {"needs": ["clarity", "rest"]}, base=8, was={"needs": ["rest"]})).record
    seen = edit(TABLET, {"needs": ["affection", "clarity", "rest"]}, base=11, was={"needs": ["clarity", "rest"]})
    record = then(record, seen).record
    unseeing = edit(PHONE, {"needs": ["celebration", "rest", "time_alone"]}, base=7, was={"needs": ["rest"]})
    assert then(record, unseeing).record.fields["needs"] == ["celebration", "rest", "time_alone"]


def test_the_earliest_are_those_nobody_added_and_then_those_added_on_the_least() -> None:
    said = [Said("a", PHONE, 15, 5), Said("a", TABLET, 16, 9), Said("b", BENS, 17, 0), Said("c", BENS, 18, 7)]
    assert earliest(["a", "b", "c", "z"], said) == ["z", "b", "a", "c"]


def test_no_more_than_so_much_waits_for_room() -> None:
    """A client that claims ever again to have seen nothing does not fill the record."""
    shape = SetOf(Text(24), 3)
    kind = replace(CHECK_IN, fields=CHECK_IN.fields | {"needs": Field(shape, Policy.MEMBERS)})
    record = check_in(needs=["a", "b", "c"])
    for number in range(100):
        change = edit(TABLET, {"needs": [f"{number:03}"]}, base=10, was={"needs": []})
        record = merge(record, change, kind, version=record.version + 1, budget=Budget()).record
    assert record.fields["needs"] == ["a", "b", "c"]
    assert len(standing(record.stamps, "needs")) <= WAITING_MAX


def test_taking_a_step_leaves_the_other_where_they_are() -> None:
    one = then(step(), edit(BENS, {"taken_by": [str(BEN)]}, base=10, was={"taken_by": []})).record
    came = then(one, edit(PHONE, {"taken_by": [str(ANA)]}, base=10, was={"taken_by": []}))
    assert came.record.fields["taken_by"] == sorted([str(ANA), str(BEN)])


def test_what_an_edit_never_had_it_does_not_take_out() -> None:
    """A device that claims to have seen the partner's yes, and to have started from none, changes only its own."""
    record = step(taken_by=[str(ANA)])
    came = then(record, edit(BENS, {"taken_by": []}, base=10, was={"taken_by": []}))
    assert came.record.fields["taken_by"] == [str(ANA)]


def test_done_stays_done_against_an_undoing_that_had_not_seen_it() -> None:
    record = step(done=True)
    undone = then(record, edit(PHONE, {"done": False}, base=10)).record
    done = then(undone, edit(PHONE, {"done": True}, base=10)).record
    came = then(done, edit(BENS, {"done": False}, base=10))
    assert came.record.fields["done"] is True
    assert (came.verdicts, came.status, came.owed) == ({"done": "theirs_kept"}, "superseded", ())


def test_a_second_yes_to_what_is_so_already_counts_against_an_undoing_that_had_not_seen_it() -> None:
    done = then(step(), edit(BENS, {"done": True}, base=10)).record
    both = then(done, edit(PHONE, {"done": True}, base=10)).record
    assert then(both, edit(BENS, {"done": False}, base=11)).record.fields["done"] is True
    assert then(both, edit(BENS, {"done": False}, base=12)).record.fields["done"] is False


def test_what_followed_ends_every_word_that_it_had_seen() -> None:
    """Two devices had opened; a third has seen both and closes: neither opening stands against that any more."""
    record = check_in(text="Tired.", shared_parts=["text"])
    for device in (PHONE, TABLET):
        record = then(record, edit(device, {"audience": COUPLE}, base=10)).record
    watch = Edit(person=ANA, device=DeviceId(UUID(int=14)), base=12, set={"audience": "only_me"}, was={})
    closed = then(record, watch).record
    assert standing(closed.stamps, "audience") == []
    assert then(closed, edit(PHONE, {"audience": COUPLE}, base=12)).record.fields["audience"] == "only_me"


def test_two_who_both_say_done_have_nothing_to_be_told() -> None:
    done = then(step(), edit(PHONE, {"done": True}, base=10)).record
    came = then(done, edit(BENS, {"done": True}, base=10))
    assert (came.record.fields["done"], came.verdicts, came.owed) == (True, {}, ())


def test_two_who_show_the_same_have_nothing_to_be_told() -> None:
    shown = then(check_in(text="Tired."), edit(PHONE, {"audience": COUPLE, "shared_parts": ["text"]}, base=10)).record
    came = then(shown, edit(TABLET, {"audience": COUPLE, "shared_parts": ["text"]}, base=10))
    assert (came.record.fields["audience"], came.record.fields["shared_parts"]) == (COUPLE, ["text"])
    assert (came.verdicts, came.owed, came.status) == ({}, (), "applied")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("step", "done", True),
        ("check_in", "audience", COUPLE),
        ("check_in", "shared_parts", ["mood", "text"]),
        ("settings", "day_cap", 2),
    ],
)
def test_a_word_that_stands_alone_is_the_value(kind: str, name: str, value: object) -> None:
    """So it is where a device's own newer word came first: its older one meets nothing."""
    field = KINDS[kind].fields[name]
    assert FOLDS[field.policy](field.shape, [value]) == value


def test_an_undoing_that_had_seen_it_counts() -> None:
    came = then(step(done=True), edit(BENS, {"done": False}, base=10))
    assert (came.record.fields["done"], came.status) == (False, "applied")


@pytest.mark.parametrize("opened_first", [True, False])
def test_of_two_unseen_audiences_the_private_one_stands(*, opened_first: bool) -> None:
    record = check_in(audience=COUPLE, shared_parts=["text"], text="Tired.")
    closed = edit(PHONE, {"audience": "only_me"}, base=10)
    other = edit(TABLET, {"audience": str(UUID(int=41))}, base=10)
    order = (other, closed) if opened_first else (closed, other)
    came = then(then(record, order[0]).record, order[1])
    assert came.record.fields["audience"] == "only_me"
    assert came.owed == (Word(ANA, "kept_private", "audience"),)


@pytest.mark.parametrize("first_to_arrive", [PHONE, TABLET])
def test_of_two_devices_that_made_one_record_the_value_made_later_stands(first_to_arrive: DeviceId) -> None:
    """Both were away, and the record's id follows from what it is of, as that of a person's settings does."""
    made = {PHONE: ({"valence": 1}, 1000), TABLET: ({"valence": 2}, 500)}
    values, at = made.pop(first_to_arrive)
    record = new(CHECK_IN, {"local_date": "2026-11-20", **values}, first_to_arrive, made_ms=at)
    [(device, (values, at))] = made.items()
    assert then(record, edit(device, values, base=0, made_ms=at)).record.fields["valence"] == 1


def test_of_two_unseen_sets_of_parts_only_what_both_showed_is_shown() -> None:
    record = check_in(audience=COUPLE, shared_parts=["mood"])
    one = then(record, edit(PHONE, {"shared_parts": ["mood", "text"]}, base=10)).record
    came = then(one, edit(TABLET, {"shared_parts": ["felt", "mood"]}, base=10))
    assert came.record.fields["shared_parts"] == ["mood"]
    assert came.verdicts == {"shared_parts": "kept_private"}


def test_a_window_that_was_opened_closed_and_opened_again_is_open_whenever_the_other_device_s_opening_comes() -> None:
    """What a device took back itself stands in nobody's way."""
    changes = [edit(TABLET, {"audience": value}, base=10) for value in (COUPLE, "only_me", COUPLE)]
    other = edit(PHONE, {"audience": COUPLE}, base=10)
    for place in range(4):
        record = check_in()
        for change in (*changes[:place], other, *changes[place:]):
            record = then(record, change).record
        assert record.fields["audience"] == COUPLE


def test_push_privacy_goes_to_the_hidden_side() -> None:
    one = then(settings(), edit(PHONE, {"push_privacy": "descriptive"}, base=10)).record
    came = then(one, edit(TABLET, {"push_privacy": "hidden"}, base=10))
    assert came.record.fields["push_privacy"] == "hidden"


def test_quiet_hours_of_two_devices_are_joined_and_caps_go_down() -> None:
    night = Windows().judged([{"weekday": 0, "from": "22:00", "to": "07:00"}])
    noon = Windows().judged([{"weekday": 0, "from": "12:00", "to": "13:00"}])
    one = then(settings(), edit(PHONE, {"quiet": night, "day_cap": 1, "quiet_off": True}, base=10)).record
    came = then(one, edit(TABLET, {"quiet": noon, "day_cap": 3}, base=10))
    assert came.record.fields["quiet"] == sorted([*noon, *night], key=lambda each: str(each["from"]))
    assert came.record.fields["day_cap"] == 1
    assert came.verdicts == {"quiet": "merged", "day_cap": "merged"}


def test_quiet_hours_that_both_turned_off_are_off_and_that_one_turned_on_are_on() -> None:
    off = then(settings(), edit(PHONE, {"quiet_off": True}, base=10)).record
    both = then(off, edit(TABLET, {"quiet_off": True}, base=10)).record
    assert both.fields["quiet_off"] is True
    on = then(settings(quiet_off=True), edit(PHONE, {"quiet_off": False}, base=10)).record
    again = then(on, edit(PHONE, {"quiet_off": True}, base=10)).record
    came = then(again, edit(TABLET, {"quiet_off": False}, base=10))
    assert came.record.fields["quiet_off"] is False


def test_a_value_of_a_newer_app_is_the_least_far() -> None:
    kind = KINDS["step"]
    assert FOLDS[Policy.MONOTONE](KINDS["goal"].fields["form"].shape, ["agreement", "unheard_of"]) == "agreement"
    assert FOLDS[Policy.MONOTONE](kind.fields["done"].shape, [False, True]) is True


# Removing ------------------------------------------------------------------------------------------------------


def test_a_removal_that_has_seen_everything_removes_and_can_be_taken_back() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True))
    assert (gone.record.removed, gone.status, gone.owed) == (True, "applied", ())
    assert gone.record.fields["title"] == "Book the ferry.", "kept for thirty days"
    back = then(gone.record, edit(PHONE, base=11, remove=False))
    assert (back.record.removed, back.status) == (False, "applied")


def test_a_removal_that_had_not_seen_the_taking_back_does_not_take_it_away() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True)).record
    back = then(gone, edit(PHONE, base=11, remove=False)).record
    assert then(back, edit(BENS, base=11, remove=True)).record.removed is False
    assert then(back, edit(BENS, base=12, remove=True)).record.removed is True


def test_removing_twice_and_bringing_back_what_is_there_change_nothing() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True)).record
    assert not then(gone, edit(PHONE, base=10, remove=True)).changed
    lost = then(
        then(check_in(), edit(PHONE, {"valence": 1}, base=10, made_ms=9)).record, edit(PHONE, base=11, remove=True)
    )
    again = then(lost.record, edit(TABLET, {"valence": 2}, base=10, made_ms=1, remove=True))
    assert (again.status, again.record.removed) == ("merged", True), "its removal stands, though its value lost"
    assert not then(step(), edit(PHONE, base=10, remove=False)).changed


def test_an_edit_that_comes_after_an_unseen_removal_brings_the_step_back() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True)).record
    came = then(gone, edit(PHONE, {"title": "Book a cabin."}, base=10, was={"title": "Book the ferry."}))
    assert (came.record.removed, came.record.fields["title"]) == (False, "Book a cabin.")
    assert came.owed == (Word(BEN, "came_back"),)


def test_a_removal_that_comes_after_an_unseen_edit_does_not_take_it_away() -> None:
    edited = then(step(), edit(PHONE, {"title": "Book a cabin."}, base=10, was={"title": "Book the ferry."})).record
    came = then(edited, edit(BENS, base=10, remove=True))
    assert (came.record.removed, came.status) == (False, "superseded")
    assert came.owed == (Word(BEN, "came_back"),)


def test_a_removal_does_not_take_away_an_unseen_text_that_stands_beside() -> None:
    """Ben's words stand beside Ana's: her removal, made before they came, has not seen them."""
    record = overlapping().record
    came = then(record, edit(TABLET, base=11, remove=True))
    assert came.record.removed is False
    assert came.owed == (Word(ANA, "came_back"),)
    assert then(record, edit(TABLET, base=12, remove=True)).record.removed is True


def test_a_removal_does_not_take_away_words_beside_that_came_before_the_remover_s_own() -> None:
    """The phone's own text stands beside too, and came last; Ben's, which came before it, it has not seen."""
    was = {"title": "Book the ferry."}
    record = then(step(), edit(TABLET, {"title": "Ana's."}, base=10, was=was)).record
    record = then(record, edit(BENS, {"title": "Ben's."}, base=10, was=was)).record
    record = then(record, edit(PHONE, {"title": "Ana's other."}, base=10, was=was)).record
    assert then(record, edit(PHONE, base=11, remove=True)).record.removed is False
    assert then(record, edit(PHONE, base=12, remove=True)).record.removed is True


def test_what_came_back_comes_back_again_for_who_has_not_seen_that() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True)).record
    back = then(gone, edit(PHONE, {"title": "Book a cabin."}, base=10, was={"title": "Book the ferry."})).record
    assert back.stamp(REMOVAL).version == back.version
    assert then(back, edit(BENS, base=11, remove=True)).record.removed is False
    assert then(back, edit(BENS, base=12, remove=True)).record.removed is True


def test_an_edit_that_knew_of_the_removal_leaves_it_removed() -> None:
    gone = then(step(), edit(BENS, base=10, remove=True)).record
    came = then(gone, edit(PHONE, {"done": True}, base=11))
    assert came.record.removed is True


def test_removing_and_editing_in_one_change_is_no_meeting() -> None:
    came = then(step(), edit(PHONE, {"done": True}, base=10, remove=True))
    assert (came.record.removed, came.record.fields["done"], came.owed) == (True, True, ())


@pytest.mark.parametrize("removed_first", [True, False])
def test_a_private_record_that_comes_back_is_shown_to_nobody(*, removed_first: bool) -> None:
    record = check_in(text="Tired.", audience=COUPLE, shared_parts=["text"])
    removal = edit(PHONE, base=10, remove=True)
    wrote = edit(TABLET, {"text": "Well."}, base=10, was={"text": "Tired."})
    order = (removal, wrote) if removed_first else (wrote, removal)
    came = then(then(record, order[0]).record, order[1])
    assert (came.record.removed, came.record.fields["audience"]) == (False, "only_me")
    assert came.record.fields["shared_parts"] == ["text"], "what would be shown stays chosen"
    assert came.record.fields["text"] == "Well."
    assert came.owed == (Word(ANA, "came_back"),)


def test_what_another_device_brings_back_is_shown_to_nobody_and_announced_to_nobody() -> None:
    record = check_in(text="Tired.", audience=COUPLE, shared_parts=["text"], let_them_know=True)
    gone = then(record, edit(PHONE, base=10, remove=True)).record
    same = then(gone, edit(PHONE, base=11, remove=False)).record
    assert (same.fields["audience"], same.fields["let_them_know"]) == (COUPLE, True)
    other = then(gone, edit(TABLET, base=11, remove=False)).record
    assert (other.fields["audience"], other.fields["let_them_know"]) == ("only_me", False)


def test_what_was_closed_by_coming_back_is_not_opened_by_who_has_not_seen_that() -> None:
    record = check_in(text="Tired.", shared_parts=["text"])
    for device in (TABLET, PHONE):
        record = then(record, edit(device, {"let_them_know": True, "audience": COUPLE}, base=10)).record
    back = then(record, edit(PHONE, base=10, remove=True)).record
    assert (back.removed, back.fields["audience"], back.fields["let_them_know"]) == (False, "only_me", False)
    again = then(back, edit(TABLET, {"let_them_know": True, "audience": COUPLE}, base=11)).record
    assert (again.fields["audience"], again.fields["let_them_know"]) == ("only_me", False)


def test_a_private_record_that_nobody_saw_comes_back_as_it_was() -> None:
    gone = then(check_in(text="Tired."), edit(PHONE, base=10, remove=True)).record
    came = then(gone, edit(TABLET, {"text": "Well."}, base=10, was={"text": "Tired."}))
    assert (came.record.removed, came.record.fields["audience"]) == (False, "only_me")


def test_a_removal_of_the_server_s_own_is_told_to_the_author() -> None:
    """A record without a stamp of its removal: its author is who would miss it."""
    gone = replace(step(), removed=True)
    gone = replace(
        gone, stamps=gone.stamps | {REMOVAL: replace(gone.stamp(REMOVAL), person=None, version=11, device=PHONE)}
    )
    came = then(gone, edit(BENS, {"done": True}, base=10))
    assert came.owed == (Word(ANA, "came_back"),)
