"""A small world for tests: people, couples and their phones on one store in memory, without a network or a clock.

The rules, merging, the use-cases and the device are the real ones; bytes pass through the real wire encoding. All
ids and keys come from one seed, so a story runs the same every time:

    world = World(seed=7)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, other = world.device(ana), world.device(ben)
    goal = phone.make("goal")                       # offline: nothing is sent
    phone.write(goal, notes="Slow walks.")
    await phone.sync()
    await other.sync()
    assert other.fields(goal)["notes"] == "Slow walks."
"""

import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from domain import ids
from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Ownership
from domain.kinds import KINDS, SETTINGS
from domain.records import Record
from sync import service
from sync.board import settings_id
from sync.memory import MemoryStore
from sync.ports import Caller, Keys, Member, RecordKey, Revision, Shadow, Space, Store
from sync.replica import Replica
from sync.sealing import KEY_BYTES, SpaceKeys
from sync.shelves import Kept, Shelves
from sync.showing import Shown
from sync.wire import Change, Outcome, SyncRequest, SyncResponse

SYNCS_MAX = 200
"""Round trips after which a device that still has something to do is thought to go in circles."""

Send = Callable[[SyncRequest], Awaitable[SyncResponse]]

_REQUESTS = msgspec.json.Decoder(SyncRequest)
_RESPONSES = msgspec.json.Decoder(SyncResponse)


class Person(Struct):
    """Somebody with an account. `spaces`: the personal one, then couples' spaces, newest first."""

    id: PersonId
    name: str
    spaces: list[SpaceId]

    @property
    def personal(self) -> SpaceId:
        return self.spaces[0]


class Couple(Struct, frozen=True):
    """Two persons and their space."""

    id: CoupleId
    space: SpaceId


