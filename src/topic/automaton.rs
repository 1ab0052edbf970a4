//! All phrases of one language in one trie over words.
//!
//! A word of the text is looked up once and becomes a class: the stem it shares with words of the rules, the longest
//! `*` word it begins with, and the acronym that it is. Most words have none of them and cost nothing more; from the
//! others the trie is walked.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::commonest;
use super::decline;
use super::memo::Memo;
use super::names::Form;
use super::phrase::Word;
use crate::text::{Stemmer, Token, Tokens};

/// No symbol, no node.
const NOTHING: u32 = u32::MAX;
/// Hits that one text can have; more come only from texts written to that end.
const MAX_HITS: usize = 20_000;

/// What the rules know of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    stem: u32,
    prefix: u32,
    exact: u32,
    name: u32,
}

impl Class {
    /// The class of a word that no rule knows.
    pub(super) const NONE: Self = Self { stem: NOTHING, prefix: NOTHING, exact: NOTHING, name: NOTHING };
}

/// What a phrase is for in its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Strong,
    Weak,
    None,
    /// A form of a name.
    Name(Form),
    /// A word or phrase of a query, by its number there.
    Leaf(u32),
    /// The first or second side of the `near` rule of that number within its topic.
    Near {
        rule: u16,
        second: bool,
        within: u16,
    },
    /// The first or second side of a `none_near` rule.
    NoneNear {
        rule: u16,
        second: bool,
        within: u16,
    },
}

/// A phrase where it stands in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) topic: u32,
    /// Tells phrases apart, for damping repeats.
    pub(super) phrase: u32,
    pub(super) role: Role,
    /// The first word.
    pub(super) start: u32,
    /// One past the last word.
    pub(super) end: u32,
}

/// One phrase's use in one topic.
#[derive(PartialEq, Eq)]
struct Use {
    topic: u32,
    phrase: u32,
    role: Role,
}

/// Where a phrase may be complete, and may go on.
struct Node {
    /// What is complete here, as a range of the uses.
    from: u32,
    to: u32,
    /// The symbols that may come next, each by one bit: most words that follow are none of them.
    next: u64,
}

/// The phrases of one language.
pub(super) struct Automaton {
    lang: Box<str>,
    stemmer: Stemmer,
    /// The commonest words, which are forms of themselves only.
    common: FxHashSet<&'static str>,
    stems: FxHashMap<Box<str>, u32>,
    prefixes: FxHashMap<Box<str>, u32>,
    acronyms: FxHashMap<Box<str>, u32>,
    /// The words of names by the spellings that are left before case endings.
    names: FxHashMap<Box<str>, u32>,
    /// For each `*` symbol the next shorter `*` word it begins with.
    shorter: Vec<u32>,
    /// For each symbol the node it leads to from the start.
    first: Vec<u32>,
    edges: FxHashMap<(u32, u32), u32>,
    /// What is complete at each node, until [`finish`](Self::finish).
    growing: Vec<Vec<Use>>,
    nodes: Vec<Node>,
    /// The uses of all nodes, one node's after the other's.
    uses: Vec<Use>,
    /// Memory of words, one for each thread that is tagging at this moment.
    memos: Mutex<Vec<Memo>>,
}

impl Automaton {
    pub(super) fn new(lang: &str) -> Self {
        Self {
            lang: lang.into(),
            stemmer: Stemmer::light(lang),
            common: commonest::words(lang).collect(),
            stems: FxHashMap::default(),
            prefixes: FxHashMap::default(),
            acronyms: FxHashMap::default(),
            names: FxHashMap::default(),
            shorter: Vec::new(),
            first: Vec::new(),
            edges: FxHashMap::default(),
            growing: Vec::new(),
            nodes: Vec::new(),
            uses: Vec::new(),
            memos: Mutex::default(),
        }
    }

    /// Adds a phrase. [`finish`](Self::finish) when all are in.
    pub(super) fn add(&mut self, words: &[Word], topic: u32, phrase: u32, role: Role) {
        let mut node = NOTHING;
        for word in words {
            let symbol = self.symbol(word);
            let fresh = self.growing.len() as u32;
            let slot = match node {
                NOTHING => &mut self.first[symbol as usize],
                node => self.edges.entry((node, symbol)).or_insert(NOTHING),
            };
            if *slot == NOTHING {
                *slot = fresh;
                self.growing.push(Vec::new());
            }
            node = *slot;
        }
        // Two alternatives of one rule may be forms of one word.
        let fresh = Use { topic, phrase, role };
        if let Some(uses) = self.growing.get_mut(node as usize).filter(|uses| !uses.contains(&fresh)) {
            uses.push(fresh);
        }
    }

    /// Links each `*` word to the next shorter one, and brings the uses together.
    pub(super) fn finish(&mut self) {
        self.shorter = vec![NOTHING; self.first.len()];
        for (prefix, &symbol) in &self.prefixes {
            let shorter = prefix.char_indices().rev().find_map(|(end, _)| self.prefixes.get(&prefix[..end]));
            self.shorter[symbol as usize] = shorter.copied().unwrap_or(NOTHING);
        }
        for uses in std::mem::take(&mut self.growing) {
            let from = self.uses.len() as u32;
            self.uses.extend(uses);
            self.nodes.push(Node { from, to: self.uses.len() as u32, next: 0 });
        }
        for &(node, symbol) in self.edges.keys() {
            self.nodes[node as usize].next |= bit(symbol);
        }
    }

