"""What simulated seeds have found, as the shortest story that shows it; each of these failed once."""

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
