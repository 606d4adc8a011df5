"""Decide what a device sends again when a space has gone back in time: what only this phone still holds.

What the server has proven comes back as it was, from either's phone. For the rest nobody answers for the other: of
records that their author alone may write, and of texts that stand beside one of both, only one's own come back.
"""

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Kind, Ownership, Who, own_of
from domain.kinds import ENVELOPE, KINDS, UNPLACED, holds_words
from domain.policies import TEXTS, Policy
from domain.shapes import as_uuid
from sync.merge import FOLDS, closed
from sync.wire import NO_FIELD, Change
from sync.withheld import stands_open
from sync.words import sentences, without

STARTED_FROM = TEXTS | {Policy.MEMBERS}
"""Policies that need to know what an edit started from."""

DRAFTED_AS: Final = {kind.letter.gives: kind for kind in KINDS.values() if kind.letter is not None}
"""For each kind of letter, the kind of its draft."""


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
    """An edit to be made anew on what was pulled.

    `key` is set where two phones of one person must say the same thing once; else the edit gets a key of its own.
    """

    kind: str
    id: RecordId
    base: int
    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | UnsetType = UNSET
    key: UUID | None = None
    author: PersonId | None = None
    proof: str | None = None


class Life(Struct, frozen=True, kw_only=True):
    """A space in its new life, as a device has pulled it."""

    pulled: Mapping[RecordId, Row]
    head: int
    """The version up to which both lives are one: what is not above it has simply been dropped or changed since."""
    couple: CoupleId | None
    closed: bool
    drafts: Collection[Row]
    """The person's own drafts of letters, as they stand now."""


def resent(mine: PersonId, earlier: Collection[Row], life: Life) -> list[Again]:
    """Return the edits that bring back what the new copy lacks, in the order in which it was first stored."""
    again: list[Again] = []
    used: set[RecordId] = set()
    for row in sorted(earlier, key=lambda row: row.version):
        kind = KINDS.get(row.kind)
        if kind is None or row.gone or row.version <= life.head:
            continue
        if not _mine_to_say(kind, row, mine, closed=life.closed):
            continue
        there = life.pulled.get(row.id)
        if row.kind == UNPLACED.name:
            again += [] if there is not None else _unplaced_again(row, life)
        elif row.kind in DRAFTED_AS and row.author == mine:
            again += _letter(kind, row, there, life, used)
        elif there is None or _is_another(kind, row, there):
            again += _anew(kind, row, mine) if kind.has_proof or kind.creates is not Who.SERVER else []
        elif not there.gone:
            again += _edited(kind, row, there, life, mine)
        elif kind.letter is not None:
            again += _words_of_given(kind, row, there, life)
    return again


def same(row: Row, other: Row) -> bool:
    """Return whether two rows say the same in everything that a client writes."""
    kind = KINDS.get(row.kind)
    names = row.fields.keys() if kind is None else kind.written.keys()
    return (row.gone, row.removed) == (other.gone, other.removed) and all(
        row.fields.get(name) == other.fields.get(name) for name in names
    )


def brings_words(change: Change, row: Row) -> bool:
    """Return whether an edit says anything that is not in the record already: words, which somebody may destroy."""
    kind = KINDS.get(change.kind)
    # What is given once is never changed, so that whatever an edit says of it is refused.
    once = () if kind is None else kind.of_policy(Policy.ONCE)
    names = [name for name in change.set if name not in ENVELOPE and name not in once]
    names = [name for name in names if kind is None or holds_words(kind, name)]
    return any(_words(change.set[name]) - _words(row.fields.get(name)) for name in names)


