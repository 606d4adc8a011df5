"""What a clean clone can rely on: our own packages are imported, and no lock names the place it came from."""

import importlib
from pathlib import Path

import pytest

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
