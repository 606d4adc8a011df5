"""Where people stand, many at once: their spaces, their couples, and whether push may reach them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from domain.couples import ConsentEvent
from domain.ids import CoupleId, PersonId, SpaceId


class Stands(Struct, frozen=True, kw_only=True):
    """One person with an account that is not being deleted."""

    person: PersonId
    personal: SpaceId
    couple: CoupleId | None
    couple_space: SpaceId | None
    members: Sequence[PersonId]
    paired_at: datetime | None
    parted_at: datetime | None
    """When the last couple that they were in parted."""
    has_target: bool
    has_phone: bool
    """Whether one of these targets can be told without anything's being shown: a browser cannot."""


async def standing(asker: Any, people: Collection[PersonId], fresh_from: date) -> dict[PersonId, Stands]:
    """Return how these people stand; `fresh_from` is the first day of registrations that are still sent to."""
    rows = await asker.fetch(STANDING, list(people), fresh_from)
    return {
        row["person_id"]: Stands(
            person=row["person_id"],
            personal=row["space_id"],
            couple=row["couple_id"],
            couple_space=row["couple_space"],
            members=tuple(row["members"] or ()),
            paired_at=row["paired_at"],
            parted_at=row["parted_at"],
            has_target=row["has_target"],
            has_phone=row["has_phone"],
        )
        for row in rows
    }


async def said(asker: Any, people: Collection[PersonId]) -> dict[PersonId, list[ConsentEvent]]:
    """Return the last that each of these people said about each purpose."""
    found: dict[PersonId, list[ConsentEvent]] = {person: [] for person in people}
    for row in await asker.fetch(SAID, list(people)):
        event = ConsentEvent(
            purpose=row["purpose"], text_version=row["text_version"], given=row["given"], at=row["said_at"]
        )
        found[row["person_id"]].append(event)
    return found


async def told_heads(asker: Any, people: Collection[PersonId]) -> dict[PersonId, int]:
    """Return the heads of couples' spaces as these people are told them; who is in no couple is left out."""
    return {row["person_id"]: row["head"] for row in await asker.fetch(TOLD_HEADS, list(people))}


TOLD_HEADS: Final = """
SELECT p.person_id,
    CASE WHEN s.hushed_by IS NULL OR s.hushed_by = p.person_id OR s.hushed_upto <> s.head THEN s.head
        ELSE s.hushed_from END AS head
FROM person p
JOIN person_space pc ON pc.person_id = p.person_id AND pc.couple_id = p.active_couple
JOIN space s ON s.space_id = pc.space_id AND s.state = 'active'
WHERE p.person_id = ANY($1::uuid[]) AND p.deletion_at IS NULL"""
"""As `sync.ports.Space.told_to`: what concerns the other alone moves nothing."""

STANDING: Final = """
SELECT p.person_id, p.space_id, c.couple_id, c.space_id AS couple_space, c.paired_at,
    (SELECT array_agg(m.person_id ORDER BY m.person_id) FROM member m WHERE m.space_id = c.space_id) AS members,
    (
        SELECT max(s.closed_at) FROM person_space ps JOIN space s ON s.space_id = ps.space_id
        WHERE ps.person_id = p.person_id AND ps.place > 0
    ) AS parted_at,
    EXISTS (SELECT FROM push_target t WHERE t.person_id = p.person_id AND t.registered_on >= $2) AS has_target,
    EXISTS (
        SELECT FROM push_target t WHERE t.person_id = p.person_id AND t.registered_on >= $2 AND t.platform <> 'web'
    ) AS has_phone
FROM person p
LEFT JOIN person_space pc ON pc.person_id = p.person_id AND pc.couple_id = p.active_couple
LEFT JOIN space c ON c.space_id = pc.space_id AND c.state = 'active'
WHERE p.person_id = ANY($1::uuid[]) AND p.deletion_at IS NULL"""

SAID: Final = """
SELECT DISTINCT ON (person_id, purpose) person_id, purpose, text_version, given, said_at FROM consent
WHERE person_id = ANY($1::uuid[]) ORDER BY person_id, purpose, place DESC"""
