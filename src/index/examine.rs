//! What an index holds, read whole: for who compares it with the store.

use std::path::{Path, PathBuf};

use tantivy::columnar::Column;

use super::{
    Error, generation,
    schema::{GROUP, ID},
    search::{Searcher, guarded},
    writer::{damaged_files, open_files, read_payload},
};
use crate::model::ArticleId;

/// What an index holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The number of the last change that is surely in it.
    pub last_seq: u64,
    /// Each article with its group of copies, in no order.
    pub articles: Vec<(ArticleId, ArticleId)>,
    /// Files that are not what was written.
    pub damaged: Vec<PathBuf>,
}

impl Content {
    /// Reads the index in `dir`, beside a process that may be writing to it.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none, [`Error::Outdated`] where another version built it, [`Error::Damaged`] and
    /// others where it cannot be read.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let name = generation::current(dir)?.ok_or_else(|| Error::Missing { dir: dir.to_owned() })?;
        let index = open_files(dir, &name).map_err(Error::engine("open"))?;
        let last_seq = read_payload(&index).map_err(Error::engine("read"))?;
        let last_seq = last_seq.ok_or_else(|| Error::Outdated { dir: dir.to_owned() })?;
        // After the number: what is searched holds at least the changes up to it.
        let view = Searcher::open(dir)?.view();
        let articles = guarded(|| {
            let mut articles = Vec::new();
            for segment in view.searcher.segment_readers() {
                let columns = segment.fast_fields();
                let column = |name| columns.u64(name).map_err(Error::engine("read"));
                let (ids, groups) = (column(ID)?, column(GROUP)?);
                let id = |column: &Column<u64>, doc| ArticleId::from_bits(column.first(doc).unwrap_or_default());
                articles.extend(segment.doc_ids_alive().map(|doc| (id(&ids, doc), id(&groups, doc))));
            }
            Ok(articles)
        })?;
        let damaged = damaged_files(&index).map_err(Error::engine("read"))?;
        Ok(Self { last_seq, articles, damaged })
    }
}
