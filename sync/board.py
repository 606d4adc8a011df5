"""The spaces as they stand while a batch is judged: what was loaded, and everything that changes on it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from domain.goals import ORDERS_A_LIFE
from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS, NOTICE, takes_room
from domain.news import News, news_of
from domain.records import EITHER, Record
from sync.bodies import encoded
from sync.merge import Word
from sync.ports import Caller, Loaded, RecordKey, Revision, Stored, Value, Writes
from sync.proof import proven
from sync.schemas import newest
from sync.sealing import keyed_id
from sync.wire import Outcome
from sync.withheld import hushed, told_of
from sync.words import Budget

SETTINGS = "settings"


def settings_id(id_key: bytes) -> RecordId:
    """Return the id of the one settings record of a personal space."""
    return RecordId(keyed_id(id_key, SETTINGS))


def letter_id(id_key: bytes, gives: str, author: PersonId, draft: UUID) -> RecordId:
    """Return the id of the first letter that is given of a draft."""
    return RecordId(keyed_id(id_key, gives, author, draft))


def given_on(id_key: bytes, person: PersonId, day: date) -> UUID:
    """Return the family of the letters that a person gives on one day, in the couple space with this id key."""
    return keyed_id(id_key, "given_on", person, day.isoformat())


def since(stored: Record, value: Value) -> Value:
    """Say of a value that stood in its field since when; what lost, or stood beside, never did."""
    if stored.fields.get(value.field) != value.value:
        return value
    return replace(value, since=stored.stamp(value.field).version)


class Board:
    """One batch under way. Every change of a record goes through `put` or `amend`."""

    def __init__(self, loaded: Loaded, caller: Caller, now: datetime, id_keys: Mapping[SpaceId, bytes]) -> None:
        """Begin with what was loaded; `id_keys` are those of every space and of its members' personal spaces."""
        self.caller, self.now, self.id_keys = caller, now, id_keys
        self.spaces = loaded.spaces
        self.couple = next(
            (each for each in loaded.spaces.values() if each.home == "couple" and each.state == "active"),
            None,
        )
        self.records: dict[RecordKey, Record] = {}
        self.families, self.repeated = loaded.families, loaded.repeated
        self._family: dict[tuple[SpaceId, UUID], dict[RecordId, Record]] = {}
        self._standing: Counter[tuple[SpaceId, UUID, str]] = Counter()
        self._last_order: dict[tuple[SpaceId, UUID], int] = {}
        self._loaded = loaded.records
        for record in loaded.records.values():
            self._file(record)
        self.unreadable = loaded.unreadable
        self._asked = loaded.settings
        self.decided = dict(loaded.outcomes)
        self.heads = {identity: space.head for identity, space in loaded.spaces.items()}
        self.budget = Budget()
        self._zone = ZoneInfo(self._zone_name())
        self.today = now.astimezone(self._zone).date()
        self._counts = dict(loaded.counts)
        self._changed: dict[RecordKey, Record] = {}
        self._written: set[SpaceId] = set()
        self._revisions: list[Revision] = []
        self._outcomes: list[tuple[SpaceId, Outcome]] = []
        self._deposits: dict[RecordKey, Record] = {}
        self.came_back: set[RecordKey] = set()
        """What a store had lost, and stood there before: nobody is prompted of it."""
        self.missing: set[RecordKey] = set()
        """Settings of the partner that somebody has asked for and that were not loaded."""

    def put(self, record: Record) -> Record:
        """Store a record under the next version of its space, and return it with that version.

        A record that has no version yet is new: this is the version under which it is first stored.
        """
        key = (record.space, record.id)
        before = self.records.get(key)
        self.heads[record.space] += 1
        version = self.heads[record.space]
        record = replace(record, version=version, created=record.created or version)
        kind = KINDS[record.kind]
        if kind.has_proof and record.created == version:
            record = proven(record, kind, self.spaces[record.space], self.id_keys[record.space])
        self._count(before, record)
        self._changed[key] = record
        self._file(record)
        self._written.add(record.space)
        return record

    def amend(self, record: Record, **changes: Any) -> Record:
        """Change a record that this batch has put, under the version it has."""
        key = (record.space, record.id)
        assert key in self._changed, "only what was put can be amended"
        before, record = self.records[key], replace(self.records[key], **changes)
        self._count(before, record)
        self._changed[key] = record
        self._file(record)
        return record

    def _count(self, before: Record | None, record: Record) -> None:
        more = takes_room(record) - takes_room(before)
        self._counts[record.space, record.kind] = self.live(record.space, record.kind) + more

    def is_new(self, key: RecordKey) -> bool:
        """Return whether a record came into being with this batch."""
        return key not in self._loaded

    def is_there_anew(self, key: RecordKey) -> bool:
        """Return whether a record came into being with this batch, or came back: what moves it was not followed."""
        before = self._loaded.get(key)
        return before is None or (not before.live and self.records[key].live)

    def has_put(self, key: RecordKey) -> bool:
        """Return whether this batch has put this record."""
        return key in self._changed

    def _file(self, record: Record) -> None:
        """Put a record where it is looked for, and take what it was from there."""
        key = (record.space, record.id)
        before = self.records.get(key)
        if before is not None and before.family is not None:
            del self._family[record.space, before.family][record.id]
            self._standing[record.space, before.family, before.kind] -= before.live
        if record.family is not None:
            self._family.setdefault((record.space, record.family), {})[record.id] = record
            self._standing[record.space, record.family, record.kind] += record.live
            order = record.fields.get("order", 0)
            self._last_order[record.space, record.family] = max(
                order, self._last_order.get((record.space, record.family), 0)
            )
        self.records[key] = record

    def changed(self) -> list[Record]:
        """Return what this batch has put so far, as it stands now."""
        return list(self._changed.values())

    def behind(self, revision: Revision) -> None:
        """Keep values behind a record, with those that the same version put there already."""
        last = self._revisions[-1] if self._revisions else None
        if last is not None and (last.space, last.version) == (revision.space, revision.version):
            self._revisions[-1] = replace(last, values=(*last.values, *revision.values))
        else:
            self._revisions.append(revision)

    def decide(self, space: SpaceId, outcome: Outcome) -> None:
        """Keep what was decided about a change, in this space."""
        self.decided[outcome.key] = outcome
        self._outcomes.append((space, outcome))
        self._written.add(space)

    def live(self, space: SpaceId, kind: str) -> int:
        """Return how many live records of a counted kind take room in a space."""
        return self._counts.get((space, kind), 0)

    def family(self, space: SpaceId, family: UUID, but: UUID | None = None) -> list[Record]:
        """Return the loaded records that are counted or judged together, one of them left out."""
        return [record for identity, record in self._family.get((space, family), {}).items() if identity != but]

    def family_size(self, space: SpaceId, family: UUID) -> int:
        """Return how many records of a family are here."""
        return len(self._family.get((space, family), ()))

    def standing(self, record: Record) -> int:
        """Return how many other live records of its kind stand in this record's family."""
        if record.family is None:
            return 0
        before = self.records.get((record.space, record.id))
        itself = before is not None and before.live and before.family == record.family
        return self._standing[record.space, record.family, record.kind] - itself

    def next_order(self, record: Record) -> int:
        """Return the place of a new record of its family: its version, behind all that was said in earlier lives.

        There versions may have gone further than they have now, also those of records that have not come back yet.
        """
        last = 0 if record.family is None else self._last_order.get((record.space, record.family), 0)
        return max(record.version + len(self.spaces[record.space].lives) * ORDERS_A_LIFE, last + 1)

    def given_today(self) -> int:
        """Return how many letters of all counted kinds the caller has given on their local date."""
        if self.couple is None:
            return 0
        family = given_on(self.id_keys[self.couple.id], self.caller.person, self.today)
        return len(self.family(self.couple.id, family))

    def their_zone(self) -> str | None:
        """Return the zone in which the caller's partner lives now, where that was loaded."""
        settings = self._their_settings()
        if settings is None:
            return None
        record = self.records.get(settings)
        if record is not None:
            return str(record.fields["zone"])
        # Settings that do not open leave everybody where clocks are counted from.
        return "UTC" if settings in self._asked else None

    def ask_for_their_zone(self) -> None:
        """Note that the partner's settings are to be loaded, unless they are here."""
        settings = self._their_settings()
        if settings is not None and settings not in self.records and settings not in self._asked:
            self.missing.add(settings)

    def _their_settings(self) -> RecordKey | None:
        members = () if self.couple is None else self.couple.members
        inboxes = [each.personal for each in members if each.person != self.caller.person]
        # Somebody whose keys were destroyed lives nowhere any more.
        return next(((inbox, settings_id(self.id_keys[inbox])) for inbox in inboxes if inbox in self.id_keys), None)

    def made_id(self, space: SpaceId, *parts: str | UUID) -> RecordId:
        """Return the id of a record that the server makes in a space (PJ3)."""
        return RecordId(keyed_id(self.id_keys[space], *parts))

    def tell(self, word: Word, about: Record, version: int) -> None:
        """Leave a person a kind word about something that happened to what they wrote."""
        if word.person == EITHER:
            for member in self.spaces[about.space].members:
                self.tell(replace(word, person=member.person), about, version)
            return
        inbox = self._inbox(word.person, about.space)
        if inbox is None or inbox not in self.id_keys:
            # Somebody whose keys were destroyed is told nothing any more.
            return
        identity = self.made_id(inbox, NOTICE.name, word.person, about.id, word.field or "", str(version), word.code)
        fields = {
            "code": word.code,
            "about": str(about.id),
            "field": word.field,
            "on": self.utc_date(),
        }
        record = self.own(inbox, NOTICE.name, identity, word.person, fields, about.id)
        if inbox != self.caller.personal:
            self._deposits[inbox, identity] = record
        elif (inbox, identity) not in self.records:
            self.put(record)

    def own(
        self,
        space: SpaceId,
        kind: str,
        identity: RecordId,
        person: PersonId,
        fields: dict[str, Any],
        about: RecordId,
    ) -> Record:
        """Return a record that the server writes for one person; `about` lets a purge find it."""
        return Record(
            space=space,
            kind=kind,
            id=identity,
            version=0,
            created=0,
            author=person,
            fields=fields,
            family=about,
        )

    def next_day(self) -> datetime:
        """Return the instant at which the caller's next local day begins."""
        midnight = datetime.combine(self.today + timedelta(days=1), time(), self._zone)
        return midnight.astimezone(UTC)

    def utc_date(self) -> str:
        """Return the date of this batch, for records whose reader's zone is not known here."""
        return self.now.astimezone(UTC).date().isoformat()

    def writes(self) -> Writes:
        """Return everything that has changed."""
        spaces = {identity: self.spaces[identity] for identity in sorted(self._written)}
        changed = told_of(self._changed.values(), self._loaded, self.spaces)
        return Writes(
            spaces=spaces,
            heads={identity: self.heads[identity] for identity in spaces},
            records=tuple(_as_stored(record) for record in changed),
            revisions=tuple(self._revisions),
            outcomes=tuple(self._outcomes),
            deposits=tuple(_as_stored(record) for record in self._deposits.values()),
            hushed=hushed(changed, self._loaded),
            news=tuple(self._news(changed)),
        )

    def _news(self, changed: Iterable[Record]) -> Iterator[tuple[SpaceId, News]]:
        """Give what may cause a prompt."""
        for record in changed:
            key, space = (record.space, record.id), self.spaces[record.space]
            members = frozenset(member.person for member in space.members)
            if key in self.came_back or space.state != "active":
                continue
            for person, kind in news_of(self._loaded.get(key), record, actor=self.caller.person, members=members):
                news = News(
                    id=self.made_id(record.space, "news", record.id, str(record.version), kind or "", person),
                    person=person,
                    couple=space.couple,
                    kind=kind,
                    record=record.id,
                    at=self.now,
                )
                yield record.space, news

    def _inbox(self, person: PersonId, space: SpaceId) -> SpaceId | None:
        if person == self.caller.person:
            return self.caller.personal
        return next((each.personal for each in self.spaces[space].members if each.person == person), None)

    def _zone_name(self) -> str:
        settings = self.records.get((self.caller.personal, settings_id(self.id_keys[self.caller.personal])))
        return "UTC" if settings is None else str(settings.fields["zone"])


def _as_stored(record: Record) -> Stored:
    schema = newest(record)
    return Stored(record if record.schema == schema else replace(record, schema=schema), encoded(record))
