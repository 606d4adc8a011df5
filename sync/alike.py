"""Words that are not said again for a while: found again by a keyed hash, wherever in a space they stand."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from domain.ids import PersonId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.records import Record
from domain.shapes import UNFIT
from sync.bodies import canonical
from sync.ports import Words
from sync.sealing import keyed_id

ANSWERS_MAX: Final = 1_000
"""The newest answers of the other that are looked at. Whoever asks again cannot add to them."""


def words_of(kind: Kind, values: Mapping[str, Any]) -> Words | None:
    """Return what a record of this kind says with these values, in canonical form; None where nothing is looked for."""
    if kind.repeats is None:
        return None
    shapes = {name: kind.fields[name].shape for name in kind.repeats.said}
    said = tuple(shape.judged(values[name]) if name in values else shape.empty for name, shape in shapes.items())
    return None if UNFIT in said or not any(said) else Words(kind.name, said)


def alike_id(id_key: bytes, author: PersonId, words: Words) -> UUID:
    """Return what is the same for everything in which a person says these words in the space with this id key."""
    return keyed_id(id_key, "alike", words.kind, author, canonical(words.said))


def alike_of(record: Record, id_key: bytes) -> UUID | None:
    """Return by what a record is found whose words are said again."""
    words = words_of(KINDS[record.kind], record.fields)
    return None if words is None else alike_id(id_key, record.author, words)


def answers_to(words: Collection[Words]) -> set[str]:
    """Return the kinds in which such words are answered."""
    return {rule.answers for each in words if (rule := KINDS[each.kind].repeats) is not None}
