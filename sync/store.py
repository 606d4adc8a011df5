"""Spaces in PostgreSQL: every statement of sync beside the function that runs it.

A push is one statement to load and one to save; a pull is one. Each statement carries the caller's membership: no
row, no right. Times and ids are parameters, and a space's head is the only lock: it is raised by the statement that
stores, and only from the value that was read.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kinds import has_ended
from domain.records import Record
from sync import fetched_store, owed_store, shadow_store
from sync.alike import ANSWERS_MAX, alike_id, alike_of, answers_to
from sync.bodies import canonical, decoded, packed, packed_purge, unpacked, unpacked_purge
from sync.fetched_store import AWAITED
from sync.life_store import BUMP_SPACE, IN_THIS_LIFE
from sync.lives import earlier, wire_epoch
from sync.ports import (
    Behind,
    Box,
    Caller,
    Dated,
    History,
    Hushed,
    Keys,
    Loaded,
    Member,
    Open,
    Owed,
    Page,
    Past,
    PurgeScope,
    RecordKey,
    Revision,
    Row,
    Shadow,
    Space,
    Stood,
    Stored,
    Value,
    Wanted,
    Words,
    Writes,
    stood_until,
)
from sync.sealing import SealBroken, SpaceKeys
from sync.wire import Outcome
from sync.withheld import COPIED, SEEN_OPEN

log = logging.getLogger("haven.sync")

REVISIONS_LOOKED_THROUGH_MAX: Final = 10_000
"""Earlier values of a record that one purge or refusal looks through, the newest: one edit every four minutes for a
month. A purge destroys those beyond unseen, the partner's among them."""

BOXES_LOOKED_THROUGH_MAX: Final = 500
"""Destroyed boxes of words without a place that one push with refusals looks through, the newest."""

_OUTCOMES = msgspec.json.Decoder(Outcome)
_VALUES = msgspec.json.Decoder(tuple[Value, ...])

_MINE: Final = """
WITH mine AS (
    SELECT s.* FROM space s
    JOIN member m ON m.space_id = s.space_id
    WHERE s.space_id = ANY($1::uuid[]) AND m.person_id = $2 AND m.left_on IS NULL
)"""

_SPACE_COLUMNS: Final = """
    s.space_id, s.home, s.couple_id, s.state, s.head, s.epoch, s.store_epoch, s.past_store_epochs,
    s.past_epochs, s.past_heads, s.horizon, s.hushed_by, s.hushed_from, s.hushed_upto,
    (SELECT past || epoch FROM store_epoch) AS store_lives,
    (SELECT array_agg(p.person_id) FROM member p WHERE p.space_id = s.space_id) AS persons,
    (SELECT array_agg(p.personal_space_id) FROM member p WHERE p.space_id = s.space_id) AS inboxes"""

_NO_SPACE: Final = """
    NULL::text AS home, NULL::uuid AS couple_id, NULL::text AS state, NULL::bigint AS head, NULL::uuid AS epoch,
    NULL::uuid AS store_epoch, NULL::uuid[] AS past_store_epochs, NULL::uuid[] AS past_epochs,
    NULL::bigint[] AS past_heads, NULL::bigint AS horizon, NULL::uuid AS hushed_by, NULL::bigint AS hushed_from,
    NULL::bigint AS hushed_upto, NULL::uuid[] AS store_lives, NULL::uuid[] AS persons, NULL::uuid[] AS inboxes"""

_NO_RECORD: Final = """
    NULL::uuid AS id, NULL::text AS kind, NULL::bigint AS version, NULL::bigint AS created, NULL::uuid AS author,
    NULL::boolean AS removed, NULL::boolean AS gone, NULL::smallint AS schema, NULL::bytea AS stamps,
    NULL::uuid AS family, NULL::uuid AS shown_id, NULL::bytea AS purged, NULL::bytea AS body,
    NULL::timestamptz AS due_at, NULL::bigint AS shut_at"""

_REVISED_RECORD: Final = (
    _NO_RECORD.replace("NULL::uuid AS id", "r.id")
    .replace("NULL::text AS kind", "r.kind")
    .replace("NULL::bigint AS version", "v.version")
    .replace("NULL::timestamptz AS due_at", "v.changed_at AS due_at")
)

RECORD_COLUMNS: Final = """
    r.id, r.kind, r.version, r.created, r.author, r.removed, r.gone, r.schema, r.stamps, r.family, r.shown_id,
    r.purged, r.body, r.due_at, r.shut_at"""

