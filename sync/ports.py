"""What push and pull need of the world: who is calling, keys, and a store that decides nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.news import News
from domain.records import Purged, Record
from sync.sealing import SpaceKeys
from sync.wire import Outcome


class Caller(Struct, frozen=True):
    """Who is calling, as authentication found them.

    `spaces`: the personal one first, then couple spaces, newest first, closed keepsakes included. It only says
    where to look: membership is checked again in every statement. `may_keep`: the adult attestation and the
    consent `core_sensitive` are there. `let_go` names spaces that the person does not hold any more; `closing` is
    the instant at which their account is to be deleted, if it is.
    """

    person: PersonId
    device: DeviceId
    spaces: tuple[SpaceId, ...]
    may_keep: bool
    let_go: tuple[SpaceId, ...] = ()
    closing: datetime | None = None

    @property
    def personal(self) -> SpaceId:
        """The caller's personal space."""
        return self.spaces[0]


class Keys(Protocol):
    """Gives the keys of spaces, opened."""

    async def of(self, spaces: Collection[SpaceId]) -> Mapping[SpaceId, SpaceKeys]:
        """Return the keys of these spaces; a space whose key was destroyed is left out."""


class Member(Struct, frozen=True):
    """A person in a space, and where a notice for that person is put."""

    person: PersonId
    personal: SpaceId


class Life(Struct, frozen=True, array_like=True):
    """A life of a space that has ended: its epoch, and the version up to which it is one history with the next."""

    epoch: UUID
    head: int


class Hushed(Struct, frozen=True):
    """Versions that concern one member alone: those above `after`, up to `upto`."""

    by: PersonId
    after: int
    upto: int


class Space(Struct, frozen=True, kw_only=True):
    """One space as a statement found it. Epochs are those of the wire."""

    id: SpaceId
    home: Literal["personal", "couple"]
    couple: CoupleId | None
    state: Literal["active", "closed"]
    head: int
    store_epoch: UUID
    """The life of the whole store; the wire epoch is made of this and of the space's own."""
    epoch: UUID
    horizon: int
    members: tuple[Member, ...]
    lives: tuple[Life, ...] = ()
    """Its earlier lives, oldest first."""
    hushed: Hushed | None = None

    def told_to(self, person: PersonId) -> int:
        """Return the head as this member is told it: not moved by what concerns the other alone."""
        hushed = self.hushed
        return self.head if hushed is None or hushed.by == person or hushed.upto != self.head else hushed.after


RecordKey = tuple[SpaceId, RecordId]


class Words(Struct, frozen=True):
    """What a new record of a kind says that may have been said before."""

    kind: str
    said: tuple[str | None, ...]


class Wanted(Struct, frozen=True, kw_only=True):
    """What has to be loaded before a batch can be judged."""

    keys: Collection[UUID] = ()
    ids: Collection[RecordId] = ()
    families: Collection[tuple[UUID, str]] = ()
    """Pairs of a family and a kind."""
    counted: Collection[str] = ()
    """Kinds whose records that take room are counted in the space."""
    words: Collection[Words] = ()
    """What may have been said before: `Store.repeated` looks for that."""


class Loaded(Struct, frozen=True, kw_only=True):
    """One snapshot of the caller's spaces, of the wanted records and their projections, and earlier outcomes."""

    spaces: dict[SpaceId, Space]
    records: dict[RecordKey, Record]
    outcomes: dict[UUID, Outcome]
    counts: dict[tuple[SpaceId, str], int]
    unreadable: frozenset[RecordKey] = frozenset()
    """Records that are there but do not open."""
    families: frozenset[tuple[UUID, str]] = frozenset()
    """The families that were asked for, by kind: of these every record is here."""
    repeated: Sequence[Record] = ()
    """What the caller has said before in the wanted words, and what was answered to it lately."""
    settings: frozenset[RecordKey] = frozenset()
    """Settings of partners that were asked for besides: those that are there are among the records."""


