"""The conformance cases of WatermelonDB, by their names: the real client, the real server, PostgreSQL.

Ana and Ben have a device each, now and then one more; all of them are offline until `sync`. Wherever the devices are
said to be equal, each holds exactly what is stored for its person, and the couple's native phones do too. After each
case WatermelonDB itself compares its database with all that the server says.
"""

import asyncio

import pytest

from domain.goal_kinds import STEPS_A_GOAL_MAX
from tests.clients.devices import Document, agree
from tests.clients.test_rxdb_cases import BAD, JUST_PUSHED, PAGE, WRITERS, mixed_rows, nothing_beside, written_by_ben
from tests.clients.watermelon import WatermelonHouse

BOTH = pytest.mark.parametrize("adapter", ["loki", "sqlite"], indirect=True)


@pytest.fixture
def house(watermelon_house: WatermelonHouse) -> WatermelonHouse:
    return watermelon_house


@BOTH
async def test_basic(house: WatermelonHouse) -> None:
    a1, b1, a2 = await house.in_sync("ana", "ben", "ana")
    step = await house.step_by(a1, "Book ferry")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="A day of my own.")
    assert (await a1.document("step", step))["title"] == "Book ferry", "shown at once, before any network"

    for device in (a1, b1, a2, a1):
        await device.sync()

    await house.equal_everywhere()
    for device in (a1, b1, a2):
        assert (await device.document("step", step))["title"] == "Book ferry"
        assert not await device.waits()
    assert (await a2.document("check_in", entry))["text"] == "A day of my own."
    assert await b1.documents("check_in") == []


async def test_create_then_edit(house: WatermelonHouse) -> None:
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


@BOTH
async def test_different_fields(house: WatermelonHouse) -> None:
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


async def test_same_text_other_sentences(house: WatermelonHouse) -> None:
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


