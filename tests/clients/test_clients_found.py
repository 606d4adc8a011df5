"""What a sixth review found in the facades, with the real libraries; mended and kept."""

import pytest

from tests.clients.devices import DeviceError, House, agree
from tests.clients.watermelon import WatermelonHouse

PRIVATE = "A long day. I am not telling anyone this."


async def test_of_watermelondb_a_window_opened_after_a_lost_answer_shows_nothing_unseen(
    watermelon_house: WatermelonHouse,
) -> None:
    """`open_and_write`: the other device of Ana writes between a pull and a push whose answer is lost."""
    house = watermelon_house
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


async def test_of_watermelondb_what_is_done_undone_and_done_again_while_answers_are_lost_is_done(
    watermelon_house: WatermelonHouse,
) -> None:
    [a1] = await watermelon_house.in_sync("ana")
    step = await watermelon_house.shared_step(a1, "Book ferry")
    for done in (True, False, True):
        await a1.patch("step", step, done=done)
        await a1.send_unheard()

    await agree(a1)

    assert (await a1.document("step", step))["done"] is True
