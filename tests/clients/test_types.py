"""The types of the native protocol for TypeScript are those of docs/openapi.json, and tell kinds apart."""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
PROGRAMS = HERE / "node_modules" / ".bin"
RUN_S = 120


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=RUN_S, check=False)  # noqa: S603 - our own argument list
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_are_those_of_the_description_of_the_api() -> None:
    made = run(PROGRAMS / "openapi-typescript", PROJECT / "docs" / "openapi.json")
    assert (PROJECT / "docs" / "clients" / "haven.d.ts").read_text(encoding="utf-8") == made, "run `make client-types`"


def test_they_tell_a_program_which_fields_each_kind_has() -> None:
    run(
        PROGRAMS / "tsc",
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--moduleResolution",
        "bundler",
        "--module",
        "es2022",
        "types.ts",
    )
