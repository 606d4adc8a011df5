"""Purging one's own words: take them out everywhere, and keep them out when an older edit brings them back.

What remains is the version of the purge and keyed hashes of the purged sentences; a change that had not seen the
purge loses those sentences before it is merged, refused or kept anywhere. This is the one exception to "no word is
ever lost", and only the author can ask for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.ids import PersonId, RecordId
from domain.records import Purged
from sync.ports import Value
from sync.sealing import keyed_hash
from sync.words import sentences, without

HASH_BYTES = 12
HASHES_MAX = 20_000
"""Purged sentences that one record remembers; more than its texts could hold."""


def hashed(id_key: bytes, record: RecordId, sentence: str) -> bytes:
    """Return the keyed hash of one sentence, good for this record alone."""
    return keyed_hash(id_key, "purged", record, sentence)[:HASH_BYTES]


def kept_out(
    values: Mapping[str, Any], purged: Purged | None, *, base: int, id_key: bytes, record: RecordId
) -> dict[str, Any]:
    """Return a change's values without the sentences that were purged after its base."""
    if purged is None or base >= purged.version:
        return dict(values)
    return {name: cleaned(value, purged, id_key, record) for name, value in values.items()}


def cleaned(value: Any, purged: Purged, id_key: bytes, record: RecordId) -> Any:
    """Return a text without purged sentences; anything else as it is."""
    if not isinstance(value, str):
        return value
    return without(value, lambda sentence: hashed(id_key, record, sentence) in purged.hashes)


def own_sentences(person: PersonId, chain: Sequence[Value]) -> set[str]:
    """Return the sentences that this person brought into a text, as far as its history can tell them apart.

    `chain` holds the text's values from the oldest kept to the present one, each with who wrote it. A sentence
    belongs to the person in whose value it first appears.
    """
    known: set[str] = set()
    own: set[str] = set()
    for value in chain:
        new = {sentence for sentence in sentences(value.value or "") if sentence not in known}
        known |= new
        if value.by == person:
            own |= new
    return own


def marked(
    purged: Purged | None, version: int, sentences_purged: Iterable[str], id_key: bytes, record: RecordId
) -> Purged:
    """Return the purge mark of a record with these sentences added to earlier ones."""
    new = sorted({hashed(id_key, record, sentence) for sentence in sentences_purged})
    earlier = () if purged is None else sorted(purged.hashes.difference(new))
    return Purged(version, frozenset([*new, *earlier][:HASHES_MAX]))
