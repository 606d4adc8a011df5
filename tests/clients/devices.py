"""Devices with the real RxDB, each a Node process, on a couple's accounts: the pytest side of `rxdb_device.mjs`.

Those with WatermelonDB, in `watermelon.py`, are told most of the same.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import msgspec
from litestar import Litestar

from api.app import create_app
from api.edge import Application
from api.wiring import Parts
from domain.kinds import KINDS
from domain.records import Record
from sync.documents import known_fields
from sync.facades import as_it_is
from sync.lives import common
from sync.ports import Caller, Place, Space
from tests import people
from tests.journeys.phones import Home, home_of
from tests.streams import serving

PROGRAM = Path(__file__).resolve().parent / "rxdb_device.mjs"
DEADLINE_S = 90
"""When a test gives up; nothing is measured by it."""
LINE_BYTES_MAX = 64 * 1024 * 1024

OPENED = (
    *("settings", "check_in", "shown_check_in", "response", "note_draft", "note", "repair"),
    *("goal", "goal_terms", "goal_act", "step", "notice", "unplaced"),
)
"""What an app with a collection for each kind opens here: RxDB without a licence has no more than 13 in a process."""

Document = dict[str, Any]
Held = Literal["pulls", "pages", "pushes", "answers"]


class Process:
    """Node with the program of a library: one device at a time."""

    def __init__(self, node: asyncio.subprocess.Process) -> None:
        self._node = node
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._complaints: list[str] = []
        self.failed = False
        self._listening = [asyncio.create_task(self._hear()), asyncio.create_task(self._hear_complaints())]

    @classmethod
    async def start(cls, program: Path) -> "Process":
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                "node", str(program), stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE_BYTES_MAX
            )
        )

    async def ask(self, command: str, **given: Any) -> Any:
        """Tell the device something and wait until it has done it."""
        assert self._node.stdin is not None
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        self._node.stdin.write(json.dumps({"number": self._number, "command": command, **given}).encode() + b"\n")
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await answer
        except (TimeoutError, DeviceError) as error:
            self.failed = True
            raise DeviceError(f"{command}: {error or 'no answer'}\n{''.join(self._complaints)}") from None

    async def kill(self) -> None:
        """End it as a phone ends an app: at once."""
        if self._node.returncode is None:
            self._node.kill()
        await self._node.wait()
        await asyncio.gather(*self._listening)

    async def _hear(self) -> None:
        assert self._node.stdout is not None
        async for line in self._node.stdout:
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
        assert self._node.stderr is not None
        async for line in self._node.stderr:
            self._complaints.append(line.decode())


class DeviceError(AssertionError):
    """A device could not do what it was told."""


class Processes:
    """Those that run and are no device at the moment: to start one takes longer than most stories."""

    def __init__(self, program: Path = PROGRAM) -> None:
        self._program = program
        self._idle: list[Process] = []
        self._all: list[Process] = []

    async def lent(self) -> Process:
        if self._idle:
            return self._idle.pop()
        process = await Process.start(self._program)
        self._all.append(process)
        return process

    def back(self, process: Process) -> None:
        self._idle.append(process)

    async def end(self) -> None:
        for process in self._all:
            await process.kill()


class Device:
    """One device of one person. It is offline but while it syncs, or between `online` and `offline`."""

    def __init__(
        self, someone: people.Person, process: Process, *, schema: int, kinds: Collection[str] = tuple(KINDS)
    ) -> None:
        self.someone = someone
        self.kinds = kinds
        self.person = str(someone.id)
        self.schema = schema
        self.process = process
        self._ask = process.ask

    # Editing

    async def insert(self, kind: str, identity: UUID | None = None, **fields: Any) -> str:
        """Make a record, as an app does: its id, its fields, and the couple where the kind's home is the couple."""
        document = {"id": str(identity or uuid4())} | {name: _plain(value) for name, value in fields.items()}
        await self._ask("insert", kind=kind, document=document)
        return str(document["id"])

    async def insert_many(self, kind: str, documents: list[Document]) -> None:
        """Make many records in one step."""
        await self._ask("insertMany", kind=kind, documents=documents)

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

    async def is_clean(self) -> bool:
        """Whether it has nothing more to say to the server."""
        return await self.sync() == 0

    async def rest(self) -> int:
        """While online, wait until nothing is left; return the number of pushes that it took."""
        pushes: int = await self._ask("rest")
        return pushes

    async def send_unheard(self) -> None:
        """Send what waits, and be cut off when the server has carried it out."""
        await self._ask("sendUnheard")

    async def send(self) -> None:
        """Pull nothing, but send what waits, and take the answers."""
        await self._ask("send")

    @asynccontextmanager
    async def held(self, what: Held) -> AsyncIterator[None]:
        """Meanwhile keep pulls or pushes on their way to the server, or their pages or answers on their way back."""
        await self._ask("hold", what=what)
        yield
        await self._ask("release", what=what)

    async def holds(self, what: Held, kind: str, *, count: int = 1) -> None:
        """Return once so many of these are kept on their way that are of this kind."""
        async with asyncio.timeout(DEADLINE_S):
            while (await self._ask("held", what=what)).count(kind) < count:  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.02)

    async def drop_stream(self) -> None:
        """Lose the live stream, and find no other until `online`."""
        await self._ask("dropStream")

    async def storm(self, *, seed: int, name: str, line: int, goals: Sequence[str], edits: int) -> dict[str, list[str]]:
        """While online, edit one line of these goals' notes many times in bad weather, and now and then begin again.

        Return the sentences that have to stand there, by goal.
        """
        standing: dict[str, list[str]] = await self._ask(
            "storm", seed=seed, name=name, line=line, goals=list(goals), edits=edits
        )
        return standing

    async def calm(self) -> None:
        """While online, wait until nothing is under way and nothing waits to be sent."""
        await self._ask("calm")

    async def shows(self, kind: str, identity: UUID | str, *, within_s: float = DEADLINE_S, **fields: Any) -> None:
        """Return once a record shows these fields, without being asked to sync."""
        wanted = {"id": str(identity)} | fields
        async with asyncio.timeout(within_s):
            while not any(wanted.items() <= each.items() for each in await self.documents(kind)):  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.02)

    async def refused(self) -> list[str]:
        """Talk to a server that refuses every pull and push; return what its `error$` tells of it."""
        told: list[str] = await self._ask("refused")
        return told

    async def lose_answers(self, count: int) -> None:
        """Lose the answers to the next pushes, which the server does carry out."""
        await self._ask("loseAnswers", count=count)

    # Looking

    async def watch(self, kind: str, identity: UUID | str) -> None:
        """From now on, remember what it shows of a record."""
        await self._ask("watch", kind=kind, id=str(identity))

    async def saw(self) -> list[Document]:
        """What it has shown since, one after the other."""
        saw: list[Document] = await self._ask("sawSince")
        return saw

    async def documents(self, kind: str) -> list[Document]:
        """What an app's query finds."""
        found: list[Document] = await self._ask("documents", kind=kind)
        return found

    async def rows(self, kind: str) -> list[Document]:
        """Whatever of a kind stands in its database for the app to find."""
        return await self.documents(kind)

    async def rows_kept(self, kind: str) -> list[Document]:
        """The same, with whatever stands there and is not shown."""
        return await self.rows(kind)

    async def document(self, kind: str, identity: UUID | str) -> Document:
        [found] = [each for each in await self.documents(kind) if each["id"] == str(identity)]
        return found

    async def notices(self) -> list[Document]:
        return [each for each in await self.documents("notice") if each["code"] != "new_device"]

    async def pushes(self) -> list[Document]:
        """Every push that was sent: its kind and its rows."""
        pushes: list[Document] = await self._ask("pushes")
        return pushes

    async def pushed(self) -> list[list[Document]]:
        """The records in every push that was sent, as it would have them."""
        return [[row["newDocumentState"] for row in each["rows"]] for each in await self.pushes()]

    async def problems(self) -> list[int]:
        """The status of every answer that was a problem."""
        problems: list[int] = await self._ask("problems")
        return problems

    async def was_reset(self) -> bool:
        """Whether it was ever told that a space has begun a new life."""
        return await self.heard("urn:haven:problem:epoch_changed")

    async def keeps(self, words: str) -> bool:
        """Whether these words are anywhere in its database, tombstones and what it knows of the server included."""
        return words in await self._ask("kept")

    async def heard(self, words: str) -> bool:
        """Whether these words ever came over the network."""
        return words in await self.all_heard()

    async def all_heard(self) -> str:
        """Every answer that came, since its process began."""
        heard: str = await self._ask("heard")
        return heard

    async def stop(self) -> None:
        """Close the database. What had gone wrong meanwhile and no sync has told is told now."""
        complaints = await self._ask("errors")
        await self._ask("stop")
        assert not complaints, complaints


