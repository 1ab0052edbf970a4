//! An article boiled down to what the decision needs.

use std::borrow::Cow;
use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{ArticleId, PublishedAt, Time};
use crate::text::{Token, Tokens, tokenize};

/// Words of the start of a body whose shingles are all kept: a brief or teaser shares only the start with its original.
const DENSE_WORDS: usize = 60;
/// Behind the start, one shingle in so many is kept, chosen by its hash so that copies choose the same.
const SAMPLE: u32 = 4;
/// Behind so many words, one in twice as many.
const FAR_WORDS: usize = 300;
/// Bounds of one sketch. A text of 3,000 words stays below them.
const MAX_SHINGLES: usize = 768;
const MAX_BLOCKS: usize = 400;
const MAX_FACTS: usize = 256;
const MAX_TITLE: usize = 32;
/// A sentence shorter than this is joined with the next one of its paragraph.
const MIN_BLOCK_WORDS: usize = 6;
/// A longer sentence is cut.
const MAX_BLOCK_WORDS: usize = 100;
/// Words of the start of a body in which the headline of a copy is looked for.
const OPENING_WORDS: usize = 100;
/// Letters of a word by which a headline finds it: what follows may be inflected, and copies of one report are not always
/// taken for one language.
const STEM_LETTERS: usize = 5;
/// Terms kept for the story; more blur what the report is about.
const MAX_TERMS: usize = 20;
/// Words of a body that may become story terms: what the event is stands at the start.
const TERM_WORDS: usize = 200;

/// An article as the decision sees it.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The article's id.
    pub id: ArticleId,
    /// The registrable domain of its URL.
    pub outlet: &'a str,
    /// The headline.
    pub title: &'a str,
    /// The text, one paragraph a line.
    pub body: &'a str,
    /// The language (ISO 639-1), if known.
    pub lang: Option<&'a str>,
    /// When it was published, if known.
    pub published_at: Option<PublishedAt>,
    /// When it arrived.
    pub arrived_at: Time,
}

/// One sentence, or a few short ones: the unit that is matched, or recognised as furniture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Number of words.
    pub words: u8,
    /// How many of the sketch's shingles, in order, are this block's.
    pub shingles: u8,
    /// How many of the sketch's facts, in order, are this block's.
    pub facts: u8,
    /// Whether the last of the shingles stands for all words together.
    pub whole: bool,
}

/// A word that says what a report is about, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term(pub u32);

impl Term {
    const COUNT: u32 = 31;

    fn new(hash: u32, count: u32) -> Self {
        Self((hash & !Self::COUNT) | count.min(Self::COUNT))
    }

    pub fn word(self) -> u32 {
        self.0 & !Self::COUNT
    }

    /// How often, 1–31.
    pub fn count(self) -> u32 {
        self.0 & Self::COUNT
    }
}

/// Which words stand in a headline and the start of its text: one bit a word, so that one in nine seems to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Opening(pub [u64; 8]);

impl Opening {
    fn add(&mut self, word: TitleWord) {
        let (at, bit) = word.place();
        self.0[at] |= bit;
    }

    pub fn has(&self, word: TitleWord) -> bool {
        let (at, bit) = word.place();
        self.0[at] & bit != 0
    }
}

/// A word of a headline: nine bits of its first letters, by which it is looked for in an [`Opening`], then its hash, by
/// which it is counted and told from others, and the lowest bit says whether it is telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TitleWord(pub u32);

impl TitleWord {
    const STEM: u32 = 0x1ff << 23;
    const TELLING: u32 = 1;

    /// Tells whether it may say what the report is about.
    pub fn is_telling(self) -> bool {
        self.0 & Self::TELLING != 0
    }

    /// Tells whether a fact is this word.
    pub fn is_fact(self, fact: u32) -> bool {
        (self.0 ^ fact) & !(Self::STEM | Self::TELLING) == 0
    }

    fn place(self) -> (usize, u64) {
        ((self.0 >> 29) as usize, 1 << (self.0 >> 23 & 63))
    }
}

