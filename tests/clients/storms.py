"""Two phones in bad weather, and facades that lack one of Haven's remedies each, wired so by the test alone.

Ana and Ben edit the same two goals at the same time, a line of the notes each, so that every edit can be joined with
every other. Requests and answers are late or lost, RxDB's replications end and begin again, and now and then a phone is
put away for an hour. When the weather is fair and everything has been heard, each sentence has to stand, and nothing
else.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random
from typing import Any, Final

import httpx
import msgspec
import pytest
from msgspec import Struct

from api import hints
from api.edge import Application
from api.hints import Hub
from api.wiring import Parts
from domain.ids import DeviceId, PersonId, RecordId
from sync.ports import Caller, Owed, Shadow
from sync.store import PostgresStore
from tests import people
from tests.clients.devices import Device, Document, House, Processes, house_of
from tests.clocks import StillClock
from tests.streams import until

EDITS: Final = 8
EDITS_LATER: Final = 2
GOALS: Final = 2
STORMS_A_SHORE: Final = 40
"""A couple has room for 100 goals."""
TEXT: Final = "Ana begins.\nBoth agree.\nBen begins."
LINES: Final = {"Ana": 0, "Ben": -1}
AGAIN_S: Final = 0.25
"""Here the second hint comes so long after a push, lest every seed wait for it."""

WRONG: Final = ("lost", "stale", "undone", "beside")
"""Sentences that stand nowhere; documents that a phone shows otherwise than they are stored, and would for good;
sentences that are back although they were replaced; texts beside another one, though nobody wrote in another's line."""


class Trap(Struct, frozen=True, kw_only=True):
    """What phones meet: a facade that may lack something, and an adapter that may be a plain one."""

    name: str
    parts: Callable[[Parts], Parts] = lambda parts: parts
    facade: Callable[[Application], Application] = lambda app: app
    documents_in_the_stream: bool = False
    plain: bool = True


# The remedies, taken away -------------------------------------------------------------------------------------------


class WithoutShadows(PostgresStore):
    """A store that does not know what a device has submitted last."""

    async def shadows(self, caller: Caller, records: Collection[RecordId]) -> list[Shadow]:  # noqa: ARG002 - the port's
        return []


class WithoutRedelivery(PostgresStore):
    """A store that does not know what a device has submitted lately."""

    async def submitted(
        self,
        caller: Caller,  # noqa: ARG002 - the port's, like those below
        kind: str,  # noqa: ARG002
        since: datetime,  # noqa: ARG002
        *,
        limit: int,  # noqa: ARG002
    ) -> list[RecordId]:
        return []