class Value(Struct, frozen=True, omit_defaults=True):
    """A value put behind: what a field held, or what lost against it, and who had written it."""

    field: str
    value: Any
    by: PersonId
    since: int = 0
    """The version with which it came to stand in the field; 0 for what never stood there."""


class Revision(Struct, frozen=True, kw_only=True):
    """The values that one change put behind a record."""

    space: SpaceId
    record: RecordId
    version: int
    values: tuple[Value, ...]
    put_at: datetime | None = None
    """When they were put behind, where a purge writes them anew: the partner's own words are not made younger by it."""


class Box(Struct, frozen=True, kw_only=True):
    """A record of words that had no place, as far as a later refusal has to know of it."""

    id: RecordId
    about: UUID | None
    gone: bool
    purged: Purged | None
    """What of its words its owner destroyed."""


class Stood(Struct, frozen=True):
    """A value that a field held from the version `since` on, until another took its place with `until`."""

    field: str
    value: Any
    since: int
    until: int


def stood_until(version: int, values: Iterable[Value]) -> list[Stood]:
    """Return those of the values that a change has put behind that stood in their field until it came."""
    return [Stood(each.field, each.value, each.since, version) for each in values if each.since]


class History(Struct, frozen=True, kw_only=True):
    """What has to be known of the past before the words of refused changes are kept."""

    texts: Mapping[RecordKey, frozenset[str]]
    """What the records once held, as far as revisions are kept."""
    values: Mapping[RecordKey, frozenset[tuple[str, bytes]]] = {}
    """The same of every field, texts or not: its name, and the value as JSON with ordered keys."""
    stood: Mapping[RecordKey, tuple[Stood, ...]] = {}
    """What of it stood in its field, and for how long."""
    boxes: tuple[Box, ...] = ()
    """The caller's boxes that were asked for and are there, and those about the records whose words were destroyed."""

    def box(self, identity: RecordId) -> Box | None:
        """The box with this id, if it is there."""
        return next((box for box in self.boxes if box.id == identity), None)

    def destroyed(self, about: UUID) -> list[tuple[RecordId, Purged]]:
        """The boxes about this record whose words were destroyed, and what is remembered of these."""
        return [(box.id, box.purged) for box in self.boxes if box.about == about and box.purged is not None]


class Dated(Struct, frozen=True):
    """A revision, and the date on which its values were put behind: never the hour."""

    revision: Revision
    on: date


class Behind(Struct, frozen=True, kw_only=True):
    """What stands behind one record, the newest first."""

    author: PersonId
    gone: bool
    removed: bool
    closed: bool
    """Whether its space takes no changes any more."""
    revisions: tuple[Dated, ...]


class Past(Struct, frozen=True, kw_only=True):
    """What one change put behind a record, and whose record it is."""

    record: RecordId
    kind: str
    author: PersonId
    dated: Dated


class Snapshot(Struct, frozen=True):
    """A document as a client library has submitted it, or says that it knew it: what a client writes of it."""

    fields: dict[str, Any]
    deleted: bool = False


class Shadow(Struct, frozen=True, kw_only=True):
    """What a device submitted last of a record, and the version that came of it."""

    space: SpaceId
    record: RecordId
    kind: str
    version: int
    snapshot: Snapshot


class Owed(Struct, frozen=True, kw_only=True):
    """A record of which a device of a client library is to be told how it stands, if it stands at all."""

    kind: str
    named: str
    """Its id, as that device knows it."""
    version: int = 0
    """The head of the person's own space that was raised for it."""


class Stored(Struct, frozen=True):
    """A record beside its encoded body, so that it is encoded once."""

    record: Record
    body: bytes | None


