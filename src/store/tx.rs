//! A transaction of the writer; what it can do stands beside what it does it to.

use std::ops::Deref;

use chrono::Utc;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Error, Reader, column::Packer};
use crate::model::Time;

/// A transaction: sees its own writes, and nobody else does until it is committed. Dropped without that, it did nothing.
pub struct Tx<'a> {
    reader: &'a Reader,
    transaction: Transaction<'a>,
    pub(super) packer: &'a mut Packer,
    /// When it began: the time of its rows in the change log.
    pub(super) began_at: Time,
}

impl<'a> Tx<'a> {
    pub(super) fn begin(reader: &'a Reader, packer: &'a mut Packer) -> Result<Self, Error> {
        let transaction = Transaction::new_unchecked(&reader.db, TransactionBehavior::Immediate)?;
        Ok(Self { reader, transaction, packer, began_at: Utc::now() })
    }

    pub(super) fn commit(self) -> Result<(), Error> {
        Ok(self.transaction.commit()?)
    }

    pub(super) fn db(&self) -> &'a Connection {
        &self.reader.db
    }

    /// Runs a statement that returns no rows; gives the number of rows that it changed.
    pub(super) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Error> {
        Ok(self.reader.db.prepare_cached(sql)?.execute(params)?)
    }
}

impl Deref for Tx<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.reader
    }
}
