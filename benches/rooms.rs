//! What one article costs in each room, on feeds and pages that are made here: `cargo bench --bench rooms`.

mod press;

use std::{collections::BTreeSet, hint::black_box, path::Path};

use aho_corasick::AhoCorasick;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dateline::{
    config::{self, LoadOptions, Phrases, TopicRule},
    dedup::{self, Memory, Sketch},
    extract::{Extractor, Hints},
    index::{self, Index, Options, Searcher, Sort},
    model::{Article, ArticleId, CanonicalUrl, Findings, Kind, Page, PublishedAt, Source, Time},
    query,
    source::{self, Response},
    store::{NewArticle, NewText, Store},
    topic::{Tagger, Text},
};

use self::press::{Item, Report};

/// Entries of the feed, as many as busy feeds carry.
const ENTRIES: usize = 40;
/// Articles of one transaction: what the writer takes at most.
const BATCH: usize = 100;
/// Where one sample takes a good part of a second.
const FEW_SAMPLES: usize = 20;

criterion_group!(rooms, read_feed, extract_page, recognise, tag, read_query, search, commit);
criterion_main!(rooms);

fn read_feed(c: &mut Criterion) {
    let item = |(number, report): (usize, Report)| Item {
        link: url(number),
        summary: report.paragraphs[0].clone(),
        published_at: Some(report.published_at),
        title: report.title,
    };
    let items: Vec<Item> = press::reports(ENTRIES).into_iter().enumerate().map(item).collect();
    let text = press::feed("The Invented Courier", &items);
    let source = Source::new("https://courier.example/feed.xml");
    let response = Response { url: &source.url, content_type: None, body: text.as_bytes() };
    let mut group = c.benchmark_group("source");
    group.throughput(Throughput::ElementsAndBytes { elements: ENTRIES as u64, bytes: text.len() as u64 });
    group.bench_function("read a feed", |b| b.iter(|| source::read(black_box(&source), &response, now())));
}

fn extract_page(c: &mut Criterion) {
    let reports = press::reports(60);
    let pages: Vec<Page> = (0..reports.len())
        .map(|number| Page {
            url: url(number),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            body: press::page(&reports, number, &url(number)).into(),
            fetched_at: now(),
        })
        .collect();
    let extractor = Extractor::default();
    let mut group = c.benchmark_group("extract");
    let bytes = pages.iter().map(|page| page.body.len() as u64).sum();
    group.throughput(Throughput::ElementsAndBytes { elements: pages.len() as u64, bytes });
    group.bench_function("pages", |b| {
        b.iter(|| pages.iter().map(|page| extractor.extract(page, &Hints::default(), now()).body.len()).sum::<usize>())
    });
}

fn recognise(c: &mut Criterion) {
    let articles = articles(count());
    let sketches: Vec<Sketch> = articles.iter().map(sketch).collect();
    let mut group = c.benchmark_group("dedup");
    group.sample_size(FEW_SAMPLES);
    group.throughput(Throughput::ElementsAndBytes { elements: articles.len() as u64, bytes: text_bytes(&articles) });
    group.bench_function("sketch", |b| b.iter(|| articles.iter().map(sketch).map(black_box).count()));
    group.throughput(Throughput::Elements(articles.len() as u64));
    group.bench_function("assign", |b| {
        b.iter_batched(
            || (Memory::new(&config::Dedup::default()), sketches.clone()),
            |(mut memory, sketches)| {
                for sketch in sketches {
                    black_box(memory.assign(sketch));
                }
                memory
            },
            BatchSize::PerIteration,
        )
    });
}

/// Tags long articles by 21, 200 and 2,100 topics, beside a search for the same phrases that does nothing else.
fn tag(c: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/dateline.toml");
    let options = LoadOptions { config_file: Some(file), ..LoadOptions::default() };
    let loaded = config::load(&options).expect("the shipped configuration has no problems");
    let texts = long_texts(40);
    let mut group = c.benchmark_group("topic");
    let bytes = texts.iter().map(|text| text.len() as u64).sum();
    group.throughput(Throughput::ElementsAndBytes { elements: texts.len() as u64, bytes });
    for count in [21, 200, 2_100] {
        let rules = topics(&loaded.topics, count, &texts);
        let tagger = Tagger::new(&rules, &loaded.names).map_err(|problems| problems.len()).expect("sound rules");
        group.bench_function(format!("tag by {count} topics"), |b| {
            let tag = |text: &String| tagger.tag(&Text { title: "", body: text, lang: Some("en") }).topics.len();
            b.iter(|| texts.iter().map(tag).sum::<usize>())
        });
        let phrases = rules.iter().filter_map(|rule| rule.phrases.get("en"));
        let phrases = phrases.flat_map(|phrases| phrases.strong.iter().chain(&phrases.weak));
        let bare = AhoCorasick::builder().ascii_case_insensitive(true).build(phrases).expect("not too many phrases");
        group.bench_function(format!("bare aho-corasick, phrases of {count} topics"), |b| {
            b.iter(|| texts.iter().map(|text| bare.find_overlapping_iter(text).count()).sum::<usize>())
        });
    }
}

