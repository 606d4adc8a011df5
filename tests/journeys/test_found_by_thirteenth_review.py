"""What a thirteenth review of the whole domain found, each through the routes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct

from api.erasing import erase
from api.pruning import prune
from api.wiring import Parts
from domain import goal_kinds
from sync.replica import EditRefusedError
from sync.space_store import bump_epoch
from tests import people
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Home, Phone, home_of
from tests.journeys.test_rxdb_after_restore import documents, push
from tests.journeys.two import Two, holds
from tests.people import ok

# What a restore has lost of a record in which something was once destroyed


def an_entry(two: Two, **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "local_date": two.today(), "text": "A hard day.", "_deleted": False} | fields


async def destroyed(two: Two, entry: dict[str, Any]) -> None:
    await ok(two.client.delete(f"/v1/records/check_in/{entry['id']}/words", headers=two.ana.someone.headers))


@pytest.mark.parametrize("purged", [False, True])
async def test_words_pushed_since_the_backup_do_not_perish_though_others_were_once_destroyed(
    two: Two, *, purged: bool
) -> None:
    entry = an_entry(two)
    await push(two, "check_in", entry)
    if purged:
        await destroyed(two, entry)
    known = (await documents(two, "check_in"))[entry["id"]]
    dump = await two.home.dump()
    pushed = known | {"text": "A whole page written since."}
    assert await push(two, "check_in", pushed, known) == []
    await two.home.restore(dump)
    await push(two, "check_in", pushed | {"topic": "us"}, pushed)
    found = (await documents(two, "check_in"))[entry["id"]]
    assert (found["text"], found["topic"]) == ("A whole page written since.", "us")


@pytest.mark.parametrize("purged", [False, True])
async def test_i22_a_window_that_was_closed_since_the_backup_stays_closed_though_words_were_once_destroyed(
    two: Two, *, purged: bool
) -> None:
    entry = an_entry(two, shared_parts=["text"], audience=two.couple)
    await push(two, "check_in", entry)
    if purged:
        await destroyed(two, entry)
    await two.meet()
    assert two.ben.all("shown_check_in")
    opened = (await documents(two, "check_in"))[entry["id"]]
    dump = await two.home.dump()
    pushed = opened | {"audience": "only_me"}
    assert await push(two, "check_in", pushed, opened) == []
    await two.home.restore(dump)
    await push(two, "check_in", pushed | {"text": "A secret."}, pushed)
    await two.ben.sync()
    assert not holds(two.ben, "A secret.")


# Whoever was deleted


SECRET = "Ana tells her secret."


class Left(Struct, frozen=True):
    """What Ben's client libraries still hold of Ana's, who is gone for good."""

    home: Home
    parts: Parts
    documents: dict[str, dict[str, Any]]
    row: dict[str, Any]

    async def push(self, kind: str, *rows: dict[str, Any]) -> None:
        path = f"/v1/rxdb/{kind}/push?schema=1"
        await ok(self.home.client.post(path, headers=self.home.ben.headers, json=list(rows)))

    async def boxes(self) -> str:
        found = await ok(self.home.client.get("/v1/rxdb/unplaced/pull", headers=self.home.ben.headers))
        return str([each["words"] for each in found["documents"]])


@pytest.fixture
async def left(parts: Parts) -> AsyncIterator[Left]:
    clock = StillClock()
    async with app_at(parts, clock) as client, home_of(client, parts) as home:
        step = home.a1.edit("step", goal=home.goal, title=SECRET)
        home.a1.edit("goal", home.goal, notes=SECRET)
        await home.a1.sync()
        await home.b1.sync()
        known = {
            kind: {each["id"]: each for each in (await _told(home, f"rxdb/{kind}/pull"))["documents"]}[str(which)]
            for kind, which in (("step", step), ("goal", home.goal))
        }
        changes = (await _told(home, "watermelon/sync?schema=1"))["changes"]
        row = {each["id"]: each for each in changes["step"]["updated"]}[str(step)]
        token = await people.identity_token(client, home.ana.subject)
        await ok(client.post("/v1/me/deletion", headers=home.ana.headers, json={"identity_token": token}))
        for days in (30, 1):
            clock.move(days=days)
            while await erase(parts, clock()):
                pass
        await prune(parts.pool, clock() + timedelta(days=3))
        assert await home.nowhere_on_the_server(SECRET)
        yield Left(home, parts, known, row)


async def _told(home: Home, path: str) -> dict[str, Any]:
    found: dict[str, Any] = await ok(home.client.get(f"/v1/{path}", headers=home.ben.headers))
    return found


@pytest.mark.parametrize(("kind", "edit"), [("step", {"done": True}), ("goal", {"topic": "us"})])
async def test_a_copy_that_is_behind_brings_no_words_of_theirs_back(
    left: Left, kind: str, edit: dict[str, Any]
) -> None:
    known = left.documents[kind]
    await left.push(kind, {"newDocumentState": known | edit, "assumedMasterState": known})
    assert SECRET not in await left.boxes()


async def test_nor_does_one_that_sends_everything_again(left: Left) -> None:
    async with left.parts.pool.acquire() as connection:
        await bump_epoch(connection, uuid4())
    await left.push("step", {"newDocumentState": left.documents["step"]})
    body = {"changes": {"step": {"created": [], "updated": [left.row], "deleted": []}}}
    pushed = await left.home.client.post("/v1/watermelon/sync?schema=1", headers=left.home.ben.headers, json=body)
    assert pushed.status_code == 200, pushed.text
    assert SECRET not in await left.boxes()
    assert await left.home.nowhere_on_the_server(SECRET)


async def test_what_the_other_wrote_beside_them_since_is_kept(left: Left) -> None:
    known = left.documents["step"]
    await left.push("step", {"newDocumentState": known | {"title": f"{SECRET} Ben adds."}, "assumedMasterState": known})
    assert "Ben adds." in await left.boxes()
    assert SECRET not in await left.boxes()


# Nobody waits for somebody else's goals


class Pushes(Struct, frozen=True):
    """Changes of Ana's, in the words of the wire."""

    two: Two

    def made(self, kind: str, **values: Any) -> dict[str, Any]:
        return {
            "key": str(uuid4()),
            "kind": kind,
            "id": str(values.pop("id", uuid4())),
            "couple": self.two.couple,
            "set": values,
        }

    async def push(self, changes: list[dict[str, Any]]) -> httpx.Response:
        content = json.dumps({"schema": 1, "limit": 1, "changes": changes}).encode()
        headers = self.two.ana.someone.headers | {"Content-Type": "application/json"}
        answer = await self.two.client.post("/v1/sync", headers=headers, content=content)
        assert answer.status_code == 200, answer.text
        return answer


