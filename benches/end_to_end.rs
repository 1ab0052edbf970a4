//! The whole way from feeds on this machine to a search, in a process of its own.
//!
//! ```text
//! cargo bench --bench end_to_end                            400 invented pages of 20 outlets
//! cargo bench --bench end_to_end -- --count 4000            more of them
//! cargo bench --bench end_to_end -- --pages DIR             the .html and .html.gz files of a folder
//! cargo bench --bench end_to_end -- --import FILE.jsonl     articles without the network
//! ```
//!
//! Prints elapsed and CPU time (they part on a busy machine), the largest resident memory, and how long a search takes
//! from start to end of its process. The server's own work is not in the CPU time, but it takes its share of the cores.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod loopback;
mod press;

use std::{
    error::Error,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use self::{
    loopback::{Loopback, Site},
    press::Item,
};

const PAGES: usize = 400;
const OUTLETS: u8 = 20;
/// Searches of each kind, of which the median is told.
const SEARCHES: usize = 20;
/// How often a running process is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Clock ticks a second in /proc, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A page to serve.
struct Page {
    title: String,
    summary: String,
    published_at: Option<dateline::model::Time>,
    html: Vec<u8>,
}

fn main() -> Result<()> {
    let measuring = press::is_measuring();
    let count = option("--count").map_or(Ok(PAGES), |count| count.parse())?;
    let dir = tempfile::tempdir()?;
    let searches = if measuring { SEARCHES } else { 2 };
    match (option("--import"), option("--pages")) {
        (Some(file), _) => import(dir.path(), &PathBuf::from(file))?,
        (None, Some(folder)) => pass(dir.path(), read_pages(Path::new(&folder))?)?,
        (None, None) => pass(dir.path(), invented_pages(if measuring { count } else { 12 }))?,
    }
    search(dir.path(), searches)
}

/// Returns what follows an option on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn invented_pages(count: usize) -> Vec<Page> {
    let reports = press::reports(count);
    let page = |number: usize| {
        let report = &reports[number];
        Page {
            title: report.title.clone(),
            summary: report.paragraphs[0].clone(),
            published_at: Some(report.published_at),
            // Its address is not known yet, and a canonical link of another outlet is not believed.
            html: press::page(&reports, number, "https://courier.example/").into_bytes(),
        }
    };
    (0..count).map(page).collect()
}

/// Reads the pages of a folder, in the order of their names.
fn read_pages(folder: &Path) -> Result<Vec<Page>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let mut pages = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut html = Vec::new();
        if name.ends_with(".html.gz") {
            MultiGzDecoder::new(fs::File::open(&path)?).read_to_end(&mut html)?;
        } else if name.ends_with(".html") {
            html = fs::read(&path)?;
        } else {
            continue;
        }
        pages.push(Page { title: name, summary: String::new(), published_at: None, html });
    }
    Ok(pages)
}

/// Serves the pages, lets one pass read them all, and tells what it took.
fn pass(dir: &Path, pages: Vec<Page>) -> Result<()> {
    let (count, bytes) = (pages.len(), pages.iter().map(|page| page.html.len()).sum::<usize>());
    let feeds = serve(pages)?;
    let sources: String = feeds.iter().map(|feed| format!("[[source]]\nurl = \"{feed}\"\n")).collect();
    configure(dir, &sources)?;
    println!("{count} pages, {:.1} MB, {} outlets", bytes as f64 / 1e6, feeds.len());
    run(dir, &["run", "--once"])
}

/// Starts the outlets and returns their feeds.
fn serve(pages: Vec<Page>) -> Result<Vec<String>> {
    let web = Loopback::bind(OUTLETS)?;
    let outlets = usize::from(OUTLETS);
    let mut sites: Vec<Site> = (0..outlets).map(|_| Site::default()).collect();
    let mut items: Vec<Vec<Item>> = (0..outlets).map(|_| Vec::new()).collect();
    for (number, page) in pages.into_iter().enumerate() {
        let (outlet, path) = (number % outlets, format!("/news/{number}"));
        sites[outlet].add(&path, "text/html", &page.html);
        let Page { title, summary, published_at, .. } = page;
        items[outlet].push(Item { link: web.url(outlet, &path), title, summary, published_at });
    }
    for (outlet, items) in items.iter().enumerate() {
        let feed = press::feed(&format!("Outlet {outlet}"), items);
        sites[outlet].add("/feed.xml", "application/rss+xml", feed.as_bytes());
    }
    let feeds = (0..outlets).map(|outlet| web.url(outlet, "/feed.xml")).collect();
    web.serve(sites);
    Ok(feeds)
}

