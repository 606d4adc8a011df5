"""What a seventh review found in the facades, mended and kept."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from sync.wire import Change
from tests.pair import Pair
from tests.rules import test_rxdb
from tests.rules.test_rxdb import Collection, restored, saved
from tests.rules.test_watermelon import (
    Database,
    both_with_a_step,
    pair,  # noqa: F401 - a fixture
    stored,
)

# A store that went back knows an earlier push of a device than the last one, and its client has been given nothing
# since: it takes the row for clean, and its `rev` is older than both.


async def pushed_twice(
    pair: Pair,  # noqa: F811
    database: Database,
    at: tuple[str, str],
    first: dict[str, Any],
    second: dict[str, Any],
) -> dict[str, Any]:
    """Edit a row twice and push each time, with no pull between or after; return the store as it was between."""
    database.edit(*at, **first)
    await database.push()
    dump = saved(pair)
    database.edit(*at, **second)
    await database.push()
    return dump


async def send_everything(*databases: Database) -> None:
    """What the adapter does when it is told of another life: send, then pull all."""
    for each in databases:
        await each.push(*each.rows)
        each.cursor = None
        await each.pull()


async def test_a_clean_row_that_was_pushed_twice_brings_back_what_the_restored_store_has_not(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    first, second = {"title": "Two.", "done": True}, {"title": "Three.", "done": False}
    restored(pair, await pushed_twice(pair, anas, ("step", made), first, second))
    await send_everything(anas, bens)
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.fields["done"], record.alternatives) == ("Three.", False, {})
    version = record.version
    await send_everything(anas, bens)
    assert (await stored(pair, pair.ana, made)).version == version, "it comes back once"
    for each in (anas, bens):
        await each.sync()
        assert (each["step", made]["title"], each["step", made]["done"]) == ("Three.", False)


async def test_what_the_other_has_written_between_the_two_pushes_is_not_taken_back(pair: Pair) -> None:  # noqa: F811
    """Ben has rewritten another sentence and has done the step, and Ana's phone was told of neither."""
    anas, bens, made = await both_with_a_step(pair, "One. Two.")
    anas.edit("step", made, title="One. Two. Three.")
    await anas.push()
    await bens.pull()
    bens.edit("step", made, title="Zero. One. Two. Three.", done=True)
    await bens.sync()
    dump = saved(pair)
    anas.edit("step", made, title="One. Two. Three. Four.")
    await anas.push()
    restored(pair, dump)
    await send_everything(anas, bens)
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.fields["done"]) == ("Zero. One. Two. Three. Four.", True)
    assert record.alternatives == {}


async def test_a_text_that_went_back_to_an_earlier_one_is_an_edit_of_the_one_between(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    restored(pair, await pushed_twice(pair, anas, ("step", made), {"title": "Two."}, {"title": "One."}))
    await send_everything(anas, bens)
    assert (await stored(pair, pair.ana, made)).fields["title"] == "One."


async def test_an_older_text_is_no_edit_where_the_other_has_written_since(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="Two.")
    await anas.push()
    await bens.pull()
    bens.edit("step", made, title="Ben's.")
    await bens.sync()
    dump = saved(pair)
    anas.edit("step", made, title="One.")
    await anas.push()
    restored(pair, dump)
    await send_everything(anas, bens)
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives) == ("Ben's.", {})


async def test_a_removal_that_the_restored_store_has_not_comes_back(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    restored(pair, await pushed_twice(pair, anas, ("step", made), {"title": "Two."}, {"removed_at": 1}))
    await send_everything(anas, bens)
    assert (await stored(pair, pair.ana, made)).removed


async def test_a_removal_that_the_restored_store_has_is_no_second_one(pair: Pair) -> None:  # noqa: F811
    """Ben has brought the step back since, and Ana's phone was not told of it."""
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, removed_at=1)
    await anas.push()
    await bens.pull()
    bens.edit("step", made, removed_at=None)
    await bens.sync()
    restored(pair, saved(pair))
    await send_everything(anas, bens)
    assert not (await stored(pair, pair.ana, made)).removed


async def test_what_was_done_twice_is_two_edits_also_where_the_store_goes_back_twice(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    restored(pair, await pushed_twice(pair, anas, ("step", made), {"title": "Two."}, {"title": "Three."}))
    await anas.push(("step", made))
    anas.edit("step", made, title="Four.")
    await anas.push()
    dump = saved(pair)
    anas.edit("step", made, title="Three.")
    await anas.push()
    restored(pair, dump)
    await send_everything(anas, bens)
    assert (await stored(pair, pair.ana, made)).fields["title"] == "Three."


async def test_a_clean_row_of_a_lost_life_that_was_pushed_again_says_what_came_after_that(pair: Pair) -> None:  # noqa: F811
    """The store goes back twice; the row names the first life throughout, for no pull came to its end between."""
    anas, bens, made = await both_with_a_step(pair, "One.")
    before = saved(pair)
    anas.edit("step", made, done=True)
    await anas.sync()
    await anas.pull()
    restored(pair, before)
    await anas.push(("step", made))
    dump = await pushed_twice(pair, anas, ("step", made), {"title": "Two."}, {"title": "Three."})
    restored(pair, dump)
    await send_everything(anas, bens)
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.fields["done"], record.alternatives) == ("Three.", True, {})


