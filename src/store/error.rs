//! What can go wrong with the store, in words for its user.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no store in the data directory.
    #[error("no store in {path}\nhint: `dateline run` or `dateline import` creates it; --data-dir says where it is", path = .dir.display())]
    Missing {
        /// The data directory.
        dir: PathBuf,
    },
    /// The data directory belongs to another running writer.
    #[error("{path} is in use by {owner}\nhint: `dateline status` shows what it is doing", path = .dir.display())]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// Who has it, in words.
        owner: String,
    },
    /// A newer dateline wrote the store.
    #[error("{path}: schema {found} is newer than {known}, the newest that this dateline knows\nhint: upgrade dateline", path = .path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known schema.
        known: i64,
    },
    /// The store was written by an older dateline and nobody has brought it up to date.
    #[error("{path}: schema {found} is older than {known}\nhint: `dateline run` brings it up to date", path = .path.display())]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The needed schema.
        known: i64,
    },
    /// A directory that was to be filled holds something.
    #[error("{dir}: the directory is not empty\nhint: name one that is empty or does not exist", dir = .dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The data directory cannot be written.
    #[error("{dir}: the data directory cannot be written: {source}\nhint: give it to the user that runs dateline (chown), mount it writable, or name another one with --data-dir", dir = .dir.display())]
    NotWritable {
        /// The data directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full; the transaction left no trace.
    #[error("store: the disk is full, nothing of this transaction was written")]
    DiskFull(#[source] rusqlite::Error),
    /// The file, its directory or its disk is not to be written, or not even to be read.
    #[error("store: the data directory is read-only or belongs to somebody else")]
    ReadOnly(#[source] rusqlite::Error),
    /// Another process kept the store for too long.
    #[error("store: another process holds the database for too long")]
    Busy(#[source] rusqlite::Error),
    /// An earlier statement of the same transaction failed, so none of it was written.
    #[error("store: nothing of this transaction was written, because a part of it failed")]
    Aborted,
    /// The disk failed.
    #[error("store: the disk cannot be read or written")]
    Disk(#[source] rusqlite::Error),
    /// The database is damaged or no database at all.
    #[error("store: the database is damaged\nhint: restore the data directory from a backup")]
    Damaged(#[source] rusqlite::Error),
    /// A file beside the database.
    #[error("{path}: {what}", path = .path.display())]
    File {
        /// Which file or directory.
        path: PathBuf,
        /// What could not be done.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A row that this version did not write.
    #[error("store: unreadable {what}: {detail}")]
    Unreadable {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Nothing in the store has this id.
    #[error("no {what} has the id {id}")]
    Unknown {
        /// `article`, `entry` or `source`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// Anything else that SQLite refused.
    #[error("store: the database refused a statement")]
    Sqlite(#[source] rusqlite::Error),
}

impl Error {
    /// Returns whether the same may work later: nothing was written, so it can simply be tried again.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::InUse { .. } | Self::NotWritable { .. } | Self::DiskFull(_) | Self::Busy(_) | Self::Disk(_)
        )
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(error),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            _ => Self::Sqlite(error),
        }
    }
}
