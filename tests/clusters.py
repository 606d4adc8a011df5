"""A cluster that was made already, for tests of what comes after: to make one takes most of such a test's time."""

import fcntl
import subprocess
from pathlib import Path

from api.embedded_postgres import FORGETFUL, place, serving

PROJECT = Path(__file__).resolve().parent.parent


def put_a_cluster(to: Path) -> None:
    """Put a cluster that was started once, and stopped, where Haven or a test will look for it."""
    made = place(PROJECT) / "test" / "made"
    made.mkdir(parents=True, exist_ok=True)
    with (made / "made.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "whole").exists():
            with serving(made / "postgres", settings=FORGETFUL):
                pass
            (made / "whole").touch()
    # It belongs to PostgreSQL's account, which Python's copies do not keep.
    subprocess.run(["cp", "--archive", made / "postgres", to], check=True)  # noqa: S603, S607 - paths of our own
