//! Invented reports in three languages, and the pages and feeds that carry them. The same number of reports is always
//! the same reports, on every machine.

#[path = "../dice.rs"]
mod dice;
mod html;
mod words;

use chrono::Duration;
use dateline::model::Time;

pub use self::html::{Item, feed, page};
use self::{
    dice::Dice,
    words::{TONGUES, Tongue},
};

/// Every so many-th report is a copy of an earlier one: shortened, under another headline.
const COPY_EVERY: usize = 5;
/// A copy comes so many reports after its original, which is in the same language.
const COPY_BEHIND: usize = 3;

/// One report.
pub struct Report {
    pub lang: &'static str,
    pub title: String,
    pub author: String,
    pub published_at: Time,
    pub paragraphs: Vec<String>,
}

/// Tells whether this run measures; `cargo test` only wants to see that everything works.
pub fn is_measuring() -> bool {
    let given = |option: &str| std::env::args().any(|argument| argument == option);
    given("--bench") && !given("--test")
}

/// Writes the first `count` reports.
pub fn reports(count: usize) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::with_capacity(count);
    for number in 0..count {
        let report = match number.checked_sub(COPY_BEHIND) {
            Some(original) if number % COPY_EVERY == COPY_EVERY - 1 => copy(&reports[original], number),
            _ => report(number),
        };
        reports.push(report);
    }
    reports
}

/// What a report is about: few people, things and places, again and again.
struct Subject {
    tongue: &'static Tongue,
    who: Vec<&'static str>,
    what: Vec<&'static str>,
    place: Vec<&'static str>,
}

impl Subject {
    fn new(tongue: &'static Tongue, dice: &mut Dice) -> Self {
        let mut few = |list: &[&'static str]| (0..4).map(|_| dice.pick(list)).collect();
        Self { tongue, who: few(tongue.who), what: few(tongue.what), place: few(tongue.place) }
    }

    fn paragraph(&self, dice: &mut Dice) -> String {
        let sentence = |_| {
            let number = (2 + dice.roll(900)).to_string();
            format!("{}, {}.", self.clause(dice), dice.pick(self.tongue.tail).replace('#', &number))
        };
        (0..3).map(sentence).collect::<Vec<_>>().join(" ")
    }

    fn clause(&self, dice: &mut Dice) -> String {
        let (who, did, what) = (dice.pick(&self.who), dice.pick(self.tongue.did), dice.pick(&self.what));
        let (place, when) = (dice.pick(&self.place), dice.pick(self.tongue.when));
        if self.tongue.object_last {
            format!("{who} {did} {when} {place} {what}")
        } else {
            format!("{who} {did} {what} {place} {when}")
        }
    }
}

fn report(number: usize) -> Report {
    let tongue = &TONGUES[number % TONGUES.len()];
    let dice = &mut Dice(number as u64);
    let subject = Subject::new(tongue, dice);
    Report {
        lang: tongue.lang,
        title: subject.clause(dice),
        author: author(dice),
        published_at: published_at(number),
        paragraphs: (0..6 + dice.roll(10)).map(|_| subject.paragraph(dice)).collect(),
    }
}

fn copy(original: &Report, number: usize) -> Report {
    let dice = &mut Dice(number as u64);
    let kept = original.paragraphs.len() - dice.roll(3);
    Report {
        lang: original.lang,
        title: format!("{} ({})", original.title, number),
        author: author(dice),
        published_at: published_at(number),
        paragraphs: original.paragraphs[..kept].to_vec(),
    }
}

fn author(dice: &mut Dice) -> String {
    const FIRST: &[&str] = &["Ada", "Boris", "Clara", "Dmytro", "Elif", "Frieda", "Goran", "Halyna", "Ivo", "Jutta"];
    const LAST: &[&str] =
        &["Ahlbeck", "Brenner", "Corvin", "Danylko", "Ellery", "Farrow", "Gruber", "Hordiienko", "Ilves"];
    format!("{} {}", dice.pick(FIRST), dice.pick(LAST))
}

/// A report every three minutes since a Saturday long past.
fn published_at(number: usize) -> Time {
    Time::UNIX_EPOCH + Duration::seconds(1_740_787_200) + Duration::minutes(3 * number as i64)
}
