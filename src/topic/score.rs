//! From the phrases that stand in a text to the topics that it is about.
//!
//! A score is the better of two: the points of the whole text over what a text of that length needs, and the points
//! of its densest passage over what a passage needs. The first finds what a text is mainly about, the second what one
//! telling sentence of a long text says. One strong phrase in passing is enough for neither.

use super::automaton::{Automaton, Hit, Role};
use super::bound;
use super::condition::Condition;
use super::phrase::MAX_WORDS;
use super::{Text, Topic};
use crate::model::{Evidence, TextField, TopicMatch};
use crate::text::{Token, Tokens, tokenize};

/// The points that give a topic in a short text, where its rule does not say otherwise.
pub(super) const MIN_SCORE: f32 = 3.0;
/// The score from which on a topic that is not given is worth explaining.
pub(super) const NEAR_MISS: f32 = 0.3;

pub(super) const STRONG: f32 = 3.0;
pub(super) const WEAK: f32 = 1.0;
/// One weak phrase, however often and wherever, stays below `MIN_SCORE`.
const WEAK_AT_MOST: f32 = 2.5;
/// What weak phrases count in a text, or passage, without a strong one; beside strong ones they at most double the sum.
const WEAK_ALONE: f32 = 0.5;
const IN_TITLE: f32 = 2.5;
/// Points that a headline can add to those of a body that says nothing of the topic: less than even a short report needs.
/// Headlines play with words: milk prices call a truce, fans besiege a goal. On 890 labelled texts it raises precision from
/// .883 to .889 at the same F1.
const HEADLINE_ALONE: f32 = 4.0;
/// Words of a body that is no more than a teaser, whose headline is half of what there is.
const TEASER: usize = 30;
pub(super) const IN_LEAD: f32 = 1.2;
/// Words of the body that are its lead.
const LEAD: u32 = 60;
/// What each repetition of a phrase counts; further ones count nothing.
pub(super) const REPEATS: [f32; 4] = [1.0, 0.35, 0.35, 0.35];
/// Words up to which a text needs no more than `min_score`; each doubling beyond needs `PER_DOUBLING` more of it.
///
/// Chosen on 333 texts of 50 to 1,300 words labelled by hand, where steps of .05 move F1 by about .01.
const SHORT_TEXT: f32 = 50.0;
const PER_DOUBLING: f32 = 0.45;
/// Words of a passage: a long sentence or two short ones.
pub(super) const PASSAGE: u32 = 40;
/// What a passage needs, in `min_score`: more than one strong phrase, less than two. On 870 labelled texts, 1.75 and 1.9
/// give the same F1 within .003.
pub(super) const PASSAGE_NEEDS: f32 = 1.8;
/// Hits of one topic that are looked at, and that are shown.
const MAX_HITS: usize = 256;
const MAX_EVIDENCE: usize = 16;
/// Words between title and body, so that nothing is near across them.
const GAP: u32 = 1_000;

/// A text, read once for all languages.
pub(super) struct Reading<'a> {
    text: Text<'a>,
    title: Tokens,
    body: Tokens,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &Text<'a>) -> Self {
        Self { text: *text, title: tokenize(text.title), body: tokenize(text.body) }
    }

    fn title_words(&self) -> u32 {
        self.title.len() as u32
    }

    /// The number of the body's first word.
    fn body_start(&self) -> u32 {
        self.title_words() + GAP
    }

    /// What the word of that number weighs.
    pub(super) fn weight_of_place(&self, start: u32) -> f32 {
        match start {
            start if start < self.title_words() => IN_TITLE,
            start if start < self.body_start() + LEAD => IN_LEAD,
            _ => 1.0,
        }
    }

    /// Where the words from `start` to `end` stand, and their text.
    pub(super) fn words(&self, start: u32, end: u32) -> (TextField, usize, &'a str) {
        let (field, text, tokens, base) = match start < self.title_words() {
            true => (TextField::Title, self.text.title, &self.title, 0),
            false => (TextField::Body, self.text.body, &self.body, self.body_start()),
        };
        let token = |number: u32| tokens.token((number - base) as usize);
        let (from, to) = (token(start).start as usize, token(end - 1).end as usize);
        (field, from, &text[from..to])
    }

    /// The characters before and after the words from `start` to `end`.
    pub(super) fn around(&self, start: u32, end: u32) -> (Option<char>, Option<char>) {
        let (field, from, words) = self.words(start, end);
        let text = match field {
            TextField::Title => self.text.title,
            TextField::Body => self.text.body,
        };
        (text[..from].chars().next_back(), text[from + words.len()..].chars().next())
    }

    /// The word of that number.
    pub(super) fn token(&self, number: u32) -> Token {
        match number < self.title_words() {
            true => self.title.token(number as usize),
            false => self.body.token((number - self.body_start()) as usize),
        }
    }

    fn in_one_sentence(&self, start: u32, end: u32) -> bool {
        let (_, _, words) = self.words(start, end);
        !words.contains(['\n', '!', '?', '。']) && !words.contains(". ")
    }

    fn evidence(&self, hit: &Scored) -> Evidence {
        let (field, offset, phrase) = self.words(hit.start, hit.end);
        Evidence { phrase: phrase.to_owned(), field, offset }
    }
}

