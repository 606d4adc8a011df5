"""Two people with two devices each on any store: pushes go through the use-case, and every step can be looked at."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import UNSET, Struct

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.records import Record
from domain.settings import SETTINGS
from sync import service
from sync.board import settings_id
from sync.bodies import encoded
from sync.memory import MemoryStore
from sync.ports import Caller, Member, Page, Store, Stored, Wanted, Writes
from sync.reconcile import Decisions, reconcile
from sync.sealing import SpaceKeys
from sync.wanted import wanted
from sync.wire import Change, Outcome

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class HeldKeys:
    """Real keys of every space that was ever asked for, unless it was `lost`."""

    def __init__(self) -> None:
        self.lost: set[SpaceId] = set()
        self.held: dict[SpaceId, SpaceKeys] = {}

    async def of(self, spaces: Collection[SpaceId]) -> Mapping[SpaceId, SpaceKeys]:
        return {space: self.one(space) for space in spaces if space not in self.lost}

    def one(self, space: SpaceId) -> SpaceKeys:
        if space not in self.held:
            self.held[space] = SpaceKeys(space, {0: _key(b"data", space)}, 0, _key(b"ids", space))
        return self.held[space]


def _key(purpose: bytes, space: SpaceId) -> bytes:
    return sha256(purpose + space.bytes).digest()


class Somebody(Struct, frozen=True):
    """A person on a phone and on a tablet, whose id is the higher one."""

    person: PersonId
    phone: Caller
    tablet: Caller

    @property
    def personal(self) -> SpaceId:
        return self.phone.personal


def somebody(*couple_spaces: SpaceId) -> Somebody:
    person, personal = PersonId(uuid4()), SpaceId(uuid4())
    low, high = sorted((uuid4(), uuid4()))
    spaces = (personal, *couple_spaces)
    return Somebody(
        person,
        Caller(person, DeviceId(low), spaces, may_keep=True),
        Caller(person, DeviceId(high), spaces, may_keep=True),
    )


class Pair:
    """Ana and Ben, who share a space. `found` has stored their spaces."""

    def __init__(self, store: Store, keys: HeldKeys) -> None:
        self.store, self.keys = store, keys
        self.space, self.couple = SpaceId(uuid4()), CoupleId(uuid4())
        self.ana, self.ben = somebody(self.space), somebody(self.space)
        self.now = NOON

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(Member(each.person, each.personal) for each in (self.ana, self.ben))

    async def push(self, who: Caller, *changes: Change) -> list[Outcome]:
        pushed = await service.push(self.store, self.keys, who, changes, self.now, {}, uuid4)
        return list(pushed.decisions.outcomes)

    async def one(self, who: Caller, change: Change) -> Outcome:
        [outcome] = await self.push(who, change)
        return outcome

    async def decide(self, who: Caller, *changes: Change) -> Decisions:
        """What these changes would come to, with nothing stored."""
        id_keys = {space: self.keys.one(space).id_key for space in (self.space, self.ana.personal, self.ben.personal)}
        loaded = await self.store.load(who, wanted(changes, who, id_keys, self.now))
        return reconcile(loaded, who, changes, self.now, id_keys)

    async def look(self, who: Somebody, identity: UUID) -> Record:
        """The stored record of this id, in whichever of the person's spaces."""
        loaded = await self.store.load(who.phone, Wanted(ids=[RecordId(identity)]))
        [record] = [each for (_, each_id), each in loaded.records.items() if each_id == identity]
        return record

    async def page(self, who: Somebody, after: Mapping[SpaceId, int] | None = None) -> Page:
        return await self.store.changed_since(who.phone, after or {}, limit=1000)

    async def of_kind(self, who: Somebody, kind: str) -> list[Record]:
        """Every stored record of a kind that this person's devices are given, tombstones included."""
        page = await self.page(who)
        return [await self.look(who, row.id) for row in page.rows if row.kind == kind]

    async def words_for(self, who: Somebody) -> list[dict[str, Any]]:
        """The fields of everything that came back to this person unplaced."""
        return [each.fields for each in await self.of_kind(who, "unplaced") if each.live]

    async def told(self, who: Somebody) -> list[tuple[str, str]]:
        """The code and field of every notice this person has."""
        return [(each.fields["code"], each.fields["field"]) for each in await self.of_kind(who, "notice") if each.live]

    async def held_about(self, who: Somebody, identity: UUID) -> str:
        """Everything that any store keeps about a record in this person's reach, as one text to search."""
        scope = await self.store.scope(who.phone, RecordId(identity))
        return repr((scope.records, scope.revisions))

    async def settle_in(self) -> None:
        """Give both the settings that their accounts begin with."""
        for each in (self.ana, self.ben):
            record = Record(
                space=each.personal,
                kind="settings",
                id=settings_id(self.keys.one(each.personal).id_key),
                version=1,
                created=1,
                author=each.person,
                fields={name: field.shape.empty for name, field in SETTINGS.fields.items()},
            )
            await self.put(each.phone, record)

    async def put(self, who: Caller, *records: Record) -> None:
        """Store records as they are under the versions they name, in one space of the caller's."""
        space = (await self.store.load(who, Wanted())).spaces[records[0].space]
        writes = Writes(
            spaces={space.id: space},
            heads={space.id: max(record.version for record in records)},
            records=tuple(Stored(record, encoded(record)) for record in records),
        )
        assert await self.store.save(who, writes, self.now) is not None


async def in_memory() -> Pair:
    """Ana and Ben in a memory store."""
    store = MemoryStore(uuid4())
    pair = Pair(store, HeldKeys())
    for each in (pair.ana, pair.ben):
        store.found(each.personal, None, (Member(each.person, each.personal),), uuid4())
    store.found(pair.space, pair.couple, pair.members, uuid4())
    await pair.settle_in()
    return pair


def change(kind: str, identity: UUID, values: dict[str, Any] | None = None, **rest: Any) -> Change:
    """One edit with a key of its own. `couple` is a couple's id; `remove` may be left out."""
    return Change(
        key=rest.pop("key", None) or uuid4(),
        kind=kind,
        id=identity,
        set=values or {},
        was=rest.pop("was", {}),
        base=rest.pop("base", 0),
        couple=rest.pop("couple", None),
        remove=rest.pop("remove", UNSET),
        age_ms=rest.pop("age_ms", None),
        **rest,
    )


def sent(answer: Any) -> str:
    """An answer as it goes over the wire."""
    return msgspec.json.encode(answer).decode()
