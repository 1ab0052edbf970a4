//! The flow: five stages joined by bounded channels, wired here.
//!
//! ```text
//! dispatch -> poll xN -> [store: entries due] -> harvest xM -> assign x1 -> commit x1 -> change log -> follow (index), alert
//! ```
//!
//! `dispatch` decides what is requested next. `poll` and `harvest` are tasks that fetch and read. One thread owns the
//! store and the memory of copies: it runs `assign` inside the transactions of `commit`. `follow` is the thread that
//! brings the change log into the index; `alert` follows the same log. Every channel is bounded, so a slow disk slows the
//! polling, and memory stays bounded. To stop is to close the intake: the stages drain one after another.

mod alert;
mod assign;
mod audit;
mod clock;
mod commit;
mod context;
mod dispatch;
mod draft;
mod errand;
mod fault;
mod follow;
mod gate;
mod harvest;
mod identity;
mod import;
mod poll;
mod prune;
mod pulse;
mod quarantine;
mod recall;
mod requests;
mod retag;
mod supervise;
#[cfg(test)]
mod tests;
mod websub;
mod work;

use std::{
    sync::{Arc, Mutex, mpsc as sync_mpsc},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

pub use self::alert::send;
pub use self::{
    audit::{Audit, audit},
    clock::{Busy, Clock},
    dispatch::Options,
    import::{ImportSummary, Input, Line, Target, import},
    requests::{delete, reindex},
    retag::retag_all,
    work::Summary,
};
use self::{
    context::{Context, Poke, Sources},
    dispatch::Dispatcher,
    quarantine::Reading,
    supervise::{Tasks, caught, died, join, panic_message, reason_of},
    websub::Leases,
    work::Tally,
};
use crate::{
    config::{self, Settings},
    dedup, extract,
    fetch::Fetcher,
    index::{self, Index},
    model::Source,
    serve::{HubCall, Liveness, TopicNames},
    store::{self, Reader, Store},
    topic::Tagger,
};

/// Pieces of work that wait for the owner of the store: a few batches, so that it never starves and never hoards.
const WORK_QUEUE: usize = 256;

/// How long the end of a pass waits for the index, for the sake of alerts: more than a slow disk takes. What is left is
/// delivered by the next run,
const LAST_COMMIT: Duration = Duration::from_secs(60);
/// and once it was told to stop.
const LAST_COMMIT_OF_STOP: Duration = Duration::from_secs(5);

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The index.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The memory of copies and stories.
    #[error(transparent)]
    Dedup(#[from] dedup::Error),
    /// A stage died.
    #[error("stage {stage} died: {reason}")]
    Stage {
        /// Which one.
        stage: &'static str,
        /// What it said.
        reason: String,
    },
    /// An input of an import.
    #[error("{name}: {reason}")]
    Input {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Tells whether the same may work later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// Everything a run works with, opened and checked.
pub struct Parts {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The sources of the configuration.
    pub sources: Vec<Source>,
    /// The topics, compiled.
    pub tagger: Tagger,
    /// The extractor with the user's site rules.
    pub extractor: extract::Extractor,
    /// Network or replay.
    pub fetcher: Fetcher,
    /// The store, with the data directory's lock held by the caller.
    pub store: Store,
    /// The index, and the last change it has applied.
    pub index: Index,
    /// The sequence number of that change.
    pub applied: u64,
    /// Told that the flow moves.
    pub liveness: Liveness,
    /// The time to live by.
    pub clock: Clock,
    /// New configurations, while it runs.
    pub reload: mpsc::Receiver<Reload>,
    /// What hubs say to the server.
    pub hub_calls: mpsc::Receiver<HubCall>,
}

/// What of a configuration can change while a run goes on.
pub struct Reload {
    /// The sources of the configuration.
    pub sources: Vec<Source>,
    /// The topics, compiled.
    pub tagger: Tagger,
    /// What the topics are called.
    pub names: TopicNames,
}

/// Polls, harvests, assigns, stores, indexes and alerts until told to stop, or for one pass.
///
/// # Errors
/// When the store or the index fails for good, or a stage dies. What was committed stays.
pub async fn run(parts: Parts, options: Options, stop: CancellationToken) -> Result<Summary, Error> {
    let started = Instant::now();
    let Parts { settings, sources, tagger, extractor, fetcher, mut store, .. } = parts;
    let Parts { index, applied, liveness, clock, reload, hub_calls, .. } = parts;
    let searcher = index.searcher();
    store.transaction(|tx| tx.sync_sources(&sources))?;
    // From here on the store has them.
    drop(sources);
    retag::note(&mut store, &tagger)?;
    let reading = Reading::open(&settings.data_dir, &mut store, clock.now())?;
    let (reader, follower_reader) = (store.reader()?, store.reader()?);

    let tally = Arc::new(Tally::default());
    let (work, inbox) = mpsc::channel(WORK_QUEUE);
    let (answered, answers) = mpsc::channel(WORK_QUEUE);
    let (grown, growth) = sync_mpsc::sync_channel(1);
    let (indexed, index_growth) = watch::channel(applied);
    let mut searchable = index_growth.clone();
    let (source_list, source_watch) = watch::channel(Sources::default());
    let (tagger_change, tagger_watch) = watch::channel(Arc::new(tagger));
    let (offers, offered) = mpsc::channel(WORK_QUEUE);
    let (pushed, pushes) = mpsc::channel(1);
    let (leases, lease_watch) = watch::channel(Leases::default());
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let context = Arc::new(Context {
        settings: settings.clone(),
        fetcher,
        extractor,
        work,
        sources: source_watch,
        tagger: tagger_watch,
        answered,
        offers: settings.serve.public_url.is_some().then_some(offers),
        leases: lease_watch,
        clock: clock.clone(),
        cores: Semaphore::new(cores),
        all_cores: u32::try_from(cores).unwrap_or(u32::MAX),
        reading,
        reader: Mutex::new(store.reader()?),
    });

    let owner = commit::Owner::new(store, settings.clone(), tally.clone(), clock, Poke(vec![grown]))?;
    let commit = spawn("commit", stop.clone(), move || owner.run(inbox));
    let rebuild = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut follower = follow::Follower::new(follower_reader, index, applied, &settings, rebuild.clone(), indexed);
    follower.liveness = liveness.clone();
    let follow = spawn("follow", stop.clone(), move || follower.run(&growth));

    let sources_changed = Arc::new(Notify::new());
    let background = stop.child_token();
    let tasks = Tasks { context: context.clone(), sources_changed: sources_changed.clone(), stop, background };
    let alerts = tasks.start("alert", move |tasks| {
        alert::run(tasks.context, index_growth.clone(), searcher.clone(), tasks.background)
    });
    let requests = tasks.start("requests", move |tasks| requests::run(tasks, rebuild.clone()));
    let retag = tasks.start("retag", |tasks| retag::run(tasks.context, tasks.background));
    let prune = tasks.start("prune", move |tasks| prune::run(tasks.context, options.once, tasks.background));
    let beating = liveness.clone();
    let pulse = tasks.start("pulse", move |tasks| pulse::run(tasks, beating.clone()));
    let reload = Arc::new(tokio::sync::Mutex::new(reload));
    let reloads = tasks.start("reload", move |tasks| requests::reload(tasks, reload.clone(), tagger_change.clone()));
    let (stop, background) = (tasks.stop.clone(), tasks.background.clone());
    // It holds a way to the store, which ends when all of them are gone.
    drop(tasks);

    let lines = dispatch::Lines { answered: answers, pushed: pushes, source_list, sources_changed, liveness };
    let dispatcher = Dispatcher::new(context.clone(), reader, options, lines)?;
    let lines = websub::Lines { offers: offered, calls: hub_calls, pushed, leases };
    let hubs = tokio::spawn(websub::run(context.clone(), lines, options.once, background.clone()));
    let dispatched = join("dispatch", tokio::spawn(dispatcher.run(stop.clone()))).await;
    if options.once && !stop.is_cancelled() {
        // A pass that changed the topics also retags; a daemon does so at leisure.
        join("retag", retag).await??;
        join("prune", prune).await??;
    }
    if !settings.alerts.is_empty() {
        wait_until_searchable(&context, &mut searchable, &stop).await;
    }
    background.cancel();
    let (requests, reloads, pulse) = (requests.await, reloads.await, pulse.await);
    join("websub", hubs).await?;
    drop(context);
    let waiting = join("commit", commit).await??;
    join("follow", follow).await??;
    let alerts = alerts.await;

    let sources = dispatched??;
    for ended in [requests, reloads, pulse, alerts].into_iter().flatten() {
        ended?;
    }
    let summary = tally.summary(sources, waiting, started.elapsed().as_millis() as u64);
    info!(articles = summary.articles, duration_ms = summary.duration_ms, "stopped");
    Ok(summary)
}

/// Waits until everything handed over so far is in the index, so that alerts can see it before the end.
async fn wait_until_searchable(context: &Context, searchable: &mut watch::Receiver<u64>, stop: &CancellationToken) {
    context.flush().await;
    let Ok(last) = context.read(Reader::last_seq) else { return };
    let told_to_stop = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_COMMIT_OF_STOP).await;
    };
    tokio::select! {
        _ = searchable.wait_for(|seq| *seq >= last) => {}
        () = tokio::time::sleep(LAST_COMMIT) => {}
        () = told_to_stop => {}
    }
}

/// Starts a stage that is a thread of its own, on the runtime's blocking pool so that it can be joined from async code.
/// However it ends, it stops the others if it ends before its time: nothing may be polled that nobody can store.
fn spawn<T: Send + 'static>(
    stage: &'static str,
    stop: CancellationToken,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> tokio::task::JoinHandle<Result<T, Error>> {
    tokio::task::spawn_blocking(move || {
        let stop = stop.drop_guard();
        let done = work();
        if let Err(error) = &done {
            error!(stage, %error, "stage {stage} failed: stopping");
        } else {
            stop.disarm();
        }
        done
    })
}

/// Opens the index of a data directory, and says so where it has to be built anew.
///
/// # Errors
/// When the directory cannot be read or written.
pub fn open_index(settings: &config::Settings) -> Result<(Index, u64), Error> {
    let opened = Index::open(&settings.data_dir.join("index"), &settings.index)?;
    if let index::State::Rebuilt { reason } = &opened.state {
        tracing::warn!(reason, "the index is rebuilt from the store: {reason}");
    }
    Ok((opened.index, opened.last_seq))
}
