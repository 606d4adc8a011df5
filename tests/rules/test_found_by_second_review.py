"""Found by a second review, most of it about stores that go back in time; each was mended, and is kept by name."""

from typing import Any

import pytest

import sync.paging
import sync.replica
from domain.ids import RecordId
from tests.world import Couple, Device, Person, World

Cast = tuple[World, Person, Person, Couple, Device, Device, Device]


def cast() -> Cast:
    """A world, Ana and Ben, their couple, Ana's two phones and Ben's."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    return world, ana, ben, couple, world.device(ana), world.device(ana), world.device(ben)


def everywhere(w: World) -> str:
    return str(w.store.records) + str(w.store.revisions)


def entry(phone: Device, couple: Couple | None = None, **fields: Any) -> RecordId:
    shown = {} if couple is None else {"audience": couple.id}
    return phone.make("check_in", local_date="2026-03-02", shared_parts=["text"], **shown, **fields)


async def goal(w: World, phone: Device, **fields: Any) -> tuple[RecordId, RecordId]:
    made = phone.make("goal", **fields)
    terms = phone.make("goal_terms", goal=made, title="T.")
    await w.settle()
    return made, terms


async def test_words_written_behind_a_closed_window_are_not_shown_by_a_restore_that_reopens_it() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    e = entry(one, c, text="A.")
    await w.settle()
    dump = w.dump()
    one.write(e, audience="only_me")
    await w.settle()
    one.write(e, text="A. Private.")
    w.restore(dump)
    await one.sync_without_answer()
    await bens.sync()
    assert "Private" not in bens.texts()


async def test_a_letter_that_goes_with_older_words_leaves_the_newer_ones_with_their_author() -> None:
    w, _ana, _ben, c, one, _two, _bens = cast()
    await w.settle()
    d = one.make("note_draft", for_couple=c.id, for_what="Thank you.")
    await w.settle()
    dump = w.dump()
    one.write(d, for_what="Thank you. For the soup.")
    await one.sync()
    one.write(d, send=True)
    w.restore(dump)
    await w.settle()
    assert "soup" in everywhere(w)


async def test_a_closing_made_offline_outlives_a_restore_to_before_its_entry() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    dump = w.dump()
    e = entry(one, c, text="A.")
    await w.settle()
    one.write(e, audience="only_me")
    w.restore(dump)
    await w.settle()
    assert w.stored(e).fields["audience"] == "only_me"
    assert not bens.view("shown_check_in")


async def test_a_removal_made_offline_outlives_a_restore_to_before_its_entry() -> None:
    w, _ana, _ben, c, one, _two, _bens = cast()
    await w.settle()
    dump = w.dump()
    e = entry(one, c, text="A.")
    await w.settle()
    one.remove(e)
    w.restore(dump)
    await w.settle()
    assert w.stored(e).removed


async def test_an_edit_made_offline_follows_on_the_entry_that_comes_back() -> None:
    w, _ana, _ben, _c, one, _two, _bens = cast()
    await w.settle()
    dump = w.dump()
    e = entry(one, text="A.")
    await w.settle()
    one.write(e, text="A. B.", valence=3)
    w.restore(dump)
    await w.settle()
    assert (w.stored(e).fields["text"], w.stored(e).fields["valence"]) == ("A. B.", 3)


async def test_an_agreement_that_comes_back_is_an_agreement() -> None:
    w, _ana, _ben, _c, one, _two, _bens = cast()
    await w.settle()
    dump = w.dump()
    g, _ = await goal(w, one, form="agreement")
    one.write(g, notes="N.")
    w.restore(dump)
    await w.settle()
    assert w.stored(g).fields["form"] == "agreement"


async def test_words_between_the_dump_and_an_edit_made_offline_are_kept() -> None:
    w, _ana, _ben, _c, one, _two, _bens = cast()
    await w.settle()
    e = entry(one, text="A.")
    await w.settle()
    dump = w.dump()
    one.write(e, text="B.")
    await one.sync()
    one.write(e, text="C.")
    w.restore(dump)
    await w.settle()
    assert "B." in everywhere(w)


async def test_a_letter_that_was_taken_back_offline_is_not_given_by_a_restore() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    for n in range(10):
        one.make("note_draft", for_couple=c.id, for_what=f"N{n}.", send=True)
    await w.settle()
    dump = w.dump()
    d = one.make("note_draft", for_couple=c.id, for_what="Regretted.", send=True)
    await one.sync()
    one.write(d, send=False)
    w.pass_time(days=1)
    w.restore(dump)
    await w.settle()
    assert "Regretted" not in bens.texts()


async def test_what_was_opened_by_mistake_and_closed_in_time_is_not_shown_by_a_restore() -> None:
    w, _ana, _ben, c, one, two, bens = cast()
    await w.settle()
    e = entry(one, text="Mistake.")
    await w.settle()
    dump = w.dump()
    one.write(e, audience=c.id)
    await one.sync()
    await two.sync()
    one.write(e, audience="only_me")
    await one.sync()
    await bens.sync()
    assert "Mistake" not in bens.texts()
    w.restore(dump)
    await one.sync()
    await two.sync()
    await w.settle()
    assert "Mistake" not in bens.texts()


async def test_a_letter_that_was_taken_back_in_time_is_not_given_by_a_restore() -> None:
    w, _ana, _ben, c, one, two, bens = cast()
    await w.settle()
    for n in range(10):
        one.make("note_draft", for_couple=c.id, for_what=f"N{n}.", send=True)
    d = one.make("note_draft", for_couple=c.id, for_what="Regretted.")
    await w.settle()
    dump = w.dump()
    one.write(d, send=True)
    await one.sync()
    await two.sync()
    one.write(d, send=False)
    await one.sync()
    w.pass_time(days=1)
    w.restore(dump)
    await one.sync()
    await two.sync()
    await w.settle()
    assert "Regretted" not in bens.texts()


async def test_words_that_all_phones_know_to_be_purged_do_not_come_back_with_a_touch() -> None:
    w, ana, _ben, _c, one, _two, bens = cast()
    await w.settle()
    g, t = await goal(w, one, notes="Secret.")
    dump = w.dump()
    await w.purge(ana, g)
    await w.settle()
    w.restore(dump)
    bens.make("goal_act", goal=g, terms=t, act="accept")
    await bens.sync()
    await w.settle()
    assert w.stored(g).fields["notes"] is None


async def test_privacy_settings_do_not_go_back_to_the_more_open() -> None:
    w, _ana, _ben, _c, one, two, _bens = cast()
    await w.settle()
    s = one.only("settings").id
    dump = w.dump()
    one.write(s, push_privacy="descriptive")
    await one.sync()
    await two.sync()
    one.write(s, push_privacy="discreet")
    await one.sync()
    w.restore(dump)
    await one.sync()
    await two.sync()
    await w.settle()
    assert w.stored(s).fields["push_privacy"] == "discreet"


async def test_a_letter_written_after_parting_is_not_given_by_a_restore() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    dump = w.dump()
    w.part(c)
    await w.settle()
    one.make("note_draft", for_couple=c.id, for_what="Never given.", send=True)
    await w.settle()
    assert "Never" not in bens.texts()
    w.restore(dump)
    await w.settle()
    assert "Never" not in bens.texts()


async def test_a_window_that_the_dump_never_had_is_not_opened() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    dump = w.dump()
    entry(one, c, text="A.")
    await w.settle()
    w.part(c)
    await w.settle()
    assert not bens.view("shown_check_in")
    w.restore(dump)
    await w.settle()
    assert not bens.view("shown_check_in")


async def test_a_goal_that_claims_a_base_is_derived_all_the_same() -> None:
    w, _ana, _ben, c, one, _two, _bens = cast()
    await w.settle()
    g = w.uuid()
    one.force("goal_terms", couple=c.id, set={"goal": str(g), "title": "T."})
    await one.sync()
    one.force("goal", g, couple=c.id, base=1, set={"topic": "us"})
    await w.settle()
    assert w.stored(g).fields["state"] == "proposed"


async def test_i12_who_steps_back_is_not_kept_in_by_the_other() -> None:
    w, ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    g, _ = await goal(w, one)
    s = one.make("step", goal=g, title="S.", taken_by=[str(ana.id)])
    await w.settle()
    one.write(s, taken_by=[])
    bens.force("step", s, couple=c.id, base=0, set={"taken_by": [str(ana.id)]})
    await bens.sync()
    await one.sync()
    await w.settle()
    assert w.stored(s).fields["taken_by"] == []


async def test_a_second_restore_between_two_pages_loses_nothing() -> None:
    w, _ana, _ben, _c, one, two, _bens = cast()
    w.devices.remove(two)
    await w.settle()
    for n in range(3):
        entry(one, text=f"Old{n}.")
    await one.sync()
    first = w.dump()
    entry(one, text="Mid.")
    await one.sync()
    second = w.dump()
    entry(one, text="New.")
    await one.sync()
    w.restore(second)
    q = one.request(limit=2)
    one.receive(q, await one.send(q))
    assert one.replica.rebuilds
    w.restore(first)
    await w.settle()
    assert "Mid." in everywhere(w)


async def test_an_updated_app_between_two_pages_loses_nothing_by_a_restore(monkeypatch: pytest.MonkeyPatch) -> None:
    w, _ana, _ben, _c, one, two, _bens = cast()
    w.devices.remove(two)
    await w.settle()
    for n in range(5):
        entry(one, text=f"Old{n}.")
    await one.sync()
    dump = w.dump()
    entry(one, text="New.")
    await one.sync()
    monkeypatch.setattr(sync.paging, "SCHEMA", 2)
    monkeypatch.setattr(sync.replica, "SCHEMA", 2)
    q = one.request(limit=2)
    one.receive(q, await one.send(q))
    w.restore(dump)
    await w.settle()
    assert "New." in everywhere(w)


async def test_an_updated_app_between_two_pages_keeps_no_window_that_a_restore_has_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w, _ana, _ben, c, one, two, bens = cast()
    w.devices.remove(two)
    await w.settle()
    for n in range(5):
        bens.make("check_in", local_date="2026-03-02", text=f"Old{n}.")
    await bens.sync()
    dump = w.dump()
    entry(one, c, text="Shown once.")
    await w.settle()
    w.devices.remove(one)
    monkeypatch.setattr(sync.paging, "SCHEMA", 2)
    monkeypatch.setattr(sync.replica, "SCHEMA", 2)
    q = bens.request(limit=2)
    bens.receive(q, await bens.send(q))
    w.restore(dump)
    await w.settle()
    assert not w.records("shown_check_in")
    assert not bens.view("shown_check_in")


async def test_a_record_that_came_ahead_of_its_turn_does_not_outlive_its_life() -> None:
    w, _ana, _ben, c, one, _two, bens = cast()
    await w.settle()
    g, _ = await goal(w, one, topic="us")
    for n in range(4):
        one.make("step", goal=g, title=f"S{n}.")
    await one.sync()
    dump = w.dump()
    one.write(g, topic="work")
    await one.sync()
    bens.force("goal", g, couple=c.id, base=2, set={"form": "agreement"})
    q = bens.request(limit=2)
    bens.receive(q, await bens.send(q))
    w.restore(dump)
    await bens.sync()
    await bens.sync()
    assert bens.fields(g)["topic"] == w.stored(g).fields["topic"]


async def test_of_two_letters_with_equal_words_both_are_given_again() -> None:
    w, _ana, _ben, c, one, two, bens = cast()
    w.devices.remove(two)
    await w.settle()
    ds = [one.make("note_draft", for_couple=c.id, for_what="Good night.") for _ in "ab"]
    await w.settle()
    dump = w.dump()
    for d in ds:
        one.write(d, send=True)
    await w.settle()
    assert len(bens.view("note")) == 2
    w.restore(dump)
    await w.settle()
    assert len(bens.view("note")) == 2


async def test_an_unplaced_record_as_large_as_can_be_comes_back_and_blocks_nothing() -> None:
    w, _ana, _ben, _c, one, _two, _bens = cast()
    await w.settle()
    dump = w.dump()
    one.force("later_kind", set={f"f{n}": f"W{n}." for n in range(64)})
    await w.settle()
    w.restore(dump)
    await w.settle()
