//! Names: people, organisations and places found by their forms, on the automaton that finds the phrases of topics.
//!
//! A full form means its name wherever it stands. A short form (a last name) counts only in a text that has a full form
//! of the name, too; where two names share one, it means the one whose full form stood last. The longest form wins where
//! forms overlap. What is written with a capital in the rules has to be so in the text, which keeps common words out.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::automaton::{Automaton, Hit, Role};
use super::phrase::{self, MAX_WORDS, Word};
use super::problem::{Problem, Subject};
use super::score::Reading;
use crate::config::NameRule;
use crate::model::Entity;
use crate::text::tokenize;

/// Letters that a `*` word of a name needs at least.
const PREFIX_LETTERS: usize = 4;
/// Letters that a form of one word needs at least; an acronym or a short form needs one less.
const LETTERS: usize = 3;
/// Letters from which on an acronym may be written as a word (Nato, Unesco); shorter ones would be words (who, us).
const ACRONYM_AS_WORD: usize = 4;

/// How a form has to be written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Whether it counts only where a full form stands, too.
    pub(super) short: bool,
    /// The words that begin with a capital, as bits.
    capitals: u8,
    /// The capital letters it has to have where its case tells it from a word or another name (WHO, AfD); else none.
    uppercase: u8,
}

/// Adds the forms of all names, which are numbered after the topics.
pub(super) fn compile(names: &[NameRule], topics: u32, automaton: &mut Automaton) {
    for (number, name) in names.iter().enumerate() {
        let full = name.full().map(|form| (form, false));
        for (form, short) in full.chain(name.short.iter().map(|form| (form.as_str(), true))) {
            let words = words(form);
            let role = Role::Name(Form { short, capitals: capitals(form), uppercase: strict_uppercase(form, &words) });
            automaton.add(&words, topics + number as u32, 0, role);
        }
    }
}

/// Reads a form: its words decline as names do, which is not how other words inflect.
fn words(form: &str) -> Vec<Word> {
    let name = |word| match word {
        Word::Stem(word) => Word::Name(word),
        other => other,
    };
    phrase::read(form).into_iter().map(name).collect()
}

/// Returns the capitals of a form that is one short word with two or more of them; 0 for others.
fn strict_uppercase(form: &str, words: &[Word]) -> u8 {
    match words {
        [Word::Exact(word) | Word::Name(word)] if word.chars().count() < ACRONYM_AS_WORD => match uppercase(form) {
            1 => 0,
            several => several,
        },
        _ => 0,
    }
}

fn uppercase(text: &str) -> u8 {
    text.chars().filter(|c| c.is_uppercase()).take(MAX_WORDS).count() as u8
}

fn capitals(form: &str) -> u8 {
    tokenize(form)
        .iter()
        .take(MAX_WORDS)
        .enumerate()
        .fold(0, |bits, (at, (token, _))| bits | u8::from(token.capital) << at)
}

/// Returns the names in a text, most frequent first, given all hits in it.
pub(super) fn entities(reading: &Reading<'_>, hits: &[Hit], names: &[NameRule], topics: u32) -> Vec<Entity> {
    let mut forms: Vec<(Hit, bool)> = hits
        .iter()
        .filter_map(|hit| match hit.role {
            Role::Name(form) if is_written(reading, hit, form) => Some((*hit, form.short)),
            _ => None,
        })
        .collect();
    forms.sort_unstable_by_key(|(hit, short)| (hit.start, Reverse(hit.end), *short, hit.topic));
    let full = longest(forms.iter().filter(|(_, short)| !short).map(|(hit, _)| *hit));
    let mut last_seen: FxHashMap<u32, u32> = FxHashMap::default();
    let is_known: FxHashMap<u32, u32> = full.iter().rev().map(|hit| (hit.topic, hit.start)).collect();
    let mut counts: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
    let mut count = |hit: &Hit| counts.entry(hit.topic).or_insert((0, hit.start)).0 += 1;
    let known = longest(forms.iter().filter(|(hit, _)| is_known.contains_key(&hit.topic)).map(|(hit, _)| *hit));
    let mut full = full.iter().peekable();
    for hit in &known {
        while let Some(full) = full.next_if(|full| full.start <= hit.start) {
            last_seen.insert(full.topic, full.start);
        }
        // Others may have a form in the same place: the one that was named in full last, else the first in the text.
        let here = forms.iter().filter(|(other, _)| (other.start, other.end) == (hit.start, hit.end));
        let here = here.filter(|(other, _)| is_known.contains_key(&other.topic));
        let best = here.max_by_key(|(other, short)| {
            (!short, last_seen.get(&other.topic), Reverse(is_known.get(&other.topic)), Reverse(other.topic))
        });
        if let Some((hit, _)) = best {
            count(hit);
        }
    }
    let mut found: Vec<(u32, (u32, u32))> = counts.into_iter().collect();
    found.sort_by_key(|&(_, (count, first))| (Reverse(count), first));
    found
        .into_iter()
        .map(|(number, (count, _))| {
            let name = &names[(number - topics) as usize];
            Entity { name: name.name.clone(), kind: name.kind, count }
        })
        .collect()
}

