//! Rules made into automata, one for each language, when the first text in it comes.

use std::collections::BTreeSet;

use super::automaton::{Automaton, Role};
use super::{Topic, names, phrase};
use crate::config::{NameRule, Phrases, TopicRule};

/// The language of phrases that hold in every language.
pub(super) const ANY: &str = "any";

/// Languages in which the words of queries and names inflect, whatever languages the phrases are in.
const INFLECTED: [&str; 23] = [
    "ar", "bg", "cs", "da", "de", "en", "es", "fi", "fr", "he", "hu", "it", "ko", "nl", "no", "pl", "pt", "ro", "ru",
    "sk", "sv", "tr", "uk",
];

/// Returns the languages that have an automaton: those of phrases, and those in which queries and names inflect.
pub(super) fn languages<'a>(rules: &'a [TopicRule], topics: &[Topic], names: &[NameRule]) -> BTreeSet<&'a str> {
    let mut languages: BTreeSet<&str> = rules.iter().flat_map(|rule| rule.phrases.keys().map(String::as_str)).collect();
    languages.insert(ANY);
    if topics.iter().any(|topic| topic.query.is_some()) || !names.is_empty() {
        languages.extend(INFLECTED);
    }
    languages
}

/// Makes the automaton of a language. The phrases of `any` are in each of them, inflected as that language inflects.
/// So are the words of queries and names.
pub(super) fn compile(lang: &str, rules: &[TopicRule], topics: &[Topic], names: &[NameRule]) -> Automaton {
    let mut builder = Builder { automaton: Automaton::new(lang), phrases: 0 };
    for (topic, rule) in rules.iter().enumerate() {
        builder.rule(rule, lang, topic as u32);
        builder.query(&topics[topic], topic as u32);
    }
    names::compile(names, topics.len() as u32, &mut builder.automaton);
    builder.automaton.finish();
    builder.automaton
}

struct Builder {
    automaton: Automaton,
    phrases: u32,
}

impl Builder {
    fn rule(&mut self, rule: &TopicRule, lang: &str, topic: u32) {
        // Numbers go on through both lists, so that no two rules of one topic share one.
        let mut pair = 0;
        let own = rule.phrases.get(lang);
        let shared = rule.phrases.get(ANY).filter(|_| lang != ANY);
        for phrases in own.into_iter().chain(shared) {
            self.plain(phrases, topic);
            for (list, refuses) in [(&phrases.near, false), (&phrases.none_near, true)] {
                for (first, second, within) in list {
                    self.phrases += 1;
                    for (side, second) in [(first, false), (second, true)] {
                        let within = (*within).min(u32::from(u16::MAX)) as u16;
                        let role = match refuses {
                            false => Role::Near { rule: pair, second, within },
                            true => Role::NoneNear { rule: pair, second, within },
                        };
                        for text in phrase::alternatives(side) {
                            self.automaton.add(&phrase::read(text), topic, self.phrases, role);
                        }
                    }
                    pair = pair.saturating_add(1);
                }
            }
        }
    }

    fn query(&mut self, topic: &Topic, number: u32) {
        for (leaf, words) in topic.query.iter().flat_map(|query| query.leaves.iter().enumerate()) {
            self.phrases += 1;
            self.automaton.add(words, number, self.phrases, Role::Leaf(leaf as u32));
        }
    }

    fn plain(&mut self, phrases: &Phrases, topic: u32) {
        let roles = [(&phrases.strong, Role::Strong), (&phrases.weak, Role::Weak), (&phrases.none, Role::None)];
        for (list, role) in roles {
            for text in list {
                self.phrases += 1;
                self.automaton.add(&phrase::read(text), topic, self.phrases, role);
            }
        }
    }
}
