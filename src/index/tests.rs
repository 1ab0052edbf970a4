//! The index as a whole, in memory and on disk.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use super::*;
use crate::{
    config,
    model::{CanonicalUrl, Entity, Kind, NameKind, PublishedAt, Time, TopicId, TopicMatch},
    query,
};

pub(super) fn now() -> Time {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

pub(super) fn article(number: u64, lang: &str, title: &str, body: &str) -> Article {
    let id = ArticleId::from_bits(number);
    Article {
        id,
        url: CanonicalUrl::parse(&format!("https://www.paper{number}.example/politics/{number}")).expect("a URL"),
        outlet: format!("paper{number}.example"),
        source_id: None,
        source: Some(format!("Wire {}", number % 2)),
        title: title.to_owned(),
        authors: vec![format!("Jane Smith{number}")],
        published_at: None,
        fetched_at: now() - chrono::Duration::hours(number as i64),
        lang: Some(lang.to_owned()).filter(|lang| !lang.is_empty()),
        site: None,
        image: None,
        summary: None,
        body: body.to_owned(),
        kind: Kind::Article,
        tags: vec!["My Tag".to_owned()],
        revision: 1,
        duplicate_of: None,
        similarity: None,
        copies: 0,
        story: id.into(),
        topics: Vec::new(),
        entities: vec![Entity { name: "Jane Doe".to_owned(), kind: NameKind::Person, count: 1 }],
    }
}

fn topics(article: &mut Article, ids: &[(&str, bool)]) {
    let topic = |&(id, matched): &(&str, bool)| TopicMatch {
        topic: TopicId(id.to_owned()),
        score: 1.0,
        matched,
        evidence: Vec::new(),
    };
    article.topics = ids.iter().map(topic).collect();
}

pub(super) fn put(index: &mut Index, article: &Article, group: u64) {
    let sources = [article.source.clone().unwrap_or_default(), "00000000000000AB".to_owned()];
    let group = ArticleId::from_bits(group);
    index.put(&Document { article, group, sources: &sources }).expect("written");
}

/// An index of articles numbered from 1, each a group of its own.
pub(super) fn index_of(articles: &[(&str, &str, &str)]) -> Index {
    let mut index = Index::in_memory().expect("an index");
    for (number, (lang, title, body)) in (1..).zip(articles) {
        put(&mut index, &article(number, lang, title, body), number);
    }
    index.commit(1).expect("committed");
    index
}

pub(super) fn options(sort: Option<Sort>, collapse: bool) -> Options {
    Options { sort, limit: 100, offset: 0, collapse, total: true, now: now() }
}

fn found(searcher: &Searcher, text: &str, options: &Options) -> Vec<u64> {
    let query = query::parse(text, now()).expect("readable");
    let hits = searcher.search(&query, options).expect("searched");
    assert!(!options.total || hits.total.is_some());
    hits.hits.iter().map(|hit| hit.id.bits()).collect()
}

#[track_caller]
fn check(index: &Index, query: &str, expected: &[u64]) {
    let mut ids = found(&index.searcher(), query, &options(None, false));
    ids.sort_unstable();
    assert_eq!(ids, expected, "{query}");
    let parsed = query::parse(query, now()).expect("readable");
    assert_eq!(index.searcher().count(&parsed, false).expect("counted"), expected.len() as u64, "{query}");
}

/// Reads a result to its end in pages of two, with articles arriving between them; returns the groups as they came.
fn paged(sort: Sort, collapse: bool) -> Vec<u64> {
    // Ids are spread over all their bits.
    let id = |number: u64| ArticleId::from_bits(number << 40);
    let text = |number: u64| format!("zebra {}", "filler ".repeat(number as usize % 7));
    let mut index = Index::in_memory().expect("an index");
    for number in 1..=12 {
        // Three articles of each second, and pairs of copies far apart.
        let at = now() - chrono::Duration::seconds(number as i64 / 3);
        let group = if collapse { number.min(13 - number) } else { number };
        put(
            &mut index,
            &Article { id: id(number), fetched_at: at, ..article(number, "en", "", &text(number)) },
            group << 40,
        );
    }
    index.commit(1).expect("committed");
    let mut after = After::Start;
    let mut seen = Vec::new();
    for arrival in 100.. {
        let searcher = index.searcher();
        searcher.refresh().expect("refreshed");
        let options = Options { limit: 2, total: false, ..options(Some(sort), collapse) };
        let hits = searcher.search_after(&query::parse("zebra", now()).expect("readable"), &options, &after);
        let hits = hits.expect("searched").hits;
        let Some(last) = hits.last() else { break };
        let key = |hit: &Hit| if collapse { hit.group } else { hit.id };
        seen.extend(hits.iter().map(|hit| key(hit).bits() >> 40));
        after = match (sort, after) {
            (Sort::Relevance, After::Shown(mut shown)) => {
                shown.extend(hits.iter().map(|hit| After::mark(key(hit))));
                After::Shown(shown)
            }
            (Sort::Relevance, _) => After::Shown(hits.iter().map(|hit| After::mark(key(hit))).collect()),
            _ => After::Hit { at: last.at, id: last.id },
        };
        if arrival < 106 {
            let at = now() + chrono::Duration::seconds(arrival as i64);
            put(
                &mut index,
                &Article { id: id(arrival), fetched_at: at, ..article(arrival, "en", "zebra", &text(arrival)) },
                arrival << 40,
            );
            index.commit(arrival).expect("committed");
        }
    }
    seen
}

#[test]
fn pages_neither_repeat_nor_lose_a_hit_while_articles_arrive() {
    for sort in [Sort::Newest, Sort::Oldest, Sort::Relevance] {
        for (collapse, last) in [(false, 12), (true, 6)] {
            let seen = paged(sort, collapse);
            let mut old: Vec<u64> = seen.iter().copied().filter(|id| *id < 100).collect();
            old.sort_unstable();
            assert_eq!(old, (1..=last).collect::<Vec<_>>(), "{sort:?} {collapse} {seen:?}");
            let mut new: Vec<u64> = seen.iter().copied().filter(|id| *id >= 100).collect();
            new.sort_unstable();
            new.dedup();
            assert_eq!(new.len(), seen.len() - old.len(), "{sort:?} {collapse} {seen:?}");
        }
    }
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let index = index_of(&[
        ("en", "Peace talks begin", "Ministers met in Geneva for long-term talks."),
        ("en", "Sanctions widened", "The peace is far. Talks about peace stalled in Vienna."),
        ("de", "Verhandlungen", "Die Verhandlung in Genf dauert an, peace."),
    ]);
    for text in [
        "peace",
        "peace talks",
        "\"peace talks\"",
        "vien* peace",
        "verhandlung",
        "pece~1 -vienna",
        "(peace OR shares) lang:en",
    ] {
        let query = query::parse(text, now()).expect("readable");
        let options = options(Some(Sort::Relevance), true);
        let hits = index.searcher().search(&query, &options).expect("searched").hits;
        assert!(!hits.is_empty(), "{text}");
        for hit in hits {
            let told = index.searcher().explain(&query, &options, hit.id).expect("explained").expect("it is there");
            assert!((told.score - hit.score).abs() < 1e-4 * hit.score, "{text}: {hit:?} {told:?}");
            assert!(!told.parts.is_empty() && told.representative == 1.1, "{text}: {told:?}");
        }
        assert_eq!(index.searcher().explain(&query, &options, ArticleId::from_bits(99)).expect("explained"), None);
    }
}

fn settings() -> config::Index {
    config::Index::default()
}

#[test]
fn each_form_of_a_query_finds_what_it_says() {
    let index = index_of(&[
        ("en", "Peace talks begin", "Ministers met in Geneva for long-term talks."),
        ("en", "Sanctions widened", "The peace is far. Talks about peace stalled in Vienna."),
        ("en", "Markets", "Shares rose."),
    ]);
    check(&index, "", &[1, 2, 3]);
    check(&index, "peace talks", &[1, 2]);
    check(&index, "\"peace talks\"", &[1]);
    check(&index, "\"talks peace\"~1", &[2]);
    check(&index, "\"peace talks\"~3", &[1, 2]);
    check(&index, "title:peace", &[1]);
    check(&index, "body:peace", &[2]);
    check(&index, "peace -geneva", &[2]);
    check(&index, "-peace", &[3]);
    check(&index, "geneva OR vienna OR shares", &[1, 2, 3]);
    check(&index, "shares OR -peace OR geneva", &[1, 3]);
    check(&index, "sanct*", &[2]);
    check(&index, "title:mini*", &[]);
    check(&index, "minsters~1 genva~", &[1]);
    check(&index, "long-term", &[1]);
    check(&index, "long-te*", &[1]);
    check(&index, "term-long", &[]);
    check(&index, "(peace OR shares) -sanctions", &[1, 3]);
    check(&index, "nowhere", &[]);
}

#[test]
fn each_field_filters() {
    let index = {
        let mut index = Index::in_memory().expect("an index");
        let mut one = article(1, "en", "A", "a");
        topics(&mut one, &[("peace-talks", true), ("markets", false)]);
        put(&mut index, &one, 1);
        put(&mut index, &article(2, "de-AT", "B", "b"), 2);
        index.commit(1).expect("committed");
        index
    };
    check(&index, "source:\"WIRE 1\"", &[1]);
    check(&index, "source:00000000000000ab", &[1, 2]);
    check(&index, "outlet:paper1.example", &[1]);
    check(&index, "outlet:https://www.paper1.example/x", &[1]);
    check(&index, "topic:Peace-Talks", &[1]);
    check(&index, "topic:markets", &[]);
    check(&index, "lang:de", &[2]);
    check(&index, "author:smith1", &[1]);
    check(&index, "author:\"jane smith2\"", &[2]);
    check(&index, "url:http://www.paper2.example/politics/", &[2]);
    check(&index, "url:politics", &[1, 2]);
    check(&index, "tag:\"my  tag\"", &[1, 2]);
    check(&index, "entity:\"jane doe\"", &[1, 2]);
    check(&index, "id:0000000000000002", &[2]);
    check(&index, "story:0000000000000001", &[1]);
    check(&index, "published:90m", &[1]);
    check(&index, "published:[* TO 90m]", &[2]);
    check(&index, "published:[* TO *]", &[1, 2]);
    check(&index, "published:2026-11-22 -lang:en", &[2]);
    let wrong = query::Query::Is { field: query::Field::Id, value: "x".to_owned() };
    assert!(matches!(index.searcher().count(&wrong, false), Err(Error::Id { .. })));
}

#[test]
fn inflected_forms_are_found_in_the_language_of_the_article() {
    let index = index_of(&[
        ("ru", "Пакет", "Совет принял пакет санкций против компаний."),
        ("de", "Treffen", "Die Verhandlungen über den Frieden gehen weiter."),
        ("en", "Meeting", "Negotiators were meeting; sanctions stayed."),
        ("fr", "Accord", "Les négociations continuent malgré les frappes."),
        ("uk", "Пакет", "Нові санкції проти об’єктів."),
        ("zh", "会议", "欧盟宣布新一轮制裁措施。"),
        ("", "Mystery", "Negotiations of unknown tongue."),
    ]);
    // Kin languages share stems.
    check(&index, "санкции", &[1, 5]);
    check(&index, "Verhandlung", &[2]);
    check(&index, "negotiator", &[3]);
    check(&index, "sanction", &[3]);
    check(&index, "négociation", &[4]);
    check(&index, "negociation", &[4]);
    check(&index, "санкцій", &[1, 5]);
    check(&index, "制裁", &[6]);
    check(&index, "裁制", &[]);
    check(&index, "欧盟 制裁", &[6]);
    check(&index, "negotiations", &[3, 7]);
    check(&index, "lang:uk санкція", &[5]);
    check(&index, "\"пакета санкция\"", &[1]);
}

#[test]
fn an_article_is_there_once_until_it_is_deleted() {
    let mut index = index_of(&[("en", "Old title", "Old text.")]);
    put(&mut index, &article(1, "en", "New title", "Old text."), 1);
    put(&mut index, &article(1, "en", "Newest title", "Old text."), 1);
    index.commit(2).expect("committed");
    check(&index, "text", &[1]);
    check(&index, "new", &[]);
    check(&index, "newest", &[1]);
    index.delete(ArticleId::from_bits(1));
    index.commit(3).expect("committed");
    check(&index, "", &[]);
    assert_eq!(index.searcher().articles(), 0);
    index.wait_merges().expect("closed");
}

#[test]
fn a_group_of_copies_is_one_hit_after_filtering() {
    let mut index = Index::in_memory().expect("an index");
    for (number, group, body) in [
        (1, 1, "Peace talks."),
        (2, 1, "Peace talks."),
        (3, 1, "Peace talks in Geneva."),
        (4, 4, "Peace."),
        (5, 5, "War."),
    ] {
        put(&mut index, &article(number, "en", "Report", body), group);
    }
    index.commit(1).expect("committed");
    let searcher = index.searcher();
    let by = |sort, text: &str| found(&searcher, text, &options(Some(sort), true));
    assert_eq!(by(Sort::Newest, "report"), [1, 4, 5]);
    assert_eq!(by(Sort::Oldest, "report"), [5, 4, 3]);
    assert_eq!(by(Sort::Newest, "-source:\"wire 1\""), [2, 4]);
    assert_eq!(by(Sort::Relevance, "geneva"), [3]);
    assert_eq!(by(Sort::Relevance, "talks"), [1]);
    assert_eq!(found(&searcher, "talks", &options(None, false)).len(), 3);
    let query = query::parse("report", now()).expect("readable");
    let page = |offset, limit| {
        let options = Options { offset, limit, ..options(Some(Sort::Newest), true) };
        let hits = searcher.search(&query, &options).expect("searched");
        assert_eq!(hits.total, Some(3));
        hits.hits.iter().map(|hit| hit.id.bits()).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 1), [1]);
    assert_eq!(page(1, 1), [4]);
    assert_eq!(page(1, usize::MAX), [4, 5]);
    assert_eq!(page(7, 1), [0; 0]);
    assert_eq!(page(0, 0), [0; 0]);
}

