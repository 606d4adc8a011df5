"""Say what of a person's spaces is theirs to take along, and write it as one JSON document.

Everything here is a rule over values and reads the table of kinds, so that a kind that is new is in every export. Who
reads the records, and how they reach a device, stands in `sync/exporting.py`; how they are told to people, in
`sync/telling.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Ownership, Who
from domain.kinds import KINDS, holds_words, may_look_behind
from domain.records import EITHER, Alternative
from sync.bodies import decoded
from sync.ports import Row, Value
from sync.withheld import told_beside
from sync.words import sentences

FORMAT: Final = 1
"""The form of the JSON document; what reads another number does not understand it."""

Form = Literal["json", "html", "txt"]
FORMS: Final[tuple[Form, ...]] = ("json", "html", "txt")


class Together(Struct, frozen=True, kw_only=True):
    """A couple that the person is or was in. `name` is the other's, None where it is not there any more."""

    space: SpaceId
    couple: CoupleId
    partner: PersonId | None
    name: str | None
    ended: bool


class Owner(Struct, frozen=True, kw_only=True):
    """Whose export this is: their spaces, newest couple first, and the instant at which it is made."""

    person: PersonId
    name: str | None
    personal: SpaceId
    couples: tuple[Together, ...] = ()
    zone: str = "UTC"
    made_at: datetime

    @property
    def made_on(self) -> date:
        """The day on which it is made, by their own clock."""
        return self.made_at.astimezone(ZoneInfo(self.zone)).date()

    def in_space(self, space: SpaceId) -> Together | None:
        """Return the couple of a space; None for the person's own."""
        return next((couple for couple in self.couples if couple.space == space), None)


class Kept(Struct, frozen=True, kw_only=True):
    """One record as its owner takes it along."""

    space: SpaceId
    kind: str
    id: RecordId
    author: PersonId
    removed: bool
    fields: dict[str, Any]
    alternatives: dict[str, tuple[Alternative, ...]] = {}
    merged: tuple[str, ...] = ()


# Whose it is


def is_theirs(owner: Owner, kind: str, author: PersonId, *, removed: bool = False) -> bool:
    """Return whether a record is the owner's to take along (I22, I25).

    A window's copies are nobody's to take: what somebody shows can be taken back, and the author has the record itself.
    A letter is its writer's and its receiver's. What is joint is of both; what one of the two took away again is of
    whoever may have words in it.
    """
    row = KINDS.get(kind)
    if row is None:
        return author == owner.person
    match row.ownership:
        case Ownership.PROJECTION:
            return False
        case Ownership.LETTER:
            return True
        case Ownership.JOINT:
            return not removed or row.edits is Who.EITHER or author == owner.person
        case Ownership.PRIVATE | Ownership.WINDOW:
            return author == owner.person


def kept(owner: Owner, row: Row) -> Kept | None:
    """Return a stored record as its owner takes it along; None for what is not theirs, wiped, or does not open."""
    if row.body is None or not is_theirs(owner, row.kind, row.author, removed=row.removed):
        return None
    body = decoded(row.body)
    passing = KINDS[row.kind].passing if row.kind in KINDS else None
    own = row.author == owner.person or row.kind not in KINDS
    couple = owner.in_space(row.space)
    parted = couple is not None and couple.ended
    fields = body.fields if passing is None else passing.shown(body.fields, owner.made_at, parted=parted)
    return Kept(
        space=row.space,
        kind=row.kind,
        id=row.id,
        author=row.author,
        removed=row.removed,
        fields={name: value for name, value in fields.items() if name not in NOT_TAKEN},
        alternatives=body.alternatives if own else told_beside(KINDS[row.kind], body.alternatives),
        merged=body.merged if own else tuple(told_beside(KINDS[row.kind], dict.fromkeys(body.merged))),
    )


NOT_TAKEN: Final = frozenset({"proof"})
"""The server's mark, by which phones bring back what a store has lost: nobody's word, and of no use outside."""


class Earlier(Struct, frozen=True, kw_only=True):
    """What the owner wrote in a record before, and what stands nowhere else; `on` is when it was put behind."""

    space: SpaceId
    kind: str
    id: RecordId
    field: str
    value: Any
    on: date


class EarlierWords:
    """Goes through what stands behind one record, the oldest first, and tells what of it is worth telling.

    Phones save while somebody writes, so most of what is put behind is the beginning of what follows. An earlier value
    is told where the owner wrote it and it has a sentence that neither the record holds nor was told before.
    """

    def __init__(self, owner: Owner, kind: str, author: PersonId, present: Kept | None) -> None:
        row = KINDS.get(kind)
        self._owner, self._kind = owner, row
        self._own = author == owner.person
        self._known: set[tuple[str, int]] = set()
        for name, value in () if present is None else present.fields.items():
            self._take(name, value)
        for name, texts in () if present is None else present.alternatives.items():
            for each in texts:
                self._take(name, each.text)

    def tells(self, value: Value) -> bool:
        """Return whether an earlier value is told, and hold it as told."""
        if self._kind is None or self._kind.ownership is Ownership.PROJECTION:
            return False
        own = value.by in (self._owner.person, EITHER) and may_look_behind(self._kind, value.field, own=self._own)
        return own and holds_words(self._kind, value.field) and self._take(value.field, value.value)

    def _take(self, field: str, value: Any) -> bool:
        # A sentence is remembered by its hash: what lies behind a record may be long.
        said = {(field, hash(each)) for text in texts_in(value) for each in sentences(text)}
        new = not said <= self._known
        self._known |= said
        return new


