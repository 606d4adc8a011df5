"""Desks in PostgreSQL: the SQL of planning and sending prompts. How they end stands in `end_store.py`.

Whoever changes what is planned for a person counts their desk up first and so holds it: planning, sending, parting and
erasing come one after the other. What a claim says of itself (who holds it, what became of it) changes no desk.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import PersonId, RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import NOTICES, PROMPT_KINDS
from domain.prompts import Arrived, Prompt, Sent
from notifications.ports import (
    EARLIEST_READ,
    LEDGER_READ,
    NEWEST_READ,
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
)

_log = logging.getLogger("haven")

_PACES: Final = msgspec.json.Decoder(dict[str, Pace])
_ARRIVED: Final = msgspec.json.Decoder(tuple[Arrived, ...])
_Line = tuple[UUID, tuple[str, ...], date, datetime, tuple[RecordId, ...], tuple[str, ...], str]
_LEDGER: Final = msgspec.json.Decoder(list[_Line])

COUNTS_AS: Final = "letter_arrived"
"""As this counts what was sent of kinds that this release does not know: in every cap, and in no rhythm."""

_COLUMNS: Final = "prompt_id, slot, kind, couple_id, about, arrived, due_at, expires_at, tries, begun"
_READ: Final = f"{_COLUMNS}, fetched"


class PostgresStore:
    """Keeps desks in these tables; each call is one statement, or two that read."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def waiting(self, now: datetime, most: int) -> Sequence[PersonId]:
        """Return people for whom there is something to plan, the longest waiting first."""
        return [PersonId(row["person_id"]) for row in await self._pool.fetch(WAITING, now, most)]

    async def desks(self, people: Collection[PersonId], now: datetime) -> Mapping[PersonId, Desk]:
        """Return desks as they are; one that cannot be read is left out."""
        found = {person: _Found() for person in people}
        broken: set[PersonId] = set()
        for row in await self._pool.fetch(ON_DESKS, list(found)):
            with _reading(row["person_id"], broken):
                found[row["person_id"]].take(row)
        asked = {person: named(each.news, each.planned) for person, each in found.items()}
        pairs = {(person, record) for person, told in asked.items() for _, record in told}
        after = now - LEDGER_READ
        ledgers = await self._pool.fetch(
            LEDGERS, list(found), after, [person for person, _ in pairs], [record for _, record in pairs]
        )
        for row in ledgers:
            person = row["person_id"]
            with _reading(person, broken):
                found[person].look_up(_LEDGER.decode(row["entries"]), asked[person], after)
        return {person: each.desk(person) for person, each in found.items() if person not in broken}

    async def save(self, plan: Plan) -> bool:
        """Store a plan, unless its desk has changed since."""
        return plan.person in await self.save_all([plan])

    async def save_all(self, plans: Sequence[Plan]) -> frozenset[PersonId]:
        """Store plans, each unless its desk has changed since.

        A first desk is made only for somebody whose account is there: none is left of who was erased meanwhile.
        """
        if not plans:
            return frozenset()
        seen = [(plan.person, each) for plan in plans for each in plan.seen]
        cancel = [(plan.person, each) for plan in plans for each in plan.cancel]
        put = [each for plan in plans for each in plan.put]
        prompts = [each.prompt for each in put]
        rows = await self._pool.fetch(
            SAVE,
            [plan.person for plan in plans],
            [plan.version for plan in plans],
            [msgspec.json.encode(plan.paces) for plan in plans],
            [plan.next_at for plan in plans],
            [plan.look_at for plan in plans],
            [person for person, _ in seen],
            [identity for _, identity in seen],
            [person for person, _ in cancel],
            [identity for _, identity in cancel],
            [each.person for each in put],
            [each.id for each in put],
            [each.slot for each in put],
            [each.kind for each in prompts],
            [each.couple for each in prompts],
            [each.about for each in prompts],
            [msgspec.json.encode(each.arrived) for each in prompts],
            [each.due for each in prompts],
            [each.expires for each in prompts],
            [each.tries for each in put],
            [each.begun for each in put],
            [plan.person for plan in plans if plan.unseen_upto is not None],
            [plan.unseen_upto for plan in plans if plan.unseen_upto is not None],
        )
        return frozenset(PersonId(row["person_id"]) for row in rows)

    async def claim(self, now: datetime, owner: UUID, until: datetime, most: int) -> Sequence[Planned]:
        """Take what is due and nobody else holds, the longest due first, at most one of a person."""
        claimed: list[Planned] = []
        unread: list[asyncpg.Record] = []
        for row in await self._pool.fetch(CLAIM, now, owner, until, most):
            broken: set[PersonId] = set()
            with _reading(row[0], broken):
                claimed.append(_planned(row[0], row[1:]))
            unread += [row] if broken else []
        if unread:
            await self._drop(unread, owner)
        # Others are due behind what could not be read.
        return claimed if claimed or not unread else await self.claim(now, owner, until, most)

    async def _drop(self, claimed: Sequence[asyncpg.Record], owner: UUID) -> None:
        """Drop what nobody can read, a kind of another release among it: it would be claimed for ever."""
        people, prompts, none = [row[0] for row in claimed], [row[1] for row in claimed], [None for _ in claimed]
        await self._pool.fetch(SETTLE, owner, people, prompts, ["dropped" for _ in claimed], none, none)

    async def begin(self, planned: Planned, desk: Desk, entry: Entry | None, pace: Pace | None, owner: UUID) -> bool:
        """Write into the ledger that this prompt is being sent."""
        return planned.id in await self.begin_all([Beginning(planned, desk, entry, pace)], owner)

    async def begin_all(self, beginnings: Sequence[Beginning], owner: UUID) -> frozenset[UUID]:
        """Write into ledgers that these prompts are being sent."""
        if not beginnings:
            return frozenset()
        entries = [each.entry for each in beginnings]
        rows = await self._pool.fetch(
            BEGIN,
            owner,
            [each.planned.person for each in beginnings],
            [each.planned.id for each in beginnings],
            [each.desk.version for each in beginnings],
            ["sent" if PROMPT_KINDS[each.planned.prompt.kind].is_own else "claimed" for each in beginnings],
            [_paces_with(each) for each in beginnings],
            [None if entry is None else ",".join(entry.sent.kinds) for entry in entries],
            [None if entry is None else entry.sent.day for entry in entries],
            [None if entry is None else entry.sent.at for entry in entries],
            [None if entry is None else ",".join(map(str, entry.records)) for entry in entries],
            [None if entry is None else entry.text for entry in entries],
            [None if entry is None else ",".join(entry.record_kinds) for entry in entries],
        )
        return frozenset(row["prompt_id"] for row in rows)

    async def settle(self, planned: Planned, owner: UUID, end: End) -> bool:
        """Say what became of a claimed prompt."""
        return planned.id in await self.settle_all([(planned, end)], owner)

    async def settle_all(self, ends: Sequence[tuple[Planned, End]], owner: UUID) -> frozenset[UUID]:
        """Say what became of claimed prompts."""
        if not ends:
            return frozenset()
        rows = await self._pool.fetch(
            SETTLE,
            owner,
            [planned.person for planned, _ in ends],
            [planned.id for planned, _ in ends],
            [end.state for _, end in ends],
            [end.due for _, end in ends],
            [end.reason for _, end in ends],
        )
        return frozenset(row["prompt_id"] for row in rows)

    async def looks(self, now: datetime, most: int) -> Mapping[PersonId, Look]:
        """Return looks that are due, the longest due first."""
        rows = await self._pool.fetch(LOOKS, now, most)
        return {PersonId(row["person_id"]): Look(at=row["look_at"], upto=row["upto"]) for row in rows}

    async def looked(self, looked: Mapping[PersonId, Looked]) -> frozenset[PersonId]:
        """Note what came of looks, each unless somebody else was faster."""
        rows = await self._pool.fetch(
            LOOKED,
            list(looked),
            [each.was_at for each in looked.values()],
            [each.next_at for each in looked.values()],
            [each.upto for each in looked.values()],
        )
        return frozenset(PersonId(row["person_id"]) for row in rows)


