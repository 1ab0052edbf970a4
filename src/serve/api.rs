//! The JSON API: the command line's names and fields; errors as problem details (RFC 9457).

use std::{collections::BTreeMap, str::FromStr};

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use super::{
    Archive, By, Error, Question, Shared,
    archive::read_time,
    ask::{self, Asked, Manner, asked},
    json::{self, CountRow, RevisionRow, SourceRow, StoryRow, TopicRow},
    openapi,
};
use crate::{model::ArticleId, store::StoryFilter};

/// Hits of an answer that asks for no number.
const HITS: usize = 10;
/// Stories of an answer that asks for no number.
const STORIES: usize = 20;
/// Days of a trend: a quarter.
const DAYS: usize = 92;

/// Every address of the API.
pub(super) fn routes() -> [(&'static str, MethodRouter<Shared>); 7] {
    [
        ("/api/v1/search", get(search)),
        ("/api/v1/articles/{id}", get(article)),
        ("/api/v1/stories", get(stories)),
        ("/api/v1/stories/{id}", get(story)),
        ("/api/v1/sources", get(sources)),
        ("/api/v1/topics", get(topics)),
        ("/api/v1/openapi.json", get(openapi::describe)),
    ]
}

pub(super) fn router() -> Router<Shared> {
    routes().into_iter().fold(Router::new(), |router, (path, method)| router.route(path, method))
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title) = match &self {
            Self::Question(_) => (StatusCode::BAD_REQUEST, "the question cannot be read"),
            Self::Unknown(_) => (StatusCode::NOT_FOUND, "not found"),
            Self::Store(_) | Self::Index(_) => (StatusCode::SERVICE_UNAVAILABLE, "the archive cannot answer now"),
        };
        problem(status, title, &self.to_string())
    }
}

pub(super) fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// Another method than those that read.
pub(super) async fn only_reading() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", "everything here is only read: GET or HEAD")
}

/// An address that is none of the API's or the pages'.
pub(super) async fn nowhere() -> Response {
    problem(StatusCode::NOT_FOUND, "not found", "nothing is served at this address")
}

/// JSON as text, its fields in the order of the rows: as values they would be in the order of the alphabet, and those
/// of thousands of sources would take more memory than all the rest of a daemon.
pub(super) type Text = String;

fn text(answer: &impl Serialize) -> Text {
    serde_json::to_string(answer).expect("rows are JSON, and memory takes them")
}

/// Rows under a name.
fn named(name: &str, rows: &impl Serialize) -> Text {
    text(&BTreeMap::from([(name, rows)]))
}

type Answer = Result<Response, Error>;

/// An answer of the API, off the async threads.
async fn answered(shared: Shared, query: String, answer: fn(&Archive, &str) -> Result<Text, Error>) -> Answer {
    let text = shared.ask(move |archive| answer(archive, &query)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn with_id(id: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("id", id).finish()
}

async fn search(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    answered(shared, query.unwrap_or_default(), search_answer).await
}

async fn article(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    answered(shared, with_id(&id), article_answer).await
}

async fn stories(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    answered(shared, query.unwrap_or_default(), stories_answer).await
}

async fn story(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    answered(shared, with_id(&id), story_answer).await
}

async fn sources(State(shared): State<Shared>) -> Answer {
    answered(shared, String::new(), sources_answer).await
}

async fn topics(State(shared): State<Shared>) -> Answer {
    answered(shared, String::new(), |archive, _| Ok(named("topics", &archive.topic_rows()?))).await
}

/// What `/api/v1/search` answers: hits, or counts where fields to count by are given.
pub(super) fn search_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    let Asked { question, count_by, .. } = asked(Some(query), ask::SEARCH, HITS, Manner::Program)?;
    let now = Utc::now();
    if count_by.is_empty() {
        return Ok(text(&archive.search(&Question { total: true, ..question }, now)?));
    }
    Ok(named("counts", &archive.count_by(&question, &count_by, now)?.concat()))
}

/// What `/api/v1/articles/{id}` answers.
pub(super) fn article_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    #[derive(Serialize)]
    struct WithRevisions {
        #[serde(flatten)]
        article: json::Whole,
        revisions: Vec<RevisionRow>,
    }
    let id: ArticleId = id(query, "article")?;
    let article = archive.reader.article(id)?.ok_or_else(|| unknown("article"))?;
    let revisions = archive.reader.revisions(id)?.iter().map(RevisionRow::from).collect();
    Ok(text(&WithRevisions { article: json::article(&archive.names, &article), revisions }))
}

