//! The full-text index: what the store holds, made searchable with tantivy.
//!
//! Derived and disposable: every commit carries the number of the last change of the store that it holds and the
//! fingerprint of schema and text analysis, so a gap is replayed and an index of another making, or a damaged one, is
//! built anew. It keeps no text to show and knows nothing of the store: the wiring feeds it articles.

mod after;
mod all_words;
mod analysis;
mod collect;
mod compile;
mod count;
mod error;
mod examine;
mod explain;
mod frequency;
mod generation;
mod groups;
mod schema;
mod search;
mod snippet;
mod tally;
mod words;
mod writer;

pub use self::after::After;
pub use self::count::{CountBy, Counts, Values};
pub use self::error::Error;
pub use self::examine::Content;
pub use self::explain::{Explanation, Part, Section};
pub use self::search::{Hit, Hits, Options, Searcher, Sort};
pub use self::snippet::{places, snippet};
pub use self::writer::{Index, Opened, State};

use crate::model::{Article, ArticleId};

/// What the index is told of an article.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The article; its topics as far as they matched.
    pub article: &'a Article,
    /// The key of its group of copies: the representative's id, its own where it stands alone.
    pub group: ArticleId,
    /// Every name and id under which a source that announced it can be asked for.
    pub sources: &'a [String],
}

#[cfg(test)]
mod relevance;
#[cfg(test)]
mod tests;
