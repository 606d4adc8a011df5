"""Purging one's own words (I23): gone everywhere, kept out of older edits, and nobody else's words with them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.counsel import approval
from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import Alternative, Purged, Record, Stamp
from sync import purging, service
from sync.bodies import encoded, packed_purge, unpacked_purge
from sync.memory import MemoryStore
from sync.ports import Caller, PurgeScope, RecordKey, Revision, Space, Value, Writes
from sync.purge import (
    HASH_BYTES,
    HASHES_MAX,
    SIEVE_BYTES,
    cleaned,
    hashed,
    holds_purged,
    kept_out,
    marked,
    own_sentences,
    remembers,
)
from sync.sealing import keyed_id
from sync.service import UnknownRecordError
from sync.writers import SENTENCES_MAX, credited, writer
from tests.pair import Pair, Somebody, change, in_memory
from tests.world import Couple, Device, Person, World

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
ID_KEY, RECORD = b"k" * 32, RecordId(UUID(int=3))


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def purge(pair: Pair, who: Somebody, kind: str, identity: UUID) -> Any:
    return await service.purge(pair.store, pair.keys, who.phone, kind, RecordId(identity), pair.now)


async def check_in(pair: Pair, text: str, **values: Any) -> UUID:
    entry = uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, {"local_date": "2026-11-23", "text": text, **values}))
    return entry


async def a_step(pair: Pair, title: str) -> UUID:
    step = uuid4()
    values = {"goal": str(uuid4()), "title": title}
    await pair.one(pair.ana.phone, change("step", step, values, couple=pair.couple))
    return step


async def retitle(pair: Pair, who: Caller, step: UUID, title: str, *, base: int, was: str) -> Any:
    return await pair.one(
        who, change("step", step, {"title": title}, was={"title": was}, base=base, couple=pair.couple)
    )


def earlier_values_of(pair: Pair) -> dict[RecordKey, list[Revision]]:
    assert isinstance(pair.store, MemoryStore)
    return pair.store.revisions


async def everything_of(pair: Pair) -> str:
    """All that either of the two, or the store, still holds."""
    store: Any = pair.store
    return repr((store.records, store.revisions))


# Private words -------------------------------------------------------------------------------------------------


async def test_own_words_are_gone_from_record_copy_revisions_notices_and_unplaced(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY one.", audience=str(pair.couple), shared_parts=["text"])
    for text, was in (("CANARY two.", "CANARY one."), ("CANARY three.", "CANARY two.")):
        await pair.one(pair.ana.phone, change("check_in", entry, {"text": text}, was={"text": was}, base=9))
    beside = change("check_in", entry, {"text": "CANARY four."}, was={"text": "CANARY one."}, base=2)
    await pair.one(pair.ana.tablet, beside)
    refused = change("check_in", entry, {"text": "CANARY five.", "valence": 9}, was={"text": ""}, base=9)
    await pair.one(pair.ana.phone, refused)
    assert "CANARY" in repr(await pair.of_kind(pair.ben, "shown_check_in"))
    await purge(pair, pair.ana, "check_in", entry)
    assert "CANARY" not in await everything_of(pair)
    record = await pair.look(pair.ana, entry)
    assert (record.fields["text"], record.alternatives, record.merged) == (None, {}, ())
    assert record.fields["local_date"] == "2026-11-23", "only words are purged"
    assert await pair.told(pair.ana) == []
    assert await pair.words_for(pair.ana) == []
    [shown] = await pair.of_kind(pair.ben, "shown_check_in")
    assert (shown.gone, shown.fields["text"]) == (False, None)


async def test_devices_that_hold_purged_words_are_sent_what_is_left(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.", audience=str(pair.couple), shared_parts=["text"])
    before = {space: each.head for space, each in (await pair.page(pair.ana)).spaces.items()}
    moved = await purge(pair, pair.ana, "check_in", entry)
    assert moved == {pair.ana.personal: before[pair.ana.personal] + 1, pair.space: before[pair.space] + 1}
    page = await pair.page(pair.ana, before)
    assert {row.kind for row in page.rows} == {"check_in", "shown_check_in"}


async def test_a_copy_that_does_not_show_the_words_is_left_as_it_is(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.", audience=str(pair.couple), shared_parts=["needs"])
    [before] = await pair.of_kind(pair.ben, "shown_check_in")
    await purge(pair, pair.ana, "check_in", entry)
    assert await pair.of_kind(pair.ben, "shown_check_in") == [before]


async def test_a_closed_window_stays_as_it_is(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.", audience=str(pair.couple), shared_parts=["text"])
    await pair.one(pair.ana.phone, change("check_in", entry, {"audience": "only_me"}, base=9))
    [before] = await pair.of_kind(pair.ben, "shown_check_in")
    await purge(pair, pair.ana, "check_in", entry)
    assert await pair.of_kind(pair.ben, "shown_check_in") == [before]


async def test_purging_twice_is_purging_once(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.")
    await purge(pair, pair.ana, "check_in", entry)
    once = await everything_of(pair)
    assert await purge(pair, pair.ana, "check_in", entry) == {}
    assert await everything_of(pair) == once


async def test_words_written_after_the_purge_stay(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.")
    await purge(pair, pair.ana, "check_in", entry)
    again = change("check_in", entry, {"text": "CANARY."}, was={"text": None}, base=3)
    assert (await pair.one(pair.ana.phone, again)).status == "applied"
    assert (await pair.look(pair.ana, entry)).fields["text"] == "CANARY."


@pytest.mark.parametrize("was", [{}, {"text": "CANARY one."}])
async def test_an_older_edit_of_one_s_own_other_device_loses_exactly_those_sentences(
    pair: Pair, was: dict[str, str]
) -> None:
    entry = await check_in(pair, "CANARY one.")
    await purge(pair, pair.ana, "check_in", entry)
    late = change("check_in", entry, {"text": "CANARY one. A new one."}, was=was, base=2)
    await pair.one(pair.ana.tablet, late)
    assert (await pair.look(pair.ana, entry)).fields["text"] == "A new one."
    assert "CANARY" not in await everything_of(pair)


async def test_an_older_edit_that_only_says_purged_words_again_says_nothing(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY one. CANARY two.")
    await purge(pair, pair.ana, "check_in", entry)
    late = change("check_in", entry, {"text": "CANARY two."}, was={"text": "CANARY one. CANARY two."}, base=2)
    assert (await pair.one(pair.ana.tablet, late)).status == "applied"
    assert (await pair.look(pair.ana, entry)).fields["text"] is None


async def test_an_older_edit_that_is_refused_keeps_no_purged_words(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY one.")
    await purge(pair, pair.ana, "check_in", entry)
    late = change("check_in", entry, {"text": "CANARY one. New.", "valence": 9}, was={"text": ""}, base=2)
    await pair.one(pair.ana.tablet, late)
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"text": "New."}]
    assert "CANARY" not in await everything_of(pair)


async def test_a_removed_entry_can_be_purged_too(pair: Pair) -> None:
    entry = await check_in(pair, "CANARY.")
    await pair.one(pair.ana.phone, change("check_in", entry, remove=True, base=9))
    await purge(pair, pair.ana, "check_in", entry)
    assert "CANARY" not in await everything_of(pair)


async def test_words_that_had_no_place_can_be_purged_themselves(pair: Pair) -> None:
    await pair.one(pair.ana.phone, change("goal", uuid4(), {"notes": "CANARY."}, couple=uuid4()))
    [unplaced] = await pair.of_kind(pair.ana, "unplaced")
    await purge(pair, pair.ana, "unplaced", unplaced.id)
    assert "CANARY" not in await everything_of(pair)
    assert (await pair.look(pair.ana, unplaced.id)).gone
    assert await purge(pair, pair.ana, "unplaced", unplaced.id) == {}


# Who may -------------------------------------------------------------------------------------------------------


async def test_nobody_purges_what_they_may_not_know_of(pair: Pair) -> None:
    entry = await check_in(pair, "Ana's.", audience=str(pair.couple), shared_parts=["text"])
    [shown] = await pair.of_kind(pair.ben, "shown_check_in")
    for who, kind, identity in (
        (pair.ben, "check_in", entry),
        (pair.ben, "shown_check_in", shown.id),
        (pair.ana, "shown_check_in", shown.id),
        (pair.ana, "step", entry),
        (pair.ana, "dream", entry),
        (pair.ana, "check_in", uuid4()),
    ):
        with pytest.raises(UnknownRecordError):
            await purge(pair, who, kind, identity)
    assert (await pair.look(pair.ana, entry)).fields["text"] == "Ana's."


async def test_terms_are_purged_by_who_proposed_them(pair: Pair) -> None:
    terms = uuid4()
    values = {"goal": str(uuid4()), "title": "CANARY walk.", "why": "CANARY air."}
    await pair.one(pair.ana.phone, change("goal_terms", terms, values, couple=pair.couple))
    with pytest.raises(UnknownRecordError):
        await purge(pair, pair.ben, "goal_terms", terms)
    await purge(pair, pair.ana, "goal_terms", terms)
    record = await pair.look(pair.ben, terms)
    assert (record.fields["title"], record.fields["why"]) == ("", None)
    assert "CANARY" not in await everything_of(pair)


# Words of both -------------------------------------------------------------------------------------------------


async def test_in_a_text_of_both_only_one_s_own_sentences_go(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ben.phone, step, "Ana's ferry. Ben's cabin.", base=1, was="Ana's ferry.")
    await retitle(
        pair, pair.ana.phone, step, "Ana's ferry. Ben's cabin. Ana's bag.", base=2, was="Ana's ferry. Ben's cabin."
    )
    await purge(pair, pair.ana, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == "Ben's cabin."
    assert "Ana's" not in await everything_of(pair)
    await purge(pair, pair.ben, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == ""
    assert "Ben's" not in await everything_of(pair)


async def test_whose_a_sentence_is_outlives_the_earlier_values_of_the_text(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ben.phone, step, "Ana's ferry. Ben's cabin.", base=1, was="Ana's ferry.")
    earlier_values_of(pair).clear()  # as after 30 days
    await purge(pair, pair.ben, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == "Ana's ferry."
    await purge(pair, pair.ana, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == ""
    assert "Ana's" not in await everything_of(pair)


async def test_who_picks_the_other_s_text_does_not_make_it_their_own(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ana.phone, step, "Ana's boat.", base=1, was="Ana's ferry.")
    await retitle(pair, pair.ben.phone, step, "Ben's raft.", base=1, was="Ana's ferry.")
    earlier_values_of(pair).clear()
    await retitle(pair, pair.ana.phone, step, "Ben's raft.", base=3, was="Ana's boat.")
    await purge(pair, pair.ana, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == "Ben's raft."


async def test_nothing_of_a_destroyed_sentence_is_left_among_the_stamps(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    before = (await pair.look(pair.ana, step)).stamps
    await purge(pair, pair.ana, "step", step)
    after = (await pair.look(pair.ana, step)).stamps
    assert [key for key in before if "#" in key]
    assert not [key for key in after if "#" in key]


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("Kiwi.", True),
        ("Tea. Kiwi. Plum.", True),
        ({"title": "Tea.", "alternatives": {"title": [{"text": "Tea. Kiwi."}]}}, True),
        (["Tea.", "Kiwi."], True),
        ({"title": "Tea.", "merged": ["title"], "done": True, "rev": 3, "text": None}, False),
        ({"Kiwi.": "Tea."}, False),
    ],
)
def test_destroyed_words_are_found_wherever_they_stand_in_what_was_submitted(value: Any, holds: bool) -> None:
    id_key, record = b"k" * 32, RecordId(UUID(int=1))
    mark = marked(None, 5, ["Kiwi."], id_key, record)
    assert holds_purged(value, mark, base=4, id_key=id_key, record=record) is holds
    assert not holds_purged(value, mark, base=5, id_key=id_key, record=record), "it was written after that"
    assert not holds_purged(value, None, base=0, id_key=id_key, record=record)


def test_of_very_many_sentences_the_writers_of_those_that_stand_are_remembered() -> None:
    old = " ".join(f"Old {nth}." for nth in range(SENTENCES_MAX))
    stamps = credited({}, "notes", [(old, ANA)], [])
    assert len(stamps) == SENTENCES_MAX, "so many are remembered whether they stand or not"
    stamps = credited(stamps, "notes", [("Old 7. New.", BEN)], ["Old 7. New."])
    assert len(stamps) == SENTENCES_MAX + 1, "nobody makes it forget the other's"
    stamps = credited(stamps, "notes", [("Old 7. New.", ANA)], ["Old 7. New."])
    assert (len(stamps), writer(stamps, "notes", "Old 7."), writer(stamps, "notes", "New.")) == (2, ANA, BEN)
    assert writer(stamps, "notes", "Old 8.") is None


async def test_one_s_own_alternative_goes_and_the_other_s_sentences_in_it_stay_where_they_are(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ana.phone, step, "Ana's ferry. Ana's bag.", base=1, was="Ana's ferry.")
    await retitle(pair, pair.ana.tablet, step, "Ana's boat. Ana's bag.", base=2, was="Ana's ferry. Ana's bag.")
    await retitle(pair, pair.ben.phone, step, "Ben's raft. Ana's bag.", base=2, was="Ana's ferry. Ana's bag.")
    assert (await pair.look(pair.ben, step)).alternatives == {
        "title": (Alternative(pair.ben.person, "Ben's raft. Ana's bag."),)
    }
    await purge(pair, pair.ben, "step", step)
    record = await pair.look(pair.ana, step)
    assert (record.fields["title"], record.alternatives) == ("Ana's boat. Ana's bag.", {})
    assert "raft" not in await everything_of(pair)


async def test_the_other_s_alternative_keeps_only_the_other_s_sentences(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry. Ana's bag.")
    was = "Ana's ferry. Ana's bag."
    await retitle(pair, pair.ana.tablet, step, "Ana's boat. Ana's bag.", base=1, was=was)
    await retitle(pair, pair.ben.phone, step, "Ben's raft. Ana's bag.", base=1, was=was)
    await purge(pair, pair.ana, "step", step)
    record = await pair.look(pair.ben, step)
    assert record.alternatives == {"title": (Alternative(pair.ben.person, "Ben's raft."),)}
    assert "Ana's" not in await everything_of(pair)
    assert await pair.told(pair.ana) == []


async def test_the_other_s_unplaced_words_lose_exactly_those_sentences(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    for title in ("Ana's ferry. Ben's cabin.", "Ana's ferry. "):
        stranger = str(uuid4())
        values = {"title": title, "taken_by": [stranger]}
        made = change("step", step, values, was={"taken_by": []}, base=1, couple=pair.couple)
        assert (await pair.one(pair.ben.phone, made)).code == "needs_their_yes"
    assert len(await pair.words_for(pair.ben)) == 2
    await purge(pair, pair.ana, "step", step)
    assert [each["words"] for each in await pair.words_for(pair.ben)] == [{"title": "Ben's cabin."}]
    assert "Ana's" not in await everything_of(pair)


async def test_the_other_s_notices_and_other_words_about_it_stay(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ana.phone, step, "Ana's boat.", base=1, was="Ana's ferry.")
    await retitle(pair, pair.ben.phone, step, "Ben's raft.", base=1, was="Ana's ferry.")
    values = {"title": "Ben's train.", "taken_by": [str(uuid4())]}
    await pair.one(pair.ben.phone, change("step", step, values, was={"taken_by": []}, base=3, couple=pair.couple))
    told, words = await pair.told(pair.ben), await pair.words_for(pair.ben)
    assert (len(told), len(words)) == (1, 1)
    await purge(pair, pair.ana, "step", step)
    assert (await pair.told(pair.ben), await pair.words_for(pair.ben)) == (told, words)
    assert await pair.told(pair.ana) == []


async def test_who_has_no_words_in_it_purges_nothing(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    values = {"title": "Ana's boat.", "taken_by": [str(uuid4())]}
    await pair.one(pair.ana.phone, change("step", step, values, was={"taken_by": []}, base=1, couple=pair.couple))
    before = await everything_of(pair)
    assert await purge(pair, pair.ben, "step", step) == {}
    assert await everything_of(pair) == before


async def test_an_older_edit_of_the_other_s_loses_the_purged_sentences_and_nothing_else(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry. Ana's bag.")
    await purge(pair, pair.ana, "step", step)
    was = "Ana's ferry. Ana's bag."
    await retitle(pair, pair.ben.phone, step, "Ana's ferry. Ben's cabin. Ana's bag.", base=1, was=was)
    assert (await pair.look(pair.ana, step)).fields["title"] == "Ben's cabin."
    await retitle(pair, pair.ben.tablet, step, "Ana's ferry. ", base=1, was=was)
    assert (await pair.look(pair.ana, step)).fields["title"] == "Ben's cabin.", "nothing is left of it to say"
    assert "Ana's" not in await everything_of(pair)


async def test_one_s_own_words_go_from_a_closed_space_too_and_the_other_s_stay(pair: Pair) -> None:
    step = await a_step(pair, "Ana's ferry.")
    await retitle(pair, pair.ben.phone, step, "Ana's ferry. Ben's cabin.", base=9, was="Ana's ferry.")
    store: Any = pair.store
    store.close(pair.space, ["shown_check_in"])
    late = await retitle(pair, pair.ana.phone, step, "Ana's boat.", base=1, was="Ana's ferry.")
    assert late.code == "closed"
    await purge(pair, pair.ana, "step", step)
    assert (await pair.look(pair.ben, step)).fields["title"] == "Ben's cabin."
    assert "Ana's" not in await everything_of(pair)
    assert await pair.words_for(pair.ana) == []


# Letters -------------------------------------------------------------------------------------------------------


async def a_letter(pair: Pair) -> tuple[UUID, UUID]:
    draft = uuid4()
    values = {"for_what": "CANARY first.", "for_couple": str(pair.couple)}
    await pair.one(pair.ana.phone, change("note_draft", draft, values))
    send = {"for_what": "CANARY given.", "send": True}
    await pair.one(pair.ana.phone, change("note_draft", draft, send, was={"for_what": "CANARY first."}, base=9))
    late = change("note_draft", draft, {"for_what": "CANARY late."}, was={"for_what": ""}, base=9)
    await pair.one(pair.ana.tablet, late)
    [letter] = await pair.of_kind(pair.ben, "note")
    return draft, letter.id


@pytest.mark.parametrize("by", ["note", "note_draft"])
async def test_a_given_letter_stays_and_what_its_writer_still_holds_of_it_goes(pair: Pair, by: str) -> None:
    draft, letter = await a_letter(pair)
    before = await pair.look(pair.ben, letter)
    await purge(pair, pair.ana, by, letter if by == "note" else draft)
    assert await pair.look(pair.ben, letter) == before
    left = await everything_of(pair)
    assert "CANARY first" not in left
    assert "CANARY late" not in left
    once = await everything_of(pair)
    await purge(pair, pair.ana, by, letter if by == "note" else draft)
    assert await everything_of(pair) == once


async def test_a_letter_that_its_writer_purges_is_put_out_of_their_sight_and_of_nobody_elses(pair: Pair) -> None:
    _draft, letter = await a_letter(pair)
    kept = {"about": str(letter), "kept": True}
    await pair.one(pair.ben.phone, change("shelf", uuid4(), kept))
    assert await purge(pair, pair.ana, "note", letter) is not None
    [own] = await pair.of_kind(pair.ana, "shelf")
    assert (own.author, own.fields["about"], own.fields["hidden"]) == (pair.ana.person, str(letter), True)
    [theirs] = await pair.of_kind(pair.ben, "shelf")
    assert theirs.fields == own.fields | {"kept": True, "hidden": False}
    before = await everything_of(pair)
    await purge(pair, pair.ana, "note", letter)
    assert await everything_of(pair) == before, "twice is once"
    await pair.one(pair.ana.phone, change("shelf", own.id, {"hidden": False}, base=own.version))
    await purge(pair, pair.ana, "note", letter)
    [again] = await pair.of_kind(pair.ana, "shelf")
    assert (again.id, again.fields["hidden"]) == (own.id, True)


async def test_i23_no_hash_of_a_purged_part_is_left_by_which_it_could_be_guessed(pair: Pair) -> None:
    summary, part = uuid4(), uuid4()
    days = {"from": "2026-09-01", "to": "2026-11-20"}
    await pair.one(pair.ana.phone, change("counsel_summary", summary, days, couple=pair.couple))
    yes = approval(pair.ana.person, "We shout.")
    values = {"summary": str(summary), "section": "hopes", "text": "We shout.", "approvals": [yes]}
    await pair.one(pair.ana.phone, change("counsel_part", part, values, couple=pair.couple))
    both = sorted([yes, approval(pair.ben.person, "We shout.")])
    agrees = change("counsel_part", part, {"approvals": both}, was={"approvals": [yes]}, base=9, couple=pair.couple)
    await pair.one(pair.ben.phone, agrees)
    assert (await pair.look(pair.ben, summary)).fields["state"] == "ready"
    moved = await purge(pair, pair.ana, "counsel_part", part)
    assert yes.partition(":")[2] not in await everything_of(pair)
    assert (await pair.look(pair.ben, summary)).fields["state"] == "draft"
    assert moved[pair.space] == pair.store.spaces[pair.space].head


async def test_i23_the_message_of_a_boundary_that_is_shown_goes_with_its_author_s_purge(pair: Pair) -> None:
    boundary = uuid4()
    values = {"form": "space", "zone": "UTC", "message": "CANARY", "visibility": "effect_and_message"}
    await pair.one(pair.ana.phone, change("boundary", boundary, values | {"audience": str(pair.couple)}))
    [shown] = await pair.of_kind(pair.ben, "shown_boundary")
    assert shown.fields["message"] == "CANARY"
    await purge(pair, pair.ana, "boundary", boundary)
    [shown] = await pair.of_kind(pair.ben, "shown_boundary")
    assert shown.fields["message"] is None
    assert "CANARY" not in await everything_of(pair)


async def test_its_receiver_purges_nothing_of_a_letter(pair: Pair) -> None:
    _, letter = await a_letter(pair)
    with pytest.raises(UnknownRecordError):
        await purge(pair, pair.ben, "note", letter)


async def test_a_response_stays_with_who_received_it(pair: Pair) -> None:
    await check_in(pair, "Tired.", audience=str(pair.couple), shared_parts=["text"])
    [shown] = await pair.of_kind(pair.ben, "shown_check_in")
    response = uuid4()
    values = {"to": str(shown.id), "form": "heard_you", "text": "Ben's answer."}
    await pair.one(pair.ben.phone, change("response", response, values, couple=pair.couple))
    moved = await purge(pair, pair.ben, "response", response)
    assert moved.keys() == {pair.ben.personal}, "it is put out of his own sight alone"
    assert (await pair.look(pair.ana, response)).fields["text"] == "Ben's answer."


# The parts -----------------------------------------------------------------------------------------------------


def said(by: PersonId, text: str | None) -> Value:
    return Value("title", text, by)


@pytest.mark.parametrize(
    ("chain", "own"),
    [
        ([], set()),
        ([said(ANA, None)], set()),
        ([said(ANA, "A. B.")], {"A.", "B."}),
        ([said(BEN, "A. B.")], set()),
        ([said(BEN, "B."), said(ANA, "B. A.")], {"A."}),
        ([said(ANA, "A."), said(BEN, "A. B."), said(ANA, "A. B. C.")], {"A.", "C."}),
        ([said(BEN, "B."), said(ANA, "A."), said(BEN, "B. A.")], {"A."}),
    ],
)
def test_a_sentence_belongs_to_whoever_s_value_it_first_appears_in(chain: list[Value], own: set[str]) -> None:
    assert own_sentences(ANA, chain) == own


def test_a_mark_holds_hashes_that_are_good_for_one_record_alone() -> None:
    mark = marked(None, 7, ["A.", "B."], ID_KEY, RECORD)
    assert mark.version == 7
    assert mark.hashes == {hashed(ID_KEY, RECORD, "A."), hashed(ID_KEY, RECORD, "B.")}
    assert {len(each) for each in mark.hashes} == {HASH_BYTES}
    other = RecordId(UUID(int=4))
    assert hashed(ID_KEY, other, "A.") not in mark.hashes
    assert hashed(b"x" * 32, RECORD, "A.") not in mark.hashes


def test_a_second_purge_remembers_the_first() -> None:
    first = marked(None, 7, ["A."], ID_KEY, RECORD)
    second = marked(first, 9, ["B."], ID_KEY, RECORD)
    assert second.version == 9
    assert first.hashes < second.hashes


def test_a_mark_is_bounded_and_lets_no_purged_sentence_pass_however_many_they_are() -> None:
    first = marked(None, 7, [f"{number}." for number in range(HASHES_MAX)], ID_KEY, RECORD)
    assert not first.sieve
    second = marked(first, 9, ["new."], ID_KEY, RECORD)
    third = marked(second, 11, [f"{number}!" for number in range(20_000)], ID_KEY, RECORD)
    assert len(packed_purge(third) or b"") < SIEVE_BYTES + 64
    assert unpacked_purge(packed_purge(third)) == third
    purged = [f"{number}." for number in range(HASHES_MAX)] + ["new."] + [f"{number}!" for number in range(20_000)]
    assert [each for each in purged if not remembers(third, hashed(ID_KEY, RECORD, each))] == []
    passes = [each for n in range(20_000) if not remembers(third, hashed(ID_KEY, RECORD, each := f"{n}?"))]
    assert len(passes) > 19_990, "hardly a sentence that was not purged is kept back"
    assert marked(third, 13, ["new."], ID_KEY, RECORD).sieve == third.sieve


def mark_of(*sentences: str, version: int = 7) -> Purged:
    return marked(None, version, sentences, ID_KEY, RECORD)


@pytest.mark.parametrize(
    ("sentence", "digest", "places"),
    [
        ("Tired.", "8da474b92b88d61e511bfc1f", (76680, 337831, 74694, 335845, 72708, 333859, 70722)),
        ("Warm.", "ba697c95bec73b8456e49770", (376519, 153144, 454057, 230682, 7307, 308220, 84845)),
    ],
)
def test_what_was_purged_years_ago_is_known_again(sentence: str, digest: str, places: tuple[int, ...]) -> None:
    """Marks are stored: with another way of hashing or of sieving, purged sentences would come back."""
    hash_ = hashed(ID_KEY, RECORD, sentence)
    assert hash_.hex() == digest
    sieve = bytearray(SIEVE_BYTES)
    for at in places:
        assert not remembers(Purged(1, frozenset(), bytes(sieve)), hash_)
        sieve[at // 8] |= 1 << at % 8
    assert remembers(Purged(1, frozenset(), bytes(sieve)), hash_)
    assert not remembers(Purged(1, frozenset(), bytes(sieve)), hashed(ID_KEY, RECORD, "Well."))


@pytest.mark.parametrize(("base", "left"), [(6, "B."), (7, "A. B."), (8, "A. B.")])
def test_who_has_seen_the_purge_may_write_what_they_like(base: int, left: str) -> None:
    values = {"title": "A. B.", "done": True}
    kept = kept_out(values, mark_of("A."), base=base, id_key=ID_KEY, record=RECORD)
    assert kept == {"title": left, "done": True}


def test_without_a_mark_everything_is_kept() -> None:
    assert kept_out({"title": "A."}, None, base=0, id_key=ID_KEY, record=RECORD) == {"title": "A."}


@given(st.lists(st.sampled_from(["A.", "B.", "C!", "D"]), max_size=8), st.sets(st.sampled_from(["A.", "C!"])))
def test_exactly_the_purged_sentences_go(text: Sequence[str], banned: set[str]) -> None:
    left = cleaned("\n".join(text), mark_of(*banned), ID_KEY, RECORD)
    assert [each for each in left.split("\n") if each] == [each for each in text if each not in banned]


def test_a_revision_of_other_things_is_left_out_and_what_is_no_text_stays() -> None:
    """Purging by values alone: a scope that holds more than it needs changes nothing more."""
    caller = Caller(ANA, UUID(int=9), (UUID(int=10), UUID(int=11)), may_keep=True)  # type: ignore[arg-type]
    record = Record(
        space=caller.spaces[1],
        kind="step",
        id=RECORD,
        version=4,
        created=1,
        author=ANA,
        fields={"goal": "g", "title": "A. B.", "taken_by": [], "done": True},
    )
    scope = PurgeScope(
        spaces={caller.spaces[1]: _space(caller, 4)},
        inboxes={},
        records=(record, replace(record, id=RecordId(UUID(int=12)))),
        revisions=(
            _revision(record, 2, Value("title", "B.", BEN), Value("done", True, BEN)),
            _revision(record, 3, Value("title", "A.", ANA)),
            replace(_revision(record, 3, Value("title", "A.", ANA)), record=RecordId(UUID(int=12))),
        ),
    )
    writes = purging.purge(scope, caller, "step", RECORD, {caller.spaces[1]: ID_KEY})
    assert writes is not None
    [stored] = writes.records
    assert stored.record.fields["title"] == "B."
    assert stored.body == encoded(stored.record)
    assert writes.heads == {caller.spaces[1]: 5}
    assert writes.forgotten == ((caller.spaces[1], RECORD),)
    assert [revision.values for revision in writes.revisions] == [(Value("title", "B.", BEN), Value("done", True, BEN))]


CALLER = Caller(ANA, DeviceId(UUID(int=9)), (SpaceId(UUID(int=10)), SpaceId(UUID(int=11))), may_keep=True)
OWN, TOGETHER = CALLER.spaces


def purged_by(person: PersonId, record: Record, *beside: Record, revisions: Sequence[Revision] = ()) -> Writes:
    """What a purge of this record changes, both spaces standing at version 20."""
    caller = replace(CALLER, person=person)
    together = _space(caller, 20)
    scope = PurgeScope(
        spaces={OWN: replace(together, id=OWN, home="personal"), TOGETHER: together},
        inboxes={},
        records=(record, *beside),
        revisions=tuple(revisions),
    )
    writes = purging.purge(scope, caller, record.kind, record.id, dict.fromkeys(CALLER.spaces, ID_KEY))
    assert writes is not None
    return writes


def stored_by(writes: Writes) -> dict[RecordId, Record]:
    return {stored.record.id: stored.record for stored in writes.records}


def an_entry(text: str, **rest: Any) -> Record:
    fields = {"local_date": "2026-11-23", "text": text}
    return Record(
        space=OWN,
        kind="check_in",
        id=RECORD,
        version=4,
        created=1,
        author=ANA,
        fields=fields | rest.pop("also", {}),
        **rest,
    )


def a_titled_step(title: str, **rest: Any) -> Record:
    fields = {"goal": "g", "title": title}
    return Record(space=TOGETHER, kind="step", id=RECORD, version=4, created=1, author=ANA, fields=fields, **rest)


def test_what_is_no_text_is_no_word_to_purge_though_it_reads_alike() -> None:
    entry = stored_by(purged_by(ANA, an_entry("work", also={"topic": "work"})))[RECORD]
    assert (entry.fields["text"], entry.fields["topic"]) == (None, "work")


def test_a_text_of_which_nothing_is_left_is_no_longer_called_joined() -> None:
    gone = a_titled_step("A.", merged=("title",))
    left = a_titled_step("A. B.", merged=("title",))
    bens = [_revision(left, 2, Value("title", "B.", BEN))]
    assert stored_by(purged_by(ANA, gone))[RECORD].merged == ()
    assert stored_by(purged_by(ANA, left, revisions=bens))[RECORD].merged == ("title",)


@pytest.mark.parametrize(
    ("stamps", "writer_of_it", "other"),
    [({}, ANA, BEN), ({"title": Stamp(4, None, 0, None, BEN)}, BEN, ANA)],
)
def test_a_text_whose_sentences_nobody_is_remembered_for_is_its_last_writer_s_or_its_author_s(
    stamps: dict[str, Stamp], writer_of_it: PersonId, other: PersonId
) -> None:
    step = a_titled_step("Ferry.", stamps=stamps)
    assert purged_by(other, step).records == ()
    assert stored_by(purged_by(writer_of_it, step))[RECORD].fields["title"] == ""


def test_the_sentences_of_one_s_own_text_beside_are_remembered_as_destroyed() -> None:
    step = a_titled_step("Ferry.", alternatives={"title": (Alternative(BEN, "Raft."),)})
    left = stored_by(purged_by(BEN, step))[RECORD]
    assert (left.fields["title"], left.alternatives) == ("Ferry.", {})
    assert left.purged == mark_of("Raft.", version=21)


def test_what_stands_behind_the_record_is_written_anew_whatever_else_is_in_the_scope() -> None:
    step = a_titled_step("A.")
    elsewhere = replace(step, id=RecordId(UUID(int=12)))
    revisions = [
        _revision(elsewhere, 2, Value("title", "Other.", BEN)),
        _revision(step, 3, Value("title", "B. A.", BEN), Value("done", True, BEN)),
        _revision(step, 4, Value("title", "A.", ANA)),
    ]
    writes = purged_by(BEN, step, revisions=revisions)
    assert [(each.version, each.values) for each in writes.revisions] == [(3, (Value("done", True, BEN),))]


def test_of_what_stands_behind_only_texts_of_the_record_itself_are_remembered_as_destroyed() -> None:
    entry = an_entry("A.")
    revisions = [
        _revision(replace(entry, id=RecordId(UUID(int=12))), 2, Value("text", "B.", ANA)),
        _revision(replace(entry, space=TOGETHER), 2, Value("text", "C.", ANA)),
        _revision(entry, 3, Value("topic", "work", ANA), Value("text", "D.", ANA)),
    ]
    assert stored_by(purged_by(ANA, entry, revisions=revisions))[RECORD].purged == mark_of("D.", "A.", version=21)


def test_a_copy_that_showed_the_words_loses_them_and_what_stands_behind_it() -> None:
    shown = RecordId(UUID(int=12))
    entry = an_entry("A.", shown_id=shown)
    copy = replace(entry, space=TOGETHER, kind="shown_check_in", id=shown, shown_id=None)
    writes = purged_by(ANA, entry, copy)
    assert stored_by(writes)[shown].fields["text"] is None
    assert set(writes.forgotten) == {(OWN, RECORD), (TOGETHER, shown)}


def test_a_draft_whose_letter_is_out_of_reach_loses_what_stands_behind_it() -> None:
    draft = replace(an_entry(""), kind="note_draft", fields={}, gone=True, shown_id=RecordId(UUID(int=12)))
    behind = [_revision(draft, 3, Value("for_what", "A.", ANA))]
    writes = purged_by(ANA, draft, revisions=behind)
    assert (writes.forgotten, writes.revisions) == (((OWN, RECORD),), ())
    assert stored_by(writes)[RECORD].purged == mark_of("A.", version=21)


def test_the_draft_of_a_letter_remembers_what_was_destroyed_of_it_now_and_before() -> None:
    letter = RecordId(UUID(int=12))
    draft = replace(an_entry(""), kind="note_draft", fields={}, gone=True, shown_id=letter, purged=mark_of("B."))
    given = replace(an_entry(""), space=TOGETHER, kind="note", id=letter, fields={"for_what": "A."})
    stored = stored_by(purged_by(ANA, given, draft))
    once, hidden = stored[RECORD], next(each for each in stored.values() if each.kind == "shelf")
    assert once.purged == mark_of("A.", "B.", version=21)
    behind = _revision(draft, 3, Value("for_what", "A.", ANA))
    assert purged_by(ANA, given, once, revisions=[behind]).forgotten == ((OWN, RECORD),)
    of_the_letter = _revision(given, 3, Value("for_what", "A.", ANA))
    assert purged_by(ANA, given, once, hidden, revisions=[of_the_letter]).records == (), "nothing is left to do"


def test_that_a_letter_is_out_of_its_writer_s_sight_is_stored_under_one_id_for_ever() -> None:
    letter = RecordId(UUID(int=12))
    given = replace(an_entry(""), space=TOGETHER, kind="note", id=letter, fields={"for_what": "A."})
    [hidden] = [each for each in stored_by(purged_by(ANA, given)).values() if each.kind == "shelf"]
    assert hidden.id == keyed_id(ID_KEY, "shelf", ANA, letter)
    assert (hidden.version, hidden.created, hidden.family) == (21, 21, letter)


def test_of_one_s_own_notice_about_the_record_nothing_is_left() -> None:
    notice = replace(an_entry(""), kind="notice", id=RecordId(UUID(int=14)), fields={"code": "x"}, family=RECORD)
    wiped = stored_by(purged_by(ANA, an_entry("A."), notice))[notice.id]
    assert (wiped.gone, wiped.fields) == (True, {})


def test_of_the_other_s_words_without_a_place_nothing_is_left_when_all_of_them_were_one_s_own() -> None:
    fields = {"code": "closed", "words": {"title": "A."}}
    box = replace(an_entry(""), kind="unplaced", id=RecordId(UUID(int=14)), author=BEN, fields=fields, family=RECORD)
    wiped = stored_by(purged_by(ANA, a_titled_step("A."), box))[box.id]
    assert (wiped.gone, wiped.fields) == (True, {})


def test_the_other_s_words_without_a_place_about_what_is_shut_for_them_stay_though_they_are_the_same() -> None:
    fields = {"form": "listen", "text": "Rain."}
    request = replace(an_entry(""), space=TOGETHER, kind="support_request", fields=fields, removed=True, shut_at=4)
    box = replace(an_entry(""), kind="unplaced", id=RecordId(UUID(int=14)), author=BEN, family=RECORD)
    box = box.with_fields({"code": "closed", "words": {"text": "Rain."}})
    assert stored_by(purged_by(ANA, request, box)).keys() == {RECORD}


@pytest.mark.parametrize(("shut_at", "quiet"), [(3, {TOGETHER}), (None, set())])
def test_of_a_purge_of_what_is_shut_for_them_the_other_is_told_nothing(
    shut_at: int | None, quiet: set[SpaceId]
) -> None:
    fields = {"form": "listen", "text": "Rain."}
    request = replace(an_entry(""), space=TOGETHER, kind="support_request", fields=fields)
    writes = purged_by(ANA, replace(request, removed=shut_at is not None, shut_at=shut_at))
    assert writes.hushed == quiet


def test_notices_and_words_without_a_place_about_another_record_stay() -> None:
    box = replace(an_entry(""), kind="unplaced", fields={"words": {"text": "A."}}, family=UUID(int=13))
    boxes = [replace(box, id=RecordId(UUID(int=14)), kind=kind) for kind in ("unplaced", "notice")]
    assert stored_by(purged_by(ANA, an_entry("A."), *boxes)).keys() == {RECORD}


def test_words_without_a_place_are_remembered_with_what_was_destroyed_of_them_before() -> None:
    box = replace(an_entry(""), kind="unplaced", fields={"words": {"text": "B."}}, purged=mark_of("A."))
    gone = stored_by(purged_by(ANA, box))[RECORD]
    assert (gone.gone, gone.fields) == (True, {})
    assert gone.purged == mark_of("A.", "B.", version=gone.version)


def _space(caller: Caller, head: int) -> Space:
    return Space(
        id=caller.spaces[1],
        home="couple",
        couple=None,
        state="active",
        head=head,
        store_epoch=UUID(int=1),
        epoch=UUID(int=2),
        horizon=0,
        members=(),
    )


def _revision(record: Record, version: int, *values: Value) -> Revision:
    return Revision(space=record.space, record=record.id, version=version, values=values)


# Words without a place, and other phones that still hold them ----------------------------------------------------


async def phones(world: World) -> tuple[Person, Couple, Device, Device]:
    """Ana, her couple, and her two phones."""
    ana = world.person("Ana")
    couple = world.pair(ana, world.person("Ben"))
    one, two = world.device(ana), world.device(ana)
    await world.settle()
    return ana, couple, one, two


async def test_words_without_a_place_that_were_destroyed_stay_so_though_the_store_went_back() -> None:
    """Found by the simulation: another own phone held them in an older copy."""
    world = World(seed=1)
    ana, _, one, two = await phones(world)
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await world.settle()
    world.restore(dump)
    await one.sync()  # it brings them back; the other phone is away
    await world.purge(ana, one.only("unplaced").id)
    await one.sync()

    await two.sync()
    await world.settle()

    assert "Kiwi" not in str(world.store.records)
    assert "Kiwi" not in one.texts() + two.texts()


async def test_words_without_a_place_that_were_destroyed_stay_so_though_they_had_come_back_twice() -> None:
    world = World(seed=1)
    ana, _, one, two = await phones(world)
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await world.settle()
    for _ in range(2):
        world.restore(dump)
        await one.sync()  # the other phone is away all the time, and knows them under the first id
    await world.purge(ana, one.only("unplaced").id)

    await world.settle()

    assert "Kiwi" not in str(world.store.records)
    assert "Kiwi" not in one.texts() + two.texts()


@pytest.mark.parametrize("kind", ["goal", "moon"])
async def test_words_without_a_place_that_were_destroyed_stay_so_though_a_phone_still_waits_to_say_them(
    kind: str,
) -> None:
    """Found by the simulation."""
    world = World(seed=1)
    ana, couple, one, two = await phones(world)
    record = world.uuid()
    one.force(kind, record, couple=couple.id, set={"notes": "Kiwi."})
    world.part(couple)
    await one.sync_without_answer()
    await two.sync()
    await world.purge(ana, two.only("unplaced").id)
    one.force(kind, record, couple=couple.id, set={"notes": "Kiwi. Plum."}, was={"notes": "Kiwi."})

    await world.settle()

    assert "Kiwi" not in str(world.store.records)
    assert one.unplaced() == two.unplaced() == [{"notes": "Plum."}], "and nothing else goes"
    assert not one.replica.shelves.outbox


async def test_what_was_destroyed_of_words_about_one_record_is_kept_of_those_about_another() -> None:
    world = World(seed=1)
    ana, _, one, _ = await phones(world)
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await one.sync()
    await world.purge(ana, one.only("unplaced").id)
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})

    await one.sync()

    assert one.unplaced() == [{"text": "Kiwi."}]


async def test_words_destroyed_with_the_record_that_they_were_about_stay_so_though_a_phone_still_waits() -> None:
    world = World(seed=1)
    ana, _, one, two = await phones(world)
    entry = one.make("check_in", local_date="2026-03-02", text="Plum.")
    await world.settle()
    one.force("check_in", entry, base=9, set={"valence": 9, "text": "Kiwi."})
    await one.sync()
    two.force("check_in", entry, base=9, set={"valence": 9, "text": "Kiwi. Lime."})
    await world.purge(ana, entry)

    await world.settle()

    assert "Kiwi" not in str(world.store.records)
    assert one.unplaced() == [{"text": "Lime."}]


async def test_the_other_s_words_stay_though_one_destroyed_the_same_in_a_box_of_one_s_own() -> None:
    world = World(seed=1)
    ana, couple, one, _ = await phones(world)
    bens = world.device(world.people[1])
    goal = one.make("goal")
    await world.settle()
    await bens.sync()
    world.part(couple)
    for phone in (one, bens):
        phone.force("goal", goal, couple=couple.id, set={"notes": "Kiwi."})
    await one.sync()
    await world.purge(ana, one.only("unplaced").id)

    await world.settle()

    assert one.unplaced() == []
    assert bens.unplaced() == [{"notes": "Kiwi."}]
