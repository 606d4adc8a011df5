"""Make the couples and what they have, through the real routes, as their phones would."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from tests import people
from tests.bench.devices import WORDS, Device
from tests.bench.jobs import COUPLES, RECORDS_A_COUPLE, RECORDS_OF_THE_GREAT_COUPLE

AT_ONCE: Final = 8
STEPS_A_GOAL: Final = 30
GOALS_MAX: Final = 100
BATCH: Final = 200


async def settled_couples(port: int) -> AsyncIterator[Device]:
    """Yield a device of each couple, those of 200 records first, the one of 5,000 last."""
    turn = asyncio.Semaphore(AT_ONCE)
    bounds = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=bounds) as client:

        async def one(records: int) -> Device:
            async with turn:
                return await _settled(client, records)

        sizes = [RECORDS_OF_THE_GREAT_COUPLE, *[RECORDS_A_COUPLE] * COUPLES]
        # The great one begins first, for it takes longest.
        async with asyncio.TaskGroup() as group:
            great, *others = [group.create_task(one(records)) for records in sizes]
        for task in (*others, great):
            yield task.result()


async def _settled(client: httpx.AsyncClient, records: int) -> Device:
    first, second = await people.person(client, "Ana"), await people.person(client, "Ben")
    couple = await people.pair(client, first, second)
    changes = list(_changes(couple, first.id, records))
    for at in range(0, len(changes), BATCH):
        batch = changes[at : at + BATCH]
        answer = await people.ok(
            client.post("/v1/sync", headers=first.headers, json={"schema": 1, "limit": 1, "changes": batch})
        )
        said = {outcome["status"] for outcome in answer["outcomes"]}
        assert said == {"applied"}, (said, answer["outcomes"][-1])
    return Device(first.token, couple)


def _changes(couple: UUID, author: UUID, records: int) -> Iterator[dict[str, Any]]:
    """Make as many records: goals, 30 steps each, and drafts of notes for what does not fit into 100 goals."""
    left, goals = records, 0
    while left and goals < GOALS_MAX:
        goal, goals = uuid4(), goals + 1
        yield _new("goal", goal, {"topic": "rest", "notes": f"{WORDS} {WORDS}"}, couple)
        steps = min(STEPS_A_GOAL, left - 1)
        for nth in range(steps):
            fields = {"goal": str(goal), "title": f"{WORDS} {nth:06}", "taken_by": [str(author)], "done": False}
            yield _new("step", uuid4(), fields, couple)
        left -= 1 + steps
    for nth in range(left):
        yield _new("note_draft", uuid4(), {"for_what": f"{WORDS} {nth:06}", "text": WORDS})


def _new(kind: str, identity: UUID, fields: dict[str, Any], couple: UUID | None = None) -> dict[str, Any]:
    change = {"key": str(uuid4()), "kind": kind, "id": str(identity), "set": fields}
    return change if couple is None else change | {"couple": str(couple)}
