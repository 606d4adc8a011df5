"""What client libraries' routes are asked in the same way: a schema, a cursor, and how much at once."""

from typing import Annotated, Final

from msgspec import Meta

from api.errors import not_found, problem
from api.routes.requests import Requested, number_in_query, refuse_old_app
from sync.cursor import CursorUnreadableError
from sync.paging import EpochChangedError
from sync.wire import CURSOR_CHARS_MAX, LIMIT_DEFAULT, LIMIT_MAX, SCHEMA

SCHEMA_ASKED_MAX: Final = 10_000

SchemaInPath = Annotated[str, Meta(pattern="^[1-9][0-9]{0,4}$")]
CursorInQuery = Annotated[str, Meta(max_length=CURSOR_CHARS_MAX)]
LimitInQuery = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]

_Schema = Annotated[int, Meta(ge=1, le=SCHEMA_ASKED_MAX)]
SCHEMA_IN_PATH: Final = (SchemaInPath, "The schema that the app knows.")
SCHEMA_IN_QUERY: Final = (_Schema, "The schema that the app knows; 1 without it.")


def schema_of_path(request: Requested, schema: str) -> int:
    """Return a schema that this server serves; what is none is not found."""
    known = next((number for number in range(1, SCHEMA + 1) if str(number) == schema), None)
    if known is None:
        raise not_found()
    refuse_old_app(request, known)
    return known


def schema_of_query(request: Requested) -> int:
    """Return the schema that an app says it knows."""
    return number_in_query(request, "schema", SCHEMA_ASKED_MAX, 1)


def limit_of_query(request: Requested) -> int:
    """Return how much an app wants at once."""
    return number_in_query(request, "limit", LIMIT_MAX, LIMIT_DEFAULT)


def cursor_of_query(request: Requested, name: str) -> str | None:
    """Return the cursor of a client library; raise `CursorUnreadableError` where it can be none of Haven's."""
    given = request.query_params.getall(name, [])
    if len(given) > 1 or any(len(each) > CURSOR_CHARS_MAX for each in given):
        raise CursorUnreadableError
    return given[0] if given else None


def epoch_changed(changed: EpochChangedError) -> Exception:
    """Return the problem that tells a client library to begin anew."""
    return problem(
        "epoch_changed",
        "Haven went back to a backup, or this device was away for very long. Please begin a new replication:"
        " everything is sent once more, and nothing is lost.",
        also={"reset": changed.reset},
    )
