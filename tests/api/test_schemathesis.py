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

EXAMPLES_MAX: Final = 6
PUSHES_MAX: Final = 30
"""There are as many sorts of changes as kinds."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS: Final = {"/v1/live"}
OPERATIONS: Final = [
    (method.upper(), path) for path, methods in kept()["paths"].items() if path not in STREAMS for method in methods
]


def in_this_loop(app: Any) -> Callable[[Any, Any, Any], Any]:
    """The application for callers of another loop: it answers in this one, to which its pool belongs."""
    loop = asyncio.get_running_loop()

    async def bridge(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            # Only a server begins and ends an application; it is here already.
            raise NotImplementedError
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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not fit"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=map(" ".join, OPERATIONS))
async def test_what_nobody_thought_of_is_answered_as_described(
    described: BaseSchema, client: httpx.AsyncClient, method: str, path: str, mode: GenerationMode
) -> None:
    ana, _ = await people.couple(client)
    couple = (await people.me(client, ana))["couple"]["id"]
    cases = described[path][method].as_strategy(mode)
    pushes = path == "/v1/sync" and mode is GenerationMode.POSITIVE
    if pushes:
        cases = cases.filter(lambda case: "changes" in case.body and case.body["changes"])
    sent: list[int] = []

    @settings(
        max_examples=PUSHES_MAX if pushes else EXAMPLES_MAX,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send_some(case: Case) -> None:
        if mode is GenerationMode.POSITIVE:
            make_real(case, couple)
        answer = case.call(headers=ana.headers)
        sent.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    await asyncio.to_thread(send_some)
    assert sent
    # What fits the document is looked at, whatever then becomes of each change.
    assert not pushes or set(sent) == {200}


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