LOAD: Final = f"""{_MINE},
named AS (
    SELECT r.* FROM mine JOIN record r ON r.space_id = mine.space_id AND r.id = ANY($3::uuid[])
)
SELECT 'space' AS part, {_SPACE_COLUMNS}, {_NO_RECORD}, NULL::bytea AS outcome, NULL::bigint AS live
FROM mine s
UNION ALL
SELECT 'record', r.space_id, {_NO_SPACE}, {RECORD_COLUMNS}, NULL, NULL FROM named r
UNION ALL
SELECT 'record', r.space_id, {_NO_SPACE}, {RECORD_COLUMNS}, NULL, NULL
FROM mine JOIN record r ON r.space_id = mine.space_id
WHERE r.id IN (SELECT shown_id FROM named WHERE shown_id IS NOT NULL)
UNION ALL
SELECT 'record', r.space_id, {_NO_SPACE}, {RECORD_COLUMNS}, NULL, NULL
FROM unnest($4::uuid[], $5::text[]) AS wanted (family, kind)
CROSS JOIN mine
JOIN record r ON r.space_id = mine.space_id AND r.family = wanted.family AND r.kind = wanted.kind
UNION ALL
SELECT 'outcome', o.space_id, {_NO_SPACE}, {_NO_RECORD}, o.outcome, NULL
FROM mine JOIN outcome o ON o.space_id = mine.space_id AND o.device_id = $6 AND o.key = ANY($7::uuid[])
UNION ALL
SELECT 'count', counted.space_id, {_NO_SPACE}, {_NO_RECORD.replace("NULL::text AS kind", "counted.kind")},
    NULL, counted.live
FROM (
    SELECT r.space_id, r.kind, count(*) AS live
    FROM mine JOIN record r ON r.space_id = mine.space_id
    WHERE r.kind = ANY($8::text[]) AND NOT r.removed AND NOT r.gone AND NOT r.ended
    GROUP BY r.space_id, r.kind
) counted"""


SETTINGS_OF: Final = f"""{_MINE}
SELECT DISTINCT r.space_id, {RECORD_COLUMNS}
FROM unnest($3::uuid[], $4::uuid[]) AS asked (space_id, id)
JOIN record r ON r.space_id = asked.space_id AND r.id = asked.id AND r.kind = 'settings'
JOIN member p ON p.personal_space_id = r.space_id
JOIN mine ON mine.space_id = p.space_id"""


REPEATED: Final = f"""{_MINE},
answers AS (
    SELECT r.* FROM mine JOIN record r ON r.space_id = mine.space_id AND r.kind = ANY($4::text[])
    WHERE mine.home = 'couple' AND mine.state = 'active' AND r.author <> $2 AND r.changed_at >= $5
    ORDER BY r.version DESC
    LIMIT {ANSWERS_MAX}
),
said AS (
    SELECT r.* FROM (SELECT DISTINCT space_id, family FROM answers) near
    JOIN record r ON r.space_id = near.space_id AND r.family = near.family
    WHERE r.alike = ANY($3::uuid[]) AND r.author = $2
)
SELECT r.space_id, {RECORD_COLUMNS} FROM said r
UNION ALL
SELECT r.space_id, {RECORD_COLUMNS} FROM answers r
WHERE (r.space_id, r.family) IN (SELECT space_id, family FROM said)"""


def _changed_since(only: str = "") -> str:
    return f"""{_MINE}
SELECT 'space' AS part, 0::bigint AS place, {_SPACE_COLUMNS}, NULL::uuid AS id, NULL::text AS kind,
    NULL::bigint AS version, NULL::uuid AS author, NULL::boolean AS removed, NULL::boolean AS gone,
    NULL::bytea AS body, NULL::smallint AS schema, NULL::boolean AS purged, {AWAITED} AS awaited
FROM mine s
UNION ALL
(
    SELECT 'record', asked.place, r.space_id, {_NO_SPACE}, r.id, r.kind, r.told, r.author, r.removed, r.gone,
        r.body, r.schema, r.purged IS NOT NULL, NULL
    FROM unnest($1::uuid[], $3::bigint[]) WITH ORDINALITY AS asked (space_id, after, place)
    JOIN mine ON mine.space_id = asked.space_id
    CROSS JOIN LATERAL (
        (
            SELECT *, record.version AS told FROM record
            WHERE record.space_id = asked.space_id AND record.version > asked.after
                AND (record.shut_at IS NULL OR record.author = $2){only}
            ORDER BY record.version
            LIMIT $4
        )
        UNION ALL
        (
            SELECT *, record.shut_at FROM record
            WHERE record.space_id = asked.space_id AND record.shut_at > asked.after AND record.author <> $2{only}
            ORDER BY record.shut_at
            LIMIT $4
        )
        ORDER BY told
        LIMIT $4
    ) r
    ORDER BY asked.place, r.told
    LIMIT $4
)
UNION ALL
SELECT 'again', 0, r.space_id, {_NO_SPACE}, r.id, r.kind,
    CASE WHEN r.shut_at IS NULL OR r.author = $2 THEN r.version ELSE coalesce(nullif(r.shut_at, 0), r.created) END,
    r.author, r.removed, r.gone, r.body, r.schema, r.purged IS NOT NULL, NULL
FROM mine JOIN record r ON r.space_id = mine.space_id AND r.id = ANY($5::uuid[])"""


CHANGED_SINCE: Final = _changed_since()
CHANGED_SINCE_OF_KIND: Final = _changed_since(" AND record.kind = $6")
"""A statement of its own, so that each has the plan of its own index."""

_RAISE: Final = f"""
    UPDATE space SET head = $2, {IN_THIS_LIFE},
        hushed_from = CASE WHEN $2 = $3 OR ($6::boolean AND hushed_upto = $3 AND hushed_by = $4) THEN hushed_from
            WHEN $6 THEN $3 END,
        hushed_upto = CASE WHEN $2 = $3 THEN hushed_upto WHEN $6 THEN $2 END,
        hushed_by = CASE WHEN $2 = $3 THEN hushed_by WHEN $6 THEN $4 END
    WHERE space_id = $1 AND head = $3 AND (state = 'active' OR $5::boolean)
        AND EXISTS (
            SELECT 1 FROM member m WHERE m.space_id = $1 AND m.person_id = $4 AND m.left_on IS NULL
        )
    RETURNING space_id"""

