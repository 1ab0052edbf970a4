-- An entry's id begins with the bits of its source's, so that what a source announced stands together: a poll then reads
-- and writes a few neighbouring pages, not one for each entry. The totals of new entries are counted by the poll.
CREATE TABLE clustered_entries (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES sources (id),
    state         TEXT NOT NULL CHECK (state IN ('due', 'article', 'skipped', 'failed')),
    due_at        INTEGER,
    attempts      INTEGER NOT NULL DEFAULT 0,
    deaths        INTEGER NOT NULL DEFAULT 0,
    changed       INTEGER NOT NULL DEFAULT 0,
    article_id    INTEGER REFERENCES articles (id),
    reason        TEXT,
    digest        INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    link          TEXT,
    host          TEXT NOT NULL,
    validators    TEXT,
    payload       BLOB
);
-- Written in order, with only the ids in memory to be sorted. (A limit keeps SQLite from leaving the order out.)
INSERT OR IGNORE INTO clustered_entries
    SELECT ordered.clustered_id, source_id, state, due_at, attempts, deaths, changed, article_id, reason, digest,
        first_seen_at, link, host, validators, payload
    FROM (SELECT id, (source_id & ~0xfffffffffff) | (id & 0xfffffffffff) AS clustered_id FROM entries
          ORDER BY clustered_id LIMIT -1) AS ordered
    CROSS JOIN entries USING (id);
DROP TABLE entries;
ALTER TABLE clustered_entries RENAME TO entries;

CREATE INDEX entries_due ON entries (due_at, id, source_id, host) WHERE due_at IS NOT NULL;
CREATE INDEX entries_by_article ON entries (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX entries_failed ON entries (due_at, id) WHERE state = 'failed';
CREATE INDEX entries_deadly ON entries (id) WHERE deaths > 0;

UPDATE counts SET n = (SELECT count(*) FROM entries WHERE 'entries:' || state = name) WHERE name LIKE 'entries:%';

CREATE TRIGGER entry_changed AFTER UPDATE OF state ON entries WHEN new.state <> old.state BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'entries:' || old.state;
    UPDATE counts SET n = n + 1 WHERE name = 'entries:' || new.state;
END;
