"""What a device shows of what it holds: each record with its own edits that wait laid over it, and lists of them.

Own acts that the server has not seen move what follows from them here too; children wait for their parents.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Around, Kind
from domain.kinds import KINDS, judged
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import UNFIT, as_uuid
from sync.laying import Laying
from sync.resend import Beside, Row
from sync.shelves import Kept, Shelves
from sync.wire import VERSION_MAX, Change


class Shown(Struct, frozen=True, kw_only=True):
    """A record as this device shows it.

    `version` is 0 while the server has not stored it. `pending`: an edit of it waits for the server. `gone`: the
    server has wiped it, and only words that were not sent yet are left.
    """

    kind: str
    id: RecordId
    space: SpaceId | None
    version: int
    author: PersonId
    fields: dict[str, Any]
    removed: bool = False
    gone: bool = False
    pending: bool = False
    alternatives: dict[str, tuple[Beside, ...]] = {}
    merged: tuple[str, ...] = ()


def show(shelves: Shelves, identity: RecordId) -> Shown | None:
    """Return a record with this device's unsettled edits laid over it; None when there is nothing to show."""
    shown = laid(shelves, identity)
    table = None if shown is None else KINDS.get(shown.kind)
    if shown is not None and table is not None and table.derive is not None and not shown.gone:
        return _derived(shelves, shown, table)
    return shown


def show_all(shelves: Shelves, kind: str, *, removed: bool) -> list[Shown]:
    """Return what this device shows of a kind, oldest change first and what was not sent last.

    Children whose parent has not arrived, and a goal without terms that count, are not shown. `removed` asks
    for what was removed instead.
    """
    table = KINDS[kind]
    ids = _ids_of(shelves, frozenset({kind}))
    found = [each for identity in ids if (each := show(shelves, identity)) is not None and each.kind == kind]
    return sorted(
        (each for each in found if each.removed == removed and _has_its_parent(shelves, each, table)),
        key=lambda each: (each.version or VERSION_MAX, _first_nth(shelves, each.id), each.id),
    )


def laid(shelves: Shelves, identity: RecordId) -> Shown | None:
    """Return a record with its edits laid over it, and nothing that follows from other records."""
    row, every = shelves.row_of(identity), shelves.edits_shown_in(identity)
    if row is None and not every:
        return None
    kind = every[0].change.kind if row is None else row.kind
    table = KINDS.get(kind)
    # Another record may stand under the id of one that is sent again: it is not changed by that.
    edits = [kept for kept in every if kept.change.kind == kind]
    if row is not None and row.gone and not any(kept.waits for kept in edits):
        return None
    fields: dict[str, Any] = {}
    if row is None and table is not None:
        fields = {name: field.shape.empty for name, field in table.fields.items() if field.shape.empty is not UNFIT}
    elif row is not None:
        fields = dict(row.fields)
    over = Laying(table, fields, row)
    for kept in edits:
        over.lay(kept.change)
    return Shown(
        kind=kind,
        id=identity,
        space=shelves.space_of(edits[0].change) if row is None else row.space,
        version=0 if row is None else row.version,
        author=_author_of(row, edits) or shelves.person,
        fields=fields,
        removed=over.removed,
        gone=row is not None and row.gone,
        pending=any(kept.waits for kept in edits),
        alternatives=over.alternatives,
        merged=over.merged,
    )


def as_record(shown: Shown) -> Record:
    """Return what the rules ask about: where and when it was stored plays no part in them here."""
    return Record(
        space=_NOWHERE,
        kind=shown.kind,
        id=shown.id,
        version=shown.version,
        created=0,
        author=shown.author,
        fields=shown.fields,
        removed=shown.removed,
    )


_NOWHERE = SpaceId(UUID(int=0))

_NOBODY = PersonId(UUID("ffffffff-ffff-4fff-bfff-ffffffffffff"))
"""Stands for a partner who has done nothing yet that moves the goal."""

