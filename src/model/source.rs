//! A configured place to poll, and what dateline remembers of polling it.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{SourceId, Time};

/// A configured place to poll: a feed, a news sitemap or a listing page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Derived from `url` as configured.
    pub id: SourceId,
    /// Where to poll.
    pub url: String,
    /// The user's name for it.
    pub name: Option<String>,
    /// How its document is read.
    pub kind: SourceKind,
    /// A fixed interval between polls, instead of the adaptive one.
    pub interval: Option<Duration>,
    /// The language to assume for its articles (BCP 47).
    pub lang: Option<String>,
    /// The user's tags, put on all its articles.
    pub tags: Vec<String>,
    /// Where the body of its articles comes from.
    pub full_text: FullText,
    /// Additional request headers, for instance an own `User-Agent`.
    pub headers: BTreeMap<String, String>,
    /// The CSS selector of the article links, for a listing.
    pub selector: Option<String>,
}

impl Source {
    /// Returns a source with nothing but its address.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            id: SourceId::derive(&[&url]),
            url,
            name: None,
            kind: SourceKind::Feed,
            interval: None,
            lang: None,
            tags: Vec::new(),
            full_text: FullText::Auto,
            headers: BTreeMap::new(),
            selector: None,
        }
    }
}

/// How the document of a source is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    /// A news sitemap or sitemap index.
    Sitemap,
    /// An HTML page that links to articles.
    Listing,
}

/// Where the body of an article comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FullText {
    /// Always from the article's page.
    Page,
    /// Always from the feed.
    Feed,
    /// From the feed where it carries a full body, else from the page.
    #[default]
    Auto,
}

/// How a source is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceStatus {
    /// The last poll brought a document or "not modified".
    Ok,
    /// The last poll failed; it is tried again with back-off.
    Failing,
    /// The server said 410 Gone; only a monthly probe is sent.
    Gone,
    /// Not polled yet.
    #[default]
    Never,
}

/// The validators of the last full answer, byte for byte as the server gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag`, quotes and weakness mark included.
    pub etag: Option<String>,
    /// The `Last-Modified` text, never reformatted.
    pub last_modified: Option<String>,
}

/// A document that a server gave and that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Why, in plain words.
    pub error: String,
    /// When it came.
    pub at: Time,
}

/// What is remembered of a source between polls; kept in the store, so it survives restarts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// How the last poll went.
    pub status: SourceStatus,
    /// The title that the feed gives itself.
    pub title: Option<String>,
    /// Sent back with the next poll.
    pub validators: Validators,
    /// What `validators` stand for, where that is a document that could not be read.
    #[serde(skip_serializing_if = "is_default")]
    pub unread: Option<Unread>,
    /// A hash of the last body with its length, to see "nothing new" where there are no validators.
    pub body_hash: Option<String>,
    /// When the last poll ended.
    pub last_polled_at: Option<Time>,
    /// When the last full (unconditional or changed) answer came.
    pub last_full_at: Option<Time>,
    /// When the next poll is due.
    pub next_poll_at: Option<Time>,
    /// Why then, in plain words: "publishes every 20 min", "Retry-After", "back-off after 3 failures".
    pub next_poll_reason: Option<String>,
    /// The server asked not to be polled before this time (Retry-After, max-age, 410): `--force` respects it.
    #[serde(skip_serializing_if = "is_default")]
    pub not_before: Option<Time>,
    /// Polls in a row that failed.
    #[serde(skip_serializing_if = "is_default")]
    pub consecutive_failures: u32,
    /// What went wrong last, in plain words.
    #[serde(skip_serializing_if = "is_default")]
    pub last_error: Option<String>,
    /// The last HTTP status, if a server answered.
    pub http_status: Option<u16>,
    /// Entries in the last document.
    pub entries: u32,
    /// Where a permanent redirect leads, with how often and since when it was seen.
    #[serde(skip_serializing_if = "is_default")]
    pub moved_to: Option<String>,
    /// Polls in a row that saw `moved_to`.
    #[serde(skip_serializing_if = "is_default")]
    pub moved_seen: u32,
    /// When `moved_to` was first seen; once learned, when the configured address was last asked.
    #[serde(skip_serializing_if = "is_default")]
    pub moved_since: Option<Time>,
    /// The learned address: polled instead of the configured one.
    #[serde(skip_serializing_if = "is_default")]
    pub learned_url: Option<String>,
    /// Average time between new entries in seconds, smoothed over polls; 0 when unknown.
    pub mean_gap_s: f64,
    /// What the feed says of its own rhythm: minutes between polls (ttl, sy:*).
    #[serde(skip_serializing_if = "is_default")]
    pub asked_interval_s: Option<u64>,
    /// Hours of the day (UTC) in which the feed asks not to be polled.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_hours: Vec<u8>,
    /// Days (0 = Monday) on which the feed asks not to be polled.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_days: Vec<u8>,
    /// The WebSub hub that the feed offers.
    #[serde(skip_serializing_if = "is_default")]
    pub hub: Option<String>,
    /// The address by which that hub knows the feed.
    #[serde(skip_serializing_if = "is_default")]
    pub self_link: Option<String>,
}

/// What few sources have is not written for all others, each time one is polled.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
