//! Which pages may be asked for: what robots.txt says (RFC 9309), asked for before the first page of an origin and then
//! remembered for a day, and what a host said itself (Retry-After).
//!
//! It governs pages, not sources: those the user listed.

use std::collections::HashMap;

use tracing::warn;

use super::{
    Context,
    errand::{Errand, Job},
    harvest::Missing,
};
use crate::{fetch::robots::Robots, model::Time};

/// robots.txt is asked for again after a day (RFC 9309, section 2.4).
const ROBOTS_LIFETIME: chrono::Duration = chrono::Duration::hours(24);
/// A host whose robots.txt cannot be had is asked again after this time.
const ROBOTS_RETRY: chrono::Duration = chrono::Duration::minutes(30);

/// What is known of every origin's robots.txt, and which pages wait for it.
#[derive(Default)]
pub(crate) struct Gate {
    robots: HashMap<String, RobotsOf>,
    /// Pages whose robots.txt is being asked for, by origin.
    waiting: HashMap<String, Vec<Errand>>,
    /// Until when each host asked not to be asked (Retry-After); a time that is past for those that did not.
    held: HashMap<String, Time>,
}

enum RobotsOf {
    Asked,
    Known { rules: Robots, until: Time },
    Silent { until: Time },
}

/// Whether a page may be asked for.
pub(crate) enum Pass {
    /// It may.
    Open,
    /// robots.txt has to be asked for first; the page waits for the answer.
    AskFirst(Errand),
    /// It may not, for good or until a time.
    Shut(Missing),
    /// robots.txt is being asked for; the page waits for the answer.
    Wait,
}

impl Gate {
    /// Decides whether a page may be asked for now.
    pub fn pass(&mut self, context: &Context, host: &str, errand: &Errand, now: Time) -> Pass {
        if let Some(until) = self.held.get(host).filter(|until| **until > now) {
            return Pass::Shut(Missing::Until(*until, format!("{host} asked for a pause (Retry-After)")));
        }
        if context.fetcher.is_replay() || !context.settings.http.respect_robots {
            return Pass::Open;
        }
        let Ok(url) = url::Url::parse(&errand.url) else { return Pass::Open };
        let origin = url.origin().ascii_serialization();
        match self.robots.get(&origin) {
            Some(RobotsOf::Known { rules, until }) if *until > now => {
                if rules.allows(&url[url::Position::BeforePath..url::Position::AfterQuery]) {
                    return Pass::Open;
                }
                Pass::Shut(Missing::ForGood(format!("robots.txt of {host} excludes this page")))
            }
            Some(RobotsOf::Silent { until }) if *until > now => {
                Pass::Shut(Missing::Until(*until, format!("robots.txt of {host} could not be read, so its pages wait")))
            }
            Some(RobotsOf::Asked) => {
                self.waiting.entry(origin).or_default().push(errand.clone());
                Pass::Wait
            }
            _ => {
                self.robots.insert(origin.clone(), RobotsOf::Asked);
                self.waiting.entry(origin.clone()).or_default().push(errand.clone());
                let url = format!("{origin}/robots.txt");
                Pass::AskFirst(Errand::new(Job::Robots { origin }, url))
            }
        }
    }

    /// Tells whether it is known if a host asked for a pause.
    pub fn knows(&self, host: &str) -> bool {
        self.held.contains_key(host)
    }

    /// Keeps the pages of a host from being asked for before a time.
    pub fn hold(&mut self, host: &str, until: Time) {
        self.held.insert(host.to_owned(), until);
    }

    /// Returns the number of hosts whose pages wait: they asked for it, or their robots.txt cannot be had.
    pub fn held(&self, now: Time) -> usize {
        let silent = |known: &&RobotsOf| matches!(known, RobotsOf::Silent { until } if *until > now);
        self.held.values().filter(|until| **until > now).count() + self.robots.values().filter(silent).count()
    }

    /// Takes in what robots.txt of an origin says; `None` when it cannot be had. Returns the pages that waited for it.
    pub fn learn(&mut self, origin: &str, rules: Option<Robots>, now: Time) -> Vec<Errand> {
        let known = match rules {
            Some(rules) => RobotsOf::Known { rules, until: now + ROBOTS_LIFETIME },
            None => {
                warn!(origin, "robots.txt could not be read: the pages of this host wait");
                RobotsOf::Silent { until: now + ROBOTS_RETRY }
            }
        };
        self.robots.insert(origin.to_owned(), known);
        self.waiting.remove(origin).unwrap_or_default()
    }

    /// Forgets what is out of date, so that a long run does not remember every origin that it ever met.
    pub fn forget_old(&mut self, now: Time) {
        self.held.retain(|_, until| *until > now);
        self.robots.retain(|_, known| match known {
            RobotsOf::Asked => true,
            RobotsOf::Known { until, .. } | RobotsOf::Silent { until } => *until > now,
        });
    }
}
