"""The live stream over HTTP: who hears of what, how it is opened, and how it ends."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from api.drain import Drain
from api.hints import Rhythm
from api.postgres import Pool
from api.pruning import prune
from api.settings import Secret, Settings
from api.telemetry import AllowedFields
from api.wiring import Parts, open_parts
from tests.clocks import StillClock, app_at
from tests.people import Person, another_device, couple, identity_token, me, ok, pair, part, person, signed_in
from tests.streams import listening, served, until


@pytest.fixture(scope="module")
async def server(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with served(parts) as client:
        yield client


def private(day: int = 1) -> dict[str, Any]:
    values = {"local_date": f"2026-10-{day:02}", "text": "a plain day"}
    return {"key": str(uuid4()), "kind": "check_in", "id": str(uuid4()), "set": values}


def joint(couple_id: str) -> dict[str, Any]:
    return {"key": str(uuid4()), "kind": "goal", "id": str(uuid4()), "couple": couple_id, "set": {}}


async def push(client: httpx.AsyncClient, someone: Person, *changes: Any) -> dict[UUID, int]:
    """Push and return the heads of the person's spaces."""
    asked = {"schema": 1, "changes": changes}
    answer = await ok(client.post("/v1/sync", headers=someone.headers, json=asked))
    assert all(outcome["status"] == "applied" for outcome in answer["outcomes"])
    return {UUID(space["id"]): space["head"] for space in answer["spaces"]}


async def spaces(client: httpx.AsyncClient, someone: Person) -> tuple[UUID, UUID, str]:
    """Personal space, couple space, couple."""
    mine = await me(client, someone)
    return UUID(mine["personal_space"]), UUID(mine["couple"]["space"]), mine["couple"]["id"]


async def ticket(client: httpx.AsyncClient, someone: Person) -> str:
    answer = await ok(client.post("/v1/live/tickets", headers=someone.headers))
    assert answer["expires_in_s"] == 30
    given: str = answer["ticket"]
    return given


async def test_the_present_heads_come_first_whatever_the_last_event_was(server: httpx.AsyncClient) -> None:
    ana, _ = await couple(server)
    heads = await push(server, ana, joint((await spaces(server, ana))[2]))
    async with listening(server, headers=ana.headers | {"Last-Event-ID": "99"}) as hears:
        assert await hears.hints(2) == heads
        assert hears.answer.headers["content-type"] == "text/event-stream"
        assert hears.answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in hears.answer.headers


async def test_a_push_reaches_the_partner_and_the_own_other_device(server: httpx.AsyncClient) -> None:
    ana, ben = await couple(server)
    tablet = await another_device(server, ana)
    _, space, couple_id = await spaces(server, ana)
    async with (
        listening(server, headers=ben.headers) as ben_hears,
        listening(server, headers=tablet.headers) as tablet_hears,
    ):
        await ben_hears.hints(2)
        await tablet_hears.hints(2)
        heads = await push(server, ana, joint(couple_id))
        assert await ben_hears.hint() == (space, heads[space])
        assert await tablet_hears.hint() == (space, heads[space])


async def test_private_entries_give_the_partner_no_hint_w7_w26(server: httpx.AsyncClient) -> None:
    ana, ben = await couple(server)
    hers, shared, couple_id = await spaces(server, ana)
    his = (await spaces(server, ben))[0]
    async with listening(server, headers=ben.headers) as ben_hears, listening(server, headers=ana.headers) as ana_hears:
        assert (await ben_hears.hints(2)).keys() == {his, shared}
        assert (await ana_hears.hints(2)).keys() == {hers, shared}
        for day in range(1, 21):
            await push(server, ana, private(day))
        # What is sent on a stream keeps its order: had anything gone to Ben before, it would come before this.
        heads = await push(server, ana, joint(couple_id))
        assert await ben_hears.hint() == (shared, heads[shared])
        own = await push(server, ben, private())
        assert await ben_hears.hint() == (his, own[his])
        while (said := await ana_hears.hint())[0] != shared:
            assert said[0] == hers


