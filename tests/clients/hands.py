"""Devices that are told the same, behind one proxy: RxDB, WatermelonDB, and two of the native protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import httpx
from msgspec import Struct

from domain.ids import RecordId
from tests import people
from tests.clients.devices import Device, DeviceError, Document, House, Processes
from tests.clients.proxy import Proxy, calm, proxied
from tests.clients.readers import Node, ReaderPhone
from tests.clients.watermelon import WatermelonDevice, WatermelonHouse
from tests.journeys.phones import Phone

LIBRARIES: Final = ("RxDB", "WatermelonDB", "native", "native adapter")
"""The native ones: the device in Python, and the adapter of docs/clients in TypeScript."""
OFFLINE: Final = "this device is offline"
HOMES: Final = ("goal", "step")
"""Kinds of the couple's that are made here."""


class Hand(Protocol):
    """One device. What it does offline never fails; `sync` tells whether it came to its end."""

    person: str

    async def documents(self, kind: str) -> list[Document]:
        """What an app shows of a kind."""

    async def make(self, kind: str, **fields: Any) -> str:
        """Make a record; return its id."""

    async def force(self, kind: str, **fields: Any) -> None:
        """Make a record that no server takes."""

    async def patch(self, kind: str, identity: str, **fields: Any) -> None:
        """Edit some fields."""

    async def remove(self, kind: str, identity: str) -> None:
        """Remove a record."""

    async def pick(self, kind: str, identity: str, field: str, text: str) -> None:
        """Choose a text, and take away what stands beside it."""

    async def sync(self) -> bool:
        """Talk to the server in whatever weather there is."""

    async def begin_again(self) -> None:
        """Lose everything but what is on the disk."""

    async def heard(self, words: str) -> bool:
        """Whether these words ever came over the network."""


class LibraryHand:
    """A device with RxDB, in one collection of all kinds, or with WatermelonDB."""

    def __init__(self, house: House, device: Device, file: Path) -> None:
        self._house, self.device, self._file = house, device, file
        self.person = device.person
        self._heard_before = ""

    async def documents(self, kind: str) -> list[Document]:
        return await self.device.documents(kind)

    async def make(self, kind: str, **fields: Any) -> str:
        fields |= {"couple": self._house.couple} if kind in HOMES else {}
        if isinstance(self.device, WatermelonDevice):
            return await self.device.make(kind, **fields)
        return await self.device.insert(kind, **fields)

    async def force(self, kind: str, **fields: Any) -> None:
        await self.make(kind, **fields)

    async def patch(self, kind: str, identity: str, **fields: Any) -> None:
        await self.device.patch(kind, identity, **fields)

    async def remove(self, kind: str, identity: str) -> None:
        await self.device.remove(kind, identity)

    async def pick(self, kind: str, identity: str, field: str, text: str) -> None:
        await self.device.pick(kind, identity, field, text)

    async def sync(self) -> bool:
        try:
            await self.device.sync()
        except DeviceError as error:
            if not str(error).startswith(f"sync: {OFFLINE}"):
                raise
            self.device.process.failed = False
            return False
        return True

    async def begin_again(self) -> None:
        self._heard_before += await self.device.all_heard()
        self.device = await self._house.killed_and_begun_again(self.device, self._file, **how(self._house))

    async def heard(self, words: str) -> bool:
        return words in self._heard_before or await self.device.heard(words)


class NativeHand:
    """A phone that speaks the native protocol."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.person = str(phone.person)

    async def documents(self, kind: str) -> list[Document]:
        return [
            {
                "id": str(each.id),
                "author": str(each.author),
                "alternatives": {
                    field: [{"by": str(one.by), "text": one.text} for one in texts]
                    for field, texts in each.alternatives.items()
                },
                **each.fields,
            }
            for each in self.phone.all(kind)
        ]

    async def make(self, kind: str, **fields: Any) -> str:
        return str(self.phone.edit(kind, **fields))

    async def force(self, kind: str, **fields: Any) -> None:
        self.phone.queue_raw(kind, fields)

    async def patch(self, kind: str, identity: str, **fields: Any) -> None:
        self.phone.edit(kind, RecordId(UUID(identity)), **fields)

    async def remove(self, kind: str, identity: str) -> None:
        del kind
        self.phone.remove(RecordId(UUID(identity)))

    async def pick(self, kind: str, identity: str, field: str, text: str) -> None:
        del kind
        self.phone.pick(RecordId(UUID(identity)), field, text)

    async def sync(self) -> bool:
        try:
            await self.phone.sync()
        except httpx.TransportError:
            return False
        return True

    async def begin_again(self) -> None:
        self.phone.begin_again()

    async def heard(self, words: str) -> bool:
        return words.encode() in self.phone.bytes_received()


def how(house: House) -> dict[str, Any]:
    """How a house's devices are opened here."""
    return {} if isinstance(house, WatermelonHouse) else {"together": True}


class MixedHouse(Struct, frozen=True):
    """A couple with devices of all three kinds, and the proxy between these and the server."""

    rxdb: House
    watermelon: House
    proxy: Proxy
    client: httpx.AsyncClient
    """Asks through the proxy."""
    node: Node

    async def hand(self, whose: str, library: str, folder: Path) -> Hand:
        """One more device of Ana or Ben, which has pulled all there is."""
        if library == "native":
            phone = await self.rxdb.home.another_phone(whose)
            phone.talk_to(self.client)
            await phone.sync()
            return NativeHand(phone)
        if library == "native adapter":
            home = self.rxdb.home
            someone = await people.another_device(home.client, home.ana if whose == "ana" else home.ben)
            phone = ReaderPhone(self.node, self.proxy.address, self.client, someone, limit=500, tries=1)
            await phone.sync()
            return NativeHand(phone)
        house = self.rxdb if library == "RxDB" else self.watermelon
        file = folder / f"{library}-{len(house.devices)}.db"
        device = await house.device(whose, file=file, **how(house))
        await device.sync()
        return LibraryHand(house, device, file)

    async def equal_everywhere(self, *hands: Hand) -> None:
        """Each device holds exactly what is stored for its person, and WatermelonDB finds its databases sound."""
        await self.rxdb.equal_everywhere()
        await self.watermelon.equal_everywhere()
        for device in self.watermelon.devices:
            assert isinstance(device, WatermelonDevice)
            await device.is_sound()
        for each in hands:
            if isinstance(each, NativeHand):
                assert each.phone.holds() == await self.rxdb.home.holds(each.phone.someone)
                assert each.phone.shows_what_it_holds()


@asynccontextmanager
async def mixed(rxdb: House, watermelon_processes: Processes, node: Node) -> AsyncIterator[MixedHouse]:
    """The devices of this house, and others of the same couple, meet the server through a proxy."""
    async with proxied(rxdb.address) as proxy:
        rxdb.address = proxy.address
        watermelon = rxdb.neighbour(WatermelonHouse, watermelon_processes)
        async with httpx.AsyncClient(base_url=proxy.address, timeout=30) as client:
            try:
                yield MixedHouse(rxdb, watermelon, proxy, client, node)
            finally:
                proxy.weather = calm
                await watermelon.end()
