"""The conformance cases of RxDB in which the network is at fault: answers lost, late or at once, streams that end."""

import itertools
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from api.wiring import Parts
from domain.ids import RecordId
from tests.clients.devices import House, Processes, agree, house_of
from tests.clocks import StillClock


async def test_lost_response(client: httpx.AsyncClient, parts: Parts, processes: Processes) -> None:
    """Here the server's clock moves on while the device is away."""
    clock = StillClock()
    async with house_of(client, msgspec.structs.replace(parts, clock=clock), processes) as house:
        a1, b1 = await house.in_sync("ana", "ben")
        step = await house.shared_step(a1, "Book ferry")
        before = await house.home.heads()
        await a1.patch("step", step, title="Book the ferry")
        await a1.send_unheard()
        heads = await house.home.heads()
        assert heads != before, "it had been stored before the connection was cut"
        clock.move(minutes=60)

        await agree(a1, b1)

        assert await house.home.heads() == heads
        assert await house.home.revisions_of(RecordId(UUID(step))) == 1
        await house.equal_everywhere()
        shown = await b1.document("step", step)
        assert (shown["title"], shown["alternatives"], shown["merged"]) == ("Book the ferry", {}, [])
        assert await a1.sync() == 0, "nothing waits here any more"
        assert await a1.notices() == await b1.notices() == []


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
async def test_lost_response_partner_edit(house: House, seen: bool) -> None:
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


async def test_overtaken_push(house: House) -> None:
    """Ana's push is carried out, and its answer is on its way, when Ben writes the same record.

    A pull that was late brings that just now, and RxDB passes over it: the device has something unsent there.
    """
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.online()
    async with a1.held("answers"):
        async with a1.held("pulls"):
            await house.step_by(b1, "a reason to pull")
            await b1.sync()
            await a1.holds("pulls", "step")
            await a1.patch("step", step, title="Book the ferry")
            await a1.holds("answers", "step")
            await b1.sync()
            await b1.patch("step", step, done=True)
            await b1.sync()
        assert (await a1.document("step", step))["done"] is False

    await a1.shows("step", step, title="Book the ferry", done=True)

    await agree(a1, b1)
    await house.equal_everywhere()


async def test_stream_gap(house: House) -> None:
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


AT_ONCE = 8
ROWS_A_PUSH = 20


async def test_parallel_pushes(house: House) -> None:
    """So many records in one step that RxDB sends eight pushes at once; what is sent twice is done once."""
    [b1] = await house.in_sync("ben")
    goal = await b1.document("goal", house.goal)
    act = {"couple": house.couple, "goal": house.goal, "terms": goal["terms_in_force"], "act": "accept"}
    made = [{"id": str(uuid4()), **act} for _ in range(AT_ONCE * ROWS_A_PUSH)]
    await b1.online()
    before = len(await b1.pushes())

    await b1.insert_many("goal_act", made)
    await b1.rest()

    pushes = [each["rows"] for each in (await b1.pushes())[before:] if each["kind"] == "goal_act"]
    assert len(pushes) >= AT_ONCE
    assert max(len(rows) for rows in pushes) == ROWS_A_PUSH
    await house.equal_everywhere()
    orders = [(await b1.document("goal_act", each["id"]))["order"] for each in made]
    assert len(set(orders)) == len(made), "each has been stored once, and in a place of its own"
    for rows in pushes:
        pushed = [orders[[each["id"] for each in made].index(row["newDocumentState"]["id"])] for row in rows]
        assert pushed == sorted(pushed), "and within one push in its order"


@pytest.mark.parametrize("order", list(itertools.permutations(["goal", "goal_terms", "step"])), ids="-".join)
async def test_parents_in_any_order(house: House, order: tuple[str, ...]) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    goal = await a1.insert("goal", couple=house.couple, topic="us")
    terms = await a1.insert("goal_terms", couple=house.couple, goal=goal, title="A weekend away")
    step = await a1.insert("step", couple=house.couple, goal=goal, title="Find a room")

    for kind in order:
        await a1.sync(pushing=[kind])
        assert {each["kind"] for each in await a1.pushes()} == set(order[: order.index(kind) + 1])
    await agree(a1, b1)

    await house.equal_everywhere()
    shown = await b1.document("goal", goal)
    assert (shown["state"], shown["open_terms"]) == ("proposed", [terms])
    assert (await b1.document("step", step))["title"] == "Find a room"
    assert [each["id"] for each in await b1.documents("goal") if each["state"] == "proposed"] == [goal]
    assert await a1.documents("unplaced") == []


async def test_a_killed_device_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    """Killed with an edit that nobody has, and with one that the server has, which it does not know, and goes on with.

    RxDB then sends both edits of the second record as one, made on what it last heard of.
    """
    kept_in = tmp_path / "device"
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
