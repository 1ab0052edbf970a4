//! What the tests of this room share, and the claims that hold after any sequence of changes.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::model::{Article, ArticleId, CanonicalUrl, Findings, Kind, PublishedAt, Time};

/// A moment some seconds into the tests' time.
pub(super) fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
}

/// The id of an article of the tests.
pub(super) fn id(n: u64) -> ArticleId {
    ArticleId::from_bits(n)
}

/// The address of an article of the tests: even ones and odd ones are of two outlets.
pub(super) fn url(n: u64) -> CanonicalUrl {
    CanonicalUrl::parse(&format!("https://outlet{}.example/{n}", n % 2)).expect("a URL")
}

/// An article of the tests, alone in its group and story, published and fetched in the order of the numbers.
pub(crate) fn article(n: u64) -> NewArticle {
    let time = at(n.try_into().expect("small"));
    NewArticle {
        id: id(n),
        url: url(n),
        source_id: None,
        text: NewText {
            title: format!("Title {n}"),
            authors: vec!["A. Writer".to_owned()],
            published_at: Some(PublishedAt { at: time, date_only: false }),
            fetched_at: time,
            lang: Some("en".to_owned()),
            site: None,
            image: None,
            summary: None,
            body: format!("The text of article {n}.\n\nIts second paragraph."),
            kind: Kind::Article,
        },
        findings: Findings::default(),
        group: id(n),
        similarity: None,
        story: id(n).into(),
    }
}

/// Does something in a transaction that has to succeed.
#[track_caller]
pub(super) fn transact<T>(store: &mut Store, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> T {
    store.transaction(work).expect("the transaction succeeds")
}

#[derive(Debug, Clone)]
enum Step {
    Insert { n: u64, group: u64, story: u64, published: Option<i64> },
    Place { n: u64, group: u64, story: u64 },
    Revise { n: u64, published: Option<i64> },
    Merge { old: u64, into: u64 },
    Delete { n: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    // Few of each, so that they meet.
    let (article, group, story, published) = (0_u64..8, 0_u64..4, 0_u64..4, prop::option::of(0_i64..4));
    prop_oneof![
        4 => (article.clone(), group.clone(), story.clone(), published.clone())
            .prop_map(|(n, group, story, published)| Step::Insert { n, group, story, published }),
        3 => (article.clone(), group, story.clone()).prop_map(|(n, group, story)| Step::Place { n, group, story }),
        1 => (article.clone(), published).prop_map(|(n, published)| Step::Revise { n, published }),
        1 => (story.clone(), story).prop_map(|(old, into)| Step::Merge { old, into }),
        1 => article.prop_map(|n| Step::Delete { n }),
    ]
}

fn published(seconds: Option<i64>) -> Option<PublishedAt> {
    seconds.map(|seconds| PublishedAt { at: at(seconds), date_only: false })
}

fn apply(tx: &mut Tx<'_>, step: &Step) -> Result<(), Error> {
    match *step {
        Step::Insert { n, group, story, published: seconds } => {
            let mut new = NewArticle { group: id(group), story: id(story).into(), ..article(n) };
            new.text.published_at = published(seconds);
            tx.insert(&new)?;
        }
        Step::Place { n, group, story } => tx.place(id(n), id(group), None, id(story).into())?,
        Step::Revise { n, published: seconds } => {
            let text = NewText { published_at: published(seconds), body: "another".to_owned(), ..article(n).text };
            tx.revise(id(n), &text)?;
        }
        Step::Merge { old, into } => {
            tx.merge_story(id(old).into(), id(into).into())?;
        }
        Step::Delete { n } => {
            tx.delete(id(n))?;
        }
    }
    Ok(())
}

fn everything(store: &Store) -> HashMap<ArticleId, Article> {
    let (articles, _) = store.reads().export(&ArticleFilter::default(), Cursor::default(), 1000).expect("readable");
    articles.into_iter().map(|article| (article.id, article)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sequence_of_changes_keeps_the_invariants_and_logs_every_article_it_changed(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let mut store = Store::in_memory().expect("store");
        let mut before = everything(&store);
        let mut deleted = HashSet::new();
        for step in &steps {
            let seq = store.reads().last_seq().expect("readable");
            match store.transaction(|tx| apply(tx, step)) {
                Err(Error::Unknown { id, .. }) => {
                    prop_assert!(!before.contains_key(&id.parse().expect("an id")), "{step:?}");
                }
                outcome => outcome.expect("only an unknown article is refused"),
            }
            if let Step::Delete { n } = step
                && before.contains_key(&id(*n))
            {
                deleted.insert(*n);
            }
            check_changes(&store, seq, &mut before)?;
        }
        for n in deleted {
            prop_assert!(!before.contains_key(&id(n)), "article {n} came back");
            prop_assert!(store.reads().is_tombstoned(&url(n)).expect("readable"));
        }
        prop_assert_eq!(store.reads().integrity_check().expect("readable"), Vec::<String>::new());
    }
}

#[test]
fn only_what_must_outlive_a_power_failure_waits_for_the_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = Store::open(dir.path()).expect("a store");
    let level = |store: &Store| {
        store.reads().db.query_row("PRAGMA synchronous", [], |row| row.get::<_, u8>(0)).expect("a level")
    };
    assert_eq!(level(&store), 2, "at first everything does");
    for (at_once, expected) in [(false, 1), (true, 2)] {
        store.sync(at_once).expect("set");
        transact(&mut store, |tx| tx.insert(&article(expected.into())));
        assert_eq!(level(&store), expected);
    }
}

/// Every article that differs from before has a row after `seq`; each group has one representative, who knows them all.
fn check_changes(store: &Store, seq: u64, before: &mut HashMap<ArticleId, Article>) -> Result<(), TestCaseError> {
    let after = everything(store);
    let logged: HashSet<_> =
        store.reads().changes_after(seq, 1000).expect("readable").into_iter().map(|change| change.article).collect();
    for id in before.keys().chain(after.keys()) {
        prop_assert!(before.get(id) == after.get(id) || logged.contains(id), "{id} changed without a row");
    }
    for article in after.values() {
        let members = store.reads().group_members(article.id).expect("readable");
        prop_assert_eq!(article.copies as usize, members.len() - 1);
        let representative = article.duplicate_of.unwrap_or(article.id);
        prop_assert_eq!(members[0], representative);
        prop_assert_eq!(after[&representative].duplicate_of, None);
        prop_assert_eq!(article.story, store.reads().story_now(article.story).expect("readable"));
    }
    *before = after;
    Ok(())
}
