"""Picking and confirming over the wire: what a change takes out of `alternatives` and `merged`."""

from typing import Any

from domain.records import Record
from sync.wire import Change


class UnfitPickError(Exception):
    """These are not alternatives or confirmations as a device sends them."""


def picks(
    change: Change, stored: Record | None
) -> tuple[dict[str, Any], dict[str, frozenset[tuple[str, str]]], frozenset[str]]:
    """Separate the fields of a change from what it takes out of `alternatives` and `merged`.

    Taking an element out is the pick or the confirmation; putting one in means nothing. Without `was` the device
    is taken to have seen what is stored.
    """
    values = dict(change.set)
    picked: dict[str, frozenset[tuple[str, str]]] = {}
    confirmed: frozenset[str] = frozenset()
    if "alternatives" in values:
        stays = values.pop("alternatives")
        seen = change.was.get("alternatives")
        if seen is None and stored is not None:
            seen = {
                name: [{"by": str(each.by), "text": each.text} for each in beside]
                for name, beside in stored.alternatives.items()
            }
        before, now = _beside(seen), _beside(stays)
        if before is None or now is None:
            raise UnfitPickError
        picked = {name: texts - now.get(name, frozenset()) for name, texts in before.items()}
    if "merged" in values:
        stays = values.pop("merged")
        seen = change.was.get("merged", () if stored is None else stored.merged)
        if not isinstance(stays, list) or not isinstance(seen, list | tuple):
            raise UnfitPickError
        confirmed = frozenset(each for each in seen if isinstance(each, str) and each not in stays)
    return values, picked, confirmed


def _beside(value: Any) -> dict[str, frozenset[tuple[str, str]]] | None:
    """Return alternatives as a device sends them, or None when they do not fit."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    beside: dict[str, frozenset[tuple[str, str]]] = {}
    for name, texts in value.items():
        if not isinstance(texts, list) or not all(isinstance(each, dict) for each in texts):
            return None
        beside[name] = frozenset((str(each.get("by")), str(each.get("text"))) for each in texts)
    return beside
