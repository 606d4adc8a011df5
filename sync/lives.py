"""The lives of a space: up to where a device's copy and the store are one history, however often the store went back.

A life ends when the store may have gone back in time. What was stored until then is common to it and to the next
one; what a device holds from beyond is common to nobody.
"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from sync.ports import Life, Place, Space

LIVES_MAX = 16
"""Earlier lives that a space remembers; of one before these nothing is known to be common."""


def common(space: Space, place: Place) -> int:
    """Return the version up to which a device at this place and the store have one history; 0 when none is known.

    Both know lives that the other may not: a store that was restored to before a restore has forgotten the life
    between, and the device still names it. The latest life that both know is where they part.
    """
    ends = {life.epoch: life.head for life in (*space.lives, Life(space.epoch, space.head))}
    for life in (Life(place.epoch, place.newest), *reversed(place.lives)):
        if life.epoch in ends:
            return min(life.head, ends[life.epoch])
    return 0


def earlier(
    segments: Sequence[tuple[UUID, UUID, int]], present: tuple[UUID, UUID, int], store_lives: Sequence[UUID]
) -> tuple[Life, ...]:
    """Return the lives of a space that have ended, oldest first, as devices name them.

    A segment is the store's epoch and the space's own under which the space was written, and its head at the end;
    `present` is the one under which it was written last. While a space was not written, lives of the whole store may
    have come and gone: they all ended at the head that stood. `store_lives` are the store's, the present one last.
    """
    order = {epoch: nth for nth, epoch in enumerate(store_lives)}
    parts = [*segments, present]
    lives: list[Life] = []
    for nth, (store, own, head) in enumerate(parts):
        last = nth == len(parts) - 1
        following = store_lives[-1] if last else parts[nth + 1][0]
        if store == following:
            between: Sequence[UUID] = () if last else (store,)
        else:
            between = store_lives[order[store] : order[following]] if {store, following} <= order.keys() else (store,)
        lives += [Life(wire_epoch(each, own), head) for each in between]
    return tuple(lives[-LIVES_MAX:])


def wire_epoch(store_epoch: UUID, space_epoch: UUID) -> UUID:
    """Return the epoch that devices see: it changes with the store's life and with the space's own."""
    digest = bytearray(sha256(store_epoch.bytes + space_epoch.bytes).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
