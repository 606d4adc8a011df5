"""What is loaded before a batch is judged: of a draft, the letter that it has become and those given lately."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from sync.board import given_on, settings_id
from sync.ports import Caller
from sync.sealing import keyed_id
from sync.wanted import wanted
from sync.wire import Change
from tests.pair import change

ANA, DRAFT = PersonId(UUID(int=1)), UUID(int=30)
OWN, NOW_TOGETHER, ONCE_TOGETHER = (SpaceId(UUID(int=n)) for n in (20, 21, 22))
CALLER = Caller(ANA, DeviceId(UUID(int=11)), (OWN, NOW_TOGETHER, ONCE_TOGETHER), may_keep=True)
ID_KEYS = {space: bytes([space.int]) * 32 for space in (OWN, NOW_TOGETHER)}
"""The key of the space they once shared is lost."""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
COUNTED = ("note", "support_offer", "repair")


def test_a_draft_is_judged_with_the_settings_and_the_letter_that_it_may_have_become() -> None:
    asks = wanted([change("note_draft", DRAFT, {"for_what": "The soup."})], CALLER, ID_KEYS, NOON)
    letter = RecordId(keyed_id(ID_KEYS[NOW_TOGETHER], "note", ANA, DRAFT))
    assert set(asks.ids) == {RecordId(DRAFT), settings_id(ID_KEYS[OWN]), letter}


@pytest.mark.parametrize("hours_off", [0, 14, -12])
def test_a_draft_is_judged_with_the_letters_of_every_day_that_is_today_somewhere(hours_off: int) -> None:
    here = NOON.astimezone(timezone(timedelta(hours=hours_off)))
    asks = wanted([change("note_draft", DRAFT, {"for_what": "The soup."})], CALLER, ID_KEYS, here)
    days = (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24))
    assert set(asks.families) == {
        (given_on(ID_KEYS[NOW_TOGETHER], ANA, day), counted) for day in days for counted in COUNTED
    }


@pytest.mark.usefixtures("far_east")
def test_which_days_those_are_does_not_depend_on_where_the_server_stands() -> None:
    asks = wanted([change("note_draft", DRAFT, {"for_what": "The soup."})], CALLER, ID_KEYS, NOON)
    days = (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24))
    assert set(asks.families) == {
        (given_on(ID_KEYS[NOW_TOGETHER], ANA, day), counted) for day in days for counted in COUNTED
    }


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine where it is tomorrow already."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "XXX-14")
        time.tzset()
        assert NOON.astimezone(None).date() == date(2026, 11, 24)
        yield
    time.tzset()


GOAL, SHOWN = UUID(int=40), UUID(int=41)
MOVED_BY = {(GOAL, "goal_terms"), (GOAL, "goal_act")}
DAY_FAMILY = (keyed_id(ID_KEYS[OWN], "check_in", "2026-11-23"), "check_in")


@pytest.mark.parametrize(
    ("made", "also", "families", "counted"),
    [
        (change("dream", UUID(int=31)), set(), set(), set()),
        (
            change("check_in", UUID(int=32), {"local_date": "2026-11-23"}),
            {settings_id(ID_KEYS[OWN])},
            {DAY_FAMILY},
            set(),
        ),
        (change("goal", GOAL), {settings_id(ID_KEYS[OWN])}, MOVED_BY, {"goal"}),
        (change("goal", GOAL, {"topic": "us"}, base=1), {settings_id(ID_KEYS[OWN])}, set(), {"goal"}),
        (
            change("goal", GOAL, {"form": "goal", "topic": "us", "notes": None}, base=1),
            {settings_id(ID_KEYS[OWN])},
            MOVED_BY,
            {"goal"},
        ),
        (
            change("goal_terms", UUID(int=33), {"goal": str(GOAL)}),
            {settings_id(ID_KEYS[OWN]), GOAL},
            MOVED_BY,
            set(),
        ),
        (change("step", UUID(int=34), {"goal": str(GOAL)}), {GOAL}, {(GOAL, "step")}, set()),
        (
            change("response", UUID(int=35), {"to": str(SHOWN)}),
            {settings_id(ID_KEYS[OWN]), SHOWN},
            {(SHOWN, "response")},
            set(),
        ),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_change_is_judged_with_what_its_rules_look_at_alone_and_among_others(
    made: Change, also: set[UUID], families: set[tuple[UUID, str]], counted: set[str]
) -> None:
    alone = wanted([made], CALLER, ID_KEYS, NOON)
    assert (set(alone.ids), set(alone.families), set(alone.counted)) == ({made.id, *also}, families, counted)
    others = [change("dream", UUID(int=50)), change("note_draft", DRAFT), change("goal", UUID(int=51)), made]
    for batch in (others, others[::-1]):
        among = wanted(batch, CALLER, ID_KEYS, NOON)
        assert [*among.keys] == [each.key for each in batch]
        assert {each.id for each in batch} | also <= set(among.ids)
        assert families | {(UUID(int=51), "goal_terms")} <= set(among.families)
        assert len(among.families) == len(families) + 9 + 2, "three days of letters, and what moves the other goal"
        assert set(among.counted) == counted | {"goal"}
