"""What has to be loaded before a batch of changes can be judged: everything their rules may look at."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET

from domain.ids import RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.shapes import Identity, as_uuid
from sync.alike import words_of
from sync.board import given_on, letter_id, settings_id
from sync.ports import Caller, Wanted
from sync.sealing import keyed_id
from sync.wire import Change


def wanted(changes: Sequence[Change], caller: Caller, id_keys: Mapping[SpaceId, bytes], now: datetime) -> Wanted:
    """Return what has to be loaded before these changes can be judged."""
    known = [(KINDS[change.kind], change) for change in changes if change.kind in KINDS]
    own_key = id_keys[caller.personal]
    ids = {RecordId(change.id) for change in changes}
    families: set[tuple[UUID, str]] = set()
    words = {said for kind, change in known if (said := words_of(kind, change.set)) is not None}
    for kind, change in known:
        if _looks_at_the_day(kind):
            ids.add(settings_id(own_key))
        if kind.letter is not None or kind.a_day is not None:
            families |= given_lately(caller, id_keys, now)
        if kind.letter is not None:
            ids |= letters_of(kind.letter.gives, change.id, caller, id_keys)
        parent = None if kind.parent is None else as_uuid(change.set.get(kind.parent.field))
        if parent is not None:
            ids.add(RecordId(parent))
        families |= _families(kind, change, own_key)
    return Wanted(
        keys=[change.key for change in changes],
        ids=ids,
        families=families,
        counted={kind.name for kind, _ in known for most in kind.most if most.within == "space"},
        words=words,
    )


def _looks_at_the_day(kind: Kind) -> bool:
    """Return whether the actor's local date plays a part, which their settings tell."""
    moves = kind.parent is not None and kind.parent.moves
    return bool(kind.window or kind.letter or kind.derive or moves) or kind.a_day is not None


def _families(kind: Kind, change: Change, id_key: bytes) -> set[tuple[UUID, str]]:
    """Return what is counted and judged with this change's record, and what moves it where it may be new or taken away.

    Of what was there before and stays, what moves it is looked at when that changes.
    """
    families: set[tuple[UUID, str]] = set()
    family = family_of(kind, change.set, id_key)
    if family is not None:
        families.add((family, kind.name))
        if kind.parent is not None and kind.parent.moves:
            families |= {(family, each) for name in kind.parent.kinds for each in KINDS[name].moved_by}
    whole = change.base == 0 or len(change.set) >= len(kind.written) or change.remove is not UNSET
    if kind.derive is not None and whole:
        families |= {(change.id, each) for each in kind.moved_by}
    return families


def family_of(kind: Kind, values: Mapping[str, Any], id_key: bytes) -> UUID | None:
    """Return what groups this record with others: its parent's id, or a keyed hash of the value they share."""
    if kind.family is None or not isinstance(values.get(kind.family), str):
        return None
    if isinstance(kind.fields[kind.family].shape, Identity):
        return as_uuid(values[kind.family])
    return keyed_id(id_key, kind.name, values[kind.family])


def letters_of(gives: str, draft: UUID, caller: Caller, id_keys: Mapping[SpaceId, bytes]) -> set[RecordId]:
    """Return the ids under which a draft was given, if it was, in each of the caller's couples."""
    couples = [space for space in caller.spaces[1:] if space in id_keys]
    return {letter_id(id_keys[space], gives, caller.person, draft) for space in couples}


def given_lately(caller: Caller, id_keys: Mapping[SpaceId, bytes], now: datetime) -> set[tuple[UUID, str]]:
    """Return the families of the counted letters that a person has given today, wherever on earth today is for them."""
    days = [(now + timedelta(days=offset)).astimezone(UTC).date() for offset in (-1, 0, 1)]
    return {
        (given_on(id_keys[space], caller.person, day), kind.name)
        for kind in KINDS.values()
        if kind.a_day is not None
        for space in caller.spaces[1:]
        if space in id_keys
        for day in days
    }
