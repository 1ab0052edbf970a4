//! Brings the change log into the index: what the store says happened, in order, in batches.
//!
//! Each index commit carries the last sequence number it holds, so a start replays exactly the gap.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::sync::watch;
use tracing::{info, warn};

use super::{Error, caught, fault};
use crate::{
    config::{self, Settings},
    index::{Document, Index},
    model::{ArticleId, SourceId, Time},
    serve::{Liveness, Loop},
    store::{ArticleFilter, ChangeKind, Cursor, Reader},
    telemetry::metrics,
};

/// Waits between tries of an index that fails, in seconds.
const RETRIES: [u64; 5] = [1, 2, 5, 10, 30];
/// Changes read from the log at once.
const BATCH: usize = 500;

pub(crate) struct Follower {
    reader: Reader,
    /// `None` after a failure, until it is opened again.
    index: Option<Index>,
    applied: u64,
    committed: u64,
    /// When the next commit is due.
    due: Instant,
    interval: Duration,
    /// The new articles of the coming commit, for the lag.
    fresh: Vec<Fresh>,
    rebuild: Arc<AtomicBool>,
    indexed: watch::Sender<u64>,
    /// Told that the loop moves.
    pub liveness: Liveness,
    dir: PathBuf,
    settings: config::Index,
    /// What sources are called, as of the last commit.
    names: HashMap<SourceId, Option<String>>,
}

/// What is to be done about an article.
#[derive(Clone, Copy, Default)]
struct Todo {
    is_new: bool,
    /// The index cannot have it yet.
    is_absent: bool,
}

/// When a new article was fetched, and published where that is known to the minute.
struct Fresh {
    fetched_at: Time,
    published_at: Option<Time>,
}

impl Follower {
    pub fn new(
        reader: Reader,
        index: Index,
        applied: u64,
        settings: &Settings,
        rebuild: Arc<AtomicBool>,
        indexed: watch::Sender<u64>,
    ) -> Self {
        Self {
            reader,
            index: Some(index),
            applied,
            committed: applied,
            due: Instant::now() + settings.index.commit_interval,
            interval: settings.index.commit_interval,
            fresh: Vec::new(),
            rebuild,
            indexed,
            liveness: Liveness::default(),
            dir: settings.data_dir.join("index"),
            settings: settings.index.clone(),
            names: HashMap::new(),
        }
    }

    /// Follows the log until the writer is gone, then commits what is left. `grown` wakes it.
    ///
    /// An index that fails is opened again, or built anew where it is damaged: the log has everything.
    pub fn run(mut self, grown: &Receiver<()>) -> Result<(), Error> {
        let mut waits = RETRIES.iter();
        loop {
            let before = self.committed;
            let Err(error) = caught("follow", || self.follow(grown)) else { return self.close() };
            if self.committed > before {
                waits = RETRIES.iter();
            }
            let Some(&seconds) = waits.next() else { return Err(error) };
            metrics().index_failures.inc();
            metrics().passed("index", "failed", 1);
            warn!(%error, "the index failed, opening it again in {seconds} s");
            // Its lock has to go before it can be opened again.
            drop(self.index.take());
            thread::sleep(Duration::from_secs(seconds));
        }
    }

    /// Applies what is left, then ends in order: the next start need not look for damage.
    pub fn finish(mut self) -> Result<(), Error> {
        self.catch_up(true)?;
        self.close()
    }

    fn close(mut self) -> Result<(), Error> {
        Ok(self.index.take().map_or(Ok(()), Index::close)?)
    }

    fn reopen(&mut self) -> Result<(), Error> {
        let opened = Index::open(&self.dir, &self.settings)?;
        self.index = Some(opened.index);
        (self.applied, self.committed) = (opened.last_seq, opened.last_seq);
        self.fresh.clear();
        Ok(())
    }

    fn follow(&mut self, grown: &Receiver<()>) -> Result<(), Error> {
        if self.index.is_none() {
            self.reopen()?;
        }
        loop {
            self.liveness.beat(Loop::Follow);
            let wait = if self.applied > self.committed { self.due - Instant::now() } else { self.interval };
            let writing = !matches!(grown.recv_timeout(wait), Err(RecvTimeoutError::Disconnected));
            if self.rebuild.swap(false, Ordering::Relaxed) {
                info!("rebuilding the index from the store");
                self.rebuild(|_| {})?;
            }
            self.catch_up(!writing)?;
            if !writing {
                return Ok(());
            }
        }
    }

    /// Fills an empty index beside the live one, which answers until it is replaced. `progress` is told how many
    /// articles are done.
    pub fn rebuild(&mut self, progress: impl Fn(u64)) -> Result<(), Error> {
        let live = self.index.replace(Index::create_beside(&self.dir, &self.settings)?);
        let (seq, mut after, mut done) = (self.reader.last_seq()?, Cursor::default(), 0);
        loop {
            let (ids, next) = self.reader.article_ids(&ArticleFilter::default(), after, BATCH)?;
            let absent = Todo { is_new: false, is_absent: true };
            self.apply(&ids.iter().map(|id| (*id, absent)).collect())?;
            self.liveness.beat(Loop::Follow);
            done += ids.len() as u64;
            progress(done);
            let Some(next) = next else { break };
            after = next;
        }
        self.applied = seq;
        self.commit()?;
        if let (Some(new), Some(live)) = (self.index.take(), live) {
            self.index = Some(new.swap(live)?);
        }
        Ok(())
    }

