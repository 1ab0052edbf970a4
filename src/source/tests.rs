//! Claims about reading what sources return.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::text::tests::is_done_within;

fn now() -> Time {
    "2026-03-02T10:00:00Z".parse().expect("a date")
}

fn read_as(kind: SourceKind, body: &[u8]) -> Result<Feed, Error> {
    let source = Source { kind, ..Source::new("https://news.example/feed") };
    read(&source, &Response { url: "https://news.example/feed", content_type: None, body }, now())
}

/// A clean document with everything that feeds have.
fn sample() -> String {
    let items: String = (0..8)
        .map(|n| {
            format!(
                "<item><title>Report {n} &amp; more</title><link>https://news.example/{n}?a=1&amp;b=2</link>\
                 <guid isPermaLink=\"false\">id-{n}</guid><pubDate>Mon, 02 Mar 2026 0{n}:00:00 GMT</pubDate>\
                 <description><![CDATA[<p>Summary of <b>{n}</b></p>]]></description></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE rss [<!ENTITY co \"Wire &#169;\">]><rss version=\"2.0\">\
         <channel><title>&co;</title><link>https://news.example/</link><ttl>30</ttl>{items}</channel></rss>"
    )
}

#[test]
fn a_clean_document_reads_as_feed_rs_reads_it() {
    let text = sample().replace("<!DOCTYPE rss [<!ENTITY co \"Wire &#169;\">]>", "").replace("&co;", "Wire");
    let ours = read_as(SourceKind::Feed, text.as_bytes()).expect("a feed");
    let theirs = feed_rs::parser::parse(text.as_bytes()).expect("a feed");
    assert_eq!(ours.title, theirs.title.map(|title| title.content));
    assert_eq!(ours.problems, Vec::<String>::new());
    let ours: Vec<_> =
        ours.entries.into_iter().map(|entry| (entry.guid, entry.link, entry.title, entry.published_at)).collect();
    let theirs: Vec<_> = theirs
        .entries
        .into_iter()
        .map(|entry| {
            let link = entry.links.into_iter().next().map(|link| link.href);
            (Some(entry.id), link, entry.title.map(|title| title.content), entry.published)
        })
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn the_same_text_in_any_encoding_is_the_same_feed() {
    let text = sample().replace("Report", "Отчёт").replace("encoding=\"utf-8\"", "");
    let expected = read_as(SourceKind::Feed, text.as_bytes()).expect("a feed");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_as(SourceKind::Feed, &wide).as_ref(), Ok(&expected));
    let declared = text.replace("<?xml version=\"1.0\" ", "<?xml version=\"1.0\" encoding=\"koi8-r\"");
    let (narrow, _, _) = encoding_rs::KOI8_R.encode(&declared);
    assert_eq!(read_as(SourceKind::Feed, &narrow).as_ref(), Ok(&expected));
}

#[test]
fn empty_and_foreign_documents_are_told_apart() {
    for (body, class) in [
        ("", "empty"),
        (" \r\n\u{feff}", "empty"),
        ("{\"error\": 1}", "not-a-feed"),
        ("<!doctype html><title>Log in</title><link rel=alternate type='application/rss+xml' href='/rss'>", "html"),
    ] {
        assert_eq!(read_as(SourceKind::Feed, body.as_bytes()).expect_err("no feed").class(), class, "{body}");
    }
}

#[test]
fn a_page_instead_of_a_feed_says_where_the_feed_is() {
    let page =
        "<html><head><link rel=alternate type='application/rss+xml' title=All href='/rss'></head>Just a moment...";
    let error = read_as(SourceKind::Feed, page.as_bytes()).expect_err("no feed");
    assert!(matches!(error, Error::Html { login: true, .. }), "{error:?}");
    assert!(error.to_string().ends_with("it points to the feed https://news.example/rss"), "{error}");
}

#[test]
fn a_token_in_the_link_makes_no_second_entry() {
    let id = |token: &str| {
        let text = sample().replace("?a=1", &format!("?v={token}")).replace("guid", "x");
        let entries = read_as(SourceKind::Feed, text.as_bytes()).expect("a feed").entries;
        entries[0].id(Source::new("x").id)
    };
    assert_eq!(id("one"), id("two"));
}

#[test]
fn bombs_take_no_time() {
    // Each of these once made a reader search to the end again and again; now time grows with length alone.
    let patterns = [
        "<",
        "<a",
        "<a b='",
        "<!--",
        "<!-- >",
        "<![CDATA[",
        "<![CDATA[</",
        "<!DOCTYPE",
        "<!ENTITY a \"",
        "&",
        "&#",
        "<?",
        "</a>",
        "<a>",
        "<item>",
        "<title>",
        "<item><title>x",
        "<a xmlns:b='c'>",
        "<a xml:base='b/'>",
        "'\"",
        "<a =\"",
        "<item><link>b",
        "<title><!-- >",
        "<title>&lt;!-- &gt;",
        "<title>&lt;a '&quot;",
        "<skipHours><hour>1</hour>",
        "<author><name>n</name>",
    ];
    for pattern in patterns {
        let body = format!("<rss><channel><item><title>{}", pattern.repeat(300_000 / pattern.len()));
        for kind in [SourceKind::Feed, SourceKind::Sitemap] {
            let read = || drop(read_as(kind, body.as_bytes()));
            assert!(is_done_within(Duration::from_secs(5), read), "{pattern} as {kind:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        for kind in [SourceKind::Feed, SourceKind::Sitemap, SourceKind::Listing] {
            let _ = read_as(kind, &body);
        }
    }

    #[test]
    fn a_damaged_feed_is_read_without_panic(
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[<>&;/'\"\\]!\\[a-z\\x00é]{0,6}"), 1..6),
    ) {
        let mut body = sample().into_bytes();
        for (at, length, insert) in damages {
            let at = at.index(body.len());
            let end = (at + length).min(body.len());
            body.splice(at..end, insert.bytes());
        }
        if let Ok(feed) = read_as(SourceKind::Feed, &body) {
            let links = feed.entries.iter().filter_map(|entry| entry.link.as_deref());
            prop_assert!(links.into_iter().all(|link| link.starts_with("http")));
            prop_assert!(feed.entries.len() <= 12);
        }
    }
}
