//! Pages for people: rendered here, without scripts; whatever comes from feeds and pages is escaped.

use axum::{
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use chrono::Utc;

use super::{
    Archive, By, Error, Question, Shared,
    api::{source_rows, story_filter},
    ask::{self, Manner, asked},
    evidence,
    json::{Hit, SourceRow, StoryRow, TopicRow, article as article_row, time},
};
use crate::{
    model::{Article, ArticleId, SourceStatus, StoryId},
    text::html::escape,
};

const STYLE: &str = include_str!("style.css");
/// Hits of one page.
const HITS: usize = 20;
/// Topics offered beside the hits.
const FACETS: usize = 12;

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")], STYLE)
}

/// The search page: a form, hits, and what they are about.
pub(super) async fn search(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let raw = query.clone().unwrap_or_default();
    let asked_for = match asked(query.as_deref(), ask::FEED, HITS, Manner::Form) {
        Ok(asked) => Question { total: true, ..asked.question },
        Err(error) => return failure("", &error),
    };
    let words = asked_for.query.clone().unwrap_or_default();
    let head = alternates(&raw);
    let page = shared.ask(move |archive| {
        let now = Utc::now();
        let found = archive.search(&asked_for, now)?;
        let total = found.total.unwrap_or_default();
        let facets = archive.count_by(&Question { limit: FACETS, ..asked_for.clone() }, By::Topic, now)?;
        let mut main = form(&asked_for);
        main += &format!("<p class=note>{} {}</p>", total, if total == 1 { "article" } else { "articles" });
        if !facets.is_empty() {
            main += "<nav class=facets aria-label=Topics>";
            for facet in &facets {
                let href = link(&raw, &[("topic", Some(&facet.value)), ("offset", None)]);
                main += &format!("<a href=\"{href}\">{} <span>{}</span></a> ", escape(&facet.value), facet.count);
            }
            main += "</nav>";
        }
        for hit in &found.hits {
            main += &hit_html(hit);
        }
        let next = asked_for.offset + found.hits.len();
        if found.hits.is_empty() {
            main += "<p>No article fits. Fewer words, or <code>OR</code> between them, find more.</p>";
        } else if (next as u64) < total {
            main +=
                &format!("<p><a rel=next href=\"{}\">More</a></p>", link(&raw, &[("offset", Some(&next.to_string()))]));
        }
        Ok(main)
    });
    match page.await {
        Ok(main) => layout_with(if words.is_empty() { "Latest" } else { &words }, &head, &main),
        Err(error) => failure(&words, &error),
    }
}

/// One article with its text.
pub(super) async fn article(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<ArticleId>() else { return missing("article") };
    let page = shared.ask(move |archive| {
        let Some(article) = archive.reader.article(id)? else { return Ok(None) };
        let members = archive.reader.articles(&archive.reader.group_members(id)?)?;
        Ok(Some((article.title.clone(), article_html(archive, &article, &members))))
    });
    match page.await {
        Ok(Some((title, main))) => layout(&title, &main),
        Ok(None) => missing("article"),
        Err(error) => failure("", &error),
    }
}

/// The stories of several outlets.
pub(super) async fn stories(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let page = shared.ask(move |archive| {
        let filter = story_filter(archive, query.as_deref(), Manner::Form)?;
        let stories = archive.stories(&filter)?;
        let mut main = "<h1>Stories</h1>".to_owned();
        if stories.is_empty() {
            main += "<p>No event is reported by two outlets yet.</p>";
        }
        main.extend(stories.iter().map(story_html));
        Ok(main)
    });
    rendered("Stories", page.await)
}

/// One story with its articles in the order of their publication.
pub(super) async fn story(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<StoryId>() else { return missing("story") };
    let page = shared.ask(move |archive| {
        let Some(story) = archive.reader.story(id)? else { return Ok(None) };
        let mut main = format!("<h1>{}</h1><ol class=timeline>", escape(&story.title));
        for article in archive.reader.articles(&story.members)? {
            let at = article.published_at.map_or(article.fetched_at, |published| published.at);
            main += &format!(
                "<li><time>{}</time> <b>{}</b> <a href=\"/articles/{}\">{}</a></li>",
                short(&time(at)),
                escape(&article.outlet),
                article.id,
                escape(&article.title)
            );
        }
        main += "</ol>";
        Ok(Some((story.title, main)))
    });
    match page.await {
        Ok(Some((title, main))) => layout(&title, &main),
        Ok(None) => missing("story"),
        Err(error) => failure("", &error),
    }
}

