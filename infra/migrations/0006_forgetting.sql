-- What the worker looks for when it forgets: records that were removed, and tombstones, by their age.

CREATE INDEX record_removed ON record (changed_at) WHERE removed AND NOT gone;

CREATE INDEX record_gone ON record (changed_at) WHERE gone;
