//! Small pictures of numbers over time, as SVG without scripts or styles of its own. Each stands beside words that say
//! the same, and is hidden from who listens to a page.

use std::fmt::Write;

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat};

use super::super::json::CountRow;
use crate::model::Time;

/// The most bars: on the narrowest phone they are 4 pixels wide.
const BARS: i64 = 60;
/// Bars go back this far from the last: one article with a wrong date must not flatten the others.
const LONGEST: Duration = Duration::days(730);

/// A stretch of time and how much was published in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    pub from: Time,
    /// Where the next begins.
    pub to: Time,
    pub count: u64,
}

impl Bar {
    /// Returns the times that a search takes for it: dates where whole days are meant.
    pub fn bounds(&self) -> (String, String) {
        if self.to - self.from < Duration::days(1) {
            let text = |at: Time| at.to_rfc3339_opts(SecondsFormat::Secs, true);
            return (text(self.from), text(self.to - Duration::seconds(1)));
        }
        let day = |at: Time| at.format("%Y-%m-%d").to_string();
        (day(self.from), day(self.to - Duration::days(1)))
    }

    /// Returns what to call it.
    pub fn name(&self) -> String {
        if self.to - self.from < Duration::days(1) {
            return self.from.format("%-d %B %Y, %H:%M").to_string();
        }
        let (first, last) = (self.from, self.to - Duration::days(1));
        let day = |at: Time| at.format("%-d %B %Y").to_string();
        if first == last { day(first) } else { format!("{} – {}", day(first), day(last)) }
    }
}

/// Makes bars of counts by day or hour, in their order and without gaps, as wide as needed to be few.
pub(super) fn bars(counts: &[CountRow], unit: Duration) -> Vec<Bar> {
    let counts: Vec<(Time, u64)> = counts.iter().filter_map(|row| Some((begin(&row.value)?, row.count))).collect();
    let Some(&(last, _)) = counts.last() else { return Vec::new() };
    let first = counts.iter().map(|(at, _)| *at).find(|at| last - *at <= LONGEST).unwrap_or(last);
    let units = (last - first).num_seconds() / unit.num_seconds() + 1;
    let step = unit * i32::try_from((units + BARS - 1) / BARS).unwrap_or(i32::MAX);
    let mut bars = Vec::new();
    let mut from = first;
    while from <= last {
        let to = from + step;
        let count = counts.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, count)| count).sum();
        bars.push(Bar { from, to, count });
        from = to;
    }
    bars
}

/// Reads the beginning of a day or an hour.
fn begin(value: &str) -> Option<Time> {
    match value.parse::<NaiveDate>() {
        Ok(day) => Some(day.and_hms_opt(0, 0, 0)?.and_utc()),
        Err(_) => Some(DateTime::parse_from_rfc3339(value).ok()?.to_utc()),
    }
}

/// Draws bars, each a link for a pointer.
pub(super) fn bar_chart(bars: &[Bar], href: impl Fn(&Bar) -> String) -> String {
    let mut svg = "<svg class=bars aria-hidden=true>".to_owned();
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let width = 100.0 / bars.len().max(1) as f64;
    for (at, bar) in bars.iter().enumerate() {
        let (x, wide, high) = (at as f64 * width, width * 0.86, bar.count as f64 * 100.0 / most as f64);
        let _ = write!(
            svg,
            "<a href=\"{}\" tabindex=-1><title>{}: {}</title><rect class=place x=\"{x:.2}%\" y=0 width=\"{wide:.2}%\" \
             height=\"100%\" /><rect x=\"{x:.2}%\" y=\"{:.1}%\" width=\"{wide:.2}%\" height=\"{high:.1}%\" /></a>",
            href(bar),
            bar.name(),
            bar.count,
            100.0 - high,
        );
    }
    svg + "</svg>"
}

/// Draws a line of small bars.
pub(super) fn sparkline(values: &[u64]) -> String {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let width = 100.0 / values.len().max(1) as f64;
    let mut svg = "<svg class=spark aria-hidden=true>".to_owned();
    for (at, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let high = (*value as f64 * 100.0 / most as f64).max(8.0);
        let _ = write!(
            svg,
            "<rect x=\"{:.2}%\" y=\"{:.1}%\" width=\"{:.2}%\" height=\"{high:.1}%\" />",
            at as f64 * width,
            100.0 - high,
            width * 0.8,
        );
    }
    svg + "</svg>"
}

/// Draws a dot for each time on a line from the first to the last.
pub(super) fn dots(times: &[Time], first: Time, last: Time) -> String {
    let span = (last - first).num_seconds().max(1) as f64;
    let mut svg = "<svg class=dots aria-hidden=true><line x1=\"0\" x2=\"100%\" y1=\"50%\" y2=\"50%\" />".to_owned();
    for at in times {
        // Two hundredths on either side are left for the dots' own size.
        let x = 2.0 + 96.0 * (*at - first).num_seconds() as f64 / span;
        let _ = write!(svg, "<circle cx=\"{x:.2}%\" cy=\"50%\" r=\"5\" />");
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::By;

    #[track_caller]
    fn check(unit: Duration, counts: &[(&str, u64)], expected: &[u64]) -> Vec<Bar> {
        let row = |(value, count): &(&str, u64)| CountRow { by: By::Day, value: (*value).to_owned(), count: *count };
        let bars = bars(&counts.iter().map(row).collect::<Vec<_>>(), unit);
        assert_eq!(bars.iter().map(|bar| bar.count).collect::<Vec<_>>(), expected);
        bars
    }

    #[test]
    fn days_without_articles_have_a_place() {
        let bars = check(Duration::days(1), &[("2026-11-20", 2), ("2026-11-22", 5)], &[2, 0, 5]);
        assert_eq!(bars[2].bounds(), ("2026-11-22".to_owned(), "2026-11-22".to_owned()));
        assert_eq!(bars[2].name(), "22 November 2026");
    }

    #[test]
    fn long_times_have_wider_bars_and_a_wrong_date_is_left_out() {
        let bars = check(Duration::days(1), &[("1970-01-01", 1), ("2026-01-01", 2), ("2026-04-30", 3)], &{
            let mut counts = [0; 60];
            (counts[0], counts[59]) = (2, 3);
            counts
        });
        assert_eq!(bars[0].name(), "1 January 2026 – 2 January 2026");
    }

    #[test]
    fn hours_end_before_the_next() {
        let bars = check(Duration::hours(1), &[("2026-11-22T14:00:00Z", 1)], &[1]);
        assert_eq!(bars[0].bounds(), ("2026-11-22T14:00:00Z".to_owned(), "2026-11-22T14:59:59Z".to_owned()));
        check(Duration::hours(1), &[], &[]);
    }
}