class Writes(Struct, frozen=True, kw_only=True):
    """Everything that one push changes, to be stored whole or not at all."""

    spaces: dict[SpaceId, Space]
    """The spaces that are written, as they were read; their heads are the optimistic lock."""
    heads: dict[SpaceId, int]
    """Their heads to be; equal to the head that was read where only an outcome is kept."""
    records: tuple[Stored, ...] = ()
    revisions: tuple[Revision, ...] = ()
    outcomes: tuple[tuple[SpaceId, Outcome], ...] = ()
    forgotten: tuple[RecordKey, ...] = ()
    """Records whose revisions so far are destroyed, before those of this write are stored."""
    hushed: frozenset[SpaceId] = frozenset()
    """Spaces in which nothing is written that the caller's partner is told of."""
    also_closed: bool = False
    """Whether closed spaces are written too: a purge of one's own words reaches everywhere."""
    shadows: tuple[Shadow, ...] = ()
    """What the device submitted, where it is one of a client library."""
    news: tuple[tuple[SpaceId, News], ...] = ()
    """What may cause a prompt, with the space of its record."""
    deposits: tuple[Stored, ...] = ()
    """Records for spaces that were not read (a notice for the partner): they get the next versions there, whatever
    these are. One whose id is there already is left alone."""


ABOUT_OTHERS: Final = frozenset({"notice", "unplaced", "shelf"})
"""Kinds of a person's own that are about another record: a purge of that one looks at them, too."""


class Open(Struct, frozen=True):
    """Something by which the partner of today sees what is one person's own."""

    id: RecordId
    """The record in which its author closes it; the copy itself where that is not there any more."""
    version: int
    """Of what is shown, in the couple's space."""


class PurgeScope(Struct, frozen=True, kw_only=True):
    """Everything that a purge of one record has to look through."""

    spaces: dict[SpaceId, Space]
    """The caller's spaces."""
    inboxes: dict[SpaceId, Space]
    """The personal spaces of everyone who shares a space that holds the record."""
    records: tuple[Record, ...]
    """The record, its shown copy, the draft it was given from, and notices, unplaced words and shelves about them in
    those personal spaces."""
    revisions: tuple[Revision, ...]
    """What stands behind the record, its shown copy and its draft."""


class Row(Struct, frozen=True, kw_only=True):
    """A record on its way out: `body` is the opened JSON object of its fields, never decoded on a pull."""

    space: SpaceId
    kind: str
    id: RecordId
    version: int
    author: PersonId
    removed: bool
    gone: bool
    body: bytes | None
    schema: int = 1
    """The newest schema among its fields."""
    purged: bool = False
    """Whether its author destroyed words in it."""


class Page(Struct, frozen=True, kw_only=True):
    """One snapshot: every space of the caller, and rows by (order asked, version).

    A row that does not open has neither a body nor `gone`: it holds its place and is not sent.
    """

    spaces: dict[SpaceId, Space]
    rows: list[Row]
    besides: list[Row]
    """Records asked for again, in no order."""
    awaited: frozenset[SpaceId] = frozenset()
    """Spaces of which the caller is about to be told something by a prompt."""


class Place(Struct, frozen=True):
    """Where a device is in one space: the newest version it has, of which life.

    `horizon` is that of the space when the device began its copy: whatever was forgotten until then is not in it.
    """

    epoch: UUID
    version: int
    horizon: int = 0
    lives: tuple[Life, ...] = ()
    """The newest earlier lives of the space that the store knew then."""
    reach: int = 0
    """The newest head at which the device was shown the space, where a page ended before it."""

    @property
    def newest(self) -> int:
        """The newest version of which the device knows."""
        return max(self.version, self.reach)


