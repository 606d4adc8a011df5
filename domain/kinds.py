"""The table of kinds, and the one question asked of it: may this change happen?

Validation, authorisation, merging and projection read the same rows; there are no endpoints, tables or stores
per feature. Adding a kind is a file with its row and one line here.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.boundaries import BOUNDARY, SHOWN_BOUNDARY
from domain.check_ins import CHECK_IN, SHOWN_CHECK_IN
from domain.counsel import COUNSEL_PART, COUNSEL_SUMMARY
from domain.goal_kinds import GOAL, GOAL_ACT, GOAL_TERMS, PROGRESS, STEP, STEP_DATE
from domain.kind import Attempt, Field, Kind, Ownership, Situation, Who, own_of
from domain.notes import NOTE, NOTE_DRAFT, SHELF
from domain.own_goals import OWN_GOAL, SHOWN_GOAL
from domain.pauses import PAUSE
from domain.policies import Policy
from domain.records import Record
from domain.reflections import BALANCE_NOTE, REFLECTION
from domain.refusals import Refusal
from domain.repairs import REPAIR
from domain.responses import RESPONSE
from domain.settings import SETTINGS
from domain.shapes import UNFIT, Anything, Day, Identity, OneOf, Sealed, SetOf, Shape, Text
from domain.support import SUPPORT_OFFER, SUPPORT_REQUEST

_TOKEN = Anything({"type": "string"})
_TEXTS = Anything({"type": "object", "additionalProperties": {"type": "string"}}, default={})

NOTICE: Final = Kind(
    name="notice",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.SERVER,
    edits=Who.SERVER,
    removes=Who.AUTHOR,
    fields={
        "code": Field(_TOKEN, Policy.SERVER),
        "about": Field(Identity(optional=True), Policy.SERVER),
        "field": Field(Anything({"anyOf": [{"type": "string"}, {"type": "null"}]}), Policy.SERVER),
        "on": Field(Day(), Policy.SERVER),
    },
)
"""A kind word about something that happened to what a person wrote."""

UNPLACED: Final = Kind(
    name="unplaced",
    ownership=Ownership.PRIVATE,
    home="personal",
    creates=Who.SERVER,
    edits=Who.SERVER,
    removes=Who.AUTHOR,
    fields={
        "meant": Field(_TOKEN, Policy.SERVER),
        "about": Field(Identity(optional=True), Policy.SERVER),
        "code": Field(_TOKEN, Policy.SERVER),
        "words": Field(_TEXTS, Policy.SERVER),
        "on": Field(Day(), Policy.SERVER),
    },
)
"""Words that could not be stored where they were meant to go, back with their author."""

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        SETTINGS,
        CHECK_IN,
        SHOWN_CHECK_IN,
        BOUNDARY,
        SHOWN_BOUNDARY,
        REFLECTION,
        BALANCE_NOTE,
        OWN_GOAL,
        SHOWN_GOAL,
        SUPPORT_REQUEST,
        SUPPORT_OFFER,
        RESPONSE,
        PAUSE,
        REPAIR,
        NOTE_DRAFT,
        NOTE,
        SHELF,
        GOAL,
        GOAL_TERMS,
        GOAL_ACT,
        STEP,
        STEP_DATE,
        PROGRESS,
        COUNSEL_SUMMARY,
        COUNSEL_PART,
        NOTICE,
        UNPLACED,
    )
}

ENVELOPE: Final = frozenset(
    {"author", "version", "space", "id", "kind", "couple", "removed", "gone", "alternatives", "merged"},
)
"""Names that belong to the record itself: no client sets them as fields."""


def holds_words(kind: Kind, name: str) -> bool:
    """Return whether a field may hold somebody's words, sealed ones too; of one that nobody knows every text may be."""
    field = kind.fields.get(name)
    shape = None if field is None else field.shape
    element = shape.element if isinstance(shape, SetOf) else shape
    return shape is None or isinstance(element, Text | Sealed)


