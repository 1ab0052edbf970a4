//! Moves what was written from the write-ahead log into the database, beside the writer.
//!
//! That is two waits for the disk and as much writing as the log has; whoever writes goes on meanwhile.

use std::{path::PathBuf, time::Duration};

use rusqlite::Connection;

use super::{Error, Store, reader};

/// Pages of the log that are worth it: 16 MiB, so that a large import does not write the same inner pages again after
/// each megabyte.
const PAGES: i64 = 4096;

/// A page with its header, in bytes.
const FRAME_BYTES: u64 = 4096 + 24;

/// How long a reader may hold up the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Keeps the log short, from a thread of its own.
pub struct Checkpointer {
    db: Connection,
    /// The log; `None` in memory, where there is none.
    log: Option<PathBuf>,
}

impl Store {
    /// Opens what keeps the log short while this store is written.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn checkpointer(&self) -> Result<Checkpointer, Error> {
        let db = Connection::open_with_flags(self.reader.place().uri(), Default::default())?;
        reader::set_up(&db)?;
        Ok(Checkpointer { db, log: self.reader.place().log() })
    }
}

impl Checkpointer {
    /// Moves what is in the log, as far as no reader needs it there, once that is enough. Returns whether it was.
    ///
    /// # Errors
    /// When the database refuses: nothing is lost, and the log grows until it can be moved.
    pub fn run(&self) -> Result<bool, Error> {
        // Costs nothing to ask, and the file is as long as the log ever was.
        let bytes = self.log.as_ref().and_then(|log| log.metadata().ok()).map_or(0, |log| log.len());
        if bytes < PAGES.cast_unsigned() * FRAME_BYTES { Ok(false) } else { self.move_from(PAGES) }
    }

    /// Moves all of the log, once nobody writes any more, and gives its place on the disk back. What a reader still needs
    /// stays, and the next to open the store finds it there.
    ///
    /// # Errors
    /// When the database refuses: nothing is lost.
    pub fn finish(self) -> Result<(), Error> {
        self.db.busy_timeout(PATIENCE)?;
        self.waiting("truncate").map(drop)
    }

    fn move_from(&self, pages: i64) -> Result<bool, Error> {
        let is_due = self.waiting("noop")? >= pages;
        if is_due {
            self.waiting("passive")?;
        }
        Ok(is_due)
    }

    /// Does a kind of checkpoint and returns how many pages of the log then wait to be moved.
    fn waiting(&self, kind: &str) -> Result<i64, Error> {
        let mut statement = self.db.prepare_cached(&format!("PRAGMA wal_checkpoint({kind})"))?;
        Ok(statement.query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{article, transact};

    #[test]
    fn what_was_written_is_moved_beside_the_writer_once_it_is_enough() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = Store::open(dir.path()).expect("store");
        let checkpointer = store.checkpointer().expect("a second connection");
        transact(&mut store, |tx| tx.insert(&article(1)));
        assert!(!checkpointer.run().expect("no checkpoint"), "a few pages are not worth it");
        let waiting = checkpointer.waiting("noop").expect("the log");
        assert!(waiting > 0 && checkpointer.move_from(waiting).expect("a checkpoint"));
        assert_eq!(checkpointer.waiting("noop").expect("the log"), 0);

        transact(&mut store, |tx| tx.insert(&article(2)));
        let begun_anew = checkpointer.waiting("noop").expect("the log");
        assert!(begun_anew <= waiting, "the writer begins the log anew: {begun_anew} of {waiting}");
        checkpointer.finish().expect("the log is moved");
        let log = dir.path().join("dateline.db-wal");
        assert_eq!(log.metadata().expect("a log").len(), 0, "it is given back while the store is still open");
        drop(store);
        assert_eq!(Store::open(dir.path()).expect("store").reads().counts().expect("counts").articles, 2);
    }

    #[test]
    fn a_store_in_memory_has_nothing_to_move() {
        let store = Store::in_memory().expect("store");
        assert!(!store.checkpointer().expect("a second connection").run().expect("nothing"));
    }
}
