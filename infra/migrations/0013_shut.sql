-- What stands open in a couple's space and is shut again moves nothing of the partner's (I2).
-- `shut_at`: the version at which the partner was told that it is gone; 0 where they never had it.
ALTER TABLE record ADD COLUMN shut_at bigint;

CREATE INDEX record_shut ON record (space_id, shut_at) WHERE shut_at IS NOT NULL;

-- Versions above `hushed_from` up to `hushed_upto` are of nobody's concern but `hushed_by`'s: while the head is the
-- latter, the partner is told that it is the former.
ALTER TABLE space ADD COLUMN hushed_from bigint;
ALTER TABLE space ADD COLUMN hushed_upto bigint;
ALTER TABLE space ADD COLUMN hushed_by uuid;

UPDATE record SET shut_at = version
FROM space
WHERE space.space_id = record.space_id AND record.kind = 'support_request'
    AND (record.removed OR record.gone OR space.state = 'closed');

-- Nothing but a letter waits for an instant any more.
UPDATE record SET due_at = NULL WHERE due_at IS NOT NULL AND kind IN ('support_request', 'counsel_summary');
