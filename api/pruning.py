"""Forget what has had its time: kept outcomes, values put behind, counters of tries, and tickets."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from api.postgres import Pool

OUTCOMES_KEPT: Final = timedelta(days=90)
"""A device that was away for longer gets a full copy; its old keys need no answer any more."""
REVISIONS_KEPT: Final = timedelta(days=30)
LIMITS_KEPT: Final = timedelta(days=2)
"""The longest window of a limit is one day."""

DROP_OUTCOMES: Final = "DELETE FROM outcome WHERE settled_at < $1"
DROP_REVISIONS: Final = "DELETE FROM revision WHERE changed_at < $1"
DROP_LIMITS: Final = "DELETE FROM limit_count WHERE window_start < $1"
DROP_TICKETS: Final = "DELETE FROM live_ticket WHERE expires_at < $1"


class Pruned(Struct, frozen=True):
    """How many rows one round took away."""

    outcomes: int
    revisions: int
    limits: int
    tickets: int


async def prune(pool: Pool, now: datetime) -> Pruned:
    """Delete what is older than its kind is kept; any number of workers may do so at once."""
    return Pruned(
        outcomes=_rows(await pool.execute(DROP_OUTCOMES, now - OUTCOMES_KEPT)),
        revisions=_rows(await pool.execute(DROP_REVISIONS, now - REVISIONS_KEPT)),
        limits=_rows(await pool.execute(DROP_LIMITS, now - LIMITS_KEPT)),
        tickets=_rows(await pool.execute(DROP_TICKETS, now)),
    )


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
