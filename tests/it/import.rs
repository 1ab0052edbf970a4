//! Articles in and out as JSON lines.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::world::{Dateline, paragraphs};

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
    assert!(done.stderr.contains("line 5"), "{}", done.stderr);
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
