"""Phones that are woken in silence, for whoever chose it: from the partner's edit to the message, on PostgreSQL."""

from api.prompting import Prompting
from tests.journeys.phones import Phone
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.two import Two


async def choose(two: Two, phone: Phone, **settings: object) -> None:
    await phone.sync()
    [own] = phone.all("settings")
    phone.edit("settings", own.id, **settings)
    await two.meet()


async def edits(two: Two, times: int) -> None:
    """Ana writes what both see and what is no letter."""
    goal = two.ana.edit("goal")
    await two.ana.sync()
    for nth in range(times):
        two.ana.edit("goal", goal, notes=f"Plan {nth}")
        await two.ana.sync()


async def test_unless_somebody_chose_it_no_phone_is_woken(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await edits(two, 3)
    await rounds(two, prompting, 90)
    assert vendor.told == []


async def test_a_phone_is_woken_once_however_much_was_written(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await choose(two, two.ben, wake_ups=True)
    await rounds(two, prompting, 40)
    assert vendor.told == [], "what was there before wakes nobody"
    await edits(two, 5)
    await rounds(two, prompting, 120)
    assert [value for _, value in vendor.told] == ["ben:phone"]
    assert vendor.hidden == [True], "as to somebody who wants nothing shown"
    assert await two.parts.pool.fetchval("SELECT count(*) FROM prompt_ledger WHERE person_id = $1", two.ben.person) == 0


async def test_i1_what_is_the_partners_alone_wakes_nobody(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await choose(two, two.ben, wake_ups=True)
    await rounds(two, prompting, 40)
    two.ana.edit("check_in", local_date=two.today(), valence=-4, text="low")
    two.ana.edit("reflection", trigger="a")
    request = two.ana.edit("support_request", form="listen")
    await two.ana.sync()
    two.ana.remove(request)
    await two.ana.sync()
    await rounds(two, prompting, 40)
    told = len(vendor.told)
    two.ana.edit("support_request", request, text="Changed while nobody sees it.")
    await two.ana.sync()
    await rounds(two, prompting, 120)
    assert len(vendor.told) == told, "what is done to a withdrawn request moves nothing"


async def test_whoever_switches_it_off_is_not_woken_any_more(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await choose(two, two.ben, wake_ups=True)
    await rounds(two, prompting, 40)
    await choose(two, two.ben, wake_ups=False)
    await edits(two, 1)
    await rounds(two, prompting, 120)
    assert vendor.told == []
    assert await two.parts.pool.fetchval("SELECT count(*) FROM waking WHERE person_id = $1", two.ben.person) == 0


async def test_in_quiet_hours_and_after_parting_nobody_is_woken(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    every_day = [{"weekday": day, "from": "12:00", "to": "15:00"} for day in range(7)]
    await choose(two, two.ben, wake_ups=True, quiet=every_day, quiet_off=False)
    await rounds(two, prompting, 40)
    await edits(two, 1)
    await rounds(two, prompting, 130)
    assert vendor.told == []
    await rounds(two, prompting, 60)
    assert len(vendor.told) == 1
    await edits(two, 1)
    await two.ana.part()
    await rounds(two, prompting, 120)
    assert len(vendor.told) == 1
