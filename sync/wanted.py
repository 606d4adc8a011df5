"""What has to be loaded before a batch of changes can be judged: everything their rules may look at."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.ids import RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.shapes import Identity, as_uuid
from sync.board import given_on, letter_id, settings_id
from sync.ports import Caller, Wanted
from sync.sealing import keyed_id
from sync.wire import Change


def wanted(changes: Sequence[Change], caller: Caller, id_keys: Mapping[SpaceId, bytes], now: datetime) -> Wanted:
    """Return what has to be loaded before these changes can be judged."""
    ids: set[RecordId] = set()
    families: set[tuple[UUID, str]] = set()
    counted: set[str] = set()
    for change in changes:
        ids.add(RecordId(change.id))
        kind = KINDS.get(change.kind)
        if kind is None:
            continue
        if kind.window or kind.letter or kind.derive or (kind.parent and kind.parent.moves):
            ids.add(settings_id(id_keys[caller.personal]))
        if kind.letter is not None:
            families |= given_lately(kind.letter.gives, caller, id_keys, now)
            ids |= letters_of(kind.letter.gives, change.id, caller, id_keys)
        if kind.parent is not None:
            parent = as_uuid(change.set.get(kind.parent.field))
            if parent is not None:
                ids.add(RecordId(parent))
        family = family_of(kind, change.set, id_keys.get(caller.personal, b""))
        if family is not None:
            families.add((family, kind.name))
            if kind.parent is not None and kind.parent.moves:
                families |= {(family, each) for name in kind.parent.kinds for each in KINDS[name].moved_by}
        if kind.derive is not None and (change.base == 0 or len(change.set) >= len(kind.written)):
            families |= {(change.id, each) for each in kind.moved_by}
        counted |= {kind.name for most in kind.most if most.within == "space"}
    return Wanted(keys=[change.key for change in changes], ids=ids, families=families, counted=counted)


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


def given_lately(kind: str, caller: Caller, id_keys: Mapping[SpaceId, bytes], now: datetime) -> set[tuple[UUID, str]]:
    """Return the families of the letters that a person has given today, wherever on earth today is for them."""
    days = [(now + timedelta(days=offset)).astimezone(UTC).date() for offset in (-1, 0, 1)]
    return {
        (given_on(id_keys[space], caller.person, day), kind)
        for space in caller.spaces[1:]
        if space in id_keys
        for day in days
    }
