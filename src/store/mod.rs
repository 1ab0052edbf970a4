//! The store: one SQLite database in the data directory, the truth that everything else is derived from.
//!
//! It keeps sources and how they are doing, the entries they announced and what became of each, articles with their
//! texts, groups of copies, stories and topics, and the change log that index and alerts follow. Uniqueness (one article
//! per address, one fate per entry) is in its constraints, and every change of an article writes its row of the
//! log in the same transaction.
//!
//! There is one writer, [`Store`], which only works in transactions ([`Tx`]); any number of [`Reader`]s, in this process
//! and in others, see the last committed state and never wait. [`Lock`] says who may run the daemon.
//!
//! It decides nothing: what is a copy of what, which story and topics an article has, when something is due
//! are told to it. The one exception is who represents a group of copies, because that depends on who else is in it.
//!
//! | file | has |
//! |---|---|
//! | `schema`, `schema.sql` | the tables, migrations |
//! | `reader`, `tx`, `checkpoint` | opening, reading, transactions, the log |
//! | `sources`, `entries`, `bundle` | what is polled, what it announced |
//! | `articles`, `addresses`, `groups`, `stories`, `topics` | articles, what leads to them, where they belong |
//! | `export` | walking over all of them |
//! | `changes` | the log, dedup's records, requests of other processes, small values |
//! | `status` | totals and checks |

mod addresses;
mod articles;
mod bundle;
mod changes;
mod checkpoint;
mod column;
mod entries;
mod error;
mod export;
mod groups;
mod lock;
mod reader;
mod schema;
mod sources;
mod status;
mod stories;
#[cfg(test)]
pub(crate) mod tests;
mod topics;
mod tx;

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags};

pub use self::{
    articles::{NewArticle, NewText},
    changes::{Change, ChangeKind, StoredRequest},
    checkpoint::Checkpointer,
    entries::{Announced, Due, DueEntry, FailedEntry, Fate, PollSaved},
    error::Error,
    export::{ArticleFilter, Cursor},
    groups::Placed,
    lock::Lock,
    reader::Reader,
    sources::{Origin, PollRecord, StoredSource},
    status::{Counts, EntryCounts, Sizes, SourceCounts},
    stories::StoryFilter,
    tx::Tx,
};
use self::{column::Packer, reader::Place};

/// Pages of the write-ahead log, 20 MiB, from which on the writer itself moves them into the database: by then
/// [`Checkpointer`] has moved nearly all, but the log begins anew only after a moment in which all of it was moved.
const CHECKPOINT_PAGES: u32 = 5120;

/// Memory for pages in KiB; grows to it only as far as the database is used.
const WRITER_CACHE_KIB: i64 = 32 << 10;

/// The writer.
pub struct Store {
    reader: Reader,
    packer: Packer,
    syncs_at_once: bool,
}

impl Store {
    /// Opens the store of a data directory, creates it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// [`Error::Newer`] for a store of a newer dateline; [`Error::ReadOnly`], [`Error::DiskFull`] and the like where it
    /// cannot be written.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File { path: dir.to_owned(), what: "cannot create the data directory", source };
        fs::create_dir_all(dir).map_err(failed)?;
        let path = dir.join(reader::FILE);
        let connection = Connection::open(&path)?;
        reader::set_up(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        schema::migrate(&connection, Some(&path), schema::MIGRATIONS)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        Self::new(connection, Place::Directory(dir.to_owned()))
    }

    /// Makes an empty store that lives as long as it and its readers, for tests.
    ///
    /// # Errors
    /// When SQLite refuses, which it has no reason for.
    pub fn in_memory() -> Result<Self, Error> {
        let place = Place::new_memory();
        let connection = Connection::open_with_flags(place.uri(), OpenFlags::default())?;
        reader::set_up(&connection)?;
        schema::migrate(&connection, None, schema::MIGRATIONS)?;
        Self::new(connection, place)
    }

    fn new(connection: Connection, place: Place) -> Result<Self, Error> {
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        Ok(Self { reader: Reader::new(connection, place), packer: Packer::new(), syncs_at_once: true })
    }

    /// Opens a reader of the same store, for another thread.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn reader(&self) -> Result<Reader, Error> {
        self.reader.another()
    }

    /// Returns the reads on the writer's own connection.
    pub fn reads(&self) -> &Reader {
        &self.reader
    }

    /// Says whether what is written from here on has to outlive a power failure at once, or only with the next that has to.
    /// It always outlives this process, and what is lost is lost from its end on, whole transactions at a time.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn sync(&mut self, at_once: bool) -> Result<(), Error> {
        if self.syncs_at_once != at_once {
            self.reader.db.pragma_update(None, "synchronous", if at_once { "full" } else { "normal" })?;
            self.syncs_at_once = at_once;
        }
        Ok(())
    }

    /// Does everything that `work` does, or nothing: commits where it returns `Ok`, takes all back where it returns `Err`.
    ///
    /// # Errors
    /// Those of `work`, and those of beginning and committing; after any of them nothing was written.
    pub fn transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E>,
    {
        let mut tx = Tx::begin(&self.reader, &mut self.packer)?;
        let done = work(&mut tx)?;
        tx.commit()?;
        Ok(done)
    }
}
