-- What closes, what has ended, and what was said before.

-- Whoever has withdrawn their consent, until nothing of theirs stands open to their partner any more.

CREATE TABLE withdrawal (
    person_id uuid PRIMARY KEY,
    said_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE withdrawal IS 'dist:person_id';

CREATE INDEX withdrawal_due ON withdrawal (due_at);

-- Whether a record has ended, so that it takes no room among the live ones of its kind: a goal that was achieved or
-- let go. Only the sealed body says it besides, so that of those stored before it is noted when they next change.

ALTER TABLE record ADD COLUMN ended boolean NOT NULL DEFAULT false;

-- A keyed hash of what somebody says in a record that is not to be said again for a while: proposed terms.

ALTER TABLE record ADD COLUMN alike uuid;

CREATE INDEX record_alike ON record (space_id, alike) WHERE alike IS NOT NULL;
