"""Plant one bug at a time in a copy of the house, and see which test catches it: `make mutants`.

A bug that no test catches survives, and the run fails. `MUTANTS=name,name` plants only these.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.mutants.copies import copy_house
from tests.mutants.planted import PLANTED, Planted

RUN_S: Final = 300
"""A run of the chosen tests that takes longer has hung, which counts as caught."""
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def main() -> int:
    """Plant what is asked for; return 1 when anything survives or cannot be planted."""
    wanted = [name for name in os.environ.get("MUTANTS", "").split(",") if name]
    unknown = set(wanted) - {each.name for each in PLANTED}
    if unknown:
        sys.stderr.write(f"MUTANTS names {', '.join(sorted(unknown))}, which nobody has planted.\n")
        return 2
    chosen = [each for each in PLANTED if not wanted or each.name in wanted]
    survivors = []
    for nth, each in enumerate(chosen, 1):
        began = time.perf_counter()
        caught = plant(each)
        took_s = time.perf_counter() - began
        sys.stdout.write(f"{nth:>3}/{len(chosen)}  {each.name:<44} {took_s:5.1f} s  {caught or 'SURVIVED'}\n")
        sys.stdout.flush()
        if caught is None:
            survivors.append(each.name)
    said = f"{len(chosen) - len(survivors)} of {len(chosen)} planted bugs were caught"
    sys.stdout.write(f"\n{said}; these survived: {', '.join(survivors)}.\n" if survivors else f"\n{said}.\n")
    return 1 if survivors else 0


def plant(each: Planted) -> str | None:
    """Return the first test that fails with this bug, or None when all that are asked pass."""
    with tempfile.TemporaryDirectory(prefix="haven-mutant-", dir="/tmp") as folder:
        # PostgreSQL may run under another account than ours.
        Path(folder).chmod(0o755)
        copy = Path(folder)
        copy_house(copy)
        file = copy / each.file
        text = file.read_text(encoding="utf-8")
        if text.count(each.line) != 1:
            raise SystemExit(f"{each.name}: the line to change stands {text.count(each.line)} times in {each.file}.")
        file.write_text(text.replace(each.line, each.bug), encoding="utf-8")
        return _first_failure(copy, each.tests)


def _first_failure(copy: Path, tests: tuple[str, ...]) -> str | None:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *tests]
    # The copy is imported before the checkout that is installed.
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own argument list
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=RUN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "the run hung"
    if done.returncode == 0:
        return None
    found = _FAILED.search(done.stdout)
    if found is None:
        raise SystemExit(f"The tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
