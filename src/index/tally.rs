//! The values that articles have in a column, and how many articles have each.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::DateTime;
use rustc_hash::FxHashMap;
use tantivy::{DocId, SegmentReader, columnar::StrColumn};

use super::{
    CountBy,
    count::{Found, Values},
    schema::{AUTHOR, ENTITY_NAME, GROUP, LANG, OUTLET, PUBLISHED, SOURCE_NAME, TOPIC},
    search::View,
};

/// Counts what was found by a field: so many values, the most frequent, and of days and hours the last.
pub(super) fn values(view: &View, found: &Found, by: CountBy, limit: usize) -> tantivy::Result<Values> {
    match (by, &found.groups) {
        (CountBy::Topic, Some(groups)) => topics_of_groups(view, groups, limit),
        (CountBy::Topic, None) => most_frequent(view, found, TOPIC, limit),
        (CountBy::Source, _) => most_frequent(view, found, SOURCE_NAME, limit),
        (CountBy::Outlet, _) => most_frequent(view, found, OUTLET, limit),
        (CountBy::Lang, _) => most_frequent(view, found, LANG, limit),
        (CountBy::Author, _) => most_frequent(view, found, AUTHOR, limit),
        (CountBy::Entity, _) => most_frequent(view, found, ENTITY_NAME, limit),
        (CountBy::Day, _) => spans(view, found, 86_400, "%Y-%m-%d", limit),
        (CountBy::Hour, _) => spans(view, found, 3_600, "%Y-%m-%dT%H:%M:%SZ", limit),
    }
}

/// Values that a segment offers at first: all outlets, sources and languages. Read in the order of the dictionary they
/// cost less than a few that are looked up one by one. In tests few, so that something is held back.
const OFFERED: usize = if cfg!(test) { 4 } else { 4_096 };
/// More values than any column has. A damaged dictionary may claim to have more than there is memory for.
const MOST_VALUES: usize = 1 << 26;

/// The values of a column in one segment, by their numbers in its dictionary.
struct Tally {
    column: StrColumn,
    /// How many articles have each value.
    counts: Vec<u32>,
    /// The values that occur; those that are offered stand first, in the order of the dictionary.
    values: Vec<u64>,
    /// How many of them are offered.
    offered: usize,
}

impl Tally {
    fn of(segment: &SegmentReader, docs: &[DocId], column: &str) -> tantivy::Result<Option<Self>> {
        let Some(column) = segment.fast_fields().str(column)? else { return Ok(None) };
        let (mut counts, mut values) = (vec![0; column.num_terms().min(MOST_VALUES)], Vec::new());
        for value in docs.iter().flat_map(|&doc| column.term_ords(doc)) {
            let Some(count) = counts.get_mut(value as usize) else { continue };
            if *count == 0 {
                values.push(value);
            }
            *count += 1;
        }
        Ok(Some(Self { column, counts, values, offered: 0 }))
    }

    /// Moves the `depth` most frequent values to the front, in the order of the dictionary; returns a count that none of
    /// the others exceeds.
    fn offer(&mut self, depth: usize) -> u64 {
        self.offered = depth.min(self.values.len());
        let counts = &self.counts;
        let mut rest = 0;
        if self.offered < self.values.len() {
            let by_count = |&value: &u64| Reverse(counts[value as usize]);
            let (_, next, _) = self.values.select_nth_unstable_by_key(self.offered, by_count);
            rest = u64::from(counts[*next as usize]);
        }
        self.values[..self.offered].sort_unstable();
        rest
    }

    /// Adds what is offered to the counts of all segments.
    fn add_offered(&self, totals: &mut FxHashMap<Vec<u8>, u64>) -> tantivy::Result<()> {
        let offered = &self.values[..self.offered];
        let mut counts = offered.iter().map(|&value| u64::from(self.counts[value as usize]));
        self.column.dictionary().sorted_ords_to_term_cb(offered, |name| {
            let count = counts.next().unwrap_or_default();
            match totals.get_mut(name) {
                Some(total) => *total += count,
                None => drop(totals.insert(name.to_vec(), count)),
            }
        })?;
        Ok(())
    }

    /// Returns how many articles have a value that is not offered.
    fn count_held_back(&self, name: &[u8]) -> tantivy::Result<u64> {
        let value = self.column.dictionary().term_ord(name)?;
        let value = value.filter(|value| self.values[..self.offered].binary_search(value).is_err());
        Ok(value.and_then(|value| self.counts.get(value as usize)).map_or(0, |&count| u64::from(count)))
    }
}

