"""The conformance cases that client libraries have in common, by their names: real clients, real server, PostgreSQL.

Ana and Ben have a device each, now and then one more; all of them are offline until `sync`. Wherever the devices are
said to be equal, each holds exactly what is stored for its person, and the couple's native phones do too. After each
case WatermelonDB itself compares its database with all that the server says.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from api.hints import Rhythm
from api.wiring import Parts
from domain.goal_kinds import STEPS_A_GOAL_MAX
from domain.ids import RecordId
from domain.notes import LETTERS_A_DAY_MAX
from sync.wire import Change
from tests.clients.conftest import OpenHouse
from tests.clients.devices import Device, DeviceError, Document, House, agree
from tests.clocks import StillClock
from tests.journeys.phones import Phone

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_SQLITE_TOO = pytest.mark.libraries("RxDB", "LokiJS", "SQLite")
HEARTBEAT_S = Rhythm().beat_s


async def nothing_beside(*devices: Device) -> bool:
    """Whether no text on these devices has another one beside it."""
    documents = [each for device in devices for kind in ("step", "goal") for each in await device.documents(kind)]
    assert documents
    return all(each["alternatives"] == {} for each in documents)


@IN_SQLITE_TOO
async def test_basic(house: House) -> None:
    a1, b1, a2 = await house.in_sync("ana", "ben", "ana")
    step = await house.step_by(a1, "Book ferry")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A day of my own.")
    assert (await a1.document("step", step))["title"] == "Book ferry", "shown at once, before any network"

    for device in (a1, b1, a2, a1):
        await device.sync()

    await house.equal_everywhere()
    for device in (a1, b1, a2):
        assert (await device.document("step", step))["title"] == "Book ferry"
        assert await device.is_clean()
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


@IN_SQLITE_TOO
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


@IN_SQLITE_TOO
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


PRIVATE = "A long day. I am not telling anyone this."


@pytest.mark.parametrize("first", ["opener", "writer"])
async def test_open_and_write(house: House, first: str) -> None:
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A long day.", audience="only_me")
    await agree(a1, a2)
    await a1.patch("check_in", entry, audience=house.couple, shared_parts=["text", "mood"], valence=-1)
    await a2.patch("check_in", entry, text=PRIVATE)

    order = (a1, a2) if first == "opener" else (a2, a1)
    await order[0].sync()
    await b1.sync()
    await agree(*order, b1)

    await house.equal_everywhere()
    assert not await b1.heard("not telling")
    assert not await b1.keeps("not telling")
    for device in (a1, a2):
        shown = await device.document("check_in", entry)
        assert (shown["text"], shown["shared_parts"]) == (PRIVATE, ["mood"])
        assert [(each["code"], each["about"]) for each in await device.notices()] == [("kept_private", entry)]
    [window] = await b1.documents("shown_check_in")
    assert (window["text"], window["valence"]) == (None, -1)
    assert await b1.notices() == []


# What is refused -------------------------------------------------------------------------------------------------


BAD: dict[str, Callable[[Device], Document]] = {
    "too long": lambda _: {"title": "bad " * 40},
    "for somebody else": lambda ana: {"title": "bad", "taken_by": [ana.person]},
}


@pytest.mark.parametrize("bad", BAD)
async def test_poison(house: House, bad: str) -> None:
    """Three times: by a device that hears no answer to its first two pushes."""
    a1, b1 = await house.in_sync("ana", "ben")
    values = BAD[bad](a1)
    for nth in range(1, 4):
        await house.step_by(b1, f"good {nth}")
        titled = values | {"title": f"{values['title']}{nth}"}
        refused = await b1.insert("step", couple=house.couple, goal=house.goal, **titled)
        await house.step_by(b1, f"good too {nth}")
        for _ in range(2):
            await b1.send_unheard()

        await agree(b1, a1)

        await house.equal_everywhere()
        titles = sorted(each["title"] for each in await b1.documents("step"))
        assert titles == sorted(f"good {word}{each}" for each in range(1, nth + 1) for word in ("", "too "))
        assert refused not in {each["id"] for each in await b1.rows("step")}, "it leaves the device"
        boxes = await b1.documents("unplaced")
        words = [f"{values['title']}{each}" for each in range(1, nth + 1)]
        assert sorted(each["words"]["title"] for each in boxes) == words
        assert await a1.documents("unplaced") == []
        assert await b1.is_clean(), "its queue is empty"


async def test_refused_creation(house: House) -> None:
    """An eleventh repair of the day: it leaves the device, and its words come back to their author."""
    a1, b1 = await house.in_sync("ana", "ben")
    for nth in range(LETTERS_A_DAY_MAX):
        house.home.b1.edit("repair", form="start_again", text=f"Repair {nth}.")
    await house.home.b1.sync()
    await agree(a1, b1)
    heads, anas = await house.home.heads(), await house.home.spaces(house.home.ana)
    refused = await b1.insert("repair", couple=house.couple, form="start_again", text="One more repair")
    assert refused in {each["id"] for each in await b1.documents("repair")}, "shown until it is known"

    await b1.sync()

    assert refused not in {each["id"] for each in await b1.documents("repair")}
    await agree(b1, a1)
    await house.equal_everywhere()
    for device in (a1, b1):
        assert refused not in {each["id"] for each in await device.rows("repair")}
    [box] = await b1.documents("unplaced")
    assert (box["meant"], box["about"], box["code"]) == ("repair", refused, "too_many")
    assert box["words"] == {"text": "One more repair"}
    assert not await a1.heard("One more repair")
    assert await a1.documents("unplaced") == []
    assert await b1.is_clean(), "its queue is empty"
    now = await house.home.heads()
    moved = [(now[space] - head, space in anas) for space, head in heads.items() if now[space] != head]
    assert moved == [(1 + house.debts, False)], "the box in a space of Ben's alone, and that his device is told of it"


# A network that is at fault --------------------------------------------------------------------------------------


async def test_lost_response(open_house: OpenHouse, parts: Parts) -> None:
    """Here the server's clock moves on while the device is away."""
    clock = StillClock()
    async with open_house(msgspec.structs.replace(parts, clock=clock)) as house:
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
        assert await a1.is_clean()
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


