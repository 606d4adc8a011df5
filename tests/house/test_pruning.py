"""What has had its time is forgotten in bounded rounds; what has not stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from api import pruning
from api.postgres import Pool
from api.pruning import (
    CODES_KEPT,
    LET_GO_KEPT,
    OUTCOMES_KEPT,
    OWED_KEPT,
    REMOVED_KEPT,
    REVISIONS_KEPT,
    SHADOWS_KEPT,
    TOMBSTONES_KEPT,
    prune,
)
from domain.ids import CoupleId, RecordId, SpaceId
from notifications.ports import LEDGER_KEPT, NEWS_KEPT, OVER_KEPT
from sync import service, space_store
from sync.store import PostgresStore
from tests.contracts.grounds import PostgresGround, pair_on
from tests.pair import HeldKeys, Pair, change

NOW = datetime(2041, 5, 1, 12, tzinfo=UTC)
"""Far from what other tests write, so that only rows of this file are old enough."""


async def outcomes(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO outcome VALUES ($1, $2, $3, $4, $5)", uuid4(), uuid4(), uuid4(), NOW - age, b"{}"
        )


async def revisions(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute("INSERT INTO revision VALUES ($1, $2, $3, $4, $5)", uuid4(), uuid4(), 1, NOW - age, b"{}")


async def shadows(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO shadow VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *(uuid4(), uuid4(), uuid4()),
            *("step", 1, NOW - age, b"{}"),
        )


async def debts(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO owed VALUES ($1, $2, $3, $4, $5, $6)", uuid4(), uuid4(), "step", "a", 1, NOW - age
        )


async def prompts(pool: Pool, state: str, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO prompt VALUES ($1, $2, 'a', 'own_step', NULL, NULL, '[]', $3, $3, $4, 0, true, $5, $6)",
            *(uuid4(), uuid4(), NOW - age, state),
            *((uuid4(), NOW) if state == "claimed" else (None, None)),
        )


async def entries(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO prompt_ledger VALUES ($1, $2, '{own_step}', $3, $4, '{}', 'own_step.01')",
            *(uuid4(), uuid4(), NOW.date(), NOW - age),
        )


async def news(pool: Pool, *ages: timedelta) -> None:
    for age in ages:
        await pool.execute(
            "INSERT INTO outbox VALUES ($1, $2, $3, NULL, NULL, $4, $5)", uuid4(), uuid4(), uuid4(), uuid4(), NOW - age
        )


async def what_others_left_is_gone(pool: Pool) -> None:
    while (await prune(pool, NOW)).more:
        pass
    # And what this file's own tests wrote on that day.
    await pool.execute("DELETE FROM outcome WHERE settled_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM revision WHERE changed_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM shadow WHERE pushed_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM owed WHERE owed_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM prompt WHERE due_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM prompt_ledger WHERE sent_at > $1", NOW - timedelta(days=3650))
    await pool.execute("DELETE FROM outbox WHERE put_at > $1", NOW - timedelta(days=3650))


async def left(pool: Pool, table: str, column: str) -> int:
    count: int = await pool.fetchval(f"SELECT count(*) FROM {table} WHERE {column} > $1", NOW - timedelta(days=3650))
    return count


async def test_outcomes_go_after_ninety_days_and_revisions_after_thirty(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    second = timedelta(seconds=1)
    await outcomes(pool, OUTCOMES_KEPT + second, OUTCOMES_KEPT, timedelta())
    await revisions(pool, REVISIONS_KEPT + second, REVISIONS_KEPT, timedelta())

    await prune(pool, NOW)

    assert (await left(pool, "outcome", "settled_at"), await left(pool, "revision", "changed_at")) == (2, 2)


async def test_a_code_that_began_no_couple_goes_a_day_after_it_ran_out(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    second, couple = timedelta(seconds=1), uuid4()
    for expires_at, confirm_until, whose in (
        (NOW - CODES_KEPT - second, None, None),
        (NOW - CODES_KEPT, None, None),
        (NOW - CODES_KEPT - second, NOW - CODES_KEPT, None),
        (NOW - CODES_KEPT - second, NOW - CODES_KEPT - second, None),
        (NOW - CODES_KEPT - second, NOW - CODES_KEPT - second, couple),
    ):
        begun = confirm_until is not None
        await pool.execute(
            "INSERT INTO invitation VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $7, $8)",
            *(uuid4().bytes, uuid4(), expires_at, uuid4() if begun else None, uuid4() if begun else None),
            *(confirm_until, whose is not None, whose),
        )
    assert (await prune(pool, NOW)).codes == 2
    assert await left(pool, "invitation", "expires_at") == 3
    await pool.execute("DELETE FROM invitation WHERE expires_at > $1", NOW - timedelta(days=3650))


async def test_that_a_space_was_let_go_is_forgotten_when_nobody_holds_it_any_more(pool: Pool) -> None:
    person, there, gone = uuid4(), uuid4(), uuid4()
    long_ago = (NOW - LET_GO_KEPT - timedelta(days=1)).date()
    await pool.execute(
        "INSERT INTO person (person_id, space_id, joined_on) VALUES ($1, $2, $3)", person, gone, long_ago
    )
    async with pool.acquire() as connection, connection.transaction():
        await space_store.found_store(connection, uuid4())
        await space_store.found_space(connection, SpaceId(there), "couple", CoupleId(uuid4()), uuid4())
    for place, (space, when) in enumerate(
        ((there, long_ago), (gone, long_ago), (uuid4(), NOW.date() - LET_GO_KEPT), (uuid4(), None)), 1
    ):
        await pool.execute(
            "INSERT INTO person_space VALUES ($1, $2, $3, $4, $5)", *(person, space, uuid4(), place, when)
        )
    assert (await prune(pool, NOW)).let_go == 1
    rows = await pool.fetch("SELECT space_id FROM person_space WHERE person_id = $1", person)
    assert len(rows) == 3
    assert gone not in {row["space_id"] for row in rows}


async def test_what_a_client_library_has_submitted_goes_after_ninety_days(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    await shadows(pool, SHADOWS_KEPT + timedelta(seconds=1), SHADOWS_KEPT, timedelta())

    pruned = await prune(pool, NOW)

    assert (pruned.shadows, await left(pool, "shadow", "pushed_at")) == (1, 2)


async def test_what_devices_are_owed_goes_after_ninety_days(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    await debts(pool, OWED_KEPT + timedelta(seconds=1), OWED_KEPT, timedelta())

    pruned = await prune(pool, NOW)

    assert (pruned.owed, await left(pool, "owed", "owed_at")) == (1, 2)


async def test_why_a_prompt_was_not_sent_goes_after_31_days_and_what_was_sent_after_400(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    second = timedelta(seconds=1)
    for state in ("dropped", "cancelled", "dead"):
        await prompts(pool, state, OVER_KEPT + second, OVER_KEPT)
    await prompts(pool, "sent", LEDGER_KEPT + second, LEDGER_KEPT)
    for state in ("planned", "claimed"):
        await prompts(pool, state, LEDGER_KEPT + second)
    await entries(pool, LEDGER_KEPT + second, LEDGER_KEPT)

    pruned = await prune(pool, NOW)

    assert (pruned.prompts, pruned.sent_prompts, pruned.ledger) == (3, 1, 1)
    assert (await left(pool, "prompt", "due_at"), await left(pool, "prompt_ledger", "sent_at")) == (6, 1)
    await pool.execute("DELETE FROM prompt WHERE due_at > $1", NOW - timedelta(days=3650))


async def test_news_that_nobody_planned_for_two_days_are_forgotten(pool: Pool) -> None:
    await what_others_left_is_gone(pool)
    await news(pool, NEWS_KEPT + timedelta(seconds=1), NEWS_KEPT, timedelta())

    pruned = await prune(pool, NOW)

    assert (pruned.news, await left(pool, "outbox", "put_at")) == (1, 2)


async def test_one_round_takes_no_more_than_its_bound_and_says_that_there_is_more(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await what_others_left_is_gone(pool)
    monkeypatch.setattr(pruning, "ROWS_A_ROUND_MAX", 2)
    await outcomes(pool, *[OUTCOMES_KEPT + timedelta(days=1)] * 3)
    await prompts(pool, "dropped", *[OVER_KEPT + timedelta(days=1)] * 3)
    await prompts(pool, "sent", *[LEDGER_KEPT + timedelta(days=1)] * 3)
    await entries(pool, *[LEDGER_KEPT + timedelta(days=1)] * 3)
    await news(pool, *[NEWS_KEPT + timedelta(days=1)] * 3)

    rounds = [await prune(pool, NOW), await prune(pool, NOW)]

    for taken in ("outcomes", "news", "prompts", "sent_prompts", "ledger"):
        assert [getattr(each, taken) for each in rounds] == [2, 1]
    assert [each.more for each in rounds] == [True, False]


# Removed records and tombstones --------------------------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.fixture
async def ground(pool: Pool) -> PostgresGround:
    await what_others_left_is_gone(pool)
    return PostgresGround(pool, HeldKeys())


@pytest.fixture
async def pair(ground: PostgresGround) -> Pair:
    pair = await pair_on(ground)
    pair.now = NOW
    return pair


async def removed(pair: Pair, kind: str = "check_in") -> UUID:
    """A record that was made, changed and removed, now."""
    identity = uuid4()
    values = {
        "check_in": {"local_date": "2041-05-01", "text": "CANARY."},
        "step": {"goal": str(uuid4()), "title": "CANARY."},
    }
    couple = pair.couple if kind == "step" else None
    field = "text" if kind == "check_in" else "title"
    await pair.one(pair.ana.phone, change(kind, identity, values[kind], couple=couple))
    now = (await pair.look(pair.ana, identity)).version
    await pair.one(
        pair.ana.phone, change(kind, identity, {field: "More."}, was={field: "CANARY."}, base=now, couple=couple)
    )
    await pair.one(pair.ana.phone, change(kind, identity, remove=True, base=now + 1, couple=couple))
    return identity


@pytest.mark.parametrize("kind", ["check_in", "step"])
async def test_what_was_removed_is_wiped_after_thirty_days_for_every_device(pool: Pool, pair: Pair, kind: str) -> None:
    identity = await removed(pair, kind)
    before = await pair.look(pair.ana, identity)
    head = (await pair.page(pair.ana)).spaces[before.space].head
    submitted = (before.space, pair.ana.phone.device, identity, kind, 1, NOW + REMOVED_KEPT, b"{}")
    await pool.execute("INSERT INTO shadow VALUES ($1, $2, $3, $4, $5, $6, $7)", *submitted)

    assert (await prune(pool, NOW + REMOVED_KEPT)).removed == 0
    assert (await pair.look(pair.ana, identity)).removed
    assert (await prune(pool, NOW + REMOVED_KEPT + DAY)).removed == 1

    page = await pair.page(pair.ana, {before.space: head})
    assert [(row.id, row.gone, row.body, row.version) for row in page.rows if row.id == identity] == [
        (identity, True, None, head + 1)
    ]
    assert page.spaces[before.space].head == head + 1
    for table in ("revision", "shadow"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table} WHERE record_id = $1", identity) == 0
    assert (await prune(pool, NOW + REMOVED_KEPT + DAY)).removed == 0


async def test_versions_stay_dense_when_many_are_wiped(pool: Pool, pair: Pair) -> None:
    identities = [await removed(pair) for _ in range(5)]
    await prune(pool, NOW + REMOVED_KEPT + DAY)
    page = await pair.page(pair.ana)
    versions = sorted(row.version for row in page.rows if row.id in identities)
    assert versions == list(range(versions[0], versions[0] + 5))
    assert versions[-1] == page.spaces[pair.ana.personal].head


async def test_what_is_brought_back_in_time_stays(pool: Pool, pair: Pair) -> None:
    identity = await removed(pair)
    version = (await pair.look(pair.ana, identity)).version
    pair.now = NOW + 20 * DAY
    await pair.one(pair.ana.phone, change("check_in", identity, remove=False, base=version))
    assert (await prune(pool, NOW + 45 * DAY)).removed == 0
    assert (await pair.look(pair.ana, identity)).live


async def test_a_new_record_can_stand_where_one_was_wiped(pool: Pool, pair: Pair) -> None:
    shown = {"audience": str(pair.couple), "shared_parts": ["text"]}
    identity = uuid4()
    values = {"local_date": "2041-05-01", "text": "CANARY."} | shown
    await pair.one(pair.ana.phone, change("check_in", identity, values))
    version = (await pair.look(pair.ana, identity)).version
    await pair.one(pair.ana.phone, change("check_in", identity, remove=True, base=version))
    await prune(pool, NOW + REMOVED_KEPT + DAY)
    again = await pair.one(pair.ana.phone, change("check_in", identity, values | {"text": "Anew."}))
    assert again.status == "applied"
    [copy] = [each for each in await pair.of_kind(pair.ben, "shown_check_in") if not each.gone]
    assert copy.fields["text"] == "Anew."


async def test_tombstones_go_after_four_hundred_days_and_older_copies_are_taken_anew(pool: Pool, pair: Pair) -> None:
    identity = await removed(pair)
    buried_at = NOW + REMOVED_KEPT + DAY
    await prune(pool, buried_at)
    tombstone = await pair.look(pair.ana, identity)
    # Of this record: those of the other tests here go when their time comes.
    await prune(pool, buried_at + TOMBSTONES_KEPT)
    assert await pair.look(pair.ana, identity) == tombstone
    assert (await prune(pool, buried_at + TOMBSTONES_KEPT + DAY)).tombstones >= 1
    page = await pair.page(pair.ana)
    assert identity not in {row.id for row in page.rows}
    space = page.spaces[pair.ana.personal]
    assert (space.horizon, space.head) == (tombstone.version, tombstone.version)


async def test_a_letter_stays_its_receiver_s_when_the_tombstone_of_its_draft_is_forgotten(
    pool: Pool, pair: Pair
) -> None:
    """I20: the same id, used again for another draft, gives another letter."""
    draft = uuid4()
    words = {"for_what": "The soup.", "send": True, "for_couple": str(pair.couple)}
    await pair.one(pair.ana.phone, change("note_draft", draft, words))
    assert (await prune(pool, NOW + TOMBSTONES_KEPT + DAY)).tombstones >= 1
    pair.now = NOW + TOMBSTONES_KEPT + DAY
    await pair.one(pair.ana.phone, change("note_draft", draft, words | {"for_what": "Never mind."}))
    letters = await pair.of_kind(pair.ben, "note")
    assert sorted(each.fields["for_what"] for each in letters) == ["Never mind.", "The soup."]


async def test_a_record_that_is_made_in_a_tombstone_s_place_is_not_forgotten_with_it(pool: Pool, pair: Pair) -> None:
    identity = await removed(pair, "step")
    await prune(pool, NOW + REMOVED_KEPT + DAY)
    anew = change("step", identity, {"goal": str(uuid4()), "title": "Anew."}, couple=pair.couple)
    late = NOW + REMOVED_KEPT + TOMBSTONES_KEPT + 2 * DAY
    async with pool.acquire() as connection, connection.transaction():
        store = PostgresStore.within(connection, pair.keys)
        pushed = await service.push(store, pair.keys, pair.ben.phone, [anew], late, {}, uuid4)
        assert pushed.decisions.outcomes[0].status == "applied"
        forgetting = asyncio.create_task(prune(pool, late))
        async with asyncio.timeout(30):
            while not forgetting.done() and not await pool.fetchval(WAITS):  # noqa: ASYNC110 - another backend decides
                await asyncio.sleep(0.01)
    await forgetting
    assert (await pair.look(pair.ana, identity)).live


WAITS = """SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%forgotten%' AND pid <> pg_backend_pid()"""


async def test_a_purge_does_not_make_what_the_partner_wrote_younger(pair: Pair) -> None:
    """Else its date would tell the day of the purge, and it would be kept for longer."""
    goal, texts = uuid4(), ("Ana's.", "Ana's. Ben's.", "Ana's.")
    await pair.one(pair.ana.phone, change("goal", goal, {"notes": texts[0]}, couple=pair.couple))
    for was, notes in pairwise(texts):
        base = (await pair.look(pair.ben, goal)).version
        edit = change("goal", goal, {"notes": notes}, was={"notes": was}, base=base, couple=pair.couple)
        await pair.one(pair.ben.phone, edit)
    before = await service.revisions(pair.store, pair.ben.phone, "goal", RecordId(goal))
    await service.purge(pair.store, pair.keys, pair.ana.phone, "goal", RecordId(goal), NOW + 20 * DAY)
    after = await service.revisions(pair.store, pair.ben.phone, "goal", RecordId(goal))
    assert after.revisions
    assert {(each.version, each.on) for each in after.revisions} <= {
        (each.version, each.on) for each in before.revisions
    }
