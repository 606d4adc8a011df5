-- Prompts: what may cause one, what is planned for a person, and what was sent to them. No table here holds a text.

-- What was stored and may cause a prompt; written with the record, taken away by the plan that has taken it in.
CREATE TABLE outbox (
    -- Of the record.
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Who may be prompted.
    person_id uuid NOT NULL,
    couple_id uuid,
    -- What has arrived, as a kind of prompt; null where only something has changed that plans go by.
    kind text,
    record_id uuid NOT NULL,
    put_at timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (space_id, id)
);
COMMENT ON TABLE outbox IS 'dist:space_id';

CREATE INDEX outbox_person ON outbox (person_id, put_at);

CREATE INDEX outbox_oldest ON outbox (put_at);

-- One a person for whom something was planned once. Whoever changes what is planned for a person counts the version up
-- first: that lock makes one after the other of planning, sending, parting and erasing.
CREATE TABLE desk (
    person_id uuid CONSTRAINT desk_pkey PRIMARY KEY,
    version bigint NOT NULL,
    -- By kind of invitation, how often it came and what became of it, as JSON (domain/pace.py).
    paces bytea NOT NULL,
    -- When an invitation is looked for next.
    next_at timestamptz
);
COMMENT ON TABLE desk IS 'dist:person_id';

CREATE INDEX desk_next ON desk (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE prompt (
    person_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    -- What there is only one of: an invitation of a day, the end of a space, one first arrival.
    slot text NOT NULL,
    kind text NOT NULL,
    couple_id uuid,
    about uuid,
    -- What has arrived, as JSON: kinds, records and times.
    arrived bytea NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL
        CONSTRAINT prompt_state CHECK (state IN ('planned', 'claimed', 'sent', 'dropped', 'cancelled', 'dead')),
    tries integer NOT NULL,
    -- Whether it stands in the ledger.
    begun boolean NOT NULL,
    -- Which claim it is held by. One of the person's own keeps it when it is sent, until its answer has come.
    owner uuid,
    held_until timestamptz,
    -- Why it was dropped, or waits.
    reason text,
    CONSTRAINT prompt_pkey PRIMARY KEY (person_id, prompt_id),
    CONSTRAINT prompt_held CHECK ((state = 'claimed') = (held_until IS NOT NULL)),
    CONSTRAINT prompt_owner CHECK (state <> 'claimed' OR owner IS NOT NULL)
);
COMMENT ON TABLE prompt IS 'dist:person_id';

-- What was sent, or died, keeps its slot; what was dropped or cancelled frees it.
CREATE UNIQUE INDEX prompt_slot ON prompt (person_id, slot) WHERE state NOT IN ('dropped', 'cancelled');

CREATE INDEX prompt_open ON prompt (person_id) WHERE state IN ('planned', 'claimed');

-- What can be claimed from when on: at its time, or when the lease of whoever holds it has run out.
CREATE INDEX prompt_due ON prompt (greatest(due_at, held_until)) WHERE state IN ('planned', 'claimed');

-- By when they are forgotten.
CREATE INDEX prompt_over ON prompt (due_at) WHERE state IN ('dropped', 'cancelled', 'dead');

CREATE INDEX prompt_sent ON prompt (due_at) WHERE state = 'sent';

-- What was sent to a person, for their own eyes and for the caps.
CREATE TABLE prompt_ledger (
    person_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    kinds text[] NOT NULL,
    -- The person's local date.
    day date NOT NULL,
    sent_at timestamptz NOT NULL,
    -- Of what it told.
    records uuid[] NOT NULL,
    -- Which words it had.
    text_id text NOT NULL,
    CONSTRAINT prompt_ledger_pkey PRIMARY KEY (person_id, prompt_id)
);
COMMENT ON TABLE prompt_ledger IS 'dist:person_id';

CREATE INDEX prompt_ledger_newest ON prompt_ledger (person_id, sent_at);

CREATE INDEX prompt_ledger_oldest ON prompt_ledger (sent_at);
