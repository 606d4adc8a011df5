"""Routes of sync: push and pull in one round trip, and purging one's own words."""

from contextlib import nullcontext
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta

from api.errors import malformed, not_found
from api.routes.requests import (
    Requested,
    authenticate,
    decoded,
    id_in_path,
    number_in_query,
    parts_of,
    refuse_old_app,
)
from domain.ids import RecordId
from domain.kinds import KINDS
from sync import service
from sync.cursor import CursorUnreadableError
from sync.wire import REVISIONS_MAX, VERSION_MAX, Revisions, SyncRequest, SyncResponse

TAGS: Final = ["sync"]

REQUEST: Final = msgspec.json.Decoder(SyncRequest)
ENCODER: Final = msgspec.json.Encoder()

PATH: Final = {"kind": (Literal[tuple(KINDS)], "The record's kind."), "record": (UUID, "The record's id.")}
_Before = Annotated[int, Meta(ge=1, le=VERSION_MAX)]
_Limit = Annotated[int, Meta(ge=1, le=REVISIONS_MAX)]


@post(
    "/v1/sync",
    status_code=200,
    summary="Push this device's changes and pull what is new for it",
    tags=TAGS,
    opt={"body": SyncRequest, "gives": SyncResponse, "problems": ("consent_needed", "schema_too_old")},
)
async def sync(request: Requested) -> Response[bytes]:
    """Settle every change, each with an outcome of its own, and return one page of what is new.

    A change that breaks a rule is refused inside the 200 and its words are kept; a status of 4xx always means
    that nothing of the request was looked at.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    wanted = await decoded(request, REQUEST)
    refuse_old_app(request, wanted.schema)
    for nth, change in enumerate(wanted.changes):
        for name, value in (("key", change.key), ("id", change.id)):
            if not value.int:
                raise malformed("An id of only zeros names nothing.", f"$.changes[{nth}].{name}")
    turn = parts.turns.of(caller.device) if wanted.changes else nullcontext()
    try:
        async with turn:
            answer = await service.sync(parts.store, parts.keys, caller, wanted, parts.clock(), uuid4)
    except CursorUnreadableError:
        raise malformed("The cursor is not one that Haven has given. Leave it out to begin anew.", "$.cursor") from None
    parts.hints.publish(answer.moved)
    return Response(ENCODER.encode(answer.response), media_type="application/json")


@delete(
    "/v1/records/{kind:str}/{record:str}/words",
    status_code=204,
    summary="Destroy the words that the caller wrote in a record",
    tags=TAGS,
    opt={"path": PATH},
)
async def purge_words(request: Requested, kind: FromPath[str], record: FromPath[str]) -> None:
    """Destroy one's own words in this record wherever they are, for good.

    A letter that was given stays with its receiver. An older edit that still carries the words loses them on
    arrival. Purging twice is purging once.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    if kind not in KINDS:
        raise not_found()
    moved = await service.purge(parts.store, parts.keys, caller, kind, RecordId(id_in_path(record)), parts.clock())
    parts.hints.publish(moved)


@get(
    "/v1/records/{kind:str}/{record:str}/revisions",
    summary="Earlier values of a record",
    tags=TAGS,
    opt={
        "gives": Revisions,
        "path": PATH,
        "query": {
            "before": (_Before, "Only revisions of versions below this."),
            "limit": (_Limit, f"At most so many; {REVISIONS_MAX} without it."),
        },
    },
)
async def show_revisions(request: Requested, kind: FromPath[str], record: FromPath[str]) -> Response[bytes]:
    """Return what the fields of a record held before, or what lost against it, for 30 days, the newest first.

    Of a text that one person writes only that person sees earlier values; of what both write, both do. To restore one,
    send it as an ordinary change.
    """
    caller = await authenticate(request)
    before = number_in_query(request, "before", VERSION_MAX)
    limit = number_in_query(request, "limit", REVISIONS_MAX)
    store = parts_of(request).store
    found = await service.revisions(store, caller, kind, RecordId(id_in_path(record)), before=before, limit=limit)
    return Response(ENCODER.encode(found), media_type="application/json")


ROUTES: Final = [sync, purge_words, show_revisions]