/// Returns the hits that stand apart, the longer of two that overlap from one place, else the earlier.
fn longest(hits: impl Iterator<Item = Hit>) -> Vec<Hit> {
    let mut until = 0;
    let mut apart = Vec::new();
    for hit in hits {
        if hit.start >= until {
            until = hit.end;
            apart.push(hit);
        }
    }
    apart
}

/// Tells whether a form has the capitals that it needs.
fn is_written(reading: &Reading<'_>, hit: &Hit, form: Form) -> bool {
    let has_capitals =
        (hit.start..hit.end).enumerate().all(|(at, word)| form.capitals >> at & 1 == 0 || reading.token(word).capital);
    has_capitals
        && stands_alone(reading, hit)
        && (form.uppercase == 0 || uppercase(reading.words(hit.start, hit.end).2) == form.uppercase)
}

/// Tells whether a form in katakana, which is a character a word, is not a part of a longer word: インド in インドア.
fn stands_alone(reading: &Reading<'_>, hit: &Hit) -> bool {
    let (before, after) = reading.around(hit.start, hit.end);
    let (_, _, form) = reading.words(hit.start, hit.end);
    let is_katakana = |c: &char| matches!(c, '\u{30a1}'..='\u{30fa}' | '\u{30fc}');
    let goes_on = |inside: Option<char>, outside: Option<char>| {
        [inside, outside].iter().all(|c| c.as_ref().is_some_and(is_katakana))
    };
    !goes_on(form.chars().next(), before) && !goes_on(form.chars().next_back(), after)
}

/// Returns what cannot be followed.
pub(super) fn refuse(names: &[NameRule]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut known: FxHashMap<Vec<Word>, (usize, &str)> = FxHashMap::default();
    for (number, name) in names.iter().enumerate() {
        let report =
            |form: &str, message: String| Problem::new(Subject::Name(number, name.name.clone()), message).phrase(form);
        for form in name.full() {
            let words = words(form);
            if let Some(message) = unfit(form, &words, LETTERS) {
                problems.push(report(form, message));
            } else if let Some((other, written)) = known.insert(words, (number, form)) {
                match &names[other].name {
                    // Spellings that differ in their accents only are one form, and no mistake.
                    _ if other == number && written != form => {}
                    other if *other == name.name => problems.push(report(form, "is there twice".to_owned())),
                    other => problems.push(
                        report(form, format!("is also a form of \"{other}\""))
                            .hint("keep it with one of the two, or make it `short` with both"),
                    ),
                }
            }
        }
        for (at, form) in name.short.iter().enumerate() {
            let words = words(form);
            if let Some(message) = unfit(form, &words, LETTERS - 1) {
                problems.push(report(form, message));
            } else if known.get(&words).is_some_and(|(other, _)| *other == number) || name.short[..at].contains(form) {
                problems.push(report(form, "is there twice".to_owned()));
            }
        }
    }
    problems
}

/// Returns why a form cannot be found, or would be found everywhere.
fn unfit(form: &str, words: &[Word], letters: usize) -> Option<String> {
    let is_cased = |c: char| c.is_lowercase() || c.is_uppercase();
    let long_enough = |word: &Word| match word {
        Word::Exact(word) => word.chars().count() >= LETTERS - 1,
        Word::Prefix(word) => word.chars().count() >= PREFIX_LETTERS,
        Word::Name(word) | Word::Stem(word) => word.chars().count() >= letters,
    };
    match words {
        [] => Some("has no word".to_owned()),
        _ if words.len() > MAX_WORDS => Some(format!("has more than {MAX_WORDS} words")),
        _ if form.chars().any(is_cased) && capitals(form) == 0 => {
            Some("has no capital letter, so it would be found in common words".to_owned())
        }
        // Scripts without capitals have a word a character, and one is not enough.
        [word] if !long_enough(word) => Some("is too short: every text has it".to_owned()),
        _ if words.iter().any(|word| matches!(word, Word::Prefix(_)) && !long_enough(word)) => {
            Some(format!("needs {PREFIX_LETTERS} letters or more before the *"))
        }
        _ => None,
    }
}
