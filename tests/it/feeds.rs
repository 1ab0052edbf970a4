//! Feeds out: any search can be subscribed to, in three formats that other readers understand.

use serde_json::{Value, json};

use crate::world::{Daemon, Dateline, free_address, get, get_whole};

/// A daemon over three articles, one of them with all that could break a feed.
fn desk() -> (Dateline, Daemon, String) {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    let line = |n: u8, lang: &str, title: &str, body: &str| {
        json!({
            "url": format!("https://paper{n}.example/a?x=1&y=<2>"), "title": title, "body": body, "lang": lang,
            "published_at": format!("2026-03-0{n}T10:00:00Z"), "authors": ["Ann <b> & Co"],
        })
        .to_string()
            + "\n"
    };
    let lines =
        line(1, "en", "Dock workers stay out", "The walkout of the dock workers goes on.\n\nNo end & no <talks>.")
            + &line(
                2,
                "en",
                "\u{0}Gates ]]> & <script>alert(1)</script>",
                "A second walkout \u{b} at the gates begins today.",
            )
            + &line(3, "de", "Streik im Hafen", "Der Streik im Hafen von Walden dauert an, sagte die Gewerkschaft.");
    dateline.pipe(&["import", "-"], lines).ok();
    let daemon = dateline.start_ready(&listen);
    (dateline, daemon, listen)
}

/// What our own reader takes from a feed of ours.
fn read(dateline: &Dateline, listen: &str, target: &str) -> Value {
    let (status, text) = get(listen, target, "").expect("the daemon answers");
    assert_eq!(status, 200, "{target}: {text}");
    let file = dateline.write("feed", text);
    let row = dateline.row(&["sources", "check", file.to_str().expect("a path")]);
    assert_eq!(row["ok"], true, "{target}: {row}");
    row
}

#[test]
fn a_search_is_the_same_feed_in_three_formats() {
    let (dateline, _daemon, listen) = desk();
    let read = |target: &str| read(&dateline, &listen, target);
    let [atom, rss, json] = ["atom", "rss", "json"].map(|end| read(&format!("/feeds/search.{end}?q=walkout")));
    let entries = |feed: &Value| feed["entries"].as_array().expect("a list").clone();
    let texts = |feed: &Value, field: &str| {
        entries(feed).iter().map(|entry| entry[field].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(entries(&atom).len(), 2, "{atom}");
    for feed in [&rss, &json] {
        for field in ["id", "link", "title", "published_at"] {
            assert_eq!(texts(feed, field), texts(&atom, field), "{field}");
        }
        assert_eq!(feed["title"], "dateline: walkout");
    }
    assert_eq!(entries(&atom)[1]["link"], "https://paper1.example/a?x=1&y=%3C2%3E");
    // The newest first, whatever fits best.
    assert_eq!(entries(&atom)[1]["title"], "Dock workers stay out");
    // Topics, languages and whatever else narrows a search narrow its feed.
    assert_eq!(entries(&read("/feeds/search.atom?lang=de"))[0]["title"], "Streik im Hafen");
    assert_eq!(entries(&read("/feeds/search.rss?topic=labour")).len(), 2);
    let story = dateline.json(&["search", "Streik"])[0]["story"].as_str().expect("an id").to_owned();
    assert_eq!(entries(&read(&format!("/feeds/search.json?story={story}"))).len(), 1);
    // Nothing found is a feed, too: somebody waits for the first entry.
    assert!(entries(&read("/feeds/search.atom?q=giraffe")).is_empty());
    assert_eq!(get(&listen, "/feeds/search.atom?q=(", "").expect("an answer").0, 400);
    assert_eq!(get(&listen, "/feeds/search.doc?q=walkout", "").expect("an answer").0, 404);
}

#[test]
fn a_reader_that_has_a_feed_already_is_not_sent_it_again() {
    let (_dateline, _daemon, listen) = desk();
    for target in ["/feeds/search.atom?q=walkout", "/api/v1/search?q=walkout&sort=newest", "/api/v1/sources"] {
        let head = get_whole(&listen, target, "").expect("an answer").0;
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a validator");
        assert!(head.contains("cache-control: "), "{head}");
        let (again, body) = get_whole(&listen, target, &format!("if-none-match: {tag}\r\n")).expect("an answer");
        assert!(again.starts_with("HTTP/1.1 304"), "{again}");
        assert!(again.contains(tag) && body.is_empty(), "{again}");
        let other = get(&listen, target, "if-none-match: W/\"0\"\r\n").expect("an answer");
        assert_eq!(other.0, 200);
        let packed = get_whole(&listen, target, "accept-encoding: gzip\r\n").expect("an answer").0;
        assert!(!target.starts_with("/feeds") || packed.contains("content-encoding: gzip"), "{packed}");
        assert!(!packed.contains("access-control-"), "{packed}");
    }
}

#[test]
fn the_search_page_names_the_feeds_of_its_search() {
    let (_dateline, _daemon, listen) = desk();
    let page = get(&listen, "/?q=walkout&lang=en", "").expect("an answer").1;
    for end in ["atom", "rss", "json"] {
        assert!(page.contains(&format!("href=\"/feeds/search.{end}?q=walkout&amp;lang=en\"")), "{page}");
    }
}
