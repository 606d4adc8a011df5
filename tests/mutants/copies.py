"""A copy of the house to plant bugs in, so that the checkout is never the one that is wrong."""

import shutil
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("api", "domain", "sync", "notifications", "infra", "tests", "docs", "pyproject.toml", "README.md")


def copy_house(copy: Path) -> None:
    """Put into `copy`, which is empty, what tests need."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, copy / name)
