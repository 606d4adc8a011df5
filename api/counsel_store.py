"""Links to summaries, in PostgreSQL: every statement beside the function that runs it."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from api.postgres import Pool
from domain.ids import PersonId, RecordId, SpaceId

WRONG_MAX: Final = 5
"""Wrong passcodes after which a link is dead."""


class Link(Struct, frozen=True, kw_only=True):
    """What is kept of a link; the link and its passcode only as hashes."""

    link_hash: bytes
    passcode_hash: bytes
    key_no: int
    space: SpaceId
    summary: RecordId
    made_by: PersonId
    expires_at: datetime


ADD: Final = """
WITH earlier AS (DELETE FROM counsel_link WHERE summary_id = $5 AND space_id = $4)
INSERT INTO counsel_link (link_hash, passcode_hash, key_no, space_id, summary_id, made_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""

REVOKE: Final = "DELETE FROM counsel_link WHERE summary_id = $1 AND space_id = ANY($2::uuid[])"

ALIVE: Final = f"SELECT true FROM counsel_link WHERE link_hash = $1 AND expires_at > $2 AND wrong < {WRONG_MAX}"

TRY: Final = f"""
UPDATE counsel_link SET wrong = wrong + 1
WHERE link_hash = $1 AND expires_at > $2 AND wrong < {WRONG_MAX}
RETURNING link_hash, passcode_hash, key_no, space_id, summary_id, made_by, expires_at"""

RIGHT: Final = "UPDATE counsel_link SET wrong = wrong - 1 WHERE link_hash = $1 AND wrong > 0"

FORGET_LINKS: Final = """
DELETE FROM counsel_link WHERE link_hash IN (
    SELECT link_hash FROM counsel_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
)"""


async def add(pool: Pool, link: Link) -> None:
    """Keep a link; the earlier one to the same summary is dead."""
    await pool.execute(
        ADD, link.link_hash, link.passcode_hash, link.key_no, link.space, link.summary, link.made_by, link.expires_at
    )


async def revoke(pool: Pool, summary: RecordId, spaces: tuple[SpaceId, ...]) -> None:
    """Let the link to a summary in one of these spaces be dead at once."""
    await pool.execute(REVOKE, summary, spaces)


async def is_alive(pool: Pool, link_hash: bytes, now: datetime) -> bool:
    """Return whether there is such a link, neither expired nor tried too often."""
    return bool(await pool.fetchval(ALIVE, link_hash, now))


async def tried(pool: Pool, link_hash: bytes, now: datetime) -> Link | None:
    """Count a try at a link's passcode before it is looked at, and return the link; None for a dead one."""
    row = await pool.fetchrow(TRY, link_hash, now)
    return None if row is None else _link(row)


async def was_right(pool: Pool, link_hash: bytes) -> None:
    """Give a try back whose passcode was right."""
    await pool.execute(RIGHT, link_hash)


async def forget_links(pool: Pool, before: datetime, rows_max: int) -> int:
    """Forget at most so many links that have expired."""
    return int((await pool.execute(FORGET_LINKS, before, rows_max)).split()[-1])


def _link(row: Any) -> Link:
    return Link(
        link_hash=row["link_hash"],
        passcode_hash=row["passcode_hash"],
        key_no=row["key_no"],
        space=SpaceId(row["space_id"]),
        summary=RecordId(row["summary_id"]),
        made_by=PersonId(row["made_by"]),
        expires_at=row["expires_at"],
    )
