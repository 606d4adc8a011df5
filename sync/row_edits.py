"""What a row of WatermelonDB says: which edit, made on what.

A row brings the version that its client knew (`rev`, `epoch`) and the names of the columns that were edited
(`_changed`), but not what these held before. That is what the same device has submitted since, else what stood then.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId
from domain.kind import own_of
from domain.kinds import KINDS
from domain.records import Record
from sync.documents import DELETED, KEY
from sync.facades import base_of
from sync.lives import common
from sync.merge import BESIDE as ALTERNATIVES
from sync.ports import History, Place, Row, Shadow, Snapshot, Space
from sync.rows import REMOVED_AT, WatermelonRow, columns_changed, document_of
from sync.sealing import keyed_id
from sync.submitted import Submitted, change_from, change_of, life_of, understood, written
from sync.wire import Change


class Edited(Struct, frozen=True, kw_only=True):
    """A row of a push, understood as far as it goes without the store."""

    row: Submitted
    changed: frozenset[str]
    """The edited columns."""
    only_id: bool = False
    """Whether its client says only that it removed this, and nothing else about it."""

    @property
    def is_new(self) -> bool:
        """Whether its client was never given it."""
        return life_of(self.row.new)[0] is None

    @property
    def as_edit(self) -> Submitted:
        """The row without the other's removal, which its client was told of while an edit waited there."""
        if self.is_new or REMOVED_AT in self.changed:
            return self.row
        return replace(self.row, new=self.row.new | {DELETED: False})


def edited_row(kind: str, given: WatermelonRow) -> Edited:
    """Return a row with its id and what was edited in it."""
    return Edited(
        row=understood(kind, document_of(KINDS.get(kind), given), None),
        changed=columns_changed(given),
    )


def removed_row(kind: str, named: str) -> Edited:
    """Return a row of which its client sends nothing but the id."""
    return Edited(row=understood(kind, {KEY: named, DELETED: True}, None), changed=frozenset(), only_id=True)


def is_sent_again(edited: Edited, shadow: Shadow | None, space: Space | None, base: int) -> bool:
    """Return whether a client sends what it takes for told: unedited, or of a life that the store has lost."""
    epoch, rev = life_of(edited.row.new)
    if epoch is None or space is None:
        return False
    return not edited.changed or (newer(shadow, base) is None and rev > common(space, Place(epoch, rev)))


def newer(shadow: Shadow | None, base: int) -> Shadow | None:
    """Return what a device has pushed of a row since its client was given it, if the store knows of that."""
    return shadow if shadow is not None and shadow.version > base else None


def needs_history(edited: Edited, stored: Record | None, base: int) -> bool:
    """Return whether a column was edited that has changed since its client was given it."""
    return stored is not None and any(
        name in stored.fields and stored.stamp(name).version > base for name in edited.changed
    )


def edit_of(
    edited: Edited,
    shadow: Shadow | None,
    stored: Record | None,
    history: History,
    spaces: Mapping[Any, Space],
    *,
    person: PersonId,
    device: DeviceId,
    own_key: bytes,
) -> Change | None:
    """Return the edit that a row is, or None where there is none."""
    row, base = edited.as_edit, base_of(edited.row, spaces)
    if row.id is None or (edited.is_new and shadow is None):
        # It was made on this device, and nothing of it was ever stored that the device knows of.
        return change_of(row, None, 0, device=device, own_key=own_key)
    now = written(row.new)
    unseen: set[str] = set()
    if shadow is not None and shadow.version > base:
        # It says what a text was made of, and not that its device had seen what others wrote until then.
        knew, deleted = shadow.snapshot.fields, shadow.snapshot.deleted
        start = now | {name: knew.get(name) for name in _edited_in(edited, knew)}
    else:
        deleted = not row.new[DELETED]
        start = dict(now)
        for name in edited.changed - {REMOVED_AT}:
            known, start[name] = _seen(stored, name, base, history, now)
            own = None if known else _but_for_one_s_own(row.kind, name, person, now, stored)
            if own is not None:
                start[name] = own
            elif not known:
                unseen.add(name)
    if REMOVED_AT not in edited.changed:
        deleted = False
    fields = {name: value for name, value in start.items() if value is not None}
    return change_from(
        replace(row, assumed={**start, DELETED: deleted}),
        row.id,
        Snapshot(fields, deleted),
        base,
        device=device,
        own_key=own_key,
        unseen=frozenset(unseen),
        since=0 if shadow is None else shadow.version,
    )


def _edited_in(edited: Edited, knew: Mapping[str, Any]) -> frozenset[str]:
    """Return what may differ from what the device submitted last: the rest was given to it by the server since."""
    if edited.is_new and not edited.changed:
        return frozenset(knew) | frozenset(written(edited.row.new))
    return edited.changed - {REMOVED_AT}


def _seen(stored: Record | None, name: str, base: int, history: History, now: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return what a client was shown in a column, as far as that is known.

    Of what stands beside only that counts which it has been shown for sure: nothing else is taken away. A text that it
    has `now` in the field itself is such.
    """
    if stored is None:
        return False, None
    if name == "alternatives":
        before = stored.stamp(ALTERNATIVES).version <= base
        shown = {
            field: [{"by": str(each.by), "text": each.text} for each in texts if before or each.text == now.get(field)]
            for field, texts in stored.alternatives.items()
        }
        return True, {field: texts for field, texts in shown.items() if texts}
    if name == "merged":
        return True, [field for field in stored.merged if stored.stamp(field).version <= base]
    if stored.stamp(name).version <= base:
        return True, stored.fields.get(name)
    for each in history.stood.get((stored.space, stored.id), ()):
        if each.field == name and each.since <= base < each.until:
            return True, each.value
    return False, None


def _but_for_one_s_own(
    kind: str, name: str, person: PersonId, now: Mapping[str, Any], stored: Record | None
) -> list[str] | None:
    """Return what a set in which each says their own may have held for a client; None for anything else.

    What stood there then is not always known: of an empty set nothing is kept behind. But of the other nobody has
    anything to say in it, so whatever a client holds of them it has seen.
    """
    table, value = KINDS.get(kind), now.get(name, [])
    if table is None or name not in table.own_id_only or stored is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    ours = own_of(person, value)
    taken_out = own_of(person, stored.fields.get(name, ())) - ours
    return sorted((set(value) - ours) | taken_out)


def removal_of(
    row: Submitted, stored: Row | Record, space: Space, place: Place | None, *, device: DeviceId, own_key: bytes
) -> Change | None:
    """Return the removal of a record of which a client sends only the id: of what it was given by its last pull."""
    if stored.removed or stored.gone:
        return None
    base = 0 if place is None else min(place.version, common(space, place))
    key = keyed_id(own_key, "removed", device, row.kind, row.named, str(base))
    return Change(key=key, kind=row.kind, id=stored.id, base=base, couple=space.couple, remove=True)
