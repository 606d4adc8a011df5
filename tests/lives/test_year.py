"""A year of couples: every invariant at every step, on the real planning and sending."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.lives.play import play

BEGINS = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("number", range(20))
async def test_a_year_of_a_couple(number: int) -> None:
    hits: Counter[str] = Counter()
    got = await play(number, "year", BEGINS, 365, hits=hits)
    assert len(got) > 10
