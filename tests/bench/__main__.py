"""Measure Haven against its floor: `make bench JOBS=W1,W6 REPS=10`; RECORD=1 writes it down.

Everything runs on this machine: a PostgreSQL of its own that waits for the disk, the server as `haven serve`
starts it, and this process as every client. Tables go to standard output, progress to standard error.
`make bench JOBS=worker` measures the worker by itself, which has no floor: `tests/bench/worker.py`.
"""

import asyncio
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import uvloop
from msgspec import Struct

from api.embedded_postgres import Embedded, EmbeddedFailed, forget, place, serving
from api.keys import make_ring_file
from api.wiring import PROJECT
from tests.bench import couples, servers, worker
from tests.bench.counted import statements_a_job
from tests.bench.devices import Device
from tests.bench.floor import Bodies, Floor, laid, postmaster_of
from tests.bench.jobs import COUPLES, JOBS, Job
from tests.bench.lines import Line, request
from tests.bench.meters import load, processor, pss_mb
from tests.bench.runs import Run, prepare, run
from tests.bench.table import Cell, Rep, record, table

DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
RUN_S: Final = 1
REPS_DEFAULT: Final = 5
SETTING_UP_S: Final = 300
REP_S: Final = 30
"""How long one repetition of one job at one number of clients may take before the whole is given up."""

WORKER: Final = "WORKER"
"""The one job that is no request."""

DOCUMENT: Final = PROJECT / "docs" / "performance.md"

BODIES: Final = """
SELECT (SELECT avg(octet_length(body))::integer FROM record WHERE kind = 'step') AS record,
    (SELECT avg(octet_length(body))::integer FROM revision) AS revision"""


class Wish(Struct, frozen=True):
    """What was asked for."""

    jobs: tuple[Job, ...]
    worker: bool
    reps: int
    write_down: bool


class Ground(Struct, frozen=True):
    """What every run stands on."""

    server: Embedded
    haven: servers.Served
    noop: servers.Served
    floor: Floor
    devices: list[Device]
    asking: asyncpg.Connection


def main() -> int:
    """Measure, and leave nothing behind."""
    try:
        wish = wished()
    except ValueError as fault:
        tell(str(fault))
        return 2
    # A shell's background job would not hear Ctrl-C's signal at all.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    home = place(PROJECT)
    scratch = home / "bench-scratch"
    try:
        forget(home / "bench")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        with serving(home / "bench", connections_max=200, settings=DURABLE) as server:
            limit_s = SETTING_UP_S + REP_S * wish.reps * sum(len(job.clients) for job in wish.jobs)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                if wish.jobs:
                    runner.run(asyncio.wait_for(measure(wish, server, scratch), limit_s))
                if wish.worker:
                    runner.run(measure_worker(wish, server, scratch))
    except KeyboardInterrupt:
        tell("Stopped.")
        return 130
    except (EmbeddedFailed, servers.ServerFailed) as fault:
        tell(str(fault))
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(EmbeddedFailed):
            forget(home / "bench")
    return 0


def wished() -> Wish:
    """Return what the environment asks for; raise ValueError with a sentence."""
    names = [name for name in os.environ.get("JOBS", "").replace(" ", "").upper().split(",") if name] or list(JOBS)
    unknown = [name for name in names if name not in (*JOBS, WORKER)]
    if unknown:
        raise ValueError(f"JOBS names {', '.join(unknown)}; there are {', '.join(JOBS)} and {WORKER.lower()}.")
    reps = os.environ.get("REPS") or str(REPS_DEFAULT)
    if not reps.isdecimal() or not 1 <= int(reps) <= 100:
        raise ValueError("REPS must be a whole number from 1 to 100.")
    jobs = tuple(JOBS[name] for name in names if name != WORKER)
    return Wish(jobs, WORKER in names, int(reps), os.environ.get("RECORD", "") not in ("", "0"))


