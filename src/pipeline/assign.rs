//! Decides what an article that was read is: new or known, a copy of what, part of which story.
//!
//! Runs inside the transaction that stores the answer; the order of calls is the order of decisions.

use super::{Error, commit::keep_record, identity, work::Harvested};
use crate::{
    dedup::{Decision, Memory},
    model::{ArticleId, Kind},
    store::{Fate, NewArticle, NewText, Tx},
};

/// What an article turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assigned {
    New { copy: bool },
    Revised,
    Unchanged,
    Refused,
}

/// Stores one article that was read: decision, dedup record, article, change log and entry, all or nothing.
pub(crate) fn assign(tx: &mut Tx<'_>, memory: &mut Memory, item: &Harvested) -> Result<Assigned, Error> {
    let known = known_as(tx, item)?;
    let (id, assigned) = match known {
        Known::Deleted => {
            if let Some(entry) = item.entry {
                let reason = "the article was deleted and is kept from coming back".to_owned();
                tx.settle(entry, &Fate::Skipped { reason }, item.fetched_at)?;
            }
            return Ok(Assigned::Refused);
        }
        Known::As(id) => (id, renew(tx, memory, item, id)?),
        Known::Not => found(tx, memory, item)?,
    };
    for alias in std::iter::once(&item.url).chain(&item.aliases) {
        tx.alias(alias, id)?;
    }
    if let Some(source) = item.source_id {
        tx.announce(id, source)?;
    }
    if let Some(entry) = item.entry {
        let fate = match &item.missing_page {
            Some((reason, next_try_at)) => {
                Fate::Partial { article: id, reason: reason.clone(), next_try_at: Some(*next_try_at) }
            }
            None => match &item.reread {
                Some((at, validators)) => Fate::Revisit { article: id, at: *at, validators: validators.clone() },
                None => Fate::Article(id),
            },
        };
        tx.settle(entry, &fate, item.fetched_at)?;
    }
    Ok(assigned)
}

enum Known {
    Not,
    As(ArticleId),
    Deleted,
}

fn known_as(tx: &Tx<'_>, item: &Harvested) -> Result<Known, Error> {
    // Imports are taken at their word, and come by the hundred thousand.
    let siblings = if item.entry.is_some() { item.url.siblings() } else { Vec::new() };
    for url in std::iter::once(&item.url).chain(&item.aliases).chain(&siblings) {
        if tx.is_tombstoned(url)? {
            return Ok(Known::Deleted);
        }
        if let Some(id) = tx.resolve(url)? {
            return Ok(Known::As(id));
        }
    }
    Ok(identity::moved(tx, item)?.map_or(Known::Not, Known::As))
}

fn found(tx: &mut Tx<'_>, memory: &mut Memory, item: &Harvested) -> Result<(ArticleId, Assigned), Error> {
    let id = ArticleId::derive(&[item.url.as_str()]);
    let source_id = match (&item.source_id, &item.source) {
        (None, Some(name)) => Some(tx.name_source(name)?),
        (id, _) => *id,
    };
    let decision = memory.assign(item.sketch.clone());
    part_story(tx, &decision)?;
    tx.insert(&NewArticle {
        id,
        url: item.url.clone(),
        source_id,
        text: new_text(item),
        findings: item.findings.clone(),
        group: decision.group,
        similarity: decision.similarity,
        story: decision.story,
    })?;
    follow(tx, memory, id, &decision)?;
    Ok((id, Assigned::New { copy: decision.similarity.is_some() }))
}

/// A known article was read again: another text makes a revision, the same text nothing.
fn renew(tx: &mut Tx<'_>, memory: &mut Memory, item: &Harvested, id: ArticleId) -> Result<Assigned, Error> {
    let Some(old) = tx.article(id)? else { return Ok(Assigned::Unchanged) };
    let text = new_text(item);
    let same = old.title == text.title && old.body == text.body;
    let older = match (text.published_at, old.published_at) {
        (Some(new), Some(old)) => new.order_key() < old.order_key(),
        _ => false,
    };
    // What a feed says never replaces what a page said.
    let poorer = item.missing_page.is_some() && old.kind != Kind::Teaser;
    if same || older || poorer {
        return Ok(Assigned::Unchanged);
    }
    let sketch = item.sketch.clone().with_id(id);
    tx.revise(id, &text)?;
    let decision = if old.kind == Kind::Teaser && text.kind != Kind::Teaser {
        // The few words of a teaser decided before; the whole text decides anew.
        let record = memory.forget(id);
        keep_record(tx, memory, id, &record)?;
        memory.assign(sketch)
    } else {
        memory.revise(sketch)
    };
    part_story(tx, &decision)?;
    tx.place(id, decision.group, decision.similarity, decision.story)?;
    follow(tx, memory, id, &decision)?;
    tx.set_findings(id, &item.findings)?;
    Ok(Assigned::Revised)
}

/// Lets what left a story go, before an article comes to what it left or became.
fn part_story(tx: &mut Tx<'_>, decision: &Decision) -> Result<(), Error> {
    match &decision.parted {
        Some((story, groups)) => Ok(tx.part_story(*story, groups)?),
        None => Ok(()),
    }
}

/// Writes down what else a decision changed, and its record.
fn follow(tx: &mut Tx<'_>, memory: &Memory, id: ArticleId, decision: &Decision) -> Result<(), Error> {
    // By the groups' names, since members that left the memory follow too.
    for &group in &decision.merged_groups {
        for member in tx.members_of(group)? {
            if let Some(article) = tx.article(member)? {
                tx.place(member, decision.group, article.similarity.or(decision.similarity), article.story)?;
            }
        }
    }
    for &(old, into) in &decision.merged_stories {
        tx.merge_story(old, into)?;
    }
    if let Some(centre) = decision.centre {
        tx.set_centre(decision.story, centre)?;
    }
    keep_record(tx, memory, id, &decision.record)
}

fn new_text(item: &Harvested) -> NewText {
    let text = item.text.clone();
    NewText {
        title: text.title.unwrap_or_default(),
        authors: text.authors,
        published_at: text.published_at,
        fetched_at: item.fetched_at,
        lang: text.lang,
        site: text.site,
        image: text.image,
        summary: text.summary,
        body: text.body,
        // What a feed says of a page that failed is the start of a text, like what stands before a paywall.
        kind: if item.missing_page.is_some() { Kind::Teaser } else { text.kind },
    }
}
