//! When to poll a source, from what its last polls brought.
//!
//! Follows how often a source really publishes, never polls before the server allows it, backs off from failures
//! without ever giving up, and recovers at once. Every decision comes with its reason in plain words. Nothing here
//! looks at a clock: `now` is an argument, and what spreads polls is derived from the source's id.

mod header;
mod interval;

use std::time::Duration;

pub use self::header::{parse_max_age, parse_retry_after};
use self::interval::{gap_of_counts, gap_of_dates, gap_of_silence, jitter, later, plain};
use super::Feed;
use crate::{
    config,
    model::{Entry, Source, SourceState, SourceStatus, Time, Unread, Validators},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Longest wait after failures: a source that comes back is seen within a day.
const MAX_BACK_OFF: Duration = DAY;

/// Longest `Retry-After` that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often a source that said 410 Gone is asked whether it is still gone.
const GONE_PROBE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How often a learned redirect is checked at the configured address.
const LEARNED_PROBE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A permanent redirect is believed when it was seen this often over a day,
const SIGHTINGS: u32 = 3;
/// or this often in a row: some servers redirect by mistake for an hour, few for long.
const SIGHTINGS_IN_A_ROW: u32 = 5;

/// Polls in a row that may fail at a learned address before the configured one is asked again.
const LEARNED_FAILURES: u32 = 3;

/// How long "not modified" is believed without seeing the document: some servers say it forever.
const MAX_CONDITIONAL: Duration = Duration::from_secs(7 * 24 * 3600);

/// A clock that is set back by less than this delays polls by as much, and that is all.
pub const STEP_BACK: Duration = Duration::from_secs(300);

/// The window over which the first polls of some sources are spread,
const FIRST_SPREAD: Duration = Duration::from_secs(10);
/// and the time that it takes for each where they are many: thirty a second load neither a small machine nor its line.
const FIRST_SPREAD_EACH: Duration = Duration::from_millis(33);

/// How a poll ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// A document that differs from the last one.
    Fresh {
        /// What it says of itself.
        feed: &'a Feed,
        /// What it announces.
        entries: Vec<&'a Entry>,
        /// How many of its entries were not known.
        new_entries: usize,
        /// A hash of the body with its length.
        body_hash: String,
        /// The validators as the server gave them.
        validators: Validators,
    },
    /// 304: nothing new.
    NotModified {
        /// New validators, where the answer has some; the known ones stay otherwise.
        validators: Validators,
    },
    /// The same body as last time.
    Unchanged {
        /// The validators as the server gave them.
        validators: Validators,
    },
    /// A document that cannot be read, or (304) still the one that could not.
    Unread {
        /// What is wrong with it, in plain words.
        error: String,
        /// The validators as the server gave them.
        validators: Validators,
    },
    /// No answer, or an error.
    Failed {
        /// What went wrong, in plain words.
        error: String,
        /// The status, if a server answered.
        http_status: Option<u16>,
    },
    /// The server asked to come back later (429, 503).
    Asked {
        /// The status.
        http_status: u16,
        /// When it allows the next request.
        retry_after: Option<Time>,
        /// What it said, in plain words.
        error: String,
    },
    /// 410: gone for good.
    Gone,
}

/// What the answer itself said, beside its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The address that was asked, before any redirect.
    pub asked_url: String,
    /// The status of the last hop.
    pub http_status: Option<u16>,
    /// How long the answer stays fresh (`parse_max_age`).
    pub max_age: Option<Duration>,
    /// Until when a hub tells what is new.
    pub pushed_until: Option<Time>,
    /// Where 301 and 308 lead from the asked address; `None` if a hop on the way was temporary.
    pub moved_to: Option<String>,
}

/// Returns the address to poll: the configured one, or the one that a permanent redirect has taught.
pub fn address<'a>(state: &'a SourceState, source: &'a Source, now: Time) -> &'a str {
    match &state.learned_url {
        Some(_) if state.moved_since.is_none_or(|since| now >= later(since, LEARNED_PROBE)) => &source.url,
        Some(learned) => learned,
        None => &source.url,
    }
}

/// Returns the validators to send; none once a week, to see the document itself.
pub fn conditional(state: &SourceState, now: Time) -> Validators {
    let seen = state.unread.as_ref().map(|unread| unread.at).or(state.last_full_at);
    match seen {
        Some(full) if now < later(full, MAX_CONDITIONAL) => state.validators.clone(),
        _ => Validators::default(),
    }
}