async def test_stream_gap(house: House) -> None:
    """What is written before the stream opens for the first time, and while it is down, comes once there is one."""
    a1, b1 = await house.in_sync("ana", "ben")
    first = await house.step_by(b1, "before there was a stream")
    await b1.sync()
    await a1.online()
    await a1.shows("step", first, title="before there was a stream", within_s=HEARTBEAT_S)

    heard = await house.step_by(b1, "while there is one")
    await b1.sync()
    await a1.shows("step", heard, title="while there is one", within_s=HEARTBEAT_S)

    await a1.drop_stream()
    missed = await house.step_by(b1, "while it is down")
    await b1.sync()
    assert missed not in {each["id"] for each in await a1.documents("step")}
    await a1.online()
    await a1.shows("step", missed, title="while it is down", within_s=HEARTBEAT_S)
    await a1.offline()


@IN_SQLITE_TOO
async def test_a_killed_device_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    """Killed with an edit that nobody has, and with one that the server has, which it does not know, and goes on with.

    The library then sends both edits of the second record as one, made on what it last heard of.
    """
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


# Many ------------------------------------------------------------------------------------------------------------


PAGE = 5
JUST_PUSHED = 200
WRITERS = 200
BENS_DEVICES = 3
"""Each sends one change at a time, however many wait: with more of them most of the work would be lost races."""
BUSY = 503
"""What one of so many is told who was overtaken five times; it comes again with the same change."""
SOON_S = 0.1
NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=0)


@IN_SQLITE_TOO
async def test_paging(house: House) -> None:
    """One device reads what it has just pushed, and a new one everything, in small pages, while 200 others write.

    A device with RxDB says so itself when it is given full pages in a row that bring nothing new: RxDB would ask on.
    """
    older = [house.home.b1.edit("goal", topic="us", notes=f"Goal {nth}.") for nth in range(20)]
    await house.home.b1.sync()
    phones = [await house.home.another_phone("ben") for _ in range(BENS_DEVICES)]
    await asyncio.gather(*(phone.sync() for phone in phones))
    pusher, newcomer = [await house.device("ana", **house.pages_of(PAGE)) for _ in range(2)]
    await pusher.sync()
    pushed = await mixed_rows(house, pusher)
    async with httpx.AsyncClient(base_url=house.address, timeout=60, limits=NO_LIMITS) as client:
        for phone in phones:
            phone.talk_to(client)
        changes = [written_by(phones[nth % BENS_DEVICES], house, older, nth) for nth in range(WRITERS)]
        writing = asyncio.gather(*(wrote(phones[nth % BENS_DEVICES], each) for nth, each in enumerate(changes)))
        await asyncio.gather(writing, reads(pusher, writing), reads(newcomer, writing))
    await agree(pusher, newcomer)

    assert len(pushed) == JUST_PUSHED
    assert await pusher.documents("unplaced") == []
    await house.equal_everywhere()
    kinds = ("step", "note_draft", "check_in", "goal", "goal_act")
    assert pushed <= {each["id"] for kind in kinds for each in await newcomer.documents(kind)}


async def wrote(phone: Phone, change: Change) -> None:
    """Push one change, which must be stored."""
    while (answer := await phone.answered([change])).status_code == BUSY:  # noqa: ASYNC110 - the server is waited for
        await asyncio.sleep(SOON_S)
    [outcome] = answer.json()["outcomes"]
    assert (outcome["status"], outcome["code"]) in (("applied", None), ("merged", None))


async def reads(device: Device, others: "asyncio.Future[Any]") -> None:
    """Sync until the others are done; it has to come to an end each time."""
    while not others.done():
        try:
            await device.sync()
        except DeviceError as error:
            if "Please send the same request again" not in str(error):
                raise
            device.process.failed = False


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


def written_by(phone: Phone, house: House, older: list[RecordId], nth: int) -> Change:
    """Every other time something new, else an older record is moved to the end."""
    if nth % 2:
        change = phone.raw_change("goal", {"notes": f"No {nth}."})
        return msgspec.structs.replace(change, id=older[nth // 2 % len(older)])
    terms = phone.fields(house.home.goal)["terms_in_force"]
    values: dict[str, Any] = {"goal": house.home.goal, "terms": terms, "act": "accept"}
    return phone.raw_change("goal_act", values)
