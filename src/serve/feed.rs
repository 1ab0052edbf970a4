//! Any search as a feed: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, for whatever reader follows feeds.
//!
//! What identifies a feed and its entries never changes: an entry by the article's id, the feed by what it asks for.

use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Error, Order, Question, Shared, api,
    ask::{self, Asked, Manner, asked},
    json::Hit,
};
use crate::{
    model::{Article, Time},
    text::html::escape,
};

/// Entries of a feed that asks for no number: a day of a busy topic.
const ENTRIES: usize = 50;
/// How long a reader may keep an answer without asking: articles come every second, readers ask every quarter of an hour.
const FRESH: &str = "max-age=60";

/// A feed, ready to be written in one of the formats.
struct Feed {
    /// Derived from what it asks for, not from where it is asked.
    id: String,
    /// What it asks for, in words.
    title: String,
    /// Its own address.
    own_url: String,
    /// The same search for people.
    page_url: String,
    entries: Vec<(Article, Hit)>,
}

/// `/feeds/search.atom`, `.rss` and `.json`, with the parameters of `/api/v1/search`.
pub(super) async fn search(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (content_type, write): (_, fn(&Feed) -> String) = match name.as_str() {
        "search.atom" => ("application/atom+xml; charset=utf-8", Feed::atom),
        "search.rss" => ("application/rss+xml; charset=utf-8", Feed::rss),
        "search.json" => ("application/feed+json", Feed::json),
        _ => return Ok(api::nowhere().await),
    };
    let site = site(&headers);
    let text = shared
        .ask(move |archive| {
            let raw = query.unwrap_or_default();
            let Asked { question, .. } = asked(Some(&raw), ask::FEED, ENTRIES, Manner::Program)?;
            // Readers want what is new; the order of relevance would bury it.
            let question = Question { sort: question.sort.or(Some(Order::Newest)), ..question };
            let entries = archive.pick(&question, Utc::now())?.hits;
            let and_query = if raw.is_empty() { String::new() } else { format!("?{raw}") };
            Ok(write(&Feed {
                id: urn("feed", &raw),
                title: title(&question),
                own_url: format!("{site}/feeds/{name}{and_query}"),
                page_url: format!("{site}/{and_query}"),
                entries,
            }))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, FRESH)], text).into_response())
}

/// The address under which the client knows us; a proxy in front says whether it speaks TLS.
fn site(headers: &HeaderMap) -> String {
    let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if given("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", given("host").unwrap_or("localhost"))
}

/// What a question asks for, in words: `"price cap" · lang de`.
fn title(question: &Question) -> String {
    let mut parts: Vec<String> = question.query.iter().map(|query| query.trim().to_owned()).collect();
    for (name, values) in question.filters() {
        if !values.is_empty() {
            parts.push(format!("{} {}", name.name(), values.join(", ")));
        }
    }
    parts.extend(question.since.iter().map(|since| format!("since {since}")));
    parts.extend(question.until.iter().map(|until| format!("until {until}")));
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { "dateline".to_owned() } else { format!("dateline: {}", parts.join(" · ")) }
}

