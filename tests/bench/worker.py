"""Measure the worker: how many prompts it decides in a second, and what a tick costs among few people and many.

A prompt is decided when it is claimed, asked about once more on what is so then, worded, written into the ledger and
handed over. The same round is measured with a courier whose messages are taken at once, and with Google's own library
before a fake FCM in another process.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
from msgspec import Struct

from api.embedded_postgres import Embedded
from api.migrate import migrate
from api.prompting import Prompting
from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from notifications.fcm import open_sender
from notifications.sending import LogOnly, Sends
from tests.bench import servers
from tests.bench.crowd import Crowd
from tests.bench.floor import postmaster_of
from tests.bench.meters import cpu_s
from tests.bench.table import markdown
from tests.fake_fcm import PROJECT, StaticCredential

CROWDS: Final = (1_000, 100_000)
DUE: Final = 500
"""As many as one round takes."""
IDLE_TICKS: Final = 100
SETTING_UP_S: Final = 240
TICK_S: Final = 60

COLUMNS: Final = (
    *("due", "people", "decided", "taken at once: a second, min / median / max", "fake FCM: a second"),
    *("worker", "database", "statements", "rows read", "rows of all tables"),
)


class Tick(Struct, frozen=True):
    """What one tick came to."""

    decided: int
    took_s: float
    worker_s: float
    database_s: float
    statements: int
    rows_read: int


class Town(Struct, frozen=True):
    """A database with so many people in it, and a worker for each way out."""

    parts: Parts
    crowd: Crowd
    workers: Mapping[str, Prompting]
    heard: list[str]
    rows: int


class Cell(Struct, frozen=True):
    """One line of the table: what is due, among how many; every tick by its way out."""

    due: str
    people: int
    rows: int
    ticks: dict[str, list[Tick]]

    def line(self) -> list[str]:
        """Return the texts of `COLUMNS`; processor time is in seconds for 1,000 prompts."""
        at_once, fcm = self.ticks["at once"], self.ticks["fcm"]
        rates = [each.decided / each.took_s for each in at_once]
        return [
            self.due,
            f"{self.people:,}",
            str(at_once[0].decided),
            f"{min(rates):.0f} / **{median(rates):.0f}** / {max(rates):.0f}",
            f"{median(each.decided / each.took_s for each in fcm):.0f}",
            f"{median(each.worker_s / each.decided for each in at_once) * 1000:.2f}",
            f"{median(each.database_s / each.decided for each in at_once) * 1000:.2f}",
            f"{median(each.statements for each in at_once):.0f}",
            f"{median(each.rows_read for each in at_once):.0f}",
            f"{self.rows:,}",
        ]


async def measured(server: Embedded, scratch: Path, reps: int, tell: Callable[[str], None]) -> str:
    """Set both crowds up, measure in turns, and return the table."""
    async with AsyncExitStack() as opened:
        fake = await opened.enter_async_context(servers.fcm(scratch / "fcm.log"))
        sender = await opened.enter_async_context(
            open_sender(project=PROJECT, base_url=f"http://127.0.0.1:{fake.port}", credential=StaticCredential())
        )
        ways: dict[str, Sends] = {"at once": LogOnly(), "fcm": sender}
        towns: dict[int, Town] = {}
        for people in CROWDS:
            tell(f"Setting up {people:,} people ...")
            began = time.perf_counter()
            async with asyncio.timeout(SETTING_UP_S):
                towns[people] = await opened.enter_async_context(town(server, scratch, people, ways))
            tell(f"  {time.perf_counter() - began:.0f} s, {towns[people].rows:,} rows")
        # A worker holds no crowd in its memory, and is not to look through ours for garbage.
        gc.collect()
        gc.freeze()
        cells = [
            Cell(due, people, towns[people].rows, {way: [] for way in ways})
            for due in ("letters", "invitations")
            for people in CROWDS
        ]
        database = postmaster_of(server)
        # The first round of each asks for plans and opens connections; it is not counted.
        for nth in range(reps + 1):
            for cell in cells if nth % 2 else reversed(cells):
                for way, ticks in cell.ticks.items():
                    latest = await tick(towns[cell.people], cell.due, way, database)
                    if nth:
                        ticks.append(latest)
                        tell(
                            f"  {nth}/{reps}  {cell.due:<11} of {cell.people:>7,}  {way:<7}"
                            f"  {latest.decided / latest.took_s:6.0f} a second  {latest.rows_read:>6} rows"
                        )
        idle = [f"{await idle_ms(each):.2f} ms among {people:,} people" for people, each in towns.items()]
    return f"{markdown(COLUMNS, [cell.line() for cell in cells])}\nA tick with nothing due: {', '.join(idle)}.\n"


@asynccontextmanager
async def town(server: Embedded, scratch: Path, people: int, ways: Mapping[str, Sends]) -> AsyncIterator[Town]:
    """A migrated database with a crowd in it, and the parts of a process on it."""
    name = f"crowd_{people}"
    asking = await asyncpg.connect(server.dsn())
    await asking.execute(f"CREATE DATABASE {name}")
    await asking.close()
    await migrate(server.dsn(name))
    heard: list[str] = []
    settings = Settings(database_url=Secret(server.dsn(name)), statement_s=300)
    async with open_parts(settings, keys_file=scratch / f"{name}.json", on_statement=heard.append) as parts:
        crowd = Crowd(parts.pool, parts.keys, datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0))
        await crowd.grow(people)
        rows = await parts.pool.fetchval(
            "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND oid > 16384"
        )
        workers = {way: Prompting(parts, sends) for way, sends in ways.items()}
        yield Town(parts, crowd, workers, heard, rows)


async def tick(town: Town, due: str, way: str, database: int) -> Tick:
    """Make as many due as one round takes, and let the worker do its round."""
    crowd = town.crowd
    await (crowd.letters(DUE) if due == "letters" else crowd.invitations(DUE))
    rows_before, database_before_s, worker_before_s = await rows_read(town), cpu_s([database]), time.process_time()
    town.heard.clear()
    began = time.perf_counter()
    async with asyncio.timeout(TICK_S):
        decided = await town.workers[way].tick(crowd.now)
    took_s = time.perf_counter() - began
    worker_s, database_s = time.process_time() - worker_before_s, cpu_s([database]) - database_before_s
    statements = len(town.heard)
    told = await crowd.told()
    assert decided == told == DUE, f"of {DUE} that were due {decided} were looked at, and {told} told"
    return Tick(decided, took_s, worker_s, database_s, statements, await rows_read(town) - rows_before)


async def idle_ms(town: Town) -> float:
    """How long a tick takes that has nothing to do: the middle of many. It looks at no row of a table."""
    took_s = []
    await town.crowd.letters(0)
    before = await rows_read(town)
    for _ in range(IDLE_TICKS):
        began = time.perf_counter()
        assert await town.workers["at once"].tick(town.crowd.now) == 0
        took_s.append(time.perf_counter() - began)
    looked_at = await rows_read(town) - before
    assert looked_at == 0, f"{looked_at} rows were looked at, though nothing was due"
    return median(took_s) * 1000


async def rows_read(town: Town) -> int:
    """How many rows of tables were looked at since the database was made, by whatever connection."""
    pool = town.parts.pool
    connections = [await pool.acquire() for _ in range(pool.get_size())]
    for each in connections:
        await each.execute("SELECT pg_stat_force_next_flush()")
    for each in connections:
        await pool.release(each)
    found: int = await pool.fetchval(
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables"
    )
    return found
