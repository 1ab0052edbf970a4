//! Sees every request, and holds it against what dateline promises.

use std::{collections::HashMap, time::Duration};

use dateline::{
    fetch::{Purpose, Request},
    model::{SourceState, Time, Validators, host_of},
    store::Reader,
};

use super::outlets::Outlets;

/// The longest that validators rest while the document itself is asked for, to find out who lies.
const CHECK: chrono::Duration = chrono::Duration::days(7);

/// Everything that was seen.
#[derive(Default)]
pub struct Seen {
    pub requests: u64,
    pub polls: u64,
    pub pages: u64,
    pub not_modified: u64,
    pub wire_bytes: u64,
    /// Polls before the time that the store says.
    pub early: u64,
    /// Polls without the validators that the store has, the weekly check aside.
    pub unconditional: u64,
    /// Most requests at once on one host.
    pub most_at_once: usize,
    /// The shortest time between an answer and the next request on one host.
    pub shortest_gap: Option<Duration>,
    /// Polls of hosts that had time, by how late they were, as a multiple of their interval.
    pub latest: f64,
    pub latest_url: String,
    /// The same on hosts that were asked without a pause for an hour and more.
    pub latest_overfull: f64,
    pub overfull_hosts: usize,
    /// Requests in each of the first ten minutes since the last start.
    pub first_minutes: [u64; 10],
    /// Most requests in any one second.
    pub most_a_second: u64,
    second: (i64, u64),
    started: Option<Time>,
    hosts: HashMap<String, Host>,
    sources: HashMap<usize, Polls>,
    /// The latest poll of each host that was late, and its address.
    lateness: HashMap<String, (f64, String)>,
}

#[derive(Default)]
struct Host {
    active: usize,
    last_end: Option<Time>,
    /// Since when it has been asked with nothing but gaps between.
    busy_since: Option<Time>,
    overfull: bool,
}

/// What was asked of one source.
#[derive(Default, Clone, Copy)]
pub struct Polls {
    pub polls: u64,
    pub wire_bytes: u64,
    last: Option<Time>,
}

impl Seen {
    /// A run begins.
    pub fn start(&mut self, now: Time) {
        self.started = Some(now);
        self.first_minutes = [0; 10];
    }

    /// A request begins. Returns when its source was asked before.
    pub fn begin(
        &mut self,
        request: &Request,
        outlets: &Outlets,
        reader: &Reader,
        gap: Duration,
        now: Time,
    ) -> Option<Time> {
        self.requests += 1;
        if let Some(minute) = self.started.and_then(|started| usize::try_from((now - started).num_minutes()).ok())
            && let Some(count) = self.first_minutes.get_mut(minute)
        {
            *count += 1;
        }
        self.second =
            if self.second.0 == now.timestamp() { (self.second.0, self.second.1 + 1) } else { (now.timestamp(), 1) };
        self.most_a_second = self.most_a_second.max(self.second.1);

        let host = self.hosts.entry(host_of(&request.url).unwrap_or_default()).or_default();
        host.active += 1;
        self.most_at_once = self.most_at_once.max(host.active);
        let pause = host.last_end.map(|end| (now - end).to_std().unwrap_or_default());
        if let Some(pause) = pause {
            self.shortest_gap = Some(self.shortest_gap.map_or(pause, |shortest| shortest.min(pause)));
        }
        if pause.is_none_or(|pause| pause > gap * 4) {
            host.busy_since = Some(now);
        }
        host.overfull |= host.busy_since.is_some_and(|since| now - since > chrono::Duration::hours(1));

        match request.purpose {
            Purpose::Source => {}
            Purpose::Page => {
                self.pages += 1;
                return None;
            }
            _ => return None,
        }
        self.polls += 1;
        let source = outlets.source(&request.url)?;
        let polls = self.sources.entry(source).or_default();
        polls.polls += 1;
        let before = polls.last.replace(now);
        let id = outlets.id(source);
        if let Ok(Some(stored)) = reader.source(id) {
            let asked = stored.state.learned_url.as_ref() == Some(&request.url) || stored.source.url == request.url;
            // Elsewhere a redirect leads.
            if asked {
                self.judge(&stored.state, request, now);
            }
        }
        before
    }

    fn judge(&mut self, state: &SourceState, request: &Request, now: Time) {
        let (Some(last), Some(due)) = (state.last_polled_at, state.next_poll_at) else { return };
        self.early += u64::from(now < due || state.not_before.is_some_and(|until| now < until));
        let check = state.last_full_at.is_none_or(|full| now >= full + CHECK);
        if request.validators == Validators::default() && state.validators != Validators::default() && !check {
            self.unconditional += 1;
        }
        // What came due while nothing ran is nobody's delay.
        if self.started.is_some_and(|started| due < started) {
            return;
        }
        let interval = (due - last).as_seconds_f64().max(1.0);
        let multiple = (now - last).as_seconds_f64() / interval;
        if multiple > 1.5 {
            let worst = self.lateness.entry(host_of(&request.url).unwrap_or_default()).or_default();
            if multiple > worst.0 {
                *worst = (multiple, request.url.clone());
            }
        } else if multiple > self.latest {
            (self.latest, self.latest_url) = (multiple, request.url.clone());
        }
    }

    /// A request has ended.
    pub fn end(&mut self, request: &Request, outlets: &Outlets, status: Option<u16>, wire_bytes: u64, now: Time) {
        self.wire_bytes += wire_bytes;
        self.not_modified += u64::from(status == Some(304) && request.purpose == Purpose::Source);
        if let Some(host) = self.hosts.get_mut(&host_of(&request.url).unwrap_or_default()) {
            host.active -= 1;
            host.last_end = Some(now);
        }
        if let Some(polls) = outlets.source(&request.url).and_then(|source| self.sources.get_mut(&source)) {
            polls.wire_bytes += wire_bytes;
        }
    }

    /// Tells hosts that had too much to do from the others, once everything was seen.
    pub fn conclude(&mut self) {
        for (host, (multiple, url)) in std::mem::take(&mut self.lateness) {
            if self.hosts.get(&host).is_some_and(|host| host.overfull) {
                self.latest_overfull = self.latest_overfull.max(multiple);
            } else if multiple > self.latest {
                (self.latest, self.latest_url) = (multiple, url);
            }
        }
        self.overfull_hosts = self.hosts.values().filter(|host| host.overfull).count();
    }

    /// Polls and bytes of all sources that were asked, fewest polls first.
    pub fn by_source(&self) -> Vec<Polls> {
        let mut polls: Vec<Polls> = self.sources.values().copied().collect();
        polls.sort_by_key(|polls| polls.polls);
        polls
    }
}