async def test_i2_what_is_done_to_a_withdrawn_request_gives_the_partner_no_hint(server: httpx.AsyncClient) -> None:
    ana, ben = await couple(server)
    _, shared, couple_id = await spaces(server, ana)
    request = {"kind": "support_request", "id": str(uuid4()), "couple": couple_id, "base": 99}
    await push(server, ana, request | {"key": str(uuid4()), "set": {"form": "listen", "text": "Please."}})
    told = await push(server, ana, request | {"key": str(uuid4()), "remove": True})
    async with listening(server, headers=ben.headers) as ben_hears:
        assert (await ben_hears.hints(2))[shared] == told[shared]
        own = await push(server, ana, request | {"key": str(uuid4()), "set": {"when": "now"}})
        assert own[shared] == told[shared] + 1
        destroyed = await server.delete(f"/v1/records/support_request/{request['id']}/words", headers=ana.headers)
        assert destroyed.is_success
        async with listening(server, headers=ben.headers) as once_more:
            assert (await once_more.hints(2))[shared] == told[shared], "nor does a stream that begins now tell of it"
        heads = await push(server, ana, joint(couple_id))
        assert await ben_hears.hint() == (shared, heads[shared])
    answer = await ok(server.post("/v1/sync", headers=ben.headers, json={"schema": 1}))
    assert {UUID(each["id"]): each["head"] for each in answer["spaces"]}[shared] == heads[shared]


