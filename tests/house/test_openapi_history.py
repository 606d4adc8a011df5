"""What docs/openapi.json said before is found in git, also when it is gone; where there is none, that is said."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.openapi_history import NAME, NoHistoryError, at, before, last
from tests.mutants.copies import PROJECT, copy_house

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="this machine has no git")


# What a hook of git hands down names another checkout than the one meant here.
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(house: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@haven.test", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=house, env=OUTSIDE, check=True, capture_output=True)  # noqa: S603 - our own argument list


def write(house: Path, nth: int) -> None:
    (house / "docs").mkdir(exist_ok=True)
    (house / NAME).write_text(f'{{"nth": {nth}}}')
    (house / "CHANGELOG.md").write_text(f"## [0.{nth}]\n")


def commit(house: Path) -> None:
    git(house, "add", "--all")
    git(house, "commit", "--allow-empty", "--message", "words")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout in which the file was committed twice, and then something else."""
    git(tmp_path, "init", "--quiet")
    for nth in (1, 2):
        write(tmp_path, nth)
        commit(tmp_path)
    commit(tmp_path)
    return tmp_path


def nth(found: Any) -> int:
    said: int = found.document["nth"]
    assert found.changelog == f"## [0.{said}]\n"
    return said


@needs_git
def test_without_a_tag_what_went_out_is_the_last_file_that_was_another(house: Path) -> None:
    assert nth(before(house)) == 1
    write(house, 3)
    assert nth(before(house)) == 2
    commit(house)
    assert nth(before(house)) == 2


@needs_git
def test_with_a_tag_what_went_out_is_what_it_has(house: Path) -> None:
    git(house, "tag", "v0.2")
    assert nth(before(house)) == 2
    for number in (3, 4):
        write(house, number)
        commit(house)
    assert before(house).name == "v0.2"
    assert nth(before(house)) == 2


@needs_git
def test_a_file_that_was_deleted_is_found_as_it_was_committed_last(house: Path) -> None:
    (house / NAME).unlink()
    assert nth(last(house)) == 2
    commit(house)
    assert nth(last(house)) == 2
    assert nth(before(house)) == 2


@needs_git
def test_a_commit_that_has_no_such_file_is_named(house: Path) -> None:
    assert nth(at(house, "HEAD~2")) == 1
    with pytest.raises(NoHistoryError, match=r"in nowhere\. Name a commit"):
        at(house, "nowhere")


@needs_git
def test_a_shallow_checkout_has_no_earlier_file(house: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    shallow = tmp_path_factory.mktemp("shallow") / "house"
    git(house, "clone", "--quiet", "--depth=1", house.as_uri(), str(shallow))
    with pytest.raises(NoHistoryError, match="is compared with no earlier one"):
        before(shallow)


@needs_git
def test_an_exported_checkout_has_no_history_even_inside_another_one(house: Path) -> None:
    exported = house / "exported"
    exported.mkdir()
    write(exported, 7)
    for ask in (before, last):
        with pytest.raises(NoHistoryError):
            ask(exported)


# The commands, in a copy of the house


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Ask the copy's own `api.openapi_file`; return its status and what it said."""
    copy_house(tmp_path)
    shutil.copy(PROJECT / "CHANGELOG.md", tmp_path)

    environment = OUTSIDE | {"PYTHONPATH": str(tmp_path)}

    def asked(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "api.openapi_file", *arguments]
        done = subprocess.run(  # noqa: S603 - our own argument list
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return asked


def promise(house: Path) -> None:
    """Let the file promise a path that the routes do not have."""
    said = msgspec.json.decode((house / NAME).read_bytes())
    said["paths"]["/v1/promised"] = {}
    (house / NAME).write_bytes(msgspec.json.encode(said))


@needs_git
@pytest.mark.long
def test_a_missing_file_is_told_and_compared_with_the_one_that_was_committed_last(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    kept = (tmp_path / NAME).read_text()
    git(tmp_path, "init", "--quiet")
    promise(tmp_path)
    commit(tmp_path)
    (tmp_path / NAME).unlink()
    status, said = run()
    assert status == 1
    assert said.startswith("docs/openapi.json is missing. It is compared with that of ")
    assert "- Breaking: /v1/promised: the path is gone." in said
    assert not (tmp_path / NAME).exists()
    status, checked = run("--check")
    assert (status, "- Breaking: /v1/promised: the path is gone." in checked) == (1, True)

    changelog = tmp_path / "CHANGELOG.md"
    told = "## [Unreleased]\n\n- Breaking: `/v1/promised`: the path is gone. Ask elsewhere.\n"
    changelog.write_text(changelog.read_text().replace("## [Unreleased]\n", told))
    assert run("--check")[0] == 0
    assert run()[0] == 0
    assert (tmp_path / NAME).read_text() == kept
    assert run("HEAD")[0] == 0


def test_without_any_history_that_is_said_and_the_file_is_written_anew(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    kept = (tmp_path / NAME).read_text()
    status, said = run("--check")
    assert (status, len(said.splitlines())) == (0, 1)
    assert said.startswith("docs/openapi.json is compared with no earlier one")
    (tmp_path / NAME).unlink()
    assert run("HEAD")[0] == 1
    status, said = run()
    assert status == 0
    assert said.startswith("docs/openapi.json is missing. No commit has it either")
    assert (tmp_path / NAME).read_text() == kept
