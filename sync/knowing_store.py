"""Read of many people at once what their prompts depend on: their own records and their couples', no partner's own.

It is the worker's: no device asks for it, and nothing of it leaves the process. Each statement names whose spaces it
reads by the person's own membership.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId, RecordId, SpaceId
from domain.records import Record
from sync.ports import Keys
from sync.sealing import SealBroken, SpaceKeys
from sync.store import RECORD_COLUMNS, record_of

_log = logging.getLogger("haven")

OWN: Final = {"settings": 1, "boundary": 40, "step_date": 40, "check_in": 12, "balance_note": 3}
"""Of a person's own, and how many of the newest are enough."""
PAUSES_READ: Final = 200
"""More than two begin in two days, unless one of them means to hide a pause behind others."""
SHARED: Final = {"pause": PAUSES_READ, "shown_boundary": 40}
PROTECTING: Final = frozenset({"settings", "boundary", "pause", "shown_boundary", "response"})
"""By these somebody is left in peace; where one of them does not open, nobody can say whether they want to be."""
WROTE: Final = ("check_in", "reflection", "balance_note", "note_draft", "step_date", "boundary", "own_goal", "settings")
WROTE_TOGETHER: Final = ("note", "goal_terms", "goal_act", "progress", "response", "repair", "support_offer")
"""By the newest of these it is known when somebody last did something, and what. None of them changes by what the other
does: that would be no act of theirs."""
GOALS_MAX: Final = 100
ANSWERS_MAX: Final = 10
"""Of each of the two to one repair: what one of them writes hides nothing of the other."""


class Whom(Struct, frozen=True, kw_only=True):
    """One person, their space, that of their couple, and what of it is asked about."""

    person: PersonId
    personal: SpaceId
    couple: SpaceId | None
    asked: Collection[RecordId] = ()


class Read(Struct, frozen=True):
    """A record, and when it was last changed."""

    record: Record
    changed_at: datetime


async def own_and_shared(
    asker: Any, keys: Keys, whom: Sequence[Whom]
) -> tuple[dict[PersonId, list[Read]], frozenset[PersonId]]:
    """Return for each person the newest of their own records and of what both see, and all that was asked about.

    What was asked about comes with its parent and the answers to it. The newest come first. Besides it returns of whom
    something that protects them is there and does not open.
    """
    rows = await asker.fetch(
        NEWEST,
        *_columns(whom),
        [each.person for each in whom for _ in each.asked],
        [each.couple for each in whom for _ in each.asked],
        [identity for each in whom for identity in each.asked],
        list(OWN),
        list(OWN.values()),
        list(SHARED),
        list(SHARED.values()),
    )
    closed: set[PersonId] = set()
    return await _opened(keys, whom, rows, closed), frozenset(closed)


async def named(asker: Any, keys: Keys, whom: Sequence[Whom]) -> dict[PersonId, list[Read]]:
    """Return what is asked about alone, of the couple's space."""
    rows = await asker.fetch(
        NAMED,
        [each.person for each in whom for _ in each.asked],
        [each.couple for each in whom for _ in each.asked],
        [identity for each in whom for identity in each.asked],
    )
    return await _opened(keys, whom, rows)


async def goals(asker: Any, keys: Keys, whom: Sequence[Whom]) -> dict[PersonId, list[Read]]:
    """Return the goals of each person's couple that have not ended."""
    rows = await asker.fetch(GOALS, [each.person for each in whom], [each.couple for each in whom], GOALS_MAX)
    return await _opened(keys, whom, rows)


async def last_wrote(asker: Any, whom: Sequence[Whom]) -> dict[PersonId, dict[str, datetime]]:
    """Return by person and kind when they last changed a record of theirs, as far as that stands.

    What was removed for so long that nothing of it is kept was changed last by nobody. Of letters it is said when they
    were given: that may have been done by the worker, so that it is no act by itself; their drafts tell of those.
    """
    rows = await asker.fetch(LAST_WROTE, *_columns(whom), list(WROTE), list(WROTE_TOGETHER))
    found: dict[PersonId, dict[str, datetime]] = {each.person: {} for each in whom}
    for row in rows:
        found[row["person_id"]][row["kind"]] = row["changed_at"]
    return found


def _columns(whom: Sequence[Whom]) -> tuple[list[Any], list[Any], list[Any]]:
    return [each.person for each in whom], [each.personal for each in whom], [each.couple for each in whom]


async def _opened(
    keys: Keys, whom: Sequence[Whom], rows: Sequence[Any], closed: set[PersonId] | None = None
) -> dict[PersonId, list[Read]]:
    """Open them; what does not open is left out: one bad row must stop nobody. Nothing of it is logged.

    In `closed` is noted whom it would have protected.
    """
    found: dict[PersonId, list[Read]] = {each.person: [] for each in whom}
    opener = await keys.of({SpaceId(row["space_id"]) for row in rows})
    for row in rows:
        try:
            record = _record(opener, row)
        except Exception as fault:  # noqa: BLE001 - whatever is the matter with one row, the others are read
            _log.error("record", extra={"event": "prompt_record_unreadable", "code": type(fault).__name__})
            if closed is not None and row["kind"] in PROTECTING and not row["gone"]:
                closed.add(row["person_id"])
            continue
        found[row["person_id"]].append(Read(record, row["changed_at"]))
    return found


