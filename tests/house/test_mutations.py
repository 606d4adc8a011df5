"""The list of small changes that no test catches: every entry stands in the code as listed, with a reason."""

from pathlib import Path

from tests.mutants.copies import PROJECT
from tests.mutants.every import Mutation, changed, chosen_files, listed, read_survivors, spoken
from tests.mutants.planted import PLANTED

CHOSEN = chosen_files()


def in_one_line(path: Path) -> str:
    return " ".join(line.strip() for line in path.read_text().splitlines())


def test_every_survivor_still_stands_where_it_is_listed_and_has_a_reason_of_a_class() -> None:
    """Who changes such a line takes the entry out, or asks `make mutations FILES=…` what survives now."""
    written = read_survivors()
    for each in written["survivor"]:
        file, _, function = each["where"].partition(":")
        text = in_one_line(PROJECT / file)
        assert file in CHOSEN, each
        assert f"def {function.rpartition('.')[2]}(" in text, each
        assert each["was"] in text, each
        assert each["class"] in written["classes"], each
        assert each["because"].strip(), each
    assert {each["class"] for each in written["survivor"]} == written["classes"].keys()


def test_no_survivor_is_listed_twice() -> None:
    entries = [Mutation(each["where"], each["was"], each["became"]) for each in read_survivors()["survivor"]]
    assert len(entries) == len(set(entries)), "say `times = 2`"
    assert set(listed(CHOSEN)) == set(entries)


def test_a_change_is_named_by_its_lines_and_not_by_its_number() -> None:
    before = ["def f(a):", "if a > 1:", "return a", "return None"]
    assert changed(before, ["def f(a):", "if a >= 1:", "return a", "return None"]) == ("if a > 1:", "if a >= 1:")
    assert changed(before, ["def f(a):", "return None"]) == ("if a > 1: return a", "")
    assert (spoken("x_later"), spoken("xǁ_Workǁ_members")) == ("later", "_Work._members")


def test_every_chosen_file_is_there() -> None:
    assert [name for name in CHOSEN if not (PROJECT / name).is_file()] == []


def test_every_bug_can_be_planted_where_it_is_meant_to_be() -> None:
    for each in PLANTED:
        assert (PROJECT / each.file).read_text(encoding="utf-8").count(each.line) == 1, each.name
        assert all((PROJECT / test).exists() for test in each.tests), each.name
