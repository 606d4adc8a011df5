"""Links to summaries, in PostgreSQL: every statement beside the function that runs it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from api.postgres import Pool
from api.store import Asker, Transaction
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
    shows: Sequence[PersonId]
    """Whose parts it may show: who agreed to it when it was made, and has not withdrawn that since."""


_COLUMNS: Final = "link_hash, passcode_hash, key_no, space_id, summary_id, made_by, expires_at, shows"

ADD: Final = f"""
WITH earlier AS (DELETE FROM counsel_link WHERE summary_id = $5 AND space_id = $4)
INSERT INTO counsel_link ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""

_ALIVE: Final = f"link_hash = $1 AND expires_at > $2 AND wrong < {WRONG_MAX} AND NOT ended"

FOUND: Final = f"SELECT {_COLUMNS} FROM counsel_link WHERE {_ALIVE}"

TRY: Final = f"UPDATE counsel_link SET wrong = wrong + 1 WHERE {_ALIVE} RETURNING {_COLUMNS}"

RIGHT: Final = "UPDATE counsel_link SET wrong = wrong - 1 WHERE link_hash = $1 AND wrong > 0"

END: Final = "UPDATE counsel_link SET ended = true WHERE summary_id = $1 AND space_id = $2"

WITHDRAW: Final = """
UPDATE counsel_link SET shows = array_remove(shows, $1), ended = ended OR made_by = $1
WHERE made_by = $1 OR $1 = ANY(shows)"""
"""No index: the table holds the links of the last days."""

ENDED: Final = f"""
SELECT {_COLUMNS} FROM counsel_link WHERE ended AND ($1::uuid IS NULL OR made_by = $1) ORDER BY random() LIMIT $2"""
"""By chance, so that one whose summary cannot be told now keeps no other waiting."""

FORGET_ENDED: Final = "DELETE FROM counsel_link WHERE summary_id = $1 AND space_id = $2 AND ended"

IS_LINKED: Final = "SELECT EXISTS (SELECT FROM counsel_link WHERE summary_id = $1 AND space_id = $2)"

DROP_ALL: Final = "DELETE FROM counsel_link WHERE space_id = $1"
"""No index, as above."""

FORGET_LINKS: Final = """
DELETE FROM counsel_link WHERE link_hash IN (
    SELECT link_hash FROM counsel_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
)"""


async def add(connection: Transaction, link: Link) -> None:
    """Keep a link; the earlier one to the same summary is dead."""
    await connection.execute(
        ADD,
        link.link_hash,
        link.passcode_hash,
        link.key_no,
        link.space,
        link.summary,
        link.made_by,
        link.expires_at,
        link.shows,
    )


async def found(pool: Pool, link_hash: bytes, now: datetime) -> Link | None:
    """Return such a link, unless it has ended, expired, or was tried too often."""
    row = await pool.fetchrow(FOUND, link_hash, now)
    return None if row is None else _link(row)


async def tried(pool: Pool, link_hash: bytes, now: datetime) -> Link | None:
    """Count a try at a link's passcode before it is looked at, and return the link; None for a dead one."""
    row = await pool.fetchrow(TRY, link_hash, now)
    return None if row is None else _link(row)


async def was_right(pool: Pool, link_hash: bytes) -> None:
    """Give a try back whose passcode was right."""
    await pool.execute(RIGHT, link_hash)


async def end(asker: Asker, space: SpaceId, summary: RecordId) -> None:
    """Let the link to a summary be dead at once and for good; the row waits until its summary says so."""
    await asker.execute(END, summary, space)


async def withdraw(connection: Transaction, person: PersonId) -> None:
    """Let the links that this person has made be dead for good, and no other show their parts ever again."""
    await connection.execute(WITHDRAW, person)


async def ended(pool: Pool, maker: PersonId | None, most: int) -> list[Link]:
    """Return at most so many links that have ended, of one maker or of all, and whose summaries are to be told."""
    return [_link(row) for row in await pool.fetch(ENDED, maker, most)]


async def forget_ended(asker: Asker, space: SpaceId, summary: RecordId) -> None:
    """Forget the link to a summary that has ended."""
    await asker.execute(FORGET_ENDED, summary, space)


async def is_linked(asker: Asker, space: SpaceId, summary: RecordId) -> bool:
    """Return whether there is a link to a summary."""
    return bool(await asker.fetchval(IS_LINKED, summary, space))


async def drop_all(connection: Transaction, space: SpaceId) -> None:
    """Let every link into a space be dead for good."""
    await connection.execute(DROP_ALL, space)


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
        shows=tuple(PersonId(each) for each in row["shows"]),
    )
