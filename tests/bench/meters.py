"""Read what Linux says about processes: processor time, memory, the machine."""

import os
import platform
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def cpu_s(roots: Collection[int]) -> float:
    """Return the seconds of user and system time of these processes, all below them, and those that have ended.

    Living threads are read in nanoseconds, since `stat` rounds each process down to 10 ms.
    """
    return sum(_own_s(pid) + _ended_s(pid) for pid in tree(roots))


def tree(roots: Collection[int]) -> set[int]:
    """Return these processes and all below them that live."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def pss_mb(roots: Collection[int]) -> float:
    """Return the memory of these processes and all below them in MB; what is shared is counted in parts."""
    total_kb = 0
    for pid in tree(roots):
        with suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+) kB", (_PROC / str(pid) / "smaps_rollup").read_text(), re.MULTILINE)
            total_kb += int(found[1]) if found else 0
    return total_kb / 1024


def load() -> str:
    """Return the load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


def processor() -> str:
    """Return the processor's name and the number of cores we may use."""
    found = re.search(r"^model name\s*:\s*(.+)$", (_PROC / "cpuinfo").read_text(), re.MULTILINE)
    name = found[1] if found else platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def _stat(pid: int) -> list[str]:
    """Return the fields of `stat` after the program's name, which may hold anything."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _own_s(pid: int) -> float:
    total_ns = 0
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def _ended_s(pid: int) -> float:
    with suppress(OSError):
        fields = _stat(pid)
        return (int(fields[13]) + int(fields[14])) * _TICK_S
    return 0.0
