//! Topics: which of the user's rules an article meets, how strongly, and by which words.
//!
//! All phrases of all topics in one language make one automaton over the stemmed words of a text, so a thousand topics
//! cost little more than twenty. Scores are explainable: each is the sum of phrases that stand in the text, and comes
//! with them. Does not learn, does not read categories or sections of the outlet, and gives a parent no tag of its own
//! for its child's words: who asks for the parent finds its children through [`Tagger::resolve`].

mod automaton;
mod compile;
mod condition;
mod lint;
mod memo;
mod phrase;
mod score;

pub use self::lint::{Problem, lint};

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use self::automaton::Automaton;
use self::condition::Condition;
use self::score::{NEAR_MISS, Reading};
use crate::config::TopicRule;
use crate::model::{TopicId, TopicMatch};

/// Counts up when the same rules give other scores than before, so that stored articles are tagged again.
const SCORING_VERSION: u32 = 1;

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
}

/// All topics, ready to tag.
pub struct Tagger {
    topics: Vec<Topic>,
    /// By language; `any` for texts in a language without phrases of its own.
    automata: BTreeMap<String, Automaton>,
    fingerprint: u64,
}

impl Tagger {
    /// Makes a tagger of the rules.
    ///
    /// # Errors
    /// Every problem at once where a rule cannot be followed. What is merely unwise is left to [`lint`].
    pub fn new(rules: &[TopicRule]) -> Result<Self, Vec<Problem>> {
        let problems = lint::refuse(rules);
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
        };
        let topics: Vec<Topic> = rules.iter().map(topic).collect();
        Ok(Self { automata: compile::compile(rules, &topics), topics, fingerprint: fingerprint(rules) })
    }

    /// Returns the topics that are given to a text, best first, with what spoke for them.
    pub fn tag(&self, text: &Text<'_>) -> Vec<TopicMatch> {
        self.matches(text, 1.0)
    }

    /// Returns also the topics that were nearly given: a score of 0.3 or more.
    pub fn explain(&self, text: &Text<'_>) -> Vec<TopicMatch> {
        self.matches(text, NEAR_MISS)
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
        let mut children: FxHashMap<&TopicId, Vec<&TopicId>> = FxHashMap::default();
        for topic in &self.topics {
            if let Some(parent) = &topic.parent {
                children.entry(parent).or_default().push(&topic.id);
            }
        }
        let mut found = vec![topic.id.clone()];
        let mut next = 0;
        while let Some(id) = found.get(next).cloned() {
            found.extend(children.get(&id).into_iter().flatten().map(|&child| child.clone()));
            next += 1;
        }
        Some(found)
    }

    /// Returns a fingerprint of rules and scoring: another value means that stored tags may be out of date.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn matches(&self, text: &Text<'_>, at_least: f32) -> Vec<TopicMatch> {
        let reading = Reading::new(text);
        let mut best: Vec<TopicMatch> = Vec::new();
        for automaton in self.automata_for(text.lang) {
            let matches = score::matches(&reading, automaton, &self.topics, at_least);
            if best.is_empty() {
                best = matches;
                continue;
            }
            for found in matches {
                match best.iter_mut().find(|known| known.topic == found.topic) {
                    Some(known) if known.score >= found.score => {}
                    Some(known) => *known = found,
                    None => best.push(found),
                }
            }
        }
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.topic.cmp(&b.topic)));
        best
    }

    fn automata_for(&self, lang: Option<&str>) -> Vec<&Automaton> {
        let Some(lang) = lang else { return self.automata.values().collect() };
        let lang = lang.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        self.automata.get(&lang).or_else(|| self.automata.get(compile::ANY)).into_iter().collect()
    }
}

fn fingerprint(rules: &[TopicRule]) -> u64 {
    let digest = Sha256::digest(format!("{SCORING_VERSION} {rules:?}"));
    digest.iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests;
