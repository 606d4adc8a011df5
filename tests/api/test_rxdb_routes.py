"""RxDB's routes: collections, pages of documents, and whose they are."""

from typing import Any
from uuid import uuid4

import httpx
import msgspec
import people
import pytest
from people import Person

from api.app import create_app
from api.wiring import Parts
from domain.kinds import KINDS
from sync import space_store
from sync.documents import BESIDE, COUPLE, DELETED, KEY, KIND, MARKS
from tests.conftest import app_client
from tests.streams import listening, served


async def pulled(client: httpx.AsyncClient, person: Person, kind: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/rxdb/{kind}/pull", params=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def written(client: httpx.AsyncClient, person: Person, *changes: dict[str, Any]) -> None:
    """Changes by the native protocol, all of which are stored."""
    said = [{"key": str(uuid4()), "base": 0, **change} for change in changes]
    answer = await client.post("/v1/sync", json={"schema": 1, "changes": said}, headers=person.headers)
    assert {outcome["status"] for outcome in answer.json()["outcomes"]} == {"applied"}


def check_in(identity: str | None = None, **values: Any) -> dict[str, Any]:
    return {"kind": "check_in", "id": identity or str(uuid4()), "set": {"local_date": "2026-11-20", **values}}


async def test_a_collection_has_a_property_for_everything_and_all_but_the_key_may_be_null(
    client: httpx.AsyncClient,
) -> None:
    told = (await client.get("/v1/rxdb/schemas/1")).json()
    assert told["schema"] == 1
    assert told["collections"].keys() == KINDS.keys()
    for name, schema in told["collections"].items():
        properties = schema["properties"]
        assert schema["primaryKey"] == KEY
        assert set(KINDS[name].fields) <= properties.keys()
        assert (COUPLE in properties) == (KINDS[name].home == "couple")
        assert all("null" in each["type"] for key, each in properties.items() if key != KEY)


async def test_the_collection_of_all_kinds_has_every_property_of_each(client: httpx.AsyncClient) -> None:
    told = (await client.get("/v1/rxdb/schemas/1")).json()
    every = told["records"]["properties"]
    assert set(every.pop("kind")["type"]) == {"string"}
    assert every.keys() == {name for each in told["collections"].values() for name in each["properties"]}
    for schema in told["collections"].values():
        for name, property_ in schema["properties"].items():
            assert name == KEY or set(property_["type"]) <= set(every[name]["type"])


def test_no_kind_has_a_field_of_a_name_that_a_document_needs_itself() -> None:
    taken = {KEY, DELETED, KIND, COUPLE, *MARKS, *BESIDE}
    assert not [name for kind in KINDS.values() for name in kind.fields if name in taken or name.startswith("_")]


async def test_a_page_has_the_documents_of_one_kind_and_a_checkpoint_from_which_the_next_goes_on(
    client: httpx.AsyncClient,
) -> None:
    ana, _ = await people.couple(client)
    entries = [check_in(text=f"Day {nth}.", local_date=f"2026-11-{nth:02}") for nth in range(1, 6)]
    await written(client, ana, *entries)
    seen: list[str] = []
    page = await pulled(client, ana, "check_in", limit=2)
    while page["documents"]:
        seen += [each["text"] for each in page["documents"]]
        page = await pulled(client, ana, "check_in", limit=2, checkpoint=page["checkpoint"]["c"])
    assert seen == [f"Day {nth}." for nth in range(1, 6)]


async def test_a_document_says_what_the_record_holds_and_what_it_belongs_to(client: httpx.AsyncClient) -> None:
    ana, ben = await people.couple(client)
    couple = (await people.me(client, ana))["couple"]["id"]
    goal = str(uuid4())
    await written(client, ana, {"kind": "goal", "id": goal, "couple": couple, "set": {}})
    (document,) = (await pulled(client, ben, "goal"))["documents"]
    assert (document["id"], document["author"], document["couple"]) == (goal, str(ana.id), couple)
    assert (document["rev"], document["_deleted"], document["merged"]) == (1, False, [])
    schema = (await client.get("/v1/rxdb/schemas/1")).json()["collections"]["goal"]
    assert document.keys() - {"_deleted"} == schema["properties"].keys()


async def test_what_is_removed_is_its_id_its_marks_and_the_word_that_it_is_gone(client: httpx.AsyncClient) -> None:
    ana, _ = await people.couple(client)
    entry = check_in(text="Kiwi.")
    await written(client, ana, entry)
    await written(client, ana, {"kind": "check_in", "id": entry["id"], "base": 2, "set": {}, "remove": True})
    (document,) = (await pulled(client, ana, "check_in"))["documents"]
    assert {name for name, value in document.items() if value is not None} == {
        *("id", "_deleted"),
        *("rev", "epoch", "author"),
    }
    assert (document["id"], document["_deleted"]) == (entry["id"], True)


async def test_nobody_pulls_what_is_not_theirs_whoever_s_checkpoint_they_send(client: httpx.AsyncClient) -> None:
    ana, ben = await people.couple(client)
    await written(client, ana, check_in(text="Kiwi."))
    page = await pulled(client, ana, "check_in")
    assert (await pulled(client, ben, "check_in"))["documents"] == []
    w25 = {"checkpoint": page["checkpoint"]["c"]}
    answer = await client.get("/v1/rxdb/check_in/pull", params=w25, headers=ben.headers)
    assert (answer.status_code, answer.json()["where"]) == (400, "?checkpoint")
    assert (await client.get("/v1/rxdb/check_in/pull")).status_code == 401


async def test_a_checkpoint_from_beyond_a_restore_is_answered_with_the_new_life(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, _ = await people.couple(client)
    await written(client, ana, check_in(text="Kiwi."), check_in(text="Lost.", local_date="2026-11-21"))
    page = await pulled(client, ana, "check_in")
    space = await parts.pool.fetchval("SELECT personal_space_id FROM member WHERE person_id = $1 LIMIT 1", ana.id)
    # The store goes back by one version.
    await parts.pool.execute("DELETE FROM record WHERE space_id = $1 AND version = 3", space)
    await parts.pool.execute("UPDATE space SET head = 2 WHERE space_id = $1", space)
    await space_store.bump_epoch(parts.pool, uuid4(), space)
    query = {"checkpoint": page["checkpoint"]["c"]}
    answer = await client.get("/v1/rxdb/check_in/pull", params=query, headers=ana.headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:haven:problem:epoch_changed")
    told = answer.json()["reset"]
    assert (told["space"], told["head"]) == (str(space), 2)
    (document,) = (await pulled(client, ana, "check_in"))["documents"]
    assert (document["text"], document["epoch"]) == ("Kiwi.", told["epoch"])


async def test_a_kind_that_nobody_knows_has_no_documents_and_a_schema_that_is_none_is_told(
    client: httpx.AsyncClient,
) -> None:
    ana, _ = await people.couple(client)
    assert (await pulled(client, ana, "horoscope"))["documents"] == []
    for schema in ("0", "2", "01", "one"):
        assert (await client.get(f"/v1/rxdb/schemas/{schema}")).status_code == 404
    answer = await client.get("/v1/rxdb/goal/pull", params={"limit": "0"}, headers=ana.headers)
    assert (answer.status_code, answer.json()["where"]) == (400, "?limit")


async def pushed(client: httpx.AsyncClient, person: Person, kind: str, *rows: Any) -> httpx.Response:
    return await client.post(f"/v1/rxdb/{kind}/push", json=list(rows), headers=person.headers)


def row(**document: Any) -> dict[str, Any]:
    return {"newDocumentState": {"id": str(uuid4()), "local_date": "2026-11-20", "_deleted": False, **document}}


async def test_what_one_phone_pushes_another_pulls_and_the_live_stream_hears_of_it(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, _ = await people.couple(client)
    tablet = await people.another_device(client, ana)
    async with served(parts) as server, listening(server, headers=tablet.headers) as heard:
        told = [await heard.event() for _ in range(2)]
        assert (await pushed(client, ana, "check_in", row(text="Kiwi."))).json() == []
        event = await heard.event()
    assert event is not None
    assert event[0] == "hint"
    assert event[1] not in [each[1] for each in told if each is not None]
    (document,) = (await pulled(client, tablet, "check_in"))["documents"]
    assert document["text"] == "Kiwi."


async def test_a_device_that_has_pushed_is_told_so_once_more(client: httpx.AsyncClient, parts: Parts) -> None:
    """A pull that was under way meanwhile has passed over what was pushed."""
    ana = await people.person(client, "Ana")
    async with served(parts) as server, listening(server, headers=ana.headers) as heard:
        await heard.event()
        assert (await pushed(client, ana, "check_in", row(text="Kiwi."))).json() == []
        told = [await heard.event() for _ in range(2)]
    assert told[0] == told[1]
    assert told[0] is not None
    assert told[0][0] == "hint"


async def test_a_retry_an_hour_later_is_one_on_postgresql_too(client: httpx.AsyncClient) -> None:
    ana, _ = await people.couple(client)
    first = row(text="Kiwi.")
    for _ in range(2):
        assert (await pushed(client, ana, "check_in", first)).json() == []
    more = {"newDocumentState": first["newDocumentState"] | {"text": "Kiwi. Plum."}}
    assert (await pushed(client, ana, "check_in", more)).json() == []
    (document,) = (await pulled(client, ana, "check_in"))["documents"]
    assert (document["text"], document["alternatives"]) == ("Kiwi. Plum.", {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"newDocumentState": {}}, 400),
        ([{"assumedMasterState": {}}], 400),
        ([{"newDocumentState": []}], 400),
        ([row() for _ in range(501)], 400),
        ([row(text="a" * 1_100_000)], 413),
    ],
    ids=["no array", "no document", "a document that is none", "501 rows", "over a mebibyte"],
)
async def test_what_is_no_array_of_rows_is_told_so(client: httpx.AsyncClient, body: Any, status: int) -> None:
    ana = await people.person(client, "Ana")
    answer = await client.post("/v1/rxdb/check_in/push", json=body, headers=ana.headers)
    assert answer.status_code == status


async def test_without_consent_nothing_is_kept(client: httpx.AsyncClient) -> None:
    ana = await people.signed_in(client, f"ana-{uuid4()}")
    answer = await pushed(client, ana, "check_in", row(text="Kiwi."))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:haven:problem:consent_needed")
    assert (await pushed(client, ana, "check_in")).status_code == 200, "in nothing there is nothing to keep"
    assert (await pulled(client, ana, "check_in"))["documents"] == []


async def test_an_app_that_is_too_old_is_told_so_by_every_route(parts: Parts) -> None:
    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    async with app_client(create_app(msgspec.structs.replace(parts, settings=settings))) as client:
        ana = await people.person(client, "Ana")
        for answer in (
            await client.get("/v1/rxdb/schemas/1"),
            await client.get("/v1/rxdb/goal/pull", headers=ana.headers),
            await pushed(client, ana, "goal"),
        ):
            assert (answer.status_code, answer.json()["type"]) == (426, "urn:haven:problem:schema_too_old")


async def test_a_document_that_comes_twice_in_one_push_is_stored_as_it_came_last(client: httpx.AsyncClient) -> None:
    ana = await people.person(client, "Ana")
    made = {"id": str(uuid4()), "local_date": "2026-11-20", "_deleted": False}
    first, last = made | {"text": "As it came first."}, made | {"text": "As it came last."}
    rows = [{"newDocumentState": first}, {"newDocumentState": last, "assumedMasterState": first}]
    answer = await client.post("/v1/rxdb/check_in/push?schema=1", json=rows, headers=ana.headers)
    assert answer.status_code == 200
    [document] = (await pulled(client, ana, "check_in"))["documents"]
    assert document["text"] == "As it came last."
