//! Looks through a whole data directory: is the store sound, and does the index say what the store says?

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use serde::Serialize;

use super::{Error, recall::recall};
use crate::{
    config,
    index::{self, Content},
    model::ArticleId,
    store::Reader,
};

/// What was found in a data directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// What is wrong, in words; nothing is good.
    pub problems: Vec<String>,
    /// Articles in the store.
    pub articles: usize,
    /// Articles in the index.
    pub indexed: usize,
    /// Changes that the index has not got yet: it takes them up when it is next written.
    pub behind: u64,
}

/// Looks through the store and the index of a data directory, beside a daemon that may be writing to both.
///
/// Reads everything: minutes for a large archive.
///
/// # Errors
/// When the store cannot be read at all.
pub fn audit(data_dir: &Path) -> Result<Audit, Error> {
    let reader = Reader::open(data_dir)?;
    let mut problems = reader.integrity_check()?;
    if let Err(error) = recall(&reader, &config::Dedup::default()) {
        problems.push(format!("what is known of copies and stories cannot be read: {error}"));
    }
    // Before the store: what it holds is in the store, or was until a later change.
    let content = match Content::read(&data_dir.join("index")) {
        Ok(content) => Some(content),
        Err(index::Error::Missing { .. }) => None,
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    };
    let last_seq = content.as_ref().map_or(0, |content| content.last_seq);
    let (places, changes) = reader
        .consistently(|reader| Ok::<_, Error>((reader.places()?, reader.changes_after(last_seq, usize::MAX)?)))?;
    let Content { articles: indexed, damaged, .. } = content.unwrap_or_default();
    problems.extend(damaged.iter().map(|file| format!("index file {} is damaged", file.display())));
    let changing: HashSet<ArticleId> = changes.iter().map(|change| change.article).collect();
    problems.extend(contradictions(&places, &indexed, &changing));
    Ok(Audit { problems, articles: places.len(), indexed: indexed.len(), behind: changes.len() as u64 })
}

/// Compares the index with the store, but for the articles that have changed since.
fn contradictions(
    places: &HashMap<ArticleId, ArticleId>,
    indexed: &[(ArticleId, ArticleId)],
    changing: &HashSet<ArticleId>,
) -> Vec<String> {
    let mut seen = HashMap::with_capacity(indexed.len());
    let (mut twice, mut extra, mut misplaced) = (Vec::new(), Vec::new(), Vec::new());
    for (id, group) in indexed {
        if seen.insert(*id, *group).is_some() {
            twice.push(*id);
        }
        match places.get(id) {
            _ if changing.contains(id) => {}
            None => extra.push(*id),
            Some(place) if place != group => misplaced.push(*id),
            Some(_) => {}
        }
    }
    let missing = places.keys().copied().filter(|id| !seen.contains_key(id) && !changing.contains(id)).collect();
    let told = |(what, mut ids): (&str, Vec<ArticleId>)| {
        ids.sort_unstable();
        ids.first().map(|first| format!("{what}: {}, such as {first}", ids.len()))
    };
    [
        ("articles that the index lacks", missing),
        ("articles that only the index has", extra),
        ("articles that the index has twice", twice),
        ("articles that the index takes for copies of others than the store does", misplaced),
    ]
    .into_iter()
    .filter_map(told)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_index_and_store_say_differently_is_told_unless_it_is_changing() {
        let id = ArticleId::from_bits;
        let places = HashMap::from([(id(1), id(1)), (id(2), id(1)), (id(3), id(3)), (id(4), id(4))]);
        let check = |indexed: &[(u64, u64)], changing: &[u64]| {
            let indexed: Vec<_> = indexed.iter().map(|(article, group)| (id(*article), id(*group))).collect();
            contradictions(&places, &indexed, &changing.iter().map(|article| id(*article)).collect())
        };
        let sound = [(1, 1), (2, 1), (3, 3), (4, 4)];
        assert_eq!(check(&sound, &[]), [] as [String; 0]);
        assert!(check(&sound[1..], &[])[0].starts_with("articles that the index lacks: 1"));
        assert!(check(&[&sound[..], &[(5, 5)]].concat(), &[])[0].contains("only the index"));
        assert!(check(&[&sound[..], &[(3, 3)]].concat(), &[])[0].contains("twice"));
        assert!(check(&[(1, 1), (2, 2), (3, 3), (4, 4)], &[])[0].contains("copies of others"));
        assert_eq!(check(&[(1, 1), (2, 2), (5, 5)], &[2, 3, 4, 5]), [] as [String; 0]);
    }
}
