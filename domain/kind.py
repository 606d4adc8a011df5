"""What one row of the table of kinds can say: shape, home, who may write, how fields merge, what follows.

Rules that vary by kind are columns here before they are branches anywhere. `domain/kinds.py` holds the table.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import UNFIT, Anything, Shape
from domain.times import read

Home = Literal["personal", "couple"]


class Ownership(StrEnum):
    """Who edits, who sees, and what happens at the end."""

    PRIVATE = "private"
    WINDOW = "window"
    LETTER = "letter"
    JOINT = "joint"
    PROJECTION = "projection"


class Who(StrEnum):
    """Who of the space's members may do something to a record."""

    AUTHOR = "author"
    EITHER = "either"
    NOBODY = "nobody"
    SERVER = "server"


class Field(Struct, frozen=True):
    """One field: its shape, how it merges, and the client schema that brought it."""

    shape: Shape
    policy: Policy
    schema: int = 1


PROOF: Final = Field(Anything({"type": "string"}, default=""), Policy.SERVER)
"""The field `proof`: with it a phone can bring back what a store that went back in time has lost."""


class Window(Struct, frozen=True):
    """What of a private record its author may show, part by part, and the kind of the copy that is shown."""

    shows: str
    parts: Mapping[str, tuple[str, ...]]
    always: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """Fields whose change while shown sets `edited`."""
    chosen_by: str = "shared_parts"
    """The field that says which parts are shown."""
    levels: Mapping[str, tuple[str, ...]] | None = None
    """Where that field is one choice and no set of parts: the parts that each value shows."""

    def chosen(self, value: Any) -> frozenset[str]:
        """Return the parts that this value of the choosing field shows; of a newer app's value, none."""
        named = (value or ()) if self.levels is None else self.levels.get(value, ())
        return frozenset(named) & self.parts.keys()

    def choosing(self, parts: Collection[str]) -> dict[str, Any]:
        """Return the choice that shows these parts: exactly these, or the lowest level that shows them."""
        if self.levels is None:
            return {self.chosen_by: sorted(parts)}
        return {self.chosen_by: next(level for level, shows in self.levels.items() if set(parts) <= set(shows))}


class Parent(Struct, frozen=True):
    """The record that this one belongs to.

    `known`: it must be in the store and by the partner, else the change is refused; a joint parent may arrive later.
    `moves`: a change here derives the parent's server fields anew.
    """

    field: str
    kinds: tuple[str, ...]
    known: bool = False
    moves: bool = False


class Most(Struct, frozen=True):
    """At most `count` live records, in the whole space or in one family."""

    count: int
    within: Literal["space", "family"]


class Repeats(Struct, frozen=True):
    """Words that are not said again for a while once the other has said no to them."""

    said: tuple[str, ...]
    """The fields that say them."""
    answers: str
    """The kind of what is answered to them, in the same family."""
    within: timedelta
    """For how long an answer is looked for."""


class Situation(Struct, frozen=True, kw_only=True):
    """What a rule may look at when it judges one change."""

    actor: PersonId
    couple: CoupleId | None
    now: datetime
    today: date
    """The actor's local date."""
    parent: Record | None = None
    family: Sequence[Record] = ()
    """Stored records of the same family, the judged one left out; only where the kind has rules of its own."""
    alike: Sequence[Record] = ()
    """What the actor has said in the same words before, in any family, and what the other answered lately there."""
    beside: Any = None
    """What the kind's `beside` has come to for the family."""
    members: frozenset[PersonId] = frozenset()
    given_today: int = 0
    """Letters of every counted kind that the actor has given on their local date."""
    their_zone: str | None = None
    """The zone in which the partner lives now; None where it is not known."""


class Attempt(Struct, frozen=True, kw_only=True):
    """A change whose values fit their shapes."""

    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | None = None
    unseen: Collection[str] = frozenset()
    """Fields of the stored record that another device has changed since what this change had seen."""
    own_unseen: Collection[str] = frozenset()
    """Of a kind's fields `of_each`, those that another device of the same person has changed since."""


Rule = Callable[[Attempt, Record | None, Situation], Refusal | None]


Beside = Callable[[Any, Record | None, Sequence[Record], frozenset[PersonId], date], Any]
"""From what it came to when fewer of the same records were there (or None), the parent, the family and the members."""


class Passing(Struct, frozen=True):
    """What passes by time alone: it is never stored and has no version, and whoever shows it derives it."""

    field: str
    """The server's field that says how a record stands."""
    value: str
    """What of its stored values passes."""
    into: str
    at: str
    """The field with the instant at which it has passed."""
    with_couple: bool = False
    """Whether it has passed as well once the couple has parted: what is frozen still says it."""

    def shown(self, fields: Mapping[str, Any], now: datetime, *, parted: bool = False) -> dict[str, Any]:
        """Return fields as they are at an instant; `parted` where their couple has."""
        at = fields.get(self.at)
        over = (at is not None and read(at) <= now) or (parted and self.with_couple)
        passed = over and fields.get(self.field) == self.value
        return {**fields, self.field: self.into} if passed else dict(fields)


