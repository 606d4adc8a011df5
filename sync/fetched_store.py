"""What devices have already of that which a prompt would tell their person, in PostgreSQL.

It is noted only as long as such a prompt is planned, with the prompt, and goes with it: there is no other trace of what
was read, and none that a partner could ask for.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from domain.ids import SpaceId
from sync.ports import Caller

_log = logging.getLogger("haven")

AWAITED: Final = """EXISTS (
        SELECT FROM prompt p
        WHERE p.person_id = $2 AND p.couple_id = s.couple_id AND p.state IN ('planned', 'claimed')
            AND p.arrived <> '[]'::bytea
    )"""
"""Whether a prompt for $2 about what has arrived in the space `s` is planned."""

NOTE_FETCHED: Final = """
UPDATE prompt p SET fetched = p.fetched || there.ids
FROM (
    SELECT p.prompt_id, array_agg(DISTINCT r.id) AS ids
    FROM unnest($1::uuid[], $3::bigint[]) AS has (space_id, upto)
    JOIN space s ON s.space_id = has.space_id
    JOIN member m ON m.space_id = s.space_id AND m.person_id = $2 AND m.left_on IS NULL
    JOIN prompt p ON p.person_id = $2 AND p.couple_id = s.couple_id AND p.state IN ('planned', 'claimed')
    CROSS JOIN LATERAL regexp_matches(encode(p.arrived, 'escape'), '"record":"([0-9a-f-]{36})"', 'g') AS named (ids)
    JOIN record r ON r.space_id = s.space_id
        AND r.id = CASE WHEN named.ids[1] ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN named.ids[1]::uuid END
        AND r.version <= has.upto AND r.kind = coalesce($4, r.kind) AND NOT r.id = ANY(p.fetched)
    GROUP BY p.prompt_id
) there
WHERE p.person_id = $2 AND p.prompt_id = there.prompt_id"""
"""Ids are looked for in what has arrived rather than read out of it as JSON: a cast that fails would fail the pull."""


async def note_fetched(pool: Any, caller: Caller, has: Mapping[SpaceId, int], kind: str | None) -> None:
    """Note what this device has by having these versions of spaces; with a `kind`, it has them of that kind alone.

    Where it cannot be noted, somebody may be told of what they have; a pull brings what it brings all the same.
    """
    try:
        await pool.execute(NOTE_FETCHED, list(has), caller.person, list(has.values()), kind)
    except Exception as fault:  # noqa: BLE001 - nothing that goes wrong here is a reason to bring nothing
        _log.error("fetched", extra={"event": "fetched_not_noted", "code": type(fault).__name__})
