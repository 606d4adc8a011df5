"""The worker's part of the ends: accounts whose week is over, words whose time is, spaces that nobody holds."""

from datetime import datetime, timedelta
from typing import Final

from api import deleting, end_store, parting
from api.pruning import ROWS_A_ROUND_MAX
from api.wiring import Parts
from sync import bequest_store, bequests

ACCOUNTS_A_ROUND_MAX: Final = 10
SPACES_A_ROUND_MAX: Final = 10
LATER: Final = timedelta(days=1)
"""When a space is looked at again that does not open."""
RECORDS_A_ROUND_MAX: Final = 200
"""Records of one space that are looked at in one transaction: each is opened, and some are sealed anew."""


async def erase(parts: Parts, now: datetime) -> int:
    """Do one bounded round of everything that is due; return how many things were looked at.

    Any number of workers may do so at once: each piece of work is held while it is done, and twice is once.
    """
    accounts = await deleting.destroy_due(parts.accounts, now, ACCOUNTS_A_ROUND_MAX)
    due = await bequest_store.due(parts.pool, now, SPACES_A_ROUND_MAX)
    keys = await parts.keys.of([each.space for each in due])
    for each in due:
        if each.space not in keys:
            # Its words are sealed for good; it must not keep others waiting.
            await bequest_store.postpone(parts.pool, each, now + LATER)
            continue
        parts.hints.publish(await bequests.erase_some(parts.pool, keys[each.space], each, now, RECORDS_A_ROUND_MAX))
    given_up = await parting.empty_given_up(parts.accounts, ROWS_A_ROUND_MAX, SPACES_A_ROUND_MAX)
    await end_store.finish_deletions(parts.pool, now.date())
    return accounts + len(due) + given_up
