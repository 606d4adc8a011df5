"""Write infra/schema.sql: what an empty database looks like after all migrations, for people to read."""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from api.embedded_postgres import FORGETFUL, SUPERUSER, Embedded, EmbeddedFailed, serving
from api.migrate import migrate

FILE = Path(__file__).resolve().parent.parent / "infra" / "schema.sql"

_HEAD = """\
-- What an empty database looks like after every file in infra/migrations. Written by `make schema`; do not edit.

"""
_NOISE = re.compile(r"(SET |SELECT pg_catalog\.set_config|\\(un)?restrict|--)")


def dumped(server: Embedded, database: str) -> str:
    """Return the schema of `database`, without what differs from one dump to the next."""
    done = subprocess.run(  # noqa: S603 - our own argument list
        [
            server.programs / "pg_dump",
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            f"--host={server.sockets}",
            f"--username={SUPERUSER}",
            database,
        ],
        env={"LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return normalised(done.stdout)


def normalised(dump: str) -> str:
    """Drop comments, session settings, restore keys and repeated blank lines from a dump."""
    kept = "\n".join(line.rstrip() for line in dump.splitlines() if not _NOISE.match(line))
    return _HEAD + re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def main() -> None:
    """Make a cluster that lives for a moment, migrate it, and write the file."""
    with tempfile.TemporaryDirectory(prefix="haven-schema-", dir="/tmp") as folder:
        # PostgreSQL may run under another account than ours.
        Path(folder).chmod(0o755)
        try:
            with serving(Path(folder) / "postgres", settings=FORGETFUL) as server:
                asyncio.run(migrate(server.dsn()))
                FILE.write_text(dumped(server, "haven"), encoding="utf-8")
        except EmbeddedFailed as fault:
            sys.exit(str(fault))
    sys.stdout.write(f"{FILE} is written.\n")


if __name__ == "__main__":
    main()
