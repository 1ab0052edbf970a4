//! A process may be killed at any moment: what follows goes on from what was committed, and nothing is there twice.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, page, paragraphs};

const OUTLETS: u8 = 4;
const ENTRIES: usize = 15;
const KILLS: usize = 5;

/// Outlets with sixty entries, each slow enough that a pass takes a while.
fn publish(web: &Web) -> Vec<String> {
    (1..=OUTLETS)
        .map(|n| {
            let outlet = web.outlet(n);
            let items: Vec<Item> = (0..ENTRIES).map(|entry| article(&outlet, usize::from(n) * 100 + entry)).collect();
            outlet.serve("/feed.xml", Answer::feed(feed(&format!("Paper {n}"), &items)));
            outlet.url("/feed.xml")
        })
        .collect()
}

fn article(outlet: &Outlet, number: usize) -> Item {
    // Every fifth is a copy of the same agency report, so that groups and stories must survive, too.
    let text = if number.is_multiple_of(5) { paragraphs(7) } else { paragraphs(number) };
    let (path, title, at) = (format!("/{number}.html"), format!("Report {number}"), ago(number as i64));
    outlet.serve(&path, Answer::html(page(&title, &text, at)).after(Duration::from_millis(10)));
    Item::new(outlet.url(&path), &title, at)
}

/// What must be the same: the articles by address, with text and place among the copies.
fn articles(dateline: &Dateline) -> BTreeMap<String, [String; 4]> {
    let rows = dateline.json(&["export"]);
    let count = rows.len();
    let all: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let field = |name: &str| row[name].to_string();
            (field("url"), [field("title"), field("body"), field("copies"), field("duplicate_of")])
        })
        .collect();
    assert_eq!(all.len(), count, "an article is there twice");
    all
}

#[test]
fn five_kills_leave_the_same_archive() {
    let web = Web::new();
    let urls = publish(&web);
    let undisturbed = Dateline::following(&urls);
    let started = Instant::now();
    undisturbed.pass();
    let whole = started.elapsed();
    let expected = articles(&undisturbed);
    assert_eq!(expected.len(), usize::from(OUTLETS) * ENTRIES);

    let dateline = Dateline::following(&urls);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..KILLS {
        // xorshift64: any moment of a pass, the same ones in each run of this test.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let pass = dateline.start(&["run", "--once", "--force"]);
        thread::sleep(whole.mul_f64((random % 1_000) as f64 / 1_000.0));
        pass.kill();
    }
    let last = dateline.pass();
    assert_eq!((&last["failed"], &last["waiting"]), (&0.into(), &0.into()), "{last}");
    assert_eq!(articles(&dateline), expected);
    // The index knows what the store knows.
    let found = dateline.json(&["search", "--copies", "--limit", "1000"]);
    assert_eq!(found.len(), expected.len());
    assert_eq!(dateline.row(&["status"])["articles"], expected.len());
    // A second pass has nothing left to do.
    assert_eq!(dateline.pass()["articles"], 0);
}

#[test]
fn an_index_that_is_gone_or_damaged_is_built_from_the_store() {
    let dateline = Dateline::new();
    dateline.pipe(&["import", "-"], lines(10)).ok();
    let index = dateline.path("data/index");
    let all_are_found = || assert_eq!(dateline.json(&["search", "--limit", "100"]).len(), 10);

    fs::remove_dir_all(&index).expect("an index");
    dateline.pass();
    all_are_found();

    for file in files(&index) {
        fs::write(file, "not what it was").expect("a writable file");
    }
    dateline.pass();
    all_are_found();

    dateline.run(&["reindex"]).ok();
    all_are_found();
}

