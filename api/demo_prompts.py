"""The chapter of the demo on prompts: a letter in quiet hours, a message that says nothing, and a phone that asks."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.client import Client
from api.prompting import Prompting
from api.wiring import Parts
from notifications.answers import Accepted, Answer
from notifications.messages import DATA, Target, form_of

QUARTER: Final = timedelta(minutes=15)
BENS_PHONE: Final = "ben:phone"


class FakeFcm:
    """Stands for Firebase Cloud Messaging: whatever it gets arrives at a phone."""

    def __init__(self, arrives: Callable[[datetime, str, str], None]) -> None:
        self._arrives = arrives

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        """Bring the one constant message to each of these targets."""
        for each in targets:
            self._arrives(now, each.value, f"{form_of(each)}, {json.dumps(DATA)}")
        return [Accepted() for _ in targets]


class PromptsChapter:
    """Ana writes while it is quiet at Ben's."""

    def __init__(self, parts: Parts, ana: Client, ben: Client) -> None:
        self._ana, self._ben, self._clock = ana, ben, parts.clock
        self.arrived: list[tuple[datetime, str]] = []
        """When Ben's phone got a message, and all that was in it."""
        self._worker = Prompting(parts, FakeFcm(self._arrives))

    def _arrives(self, at: datetime, value: str, message: str) -> None:
        assert value == BENS_PHONE, "Ana's own letter tells her nothing"
        self.arrived.append((at, message))

    async def ben_keeps_quiet(self) -> datetime:
        """Let Ben's phone be reached, and keep quiet around now; return until when."""
        began, ends = _quarter(self._clock() - QUARTER), _quarter(self._clock() + 8 * QUARTER)
        every_day = [{"weekday": day, "from": f"{began:%H:%M}", "to": f"{ends:%H:%M}"} for day in range(7)]
        [settings] = self._shown(self._ben, "settings")
        chosen = {"quiet": every_day, "quiet_off": False, "push_privacy": "descriptive", "locale": "en", "zone": "UTC"}
        self._ben.edit("settings", settings.id, chosen)
        await self._ben.reach(BENS_PHONE)
        await self._ben.sync()
        return ends

    async def ana_writes(self, words: str) -> None:
        """Let Ana give Ben a letter."""
        assert self._ana.replica is not None
        note = {"for_couple": str(self._ana.replica.couple), "for_what": words, "send": True}
        self._ana.edit("note_draft", None, note)
        await self._ana.sync()

    async def worker_looks(self, *, after: timedelta) -> None:
        """Let the worker do a round, by a clock that is so far ahead."""
        await self._worker.tick(self._clock())
        await self._worker.tick(self._clock() + after)

    async def why(self) -> dict[str, Any]:
        """Return what Ben's phone is told that is held back."""
        held: list[dict[str, Any]] = (await self._ben.prompts_ahead())["held_back"]
        return held[-1]

    async def worker_looks_at(self, at: datetime) -> None:
        """Let the worker do a round at an instant."""
        await self._worker.tick(at)

    async def words(self) -> str:
        """Let Ben's phone sync, and ask what it may show."""
        await self._ben.sync()
        [prompt] = await self._ben.prompts()
        text: str = prompt["text"]
        return text

    @staticmethod
    def _shown(client: Client, kind: str) -> list[Any]:
        assert client.replica is not None
        return list(client.replica.view(kind))


def _quarter(at: datetime) -> datetime:
    """Return the quarter-hour in which an instant lies."""
    return datetime.fromtimestamp(at.timestamp() // QUARTER.total_seconds() * QUARTER.total_seconds(), UTC)
