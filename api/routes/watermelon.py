"""Routes for WatermelonDB: what its `synchronize` asks for, with nothing decided here."""

from typing import Final
from uuid import uuid4

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

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
from sync import watermelon
from sync.cursor import CursorUnreadableError
from sync.paging import EpochChangedError
from sync.rows import tables
from sync.watermelon import ROWS_MAX, PulledChanges, PushDone, PushedChanges, Tables
from sync.wire import LIMIT_DEFAULT

TAGS: Final = ["watermelon"]
ENCODER: Final = msgspec.json.Encoder()
PUSHED: Final = msgspec.json.Decoder(PushedChanges)


@get(
    "/v1/watermelon/schemas/{schema:str}",
    summary="The tables of all kinds",
    tags=TAGS,
    opt={
        "public": True,
        "gives": Tables,
        "part_fits": True,
        "path": {"schema": SCHEMA_IN_PATH},
        "problems": ("schema_too_old",),
    },
)
async def show_tables(request: Requested, schema: FromPath[str]) -> Response[bytes]:
    """Return the table of each kind, as an app of this schema knows it: what WatermelonDB's `tableSchema` takes."""
    known = schema_of_path(request, schema)
    return Response(ENCODER.encode(Tables(known, tables(known))), media_type="application/json")


@get(
    "/v1/watermelon/sync",
    summary="Pull one page of all tables",
    tags=TAGS,
    opt={
        "gives": PulledChanges,
        "part_fits": True,
        "problems": ("schema_too_old", "epoch_changed"),
        "query": {
            "schema": SCHEMA_IN_QUERY,
            "limit": (LimitInQuery, f"At most so many changed records; {LIMIT_DEFAULT} without it."),
            "cursor": (CursorInQuery, "`cursor` of the answer before; none for the first."),
        },
    },
)
async def pull_tables(request: Requested) -> Response[bytes]:
    """Return what is new after a cursor. `more` tells that there is another page.

    A record that is removed comes with a number in `removed_at`, and with its fields only for its author; one that the
    caller could not have edited and may no longer read stands in `deleted`.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    schema = schema_of_query(request)
    refuse_old_app(request, schema)
    try:
        page = await watermelon.pull(
            parts.store,
            parts.keys,
            caller,
            cursor=cursor_of_query(request, "cursor"),
            schema=schema,
            limit=limit_of_query(request),
            now=parts.clock(),
            new_epoch=uuid4,
        )
    except CursorUnreadableError:
        raise malformed("This is no cursor that Haven has given. Leave it out to begin anew.", "?cursor") from None
    except EpochChangedError as changed:
        raise epoch_changed(changed) from None
    return Response(ENCODER.encode(page), media_type="application/json")


@post(
    "/v1/watermelon/sync",
    status_code=200,
    summary="Push the edited rows of all tables",
    tags=TAGS,
    opt={
        "body": PushedChanges,
        "gives": PushDone,
        "problems": ("consent_needed", "schema_too_old"),
        "query": {"schema": SCHEMA_IN_QUERY},
    },
)
async def push_tables(request: Requested) -> Response[bytes]:
    """Settle every row. `again` tells that the next pull holds rows as they are stored, not as they were pushed.

    A row that breaks a rule is settled, too: the next pull brings what is stored, or names its id in `deleted` where
    nothing is, and its words are kept in the table `unplaced`.
    """
    parts = parts_of(request)
    caller = await authenticate(request)
    schema = schema_of_query(request)
    pushed = await decoded(request, PUSHED)
    if pushed.count > ROWS_MAX:
        raise malformed(f"Please send at most {ROWS_MAX} rows in one request; nothing of it is stored.", "$.changes")
    refuse_old_app(request, schema)
    try:
        async with parts.turns.of(caller.spaces[min(1, len(caller.spaces) - 1)]):
            settled = await watermelon.push(
                parts.store, parts.keys, caller, pushed, schema=schema, now=parts.clock(), new_epoch=uuid4
            )
    except CursorUnreadableError:
        raise malformed("This is no cursor that Haven has given. Leave it out.", "$.cursor") from None
    parts.hints.publish(settled.moved)
    return Response(ENCODER.encode(settled.done), media_type="application/json")


ROUTES: Final = [show_tables, pull_tables, push_tables]
