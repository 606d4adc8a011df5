"""Who brought which sentence into a text of both, for as long as it stands: earlier values are forgotten after a while.

Kept among the record's stamps, which are sealed: under the field's name and a short hash of the sentence, its writer.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from domain.ids import PersonId
from domain.records import Stamp
from sync.words import sentences

HASH_CHARS = 16
SENTENCES_MAX = 500
"""Of how many sentences a field remembers the writer; beyond that it forgets those of whoever edits that do not stand
any more. Nobody makes it forget the other's."""


def credited(
    stamps: Mapping[str, Stamp], name: str, said: Sequence[tuple[str, PersonId]], present: Iterable[str]
) -> dict[str, Stamp]:
    """Return the stamps with every sentence of these texts counted as its first writer's.

    `said` are texts with who brought them, the older first and the edit's own last; `present` are the texts that stand,
    in or beside the field.
    """
    editor = said[-1][1]
    known = dict(stamps)
    for text, person in said:
        for sentence in sentences(text):
            known.setdefault(_key(name, sentence), Stamp(person=person))
    of_field = [key for key in known if key.startswith(f"{name}#")]
    if len(of_field) > SENTENCES_MAX:
        stands = {_key(name, sentence) for text in present for sentence in sentences(text)}
        for key in of_field:
            if key not in stands and known[key].person == editor:
                del known[key]
    return known


def writer(stamps: Mapping[str, Stamp], name: str, sentence: str) -> PersonId | None:
    """Return who brought this sentence into the field; None when that is not remembered."""
    stamp = stamps.get(_key(name, sentence))
    return None if stamp is None else stamp.person


def is_credit(key: str, name: str | None = None) -> bool:
    """Return whether a stamp says who brought a sentence, into this field or any."""
    return "#" in key if name is None else key.startswith(f"{name}#")


def forgotten(stamps: Mapping[str, Stamp], name: str, destroyed: Iterable[str]) -> dict[str, Stamp]:
    """Return the stamps with nothing left of these sentences."""
    keys = {_key(name, sentence) for sentence in destroyed}
    return {key: stamp for key, stamp in stamps.items() if key not in keys}


def _key(name: str, sentence: str) -> str:
    return f"{name}#{sha256(sentence.encode()).hexdigest()[:HASH_CHARS]}"