@contextmanager
def _reading(person: PersonId, broken: set[PersonId]) -> Iterator[None]:
    """Go on where a row cannot be read, and note whose it was: it holds up nobody else's. Nothing of it is logged."""
    try:
        yield
    except (msgspec.MsgspecError, ValueError, TypeError) as fault:
        broken.add(person)
        _log.error("desk", extra={"event": "desk_unreadable", "code": type(fault).__name__})


def _paces_with(beginning: Beginning) -> bytes | None:
    if beginning.entry is None or beginning.pace is None:
        return None
    return msgspec.json.encode({**beginning.desk.paces, beginning.entry.sent.kinds[0]: beginning.pace})


WAITING: Final = """
SELECT person_id FROM (
    (SELECT person_id, put_at AS since FROM outbox ORDER BY put_at LIMIT $2)
    UNION ALL
    (SELECT person_id, next_at FROM desk WHERE next_at <= $1 ORDER BY next_at LIMIT $2)
) waits
GROUP BY person_id ORDER BY min(since), person_id LIMIT $2"""
"""Of each table no more rows are read than people are asked for, by index."""

UNSEEN_MAX: Final = 5_000
"""So many news are taken away unseen by one plan at most; the rest by the next one."""
_ONLY: Final = "person_id BETWEEN {0} AND {0}"
"""Of one person, in an order that only the index of theirs has: where they have very many, an equation would have the
planner walk over everybody's by time."""
_NOTICES: Final = ", ".join(f"'{kind}'" for kind in NOTICES)

