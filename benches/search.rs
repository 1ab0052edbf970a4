//! Searching and indexing beside the bare engine, on the same articles in the same run.
//!
//! ```text
//! cargo bench --bench search                                               2,000 invented articles
//! cargo bench --bench search -- ARTICLES.jsonl                             articles that are imported first
//! cargo bench --bench search -- DATA_DIR --terms FILE --phrases FILE       an archive; what to look for, one a line
//! ```
//!
//! Of each question the best of five readings counts, as other work on the machine only ever adds; told are the median
//! and the 99th percentile over all questions. Indexing is told by CPU time. `--articles` limits what is indexed anew,
//! `--readings` says how often each question is read, and `--kind` asks those of one row only, for a profiler.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod engine;
#[allow(dead_code, unused_imports, reason = "texts are enough here, without the pages and feeds that carry them")]
mod press;

use std::{
    collections::HashMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use dateline::{
    config,
    index::{Document, Index, Options, Sort},
    model::{Article, Time},
    serve::{Archive, Question},
    store::{ArticleFilter, Cursor},
};
use serde_json::json;

use self::engine::{Asked, Engine};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Articles where none are given.
const INVENTED: usize = 2_000;
/// Articles that are indexed anew, all held in memory.
const INDEXED: usize = 100_000;
/// Articles of one commit.
const COMMIT: usize = 5_000;
/// Words and phrases to look for, of each kind.
const WORDS: usize = 150;
/// Readings of each question.
const READINGS: &str = "5";
/// Clock ticks a second in /proc, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

fn main() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let data_dir = archive(scratch.path())?;
    let archive = Archive::open(&data_dir)?;
    let articles = articles(&archive)?;
    let text: u64 = articles.iter().map(|article| (article.title.len() + article.body.len()) as u64).sum();
    println!("{} articles, {:.1} MB of text", articles.len(), text as f64 / 1e6);
    if articles.len() as u64 == archive.searcher.articles() {
        let (store, index) = (size(&data_dir)? - size(&data_dir.join("index"))?, size(&data_dir.join("index"))?);
        let share = |bytes: u64| bytes as f64 / text as f64;
        println!("store {:.2} × the text, index {:.2} × the text", share(store), share(index));
    }
    let engine = index(&data_dir, &articles, scratch.path())?;
    ask(&archive, &engine, &Asks::of(&articles)?)
}

/// Returns what follows an option on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// Returns the data directory to measure; articles that are not in one yet are imported.
fn archive(scratch: &Path) -> Result<PathBuf> {
    let given = std::env::args().nth(1).filter(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let file = match given {
        Some(path) if path.is_dir() => return Ok(path),
        Some(file) => fs::canonicalize(file)?,
        None => invent(scratch)?,
    };
    let data_dir = scratch.join("data");
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.arg("--quiet").arg("import").arg(file).arg("--data-dir").arg(&data_dir).current_dir(scratch);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    println!("imported in {:.1} s", began.elapsed().as_secs_f64());
    if status.success() { Ok(data_dir) } else { Err(format!("the import ended with {status}").into()) }
}

fn invent(scratch: &Path) -> Result<PathBuf> {
    let count = if press::is_measuring() { INVENTED } else { 30 };
    let line = |(number, report): (usize, press::Report)| {
        let url = format!("https://paper{}.example/news/{number}", number % 20);
        let body = report.paragraphs.join("\n\n");
        json!({ "url": url, "title": report.title, "body": body, "authors": [report.author], "lang": report.lang,
                "published_at": report.published_at })
        .to_string()
            + "\n"
    };
    let file = scratch.join("articles.jsonl");
    fs::write(&file, press::reports(count).into_iter().enumerate().map(line).collect::<String>())?;
    Ok(file)
}

fn articles(archive: &Archive) -> Result<Vec<Article>> {
    let most = option("--articles").map_or(Ok(INDEXED), |number| number.parse())?;
    let (mut articles, mut next) = (Vec::new(), Some(Cursor::default()));
    while let Some(after) = next.filter(|_| articles.len() < most) {
        let (more, cursor) = archive.reader.export(&ArticleFilter::default(), after, 1_000)?;
        articles.extend(more);
        next = cursor;
    }
    articles.truncate(most);
    Ok(articles)
}

fn size(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// Indexes all articles by dateline and by the engine alone; returns the latter.
fn index(data_dir: &Path, articles: &[Article], scratch: &Path) -> Result<Asked> {
    let (own, bare) = (scratch.join("own"), scratch.join("bare"));
    fs::create_dir_all(&bare)?;
    let began = cpu_seconds()?;
    let mut index = Index::open(&own, &config::Index::default())?.index;
    for (number, article) in (1..).zip(articles) {
        let sources: Vec<String> = article.source.iter().cloned().collect();
        let group = article.duplicate_of.unwrap_or(article.id);
        index.put(&Document { article, group, sources: &sources })?;
        if number % COMMIT == 0 {
            index.commit(number as u64)?;
        }
    }
    index.commit(articles.len() as u64)?;
    index.wait_merges()?;
    let between = cpu_seconds()?;
    let generation = fs::read_to_string(data_dir.join("index/current"))?;
    let mut engine = Engine::create(&data_dir.join("index").join(generation), &bare)?;
    for (number, article) in (1..).zip(articles) {
        engine.put(article)?;
        if number % COMMIT == 0 {
            engine.commit()?;
        }
    }
    engine.commit()?;
    let asked = engine.finish()?;
    let (own_seconds, bare_seconds) = (between - began, cpu_seconds()? - between);
    let speed = |seconds: f64| articles.len() as f64 / seconds.max(1.0 / TICKS);
    println!(
        "indexed a CPU second: {:.0}, bare {:.0}: × {:.2}",
        speed(own_seconds),
        speed(bare_seconds),
        bare_seconds / own_seconds
    );
    println!(
        "bytes of index: {}, bare {}: × {:.2}",
        size(&own)?,
        size(&bare)?,
        size(&own)? as f64 / size(&bare)? as f64
    );
    Ok(asked)
}

/// CPU time of this process so far, all its threads.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may contain anything: the times are the 12th and 13th field.
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("no process")?.1.split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS)
}