#[test]
fn counts_agree_with_the_hits_they_count() {
    let mut index = Index::in_memory().expect("an index");
    for (number, group, names) in
        [(1, 1, &[("a", true)][..]), (2, 1, &[("b", true), ("c", false)]), (3, 3, &[("a", true)]), (30, 3, &[])]
    {
        let mut article = article(number, "en", "Report", "Text.");
        topics(&mut article, names);
        put(&mut index, &article, group);
        // Each in a segment of its own.
        index.commit(number).expect("committed");
    }
    let searcher = index.searcher();
    let count = |text: &str, by, collapse| -> Vec<(String, u64)> {
        let query = query::parse(text, now()).expect("readable");
        searcher.counts(&query, &[(by, 10)], collapse, now()).expect("counted").by[0].clone()
    };
    let pairs = |pairs: &[(&str, u64)]| pairs.iter().map(|&(name, count)| (name.to_owned(), count)).collect::<Vec<_>>();
    assert_eq!(count("report", CountBy::Source, false), pairs(&[("Wire 0", 2), ("Wire 1", 2)]));
    assert_eq!(count("report", CountBy::Source, true), pairs(&[("Wire 1", 2)]));
    assert_eq!(count("report", CountBy::Topic, false), pairs(&[("a", 2), ("b", 1)]));
    assert_eq!(count("outlet:paper1.example", CountBy::Topic, true), pairs(&[("a", 1), ("b", 1)]));
    assert_eq!(count("", CountBy::Day, false), pairs(&[("2026-11-21", 1), ("2026-11-22", 3)]));
    assert_eq!(count("", CountBy::Hour, true), pairs(&[("2026-11-22T09:00:00Z", 1), ("2026-11-22T11:00:00Z", 1)]));
    assert_eq!(count("", CountBy::Lang, true), pairs(&[("en", 2)]));
    assert_eq!(count("", CountBy::Author, false).len(), 4);
    assert_eq!(count("", CountBy::Outlet, true).len(), 2);
    let query = query::parse("report", now()).expect("readable");
    assert_eq!(searcher.count(&query, true).expect("counted"), 2);
}

