-- Apps with a client library pull each kind by itself, from wherever its last row was: without this index each pull would
-- go through everything else that has changed since.

CREATE INDEX record_kind ON record (space_id, kind, version);
