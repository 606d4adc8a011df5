"""What only PostgreSQL can show of prompts: races on real connections, statements counted, rows read, nothing left."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from api.postgres import Pool
from domain.ids import PersonId
from domain.news import News
from domain.pace import Pace
from notifications import end_store as prompts
from notifications.ports import Beginning, Desk, End, Entry, Plan, Planned
from notifications.store import BEGIN, CLAIM, LEDGERS, ON_DESKS, SETTLE, WAITING, PostgresStore
from tests.desks import TABLES, PostgresGround
from tests.prompting import BEN, NOON, THE_TWO, arrival, own, record, sent
from tests.rules.test_prompting import Scene

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MANY = [PersonId(UUID(int=5000 + number)) for number in range(40)]
PATIENCE_S = 20


@pytest.fixture
async def ground(pool: Pool) -> AsyncIterator[PostgresGround]:
    async with PostgresGround(pool).of(BEN, *MANY) as ground:
        yield ground


@pytest.fixture
def store(ground: PostgresGround) -> PostgresStore:
    return ground.store


def planned(person: PersonId = BEN, slot: str = "a", **differs: Any) -> Planned:
    return replace(Planned(id=uuid4(), person=person, slot=slot, prompt=arrival()), **differs)


def news(person: PersonId = BEN, number: int = 1) -> News:
    return News(id=uuid4(), person=person, couple=THE_TWO, kind="letter_arrived", record=record(number), at=NOON)


def entry(each: Planned) -> Entry:
    return Entry(prompt=each.id, sent=sent("letter_arrived", NOON), records=(record(1),), text="letter_arrived.07")


async def put(store: PostgresStore, *those: Planned) -> None:
    for person in {each.person for each in those}:
        desk = await desk_of(store, person)
        assert await store.save(
            Plan(person=person, version=desk.version, put=tuple(each for each in those if each.person == person))
        )


async def desk_of(store: PostgresStore, person: PersonId = BEN) -> Desk:
    return (await store.desks([person], NOON))[person]


# Races


async def test_eight_workers_at_once_claim_everything_and_nothing_twice(store: PostgresStore) -> None:
    await put(store, *(planned(person, slot) for person in MANY for slot in "ab"))

    async def work(owner: UUID) -> list[Planned]:
        mine: list[Planned] = []
        while got := await store.claim(NOON, owner, NOON + MINUTE, 7):
            assert len({each.person for each in got}) == len(got) <= 7
            mine += got
        return mine

    of_each = await asyncio.gather(*(work(UUID(int=number)) for number in range(8)))
    assert Counter(each.id for mine in of_each for each in mine).most_common(1)[0][1] == 1
    assert sum(len(mine) for mine in of_each) == 2 * len(MANY)
    assert sum(1 for mine in of_each if mine) > 1


async def test_a_claim_waits_for_nobody(store: PostgresStore, pool: Pool) -> None:
    await put(store, *(planned(person) for person in MANY))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM prompt WHERE person_id = ANY($1::uuid[]) FOR UPDATE", MANY[:10])
        async with asyncio.timeout(PATIENCE_S):
            first = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 25)
            rest = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 25)
    assert {each.person for each in (*first, *rest)} == set(MANY[10:])


async def test_of_eight_first_plans_at_once_one_is_stored(store: PostgresStore) -> None:
    plans = [Plan(person=BEN, version=0, put=(planned(slot=str(number)),)) for number in range(8)]
    assert sum(await asyncio.gather(*(store.save(plan) for plan in plans))) == 1
    desk = await desk_of(store)
    assert (desk.version, len(desk.planned)) == (1, 1)
    assert sum(await asyncio.gather(*(store.save(replace(plan, version=1)) for plan in plans))) == 1


async def test_of_a_plan_and_a_beginning_at_once_one_comes_first_and_the_other_to_nothing(
    store: PostgresStore,
) -> None:
    won = Counter[str]()
    for number, person in enumerate(MANY):
        await put(store, planned(person), planned(person, "b", prompt=arrival(due=NOON + DAY)))
        [held] = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
        desk = await desk_of(store, person)
        saving = store.save(Plan(person=person, version=1, cancel=tuple(each.id for each in desk.planned)))
        beginning = store.begin(held, desk, entry(held), None, UUID(int=1))
        both = [saving, beginning] if number % 2 else [beginning, saving]
        outcome = await asyncio.gather(*both)
        assert sum(outcome) == 1
        begun = outcome[0 if number % 2 == 0 else 1]
        after = await desk_of(store, person)
        assert (after.version, len(after.ledger), len(after.planned)) == (2, int(begun), 2 if begun else 1)
        won["begun" if begun else "saved"] += 1
        await store.settle(held, UUID(int=1), End(state="sent"))
    assert set(won) == {"begun", "saved"}


async def test_what_begins_while_a_plan_is_being_stored_waits_for_it_and_does_not_begin(
    store: PostgresStore, pool: Pool
) -> None:
    await put(store, planned())
    [held] = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
    desk = await desk_of(store)
    async with pool.acquire() as connection, connection.transaction():
        assert await PostgresStore(cast("Pool", connection)).save(Plan(person=BEN, version=1, next_at=NOON))
        beginning = asyncio.create_task(store.begin(held, desk, entry(held), Pace(), UUID(int=1)))
        await waits(pool, beginning)
    assert not await beginning
    assert await desk_of(store) == replace(desk, version=2, next_at=NOON)


async def test_what_begins_twice_at_once_begins_once(store: PostgresStore) -> None:
    await put(store, planned())
    [held] = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
    desk = await desk_of(store)
    beginnings = (store.begin(held, desk, entry(held), None, UUID(int=1)) for _ in range(8))
    assert sum(await asyncio.gather(*beginnings)) == 1
    assert len((await desk_of(store)).ledger) == 1


async def test_of_two_prompts_of_one_person_in_two_hands_one_begins(store: PostgresStore) -> None:
    await put(store, planned(slot="a"), planned(slot="b"))
    hands = [(await store.claim(NOON, UUID(int=number), NOON + MINUTE, 9))[0] for number in (1, 2)]
    desk = await desk_of(store)
    begun = await asyncio.gather(
        *(store.begin(each, desk, entry(each), None, UUID(int=number)) for number, each in enumerate(hands, 1))
    )
    assert sum(begun) == 1


async def test_f32_of_a_late_settling_and_a_new_claim_at_once_one_holds(store: PostgresStore) -> None:
    held_late = Counter[bool]()
    for number, person in enumerate(MANY):
        await put(store, planned(person))
        [held] = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
        settling = asyncio.ensure_future(store.settle(held, UUID(int=1), End(state="sent")))
        await asyncio.sleep(0.001 * (number % 4))
        claimed = await store.claim(NOON + MINUTE, UUID(int=2), NOON + 2 * MINUTE, 9)
        late = await settling
        assert late == (not claimed)
        assert await store.settle(held, UUID(int=2), End(state="sent")) == bool(claimed)
        held_late[late] += 1
    assert held_late[True]


Many = Callable[[PostgresStore, Pool, Sequence[Planned], Mapping[PersonId, Desk]], Awaitable[Any]]


async def _saves_all(store: PostgresStore, _: Pool, held: Sequence[Planned], desks: Mapping[PersonId, Desk]) -> None:
    await store.save_all([Plan(person=each.person, version=desks[each.person].version, put=(each,)) for each in held])


async def _begins_all(store: PostgresStore, _: Pool, held: Sequence[Planned], desks: Mapping[PersonId, Desk]) -> None:
    await store.begin_all([Beginning(each, desks[each.person], None, None) for each in held], UUID(int=1))


async def _settles_all(store: PostgresStore, _: Pool, held: Sequence[Planned], __: Mapping[PersonId, Desk]) -> None:
    await store.settle_all([(each, End(state="sent")) for each in held], UUID(int=1))


async def _parts(_: PostgresStore, pool: Pool, held: Sequence[Planned], __: Mapping[PersonId, Desk]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await prompts.cancel_couple(connection, THE_TWO, [each.person for each in held])


@pytest.mark.parametrize(
    ("table", "many"),
    [
        *(("desk", _saves_all), ("desk", _begins_all), ("desk", _parts)),
        *(("prompt", _saves_all), ("prompt", _settles_all), ("prompt", _parts)),
    ],
)
async def test_whoever_changes_many_takes_them_in_the_order_of_their_people(
    store: PostgresStore, pool: Pool, table: str, many: Many
) -> None:
    """So no two wait for each other. Somebody holds the middle one: those before it are taken, and none behind it."""
    people, middle = sorted(MANY), len(MANY) // 2
    held: list[Planned] = []
    # They lie in the tables the other way about, and come so.
    for person in reversed(people):
        await put(store, planned(person))
        held += await store.claim(NOON, UUID(int=1), NOON + MINUTE, 1)
    desks = await store.desks(people, NOON)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SELECT FROM {table} WHERE person_id = $1 FOR UPDATE", people[middle])
        coming = asyncio.create_task(many(store, pool, held, desks))
        await waits(pool, coming)
        async with pool.acquire() as other, other.transaction():
            free = await other.fetch(f"SELECT person_id FROM {table} ORDER BY person_id FOR UPDATE SKIP LOCKED")
    await coming
    assert [row["person_id"] for row in free] == people[middle + 1 :]


async def waits(pool: Pool, task: "asyncio.Task[Any]") -> None:
    """Until this task waits for what somebody else has locked."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(PATIENCE_S):
        while not await pool.fetchval(asked):
            assert not task.done()
            await asyncio.sleep(0.01)


