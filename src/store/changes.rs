//! What other parts of dateline leave in the store in order: the change log, dedup's records, requests, small values.

use rusqlite::{OptionalExtension, types::FromSqlError};

use super::{
    Error, Reader, Tx,
    column::{Ms, from_json},
};
use crate::model::{ArticleId, SourceId, Time};

/// What happened to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    New,
    /// It has another text or other metadata.
    Revised,
    /// Its group or the representative of its group is another.
    Representative,
    /// Its group grew or shrank: only its number of copies is another.
    Copies,
    /// It belongs to another story.
    Story,
    /// It has other topics.
    Retagged,
    /// It is gone.
    Deleted,
    /// Another source announced it, or one that did has another name or other tags.
    Sources,
}

impl ChangeKind {
    const ALL: [Self; 8] = [
        Self::New,
        Self::Revised,
        Self::Representative,
        Self::Copies,
        Self::Story,
        Self::Retagged,
        Self::Deleted,
        Self::Sources,
    ];

    /// Returns its name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Revised => "revised",
            Self::Representative => "representative",
            Self::Copies => "copies",
            Self::Story => "story",
            Self::Retagged => "retagged",
            Self::Deleted => "deleted",
            Self::Sources => "sources",
        }
    }
}

/// One row of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Grows with each change, without being used twice.
    pub seq: u64,
    /// Which article.
    pub article: ArticleId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// When the transaction that made it began.
    pub at: Time,
}

/// Something that another process asks the daemon to do.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRequest {
    /// Grows with each request.
    pub id: u64,
    /// What to do.
    pub kind: String,
    /// With what.
    pub args: serde_json::Value,
    /// When it was asked.
    pub at: Time,
}

impl Tx<'_> {
    pub(super) fn log(&mut self, article: ArticleId, kind: ChangeKind) -> Result<(), Error> {
        let row = (article, kind.name(), Ms(self.began_at));
        self.run("INSERT INTO changes (article_id, kind, at) VALUES (?1, ?2, ?3)", row)?;
        Ok(())
    }

    /// Logs all articles that a source announced.
    pub(super) fn log_articles_of(&mut self, source: SourceId) -> Result<(), Error> {
        self.run(
            "INSERT INTO changes (article_id, kind, at)
             SELECT a.id, ?2, ?3 FROM announcements n JOIN articles a USING (seq) WHERE n.source_id = ?1 ORDER BY a.seq",
            (source, ChangeKind::Sources.name(), Ms(self.began_at)),
        )?;
        Ok(())
    }

    /// Forgets the changes up to and including `seq`; the numbers go on as before. Returns how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn prune_changes(&mut self, seq: u64) -> Result<usize, Error> {
        self.run("DELETE FROM changes WHERE seq <= ?1", [seq.cast_signed()])
    }

    /// Appends what dedup wants to remember of an article; returns the record's number.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn append_dedup(&mut self, article: ArticleId, record: &[u8]) -> Result<u64, Error> {
        self.run("INSERT INTO dedup (article_id, record) VALUES (?1, ?2)", (article, record))?;
        Ok(self.db().last_insert_rowid().cast_unsigned())
    }

    /// Forgets dedup's records before number `seq`; returns how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn prune_dedup(&mut self, seq: u64) -> Result<usize, Error> {
        self.run("DELETE FROM dedup WHERE seq < ?1", [seq.cast_signed()])
    }

    /// Leaves the daemon something to do; returns the number of the request.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn add_request(&mut self, kind: &str, args: &serde_json::Value) -> Result<u64, Error> {
        let row = (kind, args.to_string(), Ms(self.began_at));
        self.run("INSERT INTO requests (kind, args, at) VALUES (?1, ?2, ?3)", row)?;
        Ok(self.db().last_insert_rowid().cast_unsigned())
    }

    /// Takes all requests out, in the order in which they came.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn take_requests(&mut self) -> Result<Vec<StoredRequest>, Error> {
        let requests = {
            let mut statement = self.db().prepare_cached("SELECT id, kind, args, at FROM requests ORDER BY id")?;
            let rows = statement.query_and_then([], |row| {
                Ok::<_, Error>(StoredRequest {
                    id: row.get::<_, i64>(0)?.cast_unsigned(),
                    kind: row.get(1)?,
                    args: from_json("request", row.get_ref(2)?.as_bytes().unwrap_or_default())?,
                    at: row.get::<_, Ms>(3)?.0,
                })
            })?;
            rows.collect::<Result<Vec<_>, _>>()?
        };
        self.run("DELETE FROM requests", [])?;
        Ok(requests)
    }

    /// Keeps a small value under a key.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn put_meta(&mut self, key: &str, value: &str) -> Result<(), Error> {
        self.run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", (key, value))?;
        Ok(())
    }

    /// Drops a small value.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn drop_meta(&mut self, key: &str) -> Result<(), Error> {
        self.run("DELETE FROM meta WHERE key = ?1", [key])?;
        Ok(())
    }
}