def texts_in(value: Any) -> Iterator[str]:
    """Give every text in a value, however it is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


# Where it stands


class Place(Struct, frozen=True, kw_only=True):
    """Where a record stands among all: never what it says, so that even a long life has room in memory."""

    space: SpaceId
    kind: str
    id: RecordId
    author: PersonId
    when: str
    """A day, month or instant that orders it among others of its kind; empty where it has none."""
    form: str | None
    under: UUID | None
    """The record that it belongs to, if it belongs to one."""
    removed: bool


def place(owner: Owner, record: Kept) -> Place:
    """Return where a record stands."""
    under = UNDER.get(record.kind)
    above = None if under is None else record.fields.get(under)
    form = record.fields.get("form")
    return Place(
        space=record.space,
        kind=record.kind,
        id=record.id,
        author=record.author,
        when=_when(owner, record),
        form=form if isinstance(form, str) else None,
        under=None if above is None else UUID(above),
        removed=record.removed,
    )


UNDER: Final[Mapping[str, str]] = {
    **{kind.name: kind.parent.field for kind in KINDS.values() if kind.parent is not None},
    "shelf": "about",
    "step_date": "step",
    "support_offer": "to",
}
"""By kind: the field that names the record that it belongs to."""

_DAYS: Final = ("local_date", "given_on", "month", "started_at", "on", "order", "from")
"""Fields that order records of a kind, the first that there is."""


def _when(owner: Owner, record: Kept) -> str:
    for name in _DAYS:
        value = record.fields.get(name)
        if isinstance(value, int):
            return f"{value:020}"
        if isinstance(value, str):
            return value
    return made_on(owner, record) or ""


def made_on(owner: Owner, record: Kept) -> str | None:
    """Return the day on which a record of the owner's own space was made, where its id tells; of no other one."""
    if record.space != owner.personal or record.id.version != 7:
        return None
    try:
        made = datetime.fromtimestamp((record.id.int >> 80) / 1000, UTC)
    except (OverflowError, ValueError):
        return None
    return made.astimezone(ZoneInfo(owner.zone)).date().isoformat()


# JSON


class ExportedPerson(Struct, frozen=True, kw_only=True):
    """Somebody whose words are in it."""

    id: PersonId
    name: str | None
    you: bool


class ExportedCouple(Struct, frozen=True, kw_only=True):
    """A couple that the person is or was in."""

    id: CoupleId
    partner: PersonId | None
    ended: bool


class ExportedText(Struct, frozen=True):
    """A text that stands beside the one in its field."""

    by: PersonId
    text: str


class ExportedRecord(Struct, frozen=True, kw_only=True):
    """One record; `couple` is null in the person's own space."""

    id: RecordId
    couple: CoupleId | None
    author: PersonId
    removed: bool
    fields: dict[str, Any]
    alternatives: dict[str, list[ExportedText]]
    merged: list[str]


class ExportedEarlier(Struct, frozen=True, kw_only=True):
    """What the person wrote in a field before, until that day."""

    kind: str
    id: RecordId
    field: str
    value: Any
    on: date


class ExportFile(Struct, frozen=True, kw_only=True):
    """All that is the person's: their own words, letters written and received, and what two made together."""

    haven_export: Literal[1]
    made_on: date
    people: list[ExportedPerson]
    couples: list[ExportedCouple]
    records: dict[str, list[ExportedRecord]]
    """By kind."""
    earlier: list[ExportedEarlier]


_ENCODED: Final = msgspec.json.Encoder()


def people_of(owner: Owner) -> list[ExportedPerson]:
    """Return the person and everybody they are or were with."""
    others: dict[PersonId, str | None] = {}
    for couple in owner.couples:
        if couple.partner is not None and others.get(couple.partner) is None:
            others[couple.partner] = couple.name
    return [
        ExportedPerson(id=owner.person, name=owner.name, you=True),
        *(ExportedPerson(id=person, name=name, you=False) for person, name in others.items()),
    ]


def json_beginning(owner: Owner) -> bytes:
    """Return the document up to its first record."""
    couples = [ExportedCouple(id=couple.couple, partner=couple.partner, ended=couple.ended) for couple in owner.couples]
    head = {"haven_export": FORMAT, "made_on": owner.made_on, "people": people_of(owner), "couples": couples}
    return _ENCODED.encode(head)[:-1] + b',"records":{'


def json_record(owner: Owner, record: Kept) -> bytes:
    """Return one record."""
    couple = owner.in_space(record.space)
    return _ENCODED.encode(
        ExportedRecord(
            id=record.id,
            couple=None if couple is None else couple.couple,
            author=record.author,
            removed=record.removed,
            fields=record.fields,
            alternatives={
                name: [ExportedText(each.by, each.text) for each in texts]
                for name, texts in record.alternatives.items()
            },
            merged=list(record.merged),
        )
    )


def json_earlier(earlier: Earlier) -> bytes:
    """Return one earlier value."""
    return _ENCODED.encode(
        ExportedEarlier(kind=earlier.kind, id=earlier.id, field=earlier.field, value=earlier.value, on=earlier.on)
    )


def kinds_in_order(there: Iterable[str]) -> list[str]:
    """Return kinds in the order of the table, those that are not in it last."""
    order = {name: nth for nth, name in enumerate(KINDS)}
    return sorted(there, key=lambda name: (order.get(name, len(order)), name))
