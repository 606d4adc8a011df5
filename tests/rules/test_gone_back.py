"""Whether a document of a client library shows that the store has gone back since: by its marks, or by what it says."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import RecordId, SpaceId
from domain.records import Purged, Record, Stamp
from sync.gone_back import knows_what_was_lost, names_a_lost_life
from sync.ports import Life, Loaded, Space
from sync.submitted import Submitted, understood
from tests.rules.boards import ANA, COUPLE, COUPLE_SPACE, OWN, OWN_SPACE, TOGETHER

PRESENT, BEFORE, NOBODYS = UUID(int=55), UUID(int=52), UUID(int=59)
STEP_ID, GOAL_ID = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001", "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa002"
SPACES: dict[SpaceId, Space] = {
    OWN: OWN_SPACE,
    TOGETHER: replace(COUPLE_SPACE, epoch=PRESENT, head=20, lives=(Life(BEFORE, 10),)),
}


def a_row(epoch: UUID | None = PRESENT, rev: int = 6, kind: str = "step", **knew: Any) -> Submitted:
    marks = {} if epoch is None else {"epoch": str(epoch), "rev": rev}
    known = {
        "id": STEP_ID,
        "couple": str(COUPLE),
        "goal": GOAL_ID,
        "title": "Pack.",
        "_deleted": False,
        **marks,
        **knew,
    }
    return understood(kind, known | {"title": "Pack the tent."}, known)


def new_row() -> Submitted:
    return understood("step", {"id": STEP_ID, "couple": str(COUPLE), "title": "Pack."}, None)


def a_step(version: int = 6, *, stamped: int = 3, **values: Any) -> Record:
    fields = {"goal": GOAL_ID, "title": "Pack.", "taken_by": [], "done": False} | values
    return Record(
        space=TOGETHER,
        kind="step",
        id=RecordId(UUID(STEP_ID)),
        version=version,
        created=3,
        author=ANA,
        fields=fields,
        stamps=dict.fromkeys(fields, Stamp(version=stamped)),
    )


def there(*records: Record) -> Loaded:
    return Loaded(spaces=SPACES, records={(each.space, each.id): each for each in records}, outcomes={}, counts={})


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        (a_row(PRESENT, 20), False),
        (a_row(PRESENT, 21), True),
        (a_row(BEFORE, 10), False),
        (a_row(BEFORE, 11), True),
        (a_row(NOBODYS, 0), False),
        (a_row(NOBODYS, 1), True),
        (a_row(None), False),
        (a_row(PRESENT, 21, couple=str(UUID(int=77))), False),
        (a_row(PRESENT, 21, kind="horoscope"), False),
        (new_row(), False),
    ],
)
def test_a_version_that_the_space_does_not_have_is_of_a_lost_life(row: Submitted, lost: bool) -> None:
    assert names_a_lost_life(row, SPACES) is lost


@pytest.mark.parametrize(
    ("row", "stored", "lost"),
    [
        (a_row(), (a_step(),), False),
        (a_row(title="Pack everything."), (a_step(),), True),
        (a_row(title=None), (a_step(),), True),
        (a_row(title="Pack everything."), (a_step(stamped=6),), True),
        (a_row(title="Pack everything."), (a_step(stamped=7),), False),
        (a_row(done=None, taken_by=None), (a_step(),), False),
        (a_row(taken_by=[str(ANA)]), (a_step(),), True),
        (a_row(), (a_step(done=True),), False),
        (a_row(done=False), (a_step(done=True),), True),
        (a_row(BEFORE, 15, title="Pack everything."), (a_step(stamped=10),), True),
        (a_row(BEFORE, 15, title="Pack everything."), (a_step(stamped=11),), False),
        (a_row(title="Pack everything.", proof="x"), (replace(a_step(7), gone=True),), False),
        (a_row(title="Pack everything.", proof="x"), (replace(a_step(6), gone=True),), True),
        (a_row(title="Pack everything.", proof="x"), (replace(a_step(6), gone=True, shut_at=5),), False),
        (a_row(_deleted=True), (replace(a_step(6), gone=True),), False),
        (a_row(title="Pack everything."), (replace(a_step(), purged=Purged(7, frozenset())),), False),
        (a_row(title="Pack everything."), (replace(a_step(), purged=Purged(6, frozenset())),), True),
        (a_row(done=True), (replace(a_step(), purged=Purged(7, frozenset())),), True),
        (a_row(title="Pack everything."), (replace(a_step(), removed=True),), True),
        (a_row(), (), True),
        (a_row(None), (), False),
        (a_row(kind="horoscope"), (), False),
        (a_row(couple=str(UUID(int=77))), (), False),
        (new_row(), (), False),
        (understood("step", {"id": "kiwi"}, {"id": "kiwi", "couple": str(COUPLE), "title": "a"}), (), False),
        (
            understood(
                "step",
                {"id": STEP_ID, "couple": str(COUPLE), "title": "a"},
                {"id": STEP_ID, "couple": str(COUPLE), "epoch": str(PRESENT), "rev": 3, "_deleted": True},
            ),
            (),
            False,
        ),
    ],
)
def test_what_a_client_knew_at_a_version_and_the_store_does_not_hold_was_lost(
    row: Submitted, stored: tuple[Record, ...], lost: bool
) -> None:
    assert knows_what_was_lost(row, there(*stored)) is lost


def test_in_a_closed_space_nothing_comes_back_by_what_a_client_knew() -> None:
    closed = {**SPACES, TOGETHER: replace(SPACES[TOGETHER], state="closed")}
    row = a_row(title="Pack everything.")
    for stored in (a_step(), replace(a_step(), gone=True)):
        loaded = there(stored)
        assert knows_what_was_lost(row, loaded)
        assert not knows_what_was_lost(row, replace(loaded, spaces=closed))
