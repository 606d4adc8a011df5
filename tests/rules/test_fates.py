"""What is left of each class of records, and what of a window in the couple's space is kept for its author alone."""

from itertools import product
from uuid import UUID

import pytest

from domain.fates import Class, End, Left, Side, class_of, left
from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from sync.ports import Row, Space
from sync.withheld import as_told

OPEN = KINDS["support_request"]
ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
SIDES: tuple[Side, Side] = ("goes", "stays")
SPACE = SpaceId(UUID(int=3))


def test_every_kind_has_a_class() -> None:
    assert {class_of(kind) for kind in KINDS.values()} == set(Class)
    assert class_of(OPEN) is Class.OPEN
    assert class_of(KINDS["check_in"]) is Class.PRIVATE


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("end", End)
def test_no_end_shows_more_than_was_shown_and_takes_nothing_of_who_stays(kind: Kind, end: End) -> None:
    """I17, I20, I24."""
    private = class_of(kind) in (Class.PRIVATE, Class.SHOWN, Class.OPEN)
    for author, reader in product(SIDES, SIDES):
        fate = left(kind, end, author=author, reader=reader)
        if private and author != reader:
            assert fate is Left.NOTHING
        if author == reader == "stays" and class_of(kind) is not Class.SHOWN:
            assert fate is Left.WHOLE


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("end", [End.DELETED, End.ERASED])
@pytest.mark.parametrize("author", SIDES)
def test_whoever_has_deleted_their_account_has_nothing_any_more(kind: Kind, end: End, author: Side) -> None:
    assert left(kind, end, author=author, reader="goes") is Left.NOTHING


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_whoever_lets_a_couple_s_space_go_has_nothing_of_it_and_keeps_what_is_in_their_own(kind: Kind) -> None:
    own = Left.NOTHING if kind.home == "couple" else Left.WHOLE
    assert left(kind, End.LET_GO, author="goes", reader="goes") is own
    assert left(kind, End.LET_GO, author="stays", reader="goes") is Left.NOTHING


@pytest.mark.parametrize("end", [End.PARTED, End.RESTORED])
def test_whoever_parts_keeps_what_they_wrote_and_what_they_were_given(end: End) -> None:
    for name in ("check_in", "support_request", "note", "goal", "step"):
        assert left(KINDS[name], end, author="goes", reader="goes") is Left.WHOLE
    for name in ("note", "goal", "step"):
        assert left(KINDS[name], end, author="stays", reader="goes") is Left.WHOLE


def test_a_letter_is_its_receivers_until_its_writer_is_erased() -> None:
    note = KINDS["note"]
    fates = {end: left(note, end, author="goes", reader="stays") for end in End}
    assert fates.pop(End.ERASED) is Left.NOTHING
    assert set(fates.values()) == {Left.WHOLE}


@pytest.mark.parametrize(("removed", "closed"), [(True, False), (False, True), (True, True)])
def test_a_window_in_the_couples_space_is_gone_for_the_other_when_it_is_taken_back_and_when_they_part(
    *, removed: bool, closed: bool
) -> None:
    row = Row(
        space=SPACE,
        kind=OPEN.name,
        id=RecordId(UUID(int=4)),
        version=1,
        author=ANA,
        removed=removed,
        gone=False,
        body=b'{"fields":{}}',
    )
    space = Space(
        id=SPACE,
        home="couple",
        couple=None,
        state="closed" if closed else "active",
        head=1,
        store_epoch=UUID(int=5),
        epoch=UUID(int=6),
        horizon=0,
        members=(),
    )
    assert as_told(row, ANA, {SPACE: space}) == row
    of_ben = as_told(row, BEN, {SPACE: space})
    assert (of_ben.gone, of_ben.body) == (True, None)
