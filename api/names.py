"""The names that people give themselves and their devices, under the keys of the spaces that hold them."""

from typing import Final
from uuid import UUID

from domain.ids import DeviceId, PersonId
from sync.sealing import SealBroken, SpaceKeys

_PERSON: Final = "person"
_DEVICE: Final = "device"


def sealed_name(keys: SpaceKeys, person: PersonId, name: str) -> bytes:
    """Seal a person's chosen name for one space: their own, or a couple's."""
    return keys.seal(_PERSON, person, name.encode())


def opened_name(keys: SpaceKeys | None, person: PersonId, sealed: bytes | None) -> str | None:
    """Return a person's chosen name, or nothing when there is none to read."""
    return _opened(keys, _PERSON, person, sealed)


def sealed_label(keys: SpaceKeys, device: DeviceId, label: str) -> bytes:
    """Seal what a person calls one of their devices."""
    return keys.seal(_DEVICE, device, label.encode())


def opened_label(keys: SpaceKeys | None, device: DeviceId, sealed: bytes) -> str | None:
    """Return what a person calls one of their devices, or nothing when it does not open."""
    return _opened(keys, _DEVICE, device, sealed)


def _opened(keys: SpaceKeys | None, kind: str, about: UUID, sealed: bytes | None) -> str | None:
    """Return the words, or nothing when they are absent or do not open: one bad row must stop nobody."""
    if keys is None or sealed is None:
        return None
    try:
        return keys.open(kind, about, sealed).decode()
    except SealBroken:
        return None
