//! The extracted text and metadata of one report by one outlet.

use serde::{Deserialize, Serialize};

use super::{ArticleId, CanonicalUrl, Entity, SourceId, StoryId, Time, TopicMatch};

/// When something was published: a moment, or only a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedAt {
    /// The moment in UTC; midnight for a bare date.
    pub at: Time,
    /// Only the day is known.
    pub date_only: bool,
}

impl PublishedAt {
    /// Returns the moment that counts when two articles are ordered: a bare date counts as the end of its day.
    pub fn order_key(self) -> Time {
        if self.date_only { self.at + chrono::Duration::seconds(86_399) } else { self.at }
    }
}

/// What kind of page an extraction met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An article with its text.
    #[default]
    Article,
    /// A front page, section page or list of links.
    Index,
    /// A live blog.
    Live,
    /// The visible start of a text behind a paywall.
    Teaser,
    /// An error page, whatever the status said.
    Error,
}

/// Which evidence won for each field of an extraction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// For the title, such as `json-ld` or `h1+og`.
    pub title: Option<String>,
    /// For the authors.
    pub authors: Option<String>,
    /// For the date.
    pub date: Option<String>,
    /// For the body.
    pub body: Option<String>,
}

/// What the extractor takes from one page, before it is anybody's article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// `rel=canonical`, else `og:url`, resolved but not yet believed.
    pub declared_url: Option<String>,
    /// Where another version of the page stands (AMP, else for print), resolved but not yet believed; only of a page that
    /// shows little text.
    pub fuller_url: Option<String>,
    /// The headline without the site's name.
    pub title: Option<String>,
    /// The authors' names.
    pub authors: Vec<String>,
    /// When it was first published.
    pub published_at: Option<PublishedAt>,
    /// The language (ISO 639-1).
    pub lang: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
    /// The page's own description of itself.
    pub summary: Option<String>,
    /// The text, paragraphs separated by one blank line.
    pub body: String,
    /// What kind of page it is.
    pub kind: Kind,
    /// Which evidence won.
    pub method: Method,
}

/// One report by one outlet: its current text and metadata, and where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Derived from `url` when first seen, then fixed.
    pub id: ArticleId,
    /// The canonical URL.
    pub url: CanonicalUrl,
    /// The registrable domain of `url`.
    pub outlet: String,
    /// The source that announced it first; `None` for an import without one.
    pub source_id: Option<SourceId>,
    /// The display name of that source.
    pub source: Option<String>,
    /// The headline.
    pub title: String,
    /// The authors' names.
    pub authors: Vec<String>,
    /// When it was published.
    pub published_at: Option<PublishedAt>,
    /// When its current text was fetched.
    pub fetched_at: Time,
    /// The language (ISO 639-1).
    pub lang: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
    /// A short description.
    pub summary: Option<String>,
    /// The text, paragraphs separated by one blank line.
    pub body: String,
    /// What kind of page it came from.
    pub kind: Kind,
    /// The user's tags of the sources that announced it.
    pub tags: Vec<String>,
    /// 1 for the first text, then counting up.
    pub revision: u32,
    /// The representative, on every other member of a group of copies.
    pub duplicate_of: Option<ArticleId>,
    /// How much of the text is shared with its group, 0–1; `None` on the representative.
    pub similarity: Option<f32>,
    /// The number of other members of its group of copies.
    pub copies: u32,
    /// The story it belongs to.
    pub story: StoryId,
    /// The topics, best first.
    pub topics: Vec<TopicMatch>,
    /// The names in its text, most frequent first.
    pub entities: Vec<Entity>,
}

/// One version of an article's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// 1 for the first text, then counting up.
    pub number: u32,
    /// When this text was fetched.
    pub fetched_at: Time,
    /// The headline of this version.
    pub title: String,
    /// The text of this version.
    pub body: String,
}
