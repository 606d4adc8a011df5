"""Delete what this checkout keeps on this machine, after asking: `make reset`."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from api.embedded_postgres import EmbeddedFailed, forget, forget_programs, left_alone, place
from api.settings import EXIT_UNFIT, Settings, SettingsUnfit
from api.wiring import KEYS, OWN_KEYS, PEOPLE, PROJECT, keys_file

CLUSTERS: Final = ("postgres", "test", "demo", "bench")
"""The folders of embedded databases: of `make run`, of the tests, of the demo and of the measurements."""


def main() -> None:
    """Ask, and delete the embedded databases with their keys; never the keys of somebody's own database."""
    try:
        settings = Settings.read(os.environ)
    except SettingsUnfit as unfit:
        sys.stderr.write(f"The settings do not fit, so nothing was deleted:\n{unfit}\n")
        sys.exit(EXIT_UNFIT)
    try:
        home = place(PROJECT)
        if settings.database_url is not None or settings.keys_dsn is not None:
            sys.exit(_not_ours(settings))
        sys.stdout.write("".join(f"{sentence}\n" for sentence in left_alone(PROJECT)))
        if not _agreed(home):
            sys.exit("Nothing was deleted.")
        forget(*(home / name for name in CLUSTERS))
    except EmbeddedFailed as fault:
        sys.exit(str(fault))
    forget_programs()
    for left in (home / KEYS, home / PEOPLE):
        left.unlink(missing_ok=True)
    with suppress(OSError):  # something else is kept there
        home.rmdir()
    sys.stdout.write("Done. `make run` starts anew.\n")
    own = home / OWN_KEYS
    if own.exists():
        sys.stdout.write(f"The keys of the database that DATABASE_URL named were kept: {own}\n")


def _agreed(home: Path) -> bool:
    try:
        answer = input(
            f"Delete the embedded database in {home} with its keys, and those of the tests and the demo?"
            " What was written there is lost. Type yes: "
        )
    except (EOFError, KeyboardInterrupt):
        sys.stdout.write("\n")
        return False
    return answer.strip().lower() == "yes"


def _not_ours(settings: Settings) -> str:
    variable = "HAVEN_KEYS_DSN" if settings.database_url is None else "DATABASE_URL"
    held = settings.keys.removeprefix("file:") if settings.keys is not None else str(keys_file(settings))
    return (
        f"{variable} is set, so nothing was deleted: `make reset` is for the embedded database alone.\n"
        f"Haven keeps the keys of the database that {variable} names in {held}."
        " Without them nothing that was written in it can be read again.\n"
        "To delete the embedded database: unset the variable, and `make reset` again.\n"
        "To begin anew on your own: drop that database and create it, and only then delete its keys."
    )


if __name__ == "__main__":
    main()
