"""Count in memory what only costs time: a restart forgives, and no database is asked."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

from api.limits import Limit, too_many

LIVE: Final = Limit("live", 30, 60)
"""Tickets and openings of streams together, by device."""
KEPT_MAX: Final = 50_000


class Pace:
    """The last hits of everyone who was here lately, the `KEPT_MAX` latest.

    Unlike `limits.count` any window of that length holds no more than `hits_max`, wherever it begins.
    """

    def __init__(self) -> None:
        self._hits: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def count(self, limit: Limit, who: str, now: datetime) -> None:
        """Count one hit, or raise the 429 of `too_many`; a hit that is refused does not count."""
        hits = self._hits.setdefault((limit.name, who), deque(maxlen=limit.hits_max))
        self._hits.move_to_end((limit.name, who))
        if len(self._hits) > KEPT_MAX:
            self._hits.popitem(last=False)
        if len(hits) == limit.hits_max and now - hits[0] < timedelta(seconds=limit.window_s):
            raise too_many(limit, hits[0], now)
        hits.append(now)
