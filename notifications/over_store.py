"""What became of the prompts of one person, and why some wait, for that person's own eyes."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from domain.ids import PersonId
from domain.prompt_kinds import PROMPT_KINDS, Reason

_REASONS: Final = frozenset(Reason)


class Over(Struct, frozen=True, kw_only=True):
    """A prompt that was sent, or never will be, or was put off."""

    slot: str
    kind: str
    due: datetime
    keeps_slot: bool
    """Whether it was sent, or died: there is no other in its place."""
    is_own: bool
    """Whether it came from the person, and not from what has arrived."""
    waits: bool
    reason: Reason | None
    """Why it was dropped, or waits."""


async def over(pool: Any, person: PersonId, after: datetime) -> list[Over]:
    """Return what is over or was put off, and due since `after`, the earliest first; 500 are enough for any use.

    Of kinds and reasons of another release nothing is told.
    """
    rows = await pool.fetch(OVER, person, after)
    return [
        Over(
            slot=row["slot"],
            kind=row["kind"],
            due=row["due_at"],
            keeps_slot=row["keeps_slot"],
            is_own=row["is_own"],
            waits=row["waits"],
            reason=Reason(row["reason"]) if row["reason"] in _REASONS else None,
        )
        for row in reversed(rows)
        if row["kind"] in PROMPT_KINDS
    ]


OVER: Final = """
SELECT slot, kind, due_at, state IN ('sent', 'dead') AS keeps_slot, arrived = '[]'::bytea AS is_own, reason,
    state = 'planned' AS waits
FROM prompt
WHERE person_id = $1 AND due_at > $2
    AND (state IN ('sent', 'dead', 'dropped') OR (state = 'planned' AND reason IS NOT NULL))
ORDER BY due_at DESC, prompt_id LIMIT 500"""
