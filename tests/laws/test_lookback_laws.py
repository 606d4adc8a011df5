"""Whatever a device holds: looking back finds all that belongs there, nothing else, and the same in every order."""

from datetime import date, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import PersonId, RecordId, SpaceId, uuid4, uuid7
from domain.lookback import A_DAY_MAX, alike, moods, own_words, shelf, tagged
from domain.records import Record

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
FIRST, LAST = date(2026, 2, 20), date(2026, 3, 10)
DAYS = [str(FIRST + timedelta(days=nth)) for nth in range(-2, 22)]
SCALES = ("valence", "arousal")

mood = st.none() | st.integers(-4, 4)
few_words = st.lists(st.sampled_from(["work", "Work", "café", "CAFE\u0301", "rest"]), max_size=3, unique=True)
letters = [RecordId(UUID(int=1000 + nth)) for nth in range(4)]
fields = {
    "check_in": st.fixed_dictionaries({"local_date": st.sampled_from(DAYS), "valence": mood, "arousal": mood}),
    "reflection": st.fixed_dictionaries(
        {"own_tags": few_words, "feelings": few_words, "sealed": st.none() | st.just("AAAA")}
    ),
    "shelf": st.fixed_dictionaries(
        {"about": st.sampled_from(letters).map(str), "kept": st.booleans(), "hidden": st.booleans()}
    ),
}


@st.composite
def held(draw: st.DrawFn) -> list[Record]:
    """Records with ids of their own, and some of the letters."""
    found = []
    for nth in range(draw(st.integers(0, 30))):
        kind = draw(st.sampled_from(sorted(fields)))
        own = uuid7(1_772_000_000_000 + draw(st.integers(0, 5)), nth.to_bytes(16, "big"))
        found.append(
            Record(
                space=SpaceId(UUID(int=9)),
                kind=kind,
                id=RecordId(draw(st.sampled_from([own, uuid4(nth.to_bytes(16, "big"))]))),
                version=draw(st.integers(0, 3)),
                created=1,
                author=draw(st.sampled_from([ANA, ANA, ANA, BEN])),
                removed=draw(st.sampled_from([False, False, False, True])),
                fields=draw(fields[kind]),
            )
        )
    here = draw(st.sets(st.sampled_from(letters)))
    empty = {"space": SpaceId(UUID(int=9)), "kind": "note", "version": 1, "created": 1, "author": BEN}
    return found + [Record(id=each, **empty) for each in sorted(here)]


@given(held(), st.randoms())
def test_the_order_in_which_records_are_held_plays_no_part(records: list[Record], chance: Random) -> None:
    mixed = chance.sample(records, len(records))
    lisbon = ZoneInfo("Europe/Lisbon")
    assert moods(records, ANA, FIRST, LAST) == moods(mixed, ANA, FIRST, LAST)
    assert own_words(records, ANA, "own_tags", lisbon) == own_words(mixed, ANA, "own_tags", lisbon)
    assert tagged(records, ANA, "work") == tagged(mixed, ANA, "work")
    assert shelf(records, ANA) == shelf(mixed, ANA)


@given(held())
def test_every_own_check_in_of_the_days_is_there_once_unless_its_day_had_more(records: list[Record]) -> None:
    found = moods(records, ANA, FIRST, LAST)
    meant = [
        each.id
        for each in records
        if (each.kind, each.author, each.removed) == ("check_in", ANA, False)
        and str(FIRST) <= each.fields["local_date"] <= str(LAST)
    ]
    ids = [each.id for each in found.entries]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(meant)
    assert found.more == (len(ids) < len(meant))
    days = [each.on for each in found.entries]
    assert days == sorted(days)
    assert all(each.of == days.count(each.on) <= A_DAY_MAX for each in found.entries)


@given(held())
def test_lines_hold_every_value_once_and_never_cross_a_day_without_one(records: list[Record]) -> None:
    found = moods(records, ANA, FIRST, LAST)
    for scale in SCALES:
        lines = found.lines(scale)
        noted = tuple(each for each in found.entries if getattr(each, scale) is not None)
        assert tuple(each for line in lines for each in line) == noted
        days = {each.on for each in noted}
        for line in lines:
            assert {line[0].on + timedelta(days=nth) for nth in range((line[-1].on - line[0].on).days + 1)} <= days
            assert line[-1].on + timedelta(days=1) not in days


@given(held())
def test_a_tag_that_is_found_is_one_of_the_words_and_the_other_way_about(records: list[Record]) -> None:
    words = own_words(records, ANA, "own_tags", ZoneInfo("UTC"))
    assert len({alike(each.word) for each in words.words}) == len(words.words)
    for each in words.words:
        found = tagged(records, ANA, each.word)
        assert found.found
        assert found.sealed == words.sealed
    assert not tagged(records, ANA, "never written").found


@given(held())
def test_the_shelf_holds_nothing_that_was_not_kept_or_was_put_out_of_sight_everywhere(records: list[Record]) -> None:
    found = shelf(records, ANA)
    said = [each.fields for each in records if (each.kind, each.author, each.removed) == ("shelf", ANA, False)]
    shown = {each["about"] for each in said if each["kept"] and not each["hidden"]}
    assert {str(each) for each in found.letters} <= shown
    always = shown - {each["about"] for each in said if each["hidden"] or not each["kept"]}
    here = {str(each.id) for each in records if each.kind == "note"}
    assert always & here <= {str(each) for each in found.letters}
