"""What a clean clone can rely on: our own packages are imported, and no lock names the place it came from."""

import importlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent.parent
NOT_OURS = {".venv", ".git", "node_modules", ".haven"}


def locks() -> list[Path]:
    patterns = ("requirements*.txt", "package-lock.json", "*.lock", "pylock*.toml")
    found = [path for pattern in patterns for path in PROJECT.rglob(pattern)]
    return [path for path in found if not NOT_OURS & set(path.relative_to(PROJECT).parts)]


@pytest.mark.parametrize("name", ["api", "domain", "sync", "notifications"])
def test_packages_with_general_names_come_from_this_checkout(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == PROJECT / name


def test_a_lock_holds_pins_and_hashes_and_no_address() -> None:
    assert PROJECT / "requirements-dev.txt" in locks()
    for lock in locks():
        words = lock.read_text()
        assert "://" not in words, lock
        assert "resolved" not in words, lock
        assert lock.name not in ("uv.lock", "pylock.toml"), "it would record hosts"


def test_every_pin_has_a_hash() -> None:
    lines = (PROJECT / "requirements-dev.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(pins) > 20
    for pin in pins:
        assert "==" in pin
        assert pin.endswith("\\"), f"{pin} has no hash"


def test_a_pin_names_every_extra_that_another_package_asks_for() -> None:
    """The pip of Debian 12 takes `coverage[toml]` for a package that nobody pinned, once the index has a newer one."""
    asked: dict[str, set[str]] = {}
    for each in distributions():
        for requirement in map(Requirement, each.requires or ()):
            # Extras of extras are asked for only by whoever asks for the first.
            if requirement.extras and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                asked.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
    pins: dict[str, set[str]] = {}
    for line in (PROJECT / "requirements-dev.txt").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.removesuffix("\\").strip())
            pins.setdefault(canonicalize_name(pin.name), set()).update(pin.extras)
    assert asked, "some packages do ask for extras of others"
    for name, extras in asked.items():
        assert extras <= pins.get(name, extras), f"{name} is asked for with {sorted(extras)}: `make lock`"


def test_of_two_first_starts_at_once_one_installs_and_the_other_waits(tmp_path: Path) -> None:
    """The real Makefile and the real make; only what would be installed is a script that waits until it is let go."""
    if shutil.which("make") is None:
        pytest.skip("There is no `make` here, and the Makefile is for those who have it.")
    for name in ("Makefile", "requirements-pip.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    (tmp_path / ".venv").mkdir()
    os.mkfifo(tmp_path / "gate")
    python, install = tmp_path / "python", tmp_path / "install"
    python.write_text(
        f'#!/bin/sh\necho "$2" | head -c 12 >>asked; echo >>asked\nexec {shlex.quote(sys.executable)} "$@"\n'
    )
    install.write_text("#!/bin/sh\necho installing >>installs\ncat gate\n")
    python.chmod(0o755)
    install.chmod(0o755)
    making = ["make", "PYTHON=./python", "PY=true", "PIP=./install", ".venv/.ok"]

    def lines(name: str) -> list[str]:
        file = tmp_path / name
        return file.read_text().splitlines() if file.exists() else []

    started = []
    try:
        for number in (1, 2):
            started.append(subprocess.Popen(making, cwd=tmp_path, start_new_session=True))  # noqa: S603 - our own argument list
            # Two looks at Python itself, and one call for the lock.
            wait_until(lambda number=number: sum("fcntl" in line for line in lines("asked")) == number)
            wait_until(lambda: len(lines("installs")) == 1)
        # Each of the three installations of the first is let go, by whoever writes into the gate.
        for number in (2, 3):
            (tmp_path / "gate").write_text("")
            wait_until(lambda number=number: len(lines("installs")) == number)
        (tmp_path / "gate").write_text("")
        assert [each.wait(60) for each in started] == [0, 0]
    finally:
        for each in started:
            with suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
    assert len(lines("installs")) == 3
    assert (tmp_path / ".venv" / ".ok").exists()


def wait_until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
