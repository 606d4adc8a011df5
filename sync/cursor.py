"""The cursor: where a device is in each of its spaces, opaque to the device and sealed against alteration.

It is a hint and no proof: whatever it names, only the caller's own spaces are read. But what it claims to have seen
can begin a new life of a space for both who share it, so only Haven can make one.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from domain.ids import SpaceId
from sync.ports import Life, Place
from sync.sealing import keyed_hash
from sync.wire import CURSOR_CHARS_MAX, SCHEMA, VERSION_MAX

PLACES_MAX = 48
"""Spaces that one cursor can name; more than one life has couples."""

LIVES_MAX = 4
"""Earlier lives of a space that a cursor names: a store is seldom restored to before an earlier restore."""

MARK_BYTES = 12


class CursorUnreadableError(Exception):
    """This is no cursor that Haven gave to this person."""


class Cursor(msgspec.Struct, frozen=True):
    """Where a device is in each space, and by which schema it was told what it has."""

    schema: int = SCHEMA
    places: Mapping[SpaceId, Place] = {}
    given_s: int = 0
    """When a client library was given it, in seconds since 1970; 0 where nobody asks."""


class _Place(msgspec.Struct, array_like=True, frozen=True):
    space: UUID
    epoch: UUID
    version: int
    horizon: int = 0
    lives: tuple[Life, ...] = ()
    reach: int = 0


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    schema: int
    rows: tuple[_Place, ...]
    given_s: int = 0


_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER = msgspec.msgpack.Decoder(_Cursor)


def written(cursor: Cursor, id_key: bytes) -> str:
    """Return the cursor as a device keeps it, marked under the id key of the person's own space."""
    whole = _written(cursor, id_key, LIVES_MAX)
    # What a cursor says of earlier lives spares work after a second restore; it gives way before anything else.
    return whole if len(whole) <= CURSOR_CHARS_MAX else _written(cursor, id_key, 0)


def _written(cursor: Cursor, id_key: bytes, lives_max: int) -> str:
    rows = [
        _Place(
            space,
            place.epoch,
            place.version,
            place.horizon,
            place.lives[-lives_max:] if lives_max else (),
            place.reach,
        )
        for space, place in cursor.places.items()
    ]
    plain = _ENCODER.encode(_Cursor(cursor.schema, tuple(rows[:PLACES_MAX]), cursor.given_s))
    return urlsafe_b64encode(_mark(id_key, plain) + plain).rstrip(b"=").decode()


def read(cursor: str | None, id_key: bytes) -> Cursor:
    """Return what a cursor says, no place for the first sync; raise `CursorUnreadableError` for anything else."""
    if cursor is None:
        return Cursor()
    try:
        marked = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (Error, ValueError):
        raise CursorUnreadableError from None
    mark, plain = marked[:MARK_BYTES], marked[MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(id_key, plain)):
        raise CursorUnreadableError
    try:
        schema, rows, given_s = astuple(_DECODER.decode(plain))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise CursorUnreadableError from None
    numbers = [given_s, *(n for row in rows for n in _numbers(row))]
    if len(rows) > PLACES_MAX or not all(0 <= n <= VERSION_MAX for n in numbers):
        raise CursorUnreadableError
    return Cursor(
        schema,
        {SpaceId(row.space): Place(row.epoch, row.version, row.horizon, row.lives, row.reach) for row in rows},
        given_s,
    )


def _mark(id_key: bytes, plain: bytes) -> bytes:
    return keyed_hash(id_key, "cursor", plain)[:MARK_BYTES]


def _numbers(row: _Place) -> tuple[int, ...]:
    return (row.version, row.horizon, row.reach, *(life.head for life in row.lives))
