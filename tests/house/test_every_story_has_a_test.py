"""Every founding idea (F1 to F25) has its story, and every safety invariant (I1 to I35) its test, by number.

A story is a test of `tests/journeys` whose docstring begins with the number: "F7: …", or "F6, I33: …". An invariant is
named in a test's name ("test_i3_…") or docstring, anywhere. What has none yet, or not all of it, stands in
docs/status.md with the issue that brings it: a row "| I31 | E | what is missing |".
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
TESTS = HOUSE / "tests"
STORIES = TESTS / "journeys"

ALL = {"F": 25, "I": 35}
NUMBERS = [f"{letter}{nth}" for letter, last in ALL.items() for nth in range(1, last + 1)]

IN_NAME = re.compile(r"(?:^|_)([fi])(\d+)(?=_|$)")
IN_TEXT = re.compile(r"\b([FI])(\d+)\b")
BEGINS = re.compile(r"(?:[FI]\d+(?:, | and )?)+[:.]")
ROW = re.compile(r"^\| ([FI]\d+) \| ([A-Z]) \| ([^|]+) \|$", re.MULTILINE)


def named_in(source: str) -> Iterator[tuple[str, str]]:
    """Each number that a test of this file names, with the test; of ideas only those its docstring begins with."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            words = ast.get_docstring(node) or ""
            begins = BEGINS.match(words)
            head = "" if begins is None else begins[0]
            found = {letter.upper() + nth for letter, nth in IN_NAME.findall(node.name)}
            found |= {letter + nth for letter, nth in IN_TEXT.findall(words)}
            stories = {letter + nth for letter, nth in IN_TEXT.findall(head) if letter == "F"}
            yield from ((number, node.name) for number in found if number[0] == "I" or number in stories)


def by_number() -> Mapping[str, set[str]]:
    """By number, the tests that name it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" in file.parts:
            continue
        for number, test in named_in(file.read_text(encoding="utf-8")):
            if number[0] == "I" or STORIES in file.parents:
                found[number].add(f"{file.relative_to(TESTS)}::{test}")
    return found


def waiting() -> dict[str, tuple[str, str]]:
    """By number, the issue that brings what is missing, and what that is."""
    rows = ROW.findall((HOUSE / "docs" / "status.md").read_text(encoding="utf-8"))
    return {number: (issue, what.strip()) for number, issue, what in rows}


TESTED, WAITING = by_number(), waiting()


@pytest.mark.parametrize("number", NUMBERS)
def test_each_has_a_test_or_an_issue(number: str) -> None:
    assert TESTED.get(number) or number in WAITING, f"{number} has no test, and docs/status.md does not say when"


def test_no_test_names_a_number_that_is_none() -> None:
    assert {number: tests for number, tests in TESTED.items() if number not in NUMBERS} == {}


def test_what_waits_is_one_of_them_once_and_says_what_is_missing() -> None:
    text = (HOUSE / "docs" / "status.md").read_text(encoding="utf-8")
    assert len(ROW.findall(text)) == len(WAITING)
    assert WAITING.keys() <= set(NUMBERS)
    assert all(what for _, what in WAITING.values())


def test_numbers_are_read_where_they_are_meant() -> None:
    source = '''
async def test_i3_another_s_id_is_like_any(): ...
def test_a_story():
    """F6, I33: A sealed reflection travels."""
def test_plain():
    """F25."""
def test_aside():
    """As in F7: nothing of it is told here, but I12 is."""
def helper_i9_():
    """F8: No test."""
class Test:
    def test_f9_inside(self): ...
'''
    assert sorted(named_in(source)) == [
        ("F25", "test_plain"),
        ("F6", "test_a_story"),
        ("I12", "test_aside"),
        ("I3", "test_i3_another_s_id_is_like_any"),
        ("I33", "test_a_story"),
    ]
    rows = "| I31 | E | a prompt at most once in 72 h |\n| F26 | E |\n| I2 | done | x |\n"
    assert ROW.findall(rows) == [("I31", "E", "a prompt at most once in 72 h")]
