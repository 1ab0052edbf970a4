//! The best hits of a query, one a group of copies, in one pass over what matches.
//!
//! A group's place is that of its best member so far. A group that was pushed out comes back when a better member of
//! it turns up, so the outcome is exact without reading more than the engine's pruning leaves to read.

use std::{cmp::Reverse, collections::BTreeMap};

use rustc_hash::FxHashMap;
use tantivy::{
    DocId, Score, SegmentReader,
    columnar::Column,
    query::{EnableScoring, Query, Weight},
};

use super::{
    after::Skipped,
    schema::{GROUP, ID, PUBLISHED},
    search::View,
};

/// What a report of this moment gains over one of long ago: enough to order equals, not to lift a poor match.
const FRESHNESS: f64 = 0.2;
/// The age in seconds at which half of that is gone: a week, the span of a story.
const HALF_FRESH_SECONDS: f64 = 7.0 * 86_400.0;
/// What the representative of a group gains over its copies: their scores differ by what outlets put around a report
/// (credits, related links) and by their length, and the original is what a reader wants unless a copy says more.
pub(super) const REPRESENTATIVE: f64 = 1.1;

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By score; `now` is in seconds since 1970.
    Score { now: i64 },
    /// The latest first.
    Newest,
    /// The earliest first.
    Oldest,
}

impl Order {
    /// Returns the rank of an article by its score and its time of publication.
    pub fn rank(self, score: Score, published: i64) -> f64 {
        match self {
            Self::Score { now } => f64::from(score) * freshness(now, published),
            Self::Newest => published as f64,
            Self::Oldest => -(published as f64),
        }
    }
}

/// Collects the first `limit` hits.
pub(super) struct Top {
    pub limit: usize,
    pub collapse: bool,
    pub order: Order,
    pub skipped: Skipped,
}

/// One hit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub rank: f64,
    pub id: u64,
    pub group: u64,
    pub score: f32,
}

impl Top {
    /// Returns the first hits of a query, in their order.
    pub fn of(&self, view: &View, query: &dyn Query) -> tantivy::Result<Vec<Found>> {
        let scoring = if self.scored() {
            EnableScoring::enabled_from_statistics_provider(view, &view.searcher)
        } else {
            EnableScoring::disabled_from_searcher(&view.searcher)
        };
        let weight = query.weight(scoring)?;
        let mut best = Best::new(self.limit, self.collapse);
        for reader in view.searcher.segment_readers() {
            self.collect(&*weight, reader, &mut best)?;
        }
        Ok(best.into_sorted())
    }

    /// Collects from one segment what is better than the best of those before.
    fn collect(&self, weight: &dyn Weight, reader: &SegmentReader, best: &mut Best) -> tantivy::Result<()> {
        let columns = reader.fast_fields();
        let (ids, groups, published) = (columns.u64(ID)?, columns.u64(GROUP)?, columns.i64(PUBLISHED)?);
        let mut segment = Segment { top: self, ids, groups, published, best };
        let alive = reader.alive_bitset();
        let is_alive = |doc| alive.is_none_or(|alive| alive.is_alive(doc));
        if self.scored() {
            weight.for_each_pruning(segment.threshold(), reader, &mut |doc, score| {
                if is_alive(doc) {
                    segment.collect(doc, score);
                }
                segment.threshold()
            })
        } else {
            weight.for_each_no_score(reader, &mut |docs| {
                for &doc in docs.iter().filter(|&&doc| is_alive(doc)) {
                    segment.collect(doc, 0.0);
                }
            })
        }
    }

    fn scored(&self) -> bool {
        matches!(self.order, Order::Score { .. })
    }
}

/// Collects from one segment.
struct Segment<'a> {
    top: &'a Top,
    ids: Column<u64>,
    groups: Column<u64>,
    published: Column<i64>,
    best: &'a mut Best,
}

impl Segment<'_> {
    fn collect(&mut self, doc: DocId, score: Score) {
        let Top { order, collapse, skipped, .. } = self.top;
        let published = self.published.first(doc).unwrap_or_default();
        let mut rank = order.rank(score, published);
        let boost = if *collapse && self.top.scored() { REPRESENTATIVE } else { 1.0 };
        if self.best.worst().is_some_and(|worst| rank * boost < worst) {
            return;
        }
        let id = self.ids.first(doc).unwrap_or_default();
        let group = self.groups.first(doc).unwrap_or_default();
        // Without groups each article is shown for itself.
        if skipped.has(Place::new(Rank(rank), id), if *collapse { group } else { id }) {
            return;
        }
        if id == group {
            rank *= boost;
        }
        let score = if self.top.scored() { rank as f32 } else { 0.0 };
        self.best.push(Found { rank, id, group, score });
    }

    /// Returns the engine's score below which no document can get a place any more.
    fn threshold(&self) -> Score {
        // The engine leaves out what only equals the threshold; an equal rank may still win by its id.
        self.best.worst().map_or(Score::MIN, |worst| {
            ((worst / ((1.0 + FRESHNESS) * REPRESENTATIVE)) as Score).next_down().next_down()
        })
    }
}

