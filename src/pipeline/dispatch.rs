//! Decides what is requested next: one scheduler per host for polls and pages together.
//!
//! One task owns the queues. Requests run as tasks of their own, which tell it when the host has answered (the host's gap
//! starts) and, later, what came of it. Nobody sleeps on a gap: a host that is not ready simply is not next.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::{self, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Busy, Context, Error, Sources, died,
    errand::{Answered, Errand, Job, Outcome},
    fault,
    gate::{Gate, Pass},
    harvest::{self, Plan},
    poll, reason_of,
    supervise::{Restarts, unwinding},
    websub::Pushed,
    work::{PollSettled, Work},
};
use crate::{
    fetch::{
        hosts::{Hosts, Next},
        robots::Robots,
    },
    model::{EntryId, Source, SourceId, SourceState, SourceStatus, Time, host_of},
    serve::{Liveness, Loop},
    source::schedule,
    store::Reader,
    telemetry::metrics,
};

/// How often the store is asked for entries whose next try has come, and the gauges are set.
const LOOK: Duration = Duration::from_secs(10);
/// How much later than its time a row may be written and still be seen at the next look,
const LATE: chrono::Duration = chrono::Duration::minutes(5);
/// and after how many looks every row is looked at: a backlog of many thousands is not read again each time.
const LOOKS_AT_ALL: u64 = 60;
/// How long a daemon remembers a try: less than the shortest wait before the next, more than any store takes.
const TRIED_FOR: Duration = Duration::from_secs(240);
/// A server that asks for a longer pause than this puts its pages off to a later try.
const SHORT_WAIT: Duration = Duration::from_secs(10);
/// A source whose task died is tried again after this time.
const AFTER_DEATH: chrono::Duration = chrono::Duration::hours(1);
/// How a run is limited.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// One pass, then stop.
    pub once: bool,
    /// Ignore own intervals and back-off, never what a server asked for.
    pub force: bool,
    /// Stop taking on work after this time.
    pub deadline: Option<Duration>,
}

struct Slot {
    source: Arc<Source>,
    state: SourceState,
    busy: bool,
}

pub(crate) struct Dispatcher {
    context: Arc<Context>,
    reader: Reader,
    liveness: Liveness,
    options: Options,
    began: Time,
    /// When it looks around next, on the clock's own time, and the time of day at the last look.
    next_look: Duration,
    looked_at: Time,
    hosts: Hosts<Errand>,
    slots: HashMap<SourceId, Slot>,
    /// When which source is due, earliest first.
    due: BTreeSet<(Time, SourceId)>,
    /// Entries queued or under way.
    taken: HashSet<EntryId>,
    /// Entries tried in this pass, or lately by a daemon: none is tried again before what came of it is stored.
    tried: HashMap<EntryId, Duration>,
    /// What each running task is about, in case it dies.
    jobs: HashMap<task::Id, Job>,
    /// How often the store was asked for entries that are due, and up to which time it was the last time.
    looks: u64,
    loaded_until: Time,
    /// Hosts that let this pass wait: no further page of theirs is asked for in it.
    stalled: HashSet<String>,
    /// Entries that need no page.
    local: VecDeque<EntryId>,
    gate: Gate,
    running: JoinSet<Outcome>,
    answered: mpsc::Receiver<Answered>,
    pushed: mpsc::Receiver<Pushed>,
    /// Tells the tasks what sources there are.
    source_list: watch::Sender<Sources>,
    sources_changed: Arc<Notify>,
}

/// What joins the scheduler with the other tasks of a run.
pub(crate) struct Lines {
    pub answered: mpsc::Receiver<Answered>,
    pub pushed: mpsc::Receiver<Pushed>,
    pub source_list: watch::Sender<Sources>,
    pub sources_changed: Arc<Notify>,
    pub liveness: Liveness,
}

