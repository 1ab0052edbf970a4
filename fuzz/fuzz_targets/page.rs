//! A page, and the same bytes as the content of a feed's entry: no panic, and no text out of nothing.
#![no_main]

use chrono::DateTime;
use dateline::{
    extract::{Extractor, Hints},
    model::Page,
};
use libfuzzer_sys::fuzz_target;

/// The most bytes of text that a byte of page can become: one of a legacy encoding makes three of UTF-8, and a
/// paragraph of one letter brings its blank line.
const GROWTH: usize = 8;

fuzz_target!(|body: &[u8]| {
    let now = DateTime::UNIX_EPOCH + chrono::Duration::days(20_000);
    let extractor = Extractor::default();
    let page = Page {
        url: "https://courier.example/news/2024/10/04/a-page".to_owned(),
        content_type: None,
        body: bytes::Bytes::copy_from_slice(body),
        fetched_at: now,
    };
    let found = extractor.extract(&page, &Hints::default(), now);
    assert!(found.body.len() <= GROWTH * body.len());

    let text = String::from_utf8_lossy(body);
    let hints = Hints { title: Some(&text), content_html: Some(&text), ..Hints::default() };
    let found = extractor.from_feed(&page.url, &hints, now);
    assert!(found.body.len() <= GROWTH * text.len());
});
