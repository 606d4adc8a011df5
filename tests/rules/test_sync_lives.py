"""What becomes of devices when a store goes back in time, or forgets what was removed long ago."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
import pytest

from sync.cursor import MARK_BYTES, CursorUnreadableError
from sync.wire import SyncRequest
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


async def test_two_lives_back_a_window_that_was_taken_back_stays_closed() -> None:
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    one, two, bens = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    entry = one.make("check_in", local_date="2026-03-02", text="Sore feet.", audience=couple.id, shared_parts=["text"])
    await world.settle()
    one.remove(entry)
    await one.sync()  # the other phone is away
    await bens.sync()
    for day in (3, 4):
        world.bump()
        one.make("check_in", local_date=f"2026-03-0{day}")
        await one.sync()

    await two.sync()
    await bens.sync()

    assert "Sore feet" not in bens.texts()
    assert world.stored(entry).removed


async def test_two_lives_back_nothing_that_the_other_removed_comes_back() -> None:
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    one, two, bens = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    goal = one.make("goal", notes="Keep. Drop.")
    step = one.make("step", goal=goal, title="Ferry")
    await world.settle()
    bens.remove(step)
    bens.write(goal, notes="Keep.")
    await bens.sync()  # one phone of Ana's is away
    for _ in range(2):
        world.bump()
        bens.make("step", goal=goal, title="More")
        await bens.sync()

    await two.sync()

    assert world.stored(step).removed
    assert world.stored(goal).fields["notes"] == "Keep."


async def test_a_store_restored_to_before_a_restore_gets_back_what_only_phones_hold_and_nothing_else() -> None:
    world = World(seed=1)
    ana = world.person("Ana")
    one, two = world.device(ana), world.device(ana)
    old = one.make("check_in", local_date="2026-03-01", text="Old. Drop.")
    await world.settle()
    dump = world.dump()
    one.write(old, text="Old.")
    await world.settle()
    world.restore(dump)
    second = two.make("check_in", local_date="2026-03-02", text="In the second life.")
    await world.settle()
    world.restore(dump)

    await world.settle()

    assert world.stored(second).fields["text"] == "In the second life."
    assert world.stored(old).fields["text"] == "Old."


async def test_a_partner_cannot_make_a_cursor_that_begins_a_new_life() -> None:
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    bens = world.device(ben)
    await world.settle()
    epoch = world.store.spaces[couple.space].epoch
    true = urlsafe_b64decode(bens.replica.cursor + "==")
    schema, places, _ = msgspec.msgpack.decode(true[MARK_BYTES:])
    ahead = [schema, [[space, epoch, version + 5, *rest] for space, epoch, version, *rest in places]]
    for mark in (true[:MARK_BYTES], b"", bytes(MARK_BYTES)):
        forged = urlsafe_b64encode(mark + msgspec.msgpack.encode(ahead)).rstrip(b"=").decode()
        with pytest.raises(CursorUnreadableError):
            await bens.send(SyncRequest(schema=1, cursor=forged))
    assert world.store.spaces[couple.space].epoch == epoch


async def test_an_edit_made_on_what_a_restore_has_lost_waits_for_the_new_copy_and_shows_nothing_older() -> None:
    """Found by the simulation: a window opened over words that its author had replaced, back by a restore."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, bens = world.device(ana), world.device(ben)
    entry = phone.make("check_in", local_date="2026-03-02", text="What nobody may read.")
    await world.settle()
    dump = world.dump()
    phone.write(entry, text="A quiet day.")
    await world.settle()
    phone.write(entry, audience=couple.id, shared_parts=["text"])  # offline
    world.restore(dump)

    request = phone.request()
    response = await phone.send(request)
    assert [reset.space for reset in response.reset] == [ana.personal]
    assert response.outcomes == [], "what comes with a reset is not decided"
    phone.receive(request, response)
    await world.settle()

    assert bens.only("shown_check_in").fields["text"] == "A quiet day."
    assert "nobody" not in bens.texts()


async def test_words_of_a_draft_that_was_given_without_them_come_back_to_their_author() -> None:
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    one, two, bens = world.device(ana), world.device(ana), world.device(ben)
    draft = one.make("note_draft", for_couple=couple.id, for_what="The soup.")
    await world.settle()
    dump = world.dump()
    two.write(draft, text="And the bread.")
    await two.sync()  # the other phone is away
    world.restore(dump)
    one.write(draft, send=True)
    await one.sync()

    await world.settle()

    assert bens.only("note").fields["text"] is None
    assert one.unplaced() == two.unplaced() == [{"text": "And the bread."}]