async def test_what_became_of_an_edit_is_there_after_one_sync(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    await house.write_notes(a1, "We leave on Friday. We take the dog.")
    await a1.patch("goal", house.goal, notes="We leave on Friday at noon. We take the dog.")
    await a1.sync()

    await b1.patch("goal", house.goal, notes="We leave on Friday. We take the dog and the tent.")
    await b1.sync()

    shown = await b1.document("goal", house.goal)
    assert shown["notes"] == "We leave on Friday at noon. We take the dog and the tent."
    assert shown["rev"] == (await house.stored(b1.someone))["goal"][house.goal]["rev"]


@BOTH
async def test_same_sentence(house: WatermelonHouse) -> None:
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
async def test_remove_edit(house: WatermelonHouse, first: str) -> None:
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


@pytest.mark.parametrize("how", ["marked as deleted", "written into the column"])
async def test_removed(house: WatermelonHouse, how: str) -> None:
    """In either way, and brought back in the other one's app."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await (a1.remove("step", step) if how == "marked as deleted" else a1.patch("step", step, removed_at=1))
    assert await a1.documents("step") == []

    await agree(a1, b1)

    await house.equal_everywhere()
    assert await a1.documents("step") == await b1.documents("step") == []
    await b1.patch("step", step, removed_at=None)
    await agree(b1, a1)
    await house.equal_everywhere()
    for device in (a1, b1):
        assert (await device.document("step", step))["title"] == "Book ferry"
        assert await device.notices() == []


async def test_what_was_written_before_a_removal_is_not_lost(house: WatermelonHouse) -> None:
    """WatermelonDB alone sends an id for what is marked as deleted, and nothing of what was edited there before."""
    a1, b1 = await house.in_sync("ana", "ben")
    step, entry = await house.shared_step(a1, "Book ferry"), await a1.insert("check_in", local_date="2026-11-20")
    await agree(a1, b1)
    for kind, identity, words in (("step", step, {"title": "Book the ferry"}), ("check_in", entry, {"text": "A day."})):
        await a1.patch(kind, identity, **words)
        await a1.remove(kind, identity)
    await b1.patch("step", step, done=True)
    await b1.sync()

    await agree(a1, b1)

    await house.equal_everywhere()
    shown = await b1.document("step", step)
    assert (shown["title"], shown["done"]) == ("Book the ferry", True), "it lives, for it was done meanwhile"
    assert await a1.documents("check_in") == []
    await a1.patch("check_in", entry, removed_at=None)
    await agree(a1, b1)
    assert (await a1.document("check_in", entry))["text"] == "A day."
    await house.equal_everywhere()


async def test_made_and_removed_before_anybody_heard_of_it(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    unsent, unheard = await house.step_by(a1, "Never sent"), await house.step_by(a1, "Sent, and not answered")
    await a1.remove("step", unsent)
    await a1.send_unheard()
    await a1.remove("step", unheard)

    await agree(a1, b1)

    await house.equal_everywhere()
    assert await a1.documents("step") == await b1.documents("step") == []
    assert await a1.notices() == await b1.notices() == await a1.documents("unplaced") == []


async def test_partner_removes_dirty(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.patch("step", step, title="Book the ferry for three")
    await b1.remove("step", step)
    await b1.sync()

    await a1.sync()

    assert (await a1.document("step", step))["title"] == "Book the ferry for three"
    await agree(b1, a1)
    await house.equal_everywhere()
    assert (await b1.document("step", step))["title"] == "Book the ferry for three"
    assert [(each["code"], each["about"]) for each in await b1.notices()] == [("came_back", step)]


async def test_window_cycle(house: WatermelonHouse) -> None:
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


@pytest.mark.parametrize("bad", BAD)
async def test_poison(house: WatermelonHouse, bad: str) -> None:
    """Three times: by a device that hears no answer to its first two pushes."""
    a1, b1 = await house.in_sync("ana", "ben")
    values = BAD[bad]({"person": a1.person})
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
        assert not await b1.waits()
        assert await b1.sync() == 0, "its queue is empty"


async def test_ids_that_are_made_as_the_page_says_are_taken(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    step = await a1.make("step", couple=house.couple, goal=house.goal, title="Book ferry")
    entry = await a1.make("check_in", local_date="2026-11-20", text="A day.")

    await agree(a1, b1)

    await house.equal_everywhere()
    assert (await b1.document("step", step))["title"] == "Book ferry"
    assert (await a1.document("check_in", entry))["text"] == "A day."


@pytest.mark.parametrize("identity", ["aB3dE6gH9jK2mN5p", "5F0C7A52-5B6E-4B8E-9C1E-0A1B2C3D4E5F"])
async def test_a_row_whose_id_is_none_of_haven_leaves_the_device_and_its_words_come_back(
    house: WatermelonHouse, identity: str
) -> None:
    """As WatermelonDB makes them by itself, unless an app has told it otherwise; and one that is spelled in large."""
    a1, b1 = await house.in_sync("ana", "ben")
    await a1.insert("step", identity, couple=house.couple, goal=house.goal, title="Book ferry")
    good = await house.step_by(a1, "Pack bags")

    await agree(a1, b1)

    await house.equal_everywhere()
    assert [each["id"] for each in await a1.documents("step")] == [good]
    assert [each["words"] for each in await a1.documents("unplaced")] == [{"title": "Book ferry"}]
    assert await a1.sync() == 0


@BOTH
async def test_paging(house: WatermelonHouse) -> None:
    """One device reads what it has just pushed, and a new one everything, in small pages, while others write."""
    older = [house.home.b1.edit("goal", topic="us", notes=f"Goal {nth}.") for nth in range(20)]
    await house.home.b1.sync()
    pusher, newcomer = await house.device("ana", limit=PAGE), await house.device("ana", limit=PAGE)
    await pusher.sync()
    pushed = await mixed_rows(house, pusher)

    async def writing() -> None:
        for nth in range(WRITERS):
            [outcome] = (await house.home.b1.push_raw([written_by_ben(house, older, nth)]))["outcomes"]
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


ROWS = 1_201
ROWS_A_PUSH_MAX = 500
BYTES_A_PUSH_MAX = 512 * 1024


async def test_a_push_comes_in_pieces_that_a_server_takes(house: WatermelonHouse) -> None:
    [a1] = await house.in_sync("ana")
    acting = {"couple": house.couple, "goal": house.goal, "act": "accept"}
    acting["terms"] = (await a1.document("goal", house.goal))["terms_in_force"]
    many = [{"id": _uuid(nth), **acting} for nth in range(ROWS)]
    long = [{"id": _uuid(ROWS + nth), "for_what": "漢字 " * 600} for nth in range(200)]
    await a1.insert_many("goal_act", many)
    await a1.insert_many("note_draft", long)
    before = len(await a1.pushes())

    await agree(a1)

    pushes = (await a1.pushes())[before:]
    assert sum(_rows_in(push) for push in pushes) == len(many) + len(long)
    assert max(_rows_in(push) for push in pushes) == ROWS_A_PUSH_MAX
    assert BYTES_A_PUSH_MAX / 2 < max(len(str(push).encode()) for push in pushes) <= BYTES_A_PUSH_MAX
    await house.equal_everywhere()


def _uuid(nth: int) -> str:
    return f"00000000-0000-4000-8000-{nth:012}"


def _rows_in(push: Document) -> int:
    return sum(len(rows) for changes in push.values() for rows in changes.values())


async def test_tables_of_the_app_stay_on_the_device(house: WatermelonHouse) -> None:
    [a1] = await house.in_sync("ana")
    before = len(await a1.pushes())
    own = await a1.insert("draft", text="Of this app alone.")
    step = await house.step_by(a1, "Book ferry")

    await a1.sync()

    pushed = (await a1.pushes())[before:]
    assert [set(push) for push in pushed] == [{"step"}]
    assert step in str(pushed)
    assert [(each["id"], each["text"]) for each in await a1.documents("draft")] == [(own, "Of this app alone.")]
    assert await a1.sync() == 0


async def test_every_step_of_a_full_goal_edited_by_both(house: WatermelonHouse) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    for nth in range(STEPS_A_GOAL_MAX):
        await house.step_by(a1, f"Step {nth}.")
    await agree(a1, b1)
    for each in await a1.documents("step"):
        await a1.patch("step", each["id"], title="By Ana.")
        await b1.patch("step", each["id"], done=True)

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = {(each["title"], each["done"]) for each in await device.documents("step")}
        assert shown == {("By Ana.", True)}