async def test_p9_what_begins_while_the_two_part_does_not_begin(store: PostgresStore, pool: Pool) -> None:
    await put(store, planned())
    [held] = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
    desk = await desk_of(store)
    async with pool.acquire() as connection, connection.transaction():
        await prompts.cancel_couple(connection, THE_TWO, [BEN, MANY[0]])
        beginning = asyncio.create_task(store.begin(held, desk, entry(held), None, UUID(int=1)))
        await waits(pool, beginning)
    assert not await beginning
    assert (await desk_of(store)).ledger == ()


async def test_p9_a_plan_that_is_stored_while_the_two_part_is_not_stored(store: PostgresStore, pool: Pool) -> None:
    await put(store, planned())
    async with pool.acquire() as connection, connection.transaction():
        await prompts.cancel_couple(connection, THE_TWO, [BEN])
        saving = asyncio.create_task(store.save(Plan(person=BEN, version=1, put=(planned(slot="b"),))))
        await waits(pool, saving)
    assert not await saving
    assert (await desk_of(store)).planned == ()


# Erasing


async def rows_of(pool: Pool, person: PersonId) -> dict[str, int]:
    counted = {
        table: await pool.fetchval(f"SELECT count(*) FROM {table} WHERE person_id = $1", person) for table in TABLES
    }
    return {table: count for table, count in counted.items() if count}


