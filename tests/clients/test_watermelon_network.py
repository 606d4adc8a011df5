"""The conformance cases of WatermelonDB in which the network is at fault, or the device ends in between."""

from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest

from api.wiring import Parts
from domain.ids import RecordId
from tests.clients.devices import DeviceError, Processes, agree, house_of
from tests.clients.watermelon import WatermelonHouse
from tests.clocks import StillClock

BOTH = pytest.mark.parametrize("adapter", ["loki", "sqlite"], indirect=True)


@pytest.fixture
def house(watermelon_house: WatermelonHouse) -> WatermelonHouse:
    return watermelon_house


async def test_lost_response(client: httpx.AsyncClient, parts: Parts, watermelon_processes: Processes) -> None:
    """Here the server's clock moves on while the device is away."""
    clock = StillClock()
    moved = msgspec.structs.replace(parts, clock=clock)
    async with house_of(client, moved, watermelon_processes, WatermelonHouse) as house:
        a1, b1 = await house.in_sync("ana", "ben")
        step = await house.shared_step(a1, "Book ferry")
        before = await house.home.heads()
        await a1.patch("step", step, title="Book the ferry")
        await a1.send_unheard()
        heads = await house.home.heads()
        assert heads != before, "it had been stored before the connection was cut"
        assert await a1.waits()
        clock.move(minutes=60)

        await agree(a1, b1)

        assert await house.home.heads() == heads
        assert await house.home.revisions_of(RecordId(UUID(step))) == 1
        await house.equal_everywhere()
        shown = await b1.document("step", step)
        assert (shown["title"], shown["alternatives"], shown["merged"]) == ("Book the ferry", {}, [])
        assert not await a1.waits()
        assert await a1.sync() == 0
        assert await a1.notices() == await b1.notices() == []
        await house.all_are_sound()


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


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
async def test_lost_response_partner_edit(house: WatermelonHouse, seen: bool) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    await a1.patch("goal", house.goal, notes="We leave on Friday. We take the dog. Ana brings the tent.")
    await a1.send_unheard()
    if seen:
        await b1.sync()
    notes = (await b1.document("goal", house.goal))["notes"]
    await b1.patch("goal", house.goal, notes=notes.replace("Friday", "Friday at noon"))
    await b1.sync()

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("goal", house.goal)
        assert shown["notes"] == "We leave on Friday at noon. We take the dog. Ana brings the tent."
        assert shown["alternatives"] == {}
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


async def test_a_listening_device_shows_what_the_other_writes(house: WatermelonHouse) -> None:
    """What is written before the stream opens for the first time, and while it is down, comes once there is one."""
    a1, b1 = await house.in_sync("ana", "ben")
    first = await house.step_by(b1, "before there was a stream")
    await b1.sync()
    await a1.online()
    await a1.shows("step", first, title="before there was a stream")

    heard = await house.step_by(b1, "while there is one")
    await b1.sync()
    await a1.shows("step", heard, title="while there is one")

    await a1.drop_stream()
    missed = await house.step_by(b1, "while it is down")
    await b1.sync()
    assert missed not in {each["id"] for each in await a1.documents("step")}
    await a1.online()
    await a1.shows("step", missed, title="while it is down")
    await a1.offline()


async def test_who_asks_while_it_syncs_gets_one_more_round_and_no_second_one_beside(house: WatermelonHouse) -> None:
    [a1] = await house.in_sync("ana")

    assert await a1.sync_at_once(5) == 2


@BOTH
async def test_a_killed_device_goes_on_where_it_was(house: WatermelonHouse, tmp_path: Path) -> None:
    """Killed with an edit that nobody has, and with one of which it does not know that the server has it."""
    kept_in = tmp_path / "device.db"
    [a1] = await house.in_sync("ana", file=kept_in)
    [b1] = await house.in_sync("ben")
    sent, unsent = await house.shared_step(a1, "Book ferry"), await house.shared_step(a1, "Pack bags")
    await a1.patch("step", sent, title="Book the ferry")
    await a1.send_unheard()
    heads = await house.home.heads()
    await a1.patch("step", unsent, title="Pack the bags")
    await a1.patch("step", sent, title="Book the ferry for two")

    a1 = await house.killed_and_begun_again(a1, kept_in)
    assert (await a1.document("step", unsent))["title"] == "Pack the bags"
    await agree(a1, b1)

    await house.equal_everywhere()
    for step, title in ((sent, "Book the ferry for two"), (unsent, "Pack the bags")):
        shown = await b1.document("step", step)
        assert (shown["title"], shown["alternatives"], shown["merged"]) == (title, {}, [])
    assert sum((await house.home.heads()).values()) == sum(heads.values()) + 2
    assert await a1.notices() == await b1.notices() == []


@BOTH
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
