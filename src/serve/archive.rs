//! What a reader of a data directory sees: store and index together, the same for the command line, HTTP and the web.

use std::{collections::HashMap, path::Path};

use chrono::{DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    cursor::{Cursor, START},
    json::{CountRow, Explained, Head, Hit, StoryRow},
    names::TopicNames,
};
use crate::{
    index::{self, After, CountBy, Options, Searcher, Sort},
    model::{Article, ArticleId, StoryId, Time, TopicId},
    query::{self, Field, Query},
    store::{self, Reader, StoryFilter},
};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question itself: an unreadable query, an unknown topic, a time that is none. Shown to who asked.
    #[error("{0}")]
    Question(String),
    /// What a question names is not there: a topic. Shown to who asked.
    #[error("{0}")]
    Unknown(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The index.
    #[error(transparent)]
    Index(#[from] index::Error),
}

/// How results are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Best fit first.
    Relevance,
    /// Latest first.
    Newest,
    /// Earliest first.
    Oldest,
}

/// What results are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Topic.
    Topic,
    /// Source.
    Source,
    /// Outlet.
    Outlet,
    /// Language.
    Lang,
    /// Author.
    Author,
    /// Name in the text.
    Entity,
    /// Day of publication.
    Day,
    /// Hour of publication.
    Hour,
}

impl From<By> for CountBy {
    fn from(by: By) -> Self {
        match by {
            By::Topic => Self::Topic,
            By::Source => Self::Source,
            By::Outlet => Self::Outlet,
            By::Lang => Self::Lang,
            By::Author => Self::Author,
            By::Entity => Self::Entity,
            By::Day => Self::Day,
            By::Hour => Self::Hour,
        }
    }
}

/// A question to the archive: the options of `search`, as the command line and the API take them.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// A query in the language of search.
    pub query: Option<String>,
    /// Any of these topics, by name or id.
    pub topic: Vec<String>,
    /// Announced by any of these sources, by name or id.
    pub source: Vec<String>,
    /// Published by any of these outlets.
    pub outlet: Vec<String>,
    /// With any of these tags of the user's.
    pub tag: Vec<String>,
    /// In any of these languages.
    pub lang: Vec<String>,
    /// By any of these authors.
    pub author: Vec<String>,
    /// With any of these names in them.
    pub entity: Vec<String>,
    /// In any of these stories.
    pub story: Vec<String>,
    /// Published at this time or later: RFC 3339, a date, or an age.
    pub since: Option<String>,
    /// Published at this time or earlier.
    pub until: Option<String>,
    /// The order; by relevance where there are words to rank, else newest first.
    pub sort: Option<Order>,
    /// Hits to skip.
    pub offset: usize,
    /// Hits to show.
    pub limit: usize,
    /// Show each copy instead of one hit a group.
    pub copies: bool,
    /// Count all hits, which reads every match.
    pub total: bool,
    /// Where to go on: the `next` of an answer, or `start`.
    pub cursor: Option<String>,
    /// Tell of each hit why it has its score.
    pub explain: bool,
}

impl Question {
    /// Returns what the hits must have, with the values of which each of them has one.
    pub fn filters(&self) -> [(Field, &[String]); 8] {
        [
            (Field::Topic, &self.topic),
            (Field::Source, &self.source),
            (Field::Outlet, &self.outlet),
            (Field::Tag, &self.tag),
            (Field::Lang, &self.lang),
            (Field::Author, &self.author),
            (Field::Entity, &self.entity),
            (Field::Story, &self.story),
        ]
    }
}

/// Hits, and how many there are in all.
#[derive(Debug, Serialize)]
pub struct Found<T = Hit> {
    /// All hits, collapsed unless copies were asked for; `None` where the question did not ask.
    pub total: Option<u64>,
    /// Where the next hits are, if there are more.
    pub next: Option<String>,
    /// The hits asked for.
    pub hits: Vec<T>,
}

/// Store and index of a data directory, for reading.
pub struct Archive {
    /// The store.
    pub reader: Reader,
    /// The index.
    pub searcher: Searcher,
    /// What topics are called.
    pub names: TopicNames,
}

impl Archive {
    /// Opens a data directory for reading, beside whoever writes it.
    ///
    /// # Errors
    /// When there is no store yet, or store or index cannot be read.
    pub fn open(data_dir: &Path) -> Result<Self, Error> {
        let reader = Reader::open(data_dir)?;
        let searcher = Searcher::open_or_empty(&data_dir.join("index"))?;
        let names = TopicNames::of_store(&reader)?;
        Ok(Self { reader, searcher, names })
    }

