"""What one row of the table of kinds can say: shape, home, who may write, how fields merge, what follows.

Rules that vary by kind are columns here before they are branches anywhere. `domain/kinds.py` holds the table.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal

from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import UNFIT, Anything, Shape

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
    always: tuple[str, ...]
    texts: tuple[str, ...]
    """Fields whose change while shown sets `edited`."""


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
    members: frozenset[PersonId] = frozenset()
    given_today: int = 0
    """Letters of the judged kind that the actor has given on their local date."""


class Attempt(Struct, frozen=True, kw_only=True):
    """A change whose values fit their shapes."""

    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | None = None


Rule = Callable[[Attempt, Record | None, Situation], Refusal | None]


class Derived(Struct, frozen=True):
    """What follows for a parent from its children: its server fields, and whose act or terms changed nothing."""

    fields: dict[str, Any]
    look_again: frozenset[tuple[PersonId, RecordId]] = frozenset()


Derive = Callable[[Record, Sequence[Record], frozenset[PersonId], date], Derived]
"""From the parent, the children that move it, the members and the actor's local date."""


class Letter(Struct, frozen=True):
    """How a draft becomes a letter: what it is given as, whether it is due, and the words that go.

    After `a_day` letters on the writer's local date the next one waits for the next day.
    """

    gives: str
    sends: str
    """The field by which its author gives it."""
    a_day: int
    due: Callable[[Mapping[str, Any], Situation], bool]
    words: Callable[[Mapping[str, Any], Situation], dict[str, Any]]


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
    own_id_only: tuple[str, ...] = ()
    """Sets of persons in which a person may add or take out only themselves."""
    rules: tuple[Rule, ...] = ()
    derive: Derive | None = None
    """Server fields of this record from the children that move it."""
    moved_by: tuple[str, ...] = ()
    """Kinds of those children."""
    ordered: bool = False
    """Whether the server field `order` keeps the record's place among the others of its family."""
    lasting: tuple[str, ...] = ()
    """Server fields that never change once the record is made."""
    counts_on: str | None = None
    """The field with the day for which a letter counts among its writer's."""
    letter: Letter | None = None
    schema: int = 1

    @property
    def written(self) -> dict[str, Field]:
        """The fields that a client writes."""
        return {name: field for name, field in self.fields.items() if field.policy is not Policy.SERVER}

    @property
    def proven(self) -> tuple[str, ...]:
        """The fields that a record's `proof` is about: those that are fixed once it is made. Empty without a proof."""
        return (*self.of_policy(Policy.ONCE), *self.lasting) if "proof" in self.fields else ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields that a new record must bring."""
        return tuple(name for name, field in self.written.items() if field.shape.empty is UNFIT)

    def of_policy(self, *policies: Policy) -> tuple[str, ...]:
        """Return the names of the fields that merge by one of these policies."""
        return tuple(name for name, field in self.fields.items() if field.policy in policies)
