"""The libraries that apps use, installed once from the lock for all workers; without Node their tests are skipped."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest

from api.wiring import Parts
from tests.clients.devices import House, Processes, house_of

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"
ADAPTERS = HERE.parent.parent / "docs" / "clients"
INSTALLING_S = 300
# One more try, and soon: who works without a network does not want to wait for it.
TRYING = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"]
NO_NETWORK = re.compile(r"code (EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|\w*TIME_?D?OUT)")


@pytest.fixture(scope="session")
async def processes() -> AsyncIterator[Processes]:
    """The devices' processes: one story after the other uses them."""
    processes = Processes()
    yield processes
    await processes.end()


@pytest.fixture
async def house(client: httpx.AsyncClient, parts: Parts, processes: Processes) -> AsyncIterator[House]:
    """A couple whose native phones are in sync, with a goal that both accepted, and a server for their devices."""
    async with house_of(client, parts, processes) as house:
        yield house


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs these libraries where they cannot be had, or fail where that must not happen."""
    missing = what_is_missing(os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())))
    if not missing:
        return
    said = f"Nothing was tested with RxDB and TypeScript: {missing}."
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


def paste() -> None:
    """Copy the adapters, as one does into an app, so that they find its libraries."""
    target = MODULES / "haven"
    target.mkdir(exist_ok=True)
    for adapter in ADAPTERS.glob("*.mjs"):
        # In one step: the devices of another worker may read it at this moment.
        new = target / f"{adapter.name}.new"
        shutil.copy(adapter, new)
        new.replace(target / adapter.name)


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other worker installs. The lock is on the list of what is installed, which is always there."""
    with LOCK.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
