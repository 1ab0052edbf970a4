//! Commands that try something out and store nothing: `sources check`, `extract`, `topics test`.

use std::io::Write;

use dateline::fetch::warc;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::world::{Dateline, Item, ago, check_fields, feed, page, paragraphs};

#[test]
fn sources_check_reads_files_and_says_what_is_wrong() {
    let dateline = Dateline::new();
    let items = [
        Item::new("/relative.html", "One", ago(1)),
        Item::new("https://paper.example/2", "Two", ago(2)),
        Item::new("https://paper.example/2", "Two again", ago(3)),
    ];
    std::fs::create_dir(dateline.path("feeds")).expect("a directory");
    dateline.write("feeds/a.xml", feed("Paper", &items));
    dateline.write("feeds/b.xml", "no feed at all");
    let done = dateline.run(&["sources", "check", "feeds", "--json", "--url", "https://paper.example/feeds/"]).exits(1);
    let rows = done.rows();
    assert_eq!(rows.len(), 2);
    check_fields(&rows[0], "input, ok, error, title, entries");
    assert_eq!((&rows[0]["ok"], &rows[0]["title"]), (&true.into(), &"Paper".into()));
    let entries = rows[0]["entries"].as_array().expect("a list");
    let links: Vec<&Value> = entries.iter().map(|entry| &entry["link"]).collect();
    assert_eq!(links, ["https://paper.example/relative.html", "https://paper.example/2", "https://paper.example/2"]);
    check_fields(&entries[0], "id, link, title, published_at, updated_at");
    assert_eq!(entries[0]["id"], "/relative.html");
    assert!(rows[1]["ok"] == false && rows[1]["error"].is_string(), "{}", rows[1]);
    dateline.run(&["sources", "check", "feeds/a.xml"]).ok();
    dateline.run(&["sources", "check", "feeds/missing.xml"]).exits(1);
    assert!(!dateline.path("data").exists(), "nothing is stored");
}

#[test]
fn extract_reads_files_packed_files_directories_and_input() {
    let dateline = Dateline::new();
    let html = page("Report on ferries", &paragraphs(1), ago(5));
    std::fs::create_dir(dateline.path("pages")).expect("a directory");
    dateline.write("pages/a.html", &html);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(html.as_bytes()).expect("into memory");
    dateline.write("pages/b.html.gz", packed.finish().expect("into memory"));
    dateline.write("pages/notes.txt", "no page");
    let rows = dateline.json(&["extract", "pages"]);
    assert_eq!(rows.len(), 2);
    let piped =
        dateline.pipe(&["extract", "-", "--json", "--url", "https://paper.example/a?utm_source=x"], &html).ok().rows();
    assert_eq!(piped[0]["url"], "https://paper.example/a");
    for row in rows.iter().chain(&piped) {
        check_fields(row, "input, url, title, authors, published_at, lang, site, image, body, kind, method");
        assert_eq!((&row["title"], &row["kind"]), (&"Report on ferries".into(), &"article".into()));
        assert_eq!(row["body"], paragraphs(1).join("\n\n").as_str());
    }
    std::fs::create_dir(dateline.path("none")).expect("a directory");
    dateline.run(&["extract", "none"]).ok().says("none: no pages");
    let done = dateline.run(&["extract", "pages/a.html", "pages/missing.html", "--json"]).exits(1);
    assert_eq!(done.rows()[1]["kind"], "error");
    assert!(!dateline.path("data").exists(), "nothing is stored");
}

