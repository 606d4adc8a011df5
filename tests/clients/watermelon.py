"""Devices with the real WatermelonDB on a couple's accounts: the pytest side of `watermelon_device.mjs`."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from sync.documents import collection_schemas
from sync.wire import SCHEMA
from tests.clients.devices import DEADLINE_S, Device, DeviceError, Document, House

PROGRAM: Final = Path(__file__).resolve().parent / "watermelon_device.mjs"
_IN_JSON: Final = {
    (kind, name)
    for kind, described in collection_schemas(SCHEMA).items()
    for name, says in described["properties"].items()
    if says["type"][0] in ("array", "object")
}
NOT_IN_A_DOCUMENT: Final = ("_status", "_changed", "removed_at")


class WatermelonDevice(Device):
    """One device of one person. It is offline but while it syncs, or between `online` and `offline`."""

    async def make(self, kind: str, **fields: Any) -> str:
        """Make a record whose id is left to WatermelonDB; return it."""
        made: str = await self._ask("insert", kind=kind, document=fields)
        return made

    async def sync(self, *, pushing: Sequence[str] | None = None) -> int:
        """Pull and push, as often as the adapter does by itself; return the number of pushes."""
        assert pushing is None, "WatermelonDB sends all tables at once"
        pushes: int = await self._ask("sync")
        return pushes

    async def sync_at_once(self, count: int) -> int:
        """Sync so many times at once; return the number of pulls."""
        pulls: int = await self._ask("syncAtOnce", count=count)
        return pulls

    async def pull_only(self) -> None:
        """Pull, and fail to send what waits."""
        await self._ask("pullOnly")

    async def fail_to_apply(self) -> None:
        """Pull, but fail to store what came."""
        await self._ask("failToApply")

    async def find_it_busy(self, count: int) -> None:
        """Be answered so many times that the server is busy."""
        await self._ask("beTooMany", count=count)

    @asynccontextmanager
    async def syncing_while_held(self, what: Literal["pulls", "pushes"]) -> AsyncIterator["asyncio.Task[int]"]:
        """Sync, with the answers to these kept on their way as long as this lasts; yield what to await after it."""
        await self._ask("hold", what=what)
        syncing = asyncio.create_task(self.sync())
        async with asyncio.timeout(DEADLINE_S):
            while not await self._ask("held"):  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.02)
        yield syncing
        await self._ask("release", what=what)

    async def refused(self) -> list[str]:
        """Talk to a server that refuses; return what the adapter tells of it. What waits here waits still."""
        try:
            await self.sync()
        except DeviceError as error:
            assert await self.waits()
            self.process.failed = False
            return [str(error)]
        return []

    async def is_clean(self) -> bool:
        """Whether nothing waits here, for WatermelonDB and for the adapter."""
        return not await self.waits() and await super().is_clean()

    async def waits(self) -> bool:
        """Whether anything here has not been sent yet."""
        waits: bool = await self._ask("waits")
        return waits

    async def documents(self, kind: str) -> list[Document]:
        """What an app's query finds, without what is removed; lists and objects are such, and no JSON."""
        return [_document(kind, row) for row in await self.rows(kind)]

    async def rows(self, kind: str) -> list[Document]:
        """The same as WatermelonDB has it."""
        rows: list[Document] = await self._ask("documents", kind=kind)
        return rows

    async def rows_kept(self, kind: str) -> list[Document]:
        """Every row there is, what is removed included."""
        rows: list[Document] = await self._ask("rowsKept", kind=kind)
        return rows

    async def pushed(self) -> list[list[Document]]:
        """The rows of every push that was sent."""
        return [
            [row for changes in push.values() for row in changes["created"] + changes["updated"]]
            for push in await self.pushes()
        ]

    async def row(self, kind: str, identity: UUID | str) -> Document:
        [found] = [each for each in await self.rows(kind) if each["id"] == str(identity)]
        return found

    async def lose_cursor(self) -> None:
        """Forget where it is."""
        await self._ask("loseCursor")

    async def is_sound(self, *, but: Collection[str] = ()) -> None:
        """Ask WatermelonDB whether its database is whole, and the same as what the server has."""
        found: list[str] = await self._ask("diagnosed", but=list(but))
        assert not found, "\n".join(found)


class WatermelonHouse(House):
    """A couple with devices that use WatermelonDB."""

    made_of = WatermelonDevice
    debts = 1
    asks_by_collection = False
    keeps_what_is_removed = True
    adapter = "loki"
    may_differ: Collection[str] = ()
    """Columns in which a database may differ from what the server would say to a new device."""

    async def device(self, whose: str, **how: Any) -> WatermelonDevice:
        return await super().device(whose, adapter=self.adapter, **how)

    async def killed_and_begun_again(self, device: Device, file: Path, **how: Any) -> WatermelonDevice:
        return await super().killed_and_begun_again(device, file, adapter=self.adapter, **how)

    @staticmethod
    def pages_of(rows: int) -> Document:
        """How a device is opened that asks for so many rows at a time."""
        return {"limit": rows}

    @staticmethod
    def app_for(*kinds: str) -> Document:
        """How an app is opened that uses these kinds: it has a table for each there is."""
        del kinds
        return {}

    @staticmethod
    def first_app() -> Document:
        """How the first version of an app is opened that will be updated."""
        return {"isFirst": True}

    def updated_app(self, *added: str) -> Document:
        """How an app is opened that knows the second schema, and with it these columns."""
        return {"schema": 2, "added": list(added)}

    async def all_are_sound(self) -> None:
        """Look whether no database is broken, and each is what the server has."""
        for device in self.devices:
            await device.is_sound(but=self.may_differ)


class HouseInSqlite(WatermelonHouse):
    """The same, with SQLite below, as on a phone."""

    adapter = "sqlite"


def _document(kind: str, row: Document) -> Document:
    return {
        name: json.loads(value) if (kind, name) in _IN_JSON and value is not None else value
        for name, value in row.items()
        if name not in NOT_IN_A_DOCUMENT
    }
