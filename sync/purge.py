"""Purging one's own words: take them out everywhere, and keep them out when an older edit brings them back.

What remains is the version of the purge and keyed hashes of the purged sentences; a change that had not seen the
purge loses those sentences before it is merged, refused or kept anywhere. Those of words that had no place are kept out
of whatever is refused later about the same record (`sync/unplaced.py`). This is the one exception to "no word is
ever lost", and only the author can ask for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.ids import PersonId, RecordId
from domain.records import EITHER, Purged
from sync.ports import Value
from sync.sealing import keyed_hash
from sync.words import sentences, without

HASH_BYTES = 12
HASHES_MAX = 4_000
"""Purged sentences that one record remembers one by one (48 KB); beyond that they go into the sieve."""
SIEVE_BYTES = 64 * 1024
SIEVE_PROBES = 7
"""The sieve lets no purged sentence pass. Of others it keeps back one in 24,000 at 20,000 purged sentences, one in
150 at 50,000: of all who purge that much, a few lose a sentence of an edit that is older than the purge."""


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
    """Return a text without purged sentences, a set of words without purged ones; anything else as it is."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [each for each in value if cleaned(each, purged, id_key, record) == each]
    if not isinstance(value, str):
        return value
    return without(value, lambda sentence: remembers(purged, hashed(id_key, record, sentence)))


def holds_purged(value: Any, purged: Purged | None, *, base: int, id_key: bytes, record: RecordId) -> bool:
    """Return whether any text in a JSON value still holds a sentence that was purged after its base."""
    if purged is None or base >= purged.version:
        return False
    return any(cleaned(text, purged, id_key, record) != text for text in texts_of(value))


def texts_of(value: Any) -> Iterator[str]:
    """Give every text in a JSON value."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_of(part)


def remembers(purged: Purged, hash_: bytes) -> bool:
    """Return whether the sentence with this hash was purged; the sieve may say so of another one."""
    return hash_ in purged.hashes or (bool(purged.sieve) and all(_bit(purged.sieve, at) for at in _probes(hash_)))


def own_sentences(
    person: PersonId, chain: Sequence[Value], known_writer: Callable[[str], PersonId | None] = lambda _: None
) -> set[str]:
    """Return the sentences that this person brought into a text, as far as its history can tell them apart.

    `chain` holds the text's values from the oldest kept to the present one, each with who wrote it. A sentence belongs
    to its `known_writer`, else to the person in whose value it first appears; where that is either, to both.
    """
    known: set[str] = set()
    own: set[str] = set()
    for value in chain:
        new = {sentence for sentence in sentences(value.value or "") if sentence not in known}
        known |= new
        own |= {sentence for sentence in new if (known_writer(sentence) or value.by) in (person, EITHER)}
    return own


def marked(
    purged: Purged | None, version: int, sentences_purged: Iterable[str], id_key: bytes, record: RecordId
) -> Purged:
    """Return the purge mark of a record with these sentences added to earlier ones."""
    hashes = frozenset(hashed(id_key, record, sentence) for sentence in sentences_purged)
    if purged is not None:
        hashes |= purged.hashes
    sieve = b"" if purged is None else purged.sieve
    if len(hashes) <= HASHES_MAX and not sieve:
        return Purged(version, hashes)
    return Purged(version, frozenset(), _sifted(sieve or bytes(SIEVE_BYTES), hashes))


def _sifted(sieve: bytes, hashes: Iterable[bytes]) -> bytes:
    """Put hashes into a Bloom filter (Bloom 1970), probing by two halves of each (Kirsch and Mitzenmacher 2006)."""
    bits = bytearray(sieve)
    for hash_ in hashes:
        for at in _probes(hash_):
            bits[at >> 3] |= 1 << (at & 7)
    return bytes(bits)


def _probes(hash_: bytes) -> Iterator[int]:
    first, step = int.from_bytes(hash_[:6], "big"), int.from_bytes(hash_[6:12], "big") | 1
    return ((first + nth * step) % (SIEVE_BYTES * 8) for nth in range(SIEVE_PROBES))


def _bit(sieve: bytes, at: int) -> int:
    return sieve[at >> 3] & 1 << (at & 7)