impl Feed {
    fn atom(&self) -> String {
        let updated = self.entries.iter().map(|(article, _)| article.fetched_at).max().unwrap_or(Time::UNIX_EPOCH);
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
             <title>{}</title>\n<id>{}</id>\n<updated>{}</updated>\n<author><name>dateline</name></author>\n\
             <generator version=\"{}\">dateline</generator>\n\
             <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n",
            text(&self.title),
            self.id,
            rfc3339(updated),
            env!("CARGO_PKG_VERSION"),
            text(&self.own_url),
            text(&self.page_url),
        );
        for (article, hit) in &self.entries {
            let lang = article.lang.as_deref().map(|lang| format!(" xml:lang=\"{}\"", text(lang))).unwrap_or_default();
            xml += &format!(
                "<entry{lang}>\n<title>{}</title>\n<id>{}</id>\n<link rel=\"alternate\" href=\"{}\"/>\n\
                 <published>{}</published>\n<updated>{}</updated>\n",
                text(title_of(article)),
                urn("article", &article.id.to_string()),
                text(article.url.as_str()),
                rfc3339(published(article)),
                rfc3339(article.fetched_at),
            );
            xml.extend(creators(article).map(|name| format!("<author><name>{}</name></author>\n", text(name))));
            xml.extend(hit.head.topics.iter().map(|topic| format!("<category term=\"{}\"/>\n", text(topic))));
            xml += &format!(
                "<summary type=\"html\">{}</summary>\n<content type=\"html\">{}</content>\n</entry>\n",
                text(&hit.snippet),
                text(&html(article)),
            );
        }
        xml + "</feed>\n"
    }

    fn rss(&self) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
             xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n<title>{}</title>\n<link>{}</link>\n\
             <description>{}</description>\n<generator>dateline {}</generator>\n\
             <atom:link rel=\"self\" type=\"application/rss+xml\" href=\"{}\"/>\n",
            text(&self.title),
            text(&self.page_url),
            text(&format!("{}: what dateline found", self.title)),
            env!("CARGO_PKG_VERSION"),
            text(&self.own_url),
        );
        for (article, hit) in &self.entries {
            xml += &format!(
                "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n\
                 <pubDate>{}</pubDate>\n",
                text(title_of(article)),
                text(article.url.as_str()),
                urn("article", &article.id.to_string()),
                published(article).to_rfc2822(),
            );
            xml.extend(creators(article).map(|name| format!("<dc:creator>{}</dc:creator>\n", text(name))));
            xml.extend(article.lang.iter().map(|lang| format!("<dc:language>{}</dc:language>\n", text(lang))));
            xml.extend(hit.head.topics.iter().map(|topic| format!("<category>{}</category>\n", text(topic))));
            xml += &format!(
                "<description>{}</description>\n<content:encoded>{}</content:encoded>\n</item>\n",
                text(&hit.snippet),
                text(&html(article)),
            );
        }
        xml + "</channel>\n</rss>\n"
    }

    fn json(&self) -> String {
        let item = |(article, hit): &(Article, Hit)| {
            let mut item = json!({
                "id": urn("article", &article.id.to_string()),
                "url": article.url.as_str(),
                "title": title_of(article),
                "content_html": html(article),
                "date_published": rfc3339(published(article)),
                "date_modified": rfc3339(article.fetched_at),
                "authors": creators(article).map(|name| json!({ "name": name })).collect::<Vec<_>>(),
                "tags": hit.head.topics,
            });
            // What is unknown is left out: JSON Feed has no null.
            for (name, value) in [("language", &article.lang), ("image", &article.image), ("summary", &article.summary)]
            {
                if let Some(value) = value {
                    item[name] = value.as_str().into();
                }
            }
            item
        };
        let feed = json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.title,
            "home_page_url": self.page_url,
            "feed_url": self.own_url,
            "items": self.entries.iter().map(item).collect::<Vec<_>>(),
        });
        feed.to_string()
    }
}

/// A name that nobody else gives (RFC 9562, a UUID of version 8): derived, so that it stays when the address changes.
fn urn(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("dateline {kind} {name}"));
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    bits[6] = bits[6] & 0x0f | 0x80;
    bits[8] = bits[8] & 0x3f | 0x80;
    let hex: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A text inside XML: escaped, and without the characters that XML cannot hold (XML 1.0, section 2.2).
fn text(raw: &str) -> String {
    let fits =
        |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    escape(&raw.chars().filter(fits).collect::<String>())
}

/// The whole text as HTML that holds nothing but paragraphs.
fn html(article: &Article) -> String {
    let paragraphs = article.body.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", escape(paragraph).replace('\n', "<br>"))).collect()
}

/// An entry needs a title.
fn title_of(article: &Article) -> &str {
    if article.title.trim().is_empty() { article.url.as_str() } else { &article.title }
}

/// Who wrote it; who published it where that is not known.
fn creators(article: &Article) -> impl Iterator<Item = &str> {
    let outlet = article.authors.is_empty().then_some(article.outlet.as_str());
    article.authors.iter().map(String::as_str).chain(outlet)
}

fn published(article: &Article) -> Time {
    article.published_at.map_or(article.fetched_at, |published| published.at)
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_is_asked_for() {
        let question = Question {
            query: Some(" \"price cap\" ".to_owned()),
            lang: vec!["de".to_owned(), "fr".to_owned()],
            since: Some("7d".to_owned()),
            ..Question::default()
        };
        assert_eq!(title(&question), "dateline: \"price cap\" · lang de, fr · since 7d");
        assert_eq!(title(&Question::default()), "dateline");
    }

    #[test]
    fn a_name_is_a_uuid_of_version_8_and_stays() {
        let name = urn("article", "cd5348180eee8da1");
        assert_eq!(name, urn("article", "cd5348180eee8da1"));
        assert_ne!(name, urn("feed", "cd5348180eee8da1"));
        assert_eq!((name.len(), &name[23..24]), (45, "8"));
        assert!(matches!(&name[28..29], "8" | "9" | "a" | "b"), "{name}");
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(text("a\u{0}\u{b}<b>\u{ffff}\n&"), "a&lt;b&gt;\n&amp;");
    }

    #[test]
    fn a_proxy_with_tls_is_named_in_addresses() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, header::HeaderValue::from_static("news.example"));
        assert_eq!(site(&headers), "http://news.example");
        headers.insert("x-forwarded-proto", header::HeaderValue::from_static("https"));
        assert_eq!(site(&headers), "https://news.example");
    }
}
