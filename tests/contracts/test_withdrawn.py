"""I2: whatever somebody does with a request that they have withdrawn, their partner can tell by no answer.

What a ninth review found, as an adversary with a client of their own; each of these failed once.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.postgres import Pool
from domain.ids import PersonId, RecordId
from domain.refusals import Refusal
from sync import bequest_store, bequests, service, space_store
from sync.bequest_store import Bequest
from sync.ports import Wanted
from sync.wire import Origin, RawSyncResponse, SyncRequest
from tests.contracts.grounds import Ground, PostgresGround, pair_on
from tests.pair import NOON, HeldKeys, Pair, change, sent

MINE: dict[str, Any] = {"text": "Sea.", "nope": 1}


@pytest.fixture
def of_postgres(pool: Pool) -> PostgresGround:
    """Where time passes: the memory store forgets nothing, and no account ends there."""
    return PostgresGround(pool, HeldKeys())


async def a_request(pair: Pair) -> RecordId:
    request = RecordId(uuid4())
    values = {"form": "listen", "text": "Rain."}
    await pair.one(pair.ana.phone, change("support_request", request, values, couple=pair.couple))
    return request


async def withdrawn(pair: Pair) -> RecordId:
    """A request that Ben has seen, and that Ana has withdrawn since."""
    request = await a_request(pair)
    await pair.one(pair.ana.phone, change("support_request", request, base=99, couple=pair.couple, remove=True))
    return request


async def goes_on(pair: Pair, request: RecordId, **values: Any) -> None:
    """Ana writes on in what she has withdrawn."""
    edit = change("support_request", request, values or {"when": "now"}, base=99, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, edit)).code is None


async def destroys(pair: Pair, request: RecordId) -> dict[Any, int]:
    return await service.purge(pair.store, pair.keys, pair.ana.phone, "support_request", request, pair.now)


async def all_of_bens(pair: Pair) -> RawSyncResponse:
    """Everything that Ben is answered who has nothing yet."""
    return (await service.sync(pair.store, pair.keys, pair.ben.phone, SyncRequest(schema=1), pair.now, uuid4)).response


@pytest.mark.parametrize(
    "says",
    [
        {"remove": True},
        {"remove": False},
        {},
        {"values": {"merged": []}},
        {"values": {"alternatives": {}}},
        {"values": {"text": "Rain."}},
        {"remove": True, "origin": True},
        {"values": MINE, "origin": True},
    ],
    ids=str,
)
async def test_no_edit_of_the_partner_s_is_told_of_which_version_it_stands(pair: Pair, says: dict[str, Any]) -> None:
    request = await withdrawn(pair)
    rest = dict(says)
    values = rest.pop("values", None)
    if rest.pop("origin", False):
        rest["origin"] = Origin(author=pair.ben.person)

    async def asked() -> tuple[Any, ...]:
        outcome = await pair.one(pair.ben.phone, change("support_request", request, values, couple=pair.couple, **rest))
        return outcome.status, outcome.code, outcome.version, outcome.fields

    before = await asked()
    assert before == ("refused", Refusal.NOT_AUTHOR, None, {})
    await goes_on(pair, request)
    assert await asked() == before


@pytest.mark.parametrize("parted", [False, True])
async def test_no_guess_at_what_was_written_while_it_was_withdrawn_is_confirmed(
    ground: Ground, pair: Pair, *, parted: bool
) -> None:
    right, wrong = await withdrawn(pair), await withdrawn(pair)
    await goes_on(pair, right, text="Sea.")
    await goes_on(pair, wrong, text="Hills.")
    if parted:
        await ground.close(pair.space)
    for guess in ({"text": "Sea."}, MINE, {"text": "Rain. Sea."}):
        told = [
            await pair.one(
                pair.ben.phone,
                change("support_request", each, guess, couple=pair.couple, origin=Origin(author=pair.ben.person)),
            )
            for each in (right, wrong)
        ]
        assert told[0].code == told[1].code
        boxes = [None if each.unplaced is None else await pair.look(pair.ben, each.unplaced) for each in told]
        words = [None if box is None else box.fields["words"] for box in boxes]
        assert words[0] == words[1], "what is kept of a guess is the same, right or wrong"


async def test_no_refusal_tells_of_a_purge(pair: Pair) -> None:
    request = await withdrawn(pair)
    long = change("support_request", request, {"text": "Rain. " * 400}, couple=pair.couple)
    before = (await pair.one(pair.ben.phone, long)).code
    await destroys(pair, request)
    again = change("support_request", request, {"text": "Rain. " * 400}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, again)).code == before


async def test_destroying_words_in_it_moves_nothing_in_the_partner_s_own_space_either(pair: Pair) -> None:
    """Ben's box about it holds words of his own, whatever Ana has written and destroyed since."""
    request = await a_request(pair)
    said = change("support_request", request, MINE, couple=pair.couple, origin=Origin(author=pair.ben.person))
    assert (await pair.one(pair.ben.phone, said)).unplaced is not None
    await pair.one(pair.ana.phone, change("support_request", request, base=99, couple=pair.couple, remove=True))
    await goes_on(pair, request, text="Sea.")
    before = await all_of_bens(pair)
    assert await destroys(pair, request) == {}
    assert await all_of_bens(pair) == before


