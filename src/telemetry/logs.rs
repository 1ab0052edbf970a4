//! Logs: to standard error, text on a terminal, JSON lines otherwise. The level can change while dateline runs, and what is
//! said again and again is held back.

use std::{
    collections::HashMap,
    fmt,
    io::{self, IsTerminal},
    mem,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    warn,
};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt as lines, layer::Context, prelude::*, reload};

/// Warnings and errors that say the same at the same place are shown so often within [`WINDOW`].
const SHOWN: u64 = 5;
/// How long what repeats is counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Different messages remembered within a window: what comes beyond is shown.
const REMEMBERED: usize = 1_000;

/// The filter in force, to be changed.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging to standard error. `verbosity` is 0 for info, positive for more, negative for less.
pub fn init_logs(format: Option<LogFormat>, verbosity: i8, color: bool) {
    let (filter, handle) = reload::Layer::new(filter(verbosity));
    let format = format.unwrap_or(if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json });
    let lines = lines::layer().with_writer(io::stderr).with_ansi(color);
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let started = tracing_subscriber::registry().with(filter).with(HoldBack::default()).with(lines).try_init();
    // A second initialisation (two tests in one process) is harmless.
    if started.is_ok() {
        let _ = FILTER.set(handle);
    }
}

/// Changes how much is logged from now on; `verbosity` as for [`init_logs`].
pub fn set_verbosity(verbosity: i8) {
    if let Some(handle) = FILTER.get() {
        // It fails only where the log is gone.
        let _ = handle.reload(filter(verbosity));
    }
}

fn filter(verbosity: i8) -> EnvFilter {
    let level = match verbosity {
        ..=-2 => "error",
        -1 => "warn",
        0 => "info",
        1 => "debug",
        _ => "trace",
    };
    // Libraries are quieter than dateline itself: their detail is rarely the user's.
    let directives = format!("warn,dateline={level}");
    EnvFilter::try_from_env("DATELINE_LOG").unwrap_or_else(|_| EnvFilter::new(directives))
}

/// Holds back warnings and errors that repeat; how many they were is said with the first line after their window.
struct HoldBack(Mutex<Repeats>);

impl Default for HoldBack {
    fn default() -> Self {
        Self(Mutex::new(Repeats::new(Instant::now())))
    }
}

impl<S: Subscriber> Layer<S> for HoldBack {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let mut message = Message(String::new());
        if *event.metadata().level() <= Level::WARN {
            event.record(&mut message);
        }
        let place = (event.metadata().file(), event.metadata().line());
        let (shown, held_back) = {
            let mut repeats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let ended = repeats.end_window(now);
            (message.0.is_empty() || repeats.shows((place, message.0)), ended)
        };
        // Without the lock: this comes back here.
        for (message, count) in held_back {
            warn!(held_back = count, "said {count} times more: {message}");
        }
        shown
    }
}

/// What an event says.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// A file and a line of the program.
type Place = (Option<&'static str>, Option<u32>);

/// What was said in this window, by place and words, and how often.
struct Repeats {
    began: Instant,
    said: HashMap<(Place, String), u64>,
}

impl Repeats {
    fn new(now: Instant) -> Self {
        Self { began: now, said: HashMap::new() }
    }

    /// Begins anew where the window is over; returns what was held back in it, and how often.
    fn end_window(&mut self, now: Instant) -> Vec<(String, u64)> {
        if now.duration_since(self.began) < WINDOW {
            return Vec::new();
        }
        self.began = now;
        let said = mem::take(&mut self.said).into_iter().filter(|(_, times)| *times > SHOWN);
        said.map(|((_, message), times)| (message, times - SHOWN)).collect()
    }

    fn shows(&mut self, what: (Place, String)) -> bool {
        if self.said.len() >= REMEMBERED && !self.said.contains_key(&what) {
            return true;
        }
        let times = self.said.entry(what).or_default();
        *times += 1;
        *times <= SHOWN
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no test fails here").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_repeats_at_one_place_is_shown_five_times_and_nothing_else_is_held_back() {
        let written = Written::default();
        let writer = written.clone();
        let lines = lines::layer().with_writer(move || writer.clone());
        tracing::subscriber::with_default(Registry::default().with(HoldBack::default()).with(lines), || {
            for number in 0..20 {
                warn!("the receiver is down");
                warn!("number {number}");
                tracing::info!("a poll");
            }
            warn!("the receiver is down");
        });
        let log = String::from_utf8(written.0.lock().expect("no test fails here").clone()).expect("text");
        let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
        assert_eq!((lines("number"), lines("a poll")), (20, 20));
        // Five of the one place, and the one of the other.
        assert_eq!(lines("the receiver is down"), 6);
    }

    #[test]
    fn after_a_minute_it_is_said_how_many_were_held_back_and_counting_begins_anew() {
        let began = Instant::now();
        let mut repeats = Repeats::new(began);
        let what = || ((Some("alert.rs"), Some(1)), "down".to_owned());
        let shown = (0..12).filter(|_| repeats.shows(what())).count();
        assert_eq!((shown, repeats.end_window(began + WINDOW / 2)), (5, Vec::new()));
        assert_eq!(repeats.end_window(began + WINDOW), [("down".to_owned(), 7)]);
        assert!(repeats.shows(what()) && repeats.end_window(began + 3 * WINDOW).is_empty());
    }
}
