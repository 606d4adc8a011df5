"""What a twelfth review of the whole domain found, one example each."""

import asyncio
import json
import time
from collections import Counter
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from domain import goal_kinds
from tests.journeys.test_withdrawn_consents import push, withdraw
from tests.journeys.two import Two


@pytest.mark.parametrize("mark", ["\u0316", "\u0f73"], ids=["of another class", "of a class that it does not show"])
async def test_a_pile_of_marks_keeps_nobody_waiting(two: Two, mark: str) -> None:
    """Bringing marks into order takes time that grows with the square of their number: 54 s for one request."""
    pile = "a" + "\u0301" * 7_999 + mark * 8_000
    changes = [
        {
            "key": str(uuid4()),
            "kind": "counsel_part",
            "id": str(uuid4()),
            "couple": two.couple,
            "set": {"summary": str(uuid4()), "section": "hopes", "text": pile},
        }
        for _ in range(8)
    ]
    body = json.dumps({"schema": 1, "changes": changes}, ensure_ascii=False).encode()
    headers = two.ana.someone.headers | {"Content-Type": "application/json"}
    began = time.perf_counter()
    pushing = asyncio.create_task(two.client.post("/v1/sync", headers=headers, content=body))
    await asyncio.sleep(0.05)
    answer = await two.client.get("/v1/me", headers=two.ben.someone.headers)
    waited_s = time.perf_counter() - began
    pushed = await pushing
    assert (answer.status_code, pushed.status_code) == (200, 200)
    assert {each["code"] for each in pushed.json()["outcomes"]} == {"invalid"}
    assert waited_s < 2, f"somebody else waited {waited_s:.1f} s"


async def test_a_letter_with_many_marks_round_trips(two: Two) -> None:
    text = (
        "Z"
        + "\u0351\u0323" * 15
        + "algo \u0e01\u0e34\u0e48 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u05e9\u05c1\u05b8"
    )
    note = two.ana.edit("check_in", local_date=two.today(), text=text)
    await two.ana.sync()
    assert two.ana.outcome().status == "applied"
    assert two.ana.fields(note)["text"] is not None


async def revisions_of_a_request_that_is_open_again(two: Two, *, edits: int) -> list[dict[str, Any]]:
    request = two.ana.edit("support_request", form="listen", text="Please listen.")
    await two.meet()
    two.ana.remove(request)
    await two.meet()
    for nth in range(edits):
        await two.pass_time(days=1)
        two.ana.edit("support_request", request, text=f"A thought {nth}.")
        await two.ana.sync()
    await two.pass_time(days=6 - edits)
    two.ana.edit("support_request", request, text="Please listen now.")
    await two.ana.sync()
    opening = replace(two.ana.raw_change("support_request", {}), id=request, base=10**6, remove=False)
    await two.ana.push_raw([opening])
    await two.meet()
    assert two.ben.fields(request)["text"] == "Please listen now."
    path = f"/v1/records/support_request/{request}/revisions"
    assert (await two.client.get(path, headers=two.ana.someone.headers)).json()["revisions"], "its author sees them all"
    told: list[dict[str, Any]] = (await two.client.get(path, headers=two.ben.someone.headers)).json()["revisions"]
    return told


@pytest.mark.parametrize("edits", [0, 4])
async def test_i1_a_request_that_is_open_again_tells_nothing_of_what_was_done_meanwhile(two: Two, edits: int) -> None:
    assert await revisions_of_a_request_that_is_open_again(two, edits=edits) == []