/// A phrase that counts.
#[derive(Debug, Clone, Copy)]
struct Scored {
    start: u32,
    end: u32,
    phrase: u32,
    points: f32,
}

/// Returns everything of one language that stands in a text, in the order of the text.
pub(super) fn hits(reading: &Reading<'_>, automaton: &Automaton) -> Vec<Hit> {
    // About as many as words in long texts.
    let mut hits = Vec::with_capacity(reading.title.len() + reading.body.len());
    automaton.find(&reading.title, 0, &mut hits);
    automaton.find(&reading.body, reading.body_start(), &mut hits);
    hits
}

/// Returns the topics that reach a score, in the order of their rules.
pub(super) fn matches(reading: &Reading<'_>, hits: &[Hit], topics: &[Topic], at_least: f32) -> Vec<TopicMatch> {
    let of_topics =
        bound::promising(reading, hits, topics, at_least * length_factor(reading.body.len()), at_least * PASSAGE_NEEDS);
    let by_topic = of_topics.chunk_by(|a, b| a.topic == b.topic);
    by_topic.filter_map(|hits| verdict(reading, &hits[..hits.len().min(MAX_HITS)], topics, at_least)).collect()
}

fn verdict(reading: &Reading<'_>, hits: &[Hit], topics: &[Topic], at_least: f32) -> Option<TopicMatch> {
    if hits.iter().any(|hit| hit.role == Role::None) {
        return None;
    }
    let topic = &topics[hits.first()?.topic as usize];
    let (scored, score) = match &topic.query {
        Some(query) => boolean(query, reading, hits)?,
        None => weighed(topic, reading, hits, at_least)?,
    };
    Some(TopicMatch {
        topic: topic.id.clone(),
        score,
        matched: score >= 1.0,
        evidence: scored.iter().take(MAX_EVIDENCE).map(|hit| reading.evidence(hit)).collect(),
    })
}

/// The verdict of a query rule: it holds or it does not.
fn boolean(query: &Condition, reading: &Reading<'_>, hits: &[Hit]) -> Option<(Vec<Scored>, f32)> {
    let asked = |leaf: u32, title: Option<bool>| {
        let in_place = |hit: &Hit| title.is_none_or(|title| title == (hit.start < reading.title_words()));
        hits.iter().any(|hit| hit.role == Role::Leaf(leaf) && in_place(hit))
    };
    let found = hits.iter().map(|hit| Scored { start: hit.start, end: hit.end, phrase: hit.phrase, points: 0.0 });
    query.holds(reading.text.lang, &asked).then(|| (found.collect(), 1.0))
}

/// The verdict of phrases.
fn weighed(topic: &Topic, reading: &Reading<'_>, hits: &[Hit], at_least: f32) -> Option<(Vec<Scored>, f32)> {
    let scored = counting(reading, hits);
    let whole_needs = topic.min_score * length_factor(reading.body.len());
    let passage_needs = topic.min_score * PASSAGE_NEEDS;
    // Most topics have a word or two in any text: those that cannot get there are not looked at closely.
    let undamped: f32 = scored.iter().map(|hit| hit.points * reading.weight_of_place(hit.start)).sum();
    if undamped < at_least * whole_needs.min(passage_needs) {
        return None;
    }
    let mut buffer = Vec::with_capacity(scored.len());
    let whole = whole_text(reading, &scored, &mut buffer) / whole_needs;
    let score = whole.max(best_passage(reading, &scored, &mut buffer) / passage_needs);
    (score >= at_least).then_some((scored, score))
}

/// What a text needs more for its length: a long one mentions many things.
fn length_factor(words: usize) -> f32 {
    1.0 + PER_DOUBLING * (words as f32 / SHORT_TEXT).log2().max(0.0)
}

