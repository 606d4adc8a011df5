"""Whatever goes wrong is of a type that the table of problems knows, wherever in `api/` it is made."""

import ast
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from api.errors import problem, rendered
from api.problems import PROBLEM_TYPES

API = Path(__file__).resolve().parents[2] / "api"


def strays(source: str) -> Iterator[str]:
    """What in this source makes a problem that is not of the table, or says a status or a title of its own."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id == "problem":
            said = call.args[0] if call.args else None
            known = isinstance(said, ast.Constant) and said.value in PROBLEM_TYPES
        else:
            known = call.func.id != "Problem"
        if not known:
            yield f"line {call.lineno}: {ast.unparse(call)}"


# errors.py alone says `Problem`: it takes the status and the title from the table.
FILES = sorted(path for path in API.rglob("*.py") if path.name != "errors.py")


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(API)))
def test_every_problem_is_of_the_table(file: Path) -> None:
    assert list(strays(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "raise problem('no_such_type', 'Words.')",
        "raise problem(slug, 'Words.')",
        "raise Problem(HTTPStatus.REQUEST_TIMEOUT, 'too_slow', 'The request did not arrive in time', 'Words.')",
    ],
)
def test_a_problem_that_is_not_of_the_table_is_found(source: str) -> None:
    assert len(list(strays(source))) == 1


def test_every_type_says_what_it_is_and_what_to_do() -> None:
    for slug, row in PROBLEM_TYPES.items():
        assert HTTPStatus(row.status) >= 400
        assert row.title[0].isupper(), slug
        assert not row.title.endswith("."), slug
        assert row.means, slug


def test_a_problem_lacks_no_header_that_its_type_promises() -> None:
    made = problem("too_many_tries", "Please wait.", headers={"Retry-After": "1"})
    assert b"urn:haven:problem:too_many_tries" in rendered(made)
    with pytest.raises(AssertionError):
        problem("too_many_tries", "Please wait.")
