"""Names for the things that have an identity, so that none are mixed up; two ways to make one, and its time."""

from typing import NewType
from uuid import UUID

PersonId = NewType("PersonId", UUID)
CoupleId = NewType("CoupleId", UUID)
SpaceId = NewType("SpaceId", UUID)
DeviceId = NewType("DeviceId", UUID)
RecordId = NewType("RecordId", UUID)

CHANCE_BYTES = 16
TIME_MS_MAX = 2**48 - 1


def uuid4(chance: bytes) -> UUID:
    """Make a UUIDv4 of 16 random bytes: it tells nothing, and is for whatever a partner may see."""
    return UUID(bytes=chance, version=4)


def uuid7(now_ms: int, chance: bytes) -> UUID:
    """Make a UUIDv7 of milliseconds since 1970 and 16 random bytes (RFC 9562, 5.7).

    It tells when it was made, so it is only for what stays with its author. A clock before 1970 counts as 1970.
    """
    made = bytearray(min(max(now_ms, 0), TIME_MS_MAX).to_bytes(6, "big") + chance[6:CHANCE_BYTES])
    made[6] = made[6] & 0x0F | 0x70
    made[8] = made[8] & 0x3F | 0x80
    return UUID(bytes=bytes(made))


def made_ms(identity: UUID) -> int | None:
    """Return when an id of version 7 says that it was made, in milliseconds since 1970; None for any other."""
    return int.from_bytes(identity.bytes[:6], "big") if identity.version == 7 else None