    /// Appends the hits of all phrases in one field, whose first word has the number `base`, in the order of the text, the
    /// longer of those that begin in one place first.
    pub(super) fn find(&self, tokens: &Tokens, base: u32, hits: &mut Vec<Hit>) {
        let mut memo = self.memos.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_else(Memo::new);
        let class = |(token, word): (Token, &str)| {
            let class = memo.class(word, |word| self.classify(word));
            let is_lowercase = !token.capital && !word.starts_with(|first: char| first.is_ascii_digit());
            if is_lowercase { Class { exact: NOTHING, ..class } } else { class }
        };
        let classes: Vec<Class> = tokens.iter().map(class).collect();
        self.memos.lock().unwrap_or_else(PoisonError::into_inner).push(memo);
        for (at, &class) in classes.iter().enumerate() {
            if hits.len() >= MAX_HITS {
                return;
            }
            if class == Class::NONE {
                continue;
            }
            let known = hits.len();
            self.symbols(class, |symbol| self.walk(self.first[symbol as usize], &classes, at, at + 1, base, hits));
            hits[known..].sort_unstable_by_key(|hit| (Reverse(hit.end), hit.phrase));
        }
    }

    fn symbol(&mut self, word: &Word) -> u32 {
        let fresh = self.first.len() as u32;
        let (map, key) = match word {
            Word::Stem(word) => (&mut self.stems, stem(self.stemmer, &self.common, word)),
            Word::Prefix(word) => (&mut self.prefixes, word.as_str().into()),
            Word::Exact(word) => (&mut self.acronyms, word.as_str().into()),
            Word::Name(word) => return self.name_symbol(word),
        };
        if let Some(&symbol) = map.get(&*key) {
            return symbol;
        }
        map.insert(key.into(), fresh);
        self.first.push(NOTHING);
        fresh
    }

    /// A word of a name has one symbol under all its spellings.
    fn name_symbol(&mut self, word: &str) -> u32 {
        let bases = decline::bases(&self.lang, word);
        let fresh = self.first.len() as u32;
        let symbol = bases.iter().find_map(|base| self.names.get(base.as_str())).copied().unwrap_or(fresh);
        if symbol == fresh {
            self.first.push(NOTHING);
        }
        for base in bases {
            self.names.entry(base.into()).or_insert(symbol);
        }
        symbol
    }

    fn classify(&self, word: &str) -> Class {
        let stem = self.stems.get(&*stem(self.stemmer, &self.common, word)).copied().unwrap_or(NOTHING);
        let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).take(40);
        let prefix = ends.filter_map(|end| self.prefixes.get(&word[..end])).last();
        let exact = self.acronyms.get(word);
        let name = decline::stripped(&self.lang, word).find_map(|base| self.names.get(base));
        let or_nothing = |symbol: Option<&u32>| symbol.copied().unwrap_or(NOTHING);
        Class { stem, prefix: or_nothing(prefix), exact: or_nothing(exact), name: or_nothing(name) }
    }

    fn symbols(&self, class: Class, mut each: impl FnMut(u32)) {
        for symbol in [class.stem, class.exact, class.name] {
            if symbol != NOTHING {
                each(symbol);
            }
        }
        let mut prefix = class.prefix;
        while prefix != NOTHING {
            each(prefix);
            prefix = self.shorter[prefix as usize];
        }
    }

    /// Reports what is complete at a node and goes on with the next word. As deep as the longest phrase.
    fn walk(&self, at: u32, classes: &[Class], start: usize, end: usize, base: u32, hits: &mut Vec<Hit>) {
        if at == NOTHING {
            return;
        }
        let node = &self.nodes[at as usize];
        let (from, to) = (base + start as u32, base + end as u32);
        let uses = &self.uses[node.from as usize..node.to as usize];
        hits.extend(uses.iter().map(|Use { topic, phrase, role }| Hit {
            topic: *topic,
            phrase: *phrase,
            role: *role,
            start: from,
            end: to,
        }));
        if node.next == 0 {
            return;
        }
        if let Some(&class) = classes.get(end) {
            self.symbols(class, |symbol| {
                if node.next & bit(symbol) != 0
                    && let Some(&next) = self.edges.get(&(at, symbol))
                {
                    self.walk(next, classes, start, end + 1, base, hits);
                }
            });
        }
    }
}

/// Returns what all forms of a word have in common. The commonest words are none of another word's, even where that has
/// their spelling for its stem.
fn stem<'a>(stemmer: Stemmer, common: &FxHashSet<&str>, word: &'a str) -> Cow<'a, str> {
    if common.contains(word) { format!("{word} ").into() } else { stemmer.stem(word) }
}

fn bit(symbol: u32) -> u64 {
    1 << (symbol % u64::BITS)
}
