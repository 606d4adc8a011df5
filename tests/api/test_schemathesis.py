"""Whatever fits the description is answered as described: requests that nobody thought of, made from the document.

schemathesis sends them from a thread of its own; the application answers in the loop of the tests, as always.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import httpx
import people
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.openapi_file import kept
from api.wiring import Parts

EXAMPLES: Final = 3
EXAMPLES_LONG: Final = 48
"""In `make test-long`: 2,016 requests in all."""
PUSHES: Final = 30
"""There are as many sorts of changes as kinds."""
PUSHES_LONG: Final = 240
COUPLE_REQUESTS_MAX: Final = 6
"""Who signs out, parts or tries too often is told so ever after; so other two go on after so many requests."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WAIT_S: Final = 60
STREAMS: Final = {"/v1/live"}
DESCRIBED: Final = {
    (method.upper(), path): operation
    for path, methods in kept()["paths"].items()
    if path not in STREAMS
    for method, operation in methods.items()
}
ASKED: Final = [
    pytest.param(method, path, mode, id=f"{method} {path}-{name}")
    for (method, path), operation in DESCRIBED.items()
    for mode, name in ((GenerationMode.POSITIVE, "fits"), (GenerationMode.NEGATIVE, "does not fit"))
    # What takes no token, nothing in its path and no body cannot be asked for in a way that does not fit.
    if mode is GenerationMode.POSITIVE or operation["security"] or "requestBody" in operation or "{" in path
]


def in_this_loop(app: Any) -> Callable[[Any, Any, Any], Any]:
    """The application for callers of another loop: it answers in this one, to which its pool belongs."""
    loop = asyncio.get_running_loop()

    async def bridge(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("Only a server begins and ends an application; it is here already.")
        there = asyncio.get_running_loop()

        async def receive_there() -> Any:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(receive(), there))

        async def send_there(message: Any) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(send(message), there))

        answering = asyncio.run_coroutine_threadsafe(app(scope, receive_there, send_there), loop)
        await asyncio.wrap_future(answering)

    return bridge


@pytest.fixture(scope="module")
async def described(parts: Parts) -> BaseSchema:
    """What schemathesis makes of the document, read from the application once."""
    app = in_this_loop(create_app(parts))
    return await asyncio.to_thread(schemathesis.openapi.from_asgi, "/v1/openapi.json", app)


each_operation_in_each_mode = pytest.mark.parametrize(("method", "path", "mode"), ASKED)


@each_operation_in_each_mode
async def test_what_nobody_thought_of_is_answered_as_described(
    described: BaseSchema, client: httpx.AsyncClient, method: str, path: str, mode: GenerationMode
) -> None:
    await send_many(described, client, method, path, mode, EXAMPLES, PUSHES)


@pytest.mark.long
@each_operation_in_each_mode
async def test_two_thousand_requests_that_nobody_thought_of_are_answered_as_described(
    described: BaseSchema, client: httpx.AsyncClient, method: str, path: str, mode: GenerationMode
) -> None:
    await send_many(described, client, method, path, mode, EXAMPLES_LONG, PUSHES_LONG)


async def send_many(
    described: BaseSchema,
    client: httpx.AsyncClient,
    method: str,
    path: str,
    mode: GenerationMode,
    requests: int,
    requests_that_push: int,
) -> None:
    """Send what fits, or does not fit, this operation; each answer is held against the document."""
    cases = described[path][method].as_strategy(mode)
    pushes = path == "/v1/sync" and mode is GenerationMode.POSITIVE
    if pushes:
        cases = cases.filter(lambda case: "changes" in case.body and case.body["changes"])
    loop = asyncio.get_running_loop()
    sent: list[int] = []
    ana, couple = await somebody(client)
    examples = requests_that_push if pushes else requests

    @settings(
        max_examples=examples,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send_some(case: Case) -> None:
        nonlocal ana, couple
        if sent and len(sent) % COUPLE_REQUESTS_MAX == 0 and not pushes:
            ana, couple = asyncio.run_coroutine_threadsafe(somebody(client), loop).result(timeout=WAIT_S)
        if mode is GenerationMode.POSITIVE:
            make_real(case, couple)
        answer = case.call(headers=ana.headers)
        sent.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    await asyncio.to_thread(send_some)
    assert len(sent) == examples
    # What fits the document is looked at, whatever then becomes of each change.
    assert not pushes or set(sent) == {200}


async def somebody(client: httpx.AsyncClient) -> tuple[people.Person, str]:
    """One of two who are a couple, and the couple."""
    ana, _ = await people.couple(client)
    return ana, (await people.me(client, ana))["couple"]["id"]


def make_real(case: Case, couple: str) -> None:
    """Put right what no description can tell, so that more than the door is tried: coding, cursor, couple."""
    if case.headers is not None:
        case.headers.pop("Content-Encoding", None)
    if isinstance(case.body, dict):
        # To JSON Schema 1.0 is a whole number, to Haven it is not.
        case.body = json.loads(json.dumps(case.body), parse_float=lambda number: int(float(number)))
        case.body.pop("cursor", None)
        for change in case.body.get("changes", ()):
            if "couple" in change:
                change["couple"] = couple
