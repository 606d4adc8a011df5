"""Both stores under one name, and what the accounts part and the operators do to each."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg

from api.postgres import Pool
from domain.ids import CoupleId, SpaceId
from domain.kind import Ownership
from domain.kinds import KINDS
from sync import space_store
from sync.memory import MemoryStore
from sync.ports import Member, Store
from sync.store import PostgresStore
from tests.pair import NOON, HeldKeys, Pair
from tests.world import dump_of, go_back

Rows = Mapping[str, Sequence[asyncpg.Record]]
"""By table, rows as they are stored."""

SHOWN = [kind.name for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION]


class Ground(Protocol):
    """A store on which spaces can be founded and closed, and that can be backed up, restored, and given a new life."""

    store: Store
    keys: HeldKeys

    async def found(self, space: SpaceId, couple: CoupleId | None, members: tuple[Member, ...]) -> None: ...

    async def close(self, space: SpaceId) -> int: ...

    async def bump(self, life: UUID) -> None: ...

    async def dump(self, *spaces: SpaceId) -> Any: ...

    async def restore(self, dump: Any, life: UUID) -> None: ...


class MemoryGround:
    def __init__(self, keys: HeldKeys) -> None:
        self.keys = keys
        self.store = MemoryStore(uuid4())

    async def found(self, space: SpaceId, couple: CoupleId | None, members: tuple[Member, ...]) -> None:
        self.store.found(space, couple, members, uuid4())

    async def close(self, space: SpaceId) -> int:
        self.store.close(space, SHOWN)
        return self.store.spaces[space].head

    async def bump(self, life: UUID) -> None:
        self.store.bump(life)

    async def dump(self, *_: SpaceId) -> Any:
        return dump_of(self.store)

    async def restore(self, dump: Any, life: UUID) -> None:
        go_back(self.store, dump)
        await self.bump(life)


class PostgresGround:
    def __init__(self, pool: Pool, keys: HeldKeys) -> None:
        self.keys, self.pool = keys, pool
        self.store = PostgresStore(pool, keys)

    async def found(self, space: SpaceId, couple: CoupleId | None, members: tuple[Member, ...]) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await space_store.found_store(connection, uuid4())
            await space_store.found_space(connection, space, "couple" if couple else "personal", couple, uuid4())
            for member in members:
                await space_store.add_member(connection, space, member.person, member.personal, None)

    async def close(self, space: SpaceId) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            return await space_store.close_space(connection, space, NOON)

    async def bump(self, life: UUID) -> None:
        async with self.pool.acquire() as connection:
            assert await space_store.bump_epoch(connection, life)

    async def dump(self, *spaces: SpaceId) -> Any:
        return await dumped(self.pool, spaces)

    async def restore(self, dump: Any, life: UUID) -> None:
        await put_back(self.pool, dump)
        await self.bump(life)


async def pair_on(ground: Ground) -> Pair:
    """Ana and Ben, with settings, on this ground."""
    pair = Pair(ground.store, ground.keys)
    for each in (pair.ana, pair.ben):
        await ground.found(each.personal, None, (Member(each.person, each.personal),))
    await ground.found(pair.space, pair.couple, pair.members)
    await pair.settle_in()
    return pair


async def dumped(pool: Pool, spaces: Collection[SpaceId]) -> Rows:
    """Every row of these spaces that a dump of the database would hold."""
    tables = ("space", "record", "revision", "outcome", "shadow", "owed")
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return {
            table: await connection.fetch(f"SELECT * FROM {table} WHERE space_id = ANY($1)", spaces) for table in tables
        }


async def put_back(pool: Pool, dump: Rows) -> None:
    """Put the rows of a dump in place of today's; those of other people stay."""
    spaces = [row["space_id"] for row in dump["space"]]
    async with pool.acquire() as connection, connection.transaction():
        for row in dump["space"]:
            names = [name for name in row.keys() if name != "space_id"]  # noqa: SIM118 - a row, not a dict
            places = ", ".join(f"{name} = ${nth}" for nth, name in enumerate(names, 2))
            values = [row[name] for name in names]
            await connection.execute(f"UPDATE space SET {places} WHERE space_id = $1", row["space_id"], *values)
        for table in dump.keys() - {"space"}:
            await connection.execute(f"DELETE FROM {table} WHERE space_id = ANY($1)", spaces)
            if dump[table]:
                columns = list(dump[table][0].keys())
                await connection.copy_records_to_table(table, records=dump[table], columns=columns)
