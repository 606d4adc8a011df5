"""What a sixth review found in the facades, mended and kept."""

import json
from typing import Any
from uuid import uuid4

import pytest

from sync import rxdb
from sync.rxdb import PushedRow
from tests.pair import Pair
from tests.rules import test_rxdb
from tests.rules.test_rxdb import Collection, entry
from tests.rules.test_watermelon import (
    Database,
    both_with_a_step,
    pair,  # noqa: F401 - a fixture
    stored,
)

SECRET = "A long day. I am not telling anyone this."


# An answer that is lost, or an edit during a push, does not make a device look as if it had seen all edits until then:
# what it has submitted says what a text was made of, and no more (ADR 16).


async def test_of_watermelondb_a_window_opened_after_a_lost_answer_shows_nothing_unseen(pair: Pair) -> None:  # noqa: F811
    """The case `open_and_write`, with one lost answer."""
    phone, tablet, bens = (Database(pair, who) for who in (pair.ana.phone, pair.ana.tablet, pair.ben.phone))
    made = phone.make("check_in", local_date="2026-11-20", text="A long day.", audience="only_me", shared_parts="[]")
    await phone.sync()
    for each in (phone, tablet):
        await each.pull()
    tablet.edit("check_in", made, text=SECRET)
    await tablet.sync()
    phone.edit("check_in", made, valence=1)
    await phone.push(answered=False)
    assert phone["check_in", made]["text"] == "A long day.", "the phone has not seen the tablet's sentence"
    phone.edit("check_in", made, audience=str(pair.couple), shared_parts=json.dumps(["text"]))
    await phone.sync()
    await bens.pull()
    assert "not telling" not in str(bens.rows)


async def test_of_watermelondb_a_window_opened_during_a_push_shows_nothing_unseen(pair: Pair) -> None:  # noqa: F811
    """No answer is lost here: the phone pulls, the tablet writes, the phone pushes, and is edited meanwhile."""
    phone, tablet, bens = (Database(pair, who) for who in (pair.ana.phone, pair.ana.tablet, pair.ben.phone))
    made = phone.make("check_in", local_date="2026-11-20", text="A long day.", audience="only_me", shared_parts="[]")
    await phone.sync()
    for each in (phone, tablet):
        await each.pull()
    phone.edit("check_in", made, valence=1)
    await phone.pull()
    tablet.edit("check_in", made, text=SECRET)
    await tablet.sync()
    await phone.push(answered=False)  # it is heard, but a row that was edited meanwhile stays dirty
    phone.edit("check_in", made, audience=str(pair.couple), shared_parts=json.dumps(["text"]))
    await phone.pull()
    await phone.push()
    await bens.pull()
    assert "not telling" not in str(bens.rows)


async def test_of_rxdb_a_window_opened_after_a_lost_answer_shows_nothing_unseen(pair: Pair) -> None:  # noqa: F811
    phone, tablet = (Collection(pair, who, "check_in") for who in (pair.ana.phone, pair.ana.tablet))
    bens, made = Collection(pair, pair.ben.phone, "shown_check_in"), entry(text="A long day.", audience="only_me")
    await phone.push(made)
    for each in (phone, tablet):
        await each.pull()
    await tablet.push(tablet.edited(made["id"], text=SECRET))
    felt = phone.edited(made["id"], valence=1)
    await phone.push(felt, answered=False)
    await phone.push(felt | {"audience": str(pair.couple), "shared_parts": ["text"]})
    assert "not telling" not in str(await bens.pull())


async def test_a_letter_sent_after_a_lost_answer_is_not_given_with_a_sentence_unread(pair: Pair) -> None:  # noqa: F811
    phone, tablet, bens = (Database(pair, who) for who in (pair.ana.phone, pair.ana.tablet, pair.ben.phone))
    made = phone.make("note_draft", for_what="Thanks.", for_couple=str(pair.couple))
    await phone.sync()
    for each in (phone, tablet):
        await each.pull()
    tablet.edit("note_draft", made, text=SECRET)
    await tablet.sync()
    phone.edit("note_draft", made, about_you="Kind.")
    await phone.push(answered=False)
    phone.edit("note_draft", made, send=True)
    await phone.sync()
    await bens.pull()
    assert "not telling" not in str(bens.rows)


async def test_a_removal_after_a_lost_answer_takes_no_words_away_that_were_not_seen(pair: Pair) -> None:  # noqa: F811
    """The case `remove_edit`, with one lost answer before it: the partner's words go, and nobody is told."""
    anas, bens, made = await both_with_a_step(pair, "One.")
    bens.edit("step", made, title="One. Ben says more.")
    await bens.sync()
    anas.edit("step", made, done=True)
    await anas.push(answered=False)
    anas.edit("step", made, removed_at=1)
    await anas.push()
    assert not (await stored(pair, pair.ana, made)).removed


# Whoever goes back and forth while answers are lost makes an edit each time.


async def test_of_watermelondb_what_is_done_undone_and_done_again_while_answers_are_lost_is_done(pair: Pair) -> None:  # noqa: F811
    anas, _, made = await both_with_a_step(pair, "One.")
    for done in (True, False, True):
        anas.edit("step", made, done=done)
        await anas.pull()
        await anas.push(answered=False)
    assert (await stored(pair, pair.ana, made)).fields["done"] is True
    await anas.sync()
    assert anas["step", made]["done"] is True


async def test_of_rxdb_what_goes_back_and_forth_while_answers_are_lost_ends_on_the_last_edit(pair: Pair) -> None:  # noqa: F811
    anas, _, made = await test_rxdb.both_with_a_step(pair)
    for title in ("Two.", "Three.", "Two.", "Three."):
        await anas.push(anas.edited(made, title=title), answered=False)
    assert (await stored(pair, pair.ana, made)).fields["title"] == "Three."


# No row is answered with a fault, whatever it holds.


@pytest.mark.parametrize("deep", [950, 5_000])
@pytest.mark.parametrize("column", ["needs", "alternatives", "merged"])
async def test_a_column_of_json_that_is_nested_deeply_is_refused_as_content(
    pair: Pair,  # noqa: F811
    column: str,
    deep: int,
) -> None:
    anas = Database(pair, pair.ana.phone)
    anas.make("check_in", local_date="2026-11-20", text="Kiwi.", **{column: "[" * deep + "]" * deep})
    await anas.push()
    assert "Kiwi." in str((await pair.page(pair.ana)).rows)


# In a collection of all kinds the id alone is the key.


async def test_in_a_collection_of_all_kinds_a_wrong_kind_does_not_take_the_stored_document_away(pair: Pair) -> None:  # noqa: F811
    _, _, made = await test_rxdb.both_with_a_step(pair)
    asking: dict[str, Any] = {"schema": 1, "now": pair.now, "new_epoch": uuid4}
    at = (pair.store, pair.keys, pair.ana.phone, "records")
    page = await rxdb.pull(*at, checkpoint=None, limit=500, **asking)
    [there] = [each for each in page.documents if each["id"] == made]
    pushed = await rxdb.push(*at, [PushedRow(there | {"kind": "goal"}, there)], **asking)
    assert [(each["id"], each["kind"], each["_deleted"]) for each in pushed.conflicts] == [(made, "step", False)]
