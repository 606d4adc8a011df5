"""What WatermelonDB's adapter does where something has to go, after a restore, and when the app is updated."""

from pathlib import Path
from uuid import UUID

import pytest

from domain.goal_kinds import STEPS_A_GOAL_MAX
from domain.ids import PersonId
from tests.clients.devices import agree
from tests.clients.watermelon import WatermelonHouse

pytestmark = pytest.mark.libraries("LokiJS")
IN_SQLITE_TOO = pytest.mark.libraries("LokiJS", "SQLite")


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


@IN_SQLITE_TOO
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


@IN_SQLITE_TOO
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


@IN_SQLITE_TOO
async def test_an_app_that_begins_with_some_tables_and_columns_is_told_the_rest_when_it_has_more(
    house: WatermelonHouse, tmp_path: Path
) -> None:
    kept_in = tmp_path / "device.db"
    added = {"added": ["check_in.text", "note_draft"]}
    [old] = await house.in_sync("ana", file=kept_in, isFirst=True, **added)
    entry = house.home.a1.edit("check_in", local_date="2026-11-20", text="A day.", valence=1)
    draft = house.home.a1.edit("note_draft", for_what="The ferry.")
    await house.home.a1.sync()
    await old.sync()
    assert "text" not in await old.row("check_in", entry)
    await old.patch("check_in", entry, valence=2)

    new = await house.killed_and_begun_again(old, kept_in, **added)
    await agree(new)

    await house.equal_everywhere()
    shown = await new.document("check_in", entry)
    assert (shown["text"], shown["valence"]) == ("A day.", 2)
    assert (await new.document("note_draft", draft))["for_what"] == "The ferry."