impl Dispatcher {
    pub fn new(context: Arc<Context>, reader: Reader, options: Options, lines: Lines) -> Result<Self, Error> {
        let Lines { answered, pushed, source_list, sources_changed, liveness } = lines;
        let (hosts, began) = (hosts(&context), context.clock.now());
        let mut dispatcher = Self {
            reader,
            options,
            began,
            next_look: Duration::ZERO,
            looked_at: Time::MIN_UTC,
            hosts,
            slots: HashMap::new(),
            due: BTreeSet::new(),
            taken: HashSet::new(),
            tried: HashMap::new(),
            jobs: HashMap::new(),
            looks: 0,
            loaded_until: Time::UNIX_EPOCH,
            stalled: HashSet::new(),
            local: VecDeque::new(),
            gate: Gate::default(),
            running: JoinSet::new(),
            answered,
            pushed,
            source_list,
            sources_changed,
            liveness,
            context,
        };
        dispatcher.load_sources()?;
        Ok(dispatcher)
    }

    /// Works until told to stop, or until a pass has nothing left to do. Returns the number of sources.
    ///
    /// Where it panics, it starts over from the store, a few times.
    pub async fn run(mut self, stop: CancellationToken) -> Result<usize, Error> {
        let clock = self.context.clock.clone();
        let busy = clock.busy();
        let mut restarts = Restarts::default();
        while let Err(reason) = match unwinding(self.work(&stop)).await {
            Ok(done) => Ok(done?),
            Err(reason) => Err(reason),
        } {
            died("dispatch", &reason);
            let Some(wait) = restarts.next() else { return Err(Error::Stage { stage: "dispatch", reason }) };
            tokio::select! {
                () = clock.sleep(wait) => self.start_over().await?,
                () = stop.cancelled() => break,
            }
        }
        drop(busy);
        self.drain().await?;
        Ok(self.slots.len())
    }

    /// Forgets what a panic may have left half done, requests under way included: the store knows what is due.
    async fn start_over(&mut self) -> Result<(), Error> {
        self.running.shutdown().await;
        while self.answered.try_recv().is_ok() {}
        // What was handed over before is then in the store.
        self.context.flush().await;
        self.hosts = hosts(&self.context);
        self.tried.retain(|entry, _| !self.taken.contains(entry));
        self.taken.clear();
        self.jobs.clear();
        self.slots.clear();
        self.due.clear();
        self.local.clear();
        self.gate = Gate::default();
        (self.looks, self.loaded_until, self.next_look) = (0, Time::UNIX_EPOCH, Duration::ZERO);
        self.load_sources()
    }

    async fn work(&mut self, stop: &CancellationToken) -> Result<(), Error> {
        let clock = self.context.clock.clone();
        if self.options.once {
            self.load_entries()?;
        }
        if self.options.force {
            self.force_all();
        }
        let sources_changed = self.sources_changed.clone();
        let deadline = self.options.deadline.map_or(Duration::MAX, |limit| clock.elapsed() + limit);
        loop {
            if clock.elapsed() >= deadline {
                info!("deadline reached: taking on nothing more");
                break;
            }
            if clock.elapsed() >= self.next_look {
                self.look_around()?;
                self.next_look = clock.elapsed() + LOOK;
            }
            self.queue_due_sources();
            let wake = self.launch()?.min(self.until_due());
            if self.options.once && self.is_done() {
                break;
            }
            let until_look = self.next_look.min(deadline).saturating_sub(clock.elapsed());
            tokio::select! {
                Some(answered) = self.answered.recv() => {
                    self.answered(answered).await;
                    while let Ok(more) = self.answered.try_recv() {
                        self.answered(more).await;
                    }
                }
                Some(outcome) = self.running.join_next_with_id() => self.settle(outcome).await,
                Some(pushed) = self.pushed.recv() => self.take_pushed(pushed),
                () = clock.sleep(wake.min(until_look)) => {}
                () = sources_changed.notified() => self.load_sources()?,
                () = stop.cancelled() => break,
            }
        }
        Ok(())
    }

    /// Waits for what is under way; nothing new is begun.
    async fn drain(&mut self) -> Result<(), Error> {
        loop {
            tokio::select! {
                Some(_) = self.answered.recv() => {}
                outcome = self.running.join_next() => match outcome {
                    None => return Ok(()),
                    Some(Err(error)) if error.is_panic() => error!(%error, "a request's task died"),
                    Some(_) => {}
                },
            }
        }
    }

