"""A clock that tests move, and an application that lives by it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from api.app import create_app
from api.wiring import Parts
from tests.answers import HOOKS

_addresses = itertools.count(1)


class StillClock:
    """Stands at the next noon and moves only when told, so that a bound can be met to the second.

    At noon, because what is done once a day would else be done in the middle of a test that runs before midnight.
    """

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self.to_noon()

    def __call__(self) -> datetime:
        return self._now

    def move(self, *, days: int = 0, minutes: int = 0, seconds: int = 0) -> None:
        """Let time pass."""
        self._now += timedelta(days=days, minutes=minutes, seconds=seconds)

    def to(self, instant: datetime) -> None:
        """Go to an instant."""
        self._now = instant

    def to_noon(self) -> None:
        """Go to the next noon, so that some time can pass within one day."""
        noon = self._now.replace(hour=12, minute=0, second=0, microsecond=0)
        self._now = noon if noon >= self._now else noon + timedelta(days=1)


class SetClock(StillClock):
    """Stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self._now = at

    def to(self, at: datetime) -> None:
        assert at >= self._now, "time goes forward"
        self._now = at


@asynccontextmanager
async def app_at(parts: Parts, clock: StillClock, address: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same parts under another clock, calling from an address of its own or from this one."""
    number = next(_addresses)
    caller = address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    app = create_app(msgspec.structs.replace(parts, clock=clock))
    transport = httpx.ASGITransport(app, client=(caller, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://haven", event_hooks=HOOKS) as client:
        yield client
