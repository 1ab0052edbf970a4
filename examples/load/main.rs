//! A press on loopback that publishes hundreds of reports a second, and a daemon that follows it.
//!
//! ```text
//! cargo run --release --example load -- --rate 500 --minutes 10 --readers 8
//! cargo run --release --example load -- --dateline target/release/dateline      another build
//! ```
//!
//! From the second third of the time on it gets SIGHUP a few times, with its files in order and not; in the last third
//! `--readers` search as fast as they are answered. Prints a line each ten seconds and a
//! verdict, point by point; exits 1 where anything is lost or failed, polls were late, or the daemon took more memory than
//! the documentation promises. Whether it kept up with the press is told apart from that: it depends on the machine. The outlets are on addresses that only Linux has, and they, the readers and the daemon share the machine.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod daemon;
#[path = "../../benches/dice.rs"]
mod dice;
#[path = "../kills/http.rs"]
mod http;
mod outlets;
mod readers;

use std::{
    env,
    error::Error,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use self::{
    daemon::{Daemon, Memory, Metrics},
    outlets::Outlets,
    readers::Readers,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Set for the process that is the daemon.
const SUBJECT: &str = "LOAD_SUBJECT";
const OUTLETS: usize = 100;
/// Between two polls of one outlet, and between two lines of the table.
const INTERVAL: Duration = Duration::from_secs(10);
/// How many looks without anything new searchable mean that nothing more comes.
const PATIENCE: usize = 6;
/// How often it reads its files again under load; an even number leaves them in order.
const RELOADS: usize = 4;
/// Who keeps up has everything searchable so long after the last report,
const AT_ONCE: Duration = Duration::from_secs(30);
/// and this share of it two seconds after it was fetched.
const IN_TIME: f64 = 95.0;
/// What docs/operations.md promises of memory, in MiB, with eight open readers of the store: all but the articles,
const PROMISED: f64 = 40.0 + 64.0 + 32.0 + 8.0 * 8.0 + 30.0 + 16.0;
/// each article inside the window of copies,
const PROMISED_ARTICLE: f64 = 4e3 / 1_048_576.0;
/// and all of them.
const PROMISED_ARTICLES: f64 = 1024.0;

fn main() -> ExitCode {
    if env::var_os(SUBJECT).is_some() {
        return dateline::cli::main();
    }
    match load() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn load() -> Result<bool> {
    let rate: f64 = option("--rate").map_or(Ok(500.0), |rate| rate.parse())?;
    let minutes: f64 = option("--minutes").map_or(Ok(10.0), |minutes| minutes.parse())?;
    let count: usize = option("--readers").map_or(Ok(0), |count| count.parse())?;
    let lasts = Duration::from_secs_f64(60.0 * minutes);
    let dir = tempfile::tempdir()?;
    let outlets = Outlets::open(OUTLETS, rate, lasts)?;
    let daemon = Daemon::start(option("--dateline").as_deref(), dir.path(), outlets.feeds(), INTERVAL)?;
    println!("{OUTLETS} outlets, {rate} reports a second for {minutes} minutes");
    println!(
        "{:>4}{:>11}{:>9}{:>12}{:>8}{:>9}{:>7}{:>8}{:>7}{:>9}{:>10}",
        "s", "published", "stored", "searchable", "lag s", "index s", "polls", "failed", "due", "own MiB", "files MiB"
    );
    let mut course = Course::default();
    let (mut readers, mut searched) = (None, None);
    let (mut reloads, mut reloaded) = (0, true);
    loop {
        thread::sleep(INTERVAL.saturating_sub(course.looked.map_or(Duration::ZERO, |at| at.elapsed())));
        let elapsed = outlets.elapsed();
        course.look(&outlets, &daemon, rate)?;
        if readers.is_none() && (lasts.mul_f64(2.0 / 3.0)..lasts).contains(&elapsed) && count > 0 {
            readers = Some(Readers::start(count, &outlets, &daemon.address()));
        }
        if (lasts / 3..lasts).contains(&elapsed) && reloads < RELOADS {
            reloads += 1;
            reloaded &= daemon.reload(reloads % 2 == 0)?;
        }
        if elapsed > lasts {
            searched = searched.or_else(|| readers.take().map(Readers::stop));
            if course.searchable >= course.published || course.unchanged >= PATIENCE {
                break;
            }
        }
    }
    let (met, errors) = searched.unwrap_or((String::from("searches: none"), 0));
    println!("{met}");
    let caught_up = outlets.elapsed().saturating_sub(lasts);
    let metrics = daemon.metrics()?;
    let within = |bound: &str| 100.0 * metrics.sum(&format!("{LAG}_bucket{{le=\"{bound}\"}}")) / metrics.sum(COUNT);
    let keeps_up = caught_up <= AT_ONCE && within("2") >= IN_TIME;
    println!(
        "{} it keeps up with {rate} a second: all searchable {:.0} s after the last; fetched to searchable: mean {:.2} s · \
         within 1 s {:.1} % · 2 s {:.1} % · 5 s {:.1} %",
        if keeps_up { "yes" } else { "no " },
        caught_up.as_secs_f64(),
        metrics.sum(SUM) / metrics.sum(COUNT),
        within("1"),
        within("2"),
        within("5")
    );
    println!("processor: {:.2} ms for each article", 1e3 * daemon.processor()? / course.stored.max(1.0));
    let promised = PROMISED + (PROMISED_ARTICLE * course.stored).min(PROMISED_ARTICLES);
    let claims = [
        (course.searchable >= course.published, format!("{} of {} searchable", course.searchable, course.published)),
        (course.failed + errors as f64 == 0.0, format!("{} requests and {errors} searches failed", course.failed)),
        (
            course.fewest_polls >= 0.9 * OUTLETS as f64,
            format!("{} polls of {OUTLETS} in the slowest interval", course.fewest_polls),
        ),
        (course.most.own <= promised, format!("{:.0} MiB of its own at most, {promised:.0} promised", course.most.own)),
        (reloaded, format!("{reloads} reloads, of which every other met a mistake and said so")),
        (daemon.stop()?, "it stops in order".to_owned()),
    ];
    for (holds, claim) in &claims {
        println!("{} {claim}", if *holds { "yes" } else { "NO " });
    }
    Ok(claims.iter().all(|(holds, _)| *holds))
}

const LAG: &str = "dateline_searchable_lag_seconds";
const SUM: &str = "dateline_searchable_lag_seconds_sum";
const COUNT: &str = "dateline_searchable_lag_seconds_count";

/// What was seen so far.
#[derive(Default)]
struct Course {
    looked: Option<Instant>,
    published: usize,
    stored: f64,
    searchable: usize,
    /// For how many looks that has not changed.
    unchanged: usize,
    failed: f64,
    polls: f64,
    fewest_polls: f64,
    /// Sum and count of the time from fetched to searchable.
    lag: (f64, f64),
    most: Memory,
}

impl Course {
    /// Looks once and prints a line.
    fn look(&mut self, outlets: &Outlets, daemon: &Daemon, rate: f64) -> Result<()> {
        let is_first = self.looked.replace(Instant::now()).is_none();
        let metrics: Metrics = daemon.metrics()?;
        self.published = outlets.published();
        let before = std::mem::replace(&mut self.searchable, daemon.searchable()?);
        self.unchanged = if self.searchable > before { 0 } else { self.unchanged + 1 };
        self.stored = metrics.sum("dateline_articles_total{result=\"new\"}");
        self.failed = metrics.sum("dateline_polls_total{outcome=\"failed\"}")
            + metrics.sum("dateline_pages_total{result=\"failed\"}");
        let (polls, lag) = (metrics.sum("dateline_polls_total"), (metrics.sum(SUM), metrics.sum(COUNT)));
        let polled = polls - std::mem::replace(&mut self.polls, polls);
        // The first interval is the one in which the polls are spread.
        self.fewest_polls = if is_first { OUTLETS as f64 } else { self.fewest_polls.min(polled) };
        let before = std::mem::replace(&mut self.lag, lag);
        let memory = daemon.memory()?;
        self.most = Memory { own: self.most.own.max(memory.own), files: self.most.files.max(memory.files) };
        println!(
            "{:>4.0}{:>11}{:>9}{:>12}{:>8.1}{:>9.2}{:>7}{:>8}{:>7}{:>9.0}{:>10.0}",
            outlets.elapsed().as_secs_f64(),
            self.published,
            self.stored,
            self.searchable,
            self.published.saturating_sub(self.searchable) as f64 / rate,
            (lag.0 - before.0) / (lag.1 - before.1).max(1.0),
            polled,
            self.failed,
            self.published.saturating_sub(self.stored as usize),
            memory.own,
            memory.files
        );
        Ok(())
    }
}

/// Returns what follows an option on the command line.
fn option(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}
