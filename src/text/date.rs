//! Dates as feeds and pages really write them.
//!
//! One pass splits the text into numbers, words and marks, a second reads them: a time is numbers joined by colons, a
//! month is a number or a name in one of some thirty languages, a zone an offset or a name, and words that are none of
//! these ("Uhr", "de", "г.", a weekday, right or wrong) are passed over. No regular expressions and no format list, so
//! an order that nobody wrote down still reads.
//!
//! A time without a zone is UTC. Where day and month could be either, the day comes first, unless AM or PM or a month
//! above 12 says otherwise.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use rustc_hash::FxHashMap;

use super::token::fold_char;
use crate::model::PublishedAt;

/// Longest text that is looked at, in bytes: a date in a sentence still fits, a paragraph is no date.
const MAX_BYTES: usize = 160;

/// Most numbers, words and marks that are looked at.
const MAX_TOKENS: usize = 64;

/// Month names and abbreviations, folded: Germanic, Romance, Slavic, Baltic, Finno-Ugric, Greek, Turkish, Indonesian,
/// Hebrew and Arabic, in the cases in which they stand in dates. Croatian is left out: its "listopad" is October, the
/// Polish and Czech one November.
const MONTHS: [&str; 12] = [
    "jan january januar januari janvier janv janner enero ene gennaio gen genn janeiro stycznia styczen sty \
     ledna leden led январь января янв січня січень січ януари sijecanj tammikuuta tammikuu januara gener sausio sausis \
     janvaris janvari jaanuar januar ianuarie ian ιανουαριου ιανουαριος ιαν γεναρη ocak oca يناير ינואר בינואר",
    "feb february februar februari fevrier fevr fev febrero febbraio febb fevereiro lutego luty lut unora unor uno \
     февраль февраля фев февр лютого лютий лют февруари helmikuuta helmikuu februara febrer vasario vasaris februaris \
     veebruar februarie φεβρουαριου φεβρουαριος φεβ subat sub فبراير פברואר בפברואר",
    "mar march marz mars mrz marzo marco maart mrt marca marzec brezna brezen bre март марта мар березня березень бер \
     maaliskuuta maaliskuu marts marcius martie marta kovo kovas martz marc maerz μαρτιου μαρτιος μαρ mart maret \
     مارس מרץ במרץ",
    "apr april avril avr abril abr aprile aprilis kwietnia kwiecien kwi dubna duben dub апрель апреля апр квітня квітень \
     кві квіт април huhtikuuta huhtikuu aprila balandzio balandis aprillis aprill aprilie απριλιου απριλιος απρ nisan \
     nis ابريل אפריל באפריל",
    "may mai mayo maggio mag maio mei maj maja kvetna kveten kve май мая травня травень тра трав toukokuuta toukokuu \
     majus maijs maija geguzes geguze maig μαιου μαιος μαι mayis مايو מאי במאי",
    "jun june juni juin junio giugno giu junho czerwca czerwiec cze cervna cerven июнь июня июн червня червень чер черв \
     юни kesakuuta kesakuu junius junija junijs birzelio birzelis juuni juny iunie iun ιουνιου ιουνιος ιουν haziran haz \
     يونيو יוני ביוני",
    "jul july juli juillet juil julio luglio lug julho lipca lipiec lip cervence cervenec июль июля июл липня липень \
     лип юли heinakuuta heinakuu julius julija julijs liepos liepa juuli juliol iulie iul ιουλιου ιουλιος ιουλ temmuz \
     tem يوليو יולי ביולי",
    "aug august aout agosto ago augustus augusti agost sierpnia sierpien sie srpna srpen srp август августа авг серпня \
     серпень сер серп elokuuta elokuu augusztus augusta augusts rugpjucio rugpjutis αυγουστου αυγουστος αυγ \
     agustos agu agustus اغسطس אוגוסט באוגוסט",
    "sep sept september septembre septiembre setiembre set settembre sett setembro septembrie wrzesnia wrzesien wrz zari \
     сентябрь сентября сен сент вересня вересень вер септември syyskuuta syyskuu szeptember szept septembra septembris \
     rugsejo rugsejis setembre σεπτεμβριου σεπτεμβριος σεπ σεπτ eylul eyl سبتمبر ספטמבר בספטמבר",
    "oct october okt oktober octobre octubre ottobre ott outubro out octombrie pazdziernika pazdziernik paz rijna rijen \
     rij октябрь октября окт жовтня жовтень жов жовт октомври lokakuuta lokakuu oktobra oktobris oktoober spalio spalis \
     οκτωβριου οκτωβριος οκτ ekim eki اكتوبر אוקטובר באוקטובר",
    "nov november novembre noviembre novembro noiembrie noi listopada listopad lis listopadu ноябрь ноября ноя нояб \
     листопада листопад лис ноември marraskuuta marraskuu novembra novembris lapkricio lapkritis νοεμβριου νοεμβριος \
     νοε kasim kas نوفمبر נובמבר בנובמבר",
    "dec december dez dezember decembre diciembre dic dicembre dezembro decembrie desember des grudnia grudzien gru \
     prosince prosinec pro декабрь декабря дек грудня грудень гру груд декември joulukuuta joulukuu decembra decembris \
     gruodzio gruodis detsember desembre δεκεμβριου δεκεμβριος δεκ aralik ara ديسمبر דצמבר בדצמבר",
];

