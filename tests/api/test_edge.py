"""The edge of HTTP over real sockets: what no route sees is refused in the words of the house, within bounds."""

import asyncio
import logging
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from api.app import create_app
from api.drain import Drain
from api.edge import Bounds
from api.server import _address_of, _listening
from api.settings import Address
from api.telemetry import AllowedFields
from api.wiring import Parts
from domain.ids import SpaceId
from tests.lines import Said, asked, line
from tests.people import me, person
from tests.streams import DEADLINE_S, served, serving

CANARY = "quittenmarmelade"
HOST = b"Host: haven\r\n"
POST = b"POST /v1/sign-in HTTP/1.1\r\nHost: haven\r\nContent-Type: application/json\r\n"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
async def server(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with served(parts) as client:
        yield client


@pytest.fixture
async def hasty(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """The same server with little patience."""
    async with served(parts, bounds=Bounds(head_s=0.1, body_s=0.4, body_start_s=0.1)) as client:
        yield client


# What cannot be understood

UNREADABLE = [
    ("another protocol", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("no address", b"GET\r\n\r\n"),
    ("HTTP/2 begun straight away", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("an unknown version", b"GET /v1/docs HTTP/3.7\r\n" + HOST + b"\r\n"),
    ("version 2", b"GET /v1/docs HTTP/2.0\r\n" + HOST + b"\r\n"),
    ("no version", b"GET /v1/docs\r\n\r\n"),
    ("a blank in the address", b"GET /v1/ docs HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("an address without a slash", b"GET haven:8000 HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a NUL in the address", b"GET /v1/\x00docs HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("letters beyond ASCII in the address", b"GET /v1/\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a blank before the colon", b"GET /v1/docs HTTP/1.1\r\nHost : haven\r\n\r\n"),
    ("a NUL in a header", b"GET /v1/docs HTTP/1.1\r\n" + HOST + CANARY.encode() + b": a\x00b\r\n\r\n"),
    ("a folded header", b"GET /v1/docs HTTP/1.1\r\nHost: haven\r\n folded\r\n\r\n"),
    ("lines that end half", b"GET /v1/docs HTTP/1.1\nHost: haven\n\n"),
    ("a bare CR", b"GET /v1/docs HTTP/1.1\r\nHost: haven\rX: y\r\n\r\n"),
    ("no host", b"GET /v1/docs HTTP/1.1\r\n\r\n"),
    ("two hosts", b"GET /v1/docs HTTP/1.1\r\n" + HOST + HOST + b"\r\n"),
    ("a chunk of no size", POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    ("a chunk longer than it says", POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"),
    ("two codings of transfer", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("chunks twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    ("an unknown coding of transfer", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("chunks in HTTP/1.0", b"POST /v1/sign-in HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a length with a sign", POST + b"Content-Length: +2\r\n\r\n{}"),
    ("a negative length", POST + b"Content-Length: -2\r\n\r\n{}"),
]


@pytest.mark.parametrize("sent", [sent for _, sent in UNREADABLE], ids=[name for name, _ in UNREADABLE])
async def test_what_cannot_be_understood_is_a_400_of_the_house_and_the_connection_ends(
    server: httpx.AsyncClient, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        said = await asked(server, sent)
    said.problem(400, "malformed")
    assert CANARY not in said.body.decode()
    lines = [msgspec.json.decode(AllowedFields().format(record)) for record in caplog.records]
    noted = [(each["status"], each["code"]) for each in lines if each["event"] == "refused"]
    assert noted == [(400, "malformed")]


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5, 5\r\n",
    ],
)
async def test_x15_two_lengths_are_a_400_and_what_follows_is_no_request(
    server: httpx.AsyncClient, lengths: bytes
) -> None:
    said = await asked(server, POST + lengths + b"\r\n0\r\n\r\nGET /v1/docs HTTP/1.1\r\n" + HOST + b"\r\n")
    assert "told once" in said.problem(400, "malformed")


async def test_a_trailer_is_not_taken_for_a_header(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    token = f"Authorization: {ana.headers['Authorization']}\r\n".encode()
    head = b"POST /v1/live/tickets HTTP/1.1\r\nConnection: close\r\n" + HOST
    body = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    assert (await asked(server, head + token + body + b"\r\n")).status == 200
    (await asked(server, head + body + token + b"\r\n")).problem(401, "unauthenticated")


async def test_garbage_on_a_live_stream_does_not_reach_into_it(server: httpx.AsyncClient, parts: Parts) -> None:
    ana = await person(server, "Ana")
    space = SpaceId(UUID((await me(server, ana))["personal_space"]))
    async with line(server) as stream:
        await stream.send(f"GET /v1/live HTTP/1.1\r\nHost: haven\r\nAuthorization: Bearer {ana.token}\r\n\r\n".encode())
        assert (await stream.until(b'"head":')).startswith(b"HTTP/1.1 200 ")
        await stream.send(b"\x00\x01\x02 garbage\r\n\r\n")
        # Asked after the garbage was sent, and answered.
        assert (await server.get("/x")).status_code == 404
        parts.hints.publish({space: 1_000_000})
        assert b"HTTP/" not in await stream.until(b'"head":1000000')


async def test_a_request_that_does_not_wait_for_the_answer_before_it_is_not_answered(
    server: httpx.AsyncClient,
) -> None:
    one = b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n"
    (await asked(server, one + one + one)).problem(404, "not_found")
    async with line(server) as kept:
        for _ in range(3):
            await kept.send(one)
            said = await kept.answer()
            assert "connection" not in said.headers


async def test_a_wish_for_another_protocol_is_passed_over(server: httpx.AsyncClient) -> None:
    for wish in (b"h2c", b"websocket"):
        upgrade = b"Connection: Upgrade\r\nUpgrade: " + wish + b"\r\n\r\n"
        async with line(server) as kept:
            for _ in range(2):
                await kept.send(b"GET /x HTTP/1.1\r\n" + HOST + upgrade)
                (await kept.answer()).problem(404, "not_found")
        (await asked(server, b"GET /x HTTP/1.1\r\n" + HOST + upgrade + b"\x81\x00\x00")).problem(404, "not_found")


async def test_who_asks_whether_to_go_on_is_told_to(server: httpx.AsyncClient) -> None:
    async with line(server) as asks:
        await asks.send(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await asks.answer() == Said(100, {}, b"")
        await asks.send(b"{}")
        (await asks.answer()).problem(400, "malformed")


# Addresses and methods


async def bare(server: httpx.AsyncClient, sent: str, method: str = "GET", headers: str = "") -> tuple[Any, ...]:
    """An answer without what differs from one to the next: the time, and whether the connection stays."""
    async with line(server) as asks:
        await asks.send(f"{sent} HTTP/1.1\r\nHost: haven\r\n{headers}\r\n".encode())
        said = await asks.answer(method)
        headers_left = [(name, value) for name, value in said.headers.items() if name not in ("date", "connection")]
        return said.status, headers_left, said.body


@pytest.mark.parametrize(
    "address",
    [
        "//v1/docs",
        "/v1//docs",
        "/v1/docs/",
        "/v1/docs//",
        "/v1/x/..%2fdocs",
        "/v1/../v1/docs",
        "/v1/./docs",
        "/v1%2fdocs",
        "/v1/d%6fcs",
        "/v1/docs%00",
        "/v1/docs#part",
        "/V1/docs",
        "http://haven//v1/docs",
        "*",
    ],
)
async def test_x12_an_address_has_one_spelling_and_every_other_is_the_same_404(
    server: httpx.AsyncClient, address: str
) -> None:
    assert (await bare(server, "GET /v1/docs"))[0] == 200
    unknown = await bare(server, "GET /nothing")
    assert unknown[0] == 404
    assert await bare(server, f"GET {address}") == unknown
    assert await bare(server, f"OPTIONS {address}") == unknown


async def test_x12_another_spelling_opens_no_live_stream(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    unknown = await bare(server, "GET /nothing")
    for address in ("//v1/live", "/v1/live/", "/v1/l%69ve"):
        headers = f"Authorization: Bearer {ana.token}\r\n"
        assert await bare(server, f"GET {address}", headers=headers) == unknown


async def test_an_address_may_be_told_with_its_host_as_proxies_do(server: httpx.AsyncClient) -> None:
    plain = await bare(server, "GET /v1/docs?x=1")
    assert plain[0] == 200
    assert await bare(server, "GET http://haven/v1/docs?x=1") == plain
    assert (await bare(server, "GET http://haven?x=1"))[0] == 404


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PUT", "PROPFIND"])
async def test_x12_a_method_that_does_not_fit_is_the_same_405_or_404(server: httpx.AsyncClient, method: str) -> None:
    status, headers, body = await bare(server, f"{method} /v1/docs", method)
    wrong = await bare(server, "DELETE /v1/docs")
    assert (status, headers) == wrong[:2]
    assert status == 405
    assert dict(headers)["allow"] == "GET, OPTIONS"
    assert body == (b"" if method == "HEAD" else wrong[2])
    unknown = await bare(server, "GET /nothing")
    assert (await bare(server, f"{method} /nothing", method))[:2] == unknown[:2]


@pytest.mark.parametrize("line", ["CONNECT haven:80", "CONNECT /v1/docs", "BREW /v1/docs", "get /v1/docs"])
async def test_x12_a_method_of_another_trade_is_the_same_404(server: httpx.AsyncClient, line: str) -> None:
    assert await bare(server, line) == await bare(server, "GET /nothing")


async def test_x12_no_header_makes_another_method_of_one(server: httpx.AsyncClient) -> None:
    wrong = await bare(server, "POST /v1/docs")
    assert wrong[0] == 405
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert await bare(server, "POST /v1/docs", headers=f"{header}: GET\r\nContent-Length: 0\r\n") == wrong
        assert (await bare(server, "GET /v1/docs", headers=f"{header}: DELETE\r\n"))[0] == 200


# Sizes


async def test_the_first_line_holds_four_kibibytes(server: httpx.AsyncClient) -> None:
    room = 4096 - len("GET / HTTP/1.1")
    for size, status in ((room, 404), (room + 1, 414)):
        async with line(server) as asks:
            await asks.send(b"GET /" + b"a" * size + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            said = await asks.answer()
            assert said.status == status
    said = await asked(server, *[b"GET /" + b"a" * 100_000] * 50)
    said.problem(414, "address_too_long")


def with_headers(*fields: bytes) -> bytes:
    return b"GET /x HTTP/1.1\r\n" + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


async def test_headers_are_bounded_in_number_and_in_bytes(server: httpx.AsyncClient) -> None:
    async with line(server) as asks:
        for fits in ([b"a: b"] * 63, [b"a: " + b"b" * (16_384 - len("Host: haven\r\na: \r\n"))]):
            await asks.send(with_headers(*fits))
            (await asks.answer()).problem(404, "not_found")
        await asks.send(with_headers(*[b"a: b"] * 64))
        (await asks.last_answer()).problem(431, "headers_too_large")
    too_long = b"a: " + b"b" * (16_384 - len("Host: haven\r\na: \r\n") + 1)
    (await asked(server, with_headers(too_long))).problem(431, "headers_too_large")


async def test_trailers_count_among_the_headers(server: httpx.AsyncClient) -> None:
    body = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    said = await asked(server, POST + body, *[b"a: b\r\n"] * 70, b"\r\n")
    said.problem(431, "headers_too_large")


async def test_x14_a_header_of_five_megabytes_is_refused_early(server: httpx.AsyncClient) -> None:
    for begun in (b"GET /x HTTP/1.1\r\nX: ", b"GET /x HTTP/1.1\r\nX", b"GET /x HTTP/1.1\r\nX:  ", b"\r\n"):
        piece = b"\r\n" * 50_000 if begun == b"\r\n" else b"a" * 100_000
        (await asked(server, begun, *[piece] * 50)).problem(431, "headers_too_large")


LYING = b"Content-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    ("told", "piece", "end", "status"),
    [
        (b"Content-Length: 1048577\r\n\r\n", b"a" * 65_536, b"a", 413),
        (b"Content-Length: 99999999999999999\r\n\r\n", b"a" * 65_536, b"a", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n", b"1\r\na\r\n0\r\n\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n100001\r\n", b"a" * 65_536, b"a\r\n0\r\n\r\n", 413),
        (LYING, b"a" * 65_536, b"a", 400),
    ],
    ids=["length", "enormous length", "chunked", "one chunk", "lying length"],
)
async def test_x1_a_body_over_a_mebibyte_is_refused_and_not_kept(
    server: httpx.AsyncClient, told: bytes, piece: bytes, end: bytes, status: int
) -> None:
    tracemalloc.start()
    try:
        said = await asked(server, POST + told, *[piece] * 16, end)
        kept_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said.problem(status, "too_large" if status == 413 else "malformed")
    assert kept_bytes < 16 * MIB


async def test_a_body_of_exactly_a_mebibyte_is_read_however_it_comes(server: httpx.AsyncClient) -> None:
    body = b'"' + b"a" * (MIB - 2) + b'"'
    whole = (b"Content-Length: 1048576\r\n\r\n", body)
    chunked = (b"Transfer-Encoding: chunked\r\n\r\n80000\r\n", body[: MIB // 2], b"\r\n80000\r\n", body[MIB // 2 :])
    async with line(server) as asks:
        for pieces in (whole, (*chunked, b"\r\n0\r\n\r\n")):
            await asks.send(POST, *pieces)
            said = await asks.answer()
            # Understood as far as JSON goes: a string where an object must be.
            assert "must be object" in said.problem(400, "malformed")


async def test_who_is_turned_away_early_may_go_on_over_the_same_connection(server: httpx.AsyncClient) -> None:
    head = b"POST /v1/sync HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    async with line(server) as asks:
        for _ in range(2):
            await asks.send(head + b"Content-Length: 1000000\r\n\r\n", *[b"a" * 100_000] * 10)
            (await asks.answer()).problem(401, "unauthenticated")


async def test_who_has_an_answer_gets_no_second_one_for_the_same_request(hasty: httpx.AsyncClient) -> None:
    head = b"POST /v1/sync HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    async with line(hasty) as stops:
        await stops.send(head + b"Content-Length: 1000000\r\n\r\n", b"a" * 100_000)
        (await stops.answer()).problem(401, "unauthenticated")
        await stops.end()


async def test_a_route_that_waits_for_a_body_hears_that_it_will_not_come() -> None:
    heard = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.set()

    async with serving(app, bounds=Bounds(leave_s=3600)) as server, line(server) as sends:
        await sends.send(POST + b"Transfer-Encoding: chunked\r\n\r\n20000\r\n", b"a" * 0x20000, b"\r\nzz\r\n")
        (await sends.answer()).problem(400, "malformed")
        # It would hear of it anyway when the connection closes; that is an hour away.
        async with asyncio.timeout(DEADLINE_S):
            await heard.wait()


async def test_a_refused_connection_is_over_when_both_have_left(parts: Parts) -> None:
    # A server that is told to end waits for its connections; to cut this one off would take an hour.
    async with asyncio.timeout(DEADLINE_S):
        there = serving(create_app(parts), bounds=Bounds(leave_s=3600), finish_s=3600)
        async with there as server, line(server) as leaves:
            await leaves.send(POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
            (await leaves.last_answer()).problem(400, "malformed")


# Time


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"", b""),
        (b"GET /x HTTP/1.1\r\nHost: ha", b""),
        (b"GET /x HTTP/1.1\r\n" + HOST, b""),
        (b"GET /x HTTP/1.1\r\nX: ", b"a"),
        (b"\r\n", b"\r\n"),
        (POST + b"Content-Length: 2000\r\n\r\n", b""),
        (POST + b"Content-Length: 2000\r\n\r\n", b" "),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (POST + b"Content-Length: 1000000\r\n\r\n" + b" " * 100_000, b" "),
    ],
    ids=[
        "silent",
        "half a header",
        "no end of the headers",
        "a byte at a time of a header",
        "empty lines",
        "no body",
        "a byte at a time of a body",
        "small chunks",
        "a chunk that says much of itself",
        "a body that stops",
    ],
)
async def test_x14_whoever_is_too_slow_is_told_so_and_let_go(
    hasty: httpx.AsyncClient, begun: bytes, drop: bytes
) -> None:
    async with line(hasty) as slow:
        await slow.send(begun)

        async def drip() -> None:
            while True:
                await slow.send(drop)
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        (await slow.last_answer()).problem(408, "too_slow")
        dripping.cancel()


async def test_the_second_request_of_a_connection_has_its_own_time(hasty: httpx.AsyncClient) -> None:
    async with line(hasty) as slow:
        await slow.send(b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n")
        (await slow.answer()).problem(404, "not_found")
        await slow.send(b"GET /x HT")
        (await slow.last_answer()).problem(408, "too_slow")


async def test_between_two_requests_a_connection_may_rest(hasty: httpx.AsyncClient) -> None:
    request = b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n"
    async with line(hasty) as rests:
        await rests.send(request)
        (await rests.answer()).problem(404, "not_found")
        # Opened later, and gone for its silence, twice over: so long did the other one rest.
        for _ in range(2):
            (await asked(hasty)).problem(408, "too_slow")
        await rests.send(request)
        (await rests.answer()).problem(404, "not_found")


async def test_a_body_that_comes_steadily_is_waited_for(parts: Parts) -> None:
    # Each byte earns a hundred seconds: what counts is that some came, not how fast this machine is.
    bounds = Bounds(body_start_s=0.05, body_bytes_a_s_min=1, body_s=600)
    async with served(parts, bounds=bounds) as server, line(server) as steady:
        await steady.send(POST + b"Content-Length: 202\r\n\r\n{", b" " * 200)
        async with line(server) as silent:
            await silent.send(POST + b"Content-Length: 2\r\n\r\n")
            (await silent.last_answer()).problem(408, "too_slow")
        await steady.send(b"}")
        (await steady.answer()).problem(400, "malformed")


async def test_a_body_that_a_route_does_not_take_yet_is_not_called_slow() -> None:
    # A route that is busy stops the reading; the sender can do nothing about it.
    gate = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        taken = 0
        while True:
            message = await receive()
            taken += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(taken).encode()})

    bounds = Bounds(body_start_s=0.15, body_s=0.4)  # three times the one is more than the other
    async with serving(app, bounds=bounds) as busy, line(busy) as sends:
        sending = asyncio.create_task(
            sends.send(POST + b"Connection: close\r\nContent-Length: 1000000\r\n\r\n", *[b"a" * 100_000] * 10)
        )
        for _ in range(3):
            async with line(busy) as silent:
                await silent.send(POST + b"Content-Length: 2\r\n\r\n")
                (await silent.last_answer()).problem(408, "too_slow")
        gate.set()
        await sending
        answer = await sends.until(b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"1000000" in answer


async def test_x14_two_hundred_of_them_keep_nobody_from_being_served(parts: Parts) -> None:
    few = msgspec.structs.replace(parts.settings, in_flight_max=2)
    mine = msgspec.structs.replace(parts, settings=few, drain=Drain())
    async with served(mine, bounds=Bounds(head_s=2, body_start_s=2, body_s=2)) as server, AsyncExitStack() as opened:
        ana = await person(server, "Ana")
        signed_in = f"Authorization: Bearer {ana.token}\r\nContent-Type: application/json\r\nHost: haven\r\n".encode()
        sorts = (
            b"",
            b"GET /v1/me HTTP/1.1\r\nHost: ha",
            b"GET /v1/me HTTP/1.1\r\nX: " + b"a" * 16_000,
            b"POST /v1/sync HTTP/1.1\r\n" + signed_in + b"Content-Length: 1000\r\n\r\n",
            b"POST /v1/sync HTTP/1.1\r\n" + signed_in + b"Content-Length: 60000\r\n\r\n" + b" " * 50_000,
        )
        slow = [await opened.enter_async_context(line(server)) for _ in range(200)]
        for nth, each in enumerate(slow):
            await each.send(sorts[nth % len(sorts)])
        while_they_wait = [(await server.get("/v1/me", headers=ana.headers)).status_code for _ in range(20)]
        assert while_they_wait == [200] * 20
        assert mine.drain.in_flight == 0
        for each in slow:
            (await each.last_answer()).problem(408, "too_slow")
        assert (await server.get("/v1/me", headers=ana.headers)).status_code == 200


# What falls out of the application


async def test_l6_a_fault_that_nothing_caught_is_still_a_problem_of_the_house() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError(CANARY)

    async with serving(app) as server, line(server) as asks:
        await asks.send(b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n")
        said = await asks.answer()
        said.problem(500, "internal")
        assert CANARY not in said.body.decode()


async def test_l6_a_fault_in_the_middle_of_an_answer_ends_it() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError(CANARY)

    async with serving(app) as server, line(server) as asks:
        await asks.send(b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await asks.until(b"half")).endswith(b"half")
        await asks.end()


async def test_l6_what_is_cut_off_at_the_end_of_the_process_may_be_sent_again() -> None:
    asked_for = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked_for.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as opened:
        async with serving(app, finish_s=0) as server:
            waits = await opened.enter_async_context(line(server))
            await waits.send(b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n")
            await asked_for.wait()
        said = await waits.last_answer()
        said.problem(503, "unavailable")
        assert int(said.headers["retry-after"]) > 0


async def test_l6_no_answer_lets_another_origin_read_it(server: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "null"):
        headers = f"Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n"
        for asked_for in ("OPTIONS /v1/sync", "OPTIONS /x", "GET /v1/docs/", "BREW /x"):
            _, names, _ = await bare(server, asked_for, headers=headers)
            assert not [name for name, _ in names if name.startswith("access-control")]


# Where it listens


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no sockets of both families")
async def test_the_unspecified_address_of_ipv6_listens_on_both_families() -> None:
    with _listening(Address("::", 0), "HAVEN_BIND") as listener:
        port = _address_of(listener).port
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, port), timeout=5):
                pass


async def test_what_is_written_around_chunks_is_bounded_too(server: httpx.AsyncClient) -> None:
    """An extension of a chunk is no part of the body, and nobody reads it."""
    said = await asked(server, POST + b"Transfer-Encoding: chunked\r\n\r\n2;", *[b"a" * 65_536] * 40)
    said.problem(413, "too_large")


async def test_who_has_said_all_and_closes_their_half_hears_the_answer(server: httpx.AsyncClient) -> None:
    ana = await person(server, "Ana")
    head = b"POST /v1/sync HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    token = f"Authorization: {ana.headers['Authorization']}\r\n".encode()
    async with line(server) as asks:
        await asks.send(head + token + b'Content-Length: 12\r\n\r\n{"schema":1}')
        await asks.say_no_more()
        assert (await asks.answer()).status == 200
        await asks.end()


@pytest.mark.parametrize("told", [POST[:40], POST + b"Content-Length: 100\r\n\r\n{"], ids=["head", "body"])
async def test_who_closes_their_half_in_the_middle_is_told_so(server: httpx.AsyncClient, told: bytes) -> None:
    async with line(server) as stops:
        await stops.send(told)
        await stops.say_no_more()
        assert "ended before" in (await stops.last_answer()).problem(400, "malformed")


async def test_who_closes_their_half_between_requests_is_told_nothing(server: httpx.AsyncClient) -> None:
    async with line(server) as rests:
        await rests.say_no_more()
        await rests.end()
