"""What the stories of tests/journeys have found, by plain example through the front door."""

from uuid import UUID, uuid4

import pytest

from domain.counsel import approval
from tests.pair import Pair, change, in_memory


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def a_part(pair: Pair, summary: UUID, text: str) -> UUID:
    """A part that its author has approved, brought with nothing else."""
    part = uuid4()
    values = {"summary": str(summary), "section": "hopes", "text": text, "approvals": [approval(pair.ana.person, text)]}
    await pair.one(pair.ana.phone, change("counsel_part", part, values, couple=pair.couple))
    return part


@pytest.mark.parametrize("way", ["another text", "no approval", "removed"])
async def test_a_summary_follows_its_parts_though_an_edit_of_a_part_does_not_name_it(pair: Pair, way: str) -> None:
    """Its state was moved only by changes that said whose part they were of, which only a new one does."""
    summary, text = uuid4(), "Less hurry."
    month = {"from": "2026-11-01", "to": "2026-11-23"}
    await pair.one(pair.ben.phone, change("counsel_summary", summary, month, couple=pair.couple))
    part = await a_part(pair, summary, text)
    before = await pair.look(pair.ana, summary)
    assert before.fields["state"] == "ready"
    base, yes = (await pair.look(pair.ana, part)).version, [approval(pair.ana.person, text)]

    undo, redo = {
        "another text": (
            change("counsel_part", part, {"text": "Less hurry!"}, base=base, couple=pair.couple),
            {"text": text},
        ),
        "no approval": (
            change("counsel_part", part, {"approvals": []}, was={"approvals": yes}, base=base, couple=pair.couple),
            {"approvals": yes},
        ),
        "removed": (change("counsel_part", part, remove=True, base=base, couple=pair.couple), None),
    }[way]
    await pair.one(pair.ana.phone, undo)
    after = await pair.look(pair.ben, summary)
    assert (after.fields["state"], after.version > before.version) == ("draft", True), "the other's phone hears of it"

    base = (await pair.look(pair.ana, part)).version
    again = {"remove": False} if redo is None else {"values": redo}
    await pair.one(pair.ana.phone, change("counsel_part", part, base=base, couple=pair.couple, **again))
    assert (await pair.look(pair.ben, summary)).fields["state"] == "ready"


async def test_an_edit_of_a_part_whose_summary_never_came_moves_nothing(pair: Pair) -> None:
    part = await a_part(pair, uuid4(), "Less hurry.")
    base = (await pair.look(pair.ana, part)).version
    outcome = await pair.one(
        pair.ana.phone, change("counsel_part", part, {"text": "Some hurry."}, base=base, couple=pair.couple)
    )
    assert outcome.status == "applied"
