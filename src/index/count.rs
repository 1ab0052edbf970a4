//! How many articles a query finds, and how they spread over sources, topics, days.

use std::{collections::BTreeMap, sync::Arc};

use chrono::DateTime;
use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::{
    DocAddress, DocId, SegmentOrdinal, SegmentReader,
    collector::{Collector, Count, DocSetCollector, SegmentCollector},
    columnar::Column,
};

use super::{
    Error, Searcher, Sort,
    collect::{Order, Place, Rank, Top},
    compile::Compiler,
    schema::{AUTHOR, ENTITY_NAME, GROUP, ID, LANG, OUTLET, PUBLISHED, SOURCE_NAME, TOPIC},
    search::{View, guarded},
};
use crate::{model::Time, query::Query};

/// What articles are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountBy {
    /// Their topics, by id; an article counts for each of its own.
    Topic,
    /// The source that announced them first.
    Source,
    /// Who published them.
    Outlet,
    /// Their language.
    Lang,
    /// Their authors; an article counts for each of its own.
    Author,
    /// The names in them; an article counts for each of its own.
    Entity,
    /// The day of publication (UTC), such as `2026-11-22`.
    Day,
    /// The hour of publication (UTC), such as `2026-11-22T14:00:00Z`.
    Hour,
}

impl Searcher {
    /// Returns the number of articles, or with `collapse` of groups of copies, that a query finds.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn count(&self, query: &Query, collapse: bool) -> Result<u64, Error> {
        let view = self.view();
        guarded(|| {
            let compiled = Compiler::new(&view, query, false).compile(query)?;
            let count = if collapse {
                view.searcher.search(&*compiled, &Groups { until: None }).map(|groups| groups.len())
            } else {
                view.searcher.search(&*compiled, &Count)
            };
            Ok(count.map_err(Error::engine("search"))? as u64)
        })
    }

    /// Returns how many articles a query finds for each value, most first; days and hours in their order, the last
    /// `limit` of them.
    ///
    /// With `collapse` a group of copies counts once, with the values of the member that a search would show (in the
    /// order that fits the query, seen from `now`) and the topics of all its members.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn count_by(
        &self,
        query: &Query,
        by: CountBy,
        collapse: bool,
        limit: usize,
        now: Time,
    ) -> Result<Vec<(String, u64)>, Error> {
        let view = self.view();
        let mut counts = guarded(|| counts(&view, query, by, collapse, now))?;
        if matches!(by, CountBy::Day | CountBy::Hour) {
            counts.drain(..counts.len().saturating_sub(limit));
        } else {
            counts.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
            counts.truncate(limit);
        }
        Ok(counts)
    }
}

fn counts(view: &View, query: &Query, by: CountBy, collapse: bool, now: Time) -> Result<Vec<(String, u64)>, Error> {
    let found = match by {
        CountBy::Topic if collapse => members(view, query)?,
        _ => matching(view, query, collapse, now)?,
    };
    match by {
        CountBy::Topic => tally(view, &found, TOPIC),
        CountBy::Source => tally(view, &found, SOURCE_NAME),
        CountBy::Outlet => tally(view, &found, OUTLET),
        CountBy::Lang => tally(view, &found, LANG),
        CountBy::Author => tally(view, &found, AUTHOR),
        CountBy::Entity => tally(view, &found, ENTITY_NAME),
        CountBy::Day => spans(view, &found, 86_400, "%Y-%m-%d"),
        CountBy::Hour => spans(view, &found, 3_600, "%Y-%m-%dT%H:%M:%SZ"),
    }
    .map_err(Error::engine("read"))
}

/// An article to count, or with a group that is to count once a value.
type Counted = (DocAddress, Option<u64>);

fn matching(view: &View, query: &Query, collapse: bool, now: Time) -> Result<Vec<Counted>, Error> {
    if !collapse {
        let compiled = Compiler::new(view, query, false).compile(query)?;
        let found = view.searcher.search(&*compiled, &DocSetCollector).map_err(Error::engine("search"))?;
        return Ok(found.into_iter().map(|address| (address, None)).collect());
    }
    let ranked = Sort::for_query(query) == Sort::Relevance;
    let order = if ranked { Order::Score { now: now.timestamp() } } else { Order::Newest };
    let compiled = Compiler::new(view, query, ranked).compile(query)?;
    let top = Top { limit: usize::MAX, collapse, order, skipped: Arc::default() };
    let found = view.searcher.search(&*compiled, &top).map_err(Error::engine("search"))?;
    Ok(found.into_iter().map(|found| (found.address, None)).collect())
}

