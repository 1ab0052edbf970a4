//! How long to wait between two polls that work.

use std::time::Duration;

use crate::{
    config,
    model::{Entry, Source, SourceId, SourceState, Time},
};

/// How many of the newest entries tell the rhythm: enough to outlive one burst, few enough to follow a change of the
/// day.
const RHYTHM_ENTRIES: usize = 20;

/// Returns the average time between entries in seconds, from the dates of the newest ones and the time since.
///
/// `None` where fewer than two entries have a usable date.
pub(super) fn gap_of_dates(entries: &[&Entry], now: Time) -> Option<f64> {
    let dates = entries.iter().filter_map(|entry| entry.published_at.or(entry.updated_at));
    // A date in the future or at the epoch is a mistake.
    let mut ages: Vec<i64> = dates.filter(|at| at.timestamp() > 86_400).map(|at| (now - at).num_seconds()).collect();
    ages.retain(|&age| age >= 0);
    ages.sort_unstable();
    ages.truncate(RHYTHM_ENTRIES);
    let oldest = *ages.last().filter(|_| ages.len() > 1)?;
    Some((oldest as f64 / ages.len() as f64).max(1.0))
}

/// Returns the average gap after a poll of a source whose entries carry no dates.
pub(super) fn gap_of_counts(known_s: f64, new_entries: usize, elapsed_s: Option<f64>) -> f64 {
    match elapsed_s {
        Some(elapsed_s) if new_entries > 0 => {
            let seen_s = elapsed_s / new_entries as f64;
            if known_s > 0.0 { 0.7 * known_s + 0.3 * seen_s } else { seen_s }
        }
        Some(elapsed_s) => gap_of_silence(known_s, elapsed_s),
        None => known_s,
    }
}

/// Returns the average gap after a poll that brought nothing: the silence is shared out among the entries that tell
/// the rhythm.
pub(super) fn gap_of_silence(known_s: f64, elapsed_s: f64) -> f64 {
    if known_s > 0.0 { known_s + elapsed_s / RHYTHM_ENTRIES as f64 } else { 0.0 }
}

/// Returns when to poll next after a poll that worked, and why.
pub(super) fn next(source: &Source, state: &SourceState, settings: &config::Poll, now: Time) -> (Time, String) {
    if let Some(fixed) = source.interval {
        return (later(now, fixed), format!("every {}, as configured", plain(fixed)));
    }
    let bounds =
        |interval: Duration| interval.clamp(settings.min_interval, settings.max_interval.max(settings.min_interval));
    let (mut interval, mut reason) = if state.mean_gap_s > 0.0 {
        let gap = Duration::from_secs_f64(state.mean_gap_s.min(settings.max_interval.as_secs_f64() * 2.0));
        // Half the gap: a new entry waits a quarter of it on average.
        (bounds(gap / 2), format!("publishes every {}", plain(gap)))
    } else {
        (bounds(settings.default_interval), "rhythm not known yet".to_owned())
    };
    let asked = state.asked_interval_s.map(Duration::from_secs);
    if let Some(asked) = asked.filter(|&asked| asked > interval) {
        interval = bounds(asked);
        reason = format!("asks for {} between polls", plain(asked));
    }
    let jittered = interval.mul_f64(1.0 + 0.1 * jitter(source.id, now)).max(settings.min_interval);
    let at = later(now, jittered);
    let allowed = after_skipped_hours(at, &state.skip_hours, &state.skip_days);
    if allowed > at {
        reason.push_str("; asks not to be polled before ");
        reason.push_str(&allowed.format("%a %H:%M UTC").to_string());
    }
    (allowed, reason)
}

/// Returns the first time from `at` on that lies in no hour and day which the feed asks to skip.
fn after_skipped_hours(at: Time, hours: &[u8], days: &[u8]) -> Time {
    use chrono::{Datelike, DurationRound, Timelike};
    let is_skipped =
        |at: &Time| hours.contains(&(at.hour() as u8)) || days.contains(&(at.weekday().num_days_from_monday() as u8));
    let hour = chrono::Duration::hours(1);
    let mut allowed = at;
    // A week has every hour; a feed that skips them all is not taken at its word.
    for _ in 0..7 * 24 {
        if !is_skipped(&allowed) {
            return allowed;
        }
        allowed = (allowed + hour).duration_trunc(hour).unwrap_or(at);
    }
    at
}

/// Returns a number in -1..1 that belongs to the source and the moment: spreads polls without randomness.
pub(super) fn jitter(source: SourceId, at: Time) -> f64 {
    let id = SourceId::derive(&[&source.to_string(), &at.timestamp().to_string()]);
    id.bits() as f64 / u64::MAX as f64 * 2.0 - 1.0
}

/// Adds a duration to a time, up to the end of time.
pub(super) fn later(at: Time, duration: Duration) -> Time {
    chrono::Duration::from_std(duration)
        .ok()
        .and_then(|duration| at.checked_add_signed(duration))
        .unwrap_or(Time::MAX_UTC)
}

/// Writes a duration the way people say it.
pub(super) fn plain(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", (seconds + 30) / 60),
        7_200..=172_799 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}