async def test_a_record_that_was_shown_ahead_of_its_turn_is_noticed_when_the_store_goes_back() -> None:
    """Found by the simulation: it came with a refusal, while the cursor stood on an earlier page."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, bens = world.device(ana), world.device(ben)
    await world.settle()
    goal = bens.make("goal")
    await world.settle()
    for n in range(5):
        bens.make("step", goal=goal, title=f"Step {n}.")
    await bens.sync()
    dump = world.dump()
    late = bens.make("step", goal=goal, title="Late.")
    await bens.sync()
    phone.force("step", late, couple=phone.replica.couple, base=9, set={"goal": str(world.uuid())})
    request = phone.request(limit=2)
    phone.receive(request, await phone.send(request))
    assert late in {row.id for row in phone.replica.rows()}
    world.restore(dump, bump=False)

    await phone.sync()

    assert late not in {row.id for row in phone.replica.rows()} or world.stored(late)


async def test_an_edit_that_was_settled_on_a_page_that_has_not_come_is_made_again_when_the_store_goes_back() -> None:
    world = World(seed=1)
    ana = world.person("Ana")
    phone, other = world.device(ana), world.device(ana)
    await world.settle()
    for day in range(1, 8):
        other.make("check_in", local_date=f"2026-03-{day:02}")
    await other.sync()
    dump = world.dump()
    entry = phone.make("check_in", local_date="2026-03-20", text="Here.")
    request = phone.request(limit=2)
    response = await phone.send(request)
    assert response.more
    phone.receive(request, response)
    world.restore(dump, bump=False)

    await phone.sync()

    assert world.stored(entry).fields["text"] == "Here."


async def test_an_edit_in_a_space_that_no_page_has_come_to_is_made_again_when_the_store_goes_back() -> None:
    """Found by the simulation: of what was told ahead nothing was kept for a space that the cursor did not name yet."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone = world.device(ana)
    for day in range(1, 4):
        phone.make("check_in", local_date=f"2026-03-0{day}")
    await phone.sync()
    fresh = world.device(ana)
    dump = world.dump()
    goal = fresh.make("goal", couple=couple, notes="Kiwi.")
    request = fresh.request(limit=1)
    fresh.receive(request, await fresh.send(request))
    world.restore(dump, bump=False)

    await fresh.sync()

    assert world.stored(goal).fields["notes"] == "Kiwi."


async def test_a_space_that_is_named_only_for_what_was_told_ahead_is_still_read_from_its_beginning() -> None:
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    bens = world.device(ben)
    await bens.sync()
    earlier = bens.make("goal", notes="Plum.")
    await bens.sync()
    phone = world.device(ana)
    goal = phone.make("goal", couple=couple, notes="Kiwi.")
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))

    await phone.sync(limit=1)

    assert phone.fields(earlier)["notes"] == "Plum."
    assert phone.fields(goal)["notes"] == "Kiwi."


async def test_words_of_a_refused_edit_survive_a_store_that_goes_back_between_two_pages() -> None:
    """Found by the simulation: the edit had left the phone before the words that were kept of it had come."""
    world = World(seed=1)
    ana = world.person("Ana")
    phone, other = world.device(ana), world.device(ana)
    await world.settle()
    dump = world.dump()
    for day in range(1, 4):
        other.make("check_in", local_date=f"2026-03-0{day}")
    await other.sync()
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))
    phone.restart()
    assert not phone.waiting, "it is not sent again while its words may still come"
    assert "Kiwi" not in str(phone.view("check_in")), "nor shown"
    world.restore(dump)

    await world.settle()

    assert phone.unplaced() == [{"text": "Kiwi."}]
    assert not phone.replica.shelves.outbox


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_refused_edit_leaves_its_phone_when_its_words_have_come_back(limit: int) -> None:
    world = World(seed=1)
    ana = world.person("Ana")
    phone, other = world.device(ana), world.device(ana)
    await world.settle()
    entry = phone.make("check_in", local_date="2026-03-01", text="Plum.")
    for day in range(2, 6):
        other.make("check_in", local_date=f"2026-03-0{day}")
    await phone.sync()
    await other.sync()
    phone.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    pages = 0
    while phone.waiting or phone.replica.shelves.outbox:
        assert not phone.unplaced()
        request = phone.request(limit=limit)
        phone.receive(request, await phone.send(request))
        assert phone.fields(entry)["text"] == "Plum.", "what is stored is seen again at once"
        pages += 1

    assert phone.unplaced() == [{"text": "Kiwi."}]
    assert pages > 1
