"""How many statements a job takes, counted: a cost that must not creep in."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.test_sync_input import change, push
from tests.people import couple, me, person


@pytest.fixture
async def warm(client: httpx.AsyncClient) -> tuple[Any, Any, str, str, str]:
    """A couple whose tokens, keys and statements are known to the process, both devices at head."""
    ana, ben = await couple(client)
    couple_id = (await me(client, ana))["couple"]["id"]
    await push(client, ana, change("goal", couple=couple_id))
    cursors = [(await push(client, each))["cursor"] for each in (ana, ben)]
    return ana, ben, couple_id, *cursors


def own(statements: list[str]) -> list[str]:
    """Without the driver's look at array types, once a connection."""
    return [each for each in statements if "typelem" not in each and "pg_type" not in each]


async def test_pulling_nothing_and_pulling_something_is_one_statement(
    client: httpx.AsyncClient, warm: Any, statements: list[str]
) -> None:
    ana, ben, couple_id, _, at = warm
    statements.clear()
    await push(client, ben, cursor=at)
    assert len(own(statements)) == 1

    await push(client, ana, change("goal", couple=couple_id))
    statements.clear()
    answer = await push(client, ben, cursor=at)
    assert len(own(statements)) == 1
    assert len(answer["records"]) == 1


@pytest.mark.parametrize("changes", [1, 90])
async def test_a_push_into_one_space_is_one_statement_to_load_and_one_to_save(
    client: httpx.AsyncClient, warm: Any, statements: list[str], changes: int
) -> None:
    ana, _, couple_id, at, _ = warm
    statements.clear()
    answer = await push(client, ana, *(change("goal", couple=couple_id) for _ in range(changes)), cursor=at)
    assert len(own(statements)) == 2
    assert len(answer["records"]) == changes, "its own changes come back without a third statement"


async def test_with_news_of_the_partner_it_is_three(
    client: httpx.AsyncClient, warm: Any, statements: list[str]
) -> None:
    ana, ben, couple_id, at, _ = warm
    await push(client, ben, change("goal", couple=couple_id))
    statements.clear()
    answer = await push(client, ana, change("goal", couple=couple_id), cursor=at)
    assert len(own(statements)) == 3
    assert len(answer["records"]) == 2


async def test_a_window_is_written_in_one_transaction_with_a_head_for_each_space(
    client: httpx.AsyncClient, warm: Any, statements: list[str]
) -> None:
    ana, _, couple_id, at, _ = warm
    shown = change(
        set={"local_date": "2026-11-20", "text": "long", "audience": couple_id, "shared_parts": ["text"]},
    )
    statements.clear()
    await push(client, ana, shown, cursor=at)
    written = own(statements)
    assert [each.strip().split(maxsplit=1)[0] for each in written] == [
        "WITH",
        "BEGIN;",
        "UPDATE",
        "UPDATE",
        "WITH",
        "COMMIT;",
    ]


async def test_a_thousand_private_entries_do_not_touch_the_partners_place(client: httpx.AsyncClient) -> None:
    ana, ben = await couple(client)
    before = await push(client, ben)
    for _ in range(10):
        await push(client, ana, *(change("note_draft", set={"for_what": "the tea"}) for _ in range(100)))
    after = await push(client, ben)
    assert {**after, "now": 0} == {**before, "now": 0}


async def test_a_person_alone_pushes_in_two(client: httpx.AsyncClient, statements: list[str]) -> None:
    ana = await person(client, "Ana")
    await push(client, ana, change())
    at = (await push(client, ana))["cursor"]
    statements.clear()
    await push(client, ana, change(id=str(uuid4())), cursor=at)
    assert len(own(statements)) == 2


async def test_a_collection_is_pulled_by_two_statements_and_pushed_by_few_whatever_the_number_of_rows(
    client: httpx.AsyncClient, warm: Any, statements: list[str]
) -> None:
    ana, ben, couple_id, _, _ = warm
    for rows in (1, 60):
        documents = [{"id": str(uuid4()), "couple": couple_id} for _ in range(rows)]
        body = [{"newDocumentState": each} for each in documents]
        statements.clear()
        answer = await client.post("/v1/rxdb/goal/push", json=body, headers=ana.headers)
        assert (answer.status_code, answer.json()) == (200, [])
        # Shadows, places; load; begin, raise, store, shadows, commit; what is stored now.
        assert len(own(statements)) == 9
        statements.clear()
        page = await client.get("/v1/rxdb/goal/pull", headers=ben.headers)
        assert len(own(statements)) == 2
        assert len(page.json()["documents"]) >= rows


async def test_proposing_terms_asks_once_more_whether_the_same_was_asked_a_short_while_ago(
    client: httpx.AsyncClient, warm: Any, statements: list[str]
) -> None:
    ana, _, couple_id, at, _ = warm
    terms = [change("goal_terms", couple=couple_id, set={"goal": str(uuid4()), "title": f"T{n}"}) for n in range(50)]
    statements.clear()
    await push(client, ana, *terms, cursor=at)
    assert len(own(statements)) == 3