async def test_proposals_and_acts_that_take_turns_are_one_walk(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    pushes, goal, terms = Pushes(two), uuid4(), uuid4()
    await pushes.push([pushes.made("goal", id=goal), pushes.made("goal_terms", id=terms, goal=str(goal), title="t")])

    def act(what: str) -> dict[str, Any]:
        return pushes.made("goal_act", goal=str(goal), terms=str(terms), act=what)

    await pushes.push([act("rest") for _ in range(500)])
    walks: list[int] = []
    whole = goal_kinds.walk_of

    def counting(members: Any, said: Any, done: Any, **rest: Any) -> Any:
        walks.append(len(done))
        return whole(members, said, done, **rest)

    monkeypatch.setattr(goal_kinds, "walk_of", counting)
    batch = []
    for nth in range(100):
        batch += [pushes.made("goal_terms", goal=str(goal), title=f"t{nth}", based_on=str(uuid4())), act("resume")]
    answer = await pushes.push(batch)
    assert {each["status"] for each in answer.json()["outcomes"]} == {"applied"}
    assert len(walks) < 10


async def test_many_goals_are_opened_with_pauses_for_others(two: Two) -> None:
    """Of ten goals with 500 acts each all is opened for one act about each, and the loop goes on meanwhile."""
    pushes, goals = Pushes(two), [(uuid4(), uuid4()) for _ in range(10)]

    def act(goal: UUID, terms: UUID, what: str) -> dict[str, Any]:
        return pushes.made("goal_act", goal=str(goal), terms=str(terms), act=what)

    for goal, terms in goals:
        made = [pushes.made("goal", id=goal), pushes.made("goal_terms", id=terms, goal=str(goal), title="t")]
        await pushes.push([*made, *(act(goal, terms, "rest") for _ in range(498))])
    pushing = asyncio.create_task(pushes.push([act(goal, terms, "resume") for goal, terms in goals]))
    began, turns = time.perf_counter(), 0
    while not pushing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 25, f"{turns} turns in {time.perf_counter() - began:.1f} s for 5,000 records"


# A part of a summary


def yes(phone: Phone, text: str) -> str:
    return f"{phone.person}:{sha256(text.encode()).hexdigest()}"


async def test_an_approval_in_the_place_of_four_finds_room(two: Two) -> None:
    summary = two.ana.edit("counsel_summary", **{"from": "2026-11-01", "to": "2026-11-20"})
    part = two.ana.edit("counsel_part", summary=summary, section="hopes", text="v0")
    await two.meet()
    said: list[str] = []
    for nth in range(4):
        said = sorted([*said, yes(two.ana, f"v{nth}")])
        two.ana.edit("counsel_part", part, approvals=said)
        await two.ana.sync()
        assert two.ana.outcome().code is None
    two.ana.edit("counsel_part", part, text="v4", approvals=[yes(two.ana, "v4")])
    await two.ana.sync()
    assert two.ana.outcome().code is None
    two.ana.edit("counsel_part", part, approvals=sorted([yes(two.ana, "v4"), *said[:3]]))
    await two.ana.sync()
    with pytest.raises(EditRefusedError, match="no more room"):
        two.ana.edit("counsel_part", part, approvals=sorted([yes(two.ana, "v4"), *said]))


async def test_i1_earlier_values_of_a_part_tell_the_other_nothing_of_when_its_text_was_edited(two: Two) -> None:
    summary = two.ana.edit("counsel_summary", **{"from": "2026-11-01", "to": "2026-11-20"})
    part = two.ana.edit("counsel_part", summary=summary, section="hopes", text="first")
    await two.meet()
    for nth in range(4):
        await two.pass_time(days=1)
        two.ana.edit("counsel_part", part, text=f"thought {nth}")
        await two.ana.sync()
    await two.meet()
    path = f"/v1/records/counsel_part/{part}/revisions"
    for limit in ("", "?limit=1"):
        told = await ok(two.client.get(f"{path}{limit}", headers=two.ben.someone.headers))
        assert (told["revisions"], told["more"]) == ([], False)
    own = await ok(two.client.get(path, headers=two.ana.someone.headers))
    assert len(own["revisions"]) == 4
