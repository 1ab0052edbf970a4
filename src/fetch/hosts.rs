//! Who may be asked next: one queue per host, for polls and pages together.
//!
//! Each host has few requests under way at once and a gap from the end of one answer to its next request; all hosts
//! together have a limit too. Hosts take turns in the order in which they became ready, so that none waits for another and
//! none is starved. Every operation costs the logarithm of the number of hosts.
//!
//! A plain data structure: it asks nobody, sleeps on nothing and has no clock. Times are durations since any fixed moment,
//! of a clock that does not go back.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};

/// After so many urgent jobs in a row a host's other jobs get a turn, or a host with more feeds than its gap allows to
/// poll in time would never have a page read.
const URGENT_IN_A_ROW: u32 = 8;

/// The queues of all hosts.
#[derive(Debug)]
pub struct Hosts<J> {
    hosts: HashMap<Arc<str>, Host<J>>,
    /// Hosts that have something to do, by the time from which they may.
    ready: BTreeSet<Turn>,
    /// Hosts that have nothing to do, by the time from which that is all there is to know of them.
    idle: BTreeSet<Turn>,
    /// Gaps that hosts asked for, longer than the usual one.
    gaps: HashMap<Arc<str>, Duration>,
    per_host: usize,
    gap: Duration,
    max_active: usize,
    active: usize,
    queued: usize,
    /// The latest time heard of: from when a host is ready that had nothing to do before.
    now: Duration,
    turns: u64,
}

/// What may be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<J> {
    /// This job on this host, which counts as under way until [`Hosts::done`] or [`Hosts::cancel`].
    Ready(String, J),
    /// Nothing before this time, unless something is pushed or done.
    WaitUntil(Duration),
    /// Nothing until something is pushed or done.
    Idle,
}

/// When a host may be asked, and a number that tells hosts of the same time apart in the order in which they came.
type Turn = (Duration, u64, Arc<str>);

#[derive(Debug)]
struct Host<J> {
    urgent: VecDeque<J>,
    other: VecDeque<J>,
    active: usize,
    /// Nothing is asked before this time.
    not_before: Duration,
    /// Nothing but what is urgent is asked before this time.
    held_until: Duration,
    urgent_in_a_row: u32,
    /// Its place in `ready` or `idle`.
    turn: Option<(Duration, u64)>,
}

impl<J> Host<J> {
    fn new() -> Self {
        Self {
            urgent: VecDeque::new(),
            other: VecDeque::new(),
            active: 0,
            not_before: Duration::ZERO,
            held_until: Duration::ZERO,
            urgent_in_a_row: 0,
            turn: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.other.is_empty()
    }

    /// From when it may be asked; `None` without a job.
    fn ready_at(&self) -> Option<Duration> {
        match (self.urgent.is_empty(), self.other.is_empty()) {
            (false, _) => Some(self.not_before),
            (true, false) => Some(self.not_before.max(self.held_until)),
            (true, true) => None,
        }
    }

    fn take(&mut self, now: Duration) -> Option<J> {
        let other_may = !self.other.is_empty() && self.held_until <= now;
        if self.urgent.is_empty() || (other_may && self.urgent_in_a_row >= URGENT_IN_A_ROW) {
            self.urgent_in_a_row = 0;
            return self.other.pop_front();
        }
        self.urgent_in_a_row += 1;
        self.urgent.pop_front()
    }
}

impl<J> Hosts<J> {
    /// Returns empty queues: so many requests under way at once on one host and on all, and the gap between the end of an
    /// answer and the next request to its host. A limit of 0 means 1.
    pub fn new(per_host: usize, gap: Duration, max_active: usize) -> Self {
        Self {
            hosts: HashMap::new(),
            ready: BTreeSet::new(),
            idle: BTreeSet::new(),
            gaps: HashMap::new(),
            per_host: per_host.max(1),
            gap,
            max_active: max_active.max(1),
            active: 0,
            queued: 0,
            now: Duration::ZERO,
            turns: 0,
        }
    }

    /// Queues a job behind the others of its host; urgent ones (polls) go before the rest.
    pub fn push(&mut self, host: &str, job: J, urgent: bool) {
        let name = self.name(host);
        let state = self.hosts.entry(name.clone()).or_insert_with(Host::new);
        if urgent {
            state.urgent.push_back(job);
        } else {
            state.other.push_back(job);
        }
        self.queued += 1;
        self.place(&name);
    }

