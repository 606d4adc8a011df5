-- Exports that a person asked for. None is made beforehand and none is kept: a row only says that a device may fetch one,
-- and which forms of it have been.

CREATE TABLE export (
    person_id uuid NOT NULL,
    export_id uuid NOT NULL,
    device_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    fetched text[] NOT NULL,
    CONSTRAINT export_pkey PRIMARY KEY (person_id, export_id)
);
COMMENT ON TABLE export IS 'dist:person_id';

CREATE INDEX export_expires ON export (expires_at);
