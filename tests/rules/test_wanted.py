"""What is loaded before a batch is judged: of a draft, the letter that it has become and those given lately."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from sync.board import given_on, settings_id
from sync.ports import Caller
from sync.sealing import keyed_id
from sync.wanted import wanted
from tests.pair import change

ANA, DRAFT = PersonId(UUID(int=1)), UUID(int=30)
OWN, NOW_TOGETHER, ONCE_TOGETHER = (SpaceId(UUID(int=n)) for n in (20, 21, 22))
CALLER = Caller(ANA, DeviceId(UUID(int=11)), (OWN, NOW_TOGETHER, ONCE_TOGETHER), may_keep=True)
ID_KEYS = {space: bytes([space.int]) * 32 for space in (OWN, NOW_TOGETHER)}
"""The key of the space they once shared is lost."""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_draft_is_judged_with_the_settings_and_the_letter_that_it_may_have_become() -> None:
    asks = wanted([change("note_draft", DRAFT, {"for_what": "The soup."})], CALLER, ID_KEYS, NOON)
    letter = RecordId(keyed_id(ID_KEYS[NOW_TOGETHER], "note", DRAFT))
    assert set(asks.ids) == {RecordId(DRAFT), settings_id(ID_KEYS[OWN]), letter}


@pytest.mark.parametrize("hours_off", [0, 14, -12])
def test_a_draft_is_judged_with_the_letters_of_every_day_that_is_today_somewhere(hours_off: int) -> None:
    here = NOON.astimezone(timezone(timedelta(hours=hours_off)))
    asks = wanted([change("note_draft", DRAFT, {"for_what": "The soup."})], CALLER, ID_KEYS, here)
    days = (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24))
    assert set(asks.families) == {(given_on(ID_KEYS[NOW_TOGETHER], ANA, day), "note") for day in days}
