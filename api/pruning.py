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

ROWS_A_ROUND_MAX: Final = 5_000
"""Rows that one statement takes away; what is left waits for the next round, so that no statement is long."""

DROP_OUTCOMES: Final = """
DELETE FROM outcome WHERE (space_id, device_id, key) IN (
    SELECT space_id, device_id, key FROM outcome WHERE settled_at < $1 LIMIT $2)"""
DROP_REVISIONS: Final = """
DELETE FROM revision WHERE (space_id, record_id, version) IN (
    SELECT space_id, record_id, version FROM revision WHERE changed_at < $1 LIMIT $2)"""
DROP_LIMITS: Final = """
DELETE FROM limit_count WHERE (key, window_start) IN (
    SELECT key, window_start FROM limit_count WHERE window_start < $1 LIMIT $2)"""
DROP_TICKETS: Final = """
DELETE FROM live_ticket WHERE ticket_hash IN (
    SELECT ticket_hash FROM live_ticket WHERE expires_at < $1 LIMIT $2)"""


class Pruned(Struct, frozen=True):
    """How many rows one round took away."""

    outcomes: int
    revisions: int
    limits: int
    tickets: int

    @property
    def more(self) -> bool:
        """Whether a statement met its bound, so that another round is worth while at once."""
        return ROWS_A_ROUND_MAX in (self.outcomes, self.revisions, self.limits, self.tickets)


async def prune(pool: Pool, now: datetime) -> Pruned:
    """Delete what is older than its kind is kept; any number of workers may do so at once."""
    return Pruned(
        outcomes=_rows(await pool.execute(DROP_OUTCOMES, now - OUTCOMES_KEPT, ROWS_A_ROUND_MAX)),
        revisions=_rows(await pool.execute(DROP_REVISIONS, now - REVISIONS_KEPT, ROWS_A_ROUND_MAX)),
        limits=_rows(await pool.execute(DROP_LIMITS, now - LIMITS_KEPT, ROWS_A_ROUND_MAX)),
        tickets=_rows(await pool.execute(DROP_TICKETS, now, ROWS_A_ROUND_MAX)),
    )


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
