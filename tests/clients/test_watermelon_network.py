"""WatermelonDB where the network is at fault, `failed_push_after_pull` among it."""

import pytest

from tests.clients.devices import DeviceError, agree
from tests.clients.watermelon import WatermelonHouse

pytestmark = pytest.mark.libraries("LokiJS")
IN_SQLITE_TOO = pytest.mark.libraries("LokiJS", "SQLite")


async def test_lost_response_to_a_new_row(house: WatermelonHouse) -> None:
    """What is sent again is the same row with more edits on top, which the server has in part."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.step_by(a1, "Book ferry")
    await a1.send_unheard()
    await a1.patch("step", step, title="Book the ferry")
    await a1.send_unheard()
    await b1.sync()
    await b1.patch("step", step, done=True)
    await b1.sync()
    await a1.patch("step", step, title="Book the ferry for two")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["done"]) == ("Book the ferry for two", True)
        assert (shown["alternatives"], shown["merged"]) == ({}, [])
        assert await device.notices() == []


async def test_lost_responses_with_edits_between(house: WatermelonHouse) -> None:
    """Each edit is made on top of one that the server has already, and whose answer was lost."""
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "One.")
    for notes in ("One. Two.", "One. Two. Three.", "One. Three."):
        await a1.patch("goal", house.goal, notes=notes)
        await a1.send_unheard()
    await b1.patch("goal", house.goal, notes="Zero. One.")

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("goal", house.goal)
        assert (shown["notes"], shown["alternatives"]) == ("Zero. One. Three.", {})


@pytest.mark.parametrize("before", ["We take the dog.", None], ids=["a text", "nothing"])
async def test_lost_response_to_a_push_that_was_overtaken(house: WatermelonHouse, before: str | None) -> None:
    """Ben writes between Ana's pull and her push. What she writes on top was made on what she had, and not on his."""
    a1, b1 = await house.in_sync("ana", "ben")
    if before is not None:
        await house.write_notes(a1, before)
    await a1.patch("goal", house.goal, topic="us")
    await a1.lose_answers(1)
    async with a1.syncing_while_held("pulls") as syncing:
        await b1.patch("goal", house.goal, notes="We take the tent.")
        await b1.sync()
    with pytest.raises(DeviceError, match="offline"):
        await syncing
    await a1.patch("goal", house.goal, notes="We take the boat.")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("goal", house.goal)
        if before is None:
            assert (shown["notes"], shown["alternatives"]) == ("We take the tent. We take the boat.", {})
        else:
            beside = {"notes": [{"by": a1.person, "text": "We take the boat."}]}
            assert (shown["notes"], shown["alternatives"]) == ("We take the tent.", beside)


@pytest.mark.parametrize("sentence", ["another", "the same"])
async def test_failed_push_after_pull(house: WatermelonHouse, sentence: str) -> None:
    """What the pull brought lies beside what is still to be sent, and is no base of it."""
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    anas = "We leave on Friday at noon. We take the dog."
    bens = (
        "We leave on Friday. We take the tent." if sentence == "another" else "We leave on Saturday. We take the dog."
    )
    await a1.patch("goal", house.goal, notes=anas)
    await a1.sync()
    await b1.patch("goal", house.goal, notes=bens)
    await b1.pull_only()
    assert (await b1.document("goal", house.goal))["notes"] == bens
    assert await b1.waits()

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("goal", house.goal)
        if sentence == "another":
            assert (shown["notes"], shown["alternatives"]) == ("We leave on Friday at noon. We take the tent.", {})
        else:
            beside = {"notes": [{"by": b1.person, "text": bens}]}
            assert (shown["notes"], shown["alternatives"]) == (anas, beside)


async def test_a_pull_that_failed_is_asked_for_again(house: WatermelonHouse) -> None:
    """Its cursor had been stored, and the time that names it had not."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.step_by(b1, "Book ferry")
    await b1.sync()

    await a1.fail_to_apply()
    assert await a1.documents("step") == []
    await a1.sync()

    assert (await a1.document("step", step))["title"] == "Book ferry"


async def test_a_server_that_is_busy_is_asked_again_and_not_for_ever(house: WatermelonHouse) -> None:
    [a1] = await house.in_sync("ana")
    step = await house.step_by(a1, "Book ferry")
    await a1.find_it_busy(3)
    with pytest.raises(DeviceError, match="Haven is busy"):
        await a1.sync()
    await a1.find_it_busy(2)

    await a1.sync()

    assert step in (await house.stored(a1.someone))["step"]
    assert not await a1.waits()


async def test_who_asks_while_it_syncs_gets_one_more_round_and_no_second_one_beside(house: WatermelonHouse) -> None:
    [a1] = await house.in_sync("ana")

    assert await a1.sync_at_once(5) == 2


@IN_SQLITE_TOO
async def test_an_edit_during_a_push_is_sent_right_after_it(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.patch("step", step, title="Book the ferry")
    async with a1.syncing_while_held("pushes") as syncing:
        await a1.patch("step", step, title="Book the ferry for two")
    await syncing
    assert not await a1.waits()

    await agree(a1, b1)

    await house.equal_everywhere()
    shown = await b1.document("step", step)
    assert (shown["title"], shown["alternatives"]) == ("Book the ferry for two", {})