ON_DESKS: Final = f"""
WITH earliest AS (
    SELECT o.* FROM unnest($1::uuid[]) AS w (person_id)
    CROSS JOIN LATERAL (
        SELECT * FROM outbox WHERE {_ONLY.format("w.person_id")}
        ORDER BY person_id, put_at LIMIT {EARLIEST_READ}
    ) o
),
crowded AS (
    SELECT person_id FROM earliest GROUP BY person_id HAVING count(*) = {EARLIEST_READ}
)
SELECT person_id, 'desk' AS what, ROW(version, paces, next_at) AS it FROM desk WHERE person_id = ANY($1::uuid[])
UNION ALL
(SELECT person_id, 'planned', ROW({_READ}) FROM prompt
    WHERE person_id = ANY($1::uuid[]) AND state IN ('planned', 'claimed') ORDER BY due_at, prompt_id)
UNION ALL
SELECT person_id, 'news', ROW(id, couple_id, kind, record_id, put_at) FROM (
    SELECT * FROM earliest
    UNION
    SELECT o.* FROM crowded
    CROSS JOIN LATERAL (
        SELECT * FROM outbox WHERE {_ONLY.format("crowded.person_id")}
        ORDER BY person_id DESC, put_at DESC LIMIT {NEWEST_READ}
    ) o
) news"""
"""One snapshot of all three: a version that is newer than what was read with it would hide a change."""

_LINE: Final = "json_build_array(prompt_id, kinds, day, sent_at, records, record_kinds, text_id)"

LEDGERS: Final = f"""
SELECT person_id, json_agg(line ORDER BY sent_at, prompt_id)::text AS entries FROM (
    SELECT person_id, sent_at, prompt_id, {_LINE} AS line FROM prompt_ledger
    WHERE person_id = ANY($1::uuid[]) AND sent_at > $2
    UNION ALL
    SELECT l.person_id, sent_at, prompt_id, {_LINE} FROM prompt_ledger l
    JOIN unnest($3::uuid[], $4::uuid[]) AS n (person_id, record_id)
        ON l.person_id = n.person_id AND n.record_id = ANY(l.records)
    WHERE sent_at <= $2
) entries
GROUP BY person_id"""
"""What is recent, and what ever told of one of these records. As JSON: rows by the thousand cost Python several times
what they cost PostgreSQL."""

