"""Both stores know when it is to be looked whether somebody's phones are to be woken, and who was first to look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest

from api.postgres import Pool
from notifications import end_store as prompts
from notifications.ports import Look, Looked, Plan, Store
from tests.desks import Ground, MemoryGround, PostgresGround
from tests.prompting import ANA, BEN, NOON

HOUR = timedelta(hours=1)


@pytest.fixture
async def on_postgres(pool: Pool) -> AsyncIterator[PostgresGround]:
    async with PostgresGround(pool).of(ANA, BEN) as ground:
        yield ground


@pytest.fixture(params=["memory", "postgres"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "memory":
        return MemoryGround()
    return cast("Ground", request.getfixturevalue("on_postgres"))


@pytest.fixture
def store(ground: Ground) -> Store:
    return ground.store


async def test_it_is_looked_when_it_is_due_the_longest_due_first(store: Store) -> None:
    assert await store.looks(NOON, 10) == {}
    await store.save_all([Plan(person=BEN, version=0, look_at=NOON), Plan(person=ANA, version=0, look_at=NOON + HOUR)])
    assert await store.looks(NOON - timedelta(seconds=1), 10) == {}
    assert await store.looks(NOON, 10) == {BEN: Look(at=NOON, upto=None)}
    both = await store.looks(NOON + HOUR, 10)
    assert list(both) == [BEN, ANA]
    assert list(await store.looks(NOON + HOUR, 1)) == [BEN]


async def test_whoever_plans_again_moves_no_look_and_whoever_wants_none_has_none(store: Store) -> None:
    await store.save(Plan(person=BEN, version=0, look_at=NOON))
    await store.save(Plan(person=BEN, version=1, look_at=NOON + HOUR))
    assert await store.looks(NOON, 10) == {BEN: Look(at=NOON, upto=None)}
    assert not await store.save(Plan(person=BEN, version=1)), "of a desk that has changed since nothing is stored"
    assert await store.looks(NOON, 10) == {BEN: Look(at=NOON, upto=None)}
    await store.save(Plan(person=BEN, version=2))
    assert await store.looks(NOON + HOUR, 10) == {}


async def test_of_two_who_look_one_is_first(store: Store) -> None:
    await store.save(Plan(person=BEN, version=0, look_at=NOON))
    looked = {BEN: Looked(was_at=NOON, next_at=NOON + HOUR, upto=9)}
    assert await store.looked(looked) == {BEN}
    assert await store.looked(looked) == frozenset()
    assert await store.looked({ANA: Looked(was_at=NOON, next_at=NOON + HOUR, upto=9)}) == frozenset()
    assert await store.looks(NOON, 10) == {}
    assert await store.looks(NOON + HOUR, 10) == {BEN: Look(at=NOON + HOUR, upto=9)}


async def test_who_is_forgotten_is_looked_at_no_more(on_postgres: PostgresGround, pool: Pool) -> None:
    await on_postgres.store.save_all([Plan(person=each, version=0, look_at=NOON) for each in (ANA, BEN)])
    async with pool.acquire() as connection, connection.transaction():
        await prompts.forget_person(connection, BEN)
    assert list(await on_postgres.store.looks(NOON, 10)) == [ANA]