/// Returns the factor by which freshness lifts a score, 1 to 1 + [`FRESHNESS`].
fn freshness(now: i64, published: i64) -> f64 {
    let age = now.saturating_sub(published).max(0) as f64;
    1.0 + FRESHNESS * HALF_FRESH_SECONDS / (HALF_FRESH_SECONDS + age)
}

/// A place in the order: better is greater, equals by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Rank, Reverse<u64>);

impl Place {
    pub fn new(rank: Rank, id: u64) -> Self {
        Self(rank, Reverse(id))
    }
}

/// A rank that can be compared: never NaN, as scores and times are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rank(pub f64);

impl Eq for Rank {}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The best so far, at most `limit`, one a group where groups count.
struct Best {
    limit: usize,
    places: BTreeMap<Place, Found>,
    of_group: Option<FxHashMap<u64, Place>>,
}

impl Best {
    fn new(limit: usize, collapse: bool) -> Self {
        Self { limit, places: BTreeMap::new(), of_group: collapse.then(FxHashMap::default) }
    }

    /// Returns the rank that a newcomer has to reach, once all places are taken.
    fn worst(&self) -> Option<f64> {
        if self.places.len() < self.limit {
            return None;
        }
        self.places.first_key_value().map(|(Place(rank, _), _)| rank.0)
    }

    fn push(&mut self, found: Found) {
        let place = Place::new(Rank(found.rank), found.id);
        let full = self.places.len() >= self.limit;
        if full && self.places.first_key_value().is_none_or(|(worst, _)| place <= *worst) {
            return;
        }
        let held = self.of_group.as_ref().and_then(|of_group| of_group.get(&found.group).copied());
        match held {
            Some(held) if held >= place => return,
            Some(held) => drop(self.places.remove(&held)),
            None if full => {
                if let (Some((_, out)), Some(of_group)) = (self.places.pop_first(), &mut self.of_group) {
                    of_group.remove(&out.group);
                }
            }
            None => {}
        }
        if let Some(of_group) = &mut self.of_group {
            of_group.insert(found.group, place);
        }
        self.places.insert(place, found);
    }

    /// Returns the best first.
    fn into_sorted(self) -> Vec<Found> {
        self.places.into_values().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(rank: f64, id: u64, group: u64) -> Found {
        Found { rank, id, group, score: 0.0 }
    }

    fn best(limit: usize, collapse: bool, all: &[(f64, u64, u64)]) -> Vec<u64> {
        let mut best = Best::new(limit, collapse);
        all.iter().for_each(|&(rank, id, group)| best.push(found(rank, id, group)));
        best.into_sorted().iter().map(|found| found.id).collect()
    }

    #[test]
    fn a_group_pushed_out_comes_back_with_a_better_member() {
        let all = [(1.0, 1, 1), (2.0, 2, 2), (3.0, 3, 3), (4.0, 4, 1)];
        assert_eq!(best(2, true, &all), [4, 3]);
        assert_eq!(best(2, false, &all), [4, 3]);
        assert_eq!(best(0, true, &all), [0; 0]);
    }

    #[test]
    fn equals_are_in_the_order_of_their_ids() {
        assert_eq!(best(2, false, &[(1.0, 3, 3), (1.0, 1, 1), (1.0, 2, 2)]), [1, 2]);
    }

    #[test]
    fn freshness_fades_and_the_future_is_now() {
        assert_eq!(freshness(0, 100), 1.2);
        assert!((freshness(7 * 86_400, 0) - 1.1).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn one_pass_gives_what_sorting_everything_gives(
            all in proptest::collection::vec((0u8..6, 0u64..8), 0..40),
            limit in 1usize..6,
        ) {
            let all: Vec<(f64, u64, u64)> =
                all.iter().enumerate().map(|(id, &(rank, group))| (f64::from(rank), id as u64, group)).collect();
            let mut sorted = all.clone();
            sorted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut seen = std::collections::HashSet::new();
            let expected: Vec<u64> =
                sorted.iter().filter(|found| seen.insert(found.2)).map(|found| found.1).take(limit).collect();
            prop_assert_eq!(best(limit, true, &all), expected);
        }
    }
}
