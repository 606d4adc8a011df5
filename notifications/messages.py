"""Whom a prompt is sent to, and the one constant message for each platform: nothing in it says what it is about."""

from typing import Any, Final, Literal

from msgspec import Struct

from domain.ids import DeviceId

Kind = Literal["token", "fid"]
"""How an installation is named to FCM: by a registration token, or by a Firebase installation id, which replaces it."""

Platform = Literal["android", "ios", "web"]

Form = Literal["android", "ios", "ios_hidden", "web"]
"""What P10 counts: there is one message for each of these, whatever the prompt."""

FORMS: Final[tuple[Form, ...]] = ("android", "ios", "ios_hidden", "web")

DATA: Final = {"v": "1"}
"""All that a message says: that there is something. The device syncs, and then words it by its own settings."""
COLLAPSE_KEY: Final = "h"
"""A message that was not fetched yet is replaced by the next one: two of them say no more than one."""
LOC_KEY: Final = "haven_new"
"""The app's own text, "Something new, whenever suits you."; no word of it travels."""
TTL_S: Final = 24 * 3600
"""For how long FCM and the platforms keep a message for a phone that is off; a day, as long as a prompt is worth it."""


class Target(Struct, frozen=True, kw_only=True):
    """One installation to send to. `value` is its name at FCM, and never shown: whoever has it can reach the phone.

    `hidden` is the person's wish that nothing be shown (`push_privacy`); it decides on iOS and on the web.
    """

    device: DeviceId
    kind: Kind
    value: str
    platform: Platform
    hidden: bool = False

    def __repr__(self) -> str:
        return f"Target({self.platform}, {self.kind}, ***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("platform", self.platform), ("kind", self.kind), ("value", "***")]


def form_of(target: Target) -> Form | None:
    """Return the form of this target's message; None where nothing may be sent.

    A browser shows something for every message, words of its own if need be: a page cannot hide one (docs/adr/0021).
    """
    if not target.hidden:
        return target.platform
    return _HIDDEN[target.platform]


_HIDDEN: Final[dict[Platform, Form | None]] = {"android": "android", "ios": "ios_hidden", "web": None}
"""On Android the app itself posts what is shown, or nothing; so its message is the same."""
