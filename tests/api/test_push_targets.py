"""How a device says where it is reached by push, and everything that ends it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api import push_targets
from api.app import create_app
from api.keys import HashKeys
from api.pruning import prune
from api.push_targets import Wish, reaching
from api.telemetry import AllowedFields
from api.wiring import Parts
from notifications import target_store
from notifications.targets import Reached
from tests.clocks import StillClock, app_at
from tests.conftest import app_client
from tests.people import Person, another_device, consent, couple, identity_token, me, ok, part, person, signed_in

PATH = "/v1/devices/current/push-target"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await person(client, "Ana")


def fresh() -> str:
    """A token that no other test has."""
    return f"quittenmarmelade:{uuid4().hex}"


async def register(client: httpx.AsyncClient, who: Person, value: str, **other: Any) -> httpx.Response:
    body = {"kind": "token", "value": value, "platform": "android", **other}
    return await client.put(PATH, headers=who.headers, json=body)


async def reached(
    parts: Parts, client: httpx.AsyncClient, clock: StillClock, who: Person, *, hidden: bool = False
) -> list[Reached]:
    """Where whoever sends would reach this person."""
    space = await parts.pool.fetchval("SELECT space_id FROM person WHERE person_id = $1", who.id)
    return (await reaching(parts.pool, parts.keys, {who.id: Wish(space, hidden)}, clock().date()))[who.id]


async def values(parts: Parts, client: httpx.AsyncClient, clock: StillClock, who: Person) -> list[str]:
    return [each.target.value for each in await reached(parts, client, clock, who)]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:haven:problem:")


# Registering


async def test_a_device_says_how_it_is_reached(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    fid = uuid4().hex[:22]
    answer = await register(client, ana, fid, kind="fid", platform="ios")
    assert (answer.status_code, answer.content) == (204, b"")
    (found,) = await reached(parts, client, clock, ana, hidden=True)
    assert (found.target.device, found.target.kind, found.target.value) == (ana.device, "fid", fid)
    assert (found.target.platform, found.target.hidden) == ("ios", True)


async def test_each_device_has_its_own_and_the_next_replaces_it(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    """An update of the app moves a device from `token` to `fid` by registering anew."""
    tablet = await another_device(client, ana)
    old, new, other = fresh(), uuid4().hex[:22], fresh()
    await ok(register(client, ana, old))
    await ok(register(client, tablet, other, platform="web"))
    await ok(register(client, ana, new, kind="fid"))
    await ok(register(client, ana, new, kind="fid"))
    assert sorted(await values(parts, client, clock, ana)) == sorted([new, other])


async def test_x21_a_value_moves_to_whoever_registers_it_and_nothing_is_said_to_the_other(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    ana, ben = await couple(client)
    value = fresh()
    await ok(register(client, ben, value))
    before = await ok(client.post("/v1/sync", headers=ben.headers, json={"schema": 1}))
    await ok(register(client, ana, value))
    assert await values(parts, client, clock, ana) == [value]
    assert await values(parts, client, clock, ben) == []
    after = await ok(client.post("/v1/sync", headers=ben.headers, json={"schema": 1, "cursor": before["cursor"]}))
    assert (after["records"], after["cursor"]) == ([], before["cursor"])
    assert (await client.get("/v1/devices", headers=ben.headers)).status_code == 200


async def test_a_value_moves_between_the_devices_of_one_person(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    """As where the app was installed anew, and has another device id."""
    value, again = fresh(), await another_device(client, ana)
    await ok(register(client, ana, value))
    await ok(register(client, again, value))
    assert [each.target.device for each in await reached(parts, client, clock, ana)] == [again.device]


async def test_a_value_is_found_again_under_a_new_hash_key(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, value = await person(client, "Ben"), fresh()
    await ok(register(client, ana, value))
    (number, key), *_ = parts.accounts.hashes._keys
    monkeypatch.setattr(parts.accounts.hashes, "_keys", HashKeys([(number + 1, b"k" * 32), (number, key)])._keys)
    await ok(register(client, ben, value))
    monkeypatch.undo()
    assert await values(parts, client, clock, ana) == []
    assert await values(parts, client, clock, ben) == [value]


@pytest.mark.parametrize(
    "value",
    ["https://push.example/quittenmarmelade", "q" * 8192, "quitten\x00marmelade", "", "quitten marmelade", 7, None],
    ids=["address", "8 KiB", "NUL", "empty", "blank", "number", "null"],
)
async def test_x21_what_is_no_value_is_400_and_not_repeated(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person, value: Any
) -> None:
    for kind in ("token", "fid"):
        answer = await register(client, ana, value, kind=kind)
        assert problem(answer) == (400, "malformed")
        assert answer.json()["where"] == "$.value"
        assert "uitten" not in answer.text
        assert "qqq" not in answer.text
    assert await reached(parts, client, clock, ana) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "token", "value": "x"},
        {"kind": "topic", "value": "x", "platform": "ios"},
        {"kind": "token", "value": "x", "platform": "other"},
        {"kind": "token", "value": "x", "platform": "ios", "device": str(uuid4())},
        [],
    ],
)
async def test_another_form_is_400(client: httpx.AsyncClient, ana: Person, body: Any) -> None:
    assert problem(await client.put(PATH, headers=ana.headers, json=body)) == (400, "malformed")


async def test_it_needs_a_device_that_is_signed_in(client: httpx.AsyncClient, ana: Person) -> None:
    for headers in ({}, {"Authorization": f"{ana.headers['Authorization'][:-1]}x"}):
        body = {"kind": "token", "value": "x", "platform": "ios"}
        assert problem(await client.put(PATH, headers=headers, json=body)) == (401, "unauthenticated")
        assert problem(await client.delete(PATH, headers=headers)) == (401, "unauthenticated")


async def test_without_the_consent_nothing_is_registered(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    ana, value = await signed_in(client, f"Ana-{uuid4()}"), fresh()
    assert problem(await register(client, ana, value)) == (403, "consent_needed")
    assert "push" in (await register(client, ana, value)).json()["detail"]
    await consent(client, ana, "push")
    assert (await register(client, ana, value)).status_code == 204
    assert await values(parts, client, clock, ana) == [value]


# What ends it


async def test_a_device_takes_it_back(client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person) -> None:
    tablet, other = await another_device(client, ana), fresh()
    await ok(register(client, ana, fresh()))
    await ok(register(client, tablet, other))
    for _ in range(2):
        answer = await client.delete(PATH, headers=ana.headers)
        assert (answer.status_code, answer.content) == (204, b"")
    assert await values(parts, client, clock, ana) == [other]


async def test_signing_out_ends_it_for_this_device(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    tablet, other = await another_device(client, ana), fresh()
    await ok(register(client, ana, fresh()))
    await ok(register(client, tablet, other))
    await ok(client.post("/v1/sign-out", headers=ana.headers))
    assert await values(parts, client, clock, ana) == [other]


async def test_a14_revoking_ends_it_for_that_device(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    tablet, other = await another_device(client, ana), fresh()
    await ok(register(client, ana, other))
    await ok(register(client, tablet, fresh()))
    token = {"identity_token": await identity_token(client, ana.subject)}
    await ok(client.post(f"/v1/devices/{tablet.device}/revoke", headers=ana.headers, json=token))
    assert await values(parts, client, clock, ana) == [other]


async def test_a_refused_revocation_ends_nothing(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    value = fresh()
    await ok(register(client, ana, value))
    ben = await person(client, "Ben")
    token = {"identity_token": await identity_token(client, ben.subject)}
    answer = await client.post(f"/v1/devices/{ana.device}/revoke", headers=ben.headers, json=token)
    assert problem(answer) == (404, "not_found")
    assert await values(parts, client, clock, ana) == [value]


async def test_withdrawing_the_consent_ends_it_for_all_devices_and_agreeing_again_begins_nothing(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    tablet = await another_device(client, ana)
    await ok(register(client, ana, fresh()))
    await ok(register(client, tablet, fresh()))
    await consent(client, ana, "summary_share", given=False)
    assert len(await reached(parts, client, clock, ana)) == 2
    await consent(client, ana, "push", given=False)
    assert await target_store.of_persons(parts.pool, [ana.id]) == []
    await consent(client, ana, "push")
    assert await reached(parts, client, clock, ana) == []


async def test_deleting_the_account_ends_it_at_once_also_if_it_is_kept_after_all(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    await ok(register(client, ana, fresh()))
    token = {"identity_token": await identity_token(client, ana.subject)}
    await ok(client.post("/v1/me/deletion", headers=ana.headers, json=token))
    assert await target_store.of_persons(parts.pool, [ana.id]) == []
    again = await signed_in(client, ana.subject, device=ana.device)
    assert problem(await register(client, again, fresh())) == (403, "account_closing")
    await ok(client.delete("/v1/me/deletion", headers=again.headers))
    assert await target_store.of_persons(parts.pool, [ana.id]) == []
    assert (await register(client, again, fresh())).status_code == 204


async def test_parting_ends_nothing(client: httpx.AsyncClient, parts: Parts, clock: StillClock) -> None:
    (ana, ben), value = await couple(client), fresh()
    await ok(register(client, ana, value))
    await ok(part(client, ben, (await me(client, ben))["couple"]["id"]))
    assert await values(parts, client, clock, ana) == [value]


@pytest.mark.parametrize("end", ["signed out", "revoked", "closing"])
async def test_a_process_that_still_remembers_a_token_registers_nothing(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person, end: str
) -> None:
    """For up to 30 seconds another process may take a token that opens nothing any more."""
    await ok(client.get("/v1/devices", headers=ana.headers))
    statements = {
        "signed out": "DELETE FROM device WHERE person_id = $1",
        "revoked": "UPDATE device SET revoked_on = '2026-01-01', token_sha256 = NULL, next_token_sha256 = NULL"
        " WHERE person_id = $1",
        "closing": "UPDATE person SET deletion_at = '2026-01-01', receipt = 'x' WHERE person_id = $1",
    }
    await parts.pool.execute(statements[end], ana.id)
    assert problem(await register(client, ana, fresh())) == (401, "unauthenticated")
    assert await target_store.of_persons(parts.pool, [ana.id]) == []


@pytest.mark.parametrize("end", ["sign-out", "consent"])
async def test_whichever_comes_first_nothing_is_left(parts: Parts, end: str) -> None:
    """Registering and ending it at the same moment: the person's row lets one through after the other."""
    async with app_client(create_app(parts)) as client:
        people = [await person(client, "Ana") for _ in range(6)]

        async def ends(who: Person) -> None:
            if end == "sign-out":
                await ok(client.post("/v1/sign-out", headers=who.headers))
            else:
                await consent(client, who, "push", given=False)

        for who in people:
            await asyncio.gather(register(client, who, fresh()), ends(who), register(client, who, fresh()))
        assert await target_store.of_persons(parts.pool, [who.id for who in people]) == []