RAISE_HEAD: Final = _RAISE

RAISE_INBOX: Final = f"""
UPDATE space SET head = head + $2, {IN_THIS_LIFE}
WHERE space_id = $1 AND home = 'personal'
RETURNING head"""
"""The partner's personal space: named by the member row that the load statement found beside the caller's own."""


RAISE_INBOX_READ: Final = f"""
UPDATE space SET head = $2, {IN_THIS_LIFE}
WHERE space_id = $1 AND head = $3 AND home = 'personal' AND $4::uuid IS NOT NULL AND $5::boolean
RETURNING space_id"""
"""Likewise, where a purge has read the partner's box and takes the purged sentences out of it."""

LIFE_OF_MINE: Final = f"""{_MINE}
SELECT s.epoch, s.store_epoch, (SELECT epoch FROM store_epoch) AS life FROM mine s"""


def _insert(first: int, *, left_alone: bool = False) -> str:
    """Return the CTEs that store records, revisions, outcomes and news, their parameters numbered from `first`.

    They write nothing unless `raised` has a row.
    """
    p = [f"${first + n}" for n in range(35)]
    conflict = (
        "DO NOTHING"
        if left_alone
        else """DO UPDATE SET
            kind = excluded.kind, version = excluded.version, created = excluded.created,
            author = excluded.author, removed = excluded.removed, gone = excluded.gone,
            schema = excluded.schema, stamps = excluded.stamps, family = excluded.family,
            shown_id = excluded.shown_id, purged = excluded.purged, changed_at = excluded.changed_at,
            body = excluded.body, due_at = excluded.due_at, shut_at = excluded.shut_at, ended = excluded.ended,
            alike = excluded.alike"""
    )
    return f"""
stored AS (
    INSERT INTO record (space_id, id, kind, version, created, author, removed, gone, schema, stamps, family,
        shown_id, purged, body, due_at, shut_at, ended, alike, changed_at)
    SELECT u.*, {p[0]}::timestamptz
    FROM unnest({p[1]}::uuid[], {p[2]}::uuid[], {p[3]}::text[], {p[4]}::bigint[], {p[5]}::bigint[],
        {p[6]}::uuid[], {p[7]}::boolean[], {p[8]}::boolean[], {p[9]}::smallint[], {p[10]}::bytea[],
        {p[11]}::uuid[], {p[12]}::uuid[], {p[13]}::bytea[], {p[14]}::bytea[], {p[23]}::timestamptz[],
        {p[25]}::bigint[], {p[26]}::boolean[], {p[27]}::uuid[]) u
    WHERE EXISTS (SELECT 1 FROM raised)
    ON CONFLICT (space_id, id) {conflict}
),
behind AS (
    INSERT INTO revision (space_id, record_id, version, body, changed_at)
    SELECT u.space_id, u.record_id, u.version, u.body, coalesce(u.put_at, {p[0]}::timestamptz)
    FROM unnest({p[15]}::uuid[], {p[16]}::uuid[], {p[17]}::bigint[], {p[18]}::bytea[], {p[24]}::timestamptz[])
        AS u (space_id, record_id, version, body, put_at)
    WHERE EXISTS (SELECT 1 FROM raised)
),
settled AS (
    INSERT INTO outcome (space_id, device_id, key, outcome, settled_at)
    SELECT u.space_id, {p[22]}::uuid, u.key, u.outcome, {p[0]}::timestamptz
    FROM unnest({p[19]}::uuid[], {p[20]}::uuid[], {p[21]}::bytea[]) AS u (space_id, key, outcome)
    WHERE EXISTS (SELECT 1 FROM raised)
),
told AS (
    INSERT INTO outbox (space_id, id, person_id, couple_id, kind, record_id, put_at)
    SELECT * FROM unnest({p[28]}::uuid[], {p[29]}::uuid[], {p[30]}::uuid[], {p[31]}::uuid[], {p[32]}::text[],
        {p[33]}::uuid[], {p[34]}::timestamptz[])
    WHERE EXISTS (SELECT 1 FROM raised)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM raised"""


SAVE: Final = f"WITH raised AS ({_RAISE}),{_insert(7)}"
"""One space: its head, and everything behind it, in one statement."""

SAVE_RAISED: Final = f"WITH raised AS (SELECT 1 AS one),{_insert(1)}"
"""The rest of a push into several spaces, whose heads this transaction has raised already."""

DEPOSIT: Final = f"WITH raised AS (SELECT 1 AS one),{_insert(1, left_alone=True)}"

FORGET: Final = """
DELETE FROM revision v USING unnest($1::uuid[], $2::uuid[]) AS f (space_id, record_id)
WHERE v.space_id = f.space_id AND v.record_id = f.record_id"""
"""Runs inside the transaction that has raised the heads of these spaces for the caller."""

