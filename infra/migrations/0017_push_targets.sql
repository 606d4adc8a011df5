-- Where a person's devices are reached by push. A row goes with its device, with the consent to pushes, with the
-- account, when FCM says that it leads nowhere, and 270 days after it was last registered.

CREATE TABLE push_target (
    -- Keyed hash of the value, under ring key key_no: a value belongs to one device of one person at a time.
    value_hash bytea CONSTRAINT push_target_pkey PRIMARY KEY,
    key_no smallint NOT NULL,
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    kind text NOT NULL,
    platform text NOT NULL,
    -- Sealed under the personal space's key (kind 'push_target', id device_id).
    value bytea NOT NULL,
    -- A day and no instant: apps register whenever they start, and nothing is to say when that was.
    registered_on date NOT NULL,
    -- Another one with each registration, so that an answer about an earlier one removes nothing.
    registration_id uuid NOT NULL,
    CONSTRAINT push_target_kind CHECK (kind IN ('token', 'fid')),
    CONSTRAINT push_target_platform CHECK (platform IN ('android', 'ios', 'web'))
);
COMMENT ON TABLE push_target IS 'dist:value_hash';

-- One a device: whoever writes holds the person's row, since a unique index would have to begin with the hash.
CREATE INDEX push_target_device ON push_target (person_id, device_id);

CREATE INDEX push_target_registered ON push_target (registered_on);
