"""The demo tells its story: it is the first thing that somebody runs, so it must not rot."""

import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_the_demo_tells_its_story_to_the_end() -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
    settings.pop("DATABASE_URL", None)
    told = subprocess.run(
        [sys.executable, "-m", "api.demo"],
        cwd=PROJECT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    story = " ".join(told.stdout.split())
    # Before anything else: that it is no recording.
    assert re.match(
        r"All of this is happening now. Haven listens on http://127\.0\.0\.1:\d+, on a PostgreSQL \d", story
    )
    for moment in (
        "the goal is now «active» on all three phones",
        "«We leave on Friday at noon. We take the small tent and the kettle.»",
        "kept beside it, by Ana: «Book the early ferry»",
        "«Book the early ferry», 0 beside",
        "0 check-ins of Ana's: it is gone from his phone",
        "his own words came back to him: «I missed you too.»",
        "his place in the world has not moved by one byte",
        "All three phones and the server hold the same.",
    ):
        assert moment in story
    assert told.stderr == ""
