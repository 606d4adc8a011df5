"""What a tenth review found: consent, leaving and closing, over HTTP. Each of these failed once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from api import withdrawal_store, withdrawing
from domain.ids import PersonId
from domain.kinds import KINDS
from tests import people
from tests.journeys.test_withdrawn_consents import SEEN, open_all, push, seen, withdraw
from tests.journeys.two import Two

DIARY = "I am ill and told nobody. " * 100


async def rxdb(two: Two, kind: str, **row: Any) -> int:
    answer = await two.client.post(f"/v1/rxdb/{kind}/push?schema=1", json=[row], headers=two.ana.someone.headers)
    return answer.status_code


async def watermelon(two: Two, kind: str, row: dict[str, Any]) -> int:
    changes = {kind: {"created": [], "updated": [row], "deleted": []}}
    answer = await two.client.post(
        "/v1/watermelon/sync?schema=1", json={"changes": changes}, headers=two.ana.someone.headers
    )
    return answer.status_code


@pytest.mark.parametrize("consented", ["never", "withdrawn"])
async def test_i34_words_beside_a_step_back_are_not_kept(two: Two, consented: str) -> None:
    someone = two.ana.someone
    if consented == "never":
        someone = await people.signed_in(two.client, f"eve-{uuid4()}", "Eve")
    else:
        await two.meet()
        await withdraw(two)
    words: list[dict[str, Any]] = [
        {"act": "let_go", "text": DIARY},
        {"goal": str(uuid4()), "terms": str(uuid4()), "act": "let_go", "title": DIARY},
        {"goal": DIARY, "terms": str(uuid4()), "act": "let_go"},
        {"goal": str(uuid4()), "terms": str(uuid4()), "act": DIARY},
    ]
    for values in words:
        change = {"key": str(uuid4()), "kind": "goal_act", "id": str(uuid4()), "couple": str(uuid4()), "set": values}
        answer = await two.client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "changes": [change]})
        assert answer.status_code == 403, values
    told = await two.client.post("/v1/sync", headers=someone.headers, json={"schema": 1})
    assert "unplaced" not in {each["kind"] for each in told.json()["records"]}


async def test_i34_nothing_comes_into_being_for_somebody_who_never_agreed(two: Two) -> None:
    eve = await people.signed_in(two.client, f"eve-{uuid4()}", "Eve")
    for kind in KINDS:
        for body in ({"set": {}, "remove": True}, {"set": {"audience": "only_me"}}, {"set": {"send": False}}):
            change = {"key": str(uuid4()), "kind": kind, "id": str(uuid4()), "couple": str(uuid4()), **body}
            await two.client.post("/v1/sync", headers=eve.headers, json={"schema": 1, "changes": [change]})
    told = await two.client.post("/v1/sync", headers=eve.headers, json={"schema": 1})
    assert {each["kind"] for each in told.json()["records"]} <= {"settings"}


async def test_i14_who_has_withdrawn_may_rest_and_say_no_and_nothing_else(two: Two) -> None:
    goal = two.ana.edit("goal", notes="ours")
    terms = two.ben.edit("goal_terms", goal=goal, title="t")
    await two.meet()
    await withdraw(two)
    named = {"goal": str(goal), "terms": str(terms)}
    said = {
        act: await push(two, kind="goal_act", id=str(uuid4()), couple=two.couple, set=named | {"act": act})
        for act in ("accept", "mark_done", "resume", "decline", "not_now", "rest", "let_go")
    }
    assert said == {
        "accept": 403,
        "mark_done": 403,
        "resume": 403,
        "decline": 200,
        "not_now": 200,
        "rest": 200,
        "let_go": 200,
    }


async def test_i14_who_has_withdrawn_may_let_go_through_either_library(two: Two) -> None:
    goals = [two.ana.edit("goal", notes="ours") for _ in range(2)]
    await two.meet()
    await withdraw(two)
    row = {"id": str(uuid4()), "couple": two.couple, "goal": str(goals[0]), "terms": str(uuid4()), "act": "let_go"}
    assert await rxdb(two, "goal_act", newDocumentState=row | {"_deleted": False}) == 200
    other = row | {"id": str(uuid4()), "goal": str(goals[1]), "_status": "created", "_changed": ""}
    assert await watermelon(two, "goal_act", other) == 200
    await two.meet()
    assert {two.ben.fields(goal)["state"] for goal in goals} == {"let_go"}
    words = row | {"id": str(uuid4()), "act": "rest", "_deleted": False, "text": DIARY}
    assert await rxdb(two, "reflection", newDocumentState=words) == 403
    assert await watermelon(two, "reflection", {"id": str(uuid4()), "trigger": DIARY, "_status": "created"}) == 403


async def test_i21_who_has_withdrawn_may_take_a_letter_back_through_rxdb(two: Two) -> None:
    draft = two.ana.edit("note_draft", for_couple=two.couple, for_what="slip")
    await two.meet()
    pulled = (await two.client.get("/v1/rxdb/note_draft/pull", headers=two.ana.someone.headers)).json()
    old = next(each for each in pulled["documents"] if each["id"] == str(draft))
    await withdraw(two)
    assert await rxdb(two, "note_draft", assumedMasterState=old, newDocumentState=old | {"send": True}) == 403
    assert await rxdb(two, "note_draft", assumedMasterState=old, newDocumentState=old | {"_deleted": True}) == 200


async def test_i9_a_letter_that_waited_when_the_consent_went_is_given_by_no_new_one(two: Two) -> None:
    two.ana.edit(
        "note_draft",
        for_couple=two.couple,
        for_what="slip",
        send=True,
        delivery="at",
        on=two.today(in_days=1),
        at="09:00",
    )
    await two.meet()
    await withdraw(two)
    await two.pass_time(days=10)
    await withdraw(two, given=True)
    await two.pass_time(minutes=61)
    await two.meet()
    assert not two.ben.all("note")
    [draft] = two.ana.all("note_draft")
    assert (draft.fields["send"], draft.fields["for_what"]) == (False, "slip"), "the words stay with their writer"


async def test_i11_nobody_can_hold_a_withdrawal_up_by_writing_all_the_time(two: Two) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    devices = [await people.another_device(two.client, two.ben.someone) for _ in range(6)]
    over = asyncio.Event()

    async def write(someone: people.Person) -> None:
        while not over.is_set():
            values = {"goal": str(uuid4()), "terms": str(uuid4()), "act": "rest"}
            change = {
                "key": str(uuid4()),
                "kind": "goal_act",
                "id": str(uuid4()),
                "couple": two.couple,
                "set": values,
            }
            await two.client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "changes": [change]})

    writing = [asyncio.create_task(write(each)) for each in devices]
    await asyncio.sleep(0.3)
    await withdraw(two)
    left = await two.parts.pool.fetchval(
        "SELECT count(*) FROM record WHERE kind = ANY($1) AND author = $2 AND NOT gone AND NOT removed",
        list(SEEN),
        PersonId(UUID(str(two.ana.person))),
    )
    over.set()
    await asyncio.gather(*writing)
    assert left == 0


async def test_what_is_opened_after_agreeing_anew_the_worker_leaves_open(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read whose windows are to be closed, and she agreed before it came to hers."""
    await two.meet()
    await withdraw(two)
    found = await withdrawal_store.due(two.parts.pool, two.clock(), 9)
    assert found
    await withdraw(two, given=True)
    open_all(two.ana, two.couple)
    await two.meet()
    stands = seen(two.ben)
    assert stands

    async def as_read_before(*_: Any) -> list[withdrawal_store.Withdrawal]:
        return found

    monkeypatch.setattr(withdrawal_store, "due", as_read_before)
    await withdrawing.close(two.parts, two.clock())
    await two.meet()
    assert seen(two.ben) == stands


async def test_goals_that_a_store_has_lost_come_back_however_many_had_ended(two: Two) -> None:
    await two.meet()
    dump = await two.home.dump()
    made = []
    for ends, count in ((True, 60), (False, 50)):
        these = [two.ana.edit("goal", notes=f"words {ends} {nth}") for nth in range(count)]
        terms = {goal: two.ana.edit("goal_terms", goal=goal, title="t") for goal in these}
        await two.meet()
        for goal in these:
            two.ben.edit("goal_act", goal=goal, terms=terms[goal], act="let_go" if ends else "accept")
        await two.meet()
        made += these
    await two.home.restore(dump)
    for _ in range(3):
        await two.ana.sync()
    await two.meet()
    assert {each.id for each in two.ana.all("goal")} >= set(made)
    states = [two.ben.fields(goal)["state"] for goal in made]
    assert (states.count("let_go"), states.count("active")) == (60, 50)
    assert not two.ana.all("unplaced")
    assert not two.ben.all("unplaced")
