//! Stages that panic: what the user sees, what is tried again, what is kept.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::{fault::arm, *};
use crate::{
    config,
    extract::Extractor,
    fetch::{Double, Fetcher, Headers, Purpose, Request, Response},
    store::{ArticleFilter, Cursor},
    telemetry::metrics,
};

/// An outlet with a feed of three pages.
struct Outlet {
    authority: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Outlet {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let authority = listener.local_addr().expect("an address").to_string();
        let outlet = Self { authority: authority.clone(), asked: Arc::default() };
        let asked = outlet.asked.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() {
                    continue;
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {}
                asked.lock().expect("no test fails here").push(path.clone());
                let (media, body) = document(&authority, &path);
                let length = body.len();
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
                // A client that hangs up has what it wants.
                let _ = write!(stream, "{head}content-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}");
            }
        });
        outlet
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority)
    }

    fn asked(&self, path: &str) -> usize {
        self.asked.lock().expect("no test fails here").iter().filter(|asked| *asked == path).count()
    }
}

fn feed(authority: &str, reports: usize) -> (&'static str, String) {
    let item = |n| format!("<item><guid>{n}</guid><title>Report {n}</title><link>http://{authority}/{n}</link></item>");
    let items: String = (0..reports).map(item).collect();
    ("application/rss+xml", format!("<rss version=\"2.0\"><channel>{items}</channel></rss>"))
}

fn document(authority: &str, path: &str) -> (&'static str, String) {
    let number: usize = match path.trim_start_matches('/').parse() {
        Ok(number) => number,
        Err(_) => return feed(authority, 3),
    };
    let paragraph = |part: usize| {
        format!(
            "<p>Part {part} of report {number} says that {} barges and {} tugs were counted at lock {number}.</p>",
            part * 17 + number,
            number * 31 + part
        )
    };
    // The page of report 2 shows little and links another version.
    let text: String = (0..if number == 2 { 1 } else { 6 }).map(paragraph).collect();
    let head = if number == 2 { "<link rel=amphtml href=/102>" } else { "" };
    (
        "text/html",
        format!(
            "<html lang=en><head>{head}</head><body><article><h1>Report {number}</h1>{text}</article></body></html>"
        ),
    )
}

fn settings(dir: &Path) -> config::Settings {
    let mut settings = config::Settings { data_dir: dir.to_owned(), ..config::Settings::default() };
    settings.http.allow_private_addresses = true;
    settings.http.respect_robots = false;
    settings.http.per_host_delay = Duration::ZERO;
    settings.index.commit_interval = Duration::from_millis(10);
    settings
}

fn parts(feed: String, settings: &config::Settings, fetcher: Fetcher, clock: Clock) -> Parts {
    let store = Store::open(&settings.data_dir).expect("store");
    let (index, applied) = open_index(settings).expect("index");
    Parts {
        settings: Arc::new(settings.clone()),
        sources: vec![Source::new(feed)],
        tagger: Tagger::new(&[], &[]).expect("no rules"),
        extractor: Extractor::default(),
        fetcher,
        store,
        index,
        applied,
        liveness: Liveness::default(),
        clock,
        reload: mpsc::channel(1).1,
        hub_calls: mpsc::channel(1).1,
    }
}

async fn pass(outlet: &Outlet, settings: &config::Settings) -> Result<Summary, Error> {
    let fetcher = Fetcher::new(&settings.http, &settings.data_dir).expect("network");
    let parts = parts(outlet.url("/feed"), settings, fetcher, Clock::default());
    run(parts, Options { once: true, force: true, deadline: None }, CancellationToken::new()).await
}

fn reader(dir: &Path) -> Reader {
    Reader::open(dir).expect("a store")
}

/// Articles in the store and in the index.
fn articles(dir: &Path) -> (u64, u64) {
    let indexed = index::Searcher::open(&dir.join("index")).expect("an index").articles();
    (reader(dir).counts().expect("counts").articles, indexed)
}

