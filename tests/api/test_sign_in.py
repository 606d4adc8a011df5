"""Signing in, devices and their tokens, over HTTP on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from clocks import StillClock, app_at
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from people import (
    Person,
    another_device,
    attest_and_consent,
    couple,
    identity_token,
    me,
    ok,
    person,
    sign_in,
    signed_in,
)

from api.auth import CALLERS_CACHED_MAX, Callers, LocalIssuer, new_token
from api.errors import Problem
from api.postgres import Pool
from api.wiring import Parts
from domain.ids import PersonId


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


def vouched(parts: Parts, subject: str, at: datetime, auth_time: datetime) -> str:
    issuer = parts.accounts.issuer
    assert isinstance(issuer, LocalIssuer)
    return issuer.vouch(subject, at, auth_time)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:haven:problem:")


async def status(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code


async def test_the_first_sign_in_makes_an_account_and_the_next_opens_it(client: httpx.AsyncClient) -> None:
    subject = f"ana-{uuid4()}"
    first = await signed_in(client, subject)
    again = await signed_in(client, subject)
    assert again.id == first.id
    assert again.device != first.device
    told = await me(client, first)
    assert told["person"] == str(first.id)
    assert told["couple"] is None
    assert told["chosen_name"] is None
    assert told["personal_space"]


async def test_twenty_first_sign_ins_at_once_make_one_account(client: httpx.AsyncClient, pool: Pool) -> None:
    token = await identity_token(client, f"ana-{uuid4()}")
    answers = await asyncio.gather(*(sign_in(client, token, uuid4()) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    persons = {answer.json()["person"] for answer in answers}
    assert len(persons) == 1
    assert await pool.fetchval("SELECT count(*) FROM device WHERE person_id = $1", UUID(persons.pop())) == 8


async def test_a_lost_answer_is_harmless_and_the_first_token_dies_at_the_seconds_first_use(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    """A11."""
    subject, device = f"ana-{uuid4()}", uuid4()
    lost = await signed_in(client, subject, device=device)
    lost_too = await signed_in(client, subject, device=device)
    second = await signed_in(client, subject, device=device)
    assert await status(client, lost.token) == 200
    assert await status(client, lost_too.token) == 401
    assert await status(client, second.token) == 200
    assert await status(client, lost.token) == 401
    assert await status(client, second.token) == 200
    assert await pool.fetchval("SELECT count(*) FROM device WHERE person_id = $1", lost.id) == 1


SOME_ID = "5f0c1111-1111-4111-8111-111111111111"

AUTHENTICATED = (
    ("GET", "/v1/me"),
    ("PATCH", "/v1/me"),
    ("POST", "/v1/me/adult"),
    ("POST", "/v1/me/consents"),
    ("GET", "/v1/devices"),
    ("POST", "/v1/sign-out"),
    ("POST", f"/v1/devices/{SOME_ID}/revoke"),
    ("POST", "/v1/invitations"),
    ("DELETE", "/v1/invitations"),
    ("POST", "/v1/invitations/redeem"),
    ("POST", f"/v1/pairings/{SOME_ID}/confirm"),
    ("POST", f"/v1/couples/{SOME_ID}/part"),
    ("POST", f"/v1/couples/{SOME_ID}/block"),
)


@pytest.mark.parametrize(("method", "path"), AUTHENTICATED)
async def test_every_wrong_token_gets_the_same_401(client: httpx.AsyncClient, method: str, path: str) -> None:
    """A1."""
    ana, ben = await signed_in(client, f"ana-{uuid4()}"), await signed_in(client, f"ben-{uuid4()}")
    secret = ana.token.rpartition(".")[2]
    changed = ana.token[:-1] + ("A" if ana.token[-1] != "A" else "B")
    wrong: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", "Basic YW5hOmFuYQ==")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer garbage")],
        [("Authorization", f"Bearer {ana.token}"), ("Authorization", f"Bearer {ana.token}")],
        [("Authorization", f"Bearer h1.{'x' * 10_000}")],
        [("Authorization", f"Bearer {new_token(ana.id, bytes(32))}")],
        [("Authorization", f"Bearer h1.{ben.id}.{secret}")],
        [("Authorization", f"Bearer h1.{uuid4()}.{secret}")],
        [("Authorization", f"Bearer {changed}")],
        [("Authorization", f"Bearer {ana.token} ")],
        [("Authorization", f"Bearer  {ana.token}")],
        [("Authorization", f"bearer {ana.token}")],
        [("Authorization", f"Bearer {ana.token.upper()}")],
        [("Cookie", f"token={ana.token}")],
    ]
    answers = [await client.request(method, path, headers=headers) for headers in wrong]
    answers.append(await client.request(method, path, params={"token": ana.token}))
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_an_identity_token_that_does_not_hold_is_refused_without_a_reason(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    """A2, A4, A7."""
    now = int(clock().timestamp())
    good: dict[str, Any] = {
        "iss": LocalIssuer.NAME,
        "aud": LocalIssuer.AUDIENCE,
        "sub": "ana",
        "iat": now,
        "exp": now + 60,
        "auth_time": now,
    }
    issuer = parts.accounts.issuer
    assert isinstance(issuer, LocalIssuer)
    ours = issuer._key

    def signed(**other: Any) -> str:
        claims = {name: value for name, value in (good | other).items() if value is not ...}
        return jwt.encode(claims, ours, algorithm="EdDSA")

    right = signed()
    device_token = (await signed_in(client, f"ana-{uuid4()}")).token
    refused = [
        jwt.encode(good, "", algorithm="none"),
        jwt.encode(good, "a shared secret of thirty-two bytes", algorithm="HS256"),
        jwt.encode(good, Ed25519PrivateKey.generate(), algorithm="EdDSA"),
        signed(aud="another"),
        signed(aud=...),
        signed(iss="another"),
        signed(sub=""),
        signed(sub="a" * 129),
        signed(sub=...),
        signed(sub=7),
        signed(exp=now - 11),
        signed(exp=...),
        signed(iat=now + 11),
        signed(auth_time=...),
        signed(auth_time="now"),
        signed(auth_time=now + 11),
        signed(auth_time=10**18),
        right[:-4] + ("AAAA" if right[-4:] != "AAAA" else "BBBB"),
        right.replace(".", "", 1),
        "h1",
        device_token,
        "é" * 20,
    ]
    answers = [await sign_in(client, token, uuid4()) for token in refused]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert problem(answers[0]) == (401, "identity_refused")
    assert await status(client, right) == 401
    assert (await sign_in(client, signed(sub=f"ana-{uuid4()}"), uuid4())).status_code == 200


async def test_thirty_refused_identities_a_minute_are_enough_for_one_address(client: httpx.AsyncClient) -> None:
    answers = [await sign_in(client, "nonsense", uuid4()) for _ in range(31)]
    assert {problem(answer) for answer in answers[:30]} == {(401, "identity_refused")}
    assert problem(answers[30]) == (429, "too_many_tries")
    assert 1 <= int(answers[30].headers["retry-after"]) <= 60
    assert (await signed_in(client, f"ana-{uuid4()}")).token


async def test_an_ipv4_address_counts_as_itself_also_where_one_socket_hears_both_families(
    parts: Parts, clock: StillClock
) -> None:
    async def refusals(address: str, count: int = 1) -> set[tuple[int, str]]:
        async with app_at(parts, clock, address) as client:
            return {problem(await sign_in(client, "nonsense", uuid4())) for _ in range(count)}

    assert await refusals("::ffff:192.0.2.1", 30) == {(401, "identity_refused")}
    assert await refusals("::ffff:192.0.2.1") == await refusals("192.0.2.1") == {(429, "too_many_tries")}
    assert await refusals("::ffff:192.0.2.2") == {(401, "identity_refused")}


async def test_ten_sign_ins_an_hour_are_enough_for_one_person(client: httpx.AsyncClient, clock: StillClock) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    token = await identity_token(client, ana.subject)
    answers = [await sign_in(client, token, ana.device) for _ in range(11)]
    assert {answer.status_code for answer in answers[:10]} == {200}
    assert problem(answers[10]) == (429, "too_many_tries")
    clock.move(minutes=61)
    assert (await signed_in(client, ana.subject)).id == ana.id


async def test_a_new_device_needs_a_fresh_identity_and_a_known_one_does_not(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    """A8."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    now = clock()
    stale = vouched(parts, ana.subject, now, now - timedelta(seconds=301))
    recent = vouched(parts, ana.subject, now, now - timedelta(seconds=299))
    old = vouched(parts, ana.subject, now, now - timedelta(days=30))
    refused = await sign_in(client, stale, uuid4())
    assert problem(refused) == (401, "fresh_sign_in_needed")
    assert (await sign_in(client, recent, uuid4())).status_code == 200
    assert (await sign_in(client, old, ana.device)).status_code == 200


