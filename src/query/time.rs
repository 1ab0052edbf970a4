//! Points in time as a user writes them.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime};

use super::Error;
use crate::model::Time;

/// The longest age that is read: a hundred years.
const MAX_AGE_DAYS: i64 = 36_500;

/// Reads a point in time: RFC 3339, a date (`2026-11-22`, UTC), or an age before `now` (`90m`, `24h`, `7d`, `2w`).
///
/// With `end_of_day` a date means its last moment instead of its first.
///
/// # Errors
/// When the text is none of these.
pub fn parse_time(text: &str, now: Time, end_of_day: bool) -> Result<Time, Error> {
    read_age(text, now)
        .or_else(|| read_moment(text))
        .or_else(|| read_day(text, end_of_day))
        .ok_or_else(|| Error::new(0, format!("`{text}` is not a time")).hint(FORMS))
}

const FORMS: &str = "write a date (2026-11-22), a moment (2026-11-22T10:00:00Z) or an age (90m, 24h, 7d, 2w)";

/// Reads an age, such as `24h`, as the moment that long before `now`.
pub(super) fn read_age(text: &str, now: Time) -> Option<Time> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count: i64 = text[..digits].parse().ok()?;
    let age = match &text[digits..] {
        "s" => Duration::try_seconds(count),
        "m" => Duration::try_minutes(count),
        "h" => Duration::try_hours(count),
        "d" => Duration::try_days(count),
        "w" => Duration::try_weeks(count),
        _ => None,
    }?;
    (age <= Duration::days(MAX_AGE_DAYS)).then(|| now.checked_sub_signed(age))?
}

fn read_moment(text: &str) -> Option<Time> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    // Without a zone it is UTC, as everything that dateline prints.
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .filter(|_| has_plain_date(text))
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|moment| moment.and_utc())
}

fn read_day(text: &str, end_of_day: bool) -> Option<Time> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10 && has_plain_date(text))?;
    let moment = if end_of_day { day.and_hms_milli_opt(23, 59, 59, 999) } else { day.and_hms_opt(0, 0, 0) };
    Some(moment?.and_utc())
}

/// Whether the text begins with a year of four digits: chrono also reads signs and longer years, which nobody means.
fn has_plain_date(text: &str) -> bool {
    text.len() >= 10 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Time {
        "2026-11-22T12:00:00Z".parse().expect("a time")
    }

    #[track_caller]
    fn check(text: &str, end_of_day: bool, expected: &str) {
        let read = parse_time(text, now(), end_of_day).map(|time| time.to_rfc3339());
        assert_eq!(read.ok(), Some(expected.to_owned()), "{text}");
    }

    #[test]
    fn dates_moments_and_ages_are_times() {
        check("2026-11-01", false, "2026-11-01T00:00:00+00:00");
        check("2026-11-01", true, "2026-11-01T23:59:59.999+00:00");
        check("2026-11-01T10:00:00+02:00", true, "2026-11-01T08:00:00+00:00");
        check("2026-11-01T10:00", false, "2026-11-01T10:00:00+00:00");
        check("24h", true, "2026-11-21T12:00:00+00:00");
        check("7d", false, "2026-11-15T12:00:00+00:00");
        check("90m", false, "2026-11-22T10:30:00+00:00");
        check("2w", false, "2026-11-08T12:00:00+00:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "d", "7", "7x", "-7d", "+2026-11-01", "99999999999999999999d", "9999999w", "2026-13-01", "1.11.2026"]
        {
            assert!(parse_time(text, now(), false).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "\\PC{0,30}|[0-9]{0,25}[smhdw]|[-+0-9T:Z.]{0,30}") {
            let _ = parse_time(&text, now(), true);
        }
    }
}