@pytest.mark.parametrize("writes_on", [False, True])
async def test_burying_it_after_its_time_tells_the_partner_nothing(
    of_postgres: PostgresGround, pool: Pool, *, writes_on: bool
) -> None:
    pair = await pair_on(of_postgres)
    request = await withdrawn(pair)
    before = await all_of_bens(pair)
    if writes_on:
        pair.now = NOON + timedelta(days=20)
        await goes_on(pair, request)
    await space_store.bury(pool, NOON + timedelta(days=21), NOON + timedelta(days=51), 1000)
    assert (await pair.look(pair.ana, request)).gone
    pair.now = NOON
    assert await all_of_bens(pair) == before


async def test_the_end_of_its_author_s_account_tells_of_no_request_that_was_withdrawn_at_once(
    of_postgres: PostgresGround, pool: Pool
) -> None:
    pair = await pair_on(of_postgres)
    request = RecordId(uuid4())
    values = {"form": "listen", "text": "No."}
    made = change("support_request", request, values, couple=pair.couple)
    await pair.push(pair.ana.phone, made, change("support_request", request, couple=pair.couple, remove=True))
    await of_postgres.close(pair.space)
    left = Bequest(
        space=pair.space,
        person=pair.ana.person,
        deletion=uuid4(),
        ghost=PersonId(uuid4()),
        due_at=pair.now,
        devices=[],
    )
    async with pool.acquire() as connection:
        await bequest_store.bequeath(connection, left)
    for _ in range(5):
        for each in await bequest_store.due(pool, pair.now, 10):
            if each.space == pair.space:
                await bequests.erase_some(pool, pair.keys.one(pair.space), each, pair.now, 100)
    assert request not in [each.id for each in (await all_of_bens(pair)).gone]


# Asking again and again ----------------------------------------------------------------------------------------


