//! Topics and names: which of the user's rules an article meets, how strongly and by which words, and whom it names.
//!
//! All phrases of all topics, and all forms of names, in one language make one automaton over the stemmed words of a
//! text, so a thousand topics cost little more than twenty; it is made when the first text in that language comes.
//! Scores are explainable: each is the sum of phrases that stand in the text, and comes with them. Does not learn, does
//! not read categories or sections of the outlet, and gives a parent no tag of its own for its child's words: who asks
//! for the parent finds its children through [`Tagger::resolve`].

mod automaton;
mod bound;
mod commonest;
mod compile;
mod condition;
mod decline;
mod iptc;
mod lint;
mod memo;
mod names;
mod phrase;
mod problem;
mod score;

pub use self::iptc::media_topic;
pub use self::lint::lint;
pub use self::problem::{Problem, Subject};

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use self::automaton::Automaton;
use self::condition::Condition;
use self::score::{NEAR_MISS, Reading};
use crate::config::{NameRule, TopicRule};
use crate::model::{Findings, TopicId, TopicMatch};

/// Counts up when the same rules give other scores than before, so that stored articles are tagged again.
const SCORING_VERSION: u32 = 5;

/// What a topic is tagged from.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The headline; may be empty.
    pub title: &'a str,
    /// The text, paragraphs separated by line breaks.
    pub body: &'a str,
    /// The language (ISO 639-1); where unknown, the phrases of every language are tried.
    pub lang: Option<&'a str>,
}

/// A topic as its rule names it.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// The name on screen and in JSON.
    pub name: String,
    /// The parent, which finds its children's articles too.
    pub parent: Option<TopicId>,
    /// The IPTC Media Topics code.
    pub iptc: Option<String>,
    /// The points of phrases that give the topic in a short text.
    min_score: f32,
    /// What a query rule asks.
    query: Option<Condition>,
    /// The ids that are not given where this one has a higher score.
    outranks: Vec<TopicId>,
}

/// All topics, ready to tag.
pub struct Tagger {
    topics: Vec<Topic>,
    rules: Vec<TopicRule>,
    names: Vec<NameRule>,
    /// By language, made when the first text needs it; `any` for texts in a language without phrases of its own.
    automata: BTreeMap<String, OnceLock<Automaton>>,
    fingerprint: u64,
}

impl Tagger {
    /// Makes a tagger of the rules.
    ///
    /// # Errors
    /// Every problem at once where a rule cannot be followed. What is merely unwise is left to [`lint`].
    pub fn new(rules: &[TopicRule], names: &[NameRule]) -> Result<Self, Vec<Problem>> {
        let mut problems = lint::refuse(rules);
        problems.extend(names::refuse(names));
        if !problems.is_empty() {
            return Err(problems);
        }
        let topic = |rule: &TopicRule| Topic {
            id: TopicId(rule.id.clone()),
            name: rule.name.clone(),
            parent: rule.parent.clone().map(TopicId),
            iptc: rule.iptc.clone(),
            min_score: rule.min_score.unwrap_or(score::MIN_SCORE),
            query: rule.query.as_deref().and_then(|query| Condition::read(query).ok()),
            outranks: Vec::new(),
        };
        let mut topics: Vec<Topic> = rules.iter().map(topic).collect();
        for (number, rule) in rules.iter().enumerate() {
            topics[number].outranks =
                rule.outranks.iter().flat_map(|id| family(&topics, TopicId(id.clone()))).collect();
        }
        let languages = compile::languages(rules, &topics, names);
        let automata = languages.into_iter().map(|lang| (lang.to_owned(), OnceLock::new())).collect();
        let fingerprint = fingerprint(rules, names);
        Ok(Self { topics, rules: rules.to_vec(), names: names.to_vec(), automata, fingerprint })
    }

    /// Returns the topics that are given to a text with what spoke for them, and the names in it.
    pub fn tag(&self, text: &Text<'_>) -> Findings {
        self.find(text, 1.0)
    }

