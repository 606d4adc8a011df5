"""Weeks of couples through HTTP, PostgreSQL, the worker and FCM's own library, with the checks of a year's lives."""

import importlib
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.wiring import Parts
from domain.prompt_kinds import PROMPT_KINDS, Reason
from notifications.answers import Accepted, SlowDown, TargetGone, TryLater, Unknown
from notifications.fcm import Sender, open_sender
from tests.alone import alone
from tests.fake_fcm import PROJECT, FakeFcm, StaticCredential, faking
from tests.lives.test_year import NEVER_HERE, table
from tests.lives.vendor import FATES
from tests.lives.weeks import ids_by_seed, play_weeks

BEGINS = datetime(2027, 3, 14, 4, 0, tzinfo=UTC)
"""Three hours before clocks change in New York; a fortnight later, before it is over, they do in Berlin."""
PATIENCE_S = 1.0
RARE = {"resting", "balanced", "one_invite_a_day", "partners_space", "low"}
"""For these a fortnight of ten couples is short: a year has them all."""


@pytest.fixture
async def parts_alone(server_dsn: str, worker_id: str, tmp_path: Path) -> AsyncIterator[Parts]:
    async with alone(server_dsn, f"{worker_id}_weeks", tmp_path) as parts:
        yield parts


@pytest.fixture
async def fake() -> AsyncIterator[FakeFcm]:
    async with faking() as fake:
        yield fake


@pytest.fixture
async def sender(fake: FakeFcm, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sender]:
    async def at_once(_seconds: float) -> None:
        """Between its inner tries the library would wait for some seconds."""

    monkeypatch.setattr(importlib.import_module("firebase_admin._retry"), "asyncio", SimpleNamespace(sleep=at_once))
    async with open_sender(project=PROJECT, base_url=fake.base_url, credential=StaticCredential()) as sender:
        sender.patience_s = PATIENCE_S
        yield sender


async def weeks(parts: Parts, fake: FakeFcm, sender: Sender, couples: int, days: int, seed: str) -> Counter[str]:
    with ids_by_seed(seed):
        return await play_weeks(parts, fake, sender, couples=couples, days=days, begins=BEGINS, seed=seed)


def must_happen() -> set[str]:
    sent = {f"sent: {kind}" for kind in PROMPT_KINDS if kind not in NEVER_HERE}
    reasons = {reason.value for reason in Reason} - NEVER_HERE - RARE
    killed = {"fault: killed before sending", "fault: killed after sending"}
    answers = {f"answer: {each.code}" for each in (Accepted, SlowDown, TryLater, Unknown, TargetGone)}
    return sent | reasons | killed | answers | {f"fault: {name}" for name in FATES} | {"repeated"}


async def test_some_days_of_three_couples(parts_alone: Parts, fake: FakeFcm, sender: Sender) -> None:
    hits = await weeks(parts_alone, fake, sender, 3, 4, "days 0")
    assert sum(hits[what] for what in hits if what.startswith("sent: ")) > 5
    assert sum(hits[what] for what in hits if what.startswith("fault: ")) > 0


@pytest.mark.long
async def test_two_weeks_of_ten_couples(
    parts_alone: Parts, fake: FakeFcm, sender: Sender, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = await weeks(parts_alone, fake, sender, 10, 14, "weeks 6")
    with capsys.disabled():
        sys.stdout.write(f"\n\nTwo weeks of ten couples on PostgreSQL:\n{table(hits)}\n")
    met = {what for each in hits for what in (each, each.partition(": ")[2])}
    assert must_happen() - met == set()


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 7, 8, 9])
async def test_more_such_weeks(parts_alone: Parts, fake: FakeFcm, sender: Sender, number: int) -> None:
    hits = await weeks(parts_alone, fake, sender, 10, 14, f"weeks {number}")
    assert sum(hits[what] for what in hits if what.startswith("sent: ")) > 50
