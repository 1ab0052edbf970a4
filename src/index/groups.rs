//! How many groups of copies a query finds.
//!
//! A group that was met is known again by its id, which takes a table of all that were met. Who counts much does better
//! with small numbers for the groups: a bit for each. They are given once for each segment, as segments never change.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::{DocId, Searcher, SegmentReader, index::SegmentId, query::Weight};

use super::schema::GROUP;

/// The groups of a view.
#[derive(Default)]
pub(super) struct Groups {
    numbers: Arc<Mutex<Numbers>>,
    numbered: OnceLock<Numbered>,
}

/// The numbers of groups, for one view of the index after the other.
#[derive(Default)]
struct Numbers {
    of_group: FxHashMap<u64, u32>,
    of_segment: FxHashMap<SegmentId, Arc<[u32]>>,
    /// How many articles were counted without them.
    counted: u64,
}

/// The numbers of the groups of all articles, by segment.
struct Numbered {
    of: Vec<Arc<[u32]>>,
    most: usize,
}

impl Groups {
    /// Returns the groups of the index after a change.
    pub fn after(&self) -> Self {
        Self { numbers: self.numbers.clone(), numbered: OnceLock::new() }
    }

    /// Returns the number of groups among the articles that a query finds.
    pub fn count(&self, searcher: &Searcher, weight: &dyn Weight) -> tantivy::Result<u64> {
        if let Some(numbered) = self.numbered(searcher)? {
            let mut met = vec![0_u64; numbered.most.div_ceil(64)];
            for (segment, numbers) in searcher.segment_readers().iter().zip(&numbered.of) {
                each_alive(segment, weight, &mut |doc| {
                    let number = numbers[doc as usize];
                    met[number as usize / 64] |= 1 << (number % 64);
                })?;
            }
            return Ok(met.iter().map(|word| u64::from(word.count_ones())).sum());
        }
        let (mut met, mut counted) = (FxHashSet::default(), 0);
        for segment in searcher.segment_readers() {
            let groups = segment.fast_fields().u64(GROUP)?;
            each_alive(segment, weight, &mut |doc| {
                counted += 1;
                met.extend(groups.first(doc));
            })?;
        }
        self.lock().counted += counted;
        Ok(met.len() as u64)
    }

    /// Returns the numbers of the groups, where enough was counted for them to be worth their making: a process that
    /// answers one question does without.
    fn numbered(&self, searcher: &Searcher) -> tantivy::Result<Option<&Numbered>> {
        if let Some(numbered) = self.numbered.get() {
            return Ok(Some(numbered));
        }
        let mut numbers = self.lock();
        if numbers.counted <= searcher.num_docs() {
            return Ok(None);
        }
        let numbered = numbers.of(searcher)?;
        Ok(Some(self.numbered.get_or_init(|| numbered)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Numbers {
    fn of(&mut self, searcher: &Searcher) -> tantivy::Result<Numbered> {
        // Groups come and go; the numbers of those that went are given anew when they are as many as there are articles.
        if self.of_group.len() as u64 > 2 * searcher.num_docs() {
            *self = Self { counted: self.counted, ..Self::default() };
        }
        let mut of = Vec::new();
        for segment in searcher.segment_readers() {
            let known = self.of_segment.get(&segment.segment_id()).cloned();
            of.push(known.map_or_else(|| self.of_articles(segment), Ok)?);
        }
        let ids = searcher.segment_readers().iter().map(SegmentReader::segment_id);
        self.of_segment = ids.zip(of.iter().cloned()).collect();
        Ok(Numbered { of, most: self.of_group.len() })
    }

    fn of_articles(&mut self, segment: &SegmentReader) -> tantivy::Result<Arc<[u32]>> {
        let groups = segment.fast_fields().u64(GROUP)?;
        let number = |doc| {
            let next = self.of_group.len() as u32;
            *self.of_group.entry(groups.first(doc).unwrap_or_default()).or_insert(next)
        };
        Ok((0..segment.max_doc()).map(number).collect())
    }
}

fn each_alive(segment: &SegmentReader, weight: &dyn Weight, take: &mut dyn FnMut(DocId)) -> tantivy::Result<()> {
    let alive = segment.alive_bitset();
    weight.for_each_no_score(segment, &mut |docs| {
        docs.iter().filter(|&&doc| alive.is_none_or(|alive| alive.is_alive(doc))).for_each(|&doc| take(doc));
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        index::{
            Index,
            tests::{article, now, options, put},
        },
        model::ArticleId,
        query,
    };

    #[test]
    fn groups_are_counted_as_they_are_shown_while_the_index_changes() {
        let mut index = Index::in_memory().expect("an index");
        let searcher = index.searcher();
        for round in 0..6 {
            // Copies far apart, in several segments; some leave, some go over to another group.
            for number in 1 + 5 * round..=10 + 5 * round {
                let text = ["zebra", "zebra horse", "horse"][number as usize % 3];
                put(&mut index, &article(number, "en", "", text), number % (4 + round));
            }
            index.delete(ArticleId::from_bits(3 * round));
            index.commit(round + 1).expect("committed");
            searcher.refresh().expect("refreshed");
            // Each question once: an answer is remembered. The later ones are counted by number.
            for text in ["horse", "zebra", "zebra OR horse", "", "zebra horse", "zebra -horse", "horse -zebra"] {
                let query = query::parse(text, now()).expect("readable");
                let found = searcher.search(&query, &options(None, true)).expect("searched");
                assert_eq!(found.total, Some(found.hits.len() as u64), "{text} in round {round}");
            }
        }
        let view = searcher.view();
        assert!(view.groups.numbered(&view.searcher).expect("readable").is_some());
    }
}
