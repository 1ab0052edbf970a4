//! Dates as feeds and pages really write them.
//!
//! One pass splits the text into numbers, words and marks, a second reads them: a time is numbers joined by colons, a
//! month is a number or a name in one of some thirty languages, a zone an offset or a name, and words that are none of
//! these ("Uhr", "de", "г.", a weekday, right or wrong) are passed over. No regular expressions and no format list, so
//! an order that nobody wrote down still reads.
//!
//! A time without a zone is UTC. Where day and month could be either, the day comes first, unless AM or PM or a month
//! above 12 says otherwise.

mod names;
mod scan;

use chrono::{DateTime, Duration, NaiveDate, Utc};

use self::{
    names::{month_of, zone_of},
    scan::{Kind, Scan, Token},
};
use crate::model::PublishedAt;

/// Longest text that is looked at, in bytes: a date in a sentence still fits, a paragraph is no date.
const MAX_BYTES: usize = 160;

/// Reads a date, with its time where it has one.
///
/// Understands RFC 3339 and W3CDTF with their partial forms, RFC 822 and its real-world spellings, `asctime`, dates of
/// digits only, seconds or milliseconds since 1970, numeric dates and month names in some thirty languages. `None`
/// where there is no full date; a lone year or month stands for its first day.
pub fn parse(text: &str) -> Option<PublishedAt> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let scan = Scan::of(text);
    match scan.tokens.as_slice() {
        [Token { kind: Kind::Number { value, digits }, .. }] => digits_only(*value, *digits),
        _ => Reading::of(&scan)?.finish(),
    }
}

/// A text that is one number: the length says what it is.
fn digits_only(value: u64, digits: usize) -> Option<PublishedAt> {
    let epoch = |millis: u64| {
        let at = DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)?;
        Some(PublishedAt { at, date_only: false })
    };
    let mut reading = Reading::default();
    match digits {
        4 => reading.push(value, 4),
        7 => return day_of_year(value / 1000, value % 1000),
        8 | 12 | 14 => reading.packed(value, digits),
        9 | 10 => return epoch(value * 1000),
        13 => return epoch(value),
        _ => return None,
    }
    reading.finish()
}

