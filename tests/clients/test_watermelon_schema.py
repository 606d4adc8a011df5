"""The conformance case `schema` of WatermelonDB: apps of two schemas on one record, an update, the end of the older.

The server knows a second schema here, with a field `where` of steps. Ana's app is the older one.
"""

from pathlib import Path

import pytest

from tests.clients.devices import DeviceError, agree
from tests.clients.watermelon import WatermelonDevice, WatermelonHouse
from tests.schemas import NEWER, serve_second_schema

BOTH = pytest.mark.parametrize("adapter", ["loki", "sqlite"], indirect=True)
UPDATED = {"schema": 2, "added": ["step.where"]}


@pytest.fixture(autouse=True)
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    serve_second_schema(monkeypatch, {"step": NEWER})


@pytest.fixture
def house(newer: None, watermelon_house: WatermelonHouse) -> WatermelonHouse:
    return watermelon_house


async def placed_step(house: WatermelonHouse, by: WatermelonDevice, title: str, where: str) -> str:
    """A step with the field of the second schema, which every device has as far as it knows it."""
    step = await by.insert("step", couple=house.couple, goal=house.goal, title=title, where=where)
    await agree(by, *house.devices)
    return step


async def two_apps(house: WatermelonHouse, kept_in: Path) -> tuple[WatermelonDevice, WatermelonDevice]:
    """Ana's with the first schema, which keeps everything in a file, and Ben's with the second."""
    [a1] = await house.in_sync("ana", file=kept_in, isFirst=True)
    [b1] = await house.in_sync("ben", schema=2)
    return a1, b1


async def nothing_was_refused(*devices: WatermelonDevice) -> bool:
    told = [(*await each.documents("unplaced"), *await each.notices()) for each in devices]
    return not any(told)


async def test_schema(house: WatermelonHouse, tmp_path: Path) -> None:
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step = await placed_step(house, b1, "Book ferry", "At the pier.")
    assert "where" not in await a1.document("step", step)
    await a1.patch("step", step, title="Book the ferry")
    await b1.patch("step", step, done=True)

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["done"], shown["alternatives"]) == ("Book the ferry", True, {})
    assert (await b1.document("step", step))["where"] == "At the pier.", "the older app has edited the record"
    assert not await a1.heard("At the pier.")
    assert await nothing_was_refused(a1, b1)
    assert await a1.sync() == await b1.sync() == 0, "their queues are empty"


async def test_schema_what_stands_beside_a_newer_field_is_not_sent_to_an_older_app(
    house: WatermelonHouse, tmp_path: Path
) -> None:
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    [a2] = await house.in_sync("ana", schema=2)
    step = await placed_step(house, b1, "Book ferry", "At the pier.")
    await a2.patch("step", step, where="At the mill.")
    await b1.patch("step", step, where="At the lake.")
    await a1.patch("step", step, title="Book the ferry")

    await agree(a2, b1, a1)

    await house.equal_everywhere()
    beside = {"where": [{"by": b1.person, "text": "At the lake."}]}
    for device in (a2, b1):
        shown = await device.document("step", step)
        assert (shown["where"], shown["alternatives"]) == ("At the mill.", beside)
    assert (await a1.document("step", step))["alternatives"] == {}
    for words in ("pier", "mill", "lake"):
        assert not await a1.heard(words)


@BOTH
async def test_schema_an_updated_app_is_sent_what_it_was_not_told_before(
    house: WatermelonHouse, tmp_path: Path
) -> None:
    """WatermelonDB migrates its rows, and asks for nothing by itself. An edit that waits is all that is pushed."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step, other = [await placed_step(house, b1, title, "At the pier.") for title in ("Book ferry", "Pack bags")]
    await a1.patch("step", step, title="Book the ferry")
    before = {kind: await a1.documents(kind) for kind in ("goal", "notice", "settings")}

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **UPDATED)

    assert {kind: await a1.documents(kind) for kind in before} == before
    await agree(a1, b1)
    await house.equal_everywhere()
    assert [(await a1.document("step", each))["where"] for each in (step, other)] == ["At the pier."] * 2
    assert [[row["id"] for row in push["step"]["updated"]] for push in await a1.pushes()] == [[step]]
    assert (await b1.document("step", step))["title"] == "Book the ferry"
    assert await nothing_was_refused(a1, b1)


async def test_schema_an_updated_app_that_writes_before_it_was_told_overwrites_nothing(
    house: WatermelonHouse, tmp_path: Path
) -> None:
    """It fills in a field that it has never seen, of a record whose version it had."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step = await placed_step(house, b1, "Book ferry", "At the pier.")

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **UPDATED)
    await a1.patch("step", step, where="Behind the mill.")
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        texts = [shown["where"], *(each["text"] for each in shown["alternatives"].get("where", ()))]
        assert all(any(words in text for text in texts) for words in ("At the pier.", "Behind the mill."))


async def test_schema_too_old(house: WatermelonHouse, tmp_path: Path) -> None:
    """The app says so, keeps everything, and sends it after its update."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step = await placed_step(house, b1, "Book ferry", "At the pier.")
    house.refuse_apps_below(2)
    await a1.patch("step", step, title="Book the ferry")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="Written meanwhile.")
    await b1.patch("step", step, done=True)
    await b1.sync()

    with pytest.raises(DeviceError, match="Please update the app"):
        await a1.sync()
    assert await a1.waits()
    assert (await a1.document("step", step))["title"] == "Book the ferry"
    assert (await a1.document("check_in", entry))["text"] == "Written meanwhile."
    assert (await b1.document("step", step))["title"] == "Book ferry"

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **UPDATED)
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["where"], shown["done"]) == ("Book the ferry", "At the pier.", True)
    assert (await a1.document("check_in", entry))["text"] == "Written meanwhile."
    assert await nothing_was_refused(a1, b1)


@BOTH
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
