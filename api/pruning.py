"""Forget what has had its time: outcomes, earlier values, removals, shadows, debts, tombstones, counters, prompts.

And tickets, links, codes and exports that have run out, that a space was let go, and how a phone was reached that has
not been heard of since.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from api.counsel_store import forget_links
from api.end_store import forget_codes, forget_let_go
from api.export_store import forget as forget_exports
from api.postgres import Pool
from api.store import forget_counters, forget_tickets
from notifications import end_store as prompts
from notifications.ports import LEDGER_KEPT, NEWS_KEPT, OVER_KEPT
from notifications.target_store import forget_targets
from notifications.targets import forgotten_before
from sync.owed_store import forget_old_owed
from sync.shadow_store import forget_old_shadows
from sync.space_store import bury, forget_outcomes, forget_revisions, forget_wiped

OUTCOMES_KEPT: Final = timedelta(days=90)
"""A device that was away for longer gets a full copy; its old keys need no answer any more."""
REVISIONS_KEPT: Final = timedelta(days=30)
REMOVED_KEPT: Final = timedelta(days=30)
"""Until then what was removed can be brought back, words and all."""
SHADOWS_KEPT: Final = timedelta(days=90)
"""Then what a client library pushes is an edit of what it says it knew."""
OWED_KEPT: Final = timedelta(days=90)
"""A device that has not asked for so long is told all of it again when it pushes."""
TOMBSTONES_KEPT: Final = timedelta(days=400)
"""A device that was silent for longer takes everything anew."""
LET_GO_KEPT: Final = timedelta(days=400)
"""So long the devices of a person are told which spaces they have let go."""
CODES_KEPT: Final = timedelta(days=1)
"""After they have run out."""
COUNTERS_KEPT: Final = timedelta(days=2)
"""The longest window of a limit is one day."""

ROWS_A_ROUND_MAX: Final = 5_000
"""Rows that one statement takes away; what is left waits for the next round, so that no statement is long."""


class Pruned(Struct, frozen=True):
    """How many rows one round took away, or made tombstones of."""

    outcomes: int
    revisions: int
    removed: int
    shadows: int
    owed: int
    tombstones: int
    counters: int
    tickets: int
    links: int
    let_go: int
    codes: int
    exports: int
    targets: int
    news: int
    prompts: int
    sent_prompts: int
    ledger: int

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self._each)

    @property
    def more(self) -> bool:
        """Whether a statement met its bound, so that another round is worth while at once."""
        return max(self._each) >= ROWS_A_ROUND_MAX

    @property
    def _each(self) -> tuple[int, ...]:
        return astuple(self)


async def prune(pool: Pool, now: datetime) -> Pruned:
    """Forget what is older than its kind is kept; any number of workers may do so at once."""
    most = ROWS_A_ROUND_MAX
    return Pruned(
        outcomes=await forget_outcomes(pool, now - OUTCOMES_KEPT, most),
        revisions=await forget_revisions(pool, now - REVISIONS_KEPT, most),
        removed=await bury(pool, now - REMOVED_KEPT, now, most),
        shadows=await forget_old_shadows(pool, now - SHADOWS_KEPT, most),
        owed=await forget_old_owed(pool, now - OWED_KEPT, most),
        tombstones=await forget_wiped(pool, now - TOMBSTONES_KEPT, most),
        counters=await forget_counters(pool, now - COUNTERS_KEPT, most),
        tickets=await forget_tickets(pool, now, most),
        links=await forget_links(pool, now, most),
        let_go=await forget_let_go(pool, (now - LET_GO_KEPT).date(), most),
        codes=await forget_codes(pool, now - CODES_KEPT, most),
        exports=await forget_exports(pool, now, most),
        targets=await forget_targets(pool, forgotten_before(now.date()), most),
        news=await prompts.forget_news(pool, now - NEWS_KEPT, most),
        prompts=await prompts.forget_over(pool, now - OVER_KEPT, most),
        sent_prompts=await prompts.forget_sent(pool, now - LEDGER_KEPT, most),
        ledger=await prompts.forget_entries(pool, now - LEDGER_KEPT, most),
    )
