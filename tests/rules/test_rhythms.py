"""When something of a person's own comes next."""

from datetime import UTC, date, datetime, time, timedelta

from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import Person, Prompt, Step
from domain.quiet import Clock
from notifications.rhythms import invite, next_invite_at, scheduled
from tests.prompting import NOON, THE_TWO, couple, pause, person, record, space

HOUR, DAY, JITTER = timedelta(hours=1), timedelta(days=1), timedelta(seconds=120)
OFF = dict.fromkeys(PROMPT_KINDS, 0)


def around(at: datetime | None, wanted: datetime) -> bool:
    return at is not None and timedelta(0) <= at - wanted <= JITTER


def asked(**wanted: int) -> dict[str, int]:
    return OFF | wanted


def of_the_day(someone: Person, after: datetime, kind: str) -> list[Prompt]:
    return [each for each in scheduled(someone, after) if each.kind == kind]


def test_who_asked_for_no_invitation_gets_none() -> None:
    assert next_invite_at(person(wanted=OFF), NOON) is None
    assert invite(person(wanted=OFF), NOON) is None


def test_invitations_come_at_the_time_that_was_chosen_and_never_on_the_minute_for_all() -> None:
    someone = person(wanted=asked(check_in_invite=7), invite_at=time(18, 40))
    evening = datetime(2027, 5, 12, 18, 40, tzinfo=UTC)
    assert around(next_invite_at(someone, NOON), evening)
    assert around(next_invite_at(someone, evening + JITTER), evening + DAY)
    days = {
        at - evening - timedelta(days=n)
        for n in range(9)
        if (at := next_invite_at(someone, NOON + timedelta(days=n))) is not None
    }
    assert len(days) > 3


def test_the_next_invitation_is_no_earlier_than_the_rhythm_allows() -> None:
    paces = {"check_in_invite": Pace(days=(NOON.date(),)), "reflection_invite": Pace(days=(NOON.date(),))}
    someone = person(wanted=asked(check_in_invite=2, reflection_invite=1), paces=paces)
    assert around(next_invite_at(someone, NOON), NOON + 3 * DAY)
    assert around(next_invite_at(person(wanted=asked(reflection_invite=1), paces=paces), NOON), NOON + 7 * DAY)


def test_what_rests_is_looked_at_every_day() -> None:
    resting = {"reflection_invite": Pace(days=(NOON.date(),), rests_since=NOON)}
    someone = person(wanted=asked(reflection_invite=1), paces=resting)
    assert around(next_invite_at(someone, NOON + JITTER), NOON + DAY)
    assert invite(someone, NOON + DAY) is None


def test_what_has_become_rarer_is_looked_at_every_day() -> None:
    rarer = {"reflection_invite": Pace(days=(NOON.date(),), stretch=2)}
    someone = person(wanted=asked(reflection_invite=1), paces=rarer)
    assert around(next_invite_at(someone, NOON + JITTER), NOON + DAY)
    assert invite(someone, NOON + DAY) is None


def test_what_was_asked_for_three_times_more_seldom_is_looked_for_when_it_may_come() -> None:
    someone = person(wanted=asked(balance_invite=1), paces={"balance_invite": Pace(days=(NOON.date(),))})
    rare = person(
        wanted=asked(balance_invite=1), paces=someone.paces, seldom={"balance_invite": 3}, invite_at=time(12, 0)
    )
    assert around(next_invite_at(rare, NOON), NOON + 8 * 28 * DAY)


def test_the_invitation_that_has_been_due_for_longest_comes_first() -> None:
    paces = {
        "check_in_invite": Pace(days=(NOON.date() - timedelta(days=8),)),
        "reflection_invite": Pace(days=(NOON.date() - timedelta(days=9),)),
    }
    someone = person(wanted=asked(check_in_invite=1, reflection_invite=1), paces=paces)
    prompt = invite(someone, NOON)
    assert prompt is not None
    assert (prompt.kind, prompt.due, prompt.couple) == ("reflection_invite", NOON, None)


