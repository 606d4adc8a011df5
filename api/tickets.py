"""Tickets for the live stream: for one use, for thirty seconds, for the device that asked."""

import re
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from api.auth import SECRET_BYTES, unauthenticated
from api.postgres import Pool
from domain.ids import DeviceId, PersonId

LIFE_S: Final = 30

_TICKET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


async def issue(pool: Pool, person: PersonId, device: DeviceId, secret: bytes, now: datetime) -> str:
    """Make a ticket of 32 random bytes; only its hash is stored."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("a ticket's secret has 32 bytes")
    ticket = urlsafe_b64encode(secret).decode().rstrip("=")
    await pool.execute(ISSUE, _hash(ticket), person, device, now + timedelta(seconds=LIFE_S))
    return ticket


async def redeem(pool: Pool, ticket: str, now: datetime) -> tuple[PersonId, DeviceId]:
    """Use a ticket up and return whose it is; raise the 401 if it was used, is too old, or its device may not."""
    if _TICKET.fullmatch(ticket) is None:
        raise unauthenticated()
    row = await pool.fetchrow(REDEEM, _hash(ticket), now)
    if row is None or not await pool.fetchval(MAY_LISTEN, row["person_id"], row["device_id"], now.date()):
        raise unauthenticated()
    return row["person_id"], row["device_id"]


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()


ISSUE: Final = "INSERT INTO live_ticket (ticket_hash, person_id, device_id, expires_at) VALUES ($1, $2, $3, $4)"

REDEEM: Final = """
DELETE FROM live_ticket WHERE ticket_hash = $1 AND expires_at > $2 RETURNING person_id, device_id
"""

MAY_LISTEN: Final = """
SELECT true FROM device WHERE person_id = $1 AND device_id = $2 AND revoked_on IS NULL AND expires_on >= $3
    AND coalesce(token_sha256, next_token_sha256) IS NOT NULL
"""
