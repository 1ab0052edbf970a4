//! What the stages hand to the owner of the store, and the count of what came of it.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use tokio::sync::oneshot;

use super::retag::Retagged;
use crate::{
    dedup::Sketch,
    model::{
        ArticleId, CanonicalUrl, Entry, EntryId, Extracted, Findings, Source, SourceId, SourceState, Time, Validators,
        target_of,
    },
    source::{Feed, schedule},
    store::{Announced, Fate, StoredRequest},
};

/// One thing for the owner of the store to write.
pub(crate) enum Work {
    /// A poll ended.
    Polled(Box<Polled>),
    /// An article was read.
    Harvested(Box<Harvested>),
    /// An entry ended without a new text.
    Settle { entry: EntryId, fate: Fate },
    /// The reader died on an entry.
    Died { entry: EntryId, reason: String },
    /// An entry announces an article that is stored already.
    Announced { entry: EntryId, source: SourceId, article: ArticleId },
    /// Stored articles were tagged by new rules.
    Retagged(Retagged),
    /// Articles are taken out for good.
    Delete(Vec<ArticleId>),
    /// Takes the requests of other processes; those that are the owner's are done, the others are returned.
    TakeRequests { reply: oneshot::Sender<Vec<StoredRequest>> },
    /// Answers when everything handed over before is written.
    Flush { reply: oneshot::Sender<()> },
    /// Makes these the sources of the configuration.
    Configure { sources: Vec<Source>, topic_names: String },
    /// Keeps a small value in the store.
    Remember { key: String, value: String },
    /// Drops such values.
    Forget { keys: Vec<String> },
}

impl Work {
    /// The stage that it comes from.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Polled(_) => "poll",
            Self::Harvested(_) | Self::Settle { .. } | Self::Died { .. } | Self::Announced { .. } => "harvest",
            Self::Retagged(_) => "retag",
            Self::Delete(_) => "prune",
            Self::TakeRequests { .. } | Self::Configure { .. } => "requests",
            Self::Flush { .. } | Self::Remember { .. } | Self::Forget { .. } => "other",
        }
    }

    /// How that stage ended with it: `out` or `failed`.
    pub fn flow(&self) -> &'static str {
        let failed = match self {
            Self::Polled(polled) => {
                matches!(
                    polled.verdict,
                    Verdict::Unread { .. } | Verdict::Failed { .. } | Verdict::Asked { .. } | Verdict::Gone
                )
            }
            Self::Harvested(item) => item.missing_page.is_some(),
            Self::Settle { fate, .. } => matches!(fate, Fate::Failed { .. }),
            Self::Died { .. } => true,
            _ => false,
        };
        if failed { "failed" } else { "out" }
    }
}

/// How a poll ended.
pub(crate) struct Polled {
    pub source: Arc<Source>,
    /// The state before this poll.
    pub before: SourceState,
    pub verdict: Verdict,
    pub answer: schedule::Answer,
    pub ended_at: Time,
    pub duration_ms: u64,
    pub reply: oneshot::Sender<PollSettled>,
}

/// What was read from an answer.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// What it says of itself; its entries are the others.
    pub feed: Feed,
    pub entries: Vec<Announced>,
}

impl Document {
    /// Prepares what a source's document says for the store.
    pub fn new(mut feed: Feed, source: SourceId) -> Self {
        let entries = mem::take(&mut feed.entries);
        let entries = entries.into_iter().map(|entry| Announced::new(entry.id(source), direct(entry))).collect();
        Self { feed, entries }
    }
}

/// The entry with a link to its page where the feed, an aggregator's, links to itself.
fn direct(mut entry: Entry) -> Entry {
    entry.link = entry.link.map(|link| target_of(&link).unwrap_or(link));
    entry
}

/// What the server's answer amounts to.
pub(crate) enum Verdict {
    Fresh {
        document: Box<Document>,
        body_hash: String,
        validators: Validators,
    },
    NotModified {
        validators: Validators,
    },
    Unchanged {
        validators: Validators,
    },
    Unread {
        error: String,
        validators: Validators,
    },
    Failed {
        error: String,
        http_status: Option<u16>,
    },
    Asked {
        error: String,
        http_status: u16,
        retry_after: Option<Time>,
    },
    Gone,
    /// No poll: a hub has told what is new.
    Pushed {
        document: Box<Document>,
    },
}

/// The state after a poll, and the entries, with the hosts of their links, that are due because of it.
pub(crate) struct PollSettled {
    pub source: SourceId,
    pub state: SourceState,
    /// How many entries were new.
    pub new: usize,
    pub due: Vec<(EntryId, String)>,
}

/// An article as the harvest stage read it, ready for a decision.
pub(crate) struct Harvested {
    /// The entry that announced it; `None` for an import.
    pub entry: Option<EntryId>,
    pub source_id: Option<SourceId>,
    /// The name of the source of an import.
    pub source: Option<String>,
    pub url: CanonicalUrl,
    /// Other addresses that lead to it: the entry's link, redirect targets.
    pub aliases: Vec<CanonicalUrl>,
    pub text: Extracted,
    pub fetched_at: Time,
    /// When its page is read again for changes, and what it can then be asked for with.
    pub reread: Option<(Time, Validators)>,
    /// The page could not be read: `text` is what the feed says, and this is why and when the page is tried again.
    pub missing_page: Option<(String, Time)>,
    pub sketch: Sketch,
    pub findings: Findings,
}

/// Counts of one pass, or of a daemon's life.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub polled: AtomicU64,
    pub not_modified: AtomicU64,
    pub failed: AtomicU64,
    pub entries: AtomicU64,
    pub articles: AtomicU64,
    pub copies: AtomicU64,
    pub revisions: AtomicU64,
    pub skipped: AtomicU64,
    pub failed_pages: AtomicU64,
}

impl Tally {
    pub fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn summary(&self, sources: usize, waiting: u64, duration_ms: u64) -> Summary {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Summary {
            sources: sources as u64,
            polled: get(&self.polled),
            not_modified: get(&self.not_modified),
            failed: get(&self.failed),
            entries: get(&self.entries),
            articles: get(&self.articles),
            copies: get(&self.copies),
            revisions: get(&self.revisions),
            skipped: get(&self.skipped),
            failed_pages: get(&self.failed_pages),
            waiting,
            duration_ms,
        }
    }
}

/// What one pass did: the line that `run --once` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Configured sources.
    pub sources: u64,
    /// Sources polled.
    pub polled: u64,
    /// Polls that the server answered with "not modified".
    pub not_modified: u64,
    /// Polls that failed.
    pub failed: u64,
    /// New entries.
    pub entries: u64,
    /// New articles, copies included.
    pub articles: u64,
    /// New articles that joined a group of copies.
    pub copies: u64,
    /// New texts of known articles.
    pub revisions: u64,
    /// Entries that ended as skipped.
    pub skipped: u64,
    /// Pages that failed and are tried again later.
    pub failed_pages: u64,
    /// Entries that wait for a later pass.
    pub waiting: u64,
    /// How long it took.
    pub duration_ms: u64,
}
