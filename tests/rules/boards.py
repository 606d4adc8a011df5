"""A batch of Ana's under way, on a board alone, without a store."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, PersonId, SpaceId
from domain.records import Record
from sync.board import Board
from sync.ports import Caller, Loaded, Member, RecordKey, Space

ANA, BEN, COUPLE = PersonId(UUID(int=1)), PersonId(UUID(int=2)), CoupleId(UUID(int=40))
OWN, TOGETHER, BENS = (SpaceId(UUID(int=n)) for n in (20, 21, 22))
ID_KEYS = {space: bytes([space.int]) * 32 for space in (OWN, TOGETHER, BENS)}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

OWN_SPACE = Space(
    id=OWN,
    home="personal",
    couple=None,
    state="active",
    head=20,
    store_epoch=UUID(int=50),
    epoch=UUID(int=51),
    horizon=0,
    members=(Member(ANA, OWN),),
)
COUPLE_SPACE = replace(
    OWN_SPACE, id=TOGETHER, home="couple", couple=COUPLE, members=(Member(ANA, OWN), Member(BEN, BENS))
)


def a_board(
    *records: Record,
    parted: bool = False,
    families: frozenset[tuple[UUID, str]] = frozenset(),
    settings: frozenset[RecordKey] = frozenset(),
) -> Board:
    """Ana's batch of this noon; both spaces stand at version 20. `settings` of the partner's were asked for."""
    together = replace(COUPLE_SPACE, state="closed" if parted else "active")
    loaded = Loaded(
        spaces={OWN: OWN_SPACE, TOGETHER: together},
        records={(each.space, each.id): each for each in records},
        outcomes={},
        counts={},
        families=families,
        settings=settings,
    )
    return Board(loaded, Caller(ANA, DeviceId(UUID(int=9)), (OWN, TOGETHER), may_keep=True), NOON, ID_KEYS)
