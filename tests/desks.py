"""Both stores of prompts under one name, with what push, parting and erasing do to each."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from api.postgres import Pool
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.news import News
from domain.prompt_kinds import Reason
from notifications import end_store
from notifications.memory import MemoryStore
from notifications.ports import LEDGER_KEPT, Store
from notifications.store import PostgresStore

TABLES = ("outbox", "desk", "prompt", "prompt_ledger", "waking")
HOME = SpaceId(UUID(int=77))
"""Where everything was stored that is news here."""

Ended = tuple[str, Reason | None]
"""What became of a prompt, and why."""


class Ground(Protocol):
    """A store of prompts, and what others do to it."""

    store: Store

    async def put_news(self, *news: News) -> None: ...

    async def cancel_couple(self, couple: CoupleId, *two: PersonId) -> None: ...

    async def forget_ledger(self, now: datetime) -> None: ...

    async def fetch(self, person: PersonId, record: RecordId) -> None:
        """A phone of theirs says that it has this record, and a pull notes it (`sync/fetched_store.py`)."""

    async def ends(self, person: PersonId) -> Sequence[Ended]:
        """What has become of everything that was planned for a person and is over."""

    async def changes(self, person: PersonId) -> None:
        """Somebody else changes a desk."""


class MemoryGround:
    def __init__(self) -> None:
        self.store = MemoryStore()

    async def put_news(self, *news: News) -> None:
        for each in news:
            self.store.put_news(each)

    async def cancel_couple(self, couple: CoupleId, *two: PersonId) -> None:
        self.store.cancel_couple(couple, two)

    async def forget_ledger(self, now: datetime) -> None:
        self.store.forget(now)

    async def fetch(self, person: PersonId, record: RecordId) -> None:
        self.store.note_fetched(person, [record])

    async def ends(self, person: PersonId) -> Sequence[Ended]:
        return [(row.state, row.reason) for row in self.store._desks[person].over.values()]

    async def changes(self, person: PersonId) -> None:
        self.store._desks[person].version += 1


class PostgresGround:
    """Of all rows in the database: planning looks at everybody's."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.store = PostgresStore(pool)

    @asynccontextmanager
    async def of(self, *people: PersonId) -> AsyncIterator["PostgresGround"]:
        """Nobody but these has a desk meanwhile, and theirs are empty."""
        await self._empty()
        await self._join(people)
        yield self
        await self._empty()
        await self.pool.execute("DELETE FROM person WHERE person_id = ANY($1::uuid[])", people)

    async def _empty(self) -> None:
        for table in TABLES:
            await self.pool.execute(f"DELETE FROM {table}")

    async def _join(self, people: Sequence[PersonId]) -> None:
        await self.pool.executemany(
            "INSERT INTO person (person_id, space_id, joined_on) VALUES ($1, $2, '2026-11-24')"
            " ON CONFLICT (person_id) DO NOTHING",
            [(each, uuid4()) for each in people],
        )

    async def put_news(self, *news: News) -> None:
        await put_news(self.pool, [(HOME, each) for each in news])

    async def cancel_couple(self, couple: CoupleId, *two: PersonId) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await end_store.cancel_couple(connection, couple, two)

    async def forget_ledger(self, now: datetime) -> None:
        await end_store.forget_entries(self.pool, now - LEDGER_KEPT, 1000)

    async def fetch(self, person: PersonId, record: RecordId) -> None:
        await self.pool.execute(
            "UPDATE prompt SET fetched = fetched || $2::uuid WHERE person_id = $1 AND NOT $2 = ANY(fetched)"
            " AND strpos(convert_from(arrived, 'UTF8'), $2::text) > 0",
            person,
            record,
        )

    async def ends(self, person: PersonId) -> Sequence[Ended]:
        rows = await self.pool.fetch(
            "SELECT state, reason FROM prompt WHERE person_id = $1 AND state NOT IN ('planned', 'claimed')"
            " ORDER BY due_at, prompt_id",
            person,
        )
        return [(row["state"], None if row["reason"] is None else Reason(row["reason"])) for row in rows]

    async def changes(self, person: PersonId) -> None:
        await self.pool.execute("UPDATE desk SET version = version + 1 WHERE person_id = $1", person)


async def put_news(connection: Any, news: Collection[tuple[SpaceId, News]]) -> None:
    """Note what was stored, and in which space, as the statement of a push does (`sync/store.py`)."""
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


PUT_NEWS = """
INSERT INTO outbox (space_id, id, person_id, couple_id, kind, record_id, put_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[])
ON CONFLICT (space_id, id) DO NOTHING"""
