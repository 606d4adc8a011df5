"""Keep docs/openapi.json: `make openapi` writes it, `make openapi-diff BASE=main` tells what became of it since.

`make check` compares it with what went out before: that of the last release, or the last that was another.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar

from api.announcing import objection
from api.app import DEVELOPMENT_ROUTES, ROUTES
from api.openapi import described
from api.openapi_diff import Difference, Document, differences
from api.openapi_history import Earlier, NoHistoryError, at, before, last
from api.protocol_page import page

HOUSE: Final = Path(__file__).resolve().parent.parent
FILE: Final = HOUSE / "docs" / "openapi.json"
CHANGELOG: Final = HOUSE / "CHANGELOG.md"

CHECK: Final = "--check"


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
    """Return what the file says."""
    said: dict[str, Any] = msgspec.json.decode(FILE.read_bytes())
    return said


def main(arguments: list[str]) -> None:
    """Write the file; with the name of a commit, or to check, tell the differences since, and write nothing."""
    try:
        if arguments == [CHECK]:
            _check(before(HOUSE), document())
        elif arguments:
            _tell(at(HOUSE, arguments[0]), _kept_or_exit())
        else:
            _write(document())
    except NoHistoryError as fault:
        # To check, there may be nothing to compare with; a commit that somebody named must be there.
        sys.stdout.write(f"{fault}\n") if arguments == [CHECK] else sys.exit(str(fault))


def _write(made: dict[str, Any]) -> None:
    _tell(_what_stood(), made)
    FILE.write_text(written(made), encoding="utf-8")
    sys.stdout.write(f"{FILE} is written.\n")


def _what_stood() -> Earlier | None:
    """Return what the file says, or where it is missing what it last said in the history."""
    if FILE.is_file():
        return Earlier("docs/openapi.json", kept(), CHANGELOG.read_text(encoding="utf-8"))
    sys.stdout.write("docs/openapi.json is missing. ")
    try:
        found = last(HOUSE)
    except NoHistoryError as fault:
        sys.stdout.write(f"{fault}\n")
        return None
    sys.stdout.write(f"It is compared with that of {found.name}.\n")
    return found


def _kept_or_exit() -> dict[str, Any]:
    if not FILE.is_file():
        sys.exit("docs/openapi.json is missing; `make openapi` writes it.")
    return kept()


def _check(earlier: Earlier, now: Document) -> None:
    """Tell in one line how much differs; what breaks apps of today must be announced."""
    found = differences(earlier.document, now)
    breaking = sum(each.breaking for each in found)
    sys.stdout.write(
        f"docs/openapi.json: {len(found)} differences since {earlier.name}, {breaking} of them breaking.\n"
    )
    _refuse_unannounced(found, earlier)


def _tell(earlier: Earlier | None, now: Document) -> None:
    if earlier is None:
        return
    found = differences(earlier.document, now)
    nothing = f"Nothing differs for an app since {earlier.name}.\n"
    sys.stdout.write("".join(f"{difference}\n" for difference in found) or nothing)
    _refuse_unannounced(found, earlier)


def _refuse_unannounced(found: list[Difference], earlier: Earlier) -> None:
    said = objection(found, CHANGELOG.read_text(encoding="utf-8"), earlier.changelog)
    if said:
        sys.exit(said)


if __name__ == "__main__":
    main(sys.argv[1:])