#[test]
fn the_most_frequent_values_are_found_however_segments_share_them() {
    let mut index = Index::in_memory().expect("an index");
    let mut expected = std::collections::BTreeMap::<String, u64>::new();
    for number in 1..=120_u64 {
        // Each segment has favourites of its own, beside names that are common to all and many that occur once.
        let (segment, spread) = (number / 30, number.wrapping_mul(number) % 31);
        let names =
            [format!("Own {segment} {}", spread % 7), format!("Shared {}", spread % 11), format!("Once {number}")];
        names.iter().for_each(|name| *expected.entry(name.clone()).or_default() += 1);
        put(&mut index, &Article { authors: names.to_vec(), ..article(number, "en", "Report", "Text.") }, number);
        if number % 30 == 0 {
            index.commit(number).expect("committed");
        }
    }
    let mut expected: Vec<(String, u64)> = expected.into_iter().collect();
    expected.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
    let searcher = index.searcher();
    for limit in [0, 1, 2, 3, 5, 8, 13, 40, usize::MAX] {
        let counts = searcher.counts(&query::Query::All, &[(CountBy::Author, limit)], false, now()).expect("counted");
        assert_eq!(counts.by[0], expected[..limit.min(expected.len())], "{limit}");
    }
}

#[test]
fn counts_are_remembered_until_the_next_commit() {
    let mut index = index_of(&[("en", "Report", "Text."), ("en", "Report", "Text.")]);
    let searcher = index.searcher();
    let count = |hours: i64| {
        let query = query::parse("report", now()).expect("readable");
        let at = now() + chrono::Duration::hours(hours);
        searcher.counts(&query, &[(CountBy::Lang, 10), (CountBy::Day, 10)], true, at).expect("counted")
    };
    let first = count(0);
    assert_eq!((first.total, first.by[0].as_slice()), (2, &[("en".to_owned(), 2)][..]));
    searcher.refresh().expect("refreshed");
    assert!(std::sync::Arc::ptr_eq(&first, &count(0)), "nothing has changed");
    assert!(!std::sync::Arc::ptr_eq(&first, &count(1)), "freshness has");
    put(&mut index, &article(3, "en", "Report", "Text."), 3);
    index.commit(2).expect("committed");
    assert_eq!(count(0).total, 3);
}

