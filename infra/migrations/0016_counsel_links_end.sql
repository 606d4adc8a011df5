-- How a link ends when somebody withdraws a consent.

-- Whose parts a link may show: those who agreed to it when it was made and have not withdrawn that since.

ALTER TABLE counsel_link ADD COLUMN shows uuid[] NOT NULL DEFAULT '{}';

UPDATE counsel_link l SET shows = ARRAY(
    SELECT s.person_id FROM person_space s
    WHERE s.space_id = l.space_id AND 2 = (
        SELECT count(*) FROM (
            SELECT DISTINCT ON (c.purpose) c.given FROM consent c
            WHERE c.person_id = s.person_id AND c.purpose IN ('core_sensitive', 'summary_share')
            ORDER BY c.purpose, c.place DESC
        ) said
        WHERE said.given
    )
    ORDER BY s.person_id
);

-- That a link is dead for good, until its summary has been told and the row is forgotten.

ALTER TABLE counsel_link ADD COLUMN ended boolean NOT NULL DEFAULT false;