async def test_a_revoked_device_never_comes_back(client: httpx.AsyncClient) -> None:
    """A8."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    phone = await another_device(client, ana)
    token = await identity_token(client, ana.subject)
    await ok(revoke(client, ana, phone.device, token))
    assert await status(client, phone.token) == 401
    assert await status(client, ana.token) == 200
    assert problem(await sign_in(client, token, phone.device)) == (403, "device_revoked")
    listed = (await ok(client.get("/v1/devices", headers=ana.headers)))["devices"]
    assert {(each["id"], each["revoked_on"] is None) for each in listed} == {
        (str(ana.device), True),
        (str(phone.device), False),
    }


async def test_revoking_another_device_needs_a_fresh_identity_of_the_same_person(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    """A10."""
    ana, ben = await signed_in(client, f"ana-{uuid4()}"), await signed_in(client, f"ben-{uuid4()}")
    phone = await another_device(client, ana)
    stale = vouched(parts, ana.subject, clock(), clock() - timedelta(seconds=301))
    for token in (None, stale, await identity_token(client, ben.subject)):
        assert problem(await revoke(client, ana, phone.device, token)) == (401, "fresh_sign_in_needed")
    assert await status(client, phone.token) == 200
    fresh = await identity_token(client, ana.subject)
    assert problem(await revoke(client, ana, ben.device, fresh)) == (404, "not_found")
    assert problem(await revoke(client, ana, uuid4(), fresh)) == (404, "not_found")
    assert await status(client, ben.token) == 200
    for _ in range(2):
        assert (await revoke(client, ana, phone.device, fresh)).status_code == 204
    assert await status(client, phone.token) == 401


async def test_a_person_may_revoke_the_device_they_hold_without_more(client: httpx.AsyncClient) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    assert (await revoke(client, ana, ana.device, None)).status_code == 204
    assert await status(client, ana.token) == 401


async def test_signing_out_ends_this_device_alone_and_asks_for_nothing(client: httpx.AsyncClient) -> None:
    """A10, A15."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    phone = await another_device(client, ana)
    assert (await client.post("/v1/sign-out", headers=phone.headers)).status_code == 204
    assert await status(client, phone.token) == 401
    assert await status(client, ana.token) == 200
    assert (await another_device(client, ana, phone.device)).device == phone.device


