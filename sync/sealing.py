"""Seal and open words under their space's key, and make the ids and hashes that only that space can make."""

import hmac
import os
from collections.abc import Collection, Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from domain.ids import SpaceId

LAYOUT = 1
"""The first byte of everything sealed; another layout would be another number."""

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
KIND_BYTES_MAX = 255
SEALS_MAX = 2**30
"""Seals under one data key before it is due for a new one, so that random nonces do not meet."""

_HEAD_BYTES = 2 + NONCE_BYTES


class SealBroken(Exception):  # noqa: N818 - says what is the matter
    """These bytes were not sealed by this space, for this kind and id, or were altered since."""


class SpaceKeys:
    """The keys of one space: `current` seals, every key that is still here opens.

    `data_keys` are 32 bytes each by their number (0..255). `id_key` is for `keyed_id` and `keyed_hash`; it
    stays the same for the whole life of the space. Opening takes the space from here and never from the row,
    so a row of another space cannot be opened though its key is in memory.
    """

    __slots__ = ("_ciphers", "_current", "_space", "id_key")

    def __init__(self, space: SpaceId, data_keys: Mapping[int, bytes], current: int, id_key: bytes) -> None:
        if current not in data_keys:
            raise ValueError("the current key is not among the keys of the space")
        self._space = space.bytes
        self._current = current
        self._ciphers = {number: AESGCM(key) for number, key in data_keys.items()}
        self.id_key = id_key

    def seal(self, kind: str, id: UUID, plain: bytes) -> bytes:  # noqa: A002
        """`1 + key_no + nonce + ciphertext and tag`; the space, kind and id are bound, the version is not."""
        # The nonce is drawn here and nowhere else: a repeated one would give the key away.
        nonce = os.urandom(NONCE_BYTES)
        bound = self._bound(self._current, kind, id)
        return bytes((LAYOUT, self._current)) + nonce + self._ciphers[self._current].encrypt(nonce, plain, bound)

    def open(self, kind: str, id: UUID, sealed: bytes) -> bytes:  # noqa: A002
        """Return what was sealed, or raise `SealBroken`."""
        if len(sealed) < _HEAD_BYTES + TAG_BYTES or sealed[0] != LAYOUT:
            raise SealBroken
        number = sealed[1]
        cipher = self._ciphers.get(number)
        if cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(sealed[2:_HEAD_BYTES], sealed[_HEAD_BYTES:], self._bound(number, kind, id))
        except InvalidTag:
            raise SealBroken from None

    def _bound(self, number: int, kind: str, id: UUID) -> bytes:  # noqa: A002
        name = kind.encode()
        if len(name) > KIND_BYTES_MAX:
            raise ValueError("a kind's name is too long to be bound")
        return bytes((LAYOUT, number)) + self._space + bytes((len(name),)) + name + id.bytes


class Fetched(Struct, frozen=True):
    """The keys that were fetched before a transaction: within it none are waited for."""

    keys: Mapping[SpaceId, SpaceKeys]

    async def of(self, spaces: Collection[SpaceId]) -> Mapping[SpaceId, SpaceKeys]:
        """Return the keys of these spaces, as far as they were fetched."""
        return {space: self.keys[space] for space in spaces if space in self.keys}


def keyed_id(id_key: bytes, *parts: str | bytes | UUID) -> UUID:
    """Make an id (UUIDv8) that a retry makes again and that tells nobody without the key its parts (PJ3)."""
    digest = bytearray(keyed_hash(id_key, *parts)[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def keyed_hash(key: bytes, *parts: str | bytes | UUID) -> bytes:
    """HMAC-SHA-256 (32 bytes) over length-prefixed parts, so that ("ab", "c") and ("a", "bc") differ."""
    told = bytearray()
    for part in parts:
        piece = part.bytes if isinstance(part, UUID) else part.encode() if isinstance(part, str) else part
        told += len(piece).to_bytes(4, "big") + piece
    return hmac.digest(key, told, "sha256")
