//! Which topics are worth a closer look: most have a word or two in any text and cannot get anywhere with them.

use super::Topic;
use super::automaton::{Hit, Role};
use super::score::{IN_LEAD, PASSAGE, REPEATS, Reading, STRONG, WEAK};

/// Words of a stretch: any passage lies in three of them.
const STRETCH: u32 = PASSAGE / 2;
/// Sums in another order differ by less.
const ROUNDING: f32 = 0.999;

/// Returns the hits of the topics that may reach what a whole text or a passage needs, in `min_score`: by topic and then
/// in the order of the text.
pub(super) fn promising(
    reading: &Reading<'_>,
    hits: &[Hit],
    topics: &[Topic],
    whole_needs: f32,
    passage_needs: f32,
) -> Vec<Hit> {
    let mut bounds = vec![Bound::default(); topics.len()];
    for hit in hits {
        if let Some(bound) = bounds.get_mut(hit.topic as usize) {
            bound.add(hit, reading.weight_of_place(hit.start));
        }
    }
    // Where each topic's hits go: behind those of the promising topics before it.
    let mut count = 0;
    let place = |(topic, bound): (&Topic, &Bound)| {
        let needs = topic.min_score * ROUNDING;
        let may_reach = bound.whole() >= needs * whole_needs || bound.passage() >= needs * passage_needs;
        (bound.hits > 0 && (may_reach || topic.query.is_some())).then(|| {
            count += bound.hits as usize;
            count - bound.hits as usize
        })
    };
    let mut places: Vec<Option<usize>> = topics.iter().zip(&bounds).map(place).collect();
    let Some(&filler) = hits.first() else { return Vec::new() };
    let mut promising = vec![filler; count];
    for hit in hits {
        if let Some(Some(place)) = places.get_mut(hit.topic as usize) {
            promising[*place] = *hit;
            *place += 1;
        }
    }
    promising
}

/// What the hits of one topic come to at most: no pair too far apart, none of a phrase's repetitions damped but those
/// that follow it at once.
#[derive(Clone, Copy, Default)]
struct Bound {
    hits: u32,
    phrases: f32,
    pairs: f32,
    has_second: bool,
    last_phrase: u32,
    /// The stretch of the last phrase, and the points of this stretch and of the two before: a passage lies in three.
    stretch: u32,
    points: [f32; 3],
    densest: f32,
}

impl Bound {
    fn add(&mut self, hit: &Hit, weight: f32) {
        self.hits += 1;
        let mut points = match hit.role {
            Role::Strong => STRONG,
            Role::Weak => WEAK,
            // A pair begins with its earlier word, which may stand in the lead when this one does not.
            Role::Near { second: false, .. } => return self.pairs += STRONG * weight.max(IN_LEAD),
            Role::Near { second: true, .. } => return self.has_second = true,
            Role::None | Role::NoneNear { .. } | Role::Leaf(_) | Role::Name(_) => return,
        };
        let is_repeated = self.last_phrase == hit.phrase;
        self.last_phrase = hit.phrase;
        self.phrases += points * weight * if is_repeated { REPEATS[1] } else { 1.0 };
        let stretch = hit.start / STRETCH;
        match stretch - self.stretch {
            // In another stretch it is none that a passage is sure to have, too.
            0 if is_repeated => points *= REPEATS[1],
            0 => {}
            1 => self.points = [0.0, self.points[0], self.points[1]],
            2 => self.points = [0.0, 0.0, self.points[0]],
            _ => self.points = [0.0; 3],
        }
        self.stretch = stretch;
        self.points[0] += points;
        self.densest = self.densest.max(self.points.iter().sum());
    }

    fn pairs(&self) -> f32 {
        if self.has_second { self.pairs } else { 0.0 }
    }

    fn whole(&self) -> f32 {
        self.phrases + self.pairs()
    }

    fn passage(&self) -> f32 {
        self.densest + self.pairs()
    }
}
