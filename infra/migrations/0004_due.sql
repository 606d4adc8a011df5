-- When the worker has to look at a record again: a note that waits for its day.

ALTER TABLE record ADD COLUMN due_at timestamptz;

CREATE INDEX record_due ON record (due_at) WHERE due_at IS NOT NULL;
