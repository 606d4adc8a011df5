"""Push targets in PostgreSQL: one a device, one device a value, and gone when they are given up."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from api.postgres import Pool
from domain.ids import DeviceId, PersonId
from notifications import target_store
from notifications.targets import Kept

TODAY = date(2026, 11, 27)


def kept(person: PersonId, device: DeviceId, value: bytes, **other: Any) -> Kept:
    made = Kept(
        person=person,
        device=device,
        kind="token",
        platform="ios",
        sealed=b"sealed " + value,
        value_hash=value,
        registered_on=TODAY,
        registration=uuid4(),
    )
    return msgspec.structs.replace(made, **other)


def somebody() -> tuple[PersonId, DeviceId]:
    return PersonId(uuid4()), DeviceId(uuid4())


async def put(connection: Any, each: Kept, *known_as: bytes) -> None:
    await target_store.put(connection, each, 1, [each.value_hash, *known_as])


async def test_what_is_put_is_what_is_found(connection: asyncpg.Connection) -> None:
    ana, phone = somebody()
    first = kept(ana, phone, uuid4().bytes)
    second = kept(ana, DeviceId(uuid4()), uuid4().bytes, kind="fid", platform="web")
    await put(connection, first)
    await put(connection, second)
    found = await target_store.of_persons(connection, [ana, PersonId(uuid4())])
    assert sorted(found, key=lambda each: each.sealed) == sorted([first, second], key=lambda each: each.sealed)
    assert await target_store.of_persons(connection, []) == []


async def test_a_device_has_one_and_the_next_replaces_it(connection: asyncpg.Connection) -> None:
    ana, phone = somebody()
    before, after = kept(ana, phone, uuid4().bytes), kept(ana, phone, uuid4().bytes, kind="fid")
    await put(connection, before)
    await put(connection, after)
    await put(connection, after)
    assert await target_store.of_persons(connection, [ana]) == [after]


async def test_a_value_has_one_device_and_moves(connection: asyncpg.Connection) -> None:
    (ana, hers), (ben, his), value = somebody(), somebody(), uuid4().bytes
    await put(connection, kept(ana, hers, value))
    moved = kept(ben, his, value)
    await put(connection, moved)
    assert await target_store.of_persons(connection, [ana, ben]) == [moved]


async def test_a_value_that_was_hashed_under_the_key_before_moves_too(connection: asyncpg.Connection) -> None:
    (ana, hers), (ben, his), old, new = somebody(), somebody(), uuid4().bytes, uuid4().bytes
    await put(connection, kept(ana, hers, old))
    moved = kept(ben, his, new)
    await put(connection, moved, old)
    assert await target_store.of_persons(connection, [ana, ben]) == [moved]


async def test_of_many_who_register_one_value_at_once_one_has_it(pool: Pool) -> None:
    value, people = uuid4().bytes, [somebody() for _ in range(8)]

    async def register(person: PersonId, device: DeviceId) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await put(connection, kept(person, device, value))

    await asyncio.gather(*(register(*each) for each in people))
    (left,) = await target_store.of_persons(pool, [person for person, _ in people])
    await target_store.drop_of_person(pool, left.person)


async def test_a_dead_one_goes_unless_it_was_registered_anew(connection: asyncpg.Connection) -> None:
    (ana, hers), (ben, his) = somebody(), somebody()
    dead, renewed = kept(ana, hers, uuid4().bytes), kept(ben, his, uuid4().bytes)
    await put(connection, dead)
    await put(connection, renewed)
    again = msgspec.structs.replace(renewed, registration=uuid4())
    await put(connection, again)
    assert await target_store.drop_unchanged(connection, [dead, renewed]) == 1
    assert await target_store.of_persons(connection, [ana, ben]) == [again]
    assert await target_store.drop_unchanged(connection, [dead]) == 0
    assert await target_store.drop_unchanged(connection, []) == 0


async def test_dropping_takes_what_it_names_and_no_more(connection: asyncpg.Connection) -> None:
    (ana, phone), tablet, (ben, his) = somebody(), DeviceId(uuid4()), somebody()
    for each in (kept(ana, phone, uuid4().bytes), kept(ana, tablet, uuid4().bytes), kept(ben, his, uuid4().bytes)):
        await put(connection, each)
    await target_store.drop_of_device(connection, ben, phone)
    await target_store.drop_of_device(connection, ana, phone)
    await target_store.drop_of_device(connection, ana, phone)
    assert {each.device for each in await target_store.of_persons(connection, [ana, ben])} == {tablet, his}
    await target_store.drop_of_person(connection, ana)
    assert {each.device for each in await target_store.of_persons(connection, [ana, ben])} == {his}


async def test_old_ones_are_forgotten_in_bounded_rounds(connection: asyncpg.Connection) -> None:
    long_ago = date(2001, 1, 1)
    person = PersonId(uuid4())
    for days in range(4):
        old = kept(person, DeviceId(uuid4()), uuid4().bytes, registered_on=long_ago + timedelta(days=days))
        await put(connection, old)
    before = long_ago + timedelta(days=3)
    assert [await target_store.forget_targets(connection, before, 2) for _ in range(3)] == [2, 1, 0]
    assert len(await target_store.of_persons(connection, [person])) == 1


@pytest.mark.parametrize(("column", "value"), [("kind", "address"), ("platform", "other")])
async def test_the_table_takes_nothing_that_cannot_be_sent_to(
    connection: asyncpg.Connection, column: str, value: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await put(connection, kept(*somebody(), uuid4().bytes, **{column: value}))
