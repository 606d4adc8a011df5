"""Turn every fault into one kind of answer, once: a problem that says what and where, and nothing of ours."""

import logging
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from api.postgres import TRANSIENT, PoolBusy
from api.problems import PROBLEM_TYPES, URN
from api.unnoted import is_unnoted
from sync.service import BusyError, ConsentNeededError, SpaceLockedError, UnknownRecordError

_log = logging.getLogger("haven")

MEDIA_TYPE = "application/problem+json"
_HOUSE = Path(__file__).resolve().parent.parent


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """What a caller got wrong, or what is wrong here, in words for people and a `type` for programs.

    Made by `problem`. `type` is a slug; on the wire it reads `urn:haven:problem:<slug>`. `where` is a path such as
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
        also: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(type)
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.where = where
        self.also = dict(also or {})


def problem(
    slug: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    where: str | None = None,
    also: Mapping[str, Any] | None = None,
) -> Problem:
    """Make a problem of a type that the table knows, with what is particular to this one."""
    row = PROBLEM_TYPES[slug]
    made = Problem(row.status, slug, row.title, detail, headers=headers, where=where, also=also)
    assert set(row.headers) <= made.headers.keys(), "a type promises its headers"
    assert made.also.keys() == row.also.keys(), "and its members"
    return made


def answer(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    """Answer any exception that left a route; log those that are ours, without a word that anyone wrote."""
    made = problem_of(fault)
    if made.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_unnoted(request.scope):
        _log.error(
            "fault",
            extra={
                "event": "fault",
                "code": type(fault).__name__,
                "sqlstate": getattr(fault, "sqlstate", None),
                "status": made.status,
                "method": request.method,
                "route": request.scope.get("path_template"),
                "trace": trace_of(fault),
            },
        )
    return response_of(made)


def response_of(made: Problem) -> Response[bytes]:
    """Write a problem as application/problem+json."""
    return Response(content=rendered(made), status_code=made.status, media_type=MEDIA_TYPE, headers=made.headers)


def rendered(made: Problem) -> bytes:
    """Return the JSON object of a problem."""
    members: dict[str, Any] = {
        "type": f"{URN}{made.type}",
        "title": made.title,
        "status": made.status,
        "detail": made.detail,
    }
    if made.where is not None:
        members["where"] = made.where
    members |= made.also
    return msgspec.json.encode(members)


def problem_of(fault: Exception) -> Problem:
    """Say what a fault means to a caller. No class name, statement, row or text of the fault gets through."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, HTTPException):
        return _of_http(fault)
    for kinds, made in _ANSWERS.items():
        if isinstance(fault, kinds):
            return made()
    if isinstance(fault, (SpaceLockedError, *TRANSIENT)):
        return problem(
            "unavailable",
            "What Haven stands on did not answer in time. Please send the same request again.",
            headers={"Retry-After": "2"},
        )
    return problem(
        "internal",
        "This is a fault in Haven, not in the request. Sending the same request again is safe.",
    )


def consent_needed() -> Problem:
    """Say that nothing is kept for somebody who has not agreed to it."""
    return problem(
        "consent_needed",
        "Haven keeps entries only for adults who have agreed to it. Please attest and agree, then send this again.",
    )


def busy() -> Problem:
    """Say that this process has as much to do as it can hold."""
    return problem(
        "busy",
        "Many requests are being answered at this moment. Please send the same request again in a second.",
        headers={"Retry-After": "1"},
    )


def changed_meanwhile() -> Problem:
    """Say that others were faster several times in a row."""
    return problem(
        "busy",
        "Something else changed at the same moment. Nothing was lost: please send the same request again.",
        headers={"Retry-After": "1"},
    )


def not_found() -> Problem:
    """Say that nothing is here; the same words whether it never was or may not be seen."""
    return problem("not_found", "There is nothing at this address.")


def too_large() -> Problem:
    """Say that a body is larger than its bound."""
    return problem(
        "too_large",
        "The body of a request has an upper bound. Please send the changes in several smaller requests.",
    )


def unsupported_media_type() -> Problem:
    """Say which content type is understood, and which codings of it."""
    return problem(
        "unsupported_media_type",
        "Please send JSON in UTF-8 with the header Content-Type: application/json, plain or compressed once, by gzip"
        " or br.",
        headers={"Accept-Encoding": "br, gzip"},
    )


def malformed(detail: str, where: str | None = None) -> Problem:
    """Say what about a request's form is wrong, and where."""
    return problem("malformed", detail, where=where)


def _of_http(fault: HTTPException) -> Problem:
    match fault.status_code:
        case HTTPStatus.NOT_FOUND:
            return not_found()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = next(value for name, value in (fault.headers or {}).items() if name.lower() == "allow")
            return problem(
                "method_not_allowed",
                "The address exists, but not with this method.",
                headers={"Allow": allowed},
            )
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large()
        case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return unsupported_media_type()
        case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            # The framework's own words name classes and repeat what was sent.
            return malformed("A part of the address or of the query does not have the right form.")
        case _:
            return problem_of(RuntimeError())


def trace_of(fault: BaseException) -> list[str]:
    """Return where in this house a fault came through, innermost last; no message, no values."""
    frames = traceback.extract_tb(fault.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOUSE)]
    return [f"{Path(frame.filename).relative_to(_HOUSE)}:{frame.lineno} {frame.name}" for frame in inside[-12:]]


_ANSWERS: Final[Mapping[tuple[type[Exception], ...], Callable[[], Problem]]] = {
    (PoolBusy, BusyError): busy,
    (UnknownRecordError,): not_found,
    (ConsentNeededError,): consent_needed,
}
