//! Claims about reading feeds.

use super::*;
use crate::model::Entry;

fn now() -> Time {
    "2026-03-02T10:00:00Z".parse().expect("a date")
}

fn feed(text: &str) -> Feed {
    read(text, "https://news.example/feed/", now()).expect("a feed")
}

/// Reads an entry out of its inside; each expectation is a field's name and text.
#[track_caller]
fn check(inside: &str, expected: &[(&str, &str)]) {
    let feed = feed(&format!("<rss version='2.0'><channel><title>Wire</title><item>{inside}</item></channel></rss>"));
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.entries);
    let entry = &feed.entries[0];
    for (name, value) in expected {
        assert_eq!(field_of(entry, name), *value, "{name} of {inside}");
    }
}

fn field_of(entry: &Entry, name: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let time = |value: Option<Time>| value.map(|at| at.format("%F %T").to_string()).unwrap_or_default();
    match name {
        "guid" => text(&entry.guid),
        "link" => text(&entry.link),
        "permalink" => text(&entry.permalink),
        "title" => text(&entry.title),
        "authors" => entry.authors.join(", "),
        "published" => time(entry.published_at),
        "updated" => time(entry.updated_at),
        "summary" => text(&entry.summary),
        "content" => text(&entry.content),
        "lang" => text(&entry.lang),
        "image" => text(&entry.image),
        other => format!("no field {other}"),
    }
}

#[test]
fn an_rss_item_is_read() {
    check(
        "<title>Talks &amp; truce</title><link> /a?x=1&amp;y=2 </link><guid isPermaLink='false'> g 1 </guid>\
         <pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate><dc:creator>Ann Lee</dc:creator><description>&lt;p&gt;Short.&lt;/p&gt;\
         </description><content:encoded><![CDATA[<p>Long & whole.</p>]]></content:encoded>\
         <media:content url='/a.jpg' medium='image'/>",
        &[
            ("title", "Talks & truce"),
            ("link", "https://news.example/a?x=1&y=2"),
            ("guid", "g 1"),
            ("published", "2026-03-02 09:00:00"),
            ("authors", "Ann Lee"),
            ("summary", "Short."),
            ("content", "<p>Long & whole.</p>"),
            ("image", "https://news.example/a.jpg"),
        ],
    );
}

#[test]
fn an_atom_entry_is_read() {
    let feed = feed(
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de' xml:base='https://base.example/x/'>\
         <title type='html'>Wire &amp;lt;b&amp;gt;</title><link rel='hub' href='https://hub.example/'/><entry>\
         <id>tag:1</id><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A &lt; <b>B</b></div></title>\
         <link rel='self' href='self'/><link href='../a'/><link rel='alternate' type='application/pdf' href='a.pdf'/>\
         <published>2026-03-01T10:00:00Z</published><updated>2026-03-01T11:00:00Z</updated>\
         <author><name>Ann</name><email>a@b.c</email></author><author><name>Bob</name></author>\
         <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>1 &lt; 2</p></div></content>\
         <source><title>Other</title><id>other</id><link href='https://other.example/'/></source></entry></feed>",
    );
    let expected = [
        ("guid", "tag:1"),
        ("title", "A < B"),
        ("link", "https://base.example/a"),
        ("published", "2026-03-01 10:00:00"),
        ("updated", "2026-03-01 11:00:00"),
        ("authors", "Ann, Bob"),
        ("content", "<div xmlns='http://www.w3.org/1999/xhtml'><p>1 &lt; 2</p></div>"),
        ("lang", "de"),
    ];
    for (name, value) in expected {
        assert_eq!(field_of(&feed.entries[0], name), value, "{name}");
    }
    assert_eq!(feed.hub.as_deref(), Some("https://hub.example/"));
}

#[test]
fn old_dialects_are_read() {
    let rdf = feed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
         <channel><title>Wire</title><image rdf:resource='x'/></channel><image><title>Logo</title></image>\
         <item rdf:about='https://a.example/1'><title>One</title><dc:date>2026-03-01</dc:date></item></rdf:RDF>",
    );
    assert_eq!(rdf.title.as_deref(), Some("Wire"));
    assert_eq!(field_of(&rdf.entries[0], "guid"), "https://a.example/1");
    assert_eq!(field_of(&rdf.entries[0], "published"), "2026-03-01 00:00:00");
    let prefixed =
        feed("<r:rss xmlns:r='http://backend.userland.com/rss2'><r:channel><r:item><r:title>T</r:title></r:item>");
    assert_eq!(field_of(&prefixed.entries[0], "title"), "T");
    let atom = feed(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='base64'>SGk=</title>\
         <issued>2026-03-01T10:00:00Z</issued></entry></feed>",
    );
    assert_eq!(field_of(&atom.entries[0], "title"), "Hi");
    assert_eq!(field_of(&atom.entries[0], "published"), "2026-03-01 10:00:00");
    let cdf = feed("<CHANNEL><ITEM HREF='https://a.example/' LASTMOD='2026-03-01'><TITLE>T</TITLE></ITEM></CHANNEL>");
    assert_eq!(field_of(&cdf.entries[0], "link"), "https://a.example/");
}

