//! The memory of copies and stories, rebuilt at the start from the log of its decisions; from the articles themselves where
//! that log cannot be read, as after an upgrade.

use tracing::warn;

use super::Error;
use crate::{
    config,
    dedup::{self, Document, Memory},
    store::{Reader, Store, Tx},
};

/// Articles read at a time.
const PAGE: usize = 500;

/// Rebuilds the memory of copies and stories.
pub(super) fn remember(store: &mut Store, settings: &config::Dedup) -> Result<Memory, Error> {
    match recall(store.reads(), settings) {
        Err(Error::Dedup(error)) => {
            warn!(%error, "what was known of copies and stories cannot be read: the articles are looked at again");
            store.transaction(|tx| relearn(tx, settings))
        }
        recalled => recalled,
    }
}

/// Rebuilds the memory from the log of its decisions, or says why it cannot.
pub(super) fn recall(reader: &Reader, settings: &config::Dedup) -> Result<Memory, Error> {
    let mut records = Vec::new();
    reader.dedup_records(|_, _, record| {
        records.push(record.to_vec());
        Ok::<_, Error>(())
    })?;
    Ok(Memory::restore(settings, records.into_iter())?)
}

/// Rebuilds the memory from the articles inside the window, each in its place, and writes the log anew.
fn relearn(tx: &mut Tx<'_>, settings: &config::Dedup) -> Result<Memory, Error> {
    let mut memory = Memory::new(settings);
    tx.prune_dedup(i64::MAX.cast_unsigned())?;
    for page in tx.placed_within(settings.window)?.chunks(PAGE) {
        let ids: Vec<_> = page.iter().map(|placed| placed.id).collect();
        for (placed, article) in page.iter().zip(tx.articles(&ids)?) {
            let sketch = dedup::sketch(&Document {
                id: article.id,
                outlet: &article.outlet,
                title: &article.title,
                body: &article.body,
                lang: article.lang.as_deref(),
                published_at: article.published_at,
                arrived_at: placed.first_at,
            });
            tx.append_dedup(article.id, &memory.place(sketch, placed.group, placed.story))?;
        }
    }
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ArticleId, CanonicalUrl, Time},
        store::{NewArticle, NewText, tests::article},
    };

    const FERRY: &str = "The ferry Solveig ran aground near Vessa early on Monday with 212 people on board, the coast guard said.\n\
         Two tugs from Norby pulled it free at noon, harbour master Ole Dahl told reporters on the quay.";
    const BUDGET: &str = "Lorvia's parliament passed a budget of 41 billion crowns late on Tuesday after nine hours of debate.\n\
         Finance minister Tove Rask said that schools would get a tenth more than in the year before.";

    /// Stores a report as `assign` does; returns the group it is put into.
    fn put(store: &mut Store, memory: &mut Memory, outlet: &str, body: &str) -> ArticleId {
        let url = CanonicalUrl::parse(&format!("https://{outlet}.example/1")).expect("an address");
        let (id, at) = (ArticleId::derive(&[url.as_str()]), Time::from_timestamp(1_790_000_000, 0).expect("in range"));
        let (outlet, published_at) = (url.outlet(), None);
        let title = body.split(' ').take(5).collect::<Vec<_>>().join(" ");
        let document =
            Document { id, outlet: &outlet, title: &title, body, lang: Some("en"), published_at, arrived_at: at };
        let decision = memory.assign(dedup::sketch(&document));
        let any = article(1);
        let text = NewText { title: title.clone(), published_at, fetched_at: at, body: body.to_owned(), ..any.text };
        let (group, similarity, story) = (decision.group, decision.similarity, decision.story);
        let article = NewArticle { id, url, text, group, similarity, story, ..any };
        let stored: Result<_, Error> = store.transaction(|tx| {
            tx.insert(&article)?;
            tx.append_dedup(id, &decision.record)?;
            Ok(())
        });
        stored.expect("stored");
        decision.group
    }

    #[test]
    fn copies_are_recognised_although_the_log_of_decisions_cannot_be_read() {
        let (mut store, settings) = (Store::in_memory().expect("a store"), config::Dedup::default());
        let mut memory = Memory::new(&settings);
        let ferry = put(&mut store, &mut memory, "one", FERRY);
        assert_eq!(put(&mut store, &mut memory, "two", FERRY), ferry);
        let budget = put(&mut store, &mut memory, "three", BUDGET);

        let damaged: Result<_, Error> = store.transaction(|tx| Ok(tx.append_dedup(budget, &[255])?));
        damaged.expect("stored");
        assert!(recall(store.reads(), &settings).is_err());
        let mut memory = remember(&mut store, &settings).expect("remembered");
        assert_eq!(memory.len(), 3);
        assert_eq!(put(&mut store, &mut memory, "four", FERRY), ferry);
        assert_eq!(put(&mut store, &mut memory, "five", BUDGET), budget);
        // The log was written anew, so the next start reads it.
        assert_eq!(recall(store.reads(), &settings).expect("readable").len(), 5);
    }
}
