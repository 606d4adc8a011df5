-- People, their devices and consents, and how two of them find each other. Tables of a person are found by person_id;
-- what must be looked up before a person is known stands alone, keyed by what is looked up.

CREATE TABLE person (
    person_id uuid CONSTRAINT person_pkey PRIMARY KEY,
    -- The personal space.
    space_id uuid NOT NULL,
    -- The chosen name, sealed under the personal space's key (kind 'person', id person_id).
    name bytea,
    adult_attested_at timestamptz,
    adult_method text CONSTRAINT person_adult_method CHECK (adult_method IN ('own_word', 'store_signal')),
    active_couple uuid,
    -- Keyed hashes of the codes that count for this person: the own live invitation, the redeemed one that waits for
    -- both to confirm. A row of invitation to which nobody points is dead.
    invited bytea,
    redeemed bytea,
    joined_on date NOT NULL,
    CONSTRAINT person_adult CHECK ((adult_attested_at IS NULL) = (adult_method IS NULL))
);
COMMENT ON TABLE person IS 'dist:person_id';

CREATE TABLE device (
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    -- SHA-256 of the token in use, and of the one given by a later sign-in until its first use.
    token_sha256 bytea,
    next_token_sha256 bytea,
    -- Sealed under the personal space's key (kind 'device', id device_id).
    label bytea NOT NULL,
    platform text NOT NULL,
    made_on date NOT NULL,
    -- The last day on which the token opens anything; moved once a day at most, so that it tells no hour of use.
    expires_on date NOT NULL,
    revoked_on date,
    CONSTRAINT device_pkey PRIMARY KEY (person_id, device_id),
    CONSTRAINT device_person FOREIGN KEY (person_id) REFERENCES person (person_id),
    CONSTRAINT device_revoked CHECK (revoked_on IS NULL OR (token_sha256 IS NULL AND next_token_sha256 IS NULL))
);
COMMENT ON TABLE device IS 'dist:person_id';

CREATE TABLE person_space (
    person_id uuid NOT NULL,
    space_id uuid NOT NULL,
    couple_id uuid,
    -- 0 is the personal space; couple spaces count up from 1.
    place integer NOT NULL,
    CONSTRAINT person_space_pkey PRIMARY KEY (person_id, space_id),
    CONSTRAINT person_space_place UNIQUE (person_id, place),
    CONSTRAINT person_space_person FOREIGN KEY (person_id) REFERENCES person (person_id),
    CONSTRAINT person_space_couple CHECK ((place = 0) = (couple_id IS NULL))
);
COMMENT ON TABLE person_space IS 'dist:person_id';

-- Append-only: what holds for a purpose is its row with the highest place.
CREATE TABLE consent (
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    place integer NOT NULL,
    text_version integer NOT NULL,
    given boolean NOT NULL,
    said_at timestamptz NOT NULL,
    CONSTRAINT consent_pkey PRIMARY KEY (person_id, purpose, place),
    CONSTRAINT consent_person FOREIGN KEY (person_id) REFERENCES person (person_id),
    CONSTRAINT consent_purpose CHECK (purpose IN ('core_sensitive', 'pairing', 'push', 'summary_share'))
);
COMMENT ON TABLE consent IS 'dist:person_id';

-- Who wants no invitation between them and whom; nobody is told.
CREATE TABLE block (
    person_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    blocked_on date NOT NULL,
    CONSTRAINT block_pkey PRIMARY KEY (person_id, blocked_id),
    CONSTRAINT block_person FOREIGN KEY (person_id) REFERENCES person (person_id)
);
COMMENT ON TABLE block IS 'dist:person_id';

CREATE TABLE identity (
    -- Keyed hash of issuer and subject, under ring key key_no.
    subject_hash bytea CONSTRAINT identity_pkey PRIMARY KEY,
    key_no smallint NOT NULL,
    person_id uuid NOT NULL
);
COMMENT ON TABLE identity IS 'dist:subject_hash';

CREATE TABLE invitation (
    -- Keyed hash of the code, under ring key key_no.
    code_hash bytea CONSTRAINT invitation_pkey PRIMARY KEY,
    key_no smallint NOT NULL,
    inviter_id uuid NOT NULL,
    -- Until then the code can be redeemed.
    expires_at timestamptz NOT NULL,
    -- The rest is of the pairing that redeeming began.
    pairing_id uuid,
    redeemer_id uuid,
    confirm_until timestamptz,
    inviter_confirmed boolean NOT NULL,
    redeemer_confirmed boolean NOT NULL,
    couple_id uuid,
    CONSTRAINT invitation_pairing CHECK (
        (pairing_id IS NULL) = (redeemer_id IS NULL) AND (pairing_id IS NULL) = (confirm_until IS NULL)
    ),
    CONSTRAINT invitation_confirmed CHECK (pairing_id IS NOT NULL OR NOT (inviter_confirmed OR redeemer_confirmed)),
    CONSTRAINT invitation_two CHECK (redeemer_id <> inviter_id),
    CONSTRAINT invitation_couple CHECK (couple_id IS NULL OR (inviter_confirmed AND redeemer_confirmed))
);
COMMENT ON TABLE invitation IS 'dist:code_hash';

CREATE TABLE limit_count (
    key text CONSTRAINT limit_count_pkey PRIMARY KEY,
    window_start timestamptz NOT NULL,
    hits integer NOT NULL
);
COMMENT ON TABLE limit_count IS 'dist:key';
