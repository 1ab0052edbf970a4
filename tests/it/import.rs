//! Articles in and out of files: JSON lines, web archives, tables.

use std::{io::Write, process::Command};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::world::{Dateline, ago, page, paragraphs, wait_for};

fn line(url: &str, title: &str, number: usize, at: &str) -> String {
    let body = paragraphs(number).join("\n\n");
    json!({ "url": url, "title": title, "body": body, "published_at": at, "source": "Archive" }).to_string()
}

fn three() -> String {
    [
        line("https://one.example/a", "First report", 1, "2026-03-01T10:00:00Z"),
        line("https://two.example/b", "Second report", 2, "2026-03-01T11:00:00Z"),
        line("https://three.example/c", "Third report", 3, "2026-03-02"),
    ]
    .join("\n")
}

/// The summary of an import.
#[track_caller]
fn import(dateline: &Dateline, lines: &str) -> Value {
    dateline.pipe(&["import", "-", "--json"], lines).ok().rows().remove(0)
}

#[test]
fn what_goes_in_comes_out() {
    let dateline = Dateline::new();
    let told = import(&dateline, &three());
    assert_eq!((&told["lines"], &told["articles"], &told["failed"]), (&3.into(), &3.into(), &0.into()), "{told}");
    let rows = dateline.json(&["export"]);
    let titles: Vec<&Value> = rows.iter().map(|row| &row["title"]).collect();
    assert_eq!(titles, ["First report", "Second report", "Third report"]);
    assert_eq!((&rows[0]["source"], &rows[0]["published_at"]), (&"Archive".into(), &"2026-03-01T10:00:00Z".into()));
    assert_eq!(rows[0]["body"], paragraphs(1).join("\n\n").as_str());

    // What one installation exports, another imports.
    let other = Dateline::new();
    import(&other, &dateline.run(&["export"]).ok().stdout);
    let essence =
        |row: &Value| ["id", "url", "title", "body", "published_at", "lang", "source"].map(|field| row[field].clone());
    let (here, there) = (rows.iter().map(essence), other.json(&["export"]));
    assert_eq!(here.collect::<Vec<_>>(), there.iter().map(essence).collect::<Vec<_>>());
}

#[test]
fn the_same_import_again_changes_nothing() {
    let dateline = Dateline::new();
    import(&dateline, &three());
    let (rows, changes) = (dateline.json(&["export"]), dateline.row(&["status"])["changes"].clone());
    let told = import(&dateline, &three());
    assert_eq!((&told["articles"], &told["revisions"]), (&0.into(), &0.into()), "{told}");
    assert_eq!(dateline.json(&["export"]), rows);
    assert_eq!(dateline.row(&["status"])["changes"], changes);
}

#[test]
fn another_text_is_a_revision_and_an_older_one_is_not() {
    let dateline = Dateline::new();
    import(&dateline, &three());
    let newer = line("https://one.example/a", "First report, corrected", 11, "2026-03-01T12:00:00Z");
    assert_eq!(import(&dateline, &newer)["revisions"], 1);
    let older = line("https://one.example/a", "First draft", 12, "2026-02-28T12:00:00Z");
    import(&dateline, &older);
    let rows = dateline.json(&["export"]);
    let row = rows.iter().find(|row| row["url"] == "https://one.example/a").expect("it is there");
    assert_eq!((&row["title"], rows.len()), (&"First report, corrected".into(), 3));
}

#[test]
fn an_original_that_comes_after_its_copy_represents_it() {
    let dateline = Dateline::new();
    import(&dateline, &line("https://copy.example/a", "As the agency says", 5, "2026-03-01T12:00:00Z"));
    import(&dateline, &line("https://agency.example/a", "The agency says", 5, "2026-03-01T09:00:00Z"));
    let rows = dateline.json(&["export"]);
    let find = |url: &str| rows.iter().find(|row| row["url"] == url).expect("it is there");
    let (copy, original) = (find("https://copy.example/a"), find("https://agency.example/a"));
    assert_eq!((&original["duplicate_of"], &copy["duplicate_of"]), (&Value::Null, &original["id"]));
    assert_eq!((&original["copies"], &copy["copies"]), (&1.into(), &1.into()));
    // The index has heard of it, too.
    let hit = dateline.row(&["search", "title:agency"]);
    assert_eq!(hit["copies"], 1);
}

