//! Stories: which articles report one event though none copies the other.
//!
//! Founders of groups are compared by their terms, weighted by how rare these are among the founders of the window, with
//! a decay over time. A wrong story is worse than a missed one, so the bar is high.

use super::sketch::{Sketch, Term};

/// Counters of how many founders have a term. A shared counter makes a term a little more common than it is.
const COUNTERS: usize = 1 << 16;
/// A fact is common that so many founders give, and such a share of all.
const COMMON_FOUNDERS: u32 = 6;
const COMMON_SHARE: f64 = 0.02;
/// Weighted overlap (cosine) from which two founders are of one story.
const SAME_STORY: f64 = 0.62;
/// In so many hours the overlap counts half.
const HALF_LIFE_HOURS: f64 = 72.0;

/// How common each term is among the founders in memory.
pub(super) struct Frequencies {
    counters: Vec<u32>,
    facts: Vec<u32>,
    founders: u32,
}

impl Frequencies {
    pub fn new() -> Self {
        Self { counters: vec![0; COUNTERS], facts: vec![0; COUNTERS], founders: 0 }
    }

    pub fn add(&mut self, sketch: &Sketch) {
        self.founders += 1;
        for term in &sketch.terms {
            self.counters[counter(term.word())] += 1;
        }
        for &fact in &sketch.facts {
            self.facts[counter(fact)] += 1;
        }
    }

    pub fn remove(&mut self, sketch: &Sketch) {
        self.founders -= 1;
        for term in &sketch.terms {
            self.counters[counter(term.word())] -= 1;
        }
        for &fact in &sketch.facts {
            self.facts[counter(fact)] -= 1;
        }
    }

    /// Tells whether a fact is one that many reports give: a weekday, a small number, the name of an agency.
    pub fn is_common(&self, fact: u32) -> bool {
        let count = self.facts[counter(fact)];
        count >= COMMON_FOUNDERS && f64::from(count) >= COMMON_SHARE * f64::from(self.founders)
    }

    /// Returns how near two articles are in what they report and when, 0–1, if it is near enough for one story.
    pub fn same_story(&self, one: &Sketch, other: &Sketch) -> Option<f64> {
        Some(self.nearness(one, other)).filter(|&nearness| nearness >= SAME_STORY)
    }

    fn nearness(&self, one: &Sketch, other: &Sketch) -> f64 {
        let (mut dot, mut one_square, mut other_square) = (0.0, 0.0, 0.0);
        for &term in &one.terms {
            let weight = self.weight(term);
            one_square += weight * weight;
            if let Some(&known) = other.terms.iter().find(|known| known.word() == term.word()) {
                dot += weight * self.weight(known);
            }
        }
        for &term in &other.terms {
            let weight = self.weight(term);
            other_square += weight * weight;
        }
        if dot == 0.0 {
            return 0.0;
        }
        let hours = one.time().abs_diff(other.time()) as f64 / 3600.0;
        dot / (one_square * other_square).sqrt() * 0.5_f64.powf(hours / HALF_LIFE_HOURS)
    }

    fn weight(&self, term: Term) -> f64 {
        let rarity = f64::from(self.founders + 2) / f64::from(self.counters[counter(term.word())] + 1);
        f64::from(term.count()).sqrt() * rarity.ln().max(0.0)
    }
}

fn counter(term: u32) -> usize {
    (term >> 8) as usize % COUNTERS
}
