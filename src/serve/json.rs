//! The JSON that commands, the API and alerts share: one row a thing, unknown values `null`, times RFC 3339 in UTC.

use chrono::SecondsFormat;
use serde::Serialize;

use super::{By, names::TopicNames};
use crate::{
    index::{Explanation, Part, Section},
    model::{
        Article, ArticleId, Entity, Findings, Revision, SourceId, SourceStatus, Story, StoryId, Time, TopicId,
        TopicMatch,
    },
    store::StoredSource,
};

/// A time as it stands in JSON and on screen.
pub fn time(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What every row about an article has.
#[derive(Debug, Clone, Serialize)]
pub struct Head {
    /// The article's id.
    pub id: ArticleId,
    /// Its canonical URL.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The source that announced it first.
    pub source: Option<String>,
    /// Who published it.
    pub outlet: String,
    /// The authors' names.
    pub authors: Vec<String>,
    /// When it was published.
    pub published_at: Option<String>,
    /// When its text was fetched.
    pub fetched_at: String,
    /// The language (ISO 639-1).
    pub lang: Option<String>,
    /// The topics' names, best first.
    pub topics: Vec<String>,
    /// The names in the text, most frequent first.
    pub entities: Vec<String>,
    /// The story it belongs to.
    pub story: StoryId,
    /// The other members of its group of copies.
    pub copies: u32,
    /// The representative of its group, on every other member.
    pub duplicate_of: Option<ArticleId>,
}

impl Head {
    /// Returns the row of an article that shows these topics.
    pub fn new(article: &Article, topics: Vec<String>) -> Self {
        Self {
            id: article.id,
            url: article.url.to_string(),
            title: article.title.clone(),
            source: article.source.clone(),
            outlet: article.outlet.clone(),
            authors: article.authors.clone(),
            published_at: article.published_at.map(|published| time(published.at)),
            fetched_at: time(article.fetched_at),
            lang: article.lang.clone(),
            topics,
            entities: article.entities.iter().map(|entity| entity.name.clone()).collect(),
            story: article.story,
            copies: article.copies,
            duplicate_of: article.duplicate_of,
        }
    }
}

/// A row of `search`.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// The article.
    #[serde(flatten)]
    pub head: Head,
    /// How well it fits; `null` where results are sorted by time.
    pub score: Option<f32>,
    /// The best passage as HTML: `<b>` marks what fits, everything else is escaped.
    pub snippet: String,
    /// Why it has its score, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explained>,
}

/// Why a hit has its score: the sum of the parts times the factors.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// What each word or phrase adds.
    pub parts: Vec<ExplainedPart>,
    /// The factor for being new, 1 to 1.2.
    pub freshness: f64,
    /// The factor for being the representative of its group of copies: 1 or 1.1.
    pub representative: f64,
}

/// What one word or phrase adds to a score.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedPart {
    /// As it stands in the query.
    pub words: String,
    /// Where it was found.
    pub field: Section,
    /// Whether as written, beside its stem.
    pub as_written: bool,
    /// How much.
    pub score: f32,
}

impl From<Explanation> for Explained {
    fn from(told: Explanation) -> Self {
        let part = |part: Part| ExplainedPart {
            words: part.words,
            field: part.field,
            as_written: part.as_written,
            score: part.score,
        };
        Self {
            parts: told.parts.into_iter().map(part).collect(),
            freshness: told.freshness,
            representative: told.representative,
        }
    }
}

/// A row of `export` and `show`.
#[derive(Debug, Clone, Serialize)]
pub struct Whole {
    /// The article.
    #[serde(flatten)]
    pub head: Head,
    /// The text, paragraphs separated by one blank line.
    pub body: String,
    /// A short description.
    pub summary: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
    /// How much of the text is shared with its group, 0–1.
    pub similarity: Option<f32>,
    /// 1 for the first text, then counting up.
    pub revision: u32,
    /// The user's tags.
    pub tags: Vec<String>,
    /// The names in the text with their kind and how often they stand in it.
    pub names: Vec<Entity>,
}

/// Returns the row of a whole article.
pub fn article(names: &TopicNames, article: &Article) -> Whole {
    let topics = article.topics.iter().filter(|topic| topic.matched).map(|topic| &topic.topic);
    Whole {
        head: Head::new(article, names.names(topics)),
        body: article.body.clone(),
        summary: article.summary.clone(),
        site: article.site.clone(),
        image: article.image.clone(),
        similarity: article.similarity,
        revision: article.revision,
        tags: article.tags.clone(),
        names: article.entities.clone(),
    }
}

