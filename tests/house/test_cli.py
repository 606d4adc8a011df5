"""The command `haven` as an operator meets it: real processes, exit codes, sentences."""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.embedded_postgres import START_S, _tag
from api.greeting import _recalled, greeting
from api.keys import make_ring_file
from api.limits import SIGN_IN
from api.migrate import migrations
from api.postmaster import command as command_line
from api.postmaster import postmaster
from api.server import ECHO_S
from api.settings import Address
from api.wiring import Parts
from tests.clusters import put_a_cluster, reachable_folder
from tests.conftest import app_client

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 3 * START_S
"""A first start makes a cluster, makes a database in it and starts it, and is given START_S for each. With fifteen
programs on two cores all three took 30 s together, and the end 7 s: slow, and no fault."""


class Haven:
    """A process of `python -m api`, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def until(self, pattern: str) -> re.Match[str]:
        """Read standard output until `pattern` is in it."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (found := re.search(pattern, self.said)) is None:
                    line = await self.process.stdout.readline()
                    assert line, self.said + (await self._complaints())
                    self.said += line.decode()
        except TimeoutError:
            pytest.fail(f"Within {PATIENCE_S:.0f} s Haven did not say {pattern!r}, but only:\n{self.said}")
        return found

    async def base(self) -> str:
        return (await self.until(r"listening on +(http://\S+)"))[1]

    async def end(self) -> int:
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await self.process.communicate()
        except TimeoutError:
            pytest.fail(f"Within {PATIENCE_S:.0f} s Haven did not end. Before, it said:\n{self.said}")
        self.said += out.decode() + err.decode()
        assert self.process.returncode is not None
        return self.process.returncode

    async def _complaints(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def haven(*arguments: str, at: Path | None = None, **environ: str) -> AsyncIterator[Haven]:
    """Start `haven` with nothing of this process's environment; whatever happens, it does not outlive the test.

    It belongs to the checkout `at`, or to the one that `house` is in.
    """
    # Under nohup these tests ignore a closed terminal, and so would whatever they start.
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api",
            *arguments,
            cwd=at,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environ},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    finally:
        signal.signal(signal.SIGHUP, inherited)
    try:
        yield Haven(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def run(*arguments: str, **environ: str) -> tuple[int, str]:
    async with haven(*arguments, **environ) as started:
        return await started.end(), started.said


def in_test_long(*values: Any) -> Iterator[Any]:
    """Values of a parameter that are tried in `make test-long` alone: each is a process, and shows little more."""
    return (pytest.param(value, marks=pytest.mark.long) for value in values)


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of this checkout, where PostgreSQL's account can reach it."""
    with reachable_folder() as made:
        for name in ("api", "domain", "sync", "notifications", "infra"):
            shutil.copytree(PROJECT / name, made / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        yield made


@pytest.fixture(scope="module", autouse=True)
def house() -> Iterator[Path]:
    """Be in a copy of this checkout: what a command keeps beside a database must not replace somebody's own."""
    with copied() as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        yield made


@pytest.fixture
def environ(empty_dsn: str, tmp_path: Path) -> dict[str, str]:
    """Settings of a Haven on an empty database, on ports of the system's choice."""
    make_ring_file(tmp_path / "keys.json")
    return {
        "DATABASE_URL": empty_dsn,
        "HAVEN_KEYS": f"file:{tmp_path / 'keys.json'}",
        "HAVEN_BIND": "127.0.0.1:0",
        "HAVEN_ADMIN_BIND": "127.0.0.1:0",
    }


async def test_help_names_every_command_and_exit_code() -> None:
    code, said = await run("--help")
    assert code == 0
    for word in ("serve", "worker", "migrate", "check", "epoch", "resources", "78"):
        assert word in said


async def test_help_imports_nothing_that_takes_long() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, api.cli; print(not {'litestar', 'asyncpg', 'uvicorn', 'asyncio'} & set(sys.modules))",
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "True"


async def test_check_shows_the_settings_and_no_secret() -> None:
    dsn = "postgresql://ana:quittenmarmelade@db.example/haven"
    code, said = await run("check", "--json", DATABASE_URL=dsn, HAVEN_POOL_MAX="7")
    shown = json.loads(said)["settings"]
    assert code == 0
    assert shown["DATABASE_URL"] == "***"
    assert shown["HAVEN_POOL_MAX"] == 7
    code, said = await run("check", DATABASE_URL=dsn)
    assert code == 0
    assert "quittenmarmelade" not in said
    assert "HAVEN_BIND" in said


@pytest.mark.parametrize("command", ["serve", *in_test_long("worker", "migrate", "check")])
async def test_settings_that_do_not_fit_end_with_78_and_every_fault(command: str) -> None:
    code, said = await run(command, HAVEN_POOL_MAX="quittenmarmelade", HAVEN_POOOL_MAX="1")
    assert code == 78
    assert "HAVEN_POOL_MAX must be" in said
    assert "HAVEN_POOOL_MAX is not a setting" in said
    assert "quittenmarmelade" not in said


async def test_check_lists_the_settings_to_whoever_got_a_name_wrong() -> None:
    code, said = await run("check", HAVEN_PORT="quittenmarmelade")
    assert code == 78
    assert "`haven check`" in said
    assert "HAVEN_BIND " in said
    assert "quittenmarmelade" not in said


async def test_production_does_not_start_yet_and_says_why() -> None:
    code, said = await run("serve", HAVEN_MODE="production")
    assert code == 78
    assert "not built" in said


async def test_a_key_file_that_others_can_read_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys.json").chmod(0o644)
    code, said = await run("serve", **environ)
    assert code == 78
    assert "chmod 600" in said


async def test_a_key_file_that_is_not_there_is_told_with_the_setting_that_names_it(
    environ: dict[str, str], tmp_path: Path
) -> None:
    missing = tmp_path / "none.json"
    code, said = await run("serve", **{**environ, "HAVEN_KEYS": f"file:{missing}"})
    assert code == 78
    assert said == f"The key file {missing} cannot be read: there is no such file. HAVEN_KEYS names it.\n"


@pytest.mark.long
async def test_a_user_who_may_not_make_tables_is_told_in_a_sentence(environ: dict[str, str]) -> None:
    there, name = urlsplit(environ["DATABASE_URL"]), f"haven_low_{uuid4().hex}"
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
    low = urlunsplit(there._replace(netloc=f"{name}:{name}@{there.netloc.rpartition('@')[2]}"))
    try:
        code, said = await run("migrate", **{**environ, "DATABASE_URL": low})
    finally:
        await connection.execute(f"DROP ROLE {name}")
        await connection.close()
    assert code == 1
    assert "may not make tables" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", [["worker"], ["epoch", "bump"], ["deletions"]])
async def test_a_database_that_was_not_migrated_is_told_in_a_sentence(
    environ: dict[str, str], command: list[str]
) -> None:
    said = "The database lacks tables of this version of Haven: run `haven migrate` first.\n"
    assert await run(*command, **environ) == (1, said)


async def test_migrate_lists_applies_and_has_nothing_more_to_do(environ: dict[str, str]) -> None:
    names = [migration.name for migration in migrations()]
    assert await run("migrate", "--check", "--json", **environ) == (3, json.dumps({"missing": names}) + "\n")
    assert await run("migrate", "--json", **environ) == (0, json.dumps({"applied": names}) + "\n")
    assert await run("migrate", "--check", **environ) == (0, "Nothing is missing.\n")


async def test_a_database_that_is_not_there_is_told_in_a_sentence() -> None:
    for command in ("serve", "migrate"):
        code, said = await run(command, DATABASE_URL="postgresql://ana:quittenmarmelade@/x?host=/nonexistent")
        assert code == 1
        assert "cannot be reached" in said
        assert "Traceback" not in said
        assert "quittenmarmelade" not in said


@pytest.mark.long
async def test_a_database_of_another_name_is_told_in_a_sentence_without_it(environ: dict[str, str]) -> None:
    there = urlunsplit(urlsplit(environ["DATABASE_URL"])._replace(path="/quittenmarmelade"))
    code, said = await run("migrate", **{**environ, "DATABASE_URL": there, "HAVEN_KEYS_DSN": there})
    assert code == 1
    assert said == (
        "The database cannot be reached: there is no database of this name on the server."
        " Are DATABASE_URL and HAVEN_KEYS_DSN right?\n"
    )


@pytest.mark.long
async def test_a_password_that_would_be_cut_ends_with_78_and_how_to_write_it() -> None:
    code, said = await run("serve", DATABASE_URL="postgresql://ana:quitten#marmelade@db.example/haven")
    assert code == 78
    assert "DATABASE_URL must read" in said
    assert "marmelade" not in said


async def test_an_epoch_is_bumped_for_the_store_or_a_space(environ: dict[str, str]) -> None:
    await run("migrate", **environ)
    assert (await run("epoch", "bump", **environ))[0] == 1
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    await connection.execute("INSERT INTO store_epoch VALUES (true, $1)", uuid4())
    before = await connection.fetchval("SELECT epoch FROM store_epoch")
    assert (await run("epoch", "bump", **environ))[0] == 0
    assert await connection.fetchval("SELECT epoch FROM store_epoch") != before
    await connection.close()
    code, said = await run("epoch", "bump", "--space", str(uuid4()), **environ)
    assert (code, said) == (1, "There is no such space.\n")


async def test_deletions_are_counted_and_nobody_is_named(environ: dict[str, str]) -> None:
    await run("migrate", **environ)
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    await connection.execute(
        "INSERT INTO person (person_id, space_id, joined_on, deletion_at, receipt) VALUES ($1, $2, $3, $4, 'ABC')",
        *(uuid4(), uuid4(), date(2026, 11, 20), datetime(2026, 11, 21, tzinfo=UTC)),
    )
    await connection.close()
    counted = {"can_be_undone": 1, "under_way": 0, "letters_stay": 0, "spaces_to_empty": 0, "finished": 0}
    assert await run("deletions", "--json", **environ) == (0, json.dumps(counted) + "\n")
    code, said = await run("deletions", **environ)
    assert (code, said.splitlines()[0]) == (0, "       1  can still be undone")
    assert "ABC" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, *in_test_long(signal.SIGTERM)])
