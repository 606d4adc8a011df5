-- What a device of a client library submitted last of each record: from there on its next push is an edit.

CREATE TABLE shadow (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    record_id uuid NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    pushed_at timestamptz NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT shadow_pkey PRIMARY KEY (space_id, device_id, record_id)
);
COMMENT ON TABLE shadow IS 'dist:space_id';

-- A purge takes the shadows of a record whatever the device.
CREATE INDEX shadow_record ON shadow (space_id, record_id);

CREATE INDEX shadow_pushed ON shadow (pushed_at);
