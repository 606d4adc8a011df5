"""The door of the house: bounds, headers, and one kind of fault, before any route is asked."""

import asyncio
import logging
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Request, get, post
from msgspec import Struct

from api.answers import HEADERS
from api.app import DEVELOPMENT_ROUTES, ROUTES, create_app
from api.drain import Drain
from api.routes.health import Health
from api.routes.requests import decoded
from api.settings import Settings
from api.telemetry import AllowedFields
from api.wiring import Parts
from tests.conftest import app_client

CANARY = "quittenmarmelade"


class Body(Struct):
    word: str


BODY = msgspec.json.Decoder(Body)


@post("/t/echo")
async def echo(request: Request[Any, Any, Any]) -> Body:
    return await decoded(request, BODY)


@get("/t/fault")
async def fail(request: Request[Any, Any, Any]) -> None:
    raise RuntimeError(CANARY)


@get("/t/sql")
async def fail_in_sql(request: Request[Any, Any, Any]) -> None:
    await request.app.state.parts.pool.execute("SELECT $1::text::int", CANARY)


@get("/t/slow")
async def slow(request: Request[Any, Any, Any]) -> str:
    await request.app.state.gate.wait()
    return "done"


def with_settings(parts: Parts, **changed: Any) -> Parts:
    settings = msgspec.structs.replace(parts.settings, **changed)
    return msgspec.structs.replace(parts, settings=settings, drain=Drain())


@pytest.fixture
async def odd(parts: Parts) -> Any:
    """The application with a few routes that misbehave."""
    app = create_app(with_settings(parts, in_flight_max=2))
    for handler in (echo, fail, fail_in_sql, slow):
        app.register(handler)
    app.state.gate = asyncio.Event()
    async with app_client(app) as client:
        client.gate = app.state.gate  # type: ignore[attr-defined]
        yield client


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    assert "server" not in answer.headers
    assert CANARY not in answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:haven:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith(".")
    return body


async def test_a_request_is_answered_with_the_headers_of_the_house(odd: httpx.AsyncClient) -> None:
    answer = await odd.post("/t/echo", json={"word": CANARY})
    assert answer.json() == {"word": CANARY}
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()


@pytest.mark.parametrize(
    "path", [f"/{CANARY}", "/v1/..%2fme", "//v1/me", "/livez", "/readyz", "/metrics", "/openapi.json", "/schema"]
)
async def test_an_unknown_address_is_a_problem(odd: httpx.AsyncClient, path: str) -> None:
    assert problem(await odd.get(path), 404, "not_found") == problem(await odd.get("/x"), 404, "not_found")


async def test_a_method_that_does_not_fit_is_a_problem(odd: httpx.AsyncClient) -> None:
    answer = await odd.get("/t/echo")
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