def may_look_behind(kind: Kind, field: str, *, own: bool) -> bool:
    """Return whether earlier values of a field may be read by its author (`own`), or by the other of the two.

    What the server shows of a private record has no past for anybody, and a text of one author has one for them alone.
    """
    table = kind.fields.get(field)
    if table is None or kind.ownership is Ownership.PROJECTION:
        return False
    return own or (table.policy is not Policy.WORDS and kind.ownership is not Ownership.WINDOW)


def judged(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """Return the values in canonical form, or why they cannot be a record's content."""
    canonical: dict[str, Any] = {}
    for name, value in values.items():
        field = kind.fields.get(name)
        if field is None:
            return Refusal.SERVER_OWNED if name in ENVELOPE else Refusal.INVALID
        if field.policy is Policy.SERVER:
            return Refusal.SERVER_OWNED
        fitted = field.shape.judged(value)
        if fitted is UNFIT:
            return Refusal.INVALID
        canonical[name] = fitted
    return canonical


def objection(kind: Kind, attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Return why this change may not happen, or None.

    `record` is the stored one, tombstones included; None when the store does not know the id.
    """
    questions = _creation(kind, attempt, situation) if record is None else _edit(kind, attempt, record, situation)
    for answer in questions:
        if answer is not None:
            return answer
    return next((no for rule in kind.rules if (no := rule(attempt, record, situation)) is not None), None)


def _creation(kind: Kind, attempt: Attempt, situation: Situation) -> Iterable[Refusal | None]:
    yield Refusal.SERVER_OWNED if kind.creates is Who.SERVER else None
    # What nobody may remove is not born removed either.
    yield Refusal.IMMUTABLE if attempt.remove and kind.removes is Who.NOBODY else None
    yield Refusal.INVALID if any(name not in attempt.set for name in kind.needed) else None
    yield _not_own_id(kind, attempt, None, situation)
    if kind.parent is not None and kind.parent.known:
        parent = situation.parent
        by_partner = parent is not None and parent.author != situation.actor
        yield (
            None if parent is not None and by_partner and parent.kind in kind.parent.kinds else Refusal.UNKNOWN_PARENT
        )
        yield None if parent is not None and parent.live else Refusal.PARENT_GONE


def unfit(kind: Kind, values: Mapping[str, Any], *, new: bool) -> str | None:
    """Return the first known field whose value does not fit, or that a new record lacks; None when it is none of these.

    A name that nobody knows is never repeated: it could be a word.
    """
    for name, value in values.items():
        field = kind.fields.get(name)
        if field is not None and field.policy is not Policy.SERVER and field.shape.judged(value) is UNFIT:
            return name
    return next((name for name in kind.needed if name not in values), None) if new else None


def joined(before: Record | None, after: Record) -> frozenset[str]:
    """Return where a record comes to stand by a change: in the `space`, in a `family`.

    However it comes there: made, brought back, revived by an edit, or moved to another day.
    """
    if not after.live:
        return frozenset()
    if before is None or not before.live:
        return frozenset({"space", "family"})
    return frozenset({"family"} if before.family != after.family else ())


def has_ended(record: Record) -> bool:
    """Return whether a record has come to an end of its own, as a goal that was achieved or let go."""
    return any(record.fields.get(name) in values for name, values in KINDS[record.kind].ends.items())


def takes_room(record: Record | None) -> bool:
    """Return whether a record counts among the live ones of its kind: neither removed nor wiped, nor ended."""
    return record is not None and record.live and not has_ended(record)


def crowded(kind: Kind, where: frozenset[str], live: Mapping[str, int]) -> Refusal | None:
    """Return a no when there is no room where a record comes to stand; `live` counts the others of its kind there."""
    full = (most for most in kind.most if most.within in where and live[most.within] >= most.count)
    return Refusal.TOO_MANY if any(full) else None


def leaves(kind: Kind, values: Mapping[str, Any]) -> bool:
    """Return whether a record with these values leaves."""
    return bool(kind.leaves) and all(values.get(name) == value for name, value in kind.leaves.items())


def takes_back(
    kind: Kind,
    values: Mapping[str, Any],
    remove: bool | None,  # noqa: FBT001 - as a change has it
    was: Mapping[str, Any] | None = None,
) -> bool:
    """Return whether a change only takes something back: removes, shows or sends nothing any more, or steps back.

    Or takes a name out of those who each speak for themselves: `was` says who stood there.

    That needs no consent (I14): who has withdrawn theirs must still be able to close what stands open. It brings no
    word of its own, whatever else it holds.
    """
    if steps_back(kind, values):
        return remove is None
    if not values:
        return remove is True
    return remove is not False and all(
        name in kind.fields and (_closes(kind, name, value) or _takes_out(kind, name, value, (was or {}).get(name)))
        for name, value in values.items()
    )


def _closes(kind: Kind, name: str, value: Any) -> bool:
    field = kind.fields[name]
    return field.policy is Policy.MOST_PRIVATE and bool(value == _most_closed(field.shape))


def _takes_out(kind: Kind, name: str, value: Any, was: Any) -> bool:
    """Return whether only own ones are taken out of a set: others cannot be, and nothing comes in."""
    if name not in kind.own_id_only or not isinstance(value, list) or not isinstance(was, list):
        return False
    return all(any(each == one for one in was) for each in value)


def steps_back(kind: Kind, values: Mapping[str, Any]) -> bool:
    """Return whether a new record with these values only steps back or says no, and names what it is about."""
    return bool(kind.steps_back) and all(
        name in kind.written and _says_no_more_than_that(kind, name, value)
        for name, value in {**dict.fromkeys(kind.steps_back), **values}.items()
    )


def _says_no_more_than_that(kind: Kind, name: str, value: Any) -> bool:
    if name in kind.steps_back:
        return value in kind.steps_back[name]
    shape = kind.fields[name].shape
    return value == shape.empty or (isinstance(shape, Identity) and shape.judged(value) is not UNFIT)


def _most_closed(shape: Shape) -> Any:
    return shape.values[0] if isinstance(shape, OneOf) else shape.empty


def _edit(kind: Kind, attempt: Attempt, record: Record, situation: Situation) -> Iterable[Refusal | None]:
    """Ask who edits before what: a stranger to a record learns nothing of its state from the answer."""
    own = record.author == situation.actor
    # Of what its author has taken out of their sight nobody finds out by guessing how it stands.
    unknown = record.gone or (kind.ownership is Ownership.WINDOW and not own and not record.live)
    changed = {name: value for name, value in attempt.set.items() if unknown or record.fields.get(name) != value}
    # In what belongs to each of the two everybody may say their own, also where only the author edits the rest.
    of_the_author = changed.keys() - set(kind.own_id_only)
    if changed or attempt.remove is False:
        if kind.edits is Who.SERVER:
            yield Refusal.SERVER_OWNED
        if kind.edits is Who.AUTHOR:
            revives = not record.live or attempt.remove is False
            yield Refusal.NOT_AUTHOR if not own and (of_the_author or revives) else None
    if changed and kind.edits is Who.NOBODY:
        yield Refusal.IMMUTABLE
    if attempt.remove is not None and attempt.remove != record.removed:
        yield {
            Who.SERVER: Refusal.SERVER_OWNED,
            Who.NOBODY: Refusal.IMMUTABLE,
            Who.AUTHOR: None if own else Refusal.NOT_AUTHOR,
            Who.EITHER: None,
        }[kind.removes]
    if not record.gone:
        yield Refusal.IMMUTABLE if any(name in changed for name in kind.of_policy(Policy.ONCE)) else None
    yield _not_own_id(kind, attempt, record, situation)


def _not_own_id(kind: Kind, attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Nobody answers for the other: only one's own id is added or taken out (I12)."""
    for name in kind.own_id_only:
        if name in attempt.set:
            # Of a record that is not there yet nobody can have seen anything.
            before = set() if record is None else set(attempt.was.get(name, record.fields.get(name, [])))
            changed = set(attempt.set[name]) ^ before
            if changed != own_of(situation.actor, changed):
                return Refusal.NEEDS_THEIR_YES
    return None
