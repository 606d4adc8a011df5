"""Routes for RxDB: what its replication protocol asks for, with nothing decided here."""

from typing import Annotated, Final, Literal
from uuid import uuid4

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from api.errors import malformed, not_found
from api.routes.requests import (
    Requested,
    authenticate,
    cursor_in_query,
    decoded,
    epoch_changed,
    number_in_query,
    parts_of,
    refuse_old_app,
    refuse_without_consent,
)
from domain.kinds import KINDS
from sync import rxdb
from sync.cursor import CursorUnreadableError
from sync.documents import RECORDS, Document, collection_schemas, records_schema
from sync.paging import EpochChangedError
from sync.rxdb import ROWS_MAX, Collections, DocumentPage, PushedRow
from sync.wire import CURSOR_CHARS_MAX, LIMIT_DEFAULT, LIMIT_MAX, SCHEMA

TAGS: Final = ["rxdb"]
ENCODER: Final = msgspec.json.Encoder()
SCHEMA_ASKED_MAX: Final = 10_000

PushedRows = Annotated[list[PushedRow], Meta(max_length=ROWS_MAX)]
Conflicts = list[Document]
ROWS: Final = msgspec.json.Decoder(PushedRows)

_Schema = Annotated[int, Meta(ge=1, le=SCHEMA_ASKED_MAX)]
_SchemaInPath = Annotated[str, Meta(pattern="^[1-9][0-9]{0,4}$")]
_Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]
_Checkpoint = Annotated[str, Meta(max_length=CURSOR_CHARS_MAX)]
_KIND_IN_PATH: Final = (Literal[(*KINDS, RECORDS)], "The records' kind, or `records` for the collection of all kinds.")
_QUERY_SCHEMA: Final = (_Schema, "The schema that the app knows; 1 without it.")


@get(
    "/v1/rxdb/schemas/{schema:str}",
    summary="The schemas of all collections",
    tags=TAGS,
    opt={
        "public": True,
        "gives": Collections,
        "part_fits": True,
        "path": {"schema": (_SchemaInPath, "The schema that the app knows.")},
        "problems": ("schema_too_old",),
    },
)
async def show_schemas(request: Requested, schema: FromPath[str]) -> Response[bytes]:
    """Return RxDB's schema for the collection of each kind, as an app of this schema knows it."""
    known = next((number for number in range(1, SCHEMA + 1) if str(number) == schema), None)
    if known is None:
        raise not_found()
    refuse_old_app(request, known)
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
            "schema": _QUERY_SCHEMA,
            "limit": (_Limit, f"At most so many documents; {LIMIT_DEFAULT} without it."),
            "checkpoint": (_Checkpoint, "`c` of the checkpoint of the page before; none for the first."),
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
    schema = number_in_query(request, "schema", SCHEMA_ASKED_MAX, 1)
    refuse_old_app(request, schema)
    try:
        page = await rxdb.pull(
            parts.store,
            parts.keys,
            caller,
            kind,
            checkpoint=cursor_in_query(request, "checkpoint"),
            schema=schema,
            limit=number_in_query(request, "limit", LIMIT_MAX, LIMIT_DEFAULT),
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
        "query": {"schema": _QUERY_SCHEMA},
    },
)
async def push(request: Requested, kind: FromPath[str]) -> Response[bytes]:
    """Settle every row, and return what is stored wherever that is not what was pushed.

    A row that breaks a rule is settled, too: its document comes back as it is stored, or deleted where nothing is, and
    its words are kept in the collection `unplaced`.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    schema = number_in_query(request, "schema", SCHEMA_ASKED_MAX, 1)
    rows = await decoded(request, ROWS)
    refuse_old_app(request, schema)
    refuse_without_consent(caller)
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
