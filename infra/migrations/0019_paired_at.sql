-- Since when the two of a couple's space are together: for two days nothing but what arrives is told by a prompt. Of
-- couples from before it is not known, and long ago.

ALTER TABLE space ADD COLUMN paired_at timestamptz;
