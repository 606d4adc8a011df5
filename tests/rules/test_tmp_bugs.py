from tests.world import World

async def test_a_first_copy_that_takes_several_pages_is_not_begun_again_at_each():
    world = World(seed=3)
    ana = world.person()
    phone, fresh = world.device(ana), world.device(ana)
    for day in range(6):
        phone.make("check_in", local_date=f"2026-03-0{day + 1}")
    await phone.sync()
    world.forget_before(ana.personal, 5)          # something below version 5 was purged to nothing
    await fresh.sync(limit=2)
    assert len(fresh.view("check_in")) == 6

async def test_what_a_phone_ahead_pushes_hides_nothing_that_was_lost():
    world = World(seed=3)
    ana = world.person()
    phone = world.device(ana)
    await phone.sync()
    dump = world.dump()
    one = phone.make("check_in", local_date="2026-03-01")
    await phone.sync()                            # stored as version 2
    two = phone.make("check_in", local_date="2026-03-02")
    world.restore(dump, bump=False)
    await phone.sync()                            # pushes `two` (version 2 of the store gone back), is ahead no more
    await phone.sync()
    assert world.stored(two)
    assert world.stored(one)
