"""A phone that has read a part of a space misses nothing when the store then goes back, announced or in silence."""

import pytest

from tests.world import Couple, Device, World


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest.fixture
def couple(world: World) -> Couple:
    return world.pair(world.person("Ana"), world.person("Ben"))


async def ask_for_one_page(phone: Device) -> None:
    """Let a phone talk once and take in the first record that is new, while there are more."""
    request = phone.request(limit=1)
    answer = await phone.send(request)
    assert answer.more
    phone.receive(request, answer)


@pytest.mark.parametrize("bump", [True, False], ids=["announced", "in silence"])
async def test_a_phone_does_not_miss_what_had_moved_behind_its_page_when_the_store_goes_back(
    world: World, couple: Couple, *, bump: bool
) -> None:
    """Seed 14263. A page shows the space without what has moved since: a place within it is no state of the space."""
    ana, ben = world.people
    anas, bens = world.device(ana), world.device(ben)
    await world.settle()
    moved, _still = anas.make("goal", couple=couple, notes="Base."), anas.make("goal", couple=couple)
    await anas.sync()
    dump = world.dump()
    anas.write(moved, notes="Moved.")
    await anas.sync()
    await ask_for_one_page(bens)  # it ends at the version up to which the store then goes back
    world.restore(dump, bump=bump)

    await bens.sync()

    assert bens.fields(moved)["notes"] == "Base."


async def test_a_phone_that_takes_a_copy_misses_nothing_when_the_store_goes_back_to_a_life_that_it_has_been_in(
    world: World, couple: Couple
) -> None:
    """The same cause: the page is of a life that is no more, and its place is taken for common (`takes_a_copy`)."""
    ana, ben = world.people
    anas, bens = world.device(ana), world.device(ben)
    await world.settle()
    moved, _still = anas.make("goal", couple=couple, notes="Base."), anas.make("goal", couple=couple)
    await anas.sync()
    dump = world.dump()
    anas.make("goal")
    await world.settle()
    world.restore(dump)
    anas.write(moved, notes="Moved.")
    await anas.sync()
    await ask_for_one_page(bens)
    world.restore(dump, bump=False)

    await bens.sync()

    assert bens.fields(moved)["notes"] == "Base."


async def test_an_edit_that_was_told_once_more_before_its_turn_is_not_lost_when_the_store_goes_back_in_silence(
    world: World, couple: Couple
) -> None:
    """Seed 14547. Told of a version by a duplicate's outcome, in a space that the page does not reach."""
    ana, _ben = world.people
    one, two = world.device(ana), world.device(ana)
    goal = one.make("goal", couple=couple)
    await world.settle()
    two.make("check_in", local_date="2026-03-01")
    two.make("check_in", local_date="2026-03-02")
    await two.sync()
    dump = world.dump()
    one.write(goal, notes="Slow walks.")
    await one.sync_without_answer()
    await ask_for_one_page(one)
    world.restore(dump, bump=False)

    await world.settle()

    assert two.fields(goal)["notes"] == "Slow walks."


async def test_an_edit_in_a_space_that_no_page_has_reached_is_not_lost_when_the_store_goes_back_in_silence(
    world: World,
) -> None:
    """Seed 12157. Told of a version in a couple's space that the phone's cursor does not name yet."""
    ana, ben = world.person("Ana"), world.person("Ben")
    one, two = world.device(ana), world.device(ana)
    await world.settle()
    couple = world.pair(ana, ben)
    two.make("check_in", local_date="2026-03-01")
    two.make("check_in", local_date="2026-03-02")
    await two.sync()
    dump = world.dump()
    goal = one.make("goal", couple=couple, notes="Slow walks.")
    await ask_for_one_page(one)
    world.restore(dump, bump=False)

    await world.settle()

    assert two.fields(goal)["notes"] == "Slow walks."


async def test_a_letter_whose_words_were_destroyed_on_a_phone_is_not_given_with_them_after_a_restore(
    world: World, couple: Couple
) -> None:
    """Seed 14879. What was sent, the phone showed as empty."""
    ana, ben = world.people
    anas, bens = world.device(ana), world.device(ben)
    draft = anas.make("note_draft", for_couple=couple.id, for_what="A secret.")
    await world.settle()
    dump = world.dump()
    await world.purge(ana, draft)
    anas.replica.forget(draft)
    await world.settle()
    anas.write(draft, send=True)
    world.restore(dump)

    await world.settle()

    assert "A secret." not in bens.texts()


async def test_a_mark_on_a_step_whose_title_was_destroyed_comes_back_after_a_restore(
    world: World, couple: Couple
) -> None:
    """The same cause: the emptied title goes with everything else in one edit, which is refused whole."""
    ana, _ben = world.people
    anas = world.device(ana)
    await world.settle()
    goal = anas.make("goal")
    step = anas.make("step", goal=goal, title="A secret.")
    await world.settle()
    dump = world.dump()
    await world.purge(ana, step)
    anas.replica.forget(step)
    await world.settle()
    anas.write(step, done=True)
    await world.settle()
    world.restore(dump)

    await world.settle()

    assert anas.fields(step)["done"] is True
