//! The articles that report one event.

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