#[test]
fn a_check_of_the_store_finds_damage_and_what_the_index_says_differently() {
    let few = Dateline::new();
    few.pipe(&["import", "-"], lines(10)).ok();
    let more = Dateline::new();
    more.pipe(&["import", "-"], lines(15)).ok();
    let check =
        |dateline: &Dateline, code: i32| dateline.run(&["check", "--store", "--json"]).exits(code).rows().remove(0);
    let numbers = |row: &Value| ["articles", "indexed", "behind"].map(|name| row[name].as_u64().expect("a number"));
    let sound = check(&few, 0);
    assert_eq!((&sound["problems"], numbers(&sound)), (&json!([]), [10, 10, 0]), "{sound}");

    // An index that is behind is none that is wrong; one that knows more is.
    let (of_few, of_more, kept) = (few.path("data/index"), more.path("data/index"), few.path("kept"));
    fs::rename(&of_few, &kept).expect("an index");
    copy(&of_more, &of_few);
    let extra = check(&few, 1);
    assert!(extra["problems"][0].as_str().is_some_and(|it| it.contains("only the index has: 5")), "{extra}");
    fs::remove_dir_all(&of_more).expect("an index");
    fs::rename(&kept, &of_more).expect("an index");
    let behind = check(&more, 0);
    assert_eq!(numbers(&behind)[..2], [15, 10], "{behind}");
    assert!(numbers(&behind)[2] >= 5, "{behind}");

    let spoil = |path: &Path| {
        let mut bytes = fs::read(path).expect("a file");
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 64].fill(0xa5);
        fs::write(path, bytes).expect("a writable file");
    };
    let largest = files(&of_more).into_iter().max_by_key(|path| fs::metadata(path).expect("there").len());
    spoil(&largest.expect("an index has files"));
    let spoilt = check(&more, 1);
    assert!(spoilt["problems"].to_string().contains("index"), "{spoilt}");
    more.run(&["reindex"]).ok();
    assert_eq!(numbers(&check(&more, 0)), [15, 15, 0]);

    spoil(&more.path("data/dateline.db"));
    more.run(&["check", "--store"]).exits(1);
}

fn lines(count: usize) -> String {
    let line = |n| {
        let body = paragraphs(n).join(" ");
        format!("{{\"url\":\"https://a.example/{n}\",\"title\":\"Report {n}\",\"body\":\"{body}\"}}\n")
    };
    (0..count).map(line).collect()
}

/// Copies a directory of files and directories of files.
fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let path = to.join(file.strip_prefix(from).expect("below it"));
        fs::create_dir_all(path.parent().expect("a directory")).expect("it can be made");
        fs::copy(&file, path).expect("it can be copied");
    }
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn kills_in_the_middle_of_reindexing_retagging_and_pruning_do_no_harm() {
    const DAY: i64 = 24 * 60;
    let dateline = Dateline::new();
    let lines: String = (0..150)
        .map(|n| {
            let (body, at) = (paragraphs(n).join(" "), ago(if n < 50 { 50 * DAY } else { 10 }).to_rfc3339());
            format!("{{\"url\":\"https://a.example/{n}\",\"title\":\"Report {n}\",\"body\":\"{body}\",\"published_at\":\"{at}\"}}\n")
        })
        .collect();
    dateline.pipe(&["import", "-"], &lines).ok();
    dateline
        .write("topics.toml", "[[topic]]\nid = \"gauge\"\nname = \"Gauge\"\n[topic.en]\nstrong = [\"river gauge\"]\n");
    let dateline = dateline.set("store.keep", "\"30d\"");
    let mut milliseconds = [40, 120, 250].into_iter().cycle();
    for work in [&["reindex"][..], &["topics", "retag"], &["run", "--once"], &["reindex"], &["run", "--once"]] {
        let process = dateline.start(work);
        thread::sleep(Duration::from_millis(milliseconds.next().expect("a cycle")));
        process.kill();
        assert!(dateline.json(&["export"]).len() >= 100, "{work:?} has lost something");
    }
    dateline.pass();
    let stored = dateline.json(&["export"]);
    assert_eq!(stored.len(), 100);
    assert_eq!(dateline.json(&["search", "--copies", "--limit", "1000"]).len(), 100);
    let topics = |rows: &[serde_json::Value]| rows.iter().map(|row| row["topics"].to_string()).collect::<Vec<_>>();
    assert!(topics(&stored).iter().any(|names| names.contains("Gauge")), "the new rules hold");
    dateline.run(&["topics", "retag"]).ok();
    assert_eq!(topics(&dateline.json(&["export"])), topics(&stored), "they were given to every article before");
}