/// English texts of 7.6 kB, as long as reports of record papers.
fn long_texts(count: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    let english = press::reports(20 * count).into_iter().filter(|report| report.lang == "en");
    for paragraph in english.flat_map(|report| report.paragraphs) {
        let text = texts.last_mut().expect("never empty");
        *text += &paragraph;
        *text += "\n\n";
        if text.len() >= 7_600 {
            texts.push(String::new());
        }
    }
    texts.truncate(count);
    texts
}

/// The first topics that ship, and as many more as are wanted, whose phrases are pairs of words of the texts: most of
/// their first words are met, few of the pairs.
fn topics(shipped: &[TopicRule], count: usize, texts: &[String]) -> Vec<TopicRule> {
    let words: Vec<&str> =
        texts.iter().flat_map(|text| text.split_whitespace()).filter(|word| word.len() > 4).collect();
    let mut next = 7_usize;
    let mut word = || {
        next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        words[(next >> 33) % words.len()].trim_matches(|c: char| !c.is_alphanumeric())
    };
    let mut invented = |number: usize| {
        let pairs: BTreeSet<String> = (0..30).map(|_| format!("{} {}", word(), word())).collect();
        let phrases = Phrases { strong: pairs.into_iter().collect(), ..Phrases::default() };
        let (id, phrases) = (format!("invented-{number}"), [("en".to_owned(), phrases)].into());
        TopicRule { name: id.clone(), id, phrases, ..TopicRule::default() }
    };
    let mut rules: Vec<TopicRule> =
        shipped.iter().filter(|rule| rule.phrases.contains_key("en")).take(21).cloned().collect();
    rules.iter_mut().for_each(|rule| (rule.parent, rule.outranks) = (None, Vec::new()));
    rules.extend((rules.len()..count).map(&mut invented));
    rules
}

fn read_query(c: &mut Criterion) {
    const QUERY: &str = "(\"peace talks\" OR ceasefire) -football title:grain topic:sanctions source:\"The Courier\" \
                         published:[2025-03-01 TO 7d] negotiat* lang:uk sanctoin~1";
    let mut group = c.benchmark_group("query");
    group.throughput(Throughput::Bytes(QUERY.len() as u64));
    group.bench_function("parse", |b| b.iter(|| query::parse(black_box(QUERY), now())));
}

fn search(c: &mut Criterion) {
    const QUERIES: [(&str, &str); 5] = [
        ("a word", "ceasefire"),
        ("two words", "grain inspectors"),
        ("a phrase", "\"peace talks\""),
        ("a beginning", "waffen*"),
        ("the newest of two days", "published:[2025-03-02 TO 2025-03-03]"),
    ];
    let articles = stored(&articles(count()));
    let (_index, searcher) = indexed(&articles);
    let options = Options { sort: None, limit: 10, offset: 0, collapse: true, total: false, now: now() };
    let mut group = c.benchmark_group("index");
    group.throughput(Throughput::Elements(1));
    for (name, text) in QUERIES {
        let query = query::parse(text, now()).expect("a query");
        let found = searcher.search(&query, &options).expect("an index in memory");
        assert!(!press::is_measuring() || !found.hits.is_empty(), "`{text}` finds something");
        group.bench_function(format!("search {name}"), |b| b.iter(|| searcher.search(black_box(&query), &options)));
    }
    let query = query::parse("peace talks", now()).expect("a query");
    let options = Options { sort: Some(Sort::Newest), ..options };
    group.bench_function("search two words and show passages", |b| {
        b.iter(|| {
            let hits = searcher.search(&query, &options).expect("an index in memory").hits;
            let shown = |hit: &index::Hit| articles.iter().find(|article| article.id == hit.id);
            let passage = |article: &Article| {
                index::snippet(&query, article.lang.as_deref(), &article.title, &article.body).len()
            };
            hits.iter().filter_map(shown).map(passage).sum::<usize>()
        })
    });
}

