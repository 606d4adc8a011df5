-- Links by which a counsellor reads a summary: one a summary, by hash, with a passcode, for at most seven days.
-- Nothing is kept of who reads, nor how often.

CREATE TABLE counsel_link (
    link_hash bytea PRIMARY KEY,
    passcode_hash bytea NOT NULL,
    key_no smallint NOT NULL,
    space_id uuid NOT NULL,
    summary_id uuid NOT NULL,
    made_by uuid NOT NULL,
    wrong smallint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE counsel_link IS 'dist:link_hash';

CREATE INDEX counsel_link_summary ON counsel_link (summary_id);
CREATE INDEX counsel_link_expires ON counsel_link (expires_at);
