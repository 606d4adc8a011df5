"""Decide what is left of a record in a space that a partner still holds, of whose two one is deleted for good.

What they gave goes, with their other free text; what both agreed on stays, and not a byte of what the other wrote
changes. In their place stands somebody who is nobody: an id that is used in this space alone.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from domain.fates import End, Left, left
from domain.goal_kinds import GOAL_TERMS, goal_view
from domain.ids import PersonId, RecordId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS, holds_words
from domain.policies import Policy
from domain.records import Alternative, Record, Stamp
from domain.shapes import Text
from sync.purge import marked, texts_of
from sync.words import sentences, without
from sync.writers import is_credit, writer

_ANY_DAY: Final = date(2000, 1, 1)
"""Which terms were ever in force does not depend on the day on which somebody asks."""


class Gone(Struct, frozen=True):
    """Who is deleted, and who stands in their place in this space."""

    person: PersonId
    ghost: PersonId


def erased(record: Record, gone: Gone, kept: frozenset[RecordId]) -> Record:
    """Return what is left of a record: the same one where nothing in it is of who is gone.

    `kept` names terms that were ever in force.
    """
    kind = KINDS.get(record.kind)
    own = record.author == gone.person
    author = gone.ghost if own else record.author
    if record.gone:
        return replace(record, author=author)
    if own and (kind is None or left(kind, End.ERASED, author="goes", reader="stays") is Left.NOTHING):
        return _wiped(record, author)
    if kind is None or kind.ownership is not Ownership.JOINT:
        return record
    if own and (not record.fields or (record.id not in kept and _cannot_stand_without(kind))):
        # One that does not open has no fields either.
        return _wiped(record, author)
    rest = _Rest(record, kind, gone, own=own and record.id not in kept)
    fields = {name: rest.value(name, value) for name, value in record.fields.items()}
    if own and "proof" in fields:
        # It proves who made the record. A closed space takes nothing back, so that nobody needs another one.
        fields["proof"] = ""
    return replace(
        record,
        author=author,
        fields=fields,
        alternatives=rest.alternatives(),
        merged=tuple(name for name in record.merged if fields.get(name)),
        stamps=rest.stamps(),
    )


def kept_away(before: Record, after: Record, version: int, id_key: bytes) -> Record:
    """Return what is left with a keyed mark of every sentence that went, as a purge leaves it.

    Some older copy of the other's app may still hold them, and push them as if they were its person's own.
    """
    went = _sentences(before) - _sentences(after)
    return replace(after, purged=marked(after.purged, version, went, id_key, after.id)) if went else after


def _sentences(record: Record) -> set[str]:
    kind = KINDS.get(record.kind)
    values = [value for name, value in record.fields.items() if kind is None or holds_words(kind, name)]
    beside = [each.text for texts in record.alternatives.values() for each in texts]
    return {sentence for text in texts_of([*values, *beside]) for sentence in sentences(text)}


def ever_in_force(goal: Record | None, children: Sequence[Record], gone: Gone) -> frozenset[RecordId]:
    """Return the terms of a goal that both once agreed on; some children may have been looked at already."""
    as_they_were = [replace(each, author=gone.person) if each.author == gone.ghost else each for each in children]
    members = frozenset(each.author for each in as_they_were)
    if len(members) < 2:
        # Where one alone has spoken, whatever they said yes to, nothing was agreed on.
        return frozenset()
    view = goal_view(goal, as_they_were, members, _ANY_DAY)
    return view.past | ({view.terms_in_force} if view.terms_in_force is not None else set())


def families_asked(records: Sequence[Record], gone: Gone) -> frozenset[RecordId]:
    """Return the goals of which all terms and acts have to be known before these records are looked at."""
    return frozenset(
        RecordId(each.family)
        for each in records
        if each.kind == GOAL_TERMS.name and each.author == gone.person and each.family is not None
    )


def _wiped(record: Record, author: PersonId) -> Record:
    return Record(
        space=record.space,
        kind=record.kind,
        id=record.id,
        version=record.version,
        created=record.created,
        author=author,
        removed=record.removed,
        gone=True,
        purged=record.purged,
        shut_at=record.shut_at,
    )


def _cannot_stand_without(kind: Kind) -> bool:
    """Return whether a record has words of its author alone that it must have, so that it is nothing without them."""
    return any(
        isinstance(field.shape, Text) and not field.shape.optional and field.policy is not Policy.SHARED_WORDS
        for field in kind.written.values()
    )


class _Rest:
    """What is left of one joint record; `own` says that its author is gone, and that its words go, too."""

    def __init__(self, record: Record, kind: Kind, gone: Gone, *, own: bool) -> None:
        self.record, self.kind, self.gone, self.own = record, kind, gone, own

    def value(self, name: str, value: Any) -> Any:
        """Return what is left of a field."""
        field = self.kind.fields.get(name)
        if field is not None and field.policy is Policy.SHARED_WORDS:
            return self._emptied(name, self._cleaned(name, value)) if isinstance(value, str) else value
        if holds_words(self.kind, name):
            return _without_words(value) if self.own else value
        return self._elsewhere(value)

    def alternatives(self) -> dict[str, tuple[Alternative, ...]]:
        """Return what of the other's still stands beside."""
        found = {
            name: tuple(
                replace(each, text=text)
                for each in texts
                if each.by != self.gone.person and (text := self._cleaned(name, each.text))
            )
            for name, texts in self.record.alternatives.items()
        }
        return {name: texts for name, texts in found.items() if texts}

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamps without what is known of the sentences of who is gone, and without their id."""
        return {
            name: replace(stamp, person=self.gone.ghost) if stamp.person == self.gone.person else stamp
            for name, stamp in self.record.stamps.items()
            if not (is_credit(name) and stamp.person == self.gone.person)
        }

    def _cleaned(self, name: str, text: str) -> str:
        """Take out the sentences that whoever is gone brought in."""
        return without(text, self._is_theirs(name))

    def _is_theirs(self, name: str) -> Callable[[str], bool]:
        """Return the question whether a sentence is of who is gone.

        Of one whose writer nobody remembers that is so where nobody else is known to have written in this text.
        """
        stamps = self.record.stamps
        others = [stamp.person for key, stamp in stamps.items() if is_credit(key, name)]
        wrote_last = self.record.stamp(name).person or self.record.author
        alone = {*others, wrote_last, self.record.author} == {self.gone.person}
        unknown = self.gone.person if alone else None
        return lambda sentence: (writer(stamps, name, sentence) or unknown) == self.gone.person

    def _emptied(self, name: str, text: str) -> str | None:
        shape = self.kind.fields[name].shape
        return None if text == "" and isinstance(shape, Text) and shape.optional else text

    def _elsewhere(self, value: Any) -> Any:
        """Put the one who is nobody wherever a value names who is gone, as their id or before a colon."""
        if isinstance(value, list):
            return [self._elsewhere(each) for each in value]
        if isinstance(value, str) and value.partition(":")[0] == str(self.gone.person):
            return str(self.gone.ghost) + value.removeprefix(str(self.gone.person))
        return value


def _without_words(value: Any) -> Any:
    """Return nothing in the place of words, and of all that may hold some: of a newer app nobody knows what does."""
    if isinstance(value, list):
        return []
    return value if isinstance(value, int | float) else None
