"""RxDB's documents and their schemas: one collection a kind, one flat document a record, made from the table of kinds.

A document is what a client library keeps: the id, Haven's own marks (`rev`, `epoch`, `author`, `couple`), the fields,
and what stands beside. Every property but the id may be null, because a document that is deleted holds nothing else.
"""

from collections.abc import Mapping
from typing import Any, Final

from domain.kind import Kind
from domain.kinds import KINDS
from domain.policies import TEXTS
from sync.bodies import decoded
from sync.ports import Row, Space

Document = dict[str, Any]

KEY: Final = "id"
DELETED: Final = "_deleted"
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "rev": ("integer", "The version of the record; Haven's alone."),
    "epoch": ("string", "The life of the store that this version is of; Haven's alone."),
    "author": ("string", "Who made the record; Haven's alone."),
}
"""What Haven says of every record, whatever its kind: type and meaning."""
COUPLE: Final = "couple"
BESIDE: Final = ("alternatives", "merged")
"""Texts that stand beside, and names of texts that were joined: a client only takes something out of them."""


def known_fields(kind: Kind, schema: int) -> list[str]:
    """Return the fields that an app of this schema knows."""
    return [name for name, field in kind.fields.items() if field.schema <= schema]


def known_kinds(schema: int) -> list[Kind]:
    """Return the kinds that an app of this schema knows."""
    return [kind for kind in KINDS.values() if kind.schema <= schema]


def collection_schemas(schema: int) -> dict[str, dict[str, Any]]:
    """Return RxDB's schema for the collection of each kind, as an app of this schema knows it.

    It names types and no bounds: a client library throws away a row that does not fit, and never asks for it again.
    """
    return {kind.name: _collection_schema(kind, schema) for kind in known_kinds(schema)}


def _collection_schema(kind: Kind, schema: int) -> dict[str, Any]:
    properties: dict[str, Any] = {KEY: {"type": "string", "maxLength": 36}}
    properties |= {name: _nullable(type_, means) for name, (type_, means) in MARKS.items()}
    if kind.home == "couple":
        properties[COUPLE] = _nullable("string", "For which couple this was written.")
    for name in known_fields(kind, schema):
        properties[name] = _nullable(_type_of(kind.fields[name].shape.json_schema()), None)
    if kind.of_policy(*TEXTS):
        properties["alternatives"] = _nullable("object", "Texts that stand beside, by field.")
        properties["merged"] = _nullable("array", "Names of texts that were joined.")
    return {
        "title": kind.name,
        "version": schema - 1,
        "primaryKey": KEY,
        "type": "object",
        "properties": properties,
        "required": [KEY],
    }


def _nullable(type_: str, means: str | None) -> dict[str, Any]:
    return {"type": [type_, "null"], **({} if means is None else {"description": means})}


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return the one JSON type, beside null, of a field's values."""
    if "const" in schema:
        return "string"
    one_of: list[str] = [_type_of(each) for each in schema.get("anyOf", ())] or [schema["type"]]
    return next((each for each in one_of if each != "null"), "null")


def document(kind: Kind, row: Row, space: Space, schema: int) -> Document:
    """Return a record as a document of an app of this schema. What is removed or wiped is the bare word that it is."""
    if row.removed or row.gone:
        return deleted(kind, str(row.id), schema)
    body = decoded(row.body)
    names = known_fields(kind, schema)
    made = empty(kind, str(row.id), schema) | {
        "rev": row.version,
        "epoch": str(space.epoch),
        "author": str(row.author),
    }
    if kind.home == "couple":
        made[COUPLE] = str(space.couple)
    made |= {name: body.fields[name] for name in names if name in body.fields}
    if "alternatives" in made:
        made["alternatives"] = {
            name: [{"by": str(each.by), "text": each.text} for each in beside]
            for name, beside in body.alternatives.items()
            if name in names
        }
        made["merged"] = [name for name in body.merged if name in names]
    return made


def deleted(kind: Kind, identity: str, schema: int) -> Document:
    """Return the document of what is not there: its id, and nothing else."""
    return empty(kind, identity, schema) | {DELETED: True}


def empty(kind: Kind, identity: str, schema: int) -> Document:
    """Return a document that holds nothing yet."""
    properties = _collection_schema(kind, schema)["properties"]
    return dict.fromkeys(properties) | {KEY: identity, DELETED: False}
