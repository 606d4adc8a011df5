"""Whatever a client library sends is answered, never a fault: one row that stops its queue would stop it for good."""

import random
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.kinds import KINDS
from sync import rxdb, watermelon
from sync.ports import Caller
from sync.rxdb import PushedRow
from sync.watermelon import PushedChanges, TableEdits
from tests.pair import Pair, in_memory

SEEDS = range(20)
SEEDS_LONG = range(1000, 2000)
ENVELOPE = ("id", "rev", "epoch", "author", "couple", "alternatives", "merged")
STRANGE: tuple[Any, ...] = (
    *(None, True, 0, 7, -1, 1.5, 2**70, "", "Kiwi.", "x" * 5000, "only_me", str(UUID(int=7)), "\x00"),
    *([], ["Kiwi."], [[]], [None], [{"weekday": 9}], {}, {"title": 5}, {"title": [{"by": "Ana", "text": 5}]}),
)


class Story:
    """What a seed makes of the documents of two people: some are lost, and in some stands what nobody expects."""

    def __init__(self, seed: int, pair: Pair) -> None:
        self.pair, self.chance = pair, random.Random(seed)
        self.documents: list[tuple[Caller, str, dict[str, Any]]] = []

    async def run(self) -> None:
        dump = deepcopy(vars(self.pair.store))
        await self.begin()
        if self.chance.random() < 0.5:
            store: Any = self.pair.store
            vars(store).update(dump)
            store.bump(uuid4())
        for who, kind, document in self.documents:
            known = self.chance.choice((None, self.strange(kind, document)))
            await self.push_document(who, kind, self.strange(kind, document), known)
            await self.push_row(who, kind, self.strange(kind, document))
        for who in (self.pair.ana.phone, self.pair.ben.phone):
            assert await self.everything_of(who)

    async def begin(self) -> None:
        """Let Ana write something of every kind that she can; both have it."""
        couple = str(self.pair.couple)
        goal = str(uuid4())
        for kind, values in (
            ("goal", {"id": goal, "notes": "A boat."}),
            ("goal_terms", {"goal": goal, "title": "Row on Sundays."}),
            ("step", {"goal": goal, "title": "Find a boat."}),
            ("check_in", {"local_date": "2026-11-20", "text": "Tea.", "audience": couple, "shared_parts": ["text"]}),
            ("note_draft", {"for_what": "Thank you.", "for_couple": couple, "send": True}),
            ("note_draft", {"for_what": "For later.", "for_couple": couple}),
            ("check_in", {"local_date": "no day", "text": "Kiwi."}),
        ):
            document = {"id": str(uuid4()), "couple": couple, "_deleted": False, **values}
            await self.push_document(self.pair.ana.phone, kind, document, None)
        for who in (self.pair.ana.phone, self.pair.ben.phone):
            self.documents += [(who, kind, each) for kind, each in await self.everything_of(who)]

    def strange(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        names = (*KINDS[kind].fields, *ENVELOPE)
        made = document | {self.chance.choice(names): self.chance.choice(STRANGE) for _ in range(3)}
        made.pop(self.chance.choice(names), None)
        return made

    async def push_document(self, who: Caller, kind: str, new: dict[str, Any], known: dict[str, Any] | None) -> None:
        rows = [PushedRow(new, known)]
        done = await rxdb.push(
            self.pair.store, self.pair.keys, who, kind, rows, schema=1, now=self.pair.now, new_epoch=uuid4
        )
        assert len(done.conflicts) <= 1

    async def push_row(self, who: Caller, kind: str, row: dict[str, Any]) -> None:
        columns = self.chance.choice(("", 7, None, "title,text", ",".join(row)))
        edited = row | {"_changed": columns, "removed_at": self.chance.choice((None, None, 1, "Kiwi."))}
        pushed = PushedChanges({kind: TableEdits([], [edited], [str(row.get("id"))])})
        await watermelon.push(
            self.pair.store, self.pair.keys, who, pushed, schema=1, now=self.pair.now, new_epoch=uuid4
        )

    async def everything_of(self, who: Caller) -> list[tuple[str, dict[str, Any]]]:
        rest: dict[str, Any] = {"schema": 1, "limit": 1000, "now": self.pair.now, "new_epoch": uuid4}
        await watermelon.pull(self.pair.store, self.pair.keys, who, cursor=None, **rest)
        return [
            (kind, each)
            for kind in KINDS
            for each in (await rxdb.pull(self.pair.store, self.pair.keys, who, kind, checkpoint=None, **rest)).documents
        ]


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_stands_in_a_document_it_is_answered_and_everybody_can_still_pull(seed: int) -> None:
    await Story(seed, await in_memory()).run()


@pytest.mark.long
async def test_whatever_stands_in_many_more_documents() -> None:
    for seed in SEEDS_LONG:
        await Story(seed, await in_memory()).run()
