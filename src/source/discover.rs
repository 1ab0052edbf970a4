//! Finds the feeds that a web page points to.

use url::Url;

use super::markup::{Event, Events, Tag};
use crate::{
    model::SourceKind,
    text::html::{decode_entities, to_text},
};

/// Most feeds that one page is believed to have.
const MAX_FEEDS: usize = 50;

/// How much of a link's text is its title.
const MAX_TITLE_BYTES: usize = 200;

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
///
/// The page's tags are walked over, no tree is built: an error page of any size and depth takes no time.
pub fn discover(html: &str, base: &str) -> Vec<Discovered> {
    let mut page = Page { base: Url::parse(base).ok(), ..Page::default() };
    for event in Events::of(html) {
        page.event(event);
    }
    if page.declared.is_empty() {
        page.declared = page.likely;
    }
    page.declared.append(&mut page.sitemaps);
    page.declared
}

/// What has been found on a page.
#[derive(Default)]
struct Page {
    base: Option<Url>,
    declared: Vec<Discovered>,
    /// Links that look like feeds.
    likely: Vec<Discovered>,
    sitemaps: Vec<Discovered>,
    /// A link that looks like a feed, while its text is being read.
    open: Option<(String, String)>,
    in_script: bool,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::End(name) if name.eq_ignore_ascii_case("script") => self.in_script = false,
            _ if self.in_script => {}
            Event::Start(tag) => self.start(tag),
            Event::Text(text) => {
                if let Some((_, title)) = &mut self.open
                    && title.len() < MAX_TITLE_BYTES
                {
                    title.push_str(text);
                }
            }
            Event::End(name) if name.eq_ignore_ascii_case("a") => {
                if let Some((href, title)) = self.open.take() {
                    push(&mut self.likely, self.base.as_ref(), &href, Some(&title), SourceKind::Feed);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let href = tag.attribute("href").map(|href| decode_entities(href.trim()).into_owned());
        match (tag.name.to_ascii_lowercase().as_str(), href) {
            ("script", _) => self.in_script = !tag.empty,
            ("base", Some(href)) => {
                let declared = self.base.as_ref().map_or_else(|| Url::parse(&href), |base| base.join(&href));
                self.base = declared.ok().or(self.base.take());
            }
            ("link", Some(href)) => self.link(tag, &href),
            ("a", Some(href)) if looks_like_feed(&href) => self.open = Some((href, String::new())),
            _ => {}
        }
    }

    fn link(&mut self, tag: Tag<'_>, href: &str) {
        let relations = tag.attribute("rel").unwrap_or_default();
        let is = |relation: &str| relations.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(relation));
        let media_type = tag.attribute("type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let title = tag.attribute("title").map(decode_entities);
        let (place, kind) = if is("sitemap") {
            (&mut self.sitemaps, SourceKind::Sitemap)
        } else if is("feed") || (is("alternate") && TYPES.iter().any(|known| known.eq_ignore_ascii_case(media_type))) {
            (&mut self.declared, SourceKind::Feed)
        } else {
            return;
        };
        push(place, self.base.as_ref(), href, title.as_deref(), kind);
    }
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

fn push(found: &mut Vec<Discovered>, base: Option<&Url>, href: &str, title: Option<&str>, kind: SourceKind) {
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
