//! Opening the database for reading, alone or beside a writer.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, ffi};

use super::{Error, column::Unpacker, schema};

/// The database in the data directory.
pub(super) const FILE: &str = "dateline.db";

/// How long a writer waits for another process's transaction. Those of the daemon take milliseconds, a migration longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than there are statements in this room, so that none is prepared twice.
const STATEMENTS: usize = 128;

/// Memory for pages in KiB: the inner pages of a store of a million articles, which each look-up passes.
const READER_CACHE_KIB: i64 = 8 << 10;

/// A view of the last committed state; each thread has its own.
pub struct Reader {
    pub(super) db: Connection,
    pub(super) texts: Unpacker,
    place: Place,
}

impl Reader {
    /// Opens the store of a data directory for reading, beside whoever writes it.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is no store yet, [`Error::Newer`] and [`Error::Older`] where it has another schema.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let missing = || Error::Missing { dir: dir.to_owned() };
        if !path.exists() {
            return Err(missing());
        }
        let reader = match Place::Directory(dir.to_owned()).open() {
            // Whoever created it was stopped in the middle; only a writer can take that back.
            Err(Error::ReadOnly(error)) if is_half_created(&error) => return Err(missing()),
            reader => reader?,
        };
        let known = i64::try_from(schema::MIGRATIONS.len()).expect("a handful of migrations");
        match schema::version(&reader.db)? {
            // A store that its creator has not finished.
            0 => Err(missing()),
            found if found > known => Err(Error::Newer { path, found, known }),
            found if found < known => Err(Error::Older { path, found, known }),
            _ => Ok(reader),
        }
    }

    /// Opens another reader of the same store, for another thread.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn another(&self) -> Result<Self, Error> {
        self.place.open()
    }

    /// Runs several reads on one and the same state, whatever is committed meanwhile.
    ///
    /// Keep it short: the write-ahead log grows as long as somebody looks at an old state.
    ///
    /// # Errors
    /// Those of `work`, and those of beginning.
    pub fn consistently<T, E: From<Error>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        // Inside a transaction the state is one already.
        if !self.db.is_autocommit() {
            return work(self);
        }
        let _ends_on_drop = Transaction::new_unchecked(&self.db, TransactionBehavior::Deferred).map_err(Error::from)?;
        work(self)
    }

    /// Writes a copy of the store into an empty directory: one state of it, whoever writes meanwhile, without the room
    /// that deleted rows left. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] where something is there already, else when it cannot be read or written.
    pub fn backup(&self, dir: &Path) -> Result<u64, Error> {
        let failed = |what| move |source| Error::File { path: dir.to_owned(), what, source };
        fs::create_dir_all(dir).map_err(failed("cannot create the directory"))?;
        if fs::read_dir(dir).map_err(failed("cannot read the directory"))?.next().is_some() {
            return Err(Error::NotEmpty { dir: dir.to_owned() });
        }
        let (partial, path) = (dir.join("dateline.db.partial"), dir.join(FILE));
        self.db.pragma_update(None, "query_only", false)?;
        let copied = self.db.execute("VACUUM INTO ?1", [partial.to_string_lossy()]);
        self.db.pragma_update(None, "query_only", true)?;
        if let Err(error) = copied {
            // What is left of it is no copy, and would be in the way of the next.
            let _ = fs::remove_file(&partial);
            return Err(error.into());
        }
        let copy = File::open(&partial).and_then(|file| file.sync_all().map(|()| file));
        let size = copy.and_then(|file| file.metadata()).map_err(failed("cannot write the copy"))?.len();
        fs::rename(&partial, &path).map_err(failed("cannot name the copy"))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("cannot write the directory"))?;
        Ok(size)
    }

    pub(super) fn new(db: Connection, place: Place) -> Self {
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        Self { db, texts: Unpacker::new(), place }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

/// Tells whether there is a journal to be rolled back: a finished store has a write-ahead log instead.
fn is_half_created(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_READONLY_ROLLBACK)
}

/// Sets what reader and writer have in common.
pub(super) fn set_up(db: &Connection) -> Result<(), Error> {
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "temp_store", "memory")?;
    Ok(())
}

/// Where a store is, to open it again.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In a data directory.
    Directory(PathBuf),
    /// In memory, under a name that the process gives once.
    Memory(String),
}

