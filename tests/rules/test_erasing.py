"""What is left of a record when one of its two is gone for good: their words go, and not one of the other's (I24)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import EITHER, Alternative, Purged, Record, Stamp
from sync.erasing import Gone, erased, ever_in_force, families_asked
from sync.writers import credited, is_credit, writer

ANA, BEN, GHOST = PersonId(UUID(int=1)), PersonId(UUID(int=2)), PersonId(UUID(int=9))
GONE = Gone(ANA, GHOST)
SPACE = SpaceId(UUID(int=3))
NONE_KEPT: frozenset[RecordId] = frozenset()


def a(kind: str, author: PersonId, **fields: Any) -> Record:
    return Record(
        space=SPACE, kind=kind, id=RecordId(uuid4()), version=7, created=3, author=author, fields=fields, family=None
    )


def with_text(
    author: PersonId, name: str, said: list[tuple[str, PersonId]], present: str, kind: str = "goal"
) -> Record:
    """A record whose text was brought together by these, one after the other, the last of whom edited it."""
    record = a(kind, author, **{name: present})
    stamps = credited({name: Stamp(version=7, person=said[-1][1])}, name, said, [present])
    return replace(record, stamps=stamps)


@pytest.mark.parametrize("kind", ["note", "response", "support_offer", "repair", "support_request", "check_in"])
def test_what_they_gave_or_showed_is_gone_and_names_nobody(kind: str) -> None:
    after = erased(a(kind, ANA, text="Mine."), GONE, NONE_KEPT)
    assert (after.gone, after.fields, after.author, after.created) == (True, {}, GHOST, 3)


@pytest.mark.parametrize("kind", ["note", "response", "support_offer", "repair", "support_request", "goal_terms"])
def test_what_the_other_gave_stays_as_it_is(kind: str) -> None:
    record = a(kind, BEN, text="Mine.", to=str(ANA), title="Ours", goal=str(uuid4()))
    assert erased(record, GONE, NONE_KEPT) == record


def test_of_a_text_of_both_only_their_sentences_go() -> None:
    text = "Ben begins. Ana goes on. Ben ends."
    record = with_text(BEN, "notes", [("Ben begins. Ben ends.", BEN), (text, ANA)], text)
    after = erased(record, GONE, NONE_KEPT)
    assert after.fields["notes"] == "Ben begins. Ben ends."
    assert after.author == BEN
    assert {stamp.person for stamp in after.stamps.values()} == {BEN, GHOST}, "the last edit was hers"
    assert erased(after, GONE, NONE_KEPT) == after, "twice is once"


def test_nothing_is_known_any_more_of_the_sentences_that_were_theirs() -> None:
    """By the hash of a short sentence it could be guessed."""
    text = "Ben begins. Ana goes on."
    record = with_text(BEN, "notes", [("Ben begins.", BEN), (text, ANA)], text)
    stamps = erased(record, GONE, NONE_KEPT).stamps
    assert writer(stamps, "notes", "Ben begins.") == BEN
    assert writer(stamps, "notes", "Ana goes on.") is None


def test_a_stamp_says_who_brought_a_sentence_into_one_text_and_into_no_other() -> None:
    [*_, key] = credited({}, "notes", [("Ben begins.", BEN)], ["Ben begins."])
    assert is_credit(key)
    assert is_credit(key, "notes")
    assert not is_credit(key, "title")
    assert not is_credit("notes")
    assert not is_credit("notes", "notes")


def test_a_text_of_theirs_alone_is_none_and_a_needed_one_is_empty() -> None:
    said = [("Ana's.", ANA)]
    assert erased(with_text(ANA, "notes", said, "Ana's."), GONE, NONE_KEPT).fields == {"notes": None}
    assert erased(with_text(ANA, "title", said, "Ana's.", "step"), GONE, NONE_KEPT).fields == {"title": ""}


def test_a_sentence_of_which_nobody_knows_the_writer_goes_only_where_the_other_never_wrote() -> None:
    hers = replace(a("goal", ANA, notes="Unknown."), stamps={"notes": Stamp(person=ANA)})
    assert erased(hers, GONE, NONE_KEPT).fields["notes"] is None
    his = replace(hers, author=BEN)
    assert erased(his, GONE, NONE_KEPT).fields["notes"] == "Unknown."
    both = with_text(ANA, "notes", [("Ben's.", BEN), ("Ana's.", ANA)], "Ben's.")
    both = both.with_fields({"notes": "Unknown. Ben's."})
    assert erased(both, GONE, NONE_KEPT).fields["notes"] == "Unknown. Ben's."
    he_wrote_last = replace(hers, stamps={"notes": Stamp(person=BEN)})
    assert erased(he_wrote_last, GONE, NONE_KEPT).fields["notes"] == "Unknown."
    came_back = with_text(ANA, "notes", [("Either's.", EITHER)], "Either's.")
    assert erased(came_back, GONE, NONE_KEPT).fields["notes"] == "Either's."


def test_what_stands_beside_goes_if_it_is_theirs_and_loses_their_sentences_if_not() -> None:
    record = with_text(BEN, "notes", [("Ben's.", BEN), ("Ana's.", ANA)], "Ben's.")
    record = replace(
        record,
        alternatives={"notes": (Alternative(ANA, "Ben's. Ana's."), Alternative(BEN, "Ana's. Ben's."))},
        merged=("notes",),
    )
    after = erased(record, GONE, NONE_KEPT)
    assert after.alternatives == {"notes": (Alternative(BEN, "Ben's."),)}
    assert after.merged == ("notes",)
    hers = replace(record, alternatives={"notes": (Alternative(ANA, "Ana's."),)})
    assert erased(hers, GONE, NONE_KEPT).alternatives == {}


def test_nothing_is_joined_any_more_where_nothing_is_left() -> None:
    record = replace(with_text(ANA, "notes", [("Ana's.", ANA)], "Ana's."), merged=("notes",))
    assert erased(record, GONE, NONE_KEPT).merged == ()


def test_of_a_joint_thing_of_theirs_the_numbers_stay_and_the_words_go() -> None:
    record = a("progress", ANA, goal="g", note="Ana saw.", on="2026-11-20", amount="3", unit="km", proof="ab")
    after = erased(record, GONE, NONE_KEPT)
    assert after.fields == {
        "goal": "g",
        "note": None,
        "on": "2026-11-20",
        "amount": "3",
        "unit": None,
        "proof": "",
    }
    assert (after.gone, after.author) == (False, GHOST)


def test_what_is_nothing_without_their_words_is_gone_unless_both_agreed_on_it() -> None:
    terms = a("goal_terms", ANA, goal="g", title="By the sea", why="Rest", based_on=None, order=3, proof="ab")
    wiped = erased(terms, GONE, NONE_KEPT)
    assert (wiped.gone, wiped.author) == (True, GHOST)
    agreed = erased(terms, GONE, frozenset({terms.id}))
    assert agreed.fields == {**terms.fields, "proof": ""}
    assert agreed.author == GHOST
    assert erased(
        a("counsel_part", ANA, summary="s", section="hopes", text="Mine.", approvals=[]), GONE, NONE_KEPT
    ).gone


def test_wherever_a_value_names_them_stands_nobody() -> None:
    step = a("step", BEN, title="Row", taken_by=[str(ANA), str(BEN)], done=False)
    assert erased(step, GONE, NONE_KEPT).fields["taken_by"] == [str(GHOST), str(BEN)]
    part = a("counsel_part", BEN, text="Ours.", section="agreements", approvals=[f"{ANA}:ff", f"{BEN}:ee"])
    assert erased(part, GONE, NONE_KEPT).fields["approvals"] == [f"{GHOST}:ff", f"{BEN}:ee"]
    assert erased(part, GONE, NONE_KEPT).fields["text"] == "Ours."


def test_a_field_of_a_newer_app_may_be_words() -> None:
    hers = a("goal", ANA, notes=None, hopes="Mine.", lines=["Mine."], nested={"line": "Mine."}, number=4, half=0.5)
    left = {"notes": None, "hopes": None, "lines": [], "nested": None, "number": 4, "half": 0.5}
    assert erased(hers, GONE, NONE_KEPT).fields == left
    his = replace(hers, author=BEN)
    assert erased(his, GONE, NONE_KEPT) == his


def test_a_kind_that_nobody_knows_goes_with_who_wrote_it() -> None:
    assert erased(a("of_tomorrow", ANA, text="Mine."), GONE, NONE_KEPT).gone
    his = a("of_tomorrow", BEN, text="Mine.")
    assert erased(his, GONE, NONE_KEPT) == his


def test_a_record_that_does_not_open_goes_with_who_wrote_it() -> None:
    assert erased(a("goal", ANA), GONE, NONE_KEPT).gone
    assert not erased(a("goal", BEN), GONE, NONE_KEPT).gone


def test_a_tombstone_keeps_what_was_purged_and_names_nobody() -> None:
    purged = Purged(5, frozenset({b"x"}))
    stone = replace(a("goal", ANA), gone=True, purged=purged, removed=True)
    after = erased(stone, GONE, NONE_KEPT)
    assert (after.author, after.gone, after.removed, after.purged) == (GHOST, True, True, purged)
    assert after == replace(stone, author=GHOST)
    his = replace(a("goal_terms", BEN), gone=True, family=uuid4())
    assert erased(his, GONE, NONE_KEPT) == his


def test_terms_that_were_ever_in_force_are_known_though_some_were_looked_at() -> None:
    goal = a("goal", BEN, form="goal", achieved_on=None)
    first, second, third = (
        replace(
            a("goal_terms", author, title=title, based_on=None if based is None else str(based), order=order),
            family=goal.id,
            id=RecordId(UUID(int=100 + order)),
        )
        for author, title, based, order in (
            (ANA, "first", None, 1),
            (BEN, "second", UUID(int=101), 3),
            (ANA, "never", UUID(int=103), 5),
        )
    )
    yes = [
        replace(a("goal_act", who, terms=str(terms.id), act="accept", order=order), family=goal.id)
        for who, terms, order in ((BEN, first, 2), (ANA, second, 4))
    ]
    children = [first, second, third, *yes]
    assert ever_in_force(goal, children, GONE) == {first.id, second.id}
    halfway = [replace(each, author=GHOST) if each in (first, yes[1]) else each for each in children]
    assert ever_in_force(goal, halfway, GONE) == {first.id, second.id}
    assert families_asked(children, GONE) == {goal.id}
    assert families_asked([second, *yes, goal], GONE) == frozenset()
    assert ever_in_force(None, [third], GONE) == frozenset()


def test_what_one_alone_said_yes_to_was_never_in_force() -> None:
    """Whoever thinks better of a no of their own says yes to their own terms; the other has said nothing."""
    goal = a("goal", BEN, form="goal", achieved_on=None)
    terms = replace(a("goal_terms", ANA, title="Mine alone", based_on=None, order=1), family=goal.id)
    yes = replace(a("goal_act", ANA, terms=str(terms.id), act="accept", order=2), family=goal.id)
    for children in ([terms, yes], [replace(terms, author=GHOST), yes]):
        assert ever_in_force(goal, children, GONE) == frozenset()


def test_what_was_agreed_on_after_a_goal_was_achieved_was_never_in_force_and_in_an_agreement_it_was() -> None:
    goal = a("goal", BEN, form="goal", achieved_on=None)
    first, late = (
        replace(
            a("goal_terms", ANA, title="Row", based_on=based_on, order=order),
            family=goal.id,
            id=RecordId(UUID(int=100 + order)),
        )
        for order, based_on in ((1, None), (5, str(UUID(int=101))))
    )
    acts = [
        replace(a("goal_act", who, terms=str(terms.id), act=act, order=order), family=goal.id)
        for who, terms, act, order in (
            (BEN, first, "accept", 2),
            (ANA, first, "mark_done", 3),
            (BEN, first, "mark_done", 4),
            (BEN, late, "accept", 6),
        )
    ]
    assert ever_in_force(goal, [first, late, *acts], GONE) == {first.id}
    agreement = goal.with_fields({"form": "agreement", "achieved_on": None})
    assert ever_in_force(agreement, [first, late, *acts], GONE) == {first.id, late.id}


def test_what_is_wiped_keeps_its_place_and_what_was_known_of_its_end() -> None:
    purged = Purged(5, frozenset({b"x"}))
    request = replace(a("support_request", ANA, text="Mine."), removed=True, purged=purged, shut_at=6)
    assert erased(request, GONE, NONE_KEPT) == replace(request, author=GHOST, gone=True, fields={})


words = st.sampled_from(["One.", "Two.", "Three.", "Four.", "Five.", "Six."])
edits = st.lists(st.tuples(st.sampled_from([ANA, BEN]), st.lists(words, max_size=6)), min_size=1, max_size=6)


@given(edits=edits, author=st.sampled_from([ANA, BEN]))
def test_whatever_the_two_wrote_all_that_the_other_brought_in_stays_and_nothing_else(
    edits: list[tuple[PersonId, list[str]]], author: PersonId
) -> None:
    said = [(" ".join(text), who) for who, text in edits]
    first: dict[str, PersonId] = {}
    for who, text in edits:
        for sentence in text:
            first.setdefault(sentence, who)
    record = with_text(author, "notes", said, said[-1][0])
    after = erased(record, GONE, NONE_KEPT)
    left = [sentence for sentence in edits[-1][1] if first[sentence] == BEN]
    assert (after.fields["notes"] or "").split() == left
    assert str(ANA) not in str(after.stamps)
    assert erased(after, GONE, NONE_KEPT) == after


def test_dates_and_devices_of_edits_stay() -> None:
    stamp = Stamp(version=4, device=DeviceId(UUID(int=8)), made_ms=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()))
    record = replace(a("goal", BEN, topic="us"), stamps={"topic": replace(stamp, person=ANA)})
    assert erased(record, GONE, NONE_KEPT).stamps == {"topic": replace(stamp, person=GHOST)}