/// What the decision needs of one article; an article of 300 words takes about 1 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    pub(super) id: ArticleId,
    pub(super) outlet: u32,
    /// Identity of the whole body.
    pub(super) body: u64,
    pub(super) words: u32,
    /// Seconds since 1970.
    pub(super) arrived_at: i64,
    /// Seconds since 1970, if known.
    pub(super) published_at: Option<i64>,
    pub(super) title: Box<[TitleWord]>,
    pub(super) opening: Opening,
    pub(super) blocks: Box<[Block]>,
    pub(super) shingles: Box<[u32]>,
    /// Figures (odd) and names (even).
    pub(super) facts: Box<[u32]>,
    /// What the report is about: hashes of words, their low bits the number of times it says so.
    pub(super) terms: Box<[Term]>,
}

impl Sketch {
    /// Returns the sketch under another id: that of the article which turned out to have this text.
    #[must_use]
    pub fn with_id(mut self, id: ArticleId) -> Self {
        self.id = id;
        self
    }

    /// When it was published, else when it arrived: seconds since 1970.
    pub(super) fn time(&self) -> i64 {
        self.published_at.unwrap_or(self.arrived_at)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        // Each of the five pieces costs the allocator about 16 bytes more.
        let words = self.title.len() + self.shingles.len() + self.facts.len() + self.terms.len();
        words * 4 + size_of_val(&*self.blocks) + 5 * 16
    }
}

/// Returns the sketch of an article. Work and size are bounded whatever the text is.
pub fn sketch(document: &Document<'_>) -> Sketch {
    let body = unescape(document.body);
    let (tokens, title_text) = (tokenize(&body), unescape(document.title));
    let text = words(&body, &tokens);
    let title_tokens = tokenize(&title_text);
    let title = words(&title_text, &title_tokens);
    // German writes every noun with a capital: it says nothing there.
    let names = !matches!(document.lang, Some("de" | "lb"));
    let mut opening = Opening::default();
    for word in title.iter().take(MAX_TITLE).chain(text.iter().take(OPENING_WORDS)).filter(|word| word.is_telling()) {
        opening.add(word.in_title());
    }
    let mut draft = Draft { names, ..Draft::default() };
    for sentence in sentences(&text) {
        draft.add(sentence);
    }
    Sketch {
        id: document.id,
        outlet: fold(hash(document.outlet.as_bytes())),
        body: text.iter().fold(text.len() as u64, |all, word| mix(all ^ word.hash)),
        words: tokens.len() as u32,
        arrived_at: document.arrived_at.timestamp(),
        published_at: document.published_at.map(|published| published.order_key().timestamp()),
        title: title.iter().take(MAX_TITLE).map(Word::in_title).collect(),
        opening,
        terms: terms(&title, &text),
        blocks: draft.blocks.into(),
        shingles: draft.shingles.into(),
        facts: draft.facts.into(),
    }
}

/// Tells whether a shingle is kept wherever in a text it stands.
pub(super) fn is_sampled(shingle: u32) -> bool {
    shingle.is_multiple_of(SAMPLE)
}

/// Tells whether a fact is a figure.
pub(super) fn is_figure(fact: u32) -> bool {
    fact & 1 == 1
}

/// FNV-1a with a finaliser. Written out because records keep its values: it may never change.
fn hash(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |all, &byte| (all ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
}

/// The finaliser of MurmurHash3.
fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

fn fold(bits: u64) -> u32 {
    (bits >> 32) as u32
}

/// Resolves character references that survived an extraction: a numeric one is its character, a named one separates.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.bytes().take(9).position(|byte| byte == b';');
        let Some(end) =
            end.filter(|&end| rest.as_bytes()[..end].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#'))
        else {
            plain.push('&');
            continue;
        };
        let number = rest[..end].strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        });
        plain.push(number.and_then(char::from_u32).unwrap_or(' '));
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// One word with what stands before it.
struct Word<'a> {
    folded: &'a str,
    hash: u64,
    capital: bool,
    /// What stands between it and the word before; `None` at the start of the text.
    gap: Option<&'a str>,
}