@asynccontextmanager
async def held_back(pool: Pool, space: UUID) -> AsyncIterator[int]:
    """Let no head of this space move until the end; give the process of whoever does the holding."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM space WHERE space_id = $1 FOR UPDATE", space)
        yield connection.get_server_pid()


async def waiting_for(pool: Pool, holder: int) -> int:
    """The process that waits for this one, once there is one."""
    async with asyncio.timeout(20):
        while True:
            waits = await pool.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", holder
            )
            if waits is not None:
                return int(waits)


async def pulled(client: httpx.AsyncClient, someone: Person, cursor: str) -> set[str]:
    asked = {"schema": 1, "cursor": cursor}
    return {each["id"] for each in (await ok(client.post("/v1/sync", headers=someone.headers, json=asked)))["records"]}


async def at_head(client: httpx.AsyncClient, someone: Person) -> str:
    cursor: str = (await ok(client.post("/v1/sync", headers=someone.headers, json={"schema": 1})))["cursor"]
    return cursor


async def test_a_hint_comes_after_the_commit_and_whoever_pulls_on_it_finds_what_it_was_about(
    server: httpx.AsyncClient, pool: Pool
) -> None:
    ana, ben = await couple(server)
    his, shared, couple_id = await spaces(server, ben)
    at = await at_head(server, ben)
    goal = joint(couple_id)
    async with listening(server, headers=ben.headers) as ben_hears:
        await ben_hears.hints(2)
        async with held_back(pool, shared) as holder:
            pushing = asyncio.create_task(push(server, ana, goal))
            await waiting_for(pool, holder)
            # Her save has begun and is not done. Had it been told already, that would come before this.
            own = await push(server, ben, private())
            assert await ben_hears.hint() == (his, own[his])
            assert goal["id"] not in await pulled(server, ben, at)
        assert await ben_hears.hint() == (shared, own[shared] + 1)
        assert goal["id"] in await pulled(server, ben, at)
        assert (await pushing)[shared] == own[shared] + 1


async def test_a_save_that_fails_gives_no_hint(server: httpx.AsyncClient, pool: Pool) -> None:
    ana, ben = await couple(server)
    his, shared, couple_id = await spaces(server, ben)
    asked = {"schema": 1, "changes": [joint(couple_id)]}
    async with listening(server, headers=ben.headers) as ben_hears:
        before = await ben_hears.hints(2)
        async with held_back(pool, shared) as holder:
            pushing = asyncio.create_task(server.post("/v1/sync", headers=ana.headers, json=asked))
            await pool.execute("SELECT pg_cancel_backend($1)", await waiting_for(pool, holder))
            assert (await pushing).status_code == 503
        own = await push(server, ben, private())
        assert own[shared] == before[shared]
        assert await ben_hears.hint() == (his, own[his])
        # The same push again, which succeeds, is the first that Ben hears of.
        await ok(server.post("/v1/sync", headers=ana.headers, json=asked))
        assert await ben_hears.hint() == (shared, before[shared] + 1)


async def test_pairing_gives_both_streams_the_new_space(server: httpx.AsyncClient) -> None:
    ana, ben = await person(server, "Ana"), await person(server, "Ben")
    async with listening(server, headers=ana.headers) as ana_hears, listening(server, headers=ben.headers) as ben_hears:
        await ana_hears.hints(1)
        await ben_hears.hints(1)
        couple_id = str(await pair(server, ana, ben))
        _, space, _ = await spaces(server, ana)
        assert (await ana_hears.hint())[0] == space
        assert (await ben_hears.hint())[0] == space
        heads = await push(server, ben, joint(couple_id))
        assert await ana_hears.hint() == (space, heads[space])


async def test_parting_gives_the_partner_one_hint_for_the_couple_alone(server: httpx.AsyncClient) -> None:
    ana, ben = await couple(server)
    his, space, couple_id = await spaces(server, ben)
    async with listening(server, headers=ben.headers) as ben_hears:
        before = await ben_hears.hints(2)
        assert (await part(server, ana, couple_id)).status_code == 200
        assert await ben_hears.hint() == (space, before[space] + 1)
        own = await push(server, ben, private())
        assert await ben_hears.hint() == (his, own[his])


async def test_a_ticket_opens_one_stream(server: httpx.AsyncClient, pool: Pool) -> None:
    ana = await person(server, "Ana")
    given = await ticket(server, ana)
    stored = await pool.fetch("SELECT * FROM live_ticket WHERE person_id = $1", ana.id)
    assert [row["ticket_hash"] for row in stored] == [sha256(given.encode()).digest()]
    assert given not in repr(stored)
    async with listening(server, params={"ticket": given}) as hears:
        await hears.hints(1)
        refused(await server.get("/v1/live", params={"ticket": given}))
        heads = await push(server, ana, private())
        assert (await hears.hint())[1] in heads.values()


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:haven:problem:unauthenticated"


async def test_only_a_fresh_ticket_in_its_place_opens_anything_a15(parts: Parts) -> None:
    clock = StillClock()
    async with app_at(parts, clock) as client:
        ana = await person(client, "Ana")
        given = await ticket(client, ana)
        refused(await client.get("/v1/live"))
        for query in (
            {"ticket": ""},
            {"ticket": given[:-1]},
            {"ticket": given + "="},
            {"ticket": ana.token},
            {"token": ana.token},
            {"access_token": ana.token},
            {"ticket": [given, given]},
        ):
            refused(await client.get("/v1/live", params=query))
        refused(await client.get("/v1/live", headers={"Authorization": f"Bearer {given}"}))
        refused(await client.get("/v1/live", headers={"Cookie": f"token={ana.token}"}))
        refused(await client.get("/v1/me", params={"ticket": given}))
        # It would still have opened a stream up to here; a second later it is too old.
        clock.move(seconds=31)
        refused(await client.get("/v1/live", params={"ticket": given}))


@pytest.mark.parametrize("way", ["revoke", "sign-out"])
async def test_a_ticket_dies_with_its_device(server: httpx.AsyncClient, way: str) -> None:
    ana = await person(server, "Ana")
    given = await ticket(server, ana)
    path = f"/v1/devices/{ana.device}/revoke" if way == "revoke" else "/v1/sign-out"
    await ok(server.post(path, headers=ana.headers, json={}))
    refused(await server.get("/v1/live", params={"ticket": given}))
    refused(await server.get("/v1/live", headers=ana.headers))


async def test_old_tickets_are_pruned(server: httpx.AsyncClient, pool: Pool, parts: Parts) -> None:
    ana = await person(server, "Ana")
    await ticket(server, ana)
    now = datetime.now(UTC)
    await prune(pool, now)
    assert await pool.fetchval("SELECT count(*) FROM live_ticket WHERE person_id = $1", ana.id) == 1
    assert (await prune(pool, now + timedelta(seconds=31))).tickets >= 1
    assert await pool.fetchval("SELECT count(*) FROM live_ticket WHERE person_id = $1", ana.id) == 0


async def test_a_ticket_is_in_no_line_of_the_log(server: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    ana = await person(server, "Ana")
    with caplog.at_level(logging.DEBUG, "haven"), caplog.at_level(logging.DEBUG):
        given = await ticket(server, ana)
        async with listening(server, params={"ticket": given}) as hears:
            await hears.hints(1)
            refused(await server.get("/v1/live", params={"ticket": given}))
        await until(lambda: any(getattr(each, "route", "") == "/v1/live" for each in caplog.records))
    lines = "".join(AllowedFields().format(record) + record.getMessage() for record in caplog.records)
    assert "/v1/live" in lines
    assert given not in lines


async def test_tickets_and_openings_are_counted_together(parts: Parts) -> None:
    clock = StillClock()
    async with app_at(parts, clock) as client:
        ana, ben = await person(client, "Ana"), await person(client, "Ben")
        for _ in range(30):
            await ticket(client, ana)
            clock.move(seconds=1)
        for answer in (
            await client.post("/v1/live/tickets", headers=ana.headers),
            await client.get("/v1/live", headers=ana.headers),
        ):
            assert answer.status_code == 429
            assert answer.headers["retry-after"] == "30"
        await ticket(client, ben)
        clock.move(seconds=30)
        await ticket(client, ana)
        assert (await client.post("/v1/live/tickets", headers=ana.headers)).status_code == 429


async def test_the_fourth_stream_of_a_device_ends_the_oldest(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    tablet = await another_device(server, ana)
    async with AsyncExitStack() as open_streams:
        other = await open_streams.enter_async_context(listening(server, headers=tablet.headers))
        await other.hints(1)
        streams = []
        for _ in range(4):
            streams.append(await open_streams.enter_async_context(listening(server, headers=ana.headers)))
            await streams[-1].hints(1)
        assert await streams[0].bye() == "replaced"
        heads = await push(server, ana, private())
        for hears in (*streams[1:], other):
            assert (await hears.hint())[1] in heads.values()


async def test_the_thirteenth_stream_of_a_person_ends_the_oldest(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    devices = [ana, *[await another_device(server, ana) for _ in range(4)]]
    async with AsyncExitStack() as open_streams:
        streams = []
        for device in (each for each in devices[:4] for _ in range(3)):
            streams.append(await open_streams.enter_async_context(listening(server, headers=device.headers)))
            await streams[-1].hints(1)
        last = await open_streams.enter_async_context(listening(server, headers=devices[4].headers))
        await last.hints(1)
        assert await streams[0].bye() == "replaced"
        heads = await push(server, ana, private())
        for hears in (*streams[1:], last):
            assert (await hears.hint())[1] in heads.values()


async def test_a_revoked_device_is_sent_away_and_the_others_stay_a14(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    tablet = await another_device(server, ana)
    async with (
        listening(server, headers=ana.headers) as ana_hears,
        listening(server, headers=tablet.headers) as tablet_hears,
    ):
        await ana_hears.hints(1)
        await tablet_hears.hints(1)
        fresh = {"identity_token": await identity_token(server, ana.subject)}
        await ok(server.post(f"/v1/devices/{tablet.device}/revoke", headers=ana.headers, json=fresh))
        assert await tablet_hears.bye() == "signed_out"
        refused(await server.get("/v1/live", headers=tablet.headers))
        heads = await push(server, ana, private())
        assert (await ana_hears.hint())[1] in heads.values()


async def test_a_new_device_is_told_to_the_others(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    async with listening(server, headers=ana.headers) as hears:
        before = await hears.hints(1)
        await signed_in(server, ana.subject)
        space, head = await hears.hint()
        assert head == before[space] + 1


async def test_a_reader_who_leaves_frees_everything(server: httpx.AsyncClient, parts: Parts) -> None:
    ana = await person(server, "Ana")
    async with listening(server, headers=ana.headers) as hears:
        await hears.hints(1)
        assert parts.hints.streams == parts.drain.streams > 0
    await until(lambda: parts.drain.streams == 0)
    assert parts.hints.streams == 0


async def test_beyond_its_bound_of_streams_a_process_says_so(parts: Parts) -> None:
    settings = msgspec.structs.replace(parts.settings, streams_max=1)
    small = msgspec.structs.replace(parts, settings=settings, drain=Drain())
    async with served(small) as server:
        ana = await person(server, "Ana")
        async with listening(server, headers=ana.headers) as hears:
            await hears.hints(1)
            answer = await server.get("/v1/live", headers=ana.headers)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            await push(server, ana, private())
            await hears.hint()


# With parts of their own: these end the process's streams, or live by another rhythm.


async def test_at_the_end_of_the_process_every_stream_gets_a_goodbye(dsn: str, keys_file: Path) -> None:
    async with open_parts(Settings(database_url=Secret(dsn)), keys_file=keys_file) as parts, served(parts) as server:
        ana, ben = await couple(server)
        async with (
            listening(server, headers=ana.headers) as ana_hears,
            listening(server, headers=ben.headers) as ben_hears,
        ):
            await ana_hears.hints(2)
            await ben_hears.hints(2)
            parts.drain.begin()
            assert [await each.bye() for each in (ana_hears, ben_hears)] == ["restart", "restart"]
            assert await parts.drain.streams_gone(20)
            assert (await server.get("/v1/live", headers=ana.headers)).status_code == 503


async def test_two_processes_hear_each_other(dsn: str, keys_file: Path) -> None:
    settings = Settings(database_url=Secret(dsn))
    async with (
        open_parts(settings, keys_file=keys_file) as one,
        open_parts(settings, keys_file=keys_file) as other,
        served(one) as server,
        served(other) as far,
    ):
        await one.hints.line.standing.wait()
        await other.hints.line.standing.wait()
        ana, ben = await person(server, "Ana"), await person(server, "Ben")
        tablet = await another_device(server, ben)
        async with listening(far, headers=ben.headers) as hears, listening(far, headers=tablet.headers) as tablet_hears:
            await hears.hints(1)
            await tablet_hears.hints(1)
            couple_id = str(await pair(server, ana, ben))
            his, space, _ = await spaces(server, ben)
            assert (await hears.hint())[0] == space
            assert (await tablet_hears.hint())[0] == space
            assert (await push(far, ben)).keys() == {his, space}, "the other process knows the new space at once"
            heads = await push(server, ana, joint(couple_id))
            assert await hears.hint() == (space, heads[space])
            assert await tablet_hears.hint() == (space, heads[space])
            fresh = {"identity_token": await identity_token(server, ben.subject)}
            await ok(server.post(f"/v1/devices/{tablet.device}/revoke", headers=ben.headers, json=fresh))
            assert await tablet_hears.bye() == "signed_out"
            refused(await far.get("/v1/me", headers=tablet.headers))
            assert (await part(server, ana, couple_id)).status_code == 200
            assert await hears.hint() == (space, heads[space] + 1)


async def test_a_silent_stream_gets_heartbeats(dsn: str, keys_file: Path) -> None:
    rhythm = Rhythm(beat_s=0.02)
    settings = Settings(database_url=Secret(dsn))
    async with open_parts(settings, keys_file=keys_file, rhythm=rhythm) as parts, served(parts) as server:
        ana = await person(server, "Ana")
        async with listening(server, headers=ana.headers) as hears:
            await hears.hints(1)
            waiting = asyncio.create_task(hears.hint())
            await until(lambda: hears.beats > 2)
            await push(server, ana, private())
            await waiting


async def test_a_reader_who_stops_reading_is_cut_off(dsn: str, keys_file: Path) -> None:
    rhythm = Rhythm(beat_s=0.02, stall_s=0.1)
    settings = Settings(database_url=Secret(dsn))
    async with (
        open_parts(settings, keys_file=keys_file, rhythm=rhythm) as parts,
        served(parts, send_bytes=4096) as server,
    ):
        ana = await person(server, "Ana")
        space = UUID((await me(server, ana))["personal_space"])
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(silent, (server.base_url.host, server.base_url.port))
            request = f"GET /v1/live HTTP/1.1\r\nHost: haven\r\nAuthorization: {ana.headers['Authorization']}\r\n\r\n"
            await loop.sock_sendall(silent, request.encode())
            await until(lambda: parts.hints.streams == 1)
            heads = iter(range(1_000, 10**9))

            def gone() -> bool:
                for head in heads:
                    parts.hints.publish({space: head})
                    break
                return parts.hints.streams == 0 and parts.drain.streams == 0

            await until(gone)
            async with asyncio.timeout(20):
                while await loop.sock_recv(silent, 65_536):
                    pass
