"""Hold the keys: the root ring wraps wrapping keys, and a wrapping key wraps the data keys of spaces."""

import os
import secrets
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol
from uuid import UUID

import asyncpg
import msgspec
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from msgspec import Meta, Struct

from api.postgres import Pool
from api.settings import why_unreadable
from domain.ids import SpaceId
from sync.sealing import KEY_BYTES, SpaceKeys, keyed_hash

WRAPPING_KEYS_MAX = 256
SPACES_CACHED_MAX = 50_000
CACHED_S = 300.0
"""For how long a process may use a space's key after it was destroyed elsewhere."""

RING_FILE_BYTES_MAX = 64 * 1024
FIRST_KEY_NO = 1


class RingUnusable(Exception):  # noqa: N818 - says what is the matter
    """The key ring cannot be used as it stands; the sentence says why and names no secret."""


class HashKeys:
    """Keyed hashes for what is found again without being stored: an identity's subject, an invitation's code.

    A short code under a plain hash falls in minutes to whoever copies the table; under a key it does not.
    Hashes are stored beside the number of their key, and a look-up tries the present key and the one before.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[tuple[int, bytes]]) -> None:
        if not keys:
            raise RingUnusable("The key ring holds no hash key.")
        self._keys = tuple(keys)

    def now(self, purpose: str, *parts: str | bytes | UUID) -> tuple[int, bytes]:
        """Return the number of the present key, and the hash under it (32 bytes)."""
        number, key = self._keys[0]
        return number, keyed_hash(key, purpose, *parts)

    def candidates(self, purpose: str, *parts: str | bytes | UUID) -> list[bytes]:
        """Return the hashes under which this may be stored: by the present key, then by the one before."""
        return [keyed_hash(key, purpose, *parts) for _, key in self._keys[:2]]


class KeyRing(Protocol):
    """Where the root keys live: they wrap wrapping keys and never leave."""

    @property
    def hashes(self) -> HashKeys:
        """The keys of keyed hashes."""
        ...

    def current(self) -> str:
        """Return the id of the root key that wraps what is new."""
        ...

    async def wrap(self, key: bytes) -> bytes:
        """Wrap a key under the current root key."""
        ...

    async def unwrap(self, root: str, wrapped: bytes) -> bytes:
        """Unwrap what this root key wrapped; raises `RingUnusable` when it is unknown or does not fit."""
        ...


def open_ring(setting: str | None, development_file: Path, *, development: bool) -> KeyRing:
    """Open the ring that `setting` names (`file:PATH`); in development a missing setting makes a file once.

    Raises `RingUnusable` with a sentence for the operator.
    """
    if setting is None:
        if not development:
            raise RingUnusable("HAVEN_KEYS is not set.")
        make_ring_file(development_file)
        return FileRing(development_file, development=True)
    scheme, _, place = setting.partition(":")
    if scheme != "file" or not place:
        raise RingUnusable("HAVEN_KEYS must read file:PATH.")
    try:
        return FileRing(Path(place).absolute(), development=development)
    except RingUnusable as fault:
        raise RingUnusable(f"{fault} HAVEN_KEYS names it.") from None


async def refuse_lost_ring(pool: Pool, setting: str | None, development_file: Path) -> None:
    """Raise `RingUnusable` before a new ring is made for a database that was sealed under another one."""
    missing = setting is None and not development_file.exists()  # noqa: ASYNC240 - once, at the start
    if missing and await pool.fetch(WRAPPING_KEYS):
        raise RingUnusable(
            f"This database was sealed under root keys that are not here: {development_file} is missing."
            " Put that file back from where it was moved or saved, or name it by HAVEN_KEYS=file:PATH."
            " Without it nothing in this database can be read; `make reset` begins anew."
        )


class _Root(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    key: bytes


class _HashKey(Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1, le=32_767)]
    key: bytes


class _RingFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    roots: Annotated[list[_Root], Meta(min_length=1, max_length=16)]
    hash_keys: Annotated[list[_HashKey], Meta(min_length=1, max_length=16)]
    for_development: bool = False
    """Whether it was made by chance on somebody's own machine, where nobody thinks of a copy of it."""


