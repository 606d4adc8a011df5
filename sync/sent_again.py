"""What a document says that is pushed without what its client knew before.

A client library that begins a new replication sends everything again so, edited or not. The document's `rev` and
`epoch` tell what it was made of.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.ids import DeviceId, PersonId, RecordId
from domain.kind import Kind, Who
from domain.kinds import KINDS
from domain.policies import TEXTS, Policy
from domain.records import Record
from domain.shapes import UNFIT, Text
from sync.bodies import canonical
from sync.documents import DELETED, Document
from sync.lives import common
from sync.merge import FOLDS
from sync.ports import History, Place, Shadow, Space
from sync.resend import STARTED_FROM, Beside, Life, Row, resent
from sync.sealing import keyed_id
from sync.submitted import Submitted, filled, is_bare, life_of, with_no_place, written
from sync.wire import Change, Origin


def changes_sent_again(
    row: Submitted,
    space: Space,
    stored: Record | None,
    past: History,
    *,
    person: PersonId,
    device: DeviceId,
    own_key: bytes,
    since: Shadow | None = None,
) -> list[Change]:
    """Return the edits of such a document, and what it alone still holds of a life that was lost.

    Of a state that the store has, too, an edited text is one that it neither holds nor once held: `past` tells that,
    for as long as earlier values are kept. Any other field is edited where nobody else has changed it since; where
    somebody has, an edit cannot be told from what stood there before, and only what closes or protects more is taken
    over. Of a record that is wiped by now the texts are kept with their author, edited or not, and so are those of a
    document that does not fit.

    What the device has pushed `since` its client was given the document, as far as a store that went back still knows
    of it, is no edit; what has become of the document after that is one, as far as nobody else can have made it.
    """
    epoch, rev = life_of(row.new)
    kind = KINDS.get(row.kind)
    if row.id is None or epoch is None or kind is None:
        return []
    head = common(space, Place(epoch, rev))
    made: Iterable[Change]
    if is_bare(row.new):
        made = _removed(row.id, kind, space, stored, head) if rev > head else ()
    elif not _fits(kind, row.new):
        made = [_refused(row, row.id, kind, base=min(rev, head), couple=_couple(kind, space.couple))]
    elif rev > head and since is None:
        made = _lost(row, row.id, kind, space, stored, head, person)
    else:
        made = _edited(row, row.id, kind, space, stored, past, min(rev, head), device, since)
    told = [canonical(row.new)] if since is None else [canonical(row.new), str(since.version).encode()]
    # What was written for an earlier couple of this space is none of the present one's (I18).
    late = {} if row.couple in (None, space.couple) or kind.home != "couple" else {"couple": row.couple}
    return [
        msgspec.structs.replace(
            change, key=keyed_id(own_key, "sent again", device, row.kind, row.id, *told, str(nth)), **late
        )
        for nth, change in enumerate(made)
    ]


_CLOSING: Final = frozenset({Policy.MOST_PRIVATE, Policy.MOST_PROTECTIVE})

_UNNAMED: Final = UUID(int=0)
"""Stands for a key until it is made of everything else."""


def _fits(kind: Kind, document: Document) -> bool:
    """Return whether a record could hold this. A text that must not be empty is so where its words were destroyed."""
    return all(
        value is None or (value == "" and isinstance(field.shape, Text)) or field.shape.judged(value) is not UNFIT
        for field, value in ((field, document.get(name)) for name, field in kind.written.items())
    )


def _refused(row: Submitted, identity: RecordId, kind: Kind, *, base: int, couple: UUID | None) -> Change:
    """Return a change that is refused, so that the words of a document are kept with whoever wrote them."""
    return Change(
        key=_UNNAMED,
        kind=kind.name,
        id=identity,
        base=base,
        couple=couple,
        set=with_no_place(row.new),
        # Of what the other made, nobody's box is filled with. What the server makes of somebody's words is nobody's.
        origin=None if kind.creates is Who.SERVER else Origin(author=row.author),
    )


def _removed(identity: RecordId, kind: Kind, space: Space, stored: Record | None, head: int) -> Iterator[Change]:
    """Remove once more what the store had removed in a life that it has lost; what was written since is unseen."""
    if stored is not None and not (stored.removed or stored.gone):
        base = min(stored.version, head)
        yield Change(
            key=_UNNAMED, kind=kind.name, id=identity, base=base, couple=_couple(kind, space.couple), remove=True
        )


def _edited(
    row: Submitted,
    identity: RecordId,
    kind: Kind,
    space: Space,
    stored: Record | None,
    past: History,
    base: int,
    device: DeviceId,
    since: Shadow | None,
) -> Iterator[Change]:
    said, knew = written(row.new), {} if since is None else since.snapshot.fields
    news = {name: value for name, value in said.items() if since is None or value != filled(kind, name, knew.get(name))}
    if stored is None or stored.gone:
        # It is wiped by now, with all that it once held: nobody can tell an edit, and nothing comes back by itself.
        if news:
            yield _refused(row, identity, kind, base=base, couple=None)
        return
    once = past.values.get((stored.space, stored.id), frozenset())
    beside = {(name, each.text) for name, texts in stored.alternatives.items() for each in texts}
    values = {}
    for name, value in news.items():
        if name not in kind.written or value == filled(kind, name, stored.fields.get(name)):
            continue
        policy, there = kind.fields[name].policy, stored.fields.get(name)
        stamp = stored.stamp(name)
        theirs = (stamp.others if stamp.device == device else stamp.version) > base
        if policy in TEXTS:
            own = since is not None and not theirs
            if own or ((name, canonical(value)) not in once and (name, value) not in beside):
                values[name] = value
        elif not theirs:
            values[name] = value
        elif policy in _CLOSING and (folded := FOLDS[policy](kind.fields[name].shape, [there, value])) != there:
            # Nobody can tell an edit from what stood there before; what closes or protects is done in any case.
            values[name] = folded
    known = since is not None and since.snapshot.deleted
    removed = bool(row.new.get(DELETED)) and not known and not stored.removed
    if not values and not removed:
        return
    change = Change(
        key=_UNNAMED,
        kind=kind.name,
        id=identity,
        base=base,
        couple=_couple(kind, space.couple),
        set=values,
        was={name: knew[name] for name in values if name in knew and kind.fields[name].policy in STARTED_FROM},
    )
    yield msgspec.structs.replace(change, remove=True) if removed else change


def _lost(
    row: Submitted,
    identity: RecordId,
    kind: Kind,
    space: Space,
    stored: Record | None,
    head: int,
    person: PersonId,
) -> Iterator[Change]:
    life = Life(
        pulled={} if stored is None else {identity: _row_of(stored)},
        head=head,
        couple=space.couple,
        closed=space.state == "closed",
        drafts=(),
    )
    for each in resent(person, [_row_from(row, identity, kind, space)], life):
        yield Change(
            key=_UNNAMED,
            kind=each.kind,
            id=each.id,
            couple=_couple(KINDS.get(each.kind), life.couple),
            base=each.base,
            set=each.set,
            was=each.was,
            remove=each.remove,
            origin=Origin(author=each.author, proof=each.proof if isinstance(each.proof, str) else None),
        )


def _couple(kind: Kind | None, couple: UUID | None) -> UUID | None:
    return couple if kind is not None and kind.home == "couple" else None


def _row_of(record: Record) -> Row:
    return Row(
        space=record.space,
        kind=record.kind,
        id=record.id,
        version=record.version,
        author=record.author,
        removed=record.removed,
        gone=record.gone,
        fields=record.fields,
        alternatives={
            name: tuple(Beside(each.by, each.text) for each in texts) for name, texts in record.alternatives.items()
        },
    )


def _row_from(row: Submitted, identity: RecordId, kind: Kind, space: Space) -> Row:
    author = row.author
    return Row(
        space=space.id,
        kind=kind.name,
        id=identity,
        version=life_of(row.new)[1],
        author=None if author is None else PersonId(author),
        removed=bool(row.new.get(DELETED)),
        fields={name: filled(kind, name, row.new.get(name)) for name in kind.fields if name in row.new},
        alternatives=_beside(row.new.get("alternatives")),
    )


def _beside(value: Any) -> dict[str, tuple[Beside, ...]]:
    """Return what stands beside, as far as a client sends it as it was told."""
    try:
        return msgspec.convert(value or {}, dict[str, tuple[Beside, ...]])
    except msgspec.ValidationError:
        return {}


def asks(rows: Collection[Submitted], spaces: Mapping[Any, Space], stored: Mapping[RecordId, Record]) -> list[Record]:
    """Return the records whose earlier values have to be known: those of which a document may be an older state."""
    found = []
    for row in rows:
        record = None if row.id is None else stored.get(row.id)
        epoch, rev = life_of(row.new)
        if record is not None and epoch is not None and rev <= common(spaces[record.space], Place(epoch, rev)):
            found.append(record)
    return found