/// Returns the phrases that count, in the order of the text, without those that `none_near` takes out.
///
/// Words count once, however many rules they fit: as a strong phrase, the longest; else in a pair of words near each
/// other; else as a weak phrase. Rules that say one thing in several ways would else make a mention a subject.
fn counting(reading: &Reading<'_>, hits: &[Hit]) -> Vec<Scored> {
    let refused = pairs(hits, |role| match role {
        Role::NoneNear { rule, second, within } => Some((rule, second, within)),
        _ => None,
    });
    let near = pairs(hits, |role| match role {
        Role::Near { rule, second, within } => Some((rule, second, within)),
        _ => None,
    });
    let mut taken: Vec<Hit> = Vec::with_capacity(hits.len());
    taken.extend(refused.into_iter().map(|(first, _)| first));
    let mut scored = Vec::with_capacity(hits.len());
    for hit in hits.iter().filter(|hit| hit.role == Role::Strong) {
        if is_free(hit, &taken) {
            taken.push(*hit);
            scored.push(Scored { start: hit.start, end: hit.end, phrase: hit.phrase, points: STRONG });
        }
    }
    for (first, second) in near {
        let (start, end) = (first.start.min(second.start), first.end.max(second.end));
        if is_free(&first, &taken) && is_free(&second, &taken) && reading.in_one_sentence(start, end) {
            taken.extend([first, second]);
            scored.push(Scored { start, end, phrase: first.phrase, points: STRONG });
        }
    }
    for hit in hits.iter().filter(|hit| hit.role == Role::Weak) {
        if is_free(hit, &taken) {
            taken.push(*hit);
            scored.push(Scored { start: hit.start, end: hit.end, phrase: hit.phrase, points: WEAK });
        }
    }
    scored.sort_by_key(|hit| (hit.start, hit.end));
    scored
}

/// Tells whether none of a hit's words is taken.
fn is_free(hit: &Hit, taken: &[Hit]) -> bool {
    !taken.iter().any(|other| other.start < hit.end && hit.start < other.end)
}

/// Returns each first side of a pair rule with the second side nearest to it, where they are near enough.
fn pairs(hits: &[Hit], side: impl Fn(Role) -> Option<(u16, bool, u16)>) -> Vec<(Hit, Hit)> {
    let mut found = Vec::new();
    for (at, first) in hits.iter().enumerate() {
        let Some((rule, false, within)) = side(first.role) else { continue };
        let within = u32::from(within);
        let before = hits[..at].iter().rev().take_while(|hit| hit.start + within + MAX_WORDS as u32 > first.start);
        let after = hits[at..].iter().take_while(|hit| hit.start < first.end + within);
        let seconds =
            before.chain(after).filter(|hit| side(hit.role).is_some_and(|(r, second, _)| r == rule && second));
        let near = seconds.map(|second| (distance(first, second), second)).filter(|&(distance, _)| distance <= within);
        // Of two equally near ones the earlier.
        if let Some((_, second)) = near.min_by_key(|&(distance, second)| (distance, second.start)) {
            found.push((*first, *second));
        }
    }
    found
}

/// Words from one hit to the other; neighbours are at distance 1, overlapping ones are no pair.
fn distance(a: &Hit, b: &Hit) -> u32 {
    match (a.end <= b.start, b.end <= a.start) {
        (true, _) => b.start - a.end + 1,
        (_, true) => a.start - b.end + 1,
        _ => u32::MAX,
    }
}

/// Returns the points of the whole text, to which its headline gives more than half only as far as it may alone.
fn whole_text(reading: &Reading<'_>, scored: &[Scored], buffer: &mut Vec<Weighed>) -> f32 {
    let weight = |hit: &Scored| reading.weight_of_place(hit.start);
    let whole = points(scored, buffer, weight);
    let body = in_body(reading, scored);
    if body.len() == scored.len() || reading.body.len() < TEASER {
        return whole;
    }
    whole.min(2.0 * points(body, buffer, weight) + HEADLINE_ALONE)
}

fn in_body<'a>(reading: &Reading<'_>, scored: &'a [Scored]) -> &'a [Scored] {
    &scored[scored.partition_point(|hit| hit.start < reading.body_start())..]
}

fn best_passage(reading: &Reading<'_>, scored: &[Scored], buffer: &mut Vec<Weighed>) -> f32 {
    let body = in_body(reading, scored);
    let mut best = 0.0;
    for (at, first) in body.iter().enumerate() {
        let end = body.partition_point(|hit| hit.start < first.start + PASSAGE);
        let within = &body[at..end];
        if within.iter().map(|hit| hit.points).sum::<f32>() > best {
            best = f32::max(best, points(within, buffer, |_| 1.0));
        }
    }
    best
}

/// A phrase in one place: which, its points, what the place weighs.
type Weighed = (u32, f32, f32);

/// Adds up phrases, the best place of each first, repetitions damped. The buffer is only to be used again.
fn points(scored: &[Scored], buffer: &mut Vec<Weighed>, weight: impl Fn(&Scored) -> f32) -> f32 {
    buffer.clear();
    buffer.extend(scored.iter().map(|hit| (hit.phrase, hit.points, weight(hit))));
    buffer.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)));
    let (mut strong, mut weak) = (0.0, 0.0);
    for places in buffer.chunk_by(|a, b| a.0 == b.0) {
        let sum: f32 = places.iter().zip(REPEATS).map(|(&(_, points, place), damping)| points * place * damping).sum();
        if places[0].1 < STRONG { weak += sum.min(WEAK_AT_MOST) } else { strong += sum }
    }
    if strong > 0.0 { strong + weak.min(strong) } else { weak * WEAK_ALONE }
}
