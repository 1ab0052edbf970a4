//! Who searches while the news comes in: each asks for words of the reports, one question after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{daemon::Asking, dice::Dice, outlets::Outlets};

pub struct Readers {
    done: Arc<AtomicBool>,
    threads: Vec<JoinHandle<(Vec<Duration>, usize)>>,
    began: Instant,
}

impl Readers {
    pub fn start(count: usize, outlets: &Arc<Outlets>, address: &str) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let reader = |reader: usize| {
            let (outlets, address, done) = (outlets.clone(), address.to_owned(), done.clone());
            thread::spawn(move || read(&outlets, &address, &mut Dice(reader as u64), &done))
        };
        Self { threads: (0..count).map(reader).collect(), done, began: Instant::now() }
    }

    /// Ends them; returns a line with what they met, and how many searches failed.
    pub fn stop(self) -> (String, usize) {
        self.done.store(true, Ordering::Relaxed);
        let (mut took, mut errors) = (Vec::new(), 0);
        for thread in self.threads {
            let (times, failed) = thread.join().unwrap_or((Vec::new(), 1));
            took.extend(times);
            errors += failed;
        }
        took.sort_unstable();
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).map_or(0.0, |it| it.as_secs_f64() * 1e3);
        let per_second = took.len() as f64 / self.began.elapsed().as_secs_f64();
        let line = format!(
            "searches: {per_second:.0}/s · p50 {:.1} ms · p99 {:.1} ms · slowest {:.0} ms · {errors} errors of {}",
            at(0.5),
            at(0.99),
            took.last().map_or(0.0, |it| it.as_secs_f64() * 1e3),
            took.len()
        );
        (line, errors)
    }
}

fn read(outlets: &Outlets, address: &str, dice: &mut Dice, done: &AtomicBool) -> (Vec<Duration>, usize) {
    let (mut took, mut errors, mut connection) = (Vec::new(), 0, None);
    while !done.load(Ordering::Relaxed) {
        let began = Instant::now();
        let path = format!("/api/v1/search?limit=10&q={}", outlets.word(dice));
        let asked = match connection.take() {
            Some(asking) => Ok(asking),
            None => Asking::connect(address),
        };
        let answered = asked.and_then(|mut asking| asking.get(&path).map(|_| asking));
        errors += usize::from(answered.is_err());
        connection = answered.ok();
        took.push(began.elapsed());
    }
    (took, errors)
}
