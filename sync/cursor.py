"""The cursor: where a device is in each of its spaces, opaque to the device.

It is a hint and no proof: whatever it names, only the caller's own spaces are read.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

import msgspec

from domain.ids import SpaceId
from sync.ports import Place
from sync.wire import VERSION_MAX

PLACES_MAX = 48
"""Spaces that one cursor can name; more than one life has couples."""


class CursorUnreadableError(Exception):
    """This is no cursor of ours."""


class _Place(msgspec.Struct, array_like=True, frozen=True):
    space: UUID
    epoch: UUID
    version: int
    horizon: int = 0


_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER = msgspec.msgpack.Decoder(list[_Place])


def written(places: Mapping[SpaceId, Place]) -> str:
    """Return the cursor for these places."""
    rows = [_Place(space, place.epoch, place.version, place.horizon) for space, place in places.items()]
    return urlsafe_b64encode(_ENCODER.encode(rows[:PLACES_MAX])).rstrip(b"=").decode()


def read(cursor: str | None) -> dict[SpaceId, Place]:
    """Return the places of a cursor, none for the first sync; raise `CursorUnreadableError` for anything else."""
    if cursor is None:
        return {}
    try:
        rows = _DECODER.decode(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (msgspec.DecodeError, Error, ValueError, RecursionError):
        raise CursorUnreadableError from None
    if len(rows) > PLACES_MAX or not all(0 <= n <= VERSION_MAX for row in rows for n in (row.version, row.horizon)):
        raise CursorUnreadableError
    return {SpaceId(row.space): Place(row.epoch, row.version, row.horizon) for row in rows}


def wire_epoch(store_epoch: UUID, space_epoch: UUID) -> UUID:
    """Return the epoch that devices see: it changes with the store's life and with the space's own."""
    digest = bytearray(sha256(store_epoch.bytes + space_epoch.bytes).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
