"""The conformance cases of WatermelonDB about secrecy, refusals, and lives: of a store, of words, of a couple."""

from uuid import UUID

import httpx
import pytest

from domain.goal_kinds import STEPS_A_GOAL_MAX
from domain.ids import PersonId, RecordId
from tests import people
from tests.clients.devices import agree
from tests.clients.watermelon import WatermelonDevice, WatermelonHouse

BOTH = pytest.mark.parametrize("adapter", ["loki", "sqlite"], indirect=True)
PRIVATE = "A long day. I am not telling anyone this."


@pytest.fixture
def house(watermelon_house: WatermelonHouse) -> WatermelonHouse:
    return watermelon_house


@pytest.mark.parametrize("first", ["opener", "writer"])
async def test_open_and_write(house: WatermelonHouse, first: str) -> None:
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


async def test_refused_creation(house: WatermelonHouse) -> None:
    """One step more than a goal can have: it leaves the device, and its words come back to their author."""
    a1, b1 = await house.in_sync("ana", "ben")
    for nth in range(STEPS_A_GOAL_MAX):
        house.home.a1.edit("step", goal=house.home.goal, title=f"Step {nth}.")
    await house.home.a1.sync()
    await agree(a1, b1)
    heads = await house.home.heads()
    refused = await house.step_by(b1, "One more step")
    assert refused in {each["id"] for each in await b1.documents("step")}, "shown until it is known"

    await b1.sync()

    assert refused not in {each["id"] for each in await b1.documents("step")}
    await agree(b1, a1)
    await house.equal_everywhere()
    for device in (a1, b1):
        assert refused not in {each["id"] for each in await device.rows("step")}
    [box] = await b1.documents("unplaced")
    assert (box["meant"], box["about"], box["code"]) == ("step", refused, "too_many")
    assert box["words"] == {"title": "One more step"}
    assert not await a1.heard("One more step")
    assert await a1.documents("unplaced") == []
    assert await b1.sync() == 0, "its queue is empty"
    now = await house.home.heads()
    couples = {space for space, head in now.items() if head == heads[space]}
    assert len(now) - len(couples) == 1, "nothing but the box in Ben's own space, and that his device is told of it"


async def test_what_has_to_go_and_is_edited_meanwhile_is_sent_before_it_goes(house: WatermelonHouse) -> None:
    """Ben's device wants to let go of a refused step just when he edits it once more, and once more after that."""
    [b1] = await house.in_sync("ben")
    for nth in range(STEPS_A_GOAL_MAX):
        house.home.a1.edit("step", goal=house.home.goal, title=f"Step {nth}.")
    await house.home.a1.sync()
    refused = await house.step_by(b1, "One more step")
    await b1.send_unheard()
    await b1.patch("step", refused, title="Second words")
    async with b1.syncing_while_held("pushes") as syncing:
        await b1.patch("step", refused, title="Third words")
    await syncing

    await agree(b1)

    assert await b1.rows("step") == [each for each in await b1.rows("step") if each["id"] != refused]
    await house.equal_everywhere()
    words = str([each["words"] for each in await b1.documents("unplaced")])
    for each in ("One more step", "Second words", "Third words"):
        assert each in words
    assert await b1.sync() == 0


@BOTH
async def test_restore(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    kept, reworded = await house.shared_step(a1, "Kept by the dump."), await house.shared_step(a1, "Also kept.")
    dropped = await house.shared_step(a1, "Removed after the dump.")
    await house.write_notes(a1, "Kept.")
    dump = await house.home.dump()
    lost = await house.step_by(a1, "After the dump.")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="Also after the dump.", audience="only_me")
    await b1.patch("step", reworded, title="Said in other words after the dump.")
    await b1.patch("goal", house.goal, notes="Kept. And more after the dump.")
    await b1.remove("step", dropped)
    await agree(a1, b1)
    await b1.patch("step", kept, title="Kept by the dump, dirty at Ben's.")

    await house.home.restore(dump)
    assert {str(identity) for _, identity in (await house.home.stock()).records}.isdisjoint({lost, entry})
    await agree(a1, b1)
    heads = await house.home.heads()
    await agree(a1, b1)

    assert await house.home.heads() == heads, "it comes back once"
    await house.equal_everywhere()
    for device in (a1, b1):
        assert {each["id"]: each["title"] for each in await device.documents("step")} == {
            kept: "Kept by the dump, dirty at Ben's.",
            reworded: "Said in other words after the dump.",
            lost: "After the dump.",
        }
        assert (await device.document("goal", house.goal))["notes"] == "Kept. And more after the dump."
    assert [(each["id"], each["text"]) for each in await a1.documents("check_in")] == [(entry, "Also after the dump.")]
    for device in (a1, b1):
        for kind in ("step", "goal"):
            assert all(each["alternatives"] == {} for each in await device.documents(kind))
        assert await device.notices() == await device.documents("unplaced") == []