    /// Answers a question with hits.
    ///
    /// # Errors
    /// When the question cannot be read, or the data directory fails.
    pub fn search(&self, question: &Question, now: Time) -> Result<Found, Error> {
        let Found { hits, total, next } = self.pick(question, now)?;
        Ok(Found { hits: hits.into_iter().map(|(_, hit)| hit).collect(), total, next })
    }

    /// Answers a question with hits and the articles that they show.
    ///
    /// # Errors
    /// When the question cannot be read, or the data directory fails.
    pub fn pick(&self, question: &Question, now: Time) -> Result<Found<(Article, Hit)>, Error> {
        let cursor = question.cursor.as_deref().filter(|text| *text != START).map(Cursor::read).transpose()?;
        let now = cursor.as_ref().map_or(now, |cursor| cursor.now);
        let query = self.query(question, now)?;
        let sort = match question.sort {
            Some(Order::Relevance) => Sort::Relevance,
            Some(Order::Newest) => Sort::Newest,
            Some(Order::Oldest) => Sort::Oldest,
            None => Sort::for_query(&query),
        };
        if cursor.as_ref().is_some_and(|cursor| cursor.sort != sort) {
            return Err(Error::Question("this cursor is of a search in another order".to_owned()));
        }
        let cursor = match cursor {
            Some(cursor) => cursor,
            None => Cursor { now: self.beginning(question, &query, now)?, sort, after: After::Start },
        };
        let options = Options {
            sort: Some(sort),
            // One more tells whether there is more.
            limit: question.limit.saturating_add(1),
            offset: question.offset,
            collapse: !question.copies,
            total: question.total,
            now,
        };
        let mut found = self.searcher.search_after(&query, &options, &cursor.after)?;
        let is_more = found.hits.len() > question.limit;
        found.hits.truncate(question.limit);
        // What an offset left out was not shown: a cursor of relevance would begin with it.
        let next = (is_more && question.offset == 0).then(|| cursor.behind(&found.hits, options.collapse)).flatten();
        let ids: Vec<_> = found.hits.iter().map(|hit| hit.id).collect();
        let mut articles: HashMap<_, _> =
            self.reader.articles(&ids)?.into_iter().map(|article| (article.id, article)).collect();
        let unions = self.reader.group_topics(&ids)?;
        let mut picked = Vec::with_capacity(articles.len());
        for hit in &found.hits {
            // An article deleted since the last index commit is no hit any more.
            let Some(article) = articles.remove(&hit.id) else { continue };
            let topics = match unions.get(&hit.id) {
                Some(union) if !question.copies => self.names.names(union),
                _ => self.names.names(given(&article)),
            };
            let hit = Hit {
                head: Head::new(&article, topics),
                score: (sort == Sort::Relevance).then_some(hit.score),
                explain: match sort {
                    Sort::Relevance if question.explain => {
                        self.searcher.explain(&query, &options, hit.id)?.map(Explained::from)
                    }
                    _ => None,
                },
                snippet: index::snippet(&query, article.lang.as_deref(), &article.title, &article.body),
            };
            picked.push((article, hit));
        }
        Ok(Found { hits: picked, total: found.total, next: next.map(|cursor| cursor.write()) })
    }

    /// Returns when a question is said to be asked: where its meaning does not depend on the minute, with the hour, so that
    /// until the next one equal questions have equal cursors.
    fn beginning(&self, question: &Question, query: &Query, now: Time) -> Result<Time, Error> {
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        Ok(if self.query(question, hour)? == *query { hour } else { now })
    }

    /// Counts the hits of a question by some of their fields, `limit` values of each, most first; days and hours in their
    /// order.
    ///
    /// # Errors
    /// When the question cannot be read, or the data directory fails.
    pub fn count_by(&self, question: &Question, by: &[By], now: Time) -> Result<Vec<Vec<CountRow>>, Error> {
        let wanted: Vec<_> = by.iter().map(|&by| (by, question.limit)).collect();
        Ok(self.counts(question, &wanted, now)?.1)
    }

