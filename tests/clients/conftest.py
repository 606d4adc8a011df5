"""The libraries that apps use, installed once from the lock for all workers; without Node their tests are skipped."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from api.wiring import Parts
from tests.clients import watermelon
from tests.clients.compiling import native_adapter
from tests.clients.devices import House, HouseInOne, Processes, house_of
from tests.clients.hands import MixedHouse, mixed
from tests.clients.installing import ADAPTERS, HERE, LOCK, only_one
from tests.clients.places import Place, place_of
from tests.clients.readers import Node
from tests.clients.watermelon import HouseInSqlite, WatermelonHouse

MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"
HOUSES = {"RxDB": House, "RxDB in one": HouseInOne, "LokiJS": WatermelonHouse, "SQLite": HouseInSqlite}
BUILT = MODULES / "better-sqlite3" / "build" / ".built"
NODE = ["node", "-p", "JSON.stringify({ path: process.execPath, version: process.version })"]
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
INSTALLING_S = 300
BUILDING_S = 300
# One more try, and soon: who works without a network does not want to wait for it.
TRYING = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"]
NO_NETWORK = re.compile(r"code (EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|\w*TIME_?D?OUT)")


@pytest.fixture(scope="session")
async def processes() -> AsyncIterator[Processes]:
    """The devices' processes: one story after the other uses them."""
    processes = Processes()
    yield processes
    await processes.end()


@pytest.fixture(scope="session")
async def watermelon_processes() -> AsyncIterator[Processes]:
    processes = Processes(watermelon.PROGRAM)
    yield processes
    await processes.end()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Node]:
    """A process in which devices of the native adapter live."""
    node = Node(native_adapter(tmp_path_factory, worker_id), tmp_path_factory.mktemp("phones"))
    yield node
    node.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test run with each of the libraries that it, or its file, is marked with."""
    mark = metafunc.definition.get_closest_marker("libraries")
    if mark is not None and "library" in metafunc.fixturenames:
        metafunc.parametrize("library", mark.args, indirect=True)


@pytest.fixture
def library(request: pytest.FixtureRequest) -> str:
    """What devices use: RxDB, maybe with all in one collection; or WatermelonDB, its tables in LokiJS or in SQLite."""
    chosen: str = getattr(request, "param", "RxDB")
    if chosen == "SQLite" and (missing := what_sqlite_lacks(RUN)):
        nothing_tested_with("WatermelonDB's SQLite", missing)
    return chosen


OpenHouse = Callable[[Parts], AbstractAsyncContextManager[House]]


@pytest.fixture
def open_house(
    client: httpx.AsyncClient, library: str, processes: Processes, watermelon_processes: Processes
) -> OpenHouse:
    """Opens a house with other parts than those that are shared."""

    @asynccontextmanager
    async def opened(parts: Parts) -> AsyncIterator[House]:
        its_own = processes if library.startswith("RxDB") else watermelon_processes
        async with house_of(client, parts, its_own, HOUSES[library]) as house:
            yield house
            await house.all_are_sound()

    return opened


@pytest.fixture
async def house(open_house: OpenHouse, parts: Parts) -> AsyncIterator[House]:
    """A couple whose native phones are in sync, with a goal that both accepted, and a server for their devices.

    In the end WatermelonDB itself finds every database sound.
    """
    async with open_house(parts) as house:
        yield house


@pytest.fixture
async def mixed_house(house: House, watermelon_processes: Processes, node: Node) -> AsyncIterator[MixedHouse]:
    """The same couple with devices of all kinds, which meet the server through a proxy."""
    async with mixed(house, watermelon_processes, node) as all_of_them:
        yield all_of_them


@pytest.fixture
async def place(client: httpx.AsyncClient, parts: Parts, node: Node) -> AsyncIterator[Place]:
    async with place_of(client, parts, node) as place:
        yield place


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the libraries before each test."""
    missing = what_is_missing(RUN)
    if missing:
        nothing_tested_with("RxDB, WatermelonDB and TypeScript", missing)


def nothing_tested_with(libraries: str, missing: str) -> NoReturn:
    """Say why, and skip this test, or fail where everything has to be there."""
    said = f"Nothing was tested with {libraries}: {missing}."
    if os.environ.get("CI") or os.environ.get("HAVEN_NODE") == "required":
        pytest.fail(said, pytrace=False)
    pytest.skip(said)


@cache
def what_is_missing(run: str) -> str:
    """Install what an app would have: the libraries of the lock, and Haven's adapters pasted beside them.

    Return why that cannot be, or nothing. The first worker that finds out leaves word for the others of its run.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "there is no Node here, or no npm"
    word = MODULES / f".missing-{run}"
    with only_one():
        if word.exists():
            return word.read_text()
        stamp = hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if not STAMP.exists() or STAMP.read_text() != stamp:
            missing = install()
            if missing:
                MODULES.mkdir(exist_ok=True)
                word.write_text(missing)
                return missing
            STAMP.write_text(stamp)
        paste()
    return ""


def install() -> str:
    """Install what the lock names, from npm's own cache or the registry; return why that cannot be, or nothing."""
    npm = [shutil.which("npm") or "npm", "ci", *TRYING]
    try:
        done = subprocess.run(npm, cwd=HERE, capture_output=True, text=True, timeout=INSTALLING_S, check=False)  # noqa: S603 - our own argument list
    except subprocess.TimeoutExpired:
        return f"npm has not installed it within {INSTALLING_S} seconds"
    if NO_NETWORK.search(done.stderr):
        return "npm reaches no registry from here"
    assert done.returncode == 0, done.stderr
    return ""


@cache
def what_sqlite_lacks(run: str) -> str:
    """Build better-sqlite3 against the headers of this Node; return why that cannot be, or nothing.

    That takes half a minute, so it is done once for an installation, and only where a test asks for it.
    """
    word = MODULES / f".missing-sqlite-{run}"
    with only_one(HERE / "package.json"):
        if word.exists():
            return word.read_text()
        node = subprocess.run(NODE, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own argument list
        if not BUILT.exists() or BUILT.read_text() != node:
            missing = build(Path(json.loads(node)["path"]).resolve().parent.parent)
            if missing:
                word.write_text(missing)
                return missing
            BUILT.write_text(node)
    return ""


def build(prefix: Path) -> str:
    """Compile it with what stands beside this Node, without asking any server for anything."""
    if not (prefix / "include" / "node" / "node.h").exists():
        return "the headers of this Node are not installed"
    if shutil.which(os.environ.get("CXX", "g++")) is None or shutil.which("make") is None:
        return "there is no C++ compiler here, or no make"
    npm = [shutil.which("npm") or "npm", "run", "--silent", "sqlite", "--", f"--nodedir={prefix}"]
    try:
        done = subprocess.run(npm, cwd=HERE, capture_output=True, text=True, timeout=BUILDING_S, check=False)  # noqa: S603 - our own argument list
    except subprocess.TimeoutExpired:
        return f"better-sqlite3 was not built within {BUILDING_S} seconds"
    if done.returncode != 0:
        return f"better-sqlite3 cannot be built here ({' '.join(done.stderr.split()[-40:])})"
    return ""


def paste() -> None:
    """Copy the adapters, as one does into an app, so that they find its libraries."""
    target = MODULES / "haven"
    target.mkdir(exist_ok=True)
    for adapter in ADAPTERS.glob("*.mjs"):
        # In one step: the devices of another worker may read it at this moment.
        new = target / f"{adapter.name}.new"
        shutil.copy(adapter, new)
        new.replace(target / adapter.name)