class House:
    """A couple with devices that use RxDB, beside the native phones of `home`, and an accepted goal."""

    made_of = Device
    debts = 0
    """The versions of a person's own space by which one device is told that something is not stored as it sent it."""
    asks_by_collection = True
    """Whether a device has a cursor for each kind. One that nothing was lost of is then not told of a new life."""
    keeps_what_is_removed = False
    """Whether what is removed stays on a device, where an app does not show it."""

    def __init__(self, home: Home, app: Litestar, address: str, processes: Processes) -> None:
        self.home = home
        self._app = app
        self.couple = home.couple
        self.goal = str(home.goal)
        self.devices: list[Device] = []
        self.address = address
        self._processes = processes

    async def device(self, whose: str, **how: Any) -> Device:
        """One more device of Ana or Ben; it has not synced yet.

        `file`: where it keeps everything; in memory else. `schema`: that of its app; the first else. `only`: the kinds
        that its app uses; those of `OPENED` else. `together`: all kinds in one collection. `plain`: with a plain
        adapter. `documentsAs`: hear by a stream of documents, read by this token.
        """
        owner = self.home.ana if whose == "ana" else self.home.ben
        return await self._opened(await people.another_device(self.home.client, owner), how)

    async def in_sync(self, *whose: str, **how: Any) -> list[Device]:
        """So many devices, which have pulled all there is."""
        devices = list(await asyncio.gather(*(self.device(each, **how) for each in whose)))
        for device in devices:
            await device.sync()
        return devices

    async def killed_and_begun_again(self, device: Device, file: Path, **how: Any) -> Device:
        """The same device after its process was killed, maybe with a newer app; it had kept everything in this file."""
        await device.process.kill()
        self.devices.remove(device)
        return await self._opened(device.someone, {"file": file} | how)

    async def _opened(self, someone: people.Person, how: dict[str, Any]) -> Device:
        said = {"schema": 1} | {name: str(value) if isinstance(value, Path) else value for name, value in how.items()}
        if self.asks_by_collection and not said.get("together"):
            said = {"only": list(OPENED)} | said
        kinds = said.get("only", tuple(KINDS))
        device = self.made_of(someone, await self._processes.lent(), schema=said["schema"], kinds=kinds)
        self.devices.append(device)
        await device.process.ask("open", server=self.address, token=someone.token, **said)
        return device

    @staticmethod
    def pages_of(rows: int) -> Document:
        """How a device is opened that asks for so many rows at a time."""
        return {"batchSize": rows}

    @staticmethod
    def app_for(*kinds: str) -> Document:
        """How an app is opened that uses these kinds, beside what every app has."""
        return {"only": [*kinds, "notice", "unplaced"]}

    @staticmethod
    def first_app() -> Document:
        """How the first version of an app is opened that will be updated."""
        return {}

    def updated_app(self, *added: str) -> Document:
        """How an app is opened that knows the second schema, and with it these columns."""
        del added
        return {"schema": 2}

    async def all_are_sound(self) -> None:
        """Look whether no database is broken, where its library can tell."""

    def neighbour(self, house_class: type["House"], processes: Processes) -> "House":
        """The same couple with devices of another library."""
        return house_class(self.home, self._app, self.address, processes)

    def refuse_apps_below(self, schema_min: int) -> None:
        """From now on, serve as a server that began anew with this oldest schema."""
        parts: Parts = self._app.state.parts
        settings = msgspec.structs.replace(parts.settings, schema_min=schema_min)
        self._app.state.parts = msgspec.structs.replace(parts, settings=settings)

    async def end(self) -> None:
        """Stop all devices, each also when another one cannot stop well; its process is then not used again."""
        devices = list(self.devices)
        stopped = await asyncio.gather(*(device.stop() for device in devices), return_exceptions=True)
        for device, fault in zip(devices, stopped, strict=True):
            if fault is None and not device.process.failed:
                self._processes.back(device.process)
            else:
                await device.process.kill()
        for fault in stopped:
            if fault is not None:
                raise fault

    # Stories

    async def step_by(self, device: Device, title: str) -> str:
        """A step of the goal, made on this device."""
        return await device.insert("step", couple=self.couple, goal=self.goal, title=title)

    async def shared_step(self, by: Device, title: str) -> str:
        """A step that every device has."""
        step = await self.step_by(by, title)
        await by.sync()
        for device in self.devices:
            await device.sync()
        return step

    async def write_notes(self, by: Device, text: str) -> None:
        """Notes of the goal that every device has."""
        await by.patch("goal", self.goal, notes=text)
        await by.sync()
        for device in self.devices:
            await device.sync()

    # Looking

    async def equal_everywhere(self, *, lives: bool = False) -> None:
        """Each device holds exactly what is stored for its person.

        With `lives`, a record that stood before a restore may name the life of then, up to whose end it is the same.
        """
        for device in self.devices:
            spaces = await self.spaces_of(device.someone)
            stored = await self.stored(device.someone, schema=device.schema)
            different: list[str] = []
            for kind in device.kinds:
                held = {each["id"]: each for each in await device.documents(kind)}
                if lives:
                    held = {identity: _in_its_last_life(each, spaces) for identity, each in held.items()}
                different += [f"{kind} {each}" for each in _differences(held, stored[kind])]
            assert not different, "\n".join(different)

    async def spaces_of(self, someone: people.Person) -> list[Space]:
        """The spaces of this person as they are now, with the lives that they have had."""
        caller = Caller(someone.id, someone.device, tuple(await self.home.spaces(someone)), may_keep=True)
        return list((await as_it_is(self.home.parts.store, caller)).spaces.values())

    async def stored_in_own_space(self, whose: str) -> list[Record]:
        """What is stored in the space that is Ana's or Ben's alone."""
        someone = self.home.ana if whose == "ana" else self.home.ben
        own = {space.id for space in await self.spaces_of(someone) if space.home == "personal"}
        return [each for (space, _), each in (await self.home.stock()).records.items() if space in own]

    async def stored(self, someone: people.Person, *, schema: int = 1) -> dict[str, dict[str, Document]]:
        """What is stored for this person, as documents of an app of this schema: by kind and id."""
        phone = self.home.a1 if someone.id == self.home.ana.id else self.home.b1
        spaces = {each["id"]: each for each in (await phone.push_raw([]))["spaces"]}
        made: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        for (space, identity), record in (await self.home.stock()).records.items():
            if str(space) not in spaces or record.removed or record.gone:
                continue
            kind = KINDS[record.kind]
            document = {
                "id": str(identity),
                "rev": record.version,
                "epoch": spaces[str(space)]["epoch"],
                "author": str(record.author),
            }
            if kind.home == "couple":
                document["couple"] = spaces[str(space)]["couple"]
            known = known_fields(kind, schema)
            document |= {name: _plain(record.fields.get(name)) for name in known}
            if any(field.policy in ("words", "shared_words") for field in kind.fields.values()):
                beside = {
                    field: [{"by": str(each.by), "text": each.text} for each in texts]
                    for field, texts in record.alternatives.items()
                    if field in known and (kind.fields[field].policy == "shared_words" or record.author == someone.id)
                }
                merged = [
                    name
                    for name in record.merged
                    if name in known and (kind.fields[name].policy == "shared_words" or record.author == someone.id)
                ]
                document |= {"alternatives": beside, "merged": merged}
            made[record.kind][document["id"]] = document
        return made