SAVE: Final = f"""
WITH plan AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::timestamptz[])
        AS u (person_id, version, paces, next_at, look_at)
),
account AS (
    SELECT p.person_id FROM plan JOIN person p USING (person_id)
    WHERE plan.version = 0 ORDER BY p.person_id FOR KEY SHARE OF p
),
made AS (
    INSERT INTO desk (person_id, version, paces, next_at)
    SELECT person_id, 1, paces, next_at FROM plan
    WHERE version = 0 AND person_id IN (SELECT person_id FROM account)
    ORDER BY person_id
    ON CONFLICT (person_id) DO NOTHING
    RETURNING person_id
),
held AS (
    SELECT d.person_id FROM plan JOIN desk d USING (person_id)
    WHERE d.version = plan.version ORDER BY d.person_id FOR UPDATE OF d
),
changed AS (
    UPDATE desk SET version = desk.version + 1, paces = plan.paces, next_at = plan.next_at
    FROM held JOIN plan USING (person_id)
    WHERE desk.person_id = held.person_id AND desk.version = plan.version
    RETURNING desk.person_id
),
stored AS (
    SELECT person_id FROM made UNION ALL SELECT person_id FROM changed
),
seen_by AS (
    SELECT person_id FROM stored
    -- There is nobody any more to plan for: the news are seen, and that is all.
    UNION ALL SELECT person_id FROM plan WHERE version = 0 AND person_id NOT IN (SELECT person_id FROM account)
),
awake AS (
    INSERT INTO waking (person_id, look_at)
    SELECT person_id, look_at FROM plan WHERE look_at IS NOT NULL AND person_id IN (SELECT person_id FROM stored)
    ORDER BY person_id
    ON CONFLICT (person_id) DO NOTHING
),
asleep AS (
    DELETE FROM waking w USING plan
    WHERE w.person_id = plan.person_id AND plan.look_at IS NULL AND w.person_id IN (SELECT person_id FROM stored)
),
seen AS (
    DELETE FROM outbox o USING unnest($6::uuid[], $7::uuid[]) AS u (person_id, id)
    WHERE o.person_id = u.person_id AND o.id = u.id AND u.person_id IN (SELECT person_id FROM seen_by)
),
unseen AS (
    DELETE FROM outbox o USING (
        SELECT f.person_id, old.space_id, old.id
        FROM unnest($21::uuid[], $22::timestamptz[]) AS f (person_id, upto)
        CROSS JOIN LATERAL (
            SELECT space_id, id FROM outbox
            WHERE {_ONLY.format("f.person_id")} AND put_at <= f.upto AND (kind IS NULL OR kind NOT IN ({_NOTICES}))
            ORDER BY person_id, put_at LIMIT {UNSEEN_MAX}
        ) old
    ) gone
    WHERE o.space_id = gone.space_id AND o.id = gone.id AND gone.person_id IN (SELECT person_id FROM seen_by)
),
cancelled AS (
    UPDATE prompt p SET state = 'cancelled', reason = NULL
    FROM unnest($8::uuid[], $9::uuid[]) AS u (person_id, prompt_id)
    WHERE p.person_id = u.person_id AND p.prompt_id = u.prompt_id AND p.state = 'planned'
        AND u.person_id IN (SELECT person_id FROM seen_by)
    RETURNING p.prompt_id
),
put AS (
    INSERT INTO prompt (person_id, {_COLUMNS}, state)
    SELECT u.*, 'planned'
    FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::bytea[],
        $17::timestamptz[], $18::timestamptz[], $19::integer[], $20::boolean[]) AS u (person_id, {_COLUMNS})
    WHERE u.person_id IN (SELECT person_id FROM stored) AND NOT EXISTS (
        SELECT FROM prompt p
        WHERE p.person_id = u.person_id AND p.slot = u.slot AND p.prompt_id <> u.prompt_id
            AND p.state NOT IN ('dropped', 'cancelled') AND p.prompt_id NOT IN (SELECT prompt_id FROM cancelled)
    )
    ORDER BY u.person_id, u.prompt_id
    ON CONFLICT (person_id, prompt_id) DO UPDATE
    SET kind = excluded.kind, couple_id = excluded.couple_id, about = excluded.about, arrived = excluded.arrived,
        due_at = excluded.due_at, expires_at = excluded.expires_at, begun = excluded.begun,
        state = CASE WHEN prompt.state = 'claimed' THEN 'claimed' ELSE 'planned' END,
        reason = CASE WHEN prompt.state IN ('planned', 'claimed') THEN prompt.reason END
    WHERE prompt.state NOT IN ('sent', 'dead')
)
SELECT person_id FROM seen_by"""
"""The slot of what a plan cancels is free for what it puts. Whatever is locked of many is locked in the order of its
people, desks before prompts, so that no two of these statements wait for each other."""

