"""Limits hold however a record comes to stand: made, brought back, revived, or moved to another day."""

from uuid import uuid4

import pytest

from domain.check_ins import CHECK_INS_A_DAY_MAX
from domain.goal_kinds import GOALS_MAX, OPEN_TERMS_A_GOAL_MAX, STEPS_A_GOAL_MAX
from domain.ids import RecordId
from tests.world import Device, World

DAY = "2026-03-02"
Two = tuple[World, Device, Device, Device]


@pytest.fixture
async def two() -> Two:
    """A world, Ana's two phones and Ben's."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phones = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    return world, *phones


def standing(world: World, kind: str, **fields: str) -> int:
    return sum(each.live and fields.items() <= each.fields.items() for each in world.records(kind))


async def test_entries_that_are_brought_back_count(two: Two) -> None:
    world, phone, *_ = two
    first = [phone.make("check_in", local_date=DAY, text=f"Entry {n}.") for n in range(CHECK_INS_A_DAY_MAX)]
    await phone.sync()
    for each in first:
        phone.remove(each)
    await phone.sync()
    for _ in range(CHECK_INS_A_DAY_MAX):
        phone.make("check_in", local_date=DAY)
    await phone.sync()
    for each in first:
        phone.bring_back(each)
    outcomes = await phone.sync()
    assert [each.code for each in outcomes] == ["too_many"] * CHECK_INS_A_DAY_MAX
    assert standing(world, "check_in") == CHECK_INS_A_DAY_MAX


async def test_entries_that_move_to_a_day_count_there(two: Two) -> None:
    world, phone, *_ = two
    codes = []
    for n in range(CHECK_INS_A_DAY_MAX + 3):
        entry = phone.make("check_in", local_date=f"2026-04-{n + 1:02}")
        await phone.sync()
        phone.write(entry, local_date=DAY)
        codes += [each.code for each in await phone.sync()]
    assert codes == [None] * CHECK_INS_A_DAY_MAX + ["too_many"] * 3
    assert standing(world, "check_in", local_date=DAY) == CHECK_INS_A_DAY_MAX


async def test_an_entry_may_change_and_stay_on_a_full_day(two: Two) -> None:
    _world, phone, *_ = two
    entries = [phone.make("check_in", local_date=DAY) for _ in range(CHECK_INS_A_DAY_MAX)]
    await phone.sync()
    phone.write(entries[0], text="More.")
    phone.write(entries[1], local_date=DAY, valence=1)
    phone.remove(entries[2])
    phone.bring_back(entries[2])
    assert [each.code for each in await phone.sync()] == [None] * 4


async def test_a_batch_makes_room_before_it_fills_it(two: Two) -> None:
    world, phone, *_ = two
    entries = [phone.make("check_in", local_date=DAY) for _ in range(CHECK_INS_A_DAY_MAX)]
    await phone.sync()
    phone.remove(entries[0])
    phone.make("check_in", local_date=DAY, text="Instead.")
    phone.bring_back(entries[0])
    assert [each.code for each in await phone.sync()] == [None, None, "too_many"]
    assert standing(world, "check_in") == CHECK_INS_A_DAY_MAX


async def test_steps_that_an_unseeing_edit_would_revive_count_and_lose_no_word(two: Two) -> None:
    world, phone, _, bens = two
    goal = phone.make("goal")
    first = [phone.make("step", goal=goal, title=f"Step {n}.") for n in range(STEPS_A_GOAL_MAX)]
    await world.settle()
    bens.write(first[0], title="Step 0, by the lake.")  # offline
    for each in first:
        phone.remove(each)
    for n in range(STEPS_A_GOAL_MAX):
        phone.make("step", goal=goal, title=f"New {n}.")
    await phone.sync()
    assert [each.code for each in await bens.sync()] == ["too_many"]
    assert standing(world, "step") == STEPS_A_GOAL_MAX
    assert bens.unplaced() == [{"title": "Step 0, by the lake."}]


async def test_steps_that_are_brought_back_count(two: Two) -> None:
    world, phone, *_ = two
    goal = phone.make("goal")
    first = [phone.make("step", goal=goal, title="T") for _ in range(STEPS_A_GOAL_MAX)]
    await phone.sync()
    for each in first:
        phone.remove(each)
    await phone.sync()
    for _ in range(STEPS_A_GOAL_MAX):
        phone.make("step", goal=goal, title="T")
    await phone.sync()
    for each in first:
        phone.bring_back(each)
    await phone.sync()
    assert standing(world, "step") == STEPS_A_GOAL_MAX


async def test_a_goal_may_change_among_as_many_as_a_space_holds(two: Two) -> None:
    world, phone, *_ = two
    goals = [phone.make("goal") for _ in range(GOALS_MAX)]
    await phone.sync()
    phone.write(goals[0], notes="Slow walks.")
    phone.make("goal")
    assert [each.code for each in await phone.sync()] == [None, "too_many"]
    assert world.stored(goals[0]).fields["notes"] == "Slow walks."


@pytest.mark.parametrize("ending", ["let_go", "achieved"])
async def test_goals_that_have_ended_take_no_room(two: Two, ending: str) -> None:
    world, phone, _, bens = two
    goals = [phone.make("goal") for _ in range(GOALS_MAX)]
    terms = phone.make("goal_terms", goal=goals[0], title="Ferry")
    await world.settle()
    bens.make("goal")
    assert [each.code for each in await bens.sync()] == ["too_many"]

    for act in {"let_go": ["let_go"], "achieved": ["accept", "mark_done"]}[ending]:
        bens.make("goal_act", goal=goals[0], terms=terms, act=act)
    await world.settle()
    if ending == "achieved":
        phone.make("goal_act", goal=goals[0], terms=terms, act="mark_done")
        await world.settle()
    assert world.stored(goals[0]).fields["state"] == ending

    bens.make("goal")
    bens.make("goal")
    assert [each.code for each in await bens.sync()] == [None, "too_many"]


async def test_a_goal_that_ends_twice_makes_room_once(two: Two) -> None:
    world, phone, _, bens = two
    goals = [phone.make("goal") for _ in range(GOALS_MAX)]
    terms = phone.make("goal_terms", goal=goals[0], title="Ferry")
    await world.settle()
    for each in (phone, bens):
        each.make("goal_act", goal=goals[0], terms=terms, act="let_go")
    await world.settle()
    phone.make("goal_act", goal=goals[0], terms=terms, act="let_go")
    phone.write(goals[0], notes="It was good.")
    await world.settle()
    phone.make("goal")
    phone.make("goal")
    assert [each.code for each in await phone.sync()] == [None, "too_many"]


@pytest.mark.parametrize("goal_first", [True, False])
async def test_g12_terms_count_whether_their_goal_has_come_or_not(two: Two, *, goal_first: bool) -> None:
    world, phone, *_ = two
    goal = RecordId(uuid4())
    couple = phone.replica.couple
    if goal_first:
        phone.force("goal", goal, couple=couple, set={})
    for n in range(OPEN_TERMS_A_GOAL_MAX + 4):
        phone.force("goal_terms", couple=couple, set={"goal": str(goal), "title": f"T{n}"})
    if not goal_first:
        phone.force("goal", goal, couple=couple, set={})
    codes = [each.code for each in await phone.sync()]
    assert codes.count("too_many") == 4
    assert len(world.stored(goal).fields["open_terms"]) == OPEN_TERMS_A_GOAL_MAX
    assert len(phone.unplaced()) == 4


async def test_terms_after_an_ending_in_the_same_batch_are_told_so(two: Two) -> None:
    _world, phone, *_ = two
    goal = phone.make("goal")
    terms = phone.make("goal_terms", goal=goal, title="Walk.")
    phone.make("goal_act", goal=goal, terms=terms, act="let_go")
    phone.make("goal_terms", goal=goal, title="Swim.")
    assert [each.code for each in await phone.sync()] == [None, None, None, "goal_ended"]


async def test_what_changed_nothing_is_told_once_the_goal_comes(two: Two) -> None:
    """G5: terms on a base that never was in force are stale; their author learns of it when there is a goal."""
    world, phone, *_ = two
    goal = RecordId(uuid4())
    couple = phone.replica.couple
    phone.force("goal_terms", couple=couple, set={"goal": str(goal), "title": "T", "based_on": str(uuid4())})
    await phone.sync()
    assert phone.notices() == []
    phone.force("goal", goal, couple=couple, set={})
    await phone.sync()
    assert phone.notices() == ["look_again"]
    await world.settle()
    phone.make("goal_terms", goal=goal, title="Walk.")
    await phone.sync()
    assert phone.notices() == ["look_again"]


async def test_five_hundred_acts_at_once_move_their_goal_once(two: Two) -> None:
    """A walk for each of them took seconds of everybody's time."""
    world, phone, *_ = two
    goal = phone.make("goal")
    terms = phone.make("goal_terms", goal=goal, title="Walk.")
    await phone.sync()
    before = world.store.spaces[world.stored(goal).space].head
    for n in range(500):
        phone.make("goal_act", goal=goal, terms=terms, act=("rest", "resume")[n % 2])
    await phone.sync()
    assert world.store.spaces[world.stored(goal).space].head == before + 500, "resting and resuming leave no trace"
    phone.make("goal_act", goal=goal, terms=terms, act="decline")
    await phone.sync()
    assert world.stored(goal).fields["state"] == "declined"
    assert world.store.spaces[world.stored(goal).space].head == before + 502