class WithoutDebts(PostgresStore):
    """A store that does not know what a device has to be told although it takes it for clean."""

    async def owed(
        self,
        caller: Caller,  # noqa: ARG002 - the port's, like those below
        *,
        after: int,  # noqa: ARG002
        upto: int,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> list[Owed]:
        return []


class WithoutSecondHint:
    """A hub that tells a device nothing once more."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def pushed(self, person: PersonId, device: DeviceId) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hub, name)


def without_shadows(parts: Parts) -> Parts:
    return msgspec.structs.replace(parts, store=WithoutShadows(parts.pool, parts.keys))


def without_debts(parts: Parts) -> Parts:
    return msgspec.structs.replace(parts, store=WithoutDebts(parts.pool, parts.keys))


def without_redelivery(parts: Parts) -> Parts:
    hub: Any = WithoutSecondHint(parts.hints)
    return msgspec.structs.replace(parts, store=WithoutRedelivery(parts.pool, parts.keys), hints=hub)


def silent(app: Application) -> Application:
    """Answer every push that was carried out as if all were stored as it was pushed."""

    async def facade(scope: Any, receive: Any, send: Any) -> None:
        async def told(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = [each for each in message["headers"] if each[0].lower() not in OF_THE_BODY]
                await send(message | {"headers": [*headers, (b"content-length", b"2")]})
            elif message["type"] == "http.response.body":
                await send(message | {"body": b"" if message.get("more_body") else b"[]"})
            else:
                await send(message)

        pushes = scope["type"] == "http" and scope["path"].endswith("/push")
        await app(scope, receive, told if pushes else send)

    return facade


OF_THE_BODY: Final = (b"content-length", b"content-encoding")

AS_SHIPPED: Final = Trap(name="Haven and its adapter", plain=False)
PLAIN: Final = Trap(name="Haven and a plain adapter")
SILENT: Final = Trap(name="silent merge", facade=silent)
NO_REDELIVERY: Final = Trap(name="no redelivery", parts=without_redelivery)
SILENT_AND_NO_REDELIVERY: Final = Trap(name="silent merge, no redelivery", facade=silent, parts=without_redelivery)
DOCUMENTS: Final = Trap(name="documents in the stream", documents_in_the_stream=True)
NO_SHADOW: Final = Trap(name="no shadow", parts=without_shadows)

WATERMELON_AS_SHIPPED: Final = Trap(name="W: Haven and its adapter", plain=False)
WATERMELON_PLAIN: Final = Trap(name="W: Haven and a plain adapter")
WATERMELON_NO_SHADOW: Final = Trap(name="W: no shadow", parts=without_shadows, plain=False)


# A storm ------------------------------------------------------------------------------------------------------------


class Shore(Struct, kw_only=True):
    """Where storms are played one after the other, at most `STORMS_A_SHORE`: a couple with a phone each."""

    house: House
    clock: StillClock
    hub: Hub
    phones: Mapping[str, Device]
    marker: RecordId
    """A goal by whose news it is known that everything before was heard."""
    storms: int = 0

    async def storm(self, seed: int) -> Counter[str]:
        """Play one seed, and count what is wrong afterwards."""
        chance = Random(seed)
        self.clock.move(minutes=2)  # a device may open only so many streams a minute
        goals = await self._goals()
        told = await asyncio.gather(*(self._edits(name, chance, goals) for name in self.phones))
        standing = [sentences for each in told for sentences in each.items()]
        away = chance.choice([None, *self.phones])
        if away is not None:
            standing += (await self._put_away(away, chance, goals)).items()
        await self._everything_heard()
        return await self._wrong(
            {goal: [each for at, said in standing if at == goal for each in said] for goal in goals}
        )

    async def _goals(self) -> list[str]:
        """Goals that both phones show."""
        phone = self.house.home.a1
        made = [phone.edit("goal", notes=TEXT) for _ in range(GOALS)]
        await phone.sync()
        for device in self.phones.values():
            for goal in made:
                await device.shows("goal", goal, notes=TEXT)
        return [str(each) for each in made]

    async def _edits(
        self, name: str, chance: Random, goals: Sequence[str], *, later: bool = False
    ) -> dict[str, list[str]]:
        return await self.phones[name].storm(
            seed=chance.randrange(2**32),
            name=f"{name} later" if later else name,
            line=LINES[name],
            goals=goals,
            edits=EDITS_LATER if later else EDITS,
        )

    async def _put_away(self, name: str, chance: Random, goals: Sequence[str]) -> dict[str, list[str]]:
        """Put a phone away for an hour, whatever is under way, while the other goes on; return what that one says."""
        await self.phones[name].offline()
        [other] = self.phones.keys() - {name}
        more = await self._edits(other, chance, goals, later=True)
        await self.phones[other].calm()
        self.clock.move(minutes=60)
        await self.phones[name].online()
        return more

    async def _everything_heard(self) -> None:
        """Return when nothing is under way, and all that hints would ever bring has come to both."""
        for device in self.phones.values():
            await device.calm()
        await until(lambda: not self.hub._again)
        self.storms += 1
        phone = self.house.home.b1
        phone.edit("goal", self.marker, notes=f"Storm {self.storms} is over.")
        await phone.sync()
        for device in self.phones.values():
            await device.shows("goal", self.marker, notes=f"Storm {self.storms} is over.")

    async def _wrong(self, standing: Mapping[str, Sequence[str]]) -> Counter[str]:
        found = Counter(dict.fromkeys(WRONG, 0))
        stored = (await self.house.stored(self.house.home.ana))["goal"]
        for goal, sentences in standing.items():
            found += faults(stored[goal], sentences)
            for device in self.phones.values():
                found["stale"] += await device.document("goal", goal) != stored[goal]
        return found


def faults(goal: Document, sentences: Iterable[str]) -> Counter[str]:
    """What is wrong with a goal in whose notes these sentences have to stand."""
    wanted = {*sentences, *SENTENCE.findall(TEXT)}
    beside = [each["text"] for texts in goal["alternatives"].values() for each in texts]
    stands = set(SENTENCE.findall(goal["notes"]))
    kept = stands.union(*map(SENTENCE.findall, beside))
    return Counter(lost=len(wanted - kept), undone=len(stands - wanted), beside=len(beside))


SENTENCE: Final = re.compile(r"\w[^.]*\.")


@asynccontextmanager
async def shore(
    trap: Trap,
    client: httpx.AsyncClient,
    parts: Parts,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    house_class: type[House] = House,
) -> AsyncIterator[Shore]:
    """A couple with a phone each, both connected."""
    monkeypatch.setattr(hints, "AGAIN_S", AGAIN_S)
    clock = StillClock()
    wired = trap.parts(msgspec.structs.replace(parts, clock=clock))
    async with house_of(client, wired, processes, house_class, facade=trap.facade) as house:
        phones = {}
        for name, owner in (("Ana", house.home.ana), ("Ben", house.home.ben)):
            how: dict[str, Any] = {"only": ["goal"], "plain": trap.plain}
            if trap.documents_in_the_stream:
                how["documentsAs"] = (await people.another_device(client, owner)).token
            phones[name] = await house.device(name.lower(), **how)
            await phones[name].online()
        marker = house.home.b1.edit("goal", notes="Fair weather.")
        await house.home.b1.sync()
        yield Shore(house=house, clock=clock, hub=parts.hints, phones=phones, marker=marker)


class Ground(Struct, frozen=True, kw_only=True):
    """Plays seeds on a trap, and has what they met printed."""

    client: httpx.AsyncClient
    parts: Parts
    processes: Processes
    monkeypatch: pytest.MonkeyPatch
    record: Callable[[str, object], None]
    house_class: type[House] = House

    async def played(self, trap: Trap, seeds: Iterable[int]) -> Counter[str]:
        total, wrong, ran = Counter[str](), 0, 0
        given = (self.client, self.parts, self.processes, self.monkeypatch, self.house_class)
        async with shore(trap, *given) as at:
            for seed in seeds:
                met = await at.storm(seed)
                print(f"{trap.name}, seed {seed}: {dict(+met) or 'all is well'}")  # noqa: T201 - shown where it fails
                total += met
                wrong += any(met.values())
                ran += 1
        self.record("trap", [trap.name, ran, wrong, *(total[each] for each in WRONG)])
        return +total