SCOPE: Final = f"""{_MINE},
named AS (
    SELECT r.* FROM mine JOIN record r ON r.space_id = mine.space_id AND r.id = $3
),
inboxes AS (
    SELECT DISTINCT p.personal_space_id AS space_id
    FROM named JOIN member p ON p.space_id = named.space_id
),
drafts AS (
    SELECT r.* FROM mine JOIN record r ON r.space_id = mine.space_id AND r.shown_id = $3 WHERE r.gone
),
about AS (
    SELECT r.* FROM named r
    UNION ALL
    SELECT r.* FROM drafts r
    UNION ALL
    SELECT r.* FROM mine JOIN record r ON r.space_id = mine.space_id
    WHERE r.id IN (SELECT shown_id FROM named WHERE shown_id IS NOT NULL)
    UNION ALL
    SELECT r.* FROM inboxes JOIN record r ON r.space_id = inboxes.space_id
    WHERE (r.family = $3 OR r.family IN (SELECT id FROM drafts)) AND r.kind IN ('notice', 'unplaced', 'shelf')
)
SELECT 'space' AS part, {_SPACE_COLUMNS}, {_NO_RECORD}, NULL::bytea AS values FROM mine s
UNION ALL
SELECT 'inbox', {_SPACE_COLUMNS}, {_NO_RECORD}, NULL FROM inboxes JOIN space s ON s.space_id = inboxes.space_id
UNION ALL
SELECT 'record', r.space_id, {_NO_SPACE}, {RECORD_COLUMNS}, NULL FROM about r
UNION ALL
(
    SELECT 'revision', r.space_id, {_NO_SPACE},
        {_REVISED_RECORD},
        v.body
    FROM about r JOIN revision v ON v.space_id = r.space_id AND v.record_id = r.id
    ORDER BY v.version DESC
    LIMIT {REVISIONS_LOOKED_THROUGH_MAX}
)"""

HISTORY: Final = f"""{_MINE}
(
    SELECT 'text' AS part, v.space_id, v.record_id AS id, r.kind, v.version, v.body, NULL::uuid AS family, r.gone,
        NULL::bytea AS purged
    FROM mine
    JOIN record r ON r.space_id = mine.space_id AND r.id = ANY($3::uuid[])
    JOIN revision v ON v.space_id = r.space_id AND v.record_id = r.id
    ORDER BY v.version DESC
    LIMIT {REVISIONS_LOOKED_THROUGH_MAX}
)
UNION ALL
SELECT 'box', r.space_id, r.id, r.kind, NULL, NULL, r.family, r.gone, r.purged
FROM mine JOIN record r ON r.space_id = mine.space_id AND r.id = ANY($4::uuid[])
WHERE r.kind = 'unplaced'
UNION ALL
(
    SELECT 'box', r.space_id, r.id, r.kind, NULL, NULL, r.family, r.gone, r.purged
    FROM mine JOIN record r ON r.space_id = mine.space_id AND r.family = ANY($3::uuid[])
    WHERE r.kind = 'unplaced' AND r.purged IS NOT NULL AND r.id <> ALL($4::uuid[])
    ORDER BY r.version DESC
    LIMIT {BOXES_LOOKED_THROUGH_MAX}
)"""


BEHIND: Final = f"""{_MINE}
SELECT r.space_id, r.author, r.gone, r.removed, mine.state = 'closed' AS closed, v.version, v.changed_at, v.body
FROM mine
JOIN record r ON r.space_id = mine.space_id AND r.id = $3 AND r.kind = $4
LEFT JOIN LATERAL (
    SELECT * FROM revision
    WHERE revision.space_id = r.space_id AND revision.record_id = r.id AND revision.version < $5
    ORDER BY revision.version DESC
    LIMIT $6
) v ON true
ORDER BY v.version DESC"""


PASTS: Final = f"""{_MINE}
SELECT v.record_id, r.kind, r.author, v.version, v.changed_at, v.body
FROM mine
JOIN revision v ON v.space_id = mine.space_id AND (v.record_id, v.version) > ($3::uuid, $4::bigint)
JOIN record r ON r.space_id = v.space_id AND r.id = v.record_id
ORDER BY v.record_id, v.version
LIMIT $5"""


OPEN_TO_PARTNER: Final = f"""{_MINE}
SELECT coalesce(master.id, shown.id) AS id, shown.version
FROM mine
JOIN record shown ON shown.space_id = mine.space_id AND shown.kind = ANY($3::text[])
LEFT JOIN (
    SELECT r.id, r.shown_id FROM mine JOIN record r ON r.space_id = mine.space_id
    WHERE mine.home = 'personal' AND r.kind = ANY($4::text[]) AND r.shown_id IS NOT NULL
) master ON master.shown_id = shown.id
WHERE mine.home = 'couple' AND mine.state = 'active' AND shown.author = $2 AND shown.version > $5
    AND NOT shown.gone AND NOT shown.removed
ORDER BY shown.version
LIMIT $6"""


WAITING_LETTERS: Final = f"""{_MINE}
SELECT r.id FROM mine JOIN record r ON r.space_id = mine.space_id
WHERE mine.home = 'personal' AND r.due_at IS NOT NULL
ORDER BY r.version
LIMIT $3"""


