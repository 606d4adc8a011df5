"""The ends of a couple, lived on phones: a keepsake that is let go, and a couple that comes back.

Ana has two phones, Ben has one; time is a clock that stands.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.parting import empty_given_up
from api.wiring import Parts
from tests import people
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Home, Phone, home_of
from tests.people import ok


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


async def agree(*phones: Phone) -> None:
    for _ in range(2):
        for phone in phones:
            await phone.sync()


async def let_go(client: httpx.AsyncClient, who: people.Person, couple: str) -> httpx.Response:
    return await client.delete(f"/v1/couples/{couple}/keepsake", headers=who.headers)


async def answers_to(client: httpx.AsyncClient, who: people.Person) -> list[Any]:
    """All that this person can read, but for the moment of asking."""
    answers = [
        await ok(client.get("/v1/me", headers=who.headers)),
        await ok(client.post("/v1/sync", headers=who.headers, json={"schema": 1})),
        await ok(client.get("/v1/rxdb/records/pull", headers=who.headers)),
        await ok(client.get("/v1/watermelon/sync?schema=1", headers=who.headers)),
    ]
    return [_timeless(answer) for answer in answers]


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(each) for name, each in value.items() if name not in ("now", "cursor", "c")}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def of_couple(phone: Phone, space: UUID) -> list[Any]:
    return [key for key in phone.holds() if key[0] == space]


async def couple_space(parts: Parts, couple: str) -> UUID:
    space: UUID = await parts.pool.fetchval("SELECT space_id FROM space WHERE couple_id = $1", UUID(couple))
    return space


async def test_a_keepsake_that_is_let_go_leaves_all_phones_of_that_person_and_none_of_the_other(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    space = await couple_space(home.parts, home.couple)
    await home.a1.part()
    await agree(home.a1, home.a2, home.b1)
    before = await answers_to(home.client, home.ben)

    assert (await let_go(home.client, home.ana, home.couple)).status_code == 204
    assert (await let_go(home.client, home.ana, home.couple)).status_code == 204, "twice is once"

    await agree(home.a1, home.a2, home.b1)
    for phone in (home.a1, home.a2):
        assert of_couple(phone, space) == []
        assert b"Book ferry" not in phone.database_bytes()
    assert (await people.me(home.client, home.ana))["keepsakes"] == []
    assert await answers_to(home.client, home.ben) == before, "I19: nobody is told"
    assert home.b1.fields(step)["title"] == "Book ferry"
    newcomer = await home.another_phone("ana")
    await newcomer.sync()
    assert of_couple(newcomer, space) == []


async def test_i14_letting_go_asks_for_no_reason_no_sign_in_and_nobody_else(home: Home, clock: StillClock) -> None:
    await home.a1.part()
    clock.move(minutes=30)
    assert (await let_go(home.client, home.ana, home.couple)).status_code == 204


async def test_when_neither_holds_it_its_keys_are_destroyed_and_then_its_rows(home: Home, parts: Parts) -> None:
    await home.shared_step("Book ferry")
    space = await couple_space(parts, home.couple)
    await home.a1.part()

    await let_go(home.client, home.ana, home.couple)
    assert await parts.keys.of([space])
    assert await parts.pool.fetchval("SELECT count(*) FROM space_key WHERE space_id = $1", space) == 1
    await let_go(home.client, home.ben, home.couple)

    assert await parts.pool.fetchval("SELECT count(*) FROM space_key WHERE space_id = $1", space) == 0
    assert not await parts.keys.of([space])
    rounds = 0
    while await parts.pool.fetchval("SELECT true FROM emptying WHERE space_id = $1", space):
        await empty_given_up(parts.accounts, rows_max=2, spaces_max=100)
        rounds += 1
    assert rounds > 1, "each round is bounded"
    for table in await tables_of_spaces(parts):
        assert await parts.pool.fetchval(f"SELECT count(*) FROM {table} WHERE space_id = $1", space) == 0, table
    assert (await let_go(home.client, home.ben, home.couple)).status_code in (204, 404)
    for phone in (home.a1, home.b1):
        await phone.sync()
        assert phone.all("goal") == []


async def tables_of_spaces(parts: Parts) -> list[str]:
    """Every table with rows of a space, but those that say whose it was."""
    rows = await parts.pool.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'space_id'"
    )
    return sorted({row["table_name"] for row in rows} - {"person", "person_space", "deletion"})


async def test_only_a_keepsake_can_be_let_go(home: Home) -> None:
    together = await let_go(home.client, home.ana, home.couple)
    stranger = await people.person(home.client, "Cleo")
    await home.a1.part()
    others = await let_go(home.client, stranger, home.couple)
    assert (together.status_code, together.content) == (others.status_code, others.content)
    assert together.status_code == 404


async def test_who_was_let_go_can_still_be_blocked(home: Home, parts: Parts) -> None:
    await home.a1.part()
    await let_go(home.client, home.ana, home.couple)
    await ok(home.client.post(f"/v1/couples/{home.couple}/block", headers=home.ana.headers))
    code = await people.invite(home.client, home.ben)
    assert (await people.redeem(home.client, home.ana, code)).status_code == 404


# Restoring


async def ask_back(client: httpx.AsyncClient, who: people.Person, couple: str) -> httpx.Response:
    return await client.post(f"/v1/couples/{couple}/restore", headers=who.headers)


async def take_back(client: httpx.AsyncClient, who: people.Person, couple: str) -> httpx.Response:
    return await client.delete(f"/v1/couples/{couple}/restore", headers=who.headers)


async def asked_back(client: httpx.AsyncClient, who: people.Person) -> list[bool]:
    return [each["asked_back"] for each in (await people.me(client, who))["keepsakes"]]


async def test_a_couple_comes_back_when_both_have_asked_and_no_window_opens(home: Home) -> None:
    """I9, and I18 for what was still under way when they parted."""
    step = await home.shared_step("Book ferry")
    entry = home.a1.edit(
        "check_in", local_date="2026-11-20", text="shown to Ben", audience=home.couple, shared_parts=["text"]
    )
    await agree(home.a1, home.b1, home.a2)
    assert [each.fields["text"] for each in home.b1.all("shown_check_in")] == ["shown to Ben"]
    home.a2.edit("step", step, title="Book the ferry offline")
    await home.a1.part()
    await agree(home.a1, home.b1)

    assert (await ok(ask_back(home.client, home.ana, home.couple))) == {"couple": None}
    anew = (await ok(ask_back(home.client, home.ben, home.couple)))["couple"]
    assert (anew["state"], anew["partner"]) == ("together", str(home.ana.id))
    assert anew["id"] != home.couple
    assert await ok(ask_back(home.client, home.ben, home.couple)) == {"couple": anew}, "the answer was lost"

    await agree(home.a1, home.b1, home.a2)
    of_ana = await people.me(home.client, home.ana)
    assert (of_ana["couple"]["id"], of_ana["couple"]["space"]) == (anew["id"], anew["space"])
    assert of_ana["keepsakes"] == []
    for phone in (home.a1, home.a2, home.b1):
        assert phone.couple_state() == "active"
        assert phone.fields(step)["title"] == "Book ferry"
        assert phone.fields(home.goal)["state"] == "active"
        assert phone.all("shown_check_in") == []
        assert phone.holds() == await home.holds(phone.someone)
    boxes = [each.fields for each in home.a2.all("unplaced")]
    assert [(each["code"], each["words"]) for each in boxes] == [("closed", {"title": "Book the ferry offline"})]

    home.a1.edit("check_in", entry, text="after they came back")
    home.b1.edit("step", step, title="Book ferry for May")
    await agree(home.a1, home.b1, home.a2)
    assert b"after they came back" not in home.b1.bytes_received()
    assert home.a2.fields(step)["title"] == "Book ferry for May"
    home.a1.edit("check_in", entry, audience=anew["id"])
    await agree(home.a1, home.b1)
    assert [each.fields["text"] for each in home.b1.all("shown_check_in")] == ["after they came back"], "by an act"


async def test_nothing_that_the_other_can_read_shows_that_somebody_asked(home: Home, clock: StillClock) -> None:
    await home.shared_step("Book ferry")
    await home.a1.part()
    before = await answers_to(home.client, home.ben)

    await ok(ask_back(home.client, home.ana, home.couple))

    assert await answers_to(home.client, home.ben) == before
    assert await asked_back(home.client, home.ana) == [True]
    assert await asked_back(home.client, home.ben) == [False]
    await ok(take_back(home.client, home.ana, home.couple))
    await ok(take_back(home.client, home.ana, home.couple))
    assert await asked_back(home.client, home.ana) == [False]
    assert await ok(ask_back(home.client, home.ben, home.couple)) == {"couple": None}


async def nothing(_: Home, __: StillClock) -> None:
    """Ana has not asked."""


async def asked_and_took_it_back(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    await ok(take_back(home.client, home.ana, home.couple))


async def asked_and_let_it_go(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    await ok(let_go(home.client, home.ana, home.couple))


async def asked_and_blocked(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    await ok(home.client.post(f"/v1/couples/{home.couple}/block", headers=home.ana.headers))


async def blocked_and_asked(home: Home, _: StillClock) -> None:
    await ok(home.client.post(f"/v1/couples/{home.couple}/block", headers=home.ana.headers))
    await ok(ask_back(home.client, home.ana, home.couple))


async def asked_and_is_with_somebody_else(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    await people.pair(home.client, home.ana, await people.person(home.client, "Cleo"))


async def asked_and_was_with_somebody_else(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    couple = await people.pair(home.client, home.ana, await people.person(home.client, "Cleo"))
    await ok(people.part(home.client, home.ana, couple))


async def asked_and_wants_no_couple(home: Home, _: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    await people.consent(home.client, home.ana, "pairing", given=False)


async def asked_too_long_ago(home: Home, clock: StillClock) -> None:
    await ok(ask_back(home.client, home.ana, home.couple))
    clock.move(days=30)


@pytest.mark.parametrize(
    "what",
    [
        nothing,
        asked_and_took_it_back,
        asked_and_let_it_go,
        asked_and_blocked,
        blocked_and_asked,
        asked_and_is_with_somebody_else,
        asked_and_was_with_somebody_else,
        asked_and_wants_no_couple,
        asked_too_long_ago,
    ],
    ids=lambda what: what.__name__,
)
async def test_whatever_is_lacking_on_the_other_side_looks_like_an_asking_that_waits(
    home: Home, clock: StillClock, statements: list[str], what: Any
) -> None:
    dora, emil = await people.couple(home.client, ("Dora", "Emil"))
    theirs = (await people.me(home.client, dora))["couple"]["id"]
    await ok(people.part(home.client, dora, theirs))
    await home.a1.part()
    await what(home, clock)

    async def told(who: people.Person, couple: str) -> tuple[int, bytes, list[str]]:
        await ok(home.client.get("/v1/me", headers=who.headers))
        statements.clear()
        answer = await ask_back(home.client, who, couple)
        return answer.status_code, answer.content, list(statements)

    alone = await told(emil, theirs)
    assert alone[:2] == (200, b'{"couple":null}')
    assert len(alone[2]) > 8
    assert await told(home.ben, home.couple) == alone
    assert await asked_back(home.client, home.ben) == [True]


async def test_both_asking_at_once_is_one_couple(home: Home) -> None:
    await home.a1.part()
    answers = await asyncio.gather(*(ask_back(home.client, who, home.couple) for who in (home.ana, home.ben) * 4))
    assert {answer.status_code for answer in answers} == {200}
    couples = {(await people.me(home.client, who))["couple"]["id"] for who in (home.ana, home.ben)}
    assert len(couples) == 1


async def test_who_is_in_a_couple_asks_for_no_other_one_back(home: Home) -> None:
    await home.a1.part()
    await people.pair(home.client, home.ben, await people.person(home.client, "Cleo"))
    answer = await ask_back(home.client, home.ben, home.couple)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:haven:problem:already_paired")


async def test_asking_for_a_couple_that_is_together_or_of_others_does_nothing(home: Home) -> None:
    assert (await ok(ask_back(home.client, home.ana, home.couple)))["couple"]["id"] == home.couple
    stranger = await people.person(home.client, "Cleo")
    await home.a1.part()
    for act in (ask_back, take_back):
        assert (await act(home.client, stranger, home.couple)).status_code == 404


async def test_the_name_of_today_is_shown_after_coming_back(home: Home) -> None:
    await home.a1.part()
    await ok(home.client.patch("/v1/me", headers=home.ana.headers, json={"chosen_name": "Anna"}))
    await ok(ask_back(home.client, home.ana, home.couple))
    anew = (await ok(ask_back(home.client, home.ben, home.couple)))["couple"]
    assert anew["partner_name"] == "Anna"


# Client libraries


async def records(client: httpx.AsyncClient, who: people.Person, checkpoint: str | None = None) -> httpx.Response:
    query = {} if checkpoint is None else {"checkpoint": checkpoint}
    return await client.get("/v1/rxdb/records/pull", params=query, headers=who.headers)


async def test_rxdb_begins_anew_with_a_couple_that_came_back_and_loses_and_repeats_nothing(home: Home) -> None:
    """Its documents name the couple that was; only what was edited meanwhile is a late edit (I18)."""
    step = await home.shared_step("Book ferry")
    before = await ok(records(home.client, home.ben))
    await home.a1.part()
    await ok(ask_back(home.client, home.ana, home.couple))
    anew = (await ok(ask_back(home.client, home.ben, home.couple)))["couple"]

    told = await records(home.client, home.ben, before["checkpoint"]["c"])
    assert (told.status_code, told.json()["type"]) == (409, "urn:haven:problem:epoch_changed")
    rows = [{"newDocumentState": each} for each in before["documents"]]
    edited = next(each["newDocumentState"] for each in rows if each["newDocumentState"]["id"] == str(step))
    edited["title"] = "Book the night ferry"
    pushed = await ok(home.client.post("/v1/rxdb/records/push", headers=home.ben.headers, json=rows))
    after = await ok(records(home.client, home.ben))

    of_couple = [each for each in after["documents"] if each.get("couple") is not None]
    assert {each["couple"] for each in of_couple} == {anew["id"]}
    assert {each["id"] for each in before["documents"]} <= {each["id"] for each in after["documents"]}
    assert {each["id"] for each in of_couple} <= {each["id"] for each in pushed}, "each is told with its couple"
    boxes = [each for each in after["documents"] if each["kind"] == "unplaced"]
    assert [(each["code"], each["words"]) for each in boxes] == [("closed", {"title": "Book the night ferry"})]
    assert next(each for each in of_couple if each["id"] == str(step))["title"] == "Book ferry"


async def test_watermelon_takes_the_rows_of_a_couple_that_came_back_once_more(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    before = await ok(home.client.get("/v1/watermelon/sync?schema=1", headers=home.ben.headers))
    await home.a1.part()
    await ok(ask_back(home.client, home.ana, home.couple))
    anew = (await ok(ask_back(home.client, home.ben, home.couple)))["couple"]

    query = {"schema": "1", "cursor": before["cursor"]}
    told = await home.client.get("/v1/watermelon/sync", params=query, headers=home.ben.headers)
    assert (told.status_code, told.json()["type"]) == (409, "urn:haven:problem:epoch_changed")
    after = await ok(home.client.get("/v1/watermelon/sync?schema=1", headers=home.ben.headers))
    assert after["couples"] == [anew["id"]]
    rows = {each["id"]: each for each in after["changes"]["step"]["updated"]}
    assert (rows[str(step)]["couple"], rows[str(step)]["title"]) == (anew["id"], "Book ferry")
