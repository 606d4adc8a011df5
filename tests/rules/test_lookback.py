"""Looking back is bounded, is about its person alone, and judges nothing; what it finds stands in lookback.json."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain import lookback
from domain.check_ins import CHECK_IN
from domain.ids import PersonId, RecordId, SpaceId, made_ms, uuid4, uuid7
from domain.kinds import KINDS
from domain.lookback import Entry, Moods, Shelf, Tagged, Word, Words, moods, own_words, shelf, tagged
from domain.records import Record

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
LISBON = ZoneInfo("Europe/Lisbon")
TODAY = date(2026, 3, 31)


def record(kind: str, nth: int, author: PersonId = ANA, **fields: Any) -> Record:
    made = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000) + nth * 1000
    identity = RecordId(uuid7(made, bytes(16)))
    return Record(
        space=SpaceId(UUID(int=9)), kind=kind, id=identity, version=1, created=1, author=author, fields=fields
    )


def check_ins(count: int, a_day: int) -> list[Record]:
    """So many check-ins, the newest of them today."""
    return [
        record("check_in", nth, local_date=str(TODAY - timedelta(days=nth // a_day)), valence=nth % 9 - 4, arousal=0)
        for nth in range(count)
    ]


@pytest.mark.parametrize(("a_day", "shown", "more"), [(1, 366, False), (6, 366 * 6, False), (20, 250 * 6, True)])
def test_five_thousand_check_ins_come_to_a_year_of_at_most_six_a_day(a_day: int, shown: int, more: bool) -> None:
    found = moods(check_ins(5_000, a_day), ANA, date(2000, 1, 1), TODAY)
    assert (len(found.entries), found.more) == (shown, more)
    assert found.first == TODAY - timedelta(days=365)
    assert found.lines("valence") == found.lines("arousal") == (found.entries,)


def test_thousands_of_reflections_come_to_fifty_words_and_two_hundred_finds() -> None:
    reflections = [
        record("reflection", nth, own_tags=["every", f"tag {nth}"], feelings=[f"feeling {nth}"]) for nth in range(5_000)
    ]
    words = own_words(reflections, ANA, "own_tags", LISBON)
    assert (len(words.words), words.more) == (50, True)
    assert {len(words.words[0].on), len(words.words[0].beside)} == {1, 10}
    found = tagged(reflections, ANA, "every")
    assert (len(found.found), found.more) == (200, True)
    assert found.found[0] == reflections[-1].id


def test_hundreds_of_kept_letters_come_to_two_hundred() -> None:
    letters = [record("note", nth, BEN) for nth in range(201)]
    kept = [record("shelf", 1000 + nth, about=str(each.id), kept=True) for nth, each in enumerate(letters)]
    found = shelf([*letters, *kept], ANA)
    assert (len(found.letters), found.missing, found.more) == (200, 0, True)
    assert shelf([*letters[1:], *kept[1:]], ANA) == Shelf(letters=found.letters, missing=0, more=False)


def test_fifty_words_are_all_of_fifty() -> None:
    words = own_words(
        [record("reflection", nth, own_tags=[f"tag {nth}"]) for nth in range(50)], ANA, "own_tags", LISBON
    )
    assert (len(words.words), words.more) == (50, False)
    two_hundred = tagged([record("reflection", nth, own_tags=["every"]) for nth in range(200)], ANA, "every")
    assert (len(two_hundred.found), two_hundred.more) == (200, False)


def test_what_an_edit_holds_that_will_be_refused_does_no_harm() -> None:
    odd = [
        record("check_in", 1, local_date=7, valence="high"),
        record("check_in", 2),
        record("reflection", 3, own_tags="work", feelings=[1, None, "glad"]),
        record("reflection", 4, own_tags=[["work"]]),
        record("shelf", 5, kept=True),
        record("shelf", 6, about=["x"], kept="yes"),
    ]
    assert moods(odd, ANA, date(2026, 1, 1), TODAY).entries == ()
    assert own_words(odd, ANA, "own_tags", LISBON).words == ()
    assert [each.word for each in own_words(odd, ANA, "feelings", LISBON).words] == ["glad"]
    assert tagged(odd, ANA, "work").found == ()
    assert shelf(odd, ANA) == Shelf(letters=(), missing=1, more=False)


def test_i33_what_is_sealed_is_left_out_unopened_and_it_is_said() -> None:
    """The words beside a sealed part are not shown either: there should be none."""
    sealed = record("reflection", 1, sealed="!! no Base64 !!", own_tags=["work"], feelings=["tired"])
    assert own_words([sealed], ANA, "own_tags", LISBON) == Words(words=(), sealed=1, more=False)
    assert tagged([sealed], ANA, "work") == Tagged(found=(), sealed=1, more=False)


def test_every_kind_of_letter_can_be_kept() -> None:
    assert {"note", "response", "support_offer", "repair"} == lookback.LETTERS
    for kind in sorted(lookback.LETTERS):
        letter = record(kind, 1, BEN)
        assert shelf([letter, record("shelf", 2, about=str(letter.id), kept=True)], ANA).letters == (letter.id,)


def test_i7_nothing_is_said_that_adds_up_compares_or_judges() -> None:
    """Whatever is found is an entry, a word, a day or a letter; `sealed` and `missing` say what is not there."""
    names = {name for sort in (Entry, Moods, Word, Words, Tagged, Shelf) for name in sort.__struct_fields__}
    assert names == {
        *("id", "on", "nth", "of", "valence", "arousal", "first", "last", "entries", "more"),
        *("word", "beside", "words", "sealed", "found", "letters", "missing"),
    }
    scales = {name for name in CHECK_IN.fields if name.startswith("felt_")} | {"felt_heard", "helped", "intensity"}
    assert not names & scales
    assert scales - {"felt_heard", "helped", "intensity"} == {"felt_respected", "felt_understood", "felt_valued"}


def test_a_partners_records_change_nothing() -> None:
    """Also such as could not be here: whatever a device holds by mistake."""
    own = [
        record("check_in", 1, local_date="2026-03-02", valence=1),
        record("reflection", 2, own_tags=["work"], feelings=["glad"]),
        (letter := record("note", 3, BEN)),
        record("shelf", 4, about=str(letter.id), kept=True),
    ]
    bens = [
        record("check_in", 5, BEN, local_date="2026-03-03", valence=1),
        record("shown_check_in", 6, BEN, shown_on="2026-03-03", valence=1, local_date="2026-03-03"),
        record("reflection", 7, BEN, own_tags=["money"], feelings=["calm"], sealed=None),
        record("shelf", 8, BEN, about=str(letter.id), kept=False),
    ]

    def found(records: list[Record]) -> list[Any]:
        return [
            moods(records, ANA, date(2026, 3, 1), TODAY),
            own_words(records, ANA, "own_tags", LISBON),
            own_words(records, ANA, "feelings", LISBON),
            tagged(records, ANA, "money"),
            shelf(records, ANA),
        ]

    assert found(own + bens) == found(own)
    assert {each.kind for each in own + bens} <= KINDS.keys()


def test_an_id_tells_its_time_in_version_7_alone() -> None:
    assert made_ms(UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")) == 1_645_557_742_000
    assert made_ms(uuid4(bytes(16))) is None
    assert made_ms(UUID("017f22e2-79b0-7cc3-18c4-dc0c0c07398f")) is None
