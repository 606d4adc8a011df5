-- As what a prompt told of each of its records: by one letter and one request nobody has been told of four things.

ALTER TABLE prompt_ledger ADD COLUMN record_kinds text[] NOT NULL DEFAULT '{}';
