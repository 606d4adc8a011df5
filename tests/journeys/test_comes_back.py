"""What a restored database has lost comes back by its proof: over HTTP, with real keys and real rows (docs/adr/0011).

`tests/rules/test_proof.py` asks for every case in memory; here is what has to be stored for it: proofs, the lives of
a space, and the place of a record among others.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.wiring import Parts
from domain.ids import RecordId
from domain.kinds import KINDS
from sync.wire import Origin
from tests.journeys.phones import Home, Phone, home_of


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


def phone_of(home: Home, name: str) -> Phone:
    phones = {"the author's": home.a1, "the author's other": home.a2, "the partner's": home.b1}
    return phones[name]


async def settled(home: Home) -> None:
    """Let every phone bring and learn everything."""
    for _ in range(3):
        for phone in (home.a1, home.a2, home.b1):
            await phone.sync()


async def standing(home: Home) -> dict[RecordId, tuple[str, Any, dict[str, Any]]]:
    """Every stored record that has a proof, but the proof: whose it is, and what it says."""
    return {
        identity: (record.kind, record.author, {**record.fields, "proof": None})
        for (_, identity), record in (await home.stock()).records.items()
        if KINDS[record.kind].proven and not record.gone
    }


@pytest.mark.parametrize("first", ["the author's", "the author's other", "the partner's"])
async def test_a_goal_comes_back_as_it_stood_whoever_s_phone_comes_first(home: Home, first: str) -> None:
    """Terms that replaced others, marks of both, a step of either: each as its author said it, in its place."""
    terms = home.a1.fields(home.goal)["terms_in_force"]
    dump = await home.dump()
    newer = home.a1.edit("goal_terms", goal=home.goal, title="Two weeks by the sea", based_on=terms)
    await settled(home)
    home.b1.edit("goal_act", goal=home.goal, terms=newer, act="accept")
    steps = [phone.edit("step", goal=home.goal, title="Pack.") for phone in (home.a1, home.b1)]
    await settled(home)
    home.a1.edit("goal_act", goal=home.goal, terms=newer, act="mark_done")
    await settled(home)
    home.b1.edit("goal_act", goal=home.goal, terms=newer, act="mark_done")
    await settled(home)
    before = await standing(home)
    assert before[home.goal][2]["state"] == "achieved"
    await home.restore(dump)
    assert before.keys() - (await standing(home)).keys() == {
        newer,
        *steps,
        *_acts(before) - _acts(await standing(home)),
    }

    await phone_of(home, first).sync()

    assert await standing(home) == before
    await settled(home)
    assert await standing(home) == before
    assert home.a1.all("unplaced") == home.b1.all("unplaced") == []


def _acts(records: dict[RecordId, tuple[str, Any, dict[str, Any]]]) -> set[RecordId]:
    return {identity for identity, (kind, _, _) in records.items() if kind == "goal_act"}


@pytest.mark.parametrize("first", ["the author's", "the partner's"])
async def test_a_letter_and_an_answer_come_back_once_after_two_restores(home: Home, first: str) -> None:
    """The second time the store has forgotten the life between, and two phones have not seen that there was one."""
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="A hard day")
    await settled(home)
    dump = await home.dump()
    home.a1.edit("note_draft", for_couple=home.couple, for_what="The soup.", send=True)
    home.a1.edit("check_in", entry, audience=home.couple, shared_parts=["text"])
    await settled(home)
    [letter], [shown] = home.b1.all("note"), home.b1.all("shown_check_in")
    answer = home.b1.edit("response", to=str(shown.id), form="here_with_you", text="I read it twice")
    await settled(home)
    before = await standing(home)
    await home.restore(dump)
    assert (await standing(home)).keys().isdisjoint({letter.id, answer})

    await phone_of(home, first).sync()
    assert await standing(home) == before
    await home.restore(dump)
    assert (await standing(home)).keys().isdisjoint({letter.id, answer})
    await settled(home)

    assert await standing(home) == before
    assert [each.id for each in home.b1.all("note")] == [each.id for each in home.a1.all("note")] == [letter.id]
    assert home.a1.all("note_draft") == home.a2.all("note_draft") == []
    assert home.a1.all("unplaced") == home.b1.all("unplaced") == []


@pytest.mark.parametrize("forged", ["nothing", "act", "author", "id", "proof"])
async def test_a_lost_act_of_the_partner_s_is_believed_as_it_was_and_not_otherwise(home: Home, forged: str) -> None:
    terms = home.a1.fields(home.goal)["terms_in_force"]
    dump = await home.dump()
    act = home.b1.edit("goal_act", goal=home.goal, terms=terms, act="rest")
    await settled(home)
    fields = dict(home.a1.fields(act))
    origin = Origin(author=home.b1.person, proof=fields.pop("proof"))
    await home.restore(dump)
    tool = await home.another_phone("ana")
    await tool.sync()
    asked = {"identity": act, "set": fields, "origin": origin}
    asked |= {
        "nothing": {},
        "act": {"set": fields | {"act": "let_go"}},
        "author": {"origin": Origin(author=tool.device.uuid(), proof=origin.proof)},
        "id": {"identity": tool.device.uuid()},
        "proof": {"origin": Origin(author=origin.author, proof=f"{origin.proof[:-1]}{'01'[origin.proof[-1] == '0']}")},
    }[forged]

    tool.device.force("goal_act", couple=tool.device.replica.couple, **asked)
    await tool.sync()

    acts = [record for record in (await standing(home)).items() if record[1][0] == "goal_act"]
    mine = [(identity, author, said["act"]) for identity, (_, author, said) in acts if said["act"] != "accept"]
    if forged == "nothing":
        assert mine == [(act, home.b1.person, "rest")]
    else:
        assert (tool.outcome().status, tool.outcome().code) == ("refused", "not_author")
        assert mine == []
        assert tool.all("unplaced") == []
