//! Hours of the whole pipeline in a moment: `examples/simulation` in short, its figures as claims.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use dateline::{
    config::Settings,
    model::{Source, Time},
    store::{ArticleFilter, Cursor, Store},
};
use tempfile::TempDir;

use self::course::Course;

#[allow(dead_code, reason = "what only the long form needs")]
#[path = "../../examples/simulation/course.rs"]
mod course;
#[path = "../../examples/simulation/outlets.rs"]
mod outlets;
#[allow(dead_code, reason = "what only the long form needs")]
#[path = "../../examples/simulation/witness.rs"]
mod witness;

/// A directory in memory where there is one: each poll is a transaction of its own, and a disk would be all that is measured.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn start() -> Time {
    "2026-03-02T00:00:00Z".parse().expect("a date")
}

/// Feeds of which two in three share a host.
fn sources(count: usize) -> Vec<Source> {
    let host = |n: usize| if n.is_multiple_of(3) { n } else { 0 };
    (0..count).map(|n| Source::new(format!("https://outlet-{}.example/{n}.xml", host(n)))).collect()
}

fn feeds_only(dir: &TempDir, count: usize) -> Course {
    let mut settings = Settings { data_dir: dir.path().to_owned(), ..Settings::default() };
    settings.harvest.enabled = false;
    Course::new(settings, sources(count), start())
}

#[test]
fn hours_of_many_feeds_leave_every_host_its_gap_and_every_source_its_time() {
    let dir = directory();
    let course = feeds_only(&dir, 30);
    course.run(4, |_| {}).expect("it runs");
    let mut seen = course.seen();
    seen.conclude();
    assert_eq!(
        (seen.most_at_once, seen.shortest_gap >= Some(Duration::from_secs(1))),
        (1, true),
        "{:?}",
        seen.shortest_gap
    );
    assert_eq!((seen.early, seen.unconditional, seen.overfull_hosts), (0, 0, 0));
    assert!(seen.latest <= 2.0, "{} × its interval: {}", seen.latest, seen.latest_url);
    assert!(seen.polls > 60 && seen.by_source().len() == 30, "{} polls", seen.polls);
}

#[test]
fn a_restart_polls_nothing_early_nothing_unconditionally_and_in_no_burst() {
    let dir = directory();
    let course = feeds_only(&dir, 30);
    course.run(3, |_| {}).expect("it runs");
    let before = course.seen().polls;
    course.run(1, |_| {}).expect("it runs again");
    let seen = course.seen();
    assert_eq!((seen.early, seen.unconditional, seen.most_at_once), (0, 0, 1));
    let minutes = seen.first_minutes;
    assert!(seen.polls > before && minutes[0] <= 30 / 6 && minutes.iter().sum::<u64>() <= 30 / 2, "{minutes:?}");
}

#[test]
fn hours_of_publishing_editing_and_failing_leave_one_article_each_and_nothing_open() {
    let dir = directory();
    let mut settings = Settings { data_dir: dir.path().to_owned(), ..Settings::default() };
    settings.harvest.reread = vec![Duration::from_secs(3 * 3600)];
    let course = Course::new(settings, sources(7).split_off(4), start());
    // Of the directory alone: other tests of this process have files of their own.
    let mut open = Vec::new();
    course.run(12, |_| open.push(open_files(dir.path()))).expect("it runs");
    let store = Store::open(dir.path()).expect("a store");
    let (ids, _) = store.reads().article_ids(&ArticleFilter::default(), Cursor::default(), 10_000).expect("readable");
    let mut by_number: HashMap<String, Vec<String>> = HashMap::new();
    let mut revised = 0;
    for article in store.reads().articles(&ids).expect("readable") {
        // Outlet and number; the rest of an address is edited.
        let number = article.url.as_str().split('/').take(5).collect::<Vec<_>>().join("/");
        by_number.entry(number).or_default().push(article.url.to_string());
        revised += usize::from(article.revision > 1);
    }
    let twice: Vec<_> = by_number.values().filter(|urls| urls.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert!(by_number.len() > 20 && revised > 0, "{} articles, {revised} revised", by_number.len());
    // How many files an index has depends on when it merges, in real time; none of them is open twice, and the others
    // stay as many.
    let others = |open: &Vec<PathBuf>| open.iter().filter(|path| !path.starts_with(dir.path().join("index"))).count();
    for files in &open {
        let index: Vec<_> = files.iter().filter(|path| path.starts_with(dir.path().join("index"))).collect();
        assert_eq!(index.iter().collect::<BTreeSet<_>>().len(), index.len(), "{files:?}");
        assert!(others(files) > 0 && others(files) == others(&open[0]), "{files:?}, at first {:?}", open[0]);
    }
}

fn open_files(dir: &Path) -> Vec<PathBuf> {
    let open = fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    open.filter_map(|file| fs::read_link(file.path()).ok()).filter(|path| path.starts_with(dir)).collect()
}
