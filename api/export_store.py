"""SQL of exports: what a device may fetch, until when, and what of it was fetched."""

from datetime import datetime
from typing import Final
from uuid import UUID

from api.postgres import Pool
from api.store import Transaction
from domain.ids import DeviceId, PersonId


async def add(connection: Transaction, person: PersonId, export: UUID, device: DeviceId, expires_at: datetime) -> None:
    """Let a device fetch each form of an export once."""
    await connection.execute(ADD, person, export, device, expires_at)


async def claim(pool: Pool, person: PersonId, export: UUID, device: DeviceId, form: str, now: datetime) -> bool:
    """Use one form of an export up; False when it is not there for this device, or not any more."""
    return await pool.fetchval(CLAIM, person, export, device, form, now) is not None


async def give_back(pool: Pool, person: PersonId, export: UUID, form: str) -> None:
    """Let a form be fetched again that has not come whole."""
    await pool.execute(GIVE_BACK, person, export, form)


async def forget(pool: Pool, before: datetime, rows_max: int) -> int:
    """Delete exports that ran out before; return how many."""
    return int((await pool.execute(FORGET, before, rows_max)).rpartition(" ")[2])


ADD: Final = """
INSERT INTO export (person_id, export_id, device_id, expires_at, fetched) VALUES ($1, $2, $3, $4, '{}')
"""

CLAIM: Final = """
UPDATE export SET fetched = fetched || $4::text
WHERE person_id = $1 AND export_id = $2 AND device_id = $3 AND expires_at > $5 AND $4::text <> ALL (fetched)
RETURNING export_id
"""

GIVE_BACK: Final = """
UPDATE export SET fetched = array_remove(fetched, $3::text) WHERE person_id = $1 AND export_id = $2
"""

FORGET: Final = """
DELETE FROM export WHERE (person_id, export_id) IN (
    SELECT person_id, export_id FROM export WHERE expires_at < $1 LIMIT $2)
"""