#[test]
fn the_better_match_comes_first() {
    let filler = "Nothing else happened on that long day in town. ".repeat(6);
    let index = index_of(&[
        ("en", "Other news", &format!("{filler} Talk of peace. {filler}")),
        ("en", "Peace talks", &filler),
        ("en", "Other news", &format!("{filler} Talked. {filler}")),
        ("en", "Other news", &format!("{filler} Talks. {filler}")),
    ]);
    let ranked = |text: &str| found(&index.searcher(), text, &options(None, true));
    // The headline before the text; the word as written before its other forms.
    assert_eq!(ranked("peace"), [2, 1]);
    assert_eq!(ranked("talks")[..2], [2, 4]);
    assert_eq!(ranked("body:talked")[0], 3);
    // Of equals, the fresher.
    let index = index_of(&[("en", "Same", "Same words."), ("en", "Same", "Same words.")]);
    assert_eq!(found(&index.searcher(), "same", &options(None, true)), [1, 2]);
    // Without words to rank, the newest.
    assert_eq!(found(&index.searcher(), "lang:en", &options(None, true)), [1, 2]);
}

#[test]
fn published_orders_before_fetched() {
    let mut index = Index::in_memory().expect("an index");
    let mut late = article(1, "en", "Late", "a");
    late.published_at = Some(PublishedAt { at: "1960-01-01T00:00:00Z".parse().expect("a time"), date_only: true });
    put(&mut index, &late, 1);
    put(&mut index, &article(2, "en", "Two", "a"), 2);
    index.commit(1).expect("committed");
    assert_eq!(found(&index.searcher(), "", &options(None, true)), [2, 1]);
    assert_eq!(found(&index.searcher(), "a", &options(Some(Sort::Oldest), true)), [1, 2]);
    check(&index, "published:[1960-01-01 TO 1960-01-01]", &[1]);
}