def _record(opener: Mapping[SpaceId, SpaceKeys], row: Any) -> Record:
    space, identity = SpaceId(row["space_id"]), UUID(str(row["id"]))
    keys = opener.get(space)
    if keys is None:
        raise SealBroken
    return record_of(row, lambda kind, sealed: keys.open(kind, identity, sealed))


_THERE: Final = """
whom AS (
    SELECT w.person_id, w.personal, m.space_id AS couple
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (person_id, personal, couple)
    LEFT JOIN member m ON m.space_id = w.couple AND m.person_id = w.person_id AND m.left_on IS NULL
)"""

_ASKED: Final = """
    FROM unnest({0}::uuid[], {1}::uuid[], {2}::uuid[]) AS a (person_id, couple, id)
    JOIN member m ON m.space_id = a.couple AND m.person_id = a.person_id AND m.left_on IS NULL"""

NEWEST: Final = f"""
WITH {_THERE},
asked AS (
    SELECT a.person_id, r.* {_ASKED.format("$4", "$5", "$6")}
    JOIN record r ON r.space_id = a.couple AND r.id = a.id
)
SELECT w.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS}
FROM whom w
CROSS JOIN unnest($7::text[], $8::integer[]) AS k (kind, most)
CROSS JOIN LATERAL (
    SELECT * FROM record WHERE space_id = w.personal AND kind = k.kind AND NOT gone AND NOT removed
    ORDER BY version DESC LIMIT k.most
) r
UNION ALL
SELECT w.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS}
FROM whom w
CROSS JOIN unnest($9::text[], $10::integer[]) AS k (kind, most)
CROSS JOIN LATERAL (
    SELECT * FROM record WHERE space_id = w.couple AND kind = k.kind AND NOT gone AND NOT removed
    ORDER BY version DESC LIMIT k.most
) r
UNION ALL
SELECT r.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS} FROM asked r
UNION ALL
SELECT a.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS}
FROM (SELECT DISTINCT person_id, space_id, family FROM asked WHERE family IS NOT NULL) a
JOIN record r ON r.space_id = a.space_id AND r.id = a.family
UNION ALL
SELECT a.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS}
FROM (
    SELECT person_id, space_id, id AS family FROM asked WHERE kind = 'repair'
    UNION SELECT person_id, space_id, family FROM asked WHERE kind = 'response'
) a
JOIN member m ON m.space_id = a.space_id
CROSS JOIN LATERAL (
    SELECT * FROM record
    WHERE space_id = a.space_id AND family = a.family AND kind = 'response' AND author = m.person_id
    ORDER BY version DESC LIMIT {ANSWERS_MAX}
) r"""

NAMED: Final = f"""
SELECT a.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS} {_ASKED.format("$1", "$2", "$3")}
JOIN record r ON r.space_id = a.couple AND r.id = a.id"""

GOALS: Final = f"""
SELECT w.person_id, r.space_id, r.changed_at, {RECORD_COLUMNS}
FROM unnest($1::uuid[], $2::uuid[]) AS w (person_id, couple)
JOIN member m ON m.space_id = w.couple AND m.person_id = w.person_id AND m.left_on IS NULL
CROSS JOIN LATERAL (
    SELECT * FROM record WHERE space_id = w.couple AND kind = 'goal' AND NOT gone AND NOT removed AND NOT ended
    ORDER BY version DESC LIMIT $3
) r"""

_BY_HAND: Final = """EXISTS (
        SELECT FROM outcome o WHERE o.space_id = w.personal AND o.settled_at = r.changed_at
    )"""
"""Whether a change was pushed by a device of its person, and not made by the worker: only a push has outcomes.

Asked of drafts alone whose words were given, and only of the newest: a dated one is given by the worker, days after its
writer did anything, and nothing of it says so. Outcomes are kept for three months; what was longer ago is no act.
"""

LAST_WROTE: Final = f"""
WITH {_THERE}
SELECT w.person_id, k.kind, r.changed_at
FROM whom w
CROSS JOIN unnest($4::text[]) AS k (kind)
CROSS JOIN LATERAL (
    SELECT changed_at FROM record r
    WHERE space_id = w.personal AND kind = k.kind AND (NOT gone OR shown_id IS NOT NULL AND {_BY_HAND})
    ORDER BY version DESC LIMIT 1
) r
UNION ALL
SELECT w.person_id, k.kind, r.changed_at
FROM whom w
CROSS JOIN unnest($5::text[]) AS k (kind)
CROSS JOIN LATERAL (
    SELECT changed_at FROM record WHERE space_id = w.couple AND kind = k.kind AND author = w.person_id AND NOT gone
    ORDER BY version DESC LIMIT 1
) r"""
