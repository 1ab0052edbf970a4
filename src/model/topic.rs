//! What a topic found in an article.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Entity;

/// The id of a topic, as written in the configuration: lowercase words joined by hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicId(pub String);

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where in an article a piece of evidence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextField {
    /// The headline.
    Title,
    /// The text.
    Body,
}

/// One phrase that spoke for a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The words as they stand in the text.
    pub phrase: String,
    /// In which field.
    pub field: TextField,
    /// Where in that field, in bytes of its UTF-8 text.
    pub offset: usize,
}

/// One topic's verdict on one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicMatch {
    /// Which topic.
    pub topic: TopicId,
    /// The score; the topic is given where it reaches 1.
    pub score: f32,
    /// Whether the topic is given.
    pub matched: bool,
    /// What spoke for it.
    pub evidence: Vec<Evidence>,
}

/// What is found in a text by the rules of topics and names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Its topics, best first.
    pub topics: Vec<TopicMatch>,
    /// The names in it, most frequent first.
    pub entities: Vec<Entity>,
}
