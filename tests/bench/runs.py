"""One run of one job: clients that each send the next when the last is answered, and what it cost everyone."""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tests.bench.devices import CHANGING, Device, WrongAnswer
from tests.bench.lines import ANSWER_S, Line, LineBroken, request
from tests.bench.meters import cpu_s
from tests.bench.servers import Served

SHOWN_MAX: Final = 3
"""Wrong answers of one run that are told in full."""


class Run(Struct, frozen=True):
    """What one run came to."""

    jobs: int
    errors: int
    took_s: float
    server_cpu_s: float
    database_cpu_s: float
    client_cpu_s: float
    latencies_s: list[float]

    @property
    def cpu_s(self) -> float:
        """Server and database together."""
        return self.server_cpu_s + self.database_cpu_s


async def run(
    job: str,
    devices: Sequence[Device],
    served: Served,
    run_s: float,
    *,
    database: int | None = None,
    path: str | None = None,
) -> Run:
    """Do a job again and again on as many connections as devices, for `run_s` seconds.

    `database` is the first process of the database that the server uses. With a `path`, answers are those of the
    no-op server: only their status is looked at.
    """
    beside = [] if database is None else [database]
    lines = [await Line.to(served.port) for _ in devices]
    latencies: list[float] = []
    faults: list[str] = []
    try:
        for device, line in zip(devices, lines, strict=True):
            # The connection and the caller's token are known before the clock starts.
            await line.ask(request(path or "/v1/sync", device.token, device.ask("W6")))
            if path is None:
                await prepare(job, device, line)
        client_before_s, server_before_s, database_before_s = time.process_time(), cpu_s([served.pid]), cpu_s(beside)
        began = time.perf_counter()
        until = began + run_s
        async with asyncio.timeout(run_s + ANSWER_S), asyncio.TaskGroup() as group:
            for device, line in zip(devices, lines, strict=True):
                group.create_task(_again_and_again(job, device, line, until, latencies, faults, path))
        took_s = time.perf_counter() - began
        client_s = time.process_time() - client_before_s
        server_s, database_s = cpu_s([served.pid]) - server_before_s, cpu_s(beside) - database_before_s
    finally:
        for line in lines:
            line.close()
    for fault in faults[:SHOWN_MAX]:
        sys.stderr.write(f"    {job}: {fault}\n")
    return Run(len(latencies), len(faults), took_s, server_s, database_s, client_s, latencies)


async def prepare(job: str, device: Device, line: Line) -> None:
    """Let a device learn what it must know before the job."""
    before = device.ask_before(job)
    if before is not None:
        _, body = await line.ask(request("/v1/sync", device.token, before))
        device.take_before(body)


async def _again_and_again(
    job: str,
    device: Device,
    line: Line,
    until: float,
    latencies: list[float],
    faults: list[str],
    path: str | None,
) -> None:
    target = path or "/v1/sync"
    written = request(target, device.token, device.ask(job))
    while True:
        began = time.perf_counter()
        try:
            status, body = await line.ask(written)
            ended = time.perf_counter()
            if path is None:
                device.take(job, status, body)
            elif status != 200:
                raise WrongAnswer(f"no-op: {status}")
            latencies.append(ended - began)
        except WrongAnswer as fault:
            faults.append(str(fault))
            ended = time.perf_counter()
        except LineBroken:
            faults.append("the connection broke")
            return
        if ended >= until:
            return
        if job in CHANGING:
            written = request(target, device.token, device.ask(job))