/// A row of `show --revisions`.
#[derive(Debug, Clone, Serialize)]
pub struct RevisionRow {
    /// 1 for the first text, then counting up.
    pub revision: u32,
    /// When this text was fetched.
    pub fetched_at: String,
    /// The headline of this version.
    pub title: String,
    /// The text of this version.
    pub body: String,
}

impl From<&Revision> for RevisionRow {
    fn from(revision: &Revision) -> Self {
        Self {
            revision: revision.number,
            fetched_at: time(revision.fetched_at),
            title: revision.title.clone(),
            body: revision.body.clone(),
        }
    }
}

/// A row of `stories`.
#[derive(Debug, Clone, Serialize)]
pub struct StoryRow {
    /// The story's id.
    pub id: StoryId,
    /// The headline of its most central article.
    pub title: String,
    /// All members, copies included.
    pub articles: u32,
    /// The distinct outlets.
    pub outlets: Vec<String>,
    /// The earliest publication.
    pub first_published_at: String,
    /// The latest publication.
    pub last_published_at: String,
    /// When it was closed, after [`Story::QUIET`]; `None` while it is open.
    pub closed_at: Option<String>,
    /// The union of its members' topics.
    pub topics: Vec<String>,
    /// The members' ids, earliest first.
    pub members: Vec<ArticleId>,
}

impl StoryRow {
    /// Returns the row of a story as it is at `now`.
    pub fn new(story: &Story, names: &TopicNames, now: Time) -> Self {
        Self {
            id: story.id,
            title: story.title.clone(),
            articles: story.articles,
            outlets: story.outlets.clone(),
            first_published_at: time(story.first_published_at),
            last_published_at: time(story.last_published_at),
            closed_at: story.closed_at(now).map(time),
            topics: names.names(&story.topics),
            members: story.members.clone(),
        }
    }
}

/// A row of `sources`.
#[derive(Debug, Clone, Serialize)]
pub struct SourceRow {
    /// The source's id.
    pub id: SourceId,
    /// Its address as configured.
    pub url: String,
    /// What its articles are shown under.
    pub name: String,
    /// The title that the feed gives itself.
    pub title: Option<String>,
    /// How it is doing.
    pub status: SourceStatus,
    /// When it was last polled.
    pub last_polled_at: Option<String>,
    /// When it is polled next.
    pub next_poll_at: Option<String>,
    /// Why then.
    pub next_poll_reason: Option<String>,
    /// Polls in a row that failed.
    pub consecutive_failures: u32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// Entries in the last document.
    pub entries: u32,
    /// The user's tags.
    pub tags: Vec<String>,
}

impl From<&StoredSource> for SourceRow {
    fn from(stored: &StoredSource) -> Self {
        let state = &stored.state;
        Self {
            id: stored.source.id,
            url: stored.source.url.clone(),
            name: stored.name.clone(),
            title: state.title.clone(),
            status: state.status,
            last_polled_at: state.last_polled_at.map(time),
            next_poll_at: state.next_poll_at.map(time),
            next_poll_reason: state.next_poll_reason.clone(),
            consecutive_failures: state.consecutive_failures,
            last_error: state.last_error.clone(),
            http_status: state.http_status,
            entries: state.entries,
            tags: stored.source.tags.clone(),
        }
    }
}

/// A row of `topics`.
#[derive(Debug, Clone, Serialize)]
pub struct TopicRow {
    /// The topic's id.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// Its parent's id.
    pub parent: Option<TopicId>,
    /// Its IPTC Media Topics code.
    pub iptc: Option<String>,
    /// Stored articles that carry it.
    pub articles: u64,
}

/// A row of `topics test` and `topics explain`.
#[derive(Debug, Clone, Serialize)]
pub struct TagRow {
    /// The text's id, as given.
    pub id: Option<String>,
    /// The language the text was read in.
    pub lang: Option<String>,
    /// The ids of the topics that are given.
    pub topics: Vec<TopicId>,
    /// What spoke for them, and for those that were nearly given.
    pub matches: Vec<TopicMatch>,
    /// The names in the text.
    pub names: Vec<Entity>,
}

impl TagRow {
    /// Returns the row of a text with its matches.
    pub fn new(id: Option<String>, lang: Option<String>, findings: Findings) -> Self {
        let Findings { topics: matches, entities: names } = findings;
        let topics = matches.iter().filter(|found| found.matched).map(|found| found.topic.clone()).collect();
        Self { id, lang, topics, matches, names }
    }
}

/// A row of `search --count-by`.
#[derive(Debug, Clone, Serialize)]
pub struct CountRow {
    /// What is counted by.
    pub by: By,
    /// The topic, source, outlet, language, author, name, day or hour.
    pub value: String,
    /// Hits that have it.
    pub count: u64,
}
