"""Two couples with two phones a person, what is under way between these and the server, and who is with whom."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from msgspec import Struct

from domain import ids
from domain.ids import DeviceId, PersonId, RecordId
from domain.kinds import SETTINGS
from sync.board import settings_id
from sync.ports import Caller, RecordKey, Writes
from sync.replica import Replica
from sync.resend import Row
from sync.shelves import Shelves
from sync.showing import Shown
from sync.wire import Change, SyncRequest, SyncResponse
from tests.simulation.coverage import Hits
from tests.simulation.laws import Known, Laws
from tests.simulation.ledger import words_in
from tests.simulation.servers import Server, WatchedStore
from tests.simulation.story import Story
from tests.world import Couple, Device, Person, answer

NAMES = ("Ana", "Ben", "Cem", "Dora")
PHONES_EACH = 2
CLOCK_OFF_MAX = timedelta(days=20_000)
"""From before 1970 to far beyond this century."""

RECENT = 2
"""How many of the newest records of a kind are mostly worked on, so that people meet in them."""


Edit = Callable[["Town", "Phone"], object]
"""Something that a person does on a phone."""


class Phone(Device):
    """A device with an owner and a name, whose clock may be wrong, and whose answers are looked at."""

    def __init__(self, town: "Town", owner: Person, name: str, clock_off: timedelta) -> None:
        self.town, self.owner, self.name, self.clock_off = town, owner, name, clock_off
        self.compared: dict[RecordKey, Row] = {}
        """The rows that were found equal to the server's."""
        self._words: dict[RecordId, tuple[Row, frozenset[str]]] = {}
        self.asked = 0
        """How many requests it has made."""
        self.known: set[UUID] = set()
        """The keys of edits that have been told of, and of those that it has made by itself."""
        self.told: dict[RecordId, Shown] = {}
        """What it showed when the story last told of it."""
        self.heard = 0
        """Which of them was the newest that reached the server."""
        super().__init__(
            Replica(Shelves(owner.id, DeviceId(town.uuid()))),
            send=lambda request: town.carry(self, request),
            now_ms=lambda: int((town.now + self.clock_off).timestamp() * 1000),
            chance=town.chance_of_ids,
        )

    def receive(self, request: SyncRequest, response: SyncResponse) -> bool:
        before = self.town.laws.before(self.replica, response)
        taken = super().receive(request, response)
        self.town.laws.received(self, before, response, taken=taken)
        again = [kept.change for kept in self.waiting if kept.change.key not in self.known]
        self.known.update(change.key for change in again)
        return taken

    def words_of(self, row: Row) -> frozenset[str]:
        """Return the words that a row would say again: in its fields, and its person's own that stand beside."""
        known = self._words.get(row.id)
        if known is None or known[0] is not row:
            beside = [each.text for texts in row.alternatives.values() for each in texts if each.by == self.owner.id]
            known = self._words[row.id] = row, words_in((row.fields, beside))
        return known[1]

    @property
    def knows(self) -> Callable[[UUID], bool]:
        """Whether there is anything here about a record."""
        shelves = self.replica.shelves
        return lambda identity: bool(shelves.homes_of(RecordId(identity)) or shelves.edits_of(RecordId(identity)))


class Pairing(Struct, frozen=True):
    """A couple that is together."""

    couple: Couple
    one: Person
    other: Person


class Message(Struct, frozen=True, eq=False):
    """Something under way: a request, or the answer to it."""

    phone: Phone
    nth: int
    request: SyncRequest
    answer: SyncResponse | None = None


class Backup(Struct, frozen=True):
    """A dump of the store, and what was known of the words then."""

    dump: Any
    known: Known


