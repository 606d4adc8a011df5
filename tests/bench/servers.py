"""Start what is measured, each as a process of its own, and end it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from api.wiring import PROJECT

START_S: Final = 60.0
STOP_S: Final = 10.0
_LISTENING = re.compile(rb"listening on +http://127\.0\.0\.1:(\d+)")


class ServerFailed(Exception):  # noqa: N818 - a past-tense fact
    """A server did not begin to listen."""


class Served(Struct, frozen=True):
    """A server that listens."""

    pid: int
    port: int


@asynccontextmanager
async def haven(dsn: str, keys_file: Path, log: Path) -> AsyncIterator[Served]:
    """Run `haven serve` on this database: its defaults, but for free ports. `log` gets its lines."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
    environ |= {
        "DATABASE_URL": dsn,
        "HAVEN_KEYS": f"file:{keys_file}",
        "HAVEN_BIND": "127.0.0.1:0",
        "HAVEN_ADMIN_BIND": "127.0.0.1:0",
    }
    async with _running("api", "serve", environ=environ, log=log) as process:
        yield Served(process.pid, await _port(process, _LISTENING, log))


@asynccontextmanager
async def noop(answers: Mapping[str, bytes], log: Path) -> AsyncIterator[Served]:
    """Run the no-op server with these answers."""
    async with _running("tests.bench.noop", environ=os.environ, log=log) as process:
        assert process.stdin is not None, "it is a pipe"
        process.stdin.write(msgspec.json.encode(answers))
        process.stdin.close()
        yield Served(process.pid, await _port(process, re.compile(rb"^(\d+)$"), log))


@asynccontextmanager
async def fcm(log: Path) -> AsyncIterator[Served]:
    """Run a fake FCM that takes everything."""
    async with _running("tests.bench.fcm", environ=os.environ, log=log) as process:
        yield Served(process.pid, await _port(process, re.compile(rb"^(\d+)$"), log))


@asynccontextmanager
async def _running(*module: str, environ: Mapping[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=lines,
            cwd=PROJECT,
            env=dict(environ),
            # Ctrl-C reaches us alone, and we end it.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _port(process: asyncio.subprocess.Process, sign: re.Pattern[bytes], log: Path) -> int:
    assert process.stdout is not None, "it is a pipe"
    with suppress(TimeoutError):
        async with asyncio.timeout(START_S):
            async for line in process.stdout:
                found = sign.search(line.strip())
                if found is not None:
                    return int(found[1])
    last = await asyncio.to_thread(log.read_text, errors="replace")
    raise ServerFailed(f"A server did not begin to listen. Its last words:\n{last[-2000:]}")
