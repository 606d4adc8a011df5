"""WatermelonDB's routes: tables, pages of rows, pushes, and whose they are."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import people
import pytest
from people import Person

from api.wiring import Parts
from domain.kinds import KINDS
from sync.documents import BESIDE, COUPLE, KEY, MARKS
from sync.rows import REMOVED_AT
from tests.streams import listening, served


async def pulled(client: httpx.AsyncClient, person: Person, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/watermelon/sync", params=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def pushed(client: httpx.AsyncClient, person: Person, body: Any, status: int = 200) -> dict[str, Any]:
    answer = await client.post("/v1/watermelon/sync", json=body, headers=person.headers)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


def entry(**values: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "local_date": "2026-11-20", "_status": "created", "_changed": "", **values}


def entries(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"changes": {"check_in": {"created": list(rows)}}}


async def test_a_table_has_a_column_for_everything_and_all_may_be_null(client: httpx.AsyncClient) -> None:
    told = (await client.get("/v1/watermelon/schemas/1")).json()
    assert (told["schema"], told["tables"].keys()) == (1, KINDS.keys())
    for name, table in told["tables"].items():
        columns = {each["name"] for each in table["columns"]}
        assert table["name"] == name
        assert {*KINDS[name].fields, *MARKS, REMOVED_AT} <= columns
        assert (COUPLE in columns) == (KINDS[name].home == "couple")
        assert KEY not in columns
        assert all(each["isOptional"] for each in table["columns"])
        assert {each["type"] for each in table["columns"]} <= {"string", "number", "boolean"}


def test_no_kind_has_a_field_of_a_name_that_a_row_needs_itself() -> None:
    taken = {KEY, COUPLE, REMOVED_AT, *MARKS, *BESIDE}
    assert not [name for kind in KINDS.values() for name in kind.fields if name in taken or name.startswith("_")]


@pytest.mark.parametrize("schema", ["0", "2", "one", "1.0", "01"])
async def test_tables_of_a_schema_that_is_none_are_not_found(client: httpx.AsyncClient, schema: str) -> None:
    assert (await client.get(f"/v1/watermelon/schemas/{schema}")).status_code == 404


async def test_a_pull_goes_on_from_the_cursor_of_the_one_before(client: httpx.AsyncClient) -> None:
    ana = await people.person(client, "Ana")
    cursor, texts, more = None, [], True
    await pushed(client, ana, entries(*(entry(text=f"Day {nth}.") for nth in range(5))))
    while more:
        page = await pulled(client, ana, limit=2, **({} if cursor is None else {"cursor": cursor}))
        texts += [row["text"] for row in page["changes"].get("check_in", {}).get("updated", [])]
        cursor, more = page["cursor"], page["more"]
    assert texts == [f"Day {nth}." for nth in range(5)]
    assert (await pulled(client, ana, cursor=cursor))["changes"] == {}


async def test_nobody_pulls_with_the_cursor_of_another(client: httpx.AsyncClient) -> None:
    """W25."""
    ana, ben = await people.couple(client)
    await pushed(client, ana, entries(entry(text="CANARY")))
    cursor = (await pulled(client, ana))["cursor"]
    for given in (cursor, "nonsense", "x" * 5000):
        answer = await client.get("/v1/watermelon/sync", params={"cursor": given}, headers=ben.headers)
        assert (answer.status_code, answer.json()["detail"]) == (
            400,
            "This is no cursor that Haven has given. Leave it out to begin anew.",
        )
        said = await pushed(client, ben, {"changes": {}, "cursor": given}, 400)
        assert "CANARY" not in str(said)
    assert "CANARY" not in str(await pulled(client, ben))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({}, 400),
        ({"changes": []}, 400),
        ({"changes": {"check_in": []}}, 400),
        ({"changes": {"check_in": {"created": ["kiwi"]}}}, 400),
        ({"changes": {"check_in": {"deleted": [1]}}}, 400),
        ({"changes": {"check_in": {"deleted": ["a"] * 501}}}, 400),
        ({"changes": {"check_in": {"created": [{}] * 100_000}}}, 400),
        ({"changes": {}}, 200),
        ({"changes": {"check_in": {}}}, 200),
        ({"changes": {"check_in": {"created": [{}]}}}, 200),
        ({"changes": {"check_in": {"updated": [{"id": None, "_changed": 7, "removed_at": "soon"}]}}}, 200),
        ({"changes": {"check_in": {"updated": [{"id": "0" * 36, "_changed": ",,id,rev,_status,kiwi"}]}}}, 200),
        ({"changes": {"no_table": {"created": [{"id": "kiwi", "text": "Kiwi."}]}}}, 200),
    ],
)
async def test_what_is_no_push_is_refused_and_whatever_is_a_row_is_settled(
    client: httpx.AsyncClient, body: Any, status: int
) -> None:
    """X7."""
    ana, _ = await people.couple(client)
    await pushed(client, ana, body, status)


async def test_without_consent_nothing_is_kept(client: httpx.AsyncClient) -> None:
    ana = await people.signed_in(client, "watermelon-without-consent")
    assert (await pushed(client, ana, entries(entry()), 403))["type"] == "urn:haven:problem:consent_needed"


async def test_a_push_is_heard_of_and_of_what_a_device_is_owed_its_person_s_devices_alone_hear(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, ben = await people.couple(client)
    tablet = await people.another_device(client, ana)
    couple = (await people.me(client, ana))["couple"]["id"]
    step = {"id": str(uuid4()), "couple": couple, "goal": str(uuid4()), "title": "Book the ferry."}
    spaces = {who.id: [each async for each in _spaces(client, who)] for who in (ana, ben)}
    async with (
        served(parts) as server,
        listening(server, headers=tablet.headers) as anas,
        listening(server, headers=ben.headers) as bens,
    ):
        for _ in range(2):
            await anas.event()
            await bens.event()
        assert (await pushed(client, ana, entries(entry(local_date="no day"))))["again"] is True
        owed = await anas.event()
        assert (await pushed(client, ana, {"changes": {"step": {"created": [step]}}}))["again"] is False
        heard = await bens.event()
    assert owed is not None
    assert owed[0] == "hint"
    assert owed[1]["space"] == spaces[ana.id][0]
    assert heard is not None
    assert (heard[0], heard[1]["space"]) == ("hint", spaces[ben.id][1])
    (row,) = (await pulled(client, ben))["changes"]["step"]["updated"]
    assert (row["title"], row["removed_at"]) == ("Book the ferry.", None)


async def _spaces(client: httpx.AsyncClient, person: Person) -> AsyncIterator[str]:
    """The person's own space, then the couple's."""
    answer = await client.post("/v1/sync", json={"schema": 1}, headers=person.headers)
    for space in answer.json()["spaces"]:
        yield space["id"]


async def test_a_row_that_comes_twice_in_one_push_is_stored_as_it_came_last(client: httpx.AsyncClient) -> None:
    """A device sends one row as two edits, too, where a life of the store was lost between them."""
    ana = await people.person(client, "Ana")
    first = entry(text="As it came first.")
    await pushed(client, ana, entries(first, first | {"text": "As it came last."}))
    [row] = (await pulled(client, ana))["changes"]["check_in"]["updated"]
    assert row["text"] == "As it came last."
    edited = {"check_in": {"updated": [row | {"_changed": "text", "text": "Edited."}]}}
    assert await pushed(client, ana, {"changes": edited}) == {"again": False}
    assert (await pulled(client, ana))["changes"]["check_in"]["updated"][0]["text"] == "Edited."
