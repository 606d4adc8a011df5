"""The conformance cases of RxDB, by their names: the real client, the real server, PostgreSQL.

Ana and Ben have a device each, now and then one more; all of them are offline until `sync`. Wherever the devices are
said to be equal, each holds exactly what is stored for its person, and the couple's native phones do too.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.goal_kinds import STEPS_A_GOAL_MAX
from domain.ids import RecordId
from sync.wire import Change
from tests.clients.devices import Device, Document, House, agree


async def nothing_beside(*devices: Device) -> bool:
    """Whether no text on these devices has another one beside it, and none was joined unseen."""
    documents = [each for device in devices for kind in ("step", "goal") for each in await device.documents(kind)]
    assert documents
    return all(each["alternatives"] == {} for each in documents)


async def test_basic(house: House) -> None:
    a1, b1, a2 = await house.in_sync("ana", "ben", "ana")
    step = await house.step_by(a1, "Book ferry")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A day of my own.")
    assert (await a1.document("step", step))["title"] == "Book ferry", "shown at once, before any network"

    for device in (a1, b1, a2):
        await device.sync()

    await house.equal_everywhere()
    for device in (a1, b1, a2):
        assert (await device.document("step", step))["title"] == "Book ferry"
    assert (await a2.document("check_in", entry))["text"] == "A day of my own."
    assert await b1.documents("check_in") == []


async def test_create_then_edit(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.step_by(a1, "Book")
    await a1.patch("step", step, title="Book ferry")
    await a1.patch("step", step, title="Book the ferry")
    await a1.patch("step", step, done=True)
    await a1.patch("step", step, done=False)

    await agree(a1, b1)

    await house.equal_everywhere()
    stored = await b1.document("step", step)
    assert (stored["title"], stored["done"], stored["merged"]) == ("Book the ferry", False, [])
    assert await nothing_beside(a1, b1)
    assert await a1.notices() == await b1.notices() == []


async def test_different_fields(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.patch("step", step, title="Book the ferry")
    await b1.patch("step", step, done=True)

    for device in (a1, b1, a1):
        await device.sync()

    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["done"]) == ("Book the ferry", True)
    heads = await house.home.heads()
    await agree(a1, b1)
    await house.equal_everywhere()
    assert await house.home.heads() == heads, "nothing moves any more"
    assert await a1.notices() == await b1.notices() == []


async def test_same_text_other_sentences(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    await a1.patch("goal", house.goal, notes="We leave on Friday at noon. We take the dog.")
    await b1.patch("goal", house.goal, notes="We leave on Friday. We take the dog and the tent.")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        notes = (await device.document("goal", house.goal))["notes"]
        assert notes == "We leave on Friday at noon. We take the dog and the tent."
    assert await nothing_beside(a1, b1)
    assert await a1.notices() == await b1.notices() == []


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


async def test_same_sentence(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.patch("step", step, title="Book the early ferry")
    await b1.patch("step", step, title="Book the night ferry")

    await agree(a1, b1)

    await house.equal_everywhere()
    bens = {"title": [{"by": b1.person, "text": "Book the night ferry"}]}
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["alternatives"]) == ("Book the early ferry", bens), "the stored text stays first"
        assert [(each["code"], each["about"]) for each in await device.notices()] == [("kept_both", step)]

    # An app that knows nothing of alternatives edits the text alone, whoever's it is.
    for device, title in ((a1, "Book the early ferry!"), (b1, "Book the early ferry, please!")):
        await device.patch("step", step, title=title)
        await agree(device, a1, b1)
        for each in (a1, b1):
            shown = await each.document("step", step)
            assert (shown["title"], shown["alternatives"]) == (title, bens), "an edit of the text clears nothing"

    await b1.pick("step", step, "title", "Book the night ferry")
    await agree(b1, a1)
    await house.equal_everywhere()
    for device in (a1, b1):
        assert (await device.document("step", step))["title"] == "Book the night ferry"
        assert len(await device.notices()) == 1
    assert await nothing_beside(a1, b1)


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

    assert all(1 <= pushes[device] <= 3 for device in (a1, b1)), list(pushes.values())
    assert {device: len(await device.pushes()) - before[device] for device in (a1, b1)} == pushes, "idle is idle"
    assert await house.home.heads() == heads
    await house.equal_everywhere()


@pytest.mark.parametrize("first", ["remover", "editor"])
async def test_remove_edit(house: House, first: str) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.remove("step", step)
    await b1.patch("step", step, title="Book the ferry for three")

    await agree(*((a1, b1) if first == "remover" else (b1, a1)))

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["alternatives"]) == ("Book the ferry for three", {})
    assert [(each["code"], each["about"]) for each in await a1.notices()] == [("came_back", step)]
    assert await b1.notices() == []


async def test_window_cycle(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="first private", valence=-2, audience="only_me")
    await agree(a1, b1)
    seen = [await b1.documents("shown_check_in")]
    for text, audience in [("then shown", house.couple), ("private again", "only_me"), ("shown again", house.couple)]:
        await a1.patch("check_in", entry, text=text, audience=audience, shared_parts=["text"])
        await agree(a1, b1)
        seen.append(await b1.documents("shown_check_in"))
        assert await b1.keeps("then shown") is (text == "then shown"), "shown while it is open, and not kept after"
        for private in ("first private", "private again"):
            assert not await b1.heard(private)
            assert not await b1.keeps(private)
        await house.equal_everywhere()

    assert [[each["text"] for each in shown] for shown in seen] == [[], ["then shown"], [], ["shown again"]]
    assert all(each["valence"] is None for shown in seen for each in shown)


BAD: dict[str, Callable[[Document], Document]] = {
    "too long": lambda _: {"title": "bad " * 40},
    "for somebody else": lambda anas: {"title": "bad", "taken_by": [anas["person"]]},
}


@pytest.mark.parametrize("bad", BAD)
async def test_poison(house: House, bad: str) -> None:
    """Three times: by a device that hears no answer to its first two pushes."""
    a1, b1 = await house.in_sync("ana", "ben")
    values = BAD[bad]({"person": a1.person})
    for nth in range(1, 4):
        await house.step_by(b1, f"good {nth}")
        titled = values | {"title": f"{values['title']}{nth}"}
        refused = await b1.insert("step", couple=house.couple, goal=house.goal, **titled)
        await house.step_by(b1, f"good too {nth}")
        await b1.lose_answers(2)

        await agree(b1, a1)

        await house.equal_everywhere()
        titles = sorted(each["title"] for each in await b1.documents("step"))
        assert titles == sorted(f"good {word}{each}" for each in range(1, nth + 1) for word in ("", "too "))
        assert refused not in {each["id"] for each in await b1.documents("step")}, "it leaves the device"
        boxes = await b1.documents("unplaced")
        words = [f"{values['title']}{each}" for each in range(1, nth + 1)]
        assert sorted(each["words"]["title"] for each in boxes) == words
        assert await a1.documents("unplaced") == []
        assert await b1.sync() == 0, "its queue is empty"


PAGE = 5
JUST_PUSHED = 200
WRITERS = 200


async def test_paging(house: House) -> None:
    """One device reads what it has just pushed, and a new one everything, in small pages, while others write."""
    older = [house.home.b1.edit("goal", topic="us", notes=f"Goal {nth}.") for nth in range(20)]
    await house.home.b1.sync()
    pusher, newcomer = await house.device("ana", batchSize=PAGE), await house.device("ana", batchSize=PAGE)
    await pusher.sync()
    pushed = await mixed_rows(house, pusher)

    async def writing() -> None:
        for nth in range(WRITERS):
            change = written_by_ben(house, older, nth)
            [outcome] = (await house.home.b1.push_raw([change]))["outcomes"]
            assert (outcome["status"], outcome["code"]) in (("applied", None), ("merged", None))

    await asyncio.gather(pusher.sync(), newcomer.sync(), writing())
    await agree(pusher, newcomer)

    assert len(pushed) == JUST_PUSHED
    assert await pusher.documents("unplaced") == []
    await house.equal_everywhere()
    held = {
        each["id"]
        for kind in ("step", "note_draft", "check_in", "goal", "goal_act")
        for each in await newcomer.documents(kind)
    }
    assert pushed <= held


async def mixed_rows(house: House, device: Device) -> set[str]:
    """Make so many records of several kinds that nothing is refused for their number."""
    terms = (await device.document("goal", house.goal))["terms_in_force"]
    acting = {"couple": house.couple, "goal": house.goal, "terms": terms, "act": "accept"}
    made = {await house.step_by(device, f"Step {nth}.") for nth in range(STEPS_A_GOAL_MAX)}
    made |= {await device.insert("note_draft", for_what=f"Thanks {nth}.") for nth in range(60)}
    made |= {await device.insert("check_in", local_date=f"2026-11-{day:02}", text="A day.") for day in range(1, 21)}
    made |= {await device.insert("goal", couple=house.couple, notes=f"Plan {nth}.") for nth in range(40)}
    made |= {await device.insert("goal_act", **acting) for _ in range(JUST_PUSHED - len(made))}
    return made


def written_by_ben(house: House, older: list[RecordId], nth: int) -> Change:
    """Every other time something new, else an older record is moved to the end."""
    phone = house.home.b1
    if nth % 2:
        change = phone.raw_change("goal", {"notes": f"No {nth}."})
        return Change(
            key=change.key, kind="goal", id=older[nth // 2 % len(older)], couple=change.couple, set=change.set
        )
    terms = phone.fields(house.home.goal)["terms_in_force"]
    values: dict[str, Any] = {"goal": house.goal, "terms": terms, "act": "accept"}
    return phone.raw_change("goal_act", values)