class MemoryKeys:
    """`sync.ports.Keys` with real keys, drawn when a space is first asked for."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._keys: dict[SpaceId, SpaceKeys] = {}

    async def of(self, spaces: Collection[SpaceId]) -> Mapping[SpaceId, SpaceKeys]:
        return {space: self.now(space) for space in spaces}

    def now(self, space: SpaceId) -> SpaceKeys:
        if space not in self._keys:
            data_key, id_key = self._chance.randbytes(KEY_BYTES), self._chance.randbytes(KEY_BYTES)
            self._keys[space] = SpaceKeys(space, {0: data_key}, 0, id_key)
        return self._keys[space]


class Dump(Struct, frozen=True):
    """What a backup of the store would hold. Records are values, so copies of the dictionaries are enough."""

    lives: list[UUID]
    spaces: dict[SpaceId, Space]
    own_epochs: dict[SpaceId, UUID]
    records: dict[RecordKey, Record]
    revisions: dict[RecordKey, list[Revision]]
    outcomes: dict[tuple[SpaceId, DeviceId, UUID], Outcome]
    shadows_of: dict[tuple[SpaceId, DeviceId, RecordId], Shadow]


class World:
    """Everything that exists in one test. Time passes only when told (`pass_time`)."""

    def __init__(self, seed: int = 0, now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)) -> None:
        self.chance = random.Random(seed)
        self.now = now
        self.store = MemoryStore(self.uuid())
        self.keys = MemoryKeys(self.chance)
        self.people: list[Person] = []
        self.devices: list[Device] = []

    # People ----------------------------------------------------------------------------------------------------

    def person(self, name: str = "Ana") -> Person:
        """Somebody new, with a personal space and settings, as an account begins."""
        person, space = PersonId(self.uuid()), SpaceId(self.uuid())
        self.store.found(space, None, (Member(person, space),), self.uuid())
        id_key = self.keys.now(space).id_key
        fields = {name: field.shape.empty for name, field in SETTINGS.fields.items()}
        self._put(
            Record(
                space=space,
                kind=SETTINGS.name,
                id=settings_id(id_key),
                version=1,
                created=1,
                author=person,
                fields=fields,
            )
        )
        self.people.append(Person(person, name, [space]))
        return self.people[-1]

    def pair(self, one: Person, other: Person) -> Couple:
        """Make two persons a couple with a new space."""
        couple = Couple(CoupleId(self.uuid()), SpaceId(self.uuid()))
        members = tuple(Member(each.id, each.personal) for each in (one, other))
        self.store.found(couple.space, couple.id, members, self.uuid())
        for each in (one, other):
            each.spaces.insert(1, couple.space)
        return couple

    def part(self, couple: Couple) -> None:
        """Let either leave: the space closes and what was shown in it is wiped."""
        windows = {kind.name for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION}
        self.store.close(couple.space, windows)

    def device(self, person: Person, *, clock_off: timedelta = timedelta()) -> "Device":
        """A new phone of this person's, whose own clock may be wrong by `clock_off`."""
        device = DeviceId(self.uuid())
        phone = Device(
            Replica(Shelves(person.id, device)),
            send=lambda request: self._answer(person, device, request),
            now_ms=lambda: int((self.now + clock_off).timestamp() * 1000),
            chance=self.chance,
        )
        self.devices.append(phone)
        return phone

    async def purge(self, person: Person, identity: RecordId) -> None:
        """Let somebody destroy their own words in a record, as `DELETE /v1/records/…/words` does."""
        kind = self.stored(identity).kind
        caller = Caller(person.id, DeviceId(self.uuid()), tuple(person.spaces), may_keep=True)
        await service.purge(self.store, self.keys, caller, kind, identity, self.now)

    async def settle(self, *devices: "Device") -> None:
        """Sync these devices (all, without any) in turn until none of them learns anything new."""
        await settle(devices or tuple(self.devices))

    # The server ------------------------------------------------------------------------------------------------

    def stored(self, identity: RecordId) -> Record:
        """The record as the store has it."""
        found = [record for record in self.store.records.values() if record.id == identity]
        assert found, "the store has no such record"
        return found[0]

    def records(self, kind: str) -> list[Record]:
        """Every stored record of a kind, wiped ones left out."""
        return [each for each in self.store.records.values() if each.kind == kind and not each.gone]

    def dump(self) -> Dump:
        """Back the store up."""
        return dump_of(self.store)

    def restore(self, dump: Dump, *, bump: bool = True) -> None:
        """Go back to a backup; `bump` as `haven epoch bump` does, as one should."""
        go_back(self.store, dump)
        if bump:
            self.store.bump(self.uuid())

    def bump(self) -> None:
        """Begin a new life of the store."""
        self.store.bump(self.uuid())

    def forget_before(self, space: SpaceId, version: int) -> None:
        """Move a space's horizon, as time does: a device whose place is below it takes everything anew."""
        self.store.spaces[space] = replace(self.store.spaces[space], horizon=version)

    # Time and chance -------------------------------------------------------------------------------------------

    def pass_time(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass for everyone."""
        self.now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    def uuid(self) -> UUID:
        """The next id."""
        return ids.uuid4(self.chance.randbytes(ids.CHANCE_BYTES))

    async def _answer(self, person: Person, device: DeviceId, request: SyncRequest) -> SyncResponse:
        caller = Caller(person.id, device, tuple(person.spaces), may_keep=True)
        return await answer(self.store, self.keys, caller, request, self.now, self.uuid)

    def _put(self, record: Record) -> None:
        space = self.store.spaces[record.space]
        self.store.spaces[record.space] = replace(space, head=record.version)
        self.store.records[record.space, record.id] = record


class Device:
    """One phone. Edits are kept on its `disk` at once; `sync` talks to the server; `restart` loses all but the disk.

    `send` may be any way to a server: a world's, or `over_http`.
    """

    def __init__(self, replica: Replica, *, send: Send, now_ms: Callable[[], int], chance: random.Random) -> None:
        self.replica = replica
        self.send = send
        self.now_ms = now_ms
        self.chance = chance
        self.disk: dict[tuple[str, str], bytes] = {}
        self.outcomes: list[Outcome] = []
        """Every outcome that this device was told, oldest first."""
        self._save()

    # Editing, all of it offline --------------------------------------------------------------------------------

    def make(self, kind: str, *, couple: Couple | CoupleId | None = None, **fields: Any) -> RecordId:
        """Make a record and return its id."""
        change = self._edit(kind, None, fields, couple=couple)
        assert change is not None
        return RecordId(change.id)

    def write(self, identity: RecordId, **fields: Any) -> Change | None:
        """Change some fields of a record; None when they are as given already."""
        return self._edit(self._kind(identity), identity, fields)

    def remove(self, identity: RecordId) -> Change | None:
        """Remove a record."""
        return self._edit(self._kind(identity), identity, {}, remove=True)

    def bring_back(self, identity: RecordId) -> Change | None:
        """Undo a removal."""
        return self._edit(self._kind(identity), identity, {}, remove=False)

    def pick(self, identity: RecordId, field: str, keep: str) -> Change:
        """Keep this text and put away what stood beside it."""
        change = self.replica.pick(identity, field, keep, key=self.uuid(), made_ms=self.now_ms())
        self._save()
        return change

    def confirm(self, identity: RecordId, field: str) -> Change:
        """Say that a joined text is right."""
        change = self.replica.confirm(identity, field, key=self.uuid(), made_ms=self.now_ms())
        self._save()
        return change

    def force(self, kind: str, identity: UUID | None = None, **other: Any) -> Change:
        """Put a change into the outbox that the device itself would not make (`set=`, `was=`, `base=`, `couple=` …)."""
        change = Change(key=self.uuid(), kind=kind, id=identity or self.uuid(), **other)
        self.replica.keep(change, self.now_ms())
        self._save()
        return change

    # Talking to the server -------------------------------------------------------------------------------------

    async def sync(self, *, limit: int = 500) -> list[Outcome]:
        """Push and pull until there is nothing left to do; return what was decided about this device's edits."""
        told: list[Outcome] = []
        for _ in range(SYNCS_MAX):
            request = self.request(limit=limit)
            response = await self.send(request)
            self.receive(request, response)
            told += response.outcomes
            if not response.more and not self.waiting:
                return told
        raise AssertionError("the device does not come to rest")

    def request(self, *, limit: int = 500) -> SyncRequest:
        """What it would send now: for tests that lose, hold or repeat answers (`send`, then `receive` or not)."""
        return self.replica.request(self.now_ms(), limit=limit)

    def begin_anew(self) -> None:
        """Do what a device does whose cursor the server does not know any more."""
        self.replica.begin_anew()
        self._save()

    def receive(self, request: SyncRequest, response: SyncResponse) -> bool:
        """Take an answer in; False when another one has overtaken it."""
        taken = self.replica.receive(request, response, self.uuid)
        if taken:
            self.outcomes += response.outcomes
        self._save()
        return taken

    async def sync_without_answer(self) -> None:
        """One request that the server carries out, and whose answer is lost."""
        await self.send(self.request())

    def restart(self) -> None:
        """Lose everything but the disk."""
        self.replica = Replica.restored((shelf, value) for (shelf, _), value in self.disk.items())

    # Looking ---------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> list[Kept]:
        """Edits that the server has not answered."""
        return self.replica.waiting()

    def shown(self, identity: RecordId) -> Shown | None:
        """A record as this phone shows it."""
        return self.replica.shown(identity)

    def fields(self, identity: RecordId) -> dict[str, Any]:
        """The fields of a record that this phone must show."""
        shown = self.replica.shown(identity)
        assert shown is not None, "this phone shows no such record"
        return shown.fields

    def view(self, kind: str) -> list[Shown]:
        """All it shows of a kind."""
        return self.replica.view(kind)

    def only(self, kind: str) -> Shown:
        """The one record of a kind that it shows."""
        (one,) = self.replica.view(kind)
        return one

    def notices(self) -> list[str]:
        """The codes of its notices, sorted."""
        return sorted(each.fields["code"] for each in self.view("notice"))

    def unplaced(self) -> list[dict[str, str]]:
        """The words that came back."""
        return [each.fields["words"] for each in self.view("unplaced")]

    def texts(self) -> str:
        """Everything that is on its disk, for asking whether some words are: also what is not shown."""
        return "\n".join(value.decode() for value in self.disk.values())

    def uuid(self) -> UUID:
        """The next id or key."""
        return ids.uuid4(self.chance.randbytes(ids.CHANCE_BYTES))

    def _edit(
        self,
        kind: str,
        identity: RecordId | None,
        fields: dict[str, Any],
        *,
        remove: bool | None = None,
        couple: Couple | CoupleId | None = None,
    ) -> Change | None:
        values = {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}
        personal = KINDS[kind].home == "personal"
        chance = self.chance.randbytes(ids.CHANCE_BYTES)
        change = self.replica.edit(
            kind,
            identity,
            values,
            remove=remove,
            couple=couple.id if isinstance(couple, Couple) else couple,
            key=self.uuid(),
            new_id=ids.uuid7(self.now_ms(), chance) if personal else ids.uuid4(chance),
            made_ms=self.now_ms(),
        )
        self._save()
        return change

    def _kind(self, identity: RecordId) -> str:
        shown = self.replica.shown(identity)
        if shown is not None:
            return shown.kind
        return next(row.kind for row in self.replica.rows() if row.id == identity)

    def _save(self) -> None:
        for shelf, key, value in self.replica.saves():
            if value is None:
                self.disk.pop((shelf, key), None)
            else:
                self.disk[shelf, key] = value


def dump_of(store: MemoryStore) -> Dump:
    """Back a store up."""
    return Dump(
        list(store.lives),
        dict(store.spaces),
        dict(store.own_epochs),
        dict(store.records),
        {key: list(each) for key, each in store.revisions.items()},
        dict(store.outcomes),
        dict(store.shadows_of),
    )


def go_back(store: MemoryStore, dump: Dump) -> None:
    """Put a backup in place of what a store holds."""
    store.lives, store.spaces, store.own_epochs = list(dump.lives), dict(dump.spaces), dict(dump.own_epochs)
    store.records, store.outcomes = dict(dump.records), dict(dump.outcomes)
    store.revisions = {key: list(each) for key, each in dump.revisions.items()}
    store.shadows_of = dict(dump.shadows_of)


async def settle(phones: Sequence[Device]) -> None:
    """Sync these phones in turn until none of them learns anything new."""
    for _ in range(SYNCS_MAX):
        before = [phone.replica.cursor for phone in phones]
        for phone in phones:
            await phone.sync()
        if before == [phone.replica.cursor for phone in phones]:
            return
    raise AssertionError("the devices do not come to rest")


async def answer(
    store: Store, keys: Keys, caller: Caller, request: SyncRequest, now: datetime, new_epoch: Callable[[], UUID]
) -> SyncResponse:
    """What the real use-case answers on this store; both ways through the bytes of the wire."""
    received = _REQUESTS.decode(msgspec.json.encode(request))
    answer = await service.sync(store, keys, caller, received, now, new_epoch)
    return _RESPONSES.decode(msgspec.json.encode(answer.response))


def over_http(client: httpx.AsyncClient, token: str) -> Send:
    """Return the way to a real server for the phone with this token."""

    async def send(request: SyncRequest) -> SyncResponse:
        answer = await client.post(
            "/v1/sync",
            content=msgspec.json.encode(request),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return _RESPONSES.decode(answer.content)

    return send
