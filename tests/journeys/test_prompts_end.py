"""What becomes of prompts when two part and when an account is deleted, over HTTP on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct

from api.erasing import erase
from api.parting import empty_given_up
from api.wiring import Parts
from domain.fates import LETTERS_STAY, UNDO_WITHIN
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.news import News
from domain.prompt_kinds import Reason
from domain.prompts import Arrived, Prompt, Sent
from notifications.ports import Desk, Entry, Plan, Planned
from notifications.store import PostgresStore
from tests import people
from tests.clocks import StillClock, app_at
from tests.desks import TABLES, put_news
from tests.people import ok

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


class Two(Struct):
    """Ana and Ben, each with news and plans: of their couple and of their own."""

    client: httpx.AsyncClient
    parts: Parts
    clock: StillClock
    ana: people.Person
    ben: people.Person
    couple: CoupleId
    space: SpaceId

    @property
    def store(self) -> PostgresStore:
        return PostgresStore(self.parts.pool)

    async def desk(self, who: people.Person) -> Desk:
        return (await self.store.desks([who.id], self.clock()))[who.id]

    async def rows(self, who: people.Person) -> set[str]:
        """The tables in which this person has rows."""
        return {
            table
            for table in TABLES
            if await self.parts.pool.fetchval(f"SELECT count(*) FROM {table} WHERE person_id = $1", who.id)
        }

    async def ends(self, who: people.Person) -> list[tuple[str, str | None]]:
        rows = await self.parts.pool.fetch(
            "SELECT state, reason FROM prompt WHERE person_id = $1 AND state NOT IN ('planned', 'claimed')", who.id
        )
        return [(row["state"], row["reason"]) for row in rows]

    async def fill(self, who: people.Person) -> None:
        """Something in each table: a letter in the couple is planned, another is news; a space of their own ends."""
        now = self.clock()
        told = Arrived(kind="letter_arrived", record=RecordId(uuid4()), at=now)
        letter = Prompt(kind=told.kind, due=now, expires=now, couple=self.couple, arrived=(told,))
        space = Prompt(kind="space_ended", due=now + MINUTE, expires=now + MINUTE)
        put = [Planned(id=uuid4(), person=who.id, slot=each.kind, prompt=each) for each in (letter, space)]
        assert await self.store.save(Plan(person=who.id, version=0, put=tuple(put), look_at=now))
        await self.sent(who.id, put[0].id)
        bare = News(id=uuid4(), person=who.id, couple=None, kind=None, record=RecordId(uuid4()), at=now)
        news = News(id=uuid4(), person=who.id, couple=self.couple, kind=told.kind, record=RecordId(uuid4()), at=now)
        personal = SpaceId(UUID((await people.me(self.client, who))["personal_space"]))
        await put_news(self.parts.pool, [(personal, bare), (self.space, news)])
        assert await self.rows(who) == set(TABLES)

    async def sent(self, who: PersonId, prompt: UUID) -> None:
        """Put a line into the ledger, with the prompt being tried once more."""
        owner, now = uuid4(), self.clock()
        [held] = [each for each in await self.store.claim(now, owner, now + MINUTE, 1000) if each.person == who]
        assert held.id == prompt
        desk = (await self.store.desks([who], now))[who]
        line = Entry(
            prompt=held.id,
            sent=Sent(kinds=("letter_arrived",), day=now.date(), at=now),
            records=(held.prompt.arrived[0].record,),
            text="letter_arrived.01",
        )
        assert await self.store.begin(held, desk, line, None, owner)


@pytest.fixture
async def two(client: httpx.AsyncClient, parts: Parts, clock: StillClock) -> Two:
    ana, ben = await people.couple(client)
    together = (await people.me(client, ana))["couple"]
    ids = CoupleId(UUID(together["id"])), SpaceId(UUID(together["space"]))
    two = Two(client, parts, clock, ana, ben, *ids)
    await two.fill(ana)
    await two.fill(ben)
    return two


async def is_single(two: Two, who: people.Person) -> bool:
    """Whether nothing of the couple is left to plan or to send; what is this person's own stays."""
    desk = await two.desk(who)
    assert [each.kind for each in desk.news if each.couple is None] == [None]
    assert [each.prompt.kind for each in desk.planned if each.prompt.couple is None] == ["space_ended"]
    assert len(desk.ledger) == 1
    return len(desk.news) == len(desk.planned) == 1


async def test_p9_parting_takes_away_for_both_what_the_couple_has_caused(two: Two) -> None:
    assert not await is_single(two, two.ana)
    await ok(people.part(two.client, two.ana, str(two.couple)))
    for who in (two.ana, two.ben):
        assert await is_single(two, who)
        assert await two.ends(who) == [("dropped", Reason.PARTED)]


async def test_to_part_once_more_changes_nothing_on_the_others_desk(two: Two) -> None:
    await ok(people.part(two.client, two.ana, str(two.couple)))
    desk = await two.desk(two.ben)
    await ok(people.part(two.client, two.ana, str(two.couple)))
    assert await two.desk(two.ben) == desk


async def delete(two: Two, who: people.Person) -> None:
    token = await people.identity_token(two.client, who.subject)
    await ok(two.client.post("/v1/me/deletion", headers=who.headers, json={"identity_token": token}))


async def test_p9_asking_for_deletion_parts_here_too(two: Two) -> None:
    await delete(two, two.ana)
    assert await is_single(two, two.ben)
    assert (await two.desk(two.ana)).planned[0].prompt.kind == "space_ended"
    assert await two.ends(two.ana) == [("dropped", Reason.PARTED)]


async def test_l10_of_a_deleted_account_no_row_is_left_and_the_partners_stay(two: Two) -> None:
    await delete(two, two.ana)
    two.clock.move(seconds=UNDO_WITHIN.total_seconds())
    while await erase(two.parts, two.clock()):
        pass
    assert await two.rows(two.ana) == set()
    assert await is_single(two, two.ben)
    two.clock.move(seconds=LETTERS_STAY.total_seconds())
    while await erase(two.parts, two.clock()):
        pass
    assert await two.rows(two.ana) == set()
    assert await two.rows(two.ben) == set(TABLES)


async def test_with_a_space_that_nobody_holds_its_news_go(two: Two) -> None:
    """None is written after the two have parted; were there one all the same, it would not stay."""
    await ok(people.part(two.client, two.ana, str(two.couple)))
    late = News(id=uuid4(), person=two.ben.id, couple=two.couple, kind=None, record=RecordId(uuid4()), at=two.clock())
    await put_news(two.parts.pool, [(two.space, late)])
    for who in (two.ana, two.ben):
        gone = await two.client.delete(f"/v1/couples/{two.couple}/keepsake", headers=who.headers)
        assert gone.status_code == 204
    while await two.parts.pool.fetchval("SELECT true FROM emptying WHERE space_id = $1", two.space):
        await empty_given_up(two.parts.accounts, rows_max=100, spaces_max=100)
    assert await two.parts.pool.fetchval("SELECT count(*) FROM outbox WHERE space_id = $1", two.space) == 0
    assert await is_single(two, two.ben)
