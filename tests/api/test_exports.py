"""Asking for an export and fetching it, over HTTP on PostgreSQL: fresh, once, on one device, for a day."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from clocks import StillClock, app_at
from msgspec.structs import replace
from people import Person, another_device, couple, identity_token, me, ok, part, person

from api import export_store, pruning
from api.auth import LocalIssuer
from api.exports import AT_ONCE_MAX, Exports
from api.pruning import prune
from api.wiring import Parts
from sync import exporting
from sync.export import FORMS
from sync.export_html import POLICY
from tests.api.test_sync_input import change, push
from tests.streams import DEADLINE_S, served, until


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


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:haven:problem:")


async def ask(client: httpx.AsyncClient, someone: Person, token: str | None = None) -> httpx.Response:
    fresh = token or await identity_token(client, someone.subject)
    return await client.post("/v1/exports", headers=someone.headers, json={"identity_token": fresh})


async def asked(client: httpx.AsyncClient, someone: Person) -> str:
    export: str = (await ok(ask(client, someone)))["export"]
    return export


async def fetch(client: httpx.AsyncClient, someone: Person, export: str, form: str = "json") -> httpx.Response:
    return await client.get(f"/v1/exports/{export}/{form}", headers=someone.headers)


# Asking


async def test_an_export_needs_a_sign_in_of_the_last_five_minutes(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    """A10: a borrowed phone, unlocked, is not enough."""
    issuer = parts.accounts.issuer
    assert isinstance(issuer, LocalIssuer)

    def proven(seconds: int) -> str:
        return issuer.vouch(ana.subject, clock(), clock() - timedelta(seconds=seconds))

    assert problem(await ask(client, ana, proven(301))) == (401, "fresh_sign_in_needed")
    assert problem(await ask(client, ana, "no token")) == (401, "identity_refused")
    ben = await person(client, "Ben")
    assert problem(await ask(client, ana, await identity_token(client, ben.subject))) == (401, "fresh_sign_in_needed")
    without = await client.post("/v1/exports", headers=ana.headers, json={})
    assert problem(without) == (400, "malformed")
    assert (await ask(client, ana, proven(299))).status_code == 200


async def test_three_a_day_are_enough_for_one_person(client: httpx.AsyncClient, clock: StillClock, ana: Person) -> None:
    for _ in range(3):
        await asked(client, ana)
    refused = await ask(client, ana)
    assert problem(refused) == (429, "too_many_tries")
    assert int(refused.headers["retry-after"]) == 24 * 3600
    clock.move(days=1, seconds=1)
    await asked(client, ana)


async def test_a_refused_sign_in_uses_none_of_them_up(client: httpx.AsyncClient, ana: Person) -> None:
    ben = await person(client, "Ben")
    for _ in range(4):
        await ask(client, ana, await identity_token(client, ben.subject))
    await asked(client, ana)


async def test_the_person_s_own_devices_are_told_and_nobody_else(client: httpx.AsyncClient) -> None:
    """The owner of a borrowed phone learns of it; the partner learns nothing."""
    ana, ben = await couple(client)
    tablet = await another_device(client, ana)
    before = (await push(client, ben))["cursor"]
    await asked(client, ana)
    notices = [each["fields"] for each in (await push(client, tablet))["records"] if each["kind"] == "notice"]
    assert [(each["code"], each["about"]) for each in notices if each["code"] == "exported"] == [
        ("exported", str(ana.device))
    ]
    after = await push(client, ben, cursor=before)
    assert (after["records"], after["gone"], after["cursor"]) == ([], [], before)


# Fetching


async def test_each_form_comes_once(client: httpx.AsyncClient, ana: Person) -> None:
    export = await asked(client, ana)
    for form in FORMS:
        assert (await fetch(client, ana, export, form)).status_code == 200
        assert problem(await fetch(client, ana, export, form)) == (404, "not_found")


async def test_of_twenty_at_once_one_comes(client: httpx.AsyncClient, ana: Person) -> None:
    export = await asked(client, ana)
    answers = await asyncio.gather(*(fetch(client, ana, export) for _ in range(20)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 404, 503}


async def test_another_device_another_person_and_the_next_day_find_nothing(
    client: httpx.AsyncClient, clock: StillClock
) -> None:
    """W20; and it cannot be told from an export that never was."""
    ana, ben = await couple(client)
    export = await asked(client, ana)
    tablet = await another_device(client, ana)
    answers = [
        await fetch(client, tablet, export),
        await fetch(client, ben, export),
        await fetch(client, ana, str(uuid4())),
        await fetch(client, ana, export.upper()),
        await fetch(client, ana, export, "pdf"),
    ]
    clock.move(days=1)
    answers.append(await fetch(client, ana, export))
    for answer in answers:
        assert problem(answer) == (404, "not_found")
    assert len({answer.content for answer in answers}) == 1


async def test_up_to_the_last_second_of_the_day_it_comes(
    client: httpx.AsyncClient, clock: StillClock, ana: Person
) -> None:
    answer = await ok(ask(client, ana))
    assert datetime.fromisoformat(answer["expires_at"]) == clock() + timedelta(hours=24)
    clock.move(days=1, seconds=-1)
    assert (await fetch(client, ana, answer["export"])).status_code == 200


async def test_without_a_token_nothing_comes_whatever_the_address(client: httpx.AsyncClient, ana: Person) -> None:
    export = await asked(client, ana)
    assert (await client.get(f"/v1/exports/{export}/json")).status_code == 401
    assert (await client.get(f"/v1/exports/{export}/json?token={ana.token}")).status_code == 401
    assert (await client.post("/v1/exports", json={"identity_token": "x"})).status_code == 401


async def test_a_revoked_device_fetches_nothing_any_more(client: httpx.AsyncClient, ana: Person) -> None:
    export = await asked(client, ana)
    tablet = await another_device(client, ana)
    token = {"identity_token": await identity_token(client, ana.subject)}
    await ok(client.post(f"/v1/devices/{ana.device}/revoke", headers=tablet.headers, json=token))
    assert (await fetch(client, ana, export)).status_code == 401


async def test_answers_say_what_they_are_and_that_they_are_to_be_kept(
    client: httpx.AsyncClient, clock: StillClock, ana: Person
) -> None:
    export, day = await asked(client, ana), clock().date()
    headers = {form: (await fetch(client, ana, export, form)).headers for form in FORMS}
    assert [headers[form]["content-type"] for form in FORMS] == [
        "application/json",
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
    ]
    for form in FORMS:
        assert headers[form]["content-disposition"] == f'attachment; filename="haven-{day}.{form}"'
        assert headers[form]["cache-control"] == "no-store"
        assert headers[form]["x-content-type-options"] == "nosniff"
        assert "content-encoding" not in headers[form], "whose length would tell of words that somebody else chose"
    assert headers["html"]["content-security-policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert headers["json"]["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_somebody_who_withdrew_every_consent_still_takes_their_words_along(
    client: httpx.AsyncClient, ana: Person
) -> None:
    """I11: withdrawing disables nothing unrelated."""
    await push(client, ana, change(set={"local_date": "2026-11-20", "text": "A plain day."}))
    said = {"purpose": "core_sensitive", "text_version": 1, "given": False}
    await ok(client.post("/v1/me/consents", headers=ana.headers, json=said))
    export = await asked(client, ana)
    assert "A plain day." in (await fetch(client, ana, export)).text


async def test_after_parting_the_letters_are_still_there(client: httpx.AsyncClient) -> None:
    ana, ben = await couple(client)
    couple_id = (await me(client, ana))["couple"]["id"]
    await push(client, ben, change("note_draft", set={"for_couple": couple_id, "for_what": "The soup.", "send": True}))
    await part(client, ana, couple_id)
    export = await asked(client, ana)
    said = (await fetch(client, ana, export)).json()
    assert said["couples"] == [{"id": couple_id, "partner": str(ben.id), "ended": True}]
    assert [each["fields"]["for_what"] for each in said["records"]["note"]] == ["The soup."]
    assert [each["name"] for each in said["people"]] == ["Ana", "Ben"]


# What goes wrong on the way


ENTRIES = 150
"""More than what lies on the way to a reader who takes nothing."""


async def filled(client: httpx.AsyncClient, ana: Person, entries: int = ENTRIES) -> None:
    text = "A long day with many words. " * 70
    for day in range(entries // 5):
        values = {"local_date": f"2026-{1 + day // 28:02}-{1 + day % 28:02}", "text": text}
        await push(client, ana, *(change(set=values) for _ in range(5)))


async def test_an_answer_that_breaks_off_can_be_fetched_again(
    client: httpx.AsyncClient, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(client, ana)
    export = await asked(client, ana)
    real = exporting._Reader.records

    async def breaking(self: Any, places: Any) -> Any:
        nth = 0
        async for each in real(self, places):
            nth += 1
            if nth > 20:
                raise OSError
            yield each

    monkeypatch.setattr(exporting._Reader, "records", breaking)
    async with served_with(client) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(server, ana, export)
    monkeypatch.undo()
    whole = await fetch(client, ana, export)
    assert len(whole.json()["records"]["check_in"]) == ENTRIES


def served_with(client: httpx.AsyncClient) -> Any:
    """The same application behind a real socket, where an answer can be cut."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    parts: Parts = transport.app.state.parts  # type: ignore[attr-defined]
    return served(parts, send_bytes=4096)


