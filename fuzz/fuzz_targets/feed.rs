//! A poll's answer, read as each kind of source: no panic, and one entry is one place in the document.
#![no_main]

use chrono::DateTime;
use dateline::{
    model::{Source, SourceKind},
    source::{self, Response},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    const URL: &str = "https://courier.example/feed";
    let now = DateTime::UNIX_EPOCH + chrono::Duration::days(20_000);
    for kind in [SourceKind::Feed, SourceKind::Sitemap, SourceKind::Listing] {
        let source = Source { kind, ..Source::new(URL) };
        match source::read(&source, &Response { url: URL, content_type: None, body }, now) {
            // Not even the shortest tag or object makes an entry of fewer bytes.
            Ok(feed) => assert!(feed.entries.len() <= body.len()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
