"""How seldom a kind of prompt comes to somebody who does not follow it."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from domain.pace import Pace, first_day, judged, sent, unsent
from domain.prompt_kinds import PROMPT_KINDS

START = datetime(2027, 5, 3, 18, 40, tzinfo=UTC)
DAY, TWO_DAYS = timedelta(days=1), timedelta(hours=48)
DAILY = PROMPT_KINDS["check_in_invite"]


def ignoring(count: int, *, apart: timedelta = timedelta(days=3)) -> Pace:
    pace = Pace()
    for nth in range(count):
        at = START + nth * apart
        pace = judged(sent(judged(pace, None, None, at), at.date(), at), None, None, at)
    return judged(pace, None, None, START + (count - 1) * apart + TWO_DAYS)


def days_of(times: int, count: int, *, kind: str = "check_in_invite", seldom: int = 0, stretch: int = 1) -> list[int]:
    """The days, counted from the first, on which somebody is invited who is invited whenever it may be."""
    pace, first, days = Pace(stretch=stretch), START.date(), [0]
    pace = sent(pace, first, START)
    while len(days) < count:
        on = first_day(PROMPT_KINDS[kind], pace, times=times, seldom=seldom)
        assert on is not None
        days.append((on - first).days)
        pace = sent(pace, on, START + timedelta(days=days[-1]))
    return days


def test_invitations_are_spread_evenly_over_a_week() -> None:
    assert days_of(1, 4) == [0, 7, 14, 21]
    assert days_of(2, 5) == [0, 3, 7, 10, 14]
    assert days_of(3, 7) == [0, 2, 4, 7, 9, 11, 14]
    assert days_of(5, 11) == [0, 1, 2, 4, 5, 7, 8, 9, 11, 12, 14]
    assert days_of(7, 8) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_kind_does_no_more_than_its_table_says() -> None:
    assert days_of(7, 5, kind="appreciation_spark") == days_of(2, 5)
    assert days_of(7, 3, kind="reflection_invite") == [0, 7, 14]
    assert days_of(1, 3, kind="goal_lookback") == [0, 14, 28]


def test_a_monthly_one_comes_once_in_a_month_of_the_calendar() -> None:
    kind = PROMPT_KINDS["balance_invite"]
    assert first_day(kind, Pace(days=(date(2027, 1, 1),)), times=1, seldom=0) == date(2027, 2, 1)
    assert first_day(kind, Pace(days=(date(2027, 1, 31),)), times=1, seldom=0) == date(2027, 2, 28)
    assert first_day(kind, Pace(days=(date(2027, 12, 3),)), times=1, seldom=0) == date(2028, 1, 1)


def test_who_was_never_invited_may_be_on_any_day() -> None:
    assert first_day(DAILY, Pace(), times=7, seldom=0) is None


def test_less_of_this_doubles_the_interval_at_once() -> None:
    assert days_of(1, 3, seldom=1) == [0, 14, 28]
    assert days_of(2, 4, seldom=2) == [0, 14, 28, 42]
    assert days_of(7, 3, seldom=9) == days_of(7, 3, seldom=3) == [0, 8, 16]


def test_what_is_followed_within_48_hours_is_not_ignored() -> None:
    pace = sent(Pace(), START.date(), START)
    assert judged(pace, None, None, START + TWO_DAYS - DAY / 24).ignored == 0
    assert judged(pace, None, None, START + TWO_DAYS).ignored == 1
    assert judged(pace, START + TWO_DAYS, None, START + TWO_DAYS).ignored == 0
    assert judged(pace, START + DAY, None, START + 9 * DAY) == Pace(days=(START.date(),), acted_at=START + DAY)


def test_what_was_done_before_it_came_does_not_count_as_following_it() -> None:
    pace = sent(Pace(acted_at=START - DAY), START.date(), START)
    assert judged(pace, START - DAY, None, START + TWO_DAYS).ignored == 1
    assert judged(pace, START, None, START + TWO_DAYS).ignored == 0, "the act itself clears the count"
    assert judged(pace, START, None, START + DAY).open == (START,)


def test_two_ignored_in_a_row_double_the_interval_up_to_four_times() -> None:
    assert [ignoring(count).stretch for count in (1, 2, 3, 4)] == [1, 2, 2, 4]
    many = ignoring(4)
    more = judged(sent(judged(many, None, START + 30 * DAY, START + 30 * DAY), START.date(), START), None, None, START)
    assert more.stretch == 4


def test_four_ignored_in_a_row_let_the_kind_rest_until_something_is_done_in_the_app() -> None:
    resting = ignoring(4)
    fourth_over = START + 3 * timedelta(days=3) + TWO_DAYS
    assert ignoring(3).rests_since is None
    assert resting.rests_since == fourth_over
    later = fourth_over + 100 * DAY
    assert judged(resting, None, None, later).rests_since == fourth_over
    assert judged(resting, None, fourth_over, later).rests_since == fourth_over, "that was before"
    awake = judged(resting, None, fourth_over + DAY, later)
    assert (awake.rests_since, awake.ignored, awake.stretch) == (None, 0, 4)


def test_each_of_several_that_are_open_counts() -> None:
    pace = ignoring(3, apart=DAY)
    assert (pace.ignored, pace.stretch, pace.open) == (3, 2, ())
    pace = judged(sent(sent(Pace(), START.date(), START), START.date(), START + DAY), None, None, START + TWO_DAYS)
    assert (pace.ignored, pace.open) == (1, (START + DAY,))


def test_following_it_clears_the_count_and_halves_the_interval_down_to_what_was_chosen() -> None:
    slow = ignoring(4)
    at = START + 40 * DAY
    followed = judged(slow, at, at, at)
    assert (followed.ignored, followed.stretch, followed.rests_since) == (0, 2, None)
    assert judged(followed, at, at, at + DAY) == followed, "once for one act"
    twice = judged(followed, at + DAY, at + DAY, at + DAY)
    assert twice.stretch == 1
    assert judged(twice, at + 2 * DAY, None, at + 2 * DAY).stretch == 1


def test_an_act_leaves_open_what_came_after_it() -> None:
    pace = sent(sent(Pace(), START.date(), START), START.date(), START + DAY)
    judgement = judged(pace, START + DAY / 2, None, START + DAY)
    assert judgement.open == (START + DAY,)
    assert judged(judgement, START + DAY / 2, None, START + 3 * DAY).ignored == 1


def test_of_the_days_only_those_are_kept_that_a_week_can_hold() -> None:
    pace = Pace()
    for nth in range(20):
        pace = sent(pace, START.date() + nth * DAY, START + nth * DAY)
    assert pace.days == tuple(START.date() + nth * DAY for nth in range(13, 20))
    assert len(pace.open) == 7


def test_an_act_at_the_very_instant_of_a_prompt_does_not_follow_it_and_one_at_the_last_instant_does() -> None:
    """Both are told apart by what was open, since an act clears the count of what was ignored."""
    pace = sent(Pace(ignored=1), START.date(), START)
    over = START + TWO_DAYS
    assert judged(replace(pace, acted_at=START), START, None, over).ignored == 2
    assert judged(replace(pace, acted_at=over), over, None, over).ignored == 1


def test_whoever_comes_back_is_not_charged_with_what_came_while_the_kind_rested() -> None:
    resting = replace(ignoring(4), open=(START + 30 * DAY,))
    awake = judged(resting, None, START + 31 * DAY, START + 31 * DAY)
    assert (awake.rests_since, awake.ignored, awake.open) == (None, 0, ())


def test_what_has_to_be_sent_once_more_is_open_no_more_and_others_are() -> None:
    before = sent(Pace(), START.date(), START)
    pace = sent(before, START.date(), START + DAY)
    assert unsent(pace, START.date(), START + DAY) == before
    assert unsent(before, START.date() + DAY, START + DAY) == before


def test_an_interval_is_a_whole_number_of_times_longer() -> None:
    followed = judged(ignoring(4), START + 40 * DAY, None, START + 40 * DAY)
    assert isinstance(followed.stretch, int)
