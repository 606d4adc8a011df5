-- Spaces and what lives in them. Everything here is found by space_id, so that it can be spread over machines by it.
-- Bodies are sealed bytes; a column is only what pages and rules must see.

CREATE TABLE store_epoch (
    one boolean CONSTRAINT store_epoch_pkey PRIMARY KEY CONSTRAINT store_epoch_one CHECK (one),
    epoch uuid NOT NULL
);
COMMENT ON TABLE store_epoch IS 'dist:reference';

CREATE TABLE space (
    space_id uuid CONSTRAINT space_pkey PRIMARY KEY,
    home text NOT NULL CONSTRAINT space_home CHECK (home IN ('personal', 'couple')),
    couple_id uuid,
    state text NOT NULL CONSTRAINT space_state CHECK (state IN ('active', 'closed')),
    -- The version of the newest record; only ever raised by the statement that stores it.
    head bigint NOT NULL,
    -- The space's life. The wire epoch is a hash of this and of the store epoch under which the space was last written.
    epoch uuid NOT NULL,
    store_epoch uuid NOT NULL,
    -- Up to this version the present life and the one before (epoch_before, as on the wire) are one history.
    epoch_head bigint NOT NULL,
    epoch_before uuid,
    -- Tombstones up to this version are forgotten: an older cursor needs a full copy.
    horizon bigint NOT NULL,
    CONSTRAINT space_couple CHECK ((home = 'couple') = (couple_id IS NOT NULL))
);
COMMENT ON TABLE space IS 'dist:space_id';

CREATE TABLE member (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    -- This person's personal space: where a notice for them is put.
    personal_space_id uuid NOT NULL,
    -- The chosen name, sealed under this space's key (kind 'person', id person_id); couple spaces only.
    name bytea,
    -- Set when the person lets a closed space go; the row then opens nothing.
    left_on date,
    CONSTRAINT member_pkey PRIMARY KEY (space_id, person_id),
    CONSTRAINT member_space FOREIGN KEY (space_id) REFERENCES space (space_id)
);
COMMENT ON TABLE member IS 'dist:space_id';

-- No foreign key to space here and below: the statement that writes these rows raises the head of their space
-- first, and checking it again for every row would cost more than the row.
CREATE TABLE record (
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    -- The version under which the record was first stored; goal terms and acts are walked in this order.
    created bigint NOT NULL,
    author uuid NOT NULL,
    removed boolean NOT NULL,
    -- Wiped for everyone who reads this space; the row is a tombstone without words.
    gone boolean NOT NULL,
    schema smallint NOT NULL,
    -- Sealed, empty where there is none. Per field: version, last device, last version by any other device, when it
    -- was made as far as its age tells, and the person (domain/records.py).
    stamps bytea NOT NULL,
    -- What counts or is judged together: the parent's id, or a keyed hash such as that of a date.
    family uuid,
    -- The id of the projection that this master has written into a couple space.
    shown_id uuid,
    -- Version and keyed hashes of purged sentences (sync/purge.py).
    purged bytea,
    -- When the row last changed; removed rows and tombstones age by it.
    changed_at timestamptz NOT NULL,
    -- Sealed; null exactly when gone.
    body bytea,
    CONSTRAINT record_pkey PRIMARY KEY (space_id, id),
    CONSTRAINT record_body CHECK (gone = (body IS NULL))
);
COMMENT ON TABLE record IS 'dist:space_id';

CREATE UNIQUE INDEX record_version ON record (space_id, version);

CREATE INDEX record_family ON record (space_id, family, kind) WHERE family IS NOT NULL;

CREATE TABLE revision (
    space_id uuid NOT NULL,
    record_id uuid NOT NULL,
    -- The version of the record that put these values behind it.
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    -- Sealed: per field the values put behind, and by whom they were written.
    body bytea NOT NULL,
    CONSTRAINT revision_pkey PRIMARY KEY (space_id, record_id, version)
);
COMMENT ON TABLE revision IS 'dist:space_id';

CREATE TABLE outcome (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    key uuid NOT NULL,
    settled_at timestamptz NOT NULL,
    -- An outcome holds statuses, codes and field names; never a word somebody wrote.
    outcome bytea NOT NULL,
    CONSTRAINT outcome_pkey PRIMARY KEY (space_id, device_id, key)
);
COMMENT ON TABLE outcome IS 'dist:space_id';

CREATE TABLE space_key (
    space_id uuid NOT NULL,
    key_no smallint NOT NULL CONSTRAINT space_key_no CHECK (key_no BETWEEN 0 AND 255),
    wrapping_key_id integer NOT NULL,
    -- The data key, wrapped (RFC 3394).
    wrapped bytea NOT NULL,
    -- The key of server-made ids; made with the space, the same under every key_no.
    wrapped_id_key bytea NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT space_key_pkey PRIMARY KEY (space_id, key_no)
);
COMMENT ON TABLE space_key IS 'dist:space_id';

CREATE TABLE wrapping_key (
    wrapping_key_id integer CONSTRAINT wrapping_key_pkey PRIMARY KEY,
    root_id text NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamptz NOT NULL
);
COMMENT ON TABLE wrapping_key IS 'dist:reference';
