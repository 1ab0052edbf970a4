//! The articles that report one event.

use std::time::Duration;

use super::{ArticleId, StoryId, Time, TopicId};

/// The articles that report one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The bits of the article that founded it.
    pub id: StoryId,
    /// The headline of its most central article.
    pub title: String,
    /// All members, copies included.
    pub articles: u32,
    /// The distinct outlets, in alphabetical order.
    pub outlets: Vec<String>,
    /// The earliest publication (or fetch, where unknown).
    pub first_published_at: Time,
    /// The latest publication (or fetch, where unknown).
    pub last_published_at: Time,
    /// The union of its members' topics.
    pub topics: Vec<TopicId>,
    /// The members, earliest first.
    pub members: Vec<ArticleId>,
}

impl Story {
    /// A story with nothing new for so long is closed: a report published later founds another.
    pub const QUIET: Duration = Duration::from_secs(3 * 24 * 3600);

    /// When the story was closed, if it is by `now`.
    pub fn closed_at(&self, now: Time) -> Option<Time> {
        Some(self.last_published_at + Self::QUIET).filter(|&at| at <= now)
    }
}
