"""Hold answers against the description of the API, so that whatever a test asks for also tests the description."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import httpx
import jsonschema_rs

from api.openapi_file import document
from api.references import followed


async def _held(answer: httpx.Response) -> None:
    is_stream = "text/event-stream" in answer.headers.get("content-type", "")
    if not is_stream and UNREAD not in answer.request.extensions:
        await answer.aread()
        assert objection(answer) == ""


HOOKS: Final = {"response": [_held]}
"""What lets a client of the tests look at every answer but streams, which have no end."""
UNREAD: Final = "unread"
"""An extension of a request whose test reads the answer by itself, byte by byte."""


def objection(answer: httpx.Response) -> str:
    """What about an answer, read to its end, is not as described; nothing for what is not described at all."""
    found = _operations(answer.request.url.path)
    method = answer.request.method.lower()
    if found is None or (method not in found[1] and answer.status_code in UNDESCRIBED):
        return ""
    template, methods = found
    asked = f"{answer.request.method} {template} answers {answer.status_code}"
    described = methods.get(method, {"responses": {}})["responses"].get(str(answer.status_code))
    if described is None:
        return f"{asked}, which is not described"
    return next((f"{asked} {what}" for what in _faults(answer, followed(_described(), described))), "")


UNDESCRIBED = (204, 405)
"""What an address answers to OPTIONS, and to any other method that is not there."""


def _faults(answer: httpx.Response, described: dict[str, Any]) -> Iterator[str]:
    for name, header in described["headers"].items():
        if name in answer.headers:
            if not _fits(followed(_described(), header)["schema"], _header(answer.headers[name])):
                yield f"with another {name}"
        elif followed(_described(), header).get("required", False):
            yield f"without {name}"
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    content = described.get("content", {"": {}})
    if media_type not in content:
        yield f"with the media type {media_type or 'of nothing'}"
    elif not media_type:
        yield from ["with a body"] if answer.content else []
    else:
        # Where, but not what: the output of a test repeats nobody's words.
        said = answer.text if media_type.startswith("text/") else answer.json()
        faults = _validator(content[media_type]["schema"]).iter_errors(said)
        yield from (f"with what does not fit at {fault.instance_path}" for fault in faults)


def _header(value: str) -> Any:
    return int(value) if value.isdecimal() else value


@cache
def _described() -> dict[str, Any]:
    return document()


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in _described()["paths"]]


def _operations(path: str) -> tuple[str, dict[str, Any]] | None:
    fitting = (template for pattern, template in _patterns() if pattern.fullmatch(path))
    template = next(fitting, None)
    return None if template is None else (template, _described()["paths"][template])


_validators: dict[int, Any] = {}
"""By the identity of a schema: the document is made once and kept."""


def _validator(schema: dict[str, Any]) -> Any:
    if id(schema) not in _validators:
        _validators[id(schema)] = validator(_described(), schema)
    return _validators[id(schema)]


def _fits(schema: dict[str, Any], value: Any) -> bool:
    fits: bool = jsonschema_rs.is_valid(schema, value)
    return fits


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    """What tells whether a value fits a schema of this document."""
    whole = {"allOf": [schema], "components": described["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
