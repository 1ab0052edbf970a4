//! A transaction of the writer; what it can do stands beside what it does it to.

use std::{cell::Cell, ops::Deref};

use chrono::Utc;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior};

use super::{Error, Reader, column::Packer};
use crate::model::Time;

/// A transaction: sees its own writes, and nobody else does until it is committed. Dropped without that, it did nothing.
pub struct Tx<'a> {
    reader: &'a Reader,
    transaction: Transaction<'a>,
    pub(super) packer: &'a mut Packer,
    /// When it began: the time of its rows in the change log.
    pub(super) began_at: Time,
    has_failed: Cell<bool>,
}

impl<'a> Tx<'a> {
    pub(super) fn begin(reader: &'a Reader, packer: &'a mut Packer) -> Result<Self, Error> {
        let transaction = Transaction::new_unchecked(&reader.db, TransactionBehavior::Immediate)?;
        Ok(Self { reader, transaction, packer, began_at: Utc::now(), has_failed: Cell::new(false) })
    }

    pub(super) fn commit(self) -> Result<(), Error> {
        self.must_be_whole()?;
        Ok(self.transaction.commit()?)
    }

    pub(super) fn db(&self) -> &'a Connection {
        &self.reader.db
    }

    /// Runs a statement that returns no rows; gives the number of rows that it changed.
    pub(super) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Error> {
        self.write(sql, |statement| statement.execute(params))
    }

    /// Runs a statement that writes. After one that failed the transaction can only be taken back, whether or not `work`
    /// passes the error on: what was to be written together would otherwise be written in part.
    pub(super) fn write<T>(
        &self,
        sql: &str,
        work: impl FnOnce(&mut CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.must_be_whole()?;
        let done = self.reader.db.prepare_cached(sql).and_then(|mut statement| work(&mut statement));
        self.has_failed.set(done.is_err());
        Ok(done?)
    }

    fn must_be_whole(&self) -> Result<(), Error> {
        if self.has_failed.get() { Err(Error::Aborted) } else { Ok(()) }
    }
}

impl Deref for Tx<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.reader
    }
}
