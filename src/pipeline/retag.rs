//! Tags stored articles anew when the rules have changed: in the background, resumable, only changed articles rewritten.
//!
//! The store remembers which rules (a fingerprint) the articles up to a cursor were tagged by.

use std::sync::Arc;

use rayon::prelude::*;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Clock, Context, Error, Poke, Tasks, commit::Owner, follow::Follower, work::Work};
use crate::{
    config::Settings,
    index::Index,
    model::{Article, ArticleId, Findings},
    store::{self, ArticleFilter, Cursor, Reader, Store, Tx},
    topic::{Tagger, Text},
};

/// Articles read at once.
const PAGE: usize = 200;
/// Articles after which what was found is written, and of these the ones that changed: the disk is waited for each time.
const LOOKED_AT: usize = 2_000;
const CHANGED: usize = 400;
/// The fingerprint of the rules that all articles are tagged by, or are being tagged by up to the cursor.
const RULES: &str = "topics.rules";
/// The stream position up to which the articles have been tagged anew; absent when all are.
const CURSOR: &str = "topics.cursor";

/// What was found anew in some articles where it is other than before, and how far they reach.
pub(crate) struct Retagged {
    /// With the revision of the text that they were found in.
    pub findings: Vec<(ArticleId, u32, Findings)>,
    /// How many articles were looked at.
    pub looked_at: usize,
    pub rules: u64,
    /// Where to go on; `None` when all are done.
    pub cursor: Option<Cursor>,
}

/// Tags what the rules of now have not tagged yet, then ends.
pub(crate) async fn run(context: Arc<Context>, stop: CancellationToken) {
    let tagger = context.tagger();
    let mut cursor = match context.read(|reader| start(reader, &tagger)) {
        Ok(Some(cursor)) => cursor,
        Ok(None) => return,
        Err(error) => return warn!(%error, "the tags of stored articles could not be checked"),
    };
    if context.read(Reader::counts).is_ok_and(|counts| counts.articles > 0) {
        info!("the topics have changed: tagging stored articles anew");
    }
    // Rules that come meanwhile have a task of their own.
    while !stop.is_cancelled() && Arc::ptr_eq(&tagger, &context.tagger()) {
        let (tagging, reading) = (tagger.clone(), context.clone());
        let next = move || tag(cursor, &tagging, |cursor| reading.read(|reader| page(reader, cursor)));
        match context.compute("retag", next).await {
            Ok(Ok(retagged)) => {
                let next = retagged.cursor;
                context.hand_over(Work::Retagged(retagged)).await;
                let Some(next) = next else { return debug!("stored articles carry the topics of now") };
                cursor = next;
            }
            Ok(Err(error)) => {
                return warn!(%error, "tagging stored articles anew stopped, it goes on at the next start");
            }
            Err(error) => return warn!(error, "tagging stored articles anew stopped, it goes on at the next start"),
        }
    }
}

impl Retagged {
    /// Nothing is tagged by these rules yet.
    fn nothing(rules: u64) -> Self {
        Self { findings: Vec::new(), looked_at: 0, rules, cursor: Some(Cursor::default()) }
    }

    /// Writes it down.
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        for (id, revision, findings) in &self.findings {
            tx.set_findings_of(*id, *revision, findings)?;
        }
        tx.put_meta(RULES, &self.rules.to_string())?;
        tx.put_meta(CURSOR, &self.cursor.map_or(String::new(), |cursor| cursor.bits().to_string()))
    }
}

/// Takes down, before the first article is tagged by other rules than the stored ones, that these are to be tagged anew:
/// rules that change back before that is done would otherwise be taken for those of all articles.
pub(crate) fn note(store: &mut Store, tagger: &Tagger) -> Result<(), Error> {
    if is_noted(store.reads(), tagger)? {
        return Ok(());
    }
    let mut noted = Retagged::nothing(tagger.fingerprint());
    // Of none, all are tagged.
    noted.cursor = noted.cursor.filter(|_| store.reads().counts().is_ok_and(|counts| counts.articles > 0));
    Ok(store.transaction(|tx| noted.write(tx))?)
}

fn is_noted(reader: &Reader, tagger: &Tagger) -> Result<bool, Error> {
    Ok(reader.get_meta(RULES)?.is_some_and(|rules| rules == tagger.fingerprint().to_string()))
}

/// Tags all stored articles anew in the background, whether the rules changed or not.
pub(crate) async fn again(tasks: &Tasks) {
    begin(&tasks.context, tasks.context.tagger().fingerprint()).await;
    tasks.start("retag", |tasks| run(tasks.context, tasks.background));
}

