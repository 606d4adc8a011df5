"""What a pushed document says: which fields were edited, and from what on.

The document that its client says it knew is the base; what the same device has submitted since is a newer one.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct

from domain.ids import DeviceId, RecordId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.shapes import UNFIT, as_uuid
from sync.bodies import canonical
from sync.documents import BESIDE, COUPLE, DELETED, KEY, KIND, MARKS, Document
from sync.ports import Shadow, Snapshot
from sync.resend import STARTED_FROM
from sync.sealing import keyed_id
from sync.wire import NO_FIELD, VERSION_MAX, Change

RXDB_OWN: Final = "_"
"""How names begin that are RxDB's own: no field may be called so there."""
_ENVELOPE: Final = frozenset({KEY, KIND, COUPLE, DELETED, *MARKS})
KIND_CHARS_MAX: Final = 40
_NOTHING: Final = Snapshot({})
"""What a client knew of a record that it has made itself."""


class Submitted(Struct, frozen=True, kw_only=True):
    """A row of a push, understood as far as it goes without the store."""

    kind: str
    id: RecordId | None
    """None where it is no id of Haven's kind: then nothing can be stored under it."""
    named: str
    """The id as the client wrote it."""
    new: Document
    assumed: Document | None

    @property
    def author(self) -> UUID | None:
        """Who made the record, as the document says."""
        return as_uuid(self.new.get("author"))

    @property
    def couple(self) -> UUID | None:
        """The couple for which it was written."""
        return as_uuid(self.new.get(COUPLE)) or as_uuid((self.assumed or {}).get(COUPLE))


def understood(kind: str, new: Document, assumed: Document | None) -> Submitted:
    """Return a row with the id that it is about. No kind has so long a name as some client may give it."""
    named = new.get(KEY)
    return Submitted(kind=kind[:KIND_CHARS_MAX], id=_record_id(named), named=str(named), new=new, assumed=assumed)


def _record_id(named: Any) -> RecordId | None:
    """Return the id of a record; in another spelling than ours its client would keep the same record twice."""
    identity = as_uuid(named)
    known = identity is not None and identity.version in (4, 7, 8) and str(identity) == named
    return RecordId(identity) if identity is not None and known else None


def life_of(document: Document | None) -> tuple[UUID | None, int]:
    """Return the life and the version in which a client knew a record, as its document says."""
    if document is None:
        return None, 0
    rev, epoch = document.get("rev"), as_uuid(document.get("epoch"))
    if epoch is None or not isinstance(rev, int) or isinstance(rev, bool) or not 0 <= rev <= VERSION_MAX:
        return None, 0
    return epoch, rev


def snapshot(document: Document) -> Snapshot:
    """Return what of a document its client writes."""
    return Snapshot(written(document), bool(document.get(DELETED)))


def written(document: Document) -> dict[str, Any]:
    """Return what of a document is its content: all but Haven's marks and RxDB's own, as far as it says anything.

    An app that was updated knows its older documents with `_attachments`, which nobody has given them.
    """
    return {
        name: value
        for name, value in document.items()
        if name not in _ENVELOPE and not name.startswith(RXDB_OWN) and value is not None
    }


def is_bare(document: Document) -> bool:
    """Return whether a document says only that its record was removed."""
    return bool(document.get(DELETED)) and not written(document)


def change_of(row: Submitted, shadow: Shadow | None, base: int, *, device: DeviceId, own_key: bytes) -> Change | None:
    """Return the edit that a row is, or None where there is none.

    `base` is the version that the client knew, in the present life of the space: it stays so where a shadow is newer,
    for what others had written until then nobody has seen there. The key is made of device, record, base, shadow and
    document, so that a retry is one, and doing once more what was undone is none.
    """
    if row.id is None:
        return _without_a_place(row, device, own_key)
    start = _NOTHING if row.assumed is None else snapshot(row.assumed)
    if shadow is not None and shadow.version > base:
        start = shadow.snapshot
    since = 0 if shadow is None else shadow.version
    return change_from(row, row.id, start, base, device=device, own_key=own_key, since=since)


