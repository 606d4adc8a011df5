-- The ends: letting a closed space go, restoring a couple, deleting an account.

-- When the couple parted: within 30 days both may ask to restore it. Nobody is told.
ALTER TABLE space ADD COLUMN closed_at timestamptz;

-- When this person let a closed space go; devices are told to drop what they hold of it.
ALTER TABLE person_space ADD COLUMN let_go_on date;

CREATE INDEX person_space_let_go ON person_space (let_go_on) WHERE let_go_on IS NOT NULL;

-- The couple that this one restored: who asks once more, because the answer was lost, gets the same one.
ALTER TABLE person_space ADD COLUMN restored_from uuid;

-- Who would like their couple back. Nothing that the other can read depends on a row here.
CREATE TABLE restoring (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT restoring_pkey PRIMARY KEY (space_id, person_id)
);
COMMENT ON TABLE restoring IS 'dist:space_id';

-- Spaces that nobody holds any more: their keys are destroyed, their rows go in rounds.
CREATE TABLE emptying (
    space_id uuid CONSTRAINT emptying_pkey PRIMARY KEY,
    since timestamptz NOT NULL
);
COMMENT ON TABLE emptying IS 'dist:space_id';

-- When the person asked for their account to be deleted, and the number that they were given for it.
ALTER TABLE person ADD COLUMN deletion_at timestamptz;

ALTER TABLE person ADD COLUMN receipt text;

ALTER TABLE person ADD CONSTRAINT person_deletion CHECK ((deletion_at IS NULL) = (receipt IS NULL));

CREATE INDEX person_deletion_due ON person (deletion_at) WHERE deletion_at IS NOT NULL;

-- Deletions that can not be undone any more. Once finished, the number is all that is left.
CREATE TABLE deletion (
    deletion_id uuid CONSTRAINT deletion_pkey PRIMARY KEY,
    receipt text NOT NULL,
    asked_on date NOT NULL,
    finished_on date,
    -- The personal space, until the last of it is gone.
    space_id uuid,
    CONSTRAINT deletion_finished CHECK ((finished_on IS NULL) = (space_id IS NOT NULL))
);
COMMENT ON TABLE deletion IS 'dist:deletion_id';

CREATE INDEX deletion_open ON deletion (asked_on) WHERE finished_on IS NULL;

-- What somebody whose account is deleted has written in a space that their partner still holds. It stays for 30 days.
CREATE TABLE bequest (
    space_id uuid NOT NULL,
    person_id uuid NOT NULL,
    deletion_id uuid NOT NULL,
    -- Who stands in their place from then on: nobody, and in no other space.
    ghost_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    -- Their devices, whose outcomes go, too.
    devices uuid[] NOT NULL,
    -- Up to this version everything has been looked at.
    upto bigint NOT NULL,
    CONSTRAINT bequest_pkey PRIMARY KEY (space_id, person_id)
);
COMMENT ON TABLE bequest IS 'dist:space_id';

CREATE INDEX bequest_due ON bequest (due_at);

CREATE INDEX bequest_deletion ON bequest (deletion_id);

-- Whoever is deleted is looked for in these by who they are.
CREATE INDEX identity_person ON identity (person_id);

CREATE INDEX block_blocked ON block (blocked_id);

-- Codes that began nothing are forgotten.
CREATE INDEX invitation_open ON invitation (expires_at) WHERE couple_id IS NULL;
