"""Pauses, parts of a summary, requests, and wall times, worked out by hand: what follows from records that stand."""

from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from tests.vectors.merging import ANA, BEN

BOTH: Final = sorted([ANA, BEN])
P1, P2, P3 = (f"a{nth}000000-0000-4000-8000-000000000001" for nth in range(1, 4))


class APause(Struct, frozen=True, kw_only=True):
    """A pause as a device has it; instants as fields hold them."""

    id: str
    author: str
    started_at: str
    return_at: str
    resumed_by: list[str] = []
    set_aside: bool = False


def pause(
    identity: str, author: str, start: str, end: str, *, back: tuple[str, ...] = (), aside: bool = False
) -> APause:
    """On 23 November 2026, or with its day; times of day in UTC."""
    days = [each if "T" in each else f"2026-11-23T{each}:00Z" for each in (start, end)]
    return APause(
        id=identity, author=author, started_at=days[0], return_at=days[1], resumed_by=sorted(back), set_aside=aside
    )


def stands(name: str, says: str, now: str, pauses: tuple[APause, ...], **gives: Any) -> dict[str, Any]:
    """A case of pauses: `gives` is null where there never was one."""
    told = {
        "state": gives.get("state"),
        "pauses": gives.get("those"),
        "started_by": sorted(gives.get("started_by", ())),
        "started_at": gives.get("start"),
        "return_at": gives.get("end"),
    }
    at = now if "T" in now else f"2026-11-23T{now}:00Z"
    return {
        "name": name,
        "says": says,
        "members": BOTH,
        "now": at,
        "pauses": pauses,
        "gives": told if gives else None,
    }


def on(time: str) -> str:
    return f"2026-11-23T{time}:00Z"


ONE_PAUSE: Final = "Pauses that overlap and have not ended are one"
ENDS: Final = "`resumed` when both are in `resumed_by`"

PAUSES: Final = (
    stands("there never was a pause", ONE_PAUSE, "12:00", ()),
    stands(
        "a pause holds until its return",
        "`active` before the return",
        "12:29",
        (pause(P1, ANA, "12:00", "12:30"),),
        state="active",
        those=[P1],
        started_by=[ANA],
        start=on("12:00"),
        end=on("12:30"),
    ),
    stands(
        "from its return on it is due",
        "`due` from then on",
        "12:30",
        (pause(P1, ANA, "12:00", "12:30", back=(BEN,)),),
        state="due",
        those=[P1],
        started_by=[ANA],
        start=on("12:00"),
        end=on("12:30"),
    ),
    stands(
        "a day after its return it is set aside by itself",
        "24 hours after the return",
        "2026-11-24T12:30:00Z",
        (pause(P1, ANA, "12:00", "12:30"),),
        state="set_aside",
        those=[P1],
        started_by=[ANA],
        start=on("12:00"),
        end=on("12:30"),
    ),
    stands(
        "both are back",
        ENDS,
        "12:10",
        (pause(P1, ANA, "12:00", "12:30", back=(ANA, BEN)),),
        state="resumed",
        those=[P1],
        started_by=[ANA],
        start=on("12:00"),
        end=on("12:30"),
    ),
    stands(
        "either sets it aside",
        "`set_aside` when either has said so",
        "12:10",
        (pause(P1, ANA, "12:00", "12:30", aside=True),),
        state="set_aside",
        those=[P1],
        started_by=[ANA],
        start=on("12:00"),
        end=on("12:30"),
    ),
    stands(
        "both began one offline and it is one",
        ONE_PAUSE,
        "12:40",
        (pause(P2, BEN, "12:10", "12:50"), pause(P1, ANA, "12:00", "12:30")),
        state="active",
        those=[P1, P2],
        started_by=[ANA, BEN],
        start=on("12:00"),
        end=on("12:50"),
    ),
    stands(
        "together they end a day after the first began",
        "at most 24 hours from that start",
        "2026-11-24T11:59:59Z",
        (pause(P1, ANA, "12:00", "2026-11-24T12:00:00Z"), pause(P2, BEN, "23:00", "2026-11-24T23:00:00Z")),
        state="active",
        those=[P1, P2],
        started_by=[ANA, BEN],
        start=on("12:00"),
        end="2026-11-24T12:00:00Z",
    ),
    stands(
        "one that was ended makes no other longer",
        ONE_PAUSE,
        "12:45",
        (pause(P1, ANA, "12:00", "14:00", back=(ANA, BEN)), pause(P2, BEN, "12:20", "12:40")),
        state="due",
        those=[P2],
        started_by=[BEN],
        start=on("12:20"),
        end=on("12:40"),
    ),
    stands(
        "the newest of those that do not overlap",
        ONE_PAUSE,
        "15:10",
        (pause(P1, ANA, "12:00", "12:30"), pause(P2, BEN, "15:00", "15:30"), pause(P3, ANA, "09:00", "09:20")),
        state="active",
        those=[P2],
        started_by=[BEN],
        start=on("15:00"),
        end=on("15:30"),
    ),
    stands(
        "a pause that begins when another ends is another",
        ONE_PAUSE,
        "12:35",
        (pause(P1, ANA, "12:00", "12:30"), pause(P2, BEN, "12:30", "13:00")),
        state="active",
        those=[P2],
        started_by=[BEN],
        start=on("12:30"),
        end=on("13:00"),
    ),
)


