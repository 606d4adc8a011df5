"""The keepers of the native adapter: whole or not at all, on the disk, and gone when it is gone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.clients.compiling import native_adapter, run
from tests.clients.conftest import RUN, nothing_tested_with, what_sqlite_lacks


@pytest.fixture
def compiled(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return native_adapter(tmp_path_factory, worker_id)


def kept_by(keeper: str, compiled: Path, file: Path) -> Any:
    code, said = run(shutil.which("node") or "node", "native_keepers.mjs", compiled, keeper, file)
    assert code == 0, said
    return json.loads(said)


def test_a_file_has_reached_the_disk_before_it_takes_the_place_of_the_old_one(compiled: Path, tmp_path: Path) -> None:
    said = kept_by("file", compiled, tmp_path / "ana.json")
    assert said["done"] == [
        "writeFile ana.json.new",
        "sync ana.json.new",
        "close ana.json.new",
        "rename ana.json.new ana.json",
        f"sync {tmp_path.name}",
        f"close {tmp_path.name}",
    ]
    assert list(said["kept"]) == ["one"]


def test_what_sqlite_keeps_it_keeps_whole_and_forgets_for_good(compiled: Path, tmp_path: Path) -> None:
    if missing := what_sqlite_lacks(RUN):
        nothing_tested_with("the native adapter's keeper in SQLite", missing)
    said = kept_by("SQLite", compiled, tmp_path / "ana.db")
    assert said["kept"] == ["one", "two"], "another connection sees it"
    assert (said["failed"], said["same"]) == ("failed", True), "none of a step that fails"
    assert said["after"] == {"two": "2", "three": "3"}
    assert not said["found"], "its bytes are gone as well"
    assert said["synchronous"] == 2, "FULL"
