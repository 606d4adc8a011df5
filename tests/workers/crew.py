"""The test's side: workers that are started, asked for rounds and killed, and what each of them said."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.ids import PersonId
from notifications.fcm import PATIENCE_S
from tests.workers.fcm import SOON_S, Gate
from tests.workers.said import (
    Begun,
    Called,
    Calling,
    Claimed,
    GoOn,
    Line,
    Order,
    Point,
    Stopped,
    TakenOver,
    Tick,
    Ticked,
)

PROJECT: Final = Path(__file__).resolve().parents[2]
CLAIMS_MAX: Final = 2


class Call(Struct, kw_only=True):
    """One time that a worker asked FCM."""

    token: str
    at: datetime
    """By that worker's own clock."""
    prompts: dict[PersonId, UUID]
    outcomes: dict[UUID, str] = {}
    """What the worker made of FCM's answers, as far as it lived to hear them."""
    taken_over: set[UUID] = set()
    """What it could not note, because another worker had taken that over."""
    over: int | None = None
    """When the worker had noted what came of it: the count of rounds that had begun until then."""
    killed: bool = False


class Claim(Struct, frozen=True, kw_only=True):
    """One time that a worker took a prompt for itself."""

    prompt: UUID
    worker: str
    at: datetime
    began: int
    """Which round it was in."""


class Worker:
    """A worker process."""

    def __init__(self, crew: "Crew", begun: Begun, line: Line) -> None:
        self.name, self.pid = begun.name, begun.pid
        self._crew, self._line = crew, line
        self._heard: asyncio.Queue[Stopped | Ticked | None] = asyncio.Queue()
        self._listens = asyncio.create_task(self._listen())
        self.began = 0
        self.under_way = False
        """Whether it is in the middle of a round."""
        self.is_killed = False

    async def begin(self, at: datetime, stop: Point | None = None, patience_s: float = PATIENCE_S) -> None:
        """Let it begin a round, at this time by its own clock."""
        assert not self.under_way
        self.under_way = True
        self.began = self._crew.round_begins()
        await self._line.say(Tick(at=at, stop=stop, patience_s=patience_s))

    async def stops(self) -> bool:
        """Wait until it stands where it was to stop; False if its round, or its life, ended before it came there."""
        match await self._hear():
            case Stopped():
                return True
            case Ticked() as ticked:
                self._ended(ticked)
                return False
            case None:
                assert self.is_killed, f"{self.name} has died by itself"
                return False

    async def goes_on(self) -> None:
        """Let it go on, and wait for the end of its round."""
        await self._line.say(GoOn())
        await self.ends()

    async def ends(self) -> None:
        """Wait for the end of its round."""
        assert not await self.stops(), "nobody said where to stop"

    async def round(self, at: datetime, patience_s: float = PATIENCE_S) -> None:
        await self.begin(at, patience_s=patience_s)
        await self.ends()

    async def die(self) -> None:
        """Kill it, wherever it is."""
        self.is_killed = True
        os.kill(self.pid, signal.SIGKILL)
        async with asyncio.timeout(SOON_S):
            # What it has said last is still heard.
            await self._listens
        for call in self._crew.calls_of(self.name):
            call.killed = call.over is None
        self._line.close()

    async def _hear(self) -> Stopped | Ticked | None:
        async with asyncio.timeout(SOON_S):
            return await self._heard.get()

    def _ended(self, ticked: Ticked) -> None:
        assert ticked.wrong is None, f"{self.name}: {ticked.wrong}"
        self.under_way = False

    async def _listen(self) -> None:
        try:
            while (said := await self._line.hear_said()) is not None:
                match said:
                    case Claimed():
                        self._crew.claims += [
                            Claim(prompt=prompt, worker=self.name, at=said.at, began=self.began)
                            for prompt in said.prompts
                        ]
                    case Calling():
                        self._crew.note(said, self.name)
                    case Called():
                        self._crew.calls_of(self.name)[-1].outcomes = said.outcomes
                    case TakenOver():
                        self._crew.calls_of(self.name)[-1].taken_over.add(said.prompt)
                    case Stopped():
                        self._heard.put_nowait(said)
                    case Ticked():
                        self._crew.over(self.name)
                        self._heard.put_nowait(said)
                    case Begun():
                        raise AssertionError("once is enough")
        except ConnectionError:
            pass
        self._heard.put_nowait(None)


class Crew:
    """The workers of one database, all that were ever started."""

    def __init__(self, nursery: asyncio.subprocess.Process, dsn: str, keys_file: Path, gate: Gate) -> None:
        self._nursery, self._dsn, self._keys_file, self._gate = nursery, dsn, keys_file, gate
        self._awaited: dict[str, asyncio.Future[Worker]] = {}
        self._count = self._rounds = 0
        self.port = 0
        self.workers: list[Worker] = []
        """Those that live."""
        self.calls: list[Call] = []
        self.claims: list[Claim] = []

    async def three(self) -> list[Worker]:
        """Three workers that live, as many of them anew as were killed."""
        self.workers = [each for each in self.workers if not each.is_killed]
        missing = 3 - len(self.workers)
        self.workers += await asyncio.gather(*[self._start() for _ in range(missing)])
        return self.workers

    def calls_of(self, name: str) -> list[Call]:
        return [each for each in self.calls if each.token.startswith(f"{name}.")]

    def round_begins(self) -> int:
        self._rounds += 1
        return self._rounds

    def note(self, calling: Calling, by: str) -> None:
        # Before its next call a worker has noted what came of the last one.
        self.over(by)
        self.calls.append(Call(token=calling.token, at=calling.at, prompts=calling.prompts))

    def over(self, name: str) -> None:
        """Note that a worker has nothing under way any more."""
        for call in self.calls_of(name):
            call.over = self._rounds if call.over is None else call.over

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the call of a worker that has begun."""
        line = Line(reader, writer)
        begun = await line.hear_said()
        if isinstance(begun, Begun):
            self._awaited.pop(begun.name).set_result(Worker(self, begun, line))

    async def _start(self) -> Worker:
        self._count += 1
        name = f"worker{self._count}"
        order = Order(
            name=name,
            dsn=self._dsn,
            keys_file=str(self._keys_file),
            fcm=self._gate.base_url,
            port=self.port,
            claims_max=CLAIMS_MAX,
        )
        self._awaited[name] = asyncio.get_running_loop().create_future()
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(msgspec.json.encode(order) + b"\n")
        async with asyncio.timeout(SOON_S):
            return await self._awaited[name]


@asynccontextmanager
async def crew_on(dsn: str, keys_file: Path, gate: Gate) -> AsyncIterator[Crew]:
    """A crew for this database; none of it outlives the test, and a test that is killed takes it along."""
    nursery = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.workers.nursery"), cwd=PROJECT, stdin=asyncio.subprocess.PIPE
    )
    crew = Crew(nursery, dsn, keys_file, gate)
    server = await asyncio.start_server(crew.meet, "127.0.0.1", 0)
    crew.port = server.sockets[0].getsockname()[1]
    try:
        yield crew
    finally:
        for worker in crew.workers:
            if not worker.is_killed:
                await worker.die()
        server.close()
        assert nursery.stdin is not None
        nursery.stdin.close()
        async with asyncio.timeout(SOON_S):
            await nursery.wait()
