"""What simulated seeds have found, as the shortest story that shows it; each of these failed once."""

from datetime import timedelta

from sync import service
from sync.ports import Caller
from tests.world import World


async def test_words_without_a_place_come_back_though_the_record_that_they_were_about_is_the_other_s_again() -> None:
    """Seed 38: a request that a restore had lost was edited by somebody whose it was not, and came back after that."""
    world = World(seed=38)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    one, two = world.device(ana), world.device(ben)
    await world.settle()
    before = world.dump()
    request = one.make("support_request", form="listen", text="Rain.")
    await world.settle()
    with_request = world.dump()
    world.restore(before)
    two.force("support_request", request, couple=couple.id, set={"text": "Sea."})
    await two.sync()
    assert [words["text"] for words in two.unplaced()] == ["Sea."]
    world.restore(with_request)
    await world.settle()
    assert world.stored(request).author == ana.id
    assert [words["text"] for words in two.unplaced()] == ["Sea."]


async def test_a_draft_that_comes_back_is_not_given_with_words_that_were_written_after_it_had_gone() -> None:
    """Seed 198: its letter had been given; a restore brought the draft back, which was given again with a late edit."""
    world = World(seed=198)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, bens = world.device(ana), world.device(ben)
    await world.settle()
    later = {"delivery": "at", "on": "2026-03-03", "at": "08:00", "send": True}
    draft = phone.make("note_draft", for_what="Soup.", for_couple=couple.id, **later)
    await world.settle()
    queued = world.dump()
    world.now += timedelta(days=2)
    caller = Caller(ana.id, phone.replica.device, tuple(ana.spaces), may_keep=True)
    await service.give_due(world.store, world.keys, caller, draft, world.now)
    await phone.sync()
    assert len(world.records("note")) == 1
    phone.force("note_draft", draft, base=3, set={"text": "Not for you."})
    world.restore(queued)
    await world.settle()
    assert "Not for you." not in bens.texts()
    stored = world.stored(draft)
    assert (stored.fields["text"], stored.fields["send"]) == ("Not for you.", False)


async def test_a_store_that_has_forgotten_that_it_went_back_hears_it_from_a_phone_and_shows_nothing_destroyed() -> None:
    """Seed 13258: a second restore, to before the first, undid a purge, and a window opened on what it had been."""
    world = World(seed=13258)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, bens = world.device(ana), world.device(ben)
    goal = phone.make("own_goal", title="Not for you.", ending="achieved")
    await world.settle()
    dump = world.dump()
    world.restore(dump)
    await world.settle()
    await world.purge(ana, goal)
    await world.settle()
    phone.write(goal, audience=couple.id, shared_parts=["ending"])
    world.restore(dump, bump=False)
    assert world.store.spaces[ana.personal].lives == ()
    await world.settle()
    assert world.store.spaces[ana.personal].lives, "it knows now that there was another life"
    assert "Not for you." not in bens.texts()
    assert world.stored(goal).fields["title"] == ""


async def test_an_edit_that_waited_through_a_restore_does_not_pass_by_a_purge_that_came_after_it() -> None:
    """Seed 12021: an emptied text was the same before the restore and after the purge, so an old edit seemed newer."""
    world = World(seed=12021)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, tablet, bens = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    goal = phone.make("goal", form="goal")
    phone.make("goal_terms", goal=str(goal), title="We sail.")
    await world.settle()
    dump = world.dump()
    bens.write(goal, topic="us")
    await world.settle()
    phone.write(goal, notes="Never mind.")
    await phone.sync_without_answer()
    await tablet.sync()
    assert tablet.fields(goal)["notes"] == "Never mind."
    world.restore(dump)
    await tablet.sync()
    tablet.write(goal, notes=None)
    await tablet.sync()
    await world.purge(ana, goal)
    assert phone.waiting
    await world.settle()
    assert "Never mind." not in phone.texts() + tablet.texts() + bens.texts()
    assert world.stored(goal).fields["notes"] is None


async def test_a_request_that_was_under_way_while_the_store_went_back_opens_nothing() -> None:
    """Seed 13662: carried out once more, it put a text back which its phone had emptied, behind an open window."""
    world = World(seed=13662)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, bens = world.device(ana), world.device(ben)
    await world.settle()
    entry = phone.make("check_in", local_date="2026-03-01", topic="us")
    await world.settle()
    dump = world.dump()
    phone.write(entry, text="Not for you.")
    under_way = phone.request()
    phone.receive(under_way, await phone.send(under_way))
    phone.write(entry, text=None)
    await world.settle()
    world.restore(dump)
    await world.settle()
    phone.write(entry, audience=couple.id, shared_parts=["topic", "text"])
    await world.settle()
    assert bens.only("shown_check_in").fields["topic"] == "us"
    await phone.send(under_way)
    await world.settle()
    assert "Not for you." not in bens.texts()
    assert phone.fields(entry)["text"] == "Not for you.", "nothing is lost, and their author sees it"
