-- Ids are the 64 bits of the typed ids as signed integers; times are milliseconds since 1970 in UTC.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Running totals, kept by the triggers below, so that a status needs no scan.
CREATE TABLE counts (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
) WITHOUT ROWID;

-- A source is polled while a file lists it or a command added it; afterwards its row keeps its name for its articles.
CREATE TABLE sources (
    id         INTEGER PRIMARY KEY,
    url        TEXT NOT NULL,
    name       TEXT NOT NULL,
    tags       TEXT NOT NULL,
    source     TEXT NOT NULL,
    state      TEXT NOT NULL,
    status     TEXT NOT NULL,
    polls      INTEGER NOT NULL DEFAULT 0,
    position   INTEGER NOT NULL DEFAULT 0,
    in_file    INTEGER NOT NULL DEFAULT 0,
    by_command INTEGER NOT NULL DEFAULT 0,
    configured INTEGER AS (in_file OR by_command) VIRTUAL
);
CREATE INDEX sources_by_name ON sources (name COLLATE NOCASE);

-- A ring of the latest polls of each source: the slot is the number of the poll modulo the ring's size.
CREATE TABLE polls (
    source_id   INTEGER NOT NULL REFERENCES sources (id),
    slot        INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    status      INTEGER,
    outcome     TEXT NOT NULL,
    new         INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (source_id, slot)
) WITHOUT ROWID;

-- `due_at` is set while something is to be done, now or later; `payload` is kept as long.
CREATE TABLE entries (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES sources (id),
    state         TEXT NOT NULL CHECK (state IN ('due', 'article', 'skipped', 'failed')),
    due_at        INTEGER,
    attempts      INTEGER NOT NULL DEFAULT 0,
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
CREATE INDEX entries_due ON entries (due_at, id, source_id, host) WHERE due_at IS NOT NULL;
CREATE INDEX entries_by_article ON entries (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX entries_failed ON entries (due_at, id) WHERE state = 'failed';

-- `seq` counts in order of first sight: it is what streams run along, and rows of one time stand together.
-- `order_at` is when the article was published, else when it was first fetched.
CREATE TABLE articles (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           INTEGER NOT NULL UNIQUE,
    url          TEXT NOT NULL,
    outlet       TEXT NOT NULL,
    source_id    INTEGER REFERENCES sources (id),
    title        TEXT NOT NULL,
    authors      TEXT NOT NULL,
    published_at INTEGER,
    date_only    INTEGER NOT NULL,
    order_at     INTEGER NOT NULL,
    first_at     INTEGER NOT NULL,
    fetched_at   INTEGER NOT NULL,
    lang         TEXT,
    site         TEXT,
    image        TEXT,
    summary      TEXT,
    kind         TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    group_id     INTEGER NOT NULL,
    similarity   REAL,
    story_id     INTEGER NOT NULL,
    topics       BLOB
);
CREATE INDEX articles_by_group ON articles (group_id, order_at, id);
CREATE INDEX articles_by_story ON articles (story_id, order_at, outlet);
CREATE INDEX articles_by_time ON articles (order_at);

-- Apart from their articles, so that walking over articles does not read every text.
CREATE TABLE bodies (
    seq  INTEGER PRIMARY KEY REFERENCES articles (seq),
    body BLOB NOT NULL
);

-- The texts that newer ones replaced.
CREATE TABLE revisions (
    seq        INTEGER NOT NULL REFERENCES articles (seq),
    number     INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL,
    title      TEXT NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;

-- Every address that leads to an article, without its scheme; one whose article was deleted leads nowhere for good.
CREATE TABLE urls (
    url        TEXT PRIMARY KEY,
    article_id INTEGER REFERENCES articles (id),
    is_alias   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX urls_alias ON urls (article_id) WHERE is_alias;

CREATE TABLE announcements (
    seq       INTEGER NOT NULL REFERENCES articles (seq),
    source_id INTEGER NOT NULL REFERENCES sources (id),
    PRIMARY KEY (seq, source_id)
) WITHOUT ROWID;
CREATE INDEX announcements_by_source ON announcements (source_id, seq);

-- The topics that are given; their evidence is in `articles.topics`.
CREATE TABLE article_topics (
    seq   INTEGER NOT NULL REFERENCES articles (seq),
    topic TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (seq, topic)
) WITHOUT ROWID;

-- Only groups of two members or more: who is alone has no copies and stands for itself.
CREATE TABLE groups (
    id             INTEGER PRIMARY KEY,
    representative INTEGER NOT NULL REFERENCES articles (id) DEFERRABLE INITIALLY DEFERRED,
    members        INTEGER NOT NULL
);

CREATE TABLE stories (
    id       INTEGER PRIMARY KEY,
    articles INTEGER NOT NULL,
    outlets  INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
);
CREATE INDEX stories_by_size ON stories (articles DESC, last_at DESC, id, outlets) WHERE outlets >= 2;

CREATE TABLE story_aliases (
    id      INTEGER PRIMARY KEY,
    into_id INTEGER NOT NULL
);
CREATE INDEX story_aliases_by_target ON story_aliases (into_id);

CREATE TABLE changes (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    at         INTEGER NOT NULL
);

CREATE TABLE dedup (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL,
    record     BLOB NOT NULL
);

CREATE TABLE requests (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    args TEXT NOT NULL,
    at   INTEGER NOT NULL
);

INSERT INTO counts VALUES
    ('articles', 0), ('copies', 0), ('stories', 0),
    ('entries:due', 0), ('entries:article', 0), ('entries:skipped', 0), ('entries:failed', 0);

CREATE TRIGGER article_added AFTER INSERT ON articles BEGIN
    UPDATE counts SET n = n + 1 WHERE name = 'articles';
END;
CREATE TRIGGER article_gone AFTER DELETE ON articles BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'articles';
END;

CREATE TRIGGER group_added AFTER INSERT ON groups BEGIN
    UPDATE counts SET n = n + new.members - 1 WHERE name = 'copies';
END;
CREATE TRIGGER group_changed AFTER UPDATE OF members ON groups BEGIN
    UPDATE counts SET n = n + new.members - old.members WHERE name = 'copies';
END;
CREATE TRIGGER group_gone AFTER DELETE ON groups BEGIN
    UPDATE counts SET n = n - old.members + 1 WHERE name = 'copies';
END;

CREATE TRIGGER story_added AFTER INSERT ON stories BEGIN
    UPDATE counts SET n = n + 1 WHERE name = 'stories';
END;
CREATE TRIGGER story_gone AFTER DELETE ON stories BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'stories';
END;

CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
    UPDATE counts SET n = n + 1 WHERE name = 'entries:' || new.state;
END;
CREATE TRIGGER entry_changed AFTER UPDATE OF state ON entries WHEN new.state <> old.state BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'entries:' || old.state;
    UPDATE counts SET n = n + 1 WHERE name = 'entries:' || new.state;
END;

CREATE TRIGGER topic_given AFTER INSERT ON article_topics BEGIN
    INSERT INTO counts VALUES ('topic:' || new.topic, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER topic_taken AFTER DELETE ON article_topics BEGIN
    UPDATE counts SET n = n - 1 WHERE name = 'topic:' || old.topic;
END;
