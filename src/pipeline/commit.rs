//! Owns the store and the memory of copies and stories: everything that is written passes here, in order.
//!
//! What waits is written in batches, one transaction each. A transaction that fails left no trace, so the memory is
//! rebuilt from the store and the same batch is tried again: nothing is lost, nothing is decided twice.

use std::{
    collections::HashSet,
    sync::{Arc, mpsc as sync_mpsc},
    thread,
    time::Duration,
};

use tokio::sync::mpsc;
use tracing::{debug, error, warn};

use super::{
    Busy, Clock, Error,
    assign::{self, Assigned},
    caught, fault, quarantine,
    recall::remember,
    work::{Harvested, PollSettled, Polled, Tally, Verdict, Work},
};
use crate::{
    config::Settings,
    dedup::Memory,
    model::{ArticleId, Time},
    serve::NAMES,
    source::schedule::{self, Outcome},
    store::{self, Checkpointer, Fate, Lock, PollRecord, Store, StoredRequest, Tx},
    telemetry::metrics,
};

/// Rows of one transaction: enough to share the cost of a sync to disk, few enough to be done in a moment.
const BATCH: usize = 100;
/// A transaction has its price, whatever is in it. Where work comes fast, one with fewer rows than this waits for more,
const FEW: usize = 12;
/// so often and so long.
const NAPS: u32 = 2;
const NAP: Duration = Duration::from_micros(500);
/// Waits between tries of a transaction that the disk refused, in seconds. After the last, the daemon stops with the reason.
const RETRIES: [u64; 5] = [1, 2, 5, 10, 20];

/// The one owner of what is ordered.
pub(crate) struct Owner {
    pub store: Store,
    pub memory: Memory,
    pub settings: Arc<Settings>,
    pub tally: Arc<Tally>,
    pub clock: Clock,
    /// Told after each transaction that the change log may have grown.
    pub grown: super::Poke,
    /// Told after each transaction.
    written: super::Poke,
}

/// What became of one piece of work, told only once its transaction is safe.
enum Written {
    Polled { settled: Box<PollSettled>, too_old: usize },
    Article(Assigned),
    Settled { failed: bool },
    Requests(Vec<StoredRequest>),
    Nothing,
}

impl Owner {
    /// Takes ownership of a store, with the memory as it was when the store was last written.
    pub fn new(
        mut store: Store,
        settings: Arc<Settings>,
        tally: Arc<Tally>,
        clock: Clock,
        grown: super::Poke,
    ) -> Result<Self, Error> {
        let memory = remember(&mut store, &settings.dedup)?;
        Ok(Self { store, memory, settings, tally, clock, grown, written: super::Poke::default() })
    }

    /// Writes until every sender is gone; then returns how many entries wait for a later time.
    pub fn run(mut self, inbox: mpsc::Receiver<(Work, Busy)>) -> Result<u64, Error> {
        let checkpointer = self.store.checkpointer()?;
        let (written, transactions) = sync_mpsc::sync_channel(1);
        self.written.0.push(written);
        thread::scope(|scope| {
            // It ends with its channel, which the work below takes with it.
            scope.spawn(move || checkpoint_after(&transactions, checkpointer));
            // Counted while the disk takes the rest of the log.
            Ok(self.work(inbox)?.reads().waiting_entries(Time::MIN_UTC)?.0)
        })
    }

    fn work(mut self, mut inbox: mpsc::Receiver<(Work, Busy)>) -> Result<Store, Error> {
        let mut comes_fast = false;
        while let Some((first, busy)) = inbox.blocking_recv() {
            let (mut batch, mut all_busy) = (vec![first], vec![busy]);
            let mut naps = if comes_fast { NAPS } else { 0 };
            while batch.len() < BATCH {
                if let Ok((next, busy)) = inbox.try_recv() {
                    batch.push(next);
                    all_busy.push(busy);
                } else if naps > 0 && batch.len() < FEW {
                    naps -= 1;
                    thread::sleep(NAP);
                } else {
                    break;
                }
            }
            comes_fast = batch.len() > 1;
            metrics().queue_depth.with_label_values(&["commit"]).set(inbox.len() as i64);
            metrics().passed("commit", "in", batch.len());
            self.write(batch)?;
        }
        Ok(self.store)
    }

