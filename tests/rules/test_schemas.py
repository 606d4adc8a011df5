"""Apps of different ages on one record: each is told what it knows, and nothing is lost for the others."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Alternative, Record
from sync.bodies import encoded_body
from sync.ports import Row
from sync.schemas import cut, newest
from tests.schemas import NEWER, serve_second_schema
from tests.world import Device, World

NEW_KIND = replace(KINDS["check_in"], name="dream", window=None, family=None, most=(), schema=2)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose table has a second schema: one field more, and one kind more."""
    serve_second_schema(monkeypatch, {"step": NEWER, "dream": NEW_KIND})


class Two:
    """Ana's phone with an old app and Ben's with a new one."""

    def __init__(self) -> None:
        self.world = World(seed=1)
        ana, ben = self.world.person("Ana"), self.world.person("Ben")
        self.world.pair(ana, ben)
        self.old, self.new, self.own = self.world.device(ana), self.world.device(ben), self.world.device(ana)
        self.schemas = {self.old: 1, self.new: 2, self.own: 2}

    async def sync(self, phone: Device, *, limit: int = 500) -> None:
        for _ in range(50):
            request = replace(phone.request(limit=limit), schema=self.schemas[phone])
            response = await phone.send(request)
            phone.receive(request, response)
            if not response.more and not phone.waiting:
                return
        raise AssertionError("it does not come to rest")

    async def settle(self) -> None:
        for _ in range(3):
            for phone in self.schemas:
                await self.sync(phone)

    def held(self, phone: Device, identity: RecordId) -> dict[str, object]:
        [row] = [row for row in phone.replica.rows() if row.id == identity]
        return row.fields


@pytest.fixture
async def two(newer: None) -> Two:
    two = Two()
    await two.settle()
    return two


async def test_a_field_that_an_app_does_not_know_is_not_sent_to_it_and_survives_its_edits(two: Two) -> None:
    goal = two.new.make("goal")
    step = two.new.make("step", goal=goal, title="Ferry.", where="At the pier.")
    await two.settle()
    held = two.held(two.old, step)
    written = {"goal": str(goal), "title": "Ferry.", "taken_by": [], "done": False}
    assert held == written | {"proof": held["proof"]}
    two.old.force(
        "step", step, couple=two.old.replica.couple, base=9, set={"title": "Ferry at nine."}, was={"title": "Ferry."}
    )
    await two.settle()
    assert two.held(two.new, step) | {"goal": 0, "proof": ""} == {
        "proof": "",
        "goal": 0,
        "title": "Ferry at nine.",
        "where": "At the pier.",
        "taken_by": [],
        "done": False,
    }
    assert "where" not in two.held(two.old, step)


async def test_what_stands_beside_an_unknown_field_is_not_sent_either(two: Two) -> None:
    goal = two.new.make("goal")
    step = two.new.make("step", goal=goal, title="Ferry.", where="At the pier.")
    await two.settle()
    two.new.write(step, where="At the lake.")
    two.own.write(step, where="At the mill.")
    await two.settle()
    assert two.world.stored(step).alternatives
    assert "mill" not in two.old.texts()
    assert "lake" not in two.old.texts()
    assert "mill" in two.new.texts()


async def test_a_record_of_old_fields_alone_passes_unread(two: Two) -> None:
    goal = two.old.make("goal", notes="Slow walks.")
    await two.settle()
    assert two.world.stored(goal).schema == 1


async def test_a_kind_that_an_app_does_not_know_is_not_sent_to_it_nor_that_it_is_gone(two: Two) -> None:
    dream = two.own.make("dream", local_date="2026-03-02", text="A boat.")
    await two.settle()
    assert dream not in {row.id for row in two.old.replica.rows()}
    assert dream in {row.id for row in two.own.replica.rows()}


@pytest.mark.parametrize("limit", [500, 3])
async def test_an_app_that_was_updated_is_told_everything_once(two: Two, limit: int) -> None:
    goal = two.new.make("goal")
    steps = [two.new.make("step", goal=goal, title=f"Ferry {n}.", where=f"Pier {n}.") for n in range(5)]
    dream = two.own.make("dream", local_date="2026-03-02", text="A boat.")
    await two.settle()
    two.schemas[two.old] = 2

    await two.sync(two.old, limit=limit)

    assert [two.held(two.old, each)["where"] for each in steps] == [f"Pier {n}." for n in range(5)]
    assert two.held(two.old, dream)["text"] == "A boat."
    request = replace(two.old.request(), schema=2)
    assert (await two.old.send(request)).records == []


async def test_an_app_that_was_updated_and_writes_at_once_is_told_everything_too(two: Two) -> None:
    goal = two.new.make("goal")
    step = two.new.make("step", goal=goal, title="Ferry.", where="At the pier.")
    await two.settle()
    two.schemas[two.old] = 2
    two.old.write(goal, notes="Slow walks.")

    await two.sync(two.old)

    assert two.held(two.old, step)["where"] == "At the pier."


async def test_an_app_newer_than_the_server_is_told_what_there_is(two: Two) -> None:
    two.schemas[two.old] = 900
    goal = two.old.make("goal")
    await two.sync(two.old)
    request = replace(two.old.request(), schema=900)
    assert (await two.old.send(request)).records == []
    assert two.world.stored(goal)


@pytest.mark.usefixtures("newer")
def test_what_is_of_a_kind_that_nobody_knows_any_more_stays_of_the_schema_that_it_had() -> None:
    known = Record(
        space=SpaceId(UUID(int=1)),
        kind="check_in",
        id=RecordId(UUID(int=2)),
        version=3,
        created=3,
        author=PersonId(UUID(int=3)),
        schema=7,
    )
    assert newest(replace(known, kind="a_kind_of_old")) == 7
    assert newest(known) == 1


def test_what_is_cut_from_a_row_is_what_the_app_does_not_know_and_nothing_else() -> None:
    ana = PersonId(UUID(int=1))
    beside = {"title": (Alternative(ana, "Boat."),), "where": (Alternative(ana, "At the mill."),)}
    row = Row(
        space=SpaceId(UUID(int=20)),
        kind="step",
        id=RecordId(UUID(int=21)),
        version=7,
        author=ana,
        removed=False,
        gone=False,
        body=encoded_body({"title": "Ferry.", "where": "At the pier."}, beside, ("title", "where")),
        schema=2,
    )
    assert cut(row, 2) is row
    left = encoded_body({"title": "Ferry."}, {"title": beside["title"]}, ("title",))
    assert cut(row, 1) == replace(row, body=left)
    assert cut(replace(row, body=None), 1) == replace(row, body=None)
    assert cut(replace(row, kind="dream"), 1) is None
    assert cut(replace(row, kind="unheard_of"), 1) is None
