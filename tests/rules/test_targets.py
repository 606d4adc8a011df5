"""What a push target may look like, which are sent to first, and which no more."""

from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from domain.ids import DeviceId, PersonId
from notifications.messages import Kind, Platform
from notifications.targets import VALUE_CHARS_MAX, Kept, forgotten_before, in_order, objection

TODAY = date(2026, 11, 27)
ANA = PersonId(uuid4())


def kept(days_old: int, *, device: int | None = None, platform: Platform = "android", registration: int = 0) -> Kept:
    return Kept(
        person=ANA,
        device=DeviceId(UUID(int=device if device is not None else days_old + 1)),
        kind="token",
        platform=platform,
        sealed=b"quittenmarmelade",
        value_hash=b"hash",
        registered_on=TODAY - timedelta(days=days_old),
        registration=UUID(int=registration),
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("token", "cXa8fQ2Rk6mT1v_wY0zLbA:APA91b" + "Ab9-_" * 26),
        ("token", "a" * VALUE_CHARS_MAX),
        ("fid", "cXa8-fQ2Rk6mT1v_wY0zLb"),
        ("fid", "d" * 64),
    ],
)
def test_what_fcm_gives_is_taken(kind: Kind, value: str) -> None:
    assert objection(kind, value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://push.example/quittenmarmelade",
        "a" * 8192,
        "quitten\x00marmelade",
        "quitten marmelade",
        "quittenmarmelade\n",
        "quittenmärmelade",
        "quitten%6Darmelade",
        "{quittenmarmelade}",
        "\ud83d",
    ],
)
@pytest.mark.parametrize("kind", ["token", "fid"])
def test_x21_what_is_no_value_is_refused_without_repeating_it(kind: Kind, value: str) -> None:
    said = objection(kind, value)
    assert said is not None
    assert "uitten" not in said


def test_an_installation_id_is_not_short() -> None:
    assert objection("fid", "a" * 21) is not None
    assert objection("fid", "a" * 65) is not None


def test_fresh_ones_first_and_old_ones_last_and_those_of_two_months_ago_not_at_all() -> None:
    ages = [0, 1, 29, 30, 31, 59, 60, 61, 269, 400]
    shuffled = [kept(age) for age in ages]
    Random(7).shuffle(shuffled)
    assert [(TODAY - each.registered_on).days for each in in_order(shuffled, TODAY)] == [0, 1, 29, 30, 31, 59, 60]


def test_there_is_one_a_device_the_newest() -> None:
    """The store keeps one; whatever a restore brought back."""
    both = [kept(3, device=1, registration=1), kept(2, device=1, registration=2), kept(40, device=2)]
    assert in_order(both, TODAY) == in_order(reversed(both), TODAY) == [both[1], both[2]]
    one_day = [kept(2, device=1, registration=1), kept(2, device=1, registration=2)]
    assert in_order(one_day, TODAY) == in_order(reversed(one_day), TODAY) == [one_day[1]]


def test_what_was_not_heard_of_for_270_days_is_forgotten() -> None:
    assert TODAY - forgotten_before(TODAY) == timedelta(days=270)


def test_a_kept_target_shows_nothing_of_whose_it_is() -> None:
    shown = repr(kept(1)) + str([kept(1)])
    assert "quittenmarmelade" not in shown
    assert str(ANA) not in shown
