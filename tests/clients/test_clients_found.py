"""What a sixth review found in the facades, with the real libraries; mended and kept."""

import pytest

from tests.clients.devices import DeviceError, House, agree
from tests.clients.watermelon import WatermelonDevice, WatermelonHouse

WITH_WATERMELONDB = pytest.mark.libraries("LokiJS")
PRIVATE = "A long day. I am not telling anyone this."


@WITH_WATERMELONDB
async def test_of_watermelondb_a_window_opened_after_a_lost_answer_shows_nothing_unseen(house: WatermelonHouse) -> None:
    """`open_and_write`: the other device of Ana writes between a pull and a push whose answer is lost."""
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A long day.", audience="only_me")
    await agree(a1, a2)
    await a1.patch("check_in", entry, valence=-1)
    await a1.lose_answers(1)
    async with a1.syncing_while_held("pulls") as syncing:
        await a2.patch("check_in", entry, text=PRIVATE)
        await a2.sync()
    with pytest.raises(DeviceError, match="offline"):
        await syncing
    a1.process.failed = False
    assert (await a1.document("check_in", entry))["text"] == "A long day."
    await a1.patch("check_in", entry, audience=house.couple, shared_parts=["text"])

    await agree(a1, b1)

    assert not await b1.heard("not telling")


async def test_of_rxdb_a_window_opened_after_a_lost_answer_shows_nothing_unseen(house: House) -> None:
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A long day.", audience="only_me")
    await agree(a1, a2)
    await a2.patch("check_in", entry, text=PRIVATE)
    await a2.sync()
    await a1.patch("check_in", entry, valence=-1)
    await a1.send_unheard()
    assert (await a1.document("check_in", entry))["text"] == "A long day."
    await a1.patch("check_in", entry, audience=house.couple, shared_parts=["text"])

    await a1.send()
    await agree(a1, b1)

    assert not await b1.heard("not telling")


@WITH_WATERMELONDB
async def test_of_watermelondb_what_is_done_undone_and_done_again_while_answers_are_lost_is_done(
    house: WatermelonHouse,
) -> None:
    [a1] = await house.in_sync("ana")
    step = await house.shared_step(a1, "Book ferry")
    for done in (True, False, True):
        await a1.patch("step", step, done=done)
        await a1.send_unheard()

    await agree(a1)

    assert (await a1.document("step", step))["done"] is True


@WITH_WATERMELONDB
async def test_of_watermelondb_a_restore_brings_back_the_last_of_two_pushes_with_no_pull_between(
    house: WatermelonHouse,
) -> None:
    """The restored store knows the first one; for the device both were answered, and its row is clean.

    What the pull before the second one brought did not come to the row, for an edit waited there.
    """
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.patch("step", step, title="Book the ferry", done=True)
    await push_and_lose_the_network(a1)
    dump = await house.home.dump()
    await house.step_by(b1, "Pack bags")
    await b1.sync()
    await a1.patch("step", step, title="Book the ferry for two", done=False)
    await push_and_lose_the_network(a1)
    assert not await a1.waits()

    await house.home.restore(dump)
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["done"], shown["alternatives"]) == ("Book the ferry for two", False, {})


async def push_and_lose_the_network(device: WatermelonDevice) -> None:
    """The push is answered, and the pull that should follow finds no network."""
    async with device.syncing_while_held("pushes") as syncing:
        await device.offline()
    with pytest.raises(DeviceError, match="offline"):
        await syncing
    device.process.failed = False


@WITH_WATERMELONDB
async def test_of_watermelondb_who_picks_has_seen_what_the_row_was_made_of(house: WatermelonHouse) -> None:
    """Two texts come by a pull to a row in which another edit waits: they are shown after its push, to be picked."""
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a2.patch("step", step, title="Book the early ferry")
    await b1.patch("step", step, title="Book the night ferry")
    await a1.patch("step", step, done=True)
    for device in (a2, b1):
        await device.sync()
    await a1.pull_only()
    before = await a1.document("step", step)
    assert (before["title"], before["alternatives"]) == ("Book ferry", {})
    await a1.sync()

    await a1.pick("step", step, "title", "Book the night ferry")
    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["alternatives"], shown["done"]) == ("Book the night ferry", {}, True)
