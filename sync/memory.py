"""The store's contract in memory: for simulations and for judging rules without a database.

It keeps whole values and decides nothing. One process, one event loop; a save is atomic because nothing awaits
inside it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, RecordId, SpaceId
from domain.kinds import KINDS, UNPLACED, takes_room
from domain.news import News
from domain.records import Record
from domain.settings import SETTINGS
from sync.alike import ANSWERS_MAX, answers_to, words_of
from sync.bodies import canonical, encoded, row_of
from sync.lives import LIVES_MAX, earlier, wire_epoch
from sync.ports import (
    ABOUT_OTHERS,
    Behind,
    Box,
    Caller,
    Dated,
    History,
    Hushed,
    Life,
    Loaded,
    Member,
    Open,
    Owed,
    Page,
    Past,
    PurgeScope,
    RecordKey,
    Revision,
    Shadow,
    Space,
    Stored,
    Wanted,
    Words,
    Writes,
    stood_until,
)
from sync.wire import Outcome
from sync.withheld import COPIED, SEEN_OPEN, stands_open, version_for


class MemoryStore:
    """`sync.ports.Store`, and what the accounts part does to spaces, in dictionaries."""

    def __init__(self, life: UUID) -> None:
        self.lives = [life]
        """The lives of the store, the present one last."""
        self.spaces: dict[SpaceId, Space] = {}
        self.own_epochs: dict[SpaceId, UUID] = {}
        self.records: dict[RecordKey, Record] = {}
        self.submitted_at: dict[tuple[SpaceId, DeviceId, RecordId], datetime] = {}
        self.news: dict[UUID, News] = {}
        """What pushes have left for a worker that plans prompts."""
        self.shadows_of: dict[tuple[SpaceId, DeviceId, RecordId], Shadow] = {}
        self.owed_to: dict[tuple[SpaceId, DeviceId, str, str], Owed] = {}
        self.revisions: dict[RecordKey, list[Revision]] = {}
        self.put_behind_on: dict[tuple[RecordKey, int], date] = {}
        self.outcomes: dict[tuple[SpaceId, DeviceId, UUID], Outcome] = {}

    @property
    def life(self) -> UUID:
        """The present life."""
        return self.lives[-1]

    # What the accounts part does -------------------------------------------------------------------------------

    def found(self, space: SpaceId, couple: CoupleId | None, members: tuple[Member, ...], epoch: UUID) -> None:
        """Store an empty space with its members."""
        self.own_epochs[space] = epoch
        self.spaces[space] = Space(
            id=space,
            home="personal" if couple is None else "couple",
            couple=couple,
            state="active",
            head=0,
            store_epoch=self.life,
            epoch=wire_epoch(self.life, epoch),
            horizon=0,
            members=members,
        )

    def close(self, space: SpaceId, windows: Collection[str]) -> None:
        """Close a couple's space: wipe the shown copies, take no more changes; closing twice is closing once."""
        if self.spaces[space].state == "closed":
            return
        head = self.spaces[space].head
        for key, record in list(self.records.items()):
            if key[0] != space or record.gone:
                continue
            if record.kind in windows:
                head += 1
                self.records[key] = replace(record, gone=True, fields={}, stamps={}, version=head)
            elif record.kind in KINDS and stands_open(KINDS[record.kind]):
                head += 1
                shut_at = head if record.shut_at is None else record.shut_at
                self.records[key] = replace(record, version=head, due_at=None, shut_at=shut_at)
            elif record.due_at is not None:
                self.records[key] = replace(record, due_at=None)
        self.spaces[space] = replace(self._present(self.spaces[space]), state="closed", head=head + 1)

    def bump(self, life: UUID) -> None:
        """Begin a new life of the whole store."""
        self.lives.append(life)

    # The contract ----------------------------------------------------------------------------------------------

    async def load(self, caller: Caller, wanted: Wanted) -> Loaded:
        """Return one snapshot of what a batch needs."""
        spaces = self._mine(caller)
        families = set(wanted.families)
        ids = set(wanted.ids)
        named = {key: each for key, each in self.records.items() if key[0] in spaces and key[1] in ids}
        shown = {record.shown_id for record in named.values() if record.shown_id is not None}
        records = {
            key: record
            for key, record in self.records.items()
            if key[0] in spaces
            and (
                key in named
                or key[1] in shown
                or (record.family is not None and (record.family, record.kind) in families)
            )
        }
        keys = set(wanted.keys)
        outcomes = {
            key: outcome
            for (space, device, key), outcome in self.outcomes.items()
            if space in spaces and device == caller.device and key in keys
        }
        counts: dict[tuple[SpaceId, str], int] = {}
        for (space, _), record in self.records.items():
            if space in spaces and record.kind in wanted.counted and takes_room(record):
                counts[space, record.kind] = counts.get((space, record.kind), 0) + 1
        return Loaded(
            spaces=spaces, records=records, outcomes=outcomes, counts=counts, families=frozenset(wanted.families)
        )

    async def settings_of(self, caller: Caller, records: Collection[RecordKey]) -> dict[RecordKey, Record]:
        """Return these settings, each of a person with whom the caller shares a space."""
        shared = {member.personal for space in self._mine(caller).values() for member in space.members}
        return {
            key: self.records[key]
            for key in records
            if key[0] in shared and key in self.records and self.records[key].kind == SETTINGS.name
        }

    async def repeated(self, caller: Caller, words: Collection[Words], since: datetime) -> list[Record]:
        """Return what the caller has said in these words where the other has answered, with that. Nothing ages here."""
        del since
        spaces = {
            space.id for space in self._mine(caller).values() if (space.home, space.state) == ("couple", "active")
        }
        there = [each for each in self.records.values() if each.space in spaces]
        kinds = answers_to(words)
        answers = sorted(
            (each for each in there if each.kind in kinds and each.author != caller.person),
            key=lambda each: each.version,
        )[-ANSWERS_MAX:]
        near = {(each.space, each.family) for each in answers}
        said = [
            each
            for each in there
            if each.author == caller.person
            and (each.space, each.family) in near
            and words_of(KINDS[each.kind], each.fields) in words
        ]
        about = {(each.space, each.family) for each in said}
        return said + [each for each in answers if (each.space, each.family) in about]

    async def history(self, caller: Caller, records: Collection[RecordKey], boxes: Collection[RecordId]) -> History:
        """Return what these records once held, and the boxes that a refusal has to know of."""
        mine = self._mine(caller)
        about = {record for _, record in records}
        behind = {
            key: [value for revision in self.revisions.get(key, ()) for value in revision.values if key[0] in mine]
            for key in records
        }
        return History(
            texts={
                key: frozenset(value.value for value in values if isinstance(value.value, str))
                for key, values in behind.items()
            },
            values={
                key: frozenset((value.field, canonical(value.value)) for value in values)
                for key, values in behind.items()
            },
            stood={
                key: tuple(
                    each
                    for revision in self.revisions.get(key, ())
                    if key[0] in mine
                    for each in stood_until(revision.version, revision.values)
                )
                for key in records
            },
            boxes=tuple(
                Box(id=each.id, about=each.family, gone=each.gone, purged=each.purged)
                for each in self.records.values()
                if each.space in mine
                and each.kind == UNPLACED.name
                and (each.id in boxes or (each.family in about and each.purged is not None))
            ),
        )

    async def behind(self, caller: Caller, kind: str, identity: RecordId, *, before: int, limit: int) -> Behind | None:
        """Return at most `limit` revisions of a record from versions below `before`."""
        found = [self.records[space, identity] for space in self._mine(caller) if (space, identity) in self.records]
        record = next((each for each in found if each.kind == kind), None)
        if record is None:
            return None
        key = (record.space, record.id)
        past = sorted(self.revisions.get(key, ()), key=lambda each: -each.version)
        return Behind(
            author=record.author,
            gone=record.gone,
            removed=record.removed,
            closed=self.spaces[record.space].state == "closed",
            revisions=tuple(
                Dated(each, self.put_behind_on[key, each.version]) for each in past if each.version < before
            )[:limit],
        )

    async def pasts(
        self, caller: Caller, space: SpaceId, after: tuple[RecordId, int] | None, *, limit: int
    ) -> list[Past]:
        """Return at most `limit` of what stands behind the records of a space, by record and version."""
        there = [
            Past(record=key[1], kind=record.kind, author=record.author, dated=Dated(each, on))
            for key, record in self.records.items()
            if key[0] == space and space in self._mine(caller)
            for each in self.revisions.get(key, ())
            if (on := self.put_behind_on[key, each.version]) and (after is None or (key[1], each.version) > after)
        ]
        return sorted(there, key=lambda each: (each.record, each.dated.revision.version))[:limit]

    async def shadows(self, caller: Caller, records: Collection[RecordId]) -> list[Shadow]:
        """Return what the caller's device submitted last of these records."""
        mine, ids = self._mine(caller), set(records)
        return [
            shadow
            for (space, device, record), shadow in self.shadows_of.items()
            if space in mine and device == caller.device and record in ids
        ]

    async def submitted(self, caller: Caller, kind: str | None, since: datetime, *, limit: int) -> list[RecordId]:
        """Return at most `limit` records, of a kind or of all, that the caller's device has submitted since.

        The newest come first.
        """
        mine = self._mine(caller)
        found = [
            (self.submitted_at[at], shadow.record)
            for at, shadow in self.shadows_of.items()
            if at[0] in mine
            and at[1] == caller.device
            and kind in (None, shadow.kind)
            and self.submitted_at[at] > since
        ]
        return [record for _, record in sorted(found, reverse=True)[:limit]]

    async def owe(self, caller: Caller, owed: Sequence[Owed], *, told: int, now: datetime) -> int | None:
        """Note what the caller's device is to be told once more. Nothing ages here."""
        del now
        space = self._mine(caller).get(caller.personal)
        if space is None:
            return None
        mine = (space.id, caller.device)
        self.owed_to = {at: each for at, each in self.owed_to.items() if at[:2] != mine or each.version > told}
        head = space.head + 1
        self.spaces[space.id] = replace(space, head=head)
        self.owed_to |= {(*mine, each.kind, each.named): replace(each, version=head) for each in owed}
        return head

    async def owed(self, caller: Caller, *, after: int, upto: int, limit: int) -> list[Owed]:
        """Return at most `limit` of what the caller's device is to be told, the oldest first."""
        mine = [
            each
            for at, each in self.owed_to.items()
            if at[:2] == (caller.personal, caller.device)
            and caller.personal in self._mine(caller)
            and after < each.version <= upto
        ]
        return sorted(mine, key=lambda each: (each.version, each.kind, each.named))[:limit]

    async def scope(self, caller: Caller, identity: RecordId) -> PurgeScope:
        """Return everything that a purge of this record has to look through."""
        spaces = self._mine(caller)
        named = [each for key, each in self.records.items() if key[0] in spaces and key[1] == identity]
        inboxes = {member.personal for each in named for member in spaces[each.space].members}
        shown = {each.shown_id for each in named if each.shown_id is not None}
        drafts = {
            key[1] for key, each in self.records.items() if key[0] in spaces and each.shown_id == identity and each.gone
        }
        about = {identity, *shown, *drafts}
        return PurgeScope(
            spaces=spaces,
            inboxes={inbox: self._present(self.spaces[inbox]) for inbox in inboxes},
            records=tuple(
                each
                for key, each in self.records.items()
                if (key[0] in spaces and key[1] in about)
                or (key[0] in inboxes and each.family in {identity, *drafts} and each.kind in ABOUT_OTHERS)
            ),
            revisions=tuple(
                revision
                for key, revisions in self.revisions.items()
                if key[0] in spaces and key[1] in about
                for revision in revisions
            ),
        )

    async def open_to_partner(self, caller: Caller, after: int, *, limit: int) -> list[Open]:
        """Return at most `limit` of the caller's windows that the partner of today sees."""
        mine = self._mine(caller)
        masters = {
            each.shown_id: each.id
            for each in self.records.values()
            if each.space == caller.personal and each.kind in COPIED
        }
        found = [
            Open(masters.get(each.id, each.id), each.version)
            for each in self.records.values()
            if each.space in mine
            and mine[each.space].state == "active"
            and each.kind in SEEN_OPEN
            and (each.author, each.live) == (caller.person, True)
            and each.version > after
        ]
        return sorted(found, key=lambda each: each.version)[:limit]

    async def waiting_letters(self, caller: Caller, *, limit: int) -> list[RecordId]:
        """Return at most `limit` of the caller's letters that wait for their time."""
        waiting = [each for each in self.records.values() if each.space == caller.personal and each.due_at is not None]
        return [each.id for each in sorted(waiting, key=lambda each: each.version)[:limit]]

    async def save(self, caller: Caller, writes: Writes, now: datetime) -> dict[SpaceId, int] | None:
        """Store everything and return the new heads, or nothing and None. Nothing ages here."""
        if not self._unmoved(caller, writes):
            return None
        for identity, read in writes.spaces.items():
            head = writes.heads[identity]
            self.spaces[identity] = replace(read, head=head, hushed=_hushed(read, head, writes, caller))
        for key in writes.forgotten:
            self.revisions.pop(key, None)
            self.shadows_of = {at: each for at, each in self.shadows_of.items() if (at[0], at[2]) != key}
        for shadow in writes.shadows:
            at = (shadow.space, caller.device, shadow.record)
            self.shadows_of[at], self.submitted_at[at] = shadow, now
        self._store(writes.records)
        for revision in writes.revisions:
            key = (revision.space, revision.record)
            self.revisions.setdefault(key, []).append(revision)
            self.put_behind_on.setdefault((key, revision.version), now.astimezone(UTC).date())
        for space_id, outcome in writes.outcomes:
            self.outcomes[space_id, caller.device, outcome.key] = outcome
        self.news |= {news.id: news for _, news in writes.news}
        for each in writes.deposits:
            record = each.record
            if record.space in self.spaces and (record.space, record.id) not in self.records:
                space = self._present(self.spaces[record.space])
                self.spaces[record.space] = replace(space, head=space.head + 1)
                self.records[record.space, record.id] = replace(record, version=space.head + 1, created=space.head + 1)
        written = {*writes.heads, *(each.record.space for each in writes.deposits)} & self.spaces.keys()
        return {each: self.spaces[each].head for each in written}

    def _unmoved(self, caller: Caller, writes: Writes) -> bool:
        """Whether every head is where it was read, and no key was decided meanwhile."""
        spaces = [(self.spaces[identity], read) for identity, read in writes.spaces.items()]
        if any(space.head != read.head for space, read in spaces):
            return False
        if not writes.also_closed and any(space.state != "active" for space, _ in spaces):
            return False
        if not all(self._may_write(caller, space) for space, _ in spaces):
            return False
        return not any((space, caller.device, outcome.key) in self.outcomes for space, outcome in writes.outcomes)

    def _may_write(self, caller: Caller, space: Space) -> bool:
        """Whether it is a space of the caller's, or somebody's box that a purge has read."""
        member = any(each.person == caller.person for each in space.members)
        return member or (space.id not in caller.spaces and space.home == "personal")

    def _store(self, records: Collection[Stored]) -> None:
        for each in records:
            self.records[each.record.space, each.record.id] = each.record

    async def changed_since(
        self,
        caller: Caller,
        after: Mapping[SpaceId, int],
        *,
        limit: int,
        again: Collection[RecordId] = (),
        kind: str | None = None,
    ) -> Page:
        """Return the caller's spaces and at most `limit` + 1 rows after these versions."""
        spaces = self._mine(caller)
        rows = [
            row_of(record, encoded(record), told)
            for key, record in self.records.items()
            if key[0] in spaces
            and kind in (None, record.kind)
            and (told := version_for(caller.person, record.author, record.version, record.shut_at))
            > after.get(key[0], 0)
        ]
        rows.sort(key=lambda row: (caller.spaces.index(row.space), row.version))
        asked = [self.records[space, each] for space in spaces for each in again if (space, each) in self.records]
        besides = [
            row_of(record, encoded(record), told or record.created)
            for record in asked
            for told in [version_for(caller.person, record.author, record.version, record.shut_at)]
        ]
        return Page(spaces=spaces, rows=rows[: limit + 1], besides=besides)

    async def note_fetched(self, caller: Caller, has: Mapping[SpaceId, int], kind: str | None) -> None:
        """Here no prompts are planned, so that no page says that one is, and nobody comes."""
        raise NotImplementedError

    async def begin_anew(self, caller: Caller, space: Space, epoch: UUID) -> None:
        """Give a space a new life from the head that was read on, if it still stands as it was read."""
        present = self._mine(caller).get(space.id)
        if present is not None and (present.epoch, present.head) == (space.epoch, space.head):
            self.own_epochs[space.id] = epoch
            self.spaces[space.id] = replace(
                present,
                epoch=wire_epoch(self.life, epoch),
                lives=(*present.lives, Life(present.epoch, present.head))[-LIVES_MAX:],
            )

    def _mine(self, caller: Caller) -> dict[SpaceId, Space]:
        return {
            identity: self._present(self.spaces[identity])
            for identity in caller.spaces
            if identity in self.spaces
            and any(member.person == caller.person for member in self.spaces[identity].members)
        }

    def _present(self, space: Space) -> Space:
        """Return a space as it is in the present life of the store."""
        if space.store_epoch == self.life:
            return space
        own = self.own_epochs[space.id]
        return replace(
            space,
            store_epoch=self.life,
            epoch=wire_epoch(self.life, own),
            lives=(*space.lives, *earlier((), (space.store_epoch, own, space.head), self.lives))[-LIVES_MAX:],
        )


def _hushed(read: Space, head: int, writes: Writes, caller: Caller) -> Hushed | None:
    """Return what of a space, from this write on, concerns the caller alone."""
    before = read.hushed
    if head == read.head:
        return before
    if read.id not in writes.hushed:
        return None
    goes_on = before is not None and (before.by, before.upto) == (caller.person, read.head)
    return Hushed(by=caller.person, after=before.after if goes_on and before is not None else read.head, upto=head)
