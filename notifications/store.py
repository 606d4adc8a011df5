"""Desks in PostgreSQL: all SQL of prompts.

Whoever changes what is planned for a person counts their desk up first and so holds it: planning, sending, parting and
erasing come one after the other. What a claim says of itself (who holds it, what became of it) changes no desk.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import Arrived, Prompt, Sent
from notifications.ports import LEDGER_READ, Desk, End, Entry, Plan, Planned, Told, named

_PACES: Final = msgspec.json.Decoder(dict[str, Pace])
_ARRIVED: Final = msgspec.json.Decoder(tuple[Arrived, ...])
_Line = tuple[UUID, tuple[str, ...], date, datetime, tuple[RecordId, ...], str]
_LEDGER: Final = msgspec.json.Decoder(list[_Line])

_COLUMNS: Final = "prompt_id, slot, kind, couple_id, about, arrived, due_at, expires_at, tries, begun"


class PostgresStore:
    """Keeps desks in these tables; each call is one statement, or two that read."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def waiting(self, now: datetime, most: int) -> Sequence[PersonId]:
        """Return people for whom there is something to plan, the longest waiting first."""
        return [PersonId(row["person_id"]) for row in await self._pool.fetch(WAITING, now, most)]

    async def desks(self, people: Collection[PersonId], now: datetime) -> Mapping[PersonId, Desk]:
        """Return desks as they are."""
        found = {person: _Found() for person in people}
        for row in await self._pool.fetch(ON_DESKS, list(found)):
            found[row["person_id"]].take(row)
        asked = {person: named(each.news, each.planned) for person, each in found.items()}
        pairs = {(person, record) for person, told in asked.items() for _, record in told}
        after = now - LEDGER_READ
        ledgers = await self._pool.fetch(
            LEDGERS, list(found), after, [person for person, _ in pairs], [record for _, record in pairs]
        )
        for row in ledgers:
            found[row["person_id"]].look_up(_LEDGER.decode(row["entries"]), asked[row["person_id"]], after)
        return {person: each.desk(person) for person, each in found.items()}

    async def save(self, plan: Plan) -> bool:
        """Store a plan, unless its desk has changed since.

        A first desk is made only for somebody whose account is there: none is left of who was erased meanwhile.
        """
        prompts = [each.prompt for each in plan.put]
        stored: bool = await self._pool.fetchval(
            SAVE,
            plan.person,
            plan.version,
            msgspec.json.encode(plan.paces),
            plan.next_at,
            plan.seen,
            plan.cancel,
            [each.id for each in plan.put],
            [each.slot for each in plan.put],
            [each.kind for each in prompts],
            [each.couple for each in prompts],
            [each.about for each in prompts],
            [msgspec.json.encode(each.arrived) for each in prompts],
            [each.due for each in prompts],
            [each.expires for each in prompts],
            [each.tries for each in plan.put],
            [each.begun for each in plan.put],
        )
        return stored

    async def claim(self, now: datetime, owner: UUID, until: datetime, most: int) -> Sequence[Planned]:
        """Take what is due and nobody else holds, the longest due first, at most one of a person."""
        return [_planned(row[0], row[1:]) for row in await self._pool.fetch(CLAIM, now, owner, until, most)]

    async def begin(self, planned: Planned, desk: Desk, entry: Entry | None, pace: Pace | None, owner: UUID) -> bool:
        """Write into the ledger that this prompt is being sent."""
        paces = None if entry is None or pace is None else {**desk.paces, entry.sent.kinds[0]: pace}
        begun: bool = await self._pool.fetchval(
            BEGIN,
            planned.person,
            planned.id,
            desk.version,
            owner,
            "sent" if PROMPT_KINDS[planned.prompt.kind].is_own else "claimed",
            None if paces is None else msgspec.json.encode(paces),
            *(None,) * 5
            if entry is None
            else (entry.sent.kinds, entry.sent.day, entry.sent.at, entry.records, entry.text),
        )
        return begun

    async def settle(self, planned: Planned, owner: UUID, end: End) -> bool:
        """Say what became of a claimed prompt."""
        tag = await self._pool.execute(SETTLE, planned.person, planned.id, owner, end.state, end.due, end.reason)
        return _rows(tag) > 0


WAITING: Final = """
SELECT person_id FROM (
    (SELECT person_id, put_at AS since FROM outbox ORDER BY put_at LIMIT $2)
    UNION ALL
    (SELECT person_id, next_at FROM desk WHERE next_at <= $1 ORDER BY next_at LIMIT $2)
) waits
GROUP BY person_id ORDER BY min(since), person_id LIMIT $2"""
"""Of each table no more rows are read than people are asked for, by index."""

ON_DESKS: Final = f"""
SELECT person_id, 'desk' AS what, ROW(version, paces, next_at) AS it FROM desk WHERE person_id = ANY($1::uuid[])
UNION ALL
(SELECT person_id, 'planned', ROW({_COLUMNS}) FROM prompt
    WHERE person_id = ANY($1::uuid[]) AND state IN ('planned', 'claimed') ORDER BY due_at, prompt_id)
UNION ALL
(SELECT person_id, 'news', ROW(id, couple_id, kind, record_id, put_at) FROM outbox
    WHERE person_id = ANY($1::uuid[]) ORDER BY put_at, id)"""