    /// Counts the hits of a question, and how many of them have which values of some fields: so many values of each.
    ///
    /// # Errors
    /// When the question cannot be read, or the data directory fails.
    pub fn counts(
        &self,
        question: &Question,
        wanted: &[(By, usize)],
        now: Time,
    ) -> Result<(u64, Vec<Vec<CountRow>>), Error> {
        let fields: Vec<_> = wanted.iter().map(|&(by, limit)| (by.into(), limit)).collect();
        let counts = self.searcher.counts(&self.query(question, now)?, &fields, !question.copies, now)?;
        let row = |by: By, value: &String, count: u64| {
            let value = match by {
                By::Topic => self.names.name(&TopicId(value.clone())).to_owned(),
                _ => value.clone(),
            };
            CountRow { by, value, count }
        };
        let rows = wanted.iter().zip(&counts.by);
        let rows = rows.map(|((by, _), values)| values.iter().map(|(value, count)| row(*by, value, *count)).collect());
        Ok((counts.total, rows.collect()))
    }

    /// Returns every article that fits a question, copies too, oldest first.
    ///
    /// # Errors
    /// When the question cannot be read, or the index fails.
    pub fn matching(&self, question: &Question, now: Time) -> Result<Vec<ArticleId>, Error> {
        let query = self.query(question, now)?;
        let limit = usize::try_from(self.searcher.count(&query, false)?).unwrap_or(usize::MAX);
        let options = Options { sort: Some(Sort::Oldest), limit, offset: 0, collapse: false, total: false, now };
        Ok(self.searcher.search(&query, &options)?.hits.into_iter().map(|hit| hit.id).collect())
    }

    /// Returns the stories that fit a filter, largest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stories(&self, filter: &StoryFilter) -> Result<Vec<StoryRow>, Error> {
        let (stories, now) = (self.reader.stories(filter)?, Utc::now());
        Ok(stories.iter().map(|story| StoryRow::new(story, &self.names, now)).collect())
    }

    /// Reads the topics of a filter, by name or id, with their children.
    ///
    /// # Errors
    /// When one is unknown.
    pub fn topics(&self, asked: &[String]) -> Result<Vec<TopicId>, Error> {
        let mut ids = Vec::new();
        for name in asked {
            ids.extend(self.names.resolve(name).map_err(Error::Unknown)?);
        }
        Ok(ids)
    }

    /// Makes one tree of a question: words and filters, sources, topics and stories resolved.
    ///
    /// # Errors
    /// When part of it cannot be read.
    pub fn query(&self, question: &Question, now: Time) -> Result<Query, Error> {
        let mut query = match question.query.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => read_query(text, now)?,
            None => Query::All,
        };
        for (field, values) in question.filters() {
            let any: Vec<Query> = values.iter().map(|value| Query::Is { field, value: value.clone() }).collect();
            if !any.is_empty() {
                query = query.and(Query::Or(any));
            }
        }
        let read = |text: &Option<String>, end: bool| text.as_deref().map(|text| read_time(text, now, end)).transpose();
        let (from, to) = (read(&question.since, false)?, read(&question.until, true)?);
        if from.is_some() || to.is_some() {
            query = query.and(Query::Published { from, to });
        }
        let topics = |name: &str| {
            let ids = self.names.resolve(name).map_err(Error::Unknown)?;
            Ok::<_, Error>(ids.into_iter().map(|id| id.0).collect())
        };
        let stories = |id: &str| match id.parse::<StoryId>() {
            // A story that was merged keeps answering for what it became.
            Ok(id) => Ok::<_, Error>(vec![self.reader.story_now(id)?.to_string()]),
            Err(error) => Err(Error::Question(error.to_string())),
        };
        query.map_values(Field::Topic, &topics)?.map_values(Field::Story, &stories)
    }
}

/// Reads a query as `search` takes it.
///
/// # Errors
/// With the place and what to do about it, where it cannot be read.
pub fn read_query(text: &str, now: Time) -> Result<Query, Error> {
    query::parse(text, now).map_err(|error| unreadable(&error, text))
}

/// Reads a time as options take it: RFC 3339, a date, or an age such as `24h`.
///
/// # Errors
/// With the accepted forms when it is none of these.
pub fn read_time(text: &str, now: Time, end_of_day: bool) -> Result<Time, Error> {
    query::parse_time(text, now, end_of_day).map_err(|error| unreadable(&error, text))
}

/// What is wrong with a text, and where.
fn unreadable(error: &query::Error, text: &str) -> Error {
    let mut told = format!("{error}\n{}", error.render(text));
    if let Some(hint) = &error.hint {
        told += &format!("\nhint: {hint}");
    }
    Error::Question(told)
}

fn given(article: &Article) -> impl Iterator<Item = &TopicId> {
    article.topics.iter().filter(|topic| topic.matched).map(|topic| &topic.topic)
}