_A_DAY = date(2000, 1, 1)
"""Where a rule wants a day whose answer is not used."""

_UNORDERED = 1 << 60
"""Orders of what the server has not numbered yet begin here, behind everything that it has."""


def _derived(shelves: Shelves, shown: Shown, table: Kind) -> Shown:
    """Let own acts that the server has not seen move their parent here too, by the same walk."""
    assert table.derive is not None
    unseen = shown.version == 0 or any(
        kept.change.kind in table.moved_by and _names(shelves, kept.change, shown.id)
        for kept in shelves.outbox.values()
        if kept.unplaced is None
    )
    if not unseen:
        return shown
    children = list(_children(shelves, shown, table))
    partner = min({each for child in children for each in _people(child)} - {shelves.person}, default=_NOBODY)
    around = Around(members=frozenset({shelves.person, partner}), today=_A_DAY)
    derived = table.derive(as_record(shown), children, around)
    # The day on which something was reached is the server's to say.
    moved = {name: value for name, value in derived.fields.items() if not name.endswith("_on")}
    return replace(shown, fields=shown.fields | moved)


def _names(shelves: Shelves, change: Change, parent: RecordId) -> bool:
    """Return whether a child's edit is about this parent; one of a child that is there need not say so."""
    child = None if _parent_id(change.kind, change.set) else laid(shelves, RecordId(change.id))
    return _parent_id(change.kind, change.set if child is None else child.fields) == str(parent)


def _people(child: Record) -> set[PersonId]:
    """Return who has a part in a record: its author, and everybody who has said their own in it."""
    said = (each for name in KINDS[child.kind].own_id_only for each in child.fields.get(name, ()))
    named = {as_uuid(each.partition(":")[0]) for each in said}
    return {child.author, *(PersonId(each) for each in named if each is not None)}


def _children(shelves: Shelves, parent: Shown, table: Kind) -> Iterator[Record]:
    for identity in _ids_of(shelves, table.moved_by):
        child = laid(shelves, identity)
        if child is None or child.kind not in table.moved_by or _parent_id(child.kind, child.fields) != str(parent.id):
            continue
        kind = KINDS[child.kind]
        content = {name: child.fields.get(name) for name in kind.written}
        if isinstance(judged(kind, content), Refusal):
            continue
        order = child.fields.get("order")
        if not isinstance(order, int):
            order = _UNORDERED + _first_nth(shelves, identity)
        yield as_record(replace(child, fields=content | {"order": order}))


def _has_its_parent(shelves: Shelves, shown: Shown, table: Kind) -> bool:
    if table.derive is not None and shown.fields.get("state", "") is None:
        return False
    if table.parent is None or table.parent.known:
        return True
    named = _parent_id(shown.kind, shown.fields)
    parent = None if named is None else laid(shelves, RecordId(UUID(named)))
    return parent is not None and not parent.gone and parent.kind in table.parent.kinds


def _ids_of(shelves: Shelves, kinds: Collection[str]) -> set[RecordId]:
    ids = {row.id for row in shelves.rows.values() if row.kind in kinds}
    return ids | {RecordId(kept.change.id) for kept in shelves.outbox.values() if kept.change.kind in kinds}


def _first_nth(shelves: Shelves, identity: RecordId) -> int:
    return min((kept.nth for kept in shelves.edits_shown_in(identity)), default=0)


def _author_of(row: Row | None, edits: list[Kept]) -> PersonId | None:
    """Return who made a record, where somebody has said so: what comes back may be the partner's."""
    if row is not None:
        return row.author
    said = (kept.change.origin.author for kept in edits if kept.change.origin is not None)
    return next((PersonId(author) for author in said if author is not None), None)


def _parent_id(kind: str, values: dict[str, Any]) -> str | None:
    """Return the canonical id of the parent that these fields name."""
    parent = KINDS[kind].parent
    assert parent is not None
    named = as_uuid(values.get(parent.field))
    return None if named is None else str(named)
