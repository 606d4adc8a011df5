"""More notes than a day holds wait for the writer's next day; the worker gives them then."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.giving import give
from api.wiring import Parts
from domain.notes import LETTERS_A_DAY_MAX
from tests.api.test_sync_input import change, push
from tests.people import Person, couple, me, part


@pytest.fixture
async def two(client: httpx.AsyncClient) -> tuple[Person, Person, str]:
    ana, ben = await couple(client)
    return ana, ben, (await me(client, ana))["couple"]["id"]


def note(couple_id: str, nth: int, **values: Any) -> dict[str, Any]:
    return change("note_draft", set={"for_couple": couple_id, "for_what": f"thanks {nth}", "send": True} | values)


async def notes_of(client: httpx.AsyncClient, someone: Person) -> list[str]:
    records = (await push(client, someone))["records"]
    return [each["fields"]["for_what"] for each in records if each["kind"] == "note"]


async def test_the_eleventh_note_of_a_day_waits_and_is_given_the_next_day(
    client: httpx.AsyncClient, parts: Parts, two: tuple[Person, Person, str]
) -> None:
    ana, ben, couple_id = two
    answer = await push(client, ana, *(note(couple_id, nth) for nth in range(LETTERS_A_DAY_MAX + 2)))
    assert {each["status"] for each in answer["outcomes"]} == {"applied"}
    assert len(await notes_of(client, ben)) == LETTERS_A_DAY_MAX
    waiting = [each for each in (await push(client, ana))["records"] if each["kind"] == "note_draft"]
    assert [each["fields"]["state"] for each in waiting] == ["queued", "queued"]

    await give(parts, parts.clock())
    assert len(await notes_of(client, ben)) == LETTERS_A_DAY_MAX, "today is not over"

    await give(parts, parts.clock() + timedelta(days=1))
    assert sorted(await notes_of(client, ben)) == sorted(f"thanks {nth}" for nth in range(LETTERS_A_DAY_MAX + 2))
    assert [each for each in (await push(client, ana))["records"] if each["kind"] == "note_draft"] == []


async def test_what_is_taken_back_while_it_waits_is_never_given(
    client: httpx.AsyncClient, parts: Parts, two: tuple[Person, Person, str]
) -> None:
    ana, ben, couple_id = two
    drafts = [note(couple_id, nth) for nth in range(LETTERS_A_DAY_MAX + 2)]
    answer = await push(client, ana, *drafts)
    back = {"key": str(uuid4()), "kind": "note_draft", "id": drafts[-1]["id"], "set": {"send": False}}
    gone = {"key": str(uuid4()), "kind": "note_draft", "id": drafts[-2]["id"], "remove": True}
    versions = {each["id"]: each["version"] for each in answer["records"]}
    await push(client, ana, *(each | {"base": versions[each["id"]]} for each in (back, gone)))

    await give(parts, parts.clock() + timedelta(days=1))

    assert len(await notes_of(client, ben)) == LETTERS_A_DAY_MAX
    states = {
        each["id"]: each["fields"]["state"]
        for each in (await push(client, ana))["records"]
        if not each["removed"] and each["kind"] == "note_draft"
    }
    assert states == {drafts[-1]["id"]: "draft"}


async def test_a_note_that_waits_is_not_given_after_parting(
    client: httpx.AsyncClient, parts: Parts, two: tuple[Person, Person, str]
) -> None:
    ana, ben, couple_id = two
    await push(client, ana, *(note(couple_id, nth) for nth in range(LETTERS_A_DAY_MAX + 1)))
    await part(client, ben, couple_id)

    await give(parts, parts.clock() + timedelta(days=1))
    await give(parts, parts.clock() + timedelta(days=2))

    assert len(await notes_of(client, ben)) == LETTERS_A_DAY_MAX
    waiting = [each for each in (await push(client, ana))["records"] if each["kind"] == "note_draft"]
    assert [each["fields"]["for_what"] for each in waiting] == [f"thanks {LETTERS_A_DAY_MAX}"]


async def test_a_note_left_to_be_found_is_given_at_once_and_marked_so(
    client: httpx.AsyncClient, two: tuple[Person, Person, str]
) -> None:
    ana, ben, couple_id = two
    await push(client, ana, note(couple_id, 1, delivery="when_opened"))
    [found] = [each for each in (await push(client, ben))["records"] if each["kind"] == "note"]
    assert found["fields"]["found"] is True