async def test_an_older_text_in_a_row_of_a_lost_life_is_no_edit_where_the_other_has_written_since(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "One.")
    before = saved(pair)
    anas.edit("step", made, title="Two.")
    await anas.sync()
    await anas.pull()
    restored(pair, before)
    await anas.push(("step", made))
    await bens.pull()
    bens.edit("step", made, title="Ben's.")
    await bens.sync()
    dump = saved(pair)
    anas.edit("step", made, title="One.")
    await anas.push()
    restored(pair, dump)
    await send_everything(anas, bens)
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives) == ("Ben's.", {})


async def test_a_window_that_was_closed_last_closes_again(pair: Pair) -> None:  # noqa: F811
    """The other phone of Ana has opened it in between: which of the two was later nobody can tell any more."""
    phone, tablet, bens = (Database(pair, who) for who in (pair.ana.phone, pair.ana.tablet, pair.ben.phone))
    opened = {"audience": str(pair.couple), "shared_parts": json.dumps(["text"])}
    made = phone.make("check_in", local_date="2026-11-20", text="A long day.", audience="only_me", shared_parts="[]")
    await phone.sync()
    for each in (phone, tablet):
        await each.pull()
    phone.edit("check_in", made, **opened)
    await phone.push()
    await tablet.pull()
    for audience in ("only_me", str(pair.couple)):
        tablet.edit("check_in", made, audience=audience)
        await tablet.sync()
        await tablet.pull()
    dump = saved(pair)
    phone.edit("check_in", made, audience="only_me")
    await phone.push()
    restored(pair, dump)
    await send_everything(phone, bens)
    assert (await stored(pair, pair.ana, made)).fields["audience"] == "only_me"
    assert "A long day." not in str(bens.rows)


async def test_a_letter_that_was_given_by_a_push_comes_back_as_no_words_without_a_place(pair: Pair) -> None:  # noqa: F811
    """Its draft is clean on the phone, as it was pushed, and is gone from the store, with the letter in its place."""
    phone = Database(pair, pair.ana.phone)
    made = phone.make("note_draft", for_what="Thank you.", for_couple=str(pair.couple))
    await phone.sync()
    await phone.pull()
    phone.edit("note_draft", made, send=True)
    await phone.push()
    assert (await stored(pair, pair.ana, made)).gone
    restored(pair, saved(pair))
    await send_everything(phone)
    assert not [table for table, _ in phone.rows if table == "unplaced"]


async def test_words_for_a_letter_that_was_given_without_them_are_kept(pair: Pair) -> None:  # noqa: F811
    """Likewise, and the phone had written on: that was answered, and the store has lost what was answered."""
    phone = Database(pair, pair.ana.phone)
    made = phone.make("note_draft", for_what="Thank you.", for_couple=str(pair.couple))
    await phone.sync()
    await phone.pull()
    phone.edit("note_draft", made, send=True)
    await phone.push()
    dump = saved(pair)
    phone.edit("note_draft", made, text="And for the kiwi.")
    await phone.push()
    restored(pair, dump)
    await send_everything(phone)
    boxes = [json.loads(row["words"]) for (table, _), row in phone.rows.items() if table == "unplaced"]
    assert "And for the kiwi." in str(boxes)


# What somebody has removed, and a restored store has again, is removed by whoever was told of it: RxDB's documents of
# what is removed say as of when.


async def rxdb_sends_everything(*collections: Collection) -> None:
    for each in collections:
        documents, each.assumed = list(each.assumed.values()), {}
        await each.push(*documents)
        await each.pull()


@pytest.mark.parametrize("who", ["the remover", "the other"])
async def test_of_rxdb_a_removal_that_the_restored_store_has_not_comes_back(pair: Pair, who: str) -> None:  # noqa: F811
    anas, bens, made = await test_rxdb.both_with_a_step(pair)
    dump = saved(pair)
    await bens.push(bens.edited(made, _deleted=True))
    for each in (anas, bens):
        await each.pull()
    restored(pair, dump)
    assert not (await stored(pair, pair.ana, made)).removed
    await rxdb_sends_everything(bens if who == "the remover" else anas)
    record = await stored(pair, pair.ana, made)
    assert (record.removed, record.fields["title"]) == (True, "Book the ferry")
    version = record.version
    await rxdb_sends_everything(anas, bens)
    assert (await stored(pair, pair.ana, made)).version == version, "it comes back once"


