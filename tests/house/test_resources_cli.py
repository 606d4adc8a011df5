"""The command `haven resources`, as whoever keeps the file meets it."""

import asyncio
import json
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api import catalogue, cli, resources_cli
from api.catalogue import FileUnusable
from domain.resources import Entry, spoken, standing

PROJECT = Path(__file__).resolve().parents[2]
A = '"id": "gb-a", "country": "GB", "group": "g", "kinds": ["crisis"], "name": "A"'
TODAY = datetime.now(UTC).date()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(catalogue.FILE, tmp_path / "resources.json"))


def run(file: Path, *arguments: str) -> int:
    return resources_cli.run(cli._parser().parse_args(["resources", *arguments]), file)


def changed(file: Path, name: str, **values: Any) -> None:
    entries = msgspec.to_builtins(catalogue.read(file))
    next(each for each in entries if each["id"] == name).update(values)
    file.write_bytes(msgspec.json.encode(entries))


def test_list_shows_every_entry_with_its_state_and_why(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "list", "--as-of", "2026-11-27") == 0
    said = capsys.readouterr().out
    assert "CA  ca-988-helpline                        published until 2029-11-29\n" in said
    assert "GB  gb-relate                              candidate It names no way to get there.\n" in said
    assert "On 27 November 2026 11 of 20 entries are served.\n" in said
    assert run(file, "list", "--json", "--as-of", "2026-11-27") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in told["entries"]] == [each.id for each in catalogue.read(file)]
    assert {each["state"] for each in told["entries"]} == {"published", "candidate"}
    assert all((each["why"] is None) == (each["until"] is not None) for each in told["entries"])


def test_check_warns_of_what_lapses_within_thirty_days_and_says_when_nothing_does(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(file, "check", "--as-of", "2026-12-20") == 0
    assert capsys.readouterr() == ("Nothing is wrong, and nothing lapses within 30 days of 20 December 2026.\n", "")
    assert run(file, "check", "--as-of", "2026-12-21") == 0
    said, complaints = capsys.readouterr()
    assert (said.count("warning: "), complaints) == (1, "")
    assert said.startswith("warning: us-national-domestic-violence-hotline is published until 20 January 2027;")
    assert run(file, "check", "--json", "--as-of", "2026-12-21") == 0
    assert json.loads(capsys.readouterr().out) == {
        "as_of": "2026-12-21",
        "faults": [],
        "lapsing": [
            {
                "id": "us-national-domestic-violence-hotline",
                "state": "published",
                "until": "2027-01-20",
                "then": "candidate",
            }
        ],
    }


def test_check_fails_when_an_entry_lacks_its_source(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(file, "gb-samaritans", sources=[])
    assert run(file, "check") == 1
    assert capsys.readouterr().err.startswith("gb-samaritans: It names no source.")
    assert run(file, "check", "--json") == 1
    assert [each["id"] for each in json.loads(capsys.readouterr().out)["faults"]] == ["gb-samaritans"]


def test_verify_notes_the_day_in_the_file_and_touches_nothing_else(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, mode = catalogue.read(file), file.stat().st_mode
    assert run(file, "verify", "au-1800respect", "--on", TODAY.isoformat()) == 0
    said = capsys.readouterr().out
    assert "Noted: 1800RESPECT was read at the operator's own page on " in said
    after = catalogue.read(file)
    assert [each.id for each in after] == [each.id for each in before]
    (entry,) = (each for each in after if each not in before)
    assert (entry.id, entry.last_verified_on) == ("au-1800respect", TODAY)
    assert standing(entry, TODAY).state == "verified"
    assert file.read_bytes() == catalogue.written(after)
    assert file.stat().st_mode == mode
    assert list(file.parent.iterdir()) == [file]
    assert run(file, "verify", "--json", "au-1800respect", "--on", TODAY.isoformat()) == 0
    assert json.loads(capsys.readouterr().out) == {
        "id": "au-1800respect",
        "last_verified_on": TODAY.isoformat(),
        "until": (TODAY + timedelta(days=180)).isoformat(),
    }


@pytest.mark.parametrize(
    ("name", "on", "words"),
    [
        ("gb-samaritan", TODAY, "Perhaps you mean gb-samaritans."),
        ("gb-samaritans", TODAY + timedelta(days=1), "has not come yet"),
        ("gb-relate", TODAY, "names no way to get there yet"),
    ],
)
def test_verify_refuses_in_a_sentence_and_leaves_the_file_alone(
    file: Path, capsys: pytest.CaptureFixture[str], name: str, on: Any, words: str
) -> None:
    before = file.read_bytes()
    assert run(file, "verify", name, "--on", on.isoformat()) == 1
    said, complaints = capsys.readouterr()
    assert said == ""
    assert words in complaints
    assert file.read_bytes() == before


@pytest.mark.parametrize("on", ["yesterday", "27.11.2026", "2026-02-30"])
def test_a_day_is_written_in_one_way(file: Path, capsys: pytest.CaptureFixture[str], on: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(file, "verify", "gb-samaritans", "--on", on)
    assert ended.value.code == 2
    assert "must be a day, written like 2026-11-27" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "\udcff",
        '[{"id": "a"}]',
        f'[{{{A}, "phone": "call me"}}]',
        f'[{{{A}, "phome": "1"}}]',
        f'[{{{A}, "kinds": ["anything"]}}]',
        f'[{{{A}, "sources": [{{"source_url": "help.example"}}]}}]',
        f'[{{{A}, "sources": [{{"source_url": "https://help.example/a", "dated": "2026-02-30"}}]}}]',
        f'[{{{A}, "sources": [{{"source_url": "https://help.example/a", "dated": "Sep 2022"}}]}}]',
    ],
)
def test_a_file_that_does_not_hold_entries_is_told_in_a_sentence(
    file: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    file.write_text(content, errors="surrogateescape")
    assert run(file, "check") == 1
    assert f"{file} does not hold entries as it should: " in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.json", "list") == 1
    assert capsys.readouterr().err == f"{tmp_path / 'none.json'} cannot be read: No such file or directory.\n"
    with pytest.raises(FileUnusable, match="cannot be written: No such file or directory"):
        catalogue.write([], tmp_path / "none" / "none.json")


def test_what_is_read_is_what_was_written(file: Path) -> None:
    whole = Entry(
        id="gb-whole",
        country="GB",
        group="crisis",
        kinds=("crisis", "men", "lgbtq"),
        name="Größte Hilfe",
        regions=("Wales",),
        last_verified_on=TODAY,
        free=False,
    )
    catalogue.write([whole], file)
    assert catalogue.read(file) == [whole]
    assert "Größte" in file.read_text(encoding="utf-8")


async def test_the_command_needs_no_settings_and_no_database(tmp_path: Path) -> None:
    for name in ("api", "domain", "sync"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc*", "__pycache__"))

    async def haven(*arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api",
            "resources",
            *arguments,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HAVEN_POOL_MAX": "this fits nothing"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    until = spoken((TODAY + timedelta(days=180)).isoformat())
    code, said = await haven("verify", "gb-samaritans", "--on", TODAY.isoformat())
    assert (code, said.splitlines()) == (
        0,
        [
            f"Noted: Samaritans was read at the operator's own page on {spoken(TODAY.isoformat())}.",
            f"It is served as verified until {until}. Please commit domain/resources.json.",
        ],
    )
    assert b'"last_verified_on"' in (tmp_path / "domain" / "resources.json").read_bytes()
    code, said = await haven("--help")
    assert code == 0
    for word in ("list", "check", "verify", "verified", "published", "candidate"):
        assert word in said
    assert (await haven())[0] == 2
