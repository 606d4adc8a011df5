"""What planning and sending prompts need of the world: what is so, what was planned and sent, and a way out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId, RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import Reason
from domain.prompts import Person, Prompt, Sent

Privacy = Literal["hidden", "discreet", "descriptive"]
"""How much of a prompt somebody lets their devices show: `push_privacy` of their settings."""

Told = tuple[str, RecordId]
"""A kind of prompt, and the record of which it told."""

LEDGER_READ: Final = timedelta(days=31)
"""So far back a desk shows what was sent."""
LEDGER_KEPT: Final = timedelta(days=400)
"""Then it is forgotten that somebody was told."""
NEWS_KEPT: Final = timedelta(days=2)
"""What nobody has planned by then is worth no prompt any more."""
EARLIEST_READ: Final = 50
NEWEST_READ: Final = 150
NEWS_READ: Final = EARLIEST_READ + NEWEST_READ
"""A desk shows no more news than so many: the earliest, as many as one prompt tells of, and the newest.

Whoever writes thousands costs no more than whoever writes some. What came first still stands among what is told, and
of what came last as much as anybody wants to hear of; what lies between is taken away unseen, but
for notices about the account: they are shown when all else is gone.
"""
OVER_KEPT: Final = timedelta(days=31)
"""So long after its time it can be seen why a prompt was not sent."""


class Planned(Struct, frozen=True, kw_only=True):
    """A prompt that is planned for a person."""

    id: UUID
    person: PersonId
    slot: str
    """What there is only one of: an invitation or a step of a day, the end of a space or a pause, one first arrival."""
    prompt: Prompt
    tries: int = 0
    """How often a way out was tried for it."""
    begun: bool = False
    """Whether it stands in the ledger already."""
    fetched: tuple[RecordId, ...] = ()
    """Of what has arrived, what one of the person's devices has by now."""


class Entry(Struct, frozen=True, kw_only=True):
    """A line of a person's ledger: what was sent to them, for their own eyes and for the caps."""

    prompt: UUID
    sent: Sent
    records: tuple[RecordId, ...]
    record_kinds: tuple[str, ...] = ()
    """As what it told of each of them; without any, as each of its kinds."""
    text: str
    """The id of its words."""

    @property
    def told(self) -> frozenset[Told]:
        """Return what its person has been told of by it."""
        if self.record_kinds:
            return frozenset(zip(self.record_kinds, self.records, strict=True))
        return frozenset((kind, record) for kind in self.sent.kinds for record in self.records)


class Desk(Struct, frozen=True, kw_only=True):
    """All that is planned for one person and was sent to them."""

    person: PersonId
    version: int
    """Counts the changes; what was decided on an older one is decided anew."""
    news: tuple[News, ...] = ()
    """The earliest and the newest, the earliest first."""
    planned: tuple[Planned, ...] = ()
    """What is planned, in the order in which it is due."""
    ledger: tuple[Entry, ...] = ()
    """Of the last 31 days, the newest last."""
    told: frozenset[Told] = frozenset()
    """Of the records that the news and the plans name, of which the person was told before, as long as that is kept."""
    paces: Mapping[str, Pace] = {}
    next_at: datetime | None = None
    """When an invitation is looked for next."""

    @property
    def asked(self) -> frozenset[Told]:
        """Return what must be known of records to plan and to send: of those that the news and the plans name."""
        return named(self.news, self.planned)


class Plan(Struct, frozen=True, kw_only=True):
    """What planning comes to for one person."""

    person: PersonId
    version: int
    """Of the desk that it was made on."""
    put: tuple[Planned, ...] = ()
    """New ones, and those whose prompt has changed.

    The store leaves out one whose slot another holds, by being planned or by having been sent, unless it is cancelled
    here. It keeps the claim and the tries of one that stands, and plans one that was dropped meanwhile once more.
    """
    cancel: tuple[UUID, ...] = ()
    """Of these, whatever nobody has claimed; none of them is put as well."""
    paces: Mapping[str, Pace] = {}
    next_at: datetime | None = None
    seen: tuple[UUID, ...] = ()
    """The news that it has taken in."""
    unseen_upto: datetime | None = None
    """Whatever is news until then is taken away as well, but for notices about the account: there is too much of it."""
    look_at: datetime | None = None
    """When it is looked first whether their phones are to be woken, if it is not looked already; None: never."""


class Standing(Struct, frozen=True, kw_only=True):
    """How something that has arrived stands now."""

    stands: bool = True
    hushed_until: datetime | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """What is so about a person at this moment, as their records and settings say."""

    person: Person
    """Without what was sent to them, and without paces: those are the desk's."""
    readable: bool = True
    """Whether all could be read that protects them; while it cannot, nothing is sent and nothing cancelled."""
    locale: str = "en"
    acted: Mapping[str, datetime] = {}
    """By kind of prompt, when they last did what it is about."""
    privacy: Privacy = "discreet"
    """How much of a prompt they let their phones show."""
    wakes: bool = False
    """Whether they want their phones woken in silence, so that what is new is there when they look."""
    arrived: Mapping[Told, Standing] = {}
    """Of what was asked about: how it stands. What is left out is gone."""