/// Zone names with their offset in minutes. Where a name has several owners, the one that news carries most:
/// "IST" is India, "BST" British summer time, "CST" central America. The two-letter ones do not know of summer time.
const ZONES: &[(&str, i32)] = &[
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("met", 60),
    ("mez", 60),
    ("cest", 120),
    ("mest", 120),
    ("mesz", 120),
    ("eet", 120),
    ("sast", 120),
    ("eest", 180),
    ("msk", 180),
    ("мск", 180),
    ("trt", 180),
    ("msd", 240),
    ("gst", 240),
    ("pkt", 300),
    ("ist", 330),
    ("npt", 345),
    ("wib", 420),
    ("hkt", 480),
    ("sgt", 480),
    ("awst", 480),
    ("jst", 540),
    ("kst", 540),
    ("acst", 570),
    ("aest", 600),
    ("acdt", 630),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
    ("brt", -180),
    ("art", -180),
    ("adt", -180),
    ("nst", -210),
    ("ast", -240),
    ("edt", -240),
    ("est", -300),
    ("et", -300),
    ("cdt", -300),
    ("cst", -360),
    ("ct", -360),
    ("mdt", -360),
    ("mst", -420),
    ("mt", -420),
    ("pdt", -420),
    ("pst", -480),
    ("pt", -480),
    ("akdt", -480),
    ("akst", -540),
    ("hst", -600),
];

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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Number { value: u64, digits: usize },
    Word { from: usize, to: usize },
    Mark(char),
}

#[derive(Debug, Clone, Copy)]
struct Token {
    kind: Kind,
    /// No space stands before it.
    glued: bool,
}

/// The text as tokens; words are folded into one buffer.
struct Scan {
    tokens: Vec<Token>,
    folded: String,
}

impl Scan {
    fn of(text: &str) -> Self {
        let mut scan = Self { tokens: Vec::with_capacity(16), folded: String::with_capacity(text.len()) };
        let mut glued = true;
        let mut chars = text.chars().peekable();
        while let Some(&c) = chars.peek() {
            if scan.tokens.len() == MAX_TOKENS {
                break;
            }
            let kind = if c.is_whitespace() || c == '\u{200e}' || c == '\u{200f}' {
                chars.next();
                glued = false;
                continue;
            } else if digit(c).is_some() {
                let (mut value, mut digits) = (0u64, 0);
                while let Some(next) = chars.peek().copied().and_then(digit) {
                    value = value.saturating_mul(10).saturating_add(next);
                    digits += 1;
                    chars.next();
                }
                Kind::Number { value, digits }
            } else if is_unit(c) {
                chars.next();
                scan.word(std::iter::once(c))
            } else if c.is_alphabetic() {
                let word = std::iter::from_fn(|| chars.next_if(|&c| is_letter(c) && !is_unit(c)));
                scan.word(word)
            } else {
                chars.next();
                Kind::Mark(c)
            };
            scan.tokens.push(Token { kind, glued });
            glued = true;
        }
        scan
    }

