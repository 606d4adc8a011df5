"""What docs/openapi.json said before, from git: in a commit, at the last release, or when it last was another."""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

NAME: Final = "docs/openapi.json"
_CHANGELOG: Final = "CHANGELOG.md"
COMMITS_MAX: Final = 1_000
"""How many commits that touched the file are looked at."""


class NoHistoryError(Exception):
    """There is no earlier file to compare with; the text says why."""


class Earlier(Struct, frozen=True):
    """What the file said once, where that is from, and what the changelog said then."""

    name: str
    document: dict[str, Any]
    changelog: str


def at(house: Path, commit: str) -> Earlier:
    """Return what stands in a commit."""
    text = _shown(house, commit, NAME)
    if text is None:
        raise NoHistoryError(f"There is no {NAME} in {commit}. Name a commit that has it: make openapi-diff BASE=main")
    return Earlier(commit, msgspec.json.decode(text), _shown(house, commit, _CHANGELOG) or "")


def last(house: Path) -> Earlier:
    """Return what was committed last, even if the file was deleted since."""
    for commit in _commits(house):
        return at(house, commit)
    raise NoHistoryError("No commit has it either, so that nothing can tell what apps of today know.")


def before(house: Path) -> Earlier:
    """Return what apps of today know: the last tagged file, or without a tag the last that was another than this."""
    tag = _git(house, "describe", "--tags", "--abbrev=0", "HEAD")
    if tag and _shown(house, tag.strip(), NAME) is not None:
        return at(house, tag.strip())
    file = house / NAME
    present = file.read_text(encoding="utf-8") if file.is_file() else None
    for commit in _commits(house):
        if _shown(house, commit, NAME) != present:
            return at(house, commit)
    raise NoHistoryError(
        f"{NAME} is compared with no earlier one: this checkout has no history in which it was another."
    )


def _commits(house: Path) -> list[str]:
    """Return the commits that have left another file behind, the newest first."""
    said = _git(house, "log", f"--max-count={COMMITS_MAX}", "--diff-filter=AM", "--format=%h", "--", NAME)
    return (said or "").split()


def _shown(house: Path, commit: str, name: str) -> str | None:
    return _git(house, "show", f"{commit}:{name}")


def _git(house: Path, *arguments: str) -> str | None:
    """Return what git says about this checkout; None where it refuses, or there is none."""
    # A checkout that was exported may lie inside another one, whose history is not its own.
    if not (house / ".git").exists():
        return None
    try:
        said = subprocess.run(  # noqa: S603 - our own argument list
            ["git", *arguments],  # noqa: S607 - whichever git this person uses
            cwd=house,
            # What a hook of git hands down may name another checkout.
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    except OSError:
        return None
    return said.stdout if said.returncode == 0 else None
