//! Feeds, pages and reports, all invented.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

/// Returns the time so many minutes ago, to the second.
pub fn ago(minutes: i64) -> DateTime<Utc> {
    let now = Utc::now() - Duration::minutes(minutes);
    DateTime::from_timestamp(now.timestamp(), 0).expect("a time of our days")
}

/// An item of a feed.
pub struct Item {
    pub link: String,
    pub title: String,
    pub published_at: DateTime<Utc>,
    /// Its text as HTML, where the feed carries one.
    pub content: String,
}

impl Item {
    pub fn new(link: impl Into<String>, title: &str, published_at: DateTime<Utc>) -> Self {
        Self { link: link.into(), title: title.to_owned(), published_at, content: String::new() }
    }

    pub fn content(self, content: &str) -> Self {
        Self { content: content.to_owned(), ..self }
    }
}

/// Writes an RSS feed.
pub fn feed(title: &str, items: &[Item]) -> String {
    let mut text = format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{title}</title>"#
    );
    for item in items {
        let Item { link, title, published_at, content } = item;
        text += &format!(
            "<item><guid>{link}</guid><link>{link}</link><title>{}</title><pubDate>{}</pubDate>",
            escaped(title),
            published_at.to_rfc2822(),
        );
        if !content.is_empty() {
            text += &format!("<content:encoded>{}</content:encoded>", escaped(content));
        }
        text += "</item>";
    }
    text + "</channel></rss>"
}

/// Writes an article's page, with the furniture that real ones have.
pub fn page(title: &str, paragraphs: &[String], published_at: DateTime<Utc>) -> String {
    let title = escaped(title);
    let at = published_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body: String = paragraphs.iter().map(|text| format!("<p>{}</p>", escaped(text))).collect();
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:type" content="article"><meta property="og:title" content="{title}">
<meta property="article:published_time" content="{at}"></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a> <a href="/sport">Sport</a></nav>
<main><article><h1>{title}</h1><time datetime="{at}">{at}</time>{body}</article></main>
<footer><p>All rights reserved.</p></footer></body></html>"#
    )
}

/// Writes the paragraphs of a report that shares no sentence with that of another number.
pub fn paragraphs(number: usize) -> Vec<String> {
    const PLACES: [&str; 7] =
        ["Brindle Bay", "Kestrel Point", "Old Marlow", "Tarn Valley", "Ashgrove", "Port Linden", "Wexcombe"];
    const THINGS: [&str; 8] = [
        "ferry timetable",
        "library roof",
        "river gauge",
        "tram depot",
        "school kitchen",
        "seed bank",
        "lighthouse",
        "market hall",
    ];
    const PEOPLE: [&str; 5] =
        ["the harbour master", "a council engineer", "two volunteers", "the head gardener", "an auditor"];
    let pick = |list: &[&str], at: usize| list[at % list.len()].to_owned();
    (0..6)
        .map(|part| {
            let seed = number * 31 + part * 7;
            let (place, thing, who) =
                (pick(&PLACES, seed), pick(&THINGS, seed / 3 + part), pick(&PEOPLE, seed / 5 + number));
            format!(
                "In {place}, file {number}-{part} on the {thing} was opened when {who} counted {} faults and wrote \
                 {} letters about them, of which number {} still waits for an answer. The {thing} has cost {} crowns \
                 since spring, and {who} expects another {} before the winter of {}.",
                seed + 11,
                seed * 3 + 2,
                seed % 17 + number,
                seed * 113 + 700,
                seed * 57 + 40,
                2030 + number % 50,
            )
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
