//! Pages that something has gone wrong with, by the million: no panic, no hang, no memory without bound.
//!
//! ```text
//! cargo bench --bench mutations                                    a hundred thousand grown pages, spoiled
//! cargo bench --bench mutations -- --pages 1000000 --seed 2 DIR    a million, also of the .html and .html.gz files there
//! cargo bench --bench mutations -- --only 4711 DIR                 one of them again, onto standard output
//! ```
//!
//! The same number with the same seed and folder is the same page. A page that seems slow is read again, and its CPU time
//! counts, since the machine may be busy with other things. It fails when a page breaks the reader or the bound.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod dice;
#[path = "mutations/grow.rs"]
mod grow;
#[path = "mutations/spoil.rs"]
mod spoil;

use std::{
    error::Error,
    fs,
    io::{self, Read, Write},
    panic,
    path::Path,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use dateline::{
    extract::{Extractor, Hints},
    model::{Page, Time},
};
use flate2::read::MultiGzDecoder;

use self::dice::Dice;

/// No page may take longer.
const BOUND: Duration = Duration::from_millis(250);
/// A page that takes this long by the clock on the wall is measured again.
const SUSPECT: Duration = Duration::from_millis(60);
/// Clock ticks a second in /proc, on every Linux that Rust runs on.
const TICKS: u64 = 100;
/// A page that takes this long is a hang, however busy the machine.
const HANG: Duration = Duration::from_secs(30);
const THREADS: usize = 2;
/// One in so many pages is a whole real one; of the others, half begin as a piece of one.
const WHOLE: usize = 250;
const PIECE_BYTES: usize = 4 << 10;

/// The pages, each by its number.
struct Press {
    seed: u64,
    real: Vec<Vec<u8>>,
}

/// What was seen of the pages.
#[derive(Default)]
struct Seen {
    slowest: (Duration, usize, usize),
    broken: Vec<usize>,
    slow: Vec<usize>,
    bytes: u64,
    articles: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let is_measuring = std::env::args().any(|argument| argument == "--bench");
    let (mut count, mut seed, mut only, mut real) = (if is_measuring { 100_000 } else { 200 }, 1, None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().unwrap_or_default().parse::<usize>();
        match argument.as_str() {
            "--pages" => count = number()?,
            "--seed" => seed = number()? as u64,
            "--only" => only = Some(number()?),
            option if option.starts_with("--") => {}
            dir if is_measuring => real = read(Path::new(dir))?,
            _ => {}
        }
    }
    let press = Press { seed, real };
    if let Some(number) = only {
        return Ok(io::stdout().write_all(&press.page(number))?);
    }
    let start = Instant::now();
    let seen = press.run(count);
    let (time, number, bytes) = seen.slowest;
    println!("{count} pages of seed {seed}, {} real ones among their origins", press.real.len());
    println!("{} MB in {:.0} s, {} with a text", seen.bytes >> 20, start.elapsed().as_secs_f64(), seen.articles);
    println!("slowest: {:.1} ms, page {number} of {bytes} bytes", time.as_secs_f64() * 1000.0);
    println!("largest resident memory: {} MiB", peak_memory()?);
    println!("broken: {:?}, over {} ms: {:?}", seen.broken, BOUND.as_millis(), seen.slow);
    if seen.broken.is_empty() && seen.slow.is_empty() { Ok(()) } else { Err("the reader was broken".into()) }
}

impl Press {
    fn page(&self, number: usize) -> Vec<u8> {
        let mut dice = Dice(self.seed << 40 | number as u64);
        let mut page = grow::page(&mut dice).into_bytes();
        if self.real.is_empty() {
            let other = grow::page(&mut dice);
            spoil::spoil(&mut dice, &mut page, other.as_bytes());
            return page;
        }
        let [one, other] = [(); 2].map(|()| &self.real[dice.roll(self.real.len())]);
        if dice.roll(WHOLE) == 0 {
            page = one.clone();
        } else if dice.roll(2) == 0 {
            let start = dice.roll(one.len());
            page = one[start..one.len().min(start + PIECE_BYTES)].to_vec();
        }
        spoil::spoil(&mut dice, &mut page, other);
        page
    }

    /// Reads all pages, and ends the process where one does not come to an end.
    fn run(&self, count: usize) -> Seen {
        let next = AtomicUsize::new(0);
        let at = [const { AtomicUsize::new(usize::MAX) }; THREADS];
        panic::set_hook(Box::new(|_| {}));
        let seen = thread::scope(|scope| {
            let readers: Vec<_> = at
                .iter()
                .map(|at| {
                    let next = &next;
                    scope.spawn(move || self.read_some(count, next, at))
                })
                .collect();
            let mut since = [(usize::MAX, Instant::now()); THREADS];
            while readers.iter().any(|reader| !reader.is_finished()) {
                thread::sleep(Duration::from_millis(20));
                for (at, since) in at.iter().zip(&mut since) {
                    let number = at.load(Ordering::Relaxed);
                    if number != since.0 {
                        *since = (number, Instant::now());
                    } else if number < count && since.1.elapsed() > HANG {
                        println!("page {number} does not come to an end");
                        process::exit(1);
                    }
                }
            }
            let mut seen = Seen::default();
            for one in readers.into_iter().filter_map(|reader| reader.join().ok()) {
                seen.slowest = seen.slowest.max(one.slowest);
                seen.broken.extend(one.broken);
                seen.slow.extend(one.slow);
                seen.bytes += one.bytes;
                seen.articles += one.articles;
            }
            seen
        });
        drop(panic::take_hook());
        seen
    }

    fn read_some(&self, count: usize, next: &AtomicUsize, at: &AtomicUsize) -> Seen {
        let now = Time::UNIX_EPOCH + chrono::Duration::days(20_800);
        let extractor = Extractor::default();
        let mut seen = Seen::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            at.store(number, Ordering::Relaxed);
            if number >= count {
                return seen;
            }
            let body = bytes::Bytes::from(self.page(number));
            let page = Page {
                url: "https://paper.example/news/ferry".to_owned(),
                content_type: None,
                body: body.clone(),
                fetched_at: now,
            };
            let read = || panic::catch_unwind(|| extractor.extract(&page, &Hints::default(), now));
            let start = Instant::now();
            match read() {
                Ok(found) => seen.articles += usize::from(!found.body.is_empty()),
                Err(_) => seen.broken.push(number),
            }
            let mut time = start.elapsed();
            if time > SUSPECT {
                let before = cpu_time();
                let _ = read();
                time = cpu_time() - before;
            }
            seen.bytes += body.len() as u64;
            seen.slowest = seen.slowest.max((time, number, body.len()));
            if time > BOUND {
                seen.slow.push(number);
            }
        }
    }
}

fn read(dir: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut files = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut pages = Vec::new();
    for path in files {
        let mut page = Vec::new();
        let name = path.to_string_lossy();
        if name.ends_with(".html.gz") {
            MultiGzDecoder::new(fs::File::open(&path)?).read_to_end(&mut page)?;
        } else if name.ends_with(".html") {
            page = fs::read(&path)?;
        }
        if !page.is_empty() {
            pages.push(page);
        }
    }
    Ok(pages)
}

/// Returns the CPU time of this thread, in steps of a tick.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // The second field is the name in brackets, which may hold anything; user and system time are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

fn peak_memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse::<u64>().ok());
    Ok(peak.unwrap_or_default() / 1024)
}
