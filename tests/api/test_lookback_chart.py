"""The picture of how one's days felt: two charts in a file that needs nothing else."""

import re
from datetime import date, timedelta
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from api.lookback_chart import chart
from domain.ids import RecordId
from domain.lookback import Entry, Moods

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_needs_nothing_else_and_can_be_read_aloud() -> None:
    picture = chart(moods("2026-03-02", "2026-03-04", ("2026-03-02", 1, -4), ("2026-03-04", None, 0)))
    root = parsed(picture)
    assert root.get("role") == "img"
    named = [
        next(each for each in root.iter() if each.get("id") == name) for name in root.get("aria-labelledby", "").split()
    ]
    assert [each.tag for each in named] == [f"{SVG}title", f"{SVG}desc"]
    assert named[0].text == "How your days felt, 2 to 4 March 2026"
    assert (named[1].text or "").endswith(
        " 2 March 2026: felt 1, energy -4; 4 March 2026: felt nothing noted, energy 0."
        " Nothing was noted on the other days."
    )
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        *("svg", "title", "desc", "style", "rect", "text", "g", "line", "circle"),
    }
    assert set(re.findall(r"[\w.]+://[\w./]+", picture)) == {"http://www.w3.org/2000/svg"}
    for word in ("prefers-color-scheme: dark", "@media print"):
        assert word in picture
    assert not re.search(r"script|href|url\(|@import|on\w+=", picture)


def test_lines_end_where_nothing_was_noted_and_each_scale_has_its_own_chart() -> None:
    found = moods(
        "2026-03-01", "2026-03-08", *((f"2026-03-0{nth}", nth - 4, None if nth == 2 else 0) for nth in (1, 2, 3, 6, 7))
    )
    felt, energy = (
        [line.get("points", "").split() for line in group.iter(f"{SVG}polyline")]
        for group in parsed(chart(found)).iter(f"{SVG}g")
    )
    assert [len(line) for line in felt] == [3, 2]
    assert [len(line) for line in energy] == [2]
    ys = [float(point.split(",")[1]) for line in felt for point in line]
    assert ys == sorted(ys, reverse=True)


@pytest.mark.parametrize(
    ("days", "marks"),
    [
        (1, ["1 Mar"]),
        (14, [f"{nth} Mar" for nth in range(1, 15)]),
        (15, ["2 Mar", "9 Mar"]),
        (
            70,
            [
                f"{day} {month}"
                for month, days in (("Mar", (2, 9, 16, 23, 30)), ("Apr", (6, 13, 20, 27)), ("May", (4,)))
                for day in days
            ],
        ),
        (71, ["Mar", "Apr", "May"]),
        (366, ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]),
    ],
)
def test_days_are_marked_as_there_is_room(days: int, marks: list[str]) -> None:
    last = date(2026, 3, 1) + timedelta(days=days - 1)
    group = next(parsed(chart(moods("2026-03-01", str(last)))).iter(f"{SVG}g"))
    said = [each.text or "" for each in group.iter(f"{SVG}text")]
    assert [each for each in said if re.fullmatch(r"(\d+ )?[A-Z][a-z]{2}", each)] == marks


def test_of_very_many_entries_the_last_are_read_aloud() -> None:
    days = [str(date(2026, 1, 1) + timedelta(days=nth)) for nth in range(100)]
    picture = chart(moods(days[0], days[-1], *((on, 0, 0) for on in days)))
    told = parsed(picture).findtext(f"{SVG}desc") or ""
    assert told.count("energy 0") == 60
    assert "10 April 2026: felt 0" in told
    assert told.endswith("The table of haven-device lookback tells those before.")


def moods(first: str, last: str, *entries: tuple[str, int | None, int | None]) -> Moods:
    """Entries of days of their own."""
    found = tuple(
        Entry(id=RecordId(UUID(int=nth)), on=date.fromisoformat(on), nth=0, of=1, valence=valence, arousal=arousal)
        for nth, (on, valence, arousal) in enumerate(entries, 1)
    )
    return Moods(first=date.fromisoformat(first), last=date.fromisoformat(last), entries=found, more=False)


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - we have just made it ourselves
