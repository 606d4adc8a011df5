"""Looking back, worked out by hand: records that a device shows, and what its person finds in them."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from domain.ids import uuid7
from tests.vectors.merging import ANA, BEN

Values = dict[str, Any]
ZONE: Final = "Europe/Lisbon"
NOTE, OFFER, OWN_NOTE, LOST = (f"e{nth}000000-0000-4000-8000-000000000001" for nth in range(1, 5))
SEALED: Final = {"sealed": "c2VhbGVk"}


class Held(Struct, frozen=True, kw_only=True):
    """A record as a device shows it, without what plays no part here."""

    kind: str
    id: str
    version: int
    author: str
    removed: bool
    fields: Values


class Case(Struct, frozen=True, kw_only=True):
    """What is asked of the records, besides whose device it is, and what that gives."""

    name: str
    says: str
    records: tuple[Held, ...]
    asked: Values
    gives: Values


def at(written: str, nth: int = 1) -> str:
    """An id of version 7 that was made then, in UTC."""
    made_ms = int(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() * 1000)
    return str(uuid7(made_ms, bytes(15) + bytes([nth])))


def plain(nth: int) -> str:
    """An id that tells no time."""
    return str(UUID(int=(nth << 100) | 1, version=4))


def held(kind: str, identity: str, *, version: int = 1, author: str = ANA, removed: bool = False, **of: Any) -> Held:
    return Held(kind=kind, id=identity, version=version, author=author, removed=removed, fields=of)


def check_in(on: str, valence: Any = None, arousal: Any = None, *, made: str = "09:00", **other: Any) -> Held:
    """A check-in of Ana's, made on its day."""
    kept = {"local_date": on, "valence": valence, "arousal": arousal}
    own = {"version", "author", "removed"} & other.keys()
    return held("check_in", other.pop("id", None) or at(f"{on}T{made}"), **{name: other[name] for name in own}, **kept)


def reflection(identity: str, *tags: str, feelings: tuple[str, ...] = (), **other: Any) -> Held:
    return held("reflection", identity, own_tags=list(tags), feelings=list(feelings), **{"sealed": None} | other)


def on_shelf(identity: str, about: str, *, kept: bool = True, hidden: bool = False, **other: Any) -> Held:
    return held("shelf", identity, about=about, kept=kept, hidden=hidden, **other)


# How days felt -------------------------------------------------------------------------------------------------------

MARCH: Final = {"first": "2026-03-01", "last": "2026-03-07"}


def entry(record: Held, nth: int = 0, of: int = 1, **other: Any) -> Values:
    of_it = {name: record.fields[name] for name in ("valence", "arousal")}
    return {"id": record.id, "on": record.fields["local_date"], "nth": nth, "of": of} | of_it | other


def found(
    *entries: Values,
    valence: tuple[tuple[Held, ...], ...] = (),
    arousal: tuple[tuple[Held, ...], ...] = (),
    more: bool = False,
    **asked: str,
) -> Values:
    """What `moods` gives; the lines by the ids of their entries."""
    return {
        **(asked or MARCH),
        "entries": list(entries),
        "valence": [[each.id for each in line] for line in valence],
        "arousal": [[each.id for each in line] for line in arousal],
        "more": more,
    }


MONDAY, TUESDAY, THURSDAY = (check_in(f"2026-03-0{day}", value, -value) for day, value in ((2, 1), (3, -2), (5, 4)))
QUIET = check_in("2026-03-03", None, -3)
MORNING, NOON, NIGHT = (
    check_in("2026-03-02", value, made=made) for value, made in ((-4, "07:00"), (0, "12:00"), (3, "23:00"))
)
UNSENT, SENT = (check_in("2026-03-02", nth, id=plain(nth), version=version) for nth, version in ((1, 0), (2, 7)))
SEVEN: Final = tuple(check_in("2026-03-02", nth - 4, made=f"0{nth}:00") for nth in range(1, 8))
YEAR: Final = (
    check_in("2025-12-31", 1),
    check_in("2026-01-01", 2),
    check_in("2026-02-28", 3),
    check_in("2026-03-01", 4),
)
LEAP: Final = (check_in("2028-02-28", 1), check_in("2028-03-01", 2))
WORDS_ONLY: Final = check_in("2026-03-02")
FOREIGN: Final = check_in("2026-03-03", 2, author=BEN)
TAKEN_OUT: Final = check_in("2026-03-03", 2, removed=True)
SHOWN: Final = held("shown_check_in", NOTE, author=BEN, valence=2, arousal=2, shown_on="2026-03-03")
NONSENSE: Final = check_in("2026-03-02", 9, 2.5)
NEVER: Final = check_in("2026-03-02", 1, id=at("2026-03-02T08:00")).fields | {"local_date": "2026-02-30"}