class Look(Struct, frozen=True, kw_only=True):
    """A look at whether there is anything for which somebody's phones are to be woken."""

    at: datetime
    """When it was to be."""
    upto: int | None
    """The version of their couple's space up to which they were woken; None: nobody has looked yet."""


class Looked(Struct, frozen=True, kw_only=True):
    """What came of a look."""

    was_at: datetime
    next_at: datetime
    upto: int | None


class People(Protocol):
    """Knows what is so."""

    async def heads(self, people: Collection[PersonId]) -> Mapping[PersonId, int]:
        """Return how far these people's couples' spaces have come, as each is told; who is in none is left out."""

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        """Return what is so about these people; somebody whose account is gone is left out.

        Somebody of whom it cannot be told is there, and not `readable`: they are no reason to fail for the others.
        """


class Store(Protocol):
    """Keeps desks; decides nothing. Any number of workers use it at once."""

    async def waiting(self, now: datetime, most: int) -> Sequence[PersonId]:
        """Return people for whom there is something to plan: those with news, and those whose next time has come.

        At most so many, and somebody as long as there is anybody.
        """

    async def desks(self, people: Collection[PersonId], now: datetime) -> Mapping[PersonId, Desk]:
        """Return desks as they are; one that nothing was ever put on is an empty one of version 0.

        One that cannot be read is left out.
        """

    async def save(self, plan: Plan) -> bool:
        """Store a plan, unless its desk has changed since; return whether it was stored."""

    async def save_all(self, plans: Sequence[Plan]) -> frozenset[PersonId]:
        """Store plans as `save` does each, one a person at most; return whose were stored."""

    async def claim(self, now: datetime, owner: UUID, until: datetime, most: int) -> Sequence[Planned]:
        """Take what is due and nobody else holds, of a person at most one, until an instant.

        At most so many, and one as long as there is any. Another claim may hold another prompt of the same person: of
        the two, the version of the desk lets one through at a time.
        """

    async def begin(self, planned: Planned, desk: Desk, entry: Entry | None, pace: Pace | None, owner: UUID) -> bool:
        """Write into the ledger that this prompt is being sent; return False where the claim or the desk has changed.

        `entry` is None where it stands there already and is sent once more.
        One of the person's own is settled as sent by this, before anything goes out: it is lost rather than repeated.
        """

    async def begin_all(self, beginnings: Sequence["Beginning"], owner: UUID) -> frozenset[UUID]:
        """Begin as `begin` does each, one of a person at most; return which have: they stand in the ledger."""

    async def settle(self, planned: Planned, owner: UUID, end: "End") -> bool:
        """Say what became of a claimed prompt; return False where the claim does not hold it any more.

        A claim holds what nobody else has taken since, also after its time, and one that `begin` has settled: it can be
        planned once more. The desk's version does not count this.
        """

    async def settle_all(self, ends: Sequence[tuple[Planned, "End"]], owner: UUID) -> frozenset[UUID]:
        """Settle as `settle` does each; return which the claim held."""

    async def looks(self, now: datetime, most: int) -> Mapping[PersonId, Look]:
        """Return looks that are due, at most so many."""

    async def looked(self, looked: Mapping[PersonId, Looked]) -> frozenset[PersonId]:
        """Note what came of looks, each unless somebody else was faster; return of whose it was noted."""


def shown(news: Iterable[News]) -> tuple[News, ...]:
    """Return of news what a desk shows, the earliest first."""
    those = sorted(news, key=lambda each: (each.at, each.id))
    return tuple(those if len(those) <= NEWS_READ else (*those[:EARLIEST_READ], *those[-NEWEST_READ:]))


def named(news: Iterable[News], planned: Iterable[Planned]) -> frozenset[Told]:
    """Return which records these name, and as what."""
    of_news = {(each.kind, each.record) for each in news if each.kind is not None}
    return frozenset(of_news | {(each.kind, each.record) for one in planned for each in one.prompt.arrived})


class Beginning(Struct, frozen=True):
    """A prompt that is about to be sent, the desk that this was decided on, and what is written down of it."""

    planned: Planned
    desk: Desk
    entry: Entry | None
    pace: Pace | None


class End(Struct, frozen=True, kw_only=True):
    """What became of a prompt that was claimed."""

    state: Literal["sent", "dropped", "dead", "planned"]
    """`planned`: it is tried again when it is due."""
    due: datetime | None = None
    reason: Reason | None = None


class Errand(Struct, frozen=True, kw_only=True):
    """One person is to be told that there is something, on all of their devices."""

    person: PersonId
    prompt: UUID
    expires: datetime
    tries: int
    hidden: bool = False
    """Whether they want nothing to be shown on their phones."""


class Delivery(Struct, frozen=True, kw_only=True):
    """How an errand went."""

    outcome: Literal["accepted", "later", "unknown", "dead"]
    """`later`: it was not accepted anywhere, and may be at `at`; `unknown`: it may have been accepted."""
    at: datetime | None = None


class Courier(Protocol):
    """Goes out."""

    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        """Tell these people; the answers come in the order of the errands."""


class Words(Protocol):
    """Chooses words."""

    def __call__(self, kind: str, locale: str, person: PersonId, day: date, lately: Collection[str]) -> str:
        """Return the id of a text that was not told lately."""
