-- How a source is doing stands apart from what seldom changes, together with its latest polls: a poll then writes one page.
-- Polls are a JSON list, oldest first: [[at, HTTP status, outcome, new entries, milliseconds], ...].
CREATE TABLE source_states (
    id     INTEGER PRIMARY KEY REFERENCES sources (id),
    state  TEXT NOT NULL,
    status TEXT NOT NULL,
    polls  TEXT NOT NULL
);
INSERT INTO source_states
    SELECT id, state, status, coalesce(
        (SELECT json_group_array(json_array(at, status, outcome, new, duration_ms) ORDER BY number)
         FROM polls WHERE source_id = sources.id), '[]')
    FROM sources;
DROP TABLE polls;
ALTER TABLE sources DROP COLUMN state;
ALTER TABLE sources DROP COLUMN status;
ALTER TABLE sources DROP COLUMN polls;

-- The states of an entry one by one: SQLite makes a list of four anew, as a table, for each row that is written.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''due'', ''article'', ''skipped'', ''failed'')',
    'state = ''due'' OR state = ''article'' OR state = ''skipped'' OR state = ''failed''')
    WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;
