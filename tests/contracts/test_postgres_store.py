"""What only PostgreSQL can show: sealed bytes, rows that were tampered with, statements counted, and races."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from api.postgres import Pool
from domain.ids import RecordId
from sync import rxdb, service, space_store, store
from sync.bodies import packed
from sync.memory import MemoryStore
from sync.ports import Caller, Wanted
from sync.rxdb import PushedRow
from sync.sealing import keyed_id
from sync.service import Answer, BusyError, SpaceLockedError, UnknownRecordError
from sync.store import PostgresStore
from sync.wire import Change, RecordView, SyncRequest
from tests.contracts.grounds import PostgresGround, pair_on
from tests.pair import NOON, HeldKeys, Pair, change

CANARIES = ("CANARYTEXT", "CANARYTITLE", "CANARYNOTE", "CANARYOTHER", "CANARYREFUSED", "kindness_to_self")


@pytest.fixture
def ground(pool: Pool) -> PostgresGround:
    return PostgresGround(pool, HeldKeys())


@pytest.fixture
async def pair(ground: PostgresGround) -> Pair:
    return await pair_on(ground)


async def sync(pair: Pair, who: Caller, *changes: Change, cursor: str | None = None, limit: int = 500) -> Answer:
    request = SyncRequest(schema=1, cursor=cursor, limit=limit, changes=list(changes))
    return await service.sync(pair.store, pair.keys, who, request, NOON, uuid4)


def check_in(pair: Pair, identity: UUID | None = None, **values: Any) -> Change:
    return change("check_in", identity or uuid4(), {"local_date": "2026-11-23", **values})


def opened(pair: Pair, **values: Any) -> dict[str, Any]:
    return {"audience": str(pair.couple), "shared_parts": ["text"], **values}


async def records(ground: PostgresGround, pair: Pair) -> list[Any]:
    spaces = [pair.space, pair.ana.personal, pair.ben.personal]
    rows: list[Any] = await ground.pool.fetch(
        "SELECT * FROM record WHERE space_id = ANY($1) ORDER BY space_id, version", spaces
    )
    return rows


# At rest -------------------------------------------------------------------------------------------------------


async def test_a_row_tells_that_one_person_says_the_same_again_and_neither_what_nor_who_else_says_so(
    ground: PostgresGround,
) -> None:
    """That is what is paid for finding proposed terms again: a keyed hash, of one person in one couple."""
    pair, others = await pair_on(ground), await pair_on(ground)
    saying = [(pair, pair.ana), (pair, pair.ana), (pair, pair.ben), (others, others.ana)]
    for whose, who in saying:
        said = {"goal": str(uuid4()), "title": "Walk on Sundays", "why": "To talk."}
        await whose.one(who.phone, change("goal_terms", uuid4(), said, couple=whose.couple))
    rows = [
        each["alike"] for one in (pair, others) for each in await records(ground, one) if each["kind"] == "goal_terms"
    ]
    first, again, his, elsewhere = rows
    assert first == again
    assert len({first, his, elsewhere}) == 3
    assert not [each for each in await records(ground, pair) if each["kind"] != "goal_terms" and each["alike"]]


async def test_nothing_that_was_written_is_plain_at_rest(ground: PostgresGround, pair: Pair) -> None:
    goal, step, own = uuid4(), uuid4(), uuid4()
    await pair.push(
        pair.ana.phone,
        change("goal", goal, {"notes": "CANARYNOTE"}, couple=pair.couple),
        change("step", step, {"goal": str(goal), "title": "CANARYTITLE."}, couple=pair.couple),
        check_in(pair, own, **opened(pair, text="CANARYTEXT.", needs=["rest"])),
        change("note_draft", uuid4(), {"for_what": "CANARYTEXT", "send": True, "for_couple": str(pair.couple)}),
    )
    await pair.one(
        pair.ben.phone, change("step", step, {"title": "CANARYOTHER."}, was={"title": ""}, base=1, couple=pair.couple)
    )
    await pair.one(
        pair.ana.phone, change("check_in", own, {"needs": ["kindness_to_self"]}, was={"needs": ["rest"]}, base=3)
    )
    await pair.one(pair.ben.phone, change("check_in", uuid4(), {"text": "CANARYREFUSED"}))
    entry = PushedRow({"id": str(uuid4()), "local_date": "2026-11-23", "text": "CANARYTEXT."})
    await rxdb.push(pair.store, pair.keys, pair.ana.phone, "check_in", [entry], schema=1, now=pair.now, new_epoch=uuid4)
    assert await ground.pool.fetchval("SELECT count(*) FROM shadow WHERE space_id = $1", pair.ana.personal) == 1
    for table in ("record", "revision", "shadow", "outcome", "space", "member"):
        dump = await ground.pool.fetch(f"SELECT to_jsonb(t)::text AS words, t.* FROM {table} t")
        raw = [bytes(value) for row in dump for value in row.values() if isinstance(value, bytes)]
        for canary in CANARIES:
            assert not any(canary in row["words"] for row in dump), table
            assert not any(canary.encode() in value for value in raw), table


async def test_a_date_that_groups_records_is_not_plain_either(ground: PostgresGround, pair: Pair) -> None:
    await pair.one(pair.ana.phone, check_in(pair))
    [family] = {row["family"] for row in await records(ground, pair) if row["kind"] == "check_in"}
    id_key = pair.keys.one(pair.ana.personal).id_key
    assert family == keyed_id(id_key, "check_in", "2026-11-23")
    assert family != keyed_id(pair.keys.one(pair.ben.personal).id_key, "check_in", "2026-11-23")


# Tampering (W4) ------------------------------------------------------------------------------------------------

TWO = "SELECT id, body, stamps FROM record WHERE space_id = $1 AND kind = $2 ORDER BY version"


async def _set_body(ground: PostgresGround, identity: UUID, body: bytes) -> None:
    await ground.pool.execute("UPDATE record SET body = $2 WHERE id = $1", identity, body)


async def swapped_within_a_space(ground: PostgresGround, pair: Pair) -> UUID:
    first, second, _ = await ground.pool.fetch(TWO, pair.ana.personal, "check_in")
    await _set_body(ground, first["id"], second["body"])
    return UUID(str(first["id"]))


async def swapped_between_spaces(ground: PostgresGround, pair: Pair) -> UUID:
    [first, *_] = await ground.pool.fetch(TWO, pair.ana.personal, "check_in")
    [shown, *_] = await ground.pool.fetch(TWO, pair.space, "shown_check_in")
    await _set_body(ground, first["id"], shown["body"])
    return UUID(str(first["id"]))


async def swapped_between_kinds(ground: PostgresGround, pair: Pair) -> UUID:
    [first, *_] = await ground.pool.fetch(TWO, pair.ana.personal, "check_in")
    [settings] = await ground.pool.fetch(TWO, pair.ana.personal, "settings")
    await _set_body(ground, first["id"], settings["body"])
    return UUID(str(first["id"]))


async def flipped(ground: PostgresGround, pair: Pair) -> UUID:
    [first, *_] = await ground.pool.fetch(TWO, pair.ana.personal, "check_in")
    body = bytearray(first["body"])
    body[-20] ^= 1
    await _set_body(ground, first["id"], bytes(body))
    return UUID(str(first["id"]))


async def renamed(ground: PostgresGround, pair: Pair) -> UUID:
    """A row that claims to be of another kind."""
    [first, *_] = await ground.pool.fetch(TWO, pair.ana.personal, "check_in")
    await ground.pool.execute("UPDATE record SET kind = 'note_draft' WHERE id = $1", first["id"])
    return UUID(str(first["id"]))


Tampering = Callable[[PostgresGround, Pair], Awaitable[UUID]]


@pytest.mark.parametrize(
    "tampering", [swapped_within_a_space, swapped_between_spaces, swapped_between_kinds, flipped, renamed]
)
async def test_a_row_that_does_not_open_is_left_out_and_counted(
    ground: PostgresGround, pair: Pair, tampering: Tampering
) -> None:
    for text in ("One.", "Two.", "Three."):
        await pair.one(pair.ana.phone, check_in(pair, **opened(pair, text=text)))
    before = await sync(pair, pair.ana.phone)
    broken = await tampering(ground, pair)
    count = ground.store.unopened_total
    answer = await sync(pair, pair.ana.phone)
    assert ground.store.unopened_total == count + 1
    assert {view.id for view in views(before)} - {view.id for view in views(answer)} == {broken}
    assert answer.response.gone == []
    assert answer.response.cursor == before.response.cursor, "a bad row does not come again for ever"
    assert {view.version for view in views(answer)} | {2} == {view.version for view in views(before)} | {2}


def views(answer: Answer) -> list[RecordView]:
    return [msgspec.json.decode(bytes(raw), type=RecordView) for raw in answer.response.records]


async def test_what_does_not_open_is_not_written_over_and_the_words_come_back(
    ground: PostgresGround, pair: Pair
) -> None:
    identity = uuid4()
    await pair.one(pair.ana.phone, check_in(pair, identity, text="One."))
    for _ in range(2):
        await pair.one(pair.ana.phone, check_in(pair, text="Other."))
    await flipped(ground, pair)
    body = await ground.pool.fetchval("SELECT body FROM record WHERE id = $1", identity)
    came = await pair.one(pair.ana.phone, change("check_in", identity, {"text": "Two."}, was={"text": "One."}, base=2))
    assert (came.status, came.code) == ("refused", "closed")
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"text": "Two."}]
    assert await ground.pool.fetchval("SELECT body FROM record WHERE id = $1", identity) == body


async def test_altered_stamps_do_not_open(ground: PostgresGround, pair: Pair) -> None:
    identity = uuid4()
    await pair.one(pair.ana.phone, check_in(pair, identity))
    await ground.pool.execute("UPDATE record SET stamps = $2 WHERE id = $1", identity, packed({}) + b"0" * 40)
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[RecordId(identity)]))
    assert (loaded.records, loaded.unreadable) == ({}, {(pair.ana.personal, identity)})


async def test_a_revision_that_does_not_open_is_left_out_of_history_and_scope(
    ground: PostgresGround, pair: Pair
) -> None:
    identity = uuid4()
    await pair.one(pair.ana.phone, check_in(pair, identity, text="One."))
    await pair.one(pair.ana.phone, change("check_in", identity, {"text": "Two."}, was={"text": "One."}, base=2))
    await ground.pool.execute("UPDATE revision SET body = $2 WHERE record_id = $1", identity, b"\x01\x00" + b"0" * 40)
    key = (pair.ana.personal, RecordId(identity))
    assert (await pair.store.history(pair.ana.phone, [key], [])).texts == {key: frozenset()}
    scope = await pair.store.scope(pair.ana.phone, RecordId(identity))
    assert [revision.values for revision in scope.revisions] == [()]


async def test_a_record_whose_key_is_lost_opens_for_no_purge(ground: PostgresGround, pair: Pair) -> None:
    identity = uuid4()
    await pair.one(pair.ana.phone, check_in(pair, identity, text="One."))
    pair.keys.lost.add(pair.ana.personal)
    scope = await pair.store.scope(pair.ana.phone, RecordId(identity))
    assert scope.records == ()
    with pytest.raises(UnknownRecordError):
        await service.purge(pair.store, pair.keys, pair.ana.phone, "check_in", RecordId(identity), NOON)
    with pytest.raises(SpaceLockedError):
        await pair.one(pair.ana.phone, check_in(pair))


# Statements ----------------------------------------------------------------------------------------------------


def told_apart(statements: list[str]) -> list[str]:
    names = {
        store.LOAD: "load",
        store.SAVE: "save",
        store.SAVE_RAISED: "save raised",
        store.RAISE_HEAD: "raise",
        store.CHANGED_SINCE: "pull",
        store.HISTORY: "history",
        "BEGIN;": "begin",
        "COMMIT;": "commit",
    }
    return [names.get(each, each) for each in statements]


async def test_a_pull_is_one_statement(pair: Pair, statements: list[str]) -> None:
    answer = await sync(pair, pair.ana.phone)
    statements.clear()
    await sync(pair, pair.ana.phone, cursor=answer.response.cursor)
    assert told_apart(statements) == ["pull"]


async def test_a_push_into_one_space_is_two_statements_with_its_answer(pair: Pair, statements: list[str]) -> None:
    answer = await sync(pair, pair.ana.phone)
    statements.clear()
    pushed = await sync(pair, pair.ana.phone, check_in(pair, text="One."), cursor=answer.response.cursor)
    assert told_apart(statements) == ["load", "save"]
    assert [view.fields["text"] for view in views(pushed)] == ["One."]
    statements.clear()
    nothing_new = await sync(pair, pair.ana.phone, cursor=pushed.response.cursor)
    assert views(nothing_new) == []


async def test_a_push_from_behind_pulls_what_it_missed_in_one_more(pair: Pair, statements: list[str]) -> None:
    await sync(pair, pair.ana.tablet, check_in(pair))
    statements.clear()
    answer = await sync(pair, pair.ana.phone, check_in(pair))
    assert told_apart(statements) == ["load", "save", "pull"]
    assert len([view for view in views(answer) if view.kind == "check_in"]) == 2


async def test_a_refusal_looks_once_at_the_past_before_it_keeps_words_and_not_at_all_without_any(
    pair: Pair, statements: list[str]
) -> None:
    await sync(pair, pair.ana.phone)
    for text, before in (("One.", ["load", "history", "save", "pull"]), (None, ["load", "save", "pull"])):
        refused = [check_in(pair, text=text, valence=9) for _ in range(3)]
        statements.clear()
        answer = await sync(pair, pair.ana.phone, *refused)
        assert {outcome.code for outcome in answer.response.outcomes} == {"invalid"}
        assert told_apart(statements) == before


async def test_a_push_with_a_window_is_one_transaction(pair: Pair, statements: list[str]) -> None:
    answer = await sync(pair, pair.ana.phone)
    statements.clear()
    await sync(pair, pair.ana.phone, check_in(pair, **opened(pair, text="One.")), cursor=answer.response.cursor)
    assert told_apart(statements) == ["load", "begin", "raise", "raise", "save raised", "commit"]


async def test_a_retry_of_what_is_settled_saves_nothing(pair: Pair, statements: list[str]) -> None:
    made = check_in(pair, text="One.")
    answer = await sync(pair, pair.ana.phone, made)
    statements.clear()
    again = await sync(pair, pair.ana.phone, made, cursor=answer.response.cursor)
    assert told_apart(statements) == ["load"]
    assert [outcome.status for outcome in again.response.outcomes] == ["duplicate"]
    assert again.moved == {}


# Races ---------------------------------------------------------------------------------------------------------


async def patiently(pair: Pair, who: Caller, *changes: Change) -> None:
    """Push as a device does: a busy server is asked again."""
    for _ in range(50):
        try:
            await pair.push(who, *changes)
        except BusyError:
            continue
        return
    pytest.fail("never served")


async def test_twenty_pushes_at_once_are_each_applied_once_under_versions_without_gaps(
    ground: PostgresGround, pair: Pair
) -> None:
    goal = str(uuid4())
    devices = (pair.ana.phone, pair.ana.tablet, pair.ben.phone, pair.ben.tablet)
    made = [
        change("step", uuid4(), {"goal": goal, "title": f"Step {number}."}, couple=pair.couple) for number in range(20)
    ]
    await asyncio.gather(*(patiently(pair, devices[number % 4], each) for number, each in enumerate(made)))
    rows = [row for row in await records(ground, pair) if row["space_id"] == pair.space]
    assert sorted(row["version"] for row in rows) == list(range(1, 21))
    assert {row["id"] for row in rows} == {each.id for each in made}
    page = await pair.page(pair.ben)
    assert page.spaces[pair.space].head == 20


async def test_one_device_that_sends_the_same_push_eight_times_at_once_is_applied_once(pair: Pair) -> None:
    made = check_in(pair, text="One.")
    await asyncio.gather(*(patiently(pair, pair.ana.phone, made) for _ in range(8)))
    assert len(await pair.of_kind(pair.ana, "check_in")) == 1
    assert (await pair.page(pair.ana)).spaces[pair.ana.personal].head == 2


async def test_windows_of_both_opened_at_once_neither_deadlock_nor_lose_one(pair: Pair) -> None:
    made = {
        who: [check_in(pair, **opened(pair, text=f"{number}.")) for number in range(5)]
        for who in (pair.ana.phone, pair.ben.phone)
    }
    await asyncio.gather(*(patiently(pair, who, each) for who, changes in made.items() for each in changes))
    assert len(await pair.of_kind(pair.ana, "shown_check_in")) == 10


async def test_edits_of_one_text_from_many_sides_at_once_lose_no_word(pair: Pair) -> None:
    goal, step = uuid4(), uuid4()
    await pair.one(pair.ana.phone, change("step", step, {"goal": str(goal), "title": "Start."}, couple=pair.couple))
    devices = (pair.ana.phone, pair.ana.tablet, pair.ben.phone, pair.ben.tablet)
    made = [
        change("step", step, {"title": f"Start. {name}."}, was={"title": "Start."}, base=1, couple=pair.couple)
        for name in ("Ana", "Abe", "Ben", "Bea")
    ]
    await asyncio.gather(*(patiently(pair, who, each) for who, each in zip(devices, made, strict=True)))
    record = await pair.look(pair.ana, step)
    assert all(name in record.fields["title"] for name in ("Ana", "Abe", "Ben", "Bea"))


async def test_a_push_that_meets_a_closing_is_stored_before_it_or_not_at_all(
    ground: PostgresGround, pair: Pair
) -> None:
    made = [check_in(pair, **opened(pair, text=f"{number}.")) for number in range(6)]
    pushes = [patiently(pair, pair.ana.phone, each) for each in made]
    await asyncio.gather(*pushes[:3], ground.close(pair.space), *pushes[3:])
    shown = [row for row in await records(ground, pair) if row["kind"] == "shown_check_in"]
    assert all(row["gone"] for row in shown), "nothing is shown in a closed space"
    assert len(await pair.of_kind(pair.ana, "check_in")) == 6


# What the accounts part does -----------------------------------------------------------------------------------


async def test_a_deposit_of_the_same_thing_at_the_same_instant_is_one(ground: PostgresGround, pair: Pair) -> None:
    keys = pair.keys.one(pair.ana.personal)
    fields = {"code": "space_ended", "about": None, "field": None, "on": "2026-11-23"}
    for now in (NOON, NOON, NOON + timedelta(seconds=1)):
        async with ground.pool.acquire() as connection, connection.transaction():
            await space_store.deposit(connection, keys, pair.ana.personal, pair.ana.person, "notice", fields, now)
    notices = await pair.of_kind(pair.ana, "notice")
    assert [each.fields for each in notices] == [fields, fields]


async def test_a_personal_space_begins_with_settings_and_one_member(ground: PostgresGround, pair: Pair) -> None:
    someone = pair_of_nobody(ground)
    async with ground.pool.acquire() as connection, connection.transaction():
        keys = pair.keys.one(someone.ana.personal)
        await service.found_personal_space(connection, keys, someone.ana.personal, someone.ana.person, NOON)
    [settings] = await someone.of_kind(someone.ana, "settings")
    assert settings.fields["zone"] == "UTC"
    assert (settings.version, settings.author) == (1, someone.ana.person)


def pair_of_nobody(ground: PostgresGround) -> Pair:
    return Pair(ground.store, ground.keys)


async def test_one_space_gets_a_new_life_by_itself(ground: PostgresGround, pair: Pair) -> None:
    before = (await pair.page(pair.ana)).spaces
    async with ground.pool.acquire() as connection:
        assert await space_store.bump_epoch(connection, uuid4(), pair.ana.personal)
        assert not await space_store.bump_epoch(connection, uuid4(), pair_of_nobody(ground).space)
    after = (await pair.page(pair.ana)).spaces
    assert [life.epoch for life in after[pair.ana.personal].lives] == [before[pair.ana.personal].epoch]
    assert after[pair.ana.personal].epoch != before[pair.ana.personal].epoch
    assert after[pair.space].epoch == before[pair.space].epoch


async def test_a_letter_is_given_and_a_purge_of_it_leaves_nothing_with_its_writer(
    ground: PostgresGround, pair: Pair
) -> None:
    draft = uuid4()
    await pair.one(pair.ana.phone, change("note_draft", draft, {"for_what": "CANARY one."}))
    send = {"for_what": "CANARY two.", "send": True, "for_couple": str(pair.couple)}
    await pair.one(pair.ana.phone, change("note_draft", draft, send, was={"for_what": "CANARY one."}, base=2))
    [letter] = await pair.of_kind(pair.ben, "note")
    assert await ground.pool.fetchval("SELECT count(*) FROM revision WHERE record_id = $1", draft) == 1
    await service.purge(pair.store, pair.keys, pair.ana.phone, "note", letter.id, NOON)
    assert await ground.pool.fetchval("SELECT count(*) FROM revision WHERE record_id = $1", draft) == 0
    assert (await pair.look(pair.ben, letter.id)).fields["for_what"] == "CANARY two."


async def test_the_worker_finds_what_is_due_and_gives_it_once(ground: PostgresGround, pair: Pair) -> None:
    ready = {"for_what": "The soup.", "send": True, "for_couple": str(pair.couple)}
    await pair.push(pair.ana.phone, *(change("note_draft", uuid4(), ready) for _ in range(11)))
    tomorrow = NOON + timedelta(days=1)
    assert await space_store.due(ground.pool, NOON, 100) == []
    [waiting] = await space_store.due(ground.pool, tomorrow, 100)
    assert (waiting.space, waiting.author) == (pair.ana.personal, pair.ana.person)
    gave = [service.give_due(pair.store, pair.keys, pair.ana.phone, waiting.id, tomorrow) for _ in range(2)]
    moved = await asyncio.gather(*gave)
    assert sorted(len(each) for each in moved) == [0, 2]
    assert len(await pair.of_kind(pair.ben, "note")) == 11
    assert await space_store.due(ground.pool, tomorrow, 100) == []


def test_the_memory_store_and_postgres_answer_the_same_questions() -> None:
    asked = {name for name in vars(service.Store) if not name.startswith("_")}
    assert asked <= set(vars(MemoryStore)) & set(vars(PostgresStore))