def _words(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(sentences(value))
    return {str(each) for each in value} if isinstance(value, list) else set()


def _mine_to_say(kind: Kind, row: Row, mine: PersonId, *, closed: bool) -> bool:
    if row.author == mine:
        return True
    either = kind.ownership is Ownership.JOINT and kind.edits is Who.EITHER
    return either or (bool(row.fields.get("proof")) and not closed)


def _is_another(kind: Kind, row: Row, there: Row) -> bool:
    """Return whether something else stands under this id: of what was lost, the id was free for a while."""
    if not kind.has_proof or there.gone:
        return False
    facts = [name for name in kind.proven if row.fields.get(name) != there.fields.get(name)]
    return bool(facts) or (there.kind, there.author) != (row.kind, row.author)


def _anew(kind: Kind, row: Row, mine: PersonId | None) -> Iterator[Again]:
    """Make the record again; a text of one's own that stood beside comes first and so ends behind the record."""
    fields = {name: row.fields[name] for name in (*kind.written, *kind.lasting) if name in row.fields}
    author, proof = (row.author, row.fields.get("proof")) if kind.has_proof else (None, None)
    for name in kind.own_id_only:
        fields[name] = [] if mine is None else sorted(own_of(mine, fields.get(name, ())))
    # Another phone of the same person may know that it was closed or taken back since: no restore opens or gives (I9).
    remove: bool | UnsetType = True if row.removed or stands_open(kind) else UNSET
    choices = [name for name in kind.of_policy(Policy.MOST_PRIVATE) if name in fields]
    fields |= {name: closed(kind.fields[name].shape, fields[name]) for name in choices}
    beside = {name: text for name, text in _own_beside(row, mine) if name in fields}
    first = fields | beside
    yield Again(kind=row.kind, id=row.id, base=0, set=first, was={}, remove=remove, author=author, proof=proof)
    if beside:
        yield Again(kind=row.kind, id=row.id, base=0, set={name: fields[name] for name in beside}, was=beside)


def _own_beside(row: Row, mine: PersonId | None) -> Iterator[tuple[str, str]]:
    """Return one's own texts that stand beside a field's; there is one a field at most."""
    for name, texts in row.alternatives.items():
        yield from ((name, each.text) for each in texts if each.by == mine)


def _letter(kind: Kind, row: Row, there: Row | None, life: Life, used: set[RecordId]) -> Iterator[Again]:
    """Bring back one's own letter as it was given, and take the draft away that came back with the store.

    Where it stands with other words, because an own phone that knew less has given it since, it is given as it was and
    the other words stand in a letter of their own. To a couple that has parted nothing is given any more: there it is a
    draft again.
    """
    draft = DRAFTED_AS[row.kind]
    assert draft.letter is not None
    texts = {name: row.fields.get(name) for name in draft.of_policy(Policy.WORDS)}
    if there is not None and there.gone:
        return
    if there is None and life.closed:
        new = RecordId(_made_from("draft", row.id))
        if all(each.id != new for each in life.drafts):
            empty = {name: field.shape.empty for name, field in draft.written.items()}
            yield Again(kind=draft.name, id=new, base=0, set=empty | texts, was={})
        return
    if there is None or _is_another(kind, row, there):
        yield from _anew(kind, row, row.author)
    for each in life.drafts:
        standing = not (each.gone or each.removed or each.id in used)
        if standing and {name: each.fields.get(name) for name in texts} == texts:
            used.add(each.id)
            yield Again(kind=draft.name, id=each.id, base=each.version, set={}, was={}, remove=True)
            return


def _words_of_given(kind: Kind, row: Row, there: Row, life: Life) -> Iterator[Again]:
    """Say what a draft held to the store, which has given it without: what is not in the letter comes back unplaced."""
    texts = {name: row.fields[name] for name in kind.of_policy(Policy.WORDS) if row.fields.get(name)}
    if texts:
        yield Again(kind=kind.name, id=row.id, base=min(there.version, life.head), set=texts, was={})


def _unplaced_again(row: Row, life: Life) -> Iterator[Again]:
    """Let words come back that had no place: as a change that can have none, so that they are kept for their author.

    Two phones of one person do it under one key, and what one of them did already is seen in the new copy. It is a
    change of the record that the words were about: so they come back without what was destroyed there meanwhile.
    """
    if row.kind != UNPLACED.name or row.removed:
        return
    meant, words = row.fields.get("meant"), row.fields.get("words")
    standing = [each for each in life.pulled.values() if not each.removed]
    known = [(each.fields.get("meant"), _about(each), each.fields.get("words")) for each in standing]
    if isinstance(meant, str) and isinstance(words, dict) and (meant, _about(row), words) not in known:
        key = _made_from("unplaced", row.id)
        # No kind has the field, and the change names no couple: whatever was meant, it is refused.
        refused = {NO_FIELD: True} if meant in KINDS else {}
        was = {NO_FIELD: row.fields.get("code")}
        yield Again(kind=meant, id=_about(row), base=0, set=words | refused, was=was, key=key, author=row.author)


def _about(row: Row) -> RecordId:
    """Return which record words without a place were about; those from before that was told are about themselves."""
    return RecordId(as_uuid(row.fields.get("about")) or row.id)


def _made_from(name: str, identity: RecordId) -> UUID:
    """Return an id that every phone makes alike from another one."""
    digest = bytearray(sha256(name.encode() + identity.bytes).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def _edited(kind: Kind, row: Row, there: Row, life: Life, mine: PersonId) -> Iterator[Again]:
    """Return the differences as edits of what was pulled.

    A record that was touched in the new life has only its state at `head` in common with ours: the edit then
    says so by its base, and merging decides by each field's policy as it does for any two phones.
    """
    if kind.edits is Who.NOBODY:
        return
    base = min(there.version, life.head)
    names = [name for name, field in kind.written.items() if name in row.fields and field.policy is not Policy.ONCE]
    if kind.edits is Who.AUTHOR and there.author != mine:
        # In what its author alone writes the other may have said their own.
        changed, was = _differences(
            kind, [each for each in names if each in kind.own_id_only], row, there, life.head, mine
        )
        if changed:
            yield Again(kind=row.kind, id=row.id, base=base, set=changed, was=was)
        return
    standing = {each.text for texts in there.alternatives.values() for each in texts}
    beside = {
        name: text
        for name, text in _own_beside(row, mine)
        if name in names and text != there.fields.get(name) and text not in standing
    }
    if beside:
        # Nobody knows what it started from. Where somebody wrote in the new life it stands beside again; else what
        # follows it puts it behind.
        yield Again(kind=row.kind, id=row.id, base=base, set=beside, was={})
    changed, was = _differences(kind, names, row, there, life.head, mine)
    changed = {name: row.fields[name] for name in beside} | changed
    was = beside | was
    remove: bool | UnsetType = UNSET if row.removed == there.removed else row.removed
    if remove is True and not changed and same(row, replace(there, removed=True)):
        # What is removed is all that stands there: nothing of it was unseen.
        base = there.version
    if remove is False and there.version > life.head:
        # Somebody has removed it in the new life; only words that they had not seen bring it back.
        remove = UNSET
    if changed or remove is not UNSET:
        yield Again(kind=row.kind, id=row.id, base=base, set=changed, was=was, remove=remove)


def _differences(
    kind: Kind, names: Collection[str], row: Row, there: Row, head: int, mine: PersonId
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what of these fields we hold otherwise, and what that started from."""
    changed: dict[str, Any] = {}
    was: dict[str, Any] = {}
    for name in names:
        policy = kind.fields[name].policy
        ours, theirs = row.fields[name], there.fields.get(name)
        if name in kind.own_id_only:
            ours = _with_own(theirs, ours, mine)
        if policy in FOLDS:
            # Nothing is shown more, protected less or taken a step back because a phone remembers it so.
            ours = FOLDS[policy](kind.fields[name].shape, [theirs, ours])
        started_from = theirs
        if policy in TEXTS and there.version > head:
            ours, started_from = _beyond(theirs or "", ours or "")
        if ours not in (theirs, started_from):
            changed[name] = ours
            if policy in STARTED_FROM:
                was[name] = started_from
    return changed, was


def _beyond(theirs: str, ours: str) -> tuple[str, str]:
    """Return our text and what both have of it; the same twice when theirs has every sentence of ours."""
    known = set(sentences(ours))
    if known <= set(sentences(theirs)):
        return ours, ours
    return ours, without(theirs, lambda sentence: sentence not in known)


def _with_own(theirs: Any, ours: Any, mine: PersonId) -> list[str]:
    there = set(theirs or ())
    return sorted((there - own_of(mine, there)) | own_of(mine, ours or ()))