    /// Writes a batch, whatever it takes short of losing it.
    pub fn write(&mut self, batch: Vec<Work>) -> Result<(), Error> {
        let mut waits = RETRIES.iter();
        loop {
            match self.try_write(&batch) {
                Ok(written) => {
                    metrics().passed("commit", "out", batch.len());
                    self.tell(batch, written);
                    return Ok(());
                }
                Err(error) => {
                    metrics().store_failures.inc();
                    self.memory = remember(&mut self.store, &self.settings.dedup)?;
                    if !error.is_transient() {
                        return self.write_singly(batch, error);
                    }
                    // The database says only that it could not write, not that nobody can any more.
                    let error = Lock::is_still_writable(&self.settings.data_dir).map_or_else(Error::from, |()| error);
                    let Some(&seconds) = waits.next() else { return Err(error) };
                    warn!(%error, "writing failed, trying again in {seconds} s");
                    thread::sleep(Duration::from_secs(seconds));
                }
            }
        }
    }

    /// Finds the piece of work that the store refuses, or that broke us: the others are written, that one is set aside with
    /// its reason.
    fn write_singly(&mut self, batch: Vec<Work>, error: Error) -> Result<(), Error> {
        if batch.len() > 1 {
            debug!(%error, "a batch was refused, writing its parts one by one");
            return batch.into_iter().try_for_each(|work| self.write(vec![work]));
        }
        let entry = batch.first().and_then(|work| match work {
            Work::Harvested(item) => item.entry,
            _ => None,
        });
        let Some(entry) = entry else { return Err(error) };
        metrics().passed("commit", "failed", 1);
        error!(entry.id = %entry, %error, "an article could not be stored and is set aside");
        if matches!(error, Error::Stage { .. }) {
            return self.write(vec![Work::Died { entry, reason: error.to_string() }]);
        }
        let fate = Fate::Failed {
            reason: format!("could not be stored: {error}"),
            next_try_at: Some(self.clock.now() + chrono::Duration::days(1)),
        };
        self.write(vec![Work::Settle { entry, fate }])
    }

    fn try_write(&mut self, batch: &[Work]) -> Result<Vec<Written>, Error> {
        let timer = metrics().commit_seconds.start_timer();
        let (memory, settings) = (&mut self.memory, &self.settings);
        let now = self.clock.now();
        self.store.sync(!batch.iter().all(can_be_repeated))?;
        let written = caught("commit", || {
            self.store.transaction(|tx| batch.iter().map(|work| write_one(tx, memory, settings, work, now)).collect())
        });
        timer.observe_duration();
        written
    }

    /// Counts what was written and answers who waits for it.
    fn tell(&self, batch: Vec<Work>, written: Vec<Written>) {
        let (tally, metrics) = (&self.tally, metrics());
        // What a source announces changes no article yet.
        let polls_only = batch.iter().all(|work| matches!(work, Work::Polled(_)));
        for (work, written) in batch.into_iter().zip(written) {
            match (work, written) {
                (Work::Polled(polled), Written::Polled { settled, too_old }) => {
                    let Polled { verdict, reply, .. } = *polled;
                    Tally::add(&tally.polled, usize::from(!matches!(verdict, Verdict::Pushed { .. })));
                    match verdict {
                        Verdict::NotModified { .. } => Tally::add(&tally.not_modified, 1),
                        Verdict::Unread { .. } | Verdict::Failed { .. } | Verdict::Asked { .. } | Verdict::Gone => {
                            Tally::add(&tally.failed, 1)
                        }
                        Verdict::Fresh { .. } | Verdict::Unchanged { .. } | Verdict::Pushed { .. } => {}
                    }
                    Tally::add(&tally.entries, settled.new);
                    Tally::add(&tally.skipped, too_old);
                    // The scheduler is gone only while everything stops.
                    let _ = reply.send(*settled);
                }
                (Work::Harvested(item), Written::Article(assigned)) => {
                    if item.missing_page.is_some() {
                        Tally::add(&tally.failed_pages, 1);
                        metrics.pages.with_label_values(&["failed"]).inc();
                    }
                    let result = match assigned {
                        Assigned::New { copy } => {
                            Tally::add(&tally.articles, 1);
                            Tally::add(&tally.copies, usize::from(copy));
                            "new"
                        }
                        Assigned::Revised => {
                            Tally::add(&tally.revisions, 1);
                            "revised"
                        }
                        Assigned::Unchanged => "unchanged",
                        Assigned::Refused => {
                            Tally::add(&tally.skipped, 1);
                            "refused"
                        }
                    };
                    metrics.articles.with_label_values(&[result]).inc();
                }
                (Work::Flush { reply }, _) => {
                    let _ = reply.send(());
                }
                (Work::TakeRequests { reply }, Written::Requests(requests)) => {
                    let _ = reply.send(requests);
                }
                (_, Written::Settled { failed }) => {
                    Tally::add(if failed { &tally.failed_pages } else { &tally.skipped }, 1);
                    metrics.pages.with_label_values(&[if failed { "failed" } else { "skipped" }]).inc();
                }
                _ => {}
            }
        }
        if !polls_only {
            self.grown.poke();
        }
        self.written.poke();
    }
}

