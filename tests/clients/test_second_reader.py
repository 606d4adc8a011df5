"""Somebody who had read the page for devices of one's own wrote one; it does what the stories of device.json say."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
COMPILER = HERE / "node_modules" / ".bin" / "tsc"
STORIES = HERE.parent / "vectors" / "device.json"
OPTIONS = ["--strict", "--noUnusedLocals", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
RUN_S = 120


def run(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=RUN_S, check=False)  # noqa: S603 - our own argument list
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("second_reader")
    (folder / "package.json").write_text('{"type": "module"}')
    assert run(COMPILER, *OPTIONS, "--outDir", folder, "second_reader.ts") == (0, "")
    return folder / "second_reader.js"


def play(stories: Path, device: Path) -> tuple[int, str]:
    return run(shutil.which("node") or "node", "second_reader_runs.mjs", device, stories)


def test_it_plays_every_story(compiled: Path) -> None:
    names = [case["name"] for case in json.loads(STORIES.read_text(encoding="utf-8"))["cases"]]
    assert play(STORIES, compiled) == (0, "".join(f"played: {name}\n" for name in names))


def test_it_says_where_a_story_goes_another_way(compiled: Path, tmp_path: Path) -> None:
    told = json.loads(STORIES.read_text(encoding="utf-8"))
    told["cases"] = told["cases"][:2]
    told["cases"][0]["steps"][2]["gives"]["set"]["text"] = "Slept badly."
    changed = tmp_path / "device.json"
    changed.write_text(json.dumps(told), encoding="utf-8")
    code, said = play(changed, compiled)
    differs, played = said.splitlines()
    where, what = "a record is made and edited offline: step 2, edit", "gives.set.text"
    assert code == 1
    assert differs == f'DIFFERS: {where}: {what} is "Slept well." and should be "Slept badly."'
    assert played == "played: an answer is lost and the same is sent again"