#[test]
fn a_reopened_index_goes_on_from_its_last_change() {
    let dir = tempfile::tempdir().expect("a directory");
    let opened = Index::open(dir.path(), &settings()).expect("opened");
    assert_eq!((opened.last_seq, opened.state), (0, State::Fresh));
    let mut index = opened.index;
    put(&mut index, &article(1, "en", "One", "a"), 1);
    index.commit(7).expect("committed");
    put(&mut index, &article(2, "en", "Never committed", "a"), 2);
    drop(index);
    let opened = Index::open(dir.path(), &settings()).expect("opened");
    assert_eq!((opened.last_seq, opened.state), (7, State::Existing));
    check(&opened.index, "", &[1]);
}

#[test]
fn another_process_reads_what_is_committed_and_may_not_write() {
    let dir = tempfile::tempdir().expect("a directory");
    assert!(matches!(Searcher::open(dir.path()), Err(Error::Missing { .. })));
    let mut index = Index::open(dir.path(), &settings()).expect("opened").index;
    let reader = Searcher::open(dir.path()).expect("opened");
    assert!(matches!(Index::open(dir.path(), &settings()), Err(Error::Busy { .. })));
    put(&mut index, &article(1, "ru", "Санкции", "a"), 1);
    index.commit(1).expect("committed");
    assert_eq!(reader.articles(), 0);
    reader.refresh().expect("refreshed");
    assert_eq!(found(&reader, "санкций", &options(None, true)), [1]);
}

