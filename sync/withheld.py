"""What of the couple's space the other is not told any more: windows that were opened straight into it, and closed."""

from collections.abc import Mapping

from msgspec.structs import replace

from domain.ids import PersonId, SpaceId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS
from sync.ports import Page, Row, Space


def stands_open(kind: Kind) -> bool:
    """Return whether a kind is a window without a copy: its author may close it, and the partner sees it till then."""
    return kind.ownership is Ownership.WINDOW and kind.home == "couple"


def is_shut(kind: Kind, *, removed: bool, closed: bool) -> bool:
    """Return whether such a window is shut for the other: its author took it back, or the couple has parted."""
    return stands_open(kind) and (removed or closed)


def as_told(page: Page, reader: PersonId) -> Page:
    """Return a page as this reader may have it: what its author has withdrawn is gone for the other, and at parting.

    Its author keeps it, and may open it again.
    """
    return replace(
        page,
        rows=[_told(row, reader, page.spaces) for row in page.rows],
        besides=[_told(row, reader, page.spaces) for row in page.besides],
    )


def _told(row: Row, reader: PersonId, spaces: Mapping[SpaceId, Space]) -> Row:
    kind = KINDS.get(row.kind)
    if row.author == reader or kind is None:
        return row
    closed = is_shut(kind, removed=row.removed, closed=spaces[row.space].state == "closed")
    return replace(row, gone=True, removed=False, body=None) if closed and not row.gone else row