/// What `/api/v1/stories` answers.
pub(super) fn stories_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    Ok(named("stories", &archive.stories(&story_filter(archive, Some(query), Manner::Program)?)?))
}

/// What `/api/v1/stories/{id}` answers.
pub(super) fn story_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    let story = archive.reader.story(id(query, "story")?)?.ok_or_else(|| unknown("story"))?;
    Ok(text(&StoryRow::new(&story, &archive.names, Utc::now())))
}

/// What `/api/v1/sources` answers: written row by row, for the sake of those with thousands.
pub(super) fn sources_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    asked(Some(query), &[], 0, Manner::Program)?;
    let mut rows = String::new();
    archive.reader.each_source(|source| {
        if source.is_configured() {
            rows += if rows.is_empty() { "" } else { "," };
            rows += &text(&SourceRow::from(&source));
        }
    })?;
    Ok(format!("{{\"sources\":[{rows}]}}"))
}

/// Returns the topics, and the numbers by day of one or of all.
pub(super) fn trends_answer(archive: &Archive, query: &str) -> Result<Text, Error> {
    #[derive(Serialize)]
    struct Trends {
        topics: Vec<TopicRow>,
        days: Vec<CountRow>,
    }
    let Asked { question, .. } = asked(Some(query), ask::TRENDS, DAYS, Manner::Program)?;
    let days = archive.count_by(&question, &[By::Day], Utc::now())?.concat();
    Ok(text(&Trends { topics: archive.topic_rows()?, days }))
}

/// Reads the id that a request asks for; a text that is none names nothing.
fn id<T: FromStr>(query: &str, what: &str) -> Result<T, Error> {
    let Asked { id, .. } = asked(Some(query), ask::ONE, 0, Manner::Program)?;
    id.and_then(|id| id.parse().ok()).ok_or_else(|| unknown(what))
}

fn unknown(what: &str) -> Error {
    Error::Unknown(format!("no {what} has this id"))
}

/// Reads what a request says of stories.
///
/// # Errors
/// When a parameter is unknown, or a topic or time is.
pub(super) fn story_filter(archive: &Archive, query: Option<&str>, manner: Manner) -> Result<StoryFilter, Error> {
    let Asked { question, min_outlets, .. } = asked(query, ask::STORIES, STORIES, manner)?;
    let since = question.since.as_deref().map(|text| read_time(text, Utc::now(), false)).transpose()?;
    let topics = archive.topics(&question.topic)?;
    Ok(StoryFilter { since, topics, min_outlets: min_outlets.unwrap_or(2), limit: question.limit })
}

impl Archive {
    /// Returns every topic with the number of stored articles that carry it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn topic_rows(&self) -> Result<Vec<TopicRow>, crate::store::Error> {
        let counts: std::collections::HashMap<_, _> = self.reader.topic_counts()?.into_iter().collect();
        let row = |topic: &super::TopicName| TopicRow {
            id: topic.id.clone(),
            name: topic.name.clone(),
            parent: topic.parent.clone(),
            iptc: topic.iptc.clone(),
            articles: counts.get(&topic.id).copied().unwrap_or(0),
        };
        Ok(self.names.list().iter().map(row).collect())
    }

    /// Looks at what has been committed since.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub fn refresh(&mut self) -> Result<(), Error> {
        self.searcher.refresh()?;
        Ok(self.names.refresh(&self.reader)?)
    }
}
