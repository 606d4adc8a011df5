"""The command `haven` as an operator meets it: real processes, exit codes, sentences."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from api.keys import make_ring_file
from api.migrate import migrations

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60


class Haven:
    """A process of `python -m api`, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def until(self, pattern: str) -> re.Match[str]:
        """Read standard output until `pattern` is in it."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while (found := re.search(pattern, self.said)) is None:
                line = await self.process.stdout.readline()
                assert line, self.said + (await self._complaints())
                self.said += line.decode()
        return found

    async def base(self) -> str:
        return (await self.until(r"listening on +(http://\S+)"))[1]

    async def end(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self.process.communicate()
        self.said += out.decode() + err.decode()
        assert self.process.returncode is not None
        return self.process.returncode

    async def _complaints(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def haven(*arguments: str, at: Path = PROJECT, **environ: str) -> AsyncIterator[Haven]:
    """Start `haven` with nothing of this process's environment; whatever happens, it does not outlive the test."""
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
    try:
        yield Haven(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def run(*arguments: str, **environ: str) -> tuple[int, str]:
    async with haven(*arguments, **environ) as started:
        return await started.end(), started.said


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
    for word in ("serve", "worker", "migrate", "check", "epoch", "78"):
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


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "check"])
async def test_settings_that_do_not_fit_end_with_78_and_every_fault(command: str) -> None:
    code, said = await run(command, HAVEN_POOL_MAX="quittenmarmelade", HAVEN_POOOL_MAX="1")
    assert code == 78
    assert "HAVEN_POOL_MAX must be" in said
    assert "HAVEN_POOOL_MAX is not a setting" in said
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
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
        started.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await started.end()
        writer.close()


async def test_a_taken_port_is_told_in_a_sentence(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = await run("serve", **{**environ, "HAVEN_BIND": address})
    assert code == 1
    assert f"cannot listen on {address}" in said
    assert "HAVEN_BIND=" in said
    assert "Traceback" not in said


async def test_a_worker_runs_until_a_signal(environ: dict[str, str]) -> None:
    await run("migrate", **environ)
    async with haven("worker", **environ) as started, httpx.AsyncClient() as client:
        probes = (await started.until(r"probes on (http://\S+)\."))[1]
        assert (await client.get(probes)).status_code == 200
        started.process.send_signal(signal.SIGTERM)
        assert await started.end() == 0


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of this checkout, with a database of its own, where PostgreSQL's account can reach it."""
    made = Path(tempfile.mkdtemp(prefix="haven-", dir="/var/tmp"))
    made.chmod(0o755)
    for name in ("api", "domain", "sync", "notifications", "infra"):
        shutil.copytree(PROJECT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    yield made
    shutil.rmtree(made)


async def test_what_a_person_wrote_is_there_after_everything_was_killed(checkout: Path) -> None:
    ports = {"HAVEN_BIND": "127.0.0.1:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}
    postmaster = checkout / ".haven" / "postgres" / "data" / "postmaster.pid"
    async with haven("serve", at=checkout, **ports) as first, httpx.AsyncClient() as client:
        base = await first.base()
        token = (await first.until(r"ANA=(\S+)"))[1]
        await first.until("Ctrl-C stops it")
        headers = {"Authorization": f"Bearer {token}"}
        named = await client.patch(f"{base}/v1/me", headers=headers, json={"chosen_name": "Ana Maria"})
        assert named.status_code == 200
        first.process.kill()
        os.kill(int(postmaster.read_text().split("\n", 1)[0]), signal.SIGKILL)
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
    assert not postmaster.exists()
    assert (checkout / ".haven" / "keys.json").stat().st_mode & 0o777 == 0o600
    assert (checkout / ".haven" / "people.json").stat().st_mode & 0o777 == 0o600


async def test_what_the_greeting_offers_to_try_works(environ: dict[str, str]) -> None:
    async with haven("serve", **environ) as started:
        await started.until("Ctrl-C stops it")
        lines = [line for line in started.said.splitlines() if line.startswith(("ANA=", "BEN=", "curl "))]
        assert len(lines) == 5
        shell = await asyncio.create_subprocess_exec(
            "sh",
            "-ec",
            "\n".join(lines).replace("curl ", f"{sys.executable} {PROJECT}/tests/curl.py "),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await shell.communicate()
    assert shell.returncode == 0
    me, given, fetched = map(json.loads, out.decode().splitlines())
    assert me["me"]["chosen_name"] == "Ana"
    assert given["outcomes"][0]["status"] == "applied"
    notes = [record for record in fetched["records"] if record["kind"] == "note"]
    assert [note["fields"]["for_what"] for note in notes] == ["the tea this morning"]