# Hygiene


async def test_by_age_it_is_sent_to_last_then_not_at_all_then_forgotten(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    tablet, old, young = await another_device(client, ana), fresh(), fresh()
    await ok(register(client, ana, old))
    clock.move(days=31)
    await ok(register(client, tablet, young))
    assert await values(parts, client, clock, ana) == [young, old]
    clock.move(days=30)
    assert await values(parts, client, clock, ana) == [young]
    clock.move(days=31)
    assert await values(parts, client, clock, ana) == []
    assert len(await target_store.of_persons(parts.pool, [ana.id])) == 2
    clock.move(days=180)
    await prune(parts.pool, clock())
    assert [each.device for each in await target_store.of_persons(parts.pool, [ana.id])] == [tablet.device]


async def test_what_fcm_gave_up_goes_unless_it_was_registered_anew_meanwhile(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    """Also on the same day, and by the same value."""
    tablet, value = await another_device(client, ana), fresh()
    await ok(register(client, ana, fresh()))
    await ok(register(client, tablet, value))
    sent_to = await reached(parts, client, clock, ana)
    await ok(register(client, tablet, value))
    assert await push_targets.give_up(parts.pool, sent_to) == 1
    assert await values(parts, client, clock, ana) == [value]


async def test_a_browser_is_not_reached_for_whoever_wants_nothing_shown(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    tablet, value = await another_device(client, ana), fresh()
    await ok(register(client, ana, fresh(), platform="web"))
    await ok(register(client, tablet, value, platform="ios"))
    assert [each.target.value for each in await reached(parts, client, clock, ana, hidden=True)] == [value]
    assert len(await reached(parts, client, clock, ana)) == 2


async def test_many_are_looked_up_at_once(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, statements: list[str]
) -> None:
    """One statement, however many people; their keys are at hand here."""
    people = [await person(client, "Ana") for _ in range(5)]
    for who in people:
        await ok(register(client, who, f"{who.id}".replace("-", "_")))
    spaces = {
        who.id: await parts.pool.fetchval("SELECT space_id FROM person WHERE person_id = $1", who.id) for who in people
    }
    statements.clear()
    asked = {person: Wish(space, hidden=False) for person, space in spaces.items()}
    found = await reaching(parts.pool, parts.keys, asked, clock().date())
    assert {who: [each.target.value for each in those] for who, those in found.items()} == {
        who.id: [f"{who.id}".replace("-", "_")] for who in people
    }
    assert len(statements) == 1
    assert await reaching(parts.pool, parts.keys, {}, clock().date()) == {}


async def test_a_value_that_does_not_open_is_left_out(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    """A row that was moved to another device does not open there."""
    tablet, value = await another_device(client, ana), fresh()
    await ok(register(client, ana, fresh()))
    await ok(register(client, tablet, value))
    await parts.pool.execute("UPDATE push_target SET device_id = $2 WHERE device_id = $1", ana.device, uuid4())
    assert await values(parts, client, clock, ana) == [value]


# Secrecy


async def test_the_value_is_in_no_log_no_answer_and_in_the_database_only_sealed(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    """L2, and the partner's sync, devices and export. Days, and no instants, are kept."""
    caplog.set_level(logging.DEBUG, "haven")
    (ana, ben), value = await couple(client), fresh()
    answers = [await register(client, ana, value), await register(client, ana, f"{value} {value}")]
    for who in (ana, ben):
        answers += [
            await client.get("/v1/me", headers=who.headers),
            await client.get("/v1/devices", headers=who.headers),
            await client.post("/v1/sync", headers=who.headers, json={"schema": 1}),
        ]
        token = {"identity_token": await identity_token(client, who.subject)}
        export = (await ok(client.post("/v1/exports", headers=who.headers, json=token)))["export"]
        answers += [await client.get(f"/v1/exports/{export}/{form}", headers=who.headers) for form in ("json", "txt")]
    assert [answer.status_code for answer in answers[:2]] == [204, 400]
    assert not [answer.url for answer in answers if "quittenmarmelade" in answer.text]
    written = [AllowedFields().format(record) + record.getMessage() for record in caplog.records]
    assert written
    assert not [line for line in written if "quittenmarmelade" in line]
    (row,) = await parts.pool.fetch("SELECT * FROM push_target WHERE person_id = $1", ana.id)
    assert "quittenmarmelade" not in str(dict(row))
    assert value.encode() not in row["value"]
    assert row["registered_on"] == clock().date()
    columns = await parts.pool.fetch(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'push_target'"
    )
    assert not [each["data_type"] for each in columns if "timestamp" in each["data_type"]]