class FileRing:
    """A ring in a file of mode 0600: JSON with several root and hash keys, the first of each is current."""

    __slots__ = ("_current", "_path", "_roots", "hashes")

    def __init__(self, path: Path, *, development: bool) -> None:
        ring = _read_ring(path)
        if ring.for_development and not development:
            raise RingUnusable(f"The key file {path} was made by chance, for development: production has its own.")
        self._path = path
        self._roots = {root.id: root.key for root in ring.roots}
        self._current = ring.roots[0].id
        self.hashes = HashKeys([(key.number, key.key) for key in ring.hash_keys])

    def current(self) -> str:
        """Return the id of the root key that wraps what is new."""
        return self._current

    async def wrap(self, key: bytes) -> bytes:
        """Wrap a key under the current root key (RFC 3394)."""
        return aes_key_wrap(self._roots[self._current], key)

    async def unwrap(self, root: str, wrapped: bytes) -> bytes:
        """Unwrap what this root key wrapped."""
        if root not in self._roots:
            raise RingUnusable(
                f"This database was sealed under a root key that the key file {self._path} does not hold."
                " Perhaps it is the file of another database."
            )
        try:
            return aes_key_unwrap(self._roots[root], wrapped)
        except (InvalidUnwrap, ValueError):
            raise RingUnusable(
                f"This database does not open under the root key that the key file {self._path} holds for it."
                " Perhaps the file was changed."
            ) from None


