//! A daemon with nothing to do.

use std::{fs, time::Duration};

use dateline::{
    model::{Source, SourceState, SourceStatus, Validators},
    store::{PollRecord, Store},
};

use crate::world::{Dateline, ago, free_address, get, wait_for};

const SOURCES: usize = 10_000;
/// Of its own, without the program's code: that of a debug build is twice that of a release.
const MEMORY_KIB: u64 = 80 << 10;

#[test]
fn ten_thousand_sources_that_are_not_due_take_little_memory_and_nobody_is_asked() {
    let listen = free_address();
    let urls: Vec<String> = (0..SOURCES).map(|n| format!("https://outlet-{n}.example/world/news/feed.xml")).collect();
    let dateline = Dateline::following(&urls).set("serve.listen", &format!("\"{listen}\""));
    let mut store = Store::open(&dateline.path("data")).expect("a store");
    let sources: Vec<Source> = urls.iter().map(Source::new).collect();
    let polled_at = ago(60);
    let poll = PollRecord {
        at: polled_at,
        status: Some(200),
        outcome: "20 entries".to_owned(),
        new: 20,
        duration: Duration::from_millis(300),
    };
    let polled = |source: &Source| SourceState {
        status: SourceStatus::Ok,
        title: Some(format!("World news of {}", source.url)),
        validators: Validators {
            etag: Some(format!("\"{}-5f3c\"", source.id)),
            last_modified: Some("Mon, 02 Mar 2026 10:00:00 GMT".to_owned()),
        },
        body_hash: Some("4b1d9f4c".repeat(4)),
        last_polled_at: Some(polled_at),
        last_full_at: Some(polled_at),
        next_poll_at: Some(ago(-24 * 60)),
        next_poll_reason: Some("publishes every 2 days; next in 25 h".to_owned()),
        entries: 20,
        mean_gap_s: 172_800.0,
        ..SourceState::default()
    };
    store
        .transaction(|tx| {
            tx.sync_sources(&sources)?;
            sources.iter().try_for_each(|source| tx.save_poll(source.id, None, &polled(source), &poll))
        })
        .expect("a writable store");
    drop(store);

    let daemon = dateline.start_ready(&listen);
    let all = format!("dateline_sources{{status=\"ok\"}} {SOURCES}");
    wait_for("the daemon to know them", || get(&listen, "/metrics", "").filter(|(_, text)| text.contains(&all)));
    // Those who look at them leave no more behind than a page.
    let shown = |path: &str| get(&listen, path, "").expect("an answer").1;
    assert_eq!(shown("/api/v1/sources").matches("\"next_poll_reason\"").count(), SOURCES);
    let (first, last) = (shown("/sources"), shown(&format!("/sources?from={}", SOURCES - 20)));
    assert_eq!((first.matches("<li><h2>").count(), first.contains("rel=next")), (500, true));
    assert_eq!((last.matches("<li><h2>").count(), last.contains("rel=next")), (20, false));
    let memory = || {
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("Linux");
        let kib = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_end_matches("kB").trim().parse().ok()
        };
        Some((kib("VmRSS:")?, kib("RssAnon:")?))
    };
    if memory().is_some() {
        // What a page took is given back a little later, while something is done.
        let given_back = || {
            get(&listen, "/metrics", "");
            memory().filter(|(_, own)| *own <= MEMORY_KIB)
        };
        let (all, own) = wait_for("the memory to be given back", given_back);
        eprintln!("{SOURCES} idle sources: {} MiB resident, {} MiB of them our own", all >> 10, own >> 10);
    } else {
        eprintln!("skipped: this kernel does not tell how much memory is the process's own");
    }
    assert!(!daemon.log().contains("polling"), "{}", daemon.log());
    assert_eq!(daemon.terminate(), 0);
}
