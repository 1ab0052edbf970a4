//! Pages for people: rendered here, without scripts; whatever comes from feeds and pages is escaped.
//!
//! Each page is one file. They share the frame around a page, and how times, languages and counts are written.

mod article;
mod chart;
mod diff;
mod link;
mod search;
mod source;
mod story;
mod topic;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

pub(super) use self::{
    article::{article, copy, revision},
    search::search,
    source::{source, sources},
    story::{stories, story},
    topic::topics,
};
use super::{Error, api};
use crate::text::html::escape;

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");
/// Languages that are written from right to left.
const RIGHT_TO_LEFT: &[&str] = &["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")], STYLE)
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")], ICON)
}

/// An address that is none: a page for who reads pages.
pub(super) async fn nowhere(headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") { missing("page") } else { api::nowhere().await }
}

/// What a page is made of.
#[derive(Debug, Default)]
struct Page {
    /// Its title, as plain text.
    title: String,
    /// More of its head, as HTML.
    head: String,
    /// Its main part, as HTML.
    main: String,
    /// The address in the navigation that leads here.
    place: &'static str,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let places = [("/", "Search"), ("/stories", "Stories"), ("/topics", "Topics"), ("/sources", "Sources")];
        let place = |(href, name): (&str, &str)| {
            let current = if href == self.place { " aria-current=page" } else { "" };
            format!("<li><a href={href}{current}>{name}</a>")
        };
        Html(format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
             <meta name=color-scheme content=\"light dark\"><title>{} – dateline</title>\
             <link rel=stylesheet href=/style.css><link rel=icon href=/icon.svg>{}\
             <a class=skip href=#main>Skip to the content</a>\
             <header><a href=/ class=home>dateline</a><nav aria-label=Main><ul>{}</ul></nav></header>\
             <main id=main tabindex=-1>{}</main>\
             <footer><p>All times are UTC. <a href=/api/v1/openapi.json>API</a></footer></html>",
            escape(&one_line(&self.title)),
            self.head,
            places.map(place).concat(),
            self.main
        ))
        .into_response()
    }
}

/// Answers with a page, or says why there is none.
fn answer(page: Result<Option<Page>, Error>, what: &str) -> Response {
    match page {
        Ok(Some(page)) => page.into_response(),
        Ok(None) => missing(what),
        Err(error) => problem(&error, ""),
    }
}

fn missing(what: &str) -> Response {
    let main = format!("<h1>Not found</h1><p>No {what} has this address. <a href=/>Search the archive</a>");
    (StatusCode::NOT_FOUND, Page { title: "Not found".to_owned(), main, ..Page::default() }).into_response()
}

/// Says what went wrong, below what is to be corrected.
fn problem(error: &Error, form: &str) -> Response {
    let status = match error {
        Error::Question(_) => StatusCode::BAD_REQUEST,
        Error::Unknown(_) => StatusCode::NOT_FOUND,
        Error::Store(_) | Error::Index(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let told = escape(&error.to_string());
    let main = format!("<h1>Problem</h1>{form}<pre class=error role=alert tabindex=0>{told}</pre>");
    (status, Page { title: "Problem".to_owned(), main, ..Page::default() }).into_response()
}

/// A text for the title bar, where no markup keeps its direction to itself: without control characters.
fn one_line(text: &str) -> String {
    let is_bidi = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_control() && !is_bidi(*c)).collect()
}

/// A stranger's words within a line, whose direction ends with them.
fn apart(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

/// A title to click on; one without words can be clicked on, too.
fn headline(title: &str) -> String {
    if title.trim().is_empty() { "(without a title)".to_owned() } else { escape(title) }
}

/// The attributes that say in which language and direction a text is written.
fn language(lang: Option<&str>) -> String {
    match lang {
        Some(lang) if RIGHT_TO_LEFT.contains(&lang) => format!(" lang=\"{}\" dir=rtl", escape(lang)),
        Some(lang) => format!(" lang=\"{}\" dir=ltr", escape(lang)),
        None => " dir=auto".to_owned(),
    }
}

/// A time as JSON has it, for people.
fn when(rfc3339: &str) -> String {
    let short = rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ");
    format!("<time datetime=\"{0}\">{1}</time>", escape(rfc3339), escape(&short))
}

/// A number of things.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { more })
}

/// A number with a space between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Topics as links to what was tagged with them.
fn topic_list(topics: &[String]) -> String {
    if topics.is_empty() {
        return String::new();
    }
    let item = |topic: &String| {
        let href = link::Link::default().with("topic", topic).href("/");
        format!("<li><a href=\"{href}\">{}</a>", escape(topic))
    };
    format!("<ul class=topics aria-label=Topics>{}</ul>", topics.iter().map(item).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_direction() {
        assert_eq!(language(Some("fa")), " lang=\"fa\" dir=rtl");
        assert_eq!(language(Some("de")), " lang=\"de\" dir=ltr");
        assert_eq!(language(None), " dir=auto");
    }

    #[test]
    fn a_title_bar_turns_no_letters_around() {
        assert_eq!(one_line("a\u{202e}b\n\u{2067}c"), "abc");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(many(1, "copy", "copies"), "1 copy");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(123), "123");
    }
}
