"""Push targets in PostgreSQL. Whoever adds or takes one away does so in the transaction that gives the reason."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final

from domain.ids import DeviceId, PersonId
from notifications.targets import Kept


async def put(connection: Any, target: Kept, key_no: int, known_as: Sequence[bytes]) -> None:
    """Make this the one target of its device, and its value nobody else's. The caller holds the person's row.

    `known_as`: under which hashes the value may be stored already, by keys of today and before.
    """
    await connection.execute(MAKE_ROOM, target.person, target.device, known_as)
    await connection.execute(
        PUT,
        target.value_hash,
        key_no,
        target.person,
        target.device,
        target.kind,
        target.platform,
        target.sealed,
        target.registered_on,
        target.registration,
    )


async def of_persons(asker: Any, persons: Collection[PersonId]) -> list[Kept]:
    """Return all targets of these persons, in no order, however old."""
    return [
        Kept(
            person=row["person_id"],
            device=row["device_id"],
            kind=row["kind"],
            platform=row["platform"],
            sealed=row["value"],
            value_hash=row["value_hash"],
            registered_on=row["registered_on"],
            registration=row["registration_id"],
        )
        for row in await asker.fetch(OF_PERSONS, persons)
    ]


async def drop_of_device(connection: Any, person: PersonId, device: DeviceId) -> None:
    """Forget how one device of a person is reached. Twice is once."""
    await connection.execute(DROP_OF_DEVICE, person, device)


async def drop_of_person(connection: Any, person: PersonId) -> None:
    """Forget how a person's devices are reached."""
    await connection.execute(DROP_OF_PERSON, person)


async def drop_unchanged(asker: Any, dead: Sequence[Kept]) -> int:
    """Forget targets that FCM gave up, unless they were registered anew since they were read; return how many went."""
    return _rows(
        await asker.execute(DROP_UNCHANGED, [each.value_hash for each in dead], [each.registration for each in dead])
    )


async def forget_targets(asker: Any, before: date, rows_max: int) -> int:
    """Forget at most so many targets that were registered before; return how many went."""
    return _rows(await asker.execute(FORGET_TARGETS, before, rows_max))


MAKE_ROOM: Final = """
DELETE FROM push_target WHERE (person_id = $1 AND device_id = $2) OR value_hash = ANY($3::bytea[])"""

PUT: Final = """
INSERT INTO push_target
    (value_hash, key_no, person_id, device_id, kind, platform, value, registered_on, registration_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (value_hash) DO UPDATE SET key_no = excluded.key_no, person_id = excluded.person_id,
    device_id = excluded.device_id, kind = excluded.kind, platform = excluded.platform, value = excluded.value,
    registered_on = excluded.registered_on, registration_id = excluded.registration_id"""
"""In conflict only with somebody who registers the same value at the same moment: the later one has it."""

OF_PERSONS: Final = """
SELECT person_id, device_id, kind, platform, value, value_hash, registered_on, registration_id
FROM push_target WHERE person_id = ANY($1::uuid[])"""

DROP_OF_DEVICE: Final = "DELETE FROM push_target WHERE person_id = $1 AND device_id = $2"

DROP_OF_PERSON: Final = "DELETE FROM push_target WHERE person_id = $1"

DROP_UNCHANGED: Final = """
DELETE FROM push_target WHERE (value_hash, registration_id) IN (SELECT * FROM unnest($1::bytea[], $2::uuid[]))"""

FORGET_TARGETS: Final = """
DELETE FROM push_target WHERE value_hash IN (
    SELECT value_hash FROM push_target WHERE registered_on < $1 LIMIT $2)"""


def _rows(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