/// Returns all members of the groups that a query finds, those that do not match too.
fn members(view: &View, query: &Query) -> Result<Vec<Counted>, Error> {
    let compiled = Compiler::new(view, query, false).compile(query)?;
    let groups = view.searcher.search(&*compiled, &Groups { until: None }).map_err(Error::engine("search"))?;
    let mut members = Vec::new();
    for (ordinal, segment) in view.searcher.segment_readers().iter().enumerate() {
        let column = segment.fast_fields().u64(GROUP).map_err(Error::engine("read"))?;
        members.extend(segment.doc_ids_alive().filter_map(|doc| {
            let group = column.first(doc).filter(|group| groups.contains(group))?;
            Some((DocAddress::new(ordinal as u32, doc), Some(group)))
        }));
    }
    Ok(members)
}

/// Counts articles by the values of a column.
fn tally(view: &View, found: &[Counted], column: &str) -> tantivy::Result<Vec<(String, u64)>> {
    let mut counts: Vec<(String, u64)> = Vec::new();
    let mut place_of: FxHashMap<String, usize> = FxHashMap::default();
    let mut counted: FxHashSet<(usize, u64)> = FxHashSet::default();
    for (ordinal, segment) in view.searcher.segment_readers().iter().enumerate() {
        let Some(values) = segment.fast_fields().str(column)? else { continue };
        // A value is read from the dictionary once a segment, whatever the number of articles that have it.
        let mut place_of_term: FxHashMap<u64, usize> = FxHashMap::default();
        for (address, group) in found.iter().filter(|(address, _)| address.segment_ord == ordinal as u32) {
            for term in values.term_ords(address.doc_id) {
                let place = match place_of_term.get(&term) {
                    Some(&place) => place,
                    None => {
                        let mut value = String::new();
                        values.ord_to_str(term, &mut value)?;
                        let place = *place_of.entry(value.clone()).or_insert_with(|| {
                            counts.push((value, 0));
                            counts.len() - 1
                        });
                        place_of_term.insert(term, place);
                        place
                    }
                };
                if group.is_none_or(|group| counted.insert((place, group))) {
                    counts[place].1 += 1;
                }
            }
        }
    }
    Ok(counts)
}

/// Counts articles by spans of so many seconds, in their order.
fn spans(view: &View, found: &[Counted], seconds: i64, form: &str) -> tantivy::Result<Vec<(String, u64)>> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (ordinal, segment) in view.searcher.segment_readers().iter().enumerate() {
        let published = segment.fast_fields().i64(PUBLISHED)?;
        for (address, _) in found.iter().filter(|(address, _)| address.segment_ord == ordinal as u32) {
            let time = published.first(address.doc_id).unwrap_or_default();
            *counts.entry(time.div_euclid(seconds)).or_default() += 1;
        }
    }
    let name = |span: i64| Some(DateTime::from_timestamp(span * seconds, 0)?.format(form).to_string());
    Ok(counts.into_iter().filter_map(|(span, count)| Some((name(span)?, count))).collect())
}

/// Collects the groups of what matches; with `until` of what comes up to and including a place in an order by time.
pub(super) struct Groups {
    pub until: Option<(Order, Place)>,
}

pub(super) struct SegmentGroups {
    groups_of: Column<u64>,
    bound: Option<Bound>,
    groups: FxHashSet<u64>,
}

struct Bound {
    order: Order,
    last: Place,
    ids: Column<u64>,
    published: Column<i64>,
}

impl Bound {
    fn holds(&self, doc: DocId) -> bool {
        let rank = self.order.rank(0.0, self.published.first(doc).unwrap_or_default());
        Place::new(Rank(rank), self.ids.first(doc).unwrap_or_default()) >= self.last
    }
}

impl Collector for Groups {
    type Fruit = FxHashSet<u64>;
    type Child = SegmentGroups;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentGroups> {
        let columns = reader.fast_fields();
        let bound = match self.until {
            Some((order, last)) => {
                Some(Bound { order, last, ids: columns.u64(ID)?, published: columns.i64(PUBLISHED)? })
            }
            None => None,
        };
        Ok(SegmentGroups { groups_of: columns.u64(GROUP)?, bound, groups: FxHashSet::default() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<FxHashSet<u64>>) -> tantivy::Result<FxHashSet<u64>> {
        Ok(segments
            .into_iter()
            .reduce(|mut all, more| {
                all.extend(more);
                all
            })
            .unwrap_or_default())
    }
}

impl SegmentCollector for SegmentGroups {
    type Fruit = FxHashSet<u64>;

    fn collect(&mut self, doc: DocId, _: f32) {
        if self.bound.as_ref().is_none_or(|bound| bound.holds(doc)) {
            self.groups.extend(self.groups_of.first(doc));
        }
    }

    fn harvest(self) -> FxHashSet<u64> {
        self.groups
    }
}