#[test]
fn the_first_title_of_the_entry_itself_counts() {
    check(
        "<media:title>M</media:title><title>T</title><title>U</title><image><title>I</title></image>",
        &[("title", "T")],
    );
    check("<media:group><media:title>M</media:title></media:group>", &[("title", "M")]);
}

#[test]
fn a_guid_is_a_link_only_where_it_says_so_and_is_one() {
    check("<guid>https://a.example/1</guid>", &[("link", "https://a.example/1")]);
    check("<guid isPermaLink='false'>https://a.example/1</guid>", &[("link", "")]);
    check("<guid>https://a.example/1</guid><link>/2</link>", &[("link", "https://news.example/2")]);
    check("<guid>http-17</guid>", &[("link", ""), ("guid", "http-17")]);
    check("<link>javascript:alert(1)</link>", &[("link", "")]);
}

#[test]
fn a_guid_stands_in_for_a_missing_link_unless_it_is_none() {
    check("<guid>urn:uuid:1-2</guid>", &[("link", ""), ("permalink", "urn:uuid:1-2")]);
    check("<id>tag:a.example,2026:1</id>", &[("permalink", "tag:a.example,2026:1")]);
    check("<guid>story/17</guid>", &[("permalink", "https://news.example/feed/story/17")]);
    check("<guid isPermaLink='false'>urn:1</guid>", &[("permalink", "")]);
    check("<guid>urn:1</guid><link>/2</link>", &[("permalink", "")]);
    check("<guid>1</guid><link>javascript:alert(1)</link>", &[("link", ""), ("permalink", "")]);
    for guid in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"] {
        check(&format!("<guid>{guid}</guid>"), &[("link", ""), ("permalink", ""), ("guid", guid)]);
    }
}

#[test]
fn authors_lose_their_addresses() {
    check("<author>a@b.c (Ann Lee)</author><author>Bob Ray &lt;b@b.c&gt;</author>", &[("authors", "Ann Lee, Bob Ray")]);
    check("<author>a@b.c</author><itunes:owner><name>Owner</name></itunes:owner>", &[("authors", "")]);
}

#[test]
fn damage_costs_only_what_is_damaged() {
    check("<title>a & b &eacute; &unknown; \u{b}c</title>", &[("title", "a & b é &unknown; c")]);
    check("<title>One</titel><link>/a</link>", &[("title", "One"), ("link", "https://news.example/a")]);
    check("<title>One<link>/a</link>", &[("title", "One"), ("link", "https://news.example/a")]);
    check("</b><title>One</title></p>", &[("title", "One")]);
    let raw = format!("<description>{}text</description><link>/a</link>", "<br><p>".repeat(100));
    check(&raw, &[("summary", "text"), ("link", "https://news.example/a")]);
    let lost_end = feed("<rss><channel><item><title>1</title><item><title>2</title></item></channel></rss>");
    assert_eq!(lost_end.entries.len(), 2);
    assert_eq!(lost_end.problems, ["an entry starts inside another (at entry 1)"]);
}

#[test]
fn a_cut_document_keeps_what_is_whole() {
    let cut = feed("<rss><channel><item><guid>1</guid></item><item><guid>2</guid><link>https://a.example/12");
    assert_eq!(cut.entries.len(), 2);
    assert_eq!(cut.entries[1].link, None);
    assert_eq!(feed("<rss><channel><item><guid>1</guid></item><item><gui").entries.len(), 1);
}

#[test]
fn the_rhythm_is_read() {
    let feed = feed(
        "<rss><channel><ttl>45</ttl><skipHours><hour>3</hour><hour>24</hour><hour>x</hour></skipHours>\
         <skipDays><day>Sunday</day></skipDays><item><hour>5</hour></item></channel></rss>",
    );
    assert_eq!(feed.rhythm.interval, Some(Duration::from_secs(45 * 60)));
    assert_eq!((feed.rhythm.skip_hours, feed.rhythm.skip_days), (vec![0, 3], vec![6]));
    let syndication =
        "<rss><channel><sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>";
    assert_eq!(
        super::read(syndication, "", now()).expect("a feed").rhythm.interval,
        Some(Duration::from_secs(6 * 3600))
    );
}

#[test]
fn what_is_no_feed_is_told_apart() {
    for (text, class) in [
        ("<!DOCTYPE html><html><head><title>x</title>", "html"),
        ("<html><body><item>x</item></body></html>", "html"),
        ("<opml><body/></opml>", "not-a-feed"),
        ("plain words", "not-a-feed"),
        ("<svg xmlns:rdf='r'><rdf:RDF/></svg>", "not-a-feed"),
    ] {
        assert_eq!(read(text, "", now()).expect_err("no feed").class(), class, "{text}");
    }
    // A wrong document type does not make a page of a feed.
    assert!(read("<!DOCTYPE html><rss><channel/></rss>", "", now()).is_ok());
}

#[test]
fn depth_is_bounded() {
    let deep = format!("<rss><channel>{}<item><title>x</title></item>", "<a>".repeat(100_000));
    assert_eq!(feed(&deep).entries.len(), 0);
    let closed = format!("<rss><channel>{}{}<item/>", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(feed(&closed).entries.len(), 1);
    let inside = format!("<rss><channel><item><description>{}</description></item><item/>", "<p>".repeat(2_000));
    assert_eq!(feed(&inside).entries.len(), 2);
}