class PostgresStore:
    """`sync.ports.Store` on a pool. `keys` open and seal; what does not open is left out and counted."""

    def __init__(
        self, pool: asyncpg.Pool, keys: Keys, acquire: Callable[[], AbstractAsyncContextManager[Any]] | None = None
    ) -> None:
        self.pool = pool
        self.keys = keys
        self.unopened_total = 0
        self._acquire = acquire or pool.acquire

    @classmethod
    def within(cls, connection: Any, keys: Keys) -> "PostgresStore":
        """Return a store within the caller's transaction. What it saves is stored when that commits."""
        return cls(connection, keys, lambda: nullcontext(connection))

    async def load(self, caller: Caller, wanted: Wanted) -> Loaded:
        """Return one snapshot of what a batch needs."""
        families = list(wanted.families)
        rows = await self.pool.fetch(
            LOAD,
            caller.spaces,
            caller.person,
            list(wanted.ids),
            [family for family, _ in families],
            [kind for _, kind in families],
            caller.device,
            list(wanted.keys),
            list(wanted.counted),
        )
        spaces: dict[SpaceId, Space] = {}
        sealed: list[asyncpg.Record] = []
        outcomes: dict[UUID, Outcome] = {}
        counts: dict[tuple[SpaceId, str], int] = {}
        for row in rows:
            match row["part"]:
                case "space":
                    spaces[SpaceId(row["space_id"])] = _space(row)
                case "record":
                    sealed.append(row)
                case "outcome":
                    outcome = _OUTCOMES.decode(row["outcome"])
                    outcomes[outcome.key] = outcome
                case _:
                    counts[SpaceId(row["space_id"]), row["kind"]] = row["live"]
        spaces = _in_order(caller, spaces)
        opener = await self.keys.of(spaces)
        records: dict[RecordKey, Record] = {}
        unreadable: set[RecordKey] = set()
        for nth, row in enumerate(sealed, 1):
            if nth % OPENED_IN_ONE_GO == 0:
                # Whoever names thirty goals has thirty thousand acts opened: nobody else waits for all of that.
                await asyncio.sleep(0)
            key = (SpaceId(row["space_id"]), RecordId(row["id"]))
            if key in records:
                continue
            try:
                records[key] = self._record(opener, row)
            except SealBroken:
                unreadable.add(key)
        return Loaded(
            spaces=spaces,
            records=records,
            outcomes=outcomes,
            counts=counts,
            unreadable=frozenset(unreadable),
            families=frozenset(families),
        )

    async def settings_of(self, caller: Caller, records: Collection[RecordKey]) -> dict[RecordKey, Record]:
        """Return these settings, each of a person with whom the caller shares a space."""
        rows = await self.pool.fetch(
            SETTINGS_OF,
            caller.spaces,
            caller.person,
            [space for space, _ in records],
            [identity for _, identity in records],
        )
        opener = await self.keys.of({SpaceId(row["space_id"]) for row in rows})
        found: dict[RecordKey, Record] = {}
        for row in rows:
            with suppress(SealBroken):
                found[SpaceId(row["space_id"]), RecordId(row["id"])] = self._record(opener, row)
        return found

    async def repeated(self, caller: Caller, words: Collection[Words], since: datetime) -> list[Record]:
        """Return what the caller has said in these words where the other has answered since, with those answers."""
        opener = await self.keys.of(caller.spaces)
        alike = [alike_id(keys.id_key, caller.person, each) for keys in opener.values() for each in words]
        kinds = list(answers_to(words))
        rows = await self.pool.fetch(REPEATED, caller.spaces, caller.person, alike, kinds, since)
        found: list[Record] = []
        for row in rows:
            with suppress(SealBroken):
                found.append(self._record(opener, row))
        return found

    async def history(self, caller: Caller, records: Collection[RecordKey], boxes: Collection[RecordId]) -> History:
        """Return what these records once held, and the boxes that a refusal has to know of."""
        ids = [record for _, record in records]
        rows = await self.pool.fetch(HISTORY, caller.spaces, caller.person, ids, list(boxes))
        opener = await self.keys.of(caller.spaces)
        texts: dict[RecordKey, set[str]] = {key: set() for key in records}
        once: dict[RecordKey, set[tuple[str, bytes]]] = {key: set() for key in records}
        stood: dict[RecordKey, list[Stood]] = {key: [] for key in records}
        there: list[Box] = []
        for row in rows:
            key = (SpaceId(row["space_id"]), RecordId(row["id"]))
            if row["part"] == "box":
                purged = unpacked_purge(row["purged"])
                there.append(Box(id=key[1], about=row["family"], gone=row["gone"], purged=purged))
            elif key in texts:
                values = self._values(opener, row["space_id"], row["kind"], row["id"], row["body"])
                texts[key] |= {value.value for value in values if isinstance(value.value, str)}
                once[key] |= {(value.field, canonical(value.value)) for value in values}
                stood[key] += stood_until(row["version"], values)
        return History(
            texts={key: frozenset(each) for key, each in texts.items()},
            values={key: frozenset(each) for key, each in once.items()},
            stood={key: tuple(each) for key, each in stood.items()},
            boxes=tuple(there),
        )

    async def behind(self, caller: Caller, kind: str, identity: RecordId, *, before: int, limit: int) -> Behind | None:
        """Return at most `limit` revisions of a record from versions below `before`."""
        rows = await self.pool.fetch(BEHIND, caller.spaces, caller.person, identity, kind, before, limit)
        if not rows:
            return None
        space = min((SpaceId(row["space_id"]) for row in rows), key=caller.spaces.index)
        opener = await self.keys.of([space])
        past: list[Dated] = []
        for row in rows:
            if row["space_id"] == space and row["body"] is not None:
                values = self._values(opener, space, kind, identity, row["body"])
                revision = Revision(space=space, record=identity, version=row["version"], values=values)
                past.append(Dated(revision, row["changed_at"].astimezone(UTC).date()))
        first = next(row for row in rows if row["space_id"] == space)
        return Behind(
            author=PersonId(first["author"]),
            gone=first["gone"],
            removed=first["removed"],
            closed=first["closed"],
            revisions=tuple(past),
        )

    async def pasts(
        self, caller: Caller, space: SpaceId, after: tuple[RecordId, int] | None, *, limit: int
    ) -> list[Past]:
        """Return at most `limit` of what stands behind the records of a space, by record and version."""
        rows = await self.pool.fetch(PASTS, [space], caller.person, *(after or (UUID(int=0), 0)), limit)
        opener = await self.keys.of([space])
        past: list[Past] = []
        for row in rows:
            record = RecordId(row["record_id"])
            values = self._values(opener, space, row["kind"], record, row["body"])
            revision = Revision(space=space, record=record, version=row["version"], values=values)
            on = row["changed_at"].astimezone(UTC).date()
            past.append(
                Past(record=record, kind=row["kind"], author=PersonId(row["author"]), dated=Dated(revision, on))
            )
        return past

    async def shadows(self, caller: Caller, records: Collection[RecordId]) -> list[Shadow]:
        """Return what the caller's device submitted last of these records."""
        return await shadow_store.shadows(self.pool, await self.keys.of(caller.spaces), caller, records)

    async def submitted(self, caller: Caller, kind: str | None, since: datetime, *, limit: int) -> list[RecordId]:
        """Return at most `limit` records, of a kind or of all, that the caller's device has submitted since.

        The newest come first.
        """
        return await shadow_store.submitted(self.pool, caller, kind, since, limit)

    async def owe(self, caller: Caller, owed: Sequence[Owed], *, told: int, now: datetime) -> int | None:
        """Note what the caller's device is to be told once more, and return the raised head of their own space."""
        return await owed_store.owe(self.pool, caller, owed, told, now)

    async def owed(self, caller: Caller, *, after: int, upto: int, limit: int) -> list[Owed]:
        """Return at most `limit` of what the caller's device is to be told, the oldest first."""
        return await owed_store.owed(self.pool, caller, after, upto, limit)

    async def scope(self, caller: Caller, identity: RecordId) -> PurgeScope:
        """Return everything that a purge of this record has to look through."""
        rows = await self.pool.fetch(SCOPE, caller.spaces, caller.person, identity)
        spaces = {SpaceId(row["space_id"]): _space(row) for row in rows if row["part"] == "space"}
        inboxes = {SpaceId(row["space_id"]): _space(row) for row in rows if row["part"] == "inbox"}
        opener = await self.keys.of({*spaces, *inboxes})
        records: list[Record] = []
        revisions: list[Revision] = []
        for row in rows:
            if row["part"] == "record":
                try:
                    records.append(self._record(opener, row))
                except SealBroken:
                    continue
            elif row["part"] == "revision":
                revisions.append(
                    Revision(
                        space=SpaceId(row["space_id"]),
                        record=RecordId(row["id"]),
                        version=row["version"],
                        values=self._values(opener, row["space_id"], row["kind"], row["id"], row["values"]),
                        # The statement gives it in the place of another time, which no revision has.
                        put_at=row["due_at"],
                    )
                )
        return PurgeScope(spaces=spaces, inboxes=inboxes, records=tuple(records), revisions=tuple(revisions))

    async def open_to_partner(self, caller: Caller, after: int, *, limit: int) -> list[Open]:
        """Return at most `limit` of the caller's windows that the partner of today sees."""
        rows = await self.pool.fetch(OPEN_TO_PARTNER, caller.spaces, caller.person, SEEN_OPEN, COPIED, after, limit)
        return [Open(RecordId(row["id"]), row["version"]) for row in rows]

    async def waiting_letters(self, caller: Caller, *, limit: int) -> list[RecordId]:
        """Return at most `limit` of the caller's letters that wait for their time."""
        rows = await self.pool.fetch(WAITING_LETTERS, caller.spaces, caller.person, limit)
        return [RecordId(row["id"]) for row in rows]

    async def begin_anew(self, caller: Caller, space: Space, epoch: UUID) -> None:
        """Give a space a new life from the head that was read on, if it still stands as it was read."""
        row = await self.pool.fetchrow(LIFE_OF_MINE, [space.id], caller.person)
        if row is not None and wire_epoch(row["life"], row["epoch"]) == space.epoch:
            await self.pool.execute(BUMP_SPACE, space.id, epoch, space.head, row["epoch"])

    async def save(self, caller: Caller, writes: Writes, now: datetime) -> dict[SpaceId, int] | None:
        """Store everything and return the new heads, or nothing and None."""
        spaces = {*writes.spaces, *(each.record.space for each in writes.deposits)}
        sealer = await self.keys.of(spaces)
        batch = arrays(sealer, writes, now, caller)
        try:
            simple = not writes.forgotten and not writes.shadows
            if len(spaces) == 1 and simple and spaces.issubset(caller.spaces):
                [space] = writes.spaces.values()
                raised = await self.pool.fetchval(SAVE, *_raising(space, writes, caller), *batch)
                return dict(writes.heads) if raised else None
            async with self._acquire() as connection, connection.transaction():
                return await self._save_several(connection, caller, writes, batch, sealer, now)
        except (
            asyncpg.UniqueViolationError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
            _LostRaceError,
        ):
            # Another request of this device, or of the partner's, was first. The caller loads again.
            return None

    async def _save_several(
        self,
        connection: Any,
        caller: Caller,
        writes: Writes,
        batch: Sequence[Any],
        sealer: Mapping[SpaceId, SpaceKeys],
        now: datetime,
    ) -> dict[SpaceId, int]:
        """Raise each head in id order, each by its own conditional update, then store the rest."""
        deposits: dict[SpaceId, list[Stored]] = {}
        for each in writes.deposits:
            deposits.setdefault(each.record.space, []).append(each)
        numbered: list[Stored] = []
        heads = dict(writes.heads)
        for identity in sorted({*writes.spaces, *deposits}):
            if identity in writes.spaces:
                space = writes.spaces[identity]
                statement = RAISE_HEAD if identity in caller.spaces else RAISE_INBOX_READ
                if await connection.fetchval(statement, *_raising(space, writes, caller)) is None:
                    raise _LostRaceError
            else:
                left = deposits[identity]
                head = await connection.fetchval(RAISE_INBOX, identity, len(left))
                if head is None:
                    continue
                heads[identity] = head
                first = head - len(left) + 1
                numbered += [
                    Stored(msgspec.structs.replace(each.record, version=version, created=version), each.body)
                    for version, each in enumerate(left, first)
                ]
        if writes.forgotten:
            forgotten = list(map(list, zip(*writes.forgotten, strict=True)))
            await connection.execute(FORGET, *forgotten)
            await connection.execute(shadow_store.FORGET_SHADOWS, *forgotten)
        await connection.fetchval(SAVE_RAISED, *batch)
        if writes.shadows:
            await shadow_store.keep_shadows(connection, sealer, caller, writes.shadows, now)
        if numbered:
            only = Writes(spaces={}, heads={}, records=tuple(numbered))
            await connection.fetchval(DEPOSIT, *arrays(sealer, only, now, caller))
        return heads

    async def changed_since(
        self,
        caller: Caller,
        after: Mapping[SpaceId, int],
        *,
        limit: int,
        again: Collection[RecordId] = (),
        kind: str | None = None,
    ) -> Page:
        """Return the caller's spaces and at most `limit` + 1 rows after these versions."""
        rows = await self.pool.fetch(
            CHANGED_SINCE if kind is None else CHANGED_SINCE_OF_KIND,
            caller.spaces,
            caller.person,
            [after.get(space, 0) for space in caller.spaces],
            limit + 1,
            list(again),
            *([] if kind is None else [kind]),
        )
        found = [row for row in rows if row["part"] == "space"]
        spaces = _in_order(caller, {SpaceId(row["space_id"]): _space(row) for row in found})
        awaited = frozenset(SpaceId(row["space_id"]) for row in found if row["awaited"])
        opener = await self.keys.of(spaces)
        page: list[Row] = []
        besides: list[Row] = []
        for row in rows:
            if row["part"] == "space":
                continue
            try:
                out = Row(
                    space=SpaceId(row["space_id"]),
                    kind=row["kind"],
                    id=RecordId(row["id"]),
                    version=row["version"],
                    author=PersonId(row["author"]),
                    removed=row["removed"],
                    gone=row["gone"],
                    body=self._opened(opener, row),
                    schema=row["schema"],
                    purged=row["purged"],
                )
            except SealBroken:
                # The page keeps its place, so that one bad row neither stops a couple nor repeats for ever.
                out = Row(
                    space=SpaceId(row["space_id"]),
                    kind=row["kind"],
                    id=RecordId(row["id"]),
                    version=row["version"],
                    author=PersonId(row["author"]),
                    removed=row["removed"],
                    gone=False,
                    body=None,
                )
            (page if row["part"] == "record" else besides).append(out)
        page.sort(key=lambda row: (caller.spaces.index(row.space), row.version))
        return Page(spaces=spaces, rows=page, besides=besides, awaited=awaited)

    async def note_fetched(self, caller: Caller, has: Mapping[SpaceId, int], kind: str | None) -> None:
        """Note what a device has of that which a prompt would tell its person."""
        await fetched_store.note_fetched(self.pool, caller, has, kind)

    def _record(self, opener: Mapping[SpaceId, SpaceKeys], row: asyncpg.Record) -> Record:
        """Open a record; raise `SealBroken` where its body or its stamps do not open."""
        return record_of(row, lambda kind, sealed: self._unsealed(opener, row["space_id"], kind, row["id"], sealed))

    def _opened(self, opener: Mapping[SpaceId, SpaceKeys], row: asyncpg.Record) -> bytes | None:
        """Open a body with the key of a space that the membership statement returned for this caller."""
        if row["body"] is None:
            return None
        return self._unsealed(opener, row["space_id"], row["kind"], row["id"], row["body"])

    def _values(
        self, opener: Mapping[SpaceId, SpaceKeys], space: UUID, kind: str, record: UUID, sealed: bytes
    ) -> tuple[Value, ...]:
        try:
            return _VALUES.decode(self._unsealed(opener, space, f"revision/{kind}", record, sealed))
        except SealBroken:
            return ()

    def _unsealed(
        self, opener: Mapping[SpaceId, SpaceKeys], space: UUID, kind: str, record: UUID, sealed: bytes
    ) -> bytes:
        keys = opener.get(SpaceId(space))
        try:
            if keys is None:
                raise SealBroken
            return keys.open(kind, record, sealed)
        except SealBroken:
            self._count_unopened()
            raise

    def _count_unopened(self) -> None:
        self.unopened_total += 1
        log.error("row does not open", extra={"event": "open_failure"})


