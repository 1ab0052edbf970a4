//! Reads the article links of a listing page.

use rustc_hash::FxHashSet;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::{
    Error, Feed,
    markup::{Event, Events},
    resolve,
};
use crate::model::{CanonicalUrl, Entry};

/// Most links taken from one page.
const MAX_ENTRIES: usize = 500;

/// A headline has at least this many letters; what is shorter is navigation ("World", "Next page").
const MIN_TITLE_CHARS: usize = 20;

/// Deepest nesting that a page may have. Pages leave out end tags, so that this counts far more than their tree.
const MAX_DEPTH: usize = 5_000;

/// Elements without an end tag.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "p", "li", "source", "track", "wbr"];

/// Most pieces of text that make up a headline; a link around half the page is none.
const MAX_TITLE_NODES: usize = 40;

/// Reads a listing: the links that the selector finds, else those that look like articles.
pub(super) fn read(text: &str, url: &str, selector: Option<&str>) -> Result<Feed, Error> {
    if is_too_deep(text) {
        return Err(Error::NotAFeed(format!("a page nested more than {MAX_DEPTH} levels deep")));
    }
    let page = Html::parse_document(text);
    let base = base_of(&page, url);
    let title = page.select(&constant("title")).next().map(|title| plain(title));
    let entries = match selector {
        Some(css) => {
            let selector = Selector::parse(css).map_err(|_| Error::Selector(css.to_owned()))?;
            // The selector may find the links or what holds one.
            let inner = constant("a[href]");
            let links = page.select(&selector).filter_map(|found| {
                if found.attr("href").is_some() { Some(found) } else { found.select(&inner).next() }
            });
            collect(links, base.as_ref(), |_, _| true)
        }
        None => {
            let anchors = constant("a[href]");
            let outlet = base.as_ref().and_then(|base| CanonicalUrl::parse(base.as_str()).ok()).map(|url| url.outlet());
            collect(page.select(&anchors), base.as_ref(), |link, title| {
                looks_like_article(link, title, outlet.as_deref())
            })
        }
    };
    Ok(Feed {
        title: title.filter(|title| !title.is_empty()),
        lang: page.root_element().attr("lang").map(str::to_owned),
        entries,
        ..Feed::default()
    })
}

/// Tells whether a page nests beyond all reason: building its tree would take time that grows with the square.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0usize;
    Events::of(text).any(|event| {
        match event {
            Event::Start(tag) if !tag.empty && !VOID.iter().any(|void| tag.name.eq_ignore_ascii_case(void)) => {
                depth += 1
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// Returns the address that a page's links are relative to.
fn base_of(page: &Html, url: &str) -> Option<Url> {
    let own = Url::parse(url).ok();
    let declared = page.select(&constant("base[href]")).next().and_then(|base| base.attr("href"));
    match (declared, &own) {
        (Some(href), Some(own)) => own.join(href).ok().or_else(|| Some(own.clone())),
        (Some(href), None) => Url::parse(href).ok(),
        (None, _) => own,
    }
}

/// Reads a selector that is written in this file.
fn constant(css: &'static str) -> Selector {
    Selector::parse(css).expect("a constant selector is well formed")
}

/// Makes an entry of each link that is wanted, once.
fn collect<'a>(
    links: impl Iterator<Item = ElementRef<'a>>,
    base: Option<&Url>,
    wanted: impl Fn(&str, &str) -> bool,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen = FxHashSet::default();
    for link in links {
        let Some(address) =
            link.attr("href").filter(|href| !href.starts_with('#')).and_then(|href| resolve(href, base))
        else {
            continue;
        };
        if entries.len() == MAX_ENTRIES {
            break;
        }
        let title = plain(link);
        if wanted(&address, &title) && seen.insert(address.clone()) {
            entries.push(Entry {
                link: Some(address),
                title: Some(title).filter(|title| !title.is_empty()),
                ..Entry::default()
            });
        }
    }
    entries
}

/// Returns an element's text in one line, as far as a headline goes.
fn plain(element: ElementRef<'_>) -> String {
    let words = element.text().take(MAX_TITLE_NODES).flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a link of the same outlet reads like a headline and leads to a page of its own.
fn looks_like_article(link: &str, title: &str, outlet: Option<&str>) -> bool {
    let Ok(url) = CanonicalUrl::parse(link) else { return false };
    let Ok(parsed) = Url::parse(url.as_str()) else { return false };
    if outlet.is_some_and(|outlet| url.outlet() != outlet) {
        return false;
    }
    let last = parsed.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    // Articles have a slug of several words, a number, or a date in their path; sections have a word.
    let has_slug = last.matches(['-', '_']).count() >= 2;
    let has_number = last.bytes().filter(u8::is_ascii_digit).count() >= 4
        || parsed.query().is_some_and(|query| query.contains("id="));
    let is_headline = title.chars().count() >= MIN_TITLE_CHARS || (title.chars().count() >= 8 && !title.is_ascii());
    is_headline && (has_slug || has_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html lang=en><title>World &amp; more</title><nav><a href=/world>World</a></nav>\
        <h2><a href='/2026/03/talks-resume-in-geneva'>Talks resume in Geneva after a week of silence</a></h2>\
        <a href='/2026/03/talks-resume-in-geneva'>Read</a><a href='https://other.example/a-b-c-d'>A partner's long headline here</a>\
        <div class=t><a href=/x>Short</a></div><a href='mailto:a@b.c'>Write to the editors of this page</a>";

    #[track_caller]
    fn check(selector: Option<&str>, expected: &[(&str, &str)]) {
        let feed = read(PAGE, "https://news.example/", selector).expect("a listing");
        let found: Vec<_> = feed
            .entries
            .iter()
            .map(|entry| (entry.link.as_deref().unwrap_or(""), entry.title.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(found, expected);
        assert_eq!((feed.title.as_deref(), feed.lang.as_deref()), (Some("World & more"), Some("en")));
    }

    #[test]
    fn links_that_look_like_articles_are_taken() {
        check(
            None,
            &[(
                "https://news.example/2026/03/talks-resume-in-geneva",
                "Talks resume in Geneva after a week of silence",
            )],
        );
    }

    #[test]
    fn a_selector_finds_links_or_what_holds_them() {
        check(Some(".t"), &[("https://news.example/x", "Short")]);
        check(Some(".t a"), &[("https://news.example/x", "Short")]);
    }

    #[test]
    fn a_broken_selector_is_told() {
        assert_eq!(read(PAGE, "", Some("a[")).expect_err("unreadable").class(), "selector");
    }
}
