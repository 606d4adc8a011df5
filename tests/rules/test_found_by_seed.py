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
    await service.look_again(world.store, world.keys, caller, draft, world.now)
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
