"""A week ahead: what would come to one person if nobody did anything more, and why not more than that."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from domain.news import News
from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import Person, Step
from notifications.ports import Desk, Entry, Facts, Planned, Standing
from notifications.preview import Ahead, preview
from notifications.rhythms import invite_minute
from notifications.wording import load
from tests.prompting import BEN, NOON, THE_TWO, arrival, arrived, couple, daily, pause, person, record, sent, space

NOTHING = dict.fromkeys(PROMPT_KINDS, 0)
EVENING = NOON + timedelta(hours=6)


def wants(**times: int) -> dict[str, int]:
    return NOTHING | times


def desk(**differs: Any) -> Desk:
    return replace(Desk(person=BEN, version=1), **differs)


def told(kind: str, at: datetime, number: int = 1) -> Entry:
    return Entry(prompt=UUID(int=9000 + number), sent=sent(kind, at), records=(), text=f"{kind}.01")


async def look(who: Person, on: Desk | None = None, **known: Any) -> Ahead:
    return await preview(on or desk(), Facts(person=who, **known), load().choose, EVENING)


def days(ahead: Ahead, kind: str) -> list[int]:
    """The days from today on which a kind comes."""
    return [(each.at.date() - EVENING.date()).days for each in ahead.coming if each.kind == kind]


async def test_invitations_come_as_often_as_was_chosen_at_their_minute() -> None:
    who = person(wanted=wants(check_in_invite=2))
    ahead = await look(who)
    assert days(ahead, "check_in_invite") == [1, 4]
    assert all(each.at == invite_minute(who, each.at.date()) for each in ahead.coming)
    assert ahead.against["check_in_invite"] == Reason.RHYTHM
    assert ahead.until == EVENING + timedelta(days=7)


async def test_what_is_switched_off_says_so_and_comes_never() -> None:
    ahead = await look(person(wanted=NOTHING))
    assert (ahead.coming, ahead.held) == ((), ())
    assert ahead.against == dict.fromkeys(ahead.against, Reason.OFF)
    assert "letter_arrived" in ahead.against
    assert "account_notice" not in ahead.against


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"consents": False}, Reason.NO_CONSENT),
        ({"reachable": False}, Reason.NO_DEVICE),
        ({"couple": None, "parted_at": NOON - timedelta(days=2)}, Reason.PARTED),
    ],
)
async def test_what_stands_against_everything(differs: dict[str, Any], reason: Reason) -> None:
    ahead = await look(person(wanted=wants(reflection_invite=1), **differs))
    assert ahead.coming == ()
    assert ahead.against["reflection_invite"] == reason


async def test_without_a_couple_what_is_about_one_does_not_come() -> None:
    ahead = await look(person(wanted=wants(goal_lookback=1, reflection_invite=1), couple=None))
    assert ahead.against["goal_lookback"] == Reason.OTHER_COUPLE
    assert days(ahead, "reflection_invite") == [1]


async def test_the_first_reason_is_told_why_no_more_comes() -> None:
    low = person(wanted=wants(check_in_invite=7), low_at=EVENING)
    assert (await look(low)).against["check_in_invite"] == Reason.LOW
    quiet = person(wanted=wants(check_in_invite=7))
    quiet = replace(quiet, clock=replace(quiet.clock, quiet=daily("11:00", "13:00")))
    assert (await look(quiet)).against["check_in_invite"] == Reason.QUIET
    rests = desk(paces={"check_in_invite": Pace(rests_since=NOON - timedelta(days=1))})
    assert (await look(person(wanted=wants(check_in_invite=7)), rests)).against["check_in_invite"] == Reason.RESTING


async def test_of_two_invitations_on_a_day_one_comes_and_the_other_says_why() -> None:
    ahead = await look(person(wanted=wants(check_in_invite=7, reflection_invite=1)))
    assert len({each.at.date() for each in ahead.coming}) == len(ahead.coming)
    assert Reason.ONE_INVITE_A_DAY in ahead.against.values()


async def test_caps_hold_in_what_is_foretold() -> None:
    who = person(wanted=wants(check_in_invite=7), week_cap=3)
    ahead = await look(who)
    assert len(ahead.coming) == 3
    assert ahead.against["check_in_invite"] == Reason.WEEK_CAP
    before = desk(ledger=tuple(told("letter_arrived", NOON - timedelta(days=ago), ago) for ago in (1, 2, 3)))
    assert days(await look(who, before), "check_in_invite")[0] > days(ahead, "check_in_invite")[0]


async def test_less_of_this_makes_it_half_as_often() -> None:
    chosen = person(wanted=wants(check_in_invite=4))
    comes = [
        days(await look(replace(chosen, seldom={"check_in_invite": less})), "check_in_invite") for less in (0, 1, 2)
    ]
    assert comes == [[1, 2, 4], [1, 4], [1]]


async def test_what_has_arrived_comes_after_quiet_hours_and_says_until_when_it_waits() -> None:
    who = person(wanted=wants(letter_arrived=1))
    who = replace(who, clock=replace(who.clock, quiet=daily("17:00", "22:00")))
    news = News(id=UUID(int=5), person=BEN, couple=THE_TWO, kind="letter_arrived", record=record(1), at=EVENING)
    ahead = await look(who, desk(news=(news,)), arrived={("letter_arrived", record(1)): Standing()})
    (held,) = ahead.held
    (comes,) = ahead.coming
    assert (held.kind, held.reason, held.until) == ("letter_arrived", Reason.QUIET, comes.at)
    assert timedelta(hours=4) < comes.at - EVENING < timedelta(hours=5)


@pytest.mark.parametrize(
    ("standing", "fetched"), [(None, ()), (Standing(stands=False), ()), (Standing(), (record(1),))]
)
async def test_nothing_tells_of_what_was_taken_back_or_is_there_already(
    standing: Standing | None, fetched: tuple[RecordId, ...]
) -> None:
    who = person(wanted=wants(letter_arrived=1))
    who = replace(who, clock=replace(who.clock, quiet=daily("17:00", "22:00")))
    waiting = Planned(id=UUID(int=6), person=BEN, slot="arrival:1", prompt=arrival(arrived(at=EVENING), due=EVENING))
    waiting = replace(waiting, fetched=fetched)
    known = {} if standing is None else {("letter_arrived", record(1)): standing}
    ahead = await look(who, desk(planned=(waiting,)), arrived=known)
    assert (ahead.coming, ahead.held) == ((), ())


async def test_of_several_that_arrived_that_is_named_which_is_there() -> None:
    """A request that was taken back is told of by nothing, also where a letter keeps its prompt alive."""
    who = person(wanted=wants(letter_arrived=1, request_arrived=1))
    who = replace(who, clock=replace(who.clock, quiet=daily("17:00", "22:00")))
    both = arrival(arrived(1, "request_arrived", at=EVENING), arrived(2, "letter_arrived", at=EVENING), due=EVENING)
    waiting = Planned(id=UUID(int=6), person=BEN, slot="arrival:1", prompt=both)
    ahead = await look(who, desk(planned=(waiting,)), arrived={("letter_arrived", record(2)): Standing()})
    assert [each.kind for each in (*ahead.held, *ahead.coming)] == ["letter_arrived", "letter_arrived"]


async def test_a_step_a_space_and_a_pause_come_once_at_their_times() -> None:
    who = person(
        wanted=wants(own_step=1, space_ended=1, pause_return=1),
        steps=(Step(record=record(9), on=EVENING.date() + timedelta(days=2), at=NOON.time(), open=True),),
        couple=couple(pauses=(pause(EVENING, minutes=60),)),
    )
    rests = space(until=EVENING + timedelta(days=3))
    who = replace(who, clock=replace(who.clock, boundaries=(rests,)))
    ahead = await look(who)
    assert [each.kind for each in ahead.coming] == ["space_ended"], "one's own space is quieter than all the rest"
    ahead = await look(replace(who, clock=replace(who.clock, boundaries=())))
    assert [each.kind for each in ahead.coming] == ["pause_return", "own_step"]
    sent_before = await preview(desk(), Facts(person=who), load().choose, EVENING, taken={f"space:{record(50)}"})
    assert sent_before.coming == (), "what was sent once does not come once more"


async def test_what_was_put_off_before_says_why_and_until_when() -> None:
    later = EVENING + timedelta(hours=5)
    prompt = replace(arrival(arrived(at=EVENING)), due=later)
    waiting = Planned(id=UUID(int=6), person=BEN, slot="arrival:1", prompt=prompt)
    who = person(wanted=wants(letter_arrived=1))
    for standing, held in ((Standing(), 1), (Standing(stands=False), 0)):
        known = Facts(person=who, arrived={("letter_arrived", record(1)): standing})
        put_off = {"arrival:1": Reason.QUIET, "arrival:2": Reason.GAP}
        ahead = await preview(desk(planned=(waiting,)), known, load().choose, EVENING, waits=put_off)
        assert [(each.reason, each.until) for each in ahead.held] == [(Reason.QUIET, later)] * held
        assert [each.at for each in ahead.coming] == [later] * held


async def test_looking_changes_nothing_of_what_it_looks_at() -> None:
    planned = Planned(id=UUID(int=6), person=BEN, slot="arrival:1", prompt=arrival(arrived(at=EVENING), due=EVENING))
    on = desk(planned=(planned,), ledger=(told("letter_arrived", NOON),))
    who = person(wanted=wants(letter_arrived=1, check_in_invite=7))
    known = {("letter_arrived", record(1)): Standing()}
    first = await look(who, on, arrived=known)
    assert first == await look(who, on, arrived=known)
    assert on == desk(planned=(planned,), ledger=(told("letter_arrived", NOON),))


async def test_over_a_change_of_clocks_a_week_is_told_whole() -> None:
    who = person(wanted=wants(check_in_invite=7), week_cap=14)
    who = replace(who, clock=replace(who.clock, zone="Europe/Berlin"))
    spring = datetime(2027, 3, 26, 20, 0, tzinfo=UTC)
    ahead = await preview(desk(), Facts(person=who), load().choose, spring)
    assert [f"{each.at:%d %H}" for each in ahead.coming] == ["27 11", "28 10", "29 10", "02 10"]
    assert ahead.until == spring + timedelta(days=7)


async def test_what_nobody_follows_comes_more_seldom_within_the_week_already() -> None:
    """Foretold is what comes to somebody who does nothing: two in a row without an act double the interval."""
    ahead = await look(person(wanted=wants(check_in_invite=7), week_cap=14))
    assert days(ahead, "check_in_invite") == [1, 2, 3, 4]