async def test_serve_answers_until_a_signal_and_finishes_what_it_has_in_hand(
    environ: dict[str, str], number: signal.Signals
) -> None:
    async with haven("serve", **environ) as started, httpx.AsyncClient() as client:
        base = await started.base()
        probes = (await started.until(r"Probes +(http://\S+)"))[1]
        await started.until("Ctrl-C stops it")
        assert "server" not in (await client.get(f"{base}/v1/docs")).headers
        assert (await client.get(probes)).status_code == 200

        body = b'{"identity_token": "x"}'
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        head = (
            f"POST /v1/sign-in HTTP/1.1\r\nHost: haven\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        writer.write(head.encode() + b"\r\n\r\n" + body[:5])
        await writer.drain()
        # Answered on another connection after the half request has come in.
        assert (await client.get(f"{base}/x")).status_code == 404
        started.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get(probes)).status_code != 503:  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.01)
        writer.write(body[5:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        assert await started.end() == 0
        assert "Traceback" not in started.said


@pytest.mark.long
async def test_a_second_signal_ends_at_once(environ: dict[str, str]) -> None:
    async with haven("serve", **environ) as started, httpx.AsyncClient() as client:
        base = await started.base()
        probes = (await started.until(r"Probes +(http://\S+)"))[1]
        await started.until("Ctrl-C stops it")
        _, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(
            b"POST /v1/sign-in HTTP/1.1\r\nHost: haven\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        await writer.drain()
        assert (await client.get(f"{base}/x")).status_code == 404
        started.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get(probes)).status_code != 503:  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.01)
        # Sooner it would be taken for the same one, passed on by a program above.
        await asyncio.sleep(2 * ECHO_S)
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 130
        assert "Traceback" not in started.said
        writer.close()


async def test_a_signal_that_comes_twice_at_once_is_one(environ: dict[str, str]) -> None:
    """Whoever signals a group of programs reaches the server, and `make`, which passes it on."""
    async with haven("serve", **environ) as started:
        await started.until("Ctrl-C stops it")
        for _ in range(2):
            started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 0
        assert "Haven has stopped." in started.said


@pytest.mark.parametrize("bind", ["[::]:0", *in_test_long("127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "localhost:0")])
async def test_every_address_that_the_greeting_prints_answers(environ: dict[str, str], bind: str) -> None:
    if ":" in bind.rpartition(":")[0] and not has_ipv6():
        pytest.skip("This machine has no IPv6.")
    async with haven("serve", **{**environ, "HAVEN_BIND": bind, "HAVEN_ADMIN_BIND": bind}) as started:
        await started.until("Ctrl-C stops it")
        printed = set(re.findall(r"http://[^/\s']+", started.said))
        # The public port and that of probes, and for phones nearby perhaps one more.
        assert len(printed) in (2, 3)
        async with httpx.AsyncClient() as client:
            for base in printed:
                assert (await client.get(f"{base}/x")).status_code == 404


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


async def test_a_closed_terminal_stops_everything(checkout: Path) -> None:
    ports = {"HAVEN_BIND": "127.0.0.1:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}
    async with haven("serve", at=checkout, **ports) as started:
        await started.until("Ctrl-C stops it")
        pid = postmaster(checkout / ".haven" / "postgres" / "data")
        assert pid is not None
        for _ in range(2):
            # The system tells every program of the terminal, and the shell tells it once more.
            started.process.send_signal(signal.SIGHUP)
        assert await started.end() == 0
        assert "Haven has stopped." in started.said
    assert postmaster(checkout / ".haven" / "postgres" / "data") is None
    assert "postgres" not in command_line(pid)


@pytest.mark.long
async def test_a_signal_before_haven_listens_leaves_no_database_running(fresh_checkout: Path) -> None:
    (fresh_checkout / "infra" / "migrations" / "9999_slow.sql").write_text("SELECT pg_sleep(50);")
    data = fresh_checkout / ".haven" / "postgres" / "data"
    async with haven("serve", at=fresh_checkout, HAVEN_BIND="127.0.0.1:0", HAVEN_ADMIN_BIND="127.0.0.1:0") as started:
        async with asyncio.timeout(PATIENCE_S):
            while postmaster(data) is None:  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.01)
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 128 + signal.SIGTERM
        assert "Traceback" not in started.said
    assert postmaster(data) is None


@pytest.mark.long
async def test_a_database_that_dies_is_revived_while_haven_serves(checkout: Path) -> None:
    ports = {"HAVEN_BIND": "127.0.0.1:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}
    async with haven("serve", at=checkout, **ports) as started, httpx.AsyncClient(timeout=PATIENCE_S) as client:
        assert started.process.stderr is not None
        # So many lines that they would fill the pipe if nobody read them meanwhile.
        log = asyncio.create_task(started.process.stderr.read())
        base = await started.base()
        token = (await started.until(r"ANA=(\S+)"))[1]
        await started.until("Ctrl-C stops it")
        pid = postmaster(checkout / ".haven" / "postgres" / "data")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        headers = {"Authorization": f"Bearer {token}"}
        seen: list[int] = []
        async with asyncio.timeout(PATIENCE_S):
            while seen[-5:] != [200] * 5 or 503 not in seen:
                # Several at once, so that one of them holds a connection when it breaks.
                answers = await asyncio.gather(*(client.get(f"{base}/v1/me", headers=headers) for _ in range(5)))
                seen += [answer.status_code for answer in answers]
        assert set(seen) == {200, 503}
        assert answers[0].json()["me"]["chosen_name"] == "Ana"
        started.process.send_signal(signal.SIGTERM)
        assert await started.process.wait() == 0
        assert b"database_revived" in await log


async def test_a_ctrl_c_before_haven_has_read_itself_ends_without_a_traceback(tmp_path: Path) -> None:
    # Found before the real one, at the moment at which an impatient person presses it.
    (tmp_path / "uvloop.py").write_text("raise KeyboardInterrupt")
    assert await run("serve", PYTHONPATH=str(tmp_path)) == (130, "")


@pytest.mark.long
async def test_an_address_that_cannot_be_listened_on_is_told_in_a_sentence(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        addresses = {
            f"127.0.0.1:{taken.getsockname()[1]}": "another program listens there, perhaps another Haven",
            "192.0.2.1:8000": "this machine does not have this address",
            "haven.invalid:8000": "no machine of this name is known",
        }
        for address, why in addresses.items():
            code, said = await run("serve", **{**environ, "HAVEN_BIND": address})
            assert code == 1
            assert said.startswith(f"Haven cannot listen on {address}: {why}")
            assert said.endswith(". Choose another address by HAVEN_BIND=host:port.\n")


async def test_a_worker_runs_until_a_signal(environ: dict[str, str]) -> None:
    await run("migrate", **environ)
    async with haven("worker", **environ) as started, httpx.AsyncClient() as client:
        probes = (await started.until(r"probes on (http://\S+)\."))[1]
        assert (await client.get(probes)).status_code == 200
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 0


@pytest.fixture
def fresh_checkout() -> Iterator[Path]:
    """A copy of this checkout for one test, in which nothing was started yet."""
    with copied() as made:
        yield made


@pytest.fixture
def checkout(fresh_checkout: Path) -> Path:
    """A copy of this checkout for one test, with a database of its own."""
    (fresh_checkout / ".haven").mkdir()
    put_a_cluster(fresh_checkout / ".haven" / "postgres")
    return fresh_checkout


async def test_what_a_person_wrote_is_there_after_everything_was_killed(checkout: Path) -> None:
    ports = {"HAVEN_BIND": "127.0.0.1:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}
    data = checkout / ".haven" / "postgres" / "data"
    async with haven("serve", at=checkout, **ports) as first, httpx.AsyncClient() as client:
        base = await first.base()
        token = (await first.until(r"ANA=(\S+)"))[1]
        await first.until("Ctrl-C stops it")
        headers = {"Authorization": f"Bearer {token}"}
        named = await client.patch(f"{base}/v1/me", headers=headers, json={"chosen_name": "Ana Maria"})
        assert named.status_code == 200
        first.process.kill()
        pid = postmaster(data)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await first.process.wait()
    async with haven("serve", at=checkout, **ports) as second, httpx.AsyncClient() as client:
        base = await second.base()
        assert (await second.until(r"ANA=(\S+)"))[1] == token
        me = (await client.get(f"{base}/v1/me", headers=headers)).json()["me"]
        assert me["chosen_name"] == "Ana Maria"
        assert me["couple"]["partner_name"] == "Ben"
        second.process.send_signal(signal.SIGINT)
        assert await second.end() == 0
        assert "Haven has stopped." in second.said
    assert postmaster(data) is None
    assert (checkout / ".haven" / "keys.json").stat().st_mode & 0o777 == 0o600
    assert (checkout / ".haven" / "people.json").stat().st_mode & 0o777 == 0o600


async def reset(at: Path, answer: str, **environ: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.reset",
        cwd=at,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(answer.encode())
    assert process.returncode is not None
    return process.returncode, said.decode()


def sockets_outside(folder: Path) -> Path:
    """Where the sockets of a folder are whose own path is too long for them."""
    return Path(f"/tmp/haven-{_tag(folder)}")  # noqa: S108 - it is the product's choice


@pytest.mark.long
async def test_reset_deletes_the_embedded_database_and_its_keys_and_no_others(
    fresh_checkout: Path, empty_dsn: str
) -> None:
    ports = {"HAVEN_BIND": "127.0.0.1:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}
    long = fresh_checkout / ("long" * 30)
    long.mkdir()
    for name in ("api", "domain", "sync", "notifications", "infra"):
        (fresh_checkout / name).rename(long / name)
    home, own = long / ".haven", {**ports, "DATABASE_URL": empty_dsn}
    async with haven("serve", at=long, **ports) as started:
        await started.until("Ctrl-C stops it")
        code, said = await reset(long, "yes\n")
        assert (code, "is in use" in said) == (1, True)
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 0
    async with haven("serve", at=long, **own) as started:
        token = (await started.until(r"ANA=(\S+)"))[1]
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 0
    for variable in ("DATABASE_URL", "HAVEN_KEYS_DSN"):
        code, said = await reset(long, "yes\n", **{variable: empty_dsn})
        assert code == 1
        assert f"{variable} is set, so nothing was deleted" in said
        assert str(home / "keys-of-your-own-database.json") in said
    code, said = await reset(long, "no\n")
    assert (code, "Nothing was deleted." in said) == (1, True)
    assert (home / "postgres").exists()

    sockets = sockets_outside(home / "postgres")
    assert sockets.exists()
    code, said = await reset(long, "yes\n")
    assert (code, "Done." in said, "were kept" in said) == (0, True, True)
    assert not sockets.exists()
    assert {each.name for each in home.iterdir()} == {
        "keys-of-your-own-database.json",
        "people-of-your-own-database.json",
    }
    async with haven("serve", at=long, **own) as started:
        # What was written there can still be read.
        assert (await started.until(r"ANA=(\S+)"))[1] == token


@pytest.mark.long
async def test_keys_that_once_served_both_databases_still_open_both(
    checkout: Path, empty_dsn: str, environ: dict[str, str]
) -> None:
    make_ring_file(checkout / ".haven" / "keys.json")
    keys = {"HAVEN_KEYS": f"file:{checkout / '.haven' / 'keys.json'}"}
    async with haven("serve", at=checkout, **{**environ, **keys}) as started:
        await started.until("Ctrl-C stops it")
    del environ["HAVEN_KEYS"]
    async with haven("serve", at=checkout, **environ) as started:
        await started.until("Ctrl-C stops it")
    assert (await reset(checkout, "yes\n"))[0] == 0
    assert not (checkout / ".haven" / "keys.json").exists()
    async with haven("serve", at=checkout, **environ) as started:
        await started.until("Ctrl-C stops it")


@pytest.mark.long
async def test_a_start_and_a_reset_name_a_database_that_they_leave_alone(fresh_checkout: Path) -> None:
    left = fresh_checkout / ".haven"
    (left / "postgres").mkdir(parents=True)
    # What anybody may write is used by nobody.
    left.chmod(0o777)
    kept = {"XDG_DATA_HOME": str(fresh_checkout / "kept")}
    try:
        async with haven("migrate", at=fresh_checkout, **kept) as started:
            assert await started.end() == 0
        assert f"There is a database of this checkout in {left} that is not used now" in started.said
    finally:
        code, said = await reset(fresh_checkout, "yes\n", **kept)
    assert (code, f"in {left} that is not used now" in said) == (0, True)
    assert (left / "postgres").exists()


async def test_the_greeting_says_where_it_could_not_read_who_the_two_were(parts: Parts, tmp_path: Path) -> None:
    remembered, nowhere = tmp_path / "people.json", Address("127.0.0.1", 9)
    said = f"  {remembered} cannot be read by this account, or is spoilt."
    assert said not in await greeting(parts, nowhere, nowhere, remembered, "here")
    remembered.write_text("{")
    assert said in await greeting(parts, nowhere, nowhere, remembered, "here")
    assert said not in await greeting(parts, nowhere, nowhere, remembered, "here")


@pytest.mark.parametrize("content", ["", "[]", "[1]", '[{"name": "Ana"}]', "\udcff", "{"])
def test_a_file_of_people_that_cannot_be_read_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "people.json").write_text(content, errors="surrogateescape")
    assert _recalled(tmp_path / "people.json") == _recalled(tmp_path / "none.json")


async def test_the_greeting_names_two_people_whatever_became_of_the_last_ones(parts: Parts, tmp_path: Path) -> None:
    remembered, nowhere = tmp_path / "people.json", Address("127.0.0.1", 9)

    async def greeted() -> dict[str, str]:
        lines = await greeting(parts, nowhere, nowhere, remembered, "here")
        return dict(line.split("=") for line in lines if line.startswith(("ANA=", "BEN=")))

    first = await greeted()
    assert await greeted() == first
    async with app_client(create_app(parts)) as client:
        ana = {"Authorization": f"Bearer {first['ANA']}"}
        (device,) = [each["id"] for each in (await client.get("/v1/devices", headers=ana)).json()["devices"]]
        assert (await client.post(f"/v1/devices/{device}/revoke", headers=ana, json={})).status_code == 204
        again = await greeted()
        assert set(again) == {"ANA", "BEN"}
        assert again["ANA"] != first["ANA"]
        ana = {"Authorization": f"Bearer {again['ANA']}"}
        # The same Ana, on another phone: what she wrote is still there.
        couple = (await client.get("/v1/me", headers=ana)).json()["me"]["couple"]
        assert couple["partner_name"] == "Ben"
    for _ in range(SIGN_IN.hits_max + 1):
        remembered.unlink(missing_ok=True)
        assert set(await greeted()) == {"ANA", "BEN"}


async def test_what_is_kept_beside_a_database_of_these_tests_is_not_kept_in_this_checkout(
    environ: dict[str, str], house: Path
) -> None:
    async with haven("serve", **environ) as started:
        token = (await started.until(r"ANA=(\S+)"))[1]
    assert token in (house / ".haven" / "people-of-your-own-database.json").read_text()


async def test_what_the_greeting_offers_to_try_works(environ: dict[str, str]) -> None:
    async with haven("serve", **environ) as started:
        await started.until("Ctrl-C stops it")
        lines = [line for line in started.said.splitlines() if line.startswith(("ANA=", "BEN=", "curl "))]
        assert len(lines) == 5
        shell = await asyncio.create_subprocess_exec(
            "sh",
            "-ec",
            "\n".join(lines).replace("curl ", shlex.join([sys.executable, f"{PROJECT}/tests/curl.py"]) + " "),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await shell.communicate()
    assert shell.returncode == 0
    me, given, fetched = map(json.loads, out.decode().splitlines())
    assert me["me"]["chosen_name"] == "Ana"
    assert given["outcomes"][0]["status"] == "applied"
    notes = [record for record in fetched["records"] if record["kind"] == "note"]
    assert [note["fields"]["for_what"] for note in notes] == ["the tea this morning"]
