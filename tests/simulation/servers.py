"""The server's side on either store, behind one interface: accounts, backups, what is stored, and how it fails."""

import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from msgspec import Struct

from api.postgres import Pool
from domain import ids
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.records import Record
from sync import service, space_store
from sync.memory import MemoryStore
from sync.ports import (
    Behind,
    Caller,
    History,
    Keys,
    Loaded,
    Member,
    Page,
    PurgeScope,
    RecordKey,
    Revision,
    Space,
    Store,
    Wanted,
    Words,
    Writes,
)
from sync.store import PostgresStore
from tests.contracts.grounds import PostgresGround
from tests.pair import HeldKeys
from tests.world import Couple, Person, World


class ServerDiedError(Exception):
    """The server has died on the way; whoever asked it hears nothing."""


class Stock(Struct, frozen=True):
    """Everything that is stored."""

    records: Mapping[RecordKey, Record]
    revisions: Mapping[RecordKey, Sequence[Revision]]


class Server(Protocol):
    """Accounts and backups around a real store."""

    store: Store
    keys: Keys
    quick: bool
    """Whether looking at all that is stored costs next to nothing."""

    def uuid(self) -> UUID:
        """The next id."""

    async def person(self, name: str, now: datetime, /) -> Person:
        """Somebody new, with a personal space and settings."""

    async def pair(self, one: Person, other: Person) -> Couple:
        """Make two persons a couple with a new space."""

    async def part(self, couple: Couple) -> None:
        """Close a couple's space."""

    async def stock(self) -> Stock:
        """Everything that is stored now."""

    async def due(self, now: datetime) -> Sequence[space_store.Due]:
        """What the worker has to look at."""

    async def dump(self) -> Any:
        """Make a backup."""

    async def restore(self, dump: Any, *, bump: bool) -> None:
        """Go back to a backup; `bump` as `haven epoch bump` does, as one should."""


class MemoryServer:
    """The store in memory, with the accounts of `tests.world`."""

    quick = True

    def __init__(self, seed: int) -> None:
        self._world = World(seed)
        self.store: MemoryStore = self._world.store
        self.keys = self._world.keys

    def uuid(self) -> UUID:
        return self._world.uuid()

    async def person(self, name: str, _now: datetime) -> Person:
        return self._world.person(name)

    async def pair(self, one: Person, other: Person) -> Couple:
        return self._world.pair(one, other)

    async def part(self, couple: Couple) -> None:
        self._world.part(couple)

    async def stock(self) -> Stock:
        return Stock(self.store.records, self.store.revisions)

    async def due(self, now: datetime) -> Sequence[space_store.Due]:
        waiting = [each for each in self.store.records.values() if each.due_at is not None and not each.gone]
        waiting = [each for each in waiting if each.due_at is not None and each.due_at <= now]
        return [space_store.Due(each.space, each.id, each.author) for each in waiting]

    async def dump(self) -> Any:
        return self._world.dump()

    async def restore(self, dump: Any, *, bump: bool) -> None:
        self._world.restore(dump, bump=bump)


class PostgresServer:
    """PostgreSQL with real seals, in a database of its own: a backup is the rows of every table that spaces have."""

    quick = False
    _TABLES = ("store_epoch", "space", "member", "record", "revision", "outcome")

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.keys = HeldKeys()
        self.store = PostgresStore(pool, self.keys)
        self._ground = PostgresGround(pool, self.keys)
        self._chance = random.Random(seed)

    async def begin(self) -> None:
        """Empty the database of what an earlier seed left."""
        await self._put({table: [] for table in self._TABLES})

    def uuid(self) -> UUID:
        return ids.uuid4(self._chance.randbytes(ids.CHANCE_BYTES))

    async def person(self, name: str, now: datetime) -> Person:
        person, space = PersonId(self.uuid()), SpaceId(self.uuid())
        async with self.pool.acquire() as connection, connection.transaction():
            await space_store.found_store(connection, self.uuid())
            await service.found_personal_space(connection, self.keys.one(space), space, person, now)
        return Person(person, name, [space])

    async def pair(self, one: Person, other: Person) -> Couple:
        couple = Couple(CoupleId(self.uuid()), SpaceId(self.uuid()))
        members = tuple(Member(each.id, each.personal) for each in (one, other))
        await self._ground.found(couple.space, couple.id, members)
        for each in (one, other):
            each.spaces.insert(1, couple.space)
        return couple

    async def part(self, couple: Couple) -> None:
        await self._ground.close(couple.space)

    async def stock(self) -> Stock:
        return await stock_of(self.pool, self.store, self.keys)

    async def due(self, now: datetime) -> Sequence[space_store.Due]:
        return await space_store.due(self.pool, now, 100)

    async def dump(self) -> Any:
        return {table: await self.pool.fetch(f"SELECT * FROM {table}") for table in self._TABLES}

    async def restore(self, dump: Any, *, bump: bool) -> None:
        await self._put(dump)
        if bump:
            await self._ground.bump(self.uuid())

    async def _put(self, dump: Mapping[str, Sequence[asyncpg.Record]]) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(f"TRUNCATE {', '.join(self._TABLES)}")
            for table, rows in dump.items():
                if rows:
                    await connection.copy_records_to_table(table, records=rows, columns=list(rows[0].keys()))


