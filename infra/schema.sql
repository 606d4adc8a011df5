-- What an empty database looks like after every file in infra/migrations. Written by `make schema`; do not edit.

CREATE TABLE public.bequest (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    deletion_id uuid NOT NULL,
    ghost_id uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    devices uuid[] NOT NULL,
    upto bigint NOT NULL
);

COMMENT ON TABLE public.bequest IS 'dist:space_id';

CREATE TABLE public.block (
    person_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    blocked_on date NOT NULL
);

COMMENT ON TABLE public.block IS 'dist:person_id';

CREATE TABLE public.consent (
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    place integer NOT NULL,
    text_version integer NOT NULL,
    given boolean NOT NULL,
    said_at timestamp with time zone NOT NULL,
    CONSTRAINT consent_purpose CHECK ((purpose = ANY (ARRAY['core_sensitive'::text, 'pairing'::text, 'push'::text, 'summary_share'::text])))
);

COMMENT ON TABLE public.consent IS 'dist:person_id';

CREATE TABLE public.counsel_link (
    link_hash bytea NOT NULL,
    passcode_hash bytea NOT NULL,
    key_no smallint NOT NULL,
    space_id uuid NOT NULL,
    summary_id uuid NOT NULL,
    made_by uuid NOT NULL,
    wrong smallint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    shows uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    ended boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.counsel_link IS 'dist:link_hash';

CREATE TABLE public.deletion (
    deletion_id uuid NOT NULL,
    receipt text NOT NULL,
    asked_on date NOT NULL,
    finished_on date,
    space_id uuid,
    CONSTRAINT deletion_finished CHECK (((finished_on IS NULL) = (space_id IS NOT NULL)))
);

COMMENT ON TABLE public.deletion IS 'dist:deletion_id';

CREATE TABLE public.desk (
    person_id uuid NOT NULL,
    version bigint NOT NULL,
    paces bytea NOT NULL,
    next_at timestamp with time zone
);

COMMENT ON TABLE public.desk IS 'dist:person_id';

CREATE TABLE public.device (
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    token_sha256 bytea,
    next_token_sha256 bytea,
    label bytea NOT NULL,
    platform text NOT NULL,
    made_on date NOT NULL,
    expires_on date NOT NULL,
    revoked_on date,
    CONSTRAINT device_revoked CHECK (((revoked_on IS NULL) OR ((token_sha256 IS NULL) AND (next_token_sha256 IS NULL))))
);

COMMENT ON TABLE public.device IS 'dist:person_id';

CREATE TABLE public.emptying (
    space_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.emptying IS 'dist:space_id';

CREATE TABLE public.export (
    person_id uuid NOT NULL,
    export_id uuid NOT NULL,
    device_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    fetched text[] NOT NULL
);

COMMENT ON TABLE public.export IS 'dist:person_id';

CREATE TABLE public.identity (
    subject_hash bytea NOT NULL,
    key_no smallint NOT NULL,
    person_id uuid NOT NULL
);

COMMENT ON TABLE public.identity IS 'dist:subject_hash';

CREATE TABLE public.invitation (
    code_hash bytea NOT NULL,
    key_no smallint NOT NULL,
    inviter_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    pairing_id uuid,
    redeemer_id uuid,
    confirm_until timestamp with time zone,
    inviter_confirmed boolean NOT NULL,
    redeemer_confirmed boolean NOT NULL,
    couple_id uuid,
    CONSTRAINT invitation_confirmed CHECK (((pairing_id IS NOT NULL) OR (NOT (inviter_confirmed OR redeemer_confirmed)))),
    CONSTRAINT invitation_couple CHECK (((couple_id IS NULL) OR (inviter_confirmed AND redeemer_confirmed))),
    CONSTRAINT invitation_pairing CHECK ((((pairing_id IS NULL) = (redeemer_id IS NULL)) AND ((pairing_id IS NULL) = (confirm_until IS NULL)))),
    CONSTRAINT invitation_two CHECK ((redeemer_id <> inviter_id))
);

COMMENT ON TABLE public.invitation IS 'dist:code_hash';

CREATE TABLE public.limit_count (
    key text NOT NULL,
    window_start timestamp with time zone NOT NULL,
    hits integer NOT NULL
);

COMMENT ON TABLE public.limit_count IS 'dist:key';

CREATE TABLE public.live_ticket (
    ticket_hash bytea NOT NULL,
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.live_ticket IS 'dist:ticket_hash';

CREATE TABLE public.member (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    personal_space_id uuid NOT NULL,
    name bytea,
    left_on date
);

COMMENT ON TABLE public.member IS 'dist:space_id';

CREATE TABLE public.outbox (
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    couple_id uuid,
    kind text,
    record_id uuid NOT NULL,
    put_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.outbox IS 'dist:space_id';

CREATE TABLE public.outcome (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    key uuid NOT NULL,
    settled_at timestamp with time zone NOT NULL,
    outcome bytea NOT NULL
);

COMMENT ON TABLE public.outcome IS 'dist:space_id';

CREATE TABLE public.owed (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    kind text NOT NULL,
    named text NOT NULL,
    version bigint NOT NULL,
    owed_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.owed IS 'dist:space_id';

CREATE TABLE public.person (
    person_id uuid NOT NULL,
    space_id uuid NOT NULL,
    name bytea,
    adult_attested_at timestamp with time zone,
    adult_method text,
    active_couple uuid,
    invited bytea,
    redeemed bytea,
    joined_on date NOT NULL,
    deletion_at timestamp with time zone,
    receipt text,
    CONSTRAINT person_adult CHECK (((adult_attested_at IS NULL) = (adult_method IS NULL))),
    CONSTRAINT person_adult_method CHECK ((adult_method = ANY (ARRAY['own_word'::text, 'store_signal'::text]))),
    CONSTRAINT person_deletion CHECK (((deletion_at IS NULL) = (receipt IS NULL)))
);

COMMENT ON TABLE public.person IS 'dist:person_id';

CREATE TABLE public.person_space (
    person_id uuid NOT NULL,
    space_id uuid NOT NULL,
    couple_id uuid,
    place integer NOT NULL,
    let_go_on date,
    restored_from uuid,
    CONSTRAINT person_space_couple CHECK (((place = 0) = (couple_id IS NULL)))
);

COMMENT ON TABLE public.person_space IS 'dist:person_id';

CREATE TABLE public.prompt (
    person_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    slot text NOT NULL,
    kind text NOT NULL,
    couple_id uuid,
    about uuid,
    arrived bytea NOT NULL,
    due_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    tries integer NOT NULL,
    begun boolean NOT NULL,
    owner uuid,
    held_until timestamp with time zone,
    reason text,
    fetched uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT prompt_held CHECK (((state = 'claimed'::text) = (held_until IS NOT NULL))),
    CONSTRAINT prompt_owner CHECK (((state <> 'claimed'::text) OR (owner IS NOT NULL))),
    CONSTRAINT prompt_state CHECK ((state = ANY (ARRAY['planned'::text, 'claimed'::text, 'sent'::text, 'dropped'::text, 'cancelled'::text, 'dead'::text])))
);

COMMENT ON TABLE public.prompt IS 'dist:person_id';

CREATE TABLE public.prompt_ledger (
    person_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    kinds text[] NOT NULL,
    day date NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    records uuid[] NOT NULL,
    text_id text NOT NULL,
    record_kinds text[] DEFAULT '{}'::text[] NOT NULL
);

COMMENT ON TABLE public.prompt_ledger IS 'dist:person_id';

CREATE TABLE public.push_target (
    value_hash bytea NOT NULL,
    key_no smallint NOT NULL,
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    kind text NOT NULL,
    platform text NOT NULL,
    value bytea NOT NULL,
    registered_on date NOT NULL,
    registration_id uuid NOT NULL,
    CONSTRAINT push_target_kind CHECK ((kind = ANY (ARRAY['token'::text, 'fid'::text]))),
    CONSTRAINT push_target_platform CHECK ((platform = ANY (ARRAY['android'::text, 'ios'::text, 'web'::text])))
);

COMMENT ON TABLE public.push_target IS 'dist:value_hash';

CREATE TABLE public.record (
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    author uuid NOT NULL,
    removed boolean NOT NULL,
    gone boolean NOT NULL,
    schema smallint NOT NULL,
    stamps bytea NOT NULL,
    family uuid,
    shown_id uuid,
    purged bytea,
    changed_at timestamp with time zone NOT NULL,
    body bytea,
    due_at timestamp with time zone,
    shut_at bigint,
    ended boolean DEFAULT false NOT NULL,
    alike uuid,
    CONSTRAINT record_body CHECK ((gone = (body IS NULL)))
);

COMMENT ON TABLE public.record IS 'dist:space_id';

CREATE TABLE public.restoring (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.restoring IS 'dist:space_id';

CREATE TABLE public.revision (
    space_id uuid NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE public.revision IS 'dist:space_id';

CREATE TABLE public.schema_migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.schema_migration IS 'dist:local';

CREATE TABLE public.shadow (
    space_id uuid NOT NULL,
    device_id uuid NOT NULL,
    record_id uuid NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    pushed_at timestamp with time zone NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE public.shadow IS 'dist:space_id';

CREATE TABLE public.space (
    space_id uuid NOT NULL,
    home text NOT NULL,
    couple_id uuid,
    state text NOT NULL,
    head bigint NOT NULL,
    epoch uuid NOT NULL,
    store_epoch uuid NOT NULL,
    horizon bigint NOT NULL,
    past_store_epochs uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    past_epochs uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    past_heads bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    closed_at timestamp with time zone,
    hushed_from bigint,
    hushed_upto bigint,
    hushed_by uuid,
    paired_at timestamp with time zone,
    CONSTRAINT space_couple CHECK (((home = 'couple'::text) = (couple_id IS NOT NULL))),
    CONSTRAINT space_home CHECK ((home = ANY (ARRAY['personal'::text, 'couple'::text]))),
    CONSTRAINT space_state CHECK ((state = ANY (ARRAY['active'::text, 'closed'::text])))
);

COMMENT ON TABLE public.space IS 'dist:space_id';

CREATE TABLE public.space_key (
    space_id uuid NOT NULL,
    key_no smallint NOT NULL,
    wrapping_key_id integer NOT NULL,
    wrapped bytea NOT NULL,
    wrapped_id_key bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT space_key_no CHECK (((key_no >= 0) AND (key_no <= 255)))
);

COMMENT ON TABLE public.space_key IS 'dist:space_id';

CREATE TABLE public.store_epoch (
    one boolean NOT NULL,
    epoch uuid NOT NULL,
    past uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT store_epoch_one CHECK (one)
);

COMMENT ON TABLE public.store_epoch IS 'dist:reference';

CREATE TABLE public.waking (
    person_id uuid NOT NULL,
    look_at timestamp with time zone NOT NULL,
    upto bigint
);

COMMENT ON TABLE public.waking IS 'dist:person_id';

CREATE TABLE public.withdrawal (
    person_id uuid NOT NULL,
    said_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.withdrawal IS 'dist:person_id';

CREATE TABLE public.wrapping_key (
    wrapping_key_id integer NOT NULL,
    root_id text NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.wrapping_key IS 'dist:reference';

ALTER TABLE ONLY public.bequest
    ADD CONSTRAINT bequest_pkey PRIMARY KEY (space_id, person_id);

ALTER TABLE ONLY public.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (person_id, blocked_id);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_pkey PRIMARY KEY (person_id, purpose, place);

ALTER TABLE ONLY public.counsel_link
    ADD CONSTRAINT counsel_link_pkey PRIMARY KEY (link_hash);

ALTER TABLE ONLY public.deletion
    ADD CONSTRAINT deletion_pkey PRIMARY KEY (deletion_id);

ALTER TABLE ONLY public.desk
    ADD CONSTRAINT desk_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (person_id, device_id);

ALTER TABLE ONLY public.emptying
    ADD CONSTRAINT emptying_pkey PRIMARY KEY (space_id);

ALTER TABLE ONLY public.export
    ADD CONSTRAINT export_pkey PRIMARY KEY (person_id, export_id);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (subject_hash);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_pkey PRIMARY KEY (code_hash);

ALTER TABLE ONLY public.limit_count
    ADD CONSTRAINT limit_count_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.live_ticket
    ADD CONSTRAINT live_ticket_pkey PRIMARY KEY (ticket_hash);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (space_id, person_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (space_id, id);

ALTER TABLE ONLY public.outcome
    ADD CONSTRAINT outcome_pkey PRIMARY KEY (space_id, device_id, key);

ALTER TABLE ONLY public.owed
    ADD CONSTRAINT owed_pkey PRIMARY KEY (space_id, device_id, kind, named);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.person_space
    ADD CONSTRAINT person_space_pkey PRIMARY KEY (person_id, space_id);

ALTER TABLE ONLY public.person_space
    ADD CONSTRAINT person_space_place UNIQUE (person_id, place);

ALTER TABLE ONLY public.prompt_ledger
    ADD CONSTRAINT prompt_ledger_pkey PRIMARY KEY (person_id, prompt_id);

ALTER TABLE ONLY public.prompt
    ADD CONSTRAINT prompt_pkey PRIMARY KEY (person_id, prompt_id);

ALTER TABLE ONLY public.push_target
    ADD CONSTRAINT push_target_pkey PRIMARY KEY (value_hash);

ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (space_id, id);

ALTER TABLE ONLY public.restoring
    ADD CONSTRAINT restoring_pkey PRIMARY KEY (space_id, person_id);

ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (space_id, record_id, version);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.shadow
    ADD CONSTRAINT shadow_pkey PRIMARY KEY (space_id, device_id, record_id);

ALTER TABLE ONLY public.space_key
    ADD CONSTRAINT space_key_pkey PRIMARY KEY (space_id, key_no);

ALTER TABLE ONLY public.space
    ADD CONSTRAINT space_pkey PRIMARY KEY (space_id);

ALTER TABLE ONLY public.store_epoch
    ADD CONSTRAINT store_epoch_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.waking
    ADD CONSTRAINT waking_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.withdrawal
    ADD CONSTRAINT withdrawal_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.wrapping_key
    ADD CONSTRAINT wrapping_key_pkey PRIMARY KEY (wrapping_key_id);

CREATE INDEX bequest_deletion ON public.bequest USING btree (deletion_id);

CREATE INDEX bequest_due ON public.bequest USING btree (due_at);

CREATE INDEX block_blocked ON public.block USING btree (blocked_id);

CREATE INDEX counsel_link_expires ON public.counsel_link USING btree (expires_at);

CREATE INDEX counsel_link_summary ON public.counsel_link USING btree (summary_id);

CREATE INDEX deletion_open ON public.deletion USING btree (asked_on) WHERE (finished_on IS NULL);

CREATE INDEX desk_next ON public.desk USING btree (next_at) WHERE (next_at IS NOT NULL);

CREATE INDEX export_expires ON public.export USING btree (expires_at);

CREATE INDEX identity_person ON public.identity USING btree (person_id);

CREATE INDEX invitation_open ON public.invitation USING btree (expires_at) WHERE (couple_id IS NULL);

CREATE INDEX outbox_oldest ON public.outbox USING btree (put_at);

CREATE INDEX outbox_person ON public.outbox USING btree (person_id, put_at);

CREATE INDEX owed_at ON public.owed USING btree (owed_at);

CREATE INDEX person_deletion_due ON public.person USING btree (deletion_at) WHERE (deletion_at IS NOT NULL);

CREATE INDEX person_space_let_go ON public.person_space USING btree (let_go_on) WHERE (let_go_on IS NOT NULL);

CREATE INDEX prompt_due ON public.prompt USING btree (GREATEST(due_at, held_until)) WHERE (state = ANY (ARRAY['planned'::text, 'claimed'::text]));

CREATE INDEX prompt_ledger_newest ON public.prompt_ledger USING btree (person_id, sent_at);

CREATE INDEX prompt_ledger_oldest ON public.prompt_ledger USING btree (sent_at);

CREATE INDEX prompt_open ON public.prompt USING btree (person_id) WHERE (state = ANY (ARRAY['planned'::text, 'claimed'::text]));

CREATE INDEX prompt_over ON public.prompt USING btree (due_at) WHERE (state = ANY (ARRAY['dropped'::text, 'cancelled'::text, 'dead'::text]));

CREATE INDEX prompt_sent ON public.prompt USING btree (due_at) WHERE (state = 'sent'::text);

CREATE UNIQUE INDEX prompt_slot ON public.prompt USING btree (person_id, slot) WHERE (state <> ALL (ARRAY['dropped'::text, 'cancelled'::text]));

CREATE INDEX push_target_device ON public.push_target USING btree (person_id, device_id);

CREATE INDEX push_target_registered ON public.push_target USING btree (registered_on);

CREATE INDEX record_alike ON public.record USING btree (space_id, alike) WHERE (alike IS NOT NULL);

CREATE INDEX record_due ON public.record USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX record_family ON public.record USING btree (space_id, family, kind) WHERE (family IS NOT NULL);

CREATE INDEX record_gone ON public.record USING btree (changed_at) WHERE gone;

CREATE INDEX record_kind ON public.record USING btree (space_id, kind, version);

CREATE INDEX record_removed ON public.record USING btree (changed_at) WHERE (removed AND (NOT gone));

CREATE INDEX record_shut ON public.record USING btree (space_id, shut_at) WHERE (shut_at IS NOT NULL);

CREATE UNIQUE INDEX record_version ON public.record USING btree (space_id, version);

CREATE INDEX shadow_pushed ON public.shadow USING btree (pushed_at);

CREATE INDEX shadow_record ON public.shadow USING btree (space_id, record_id);

CREATE INDEX waking_due ON public.waking USING btree (look_at);

CREATE INDEX withdrawal_due ON public.withdrawal USING btree (due_at);

ALTER TABLE ONLY public.block
    ADD CONSTRAINT block_person FOREIGN KEY (person_id) REFERENCES public.person(person_id);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_person FOREIGN KEY (person_id) REFERENCES public.person(person_id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_person FOREIGN KEY (person_id) REFERENCES public.person(person_id);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_space FOREIGN KEY (space_id) REFERENCES public.space(space_id);

ALTER TABLE ONLY public.person_space
    ADD CONSTRAINT person_space_person FOREIGN KEY (person_id) REFERENCES public.person(person_id);
