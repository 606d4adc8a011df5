"""Devices with the real RxDB, each a Node process, on a couple's accounts: the pytest side of `rxdb_device.mjs`."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from api.wiring import Parts
from domain.kinds import KINDS
from tests import people
from tests.journeys.phones import Home, home_of
from tests.streams import served

PROGRAM = Path(__file__).resolve().parent / "rxdb_device.mjs"
DEADLINE_S = 90
"""When a test gives up; nothing is measured by it."""
LINE_BYTES_MAX = 64 * 1024 * 1024

Document = dict[str, Any]


class Device:
    """One device of one person. It is offline but while it syncs, or between `online` and `offline`."""

    def __init__(self, someone: people.Person, process: asyncio.subprocess.Process) -> None:
        self.someone = someone
        self.person = str(someone.id)
        self._process = process
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._stderr: list[str] = []
        self._listening = [asyncio.create_task(self._hear()), asyncio.create_task(self._hear_complaints())]

    # Editing

    async def insert(self, kind: str, identity: UUID | None = None, **fields: Any) -> str:
        """Make a record, as an app does: its id, its fields, and the couple where the kind's home is the couple."""
        document = {"id": str(identity or uuid4())} | {name: _plain(value) for name, value in fields.items()}
        await self._ask("insert", kind=kind, document=document)
        return str(document["id"])

    async def patch(self, kind: str, identity: UUID | str, **fields: Any) -> None:
        """Edit some fields of a record."""
        await self._ask(
            "patch", kind=kind, id=str(identity), fields={name: _plain(each) for name, each in fields.items()}
        )

    async def remove(self, kind: str, identity: UUID | str) -> None:
        """Remove a record."""
        await self._ask("remove", kind=kind, id=str(identity))

    async def pick(self, kind: str, identity: UUID | str, field: str, text: str) -> None:
        """Choose a text, and take away what stands beside it."""
        beside = (await self.document(kind, identity))["alternatives"]
        kept = {name: texts for name, texts in beside.items() if name != field}
        await self.patch(kind, identity, **{field: text, "alternatives": kept})

    # Talking to the server

    async def sync(self, *, pushing: Sequence[str] | None = None) -> int:
        """Be online until nothing is left; return the number of pushes. `pushing` lets only these kinds be sent."""
        pushes: int = await self._ask("sync", pushing=None if pushing is None else list(pushing))
        return pushes

    async def online(self) -> None:
        """Stay connected, and listen."""
        await self._ask("online")

    async def offline(self) -> None:
        await self._ask("offline")

    async def rest(self) -> int:
        """While online, wait until nothing is left; return the number of pushes that it took."""
        pushes: int = await self._ask("rest")
        return pushes

    async def lose_answers(self, count: int) -> None:
        """Lose the answers to the next pushes, which the server does carry out."""
        await self._ask("loseAnswers", count=count)

    # Looking

    async def documents(self, kind: str) -> list[Document]:
        """What an app's query finds."""
        found: list[Document] = await self._ask("documents", kind=kind)
        return found

    async def document(self, kind: str, identity: UUID | str) -> Document:
        [found] = [each for each in await self.documents(kind) if each["id"] == str(identity)]
        return found

    async def notices(self) -> list[Document]:
        return [each for each in await self.documents("notice") if each["code"] != "new_device"]

    async def pushes(self) -> list[Document]:
        """Every push that was sent: its kind and its rows."""
        pushes: list[Document] = await self._ask("pushes")
        return pushes

    async def keeps(self, words: str) -> bool:
        """Whether these words are anywhere in its database, tombstones and what it knows of the server included."""
        return words in await self._ask("kept")

    async def heard(self, words: str) -> bool:
        """Whether these words ever came over the network."""
        return words in await self._ask("heard")

    async def stop(self) -> None:
        """Close the database and end. What had gone wrong meanwhile and no sync has told is told now."""
        complaints = await self._ask("errors")
        await self._ask("stop")
        async with asyncio.timeout(DEADLINE_S):
            await self._process.wait()
        assert not complaints, complaints

    async def end(self) -> None:
        """End it in any case."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._listening)

    async def open(self, address: str, **how: Any) -> None:
        await self._ask("open", server=address, token=self.someone.token, schema=1, **how)

    async def _ask(self, command: str, **given: Any) -> Any:
        assert self._process.stdin is not None
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"number": self._number, "command": command, **given}).encode() + b"\n")
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await answer
        except (TimeoutError, DeviceError) as error:
            raise DeviceError(f"{command}: {error or 'no answer'}\n{''.join(self._stderr)}") from None

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            answer = self._waiting.pop(said["number"])
            if answer.done():
                continue
            if "error" in said:
                answer.set_exception(DeviceError(said["error"]))
            else:
                answer.set_result(said["answer"])
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(DeviceError("the process has ended"))

    async def _hear_complaints(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._stderr.append(line.decode())


class DeviceError(AssertionError):
    """A device could not do what it was told."""


class House:
    """A couple with devices that use RxDB, beside the native phones of `home`, and an accepted goal."""

    def __init__(self, home: Home, address: str, ending: AsyncExitStack) -> None:
        self.home = home
        self.couple = home.couple
        self.goal = str(home.goal)
        self.devices: list[Device] = []
        self._address = address
        self._ending = ending

    async def device(self, whose: str, **how: Any) -> Device:
        """One more device of Ana or Ben; it has not synced yet. `file`: where it keeps everything; in memory else."""
        return await self._opened(await self._signed_in(whose), **how)

    async def again(self, device: Device, **how: Any) -> Device:
        """The same device with a new process, after the earlier one has ended."""
        self.devices.remove(device)
        return await self._opened(device.someone, **how)

    async def _signed_in(self, whose: str) -> people.Person:
        return await people.another_device(self.home.client, self.home.ana if whose == "ana" else self.home.ben)

    async def _opened(self, someone: people.Person, **how: Any) -> Device:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "node", str(PROGRAM), stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE_BYTES_MAX
        )
        device = Device(someone, process)
        self._ending.push_async_callback(device.end)
        await device.open(self._address, **how)
        self.devices.append(device)
        return device

    async def equal_everywhere(self) -> None:
        """Each device holds exactly what is stored for its person."""
        for device in self.devices:
            stored = await self.stored(device.someone)
            for kind in KINDS:
                held = {each["id"]: each for each in await device.documents(kind)}
                assert held == stored[kind], kind

    async def stored(self, someone: people.Person) -> dict[str, dict[str, Document]]:
        """What is stored for this person, as documents: by kind and id."""
        rows = await self.home.parts.pool.fetch("SELECT space_id, epoch, couple_id FROM space")
        spaces = {row["space_id"]: row for row in rows}
        mine = set(await self.home.spaces(someone))
        made: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        for (space, identity), record in (await self.home.stock()).records.items():
            if space not in mine or record.removed or record.gone:
                continue
            kind = KINDS[record.kind]
            document = {
                "id": str(identity),
                "rev": record.version,
                "epoch": str(spaces[space]["epoch"]),
                "author": str(record.author),
            }
            if kind.home == "couple":
                document["couple"] = str(spaces[space]["couple_id"])
            document |= {name: _plain(record.fields.get(name)) for name in kind.fields}
            if any(field.policy in ("words", "shared_words") for field in kind.fields.values()):
                beside = {
                    field: [{"by": str(each.by), "text": each.text} for each in texts]
                    for field, texts in record.alternatives.items()
                }
                document |= {"alternatives": beside, "merged": list(record.merged)}
            made[record.kind][document["id"]] = document
        return made


@asynccontextmanager
async def house_of(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[House]:
    """A couple of which both have agreed on a goal, and a server for their devices; each has one at the beginning."""
    async with home_of(client, parts) as home, served(parts) as server, AsyncExitStack() as ending:
        house = House(home, str(server.base_url).rstrip("/"), ending)
        yield house
        for device in house.devices:
            await device.stop()


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
