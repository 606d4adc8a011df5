"""What of the couple's space the other is not told any more: windows that were opened straight into it, and closed."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from msgspec.structs import replace

from domain.ids import PersonId, SpaceId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS
from domain.policies import Policy
from domain.records import Record
from sync.bodies import decoded, encoded_body
from sync.ports import RecordKey, Row, Space

T = TypeVar("T")


def stands_open(kind: Kind) -> bool:
    """Return whether a kind is a window without a copy: its author may close it, and the partner sees it till then."""
    return kind.ownership is Ownership.WINDOW and kind.home == "couple"


COPIED: Final = [kind.name for kind in KINDS.values() if kind.window is not None]
"""The kinds of which a copy is shown."""

SEEN_OPEN: Final = [kind.name for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION or stands_open(kind)]
"""The kinds by which the partner sees, in the couple's space, what is the other's own."""


def is_shut(kind: Kind, *, removed: bool, closed: bool) -> bool:
    """Return whether such a window is shut for the other: its author took it back, or the couple has parted."""
    return stands_open(kind) and (removed or closed)


def withheld_from(record: Record, person: PersonId, *, closed: bool) -> bool:
    """Return whether a record is such a window, and shut for this person."""
    kind = KINDS.get(record.kind)
    if kind is None or record.author == person:
        return False
    return is_shut(kind, removed=record.removed or record.gone, closed=closed)


def told_of(
    records: Iterable[Record], before: Mapping[RecordKey, Record], spaces: Mapping[SpaceId, Space]
) -> list[Record]:
    """Return records that are about to be stored, each with the version since which the other is told no more of it."""
    told: list[Record] = []
    for each in records:
        shut_at = _shut_at(each, before.get((each.space, each.id)), spaces.get(each.space))
        told.append(each if each.shut_at == shut_at else replace(each, shut_at=shut_at))
    return told


def _shut_at(record: Record, before: Record | None, space: Space | None) -> int | None:
    kind, closed = KINDS.get(record.kind), space is not None and space.state == "closed"
    if kind is None or not is_shut(kind, removed=record.removed or record.gone, closed=closed):
        return None
    if before is None:
        # What is shut as soon as it comes into being they never had.
        return 0
    return record.version if before.shut_at is None else before.shut_at


def hushed(records: Iterable[Record], before: Mapping[RecordKey, Record]) -> frozenset[SpaceId]:
    """Return the spaces in which all these records were shut for the other, and are: they are told nothing there."""
    seen: dict[SpaceId, bool] = {}
    for each in records:
        known = before.get((each.space, each.id))
        shut = each.shut_at is not None and (known is None or known.shut_at is not None)
        seen[each.space] = seen.get(each.space, True) and shut
    return frozenset(space for space, shut in seen.items() if shut)


def version_for(reader: PersonId, author: PersonId, version: int, shut_at: int | None) -> int:
    """Return the version at which a reader has a record: what its author does with it since it was shut moves nothing.

    The stores tell what has changed since a version by this one. 0 is for what the reader is never told of.
    """
    return version if shut_at is None or author == reader else shut_at


def as_told(row: Row, reader: PersonId, spaces: Mapping[SpaceId, Space]) -> Row:
    """Return a row as this reader may have it: what its author has withdrawn is gone for the other, and at parting.

    Its author keeps it, and may open it again. What stands beside a text of one author is theirs alone, and so is that
    it was joined: what the other reads is the text.
    """
    kind = KINDS.get(row.kind)
    if row.author == reader or kind is None:
        return row
    if not is_shut(kind, removed=row.removed or row.gone, closed=spaces[row.space].state == "closed"):
        return replace(row, body=_of_the_other(kind, row.body))
    return replace(row, gone=True, removed=False, body=None)


def _of_the_other(kind: Kind, body: bytes | None) -> bytes | None:
    if body is None or not kind.of_policy(Policy.WORDS):
        # Nothing of it is one author's to go on writing: it passes through unread.
        return body
    whole = decoded(body)
    return encoded_body(
        whole.fields, told_beside(kind, whole.alternatives), tuple(told_beside(kind, dict.fromkeys(whole.merged)))
    )


def told_beside(kind: Kind, beside: Mapping[str, T]) -> dict[str, T]:
    """Return what the other may know of what stands beside each field of a record, or of how it came to stand."""
    return {name: each for name, each in beside.items() if name not in kind.of_policy(Policy.WORDS)}
