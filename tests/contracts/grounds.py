"""Both stores under one name, and what the accounts part and the operators do to each."""

from typing import Protocol
from uuid import UUID, uuid4

from api.postgres import Pool
from domain.ids import CoupleId, SpaceId
from domain.kind import Ownership
from domain.kinds import KINDS
from sync import space_store
from sync.memory import MemoryStore
from sync.ports import Member, Store
from sync.store import PostgresStore
from tests.pair import NOON, HeldKeys, Pair

SHOWN = [kind.name for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION]


class Ground(Protocol):
    """A store on which spaces can be founded, closed, and given a new life."""

    store: Store
    keys: HeldKeys

    async def found(self, space: SpaceId, couple: CoupleId | None, members: tuple[Member, ...]) -> None: ...

    async def close(self, space: SpaceId) -> int: ...

    async def bump(self, life: UUID) -> None: ...


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


async def pair_on(ground: Ground) -> Pair:
    """Ana and Ben, with settings, on this ground."""
    pair = Pair(ground.store, ground.keys)
    for each in (pair.ana, pair.ben):
        await ground.found(each.personal, None, (Member(each.person, each.personal),))
    await ground.found(pair.space, pair.couple, pair.members)
    await pair.settle_in()
    return pair
