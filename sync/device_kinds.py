"""What of the table of kinds a device of somebody's own has to know, as JSON can say it."""

from typing import Any

from domain.kind import Kind
from domain.kinds import KINDS
from domain.shapes import UNFIT
from sync.documents import known_fields
from sync.resend import STARTED_FROM


def device_kinds(schema: int) -> dict[str, dict[str, Any]]:
    """Return by kind, as an app of this schema knows it: whose it is, its home, its parent, and its fields.

    Of each field how it merges, whether an edit tells what it started from, and with what a new record begins.
    """
    return {kind.name: _told(kind, schema) for kind in KINDS.values() if kind.schema <= schema}


def _told(kind: Kind, schema: int) -> dict[str, Any]:
    parent = kind.parent
    return {
        "class": kind.ownership,
        "created_by": kind.creates,
        "edited_by": kind.edits,
        "home": kind.home,
        "parent": None if parent is None else {"field": parent.field, "kinds": parent.kinds, "known": parent.known},
        "fields": {name: _field(kind, name) for name in known_fields(kind, schema)},
    }


def _field(kind: Kind, name: str) -> dict[str, Any]:
    field = kind.fields[name]
    begins = {} if field.shape.empty is UNFIT else {"empty": field.shape.empty}
    return {"policy": field.policy, "asks_was": field.policy in STARTED_FROM, **begins}
