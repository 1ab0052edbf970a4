//! The JSON API: the command line's names and fields; errors as problem details (RFC 9457).

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use super::{
    Archive, Error, Found, Question, Shared,
    archive::read_time,
    ask::{self, Asked, Manner, asked},
    json::{self, CountRow, Hit, RevisionRow, SourceRow, StoryRow, TopicRow, Whole},
    openapi,
};
use crate::{
    model::{ArticleId, StoryId},
    store::StoryFilter,
};

/// Hits of an answer that asks for no number.
const HITS: usize = 10;
/// Stories of an answer that asks for no number.
const STORIES: usize = 20;

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

fn not_found(what: &str) -> Response {
    problem(StatusCode::NOT_FOUND, "not found", &format!("no {what} has this id"))
}

/// Another method than those that read.
pub(super) async fn only_reading() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", "everything here is only read: GET or HEAD")
}

/// An address that is none of the API's or the pages'.
pub(super) async fn nowhere() -> Response {
    problem(StatusCode::NOT_FOUND, "not found", "nothing is served at this address")
}

#[derive(Serialize)]
#[serde(untagged)]
enum SearchAnswer {
    Hits { total: Option<u64>, next: Option<String>, hits: Vec<Hit> },
    Counts { counts: Vec<CountRow> },
}

pub(super) async fn search(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let answer = shared
        .ask(move |archive| {
            let Asked { question, count_by, .. } = asked(query.as_deref(), ask::SEARCH, HITS, Manner::Program)?;
            let now = Utc::now();
            if count_by.is_empty() {
                let Found { hits, total, next } = archive.search(&Question { total: true, ..question }, now)?;
                return Ok(SearchAnswer::Hits { total, next, hits });
            }
            let mut counts = Vec::new();
            for by in count_by {
                counts.extend(archive.count_by(&question, by, now)?);
            }
            Ok(SearchAnswer::Counts { counts })
        })
        .await?;
    Ok(Json(answer).into_response())
}

#[derive(Serialize)]
struct ArticleAnswer {
    #[serde(flatten)]
    article: Whole,
    revisions: Vec<RevisionRow>,
}

pub(super) async fn article(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Error> {
    let Ok(id) = id.parse::<ArticleId>() else { return Ok(not_found("article")) };
    let found = shared
        .ask(move |archive| {
            let Some(article) = archive.reader.article(id)? else { return Ok(None) };
            let revisions = archive.reader.revisions(id)?.iter().map(RevisionRow::from).collect();
            Ok(Some(ArticleAnswer { article: json::article(&archive.names, &article), revisions }))
        })
        .await?;
    Ok(found.map_or_else(|| not_found("article"), |article| Json(article).into_response()))
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

pub(super) async fn stories(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let stories = shared
        .ask(move |archive| {
            let filter = story_filter(archive, query.as_deref(), Manner::Program)?;
            archive.stories(&filter)
        })
        .await?;
    Ok(Json(json!({ "stories": stories })).into_response())
}

pub(super) async fn story(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Error> {
    let Ok(id) = id.parse::<StoryId>() else { return Ok(not_found("story")) };
    let story = shared
        .ask(move |archive| Ok(archive.reader.story(id)?.map(|story| StoryRow::new(&story, &archive.names))))
        .await?;
    Ok(story.map_or_else(|| not_found("story"), |story| Json(story).into_response()))
}

pub(super) async fn sources(State(shared): State<Shared>) -> Result<Response, Error> {
    let rows = shared.ask(|archive| Ok(source_rows(archive)?)).await?;
    Ok(Json(json!({ "sources": rows })).into_response())
}

pub(super) fn source_rows(archive: &Archive) -> Result<Vec<SourceRow>, crate::store::Error> {
    let sources = archive.reader.sources()?;
    Ok(sources.iter().filter(|source| source.is_configured()).map(SourceRow::from).collect())
}

pub(super) async fn topics(State(shared): State<Shared>) -> Result<Response, Error> {
    let rows = shared.ask(|archive| Ok(archive.topic_rows()?)).await?;
    Ok(Json(json!({ "topics": rows })).into_response())
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
        self.names = super::TopicNames::of_store(&self.reader)?;
        Ok(())
    }
}
