"""What planning and sending may rely on, of each store of prompts in turn."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from api.postgres import Pool
from domain.ids import CoupleId, PersonId, RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import Reason
from domain.prompts import Arrived, Prompt, Sent
from notifications.ports import LEDGER_KEPT, LEDGER_READ, Beginning, Desk, End, Entry, Plan, Planned, Store
from tests.desks import Ground, MemoryGround, PostgresGround
from tests.prompting import ANA, BEN, NOON, THE_TWO, arrival, arrived, own, record

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE = NOON + MINUTE
ONE, OTHER = UUID(int=1), UUID(int=2)
"""Two workers."""


@pytest.fixture
async def on_postgres(pool: Pool) -> AsyncIterator[PostgresGround]:
    async with PostgresGround(pool).of(ANA, BEN) as ground:
        yield ground


@pytest.fixture(params=["memory", "postgres"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "memory":
        return MemoryGround()
    return cast("Ground", request.getfixturevalue("on_postgres"))


@pytest.fixture
def store(ground: Ground) -> Store:
    return ground.store


def news(number: int = 1, person: PersonId = BEN, *, at: datetime = NOON, **differs: Any) -> News:
    put = News(id=uuid4(), person=person, couple=THE_TWO, kind="letter_arrived", record=record(number), at=at)
    return replace(put, **differs)


def planned(
    slot: str = "a", prompt: Prompt | None = None, person: PersonId = BEN, *, due: datetime = NOON, **differs: Any
) -> Planned:
    made = Planned(id=uuid4(), person=person, slot=slot, prompt=prompt or arrival(due=due))
    return replace(made, **differs)


def entry(of: Planned, *kinds: str, at: datetime = NOON, records: tuple[RecordId, ...] = ()) -> Entry:
    sent = Sent(kinds=kinds or (of.prompt.kind,), day=at.date(), at=at)
    return Entry(prompt=of.id, sent=sent, records=records, text="letter_arrived.07")


async def desk_of(store: Store, person: PersonId = BEN, now: datetime = NOON) -> Desk:
    return (await store.desks([person], now))[person]


async def save(store: Store, *put: Planned, person: PersonId = BEN, **differs: Any) -> bool:
    """Store a plan that is made on the desk of this moment."""
    desk = await desk_of(store, person)
    made = Plan(person=person, version=desk.version, put=put, paces=desk.paces, next_at=desk.next_at)
    return await store.save(replace(made, **differs))


async def claimed(store: Store, now: datetime = NOON, owner: UUID = ONE, most: int = 9) -> list[Planned]:
    return list(await store.claim(now, owner, now + MINUTE, most))


async def begun(store: Store, each: Planned, owner: UUID = ONE, **differs: Any) -> bool:
    known: dict[str, Any] = {"entry": entry(each), "pace": None}
    given = known | differs
    return await store.begin(each, await desk_of(store, each.person), given["entry"], given["pace"], owner)


# Waiting


async def test_nobody_waits_on_empty_desks_and_each_of_them_is_of_version_0(store: Store) -> None:
    assert await store.waiting(NOON, 9) == []
    assert await store.desks([BEN, ANA], NOON) == {each: Desk(person=each, version=0) for each in (ANA, BEN)}
    assert await store.desks([], NOON) == {}
    assert await claimed(store) == []


async def test_whoever_has_news_waits_once_until_a_plan_has_seen_all_of_it(ground: Ground, store: Store) -> None:
    first, second = news(1), news(2, at=NOON + MINUTE)
    await ground.put_news(first, second)
    assert await store.waiting(NOON, 9) == [BEN]
    assert sorted((await desk_of(store)).news, key=lambda each: each.at) == [first, second]
    assert await save(store, seen=(first.id,))
    assert (await desk_of(store)).news == (second,)
    assert await store.waiting(NOON, 9) == [BEN]
    assert await save(store, seen=(second.id, uuid4()))
    assert await store.waiting(NOON, 9) == []


async def test_news_come_back_as_they_were_put_and_the_same_twice_is_once(ground: Ground, store: Store) -> None:
    bare = news(1, couple=None, kind=None, at=NOON.replace(microsecond=123))
    await ground.put_news(bare)
    await ground.put_news(bare)
    assert (await desk_of(store)).news == (bare,)
    assert (await desk_of(store, ANA)).news == ()


async def test_nobody_sees_the_news_of_another(ground: Ground, store: Store) -> None:
    hers, his = news(1, ANA), news(1, BEN)
    await ground.put_news(hers, his)
    assert await save(store, seen=(hers.id, his.id))
    assert (await desk_of(store, ANA)).news == (hers,)


async def test_whoever_is_looked_at_later_waits_from_then_on(store: Store) -> None:
    assert await save(store, next_at=NOON + HOUR)
    assert await store.waiting(NOON + HOUR - timedelta(microseconds=1), 9) == []
    assert await store.waiting(NOON + HOUR, 9) == [BEN]
    assert await save(store, next_at=None)
    assert await store.waiting(NOON + HOUR, 9) == []


async def test_of_many_who_wait_no_more_come_than_are_asked_for_and_all_in_the_end(
    ground: Ground, store: Store
) -> None:
    await ground.put_news(*(news(number, ANA) for number in range(3)), news(9, BEN, at=NOON + MINUTE))
    assert await save(store, person=BEN, next_at=NOON)
    assert len(await store.waiting(NOON, 1)) == 1
    seen: set[PersonId] = set()
    while waiting := await store.waiting(NOON, 1):
        seen |= set(waiting)
        for person in waiting:
            every = tuple(each.id for each in (await desk_of(store, person)).news)
            assert await save(store, person=person, seen=every, next_at=None)
    assert seen == {ANA, BEN}


# Saving


async def test_a_plan_comes_back_as_it_was_stored(store: Store) -> None:
    told = Arrived(kind="request_arrived", record=record(2), at=NOON, hushed_until=NOON + DAY, stands=False)
    letter = planned("arrival:1", arrival(arrived(), told), due=NOON, tries=2, begun=True)
    step = planned("step:2027-05-12", own("own_step", due=NOON - MINUTE, about=record(4)))
    space = planned("space:5", own("space_ended", due=NOON + DAY))
    paces = {
        "check_in_invite": Pace(
            days=(date(2027, 5, 1), date(2027, 5, 8)), open=(NOON - DAY,), ignored=3, stretch=2, acted_at=NOON
        ),
        "reflection_invite": Pace(rests_since=NOON.replace(microsecond=7)),
    }
    assert await save(store, letter, space, step, paces=paces, next_at=NOON + HOUR)
    assert await desk_of(store) == Desk(
        person=BEN, version=1, planned=(step, letter, space), paces=paces, next_at=NOON + HOUR
    )
    assert await desk_of(store, ANA) == Desk(person=ANA, version=0)


async def test_of_two_plans_on_one_desk_the_second_changes_nothing(ground: Ground, store: Store) -> None:
    put = news()
    await ground.put_news(put)
    plan = Plan(person=BEN, version=0, put=(planned("a"),))
    late = Plan(person=BEN, version=0, put=(planned("b"),), seen=(put.id,), paces={"x": Pace()}, next_at=NOON)
    assert await store.save(plan)
    before = await desk_of(store)
    assert not await store.save(late)
    assert not await store.save(replace(late, version=2))
    assert not await store.save(replace(late, cancel=(plan.put[0].id,)))
    assert await desk_of(store) == before
    assert await store.save(replace(late, version=1))


async def test_a_desk_that_is_not_there_has_no_later_version(store: Store) -> None:
    assert not await store.save(Plan(person=BEN, version=3, put=(planned(),)))
    assert await desk_of(store) == Desk(person=BEN, version=0)


async def test_a_slot_holds_one_prompt_until_that_is_cancelled_or_dropped(ground: Ground, store: Store) -> None:
    first, second, third = planned(), planned(), planned()
    assert await save(store, first)
    assert await save(store, second), "it is left out, and nothing else is"
    assert [each.id for each in (await desk_of(store)).planned] == [first.id]
    assert await save(store, second, cancel=(first.id,)), "one plan may put another in its place"
    assert [each.id for each in (await desk_of(store)).planned] == [second.id]
    [held] = await claimed(store)
    assert await store.settle(held, ONE, End(state="dropped", reason=Reason.QUIET))
    assert await save(store, third)
    assert [each.id for each in (await desk_of(store)).planned] == [third.id]
    assert sorted(await ground.ends(BEN)) == [("cancelled", None), ("dropped", Reason.QUIET)]


@pytest.mark.parametrize("end", ["sent", "dead"])
async def test_what_was_sent_or_died_keeps_its_slot(store: Store, end: Any) -> None:
    first = planned()
    assert await save(store, first)
    [held] = await claimed(store)
    assert await store.settle(held, ONE, End(state=end))
    assert await save(store, planned(), replace(first, prompt=arrival(due=NOON + DAY)), planned("b"))
    assert [each.slot for each in (await desk_of(store)).planned] == ["b"]


async def test_the_slots_of_two_people_are_their_own(store: Store) -> None:
    hers, his = planned(person=ANA), planned(person=BEN)
    assert await save(store, hers, person=ANA)
    assert await save(store, his, person=BEN)
    assert (await desk_of(store, ANA)).planned == (hers,)


async def test_a_prompt_that_has_changed_keeps_its_claim_and_its_tries(store: Store) -> None:
    first = planned()
    assert await save(store, first)
    [held] = await claimed(store)
    assert await begun(store, held)
    assert await store.settle(held, ONE, End(state="planned", due=NOON))
    [held] = await claimed(store)
    assert held.tries == 1
    changed = replace(first, prompt=arrival(arrived(), arrived(2)))
    assert await save(store, changed)
    assert (await desk_of(store)).planned == (replace(changed, tries=1),)
    assert await claimed(store, owner=OTHER) == []
    assert await store.settle(held, ONE, End(state="sent"))


async def test_one_that_was_dropped_while_it_was_planned_anew_is_planned_once_more(
    ground: Ground, store: Store
) -> None:
    first = planned()
    assert await save(store, first)
    desk = await desk_of(store)
    [held] = await claimed(store)
    assert await store.settle(held, ONE, End(state="dropped", reason=Reason.NOTHING_LEFT))
    joined = replace(first, prompt=arrival(arrived(), arrived(2)))
    assert await store.save(Plan(person=BEN, version=desk.version, put=(joined,)))
    assert (await desk_of(store)).planned == (joined,)
    assert await ground.ends(BEN) == []
    assert await claimed(store, owner=OTHER) == [joined]


async def test_what_somebody_holds_is_not_cancelled(store: Store) -> None:
    assert await save(store, planned())
    [held] = await claimed(store)
    assert await save(store, cancel=(held.id,))
    assert await save(store, planned()), "and holds its slot"
    assert (await desk_of(store)).planned == (held,)
    assert await store.settle(held, ONE, End(state="sent"))


# Claiming


async def test_what_is_due_is_claimed_once_until_its_lease_runs_out(store: Store) -> None:
    due = planned()
    assert await save(store, due, planned("b", due=NOON + HOUR))
    assert await claimed(store, NOON - timedelta(microseconds=1)) == []
    assert await claimed(store) == [due]
    assert await claimed(store, LEASE - timedelta(microseconds=1), OTHER) == []
    assert await claimed(store, LEASE, OTHER) == [due]
    assert len((await desk_of(store)).planned) == 2, "what is claimed stands on the desk"


async def test_of_one_person_the_first_that_is_due_is_claimed_alone(store: Store) -> None:
    late, early, hers = planned("a", due=NOON), planned("b", due=NOON - MINUTE), planned(person=ANA)
    assert await save(store, late, early)
    assert await save(store, hers, person=ANA)
    assert {each.id for each in await claimed(store)} == {early.id, hers.id}
    assert await claimed(store, owner=OTHER) == [late], "another claim may hold another of theirs"
    assert await claimed(store, owner=OTHER) == []


async def test_no_more_are_claimed_than_are_asked_for_and_all_in_the_end(store: Store) -> None:
    for person in (ANA, BEN):
        assert await save(store, *(planned(slot, person=person) for slot in "abc"), person=person)
    rounds = []
    while got := await claimed(store, most=2):
        assert len({each.person for each in got}) == len(got) <= 2
        rounds += got
    assert len({each.id for each in rounds}) == len(rounds) == 6


async def test_a_claimed_prompt_that_moves_into_the_future_is_claimed_then(store: Store) -> None:
    first = planned()
    assert await save(store, first)
    await claimed(store)
    assert await save(store, replace(first, prompt=arrival(due=NOON + HOUR)))
    assert await claimed(store, LEASE, OTHER) == []
    assert len(await claimed(store, NOON + HOUR, OTHER)) == 1


# Beginning


async def test_what_begins_stands_in_the_ledger_and_counts_the_desk_up(store: Store) -> None:
    assert await save(store, planned(), paces={"reflection_invite": Pace(ignored=1)})
    [held] = await claimed(store)
    line = entry(held, "letter_arrived", "request_arrived", records=(record(1), record(2)))
    pace = Pace(days=(NOON.date(),))
    assert await begun(store, held, entry=line, pace=pace)
    desk = await desk_of(store)
    assert (desk.version, desk.ledger, desk.planned) == (2, (line,), (replace(held, begun=True),))
    assert desk.paces == {"reflection_invite": Pace(ignored=1), "letter_arrived": pace}


async def test_what_begins_once_more_has_one_line_which_says_when_it_did(store: Store) -> None:
    assert await save(store, planned())
    [held] = await claimed(store)
    line = replace(entry(held, records=(record(1),)), record_kinds=("letter_arrived",))
    assert await begun(store, held, entry=line)
    assert await store.settle(held, ONE, End(state="planned", due=NOON + 4 * HOUR))
    [again] = await claimed(store, NOON + 4 * HOUR, OTHER)
    later = replace(line, sent=replace(line.sent, at=NOON + 4 * HOUR))
    assert await begun(store, again, OTHER, entry=later)
    assert (await desk_of(store, now=NOON + 4 * HOUR)).ledger == (later,)


async def test_one_of_their_own_is_sent_by_beginning_and_can_be_planned_once_more(ground: Ground, store: Store) -> None:
    assert await save(store, planned("step", own("own_step")))
    [held] = await claimed(store)
    assert await begun(store, held)
    assert (await desk_of(store)).planned == ()
    assert await ground.ends(BEN) == [("sent", None)]
    assert await claimed(store, LEASE, OTHER) == [], "a crash loses it"
    assert not await begun(store, held, entry=None), "it goes out once"
    assert await save(store, planned("step", own("own_step"))), "its slot is taken"
    assert (await desk_of(store)).planned == ()

    assert not await store.settle(held, OTHER, End(state="planned", due=NOON + MINUTE))
    assert await store.settle(held, ONE, End(state="planned", due=NOON + MINUTE))
    again = replace(held, prompt=replace(held.prompt, due=NOON + MINUTE), tries=1, begun=True)
    assert (await desk_of(store)).planned == (again,)
    assert await claimed(store, NOON + MINUTE, OTHER) == [again]
    assert await begun(store, again, OTHER, entry=None)
    assert len((await desk_of(store)).ledger) == 1
    assert await ground.ends(BEN) == [("sent", None)]
    assert not await store.settle(held, ONE, End(state="planned", due=NOON + MINUTE))


async def test_nothing_begins_on_a_desk_that_has_changed(store: Store) -> None:
    assert await save(store, planned())
    desk = await desk_of(store)
    [held] = await claimed(store)
    assert await save(store, next_at=NOON + DAY)
    before = await desk_of(store)
    assert not await store.begin(held, desk, entry(held), Pace(), ONE)
    assert await desk_of(store) == before
    assert await begun(store, held)


async def test_of_two_prompts_of_one_person_one_begins_on_one_desk(store: Store) -> None:
    assert await save(store, planned("a"), planned("b"))
    [mine], [theirs] = await claimed(store), await claimed(store, owner=OTHER)
    desk = await desk_of(store)
    assert await store.begin(mine, desk, entry(mine), None, ONE)
    assert not await store.begin(theirs, desk, entry(theirs), None, OTHER)
    assert await begun(store, theirs, OTHER)
    assert {each.prompt for each in (await desk_of(store)).ledger} == {mine.id, theirs.id}


async def test_a_plan_that_was_made_before_something_began_is_made_anew(store: Store) -> None:
    assert await save(store, planned())
    desk = await desk_of(store)
    [held] = await claimed(store)
    assert await begun(store, held)
    assert not await store.save(Plan(person=BEN, version=desk.version, cancel=(held.id,)))


async def test_nothing_begins_that_somebody_else_holds_or_nobody(store: Store) -> None:
    assert await save(store, planned())
    [standing] = (await desk_of(store)).planned
    assert not await begun(store, standing), "it was not claimed"
    [mine] = await claimed(store)
    assert await claimed(store, LEASE, OTHER) == [mine]
    assert not await begun(store, mine)
    assert await begun(store, mine, OTHER)
    assert await begun(store, mine, OTHER, entry=None), "it is held still, and sent once more"
    assert await store.settle(mine, OTHER, End(state="sent"))
    assert not await begun(store, mine, OTHER, entry=None)
    assert not await begun(store, planned("never"), OTHER)
    assert len((await desk_of(store)).ledger) == 1


# Settling


async def test_what_waits_is_due_later_and_free_for_anybody(store: Store) -> None:
    assert await save(store, planned())
    [held] = await claimed(store)
    version = (await desk_of(store)).version
    assert await store.settle(held, ONE, End(state="planned", due=NOON + HOUR, reason=Reason.QUIET))
    later = replace(held, prompt=replace(held.prompt, due=NOON + HOUR))
    assert await desk_of(store) == Desk(person=BEN, version=version, planned=(later,)), "it was not tried"
    assert await claimed(store, LEASE, OTHER) == []
    assert await claimed(store, NOON + HOUR, OTHER) == [later]


async def test_f32_whoever_does_not_hold_a_prompt_any_more_settles_nothing(store: Store) -> None:
    assert await save(store, planned())
    [standing] = (await desk_of(store)).planned
    assert not await store.settle(standing, ONE, End(state="sent"))
    [mine] = await claimed(store)
    assert await claimed(store, LEASE, OTHER) == [mine]
    for end in (End(state="sent"), End(state="planned", due=NOON), End(state="dropped", reason=Reason.OFF)):
        assert not await store.settle(mine, ONE, end)
    assert await store.settle(mine, OTHER, End(state="sent"))
    assert not await store.settle(mine, OTHER, End(state="dead"))
    assert not await store.settle(planned(), OTHER, End(state="sent"))


async def test_whoever_is_late_settles_what_nobody_else_has_taken(ground: Ground, store: Store) -> None:
    assert await save(store, planned())
    [held] = await claimed(store)
    assert await store.settle(held, ONE, End(state="dead"))
    assert await ground.ends(BEN) == [("dead", None)]


# The ledger


async def sent_at(store: Store, at: datetime, *records: RecordId, kind: str = "letter_arrived") -> Entry:
    each = planned(f"at:{at}", due=at)
    assert await save(store, each)
    [held] = await claimed(store, at)
    line = entry(each, kind, at=at, records=records)
    assert await begun(store, held, entry=line)
    assert await store.settle(held, ONE, End(state="sent"))
    return line


async def test_a_desk_shows_what_was_sent_in_the_last_31_days_the_newest_last(store: Store) -> None:
    at = NOON - LEDGER_READ
    [_, first, second] = [await sent_at(store, each) for each in (at, at + MINUTE, NOON - DAY)]
    assert (await desk_of(store)).ledger == (first, second)
    assert (await desk_of(store, now=NOON + MINUTE)).ledger == (second,)
    assert (await desk_of(store, ANA)).ledger == ()


async def test_it_is_known_of_what_is_named_whether_it_was_told_before_however_long_ago(
    ground: Ground, store: Store
) -> None:
    await sent_at(store, NOON - 300 * DAY, record(1), record(2))
    await sent_at(store, NOON - DAY, record(3), kind="request_arrived")
    assert (await desk_of(store)).told == frozenset(), "nothing is named"
    named = [
        news(1),
        news(1, kind="goal_achieved"),
        news(2, kind=None),
        news(3),
        news(3, kind="request_arrived"),
        news(4),
    ]
    await ground.put_news(*named, news(1, ANA))
    told = {("letter_arrived", record(1)), ("request_arrived", record(3))}
    assert (await desk_of(store)).told == told
    assert await save(store, planned("x", arrival(arrived(2), arrived(5))))
    desk = await desk_of(store)
    assert (desk.told, len(desk.ledger)) == (told | {("letter_arrived", record(2))}, 1)
    assert (await desk_of(store, ANA)).told == frozenset(), "she was told of nothing"


async def test_after_400_days_it_is_forgotten_that_somebody_was_told(ground: Ground, store: Store) -> None:
    first = await sent_at(store, NOON, record(1))
    await ground.put_news(news(1))
    await ground.forget_ledger(NOON + LEDGER_KEPT)
    assert (await desk_of(store)).ledger == (first,)
    await ground.forget_ledger(NOON + LEDGER_KEPT + timedelta(microseconds=1))
    desk = await desk_of(store)
    assert (desk.ledger, desk.told) == ((), frozenset())


# Parting


async def test_p9_parting_takes_away_what_the_couple_has_caused_and_nothing_else(ground: Ground, store: Store) -> None:
    others = CoupleId(UUID(int=99))
    letter, step = planned("a"), planned("b", own("own_step", due=NOON + DAY))
    space = planned("c", own("space_ended"))
    other = planned("d", replace(arrival(due=NOON + HOUR), couple=others))
    assert await save(store, letter, step, space, other)
    assert await save(store, planned(person=ANA), person=ANA)
    bare = news(couple=None, kind=None)
    await ground.put_news(news(1), news(2, ANA), bare, theirs := news(3, couple=others))
    held = await claimed(store)
    desk = await desk_of(store)

    await ground.cancel_couple(THE_TWO, ANA, BEN)

    after = await desk_of(store)
    assert ([each.id for each in after.planned], set(after.news)) == ([space.id, other.id], {bare, theirs})
    assert after.version > desk.version
    assert await ground.ends(BEN) == [("dropped", Reason.PARTED)] * 2
    hers = await desk_of(store, ANA)
    assert (hers.planned, hers.news) == ((), ())
    for each in held:
        if each.prompt.couple == THE_TWO:
            assert not await store.begin(each, desk, entry(each), None, ONE)
            assert not await store.settle(each, ONE, End(state="planned", due=NOON))
    assert [each.id for each in await claimed(store, NOON + 2 * DAY, OTHER)] in ([space.id], [other.id])


async def test_p9_what_was_out_when_they_parted_is_not_tried_again(ground: Ground, store: Store) -> None:
    assert await save(store, planned("step", own("own_step")))
    [held] = await claimed(store)
    assert await begun(store, held)
    await ground.cancel_couple(THE_TWO, ANA, BEN)
    assert not await store.settle(held, ONE, End(state="planned", due=NOON))
    assert await ground.ends(BEN) == [("sent", None)]
    assert (await desk_of(store)).planned == ()


async def test_p9_a_plan_that_was_made_while_they_were_together_is_not_stored_after_their_parting(
    ground: Ground, store: Store
) -> None:
    assert await save(store, next_at=NOON + DAY)
    await ground.put_news(letter := news())
    desk = await desk_of(store)
    await ground.cancel_couple(THE_TWO, ANA, BEN)
    assert not await store.save(Plan(person=BEN, version=desk.version, put=(planned(),), seen=(letter.id,)))
    assert (await desk_of(store)).planned == ()


async def test_p9_nor_is_the_first_plan_of_somebody(ground: Ground, store: Store) -> None:
    await ground.put_news(letter := news())
    desk = await desk_of(store)
    assert desk.version == 0
    await ground.cancel_couple(THE_TWO, ANA, BEN)
    assert not await store.save(Plan(person=BEN, version=desk.version, put=(planned(),), seen=(letter.id,)))
    assert (await desk_of(store)).planned == ()
    assert await save(store, planned("a", own("space_ended"))), "what is their own is planned as ever"


# Time


async def test_instants_are_the_same_from_whatever_zone(store: Store) -> None:
    far = NOON.astimezone(UTC) + timedelta(days=36500)
    assert await save(store, planned("a", due=far), next_at=far)
    desk = await desk_of(store)
    assert (desk.planned[0].prompt.due, desk.next_at) == (far, far)


# Many at once


async def test_of_many_plans_those_are_stored_whose_desks_are_as_they_were(ground: Ground, store: Store) -> None:
    hers, his = news(1, ANA), news(1, BEN)
    first, letter, space = planned("a", person=BEN), planned(person=ANA), planned("b", own("space_ended"), ANA)
    assert await save(store, first)
    await ground.put_news(hers, his)
    late = Plan(
        person=BEN,
        version=0,
        put=(planned("z"),),
        cancel=(first.id,),
        seen=(his.id,),
        next_at=NOON,
        paces={"x": Pace()},
    )
    fresh = Plan(person=ANA, version=0, put=(letter, space), seen=(hers.id, his.id), next_at=NOON + HOUR)
    before = await desk_of(store, BEN)
    assert await store.save_all([late, fresh]) == {ANA}
    assert await desk_of(store, BEN) == before
    desk = await desk_of(store, ANA)
    assert (desk.version, desk.news, desk.next_at, set(desk.planned)) == (1, (), NOON + HOUR, {letter, space})
    assert await store.save_all([replace(late, version=1), replace(fresh, version=1, put=(), cancel=(space.id,))]) == {
        ANA,
        BEN,
    }
    assert [each.slot for each in (await desk_of(store, BEN)).planned] == ["z"]
    assert (await desk_of(store, ANA)).planned == (letter,)
    assert await store.save_all([]) == frozenset()


async def test_of_many_prompts_those_begin_that_are_held_on_a_desk_as_it_was(ground: Ground, store: Store) -> None:
    letter, step = planned(person=ANA), planned("step", own("own_step"))
    assert await save(store, letter, person=ANA, paces={"x": Pace(ignored=2)})
    assert await save(store, step)
    held = {each.person: each for each in await claimed(store)}
    desks = await store.desks([ANA, BEN], NOON)
    told = entry(letter, "letter_arrived", "request_arrived", records=(record(1), record(2)))
    taken, pace = entry(step, "own_step"), Pace(days=(NOON.date(),))
    both = [Beginning(held[ANA], desks[ANA], told, pace), Beginning(held[BEN], desks[BEN], taken, None)]
    assert await store.begin_all(both, OTHER) == frozenset()
    assert await save(store, person=ANA)
    assert await store.begin_all(both, ONE) == {step.id}
    assert (await desk_of(store, ANA)).ledger == ()
    assert ((await desk_of(store)).ledger, await ground.ends(BEN)) == ((taken,), [("sent", None)])
    again = Beginning(held[ANA], await desk_of(store, ANA), told, pace)
    assert await store.begin_all([both[1], again], ONE) == {letter.id}
    desk = await desk_of(store, ANA)
    assert (desk.version, desk.ledger, desk.planned) == (3, (told,), (replace(letter, begun=True),))
    assert desk.paces == {"x": Pace(ignored=2), "letter_arrived": pace}
    assert len((await desk_of(store)).ledger) == 1
    assert await store.begin_all([], ONE) == frozenset()


async def test_of_many_ends_those_count_that_the_claim_holds(ground: Ground, store: Store) -> None:
    hers, his = planned(person=ANA), planned()
    assert await save(store, hers, person=ANA)
    assert await save(store, his)
    await store.claim(NOON, ONE, LEASE, 1)
    await store.claim(NOON, OTHER, LEASE, 1)
    later = End(state="planned", due=NOON + HOUR, reason=Reason.GAP)
    ends = [(hers, later), (his, End(state="dropped", reason=Reason.OFF))]
    assert await store.settle_all(ends, ONE) | await store.settle_all(ends, OTHER) == {hers.id, his.id}
    assert await store.settle_all(ends, ONE) == await store.settle_all([], ONE) == frozenset()
    moved = replace(hers, prompt=replace(hers.prompt, due=NOON + HOUR))
    assert ((await desk_of(store, ANA)).planned, await ground.ends(BEN)) == ((moved,), [("dropped", Reason.OFF)])
