//! Claims about when sources are polled.

use super::*;
use crate::{model::Entry, source::Rhythm};

fn at(text: &str) -> Time {
    text.parse().expect("a date")
}

/// A Monday morning.
fn now() -> Time {
    at("2026-03-02T10:00:00Z")
}

fn source() -> Source {
    Source::new("https://news.example/feed")
}

/// A feed with an entry every `minutes`, the newest just now.
fn feed_every(minutes: i64) -> Feed {
    let entry = |n| Entry { published_at: Some(now() - chrono::Duration::minutes(minutes * n)), ..Entry::default() };
    Feed { entries: (0..30).map(entry).collect(), ..Feed::default() }
}

fn fresh(feed: &Feed) -> Outcome<'_> {
    let validators = Validators { etag: Some("W/\"a\"".to_owned()), last_modified: None };
    let entries: Vec<_> = feed.entries.iter().collect();
    Outcome::Fresh { feed, new_entries: entries.len(), entries, body_hash: "00".to_owned(), validators }
}

fn failed() -> Outcome<'static> {
    Outcome::Failed { error: "timed out after 30 s".to_owned(), http_status: None }
}

fn poll(state: &SourceState, outcome: &Outcome<'_>, answer: &Answer, now: Time) -> SourceState {
    after(state, &source(), outcome, answer, &config::Poll::default(), now)
}

/// Polls once; the wait must be within 10 % of `minutes`, and the reason must contain `reason`.
#[track_caller]
fn check(state: &SourceState, outcome: &Outcome<'_>, answer: &Answer, minutes: f64, reason: &str) -> SourceState {
    let next = poll(state, outcome, answer, now());
    let wait = (next.next_poll_at.expect("planned") - now()).as_seconds_f64() / 60.0;
    assert!((wait - minutes).abs() <= minutes * 0.101, "{wait} min instead of {minutes}");
    let given = next.next_poll_reason.clone().expect("a reason");
    assert!(given.contains(reason), "{given}");
    next
}

#[test]
fn interval_follows_what_the_source_publishes() {
    let never = SourceState::default();
    let answer = Answer::default();
    check(&never, &fresh(&feed_every(60)), &answer, 28.5, "publishes every 57 min");
    check(&never, &fresh(&feed_every(1)), &answer, 5.0, "publishes every 57 s");
    check(&never, &fresh(&feed_every(30 * 24 * 60)), &answer, 1440.0, "publishes every 2 days");
    check(&never, &fresh(&Feed::default()), &answer, 30.0, "rhythm not known");
}

#[test]
fn what_a_hub_tells_is_polled_seldom_until_its_lease_ends() {
    let never = SourceState::default();
    let until = |hours| Answer { pushed_until: Some(now() + chrono::Duration::hours(hours)), ..Answer::default() };
    check(&never, &fresh(&feed_every(60)), &until(240), 1440.0, "its hub tells what is new");
    check(&never, &fresh(&feed_every(60)), &until(2), 120.0, "its hub tells what is new");
    check(&never, &fresh(&feed_every(60)), &until(-1), 28.5, "publishes every 57 min");
    let wished = Source { interval: Some(Duration::from_secs(3600)), ..source() };
    let next = after(&never, &wished, &fresh(&feed_every(60)), &until(240), &config::Poll::default(), now());
    assert!(
        next.next_poll_at.is_some_and(|at| at < now() + chrono::Duration::hours(2)),
        "the user's own interval stays"
    );
}

#[test]
fn a_plan_made_by_a_clock_that_was_set_back_since_holds_nobody_up() {
    let planned = SourceState {
        last_polled_at: Some(now() + chrono::Duration::days(400)),
        next_poll_at: Some(now() + chrono::Duration::days(401)),
        ..SourceState::default()
    };
    assert!(is_due(&planned, now(), false));
    // A clock that is put right by seconds is no reason to poll twice.
    let slightly = |last| SourceState { last_polled_at: Some(last), ..planned.clone() };
    assert!(!is_due(&slightly(now() + chrono::Duration::seconds(20)), now(), false));
    assert!(!is_due(&slightly(now() - chrono::Duration::days(1)), now(), false));
}