MOODS: Final = (
    Case(
        name="a day without a value ends a line",
        says="a day without one ends it",
        records=(THURSDAY, MONDAY, TUESDAY),
        asked=MARCH,
        gives=found(
            *map(entry, (MONDAY, TUESDAY, THURSDAY)),
            valence=((MONDAY, TUESDAY), (THURSDAY,)),
            arousal=((MONDAY, TUESDAY), (THURSDAY,)),
        ),
    ),
    Case(
        name="what was not noted is a gap in its own chart alone",
        says="a day without one ends it",
        records=(MONDAY, QUIET, check_in("2026-03-04", 2)),
        asked=MARCH,
        gives=found(
            *map(entry, (MONDAY, QUIET, check_in("2026-03-04", 2))),
            valence=((MONDAY,), (check_in("2026-03-04", 2),)),
            arousal=((MONDAY, QUIET),),
        ),
    ),
    Case(
        name="nothing was written",
        says="Days without an entry are gaps, and nothing is owed",
        records=(),
        asked=MARCH,
        gives=found(),
    ),
    Case(
        name="one entry stands alone, and one without a mood stands in the list",
        says="Days without an entry are gaps, and nothing is owed",
        records=(WORDS_ONLY, THURSDAY),
        asked=MARCH,
        gives=found(entry(WORDS_ONLY), entry(THURSDAY), valence=((THURSDAY,),), arousal=((THURSDAY,),)),
    ),
    Case(
        name="entries of one day stand side by side, as they were made",
        says="`nth` of `of` places an entry beside the others of its day",
        records=(NIGHT, MORNING, NOON),
        asked=MARCH,
        gives=found(entry(MORNING, 0, 3), entry(NOON, 1, 3), entry(NIGHT, 2, 3), valence=((MORNING, NOON, NIGHT),)),
    ),
    Case(
        name="ids that tell no time go by version, and what waits comes last",
        says="a smaller version first, and version 0 last",
        records=(UNSENT, SENT, MORNING),
        asked=MARCH,
        gives=found(entry(SENT, 0, 3), entry(UNSENT, 1, 3), entry(MORNING, 2, 3), valence=((SENT, UNSENT, MORNING),)),
    ),
    Case(
        name="of a day the last six are shown",
        says="of a day the last six",
        records=SEVEN,
        asked=MARCH,
        gives=found(*(entry(each, nth, 6) for nth, each in enumerate(SEVEN[1:])), valence=(SEVEN[1:],), more=True),
    ),
    Case(
        name="what is before or after is left out",
        says="whose `local_date` is from `first` to `last`",
        records=(
            check_in("2026-02-28", 1),
            check_in("2026-03-08", 1),
            check_in("2026-03-01", 2),
            check_in("2026-03-07", 3),
        ),
        asked=MARCH,
        gives=found(
            entry(check_in("2026-03-01", 2)),
            entry(check_in("2026-03-07", 3)),
            valence=((check_in("2026-03-01", 2),), (check_in("2026-03-07", 3),)),
        ),
    ),
    Case(
        name="of a longer time the last 366 days",
        says="of a longer time the last 366 days",
        records=(check_in("2025-03-06", 1), check_in("2025-03-07", 2)),
        asked={"first": "2020-01-01", "last": "2026-03-07"},
        gives=found(
            entry(check_in("2025-03-07", 2)),
            valence=((check_in("2025-03-07", 2),),),
            first="2025-03-07",
            last="2026-03-07",
        ),
    ),
    Case(
        name="a line goes over the end of a month and of a year",
        says="of one day or of two that follow each other",
        records=YEAR,
        asked={"first": "2025-12-01", "last": "2026-03-07"},
        gives=found(*map(entry, YEAR), valence=(YEAR[:2], YEAR[2:]), first="2025-12-01", last="2026-03-07"),
    ),
    Case(
        name="a leap day without a value ends a line",
        says="of one day or of two that follow each other",
        records=LEAP,
        asked={"first": "2028-02-01", "last": "2028-03-31"},
        gives=found(*map(entry, LEAP), valence=(LEAP[:1], LEAP[1:]), first="2028-02-01", last="2028-03-31"),
    ),
    Case(
        name="nothing of the partner and nothing that was removed counts",
        says="what the signed-in person is the author of, and what is not removed",
        records=(MONDAY, FOREIGN, SHOWN, TAKEN_OUT),
        asked=MARCH,
        gives=found(entry(MONDAY), valence=((MONDAY,),), arousal=((MONDAY,),)),
    ),
    Case(
        name="what a field cannot hold counts as not noted, and a day that never was as none",
        says="A value that its field cannot hold",
        records=(NONSENSE, held("check_in", at("2026-03-02T08:00"), **NEVER)),
        asked=MARCH,
        gives=found(entry(NONSENSE, valence=None, arousal=None)),
    ),
)

