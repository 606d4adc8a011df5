"""Routes for RxDB: what its replication protocol asks for, with nothing decided here."""

from typing import Annotated, Final, Literal
from uuid import uuid4

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from api.errors import malformed
from api.routes.asked import (
    SCHEMA_IN_PATH,
    SCHEMA_IN_QUERY,
    CursorInQuery,
    LimitInQuery,
    cursor_of_query,
    epoch_changed,
    limit_of_query,
    schema_of_path,
    schema_of_query,
)
from api.routes.requests import (
    Requested,
    authenticate,
    decoded,
    parts_of,
    refuse_old_app,
)
from domain.kinds import KINDS
from sync import rxdb
from sync.cursor import CursorUnreadableError
from sync.documents import RECORDS, Document, collection_schemas, records_schema
from sync.paging import EpochChangedError
from sync.rxdb import ROWS_MAX, Collections, DocumentPage, PushedRow
from sync.wire import LIMIT_DEFAULT

TAGS: Final = ["rxdb"]
ENCODER: Final = msgspec.json.Encoder()

PushedRows = Annotated[list[PushedRow], Meta(max_length=ROWS_MAX)]
Conflicts = list[Document]
ROWS: Final = msgspec.json.Decoder(PushedRows)

_KIND_IN_PATH: Final = (Literal[(*KINDS, RECORDS)], "The records' kind, or `records` for the collection of all kinds.")


@get(
    "/v1/rxdb/schemas/{schema:str}",
    summary="The schemas of all collections",
    tags=TAGS,
    opt={
        "public": True,
        "gives": Collections,
        "part_fits": True,
        "path": {"schema": SCHEMA_IN_PATH},
        "problems": ("schema_too_old",),
    },
)
async def show_schemas(request: Requested, schema: FromPath[str]) -> Response[bytes]:
    """Return RxDB's schema for the collection of each kind, as an app of this schema knows it."""
    known = schema_of_path(request, schema)
    return Response(
        ENCODER.encode(Collections(known, collection_schemas(known), records_schema(known))),
        media_type="application/json",
    )


@get(
    "/v1/rxdb/{kind:str}/pull",
    summary="Pull one page of a collection",
    tags=TAGS,
    opt={
        "gives": DocumentPage,
        "path": {"kind": _KIND_IN_PATH},
        "problems": ("schema_too_old", "epoch_changed"),
        "query": {
            "schema": SCHEMA_IN_QUERY,
            "limit": (LimitInQuery, f"At most so many documents; {LIMIT_DEFAULT} without it."),
            "checkpoint": (CursorInQuery, "`c` of the checkpoint of the page before; none for the first."),
        },
    },
)
async def pull(request: Requested, kind: FromPath[str]) -> Response[bytes]:
    """Return what is new in a collection after a checkpoint. Fewer documents than the limit end the pull.

    A document that is removed or that the caller may no longer read comes as `_deleted`, with null for everything but
    its id.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    schema = schema_of_query(request)
    refuse_old_app(request, schema)
    try:
        page = await rxdb.pull(
            parts.store,
            parts.keys,
            caller,
            kind,
            checkpoint=cursor_of_query(request, "checkpoint"),
            schema=schema,
            limit=limit_of_query(request),
            now=parts.clock(),
            new_epoch=uuid4,
        )
    except CursorUnreadableError:
        raise malformed(
            "This is no checkpoint that Haven has given. Leave it out to begin anew.", "?checkpoint"
        ) from None
    except EpochChangedError as changed:
        raise epoch_changed(changed) from None
    return Response(ENCODER.encode(page), media_type="application/json")


@post(
    "/v1/rxdb/{kind:str}/push",
    status_code=200,
    summary="Push edited documents of a collection",
    tags=TAGS,
    opt={
        "body": PushedRows,
        "gives": Conflicts,
        "path": {"kind": _KIND_IN_PATH},
        "problems": ("consent_needed", "schema_too_old"),
        "query": {"schema": SCHEMA_IN_QUERY},
    },
)
async def push(request: Requested, kind: FromPath[str]) -> Response[bytes]:
    """Settle every row, and return what is stored wherever that is not what was pushed.

    A row that breaks a rule is settled, too: its document comes back as it is stored, or deleted where nothing is, and
    its words are kept in the collection `unplaced`.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    schema = schema_of_query(request)
    rows = await decoded(request, ROWS)
    refuse_old_app(request, schema)
    # A client pushes its collections side by side, and its couple's other client does, too.
    async with parts.turns.of(rxdb.written_in(kind, caller)):
        done = await rxdb.push(
            parts.store, parts.keys, caller, kind, rows, schema=schema, now=parts.clock(), new_epoch=uuid4
        )
    parts.hints.publish(done.moved)
    if done.moved:
        parts.hints.pushed(caller.person, caller.device)
    return Response(ENCODER.encode(done.conflicts), media_type="application/json")


ROUTES: Final = [show_schemas, pull, push]
