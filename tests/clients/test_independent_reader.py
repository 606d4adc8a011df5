"""A reader written from native.md and the sections that it names does what the examples say that a device does."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.clients.compiling import COMPILER, OPTIONS, run
from tests.clients.installing import ADAPTERS, HERE, only_one

READER = HERE / "reader"
VECTORS = HERE.parent / "vectors"
KINDS = ADAPTERS / "native" / "kinds.json"


@cache
def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def by_name(cases: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = {case["name"]: case for case in cases}
    assert len(named) == len(cases)
    return named


STORIES = by_name(read("device.json")["cases"])
GOALS = by_name(read("goals.json")["goals"])
PAUSES, COUNTING = (by_name(read("derivations.json")["for_a_device"][name]) for name in ("pauses", "counting"))
MERGING = read("merge.json")["for_a_device"]
LAID = by_name(MERGING["laid"])


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """What the reader gives for every example, by the file's name and the example's."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "reader"
    with only_one():
        if not (folder / "package.json").exists():
            assert run(COMPILER, *OPTIONS, "--outDir", folder, *sorted(READER.glob("*.ts"))) == (0, "")
            (folder / "package.json").write_text('{"type": "module"}')
    return {name: given(folder, name) for name in ("device.json", "goals.json", "derivations.json", "merge.json")}


def given(folder: Path, name: str) -> Any:
    code, said = run(shutil.which("node") or "node", folder / "play.js", KINDS, VECTORS / name)
    assert code == 0, said
    return json.loads(said)


def test_what_it_knows_of_kinds_is_what_the_stories_were_told_with() -> None:
    assert json.loads(KINDS.read_text(encoding="utf-8"))["kinds"] == read("device.json")["kinds"]


@pytest.mark.parametrize("name", STORIES)
def test_it_plays_a_story(played: dict[str, Any], name: str) -> None:
    steps = STORIES[name]["steps"]
    found = played["device.json"][name]
    assert not isinstance(found, str), found
    assert len(found) == len(steps)
    for nth, (step, gave) in enumerate(zip(steps, found, strict=True)):
        where = f"step {nth}, {step['do']}"
        if step["do"] == "take":
            # Every new key was used: as many changes are sent again as the story has.
            assert (where, gave["gives"]) == (where, [step["gives"], []])
        elif step["do"] in {"edit", "pick", "confirm", "ask"}:
            assert (where, gave["gives"]) == (where, step["gives"])
        assert (where, gave["shows"]) == (where, step["shows"])


@pytest.mark.parametrize("name", GOALS)
def test_it_works_out_how_a_goal_stands(played: dict[str, Any], name: str) -> None:
    assert played["goals.json"][name] == GOALS[name]["gives"]


@pytest.mark.parametrize("name", [*PAUSES, *COUNTING])
def test_it_works_out_a_pause_or_whether_a_part_counts(played: dict[str, Any], name: str) -> None:
    assert played["derivations.json"][name] == (PAUSES.get(name) or COUNTING[name])["gives"]


@pytest.mark.parametrize("name", LAID)
def test_it_lays_an_edit_over_a_record(played: dict[str, Any], name: str) -> None:
    assert played["merge.json"][name] == LAID[name]["shows"]


@pytest.mark.parametrize("name", ["sentences", "in_common"])
def test_it_takes_texts_apart(played: dict[str, Any], name: str) -> None:
    assert played["merge.json"][name] == [case[name] for case in MERGING[name]]