#[test]
fn a_rebuild_beside_is_swapped_under_its_searchers() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut live = Index::open(dir.path(), &settings()).expect("opened").index;
    put(&mut live, &article(1, "en", "Live", "a"), 1);
    live.commit(1).expect("committed");
    let (inside, outside) = (live.searcher(), Searcher::open(dir.path()).expect("opened"));
    let mut beside = Index::create_beside(dir.path(), &settings()).expect("made");
    put(&mut beside, &article(2, "en", "Rebuilt", "a"), 2);
    beside.commit(9).expect("committed");
    outside.refresh().expect("refreshed");
    assert_eq!(
        (found(&inside, "", &options(None, true)), found(&outside, "", &options(None, true))),
        (vec![1], vec![1])
    );
    let mut live = beside.swap(live).expect("swapped");
    outside.refresh().expect("refreshed");
    assert_eq!(
        (found(&inside, "", &options(None, true)), found(&outside, "", &options(None, true))),
        (vec![2], vec![2])
    );
    put(&mut live, &article(3, "en", "After", "a"), 3);
    live.commit(10).expect("committed");
    assert_eq!(found(&inside, "after", &options(None, true)), [3]);
    drop(live);
    assert_eq!(Index::open(dir.path(), &settings()).expect("opened").last_seq, 10);
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 2, "one generation and its name");
}

/// Fills an index on disk and returns its files.
fn filled(dir: &Path) -> Vec<PathBuf> {
    let mut index = Index::open(dir, &settings()).expect("opened").index;
    for number in 1..20 {
        put(&mut index, &article(number, "en", "Peace talks", "Talks about peace went on and on."), number);
    }
    index.delete(ArticleId::from_bits(3));
    index.commit(5).expect("committed");
    index.delete(ArticleId::from_bits(4));
    index.commit(6).expect("committed");
    index.wait_merges().expect("closed");
    let generation = generation::path(dir, &generation::current(dir).expect("read").expect("named"));
    let mut files: Vec<_> =
        fs::read_dir(generation).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
    files.sort();
    files
}