# One's own words -----------------------------------------------------------------------------------------------------


def word(written: str, *on: str, beside: tuple[str, ...] = ()) -> Values:
    return {"word": written, "on": list(on), "beside": list(beside)}


def words(*found: Values, sealed: int = 0, more: bool = False) -> Values:
    return {"words": list(found), "sealed": sealed, "more": more}


TAGS: Final = {"field": "own_tags", "zone": ZONE}
FEELINGS: Final = {"field": "feelings", "zone": ZONE}
EARLY: Final = reflection(at("2026-03-02T09:00"), "Late nights", "work", feelings=("short", "tired"))
MIDDLE: Final = reflection(at("2026-03-04T09:00"), "work", feelings=("hurried",))
SAME_DAY: Final = reflection(at("2026-03-04T18:00"), "work", feelings=("Hurried", "glad"))
RECENT: Final = reflection(at("2026-03-09T09:00"), "late nights", feelings=("tired",))
SECRET: Final = reflection(at("2026-03-05T09:00"), **SEALED)
UNDATED: Final = reflection(plain(3), "work", "old", version=4)
ELEVEN: Final = tuple(
    reflection(at(f"2026-03-{nth + 1:02}T09:00"), "work", feelings=(f"feeling {nth}",)) for nth in range(11)
)
FIFTY_ONE: Final = tuple(
    reflection(at(f"2026-03-{day:02}T09:00"), *(f"tag {day:02}{nth}" for nth in range(5 if day < 11 else 1)))
    for day in range(1, 12)
)

WORDS: Final = (
    Case(
        name="tags come the last used first, with their days and with what was felt",
        says="The last used first",
        records=(EARLY, RECENT, SAME_DAY, MIDDLE),
        asked=TAGS,
        gives=words(
            word("late nights", "2026-03-09", "2026-03-02", beside=("tired", "short")),
            word("work", "2026-03-04", "2026-03-02", beside=("Hurried", "glad", "short", "tired")),
        ),
    ),
    Case(
        name="feelings come with the tags beside them",
        says="for `feelings` the other way about",
        records=(EARLY, RECENT),
        asked=FEELINGS,
        gives=words(
            word("tired", "2026-03-09", "2026-03-02", beside=("late nights", "work")),
            word("short", "2026-03-02", beside=("Late nights", "work")),
        ),
    ),
    Case(
        name="nothing was reflected on",
        says="The last used first",
        records=(MONDAY,),
        asked=TAGS,
        gives=words(),
    ),
    Case(
        name="what is sealed is not looked into, and it is said",
        says="A reflection with `sealed` is not looked into",
        records=(SECRET, RECENT),
        asked=TAGS,
        gives=words(word("late nights", "2026-03-09", beside=("tired",)), sealed=1),
    ),
    Case(
        name="the day is that of the zone",
        says="in the zone that is asked for",
        records=(reflection(at("2026-03-02T23:30"), "work"), reflection(at("2026-07-02T23:30"), "home")),
        asked=TAGS,
        gives=words(word("home", "2026-07-03"), word("work", "2026-03-02")),
    ),
    Case(
        name="an id that tells no time gives no day",
        says="an id of another version tells none",
        records=(
            UNDATED,
            RECENT,
            EARLY,
            held("reflection", str(uuid7(2**48 - 1, bytes(16))), own_tags=["far"], feelings=[]),
        ),
        asked=TAGS,
        gives=words(
            word("far"),
            word("late nights", "2026-03-09", "2026-03-02", beside=("tired", "short")),
            word("work", "2026-03-02", beside=("short", "tired")),
            word("old"),
        ),
    ),
    Case(
        name="two ways to write a word are one",
        says="in small letters and NFC",
        records=(
            reflection(at("2026-03-02T09:00"), "CAFE\u0301", feelings=("\u0130", "\U0001f327")),
            reflection(at("2026-03-03T09:00"), "caf\u00e9", feelings=("\U0001f327",)),
        ),
        asked=TAGS,
        gives=words(word("caf\u00e9", "2026-03-03", "2026-03-02", beside=("\U0001f327", "\u0130"))),
    ),
    Case(
        name="of a word the last ten days, and ten words beside it",
        says="at most ten days and ten words beside it",
        records=ELEVEN,
        asked=TAGS,
        gives=words(
            word(
                "work",
                *(f"2026-03-{day:02}" for day in range(11, 1, -1)),
                beside=tuple(f"feeling {nth}" for nth in range(10, 0, -1)),
            )
        ),
    ),
    Case(
        name="at most fifty words",
        says="at most fifty words",
        records=FIFTY_ONE,
        asked=TAGS,
        gives=words(
            *[
                word(f"tag {day:02}{nth}", f"2026-03-{day:02}")
                for day in range(11, 0, -1)
                for nth in range(5 if day < 11 else 1)
            ][:50],
            more=True,
        ),
    ),
)