class Around(Struct, frozen=True, kw_only=True):
    """What a derivation may look at beside the records."""

    members: frozenset[PersonId]
    today: date
    """The actor's local date."""


class Derived(Struct, frozen=True):
    """What follows for a record from itself and its children.

    That is its server fields, and whose act or terms changed nothing.
    """

    fields: dict[str, Any]
    look_again: frozenset[tuple[PersonId, RecordId]] = frozenset()


Derive = Callable[[Record, Sequence[Record], Around], Derived]
"""From a record, the children that move it, and what is around."""

Begin = Callable[[datetime, datetime | None], dict[str, Any]]
"""From the server's instant, and from the one at which a record was made as far as its phone said, to the server fields
that it keeps for good."""

Entails = Callable[[Attempt, Record, PersonId], dict[str, Any]]
"""From a permitted change of a stored record to the values that it says besides, over whatever stands there."""


class Letter(Struct, frozen=True):
    """How a draft becomes a letter: what it is given as, when, and the words that go."""

    gives: str
    sends: str
    """The field by which its author gives it."""
    to: str
    """The field that says to which couple it goes."""
    when: Callable[[Mapping[str, Any], Situation], datetime | None]
    """The instant at which the server gives a draft as it stands; None for one that is not given."""
    asks_zone: Callable[[Mapping[str, Any]], bool]
    """Whether that depends on where the receiver is."""
    words: Callable[[Mapping[str, Any], Situation], dict[str, Any]]


def own_of(person: PersonId, elements: Iterable[str]) -> set[str]:
    """Return those elements of a set that are this person's: `person`, or `person:what they say`."""
    return {each for each in elements if each.partition(":")[0] == str(person)}


class Kind(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    ownership: Ownership
    home: Home
    creates: Who
    edits: Who
    removes: Who
    fields: Mapping[str, Field]
    window: Window | None = None
    parent: Parent | None = None
    family: str | None = None
    """The field whose value groups records that are counted or judged together."""
    most: tuple[Most, ...] = ()
    leaves: Mapping[str, Any] = {}
    """Values by which a record leaves: for each person's first one there is always room (I14)."""
    steps_back: Mapping[str, tuple[Any, ...]] = {}
    """Values by which a new record only steps back or says no: that needs no consent (I14)."""
    ends: Mapping[str, tuple[str, ...]] = {}
    """Values of the server's fields with which a record has ended: it stands, and takes no room any more."""
    repeats: Repeats | None = None
    """What of it is not said again for a while after a no."""
    own_id_only: tuple[str, ...] = ()
    """Sets of persons, or of what belongs to a person, in which everybody may add or take out only their own."""
    of_each: tuple[str, ...] = ()
    """Fields of which it is also known when each person last changed them, whoever changed them since."""
    beside: Beside | None = None
    """What rules want to know of a whole family, worked out from what it came to before and from what is there."""
    rules: tuple[Rule, ...] = ()
    begin: Begin | None = None
    """Server fields with which a record of this kind begins."""
    entails: Entails | None = None
    derive: Derive | None = None
    """Server fields of this record from itself and the children that move it."""
    moved_by: tuple[str, ...] = ()
    """Kinds of those children."""
    passing: Passing | None = None
    ordered: bool = False
    """Whether the server field `order` keeps the record's place among the others of its family."""
    lasting: tuple[str, ...] = ()
    """Server fields that never change once the record is made."""
    a_day: int | None = None
    """At most so many letters a writer's local day, of all kinds that are counted so together."""
    counts_on: str | None = None
    """The field with the day for which a letter counts among its writer's, where it has one."""
    letter: Letter | None = None
    schema: int = 1

    @property
    def written(self) -> dict[str, Field]:
        """The fields that a client writes."""
        return {name: field for name, field in self.fields.items() if field.policy is not Policy.SERVER}

    @property
    def has_proof(self) -> bool:
        """Whether a record of this kind carries a proof that the server once stored it."""
        return "proof" in self.fields

    @property
    def proven(self) -> tuple[str, ...]:
        """The fields that a record's `proof` is about: those that are fixed once it is made. Empty without a proof."""
        return (*self.of_policy(Policy.ONCE), *self.lasting) if self.has_proof else ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields that a new record must bring."""
        return tuple(name for name, field in self.written.items() if field.shape.empty is UNFIT)

    def of_policy(self, *policies: Policy) -> tuple[str, ...]:
        """Return the names of the fields that merge by one of these policies."""
        return tuple(name for name, field in self.fields.items() if field.policy in policies)
