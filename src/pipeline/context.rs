//! What the tasks of a run share: settings, tools, and the ways to the scheduler and to the owner of the store.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, mpsc as sync_mpsc},
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::{
    Busy, Clock, died,
    errand::{Answered, Errand},
    quarantine::Reading,
    supervise::reason_of,
    websub::{Leases, Offer},
    work::Work,
};
use crate::{
    config::Settings,
    extract,
    fetch::Fetcher,
    model::{FullText, Source, SourceId, SourceState, host_of, outlet_of},
    store::{DueEntry, Reader},
    telemetry::metrics,
    topic::Tagger,
};

/// What the tasks of a run share.
pub(crate) struct Context {
    pub settings: Arc<Settings>,
    pub fetcher: Fetcher,
    pub extractor: extract::Extractor,
    pub work: mpsc::Sender<(Work, Busy)>,
    pub sources: watch::Receiver<Sources>,
    pub tagger: watch::Receiver<Arc<Tagger>>,
    pub answered: mpsc::Sender<Answered>,
    /// Told of hubs that feeds offer; `None` where hubs cannot reach us.
    pub offers: Option<mpsc::Sender<Offer>>,
    pub leases: watch::Receiver<Leases>,
    pub clock: Clock,
    pub cores: Semaphore,
    pub all_cores: u32,
    pub reading: Reading,
    /// For the tasks in the background, which read seldom and briefly.
    pub reader: Mutex<Reader>,
}

/// The sources by id.
pub(crate) type Sources = Arc<HashMap<SourceId, Arc<Source>>>;