/// What is looked for.
struct Asks {
    terms: Vec<String>,
    pairs: Vec<String>,
    phrases: Vec<String>,
    /// The seventh tenth of the articles by their time.
    range: (Time, Time),
}

impl Asks {
    fn of(articles: &[Article]) -> Result<Self> {
        let lines = |file: String| -> io::Result<Vec<String>> {
            let plain = |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
            Ok(fs::read_to_string(file)?.lines().filter(plain).map(str::to_owned).collect())
        };
        let terms = option("--terms").map_or_else(|| Ok(terms(articles)), lines)?;
        let phrases = option("--phrases").map_or_else(|| Ok(phrases(articles)), lines)?;
        let of = |number: usize| &terms[number % WORDS.min(terms.len())];
        let pairs = (0..WORDS).map(|number| format!("{} {}", of(number * 7), of(number * 11 + 5))).collect();
        let mut times: Vec<Time> =
            articles.iter().map(|article| article.published_at.map_or(article.fetched_at, |at| at.at)).collect();
        times.sort_unstable();
        let range = (times[times.len() * 6 / 10], times[times.len() * 7 / 10]);
        let phrases = phrases.into_iter().filter(|phrase| phrase.contains(' ')).map(|phrase| format!("\"{phrase}\""));
        Ok(Self { pairs, phrases: phrases.collect(), range, terms })
    }
}

/// Frequent, middling and rare words, as many of each.
fn terms(articles: &[Article]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for article in articles {
        let mut words: Vec<&str> = words(&article.body).collect();
        words.sort_unstable();
        words.dedup();
        words.into_iter().for_each(|word| *counts.entry(word.to_lowercase()).or_default() += 1);
    }
    let mut words: Vec<(usize, String)> = counts.into_iter().map(|(word, count)| (count, word)).collect();
    words.sort_unstable_by(|a, b| b.cmp(a));
    let (rare, middle) = (words.len().saturating_sub(WORDS), words.len().saturating_sub(WORDS) / 2);
    [0, middle, rare]
        .into_iter()
        .flat_map(|from| words.iter().skip(from).take(WORDS))
        .map(|(_, word)| word.clone())
        .collect()
}

/// Two neighbouring words of articles all over the archive.
fn phrases(articles: &[Article]) -> Vec<String> {
    let step = articles.len().div_ceil(2 * WORDS).max(1);
    let phrase = |article: &Article| {
        let words: Vec<&str> = words(article.body.split('.').next()?).collect();
        words.windows(2).next_back().map(|pair| pair.join(" "))
    };
    articles.iter().step_by(step).filter_map(phrase).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn ask(archive: &Archive, engine: &Asked, asks: &Asks) -> Result<()> {
    let (from, to) = asks.range;
    let now = to;
    let question = |ask: &str| Question { query: Some(ask.to_owned()), limit: 10, ..Question::default() };
    let hits = |question: Question, sort| -> Result<usize> {
        let query = archive.query(&question, now)?;
        let options = Options { sort, limit: 10, offset: 0, collapse: true, total: false, now };
        Ok(archive.searcher.search(&query, &options)?.hits.len())
    };
    let range = |ask: &str| Question { since: Some(from.to_rfc3339()), until: Some(to.to_rfc3339()), ..question(ask) };
    println!("{:24} {:>26} {:>26}", "µs: median, 99th", "dateline", "bare engine");
    let readings = option("--readings").as_deref().unwrap_or(READINGS).parse()?;
    let kind = option("--kind");
    let row =
        |name: &str, asks: &[String], own: &dyn Fn(&str) -> Result<usize>, bare: &dyn Fn(&str) -> Result<usize>| {
            if kind.as_ref().is_some_and(|kind| kind != name) {
                return Ok(());
            }
            let ((a, b), (c, d)) = (time(asks, readings, own)?, time(asks, readings, bare)?);
            println!("{name:24} {a:15.1} {b:10.1} {c:15.1} {d:10.1}   ({} questions)", asks.len());
            Ok::<_, Box<dyn Error>>(())
        };
    let best = |ask: &str| hits(question(ask), None);
    let bare = |ask: &str| Ok(engine.best(ask)?);
    row("term", &asks.terms, &best, &bare)?;
    row("and", &asks.pairs, &best, &bare)?;
    row("newest in a range", &asks.terms, &|ask| hits(range(ask), Some(Sort::Newest)), &|ask| {
        Ok(engine.newest(ask, from, to)?)
    })?;
    row("phrase", &asks.phrases, &best, &bare)?;
    row("ten with passages", &asks.terms, &|ask| Ok(archive.search(&question(ask), now)?.hits.len()), &|ask| {
        Ok(engine.passages(ask, &archive.reader)?)
    })
}

/// Median and 99th percentile in microseconds.
fn time(asks: &[String], readings: usize, run: &dyn Fn(&str) -> Result<usize>) -> Result<(f64, f64)> {
    let mut took = Vec::with_capacity(asks.len());
    for ask in asks {
        let mut best = f64::MAX;
        for _ in 0..readings {
            let began = Instant::now();
            run(ask)?;
            best = best.min(began.elapsed().as_secs_f64() * 1e6);
        }
        took.push(best);
    }
    took.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    Ok((at(50), at(99)))
}
