"""What a stored change may cause a prompt for: told by kinds and ids, never by a word.

Whether a prompt comes of it is decided later and elsewhere (`domain/prompts.py`); most of it comes to nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId
from domain.records import Record


class News(Struct, frozen=True, kw_only=True):
    """Something that was stored and may cause a prompt: written by the statement that stored it, without a text."""

    id: UUID
    person: PersonId
    """Who may be prompted."""
    couple: CoupleId | None
    kind: str | None
    """What has arrived, as a kind of prompt; None where only something has changed that plans go by."""
    record: RecordId
    at: datetime


Arrives = Callable[[Mapping[str, Any] | None, Mapping[str, Any]], tuple[str, ...]]
"""From the fields as the partner saw them before (None: not at all) and as they see them now, to kinds of prompts."""


def _new(
    kind: str, before: Mapping[str, Any] | None, now: Mapping[str, Any], *, unless: tuple[str, Any] = ("", None)
) -> tuple[str, ...]:
    """Return the kind where the record is new to them, unless a field of it has this value."""
    field, value = unless
    told = before is None and not (field in now and now[field] == value)
    return (kind,) if told else ()


def _window(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> tuple[str, ...]:
    opened = now.get("let_them_know") is True and (before is None or before.get("let_them_know") is not True)
    return ("window_opened",) if opened else ()


def _goal_window(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> tuple[str, ...]:
    latest = now.get("latest")
    is_news = latest is not None and (before is None or before.get("latest") != latest)
    welcome = now.get("let_them_know") is True and now.get("support_wanted") not in (None, "space", "none")
    return (*_window(before, now), *(("own_goal_cheer",) if is_news and welcome else ()))


def _achieved(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> tuple[str, ...]:
    was = None if before is None else before.get("state")
    return ("goal_achieved",) if now.get("state") == "achieved" and was != "achieved" else ()


ARRIVES: Final[Mapping[str, Arrives]] = {
    "note": partial(_new, "letter_arrived", unless=("found", True)),
    "response": partial(_new, "letter_arrived", unless=("form", "not_ready_yet")),
    "repair": partial(_new, "letter_arrived"),
    "support_offer": partial(_new, "letter_arrived"),
    "support_request": partial(_new, "request_arrived"),
    "shown_check_in": _window,
    "shown_goal": _goal_window,
    "goal_terms": partial(_new, "proposal_arrived"),
    "goal": _achieved,
}
"""What arrives for the partner of whoever made the change, by the kind of the record that they see."""

REPLANS: Final[Mapping[str, Literal["actor", "both"]]] = {
    "settings": "actor",
    "boundary": "actor",
    "step_date": "actor",
    "step": "both",
    "pause": "both",
}
"""Whose plans a change of such a record may move."""


OF_ONES_ACCOUNT: Final[Mapping[tuple[str, str | None], str]] = {
    ("notice", "new_device"): "new_device",
    ("notice", "exported"): "account_notice",
}
"""By kind and code of what the server puts into a person's own space about their own account, the kind of prompt."""


def news_of(
    before: Record | None, now: Record, *, actor: PersonId, members: frozenset[PersonId]
) -> Iterator[tuple[PersonId, str | None]]:
    """Give who may be prompted because of a stored change, and of what: a kind of prompt, or None for plans."""
    replans = REPLANS.get(now.kind)
    if replans is not None:
        yield from ((person, None) for person in sorted(members if replans == "both" else {actor}))
    arrives = ARRIVES.get(now.kind)
    if arrives is None or not now.live:
        return
    was = before.fields if before is not None and before.live else None
    for kind in arrives(was, now.fields):
        yield from ((person, kind) for person in sorted(members - {actor}))
