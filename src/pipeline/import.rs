//! Articles from JSON lines through the same decisions as those from the network, at full speed.
//!
//! Reading, language, sketches and topics run on all cores, a chunk at a time; the order of the lines is the order of the
//! decisions. A line without a time takes its place between its neighbours.

use std::{io::BufRead, sync::Arc, sync::mpsc as sync_mpsc, thread};

use chrono::Utc;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::warn;

use super::{
    Busy, Error, Poke, WORK_QUEUE,
    commit::Owner,
    follow::Follower,
    harvest::analyse,
    panic_message,
    work::{Harvested, Tally, Work},
};
use crate::{
    config::Settings,
    index::Index,
    model::{CanonicalUrl, Extracted, PublishedAt, Time},
    store::Store,
    text::date,
    topic::Tagger,
};

/// Lines read and analysed at once.
const CHUNK: usize = 256;
/// The longest line in bytes: many times any article, so that a file that is not JSON lines ends in words, not in memory.
const LONGEST_LINE: usize = 64 << 20;

/// One line of an import, as `dateline export` also writes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Line {
    /// The article's address.
    pub url: String,
    /// Its text.
    pub body: String,
    /// Its headline.
    pub title: Option<String>,
    /// When it was published.
    pub published_at: Option<String>,
    /// The name of the source that announced it.
    pub source: Option<String>,
    /// The language (BCP 47).
    pub lang: Option<String>,
    /// The authors' names.
    #[serde(default)]
    pub authors: Vec<String>,
    /// A short description.
    pub summary: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Lines read.
    pub lines: u64,
    /// New articles, copies included.
    pub articles: u64,
    /// New articles that joined a group of copies.
    pub copies: u64,
    /// New texts of known articles.
    pub revisions: u64,
    /// Lines that could not be read.
    pub failed: u64,
    /// How long it took.
    pub duration_ms: u64,
}

/// What an import works with: a data directory whose lock the caller holds.
pub struct Target<'a> {
    /// The store.
    pub store: Store,
    /// The index.
    pub index: Index,
    /// The last change that the index has applied.
    pub applied: u64,
    /// The settings.
    pub settings: &'a Settings,
    /// The topics.
    pub tagger: &'a Tagger,
}

/// Imports every line of the input. `progress` is told the lines and bytes read so far.
///
/// # Errors
/// When the input cannot be read, or the store or the index fails. What was committed stays; the same import again goes on.
pub fn import(target: Target<'_>, input: impl BufRead, progress: impl Fn(u64, u64)) -> Result<ImportSummary, Error> {
    let started = std::time::Instant::now();
    let Target { store, index, applied, settings, tagger } = target;
    let tally = Arc::new(Tally::default());
    let settings = Arc::new(settings.clone());
    let (grown, growth) = sync_mpsc::sync_channel(1);
    let (work, inbox) = mpsc::channel(WORK_QUEUE);
    let (indexed, _follow) = tokio::sync::watch::channel(applied);
    let follower = Follower::new(store.reader()?, index, applied, &settings, Arc::default(), indexed);
    let owner = Owner::new(store, settings.clone(), tally.clone(), super::Clock::default(), Poke(vec![grown]))?;

    let counted = thread::scope(|scope| {
        let commit = scope.spawn(move || owner.run(inbox));
        let follow = scope.spawn(move || follower.run(&growth));
        let counted = read(input, tagger, &work, progress);
        drop(work);
        let store = joined("commit", commit.join());
        let index = joined("follow", follow.join());
        // A stage that failed is the reason why reading stopped, so it speaks first.
        store.and(index).and(counted)
    });
    let (lines, failed) = counted?;
    let summary = tally.summary(0, 0, started.elapsed().as_millis() as u64);
    Ok(ImportSummary {
        lines,
        articles: summary.articles,
        copies: summary.copies,
        revisions: summary.revisions,
        failed,
        duration_ms: summary.duration_ms,
    })
}

fn joined<T>(stage: &'static str, result: thread::Result<Result<T, Error>>) -> Result<(), Error> {
    match result {
        Ok(done) => done.map(drop),
        Err(panic) => Err(Error::Stage { stage, reason: panic_message(&*panic) }),
    }
}

