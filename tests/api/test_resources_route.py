"""Professional help over HTTP (I26, W23): the same bytes for everyone, and no trace of who asked."""

import gzip
import logging
import socket
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import brotli
import httpx
import msgspec
import pytest

from api import catalogue
from api.app import create_app
from api.catalogue import Catalogue
from api.wiring import Parts
from domain.resources import Source
from tests.answers import UNREAD
from tests.clocks import StillClock, app_at
from tests.conftest import app_client
from tests.people import Person, person
from tests.streams import served

PATH = "/v1/resources"
PLAIN = {"Accept-Encoding": "identity"}
OURS = ("haven", "uvicorn", "litestar", "asyncio")
"""Whose lines an operator of this server would read; the test's own client has others."""


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await person(client, "Ana")


def asked(ana: Person) -> Iterator[tuple[str, dict[str, str]]]:
    """Ways of asking that must not make a difference: the query, and headers."""
    yield "", {}
    yield "", ana.headers
    yield "", {"Authorization": "Bearer h1.quittenmarmelade"}
    yield "", {"Authorization": "Basic YTpi", "Cookie": "session=1"}
    for language in ("de", "fr-CA, fr;q=0.9", "*", "xx"):
        yield "", {"Accept-Language": language}
    for accept in ("text/html", "application/problem+json", "application/xml;q=0.1", "nothing at all"):
        yield "", {"Accept": accept}
    yield "", {"User-Agent": "quittenmarmelade/1", "Origin": "https://evil.example", "Referer": "https://a.example/x"}
    yield "", {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "CF-IPCountry": "DE"}
    yield "", {"Range": "bytes=0-9", "If-Modified-Since": "Fri, 27 Nov 2026 00:00:00 GMT", "If-Match": '"x"'}
    yield "", {"Cache-Control": "no-cache", "Pragma": "no-cache", "X-HTTP-Method-Override": "DELETE"}
    for query in ("?country=DE", "?lang=de&lang=fr", "?today=2019-01-01", "?%zz", "?" + "a=b&" * 200):
        yield query, {}


async def test_i26_the_bytes_are_the_same_for_everyone_however_they_ask(client: httpx.AsyncClient, ana: Person) -> None:
    answers = [await client.get(PATH + query, headers=PLAIN | headers) for query, headers in asked(ana)]
    assert len(answers) > 15
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    # Nothing in the headers tells one from another either.
    assert len({tuple(answer.headers.raw) for answer in answers}) == 1
    headers = answers[0].headers
    assert headers["cache-control"] == "public, max-age=86400"
    assert headers["vary"] == "accept-encoding"
    assert headers["content-type"] == "application/json"
    assert headers["etag"].startswith('"')
    assert not {"set-cookie", "date", "last-modified", "expires", "content-language"} & headers.keys()
    assert len(answers[0].json()["countries"]) > 5


async def test_i26_no_sign_in_no_statement_and_no_count(
    client: httpx.AsyncClient, ana: Person, parts: Parts, statements: list[str]
) -> None:
    paced = deepcopy(parts.pace._hits)
    for query, headers in asked(ana):
        await client.get(PATH + query, headers=headers)
    assert statements == []
    assert parts.pace._hits == paced
    # The same token anywhere else is looked up, so that there would be something to hear.
    await client.get("/v1/me", headers=ana.headers)
    assert statements


async def test_i26_however_often_somebody_asks_there_is_no_limit(client: httpx.AsyncClient) -> None:
    assert {(await client.get(PATH)).status_code for _ in range(400)} == {200}