fn commit(c: &mut Criterion) {
    let articles = articles(BATCH);
    let mut memory = Memory::new(&config::Dedup::default());
    let records: Vec<Vec<u8>> = articles.iter().map(|article| memory.assign(sketch(article)).record).collect();
    let mut group = c.benchmark_group("store");
    group.sample_size(FEW_SAMPLES);
    group.throughput(Throughput::ElementsAndBytes { elements: BATCH as u64, bytes: text_bytes(&articles) });
    group.bench_function("commit a batch to disk", |b| {
        let fresh = || {
            let dir = tempfile::tempdir().expect("a directory");
            let store = Store::open(dir.path()).expect("a store");
            (dir, store)
        };
        let write = |(dir, mut store): (tempfile::TempDir, Store)| {
            let done = store.transaction(|tx| {
                for (article, record) in articles.iter().zip(&records) {
                    tx.insert(article)?;
                    tx.append_dedup(article.id, record)?;
                }
                Ok::<_, dateline::store::Error>(())
            });
            done.expect("the disk takes it");
            (store, dir)
        };
        b.iter_batched(fresh, write, BatchSize::PerIteration)
    });
}

/// Articles of the benchmarks that need many.
fn count() -> usize {
    if press::is_measuring() { 2000 } else { 60 }
}

fn now() -> Time {
    Time::UNIX_EPOCH + chrono::Duration::days(20_200)
}

fn url(number: usize) -> String {
    format!("https://courier{}.example/news/{number}", number % 40)
}

/// The reports as articles, placed among each other.
fn articles(count: usize) -> Vec<NewArticle> {
    let mut memory = Memory::new(&config::Dedup::default());
    let placed = |(number, report): (usize, Report)| {
        let mut article = alone(number, report);
        let decision = memory.assign(sketch(&article));
        (article.group, article.similarity, article.story) = (decision.group, decision.similarity, decision.story);
        article
    };
    press::reports(count).into_iter().enumerate().map(placed).collect()
}

fn alone(number: usize, report: Report) -> NewArticle {
    let url = CanonicalUrl::parse(&url(number)).expect("a URL");
    let id = ArticleId::derive(&[url.as_str()]);
    NewArticle {
        id,
        url,
        source_id: None,
        text: NewText {
            title: report.title,
            authors: vec![report.author],
            published_at: Some(PublishedAt { at: report.published_at, date_only: false }),
            fetched_at: report.published_at,
            lang: Some(report.lang.to_owned()),
            site: None,
            image: None,
            summary: None,
            body: report.paragraphs.join("\n\n"),
            kind: Kind::Article,
        },
        findings: Findings::default(),
        group: id,
        similarity: None,
        story: id.into(),
    }
}

fn sketch(article: &NewArticle) -> Sketch {
    let text = &article.text;
    dedup::sketch(&dedup::Document {
        id: article.id,
        outlet: &article.url.outlet(),
        title: &text.title,
        body: &text.body,
        lang: text.lang.as_deref(),
        published_at: text.published_at,
        arrived_at: text.fetched_at,
    })
}

fn text_bytes(articles: &[NewArticle]) -> u64 {
    articles.iter().map(|article| (article.text.title.len() + article.text.body.len()) as u64).sum()
}

/// The articles as a store gives them back.
fn stored(articles: &[NewArticle]) -> Vec<Article> {
    let mut store = Store::in_memory().expect("a store");
    let done = store.transaction(|tx| articles.iter().try_for_each(|article| tx.insert(article).map(drop)));
    done.expect("a store in memory takes it");
    let ids: Vec<ArticleId> = articles.iter().map(|article| article.id).collect();
    store.reads().articles(&ids).expect("a store in memory gives it")
}

/// An index of the articles, which has to live as long as its searcher.
fn indexed(articles: &[Article]) -> (Index, Searcher) {
    let mut index = Index::in_memory().expect("an index");
    for article in articles {
        let group = article.duplicate_of.unwrap_or(article.id);
        index.put(&index::Document { article, group, sources: &[] }).expect("an index in memory");
    }
    index.commit(1).expect("an index in memory");
    let searcher = index.searcher();
    (index, searcher)
}