async def test_i14_whoever_has_withdrawn_may_take_an_approval_back(two: Two) -> None:
    summary = two.ben.edit("counsel_summary", **{"from": "2026-11-01", "to": "2026-11-20"})
    part = two.ben.edit("counsel_part", summary=summary, section="agreements", text="We agree.")
    await two.meet()
    yes = [f"{who.person}:{sha256(b'We agree.').hexdigest()}" for who in (two.ana, two.ben)]
    two.ana.edit("counsel_part", part, approvals=[yes[0]])
    await two.meet()
    two.ben.edit("counsel_part", part, approvals=sorted(yes))
    await two.meet()
    assert two.ben.fields(summary)["state"] == "ready"
    await withdraw(two)
    about = {"kind": "counsel_part", "id": str(part), "couple": two.couple}
    more = {"set": {"approvals": [*yes, f"{two.ana.person}:{'0' * 64}"]}, "was": {"approvals": sorted(yes)}}
    assert await push(two, **about, **more) == 403
    assert await push(two, **about, set={"approvals": [yes[1]]}, was={"approvals": sorted(yes)}) == 200
    await two.ben.sync()
    assert two.ben.fields(part)["approvals"] == [yes[1]]


async def test_g2_whoever_has_withdrawn_may_step_out_of_a_step(two: Two) -> None:
    goal = two.ana.edit("goal")
    step = two.ana.edit("step", goal=goal, title="Ask", taken_by=[str(two.ana.person)])
    await two.meet()
    await withdraw(two)
    own = {"taken_by": [str(two.ana.person)]}
    about = {"kind": "step", "id": str(step), "couple": two.couple}
    assert await push(two, **about, set={"taken_by": []}, was=own) == 200
    await two.ben.sync()
    assert two.ben.fields(step)["taken_by"] == []


async def test_five_hundred_proposals_are_no_five_hundred_walks(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """A goal with a thousand acts was walked for each of them, the refused ones too: 12 s for one request."""
    goal, terms = str(uuid4()), str(uuid4())
    sizes: list[int] = []

    def counting(*args: Any, **named: Any) -> Any:
        sizes.append(len(args[1]))
        return goal_kinds_view(*args, **named)

    def made(kind: str, **values: str) -> dict[str, Any]:
        return {"key": str(uuid4()), "kind": kind, "id": str(uuid4()), "couple": two.couple, "set": values}

    async def pushed(changes: list[dict[str, Any]]) -> list[str]:
        body = {"schema": 1, "limit": 1, "changes": changes}
        answer = await two.client.post("/v1/sync", headers=two.ana.someone.headers, json=body)
        return [each.get("code") or each["status"] for each in answer.json()["outcomes"]]

    goal_kinds_view = goal_kinds.goal_view
    await pushed([made("goal") | {"id": goal}, made("goal_terms", goal=goal, title="t") | {"id": terms}])
    for _ in range(2):
        await pushed([made("goal_act", goal=goal, terms=terms, act="rest") for _ in range(500)])
    monkeypatch.setattr(goal_kinds, "goal_view", counting)
    proposals = [made("goal_terms", goal=goal, title=f"t{n}", based_on=str(uuid4())) for n in range(500)]
    assert Counter(await pushed(proposals)) == {"applied": 199, "too_many": 301}
    assert max(sizes) > 1000
    assert len(sizes) < 10


@pytest.mark.parametrize("body", [b"a=1&b=2&c=3&d=4&e=5", b"&&&&&"])
async def test_the_page_of_a_link_answers_every_form(two: Two, body: bytes) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await two.client.post("/c/" + "A" * 43, content=body, headers=form)
    assert answer.status_code == 404


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posixrules"])
async def test_a_zone_is_one_that_phones_know(two: Two, zone: str) -> None:
    two.ana.queue_raw("boundary", {"form": "space", "zone": zone, "audience": two.couple, "visibility": "effect"})
    await two.ana.sync()
    assert two.ana.outcome().code == "invalid"


async def test_a_note_whose_couple_has_parted_is_a_draft_again_when_its_time_comes(two: Two) -> None:
    draft = two.ana.edit(
        "note_draft",
        for_couple=two.couple,
        for_what="slip",
        send=True,
        delivery="at",
        on=two.today(in_days=2),
        at="09:00",
    )
    await two.meet()
    assert two.ana.fields(draft)["state"] == "queued"
    await two.ana.part()
    await two.pass_time(days=4)
    await two.meet()
    assert two.ana.fields(draft)["state"] == "draft"
    assert not two.ben.all("note")
