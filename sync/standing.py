"""What each device said last of a field, for as long as somebody has not seen it: so order of arrival cannot matter.

Under the policies that know no order, the value of a field is a function of what stands: every device's newest
word, less those that a later word had seen. Where one word stands alone it is the stored value under the field's own
stamp; where several do, each is kept among the stamps under the field's name, the device and the value.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from domain.ids import DeviceId
from domain.records import UNSTAMPED, Stamp


class Said(Struct, frozen=True):
    """One device's word about a field, or about one element of a set; `base` is what it had seen when it said so."""

    value: Any
    device: DeviceId | None
    version: int
    base: int = 0

    def seen_by(self, device: DeviceId, base: int) -> bool:
        """Return whether an edit of this device on this base knew of it."""
        return self.device == device or self.version <= base


def standing(stamps: dict[str, Stamp], name: str) -> list[Said]:
    """Return what is kept as said about a field, one a device and value."""
    prefix = f"{name}/"
    return [
        Said(msgspec.json.decode(key.removeprefix(prefix).partition("/")[2]), stamp.device, stamp.version, stamp.others)
        for key, stamp in stamps.items()
        if key.startswith(prefix)
    ]


def keep(stamps: dict[str, Stamp], name: str, said: Iterable[Said]) -> None:
    """Keep exactly this as said about a field."""
    for key in [key for key in stamps if key.startswith(f"{name}/")]:
        del stamps[key]
    for each in said:
        assert each.device is not None
        stamps[f"{name}/{each.device.hex}/{msgspec.json.encode(each.value).decode()}"] = Stamp(
            each.version, each.device, each.base
        )


def say(
    stamps: dict[str, Stamp], name: str, stored: Any, value: Any, *, device: DeviceId, base: int, version: int
) -> list[Any]:
    """Note a device's word about a field that holds `stored`, and return every value that stands now."""
    stamp = stamps.get(name, UNSTAMPED)
    before = standing(stamps, name) or [Said(stored, stamp.device, stamp.version)]
    unseen = [each for each in before if not each.seen_by(device, base)]
    keep(stamps, name, [*unseen, Said(value, device, version)] if unseen else ())
    return [*(each.value for each in unseen), value]