async def test_of_rxdb_words_that_were_written_since_a_restore_win_over_a_removal_that_it_has_lost(pair: Pair) -> None:  # noqa: F811
    anas, bens, made = await test_rxdb.both_with_a_step(pair)
    dump = saved(pair)
    await bens.push(bens.edited(made, _deleted=True))
    await bens.pull()
    restored(pair, dump)
    await anas.push(anas.edited(made, title="Book the ferry for two"))
    await rxdb_sends_everything(bens)
    record = await stored(pair, pair.ana, made)
    assert (record.removed, record.fields["title"]) == (False, "Book the ferry for two")


async def test_of_rxdb_a_removal_that_both_lives_have_is_not_done_again(pair: Pair) -> None:  # noqa: F811
    """Ana's phone was not told that Ben had brought the step back."""
    anas, bens, made = await test_rxdb.both_with_a_step(pair)
    whole = bens.assumed[made]
    await bens.push(whole | {"_deleted": True})
    for each in (anas, bens):
        await each.pull()
    await bens.push(whole)
    assert not (await stored(pair, pair.ana, made)).removed
    restored(pair, saved(pair))
    await rxdb_sends_everything(anas)
    assert not (await stored(pair, pair.ana, made)).removed


async def test_of_rxdb_what_the_store_has_never_had_is_not_made_for_being_removed(pair: Pair) -> None:  # noqa: F811
    dump = saved(pair)
    anas, bens, made = await test_rxdb.both_with_a_step(pair)
    await bens.push(bens.edited(made, _deleted=True))
    await anas.pull()
    restored(pair, dump)
    await rxdb_sends_everything(anas)
    assert not [each for each in (await pair.page(pair.ana)).rows if each.kind in ("step", "unplaced")]


async def test_of_rxdb_who_brings_back_what_was_removed_unseen_writes_over_nothing(pair: Pair) -> None:  # noqa: F811
    """Ben's document of the removed step holds none of its words; what he writes stands beside them."""
    anas, bens, made = await test_rxdb.both_with_a_step(pair)
    await anas.push(anas.edited(made, _deleted=True))
    await bens.pull()
    await bens.push(bens.edited(made, title="Row there", _deleted=False))
    record = await stored(pair, pair.ana, made)
    texts = {record.fields["title"], *(each.text for each in record.alternatives.get("title", ()))}
    assert (record.removed, texts) == (False, {"Book the ferry", "Row there"})


# A pick is one also where something else has come to stand beside meanwhile.


async def both_with_two_texts(pair: Pair) -> tuple[Database, Database, str]:  # noqa: F811
    anas, bens, made = await both_with_a_step(pair, "Book the ferry.")
    anas.edit("step", made, title="Book the boat.")
    bens.edit("step", made, title="Book the raft.")
    for each in (anas, bens, anas):
        await each.sync()
    return anas, bens, made


async def ana_writes_beside(pair: Pair, made: str, text: str) -> None:  # noqa: F811
    """Her tablet has not seen the two texts."""
    change = Change(key=uuid4(), kind="step", id=UUID(made), couple=pair.couple, set={"title": text})
    assert (await pair.one(pair.ana.tablet, change)).fields == {"title": "kept_both"}


async def test_a_pick_that_waited_takes_out_what_was_picked_and_leaves_what_came_meanwhile(pair: Pair) -> None:  # noqa: F811
    anas, _, made = await both_with_two_texts(pair)
    anas.edit("step", made, title="Book the raft.", alternatives="{}")
    await ana_writes_beside(pair, made, "Book the balloon.")
    await anas.sync()
    record = await stored(pair, pair.ana, made)
    assert record.fields["title"] == "Book the raft."
    assert [each.text for each in record.alternatives["title"]] == ["Book the balloon."]


async def test_a_pick_takes_nothing_out_that_came_meanwhile_and_is_not_what_was_picked(pair: Pair) -> None:  # noqa: F811
    anas, _, made = await both_with_two_texts(pair)
    anas.edit("step", made, title="Book the plane.", alternatives="{}")
    await ana_writes_beside(pair, made, "Book the balloon.")
    await anas.sync()
    record = await stored(pair, pair.ana, made)
    assert {each.text for each in record.alternatives["title"]} == {"Book the raft.", "Book the balloon."}


async def test_a_pick_in_a_row_with_another_edit_that_waited_through_a_pull_is_taken(pair: Pair) -> None:  # noqa: F811
    """The row takes in nothing of a pull as long as an edit waits in it: both texts are shown after the push."""
    anas, bens, made = await both_with_a_step(pair, "Book the ferry.")
    anas.edit("step", made, done=True)
    bens.edit("step", made, title="Book the boat.")
    await bens.sync()
    await ana_writes_beside(pair, made, "Book the raft.")
    await anas.pull()
    assert (anas["step", made]["title"], anas["step", made]["alternatives"]) == ("Book the ferry.", "{}")
    await anas.sync()
    await anas.pull()
    assert "Book the raft." in anas["step", made]["alternatives"]
    anas.edit("step", made, title="Book the raft.", alternatives="{}")
    await anas.sync()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives, record.fields["done"]) == ("Book the raft.", {}, True)