async def test_a_fault_of_ours_says_nothing_of_what_is_inside(
    odd: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        body = problem(await odd.get(f"/t/fault?secret={CANARY}"), 500, "internal")
        problem(await odd.get("/t/sql"), 500, "internal")
    assert "RuntimeError" not in str(body)
    lines = [AllowedFields().format(record) for record in caplog.records]
    assert CANARY not in "".join(lines)
    faults = [line for line in map(msgspec.json.decode, lines) if line["event"] == "fault"]
    assert [line["code"] for line in faults] == ["RuntimeError", "InvalidTextRepresentationError"]
    assert faults[1]["sqlstate"] == "22P02"
    assert any("fail" in place for place in faults[0]["trace"])


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/jsonish"},
        {"content-type": "application/json", "content-encoding": "zstd"},
        {"content-type": "application/json", "content-encoding": "gzip, br"},
    ],
)
async def test_only_json_in_a_known_coding_is_read(odd: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await odd.post("/t/echo", content=b'{"word": "a"}', headers=headers)
    problem(answer, 415, "unsupported_media_type")
    assert answer.headers["accept-encoding"] == "br, gzip"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
async def test_json_may_be_named_in_any_usual_way(odd: httpx.AsyncClient, content_type: str) -> None:
    answer = await odd.post("/t/echo", content=b'{"word": "a"}', headers={"content-type": content_type})
    assert answer.status_code == 201


async def test_a_body_has_a_largest_size_whether_or_not_it_says_so(odd: httpx.AsyncClient) -> None:
    inside = b'{"word": "' + b"a" * (1024 * 1024 - 12) + b'"}'
    headers = {"content-type": "application/json"}
    assert len(inside) == 1024 * 1024
    assert (await odd.post("/t/echo", content=inside, headers=headers)).status_code == 201

    async def chunks() -> Any:
        yield inside
        yield b" "

    problem(await odd.post("/t/echo", content=inside + b" ", headers=headers), 413, "too_large")
    problem(await odd.post("/t/echo", content=chunks(), headers=headers), 413, "too_large")


async def test_malformed_json_is_a_400_with_its_place(odd: httpx.AsyncClient) -> None:
    answer = await odd.post("/t/echo", content=b'{"word": 1}', headers={"content-type": "application/json"})
    assert problem(answer, 400, "malformed")["where"] == "$.word"


async def test_beyond_its_bound_of_requests_a_process_says_so_early(odd: httpx.AsyncClient) -> None:
    held = [asyncio.create_task(odd.get("/t/slow")) for _ in range(2)]
    async with asyncio.timeout(10):
        while True:
            answer = await odd.get("/x")
            if answer.status_code == 503:
                break
            await asyncio.sleep(0)
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"
    odd.gate.set()  # type: ignore[attr-defined]
    assert [(await each).status_code for each in held] == [200, 200]
    problem(await odd.get("/x"), 404, "not_found")


async def test_no_route_sends_what_another_origin_could_read(odd: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "null"):
        for method in ("GET", "OPTIONS"):
            answer = await odd.request(
                method, "/v1/me", headers={"origin": origin, "access-control-request-method": "GET"}
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_production_has_no_development_routes(parts: Parts) -> None:
    app = create_app(with_settings(parts, mode="production"))
    paths = {route.path for route in app.routes}
    for module in DEVELOPMENT_ROUTES:
        for handler in module.DEVELOPMENT_ROUTES:
            assert not paths & handler.paths
    for module in ROUTES:
        for handler in module.ROUTES:
            assert paths & handler.paths


async def probe(health: Health, path: str) -> tuple[int, Any]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=health), base_url="http://admin.test") as client:
        answer = await client.get(path)
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode()
        return answer.status_code, answer.json()


async def test_probes_tell_ready_draining_and_nothing_else(parts: Parts) -> None:
    mine = with_settings(parts)
    health = Health(mine)
    assert await probe(health, "/livez") == (200, {"ok": True, "why": ""})
    assert await probe(health, "/readyz") == (200, {"ok": True, "why": ""})
    assert (await probe(health, "/v1/me"))[0] == 404
    mine.drain.begin()
    assert await probe(health, "/readyz") == (503, {"ok": False, "why": "draining"})
    assert (await probe(health, "/livez"))[0] == 200


async def test_a_log_line_holds_allowed_fields_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("haven").info(
            CANARY, extra={"event": "request", "status": 200, "words": CANARY, "route": "/v1/sync"}
        )
        try:
            raise ValueError(CANARY)
        except ValueError:
            logging.getLogger("some.library").exception("broke on %s", CANARY)
    formatter = AllowedFields()
    first, second = (msgspec.json.decode(formatter.format(record)) for record in caplog.records)
    assert {name: first[name] for name in ("event", "status", "route", "level")} == {
        "event": "request",
        "status": 200,
        "route": "/v1/sync",
        "level": "info",
    }
    assert second["code"] == "ValueError"
    assert second["event"] == "some.library"
    assert CANARY not in str(first) + str(second)
    assert formatter.dropped == 1


def test_settings_of_the_tests_are_those_of_development() -> None:
    assert Settings().development
