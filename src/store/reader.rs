//! Opening the database for reading, alone or beside a writer.

use std::{
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{Error, column::Unpacker, schema};

/// The database in the data directory.
pub(super) const FILE: &str = "dateline.db";

/// How long a writer waits for another process's transaction. Those of the daemon take milliseconds, a migration longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than there are statements in this room, so that none is prepared twice.
const STATEMENTS: usize = 128;

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
        let reader = Place::Directory(dir.to_owned()).open()?;
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

    pub(super) fn new(db: Connection, place: Place) -> Self {
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        Self { db, texts: Unpacker::new(), place }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }
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
        Ok(Reader::new(db, self.clone()))
    }
}