def record_of(row: asyncpg.Record, unsealed: Callable[[str, bytes], bytes]) -> Record:
    """Return the record of a row; `unsealed` opens what was sealed for it as a body or as stamps."""
    plain = decoded(None if row["body"] is None else unsealed(row["kind"], row["body"]))
    stamps = unpacked(unsealed(f"stamps/{row['kind']}", row["stamps"])) if row["stamps"] else {}
    return Record(
        space=SpaceId(row["space_id"]),
        kind=row["kind"],
        id=RecordId(row["id"]),
        version=row["version"],
        created=row["created"],
        author=PersonId(row["author"]),
        fields=plain.fields,
        removed=row["removed"],
        gone=row["gone"],
        schema=row["schema"],
        alternatives=plain.alternatives,
        merged=plain.merged,
        stamps=stamps,
        family=row["family"],
        shown_id=row["shown_id"],
        purged=unpacked_purge(row["purged"]),
        due_at=row["due_at"],
        shut_at=row["shut_at"],
    )


OPENED_IN_ONE_GO: Final = 200
"""Records that are opened before others have their turn: some ten milliseconds."""


class _LostRaceError(Exception):
    """A head has moved since it was read; the transaction is rolled back."""


def _in_order(caller: Caller, spaces: dict[SpaceId, Space]) -> dict[SpaceId, Space]:
    """Return the spaces as the caller names them: the personal one first. A statement has no order of its own."""
    return {identity: spaces[identity] for identity in caller.spaces if identity in spaces}


