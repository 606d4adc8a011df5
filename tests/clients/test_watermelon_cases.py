"""The conformance cases of WatermelonDB alone, by their names, and what its adapter and its rows have to do.

Those that it has in common with other libraries are in `test_cases.py`, which also says what holds for all of them.
"""

import pytest

from domain.goal_kinds import STEPS_A_GOAL_MAX
from tests.clients.devices import Document, agree
from tests.clients.watermelon import WatermelonHouse

pytestmark = pytest.mark.libraries("LokiJS")
IN_SQLITE_TOO = pytest.mark.libraries("LokiJS", "SQLite")


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