async def measure(wish: Wish, server: Embedded, scratch: Path) -> None:
    """Set everything up, measure, and show the table."""
    began_load, keys_file = load(), scratch / "keys.json"
    make_ring_file(keys_file)
    async with AsyncExitStack() as opened:
        haven = await opened.enter_async_context(servers.haven(server.dsn(), keys_file, scratch / "haven.log"))
        tell(f"Setting up {COUPLES} couples and a great one ...")
        devices = [device async for device in couples.settled_couples(haven.port)]
        for device in devices:
            await learn(device, haven.port)
        statements = await statements_a_job(server.dsn(), keys_file, devices[0], [*JOBS])
        asking = await asyncpg.connect(server.dsn())
        opened.push_async_callback(asking.close)
        await asking.execute("VACUUM ANALYZE")
        found = await asking.fetchrow(BODIES)
        assert found is not None, "it is one row"
        floor = await opened.enter_async_context(laid(server, scratch, Bodies(found["record"], found["revision"])))
        answers = {job.name: await answer_of(job, devices[0], haven.port) for job in wish.jobs}
        noop = await opened.enter_async_context(servers.noop(answers, scratch / "noop.log"))
        await asking.execute("CHECKPOINT")
        ground = Ground(server, haven, noop, floor, devices[:COUPLES], asking)
        cells = [Cell(job.name, clients, statements[job.name], []) for job in wish.jobs for clients in job.clients]
        for nth in range(wish.reps):
            for cell in cells:
                cell.reps.append(await rep(ground, JOBS[cell.job], cell.clients, nth))
                latest = cell.reps[-1]
                tell(
                    f"  {nth + 1}/{wish.reps}  {cell.job} c={cell.clients:<3} floor {latest.floor_s * 1000:.2f}"
                    f"  haven {latest.haven_s * 1000:.2f}  x {latest.ratio:.2f}"
                )
        memory = (
            f"Memory (PSS): server {pss_mb([haven.pid]):.0f} MB, database"
            f" {pss_mb([postmaster_of(server)]):.0f} MB, for all {COUPLES} couples and the runs above."
        )
        version = str(await asking.fetchval("SHOW server_version"))
    say(wish, f"{machine(version, began_load, f'{wish.reps} reps of {RUN_S} s')}\n\n{table(cells)}\n{memory}\n")


async def measure_worker(wish: Wish, server: Embedded, scratch: Path) -> None:
    """Measure the worker's own round, and show the table."""
    began_load = load()
    lines = await worker.measured(server, scratch, wish.reps, tell)
    asking = await asyncpg.connect(server.dsn())
    version = str(await asking.fetchval("SHOW server_version"))
    await asking.close()
    say(wish, f"{machine(version, began_load, f'{wish.reps} reps of {worker.DUE} prompts')}\n\n{lines}")


def say(wish: Wish, said: str) -> None:
    """Show a table, and write it down where that was asked for."""
    sys.stdout.write(said)
    if wish.write_down:
        record(DOCUMENT, f"### {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}\n\n{said}")
        tell(f"Written into {DOCUMENT.relative_to(PROJECT)}.")


async def rep(ground: Ground, job: Job, clients: int, nth: int) -> Rep:
    """Let the three contenders do the same job one after the other; who begins changes with every repetition."""
    devices: Sequence[Device] = ground.devices[:clients]
    database = postmaster_of(ground.server)
    done: dict[str, Any] = {}

    async def ours() -> None:
        before = await ground.asking.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        done["haven"] = await run(job.name, devices, ground.haven, RUN_S, database=database)
        written = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::text::pg_lsn)::bigint"
        done["wal"] = await ground.asking.fetchval(written, before)

    async def http() -> None:
        path = f"/{job.name}"
        done["http"] = await run(job.name, devices, ground.noop, RUN_S, path=path)

    async def postgres() -> None:
        done["postgres"] = await ground.floor.cpu_s_a_job(job, clients, RUN_S)

    turns: list[Callable[[], Coroutine[Any, Any, None]]] = [ours, http, postgres]
    for each in range(len(turns)):
        await turns[(nth + each) % len(turns)]()
    noop: Run = done["http"]
    return Rep(done["postgres"], noop.cpu_s / max(1, noop.jobs), done["haven"], done["wal"])


async def learn(device: Device, port: int) -> None:
    """Let a device take everything there is."""
    line = await Line.to(port)
    more = True
    while more:
        _, body = await line.ask(request("/v1/sync", device.token, device.ask_page()))
        more = device.take_page(body)
    line.close()


async def answer_of(job: Job, device: Device, port: int) -> bytes:
    """Return what the real server answers to this job."""
    line = await Line.to(port)
    await prepare(job.name, device, line)
    status, body = await line.ask(request("/v1/sync", device.token, device.ask(job.name)))
    device.take(job.name, status, body)
    line.close()
    return body


def machine(postgres: str, began_load: str, reps: str) -> str:
    """Return the line that says where and when this was measured."""
    return (
        f"{processor()}; Linux {platform.release()}; PostgreSQL {postgres}; Python {platform.python_version()};"
        f" load {began_load} before, {load()} after; {reps}."
    )


def commit() -> str:
    """Return the commit that is checked out, marked when files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    said = subprocess.run(  # noqa: S603 - our own argument list
        [git, "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def tell(words: str) -> None:
    """Say how it goes."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