# Searching by an own tag ---------------------------------------------------------------------------------------------


def those(*records: Held, sealed: int = 0, more: bool = False) -> Values:
    return {"found": [each.id for each in records], "sealed": sealed, "more": more}


TAGGED: Final = (
    Case(
        name="reflections with a tag come the newest first",
        says="the newest first, whatever letters are capital",
        records=(EARLY, MIDDLE, RECENT, SECRET),
        asked={"tag": "LATE nights"},
        gives=those(RECENT, EARLY, sealed=1),
    ),
    Case(
        name="a part of a tag is another tag",
        says="the newest first, whatever letters are capital",
        records=(EARLY, RECENT),
        asked={"tag": "late"},
        gives=those(),
    ),
    Case(
        name="nothing of the partner is searched",
        says="what the signed-in person is the author of, and what is not removed",
        records=(
            reflection(at("2026-03-02T09:00"), "work", author=BEN),
            reflection(at("2026-03-02T09:01"), "work", removed=True),
        ),
        asked={"tag": "work"},
        gives=those(),
    ),
)

# Letters that one kept -----------------------------------------------------------------------------------------------

LETTERS: Final = (
    held("note", NOTE, author=BEN, for_what="The tea this morning", given_on="2026-03-02"),
    held("support_offer", OFFER, author=BEN, text="I can drive."),
    held("note", OWN_NOTE, for_what="The rain", given_on="2026-03-03"),
)


def kept(*letters: str, missing: int = 0, more: bool = False) -> Values:
    return {"letters": list(letters), "missing": missing, "more": more}


SHELF: Final = (
    Case(
        name="letters that were kept come the last kept first, one's own too",
        says="The last kept first",
        records=(
            *LETTERS,
            on_shelf(at("2026-03-02T09:00"), NOTE, felt_heard=5, helped=4),
            on_shelf(at("2026-03-04T09:00"), OWN_NOTE),
            on_shelf(at("2026-03-03T09:00"), OFFER),
        ),
        asked={},
        gives=kept(OWN_NOTE, OFFER, NOTE),
    ),
    Case(
        name="nothing was kept",
        says="The last kept first",
        records=LETTERS,
        asked={},
        gives=kept(),
    ),
    Case(
        name="what was put out of sight, or is kept no longer, is not there",
        says="with `kept` and without `hidden`",
        records=(
            *LETTERS,
            on_shelf(at("2026-03-02T09:00"), NOTE, hidden=True),
            on_shelf(at("2026-03-03T09:00"), OFFER, kept=False),
        ),
        asked={},
        gives=kept(),
    ),
    Case(
        name="of two records about one letter the newer version counts",
        says="the higher version counts",
        records=(
            *LETTERS,
            on_shelf(at("2026-03-03T09:00"), NOTE, version=5),
            on_shelf(at("2026-03-02T09:00"), NOTE, version=9, kept=False),
            on_shelf(at("2026-03-02T10:00"), OFFER, version=8),
            on_shelf(at("2026-03-04T10:00"), OFFER, version=7, kept=False),
        ),
        asked={},
        gives=kept(OFFER),
    ),
    Case(
        name="what was not sent yet is newer than any version",
        says="version 0 is newer than any",
        records=(
            *LETTERS,
            on_shelf(at("2026-03-03T09:00"), NOTE, version=0),
            on_shelf(at("2026-03-02T09:00"), NOTE, version=9, kept=False),
        ),
        asked={},
        gives=kept(NOTE),
    ),
    Case(
        name="a record that was removed leaves the other to count",
        says="what the signed-in person is the author of, and what is not removed",
        records=(
            *LETTERS,
            on_shelf(at("2026-03-02T09:00"), NOTE, version=5),
            on_shelf(at("2026-03-03T09:00"), NOTE, version=9, kept=False, removed=True),
        ),
        asked={},
        gives=kept(NOTE),
    ),
    Case(
        name="a letter that is not here is said to be missing, and what is no letter is none",
        says="`missing`",
        records=(
            *LETTERS,
            MONDAY,
            on_shelf(at("2026-03-02T09:00"), LOST),
            on_shelf(at("2026-03-03T09:00"), MONDAY.id),
            on_shelf(at("2026-03-04T09:00"), NOTE),
        ),
        asked={},
        gives=kept(NOTE, missing=1),
    ),
)


def told(case: Case) -> dict[str, Any]:
    """A case as it stands in the file."""
    return {
        "name": case.name,
        "says": case.says,
        "person": ANA,
        **case.asked,
        "records": case.records,
        "gives": case.gives,
    }
