"""What of a person's spaces is theirs to take along, record by record, and what of the past is worth telling."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Ownership, Who
from domain.kinds import KINDS, may_look_behind
from domain.records import EITHER, Alternative
from domain.shapes import OneOf, SetOf
from sync import service
from sync.export import EarlierWords, Kept, Owner, Together, is_theirs, made_on
from sync.export_words import KIND_WORDS, field_words, plain, words_of
from sync.outline import ABOVE
from sync.ports import Value
from tests.exported import SHOWN, TAKEN, files_of, record
from tests.pair import Pair, change, in_memory

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
OWN, THEIRS = SpaceId(UUID(int=3)), SpaceId(UUID(int=4))
OWNER = Owner(
    person=ANA,
    name="Ana",
    personal=OWN,
    couples=(Together(space=THEIRS, couple=CoupleId(UUID(int=5)), partner=BEN, name="Ben", ended=False),),
    made_at=datetime(2026, 11, 27, 10, tzinfo=UTC),
)


# Whose it is


@pytest.mark.parametrize("kind", [each.name for each in KINDS.values()])
def test_of_the_partner_s_there_are_letters_and_joint_things_and_nothing_else(kind: str) -> None:
    """I25, driven by the table: a kind that is new is judged by its class."""
    shared = KINDS[kind].ownership in (Ownership.LETTER, Ownership.JOINT)
    assert is_theirs(OWNER, kind, BEN) is shared


@pytest.mark.parametrize("kind", [each.name for each in KINDS.values()])
def test_of_one_s_own_there_is_everything_but_what_is_a_copy(kind: str) -> None:
    assert is_theirs(OWNER, kind, ANA) is (KINDS[kind].ownership is not Ownership.PROJECTION)


def test_what_the_other_took_away_again_is_theirs_unless_both_write_in_it() -> None:
    removable = [each for each in TAKEN if each.ownership is Ownership.JOINT and each.removes is not Who.NOBODY]
    assert removable
    for kind in removable:
        assert is_theirs(OWNER, kind.name, BEN, removed=True) is (kind.edits is Who.EITHER)
        assert is_theirs(OWNER, kind.name, ANA, removed=True)


def test_of_a_kind_that_nobody_knows_one_s_own_alone_is_taken() -> None:
    assert is_theirs(OWNER, "dream", ANA)
    assert not is_theirs(OWNER, "dream", BEN)


def test_only_copies_of_windows_say_how_the_other_felt_and_no_export_has_these() -> None:
    """`felt_*` stands in private kinds and their copies alone, so no kind needs a rule of its own."""
    with_felt = {kind.name for kind in KINDS.values() if any(name.startswith("felt_") for name in kind.fields)}
    for name in with_felt:
        kind = KINDS[name]
        assert kind.home == "personal" or kind.ownership is Ownership.PROJECTION


# When it was made


def test_only_the_id_of_one_s_own_record_tells_when_it_was_made() -> None:
    seven = RecordId(UUID("019d0000-0000-7000-8000-000000000000"))
    four = RecordId(uuid4())

    def of(space: SpaceId, identity: RecordId) -> str | None:
        kept = Kept(space=space, kind="x", id=identity, author=ANA, removed=False, fields={})
        return made_on(OWNER, kept)

    assert of(OWN, seven) == "2026-03-18"
    assert of(OWN, four) is None
    assert of(THEIRS, seven) is None
    assert of(OWN, RecordId(UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))) is None, "beyond every calendar"


# How it stands


@pytest.mark.parametrize(("ended", "state"), [(False, "shared"), (True, "expired")])
async def test_no_link_shows_a_summary_of_a_couple_that_has_parted(state: str, *, ended: bool) -> None:
    pair = await in_memory()
    summary = RecordId(uuid4())
    days = {"from": "2026-11-01", "to": "2026-11-20"}
    await pair.one(pair.ana.phone, change("counsel_summary", summary, days, couple=pair.couple))
    until = datetime(2026, 11, 28, tzinfo=UTC)
    await service.open_link(pair.store, pair.keys, pair.ana.phone, summary, until, pair.now)
    [told] = (await files_of(pair, pair.ben, ended=ended)).records["counsel_summary"]
    assert told["fields"]["state"] == state


# What stands behind it


def told(values: Sequence[Value], *, kind: str = "check_in", author: PersonId = ANA, **present: Any) -> list[Any]:
    kept = Kept(
        space=OWN,
        kind=kind,
        id=RecordId(uuid4()),
        author=author,
        removed=False,
        fields=present.pop("fields", {}),
        alternatives=present.pop("alternatives", {}),
    )
    words = EarlierWords(OWNER, kind, author, kept)
    return [value.value for value in values if words.tells(value)]


def test_an_earlier_sentence_is_told_once_and_only_where_it_stands_nowhere_else() -> None:
    earlier = [Value("text", text, ANA) for text in ("So", "So tired.", "So tired. And sad.", "And sad. So tired.")]
    assert told(earlier, fields={"text": "And sad."}) == ["So", "So tired."]


def test_what_stands_beside_a_field_needs_no_telling() -> None:
    beside = {"text": (Alternative(ANA, "Or so."),)}
    assert told([Value("text", "Or so.", ANA)], alternatives=beside) == []


def test_the_same_words_in_another_field_are_other_words() -> None:
    assert told([Value("why", "Rest.", ANA)], kind="goal_terms", fields={"title": "Rest."}) == ["Rest."]


def test_earlier_words_of_the_other_are_not_one_s_own() -> None:
    assert told([Value("notes", "Ben's.", BEN), Value("notes", "Ours.", EITHER)], kind="goal") == ["Ours."]


def test_earlier_choices_are_no_words() -> None:
    assert told([Value("valence", -3, ANA), Value("topic", "work", ANA)]) == []


@pytest.mark.parametrize("kind", [each.name for each in SHOWN])
def test_a_copy_has_no_past(kind: str) -> None:
    assert told([Value(name, "Something.", ANA) for name in KINDS[kind].fields], kind=kind) == []


def test_earlier_words_in_a_record_of_the_other_are_told_where_both_may_see_them() -> None:
    for kind in TAKEN:
        for name in kind.fields:
            if told([Value(name, "Mine.", ANA)], kind=kind.name, author=BEN):
                assert may_look_behind(kind, name, own=False)
    assert told([Value("notes", "Mine.", ANA)], kind="goal", author=BEN) == ["Mine."]


# How it is told


@pytest.mark.parametrize("kind", [each.name for each in TAKEN])
def test_every_kind_and_every_field_and_every_choice_has_its_words(kind: str) -> None:
    words = KIND_WORDS[kind]
    assert words.heading
    assert words.one
    for name, field in KINDS[kind].fields.items():
        assert name in words.fields, name
        shape = field.shape.element if isinstance(field.shape, SetOf) else field.shape
        if isinstance(shape, OneOf):
            assert set(shape.values) <= words.fields[name].values.keys(), name


def test_no_words_are_kept_for_what_no_export_holds() -> None:
    assert KIND_WORDS.keys().isdisjoint(kind.name for kind in SHOWN)


def test_what_has_no_words_yet_is_told_under_its_own_name() -> None:
    assert words_of("bed_time_story").heading == "Bed time story"
    assert field_words("bed_time_story", "once_upon").label == "Once upon"
    assert field_words("note", "smell_of_it").label == "Smell of it"
    assert plain("a_b") == "A b"


def test_nothing_is_told_within_itself() -> None:
    """However records name each other, what they are told within leads to a chapter: kinds never go in a circle."""
    for start, above in ABOVE.items():
        reached, further = set[str](), set(above)
        while further:
            reached |= further
            further = {each for kind in further for each in ABOVE.get(kind, ())} - reached
        assert start not in reached, start


# The JSON document


async def test_each_record_says_whose_and_which_couple_s_it_is_and_holds_what_stands_beside() -> None:
    pair = await in_memory()
    goal = uuid4()
    fields = {"form": "goal", "notes": "By the sea.", "state": "active", "proof": "secret"}
    beside = {"notes": (Alternative(pair.ben.person, "In the hills."),)}
    joint = record("goal", pair.space, pair.ana.person, 1, fields, goal, alternatives=beside, merged=("notes",))
    await pair.put(pair.ana.phone, joint)
    [said] = (await files_of(pair, pair.ben)).records["goal"]
    assert said == {
        "id": str(goal),
        "couple": str(pair.couple),
        "author": str(pair.ana.person),
        "removed": False,
        "fields": {"form": "goal", "notes": "By the sea.", "state": "active"},
        "alternatives": {"notes": [{"by": str(pair.ben.person), "text": "In the hills."}]},
        "merged": ["notes"],
    }


async def test_the_marks_by_which_phones_bring_back_what_was_lost_are_not_given_away() -> None:
    pair = await in_memory()
    await pair.put(pair.ana.phone, record("goal", pair.space, pair.ana.person, 1, {"proof": "a mark"}, uuid4()))
    made = await files_of(pair, pair.ana)
    assert b"a mark" not in made.json + made.html + made.txt


async def long_life(pair: Pair, count: int) -> set[str]:
    texts = {f"Day {nth} of many." for nth in range(count)}
    days = [
        record(
            "check_in",
            pair.ana.personal,
            pair.ana.person,
            version,
            {"local_date": f"20{20 + version % 5}-0{1 + version % 9}-11", "text": text},
            uuid4(),
        )
        for version, text in enumerate(sorted(texts), 2)
    ]
    await pair.put(pair.ana.phone, *days)
    return texts


async def test_a_life_of_several_pages_is_told_whole_and_in_its_order() -> None:
    pair = await in_memory()
    texts = await long_life(pair, 1203)
    made = await files_of(pair, pair.ana)
    assert {each["fields"]["text"] for each in made.records["check_in"]} == texts
    days = [each["fields"]["local_date"] for each in made.records["check_in"]]
    assert days == sorted(days)
    assert {said for said in made.page.said if said.startswith("Day")} == texts


async def test_what_is_read_at_once_is_bounded() -> None:
    """Neither the first walk nor the telling asks a store for more than a page, however long the life is."""
    pair = await in_memory()
    await long_life(pair, 1203)
    asked: list[tuple[int, int]] = []
    real = pair.store.changed_since

    async def counted(caller: Any, after: Any, *, limit: int, again: Any = (), kind: Any = None) -> Any:
        page = await real(caller, after, limit=limit, again=again, kind=kind)
        asked.append((len(page.rows), len(page.besides)))
        return page

    pair.store.changed_since = counted  # type: ignore[method-assign]
    await files_of(pair, pair.ana)
    assert max(rows for rows, _ in asked) == 501
    assert max(besides for _, besides in asked) == 50


async def test_a_record_that_changes_while_the_export_is_read_is_told_once_as_it_is_then() -> None:
    pair = await in_memory()
    await long_life(pair, 600)
    first = next(each for each in (await pair.page(pair.ana)).rows if each.kind == "check_in")
    real, changed = pair.store.changed_since, False

    async def meanwhile(caller: Any, after: Any, *, limit: int, again: Any = (), kind: Any = None) -> Any:
        nonlocal changed
        page = await real(caller, after, limit=limit, again=again, kind=kind)
        if limit and not changed:
            changed = True
            old = await pair.look(pair.ana, first.id)
            newer = record("check_in", old.space, old.author, 700, old.fields | {"text": "Another."}, old.id)
            await pair.put(pair.ana.phone, newer)
        return page

    pair.store.changed_since = meanwhile  # type: ignore[method-assign]
    made = await files_of(pair, pair.ana)
    assert [each["fields"]["text"] for each in made.records["check_in"] if each["id"] == str(first.id)] == ["Another."]
    assert len(made.records["check_in"]) == 600
