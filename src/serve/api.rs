//! The JSON API: the command line's names and fields; errors as problem details (RFC 9457).

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use super::{
    Archive, By, Error, Order, Question, Shared,
    archive::read_time,
    json::{self, CountRow, Hit, RevisionRow, SourceRow, StoryRow, TopicRow, Whole},
};
use crate::{
    model::{ArticleId, StoryId},
    store::StoryFilter,
};

/// The most rows of one answer.
const MOST_ROWS: usize = 1_000;
/// Hits of an answer that asks for no number.
const HITS: usize = 10;
/// Stories of an answer that asks for no number.
const STORIES: usize = 20;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title) = match &self {
            Self::Question(_) => (StatusCode::BAD_REQUEST, "the question cannot be read"),
            Self::Store(_) | Self::Index(_) => (StatusCode::SERVICE_UNAVAILABLE, "the archive cannot answer now"),
        };
        problem(status, title, &self.to_string())
    }
}

fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

fn not_found(what: &str) -> Response {
    problem(StatusCode::NOT_FOUND, "not found", &format!("no {what} has this id"))
}

/// An address that is none of the API's or the pages'.
pub(super) async fn nowhere() -> Response {
    problem(StatusCode::NOT_FOUND, "not found", "nothing is served at this address")
}

/// A question with what only a request can say of it.
pub(super) struct Asked {
    pub question: Question,
    pub count_by: Option<By>,
    pub min_outlets: Option<u32>,
}

/// Reads the parameters of a request; `q` and `query` are the same.
///
/// # Errors
/// When a parameter is unknown or has no meaning: a misspelt filter must not widen a search silently.
pub(super) fn asked(query: Option<&str>, limit: usize) -> Result<Asked, Error> {
    let mut asked = Asked { question: Question { limit, ..Question::default() }, count_by: None, min_outlets: None };
    let question = &mut asked.question;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if value.is_empty() {
            continue;
        }
        let text = value.into_owned();
        match name.as_ref() {
            "q" | "query" => question.query = Some(text),
            "topic" => question.topic.push(text),
            "source" => question.source.push(text),
            "outlet" => question.outlet.push(text),
            "tag" => question.tag.push(text),
            "lang" => question.lang.push(text),
            "author" => question.author.push(text),
            "story" => question.story.push(text),
            "since" => question.since = Some(text),
            "until" => question.until = Some(text),
            "sort" => question.sort = Some(choice::<Order>("sort", &text)?),
            "count_by" | "count-by" => asked.count_by = Some(choice::<By>("count_by", &text)?),
            "limit" => question.limit = number::<usize>("limit", &text)?.min(MOST_ROWS),
            "offset" => question.offset = number("offset", &text)?,
            "min_outlets" | "min-outlets" => asked.min_outlets = Some(number("min_outlets", &text)?),
            "copies" => question.copies = !matches!(text.as_str(), "false" | "0" | "no"),
            other => return Err(Error::Question(format!("unknown parameter `{other}`"))),
        }
    }
    Ok(asked)
}

fn choice<T: clap::ValueEnum>(name: &str, text: &str) -> Result<T, Error> {
    T::from_str(text, true).map_err(|_| {
        let known: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
            .collect();
        Error::Question(format!("{name} `{text}` is none of {}", known.join(", ")))
    })
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Question(format!("{name} `{text}` is not a number")))
}

#[derive(Serialize)]
#[serde(untagged)]
enum SearchAnswer {
    Hits { total: Option<u64>, hits: Vec<Hit> },
    Counts { counts: Vec<CountRow> },
}

pub(super) async fn search(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let answer = shared
        .ask(move |archive| {
            let Asked { question, count_by, .. } = asked(query.as_deref(), HITS)?;
            let now = Utc::now();
            Ok(match count_by {
                Some(by) => SearchAnswer::Counts { counts: archive.count_by(&question, by, now)? },
                None => {
                    let question = Question { total: true, ..question };
                    let found = archive.search(&question, now)?;
                    SearchAnswer::Hits { total: found.total, hits: found.hits }
                }
            })
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
pub(super) fn story_filter(archive: &Archive, query: Option<&str>) -> Result<StoryFilter, Error> {
    let Asked { question, min_outlets, .. } = asked(query, STORIES)?;
    let since = question.since.as_deref().map(|text| read_time(text, Utc::now(), false)).transpose()?;
    let topics = archive.topics(&question.topic)?;
    Ok(StoryFilter { since, topics, min_outlets: min_outlets.unwrap_or(2), limit: question.limit })
}

pub(super) async fn stories(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let stories = shared
        .ask(move |archive| {
            let filter = story_filter(archive, query.as_deref())?;
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