fn words<'a>(text: &'a str, tokens: &'a Tokens) -> Vec<Word<'a>> {
    let mut end = None;
    let word = |(token, folded): (Token, &'a str)| {
        let gap = end.replace(token.end).map(|end: u32| &text[end as usize..token.start as usize]);
        Word { folded, hash: hash(folded.as_bytes()), capital: token.capital, gap }
    };
    tokens.iter().map(word).collect()
}

impl Word<'_> {
    fn starts_line(&self) -> bool {
        self.gap.is_none_or(|gap| gap.contains('\n'))
    }

    fn starts_sentence(&self) -> bool {
        let ends = |gap: &str| {
            gap.contains(['!', '?', '…', '。', '！', '？', '।', '|'])
                || gap.split_once('.').is_some_and(|(_, behind)| behind.contains(char::is_whitespace))
        };
        self.gap.is_none_or(ends)
    }

    /// Whether its capital, if it has one, means more than a start.
    fn stands_inside(&self) -> bool {
        self.gap.is_some_and(|gap| !gap.contains(['.', '!', '?', ':', '"', '“', '”', '„', '«', '|', '\n']))
    }

    /// Whether it continues a figure: 1,200; 3-1; 19:30.
    fn joins_figure(&self) -> bool {
        matches!(self.gap, Some("," | "." | "-" | ":" | "/"))
    }

    fn is_figure(&self) -> bool {
        self.folded.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether it may say what a report is about: short words and single characters do not.
    fn is_telling(&self) -> bool {
        self.is_figure() || self.folded.chars().nth(2).is_some()
    }

    fn in_title(&self) -> TitleWord {
        let end = self.folded.char_indices().nth(STEM_LETTERS).map_or(self.folded.len(), |(end, _)| end);
        let stem = fold(hash(&self.folded.as_bytes()[..end])) & TitleWord::STEM;
        let word = fold(self.hash) & !(TitleWord::STEM | TitleWord::TELLING);
        TitleWord(stem | word | u32::from(self.is_telling()))
    }

    /// Whether it is a single character of a script that is written without spaces (all of them lie behind Thai).
    fn is_character(&self) -> bool {
        let mut chars = self.folded.chars();
        chars.next().is_some_and(|c| c >= '\u{0e00}') && chars.next().is_none()
    }
}

/// Cuts a text into sentences. Too fine or too coarse a cut does no harm: copies are cut alike.
fn sentences<'w, 'a>(words: &'w [Word<'a>]) -> impl Iterator<Item = &'w [Word<'a>]> {
    let mut rest = words;
    std::iter::from_fn(move || {
        let starts = |(at, word): (usize, &Word<'_>)| {
            at > 0 && (at == MAX_BLOCK_WORDS || word.starts_line() || (at >= MIN_BLOCK_WORDS && word.starts_sentence()))
        };
        let end = rest.iter().enumerate().position(starts).unwrap_or(rest.len());
        let (sentence, behind) = rest.split_at(end);
        rest = behind;
        (!sentence.is_empty()).then_some(sentence)
    })
}

#[derive(Default)]
struct Draft {
    /// Whether a capital inside a sentence makes a name.
    names: bool,
    words: usize,
    blocks: Vec<Block>,
    shingles: Vec<u32>,
    facts: Vec<u32>,
    seen: FxHashSet<u32>,
    seen_facts: FxHashSet<u32>,
}