/// The same as [`note`], while a run goes on: no article has the tags of these rules yet.
pub(crate) async fn begin(context: &Context, rules: u64) {
    context.hand_over(Work::Retagged(Retagged::nothing(rules))).await;
}

/// Where tagging has to start: `None` where all articles carry the tags of these rules.
fn start(reader: &Reader, tagger: &Tagger) -> Result<Option<Cursor>, Error> {
    if !is_noted(reader, tagger)? {
        return Ok(Some(Cursor::default()));
    }
    Ok(reader.get_meta(CURSOR)?.and_then(|cursor| cursor.parse().ok()).map(Cursor::from_bits))
}

/// The next articles, and where to go on behind them.
type Page = (Vec<Article>, Option<Cursor>);

fn page(reader: &Reader, cursor: Cursor) -> Result<Page, Error> {
    Ok(reader.export(&ArticleFilter::default(), cursor, PAGE)?)
}

/// Tags the articles behind a cursor, page after page, until there is something to write.
fn tag(from: Cursor, tagger: &Tagger, page: impl Fn(Cursor) -> Result<Page, Error>) -> Result<Retagged, Error> {
    let tag = |article: &Article| {
        let text = Text { title: &article.title, body: &article.body, lang: article.lang.as_deref() };
        let findings = tagger.tag(&text);
        let is_other = findings.topics != article.topics || findings.entities != article.entities;
        is_other.then_some((article.id, article.revision, findings))
    };
    let rules = tagger.fingerprint();
    let mut done = Retagged { findings: Vec::new(), looked_at: 0, rules, cursor: Some(from) };
    while let Some(cursor) = done.cursor.filter(|_| done.looked_at < LOOKED_AT && done.findings.len() < CHANGED) {
        let (articles, next) = page(cursor)?;
        done.findings.par_extend(articles.par_iter().filter_map(tag));
        done.looked_at += articles.len();
        done.cursor = next;
    }
    Ok(done)
}

/// Tags all stored articles anew in a data directory that nobody else owns. `progress` is told how many are done.
///
/// # Errors
/// When the store or the index fails.
pub fn retag_all(
    store: Store,
    index: Index,
    applied: u64,
    settings: &Settings,
    tagger: &Tagger,
    progress: impl Fn(u64),
) -> Result<(), Error> {
    let (reader, log) = (store.reader()?, store.reader()?);
    let mut owner = Owner::new(store, Arc::new(settings.clone()), Arc::default(), Clock::default(), Poke::default())?;
    let indexed = tokio::sync::watch::channel(applied).0;
    let mut follower = Follower::new(log, index, applied, settings, Arc::default(), indexed);
    owner.write(vec![Work::Retagged(Retagged::nothing(tagger.fingerprint()))])?;
    let (mut cursor, mut done) = (Cursor::default(), 0);
    loop {
        let retagged = tag(cursor, tagger, |cursor| page(&reader, cursor))?;
        let next = retagged.cursor;
        done += retagged.looked_at as u64;
        owner.write(vec![Work::Retagged(retagged)])?;
        progress(done);
        let Some(next) = next else { return follower.finish() };
        follower.catch_up(false)?;
        cursor = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Phrases, TopicRule},
        store::tests::article,
    };

    fn tagger(word: &str) -> Tagger {
        let phrases = Phrases { strong: vec![word.to_owned()], ..Phrases::default() };
        let rule = TopicRule {
            id: "quay".to_owned(),
            name: "Quay".to_owned(),
            phrases: [("en".to_owned(), phrases)].into(),
            ..TopicRule::default()
        };
        Tagger::new(&[rule], &[]).unwrap_or_else(|problems| unreachable!("{problems:?}"))
    }

    #[test]
    fn rules_are_noted_before_they_tag_and_then_stay_to_be_applied() {
        let mut store = Store::in_memory().expect("a store");
        let (barges, lighters) = (tagger("barges"), tagger("lighters"));
        let begin = |store: &mut Store, tagger: &Tagger| {
            note(store, tagger).expect("noted");
            start(store.reads(), tagger).expect("readable")
        };
        assert_eq!(begin(&mut store, &barges), None, "a store without articles has none to tag anew");
        assert!(store.transaction(|tx| tx.insert(&article(1))).expect("stored"));
        assert_eq!(begin(&mut store, &barges), None, "they came with these tags");
        assert_eq!(begin(&mut store, &lighters), Some(Cursor::default()));
        assert_eq!(begin(&mut store, &lighters), Some(Cursor::default()));
        assert_eq!(begin(&mut store, &barges), Some(Cursor::default()));
    }
}
