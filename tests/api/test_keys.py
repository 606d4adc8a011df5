"""Keys are made once, wrapped always, and looked up by one statement."""

import asyncio
import os
import secrets
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from api.keys import (
    CACHED_S,
    FileRing,
    RingUnusable,
    StoredKeys,
    make_ring_file,
    open_keys,
    open_ring,
    refuse_lost_ring,
)
from api.postgres import Pool, open_pool
from domain.ids import SpaceId
from sync.sealing import SpaceKeys
from tests.conftest import create_migrated_database, database_of, drop_database

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)


class Seconds:
    """A clock for caches that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ring_at(path: Path) -> FileRing:
    make_ring_file(path)
    return FileRing(path, development=True)


def same(one: SpaceKeys, other: SpaceKeys) -> bool:
    about = uuid4()
    return other.open("note", about, one.seal("note", about, b"words")) == b"words" and one.id_key == other.id_key


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> FileRing:
    return ring_at(tmp_path_factory.mktemp("ring") / "keys.json")


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture(scope="module")
async def keys_dsn(server_dsn: str, worker_id: str) -> AsyncIterator[str]:
    # A database of its own, as in production: rings come and go here, and no other test may meet them.
    name = f"haven_test_{os.getpid()}_{worker_id}_keys"
    await create_migrated_database(server_dsn, name)
    yield database_of(server_dsn, name)
    await drop_database(server_dsn, name)


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
async def pool(keys_dsn: str, ran: list[str]) -> AsyncIterator[Pool]:
    async with open_pool(keys_dsn, connections_max=5, on_statement=ran.append) as pool:
        yield pool


@pytest.fixture
async def keys(pool: Pool, ring: FileRing, seconds: Seconds) -> StoredKeys:
    await pool.execute("TRUNCATE wrapping_key")
    return await open_keys(pool, ring, NOW, seconds)


async def test_a_made_key_is_found_by_another_process(pool: Pool, ring: FileRing, keys: StoredKeys) -> None:
    space = SpaceId(uuid4())
    made = await keys.make(space, NOW)
    elsewhere = await open_keys(pool, ring, NOW)
    assert same(made, (await elsewhere.of([space]))[space])


async def test_all_missing_keys_come_by_one_statement_and_then_from_memory(
    pool: Pool, ring: FileRing, keys: StoredKeys, seconds: Seconds, ran: list[str]
) -> None:
    spaces = [SpaceId(uuid4()) for _ in range(3)]
    for space in spaces:
        await keys.make(space, NOW)
    elsewhere = await open_keys(pool, ring, NOW, seconds)
    # The driver asks what an array of ids is once a connection; that is not what is counted here.
    await elsewhere.of([SpaceId(uuid4())])
    ran.clear()
    assert set(await elsewhere.of(spaces)) == set(spaces)
    assert len(ran) == 1
    await elsewhere.of(spaces)
    assert len(ran) == 1
    seconds.now += CACHED_S
    await elsewhere.of(spaces)
    assert len(ran) == 2


async def test_a_space_without_a_key_is_missing_from_the_answer(keys: StoredKeys) -> None:
    space = SpaceId(uuid4())
    await keys.make(space, NOW)
    assert set(await keys.of([space, SpaceId(uuid4())])) == {space}


async def test_a_destroyed_key_is_gone_once_it_is_forgotten(pool: Pool, keys: StoredKeys) -> None:
    space = SpaceId(uuid4())
    await keys.make(space, NOW)
    await pool.execute("DELETE FROM space_key WHERE space_id = $1", space)
    assert set(await keys.of([space])) == {space}
    keys.forget([space])
    assert set(await keys.of([space])) == set()


async def test_one_damaged_key_does_not_hide_the_others(pool: Pool, keys: StoredKeys) -> None:
    good, bad = SpaceId(uuid4()), SpaceId(uuid4())
    await keys.make(good, NOW)
    await keys.make(bad, NOW)
    keys.forget([good, bad])
    await pool.execute("UPDATE space_key SET wrapped = $2 WHERE space_id = $1", bad, secrets.token_bytes(40))
    assert set(await keys.of([good, bad])) == {good}


async def test_neither_table_holds_a_key_in_clear(pool: Pool, keys: StoredKeys) -> None:
    space = SpaceId(uuid4())
    made = await keys.make(space, NOW)
    row = await pool.fetchrow("SELECT wrapped, wrapped_id_key FROM space_key WHERE space_id = $1", space)
    assert row is not None
    assert made.id_key not in row["wrapped_id_key"]
    assert len(row["wrapped"]) == 40


async def test_processes_that_start_at_once_agree_on_the_wrapping_key(pool: Pool, ring: FileRing) -> None:
    await pool.execute("TRUNCATE wrapping_key")
    several = await asyncio.gather(*(open_keys(pool, ring, NOW) for _ in range(4)))
    space = SpaceId(uuid4())
    made = await several[0].make(space, NOW)
    for each in several:
        assert same(made, (await each.of([space]))[space])


async def test_a_wrapping_key_made_elsewhere_is_read_when_a_row_names_it(
    pool: Pool, ring: FileRing, keys: StoredKeys
) -> None:
    await pool.execute(
        "INSERT INTO wrapping_key (wrapping_key_id, root_id, wrapped, made_at) VALUES (2, $1, $2, $3)",
        ring.current(),
        await ring.wrap(secrets.token_bytes(32)),
        NOW,
    )
    rotated = await open_keys(pool, ring, NOW)
    space = SpaceId(uuid4())
    made = await rotated.make(space, NOW)
    assert same(made, (await keys.of([space]))[space])


async def test_another_ring_is_refused_at_the_start(pool: Pool, keys: StoredKeys, tmp_path: Path) -> None:
    with pytest.raises(RingUnusable, match="root key"):
        await open_keys(pool, ring_at(tmp_path / "other.json"), NOW)


def test_a_ring_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    make_ring_file(path)
    content = path.read_bytes()
    make_ring_file(path)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_ring_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    make_ring_file(path)
    path.chmod(mode)
    with pytest.raises(RingUnusable, match="owner alone"):
        FileRing(path, development=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"roots":[],"hash_keys":[]}',
        b'{"roots":[{"id":"a","key":"AAAA"}],"hash_keys":[{"number":1,"key":"AAAA"}]}',
    ],
)
def test_a_file_that_is_no_ring_is_refused_without_showing_what_it_holds(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(RingUnusable) as refusal:
        FileRing(path, development=True)
    assert "AAAA" not in str(refusal.value)


def test_a_ring_that_nobody_named_is_made_in_development_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(RingUnusable, match="HAVEN_KEYS"):
        open_ring(None, path, development=False)
    assert not path.exists()
    made = open_ring(None, path, development=True)
    assert open_ring(f"file:{path}", tmp_path / "unused", development=True).current() == made.current()
    with pytest.raises(RingUnusable, match="file:PATH"):
        open_ring("vault:somewhere", path, development=True)


def test_a6_a_ring_that_was_made_by_chance_is_none_of_production(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = ring_at(path)
    with pytest.raises(RingUnusable, match="made by chance"):
        open_ring(f"file:{path}", tmp_path / "unused", development=False)
    content = msgspec.json.decode(path.read_bytes())
    assert content.pop("for_development") is True
    path.write_bytes(msgspec.json.encode(content))
    assert open_ring(f"file:{path}", tmp_path / "unused", development=False).current() == made.current()


async def test_no_new_ring_is_made_for_a_database_that_was_sealed_under_another(
    pool: Pool, ring: FileRing, tmp_path: Path
) -> None:
    """It would open nothing, and hide that the true one is missing."""
    missing, there = tmp_path / "missing.json", tmp_path / "there.json"
    await open_keys(pool, ring, NOW)
    make_ring_file(there)
    with pytest.raises(RingUnusable, match=f"{missing} is missing"):
        await refuse_lost_ring(pool, None, missing)
    assert not missing.exists()
    await refuse_lost_ring(pool, None, there)
    await refuse_lost_ring(pool, f"file:{missing}", missing)


def test_a_hash_is_looked_for_under_this_key_and_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = ring_at(path)
    number, old = before.hashes.now("invitation", "ABCDEFGH")
    ring = msgspec.json.decode(path.read_bytes())
    ring["hash_keys"].insert(0, {"number": number + 1, "key": "A" * 43 + "="})
    path.write_bytes(msgspec.json.encode(ring))
    after = FileRing(path, development=True)
    assert after.hashes.now("invitation", "ABCDEFGH")[0] == number + 1
    assert after.hashes.candidates("invitation", "ABCDEFGH")[1] == old
    assert after.hashes.now("identity", "ABCDEFGH")[1] != after.hashes.now("invitation", "ABCDEFGH")[1]
