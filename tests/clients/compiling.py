"""Translates the native adapter of docs/clients, as an app's own build would: once for all workers of a run."""

import subprocess
from pathlib import Path

import pytest

from tests.clients.installing import ADAPTERS, HERE, only_one

COMPILER = HERE / "node_modules" / ".bin" / "tsc"
OPTIONS = ["--strict", "--noUnusedLocals", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
NATIVE = ADAPTERS / "native"
RUN_S = 120


def run(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=RUN_S, check=False)  # noqa: S603 - our own argument list
    return done.returncode, done.stdout + done.stderr


def native_adapter(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder with what the adapter's files come to in JavaScript."""
    base = factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "native"
    with only_one():
        if not (folder / "package.json").exists():
            assert run(COMPILER, *OPTIONS, "--outDir", folder, *sorted(NATIVE.glob("*.ts"))) == (0, "")
            (folder / "package.json").write_text('{"type": "module"}')
    return folder
