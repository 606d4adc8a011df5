"""A phone that has the letter already is told of it by nothing, whichever protocol brought it."""

from datetime import timedelta
from typing import Any

import pytest

from api.prompting import Prompting
from tests.journeys.phones import Phone
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.two import Two
from tests.people import ok


async def a_letter_is_planned(two: Two, prompting: Prompting) -> None:
    two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
    await two.ana.sync()
    await prompting.tick(two.clock())


async def noted(two: Two) -> list[int]:
    """How many letters each planned prompt knows to be fetched."""
    rows = await two.parts.pool.fetch(
        "SELECT cardinality(fetched) AS fetched FROM prompt WHERE person_id = $1 AND state = 'planned'",
        two.ben.person,
    )
    return [row["fetched"] for row in rows]


async def pulled(two: Two, phone: Phone, path: str, **query: Any) -> dict[str, Any]:
    given = {name: value for name, value in query.items() if value is not None}
    page: dict[str, Any] = await ok(two.client.get(path, params={"schema": 1, **given}, headers=phone.someone.headers))
    return page


async def test_a_phone_that_comes_back_with_the_letter_is_not_told_of_it(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await a_letter_is_planned(two, prompting)
    await two.ben.page()
    assert await noted(two) == [0], "nobody knows whether the answer has come"
    await two.ben.page()
    assert await noted(two) == [1]
    await two.ben.page()
    assert await noted(two) == [1]
    await rounds(two, prompting, 60 * 25)
    assert vendor.told == []


async def test_a_phone_of_which_nothing_more_is_heard_is_told(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await a_letter_is_planned(two, prompting)
    await two.ben.page()
    await rounds(two, prompting, 15)
    assert len(vendor.told) == 1


async def test_the_authors_own_phone_says_nothing_of_the_other(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await a_letter_is_planned(two, prompting)
    for _ in range(3):
        await two.ana.page()
    await rounds(two, prompting, 15)
    assert len(vendor.told) == 1


async def test_a_second_letter_is_told_of_though_the_first_was_fetched(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await a_letter_is_planned(two, prompting)
    for _ in range(2):
        await two.ben.page()
    await a_letter_is_planned(two, prompting)
    assert await noted(two) == [1]
    await rounds(two, prompting, 15)
    assert len(vendor.told) == 1


@pytest.mark.parametrize(("kind", "is_noted"), [("note", 1), ("goal", 0), ("records", 1)])
async def test_a_collection_of_rxdb_has_what_is_of_its_kind(
    two: Two, prompting: Prompting, vendor: Vendor, kind: str, is_noted: int
) -> None:
    await a_letter_is_planned(two, prompting)
    path = f"/v1/rxdb/{kind}/pull"
    first = await pulled(two, two.ben, path)
    await pulled(two, two.ben, path, checkpoint=first["checkpoint"]["c"])
    assert await noted(two) == [is_noted]
    await rounds(two, prompting, 15)
    assert len(vendor.told) == 1 - is_noted


async def test_watermelondb_has_what_it_has_pulled(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await a_letter_is_planned(two, prompting)
    first = await pulled(two, two.ben, "/v1/watermelon/sync")
    assert await noted(two) == [0]
    await pulled(two, two.ben, "/v1/watermelon/sync", cursor=first["cursor"])
    assert await noted(two) == [1]
    await rounds(two, prompting, 15)
    assert vendor.told == []


async def test_a_page_in_between_has_only_what_lies_before_it(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    goal = two.ana.edit("goal")
    two.ana.edit("goal_terms", goal=goal, title="Walk")
    await two.ana.sync()
    await a_letter_is_planned(two, prompting)
    cursor, seen = None, []
    for _ in range(200):
        page = await pulled(two, two.ben, "/v1/watermelon/sync", cursor=cursor, limit=1)
        seen.append(*await noted(two))
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert max(seen) < 2, "what came last is noted only by the request after it"
    await pulled(two, two.ben, "/v1/watermelon/sync", cursor=cursor)
    assert await noted(two) == [2]


async def test_what_is_noted_goes_with_the_prompt_and_costs_nothing_without_one(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await a_letter_is_planned(two, prompting)
    await rounds(two, prompting, 15)
    for _ in range(2):
        await two.ben.page()
    fetched = await two.parts.pool.fetchval(
        "SELECT sum(cardinality(fetched)) FROM prompt WHERE person_id = $1", two.ben.person
    )
    assert fetched == 0, "it was sent before; of what was read since nothing is kept"


async def test_the_partner_cannot_tell_whether_it_was_fetched(two: Two, prompting: Prompting) -> None:
    await a_letter_is_planned(two, prompting)
    before = await two.bytes_for(two.ana)
    for _ in range(2):
        await two.ben.page()
    assert await noted(two) == [1]
    assert await two.bytes_for(two.ana) == before
    two.clock.move(seconds=int(timedelta(minutes=15).total_seconds()))
    await prompting.tick(two.clock())
    two.clock.move(seconds=-15 * 60)
    assert await two.bytes_for(two.ana) == before
