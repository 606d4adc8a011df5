-- Every life that a space has had, not only the one before: a phone that was away over several of them is then told
-- exactly up to where its copy and the store are one history.

-- Earlier lives of the whole store, oldest first.
ALTER TABLE store_epoch ADD COLUMN past uuid[] NOT NULL DEFAULT '{}';

-- Earlier lives of a space, oldest first: the store's epoch and the space's own under which it was written, and the
-- head at which that life ended.
ALTER TABLE space ADD COLUMN past_store_epochs uuid[] NOT NULL DEFAULT '{}';

ALTER TABLE space ADD COLUMN past_epochs uuid[] NOT NULL DEFAULT '{}';

ALTER TABLE space ADD COLUMN past_heads bigint[] NOT NULL DEFAULT '{}';

ALTER TABLE space DROP COLUMN epoch_head;

ALTER TABLE space DROP COLUMN epoch_before;
