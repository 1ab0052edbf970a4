//! What response headers say about when to come back.

use std::time::Duration;

use crate::{model::Time, text::date};

/// No answer is kept longer than this without asking, whatever it says: a news source that forbids polls for a month
/// by a slip of its server would be lost.
const MAX_AGE_CAP: Duration = Duration::from_secs(24 * 3600);

/// Reads `Retry-After`: seconds from now, or a date (RFC 9110, section 10.2.3).
pub fn parse_retry_after(value: &str, now: Time) -> Option<Time> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a century has seconds are a mistake.
        let seconds = value.parse::<u32>().ok()?;
        return now.checked_add_signed(chrono::Duration::seconds(i64::from(seconds)));
    }
    date::parse(value).map(|date| date.at)
}

/// Returns how long an answer stays fresh by `Cache-Control`, else by `Expires` counted from the server's own `Date`;
/// at most a day. `None` where nothing is said or the answer is not to be kept.
pub fn parse_max_age(
    cache_control: Option<&str>,
    expires: Option<&str>,
    date: Option<&str>,
    now: Time,
) -> Option<Duration> {
    let directives = || cache_control.unwrap_or_default().split(',').map(str::trim);
    if directives().any(|directive| ["no-cache", "no-store"].iter().any(|no| directive.eq_ignore_ascii_case(no))) {
        return None;
    }
    let max_age = directives().find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("max-age").then(|| value.parse::<u64>().unwrap_or_default())
    });
    let seconds = match max_age {
        Some(seconds) => seconds,
        None => {
            let expires = date::parse(expires?)?.at;
            let sent = date.and_then(date::parse).map_or(now, |date| date.at);
            u64::try_from((expires - sent).num_seconds()).unwrap_or_default()
        }
    };
    (seconds > 0).then(|| Duration::from_secs(seconds).min(MAX_AGE_CAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-03-02T10:00:00Z".parse().expect("a date")
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let check = |value, expected: Option<&str>| {
            assert_eq!(parse_retry_after(value, now()), expected.map(|text| text.parse().expect("a date")), "{value}");
        };
        check("120", Some("2026-03-02T10:02:00Z"));
        check(" 0 ", Some("2026-03-02T10:00:00Z"));
        check("Mon, 02 Mar 2026 11:30:00 GMT", Some("2026-03-02T11:30:00Z"));
        check("-1", None);
        check("99999999999999", None);
        check("soon", None);
    }

    #[test]
    fn max_age_wins_over_expires_and_is_capped() {
        let check = |cache_control, expires, date, expected: Option<u64>| {
            let found = parse_max_age(cache_control, expires, date, now());
            assert_eq!(found, expected.map(Duration::from_secs), "{cache_control:?} {expires:?}");
        };
        check(Some("public, Max-Age=600"), Some("Mon, 02 Mar 2026 11:30:00 GMT"), None, Some(600));
        check(Some("max-age=\"60\""), None, None, Some(60));
        check(Some("max-age=31536000"), None, None, Some(86_400));
        check(Some("no-cache, max-age=600"), None, None, None);
        check(Some("max-age=0"), Some("Mon, 02 Mar 2026 11:30:00 GMT"), None, None);
        check(None, Some("Mon, 02 Mar 2026 11:30:00 GMT"), None, Some(5400));
        // A server whose clock is wrong still means the difference.
        check(None, Some("Sun, 01 Mar 2026 11:30:00 GMT"), Some("Sun, 01 Mar 2026 11:00:00 GMT"), Some(1800));
        check(None, Some("0"), None, None);
        check(None, None, None, None);
    }
}
