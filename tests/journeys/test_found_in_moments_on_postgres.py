"""Pauses, moments and cheers through the server, the database and the worker: what a review of prompts found."""

from datetime import timedelta
from uuid import UUID

from api.people import StoredPeople
from api.prompting import Prompting
from domain.ids import PersonId
from domain.prompts import SPREAD_MAX_S, Person
from domain.quiet import chance
from sync.knowing_store import PAUSES_READ
from tests.journeys.phones import Phone
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.test_own_prompts import choose
from tests.journeys.two import Two


async def as_known(two: Two, phone: Phone) -> Person:
    person = PersonId(UUID(str(phone.person)))
    return (await StoredPeople(two.parts.pool, two.parts.keys).facts({person: ()}, two.clock()))[person].person


def came_to(vendor: Vendor, name: str) -> int:
    return sum(value.startswith(name) for _, value in vendor.told)


async def sends_a_letter(two: Two) -> None:
    two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
    await two.ana.sync()


async def test_many_short_pauses_do_not_end_a_long_one(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    two.ben.edit("pause", minutes=1440)
    await two.meet()
    await rounds(two, prompting, 3)
    for _ in range(25):
        two.ana.edit("pause", minutes=20)
    await two.ana.sync()
    await rounds(two, prompting, 30)
    await sends_a_letter(two)
    await rounds(two, prompting, 60)
    assert came_to(vendor, "ben") == 0, "the pause of a day still holds"


async def test_more_pauses_than_are_read_are_one_that_holds_for_two_days(two: Two) -> None:
    two.ben.edit("pause", minutes=1440)
    await two.meet()
    for _ in range(PAUSES_READ):
        two.ana.edit("pause", minutes=20)
    await two.ana.sync()
    for hours, many in ((0, True), (23, True), (26, False)):
        two.clock.move(minutes=60 * hours)
        couple = (await as_known(two, two.ben)).couple
        assert couple is not None
        assert couple.many_pauses is many


async def test_pauses_are_no_lever_for_waking_somebody(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await choose(two, two.ben, day_cap=1)
    for _ in range(9):
        two.ana.edit("pause", minutes=20)
        await two.ana.sync()
        await rounds(two, prompting, 23)
    assert came_to(vendor, "ben") == 1
    two.clock.move(minutes=60 * 30)
    await sends_a_letter(two)
    await rounds(two, prompting, 15)
    assert came_to(vendor, "ben") == 2, "nor for keeping a letter from them"


async def test_of_a_goal_that_is_shown_each_piece_of_news_a_week_is_told(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, prompt_own_goal_cheer=1, prompt_window_opened=1, day_cap=3, week_cap=14)
    goal = two.ana.edit(
        "own_goal",
        title="Run",
        support_wanted="encouragement",
        let_them_know=True,
        audience=two.couple,
        shared_parts=["latest"],
    )
    await two.meet()
    await rounds(two, prompting, 15)
    for nth in (1, 2):
        two.clock.move(minutes=60 * 24 * 9)
        two.ana.edit("own_goal", goal, latest=f"{nth} km")
        await two.ana.sync()
        await rounds(two, prompting, 15)
    assert came_to(vendor, "ben") == 3


async def test_chance_follows_for_everybody_from_what_nobody_else_knows(two: Two) -> None:
    ana, ben = await as_known(two, two.ana), await as_known(two, two.ben)
    assert len(ana.seed) == len(ben.seed) == 64
    assert ana.seed != ben.seed
    assert (await as_known(two, two.ben)).luck == ben.seed != str(ben.id)


async def test_a_letter_after_a_pause_does_not_come_at_its_last_second(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    two.ana.edit("pause", minutes=20)
    await sends_a_letter(two)
    await rounds(two, prompting, 15)
    due = await two.parts.pool.fetchval(
        "SELECT due_at FROM prompt WHERE person_id = $1 AND kind = 'letter_arrived'", two.ben.person
    )
    ben = await as_known(two, two.ben)
    assert ben.couple is not None
    [held] = ben.couple.pauses
    assert due == held.return_at + timedelta(seconds=chance(SPREAD_MAX_S + 1, ben.seed, "spread", held.return_at))
    assert came_to(vendor, "ben") == 0
