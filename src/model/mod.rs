//! The words of the house: what a source, an entry, a page, an article, a story and a topic are, and their ids.
//!
//! Plain data without behaviour beyond its own invariants. Every room may import this one; it imports none.

mod address;
mod article;
mod entry;
mod id;
mod name;
mod page;
mod source;
mod story;
mod topic;
mod url;

pub use self::address::target_of;
pub use self::article::{Article, Extracted, Kind, Method, PublishedAt, Revision};
pub use self::entry::Entry;
pub use self::id::{ArticleId, EntryId, IdError, SourceId, StoryId};
pub use self::name::{Entity, NameKind};
pub use self::page::Page;
pub use self::source::{FullText, Source, SourceKind, SourceState, SourceStatus, Unread, Validators};
pub use self::story::Story;
pub use self::topic::{Evidence, Findings, TextField, TopicId, TopicMatch};
pub use self::url::{CanonicalUrl, UrlError, host_in, host_of, outlet_of, plain_host};

/// A moment in UTC, as everything in dateline counts time.
pub type Time = chrono::DateTime<chrono::Utc>;
