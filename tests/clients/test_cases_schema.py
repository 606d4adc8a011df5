"""The conformance case `schema` of client libraries: apps of two schemas on one record, an update, the older's end.

The server knows a second schema here, with a field `where` of steps. Ana's app is the older one.
"""

from pathlib import Path

import pytest

from tests.clients.devices import Device, Document, House, agree
from tests.schemas import NEWER, serve_second_schema

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_SQLITE_TOO = pytest.mark.libraries("RxDB", "LokiJS", "SQLite")
SCHEMA_TOO_OLD = 426


@pytest.fixture(autouse=True)
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    serve_second_schema(monkeypatch, {"step": NEWER})


async def placed_step(house: House, by: Device, title: str, where: str) -> str:
    """A step with the field of the second schema, which every device has as far as it knows it."""
    step = await by.insert("step", couple=house.couple, goal=house.goal, title=title, where=where)
    await agree(by, *house.devices)
    return step


async def two_apps(house: House, kept_in: Path) -> tuple[Device, Device]:
    """Ana's with the first schema, which keeps everything in a file, and Ben's with the second."""
    [a1] = await house.in_sync("ana", file=kept_in, **house.first_app())
    [b1] = await house.in_sync("ben", schema=2)
    return a1, b1


async def nothing_was_refused(*devices: Device) -> bool:
    told = [(*await each.documents("unplaced"), *await each.notices()) for each in devices]
    return not any(told)


async def told_by(device: Device) -> list[Document]:
    """What it shows, but for what it has no word of."""
    kinds = ("step", "goal", "notice", "settings")
    every = [each for kind in kinds for each in await device.documents(kind)]
    return [{name: value for name, value in each.items() if value is not None} for each in every]


async def test_schema(house: House, tmp_path: Path) -> None:
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
    house: House, tmp_path: Path
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


@IN_SQLITE_TOO
async def test_schema_an_updated_app_is_sent_what_it_was_not_told_before(house: House, tmp_path: Path) -> None:
    """Its library migrates what is there, and asks for nothing by itself. An edit that waits is all that is pushed."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step, other = [await placed_step(house, b1, title, "At the pier.") for title in ("Book ferry", "Pack bags")]
    await a1.patch("step", step, title="Book the ferry")
    before = await told_by(a1)

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **house.updated_app("step.where"))

    assert await told_by(a1) == before
    await agree(a1, b1)
    await house.equal_everywhere()
    assert [(await a1.document("step", each))["where"] for each in (step, other)] == ["At the pier."] * 2
    assert [[each["id"] for each in push] for push in await a1.pushed()] == [[step]]
    assert (await b1.document("step", step))["title"] == "Book the ferry"
    assert await nothing_was_refused(a1, b1)


async def test_schema_an_updated_app_that_writes_before_it_was_told_overwrites_nothing(
    house: House, tmp_path: Path
) -> None:
    """It fills in a field that it has never seen, of a record whose version it had."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step = await placed_step(house, b1, "Book ferry", "At the pier.")

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **house.updated_app("step.where"))
    await a1.patch("step", step, where="Behind the mill.")
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        texts = [shown["where"], *(each["text"] for each in shown["alternatives"].get("where", ()))]
        assert all(any(words in text for text in texts) for words in ("At the pier.", "Behind the mill."))


async def test_schema_too_old(house: House, tmp_path: Path) -> None:
    """The app says so, keeps everything, and sends it after its update."""
    a1, b1 = await two_apps(house, tmp_path / "a1.db")
    step = await placed_step(house, b1, "Book ferry", "At the pier.")
    house.refuse_apps_below(2)
    await a1.patch("step", step, title="Book the ferry")
    entry = await a1.insert("check_in", local_date="2026-11-20", text="Written meanwhile.")
    await b1.patch("step", step, done=True)
    await b1.sync()

    assert await a1.problems() == []
    told = await a1.refused()
    assert told
    assert all("Please update the app. Nothing on this phone is lost meanwhile" in each for each in told)
    assert set(await a1.problems()) == {SCHEMA_TOO_OLD}
    assert (await a1.document("step", step))["title"] == "Book the ferry"
    assert (await a1.document("check_in", entry))["text"] == "Written meanwhile."
    assert (await b1.document("step", step))["title"] == "Book ferry"

    a1 = await house.killed_and_begun_again(a1, tmp_path / "a1.db", **house.updated_app("step.where"))
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = await device.document("step", step)
        assert (shown["title"], shown["where"], shown["done"]) == ("Book the ferry", "At the pier.", True)
    assert (await a1.document("check_in", entry))["text"] == "Written meanwhile."
    assert await nothing_was_refused(a1, b1)