    fn load_sources(&mut self) -> Result<(), Error> {
        let mut known = HashSet::new();
        let now = self.context.clock.now();
        let stored = self.reader.configured_sources()?;
        let late = stored.iter().filter(|stored| schedule::is_due(&stored.state, now, false)).count();
        for stored in stored {
            let id = stored.source.id;
            known.insert(id);
            if let Some(slot) = self.slots.get_mut(&id) {
                slot.source = Arc::new(stored.source);
                continue;
            }
            let planned = stored.state.next_poll_at.filter(|_| !schedule::is_due(&stored.state, now, false));
            let due = match planned {
                Some(later) => later,
                None if self.options.once => now,
                None => schedule::first(&stored.source, late, &self.context.settings.poll, now),
            };
            self.due.insert((due, id));
            self.slots.insert(id, Slot { source: Arc::new(stored.source), state: stored.state, busy: false });
        }
        self.slots.retain(|id, slot| known.contains(id) || slot.busy);
        self.due.retain(|(_, id)| known.contains(id));
        let list = self.slots.iter().map(|(id, slot)| (*id, slot.source.clone())).collect();
        self.source_list.send_replace(Arc::new(list));
        Ok(())
    }

    /// Queues every stored entry whose page or next try is due.
    fn load_entries(&mut self) -> Result<(), Error> {
        // `--force` takes what waits for a later try, too.
        if !self.context.settings.harvest.enabled {
            return Ok(());
        }
        let forced = self.options.force && self.options.once;
        let until = if forced { Time::MAX_UTC } else { self.context.clock.now() };
        // What came due before is queued or was tried, unless its row was written late; now and then all is looked at.
        self.looks += 1;
        let since = if self.looks % LOOKS_AT_ALL == 1 { Time::MIN_UTC } else { self.loaded_until - LATE };
        self.loaded_until = until;
        let mut due = Vec::new();
        self.reader.due_entries(since, until, usize::MAX, |entry| {
            due.push((entry.id, entry.host.to_owned()));
            false
        })?;
        self.queue_entries(due);
        Ok(())
    }

    fn queue_entries(&mut self, due: Vec<(EntryId, String)>) {
        for (entry, host) in due {
            self.queue_entry(entry, &host);
        }
    }

    fn queue_entry(&mut self, entry: EntryId, host: &str) {
        if !self.context.settings.harvest.enabled || self.tried.contains_key(&entry) || !self.taken.insert(entry) {
            return;
        }
        if host.is_empty() {
            self.local.push_back(entry);
        } else {
            // The link itself is read when the entry's turn comes: most wait long.
            self.hosts.push(host, Errand::new(Job::Page(entry), String::new()), false);
        }
    }

    /// `--force`: every source that this run has not polled is due, unless its server asked for a later time.
    fn force_all(&mut self) {
        let now = self.context.clock.now();
        let is_forced = |slot: &Slot| {
            slot.state.last_polled_at.is_none_or(|at| at < self.began) && schedule::is_due(&slot.state, now, true)
        };
        let forced: HashSet<SourceId> =
            self.slots.iter().filter(|(_, slot)| is_forced(slot)).map(|(id, _)| *id).collect();
        self.due.retain(|(_, id)| !forced.contains(id));
        self.due.extend(forced.into_iter().map(|id| (now, id)));
    }

    fn queue_due_sources(&mut self) {
        let now = self.context.clock.now();
        let mut due = Vec::new();
        while let Some((_, id)) = self.due.first().filter(|(at, _)| *at <= now) {
            due.push(*id);
            self.due.pop_first();
        }
        // A source that fails holds up no other of its host.
        due.sort_by_key(|id| self.slots.get(id).is_some_and(|slot| slot.state.consecutive_failures > 0));
        for id in due {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            let url = schedule::address(&slot.state, &slot.source, now).to_owned();
            slot.busy = true;
            // An address without a host fails like any other: as a failed poll with its reason.
            let host = host_of(&url).unwrap_or_default();
            self.hosts.push(&host, Errand::new(Job::Poll(id), url), true);
        }
    }