    fn word(&mut self, chars: impl Iterator<Item = char>) -> Kind {
        let from = self.folded.len();
        for c in chars {
            // Folding would take Hangul syllables apart.
            if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
                self.folded.push(c);
            } else {
                fold_char(c, &mut self.folded);
            }
        }
        Kind::Word { from, to: self.folded.len() }
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn number(&self, at: usize) -> Option<(u64, usize)> {
        match self.kind(at)? {
            Kind::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    fn is_mark(&self, at: usize, mark: char) -> bool {
        self.kind(at) == Some(Kind::Mark(mark))
    }

    fn text(&self, at: usize) -> &str {
        match self.kind(at) {
            Some(Kind::Word { from, to }) => &self.folded[from..to],
            _ => "",
        }
    }
}

/// ASCII, full-width and Arabic-Indic digits.
fn digit(c: char) -> Option<u64> {
    let zero = match c {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        _ => return None,
    };
    Some(u64::from(u32::from(c) - u32::from(zero)))
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c)
}

/// The signs that name a part of a date after its number, in Chinese, Japanese and Korean.
fn is_unit(c: char) -> bool {
    matches!(c, '年' | '月' | '日' | '时' | '時' | '点' | '點' | '分' | '秒' | '년' | '월' | '일' | '시' | '분' | '초')
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
        if self.hour.is_none() && digits <= 2 && value <= 24 {
            if let Some(next) = self.clock(scan, at, value) {
                return Some(next);
            }
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
            && let Some(&(_, minutes)) = ZONES.iter().find(|(name, _)| *name == word)
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

fn month_of(word: &str) -> Option<u32> {
    static NUMBERS: LazyLock<FxHashMap<&str, u32>> = LazyLock::new(|| {
        let numbered = (1..).zip(MONTHS);
        numbered.flat_map(|(number, names)| names.split_whitespace().map(move |name| (name, number))).collect()
    });
    NUMBERS.get(word).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A moment is written `2024-12-15T12:15:00`, a day `2024-12-15`.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = parse(text).map_or_else(String::new, |found| {
            let format = match (found.date_only, found.at.timestamp_subsec_millis()) {
                (true, _) => "%Y-%m-%d",
                (false, 0) => "%Y-%m-%dT%H:%M:%S",
                (false, _) => "%Y-%m-%dT%H:%M:%S%.3f",
            };
            found.at.format(format).to_string()
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn rfc3339_and_w3cdtf_read_with_their_partial_forms() {
        check("2024-12-15T12:15:00Z", "2024-12-15T12:15:00");
        check("2024-12-15T12:15:00.250+01:00", "2024-12-15T11:15:00.250");
        check("2024-12-15T12:15:00+0530", "2024-12-15T06:45:00");
        check("2024-12-15T12:15-08:00", "2024-12-15T20:15:00");
        check("2024-12-15 12:15:00", "2024-12-15T12:15:00");
        check("2024-12-15t12:15:00z", "2024-12-15T12:15:00");
        check("2024-12-15T24:00:00Z", "2024-12-16T00:00:00");
        check("2024-12-15T10Z", "2024-12-15T10:00:00");
        check("2024-12-15", "2024-12-15");
        check("2024-12", "2024-12-01");
        check("2024", "2024-01-01");
        check("2024-350", "2024-12-15");
        check("24-12-15", "2024-12-15");
        check("2024-12-15T12:15:00+02:00[Europe/Berlin]", "2024-12-15T10:15:00");
    }

    #[test]
    fn rfc822_reads_with_its_mistakes() {
        for text in [
            "Sun, 15 Dec 2024 12:15:00 GMT",
            "Sun, 15 Dec 2024 12:15:00 +0000",
            "Sun, 15 Dec 2024 12:15:00 UT",
            "Mon, 15 Dec 2024 12:15:00 GMT",
            "Sun 15 Dec 2024 12:15:00 GMT",
            "Sun, 15 December 2024 12:15 UTC",
            "15 Dec 24 12:15:00 GMT",
            "Sun,15 Dec 2024 12:15:00 GMT",
            "Sun, 15 Dec 2024 07:15:00 EST",
            "Sun, 15 Dec 2024 14:15:00 CEST",
            "Sun, 15 Dec 2024 21:15:00 JST",
            "Sun, 15 Dec 2024 15:15:00 MSK",
            "Sun, 15 Dec 2024 13:15:00 +01:00",
            "Sun, 15 Dec 2024 13:15:00 GMT+1",
            "Sun, 15 Dec 2024 13:15:00 GMT+0100 (CET)",
            "Sunday, December 15, 2024 12:15 PM",
            "15 Dec 2024 12:15 PM",
            "Dec 15, 2024 at 12:15 p.m.",
            "Dec. 15th, 2024, 12:15",
            "Sun Dec 15 12:15:00 2024",
            "Sun Dec 15 07:15:00 EST 2024",
            "15-Dec-2024 12:15:00",
        ] {
            check(text, "2024-12-15T12:15:00");
        }
        check("Thu, 5 Sept 2024 9:05 a.m. PDT", "2024-09-05T16:05:00");
        check("5 Sep 2024 12:05 am", "2024-09-05T00:05:00");
        check("5 Sep 99 10:00:00 GMT", "1999-09-05T10:00:00");
        check("Sun, 31 Jun 2024 10:00:00 GMT", "2024-07-01T10:00:00");
    }

    #[test]
    fn digits_alone_are_dates_or_seconds() {
        check("20241215", "2024-12-15");
        check("20241215121500", "2024-12-15T12:15:00");
        check("202412151215", "2024-12-15T12:15:00");
        check("20241215T121500Z", "2024-12-15T12:15:00");
        check("1734264900", "2024-12-15T12:15:00");
        check("1734264900000", "2024-12-15T12:15:00");
    }

    #[test]
    fn numeric_dates_put_the_day_first_unless_they_cannot() {
        check("2024/12/15", "2024-12-15");
        check("15.12.2024 12:15", "2024-12-15T12:15:00");
        check("15.12.2024 12.15", "2024-12-15T12:15:00");
        check("15/12/2024", "2024-12-15");
        check("12/15/2024", "2024-12-15");
        check("05/04/2024", "2024-04-05");
        check("05/04/2024 1:30 PM", "2024-05-04T13:30:00");
        check("15.12.24", "2024-12-15");
        check("12:15 15.12.2024", "2024-12-15T12:15:00");
        check("12:15 - 15.12.2024", "2024-12-15T12:15:00");
        check("2024:12:15 12:15:00", "2024-12-15T12:15:00");
    }

    #[test]
    fn month_names_read_in_many_languages() {
        for text in [
            "15. Dezember 2024 um 12:15 Uhr",
            "15 décembre 2024 à 12h15",
            "15 de diciembre de 2024, 12:15 h",
            "15 dicembre 2024, 12:15",
            "15 de dezembro de 2024 às 12:15",
            "15 december 2024 om 12:15",
            "15 grudnia 2024, 12:15",
            "15. prosince 2024 12:15",
            "15 декабря 2024 г., 12:15",
            "15 грудня 2024, 12:15",
            "15 декември 2024 12:15",
            "15 Aralık 2024 12:15",
            "15. joulukuuta 2024 klo 12.15",
            "15. desember 2024 kl. 12:15",
            "2024. december 15. 12:15",
            "15 decembrie 2024, 12:15",
            "15 Δεκεμβρίου 2024 12:15",
            "2024年12月15日 12:15",
            "2024年12月15日(日) 12時15分",
            "2024년 12월 15일 오후 12:15",
            "2024年12月15日 下午12:15",
            "15 Tháng 12, 2024 12:15",
            "15 Desember 2024 12:15",
        ] {
            check(text, "2024-12-15T12:15:00");
        }
        check("mardi 5 août 2025", "2025-08-05");
        check("3 März 2025", "2025-03-03");
        check("1er février 2025", "2025-02-01");
        check("Пн, 03 мая 2025 10:00:00 +0300", "2025-05-03T07:00:00");
        check("٣ مارس 2025", "2025-03-03");
        check("December 2024", "2024-12-01");
    }

    #[test]
    fn every_month_name_is_folded() {
        for name in MONTHS.iter().flat_map(|names| names.split_whitespace()) {
            assert!(Scan::of(name).folded == name && month_of(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in [
            "",
            " ",
            "yesterday",
            "2 hours ago",
            "12:15",
            "15 Dec",
            "99999999999999999999",
            "0000-00-00",
            "2024-13-01",
            "32.12.2024",
            "call 555 1234",
            "-",
            "2024-00-10",
            "version 1.2.3",
            "Dec Dec Dec",
        ] {
            check(text, "");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_mix_of_date_parts_is_read_without_panic(
            parts in prop::collection::vec("[0-9]{1,20}|[-+:./, T]|Dec|PM|GMT|年|h", 0..20),
        ) {
            let _ = parse(&parts.concat());
        }

        #[test]
        fn what_is_written_as_rfc3339_is_read_back(seconds in 0i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range");
            prop_assert_eq!(parse(&at.to_rfc3339()), Some(PublishedAt { at, date_only: false }));
            prop_assert_eq!(parse(&at.to_rfc2822()), Some(PublishedAt { at, date_only: false }));
        }
    }
}
