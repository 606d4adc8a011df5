"""What a check-in takes, number by number and text by text."""

from typing import Any

import pytest

from domain.check_ins import CHECK_IN
from domain.kinds import judged
from domain.refusals import Refusal


def takes(**values: Any) -> bool:
    return judged(CHECK_IN, values) is not Refusal.INVALID


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("valence", -4, 4),
        ("arousal", -4, 4),
        ("felt_respected", 1, 5),
        ("felt_understood", 1, 5),
        ("felt_valued", 1, 5),
    ],
)
def test_a_feeling_goes_from_one_end_to_the_other_and_may_be_taken_back(name: str, least: int, most: int) -> None:
    taken = [takes(**{name: value}) for value in (least - 1, least, most, most + 1, None)]
    assert taken == [False, True, True, False, True]


def test_a_day_has_three_needs_and_no_fourth() -> None:
    assert takes(needs=["rest", "clarity", "affection"])
    assert not takes(needs=["rest", "clarity", "affection", "listening"])


def test_a_text_has_two_thousand_characters_and_no_more() -> None:
    assert takes(text="x" * 2000)
    assert not takes(text="x" * 2001)


def test_a_check_in_is_of_some_day() -> None:
    assert CHECK_IN.needed == ("local_date",)
    assert not takes(local_date="")
