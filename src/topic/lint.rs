//! What is wrong with rules: what cannot be followed, and what is merely unwise.

use std::collections::{BTreeMap, BTreeSet};

use super::commonest;
use super::compile::ANY;
use super::condition::Condition;
use super::iptc;
use super::phrase::{self, MAX_WORDS, Word};
use super::problem::{Problem, Subject};
use crate::config::{Phrases, TopicRule};

/// Letters that a `*` word needs at least: shorter ones match half a dictionary.
const PREFIX_LETTERS: usize = 4;
/// Letters below which a `*` word is refused outright.
const PREFIX_REFUSED: usize = 3;
/// Words apart at most in `near` rules.
const FURTHEST: u32 = 100;

/// Returns everything wrong with the rules, in their order: what [`Tagger::new`](super::Tagger::new) refuses, then
/// what is merely unwise.
pub fn lint(rules: &[TopicRule]) -> Vec<Problem> {
    let mut problems = refuse(rules);
    for rule in rules {
        unwise(rule, &mut problems);
    }
    problems
}

/// Returns what cannot be followed.
pub(super) fn refuse(rules: &[TopicRule]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for rule in rules {
        let report = Report { rule, language: None };
        identity(rule, &mut known, &report, &mut problems);
        family(rule, rules, &report, &mut problems);
        if rule.min_score.is_some_and(|score| !(score.is_finite() && score > 0.0)) {
            problems.push(report.problem("min_score is not above 0"));
        }
        if rule.query.is_some() && !rule.phrases.is_empty() {
            problems.push(report.problem("has a query and phrases").hint("keep one of the two"));
        } else if let Some(Err(message)) = rule.query.as_deref().map(Condition::read) {
            problems.push(report.problem(message));
        }
        for (language, phrases) in &rule.phrases {
            unreadable(phrases, &Report { rule, language: Some(language) }, &mut problems);
        }
        pointless(rule, rules, &mut problems);
    }
    problems
}

/// Makes problems of one topic, and of one language of it.
struct Report<'a> {
    rule: &'a TopicRule,
    language: Option<&'a str>,
}

impl Report<'_> {
    fn problem(&self, message: impl Into<String>) -> Problem {
        let language = self.language.map(str::to_owned);
        Problem { language, ..Problem::new(Subject::Topic(self.rule.id.clone()), message) }
    }
}

fn identity<'a>(
    rule: &'a TopicRule,
    known: &mut BTreeMap<String, &'a str>,
    report: &Report<'_>,
    problems: &mut Vec<Problem>,
) {
    let well_formed = !rule.id.is_empty()
        && rule.id.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || (c.is_alphabetic() && c.is_lowercase()))
        });
    if !well_formed {
        problems.push(report.problem("id is not lowercase words joined by hyphens"));
    }
    if rule.name.trim().is_empty() {
        problems.push(report.problem("has no name"));
    }
    for called in BTreeSet::from([rule.id.to_lowercase(), rule.name.trim().to_lowercase()]) {
        if let Some(other) = known.insert(called.clone(), &rule.id) {
            let other = if other == rule.id { "another topic".to_owned() } else { format!("topic \"{other}\"") };
            problems.push(report.problem(format!("\"{called}\" is also the id or name of {other}")));
        }
    }
    if let Some(code) = rule.iptc.as_deref().filter(|code| iptc::media_topic(code).is_none()) {
        let problem = report.problem(format!("\"{code}\" is no Media Topics code in use"));
        problems.push(match iptc::code_named(&rule.name) {
            Some(code) => problem.hint(format!("\"{}\" is {code}", rule.name)),
            None => problem.hint("codes are listed at https://show.newscodes.org, such as medtop:20000076"),
        });
    }
}

fn family(rule: &TopicRule, rules: &[TopicRule], report: &Report<'_>, problems: &mut Vec<Problem>) {
    let find = |id: &str| rules.iter().find(|rule| rule.id == id);
    let named = rule.parent.iter().map(|id| ("parent", id)).chain(rule.outranks.iter().map(|id| ("outranked", id)));
    for (what, id) in named.filter(|(_, id)| find(id).is_none()) {
        let near = rules.iter().min_by_key(|rule| strsim::levenshtein(&rule.id, id));
        let near = near.filter(|near| strsim::levenshtein(&near.id, id) <= 3);
        let problem = report.problem(format!("{what} \"{id}\" is no topic"));
        problems.push(match near {
            Some(near) => problem.hint(format!("did you mean \"{}\"?", near.id)),
            None => problem,
        });
    }
    let Some(parent) = &rule.parent else { return };
    let mut above = Some(rule);
    for _ in 0..=rules.len() {
        above = above.and_then(|rule| rule.parent.as_deref()).and_then(find);
        if above.is_some_and(|above| above.id == rule.id) {
            problems.push(report.problem(format!("is its own ancestor through parent \"{parent}\"")));
            return;
        }
    }
}

