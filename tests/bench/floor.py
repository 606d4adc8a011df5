"""The floor of PostgreSQL: pgbench with the statements that a job cannot do without, on small tables of its own."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg
from msgspec import Struct

from api.embedded_postgres import SUPERUSER, Embedded
from tests.bench.jobs import COUPLES, FILL_FLOOR, FLOOR_TABLES, PAGE, RECORDS_A_COUPLE, Job
from tests.bench.meters import cpu_s, tree

DATABASE: Final = "floor"
RUN_S: Final = 60.0
_DONE = re.compile(rb"number of transactions actually processed: (\d+)")
_FAILED = re.compile(rb"number of failed transactions: (\d+)")


class FloorFailed(Exception):  # noqa: N818 - a past-tense fact
    """Pgbench did not do what it was told to."""


class Bodies(Struct, frozen=True):
    """How many bytes the real server seals for a record, and for what an edit puts behind."""

    record: int
    revision: int


class Floor:
    """PostgreSQL with nothing of ours on it."""

    def __init__(self, server: Embedded, postmaster: int, folder: Path, bodies: Bodies) -> None:
        self._server = server
        self._postmaster = postmaster
        self._folder = folder
        self._bodies = bodies

    async def cpu_s_a_job(self, job: Job, clients: int, run_s: int) -> float:
        """Return the database's processor seconds for one job.

        A process for each client, its first parse and plan are what a pool pays once: a run of one job a client
        is measured beside and taken off.
        """
        begun_s, begun = await self._run(job, clients, ("-t", "1"))
        cost_s, done = await self._run(job, clients, ("-T", str(run_s)))
        return (cost_s - begun_s) / (done - begun)

    async def _run(self, job: Job, clients: int, length: tuple[str, str]) -> tuple[float, int]:
        script = self._folder / f"{job.name}.pgbench"
        await asyncio.to_thread(script.write_text, job.script)
        alive = tree([self._postmaster])
        before_s = cpu_s([self._postmaster])
        defined = {
            "ready": "0",
            "page": str(PAGE),
            "body": "\\x" + "ab" * self._bodies.record,
            "small": "\\x" + "ab" * self._bodies.revision,
        }
        process = await asyncio.create_subprocess_exec(
            self._server.programs / "pgbench",
            *("--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}"),
            *(f"--define={name}={value}" for name, value in defined.items()),
            *length,
            f"--file={script}",
            f"--host={self._server.sockets}",
            f"--username={SUPERUSER}",
            DATABASE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            out, complaints = await asyncio.wait_for(process.communicate(), RUN_S)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        done, failed = _DONE.search(out), _FAILED.search(out)
        if process.returncode or done is None or (failed is not None and failed[1] != b"0"):
            raise FloorFailed(f"pgbench, {job.name} at {clients}: {complaints.decode(errors='replace')[-1000:]}")
        # What a backend has used is its parent's to tell once it is gone.
        async with asyncio.timeout(RUN_S):
            while len(tree([self._postmaster])) > len(alive):  # noqa: ASYNC110 - nobody tells us of it
                await asyncio.sleep(0.005)
        return cpu_s([self._postmaster]) - before_s, int(done[1])


@asynccontextmanager
async def laid(server: Embedded, folder: Path, bodies: Bodies) -> AsyncIterator[Floor]:
    """Make the tables, as many couples and records as the real ones."""
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(server.dsn(DATABASE))
    try:
        await connection.execute(FLOOR_TABLES)
        await connection.execute(FILL_FLOOR, COUPLES, RECORDS_A_COUPLE, bodies.record)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    yield Floor(server, postmaster_of(server), folder, bodies)


def postmaster_of(server: Embedded) -> int:
    """Return the id of the cluster's first process."""
    return int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
