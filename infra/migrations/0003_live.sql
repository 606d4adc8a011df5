-- Tickets by which a client that cannot set headers opens its live stream: one use each, gone within a minute.

CREATE TABLE live_ticket (
    -- SHA-256 of the ticket: 256 random bits need no slow hash.
    ticket_hash bytea CONSTRAINT live_ticket_pkey PRIMARY KEY,
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE live_ticket IS 'dist:ticket_hash';