#[test]
fn an_index_of_another_making_is_rebuilt() {
    let dir = tempfile::tempdir().expect("a directory");
    let files = filled(dir.path());
    let meta = files.iter().find(|path| path.ends_with("meta.json")).expect("there is one");
    let text = fs::read_to_string(meta).expect("read");
    fs::write(meta, text.replace(&schema::fingerprint(), "0123456789abcdef")).expect("written");
    assert!(matches!(Searcher::open(dir.path()), Err(Error::Outdated { .. })));
    let opened = Index::open(dir.path(), &settings()).expect("opened");
    assert_eq!(opened.last_seq, 0);
    assert!(matches!(opened.state, State::Rebuilt { reason } if reason.contains("version")));
}

#[test]
fn a_damaged_file_means_a_rebuild_and_no_panic() {
    type Spoil = fn(&mut Vec<u8>);
    let damage: [(&str, Spoil); 4] = [
        ("overwritten", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..].iter_mut().take(16).for_each(|byte| *byte = !*byte);
        }),
        ("end overwritten", |bytes| bytes.iter_mut().rev().take(8).for_each(|byte| *byte = 0xff)),
        ("cut", |bytes| bytes.truncate(bytes.len() / 3)),
        ("emptied", Vec::clear),
    ];
    let whole = tempfile::tempdir().expect("a directory");
    for file in filled(whole.path()) {
        let name = file.file_name().expect("a name");
        for (what, spoil) in damage {
            let (dir, copy) = copied(whole.path(), name);
            let mut bytes = fs::read(&copy).expect("read");
            spoil(&mut bytes);
            fs::write(&copy, bytes).expect("written");
            // A reader cannot check first: it may see nonsense, but it comes back.
            if let Ok(reader) = Searcher::open(dir.path()) {
                let query = query::parse("peace \"talks about\" wen~", now()).expect("readable");
                let _ = reader.search(&query, &options(None, true));
                let _ = reader.counts(&query, &[(CountBy::Outlet, 10), (CountBy::Topic, 10)], true, now());
            }
            let opened = Index::open(dir.path(), &settings()).expect("opened");
            assert!(matches!(opened.state, State::Rebuilt { .. }), "{name:?} {what}: {:?}", opened.state);
            check(&opened.index, "", &[]);
        }
        let (dir, copy) = copied(whole.path(), name);
        fs::remove_file(&copy).expect("removed");
        let opened = Index::open(dir.path(), &settings()).expect("opened");
        assert!(matches!(opened.state, State::Rebuilt { .. }), "{name:?} missing: {:?}", opened.state);
    }
}

/// Copies an index and returns where one of its files is now.
fn copied(whole: &Path, file: &OsStr) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let name = generation::current(whole).expect("read").expect("named");
    fs::copy(whole.join("current"), dir.path().join("current")).expect("copied");
    fs::create_dir(dir.path().join(&name)).expect("created");
    for entry in fs::read_dir(whole.join(&name)).expect("a directory") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, dir.path().join(&name).join(path.file_name().expect("a name"))).expect("copied");
    }
    let copy = dir.path().join(name).join(file);
    (dir, copy)
}

#[test]
fn a_damaged_name_of_the_generation_means_a_rebuild() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["", "../elsewhere", "generation-99", "\u{0}"] {
        filled(dir.path());
        fs::write(dir.path().join("current"), name).expect("written");
        let opened = Index::open(dir.path(), &settings()).expect("opened");
        assert_eq!(opened.last_seq, 0, "{name}");
    }
}

#[test]
fn what_a_killed_writer_left_unfinished_is_removed() {
    let dir = tempfile::tempdir().expect("a directory");
    let kept = filled(dir.path());
    let left = kept[0].with_file_name(".tmpXq3zA1");
    fs::write(&left, "{").expect("written");
    assert_eq!(Index::open(dir.path(), &settings()).expect("opened").state, State::Existing);
    assert!(!left.exists() && kept.iter().all(|file| file.exists()));
}

#[test]
fn hostile_texts_are_indexed() {
    let index = index_of(&[
        ("en", &"x".repeat(200_000), "\u{0}\u{0} nul \u{202e} \u{fffd}"),
        ("\u{0}", "Title", &"é ".repeat(50_000)),
        (&"l".repeat(5_000), "Title", ""),
    ]);
    check(&index, "nul", &[1]);
    check(&index, "title", &[2, 3]);
}
