-- Whose phones are woken in silence to sync, as they chose: when it is looked whether there is anything, and up to which
-- version of their couple's space there was when they were woken last.

CREATE TABLE waking (
    person_id uuid CONSTRAINT waking_pkey PRIMARY KEY,
    look_at timestamptz NOT NULL,
    -- Null: nobody has looked yet.
    upto bigint
);
COMMENT ON TABLE waking IS 'dist:person_id';

CREATE INDEX waking_due ON waking (look_at);
