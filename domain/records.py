"""What a space holds: a record with its fields, and per field who changed it last and what that edit had seen."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId


class Stamp(Struct, frozen=True, array_like=True):
    """The last change of one field.

    `others` is the version of the last change by any device other than `device`; without it every offline
    create-then-edit would conflict with itself. `made_ms` estimates, by the server's clock less the age that the
    phone stated, when the edit was made (milliseconds since 1970); it only ever breaks a tie.
    """

    version: int = 0
    device: DeviceId | None = None
    others: int = 0
    made_ms: int | None = None
    person: PersonId | None = None


UNSTAMPED = Stamp()

EITHER: Final = PersonId(UUID(int=0))
"""Stands as the writer of words that came back after a restore, of which nobody knows any more which of the two wrote
them: each may destroy them as their own."""


class Alternative(Struct, frozen=True):
    """A text that stands beside the stored one until somebody picks."""

    by: PersonId
    text: str


class Purged(Struct, frozen=True, array_like=True):
    """What its author destroyed: changes that had not seen `version` lose the sentences with these keyed hashes.

    Of very many sentences the hashes are held by a sieve instead (`sync/purge.py`).
    """

    version: int
    hashes: frozenset[bytes]
    sieve: bytes = b""


class Record(Struct, frozen=True, kw_only=True):
    """Merged state.

    `created` is the version of first storing; `gone` is a tombstone without words; `due_at` is when the worker looks
    at it again; `shut_at` is the version since which the other is told nothing more of it, 0 where they never were.
    """

    space: SpaceId
    kind: str
    id: RecordId
    version: int
    created: int
    author: PersonId
    fields: dict[str, Any] = {}
    removed: bool = False
    gone: bool = False
    schema: int = 1
    alternatives: dict[str, tuple[Alternative, ...]] = {}
    merged: tuple[str, ...] = ()
    stamps: dict[str, Stamp] = {}
    family: UUID | None = None
    shown_id: RecordId | None = None
    purged: Purged | None = None
    due_at: datetime | None = None
    shut_at: int | None = None

    def stamp(self, field: str) -> Stamp:
        """Return the stamp of a field; of one that was never written, the stamp that nothing is after."""
        return self.stamps.get(field, UNSTAMPED)

    def with_fields(self, fields: dict[str, Any]) -> "Record":
        """Return the record with these fields instead."""
        return replace(self, fields=fields)

    @property
    def live(self) -> bool:
        """Whether the record stands: neither removed nor wiped."""
        return not (self.removed or self.gone)


REMOVAL = "removed"
"""The name under which removal is stamped: it merges like any other field."""


def stamp_of(field: str, person: PersonId) -> str:
    """Return the name under which it is stamped when this person last changed a field."""
    return f"{field}@{person.hex}"
