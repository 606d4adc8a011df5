"""What becomes of devices when a store goes back in time, or forgets what was removed long ago."""

from tests.world import World


async def test_a_first_copy_that_takes_several_pages_is_not_begun_again_at_each() -> None:
    world = World(seed=3)
    ana = world.person()
    phone, fresh = world.device(ana), world.device(ana)
    for day in range(6):
        phone.make("check_in", local_date=f"2026-03-0{day + 1}")
    await phone.sync()
    world.forget_before(ana.personal, 5)

    await fresh.sync(limit=2)

    assert len(fresh.view("check_in")) == 6


async def test_what_was_forgotten_after_a_copy_was_begun_still_resets_it() -> None:
    world = World(seed=3)
    ana = world.person()
    phone, fresh = world.device(ana), world.device(ana)
    for day in range(6):
        phone.make("check_in", local_date=f"2026-03-0{day + 1}")
    await phone.sync()
    request = fresh.request(limit=2)
    fresh.receive(request, await fresh.send(request))
    world.forget_before(ana.personal, 5)

    request = fresh.request(limit=2)
    response = await fresh.send(request)

    assert [reset.space for reset in response.reset] == [ana.personal]
    fresh.receive(request, response)
    await fresh.sync(limit=2)
    assert len(fresh.view("check_in")) == 6


async def test_what_a_phone_ahead_pushes_hides_nothing_that_was_lost() -> None:
    world = World(seed=3)
    ana = world.person()
    phone = world.device(ana)
    await phone.sync()
    dump = world.dump()
    one = phone.make("check_in", local_date="2026-03-01")
    await phone.sync()
    two = phone.make("check_in", local_date="2026-03-02")
    world.restore(dump, bump=False)

    await phone.sync()
    await phone.sync()

    assert world.stored(two)
    assert world.stored(one)
