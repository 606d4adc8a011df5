"""Phones whose device is the native adapter of docs/clients, in TypeScript: the pytest side of `native_device.mjs`."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from sync.replica import Replica
from sync.resend import Beside, Row
from sync.showing import Shown
from sync.wire import Change, SpaceView, SyncRequest
from tests import people
from tests.clients.compiling import NATIVE
from tests.journeys.phones import Phone

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "native_device.mjs"
KINDS = NATIVE / "kinds.json"
DEADLINE_S = 90
"""When a test gives up; nothing is measured by it."""


class Node:
    """A Node process in which such devices live, their files in a folder; it ends with whoever started it.

    What a device does without a network is answered at once, and waited for where it is asked.
    """

    def __init__(self, compiled: Path, folder: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own argument list
            [shutil.which("node") or "node", PROGRAM, compiled, KINDS, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._numbers = count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._listening = Thread(target=self._hear, daemon=True)
        self._listening.start()

    def ask(self, command: str, **given: Any) -> Any:
        """Tell a device something, and wait until it has done it. It must not need the server for it."""
        return self.told(command, **given).result(DEADLINE_S)

    async def done(self, command: str, **given: Any) -> Any:
        """The same, while the server in this process can answer."""
        return await self.waited_for(self.told(command, **given))

    async def waited_for(self, answer: "Future[Any]") -> Any:
        """What comes of something that a device was told."""
        return await asyncio.wait_for(asyncio.wrap_future(answer), DEADLINE_S)

    def end(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._listening.join(DEADLINE_S)

    def kill(self) -> None:
        """End it as a phone ends an app: at once."""
        self._process.kill()
        self.end()

    def told(self, command: str, **given: Any) -> "Future[Any]":
        """Tell a device something, and wait for nothing."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._waiting[number] = Future()
        self._process.stdin.write(json.dumps({"number": number, "command": command, **given}, default=str) + "\n")
        self._process.stdin.flush()
        return answer

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            answer = self._waiting.pop(said["number"])
            if "error" in said:
                answer.set_exception(AssertionError(said["error"]))
            else:
                answer.set_result(said["answer"])
        for answer in self._waiting.values():
            answer.set_exception(AssertionError("the process has ended"))


class Reader:
    """One such device, in the place of a `sync.replica.Replica`: what is asked of it Node answers."""

    def __init__(self, node: Node, person: PersonId, device: DeviceId, **how: Any) -> None:
        self.person, self.device = person, device
        self._ask: Callable[..., Any] = partial(node.ask, device=str(device))
        self._ask("begin", person=person, **how)

    # Editing

    def edit(self, kind: str, identity: RecordId | None, values: dict[str, Any], **other: Any) -> Change | None:
        return self._change("edit", wish={"kind": kind, "id": identity, "fields": values, **other})

    def pick(self, identity: RecordId, field: str, keep: str, **other: Any) -> Change | None:
        return self._change("pick", choice={"id": identity, "field": field, "keep": keep, **other})

    def confirm(self, identity: RecordId, field: str, **other: Any) -> Change | None:
        return self._change("confirm", choice={"id": identity, "field": field, **other})

    def keep(self, change: Change, made_ms: int | None) -> Change:
        self._ask("keep", change=msgspec.to_builtins(change), made_ms=made_ms)
        return change

    def saves(self) -> list[Any]:
        """It is kept where it lives."""
        return []

    # Syncing

    def request(self, now_ms: int, *, limit: int) -> SyncRequest:
        return msgspec.convert(self._ask("ask", now_ms=now_ms, limit=limit), SyncRequest)

    def receive(self, *_: Any) -> bool:
        """Take the last answer that came, as it came; Node draws the keys."""
        taken: bool = self._ask("take")
        return taken

    def waiting(self) -> list[Any]:
        waiting: list[Any] = self._ask("waiting")
        return waiting

    # Looking

    def shown(self, identity: RecordId) -> Shown | None:
        found = self._ask("look", id=identity)
        return None if found is None else _shown(found)

    def view(self, kind: str, *, removed: bool = False) -> list[Shown]:
        """What it shows of a kind, the oldest change first: the page says nothing of an order."""
        every = [_shown(each) for each in self._ask("shows", kind=kind)]
        return sorted((each for each in every if each.removed == removed), key=lambda each: each.version)

    def rows(self) -> list[Row]:
        return [_row(each) for each in self._ask("rows")]

    @property
    def cursor(self) -> str | None:
        cursor: str | None = self._ask("state")["cursor"]
        return cursor

    @property
    def spaces(self) -> dict[SpaceId, SpaceView]:
        views = msgspec.convert(self._ask("state")["spaces"], list[SpaceView])
        return {SpaceId(each.id): each for each in views}

    @property
    def couple(self) -> CoupleId | None:
        active = (each.couple for each in self.spaces.values() if each.home == "couple" and each.state == "active")
        found = next(active, None)
        return None if found is None else CoupleId(found)

    def kept(self) -> str:
        """Everything that it holds."""
        kept: str = self._ask("kept")
        return kept

    def _change(self, command: str, **given: Any) -> Change | None:
        return msgspec.convert(self._ask(command, **given), Change | None)


