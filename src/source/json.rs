//! Reads JSON Feed with feed-rs, after mending what feed-rs would refuse a whole document for.

use feed_rs::{model, parser};
use serde_json::Value;
use url::Url;

use super::{Error, Feed, resolve};
use crate::{
    model::Entry,
    text::{date, html::to_text},
};

/// Reads a JSON Feed.
pub(super) fn read(text: &str, url: &str) -> Result<Feed, Error> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| Error::NotAFeed(format!("broken JSON: {error}")))?;
    let document =
        mend(document).ok_or_else(|| Error::NotAFeed("a JSON document without version and items".to_owned()))?;
    let feed = parse(&document)?;
    let base = Url::parse(url).ok();
    let lang = feed.language;
    Ok(Feed {
        title: feed.title.map(|title| to_text(&title.content)).filter(|title| !title.is_empty()),
        entries: feed.entries.into_iter().map(|entry| convert(entry, base.as_ref(), lang.as_deref())).collect(),
        lang,
        ..Feed::default()
    })
}

/// Hands a document to feed-rs; a panic in there is one document's failure, not the daemon's.
fn parse(document: &str) -> Result<model::Feed, Error> {
    let parsed = std::panic::catch_unwind(|| {
        parser::Builder::new()
            .sanitize_content(false)
            .timestamp_parser(|text| date::parse(text).map(|date| date.at))
            // feed-rs makes up an id where there is none; an empty one says so.
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(document.as_bytes())
    });
    match parsed {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(Error::NotAFeed(error.to_string())),
        Err(_) => Err(Error::NotAFeed("the JSON reader gave up".to_owned())),
    }
}

/// Brings a document into the form that feed-rs insists on: a known version, a title, text where text belongs.
fn mend(mut document: Value) -> Option<String> {
    let feed = document.as_object_mut()?;
    let version = feed.get("version").and_then(Value::as_str).unwrap_or_default();
    if !version.contains("jsonfeed") || !feed.get("items").is_some_and(Value::is_array) {
        return None;
    }
    feed.insert("version".to_owned(), "https://jsonfeed.org/version/1.1".into());
    mend_texts(feed, &["title", "home_page_url", "feed_url", "language", "description", "icon", "favicon"]);
    feed.entry("title").or_insert_with(|| "".into());
    mend_authors(feed);
    let items = feed.get_mut("items")?.as_array_mut()?;
    items.retain(Value::is_object);
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        // Neither is read here, and a slip in one would cost the whole document.
        item.remove("tags");
        item.remove("attachments");
        mend_texts(
            item,
            &[
                "id",
                "url",
                "external_url",
                "title",
                "content_html",
                "content_text",
                "summary",
                "date_published",
                "date_modified",
            ],
        );
        mend_authors(item);
    }
    serde_json::to_string(&document).ok()
}

/// Turns numbers into text and drops what is neither.
fn mend_texts(object: &mut serde_json::Map<String, Value>, names: &[&str]) {
    for name in names {
        match object.get(*name) {
            Some(Value::Number(number)) => {
                let text = number.to_string();
                object.insert((*name).to_owned(), text.into());
            }
            Some(Value::String(_)) | None => {}
            Some(_) => {
                object.remove(*name);
            }
        }
    }
}

fn mend_authors(object: &mut serde_json::Map<String, Value>) {
    if let Some(author) = object.remove("author") {
        object.entry("authors").or_insert_with(|| Value::Array(vec![author]));
    }
    if let Some(authors) = object.get_mut("authors") {
        match authors.as_array_mut() {
            Some(list) => {
                list.retain(Value::is_object);
                for author in list.iter_mut().filter_map(Value::as_object_mut) {
                    mend_texts(author, &["name", "url"]);
                }
            }
            None => *authors = Value::Array(Vec::new()),
        }
    }
}

fn convert(entry: model::Entry, base: Option<&Url>, lang: Option<&str>) -> Entry {
    let text = |text: model::Text| Some(to_text(&text.content)).filter(|text| !text.is_empty());
    Entry {
        guid: Some(entry.id).filter(|id| !id.is_empty()),
        link: entry.links.first().and_then(|link| resolve(&link.href, base)),
        permalink: None,
        title: entry.title.and_then(text),
        authors: entry.authors.into_iter().filter_map(|author| author.name).collect(),
        published_at: entry.published,
        updated_at: entry.updated,
        summary: entry.summary.and_then(text),
        content: entry.content.and_then(html),
        lang: lang.map(str::to_owned),
        image: None,
    }
}

/// Returns a content as HTML.
fn html(content: model::Content) -> Option<String> {
    let body = content.body?;
    let is_plain = content.content_type.subty() == "plain";
    Some(if is_plain { body.replace('&', "&amp;").replace('<', "&lt;") } else { body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_feed_is_read() {
        let text = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Wire &amp; Co", "language": "de", "items": [
            {"id": "1", "url": "/a", "title": "One", "date_published": "2026-03-02T10:00:00+01:00",
             "authors": [{"name": "Ann"}], "content_html": "<p>Text</p>"}, {"content_text": "1 < 2"}]}"#;
        let feed = read(text, "https://news.example/feed.json").expect("a feed");
        assert_eq!(feed.title.as_deref(), Some("Wire & Co"));
        assert_eq!(feed.entries.len(), 2);
        let (one, two) = (&feed.entries[0], &feed.entries[1]);
        assert_eq!(one.guid.as_deref(), Some("1"));
        assert_eq!(one.link.as_deref(), Some("https://news.example/a"));
        assert_eq!(one.published_at.expect("a date").to_rfc3339(), "2026-03-02T09:00:00+00:00");
        assert_eq!((one.authors.as_slice(), one.lang.as_deref()), (["Ann".to_owned()].as_slice(), Some("de")));
        assert_eq!((two.guid.as_deref(), two.content.as_deref()), (None, Some("1 &lt; 2")));
    }

    #[test]
    fn slips_cost_no_entry() {
        let text = r#"{"version": "http://jsonfeed.org/version/1", "items": [
            {"id": 7, "url": null, "title": ["x"], "tags": "not a list", "author": "Ann"}, 5]}"#;
        let feed = read(text, "").expect("a feed");
        assert_eq!(feed.entries.len(), 1);
        assert_eq!(feed.entries[0].guid.as_deref(), Some("7"));
    }

    #[test]
    fn other_json_is_no_feed() {
        for text in ["{}", "{\"error\": \"x\"}", "{\"items\": []}", "[1]", "{"] {
            assert_eq!(read(text, "").expect_err("no feed").class(), "not-a-feed", "{text}");
        }
    }
}
