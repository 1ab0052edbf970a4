//! Durations such as `15m` and sizes such as `8MiB`, read and written.

use std::time::Duration;

/// The units of durations, longest first, in milliseconds.
const DURATIONS: &[(&str, u64)] =
    &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A century: longer is a slip, and adding it to a date would leave the calendar.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// The units of sizes in bytes, largest first.
const SIZES: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

/// Reads a duration: numbers with units from the longest to the shortest, such as `30s`, `1h30m` or `7d`; `0` needs none.
///
/// # Errors
/// A message with the accepted forms.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse = || {
        format!(
            "`{text}` is not a duration: write numbers with w, d, h, m, s or ms, such as `30s`, `15m`, `1h30m`, `7d`"
        )
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut total_ms: u64 = 0;
    let mut units = DURATIONS;
    while !rest.is_empty() {
        let (number, unit, after) = leading(rest).ok_or_else(refuse)?;
        let at = units.iter().position(|(name, _)| *name == unit).ok_or_else(refuse)?;
        total_ms = number.checked_mul(units[at].1).and_then(|ms| total_ms.checked_add(ms)).ok_or_else(refuse)?;
        units = &units[at + 1..];
        rest = after;
    }
    match Duration::from_millis(total_ms) {
        _ if text.is_empty() => Err(refuse()),
        long if long > LONGEST => Err(format!("`{text}` is longer than a century")),
        duration => Ok(duration),
    }
}

/// Reads a size in bytes: a number with `B`, `KB`, `MB`, `GB` (thousands) or `KiB`, `MiB`, `GiB` (1024s).
///
/// # Errors
/// A message with the accepted forms.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let size = leading(text).filter(|(.., after)| after.is_empty()).and_then(|(number, unit, _)| {
        let (_, bytes) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        number.checked_mul(*bytes)
    });
    size.ok_or_else(|| {
        format!("`{text}` is not a size: write a number with B, KB, MB, GB, KiB, MiB or GiB, such as `8MiB`")
    })
}

/// Writes a duration as [`parse_duration`] reads it.
pub fn format_duration(duration: Duration) -> String {
    let mut rest_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    // Weeks are read, but `7d` is what people write.
    for (unit, ms) in &DURATIONS[1..] {
        if rest_ms >= *ms {
            text += &format!("{}{unit}", rest_ms / ms);
            rest_ms %= ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Writes a size as [`parse_size`] reads it, in the unit without a remainder that makes the smallest number.
pub fn format_size(bytes: u64) -> String {
    let fits = |(_, size): &&(&str, u64)| bytes >= *size && bytes.is_multiple_of(*size);
    let (unit, size) = SIZES.iter().filter(fits).min_by_key(|(_, size)| bytes / size).unwrap_or(&("B", 1));
    format!("{}{unit}", bytes / size)
}

/// Splits off a number and the letters after it.
fn leading(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let letters = text[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let number = text[..digits].parse().ok()?;
    Some((number, &text[digits..digits + letters], &text[digits + letters..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, seconds) in [
            ("30s", Some(30.0)),
            ("15m", Some(900.0)),
            ("1h30m", Some(5_400.0)),
            ("7d", Some(604_800.0)),
            ("2w", Some(1_209_600.0)),
            ("250ms", Some(0.25)),
            ("1m500ms", Some(60.5)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("", None),
            ("30", None),
            ("s", None),
            ("-5s", None),
            ("1.5h", None),
            ("15 m", None),
            ("15min", None),
            ("30m1h", None),
            ("1h1h", None),
            ("5S", None),
            ("99999999999999999999s", None),
            ("18446744073709551615w", None),
            ("200000d", None),
            ("٣s", None),
        ] {
            let got = parse_duration(text).ok().map(|duration| duration.as_secs_f64());
            assert_eq!(got, seconds, "{text}");
        }
    }

    #[test]
    fn sizes_are_numbers_with_units() {
        for (text, bytes) in [
            ("8MiB", Some(8 << 20)),
            ("500KB", Some(500_000)),
            ("1gib", Some(1 << 30)),
            ("12B", Some(12)),
            ("12", None),
            ("8 MiB", None),
            ("8MiBx", None),
            ("8M", None),
            ("", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(parse_size(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn errors_name_the_accepted_forms() {
        assert!(parse_duration("soon").is_err_and(|error| error.contains("`soon`") && error.contains("`1h30m`")));
        assert!(parse_size("big").is_err_and(|error| error.contains("`big`") && error.contains("`8MiB`")));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in 0..LONGEST.as_millis() as u64, bytes: u64) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = (parse_duration(&text), parse_size(&text));
        }
    }
}