CLAIM: Final = f"""
WITH due AS (
    SELECT person_id, prompt_id, due_at FROM prompt
    WHERE state IN ('planned', 'claimed') AND greatest(due_at, held_until) <= $1
    ORDER BY greatest(due_at, held_until) LIMIT $4
    FOR UPDATE SKIP LOCKED
),
firsts AS (
    SELECT DISTINCT ON (person_id) person_id, prompt_id FROM due ORDER BY person_id, due_at, prompt_id
),
claimed AS (
    UPDATE prompt SET state = 'claimed', owner = $2, held_until = $3
    FROM firsts WHERE prompt.person_id = firsts.person_id AND prompt.prompt_id = firsts.prompt_id
    RETURNING prompt.*
)
SELECT person_id, {_READ} FROM claimed ORDER BY person_id"""

BEGIN: Final = """
WITH beginning AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::text[], $8::date[],
        $9::timestamptz[], $10::text[], $11::text[], $12::text[])
        AS u (person_id, prompt_id, version, state, paces, kinds, day, sent_at, records, text_id, record_kinds)
),
held AS (
    SELECT d.person_id FROM beginning b JOIN desk d USING (person_id)
    WHERE d.version = b.version ORDER BY d.person_id FOR UPDATE OF d
),
going AS (
    UPDATE prompt p
    SET begun = true, state = b.state, held_until = CASE WHEN b.state = 'claimed' THEN p.held_until END,
        reason = CASE WHEN b.state = 'claimed' THEN p.reason END
    FROM held JOIN beginning b USING (person_id)
    WHERE p.person_id = held.person_id AND p.prompt_id = b.prompt_id AND p.owner = $1 AND p.state = 'claimed'
    RETURNING p.person_id, p.prompt_id
),
counted AS (
    UPDATE desk SET version = desk.version + 1, paces = coalesce(b.paces, desk.paces)
    FROM going JOIN beginning b USING (person_id, prompt_id)
    WHERE desk.person_id = going.person_id
),
entered AS (
    INSERT INTO prompt_ledger (person_id, prompt_id, kinds, day, sent_at, records, text_id, record_kinds)
    SELECT person_id, prompt_id, string_to_array(kinds, ','), day, sent_at, string_to_array(records, ',')::uuid[],
        text_id, string_to_array(record_kinds, ',')
    FROM going JOIN beginning USING (person_id, prompt_id) WHERE kinds IS NOT NULL
    ON CONFLICT (person_id, prompt_id) DO UPDATE SET sent_at = excluded.sent_at
)
SELECT prompt_id FROM going"""
"""Kinds and records come as one text each: an array of arrays would have to be as wide everywhere."""

SETTLE: Final = """
WITH ended AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
        AS u (person_id, prompt_id, state, due, reason)
),
held AS (
    SELECT p.person_id, p.prompt_id FROM ended JOIN prompt p USING (person_id, prompt_id)
    WHERE p.owner = $1 ORDER BY p.person_id, p.prompt_id FOR UPDATE OF p
)
UPDATE prompt p
SET state = e.state, reason = e.reason, due_at = coalesce(e.due, p.due_at), owner = NULL, held_until = NULL,
    tries = p.tries + CASE WHEN e.state = 'planned' AND p.begun THEN 1 ELSE 0 END
FROM held JOIN ended e USING (person_id, prompt_id)
WHERE p.person_id = held.person_id AND p.prompt_id = held.prompt_id
RETURNING p.prompt_id"""


