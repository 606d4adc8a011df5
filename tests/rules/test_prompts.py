"""Whether a prompt comes now, later or not at all: each row of the rule by an example."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.pace import Pace
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import (
    AGAINST,
    ALWAYS,
    MOSTLY,
    SPREAD_MAX_S,
    Couple,
    Drop,
    Person,
    Prompt,
    Send,
    Sent,
    Step,
    Wait,
    against_waking,
    decide,
)
from domain.quiet import Boundary, Clock, chance
from tests.prompting import (
    ANA,
    BEN,
    NOON,
    THE_TWO,
    arrival,
    arrived,
    couple,
    daily,
    hours,
    own,
    pause,
    person,
    record,
    sent,
    space,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEP = Step(record=record(80), on=NOON.date(), at=time(12, 0), open=True)


def reason(someone: Person, prompt: Prompt, now: datetime = NOON) -> Reason | None:
    verdict = decide(someone, prompt, now)
    return None if isinstance(verdict, Send) else verdict.reason


def soon_after(at: datetime, until: datetime) -> bool:
    """Return whether it is looked at again within ten minutes from an instant on."""
    return at <= until <= at + timedelta(seconds=SPREAD_MAX_S)


def waits_until(someone: Person, prompt: Prompt, now: datetime = NOON) -> datetime:
    verdict = decide(someone, prompt, now)
    assert isinstance(verdict, Wait), verdict
    return verdict.until


@pytest.mark.parametrize(
    "prompt",
    [
        *(own(kind.name) for kind in PROMPT_KINDS.values() if kind.is_invite),
        *(arrival(arrived(kind=kind.name)) for kind in PROMPT_KINDS.values() if kind.is_arrival),
        own("own_step", about=STEP.record),
        own("pause_return"),
        own("space_ended", about=record(50)),
        own("account_notice"),
        own("new_device"),
    ],
    ids=lambda prompt: prompt.kind,
)
def test_each_kind_comes_where_nothing_stands_against_it(prompt: Prompt) -> None:
    someone = person(
        steps=(STEP,),
        clock=Clock(zone="UTC", boundaries=(space(until=NOON - MINUTE),)),
        couple=couple(pauses=(pause(NOON - HOUR, 60),)),
    )
    assert decide(someone, prompt, NOON) == Send(
        kinds=(prompt.kind,),
        records=tuple(each.record for each in prompt.arrived),
        record_kinds=tuple(each.kind for each in prompt.arrived),
    )


def test_what_stands_against_kinds_is_a_table_that_leaves_out_nothing() -> None:
    asked = {*ALWAYS, *MOSTLY, *(reason for kind in PROMPT_KINDS.values() for reason in kind.unless)}
    assert asked == set(AGAINST) == set(Reason) - {Reason.NOTHING_LEFT, Reason.UNREADABLE}


# What stands against all


def test_what_is_late_by_a_quarter_of_an_hour_is_dropped_unless_it_may_wait() -> None:
    assert reason(person(), own("check_in_invite"), NOON + timedelta(minutes=14, seconds=59)) is None
    assert reason(person(), own("check_in_invite"), NOON + timedelta(minutes=15)) is Reason.EXPIRED
    assert reason(person(), arrival(), NOON + timedelta(hours=23)) is None
    assert reason(person(), arrival(), NOON + DAY) is Reason.NOTHING_LEFT


def test_what_does_not_wait_is_late_though_it_has_not_expired_and_what_has_expired_is_late() -> None:
    invitation = Prompt(kind="check_in_invite", due=NOON, expires=NOON + DAY)
    assert reason(person(), invitation, NOON + timedelta(minutes=15) - timedelta(seconds=1)) is None
    assert reason(person(), invitation, NOON + timedelta(minutes=15)) is Reason.EXPIRED
    notice = Prompt(kind="account_notice", due=NOON, expires=NOON + HOUR)
    assert reason(person(), notice, NOON + HOUR - MINUTE) is None
    assert reason(person(), notice, NOON + HOUR) is Reason.EXPIRED


def test_nothing_goes_through_the_vendor_without_consent() -> None:
    for prompt in (arrival(), own("check_in_invite"), own("new_device")):
        assert reason(person(consents=False), prompt) is Reason.NO_CONSENT


def test_nothing_is_sent_to_nobody() -> None:
    for prompt in (arrival(), own("check_in_invite"), own("new_device")):
        assert reason(person(reachable=False), prompt) is Reason.NO_DEVICE


def test_a_kind_that_is_off_does_not_come_and_the_others_do() -> None:
    someone = person(wanted=dict.fromkeys(PROMPT_KINDS, 1) | {"letter_arrived": 0, "check_in_invite": 0})
    assert reason(someone, own("check_in_invite")) is Reason.OFF
    assert reason(someone, own("reflection_invite")) is None
    assert reason(someone, arrival()) is Reason.NOTHING_LEFT
    assert decide(someone, arrival(arrived(1), arrived(2, "request_arrived")), NOON) == Send(
        kinds=("request_arrived",), records=(record(2),), record_kinds=("request_arrived",)
    )


def test_for_thirty_days_after_parting_nothing_comes_but_notices_about_the_account() -> None:
    someone = person(couple=None, parted_at=NOON - timedelta(days=30) + MINUTE)
    assert reason(someone, own("check_in_invite")) is Reason.PARTED
    assert reason(someone, own("account_notice")) is None
    assert reason(someone, own("check_in_invite"), NOON + MINUTE) is None


def test_who_pairs_again_is_asked_again() -> None:
    someone = person(parted_at=NOON - timedelta(days=10))
    assert reason(someone, own("check_in_invite")) is None


def test_what_another_couple_has_caused_does_not_come() -> None:
    other = Prompt(kind="letter_arrived", due=NOON, expires=NOON + DAY, couple=None, arrived=(arrived(),))
    assert reason(person(), other) is Reason.OTHER_COUPLE
    assert reason(person(couple=None), arrival()) is Reason.OTHER_COUPLE
    assert reason(person(couple=None), own("appreciation_spark")) is Reason.OTHER_COUPLE
    assert reason(person(couple=None), own("reflection_invite")) is None


def test_in_the_first_48_hours_of_a_couple_only_what_arrives_is_told() -> None:
    someone = person(couple=couple(paired_at=NOON - timedelta(hours=48) + MINUTE))
    assert reason(someone, own("reflection_invite")) is Reason.JUST_PAIRED
    assert reason(someone, arrival()) is None
    assert reason(someone, own("reflection_invite"), NOON + MINUTE) is None


def test_during_a_pause_nothing_comes_and_what_arrived_waits_for_its_end() -> None:
    someone = person(couple=couple(pauses=(pause(NOON - HOUR, 120),)))
    assert reason(someone, own("reflection_invite")) is Reason.PAUSE
    verdict = decide(someone, arrival(), NOON)
    assert isinstance(verdict, Wait)
    assert (verdict.reason, soon_after(NOON + HOUR, verdict.until)) == (Reason.PAUSE, True)
    assert reason(someone, own("account_notice")) is None


def test_what_arrived_does_not_outlast_a_pause_of_a_day() -> None:
    someone = person(couple=couple(pauses=(pause(NOON, 24 * 60),)))
    assert decide(someone, arrival(arrived(at=NOON - HOUR)), NOON) == Drop(reason=Reason.PAUSE)


def test_in_an_own_space_nothing_comes_but_notices_about_the_account() -> None:
    someone = person(clock=Clock(zone="UTC", boundaries=(space(until=NOON + HOUR),)))
    assert reason(someone, own("reflection_invite")) is Reason.OWN_SPACE
    assert reason(someone, own("account_notice")) is None
    until = waits_until(someone, arrival())
    assert NOON + timedelta(minutes=65) <= until <= NOON + timedelta(minutes=105)


def test_a_space_without_an_end_lets_nothing_wait() -> None:
    someone = person(clock=Clock(zone="UTC", boundaries=(space(),)))
    assert decide(someone, arrival(), NOON) == Drop(reason=Reason.OWN_SPACE)


def test_a_space_with_hours_holds_in_those_hours() -> None:
    sundays = space(covered=hours((6, "00:00", "00:00")))
    someone = person(clock=Clock(zone="UTC", boundaries=(sundays,)))
    assert reason(someone, own("reflection_invite")) is None
    sunday = NOON + timedelta(days=4)
    assert reason(someone, own("reflection_invite", due=sunday), sunday) is Reason.OWN_SPACE


def test_in_quiet_hours_invitations_are_dropped_and_what_arrived_waits_5_to_45_minutes_longer() -> None:
    someone = person(clock=Clock(zone="UTC", quiet=daily("11:00", "13:00")))
    assert reason(someone, own("reflection_invite")) is Reason.QUIET
    until = waits_until(someone, arrival())
    assert NOON + timedelta(minutes=65) <= until <= NOON + timedelta(minutes=105)
    assert reason(someone, arrival(), until) is None


def test_how_long_after_quiet_hours_it_comes_follows_from_the_person_and_the_day() -> None:
    someone = person(clock=Clock(zone="UTC", quiet=daily("11:00", "13:00")))
    later_s = 5 * 60 + chance(40 * 60 + 1, BEN, "afterwards", NOON.date())
    assert waits_until(someone, arrival()) == NOON + HOUR + timedelta(seconds=later_s)


def test_quiet_hours_are_those_of_the_clock_where_the_person_is() -> None:
    at_home = Clock(zone="Europe/Berlin", quiet=daily("21:30", "08:00"))
    evening = datetime(2027, 5, 12, 20, 0, tzinfo=UTC)
    assert reason(person(clock=at_home), own("reflection_invite", due=evening), evening) is Reason.QUIET
    away = Clock(zone="America/New_York", quiet=at_home.quiet)
    assert reason(person(clock=away), own("reflection_invite", due=evening), evening) is None


def test_windows_of_an_own_boundary_are_quiet_while_it_holds() -> None:
    evenings = Boundary(
        record=record(51), is_space=False, begins=NOON, until=NOON + DAY, covered=daily("11:00", "13:00")
    )
    someone = person(clock=Clock(zone="UTC", boundaries=(evenings,)))
    assert reason(someone, own("reflection_invite")) is Reason.QUIET
    before = NOON - MINUTE
    assert reason(someone, own("reflection_invite", due=before), before) is None
    after = NOON + DAY
    assert reason(someone, own("reflection_invite", due=after), after) is None


def test_a_boundary_without_windows_makes_nothing_quiet() -> None:
    topic = Boundary(record=record(51), is_space=False, begins=None, until=None)
    assert reason(person(clock=Clock(zone="UTC", boundaries=(topic,))), arrival()) is None


def test_a_new_device_may_be_told_in_quiet_hours_and_other_notices_wait() -> None:
    someone = person(clock=Clock(zone="UTC", quiet=daily("11:00", "13:00")))
    notice = Prompt(kind="account_notice", due=NOON, expires=NOON + DAY)
    assert reason(someone, own("new_device")) is None
    assert waits_until(someone, notice) > NOON + HOUR


# Caps


def test_no_more_come_in_24_hours_than_the_settings_say() -> None:
    past = (sent("letter_arrived", NOON - timedelta(hours=20)), sent("own_step", NOON - timedelta(hours=4)))
    assert reason(person(sent=past[1:]), arrival()) is None
    someone = person(sent=past)
    assert reason(someone, own("reflection_invite")) is Reason.DAY_CAP
    assert soon_after(NOON + timedelta(hours=4), waits_until(someone, arrival()))


def test_no_more_come_on_a_local_date_than_the_settings_say() -> None:
    on_13th = date(2027, 5, 13)
    someone = person(
        clock=Clock(zone="Pacific/Auckland"),
        sent=(
            sent("letter_arrived", NOON, day=on_13th),
            sent("own_step", NOON + timedelta(hours=4), day=on_13th),
        ),
    )
    evening = NOON + timedelta(hours=23)
    assert someone.clock.wall(evening) == datetime(2027, 5, 13, 23, 0, tzinfo=ZoneInfo("Pacific/Auckland"))
    lately = person(
        clock=someone.clock, day_cap=1, sent=(sent("letter_arrived", NOON - timedelta(minutes=70), day=on_13th),)
    )
    letter = arrival(arrived(at=evening))
    assert soon_after(NOON + DAY, waits_until(lately, letter, evening)), "midnight in Auckland"
    assert reason(lately, letter, NOON + DAY) is None
    assert reason(someone, letter, evening) is Reason.DAY_CAP


def test_a_prompt_counts_on_the_date_that_it_has_here_as_well() -> None:
    earlier = sent("letter_arrived", NOON - timedelta(hours=4), day=date(2027, 5, 11))
    someone = person(day_cap=1, sent=(earlier,))
    assert reason(someone, own("reflection_invite")) is Reason.DAY_CAP


def test_a_boundary_lowers_the_cap_of_a_day_while_it_holds_and_never_raises_it() -> None:
    limit = Boundary(record=record(51), is_space=False, begins=NOON, until=None, most_a_day=0)
    someone = person(clock=Clock(zone="UTC", boundaries=(limit,)))
    assert decide(someone, arrival(), NOON) == Drop(reason=Reason.DAY_CAP)
    assert reason(someone, arrival(), NOON - MINUTE) is None
    high = Boundary(record=record(51), is_space=False, begins=None, until=None, most_a_day=3)
    assert reason(person(day_cap=0, clock=Clock(zone="UTC", boundaries=(high,))), arrival()) is Reason.DAY_CAP


def test_no_more_come_in_seven_days_than_the_settings_say() -> None:
    past = tuple(sent("letter_arrived", NOON - timedelta(days=ago)) for ago in (6, 4, 2))
    assert reason(person(week_cap=4, sent=past), own("reflection_invite")) is None
    someone = person(week_cap=3, sent=past)
    assert reason(someone, own("reflection_invite")) is Reason.WEEK_CAP
    assert decide(someone, arrival(), NOON) == Drop(reason=Reason.WEEK_CAP)
    tomorrow = NOON + DAY
    assert reason(someone, own("reflection_invite", due=tomorrow), tomorrow) is None


def test_a_cap_of_none_a_week_lets_nothing_come() -> None:
    assert decide(person(week_cap=0), arrival(), NOON) == Drop(reason=Reason.WEEK_CAP)


def test_the_return_of_a_pause_counts_within_the_week_and_notices_do_not() -> None:
    someone = person(week_cap=1, sent=(sent("pause_return", NOON - timedelta(days=2)),))
    assert reason(someone, own("reflection_invite")) is Reason.WEEK_CAP
    assert reason(person(week_cap=1, sent=(sent("new_device", NOON - DAY),)), own("reflection_invite")) is None


def test_what_arrived_waits_for_the_end_of_a_full_week() -> None:
    full = person(week_cap=1, sent=(sent("letter_arrived", NOON - timedelta(days=6, hours=22)),))
    assert soon_after(NOON + timedelta(hours=2), waits_until(full, arrival()))


def test_what_was_sent_24_hours_or_a_week_ago_to_the_second_counts_no_more() -> None:
    yesterday = sent("letter_arrived", NOON - DAY)
    assert reason(person(day_cap=1, sent=(yesterday,)), own("reflection_invite")) is None
    last_week = sent("letter_arrived", NOON - timedelta(days=7))
    assert reason(person(week_cap=1, sent=(last_week,)), own("reflection_invite")) is None


def test_three_hours_lie_between_two() -> None:
    someone = person(sent=(sent("own_step", NOON - timedelta(hours=2)),))
    assert reason(someone, own("reflection_invite")) is Reason.GAP
    assert soon_after(NOON + HOUR, waits_until(someone, arrival()))
    assert reason(someone, arrival(), NOON + HOUR) is None


def test_what_a_clock_that_ran_ahead_has_sent_counts_as_well() -> None:
    someone = person(sent=(sent("own_step", NOON + timedelta(hours=2)),))
    assert reason(someone, own("reflection_invite")) is Reason.GAP


def test_the_return_of_a_pause_is_outside_of_the_day_and_the_gap_and_within_the_week() -> None:
    paused = couple(pauses=(pause(NOON - HOUR, 60),))
    full = (sent("own_step", NOON - timedelta(hours=5)), sent("letter_arrived", NOON - HOUR))
    assert reason(person(couple=paused, sent=full), own("pause_return")) is None
    assert reason(person(couple=paused, sent=full, week_cap=2), own("pause_return")) is Reason.WEEK_CAP
    came_back = (sent("pause_return", NOON - HOUR), sent("own_step", NOON - timedelta(hours=5)))
    assert reason(person(sent=came_back), own("reflection_invite")) is None


def test_notices_about_the_account_count_toward_nothing() -> None:
    past = tuple(sent("account_notice", NOON - MINUTE) for _ in range(9))
    assert reason(person(sent=past), arrival()) is None


def test_of_all_invitations_one_comes_a_day() -> None:
    someone = person(sent=(sent("reflection_invite", NOON - timedelta(hours=4)),))
    assert reason(someone, own("check_in_invite")) is Reason.ONE_INVITE_A_DAY
    assert reason(someone, own("check_in_invite", due=NOON + DAY), NOON + DAY) is None


def test_a_step_comes_once_on_a_date() -> None:
    someone = person(steps=(STEP,), sent=(sent("own_step", NOON - timedelta(hours=4)),))
    assert reason(someone, own("own_step", about=STEP.record)) is Reason.ALREADY_TODAY


# Rhythms


def test_invitations_keep_to_the_rhythm_that_was_chosen() -> None:
    pace = Pace(days=(NOON.date() - timedelta(days=6),))
    someone = person(paces={"reflection_invite": pace})
    assert reason(someone, own("reflection_invite")) is Reason.RHYTHM
    assert reason(someone, own("reflection_invite", due=NOON + DAY), NOON + DAY) is None


def test_a_kind_that_rests_does_not_come() -> None:
    someone = person(paces={"reflection_invite": Pace(rests_since=NOON - DAY)})
    assert reason(someone, own("reflection_invite")) is Reason.RESTING
    assert reason(someone, own("check_in_invite")) is None


def test_who_has_just_used_the_app_is_not_invited() -> None:
    someone = person(used_at=NOON - timedelta(hours=3) + MINUTE)
    assert reason(someone, own("reflection_invite")) is Reason.USED_THE_APP
    assert reason(someone, arrival()) is None
    assert reason(someone, own("reflection_invite"), NOON + MINUTE) is None


def test_a_low_mood_removes_invitations_for_a_day_and_nothing_else() -> None:
    someone = person(low_at=NOON - DAY + MINUTE)
    assert reason(someone, own("reflection_invite")) is Reason.LOW
    assert reason(someone, arrival()) is None
    assert reason(someone, own("reflection_invite"), NOON + MINUTE) is None


# What stands against single kinds


def test_who_has_checked_in_today_is_not_invited_to() -> None:
    assert reason(person(checked_in_on=frozenset({NOON.date()})), own("check_in_invite")) is Reason.CHECKED_IN
    assert reason(person(checked_in_on=frozenset({NOON.date() - DAY})), own("check_in_invite")) is None


def test_who_has_given_a_note_within_48_hours_gets_no_spark() -> None:
    someone = person(gave_at=NOON - timedelta(hours=48) + MINUTE)
    assert reason(someone, own("appreciation_spark")) is Reason.GAVE_LATELY
    assert reason(someone, own("appreciation_spark"), NOON + MINUTE) is None


def test_who_has_written_about_this_month_is_not_invited_to() -> None:
    assert reason(person(balanced_in=frozenset({"2027-05"})), own("balance_invite")) is Reason.BALANCED
    assert reason(person(balanced_in=frozenset({"2027-04"})), own("balance_invite")) is None


def test_nobody_is_invited_to_look_back_at_no_goal() -> None:
    assert reason(person(couple=couple(has_active_goal=False)), own("goal_lookback")) is Reason.NO_GOAL


@pytest.mark.parametrize("kind", ["appreciation_spark", "goal_lookback"])
def test_while_the_partner_shows_that_they_need_space_nothing_leads_to_them(kind: str) -> None:
    someone = person(couple=couple(partners_space=((NOON - HOUR, NOON + MINUTE),)))
    assert reason(someone, own(kind)) is Reason.PARTNERS_SPACE
    assert reason(someone, own("reflection_invite")) is None
    assert reason(someone, arrival()) is None
    assert reason(someone, own(kind), NOON + MINUTE) is None


def test_a_step_that_was_done_moved_or_given_back_does_not_come() -> None:
    prompt = own("own_step", about=STEP.record)
    assert reason(person(steps=()), prompt) is Reason.STEP_DONE
    done = Step(record=STEP.record, on=STEP.on, at=STEP.at, open=False)
    assert reason(person(steps=(done,)), prompt) is Reason.STEP_DONE
    moved = Step(record=STEP.record, on=STEP.on + DAY, at=STEP.at, open=True)
    assert reason(person(steps=(moved,)), prompt) is Reason.STEP_DONE
    other = Step(record=record(81), on=STEP.on, at=STEP.at, open=True)
    assert reason(person(steps=(other,)), prompt) is Reason.STEP_DONE


def test_a_pause_prompts_when_it_is_due_and_not_who_has_come_back() -> None:
    running = person(couple=couple(pauses=(pause(NOON - HOUR, 90),)))
    assert reason(running, own("pause_return")) is Reason.NOT_DUE
    due = pause(NOON - HOUR, 60)
    assert reason(person(couple=couple(pauses=(due,))), own("pause_return")) is None
    back = pause(NOON - HOUR, 60, resumed_by=frozenset({BEN}))
    assert reason(person(couple=couple(pauses=(back,))), own("pause_return")) is Reason.NOT_DUE
    theirs = pause(NOON - HOUR, 60, resumed_by=frozenset({ANA}))
    assert reason(person(couple=couple(pauses=(theirs,))), own("pause_return")) is None
    aside = pause(NOON - HOUR, 60, set_aside=True)
    assert reason(person(couple=couple(pauses=(aside,))), own("pause_return")) is Reason.NOT_DUE
    assert reason(person(couple=couple(pauses=())), own("pause_return")) is Reason.NOT_DUE


def test_the_end_of_a_space_is_told_unless_it_was_renewed() -> None:
    prompt = own("space_ended", about=record(50))
    for boundaries in ((), (space(until=NOON + MINUTE, begins=NOON + timedelta(seconds=30)),), (space(51),)):
        someone = person(clock=Clock(zone="UTC", boundaries=boundaries))
        assert reason(someone, prompt) in (Reason.NOT_DUE, Reason.OWN_SPACE)
    ended = person(clock=Clock(zone="UTC", boundaries=(space(until=NOON),)))
    assert reason(ended, prompt) is None


# Arrivals


def test_all_that_arrived_is_one_prompt_which_speaks_of_the_first_kind_of_the_table() -> None:
    those = (arrived(1, "own_goal_cheer"), arrived(2, "letter_arrived"), arrived(3, "letter_arrived"))
    assert decide(person(), arrival(*those), NOON) == Send(
        kinds=("letter_arrived", "own_goal_cheer"),
        records=(record(1), record(2), record(3)),
        record_kinds=("own_goal_cheer", "letter_arrived", "letter_arrived"),
    )


@pytest.mark.parametrize(
    "gone",
    [{"stands": False}, {"fetched": True}, {"hushed_until": NOON + MINUTE}, {"at": NOON - DAY}],
    ids=lambda gone: next(iter(gone)),
)
def test_what_is_gone_known_hushed_or_a_day_old_is_not_told(gone: dict[str, Any]) -> None:
    assert decide(person(), arrival(arrived(**gone)), NOON) == Drop(reason=Reason.NOTHING_LEFT)
    both = arrival(arrived(1, **gone), arrived(2, "proposal_arrived"))
    assert decide(person(), both, NOON) == Send(
        kinds=("proposal_arrived",), records=(record(2),), record_kinds=("proposal_arrived",)
    )


def test_silence_about_something_ends() -> None:
    assert reason(person(), arrival(arrived(hushed_until=NOON))) is None


def test_requests_prompt_once_in_72_hours() -> None:
    asked = arrival(arrived(kind="request_arrived"))
    someone = person(sent=(sent("request_arrived", NOON - timedelta(hours=72) + MINUTE),))
    assert decide(someone, asked, NOON) == Drop(reason=Reason.NOTHING_LEFT)
    assert reason(someone, asked, NOON + MINUTE) is None
    assert reason(someone, arrival()) is None


def test_a_request_that_was_told_of_with_a_letter_counts_as_well() -> None:
    both = Sent(kinds=("letter_arrived", "request_arrived"), day=NOON.date() - DAY, at=NOON - DAY)
    assert reason(person(sent=(both,)), arrival(arrived(kind="request_arrived"))) is Reason.NOTHING_LEFT


def test_cheers_come_once_a_week_and_not_in_a_pause_or_a_space_of_the_partner() -> None:
    cheer = arrival(arrived(kind="own_goal_cheer"))
    assert reason(person(sent=(sent("own_goal_cheer", NOON - timedelta(days=6)),)), cheer) is Reason.NOTHING_LEFT
    assert reason(person(sent=(sent("own_goal_cheer", NOON - timedelta(days=7)),)), cheer) is None
    for differs in ({"pauses": (pause(NOON - HOUR, 90),)}, {"partners_space": ((None, None),)}):
        assert reason(person(couple=couple(**differs)), cheer) is Reason.NOTHING_LEFT


def test_a_space_of_the_partner_holds_from_its_first_instant_on() -> None:
    cheer = arrival(arrived(kind="own_goal_cheer"))
    for begins, holds in ((NOON, True), (NOON + MINUTE, False)):
        someone = person(couple=couple(partners_space=((begins, None),)))
        assert (reason(someone, cheer) is Reason.NOTHING_LEFT) is holds


def test_a_cheer_of_a_couple_that_is_none_any_more_is_told_to_nobody() -> None:
    assert reason(person(couple=None), arrival(arrived(kind="own_goal_cheer"))) is Reason.OTHER_COUPLE


# Waking


@pytest.mark.parametrize(
    ("differs", "against"),
    [
        ({}, None),
        ({"consents": False}, Reason.NO_CONSENT),
        ({"reachable": False}, Reason.NO_DEVICE),
        ({"couple": couple(pauses=(pause(NOON - HOUR, 120),))}, Reason.PAUSE),
        ({"clock": Clock(zone="UTC", boundaries=(space(),))}, Reason.OWN_SPACE),
        ({"clock": Clock(zone="UTC", quiet=daily("11:00", "13:00"))}, Reason.QUIET),
        ({"wanted": dict.fromkeys(PROMPT_KINDS, 0), "day_cap": 0, "week_cap": 0}, None),
        ({"couple": None}, None),
    ],
)
def test_what_stands_against_waking_a_phone_in_silence(differs: dict[str, Any], against: Reason | None) -> None:
    assert against_waking(person(**differs), NOON) is against


def test_of_several_that_stand_against_waking_the_first_is_told() -> None:
    someone = person(consents=False, reachable=False, clock=Clock(zone="UTC", boundaries=(space(),)))
    assert against_waking(someone, NOON) is Reason.NO_CONSENT


def test_no_prompt_comes_to_somebody_without_a_couple_from_one() -> None:
    alone: Couple | None = None
    someone = person(couple=alone)
    assert reason(someone, own("pause_return")) is Reason.OTHER_COUPLE
    assert someone.couple is None
    assert own("pause_return").couple == THE_TWO
