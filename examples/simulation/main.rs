//! Days and weeks of dateline in minutes: the pipeline as it is, over outlets that are invented and a clock that jumps.
//!
//! ```text
//! cargo run --release --example simulation                            a day, 1,000 feeds, a restart at noon
//! cargo run --release --example simulation -- --catalog FEEDS.jsonl   the feeds of a list: `url`, `kind` in each line
//! cargo run --release --example simulation -- --sources 40 --days 30 --pages   with pages, articles, index, pruning
//! ```
//!
//! No socket is opened and nothing is asked of anybody. Outlets publish, edit, move, fail, lie and overload by their own
//! rhythm (`outlets.rs`); a witness holds every request against what dateline promises (`witness.rs`). Store and index
//! are real and, without `--data-dir DIR`, gone afterwards.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod course;
mod outlets;
mod witness;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use dateline::{
    config::Settings,
    model::{Source, SourceKind, Time},
};
use serde_json::Value;

use self::course::{Course, Look, Result};

fn main() -> Result<()> {
    let days: u64 = option("--days").map_or(Ok(1), |days| days.parse())?;
    let count: usize = option("--sources").map_or(Ok(1_000), |count| count.parse())?;
    let mut sources = match option("--catalog") {
        Some(file) => catalog(Path::new(&file))?,
        None => invented(count),
    };
    if option("--sources").is_some() {
        sources.truncate(count);
    }
    let own = tempfile::tempdir()?;
    let mut settings = Settings { data_dir: own.path().to_owned(), ..Settings::default() };
    if let Some(dir) = option("--data-dir") {
        settings.data_dir = PathBuf::from(dir);
    }
    settings.harvest.enabled = std::env::args().any(|argument| argument == "--pages");
    settings.harvest.reread = [1, 6, 24].map(|hours| Duration::from_secs(3600 * hours)).to_vec();
    settings.store.keep = Some(Duration::from_secs(3 * 86_400));

    let start: Time = "2026-03-02T00:00:00Z".parse()?;
    let hosts: std::collections::HashSet<_> =
        sources.iter().filter_map(|source| dateline::model::host_of(&source.url)).collect();
    println!("{} sources on {} hosts, {days} days", sources.len(), hosts.len());
    let course = Course::new(settings, sources, start);
    let began = Instant::now();
    // A stop and a start in the middle.
    course.run(days * 12, told)?;
    let middle = minutes(&course);
    println!("stopped, and started again after an hour");
    course.pause(Duration::from_secs(3600))?;
    course.run((days * 24).saturating_sub(days * 12 + 1), told)?;
    tell(&course, &middle, days, began.elapsed());
    Ok(())
}

/// Returns what follows an option on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn told(look: Look) {
    if look.at.timestamp() % (6 * 3600) == 0 {
        println!(
            "{}  {:>7} requests  {:>6} articles  {:>4} MiB of its own  {:>4} MiB of files  {:>3} descriptors",
            look.at.format("%a %d %H:%M"),
            look.requests,
            look.articles,
            look.own_kib >> 10,
            look.files_kib >> 10,
            look.descriptors
        );
    }
}

/// Feeds by a list.
fn catalog(file: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut known = std::collections::HashSet::new();
    for line in fs::read_to_string(file)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let mut source = Source::new(row["url"].as_str().ok_or("a line without `url`")?);
        if row["kind"].as_str().is_some_and(|kind| kind.contains("sitemap")) {
            source.kind = SourceKind::Sitemap;
        }
        if known.insert(source.id) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// Feeds on hosts of which the first has a sixth, the second a twelfth, and so on; most have one.
fn invented(count: usize) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut host = 1;
    while sources.len() < count {
        for feed in 0..(count / (6 * host)).max(1).min(count - sources.len()) {
            sources.push(Source::new(format!("https://outlet-{host}.example/feeds/{feed}.xml")));
        }
        host += 1;
    }
    sources
}

fn minutes(course: &Course) -> String {
    course.seen().first_minutes.map(|count| count.to_string()).join(" ")
}

fn tell(course: &Course, first: &str, days: u64, took: Duration) {
    let after_restart = minutes(course);
    let mut seen = course.seen();
    seen.conclude();
    let by_source = seen.by_source();
    let sources = by_source.len().max(1);
    let median = by_source[sources / 2];
    let days = days as f64;
    println!("\ntook                               {:.0} s", took.as_secs_f64());
    println!("requests                           {} ({} polls, {} pages)", seen.requests, seen.polls, seen.pages);
    println!(
        "polls a source and day             mean {:.1}, median {:.1}, most {:.1}",
        seen.polls as f64 / sources as f64 / days,
        median.polls as f64 / days,
        by_source[sources - 1].polls as f64 / days
    );
    println!(
        "answered with \"not modified\"       {:.0} %",
        100.0 * seen.not_modified as f64 / seen.polls.max(1) as f64
    );
    println!("bytes a source and day             {:.0} kB", seen.wire_bytes as f64 / 1e3 / sources as f64 / days);
    println!("requests at once on one host       {}", seen.most_at_once);
    println!("shortest gap on one host           {:.3} s", seen.shortest_gap.unwrap_or_default().as_secs_f64());
    println!("polls before their time            {}", seen.early);
    println!("polls without known validators     {}", seen.unconditional);
    println!("latest poll                        {:.2} × its interval ({})", seen.latest, seen.latest_url);
    println!("on the {} hosts without a pause     {:.2} ×", seen.overfull_hosts, seen.latest_overfull);
    println!("most requests in a second          {}", seen.most_a_second);
    println!("in each of the first ten minutes   {first}");
    println!("the same after the restart         {after_restart}");
}