def test_where_one_invitation_may_not_come_the_next_one_does() -> None:
    someone = person(wanted=asked(check_in_invite=7, appreciation_spark=1), checked_in_on=frozenset({NOON.date()}))
    prompt = invite(someone, NOON)
    assert prompt is not None
    assert (prompt.kind, prompt.couple) == ("appreciation_spark", THE_TWO)
    assert invite(person(wanted=someone.wanted, low_at=NOON), NOON) is None


def test_of_those_that_are_due_for_equally_long_chance_decides_by_day() -> None:
    someone = person(wanted=asked(check_in_invite=7, reflection_invite=1))
    first = [invite(someone, NOON + n * DAY) for n in range(12)]
    assert {each.kind for each in first if each} == {"check_in_invite", "reflection_invite"}
    assert first == [invite(someone, NOON + n * DAY) for n in range(12)]


def test_steps_come_on_their_day_at_their_time_where_the_person_is() -> None:
    steps = (
        Step(record=record(1), on=date(2027, 5, 13), at=time(9, 0), open=True),
        Step(record=record(2), on=date(2027, 5, 13), at=time(8, 0), open=False),
        Step(record=record(3), on=date(2027, 5, 13), at=time(10, 0), open=True),
        Step(record=record(4), on=date(2027, 5, 14), at=time(9, 0), open=True),
        Step(record=record(5), on=date(2027, 5, 12), at=time(9, 0), open=True),
    )
    someone = person(steps=steps, clock=Clock(zone="Europe/Berlin"))
    due = of_the_day(someone, NOON, "own_step")
    assert [each.about for each in due] == [record(1), record(4)]
    assert all(each.couple == THE_TWO for each in due)
    assert around(due[0].due, datetime(2027, 5, 13, 7, 0, tzinfo=UTC))
    assert due[0].expires == due[0].due + timedelta(minutes=15)
    assert of_the_day(person(steps=steps, couple=None), NOON, "own_step") == []


def test_a_step_in_the_hour_that_is_left_out_comes_an_hour_later() -> None:
    step = Step(record=record(1), on=date(2026, 3, 29), at=time(2, 30), open=True)
    someone = person(steps=(step,), clock=Clock(zone="Europe/Berlin"))
    due = of_the_day(someone, datetime(2026, 3, 28, 12, 0, tzinfo=UTC), "own_step")
    assert around(due[0].due, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)), "3:30 there"


def test_a_step_in_the_hour_that_comes_twice_comes_the_first_time() -> None:
    step = Step(record=record(1), on=date(2026, 10, 25), at=time(2, 30), open=True)
    someone = person(steps=(step,), clock=Clock(zone="Europe/Berlin"))
    due = of_the_day(someone, datetime(2026, 10, 24, 12, 0, tzinfo=UTC), "own_step")
    assert around(due[0].due, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def test_the_end_of_a_space_comes_when_it_ends() -> None:
    ends, open_end, over = space(1, until=NOON + HOUR), space(2), space(3, until=NOON - HOUR)
    someone = person(clock=Clock(zone="UTC", boundaries=(ends, open_end, over)))
    due = of_the_day(someone, NOON, "space_ended")
    assert [(each.about, each.couple) for each in due] == [(record(1), None)]
    assert around(due[0].due, NOON + HOUR)


def test_a_pause_comes_back_when_the_last_who_asked_for_longer_does() -> None:
    running = (pause(NOON - HOUR, 90), pause(NOON - HOUR / 2, 60, id=record(71)))
    due = of_the_day(person(couple=couple(pauses=running)), NOON, "pause_return")
    assert [each.about for each in due] == [record(70)]
    assert around(due[0].due, NOON + HOUR / 2)
    assert due[0].couple == THE_TWO
    over = pause(NOON - 2 * HOUR, 60, resumed_by=couple().members)
    assert of_the_day(person(couple=couple(pauses=(over,))), NOON, "pause_return") == []
    assert of_the_day(person(couple=None), NOON, "pause_return") == []


def test_a_pause_that_is_due_already_is_not_told_again() -> None:
    due = pause(NOON - 2 * HOUR, 60)
    assert of_the_day(person(couple=couple(pauses=(due,))), NOON, "pause_return") == []
