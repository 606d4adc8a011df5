"""The store of prompts in memory, under the same contract as the one on PostgreSQL: for simulations and previews."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import NOTICES, PROMPT_KINDS, Reason
from notifications.ports import (
    LEDGER_KEPT,
    LEDGER_READ,
    Beginning,
    Desk,
    End,
    Entry,
    Look,
    Looked,
    Plan,
    Planned,
    Told,
    named,
    shown,
)


class _Row(Struct, kw_only=True):
    planned: Planned
    state: str = "planned"
    owner: UUID | None = None
    held_until: datetime | None = None
    reason: Reason | None = None


class _Desk(Struct, kw_only=True):
    """One person's."""

    version: int = 0
    paces: Mapping[str, Pace] = {}
    next_at: datetime | None = None
    news: dict[UUID, News] = {}
    rows: dict[UUID, _Row] = {}
    """What is planned or claimed."""
    over: dict[UUID, _Row] = {}
    """What was sent, or never will be."""
    slots: set[str] = set()
    """Slots of what was sent, or died."""
    ledger: list[Entry] = []
    told: set[Told] = set()

    def end(self, row: _Row, state: str, reason: Reason | None = None) -> None:
        """Take a prompt from what is planned."""
        row.state, row.reason, row.owner, row.held_until = state, reason, None, None
        self.over[row.planned.id] = row
        self.rows.pop(row.planned.id, None)
        if state in ("sent", "dead"):
            self.slots.add(row.planned.slot)