fn unreadable(phrases: &Phrases, report: &Report<'_>, problems: &mut Vec<Problem>) {
    let language = report.language.unwrap_or_default();
    if language != ANY && !(language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase())) {
        problems.push(
            report
                .problem(format!("\"{language}\" is neither a setting nor a language"))
                .hint("languages are two letters, or any"),
        );
    }
    for text in all(phrases) {
        let words = phrase::read(text);
        let prefix = shortest_prefix(&words);
        if words.is_empty() {
            problems.push(report.problem("has no word").phrase(text));
        } else if words.len() > MAX_WORDS {
            problems.push(report.problem(format!("has more than {MAX_WORDS} words")).phrase(text));
        } else if prefix.is_some_and(|letters| letters < PREFIX_REFUSED) {
            problems.push(report.problem("begins too many words").phrase(text).hint("write more letters before the *"));
        }
        if text.split_whitespace().any(|part| part.trim_end_matches('*').contains('*')) {
            problems.push(report.problem("has a * inside a word").phrase(text).hint("a * stands at the end of a word"));
        }
    }
    for (first, second, within) in phrases.near.iter().chain(&phrases.none_near) {
        if *within == 0 || *within > FURTHEST {
            problems.push(
                report.problem(format!("words apart are not 1 to {FURTHEST}")).phrase(&format!("{first} … {second}")),
            );
        }
    }
}

/// What a rule says in vain: it can give no topic, or says a thing twice.
fn pointless(rule: &TopicRule, rules: &[TopicRule], problems: &mut Vec<Problem>) {
    let report = Report { rule, language: None };
    let is_parent = rules.iter().any(|other| other.parent.as_ref() == Some(&rule.id));
    let can_be_given = |phrases: &Phrases| speaks(phrases) && !is_one_weak_phrase(phrases);
    if rule.query.is_none() && !is_parent && !rule.phrases.values().any(can_be_given) {
        let problem = report.problem("can never be given: no phrases that suffice, no query, no children");
        problems.push(problem.hint("one weak phrase alone gives no topic"));
    }
    for (language, phrases) in &rule.phrases {
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        for text in phrases.strong.iter().chain(&phrases.weak) {
            let words: Vec<String> = phrase::read(text).into_iter().map(|word| format!("{word:?}")).collect();
            if !words.is_empty() && !seen.insert(words) {
                let report = Report { rule, language: Some(language) };
                problems.push(report.problem("is there twice").phrase(text));
            }
        }
    }
}

fn unwise(rule: &TopicRule, problems: &mut Vec<Problem>) {
    for (language, phrases) in &rule.phrases {
        let report = Report { rule, language: Some(language) };
        for text in all(phrases) {
            if shortest_prefix(&phrase::read(text))
                .is_some_and(|letters| (PREFIX_REFUSED..PREFIX_LETTERS).contains(&letters))
            {
                let problem = report.problem("begins many words").phrase(text);
                problems.push(problem.hint(format!("write {PREFIX_LETTERS} letters or more before the *")));
            }
        }
        for text in phrases.strong.iter().chain(&phrases.weak) {
            if let [Word::Stem(word)] = &phrase::read(text)[..]
                && commonest::words(language).any(|common| common == word)
            {
                problems.push(report.problem("is one of the commonest words").phrase(text));
            }
        }
        if is_one_weak_phrase(phrases) {
            let problem = report.problem("one weak phrase alone gives no topic");
            problems.push(problem.hint("add phrases, or make it strong"));
        }
    }
}

fn speaks(phrases: &Phrases) -> bool {
    !(phrases.strong.is_empty() && phrases.weak.is_empty() && phrases.near.is_empty())
}

fn is_one_weak_phrase(phrases: &Phrases) -> bool {
    phrases.strong.is_empty() && phrases.near.is_empty() && phrases.weak.len() == 1
}

/// All phrases of one language, the alternatives of pairs one by one.
fn all(phrases: &Phrases) -> impl Iterator<Item = &str> {
    let single = phrases.strong.iter().chain(&phrases.weak).chain(&phrases.none).map(String::as_str);
    let pairs = phrases.near.iter().chain(&phrases.none_near);
    single.chain(pairs.flat_map(|(first, second, _)| phrase::alternatives(first).chain(phrase::alternatives(second))))
}

fn shortest_prefix(words: &[Word]) -> Option<usize> {
    let letters = |word: &Word| match word {
        Word::Prefix(word) => Some(word.chars().count()),
        Word::Stem(_) | Word::Exact(_) | Word::Name(_) => None,
    };
    words.iter().filter_map(letters).min()
}