impl Draft {
    fn add(&mut self, sentence: &[Word<'_>]) {
        if self.blocks.len() == MAX_BLOCKS {
            return;
        }
        let (shingles, facts) = (self.shingles.len(), self.facts.len());
        self.add_shingles(sentence);
        self.add_facts(sentence);
        let telling = self.facts.len() >= facts + 2;
        let whole = telling && self.add_whole(sentence);
        self.blocks.push(Block {
            words: sentence.len() as u8,
            shingles: (self.shingles.len() - shingles) as u8,
            facts: (self.facts.len() - facts) as u8,
            whole,
        });
    }

    /// In a recurring form (weather, lottery) every three words are known; only a whole sentence with its facts is not.
    fn add_whole(&mut self, sentence: &[Word<'_>]) -> bool {
        let whole = fold(sentence.iter().fold(1, |all, word| mix(all ^ word.hash)));
        // It is kept wherever it stands, like a sampled one.
        let whole = whole - whole % SAMPLE;
        let new = self.shingles.len() < MAX_SHINGLES && self.seen.insert(whole);
        if new {
            self.shingles.push(whole);
        }
        new
    }

    fn add_shingles(&mut self, sentence: &[Word<'_>]) {
        for at in 0..sentence.len() {
            let dense = self.words < DENSE_WORDS;
            self.words += 1;
            let Some(length) = shingle_words(&sentence[at..]) else { continue };
            let shingle = fold(sentence[at..at + length].iter().fold(0, |all, word| mix(all ^ word.hash)));
            let room = self.shingles.len() < MAX_SHINGLES;
            let rate = if self.words > FAR_WORDS { 2 * SAMPLE } else { SAMPLE };
            if room && (dense || shingle.is_multiple_of(rate)) && self.seen.insert(shingle) {
                self.shingles.push(shingle);
            }
        }
    }

    /// Figures, and words with a capital inside a sentence.
    fn add_facts(&mut self, sentence: &[Word<'_>]) {
        // A line in capitals or title case says nothing about which of its words are names.
        let names = self.names && sentence.iter().filter(|word| word.capital).count() * 3 <= sentence.len() * 2;
        let mut figure: Option<u64> = None;
        for word in sentence {
            if word.is_figure() {
                let parts = figure.take();
                figure = match parts {
                    Some(parts) if word.joins_figure() => Some(mix(parts ^ word.hash)),
                    _ => Some(word.hash),
                };
                if let Some(done) = parts.filter(|_| !word.joins_figure()) {
                    self.add_fact(fold(done) | 1);
                }
                continue;
            }
            if let Some(done) = figure.take() {
                self.add_fact(fold(done) | 1);
            }
            if names && word.capital && word.stands_inside() && word.folded.len() > 1 {
                self.add_fact(fold(word.hash) & !1);
            }
        }
        if let Some(done) = figure {
            self.add_fact(fold(done) | 1);
        }
    }

    fn add_fact(&mut self, fact: u32) {
        if self.facts.len() < MAX_FACTS && self.seen_facts.insert(fact) {
            self.facts.push(fact);
        }
    }
}

/// Three words; where characters are tokens of their own, six of them carry about as much.
fn shingle_words(words: &[Word<'_>]) -> Option<usize> {
    let mut weight = 0;
    words
        .iter()
        .position(|word| {
            weight += if word.is_character() { 1 } else { 2 };
            weight >= 6
        })
        .map(|last| last + 1)
}

/// The words that say most often what the report is about: title thrice, names twice.
fn terms(title: &[Word<'_>], body: &[Word<'_>]) -> Box<[Term]> {
    // Word → how often, and where first.
    let mut counts: FxHashMap<u32, (u32, usize)> = FxHashMap::default();
    let start = &body[..body.len().min(TERM_WORDS)];
    let mut before = 0;
    for (words, weight) in [(&title[..title.len().min(MAX_TITLE)], 3), (start, 1)] {
        for (at, word) in words.iter().enumerate() {
            let Some(term) = term(word, words.get(at + 1)) else { continue };
            let name = weight == 1 && word.capital && word.stands_inside();
            counts.entry(term).or_insert((0, before + at)).0 += weight + u32::from(name);
        }
        before += words.len();
    }
    let mut terms: Vec<(u32, (u32, usize))> = counts.into_iter().collect();
    terms.sort_unstable_by_key(|&(term, (count, first))| (Reverse(count), first, term));
    terms.iter().take(MAX_TERMS).map(|&(term, (count, _))| Term::new(term, count)).collect()
}

/// A word of some length, a figure, or two characters of a script without spaces.
fn term(word: &Word<'_>, next: Option<&Word<'_>>) -> Option<u32> {
    if word.is_character() {
        return next.filter(|next| next.is_character()).map(|next| fold(mix(word.hash ^ next.hash.rotate_left(1))));
    }
    let long = word.folded.chars().nth(if word.capital { 2 } else { 3 }).is_some();
    (long || word.is_figure()).then(|| fold(word.hash))
}
