"""Let apps of different ages share records: each is told what its schema knows, and nothing is lost for the others.

A record remembers the newest schema among its fields. Up to the app's own it passes unread; else it is cut to what the
app knows. An app that was updated is sent everything once more: what it was not told before is in it.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from domain.kinds import KINDS
from domain.records import Record
from sync.bodies import decoded, encoded_body
from sync.ports import Row


def newest(record: Record) -> int:
    """Return the newest schema of a record's kind and fields; of a kind that nobody knows any more, what was stored."""
    kind = KINDS.get(record.kind)
    if kind is None:
        return record.schema
    return max([kind.schema, *(field.schema for name, field in kind.fields.items() if name in record.fields)])


def cut(row: Row, schema: int) -> Row | None:
    """Return a row as an app of this schema may know it, or None for a kind that it does not know."""
    if row.schema <= schema:
        return row
    kind = KINDS.get(row.kind)
    if kind is None or kind.schema > schema:
        return None
    if row.body is None:
        return row
    known = {name for name, field in kind.fields.items() if field.schema <= schema}
    body = decoded(row.body)
    return replace(
        row,
        body=encoded_body(
            _only(known, body.fields),
            _only(known, body.alternatives),
            tuple(name for name in body.merged if name in known),
        ),
    )


def _only(known: set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in known}
