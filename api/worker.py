"""Do what is due, round after round, until the process ends; a round that fails is noted and the next one comes."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from api.counsel import tell_of_ended
from api.erasing import erase
from api.giving import give
from api.postgres import TRANSIENT
from api.prompting import Prompting
from api.pruning import prune
from api.wiring import Parts
from api.withdrawing import close

PRUNE_EVERY: Final = timedelta(hours=1)

_log = logging.getLogger("haven")


class Worker:
    """Remembers when each chore was done last; what must not be forgotten is in the database, never here."""

    def __init__(self, parts: Parts, prompting: Prompting | None = None) -> None:
        self._parts = parts
        self._prompting = prompting
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
        await self._prompt(now)

    async def _prompt(self, now: datetime) -> None:
        """Plan and send prompts, last: whatever is the matter with them holds up no letter and no erasure."""
        if self._prompting is None:
            return
        try:
            await self._prompting.tick(now, self._parts.clock)
        except TRANSIENT:
            raise
        except Exception as fault:  # noqa: BLE001 - as above
            _log.error("prompts", extra={"event": "prompting_failed", "code": type(fault).__name__})