class MemoryStore:
    """Keeps everything in dictionaries; each call is one transaction, since nothing in it waits."""

    def __init__(self) -> None:
        self._desks: dict[PersonId, _Desk] = {}
        self._looks: dict[PersonId, Look] = {}

    def _of(self, person: PersonId) -> _Desk:
        return self._desks.setdefault(person, _Desk())

    def put_desk(self, desk: Desk, taken: Collection[str]) -> None:
        """Take over a desk as it was read, with the slots of what was sent or died."""
        self._desks[desk.person] = _Desk(
            version=desk.version,
            paces=desk.paces,
            next_at=desk.next_at,
            news={each.id: each for each in desk.news},
            rows={each.id: _Row(planned=each) for each in desk.planned},
            ledger=list(desk.ledger),
            slots=set(taken),
            told=set(desk.told),
        )

    def put_news(self, news: News) -> None:
        """Keep what the statement that stored a record says of it."""
        self._of(news.person).news[news.id] = news

    def note_fetched(self, person: PersonId, records: Collection[RecordId]) -> None:
        """Note what a device of this person has, with the prompts that would tell of it."""
        for row in self._of(person).rows.values():
            told = {each.record for each in row.planned.prompt.arrived}
            row.planned = replace(row.planned, fetched=tuple(sorted({*row.planned.fetched, *(told & set(records))})))

    def cancel_couple(self, couple: CoupleId, two: Collection[PersonId]) -> None:
        """Take away whatever this couple has caused for the two of it: they part."""
        for desk in (self._of(person) for person in two):
            desk.news = {key: each for key, each in desk.news.items() if each.couple != couple}
            for row in [row for row in desk.rows.values() if row.planned.prompt.couple == couple]:
                desk.end(row, "dropped", Reason.PARTED)
            for row in desk.over.values():
                if row.planned.prompt.couple == couple:
                    # It is out, and does not come back to be sent once more.
                    row.owner = None
            # What was planned while they were together, and is not stored yet, is planned anew.
            desk.version += 1

    async def waiting(self, now: datetime, most: int) -> Sequence[PersonId]:
        """Return people for whom there is something to plan."""
        return [
            person
            for person, desk in sorted(self._desks.items())
            if desk.news or (desk.next_at is not None and desk.next_at <= now)
        ][:most]

    async def desks(self, people: Collection[PersonId], now: datetime) -> Mapping[PersonId, Desk]:
        """Return desks as they are."""
        return {person: self._desk(person, now) for person in people}

    def _desk(self, person: PersonId, now: datetime) -> Desk:
        desk = self._of(person)
        open_rows = [row.planned for row in desk.rows.values()]
        return Desk(
            person=person,
            version=desk.version,
            news=shown(desk.news.values()),
            planned=tuple(sorted(open_rows, key=lambda each: (each.prompt.due, each.id))),
            ledger=tuple(each for each in desk.ledger if each.sent.at > now - LEDGER_READ),
            told=frozenset(desk.told & named(shown(desk.news.values()), open_rows)),
            paces=desk.paces,
            next_at=desk.next_at,
        )

    async def save(self, plan: Plan) -> bool:
        """Store a plan, unless its desk has changed since."""
        desk = self._of(plan.person)
        if desk.version != plan.version:
            return False
        desk.version += 1
        desk.paces, desk.next_at = plan.paces, plan.next_at
        if plan.look_at is None:
            self._looks.pop(plan.person, None)
        else:
            self._looks.setdefault(plan.person, Look(at=plan.look_at, upto=None))
        for seen in plan.seen:
            desk.news.pop(seen, None)
        upto = plan.unseen_upto
        if upto is not None:
            desk.news = {key: each for key, each in desk.news.items() if each.at > upto or each.kind in NOTICES}
        for identity in plan.cancel:
            row = desk.rows.get(identity)
            if row is not None and row.state == "planned":
                desk.end(row, "cancelled")
        for planned in plan.put:
            row = desk.rows.get(planned.id)
            if row is not None:
                row.planned = replace(planned, tries=row.planned.tries, fetched=row.planned.fetched)
            elif planned.slot not in desk.slots and all(
                each.planned.slot != planned.slot for each in desk.rows.values()
            ):
                desk.over.pop(planned.id, None)
                desk.rows[planned.id] = _Row(planned=planned)
        return True

    async def save_all(self, plans: Sequence[Plan]) -> frozenset[PersonId]:
        """Store plans, each unless its desk has changed since."""
        return frozenset([plan.person for plan in plans if await self.save(plan)])

    async def claim(self, now: datetime, owner: UUID, until: datetime, most: int) -> Sequence[Planned]:
        """Take what is due and nobody else holds, at most one of a person."""
        claimed: list[Planned] = []
        for _, desk in sorted(self._desks.items()):
            due = [
                row
                for row in desk.rows.values()
                if row.planned.prompt.due <= now
                and (row.state == "planned" or (row.held_until is not None and row.held_until <= now))
            ]
            if due and len(claimed) < most:
                row = min(due, key=lambda each: (each.planned.prompt.due, each.planned.id))
                row.state, row.owner, row.held_until = "claimed", owner, until
                claimed.append(row.planned)
        return claimed

    async def begin(self, planned: Planned, desk: Desk, entry: Entry | None, pace: Pace | None, owner: UUID) -> bool:
        """Write into the ledger that this prompt is being sent."""
        kept = self._of(planned.person)
        row = kept.rows.get(planned.id)
        if row is None or row.owner != owner or row.state != "claimed" or kept.version != desk.version:
            return False
        kept.version += 1
        row.planned = replace(row.planned, begun=True)
        if entry is not None:
            kept.ledger = [*(each for each in kept.ledger if each.prompt != entry.prompt), entry]
            kept.told |= entry.told
            kept.paces = kept.paces if pace is None else {**kept.paces, entry.sent.kinds[0]: pace}
        if PROMPT_KINDS[planned.prompt.kind].is_own:
            kept.end(row, "sent")
            row.owner = owner
        return True

    async def begin_all(self, beginnings: Sequence[Beginning], owner: UUID) -> frozenset[UUID]:
        """Write into ledgers that these prompts are being sent."""
        return frozenset(
            [
                each.planned.id
                for each in beginnings
                if await self.begin(each.planned, each.desk, each.entry, each.pace, owner)
            ]
        )

    async def settle(self, planned: Planned, owner: UUID, end: End) -> bool:
        """Say what became of a claimed prompt."""
        desk = self._of(planned.person)
        row = desk.rows.get(planned.id) or desk.over.get(planned.id)
        if row is None or row.owner != owner:
            return False
        if end.state != "planned":
            desk.end(row, end.state, end.reason)
            return True
        assert end.due is not None
        later = replace(row.planned.prompt, due=end.due)
        planned = replace(row.planned, prompt=later, tries=row.planned.tries + row.planned.begun)
        desk.slots.discard(planned.slot)
        desk.over.pop(planned.id, None)
        desk.rows[planned.id] = _Row(planned=planned, reason=end.reason)
        return True

    async def settle_all(self, ends: Sequence[tuple[Planned, End]], owner: UUID) -> frozenset[UUID]:
        """Say what became of claimed prompts."""
        return frozenset([planned.id for planned, end in ends if await self.settle(planned, owner, end)])

    async def looks(self, now: datetime, most: int) -> Mapping[PersonId, Look]:
        """Return looks that are due."""
        due = sorted((look.at, person) for person, look in self._looks.items() if look.at <= now)
        return {person: self._looks[person] for _, person in due[:most]}

    async def looked(self, looked: Mapping[PersonId, Looked]) -> frozenset[PersonId]:
        """Note what came of looks."""
        noted = frozenset(
            person for person, each in looked.items() if person in self._looks and self._looks[person].at == each.was_at
        )
        for person in noted:
            self._looks[person] = Look(at=looked[person].next_at, upto=looked[person].upto)
        return noted

    def forget(self, now: datetime) -> None:
        """Take away what the ledger is not kept for."""
        for desk in self._desks.values():
            desk.ledger = [each for each in desk.ledger if each.sent.at >= now - LEDGER_KEPT]
            desk.told = {told for each in desk.ledger for told in each.told}