    /// How long no source is due.
    fn until_due(&self) -> Duration {
        let next = self.due.first().map(|(at, _)| (*at - self.context.clock.now()).to_std().unwrap_or_default());
        next.unwrap_or(Duration::MAX)
    }

    /// Starts what may start now. Returns how long nothing else can.
    fn launch(&mut self) -> Result<Duration, Error> {
        // Bodies wait in memory between request and extraction: twice the requests under way bounds them.
        let most = self.context.settings.http.max_concurrency * 2;
        while self.running.len() < most {
            if let Some(entry) = self.local.pop_front() {
                self.launch_page(entry, None)?;
                continue;
            }
            match self.hosts.next(self.context.clock.elapsed()) {
                Next::Ready(host, errand) => self.launch_errand(host, errand)?,
                Next::WaitUntil(at) => return Ok(at.saturating_sub(self.context.clock.elapsed())),
                Next::Idle => break,
            }
        }
        Ok(Duration::MAX)
    }

    fn launch_errand(&mut self, host: String, errand: Errand) -> Result<(), Error> {
        match errand.job {
            Job::Poll(id) => match self.slots.get(&id) {
                Some(slot) => {
                    let (source, state) = (slot.source.clone(), slot.state.clone());
                    metrics().passed("poll", "in", usize::from(errand.is_new()));
                    self.start(Job::Poll(id), poll::poll(self.context.clone(), host, errand, source, state));
                }
                None => self.free(&host),
            },
            Job::Page(entry) => self.launch_page(entry, Some((host, errand)))?,
            Job::Robots { .. } => self.ask_robots(host, errand),
            Job::Pushed => unreachable!("nothing is requested for what a hub delivers"),
        }
        Ok(())
    }

    /// Reads what a hub has delivered, like the answer to a poll.
    fn take_pushed(&mut self, pushed: Pushed) {
        if let Some(slot) = self.slots.get(&pushed.source) {
            let source = slot.source.clone();
            metrics().passed("poll", "in", 1);
            self.start(Job::Pushed, poll::read_pushed(self.context.clone(), source, pushed));
        }
    }

    /// Gives a host back that was not asked after all: no gap is due.
    fn free(&mut self, host: &str) {
        self.hosts.cancel(host, self.context.clock.elapsed());
    }

    fn launch_page(&mut self, entry: EntryId, request: Option<(String, Errand)>) -> Result<(), Error> {
        let first = request.as_ref().is_none_or(|(_, errand)| errand.is_new());
        let plan = match self.reader.entry(entry)? {
            Some(due) => harvest::plan(&self.context, &self.reader, due)?,
            None => Plan::Nothing,
        };
        let plan = match (plan, request) {
            (Plan::Read(due), Some((host, errand))) if self.stalled.contains(&host) => {
                self.free(&host);
                match errand.draft {
                    Some(draft) => Plan::Page(due, draft),
                    // It stays due for the next pass.
                    None => {
                        self.taken.remove(&entry);
                        return Ok(());
                    }
                }
            }
            (Plan::Read(due), Some((host, mut errand))) => {
                if errand.url.is_empty() {
                    errand.url = due.entry.link.clone().unwrap_or_default();
                }
                if !self.gate.knows(&host) {
                    let held = self.reader.get_meta(&held_key(&host))?.and_then(|at| at.parse().ok());
                    let until = held.and_then(|at| Time::from_timestamp(at, 0)).unwrap_or(Time::UNIX_EPOCH);
                    self.gate.hold(&host, until);
                }
                match self.gate.pass(&self.context, &host, &errand, self.context.clock.now()) {
                    Pass::Open => {
                        self.tried.insert(entry, self.context.clock.elapsed());
                        metrics().passed("harvest", "in", usize::from(errand.is_new()));
                        self.start(Job::Page(entry), harvest::read_page(self.context.clone(), host, errand, due));
                        return Ok(());
                    }
                    Pass::AskFirst(robots) => {
                        self.ask_robots(host, robots);
                        return Ok(());
                    }
                    Pass::Wait => {
                        self.free(&host);
                        return Ok(());
                    }
                    Pass::Shut(missing) => {
                        self.free(&host);
                        harvest::unread(due, errand, missing)
                    }
                }
            }
            (plan, Some((host, _))) => {
                self.free(&host);
                plan
            }
            (plan, None) => plan,
        };
        self.tried.insert(entry, self.context.clock.elapsed());
        metrics().passed("harvest", "in", usize::from(first));
        self.start(Job::Page(entry), harvest::without_page(self.context.clone(), entry, plan));
        Ok(())
    }