"""One snapshot of all three: a version that is newer than what was read with it would hide a change."""

_LINE: Final = "json_build_array(prompt_id, kinds, day, sent_at, records, text_id)"

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
WITH account AS (
    SELECT person_id FROM person WHERE person_id = $1 AND $2::bigint = 0 FOR KEY SHARE
),
made AS (
    INSERT INTO desk (person_id, version, paces, next_at)
    SELECT $1, 1, $3, $4 WHERE EXISTS (SELECT FROM account)
    ON CONFLICT (person_id) DO NOTHING
    RETURNING person_id
),
changed AS (
    UPDATE desk SET version = version + 1, paces = $3, next_at = $4 WHERE person_id = $1 AND version = $2
    RETURNING person_id
),
stored AS (
    SELECT person_id FROM made UNION ALL SELECT person_id FROM changed
    -- There is nobody any more to plan for: the news are seen, and that is all.
    UNION ALL SELECT $1 WHERE $2 = 0 AND NOT EXISTS (SELECT FROM account)
),
seen AS (
    DELETE FROM outbox WHERE person_id = $1 AND id = ANY($5::uuid[]) AND EXISTS (SELECT FROM stored)
),
cancelled AS (
    UPDATE prompt SET state = 'cancelled', reason = NULL
    WHERE person_id = $1 AND prompt_id = ANY($6::uuid[]) AND state = 'planned' AND EXISTS (SELECT FROM stored)
    RETURNING prompt_id
),
put AS (
    INSERT INTO prompt (person_id, {_COLUMNS}, state)
    SELECT $1, u.*, 'planned'
    FROM unnest($7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::uuid[], $12::bytea[], $13::timestamptz[],
        $14::timestamptz[], $15::integer[], $16::boolean[]) AS u ({_COLUMNS})
    WHERE (EXISTS (SELECT FROM made) OR EXISTS (SELECT FROM changed)) AND NOT EXISTS (
        SELECT FROM prompt p
        WHERE p.person_id = $1 AND p.slot = u.slot AND p.prompt_id <> u.prompt_id
            AND p.state NOT IN ('dropped', 'cancelled') AND p.prompt_id NOT IN (SELECT prompt_id FROM cancelled)
    )
    ON CONFLICT (person_id, prompt_id) DO UPDATE
    SET kind = excluded.kind, couple_id = excluded.couple_id, about = excluded.about, arrived = excluded.arrived,
        due_at = excluded.due_at, expires_at = excluded.expires_at, begun = excluded.begun,
        state = CASE WHEN prompt.state = 'claimed' THEN 'claimed' ELSE 'planned' END,
        reason = CASE WHEN prompt.state IN ('planned', 'claimed') THEN prompt.reason END
    WHERE prompt.state NOT IN ('sent', 'dead')
)
SELECT EXISTS (SELECT FROM stored)"""
"""The slot of what this plan cancels is free for what it puts."""

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
SELECT person_id, {_COLUMNS} FROM claimed ORDER BY person_id"""

BEGIN: Final = """
WITH held AS (
    SELECT person_id FROM desk WHERE person_id = $1 AND version = $3 FOR UPDATE
),
going AS (
    UPDATE prompt
    SET begun = true, state = $5, held_until = CASE WHEN $5 = 'claimed' THEN held_until END,
        reason = CASE WHEN $5 = 'claimed' THEN reason END
    WHERE person_id = $1 AND prompt_id = $2 AND owner = $4 AND state = 'claimed' AND EXISTS (SELECT FROM held)
    RETURNING person_id, prompt_id
),
counted AS (
    UPDATE desk SET version = version + 1, paces = coalesce($6, paces)
    WHERE person_id = $1 AND EXISTS (SELECT FROM going)
),
entered AS (
    INSERT INTO prompt_ledger (person_id, prompt_id, kinds, day, sent_at, records, text_id)
    SELECT person_id, prompt_id, $7, $8, $9, $10, $11 FROM going WHERE $7::text[] IS NOT NULL
)
SELECT EXISTS (SELECT FROM going)"""

SETTLE: Final = """
UPDATE prompt
SET state = $4, reason = $6, due_at = coalesce($5, due_at), owner = NULL, held_until = NULL,
    tries = tries + CASE WHEN $4 = 'planned' AND begun THEN 1 ELSE 0 END
WHERE person_id = $1 AND prompt_id = $2 AND owner = $3"""


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
                self.planned.append(_planned(person, it))
            case _:
                identity, couple, kind, record, at = it
                self.news.append(News(id=identity, person=person, couple=couple, kind=kind, record=record, at=at))

    def look_up(self, lines: Sequence[_Line], asked: frozenset[Told], after: datetime) -> None:
        records = {record for _, record in asked}
        for prompt, kinds, day, at, told, text in lines:
            entry = Entry(prompt=prompt, sent=Sent(kinds=kinds, day=day, at=at), records=told, text=text)
            if at > after:
                self.ledger.append(entry)
            if not records.isdisjoint(told):
                self.told |= entry.told & asked

    def desk(self, person: PersonId) -> Desk:
        return Desk(
            person=person,
            version=self.version,
            news=tuple(self.news),
            planned=tuple(self.planned),
            ledger=tuple(self.ledger),
            told=self.told,
            paces=self.paces,
            next_at=self.next_at,
        )


