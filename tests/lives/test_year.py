"""Years of couples on the real planning and sending, and worlds that differ in one thing (P1 to P18)."""

import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.prompts import Person
from tests.lives.lives import Resident
from tests.lives.play import Leak, Went, play

BEGINS = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
NEVER_HERE = {
    # Of these lives everything can be read (tests/journeys/test_found_in_prompts_on_postgres.py).
    "unreadable",
    # Accounts plan their notices.
    "account_notice",
    "new_device",
    # Planning and parting take these away first: only a race lets it come so far (tests/rules/test_prompting.py).
    "expired",
    "step_done",
    "not_due",
    "other_couple",
    "already_today",
}


def table(hits: Counter[str]) -> str:
    return "\n".join(f"{count:>7}  {what}" for what, count in sorted(hits.items()))


def must_happen() -> set[str]:
    sent = {f"sent: {kind}" for kind in PROMPT_KINDS if kind not in NEVER_HERE}
    reasons = {reason.value for reason in Reason} - NEVER_HERE
    return sent | reasons | {"fault: crash", "fault: not accepted", "fault: no answer"}


async def years(couples: range, seed: str) -> Counter[str]:
    hits: Counter[str] = Counter()
    for number in couples:
        await play(number, seed, BEGINS, 365, hits=hits)
    return hits


async def test_a_year_of_twenty_couples(capsys: pytest.CaptureFixture[str]) -> None:
    hits = await years(range(20), "year")
    with capsys.disabled():
        sys.stdout.write(f"\n\nA year of twenty couples:\n{table(hits)}\n")
    met = {what for each in hits for what in (each, each.partition(": ")[2])}
    assert must_happen() - met == set()


@pytest.mark.long
@pytest.mark.parametrize("group", range(20))
async def test_a_year_of_two_hundred_couples(group: int) -> None:
    hits = await years(range(1000 + 10 * group, 1010 + 10 * group), "two hundred")
    assert sum(hits.values()) > 100


def of(got: list[Went], who: int) -> list[tuple[datetime, tuple[str, ...], str]]:
    return [(each.at, each.kinds, each.text) for each in got if each.who == who]


async def two_worlds(number: int, leak: Leak | None = None) -> tuple[list[Went], list[Went]]:
    """Two worlds that differ only in what the second of the two does for themselves."""
    one, other = [
        await play(number, "worlds", BEGINS, 150, private=("worlds", theirs), faults=False, leak=leak)
        for theirs in ("worlds", "otherwise")
    ]
    return one, other


@pytest.mark.parametrize("number", range(6))
async def test_p1_what_the_partner_does_for_themselves_changes_no_prompt_to_the_minute_and_the_text(
    number: int,
) -> None:
    one, other = await two_worlds(number)
    assert of(one, 0) == of(other, 0)
    assert of(one, 0), "it would be easy if nothing came"
    assert of(one, 1) != of(other, 1), "and the worlds do differ"


def by_their_mood(person: Person, partner: Resident) -> Person:
    return replace(person, low_at=partner.low_at or person.low_at)


def by_their_last_act(person: Person, partner: Resident) -> Person:
    return replace(person, used_at=partner.used_at)


@pytest.mark.parametrize("leak", [by_their_mood, by_their_last_act])
async def test_p1_would_be_broken_by_a_leak(leak: Leak) -> None:
    worlds = [await two_worlds(number, leak) for number in range(6)]
    assert any(of(one, 0) != of(other, 0) for one, other in worlds)


@pytest.mark.parametrize("number", range(3))
async def test_p16_who_is_named_first_changes_nothing(number: int) -> None:
    one = await play(number, "swapped", BEGINS, 150, faults=False)
    other = await play(number, "swapped", BEGINS, 150, faults=False, swapped=True)
    assert of(one, 0) == of(other, 1)
    assert of(one, 1) == of(other, 0)


async def test_p17_a_replay_gives_the_same_with_all_faults() -> None:
    hits: list[Counter[str]] = [Counter(), Counter()]
    one, other = [await play(77, "again", BEGINS, 200, hits=each) for each in hits]
    assert one == other
    assert hits[0] == hits[1]
