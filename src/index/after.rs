//! Going on after what was shown before, whatever has arrived since.
//!
//! In an order by time a place is enough: what comes after it stays after it. A score moves with every article that
//! arrives, since rare words become less rare; there the hits that were shown are left out instead.

use rustc_hash::FxHashSet;
use tantivy::{
    DocId, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};

use super::{
    collect::{Order, Place, Rank},
    schema::{GROUP, ID, PUBLISHED},
};
use crate::model::ArticleId;

/// Where a result goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum After {
    /// At its beginning.
    #[default]
    Start,
    /// Behind this hit, in an order by time.
    Hit {
        /// Its time of publication in seconds since 1970.
        at: i64,
        /// The article.
        id: ArticleId,
    },
    /// With what was not shown yet, in the order of relevance.
    Shown(FxHashSet<u32>),
}

impl After {
    /// Returns what [`After::Shown`] remembers of a hit by the id of its group: 32 bits, so that hundreds fit into an
    /// address. One in four million hits would be taken for one of a thousand that were shown.
    pub const fn mark(group: ArticleId) -> u32 {
        mark(group.bits())
    }

    /// Returns the place behind which an order by time goes on.
    pub(super) fn place(&self, order: Order) -> Option<Place> {
        match (self, order) {
            (Self::Hit { at, id }, Order::Newest) => Some(Place::new(Rank(*at as f64), id.bits())),
            (Self::Hit { at, id }, Order::Oldest) => Some(Place::new(Rank(-(*at as f64)), id.bits())),
            _ => None,
        }
    }
}

const fn mark(group: u64) -> u32 {
    (group >> 32) as u32
}

/// What a collector leaves out.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    /// Hits up to and including this place.
    pub place: Option<Place>,
    /// Groups that have a member up to that place.
    pub groups: FxHashSet<u64>,
    /// The marks of groups that were shown.
    pub shown: FxHashSet<u32>,
}

impl Skipped {
    pub fn has(&self, place: Place, group: u64) -> bool {
        self.place.is_some_and(|last| place >= last)
            || (!self.groups.is_empty() && self.groups.contains(&group))
            || (!self.shown.is_empty() && self.shown.contains(&mark(group)))
    }
}

/// Collects the groups of what comes up to and including a place in an order by time.
pub(super) struct GroupsUpTo {
    pub order: Order,
    pub last: Place,
}

pub(super) struct SegmentGroups {
    order: Order,
    last: Place,
    ids: Column<u64>,
    published: Column<i64>,
    groups_of: Column<u64>,
    groups: FxHashSet<u64>,
}

impl Collector for GroupsUpTo {
    type Fruit = FxHashSet<u64>;
    type Child = SegmentGroups;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentGroups> {
        let columns = reader.fast_fields();
        let (ids, published, groups_of) = (columns.u64(ID)?, columns.i64(PUBLISHED)?, columns.u64(GROUP)?);
        Ok(SegmentGroups {
            order: self.order,
            last: self.last,
            ids,
            published,
            groups_of,
            groups: FxHashSet::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<FxHashSet<u64>>) -> tantivy::Result<FxHashSet<u64>> {
        Ok(segments.into_iter().flatten().collect())
    }
}

impl SegmentCollector for SegmentGroups {
    type Fruit = FxHashSet<u64>;

    fn collect(&mut self, doc: DocId, _: f32) {
        let rank = self.order.rank(0.0, self.published.first(doc).unwrap_or_default());
        if Place::new(Rank(rank), self.ids.first(doc).unwrap_or_default()) >= self.last {
            self.groups.extend(self.groups_of.first(doc));
        }
    }

    fn harvest(self) -> FxHashSet<u64> {
        self.groups
    }
}