    /// Returns what may be done at the time `now`.
    pub fn next(&mut self, now: Duration) -> Next<J> {
        let now = self.hear(now);
        if self.active >= self.max_active {
            return Next::Idle;
        }
        let Some((at, ..)) = self.ready.first() else { return Next::Idle };
        if *at > now {
            return Next::WaitUntil(*at);
        }
        let (_, _, name) = self.ready.pop_first().expect("it has a first");
        let host = self.hosts.get_mut(&name).expect("a host in turn is known");
        host.turn = None;
        let job = host.take(now).expect("a host in turn has a job that may start");
        host.active += 1;
        self.active += 1;
        self.queued -= 1;
        self.place(&name);
        Next::Ready(name.to_string(), job)
    }

    /// A request to a host has ended at the time `now`: the gap begins, or a longer time that its server asked for.
    pub fn done(&mut self, host: &str, now: Duration, wait: Option<Duration>) {
        let gap = self.gaps.get(host).copied().unwrap_or(self.gap);
        self.end(host, now, gap.max(wait.unwrap_or_default()));
    }

    /// A job was taken at the time `now` without asking its host: there is no gap to keep.
    pub fn cancel(&mut self, host: &str, now: Duration) {
        self.end(host, now, Duration::ZERO);
    }

    /// Takes back the urgent jobs of a host that are of some kind and wait for their turn.
    pub fn withdraw(&mut self, host: &str, which: impl FnMut(&J) -> bool) -> Vec<J> {
        let name = self.name(host);
        let Some(state) = self.hosts.get_mut(&name) else { return Vec::new() };
        let (withdrawn, kept): (Vec<J>, Vec<J>) = mem::take(&mut state.urgent).into_iter().partition(which);
        state.urgent = kept.into();
        self.queued -= withdrawn.len();
        self.place(&name);
        withdrawn
    }

    /// Holds back what is not urgent on a host until a time: nobody knows what its robots.txt says.
    pub fn hold(&mut self, host: &str, until: Duration) {
        let name = self.name(host);
        self.hosts.entry(name.clone()).or_insert_with(Host::new).held_until = until;
        self.place(&name);
    }

    /// Sets the gap of one host, where that is longer than the usual one (`Crawl-delay`). It is kept until it is set again,
    /// even when nothing else is known of the host any more.
    pub fn set_gap(&mut self, host: &str, gap: Duration) {
        if gap > self.gap {
            let name = self.name(host);
            self.gaps.insert(name, gap);
        } else {
            self.gaps.remove(host);
        }
    }

    /// Returns the number of jobs that wait for their turn.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Returns the number of requests under way.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Returns the number of jobs that wait or are under way.
    pub fn len(&self) -> usize {
        self.queued + self.active
    }

    /// Whether no job waits or is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of hosts of which something is known: a job, a request under way, a gap or a hold that lasts.
    pub fn known(&self) -> usize {
        self.hosts.len()
    }

    fn name(&self, host: &str) -> Arc<str> {
        self.hosts.get_key_value(host).map_or_else(|| host.into(), |(name, _)| name.clone())
    }

    fn end(&mut self, host: &str, now: Duration, wait: Duration) {
        let now = self.hear(now);
        let name = self.name(host);
        let Some(state) = self.hosts.get_mut(&name).filter(|state| state.active > 0) else { return };
        state.active -= 1;
        state.not_before = state.not_before.max(now.saturating_add(wait));
        self.active -= 1;
        self.place(&name);
    }

    /// Takes note of the time, and forgets the hosts of which nothing is left to know. Returns the latest time heard of.
    fn hear(&mut self, now: Duration) -> Duration {
        self.now = self.now.max(now);
        while self.idle.first().is_some_and(|(at, ..)| *at <= self.now) {
            let (_, _, name) = self.idle.pop_first().expect("it has a first");
            self.hosts.remove(&name);
        }
        self.now
    }

    /// Puts a host where it belongs after a change: in turn, idle, or neither while it has enough requests under way.
    fn place(&mut self, name: &Arc<str>) {
        let host = self.hosts.get_mut(name).expect("a host that changes is known");
        let in_turn = host.turn.take().filter(|(at, number)| {
            let turn = (*at, *number, name.clone());
            self.ready.remove(&turn) || {
                self.idle.remove(&turn);
                false
            }
        });
        self.turns += 1;
        if let Some(ready_at) = host.ready_at().filter(|_| host.active < self.per_host) {
            let at = ready_at.max(self.now);
            // Whoever is in turn keeps the place, unless the change means a later one.
            let kept = in_turn.filter(|(before, _)| at <= (*before).max(self.now));
            let (at, number) = kept.map_or((at, self.turns), |(before, number)| (before.min(at), number));
            host.turn = Some((at, number));
            self.ready.insert((at, number, name.clone()));
        } else if host.is_empty() && host.active == 0 {
            let at = host.not_before.max(host.held_until);
            host.turn = Some((at, self.turns));
            self.idle.insert((at, self.turns, name.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