impl Place {
    pub(super) fn new_memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self::Memory(format!("/dateline-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The name that SQLite opens.
    pub(super) fn uri(&self) -> String {
        match self {
            Self::Directory(dir) => dir.join(FILE).to_string_lossy().into_owned(),
            Self::Memory(name) => format!("file:{name}?vfs=memdb"),
        }
    }

    /// The file of its write-ahead log.
    pub(super) fn log(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(dir) => Some(dir.join(format!("{FILE}-wal"))),
            Self::Memory(_) => None,
        }
    }

    fn open(&self) -> Result<Reader, Error> {
        let db = match self {
            Self::Directory(dir) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Connection::open_with_flags(dir.join(FILE), flags)?
            }
            Self::Memory(_) => Connection::open_with_flags(self.uri(), OpenFlags::default())?,
        };
        set_up(&db)?;
        db.pragma_update(None, "query_only", true)?;
        db.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        Ok(Reader::new(db, self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Counts, Sizes, Store,
        tests::{article, id, transact},
    };

    fn articles(reader: &Reader) -> u64 {
        reader.counts().expect("readable").articles
    }

    #[test]
    fn a_reader_sees_what_is_committed_and_never_waits_for_the_writer() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = Store::open(dir.path()).expect("store");
        let reader = Reader::open(dir.path()).expect("reader");
        transact(&mut store, |tx| {
            tx.insert(&article(1))?;
            assert_eq!((articles(tx), articles(&reader)), (1, 0), "only the transaction sees its own writes");
            Ok(())
        });
        assert_eq!(articles(&reader), 1);
        let seen = reader.consistently(|reader| {
            let before = articles(reader);
            transact(&mut store, |tx| tx.insert(&article(2)));
            Ok::<_, Error>((before, articles(reader)))
        });
        assert_eq!(seen.expect("readable"), (1, 1));
        assert_eq!((articles(&reader), articles(&reader.another().expect("another"))), (2, 2));
        assert!(reader.sizes().database_bytes > 0);
    }

    #[test]
    fn a_failing_transaction_leaves_nothing_and_the_next_one_works() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = Store::open(dir.path()).expect("store");
        let failed: Result<(), Error> = store.transaction(|tx| {
            tx.insert(&article(1))?;
            tx.place(id(2), id(1), None, id(1).into())
        });
        assert!(matches!(failed, Err(Error::Unknown { what: "article", .. })));
        assert_eq!(store.reads().counts().expect("readable"), Counts::default());
        transact(&mut store, |tx| tx.insert(&article(1)));
        assert_eq!(articles(store.reads()), 1);
    }

    #[test]
    fn a_full_disk_is_said_so_and_leaves_nothing_half_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = Store::open(dir.path()).expect("store");
        let pages: i64 = store.reads().db.query_row("PRAGMA page_count", [], |row| row.get(0)).expect("pages");
        store.reads().db.pragma_update(None, "max_page_count", pages + 2).expect("a limit");
        let full = store.transaction(|tx| (1..500).try_for_each(|n| tx.insert(&article(n)).map(drop)));
        let error = full.expect_err("it does not fit");
        assert!(matches!(error, Error::DiskFull(_)) && error.is_transient(), "{error}");
        assert_eq!(store.reads().counts().expect("readable"), Counts::default());

        store.reads().db.pragma_update(None, "max_page_count", 1 << 30).expect("room again");
        transact(&mut store, |tx| (1..500).try_for_each(|n| tx.insert(&article(n)).map(drop)));
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }

    #[test]
    fn a_transaction_with_a_failed_part_is_not_committed_even_when_the_failure_is_ignored() {
        let mut store = Store::in_memory().expect("store");
        let ignored = store.transaction(|tx| {
            tx.insert(&article(1))?;
            assert!(tx.alias(&crate::store::tests::url(9), id(77)).is_err(), "there is no such article");
            assert!(tx.insert(&article(2)).is_err());
            Ok(())
        });
        assert!(matches!(ignored, Err(Error::Aborted)));
        assert_eq!(store.reads().counts().expect("readable"), Counts::default());
    }

    #[test]
    fn a_store_outlives_its_writer_and_two_writers_take_turns() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut first = Store::open(dir.path()).expect("store");
        transact(&mut first, |tx| tx.insert(&article(1)));
        let mut second = Store::open(dir.path()).expect("store");
        transact(&mut second, |tx| tx.insert(&article(2)));
        transact(&mut first, |tx| tx.insert(&article(3)));
        drop((first, second));
        assert_eq!(articles(&Reader::open(dir.path()).expect("reader")), 3);
    }

    #[test]
    fn what_cannot_be_read_is_said_plainly() {
        let dir = tempfile::tempdir().expect("a directory");
        let open = || Reader::open(dir.path()).err().expect("it cannot be opened").to_string();
        assert!(open().starts_with("no store in /") && open().contains("\nhint: "), "{}", open());
        let path = dir.path().join(FILE);
        Connection::open(&path).expect("an empty database").pragma_update(None, "user_version", 99).expect("written");
        assert!(open().contains("schema 99 is newer"), "{}", open());
        assert!(matches!(Store::open(dir.path()), Err(Error::Newer { found: 99, .. })));
        std::fs::write(&path, "no database at all, but long enough to be looked at".repeat(100)).expect("written");
        assert!(open().contains("damaged"), "{}", open());
    }

    #[test]
    fn a_store_whose_creator_was_killed_is_none_yet() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(FILE), [0; 4096]).expect("its first page");
        // What SQLite writes before a database becomes one with a write-ahead log: it had no page.
        let mut journal = vec![0; 512];
        journal[..8].copy_from_slice(&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
        journal[20..28].copy_from_slice(&[0, 0, 2, 0, 0, 0, 16, 0]);
        std::fs::write(dir.path().join(format!("{FILE}-journal")), journal).expect("written");
        assert!(matches!(Reader::open(dir.path()), Err(Error::Missing { .. })));
        Store::open(dir.path()).expect("a writer begins anew");
        assert_eq!(articles(&Reader::open(dir.path()).expect("a store")), 0);
    }

    #[test]
    fn a_store_in_memory_is_shared_with_its_readers_only() {
        let (mut one, other) = (Store::in_memory().expect("store"), Store::in_memory().expect("store"));
        let reader = one.reader().expect("reader");
        transact(&mut one, |tx| tx.insert(&article(1)));
        assert_eq!((articles(&reader), articles(other.reads()), reader.sizes()), (1, 0, Sizes::default()));
    }
}
