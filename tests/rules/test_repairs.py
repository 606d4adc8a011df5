"""Repairs: a first step towards each other, given as it was written; ten letters of all sorts a day."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.ids import RecordId
from domain.kinds import judged
from domain.notes import LETTERS_A_DAY_MAX
from domain.refusals import Refusal
from domain.repairs import FORMS, REPAIR
from sync import service
from sync.board import settings_id
from sync.wire import Change
from tests.pair import Pair, Somebody, change, in_memory

SOFT = {
    "form": "sorry_for_my_part",
    "i_feel": "sad 😔",
    "about": "what I said at dinner",
    "i_need": "a quiet evening",
    "text": "שלום.\nI was loud.",
}


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


def a_repair(pair: Pair, **values: Any) -> Change:
    return change("repair", uuid4(), {"form": "lightness"} | values, couple=pair.couple)


def an_offer(pair: Pair, text: str = "Tea?") -> Change:
    return change("support_offer", uuid4(), {"text": text}, couple=pair.couple)


def a_note(pair: Pair, **values: Any) -> Change:
    ready = {"for_what": "The soup.", "send": True, "for_couple": str(pair.couple)}
    return change("note_draft", uuid4(), ready | values)


async def given(pair: Pair, who: Somebody) -> int:
    """How many letters this person has given, of every sort."""
    kinds = ("note", "support_offer", "repair")
    return len([each for kind in kinds for each in await pair.of_kind(pair.ben, kind) if each.author == who.person])


# What fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [*FORMS, "a_form_of_a_newer_app"])
def test_a_form_alone_is_a_repair(form: str) -> None:
    assert judged(REPAIR, {"form": form}) == {"form": form}
    assert REPAIR.needed == ("form",)


@pytest.mark.parametrize(("name", "most"), [("i_feel", 200), ("about", 200), ("i_need", 200), ("text", 600)])
def test_a_text_of_a_repair_has_so_many_characters(name: str, most: int) -> None:
    assert judged(REPAIR, {name: "😀" * most}) == {name: "😀" * most}
    assert judged(REPAIR, {name: "😀" * (most + 1)}) is Refusal.INVALID


async def test_a_repair_arrives_word_for_word_and_once(pair: Pair) -> None:
    """F11: A repair written offline arrives word for word, once."""
    made = a_repair(pair, **SOFT)
    for status in ("applied", "duplicate"):
        assert (await pair.one(pair.ana.phone, made)).status == status
    [letter] = await pair.of_kind(pair.ben, "repair")
    assert {name: letter.fields[name] for name in SOFT} == SOFT


async def test_i20_a_repair_is_neither_edited_nor_taken_back(pair: Pair) -> None:
    made = a_repair(pair, **SOFT)
    await pair.one(pair.ana.phone, made)
    for rest in ({"values": {"text": "Better so."}}, {"values": {"i_need": None}}, {"remove": True}):
        for who in (pair.ana, pair.ben):
            edit = change("repair", made.id, base=9, couple=pair.couple, **rest)
            assert (await pair.one(who.phone, edit)).code == Refusal.IMMUTABLE
    assert (await pair.look(pair.ben, made.id)).fields["text"] == SOFT["text"]
    await service.purge(pair.store, pair.keys, pair.ana.phone, "repair", RecordId(made.id), pair.now)
    assert (await pair.look(pair.ben, made.id)).fields["text"] == SOFT["text"], "a purge takes it from nobody"


async def test_a_repair_is_answered_by_the_other_three_times_at_most(pair: Pair) -> None:
    made = a_repair(pair)
    await pair.one(pair.ana.phone, made)
    forms = ("not_ready_yet", "thank_you", "accepted", "accepted")
    for form, code in zip(forms, (None, None, None, Refusal.TOO_MANY), strict=True):
        answer = change("response", uuid4(), {"to": str(made.id), "form": form}, couple=pair.couple)
        assert (await pair.one(pair.ben.phone, answer)).code == code


# A day's letters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", [a_repair, an_offer])
async def test_an_eleventh_repair_or_offer_of_a_day_comes_back_with_its_words(pair: Pair, sort: Any) -> None:
    outcomes = await pair.push(pair.ana.phone, *(sort(pair) for _ in range(LETTERS_A_DAY_MAX)))
    assert {each.status for each in outcomes} == {"applied"}
    before = await pair.page(pair.ben)
    last = await pair.one(pair.ana.phone, a_repair(pair, text="An eleventh."))
    assert last.code == Refusal.TOO_MANY
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"text": "An eleventh."}]
    assert await pair.page(pair.ben) == before, "I35"


async def test_notes_offers_and_repairs_are_counted_together_and_of_each_person_by_themselves(pair: Pair) -> None:
    mixed = [sort(pair) for _ in range(3) for sort in (a_repair, an_offer, a_note)]
    await pair.push(pair.ana.phone, *mixed, an_offer(pair))
    assert await given(pair, pair.ana) == 10
    refused = await pair.push(pair.ana.tablet, a_repair(pair), an_offer(pair))
    assert [each.code for each in refused] == [Refusal.TOO_MANY] * 2
    assert (await pair.one(pair.ana.phone, a_note(pair))).status == "applied"
    assert await given(pair, pair.ana) == 10, "a note waits"
    assert (await pair.one(pair.ben.phone, a_repair(pair))).status == "applied"


async def test_a_note_that_waits_for_the_next_day_is_given_then_and_counts_for_that_day(pair: Pair) -> None:
    await pair.push(pair.ana.phone, *(a_repair(pair) for _ in range(10)))
    note = a_note(pair)
    await pair.one(pair.ana.phone, note)
    draft = await pair.look(pair.ana, note.id)
    assert (draft.fields["state"], draft.due_at) == ("queued", pair.now.replace(day=24, hour=0))
    pair.now += timedelta(hours=12)
    await service.give_due(pair.store, pair.keys, pair.ana.phone, RecordId(note.id), pair.now)
    [letter] = await pair.of_kind(pair.ben, "note")
    assert letter.fields["given_on"] == "2026-11-24"
    outcomes = await pair.push(pair.ana.phone, *(a_repair(pair) for _ in range(10)))
    assert [each.code for each in outcomes].count(Refusal.TOO_MANY) == 1


async def test_a_note_that_waits_can_be_taken_back(pair: Pair) -> None:
    await pair.push(pair.ana.phone, *(a_repair(pair) for _ in range(10)))
    note = a_note(pair)
    await pair.one(pair.ana.phone, note)
    await pair.one(pair.ana.tablet, change("note_draft", note.id, {"send": False}, was={"send": True}, base=99))
    pair.now += timedelta(hours=12)
    await service.give_due(pair.store, pair.keys, pair.ana.phone, RecordId(note.id), pair.now)
    assert await pair.of_kind(pair.ben, "note") == [], "I21"
    draft = await pair.look(pair.ana, note.id)
    assert (draft.fields["state"], draft.due_at) == ("draft", None)


@pytest.mark.parametrize(
    ("zone", "hours", "more"),
    [("Pacific/Kiritimati", 0, False), ("UTC", 11, False), ("UTC", 12, True), ("Pacific/Apia", 11, True)],
)
async def test_a_day_is_the_writer_s_own(pair: Pair, zone: str, hours: int, *, more: bool) -> None:
    settings = settings_id(pair.keys.one(pair.ana.personal).id_key)
    await pair.one(pair.ana.phone, change("settings", settings, {"zone": zone}, was={"zone": "UTC"}, base=1))
    pair.now = pair.now.replace(hour=12 if zone == "UTC" else 0)
    await pair.push(pair.ana.phone, *(a_repair(pair) for _ in range(10)))
    pair.now += timedelta(hours=hours)
    assert (await pair.one(pair.ana.phone, a_repair(pair))).code == (None if more else Refusal.TOO_MANY)


async def test_a_repair_that_was_refused_today_can_be_given_tomorrow_under_its_id(pair: Pair) -> None:
    await pair.push(pair.ana.phone, *(a_repair(pair) for _ in range(10)))
    made = a_repair(pair, text="An eleventh.")
    assert (await pair.one(pair.ana.phone, made)).code == Refusal.TOO_MANY
    pair.now += timedelta(days=1)
    again = change("repair", UUID(str(made.id)), made.set, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, again)).status == "applied"
