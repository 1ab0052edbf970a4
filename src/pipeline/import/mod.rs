//! Articles from files through the same decisions as those from the network, at full speed.
//!
//! A file holds JSON lines or the pages of a web archive. Reading pages, language, sketches and topics run on all cores, a
//! chunk at a time; the order in the file is the order of the decisions. How far each file was read is kept in the store
//! with its articles: an import that was killed goes on there, and once all files are done that is forgotten.

mod input;
mod lines;
mod pages;

use std::{collections::BTreeMap, sync::Arc, sync::mpsc as sync_mpsc, thread};

use rayon::prelude::*;
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::warn;

pub use self::{input::Input, lines::Line};
use self::{
    input::{Contents, Position},
    lines::Clock,
};
use super::{
    Busy, Error, Poke, WORK_QUEUE,
    commit::Owner,
    follow::Follower,
    panic_message, retag,
    work::{Tally, Work},
};
use crate::{config::Settings, extract::Extractor, index::Index, store::Store, topic::Tagger};

/// Lines or pages read and analysed at once.
const CHUNK: usize = 256;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Lines read.
    pub lines: u64,
    /// Answers read from web archives.
    pub pages: u64,
    /// New articles, copies included.
    pub articles: u64,
    /// New articles that joined a group of copies.
    pub copies: u64,
    /// New texts of known articles.
    pub revisions: u64,
    /// Lines that could not be read, records that were damaged or too large.
    pub failed: u64,
    /// Answers without an article in them, by the reason.
    pub skipped: BTreeMap<String, u64>,
    /// Lines and answers that an earlier attempt had taken already.
    pub resumed: u64,
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
    /// The extractor with the user's site rules.
    pub extractor: &'a Extractor,
}

/// Imports all inputs, in their order. `progress` is told the lines and pages, and the bytes of the files read so far.
///
/// # Errors
/// When an input cannot be read, or the store or the index fails. What was committed stays; the same import again goes on.
pub fn import(target: Target<'_>, inputs: Vec<Input>, progress: impl Fn(u64, u64)) -> Result<ImportSummary, Error> {
    let started = std::time::Instant::now();
    let Target { mut store, index, applied, settings, tagger, extractor } = target;
    retag::note(&mut store, tagger)?;
    let tally = Arc::new(Tally::default());
    let settings = Arc::new(settings.clone());
    let (grown, growth) = sync_mpsc::sync_channel(1);
    let (work, inbox) = mpsc::channel(WORK_QUEUE);
    let (indexed, _follow) = tokio::sync::watch::channel(applied);
    let inputs = with_positions(&store, inputs)?;
    let follower = Follower::new(store.reader()?, index, applied, &settings, Arc::default(), indexed);
    let owner = Owner::new(store, settings.clone(), tally.clone(), super::Clock::default(), Poke(vec![grown]))?;

    let mut reading = Reading {
        tagger,
        extractor,
        work,
        summary: ImportSummary::default(),
        clock: Clock::default(),
        bytes: 0,
        progress,
    };
    let read = thread::scope(|scope| {
        let commit = scope.spawn(move || owner.run(inbox));
        let follow = scope.spawn(move || follower.run(&growth));
        let read = reading.read_all(inputs);
        let Reading { work, summary, .. } = reading;
        drop(work);
        let store = joined("commit", commit.join());
        let index = joined("follow", follow.join());
        // A stage that failed is the reason why reading stopped, so it speaks first.
        store.and(index).and(read).map(|()| summary)
    })?;
    let counted = tally.summary(0, 0, started.elapsed().as_millis() as u64);
    Ok(ImportSummary {
        articles: counted.articles,
        copies: counted.copies,
        revisions: counted.revisions,
        duration_ms: counted.duration_ms,
        ..read
    })
}

fn with_positions(store: &Store, inputs: Vec<Input>) -> Result<Vec<(Input, Position)>, Error> {
    let position = |input: Input| {
        let kept = input.key().map(|key| store.reads().get_meta(key)).transpose()?.flatten();
        let position = input.position(kept.as_deref());
        Ok((input, position))
    };
    inputs.into_iter().map(position).collect()
}

fn joined<T>(stage: &'static str, result: thread::Result<Result<T, Error>>) -> Result<(), Error> {
    match result {
        Ok(done) => done.map(drop),
        Err(panic) => Err(Error::Stage { stage, reason: panic_message(&*panic) }),
    }
}

