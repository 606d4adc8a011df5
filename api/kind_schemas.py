"""Say in JSON Schema what each kind holds: what a change of it may set, and what a record of it has."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from domain.kind import Kind, Ownership, Who
from domain.policies import Policy
from domain.shapes import UNFIT
from sync.wire import SCHEMA

Schema = dict[str, Any]

_TEXTS: Final = (Policy.WORDS, Policy.SHARED_WORDS)
"""Policies by which a text may come to stand beside another, or be joined with one."""
_STARTED_FROM: Final = (*_TEXTS, Policy.MEMBERS)
"""Policies that ask what the edit started from."""


def by_kind(kinds: Iterable[Kind], envelopes: Mapping[str, Schema], ref: str) -> dict[str, Schema]:
    """Return the schemas of changes and records, told apart by `kind`, for what `envelopes` leaves open.

    `envelopes` holds `Change`, `RecordView` and `Alternative` as the wire knows them, whatever the kind; `ref` is
    what stands before the name of a schema where one points to another.
    """
    known = [kind for kind in kinds if kind.schema <= SCHEMA]
    in_parts = {
        kind.window.shows: {name for names in kind.window.parts.values() for name in names}
        for kind in known
        if kind.window is not None
    }
    changes = {kind.name: _change(kind, envelopes["Change"], ref) for kind in known if _can_be_changed(kind)}
    records = {kind.name: _record(kind, envelopes["RecordView"], ref) for kind in known}
    fields = {_named(kind.name, "Fields"): _fields(kind, in_parts.get(kind.name, set())) for kind in known}
    settable = {_named(kind.name, "Set"): _settable(kind, ref) for kind in known if kind.name in changes}
    return {
        **fields,
        **settable,
        **{_named(name, "Change"): schema for name, schema in changes.items()},
        **{_named(name, "Record"): schema for name, schema in records.items()},
        "Change": _told_apart(changes, "Change", _CHANGE, ref),
        "ChangeEnvelope": {**envelopes["Change"], "description": _ENVELOPE},
        "RecordView": _told_apart(records, "Record", _RECORD, ref),
    }


_CHANGE: Final = (
    "One edit of one record, as the device made it: what Haven can keep of each kind. A change that fits"
    " `ChangeEnvelope` but none of these, such as one of a kind or a field that Haven does not know, or with a value"
    " out of its bounds, is no 400: it is settled inside the 200 as `refused`, and its own words come back to their"
    " author as `unplaced`. It stops nothing behind it."
)
_ENVELOPE: Final = (
    "What every change must be, whatever its kind: this alone decides about 400, and that no id is all zeros. What"
    " stands in `set` and `was` is judged by its kind, inside the 200."
)
_RECORD: Final = (
    "A record as a device sees it, by its kind. An app is told the kinds and fields of the `schema` that it states and"
    " no others. `alternatives` and `merged` are left out where there is nothing in them."
)


def _named(kind: str, end: str) -> str:
    return "".join(part.title() for part in kind.split("_")) + end


def _told_apart(variants: Mapping[str, Schema], end: str, words: str, ref: str) -> Schema:
    mapping = {name: ref + _named(name, end) for name in variants}
    return {
        "description": words,
        "oneOf": [{"$ref": each} for each in mapping.values()],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }


def _can_be_changed(kind: Kind) -> bool:
    """Return whether there is anything that a device may do to records of this kind."""
    return {kind.creates, kind.edits, kind.removes} - {Who.SERVER, Who.NOBODY} != set()


def _is_only_created(kind: Kind) -> bool:
    """Return whether every change that sets something is the first of its record."""
    return kind.creates is not Who.SERVER and kind.edits is Who.NOBODY and kind.removes is Who.NOBODY


def _change(kind: Kind, envelope: Schema, ref: str) -> Schema:
    properties = {
        **envelope["properties"],
        "kind": {"type": "string", "const": kind.name},
        "set": {"$ref": ref + _named(kind.name, "Set")},
        "was": _was(kind, ref),
    }
    required = [*envelope["required"]]
    if kind.home == "couple":
        properties["couple"] = {**properties["couple"]["anyOf"][0], "description": _COUPLE}
        required.append("couple")
    else:
        del properties["couple"]
    if _is_only_created(kind):
        required.append("set")
    if kind.removes is Who.NOBODY:
        del properties["remove"]
    return {
        "description": f"A change of a `{kind.name}`. {_who(kind)}",
        "type": "object",
        "properties": {name: schema for name, schema in properties.items() if name != "was" or schema["properties"]},
        "required": required,
    }


_COUPLE: Final = "For which couple this was written: what was meant for one partner never reaches the next."


def _who(kind: Kind) -> str:
    new = ", ".join(f"`{name}`" for name in kind.needed)
    said = [f"A new one must bring {new}."] if new and kind.creates is not Who.SERVER else []
    if kind.creates is Who.SERVER:
        said.append("Only the server creates one.")
    if kind.edits is Who.NOBODY:
        said.append("Nobody edits it afterwards.")
    if kind.edits is Who.SERVER:
        said.append("It is only removed.")
    if kind.removes is Who.NOBODY:
        said.append("Nobody removes it.")
    return " ".join(said)


def _settable(kind: Kind, ref: str) -> Schema:
    # A kind that only the server edits has nothing that a device may set.
    written = {} if kind.edits is Who.SERVER else kind.written
    properties = {name: _field(kind, name) for name, field in written.items() if field.schema <= SCHEMA}
    if written:
        properties |= _picks(kind, ref)
    return {
        "description": f"What a change may set in a `{kind.name}`: the fields that changed.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": list(kind.needed)} if _is_only_created(kind) and kind.needed else {}),
    }


def _was(kind: Kind, ref: str) -> Schema:
    started = {name: _field(kind, name) for name in kind.of_policy(*_STARTED_FROM)}
    return {
        "description": "What the edit started from, by field.",
        "type": "object",
        "properties": started | _picks(kind, ref),
    }


def _picks(kind: Kind, ref: str) -> dict[str, Schema]:
    """Return what a pick takes out: texts that stand beside, names of texts that were joined."""
    texts = list(kind.of_policy(*_TEXTS))
    if not texts:
        return {}
    beside = {"type": "array", "items": {"$ref": ref + "Alternative"}}
    return {
        "alternatives": {
            "description": "Texts beside, by field: in `set` those that stay, in `was` those that were looked at.",
            "type": "object",
            "properties": dict.fromkeys(texts, beside),
        },
        "merged": {
            "description": "Names of joined texts: in `set` those that stay unconfirmed, in `was` those looked at.",
            "type": "array",
            "items": {"type": "string", "enum": texts},
        },
    }


def _record(kind: Kind, envelope: Schema, ref: str) -> Schema:
    properties = {
        **envelope["properties"],
        "kind": {"type": "string", "const": kind.name},
        "fields": {"$ref": ref + _named(kind.name, "Fields")},
    }
    return {
        "description": f"A `{kind.name}`, {_SEEN[kind.ownership]}.",
        "type": "object",
        "properties": properties,
        "required": [*envelope["required"], "removed", "fields"],
    }


_SEEN: Final = {
    Ownership.PRIVATE: "which its author alone sees",
    Ownership.WINDOW: "which its author alone sees, and may show parts of",
    Ownership.LETTER: "which both see and nobody edits",
    Ownership.JOINT: "which both see and both write",
    Ownership.PROJECTION: "which shows the partner what its author chose to show",
}


def _fields(kind: Kind, in_parts: Collection[str]) -> Schema:
    """Say what a record has; `in_parts` are fields that are there only while their part is shown."""
    shown = {name: field for name, field in kind.fields.items() if field.schema <= SCHEMA}
    return {
        "description": f"What a `{kind.name}` holds.",
        "type": "object",
        "properties": {name: _field(kind, name) for name in shown},
        # What came with a later schema may be missing in records that are older.
        "required": [name for name, field in shown.items() if field.schema <= kind.schema and name not in in_parts],
    }


def _field(kind: Kind, name: str) -> Schema:
    field = kind.fields[name]
    words = "Written by the server" if field.policy is Policy.SERVER else f"Merges by `{field.policy}`"
    if field.policy is not Policy.SERVER and field.shape.empty is not UNFIT:
        words += f"; begins as `{msgspec.json.encode(field.shape.empty).decode()}`"
    return {**field.shape.json_schema(), "description": f"{words}."}