    /// Applies what the log holds beyond the index; commits when the interval is over, or at the end when `last`.
    pub fn catch_up(&mut self, last: bool) -> Result<(), Error> {
        loop {
            self.liveness.beat(Loop::Follow);
            let changes = self.reader.changes_after(self.applied, BATCH)?;
            let behind = self.reader.last_seq()?.saturating_sub(self.applied);
            metrics().queue_depth.with_label_values(&["index"]).set(behind as i64);
            metrics().passed("index", "in", changes.len());
            let Some(newest) = changes.last().map(|change| change.seq) else { break };
            let mut todo: HashMap<ArticleId, Todo> = HashMap::with_capacity(changes.len());
            // How many copies an article has is read from the store when it is shown: the index need not know.
            for change in changes.iter().filter(|change| change.kind != ChangeKind::Copies) {
                let todo = todo.entry(change.article).or_default();
                todo.is_new |= change.kind == ChangeKind::New;
            }
            self.apply(&todo)?;
            self.applied = newest;
            metrics().passed("index", "out", changes.len());
            if Instant::now() >= self.due {
                self.commit()?;
            }
        }
        if self.applied > self.committed && (last || Instant::now() >= self.due) {
            self.commit()?;
        }
        Ok(())
    }

    fn apply(&mut self, articles: &HashMap<ArticleId, Todo>) -> Result<(), Error> {
        let ids: Vec<ArticleId> = articles.keys().copied().collect();
        let found = self.reader.articles(&ids)?;
        let announcers = self.reader.announcers(&ids)?;
        for article in &found {
            fault::point("follow", article.url.as_str());
            let todo = articles[&article.id];
            if todo.is_new {
                let published = article.published_at.filter(|published| !published.date_only);
                self.fresh.push(Fresh { fetched_at: article.fetched_at, published_at: published.map(|it| it.at) });
            }
            let mut sources = Vec::new();
            for id in announcers.get(&article.id).into_iter().flatten() {
                sources.push(id.to_string());
                sources.extend(self.name_of(*id)?);
            }
            let group = article.duplicate_of.unwrap_or(article.id);
            let document = Document { article, group, sources: &sources };
            if todo.is_absent { self.index()?.add(&document) } else { self.index()?.put(&document) }?;
        }
        let found: HashSet<ArticleId> = found.iter().map(|article| article.id).collect();
        for id in ids.iter().filter(|id| !found.contains(id)) {
            self.index()?.delete(*id);
        }
        Ok(())
    }

    fn name_of(&mut self, id: SourceId) -> Result<Option<String>, Error> {
        if !self.names.contains_key(&id) {
            let name = self.reader.source(id)?.map(|source| source.name);
            self.names.insert(id, name);
        }
        Ok(self.names[&id].clone())
    }

    fn index(&mut self) -> Result<&mut Index, Error> {
        let gone = || Error::Stage { stage: "follow", reason: "the index is closed after a failure".to_owned() };
        self.index.as_mut().ok_or_else(gone)
    }

    fn commit(&mut self) -> Result<(), Error> {
        let (timer, began) = (metrics().index_commit_seconds.start_timer(), Instant::now());
        let applied = self.applied;
        self.index()?.commit(applied)?;
        timer.observe_duration();
        self.names.clear();
        // Where commits take long, half of the time is left for what they commit.
        self.due = began + self.interval.max(2 * began.elapsed());
        self.committed = self.applied;
        let now = Utc::now();
        let lag = |since: Time| (now - since).to_std().unwrap_or_default().as_secs_f64();
        for Fresh { fetched_at, published_at } in self.fresh.drain(..) {
            metrics().searchable_lag_seconds.observe(lag(fetched_at));
            if let Some(published_at) = published_at {
                metrics().published_lag_seconds.observe(lag(published_at));
            }
        }
        metrics().index_sequence.set(self.committed as i64);
        self.indexed.send_replace(self.committed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, tests::article};

    /// A rebuild reads a store that grows: the index then holds more than its number says, until the next commit.
    #[test]
    fn what_an_index_holds_beyond_its_number_is_not_taken_in_twice() {
        let dir = tempfile::tempdir().expect("a directory");
        let settings = Settings { data_dir: dir.path().to_owned(), ..Settings::default() };
        let mut store = Store::open(dir.path()).expect("a store");
        let (index, applied) = super::super::open_index(&settings).expect("an index");
        let reader = store.reader().expect("a reader");
        let mut follower = Follower::new(reader, index, applied, &settings, Arc::default(), watch::channel(applied).0);
        let mut follow = |follower: &mut Follower, inserted: u64| {
            for number in 0..inserted {
                let is_new = store.transaction(|tx| tx.insert(&article(10 * number + inserted)));
                assert!(is_new.expect("a transaction"));
            }
            follower.catch_up(true).expect("it works");
            follower.index().expect("it is open").searcher().articles()
        };
        assert_eq!(follow(&mut follower, 1), 1);
        assert_eq!(follow(&mut follower, 2), 3);
        follower.index().expect("it is open").commit(0).expect("it works");
        drop(follower.index.take());
        follower.reopen().expect("it opens");
        assert_eq!(follow(&mut follower, 3), 6);
    }
}
