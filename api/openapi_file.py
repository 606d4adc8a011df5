"""Keep docs/openapi.json: `make openapi` writes it, `make openapi-diff BASE=main` tells what became of it since."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar

from api.app import DEVELOPMENT_ROUTES, ROUTES
from api.openapi import described
from api.openapi_diff import Difference, differences
from api.protocol_page import page

HOUSE: Final = Path(__file__).resolve().parent.parent
FILE: Final = HOUSE / "docs" / "openapi.json"
CHANGELOG: Final = HOUSE / "CHANGELOG.md"

_HOW: Final = """\
Apps of today would feel what is marked as breaking. If that is meant, say in CHANGELOG.md under "Unreleased", in a line
that begins with "Breaking:", what they have to do; then run `make openapi` again."""


def document() -> dict[str, Any]:
    """Return the description of all routes, those of development among them."""
    handlers = [handler for module in ROUTES for handler in module.ROUTES]
    handlers += [handler for module in DEVELOPMENT_ROUTES for handler in module.DEVELOPMENT_ROUTES]
    made: dict[str, Any] = msgspec.to_builtins(
        described(Litestar(handlers, openapi_config=None, logging_config=None), page())
    )
    return made


def written(made: dict[str, Any]) -> str:
    """Return the text of the file: sorted, so that a difference shows where it is."""
    return msgspec.json.format(msgspec.json.encode(made, order="sorted"), indent=2).decode() + "\n"


def kept() -> dict[str, Any]:
    """Return what the file says; nothing before it was first written."""
    said: dict[str, Any] = msgspec.json.decode(FILE.read_bytes()) if FILE.is_file() else {}
    return said


def is_announced(changelog: str) -> bool:
    """Tell whether the changelog has a line for a change that breaks something, in what is not released yet."""
    _, _, rest = changelog.partition("## [Unreleased]")
    return re.search(r"^(?:- )?Breaking:", rest.partition("\n## ")[0], re.MULTILINE) is not None


def objection(found: list[Difference], changelog: str) -> str:
    """Return why these differences must not go out like this; nothing where they may."""
    breaking = any(difference.breaking for difference in found)
    return _HOW if breaking and not is_announced(changelog) else ""


def main(arguments: list[str]) -> None:
    """Write the file; with the name of a commit tell the differences since, and write nothing."""
    if arguments:
        before, now = _at(arguments[0]), kept()
    else:
        before, now = kept(), document()
    found = differences(before, now)
    sys.stdout.write("".join(f"{difference}\n" for difference in found) or "Nothing differs for an app.\n")
    said = objection(found, CHANGELOG.read_text(encoding="utf-8"))
    if said:
        sys.exit(said)
    if not arguments:
        FILE.write_text(written(now), encoding="utf-8")
        sys.stdout.write(f"{FILE} is written.\n")


def _at(commit: str) -> dict[str, Any]:
    """Return what the file said in a commit."""
    name = FILE.relative_to(HOUSE).as_posix()
    shown = subprocess.run(  # noqa: S603 - our own argument list
        ["git", "show", f"{commit}:{name}"],  # noqa: S607 - whichever git this person uses
        cwd=HOUSE,
        capture_output=True,
        check=False,
    )
    if shown.returncode:
        sys.exit(f"There is no {name} in {commit}. Name a commit that has it: make openapi-diff BASE=main")
    said: dict[str, Any] = msgspec.json.decode(shown.stdout)
    return said


if __name__ == "__main__":
    main(sys.argv[1:])