class HouseInOne(House):
    """The same with all kinds in one collection, `records`, as an app has it that uses more kinds than 13."""

    asks_by_collection = False

    async def device(self, whose: str, **how: Any) -> Device:
        return await super().device(whose, together=True, **how)

    async def killed_and_begun_again(self, device: Device, file: Path, **how: Any) -> Device:
        return await super().killed_and_begun_again(device, file, together=True, **how)

    @staticmethod
    def app_for(*kinds: str) -> Document:
        """How an app is opened that uses these kinds: it has all of them."""
        del kinds
        return {}


async def agree(*devices: Device) -> None:
    """Sync all in turn, twice: whatever one of them brings, the others have then."""
    for _ in range(2):
        for device in devices:
            await device.sync()


@asynccontextmanager
async def house_of(
    client: httpx.AsyncClient,
    parts: Parts,
    processes: Processes,
    house_class: type[House] = House,
    facade: Callable[[Application], Application] = lambda app: app,
) -> AsyncIterator[House]:
    """A couple of which both have agreed on a goal, and a server for their devices, who meet it through `facade`."""
    app = create_app(parts)
    async with home_of(client, parts) as home, serving(facade(app)) as server:
        house = house_class(home, app, str(server.base_url).rstrip("/"), processes)
        try:
            yield house
        finally:
            await house.end()


def _in_its_last_life(document: Document, spaces: Collection[Space]) -> Document:
    """Name the present life of a record's space, if the version is the same there."""
    place = Place(UUID(document["epoch"]), document["rev"])
    now = [str(space.epoch) for space in spaces if common(space, place) == document["rev"]]
    return document | {"epoch": now[0]} if now else document


def _differences(held: dict[str, Document], stored: dict[str, Document]) -> list[str]:
    """Where two sets of documents differ."""
    return [
        f"{identity}.{name}: held {held.get(identity, {}).get(name)!r}, stored {stored.get(identity, {}).get(name)!r}"
        for identity in held.keys() | stored.keys()
        for name in held.get(identity, {}).keys() | stored.get(identity, {}).keys()
        if held.get(identity, {}).get(name, "missing") != stored.get(identity, {}).get(name, "missing")
    ]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
