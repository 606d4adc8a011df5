"""The ground that tests stand on: a real PostgreSQL, a migrated database a worker, one event loop."""

import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as laws
from litestar import Litestar

from api.app import create_app
from api.embedded_postgres import FORGETFUL, Embedded, place, serving
from api.migrate import migrate, migrations
from api.postgres import Pool, open_pool
from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from tests.answers import HOOKS
from tests.simulation.coverage import table

PROJECT = Path(__file__).resolve().parent.parent
TURN_KEY = 0x7E57
"""The advisory lock under which workers make and drop databases, on the server's own `postgres` database."""

TRAPS: list[object] = ["met by", "seeds", "of these wrong", "lost", "stale", "undone", "beside"]
"""The head of the table of `tests/clients/test_rxdb_traps.py` and `test_watermelon_traps.py`."""

_heard: list[str] = []

laws.register_profile("quick", derandomize=True, deadline=None, max_examples=30, database=None)
laws.register_profile("long", derandomize=True, deadline=None, max_examples=500, database=None)
laws.register_profile("nightly", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
laws.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# It tells each request's address, query and all.
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what all simulated seeds of this run have met together, the storms of phones, and what lapses."""
    told: dict[str, list[object]] = {}
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, met in report.user_properties:
            told.setdefault(name, []).append(met)
    hits: Counter[str] = Counter()
    for met in told.get("hits", ()):
        hits.update(cast("dict[str, int]", met))
    if hits:
        terminalreporter.section("what the simulation has met", sep="-")
        terminalreporter.write_line(table(hits))
    traps = [cast("list[object]", met) for met in told.get("trap", ())]
    if traps:
        terminalreporter.section("what phones have met in bad weather", sep="-")
        for row in [TRAPS, *sorted(traps, key=str)]:
            terminalreporter.write_line(f"{row[0]:<30}" + "".join(f"{each:>16}" for each in row[1:]))
    if "lapses" in told:
        terminalreporter.section("warning: professional help that lapses soon, see docs/resources.md", sep="-")
        for lapse in told["lapses"]:
            terminalreporter.write_line(str(lapse))


@pytest.fixture(scope="session")
def embedded() -> Iterator[Embedded]:
    """The tests' own cluster: the first worker starts it, the last one stops it."""
    folder = place(PROJECT) / "test"
    with serving(folder, connections_max=400, settings=FORGETFUL) as server:
        yield server


@pytest.fixture(scope="session")
def server_dsn(request: pytest.FixtureRequest) -> str:
    """A database of the server under test from which others are made; HAVEN_TEST_DSN names another server."""
    given = os.environ.get("HAVEN_TEST_DSN")
    if given:
        return given
    server: Embedded = request.getfixturevalue("embedded")
    return server.dsn("postgres")


@pytest.fixture(scope="session")
async def dsn(server_dsn: str, worker_id: str) -> AsyncIterator[str]:
    """A migrated database of this worker's own. Tests that commit use new ids: none sees another's rows."""
    name = f"haven_test_{os.getpid()}_{worker_id}"
    await create_migrated_database(server_dsn, name)
    yield database_of(server_dsn, name)
    await drop_database(server_dsn, name)


@pytest.fixture
async def empty_dsn(server_dsn: str, worker_id: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database without a single table, for this test alone."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    name = f"haven_test_{os.getpid()}_{worker_id}_{digest}"
    await create_database(server_dsn, name)
    yield database_of(server_dsn, name)
    await drop_database(server_dsn, name)


@pytest.fixture(scope="session")
async def pool(dsn: str) -> AsyncIterator[Pool]:
    """Connections to this worker's database, opened as the server opens them."""
    async with open_pool(dsn, connections_max=10, wait_s=10, statement_s=30, on_statement=_heard.append) as pool:
        yield pool


@pytest.fixture
async def connection(pool: Pool) -> AsyncIterator[asyncpg.Connection]:
    """One connection in a transaction that is rolled back after the test."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The texts of the statements that pooled connections have run since the test began; clear it at will."""
    _heard.clear()
    yield _heard
    _heard.clear()


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root keys of this worker's database; whoever opens parts on it needs them."""
    return tmp_path_factory.mktemp("keys") / "keys.json"


@pytest.fixture(scope="session")
async def parts(dsn: str, keys_file: Path) -> AsyncIterator[Parts]:
    """Everything that the server consists of, on this worker's database."""
    settings = Settings(database_url=Secret(dsn), pool_wait_s=10, statement_s=30)
    async with open_parts(settings, keys_file=keys_file, on_statement=_heard.append) as parts:
        yield parts


@pytest.fixture(scope="session")
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the application in this loop, without a socket."""
    async with app_client(create_app(parts)) as client:
        yield client


@asynccontextmanager
async def app_client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Send requests to `app` in the loop of the test, so that its pool is the test's pool.

    Every answer is held against the description of the API.
    """
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://haven.test", event_hooks=HOOKS) as client:
        yield client


def database_of(server_dsn: str, name: str) -> str:
    """Return the address of database `name` on the same server."""
    return urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))


async def create_database(server_dsn: str, name: str) -> None:
    """Make `name` without a table in it."""
    async with _turn(server_dsn) as connection:
        await connection.execute(f"CREATE DATABASE {name}")


async def create_migrated_database(server_dsn: str, name: str) -> None:
    """Make `name` as a copy of a template, which is migrated once for these migrations."""
    words = "".join(migration.sha256 for migration in migrations())
    template = f"haven_template_{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    making = f"{template}_{os.getpid()}"
    async with _turn(server_dsn) as connection:
        await _drop_what_dead_runs_left(connection, keep=template)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", template):
            await connection.execute(f"CREATE DATABASE {making}")
            await migrate(database_of(server_dsn, making))
            await connection.execute(f"ALTER DATABASE {making} RENAME TO {template}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


async def copy_database(server_dsn: str, of: str, name: str) -> None:
    """Make `name` equal to `of`, to the row: nobody uses that meanwhile."""
    async with _turn(server_dsn) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {of}")


async def drop_database(server_dsn: str, name: str) -> None:
    """Drop `name`, ending whoever still uses it."""
    async with _turn(server_dsn) as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@asynccontextmanager
async def _turn(server_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect and wait until no other worker makes or drops databases."""
    connection = await asyncpg.connect(server_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", TURN_KEY)
        yield connection
    finally:
        await connection.close()


async def _drop_what_dead_runs_left(connection: asyncpg.Connection, *, keep: str) -> None:
    if os.environ.get("HAVEN_TEST_DSN"):
        return  # somebody else's server: their runs may be alive on another machine
    for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname ~ '^haven_(test|template)_'"):
        name: str = row["datname"]
        owner = re.match(r"haven_test_(\d+)_", name) or re.fullmatch(r"haven_template_[0-9a-f]{12}_(\d+)", name)
        left = name != keep if owner is None else not _alive(int(owner[1]))
        if left:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        else:
            return True
    return False
