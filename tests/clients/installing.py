"""Where the clients' libraries are installed and Haven's adapters stand, and one worker at a time to see to it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
ADAPTERS = HERE.parent.parent / "docs" / "clients"


@contextmanager
def only_one(list_: Path = LOCK) -> Iterator[None]:
    """Wait until no other worker installs. The lock is on the list of what is installed, which is always there."""
    with list_.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
