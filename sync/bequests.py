"""Erase, in bounded rounds, what somebody who is deleted has written in a space that their partner still holds."""

from datetime import datetime
from typing import Any

from domain.ids import SpaceId
from domain.records import Record
from sync import bequest_store as store
from sync.bequest_store import Bequest
from sync.erasing import Gone, erased, ever_in_force, families_asked, kept_away
from sync.sealing import SpaceKeys


async def erase_some(pool: Any, keys: SpaceKeys, each: Bequest, now: datetime, rows_max: int) -> dict[SpaceId, int]:
    """Do one round; return the head of the space if it has moved, so that the other's devices hear of it.

    What is written anew gets a version behind the head and is looked at once more, with nothing left to do. The last
    round puts the one who is nobody among the two of the space.
    """
    if not await store.forget_behind(pool, each, rows_max):
        return {}
    gone = Gone(each.person, each.ghost)
    async with pool.acquire() as connection, connection.transaction():
        batch = await store.held_batch(connection, keys, each, rows_max)
        kin = await store.families(connection, keys, each.space, families_asked(batch.records, gone))
        goals = {record.id: record for record in kin if record.family is None}
        children: dict[Any, list[Record]] = {}
        for record in kin:
            children.setdefault(record.family, []).append(record)
        kept = frozenset(
            terms
            for family, records in children.items()
            if family is not None
            for terms in ever_in_force(goals.get(family), records, gone)
        )
        left = [(record, erased(record, gone, kept)) for record in batch.records]
        behind = batch.head + 1
        changed = [kept_away(before, after, behind, keys.id_key) for before, after in left if after != before]
        head = await store.put(connection, keys, batch, changed, now) if changed else batch.head
        if batch.more or changed:
            await store.looked_at(connection, each, batch.records[-1].version)
        else:
            await store.settle(connection, each)
    return {each.space: head} if changed else {}