#[test]
fn silence_makes_polls_rarer() {
    let feed = feed_every(60);
    let mut state = poll(&SourceState::default(), &fresh(&feed), &Answer::default(), now());
    let (mut time, mut waits) = (now(), Vec::new());
    for _ in 0..40 {
        let due = state.next_poll_at.expect("planned");
        waits.push((due - time).num_minutes());
        time = due;
        state = poll(&state, &Outcome::NotModified { validators: Validators::default() }, &Answer::default(), time);
    }
    assert!(waits[39] > 2 * waits[0], "{waits:?}");
    assert_eq!(state.validators.etag.as_deref(), Some("W/\"a\""));
}

#[test]
fn entries_without_dates_are_counted() {
    let feed = Feed { entries: vec![Entry::default(); 10], ..Feed::default() };
    let state = poll(&SourceState::default(), &fresh(&feed), &Answer::default(), now());
    assert_eq!(state.mean_gap_s, 0.0);
    let validators = Validators::default();
    let outcome = Outcome::Fresh {
        feed: &feed,
        entries: feed.entries.iter().collect(),
        new_entries: 2,
        body_hash: "01".to_owned(),
        validators,
    };
    let state = poll(&state, &outcome, &Answer::default(), now() + chrono::Duration::hours(2));
    assert_eq!(state.mean_gap_s, 3600.0);
}

#[test]
fn what_the_feed_asks_for_is_respected() {
    let mut feed = feed_every(10);
    let never = SourceState::default();
    feed.rhythm = Rhythm { interval: Some(Duration::from_secs(3600)), ..Rhythm::default() };
    check(&never, &fresh(&feed), &Answer::default(), 60.0, "asks for 60 min");
    feed.rhythm = Rhythm { skip_hours: vec![10, 11], ..Rhythm::default() };
    check(&never, &fresh(&feed), &Answer::default(), 120.0, "not to be polled before Mon 12:00");
    feed.rhythm = Rhythm { skip_days: vec![0], ..Rhythm::default() };
    check(&never, &fresh(&feed), &Answer::default(), 14.0 * 60.0, "before Tue 00:00");
    feed.rhythm = Rhythm { skip_hours: (0..24).collect(), ..Rhythm::default() };
    check(&never, &fresh(&feed), &Answer::default(), 5.0, "publishes");
    feed.rhythm = Rhythm { interval: Some(Duration::from_secs(365 * 86_400)), ..Rhythm::default() };
    check(&never, &fresh(&feed), &Answer::default(), 1440.0, "asks for 365 days");
}

#[test]
fn a_configured_interval_is_exact() {
    let source = Source { interval: Some(Duration::from_secs(900)), ..source() };
    let next = after(
        &SourceState::default(),
        &source,
        &fresh(&feed_every(600)),
        &Answer::default(),
        &config::Poll::default(),
        now(),
    );
    assert_eq!(next.next_poll_at, Some(at("2026-03-02T10:15:00Z")));
}

#[test]
fn a_fresh_answer_is_not_asked_for_again_even_by_force() {
    let answer = Answer { max_age: Some(Duration::from_secs(3 * 3600)), ..Answer::default() };
    let state = check(&SourceState::default(), &fresh(&feed_every(10)), &answer, 180.0, "fresh for 3 h");
    assert!(!is_due(&state, at("2026-03-02T12:59:00Z"), true));
    assert!(is_due(&state, at("2026-03-02T13:00:00Z"), false));
    // A short one binds force too, but does not shorten the interval.
    let answer = Answer { max_age: Some(Duration::from_secs(60)), ..Answer::default() };
    let state = check(&SourceState::default(), &fresh(&feed_every(60)), &answer, 28.5, "publishes");
    assert!(!is_due(&state, now(), true) && is_due(&state, at("2026-03-02T10:01:00Z"), true));
}