async def test_what_a_restore_has_lost_right_after_a_push_comes_back(house: WatermelonHouse) -> None:
    """The device had been answered, and its rows are clean for WatermelonDB: nobody else has heard of them."""
    [a1] = await house.in_sync("ana")
    step = await house.shared_step(a1, "Book ferry")
    dump = await house.home.dump()
    await a1.patch("step", step, title="Book the ferry")
    new = await house.step_by(a1, "Pack bags")
    await a1.sync()
    assert not await a1.waits()

    await house.home.restore(dump)
    b1 = await house.device("ben")
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = {each["id"]: (each["title"], each["alternatives"]) for each in await device.documents("step")}
        assert shown == {step: ("Book the ferry", {}), new: ("Pack bags", {})}


async def test_a_restore_is_noticed_where_an_edit_waits(house: WatermelonHouse) -> None:
    """The device has pulled what the server loses, and would pull it once more, for it met an edit that waits."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    dump = await house.home.dump()
    await b1.patch("step", step, done=True)
    await b1.insert("check_in", local_date="2026-11-20", text="Shown.", audience=house.couple, shared_parts=["text"])
    await b1.sync()
    await a1.patch("step", step, taken_by=[a1.person])
    await a1.pull_only()
    assert [each["text"] for each in await a1.documents("shown_check_in")] == ["Shown."]

    await house.home.restore(dump)
    await a1.sync()

    assert await a1.documents("shown_check_in") == [], "the server has it no more"
    await agree(a1, b1)
    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["taken_by"], shown["done"]) == ([a1.person], True)


async def test_resend_without_base(house: WatermelonHouse) -> None:
    """Ana has taken back what she showed; Ben's device sends everything again, and keeps nothing of it."""
    a1, b1 = await house.in_sync("ana", "ben")
    entry = await a1.insert(
        "check_in", local_date="2026-11-20", text="A hard day", audience=house.couple, shared_parts=["text"]
    )
    await agree(a1, b1)
    dump = await house.home.dump()
    await house.shared_step(b1, "What the server loses.")
    assert [each["text"] for each in await b1.documents("shown_check_in")] == ["A hard day"]

    await house.home.restore(dump)
    await a1.patch("check_in", entry, audience="only_me")
    await a1.sync()
    before = len(await b1.pushes())
    await agree(b1, a1)

    assert "A hard day" in str((await b1.pushes())[before:]), "it has sent all that it had"
    assert await b1.documents("shown_check_in") == await b1.documents("unplaced") == []
    assert not await b1.keeps("A hard day")
    assert (await a1.document("check_in", entry))["text"] == "A hard day"
    await house.equal_everywhere()


@BOTH
async def test_long_absence(house: WatermelonHouse) -> None:
    """Ben's device is away for so long that nobody knows any more what was removed meanwhile."""
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    step, dropped = await house.shared_step(a1, "Book ferry"), await house.shared_step(a1, "something that goes")
    edited = await house.shared_step(a1, "something that goes, too")
    await b1.patch("goal", house.goal, notes="We leave on Friday. We take the dog and the tent.")
    await b1.patch("step", step, title="Book the ferry, said while away")
    await b1.patch("step", edited, title="What Ben says of it")
    await a1.patch("goal", house.goal, notes="We leave on Friday at noon. We take the dog.")
    await a1.patch("step", step, done=True)
    for each in (dropped, edited):
        await a1.remove("step", each)
    await a1.sync()
    await house.home.pass_the_horizon()
    assert dropped not in {str(identity) for _, identity in (await house.home.stock()).records}

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["done"]) == ("Book the ferry, said while away", True)
        notes = await device.document("goal", house.goal)
        assert notes["notes"] == "We leave on Friday at noon. We take the dog and the tent."
        assert notes["alternatives"] == shown["alternatives"] == {}
        assert dropped not in {each["id"] for each in await device.rows("step")}
    said = [*await b1.documents("step"), *await b1.documents("unplaced")]
    assert str(said).count("What Ben says of it") == 1


