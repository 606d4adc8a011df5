"""Let mutmut make every small change it knows in the chosen files, one at a time: `make mutations`.

A change that no test in tests/rules catches survives. Those that are known, each with its reason, are listed in
`survivors.toml`; a survivor that is not listed fails the run, and a listed one that is caught now is told. Which files
are chosen stands in pyproject.toml; `FILES=sync/merge.py,domain/windows.py` takes some of them. mutmut tries a change
on the tests that came by its function, in a process that has imported everything already: what runs on import alone
it cannot try.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.mutants.copies import PROJECT, copy_house

SURVIVORS: Final = Path(__file__).with_name("survivors.toml")
MUTMUT: Final = Path(sys.executable).with_name("mutmut")
RUN_S: Final = 3 * 60 * 60
"""mutmut ends what hangs after one change; this is for what nobody thought of."""
SURVIVED: Final = {0, 5, 33}
"""mutmut's codes for: all tests passed, no test was left, no test comes by."""
HUNG: Final = {36, 24, -24, 152, 255, -9}
"""mutmut's codes for: its time was over."""
CAUGHT: Final = {1, 3, -11} | HUNG
"""mutmut's codes for: a test failed, pytest broke, the process broke, it hung."""


class Mutation(Struct, frozen=True, order=True):
    """One change, named so that it is found again when other lines of the file or the function have changed."""

    where: str
    """As in `sync/merge.py:_Work._members`."""
    was: str
    became: str

    def __str__(self) -> str:
        return f"{self.where}\n    - {self.was}\n    + {self.became}"


def main() -> int:
    """Return 1 when a change survives that is not known to, and 2 when the run itself went wrong."""
    began = time.monotonic()
    wanted = [name for name in os.environ.get("FILES", "").split(",") if name]
    unknown = set(wanted) - set(chosen_files())
    if unknown:
        sys.stderr.write(
            f"FILES names {', '.join(sorted(unknown))}, which pyproject.toml does not choose for mutmut.\n"
        )
        return 2
    chosen = wanted or chosen_files()
    with tempfile.TemporaryDirectory(prefix="haven-mutations-", dir="/tmp") as folder:
        copy = Path(folder)
        copy_house(copy)
        run_mutmut(copy, chosen)
        codes = list(tried(copy, chosen))
    known = Counter(listed(chosen))
    survivors = Counter(mutation for mutation, code in codes if code in SURVIVED)
    undecided = [mutation for mutation, code in codes if code not in SURVIVED | CAUGHT]
    new = survivors - known
    _tell("Caught now, or no longer made; it can leave the list", known - survivors)
    _tell("Neither caught nor survived", Counter(undecided))
    _tell("SURVIVED", new)
    caught, hung = (sum(code in those for _, code in codes) for those in (CAUGHT, HUNG))
    sys.stdout.write(
        f"{caught} of {len(codes)} small changes were caught, {hung} of them because they hung, "
        f"in {(time.monotonic() - began) / 60:.0f} min; "
        f"{(survivors & known).total()} that survived are known, {new.total()} are not.\n"
    )
    if undecided or not codes:
        return 2
    return 1 if new else 0


def chosen_files() -> list[str]:
    """Return the files that pyproject.toml chooses for mutmut."""
    tools = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    files: list[str] = tools["mutmut"]["only_mutate"]
    return files


def _tell(what: str, mutations: Counter[Mutation]) -> None:
    for mutation in sorted(mutations.elements()):
        sys.stdout.write(f"{what}: {mutation}\n\n")


def listed(chosen: list[str]) -> Iterator[Mutation]:
    """Read the known survivors of these files."""
    for each in read_survivors()["survivor"]:
        if each["where"].partition(":")[0] in chosen:
            yield from [Mutation(each["where"], each["was"], each["became"])] * each.get("times", 1)


def read_survivors() -> dict[str, Any]:
    """Read the list, with the classes of reasons that it is sorted into."""
    return tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))


def run_mutmut(copy: Path, chosen: list[str]) -> None:
    """Run it in this copy of the house; what it says is shown only when it could not do its work."""
    log = copy / "mutmut.log"
    with log.open("w", encoding="utf-8") as said:
        done = subprocess.run(  # noqa: S603 - our own argument list
            [MUTMUT, "run", *(f"{name.removesuffix('.py').replace('/', '.')}.*" for name in chosen)],
            cwd=copy,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=RUN_S,
            check=False,
        )
    if done.returncode != 0:
        raise SystemExit(f"mutmut did not run:\n{log.read_text(encoding='utf-8')[-4000:]}")


def tried(copy: Path, chosen: list[str]) -> Iterator[tuple[Mutation, int | None]]:
    """Read from what mutmut leaves in its folder which changes it has made, and what became of each."""
    mutants = copy / "mutants"
    for meta in sorted(mutants.rglob("*.py.meta")):
        source = meta.with_suffix("")
        file = str(source.relative_to(mutants))
        if file not in chosen:
            continue
        lines = source.read_text(encoding="utf-8").splitlines()
        spans = json.loads(source.with_suffix(".py.spans").read_text(encoding="utf-8"))["spans"]
        for key, code in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            name = key.rpartition(".")[2]
            mangled = name.rpartition("__mutmut_")[0]
            before, after = (
                [line.strip().replace(each, mangled) for line in lines[spans[each][0] - 1 : spans[each][1]]]
                for each in (f"{mangled}__mutmut_orig", name)
            )
            yield Mutation(f"{file}:{spoken(mangled)}", *changed(before, after)), code


def changed(before: list[str], after: list[str]) -> tuple[str, str]:
    """Return the lines that a change has taken away and those that it has put there, each as one."""
    was, became = [], []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            was += before[i1:i2]
            became += after[j1:j2]
    return " ".join(was), " ".join(became)


def spoken(mangled: str) -> str:
    """Turn mutmut's `xǁ_Workǁ_members` into `_Work._members`, and its `x_later` into `later`."""
    return mangled.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in mangled else mangled.removeprefix("x_")


if __name__ == "__main__":
    sys.exit(main())