/// The stages before the store: reading, and everything that can be said of one text alone.
struct Reading<'a, P> {
    tagger: &'a Tagger,
    extractor: &'a Extractor,
    work: mpsc::Sender<(Work, Busy)>,
    summary: ImportSummary,
    clock: Clock,
    /// The bytes of the inputs that are done.
    bytes: u64,
    progress: P,
}

/// The owner of the store is gone and says itself why.
struct Closed;

impl<P: Fn(u64, u64)> Reading<'_, P> {
    fn read_all(&mut self, inputs: Vec<(Input, Position)>) -> Result<(), Error> {
        let keys: Vec<String> = inputs.iter().filter_map(|(input, _)| input.key().map(str::to_owned)).collect();
        for (input, position) in inputs {
            let (name, size) = (input.name.clone(), input.size());
            match self.read(input, position).map_err(|reason| Error::Input { name, reason })? {
                Ok(()) => self.bytes += size.unwrap_or(0),
                Err(Closed) => return Ok(()),
            }
        }
        let _ = self.hand_over(Work::Forget { keys });
        Ok(())
    }

    /// Reads, analyses and hands over one input from where an earlier attempt stopped.
    fn read(&mut self, input: Input, mut position: Position) -> Result<Result<(), Closed>, String> {
        self.summary.resumed += position.items;
        if position.items > 0 {
            self.clock = position.clock;
        }
        if position.ended {
            return Ok(Ok(()));
        }
        let unreadable = |error: std::io::Error| error.to_string();
        let (name, key) = (input.name.clone(), input.key().map(str::to_owned));
        let mut gauge = input.gauge().map_err(unreadable)?;
        let mut contents = input.contents(&position).map_err(unreadable)?;
        while !position.ended {
            let before = position.items;
            let harvested = self.chunk(&mut contents)?;
            position.advance(&contents, self.clock, harvested.is_none());
            match contents {
                Contents::Lines(_) => self.summary.lines += position.items - before,
                Contents::Pages(_) => self.summary.pages += position.items - before,
            }
            for harvested in harvested.into_iter().flatten() {
                let closed = match harvested {
                    Ok(work) => self.hand_over(work),
                    Err(reason) => {
                        *self.summary.skipped.entry(reason).or_default() += 1;
                        Ok(())
                    }
                };
                if closed.is_err() {
                    return Ok(closed);
                }
            }
            if let Some(key) = key.clone() {
                let value = serde_json::to_string(&position).expect("plain data");
                if let Err(closed) = self.hand_over(Work::Remember { key, value }) {
                    return Ok(Err(closed));
                }
            }
            (self.progress)(self.summary.lines + self.summary.pages, self.bytes + gauge.bytes());
        }
        self.summary.failed += match &contents {
            Contents::Lines(lines) => lines.failed,
            Contents::Pages(pages) => pages.failed(),
        };
        if let Contents::Pages(pages) = &contents
            && pages.failed() > 0
        {
            warn!("{name}: {} records were damaged or too large and are left out", pages.failed());
        }
        Ok(Ok(()))
    }

    /// Reads and analyses a chunk; `None` at the end.
    fn chunk(&mut self, contents: &mut Contents) -> Result<Option<Vec<Result<Work, String>>>, String> {
        let (tagger, extractor) = (self.tagger, self.extractor);
        let harvested: Vec<_> = match contents {
            Contents::Lines(lines) => {
                let before = lines.offset;
                let chunk = lines.chunk(&mut self.clock)?;
                if lines.offset == before {
                    return Ok(None);
                }
                chunk.into_par_iter().map(|placed| Ok(lines::harvest(tagger, placed))).collect()
            }
            Contents::Pages(pages) => {
                let chunk = pages.chunk().map_err(|error| error.to_string())?;
                if chunk.is_empty() {
                    return Ok(None);
                }
                chunk.par_iter().map(|record| pages::harvest(extractor, tagger, record)).collect()
            }
        };
        Ok(Some(harvested))
    }

    fn hand_over(&self, work: Work) -> Result<(), Closed> {
        self.work.blocking_send((work, Busy::default())).map_err(|_| Closed)
    }
}
