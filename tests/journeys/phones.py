"""Phones of a couple over HTTP on PostgreSQL: the real device, the real routes, the real store.

A phone is `sync.replica.Replica` behind `tests.world.Device`; all it receives and keeps is recorded, so that a test
can ask whether some words ever reached it.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from api.pruning import REMOVED_KEPT, TOMBSTONES_KEPT, prune
from api.wiring import Parts
from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from sync.replica import Replica
from sync.shelves import Shelves
from sync.showing import Shown
from sync.space_store import bump_epoch
from sync.wire import Change, Outcome, SyncRequest, SyncResponse
from tests import lines, people
from tests.contracts.grounds import Rows, dumped, put_back
from tests.simulation.servers import Stock, stock_of
from tests.world import Device

Held = tuple[object, ...]
"""What a device or the store holds of one record."""


class Phone:
    """One phone of one person. Nothing but `sync` and the methods that say so talk to the server."""

    def __init__(
        self, client: httpx.AsyncClient, someone: people.Person, *, limit: int, replica: Replica | None = None
    ) -> None:
        self.person = PersonId(someone.id)
        self.someone = someone
        self.schema = 1
        self._client = client
        self._limit = limit
        self._off = timedelta()
        self._received: list[bytes] = []
        self._versions: Counter[tuple[UUID, int]] = Counter()
        self._resets = 0
        self.device = Device(
            replica or Replica(Shelves(self.person, DeviceId(someone.device))),
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

    def queue_raw(self, kind: str, values: dict[str, Any], identity: RecordId | None = None) -> None:
        """Put a change into the outbox that no phone of ours would make."""
        change = self.raw_change(kind, values)
        base = 0 if identity is None else self.record(identity).version
        self.device.force(kind, identity, couple=change.couple, base=base, set=change.set)

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

    async def page(self) -> SyncResponse:
        """Make one round trip."""
        request = self.device.request(limit=self._limit)
        response = await self.device.send(request)
        assert self.device.receive(request, response)
        return response

    async def sync_with_the_answer_lost(self) -> None:
        await self.device.sync_without_answer()

    async def sync_with_the_socket_cut(self, server: httpx.AsyncClient) -> None:
        """Let a real server carry out a request, and hang up while its answer is on the way."""
        content = msgspec.json.encode(self.device.request())
        head = [f"{name}: {value}" for name, value in self.someone.headers.items()]
        head += ["Host: haven.test", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        async with lines.line(server) as sent:
            await sent.send("\r\n".join(["POST /v1/sync HTTP/1.1", *head, "", ""]).encode(), content)
            assert await sent.until(b"\r\n") == b"HTTP/1.1 200 OK\r\n"

    def talk_to(self, server: httpx.AsyncClient) -> None:
        """From now on, ask this server."""
        self._client = server

    def begin_again(self) -> None:
        """Lose everything but what is on the disk."""
        self.device.restart()

    async def push_raw(self, changes: list[Change]) -> dict[str, Any]:
        answer = await self.answered(changes)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        said: dict[str, Any] = answer.json()
        return said

    async def answered(self, changes: list[Change]) -> httpx.Response:
        """Push these, and return whatever comes of it."""
        return await self._posted(SyncRequest(schema=1, cursor=self.device.replica.cursor, changes=changes))

    async def may_look_behind(self, kind: str, identity: RecordId) -> bool:
        """Whether the server tells this person of earlier values of a record."""
        answer = await self._client.get(f"/v1/records/{kind}/{identity}/revisions", headers=self.someone.headers)
        assert answer.status_code in (200, 404)
        return answer.status_code == 200

    async def purge(self, kind: str, identity: RecordId) -> None:
        await people.ok(self._client.delete(f"/v1/records/{kind}/{identity}/words", headers=self.someone.headers))

    async def part(self) -> None:
        couple = (await people.me(self._client, self.someone))["couple"]["id"]
        await people.ok(people.part(self._client, self.someone, couple))

    async def refused(self) -> tuple[int, str]:
        """Ask a server that refuses the whole request; return its status and the type of the problem."""
        answer = await self._posted(self.device.request())
        return answer.status_code, answer.json()["type"]

    async def _send(self, request: SyncRequest) -> SyncResponse:
        return self._hear(await self._answered(request))

    def _hear(self, content: bytes) -> SyncResponse:
        """Note an answer as it came."""
        self._received.append(content)
        response = msgspec.json.decode(content, type=SyncResponse)
        self._resets += len(response.reset)
        self._versions.update((record.id, record.version) for record in response.records)
        return response

    async def _answered(self, request: SyncRequest) -> bytes:
        return (await self._post(request)).content

    async def _post(self, request: SyncRequest) -> httpx.Response:
        answer = await self._posted(request)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer

    async def _posted(self, request: SyncRequest) -> httpx.Response:
        return await self._client.post(
            "/v1/sync",
            content=msgspec.json.encode(msgspec.structs.replace(request, schema=self.schema)),
            headers=self.someone.headers | {"Content-Type": "application/json"},
        )

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

    def outcome(self) -> Outcome:
        """What it was told last about an edit."""
        return self.device.outcomes[-1]

    def holds(self) -> dict[tuple[SpaceId, RecordId], Held]:
        """Every record that it has from the server."""
        return {
            (row.space, row.id): (row.kind, row.version, "gone")
            if row.gone
            else (row.kind, row.version, row.author, row.removed, row.fields, _beside(row.alternatives), row.merged)
            for row in self.device.replica.rows()
        }

    def shows_what_it_holds(self) -> bool:
        """Whether nothing waits here, and nothing lies over what the server said."""
        rows = [row for row in self.device.replica.rows() if not row.gone]
        shown = [self.device.shown(row.id) for row in rows]
        return not self.pending() and all(
            each is not None and (each.version, each.fields) == (row.version, row.fields)
            for row, each in zip(rows, shown, strict=True)
        )

    def bytes_received(self) -> bytes:
        return b"".join(self._received)

    def database_bytes(self) -> bytes:
        return self.device.texts().encode()

    def versions_seen_twice(self) -> Counter[tuple[UUID, int]]:
        return Counter({seen: times for seen, times in self._versions.items() if times > 1})


MakePhone = Callable[..., Phone]
"""From the client, whose it is and `limit`."""


class Home:
    """Ana with two phones, Ben with one, their couple, and a goal that both accepted."""

    def __init__(
        self, client: httpx.AsyncClient, parts: Parts, phone: MakePhone, ana: people.Person, ben: people.Person
    ) -> None:
        self.client, self.parts, self.phone = client, parts, phone
        self.ana, self.ben = ana, ben
        self.a1 = phone(client, ana, limit=500)
        self.b1 = phone(client, ben, limit=500)
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
        return self.phone(self.client, someone, limit=limit)

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

    async def pair_anew(self) -> None:
        await people.pair(self.client, self.ben, self.ana)
        for phone in (self.a1, self.b1, self.a2):
            await phone.sync()

    # The server's side

    async def spaces(self, *whose: people.Person) -> list[SpaceId]:
        """The spaces that these persons have, or all of this home, those that are closed included."""
        persons = [each.id for each in whose or (self.ana, self.ben)]
        rows = await self.parts.pool.fetch(
            "SELECT DISTINCT space_id FROM person_space WHERE person_id = ANY($1)", persons
        )
        return [SpaceId(row["space_id"]) for row in rows]

    async def stock(self) -> Stock:
        """Everything that is stored for these people, opened."""
        return await stock_of(self.parts.pool, self.parts.store, self.parts.keys, await self.spaces())

    async def holds(self, whose: people.Person) -> dict[tuple[SpaceId, RecordId], Held]:
        """Every stored record of this person's spaces, as `Phone.holds` says it."""
        spaces = set(await self.spaces(whose))
        return {
            key: (each.kind, each.version, "gone")
            if each.gone
            else (
                each.kind,
                each.version,
                each.author,
                each.removed,
                each.fields,
                _beside(each.alternatives),
                tuple(each.merged),
            )
            for key, each in (await self.stock()).records.items()
            if key[0] in spaces
        }

    async def heads(self) -> dict[SpaceId, int]:
        """How far each space has counted."""
        rows = await self.parts.pool.fetch(
            "SELECT space_id, head FROM space WHERE space_id = ANY($1)", await self.spaces()
        )
        return {SpaceId(row["space_id"]): row["head"] for row in rows}

    async def dump(self) -> Rows:
        """Keep every row of these people's spaces as it is now."""
        return await dumped(self.parts.pool, await self.spaces())

    async def restore(self, dump: Rows) -> None:
        """Put the rows of a dump in place of today's, and begin a new life as `haven epoch bump` does."""
        await put_back(self.parts.pool, dump)
        async with self.parts.pool.acquire() as connection:
            assert await bump_epoch(connection, uuid4())

    async def pass_the_horizon(self) -> None:
        """Let what was removed grow so old that the worker buries it, and then forgets its grave."""
        for kept in (REMOVED_KEPT, TOMBSTONES_KEPT):
            await self.parts.pool.execute(
                "UPDATE record SET changed_at = changed_at - $2::interval WHERE space_id = ANY($1)",
                await self.spaces(),
                kept + timedelta(days=1),
            )
            while (await prune(self.parts.pool, datetime.now(UTC))).more:
                pass

    async def revisions_of(self, identity: RecordId) -> int:
        count: int = await self.parts.pool.fetchval("SELECT count(*) FROM revision WHERE record_id = $1", identity)
        return count

    async def nowhere_on_the_server(self, words: str) -> bool:
        """Whether nothing that is stored for these people opens to these words."""
        outcomes = await self.parts.pool.fetch(
            "SELECT outcome FROM outcome WHERE space_id = ANY($1)", await self.spaces()
        )
        return words not in await self.everything_said() and words not in repr((outcomes, await self._shadows()))

    async def everything_said(self) -> str:
        """All that is stored for these people, opened: records, what stands beside and behind them, words in boxes."""
        return repr(await self.stock())

    async def _shadows(self) -> list[bytes]:
        """What devices of client libraries have submitted, opened."""
        spaces = await self.spaces()
        opener = await self.parts.keys.of(spaces)
        rows = await self.parts.pool.fetch("SELECT * FROM shadow WHERE space_id = ANY($1)", spaces)
        return [
            opener[SpaceId(row["space_id"])].open(f"shadow/{row['kind']}", row["record_id"], row["body"])
            for row in rows
        ]


def _beside(alternatives: Mapping[str, Iterable[Any]]) -> dict[str, list[tuple[UUID, str]]]:
    return {field: [(each.by, each.text) for each in texts] for field, texts in alternatives.items()}


@asynccontextmanager
async def home_of(client: httpx.AsyncClient, parts: Parts, phone: MakePhone = Phone) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync; `phone` makes one of somebody."""
    ana, ben = await people.couple(client)
    home = Home(client, parts, phone, ana, ben)
    await home.begin()
    yield home
