"""The route of professional help: needs nothing, asks nobody, tells nobody."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from litestar import MediaType, Response, get

from api.coding import accepted
from api.routes.requests import Requested, parts_of
from domain.resources import Resources

DAY_S: Final = 24 * 60 * 60


@get(
    "/v1/resources",
    summary="Find professional help",
    tags=["resources"],
    opt={"public": True, "kept": True, "gives": Resources},
)
async def show_resources(request: Requested) -> Response[bytes]:
    """Answer where professional help is found: for everyone the same, whoever asks and however.

    No token is looked at, no request is noted or counted, and nobody else is asked. It may be kept for a day by
    anything between; `ETag` and `If-None-Match` save sending it again. It changes only from one day to another, as
    entries grow too old to be shown, or with a new release. An app shows an entry until its `until`, also offline,
    and never in reaction to anything that somebody wrote.
    """
    parts = parts_of(request)
    coding = accepted(request.headers.getall("accept-encoding", []))
    edition = parts.catalogue.on(parts.clock().date())[coding]
    headers = {"Cache-Control": f"public, max-age={DAY_S}", "ETag": edition.etag, "Vary": "accept-encoding"}
    if _is_known(edition.etag, request.headers.getall("if-none-match", [])):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if coding is not None:
        headers["Content-Encoding"] = coding
    return Response(edition.body, media_type=MediaType.JSON, headers=headers)


def _is_known(etag: str, given: Iterable[str]) -> bool:
    """Tell whether a client has these bytes; a name that is called weak counts, too (RFC 9110, 13.1.2)."""
    text = ",".join(given)
    return text.strip() == "*" or etag in _ETAG.findall(text)


_ETAG: Final = re.compile('"[^"]*"')

ROUTES: Final = [show_resources]