async def test_a_fault_before_the_first_piece_is_answered_as_one_and_costs_nothing(
    client: httpx.AsyncClient, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = await asked(client, ana)

    async def broken(*_: Any) -> Any:
        raise OSError
        yield b""

    monkeypatch.setattr(exporting, "_json", broken)
    assert problem(await fetch(client, ana, export)) == (500, "internal")
    monkeypatch.undo()
    assert (await fetch(client, ana, export)).status_code == 200


async def slow_reader(server: httpx.AsyncClient, ana: Person, export: str) -> socket.socket:
    """Somebody who asks and then takes nothing."""
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    silent.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(silent, (server.base_url.host, server.base_url.port))
    head = f"GET /v1/exports/{export}/html HTTP/1.1\r\nHost: haven\r\nAuthorization: Bearer {ana.token}\r\n\r\n"
    await loop.sock_sendall(silent, head.encode())
    return silent


async def rest(silent: socket.socket) -> bytes:
    """What is still on the way, until nothing comes any more."""
    came = b""
    async with asyncio.timeout(DEADLINE_S):
        with suppress(ConnectionResetError):
            while piece := await asyncio.get_running_loop().sock_recv(silent, 65_536):
                came += piece
    return came


async def test_whoever_takes_nothing_is_cut_off_and_can_fetch_it_again(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    await filled(client, ana)
    export = await asked(client, ana)
    impatient = replace(parts, clock=clock, exports=Exports(fetch_s=0.2))
    async with served(impatient, send_bytes=4096) as server:
        with await slow_reader(server, ana, export) as silent:
            await until(lambda: impatient.exports.given == 1)
            await until(lambda: impatient.exports.given == 0)
            assert not (await rest(silent)).endswith(b"0\r\n\r\n"), "it does not look whole"
    assert (await fetch(client, ana, export, "html")).status_code == 200


async def test_whoever_leaves_in_the_middle_keeps_nobody_waiting_and_can_fetch_it_again(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    await filled(client, ana)
    export = await asked(client, ana)
    mine = replace(parts, clock=clock, exports=Exports())
    async with served(mine, send_bytes=4096) as server:
        silent = await slow_reader(server, ana, export)
        await until(lambda: mine.exports.given == 1)
        silent.close()
        await until(lambda: mine.exports.given == 0)
    assert (await fetch(client, ana, export, "html")).status_code == 200


async def test_beyond_its_bound_a_process_says_so_and_the_export_waits(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    await filled(client, ana)
    export = await asked(client, ana)
    mine = replace(parts, clock=clock, exports=Exports())
    async with mine.exports.one(), mine.exports.one(), served(mine) as server:
        assert mine.exports.given == AT_ONCE_MAX
        refused = await fetch(server, ana, export)
        assert problem(refused) == (503, "busy")
        assert refused.headers["retry-after"] == "1"
    async with served(mine) as server:
        assert (await fetch(server, ana, export)).status_code == 200


# What is kept


async def test_nothing_of_what_an_export_says_is_kept(client: httpx.AsyncClient, parts: Parts, ana: Person) -> None:
    """Sealed at rest is what is not there: a row names a device and a day, and no word."""
    columns = await parts.pool.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'export'")
    assert {row["column_name"] for row in columns} == {
        "person_id",
        "export_id",
        "device_id",
        "expires_at",
        "fetched",
    }
    export = await asked(client, ana)
    await fetch(client, ana, export)
    row = await parts.pool.fetchrow("SELECT * FROM export WHERE export_id = $1", UUID(export))
    assert row is not None
    assert (row["device_id"], row["fetched"]) == (ana.device, ["json"])


async def test_what_ran_out_is_forgotten(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock, ana: Person
) -> None:
    export = UUID(await asked(client, ana))
    there = "SELECT count(*) FROM export WHERE export_id = $1"
    await export_store.forget(parts.pool, clock() + timedelta(hours=24), pruning.ROWS_A_ROUND_MAX)
    assert await parts.pool.fetchval(there, export) == 1
    assert (await prune(parts.pool, clock() + timedelta(hours=24, seconds=1))).exports >= 1
    assert await parts.pool.fetchval(there, export) == 0