/// Keeps the log of the store short, so that nobody who writes waits for it, and moves the rest in the end.
fn checkpoint_after(transactions: &sync_mpsc::Receiver<()>, checkpointer: Checkpointer) {
    while transactions.recv().is_ok() {
        if let Err(error) = checkpointer.run() {
            warn!(%error, "the log of the store could not be moved, which is tried again: {error}");
        }
    }
    if let Err(error) = checkpointer.finish() {
        warn!(%error, "the log of the store could not be moved, which the next start does");
    }
}

/// Polls need not wait for the disk: the state of a source and its entries go together, so that what a power failure takes
/// is asked for again. What a hub has told is not told twice. Nor need the note that some articles have the tags of now.
fn can_be_repeated(work: &Work) -> bool {
    match work {
        Work::Polled(polled) => !matches!(polled.verdict, Verdict::Pushed { .. }),
        Work::Retagged(retagged) => retagged.findings.is_empty(),
        _ => false,
    }
}

fn write_one(
    tx: &mut Tx<'_>,
    memory: &mut Memory,
    settings: &Settings,
    work: &Work,
    now: Time,
) -> Result<Written, Error> {
    Ok(match work {
        Work::Polled(polled) => {
            let (settled, too_old) = write_poll(tx, settings, polled)?;
            Written::Polled { settled: Box::new(settled), too_old }
        }
        Work::Harvested(item) => Written::Article(write_article(tx, memory, item)?),
        Work::Settle { entry, fate } => {
            tx.settle(*entry, fate, now)?;
            match fate {
                Fate::Skipped { reason } => debug!(entry.id = %entry, reason, "entry skipped: {reason}"),
                Fate::Failed { reason, .. } => debug!(entry.id = %entry, reason, "page failed: {reason}"),
                _ => {}
            }
            match fate {
                Fate::Failed { .. } | Fate::Partial { .. } | Fate::Deadly { .. } => Written::Settled { failed: true },
                Fate::Skipped { .. } => Written::Settled { failed: false },
                Fate::Article(_) | Fate::Revisit { .. } => Written::Nothing,
            }
        }
        Work::Died { entry, reason } => {
            quarantine::settle(tx, *entry, reason, now)?;
            Written::Settled { failed: true }
        }
        Work::Announced { entry, source, article } => match tx.announce(*article, *source) {
            Err(store::Error::Unknown { .. }) => {
                let reason = "the article was deleted and is kept from coming back".to_owned();
                tx.settle(*entry, &Fate::Skipped { reason }, now)?;
                Written::Settled { failed: false }
            }
            announced => {
                announced?;
                tx.settle(*entry, &Fate::Article(*article), now)?;
                Written::Nothing
            }
        },
        Work::Retagged(retagged) => {
            retagged.write(tx)?;
            Written::Nothing
        }
        Work::Delete(ids) => {
            delete(tx, memory, ids)?;
            Written::Nothing
        }
        Work::Flush { .. } => Written::Nothing,
        Work::Configure { sources, topic_names } => {
            tx.sync_sources(sources)?;
            tx.put_meta(NAMES, topic_names)?;
            Written::Nothing
        }
        Work::Remember { key, value } => {
            tx.put_meta(key, value)?;
            Written::Nothing
        }
        Work::Forget { keys } => {
            keys.iter().try_for_each(|key| tx.drop_meta(key))?;
            Written::Nothing
        }
        Work::TakeRequests { .. } => {
            let (deletions, others): (Vec<_>, Vec<_>) =
                tx.take_requests()?.into_iter().partition(|request| request.kind == "delete");
            for request in deletions {
                let ids: Vec<ArticleId> = serde_json::from_value(request.args).unwrap_or_default();
                delete(tx, memory, &ids)?;
            }
            Written::Requests(others)
        }
    })
}

fn delete(tx: &mut Tx<'_>, memory: &mut Memory, ids: &[ArticleId]) -> Result<(), Error> {
    for &id in ids {
        if tx.delete(id)? {
            let record = memory.forget(id);
            keep_record(tx, memory, id, &record)?;
        }
    }
    Ok(())
}

