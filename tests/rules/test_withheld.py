"""What is shut for the other: since when, which writes concern nobody else, and at which version a reader has it."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Alternative, Record
from sync.bodies import decoded, encoded
from sync.ports import Hushed, Row, Space
from sync.withheld import as_told, hushed, told_beside, told_of, version_for, withheld_from

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
TOGETHER, OTHER = SpaceId(UUID(int=10)), SpaceId(UUID(int=11))


def a_space(*, closed: bool = False, head: int = 9, quiet: Hushed | None = None) -> Space:
    return Space(
        id=TOGETHER,
        home="couple",
        couple=CoupleId(UUID(int=7)),
        state="closed" if closed else "active",
        head=head,
        store_epoch=UUID(int=8),
        epoch=UUID(int=9),
        horizon=0,
        members=(),
        hushed=quiet,
    )


def a_request(version: int = 9, **rest: Any) -> Record:
    fields = {name: field.shape.empty for name, field in KINDS["support_request"].fields.items()}
    return Record(
        space=rest.pop("space", TOGETHER),
        kind=rest.pop("kind", "support_request"),
        id=RecordId(UUID(int=rest.pop("nth", 20))),
        version=version,
        created=3,
        author=ANA,
        fields=rest.pop("fields", fields | {"form": "listen", "text": "Rain."}),
        **rest,
    )


def shut_at(record: Record, before: Record | None, *, closed: bool = False) -> int | None:
    known = {} if before is None else {(before.space, before.id): before}
    [told] = told_of([record], known, {TOGETHER: a_space(closed=closed)})
    assert replace(told, shut_at=None) == replace(record, shut_at=None)
    return told.shut_at


@pytest.mark.parametrize(
    ("record", "before", "closed", "since"),
    [
        (a_request(), None, False, None),
        (a_request(removed=True), a_request(8), False, 9),
        (a_request(removed=True), a_request(8, removed=True, shut_at=5), False, 5),
        (a_request(gone=True), a_request(8, removed=True, shut_at=5), False, 5),
        (a_request(gone=True), a_request(8), False, 9),
        (a_request(), a_request(8, removed=True, shut_at=5), False, None),
        (a_request(removed=True), a_request(8, removed=True, shut_at=0), False, 0),
        (a_request(removed=True), None, False, 0),
        (a_request(), a_request(8), True, 9),
        (a_request(), a_request(8, shut_at=6), True, 6),
        (a_request(removed=True, kind="goal"), a_request(8, kind="goal"), False, None),
        (a_request(removed=True, kind="a_newer_one"), None, False, None),
    ],
)
def test_a_request_is_shut_since_its_author_took_it_back_or_the_two_parted(
    record: Record, before: Record | None, closed: bool, since: int | None
) -> None:
    assert shut_at(record, before, closed=closed) == since


def test_what_lies_in_a_space_that_was_not_loaded_is_judged_as_in_an_open_one() -> None:
    [told] = told_of([a_request(removed=True, space=OTHER)], {}, {TOGETHER: a_space(closed=True)})
    assert told.shut_at == 0


SHUT, WAS_SHUT, WAS_OPEN = a_request(shut_at=5), a_request(8, shut_at=5), a_request(8)


@pytest.mark.parametrize(
    ("changed", "before", "quiet"),
    [
        ([SHUT], [WAS_SHUT], True),
        ([SHUT], [WAS_OPEN], False),
        ([SHUT], [], True),
        ([a_request()], [WAS_SHUT], False),
        ([SHUT, a_request(nth=21, kind="goal")], [WAS_SHUT], False),
        ([a_request(nth=21, kind="goal"), SHUT], [WAS_SHUT], False),
        ([SHUT, a_request(nth=21, shut_at=0)], [WAS_SHUT], True),
    ],
)
def test_a_write_concerns_nobody_else_where_all_that_it_touches_was_shut_and_is(
    changed: list[Record], before: list[Record], quiet: bool
) -> None:
    known = {(each.space, each.id): each for each in before}
    assert hushed(changed, known) == (frozenset({TOGETHER}) if quiet else frozenset())


def test_each_space_of_a_write_is_judged_by_itself() -> None:
    elsewhere = a_request(space=OTHER, kind="check_in")
    assert hushed([SHUT, elsewhere], {(TOGETHER, SHUT.id): WAS_SHUT}) == {TOGETHER}
    assert hushed([], {}) == frozenset()


@pytest.mark.parametrize(
    ("quiet", "of_ana", "of_ben"),
    [
        (None, 9, 9),
        (Hushed(by=ANA, after=6, upto=9), 9, 6),
        (Hushed(by=BEN, after=6, upto=9), 6, 9),
        (Hushed(by=ANA, after=6, upto=8), 9, 9),
    ],
)
def test_a_head_is_told_without_what_concerns_the_other_alone(quiet: Hushed | None, of_ana: int, of_ben: int) -> None:
    space = a_space(quiet=quiet)
    assert (space.told_to(ANA), space.told_to(BEN)) == (of_ana, of_ben)


def test_a_reader_has_a_record_at_the_version_at_which_it_was_shut_and_its_author_as_it_is() -> None:
    assert version_for(BEN, ANA, 9, 5) == 5
    assert version_for(ANA, ANA, 9, 5) == 9
    assert version_for(BEN, ANA, 9, None) == 9
    assert version_for(BEN, ANA, 9, 0) == 0


@pytest.mark.parametrize(
    ("record", "person", "closed", "withheld"),
    [
        (a_request(removed=True), BEN, False, True),
        (a_request(gone=True), BEN, False, True),
        (a_request(), BEN, True, True),
        (a_request(), BEN, False, False),
        (a_request(removed=True), ANA, True, False),
        (a_request(removed=True, kind="goal"), BEN, True, False),
        (a_request(removed=True, kind="a_newer_one"), BEN, True, False),
    ],
)
def test_a_shut_window_is_withheld_from_everybody_but_its_author(
    record: Record, person: PersonId, closed: bool, withheld: bool
) -> None:
    assert withheld_from(record, person, closed=closed) is withheld


def a_row(record: Record) -> Row:
    return Row(
        space=record.space,
        kind=record.kind,
        id=record.id,
        version=record.version,
        author=record.author,
        removed=record.removed,
        gone=record.gone,
        body=encoded(record),
    )


def test_what_is_wiped_is_nothing_for_the_other_too() -> None:
    row = a_row(a_request(kind="counsel_part", gone=True, fields={}))
    assert as_told(row, BEN, {TOGETHER: a_space()}) == row
    assert row.body is None


BESIDE = {"text": (Alternative(ANA, "Hills."),)}


def test_what_stands_beside_a_text_of_one_author_is_theirs_alone() -> None:
    row = a_row(a_request(alternatives=BESIDE, merged=("text",)))
    spaces = {TOGETHER: a_space()}
    assert as_told(row, ANA, spaces) == row
    bens = decoded(as_told(row, BEN, spaces).body)
    assert (bens.fields["text"], bens.alternatives, bens.merged) == ("Rain.", {}, ())
    both = a_row(a_request(kind="goal", fields={"notes": "Rain."}, alternatives={"notes": BESIDE["text"]}))
    assert as_told(both, BEN, spaces) == both, "of a text of both each may know it"
    assert told_beside(KINDS["counsel_part"], {"text": 1, "summary": 2}) == {"summary": 2}