async def stock_of(pool: Pool, store: PostgresStore, keys: Keys, spaces: Collection[SpaceId] | None = None) -> Stock:
    """Return everything that is stored in PostgreSQL, in these spaces or in all, opened."""
    rows = await pool.fetch("SELECT * FROM record r WHERE $1::uuid[] IS NULL OR r.space_id = ANY($1)", spaces)
    behind = await pool.fetch(
        "SELECT v.*, r.kind FROM revision v JOIN record r ON r.space_id = v.space_id AND r.id = v.record_id"
        " WHERE $1::uuid[] IS NULL OR v.space_id = ANY($1)",
        spaces,
    )
    opener = await keys.of({SpaceId(row["space_id"]) for row in rows})
    records = [store._record(opener, row) for row in rows]
    revisions: dict[RecordKey, list[Revision]] = {}
    for row in behind:
        space, record = SpaceId(row["space_id"]), RecordId(row["record_id"])
        values = store._values(opener, space, row["kind"], record, row["body"])
        revision = Revision(space=space, record=record, version=row["version"], values=values)
        revisions.setdefault((space, record), []).append(revision)
    return Stock({(each.space, each.id): each for each in records}, revisions)


class WatchedStore:
    """A store that can be made to fail once, and that tells of everything it has kept."""

    def __init__(self, store: Store, saved: Callable[[Writes], None]) -> None:
        self._store, self._saved = store, saved
        self.dies_before_saving = False
        self.dies_after_saving = False
        self.races_lost = 0
        """How often somebody else had stored something between the look and the save."""
        self.overtaken_by: Callable[[], Awaitable[object]] | None = None
        """What somebody else does between the next look at the store and what is stored after it."""

    @property
    def dies(self) -> bool:
        """Whether it is to fail, or has failed and has not come back."""
        return self.dies_before_saving or self.dies_after_saving

    async def load(self, caller: Caller, wanted: Wanted) -> Loaded:
        return await self._store.load(caller, wanted)

    async def settings_of(self, caller: Caller, records: Collection[RecordKey]) -> dict[RecordKey, Record]:
        return await self._store.settings_of(caller, records)

    async def repeated(self, caller: Caller, words: Collection[Words], since: datetime) -> list[Record]:
        return await self._store.repeated(caller, words, since)

    async def history(self, caller: Caller, records: Collection[RecordKey], boxes: Collection[RecordId]) -> History:
        return await self._store.history(caller, records, boxes)

    async def behind(self, caller: Caller, kind: str, identity: RecordId, *, before: int, limit: int) -> Behind | None:
        return await self._store.behind(caller, kind, identity, before=before, limit=limit)

    async def scope(self, caller: Caller, identity: RecordId) -> PurgeScope:
        return await self._store.scope(caller, identity)

    async def begin_anew(self, caller: Caller, space: Space, epoch: UUID) -> None:
        await self._store.begin_anew(caller, space, epoch)

    async def save(self, caller: Caller, writes: Writes, now: datetime) -> dict[SpaceId, int] | None:
        overtaken_by, self.overtaken_by = self.overtaken_by, None
        if overtaken_by is not None:
            await overtaken_by()
        if self.dies_before_saving:
            raise ServerDiedError
        heads = await self._store.save(caller, writes, now)
        if heads is None:
            self.races_lost += 1
        else:
            self._saved(writes)
        if self.dies_after_saving:
            raise ServerDiedError
        return heads

    async def changed_since(
        self,
        caller: Caller,
        after: Mapping[SpaceId, int],
        *,
        limit: int,
        again: Collection[RecordId] = (),
        kind: str | None = None,
    ) -> Page:
        return await self._store.changed_since(caller, after, limit=limit, again=again, kind=kind)

    def comes_back(self) -> None:
        """Be as a server that was started again."""
        self.dies_before_saving = self.dies_after_saving = False
        self.overtaken_by = None
