"""Prove that the server has said something before: what a store that went back has lost, any phone can bring back.

Facts that nobody may change once a record is made (who made it, its place among others, words that were given) are
stored with a mark that only this space's id key can make; that key stays at now when a store goes back. A phone that
sends such a record again shows the mark, and the record comes back as it was, whoever's phone it is.
"""

import hmac
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import PersonId, RecordId
from domain.kind import Kind
from domain.records import Record
from sync.lives import LIVES_MAX
from sync.ports import Space
from sync.sealing import keyed_hash

MARK_BYTES = 16
_CREATED_BYTES = 7
"""Enough for the largest version (2^53 - 1)."""
_BYTES = 16 + _CREATED_BYTES + MARK_BYTES


def proven(record: Record, kind: Kind, space: Space, id_key: bytes) -> Record:
    """Return a record that is stored for the first time, with the proof of it among its fields.

    The proof is 78 hexadecimal digits: the space's epoch, the version of first storing, and the mark.
    """
    about = space.epoch.bytes + record.created.to_bytes(_CREATED_BYTES)
    mark = _mark(id_key, kind, space, record.id, record.author, about, record.fields)
    return record.with_fields(record.fields | {"proof": (about + mark).hex()})


def renewed(record: Record, kind: Kind, space: Space, id_key: bytes) -> Record:
    """Return a record whose words its author has destroyed, with the proof of what is left, if it had one."""
    if not record.fields.get("proof"):
        return record
    about = bytes.fromhex(record.fields["proof"])[:-MARK_BYTES]
    mark = _mark(id_key, kind, space, record.id, record.author, about, record.fields)
    return record.with_fields(record.fields | {"proof": (about + mark).hex()})


def lost(
    proof: str, kind: Kind, space: Space, id_key: bytes, *, identity: RecordId, author: PersonId, fields: dict[str, Any]
) -> bool:
    """Return whether the server once stored this, in a part of the space's history that is no more.

    What is still part of the history is not lost: if it is not there, it was taken away, and stays away.
    """
    try:
        known = bytes.fromhex(proof)
    except ValueError:
        return False
    if len(known) != _BYTES:
        return False
    about, mark = known[:-MARK_BYTES], known[-MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(id_key, kind, space, identity, author, about, fields)):
        return False
    epoch, created = UUID(bytes=about[:16]), int.from_bytes(about[16:])
    heads = {life.epoch: life.head for life in space.lives} | {space.epoch: space.head}
    if epoch not in heads:
        # The store has forgotten that life by going back to before it began, unless it has had more than it remembers.
        return len(space.lives) < LIVES_MAX
    return created > heads[epoch]


def _mark(
    id_key: bytes, kind: Kind, space: Space, identity: RecordId, author: PersonId, about: bytes, fields: dict[str, Any]
) -> bytes:
    facts = msgspec.json.encode([fields.get(name) for name in kind.proven])
    return keyed_hash(id_key, "proof", kind.name, space.id, identity, author, about, facts)[:MARK_BYTES]
