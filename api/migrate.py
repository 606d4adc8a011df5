"""Bring a database to the newest schema: plain SQL files, in order, each applied once, never edited."""

import asyncio
import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NewType

import asyncpg
from msgspec import Struct

from api.postgres import connect

FOLDER = Path(__file__).resolve().parent.parent / "infra" / "migrations"

LOCK_KEY = 0x48_61_76_65_6E
"""The advisory lock of migrations. It only spares noise: the primary key makes applying once right."""
LOCK_TIMEOUT_MS = 500
"""DDL that waits behind a long reader makes everyone else queue behind it: give up soon, and come back."""
STATEMENT_S = 60
CONCURRENT_S = 3600
"""Building an index beside the traffic holds nobody up and may take its time."""

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text CONSTRAINT schema_migration_pkey PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL
);
COMMENT ON TABLE schema_migration IS 'dist:local';
"""
_TABLE_EXISTS = "SELECT to_regclass('schema_migration') IS NOT NULL"
_APPLIED = "SELECT name, sha256 FROM schema_migration"
_RECORD = "INSERT INTO schema_migration (name, sha256, applied_at) VALUES ($1, $2, $3)"
_MAY_NOT = (
    "The user of this database may not make tables in it. Let that user own the database (ALTER DATABASE … OWNER TO …),"
    " or grant it the schema (GRANT USAGE, CREATE ON SCHEMA public TO …)."
)
_INDEX_VALID = """
SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = to_regclass($1)
"""

_FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
_OUTSIDE = "-- no-transaction"
_CONCURRENT_INDEX = re.compile(
    r"\A\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+([a-z_][a-z0-9_]*)\s+ON\s", re.IGNORECASE
)

_OWN_END = re.compile(r"^\s*(COMMIT|ROLLBACK|END)\s*(WORK|TRANSACTION)?\s*;", re.IGNORECASE | re.MULTILINE)
"""A file that ended its transaction would be half applied when its next statement fails."""

Sha256 = NewType("Sha256", str)


class MigrationFailed(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """The schema could not be brought forward; the text says why and what to do."""


class Migration(Struct, frozen=True):
    """One file: its name, its words, and whether it runs outside of a transaction."""

    name: str
    sql: str
    sha256: Sha256
    outside: bool

    @property
    def number(self) -> int:
        """The four digits that its name begins with."""
        return int(self.name[:4])


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


async def migrate(
    dsn: str,
    *,
    folder: Path = FOLDER,
    clock: Callable[[], datetime] = utc_now,
    chance: random.Random | None = None,
    wait_s: float = 120.0,
    retry_s: float = 300.0,
) -> list[str]:
    """Apply what is missing and return the names of the files that this call applied.

    Any number of callers may run at once. Wait at most `wait_s` for another one; give a file whose
    locks are taken `retry_s` of tries, each of LOCK_TIMEOUT_MS at most. Raise MigrationFailed, a sentence,
    or Unreachable.
    """
    wanted = migrations(folder)
    chance = chance or random.Random()  # noqa: S311 - spreads retries, keeps no secret
    connection = await connect(dsn)
    try:
        await _take_turn(connection, chance, wait_s)
        await connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        await connection.execute(f"SET statement_timeout = {STATEMENT_S * 1000}")
        await connection.execute(_TABLE)
        todo = _missing(wanted, await _applied(connection))
        for migration in todo:
            await _apply_patiently(connection, migration, clock, chance, retry_s)
        return [migration.name for migration in todo]
    except asyncpg.InsufficientPrivilegeError:
        raise MigrationFailed(_MAY_NOT) from None
    finally:
        await connection.close(timeout=10)


async def missing(dsn: str, *, folder: Path = FOLDER) -> list[str]:
    """Return the names of the files that this database has not seen, changing nothing."""
    connection = await connect(dsn)
    try:
        there = await connection.fetchval(_TABLE_EXISTS)
        applied = await _applied(connection) if there else {}
    except asyncpg.InsufficientPrivilegeError:
        raise MigrationFailed(_MAY_NOT) from None
    finally:
        await connection.close(timeout=10)
    return [migration.name for migration in _missing(migrations(folder), applied)]


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Read the files in the order of their numbers."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        if not _FILE_NAME.fullmatch(path.name):
            raise MigrationFailed(f"{path.name}: a migration is named like 0007_what_it_does.sql.")
        sql = path.read_text(encoding="utf-8")
        if _OWN_END.search(sql):
            raise MigrationFailed(f"{path.name} ends its own transaction; take COMMIT or ROLLBACK out.")
        digest = Sha256(hashlib.sha256(sql.encode()).hexdigest())
        found.append(Migration(path.name, sql, digest, outside=sql.startswith(_OUTSIDE)))
    if len({migration.number for migration in found}) != len(found):
        raise MigrationFailed("Two migrations have the same number: give the newer one the next free number.")
    return found


def _missing(wanted: Sequence[Migration], applied: Mapping[str, str]) -> list[Migration]:
    for migration in wanted:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationFailed(
                f"{migration.name} was edited after this database had applied it. Put the old words back and"
                " write the change as a new file. (A database on your own machine: `make reset` starts anew.)"
            )
    todo = [migration for migration in wanted if migration.name not in applied]
    newest = max(applied, default="")
    for migration in todo:
        if migration.name < newest:
            raise MigrationFailed(
                f"{migration.name} comes before {newest}, which this database has already applied."
                " Give the new file the next free number. (Your own machine: `make reset` starts anew.)"
            )
    return todo


async def _applied(connection: asyncpg.Connection) -> dict[str, str]:
    return {row["name"]: row["sha256"] for row in await connection.fetch(_APPLIED)}


async def _take_turn(connection: asyncpg.Connection, chance: random.Random, wait_s: float) -> None:
    # A session that *waits* in pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY waits for
    # every snapshot: the two would wait for each other. Hence asking again and again.
    try:
        async with asyncio.timeout(wait_s):
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110
                await asyncio.sleep(chance.uniform(0.05, 0.25))
    except TimeoutError:
        raise MigrationFailed(
            f"Another migration has been running for {wait_s:.0f} s. Look at it, then start this one again."
        ) from None


async def _apply_patiently(
    connection: asyncpg.Connection,
    migration: Migration,
    clock: Callable[[], datetime],
    chance: random.Random,
    retry_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + retry_s
    while True:
        try:
            if migration.outside:
                await _apply_outside(connection, migration, clock)
            else:
                await _apply_inside(connection, migration, clock)
        except asyncpg.LockNotAvailableError:
            if loop.time() >= deadline:
                raise MigrationFailed(
                    f"{migration.name} found its table in use for {retry_s:.0f} s and was not applied."
                    " A long transaction holds it (see pg_stat_activity); nothing was changed."
                ) from None
            await asyncio.sleep(min(chance.uniform(0.2, 2.0), max(0.0, deadline - loop.time())))
        except asyncpg.PostgresError as fault:
            raise MigrationFailed(f"{migration.name} was not applied: {fault.sqlstate} {fault}") from fault
        else:
            return


async def _apply_inside(connection: asyncpg.Connection, migration: Migration, clock: Callable[[], datetime]) -> None:
    # The file goes to PostgreSQL as it is: its own parser splits it, right for every quote and comment.
    async with connection.transaction():
        await connection.execute(_RECORD, migration.name, migration.sha256, clock())
        await connection.execute(migration.sql)


async def _apply_outside(connection: asyncpg.Connection, migration: Migration, clock: Callable[[], datetime]) -> None:
    words = re.sub(r"--[^\n]*", "", migration.sql)
    found = _CONCURRENT_INDEX.match(words)
    if found is None:
        raise MigrationFailed(
            f"{migration.name}: outside of a transaction only CREATE INDEX CONCURRENTLY name ON ... is known,"
            " because an interrupted one can be told and taken back."
        )
    index = found[1].lower()
    valid = await connection.fetchval(_INDEX_VALID, index)
    await connection.execute(f"SET statement_timeout = {CONCURRENT_S * 1000}")
    # Building waits for older transactions to end, and nobody queues behind that wait.
    await connection.execute("SET lock_timeout = 0")
    try:
        if valid is False:
            # An earlier build was cut in the middle and left an index that costs but does not serve.
            await connection.execute(f"DROP INDEX CONCURRENTLY {index}")
        if valid is not True:
            await connection.execute(migration.sql)
        await connection.execute(_RECORD, migration.name, migration.sha256, clock())
    finally:
        if not connection.is_closed():
            await connection.execute(f"SET statement_timeout = {STATEMENT_S * 1000}")
            await connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