class TurnedAwayError(AssertionError):
    """A sync came to nothing, and not because of the network. `problem` is what the app is told."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["message"])
        self.problem = problem


class ReaderPhone(Phone):
    """A phone with such a device, which talks to the server itself. `how` is what else Node is told of it."""

    def __init__(
        self, node: Node, address: str, client: httpx.AsyncClient, someone: people.Person, *, limit: int, **how: Any
    ) -> None:
        self.node, self.how = node, {"address": address, "token": someone.token, "limit": limit, **how}
        self._reader = Reader(node, PersonId(someone.id), DeviceId(someone.device), **self.how)
        super().__init__(client, someone, limit=limit, replica=cast("Replica", self._reader))

    def talk_to(self, server: httpx.AsyncClient) -> None:
        super().talk_to(server)
        self.tell("talk_to", address=address_of(server))

    def begin_again(self) -> None:
        self.tell("restart")

    def moved_to(self, node: Node) -> None:
        """Begin again in another process, with the file that it has."""
        self.node = node
        self._reader = Reader(node, self.person, DeviceId(self.someone.device), **self.how)
        self.device.replica = cast("Replica", self._reader)

    def tell(self, command: str, **given: Any) -> Any:
        return self.node.ask(command, device=self.someone.device, **given)

    async def does(self, command: str, **given: Any) -> Any:
        """The same, where it needs the server for it."""
        return await self.node.done(command, device=self.someone.device, **given)

    async def sync(self) -> int:
        """By the adapter's own loop; return the number of answers."""
        said = await self.does("sync", off_ms=int(self._off.total_seconds() * 1000))
        for text in said["heard"]:
            self.device.outcomes += self._hear(text.encode()).outcomes
        problem = said["problem"]
        if problem is not None and problem["status"] == 0:
            raise httpx.ConnectError(problem["message"])
        if problem is not None:
            raise TurnedAwayError(problem)
        return len(said["heard"])

    def database_bytes(self) -> bytes:
        return self._reader.kept().encode()

    async def _answered(self, _: SyncRequest) -> bytes:
        """What it asked for last is still there: it sends that as it is."""
        return cast("str", await self.does("send")).encode()


def address_of(server: httpx.AsyncClient) -> str:
    return str(server.base_url).rstrip("/")


def _shown(found: dict[str, Any]) -> Shown:
    return Shown(
        kind=found["kind"],
        id=RecordId(UUID(found["id"])),
        space=None,
        version=found["version"],
        author=PersonId(UUID(found["author"])),
        fields=found["fields"],
        removed=found["removed"],
        pending=found["waits"],
        alternatives=_beside(found["alternatives"]),
        merged=tuple(found["merged"]),
    )


def _row(found: dict[str, Any]) -> Row:
    content = found["content"]
    told = {} if content is None else {name: content[name] for name in ("removed", "fields")}
    row = Row(
        space=SpaceId(UUID(found["space"])),
        kind=found["kind"],
        id=RecordId(UUID(found["id"])),
        version=found["version"],
        gone=content is None,
        **told,
    )
    if content is None:
        return row
    return msgspec.structs.replace(
        row,
        author=PersonId(UUID(content["author"])),
        alternatives=_beside(content["alternatives"]),
        merged=tuple(content["merged"]),
    )


def _beside(alternatives: dict[str, list[dict[str, str]]]) -> dict[str, tuple[Beside, ...]]:
    return {
        field: tuple(Beside(PersonId(UUID(each["by"])), each["text"]) for each in texts)
        for field, texts in alternatives.items()
    }