def _raising(space: Space, writes: Writes, caller: Caller) -> tuple[Any, ...]:
    return (
        space.id,
        writes.heads[space.id],
        space.head,
        caller.person,
        writes.also_closed,
        *((space.id in writes.hushed,) if space.id in caller.spaces else ()),
    )


def arrays(sealer: Mapping[SpaceId, SpaceKeys], writes: Writes, now: datetime, caller: Caller | None) -> list[Any]:
    """Return the columns of everything that is stored, bodies sealed, in the order `_insert` numbers them."""
    records = [each.record for each in writes.records]
    kinds = {(record.space, record.id): record.kind for record in records}
    return [
        now,
        [record.space for record in records],
        [record.id for record in records],
        [record.kind for record in records],
        [record.version for record in records],
        [record.created for record in records],
        [record.author for record in records],
        [record.removed for record in records],
        [record.gone for record in records],
        [record.schema for record in records],
        [_sealed_stamps(sealer, record) for record in records],
        [record.family for record in records],
        [record.shown_id for record in records],
        [packed_purge(record.purged) for record in records],
        [
            None if each.body is None else sealer[each.record.space].seal(each.record.kind, each.record.id, each.body)
            for each in writes.records
        ],
        [revision.space for revision in writes.revisions],
        [revision.record for revision in writes.revisions],
        [revision.version for revision in writes.revisions],
        [_sealed_values(sealer, revision, kinds) for revision in writes.revisions],
        [space for space, _ in writes.outcomes],
        [outcome.key for _, outcome in writes.outcomes],
        [msgspec.json.encode(outcome) for _, outcome in writes.outcomes],
        None if caller is None else caller.device,
        [record.due_at for record in records],
        [revision.put_at for revision in writes.revisions],
        [record.shut_at for record in records],
        [has_ended(record) for record in records],
        [alike_of(record, sealer[record.space].id_key) for record in records],
        [space for space, _ in writes.news],
        [news.id for _, news in writes.news],
        [news.person for _, news in writes.news],
        [news.couple for _, news in writes.news],
        [news.kind for _, news in writes.news],
        [news.record for _, news in writes.news],
        [news.at for _, news in writes.news],
    ]


