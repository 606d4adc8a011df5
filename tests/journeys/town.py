"""The simulated town over HTTP: its people sign in, pair and part by the routes, and its phones sync by them."""

from datetime import datetime
from typing import cast
from uuid import UUID

import httpx
import msgspec

from api.app import create_app
from api.wiring import Clock, Parts
from domain.ids import CoupleId, DeviceId, PersonId, SpaceId
from sync.space_store import found_store
from sync.store import PostgresStore
from sync.wire import SyncRequest, SyncResponse
from tests import people
from tests.answers import HOOKS
from tests.simulation.servers import PostgresServer, ServerDiedError, WatchedStore
from tests.simulation.town import Phone, Town
from tests.world import Couple, Person

_RESPONSES = msgspec.json.Decoder(SyncResponse)


class HttpServer(PostgresServer):
    """The whole application in a database of its own: nobody is signed in, paired or parted but by its routes."""

    client: httpx.AsyncClient
    watched: WatchedStore

    def __init__(self, parts: Parts, seed: int) -> None:
        super().__init__(parts.pool, seed)
        self.parts, self.keys, self.store = parts, parts.keys, parts.store
        self._accounts: dict[PersonId, people.Person] = {}
        self._couples: dict[CoupleId, people.Person] = {}
        """By couple, the one who leaves it when it parts."""
        self._tokens: dict[DeviceId, str] = {}

    async def begin(self) -> None:
        await super().begin()
        await found_store(self.pool, self.uuid())

    def serve(self, store: WatchedStore, clock: Clock) -> None:
        """Open the doors, with a store that is watched and the time of the town."""
        self.watched = store
        parts = msgspec.structs.replace(self.parts, store=cast("PostgresStore", store), clock=clock)
        transport = httpx.ASGITransport(create_app(parts))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://haven.test", event_hooks=HOOKS)

    async def person(self, name: str, _: datetime) -> Person:
        someone = await people.person(self.client, name)
        self._accounts[someone.id] = someone
        space = (await people.me(self.client, someone))["personal_space"]
        return Person(someone.id, name, [SpaceId(UUID(space))])

    async def pair(self, one: Person, other: Person) -> Couple:
        mine, theirs = self._accounts[one.id], self._accounts[other.id]
        await people.pair(self.client, mine, theirs)
        found = (await people.me(self.client, mine))["couple"]
        couple = Couple(CoupleId(UUID(found["id"])), SpaceId(UUID(found["space"])))
        self._couples[couple.id] = mine
        for each in (one, other):
            each.spaces.insert(1, couple.space)
        return couple

    async def part(self, couple: Couple) -> None:
        await people.ok(people.part(self.client, self._couples[couple.id], couple.id))

    async def sync(self, phone: Phone, request: SyncRequest) -> SyncResponse:
        """Answer a phone, which signs in before it asks for the first time."""
        device = phone.replica.device
        if device not in self._tokens:
            signed_in = await people.another_device(self.client, self._accounts[phone.owner.id], device)
            self._tokens[device] = signed_in.token
        answer = await self.client.post(
            "/v1/sync",
            content=msgspec.json.encode(request),
            headers={"Authorization": f"Bearer {self._tokens[device]}", "Content-Type": "application/json"},
        )
        if answer.status_code == 500 and self.watched.dies:
            raise ServerDiedError
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return _RESPONSES.decode(answer.content)


class HttpTown(Town):
    """The town around such a server."""

    server: HttpServer

    def __init__(self, seed: int, server: HttpServer, clocks: int = 0) -> None:
        super().__init__(seed, server, clocks)
        server.serve(self.store, lambda: self.now)

    @property
    def seen_with(self) -> str:
        return f'make test ARGS="tests/journeys -k mixed_random", seed {self.seed}'

    async def answer(self, phone: Phone, request: SyncRequest) -> SyncResponse:
        return await self.server.sync(phone, request)
