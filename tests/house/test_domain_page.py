"""The page about the domain says what the tables say."""

from api.domain_page import FILE, SECTIONS, written
from domain.kinds import KINDS
from domain.life_cycles import LIFE_CYCLES


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == written(), "run `python -m api.domain_page`"


def test_every_section_every_kind_and_every_life_is_on_it() -> None:
    page = written()
    assert all(page.count(f"<!-- {name}: written by") == 1 for name in SECTIONS)
    assert all(f"| `{name}` |" in page for name in KINDS)
    assert all(f"### {cycle.name}\n" in page for cycle in LIFE_CYCLES)
