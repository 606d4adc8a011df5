-- What a device of a client library is to be told once more: it holds something else than is stored, and marked it clean.
-- The head of the person's own space is raised with it; a cursor at that version has been told.

CREATE TABLE owed (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    kind text NOT NULL,
    named text NOT NULL,
    version bigint NOT NULL,
    owed_at timestamptz NOT NULL,
    CONSTRAINT owed_pkey PRIMARY KEY (space_id, device_id, kind, named)
);
COMMENT ON TABLE owed IS 'dist:space_id';

CREATE INDEX owed_at ON owed (owed_at);