    fn ask_robots(&mut self, host: String, errand: Errand) {
        self.start(errand.job.clone(), harvest::ask_robots(self.context.clone(), host, errand));
    }

    async fn answered(&mut self, answered: Answered) {
        let Answered { host, wait, stalled } = answered;
        if stalled {
            self.put_off(&host);
        }
        match wait.filter(|wait| *wait > SHORT_WAIT) {
            // Nobody waits that long in a queue: the pages of this host are put off until then.
            Some(long) => {
                let until = self.context.clock.now() + long;
                self.gate.hold(&host, until);
                // The next process, forced or not, has to know it too.
                let held = Work::Remember { key: held_key(&host), value: until.timestamp().to_string() };
                self.context.hand_over(held).await;
                self.hosts.done(&host, self.context.clock.elapsed(), None);
            }
            None => self.hosts.done(&host, self.context.clock.elapsed(), wait),
        }
    }

    /// What waits for a host which lets us wait is left to the next pass, or to a later time.
    fn put_off(&mut self, host: &str) {
        let rest = self.context.settings.poll.min_interval;
        if self.options.once {
            self.stalled.insert(host.to_owned());
        } else {
            self.hosts.hold(host, self.context.clock.elapsed() + rest);
        }
        let later = self.context.clock.now() + rest;
        let put_off = self.hosts.withdraw(host, |errand| matches!(errand.job, Job::Poll(_)));
        info!(host, "{host} does not answer in time: its pages and {} more polls of it are put off", put_off.len());
        for errand in put_off {
            let Job::Poll(id) = errand.job else { continue };
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            slot.busy = false;
            if !self.options.once {
                self.due.insert((later, id));
            }
        }
    }

    /// Starts a task and remembers what it is about.
    fn start(&mut self, job: Job, work: impl Future<Output = Outcome> + Send + 'static) {
        let busy = self.context.clock.busy();
        let handle = self.running.spawn(async move {
            let _busy: Busy = busy;
            work.await
        });
        self.jobs.insert(handle.id(), job);
    }

    async fn settle(&mut self, outcome: Result<(task::Id, Outcome), task::JoinError>) {
        let id = outcome.as_ref().map_or_else(task::JoinError::id, |(id, _)| *id);
        let job = self.jobs.remove(&id);
        match outcome {
            Ok((_, Outcome::Redirect(errand))) => {
                let host = host_of(&errand.url).unwrap_or_default();
                // A page that was read waits in memory for its other version.
                let urgent = errand.draft.is_some() || !matches!(errand.job, Job::Page(_));
                self.hosts.push(&host, errand, urgent);
            }
            Ok((_, Outcome::Polled(settled))) => self.polled(*settled),
            Ok((_, Outcome::Pushed(due))) => self.queue_entries(due),
            Ok((_, Outcome::PollLost(source))) => {
                self.slots.remove(&source);
            }
            Ok((_, Outcome::Settled(entry))) => {
                self.taken.remove(&entry);
            }
            Ok((_, Outcome::Robots { origin, rules })) => self.learn_robots(&origin, rules),
            Err(error) => {
                let stage = if matches!(job, Some(Job::Poll(_))) { "poll" } else { "harvest" };
                let reason = reason_of(error);
                died(stage, &reason);
                self.bury(job, reason).await;
            }
        }
    }

