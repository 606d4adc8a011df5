"""Write the answers that no route has made, with the headers that every answer carries."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from api.errors import MEDIA_TYPE, Problem, rendered

HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer of every port, faults too, unless a route has set its own."""

Fields = list[tuple[bytes, bytes]]


def with_headers(fields: Fields) -> Fields:
    """Return the fields of an answer together with those of `HEADERS` that it lacks."""
    present = {name.lower() for name, _ in fields}
    return fields + [header for header in HEADERS if header[0] not in present]


def written(problem: Problem) -> tuple[Fields, bytes]:
    """Return the fields of a problem's answer and its body."""
    body = rendered(problem)
    fields = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    fields += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    return with_headers(fields), body


async def send_problem(send: Callable[[Any], Awaitable[None]], problem: Problem) -> None:
    """Answer with a problem before, or instead of, asking the framework."""
    fields, body = written(problem)
    await send({"type": "http.response.start", "status": problem.status, "headers": fields})
    await send({"type": "http.response.body", "body": body, "more_body": False})