async def test_a_device_id_that_somebody_else_has_is_ones_own_row(client: httpx.AsyncClient) -> None:
    """A9."""
    ben = await signed_in(client, f"ben-{uuid4()}")
    ana = await signed_in(client, f"ana-{uuid4()}", device=ben.device)
    assert ana.id != ben.id
    assert await status(client, ben.token) == 200
    await ok(client.post("/v1/sign-out", headers=ana.headers))
    assert await status(client, ben.token) == 200


async def test_a_token_lives_for_ninety_days_after_its_last_use(client: httpx.AsyncClient, clock: StillClock) -> None:
    """A12."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    for days in (89, 90):
        clock.move(days=days)
        assert await status(client, ana.token) == 200
    clock.move(days=91)
    assert await status(client, ana.token) == 401
    token = await identity_token(client, ana.subject)
    revived = await ok(sign_in(client, token, ana.device))
    assert await status(client, ana.token) == 401
    assert await status(client, revived["token"]) == 200


async def test_uses_on_one_day_write_once(client: httpx.AsyncClient, clock: StillClock, statements: list[str]) -> None:
    """A12."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    assert await status(client, ana.token) == 200
    clock.move(days=1)
    clock.to_noon()
    statements.clear()
    for _ in range(30):
        assert await status(client, ana.token) == 200
        clock.move(seconds=20)
    assert len([each for each in statements if "UPDATE device" in each]) == 1


async def test_who_is_calling_costs_one_statement_and_then_none_for_half_a_minute(
    pool: Pool, client: httpx.AsyncClient, clock: StillClock, statements: list[str]
) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    callers, now = Callers(pool), clock()
    header = f"Bearer {ana.token}"

    def look_ups() -> int:
        return len([each for each in statements if "FROM device" in each])

    statements.clear()
    first = await callers.caller(header, now)
    assert look_ups() == 1
    assert await callers.caller(header, now + timedelta(seconds=29)) == first
    assert look_ups() == 1
    assert await callers.caller(header, now + timedelta(seconds=30)) == first
    assert look_ups() == 2
    assert first.person == ana.id
    assert first.device == ana.device


async def test_tokens_that_were_never_given_are_not_remembered(pool: Pool) -> None:
    """A13, with fewer."""
    callers = Callers(pool)
    for number in range(200):
        token = new_token(PersonId(uuid4()), number.to_bytes(32, "big"))
        with pytest.raises(Problem):
            await callers.caller(f"Bearer {token}", datetime.now(UTC))
    assert len(callers._known) == 0
    assert len(callers._hashes) == 0
    assert CALLERS_CACHED_MAX == 50_000


