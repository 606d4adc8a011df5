"""What Haven has no name for, on purpose, and where a name could hide: the description of the API, the table of kinds,
the schemas for client libraries and the types for TypeScript.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from domain.kind import Kind
from domain.shapes import OneOf, SetOf

ABSENT: Final[dict[str, tuple[str, ...]]] = {
    "presence": (
        *("presence", "last_seen", "seen", "online", "offline", "typing", "active_at", "last_active", "idle", "away"),
        *("location", "latitude", "longitude", "gps", "steps_walked", "battery"),
    ),
    "receipts": (
        *("read", "read_at", "read_by", "unread", "opened", "opened_at", "opened_by", "viewed", "viewed_at"),
        *("delivered", "delivered_at", "receipt", "receipts", "acknowledged"),
    ),
    "scores": (
        *("score", "scores", "rating", "rated", "rank", "ranking", "grade", "percent", "percentage", "index"),
        *("compatibility", "compatible", "closeness", "connection", "dependency", "trust_level", "average", "median"),
    ),
    "streaks": (
        "streak",
        "streaks",
        "point",
        "points",
        "badge",
        "badges",
        "in_a_row",
        "consecutive",
        "trophy",
        "level",
    ),
    "counts": (
        *("count", "counts", "total", "totals", "tally", "sum", "sums", "number_of", "how_many", "amounts"),
        *("per_person", "per_partner", "by_person", "by_partner", "did_more", "ratio", "share_of"),
    ),
    "assigning": (
        *("assign", "assigns", "assigned", "assigned_to", "assignee", "owner", "responsible", "owes", "owed"),
        *("due", "due_on", "due_at", "due_date", "deadline", "overdue", "late", "missed"),
    ),
    "nudging": (
        *("nudge", "nudges", "nudged", "poke", "buzz", "remind", "reminds", "reminder", "reminders", "urge"),
        *("waiting_for", "waiting_for_you", "prompt_partner", "partner_prompt", "their_prompt", "prompt_them"),
    ),
    "labels": ("attachment", "attachment_style", "love_language", "diagnosis", "diagnoses", "personality", "disorder"),
    "advice": (
        *("insight", "insights", "advice", "suggestion", "suggestions", "recommended", "recommendation", "analytics"),
        *("alarm", "crisis_detected", "risk", "calendar", "sensor", "sensors", "address_book", "balances"),
    ),
}
"""By idea, names and parts of names that would tell of it."""


_TOLD: Final = {idea: re.compile(rf"(?:^|_)(?:{'|'.join(names)})(?:_|$)") for idea, names in ABSENT.items()}


class Name(Struct, frozen=True):
    """A name that an app can see, and where."""

    where: str
    name: str


def absent(name: str) -> list[str]:
    """Return the ideas that a name tells of."""
    words = _words(name)
    return [idea for idea, told in _TOLD.items() if told.search(words)]


def _words(name: str) -> str:
    """Return the words of a name in any of the usual spellings, joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def names_of_openapi(described: dict[str, Any]) -> Iterator[Name]:
    """Every address, parameter, header, schema, property and fixed value of the API's description."""
    for path, methods in described["paths"].items():
        yield from (Name(path, part) for part in path.split("/"))
        for method, operation in methods.items():
            where = f"{method} {path}"
            yield Name(where, operation.get("operationId", ""))
            for parameter in operation.get("parameters", []):
                if "$ref" not in parameter:
                    yield Name(where, parameter["name"])
            for status, answer in operation["responses"].items():
                yield from (Name(f"{where} {status}", header) for header in answer.get("headers", {}))
            yield from names_of_schema(where, operation)
    for part, each in described["components"].items():
        for title, schema in each.items():
            if part != "examples":
                yield Name(part, title)
                yield from names_of_schema(title, schema)


def names_of_schema(where: str, schema: Any) -> Iterator[Name]:
    """Every property and fixed value within a JSON Schema, or within anything that holds some."""
    if isinstance(schema, list):
        for each in schema:
            yield from names_of_schema(where, each)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from (Name(where, name) for name in properties)
    values = [schema.get("const"), *(schema["enum"] if isinstance(schema.get("enum"), list) else [])]
    yield from (Name(where, value) for value in values if isinstance(value, str))
    for name, each in schema.items():
        if name not in ("example", "examples", "description"):
            yield from names_of_schema(where, each)


def names_of_tables(tables: dict[str, Any]) -> Iterator[Name]:
    """Every table and column of a schema for WatermelonDB."""
    for table, described in tables.items():
        yield Name("tables", table)
        yield from (Name(table, column["name"]) for column in described["columns"])


def names_of_types(source: str) -> Iterator[Name]:
    """Every name and every fixed value of a file of TypeScript's types, comments left out."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    for name in re.findall(r"""["']?([\w-]+)["']?\??:""", code):
        yield Name("haven.d.ts", name)
    for value in re.findall(r"""["']([\w-]+)["']""", code):
        yield Name("haven.d.ts", value)


def names_of_kind(kind: Kind) -> Iterator[Name]:
    """A kind's own name, its fields, the choices that they offer, and the parts that can be shown."""
    yield Name("kinds", kind.name)
    for name, field in kind.fields.items():
        yield Name(kind.name, name)
        shape = field.shape.element if isinstance(field.shape, SetOf) else field.shape
        if isinstance(shape, OneOf):
            yield from (Name(f"{kind.name}.{name}", value) for value in shape.values)
        yield from names_of_schema(f"{kind.name}.{name}", field.shape.json_schema())
    if kind.window is not None:
        yield from (Name(kind.name, part) for part in kind.window.parts)
