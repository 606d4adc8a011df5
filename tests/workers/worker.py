"""One worker process: the product's own `Prompting`, on a line to its test, which says when to do a round, and at what
time by this worker's clock."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

import api.prompting
from api.prompting import Prompting
from api.settings import Secret, Settings
from api.wiring import open_parts
from domain.ids import PersonId
from notifications.fcm import open_sender
from notifications.ports import Beginning, Courier, Delivery, End, Errand, Plan, Planned, Store
from notifications.service import send_round
from tests.fake_fcm import PROJECT
from tests.workers.said import (
    Begun,
    Called,
    Calling,
    Claimed,
    GoOn,
    Line,
    Order,
    Point,
    Stopped,
    TakenOver,
    Tick,
    Ticked,
)


async def work(order: Order) -> None:
    """Do rounds as long as the test asks for them."""
    line = Line(*await asyncio.open_connection("127.0.0.1", order.port))
    settings = Settings(database_url=Secret(order.dsn), pool_max=3)
    named = Named()
    async with (
        open_parts(settings, keys_file=Path(order.keys_file)) as parts,
        open_sender(project=PROJECT, base_url=order.fcm, credential=named) as sender,
    ):
        # So few that workers which begin together have to share.
        api.prompting.send_round = partial(send_round, most=order.claims_max)  # type: ignore[assignment]
        prompting, stops = Prompting(parts, sender), Stops(line)
        desks = prompting._desks
        prompting._desks = replace(
            desks,
            store=StoppedStore(desks.store, stops, named),
            courier=StoppedCourier(desks.courier, stops, named, order.name),
        )
        await line.say(Begun(name=order.name, pid=os.getpid()))
        while (asked := await line.hear_asked()) is not None:
            assert isinstance(asked, Tick)
            sender.patience_s = asked.patience_s
            await line.say(Ticked(wrong=await _round(prompting, stops, asked)))


async def _round(prompting: Prompting, stops: "Stops", asked: Tick) -> str | None:
    stops.at = asked.stop
    try:
        await prompting.tick(asked.at)
    except Exception as fault:  # noqa: BLE001 - the test wants to know of any
        return f"{type(fault).__name__}: {fault}"
    return None


class Named:
    """A credential that tells by whom, and in which of their calls, a message is sent."""

    valid = True
    token: str | None = None

    def refresh(self, _request: Any) -> None:
        """Nothing better is to be had."""


class Stops:
    """Where this worker is to stop next, once."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.at: Point | None = None

    async def by(self, point: Point) -> None:
        """Come by a point."""
        if point == self.at:
            self.at = None
            await self.line.say(Stopped(point=point))
            assert await self.line.hear_asked() == GoOn(), "or the test is gone"


class StoppedStore:
    """The product's store, with points before and after what changes it."""

    def __init__(self, store: Store, stops: Stops, named: Named) -> None:
        self._store, self._stops, self._named = store, stops, named
        self.waiting, self.desks = store.waiting, store.desks
        self.looks, self.looked = store.looks, store.looked

    async def save_all(self, plans: Sequence[Plan]) -> frozenset[PersonId]:
        await self._stops.by("planning")
        return await self._store.save_all(plans)

    async def claim(self, now: datetime, owner: UUID, until: datetime, most: int) -> Sequence[Planned]:
        claimed = await self._store.claim(now, owner, until, most)
        if claimed:
            await self._stops.line.say(Claimed(at=now, prompts=[each.id for each in claimed]))
            await self._stops.by("claimed")
        return claimed

    async def begin_all(self, beginnings: Sequence[Beginning], owner: UUID) -> frozenset[UUID]:
        if beginnings:
            await self._stops.by("deciding")
        begun = await self._store.begin_all(beginnings, owner)
        if begun:
            await self._stops.by("begun")
        return begun

    async def settle_all(self, ends: Sequence[tuple[Planned, End]], owner: UUID) -> frozenset[UUID]:
        settled = await self._store.settle_all(ends, owner)
        for planned, _ in ends:
            if planned.id not in settled and self._named.token is not None:
                await self._stops.line.say(TakenOver(token=self._named.token, prompt=planned.id))
        if ends:
            await self._stops.by("settled")
        return settled


class StoppedCourier:
    """The product's courier, which says whom it tells of what before it does."""

    def __init__(self, courier: Courier, stops: Stops, named: Named, name: str) -> None:
        self._courier, self._stops, self._named, self._name = courier, stops, named, name
        self._calls = 0

    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        self._calls += 1
        self._named.token = f"{self._name}.{self._calls}"
        prompts = {each.person: each.prompt for each in errands}
        await self._stops.line.say(Calling(token=self._named.token, at=now, prompts=prompts))
        await self._stops.by("calling")
        said = await self._courier.send(errands, now)
        outcomes = {errand.prompt: each.outcome for errand, each in zip(errands, said, strict=True)}
        await self._stops.line.say(Called(token=self._named.token, outcomes=outcomes))
        await self._stops.by("called")
        return said
