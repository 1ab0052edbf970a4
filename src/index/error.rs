//! What can go wrong with an index.

use std::path::PathBuf;

/// Why an index cannot be opened, changed or searched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no index yet.
    #[error("there is no index in {}", .dir.display())]
    Missing {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// Another version of dateline built it; the daemon rebuilds it when it starts.
    #[error("the index in {} was built by another version", .dir.display())]
    Outdated {
        /// Where it is.
        dir: PathBuf,
    },
    /// Another process writes to it.
    #[error("the index in {} is being written by another process", .dir.display())]
    Busy {
        /// Where it is.
        dir: PathBuf,
    },
    /// Its files do not hold what they should; opening it for writing rebuilds it.
    #[error("the index is damaged")]
    Damaged,
    /// A file or directory could not be read or written.
    #[error("index file {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A value in a query that can be nobody's id.
    #[error("{source}")]
    Id {
        /// Which text, and what an id looks like.
        #[from]
        source: crate::model::IdError,
    },
    /// The search engine failed.
    #[error("cannot {action} the index: {source}")]
    Engine {
        /// What was tried, as a verb.
        action: &'static str,
        /// Why it failed.
        source: tantivy::TantivyError,
    },
}

impl Error {
    /// Tells whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Io { .. } | Self::Engine { .. })
    }

    /// Makes an error of the engine ours, saying what was tried.
    pub(super) fn engine(action: &'static str) -> impl Fn(tantivy::TantivyError) -> Self {
        move |source| Self::Engine { action, source }
    }

    /// Makes an error of the file system ours, saying where.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