    /// Puts off what a dead task was about, so that it cannot kill task after task.
    async fn bury(&mut self, job: Option<Job>, reason: String) {
        let again = self.context.clock.now() + AFTER_DEATH;
        match job {
            Some(Job::Poll(source)) => {
                if let Some(slot) = self.slots.get_mut(&source) {
                    slot.busy = false;
                    self.due.insert((again, source));
                }
            }
            Some(Job::Page(entry)) => {
                self.taken.remove(&entry);
                self.context.hand_over(Work::Died { entry, reason }).await;
            }
            Some(Job::Robots { origin }) => self.learn_robots(&origin, None),
            Some(Job::Pushed) | None => {}
        }
    }

    fn polled(&mut self, settled: PollSettled) {
        if let Some(slot) = self.slots.get_mut(&settled.source) {
            fault::point("dispatch", &slot.source.url);
            slot.busy = false;
            slot.state = settled.state;
            if !self.options.once {
                let next = slot.state.next_poll_at.unwrap_or_else(|| self.context.clock.now());
                self.due.insert((next, settled.source));
            }
        }
        self.queue_entries(settled.due);
    }

    fn learn_robots(&mut self, origin: &str, rules: Option<Robots>) {
        if let (Some(delay), Some(host)) = (rules.as_ref().and_then(Robots::crawl_delay), host_of(origin)) {
            self.hosts.set_gap(&host, delay);
        }
        for errand in self.gate.learn(origin, rules, self.context.clock.now()) {
            let host = host_of(&errand.url).unwrap_or_default();
            self.hosts.push(&host, errand, false);
        }
    }

    /// From time to time: the gauges, and entries whose next try has come.
    fn look_around(&mut self) -> Result<(), Error> {
        self.liveness.beat(Loop::Schedule);
        let gauges = &metrics().queue_depth;
        gauges.with_label_values(&["poll"]).set(self.hosts.queued() as i64);
        gauges.with_label_values(&["harvest"]).set(self.running.len() as i64);
        metrics().hosts_held.set(self.gate.held(self.context.clock.now()) as i64);
        for status in [SourceStatus::Ok, SourceStatus::Failing, SourceStatus::Gone, SourceStatus::Never] {
            let count = self.slots.values().filter(|slot| slot.state.status == status).count();
            let name = format!("{status:?}").to_lowercase();
            metrics().sources.with_label_values(&[&name]).set(count as i64);
        }
        if self.options.once {
            return Ok(());
        }
        self.heed_clock();
        let now = self.context.clock.elapsed();
        self.tried.retain(|_, at| now - *at < TRIED_FOR);
        self.load_entries()?;
        self.gate.forget_old(self.context.clock.now());
        Ok(())
    }

    /// Where the time of day was set back, what was planned by the old one is planned anew.
    fn heed_clock(&mut self) {
        let now = self.context.clock.now();
        let last = std::mem::replace(&mut self.looked_at, now);
        if last <= now + schedule::STEP_BACK {
            return;
        }
        warn!("the clock was set back from {last} to {now}: sources that were polled since are polled again");
        self.looks = 0;
        let is_due = |slot: &Slot| !slot.busy && schedule::is_due(&slot.state, now, false);
        let due: HashMap<SourceId, Arc<Source>> =
            self.slots.iter().filter(|(_, slot)| is_due(slot)).map(|(id, slot)| (*id, slot.source.clone())).collect();
        self.due.retain(|(_, id)| !due.contains_key(id));
        let poll = &self.context.settings.poll;
        self.due.extend(due.values().map(|source| (schedule::first(source, due.len(), poll, now), source.id)));
    }

    fn is_done(&self) -> bool {
        let now = self.context.clock.now();
        self.running.is_empty()
            && self.local.is_empty()
            && self.hosts.queued() == 0
            && self.due.first().is_none_or(|(at, _)| *at > now)
    }
}

fn hosts(context: &Context) -> Hosts<Errand> {
    let http = &context.settings.http;
    let gap = if context.fetcher.is_replay() { Duration::ZERO } else { http.per_host_delay };
    Hosts::new(http.per_host_concurrency, gap, http.max_concurrency)
}

/// Where the store keeps until when a host asked for a pause.
fn held_key(host: &str) -> String {
    format!("host.held:{host}")
}
