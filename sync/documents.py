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
KIND: Final = "kind"
"""What a document says in a collection of all kinds."""
RECORDS: Final = "records"
"""The name of that collection."""
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "rev": ("integer", "The version of the record; Haven's alone."),
    "epoch": ("string", "The life of the store that this version is of; Haven's alone."),
    "author": ("string", "Who made the record; Haven's alone."),
}
"""What Haven says of every record, whatever its kind: type and meaning."""
COUPLE: Final = "couple"
BESIDE: Final[Mapping[str, tuple[str, str]]] = {
    "alternatives": ("object", "Texts that stand beside, by field."),
    "merged": ("array", "Names of texts that were joined."),
}
"""A client only takes something out of them."""
_ALWAYS: Final = {**MARKS, COUPLE: ("string", "For which couple this was written."), **BESIDE}


def known_fields(kind: Kind, schema: int) -> list[str]:
    """Return the fields that an app of this schema knows."""
    return [name for name, field in kind.fields.items() if field.schema <= schema]


def collection_schemas(schema: int) -> dict[str, dict[str, Any]]:
    """Return RxDB's schema for the collection of each kind, as an app of this schema knows it.

    It names types and no bounds: a client library throws away a row that does not fit, and never asks for it again.
    """
    return {kind.name: _collection_schema(kind, schema) for kind in KINDS.values() if kind.schema <= schema}


def records_schema(schema: int) -> dict[str, Any]:
    """Return RxDB's schema for one collection of everything: documents of all kinds, which say of which they are."""
    properties: dict[str, dict[str, Any]] = {KEY: {"type": "string", "maxLength": 36}, KIND: {"type": ["string"]}}
    for kind in KINDS.values():
        for name in names_in(kind, schema) if kind.schema <= schema else ():
            if name != KEY:
                property_ = properties.setdefault(name, _property(kind, name))
                property_["type"] = sorted({*property_["type"], type_of(kind, name)})
    return {
        "title": RECORDS,
        "version": schema - 1,
        "primaryKey": KEY,
        "type": "object",
        "properties": properties,
        "required": [KEY, KIND],
    }


def _collection_schema(kind: Kind, schema: int) -> dict[str, Any]:
    return {
        "title": kind.name,
        "version": schema - 1,
        "primaryKey": KEY,
        "type": "object",
        "properties": {name: _property(kind, name) for name in names_in(kind, schema)},
        "required": [KEY],
    }


def names_in(kind: Kind, schema: int) -> list[str]:
    """Return what a document has, in order."""
    couple = [COUPLE] if kind.home == "couple" else []
    beside = BESIDE if kind.of_policy(*TEXTS) else {}
    return [KEY, *MARKS, *couple, *known_fields(kind, schema), *beside]


def _property(kind: Kind, name: str) -> dict[str, Any]:
    if name == KEY:
        return {"type": "string", "maxLength": 36}
    property_: dict[str, Any] = {"type": [type_of(kind, name), "null"]}
    return property_ | {"description": _ALWAYS[name][1]} if name in _ALWAYS else property_


def type_of(kind: Kind, name: str) -> str:
    """Return the JSON type of what a document has under a name, where it is not null."""
    return _ALWAYS[name][0] if name in _ALWAYS else _type_of(kind.fields[name].shape.json_schema())


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return the one JSON type, beside null, of a field's values."""
    if "const" in schema:
        return "string"
    one_of: list[str] = [_type_of(each) for each in schema.get("anyOf", ())] or [schema["type"]]
    return next((each for each in one_of if each != "null"), "null")


def document(kind: Kind, row: Row, space: Space, schema: int) -> Document:
    """Return a record as a document of an app of this schema. What is removed or wiped is the bare word that it is.

    Of what is removed it says as of which version, so that a removal is told again to a store that has lost it.
    """
    if row.gone:
        return deleted(kind, str(row.id), schema)
    if row.removed:
        return deleted(kind, str(row.id), schema) | _marks(kind, row, space)
    return held(kind, row, space, schema)


def _marks(kind: Kind, row: Row, space: Space) -> Document:
    """Return what a document says of a record beside what it holds."""
    marks: Document = {"rev": row.version, "epoch": str(space.epoch), "author": str(row.author)}
    return marks | {COUPLE: str(space.couple)} if kind.home == "couple" else marks


def held(kind: Kind, row: Row, space: Space, schema: int) -> Document:
    """Return everything that a record holds, removed or not."""
    body = decoded(row.body)
    names = known_fields(kind, schema)
    made = empty(kind, str(row.id), schema) | _marks(kind, row, space)
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
    return dict.fromkeys(names_in(kind, schema)) | {KEY: identity, DELETED: False}
