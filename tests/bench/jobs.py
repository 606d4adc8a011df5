"""What is measured: each job, at how many clients, and the least that PostgreSQL alone must do for it."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

COUPLES = 64
RECORDS_A_COUPLE = 200
RECORDS_OF_THE_GREAT_COUPLE = 5_000
PAGE = 100


class Job(Struct, frozen=True):
    """One job. `script` is what pgbench runs for it, once a job."""

    name: str
    means: str
    clients: tuple[int, ...]
    script: str


_PLACE: Final = r"""\if :ready
\else
SELECT couple, personal,
    (SELECT version FROM floor_record WHERE space = couple ORDER BY version DESC OFFSET :page LIMIT 1) AS after
FROM floor_place WHERE client = :client_id \gset
\set ready 1
\endif
"""
"""Each client learns once which couple is its own; this is taken off with the cost of connecting."""

_HEADS: Final = """SELECT space, head FROM floor_space WHERE space IN (:couple::uuid, :personal::uuid);
"""

_LOAD: Final = """SELECT s.head, r.id, r.version, r.kind, r.author, r.body
FROM floor_space s LEFT JOIN floor_record r ON r.space = s.space
    AND r.id = ('00000000-0000-4000-8000-' || lpad(:nth::text, 12, '0'))::uuid
WHERE s.space = :couple::uuid;
"""

_SAVE: Final = """WITH h AS (
    UPDATE floor_space SET head = head + 1 WHERE space = :couple::uuid RETURNING space, head
), stored AS (
    INSERT INTO floor_record (space, id, version, kind, author, body)
    SELECT h.space, ('00000000-0000-4000-8000-' || lpad(:nth::text, 12, '0'))::uuid, h.head, 'step', h.space,
        :body::bytea
    FROM h
    ON CONFLICT (space, id) DO UPDATE SET version = excluded.version, body = excluded.body
)
INSERT INTO floor_revision (space, record, version, body)
SELECT h.space, ('00000000-0000-4000-8000-' || lpad(:nth::text, 12, '0'))::uuid, h.head, :small::bytea FROM h;
"""

_PULL: Final = """SELECT space, id, version, kind, author, body FROM floor_record
WHERE space = :couple::uuid AND version > :after ORDER BY version LIMIT :page;
"""

JOBS: Final[Mapping[str, Job]] = {
    job.name: job
    for job in (
        Job(
            "W1",
            "push one change of one text, cursor at head",
            (1, 16, 64),
            _PLACE + rf"\set nth random(1, {RECORDS_A_COUPLE})" + "\n" + _LOAD + _SAVE,
        ),
        Job("W3", f"pull {PAGE} records, cursor {PAGE} behind head", (1, 16, 64), _PLACE + _HEADS + _PULL),
        Job("W6", "nothing new, cursor at head", (1, 16, 64), _PLACE + _HEADS),
    )
}

FLOOR_TABLES: Final = """
DROP TABLE IF EXISTS floor_place, floor_space, floor_record, floor_revision;
CREATE TABLE floor_place (client integer PRIMARY KEY, couple uuid NOT NULL, personal uuid NOT NULL);
CREATE TABLE floor_space (space uuid PRIMARY KEY, head bigint NOT NULL);
CREATE TABLE floor_record (
    space uuid, id uuid, version bigint NOT NULL, kind text NOT NULL, author uuid NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE UNIQUE INDEX floor_record_version ON floor_record (space, version);
CREATE TABLE floor_revision (
    space uuid, record uuid, version bigint, body bytea NOT NULL, PRIMARY KEY (space, record, version)
);"""

FILL_FLOOR: Final = """
WITH place AS (
    INSERT INTO floor_place
    SELECT n, gen_random_uuid(), gen_random_uuid() FROM generate_series(0, $1 - 1) n
    RETURNING couple, personal
), spaces AS (
    INSERT INTO floor_space SELECT couple, $2 FROM place UNION ALL SELECT personal, 1 FROM place
)
INSERT INTO floor_record
SELECT couple, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, n, 'step', couple,
    convert_to(repeat('x', $3), 'UTF8')
FROM place, generate_series(1, $2) n"""