class Store(Protocol):
    """Keeps spaces. Each method is one statement, or one transaction where more than one space is written."""

    async def load(self, caller: Caller, wanted: Wanted) -> Loaded:
        """Return one snapshot of what a batch needs; spaces the caller does not belong to are not in it."""

    async def settings_of(self, caller: Caller, records: Collection[RecordKey]) -> dict[RecordKey, Record]:
        """Return these settings, each of a person with whom the caller shares a space: where a letter's receiver is."""

    async def repeated(self, caller: Caller, words: Collection[Words], since: datetime) -> list[Record]:
        """Return what the caller has said in these words, in the couple of today, where the other has answered since.

        With it come those answers, the newest thousand, and perhaps older ones.
        """

    async def history(self, caller: Caller, records: Collection[RecordKey], boxes: Collection[RecordId]) -> History:
        """Return what these records once held, which of the boxes are there, and which about the records are wiped."""

    async def behind(self, caller: Caller, kind: str, identity: RecordId, *, before: int, limit: int) -> Behind | None:
        """Return at most `limit` revisions of a record, of versions below `before`.

        None where there is no such record, or none that is this caller's to know of.
        """

    async def shadows(self, caller: Caller, records: Collection[RecordId]) -> list[Shadow]:
        """Return what the caller's device submitted last of these records."""

    async def submitted(self, caller: Caller, kind: str | None, since: datetime, *, limit: int) -> list[RecordId]:
        """Return at most `limit` records, of a kind or of all, that the caller's device has submitted since.

        The newest come first.
        """

    async def owe(self, caller: Caller, owed: Sequence[Owed], *, told: int, now: datetime) -> int | None:
        """Note what the caller's device is to be told once more, and return the raised head of the person's own space.

        `told` is the version of it up to which the device has been told. None where that space is not the caller's.
        """

    async def owed(self, caller: Caller, *, after: int, upto: int, limit: int) -> list[Owed]:
        """Return at most `limit` of what the caller's device is to be told, the oldest first.

        That is what stands at the versions of the person's own space beyond `after`, up to `upto`.
        """

    async def scope(self, caller: Caller, identity: RecordId) -> PurgeScope:
        """Return everything that a purge of this record has to look through."""

    async def open_to_partner(self, caller: Caller, after: int, *, limit: int) -> list[Open]:
        """Return at most `limit` of the caller's windows that the partner of today sees, `after` a version of theirs.

        That is what has a copy in the couple's space, and what stands in that space itself.
        """

    async def waiting_letters(self, caller: Caller, *, limit: int) -> list[RecordId]:
        """Return at most `limit` of the caller's letters that wait for their time."""

    async def begin_anew(self, caller: Caller, space: Space, epoch: UUID) -> None:
        """Give a space a new life from the head that was read on, if it still stands as it was read."""

    async def save(self, caller: Caller, writes: Writes, now: datetime) -> dict[SpaceId, int] | None:
        """Store everything and return the new heads.

        Store nothing and return None when a head has moved or a key was decided meanwhile.
        """

    async def changed_since(
        self,
        caller: Caller,
        after: Mapping[SpaceId, int],
        *,
        limit: int,
        again: Collection[RecordId] = (),
        kind: str | None = None,
    ) -> Page:
        """Return the caller's spaces and at most `limit` + 1 rows after these versions, filtered before counted.

        A space that is missing in `after` is read from its beginning; with a `kind`, rows of others are left out.
        `again` names records that are returned besides, whatever their version: those whose pushed edit was refused.
        """

    async def note_fetched(self, caller: Caller, has: Mapping[SpaceId, int], kind: str | None) -> None:
        """Note that a device has these versions of spaces, with a `kind` of that kind alone.

        It is kept with the prompts that would tell its person of what is in them, and with nothing else.
        """


class Archive(Protocol):
    """What an export reads: a store, page by page."""

    async def changed_since(
        self,
        caller: Caller,
        after: Mapping[SpaceId, int],
        *,
        limit: int,
        again: Collection[RecordId] = (),
        kind: str | None = None,
    ) -> Page:
        """As `Store.changed_since`."""

    async def pasts(
        self, caller: Caller, space: SpaceId, after: tuple[RecordId, int] | None, *, limit: int
    ) -> list[Past]:
        """Return at most `limit` of what stands behind the records of a space, by record and version, `after` one.

        Nothing where the space is not the caller's.
        """
