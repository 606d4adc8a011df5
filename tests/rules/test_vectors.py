"""The Python device passes the language-neutral examples that devices in other languages are tested with."""

from typing import Any

import msgspec
import pytest

from tests.vectors.__main__ import FILE, made
from tests.vectors.device_cases import CASES
from tests.vectors.recorded import kinds, played

VECTORS: dict[str, Any] = msgspec.json.decode(FILE.read_bytes())


async def test_the_file_is_what_the_stories_make() -> None:
    assert await made() == FILE.read_bytes(), "run `python -m tests.vectors`"


def test_it_names_the_kinds_as_they_are() -> None:
    assert VECTORS["kinds"] == kinds()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_device_that_knows_nothing_but_the_steps_gives_and_shows_the_same(case: dict[str, Any]) -> None:
    for nth, (step, given, shown) in enumerate(played(case["person"], case["device"], case["steps"])):
        assert given == step.get("gives"), (nth, step["do"])
        assert shown == step["shows"], (nth, step["do"])


def test_every_story_is_there() -> None:
    assert len(VECTORS["cases"]) == len(CASES)