def make_ring_file(path: Path) -> None:
    """Write a new ring with mode 0600 unless one is there; of several processes at once one file stays."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    ring = _RingFile(
        roots=[_Root(id=f"file-{secrets.token_hex(4)}", key=secrets.token_bytes(KEY_BYTES))],
        hash_keys=[_HashKey(number=1, key=secrets.token_bytes(KEY_BYTES))],
        for_development=True,
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(ring))
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would overwrite: losing this file would lose every word sealed under it.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read_ring(path: Path) -> _RingFile:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise RingUnusable(f"The key file {path} must be readable by its owner alone (chmod 600).")
            content = file.read(RING_FILE_BYTES_MAX + 1)
    except OSError as fault:
        raise RingUnusable(f"The key file {path} cannot be read: {why_unreadable(fault)}.") from None
    try:
        ring = msgspec.json.decode(content, type=_RingFile)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RingUnusable(
            f"The key file {path} does not hold keys as Haven writes them: it is another file, or a damaged one."
        ) from None
    keys = [root.key for root in ring.roots] + [key.key for key in ring.hash_keys]
    if any(len(key) != KEY_BYTES for key in keys):
        raise RingUnusable(f"The key file {path} holds a key that is not {KEY_BYTES} bytes long.")
    return ring


async def open_keys(
    pool: Pool,
    ring: KeyRing,
    now: datetime,
    tick: Callable[[], float] = time.monotonic,
) -> "StoredKeys":
    """Unwrap every wrapping key, making the first if there is none; processes that start at once agree."""
    if not await pool.fetch(WRAPPING_KEYS):
        fresh = await ring.wrap(secrets.token_bytes(KEY_BYTES))
        await pool.execute(ADD_WRAPPING_KEY, 1, ring.current(), fresh, now)
    keys = StoredKeys(pool, ring, tick)
    await keys.load_wrapping_keys()
    return keys


class _Cached(Struct, frozen=True):
    keys: SpaceKeys
    until: float


class StoredKeys:
    """The keys of spaces, kept wrapped in `space_key`; implements `sync.ports.Keys`.

    Opened keys stay for `CACHED_S` seconds, the 50,000 used last. `tick` counts seconds and never goes back.
    """

    __slots__ = ("_cache", "_pool", "_ring", "_tick", "_wrapping")

    def __init__(self, pool: Pool, ring: KeyRing, tick: Callable[[], float]) -> None:
        self._pool = pool
        self._ring = ring
        self._tick = tick
        self._wrapping: dict[int, bytes] = {}
        self._cache: OrderedDict[SpaceId, _Cached] = OrderedDict()

    async def of(self, spaces: Collection[SpaceId]) -> Mapping[SpaceId, SpaceKeys]:
        """Return the keys of these spaces, by one statement for all that are not at hand.

        A space is missing from the answer when its key was destroyed or does not open.
        """
        moment = self._tick()
        found: dict[SpaceId, SpaceKeys] = {}
        missing: list[SpaceId] = []
        for space in spaces:
            cached = self._cache.get(space)
            if cached is None or cached.until <= moment:
                missing.append(space)
            else:
                self._cache.move_to_end(space)
                found[space] = cached.keys
        if missing:
            rows = await self._pool.fetch(KEYS_OF, missing)
            if any(row["wrapping_key_id"] not in self._wrapping for row in rows):
                await self.load_wrapping_keys()
            found |= self._opened(rows, moment)
        return found

    async def make(self, space: SpaceId, now: datetime) -> SpaceKeys:
        """Make and store the keys of a new space, committed before the space itself is.

        An orphan, should the space never come, harms nobody; a space without a key would lose words.
        """
        data_key, id_key = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
        number = max(self._wrapping)
        wrapping = self._wrapping[number]
        await self._pool.execute(
            ADD_SPACE_KEY,
            space,
            FIRST_KEY_NO,
            number,
            aes_key_wrap(wrapping, data_key),
            aes_key_wrap(wrapping, id_key),
            now,
        )
        keys = SpaceKeys(space, {FIRST_KEY_NO: data_key}, FIRST_KEY_NO, id_key)
        self._keep(space, keys, self._tick())
        return keys

    async def destroy(self, spaces: Collection[SpaceId]) -> None:
        """Delete the keys of these spaces: nothing that was sealed under them is ever read again. Twice is once.

        Backups of the keys still hold them until these have lapsed, and other processes for `CACHED_S` seconds.
        """
        await self._pool.execute(DESTROY_KEYS, spaces)
        self.forget(spaces)

    def forget(self, spaces: Collection[SpaceId]) -> None:
        """Drop opened keys from this process; others drop theirs within `CACHED_S` seconds."""
        for space in spaces:
            self._cache.pop(space, None)

    async def load_wrapping_keys(self) -> None:
        """Read every wrapping key anew; raises `RingUnusable` when the ring does not open one of them."""
        rows = await self._pool.fetch(WRAPPING_KEYS)
        if len(rows) > WRAPPING_KEYS_MAX:
            raise RingUnusable(f"There are more than {WRAPPING_KEYS_MAX} wrapping keys; retire some.")
        self._wrapping = {
            row["wrapping_key_id"]: await self._ring.unwrap(row["root_id"], row["wrapped"]) for row in rows
        }

    def _opened(self, rows: Sequence[asyncpg.Record], moment: float) -> dict[SpaceId, SpaceKeys]:
        by_space: dict[SpaceId, list[asyncpg.Record]] = {}
        for row in rows:
            by_space.setdefault(row["space_id"], []).append(row)
        opened: dict[SpaceId, SpaceKeys] = {}
        for space, of_space in by_space.items():
            try:
                data_keys = {row["key_no"]: self._unwrapped(row, "wrapped") for row in of_space}
                current = max(data_keys)
                newest = next(row for row in of_space if row["key_no"] == current)
                keys = SpaceKeys(space, data_keys, current, self._unwrapped(newest, "wrapped_id_key"))
            except (KeyError, InvalidUnwrap, ValueError):
                # One damaged key must not stop the other spaces of a person.
                continue
            self._keep(space, keys, moment)
            opened[space] = keys
        return opened

    def _unwrapped(self, row: asyncpg.Record, column: str) -> bytes:
        return aes_key_unwrap(self._wrapping[row["wrapping_key_id"]], row[column])

    def _keep(self, space: SpaceId, keys: SpaceKeys, moment: float) -> None:
        self._cache[space] = _Cached(keys, moment + CACHED_S)
        self._cache.move_to_end(space)
        while len(self._cache) > SPACES_CACHED_MAX:
            self._cache.popitem(last=False)


WRAPPING_KEYS = "SELECT wrapping_key_id, root_id, wrapped FROM wrapping_key ORDER BY wrapping_key_id"

ADD_WRAPPING_KEY = """
INSERT INTO wrapping_key (wrapping_key_id, root_id, wrapped, made_at)
VALUES ($1, $2, $3, $4) ON CONFLICT (wrapping_key_id) DO NOTHING
"""

KEYS_OF = """
SELECT space_id, key_no, wrapping_key_id, wrapped, wrapped_id_key
FROM space_key WHERE space_id = ANY($1::uuid[])
"""

ADD_SPACE_KEY = """
INSERT INTO space_key (space_id, key_no, wrapping_key_id, wrapped, wrapped_id_key, made_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

DESTROY_KEYS = "DELETE FROM space_key WHERE space_id = ANY($1::uuid[])"
