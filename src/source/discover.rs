//! Finds the feeds that a web page points to.

use scraper::{Html, Selector};
use url::Url;

use crate::{model::SourceKind, text::html::to_text};

/// Most feeds that one page is believed to have.
const MAX_FEEDS: usize = 50;

/// Media types of `<link rel="alternate">` that are feeds.
const TYPES: &[&str] = &[
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/x-rss+xml",
    "text/rss+xml",
    "text/xml",
    "application/xml",
    "application/json",
];

/// A feed that a page points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Its address, absolute.
    pub url: String,
    /// How the page calls it.
    pub title: Option<String>,
    /// What kind of source it is.
    pub kind: SourceKind,
}

/// Returns the feeds that a page points to: those it declares, else links that look like one.
pub fn discover(html: &str, base: &str) -> Vec<Discovered> {
    let page = Html::parse_document(html);
    let base = base_of(&page, base);
    let mut found = Vec::new();
    for link in page.select(&selector("link[rel][href]")) {
        let has = |name: &str, expected: &str| {
            link.attr(name)
                .is_some_and(|value| value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(expected)))
        };
        let media_type = link.attr("type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let declared = has("rel", "alternate") && TYPES.iter().any(|known| known.eq_ignore_ascii_case(media_type));
        if declared || has("rel", "feed") {
            push(&mut found, base.as_ref(), link.attr("href"), link.attr("title"), SourceKind::Feed);
        }
    }
    if found.is_empty() {
        for link in page.select(&selector("a[href]")) {
            if link.attr("href").is_some_and(looks_like_feed) {
                let title = super::listing::plain(link);
                push(&mut found, base.as_ref(), link.attr("href"), Some(&title), SourceKind::Feed);
            }
        }
    }
    for link in page.select(&selector("link[rel=sitemap][href]")) {
        push(&mut found, base.as_ref(), link.attr("href"), link.attr("title"), SourceKind::Sitemap);
    }
    found
}

/// Tells whether a page asks for something before it shows anything: a login, a consent, a proof of being human.
pub(super) fn is_barrier(html: &str) -> bool {
    const SIGNS: &[&str] = &[
        "type=\"password\"",
        "type='password'",
        "checking your browser",
        "just a moment",
        "verify you are human",
        "captcha",
        "access denied",
        "enable javascript and cookies",
        "cf-chl",
        "please log in",
        "please sign in",
    ];
    // The signs stand near the top of the short pages that such barriers are.
    let head: String = html.chars().take(20_000).collect::<String>().to_lowercase();
    SIGNS.iter().any(|sign| head.contains(sign))
}

/// Returns the address that a page's links are relative to.
pub(super) fn base_of(page: &Html, url: &str) -> Option<Url> {
    let own = Url::parse(url).ok();
    let declared = page.select(&selector("base[href]")).next().and_then(|base| base.attr("href"));
    match (declared, &own) {
        (Some(href), Some(own)) => own.join(href).ok().or_else(|| Some(own.clone())),
        (Some(href), None) => Url::parse(href).ok(),
        (None, _) => own,
    }
}

/// Reads a selector that is written in this room.
pub(super) fn selector(css: &'static str) -> Selector {
    Selector::parse(css).expect("a constant selector is well formed")
}

fn push(found: &mut Vec<Discovered>, base: Option<&Url>, href: Option<&str>, title: Option<&str>, kind: SourceKind) {
    let Some(href) = href.map(str::trim).filter(|href| !href.is_empty()) else { return };
    let url = match base {
        Some(base) => base.join(href).ok(),
        None => Url::parse(href).ok(),
    };
    // Without a base the path itself still helps a reader.
    let url = match url {
        Some(url) if matches!(url.scheme(), "http" | "https") => url.to_string(),
        None if base.is_none() => href.to_owned(),
        _ => return,
    };
    if found.len() < MAX_FEEDS && found.iter().all(|known| known.url != url) {
        let title = title.map(to_text).filter(|title| !title.is_empty());
        found.push(Discovered { url, title, kind });
    }
}

fn looks_like_feed(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    matches!(last, "feed" | "rss" | "atom" | "feeds" | "index.rdf" | "feed.json")
        || [".rss", ".atom", ".rdf"].iter().any(|end| last.ends_with(end))
        || (last.ends_with(".xml") && ["rss", "feed", "atom"].iter().any(|word| path.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &[&str]) {
        let urls: Vec<String> =
            discover(html, "https://news.example/world/").into_iter().map(|feed| feed.url).collect();
        assert_eq!(urls, expected, "{html}");
    }

    #[test]
    fn declared_feeds_are_found() {
        check(
            "<link rel='alternate' type='application/rss+xml' title='All' href='/feed.xml'>\
             <link rel='ALTERNATE home' type='application/atom+xml; charset=utf-8' href='atom'>\
             <link rel=alternate hreflang=de href=/de/><link rel=stylesheet href=/a.css>",
            &["https://news.example/feed.xml", "https://news.example/world/atom"],
        );
        check("<base href='https://other.example/'><link rel=feed href=f>", &["https://other.example/f"]);
    }

    #[test]
    fn links_that_look_like_feeds_do_without_a_declaration() {
        check(
            "<a href='/rss/'>RSS</a><a href='/story'>x</a><a href='mailto:a@b'>y</a>",
            &["https://news.example/rss/"],
        );
    }

    #[test]
    fn one_feed_is_listed_once() {
        check("<link rel=alternate type=text/xml href=f><link rel=feed href=f>", &["https://news.example/world/f"]);
    }

    #[test]
    fn barriers_are_recognised() {
        assert!(is_barrier("<title>Just a moment...</title>"));
        assert!(!is_barrier("<title>World news</title>"));
    }
}
