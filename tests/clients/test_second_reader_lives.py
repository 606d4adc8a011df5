"""The native adapter and the device in Python live the same lives: after each step they send and show the same.

The lives are those of phones in simulated towns, with every fault that can happen there. Two devices that were written
apart are equal in all of that only where the page for devices of one's own leaves nothing to be guessed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sync.replica import Replica
from tests.clients.compiling import native_adapter
from tests.clients.test_second_reader import play, played, written
from tests.simulation import town as towns
from tests.simulation.play import play as play_a_town
from tests.simulation.servers import MemoryServer
from tests.vectors.recorded import Recorder

STEPS = 200
SEEDS = (18, 33, 55)
"""Few in which much happens that section 12 is about: resets on resets, words beside, choices that two phones made."""


class RecordedPhone(Recorder, towns.Phone):
    """A phone of a town, whose steps can be read afterwards."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return native_adapter(tmp_path_factory, worker_id)


@pytest.mark.parametrize("seeds", [SEEDS, pytest.param(range(100, 140), marks=pytest.mark.long)], ids=["few", "many"])
async def test_both_devices_send_and_show_the_same(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: Sequence[int]
) -> None:
    monkeypatch.setattr(towns, "Phone", RecordedPhone)
    # The page asks no device to look for destroyed words in its outbox: they go on arrival.
    monkeypatch.setattr(Replica, "forget", lambda *_: None)
    resets = 0
    for seed in seeds:
        town = await play_a_town(seed, MemoryServer(seed), steps=STEPS)
        lives = [life_of(f"seed {seed}: {phone.name}", phone) for phone in town.phones]
        resets += sum(
            step["do"] == "take" and bool(step["answer"]["reset"]) for each in lives for step in each["steps"]
        )

        said = play(written({"cases": lives}, tmp_path), compiled)

        assert said == played(*(each["name"] for each in lives))
    assert resets, "in none of these did the store go back"


def life_of(name: str, phone: towns.Phone) -> dict[str, Any]:
    assert isinstance(phone, RecordedPhone)
    replica, steps = phone.replica, phone.steps
    return {"name": name, "person": str(replica.person), "device": str(replica.device), "steps": steps}
