//! A pass that was recorded can be had again without any network.

use serde_json::Value;

use crate::world::{Answer, Dateline, Item, Web, ago, feed, page, paragraphs};

/// The essence of an archive.
fn articles(dateline: &Dateline) -> Vec<[Value; 5]> {
    let essence = |row: &Value| ["url", "title", "body", "published_at", "source"].map(|field| row[field].clone());
    let mut rows: Vec<_> = dateline.json(&["export"]).iter().map(essence).collect();
    rows.sort_by_key(|row| row[0].to_string());
    rows
}

#[test]
fn a_recorded_pass_replays_into_the_same_articles() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let mut items: Vec<Item> = (1..=4)
        .map(|n| {
            let (path, title) = (format!("/{n}.html"), format!("Report {n}"));
            outlet.serve(&path, Answer::html(page(&title, &paragraphs(n), ago(n as i64))));
            Item::new(outlet.url(&path), &title, ago(n as i64))
        })
        .collect();
    items[3].link = outlet.url("/moved");
    outlet.serve("/moved", Answer::redirect(301, "/4.html"));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let urls = [outlet.url("/feed.xml")];
    let recorded = Dateline::following(&urls).set("http.record", "\"pass.warc.gz\"");
    recorded.pass();
    let expected = articles(&recorded);
    assert_eq!(expected.len(), 4);

    web.forget();
    let replayed = Dateline::following(&urls).set("http.replay", "\"pass.warc.gz\"");
    std::fs::copy(recorded.path("pass.warc.gz"), replayed.path("pass.warc.gz")).expect("a recording");
    assert_eq!(replayed.pass()["articles"], 4);
    assert_eq!(articles(&replayed), expected);
    assert!(web.seen().is_empty(), "a replay asks nobody");

    // An address that was not recorded is a host that cannot be reached.
    replayed.follow(&[urls[0].clone(), "http://127.0.7.9:1/feed.xml".to_owned()]);
    assert_eq!(replayed.pass()["failed"], 1);
}

#[test]
fn recording_and_replaying_at_once_is_a_mistake() {
    let dateline = Dateline::new().set("http.record", "\"a.warc.gz\"").set("http.replay", "\"b.warc.gz\"");
    dateline.run(&["check"]).exits(78).says("replay");
}
