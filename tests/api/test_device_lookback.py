"""`haven-device lookback` as a person types it: from the file alone, for that person alone, and judging nothing."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.app import create_app
from api.device_cli import EXIT_FAILED, EXIT_USAGE, run
from api.device_store import DeviceStore
from api.edge import Application
from api.wiring import Parts
from domain.ids import DeviceId, PersonId, RecordId, SpaceId, uuid7
from domain.kinds import KINDS
from domain.shapes import UNFIT
from sync.replica import Replica
from sync.resend import Row
from sync.shelves import Shelves
from tests.streams import serving
from tests.terminals import Terminal, pair, sign_in

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
VERDICTS = re.compile(
    r"\b(better|worse|best|worst|good|bad|improv\w*|declin\w*|trend\w*|average|mean|total|sum|score\w*|streak\w*|"
    r"in a row|more than|less than|partner|Ben)\b",
    re.IGNORECASE,
)
"""What no line of a look back over one's own entries says."""


def held(kind: str, nth: int, at: datetime, author: PersonId = ANA, **fields: Any) -> Row:
    """A record that the server has told of."""
    empty = {name: field.shape.empty for name, field in KINDS[kind].fields.items() if field.shape.empty is not UNFIT}
    identity = RecordId(uuid7(int(at.timestamp() * 1000), nth.to_bytes(16, "big")))
    return Row(
        space=SpaceId(UUID(int=9)), kind=kind, id=identity, version=nth + 1, author=author, fields=empty | fields
    )


def check_in(on: str, valence: int | None, nth: int = 0, **other: Any) -> Row:
    at = datetime.fromisoformat(f"{on}T09:00:00+00:00")
    return held("check_in", nth, at, local_date=on, valence=valence, **other)


def phone(ana: Terminal, *rows: Row) -> Terminal:
    """Ana's phone with these records on it, and no server anywhere."""
    shelves = Shelves(ANA, DeviceId(UUID(int=5)))
    for row in rows:
        shelves.put(row)
    store = DeviceStore(ana.file)
    store.begin(Replica(shelves))
    store.close()
    return ana