fn import(dir: &Path, file: &Path) -> Result<()> {
    configure(dir, "")?;
    let file = fs::canonicalize(file)?;
    run(dir, &["import", &file.to_string_lossy()])
}

/// Writes a configuration without manners, which this machine does not need.
fn configure(dir: &Path, sources: &str) -> Result<()> {
    fs::write(dir.join("sources.toml"), sources)?;
    let settings = "data_dir = \"data\"\nsources = [\"sources.toml\"]\n\
                    [http]\nper_host_delay = \"0s\"\nallow_private_addresses = true\n";
    Ok(fs::write(dir.join("dateline.toml"), settings)?)
}

/// What a finished process took.
struct Taken {
    stdout: String,
    wall: Duration,
    cpu: f64,
    peak_kib: u64,
}

/// Runs a command that fills the archive and prints what it took.
fn run(dir: &Path, args: &[&str]) -> Result<()> {
    let taken = execute(dir, args)?;
    let summary: Value = serde_json::from_str(taken.stdout.trim())?;
    let articles = summary["articles"].as_f64().unwrap_or(0.0);
    let seconds = taken.wall.as_secs_f64();
    println!("{summary}");
    println!("{articles} articles in {seconds:.2} s: {:.0} articles/s", articles / seconds);
    println!("{:.2} s of CPU: {:.0} articles a CPU second", taken.cpu, articles / taken.cpu.max(1.0 / TICKS));
    println!("{:.1} MiB of resident memory at most", taken.peak_kib as f64 / 1024.0);
    if articles > 0.0 { Ok(()) } else { Err("no article came through".into()) }
}

/// Times searches with words that the archive has.
fn search(dir: &Path, times: usize) -> Result<()> {
    let newest: Value = serde_json::from_str(&execute(dir, &["search", "--limit", "1"])?.stdout)?;
    let title: String = newest["title"].as_str().unwrap_or_default().replace(|c: char| !c.is_alphanumeric(), " ");
    let mut words: Vec<&str> = title.split_whitespace().collect();
    let start = format!("\"{}\"", words.iter().take(3).copied().collect::<Vec<_>>().join(" "));
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let [Some(one), Some(other)] = [words.first(), words.get(1)] else {
        return Err("the newest article has no title".into());
    };
    let both = format!("{one} {other}");
    for (name, query) in
        [("the newest", None), ("a word", Some(*one)), ("two words", Some(&both)), ("a phrase", Some(&start))]
    {
        let args: Vec<&str> = ["search", "--"].into_iter().chain(query).collect();
        let mut walls = Vec::new();
        for _ in 0..times {
            walls.push(execute(dir, &args)?.wall);
        }
        walls.sort_unstable();
        let median = walls[walls.len() / 2].as_secs_f64() * 1000.0;
        println!(
            "search for {name}: {median:.1} ms (median of {times}), fastest {:.1} ms",
            walls[0].as_secs_f64() * 1000.0
        );
    }
    Ok(())
}

/// Runs a command to its end, with an eye on it.
fn execute(dir: &Path, args: &[&str]) -> Result<Taken> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.current_dir(dir).arg("--quiet").arg("--json").arg("--config").arg("dateline.toml").args(args);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DATELINE_")) {
        command.env_remove(name);
    }
    // A file, since a full pipe would hold the process up.
    let out = dir.join("stdout.txt");
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(fs::File::create(&out)?).spawn()?;
    let process = child.id();
    let watcher = thread::spawn(move || watch(process));
    let status = child.wait()?;
    let wall = began.elapsed();
    let (cpu, peak_kib) = watcher.join().map_err(|_| "watching the process failed")?;
    if !status.success() {
        return Err(format!("dateline {args:?} ended with {status}").into());
    }
    Ok(Taken { stdout: fs::read_to_string(out)?, wall, cpu, peak_kib })
}

/// Looks at a process until it has ended, and returns what it had used by then.
fn watch(process: u32) -> (f64, u64) {
    let mut last = (0.0, 0);
    while let Some(used) = usage(process) {
        last = used;
        thread::sleep(LOOK);
    }
    last
}

/// CPU seconds and largest resident memory of a running process so far, in KiB; `None` where there is no /proc.
fn usage(process: u32) -> Option<(f64, u64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The fields behind the name, which may contain anything, brackets too: the times are the 12th and 13th of them.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some(((ticks()? + ticks()?) / TICKS, peak.trim().trim_end_matches(" kB").trim().parse().ok()?))
}