fn deaths(stage: &str) -> u64 {
    metrics().stage_deaths.with_label_values(&[stage]).get()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_its_reader_is_quarantined_after_three_tries() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let settings = settings(dir.path());
    let before = deaths("harvest");
    arm("harvest", &outlet.url("/1"), 9);
    assert_eq!(pass(&outlet, &settings).await.expect("a pass").articles, 2);
    assert!(reader(dir.path()).quarantined_entries(9).expect("readable").is_empty(), "it is tried again");
    for _ in 0..3 {
        pass(&outlet, &settings).await.expect("a pass");
    }
    assert_eq!((outlet.asked("/1"), articles(dir.path())), (3, (2, 2)));
    assert!(deaths("harvest") >= before + 3);
    let kept = reader(dir.path()).quarantined_entries(9).expect("readable");
    assert_eq!((kept.len(), kept[0].attempts), (1, 3));
    assert!(kept[0].reason.contains("a fault of harvest"), "{}", kept[0].reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_that_breaks_its_reader_leaves_the_page_as_it_was_read() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    arm("harvest", &outlet.url("/102"), 1);
    let summary = pass(&outlet, &settings(dir.path())).await.expect("a pass");
    assert_eq!((summary.articles, summary.failed_pages, outlet.asked("/2"), outlet.asked("/102")), (3, 0, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_kills_the_process_is_quarantined_after_three_deaths() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let settings = settings(dir.path());
    arm("harvest", &outlet.url("/2"), 1);
    pass(&outlet, &settings).await.expect("a pass");
    let entry = reader(dir.path()).failed_entries(9).expect("readable")[0].id;
    let note = dir.path().join("reading");
    let start = || {
        let mut store = Store::open(dir.path()).expect("store");
        drop(Reading::open(dir.path(), &mut store, Utc::now()).expect("settled"));
    };
    for quarantined in 0..2 {
        // What a process leaves that dies while it reads the page, and then one that dies before it begins a note.
        let run = fs::read(&note).expect("a note")[..8].to_vec();
        let left = [&run[..], &[0; 8], &entry.bits().to_le_bytes()].concat();
        for _ in 0..2 {
            fs::write(&note, &left).expect("written");
            start();
        }
        assert_eq!(reader(dir.path()).quarantined_entries(9).expect("readable").len(), quarantined);
    }
    pass(&outlet, &settings).await.expect("a pass");
    assert_eq!((outlet.asked("/2"), articles(dir.path())), (1, (2, 2)));
    let kept = reader(dir.path()).quarantined_entries(9).expect("readable");
    assert_eq!((kept.len(), kept[0].id, kept[0].attempts), (1, entry, 3));
}

#[test]
fn what_was_read_without_a_death_leaves_no_note() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = Store::open(dir.path()).expect("store");
    let reading = Reading::open(dir.path(), &mut store, Utc::now()).expect("open");
    let entries = [1, 2, 3].map(crate::model::EntryId::from_bits);
    let note = || fs::read(dir.path().join("reading")).expect("a note")[8..].to_vec();
    let notes = entries.map(|entry| reading.begin(entry));
    assert_eq!(note().len(), 24);
    drop(notes);
    drop(reading.begin(entries[0]));
    assert_eq!(note(), [0; 24]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_breaks_the_store_s_owner_is_set_aside_and_the_others_are_kept() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let settings = settings(dir.path());
    let before = deaths("commit");
    arm("commit", &outlet.url("/0"), 9);
    assert_eq!(pass(&outlet, &settings).await.expect("a pass").articles, 2);
    assert!(deaths("commit") > before);
    let failed = reader(dir.path()).failed_entries(9).expect("readable");
    assert!(failed.len() == 1 && failed[0].reason.contains("a fault of commit"), "{failed:?}");
    // It was a passing trouble: the next pass has it.
    arm("commit", &outlet.url("/0"), 0);
    pass(&outlet, &settings).await.expect("a pass");
    assert_eq!(articles(dir.path()), (3, 3));
    assert_eq!(reader(dir.path()).integrity_check().expect("check"), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_stage_that_panics_is_started_again_and_misses_nothing() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let before = (deaths("follow"), metrics().index_failures.get());
    arm("follow", &outlet.url("/0"), 1);
    pass(&outlet, &settings(dir.path())).await.expect("a pass");
    assert_eq!(articles(dir.path()), (3, 3));
    assert!(deaths("follow") > before.0 && metrics().index_failures.get() > before.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_that_panics_starts_over_and_misses_nothing() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let before = deaths("dispatch");
    arm("dispatch", &outlet.url("/feed"), 1);
    let summary = pass(&outlet, &settings(dir.path())).await.expect("a pass");
    assert_eq!((summary.articles, outlet.asked("/feed"), articles(dir.path())), (3, 1, (3, 3)));
    assert!(deaths("dispatch") > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_panics_is_put_off_and_made_by_the_next_pass() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let before = deaths("poll");
    arm("poll", &outlet.url("/feed"), 1);
    assert_eq!(pass(&outlet, &settings(dir.path())).await.expect("a pass").articles, 0);
    assert!(deaths("poll") > before);
    assert_eq!(pass(&outlet, &settings(dir.path())).await.expect("a pass").articles, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_in_the_background_that_panics_is_started_again_and_does_its_work() {
    let (outlet, dir) = (Outlet::open(), tempfile::tempdir().expect("a directory"));
    let mut settings = settings(dir.path());
    pass(&outlet, &settings).await.expect("a pass");
    settings.store.keep = Some(Duration::ZERO);
    settings.harvest.enabled = false;
    arm("prune", &dir.path().to_string_lossy(), 1);
    pass(&outlet, &settings).await.expect("a pass");
    assert_eq!(articles(dir.path()), (0, 0));
    let left = reader(dir.path()).article_ids(&ArticleFilter::default(), Cursor::default(), 9).expect("readable");
    assert!(left.0.is_empty());
}

/// What comes out while a receiver is down, and a little later.
const REPORTS: usize = 8;
/// Minutes of the simulated clock that give the index, which has the real time only, minutes of that.
const LONG: usize = 100_000;

/// An outlet that reports each ten minutes, and a receiver that is down until it is mended.
fn outlet_and_receiver(clock: &Clock, mended: Arc<AtomicBool>, taken: Arc<Mutex<Vec<(bool, String)>>>) -> Fetcher {
    let clock = clock.clone();
    Fetcher::Double(Double::new(move |request: Request| {
        let reports = REPORTS.min(1 + clock.elapsed().as_secs() as usize / 600);
        let (status, (media, body)) = match request.purpose {
            Purpose::Webhook => {
                let (up, body) = (mended.load(Ordering::Relaxed), request.body.unwrap_or_default());
                let delivery: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                taken.lock().expect("no test fails here").push((up, delivery["article"]["url"].to_string()));
                (if up { 204 } else { 503 }, ("text/plain", String::new()))
            }
            _ if request.url.ends_with("/feed") => (200, feed("outlet.example", reports)),
            _ => (200, document("outlet.example", request.url.trim_start_matches("http://outlet.example"))),
        };
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]);
        let (fetched_at, wire_bytes) = (clock.now(), body.len() as u64);
        let headers = Headers::from(headers);
        async move { Ok(Response { url: request.url, status, headers, body: body.into(), fetched_at, wire_bytes }) }
    }))
}

#[test]
fn a_receiver_that_is_down_for_an_hour_gets_everything_then_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut settings = settings(dir.path());
    settings.poll.min_interval = Duration::from_secs(60);
    settings.poll.max_interval = Duration::from_secs(300);
    settings.alerts = vec![config::Alert {
        name: "barges".to_owned(),
        query: Some("barges".to_owned()),
        webhook: Some("http://receiver.example/".to_owned()),
        every_article: true,
        ..config::Alert::default()
    }];
    let clock = Clock::simulated("2026-11-23T00:00:00Z".parse().expect("a date"));
    let (mended, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let fetcher = outlet_and_receiver(&clock, mended.clone(), taken.clone());
    let stop = CancellationToken::new();
    let running = run(
        parts("http://outlet.example/feed".to_owned(), &settings, fetcher, clock.clone()),
        Options::default(),
        stop.clone(),
    );
    let tries = |up| taken.lock().expect("no test fails here").iter().filter(|(taken, _)| *taken == up).count();
    // The index works by the real time, so that the simulated one goes on in small steps.
    let minutes = async |most: usize, done: &dyn Fn() -> bool| {
        let _busy = clock.busy();
        for _ in 0..most {
            clock.sleep(Duration::from_secs(60)).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            if done() {
                return;
            }
        }
    };
    let hours = async {
        minutes(LONG, &|| tries(false) > 0).await;
        minutes(60, &|| false).await;
        mended.store(true, Ordering::Relaxed);
        minutes(LONG, &|| tries(true) == REPORTS).await;
        stop.cancel();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let summary = runtime.block_on(async {
        tokio::select! {
            (done, ()) = async { tokio::join!(running, hours) } => done.expect("it runs"),
            () = clock.drive() => unreachable!("it drives for ever"),
        }
    });
    // Waits of 2, 4, 8 … 256 and then 300 s.
    assert!((10..=25).contains(&tries(false)), "{} tries in the hour", tries(false));
    let taken = taken.lock().expect("no test fails here");
    let got: Vec<&str> = taken.iter().filter(|(up, _)| *up).map(|(_, url)| url.as_str()).collect();
    let published: Vec<String> = (0..REPORTS).map(|n| format!("\"http://outlet.example/{n}\"")).collect();
    assert_eq!((got, summary.articles), (published.iter().map(String::as_str).collect(), REPORTS as u64));
}

#[test]
fn a_clock_that_is_set_back_by_a_year_stops_no_polling() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut settings = settings(dir.path());
    settings.poll.min_interval = Duration::from_secs(300);
    settings.poll.max_interval = Duration::from_secs(900);
    settings.poll.default_interval = Duration::from_secs(600);
    let clock = Clock::simulated("2027-11-23T00:00:00Z".parse().expect("a date"));
    let polls = Arc::new(Mutex::new(Vec::new()));
    let (asked, asked_at) = (polls.clone(), clock.clone());
    let fetcher = Fetcher::Double(Double::new(move |request: Request| {
        asked.lock().expect("no test fails here").push(asked_at.elapsed().as_secs());
        let (fetched_at, (_, body)) = (asked_at.now(), feed("outlet.example", 3));
        let headers = Headers::from(HeaderMap::new());
        async move { Ok(Response { url: request.url, status: 200, headers, body: body.into(), fetched_at, wire_bytes: 0 }) }
    }));
    settings.harvest.enabled = false;
    let stop = CancellationToken::new();
    let parts = parts("http://outlet.example/feed".to_owned(), &settings, fetcher, clock.clone());
    let running = run(parts, Options::default(), stop.clone());
    let hours = async {
        let _busy = clock.busy();
        clock.sleep(Duration::from_secs(3600)).await;
        clock.set("2026-11-23T00:00:00Z".parse().expect("a date"));
        clock.sleep(Duration::from_secs(3600)).await;
        stop.cancel();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::select! {
            (done, ()) = async { tokio::join!(running, hours) } => drop(done.expect("it runs")),
            () = clock.drive() => unreachable!("it drives for ever"),
        }
    });
    let polls = polls.lock().expect("no test fails here");
    let longest = polls.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(polls.len() >= 8 && longest <= Some(1000), "{polls:?}");
}

/// Makes a forced pass over these feeds, in which nobody ever answers what `stalls` names. Returns what was asked for and
/// how many seconds it took, too.
fn pass_with_stalls(
    settings: &config::Settings,
    clock: &Clock,
    feeds: &[String],
    stalls: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> (Summary, Vec<String>, u64) {
    let asked = Arc::new(Mutex::new(Vec::<String>::new()));
    let (noted, time) = (asked.clone(), clock.clone());
    let fetcher = Fetcher::Double(Double::new(move |request: Request| {
        let (authority, path) = request.url.trim_start_matches("http://").split_once('/').expect("a path");
        let (media, body) = document(authority, path);
        let stalls = stalls(&request.url);
        noted.lock().expect("no test fails here").push(request.url.clone());
        let (time, limit) = (time.clone(), Duration::from_secs(30));
        let headers = Headers::from(HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]));
        async move {
            if stalls {
                time.sleep(limit).await;
                return Err(crate::fetch::Error::Timeout { host: request.url, limit, received: 9 });
            }
            let (fetched_at, body) = (time.now(), body.into());
            Ok(Response { url: request.url, status: 200, headers, body, fetched_at, wire_bytes: 0 })
        }
    }));
    let sources = feeds.iter().map(Source::new).collect();
    let parts = Parts { sources, ..parts(String::new(), settings, fetcher, clock.clone()) };
    let running = run(parts, Options { once: true, force: true, deadline: None }, CancellationToken::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let began = clock.elapsed();
    let summary = runtime.block_on(async {
        tokio::select! {
            done = running => done.expect("it runs"),
            () = clock.drive() => unreachable!("it drives for ever"),
        }
    });
    let asked = std::mem::take(&mut *asked.lock().expect("no test fails here"));
    (summary, asked, (clock.elapsed() - began).as_secs())
}

#[test]
fn a_host_whose_pages_stall_holds_a_pass_up_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path());
    let clock = Clock::simulated("2026-11-23T00:00:00Z".parse().expect("a date"));
    let feed = ["http://outlet.example/feed".to_owned()];
    let (first, asked, seconds) = pass_with_stalls(&settings, &clock, &feed, |url| !url.ends_with("/feed"));
    assert_eq!((first.articles, first.failed_pages, first.waiting, asked.len(), seconds), (0, 1, 3, 2, 30));
    // In the next pass the others come first, so that one slow page holds up none of them.
    let slow = asked[1].clone();
    let (second, again, _) = pass_with_stalls(&settings, &clock, &feed, move |url| url == slow);
    assert_eq!((second.articles, second.failed_pages, second.waiting), (2, 1, 1));
    assert_eq!(again.last(), Some(&asked[1]), "{again:?}");
}

#[test]
fn a_host_whose_feeds_stall_holds_a_pass_up_once_and_no_other_host() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path());
    let clock = Clock::simulated("2026-11-23T00:00:00Z".parse().expect("a date"));
    let slow = (0..5).map(|n| format!("http://slow.example/feed/{n}"));
    let feeds: Vec<String> = slow.chain(["http://outlet.example/feed".to_owned()]).collect();
    let of_slow = |asked: Vec<String>| -> Vec<String> {
        asked.into_iter().filter(|url| url.starts_with("http://slow.example/feed")).collect()
    };
    let stalls = |url: &str| url.starts_with("http://slow.example/");
    let (first, asked, seconds) = pass_with_stalls(&settings, &clock, &feeds, stalls);
    let asked = of_slow(asked);
    assert_eq!((first.polled, first.failed, first.articles, asked.len(), seconds), (2, 1, 3, 1, 30));
    // The others come first in the next pass, so that one slow feed holds up none of them.
    let stalled = asked[0].clone();
    clock.set(clock.now() + chrono::Duration::minutes(1));
    let (second, again, _) = pass_with_stalls(&settings, &clock, &feeds, move |url| url == stalled);
    let again = of_slow(again);
    assert_eq!((second.polled, second.failed, again.len()), (6, 1, 5));
    assert_eq!(again.last(), Some(&asked[0]), "{again:?}");
}
