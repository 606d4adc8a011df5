"""The bytes of a record: a JSON body that is sealed and passed through, and a small block of stamps beside it."""

from typing import Any

import msgspec

from domain.ids import DeviceId, PersonId
from domain.records import Alternative, Purged, Record, Stamp
from sync.ports import Row

_ENCODER = msgspec.json.Encoder()


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed of a record. Its JSON is, from the second byte on, the tail of the record's JSON on the wire."""

    fields: dict[str, Any] = {}
    alternatives: dict[str, tuple[Alternative, ...]] = {}
    merged: tuple[str, ...] = ()


_BODIES = msgspec.json.Decoder(Body)


def encoded(record: Record) -> bytes | None:
    """Return the body of a record, or None for one that is gone."""
    if record.gone:
        return None
    return encoded_body(record.fields, record.alternatives, record.merged)


def encoded_body(
    fields: dict[str, Any], alternatives: dict[str, tuple[Alternative, ...]], merged: tuple[str, ...]
) -> bytes:
    """Return the body that says this."""
    return _ENCODER.encode(Body(fields, alternatives, merged))


def decoded(body: bytes | None) -> Body:
    """Return what `encoded` was given."""
    return Body() if body is None else _BODIES.decode(body)


_CANONICAL = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """Return the one way in which a JSON value is written: equal values are equal bytes."""
    return _CANONICAL.encode(value)


def row_of(record: Record, body: bytes | None, version: int) -> Row:
    """Return a record on its way out to somebody who has it at this version; `body` is what `encoded` made of it."""
    return Row(
        space=record.space,
        kind=record.kind,
        id=record.id,
        version=version,
        author=record.author,
        removed=record.removed,
        gone=record.gone,
        body=body,
        schema=record.schema,
        purged=record.purged is not None,
    )


def rendered(row: Row) -> bytes:
    """Return a record as it stands on the wire, its body passed through unread."""
    body = row.body or b"{}"
    head = (
        f'{{"space":"{row.space}","kind":"{row.kind}","id":"{row.id}","version":{row.version},'
        f'"author":"{row.author}","removed":{"true" if row.removed else "false"}'
    )
    return head.encode() + (b"}" if body == b"{}" else b"," + body[1:])


class _Group(msgspec.Struct, frozen=True, array_like=True):
    """Fields that share one stamp."""

    version: int
    device: DeviceId | None
    others: int
    made_ms: int | None
    person: PersonId | None
    fields: tuple[str, ...]


_GROUPS_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_GROUPS = msgspec.msgpack.Decoder(tuple[_Group, ...])


def packed(stamps: dict[str, Stamp]) -> bytes:
    """Return stamps as bytes: most fields share one stamp, which is written once."""
    groups: dict[Stamp, list[str]] = {}
    for name, stamp in stamps.items():
        groups.setdefault(stamp, []).append(name)
    return _GROUPS_ENCODER.encode(
        tuple(_Group(*_parts(stamp), tuple(names)) for stamp, names in groups.items()),
    )


def _parts(stamp: Stamp) -> tuple[int, DeviceId | None, int, int | None, PersonId | None]:
    return stamp.version, stamp.device, stamp.others, stamp.made_ms, stamp.person


def unpacked(stamps: bytes) -> dict[str, Stamp]:
    """Return what `packed` was given."""
    return {
        name: Stamp(group.version, group.device, group.others, group.made_ms, group.person)
        for group in _GROUPS.decode(stamps)
        for name in group.fields
    }


_PURGED = msgspec.msgpack.Decoder(Purged)


def packed_purge(purged: Purged | None) -> bytes | None:
    """Return a purge mark as bytes."""
    return None if purged is None else msgspec.msgpack.encode(purged)


def unpacked_purge(purged: bytes | None) -> Purged | None:
    """Return what `packed_purge` was given."""
    return None if purged is None else _PURGED.decode(purged)
