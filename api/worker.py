"""Do what is due, round after round, until the process ends; a round that fails is noted and the next one comes."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from api.counsel import tell_of_ended
from api.erasing import erase
from api.giving import give
from api.postgres import TRANSIENT
from api.pruning import prune
from api.wiring import Parts
from api.withdrawing import close

PRUNE_EVERY: Final = timedelta(hours=1)

_log = logging.getLogger("haven")


class Worker:
    """Remembers when each chore was done last; what must not be forgotten is in the database, never here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pruned_at: datetime | None = None

    async def run(self) -> None:
        """Do a round every `tick_s` seconds until the drain begins."""
        drain, tick_s = self._parts.drain, self._parts.settings.tick_s
        while not drain.begun.is_set():
            try:
                await self.tick(self._parts.clock())
            except TRANSIENT as fault:
                _log.warning("round", extra={"event": "worker_round_failed", "code": type(fault).__name__})
            try:
                async with asyncio.timeout(tick_s):
                    await drain.begun.wait()
            except TimeoutError:
                continue

    async def tick(self, now: datetime) -> None:
        """Do whatever is due at `now`."""
        await close(self._parts, now)
        await tell_of_ended(self._parts, now)
        await give(self._parts, now)
        await erase(self._parts, now)
        if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
            gone = await prune(self._parts.pool, now)
            self._pruned_at = None if gone.more else now
            if gone.count:
                _log.info("pruned", extra={"event": "pruned", "count": gone.count})
