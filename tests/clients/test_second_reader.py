"""The native adapter, begun by somebody who had read native.md alone, does what the examples of tests/vectors say."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.clients.compiling import native_adapter, run

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"
STORIES = VECTORS / "device.json"
MERGING = VECTORS / "merge.json"
GOALS = VECTORS / "goals.json"
DERIVATIONS = VECTORS / "derivations.json"
LOOKBACK = VECTORS / "lookback.json"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return native_adapter(tmp_path_factory, worker_id)


def play(examples: Path, compiled: Path) -> tuple[int, str]:
    return run(shutil.which("node") or "node", "native_runs.mjs", compiled, examples, STORIES)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def played(*names: str) -> tuple[int, str]:
    return 0, "".join(f"played: {name}\n" for name in names)


def test_it_plays_every_story(compiled: Path) -> None:
    assert play(STORIES, compiled) == played(*(case["name"] for case in read(STORIES)["cases"]))


def test_it_does_of_merging_what_a_device_does(compiled: Path) -> None:
    told = read(MERGING)["for_a_device"]
    numbered = [f"{name} {nth}" for name in ("sentences", "in_common") for nth in range(len(told[name]))]
    assert play(MERGING, compiled) == played(*(case["name"] for case in told["laid"]), *numbered)


def test_it_works_out_how_a_goal_stands(compiled: Path) -> None:
    assert play(GOALS, compiled) == played(*(case["name"] for case in read(GOALS)["goals"]))


def test_it_works_out_pauses_and_which_parts_count(compiled: Path) -> None:
    told = read(DERIVATIONS)["for_a_device"]
    assert play(DERIVATIONS, compiled) == played(*(case["name"] for case in (*told["pauses"], *told["counting"])))


def test_it_looks_back(compiled: Path) -> None:
    told = read(LOOKBACK)
    assert play(LOOKBACK, compiled) == played(*(case["name"] for cases in told.values() for case in cases))


@pytest.mark.parametrize("name", ["moods", "words", "tagged", "shelf"])
def test_it_says_where_looking_back_finds_something_else(compiled: Path, tmp_path: Path, name: str) -> None:
    told = read(LOOKBACK)[name]
    told[0]["gives"]["more"] = True
    code, said = play(written({name: told}, tmp_path), compiled)
    assert code == 1
    assert said.splitlines()[0] == f"DIFFERS: {told[0]['name']}: gives.more is false and should be true"
    assert said.count("DIFFERS") == 1


def test_it_says_where_a_goal_stands_another_way(compiled: Path, tmp_path: Path) -> None:
    told = read(GOALS)
    told["goals"][0]["gives"]["state"] = "active"
    code, said = play(written(told, tmp_path), compiled)
    assert code == 1
    name = "terms open with their author's yes"
    assert said.splitlines()[0] == f'DIFFERS: {name}: gives.state is "proposed" and should be "active"'
    assert said.count("DIFFERS") == 1


def test_it_says_where_a_story_goes_another_way(compiled: Path, tmp_path: Path) -> None:
    told = read(STORIES)
    told["cases"] = told["cases"][:2]
    told["cases"][0]["steps"][2]["gives"]["set"]["text"] = "Slept badly."
    code, said = play(written(told, tmp_path), compiled)
    differs, went_well = said.splitlines()
    where, what = "a record is made and edited offline: step 2, edit", "gives.set.text"
    assert code == 1
    assert differs == f'DIFFERS: {where}: {what} is "Slept well." and should be "Slept badly."'
    assert went_well == "played: an answer is lost and the same is sent again"


@pytest.mark.parametrize(
    ("name", "member", "wrong"),
    [("laid", "shows", {}), ("sentences", "sentences", ["?"]), ("in_common", "in_common", "?")],
)
def test_it_says_where_an_example_of_merging_goes_another_way(
    compiled: Path, tmp_path: Path, name: str, member: str, wrong: Any
) -> None:
    told = read(MERGING)["for_a_device"]
    told[name][0][member] = wrong
    code, said = play(written({name: told[name]}, tmp_path), compiled)
    assert code == 1
    assert said.splitlines()[0].startswith("DIFFERS: ")
    assert said.count("DIFFERS") == 1


def written(told: Any, folder: Path) -> Path:
    path = folder / "told.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path