#[test]
fn back_off_doubles_to_a_day_and_ends_at_once() {
    let mut state = poll(&SourceState::default(), &fresh(&feed_every(60)), &Answer::default(), now());
    for minutes in [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 1440.0, 1440.0] {
        state = check(&state, &failed(), &Answer::default(), minutes, "back-off after");
    }
    assert_eq!((state.status, state.consecutive_failures), (SourceStatus::Failing, 11));
    assert_eq!(state.last_error.as_deref(), Some("timed out after 30 s"));
    assert!(is_due(&state, now(), true) && !is_due(&state, now(), false));
    let state = check(&state, &fresh(&feed_every(60)), &Answer::default(), 28.5, "publishes");
    assert_eq!((state.status, state.consecutive_failures, state.last_error), (SourceStatus::Ok, 0, None));
}

#[test]
fn retry_after_binds_even_by_force() {
    let asked = |retry_after: Option<&str>| Outcome::Asked {
        http_status: 429,
        retry_after: retry_after.map(at),
        error: "429 too many requests".to_owned(),
    };
    let state =
        check(&SourceState::default(), &asked(Some("2026-03-02T12:00:00Z")), &Answer::default(), 120.0, "Retry-After");
    assert!(!is_due(&state, at("2026-03-02T11:59:59Z"), true) && is_due(&state, at("2026-03-02T12:00:00Z"), false));
    check(
        &SourceState::default(),
        &asked(Some("2036-03-02T12:00:00Z")),
        &Answer::default(),
        7.0 * 1440.0,
        "Retry-After",
    );
    let state = check(&SourceState::default(), &asked(None), &Answer::default(), 5.0, "back-off after a 429 answer");
    assert!(is_due(&state, now(), true));
}

#[test]
fn what_is_gone_is_asked_once_a_month() {
    let state = check(&SourceState::default(), &Outcome::Gone, &Answer::default(), 30.0 * 1440.0, "gone (410)");
    assert_eq!((state.status, state.http_status), (SourceStatus::Gone, Some(410)));
    assert!(!is_due(&state, now() + chrono::Duration::days(29), true));
}

#[test]
fn a_permanent_redirect_is_learned_slowly_and_checked_monthly() {
    let feed = feed_every(60);
    let asked_url = source().url;
    let moved = Answer {
        asked_url: asked_url.clone(),
        moved_to: Some("https://new.example/feed".to_owned()),
        ..Answer::default()
    };
    let mut state = poll(&SourceState::default(), &fresh(&feed), &moved, now());
    state = poll(&state, &fresh(&feed), &moved, at("2026-03-02T20:00:00Z"));
    assert_eq!(address(&state, &source(), now()), asked_url);
    let learned = poll(&state, &fresh(&feed), &moved, at("2026-03-03T10:00:00Z"));
    let later = at("2026-03-03T11:00:00Z");
    assert_eq!(address(&learned, &source(), later), "https://new.example/feed");
    // A month later the configured address is asked; without the redirect, what was learned is forgotten.
    let probe = at("2026-04-03T10:00:00Z");
    assert_eq!(address(&learned, &source(), probe), asked_url);
    let still = poll(&learned, &fresh(&feed), &moved, probe);
    assert_eq!(address(&still, &source(), probe), "https://new.example/feed");
    let back = poll(&learned, &fresh(&feed), &Answer { moved_to: None, ..moved.clone() }, probe);
    assert_eq!(back.learned_url, None);
    // One poll without the redirect starts the count again.
    let broken = poll(&state, &fresh(&feed), &Answer { moved_to: None, ..moved }, at("2026-03-03T09:00:00Z"));
    assert_eq!((broken.moved_seen, broken.moved_to), (0, None));
}

#[test]
fn a_redirect_seen_in_quick_succession_is_learned_after_five() {
    let answer = Answer { moved_to: Some("https://new.example/feed".to_owned()), ..Answer::default() };
    let mut state = SourceState::default();
    for _ in 0..5 {
        assert_eq!(state.learned_url, None);
        state = poll(&state, &fresh(&Feed::default()), &answer, now());
    }
    assert_eq!(state.learned_url.as_deref(), Some("https://new.example/feed"));
}

