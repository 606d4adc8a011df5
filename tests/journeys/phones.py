"""Phones of a couple over HTTP on PostgreSQL: the real device, the real routes, the real store.

A phone is `sync.replica.Replica` behind `tests.world.Device`; all it receives and keeps is recorded, so that a test
can ask whether some words ever reached it.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from api.wiring import Parts
from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from sync.replica import Replica, Shown
from sync.space_store import bump_epoch
from sync.wire import Change, SyncRequest, SyncResponse
from tests import people
from tests.world import Device

TABLES = ("record", "revision", "outcome", "space")
"""Everything of a space that a dump of the database holds."""


class Phone:
    """One phone of one person. Nothing but `sync` and the methods that say so talk to the server."""

    def __init__(self, client: httpx.AsyncClient, someone: people.Person, *, limit: int) -> None:
        self.person = PersonId(someone.id)
        self.someone = someone
        self._client = client
        self._limit = limit
        self._off = timedelta()
        self._received: list[bytes] = []
        self._versions: Counter[tuple[UUID, int]] = Counter()
        self._resets = 0
        self.device = Device(
            Replica(self.person, DeviceId(someone.device)),
            send=self._send,
            now_ms=lambda: int((datetime.now(UTC) + self._off).timestamp() * 1000),
            chance=random.Random(uuid4().int),
        )

    # Editing, offline

    def edit(self, kind: str, identity: RecordId | None = None, **fields: Any) -> RecordId:
        if identity is None:
            return self.device.make(kind, **fields)
        self.device.write(identity, **fields)
        return identity

    def remove(self, identity: RecordId) -> None:
        self.device.remove(identity)

    def pick(self, identity: RecordId, field: str, text: str) -> None:
        self.device.pick(identity, field, text)

    def raw_change(self, kind: str, values: dict[str, Any]) -> Change:
        couple = self.device.replica.couple
        values = {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}
        return Change(key=uuid4(), kind=kind, id=uuid4(), couple=couple, set=values)

    def queue_raw(self, kind: str, values: dict[str, Any]) -> None:
        change = self.raw_change(kind, values)
        self.device.force(kind, couple=change.couple, set=change.set)

    def later(self, by: timedelta) -> None:
        """Let time pass on this phone."""
        self._off += by

    def skew(self, by: timedelta) -> None:
        """Set the phone's clock wrong."""
        self._off += by

    # Talking to the server

    async def sync(self) -> int:
        """Sync until nothing is left; return the number of round trips."""
        before = len(self._received)
        await self.device.sync(limit=self._limit)
        return len(self._received) - before

    async def sync_with_the_answer_lost(self) -> None:
        await self.device.sync_without_answer()

    async def push_raw(self, changes: list[Change]) -> dict[str, Any]:
        request = SyncRequest(schema=1, cursor=self.device.replica.cursor, changes=changes)
        answer: dict[str, Any] = (await self._post(request)).json()
        return answer

    async def purge(self, kind: str, identity: RecordId) -> None:
        await people.ok(self._client.delete(f"/v1/records/{kind}/{identity}/words", headers=self.someone.headers))

    async def part(self) -> None:
        couple = (await people.me(self._client, self.someone))["couple"]["id"]
        await people.ok(people.part(self._client, self.someone, couple))

    async def _send(self, request: SyncRequest) -> SyncResponse:
        answer = await self._post(request)
        self._received.append(answer.content)
        response = msgspec.json.decode(answer.content, type=SyncResponse)
        self._resets += len(response.reset)
        self._versions.update((record.id, record.version) for record in response.records)
        return response

    async def _post(self, request: SyncRequest) -> httpx.Response:
        answer = await self._client.post(
            "/v1/sync",
            content=msgspec.json.encode(request),
            headers=self.someone.headers | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer

    # Looking

    def record(self, identity: RecordId) -> Shown:
        shown = self.device.shown(identity)
        assert shown is not None, "this phone shows no such record"
        return shown

    def fields(self, identity: RecordId) -> dict[str, Any]:
        return self.device.fields(identity)

    def all(self, kind: str) -> list[Shown]:
        return [each for each in self.device.view(kind) if not each.removed]

    def everything(self) -> list[Shown]:
        kinds = {row.kind for row in self.device.replica.rows()}
        return [each for kind in sorted(kinds) for each in self.device.view(kind)]

    def notices(self) -> list[dict[str, Any]]:
        return [each.fields for each in self.all("notice") if each.fields["code"] != "new_device"]

    def pending(self) -> int:
        return len(self.device.waiting)

    def resets(self) -> int:
        return self._resets

    def couple_state(self) -> str:
        states = [each.state for each in self.device.replica.spaces.values() if each.home == "couple"]
        return "active" if "active" in states else states[0]

    def couple_view(self) -> dict[str, Any]:
        """All that this phone shows of couples' spaces, for comparing two people's phones."""
        homes = {identity for identity, space in self.device.replica.spaces.items() if space.home == "couple"}
        return {
            str(each.id): (each.kind, each.version, each.fields, each.removed, each.alternatives, each.merged)
            for each in self.everything()
            if each.space in homes
        }

    def bytes_received(self) -> bytes:
        return b"".join(self._received)

    def database_bytes(self) -> bytes:
        return self.device.texts().encode()

    def versions_seen_twice(self) -> Counter[tuple[UUID, int]]:
        return Counter({seen: times for seen, times in self._versions.items() if times > 1})


class Home:
    """Ana with two phones, Ben with one, their couple, and a goal that both accepted."""

    def __init__(self, client: httpx.AsyncClient, parts: Parts, ana: people.Person, ben: people.Person) -> None:
        self.client, self.parts = client, parts
        self.ana, self.ben = ana, ben
        self.a1 = Phone(client, ana, limit=500)
        self.b1 = Phone(client, ben, limit=500)
        self.a2: Phone
        self.couple = ""
        self.goal: RecordId

    async def begin(self) -> None:
        self.a2 = await self.another_phone("ana")
        self.couple = (await people.me(self.client, self.ana))["couple"]["id"]
        for phone in (self.a1, self.b1):
            await phone.sync()
        self.goal = self.a1.edit("goal")
        terms = self.a1.edit("goal_terms", goal=self.goal, title="A week by the sea")
        await self.a1.sync()
        await self.b1.sync()
        self.b1.edit("goal_act", goal=self.goal, terms=terms, act="accept")
        for phone in (self.b1, self.a1, self.a2):
            await phone.sync()
        assert self.a2.fields(self.goal)["state"] == "active"

    async def another_phone(self, whose: str, *, limit: int = 500) -> Phone:
        someone = await people.another_device(self.client, self.ana if whose == "ana" else self.ben)
        return Phone(self.client, someone, limit=limit)

    async def shared_step(self, title: str) -> RecordId:
        """A step that every phone has."""
        step = self.a1.edit("step", goal=self.goal, title=title)
        for phone in (self.a1, self.b1, self.a2):
            await phone.sync()
        return step

    async def write_notes(self, text: str, *, by: Phone | None = None) -> None:
        """Notes that every phone has."""
        (by or self.a1).edit("goal", self.goal, notes=text)
        for phone in (by or self.a1, self.a1, self.b1, self.a2):
            await phone.sync()

    async def write_topic(self, topic: str) -> None:
        self.a1.edit("goal", self.goal, topic=topic)
        for phone in (self.a1, self.b1, self.a2):
            await phone.sync()

    async def write_steadily(self, writes: int) -> None:
        """Let Ben write while somebody else reads."""
        for nth in range(writes):
            self.b1.edit("goal", self.goal, notes=f"Thought {nth}.")
            await self.b1.sync()

    async def pair_anew(self) -> None:
        await people.pair(self.client, self.ben, self.ana)
        for phone in (self.a1, self.b1, self.a2):
            await phone.sync()

    # The server's side

    async def spaces(self) -> list[SpaceId]:
        views = [await people.me(self.client, each) for each in (self.ana, self.ben)]
        return [SpaceId(UUID(each["personal_space"])) for each in views] + [SpaceId(UUID(views[0]["couple"]["space"]))]

    async def dump(self) -> dict[str, list[Any]]:
        """Keep every row of these people's spaces as it is now."""
        spaces = await self.spaces()
        return {
            table: await self.parts.pool.fetch(f"SELECT * FROM {table} WHERE space_id = ANY($1)", spaces)
            for table in TABLES
        }

    async def restore(self, dump: dict[str, list[Any]]) -> None:
        """Put the rows of a dump in place of today's, and begin a new life as `haven epoch bump` does."""
        spaces = await self.spaces()
        async with self.parts.pool.acquire() as connection, connection.transaction():
            for table in TABLES[:-1]:
                await connection.execute(f"DELETE FROM {table} WHERE space_id = ANY($1)", spaces)
                for row in dump[table]:
                    names = list(row.keys())
                    places = ", ".join(f"${nth}" for nth in range(1, len(names) + 1))
                    await connection.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", *row)
            for row in dump["space"]:
                names = [name for name in row.keys() if name != "space_id"]  # noqa: SIM118 - a row, not a dict
                places = ", ".join(f"{name} = ${nth}" for nth, name in enumerate(names, 2))
                values = [row[name] for name in names]
                await connection.execute(f"UPDATE space SET {places} WHERE space_id = $1", row["space_id"], *values)
            await bump_epoch(connection, uuid4())

    async def forget_tombstones(self) -> None:
        """Age everything beyond the horizon, as the worker's pruning leaves it: removed rows are no more."""
        for space in await self.spaces():
            await self.parts.pool.execute("DELETE FROM record WHERE space_id = $1 AND removed", space)
            await self.parts.pool.execute("UPDATE space SET horizon = head WHERE space_id = $1", space)

    async def revisions_of(self, identity: RecordId) -> int:
        count: int = await self.parts.pool.fetchval("SELECT count(*) FROM revision WHERE record_id = $1", identity)
        return count

    async def nowhere_on_the_server(self, words: str) -> bool:
        """Whether no sealed row of these people's spaces opens to these words."""
        spaces = await self.spaces()
        keys = await self.parts.keys.of(spaces)
        records = await self.parts.pool.fetch("SELECT * FROM record WHERE space_id = ANY($1)", spaces)
        opened = [
            keys[row["space_id"]].open(row["kind"], row["id"], row["body"])
            for row in records
            if row["body"] is not None
        ]
        revisions = await self.parts.pool.fetch(
            "SELECT v.*, r.kind FROM revision v JOIN record r ON r.space_id = v.space_id AND r.id = v.record_id"
            " WHERE v.space_id = ANY($1)",
            spaces,
        )
        opened += [
            keys[row["space_id"]].open(f"revision/{row['kind']}", row["record_id"], row["body"]) for row in revisions
        ]
        return all(words.encode() not in body for body in opened)


@asynccontextmanager
async def home_of(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync."""
    ana, ben = await people.couple(client)
    home = Home(client, parts, ana, ben)
    await home.begin()
    yield home
