"""What is done about each answer of FCM, and when it is tried again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import DeviceId
from notifications.answers import (
    ANSWERS,
    FIRST_PAUSE_S,
    JITTER,
    PAUSE_S_MAX,
    SLOW_DOWN_S,
    Accepted,
    Answer,
    Hold,
    NotLetIn,
    OurFault,
    SlowDown,
    TargetGone,
    TryLater,
    Unknown,
    WrongSender,
    retry_at,
)
from notifications.messages import Platform, Target, form_of
from notifications.sending import LogOnly

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SEEDS = range(200)


def pause_s(answer: Answer, tries: int, seed: int | str | bytes = 0) -> float:
    at = retry_at(answer, tries, NOW, seed)
    assert at is not None
    return (at - NOW).total_seconds()


def test_the_table_says_of_each_answer_what_is_to_be_done() -> None:
    told = {
        answer: (answer.code, answer.removes, answer.again, answer.refused_first, answer.alarm) for answer in ANSWERS
    }
    assert told == {
        Accepted: ("accepted", False, False, False, "never"),
        TargetGone: ("target_gone", True, False, True, "never"),
        WrongSender: ("wrong_sender", True, False, True, "rate"),
        OurFault: ("our_fault", False, False, True, "at_once"),
        SlowDown: ("slow_down", False, True, True, "never"),
        TryLater: ("try_later", False, True, False, "never"),
        Hold: ("hold", False, True, True, "at_once"),
        NotLetIn: ("not_let_in", False, True, True, "at_once"),
        Unknown: ("unknown", False, True, False, "never"),
    }


@pytest.mark.parametrize("answer", [Accepted(), TargetGone(), WrongSender(), OurFault()], ids=lambda each: each.code)
def test_p12_what_is_settled_is_not_tried_again(answer: Answer) -> None:
    """P12: a dead target is not retried."""
    assert [retry_at(answer, tries, NOW, 0) for tries in range(5)] == [None] * 5


@pytest.mark.parametrize("answer", [TryLater(), Unknown()], ids=lambda each: each.code)
def test_pauses_double_from_ten_seconds_to_an_hour_with_chance_added(answer: Answer) -> None:
    for tries in range(1, 30):
        least = min(FIRST_PAUSE_S * 2 ** (tries - 1), PAUSE_S_MAX)
        pauses = [pause_s(answer, tries, seed) for seed in SEEDS]
        assert least <= min(pauses) <= max(pauses) <= min(least * (1 + JITTER), PAUSE_S_MAX)
        assert least == PAUSE_S_MAX or len(set(pauses)) > len(SEEDS) / 2, "workers do not come back together"
    assert pause_s(answer, 10**9) == PAUSE_S_MAX


def test_fcm_is_never_asked_before_it_said() -> None:
    for asked_s in (0.0, 1.0, 17.0, 5000.0, 86400.0):
        for tries in range(1, 12):
            assert all(
                pause_s(answer, tries, seed) >= asked_s
                for answer in (TryLater(asked_s), SlowDown(asked_s))
                for seed in SEEDS
            )
    assert pause_s(TryLater(5000.0), 1) <= 5000 * 1.1
    assert min(pause_s(TryLater(1.0), 1), pause_s(SlowDown(0.0), 1)) >= FIRST_PAUSE_S


def test_slowing_down_doubles_what_was_asked_for() -> None:
    assert SlowDown() == SlowDown(SLOW_DOWN_S)
    for tries in range(1, 8):
        least = min(17 * 2 ** (tries - 1), PAUSE_S_MAX)
        assert all(least <= pause_s(SlowDown(17.0), tries, seed) <= least * (1 + JITTER) for seed in SEEDS)


def test_who_is_shut_out_knocks_after_a_minute_and_then_seldom() -> None:
    for answer in (Hold("ios"), NotLetIn()):
        assert 60 <= pause_s(answer, 1) <= 90
        assert pause_s(answer, 20) == PAUSE_S_MAX


@given(
    st.sampled_from([SlowDown(), TryLater(), TryLater(3.0), Hold("web"), NotLetIn(), Unknown("timeout")]),
    st.integers(min_value=-3, max_value=10**6),
    st.one_of(st.integers(), st.text(), st.binary()),
)
def test_a_replay_pauses_alike(answer: Answer, tries: int, seed: int | str | bytes) -> None:
    at = retry_at(answer, tries, NOW, seed)
    assert at == retry_at(answer, tries, NOW, seed)
    assert at is not None
    assert NOW < at <= NOW + timedelta(seconds=PAUSE_S_MAX * (1 + JITTER))


@pytest.mark.parametrize(
    ("platform", "open_form", "hidden_form"),
    [("android", "android", "android"), ("ios", "ios", "ios_hidden"), ("web", "web", None)],
)
def test_the_form_follows_from_platform_and_wish(platform: Platform, open_form: str, hidden_form: str | None) -> None:
    shown = Target(device=DeviceId(uuid4()), kind="fid", value="x", platform=platform)
    hidden = Target(device=DeviceId(uuid4()), kind="fid", value="x", platform=platform, hidden=True)
    assert (form_of(shown), form_of(hidden)) == (open_form, hidden_form)


async def test_without_a_project_it_is_only_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "haven")
    target = Target(device=DeviceId(uuid4()), kind="token", value="quittenmarmelade", platform="ios")
    assert await LogOnly().send([target] * 3, NOW) == [Accepted()] * 3
    assert [(record.code, record.count) for record in caplog.records] == [("accepted", 3)]  # type: ignore[attr-defined]
    assert "quittenmarmelade" not in caplog.text + str([record.__dict__ for record in caplog.records])
