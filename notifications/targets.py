"""The rules of push targets: what one may look like, which are sent to first, and which are given up. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.ids import DeviceId, PersonId
from notifications.messages import Kind, Platform, Target

VALUE_CHARS_MAX: Final = 4096
"""The most that Google ever announced for a registration token (4 KB). Those of today have about 160 characters, but
no document bounds them, and a phone whose token is refused is silent for good."""

FRESH_FOR: Final = timedelta(days=30)
"""Apps register at each start and once a month; what is older is sent to last."""
USED_FOR: Final = timedelta(days=60)
"""What is older is not sent to: the app has been gone for two months, and FCM thinks less of who sends to the gone."""
KEPT_FOR: Final = timedelta(days=270)
"""FCM itself lets a token of Android end after 270 days."""

_FORMS: Final[Mapping[Kind, re.Pattern[str]]] = {
    # A token is an installation's id, a colon, and what FCM made of it; some are without the colon.
    "token": re.compile(rf"[A-Za-z0-9_:\-]{{1,{VALUE_CHARS_MAX}}}"),
    # 22 characters today: 17 bytes in base64url. Room is left, as for tokens.
    "fid": re.compile(r"[A-Za-z0-9_\-]{22,64}"),
}


class Kept(Struct, frozen=True, kw_only=True):
    """A target as it is stored: its value sealed, and the day on which the app registered it last."""

    person: PersonId
    device: DeviceId
    kind: Kind
    platform: Platform
    sealed: bytes
    value_hash: bytes
    registered_on: date
    registration: UUID

    def __repr__(self) -> str:
        return f"Kept({self.platform}, {self.kind}, {self.registered_on})"


class Reached(Struct, frozen=True):
    """A target to send to, and its row: that goes, unless it has changed since, when FCM gives the target up."""

    target: Target
    kept: Kept


def objection(kind: Kind, value: str) -> str | None:
    """Say what about a value is not as FCM gives it, without repeating it; None where nothing is.

    Addresses, white space and control characters are none of FCM's signs.
    """
    if _FORMS[kind].fullmatch(value):
        return None
    if kind == "fid":
        return "An installation id of Firebase has 22 to 64 letters, digits, dashes and underscores."
    return f"A registration token of FCM has 1 to {VALUE_CHARS_MAX} letters, digits, dashes, underscores and colons."


def in_order(kept: Iterable[Kept], today: date) -> list[Kept]:
    """Return whom to send to: the newest of each device, fresh ones first, none that is older than 60 days."""
    newest: dict[DeviceId, Kept] = {}
    for each in sorted(kept, key=lambda each: (each.registered_on, each.registration)):
        newest[each.device] = each
    used = [each for each in newest.values() if today - each.registered_on <= USED_FOR]
    return sorted(
        used, key=lambda each: (today - each.registered_on > FRESH_FOR, today - each.registered_on, each.device)
    )


def forgotten_before(today: date) -> date:
    """Return the day before which a target must have been registered to be forgotten by now."""
    return today - KEPT_FOR
