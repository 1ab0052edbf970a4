//! A query: no panic, an error that can be shown, and a tree that survives being written and read again.
#![no_main]

use chrono::DateTime;
use dateline::query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = DateTime::UNIX_EPOCH + chrono::Duration::days(20_000);
    match query::parse(text, now) {
        Ok(query) => assert_eq!(query::parse(&query.to_string(), now), Ok(query)),
        Err(error) => assert_eq!(error.render(text).lines().count(), 2),
    }
});