fn day_of_year(year: u64, day: u64) -> Option<PublishedAt> {
    let date = NaiveDate::from_yo_opt(i32::try_from(year).ok()?, u32::try_from(day).ok()?)?;
    Some(PublishedAt { at: date.and_hms_opt(0, 0, 0)?.and_utc(), date_only: true })
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reading {
    /// The numbers that are part of the date, with how many digits each has.
    numbers: Vec<(u64, usize)>,
    month: Option<u32>,
    hour: Option<u32>,
    minute: u32,
    second: u32,
    nanos: u32,
    afternoon: Option<bool>,
    offset_minutes: Option<i32>,
    /// The mark after the first number: a dash makes two-digit years come first.
    joint: Option<char>,
}

impl Reading {
    fn of(scan: &Scan) -> Option<Self> {
        let mut reading = Self::default();
        let mut at = 0;
        while let Some(kind) = scan.kind(at) {
            at = match kind {
                Kind::Number { value, digits } => reading.number(scan, at, value, digits)?,
                Kind::Word { .. } => reading.word(scan, at),
                Kind::Mark(mark) => reading.mark(scan, at, mark),
            };
        }
        Some(reading)
    }

    /// Reads what starts with a number; returns where to go on, `None` where it cannot be part of a date.
    fn number(&mut self, scan: &Scan, at: usize, value: u64, digits: usize) -> Option<usize> {
        if self.hour.is_none()
            && digits <= 2
            && value <= 24
            && let Some(next) = self.clock(scan, at, value)
        {
            return Some(next);
        }
        let after_t = at > 0 && scan.text(at - 1) == "t" && !self.numbers.is_empty();
        if self.hour.is_none() && after_t && matches!(digits, 2 | 4 | 6) {
            let (hour, minute, second) = match digits {
                2 => (value, 0, 0),
                4 => (value / 100, value % 100, 0),
                _ => (value / 10_000, value / 100 % 100, value % 100),
            };
            self.set_clock(hour, minute, second);
            return Some(at + 1);
        }
        if self.numbers.is_empty() && matches!(digits, 8 | 12 | 14) {
            self.packed(value, digits);
            return Some(at + 1);
        }
        if digits == 3 && self.numbers.len() == 1 && self.numbers[0].1 == 4 && self.joint == Some('-') {
            // Year and day of the year.
            let day = day_of_year(self.numbers[0].0, value)?;
            let date = day.at.date_naive();
            self.push(u64::from(chrono::Datelike::month(&date)), 2);
            self.push(u64::from(chrono::Datelike::day(&date)), 2);
            return Some(at + 1);
        }
        self.push(value, digits);
        if self.numbers.len() == 1 {
            self.joint = match scan.kind(at + 1) {
                Some(Kind::Mark(mark)) => Some(mark),
                _ => None,
            };
        }
        Some(at + 1)
    }

    /// Reads `12:15:30.5`, `12h15`, `12時15分`, and `12.15` where the date is already there.
    fn clock(&mut self, scan: &Scan, at: usize, hour: u64) -> Option<usize> {
        let two = |at: usize| scan.number(at).filter(|&(_, digits)| digits <= 2).map(|(value, _)| value);
        let dotted =
            scan.is_mark(at + 1, '.') && self.has_date() && scan.tokens.get(at + 2).is_some_and(|next| next.glued);
        if scan.is_mark(at + 1, ':') || dotted {
            let minute = two(at + 2)?;
            let mut next = at + 3;
            let mut second = 0;
            if (scan.is_mark(next, ':') || (dotted && scan.is_mark(next, '.')))
                && let Some(value) = two(next + 1)
            {
                second = value;
                next += 2;
                if (scan.is_mark(next, '.') || scan.is_mark(next, ','))
                    && scan.tokens.get(next + 1).is_some_and(|token| token.glued)
                    && let Some((value, digits @ 1..=9)) = scan.number(next + 1)
                {
                    self.nanos = u32::try_from(value * 10u64.pow(9 - digits as u32)).unwrap_or_default();
                    next += 2;
                }
            }
            self.set_clock(hour, minute, second);
            return Some(next);
        }
        match scan.text(at + 1) {
            "h" | "時" | "时" | "点" | "點" | "시" => {
                let minute = two(at + 2);
                self.set_clock(hour, minute.unwrap_or_default(), 0);
                let mut next = at + 2 + usize::from(minute.is_some());
                if matches!(scan.text(next), "分" | "분" | "m" | "min") {
                    next += 1;
                    if matches!(scan.text(next + 1), "秒" | "초" | "s") {
                        self.second = two(next).unwrap_or_default() as u32;
                        next += 2;
                    }
                }
                Some(next)
            }
            "uhr" | "am" | "pm" => {
                self.set_clock(hour, 0, 0);
                Some(at + 1)
            }
            _ => None,
        }
    }

    fn word(&mut self, scan: &Scan, at: usize) -> usize {
        let word = scan.text(at);
        if let Some((afternoon, next)) = half_day(scan, at) {
            self.afternoon = Some(afternoon);
            return next;
        }
        if self.month.is_none()
            && let Some(month) = month_of(word)
        {
            self.month = Some(month);
        } else if self.hour.is_some()
            && self.offset_minutes.is_none()
            && let Some(minutes) = zone_of(word)
        {
            // "GMT+0200" is an offset; the sign that follows says the rest.
            let signed = matches!(scan.kind(at + 1), Some(Kind::Mark('+' | '-' | '−')));
            if !(signed && scan.number(at + 2).is_some()) {
                self.offset_minutes = Some(minutes);
            }
        }
        at + 1
    }

    fn mark(&mut self, scan: &Scan, at: usize, mark: char) -> usize {
        let sign = match mark {
            '+' => 1,
            '-' | '−' | '–' => -1,
            _ => return at + 1,
        };
        let (Some((value, digits)), true) = (scan.number(at + 1), self.hour.is_some() && self.offset_minutes.is_none())
        else {
            return at + 1;
        };
        if !scan.tokens[at + 1].glued || digits > 4 {
            return at + 1;
        }
        let (minutes, next) = match (digits, scan.number(at + 3)) {
            (1 | 2, Some((more, 2))) if scan.is_mark(at + 2, ':') => (value * 60 + more, at + 4),
            (1 | 2, _) => (value * 60, at + 2),
            _ => (value / 100 * 60 + value % 100, at + 2),
        };
        // No zone is further from UTC than 14 hours; a larger number is something else, or a mistake worth nothing.
        if minutes > 15 * 60 {
            return at + 1;
        }
        self.offset_minutes = Some(sign * minutes as i32);
        next
    }

    fn push(&mut self, value: u64, digits: usize) {
        if self.numbers.len() < 4 {
            self.numbers.push((value, digits));
        }
    }

    /// Takes `YYYYMMDD`, with `HHMM` or `HHMMSS` behind it.
    fn packed(&mut self, value: u64, digits: usize) {
        let (date, clock) = match digits {
            8 => (value, None),
            12 => (value / 10_000, Some(value % 10_000 * 100)),
            _ => (value / 1_000_000, Some(value % 1_000_000)),
        };
        self.push(date / 10_000, 4);
        self.push(date / 100 % 100, 2);
        self.push(date % 100, 2);
        if let Some(clock) = clock {
            self.set_clock(clock / 10_000, clock / 100 % 100, clock % 100);
        }
    }

    fn set_clock(&mut self, hour: u64, minute: u64, second: u64) {
        self.hour = u32::try_from(hour).ok();
        self.minute = minute as u32;
        self.second = second as u32;
    }

    fn has_date(&self) -> bool {
        self.numbers.len() + usize::from(self.month.is_some()) >= 3
    }

    fn finish(self) -> Option<PublishedAt> {
        let (year, month, day) = match self.month {
            Some(month) => self.with_month_name(month)?,
            None => self.numeric()?,
        };
        let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
        if !(1..=31).contains(&day) || first < NaiveDate::from_ymd_opt(1, 1, 1)? {
            return None;
        }
        // A day that its month does not have ("31 June") rolls into the next month, and minutes beyond 59 into the next
        // hour, as most readers take it.
        let date = first + Duration::days(day as i64 - 1);
        let Some(hour) = self.hour else {
            return Some(PublishedAt { at: date.and_hms_opt(0, 0, 0)?.and_utc(), date_only: true });
        };
        let hour = match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        if hour > 24 {
            return None;
        }
        let seconds = i64::from(hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let offset = Duration::minutes(i64::from(self.offset_minutes.unwrap_or_default()));
        let midnight: DateTime<Utc> = date.and_hms_opt(0, 0, 0)?.and_utc();
        let at =
            midnight.checked_add_signed(Duration::seconds(seconds) + Duration::nanoseconds(i64::from(self.nanos)))?;
        Some(PublishedAt { at: at.checked_sub_signed(offset)?, date_only: false })
    }

    fn with_month_name(&self, month: u32) -> Option<(u64, u32, u64)> {
        let year = self.numbers.iter().position(|&(value, digits)| digits == 4 && (1000..3000).contains(&value));
        let mut others = self.numbers.iter().enumerate().filter(|&(at, _)| Some(at) != year).map(|(_, &number)| number);
        let day = others.find(|&(value, digits)| digits <= 2 && (1..=31).contains(&value));
        match (year, day) {
            (Some(year), Some((day, _))) => Some((self.numbers[year].0, month, day)),
            // A month alone; with a time it would be a date whose day is missing.
            (Some(year), None) if self.hour.is_none() && self.numbers.len() == 1 => {
                Some((self.numbers[year].0, month, 1))
            }
            (None, Some((day, _))) => {
                let (year, digits) = others.next()?;
                (digits == 2).then(|| (full_year(year), month, day))
            }
            _ => None,
        }
    }

    fn numeric(&self) -> Option<(u64, u32, u64)> {
        let month_first = |month: u64, day: u64| {
            // Clocks with AM and PM go with the American order.
            (day <= 31 && month <= 12) && (day > 12 || (self.afternoon.is_some() && self.joint == Some('/')))
        };
        let (year, month, day) = match *self.numbers.as_slice() {
            [(year, 4)] if self.hour.is_none() && self.joint.is_none() => (year, 1, 1),
            [(year, 4), (month, 1..=2)] if self.hour.is_none() => (year, month, 1),
            [(year, 4), (month, 1..=2), (day, 1..=2), ..] => (year, month, day),
            [(a, 1..=2), (b, 1..=2), (year, 4), ..] => {
                if month_first(a, b) {
                    (year, a, b)
                } else {
                    (year, b, a)
                }
            }
            [(year, 2), (month @ 1..=12, 2), (day @ 1..=31, 2), ..] if self.joint == Some('-') => {
                (full_year(year), month, day)
            }
            [(a, 1..=2), (b, 1..=2), (year, 2), ..] => {
                if month_first(a, b) {
                    (full_year(year), a, b)
                } else {
                    (full_year(year), b, a)
                }
            }
            _ => return None,
        };
        (1..=12).contains(&month).then_some((year, month as u32, day))
    }
}

/// POSIX reads 69–99 as the last century.
fn full_year(year: u64) -> u64 {
    if year < 69 { 2000 + year } else { 1900 + year }
}

/// Reads AM or PM; returns whether it is the afternoon and where to go on.
fn half_day(scan: &Scan, at: usize) -> Option<(bool, usize)> {
    match scan.text(at) {
        "am" | "πμ" | "上午" | "午前" | "오전" => return Some((false, at + 1)),
        "pm" | "μμ" | "下午" | "午後" | "오후" => return Some((true, at + 1)),
        _ => {}
    }
    let afternoon = match scan.text(at) {
        "a" | "π" => false,
        "p" | "μ" => true,
        _ => return None,
    };
    (scan.is_mark(at + 1, '.') && matches!(scan.text(at + 2), "m" | "μ")).then_some((afternoon, at + 3))
}

#[cfg(test)]
mod tests;