impl Context {
    /// Runs work of the processor off the async threads, no more of it at once than there are cores.
    ///
    /// # Errors
    /// When it panicked: the panic's message.
    pub async fn compute<T: Send + 'static>(
        &self,
        stage: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        self.compute_on(1, stage, work).await
    }

    /// Does the same for an entry. One on which the process has died before is read with nothing beside it: if it dies
    /// again it was this one, and who only stood beside it is soon cleared.
    ///
    /// # Errors
    /// When it panicked: the panic's message.
    pub async fn compute_entry<T: Send + 'static>(
        &self,
        deaths: u32,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        self.compute_on(if deaths > 0 { self.all_cores } else { 1 }, "harvest", work).await
    }

    async fn compute_on<T: Send + 'static>(
        &self,
        cores: u32,
        stage: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let began = Instant::now();
        let _permits = self.cores.acquire_many(cores).await.expect("the semaphore is never closed");
        metrics().backpressure_seconds.with_label_values(&[stage]).inc_by(began.elapsed().as_secs_f64());
        tokio::task::spawn_blocking(work).await.map_err(|death| {
            let reason = reason_of(death);
            died(stage, &reason);
            format!("the reader gave up: {reason}")
        })
    }

    /// Reads from the store, for tasks in the background.
    pub fn read<T>(&self, read: impl FnOnce(&Reader) -> T) -> T {
        read(&self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Begins a request to a host, whose turn ends with [`Asking::answered`] or, if the task dies, with the task.
    pub fn asking(&self, host: String) -> Asking {
        let limit = self.clock.elapsed() + STALLED.min(self.settings.http.timeout);
        Asking { host: Some(host), limit, clock: self.clock.clone(), answered: self.answered.clone() }
    }

    /// Hands work to the owner of the store; waits where it has enough. Returns whether it took it: it does not where it
    /// has failed, which it says itself, and what the work was about stays due in the store.
    pub async fn hand_over(&self, work: Work) -> bool {
        let (stage, flow) = (work.stage(), work.flow());
        let began = Instant::now();
        let taken = self.work.send((work, self.clock.busy())).await.is_ok();
        metrics().backpressure_seconds.with_label_values(&[stage]).inc_by(began.elapsed().as_secs_f64());
        if taken {
            metrics().passed(stage, flow, 1);
        }
        taken
    }

    /// Waits until everything handed over so far is written.
    pub async fn flush(&self) {
        let (reply, written) = oneshot::channel();
        self.hand_over(Work::Flush { reply }).await;
        // Either fails only where the owner of the store has, which is told elsewhere.
        let _ = written.await;
    }

    /// Waits until everything that is being computed now is handed over and written.
    pub async fn settle(&self) {
        drop(self.cores.acquire_many(self.all_cores).await);
        self.flush().await;
    }

    /// Tells whether a redirect may be followed.
    ///
    /// # Errors
    /// With the reason in plain words when it may not.
    pub fn may_follow(&self, errand: &Errand, to: &str) -> Result<(), String> {
        let most = self.settings.http.max_redirects;
        if errand.url == to || errand.hops.iter().any(|hop| hop.from == to) {
            return Err(format!("redirect loop at {to}"));
        }
        if errand.hops.len() >= most as usize {
            return Err(format!("more than {most} redirects (http.max_redirects)"));
        }
        if host_of(to).is_none() || !(to.starts_with("http://") || to.starts_with("https://")) {
            return Err(format!("redirect to `{to}`, which is not a web address"));
        }
        Ok(())
    }

    /// Tells of the hub that a feed offers. What is not heard is said again after the next poll.
    pub fn offer(&self, source: &Source, state: &SourceState) {
        if let (Some(offers), Some(offer)) = (&self.offers, Offer::of(source, state)) {
            let _ = offers.try_send(offer);
        }
    }

    /// Returns the topics as they are configured now.
    pub fn tagger(&self) -> Arc<Tagger> {
        self.tagger.borrow().clone()
    }

    fn source_of(&self, due: &DueEntry) -> Option<Arc<Source>> {
        self.sources.borrow().get(&due.source_id).cloned()
    }

    pub fn full_text_of(&self, due: &DueEntry) -> FullText {
        self.source_of(due).map_or(FullText::Auto, |source| source.full_text)
    }

    pub fn headers_of(&self, due: &DueEntry, url: &str) -> BTreeMap<String, String> {
        self.source_of(due).map(|source| self.headers_for(&source, url)).unwrap_or_default()
    }

    /// The user's headers for a source go to its own outlet only, since they may be secrets; its User-Agent goes everywhere.
    pub fn headers_for(&self, source: &Source, url: &str) -> BTreeMap<String, String> {
        if source.headers.is_empty() {
            return BTreeMap::new();
        }
        let own = outlet_of(url).is_some_and(|outlet| Some(outlet) == outlet_of(&source.url));
        let mut headers = source.headers.clone();
        headers.retain(|name, _| own || name.eq_ignore_ascii_case("user-agent"));
        headers
    }

    pub fn lang_of(&self, due: &DueEntry) -> Option<String> {
        self.source_of(due).and_then(|source| source.lang.clone())
    }
}

/// A request that fails after this time has held up what else is to be asked of its host.
const STALLED: Duration = Duration::from_secs(5);

/// A host that is being asked.
pub(crate) struct Asking {
    host: Option<String>,
    /// From when on a failure tells of a host that lets us wait.
    limit: Duration,
    clock: Clock,
    answered: mpsc::Sender<Answered>,
}

impl Asking {
    /// The host has answered; `wait` is what it asked for beyond its gap.
    pub async fn answered(self, wait: Option<Duration>) {
        self.ended(wait, false).await;
    }

    /// The host has failed to.
    pub async fn failed(self) {
        let stalled = self.clock.elapsed() >= self.limit;
        self.ended(None, stalled).await;
    }

    async fn ended(mut self, wait: Option<Duration>, stalled: bool) {
        if let Some(host) = self.host.take() {
            // The scheduler is gone only while everything stops.
            let _ = self.answered.send(Answered { host, wait, stalled }).await;
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(host) = self.host.take() {
            let _ = self.answered.try_send(Answered { host, wait: None, stalled: false });
        }
    }
}

/// Wakes threads that follow the change log.
#[derive(Clone, Default)]
pub(crate) struct Poke(pub Vec<sync_mpsc::SyncSender<()>>);

impl Poke {
    /// Says that there may be something new. A follower that is awake already needs no second word.
    pub fn poke(&self) {
        for follower in &self.0 {
            let _ = follower.try_send(());
        }
    }
}
