//! What travels between the scheduler and its tasks: a request on its way, and what came of it.

use std::time::Duration;

use super::{draft::Draft, poll::Gathered, work::PollSettled};
use crate::{
    fetch::robots::Robots,
    model::{EntryId, SourceId},
};

/// What a request is for.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Poll(SourceId),
    Page(EntryId),
    Robots {
        origin: String,
    },
    /// What a hub has told of a source.
    Pushed,
}

/// A request on its way: the job, and where its redirects have led so far.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    pub job: Job,
    pub url: String,
    pub hops: Vec<Hop>,
    /// What a sitemap index has brought so far.
    pub gathered: Option<Box<Gathered>>,
    /// The page as it was read, while another version of it is asked for.
    pub draft: Option<Box<Draft>>,
}

/// One redirect that was followed.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub from: String,
    pub permanent: bool,
}

impl Errand {
    /// Returns the errand of a job at its beginning.
    pub fn new(job: Job, url: String) -> Self {
        Self { job, url, hops: Vec::new(), gathered: None, draft: None }
    }

    /// Tells whether nothing was asked for it yet.
    pub fn is_new(&self) -> bool {
        self.hops.is_empty() && self.gathered.is_none()
    }

    /// Returns the errand at the next sitemap of an index.
    pub fn gathering(self, url: String, gathered: Box<Gathered>) -> Self {
        Self { url, hops: Vec::new(), gathered: Some(gathered), ..self }
    }

    /// Returns the errand at the target of a redirect.
    pub fn redirected(mut self, to: String, permanent: bool) -> Self {
        let from = std::mem::replace(&mut self.url, to);
        self.hops.push(Hop { from, permanent });
        self
    }

    /// Returns the errand at another version of the page that was read.
    pub fn for_version(self, to: String, draft: Draft) -> Self {
        Self { draft: Some(Box::new(draft)), ..self.redirected(to, false) }
    }
}

/// What came of an errand, for the task that owns the queues.
pub(crate) enum Outcome {
    /// Ask again elsewhere.
    Redirect(Errand),
    /// A source was polled and the result is stored.
    Polled(Box<PollSettled>),
    /// What a hub has told is stored: the entries that are due because of it.
    Pushed(Vec<(EntryId, String)>),
    /// A poll could not be stored, since everything is stopping.
    PollLost(SourceId),
    /// An entry is settled or on its way to be.
    Settled(EntryId),
    /// robots.txt of an origin was read, or its host cannot say.
    Robots { origin: String, rules: Option<Robots> },
}

/// A host has answered: its gap starts now, or a longer wait that it asked for.
pub(crate) struct Answered {
    pub host: String,
    pub wait: Option<Duration>,
    /// It failed to, and took its time.
    pub stalled: bool,
}