/// The sources and how they are doing.
pub(super) async fn sources(State(shared): State<Shared>) -> Response {
    let page = shared.ask(|archive| {
        let mut main = "<h1>Sources</h1><table><thead><tr><th>Source<th>Status<th>Last poll<th>Next poll<th>Last error</thead><tbody>".to_owned();
        main.extend(source_rows(archive)?.iter().map(source_html));
        main += "</tbody></table>";
        Ok(main)
    });
    rendered("Sources", page.await)
}

/// The topics with their articles.
pub(super) async fn topics(State(shared): State<Shared>) -> Response {
    let page = shared.ask(|archive| {
        let mut main = "<h1>Topics</h1><table><thead><tr><th>Topic<th>Articles</thead><tbody>".to_owned();
        main.extend(archive.topic_rows()?.iter().map(topic_html));
        main += "</tbody></table>";
        Ok(main)
    });
    rendered("Topics", page.await)
}

fn rendered(title: &str, page: Result<String, Error>) -> Response {
    match page {
        Ok(main) => layout(title, &main),
        Err(error) => failure("", &error),
    }
}

fn layout(title: &str, main: &str) -> Response {
    layout_with(title, "", main)
}

fn layout_with(title: &str, head: &str, main: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=color-scheme content=\"light dark\"><title>{} – dateline</title><link rel=stylesheet href=/style.css>{head}\
         <header><a href=/ class=home>dateline</a> <nav aria-label=Main><a href=/stories>Stories</a> \
         <a href=/topics>Topics</a> <a href=/sources>Sources</a></nav></header><main>{main}</main></html>",
        escape(title)
    ))
    .into_response()
}

fn missing(what: &str) -> Response {
    (StatusCode::NOT_FOUND, layout("Not found", &format!("<h1>Not found</h1><p>No {what} has this address.")))
        .into_response()
}

