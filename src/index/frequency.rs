//! How many articles have a term, looked up once for a view of the index.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tantivy::{Searcher, Term, query::Bm25StatisticsProvider, schema::Field};

use super::search::View;

/// Terms remembered, some megabytes: those of hundreds of words, which have a stem in every language.
const MOST_KNOWN: usize = 20_000;

/// What is known of terms.
#[derive(Default)]
pub(super) struct Frequencies(Mutex<FxHashMap<Term, u64>>);

impl Frequencies {
    /// Returns how many articles have a term.
    pub fn of(&self, searcher: &Searcher, term: &Term) -> tantivy::Result<u64> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = lock().get(term) {
            return Ok(known);
        }
        let frequency = searcher.doc_freq(term)?;
        let mut known = lock();
        if known.len() == MOST_KNOWN {
            known.clear();
        }
        known.insert(term.clone(), frequency);
        Ok(frequency)
    }
}

impl Bm25StatisticsProvider for View {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.frequencies.of(&self.searcher, term)
    }
}
