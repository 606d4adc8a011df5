"""What every facade has to know around a push: where a document stands, its base, and what is kept of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, RecordId, SpaceId
from domain.records import Purged, Record
from sync.facades import as_it_is, base_of, home_of, shadows_of, stored_of
from sync.memory import MemoryStore
from sync.ports import Caller, Life, Loaded, Shadow, Snapshot, Space, Stored, Writes
from sync.purge import hashed
from sync.reconcile import Decisions
from sync.submitted import Submitted, understood
from sync.wire import Change, Outcome, Status
from tests.rules.boards import ANA, COUPLE, COUPLE_SPACE, OWN, OWN_SPACE, TOGETHER

FORMERLY, FORMER = SpaceId(UUID(int=23)), CoupleId(UUID(int=41))
LOST = UUID(int=52)
SPACES = {
    OWN: OWN_SPACE,
    TOGETHER: replace(COUPLE_SPACE, epoch=UUID(int=55), lives=(Life(LOST, 10),)),
    FORMERLY: replace(COUPLE_SPACE, id=FORMERLY, couple=FORMER, state="closed", epoch=UUID(int=56)),
}
PHONE = Caller(ANA, DeviceId(UUID(int=9)), (OWN, TOGETHER, FORMERLY), may_keep=True)
STEP_ID, ENTRY_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"


def a_row(kind: str = "step", identity: str = STEP_ID, assumed: dict[str, Any] | None = None, **new: Any) -> Submitted:
    return understood(kind, {"id": identity, **new}, assumed)


def a_record(space: SpaceId, kind: str, identity: str, version: int = 6) -> Record:
    return Record(space=space, kind=kind, id=RecordId(UUID(identity)), version=version, created=6, author=ANA)


def a_store(*records: Record) -> MemoryStore:
    store = MemoryStore(OWN_SPACE.store_epoch)
    store.spaces = dict(SPACES)
    store.records = {(each.space, each.id): each for each in records}
    return store


# Where a document stands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "home"),
    [
        (a_row("check_in"), OWN),
        (a_row("check_in", couple=str(COUPLE)), OWN),
        (a_row("step", couple=str(COUPLE)), TOGETHER),
        (a_row("step", couple=str(FORMER)), FORMERLY),
        (a_row("step", couple=str(UUID(int=42))), None),
        (a_row("step"), None),
        (a_row("horoscope", couple=str(COUPLE)), None),
    ],
)
def test_a_document_stands_in_the_home_of_its_kind_where_the_caller_has_one(
    row: Submitted, home: SpaceId | None
) -> None:
    found = home_of(row, SPACES)
    assert (None if found is None else found.id) == home


async def test_what_is_stored_of_a_document_is_what_stands_under_its_id_in_its_home() -> None:
    step, entry = a_record(TOGETHER, "step", STEP_ID), a_record(OWN, "check_in", ENTRY_ID)
    elsewhere = a_record(OWN, "check_in", STEP_ID)
    rows = [
        a_row("step", couple=str(COUPLE)),
        a_row("check_in", ENTRY_ID),
        a_row("check_in", "kiwi"),
        a_row("horoscope", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa003"),
    ]
    store = a_store(step, entry, elsewhere)
    assert await stored_of(store, PHONE, rows, SPACES) == {step.id: step, entry.id: entry}
    assert await stored_of(store, PHONE, [a_row("step", ENTRY_ID, couple=str(COUPLE))], SPACES) == {}


async def test_of_a_document_for_a_couple_that_is_no_more_it_is_found_what_stands_under_its_id() -> None:
    """A couple that has come back has another id on the same space."""
    stored = a_record(TOGETHER, "step", STEP_ID)
    store = a_store(stored, a_record(OWN, "check_in", ENTRY_ID))
    earlier = a_row("step", couple=str(UUID(int=42)))
    assert await stored_of(store, PHONE, [earlier], SPACES) == {stored.id: stored}
    assert await stored_of(store, PHONE, [a_row("step")], SPACES) == {}, "it names no couple"
    assert await stored_of(store, PHONE, [a_row("step", couple=str(FORMER))], SPACES) == {}, "it is of another that is"


async def test_as_it_is_tells_of_the_spaces_and_of_what_was_asked_for_and_of_nothing_else() -> None:
    step, entry = a_record(TOGETHER, "step", STEP_ID), a_record(OWN, "check_in", ENTRY_ID)
    store = a_store(step, entry)
    page = await as_it_is(store, PHONE, [step.id])
    assert (page.spaces.keys(), page.rows, [row.id for row in page.besides]) == (SPACES.keys(), [], [step.id])
    assert (await as_it_is(store, PHONE)).besides == []


# What its client knew --------------------------------------------------------------------------------------------


def known(epoch: UUID, rev: int) -> dict[str, Any]:
    return {"epoch": str(epoch), "rev": rev}


@pytest.mark.parametrize(
    ("row", "base"),
    [
        (a_row(**known(OWN_SPACE.epoch, 7)), 7),
        (a_row(**known(UUID(int=56), 7)), 7),
        (a_row(**known(LOST, 7)), 7),
        (a_row(**known(LOST, 15)), 10),
        (a_row(**known(UUID(int=59), 7)), 0),
        (a_row(), 0),
        (a_row(**known(OWN_SPACE.epoch, 7), assumed=known(OWN_SPACE.epoch, 5)), 5),
        (a_row(**known(OWN_SPACE.epoch, 7), assumed={}), 0),
    ],
)
def test_a_base_is_the_version_that_a_client_knew_as_far_as_this_life_has_it(row: Submitted, base: int) -> None:
    assert base_of(row, SPACES) == base


def test_whoever_has_no_space_knew_nothing() -> None:
    nowhere: dict[SpaceId, Space] = {}
    assert base_of(a_row(**known(LOST, 7)), nowhere) == 0


# What is kept of it ----------------------------------------------------------------------------------------------


ID_KEYS = {TOGETHER: b"key", FORMERLY: b"another"}


def edits(rows: Mapping[UUID, Submitted]) -> dict[UUID, tuple[Submitted, Change]]:
    return {key: (row, Change(key=key, kind="step", id=UUID(STEP_ID), base=3)) for key, row in rows.items()}


def kept(status: Status, version: int | None, *, before: list[Record], written: list[Record]) -> list[Shadow]:
    """What is kept of one row whose change was settled so."""
    key = UUID(int=70)
    row = a_row(couple=str(COUPLE), title="Pack.", rev=6, _deleted=True)
    decisions = Decisions(
        outcomes=(Outcome(key=key, status=status, version=version),),
        writes=Writes(spaces={}, heads={}, records=tuple(Stored(each, None) for each in written)),
    )
    loaded = Loaded(spaces={}, records={(each.space, each.id): each for each in before}, outcomes={}, counts={})
    return shadows_of(edits({key: row}), loaded, decisions, ID_KEYS)


STEP = a_record(TOGETHER, "step", STEP_ID)
SHADOW = Shadow(
    space=TOGETHER,
    record=STEP.id,
    kind="step",
    version=8,
    snapshot=Snapshot({"title": "Pack."}, deleted=True),
)


@pytest.mark.parametrize(("before", "written"), [([STEP], []), ([], [STEP])], ids=["unchanged", "new"])
@pytest.mark.parametrize("status", ["applied", "merged", "superseded"])
def test_what_was_submitted_is_kept_with_the_version_that_came_of_it(
    status: Status, before: list[Record], written: list[Record]
) -> None:
    assert kept(status, 8, before=before, written=written) == [SHADOW]


@pytest.mark.parametrize(("status", "version"), [("refused", 8), ("duplicate", 8), ("applied", None)])
def test_nothing_is_kept_of_what_was_refused_or_settled_before(status: Status, version: int | None) -> None:
    assert kept(status, version, before=[STEP], written=[]) == []


@pytest.mark.parametrize(("purged_at", "stays"), [(3, True), (4, False)])
def test_of_an_edit_that_had_not_seen_a_purge_no_destroyed_word_is_kept(purged_at: int, stays: bool) -> None:
    mark = Purged(purged_at, frozenset({hashed(ID_KEYS[TOGETHER], STEP.id, "Pack.")}))
    emptied = replace(SHADOW, version=0, snapshot=Snapshot({}))
    assert kept("applied", 8, before=[replace(STEP, purged=mark)], written=[]) == [SHADOW if stays else emptied]


def test_nothing_is_kept_of_what_stands_nowhere() -> None:
    assert kept("applied", 8, before=[], written=[]) == []


def test_of_several_rows_each_is_kept_whatever_came_of_the_one_before() -> None:
    keys = [UUID(int=70 + nth) for nth in range(3)]
    outcomes = [
        Outcome(key=keys[0], status="refused"),
        *(Outcome(key=key, status="applied", version=8) for key in keys[1:]),
    ]
    rows = dict(zip(keys, [a_row(), a_row(identity="kiwi"), a_row(title="Pack.", _deleted=True)], strict=True))
    loaded = Loaded(spaces={}, records={(TOGETHER, STEP.id): STEP}, outcomes={}, counts={})
    decisions = Decisions(outcomes=tuple(outcomes), writes=Writes(spaces={}, heads={}))
    assert shadows_of(edits(rows), loaded, decisions, ID_KEYS) == [SHADOW]


def test_of_a_record_that_was_pushed_twice_the_last_is_kept() -> None:
    keys = [UUID(int=70), UUID(int=71)]
    rows = dict(zip(keys, [a_row(title="Go."), a_row(title="Pack.", _deleted=True)], strict=True))
    outcomes = tuple(Outcome(key=key, status="applied", version=version) for version, key in enumerate(keys, 7))
    loaded = Loaded(spaces={}, records={(TOGETHER, STEP.id): STEP}, outcomes={}, counts={})
    decisions = Decisions(outcomes=outcomes, writes=Writes(spaces={}, heads={}))
    assert shadows_of(edits(rows), loaded, decisions, ID_KEYS) == [SHADOW]


def test_what_this_push_has_written_counts_more_than_what_was_there() -> None:
    moved = replace(STEP, space=FORMERLY)
    assert [each.space for each in kept("applied", 8, before=[STEP], written=[moved])] == [FORMERLY]