async def test_only_the_tokens_used_last_are_remembered(
    pool: Pool, client: httpx.AsyncClient, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth.CALLERS_CACHED_MAX", 2)
    callers = Callers(pool)
    for _ in range(4):
        ana = await signed_in(client, f"ana-{uuid4()}")
        await callers.caller(f"Bearer {ana.token}", clock())
    assert len(callers._known) == len(callers._hashes) == 2
    callers.forget(ana.id)
    assert len(callers._known) == len(callers._hashes) == 1


async def test_a_new_device_gives_a_notice_to_the_persons_own_devices_and_nobody_elses(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    """A16, I32."""
    ana, ben = await couple(client)
    spaces = {who.id: (await me(client, who))["personal_space"] for who in (ana, ben)}
    ben_before = await pool.fetchval("SELECT head FROM space WHERE space_id = $1", UUID(spaces[ben.id]))
    couple_space = UUID((await me(client, ana))["couple"]["space"])
    couple_before = await pool.fetchval("SELECT head FROM space WHERE space_id = $1", couple_space)
    await another_device(client, ana)
    notices = "SELECT count(*) FROM record WHERE space_id = $1 AND kind = 'notice'"
    assert await pool.fetchval(notices, UUID(spaces[ana.id])) == 1
    assert await pool.fetchval(notices, UUID(spaces[ben.id])) == 0
    assert await pool.fetchval("SELECT head FROM space WHERE space_id = $1", UUID(spaces[ben.id])) == ben_before
    assert await pool.fetchval("SELECT head FROM space WHERE space_id = $1", couple_space) == couple_before


async def test_the_list_of_devices_shows_labels_and_says_nothing_of_their_use(client: httpx.AsyncClient) -> None:
    """I4."""
    ana = await signed_in(client, f"ana-{uuid4()}")
    token = await identity_token(client, ana.subject)
    await ok(sign_in(client, token, uuid4(), label="Ana's 👩‍💻 tablet", platform="android"))
    listed = (await ok(client.get("/v1/devices", headers=ana.headers)))["devices"]
    assert {(each["label"], each["platform"], each["this"]) for each in listed} == {
        ("a phone", "ios", True),
        ("Ana's 👩‍💻 tablet", "android", False),
    }
    assert set(listed[0]) == {"id", "label", "platform", "made_on", "expires_on", "revoked_on", "this"}


@pytest.mark.parametrize(
    "asked",
    [
        {"device": "00000000-0000-0000-0000-000000000000"},
        {"device": "0123456789abcdef"},
        {"label": ""},
        {"label": "x" * 81},
        {"label": "a\u0000b"},
        {"label": "a\nb"},
        {"label": "a\u202eb"},
        {"platform": "toaster"},
        {"identity_token": ""},
        {"identity_token": "x" * 8193},
    ],
)
async def test_a_malformed_sign_in_is_a_400_that_quotes_nothing(
    client: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    token = await identity_token(client, f"ana-{uuid4()}")
    body = {"identity_token": token, "device": str(uuid4()), "platform": "ios", "label": "phone"} | asked
    answer = await client.post("/v1/sign-in", json=body)
    assert problem(answer) == (400, "malformed")
    assert "toaster" not in answer.text


async def test_a_list_of_devices_cannot_be_flooded(client: httpx.AsyncClient, pool: Pool) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    await pool.execute(
        "INSERT INTO device (person_id, device_id, label, platform, made_on, expires_on)"
        " SELECT person_id, unnest($2::uuid[]), label, platform, made_on, expires_on FROM device"
        " WHERE person_id = $1",
        ana.id,
        [uuid4() for _ in range(49)],
    )
    token = await identity_token(client, ana.subject)
    assert problem(await sign_in(client, token, uuid4())) == (409, "too_many_devices")
    assert (await sign_in(client, token, ana.device)).status_code == 200


async def test_nothing_in_the_database_names_who_signed_in(client: httpx.AsyncClient, pool: Pool) -> None:
    """L2, for the tables of accounts."""
    canary = f"canary{uuid4().hex}"
    ana = await signed_in(client, f"subject-{canary}")
    await attest_and_consent(client, ana)
    await ok(client.patch("/v1/me", headers=ana.headers, json={"chosen_name": canary[:30]}))
    token = await identity_token(client, ana.subject)
    await ok(sign_in(client, token, ana.device, label=f"label {canary}"))
    secret = ana.token.rpartition(".")[2]
    for table in ("person", "device", "person_space", "consent", "identity", "limit_count", "space_key", "member"):
        for row in await pool.fetch(f"SELECT * FROM {table}"):
            held = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
            assert canary[:30].encode() not in held, table
            assert secret.encode() not in held, table


async def revoke(client: httpx.AsyncClient, someone: Person, device: UUID, token: str | None) -> httpx.Response:
    body = {} if token is None else {"identity_token": token}
    return await client.post(f"/v1/devices/{device}/revoke", headers=someone.headers, json=body)


async def test_ids_in_an_address_have_one_spelling(client: httpx.AsyncClient) -> None:
    """X10."""
    ana = await person(client, "Ana")
    token = await identity_token(client, ana.subject)
    for spelling in (str(ana.device).upper(), ana.device.hex, "x", "%00"):
        answer = await client.post(
            f"/v1/devices/{spelling}/revoke", headers=ana.headers, json={"identity_token": token}
        )
        assert answer.status_code == 404, spelling
