"""What a pull of WatermelonDB tells: each record once, as an app of the asked schema knows it, or that it has to go."""

from collections.abc import Mapping

from msgspec import Struct

from domain.ids import RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.shapes import as_uuid
from sync.paging import Asked
from sync.ports import Owed, Page, Row, Space
from sync.rows import WatermelonRow, may_hold_edits, row_of


class TableChanges(Struct, frozen=True):
    """What is new in one table: rows that stand in `updated` whether the client has them or not, and what has to go."""

    created: list[WatermelonRow]
    updated: list[WatermelonRow]
    deleted: list[str]


class News:
    """The rows of one pull, each once, as an app of the asked schema knows them."""

    def __init__(self, asked: Asked, spaces: Mapping[SpaceId, Space]) -> None:
        self.asked, self.spaces = asked, spaces
        self._rows: dict[tuple[str, str], WatermelonRow | None] = {}
        """By table and id; None for what the client has to destroy."""

    def tell(self, row: Row) -> None:
        """Take up what is stored of a record. One that does not open is passed over."""
        kind = self._known(row.kind)
        if kind is None or (row.body is None and not row.gone):
            return
        person = self.asked.caller.person
        # A row that is destroyed takes edits with it that wait on the device: only where there can be none.
        told = not row.gone or (may_hold_edits(kind, row, person) and not row.purged)
        made = row_of(kind, row, self.spaces[row.space], self.asked.schema, person) if told else None
        self._rows[row.kind, str(row.id)] = made

    def tell_owed(self, owed: Owed, again: Page) -> None:
        """Take up what the device is owed: what `again` has of it, or that there is nothing."""
        identity = as_id(owed.named)
        rows = [row for row in again.besides if (row.id, row.kind) == (identity, owed.kind)]
        for row in rows:
            if row.space in self.spaces:
                self.tell(row)
        if not rows and self._known(owed.kind) is not None:
            self._rows.setdefault((owed.kind, owed.named), None)

    def _known(self, name: str) -> Kind | None:
        kind = KINDS.get(name)
        return None if kind is None or kind.schema > self.asked.schema else kind

    def tables(self) -> dict[str, TableChanges]:
        """Return all of it by table."""
        made: dict[str, TableChanges] = {}
        for (kind, identity), row in self._rows.items():
            changes = made.setdefault(kind, TableChanges([], [], []))
            if row is None:
                changes.deleted.append(identity)
            else:
                changes.updated.append(row)
        return made


def as_id(named: str) -> RecordId | None:
    """Return the id that a client's name for a row is, where it is one of Haven's."""
    identity = as_uuid(named)
    return None if identity is None or str(identity) != named else RecordId(identity)