#[test]
fn a_learned_address_that_fails_is_forgotten() {
    let learned = Some("https://new.example/feed".to_owned());
    let mut state = SourceState { learned_url: learned, moved_since: Some(now()), ..SourceState::default() };
    for _ in 0..3 {
        assert_eq!(address(&state, &source(), now()), "https://new.example/feed");
        state = poll(&state, &failed(), &Answer::default(), now());
    }
    assert_eq!(address(&state, &source(), now()), source().url);
}

#[test]
fn not_modified_is_believed_for_a_week() {
    let state = poll(&SourceState::default(), &fresh(&Feed::default()), &Answer::default(), now());
    assert_eq!(conditional(&state, at("2026-03-09T09:59:00Z")), state.validators);
    assert_eq!(conditional(&state, at("2026-03-09T10:00:00Z")), Validators::default());
    let kept = poll(&state, &Outcome::NotModified { validators: Validators::default() }, &Answer::default(), now());
    assert_eq!(kept.validators, state.validators);
    let dropped = poll(&state, &Outcome::Unchanged { validators: Validators::default() }, &Answer::default(), now());
    assert_eq!(dropped.validators, Validators::default());
}

#[test]
fn a_document_that_cannot_be_read_keeps_its_validators_and_its_freshness() {
    let etag = |text: &str| Validators { etag: Some(text.to_owned()), last_modified: None };
    let unread = |validators| Outcome::Unread { error: "a web page, not a feed".to_owned(), validators };
    let answer = |status, minutes: Option<u64>| Answer {
        http_status: Some(status),
        max_age: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
        ..Answer::default()
    };
    let good = poll(&SourceState::default(), &fresh(&feed_every(60)), &Answer::default(), now());
    let bad = check(&good, &unread(etag("b")), &answer(200, Some(60)), 60.0, "stays fresh");
    assert!(!is_due(&bad, now() + chrono::Duration::minutes(59), true));
    assert_eq!((conditional(&bad, now()), bad.status), (etag("b"), SourceStatus::Failing));
    // "Not modified" is the same failure again, and believed for a week, as of any document.
    let still = poll(&bad, &unread(Validators::default()), &answer(304, None), now() + chrono::Duration::days(1));
    assert_eq!((&still.unread, still.consecutive_failures, still.http_status), (&bad.unread, 2, Some(304)));
    assert_eq!(conditional(&still, at("2026-03-09T09:59:00Z")), etag("b"));
    assert_eq!(conditional(&still, at("2026-03-09T10:00:00Z")), Validators::default());
    // One without validators leaves those of the document before, which is a good one.
    let nameless = check(&good, &unread(Validators::default()), &answer(200, None), 5.0, "back-off after 1 failure");
    assert_eq!((conditional(&nameless, now()), nameless.unread), (good.validators.clone(), None));
    for read in [fresh(&feed_every(60)), Outcome::Unchanged { validators: etag("c") }] {
        assert_eq!(poll(&still, &read, &Answer::default(), now()).unread, None);
    }
}

#[test]
fn sources_never_polled_are_due_and_spread() {
    assert!(is_due(&SourceState::default(), now(), false));
    let settings = config::Poll::default();
    let firsts = |many: usize, within_s: i64| {
        let source = |n| Source::new(format!("https://{n}.example/"));
        let all: Vec<Time> = (0..50).map(|n| first(&source(n), many, &settings, now())).collect();
        assert!(all.iter().all(|&at| at >= now() && at <= now() + chrono::Duration::seconds(within_s)), "{all:?}");
        assert!(all.iter().any(|&at| at > now() + chrono::Duration::seconds(within_s * 3 / 4)), "{all:?}");
        assert!(all.iter().collect::<std::collections::BTreeSet<_>>().len() > 40);
    };
    firsts(50, 10);
    firsts(1_000, 33);
    firsts(100_000, 300);
}