def change_from(
    row: Submitted,
    identity: RecordId,
    start: Snapshot,
    base: int,
    *,
    device: DeviceId,
    own_key: bytes,
    since: int,
    unseen: Collection[str] = (),
) -> Change | None:
    """Return the edit that leads from what a client knew to what it pushes, or None where there is none.

    Of fields that are `unseen` nobody knows what the client knew. `since` is the version of its shadow, if it has one.
    """
    kind = KINDS.get(row.kind)
    now = snapshot(row.new)
    if now.deleted and (start.deleted or not (now.fields or row.assumed)):
        # What was deleted and is pushed again says nothing new, nor does what was never anything else.
        return None
    edited = {
        name: (filled(kind, name, start.fields.get(name)), filled(kind, name, now.fields.get(name)))
        for name in _names(kind, start, now)
    }
    edited = {name: (was, value) for name, (was, value) in edited.items() if was != value or name in unseen}
    remove = UNSET if now.deleted == start.deleted else now.deleted
    values = {name: value for name, (_, value) in edited.items()} | _beside(start, now)
    if not values and remove is UNSET and start is not _NOTHING:
        return None
    # A client that knew nothing, or only that the record was deleted, did not know what it held.
    seen = {name: was for name, (was, _) in edited.items() if name not in unseen} if start.fields else {}
    return Change(
        key=_key(row, start, device, own_key, since),
        kind=row.kind,
        id=identity,
        base=base,
        couple=row.couple,
        set=values,
        was={
            **{name: was for name, was in seen.items() if _asks(kind, name)},
            **{name: start.fields[name] for name in BESIDE if name in values},
        },
        remove=remove,
    )


def _names(kind: Kind | None, *snapshots: Snapshot) -> Iterable[str]:
    """Return what a client may have edited: what it writes of this kind, and what the kind does not know at all."""
    names = {name for each in snapshots for name in each.fields} - set(BESIDE)
    return sorted(name for name in names if kind is None or name not in kind.fields or name in kind.written)


def filled(kind: Kind | None, name: str, value: Any) -> Any:
    """Return a value, or what a field holds that has none."""
    if value is not None or kind is None or name not in kind.fields:
        return value
    empty = kind.fields[name].shape.empty
    return None if empty is UNFIT else empty


def _asks(kind: Kind | None, name: str) -> bool:
    return kind is not None and name in kind.fields and kind.fields[name].policy in STARTED_FROM


def _beside(start: Snapshot, now: Snapshot) -> dict[str, Any]:
    """Return what a client has taken out of what stands beside. One that does not send it has taken nothing out."""
    return {
        name: now.fields[name]
        for name in BESIDE
        if start.fields.get(name) and name in now.fields and now.fields[name] != start.fields[name]
    }


def _without_a_place(row: Submitted, device: DeviceId, own_key: bytes) -> Change:
    """Return a change of something that has no id: it is refused."""
    return Change(
        key=_key(row, _NOTHING, device, own_key),
        kind=row.kind,
        id=keyed_id(own_key, "no id", row.named),
        set=with_no_place(row.new),
    )


def with_no_place(document: Document) -> dict[str, Any]:
    """Return what to set so that it is refused, and the words of a document are kept with whoever wrote them."""
    return {NO_FIELD: True} | {name: value for name, value in written(document).items() if isinstance(value, str)}


def _key(row: Submitted, start: Snapshot, device: DeviceId, own_key: bytes, since: int = 0) -> UUID:
    said = [canonical(each) for each in (row.assumed, start, row.new)]
    said += [str(since).encode()] if since else []
    return keyed_id(own_key, "submitted", device, row.kind, row.named, *said)


def same(kind: Kind, stored: Document, pushed: Document) -> bool:
    """Return whether a client that has pushed this knows what is stored, as far as it is for a client to write."""
    if stored[DELETED] or pushed.get(DELETED):
        return bool(stored[DELETED]) == bool(pushed.get(DELETED))
    return alike(kind, stored, pushed)


def alike(kind: Kind, stored: Document, pushed: Document) -> bool:
    """Return whether two documents hold the same, as far as it is for a client to write."""
    names = [name for name in stored if name in kind.written]
    if any(filled(kind, name, stored[name]) != filled(kind, name, pushed.get(name)) for name in names):
        return False
    return all((stored[name] or None) == (pushed.get(name) or None) for name in BESIDE if name in stored)


def latest(shadows: Iterable[Shadow]) -> Mapping[RecordId, Shadow]:
    """Return the shadows by their record."""
    return {each.record: each for each in shadows}
