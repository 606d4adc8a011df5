"""WatermelonDB's rows and their tables: one table a kind, one flat row a record, made from the table of kinds.

A row is a document (`sync/documents.py`) whose lists and objects are JSON in strings, with a column that says whether
the record is removed. Every column but the id may be null.
"""

from typing import Any, Final

import msgspec

from domain.ids import PersonId
from domain.kind import Kind, Who
from domain.kinds import KINDS
from sync.documents import COUPLE, DELETED, KEY, MARKS, Document, empty, held, names_in, type_of
from sync.ports import Row, Space

WatermelonRow = dict[str, Any]

REMOVED_AT: Final = "removed_at"
"""Null where the record stands. Any number removes it; the number that comes back is a version and no time."""

_COLUMN_TYPES: Final = {"integer": "number", "number": "number", "boolean": "boolean"}
_IN_JSON: Final = frozenset({"array", "object"})


def tables(schema: int) -> dict[str, dict[str, Any]]:
    """Return the table of each kind as an app of this schema knows it: what `tableSchema` takes."""
    return {kind.name: _table(kind, schema) for kind in KINDS.values() if kind.schema <= schema}


def _table(kind: Kind, schema: int) -> dict[str, Any]:
    columns = [{"name": name, "type": _column_type(kind, name), "isOptional": True} for name in _columns(kind, schema)]
    return {"name": kind.name, "columns": columns}


def _columns(kind: Kind, schema: int) -> list[str]:
    names = [name for name in names_in(kind, schema) if name != KEY]
    marks = [name for name in names if name in MARKS or name == COUPLE]
    return [*marks, REMOVED_AT, *(name for name in names if name not in marks)]


def _column_type(kind: Kind, name: str) -> str:
    return "number" if name == REMOVED_AT else _COLUMN_TYPES.get(type_of(kind, name), "string")


def _is_json(kind: Kind, name: str) -> bool:
    return type_of(kind, name) in _IN_JSON


def row_of(kind: Kind, row: Row, space: Space, schema: int, person: PersonId) -> WatermelonRow:
    """Return a record as a row for a person. Of what is removed its author alone still has the fields."""
    made = held(kind, row, space, schema)
    if row.gone or (row.removed and row.author != person):
        marks = {name: made[name] for name in (*MARKS, COUPLE) if name in made}
        made = empty(kind, str(row.id), schema) | marks
    del made[DELETED]
    return {
        name: _text(value) if name != KEY and _is_json(kind, name) and value is not None else value
        for name, value in made.items()
    } | {REMOVED_AT: row.version if row.removed or row.gone else None}


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def may_hold_edits(kind: Kind, row: Row, person: PersonId) -> bool:
    """Return whether this person could have edited a record, so that a device may hold edits of it that wait."""
    return kind.edits is Who.EITHER or (kind.edits is Who.AUTHOR and row.author == person)


def document_of(kind: Kind | None, row: WatermelonRow) -> Document:
    """Return the document that a client's row is. What is no JSON where JSON belongs stays the text that it is."""
    made = {name: value for name, value in row.items() if name not in ("_status", "_changed", REMOVED_AT)}
    if kind is not None:
        made |= {
            name: _value(value)
            for name, value in made.items()
            if isinstance(value, str) and (name in kind.fields or name in ("alternatives", "merged"))
            if _is_json(kind, name)
        }
    return made | {DELETED: row.get(REMOVED_AT) is not None}


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def columns_changed(row: WatermelonRow) -> frozenset[str]:
    """Return the columns that a client says were edited since its last push."""
    changed = row.get("_changed")
    return frozenset(changed.split(",")) - {""} if isinstance(changed, str) else frozenset()