fn failure(words: &str, error: &Error) -> Response {
    let status = match error {
        Error::Question(_) => StatusCode::BAD_REQUEST,
        Error::Unknown(_) => StatusCode::NOT_FOUND,
        Error::Store(_) | Error::Index(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let question = Question { query: Some(words.to_owned()), ..Question::default() };
    let main = format!("{}<pre class=error role=alert>{}</pre>", form(&question), escape(&error.to_string()));
    (status, layout("Problem", &main)).into_response()
}

fn form(question: &Question) -> String {
    let words = escape(question.query.as_deref().unwrap_or_default());
    let mut form = format!(
        "<form role=search action=/ method=get><label for=q>Search the archive</label>\
         <input id=q name=q type=search value=\"{words}\" placeholder=\"peace talks\" autofocus> <button>Search</button>"
    );
    for topic in &question.topic {
        let topic = escape(topic);
        form +=
            &format!(" <label class=filter><input type=checkbox name=topic value=\"{topic}\" checked> {topic}</label>");
    }
    form + "</form>"
}

/// Where feed readers find this search.
fn alternates(query: &str) -> String {
    let formats = [("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("json", "application/feed+json")];
    // What a form leaves empty means nothing to a feed.
    let asked = url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    let query = if query.is_empty() { query } else { format!("?{}", escape(&query)) };
    let link = |(end, kind)| format!("<link rel=alternate type=\"{kind}\" href=\"/feeds/search.{end}{query}\">");
    formats.map(link).concat()
}

/// The same page with other parameters.
fn link(query: &str, changes: &[(&str, Option<&str>)]) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| name == changed));
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    link.extend_pairs(kept);
    link.extend_pairs(changes.iter().filter_map(|(name, value)| Some((name, (*value)?))));
    format!("/?{}", escape(&link.finish()))
}

fn hit_html(hit: &Hit) -> String {
    let head = &hit.head;
    let copies = match head.copies {
        0 => String::new(),
        1 => " · 1 copy".to_owned(),
        more => format!(" · {more} copies"),
    };
    let lang = head.lang.as_deref().map(|lang| format!(" lang=\"{}\"", escape(lang))).unwrap_or_default();
    let topics: String = head.topics.iter().map(|topic| format!("<li>{}", escape(topic))).collect();
    // The snippet is HTML already: marked and escaped by the index.
    format!(
        "<article><h2{lang}><a href=\"/articles/{}\">{}</a></h2><p class=facts>{} · <time>{}</time>{copies}</p>\
         <p{lang}>{}</p><ul class=topics>{topics}</ul></article>",
        head.id,
        escape(&head.title),
        escape(&head.outlet),
        short(head.published_at.as_deref().unwrap_or(&head.fetched_at)),
        hit.snippet,
    )
}

fn article_html(archive: &Archive, article: &Article, members: &[Article]) -> String {
    let row = article_row(&archive.names, article);
    let lang = article.lang.as_deref().map(|lang| format!(" lang=\"{}\"", escape(lang))).unwrap_or_default();
    let mut facts = vec![escape(&article.outlet), escape(&article.authors.join(", "))];
    facts.push(short(row.head.published_at.as_deref().unwrap_or(&row.head.fetched_at)));
    facts.retain(|fact| !fact.is_empty());
    let paragraphs = evidence::paragraphs(&archive.names, article);
    let topics: String = row.head.topics.iter().map(|topic| format!("<li>{}", escape(topic))).collect();
    let mut html = format!(
        "<article><h1{lang}>{}</h1><p class=facts>{}</p><p><a rel=noreferrer href=\"{}\">Original</a> · \
         <a href=\"/stories/{}\">Story</a></p><ul class=topics>{topics}</ul>{}<div{lang}>{paragraphs}</div></article>",
        evidence::title(&archive.names, article),
        facts.join(" · "),
        escape(article.url.as_str()),
        article.story,
        evidence::entities(article),
    );
    if members.len() > 1 {
        html += "<section><h2>Copies</h2><ul>";
        for member in members.iter().filter(|member| member.id != article.id) {
            html += &format!(
                "<li><b>{}</b> <a href=\"/articles/{}\">{}</a></li>",
                escape(&member.outlet),
                member.id,
                escape(&member.title)
            );
        }
        html += "</ul></section>";
    }
    html
}

fn story_html(story: &StoryRow) -> String {
    format!(
        "<article><h2><a href=\"/stories/{}\">{}</a></h2><p class=facts>{} articles · {} – {}</p><p>{}</p></article>",
        story.id,
        escape(&story.title),
        story.articles,
        short(&story.first_published_at),
        short(&story.last_published_at),
        escape(&story.outlets.join(", ")),
    )
}

fn source_html(source: &SourceRow) -> String {
    let status = match source.status {
        SourceStatus::Ok => "ok",
        SourceStatus::Failing => "failing",
        SourceStatus::Gone => "gone",
        SourceStatus::Never => "not polled yet",
    };
    let at = |at: &Option<String>| at.as_deref().map(short).unwrap_or_default();
    format!(
        "<tr><th scope=row>{}<td class=\"{status}\">{status}<td>{}<td title=\"{}\">{}<td>{}",
        escape(&source.name),
        at(&source.last_polled_at),
        escape(source.next_poll_reason.as_deref().unwrap_or_default()),
        at(&source.next_poll_at),
        escape(source.last_error.as_deref().unwrap_or_default()),
    )
}

fn topic_html(topic: &TopicRow) -> String {
    let href = link("", &[("topic", Some(&topic.id.0))]);
    format!("<tr><th scope=row><a href=\"{href}\">{}</a><td>{}", escape(&topic.name), topic.articles)
}

/// `2026-11-22T10:30:00Z` as `2026-11-22 10:30`.
fn short(rfc3339: &str) -> String {
    rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_they_do_not_change() {
        assert_eq!(link("q=a+b&offset=20", &[("offset", Some("40"))]), "/?q=a+b&amp;offset=40");
        assert_eq!(link("q=a&topic=x", &[("topic", None)]), "/?q=a");
    }

    #[test]
    fn words_of_a_question_are_escaped() {
        let question = Question { query: Some("\"><script>".to_owned()), ..Question::default() };
        assert!(!form(&question).contains("<script>"));
    }
}