@BOTH
async def test_a_device_that_has_lost_its_cursor_pulls_all_and_keeps_nothing_else(house: WatermelonHouse) -> None:
    """A window was closed meanwhile, of which the server says nothing to who begins anew. What waits is sent."""
    a1, b1 = await house.in_sync("ana", "ben")
    entry = await a1.insert(
        "check_in", local_date="2026-11-20", text="A hard day", audience=house.couple, shared_parts=["text"]
    )
    step = await house.shared_step(a1, "Book ferry")
    await agree(a1, b1)
    assert await b1.keeps("A hard day")
    await a1.patch("check_in", entry, audience="only_me")
    await a1.sync()
    await house.home.pass_the_horizon()
    await b1.patch("step", step, title="Book the ferry")
    new = await house.step_by(b1, "Pack bags")
    await b1.lose_cursor()

    await b1.sync()

    assert not await b1.keeps("A hard day")
    shown = {each["id"]: each["title"] for each in await b1.documents("step")}
    assert shown == {step: "Book the ferry", new: "Pack bags"}
    await agree(b1, a1)
    await house.equal_everywhere()


@BOTH
async def test_purge(house: WatermelonHouse) -> None:
    """Before it, the words are in every place in which words can be: in the text, in what stands beside it and behind
    it, and among the words of both that had no place. After it, older edits arrive from devices of both."""
    a1, a2, a3, b1, b2 = await house.in_sync("ana", "ana", "ana", "ben", "ben")
    goal = house.home.goal
    both = "Ben likes boats. Ana fears the sea."
    await house.write_notes(a1, both)
    await b1.patch("goal", goal, notes=f"{both} Ben said this.")
    await agree(b1, a1)
    await b1.patch("goal", goal, notes=f"{both} Ben says this.")
    await a1.patch("goal", goal, notes=f"{both} Ana says that.")
    await agree(b1, a1)
    beside = (await b1.document("goal", goal))["alternatives"]
    assert beside == {"notes": [{"by": a1.person, "text": f"{both} Ana says that."}]}
    for device, name in ((b1, "Ben"), (a1, "Ana")):
        await refused(device, goal, f"{both} {name} had no place.")
    await agree(*house.devices)
    assert [[each["words"] for each in await device.documents("unplaced")] for device in (b1, a1)] == [
        [{"notes": f"{both} Ben had no place."}],
        [{"notes": f"{both} Ana had no place."}],
    ]
    assert await house.home.revisions_of(goal) > 1
    assert [len(await device.notices()) for device in (a1, b1)] == [1, 1]
    for device, name in ((a2, "A2"), (b1, "B1")):
        notes = (await device.document("goal", goal))["notes"]
        await device.patch("goal", goal, notes=f"{notes} Old from {name}.")
    for device, name in ((a3, "A3"), (b2, "B2")):
        await refused(device, goal, f"{both} Ana says that. Old without a place from {name}.")

    await house.home.a1.sync()
    await house.home.a1.purge("goal", goal)
    await agree(a1, b1, b2, a2, a3)
    heads = await house.home.heads()
    await agree(a1, b1, b2, a2, a3)

    assert await house.home.heads() == heads
    await house.equal_everywhere()
    shown = await b1.document("goal", goal)
    for own in ("Ben says this.", "Old from A2.", "Old from B1."):
        assert own in shown["notes"]
    assert shown["alternatives"] == {}
    assert sorted(each["words"]["notes"] for each in await b1.documents("unplaced")) == [
        "Ben had no place.",
        "Old without a place from B2.",
    ]
    assert [each["words"]["notes"] for each in await a1.documents("unplaced")] == ["Old without a place from A3."]
    newcomers = await house.in_sync("ana", "ben")
    for words in ("Ben likes boats", "Ana fears the sea", "Ana says that", "Ana had no place"):
        assert await house.home.nowhere_on_the_server(words)
        for device in house.devices:
            assert not await device.keeps(words)
        for device in newcomers:
            assert not await device.heard(words)