def approved(person: str, text: str) -> str:
    return f"{person}:{sha256(text.encode()).hexdigest()}"


def part(name: str, section: str, text: str, *said: str, counts: bool) -> dict[str, Any]:
    """A part that Ana has written, and whether it counts."""
    return {
        "name": name,
        "members": BOTH,
        "part": {"author": ANA, "section": section, "text": text, "approvals": sorted(said)},
        "gives": counts,
    }


HOPE, AGREED = "We hope to laugh more. 🌿", "Keine Telefone am Tisch, schön."

COUNTING: Final = (
    part("nobody has approved it", "hopes", HOPE, counts=False),
    part("its author has approved it", "hopes", HOPE, approved(ANA, HOPE), counts=True),
    part("the other's yes is not its author's", "hopes", HOPE, approved(BEN, HOPE), counts=False),
    part("one byte has changed since", "hopes", HOPE, approved(ANA, HOPE.replace("more.", "more!")), counts=False),
    part("an agreement needs both", "agreements", AGREED, approved(ANA, AGREED), counts=False),
    part("both have agreed", "agreements", AGREED, approved(ANA, AGREED), approved(BEN, AGREED), counts=True),
    part("one approved other bytes", "agreements", AGREED, approved(ANA, AGREED), approved(BEN, HOPE), counts=False),
    part("a section of a newer app needs its author", "a_newer_one", HOPE, approved(ANA, HOPE), counts=True),
    part("nothing is approved of an empty text", "hopes", "", approved(ANA, ""), counts=False),
)


class WallTime(Struct, frozen=True):
    """A time on a wall clock of a zone, and the instant at which it comes."""

    zone: str
    day: str
    at: str
    comes: str
    name: str


WALL_TIMES: Final = (
    WallTime("Europe/Berlin", "2026-11-23", "08:00", "2026-11-23T07:00:00Z", "on a day like any other"),
    WallTime("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30:00Z", "left out: it comes later by the gap"),
    WallTime("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00Z", "twice: it counts the first time"),
    WallTime("America/New_York", "2026-03-08", "02:15", "2026-03-08T07:15:00Z", "left out across the ocean"),
    WallTime("Pacific/Kiritimati", "2026-01-01", "00:00", "2025-12-31T10:00:00Z", "where days begin"),
    WallTime("Asia/Kathmandu", "2026-06-01", "12:00", "2026-06-01T06:15:00Z", "an offset of quarter-hours"),
)
