"""Compressed bodies over HTTP: requests within bounds, answers unless they carry a secret."""

import gzip
import tracemalloc
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import brotli
import httpx
import msgspec
import pytest

from api.wiring import Parts
from tests.answers import UNREAD
from tests.people import Person, identity_token, ok, person, sign_in
from tests.streams import listening, served

MIB = 1024 * 1024
EMPTY = b'{"schema": 1}'
BOMB = b'{"schema": 1, "x": "' + b"a" * 200_000_000 + b'"}'


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await person(client, "Ana")


def check_in(text: str = "a plain day") -> dict[str, Any]:
    values = {"local_date": "2026-11-20", "text": text}
    return {"key": str(uuid4()), "kind": "check_in", "id": str(uuid4()), "set": values}


async def post(client: httpx.AsyncClient, someone: Person, body: bytes, coding: str) -> httpx.Response:
    headers = someone.headers | {"Content-Type": "application/json", "Content-Encoding": coding}
    return await client.post("/v1/sync", headers=headers, content=body)


@pytest.mark.parametrize(("coding", "packed"), [("gzip", gzip.compress), ("br", brotli.compress)])
async def test_a_compressed_push_is_a_push(
    client: httpx.AsyncClient, ana: Person, coding: str, packed: Callable[[bytes], bytes]
) -> None:
    body = msgspec.json.encode({"schema": 1, "changes": [check_in()]})
    for status in ("applied", "duplicate"):
        answer = await post(client, ana, packed(body), coding)
        assert [each["status"] for each in answer.json()["outcomes"]] == [status]


@pytest.mark.parametrize(
    ("coding", "packed", "status", "slug"),
    [
        ("gzip", lambda: gzip.compress(BOMB), 413, "too_large"),
        ("br", lambda: brotli.compress(BOMB, quality=5), 413, "too_large"),
        ("gzip", lambda: gzip.compress(gzip.compress(EMPTY)), 400, "malformed"),
        ("gzip, br", lambda: brotli.compress(gzip.compress(EMPTY)), 415, "unsupported_media_type"),
        ("gzip, gzip", lambda: gzip.compress(gzip.compress(EMPTY)), 415, "unsupported_media_type"),
        ("gzip", lambda: gzip.compress(EMPTY)[:-1], 400, "malformed"),
        ("br", lambda: brotli.compress(EMPTY)[:-1], 400, "malformed"),
        ("gzip", lambda: gzip.compress(EMPTY) + b"x", 400, "malformed"),
        ("br", lambda: brotli.compress(EMPTY) + b"x", 400, "malformed"),
        ("gzip", lambda: EMPTY, 400, "malformed"),
        ("zstd", lambda: EMPTY, 415, "unsupported_media_type"),
        ("deflate", lambda: EMPTY, 415, "unsupported_media_type"),
    ],
    ids=[
        "gzip bomb",
        "br bomb",
        "gzip in gzip",
        "gzip, br",
        "gzip, gzip",
        "gzip cut short",
        "br cut short",
        "gzip and more",
        "br and more",
        "not gzip",
        "zstd",
        "deflate",
    ],
)
async def test_x2_what_is_compressed_wrongly_or_too_well_is_refused_within_bounds(
    client: httpx.AsyncClient, ana: Person, coding: str, packed: Callable[[], bytes], status: int, slug: str
) -> None:
    body = packed()
    tracemalloc.start()
    try:
        answer = await post(client, ana, body, coding)
        held_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:haven:problem:{slug}")
    assert held_bytes < 32 * MIB
    if status == 415:
        assert answer.headers["accept-encoding"] == "br, gzip"


async def test_x2_a_body_may_be_inflated_to_four_mebibytes(client: httpx.AsyncClient, ana: Person) -> None:
    largest = b'{"schema": 1, "x": "' + b"a" * (4 * MIB - 22) + b'"}'
    assert len(largest) == 4 * MIB
    for coding, pack in (("gzip", gzip.compress), ("br", lambda body: brotli.compress(body, quality=1))):
        assert (await post(client, ana, pack(largest), coding)).status_code == 200
        assert (await post(client, ana, pack(largest + b" "), coding)).status_code == 413


async def pulled(client: httpx.AsyncClient, someone: Person, accepts: str) -> tuple[httpx.Headers, bytes]:
    """The headers of a pull and its body as it travelled."""
    headers = someone.headers | {"Accept-Encoding": accepts}
    asked = {"headers": headers, "json": {"schema": 1}, "extensions": {UNREAD: True}}
    async with client.stream("POST", "/v1/sync", **asked) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join([piece async for piece in answer.aiter_raw()])


async def test_an_answer_travels_in_the_coding_that_is_accepted(parts: Parts) -> None:
    async with served(parts) as server:
        ana = await person(server, "Ana")
        _, small = await pulled(server, ana, "identity")
        changes = [check_in("a plain day, and then another plain day") for _ in range(6)]
        await ok(server.post("/v1/sync", headers=ana.headers, json={"schema": 1, "changes": changes}))
        plain_headers, plain = await pulled(server, ana, "identity")
        assert len(plain) > len(small)
        assert "content-encoding" not in plain_headers
        for accepts, coding, unpack in (("gzip", "gzip", gzip.decompress), ("gzip, br", "br", brotli.decompress)):
            headers, body = await pulled(server, ana, accepts)
            assert headers["content-encoding"] == coding
            assert headers["vary"] == plain_headers["vary"] == "accept-encoding"
            assert int(headers["content-length"]) == len(body) < len(plain)
            assert headers["content-type"] == "application/json"
            assert msgspec.json.decode(unpack(body)) | {"now": ""} == msgspec.json.decode(plain) | {"now": ""}


async def test_a_small_answer_is_left_as_it_is(client: httpx.AsyncClient, ana: Person) -> None:
    for path in ("/v1/devices", "/nothing"):
        answer = await client.get(path, headers=ana.headers | {"Accept-Encoding": "br"})
        assert 0 < len(answer.content) < 1024
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers


async def test_a_live_stream_is_never_compressed(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app.WORTH_BYTES", 1)
    async with served(parts) as server:
        ana = await person(server, "Ana")
        async with listening(server, headers=ana.headers | {"Accept-Encoding": "gzip, br"}) as hears:
            assert "content-encoding" not in hears.answer.headers
            await hears.hints(1)


async def test_l6_an_answer_that_carries_a_secret_is_never_compressed(
    client: httpx.AsyncClient, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None of them is long enough to be compressed anyway; let every answer be.
    monkeypatch.setattr("api.app.WORTH_BYTES", 1)
    assert client.headers["accept-encoding"] == "gzip, deflate, br"
    token = await identity_token(client, ana.subject)
    secrets = {
        "sign-in": await sign_in(client, token, uuid4()),
        "identity": await client.post("/v1/dev/identity", json={"subject": "somebody"}),
        "ticket": await client.post("/v1/live/tickets", headers=ana.headers),
        "invitation": await client.post("/v1/invitations", headers=ana.headers),
    }
    assert (await client.get("/v1/me", headers=ana.headers)).headers["content-encoding"] == "br"
    for name, answer in secrets.items():
        assert answer.status_code in (200, 201), name
        assert "content-encoding" not in answer.headers, name
