"""Decide what a device sends again when a space has gone back in time: what only this phone still holds."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Kind, Ownership, Who
from domain.kinds import KINDS
from domain.policies import Policy
from sync.words import sentences, without

TEXTS = frozenset({Policy.WORDS, Policy.SHARED_WORDS})
STARTED_FROM = TEXTS | {Policy.MEMBERS}
"""Policies that need to know what an edit started from."""


class Beside(Struct, frozen=True):
    """A text that stands beside the stored one, and who wrote it."""

    by: PersonId
    text: str


class Row(Struct, frozen=True, kw_only=True):
    """A record as the server last described it. Of one that is `gone` only the version is left."""

    space: SpaceId
    kind: str
    id: RecordId
    version: int
    epoch: UUID | None = None
    """The life of its space in which `version` counts."""
    author: PersonId | None = None
    removed: bool = False
    gone: bool = False
    fields: dict[str, Any] = {}
    alternatives: dict[str, tuple[Beside, ...]] = {}
    merged: tuple[str, ...] = ()


class Again(Struct, frozen=True, kw_only=True):
    """An edit to be made anew on what was pulled."""

    row: Row
    base: int
    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | UnsetType = UNSET


def resent(
    mine: PersonId,
    earlier: Collection[Row],
    pulled: Mapping[RecordId, Row],
    head: int,
    *,
    closed: bool,
    decided: Mapping[RecordId, Collection[str]],
) -> list[Again]:
    """Return the edits that bring back what the new copy lacks, in the order in which it was first stored.

    `head` is the version up to which both lives of the space are one: what is not above it has simply been
    dropped or changed since. `decided` names the fields about which an edit of this device was settled in the new
    life already. Nobody answers for the other: of records that their author alone may write, and of acts and
    terms, only one's own come back.
    """
    again: list[Again] = []
    for row in sorted(earlier, key=lambda row: row.version):
        kind = KINDS.get(row.kind)
        if kind is None or row.gone or row.version <= head or not _mine_to_say(kind, row, mine, closed=closed):
            continue
        there = pulled.get(row.id)
        if there is None:
            if kind.creates is not Who.SERVER:
                again.append(_anew(kind, row, mine))
        elif not there.gone:
            edit = _edited(kind, row, there, head, mine, decided.get(row.id, ()))
            if edit is not None:
                again.append(edit)
    return again


def same(row: Row, other: Row) -> bool:
    """Return whether two rows say the same in everything that a client writes."""
    kind = KINDS.get(row.kind)
    names = row.fields.keys() if kind is None else kind.written.keys()
    return (row.gone, row.removed) == (other.gone, other.removed) and all(
        row.fields.get(name) == other.fields.get(name) for name in names
    )


def _mine_to_say(kind: Kind, row: Row, mine: PersonId, *, closed: bool) -> bool:
    if row.author == mine:
        return True
    return kind.ownership is Ownership.JOINT and kind.edits is Who.EITHER and not closed


def _anew(kind: Kind, row: Row, mine: PersonId) -> Again:
    fields = {name: row.fields[name] for name in kind.written if name in row.fields}
    for name in kind.own_id_only:
        fields[name] = [each for each in fields.get(name, []) if each == str(mine)]
    return Again(row=row, base=0, set=fields, was={}, remove=True if row.removed else UNSET)


def _edited(kind: Kind, row: Row, there: Row, head: int, mine: PersonId, decided: Collection[str]) -> Again | None:
    """Return the differences as an edit of what was pulled, or None where there is nothing to say.

    A record that was touched in the new life has only its state at `head` in common with ours: the edit then
    says so by its base, and merging decides by each field's policy as it does for any two phones.
    """
    if kind.edits is Who.NOBODY or (kind.edits is Who.AUTHOR and there.author != mine):
        return None
    changed: dict[str, Any] = {}
    was: dict[str, Any] = {}
    for name, field in kind.written.items():
        if name not in row.fields or name in decided or field.policy is Policy.ONCE:
            continue
        ours, theirs = row.fields[name], there.fields.get(name)
        if name in kind.own_id_only:
            ours = _with_own(theirs, ours, str(mine))
        started_from = theirs
        if field.policy in TEXTS and there.version > head:
            ours, started_from = _beyond(theirs or "", ours or "")
        if ours not in (theirs, started_from):
            changed[name] = ours
            if field.policy in STARTED_FROM:
                was[name] = started_from
    remove: bool | UnsetType = UNSET if row.removed == there.removed else row.removed
    if remove is False and there.version > head:
        # Somebody has removed it in the new life; only words that they had not seen bring it back.
        remove = UNSET
    if not changed and remove is UNSET:
        return None
    return Again(row=row, base=min(there.version, head), set=changed, was=was, remove=remove)


def _beyond(theirs: str, ours: str) -> tuple[str, str]:
    """Return our text and what both have of it; the same twice when theirs has every sentence of ours."""
    known = set(sentences(ours))
    if known <= set(sentences(theirs)):
        return ours, ours
    return ours, without(theirs, lambda sentence: sentence not in known)


def _with_own(theirs: Any, ours: Any, mine: str) -> list[str]:
    others = {each for each in theirs or () if each != mine}
    return sorted(others | ({mine} if mine in (ours or ()) else set()))