/// Keeps the record of the memory's last decision, and drops those that are out of its window.
pub(super) fn keep_record(tx: &mut Tx<'_>, memory: &Memory, id: ArticleId, record: &[u8]) -> Result<(), Error> {
    let seq = tx.append_dedup(id, record)?;
    // The store counts rows, the memory counts records: they differ where a damaged log was dropped.
    let behind = memory.next_number().saturating_sub(1).saturating_sub(memory.horizon());
    if behind < seq {
        tx.prune_dedup(seq - behind)?;
    }
    Ok(())
}

fn write_article(tx: &mut Tx<'_>, memory: &mut Memory, item: &Harvested) -> Result<Assigned, Error> {
    let assigned = assign::assign(tx, memory, item)?;
    fault::point("commit", item.url.as_str());
    debug!(article.url = %item.url, ?assigned, "article read");
    Ok(assigned)
}

/// Stores what a poll brought: the entries and the state that says when to poll again. Returns also how many entries were
/// skipped as too old.
fn write_poll(tx: &mut Tx<'_>, settings: &Settings, polled: &Polled) -> Result<(PollSettled, usize), Error> {
    let source = &polled.source;
    let document = match &polled.verdict {
        Verdict::Fresh { document, .. } | Verdict::Pushed { document } => Some(document),
        _ => None,
    };
    let entries = document.map(|document| document.entries.as_slice()).unwrap_or_default();
    let too_old = settings
        .poll
        .max_entry_age
        .and_then(|age| polled.ended_at.checked_sub_signed(chrono::Duration::from_std(age).ok()?));
    let saved = tx.save_entries(source.id, entries, polled.ended_at, too_old)?;
    let new = saved.new.len() + saved.too_old.len();
    let outcome = match &polled.verdict {
        Verdict::Fresh { document, body_hash, validators } => Some(Outcome::Fresh {
            feed: &document.feed,
            entries: entries.iter().map(|announced| &announced.entry).collect(),
            new_entries: new,
            body_hash: body_hash.clone(),
            validators: validators.clone(),
        }),
        Verdict::NotModified { validators } => Some(Outcome::NotModified { validators: validators.clone() }),
        Verdict::Unchanged { validators } => Some(Outcome::Unchanged { validators: validators.clone() }),
        Verdict::Unread { error, validators } => {
            Some(Outcome::Unread { error: error.clone(), validators: validators.clone() })
        }
        Verdict::Failed { error, http_status } => {
            Some(Outcome::Failed { error: error.clone(), http_status: *http_status })
        }
        Verdict::Asked { error, http_status, retry_after } => {
            Some(Outcome::Asked { error: error.clone(), http_status: *http_status, retry_after: *retry_after })
        }
        Verdict::Gone => Some(Outcome::Gone),
        Verdict::Pushed { .. } => None,
    };
    let state = match outcome {
        Some(outcome) => {
            schedule::after(&polled.before, source, &outcome, &polled.answer, &settings.poll, polled.ended_at)
        }
        // What a hub tells changes nothing in what is known of the server, nor when it is polled.
        None => tx.source(source.id)?.map(|stored| stored.state).unwrap_or_default(),
    };
    tx.save_poll(source.id, polled.before.title.as_deref(), &state, &poll_record(polled, &state, new))?;
    let mut settled = PollSettled { source: source.id, state, new, due: Vec::new() };
    if settings.harvest.enabled {
        let is_due: HashSet<_> = saved.new.iter().chain(&saved.changed).collect();
        let due = entries.iter().filter(|entry| is_due.contains(&entry.id));
        settled.due = due.map(|entry| (entry.id, entry.host.clone())).collect();
    }
    Ok((settled, saved.too_old.len()))
}

fn poll_record(polled: &Polled, state: &crate::model::SourceState, new: usize) -> PollRecord {
    let outcome = match &polled.verdict {
        Verdict::Fresh { .. } => "new",
        Verdict::Unchanged { .. } => "unchanged",
        Verdict::NotModified { .. } => "not modified",
        Verdict::Unread { error, .. } | Verdict::Failed { error, .. } | Verdict::Asked { error, .. } => error,
        Verdict::Gone => "gone",
        Verdict::Pushed { .. } => "told by its hub",
    };
    PollRecord {
        at: polled.ended_at,
        status: state.http_status,
        outcome: outcome.to_owned(),
        new: u32::try_from(new).unwrap_or(u32::MAX),
        duration: Duration::from_millis(polled.duration_ms),
    }
}
