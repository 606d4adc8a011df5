"""What the partner leaves is gathered into one prompt."""

from datetime import timedelta

import pytest

from notifications.arrivals import ARRIVED_MAX, gather
from tests.prompting import ANA, BEN, NOON, THE_TWO, arrived, record

MINUTE = timedelta(minutes=1)


def test_a_first_arrival_settles_for_two_to_ten_minutes() -> None:
    waits = {gather(None, BEN, THE_TWO, arrived(nth)).due - NOON for nth in range(200)}
    assert timedelta(minutes=2) <= min(waits) <= timedelta(minutes=3)
    assert timedelta(minutes=9) <= max(waits) <= timedelta(minutes=10)
    first = gather(None, BEN, THE_TWO, arrived())
    assert (first.kind, first.couple, first.expires) == ("letter_arrived", THE_TWO, NOON + timedelta(hours=24))


def test_what_comes_meanwhile_joins_it_and_brings_it_no_nearer() -> None:
    first = gather(None, BEN, THE_TWO, arrived(1))
    both = gather(first, BEN, THE_TWO, arrived(2, "request_arrived", at=NOON + MINUTE))
    assert (both.due, both.kind) == (first.due, "letter_arrived")
    assert [each.record for each in both.arrived] == [record(1), record(2)]
    assert both.expires == NOON + MINUTE + timedelta(hours=24)


def test_the_same_arrival_counts_once_and_an_earlier_one_shortens_nothing() -> None:
    first = gather(None, BEN, THE_TWO, arrived(1))
    assert gather(first, BEN, THE_TWO, arrived(1, at=NOON + MINUTE)) == first
    other_kind = gather(first, BEN, THE_TWO, arrived(1, "window_opened"))
    assert len(other_kind.arrived) == 2
    assert gather(first, BEN, THE_TWO, arrived(2, at=NOON - MINUTE)).expires == first.expires


def test_more_than_fifty_change_nothing() -> None:
    prompt = gather(None, BEN, THE_TWO, arrived(0))
    for nth in range(1, 80):
        prompt = gather(prompt, BEN, THE_TWO, arrived(nth))
    assert len(prompt.arrived) == ARRIVED_MAX == 50


def test_what_two_couples_caused_is_never_one_prompt() -> None:
    other = type(THE_TWO)(int=99)
    with pytest.raises(AssertionError):
        gather(gather(None, BEN, THE_TWO, arrived(1)), BEN, other, arrived(2))


def test_two_people_are_not_told_at_the_same_moment_by_design() -> None:
    ana = [gather(None, ANA, THE_TWO, arrived(nth)).due for nth in range(20)]
    ben = [gather(None, BEN, THE_TWO, arrived(nth)).due for nth in range(20)]
    assert ana != ben
