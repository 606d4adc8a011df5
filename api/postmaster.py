"""Tell a cluster's own PostgreSQL from a program that only bears its number: numbers of processes are used again."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

LOCK: Final = "postmaster.pid"
"""The file in a data folder whose first line is the number of the process that serves it, or served it once."""
PROCESSES: Final = Path("/proc")
ASK_S: Final = 10
COMMAND_BYTES_MAX: Final = 64 * 1024


def postmaster(data: Path) -> int | None:
    """Return the number of the living process that is shown to serve the folder `data`; None if there is none.

    The file alone proves nothing: it outlives a power cut, and after it another program may bear the number.
    """
    pid = named(data / LOCK)
    return pid if pid is not None and _serves(command(pid), data) else None


def named(lock: Path) -> int | None:
    """Return the number in the first line of a lock file; None where there is no such file or number."""
    try:
        with lock.open("rb") as file:
            first = file.readline(32).strip()
    except OSError:
        return None
    return int(first) if first.isdigit() else None


def command(pid: int, processes: Path = PROCESSES) -> str:
    """Return the command line of a process, its words joined by blanks; "" where none lives or none is told."""
    if processes.is_dir():
        with suppress(OSError), (processes / str(pid) / "cmdline").open("rb") as file:
            words = file.read(COMMAND_BYTES_MAX).split(b"\0")
            return " ".join(word.decode(errors="surrogateescape") for word in words).strip()
        return ""
    try:
        told = subprocess.run(  # noqa: S603 - our own argument list
            ["ps", "-ww", "-o", "args=", "-p", str(pid)],  # noqa: S607 - where it lies differs from system to system
            capture_output=True,
            timeout=ASK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.decode(errors="surrogateescape").strip()


def _serves(words: str, data: Path) -> bool:
    """Tell a postmaster of `data` by its command line; its children call themselves otherwise, as in "postgres: …"."""
    program, _, rest = words.partition(" -D ")
    return Path(program).name == "postgres" and f"{rest} ".startswith(f"{data} ")
