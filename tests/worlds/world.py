"""A world: a database with the whole application on it, the worker and a fake of FCM, under a clock that is set."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
from msgspec.structs import replace

from api.prompting import Prompting
from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from api.worker import Worker
from domain.ids import DeviceId
from notifications import ports
from notifications.fcm import Sender
from sync.replica import Replica
from sync.shelves import Shelves
from tests import people
from tests.clocks import SetClock, app_at
from tests.fake_fcm import FakeFcm
from tests.world import Device, over_http
from tests.worlds import acts
from tests.worlds.life import Deed

TICKS_MAX = 6000
"""More than a story has due instants: then the worker goes in circles."""


class Couple(msgspec.Struct):
    """Ana and Ben on their phones, as the base world has left them: whoever copies it takes the disks along."""

    couple: str
    ana: people.Person
    ben: people.Person
    disks: Mapping[str, dict[Any, bytes]]
    records: Mapping[str, str]
    """What deeds go back to, by a name."""


class World:
    """One world, while it is open."""

    def __init__(
        self, parts: Parts, client: httpx.AsyncClient, clock: SetClock, fake: FakeFcm, prompting: Prompting
    ) -> None:
        self.parts, self.client, self.clock, self.fake = parts, client, clock, fake
        self.prompting = prompting
        # It would log what goes wrong with prompts, and go on: here that is told.
        self._chores = Worker(parts)
        self.calls: list[tuple[datetime, bytes]] = []
        """When FCM got which bytes."""
        self.persons: dict[str, people.Person] = {}
        self.phones: dict[str, Device] = {}
        self.others: list[people.Person] = []
        """Ben on further devices."""
        self.couple = ""
        self.records: dict[str, str] = {}
        self._looked: set[str] = set()

    def settle(self, two: Couple) -> None:
        """Put the two here with their phones as they were."""
        self.couple, self.records = two.couple, dict(two.records)
        for name, someone in (("ana", two.ana), ("ben", two.ben)):
            self.add(name, someone)
            phone = self.phones[name]
            phone.disk = dict(two.disks[name])
            phone.restart()

    def leave(self) -> Couple:
        """Take the two out of here."""
        disks = {name: dict(phone.disk) for name, phone in self.phones.items()}
        return Couple(self.couple, self.persons["ana"], self.persons["ben"], disks, dict(self.records))

    def add(self, name: str, someone: people.Person) -> None:
        """Give somebody a phone, whose clock is right."""
        self.persons[name] = someone
        self.phones[name] = Device(
            Replica(Shelves(someone.id, DeviceId(someone.device))),
            send=over_http(self.client, someone.token),
            now_ms=lambda: int(self.clock().timestamp() * 1000),
            chance=Random(name),
        )

    async def live(self, story: Iterable[Deed], until: datetime) -> None:
        """Let everything happen at its time, with the worker doing meanwhile what is due."""
        for deed in sorted(story):
            await self._work(deed.at)
            self.clock.to(deed.at)
            await acts.do(self, deed)
        await self._work(until)
        self.clock.to(until)

    async def _work(self, until: datetime) -> None:
        """Do the rounds in which something is due: in all others the worker finds nothing, whatever they are."""
        step = timedelta(seconds=self.parts.settings.tick_s)
        for _ in range(TICKS_MAX):
            wakes = await self.parts.pool.fetchval(WAKES, self.clock())
            if wakes is None:
                return
            # A round is at a whole number of steps, so that nobody's other business moves it.
            at = max(wakes, self.clock() + step)
            behind = timedelta(seconds=at.timestamp() % step.total_seconds())
            at += step - behind if behind else timedelta()
            if at > until:
                return
            self.clock.to(at)
            await self._chores.tick(at)
            before = len(self.fake.came)
            await self.prompting.tick(at)
            self.calls += [(at, each) for each in self.fake.came[before:]]
        raise AssertionError("the worker does not come to rest")


WAKES = """
SELECT min(at) FROM (
    SELECT put_at AS at FROM outbox
    UNION ALL SELECT next_at FROM desk
    UNION ALL SELECT look_at FROM waking
    UNION ALL SELECT greatest(due_at, held_until) FROM prompt WHERE state IN ('planned', 'claimed')
    UNION ALL SELECT due_at FROM record WHERE due_at > $1 AND NOT gone
) due"""


@asynccontextmanager
async def opened(
    dsn: str, keys_file: Path, at: datetime, fake: FakeFcm, sender: Sender, leak: type[ports.People] | None = None
) -> AsyncIterator[World]:
    """Open a world on this database; with a `leak`, that knows what is so instead of what the product has for it."""
    clock = SetClock(at)
    async with open_parts(Settings(database_url=Secret(dsn), pool_max=4), keys_file=keys_file, clock=clock) as parts:
        prompting = Prompting(parts, sender)
        if leak is not None:
            knows = leak(parts.pool, parts.keys)  # type: ignore[call-arg]
            prompting._desks = replace(prompting._desks, people=knows)
        async with app_at(parts, clock) as client:
            yield World(parts, client, clock, fake, prompting)