LOOKS: Final = "SELECT person_id, look_at, upto FROM waking WHERE look_at <= $1 ORDER BY look_at, person_id LIMIT $2"

LOOKED: Final = """
WITH looked AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[])
        AS u (person_id, was_at, next_at, upto)
),
held AS (
    SELECT w.person_id FROM looked JOIN waking w USING (person_id)
    WHERE w.look_at = looked.was_at ORDER BY w.person_id FOR UPDATE OF w
)
UPDATE waking w SET look_at = l.next_at, upto = l.upto
FROM held JOIN looked l USING (person_id)
WHERE w.person_id = held.person_id AND w.look_at = l.was_at
RETURNING w.person_id"""


class _Found:
    """What is read of one desk."""

    def __init__(self) -> None:
        self.version = 0
        self.paces: Mapping[str, Pace] = {}
        self.next_at: datetime | None = None
        self.news: list[News] = []
        self.planned: list[Planned] = []
        self.ledger: list[Entry] = []
        self.told: frozenset[Told] = frozenset()

    def take(self, row: asyncpg.Record) -> None:
        person, it = row["person_id"], row["it"]
        match row["what"]:
            case "desk":
                self.version, paces, self.next_at = it
                self.paces = _PACES.decode(paces)
            case "planned":
                # One that cannot be read is dropped when it is due, and is no reason to plan nothing else.
                with _reading(person, set()):
                    self.planned.append(_planned(person, it))
            case _:
                identity, couple, kind, record, at = it
                # Of a kind that this release does not know it is only taken away.
                kind = kind if kind in PROMPT_KINDS else None
                self.news.append(News(id=identity, person=person, couple=couple, kind=kind, record=record, at=at))

    def look_up(self, lines: Sequence[_Line], asked: frozenset[Told], after: datetime) -> None:
        records = {record for _, record in asked}
        for line in lines:
            entry, at = _entry(*line), line[3]
            if at > after:
                self.ledger.append(entry)
            if not records.isdisjoint(entry.records):
                self.told |= entry.told & asked

    def desk(self, person: PersonId) -> Desk:
        return Desk(
            person=person,
            version=self.version,
            news=tuple(sorted(self.news, key=lambda each: (each.at, each.id))),
            planned=tuple(self.planned),
            ledger=tuple(self.ledger),
            told=self.told,
            paces=self.paces,
            next_at=self.next_at,
        )


def _entry(
    prompt: UUID,
    kinds: tuple[str, ...],
    day: date,
    at: datetime,
    told: tuple[RecordId, ...],
    told_as: tuple[str, ...],
    text: str,
) -> Entry:
    """Return a line without kinds of another release; with no other ones it counts toward caps, and that is all."""
    known = tuple(kind for kind in kinds if kind in PROMPT_KINDS)
    if not known:
        return Entry(prompt=prompt, sent=Sent(kinds=(COUNTS_AS,), day=day, at=at), records=(), text="")
    return Entry(prompt=prompt, sent=Sent(kinds=known, day=day, at=at), records=told, record_kinds=told_as, text=text)


def _planned(person: PersonId, row: Sequence[Any]) -> Planned:
    """Return what is planned, without kinds of another release; raise ValueError where there are no other ones."""
    identity, slot, kind, couple, about, stored, due, expires, tries, begun, fetched = row
    gathered = _ARRIVED.decode(stored)
    arrived = tuple(each for each in gathered if each.kind in PROMPT_KINDS)
    kind = arrived[0].kind if arrived else kind
    if kind not in PROMPT_KINDS or len(arrived) < min(1, len(gathered)):
        raise ValueError("a kind of another release")
    prompt = Prompt(kind=kind, due=due, expires=expires, couple=couple, about=about, arrived=arrived)
    return Planned(
        id=identity, person=person, slot=slot, prompt=prompt, tries=tries, begun=begun, fetched=tuple(fetched)
    )
