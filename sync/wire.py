"""The native protocol's Structs: what travels between a device and `POST /v1/sync`.

Two strictnesses meet here. The *envelope* (shape, ids, counts, keys, cursor) is bounded by these types, and a
request that breaks them is a 400: a client library never gets it wrong. The *content* (`set`, `was`) stays
untyped until its kind has judged it, because a 4xx for content would block a phone's queue for ever.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

SCHEMA = 1
"""The newest client schema this server knows."""

CHANGES_MAX = 500
LIMIT_MAX = 1000
LIMIT_DEFAULT = 500
CURSOR_CHARS_MAX = 4096
PROOF_CHARS_MAX = 100
REVISIONS_MAX = 100
"""Revisions in one answer."""
FIELDS_MAX = 64
"""Names in one `set` or `was`; a kind has fewer than half of that."""

NO_FIELD: Final = "again"
"""A field that no kind has: what sets it is refused, and only brings words back to where they are kept. Its `was` is
the code with which they were kept there before."""

VERSION_MAX = 2**53 - 1
"""The largest whole number that a JavaScript client can hold."""

Version = Annotated[int, Meta(ge=0, le=VERSION_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Values = Annotated[dict[str, Any], Meta(max_length=FIELDS_MAX)]


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a change comes from that a device sends again after a `reset`: what the server had said before it.

    `author` and the field `proof` are those of the record as it was. With the proof it comes back as it was, also
    from the partner's phone; without, its words count as those of either of the two. `seen`: every edit of the record
    that waits on this phone was made on that state of it.
    """

    author: UUID | None = None
    proof: Annotated[str, Meta(max_length=PROOF_CHARS_MAX)] | None = None
    seen: bool = False


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edit of one record, as the device made it."""

    key: UUID
    kind: Name
    id: UUID
    base: Version = 0
    couple: UUID | None = None
    set: Values = {}
    was: Values = {}
    remove: bool | UnsetType = UNSET
    age_ms: Annotated[int, Meta(ge=0, le=VERSION_MAX)] | None = None
    origin: Origin | None = None


class SyncRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A push and a pull in one round trip; without changes it is a pull."""

    schema: Annotated[int, Meta(ge=1, le=10_000)]
    cursor: Annotated[str, Meta(max_length=CURSOR_CHARS_MAX)] | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    changes: Annotated[list[Change], Meta(max_length=CHANGES_MAX)] = []


Status = Literal["applied", "duplicate", "merged", "superseded", "refused"]
"""What became of a change: it followed; it was decided before; some field was merged; nothing of it stands in
the record (its words are kept beside); it broke a rule (its words are `unplaced`)."""

Verdict = Literal["merged", "kept_both", "yours_kept", "theirs_kept", "kept_private", "unfit"]
"""What became of one concurrent field: both are in it; the other text stands beside it; the incoming value won;
the stored value won; less is shown than was asked; for this one a change was refused `invalid`. A field that simply
followed has no verdict."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What was decided about one change. `duplicate` repeats the outcome that was stored first."""

    key: UUID
    status: Status
    version: int | None = None
    fields: dict[str, Verdict] = {}
    code: str | None = None
    unplaced: UUID | None = None


class Reset(Struct, frozen=True, kw_only=True):
    """A space whose history may have gone back: take it anew, then re-send what is above `head`."""

    space: UUID
    epoch: UUID
    head: int


class SpaceView(Struct, frozen=True, kw_only=True):
    """One space of the caller, as it stands in this answer's snapshot."""

    id: UUID
    home: Literal["personal", "couple"]
    couple: UUID | None
    state: Literal["active", "closed"]
    epoch: UUID
    head: int


class Alternative(Struct, frozen=True):
    """A text that stands beside the stored one until somebody picks."""

    by: UUID
    text: str


class RecordView(Struct, frozen=True, kw_only=True):
    """A record as a device sees it. The server writes these bytes without building this Struct (see `rendered`)."""

    space: UUID
    kind: str
    id: UUID
    version: int
    author: UUID
    removed: bool = False
    fields: dict[str, Any] = {}
    alternatives: dict[str, list[Alternative]] = {}
    merged: list[str] = []


class Gone(Struct, frozen=True, kw_only=True):
    """A record to wipe: this person may no longer read it, or nobody may."""

    space: UUID
    kind: str
    id: UUID
    version: int


class SyncResponse(Struct, frozen=True, kw_only=True):
    """One consistent snapshot: outcomes of the pushed changes, and what is new after the cursor."""

    cursor: str
    more: bool
    now: datetime
    reset: list[Reset] = []
    outcomes: list[Outcome] = []
    spaces: list[SpaceView] = []
    records: list[RecordView] = []
    gone: list[Gone] = []
    let_go: list[UUID] = []
    """Spaces that this person has let go: whatever a device holds of them goes, too."""


class EarlierValue(Struct, frozen=True, kw_only=True):
    """What a field held before, or what lost against it; `by` wrote it."""

    field: str
    value: Any
    by: UUID


class RevisionView(Struct, frozen=True, kw_only=True):
    """The values that one change put behind a record: `version` is that of the change, `on` its date (UTC)."""

    version: int
    on: date
    values: list[EarlierValue]


class Revisions(Struct, frozen=True, kw_only=True):
    """Earlier values of a record, the newest first. With `more`, ask again `before` the last version here."""

    revisions: list[RevisionView]
    more: bool


class RawSyncResponse(Struct, frozen=True, kw_only=True):
    """`SyncResponse` as the server sends it: the records are bytes that passed through unread."""

    cursor: str
    more: bool
    now: datetime
    reset: list[Reset]
    outcomes: list[Outcome]
    spaces: list[SpaceView]
    records: list[Raw]
    gone: list[Gone]
    let_go: list[UUID]
