"""What a command of `haven-device` answers."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from api.device_listing import short
from domain.ids import RecordId
from sync.wire import Change

WAITS: Final = "It waits here for the next `sync`."


class Said(Struct, frozen=True):
    """Lines for a person, a value for a program."""

    lines: Sequence[str]
    told: Any = None


def kept(change: Change | None, *besides: str) -> Said:
    """Say that an edit was kept, and where it changes something, what that means."""
    if change is None:
        return Said(["It is so already; nothing was changed."], {"id": None})
    identity = RecordId(change.id)
    lines = [f"Kept on this phone  [{short(identity)}]  {WAITS}", *besides]
    return Said(lines, {"id": str(identity), "key": str(change.key)})