class Reader:
    """Ben's phone, which asks again and again for what is new."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.cursor: str | None = None

    async def ask(self) -> RawSyncResponse:
        request = SyncRequest(schema=1, cursor=self.cursor)
        answer = await service.sync(self.pair.store, self.pair.keys, self.pair.ben.phone, request, self.pair.now, uuid4)
        self.cursor = answer.response.cursor
        return answer.response


async def test_i2_what_is_done_to_a_withdrawn_request_moves_nothing_of_the_partner_s(pair: Pair) -> None:
    request, reader = await a_request(pair), Reader(pair)
    about = {"couple": pair.couple, "base": 99}
    await pair.one(pair.ana.phone, change("support_request", request, remove=True, **about))
    await reader.ask()
    before = await reader.ask()
    shut_at = (await pair.look(pair.ana, request)).shut_at
    edits = [
        change("support_request", request, {"text": "Not any more."}, was={"text": "x"}, **about),
        change("support_request", request, {"when": "now"}, **about),
    ]
    for edit in edits:
        pushed = await service.push(pair.store, pair.keys, pair.ana.tablet, [edit], pair.now, {}, uuid4)
        assert pushed.moved == {}, "no hint is sent"
        assert await reader.ask() == before, "the very same answer, cursor and heads"
    moved = await service.purge(pair.store, pair.keys, pair.ana.phone, "support_request", request, pair.now)
    assert moved == {}
    assert await reader.ask() == before
    head = (await pair.store.load(pair.ana.phone, Wanted())).spaces[pair.space].head
    assert before.spaces[1].head < head
    own = await pair.page(pair.ana, {pair.space: before.spaces[1].head})
    assert [(row.id, row.version) for row in own.rows if row.space == pair.space] == [(request, head)]
    assert (await pair.look(pair.ana, request)).shut_at == shut_at


async def test_i2_what_was_asked_and_withdrawn_at_once_the_partner_never_hears_of(pair: Pair) -> None:
    reader, request = Reader(pair), uuid4()
    await reader.ask()
    before = await reader.ask()
    both = [
        change("support_request", request, {"form": "listen", "text": "No."}, couple=pair.couple),
        change("support_request", request, couple=pair.couple, remove=True),
    ]
    await pair.push(pair.ana.phone, *both)
    assert await reader.ask() == before
    assert str(request) not in sent(await Reader(pair).ask()), "nor does a phone that begins with nothing"
    assert (await pair.look(pair.ana, request)).fields["text"] == "No."


async def test_the_partner_goes_on_with_what_is_theirs_and_is_not_told_of_what_was_hushed_between(pair: Pair) -> None:
    request, reader = await a_request(pair), Reader(pair)
    about = {"couple": pair.couple, "base": 99}
    await pair.one(pair.ana.phone, change("support_request", request, remove=True, **about))
    await reader.ask()
    await pair.one(pair.ana.tablet, change("support_request", request, {"when": "now"}, **about))
    goal = change("goal", uuid4(), {"form": "goal"}, couple=pair.couple)
    made = await pair.one(pair.ana.phone, goal)
    await pair.one(pair.ana.tablet, change("support_request", request, {"when": "today"}, **about))
    told = await reader.ask()
    assert str(request) not in sent(told)
    assert str(goal.id) in sent(told)
    assert told.spaces[1].head == made.version
    own = change("goal", uuid4(), {"form": "goal"}, couple=pair.couple)
    mine = await pair.one(pair.ben.phone, own)
    assert mine.version == (made.version or 0) + 2
    told = await reader.ask()
    assert (str(own.id) in sent(told), str(request) in sent(told)) == (True, False)
    await pair.one(pair.ana.phone, change("support_request", request, remove=False, **about))
    again = await reader.ask()
    assert "Rain." in sent(again), "asked once more, it is there"
    await pair.one(pair.ana.phone, change("support_request", request, remove=True, **about))
    gone = await reader.ask()
    assert [each.id for each in gone.gone] == [request]


async def test_what_is_kept_of_a_refused_change_tells_nobody_anything_either(pair: Pair) -> None:
    """Its outcome is stored in the couple's space, whose head stands: what was hushed there stays so."""
    request, reader = await a_request(pair), Reader(pair)
    about = {"couple": pair.couple, "base": 99}
    await pair.one(pair.ana.phone, change("support_request", request, remove=True, **about))
    await reader.ask()
    before = await reader.ask()
    await pair.one(pair.ana.tablet, change("support_request", request, {"when": "now"}, **about))
    same = await pair.one(pair.ana.tablet, change("support_request", request, {"when": "now"}, **about))
    assert same.status == "applied"
    assert await reader.ask() == before


async def test_whoever_asks_for_a_withdrawn_request_by_its_id_learns_nothing_of_what_was_done_since(pair: Pair) -> None:
    request = await a_request(pair)
    about = {"couple": pair.couple, "base": 99}
    await pair.one(pair.ana.phone, change("support_request", request, remove=True, **about))

    async def asked() -> Any:
        push = SyncRequest(
            schema=1, changes=[change("support_request", request, {"text": "Mine."}, couple=pair.couple)]
        )
        answer = await service.sync(pair.store, pair.keys, pair.ben.phone, push, pair.now, uuid4)
        return [(each.id, each.version) for each in answer.response.gone]

    before = await asked()
    await pair.one(pair.ana.tablet, change("support_request", request, {"when": "now"}, **about))
    assert await asked() == before


async def test_i2_after_parting_too_a_request_is_its_author_s_alone(ground: Ground, pair: Pair) -> None:
    request, reader = await a_request(pair), Reader(pair)
    await ground.close(pair.space)
    await reader.ask()
    before = await reader.ask()
    assert before.spaces[1].state == "closed"
    await service.purge(pair.store, pair.keys, pair.ana.phone, "support_request", request, pair.now)
    assert await reader.ask() == before
    assert (await pair.look(pair.ana, request)).fields["text"] is None
