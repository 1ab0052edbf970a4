//! How much there is, and whether it is sound.

use std::{collections::HashMap, fs, path::PathBuf};

use rusqlite::OptionalExtension;

use super::{Error, Reader, reader::Place};
use crate::model::ArticleId;

/// Totals for a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Polled sources by how their last poll went.
    pub sources: SourceCounts,
    /// Entries by what became of them.
    pub entries: EntryCounts,
    /// Articles, copies included.
    pub articles: u64,
    /// Those of them that tell what another one tells.
    pub copies: u64,
    /// Stories, those of one outlet included.
    pub stories: u64,
    /// The number of the latest change.
    pub changes: u64,
}

/// Polled sources by how their last poll went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// It brought a document or "not modified".
    pub ok: u64,
    /// It failed.
    pub failing: u64,
    /// The server said that the source is gone.
    pub gone: u64,
    /// There was none.
    pub never: u64,
}

/// Entries by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryCounts {
    /// Nothing yet: they are to be read.
    pub due: u64,
    /// An article.
    pub article: u64,
    /// Nothing, for a reason that will not pass.
    pub skipped: u64,
    /// Nothing yet: reading failed.
    pub failed: u64,
}

/// Sizes on disk in bytes; 0 for a store in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The database.
    pub database_bytes: u64,
    /// Its write-ahead log.
    pub log_bytes: u64,
}

impl Reader {
    /// Returns the totals; takes no longer for a large store than for a small one.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn counts(&self) -> Result<Counts, Error> {
        self.consistently(|reader| {
            Ok(Counts {
                sources: reader.source_counts()?,
                entries: EntryCounts {
                    due: reader.total("entries:due")?,
                    article: reader.total("entries:article")?,
                    skipped: reader.total("entries:skipped")?,
                    failed: reader.total("entries:failed")?,
                },
                articles: reader.total("articles")?,
                copies: reader.total("copies")?,
                stories: reader.total("stories")?,
                changes: reader.last_seq()?,
            })
        })
    }

    fn total(&self, name: &str) -> Result<u64, Error> {
        let mut statement = self.db.prepare_cached("SELECT n FROM counts WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get::<_, i64>(0)).optional()?.unwrap_or(0).cast_unsigned())
    }

    fn source_counts(&self) -> Result<SourceCounts, Error> {
        let mut counts = SourceCounts::default();
        let mut statement = self.db.prepare_cached(
            "SELECT status, count(*) FROM sources LEFT JOIN source_states USING (id) WHERE configured GROUP BY status",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let sources = row.get::<_, i64>(1)?.cast_unsigned();
            match row.get_ref(0)?.as_str_or_null().unwrap_or_default() {
                Some("\"ok\"") => counts.ok = sources,
                Some("\"failing\"") => counts.failing = sources,
                Some("\"gone\"") => counts.gone = sources,
                _ => counts.never += sources,
            }
        }
        Ok(counts)
    }

    /// Returns the sizes of the store's files.
    pub fn sizes(&self) -> Sizes {
        let Place::Directory(dir) = self.place() else { return Sizes::default() };
        let size = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        Sizes { database_bytes: size(dir.join(super::reader::FILE)), log_bytes: self.place().log().map_or(0, size) }
    }

    /// Returns the bytes of the database that hold something; what was deleted leaves room that is used again.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn used_bytes(&self) -> Result<u64, Error> {
        let number = |pragma: &str| self.db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
        Ok((pages * number("PRAGMA page_size")?).cast_unsigned())
    }

    /// Looks through the whole store for damage and for contradictions; returns what it found, nothing being good.
    ///
    /// Reads everything: minutes for a large store.
    ///
    /// # Errors
    /// When the database refuses to be read at all.
    pub fn integrity_check(&self) -> Result<Vec<String>, Error> {
        self.consistently(|reader| {
            let mut problems: Vec<String> = reader.column("PRAGMA integrity_check")?;
            problems.retain(|problem| problem != "ok");
            for table in reader.column("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")? {
                problems.push(format!("{table} has rows that refer to nothing"));
            }
            for (claim, violations) in INVARIANTS {
                if reader.db.prepare(violations)?.exists([])? {
                    problems.push(format!("not true: {claim}"));
                }
            }
            Ok(problems)
        })
    }

    /// Returns each article with its group of copies, as the index knows it: the representative, itself where it is alone.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn places(&self) -> Result<HashMap<ArticleId, ArticleId>, Error> {
        let sql = "SELECT articles.id, coalesce(representative, articles.id) FROM articles
                   LEFT JOIN groups ON groups.id = group_id";
        Ok(self.db.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
    }

    fn column(&self, sql: &str) -> Result<Vec<String>, Error> {
        Ok(self.db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

/// What the tables must say of each other, with a query for what contradicts it.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "a group is as large as its row says, and who is alone has none",
        "SELECT 1 FROM (SELECT group_id, count(*) AS n FROM articles GROUP BY group_id) AS counted
         FULL JOIN groups ON groups.id = group_id WHERE coalesce(members, 1) <> coalesce(n, 0) OR members = 1",
    ),
    (
        "the representative is the earliest of its group",
        "SELECT 1 FROM groups WHERE representative <> (SELECT id FROM articles WHERE group_id = groups.id
            ORDER BY order_at, id < 0, id LIMIT 1)",
    ),
    (
        "what entries say is kept as long as one of them needs it",
        "SELECT 1 FROM (SELECT bundle, count(*) AS n FROM entries WHERE bundle IS NOT NULL GROUP BY bundle) AS counted
         FULL JOIN bundles ON bundles.id = bundle LEFT JOIN bundle_texts USING (id)
         WHERE waiting IS NOT n OR packed IS NULL",
    ),
    (
        "a story is as large as its row says",
        "SELECT 1 FROM (SELECT story_id, count(*) AS n, count(DISTINCT outlet) AS o, min(order_at) AS a, max(order_at) AS z
            FROM articles GROUP BY story_id) AS counted FULL JOIN stories ON stories.id = story_id
         WHERE (articles, outlets, first_at, last_at) IS NOT (n, o, a, z)",
    ),
    (
        "no article is in a story that was merged into another",
        "SELECT 1 FROM articles JOIN story_aliases ON story_aliases.id = story_id",
    ),
    (
        "every article has a text and an address that leads to it",
        "SELECT 1 FROM articles LEFT JOIN bodies USING (seq) LEFT JOIN urls ON urls.article_id = articles.id AND NOT is_alias
         AND urls.url = substr(articles.url, instr(articles.url, '://') + 3)
         WHERE body IS NULL OR urls.url IS NULL",
    ),
    (
        "every article is in the change log or older than it",
        "SELECT 1 FROM articles WHERE (SELECT coalesce(min(seq), 2) FROM changes) = 1
         AND id NOT IN (SELECT article_id FROM changes WHERE kind = 'new')",
    ),
    (
        "the totals are right",
        "SELECT 1 FROM counts WHERE n <> CASE
            WHEN name = 'articles' THEN (SELECT count(*) FROM articles)
            WHEN name = 'copies' THEN (SELECT coalesce(sum(members - 1), 0) FROM groups)
            WHEN name = 'stories' THEN (SELECT count(*) FROM stories)
            WHEN name LIKE 'entries:%' THEN (SELECT count(*) FROM entries WHERE 'entries:' || state = name)
            ELSE (SELECT count(*) FROM article_topics WHERE 'topic:' || topic = name) END",
    ),
];
