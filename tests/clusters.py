"""Where tests have clusters of their own, and one that was made already for those of what comes after the making."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.embedded_postgres import FORGETFUL, place, serving

PROJECT = Path(__file__).resolve().parent.parent
MEMORY, DISK = Path("/dev/shm"), Path("/var/tmp")  # noqa: S108 - only folders of random names are made there
ROOMY_BYTES = 2 << 30
"""A cluster takes 40 MB; tests of several workers have a few at once."""


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own account can reach, unlike pytest's; in memory where there is room.

    To place a cluster's thousand files on a disk may take a second each time, and proves nothing.
    """
    made = Path(tempfile.mkdtemp(prefix="haven-", dir=MEMORY if _roomy(MEMORY) else DISK))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _roomy(folder: Path) -> bool:
    """Whether clusters, and copies of programs to run, can lie there."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOMY_BYTES and not found.f_flag & os.ST_NOEXEC


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