/// Tells whether a source is to be polled now; `force` overrules our own interval and back-off, never what the server
/// asked for. A source that was never polled is due, and one that was polled by a clock that has been set back since: when
/// it planned to poll again is a time that may be years away.
pub fn is_due(state: &SourceState, now: Time, force: bool) -> bool {
    if state.last_polled_at.is_some_and(|last| last > later(now, STEP_BACK)) {
        return true;
    }
    state.not_before.is_none_or(|at| at <= now) && (force || state.next_poll_at.is_none_or(|at| at <= now))
}

/// Returns when a daemon that starts polls a source that is due, one of so `many`: at once, spread over some seconds, or
/// over minutes where they are thousands.
pub fn first(source: &Source, many: usize, settings: &config::Poll, now: Time) -> Time {
    let each = FIRST_SPREAD_EACH.saturating_mul(u32::try_from(many).unwrap_or(u32::MAX));
    let spread = FIRST_SPREAD.max(each).min(settings.min_interval);
    later(now, spread.mul_f64((jitter(source.id, Time::UNIX_EPOCH) + 1.0) / 2.0))
}

/// Returns the state after a poll: what was learned, and when to poll next and why.
pub fn after(
    state: &SourceState,
    source: &Source,
    outcome: &Outcome<'_>,
    answer: &Answer,
    settings: &config::Poll,
    now: Time,
) -> SourceState {
    let mut next = state.clone();
    next.last_polled_at = Some(now);
    next.http_status = answer.http_status;
    next.not_before = None;
    match outcome {
        Outcome::Fresh { feed, entries, new_entries, body_hash, validators } => {
            learn_feed(&mut next, feed, entries, *new_entries, now);
            next.body_hash = Some(body_hash.clone());
            (next.validators, next.unread) = (validators.clone(), None);
            next.last_full_at = Some(now);
            succeed(&mut next, source, answer, settings, now);
        }
        Outcome::Unchanged { validators } => {
            (next.validators, next.unread) = (validators.clone(), None);
            next.last_full_at = Some(now);
            next.mean_gap_s = gap_of_silence(next.mean_gap_s, elapsed_s(state, now).unwrap_or_default());
            succeed(&mut next, source, answer, settings, now);
        }
        Outcome::NotModified { validators } => {
            next.validators.etag = validators.etag.clone().or(next.validators.etag);
            next.validators.last_modified = validators.last_modified.clone().or(next.validators.last_modified);
            next.mean_gap_s = gap_of_silence(next.mean_gap_s, elapsed_s(state, now).unwrap_or_default());
            succeed(&mut next, source, answer, settings, now);
        }
        Outcome::Unread { error, validators } => {
            // Without validators of its own, those of the document before still tell when that is back.
            if answer.http_status != Some(304) && *validators != Validators::default() {
                next.validators = validators.clone();
                next.unread = Some(Unread { error: error.clone(), at: now });
            }
            back_off(&mut next, source, error, settings, now);
            stay_fresh(&mut next, answer, now);
        }
        Outcome::Failed { error, http_status } => {
            next.http_status = *http_status;
            back_off(&mut next, source, error, settings, now);
        }
        Outcome::Asked { http_status, retry_after, error } => {
            next.http_status = Some(*http_status);
            let until = fail(&mut next, source, error, settings, now);
            match retry_after.map(|at| at.min(later(now, MAX_RETRY_AFTER))).filter(|&at| at > now) {
                Some(at) => {
                    next.not_before = Some(at);
                    plan(&mut next, at, format!("Retry-After of a {http_status} answer"), now);
                }
                None => plan(&mut next, until, format!("back-off after a {http_status} answer"), now),
            }
        }
        Outcome::Gone => {
            fail(&mut next, source, "410 gone", settings, now);
            next.status = SourceStatus::Gone;
            next.http_status = Some(410);
            let at = later(now, GONE_PROBE);
            next.not_before = Some(at);
            plan(&mut next, at, "gone (410), asked again once a month".to_owned(), now);
        }
    }
    next
}

/// Takes over what a new document says of its source.
fn learn_feed(next: &mut SourceState, feed: &Feed, entries: &[&Entry], new_entries: usize, now: Time) {
    next.title = feed.title.clone().or(next.title.take());
    next.entries = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    next.hub = feed.hub.clone();
    next.self_link = feed.self_link.clone();
    next.asked_interval_s = feed.rhythm.interval.map(|interval| interval.as_secs());
    next.skip_hours = feed.rhythm.skip_hours.clone();
    next.skip_days = feed.rhythm.skip_days.clone();
    next.mean_gap_s = gap_of_dates(entries, now).unwrap_or_else(|| {
        // The first document's entries are all new; how long they took is not known.
        let elapsed = next.last_full_at.map(|last| (now - last).as_seconds_f64().max(0.0));
        gap_of_counts(next.mean_gap_s, new_entries, elapsed)
    });
}