async def test_i26_nobody_else_is_asked(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*asked: Any, **named: Any) -> Any:
        raise AssertionError(f"somebody was asked: {asked}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    assert (await client.get(PATH)).status_code == 200


async def test_i26_no_line_is_logged_whatever_becomes_of_a_request(
    parts: Parts, ana: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """Over the real server, at the level at which everybody talks."""

    def lines() -> list[str]:
        told = [record for record in caplog.records if record.name.partition(".")[0] in OURS]
        return [f"{record.name} {record.getMessage()} {record.__dict__.get('route')}" for record in told]

    async with served(parts) as server:
        etag = (await server.get(PATH)).headers["etag"]
        with caplog.at_level(logging.DEBUG):
            caplog.clear()
            for query, headers in asked(ana):
                assert (await server.get(PATH + query, headers=headers)).status_code == 200
            assert (await server.get(PATH, headers={"If-None-Match": etag})).status_code == 304
            for method in ("POST", "HEAD", "DELETE", "PUT"):
                assert (await server.request(method, PATH, headers=ana.headers)).status_code == 405
            assert (await server.options(PATH)).status_code == 204
            # Another spelling is another address, which is not described.
            assert (await server.get("/v1/res%6furces", extensions={UNREAD: True})).status_code == 404
            assert lines() == []
            # Any other route is noted, so that there would be something to read.
            await server.get("/v1/me")
            assert any(line.startswith("haven request /v1/me") for line in lines())


async def test_i26_not_even_a_fault_is_logged_with_the_request_that_met_it(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    broken = msgspec.structs.replace(parts, catalogue=None)
    with caplog.at_level(logging.DEBUG):
        async with app_client(create_app(broken)) as client:
            answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert [record for record in caplog.records if record.name.partition(".")[0] in OURS[:3]] == []


async def test_the_way_to_help_is_open_when_everything_else_has_to_wait(parts: Parts) -> None:
    full = msgspec.structs.replace(parts, settings=msgspec.structs.replace(parts.settings, in_flight_max=0))
    async with app_client(create_app(full)) as client:
        assert [(await client.get(path)).status_code for path in ("/v1/me", PATH)] == [503, 200]


async def test_what_a_client_has_already_is_not_sent_again(client: httpx.AsyncClient) -> None:
    known = (await client.get(PATH, headers=PLAIN)).headers["etag"]
    for given in (known, f"W/{known}", f'"other", {known}', "*", f'"a,b" , {known}'):
        answer = await client.get(PATH, headers=PLAIN | {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == known
        assert answer.headers["cache-control"] == "public, max-age=86400"
        assert answer.headers["vary"] == "accept-encoding"
        assert "content-type" not in answer.headers
    for given in ('"other"', known.strip('"'), "", f'"{known}x"', "W/*"):
        answer = await client.get(PATH, headers=PLAIN | {"If-None-Match": given})
        assert (answer.status_code, answer.headers["etag"]) == (200, known)


async def test_each_coding_is_its_own_bytes_with_its_own_name(client: httpx.AsyncClient) -> None:
    plain = await client.get(PATH, headers=PLAIN)
    names = {plain.headers["etag"]}
    for coding, unpacked in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        for wish in (coding, f"{coding};q=0.5, identity;q=0.1"):
            asking = client.stream("GET", PATH, headers={"Accept-Encoding": wish}, extensions={UNREAD: True})
            async with asking as answer:
                packed = b"".join([piece async for piece in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == coding
            assert answer.headers["content-length"] == str(len(packed))
            assert answer.headers["vary"] == "accept-encoding"
            assert unpacked(packed) == plain.content
            names.add(answer.headers["etag"])
        kept = await client.get(PATH, headers={"Accept-Encoding": coding, "If-None-Match": plain.headers["etag"]})
        assert kept.status_code == 200, "plain bytes are not these bytes"
    assert len(names) == 3


async def test_the_bytes_change_by_the_day_and_only_when_something_lapses(parts: Parts) -> None:
    """The American hotline's document is of 20 January 2022."""
    entries = [msgspec.structs.replace(each, last_verified_on=None) for each in catalogue.read()]
    clock = StillClock()
    clock._now = datetime(2027, 1, 18, 23, 59, tzinfo=UTC)
    own = msgspec.structs.replace(parts, catalogue=Catalogue(entries, date(2027, 1, 18)))
    seen = []
    async with app_at(own, clock) as client:
        for _ in range(4):
            seen.append(await client.get(PATH, headers=PLAIN))
            clock.move(days=1)
    shown = ["us-national-domestic-violence-hotline" in answer.text for answer in seen]
    assert shown == [True, True, True, False]
    assert len({answer.headers["etag"] for answer in seen[:3]}) == 1
    assert seen[3].headers["etag"] != seen[2].headers["etag"]


async def test_the_bytes_change_with_the_file(parts: Parts, clock: StillClock) -> None:
    first = catalogue.read()
    newer = Source(source_url="https://help.example/page", dated="2026-11")
    second = [msgspec.structs.replace(each, sources=(newer,)) for each in first]
    answers = []
    for entries in (first, first[::-1], second):
        own = msgspec.structs.replace(parts, catalogue=Catalogue(entries, clock().date()))
        async with app_at(own, clock) as client:
            answers.append(await client.get(PATH, headers=PLAIN))
    assert answers[0].headers["etag"] == answers[1].headers["etag"] != answers[2].headers["etag"]
    assert answers[0].content == answers[1].content != answers[2].content


@pytest.fixture
def clock() -> StillClock:
    return StillClock()