#[test]
fn extract_reads_the_pages_of_recordings() {
    let dateline = Dateline::new();
    let html = page("Report on ferries", &paragraphs(1), ago(5));
    let mut writer = warc::Writer::new(Vec::new());
    writer.info(ago(1)).expect("into memory");
    let mut put = |url: &str, status: u16, kind: &str, body: &[u8]| {
        let headers: &[(&str, &[u8])] = &[("Content-Type", kind.as_bytes())];
        let exchange = warc::Exchange { url, date: ago(1), request_headers: &[], status, headers, body };
        writer.exchange(&exchange).expect("into memory");
    };
    put("https://paper.example/ferry", 200, "text/html; charset=utf-8", html.as_bytes());
    put("https://paper.example/gone", 404, "text/html", b"<h1>Gone</h1>");
    put("https://paper.example/style.css", 200, "text/css", b"p {}");
    let cyrillic = b"<title>\xcc\xe8\xf0</title><p>\xcc\xe8\xf0";
    put("https://paper.example/mir", 200, "text/html; charset=windows-1251", cyrillic);
    let recording = writer.into_inner();
    dateline.write("pages.warc.gz", &recording);
    let rows = dateline.json(&["extract", "pages.warc.gz"]);
    let told: Vec<_> = rows.iter().map(|row| (&row["input"], &row["url"], &row["title"])).collect();
    let name = Value::from("pages.warc.gz");
    assert_eq!(
        told,
        [
            (&name, &"https://paper.example/ferry".into(), &"Report on ferries".into()),
            (&name, &"https://paper.example/mir".into(), &"Мир".into())
        ]
    );
    assert_eq!(rows[0]["body"], paragraphs(1).join("\n\n").as_str());
    dateline.write("cut.warc.gz", &recording[..recording.len() / 2]);
    let cut = dateline.run(&["extract", "cut.warc.gz", "--json"]).exits(1).rows();
    assert!(cut.last().expect("a row")["error"].as_str().expect("a reason").contains("damaged"), "{cut:?}");
}

#[test]
fn extract_tries_out_rules_and_says_what_each_selector_finds() {
    let dateline = Dateline::new();
    let text = paragraphs(1).join("</p><p>");
    dateline
        .write("a.html", format!("<title>Wrong</title><h2 class=mine>Right</h2><p>{text}</p><div id=x>Mine.</div>"));
    dateline.write(
        "rules.toml",
        "[[extract.site]]\nhost = \"paper.example\"\ntitle = \"h2.mine\"\nbody = \"#x\"\nremove = [\".no\"]\n",
    );
    let run = ["extract", "a.html", "--rules", "rules.toml", "--url", "https://www.paper.example/a"];
    let rows = dateline.json(&run);
    assert_eq!((&rows[0]["title"], &rows[0]["body"]), (&"Right".into(), &"Mine.".into()));
    let hit = |field: &str, selector: &str, matches: u32, first: Value| json!({"field": field, "selector": selector, "matches": matches, "first": first});
    let hits = [
        hit("body", "#x", 1, "Mine.".into()),
        hit("title", "h2.mine", 1, "Right".into()),
        hit("remove", ".no", 0, Value::Null),
    ];
    assert_eq!(rows[0]["rule"], json!({"host": "paper.example", "selectors": hits}));
    let plain = dateline.plain(&run).ok().stdout;
    assert!(plain.contains("rule for paper.example\n") && plain.contains("h2.mine  1 match: Right\n"), "{plain}");
    let other = dateline.json(&["extract", "a.html", "--rules", "rules.toml", "--url", "https://other.example/a"]);
    assert_eq!((&other[0]["title"], &other[0]["rule"]), (&"Wrong".into(), &Value::Null));
    dateline.write("bad.toml", "[[extract.site]]\nhost = \"paper.example\"\nbody = \"p >\"\n");
    dateline.run(&["extract", "a.html", "--rules", "bad.toml"]).exits(78);
}

#[test]
fn topics_are_tried_out_on_texts() {
    let dateline = Dateline::new();
    let text =
        dateline.pipe(&["topics", "test", "-", "--json"], "The walkout goes on\nThe dock workers stay out.").ok();
    assert_eq!(text.rows()[0]["topics"], json!(["labour"]));
    let lines = r#"{"id": "x", "lang": "en", "title": "Freight blockade", "body": ""}
{"id": 7, "body": "Nothing."}"#;
    let rows = dateline.pipe(&["topics", "test", "-", "--json"], lines).ok().rows();
    assert_eq!((&rows[0]["id"], &rows[0]["topics"]), (&"x".into(), &json!(["shipping"])));
    assert_eq!((&rows[1]["id"], &rows[1]["topics"]), (&"7".into(), &json!([])));
    dateline.run(&["topics", "lint"]).ok();
}