/// Ends a poll that worked.
fn succeed(next: &mut SourceState, source: &Source, answer: &Answer, settings: &config::Poll, now: Time) {
    next.status = SourceStatus::Ok;
    next.consecutive_failures = 0;
    next.last_error = None;
    learn_redirect(next, source, answer, now);
    let (mut at, mut reason) = interval::next(source, next, settings, now);
    // A hub that fell silent is found out by the polls that go on, at the latest when its lease ends.
    let seldom = answer.pushed_until.map(|until| until.min(later(now, settings.max_interval)));
    if let Some(seldom) = seldom.filter(|seldom| source.interval.is_none() && *seldom > at) {
        (at, reason) = (seldom, "its hub tells what is new".to_owned());
    }
    plan(next, at, reason, now);
    stay_fresh(next, answer, now);
}

/// Puts the next poll off for as long as the server calls its answer fresh.
fn stay_fresh(next: &mut SourceState, answer: &Answer, now: Time) {
    let Some(age) = answer.max_age else { return };
    let fresh_until = later(now, age.min(DAY));
    next.not_before = Some(fresh_until);
    if next.next_poll_at.is_none_or(|at| fresh_until > at) {
        plan(next, fresh_until, format!("the answer stays fresh for {} (Cache-Control)", plain(age)), now);
    }
}

/// Ends a poll that failed, unless the server said when to come back.
fn back_off(next: &mut SourceState, source: &Source, error: &str, settings: &config::Poll, now: Time) {
    let until = fail(next, source, error, settings, now);
    let failures = plural(next.consecutive_failures, "failure");
    plan(next, until, format!("back-off after {failures}"), now);
    forget_broken_redirect(next);
}

/// Notes a failure; returns the end of the back-off, which doubles from the shortest interval up to a day.
fn fail(next: &mut SourceState, source: &Source, error: &str, settings: &config::Poll, now: Time) -> Time {
    next.status = SourceStatus::Failing;
    next.last_error = Some(error.to_owned());
    next.consecutive_failures = next.consecutive_failures.saturating_add(1);
    let doublings = (next.consecutive_failures - 1).min(20);
    let wait = settings.min_interval.max(Duration::from_secs(1)).saturating_mul(1 << doublings).min(MAX_BACK_OFF);
    later(now, wait.mul_f64(1.0 + 0.1 * jitter(source.id, now)).min(MAX_BACK_OFF))
}

fn plan(next: &mut SourceState, at: Time, reason: String, now: Time) {
    let wait = (at - now).to_std().unwrap_or_default();
    next.next_poll_at = Some(at);
    next.next_poll_reason = Some(format!("{reason}; next in {}", plain(wait)));
}

/// Counts the sightings of a permanent redirect, and believes it when there were enough.
fn learn_redirect(next: &mut SourceState, source: &Source, answer: &Answer, now: Time) {
    let asked_configured = answer.asked_url.is_empty() || answer.asked_url == source.url;
    if !asked_configured {
        // A learned address that redirects in its turn is followed; the monthly check of the configured one finds the
        // new place.
        return;
    }
    let Some(target) = answer.moved_to.as_ref().filter(|target| **target != source.url) else {
        (next.moved_to, next.moved_seen, next.moved_since, next.learned_url) = (None, 0, None, None);
        return;
    };
    if next.learned_url.as_ref() == Some(target) {
        next.moved_since = Some(now);
        return;
    }
    if next.moved_to.as_ref() == Some(target) {
        next.moved_seen = next.moved_seen.saturating_add(1);
    } else {
        next.moved_to = Some(target.clone());
        next.moved_seen = 1;
        next.moved_since = Some(now);
        next.learned_url = None;
    }
    let over_a_day = next.moved_since.is_some_and(|since| now >= later(since, DAY));
    if (next.moved_seen >= SIGHTINGS && over_a_day) || next.moved_seen >= SIGHTINGS_IN_A_ROW {
        next.learned_url = next.moved_to.take();
        next.moved_seen = 0;
        next.moved_since = Some(now);
    }
}

/// Goes back to the configured address when the learned one keeps failing.
fn forget_broken_redirect(next: &mut SourceState) {
    if next.learned_url.is_some() && next.consecutive_failures >= LEARNED_FAILURES {
        (next.moved_since, next.learned_url) = (None, None);
    }
}

fn elapsed_s(state: &SourceState, now: Time) -> Option<f64> {
    state.last_polled_at.map(|last| (now - last).as_seconds_f64().max(0.0))
}

fn plural(count: u32, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests;
