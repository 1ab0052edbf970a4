//! The scripted web and the process under test.
//!
//! `Web` has outlets, each an address of its own; what they answer is data. `Dateline` writes a configuration into a
//! fresh directory and runs commands with it. `press` writes the feeds and pages.

mod dateline;
mod press;
mod web;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use self::{
    dateline::{Daemon, Dateline, check_fields, free_address, get, get_whole, json_lines},
    press::{Item, ago, feed, page, paragraphs},
    web::{Answer, Gate, Outlet, Web},
};

/// Far beyond what anything here takes, so that only a claim that does not hold runs into it,
pub const PATIENCE: Duration = Duration::from_secs(120);
/// and that many looks besides: a machine that stalls makes none meanwhile.
const LOOKS: usize = 1000;

/// Polls until something is there.
#[track_caller]
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    patiently(look).unwrap_or_else(|| panic!("waited in vain for {what}"))
}

/// Polls until something is there or our patience is over.
fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    let mut looks = 0;
    while looks < LOOKS || began.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        looks += 1;
        thread::sleep(Duration::from_millis(10));
    }
    None
}
