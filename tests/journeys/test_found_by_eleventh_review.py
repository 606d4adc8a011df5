"""What an eleventh review found in the mends of the tenth, over HTTP. Each of these failed once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from api import persons, withdrawing
from api.worker import Worker
from sync import end_store, service
from sync.ports import Caller
from tests import people
from tests.journeys.test_found_by_tenth_review import DIARY, rxdb, watermelon
from tests.journeys.test_withdrawn_consents import open_all, push, seen, withdraw
from tests.journeys.two import Two


async def kept_for(two: Two) -> bytes:
    """Everything that lies there for devices of client libraries, as far as it is no ciphertext, and how much it is."""
    rows = await two.parts.pool.fetch("SELECT named, kind FROM owed")
    shadows = await two.parts.pool.fetchval("SELECT count(*) FROM shadow")
    return repr(([tuple(row) for row in rows], shadows)).encode()


async def test_i34_no_row_of_somebody_without_consent_stays_behind_in_a_shadow(two: Two) -> None:
    draft = two.ana.edit("note_draft", for_couple=two.couple, for_what="slip")
    await two.meet()
    pulled = (await two.client.get("/v1/rxdb/note_draft/pull", headers=two.ana.someone.headers)).json()
    old = next(each for each in pulled["documents"] if each["id"] == str(draft))
    await withdraw(two)
    before = await kept_for(two)
    words = old | {"send": False, "state": DIARY, "alternatives": {"text": [{"by": "x", "text": DIARY}]}}
    assert await rxdb(two, "note_draft", assumedMasterState=old | {"send": True}, newDocumentState=words) == 200
    assert await kept_for(two) == before


async def test_i34_no_name_of_a_row_stays_behind_for_somebody_who_has_not_agreed(two: Two) -> None:
    await two.meet()
    await withdraw(two)
    before = await kept_for(two)
    for named in ("I-am-ill-and-told-nobody", "00-at-all"):
        row = {"id": named, "_status": "synced", "_changed": "", "epoch": str(uuid4()), "rev": 3}
        assert await watermelon(two, "reflection", row) == 200
    assert await kept_for(two) == before


async def test_i34_a_closing_without_consent_brings_nothing_back_that_was_removed(two: Two) -> None:
    entry = two.ana.edit("check_in", local_date=two.today(), text="ill", audience=two.couple, shared_parts=["text"])
    await two.meet()
    await withdraw(two)
    await two.ana.sync()
    two.ana.remove(entry)
    await two.ana.sync()
    assert await push(two, kind="check_in", id=str(entry), base=1, set={"audience": "only_me"}) == 200
    assert await two.parts.pool.fetchval("SELECT removed FROM record WHERE id = $1", UUID(str(entry)))


async def landing(two: Two) -> None:
    """A push that was let in before, by a process that remembers the consent, is stored now."""
    caller: Caller = await two.parts.accounts.callers.caller(two.ana.someone.headers["Authorization"], two.clock())
    change = two.ana.raw_change("support_request", {"form": "listen", "text": "late"})
    done = await service.push(
        two.parts.store, two.parts.keys, replace(caller, may_keep=True), [change], two.clock(), {}, uuid4
    )
    assert done.decisions.outcomes[0].status == "applied"


@pytest.mark.parametrize("why", ["there is no such text", "it could not be stored"])
async def test_i11_a_yes_that_comes_to_nothing_forgets_no_withdrawal(
    two: Two, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    await two.meet()
    await withdraw(two)
    version = 99 if why == "there is no such text" else 1

    async def say(*_: Any, **__: Any) -> bool:
        raise TimeoutError

    yes = {"purpose": "core_sensitive", "text_version": version, "given": True}
    with monkeypatch.context() as broken:
        if version == 1:
            broken.setattr(persons, "say", say)
        answer = await two.client.post("/v1/me/consents", headers=two.ana.someone.headers, json=yes)
    assert answer.status_code in (400, 503)
    await landing(two)
    for _ in range(3):
        two.clock.move(minutes=3)
        await Worker(two.parts).tick(two.clock())
    await two.ben.sync()
    assert not seen(two.ben), "her consent is withdrawn"


async def test_what_is_opened_after_a_yes_that_met_a_no_stays_open(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    await two.meet()
    looked, go, real = asyncio.Event(), asyncio.Event(), persons.say

    async def say(accounts: Any, caller: Any, said: Any, closed: Any = None) -> bool:
        if said.given and not looked.is_set():
            looked.set()
            await go.wait()
        return await real(accounts, caller, said, closed)

    monkeypatch.setattr(persons, "say", say)
    yes = asyncio.create_task(withdraw(two, given=True))
    async with asyncio.timeout(30):
        await looked.wait()
        await withdraw(two)
        go.set()
        await yes
    open_all(two.ana, two.couple)
    await two.meet()
    stands = seen(two.ben)
    assert stands
    for _ in range(3):
        await Worker(two.parts).tick(two.clock())
        two.clock.move(minutes=3)
    await two.meet()
    assert seen(two.ben) == stands


async def test_w22_a_closing_that_waits_for_keys_keeps_nobody_waiting(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    slow, go, real = asyncio.Event(), asyncio.Event(), two.parts.keys.of

    class SlowKeys:
        async def of(self, spaces: Any) -> Any:
            slow.set()
            await go.wait()
            return await real(spaces)

    parts = replace(two.parts, keys=SlowKeys())
    person = await two.parts.accounts.callers.caller(two.ana.someone.headers["Authorization"], two.clock())
    closing = asyncio.create_task(withdrawing._close(parts, person.person, two.clock()))
    async with asyncio.timeout(30):
        await slow.wait()
        change = {"key": str(uuid4()), "kind": "goal", "id": str(uuid4()), "couple": two.couple, "set": {}}
        answer = await two.client.post(
            "/v1/sync", headers=two.ben.someone.headers, json={"schema": 1, "changes": [change]}
        )
        assert answer.status_code == 200
        go.set()
        await closing


async def test_letting_a_keepsake_go_and_a_closing_wait_for_each_other_in_one_order(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    await people.part(two.client, two.ana.someone, two.couple)
    held, real = asyncio.Event(), end_store.leave_space

    async def leave_space(*asked: Any) -> Any:
        done = await real(*asked)
        held.set()
        await asyncio.sleep(0.3)
        return done

    monkeypatch.setattr(end_store, "leave_space", leave_space)
    no = {"purpose": "core_sensitive", "text_version": 1, "given": False}
    for who in (two.ana, two.ben):
        held.clear()
        path = f"/v1/couples/{two.couple}/keepsake"
        going = asyncio.create_task(two.client.delete(path, headers=who.someone.headers))
        await held.wait()
        answer = await two.client.post("/v1/me/consents", headers=who.someone.headers, json=no)
        assert (answer.status_code, (await going).status_code) == (200, 204)


async def test_i14_whoever_has_withdrawn_may_set_a_pause_aside(two: Two) -> None:
    pause = two.ana.edit("pause", minutes=30)
    await two.meet()
    await withdraw(two)
    change = {"kind": "pause", "id": str(pause), "couple": two.couple}
    assert await push(two, **change, set={"set_aside": False}) == 403
    assert await push(two, **change, set={"minutes": 60, "set_aside": True}) == 403
    assert await push(two, **change, set={"set_aside": True}) == 200
    made = await push(two, kind="pause", id=str(UUID(int=99)), couple=two.couple, set={"set_aside": True})
    assert made == 200
    await two.meet()
    assert [each.fields["set_aside"] for each in two.ben.all("pause")] == [True], "and no pause comes of it"