#[test]
fn a_line_without_a_time_stands_between_its_neighbours() {
    let dateline = Dateline::new();
    let timeless = json!({ "url": "https://four.example/d", "title": "Timeless", "body": paragraphs(4).join("\n\n") });
    let all = three();
    let (head, tail) = all.split_once('\n').expect("three lines");
    import(&dateline, &format!("{head}\n{timeless}\n{tail}\n"));
    let rows = dateline.json(&["export"]);
    let row = rows.iter().find(|row| row["title"] == "Timeless").expect("it is there");
    assert_eq!((&row["published_at"], &row["fetched_at"]), (&Value::Null, &"2026-03-01T10:00:00Z".into()));
}

#[test]
fn bad_lines_are_counted_and_told_and_the_others_are_kept() {
    let dateline = Dateline::new();
    let lines = format!("{}\n\nnonsense\n{{\"url\":\"mailto:a@b.example\",\"body\":\"x\"}}\n{{}}\n", three());
    let done = dateline.pipe(&["import", "-", "--json"], &lines).ok();
    let told = &done.rows()[0];
    assert_eq!((&told["articles"], &told["failed"]), (&3.into(), &3.into()), "{told}");
    assert!(done.stderr.contains(r#""line":5"#), "{}", done.stderr);
}

#[test]
fn a_file_that_is_no_json_lines_is_a_failure_told_briefly() {
    let dateline = Dateline::new();
    let done = dateline.pipe(&["import", "-"], "root:x:0:0\n".repeat(50)).exits(1).says("no line could be read");
    assert_eq!(done.stderr.matches("a line is left out: expected value at byte 1").count(), 5, "{}", done.stderr);
}

#[test]
fn packed_and_several_files_are_read_in_order() {
    let dateline = Dateline::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(three().as_bytes()).expect("into memory");
    dateline.write("one.jsonl.gz", packed.finish().expect("into memory"));
    // No newline at the end: it must not run into the next file.
    dateline.write("two.jsonl", line("https://five.example/e", "Fifth report", 6, "2026-03-03T10:00:00Z"));
    dateline.write("three.jsonl", line("https://six.example/f", "Sixth report", 8, "2026-03-04T10:00:00Z"));
    let told = dateline.row(&["import", "one.jsonl.gz", "two.jsonl", "three.jsonl"]);
    assert_eq!((&told["articles"], &told["failed"]), (&5.into(), &0.into()), "{told}");
    assert_eq!(dateline.json(&["search", "report", "--sort", "newest"])[0]["title"], "Sixth report");
}

#[test]
fn what_was_deleted_is_not_imported_again() {
    let dateline = Dateline::new();
    import(&dateline, &three());
    let id = dateline.row(&["search", "title:second"])["id"].as_str().expect("an id").to_owned();
    dateline.run(&["delete", "--dry-run", &id]).ok().says("Second report");
    assert_eq!(dateline.json(&["export"]).len(), 3);
    dateline.run(&["delete", &id]).ok();
    assert_eq!(import(&dateline, &three())["articles"], 0);
    assert_eq!(dateline.json(&["export"]).len(), 2);
    dateline.run(&["delete", "--before", "2026-03-02"]).ok();
    assert_eq!(dateline.row(&["export"])["title"], "Third report");
    assert_eq!(dateline.json(&["search"]).len(), 1);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("into memory");
    packed.finish().expect("into memory")
}

/// A WARC 1.0 record of what a server answered.
fn record(kind: &str, url: &str, block: &[u8]) -> Vec<u8> {
    let length = block.len();
    let mut record = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-05T10:00:00Z\r\n\
         Content-Type: application/http; msgtype={kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    record.extend(block);
    record.extend(b"\r\n\r\n");
    record
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

fn report(number: usize) -> String {
    page(&format!("Report number {number}"), &paragraphs(number), ago(60))
}

/// The records of an archive: three articles, and all kinds of things that are none.
fn records() -> Vec<Vec<u8>> {
    let site = |path: &str| format!("https://paper.example/{path}");
    let html = "200 OK\r\nContent-Type: text/html; charset=utf-8";
    let packed = gzip(report(2).as_bytes());
    let (first, second) = packed.split_at(packed.len() / 2);
    let mut chunked = Vec::new();
    for part in [first, second, &[]] {
        chunked.extend(format!("{:x}\r\n", part.len()).into_bytes());
        chunked.extend(part);
        chunked.extend(b"\r\n");
    }
    let chunked = answer(&format!("{html}\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip"), &chunked);
    vec![
        record("warcinfo", "", b"software: of others\r\n"),
        record("request", &site("1"), b"GET /1 HTTP/1.1\r\n\r\n"),
        record("response", &site("1"), &answer(html, report(1).as_bytes())),
        record("response", &site("2"), &chunked),
        record("response", &site("feed"), &answer("200 OK\r\nContent-Type: text/html", b"<?xml version='1.0'?><rss/>")),
        record("response", &site("sitemap"), &answer("200 OK\r\nContent-Type: text/xml", b"<urlset></urlset>")),
        record("response", &site("gone"), &answer("404 Not Found\r\nContent-Type: text/html", b"<h1>Gone</h1>")),
        record("response", &site("a.png"), &answer("200 OK\r\nContent-Type: image/png", b"\x89PNG")),
        record("revisit", &site("1"), &answer("304 Not Modified", b"")),
        record("response", &site("3"), &answer(&format!("{html}\r\nContent-Length: 7"), report(3).as_bytes())),
    ]
}

#[test]
fn the_pages_of_a_web_archive_become_articles_and_the_rest_is_counted() {
    let packed: Vec<u8> = records().iter().flat_map(|record| gzip(record)).collect();
    let plain = records().concat();
    for (name, file) in [("crawl.warc.gz", &packed), ("crawl.warc", &plain), ("whole", &gzip(&plain))] {
        let dateline = Dateline::new();
        dateline.write(name, file);
        let told = dateline.row(&["import", name]);
        assert_eq!((&told["articles"], &told["pages"], &told["failed"]), (&3.into(), &8.into(), &0.into()), "{told}");
        let skipped = json!({"HTTP 404": 1, "a feed": 2, "not a page": 1, "the answer had not changed (revisit)": 1});
        assert_eq!(told["skipped"], skipped);
        let rows = dateline.json(&["export"]);
        let urls: Vec<_> = rows.iter().map(|row| row["url"].as_str().expect("an address")).collect();
        assert_eq!(urls, ["https://paper.example/1", "https://paper.example/2", "https://paper.example/3"]);
        assert_eq!(rows[1]["body"], paragraphs(2).join("\n\n").as_str());
        assert_eq!(rows[1]["fetched_at"], "2026-03-05T10:00:00Z");
        assert_eq!(dateline.json(&["search", "report"]).len(), 3);
    }
}

#[test]
fn an_archive_with_a_damaged_record_gives_the_others() {
    let mut damaged = gzip(&records()[2]);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 20].fill(0);
    let wrong_length =
        String::from_utf8(records()[9].clone()).expect("text").replacen("Content-Length: ", "Content-Length: 9", 1);
    let file = [gzip(&records()[3]), damaged, gzip(wrong_length.as_bytes()), gzip(&records()[2])].concat();
    let dateline = Dateline::new();
    // Standard input holds what a file may hold.
    let told = dateline.pipe(&["import", "-", "--json"], records().concat()).ok().rows().remove(0);
    assert_eq!(told["articles"], 3, "{told}");
    let dateline = Dateline::new();
    dateline.write("a.warc.gz", file);
    let done = dateline.run(&["import", "a.warc.gz", "--json"]).ok().says("damaged");
    let told = &done.rows()[0];
    assert_eq!(told["articles"], 2, "{told}");
    assert!(told["failed"].as_u64() >= Some(1), "{told}");
}

#[test]
fn an_import_that_failed_goes_on_behind_what_it_had_read() {
    let dateline = Dateline::new();
    dateline.write("one.jsonl.gz", gzip(three().as_bytes()));
    dateline.write("two.warc.gz", records().iter().flat_map(|record| gzip(record)).collect::<Vec<_>>());
    dateline.write("three.jsonl", b"\xff\xfe nothing that is text");
    let files = ["import", "one.jsonl.gz", "two.warc.gz", "three.jsonl"];
    dateline.run(&files).exits(1).says("three.jsonl: line 1");
    dateline.write("three.jsonl", line("https://five.example/e", "Fifth report", 6, "2026-03-03T10:00:00Z"));
    let told = dateline.row(&files);
    let counts = ["resumed", "lines", "pages", "articles"].map(|field| told[field].as_u64().expect("a number"));
    assert_eq!(counts, [11, 1, 0, 1], "{told}");
    assert_eq!(dateline.json(&["export"]).len(), 7);
    // All is done, and the next time is a first time.
    let told = dateline.row(&files);
    let counts = ["resumed", "lines", "pages", "articles"].map(|field| told[field].as_u64().expect("a number"));
    assert_eq!(counts, [0, 4, 8, 0], "{told}");
}

#[test]
fn an_import_that_was_killed_does_nothing_twice() {
    let dateline = Dateline::new();
    let lines: Vec<String> =
        (0..600).map(|n| line(&format!("https://a.example/{n}"), "Report", n, "2026-03-01")).collect();
    let file = dateline.write("lines.jsonl", lines.join("\n")).display().to_string();
    // A disk with room for two chunks or so, so that it stops in the middle.
    let plain = dateline.command(&["import", &file]);
    let mut limited = Command::new("prlimit");
    limited.args(["--fsize=1200000", "sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    limited.arg(plain.get_program()).args(plain.get_args());
    limited.current_dir(plain.get_current_dir().expect("a directory"));
    let import = dateline.start_command(limited);
    wait_for("a disk that is full", || import.log().contains("trying again in").then_some(()));
    import.kill();
    let had = dateline.json(&["export"]).len() as u64;
    let told = dateline.row(&["import", &file]);
    let [resumed, lines, articles] =
        ["resumed", "lines", "articles"].map(|field| told[field].as_u64().expect("a number"));
    assert!(resumed > 0 && resumed <= had, "{had} were stored: {told}");
    assert_eq!((resumed + lines, had + articles), (600, 600), "{told}");
}

#[test]
fn a_table_has_a_row_for_each_article_and_goes_on_where_it_stopped() {
    let dateline = Dateline::new();
    let quoted = json!({ "url": "https://four.example/d", "title": "She said: \"No, not yet\"", "authors": ["Ana Ruiz", "Bo Li"],
        "body": "One, two.\n\nThree.", "published_at": "2026-03-04T10:00:00Z" });
    import(&dateline, &format!("{}\n{quoted}\n", three()));
    let table = dateline.run(&["export", "--format", "csv"]).ok().stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.len(), 4);
    let cell = |row: usize, column: &str| &rows[row][header.iter().position(|name| name == column).expect("a column")];
    assert_eq!(cell(3, "title"), "She said: \"No, not yet\"");
    assert_eq!((cell(3, "authors").as_str(), cell(3, "body").as_str()), ("Ana Ruiz; Bo Li", "One, two.\n\nThree."));
    assert_eq!((cell(0, "duplicate_of").as_str(), cell(0, "copies").as_str()), ("", "0"));
    // Two halves are the whole, by whatever way the articles are found.
    for query in [&[][..], &["--query", "published:[2026-03-01 TO 2026-03-05]"]] {
        let all = dateline.run(&[&["export", "--format", "csv"], query].concat()).ok().stdout;
        let rest =
            dateline.run(&[&["export", "--format", "csv", "--after", cell(1, "id")], query].concat()).ok().stdout;
        assert!(all.ends_with(&rest) && rest.contains(cell(2, "url")) && !rest.contains(cell(1, "url")), "{rest}");
    }
    let short = dateline.json(&["export", "--no-body", "--after", cell(2, "id")]);
    assert_eq!((short.len(), short[0].get("body"), &short[0]["title"]), (1, None, &"She said: \"No, not yet\"".into()));
    dateline.run(&["export", "--after", "0123456789abcdef"]).exits(1).says("article");
}