/// Reads, analyses and hands over all lines. Returns how many there were, and how many could not be read.
fn read(
    mut input: impl BufRead,
    tagger: &Tagger,
    work: &mpsc::Sender<(Work, Busy)>,
    progress: impl Fn(u64, u64),
) -> Result<(u64, u64), Error> {
    let (mut lines, mut failed, mut bytes) = (0_u64, 0_u64, 0_u64);
    let mut clock = Clock::default();
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut ended = false;
        while chunk.len() < CHUNK {
            let mut text = String::new();
            let line = lines + 1;
            let unreadable = |reason: String| Error::Line { line, reason };
            let limited = &mut std::io::Read::take(&mut input, LONGEST_LINE as u64 + 1);
            let size = limited.read_line(&mut text).map_err(|error| unreadable(error.to_string()))?;
            if size == 0 {
                ended = true;
                break;
            }
            if size > LONGEST_LINE {
                return Err(unreadable("longer than 64 MiB, so this is no file of JSON lines".to_owned()));
            }
            bytes += size as u64;
            if text.trim().is_empty() {
                continue;
            }
            lines += 1;
            match article(&text) {
                Ok((url, text)) => chunk.push((url, clock.place(text.published), text)),
                Err(reason) => {
                    failed += 1;
                    warn!(line, reason, "line {line} is left out: {reason}");
                }
            }
        }
        let harvested: Vec<Work> =
            chunk.into_par_iter().map(|(url, at, text)| harvest(tagger, url, at, text)).collect();
        for item in harvested {
            if work.blocking_send((item, Busy::default())).is_err() {
                return Ok((lines, failed));
            }
        }
        progress(lines, bytes);
        if ended {
            return Ok((lines, failed));
        }
    }
}

struct Imported {
    source: Option<String>,
    published: Option<PublishedAt>,
    lang: Option<String>,
    text: Extracted,
}

fn article(line: &str) -> Result<(CanonicalUrl, Imported), String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let url = CanonicalUrl::parse(&line.url).map_err(|error| error.to_string())?;
    let published = match line.published_at.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(date::parse(text).ok_or_else(|| format!("`{text}` is not a time"))?),
        None => None,
    };
    let text = Extracted {
        title: line.title,
        authors: line.authors,
        published_at: published,
        site: line.site,
        image: line.image,
        summary: line.summary,
        body: line.body,
        ..Extracted::default()
    };
    Ok((url, Imported { source: line.source, published, lang: line.lang, text }))
}

/// Where in time a line stands: the latest time of the lines before it where its own is missing or earlier.
#[derive(Default)]
struct Clock {
    latest: Option<Time>,
}

impl Clock {
    fn place(&mut self, published: Option<PublishedAt>) -> Time {
        let now = Utc::now();
        // A time in the future is somebody's mistake and moves no clock.
        if let Some(at) = published.map(|published| published.at).filter(|at| *at <= now) {
            self.latest = Some(self.latest.map_or(at, |latest| latest.max(at)));
        }
        self.latest.unwrap_or(now)
    }
}

fn harvest(tagger: &Tagger, url: CanonicalUrl, arrived_at: Time, imported: Imported) -> Work {
    let Imported { source, lang, mut text, .. } = imported;
    let (sketch, findings) = analyse(tagger, &url, &mut text, lang, arrived_at);
    Work::Harvested(Box::new(Harvested {
        entry: None,
        source_id: None,
        source,
        url,
        aliases: Vec::new(),
        text,
        fetched_at: arrived_at,
        reread: None,
        missing_page: None,
        sketch,
        findings,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_time_stands_with_its_neighbours() {
        let at = |text: &str| date::parse(text);
        let mut clock = Clock::default();
        let first = clock.place(at("2026-01-02T10:00:00Z"));
        assert_eq!(clock.place(None), first);
        assert_eq!(clock.place(at("2026-01-01T10:00:00Z")), first);
        assert!(clock.place(at("2026-01-03T10:00:00Z")) > first);
    }

    #[test]
    fn a_line_that_is_no_article_says_why() {
        for line in [
            "{}",
            "nonsense",
            r#"{"url":"ftp://a/b","body":""}"#,
            r#"{"url":"http://a/b","body":"x","published_at":"soon"}"#,
        ] {
            assert!(article(line).is_err(), "{line}");
        }
    }
}