class Noticing:
    """The real server, and every request that it has heard."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.heard: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.heard.append(scope["path"])
        await self.app(scope, receive, send)


@pytest.fixture
async def noticing(parts: Parts) -> AsyncIterator[tuple[Noticing, str]]:
    server = Noticing(create_app(parts))
    async with serving(server) as client:
        yield server, str(client.base_url)


async def test_f22_search_by_own_tag_works_and_no_server_call_names_a_tag_or_is_made_at_all(
    noticing: tuple[Noticing, str], ana: Terminal, tmp_path: Path
) -> None:
    server, address = noticing
    await sign_in(ana, address, "Ana")
    await ana("add", "check_in", "text=A long day.", "valence=-1")
    await ana("reflect", "--trigger", "The door slammed.", "--tag", "late nights", "--feeling", "tired")
    await ana("sync")
    server.heard.clear()
    assert "The door slammed." in await ana("lookback", "--tag", "LATE NIGHTS")
    assert "late nights" in await ana("lookback", "--days", "366", "--chart", str(tmp_path / "year.svg"))
    await ana("lookback", "--shelf")
    await ana("--json", "lookback")
    assert server.heard == []
    # Nor is anything left to be sent by it.
    assert "Nothing to send" in await ana("sync")
    assert server.heard == ["/v1/sync"]


async def test_with_nothing_on_the_phone_every_look_back_says_so_kindly(ana: Terminal, tmp_path: Path) -> None:
    phone(ana)
    said = await ana("lookback", "--chart", str(tmp_path / "none.svg"))
    assert "Nothing was noted in these days. Nothing is owed, either." in said
    assert "There is none on this phone." in await ana("lookback", "--tag", "work")
    assert "haven-device keep ID" in await ana("lookback", "--shelf")
    assert (tmp_path / "none.svg").read_text(encoding="utf-8").count("Nothing was noted in these days.") == 3


async def test_days_without_an_entry_are_gaps_in_the_table(ana: Terminal) -> None:
    phone(
        ana,
        check_in("2026-02-27", 1, arousal=-4, needs=["rest", "time_alone"], text="Slept well.\nTea helped."),
        check_in("2026-03-03", None, arousal=0),
        check_in("2026-03-03", 4, 1),
    )
    said = (await ana("lookback", "--until", "2026-03-05", "--days", "9")).splitlines()
    assert said[0].startswith("Your look back, 25 February to 5 March 2026.")
    assert said[3:] == [
        "  25 to 26 February: nothing noted",
        "  Fri 27 February  ····|●···    ●···|····   needs rest, time alone",
        "                   Slept well. Tea helped.",
        "  28 February to 2 March: nothing noted",
        "  Tue 3 March                   ····●····",
        "                   ····|···●",
        "  4 to 5 March: nothing noted",
    ]


async def test_one_entry_is_one_line_and_one_dot(ana: Terminal, tmp_path: Path) -> None:
    phone(ana, check_in("2026-03-03", 2))
    file = tmp_path / "one.svg"
    said = await ana("lookback", "--until", "2026-03-03", "--days", "1", "--chart", str(file))
    assert "Your look back, 3 March 2026." in said
    assert said.count("●") == 1
    assert "nothing noted" not in said
    picture = file.read_text(encoding="utf-8")
    assert (picture.count("<circle"), picture.count("<polyline")) == (1, 0)
    assert "<title>3 March 2026: 2</title>" in picture


async def test_ten_thousand_records_come_to_a_bounded_table_and_picture(ana: Terminal, tmp_path: Path) -> None:
    last = datetime(2026, 11, 27, 23, tzinfo=UTC)
    moments = [last - timedelta(hours=2 * nth) for nth in range(5_000)]
    phone(
        ana,
        *(
            held("check_in", nth, at, local_date=str(at.date()), valence=nth % 9 - 4, arousal=0)
            for nth, at in enumerate(moments)
        ),
        *(held("reflection", 5_000 + nth, at, own_tags=["every", f"tag {nth}"]) for nth, at in enumerate(moments)),
    )
    file = tmp_path / "year.svg"
    told = await ana.asked("lookback", "--until", "2026-11-27", "--days", "366", "--chart", str(file))
    assert told["chart"] == str(file)
    assert len(told["moods"]["entries"]) == 366 * 6
    assert (told["moods"]["more"], told["own_tags"]["more"]) == (True, True)
    assert len(told["own_tags"]["words"]) == 50
    assert file.stat().st_size < 512 * 1024
    said = await ana("lookback", "--until", "2026-11-27", "--days", "28")
    assert "A day had more entries than are shown here" in said
    assert "There are others, used longer ago" in said
    assert len((await ana.asked("lookback", "--tag", "every"))["found"]) == 200
    assert "There are others, older ones." in await ana("lookback", "--tag", "every")


async def test_i7_a_look_back_says_nothing_that_judges_and_nothing_of_the_partner(
    address: str, ana: Terminal, ben: Terminal, tmp_path: Path
) -> None:
    await pair(ana, ben, address)
    for valence, felt in (("-4", "1"), ("4", "5")):
        await ana("add", "check_in", f"valence={valence}", "felt_respected=" + felt, "felt-valued=" + felt)
        await ben("add", "check_in", f"valence={valence}", "text=Kiwi.")
        await ben("share", (await ben.of_kind("check_in"))[-1]["id"], "mood", "text")
    await ana("reflect", "--tag", "work", "--feeling", "tired", "--intensity", "5")
    await ben("sync")
    await ana("sync")
    assert "Kiwi." in await ana("show", "shown_check_in")
    file = tmp_path / "chart.svg"
    said, told = await ana("lookback", "--chart", str(file)), await ana.asked("lookback")
    assert said.count("●") == 2
    assert VERDICTS.findall(said) == []
    assert VERDICTS.findall(file.read_text(encoding="utf-8")) == []
    assert "Kiwi" not in said + json.dumps(told)
    assert "felt_" not in json.dumps(told)
    assert "respected" not in said


async def test_i33_a_sealed_reflection_is_left_out_and_it_is_said(ana: Terminal) -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    phone(
        ana,
        held("reflection", 1, at, trigger="The door slammed.", own_tags=["work"], feelings=["short"]),
        held("reflection", 2, at, sealed="c2VhbGVk"),
    )
    for typed in (["lookback"], ["lookback", "--tag", "work"]):
        said = await ana(*typed)
        assert "1 reflection is sealed and left out: this phone does not look into it." in said
        assert "c2VhbGVk" not in said
    assert "2 March 2026, sealed" in await ana("show", "reflection")
    phone_of_two = [held("reflection", nth, at, sealed="c2VhbGVk") for nth in (1, 2)]
    ana.file.unlink()
    said = await phone(ana, *phone_of_two)("lookback", "--tag", "work")
    assert "2 reflections are sealed and left out: this phone does not look into them." in said


async def test_words_come_with_their_days_and_what_stood_beside_them(ana: Terminal) -> None:
    zone = {"zone": "Europe/Lisbon"}
    phone(
        ana,
        held("settings", 9, datetime(2026, 1, 1, tzinfo=UTC), **zone),
        held("reflection", 1, datetime(2025, 12, 31, 9, tzinfo=UTC), own_tags=["work"], feelings=["short", "tired"]),
        held("reflection", 2, datetime(2026, 7, 2, 23, 30, tzinfo=UTC), own_tags=["Work"], feelings=["tired"]),
    )
    said = await ana("lookback", "--until", "2026-07-31")
    assert "Your tags, the last used first\n  Work: 3 July, 31 December 2025\n      you felt: tired, short\n" in said
    assert "What you felt, the last first\n  tired: 3 July, 31 December 2025\n      with: Work\n" in said


# The shelf -----------------------------------------------------------------------------------------------------------


async def test_f5_letters_that_one_kept_are_there_with_their_words_when_reassurance_is_wanted(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    for letter in ("The tea this morning", "The rain"):
        await ben("add", "note_draft", f"for_what={letter}")
        await ben("send", await ben.one("note_draft"))
        await ben("sync")
    await ana("sync")
    tea, rain = (each["id"] for each in await ana.of_kind("note"))
    assert "lookback --shelf" not in await ana("ask", "reassurance")
    assert "It is on your shelf" in await ana("keep", tea)
    assert "It is so already" in await ana("keep", tea)
    await ana("keep", rain)
    said = await ana("lookback", "--shelf")
    assert said.index("for what: The rain") < said.index("for what: The tea this morning")
    assert "from Ben" in said
    # Asking is not held back; the shelf is named beside it.
    assert "lookback --shelf" in await ana("ask", "reassurance")
    assert "lookback --shelf" not in await ana("ask", "listen")

    await ana("keep", rain, "--no-longer")
    assert "It is so already" in await ana("keep", rain, "--no-longer")
    assert "out of sight" in await ana("keep", tea, "--hide")
    assert "Nothing yet." in await ana("lookback", "--shelf")
    shown = await ana("show")
    assert "for what: The rain" in shown
    assert "The tea this morning" not in shown
    assert "The tea this morning" in await ana("show", "note")
    assert "kept, out of sight" in await ana("show", "shelf")
    await ana("keep", tea)
    assert "The tea this morning" in await ana("show")
    assert len(await ana.of_kind("shelf")) == 2

    # Ben sees nothing of it.
    await ana("sync")
    await ben("sync")
    assert await ben.of_kind("shelf") == []
    assert "Nothing yet." in await ben("lookback", "--shelf")


async def test_after_parting_kept_letters_stay_on_the_shelf_and_what_is_not_here_is_said(
    address: str, ana: Terminal, ben: Terminal
) -> None:
    await pair(ana, ben, address)
    await ben("offer", "I could cook tonight.")
    await ben("sync")
    await ana("sync")
    await ana("keep", await ana.one("support_offer"))
    await ana("add", "shelf", f"about={UUID(int=7)}", "kept=yes")
    await ben("part", "--yes")
    await ana("sync")
    said = await ana("lookback", "--shelf")
    assert "text: I could cook tonight." in said
    assert "a keepsake of your time with Ben" in said
    assert "Something that you kept is not on this phone, or no longer." in said
    told = await ana.asked("lookback", "--shelf")
    assert ([each["keepsake"] for each in told["letters"]], told["missing"]) == ([True], 1)


async def test_only_letters_are_kept(address: str, ana: Terminal) -> None:
    await sign_in(ana, address, "Ana")
    await ana("add", "check_in", "text=x")
    assert "Only letters are kept: note, repair, response, support offer." in await ana(
        "keep", await ana.one("check_in"), code=EXIT_USAGE
    )


# The picture ---------------------------------------------------------------------------------------------------------


async def test_the_picture_is_a_file_for_its_person_alone_and_replaces_nothing_unasked(
    ana: Terminal, tmp_path: Path
) -> None:
    phone(ana, check_in("2026-03-03", 2))
    file = tmp_path / "march.svg"
    typed = ("lookback", "--until", "2026-03-31", "--chart")
    await ana(*typed, str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert "Add --yes to replace it" in await ana("lookback", "--chart", str(file), code=EXIT_USAGE)
    assert file.read_bytes() == before
    await ana("lookback", "--chart", str(file), "--yes")
    assert file.read_bytes() != before
    assert "ends in .svg" in await ana(*typed, str(ana.file), "--yes", code=EXIT_USAGE)
    assert "cannot be written" in await ana(*typed, str(tmp_path / "nowhere" / "march.svg"), code=EXIT_FAILED)
    assert named_like("march", tmp_path) == ["march.svg"]
    assert "2 March" not in await ana("lookback", "--until", "2026-03-31")


def named_like(word: str, folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if word in each.name]


# What is not understood ----------------------------------------------------------------------------------------------


async def test_a_day_that_never_was_is_asked_for_again(ana: Terminal) -> None:
    phone(ana)
    for until in ("2026-02-30", "yesterday", "1999-01-01", "26-1-1"):
        assert "--until 2026-03-29" in await ana("lookback", "--until", until, code=EXIT_USAGE)


@pytest.mark.parametrize("days", ["0", "367", "some", "-1"])
def test_days_are_at_most_a_year(ana: Terminal, capsys: pytest.CaptureFixture[str], days: str) -> None:
    with pytest.raises(SystemExit):
        run(["--file", str(ana.file), "lookback", "--days", days])
    assert "366" in capsys.readouterr().err or days == "-1"