class Town:
    """Everything that exists in one run. `founded` makes one; all chance comes from its seed."""

    def __init__(self, seed: int, server: Server, clocks: int = 0) -> None:
        self.seed = seed
        self.chance = random.Random(f"{seed}: what happens")
        self.chance_of_ids = random.Random(f"{seed}: ids and keys")
        self.chance_of_clocks = random.Random(f"{seed}: clocks {clocks}")
        self.clocks_jump = True
        """Whether a clock can be set anew between an edit and its sending."""
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.server = server
        self.story = Story()
        self.phones: list[Phone] = []
        self.laws = Laws(self.phones, self.story.called)
        self.hits = Hits()
        self.store = WatchedStore(server.store, self._saved)
        self.people: list[Person] = []
        self.pairings: list[Pairing] = []
        self.parted: list[Couple] = []
        self.under_way: list[Message] = []
        self.backup: Backup | None = None
        self.made: dict[str, list[RecordId]] = {}
        """By kind the ids of records that were ever made, oldest first."""
        self.focus: RecordId | None = None
        """The record that somebody else is just working on, too."""
        self._words = 0

    @property
    def seen_with(self) -> str:
        """The command that plays this seed again."""
        return f"make simulate SEED={self.seed}"

    @classmethod
    async def founded(cls, seed: int, server: Server, clocks: int = 0) -> Self:
        """Return a town in which everybody has their phones, and two and two are couples."""
        town = cls(seed, server, clocks)
        for name in NAMES:
            person = await server.person(name, town.now)
            town.people.append(person)
            town.laws.founded(person.personal, person.id)
            town.story.name(person.id, name)
            own = settings_id((await server.keys.of([person.personal]))[person.personal].id_key)
            town.note_made(SETTINGS.name, own, f"{name}'s settings")
            for nth in range(PHONES_EACH):
                phone = Phone(town, person, f"{name}'s {('phone', 'tablet')[nth]}", town.some_clock_error())
                town.phones.append(phone)
                town.story.name(phone.replica.device, phone.name)
        await town.pair(town.people[0], town.people[1])
        await town.pair(town.people[2], town.people[3])
        return town

    # People ----------------------------------------------------------------------------------------------------

    async def pair(self, one: Person, other: Person) -> None:
        """Make two persons a couple. A backup from before would undo it, so there is none any more."""
        couple = await self.server.pair(one, other)
        self.laws.founded(couple.space, one.id, other.id, couple=couple.id)
        self.pairings.append(Pairing(couple, one, other))
        self.story.name(couple.id, f"{one.name} and {other.name}")
        self.backup = None

    async def part(self, pairing: Pairing) -> None:
        """Let a couple part."""
        await self.server.part(pairing.couple)
        self.pairings.remove(pairing)
        self.parted.append(pairing.couple)
        self.laws.parted(await self.server.stock(), pairing.couple)
        self.backup = None

    def pairing_of(self, person: Person) -> Pairing | None:
        """The couple that a person belongs to now."""
        return next((each for each in self.pairings if person.id in (each.one.id, each.other.id)), None)

    def partner_of(self, person: Person) -> Person | None:
        """The other of that couple."""
        pairing = self.pairing_of(person)
        return None if pairing is None else pairing.other if pairing.one.id == person.id else pairing.one

    def alone(self) -> list[Person]:
        """Who belongs to nobody now."""
        return [each for each in self.people if self.pairing_of(each) is None]

    def _beside(self, person: Person) -> tuple[PersonId, str] | None:
        pairing, partner = self.pairing_of(person), self.partner_of(person)
        return None if pairing is None or partner is None else (partner.id, str(pairing.couple.id))

    # Words and records -----------------------------------------------------------------------------------------

    def word(self, person: Person) -> str:
        """A new word of this person's, as a sentence of its own."""
        return f"W{self._new_word(person, 'W')}x."

    def name(self, person: Person) -> str:
        """A new word of this person's for a field that takes one of a few names."""
        return f"w{self._new_word(person, 'w')}x"

    def _new_word(self, person: Person, sort: str) -> int:
        self._words += 1
        self.laws.authors[f"{sort}{self._words}x"] = person.id
        return self._words

    def note_made(self, kind: str, identity: RecordId, name: str | None = None) -> None:
        """Note a record that was made, under a name for the story."""
        made = self.made.setdefault(kind, [])
        if self.story.knows(identity):
            return
        made.append(identity)
        self.story.name(identity, name or f"{kind} {len(made)}")

    def some(self, phone: Phone, kind: str) -> RecordId | None:
        """A record of a kind that this phone knows, mostly one of the newest; None when it knows none."""
        if self.focus in self.made.get(kind, ()) and self.focus is not None and phone.knows(self.focus):
            return self.focus
        known = [each for each in self.made.get(kind, ()) if phone.knows(each)]
        if self.chance.random() < 0.8:
            known = known[-RECENT:]
        return self.chance.choice(known) if known else None

    def noticed(self, phone: Phone) -> list[Change]:
        """Note the edits that have just been made on a phone, and return them."""
        new = [kept.change for kept in phone.replica.waiting() if kept.change.key not in phone.known]
        for change in new:
            phone.known.add(change.key)
            self.note_made(change.kind, RecordId(change.id))
            self.laws.edited(phone, change, self._beside(phone.owner))
        return new

    def shown_now(self, phone: Phone) -> list[Shown]:
        """What a phone shows now, and did not show in the same way when it was last asked."""
        ids = [identity for made in self.made.values() for identity in made if phone.knows(identity)]
        shown = {identity: each for identity in ids if (each := phone.shown(identity)) is not None}
        new = [each for identity, each in shown.items() if phone.told.get(identity) != each]
        phone.told = shown
        return new

    # The way to the server -------------------------------------------------------------------------------------

    async def carry(self, phone: Phone, request: SyncRequest) -> SyncResponse:
        """Let a request reach the server, and return its answer."""
        self.laws.arrived(phone.owner.id, request.changes, self._beside(phone.owner))
        response = await self.answer(phone, request)
        self.laws.answered(phone.owner.id, response)
        self.hits.answered(response, self.laws)
        return response

    async def answer(self, phone: Phone, request: SyncRequest) -> SyncResponse:
        """What the server answers."""
        return await answer(self.store, self.server.keys, self.caller(phone), request, self.now, self.server.uuid)

    def caller(self, phone: Phone) -> Caller:
        """Whom the server sees."""
        return Caller(phone.owner.id, phone.replica.device, tuple(phone.owner.spaces), may_keep=True)

    def ask(self, phone: Phone, *, limit: int = 500) -> Message:
        """A request on its way."""
        phone.asked += 1
        return Message(phone, phone.asked, phone.request(limit=limit))

    async def reach(self, message: Message) -> Message:
        """Let a request reach the server; return the answer on its way."""
        phone = message.phone
        if message.nth < phone.heard:
            self.hits.fault("requests in another order")
        phone.heard = max(phone.heard, message.nth)
        response = await self.carry(phone, message.request)
        return Message(phone, message.nth, message.request, response)

    async def same(self, phone: Phone) -> None:
        """Compare a phone that has just asked for everything with the server, where that costs little."""
        if self.server.quick:
            self.laws.same(phone, await self.server.stock())

    # Time and chance -------------------------------------------------------------------------------------------

    def uuid(self) -> UUID:
        """The next id or key of a phone's."""
        return ids.uuid4(self.chance_of_ids.randbytes(ids.CHANCE_BYTES))

    def some_clock_error(self) -> timedelta:
        """How wrong a clock is: half of them by nothing."""
        wrong = self.chance_of_clocks.random() < 0.5
        return CLOCK_OFF_MAX * self.chance_of_clocks.uniform(-1, 1) if wrong else timedelta()

    def _saved(self, writes: Writes) -> None:
        for each in (*writes.records, *writes.deposits):
            self.note_made(each.record.kind, each.record.id)
        self.laws.saved(writes)
        self.hits.saved(writes)
