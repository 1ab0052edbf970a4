//! Kills dateline at random moments of its work, again and again in one data directory, and looks after each kill and at
//! the end whether anything is lost, there twice or damaged.
//!
//! ```text
//! cargo run --release --example kills -- --kills 100 --seed 1
//! ```
//!
//! The process that is killed is this program itself, as the command line of dateline. Prints a line a kill and a table;
//! exits 1 with what it found where a claim does not hold. The outlets are on addresses that only Linux has.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod desk;
mod http;
mod outlets;
#[path = "../../benches/press/mod.rs"]
#[expect(dead_code, reason = "the benches use more of it")]
mod press;

use std::{
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use self::desk::{Desk, Moment};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Set for the processes that are to be killed.
const VICTIM: &str = "KILLS_VICTIM";
const KILLS: usize = 100;
/// The first guess of how long each kind of work takes; what happens corrects it.
const FIRST_GUESS: Duration = Duration::from_millis(500);
/// A daemon never ends by itself: it is killed within this time.
const LONGEST: Duration = Duration::from_millis(1_500);
/// No more than this for each kill asked for, however often the work is done before the kill.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    if env::var_os(VICTIM).is_some() {
        return dateline::cli::main();
    }
    match kill_and_look() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// How often the work of one kind was killed, and how often so that it was visibly half done.
#[derive(Clone)]
struct Score {
    guess: Duration,
    kills: usize,
    halfway: usize,
}

fn kill_and_look() -> Result<()> {
    let kills = option("--kills").map_or(Ok(KILLS), |kills| kills.parse())?;
    let seed: u64 = option("--seed").map_or(Ok(1), |seed| seed.parse())?;
    println!("{kills} kills, seed {seed}");
    let mut desk = Desk::new(kills)?;
    let done = kill(&mut desk, kills, seed);
    if done.is_err() {
        println!("\nwhat was found is kept in {}", desk.keep());
    }
    done
}

fn kill(desk: &mut Desk, kills: usize, seed: u64) -> Result<()> {
    let mut dice = Dice(seed);
    let mut scores = vec![Score { guess: FIRST_GUESS, kills: 0, halfway: 0 }; Moment::ALL.len()];
    let started = Instant::now();
    let mut done = 0;
    while done < kills {
        if started.elapsed() > PATIENCE * kills as u32 {
            return Err(format!("only {done} kills in {:?}: this machine is too slow", started.elapsed()).into());
        }
        let which = done % Moment::ALL.len();
        let (moment, score) = (Moment::ALL[which], &mut scores[which]);
        desk.prepare(moment)?;
        let wait = score.guess.mul_f64(dice.fraction());
        if !desk.work_and_die(moment, wait)? {
            // It was done before: not a kill, and the next one comes earlier.
            score.guess = score.guess.mul_f64(0.8);
            continue;
        }
        done += 1;
        let halfway = desk.is_halfway(moment)?;
        desk.look().map_err(|error| format!("kill {done}, {moment:?} after {wait:?}: {error}"))?;
        score.guess = score.guess.mul_f64(1.1).min(LONGEST);
        score.kills += 1;
        score.halfway += usize::from(halfway);
        println!(
            "{done:>4} {:<8} {:>5} ms{}",
            moment.name(),
            wait.as_millis(),
            if halfway { "  half done" } else { "" }
        );
    }
    println!("\n{:<10}{:>6}{:>11}", "work", "kills", "half done");
    for (moment, score) in Moment::ALL.iter().zip(&scores) {
        println!("{:<10}{:>6}{:>11}", moment.name(), score.kills, score.halfway);
    }
    let articles = desk.finish()?;
    println!(
        "\n{articles} articles: 0 lost, 0 twice; store sound, index whole and never built anew; {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Returns what follows an option on the command line.
fn option(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}

/// Dice with a seed: SplitMix64 (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    /// Rolls a number from 0 up to, without, 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
