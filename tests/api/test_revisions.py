"""Earlier values of a record over HTTP: who sees which, and that nobody else learns anything."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.test_sync_input import change, is_problem, push
from tests.people import Person, couple, me, ok

Two = tuple[Person, Person, str]


@pytest.fixture
async def two(client: httpx.AsyncClient) -> Two:
    ana, ben = await couple(client)
    return ana, ben, (await me(client, ana))["couple"]["id"]


async def asked(client: httpx.AsyncClient, who: Person, kind: str, record: str, **query: Any) -> httpx.Response:
    return await client.get(f"/v1/records/{kind}/{record}/revisions", headers=who.headers, params=query)


async def values(client: httpx.AsyncClient, who: Person, kind: str, record: str) -> list[tuple[str, Any]]:
    answer = await ok(asked(client, who, kind, record))
    return [(value["field"], value["value"]) for each in answer["revisions"] for value in each["values"]]


def edited(made: dict[str, Any], was: dict[str, Any], now: dict[str, Any], base: int) -> dict[str, Any]:
    envelope = {name: made[name] for name in ("kind", "id", "couple") if name in made}
    return change(envelope.pop("kind"), set=now, was=was, base=base, **envelope)


async def test_both_see_what_a_text_of_both_held_and_either_can_restore_it(client: httpx.AsyncClient, two: Two) -> None:
    ana, ben, couple_id = two
    goal = change("goal", couple=couple_id, set={"notes": "By the sea."})
    await push(client, ana, goal)
    await push(client, ana, edited(goal, {"notes": "By the sea."}, {"notes": "In the hills."}, 2))
    assert await values(client, ben, "goal", goal["id"]) == [("notes", "By the sea.")]
    [revision] = (await ok(asked(client, ben, "goal", goal["id"])))["revisions"]
    assert revision["values"][0]["by"] == str(ana.id)
    await push(client, ben, edited(goal, {"notes": "In the hills."}, {"notes": "By the sea."}, revision["version"]))
    assert ("notes", "In the hills.") in await values(client, ana, "goal", goal["id"])


async def test_its_author_sees_what_a_private_entry_held_and_nobody_else_learns_that_there_is_one(
    client: httpx.AsyncClient, two: Two
) -> None:
    ana, ben, couple_id = two
    shown = {"audience": couple_id, "shared_parts": ["text"]}
    entry = change(set={"local_date": "2026-11-20", "text": "Tired. And sad."} | shown)
    await push(client, ana, entry)
    await push(client, ana, edited(entry, {"text": "Tired. And sad."}, {"text": "Tired."}, 2))
    assert await values(client, ana, "check_in", entry["id"]) == [("text", "Tired. And sad.")]
    copy = next(each for each in (await push(client, ben))["records"] if each["kind"] == "shown_check_in")
    answers = [
        await asked(client, ben, "check_in", entry["id"]),
        await asked(client, ben, "shown_check_in", copy["id"]),
        await asked(client, ana, "shown_check_in", copy["id"]),
        await asked(client, ben, "check_in", str(uuid4())),
        await asked(client, ben, "no_such_kind", entry["id"]),
        await asked(client, ben, "check_in", "not-an-id"),
    ]
    for answer in answers:
        is_problem(answer, 404)
    assert len({answer.content for answer in answers}) == 1


async def test_earlier_values_come_in_pages(client: httpx.AsyncClient, two: Two) -> None:
    ana, _ben, _couple = two
    entry = change(set={"local_date": "2026-11-20", "text": "0."})
    await push(client, ana, entry)
    for nth in range(1, 6):
        await push(client, ana, edited(entry, {"text": f"{nth - 1}."}, {"text": f"{nth}."}, 1 + nth))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        page = await ok(asked(client, ana, "check_in", entry["id"], **query))
        seen += [value["value"] for each in page["revisions"] for value in each["values"]]
        assert page["more"] == (len(seen) < 5)
        query["before"] = page["revisions"][-1]["version"]
    assert seen == ["4.", "3.", "2.", "1.", "0."]


async def test_a_purge_leaves_nothing_to_look_at(client: httpx.AsyncClient, two: Two) -> None:
    ana, _ben, _couple = two
    entry = change(set={"local_date": "2026-11-20", "text": "Tired. And sad."})
    await push(client, ana, entry)
    await push(client, ana, edited(entry, {"text": "Tired. And sad."}, {"text": "Tired."}, 2))
    await client.delete(f"/v1/records/check_in/{entry['id']}/words", headers=ana.headers)
    assert await values(client, ana, "check_in", entry["id"]) == []


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"before": "-1"}, {"before": "x"}, {"limit": ["1", "2"]}]
)
async def test_a_question_that_does_not_fit_is_told_so(
    client: httpx.AsyncClient, two: Two, query: dict[str, Any]
) -> None:
    ana, _ben, _couple = two
    is_problem(await asked(client, ana, "check_in", str(uuid4()), **query), 400)


async def test_it_takes_one_statement(client: httpx.AsyncClient, two: Two, statements: list[str]) -> None:
    ana, _ben, _couple = two
    await asked(client, ana, "check_in", str(uuid4()))
    statements.clear()
    await asked(client, ana, "check_in", str(uuid4()))
    assert len([each for each in statements if "pg_catalog" not in each]) == 1


async def test_without_a_token_it_is_nobody_s(client: httpx.AsyncClient) -> None:
    is_problem(await client.get(f"/v1/records/check_in/{uuid4()}/revisions"), 401)