def _sealed_stamps(sealer: Mapping[SpaceId, SpaceKeys], record: Record) -> bytes:
    """Seal stamps too: what several devices said of a choice stands among them by value."""
    if not record.stamps:
        return b""
    return sealer[record.space].seal(f"stamps/{record.kind}", record.id, packed(record.stamps))


def _sealed_values(sealer: Mapping[SpaceId, SpaceKeys], revision: Revision, kinds: Mapping[RecordKey, str]) -> bytes:
    kind = kinds[revision.space, revision.record]
    plain = msgspec.json.encode(revision.values)
    return sealer[revision.space].seal(f"revision/{kind}", revision.record, plain)


def _space(row: asyncpg.Record) -> Space:
    """Return a space as it is in the present life of the store.

    A space that was not written since the store's life changed still names the earlier one; up to its head the two
    lives are one history.
    """
    life = row["store_lives"][-1]
    segments = list(zip(row["past_store_epochs"], row["past_epochs"], row["past_heads"], strict=True))
    return Space(
        id=SpaceId(row["space_id"]),
        home=row["home"],
        couple=None if row["couple_id"] is None else CoupleId(row["couple_id"]),
        state=row["state"],
        head=row["head"],
        store_epoch=life,
        epoch=wire_epoch(life, row["epoch"]),
        lives=earlier(segments, (row["store_epoch"], row["epoch"], row["head"]), row["store_lives"]),
        horizon=row["horizon"],
        hushed=None
        if row["hushed_by"] is None
        else Hushed(by=PersonId(row["hushed_by"]), after=row["hushed_from"], upto=row["hushed_upto"]),
        members=tuple(
            Member(PersonId(person), SpaceId(inbox))
            for person, inbox in zip(row["persons"], row["inboxes"], strict=True)
        ),
    )