@pytest.mark.parametrize("what", ["paces", "arrived"])
async def test_a_row_that_cannot_be_read_holds_up_nobody_else(
    store: PostgresStore, pool: Pool, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    await put(store, planned(BEN), planned(MANY[0]))
    if what == "paces":
        await pool.execute("UPDATE desk SET paces = 'quince'::bytea WHERE person_id = $1", BEN)
    else:
        await pool.execute("UPDATE prompt SET arrived = 'quince'::bytea WHERE person_id = $1", BEN)
    kept = await store.desks([BEN, MANY[0]], NOON)
    # Of one prompt that cannot be read its person's others are planned all the same.
    assert kept.keys() == ({MANY[0]} if what == "paces" else {BEN, MANY[0]})
    assert BEN not in kept or kept[BEN].planned == ()
    claimed = await store.claim(NOON, uuid4(), NOON + MINUTE, 10)
    assert MANY[0] in {each.person for each in claimed}
    assert "quince" not in caplog.text

    scene = Scene(PostgresGround(pool))
    await scene.at(NOON + 2 * MINUTE)
    ends = await pool.fetch("SELECT person_id, state FROM prompt WHERE state NOT IN ('planned', 'claimed')")
    dropped = set() if what == "paces" else {(BEN, "dropped")}
    assert {(each["person_id"], each["state"]) for each in ends if each["person_id"] == BEN} == dropped
    assert MANY[0] in {each["person_id"] for each in ends}


async def with_everything(ground: PostgresGround, person: PersonId) -> Planned:
    """Somebody with a row in every table, and one prompt that a worker holds."""
    await put(ground.store, planned(person), planned(person, "b", prompt=own("space_ended", due=NOON + MINUTE)))
    await ground.put_news(news(person))
    await ground.pool.execute("INSERT INTO waking (person_id, look_at) VALUES ($1, $2)", person, NOON)
    [held] = await ground.store.claim(NOON, UUID(int=1), NOON + MINUTE, 1)
    assert await ground.store.begin(held, await desk_of(ground.store, person), entry(held), None, UUID(int=1))
    assert set(await rows_of(ground.pool, person)) == set(TABLES)
    return held


async def test_l10_of_who_is_forgotten_no_row_is_left_and_of_others_all(ground: PostgresGround, pool: Pool) -> None:
    held = await with_everything(ground, BEN)
    await put(ground.store, planned(MANY[0]))
    await ground.put_news(news(MANY[0]))
    async with pool.acquire() as connection, connection.transaction():
        await prompts.forget_person(connection, BEN)
    assert await rows_of(pool, BEN) == {}
    assert await rows_of(pool, MANY[0]) == {"outbox": 1, "desk": 1, "prompt": 1}
    assert not await ground.store.settle(held, UUID(int=1), End(state="planned", due=NOON))
    assert await rows_of(pool, BEN) == {}


Late = Callable[[PostgresStore, Planned, Desk], Awaitable[bool]]


async def _saves(store: PostgresStore, _: Planned, desk: Desk) -> bool:
    return await store.save(Plan(person=BEN, version=desk.version, put=(planned(slot="z"),)))


async def _begins(store: PostgresStore, held: Planned, desk: Desk) -> bool:
    return await store.begin(held, desk, None, None, UUID(int=1))


async def _settles(store: PostgresStore, held: Planned, _: Desk) -> bool:
    return await store.settle(held, UUID(int=1), End(state="planned", due=NOON))


@pytest.mark.parametrize("late", [_saves, _begins, _settles])
async def test_l10_whoever_comes_late_to_a_desk_that_is_being_erased_leaves_nothing(
    ground: PostgresGround, pool: Pool, late: Late
) -> None:
    held = await with_everything(ground, BEN)
    desk = await desk_of(ground.store)
    async with pool.acquire() as connection, connection.transaction():
        await prompts.forget_person(connection, BEN)
        coming = asyncio.create_task(late(ground.store, held, desk))
        await waits(pool, coming)
    assert not await coming
    assert await rows_of(pool, BEN) == {}


async def test_l10_what_somebody_stores_just_before_a_desk_is_erased_goes_with_it(
    ground: PostgresGround, pool: Pool
) -> None:
    await put(ground.store, planned())

    async def erases() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await prompts.forget_person(connection, BEN)

    async with pool.acquire() as connection, connection.transaction():
        within = PostgresStore(cast("Pool", connection))
        assert await within.save(Plan(person=BEN, version=1, put=(planned(slot="b"),)))
        erasing = asyncio.create_task(erases())
        await waits(pool, erasing)
    await erasing
    assert await rows_of(pool, BEN) == {}


async def test_l10_a_first_plan_that_comes_while_the_account_is_deleted_leaves_nothing(
    ground: PostgresGround, pool: Pool
) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM person WHERE person_id = $1 FOR UPDATE", BEN)
        coming = asyncio.create_task(ground.store.save(Plan(person=BEN, version=0, put=(planned(),), next_at=NOON)))
        await waits(pool, coming)
        await prompts.forget_person(connection, BEN)
        await connection.execute("DELETE FROM person WHERE person_id = $1", BEN)
    assert await coming
    assert await rows_of(pool, BEN) == {}


async def test_news_for_nobody_are_taken_away_and_keep_nobody_waiting(ground: PostgresGround, pool: Pool) -> None:
    nobody = PersonId(uuid4())
    left = news(nobody)
    await ground.put_news(left)
    assert await ground.store.save(Plan(person=nobody, version=0, seen=(left.id,), put=(planned(nobody),)))
    assert await rows_of(pool, nobody) == {}
    assert await ground.store.waiting(NOON, 9) == []


# What it costs


async def test_each_question_is_one_statement_and_desks_are_two_however_many(
    ground: PostgresGround, statements: list[str]
) -> None:
    store = ground.store
    costs: dict[str, int] = {}

    async def counted(name: str, asking: Awaitable[Any]) -> Any:
        statements.clear()
        answer = await asking
        # A connection asks once which type it is that it has not met before.
        costs[name] = len([each for each in statements if "pg_catalog" not in each and "'jit'" not in each])
        return answer

    await counted("put_news", ground.put_news(*(news(person) for person in MANY)))
    waiting = await counted("waiting", store.waiting(NOON, 500))
    desks = await counted("desks", store.desks(waiting, NOON))
    assert len(desks) == len(MANY)
    seen = tuple(each.id for each in desks[MANY[0]].news)
    plan = Plan(person=MANY[0], version=0, put=(planned(MANY[0]), planned(MANY[0], "b")), cancel=(uuid4(),), seen=seen)
    assert await counted("save", store.save(plan))
    [held] = await counted("claim", store.claim(NOON, UUID(int=1), NOON + MINUTE, 500))
    desk = await desk_of(store, MANY[0])
    assert await counted("begin", store.begin(held, desk, entry(held), None, UUID(int=1)))
    assert await counted("settle", store.settle(held, UUID(int=1), End(state="sent")))
    plans = [Plan(person=person, version=0, put=(planned(person),)) for person in MANY[1:]]
    assert len(await counted("save all", store.save_all(plans))) == len(plans)
    held = await store.claim(NOON, UUID(int=1), NOON + MINUTE, 500)
    desks = await store.desks([each.person for each in held], NOON)
    beginnings = [Beginning(each, desks[each.person], entry(each), Pace()) for each in held]
    assert len(await counted("begin all", store.begin_all(beginnings, UUID(int=1)))) == len(MANY)
    ends = [(each, End(state="sent")) for each in held]
    assert len(await counted("settle all", store.settle_all(ends, UUID(int=1)))) == len(MANY)
    assert costs == {"desks": 2} | dict.fromkeys(
        ("put_news", "waiting", "save", "claim", "begin", "settle", "save all", "begin all", "settle all"), 1
    )


async def rows_read(connection: asyncpg.Connection, statement: str, types: str, *given: str) -> Counter[str]:
    """How many rows of each table are looked at, under the plan that every connection of ours makes."""
    await connection.execute(f"PREPARE asked ({types}) AS {statement}")
    try:
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({', '.join(given)})")
    finally:
        await connection.execute("DEALLOCATE asked")
    read = Counter[str]()

    def look(node: dict[str, Any]) -> None:
        if "Relation Name" in node and node["Node Type"] != "ModifyTable":
            per_loop = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            per_loop += node.get("Rows Removed by Index Recheck", 0)
            read[node["Relation Name"]] += round(per_loop * node["Actual Loops"])
        for each in node.get("Plans", ()):
            look(each)

    look(json.loads(found)[0]["Plan"])
    return read


async def a_crowd(connection: asyncpg.Connection, people: int, *, looked_at: timedelta, busy: int = 5_000) -> None:
    """So many people with a desk, of whom some have something planned, sent, told and new, all before or after noon."""
    await connection.execute(
        "CREATE TEMPORARY TABLE crowd ON COMMIT DROP AS SELECT n, gen_random_uuid() AS person_id"
        " FROM generate_series(1, $1::integer) n",
        people,
    )
    at = NOON + looked_at
    await connection.execute("INSERT INTO desk SELECT person_id, 1, '{}', $1 FROM crowd", at)
    await connection.execute("DELETE FROM crowd WHERE n > $1", busy)
    await connection.execute(
        "INSERT INTO outbox SELECT gen_random_uuid(), gen_random_uuid(), person_id, NULL, NULL, gen_random_uuid(), $1"
        " FROM crowd",
        at,
    )
    for state, due in (("planned", at), ("sent", NOON - DAY), ("dropped", NOON - DAY)):
        await connection.execute(
            "INSERT INTO prompt SELECT person_id, gen_random_uuid(), $1, 'space_ended', NULL, NULL, '[]', $2, $2, $1,"
            " 0, false FROM crowd",
            state,
            due,
        )
    await connection.execute(
        "INSERT INTO prompt_ledger SELECT person_id, gen_random_uuid(), '{letter_arrived}', '2027-01-01', $1,"
        " ARRAY[gen_random_uuid()], 'x' FROM crowd, generate_series(1, 2)",
        NOON - 40 * DAY,
    )
    await connection.execute("ANALYZE desk, prompt, prompt_ledger, outbox")


async def test_to_begin_and_to_settle_looks_at_nobody_elses(
    ground: PostgresGround, connection: asyncpg.Connection
) -> None:
    two = MANY[:2]
    await put(ground.store, *(planned(person) for person in two))
    held = await ground.store.claim(NOON, UUID(int=1), NOON + MINUTE, 9)
    await a_crowd(connection, 10_000, looked_at=DAY)
    whose, what = (f"'{{{', '.join(map(str, those))}}}'" for those in (two, [_of(person, held).id for person in two]))
    asked = "uuid, uuid[], uuid[], bigint[], text[], bytea[], text[], date[], timestamptz[], text[], text[]"
    asked += ", text[]"
    none = "'{NULL, NULL}'"
    begins = ("'{1, 1}'", "'{claimed, claimed}'", *[none] * 7)
    read = await rows_read(connection, BEGIN, asked, f"'{UUID(int=1)}'", whose, what, *begins)
    assert read == {"desk": 4, "prompt": 2}, "each desk is held, and counted up"
    ends = ("'{sent, sent}'", none, none)
    asked = "uuid, uuid[], uuid[], text[], timestamptz[], text[]"
    assert await rows_read(connection, SETTLE, asked, f"'{UUID(int=1)}'", whose, what, *ends) == {"prompt": 4}


def _of(person: PersonId, held: Sequence[Planned]) -> Planned:
    return next(each for each in held if each.person == person)


NOW = f"'{NOON.isoformat()}'"
CLAIMED_UNTIL = f"'{UUID(int=1)}', '{(NOON + MINUTE).isoformat()}'"


async def test_whoever_is_looked_at_later_is_not_read(ground: PostgresGround, connection: asyncpg.Connection) -> None:
    """Of 100,000 people of whom one is due nobody else's row is looked at."""
    await put(ground.store, planned())
    await ground.store.save(Plan(person=BEN, version=1, next_at=NOON))
    await a_crowd(connection, 100_000, looked_at=timedelta(seconds=1))
    await connection.execute("DELETE FROM outbox")
    read = await rows_read(connection, WAITING, "timestamptz, bigint", NOW, "500")
    assert read["desk"] == 1
    read = await rows_read(connection, CLAIM, "timestamptz, uuid, timestamptz, bigint", NOW, CLAIMED_UNTIL, "500")
    assert read["prompt"] == 2, "the one that is due: found, and changed"


async def test_of_a_backlog_no_more_is_read_than_is_taken(connection: asyncpg.Connection) -> None:
    await a_crowd(connection, 10_000, looked_at=-timedelta(seconds=1))
    read = await rows_read(connection, WAITING, "timestamptz, bigint", NOW, "50")
    assert read == {"desk": 50, "outbox": 50}
    read = await rows_read(connection, CLAIM, "timestamptz, uuid, timestamptz, bigint", NOW, CLAIMED_UNTIL, "50")
    assert read == {"prompt": 100}


async def test_desks_are_read_without_anybody_elses_and_without_what_is_over(
    ground: PostgresGround, connection: asyncpg.Connection
) -> None:
    held = await with_everything(ground, BEN)
    await a_crowd(connection, 10_000, looked_at=DAY)
    await connection.execute(
        "INSERT INTO prompt SELECT $1, gen_random_uuid(), 'sent:' || n, 'own_step', NULL, NULL, '[]', $2, $2, 'sent',"
        " 0, true FROM generate_series(1, 400) n",
        BEN,
        NOON - DAY,
    )
    ben = f"'{{{BEN}}}'"
    read = await rows_read(connection, ON_DESKS, "uuid[]", ben)
    assert read == {"desk": 1, "prompt": 2, "outbox": 1}
    old = f"'{(NOON - 31 * DAY).isoformat()}'"
    twice, named = f"'{{{BEN}, {BEN}}}'", f"'{{{record(1)}, {record(2)}}}'"
    read = await rows_read(connection, LEDGERS, "uuid[], timestamptz, uuid[], uuid[]", ben, old, twice, named)
    assert read["prompt_ledger"] <= 2, "the recent one, by its time and by its record"
    assert held.person == BEN
