//! How many articles a query finds, and how they spread over sources, topics, days: one pass over what matches,
//! whatever the number of fields to count by.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tantivy::{DocId, collector::Count, query::EnableScoring};

use super::{
    Error, Searcher, Sort,
    collect::{Order, Place, REPRESENTATIVE, Rank},
    compile::Compiler,
    schema::{GROUP, ID, PUBLISHED},
    search::{View, guarded},
    tally,
};
use crate::{model::Time, query::Query};

/// Answers remembered until the index has changed: the front page, the topics, and what people look at in turn.
const MOST_KNOWN: usize = 512;

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

/// How often each value of a field occurs, most first; days and hours in their order.
pub type Values = Vec<(String, u64)>;

/// What a query finds, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// All hits.
    pub total: u64,
    /// The values of each field that was asked for, in that order.
    pub by: Vec<Values>,
}

impl Searcher {
    /// Returns the number of articles, or with `collapse` of groups of copies, that a query finds.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn count(&self, query: &Query, collapse: bool) -> Result<u64, Error> {
        if collapse {
            return Ok(self.counts(query, &[], collapse, Time::default())?.total);
        }
        let view = self.view();
        guarded(|| {
            let compiled = Compiler::new(&view, query, false).compile(query)?;
            Ok(view.searcher.search(&*compiled, &Count).map_err(Error::engine("search"))? as u64)
        })
    }

    /// Returns how many articles a query finds, and how many for each value of some fields: so many values of each, the
    /// most frequent, and of days and hours the last.
    ///
    /// With `collapse` a group of copies counts once, with the values of the member that a search would show (in the
    /// order that fits the query, seen from `now`) and the topics of all its members.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn counts(
        &self,
        query: &Query,
        wanted: &[(CountBy, usize)],
        collapse: bool,
        now: Time,
    ) -> Result<Arc<Counts>, Error> {
        let view = self.view();
        let order = order(query, wanted, collapse, now);
        let question = Asked { query: query.clone(), wanted: wanted.to_vec(), collapse, order };
        if let Some(known) = view.counted.get(&question) {
            return Ok(known);
        }
        let counts = Arc::new(guarded(|| {
            if collapse && wanted.is_empty() {
                return Ok(Counts { total: groups(&view, query)?, by: Vec::new() });
            }
            let found = find(&view, query, collapse, order)?;
            let by = wanted.iter().map(|&(by, limit)| tally::values(&view, &found, by, limit));
            let by = by.collect::<tantivy::Result<_>>().map_err(Error::engine("read"))?;
            Ok(Counts { total: found.total(), by })
        })?);
        view.counted.keep(question, counts.clone());
        Ok(counts)
    }
}

/// Returns how many groups of copies a query finds.
fn groups(view: &View, query: &Query) -> Result<u64, Error> {
    let compiled = Compiler::new(view, query, false).compile(query)?;
    let weight = compiled.weight(EnableScoring::disabled_from_searcher(&view.searcher));
    weight.and_then(|weight| view.groups.count(&view.searcher, &*weight)).map_err(Error::engine("search"))
}

/// Returns the order whose first member of each group is counted; `None` where nothing depends on which it is.
fn order(query: &Query, wanted: &[(CountBy, usize)], collapse: bool, now: Time) -> Option<Order> {
    let depends = collapse && wanted.iter().any(|(by, _)| *by != CountBy::Topic);
    depends.then(|| Sort::for_query(query).order(now))
}

/// Questions that were answered, the latest last.
#[derive(Default)]
pub(super) struct Counted(Mutex<Vec<(Asked, Arc<Counts>)>>);

#[derive(PartialEq)]
struct Asked {
    query: Query,
    wanted: Vec<(CountBy, usize)>,
    collapse: bool,
    order: Option<Order>,
}

impl Counted {
    fn get(&self, asked: &Asked) -> Option<Arc<Counts>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| known == asked).map(|(_, counts)| counts.clone())
    }

    fn keep(&self, asked: Asked, counts: Arc<Counts>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == MOST_KNOWN {
            known.remove(0);
        }
        known.push((asked, counts));
    }
}

/// The articles that a query finds and that count: with groups, one of each.
pub(super) struct Found {
    /// The articles, by segment.
    pub docs: Vec<Vec<DocId>>,
    /// The groups, numbered from 0.
    pub groups: Option<FxHashMap<u64, u32>>,
}

impl Found {
    fn total(&self) -> u64 {
        self.docs.iter().map(|docs| docs.len() as u64).sum()
    }
}

fn find(view: &View, query: &Query, collapse: bool, order: Option<Order>) -> Result<Found, Error> {
    let ranked = matches!(order, Some(Order::Score { .. }));
    let compiled = Compiler::new(view, query, ranked).compile(query)?;
    let scoring = if ranked {
        EnableScoring::enabled_from_statistics_provider(view, &view.searcher)
    } else {
        EnableScoring::disabled_from_searcher(&view.searcher)
    };
    let mut best = Best::default();
    let mut docs = vec![Vec::new(); view.searcher.segment_readers().len()];
    let mut read = || {
        let weight = compiled.weight(scoring)?;
        for (ordinal, segment) in view.searcher.segment_readers().iter().enumerate() {
            let columns = segment.fast_fields();
            let (groups, ids, published) = (columns.u64(GROUP)?, columns.u64(ID)?, columns.i64(PUBLISHED)?);
            let alive = segment.alive_bitset();
            let mut take = |doc: DocId, score: f32| {
                if alive.is_some_and(|alive| !alive.is_alive(doc)) {
                    return;
                }
                if !collapse {
                    docs[ordinal].push(doc);
                    return;
                }
                let group = groups.first(doc).unwrap_or_default();
                let place = order.map(|order| {
                    let id = ids.first(doc).unwrap_or_default();
                    let rank = order.rank(score, published.first(doc).unwrap_or_default());
                    let lifted = matches!(order, Order::Score { .. }) && id == group;
                    Place::new(Rank(if lifted { rank * REPRESENTATIVE } else { rank }), id)
                });
                best.push(group, Member { place, segment: ordinal as u32, doc });
            };
            if ranked {
                weight.for_each(segment, &mut take)?;
            } else {
                weight.for_each_no_score(segment, &mut |docs| docs.iter().for_each(|&doc| take(doc, 0.0)))?;
            }
        }
        Ok(())
    };
    read().map_err(Error::engine("search"))?;
    for member in &best.members {
        docs[member.segment as usize].push(member.doc);
    }
    Ok(Found { docs, groups: collapse.then_some(best.numbers) })
}

/// The best member of each group so far.
#[derive(Default)]
struct Best {
    /// A group's place among the members.
    numbers: FxHashMap<u64, u32>,
    members: Vec<Member>,
}

struct Member {
    place: Option<Place>,
    segment: u32,
    doc: DocId,
}

impl Best {
    fn push(&mut self, group: u64, member: Member) {
        let number = *self.numbers.entry(group).or_insert(self.members.len() as u32) as usize;
        match self.members.get_mut(number) {
            None => self.members.push(member),
            Some(held) if member.place > held.place => *held = member,
            Some(_) => {}
        }
    }
}
