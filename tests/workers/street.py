"""Couples on the real application, a crew of workers beside it, and what both have come to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from msgspec import Struct

from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from domain.ids import DeviceId, RecordId
from sync.replica import Replica
from sync.shelves import Shelves
from tests import people
from tests.clocks import SetClock, app_at
from tests.people import ok
from tests.workers.crew import Crew, crew_on
from tests.workers.fcm import Gate
from tests.world import Device, over_http

SETTLED_IN = timedelta(days=3)
"""After that the two are prompted of their own, too."""
NINE = timedelta(hours=9)
DUE = timedelta(minutes=12)
"""So long after they were left a letter and a step are both due, and not over."""
INSTANTS_MAX = 500


class Home(Struct, kw_only=True):
    """A couple who write letters to each other. Ana sets times for a step of her own; Ben has a tablet as well."""

    couple: str
    ana: people.Person
    ben: people.Person
    tablet: people.Person
    phone: Device
    """Ana's."""
    bens: Device
    step: RecordId
    letters: int = 0
    """How many were given."""
    parted_after: int | None = None
    """How many requests FCM had got by the time they parted."""


class Street:
    """Everything that one test needs."""

    def __init__(self, parts: Parts, client: httpx.AsyncClient, clock: SetClock, crew: Crew, gate: Gate) -> None:
        self.parts, self.client, self.clock, self.crew, self.gate = parts, client, clock, crew, gate
        self.homes: list[Home] = []
        self.all: list[Home] = []
        self.since = 0
        """How many requests FCM had got when this day began."""

    async def found(self, count: int) -> list[Home]:
        """Let so many new couples settle in."""
        homes = [await self._home() for _ in range(count)]
        self.all += homes
        self.clock.to(self.clock() + SETTLED_IN)
        return homes

    async def another_day(self) -> datetime:
        """Go to nine in the morning of a day so much later that no cap counts what was before; all register anew."""
        midnight = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        self.clock.to(midnight + timedelta(days=8) + NINE)
        for home in self.homes:
            for someone in (home.ana, home.ben, home.tablet):
                await self._register(someone)
        self.gate.treats = lambda _: "well"
        self.since = len(self.gate.requests)
        return self.clock()

    async def something_is_due(self, *homes: Home) -> datetime:
        """On another day, leave in each home a letter and a step, have both planned, and go to where both are due."""
        nine = await self.another_day()
        for home in homes:
            await self.leave_letter(home)
            await self.set_step(home, nine + timedelta(minutes=9))
        [worker, *_] = await self.crew.three()
        await worker.round(nine + timedelta(minutes=1))
        self.clock.to(nine + DUE)
        return self.clock()

    async def leave_letter(self, home: Home) -> None:
        """From Ana to Ben."""
        await self._leave_letter(home, home.phone)

    async def answer_letter(self, home: Home) -> None:
        """From Ben to Ana."""
        await self._leave_letter(home, home.bens)

    async def _leave_letter(self, home: Home, phone: Device) -> None:
        phone.make("note_draft", for_couple=home.couple, for_what="the soup", send=True, delivery="now")
        await phone.sync()
        home.letters += 1

    async def set_step(self, home: Home, at: datetime) -> None:
        home.phone.make("step_date", step=home.step, on=f"{at:%Y-%m-%d}", at=f"{at:%H:%M}")
        await home.phone.sync()

    async def part(self, home: Home) -> None:
        await ok(people.part(self.client, home.ana, home.couple))
        home.parted_after = len(self.gate.requests)

    async def comes_to_rest(self) -> None:
        """Kill whoever is left, and let a new worker alone do all that is due within a day and two hours."""
        for worker in self.crew.workers:
            if not worker.is_killed:
                await worker.die()
        self.gate.treats = lambda _: "well"
        [worker, *_] = await self.crew.three()
        until = self.clock() + timedelta(hours=26)
        for _ in range(INSTANTS_MAX):
            wakes = await self.wakes()
            if wakes is None or wakes > until:
                return
            self.clock.to(max(self.clock(), wakes) + timedelta(seconds=1))
            await worker.round(self.clock())
        raise AssertionError("the worker does not come to rest")

    async def wakes(self) -> datetime | None:
        """When something is due next."""
        at: datetime | None = await self.parts.pool.fetchval(WAKES)
        return at

    async def _home(self) -> Home:
        ana, ben = await people.couple(self.client)
        couple = (await people.me(self.client, ana))["couple"]["id"]
        tablet = await people.another_device(self.client, ben)
        await self._register(tablet)
        phone, bens = [await self._phone(someone) for someone in (ana, ben)]
        step = phone.make("step", goal=phone.make("goal"), title="Ask")
        await phone.sync()
        phone.write(step, taken_by=[str(ana.id)])
        await phone.sync()
        return Home(couple=couple, ana=ana, ben=ben, tablet=tablet, phone=phone, bens=bens, step=step)

    async def _register(self, someone: people.Person) -> None:
        """By a target that begins with its person's id."""
        target = {"kind": "token", "value": f"{someone.id}:{someone.device}", "platform": "android"}
        await ok(self.client.put("/v1/devices/current/push-target", headers=someone.headers, json=target))

    async def _phone(self, someone: people.Person) -> Device:
        """A phone on which somebody can be reached at any hour."""
        await self._register(someone)
        phone = Device(
            Replica(Shelves(someone.id, DeviceId(someone.device))),
            send=over_http(self.client, someone.token),
            now_ms=lambda: int(self.clock().timestamp() * 1000),
            chance=Random(),
        )
        await phone.sync()
        phone.write(phone.only("settings").id, quiet_off=True)
        await phone.sync()
        return phone


WAKES = """
SELECT min(at) FROM (
    SELECT put_at AS at FROM outbox
    UNION ALL SELECT next_at FROM desk
    UNION ALL SELECT greatest(due_at, held_until) FROM prompt WHERE state IN ('planned', 'claimed')
) due"""


@asynccontextmanager
async def opened(dsn: str, keys_file: Path, at: datetime, gate: Gate) -> AsyncIterator[Street]:
    """Open a street on this database."""
    clock = SetClock(at)
    async with (
        open_parts(Settings(database_url=Secret(dsn), pool_max=4), keys_file=keys_file, clock=clock) as parts,
        app_at(parts, clock) as client,
        crew_on(dsn, keys_file, gate) as crew,
    ):
        yield Street(parts, client, clock, crew, gate)