    /// Returns also the topics that were nearly given: a score of 0.3 or more.
    pub fn explain(&self, text: &Text<'_>) -> Findings {
        self.find(text, NEAR_MISS)
    }

    /// Returns all topics in the order of their rules.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Returns the topic of that name or id, whatever its case, with all its descendants.
    pub fn resolve(&self, name_or_id: &str) -> Option<Vec<TopicId>> {
        let wanted = name_or_id.trim().to_lowercase();
        let by_id = self.topics.iter().find(|topic| topic.id.0.to_lowercase() == wanted);
        let topic = by_id.or_else(|| self.topics.iter().find(|topic| topic.name.to_lowercase() == wanted))?;
        Some(family(&self.topics, topic.id.clone()))
    }

    /// Returns a fingerprint of rules and scoring: another value means that stored tags may be out of date.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn find(&self, text: &Text<'_>, at_least: f32) -> Findings {
        let reading = Reading::new(text);
        let mut best = Findings::default();
        for automaton in self.automata_for(text.lang) {
            let hits = score::hits(&reading, automaton);
            keep_best(&mut best.topics, score::matches(&reading, &hits, &self.topics, at_least), |known, found| {
                (known.topic == found.topic).then_some(found.score > known.score)
            });
            let entities = names::entities(&reading, &hits, &self.names, self.topics.len() as u32);
            keep_best(&mut best.entities, entities, |known, found| {
                (known.name == found.name).then_some(found.count > known.count)
            });
        }
        self.outrank(&mut best.topics);
        best.topics.retain(|found| found.score >= at_least);
        best.topics.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.topic.cmp(&b.topic)));
        best.entities.sort_by_key(|entity| Reverse(entity.count));
        best
    }

    /// Divides the scores of topics by that of a given one which outranks them, where that is higher: the "attack" of a text
    /// that is about a match is none of war.
    fn outrank(&self, found: &mut [TopicMatch]) {
        for topic in self.topics.iter().filter(|topic| !topic.outranks.is_empty()) {
            let Some(given) = found.iter().find(|found| found.topic == topic.id && found.matched) else { continue };
            let score = given.score;
            for lower in found.iter_mut().filter(|other| other.score < score && topic.outranks.contains(&other.topic)) {
                lower.score /= score;
                lower.matched = false;
            }
        }
    }

    fn automata_for<'a>(&'a self, lang: Option<&str>) -> Vec<&'a Automaton> {
        let made = |known: (&String, &'a OnceLock<Automaton>)| {
            known.1.get_or_init(|| compile::compile(known.0, &self.rules, &self.topics, &self.names))
        };
        let Some(lang) = lang else { return self.automata.iter().map(made).collect() };
        let lang = lang.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let known = self.automata.get_key_value(&lang).or_else(|| self.automata.get_key_value(compile::ANY));
        known.into_iter().map(made).collect()
    }
}

/// Returns a topic and all its descendants.
fn family(topics: &[Topic], id: TopicId) -> Vec<TopicId> {
    let mut children: FxHashMap<&TopicId, Vec<&TopicId>> = FxHashMap::default();
    for topic in topics {
        if let Some(parent) = &topic.parent {
            children.entry(parent).or_default().push(&topic.id);
        }
    }
    let mut found = vec![id];
    let mut next = 0;
    while let Some(id) = found.get(next).cloned() {
        found.extend(children.get(&id).into_iter().flatten().map(|&child| child.clone()));
        next += 1;
    }
    found
}

/// Adds what was found in one language to what was found in others. `is_better` compares two of the same.
fn keep_best<T>(best: &mut Vec<T>, found: Vec<T>, is_better: impl Fn(&T, &T) -> Option<bool>) {
    for found in found {
        match best.iter_mut().find_map(|known| is_better(known, &found).map(|better| (known, better))) {
            Some((known, true)) => *known = found,
            Some((_, false)) => {}
            None => best.push(found),
        }
    }
}

fn fingerprint(rules: &[TopicRule], names: &[NameRule]) -> u64 {
    let digest = Sha256::digest(format!("{SCORING_VERSION} {rules:?} {names:?}"));
    digest.iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests;