def _planned(person: PersonId, row: Sequence[Any]) -> Planned:
    identity, slot, kind, couple, about, arrived, due, expires, tries, begun = row
    prompt = Prompt(kind=kind, due=due, expires=expires, couple=couple, about=about, arrived=_ARRIVED.decode(arrived))
    return Planned(id=identity, person=person, slot=slot, prompt=prompt, tries=tries, begun=begun)


# What others call within their own transactions


async def put_news(connection: Any, news: Collection[tuple[SpaceId, News]]) -> None:
    """Note what was stored, and in which space; the same once more changes nothing."""
    await connection.execute(
        PUT_NEWS,
        [space for space, _ in news],
        [each.id for _, each in news],
        [each.person for _, each in news],
        [each.couple for _, each in news],
        [each.kind for _, each in news],
        [each.record for _, each in news],
        [each.at for _, each in news],
    )


async def cancel_couple(connection: Any, couple: CoupleId, two: Collection[PersonId]) -> None:
    """Take away whatever a couple has caused for the two of it: they part.

    Their space is closed already, so that nothing more of it becomes news. What was planned while they were together,
    and is not stored yet, is planned anew: also the first plan of somebody, who has a desk from now on.
    """
    await connection.execute(COUNT_UP, two)
    await connection.execute(DROP_PLANNED, two, couple, Reason.PARTED)
    await connection.execute(DROP_NEWS, two, couple)


async def forget_person(connection: Any, person: PersonId) -> None:
    """Delete all that was planned for a person and was sent to them.

    The desk goes first and by a statement of its own: what somebody who held it has just stored is then seen.
    """
    for statement in FORGET_PERSON:
        await connection.execute(statement, person)


PUT_NEWS: Final = """
INSERT INTO outbox (space_id, id, person_id, couple_id, kind, record_id, put_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[])
ON CONFLICT (space_id, id) DO NOTHING"""

COUNT_UP: Final = """
INSERT INTO desk (person_id, version, paces)
SELECT person_id, 1, '{}' FROM person WHERE person_id = ANY($1::uuid[]) ORDER BY person_id FOR KEY SHARE
ON CONFLICT (person_id) DO UPDATE SET version = desk.version + 1"""
"""A plan for a desk that is not there yet is made on version 0."""

DROP_PLANNED: Final = """
UPDATE prompt
SET state = CASE WHEN state = 'sent' THEN 'sent' ELSE 'dropped' END,
    reason = CASE WHEN state = 'sent' THEN reason ELSE $3 END, owner = NULL, held_until = NULL
WHERE person_id = ANY($1::uuid[]) AND couple_id = $2 AND (state = 'planned' OR owner IS NOT NULL)"""
"""What is out already is held by nobody any more, so that it does not come back to be sent once more."""

DROP_NEWS: Final = "DELETE FROM outbox WHERE person_id = ANY($1::uuid[]) AND couple_id = $2"

FORGET_PERSON: Final = [
    f"DELETE FROM {table} WHERE person_id = $1" for table in ("desk", "prompt", "prompt_ledger", "outbox")
]


# What has had its time


async def forget_news(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete news of the time before, which nobody has planned by; return how many."""
    return _rows(await pool.execute(FORGET_NEWS, before, rows_max))


async def forget_over(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete prompts that never will be sent and were due before; return how many."""
    return _rows(await pool.execute(FORGET_OVER, before, rows_max))


async def forget_sent(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete prompts that were sent and due before; return how many. What they told of stays in the ledger."""
    return _rows(await pool.execute(FORGET_SENT, before, rows_max))


async def forget_entries(pool: asyncpg.Pool, before: datetime, rows_max: int) -> int:
    """Delete what the ledger has of the time before; return how much."""
    return _rows(await pool.execute(FORGET_ENTRIES, before, rows_max))


FORGET_NEWS: Final = """
DELETE FROM outbox WHERE (space_id, id) IN (
    SELECT space_id, id FROM outbox WHERE put_at < $1 ORDER BY put_at LIMIT $2
)"""

_FORGET: Final = """
DELETE FROM prompt WHERE (person_id, prompt_id) IN (
    SELECT person_id, prompt_id FROM prompt WHERE {which} AND due_at < $1 LIMIT $2
) AND {which}"""
"""Asked twice, because what was dropped may be planned once more meanwhile."""

FORGET_OVER: Final = _FORGET.format(which="state IN ('dropped', 'cancelled', 'dead')")

FORGET_SENT: Final = _FORGET.format(which="state = 'sent'")

FORGET_ENTRIES: Final = """
DELETE FROM prompt_ledger WHERE (person_id, prompt_id) IN (
    SELECT person_id, prompt_id FROM prompt_ledger WHERE sent_at < $1 LIMIT $2
)"""


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
