"""What a clean clone can rely on: our own packages are imported, and no lock names the place it came from."""

import importlib
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