/// Returns the most frequent values of a column over all segments.
///
/// Each segment offers its most frequent ones. No other value can be as frequent as the sum of what each segment holds
/// back at most, so reading goes deeper only until the last place is above that (Fagin's threshold algorithm): names
/// are many, and most of them occur once.
fn most_frequent(view: &View, found: &Found, column: &str, limit: usize) -> tantivy::Result<Values> {
    let mut tallies = Vec::new();
    for (segment, docs) in view.searcher.segment_readers().iter().zip(&found.docs) {
        tallies.extend(if docs.is_empty() { None } else { Tally::of(segment, docs, column)? });
    }
    let mut depth = OFFERED.max(limit);
    loop {
        let held_back: u64 = tallies.iter_mut().map(|tally| tally.offer(depth)).sum();
        let mut totals: FxHashMap<Vec<u8>, u64> = FxHashMap::default();
        tallies.iter().try_for_each(|tally| tally.add_offered(&mut totals))?;
        // Only these can get a place at all.
        let mut counts: Vec<u64> = totals.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let least =
            limit.checked_sub(1).and_then(|last| counts.get(last)).map_or(0, |last| last.saturating_sub(held_back));
        totals.retain(|_, total| *total >= least);
        if held_back > 0 {
            for (name, total) in &mut totals {
                for tally in &tallies {
                    *total += tally.count_held_back(name)?;
                }
            }
        }
        let text = |(name, total): (Vec<u8>, u64)| Some((String::from_utf8(name).ok()?, total));
        let values = ranked(totals.into_iter().filter_map(text).collect(), limit);
        let last = values.get(limit.wrapping_sub(1)).map_or(0, |(_, count)| *count);
        if held_back == 0 || last > held_back || limit == 0 {
            return Ok(values);
        }
        depth = depth.saturating_mul(4);
    }
}

fn ranked(mut values: Values, limit: usize) -> Values {
    values.sort_unstable_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
    values.truncate(limit);
    values
}

/// Counts groups by the topics of all their members, those that do not match too.
fn topics_of_groups(view: &View, groups: &FxHashMap<u64, u32>, limit: usize) -> tantivy::Result<Values> {
    let mut place_of: FxHashMap<String, usize> = FxHashMap::default();
    // For each topic the groups that have it, and how many they are.
    let mut topics: Vec<(Vec<u64>, u64)> = Vec::new();
    for segment in view.searcher.segment_readers() {
        let Some(column) = segment.fast_fields().str(TOPIC)? else { continue };
        let group_of = segment.fast_fields().u64(GROUP)?;
        let mut place_of_value: FxHashMap<u64, usize> = FxHashMap::default();
        for doc in segment.doc_ids_alive() {
            let mut values = column.term_ords(doc).peekable();
            if values.peek().is_none() {
                continue;
            }
            let Some(&group) = group_of.first(doc).and_then(|group| groups.get(&group)) else { continue };
            for value in values {
                let place = match place_of_value.get(&value) {
                    Some(&place) => place,
                    None => {
                        let mut name = String::new();
                        column.ord_to_str(value, &mut name)?;
                        let place = *place_of.entry(name).or_insert_with(|| {
                            topics.push((vec![0; groups.len().div_ceil(64)], 0));
                            topics.len() - 1
                        });
                        place_of_value.insert(value, place);
                        place
                    }
                };
                let (has, count) = &mut topics[place];
                let (word, bit) = (&mut has[group as usize / 64], 1 << (group % 64));
                *count += u64::from(*word & bit == 0);
                *word |= bit;
            }
        }
    }
    let counts = place_of.into_iter().map(|(name, place)| (name, topics[place].1));
    Ok(ranked(counts.filter(|(_, count)| *count > 0).collect(), limit))
}

/// Counts articles by spans of so many seconds, in their order, the last `limit` of them.
fn spans(view: &View, found: &Found, seconds: i64, form: &str, limit: usize) -> tantivy::Result<Values> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (segment, docs) in view.searcher.segment_readers().iter().zip(&found.docs) {
        let published = segment.fast_fields().i64(PUBLISHED)?;
        let mut spans: FxHashMap<i64, u64> = FxHashMap::default();
        for &doc in docs {
            *spans.entry(published.first(doc).unwrap_or_default().div_euclid(seconds)).or_default() += 1;
        }
        spans.into_iter().for_each(|(span, count)| *counts.entry(span).or_default() += count);
    }
    let name = |span: i64| Some(DateTime::from_timestamp(span * seconds, 0)?.format(form).to_string());
    let last = counts.len().saturating_sub(limit);
    Ok(counts.into_iter().skip(last).filter_map(|(span, count)| Some((name(span)?, count))).collect())
}
