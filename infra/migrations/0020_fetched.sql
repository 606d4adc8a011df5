-- Of what has arrived, what one of the person's devices has already: a prompt would tell them nothing new of it.

ALTER TABLE prompt ADD COLUMN fetched uuid[] NOT NULL DEFAULT '{}';
