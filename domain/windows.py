"""Windows: what the partner sees of a private record, as a function of that record alone.

Nothing here knows when a record was written, and nothing but the chosen parts leaves these functions.
"""

from collections.abc import Mapping
from typing import Any

from domain.ids import CoupleId
from domain.kind import Window
from domain.shapes import ONLY_ME

ALWAYS = "*"
"""The part that is shown whenever anything is: fields that have no part of their own."""

LET_THEM_KNOW = "let_them_know"


def open_parts(window: Window, fields: Mapping[str, Any], couple: CoupleId | None) -> frozenset[str]:
    """Return the parts that this couple may see now, with ALWAYS where there is any; empty when closed (PJ2)."""
    if couple is None or fields.get("audience", ONLY_ME) != str(couple):
        return frozenset()
    parts = window.chosen(fields.get(window.chosen_by))
    return parts | {ALWAYS} if parts else frozenset()


def fields_of(window: Window, part: str) -> tuple[str, ...]:
    """Return the fields that one part shows."""
    return window.always if part == ALWAYS else window.parts[part]


def project(window: Window, fields: Mapping[str, Any], couple: CoupleId | None) -> dict[str, Any] | None:
    """Return the shown fields, or nothing when the window is closed (PJ1, PJ2).

    `shown_on` and `edited` belong to the opening, not to the record: the caller adds them.
    """
    parts = open_parts(window, fields, couple)
    if not parts:
        return None
    return {
        name: fields.get(name) for part in (ALWAYS, *window.parts) if part in parts for name in fields_of(window, part)
    }


def closed_without(window: Window, fields: Mapping[str, Any], parts: frozenset[str]) -> dict[str, Any]:
    """Return the fields that change when these parts may not be shown after all (PJ8).

    What has no part of its own closes the window; so does a choice between levels, of which none is half shown.
    """
    if ALWAYS in parts or window.levels is not None:
        return {"audience": ONLY_ME}
    return {window.chosen_by: [part for part in fields.get(window.chosen_by, ()) if part not in parts]}
