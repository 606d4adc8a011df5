"""A phone of Ana's alone, and answers made by hand: for what a server seldom says, or only between two pages."""

from itertools import count
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from sync.replica import Replica
from sync.shelves import Shelves
from sync.wire import Change, RecordView, Reset, SpaceView, SyncResponse
from tests.rules.boards import ANA, COUPLE, NOON, OWN, TOGETHER

ENTRY, GOAL, STEP, LOST, BOX, NOTE, DRAFT = (RecordId(UUID(int=100 + number)) for number in range(7))

FORMERLY, FORMER_COUPLE = SpaceId(UUID(int=23)), CoupleId(UUID(int=41))
"""The closed space of a couple that Ana was of before."""


def a_phone() -> Replica:
    return Replica(Shelves(ANA, DeviceId(UUID(int=9))))


def a_life(number: int) -> UUID:
    return UUID(int=1000 + number)


def space(identity: SpaceId, life: int = 1, **other: Any) -> SpaceView:
    """One of Ana's spaces, in the life with this number."""
    couple = {OWN: None, TOGETHER: COUPLE, FORMERLY: FORMER_COUPLE}[identity]
    home = "personal" if couple is None else "couple"
    state = "closed" if identity == FORMERLY else "active"
    said = SpaceView(id=identity, home=home, couple=couple, state=state, epoch=a_life(life), head=9)
    return replace(said, **other)


def record(
    identity: RecordId, version: int, kind: str = "check_in", author: PersonId = ANA, **fields: Any
) -> RecordView:
    home = OWN if KINDS[kind].home == "personal" else TOGETHER
    return RecordView(space=home, kind=kind, id=identity, version=version, author=author, fields=fields)


def anew(identity: SpaceId, *, head: int) -> dict[str, Any]:
    """What an answer says of a space whose second life has no more than this in common with its first."""
    spaces = [space(each, 2 if each == identity else 1) for each in (OWN, TOGETHER)]
    return {"reset": [Reset(space=identity, epoch=a_life(2), head=head)], "spaces": spaces}


def told(phone: Replica, *, more: bool = False, **parts: Any) -> None:
    """Let a phone take in an answer to what it asks now. Without `spaces` both stand as they always did."""
    said = SyncResponse(cursor=f"after {phone.cursor}", more=more, now=NOON, spaces=[space(OWN), space(TOGETHER)])
    keys = (UUID(int=number) for number in count(5000))
    assert phone.receive(phone.request(0), replace(said, **parts), lambda: next(keys))


def kept(phone: Replica, identity: RecordId, kind: str = "check_in", **other: Any) -> UUID:
    """Put a change into the outbox and return its key."""
    couple = COUPLE if KINDS[kind].home == "couple" else None
    key = UUID(int=2000 + len(phone.shelves.outbox))
    phone.keep(Change(key=key, kind=kind, id=identity, couple=couple, **other), None)
    return key
