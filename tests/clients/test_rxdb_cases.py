"""The conformance cases of RxDB alone, by their names: pushes that are many, at once, late, or in any order.

Those that it has in common with other libraries are in `test_cases.py`, which also says what holds for all of them.
"""

import asyncio
import itertools
from uuid import uuid4

import pytest

from tests.clients.devices import House, agree
from tests.clients.test_cases import HEARTBEAT_S


async def test_what_became_of_an_edit_comes_back_with_the_answer_to_its_push(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    await a1.patch("goal", house.goal, notes="We leave on Friday at noon. We take the dog.")
    await a1.sync()

    await b1.patch("goal", house.goal, notes="We leave on Friday. We take the dog and the tent.")
    await b1.send()

    shown = await b1.document("goal", house.goal)
    assert shown["notes"] == "We leave on Friday at noon. We take the dog and the tent.", "without a pull"
    assert shown["rev"] == (await house.stored(b1.someone))["goal"][house.goal]["rev"]


PUSHES_MAX = 3


async def test_no_ping_pong(house: House) -> None:
    """Both stay connected, with the conflict handler that RxDB has by itself."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    before = {device: len(await device.pushes()) for device in (a1, b1)}
    await a1.patch("step", step, title="Book the early ferry")
    await b1.patch("step", step, title="Book the night ferry")

    for device in (a1, b1):
        await device.online()
    for _ in range(3):
        for device in (a1, b1):
            await device.rest()
    heads = await house.home.heads()
    pushes = {device: len(await device.pushes()) - before[device] for device in (a1, b1)}
    for device in (a1, b1, a1, b1):
        await device.rest()

    assert min(pushes.values()) >= 1
    assert sum(pushes.values()) <= PUSHES_MAX, list(pushes.values())
    assert {device: len(await device.pushes()) - before[device] for device in (a1, b1)} == pushes, "idle is idle"
    assert await house.home.heads() == heads
    await house.equal_everywhere()


HELD_S = 2


@pytest.mark.parametrize("plain", [False, True], ids=["Haven's adapter", "a plain one"])
async def test_overtaken_push(house: House, plain: bool) -> None:
    """Ana's push is carried out, and its answer is on its way for two seconds, when Ben writes the same record.

    A pull that was late brings that just now, and RxDB passes over it: the device has something unsent there. So it
    does with what it asks for at the hint that follows each push. Haven's adapter asks again by itself, once the answer
    is there; an adapter as RxDB's example has it only with the next news, and then from behind that record: without the
    server, which repeats what a device has just pushed, it would show it as it was for good.
    """
    [a1] = await house.in_sync("ana", only=["step"], plain=plain)
    [b1] = await house.in_sync("ben", only=["step"])
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
        await asyncio.sleep(HELD_S)
        assert (await a1.document("step", step))["done"] is False
    if plain:
        await a1.calm()
        await house.step_by(b1, "another reason to pull")
        await b1.sync()

    await a1.shows("step", step, title="Book the ferry", done=True, within_s=HEARTBEAT_S)

    await agree(a1, b1)
    await house.equal_everywhere()


AT_ONCE = 8
ROWS_A_PUSH = 20


async def test_parallel_pushes(house: House) -> None:
    """So many records in one step that RxDB sends eight pushes at once, which come to the server together."""
    [b1] = await house.in_sync("ben")
    goal = await b1.document("goal", house.goal)
    act = {"couple": house.couple, "goal": house.goal, "terms": goal["terms_in_force"], "act": "accept"}
    made = [{"id": str(uuid4()), **act} for _ in range(AT_ONCE * ROWS_A_PUSH)]
    await b1.online()
    await b1.rest()
    before, heads = len(await b1.pushes()), await house.home.heads()

    async with b1.held("pushes"):
        await b1.insert_many("goal_act", made)
        await b1.holds("pushes", "goal_act", count=AT_ONCE)
        assert await house.home.heads() == heads, "not one of them has come there yet"
    await b1.rest()

    pushes = [[each["id"] for each in push] for push in (await b1.pushed())[before:]]
    assert [len(push) for push in pushes] == [ROWS_A_PUSH] * AT_ONCE
    assert sorted(each for push in pushes for each in push) == sorted(each["id"] for each in made)
    await house.equal_everywhere()
    acts = {each["id"]: each for each in await b1.documents("goal_act")}
    versions = {each["id"]: acts[each["id"]]["rev"] for each in made}
    first, last = min(versions.values()), max(versions.values())
    assert sorted(versions.values()) == list(range(first, last + 1)), "each is applied once, and none between them"
    now = await house.home.heads()
    assert [now[space] - head for space, head in heads.items() if now[space] != head] == [len(made)]
    assert first - 1 in heads.values()
    for push in pushes:
        assert [versions[each] for each in push] == sorted(versions[each] for each in push), "in the order of the push"
        assert [acts[each]["order"] for each in push] == [versions[each] for each in push]


@pytest.mark.parametrize("order", list(itertools.permutations(["goal", "goal_terms", "step"])), ids="-".join)
async def test_parents_in_any_order(house: House, order: tuple[str, ...]) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    goal = await a1.insert("goal", couple=house.couple, topic="us")
    terms = await a1.insert("goal_terms", couple=house.couple, goal=goal, title="A weekend away")
    titles = ["Find a room", "Ask for the days off"]
    steps = [await a1.insert("step", couple=house.couple, goal=goal, title=title) for title in titles]

    for kind in order:
        await a1.sync(pushing=[kind])
        assert {each["kind"] for each in await a1.pushes()} == set(order[: order.index(kind) + 1])
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("goal", goal)
        assert (shown["state"], shown["open_terms"]) == ("proposed", [terms])
        assert [(await device.document("step", step))["title"] for step in steps] == titles
        assert [each["id"] for each in await device.documents("goal") if each["state"] == "proposed"] == [goal]
        assert await device.documents("unplaced") == []
