-- Whoever has withdrawn their consent, until nothing of theirs stands open to their partner any more.

CREATE TABLE withdrawal (
    person_id uuid PRIMARY KEY,
    said_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE withdrawal IS 'dist:person_id';

CREATE INDEX withdrawal_due ON withdrawal (due_at);
