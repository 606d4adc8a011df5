"""Turn every fault into one kind of answer, once: a problem that says what and where, and nothing of ours."""

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from api.postgres import TRANSIENT, PoolBusy
from sync.service import BusyError, SpaceLockedError, UnknownRecordError

_log = logging.getLogger("haven")

MEDIA_TYPE = "application/problem+json"
_HOUSE = Path(__file__).resolve().parent.parent


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """What a caller got wrong, or what is wrong here, in words for people and a `type` for programs.

    `type` is a slug; on the wire it reads `urn:haven:problem:<slug>`. `where` is a path such as
    `$.changes[3].key` and never holds a word of the sender.
    """

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002 - the name that RFC 9457 gives it
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        where: str | None = None,
    ) -> None:
        super().__init__(type)
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.where = where


def answer(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    """Answer any exception that left a route; log those that are ours, without a word that anyone wrote."""
    problem = problem_of(fault)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error(
            "fault",
            extra={
                "event": "fault",
                "code": type(fault).__name__,
                "sqlstate": getattr(fault, "sqlstate", None),
                "status": problem.status,
                "method": request.method,
                "route": request.scope.get("path_template"),
                "trace": trace_of(fault),
            },
        )
    return response_of(problem)


def response_of(problem: Problem) -> Response[bytes]:
    """Write a problem as application/problem+json."""
    return Response(
        content=rendered(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers
    )


def rendered(problem: Problem) -> bytes:
    """Return the JSON object of a problem."""
    members = {
        "type": f"urn:haven:problem:{problem.type}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.where is not None:
        members["where"] = problem.where
    return msgspec.json.encode(members)


def problem_of(fault: Exception) -> Problem:
    """Say what a fault means to a caller. No class name, statement, row or text of the fault gets through."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, HTTPException):
        return _of_http(fault)
    if isinstance(fault, (PoolBusy, BusyError)):
        return busy()
    if isinstance(fault, UnknownRecordError):
        return not_found()
    if isinstance(fault, (SpaceLockedError, *TRANSIENT)):
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "unavailable",
            "Haven cannot answer right now",
            "What Haven stands on did not answer in time. Please send the same request again.",
            headers={"Retry-After": "2"},
        )
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "Something is wrong on our side",
        "This is a fault in Haven, not in the request. Sending the same request again is safe.",
    )


def busy() -> Problem:
    """Say that this process has as much to do as it can hold."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "Haven is busy",
        "Many requests are being answered at this moment. Please send the same request again in a second.",
        headers={"Retry-After": "1"},
    )


def changed_meanwhile() -> Problem:
    """Say that others were faster several times in a row."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "Please try again",
        "Something else changed at the same moment. Nothing was lost: please send the same request again.",
        headers={"Retry-After": "1"},
    )


def not_found() -> Problem:
    """Say that nothing is here; the same words whether it never was or may not be seen."""
    return Problem(HTTPStatus.NOT_FOUND, "not_found", "Nothing is here", "There is nothing at this address.")


def too_large() -> Problem:
    """Say that a body is larger than its bound."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        "The request is too large",
        "The body of a request has an upper bound. Please send the changes in several smaller requests.",
    )


def unsupported_media_type() -> Problem:
    """Say which content type is understood, and which codings of it."""
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "This content type is not understood",
        "Please send JSON in UTF-8 with the header Content-Type: application/json, plain or compressed once, by gzip"
        " or br.",
        headers={"Accept-Encoding": "br, gzip"},
    )


def malformed(detail: str, where: str | None = None) -> Problem:
    """Say what about a request's form is wrong, and where."""
    return Problem(HTTPStatus.BAD_REQUEST, "malformed", "The request is not well formed", detail, where=where)


def _of_http(fault: HTTPException) -> Problem:
    match fault.status_code:
        case HTTPStatus.NOT_FOUND:
            return not_found()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This method does not fit",
                "The address exists, but not with this method.",
                headers=_kept(fault, "allow"),
            )
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large()
        case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return unsupported_media_type()
        case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            # The framework's own words name classes and repeat what was sent.
            plain = malformed("A part of the address or of the query does not have the right form.")
            plain.status = status
            return plain
        case _:
            return problem_of(RuntimeError())


def _kept(fault: HTTPException, name: str) -> dict[str, str]:
    return {key: value for key, value in (fault.headers or {}).items() if key.lower() == name}


def trace_of(fault: BaseException) -> list[str]:
    """Return where in this house a fault came through, innermost last; no message, no values."""
    frames = traceback.extract_tb(fault.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOUSE)]
    return [f"{Path(frame.filename).relative_to(_HOUSE)}:{frame.lineno} {frame.name}" for frame in inside[-12:]]