async def refused(device: WatermelonDevice, goal: RecordId, notes: str) -> None:
    """Write notes in an edit that has to be refused: what a goal is stays as it was made."""
    await device.patch("goal", goal, form="agreement", notes=notes)


async def test_parting(house: WatermelonHouse, client: httpx.AsyncClient) -> None:
    a1, b1, a2 = await house.in_sync("ana", "ben", "ana")
    step = await house.shared_step(a1, "Book ferry")
    entry = await a1.insert(
        "check_in", local_date="2026-11-20", text="shown to Ben", audience=house.couple, shared_parts=["text"]
    )
    await agree(a1, b1)
    assert [each["text"] for each in await b1.documents("shown_check_in")] == ["shown to Ben"]
    await b1.patch("step", step, title="Book the ferry for two")
    await house.step_by(b1, "Pack for two")
    await a2.patch("goal", house.goal, notes="Offline at Ana's.")
    await house.home.a1.part()

    await b1.sync()
    assert await b1.documents("shown_check_in") == []
    assert not await b1.keeps("shown to Ben")
    assert (await b1.document("step", step))["title"] == "Book ferry", "the keepsake stays as it stood"
    boxes = await b1.documents("unplaced")
    assert {each["code"] for each in boxes} == {"closed"}
    assert sorted(each["words"]["title"] for each in boxes) == ["Book the ferry for two", "Pack for two"]
    await a1.patch("check_in", entry, text="after parting")
    await agree(a1, a2, b1)
    await house.equal_everywhere()
    assert [each["words"] for each in await a1.documents("unplaced")] == [{"notes": "Offline at Ana's."}]
    assert not await b1.heard("after parting")
    keepsake = {each["id"] for each in await b1.documents("step")}
    assert step in keepsake

    await house.home.pair_anew()
    anew = str((await people.me(client, house.home.ana))["couple"]["id"])
    goal = await a1.insert("goal", couple=anew, notes="a new beginning")
    terms = await a1.insert("goal_terms", couple=anew, goal=goal, title="Start again")
    await agree(a1, b1, a2)
    theirs = await b1.insert("step", couple=anew, goal=goal, title="one of Ben's")
    await agree(b1, a1, a2)
    await house.equal_everywhere()
    for device in (a1, a2, b1):
        assert {each["id"] for each in await device.documents("step")} == keepsake | {theirs}
        assert goal in {each["id"] for each in await device.documents("goal")}
        assert terms in {each["id"] for each in await device.documents("goal_terms")}


@BOTH
async def test_rows_of_a_couple_that_is_no_longer_told_of_leave_the_device(house: WatermelonHouse) -> None:
    """What was not sent of them is sent before."""
    [b1] = await house.in_sync("ben")
    step, marked = await house.shared_step(b1, "Book ferry"), await house.shared_step(b1, "Pack bags")
    own = await b1.insert("check_in", local_date="2026-11-20", text="A day of my own.")
    await b1.sync()
    await b1.patch("step", step, title="Book the ferry for two")
    await b1.remove("step", marked)
    parts, ben = house.home.parts, PersonId(house.home.ben.id)
    gone = "DELETE FROM person_space WHERE person_id = $1 AND couple_id = $2"
    assert await parts.pool.execute(gone, ben, UUID(house.couple)) == "DELETE 1"
    parts.accounts.callers.forget(ben)

    await agree(b1)

    for kind in ("goal", "goal_terms", "goal_act", "step"):
        assert await b1.documents(kind) == []
    assert not await b1.keeps("Pack bags")
    assert [each["id"] for each in await b1.documents("check_in")] == [own]
    assert [each["words"] for each in await b1.documents("unplaced")] == [{"title": "Book the ferry for two"}]
    assert await b1.sync() == 0