impl Reader {
    /// Returns up to `limit` changes after number `seq`, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn changes_after(&self, seq: u64, limit: usize) -> Result<Vec<Change>, Error> {
        let mut statement = self
            .db
            .prepare_cached("SELECT seq, article_id, kind, at FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
        let rows = statement.query_map((seq.cast_signed(), i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            let name = row.get_ref(2)?.as_str()?;
            let kind = ChangeKind::ALL.into_iter().find(|kind| kind.name() == name);
            Ok(Change {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                article: row.get(1)?,
                kind: kind.ok_or(FromSqlError::InvalidType)?,
                at: row.get::<_, Ms>(3)?.0,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the number of the latest change; 0 before the first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn last_seq(&self) -> Result<u64, Error> {
        // Kept by SQLite beside the log, so it stays when the log is pruned.
        let mut statement = self.db.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")?;
        Ok(statement.query_row([], |row| row.get::<_, i64>(0)).optional()?.unwrap_or(0).cast_unsigned())
    }

    /// Returns the number of the earliest change that is still in the log: who has seen less than the one before has a gap.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn first_seq(&self) -> Result<Option<u64>, Error> {
        let mut statement = self.db.prepare_cached("SELECT min(seq) FROM changes")?;
        Ok(statement.query_row([], |row| row.get::<_, Option<i64>>(0))?.map(i64::cast_unsigned))
    }

    /// Shows dedup's records to `each`, oldest first, with number and article.
    ///
    /// # Errors
    /// Those of `each`, else when the database refuses.
    pub fn dedup_records<E: From<Error>>(
        &self,
        mut each: impl FnMut(u64, ArticleId, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| Error::from(error);
        let mut statement =
            self.db.prepare_cached("SELECT seq, article_id, record FROM dedup ORDER BY seq").map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let seq: i64 = row.get(0).map_err(failed)?;
            let article = row.get(1).map_err(failed)?;
            let record = row.get_ref(2).map_err(failed)?.as_blob().unwrap_or_default();
            each(seq.cast_unsigned(), article, record)?;
        }
        Ok(())
    }

    /// Returns whether another process asks for something.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn has_requests(&self) -> Result<bool, Error> {
        Ok(self.db.prepare_cached("SELECT 1 FROM requests LIMIT 1")?.exists([])?)
    }

    /// Returns a small value.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn get_meta(&self, key: &str) -> Result<Option<String>, Error> {
        let mut statement = self.db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store,
        tests::{article, id, transact},
    };

    #[test]
    fn the_log_goes_on_counting_when_it_is_pruned() {
        let mut store = Store::in_memory().expect("store");
        assert_eq!((store.reads().last_seq().expect("seq"), store.reads().first_seq().expect("seq")), (0, None));
        transact(&mut store, |tx| (1..=5).try_for_each(|n| tx.insert(&article(n)).map(drop)));
        let changes = store.reads().changes_after(2, 2).expect("readable");
        let changes: Vec<_> = changes.iter().map(|change| (change.seq, change.article, change.kind)).collect();
        assert_eq!(changes, [(3, id(3), ChangeKind::New), (4, id(4), ChangeKind::New)]);

        assert_eq!(transact(&mut store, |tx| tx.prune_changes(5)), 5);
        assert_eq!((store.reads().last_seq().expect("seq"), store.reads().first_seq().expect("seq")), (5, None));
        transact(&mut store, |tx| tx.insert(&article(6)));
        assert_eq!((store.reads().last_seq().expect("seq"), store.reads().first_seq().expect("seq")), (6, Some(6)));
    }

    #[test]
    fn every_kind_of_change_survives_its_name() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| ChangeKind::ALL.into_iter().try_for_each(|kind| tx.log(id(1), kind)));
        let changes = store.reads().changes_after(0, 99).expect("readable");
        assert_eq!(changes.into_iter().map(|change| change.kind).collect::<Vec<_>>(), ChangeKind::ALL);
    }

    #[test]
    fn dedup_records_come_back_oldest_first_until_pruned() {
        let mut store = Store::in_memory().expect("store");
        let numbers = transact(&mut store, |tx| {
            (0..4_u8).map(|n| tx.append_dedup(id(n.into()), &[n, n])).collect::<Result<Vec<_>, _>>()
        });
        assert_eq!(transact(&mut store, |tx| tx.prune_dedup(numbers[2])), 2);
        let mut seen = Vec::new();
        let each = |seq, article: ArticleId, record: &[u8]| {
            seen.push((seq, article.bits(), record.to_vec()));
            Ok::<_, Error>(())
        };
        store.reads().dedup_records(each).expect("readable");
        assert_eq!(seen, [(numbers[2], 2, vec![2, 2]), (numbers[3], 3, vec![3, 3])]);
    }

    #[test]
    fn requests_are_taken_once_and_values_are_kept() {
        let mut store = Store::in_memory().expect("store");
        let args = serde_json::json!({"id": "00000000000000ff"});
        transact(&mut store, |tx| {
            tx.put_meta("a", "1")?;
            tx.put_meta("a", "2")?;
            tx.add_request("delete", &args)
        });
        assert!(store.reads().has_requests().expect("readable"));
        let taken = transact(&mut store, |tx| tx.take_requests());
        assert_eq!((taken.len(), taken[0].kind.as_str(), &taken[0].args), (1, "delete", &args));
        assert!(!store.reads().has_requests().expect("readable"));
        assert_eq!(store.reads().get_meta("a").expect("readable").as_deref(), Some("2"));
        assert_eq!(store.reads().get_meta("b").expect("readable"), None);
    }
}
