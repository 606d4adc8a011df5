"""The documents are true of the house: links lead somewhere, commands exist, files and functions are where they say."""

import re
from pathlib import Path
from typing import get_args

import pytest

from api.hints import Why
from api.kinds_page import rewritten
from api.problems import PROBLEM_TYPES
from domain.refusals import SENTENCES
from sync.merge import Code
from sync.wire import Status, Verdict

HOUSE = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in HOUSE.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(HOUSE).parts)
)
PROTOCOL = (HOUSE / "docs" / "protocol.md").read_text(encoding="utf-8")

LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^ {4}|`)(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", re.MULTILINE)
NAMED_FILE = re.compile(r"`((?:api|domain|sync|notifications|infra|tests|docs)/[\w./-]*\.(?:py|sql|md))(?::([\w.]+))?`")
HOSTS = {"keepachangelog.com", "semver.org", "127.0.0.1"}
"""Whom a page may link to."""
ELSEWHERE = re.compile(
    r"(?:SYNC|DOMAIN|SECURITY|OPERATIONS|PERFORMANCE|PROMPTS|STACK|ARCHITECTURE)\.md|/(?:work|home|root|Users)/|\.\./shared"
)
"""Names and paths that mean nothing to whoever has only this repository."""

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    """The anchors of headings, as the usual viewers make them."""
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text_of(page))}


def test_the_pages_are_found() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/protocol.md"} <= {str(page.relative_to(HOUSE)) for page in PAGES}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(text_of(page)):
        if "://" in link:
            assert link.split("/")[2] in HOSTS, link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


@every_page
def test_every_make_command_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of(HOUSE / "Makefile"), re.MULTILINE))
    assert set(COMMAND.findall(text_of(page))) <= targets


@every_page
def test_named_files_and_functions_exist(page: Path) -> None:
    for path, name in NAMED_FILE.findall(text_of(page)):
        assert (HOUSE / path).is_file(), path
        for part in filter(None, name.split(".")):
            assert re.search(
                rf"^\s*(?:(?:async )?def |class ){part}\b|^{part}\b", text_of(HOUSE / path), re.MULTILINE
            ), (path, part)


@every_page
def test_nothing_points_outside_of_the_repository(page: Path) -> None:
    text = text_of(page)
    assert not ELSEWHERE.findall(text)
    assert set(re.findall(r"https?://([^/\s:)\"'`]+)", text)) <= HOSTS


def test_the_kinds_and_problems_on_the_page_are_those_of_the_tables() -> None:
    assert rewritten(PROTOCOL) == PROTOCOL, "run: python -m api.kinds_page"


def test_the_page_names_every_word_of_the_wire() -> None:
    for word in (*get_args(Status), *get_args(Verdict), *get_args(Code), "new_device"):
        assert f"| `{word}` |" in PROTOCOL, word
    for why in get_args(Why):
        assert f'"{why}"' in PROTOCOL, why


def test_the_page_shows_every_refusal_with_its_sentence() -> None:
    for code, sentence in SENTENCES.items():
        assert f"| `{code.value}` | {sentence} |" in PROTOCOL


def test_the_page_lists_every_type_of_problem() -> None:
    for slug, row in PROBLEM_TYPES.items():
        assert f"| {row.status} | `{slug}` | {row.means} |" in PROTOCOL, slug
