"""Whether a document that a client library pushes shows that the store has gone back in time since.

A device of ours says with each push how far its copy goes. A client library says it by the document that it knew: by
its marks, and, of one that it has pushed and not been given since, by what stands in it. Then the difference to what
it knew is not all that is new to the store: the document counts as one that is sent again, whole.
"""

from collections.abc import Mapping

from domain.ids import SpaceId
from domain.kind import Kind
from domain.kinds import KINDS, holds_words
from domain.records import Record
from sync.documents import DELETED
from sync.facades import base_of, home_of
from sync.lives import common
from sync.ports import Loaded, Place, Space
from sync.submitted import Submitted, filled, is_bare, life_of, written


def names_a_lost_life(row: Submitted, spaces: Mapping[SpaceId, Space]) -> bool:
    """Return whether a client knew a version that the record's space does not have, or has as another."""
    space, (epoch, rev) = home_of(row, spaces), life_of(row.assumed)
    return space is not None and epoch is not None and rev > common(space, Place(epoch, rev))


def knows_what_was_lost(row: Submitted, loaded: Loaded) -> bool:
    """Return whether a client knew a state of a record that the store has lost, though the version is common to both.

    What was destroyed for good since is not there any more, and that is no loss; nor is what was taken out of a closed
    space with whoever wrote it.
    """
    space, kind = home_of(row, loaded.spaces), KINDS.get(row.kind)
    epoch, _ = life_of(row.assumed)
    if row.id is None or row.assumed is None or space is None or kind is None or epoch is None or is_bare(row.assumed):
        return False
    record = loaded.records.get((space.id, row.id))
    if record is None:
        return True
    base = base_of(row, loaded.spaces)
    if space.state == "closed":
        return False
    if record.gone:
        # What a client knew as living at the version with which it went had come back since.
        return not row.assumed.get(DELETED) and record.shut_at is None and record.version <= base
    return _differs(row, kind, record, base)


def _differs(row: Submitted, kind: Kind, record: Record, base: int) -> bool:
    knew = row.assumed or {}
    held = written(knew)
    purged_since = record.purged is not None and record.purged.version > base
    return any(
        filled(kind, name, held.get(name)) != filled(kind, name, record.fields.get(name))
        for name in kind.written
        if name in knew and record.stamp(name).version <= base and not (purged_since and holds_words(kind, name))
    )
